/*
 * An archive in words: what it would store, for people or as JSON; and what its
 * fields are.  See <cask/ar.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "field.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 128
#define DEPTH 128 /* structs that a name is within */

static void
put(struct cask_ar *ar, const char *s)
{
	caski_put(ar, s, strlen(s));
}

static void
put_index(struct cask_ar *ar, size_t index)
{
	char number[32] = "[]";

	if (index >= CASK_NO_ELEMENT)
		return;
	if (ar->way != CASK_DESCRIBES)
		snprintf(number, sizeof number, "[%zu]", index);
	put(ar, number);
}

/* The path */

/* The structs around, from the outermost on. */
static void
put_frames(struct cask_ar *ar, const struct cask_frame *f)
{
	const struct cask_frame *list[DEPTH];
	size_t n = 0;
	const char *before = " ";

	for (; f != NULL && n < DEPTH; f = f->up)
		if (!caski_is_nameless(f->name, f->index))
			list[n++] = f;
	if (f != NULL)
		put(ar, " ...");
	while (n-- > 0) {
		put(ar, before);
		put(ar, caski_plain_name(list[n]->name, true));
		put_index(ar, list[n]->index);
		before = ".";
	}
}

static const char *
name_of(const struct cask_ar *ar)
{
	return ar->name != NULL ? caski_plain_name(ar->name, true) : "";
}

/* "f64     price[0]" */
static void
put_field(struct cask_ar *ar)
{
	const char *name = name_of(ar);
	char type[32];

	snprintf(type, sizeof type, "%-*s", ar->way == CASK_PRINTS ? 7 : 0,
	    ar->type);
	put(ar, type);
	put_frames(ar, ar->frame);
	if (*name == '\0')
		return;
	put(ar, ar->frame != NULL ? "." : " ");
	put(ar, name);
	put_index(ar, ar->element > 0 ? ar->element - 1 : CASK_NO_INDEX);
}

/* JSON's structure */

static void
put_quoted(struct cask_ar *ar, const char *s, size_t n)
{
	char piece[PIECE];
	size_t used;

	put(ar, "\"");
	for (; n > 0; s += used, n -= used)
		caski_put(ar, piece, caski_quote(piece, PIECE, s, n, &used));
	put(ar, "\"");
}

#define ALONE UINT64_MAX /* printed: the element is no object of JSON's */

static bool
is_in_element(const struct cask_ar *ar)
{
	const struct cask_frame *f = ar->frame;

	while (f != NULL && caski_is_nameless(f->name, f->index))
		f = f->up;
	return f != NULL && f->index < CASK_NO_ELEMENT;
}

/* What stands before a value that is no element. */
static void
put_key(struct cask_ar *ar, const char *name)
{
	if ((ar->frame == NULL || is_in_element(ar)) && ar->printed == 0)
		put(ar, "{");
	else if (ar->printed > 0)
		put(ar, ",");
	ar->printed++;
	put_quoted(ar, name, strlen(name));
	put(ar, ":");
}

/* Within a struct that is itself an element of an array, or not. */
static void
open_frame(struct cask_ar *ar)
{
	struct cask_frame *f = ar->frame;

	if (caski_is_nameless(f->name, f->index))
		return;
	ar->frame = f->up;
	put_key(ar, caski_plain_name(f->name, true));
	ar->frame = f;
	put(ar, f->index == CASK_NO_INDEX ? "{" : "[");
	ar->printed = 0;
}

/* It was opened by its first member, since it may be null. */
static void
close_element(struct cask_ar *ar)
{
	if (ar->printed != ALONE)
		put(ar, ar->printed > 0 ? "}" : "{}");
}

static void
open_element(struct cask_ar *ar)
{
	if (ar->frame->index > 0) {
		close_element(ar);
		put(ar, ",");
	}
	ar->printed = 0;
}

static void
close_frame(struct cask_ar *ar)
{
	const struct cask_frame *f = ar->frame;

	if (caski_is_nameless(f->name, f->index))
		return;
	if (f->index < CASK_NO_ELEMENT)
		close_element(ar);
	put(ar, f->index == CASK_NO_INDEX ? "}" : "]");
	ar->printed = 1;
}

/* An array of numbers that go one by one. */
static bool
begins_array(const struct cask_ar *ar)
{
	return ar->element == 1;
}

static void
put_json_key(struct cask_ar *ar)
{
	const char *name = name_of(ar);
	bool element = ar->element > 0;

	if (element && !begins_array(ar)) {
		put(ar, ",");
		return;
	}
	put_key(ar, *name != '\0' ? name : ar->type);
	if (element)
		put(ar, "[");
}

void
caski_print_array_end(struct cask_ar *ar, size_t n)
{
	if (ar->way != CASK_PRINTS || !ar->json || ar->err != 0)
		return;
	if (n == 0) {
		put_key(ar, name_of(ar));
		put(ar, "[");
	}
	put(ar, "]");
}

/* Values */

static void
begin_value(struct cask_ar *ar)
{
	if (ar->json) {
		put_json_key(ar);
		return;
	}
	put_field(ar);
	put(ar, " = ");
}

static void
end_value(struct cask_ar *ar)
{
	if (!ar->json)
		put(ar, "\n");
}

static bool
masked(struct cask_ar *ar)
{
	if (ar->secret == 0)
		return false;
	put(ar, ar->json ? "\"***\"" : "***");
	return true;
}

/* JSON has no such numbers, and its readers keep them as doubles. */
static const char *
json_odd(enum cask_type type, const char *words)
{
	static const char *const odd[][2] = { { "nan", "\"NaN\"" },
		{ "inf", "\"Infinity\"" }, { "-inf", "\"-Infinity\"" } };

	if (type != CASK_TYPE_F32 && type != CASK_TYPE_F64)
		return NULL;
	for (size_t i = 0; i < 3; i++)
		if (strcmp(words, odd[i][0]) == 0)
			return odd[i][1];
	return NULL;
}

