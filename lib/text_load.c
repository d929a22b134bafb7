/*
 * Loading text.  See text.h.
 *
 * Code units are taken from the archive up to where the text ends, a piece at a
 * time, and converted as they come, into an array or into memory that grows
 * with them: to UTF-8, and from that to what is wanted in memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text.h"

#include "ar.h"
#include "charset.h"
#include "count.h"
#include "utf.h"

#include <errno.h>
#include <string.h>

#define PIECE CASKI_PIECE

struct source {
	const struct caski_plan *plan;
	size_t unit;   /* bytes of a code unit */
	uint64_t left; /* of a length or field: those not taken yet */
	bool ended;    /* nothing is to be taken any more */

	/* what is known of those that come next */
	uint64_t pads; /* they came, but may be the end of the field */
	uint32_t next; /* this comes behind them … */
	bool ahead;    /* … if so */
	bool begun;

	union {
		char bytes[4 * PIECE];
		uint16_t units[PIECE];
		uint32_t words[PIECE];
	} held; /* taken, but not yet converted */
	size_t have;
	uint64_t converted;
	uint64_t characters; /* counted only where they are limited */
	struct caski_charset charset;
	bool open;
};

/* Where a text ends, code unit by code unit: 1 for one more, 0 for the end, -1
 * after an error. */

static int
take_raw(struct cask_ar *ar, struct source *from, uint32_t *u)
{
	uint64_t v;

	if (from->ahead) {
		from->ahead = false;
		*u = from->next;
		return 1;
	}
	if (!caski_get_uint(ar, &v, from->unit))
		return -1;
	*u = (uint32_t)v;
	return 1;
}

/* In a field: NUL is its end, or pads that nothing follows. */
static int
take_from_field(struct cask_ar *ar, struct source *from, uint32_t *u)
{
	uint32_t pad = from->plan->pad;

	while (from->pads == 0 || !from->ahead) {
		if (from->left == 0 && !from->ahead)
			return 0;
		if (!from->ahead)
			from->left--;
		if (take_raw(ar, from, u) < 0)
			return -1;
		if (pad == 0 && *u == 0)
			return 0;
		if (pad == 0 || (*u != pad && from->pads == 0))
			return 1;
		if (*u == pad) {
			from->pads++;
		} else {
			from->next = *u;
			from->ahead = true;
		}
	}
	from->pads--;
	*u = pad;
	return 1;
}

/* In a line: LF is its end, CR LF, and the end of the stream. */
static int
take_from_line(struct cask_ar *ar, struct source *from, uint32_t *u)
{
	if (!from->ahead && from->begun && !caski_more(ar))
		return ar->err != 0 ? -1 : 0;
	if (take_raw(ar, from, u) < 0)
		return -1;
	from->begun = true;
	if (*u == '\n')
		return 0;
	if (*u != '\r')
		return 1;
	if (!caski_more(ar))
		return ar->err != 0 ? -1 : 1;
	if (take_raw(ar, from, &from->next) < 0)
		return -1;
	from->ahead = from->next != '\n';
	return from->ahead;
}

static int
take_one(struct cask_ar *ar, struct source *from, uint32_t *u)
{
	switch (from->plan->end) {
	case CASK_BY_NUL:
		if (take_raw(ar, from, u) < 0)
			return -1;
		return *u != 0;
	case CASK_BY_FIELD:
		return take_from_field(ar, from, u);
	default:
		return take_from_line(ar, from, u);
	}
}

static void
hold(struct source *from, uint32_t u)
{
	switch (from->unit) {
	case 1:
		from->held.bytes[from->have++] = (char)u;
		break;
	case 2:
		from->held.units[from->have++] = (uint16_t)u;
		break;
	default:
		from->held.words[from->have++] = u;
	}
}

static bool
take_to_end(struct cask_ar *ar, struct source *from, size_t most)
{
	uint32_t u = 0;
	int r = 1;

	while (from->have < most && r > 0) {
		r = take_one(ar, from, &u);
		if (r > 0)
			hold(from, u);
	}
	from->ended = r == 0;
	return r >= 0;
}

/* Pieces */

/* As many as have come at once; into the host's order. */
static bool
take_block(struct cask_ar *ar, struct source *from)
{
	size_t k = PIECE - from->have, had = from->have;

	if (k > from->left)
		k = (size_t)from->left;
	if (!caski_get(ar, from->held.bytes + had * from->unit, k * from->unit))
		return false;
	from->have += k;
	from->left -= k;
	from->ended = from->left == 0;
	if (ar->big_endian == CASK_HOST_BIG)
		return true;
	if (from->unit == 2)
		for (size_t i = had; i < from->have; i++)
			from->held.units[i] = cask_swap16(from->held.units[i]);
	if (from->unit == 4)
		for (size_t i = had; i < from->have; i++)
			from->held.words[i] = cask_swap32(from->held.words[i]);
	return true;
}

