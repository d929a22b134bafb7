/*
 * One value of JSON, stored.  See store.h.
 *
 * Integers beyond 2^53, and numbers that JSON lacks, are texts, as they are
 * printed; whether it is one or the other is not looked at.
 *
 * SPDX-License-Identifier: MIT
 */
#include "store.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a value is to be, for complaints: "u8", "currency's value". */
struct want {
	struct store *s;
	const struct place *at;
	const char *type;
};

static bool
wrong_kind(
    const struct want *w, const struct json_node *n, const char *expected)
{
	return store_fail(w->s, w->at, "%s (%s) is expected, not %s", expected,
	    w->type, json_kind_name(n->kind));
}

static bool
no_fit(const struct want *w, const struct json_node *n)
{
	return store_fail(w->s, w->at, "%.*s does not fit %s",
	    n->n > 40 ? 40 : (int)n->n, n->text, w->type);
}

/* Numbers */

static bool
is_integer(const struct json_node *n)
{
	size_t i = n->n > 0 && n->text[0] == '-';

	if (i == n->n || (n->text[i] == '0' && n->n > i + 1))
		return false;
	for (; i < n->n; i++)
		if (n->text[i] < '0' || n->text[i] > '9')
			return false;
	return true;
}

static bool
check_integer(const struct want *w, const struct json_node *n)
{
	if (n->kind != JSON_NUMBER && n->kind != JSON_TEXT)
		return wrong_kind(w, n, "a number");
	if (!is_integer(n))
		return store_fail(w->s, w->at,
		    "a whole number (%s) is expected, not %s%.*s%s", w->type,
		    n->kind == JSON_TEXT ? "\"" : "",
		    n->n > 40 ? 40 : (int)n->n, n->text,
		    n->kind == JSON_TEXT ? "\"" : "");
	return true;
}

static bool
take_unsigned(const struct want *w, const struct json_node *n, uint64_t most,
    uint64_t *to)
{
	if (!check_integer(w, n))
		return false;
	errno = 0;
	*to = strtoull(n->text, NULL, 10);
	if (errno != 0 || *to > most || (n->text[0] == '-' && *to != 0))
		return no_fit(w, n);
	return true;
}

static bool
take_signed(const struct want *w, const struct json_node *n, int64_t least,
    int64_t most, int64_t *to)
{
	if (!check_integer(w, n))
		return false;
	errno = 0;
	*to = strtoll(n->text, NULL, 10);
	if (errno != 0 || *to < least || *to > most)
		return no_fit(w, n);
	return true;
}

static bool
take_i32(const struct want *w, const struct json_node *n, int32_t *to)
{
	int64_t v = 0;
	bool ok = take_signed(w, n, INT32_MIN, INT32_MAX, &v);

	*to = (int32_t)v;
	return ok;
}

