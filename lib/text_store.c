/*
 * Storing text.  See text.h.
 *
 * A text is converted in pieces, by way of UTF-8 where that is not what is in
 * memory.  If its length comes first on the wire, or may be too much, it is
 * gone through once before, to learn what it comes to; the one piece that most
 * texts are is then kept.
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
#define PIVOT 64 /* code units in memory brought to UTF-8 at a time */

struct outgoing {
	const struct caski_plan *plan;
	const char *text;
	size_t n; /* code units of it */
	struct caski_charset charset;
	bool open;

	/* the run so far */
	size_t at;           /* code units dealt with */
	uint64_t written;    /* code units on the wire */
	uint64_t characters; /* counted only where they are limited */
	uint64_t replaced;
	bool over; /* there is more than there may be */
	unsigned pieces;

	/* the last piece of it */
	union {
		char bytes[PIECE];
		uint16_t units[PIECE];
		uint32_t words[PIECE];
	} piece;
	size_t have;
};

/* What a text can't hold */

/* Where a character of ASCII stands first, or n. */
static size_t
find(const char *text, size_t n, size_t width, char what)
{
	const char *at;
	uint16_t u16 = (unsigned char)what;
	uint32_t u32 = (unsigned char)what;
	const void *unit = width == 2 ? (const void *)&u16 : &u32;
	size_t i = 0;

	if (width == 1) {
		at = memchr(text, what, n);
		return at != NULL ? (size_t)(at - text) : n;
	}
	while (i < n && memcmp(text + i * width, unit, width) != 0)
		i++;
	return i;
}

/* It would not come back as it was. */
static bool
ends_early(struct cask_ar *ar, const struct outgoing *o)
{
	const struct caski_plan *plan = o->plan;
	size_t width = plan->width;

	switch (plan->end) {
	case CASK_BY_NUL:
		if (find(o->text, o->n, width, '\0') < o->n)
			break;
		return false;
	case CASK_BY_FIELD:
		if (find(o->text, o->n, width, '\0') < o->n && plan->pad == 0)
			break;
		return false;
	case CASK_BY_LF:
		if (o->n > 0 &&
		    find(o->text + (o->n - 1) * width, 1, width, '\r') == 0)
			return !caski_fail(ar, CASK_ETEXT,
			    "the line ends with a CR, which its LF would take "
			    "away");
		/* fall through */
	case CASK_BY_CRLF:
		if (find(o->text, o->n, width, '\n') == o->n)
			return false;
		return !caski_fail(
		    ar, CASK_ETEXT, "the line holds an LF, which would end it");
	default:
		return false;
	}
	return !caski_fail(
	    ar, CASK_ETEXT, "the text holds a NUL, which would end it");
}

/* One step of a run */

/* The next code units in memory as UTF-8: how many bytes, or -1 where the very
 * first is ill-formed.  FF, which is so in UTF-8, stands for such a one. */
static ptrdiff_t
pivot(const struct outgoing *o, char *utf8)
{
	const struct caski_plan *plan = o->plan;
	const char *from = o->text + o->at * plan->width;
	size_t k = o->n - o->at < PIVOT ? o->n - o->at : PIVOT;
	int flags = k < o->n - o->at ? CASK_MORE : 0, err;
	struct cask_progress done;
	uint16_t units[PIVOT];
	uint32_t words[PIVOT];
	size_t i = 0, n = 0;

	memcpy(plan->width == 2 ? (void *)units : words, from, k * plan->width);
	while (i < k) {
		err = plan->width == 2
		    ? cask_utf16_to_utf8(utf8 + n, 4 * PIVOT - n, units + i,
			  k - i, flags, &done)
		    : cask_utf32_to_utf8(utf8 + n, 4 * PIVOT - n, words + i,
			  k - i, flags, &done);
		i += done.read;
		n += done.written;
		if (err != EILSEQ)
			break;
		if (plan->policy == CASK_STRICT)
			return n > 0 ? (ptrdiff_t)n : -1;
		utf8[n++] = '\xFF';
		i++;
	}
	return (ptrdiff_t)n;
}

/* How many code units in memory n bytes of that were. */
static size_t
units_of(const struct caski_plan *plan, const char *utf8, size_t n)
{
	size_t units = 0;

	if (plan->width == 1)
		return n;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)utf8[i];

		units += (c & 0xC0) != 0x80;
		units += plan->width == 2 && c >= 0xF0 && c != 0xFF;
	}
	return units;
}

