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
 * That is slow.  So a stretch of text is first tried in one go, and what comes
 * of it is taken if it is sure to be the same.  ASCII, which is the same in all
 * of the pages, is copied.
 *
 * SPDX-License-Identifier: MIT
 */
#include "charset.h"
#include "sys.h"

#include <cask/error.h>

#include <errno.h>
#include <string.h>

#define UTF8          65001
#define LONGEST       2  /* bytes of a character in a code page of the table */
#define ONE_CHARACTER 16 /* room for one, in any form, however decomposed */
#define STRETCH       128

struct sample {
	const char *coded;
	const char *utf8;
};

struct page {
	int number;
	/* Never SHIFT_JIS and the like, where 0x5C may be a yen sign. */
	const char *names[3];
	/* What tells the page from those that resemble it. */
	struct sample samples[2];
};

static const struct page pages[] = {
	{ 437, { "CP437", "IBM437" },
	    { { "\xE1", u8"\u00DF" }, { "\x9E", u8"\u20A7" } } },
	{ 850, { "CP850", "IBM850" },
	    { { "\xD5", u8"\u0131" }, { "\xE1", u8"\u00DF" } } },
	{ 866, { "CP866", "IBM866" },
	    { { "\x80", u8"\u0410" }, { "\xF0", u8"\u0401" } } },
	{ 874, { "CP874", "WINDOWS-874", "MS874" },
	    { { "\xA1", u8"\u0E01" }, { "\x80", u8"\u20AC" } } },
	{ 932, { "CP932", "WINDOWS-31J", "MS932" },
	    { { "\x83\x5C", u8"\u30BD" }, { "\xB1", u8"\uFF71" } } },
	{ 936, { "CP936", "MS936", "GBK" },
	    { { "\xB0\xA1", u8"\u554A" }, { "\x81\x5C", u8"\u4E57" } } },
	{ 949, { "CP949", "MS949", "UHC" },
	    { { "\xB0\xA1", u8"\uAC00" }, { "\x81\x41", u8"\uAC02" } } },
	{ 950, { "CP950", "MS950" },
	    { { "\xA4\x40", u8"\u4E00" }, { "\xA5\x5C", u8"\u529F" } } },
	{ 1250, { "CP1250", "WINDOWS-1250" },
	    { { "\xA5", u8"\u0104" }, { "\x80", u8"\u20AC" } } },
	{ 1251, { "CP1251", "WINDOWS-1251" },
	    { { "\xC0", u8"\u0410" }, { "\xA8", u8"\u0401" } } },
	{ 1252, { "CP1252", "WINDOWS-1252" },
	    { { "\x80", u8"\u20AC" }, { "\xD0", u8"\u00D0" } } },
	{ 1253, { "CP1253", "WINDOWS-1253" },
	    { { "\xC1", u8"\u0391" }, { "\xA2", u8"\u0386" } } },
	{ 1254, { "CP1254", "WINDOWS-1254" },
	    { { "\xF0", u8"\u011F" }, { "\x80", u8"\u20AC" } } },
	{ 1255, { "CP1255", "WINDOWS-1255" },
	    { { "\xE0", u8"\u05D0" }, { "\xA4", u8"\u20AA" } } },
	{ 1256, { "CP1256", "WINDOWS-1256" },
	    { { "\xC7", u8"\u0627" }, { "\x81", u8"\u067E" } } },
	{ 1257, { "CP1257", "WINDOWS-1257" },
	    { { "\xC0", u8"\u0104" }, { "\x80", u8"\u20AC" } } },
	{ 1258, { "CP1258", "WINDOWS-1258" },
	    { { "\xD5", u8"\u01A0" }, { "\xCC", u8"\u0300" } } },
	{ 20866, { "KOI8-R" },
	    { { "\xC1", u8"\u0430" }, { "\xA3", u8"\u0451" } } },
	{ 28591, { "ISO-8859-1" },
	    { { "\xA4", u8"\u00A4" }, { "\xBC", u8"\u00BC" } } },
	{ 28605, { "ISO-8859-15" },
	    { { "\xA4", u8"\u20AC" }, { "\xBC", u8"\u0152" } } },
};

/* A character that none of the pages has. */
static const char lacking[] = u8"\U0001F600";

static const struct page *
find(int codepage)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (pages[i].number == codepage)
			return &pages[i];
	return NULL;
}

