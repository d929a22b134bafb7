/*
 * Code pages: every sequence of one or two bytes against a second opinion, and
 * all that an iconv may do wrong.
 *
 * A page for which this machine has no converter is left out, and says so.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"
#include "fault.h"

#include "../lib/charset.h"
#include "../lib/sys.h"

#include <cask/error.h>

#include <errno.h>

#define GOLDEN "test/golden/codepages.txt"

static const int pages[] = { 437, 850, 866, 874, 932, 936, 949, 950, 1250, 1251,
	1252, 1253, 1254, 1255, 1256, 1257, 1258, 20866, 28591, 28605, 65001 };

/* Helpers */

static bool
opens(const char *to, const char *from)
{
	void *cd;

	if (caski_sys_iconv_open(&cd, to, from) != 0)
		return false;
	caski_sys_iconv_close(cd);
	return true;
}

/* A page that iconv has both ways must be found good. */
static bool
is_here(int page)
{
	const char *known = page == 20866 ? "KOI8-R"
	    : page == 28591               ? "ISO-8859-1"
	    : page == 28605               ? "ISO-8859-15"
	    : page == 65001               ? "UTF-8"
					  : NULL;
	char name[16];
	int err = cask_charset_check(page);

	snprintf(name, sizeof name, "CP%d", page);
	if (known == NULL)
		known = name;
	if (opens("UTF-8", known) && opens(known, "UTF-8"))
		assert_int_equal(err, 0);
	else if (err != 0)
		print_message("code page %d: not on this machine\n", page);
	return err == 0;
}

static struct caski_charset
open_page(int page, bool to_utf8)
{
	struct caski_charset c;

	assert_int_equal(caski_charset_open(&c, page, to_utf8), 0);
	return c;
}

/* A block of exactly that many bytes, so that one over is seen. */
static char *
exact(const void *from, size_t n)
{
	char *block = malloc(n > 0 ? n : 1);

	assert_non_null(block);
	if (n > 0 && from != NULL)
		memcpy(block, from, n);
	return block;
}

/* Convert a text in one direction, and expect this result and these bytes. */
static void
assert_becomes(int page, bool to_utf8, const char *src, const char *expected,
    int flags, int err, size_t read)
{
	struct caski_charset c = open_page(page, to_utf8);
	size_t n = strlen(expected);
	char *from = exact(src, strlen(src)), *to = exact(NULL, n);
	struct cask_progress p;

	assert_int_equal(
	    caski_charset_convert(&c, NULL, 0, from, strlen(src), flags, &p),
	    err);
	assert_int_equal(p.written, n);
	assert_int_equal(
	    caski_charset_convert(&c, to, n, from, strlen(src), flags, &p),
	    err);
	assert_int_equal(p.read, read);
	assert_int_equal(p.written, n);
	assert_memory_equal(to, expected, n);
	caski_charset_close(&c);
	free(from);
	free(to);
}

static void
assert_both_ways(int page, const char *coded, const char *utf8)
{
	if (!is_here(page))
		return;
	assert_becomes(page, true, coded, utf8, 0, 0, strlen(coded));
	assert_becomes(page, false, utf8, coded, 0, 0, strlen(utf8));
}

/* The golden file */

struct count {
	size_t characters;
	size_t twice;
};

/* Hash the text of one or two bytes, and count it if it is one character. */
static uint64_t
hash_sequence(
    uint64_t h, struct caski_charset *c, int page, const char *s, size_t n)
{
	unsigned code = (unsigned char)s[0] * 256u + (unsigned char)s[n - 1];
	bool skip = page == 950 && code >= 0xC6A1 && code <= 0xC8FE;
	struct cask_progress p = { 0, 0, 0 }, strict;
	char text[9];

	if (!skip) {
		assert_int_equal(
		    caski_charset_convert(c, text, 8, s, n, CASK_REPLACE, &p),
		    0);
		assert_int_equal(p.read, n);
		assert_int_equal(caski_charset_convert(
				     c, NULL, 0, s, n, CASK_STRICT, &strict),
		    p.replaced > 0 ? EILSEQ : 0);
		assert_true(strict.read == n || p.replaced > 0);
	}
	text[p.written] = '\xFF';
	for (size_t i = 0; i <= p.written; i++)
		h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
	return h;
}

static uint64_t
hash_leads(struct caski_charset *c, int page, unsigned lead)
{
	uint64_t h = UINT64_C(0xCBF29CE484222325);

	for (unsigned i = lead; i < lead + 16; i++) {
		char s[2] = { (char)i, 0 };

		h = hash_sequence(h, c, page, s, 1);
		for (unsigned j = 0; j < 256; j++) {
			s[1] = (char)j;
			h = hash_sequence(h, c, page, s, 2);
		}
	}
	return h;
}

/*
 * Encode what a sequence means, if that is one character: to the same bytes,
 * or to others that mean the same.
 */
