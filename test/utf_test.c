/*
 * UTF-8, UTF-16 and UTF-32 against a second opinion: an encoder and a judge of
 * UTF-8 that were written from the tables of the standard, not from lib/utf.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "../lib/utf.h"

#include <errno.h>

#define SCALARS (0x110000 - 0x800)

/* Any of the seven conversions, on bytes; units of 1, 2 or 4 bytes. */
struct conversion {
	size_t from, to;
	int (*run)(void *dst, size_t room, const void *src, size_t n, int flags,
	    struct cask_progress *done);
};

#define RUN(name, to, from)                                              \
	static int run_##name(void *dst, size_t room, const void *src,   \
	    size_t n, int flags, struct cask_progress *done)             \
	{                                                                \
		return cask_##name(                                      \
		    (to *)dst, room, (const from *)src, n, flags, done); \
	}

RUN(utf8_to_utf8, char, char)
RUN(utf8_to_utf16, uint16_t, char)
RUN(utf8_to_utf32, uint32_t, char)
RUN(utf16_to_utf8, char, uint16_t)
RUN(utf16_to_utf32, uint32_t, uint16_t)
RUN(utf32_to_utf8, char, uint32_t)
RUN(utf32_to_utf16, uint16_t, uint32_t)

static const struct conversion conversions[] = {
	{ 1, 1, run_utf8_to_utf8 },
	{ 1, 2, run_utf8_to_utf16 },
	{ 1, 4, run_utf8_to_utf32 },
	{ 2, 1, run_utf16_to_utf8 },
	{ 2, 4, run_utf16_to_utf32 },
	{ 4, 1, run_utf32_to_utf8 },
	{ 4, 2, run_utf32_to_utf16 },
};

/* The second opinion */

