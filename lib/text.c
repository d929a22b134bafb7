/*
 * Text in its wire forms.  See <cask/text.h>.
 *
 * Stored text is gone through twice: once to learn its length on the wire,
 * which comes first there, and once to convert it, piece by piece.  Loaded text
 * is converted as it comes in, into an array or into memory that grows with it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/text.h>

#include "ar.h"
#include "charset.h"
#include "count.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

#define PIECE    256 /* code units converted at a time */
#define TEXT_MAX ((uint64_t)16 << 20)

static int
codepage_of(const struct cask_ar *ar)
{
	return ar->codepage != 0 ? ar->codepage : 1252;
}

static int
policy(const struct cask_ar *ar)
{
	return ar->replace ? CASK_REPLACE : CASK_STRICT;
}

/* Errors of converting, in the words of a text */

static bool
convert_failed(struct cask_ar *ar, int err, uint64_t where)
{
	unsigned long long at = (unsigned long long)where;

	switch (err) {
	case EILSEQ:
	case EINVAL:
		return caski_fail(ar, EILSEQ,
		    "ill-formed text after %llu of its code units", at);
	case CASK_ETEXT:
		return caski_fail(ar, err,
		    "code page %d lacks the character at byte %llu of the text",
		    codepage_of(ar), at);
	case CASK_ECHARSET:
		return caski_fail(ar, err, "no converter for code page %d here",
		    codepage_of(ar));
	default:
		return caski_fail(ar, err, "%s", cask_strerror(err));
	}
}

/* Storing */

static void
put_unicode(struct cask_ar *ar, const char *s, size_t n)
{
	struct cask_progress done;
	uint16_t units[PIECE];
	unsigned char wire[2 * PIECE];
	int err;

	err = cask_utf8_to_utf16(NULL, 0, s, n, policy(ar), &done);
	if (err != 0) {
		convert_failed(ar, err, done.read);
		return;
	}
	ar->replaced += done.replaced;
	if (!caski_put_text_length(ar, done.written, true))
		return;
	for (; n > 0; s += done.read, n -= done.read) {
		cask_utf8_to_utf16(units, PIECE, s, n, policy(ar), &done);
		for (size_t i = 0; i < done.written; i++)
			cask_write16(wire + 2 * i,
			    cask_order16(units[i], ar->big_endian));
		if (!caski_put(ar, wire, 2 * done.written))
			return;
	}
}

/* Convert all of s with an open converter; put tells whether to store it. */
static int
convert_ansi(struct cask_ar *ar, struct caski_charset *c, const char *s,
    size_t n, bool put, struct cask_progress *sum)
{
	struct cask_progress done;
	char piece[PIECE];
	int err;

	*sum = (struct cask_progress) { 0 };
	do {
		err = caski_charset_convert(c, put ? piece : NULL, sizeof piece,
		    s + sum->read, n - sum->read, policy(ar), &done);
		sum->read += done.read;
		sum->written += done.written;
		sum->replaced += done.replaced;
		if (put && !caski_put(ar, piece, done.written))
			return 0;
	} while (err == E2BIG);
	return err;
}

static void
put_codepage(struct cask_ar *ar, const char *s, size_t n)
{
	struct caski_charset c = { 0 };
	struct cask_progress sum = { 0 };
	size_t length;
	int err;

	err = caski_charset_open(&c, codepage_of(ar), false);
	if (err == 0)
		err = convert_ansi(ar, &c, s, n, false, &sum);
	length = sum.written;
	if (err == 0 && caski_put_text_length(ar, length, false)) {
		ar->replaced += sum.replaced;
		err = convert_ansi(ar, &c, s, n, true, &sum);
		if (err == 0 && ar->err == 0 && sum.written != length)
			err = CASK_ETEXT; /* a converter that is not constant */
	}
	if (err != 0)
		convert_failed(ar, err, sum.read);
	caski_charset_close(&c);
}

static void
put_ansi(struct cask_ar *ar, const char *s, size_t n)
{
	if (cask_ascii_length(s, n) < n) {
		put_codepage(ar, s, n);
		return;
	}
	if (caski_put_text_length(ar, n, false))
		caski_put(ar, s, n);
}

static void
put_utf8(struct cask_ar *ar, const char *s, size_t n)
{
	struct cask_progress done;
	char piece[PIECE];
	int err;

	err = cask_utf8_to_utf8(NULL, 0, s, n, policy(ar), &done);
	if (err != 0) {
		convert_failed(ar, err, done.read);
		return;
	}
	if (!caski_put_count(ar, done.written))
		return;
	if (done.replaced == 0) {
		caski_put(ar, s, n);
		return;
	}
	ar->replaced += done.replaced;
	for (; n > 0; s += done.read, n -= done.read) {
		cask_utf8_to_utf8(piece, PIECE, s, n, policy(ar), &done);
		if (!caski_put(ar, piece, done.written))
			return;
	}
}