static struct count
go_round(struct caski_charset *from, struct caski_charset *to, const char *s,
    size_t n)
{
	struct count count = { 0, 0 };
	struct cask_progress p, back, again;
	char text[8], coded[4], same[8];
	unsigned code = (unsigned char)s[0] * 256u + (unsigned char)s[n - 1];

	if (caski_charset_convert(from, text, 8, s, n, 0, &p) != 0)
		return count;
	assert_int_equal(
	    caski_charset_convert(to, coded, 4, text, p.written, 0, &back), 0);
	count.characters = 1;
	if (back.written == n && memcmp(coded, s, n) == 0)
		return count;
	count.twice = 1;
	assert_int_equal(caski_charset_convert(
			     from, same, 8, coded, back.written, 0, &again),
	    0);
	if (again.written != p.written || memcmp(text, same, p.written) != 0)
		fail_msg("%04X becomes another character", code);
	return count;
}

static struct count
go_round_all(int page)
{
	struct caski_charset from = open_page(page, true);
	struct caski_charset to = open_page(page, false);
	struct count all = { 0, 0 };

	for (unsigned i = 0; i < 0x100 * 0x101; i++) {
		char s[2] = { (char)(i / 0x101), (char)(i % 0x101 - 1) };
		size_t n = i % 0x101 == 0 ? 1 : 2;
		unsigned code =
		    (unsigned char)s[0] * 256u + (unsigned char)s[1];
		struct cask_progress p;
		struct count one;

		/* Two bytes, the first of which is a character: two. */
		if (n == 2 &&
		    caski_charset_convert(&from, NULL, 0, s, 1, 0, &p) == 0)
			continue;
		if (page == 950 && n == 2 && code >= 0xC6A1 && code <= 0xC8FE)
			continue;
		one = go_round(&from, &to, s, n);
		all.characters += one.characters;
		all.twice += one.twice;
	}
	caski_charset_close(&from);
	caski_charset_close(&to);
	return all;
}

static void
check_page(FILE *golden, int wanted)
{
	struct caski_charset c = open_page(wanted, true);
	unsigned lines = 0;
	char line[128], hash[32];
	unsigned lead;
	int page;

	rewind(golden);
	while (fgets(line, sizeof line, golden) != NULL) {
		char mine[32];

		if (line[0] == '#' ||
		    sscanf(line, "%d %2X %31s", &page, &lead, hash) != 3 ||
		    page != wanted || strlen(hash) != 16)
			continue;
		snprintf(mine, sizeof mine, "%016llX",
		    (unsigned long long)hash_leads(&c, page, lead));
		if (strcmp(mine, hash) != 0)
			fail_msg(
			    "code page %d, bytes %02X..: %s", page, lead, mine);
		lines++;
	}
	assert_int_equal(lines, 16);
	caski_charset_close(&c);
}

/* The tests */

static void
every_sequence_of_one_or_two_bytes_means_what_it_should(void **state)
{
	FILE *golden = fopen(GOLDEN, "r");

	(void)state;
	assert_non_null(golden);
	for (size_t i = 0; i < COUNT(pages); i++)
		if (is_here(pages[i]))
			check_page(golden, pages[i]);
	fclose(golden);
}

static void
every_character_of_every_page_goes_back_to_itself(void **state)
{
	FILE *golden = fopen(GOLDEN, "r");
	char line[128];
	int page, counted = 0;

	(void)state;
	assert_non_null(golden);
	while (fgets(line, sizeof line, golden) != NULL) {
		struct count count, mine;

		if (sscanf(line, "%d characters %zu twice %zu", &page,
			&count.characters, &count.twice) != 3)
			continue;
		counted++;
		if (!is_here(page))
			continue;
		mine = go_round_all(page);
		if (mine.characters != count.characters ||
		    mine.twice != count.twice)
			fail_msg("code page %d: %zu characters, %zu twice",
			    page, mine.characters, mine.twice);
	}
	fclose(golden);
	assert_int_equal(counted, COUNT(pages));
}

static void
ascii_is_the_same_in_all_pages(void **state)
{
	char ascii[128];
	char out[128];
	struct cask_progress p;

	(void)state;
	for (int i = 0; i < 128; i++)
		ascii[i] = (char)i;
	for (size_t i = 0; i < 2 * COUNT(pages); i++) {
		struct caski_charset c;

		if (!is_here(pages[i / 2]))
			continue;
		c = open_page(pages[i / 2], i % 2);
		assert_int_equal(
		    caski_charset_convert(&c, out, 128, ascii, 128, 0, &p), 0);
		assert_int_equal(p.written, 128);
		assert_memory_equal(out, ascii, 128);
		caski_charset_close(&c);
	}
}

static void
a_japanese_backslash_is_one_alone_and_inside_a_character(void **state)
{
	(void)state;
	assert_both_ways(932, "C:\\\x83\x5C\\", u8"C:\\\u30BD\\");
}

