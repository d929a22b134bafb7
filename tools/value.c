/*
 * Values that were loaded, in words for people.  See dump.h.
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

/* Values of more than a number */

static void
print_char16(FILE *f, uint16_t unit)
{
	struct cask_progress done;
	char text[8] = "";

	fprintf(f, "U+%04X", unit);
	if (cask_utf16_to_utf8(
		text, sizeof text - 1, &unit, 1, CASK_STRICT, &done) == 0 &&
	    unit != 0) {
		fputc(' ', f);
		print_json_text(f, text);
	}
}

static void
print_bytes(FILE *f, const struct leaf *leaf)
{
	for (size_t i = 0; i < leaf->is.bytes.n; i++) {
		unsigned char c = leaf->is.bytes.p[i];

		fputc(c >= ' ' && c < 0x7F ? c : '.', f);
	}
}

/* MFC's */

/* Of UTC, as days since 1970 say: the civil calendar, counted in eras of 400
 * years that begin in March. */
static void
print_day(FILE *f, int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	int64_t day = of_year - (153 * month + 2) / 5 + 1;

	year += era * 400 + (month >= 10);
	fprintf(f, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, year,
	    month < 10 ? month + 3 : month - 9, day);
}

static void
print_instant(FILE *f, int64_t seconds, long ns)
{
	int64_t days = seconds / 86400, rest = seconds % 86400;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	print_day(f, days);
	fprintf(f, " %02d:%02d:%02d", (int)(rest / 3600), (int)(rest / 60 % 60),
	    (int)(rest % 60));
	if (ns >= 1000000)
		fprintf(f, ".%03ld", ns / 1000000);
}

/* A time that has a year of four digits, and what others are in any case. */
#define YEAR_0    INT64_C(-62167219200)
#define YEAR_9999 INT64_C(253402300799)

static void
print_time(FILE *f, int64_t seconds)
{
	if (seconds < YEAR_0 || seconds > YEAR_9999) {
		fprintf(f, "%" PRId64 " s", seconds);
		return;
	}
	print_instant(f, seconds, 0);
	fputs(" UTC", f);
}

static void
print_status(FILE *f, int32_t status)
{
	if (status == CASK_INVALID)
		fputs("invalid", f);
	else if (status == CASK_MISSING)
		fputs("missing", f);
	else
		fprintf(f, "status %" PRId32, status);
}

static void
print_days(FILE *f, double days, bool is_date)
{
	char words[NUMBER_SIZE];
	struct timespec t;

	if (is_date && cask_date_to_time(days, &t) == 0)
		print_instant(f, t.tv_sec, t.tv_nsec);
	else
		fprintf(f, "%s days", f64_words(words, days));
}

static void
print_money(FILE *f, int64_t v)
{
	uint64_t n = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	fprintf(f, "%s%" PRIu64 ".%04u", v < 0 ? "-" : "", n / 10000,
	    (unsigned)(n % 10000));
}

static void
print_guid(FILE *f, const struct cask_guid *g)
{
	char text[CASK_GUID_TEXT];

	cask_guid_text(g, text);
	fputs(text, f);
}

static bool
variant_unsigned(const struct cask_variant *v, uint64_t *to)
{
	switch (v->type) {
	case CASK_VT_UI1:
		*to = v->as.u8;
		return true;
	case CASK_VT_UI2:
		*to = v->as.u16;
		return true;
	case CASK_VT_UI4:
		*to = v->as.u32;
		return true;
	case CASK_VT_UI8:
		*to = v->as.u64;
		return true;
	default:
		return false;
	}
}

static const char *
variant_name(const struct cask_variant *v)
{
	static const char *const names[] = { "VT_EMPTY", "VT_NULL", "VT_I2",
		"VT_I4", "VT_R4", "VT_R8", "VT_CY", "VT_DATE", "VT_BSTR", "",
		"VT_ERROR", "VT_BOOL", "", "", "", "", "VT_I1", "VT_UI1",
		"VT_UI2", "VT_UI4", "VT_I8", "VT_UI8" };

	return v->type < sizeof names / sizeof *names ? names[v->type] : "";
}

