/*
 * What cask dump prints as JSON.  See dump.h.
 *
 * Numbers are exact for a reader that keeps them as doubles: integers beyond
 * 2^53, and what is no number, are texts.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "dump.h"
#include "words.h"

#define EXACT ((uint64_t)1 << 53)

static void
print_key(struct dump *d, const char *key)
{
	if (!d->first)
		putchar(',');
	d->first = false;
	if (key != NULL) {
		print_json_text(stdout, key);
		putchar(':');
	}
}

static void
print_unsigned(uint64_t v)
{
	const char *quote = v > EXACT ? "\"" : "";

	printf("%s%" PRIu64 "%s", quote, v, quote);
}

static void
print_signed(int64_t v)
{
	bool exact = v <= (int64_t)EXACT && v >= -(int64_t)EXACT;
	const char *quote = exact ? "" : "\"";

	printf("%s%" PRId64 "%s", quote, v, quote);
}

static void
print_float(double v)
{
	char words[NUMBER_SIZE];
	const char *inf = v < 0 ? "\"-Infinity\"" : "\"Infinity\"";

	if (isnan(v))
		fputs("\"NaN\"", stdout);
	else
		fputs(isinf(v) ? inf : f64_words(words, v), stdout);
}

static void
json_leaf(struct dump *d, const char *key, const struct leaf *leaf)
{
	if (leaf->kind != SHAPE_BYTES)
		print_key(d, key);
	if (d->secret > 0) {
		fputs(leaf->kind != SHAPE_BYTES ? "\"***\"" : "", stdout);
		return;
	}
	switch (leaf->kind) {
	case SHAPE_F32:
		print_float((double)leaf->is.f32);
		break;
	case SHAPE_F64:
		print_float(leaf->is.f64);
		break;
	case SHAPE_BOOL:
		fputs(leaf->is.u ? "true" : "false", stdout);
		break;
	case SHAPE_I8:
	case SHAPE_I16:
	case SHAPE_I32:
	case SHAPE_I64:
		print_signed(leaf->is.i);
		break;
	case SHAPE_ANSI:
	case SHAPE_UNICODE:
	case SHAPE_UTF8:
	case SHAPE_UTF16:
	case SHAPE_UTF32:
		print_json_text(stdout, leaf->is.text);
		break;
	case SHAPE_BYTES:
		for (size_t i = 0; i < leaf->is.bytes.n; i++)
			printf("%02x", leaf->is.bytes.p[i]);
		break;
	default:
		print_unsigned(leaf->is.u);
	}
}

static void
json_begin(struct dump *d, const char *key, char bracket)
{
	print_key(d, key);
	putchar(bracket);
	d->first = true;
}

static void
json_end(struct dump *d, char bracket)
{
	putchar(bracket);
	d->first = false;
}

static void
json_absent(struct dump *d, const char *key)
{
	print_key(d, key);
	fputs("null", stdout);
}

static void
json_bytes(struct dump *d, const char *key)
{
	print_key(d, key);
	fputs(d->secret > 0 ? "\"***" : "\"", stdout);
}

static void
json_bytes_end(struct dump *d)
{
	(void)d;
	putchar('"');
}

const struct show show_json = {
	.begin = json_begin,
	.end = json_end,
	.leaf = json_leaf,
	.absent = json_absent,
	.bytes = json_bytes,
	.bytes_end = json_bytes_end,
};