static void
each_vietnamese_byte_is_a_character_of_its_own(void **state)
{
	(void)state;
	/* A and a grave, and one that has a byte already composed. */
	assert_both_ways(1258,
	    "A\xCC"
	    "BC",
	    u8"A\u0300BC");
	assert_both_ways(1258, "\xC0", u8"\u00C0");
	assert_both_ways(1258, "\xC2\xEC \xC2", u8"\u00C2\u0301 \u00C2");
	assert_both_ways(1255, "\xF9\xD1\xCC", u8"\u05E9\u05C1\u05BC");
	/* A composed one that has none goes as its parts. */
	if (is_here(1258))
		assert_becomes(
		    1258, false, u8"x\u1EA4x", "x\xC2\xECx", 0, 0, 5);
}

static void
a_held_letter_is_not_lost_at_the_end_of_a_piece(void **state)
{
	struct caski_charset c;
	struct cask_progress p;
	char out[8];

	(void)state;
	if (!is_here(1258))
		return;
	c = open_page(1258, true);
	assert_int_equal(
	    caski_charset_convert(&c, out, 8, "\xC2", 1, CASK_MORE, &p), 0);
	assert_int_equal(p.written, 2);
	assert_int_equal(
	    caski_charset_convert(&c, out, 8, "\xEC", 1, 0, &p), 0);
	assert_int_equal(p.written, 2);
	assert_memory_equal(out, u8"\u0301", 2);
	caski_charset_close(&c);
}

static void
a_character_that_a_page_lacks_is_an_error_or_a_question_mark(void **state)
{
	static const char utf8[] = u8"\u00E9\u20AC\u30BD!\U0001F600.";
	static const char latin[] = "\xE9\x80?!?.";

	(void)state;
	assert_becomes(1252, false, utf8, "\xE9\x80", 0, CASK_ETEXT, 5);
	assert_becomes(
	    1252, false, utf8, latin, CASK_REPLACE, 0, sizeof utf8 - 1);
}

static void
nothing_is_likened_to_an_ascii_character(void **state)
{
	(void)state;
	if (is_here(932)) {
		/* Some have the yen sign as a backslash. */
		assert_becomes(932, false, u8"\u00A5", "", 0, CASK_ETEXT, 0);
		assert_becomes(932, false, u8"\u3042\u00A5\u203E", "\x82\xA0??",
		    CASK_REPLACE, 0, 8);
		assert_becomes(932, false, u8"\uFF71\u00A5\u30BD\\",
		    "\xB1?\x83\x5C\\", CASK_REPLACE, 0, 9);
	}
	if (is_here(1252))
		assert_becomes(1252, false, u8"\u0101\uFF0F\u2215", "???",
		    CASK_REPLACE, 0, 8);
}

static void
ill_formed_text_is_an_error_or_replaced_byte_by_byte(void **state)
{
	(void)state;
	assert_becomes(1252, true, "a\x81z", "a", 0, EILSEQ, 1);
	assert_becomes(
	    1252, true, "\x80\x81z", u8"\u20AC\uFFFDz", CASK_REPLACE, 0, 3);
	assert_becomes(
	    1252, false, "\xC3\xA9\xE1\x80z", "\xE9?z", CASK_REPLACE, 0, 5);
	assert_becomes(1252, false, "\xC3\xA9\xE1\x80z", "\xE9", 0, EILSEQ, 2);
	assert_becomes(1252, false, "\xC3", "", 0, EILSEQ, 0);
	if (!is_here(932))
		return;
	/* A lead byte does not take a quote or the end with it. */
	assert_becomes(932, true, "\x82\xA0\x83\"x", u8"\u3042\uFFFD\"x",
	    CASK_REPLACE, 0, 5);
	assert_becomes(
	    932, true, "\x82\xA0\x83", u8"\u3042\uFFFD", CASK_REPLACE, 0, 3);
	assert_becomes(932, true, "\x82\xA0\x83", u8"\u3042", 0, EILSEQ, 2);
	assert_becomes(
	    932, true, "\x82\xA0\x83", u8"\u3042", CASK_MORE, EINVAL, 2);
	assert_becomes(
	    932, true, "\x83", "", CASK_MORE | CASK_REPLACE, EINVAL, 0);
}