static uint64_t
text_limit(const struct cask_ar *ar, uint64_t max)
{
	uint64_t budget = caski_limit(ar->limit.text, TEXT_MAX);

	return max < budget ? max : budget;
}

static bool
too_long(struct cask_ar *ar, uint64_t n, uint64_t max)
{
	uint64_t budget = caski_limit(ar->limit.text, TEXT_MAX);

	return caski_fail(ar, CASK_ELIMIT, "length %llu, limit %llu%s",
	    (unsigned long long)n,
	    (unsigned long long)(max < budget ? max : budget),
	    max < budget ? "" : " (limit.text)");
}

/* n bytes of UTF-8; the value is in hand already. */
static void
put_text(struct cask_ar *ar, const char *s, size_t n, uint64_t max)
{
	if (!caski_may_store(ar))
		return;
	if (n > text_limit(ar, max))
		too_long(ar, n, max);
	else if (ar->form == CASK_UNICODE)
		put_unicode(ar, s, n);
	else if (ar->form == CASK_ANSI)
		put_ansi(ar, s, n);
	else
		put_utf8(ar, s, n);
}

/* Loading */

/* Where loaded text goes: at most max bytes and a NUL. */
struct sink {
	char *data;
	size_t length;
	size_t size; /* of data, the NUL's place not counted */
	size_t max;
	bool grows;
};

/* Have room for more bytes, as far as max allows: 0 or ENOMEM. */
static int
sink_room(struct sink *to, size_t more)
{
	size_t size = to->size;
	char *data;

	if (!to->grows || (to->data != NULL && size - to->length >= more))
		return 0;
	if (more > to->max || to->length > (to->max - more) / 2)
		size = to->max;
	else if (size < to->length + more)
		size = 2 * to->length + more;
	if (to->data != NULL && size == to->size)
		return 0;
	data = caski_sys_realloc(to->data, size + 1);
	if (data == NULL)
		return ENOMEM;
	to->data = data;
	to->size = size;
	return 0;
}

/* End the text, and give back what it does not need. */
static char *
sink_finish(struct sink *to)
{
	char *fitting = caski_sys_realloc(to->data, to->length + 1);

	if (fitting != NULL)
		to->data = fitting;
	to->data[to->length] = '\0';
	return to->data;
}

/* What arrived: code units of one width, and how to convert them. */
struct source {
	uint64_t left; /* code units not yet taken from the archive */
	size_t width;  /* bytes of a code unit */
	bool unicode;  /* UTF-16; else a code page, or UTF-8 itself */
	int codepage;
	struct caski_charset charset; /* opened when it is needed */
	bool open;
	union {
		char bytes[2 * PIECE];
		uint16_t units[PIECE];
	} held; /* taken, but not yet converted */
	size_t have;
	uint64_t converted;
};

/* Take the next code units from the archive. */
static bool
take(struct cask_ar *ar, struct source *from)
{
	size_t k = PIECE - from->have;
	char *at = from->held.bytes + from->have * from->width;

	if (k > from->left)
		k = (size_t)from->left;
	if (!caski_get(ar, at, k * from->width))
		return false;
	if (from->unicode)
		for (size_t i = from->have; i < from->have + k; i++)
			from->held.units[i] =
			    cask_order16(from->held.units[i], ar->big_endian);
	from->have += k;
	from->left -= k;
	return true;
}

/* ASCII is the same in every code page: open one when more has come. */
static int
open_charset(struct source *from, const char *bytes, size_t n)
{
	int err;

	if (from->open || cask_ascii_length(bytes, n) == n)
		return 0;
	err = caski_charset_open(&from->charset, from->codepage, true);
	from->open = err == 0;
	return err;
}

/* Convert what is held into the sink's room. */
static int
convert(struct cask_ar *ar, struct source *from, struct sink *to,
    struct cask_progress *done)
{
	int flags = policy(ar) | (from->left > 0 ? CASK_MORE : 0), err;
	size_t room = to->size - to->length;
	char *dst = to->data + to->length;

	if (from->unicode)
		return cask_utf16_to_utf8(
		    dst, room, from->held.units, from->have, flags, done);
	err = open_charset(from, from->held.bytes, from->have);
	if (err != 0)
		return err;
	if (from->open)
		return caski_charset_convert(&from->charset, dst, room,
		    from->held.bytes, from->have, flags, done);
	return cask_utf8_to_utf8(
	    dst, room, from->held.bytes, from->have, flags, done);
}