/* ASCII is the same in every code page: open one when more has come. */
static int
convert_ansi(struct outgoing *o, size_t room, const char *s, size_t n,
    struct cask_progress *done)
{
	const struct caski_plan *plan = o->plan;
	int err;

	if (!o->open && cask_ascii_length(s, n) == n)
		return cask_utf8_to_utf8(
		    o->piece.bytes, room, s, n, plan->policy, done);
	if (!o->open) {
		err = caski_charset_open(&o->charset, plan->codepage, false);
		if (err != 0)
			return err;
		o->open = true;
	}
	return caski_charset_convert(
	    &o->charset, o->piece.bytes, room, s, n, plan->policy, done);
}

static int
convert(struct outgoing *o, size_t room, const char *s, size_t n,
    struct cask_progress *done)
{
	int policy = o->plan->policy;

	switch (o->plan->form) {
	case CASK_ANSI:
		return convert_ansi(o, room, s, n, done);
	case CASK_UTF8:
		return cask_utf8_to_utf8(
		    o->piece.bytes, room, s, n, policy, done);
	case CASK_UTF32:
		return cask_utf8_to_utf32(
		    o->piece.words, room, s, n, policy, done);
	default:
		return cask_utf8_to_utf16(
		    o->piece.units, room, s, n, policy, done);
	}
}

/* How many of n bytes are as many characters as there may still be.  What is
 * ill-formed and not replaced is left to the conversion to complain of. */
static size_t
allowed(const struct outgoing *o, const char *s, size_t n)
{
	uint64_t left = o->plan->characters - o->characters;
	size_t room = left < PIECE ? (size_t)left : PIECE;
	struct cask_progress done;
	uint32_t words[PIECE];
	int err;

	if (o->plan->characters == 0)
		return n;
	err = cask_utf8_to_utf32(words, room, s, n, o->plan->policy, &done);
	return err == EILSEQ && done.read == 0 ? n : done.read;
}

static void
count_characters(struct outgoing *o, const char *s, size_t n)
{
	struct cask_progress done;

	if (o->plan->characters == 0)
		return;
	cask_utf8_to_utf32(NULL, 0, s, n, o->plan->policy, &done);
	o->characters += done.written;
}

/* Convert one more piece. */
static int
step(struct outgoing *o)
{
	const struct caski_plan *plan = o->plan;
	const char *utf8 = o->text + o->at;
	ptrdiff_t n = (ptrdiff_t)(o->n - o->at);
	uint64_t left = plan->units - o->written;
	struct cask_progress done = { 0 };
	char wide[4 * PIVOT];
	size_t room = PIECE, may;
	int err;

	if (plan->width > 1) {
		utf8 = wide;
		n = pivot(o, wide);
		if (n < 0)
			return EILSEQ;
	}
	if (plan->end == CASK_BY_FIELD && left < room)
		room = (size_t)left;
	may = allowed(o, utf8, (size_t)n);
	err = may > 0 ? convert(o, room, utf8, may, &done) : E2BIG;
	o->have = done.written;
	o->written += done.written;
	o->replaced += done.replaced;
	count_characters(o, utf8, done.read);
	o->at += units_of(plan, utf8, done.read);
	if (err == E2BIG && done.read == 0)
		o->over = true;
	return err == E2BIG ? 0 : err;
}

static bool
put_piece(struct cask_ar *ar, struct outgoing *o)
{
	if (ar->big_endian != CASK_HOST_BIG && o->plan->unit == 2)
		for (size_t i = 0; i < o->have; i++)
			o->piece.units[i] = cask_swap16(o->piece.units[i]);
	if (ar->big_endian != CASK_HOST_BIG && o->plan->unit == 4)
		for (size_t i = 0; i < o->have; i++)
			o->piece.words[i] = cask_swap32(o->piece.words[i]);
	return caski_put(ar, &o->piece, o->have * o->plan->unit);
}

/* Go through the text, to store it or only to see. */
static int
run(struct cask_ar *ar, struct outgoing *o, bool put)
{
	int err = 0;

	o->at = 0;
	o->written = o->characters = o->replaced = 0;
	o->over = false;
	o->pieces = 0;
	while (err == 0 && o->at < o->n && !o->over) {
		err = step(o);
		o->pieces++;
		if (err == 0 && put && !put_piece(ar, o))
			return ar->err;
	}
	return err;
}

/* What stands around a text */

static bool
put_unit(struct cask_ar *ar, const struct caski_plan *plan, uint32_t c)
{
	unsigned char wire[4] = { (unsigned char)c };

	if (plan->unit > 1)
		caski_encode(ar, wire, c, plan->unit);
	return caski_put(ar, wire, plan->unit);
}

