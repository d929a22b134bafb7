/*
 * Code pages, through iconv.  See charset.h and <cask/charset.h>.
 *
 * iconv is given one character at a time, and is flushed after it, so that it
 * never holds anything back: glibc and libiconv keep a base letter of 1255 and
 * 1258 until they have seen what follows, and compose the two.  Here each byte
 * of those pages is a character of its own, as in Windows, and goes back to the
 * same byte; a text may be cut, or the room may end, between any two
 * characters; and what is replaced is known exactly.
 *
 * That is slow.  So what has become of a character is remembered, in a table
 * that the process keeps of each code page and direction it has used, and iconv
 * is not asked again.  The tables are no state: an entry is empty, or the one
 * value that any thread would put there, whenever and however often; so they
 * need no lock, nothing can be seen half made, and without memory for one there
 * is only the slow way.  What can't be converted is not remembered.  That there
 * is a table also tells that the page's converter was tried and is right.
 *
 * SPDX-License-Identifier: MIT
 */
#include "charset.h"
#include "sys.h"
#include "utf.h"

#include <cask/error.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define UTF8 65001

int
caski_charset_open(struct caski_charset *c, int codepage, bool to_utf8)
{
	int err;

	*c = (struct caski_charset) { .to_utf8 = to_utf8 };
	c->is_utf8 = codepage == UTF8;
	if (c->is_utf8)
		return 0;
	if (!caski_page_find(c, codepage))
		return CASK_ECHARSET;
	c->doubles = c->page->samples[0].coded[1] != '\0';
	c->table = atomic_load(c->place);
	if (c->table != NULL)
		return 0;
	err = caski_page_open(c);
	if (err != 0)
		return err;
	c->table = caski_table_keep(c);
	return 0;
}

void
caski_charset_close(struct caski_charset *c)
{
	if (c->cd != NULL)
		caski_sys_iconv_close(c->cd);
	c->cd = NULL;
}

/* One character */

/* Take the next character: false if it is none. */
static bool
take(struct caski_step *step, const char *s, size_t n, int flags)
{
	struct cask_progress p;

	/* Room for one: read is its length, or that of the ill-formed part. */
	cask_utf8_to_utf32(&step->code, 1, s, n, flags | CASK_REPLACE, &p);
	step->read = p.read;
	step->err = p.read == 0 ? EINVAL : EILSEQ;
	return p.read > 0 && p.replaced == 0;
}

/* Convert the next character, which is not known, through iconv. */
static int
find_out(struct caski_charset *c, struct caski_step *step, const char *s,
    size_t n, int flags)
{
	int err = caski_page_open(c);

	if (err != 0)
		return err;
	if (c->to_utf8)
		caski_page_decode(c->cd, step, s, n, flags);
	else
		caski_page_encode(c->cd, step, s);
	return step->err;
}

/* Convert, or replace, the next character. */
static int
convert_one(struct caski_charset *c, char *dst, size_t room, const char *src,
    size_t n, int flags, struct cask_progress *done)
{
	static const char utf8_replacement[] = u8"\uFFFD";
	struct caski_step step = { .read = 1, .written = 1, .out = { *src } };
	const char *out = step.out;
	bool ascii = cask_ascii_length(src, 1) == 1;

	step.code = (unsigned char)*src;
	if (!ascii && (c->to_utf8 || take(&step, src, n, flags))) {
		step.err = 0;
		if (!caski_table_recall(c, &step, src, n))
			step.err = find_out(c, &step, src, n, flags);
	}
	caski_table_remember(c, &step, src);
	if (step.err != 0 &&
	    ((step.err != EILSEQ && step.err != CASK_ETEXT) ||
		!(flags & CASK_REPLACE)))
		return step.err;
	if (step.err != 0) {
		out = c->to_utf8 ? utf8_replacement : "?";
		step.written = strlen(out);
	}
	if (step.written > room)
		return E2BIG;
	if (dst != NULL)
		memcpy(dst, out, step.written);
	done->read += step.read;
	done->written += step.written;
	done->replaced += step.err != 0;
	return 0;
}

int
caski_charset_convert(struct caski_charset *c, char *dst, size_t room,
    const char *src, size_t n, int flags, struct cask_progress *done)
{
	size_t run;
	int err = 0;

	if (c->is_utf8)
		return cask_utf8_to_utf8(dst, room, src, n, flags, done);
	if (dst == NULL)
		room = SIZE_MAX;
	/* Most text is ASCII to its end. */
	run = caski_copy_ascii(dst, src, n < room ? n : room);
	*done = (struct cask_progress) { run, run, 0 };
	while (err == 0 && done->read < n) {
		if (c->table != NULL)
			caski_table_convert(c, (unsigned char *)dst, room,
			    (const unsigned char *)src, n, done);
		if (done->read < n)
			err = convert_one(c,
			    dst != NULL ? dst + done->written : NULL,
			    room - done->written, src + done->read,
			    n - done->read, flags, done);
	}
	return err;
}

int
cask_charset_check(int codepage)
{
	struct caski_charset c = { 0 };
	int err = codepage == UTF8 ? 0 : CASK_ECHARSET;

	for (int i = 0; i < 2 && caski_page_find(&c, codepage); i++) {
		c.to_utf8 = i == 0;
		err = caski_page_open(&c);
		caski_charset_close(&c);
		if (err != 0)
			break;
	}
	return err;
}

static int
convert_whole(int codepage, bool to_utf8, char *dst, size_t room,
    const char *src, size_t n, int flags, struct cask_progress *done)
{
	struct caski_charset c;
	int err = caski_charset_open(&c, codepage, to_utf8);

	*done = (struct cask_progress) { 0, 0, 0 };
	if (err != 0)
		return err;
	err = caski_charset_convert(
	    &c, dst, room, src, n, flags & CASK_REPLACE, done);
	caski_charset_close(&c);
	return err;
}

int
cask_codepage_to_utf8(int codepage, char *dst, size_t room, const char *src,
    size_t n, int flags, struct cask_progress *done)
{
	return convert_whole(codepage, true, dst, room, src, n, flags, done);
}

int
cask_utf8_to_codepage(int codepage, char *dst, size_t room, const char *src,
    size_t n, int flags, struct cask_progress *done)
{
	return convert_whole(codepage, false, dst, room, src, n, flags, done);
}