/*
 * Convert n bytes at s to out, all of them or none: 0, or EINVAL when they end
 * in the beginning of a character, or EILSEQ when they have no equal.  The last
 * is also what a positive result means: musl's iconv writes '*' and counts it.
 */
static int
ask(void *cd, const char *s, size_t n, char *out, size_t room, size_t *length)
{
	char *end = out;
	size_t left = room;
	ptrdiff_t asked = caski_sys_iconv(cd, &s, &n, &end, &left);
	/* Whatever came of it: this leaves nothing behind for the next. */
	ptrdiff_t flushed = caski_sys_iconv(cd, NULL, NULL, &end, &left);

	*length = room - left;
	if (asked == -EINVAL)
		return EINVAL;
	if (asked != 0 || flushed != 0 || n > 0 || *length == 0)
		return EILSEQ;
	return 0;
}

/* One step: a character read, and what it became or why it did not. */
struct step {
	size_t read;
	size_t written;
	int err;
	char out[ONE_CHARACTER];
};

/* One source byte is dealt with where nothing can be made of them. */
static void
decode(void *cd, struct step *step, const char *s, size_t n, int flags)
{
	int err = EINVAL;

	step->read = 0;
	while (err == EINVAL && step->read < n && step->read < LONGEST)
		err = ask(cd, s, ++step->read, step->out, sizeof step->out,
		    &step->written);
	if (err == EINVAL && step->read < LONGEST && (flags & CASK_MORE)) {
		step->err = EINVAL;
		return;
	}
	step->err = err != 0 ? EILSEQ : 0;
	if (err != 0)
		step->read = 1;
}

/*
 * A character beyond ASCII that comes out as one ASCII byte was not converted
 * but likened, and some of those bytes mean something: U+00A5 as a backslash.
 */
static void
encode(void *cd, struct step *step, const char *s, size_t n, int flags)
{
	struct cask_progress p;
	uint32_t code;

	/* Room for one: read is its length, or that of the ill-formed part. */
	cask_utf8_to_utf32(&code, 1, s, n, flags | CASK_REPLACE, &p);
	step->read = p.read;
	step->err = EINVAL;
	if (p.read == 0)
		return;
	step->err = EILSEQ;
	if (p.replaced > 0)
		return;
	step->err =
	    ask(cd, s, p.read, step->out, sizeof step->out, &step->written);
	if (step->err != 0 ||
	    (step->written == 1 && cask_ascii_length(step->out, 1) == 1))
		step->err = CASK_ETEXT;
}

/* Whether an open converter does what it should in its direction. */
static bool
is_right(const struct caski_charset *c, const struct page *page)
{
	/* What national and IBM's sets have other characters for. */
	static const struct sample ascii = { "\\~\x1A\x7F", "\\~\x1A\x7F" };
	const struct sample *samples[] = { &page->samples[0], &page->samples[1],
		&ascii };
	struct step step;
	size_t length;

	for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
		const char *coded = samples[i]->coded;
		const char *utf8 = samples[i]->utf8;
		const char *from = c->to_utf8 ? coded : utf8;
		const char *to = c->to_utf8 ? utf8 : coded;

		if (ask(c->cd, from, strlen(from), step.out, sizeof step.out,
			&length) != 0)
			return false;
		if (length != strlen(to) || memcmp(step.out, to, length) != 0)
			return false;
	}
	if (c->to_utf8)
		return true;
	encode(c->cd, &step, lacking, strlen(lacking), CASK_STRICT);
	return step.err == CASK_ETEXT;
}

static int
open_named(struct caski_charset *c, const struct page *page, const char *name)
{
	int err = c->to_utf8 ? caski_sys_iconv_open(&c->cd, "UTF-8", name)
			     : caski_sys_iconv_open(&c->cd, name, "UTF-8");

	if (err == -ENOMEM || err == -EMFILE || err == -ENFILE)
		return -err;
	if (err != 0)
		return CASK_ECHARSET;
	if (is_right(c, page))
		return 0;
	caski_charset_close(c);
	return CASK_ECHARSET;
}

int
caski_charset_open(struct caski_charset *c, int codepage, bool to_utf8)
{
	const struct page *page = find(codepage);
	int err = CASK_ECHARSET;

	*c = (struct caski_charset) { NULL, to_utf8, codepage == UTF8, false };
	if (c->is_utf8)
		return 0;
	if (page != NULL)
		c->doubles = strlen(page->samples[0].coded) == LONGEST;
	for (size_t i = 0; page != NULL && i < 3 && page->names[i] != NULL;
	     i++) {
		err = open_named(c, page, page->names[i]);
		if (err != CASK_ECHARSET)
			break;
	}
	return err;
}

