/*
 * OLE's texts and variants.  See <cask/mfc.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mfc.h"

#include "ar.h"
#include "dup.h"
#include "sys.h"
#include "text.h"

#include <errno.h>
#include <string.h>

#define PIECE CASKI_PIECE

/* A BSTR: a DWORD, of units or, in a variant, of their bytes, and UTF-16. */
struct bstr {
	struct caski_plan plan;
	size_t unit; /* 1: units, 2: bytes are counted */
};

static bool
plan_bstr(struct cask_ar *ar, struct bstr *b, size_t max, size_t unit)
{
	static const struct cask_as as = { .form = CASK_UTF16 };

	b->unit = unit;
	return caski_plan(ar, &b->plan, &as, 1, max);
}

static bool
put_units(struct cask_ar *ar, uint16_t *units, size_t n)
{
	for (size_t i = 0; i < n; i++)
		units[i] = cask_order16(units[i], ar->big_endian);
	return caski_put(ar, units, 2 * n);
}

static void
store_bstr(struct cask_ar *ar, const struct bstr *b, const char *s)
{
	size_t n = strlen(s);
	struct cask_progress done;
	uint16_t units[PIECE];
	unsigned char wire[4];
	int err;

	if (n > b->plan.max) {
		caski_text_long(ar, &b->plan, n);
		return;
	}
	err = cask_utf8_to_utf16(NULL, 0, s, n, b->plan.policy, &done);
	if (err != 0) {
		caski_text_failed(ar, &b->plan, err, done.read);
		return;
	}
	if (done.written > UINT32_MAX / 2) {
		caski_text_long(ar, &b->plan, done.written);
		return;
	}
	caski_encode(ar, wire, done.written * b->unit, 4);
	if (!caski_put(ar, wire, 4))
		return;
	ar->replaced += done.replaced;
	for (; n > 0; s += done.read, n -= done.read) {
		cask_utf8_to_utf16(units, PIECE, s, n, b->plan.policy, &done);
		if (!put_units(ar, units, done.written))
			return;
	}
}

/* What came, and is not converted yet: perhaps half of a pair. */
struct incoming {
	uint64_t left;
	uint64_t converted;
	uint16_t units[PIECE];
	size_t have;
};

static bool
take(struct cask_ar *ar, struct incoming *in)
{
	size_t k = PIECE - in->have;

	if (k > in->left)
		k = (size_t)in->left;
	if (!caski_get(ar, in->units + in->have, 2 * k))
		return false;
	for (size_t i = in->have; i < in->have + k; i++)
		in->units[i] = cask_order16(in->units[i], ar->big_endian);
	in->have += k;
	in->left -= k;
	return true;
}

static bool
load_piece(struct cask_ar *ar, const struct bstr *b, struct incoming *in,
    struct caski_sink *to)
{
	struct cask_progress done;
	int flags, err;

	if (!take(ar, in))
		return false;
	flags = b->plan.policy | (in->left > 0 ? CASK_MORE : 0);
	to->come = 2 * (in->converted + in->have);
	err = caski_sink_room(&b->plan, to, 3 * in->have);
	if (err != 0)
		return caski_text_failed(ar, &b->plan, err, 0);
	err = cask_utf16_to_utf8(to->data + to->length, to->size - to->length,
	    in->units, in->have, flags, &done);
	if (memchr(to->data + to->length, '\0', done.written) != NULL)
		return caski_fail(ar, CASK_ETEXT,
		    "the text holds a NUL, which a C string can't hold");
	to->length += done.written;
	in->converted += done.read;
	in->have -= done.read;
	ar->replaced += done.replaced;
	memmove(in->units, in->units + done.read, 2 * in->have);
	if (err == E2BIG)
		return caski_text_over(ar, &b->plan);
	if (err != 0 && !(err == EINVAL && in->left > 0))
		return caski_text_failed(ar, &b->plan, err, in->converted);
	return true;
}

static bool
load_units(struct cask_ar *ar, const struct bstr *b, struct caski_sink *to)
{
	struct incoming in = { 0 };

	if (!caski_get_uint(ar, &in.left, 4))
		return false;
	if (in.left % b->unit != 0)
		return caski_fail(ar, CASK_ETEXT,
		    "%llu bytes, which are no units of UTF-16",
		    (unsigned long long)in.left);
	in.left /= b->unit;
	if (in.left > b->plan.max) /* each of them is a byte in memory */
		return caski_text_long(ar, &b->plan, in.left);
	do
		if (!load_piece(ar, b, &in, to))
			return false;
	while (in.left > 0 || in.have > 0);
	to->data[to->length] = '\0';
	return true;
}

static void
load_bstr(struct cask_ar *ar, const struct bstr *b, char **s)
{
	struct caski_sink to = { .grows = true };
	char *fitting;

	if (!load_units(ar, b, &to) ||
	    !caski_allocates(ar, to.length + 1 + CASKI_ALLOCATION)) {
		caski_sys_free(to.data);
		return;
	}
	fitting = caski_sys_realloc(to.data, to.length + 1);
	*s = fitting != NULL ? fitting : to.data;
}

