/*
 * What is quick of UTF-8 against a decoder that knows nothing of it: all kinds
 * of bytes that table 3-7 tells apart, at every place of sixteen bytes and more
 * and at every end, in texts of one, two and three bytes a character.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "../lib/utf.h"

#include <errno.h>

#define MOST 96

/* One byte of each kind: no second byte's range ends between two of them. */
static const unsigned char kinds[] = { 'a', 0x80, 0x90, 0xA0, 0xC1, 0xC2, 0xE0,
	0xE1, 0xED, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF };

#define KINDS COUNT(kinds)

/* The second opinion: a machine that goes byte by byte. */
struct opinion {
	uint16_t units[MOST];
	struct cask_progress replacing;
	size_t sound; /* how many bytes are, before anything that is not */
	size_t sound_units;
	bool cut; /* all are, but for a character that is cut at the end */
};

/* How many continue a character, and the range of the first of them. */
static unsigned
asks(unsigned char c, unsigned char range[2])
{
	range[0] = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
	range[1] = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
	if (c >= 0xC2 && c <= 0xDF)
		return 1;
	if (c >= 0xE0 && c <= 0xEF)
		return 2;
	return c >= 0xF0 && c <= 0xF4 ? 3 : 0;
}

static void
give(struct opinion *o, uint32_t code)
{
	if (code > 0xFFFF)
		o->units[o->replacing.written++] =
		    (uint16_t)(0xD7C0 + code / 0x400);
	o->units[o->replacing.written++] =
	    (uint16_t)(code > 0xFFFF ? 0xDC00 + code % 0x400 : code);
}

static struct opinion
opine(const unsigned char *s, size_t n)
{
	struct opinion o = { .replacing.read = n };
	bool wrong = false;

	for (size_t i = 0; i < n;) {
		unsigned char range[2];
		unsigned more = asks(s[i], range), left = more;
		uint32_t code = more == 0 ? s[i] : s[i] % (64u >> more);
		size_t start = i++;

		for (;
		     left > 0 && i < n && s[i] >= range[0] && s[i] <= range[1];
		     left--) {
			code = code * 64 + s[i++] % 64;
			range[0] = 0x80;
			range[1] = 0xBF;
		}
		if (left > 0 || (more == 0 && s[start] >= 0x80)) {
			o.cut = !wrong && left > 0 && i == n;
			wrong = true;
			o.replacing.replaced++;
			code = CASK_REPLACEMENT;
		}
		give(&o, code);
		if (!wrong) {
			o.sound = i;
			o.sound_units = o.replacing.written;
		}
	}
	return o;
}

/* Blocks of the exact size, so that one over is seen. */
static void *
exact(size_t n)
{
	void *block = malloc(n > 0 ? n : 1);

	assert_non_null(block);
	return block;
}

static void
fail_on(const unsigned char *s, size_t n, const char *what)
{
	char hex[3 * MOST + 1] = "";

	for (size_t i = 0; i < n; i++)
		snprintf(hex + 3 * i, 4, "%02X ", s[i]);
	fail_msg("%s: %s", what, hex);
}

/* Replacing, on the wire in each order; n units of room are always enough. */
static void
assert_replaced(const unsigned char *s, size_t n, const struct opinion *o)
{
	for (size_t big = 0; big < 2; big++) {
		unsigned char *d = exact(2 * n);
		struct cask_progress p;
		size_t k = 0;

		if (caski_utf8_to_wire(
			d, n, (const char *)s, n, big, CASK_REPLACE, &p) != 0 ||
		    memcmp(&p, &o->replacing, sizeof p) != 0)
			fail_on(s, n, "replaced");
		while (k < p.written &&
		    o->units[k] == (d[2 * k + !big] << 8 | d[2 * k + big]))
			k++;
		if (k < p.written)
			fail_on(s, n, "other units");
		free(d);
	}
}

/* Strictly, with more to come or not: written and counted, and to UTF-8. */
static void
assert_strict(
    const unsigned char *s, size_t n, const struct opinion *o, int flags)
{
	const char *text = (const char *)s;
	int expected = o->sound == n        ? 0
	    : o->cut && (flags & CASK_MORE) ? EINVAL
					    : EILSEQ;
	struct cask_progress want = { o->sound, o->sound_units, 0 }, p;
	uint16_t *d = exact(2 * n);
	char *copy = exact(n);

	if (cask_utf8_to_utf16(d, n, text, n, flags, &p) != expected ||
	    memcmp(&p, &want, sizeof p) != 0 ||
	    memcmp(d, o->units, 2 * p.written) != 0)
		fail_on(s, n, "strictly");
	if (cask_utf8_to_utf16(NULL, 0, text, n, flags, &p) != expected ||
	    memcmp(&p, &want, sizeof p) != 0)
		fail_on(s, n, "counted");
	want.written = want.read;
	if (cask_utf8_to_utf8(copy, n, text, n, flags, &p) != expected ||
	    memcmp(&p, &want, sizeof p) != 0 || memcmp(copy, s, p.written) != 0)
		fail_on(s, n, "copied");
	free(d);
	free(copy);
}

static void
assert_as_opined(const void *text, size_t n)
{
	unsigned char *s = exact(n);
	struct opinion o;

	memcpy(s, text, n);
	o = opine(s, n);
	assert_replaced(s, n, &o);
	assert_strict(s, n, &o, CASK_STRICT);
	assert_strict(s, n, &o, CASK_MORE);
	free(s);
}