/*
 * One piece: take, make room, convert, and keep what is left of a sequence
 * that was cut.  Three bytes of UTF-8 a code unit are enough in every form.
 */
static bool
load_piece(struct cask_ar *ar, struct source *from, struct sink *to)
{
	struct cask_progress done = { 0 };
	int err;

	if (!take(ar, from))
		return false;
	err = sink_room(to, 3 * from->have);
	if (err == 0)
		err = convert(ar, from, to, &done);
	if (done.written > 0 &&
	    memchr(to->data + to->length, '\0', done.written) != NULL)
		return caski_fail(ar, CASK_ETEXT,
		    "the text holds a NUL, which a C string can't hold");
	to->length += done.written;
	ar->replaced += done.replaced;
	from->converted += done.read;
	from->have -= done.read;
	memmove(from->held.bytes, from->held.bytes + done.read * from->width,
	    from->have * from->width);
	if (err == E2BIG)
		return caski_fail(ar, CASK_ELIMIT, "length over %zu, limit %zu",
		    to->size, to->size);
	if (err != 0 && !(err == EINVAL && from->left > 0))
		return convert_failed(ar, err, from->converted);
	return true;
}

static bool
load_converted(struct cask_ar *ar, struct source *from, struct sink *to)
{
	bool ok;

	do
		ok = load_piece(ar, from, to);
	while (ok && (from->left > 0 || from->have > 0));
	if (from->open)
		caski_charset_close(&from->charset);
	return ok;
}

/* ASCII that lies in the buffer needs no converting. */
static bool
load_plain(struct cask_ar *ar, const struct source *from, struct sink *to)
{
	size_t n = (size_t)from->left;

	if (from->unicode || ar->watched ||
	    (uint64_t)(ar->most - ar->cur) < from->left ||
	    sink_room(to, n) != 0 || to->size < n ||
	    !cask_copy_plain(to->data, ar->cur, n))
		return false;
	ar->cur += n;
	to->length = n;
	return true;
}

/* Load a text into the sink; the value is in hand already. */
static bool
load_text(struct cask_ar *ar, struct sink *to)
{
	struct source from;
	bool wide = false, ok;

	if (!caski_may_load(ar))
		return false;
	from.left = 0;
	ok = ar->form == CASK_UTF8
	    ? caski_get_count(ar, &from.left)
	    : caski_get_text_length(ar, &from.left, &wide);
	if (!ok)
		return false;
	if (from.left > to->max) /* no form has fewer bytes in memory */
		return too_long(ar, from.left, to->max);
	from.unicode = wide;
	from.width = wide ? 2 : 1;
	if (load_plain(ar, &from, to))
		return true;
	from.codepage = ar->form == CASK_UTF8 ? 65001 : codepage_of(ar);
	from.open = false;
	from.have = 0;
	from.converted = 0;
	return load_converted(ar, &from, to);
}

/* The public functions, where the fast path of text.h did not serve */

size_t
cask_slow_get_text(struct cask_ar *ar, char *s, size_t size, const char *name)
{
	struct sink to = { .data = s };

	caski_begin(ar, "text", name);
	if (size == 0) {
		caski_set_error(
		    ar, EINVAL, "an array of 0 bytes holds no text");
		return 0;
	}
	to.max = to.size = (size_t)text_limit(ar, size - 1);
	if (!load_text(ar, &to))
		to.length = 0;
	s[to.length] = '\0';
	return to.length;
}

void
cask_slow_put_text(
    struct cask_ar *ar, const char *s, size_t size, const char *name)
{
	const char *nul = memchr(s, '\0', size);

	caski_begin(ar, "text", name);
	if (nul != NULL)
		put_text(ar, s, (size_t)(nul - s), UINT64_MAX);
	else if (caski_may_store(ar))
		caski_set_error(ar, CASK_ELIMIT,
		    "no terminating NUL within its %zu bytes", size);
}

void
cask_text_dup_named(struct cask_ar *ar, char **s, size_t max, const char *name)
{
	struct sink to = { .grows = true };
	const char *stored;

	caski_begin(ar, "text", name);
	if (!ar->loading) {
		stored = *s != NULL ? *s : "";
		put_text(ar, stored, strlen(stored), max);
		return;
	}
	*s = NULL;
	to.max = (size_t)text_limit(ar, max);
	if (load_text(ar, &to)) {
		*s = sink_finish(&to);
		return;
	}
	caski_sys_free(to.data);
}