/* The most code units on the wire that may become one in memory. */
static size_t
ratio(const struct source *from)
{
	switch (from->plan->width) {
	case 2:
		return from->unit == 1 ? 3 : 1;
	case 4:
		return 4 / from->unit;
	default:
		return 1;
	}
}

/* Take the next code units.  Where the end is not known no more than one above
 * what there is room for: a line without an end is found to be too long when
 * it is, and not later. */
static bool
take(struct cask_ar *ar, struct source *from, const struct caski_sink *to)
{
	size_t room = from->plan->max - to->length, most = PIECE;

	if (from->plan->end == CASK_BY_LENGTH)
		return take_block(ar, from);
	if (room < PIECE && room * ratio(from) + 4 < PIECE)
		most = room * ratio(from) + 4;
	return take_to_end(ar, from, most);
}

/* The rest of a text that is cut. */
static bool
skip(struct cask_ar *ar, struct source *from)
{
	bool ok = true;

	from->have = 0;
	while (ok && !from->ended) {
		ok = from->plan->end == CASK_BY_LENGTH
		    ? take_block(ar, from)
		    : take_to_end(ar, from, PIECE);
		from->have = 0;
	}
	return ok;
}

/* What NUL there was is the text's end, not the field's. */
static bool
skip_field(struct cask_ar *ar, struct source *from)
{
	while (from->left > 0) {
		from->have = 0;
		if (!take_block(ar, from))
			return false;
	}
	return true;
}

/* Converting */

/* ASCII is the same in every code page: open one when more has come. */
static int
convert_ansi(struct source *from, char *dst, size_t room, int flags,
    struct cask_progress *done)
{
	const char *src = from->held.bytes;
	size_t n = from->have;
	int err;

	if (!from->open && cask_ascii_length(src, n) == n)
		return cask_utf8_to_utf8(dst, room, src, n, flags, done);
	if (!from->open) {
		err = caski_charset_open(
		    &from->charset, from->plan->codepage, true);
		if (err != 0)
			return err;
		from->open = true;
	}
	return caski_charset_convert(
	    &from->charset, dst, room, src, n, flags, done);
}

static int
convert(struct source *from, char *dst, size_t room, struct cask_progress *done)
{
	int flags = from->plan->policy | (from->ended ? 0 : CASK_MORE);
	size_t n = from->have;

	if (from->unit == 2)
		return cask_utf16_to_utf8(
		    dst, room, from->held.units, n, flags, done);
	if (from->unit == 4)
		return cask_utf32_to_utf8(
		    dst, room, from->held.words, n, flags, done);
	if (from->plan->form == CASK_UTF8)
		return cask_utf8_to_utf8(
		    dst, room, from->held.bytes, n, flags, done);
	return convert_ansi(from, dst, room, flags, done);
}

/* How many of n bytes are as many characters as there may still be. */
static size_t
allowed(struct source *from, const char *utf8, size_t n)
{
	size_t i = 0;

	if (from->plan->characters == 0)
		return n;
	for (; i < n; i++) {
		bool first = ((unsigned char)utf8[i] & 0xC0) != 0x80;

		if (first && from->characters == from->plan->characters)
			break;
		from->characters += first;
	}
	return i;
}

/* What the text has no place for: its end, or an error. */
static bool
too_long(struct cask_ar *ar, struct source *from, bool characters)
{
	const struct caski_plan *plan = from->plan;

	if (plan->cut && (characters || !plan->budget)) {
		ar->cut++;
		return skip(ar, from);
	}
	return characters ? caski_text_characters(ar, plan)
			  : caski_text_over(ar, plan);
}

/* Keep what is left of a sequence that was cut. */
static void
keep(struct source *from, size_t read)
{
	from->converted += read;
	from->have -= read;
	memmove(from->held.bytes, from->held.bytes + read * from->unit,
	    from->have * from->unit);
}

/*
 * One piece: take, make room, convert.  As many bytes of UTF-8 a code unit as
 * it needs at most are room enough.
 */
