/*
 * What cask dump prints for people: a line a value.  See dump.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "words.h"

#define PER_LINE 8

/* Numbers, in the fewest digits that give them back */

static char *
odd_words(char to[NUMBER_SIZE], double v)
{
	const char *inf = v < 0 ? "-inf" : "inf";

	snprintf(to, NUMBER_SIZE, "%s", isnan(v) ? "nan" : inf);
	return to;
}

char *
f32_words(char to[NUMBER_SIZE], float v)
{
	if (!isfinite(v))
		return odd_words(to, (double)v);
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(to, NUMBER_SIZE, "%.*g", digits, (double)v);
		if (strtof(to, NULL) == v)
			break;
	}
	return to;
}

char *
f64_words(char to[NUMBER_SIZE], double v)
{
	if (!isfinite(v))
		return odd_words(to, v);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(to, NUMBER_SIZE, "%.*g", digits, v);
		if (strtod(to, NULL) == v)
			break;
	}
	return to;
}

/* Lines */

static void
print_hex(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%02x ", p[i]);
	printf("%*s", (int)(3 * (PER_LINE - n)), "");
}

/* Where the value in hand is, its first bytes, its type and its path. */
static void
begin_line(const struct dump *d, size_t n)
{
	printf("%6" PRIu64 "  ", tape_at(&d->tape));
	if (d->secret > 0)
		n = 0;
	print_hex(d->tape.data + d->tape.mark, n < PER_LINE ? n : PER_LINE);
	printf(" %-7s %s", d->type, d->path);
}

/* The rest of its n bytes. */
static void
more_lines(const struct dump *d, size_t n)
{
	const unsigned char *p = d->tape.data + d->tape.mark;

	putchar('\n');
	if (d->secret > 0)
		return;
	for (size_t i = PER_LINE; i < n && !output_is_broken(); i += PER_LINE) {
		size_t last = n - i < PER_LINE ? n - i : PER_LINE;

		printf("%6" PRIu64 " ", tape_at(&d->tape) + i);
		for (size_t k = 0; k < last; k++)
			printf(" %02x", p[i + k]);
		putchar('\n');
	}
}

static void
print_char16(uint16_t unit)
{
	struct cask_progress done;
	char text[8] = "";

	printf("U+%04X", unit);
	if (cask_utf16_to_utf8(
		text, sizeof text - 1, &unit, 1, CASK_STRICT, &done) == 0 &&
	    unit != 0) {
		putchar(' ');
		print_json_text(stdout, text);
	}
}

static void
print_bytes(const struct leaf *leaf)
{
	for (size_t i = 0; i < leaf->is.bytes.n; i++) {
		unsigned char c = leaf->is.bytes.p[i];

		putchar(c >= ' ' && c < 0x7F ? c : '.');
	}
}

static void
print_value(const struct leaf *leaf)
{
	char words[NUMBER_SIZE];

	switch (leaf->kind) {
	case SHAPE_F32:
		fputs(f32_words(words, leaf->is.f32), stdout);
		break;
	case SHAPE_F64:
		fputs(f64_words(words, leaf->is.f64), stdout);
		break;
	case SHAPE_BOOL:
		fputs(leaf->is.u ? "true" : "false", stdout);
		break;
	case SHAPE_CHAR16:
		print_char16((uint16_t)leaf->is.u);
		break;
	case SHAPE_I8:
	case SHAPE_I16:
	case SHAPE_I32:
	case SHAPE_I64:
		printf("%" PRId64, leaf->is.i);
		break;
	case SHAPE_ANSI:
	case SHAPE_UNICODE:
	case SHAPE_UTF8:
	case SHAPE_UTF16:
	case SHAPE_UTF32:
		print_json_text(stdout, leaf->is.text);
		break;
	case SHAPE_BYTES:
		print_bytes(leaf);
		break;
	default:
		printf("%" PRIu64, leaf->is.u);
	}
}

static void
show_leaf(struct dump *d, const char *key, const struct leaf *leaf)
{
	size_t n = d->tape.next - d->tape.mark;

	(void)key; /* the path tells */
	begin_line(d, n);
	fputs(" = ", stdout);
	if (d->secret > 0)
		fputs("***", stdout);
	else
		print_value(leaf);
	more_lines(d, n);
}

/* Of a value that took no bytes, those that are there: they are wrong. */
void
show_wrong(struct dump *d)
{
	size_t n = d->tape.next - d->tape.mark;

	if (n == 0)
		n = tape_peek(&d->tape, PER_LINE);
	begin_line(d, n);
	fputs(" <- stopped here", stdout);
	more_lines(d, n);
}

/* The first brace is the whole. */
static void
show_begin(struct dump *d, const char *key, char bracket)
{
	(void)bracket;
	if (key == NULL && d->path_length == 0)
		printf("%6s  %-*s %-7s name = value\n", "byte", 3 * PER_LINE,
		    "hex", "type");
}

static void
show_end(struct dump *d, char bracket)
{
	(void)d;
	(void)bracket;
}

static void
show_nothing(struct dump *d, const char *key)
{
	(void)d;
	(void)key;
}

static void
show_no_more(struct dump *d)
{
	(void)d;
}

const struct show show_people = {
	.begin = show_begin,
	.end = show_end,
	.leaf = show_leaf,
	.absent = show_nothing,
	.bytes = show_nothing,
	.bytes_end = show_no_more,
};
