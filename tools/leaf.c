/*
 * A value of a stream, as a shape says that it is, in either direction: the
 * library's functions exchange, and so do these.  See dump.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

/* Numbers */

uint64_t
exchange_unsigned(
    struct cask_ar *ar, enum shape_kind kind, uint64_t u64, const char *name)
{
	uint8_t u8 = (uint8_t)u64;
	uint16_t u16 = (uint16_t)u64;
	uint32_t u32 = (uint32_t)u64;
	bool b = u64 != 0;

	switch (kind) {
	case SHAPE_U8:
		cask_u8_named(ar, &u8, name);
		return u8;
	case SHAPE_BOOL:
		cask_bool_named(ar, &b, name);
		return b;
	case SHAPE_U16:
	case SHAPE_VERSION:
		cask_u16_named(ar, &u16, name);
		return u16;
	case SHAPE_CHAR16:
		cask_char16_named(ar, &u16, name);
		return u16;
	case SHAPE_U32:
		cask_u32_named(ar, &u32, name);
		return u32;
	case SHAPE_COUNT:
		cask_count64_named(ar, &u64, UINT64_MAX, name);
		return u64;
	default:
		cask_u64_named(ar, &u64, name);
		return u64;
	}
}

static int64_t
exchange_signed(
    struct cask_ar *ar, enum shape_kind kind, int64_t i64, const char *name)
{
	int8_t i8 = (int8_t)i64;
	int16_t i16 = (int16_t)i64;
	int32_t i32 = (int32_t)i64;

	switch (kind) {
	case SHAPE_I8:
		cask_i8_named(ar, &i8, name);
		return i8;
	case SHAPE_I16:
		cask_i16_named(ar, &i16, name);
		return i16;
	case SHAPE_I32:
		cask_i32_named(ar, &i32, name);
		return i32;
	default:
		cask_i64_named(ar, &i64, name);
		return i64;
	}
}

/* Text */

/* Does an MFC Unicode string come next?  They begin with FF, then FFFE. */
static bool
unicode_comes(struct dump *d)
{
	static const unsigned char little[] = { 0xFF, 0xFE, 0xFF };
	static const unsigned char big[] = { 0xFF, 0xFF, 0xFE };

	/* Byte by byte: no more may come before it is asked for. */
	return tape_peek(&d->tape, 1) == 1 &&
	    d->tape.data[d->tape.next] == 0xFF && tape_peek(&d->tape, 3) == 3 &&
	    memcmp(d->tape.data + d->tape.next, d->ar.big_endian ? big : little,
		3) == 0;
}

/* Which form of text comes; not the one that has to: an error. */
static enum shape_kind
text_kind(struct dump *d, enum shape_kind wanted, const char *name)
{
	enum shape_kind comes = SHAPE_ANSI;

	if (unicode_comes(d))
		comes = SHAPE_UNICODE;
	else if (tape_peek(&d->tape, 1) == 0)
		return wanted; /* the stream, or its message, has ended */
	if (wanted != SHAPE_TEXT && wanted != comes)
		cask_fail_named(&d->ar, name, name, EPROTO,
		    "not %s, but %s string",
		    wanted == SHAPE_ANSI ? "an ANSI" : "a Unicode",
		    comes == SHAPE_ANSI ? "an ANSI" : "a Unicode");
	return comes;
}

/* Leaves */

static void
exchange_text(
    struct dump *d, struct leaf *leaf, struct cask_as as, const char *name)
{
	static const enum cask_text_form forms[] = {
		[SHAPE_TEXT] = 0, /* the archive's */
		[SHAPE_ANSI] = CASK_ANSI,
		[SHAPE_UNICODE] = CASK_UNICODE,
		[SHAPE_UTF8] = CASK_UTF8,
		[SHAPE_UTF16] = CASK_UTF16,
		[SHAPE_UTF32] = CASK_UTF32,
	};

	as.form = forms[leaf->kind];
	if (cask_loading(&d->ar) && as.end == CASK_BY_LENGTH &&
	    leaf->kind < SHAPE_UTF8)
		leaf->kind = text_kind(d, leaf->kind, name);
	cask_text_dup_named(&d->ar, &leaf->is.text, SIZE_MAX, &as, name);
}

/* MFC's structs have no names of their own: those of their parts follow. */
#define STRUCT(exchange, part)                            \
	do {                                              \
		struct cask_frame frame_;                 \
		if (cask_enter(&d->ar, &frame_, name))    \
			exchange(&d->ar, &leaf->is.part); \
		cask_leave(&d->ar, &frame_);              \
	} while (0)

static bool
exchange_mfc(struct dump *d, struct leaf *leaf, const char *name)
{
	switch (leaf->kind) {
	case SHAPE_BSTR:
		cask_bstr_dup_named(&d->ar, &leaf->is.text, SIZE_MAX, name);
		return true;
	case SHAPE_TIME:
		cask_time_named(&d->ar, &leaf->is.i, name);
		return true;
	case SHAPE_TIMESPAN:
		cask_time_span_named(&d->ar, &leaf->is.i, name);
		return true;
	case SHAPE_DATE:
	case SHAPE_DATESPAN:
		STRUCT(cask_date_x, date);
		return true;
	case SHAPE_CURRENCY:
		STRUCT(cask_currency_x, currency);
		return true;
	case SHAPE_POINT:
		STRUCT(cask_point_x, point);
		return true;
	case SHAPE_SIZE:
		STRUCT(cask_size_x, size);
		return true;
	case SHAPE_RECT:
		STRUCT(cask_rect_x, rect);
		return true;
	case SHAPE_GUID:
		cask_guid_named(&d->ar, &leaf->is.guid, name);
		return true;
	case SHAPE_VARIANT:
		cask_variant_dup_named(
		    &d->ar, &leaf->is.variant, SIZE_MAX, name);
		return true;
	default:
		return false;
	}
}

void
free_leaf(struct leaf *leaf)
{
	if (shape_is_text(leaf->kind) || leaf->kind == SHAPE_BSTR)
		free(leaf->is.text);
	else if (leaf->kind == SHAPE_VARIANT &&
	    leaf->is.variant.type == CASK_VT_BSTR)
		free(leaf->is.variant.as.text);
}

void
exchange_leaf(struct dump *d, struct leaf *leaf, const struct cask_as *as,
    const char *name)
{
	if (cask_loading(&d->ar))
		memset(&leaf->is, 0, sizeof leaf->is);
	if (shape_is_text(leaf->kind)) {
		exchange_text(d, leaf, *as, name);
		return;
	}
	if (exchange_mfc(d, leaf, name))
		return;
	switch (leaf->kind) {
	case SHAPE_F32:
		cask_f32_named(&d->ar, &leaf->is.f32, name);
		break;
	case SHAPE_F64:
		cask_f64_named(&d->ar, &leaf->is.f64, name);
		break;
	default:
		if (shape_is_signed(leaf->kind))
			leaf->is.i = exchange_signed(
			    &d->ar, leaf->kind, leaf->is.i, name);
		else
			leaf->is.u = exchange_unsigned(
			    &d->ar, leaf->kind, leaf->is.u, name);
	}
}