static bool
load_piece(struct cask_ar *ar, struct source *from, struct caski_sink *to)
{
	const struct caski_plan *plan = from->plan;
	size_t longest = from->unit == 4 ? 4 : 3, room, n;
	struct cask_progress done = { 0 };
	char wide[4 * PIECE], *dst = wide;
	int err = 0, full = 0;

	if (!take(ar, from, to))
		return false;
	to->come = (from->converted + from->have) * from->unit;
	room = sizeof wide;
	if (plan->width == 1) {
		err = caski_sink_room(plan, to, longest * from->have);
		if (err != 0)
			return caski_text_failed(ar, plan, err, 0);
		dst = to->data + to->length;
		room = to->size - to->length;
	}
	err = convert(from, dst, room, &done);
	n = allowed(from, dst, done.written);
	if (n > 0 && !to->nuls && memchr(dst, '\0', n) != NULL)
		return caski_fail(ar, CASK_ETEXT,
		    "the text holds a NUL, which a C string can't hold");
	ar->replaced += done.replaced;
	keep(from, done.read);
	if (plan->width == 1)
		to->length += n;
	else
		full = caski_sink_append(plan, to, dst, n);
	if (full == ENOMEM)
		return caski_text_failed(ar, plan, ENOMEM, 0);
	if (n < done.written || full == E2BIG || err == E2BIG)
		return too_long(ar, from, n < done.written);
	if (err != 0 && !(err == EINVAL && !from->ended))
		return caski_text_failed(ar, plan, err, from->converted);
	return true;
}

static bool
load_converted(struct cask_ar *ar, struct source *from, struct caski_sink *to)
{
	bool ok;

	do
		ok = load_piece(ar, from, to);
	while (ok && (!from->ended || from->have > 0));
	if (from->open)
		caski_charset_close(&from->charset);
	if (ok && from->plan->end == CASK_BY_FIELD)
		ok = skip_field(ar, from);
	return ok;
}

/* ASCII that lies in the buffer needs no converting. */
static bool
load_plain(struct cask_ar *ar, const struct source *from, struct caski_sink *to)
{
	const struct caski_plan *plan = from->plan;
	size_t n = (size_t)from->left;

	if (ar->watched || plan->end != CASK_BY_LENGTH || plan->width > 1 ||
	    from->unit > 1 ||
	    (plan->characters > 0 && from->left > plan->characters) ||
	    (uint64_t)(ar->most - ar->cur) < from->left ||
	    caski_sink_room(plan, to, n) != 0 || to->size < n ||
	    !cask_copy_plain(to->data, ar->cur, n))
		return false;
	ar->cur += n;
	to->length = n;
	return true;
}

/* So does UTF-16, in one go; what is wrong with it is left to the long way. */
static bool
load_quickly(
    struct cask_ar *ar, const struct source *from, struct caski_sink *to)
{
	const struct caski_plan *plan = from->plan;
	struct cask_progress done;
	size_t n = (size_t)from->left;

	if (ar->watched || plan->end != CASK_BY_LENGTH || plan->width > 1 ||
	    from->unit != 2 || plan->characters > 0 ||
	    (uint64_t)(ar->most - ar->cur) / 2 < from->left ||
	    caski_sink_room(plan, to, 3 * n) != 0 ||
	    caski_wire_to_utf8(to->data, to->size, ar->cur, n, ar->big_endian,
		plan->policy, &done) != 0 ||
	    (!to->nuls && memchr(to->data, '\0', done.written) != NULL))
		return false;
	ar->cur += 2 * n;
	ar->replaced += done.replaced;
	to->length = done.written;
	return true;
}

/* Read the length in front, if that is how the text ends. */
static bool
begin(struct cask_ar *ar, struct source *from)
{
	const struct caski_plan *plan = from->plan;
	bool wide;

	ar->came = plan->form;
	from->unit = plan->unit;
	from->left = plan->end == CASK_BY_FIELD ? plan->units : 0;
	if (plan->end != CASK_BY_LENGTH)
		return true;
	if (plan->form > CASK_ANSI)
		return caski_get_count(ar, &from->left);
	if (!caski_get_text_length(ar, &from->left, &wide))
		return false;
	ar->came = wide ? CASK_UNICODE : CASK_ANSI;
	from->unit = wide ? 2 : 1;
	return true;
}

/* Whether a length in front is too much for certain, or for the archive. */
static bool
is_announced_too_long(struct cask_ar *ar, const struct source *from)
{
	const struct caski_plan *plan = from->plan;
	uint64_t least = from->left / ratio(from);

	if (plan->end != CASK_BY_LENGTH || least <= plan->max ||
	    (plan->cut && !plan->budget))
		return false;
	if (ratio(from) == 1)
		caski_text_long(ar, plan, from->left);
	else
		caski_text_over(ar, plan);
	return true;
}

bool
caski_load_text(
    struct cask_ar *ar, const struct caski_plan *plan, struct caski_sink *to)
{
	struct source from;

	from.plan = plan;
	if (!begin(ar, &from) || is_announced_too_long(ar, &from))
		return false;
	if (to->size > plan->max)
		to->size = plan->max;
	if (load_plain(ar, &from, to) || load_quickly(ar, &from, to))
		return true;
	from.ended = from.ahead = from.begun = from.open = false;
	from.pads = from.converted = from.characters = 0;
	from.have = 0;
	return load_converted(ar, &from, to);
}