/* Texts with all kinds of places in them. */
static const struct {
	int page;
	bool to_utf8;
	const char *text;
} mixtures[] = {
	{ 932, true, "abc\x83\x5C\xB1\\\x82\xA0\x80\x83\x84\xFF\xB1 12345678" },
	{ 932, false,
	    u8"abc\u30BD\uFF71\\\u3042\u00A5\u00E9 \U0001F600x\u3042"
	    "\xE3\x81\xE3\x81z\x80" },
	{ 1258, true,
	    "A\xCC"
	    "B\xC2\xEC\xC2\xD2\xC2 \xC3\xDE\x8A\xCC\xCC xyz\xC2" },
	{ 1258, false,
	    u8"A\u0300\u1EA4\u00C2\u0301 \u30BD\u00D0\u1EA4x\u1EA4" },
	{ 1252, true,
	    "Gr\xF6\xDF"
	    "e \x81\x8D \x80.................\xE9" },
	{ 1252, false,
	    u8"Gr\u00F6\u00DFe \u30BD\u0101 \u20AC........\u00E9\xFF" },
	{ 950, true, "\xA4\x40\xA5\x5C\xA4\x20\xFF\xA4\x40\xA4" },
	{ 65001, true, u8"a\u00E9\u20AC\U0001F600\x80\xE1\x80z" },
	/* Nothing to replace. */
	{ 932, true,
	    "x\x83\x5C\xB1\x82\xA0\x83\x5C\x83\x5C, \x88\x9F\x88\x9F" },
	{ 932, false, u8"\u30BD\u3042, \u30BD\u3042.\u30BD\u3042\u4E9C" },
	{ 932, false, u8"\uFF71\uFF71 \uFF71\u3042\u3042\u3042\u3042\u3042" },
	{ 1251, true, "\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0! \xCA\xE0\xEA" },
	{ 1251, false,
	    u8"\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438!" },
	{ 1258, true, "\xC0\xE0\xD0\xF0 \xC0\xC0\xE0\xE0\xD0\xD0\xF0\xF0\xC0" },
};

#define REPEATED 6

/* The text of a mixture, several times; it is freed. */
static char *
mixture(size_t i, size_t *n)
{
	size_t once = strlen(mixtures[i].text);
	char *s = exact(NULL, *n = once * REPEATED);

	for (size_t j = 0; j < REPEATED; j++)
		memcpy(s + j * once, mixtures[i].text, once);
	return s;
}

/* One by one: in the room of a character there is no other way. */
static size_t
convert_slowly(struct caski_charset *c, char *out, const char *s, size_t n)
{
	size_t read = 0, written = 0;

	while (read < n) {
		struct cask_progress p = { 0, 0, 0 };
		int err = E2BIG;

		for (size_t room = 1; room <= 4 && p.read == 0; room++)
			err = caski_charset_convert(c, out + written, room,
			    s + read, n - read, CASK_REPLACE, &p);
		assert_true(p.read > 0 && (err == 0 || err == E2BIG));
		read += p.read;
		written += p.written;
	}
	return written;
}

static void
a_text_becomes_what_its_characters_become(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mixtures); i++) {
		struct caski_charset c;
		struct cask_progress p;
		char quick[1024], slow[1024], *s;
		size_t n, length;

		if (!is_here(mixtures[i].page))
			continue;
		c = open_page(mixtures[i].page, mixtures[i].to_utf8);
		s = mixture(i, &n);
		assert_int_equal(caski_charset_convert(
				     &c, quick, 1024, s, n, CASK_REPLACE, &p),
		    0);
		length = convert_slowly(&c, slow, s, n);
		assert_int_equal(p.written, length);
		assert_memory_equal(quick, slow, length);
		caski_charset_close(&c);
		free(s);
	}
}

/* From E2BIG to E2BIG in blocks of that room. */
static void
squeeze(struct caski_charset *c, const char *s, size_t n, size_t room,
    const char *whole, size_t length)
{
	size_t read = 0, written = 0;
	int err = E2BIG;

	while (err == E2BIG) {
		char *dst = exact(NULL, room);
		struct cask_progress p;

		err = caski_charset_convert(
		    c, dst, room, s + read, n - read, CASK_REPLACE, &p);
		assert_true(p.written <= room);
		assert_memory_equal(dst, whole + written, p.written);
		assert_true(err == 0 || room - p.written < 4);
		free(dst);
		read += p.read;
		written += p.written;
		if (p.read == 0)
			break;
	}
	assert_true(err == 0 ? written == length && read == n
			     : err == E2BIG && room < 4);
}

static void
any_room_is_filled_to_the_last_whole_character_and_resumed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mixtures); i++) {
		struct caski_charset c;
		struct cask_progress p;
		char whole[1024], *s;
		size_t n;

		if (!is_here(mixtures[i].page))
			continue;
		c = open_page(mixtures[i].page, mixtures[i].to_utf8);
		s = mixture(i, &n);
		assert_int_equal(caski_charset_convert(
				     &c, whole, 1024, s, n, CASK_REPLACE, &p),
		    0);
		for (size_t room = 0; room <= p.written + 1; room++)
			squeeze(&c, s, n, room, whole, p.written);
		caski_charset_close(&c);
		free(s);
	}
}

