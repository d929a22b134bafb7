/*
 * Which code pages there are, and iconv's converters for them, a character at a
 * time.  See charset.h; charset.c tells why.
 *
 * SPDX-License-Identifier: MIT
 */
#include "charset.h"
#include "sys.h"
#include "utf.h"

#include <cask/error.h>

#include <errno.h>
#include <string.h>

#define LONGEST 2 /* bytes of a character in a code page of the table */

/* The one that archives have by default comes first. */
static const struct caski_page pages[] = {
	{ 1252, { "CP1252", "WINDOWS-1252" },
	    { { "\x80", u8"\u20AC" }, { "\xD0", u8"\u00D0" } } },
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

#define PAGES (sizeof pages / sizeof *pages)

static void *_Atomic decoders[PAGES], *_Atomic encoders[PAGES];

bool
caski_page_find(struct caski_charset *c, int codepage)
{
	for (size_t i = 0; i < PAGES; i++)
		if (pages[i].number == codepage) {
			c->page = &pages[i];
			c->place = &(c->to_utf8 ? decoders : encoders)[i];
			return true;
		}
	return false;
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

/* One source byte is dealt with where nothing can be made of them. */
void
caski_page_decode(
    void *cd, struct caski_step *step, const char *s, size_t n, int flags)
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
void
caski_page_encode(void *cd, struct caski_step *step, const char *s)
{
	step->err =
	    ask(cd, s, step->read, step->out, sizeof step->out, &step->written);
	if (step->err != 0 ||
	    (step->written == 1 && cask_ascii_length(step->out, 1) == 1))
		step->err = CASK_ETEXT;
}

/* Whether an open converter does what it should in its direction. */
static bool
is_right(const struct caski_charset *c)
{
	/* What national and IBM's sets have other characters for. */
	static const struct caski_sample ascii = { "\\~\x1A\x7F",
		"\\~\x1A\x7F" };
	const struct caski_sample *samples[] = { &c->page->samples[0],
		&c->page->samples[1], &ascii };
	struct caski_step step;
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
	step.read = strlen(lacking);
	caski_page_encode(c->cd, &step, lacking);
	return step.err == CASK_ETEXT;
}

static int
open_named(struct caski_charset *c, const char *name)
{
	int err = c->to_utf8 ? caski_sys_iconv_open(&c->cd, "UTF-8", name)
			     : caski_sys_iconv_open(&c->cd, name, "UTF-8");

	if (err == -ENOMEM || err == -EMFILE || err == -ENFILE)
		return -err;
	if (err != 0)
		return CASK_ECHARSET;
	if (is_right(c))
		return 0;
	caski_charset_close(c);
	return CASK_ECHARSET;
}

/* Have iconv's converter, if it is not open yet. */
int
caski_page_open(struct caski_charset *c)
{
	int err = c->cd != NULL ? 0 : CASK_ECHARSET;

	for (size_t i = 0; i < 3 && c->page->names[i] != NULL; i++) {
		if (err != CASK_ECHARSET)
			break;
		err = open_named(c, c->page->names[i]);
	}
	return err;
}