static bool
put_front(struct cask_ar *ar, const struct caski_plan *plan, uint64_t n)
{
	if (plan->end != CASK_BY_LENGTH)
		return true;
	if (plan->form <= CASK_ANSI)
		return caski_put_text_length(ar, n, plan->form == CASK_UNICODE);
	return caski_put_count(ar, n);
}

static bool
put_back(struct cask_ar *ar, const struct caski_plan *plan, uint64_t n)
{
	bool ok = true;

	switch (plan->end) {
	case CASK_BY_NUL:
		return put_unit(ar, plan, '\0');
	case CASK_BY_FIELD:
		for (; ok && n < plan->units; n++)
			ok = put_unit(ar, plan, plan->pad);
		return ok;
	case CASK_BY_CRLF:
		return put_unit(ar, plan, '\r') && put_unit(ar, plan, '\n');
	case CASK_BY_LF:
		return put_unit(ar, plan, '\n');
	default:
		return true;
	}
}

/* ASCII in memory that is the same on the wire, and short enough. */
static bool
is_plain(const struct outgoing *o)
{
	const struct caski_plan *plan = o->plan;

	return plan->width == 1 && plan->unit == 1 &&
	    (plan->characters == 0 || o->n <= plan->characters) &&
	    (plan->end != CASK_BY_FIELD || o->n <= plan->units) &&
	    cask_ascii_length(o->text, o->n) == o->n;
}

static bool
put_plain(struct cask_ar *ar, const struct outgoing *o)
{
	return put_front(ar, o->plan, o->n) && caski_put(ar, o->text, o->n) &&
	    put_back(ar, o->plan, o->n);
}

/* It has been gone through: what is left of it is stored. */
static bool
put_measured(struct cask_ar *ar, struct outgoing *o)
{
	uint64_t written = o->written;
	int err = 0;

	if (!put_front(ar, o->plan, written))
		return false;
	ar->replaced += o->replaced;
	ar->cut += o->over;
	if (o->plan->width == 1 && o->plan->form == CASK_UTF8 &&
	    o->replaced == 0)
		caski_put(ar, o->text, o->at);
	else if (o->pieces == 1)
		put_piece(ar, o);
	else
		err = run(ar, o, true);
	if (err == 0 && ar->err == 0 && o->written != written)
		err = CASK_ETEXT; /* a converter that is not constant */
	if (err != 0)
		return caski_text_failed(ar, o->plan, err, o->at);
	return ar->err == 0 && put_back(ar, o->plan, written);
}

static bool
put_converted(struct cask_ar *ar, struct outgoing *o)
{
	const struct caski_plan *plan = o->plan;
	int err = run(ar, o, false);

	if (err != 0)
		return caski_text_failed(ar, plan, err, o->at);
	if (!o->over || plan->cut)
		return put_measured(ar, o);
	if (plan->characters > 0 && o->characters == plan->characters)
		return caski_text_characters(ar, plan);
	return caski_fail(ar, CASK_ELIMIT, "longer than its field of %llu %s",
	    (unsigned long long)plan->units,
	    plan->unit == 1 ? "bytes" : "units");
}

/* Shorten a text in memory to max, but not within a character. */
static void
shorten(struct outgoing *o, size_t max)
{
	uint16_t u = 0;

	o->n = max;
	if (o->plan->width == 1)
		while (
		    o->n > 0 && ((unsigned char)o->text[o->n] & 0xC0) == 0x80)
			o->n--;
	if (o->plan->width == 2)
		memcpy(&u, o->text + 2 * max, 2);
	if (u >= 0xDC00 && u <= 0xDFFF && max > 0)
		o->n--;
}

bool
caski_store_text(struct cask_ar *ar, const struct caski_plan *plan,
    const void *text, size_t n)
{
	struct outgoing o;
	bool ok;

	o.plan = plan;
	o.text = text;
	o.n = n;
	o.open = o.over = false;
	if (ends_early(ar, &o))
		return false;
	if (n > plan->max && (!plan->cut || plan->budget))
		return caski_text_long(ar, plan, n);
	if (n > plan->max)
		shorten(&o, plan->max);
	if (is_plain(&o))
		ok = put_plain(ar, &o);
	else
		ok = put_converted(ar, &o);
	ar->cut += n > plan->max && ok && !o.over;
	if (o.open)
		caski_charset_close(&o.charset);
	return ok;
}