static void
cut_anywhere(struct caski_charset *c, const char *s, size_t n,
    const char *whole, struct cask_progress all)
{
	char parts[1024];

	for (size_t cut = 0; cut <= n; cut++) {
		char *first = exact(s, cut);
		struct cask_progress p, q;
		int err = caski_charset_convert(
		    c, parts, 1024, first, cut, CASK_REPLACE | CASK_MORE, &p);

		assert_int_equal(err, p.read == cut ? 0 : EINVAL);
		assert_true(cut - p.read < 4);
		assert_int_equal(caski_charset_convert(c, parts + p.written,
				     1024 - p.written, s + p.read, n - p.read,
				     CASK_REPLACE, &q),
		    0);
		assert_int_equal(p.written + q.written, all.written);
		assert_int_equal(p.replaced + q.replaced, all.replaced);
		assert_memory_equal(parts, whole, all.written);
		free(first);
	}
}

static void
text_that_is_cut_anywhere_converts_as_in_one_piece(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mixtures); i++) {
		struct caski_charset c;
		struct cask_progress p, q;
		char whole[1024], *s;
		size_t n;

		if (!is_here(mixtures[i].page))
			continue;
		c = open_page(mixtures[i].page, mixtures[i].to_utf8);
		s = mixture(i, &n);
		assert_int_equal(caski_charset_convert(
				     &c, whole, 1024, s, n, CASK_REPLACE, &p),
		    0);
		assert_int_equal(
		    caski_charset_convert(&c, NULL, 0, s, n, CASK_REPLACE, &q),
		    0);
		assert_memory_equal(&p, &q, sizeof p);
		cut_anywhere(&c, s, n, whole, p);
		caski_charset_close(&c);
		free(s);
	}
}

static void
ascii_that_does_not_fit_is_a_lack_of_room(void **state)
{
	struct caski_charset c = open_page(1252, false);
	struct cask_progress p;
	char out[2];

	(void)state;
	assert_int_equal(
	    caski_charset_convert(&c, out, 0, "ab", 2, 0, &p), E2BIG);
	assert_int_equal(
	    caski_charset_convert(&c, out, 1, "ab", 2, 0, &p), E2BIG);
	assert_int_equal(p.read, 1);
	assert_int_equal(
	    caski_charset_convert(&c, out, 2, u8"\u00E9ab", 4, 0, &p), E2BIG);
	assert_int_equal(p.read, 3);
	caski_charset_close(&c);
}

/* How often iconv is called for a unit repeated 2000 times. */
static unsigned
count_calls(int page, bool to_utf8, const char *unit)
{
	struct caski_charset c;
	size_t n = strlen(unit);
	char *s = exact(NULL, 2000 * n);
	struct cask_progress p;

	for (size_t i = 0; i < 2000; i++)
		memcpy(s + i * n, unit, n);
	fault_reset(); /* the page is forgotten, and iconv opened */
	c = open_page(page, to_utf8);
	fault_reset();
	assert_int_equal(
	    caski_charset_convert(&c, NULL, 0, s, 2000 * n, CASK_REPLACE, &p),
	    0);
	caski_charset_close(&c);
	free(s);
	return fault_count(FAULT_ICONV);
}

static void
a_character_is_asked_for_once_and_what_is_bad_each_time(void **state)
{
	(void)state;
	assert_true(count_calls(1252, true, "\xE9") == 2);
	assert_true(count_calls(1252, false, u8"\u00E9") == 2);
	assert_true(count_calls(1252, true, "abcdefgh") == 0);
	assert_true(count_calls(1252, true, "\x81") == 2 * 2000);
	assert_true(count_calls(1252, false, u8"\u3042") == 2 * 2000);
	if (!is_here(932))
		return;
	/* A lead byte is first tried alone. */
	assert_true(count_calls(932, true, "\x83\x5C") == 4);
	assert_true(count_calls(932, true, "\xB1\x83\x5C") == 6);
	assert_true(count_calls(932, false, u8"\u30BD") == 2);
}

static void
an_unknown_page_has_no_converter(void **state)
{
	static const int unknown[] = { 0, -1, 1, 1200, 1259, 65000, 932 << 16 };
	struct caski_charset c;
	struct cask_progress p;

	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++) {
		assert_int_equal(cask_charset_check(unknown[i]), CASK_ECHARSET);
		assert_int_equal(
		    caski_charset_open(&c, unknown[i], true), CASK_ECHARSET);
		caski_charset_close(&c);
		caski_charset_close(&c);
		memset(&p, 0xEE, sizeof p);
		assert_int_equal(
		    cask_utf8_to_codepage(unknown[i], NULL, 0, "a", 1, 0, &p),
		    CASK_ECHARSET);
		assert_int_equal(p.read + p.written + p.replaced, 0);
	}
}