/* Write one character in units of 1, 2 or 4 bytes; how many units it took. */
static size_t
put(size_t unit, void *to, uint32_t code)
{
	static const unsigned char marks[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	unsigned char *d = to;
	uint16_t wide[2] = { (uint16_t)code, 0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (unit == 4) {
		memcpy(to, &code, 4);
		return 1;
	}
	if (unit == 2 && n < 4) {
		memcpy(to, wide, 2);
		return 1;
	}
	if (unit == 2) {
		wide[0] = (uint16_t)(0xD7C0 + code / 0x400);
		wide[1] = (uint16_t)(0xDC00 + code % 0x400);
		memcpy(to, wide, 4);
		return 2;
	}
	for (size_t i = 0; i < n; i++)
		d[i] = (unsigned char)(0x80 + (code >> 6 * (n - 1 - i)) % 64);
	d[0] = (unsigned char)(marks[n] + (code >> 6 * (n - 1)));
	return n;
}

/* Table 3-7, as it is printed. */
static const unsigned char table[9][4][2] = {
	{ { 0x00, 0x7F } },
	{ { 0xC2, 0xDF }, { 0x80, 0xBF } },
	{ { 0xE0, 0xE0 }, { 0xA0, 0xBF }, { 0x80, 0xBF } },
	{ { 0xE1, 0xEC }, { 0x80, 0xBF }, { 0x80, 0xBF } },
	{ { 0xED, 0xED }, { 0x80, 0x9F }, { 0x80, 0xBF } },
	{ { 0xEE, 0xEF }, { 0x80, 0xBF }, { 0x80, 0xBF } },
	{ { 0xF0, 0xF0 }, { 0x90, 0xBF }, { 0x80, 0xBF }, { 0x80, 0xBF } },
	{ { 0xF1, 0xF3 }, { 0x80, 0xBF }, { 0x80, 0xBF }, { 0x80, 0xBF } },
	{ { 0xF4, 0xF4 }, { 0x80, 0x8F }, { 0x80, 0xBF }, { 0x80, 0xBF } },
};

/*
 * How many of the bytes begin a character by the table, and, in *whole, how
 * many it has.  0 when no character begins so.
 */
static size_t
judge(const unsigned char *s, size_t n, size_t *whole)
{
	for (size_t row = 0; row < 9; row++) {
		size_t i = 0;

		*whole = 0;
		while (*whole < 4 && table[row][*whole][1] != 0)
			++*whole;
		while (i < n && i < *whole && s[i] >= table[row][i][0] &&
		    s[i] <= table[row][i][1])
			i++;
		/* The first bytes of the rows differ: this is the row. */
		if (i > 0)
			return i;
	}
	*whole = 1;
	return 0;
}

struct verdict {
	uint32_t codes[8];
	size_t count, replaced;
	size_t bad; /* where the first ill-formed part is, or n */
	size_t cut; /* where a cut sequence is, or n */
};

static struct verdict
judge_all(const unsigned char *s, size_t n)
{
	static const uint32_t mask[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	struct verdict v = { .bad = n, .cut = n };

	for (size_t at = 0; at < n;) {
		size_t whole, good = judge(s + at, n - at, &whole);
		uint32_t code = s[at] & mask[whole];

		for (size_t i = 1; i < good; i++)
			code = code * 64 + s[at + i] % 64;
		if (good < whole) {
			code = CASK_REPLACEMENT;
			v.replaced++;
			v.bad = v.bad < at ? v.bad : at;
			if (good == n - at)
				v.cut = at;
		}
		v.codes[v.count++] = code;
		at += good > 0 ? good : 1;
	}
	return v;
}

/* Helpers */

/* A block of exactly that many bytes, so that one over is seen. */
static void *
exact(const void *from, size_t n)
{
	void *block = malloc(n > 0 ? n : 1);

	assert_non_null(block);
	if (n > 0 && from != NULL)
		memcpy(block, from, n);
	return block;
}

struct text {
	size_t units;
	void *data;
};

static struct text
encode(size_t unit, const uint32_t *codes, size_t count)
{
	struct text t = { 0, exact(NULL, 4 * count) };

	for (size_t i = 0; i < count; i++)
		t.units += put(unit, (char *)t.data + t.units * unit, codes[i]);
	return t;
}

/* One conversion, written and measured, in blocks of the exact size. */
static void
assert_converts(const struct conversion *by, struct text from, struct text to,
    int flags, size_t replaced)
{
	struct cask_progress p;
	void *src = exact(from.data, from.units * by->from);
	void *dst = exact(NULL, to.units * by->to);

	assert_int_equal(by->run(NULL, 0, src, from.units, flags, &p), 0);
	assert_int_equal(p.written, to.units);
	assert_int_equal(p.read, from.units);
	assert_int_equal(p.replaced, replaced);
	memset(&p, 0xEE, sizeof p);
	assert_int_equal(by->run(dst, to.units, src, from.units, flags, &p), 0);
	assert_int_equal(p.written, to.units);
	assert_int_equal(p.read, from.units);
	assert_int_equal(p.replaced, replaced);
	assert_memory_equal(dst, to.data, to.units * by->to);
	free(src);
	free(dst);
}

static uint32_t *
all_scalars(void)
{
	uint32_t *codes = exact(NULL, 4 * SCALARS);

	for (uint32_t i = 0; i < SCALARS; i++)
		codes[i] = i < 0xD800 ? i : i + 0x800;
	return codes;
}

/* The tests */

static void
every_code_point_survives_from_each_form_to_each_other(void **state)
{
	uint32_t *codes = all_scalars();

	(void)state;
	for (size_t i = 0; i < COUNT(conversions); i++) {
		struct text from = encode(conversions[i].from, codes, SCALARS);
		struct text to = encode(conversions[i].to, codes, SCALARS);

		assert_converts(&conversions[i], from, to, CASK_STRICT, 0);
		free(from.data);
		free(to.data);
	}
	free(codes);
}

/* Alone, between ASCII of every length: the fast way in and out. */
static void
a_character_between_runs_of_ascii_is_found(void **state)
{
	static const uint32_t strange[] = { 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000,
		0x10FFFF, 0x100, 0xFF00 };
	uint32_t codes[40];

	(void)state;
	for (size_t at = 0; at < 24; at++) {
		for (size_t i = 0; i < COUNT(conversions); i++) {
			struct text from, to;

			for (size_t j = 0; j < 40; j++)
				codes[j] = (uint32_t)(1 + 3 * j);
			codes[at] = strange[at % COUNT(strange)];
			from = encode(conversions[i].from, codes, 24 + at % 16);
			to = encode(conversions[i].to, codes, 24 + at % 16);
			assert_converts(&conversions[i], from, to, 0, 0);
			free(from.data);
			free(to.data);
		}
	}
}

/* All there is to say of a short sequence of bytes. */
static void
assert_judged(const unsigned char *bytes, size_t n)
{
	struct verdict v = judge_all(bytes, n);
	struct cask_progress p;
	uint32_t codes[8];
	const char *s = (const char *)bytes;
	int err = cask_utf8_to_utf32(codes, 8, s, n, CASK_STRICT, &p);

	if (err != (v.bad < n ? EILSEQ : 0) || p.read != v.bad)
		fail_msg("%02X %02X %02X %02X", bytes[0], bytes[1], bytes[2],
		    bytes[3]);
	err = cask_utf8_to_utf32(codes, 8, s, n, CASK_REPLACE, &p);
	if (err != 0 || p.read != n || p.written != v.count ||
	    p.replaced != v.replaced || memcmp(codes, v.codes, 4 * v.count))
		fail_msg("%02X %02X %02X %02X", bytes[0], bytes[1], bytes[2],
		    bytes[3]);
	err = cask_utf8_to_utf32(NULL, 0, s, n, CASK_REPLACE | CASK_MORE, &p);
	if (err != (v.cut < n ? EINVAL : 0) || p.read != v.cut)
		fail_msg("%02X %02X %02X %02X", bytes[0], bytes[1], bytes[2],
		    bytes[3]);
	err = cask_utf8_to_utf32(NULL, 0, s, n, CASK_MORE, &p);
	if (p.read != (v.bad < v.cut ? v.bad : v.cut) ||
	    err !=
		(v.bad < v.cut      ? EILSEQ
			: v.cut < n ? EINVAL
				    : 0))
		fail_msg("%02X %02X %02X %02X", bytes[0], bytes[1], bytes[2],
		    bytes[3]);
}

static void
every_sequence_of_one_or_two_bytes_is_judged_as_in_table_3_7(void **state)
{
	unsigned char s[4] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		s[0] = (unsigned char)(i >> 8);
		s[1] = (unsigned char)i;
		assert_judged(s, 2);
	}
	for (unsigned i = 0; i < 0x100; i++) {
		s[0] = (unsigned char)i;
		assert_judged(s, 1);
	}
	assert_judged(s, 0);
}

static void
every_boundary_of_three_or_four_bytes_is_judged_as_in_table_3_7(void **state)
{
	static const unsigned char edge[] = { 0x00, 0x7F, 0x80, 0x8F, 0x90,
		0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC,
		0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF };
	const size_t n = COUNT(edge);

	(void)state;
	for (size_t i = 0; i < n * n * n * n; i++) {
		unsigned char s[4] = { edge[i / n / n / n], edge[i / n / n % n],
			edge[i / n % n], edge[i % n] };

		assert_judged(s, 4);
		if (i % n == 0)
			assert_judged(s, 3);
	}
}

static void
one_replacement_stands_for_each_maximal_part(void **state)
{
	/* Unicode 15, tables 3-8 to 3-11. */
	static const struct {
		const char *bytes;
		size_t n;
		uint32_t codes[12];
	} examples[] = {
		{ "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 9,
		    { 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD,
			0xFFFD, 0x41 } },
		{ "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", 9,
		    { 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD,
			0xFFFD, 0x41 } },
		{ "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", 9,
		    { 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0x41, 0xFFFD,
			0xFFFD, 0x42 } },
		{ "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 9,
		    { 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 0x41 } },
		{ "a\xF1\x80\x80\xE1\x80\xC2"
		  "b\x80"
		  "c\x80\xBF"
		  "d",
		    13,
		    { 'a', 0xFFFD, 0xFFFD, 0xFFFD, 'b', 0xFFFD, 'c', 0xFFFD,
			0xFFFD, 'd' } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		struct text from = { examples[i].n,
			exact(examples[i].bytes, examples[i].n) };
		size_t count = 0, replaced = 0;

		while (count < 12 && examples[i].codes[count] != 0)
			replaced += examples[i].codes[count++] == 0xFFFD;
		for (size_t j = 0; j < 3; j++) {
			struct text to =
			    encode(conversions[j].to, examples[i].codes, count);

			assert_converts(
			    &conversions[j], from, to, CASK_REPLACE, replaced);
			free(to.data);
		}
		free(from.data);
	}
}

/* Every high with every low: all that is beyond the first 65536. */
static void
surrogates_count_only_in_pairs_and_in_order(void **state)
{
	struct cask_progress p;
	uint32_t code[2];

	(void)state;
	for (unsigned i = 0xD800; i < 0xE000; i++) {
		uint16_t s[] = { (uint16_t)i, 'x', (uint16_t)i };
		int low = i >= 0xDC00;
		uint32_t alone = i;

		/* Alone, before a letter, and as UTF-32. */
		assert_int_equal(
		    cask_utf16_to_utf32(code, 2, s, 2, 0, &p), EILSEQ);
		assert_int_equal(p.read, 0);
		assert_int_equal(
		    cask_utf16_to_utf32(code, 2, s, 2, CASK_REPLACE, &p), 0);
		assert_true(code[0] == 0xFFFD && code[1] == 'x');
		assert_int_equal(p.replaced, 1);
		assert_int_equal(
		    cask_utf32_to_utf16(NULL, 0, &alone, 1, CASK_MORE, &p),
		    EILSEQ);
		/* At the end: a high one may yet be completed. */
		assert_int_equal(
		    cask_utf16_to_utf32(code, 2, s + 1, 2, CASK_MORE, &p),
		    low ? EILSEQ : EINVAL);
		assert_int_equal(p.read, 1);
		assert_int_equal(
		    cask_utf16_to_utf32(code, 2, s + 1, 2, 0, &p), EILSEQ);
	}
	for (unsigned i = 0; i < 0x100000; i += 0x3FF) {
		uint16_t s[] = { (uint16_t)(0xD800 + i / 0x400),
			(uint16_t)(0xDC00 + i % 0x400) };
		uint16_t reversed[] = { s[1], s[0] };

		assert_int_equal(cask_utf16_to_utf32(code, 2, s, 2, 0, &p), 0);
		assert_int_equal(code[0], 0x10000 + i);
		assert_int_equal(
		    cask_utf16_to_utf32(code, 2, reversed, 2, CASK_REPLACE, &p),
		    0);
		assert_int_equal(p.replaced, 2);
		assert_int_equal(p.written, 2);
	}
}

static void
a_high_pairs_with_nothing_but_a_low(void **state)
{
	static const uint16_t high[] = { 0xD800, 0xDBFF };
	static const struct {
		uint16_t unit;
		size_t replaced;
	} second[] = { { 0xD7FF, 1 }, { 0xD800, 2 }, { 0xDBFF, 2 },
		{ 0xDC00, 0 }, { 0xDFFF, 0 }, { 0xE000, 1 }, { 0xFFFF, 1 } };
	struct cask_progress p;

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(second); i++) {
		uint16_t s[] = { high[i % 2], second[i / 2].unit };

		assert_int_equal(
		    cask_utf16_to_utf8(NULL, 0, s, 2, CASK_REPLACE, &p), 0);
		assert_int_equal(p.replaced, second[i / 2].replaced);
		assert_int_equal(cask_utf16_to_utf8(NULL, 0, s, 2, 0, &p),
		    second[i / 2].replaced > 0 ? EILSEQ : 0);
	}
}

static void
two_highs_and_a_low_are_one_error_and_one_character(void **state)
{
	static const uint16_t s[] = { 0xD83D, 0xD83D, 0xDE00, 0xDE00 };
	struct cask_progress p;
	uint32_t codes[4];

	(void)state;
	assert_int_equal(
	    cask_utf16_to_utf32(codes, 4, s, 4, CASK_REPLACE, &p), 0);
	assert_int_equal(p.written, 3);
	assert_int_equal(p.replaced, 2);
	assert_int_equal(codes[0], 0xFFFD);
	assert_int_equal(codes[1], 0x1F600);
	assert_int_equal(codes[2], 0xFFFD);
}

static void
utf32_beyond_10ffff_is_ill_formed(void **state)
{
	static const uint32_t bad[] = { 0x110000, 0x7FFFFFFF, 0x80000041,
		0xFFFFFFFF, 0xFFFFFF80 };
	struct cask_progress p;
	uint16_t wide[2];
	char s[4];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint32_t text[] = { 'a', bad[i], 'b', 'c' };

		assert_int_equal(
		    cask_utf32_to_utf8(s, 4, text, 4, 0, &p), EILSEQ);
		assert_int_equal(p.read, 1);
		assert_int_equal(p.written, 1);
		assert_int_equal(
		    cask_utf32_to_utf16(wide, 2, text + 1, 2, CASK_REPLACE, &p),
		    0);
		assert_true(wide[0] == 0xFFFD && wide[1] == 'b');
	}
}

/* Sound and unsound text, in any form, for the tests that cut and squeeze. */
static struct text
mixture(size_t unit)
{
	static const char bytes[] = "abcdefghijk\u00E4\u20AC\U0001F600 \x80"
				    "x\xE1\x80\xC2y\xF0\x90\x80\xED\xA0\x80"
				    "12345678\U0010FFFF\xF4\x90z\uFFFD\xE2\x82";
	static const uint16_t wide[] = { 'a', 'b', 'c', 'd', 'e', 0xE4, 0x20AC,
		0xD83D, 0xDE00, 'f', 0xD800, 0xD800, 0xDC00, 0xDFFF, 'g', 'h',
		'i', 'j', 'k', 'l', 0xDBFF, 0xDFFF, 0xFFFF, 0xD801, 'm',
		0xDBFF };
	static const uint32_t wider[] = { 'a', 'b', 'c', 0xE4, 0x7FF, 0x800,
		0xD800, 'x', 0x110000, 0x10FFFF, 'd', 'e', 0xDFFF, 0x10000,
		0xFFFF };

	if (unit == 1)
		return (struct text) { sizeof bytes - 1,
			exact(bytes, sizeof bytes - 1) };
	if (unit == 2)
		return (struct text) { COUNT(wide), exact(wide, sizeof wide) };
	return (struct text) { COUNT(wider), exact(wider, sizeof wider) };
}

static void
text_that_is_cut_anywhere_converts_as_in_one_piece(void **state)
{
	char whole[512], parts[512];

	(void)state;
	for (size_t i = 0; i < COUNT(conversions); i++) {
		const struct conversion *by = &conversions[i];
		struct text t = mixture(by->from);
		struct cask_progress all, p, q;

		assert_int_equal(by->run(whole, 512 / by->to, t.data, t.units,
				     CASK_REPLACE, &all),
		    0);
		for (size_t cut = 0; cut <= t.units; cut++) {
			char *first = exact(t.data, cut * by->from);
			int err = by->run(parts, 512 / by->to, first, cut,
			    CASK_REPLACE | CASK_MORE, &p);

			assert_int_equal(err, p.read == cut ? 0 : EINVAL);
			assert_true(cut - p.read < 4);
			assert_int_equal(
			    by->run(parts + p.written * by->to,
				512 / by->to - p.written,
				(char *)t.data + p.read * by->from,
				t.units - p.read, CASK_REPLACE, &q),
			    0);
			assert_int_equal(p.read + q.read, t.units);
			assert_int_equal(p.written + q.written, all.written);
			assert_int_equal(p.replaced + q.replaced, all.replaced);
			assert_memory_equal(parts, whole, all.written * by->to);
			free(first);
		}
		free(t.data);
	}
}

/* In blocks of the given room, from E2BIG to E2BIG. */
static void
squeeze(const struct conversion *by, struct text t, size_t room,
    const char *whole, size_t length)
{
	size_t read = 0, written = 0;
	int err = E2BIG;

	while (err == E2BIG) {
		char *dst = exact(NULL, room * by->to);
		struct cask_progress p;

		err = by->run(dst, room, (char *)t.data + read * by->from,
		    t.units - read, CASK_REPLACE, &p);
		assert_true(err == 0 || err == E2BIG);
		assert_true(p.written <= room);
		assert_memory_equal(
		    dst, whole + written * by->to, p.written * by->to);
		/* No character takes more than four units: it stops late. */
		assert_true(err == 0 || room - p.written < 4);
		assert_true(err == 0 || p.written > 0 || room < 4);
		free(dst);
		read += p.read;
		written += p.written;
		if (p.read == 0)
			break;
	}
	assert_true(err == 0 || room < 4);
	assert_true(err == E2BIG || written == length);
	assert_true(err == E2BIG || read == t.units);
}

static void
any_room_is_filled_to_the_last_whole_character_and_resumed(void **state)
{
	char whole[512];

	(void)state;
	for (size_t i = 0; i < COUNT(conversions); i++) {
		const struct conversion *by = &conversions[i];
		struct text t = mixture(by->from);
		struct cask_progress p;

		assert_int_equal(by->run(whole, 512 / by->to, t.data, t.units,
				     CASK_REPLACE, &p),
		    0);
		for (size_t room = 0; room <= p.written + 1; room++)
			squeeze(by, t, room, whole, p.written);
		free(t.data);
	}
}

static void
measuring_tells_what_writing_needs(void **state)
{
	static const int flags[] = { CASK_STRICT, CASK_REPLACE, CASK_MORE,
		CASK_REPLACE | CASK_MORE };
	char whole[512];

	(void)state;
	for (size_t i = 0; i < COUNT(conversions) * COUNT(flags); i++) {
		const struct conversion *by = &conversions[i / COUNT(flags)];
		int flag = flags[i % COUNT(flags)];
		struct text t = mixture(by->from);
		struct cask_progress p, q;
		int err = by->run(NULL, 0, t.data, t.units, flag, &p);

		assert_int_equal(
		    by->run(whole, p.written, t.data, t.units, flag, &q), err);
		assert_memory_equal(&p, &q, sizeof p);
		free(t.data);
	}
}

static void
an_error_comes_before_a_lack_of_room(void **state)
{
	struct cask_progress p;
	char c;

	(void)state;
	assert_int_equal(cask_utf8_to_utf8(&c, 0, "\xFF", 1, 0, &p), EILSEQ);
	assert_int_equal(
	    cask_utf8_to_utf8(&c, 0, "\xE1", 1, CASK_MORE, &p), EINVAL);
	assert_int_equal(cask_utf8_to_utf8(&c, 0, "a", 1, 0, &p), E2BIG);
	assert_int_equal(p.read, 0);
	assert_int_equal(cask_utf8_to_utf8(&c, 0, "", 0, 0, &p), 0);
	assert_int_equal(cask_utf8_to_utf8(NULL, 0, NULL, 0, 0, &p), 0);
}

static void
ascii_is_measured_to_the_first_byte_that_is_not(void **state)
{
	(void)state;
	for (size_t n = 0; n < 40; n++) {
		char *s = exact(NULL, n);

		memset(s, 'a', n);
		assert_int_equal(cask_ascii_length(s, n), n);
		for (size_t at = 0; at < n; at++) {
			s[at] = (char)(at % 2 ? 0x80 : 0xFF);
			assert_int_equal(cask_ascii_length(s, n), at);
			s[at] = 0x7F;
		}
		free(s);
	}
}

/* On the wire: in either order, at any address, the same units. */
static void
the_wire_has_the_same_units_in_its_order(void **state)
{
	static const char text[] =
	    u8"abcdefghijklmnopqrstuvwxyz \u00E4\u00F6\u00FC \u0416\u0444 "
	    u8"\u65E5\u672C\u8A9E \U0001F600 \u20AC. ABCDEFGHIJ\u0100";

	(void)state;
	for (size_t i = 0; i < 4 * sizeof text; i++) {
		size_t n = i / 4, odd = i & 1;
		bool big = i & 2;
		char *src = exact(text, n), back[512];
		uint16_t units[256];
		unsigned char wire[513];
		struct cask_progress p, q;
		int err = cask_utf8_to_utf16(
		    units, 256, src, n, CASK_REPLACE | CASK_MORE, &p);

		assert_int_equal(caski_utf8_to_wire(wire + odd, 256, src, n,
				     big, CASK_REPLACE | CASK_MORE, &q),
		    err);
		assert_memory_equal(&p, &q, sizeof p);
		for (size_t k = 0; k < p.written; k++)
			assert_int_equal(units[k],
			    wire[odd + 2 * k + !big] * 256 +
				wire[odd + 2 * k + big]);
		assert_int_equal(caski_wire_to_utf8(back, 512, wire + odd,
				     p.written, big, CASK_STRICT, &q),
		    0);
		assert_int_equal(q.written, p.read);
		assert_memory_equal(back, text, p.read);
		free(src);
	}
}

/* Convert bytes in pieces too short for anything but one by one. */
static struct cask_progress
convert_by_sevens(uint16_t *to, const char *s, size_t n)
{
	struct cask_progress all = { 0, 0, 0 }, p;

	while (all.read < n) {
		size_t left = n - all.read;
		int flags = left > 7 ? CASK_REPLACE | CASK_MORE : CASK_REPLACE;
		int err = cask_utf8_to_utf16(to + all.written, 7, s + all.read,
		    left > 7 ? 7 : left, flags, &p);

		assert_true(err == 0 || (err == EINVAL && left > 7));
		all.read += p.read;
		all.written += p.written;
		all.replaced += p.replaced;
	}
	return all;
}

static void
assert_judged_alike(const char *text, size_t n)
{
	uint16_t slow[700], quick[700];
	char copy[700];
	struct cask_progress p = convert_by_sevens(slow, text, n), q;
	char *s = exact(text, n);

	assert_int_equal(
	    cask_utf8_to_utf16(quick, 700, s, n, CASK_REPLACE, &q), 0);
	assert_memory_equal(&p, &q, sizeof p);
	assert_memory_equal(slow, quick, 2 * p.written);
	assert_int_equal(
	    cask_utf8_to_utf16(NULL, 0, s, n, CASK_REPLACE, &q), 0);
	assert_memory_equal(&p, &q, sizeof p);
	assert_int_equal(cask_utf8_to_utf8(copy, 700, s, n, CASK_STRICT, &q),
	    p.replaced > 0 ? EILSEQ : 0);
	assert_true(p.replaced > 0 || q.written == n);
	assert_memory_equal(copy, text, q.written);
	free(s);
}

static const char paragraph[] =
    u8"\u65E5\u672C\u8A9E\u306E\u6587 and \u0440\u0443\u0441\u0441\u043A\u0438"
    u8"\u0439, gr\u00FC\u00DFe, plain words that go on for a while longer; "
    u8"\uAC00\uD7A3\uE000\uFFFD\u0800\u07FF\u00A0 caf\u00E9 \u20AC "
    u8"\u4E00\u4E01\u4E02\u4E03\u4E04\u4E05\u4E06\u4E07\u4E08\u4E09\u4E0A"
    u8"\u4E0B\u4E0C\u4E0D\u4E0E\u4E0F\u4E10\u4E11\u4E12\u4E13\u4E14\u4E15 "
    u8"\u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437\u0438\u0439 end \u00FF"
    u8"\u4E00\u4E01\u4E02\u4E03\u4E04\u4E05\u4E06\u4E07\u4E08\u4E09\u4E0A";

static void
a_wrong_byte_anywhere_in_a_long_text_is_found(void **state)
{
	static const unsigned char wrong[] = { 'a', 0x80, 0xBF, 0xC0, 0xC1,
		0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF };
	char text[sizeof paragraph];

	(void)state;
	for (size_t at = 0; at < sizeof paragraph; at++)
		for (size_t i = 0; i < COUNT(wrong); i++) {
			memcpy(text, paragraph, sizeof text);
			text[at] = (char)wrong[i];
			assert_judged_alike(text, sizeof text);
		}
}

static void
any_part_of_a_long_text_is_judged_as_in_short_pieces(void **state)
{
	(void)state;
	for (size_t from = 0; from < 70; from++)
		for (size_t n = 0; n + from <= sizeof paragraph;
		     n += 1 + n / 80)
			assert_judged_alike(paragraph + from, n);
}

/* All first three bytes that table 3-7 tells apart, in every place of three
 * words, with a fourth that continues and one that does not. */
static void
three_bytes_within_a_text_are_judged_as_alone(void **state)
{
	static const unsigned char third[] = { 0x7F, 0x80, 0xBF, 0xC0, 0xE3 };

	(void)state;
	for (unsigned i = 0; i < 0x10000 * COUNT(third); i++) {
		char text[] = "Nineteen and more bytes: \u4E00 \u00E9.";
		char *at = text + 3 + i % 17;
		uint16_t slow[64], quick[64];
		struct cask_progress p, q;

		at[0] = (char)(i / COUNT(third) >> 8);
		at[1] = (char)(i / COUNT(third));
		at[2] = (char)third[i % COUNT(third)];
		p = convert_by_sevens(slow, text, sizeof text);
		assert_int_equal(cask_utf8_to_utf16(quick, 64, text,
				     sizeof text, CASK_REPLACE, &q),
		    0);
		assert_memory_equal(&p, &q, sizeof p);
		assert_memory_equal(slow, quick, 2 * p.written);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    every_code_point_survives_from_each_form_to_each_other),
	cmocka_unit_test(a_character_between_runs_of_ascii_is_found),
	cmocka_unit_test(
	    every_sequence_of_one_or_two_bytes_is_judged_as_in_table_3_7),
	cmocka_unit_test(
	    every_boundary_of_three_or_four_bytes_is_judged_as_in_table_3_7),
	cmocka_unit_test(one_replacement_stands_for_each_maximal_part),
	cmocka_unit_test(surrogates_count_only_in_pairs_and_in_order),
	cmocka_unit_test(a_high_pairs_with_nothing_but_a_low),
	cmocka_unit_test(two_highs_and_a_low_are_one_error_and_one_character),
	cmocka_unit_test(utf32_beyond_10ffff_is_ill_formed),
	cmocka_unit_test(text_that_is_cut_anywhere_converts_as_in_one_piece),
	cmocka_unit_test(
	    any_room_is_filled_to_the_last_whole_character_and_resumed),
	cmocka_unit_test(measuring_tells_what_writing_needs),
	cmocka_unit_test(an_error_comes_before_a_lack_of_room),
	cmocka_unit_test(ascii_is_measured_to_the_first_byte_that_is_not),
	cmocka_unit_test(the_wire_has_the_same_units_in_its_order),
	cmocka_unit_test(a_wrong_byte_anywhere_in_a_long_text_is_found),
	cmocka_unit_test(any_part_of_a_long_text_is_judged_as_in_short_pieces),
	cmocka_unit_test(three_bytes_within_a_text_are_judged_as_alone),
};

RUN_TESTS(tests)
