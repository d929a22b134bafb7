/*
 * JSON, read.  See json_read.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "json_read.h"

#include <cask.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX

static bool fail(struct json *j, const char *format, ...) CASK_PRINTF(2, 3);

/* Columns are bytes, from 1 on. */
static bool
fail(struct json *j, const char *format, ...)
{
	va_list args;
	int n = snprintf(j->why, sizeof j->why,
	    "column %zu: ", (size_t)(j->at - j->from) + 1);

	va_start(args, format);
	vsnprintf(j->why + n, sizeof j->why - (size_t)n, format, args);
	va_end(args);
	return false;
}

/* What comes next is not what had to come. */
static bool
expected(struct json *j, const char *what)
{
	unsigned char c = (unsigned char)*j->at;

	if (j->at == j->end)
		return fail(j, "expected %s, but the line ends", what);
	if (c < 0x21 || c > 0x7E)
		return fail(j, "expected %s", what);
	return fail(j, "expected %s, not '%c'", what, c);
}

static void
skip_space(struct json *j)
{
	while (j->at < j->end &&
	    (*j->at == ' ' || *j->at == '\t' || *j->at == '\r' ||
		*j->at == '\n'))
		j->at++;
}

/* The index of a new node, or NONE. */
static size_t
add(struct json *j, enum json_kind kind, const char *key)
{
	if (j->count == j->room) {
		size_t room = j->room > 0 ? 2 * j->room : 64;
		void *p = room <= SIZE_MAX / sizeof *j->node
		    ? realloc(j->node, room * sizeof *j->node)
		    : NULL;

		if (p == NULL) {
			fail(j, "out of memory");
			return NONE;
		}
		j->node = p;
		j->room = room;
	}
	j->node[j->count] = (struct json_node) {
		.kind = kind, .key = key, .after = j->count + 1
	};
	return j->count++;
}

/* Texts */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits of an escape. */
static bool
read_unit(struct json *j, uint32_t *unit)
{
	*unit = 0;
	for (int i = 0; i < 4; i++) {
		int digit = j->at < j->end ? hex_digit(*j->at) : -1;

		if (digit < 0)
			return expected(j, "four hexadecimal digits");
		*unit = *unit << 4 | (uint32_t)digit;
		j->at++;
	}
	return true;
}

static char *
put_character(char *to, uint32_t c)
{
	struct cask_progress done;

	cask_utf32_to_utf8(to, 4, &c, 1, CASK_STRICT, &done);
	return to + done.written;
}

/* "\u20ac" or "\ud83d\ude00", behind its u. */
static bool
read_escaped(struct json *j, char **to)
{
	uint32_t c, low = 0;

	if (!read_unit(j, &c))
		return false;
	if (c == 0)
		return fail(j, "a NUL, which no text can hold");
	if (c >= 0xDC00 && c <= 0xDFFF)
		return fail(j, "the second half of a surrogate pair alone");
	if (c >= 0xD800 && c <= 0xDBFF) {
		if (j->end - j->at < 2 || j->at[0] != '\\' || j->at[1] != 'u')
			return expected(
			    j, "the other half of a surrogate pair");
		j->at += 2;
		if (!read_unit(j, &low))
			return false;
		if (low < 0xDC00 || low > 0xDFFF)
			return fail(
			    j, "not the other half of a surrogate pair");
		c = 0x10000 + ((c & 0x3FF) << 10) + (low & 0x3FF);
	}
	*to = put_character(*to, c);
	return true;
}

static bool
read_escape(struct json *j, char **to)
{
	static const char from[] = "\"\\/bfnrt", is[] = "\"\\/\b\f\n\r\t";
	const char *p;

	j->at++;
	if (j->at < j->end && *j->at == 'u') {
		j->at++;
		return read_escaped(j, to);
	}
	p = j->at < j->end && *j->at != '\0' ? strchr(from, *j->at) : NULL;
	if (p == NULL)
		return expected(j, "an escape: \\n, \\u20ac, …");
	j->at++;
	*(*to)++ = is[p - from];
	return true;
}

/* A text, decoded in its place: no escape is shorter than what it means. */
static bool
read_text(struct json *j, const char **text, size_t *n)
{
	char *to = ++j->at;

	*text = to;
	while (j->at < j->end && *j->at != '"') {
		if ((unsigned char)*j->at < 0x20)
			return fail(j, "a control character in a text");
		if (*j->at != '\\')
			*to++ = *j->at++;
		else if (!read_escape(j, &to))
			return false;
	}
	if (j->at == j->end)
		return expected(j, "'\"' at the end of the text");
	j->at++;
	*to = '\0';
	*n = (size_t)(to - *text);
	return true;
}

/* Numbers */