static void
a_block_is_converted_whole_and_goes_back(void **state)
{
	static const char utf8[] = u8"\u20AC \u00E9";
	struct cask_progress p;
	char coded[8], back[8];

	(void)state;
	assert_int_equal(
	    cask_utf8_to_codepage(1252, coded, 8, utf8, sizeof utf8, 0, &p), 0);
	assert_int_equal(p.written, 4);
	assert_memory_equal(coded, "\x80 \xE9", 4);
	assert_int_equal(
	    cask_codepage_to_utf8(1252, back, 8, coded, 4, 0, &p), 0);
	assert_memory_equal(back, utf8, sizeof utf8);
	assert_int_equal(
	    cask_codepage_to_utf8(1252, back, 2, coded, 4, 0, &p), E2BIG);
	assert_int_equal(
	    cask_utf8_to_codepage(1252, coded, 8, u8"\u30BD", 3, 0, &p),
	    CASK_ETEXT);
	/* There is no more of it, whatever is said. */
	assert_int_equal(
	    cask_utf8_to_codepage(1252, coded, 8, utf8, 2, CASK_MORE, &p),
	    EILSEQ);
	assert_int_equal(
	    cask_utf8_to_codepage(65001, coded, 8, utf8, sizeof utf8, 0, &p),
	    0);
	assert_memory_equal(coded, utf8, sizeof utf8);
}

static void
a_missing_converter_is_told_from_a_lack_of_descriptors(void **state)
{
	static const int errors[][2] = { { EINVAL, CASK_ECHARSET },
		{ EMFILE, EMFILE }, { ENFILE, ENFILE }, { ENOMEM, ENOMEM } };

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		fault_reset();
		fault_plan(FAULT_ICONV_OPEN, 0, true, errors[i][0]);
		assert_int_equal(cask_charset_check(1252), errors[i][1]);
		assert_true(fault_injected() > 0);
		assert_int_equal(cask_charset_check(65001), 0);
	}
	/* Without one for the way back, too. */
	fault_reset();
	fault_plan(FAULT_ICONV_OPEN, 1, true, EINVAL);
	assert_int_equal(cask_charset_check(1252), CASK_ECHARSET);
	fault_reset();
}

static void
a_name_that_is_missing_or_wrong_leads_to_the_next(void **state)
{
	(void)state;
	fault_reset();
	fault_plan(FAULT_ICONV_OPEN, 0, false, EINVAL);
	assert_int_equal(cask_charset_check(1252), 0);
	assert_int_equal(fault_count(FAULT_ICONV_OPEN), 3);
	/* Open, but it fails when it is tried. */
	fault_reset();
	fault_plan(FAULT_ICONV, 0, false, EILSEQ);
	assert_int_equal(cask_charset_check(1252), 0);
	assert_int_equal(fault_count(FAULT_ICONV_OPEN), 3);
	fault_reset();
	fault_plan(FAULT_ICONV, 0, true, EILSEQ);
	assert_int_equal(cask_charset_check(1252), CASK_ECHARSET);
	fault_reset();
}

/* As musl's iconv does, which writes '*'. */
static void
what_iconv_says_to_have_lost_is_lost(void **state)
{
	struct caski_charset to, from;
	struct cask_progress p;
	char out[8];

	(void)state;
	fault_reset();
	to = open_page(1252, false);
	from = open_page(1252, true);
	fault_iconv_lossy(true);
	assert_int_equal(
	    caski_charset_convert(&to, out, 8, u8"a\u00E9\u00E9", 5, 0, &p),
	    CASK_ETEXT);
	assert_int_equal(p.read, 1);
	assert_int_equal(caski_charset_convert(&to, out, 8, u8"a\u00E9\u00E9",
			     5, CASK_REPLACE, &p),
	    0);
	assert_int_equal(p.replaced, 2);
	assert_memory_equal(out, "a??", 3);
	assert_int_equal(
	    caski_charset_convert(&from, out, 8, "a\xE9", 2, 0, &p), EILSEQ);
	assert_true(fault_injected() > 0);
	assert_int_equal(cask_charset_check(1252), CASK_ECHARSET);
	fault_reset();
	caski_charset_close(&to);
	caski_charset_close(&from);
}

static void
an_iconv_that_fails_to_flush_or_never_has_enough_is_not_believed(void **state)
{
	struct caski_charset c = open_page(1252, true);
	struct cask_progress p;
	char out[16];

	(void)state;
	fault_reset();
	fault_plan(FAULT_ICONV, 1, true, EILSEQ);
	assert_int_equal(
	    caski_charset_convert(&c, out, 8, "\xE9", 1, 0, &p), EILSEQ);
	fault_reset();
	fault_plan(FAULT_ICONV, 0, true, EINVAL);
	assert_int_equal(
	    caski_charset_convert(&c, out, 16, "\xE9\xE9z", 3, CASK_MORE, &p),
	    EILSEQ);
	assert_int_equal(caski_charset_convert(
			     &c, out, 16, "\xE9\xE9z", 3, CASK_REPLACE, &p),
	    0);
	assert_int_equal(p.replaced, 2);
	fault_reset();
	caski_charset_close(&c);
}

