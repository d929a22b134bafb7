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

#include <cask/bytes.h>
#include <cask/error.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define UTF8          65001
#define LONGEST       2   /* bytes of a character in a code page of the table */
#define ONE_CHARACTER 16  /* room for one, in any form, however decomposed */
#define BLOCK         256 /* what is converted by table at a time */

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

/* The one that archives have by default comes first. */
static const struct page pages[] = {
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

static const struct page *
find(int codepage)
{
	for (size_t i = 0; i < PAGES; i++)
		if (pages[i].number == codepage)
			return &pages[i];
	return NULL;
}

/* The tables.  0: not known yet. */

/*
 * From a code page: up to three bytes of UTF-8, the first one lowest, and how
 * many in the highest.  `two` is there only if the page has characters of two
 * bytes, the first of which is never ASCII.
 */
struct decoder {
	_Atomic uint32_t one[256];
	_Atomic uint32_t two[128][256];
};

/* To one, by the code point: one byte, or two, the second above the first. */
struct encoder {
	_Atomic uint16_t bytes[0x10000];
};

static void *_Atomic decoders[PAGES], *_Atomic encoders[PAGES];

static inline uint32_t
look8(const _Atomic uint32_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

static inline uint16_t
look16(const _Atomic uint16_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
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
	uint32_t code; /* towards a code page: which character it is */
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

/* Take the next character: false if it is none. */
static bool
take(struct step *step, const char *s, size_t n, int flags)
{
	struct cask_progress p;

	/* Room for one: read is its length, or that of the ill-formed part. */
	cask_utf8_to_utf32(&step->code, 1, s, n, flags | CASK_REPLACE, &p);
	step->read = p.read;
	step->err = p.read == 0 ? EINVAL : EILSEQ;
	return p.read > 0 && p.replaced == 0;
}

/*
 * A character beyond ASCII that comes out as one ASCII byte was not converted
 * but likened, and some of those bytes mean something: U+00A5 as a backslash.
 */
static void
encode(void *cd, struct step *step, const char *s)
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
	static const struct sample ascii = { "\\~\x1A\x7F", "\\~\x1A\x7F" };
	const struct sample *samples[] = { &c->page->samples[0],
		&c->page->samples[1], &ascii };
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
	step.read = strlen(lacking);
	encode(c->cd, &step, lacking);
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
static int
open_iconv(struct caski_charset *c)
{
	int err = c->cd != NULL ? 0 : CASK_ECHARSET;

	for (size_t i = 0; i < 3 && c->page->names[i] != NULL; i++) {
		if (err != CASK_ECHARSET)
			break;
		err = open_named(c, c->page->names[i]);
	}
	return err;
}

static void *_Atomic *
place_of_table(const struct caski_charset *c)
{
	return (c->to_utf8 ? decoders : encoders) + (c->page - pages);
}

int
caski_charset_open(struct caski_charset *c, int codepage, bool to_utf8)
{
	size_t size = sizeof(struct encoder);
	int err;

	*c = (struct caski_charset) { .to_utf8 = to_utf8 };
	c->page = find(codepage);
	c->is_utf8 = codepage == UTF8;
	if (c->is_utf8)
		return 0;
	if (c->page == NULL)
		return CASK_ECHARSET;
	c->doubles = c->page->samples[0].coded[1] != '\0';
	c->table = atomic_load(place_of_table(c));
	if (c->table != NULL)
		return 0;
	err = open_iconv(c);
	if (err != 0)
		return err;
	if (to_utf8)
		size = c->doubles ? sizeof(struct decoder)
				  : offsetof(struct decoder, two);
	c->table = caski_sys_keep(place_of_table(c), size);
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

/* Its place in the table; NULL if it can have none. */
static _Atomic uint32_t *
decoder_entry(const struct caski_charset *c, const char *src, size_t length)
{
	const unsigned char *s = (const unsigned char *)src;
	struct decoder *t = c->table;

	if (t == NULL || (length == 2 && (!c->doubles || s[0] < 0x80)))
		return NULL;
	return length == 1 ? &t->one[s[0]] : &t->two[s[0] - 0x80][s[1]];
}

static _Atomic uint16_t *
encoder_entry(const struct caski_charset *c, uint32_t code)
{
	struct encoder *t = c->table;

	return t != NULL && code <= 0xFFFF ? &t->bytes[code] : NULL;
}

static void
remember(const struct caski_charset *c, const struct step *step, const char *s)
{
	const unsigned char *out = (const unsigned char *)step->out;
	_Atomic uint32_t *utf8 =
	    c->to_utf8 ? decoder_entry(c, s, step->read) : NULL;
	_Atomic uint16_t *coded =
	    c->to_utf8 ? NULL : encoder_entry(c, step->code);
	uint32_t bytes = out[0];

	if (step->err != 0 || step->written > 3)
		return;
	if (step->written > 1)
		bytes |= (uint32_t)out[1] << 8;
	if (step->written > 2)
		bytes |= (uint32_t)out[2] << 16;
	if (utf8 != NULL)
		atomic_store_explicit(utf8,
		    bytes | (uint32_t)step->written << 24,
		    memory_order_relaxed);
	/* Two of them are told from one by the second. */
	if (coded != NULL && step->written == 1u + (bytes > 0xFF))
		atomic_store_explicit(
		    coded, (uint16_t)bytes, memory_order_relaxed);
}

/* What has been remembered, if it has. */
static bool
recall(
    const struct caski_charset *c, struct step *step, const char *s, size_t n)
{
	_Atomic uint32_t *utf8;
	_Atomic uint16_t *coded;
	uint32_t bytes = 0;

	for (size_t i = 1; c->to_utf8 && bytes == 0 && i <= n && i <= 2; i++) {
		utf8 = decoder_entry(c, s, i);
		bytes = utf8 != NULL ? look8(utf8) : 0;
		step->read = i;
		step->written = bytes >> 24;
	}
	coded = c->to_utf8 ? NULL : encoder_entry(c, step->code);
	if (coded != NULL) {
		bytes = look16(coded);
		step->written = 1 + (bytes > 0xFF);
	}
	for (int i = 0; i < 3; i++)
		step->out[i] = (char)(bytes >> 8 * i & 0xFF);
	return bytes != 0;
}

/* Convert the next character, which is not known, through iconv. */
static int
find_out(struct caski_charset *c, struct step *step, const char *s, size_t n,
    int flags)
{
	int err = open_iconv(c);

	if (err != 0)
		return err;
	if (c->to_utf8)
		decode(c->cd, step, s, n, flags);
	else
		encode(c->cd, step, s);
	return step->err;
}

/* Convert, or replace, the next character. */
static int
convert_one(struct caski_charset *c, char *dst, size_t room, const char *src,
    size_t n, int flags, struct cask_progress *done)
{
	static const char utf8_replacement[] = u8"\uFFFD";
	struct step step = { .read = 1, .written = 1, .out = { *src } };
	const char *out = step.out;
	bool ascii = cask_ascii_length(src, 1) == 1;

	step.code = (unsigned char)*src;
	if (!ascii && (c->to_utf8 || take(&step, src, n, flags))) {
		step.err = 0;
		if (!recall(c, &step, src, n))
			step.err = find_out(c, &step, src, n, flags);
	}
	remember(c, &step, src);
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

/* Many characters, as far as they are known: how many bytes were read. */

/* Each is written as four bytes, as long as there is room for four. */
static size_t
decode_known(const struct caski_charset *c, unsigned char *d, size_t room,
    const unsigned char *s, size_t n, size_t *written)
{
	const struct decoder *t = c->table;
	size_t i = 0, end = room < 4 ? 0 : (room - 1) / 3;

	if (end > n)
		end = n;
	*written = 0;
	while (i < end) {
		uint32_t bytes = look8(&t->one[s[i]]);
		size_t length = 1;

		if (bytes == 0) {
			if (!c->doubles || s[i] < 0x80 || n - i < 2)
				break;
			bytes = look8(&t->two[s[i] - 0x80][s[i + 1]]);
			length = 2;
			if (bytes == 0)
				break;
		}
		cask_write32(d + *written, cask_order32(bytes, false));
		*written += bytes >> 24;
		i += length;
	}
	return i;
}

/*
 * The length of a well-formed character beyond ASCII that lies within n bytes,
 * and which one it is; 0 if it is none, or one of four bytes.
 */
static inline size_t
short_character(const unsigned char *s, size_t n, uint32_t *code)
{
	uint32_t second, third, c;

	if (n < 2)
		return 0;
	second = s[1] ^ 0x80u;
	if (s[0] < 0xE0) {
		*code = (s[0] & 0x1Fu) << 6 | second;
		return s[0] >= 0xC2 && second < 0x40 ? 2 : 0;
	}
	if (n < 3 || s[0] > 0xEF)
		return 0;
	third = s[2] ^ 0x80u;
	*code = c = (s[0] & 0xFu) << 12 | second << 6 | third;
	return (second | third) < 0x40 && c >= 0x800 && (c & 0xF800) != 0xD800
	    ? 3
	    : 0;
}

/* How many of the next 8 bytes are ASCII before the first that is not; all 8
 * are copied. */
static inline size_t
copy_to_other(unsigned char *d, const unsigned char *s)
{
	uint64_t w = cask_read64(s);
	uint64_t high = cask_order64(w, false) & UINT64_C(0x8080808080808080);

	cask_write64(d, w);
	return high != 0 ? (size_t)__builtin_ctzll(high) / 8 : 8;
}

/* No character has more bytes in the code page than it has in UTF-8. */
static size_t
encode_known(const struct caski_charset *c, unsigned char *d, size_t room,
    const unsigned char *s, size_t n, size_t *written)
{
	const struct encoder *t = c->table;
	size_t i = 0, length, end = n < room ? n : room;
	unsigned char *at = d;
	uint32_t code = 0;
	uint16_t bytes;

	while (i < end) {
		if (end - i >= 8 && (!c->doubles || s[i] < 0x80)) {
			length = copy_to_other(at, s + i);
			i += length;
			at += length;
			if (length == 8)
				continue;
		} else if (s[i] < 0x80) {
			*at++ = s[i++];
			continue;
		}
		length = short_character(s + i, end - i, &code);
		if (length == 0 || (bytes = look16(&t->bytes[code])) == 0)
			break;
		cask_write16(at, cask_order16(bytes, false));
		at += 1 + (bytes > 0xFF);
		i += length;
	}
	*written = (size_t)(at - d);
	return i;
}

static void
convert_known(const struct caski_charset *c, unsigned char *dst, size_t room,
    const unsigned char *src, size_t n, struct cask_progress *done)
{
	unsigned char unseen[3 * BLOCK + 1];
	size_t read, written;

	do {
		unsigned char *to = dst ? dst + done->written : NULL;
		const unsigned char *from = src + done->read;
		size_t left = n - done->read, fits = room - done->written;
		size_t run =
		    caski_copy_ascii(to, from, left < fits ? left : fits);

		done->read += run;
		done->written += run;
		if (run == left)
			break;
		from += run;
		left -= run;
		fits -= run;
		if (to == NULL && fits > sizeof unseen)
			fits = sizeof unseen;
		/* cppcheck-suppress legacyUninitvar ; only written to */
		to = to != NULL ? to + run : unseen;
		if (left > BLOCK)
			left = BLOCK;
		read = c->to_utf8 ? decode_known(c, (unsigned char *)to, fits,
					(const unsigned char *)from,
					left < BLOCK ? left : BLOCK, &written)
				  : encode_known(c, (unsigned char *)to, fits,
					from, left, &written);
		done->read += read;
		done->written += written;
	} while (read > 0);
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
			convert_known(c, (unsigned char *)dst, room,
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
	struct caski_charset c = { .page = find(codepage) };
	int err = codepage == UTF8 ? 0 : CASK_ECHARSET;

	for (int i = 0; c.page != NULL && i < 2; i++) {
		c.to_utf8 = i == 0;
		err = open_iconv(&c);
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