static bool
read_digits(struct json *j)
{
	if (j->at == j->end || *j->at < '0' || *j->at > '9')
		return expected(j, "a digit");
	while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
		j->at++;
	return true;
}

static bool
read_number(struct json *j, const char *key)
{
	const char *from = j->at;
	size_t i;

	if (*j->at == '-')
		j->at++;
	if (j->at < j->end && *j->at == '0')
		j->at++;
	else if (!read_digits(j))
		return false;
	if (j->at < j->end && *j->at == '.') {
		j->at++;
		if (!read_digits(j))
			return false;
	}
	if (j->at < j->end && (*j->at == 'e' || *j->at == 'E')) {
		j->at++;
		if (j->at < j->end && (*j->at == '+' || *j->at == '-'))
			j->at++;
		if (!read_digits(j))
			return false;
	}
	i = add(j, JSON_NUMBER, key);
	if (i == NONE)
		return false;
	j->node[i].text = from;
	j->node[i].n = (size_t)(j->at - from);
	return true;
}

/* Values */

static bool read_value(struct json *j, const char *key);

static bool
read_word(
    struct json *j, const char *word, enum json_kind kind, const char *key)
{
	size_t n = strlen(word);

	if ((size_t)(j->end - j->at) < n || memcmp(j->at, word, n) != 0)
		return expected(j, "a value");
	j->at += n;
	return add(j, kind, key) != NONE;
}

static bool
read_member(struct json *j)
{
	const char *key;
	size_t n;

	if (j->at == j->end || *j->at != '"')
		return expected(j, "the name of a member");
	if (!read_text(j, &key, &n))
		return false;
	skip_space(j);
	if (j->at == j->end || *j->at != ':')
		return expected(j, "':'");
	j->at++;
	return read_value(j, key);
}

/* From its bracket to the other one. */
static bool
read_many(struct json *j, enum json_kind kind, const char *key)
{
	bool object = kind == JSON_OBJECT;
	char last = object ? '}' : ']';
	size_t i = add(j, kind, key), n = 0;

	if (i == NONE)
		return false;
	if (++j->depth > JSON_DEPTH)
		return fail(j, "nested more than %d deep", JSON_DEPTH);
	j->at++;
	skip_space(j);
	while (n > 0 || j->at == j->end || *j->at != last) {
		if (!(object ? read_member(j) : read_value(j, NULL)))
			return false;
		n++;
		skip_space(j);
		if (j->at < j->end && *j->at == last)
			break;
		if (j->at == j->end || *j->at != ',')
			return expected(
			    j, object ? "',' or '}'" : "',' or ']'");
		j->at++;
		skip_space(j);
	}
	j->at++;
	j->depth--;
	j->node[i].n = n;
	j->node[i].after = j->count;
	return true;
}

static bool
read_text_value(struct json *j, const char *key)
{
	const char *text = NULL;
	size_t n = 0, i;

	if (!read_text(j, &text, &n))
		return false;
	i = add(j, JSON_TEXT, key);
	if (i == NONE)
		return false;
	j->node[i].text = text;
	j->node[i].n = n;
	return true;
}

static bool
read_value(struct json *j, const char *key)
{
	skip_space(j);
	if (j->at == j->end)
		return expected(j, "a value");
	switch (*j->at) {
	case '{':
		return read_many(j, JSON_OBJECT, key);
	case '[':
		return read_many(j, JSON_ARRAY, key);
	case '"':
		return read_text_value(j, key);
	case 't':
		return read_word(j, "true", JSON_TRUE, key);
	case 'f':
		return read_word(j, "false", JSON_FALSE, key);
	case 'n':
		return read_word(j, "null", JSON_NULL, key);
	default:
		if (*j->at == '-' || (*j->at >= '0' && *j->at <= '9'))
			return read_number(j, key);
		return expected(j, "a value");
	}
}

bool
json_read(struct json *j, char *text, size_t n)
{
	struct cask_progress done;

	j->count = 0;
	j->depth = 0;
	j->from = j->at = text;
	j->end = text + n;
	*j->end = '\0';
	if (cask_utf8_to_utf8(NULL, 0, text, n, CASK_STRICT, &done) != 0) {
		j->at += done.read;
		return fail(j, "not UTF-8");
	}
	if (!read_value(j, NULL))
		return false;
	skip_space(j);
	return j->at == j->end || expected(j, "the end of the line");
}

void
json_free(struct json *j)
{
	free(j->node);
	*j = (struct json) { .node = NULL };
}

const char *
json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",
		[JSON_FALSE] = "false",
		[JSON_TRUE] = "true",
		[JSON_NUMBER] = "a number",
		[JSON_TEXT] = "text",
		[JSON_ARRAY] = "an array",
		[JSON_OBJECT] = "an object",
	};

	return names[kind];
}