/* The same as a member of a type of its own. */
bool
variant_leaf(const struct cask_variant *v, struct leaf *leaf)
{
	memset(&leaf->is, 0, sizeof leaf->is);
	leaf->kind = SHAPE_I64;
	switch (v->type) {
	case CASK_VT_I1:
		leaf->is.i = (int64_t)v->as.i8;
		return true;
	case CASK_VT_I2:
		leaf->is.i = v->as.i16;
		return true;
	case CASK_VT_I4:
	case CASK_VT_ERROR:
		leaf->is.i = v->as.i32;
		return true;
	case CASK_VT_I8:
		leaf->is.i = v->as.i64;
		return true;
	case CASK_VT_CY:
		leaf->kind = SHAPE_CURRENCY;
		leaf->is.currency.value = v->as.i64;
		return true;
	case CASK_VT_DATE:
		leaf->kind = SHAPE_DATE;
		leaf->is.date.days = v->as.f64;
		return true;
	case CASK_VT_R4:
		leaf->kind = SHAPE_F32;
		leaf->is.f32 = v->as.f32;
		return true;
	case CASK_VT_R8:
		leaf->kind = SHAPE_F64;
		leaf->is.f64 = v->as.f64;
		return true;
	case CASK_VT_BSTR:
		leaf->kind = SHAPE_BSTR;
		leaf->is.text = v->as.text;
		return true;
	case CASK_VT_BOOL:
		leaf->kind = SHAPE_BOOL;
		leaf->is.u = v->as.truth;
		return true;
	default:
		leaf->kind = SHAPE_U64;
		return variant_unsigned(v, &leaf->is.u);
	}
}

static void
print_variant(FILE *f, const struct cask_variant *v)
{
	const char *name = variant_name(v);
	struct leaf leaf;

	if (*name != '\0')
		fputs(name, f);
	else
		fprintf(f, "type 0x%04X", v->type);
	if (!variant_leaf(v, &leaf))
		return;
	fputc(' ', f);
	print_value(f, &leaf);
}

static void
print_dated(FILE *f, const struct leaf *leaf)
{
	const struct cask_date *d = &leaf->is.date;

	if (d->status != CASK_VALID)
		print_status(f, d->status);
	else
		print_days(f, d->days, leaf->kind == SHAPE_DATE);
}

static bool
print_mfc(FILE *f, const struct leaf *leaf)
{
	const struct cask_rect *r = &leaf->is.rect;

	switch (leaf->kind) {
	case SHAPE_TIME:
		print_time(f, leaf->is.i);
		return true;
	case SHAPE_TIMESPAN:
		fprintf(f, "%" PRId64 " s", leaf->is.i);
		return true;
	case SHAPE_DATE:
	case SHAPE_DATESPAN:
		print_dated(f, leaf);
		return true;
	case SHAPE_CURRENCY:
		if (leaf->is.currency.status != CASK_VALID)
			print_status(f, leaf->is.currency.status);
		else
			print_money(f, leaf->is.currency.value);
		return true;
	case SHAPE_POINT:
		fprintf(f, "(%" PRId32 ", %" PRId32 ")", leaf->is.point.x,
		    leaf->is.point.y);
		return true;
	case SHAPE_SIZE:
		fprintf(f, "%" PRId32 " x %" PRId32, leaf->is.size.cx,
		    leaf->is.size.cy);
		return true;
	case SHAPE_RECT:
		fprintf(f,
		    "(%" PRId32 ", %" PRId32 ") to (%" PRId32 ", %" PRId32 ")",
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

void
print_value(FILE *f, const struct leaf *leaf)
{
	char words[NUMBER_SIZE];

	switch (leaf->kind) {
	case SHAPE_F32:
		fputs(f32_words(words, leaf->is.f32), f);
		break;
	case SHAPE_F64:
		fputs(f64_words(words, leaf->is.f64), f);
		break;
	case SHAPE_BOOL:
		fputs(leaf->is.u ? "true" : "false", f);
		break;
	case SHAPE_CHAR16:
		print_char16(f, (uint16_t)leaf->is.u);
		break;
	case SHAPE_I8:
	case SHAPE_I16:
	case SHAPE_I32:
	case SHAPE_I64:
		fprintf(f, "%" PRId64, leaf->is.i);
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
		print_bytes(f, leaf);
		break;
	default:
		if (!print_mfc(f, leaf))
			fprintf(f, "%" PRIu64, leaf->is.u);
	}
}