/* A text there and back; whatever fails, it comes out as an error of ours. */
static void
convert_both_ways(void *arg)
{
	static const char utf8[] = u8"Gr\u00F6\u00DFe \u20AC";
	char coded[32], back[32];
	struct cask_progress p, q;
	int err =
	    cask_utf8_to_codepage(1252, coded, 32, utf8, sizeof utf8, 0, &p);

	(void)arg;
	if (err == 0)
		err = cask_codepage_to_utf8(
		    1252, back, 32, coded, p.written, 0, &q);
	if (err == 0) {
		assert_int_equal(q.written, sizeof utf8);
		assert_memory_equal(back, utf8, sizeof utf8);
	}
	assert_true(err == 0 || err == CASK_ECHARSET || err == EILSEQ ||
	    err == CASK_ETEXT || err == ENOMEM || err == EMFILE);
	assert_true(err == 0 || fault_injected() > 0);
}

static void
every_call_may_fail_and_nothing_leaks(void **state)
{
	(void)state;
	assert_true(fault_everywhere(convert_both_ways, NULL) > 50);
}

/* Convert one text, and expect of a converter that knows it (and of one that
 * is only getting to know it) what comes of asking iconv. */
static void
assert_same(struct caski_charset *known, struct caski_charset *slow,
    const char *src, size_t n, int flags)
{
	char a[24], b[24];
	struct cask_progress p, q, measured;
	int err = caski_charset_convert(slow, a, 24, src, n, flags, &p);

	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(
		    caski_charset_convert(known, b, 24, src, n, flags, &q),
		    err);
		assert_memory_equal(&p, &q, sizeof p);
		assert_memory_equal(a, b, p.written);
		assert_int_equal(caski_charset_convert(
				     known, NULL, 0, src, n, flags, &measured),
		    err);
		assert_memory_equal(&p, &measured, sizeof p);
	}
	/* What charset.h promises of room. */
	assert_true(p.written <= (known->to_utf8 ? 3 * n : n));
}

static struct caski_charset
open_slowly(int page, bool to_utf8)
{
	struct caski_charset c = open_page(page, to_utf8);

	if (c.cd == NULL) { /* the table was there: iconv comes with a miss */
		fault_reset();
		c = open_page(page, to_utf8);
	}
	c.table = NULL;
	return c;
}

static void
what_is_remembered_of_a_page_is_what_iconv_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pages); i++) {
		struct caski_charset known, slow;

		if (!is_here(pages[i]) || pages[i] == 65001)
			continue;
		slow = open_slowly(pages[i], true);
		known = open_page(pages[i], true);
		for (unsigned j = 0; j < 0x10000; j++) {
			const char s[2] = { (char)(j >> 8), (char)j };

			assert_same(&known, &slow, s, 2, CASK_STRICT);
			if (j % 256 == 0)
				assert_same(&known, &slow, s, 1, CASK_MORE);
			if (j % 256 == 0)
				assert_same(&known, &slow, s, 1, CASK_REPLACE);
		}
		caski_charset_close(&known);
		caski_charset_close(&slow);
	}
}

/* UTF-8 of a code point of the BMP, surrogates too. */
static size_t
put_utf8(char *s, unsigned code)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : 3;

	s[n - 1] = (char)(n == 1 ? code : 0x80 + code % 64);
	if (n == 2)
		s[0] = (char)(0xC0 + code / 64);
	if (n == 3) {
		s[0] = (char)(0xE0 + code / 4096);
		s[1] = (char)(0x80 + code / 64 % 64);
	}
	return n;
}

static void
what_is_remembered_of_unicode_is_what_iconv_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pages); i++) {
		struct caski_charset known, slow;
		char s[4];

		if (!is_here(pages[i]) || pages[i] == 65001)
			continue;
		slow = open_slowly(pages[i], false);
		known = open_page(pages[i], false);
		for (unsigned code = 0; code < 0x10000; code++)
			assert_same(
			    &known, &slow, s, put_utf8(s, code), CASK_STRICT);
		assert_same(&known, &slow, u8"\U0001F600", 4, CASK_STRICT);
		caski_charset_close(&known);
		caski_charset_close(&slow);
	}
}

/* All of Unicode's first plane, and all pairs of bytes, as one long text. */
static void
a_long_text_is_converted_as_its_characters_are(void **state)
{
	char *text = exact(NULL, 3 * 0x10000);
	char *quick = exact(NULL, 3 * 0x20000),
	     *slow = exact(NULL, 3 * 0x20000);

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(pages); i++) {
		bool to_utf8 = i % 2;
		struct caski_charset c, asking;
		struct cask_progress p, q;
		size_t n = 0;

		if (!is_here(pages[i / 2]) || pages[i / 2] == 65001)
			continue;
		for (unsigned j = 0; j < 0x10000; j++) {
			if (!to_utf8) {
				n += put_utf8(text + n, j * 40503 % 0x10000);
				continue;
			}
			text[n++] = (char)(j >> 8);
			text[n++] = (char)j;
		}
		asking = open_slowly(pages[i / 2], to_utf8);
		c = open_page(pages[i / 2], to_utf8);
		assert_int_equal(caski_charset_convert(&asking, slow,
				     3 * 0x20000, text, n, CASK_REPLACE, &p),
		    0);
		for (int twice = 0; twice < 2; twice++) {
			assert_int_equal(
			    caski_charset_convert(&c, quick, 3 * 0x20000, text,
				n, CASK_REPLACE, &q),
			    0);
			assert_memory_equal(&p, &q, sizeof p);
			assert_memory_equal(quick, slow, p.written);
		}
		caski_charset_close(&c);
		caski_charset_close(&asking);
	}
	free(text);
	free(quick);
	free(slow);
}

