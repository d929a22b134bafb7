/*
 * Fuzz target: the parser of shapes.  What it takes holds together; what it
 * refuses it points at.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../tools/shape.h"

#include <cask.h>

#include "fuzz.h"

static struct shape shape;

static void
check_name(const char *name)
{
	size_t n = strlen(name);

	CHECK(n <= TOKEN_NAME_MOST);
	CHECK(strspn(name,
		  "abcdefghijklmnopqrstuvwxyz"
		  "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == n);
}

/* A member points only at what stands before it. */
static void
check_member(unsigned at, unsigned in)
{
	const struct shape_member *m = &shape.member[at];

	check_name(m->name);
	CHECK(m->kind <= SHAPE_EXTENDS);
	CHECK(m->many <= SHAPE_REST);
	if (m->kind == SHAPE_STRUCT) {
		CHECK(m->inner < in);
		CHECK(shape.structs[m->inner].depth < shape.structs[in].depth);
	}
	if (m->many == SHAPE_COUNTED || m->kind == SHAPE_UNION) {
		CHECK(m->by < at);
		CHECK(shape.member[m->by].kind <= SHAPE_COUNT);
	}
	if (m->since) {
		CHECK(m->version < at);
		CHECK(shape.member[m->version].kind <= SHAPE_COUNT);
	}
	if (m->kind == SHAPE_UNION)
		CHECK(m->cases < shape.members - at);
}

static void
check_shape(void)
{
	unsigned members = 0;

	CHECK(shape.count >= 1 && shape.count <= SHAPE_STRUCTS);
	CHECK(shape.members <= SHAPE_MEMBERS);
	for (unsigned i = 0; i < shape.count; i++) {
		const struct shape_struct *s = &shape.structs[i];

		check_name(s->name);
		CHECK(s->depth >= 1 && s->depth <= SHAPE_DEPTH);
		CHECK(s->first == members);
		members += s->count;
		CHECK(members <= shape.members);
		for (unsigned j = s->first; j < members; j++)
			check_member(j, i);
	}
	CHECK(members == shape.members);
}

/* Three lines: where and what, the line, the caret. */
static void
check_why(const char *words)
{
	struct cask_progress done;
	size_t n = strlen(words);
	unsigned lines = 0, line, column;

	CHECK(n > 0 && n < SHAPE_WHY && words[n - 1] == '\n');
	CHECK(cask_utf8_to_utf8(NULL, 0, words, n, CASK_STRICT, &done) == 0);
	for (size_t i = 0; i < n; i++)
		lines += words[i] == '\n';
	CHECK(lines == 3);
	CHECK(n >= 2 && words[n - 2] == '^');
	CHECK(sscanf(words, "file:%u:%u: ", &line, &column) == 2);
	CHECK(line >= 1 && column >= 1);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	const char *text = (const char *)data;
	char words[SHAPE_WHY];

	snprintf(why, sizeof why, "as a shape");
	if (shape_parse(&shape, "file", text, n, words))
		check_shape();
	else
		check_why(words);
	snprintf(why, sizeof why, "as a list of types");
	if (shape_parse_types(&shape, "file", text, n, words))
		check_shape();
	else
		check_why(words);
	return 0;
}