static void
exchange_bstr(
    struct cask_ar *ar, char **s, size_t max, size_t unit, const char *name)
{
	struct bstr b;

	caski_begin(ar, "bstr", name);
	if (ar->way == CASK_RELEASES) {
		caski_drop(s);
		return;
	}
	if (ar->loading)
		*s = NULL;
	if (!(ar->loading ? caski_may_load(ar) : caski_may_store(ar)) ||
	    !plan_bstr(ar, &b, max, unit))
		return;
	if (ar->way == CASK_DESCRIBES) {
		caski_describe(ar, 1);
		return;
	}
	if (ar->loading)
		load_bstr(ar, &b, s);
	else if (ar->way != CASK_PRINTS)
		store_bstr(ar, &b, *s != NULL ? *s : "");
	if (ar->watched && ar->err == 0)
		caski_show_text(
		    ar, *s != NULL ? *s : "", *s != NULL ? strlen(*s) : 0);
}

void
cask_bstr_dup_named(struct cask_ar *ar, char **s, size_t max, const char *name)
{
	exchange_bstr(ar, s, max, 1, name);
}

/* Variants */

/* Those that MFC does not serialise, by name. */
static const char *
vt_name(unsigned type)
{
	static const char *const names[] = { [9] = "VT_DISPATCH",
		[12] = "VT_VARIANT",
		[13] = "VT_UNKNOWN",
		[14] = "VT_DECIMAL",
		[22] = "VT_INT",
		[23] = "VT_UINT" };

	return type < sizeof names / sizeof *names && names[type] != NULL
	    ? names[type]
	    : "no such type";
}

static void
exchange_truth(struct cask_ar *ar, bool *truth)
{
	int16_t word = 0;

	if (ar->way == CASK_PRINTS) {
		cask_bool_named(ar, truth, "as");
		return;
	}
	if (!ar->loading)
		word = *truth ? -1 : 0;
	cask_i16_named(ar, &word, "as");
	if (ar->loading)
		*truth = word != 0;
}

/* The value, if the type has one.  False: there is no such type. */
static bool
exchange_value(struct cask_ar *ar, struct cask_variant *v, size_t max)
{
	switch (v->type) {
	case CASK_VT_EMPTY:
	case CASK_VT_NULL:
		return true;
	case CASK_VT_I1:
		cask_i8_named(ar, &v->as.i8, "as");
		return true;
	case CASK_VT_UI1:
		cask_u8_named(ar, &v->as.u8, "as");
		return true;
	case CASK_VT_I2:
		cask_i16_named(ar, &v->as.i16, "as");
		return true;
	case CASK_VT_UI2:
		cask_u16_named(ar, &v->as.u16, "as");
		return true;
	case CASK_VT_BOOL:
		exchange_truth(ar, &v->as.truth);
		return true;
	case CASK_VT_I4:
	case CASK_VT_ERROR:
		cask_i32_named(ar, &v->as.i32, "as");
		return true;
	case CASK_VT_UI4:
		cask_u32_named(ar, &v->as.u32, "as");
		return true;
	case CASK_VT_R4:
		cask_f32_named(ar, &v->as.f32, "as");
		return true;
	case CASK_VT_R8:
	case CASK_VT_DATE:
		cask_f64_named(ar, &v->as.f64, "as");
		return true;
	case CASK_VT_I8:
		cask_i64_named(ar, &v->as.i64, "as");
		return true;
	case CASK_VT_UI8:
		cask_u64_named(ar, &v->as.u64, "as");
		return true;
	case CASK_VT_CY:
		caski_money_named(ar, &v->as.i64, "as");
		return true;
	case CASK_VT_BSTR:
		exchange_bstr(ar, &v->as.text, max, 2, "as");
		return true;
	default:
		return (v->type & (CASK_VT_ARRAY | CASK_VT_BYREF)) != 0;
	}
}

static void
refuse(struct cask_ar *ar, unsigned type)
{
	if (ar->err != 0 || ar->way == CASK_RELEASES)
		return;
	caski_begin(ar, "variant", "");
	ar->at -= 2;
	caski_set_error(ar, ENOTSUP, "type %u (%s)", type, vt_name(type));
}

void
cask_variant_dup_named(
    struct cask_ar *ar, struct cask_variant *v, size_t max, const char *name)
{
	struct cask_frame frame;

	if (ar->loading)
		memset(v, 0, sizeof *v);
	if (cask_enter(ar, &frame, name)) {
		cask_u16(ar, &v->type);
		if (!exchange_value(ar, v, max))
			refuse(ar, v->type);
	}
	cask_leave(ar, &frame);
	if (ar->way == CASK_RELEASES || (ar->loading && ar->err != 0))
		memset(v, 0, sizeof *v);
}