static void
without_memory_for_a_table_it_only_goes_more_slowly(void **state)
{
	struct caski_charset c;
	struct cask_progress p;
	char out[8];

	(void)state;
	fault_reset();
	fault_plan(FAULT_MALLOC, 0, true, ENOMEM);
	c = open_page(1252, false);
	assert_int_equal(fault_injected(), 1);
	assert_null(c.table);
	assert_int_equal(
	    caski_charset_convert(&c, out, 8, u8"a\u00E9b", 4, 0, &p), 0);
	assert_int_equal(p.written, 3);
	assert_memory_equal(out,
	    "a\xE9"
	    "b",
	    3);
	caski_charset_close(&c);
	fault_reset();
}

static void
a_page_that_is_known_needs_iconv_only_for_what_is_new(void **state)
{
	struct caski_charset c;
	struct cask_progress p;
	char out[8];

	(void)state;
	fault_reset();
	c = open_page(1252, false);
	assert_int_equal(
	    caski_charset_convert(&c, out, 8, u8"\u00E9", 2, 0, &p), 0);
	caski_charset_close(&c);
	/* From now on nothing opens. */
	fault_plan(FAULT_ICONV_OPEN, 0, true, EMFILE);
	c = open_page(1252, false);
	assert_int_equal(
	    caski_charset_convert(&c, out, 8, u8"\u00E9z\u00E9", 5, 0, &p), 0);
	assert_memory_equal(out, "\xE9z\xE9", 3);
	assert_int_equal(fault_injected(), 0);
	/* What is new can't be found out: that is no lack of a character. */
	assert_int_equal(caski_charset_convert(
			     &c, out, 8, u8"\u00E9\u20AC", 5, CASK_REPLACE, &p),
	    EMFILE);
	assert_int_equal(p.read, 2);
	assert_int_equal(p.replaced, 0);
	assert_int_equal(fault_injected(), 1);
	/* Whether the converter is there is not remembered. */
	assert_int_equal(cask_charset_check(1252), EMFILE);
	caski_charset_close(&c);
	fault_reset();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    every_sequence_of_one_or_two_bytes_means_what_it_should),
	cmocka_unit_test(every_character_of_every_page_goes_back_to_itself),
	cmocka_unit_test(ascii_is_the_same_in_all_pages),
	cmocka_unit_test(
	    a_japanese_backslash_is_one_alone_and_inside_a_character),
	cmocka_unit_test(each_vietnamese_byte_is_a_character_of_its_own),
	cmocka_unit_test(a_held_letter_is_not_lost_at_the_end_of_a_piece),
	cmocka_unit_test(
	    a_character_that_a_page_lacks_is_an_error_or_a_question_mark),
	cmocka_unit_test(nothing_is_likened_to_an_ascii_character),
	cmocka_unit_test(ill_formed_text_is_an_error_or_replaced_byte_by_byte),
	cmocka_unit_test(a_text_becomes_what_its_characters_become),
	cmocka_unit_test(
	    any_room_is_filled_to_the_last_whole_character_and_resumed),
	cmocka_unit_test(text_that_is_cut_anywhere_converts_as_in_one_piece),
	cmocka_unit_test(ascii_that_does_not_fit_is_a_lack_of_room),
	cmocka_unit_test(
	    a_character_is_asked_for_once_and_what_is_bad_each_time),
	cmocka_unit_test(an_unknown_page_has_no_converter),
	cmocka_unit_test(a_block_is_converted_whole_and_goes_back),
	cmocka_unit_test(
	    a_missing_converter_is_told_from_a_lack_of_descriptors),
	cmocka_unit_test(a_name_that_is_missing_or_wrong_leads_to_the_next),
	cmocka_unit_test(what_iconv_says_to_have_lost_is_lost),
	cmocka_unit_test(
	    an_iconv_that_fails_to_flush_or_never_has_enough_is_not_believed),
	cmocka_unit_test(every_call_may_fail_and_nothing_leaks),
	cmocka_unit_test(what_is_remembered_of_a_page_is_what_iconv_says),
	cmocka_unit_test(what_is_remembered_of_unicode_is_what_iconv_says),
	cmocka_unit_test(a_long_text_is_converted_as_its_characters_are),
	cmocka_unit_test(without_memory_for_a_table_it_only_goes_more_slowly),
	cmocka_unit_test(a_page_that_is_known_needs_iconv_only_for_what_is_new),
};

RUN_TESTS(tests)
