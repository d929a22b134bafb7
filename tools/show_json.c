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

static void print_value_of(const struct leaf *leaf);

static void
print_guid(const struct cask_guid *g)
{
	char text[CASK_GUID_TEXT];

	cask_guid_text(g, text);
	print_json_text(stdout, text);
}

static void
print_variant(const struct cask_variant *v)
{
	struct leaf inner;

	printf("{\"type\":%u", v->type);
	if (variant_leaf(v, &inner)) {
		fputs(",\"value\":", stdout);
		if (inner.kind == SHAPE_CURRENCY)
			print_signed(inner.is.currency.value);
		else if (inner.kind == SHAPE_DATE)
			print_float(inner.is.date.days);
		else
			print_value_of(&inner);
	}
	putchar('}');
}

/* MFC's, by the names of their parts. */
static bool
print_mfc(const struct leaf *leaf)
{
	const struct cask_rect *r = &leaf->is.rect;

	switch (leaf->kind) {
	case SHAPE_DATE:
	case SHAPE_DATESPAN:
		printf(
		    "{\"status\":%" PRId32 ",\"days\":", leaf->is.date.status);
		print_float(leaf->is.date.days);
		putchar('}');
		return true;
	case SHAPE_CURRENCY:
		printf("{\"status\":%" PRId32 ",\"value\":",
		    leaf->is.currency.status);
		print_signed(leaf->is.currency.value);
		putchar('}');
		return true;
	case SHAPE_POINT:
		printf("{\"x\":%" PRId32 ",\"y\":%" PRId32 "}",
		    leaf->is.point.x, leaf->is.point.y);
		return true;
	case SHAPE_SIZE:
		printf("{\"cx\":%" PRId32 ",\"cy\":%" PRId32 "}",
		    leaf->is.size.cx, leaf->is.size.cy);
		return true;
	case SHAPE_RECT:
		printf("{\"left\":%" PRId32 ",\"top\":%" PRId32
		       ",\"right\":%" PRId32 ",\"bottom\":%" PRId32 "}",
		    r->left, r->top, r->right, r->bottom);
		return true;
	case SHAPE_GUID:
		print_guid(&leaf->is.guid);
		return true;
	case SHAPE_VARIANT:
		print_variant(&leaf->is.variant);
		return true;
	default:
		return false;
	}
}

static void
print_value_of(const struct leaf *leaf)
{
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
	case SHAPE_TIME:
	case SHAPE_TIMESPAN:
		print_signed(leaf->is.i);
		break;
	case SHAPE_ANSI:
	case SHAPE_UNICODE:
	case SHAPE_UTF8:
	case SHAPE_UTF16:
	case SHAPE_UTF32:
	case SHAPE_BSTR:
		print_json_text(stdout, leaf->is.text);
		break;
	case SHAPE_BYTES:
		for (size_t i = 0; i < leaf->is.bytes.n; i++)
			printf("%02x", leaf->is.bytes.p[i]);
		break;
	default:
		if (!print_mfc(leaf))
			print_unsigned(leaf->is.u);
	}
}

static void
json_leaf(struct dump *d, const char *key, const struct leaf *leaf)
{
	if (leaf->kind != SHAPE_BYTES)
		print_key(d, key);
	if (d->secret == 0)
		print_value_of(leaf);
	else if (leaf->kind != SHAPE_BYTES)
		fputs("\"***\"", stdout);
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

/* Objects */

static void
open_object(struct dump *d, const struct sight *s)
{
	if (d->secret > 0)
		fputs("{\"#\":\"***\"", stdout);
	else
		printf("{\"#\":%" PRIu32
		       ",\"#class\":\"%s\",\"#schema\":%" PRIu64,
		    s->number, s->class_name, s->schema);
	d->first = false;
}

/* A class without an object has a number only where it is defined. */
static void
print_class(struct dump *d, const struct sight *s)
{
	if (d->secret > 0)
		fputs("\"***\"", stdout);
	else if (s->of > 0)
		printf("{\"#\":%" PRIu32 ",\"#schema\":%" PRIu64 "}", s->of,
		    s->schema);
	else
		printf("{\"#schema\":%" PRIu64 "}", s->schema);
}

/* The pointer alone; what it points to is elsewhere. */
static void
print_pointer(struct dump *d, const struct sight *s)
{
	if (d->secret > 0)
		fputs("\"***\"", stdout);
	else if (s->number == 0)
		fputs("null", stdout);
	else
		printf("{\"#\":%" PRIu32 "}", s->number);
}

/*
 * Objects that are chained do not nest, however many they are: the first has
 * them in an array "#then", and each points to the next by its number.
 */
static void
json_object(struct dump *d, const char *key, const struct sight *s)
{
	bool chain = d->follow != NULL && d->follow->chained;

	print_key(d, key);
	if (s->number == 0 && s->class_name != NULL) {
		print_class(d, s);
	} else if (!s->is_new) {
		print_pointer(d, s);
	} else if (!s->chained) {
		open_object(d, s);
	} else {
		print_pointer(d, s);
		fputs(chain ? "}," : ",\"#then\":[", stdout);
		open_object(d, s);
	}
}

static void
json_object_end(struct dump *d, bool chained)
{
	fputs(chained ? "}]}" : "}", stdout);
	d->first = false;
}

const struct show show_json = {
	.begin = json_begin,
	.end = json_end,
	.leaf = json_leaf,
	.absent = json_absent,
	.bytes = json_bytes,
	.bytes_end = json_bytes_end,
	.object = json_object,
	.object_end = json_object_end,
};