/* Text of one to three bytes a character, after so many of ASCII. */
static void
fill(unsigned char *s, size_t n, size_t ascii, size_t bytes)
{
	static const char *const some[] = { "", "a", "\u0436", "\u65E5" };

	for (size_t i = 0; i < n; i++)
		s[i] = i < ascii
		    ? 'x'
		    : (unsigned char)some[bytes][(i - ascii) % bytes];
}

static void
the_second_opinion_knows_the_examples_of_the_standard(void **state)
{
	/* Tables 3-8 and 3-11, and what comes before them. */
	struct opinion o = opine(
	    (const unsigned char *)"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 9);

	(void)state;
	assert_int_equal(o.replacing.written, 9);
	assert_int_equal(o.replacing.replaced, 8);
	assert_int_equal(o.units[8], 'A');
	o = opine(
	    (const unsigned char *)"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 9);
	assert_int_equal(o.replacing.written, 5);
	assert_int_equal(o.replacing.replaced, 4);
	o = opine((const unsigned char *)"\xF0\x90\x8C\x82\xE4\xBA", 6);
	assert_true(o.cut);
	assert_int_equal(o.sound, 4);
	assert_int_equal(o.units[0], 0xD800);
	assert_int_equal(o.units[1], 0xDF02);
}

/* Three bytes of each kind, over sound text. */
static void
three_bytes_of_any_kind_at_any_place_are_judged_as_alone(void **state)
{
	unsigned char s[MOST];

	(void)state;
	for (size_t bytes = 1; bytes <= 3; bytes++)
		for (size_t at = 0; at < 36; at++)
			for (size_t i = 0; i < KINDS * KINDS * KINDS; i++) {
				fill(s, 40, 0, bytes);
				s[at] = kinds[i / KINDS / KINDS];
				s[at + 1] = kinds[i / KINDS % KINDS];
				s[at + 2] = kinds[i % KINDS];
				assert_as_opined(s, 40);
			}
}

/* The same at the end of texts of every length, in front of which is sound. */
static void
three_bytes_of_any_kind_at_any_end_are_judged_as_alone(void **state)
{
	unsigned char s[MOST];

	(void)state;
	for (size_t bytes = 1; bytes <= 3; bytes++)
		for (size_t n = 3; n < 37; n++)
			for (size_t i = 0; i < KINDS * KINDS * KINDS; i++) {
				fill(s, n, n % bytes, bytes);
				s[n - 3] = kinds[i / KINDS / KINDS];
				s[n - 2] = kinds[i / KINDS % KINDS];
				s[n - 1] = kinds[i % KINDS];
				assert_as_opined(s, n);
			}
}

/* Text begins, ASCII comes back, and the text ends, at every three places. */
static void
runs_of_any_length_follow_each_other(void **state)
{
	unsigned char s[MOST];

	(void)state;
	for (size_t bytes = 2; bytes <= 3; bytes++)
		for (size_t start = 0; start < 20; start++)
			for (size_t run = 0; run < 60; run += bytes)
				for (size_t n = start + run; n < MOST; n++) {
					fill(s, n, start, bytes);
					memset(s + start + run, 'y',
					    n - start - run);
					if (n > 4 && n % 3 == 0)
						memcpy(s + n - 2, "\u00E9", 2);
					assert_as_opined(s, n);
				}
}

/* Every character of the basic plane, in every lane. */
static void
every_code_unit_is_right_at_every_place(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x10000; code++) {
		unsigned char s[MOST];
		struct cask_progress p;
		size_t at = code % 16;

		if (code >= 0xD800 && code < 0xE000)
			continue;
		for (size_t lap = 0; lap < 2; lap++, at = (at + 7) % 16) {
			fill(s, 40, 40, 1);
			memcpy(s, "\u00E9", 2);
			assert_int_equal(cask_utf32_to_utf8((char *)s + 2 + at,
					     3, &code, 1, CASK_STRICT, &p),
			    0);
			assert_as_opined(s, 40);
		}
	}
}

/* Whatever the room, no more than it is written, and what fits is. */
static void
any_room_is_filled_and_not_exceeded(void **state)
{
	unsigned char s[MOST];
	struct opinion o;

	(void)state;
	for (size_t i = 0; i < 3 * 20; i++) {
		size_t bytes = 1 + i % 3, n = 80 - i / 3;

		fill(s, n, i / 3, bytes);
		o = opine(s, n);
		for (size_t room = 0; room <= o.sound_units; room++) {
			uint16_t *d = exact(2 * room);
			struct cask_progress p;
			int err = cask_utf8_to_utf16(
			    d, room, (const char *)s, o.sound, 0, &p);

			assert_int_equal(err, room < o.sound_units ? E2BIG : 0);
			assert_int_equal(p.written, room);
			assert_memory_equal(d, o.units, 2 * room);
			free(d);
		}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_second_opinion_knows_the_examples_of_the_standard),
	cmocka_unit_test(
	    three_bytes_of_any_kind_at_any_place_are_judged_as_alone),
	cmocka_unit_test(
	    three_bytes_of_any_kind_at_any_end_are_judged_as_alone),
	cmocka_unit_test(runs_of_any_length_follow_each_other),
	cmocka_unit_test(every_code_unit_is_right_at_every_place),
	cmocka_unit_test(any_room_is_filled_and_not_exceeded),
};

RUN_TESTS(tests)
