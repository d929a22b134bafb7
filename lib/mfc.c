/*
 * MFC's value types of fixed size.  See <cask/mfc.h>; dates are in date.c,
 * texts and variants in variant.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mfc.h"

#include "ar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MARK 0x8000000A /* CTime: no time of 4 bytes, but of 8 */

static void
put(struct cask_ar *ar, uint64_t v, size_t size)
{
	unsigned char wire[8];

	caski_encode(ar, wire, v, size);
	caski_put(ar, wire, size);
}

static int64_t
from32(uint64_t v)
{
	return (int64_t)v - (v > INT32_MAX ? INT64_C(1) << 32 : 0);
}

static int64_t
from64(uint64_t v)
{
	return v <= INT64_MAX ? (int64_t)v : -(int64_t)~v - 1;
}

/*
 * A value of type i64 in memory that has a form of its own on the wire: its
 * name, type and the ways that are neither storing nor loading are here.
 */
static void
exchange(struct cask_ar *ar, int64_t *v, const char *type, const char *name,
    bool (*store)(struct cask_ar *ar, int64_t v),
    bool (*load)(struct cask_ar *ar, int64_t *v))
{
	caski_begin(ar, type, name);
	if (!ar->loading) {
		if (!caski_may_store(ar))
			return;
		if (ar->way != CASK_PRINTS && !store(ar, *v))
			return;
	} else if (!caski_may_load(ar) || ar->way == CASK_DESCRIBES ||
	    !load(ar, v)) {
		*v = 0;
		if (ar->way == CASK_DESCRIBES && ar->err == 0)
			caski_describe(ar, 1);
		return;
	}
	if (ar->watched)
		caski_show_number(ar, CASK_TYPE_I64, v);
}

/* CTime */

static bool
is_old(const struct cask_ar *ar)
{
	return ar->mfc != 0 && ar->mfc < 8;
}

static bool
too_much(struct cask_ar *ar, int64_t v, const char *of)
{
	return caski_fail(ar, CASK_ELIMIT,
	    "%lld, and the 4 bytes of %s hold -2147483648 to 2147483647",
	    (long long)v, of);
}

static bool
store_time(struct cask_ar *ar, int64_t v)
{
	if (!is_old(ar)) {
		caski_gather(ar, 12);
		put(ar, MARK, 4);
		put(ar, (uint64_t)v, 8);
		return ar->err == 0;
	}
	if (v < INT32_MIN || v > INT32_MAX)
		return too_much(ar, v, "an old CTime (mfc)");
	if (v == from32(MARK))
		return caski_fail(ar, CASK_ELIMIT,
		    "%lld, which an old CTime (mfc) can't tell from the mark",
		    (long long)v);
	caski_gather(ar, 4);
	put(ar, (uint64_t)v, 4);
	return ar->err == 0;
}

static bool
load_time(struct cask_ar *ar, int64_t *v)
{
	uint64_t got;

	if (!caski_get_uint(ar, &got, 4))
		return false;
	*v = from32(got);
	if (got != MARK)
		return true;
	if (!caski_get_uint(ar, &got, 8))
		return false;
	*v = from64(got);
	return true;
}

void
cask_time_named(struct cask_ar *ar, int64_t *seconds, const char *name)
{
	exchange(ar, seconds, "time", name, store_time, load_time);
}

/* CTimeSpan */

static bool
store_span(struct cask_ar *ar, int64_t v)
{
	if (v < INT32_MIN || v > INT32_MAX)
		return too_much(ar, v, "a CTimeSpan");
	caski_gather(ar, 4);
	put(ar, (uint64_t)v, 4);
	return ar->err == 0;
}

static bool
load_span(struct cask_ar *ar, int64_t *v)
{
	uint64_t got;
	bool ok = caski_get_uint(ar, &got, 4);

	*v = from32(got);
	return ok;
}

void
cask_time_span_named(struct cask_ar *ar, int64_t *seconds, const char *name)
{
	exchange(ar, seconds, "span", name, store_span, load_span);
}

/* Money: COleCurrency has its high half first, and COleVariant its low one. */

static bool
store_high_first(struct cask_ar *ar, int64_t v)
{
	caski_gather(ar, 8);
	put(ar, (uint64_t)v >> 32, 4);
	put(ar, (uint64_t)v & UINT32_MAX, 4);
	return ar->err == 0;
}

static bool
load_high_first(struct cask_ar *ar, int64_t *v)
{
	uint64_t high, low;
	bool ok = caski_get_uint(ar, &high, 4) && caski_get_uint(ar, &low, 4);

	if (ok)
		*v = from64(high << 32 | low);
	return ok;
}

static bool
store_low_first(struct cask_ar *ar, int64_t v)
{
	caski_gather(ar, 8);
	put(ar, (uint64_t)v & UINT32_MAX, 4);
	put(ar, (uint64_t)v >> 32, 4);
	return ar->err == 0;
}