void
caski_charset_close(struct caski_charset *c)
{
	if (c->cd != NULL)
		caski_sys_iconv_close(c->cd);
	c->cd = NULL;
}

/* Convert, or replace, the next character, which is not ASCII. */
static int
convert_one(struct caski_charset *c, char *dst, size_t room, const char *src,
    size_t n, int flags, struct cask_progress *done)
{
	static const char utf8_replacement[] = u8"\uFFFD";
	const char *out;
	struct step step;

	if (c->to_utf8)
		decode(c->cd, &step, src, n, flags);
	else
		encode(c->cd, &step, src, n, flags);
	out = step.out;
	if (step.err == EINVAL)
		return EINVAL;
	if (step.err != 0 && !(flags & CASK_REPLACE))
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

static size_t
count_ascii(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += (unsigned char)s[i] < 0x80;
	return count;
}

/* The characters in well-formed UTF-8. */
static size_t
count_characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xC0) != 0x80;
	return count;
}

/*
 * How much of the source to try in one go: what is well-formed, so that a
 * stretch does not end inside a character.  In a code page only iconv knows
 * where that is.
 */
static size_t
measure_stretch(const struct caski_charset *c, const char *src, size_t n)
{
	struct cask_progress p;

	if (n > STRETCH)
		n = STRETCH;
	if (c->to_utf8)
		return n;
	cask_utf8_to_utf8(NULL, 0, src, n, CASK_STRICT, &p);
	return p.read;
}

/*
 * Whether a stretch became what it would have become one by one.  From a code
 * page: nothing was composed.  To one: no character was likened to an ASCII
 * byte, since there are no more of those than before, or since every character
 * beyond ASCII took two bytes.
 */
static bool
is_same(const struct caski_charset *c, const char *src, size_t n,
    const char *out, size_t length)
{
	size_t ascii, others;

	if (c->to_utf8)
		return c->doubles || count_characters(out, length) == n;
	ascii = count_ascii(src, n);
	others = count_characters(src, n) - ascii;
	return count_ascii(out, length) == ascii ||
	    length == ascii + LONGEST * others;
}

/* Convert a stretch in one go, or give false and leave everything as it is. */
static bool
convert_stretch(struct caski_charset *c, char *dst, size_t room,
    const char *src, size_t n, struct cask_progress *done)
{
	char out[3 * STRETCH + ONE_CHARACTER];
	size_t stretch = measure_stretch(c, src, n), length;
	int err = ask(c->cd, src, stretch, out, sizeof out, &length);

	if (err == EINVAL && stretch > 0)
		err = ask(c->cd, src, --stretch, out, sizeof out, &length);
	if (err != 0)
		return false;
	if (length > room || !is_same(c, src, stretch, out, length))
		return false;
	if (dst != NULL)
		memcpy(dst, out, length);
	done->read += stretch;
	done->written += length;
	return true;
}

int
caski_charset_convert(struct caski_charset *c, char *dst, size_t room,
    const char *src, size_t n, int flags, struct cask_progress *done)
{
	size_t slowly = 0; /* how far to go one by one */
	int err = 0;

	if (c->is_utf8)
		return cask_utf8_to_utf8(dst, room, src, n, flags, done);
	if (dst == NULL)
		room = SIZE_MAX;
	*done = (struct cask_progress) { 0, 0, 0 };
	while (err == 0 && done->read < n) {
		const char *from = src + done->read;
		char *to = dst != NULL ? dst + done->written : NULL;
		size_t left = n - done->read, fits = room - done->written;
		size_t run = cask_ascii_length(from, left < fits ? left : fits);

		if (dst != NULL)
			memcpy(to, from, run);
		done->read += run;
		done->written += run;
		if (run > 0)
			continue;
		if (cask_ascii_length(from, 1) == 1)
			return E2BIG;
		if (done->read >= slowly) {
			if (convert_stretch(c, to, fits, from, left, done))
				continue;
			slowly = done->read + STRETCH;
		}
		err = convert_one(c, to, fits, from, left, flags, done);
	}
	return err;
}

int
cask_charset_check(int codepage)
{
	struct caski_charset c;
	int err = caski_charset_open(&c, codepage, true);

	caski_charset_close(&c);
	if (err != 0)
		return err;
	err = caski_charset_open(&c, codepage, false);
	caski_charset_close(&c);
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
