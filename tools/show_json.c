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
		fputc(',', d->out);
	d->first = false;
	if (key != NULL) {
		print_json_text(d->out, key);
		fputc(':', d->out);
	}
}

static void
print_unsigned(FILE *f, uint64_t v)
{
	const char *quote = v > EXACT ? "\"" : "";

	fprintf(f, "%s%" PRIu64 "%s", quote, v, quote);
}

static void
print_signed(FILE *f, int64_t v)
{
	bool exact = v <= (int64_t)EXACT && v >= -(int64_t)EXACT;
	const char *quote = exact ? "" : "\"";

	fprintf(f, "%s%" PRId64 "%s", quote, v, quote);
}

static void
print_float(FILE *f, double v)
{
	char words[NUMBER_SIZE];
	const char *inf = v < 0 ? "\"-Infinity\"" : "\"Infinity\"";

	if (isnan(v))
		fputs("\"NaN\"", f);
	else
		fputs(isinf(v) ? inf : f64_words(words, v), f);
}

static void print_value_of(FILE *f, const struct leaf *leaf);

static void
print_guid(FILE *f, const struct cask_guid *g)
{
	char text[CASK_GUID_TEXT];

	cask_guid_text(g, text);
	print_json_text(f, text);
}

static void
print_variant(FILE *f, const struct cask_variant *v)
{
	struct leaf inner;

	fprintf(f, "{\"type\":%u", v->type);
	if (variant_leaf(v, &inner)) {
		fputs(",\"value\":", f);
		if (inner.kind == SHAPE_CURRENCY)
			print_signed(f, inner.is.currency.value);
		else if (inner.kind == SHAPE_DATE)
			print_float(f, inner.is.date.days);
		else
			print_value_of(f, &inner);
	}
	fputc('}', f);
}

/* MFC's, by the names of their parts. */
static bool
print_mfc(FILE *f, const struct leaf *leaf)
{
	const struct cask_rect *r = &leaf->is.rect;

	switch (leaf->kind) {
	case SHAPE_DATE:
	case SHAPE_DATESPAN:
		fprintf(f,
		    "{\"status\":%" PRId32 ",\"days\":", leaf->is.date.status);
		print_float(f, leaf->is.date.days);
		fputc('}', f);
		return true;
	case SHAPE_CURRENCY:
		fprintf(f, "{\"status\":%" PRId32 ",\"value\":",
		    leaf->is.currency.status);
		print_signed(f, leaf->is.currency.value);
		fputc('}', f);
		return true;
	case SHAPE_POINT:
		fprintf(f, "{\"x\":%" PRId32 ",\"y\":%" PRId32 "}",
		    leaf->is.point.x, leaf->is.point.y);
		return true;
	case SHAPE_SIZE:
		fprintf(f, "{\"cx\":%" PRId32 ",\"cy\":%" PRId32 "}",
		    leaf->is.size.cx, leaf->is.size.cy);
		return true;
	case SHAPE_RECT:
		fprintf(f,
		    "{\"left\":%" PRId32 ",\"top\":%" PRId32
		    ",\"right\":%" PRId32 ",\"bottom\":%" PRId32 "}",
		    r->left, r->top, r->right, r->bottom);
		return true;
	case SHAPE_GUID:
		print_guid(f, &leaf->is.guid);
		return true;
	case SHAPE_VARIANT:
		print_variant(f, &leaf->is.variant);
		return true;
	default:
		return false;
	}
}

static void
print_value_of(FILE *f, const struct leaf *leaf)
{
	switch (leaf->kind) {
	case SHAPE_F32:
		print_float(f, (double)leaf->is.f32);
		break;
	case SHAPE_F64:
		print_float(f, leaf->is.f64);
		break;
	case SHAPE_BOOL:
		fputs(leaf->is.u ? "true" : "false", f);
		break;
	case SHAPE_I8:
	case SHAPE_I16:
	case SHAPE_I32:
	case SHAPE_I64:
	case SHAPE_TIME:
	case SHAPE_TIMESPAN:
		print_signed(f, leaf->is.i);
		break;
	case SHAPE_ANSI:
	case SHAPE_UNICODE:
	case SHAPE_UTF8:
	case SHAPE_UTF16:
	case SHAPE_UTF32:
	case SHAPE_BSTR:
		print_json_text(f, leaf->is.text);
		break;
	case SHAPE_BYTES:
		for (size_t i = 0; i < leaf->is.bytes.n; i++)
			fprintf(f, "%02x", leaf->is.bytes.p[i]);
		break;
	default:
		if (!print_mfc(f, leaf))
			print_unsigned(f, leaf->is.u);
	}
}

static void
json_leaf(struct dump *d, const char *key, const struct leaf *leaf)
{
	if (leaf->kind != SHAPE_BYTES)
		print_key(d, key);
	if (d->secret == 0)
		print_value_of(d->out, leaf);
	else if (leaf->kind != SHAPE_BYTES)
		fputs("\"***\"", d->out);
}

static void
json_begin(struct dump *d, const char *key, char bracket)
{
	print_key(d, key);
	fputc(bracket, d->out);
	d->first = true;
}

static void
json_end(struct dump *d, char bracket)
{
	fputc(bracket, d->out);
	d->first = false;
}

static void
json_absent(struct dump *d, const char *key)
{
	print_key(d, key);
	fputs("null", d->out);
}

static void
json_bytes(struct dump *d, const char *key)
{
	print_key(d, key);
	fputs(d->secret > 0 ? "\"***" : "\"", d->out);
}

static void
json_bytes_end(struct dump *d)
{
	(void)d;
	fputc('"', d->out);
}

/* Objects */

static void
open_object(struct dump *d, const struct sight *s)
{
	if (d->secret > 0)
		fputs("{\"#\":\"***\"", d->out);
	else
		fprintf(d->out,
		    "{\"#\":%" PRIu32 ",\"#class\":\"%s\",\"#schema\":%" PRIu64,
		    s->number, s->class_name, s->schema);
	d->first = false;
}

/* A class without an object has a number only where it is defined. */
static void
print_class(struct dump *d, const struct sight *s)
{
	if (d->secret > 0)
		fputs("\"***\"", d->out);
	else if (s->of > 0)
		fprintf(d->out, "{\"#\":%" PRIu32 ",\"#schema\":%" PRIu64 "}",
		    s->of, s->schema);
	else
		fprintf(d->out, "{\"#schema\":%" PRIu64 "}", s->schema);
}

/* The pointer alone; what it points to is elsewhere. */
static void
print_pointer(struct dump *d, const struct sight *s)
{
	if (d->secret > 0)
		fputs("\"***\"", d->out);
	else if (s->number == 0)
		fputs("null", d->out);
	else
		fprintf(d->out, "{\"#\":%" PRIu32 "}", s->number);
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
		fputs(chain ? "}," : ",\"#then\":[", d->out);
		open_object(d, s);
	}
}

static void
json_object_end(struct dump *d, bool chained)
{
	fputs(chained ? "}]}" : "}", d->out);
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