static bool
is_exact(enum cask_type type, const char *words)
{
	const unsigned long long exact = 1ull << 53;

	if (type != CASK_TYPE_U64 && type != CASK_TYPE_I64)
		return true;
	return strtoull(words + (*words == '-'), NULL, 10) <= exact;
}

void
caski_print_number(struct cask_ar *ar, enum cask_type type, const char *words)
{
	const char *odd = ar->json ? json_odd(type, words) : NULL;
	bool quoted = ar->json && !is_exact(type, words);

	begin_value(ar);
	if (!masked(ar)) {
		put(ar, quoted ? "\"" : "");
		put(ar, odd != NULL ? odd : words);
		put(ar, quoted ? "\"" : "");
	}
	end_value(ar);
}

void
caski_print_text(struct cask_ar *ar, const char *s, size_t n)
{
	begin_value(ar);
	if (!masked(ar))
		put_quoted(ar, s, n);
	end_value(ar);
}

void
caski_print_bytes(struct cask_ar *ar, const void *p, size_t n)
{
	const unsigned char *bytes = p;
	char hex[4];

	begin_value(ar);
	if (!masked(ar)) {
		put(ar, ar->json ? "\"" : "");
		for (size_t i = 0; i < n && ar->err == 0; i++) {
			snprintf(hex, sizeof hex, "%02x", bytes[i]);
			put(ar, hex);
		}
		put(ar, ar->json ? "\"" : "");
	}
	end_value(ar);
}

void
caski_print_nothing(struct cask_ar *ar, const char *name)
{
	caski_begin(ar, "struct", name);
	if (caski_may_put(ar))
		caski_print_number(ar, CASK_TYPE_U8, "null");
}

/* Objects, in JSON */

static void
put_number(struct cask_ar *ar, uint32_t n)
{
	char words[CASKI_WORDS];

	snprintf(words, sizeof words, "%" PRIu32, n);
	if (!masked(ar))
		put(ar, words);
}

/* One that is an element, and has no name, is alone there. */
static void
print_alone(struct cask_ar *ar)
{
	if (*name_of(ar) != '\0')
		put_json_key(ar);
	else
		ar->printed = ALONE;
	if (!masked(ar))
		put(ar, "null");
}

void
caski_print_reference(struct cask_ar *ar, uint32_t pid, const unsigned *schema)
{
	if (pid == 0 || ar->secret > 0) {
		print_alone(ar);
		return;
	}
	if (*name_of(ar) == '\0') {
		put_key(ar, "#");
		put_number(ar, pid);
		return;
	}
	put_json_key(ar);
	put(ar, "{\"#\":");
	put_number(ar, pid);
	if (schema != NULL) {
		put(ar, ",\"schema\":");
		put_number(ar, *schema);
	}
	put(ar, "}");
}

void
caski_print_new(struct cask_ar *ar, uint32_t pid, const char *class_name)
{
	if (ar->way != CASK_PRINTS || !ar->json)
		return;
	put_key(ar, "#");
	put_number(ar, pid);
	put_key(ar, "class");
	if (!masked(ar))
		put_quoted(ar, class_name, strlen(class_name));
}

bool
caski_print_end(struct cask_ar *ar)
{
	if (ar->json && ar->printed > 0)
		put(ar, "}\n");
	ar->printed = 0;
	return ar->err == 0;
}

/* Structs */

bool
cask_slow_enter(
    struct cask_ar *ar, struct cask_frame *f, const char *name, size_t index)
{
	if (ar->watched) {
		f->name = name;
		f->index = index;
		f->up = ar->frame;
		ar->frame = f;
	}
	if (caski_depth(ar) > caski_most_depth(ar) &&
	    ar->way != CASK_RELEASES) {
		if (ar->err == 0) {
			caski_begin(ar, "struct", "");
			caski_set_error(ar, CASK_ELIMIT,
			    "more than %u structs deep (limit.depth)",
			    caski_depth(ar) - 1);
		}
		return false;
	}
	if (ar->way == CASK_PRINTS && ar->json)
		open_frame(ar);
	return true;
}

/* After an error, the path goes on with the element that had it.  Of an array,
 * one element tells what all are. */
bool
cask_slow_element(struct cask_ar *ar, struct cask_frame *f, size_t i)
{
	if (ar->err != 0)
		return false;
	f->index = i;
	if (ar->way == CASK_PRINTS && ar->json)
		open_element(ar);
	return ar->way != CASK_DESCRIBES || i == 0;
}

void
cask_slow_leave(struct cask_ar *ar, const char *name, size_t index)
{
	if (ar->way == CASK_PRINTS && ar->json && ar->err == 0)
		close_frame(ar);
	if (ar->watched)
		ar->frame = ar->frame->up;
	if (ar->unnamed > caski_depth(ar)) {
		ar->unnamed--;
		caski_name_struct(ar, name, index);
	}
}

/* Descriptions */

static void
describe(struct cask_ar *ar, const char *more)
{
	put_field(ar);
	put(ar, more);
	put(ar, "\n");
}

void
caski_describe(struct cask_ar *ar, size_t n)
{
	char number[32] = "";

	if (n != 1)
		snprintf(number, sizeof number, "[%zu]", n);
	describe(ar, number);
}

void
caski_describe_array(struct cask_ar *ar, size_t n)
{
	if (n == 1)
		describe(ar, "[]");
	else
		caski_describe(ar, n);
}

void
caski_describe_object(struct cask_ar *ar, const char *words)
{
	put_field(ar);
	if (*words != '\0')
		put(ar, " ");
	put(ar, words);
	put(ar, "\n");
}
