/*
 * Fuzz target: JSON, read and stored as a shape says.  A shape, a NUL, and what
 * is taken for a stream of it, and for a line of JSON.
 *
 * What a stream is printed as can be read, and gives a stream that is printed
 * the same; what a line of JSON is stored as can be loaded, and is printed as a
 * line that is stored as the same bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../tools/store.h"

#include "fuzz.h"

static struct dump dump;
static struct json json;
static struct store store = { .d = &dump, .json = &json };

/* Nodes that follow each other, each within that which it is in. */
static void
check_nodes(size_t at, size_t end)
{
	for (size_t n; at < end; at = json.node[at].after) {
		const struct json_node *node = &json.node[at];
		bool many =
		    node->kind == JSON_ARRAY || node->kind == JSON_OBJECT;

		CHECK(node->after > at && node->after <= end);
		CHECK(many || node->after == at + 1);
		n = 0;
		for (size_t i = at + 1; many && i < node->after;
		     i = json.node[i].after) {
			CHECK((json.node[i].key != NULL) ==
			    (node->kind == JSON_OBJECT));
			n++;
		}
		CHECK(!many || n == node->n);
		check_nodes(at + 1, node->after);
	}
}

/* The line has room for a NUL behind it. */
static bool
read_line(char *line, size_t n)
{
	if (json_read(&json, line, n)) {
		CHECK(json.count > 0 && json.node[0].after == json.count);
		check_nodes(0, json.count);
		return true;
	}
	CHECK(strncmp(json.why, "column ", 7) == 0);
	return false;
}

/* What n bytes are, as JSON, to be freed; NULL: not of the shape.  *used: how
 * many of them it took. */
static char *
print(unsigned char *bytes, size_t n, size_t *size, size_t *used)
{
	char *text = NULL;
	bool well;

	tape_use(&dump.tape, bytes, n);
	dump.show = &show_json;
	dump.out = open_memstream(&text, size);
	CHECK(dump.out != NULL);
	well = walk(&dump);
	*used = (size_t)cask_at(&dump.ar);
	CHECK(fclose(dump.out) == 0);
	if (well)
		return text;
	free(text);
	return NULL;
}

static bool
has_secret(void)
{
	for (unsigned i = 0; i < dump.shape.members; i++)
		if (dump.shape.member[i].secret)
			return true;
	return false;
}

/* A line may end with CR only where it came with CR LF behind. */
static void
there_and_back(const unsigned char *data, size_t n)
{
	unsigned char *copy = malloc(n + 1);
	char *one, *two;
	size_t size, again, used;

	CHECK(copy != NULL);
	memcpy(copy, data, n);
	one = print(copy, n, &size, &used);
	if (one != NULL) {
		char *line = malloc(size + 1);

		CHECK(line != NULL);
		memcpy(line, one, size);
		CHECK(read_line(line, size));
		if (!store_json(&store)) {
			CHECK(dump.ar.err == CASK_ETEXT);
		} else {
			two = print(
			    store.mem.data, store.mem.length, &again, &used);
			CHECK(two != NULL && used == store.mem.length);
			CHECK(again == size && memcmp(one, two, size) == 0);
			free(two);
		}
		cask_mem_close(&store.mem);
		free(line);
	}
	free(one);
	free(copy);
}

static void
back_and_there(const unsigned char *data, size_t n)
{
	char *line = malloc(n + 1), *text;
	unsigned char *bytes;
	size_t size, length, used;

	CHECK(line != NULL);
	memcpy(line, data, n);
	if (read_line(line, n) && store_json(&store)) {
		length = store.mem.length;
		bytes = malloc(length + 1);
		CHECK(bytes != NULL);
		memcpy(bytes, store.mem.data, length);
		cask_mem_close(&store.mem);
		text = print(bytes, length, &size, &used);
		CHECK(text != NULL && used == length);
		text = realloc(text, size + 1);
		CHECK(text != NULL);
		CHECK(read_line(text, size));
		CHECK(store_json(&store));
		CHECK(store.mem.length == length);
		CHECK(memcmp(store.mem.data, bytes, length) == 0);
		free(bytes);
		free(text);
	}
	cask_mem_close(&store.mem);
	free(line);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	const unsigned char *nul = memchr(data, '\0', n);
	const char *text = (const char *)data;
	size_t m = nul != NULL ? (size_t)(nul - data) : n;
	char words[SHAPE_WHY];

	snprintf(why, sizeof why, "as a shape, and what follows");
	if (!shape_parse(&dump.shape, "file", text, m, words) &&
	    !shape_parse_types(&dump.shape, "file", text, m, words))
		return 0;
	if (nul == NULL || store_obstacle(&dump.shape) != NULL || has_secret())
		return 0;
	there_and_back(nul + 1, n - m - 1);
	back_and_there(nul + 1, n - m - 1);
	return 0;
}