static bool
take_float(
    const struct want *w, const struct json_node *n, double most, double *to)
{
	static const struct {
		const char *word;
		double is;
	} words[] = { { "NaN", (double)NAN }, { "Infinity", HUGE_VAL },
		{ "-Infinity", -HUGE_VAL } };

	for (size_t i = 0; i < 3 && n->kind == JSON_TEXT; i++)
		if (strcmp(n->text, words[i].word) == 0) {
			*to = words[i].is;
			return true;
		}
	if (n->kind != JSON_NUMBER)
		return wrong_kind(
		    w, n, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
	*to = strtod(n->text, NULL);
	if (*to > most || *to < -most)
		return no_fit(w, n);
	return true;
}

/* What rounds to more than FLT_MAX is none. */
static bool
take_f32(const struct want *w, const struct json_node *n, float *to)
{
	double v = 0;

	if (!take_float(w, n, DBL_MAX, &v))
		return false;
	*to = (float)v;
	return isinf(*to) == isinf(v) || no_fit(w, n);
}

static bool
take_bool(const struct want *w, const struct json_node *n, bool *to)
{
	*to = n->kind == JSON_TRUE;
	return n->kind == JSON_TRUE || n->kind == JSON_FALSE ||
	    wrong_kind(w, n, "true or false");
}

/* It is stored from where it stands, and no one writes there. */
static bool
take_text(const struct want *w, const struct json_node *n, char **to)
{
	if (n->kind != JSON_TEXT)
		return wrong_kind(w, n, "text");
	memcpy(to, &n->text, sizeof *to);
	return true;
}

static bool
take_guid(const struct want *w, const struct json_node *n, struct cask_guid *to)
{
	if (n->kind != JSON_TEXT)
		return wrong_kind(w, n, "text");
	if (cask_guid_parse(to, n->text) != 0)
		return store_fail(w->s, w->at,
		    "a GUID, as {00112233-4455-6677-8899-AABBCCDDEEFF}, is "
		    "expected");
	return true;
}

/* MFC's structs: objects with the names of their parts */

/* The part called name, and what it is to be. */
static const struct json_node *
part(const struct want *w, const struct json_node *n, const char *name)
{
	const struct json *j = w->s->json;
	size_t i = (size_t)(n - j->node) + 1;

	for (; i < n->after; i = j->node[i].after)
		if (strcmp(j->node[i].key, name) == 0)
			return &j->node[i];
	store_fail(w->s, w->at, "'%s' is missing", name);
	return NULL;
}

static bool
is_object_of(const struct want *w, const struct json_node *n, size_t parts)
{
	if (n->kind != JSON_OBJECT)
		return wrong_kind(w, n, "an object");
	if (n->n > parts)
		return store_fail(w->s, w->at, "%zu members, where %s has %zu",
		    n->n, w->type, parts);
	return true;
}

static bool
take_parts(const struct want *w, const struct json_node *n,
    const char *const names[], int32_t *const to[], size_t count)
{
	if (!is_object_of(w, n, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct place at = { w->at, names[i], NO_INDEX };
		struct want inner = { w->s, &at, "i32" };
		const struct json_node *p = part(w, n, names[i]);

		if (p == NULL || !take_i32(&inner, p, to[i]))
			return false;
	}
	return true;
}

/* The status, and the value behind it. */
static const struct json_node *
take_status(const struct want *w, const struct json_node *n, const char *name,
    int32_t *status)
{
	struct place at = { w->at, "status", NO_INDEX };
	struct want inner = { w->s, &at, "i32" };
	const struct json_node *p;

	if (!is_object_of(w, n, 2))
		return NULL;
	p = part(w, n, "status");
	if (p == NULL || !take_i32(&inner, p, status))
		return NULL;
	return part(w, n, name);
}

static bool
take_date(const struct want *w, const struct json_node *n, struct cask_date *to)
{
	struct place at = { w->at, "days", NO_INDEX };
	struct want inner = { w->s, &at, "f64" };

	n = take_status(w, n, at.name, &to->status);
	return n != NULL && take_float(&inner, n, DBL_MAX, &to->days);
}

static bool
take_currency(
    const struct want *w, const struct json_node *n, struct cask_currency *to)
{
	struct place at = { w->at, "value", NO_INDEX };
	struct want inner = { w->s, &at, "i64" };

	n = take_status(w, n, at.name, &to->status);
	return n != NULL &&
	    take_signed(&inner, n, INT64_MIN, INT64_MAX, &to->value);
}

/* Variants */

static bool
take_variant_signed(
    const struct want *w, const struct json_node *n, struct cask_variant *v)
{
	int64_t i = 0;
	bool ok;

	switch (v->type) {
	case CASK_VT_I1:
		ok = take_signed(w, n, INT8_MIN, INT8_MAX, &i);
		v->as.i8 = (int8_t)i;
		return ok;
	case CASK_VT_I2:
		ok = take_signed(w, n, INT16_MIN, INT16_MAX, &i);
		v->as.i16 = (int16_t)i;
		return ok;
	case CASK_VT_I4:
	case CASK_VT_ERROR:
		return take_i32(w, n, &v->as.i32);
	default: /* CASK_VT_I8, CASK_VT_CY */
		return take_signed(w, n, INT64_MIN, INT64_MAX, &v->as.i64);
	}
}

static bool
take_variant_unsigned(
    const struct want *w, const struct json_node *n, struct cask_variant *v)
{
	uint64_t u = 0;
	bool ok;

	switch (v->type) {
	case CASK_VT_UI1:
		ok = take_unsigned(w, n, UINT8_MAX, &u);
		v->as.u8 = (uint8_t)u;
		return ok;
	case CASK_VT_UI2:
		ok = take_unsigned(w, n, UINT16_MAX, &u);
		v->as.u16 = (uint16_t)u;
		return ok;
	case CASK_VT_UI4:
		ok = take_unsigned(w, n, UINT32_MAX, &u);
		v->as.u32 = (uint32_t)u;
		return ok;
	default: /* CASK_VT_UI8 */
		return take_unsigned(w, n, UINT64_MAX, &v->as.u64);
	}
}

static bool
take_variant_value(const struct want *w, const struct json_node *n,
    enum shape_kind kind, struct cask_variant *v)
{
	switch (kind) {
	case SHAPE_F32:
		return take_f32(w, n, &v->as.f32);
	case SHAPE_F64:
	case SHAPE_DATE:
		return take_float(w, n, DBL_MAX, &v->as.f64);
	case SHAPE_BOOL:
		return take_bool(w, n, &v->as.truth);
	case SHAPE_BSTR:
		return take_text(w, n, &v->as.text);
	case SHAPE_U64:
		return take_variant_unsigned(w, n, v);
	default:
		return take_variant_signed(w, n, v);
	}
}

/* A type that has a value on the wire has one here. */
static bool
take_variant(
    const struct want *w, const struct json_node *n, struct cask_variant *to)
{
	struct place type_at = { w->at, "type", NO_INDEX };
	struct place value_at = { w->at, "value", NO_INDEX };
	struct want type = { w->s, &type_at, "u16" };
	struct want value = { w->s, &value_at, "of a variant" };
	const struct json_node *p;
	struct leaf leaf;
	uint64_t u;

	if (n->kind != JSON_OBJECT)
		return wrong_kind(w, n, "an object");
	p = part(w, n, "type");
	if (p == NULL || !take_unsigned(&type, p, UINT16_MAX, &u))
		return false;
	*to = (struct cask_variant) { .type = (uint16_t)u };
	if (!variant_leaf(to, &leaf))
		return is_object_of(w, n, 1);
	p = is_object_of(w, n, 2) ? part(w, n, "value") : NULL;
	return p != NULL && take_variant_value(&value, p, leaf.kind, to);
}

/* All of them */

static bool
take_mfc(const struct want *w, const struct json_node *n, struct leaf *leaf)
{
	struct cask_rect *r = &leaf->is.rect;

	switch (leaf->kind) {
	case SHAPE_DATE:
	case SHAPE_DATESPAN:
		return take_date(w, n, &leaf->is.date);
	case SHAPE_CURRENCY:
		return take_currency(w, n, &leaf->is.currency);
	case SHAPE_POINT:
		return take_parts(w, n, (const char *const[]) { "x", "y" },
		    (int32_t *const[]) { &leaf->is.point.x, &leaf->is.point.y },
		    2);
	case SHAPE_SIZE:
		return take_parts(w, n, (const char *const[]) { "cx", "cy" },
		    (int32_t *const[]) { &leaf->is.size.cx, &leaf->is.size.cy },
		    2);
	case SHAPE_RECT:
		return take_parts(w, n,
		    (const char *const[]) { "left", "top", "right", "bottom" },
		    (int32_t *const[]) {
			&r->left, &r->top, &r->right, &r->bottom },
		    4);
	case SHAPE_GUID:
		return take_guid(w, n, &leaf->is.guid);
	default:
		return take_variant(w, n, &leaf->is.variant);
	}
}

static bool
take_number(const struct want *w, const struct shape_member *m,
    const struct json_node *n, struct leaf *leaf)
{
	static const struct {
		int64_t least, most;
	} range[] = {
		[SHAPE_U8] = { 0, UINT8_MAX },
		[SHAPE_U16] = { 0, UINT16_MAX },
		[SHAPE_U32] = { 0, UINT32_MAX },
		[SHAPE_I8] = { INT8_MIN, INT8_MAX },
		[SHAPE_I16] = { INT16_MIN, INT16_MAX },
		[SHAPE_I32] = { INT32_MIN, INT32_MAX },
		[SHAPE_I64] = { INT64_MIN, INT64_MAX },
		[SHAPE_CHAR16] = { 0, UINT16_MAX },
		[SHAPE_TIME] = { INT64_MIN, INT64_MAX },
		[SHAPE_TIMESPAN] = { INT32_MIN, INT32_MAX },
	};
	bool truth = false, ok;

	switch (m->kind) {
	case SHAPE_BOOL:
		ok = take_bool(w, n, &truth);
		leaf->is.u = truth;
		return ok;
	case SHAPE_U64:
	case SHAPE_COUNT:
		return take_unsigned(w, n, UINT64_MAX, &leaf->is.u);
	case SHAPE_VERSION:
		if (!take_unsigned(w, n, UINT16_MAX, &leaf->is.u))
			return false;
		if (leaf->is.u >= 1 && leaf->is.u <= m->size)
			return true;
		return store_fail(w->s, w->at,
		    "a version from 1 to %llu is "
		    "expected, not %llu",
		    (unsigned long long)m->size,
		    (unsigned long long)leaf->is.u);
	case SHAPE_F32:
		return take_f32(w, n, &leaf->is.f32);
	case SHAPE_F64:
		return take_float(w, n, DBL_MAX, &leaf->is.f64);
	default:
		ok = take_signed(w, n, range[m->kind].least,
		    range[m->kind].most, &leaf->is.i);
		if (m->kind < SHAPE_I8 || m->kind == SHAPE_CHAR16)
			leaf->is.u = (uint64_t)leaf->is.i;
		return ok;
	}
}

static bool
is_number(enum shape_kind kind)
{
	return kind <= SHAPE_F64 || kind == SHAPE_TIME ||
	    kind == SHAPE_TIMESPAN;
}

bool
store_leaf(struct store *s, const struct shape_member *m,
    const struct json_node *n, const struct place *at)
{
	struct want w = { s, at, shape_kind_name(m->kind) };
	struct dump *d = s->d;
	struct leaf leaf = { .kind = m->kind };
	bool ok;

	memset(&leaf.is, 0, sizeof leaf.is);
	if (is_number(m->kind))
		ok = take_number(&w, m, n, &leaf);
	else if (shape_is_text(m->kind) || m->kind == SHAPE_BSTR)
		ok = take_text(&w, n, &leaf.is.text);
	else
		ok = take_mfc(&w, n, &leaf);
	if (!ok)
		return false;
	if (m->kind <= SHAPE_COUNT)
		d->value[m - d->shape.member] = leaf.is.u;
	exchange_leaf(d, &leaf, &m->as, at->name);
	return d->ar.err == 0 || store_fail(s, at, "%s", cask_why(&d->ar));
}