static bool
load_low_first(struct cask_ar *ar, int64_t *v)
{
	uint64_t high, low;
	bool ok = caski_get_uint(ar, &low, 4) && caski_get_uint(ar, &high, 4);

	if (ok)
		*v = from64(high << 32 | low);
	return ok;
}

void
caski_money_named(struct cask_ar *ar, int64_t *v, const char *name)
{
	exchange(ar, v, "money", name, store_low_first, load_low_first);
}

void
cask_currency_x(struct cask_ar *ar, struct cask_currency *c)
{
	cask_i32(ar, &c->status);
	exchange(
	    ar, &c->value, "money", "value", store_high_first, load_high_first);
}

/* Structs */

void
cask_date_x(struct cask_ar *ar, struct cask_date *d)
{
	cask_i32(ar, &d->status);
	cask_f64(ar, &d->days);
}

void
cask_point_x(struct cask_ar *ar, struct cask_point *p)
{
	cask_i32(ar, &p->x);
	cask_i32(ar, &p->y);
}

void
cask_size_x(struct cask_ar *ar, struct cask_size *s)
{
	cask_i32(ar, &s->cx);
	cask_i32(ar, &s->cy);
}

void
cask_rect_x(struct cask_ar *ar, struct cask_rect *r)
{
	cask_i32(ar, &r->left);
	cask_i32(ar, &r->top);
	cask_i32(ar, &r->right);
	cask_i32(ar, &r->bottom);
}

/* GUIDs */

#define GUID_SIZE 16

static void
store_guid(struct cask_ar *ar, const struct cask_guid *g)
{
	caski_gather(ar, GUID_SIZE);
	put(ar, g->data1, 4);
	put(ar, g->data2, 2);
	put(ar, g->data3, 2);
	caski_put(ar, g->data4, sizeof g->data4);
}

static bool
load_guid(struct cask_ar *ar, struct cask_guid *g)
{
	unsigned char wire[GUID_SIZE];

	if (!caski_get(ar, wire, sizeof wire))
		return false;
	g->data1 = (uint32_t)caski_decode(ar, wire, 4);
	g->data2 = (uint16_t)caski_decode(ar, wire + 4, 2);
	g->data3 = (uint16_t)caski_decode(ar, wire + 6, 2);
	memcpy(g->data4, wire + 8, sizeof g->data4);
	return true;
}

void
cask_guid_named(struct cask_ar *ar, struct cask_guid *g, const char *name)
{
	char text[CASK_GUID_TEXT];

	caski_begin(ar, "guid", name);
	if (!ar->loading) {
		if (!caski_may_store(ar))
			return;
		if (ar->way != CASK_PRINTS)
			store_guid(ar, g);
	} else if (!caski_may_load(ar) || ar->way == CASK_DESCRIBES ||
	    !load_guid(ar, g)) {
		memset(g, 0, sizeof *g);
		if (ar->way == CASK_DESCRIBES && ar->err == 0)
			caski_describe(ar, 1);
		return;
	}
	if (!ar->watched)
		return;
	cask_guid_text(g, text);
	caski_show_text(ar, text, sizeof text - 1);
}

void
cask_guid_text(const struct cask_guid *g, char to[CASK_GUID_TEXT])
{
	const uint8_t *d = g->data4;

	snprintf(to, CASK_GUID_TEXT,
	    "{%08lX-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}",
	    (unsigned long)g->data1, g->data2, g->data3, d[0], d[1], d[2], d[3],
	    d[4], d[5], d[6], d[7]);
}

/* One digit of the pattern, which has a * for each. */
static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
parse_bytes(unsigned char bytes[GUID_SIZE], const char *s)
{
	static const char form[] = "********-****-****-****-************";
	bool braces = *s == '{';
	size_t digits = 0;

	s += braces;
	for (const char *f = form; *f != '\0'; f++, s++) {
		if (*f == '*' ? digit(*s) < 0 : *s != *f)
			return false;
		if (*f == '*') {
			unsigned char *b = &bytes[digits++ / 2];

			*b = (unsigned char)(*b << 4 | digit(*s));
		}
	}
	return strcmp(s, braces ? "}" : "") == 0;
}

int
cask_guid_parse(struct cask_guid *g, const char *text)
{
	unsigned char b[GUID_SIZE] = { 0 };

	memset(g, 0, sizeof *g);
	if (!parse_bytes(b, text))
		return EINVAL;
	g->data1 = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
	g->data2 = (uint16_t)(b[4] << 8 | b[5]);
	g->data3 = (uint16_t)(b[6] << 8 | b[7]);
	memcpy(g->data4, b + 8, sizeof g->data4);
	return 0;
}
