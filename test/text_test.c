/*
 * Text: its forms on the wire, what is accepted and what is not, code pages,
 * limits, and lengths that no machine has the memory for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "golden.h"
#include "own_io.h"
#include "test.h"

#include "../lib/sys.h"
#include "../lib/count.h"

#include <cask.h>

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

static void
assert_failed(const struct cask_ar *ar, int err, const char *why)
{
	assert_string_equal(cask_why(ar), why);
	assert_int_equal(ar->err, err);
}

/* Load one text from bytes in hexadecimal into an array; ar has settings. */
static const char *
load_hex(struct cask_ar *ar, const char *hex, char *s, size_t size)
{
	static unsigned char bytes[1024];
	static struct cask_mem m;

	cask_load(ar, cask_mem_read(&m, bytes, golden_hex(bytes, hex)));
	memset(s, 0xA5, size);
	cask_text(ar, s, size);
	return s;
}

/* Store one text; what came of it, to be compared with bytes in hexadecimal. */
static void
store_is(struct cask_ar *ar, const char *s, const char *hex)
{
	unsigned char got[1024], want[1024];
	struct cask_mem m;
	size_t n = golden_hex(want, hex);

	cask_store(ar, cask_mem_write(&m, got, sizeof got));
	cask_put_text(ar, s);
	cask_flush(ar);
	assert_int_equal(m.length, n);
	assert_memory_equal(got, want, n);
}

/* Goldens */

/* Store by exchange or one way: the same bytes. */
static void
check_stored(const struct golden *g, bool big, int way)
{
	size_t n, room;
	unsigned char *bytes = golden_bytes(g, big, &n), *got = malloc(n + 1);
	struct cask_ar ar = { 0 };
	struct golden_value v;
	struct cask_mem m;

	room = n + 1;
	golden_set(&ar, g, big);
	golden_make(g, &v);
	cask_store(&ar, cask_mem_write(&m, got, room));
	if (way == 0)
		cask_text(&ar, v.text, v.size);
	else if (way == 1)
		cask_text_dup(&ar, &v.text, SIZE_MAX);
	else
		cask_put_text(&ar, v.text);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, n);
	assert_memory_equal(got, bytes, n);
	assert_int_equal(ar.replaced, 0);
	golden_assert_value(g, &v);
	golden_free(&v, false);
	free(bytes);
	free(got);
}

static void
check_loaded(const struct golden *g, bool big, int way)
{
	struct golden row = *g;
	size_t n;
	unsigned char *bytes = golden_bytes(g, big, &n);
	struct cask_ar ar = { 0 };
	struct golden_value v;
	struct cask_mem m;

	golden_set(&ar, g, big);
	row.kind = way == 1 ? GOLDEN_DUP : GOLDEN_TEXT;
	golden_place(&row, &v);
	cask_load(&ar, cask_mem_read(&m, bytes, n));
	if (way == 0)
		cask_text(&ar, v.text, v.size);
	else if (way == 1)
		cask_text_dup(&ar, &v.text, SIZE_MAX);
	else
		assert_int_equal(
		    cask_get_text(&ar, v.text, v.size), golden_text_length(g));
	assert_string_equal(cask_why(&ar), "no error");
	golden_assert_value(g, &v);
	assert_int_equal(cask_at(&ar), n);
	assert_false(cask_more(&ar));
	golden_free(&v, way == 1);
	free(bytes);
}

static void
each_text_has_its_bytes_in_both_orders_and_all_calls(void **state)
{
	long live = fault_allocations();

	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++)
		for (int way = 0; way < 6; way++) {
			const struct golden *g = &goldens[i];

			if (g->kind != GOLDEN_TEXT)
				continue;
			if (!g->loaded_only)
				check_stored(g, way % 2, way / 2);
			check_loaded(g, way % 2, way / 2);
		}
	assert_int_equal(fault_allocations(), live);
}

static void
lengths_at_2_to_the_32_have_their_bytes(void **state)
{
	unsigned char got[24], want[24];
	struct cask_mem m;
	uint64_t n;
	bool wide;

	(void)state;
	for (size_t i = 0; i < COUNT(golden_lengths); i++)
		for (int big = 0; big < 2; big++) {
			const struct golden_length *g = &golden_lengths[i];
			struct cask_ar ar = { .big_endian = big };
			size_t size = golden_hex(want, big ? g->big : g->bytes);

			cask_store(&ar, cask_mem_write(&m, got, sizeof got));
			assert_true(caski_put_text_length(&ar, g->n, g->wide));
			assert_int_equal(cask_flush(&ar), 0);
			assert_int_equal(m.length, size);
			assert_memory_equal(got, want, size);

			cask_load(&ar, cask_mem_read(&m, want, size));
			assert_true(caski_get_text_length(&ar, &n, &wide));
			assert_true(n == g->n);
			assert_int_equal(wide, g->wide);
			assert_int_equal(cask_at(&ar), size);
		}
}

/* 2^32 letters and a NUL, made of a few MiB that are mapped again and again. */
#define WHOLE ((uint64_t)1 << 32)
#define TILE  ((size_t)4 << 20)

static char *
map_letters(void)
{
	FILE *f = tmpfile();
	char *base, *tile;
	int fd;

	assert_non_null(f);
	fd = fileno(f);
	assert_int_equal(ftruncate(fd, (off_t)(2 * TILE)), 0);
	base = mmap(NULL, (size_t)WHOLE + TILE, PROT_NONE, MAP_SHARED, fd, 0);
	for (uint64_t at = 0; base != MAP_FAILED && at <= WHOLE; at += TILE) {
		tile = mmap(base + at, TILE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, fd, at < WHOLE ? 0 : (off_t)TILE);
		assert_ptr_equal(tile, base + at);
	}
	fclose(f);
	if (base == MAP_FAILED)
		return NULL;
	memset(base, 'x', TILE);
	return base;
}

static double
seconds_for(const char *s, size_t n)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_null(memchr(s, '\0', n));
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void
a_whole_text_of_2_to_the_32_bytes_can_be_stored(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI,
		.limit = { .text = UINT64_MAX } };
	unsigned char got[15], want[15];
	struct own_io own;
	char *s;

	(void)state;
	if (sizeof(size_t) == 4 || SANITIZED)
		skip();
	s = map_letters();
	if (s == NULL || seconds_for(s, (size_t)WHOLE / 16) * 16 * 4 > 3) {
		if (s != NULL)
			munmap(s, (size_t)WHOLE + TILE);
		skip();
	}
	assert_int_equal(golden_hex(want, golden_lengths[2].bytes), 15);
	cask_store(&ar, own_sink(&own, got, sizeof got));
	cask_put_text(&ar, s);
	assert_int_equal(cask_flush(&ar), 0);
	assert_true(own.moved == 15 + WHOLE);
	assert_memory_equal(got, want, sizeof want);
	munmap(s, (size_t)WHOLE + TILE);
}

static void
a_text_of_2_to_the_32_is_refused_before_it_is_allocated(void **state)
{
	unsigned char length[24];
	struct own_io own;
	char s[64], *dup, why[80];

	(void)state;
	for (size_t i = 0; i < COUNT(golden_lengths); i++)
		for (int way = 0; way < 2; way++) {
			const struct golden_length *g = &golden_lengths[i];
			size_t n = golden_hex(length, g->bytes);
			struct cask_ar ar = { 0 };

			fault_reset();
			cask_load(&ar, own_source(&own, length, n));
			own.produce = WHOLE * 2;
			own.fill = 'x';
			dup = s;
			if (way == 0)
				cask_text(&ar, s, sizeof s);
			else
				cask_text_dup(&ar, &dup, 1000000);
			snprintf(why, sizeof why,
			    "text %s at byte 0 from a peer: length %llu, limit "
			    "%s bytes",
			    way == 0 ? "s" : "dup", (unsigned long long)g->n,
			    way == 0 ? "63" : "1000000");
			assert_failed(&ar, CASK_ELIMIT, why);
			assert_true(way == 0 ? *s == '\0' : dup == NULL);
			assert_int_equal(fault_count(FAULT_MALLOC), 0);
			assert_int_equal(fault_count(FAULT_REALLOC), 0);
			assert_in_range(own.moved, n, CASK_BUFFER + 24);
		}
}

/* Acceptance */

static void
a_second_marker_is_a_length(void **state)
{
	struct cask_ar ar = { 0 };
	static char s[70000];

	(void)state;
	load_hex(&ar, "FF FE FF FF FE FF 02 48 00 69 00", s, sizeof s);
	assert_failed(
	    &ar, CASK_ECUT, "text s at byte 0: stream ended inside a message");
	assert_string_equal(s, "");
	load_hex(&ar, "FF FE FF FF FE FF 02 48 00 69 00", s, 65534);
	assert_failed(&ar, CASK_ELIMIT,
	    "text s at byte 0: length 65534, limit 65533 bytes");
}

static void
a_short_body_is_cut_and_empty(void **state)
{
	static const char *const bodies[] = { "03 61 62", "05 E9 E9 E9",
		"FF FE FF 02 61 00 62", "FF FE FF 02 3D D8", "02", "FF",
		"FF FF", "FF FF FF", "FF FE FF", "FF FE FF FF FF 00",
		"FF 00 01 61", "FF FF FF 05 00 00" };
	char s[300], *dup = s;
	struct cask_mem m;
	unsigned char bytes[64];

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct cask_ar ar = { 0 };
		size_t n = golden_hex(bytes, bodies[i]);

		assert_string_equal(load_hex(&ar, bodies[i], s, sizeof s), "");
		assert_failed(&ar, CASK_ECUT,
		    "text s at byte 0: stream ended inside a message");
		cask_load(&ar, cask_mem_read(&m, bytes, n));
		cask_text_dup(&ar, &dup, 1000);
		assert_int_equal(ar.err, CASK_ECUT);
		assert_null(dup);
		dup = s;
	}
	assert_int_equal(fault_allocations(), 0);
}

static void
a_nul_within_a_text_is_an_error(void **state)
{
	static const char *const hexes[] = { "03 61 00 62", "01 00",
		"03 E9 00 E9", "FF FE FF 02 00 00 61 00",
		"FF FE FF 03 61 00 62 00 00 00",
		"09 61 61 61 61 61 61 61 61 00",
		"10 61 61 61 61 61 61 61 61 61 61 61 00 61 61 61 61" };
	char s[64];

	(void)state;
	for (size_t i = 0; i < COUNT(hexes); i++) {
		struct cask_ar ar = { 0 };

		assert_string_equal(load_hex(&ar, hexes[i], s, sizeof s), "");
		assert_failed(&ar, CASK_ETEXT,
		    "text s at byte 0: the text holds a NUL, which a C "
		    "string can't hold");
	}
	for (int replace = 0; replace < 2; replace++) {
		struct cask_ar ar = { .form = CASK_UTF8, .replace = replace };

		load_hex(&ar, "03 00 61 00 62", s, sizeof s);
		assert_int_equal(ar.err, CASK_ETEXT);
	}
}

/* … wherever it stands in a text of several pieces. */
static void
a_nul_far_within_a_text_is_an_error(void **state)
{
	unsigned char bytes[1003];
	char s[1001], *dup;

	(void)state;
	for (size_t at = 0; at < 1000; at++) {
		struct cask_ar ar = { .big_endian = true };
		struct cask_mem m;

		memset(bytes, 'a', sizeof bytes);
		memcpy(bytes, "\xFF\x03\xE8", 3);
		bytes[3 + at] = '\0';
		cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
		if (at % 2)
			cask_text(&ar, s, sizeof s);
		else
			cask_text_dup(&ar, &dup, 1000);
		assert_int_equal(ar.err, CASK_ETEXT);
		assert_true(at % 2 ? *s == '\0' : dup == NULL);
	}
	assert_int_equal(fault_allocations(), 0);
}

/* Conversion */

static void
what_the_code_page_lacks_is_an_error_or_counted(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	const char *s = u8"a\u65E5b\u672C";

	(void)state;
	store_is(&ar, s, "");
	assert_failed(&ar, CASK_ETEXT,
	    "text at byte 0: code page 1252 lacks the character at byte 1 "
	    "of the text");
	assert_int_equal(ar.replaced, 0);
	ar.codepage = 850;
	store_is(&ar, u8"\u20AC", "");
	assert_failed(&ar, CASK_ETEXT,
	    "text at byte 0: code page 850 lacks the character at byte 0 "
	    "of the text");
	ar.codepage = 0;
	ar.replace = true;
	store_is(&ar, s, "04 61 3F 62 3F");
	assert_int_equal(ar.err, 0);
	assert_int_equal(ar.replaced, 2);
	store_is(&ar, "plain", "05 70 6C 61 69 6E");
	assert_int_equal(ar.replaced, 0);
}

static void
ill_formed_text_is_not_stored_or_is_replaced(void **state)
{
	static const struct {
		enum cask_text_form form;
		const char *replaced;
	} rows[] = {
		{ CASK_UNICODE, "FF FE FF 03 61 00 FD FF 62 00" },
		{ CASK_ANSI, "03 61 3F 62" },
		{ CASK_UTF8, "05 00 61 EF BF BD 62" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cask_ar ar = { .form = rows[i].form };

		store_is(&ar,
		    "a\xFF"
		    "b",
		    "");
		assert_failed(&ar, EILSEQ,
		    "text at byte 0: ill-formed text after 1 of its code "
		    "units");
		store_is(&ar, "ab\xED\xA0\x80", ""); /* a surrogate */
		assert_int_equal(ar.err, EILSEQ);
		store_is(&ar, "ab\xE2\x82", ""); /* cut */
		assert_int_equal(ar.err, EILSEQ);
		ar.replace = true;
		store_is(&ar,
		    "a\xFF"
		    "b",
		    rows[i].replaced);
		assert_int_equal(ar.err, 0);
		assert_int_equal(ar.replaced, 1);
	}
}

static void
ill_formed_text_is_not_loaded_or_is_replaced(void **state)
{
	static const struct {
		enum cask_text_form form;
		int codepage;
		const char *hex;
		const char *replaced;
		unsigned count;
		unsigned where;
	} rows[] = {
		{ CASK_ANSI, 932, "03 61 62 93", u8"ab\uFFFD", 1, 2 },
		{ CASK_ANSI, 65001, "03 61 FF 62",
		    u8"a\uFFFD"
		    "b",
		    1, 1 },
		{ CASK_UNICODE, 0, "FF FE FF 03 61 00 00 D8 62 00",
		    u8"a\uFFFD"
		    "b",
		    1, 1 },
		{ CASK_UNICODE, 0, "FF FE FF 02 61 00 00 D8", u8"a\uFFFD", 1,
		    1 },
		{ CASK_UNICODE, 0, "FF FE FF 02 00 DC 00 D8", u8"\uFFFD\uFFFD",
		    2, 0 },
		{ CASK_UTF8, 0, "04 00 61 E2 82 62",
		    u8"a\uFFFD"
		    "b",
		    1, 1 },
		{ CASK_UTF8, 0, "02 00 C0 80", u8"\uFFFD\uFFFD", 2, 0 },
		{ CASK_UTF8, 0, "02 00 61 F0", u8"a\uFFFD", 1, 1 },
	};
	char s[64], why[80];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cask_ar ar = { .form = rows[i].form,
			.codepage = rows[i].codepage };

		assert_string_equal(
		    load_hex(&ar, rows[i].hex, s, sizeof s), "");
		snprintf(why, sizeof why,
		    "text s at byte 0: ill-formed text after %u of its code "
		    "units",
		    rows[i].where);
		assert_failed(&ar, EILSEQ, why);
		ar.replace = true;
		assert_string_equal(
		    load_hex(&ar, rows[i].hex, s, sizeof s), rows[i].replaced);
		assert_int_equal(ar.err, 0);
		assert_int_equal(ar.replaced, rows[i].count);
	}
}

/* A text of n units with one that is ill-formed; as a count of bytes before. */
static void
check_ill_formed_at(enum cask_text_form form, bool big, size_t n, size_t at)
{
	static unsigned char bytes[2 * 1100], *p;
	struct cask_ar ar = {
		.form = form, .big_endian = big, .codepage = 65001
	};
	size_t width = form == CASK_UNICODE ? 2 : 1;
	struct cask_mem m;
	char *s, why[80];

	p = bytes;
	if (form != CASK_UTF8)
		*p++ = 0xFF;
	if (form == CASK_UNICODE) {
		cask_write16(p, cask_order16(0xFFFE, big));
		p += 2;
		*p++ = 0xFF;
	}
	cask_write16(p, cask_order16((uint16_t)n, big));
	p += 2;
	for (size_t i = 0; i < n; i++, p += width)
		if (width == 1)
			*p = i == at ? 0xFF : 'a';
		else
			cask_write16(
			    p, cask_order16(i == at ? 0xDC00 : 'a', big));
	cask_load(&ar, cask_mem_read(&m, bytes, (size_t)(p - bytes)));
	cask_text_dup(&ar, &s, SIZE_MAX);
	snprintf(why, sizeof why,
	    "text s at byte 0: ill-formed text after %zu of its code units",
	    at);
	assert_failed(&ar, EILSEQ, why);
	assert_null(s);
}

static void
an_ill_formed_unit_has_its_number_in_the_whole_text(void **state)
{
	static const size_t at[] = { 0, 255, 256, 257, 300, 511, 512, 700,
		999 };

	(void)state;
	for (size_t i = 0; i < COUNT(at); i++)
		for (int form = CASK_UNICODE; form <= CASK_UTF8; form++)
			for (int big = 0; big < 2; big++)
				check_ill_formed_at((enum cask_text_form)form,
				    big, 1000, at[i]);
	assert_int_equal(fault_allocations(), 0);
}

static void
replacements_are_counted_over_all_texts(void **state)
{
	static const unsigned char bytes[] = { 1, 0xFF, 2, 0xFF, 0xFF, 1, 'a' };
	struct cask_ar ar = { .replace = true, .codepage = 65001 };
	struct cask_mem m;
	char s[16];

	(void)state;
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.replaced, 1);
	cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.replaced, 3);
	cask_text(&ar, s, sizeof s);
	assert_string_equal(s, "a");
	assert_int_equal(ar.err, 0);
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	assert_int_equal(ar.replaced, 0);

	for (int form = CASK_UNICODE; form <= CASK_UTF8; form++) {
		ar.form = (enum cask_text_form)form;
		ar.codepage = 1252;
		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_put_text(&ar, "\xFF");
		cask_put_text(&ar, "a\xFF\xFF");
		cask_put_text(&ar, "plain");
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(ar.replaced, 3);
		cask_mem_close(&m);
	}
}

static void
a_code_page_without_a_converter_is_an_error(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI, .codepage = 1 };
	char s[16];

	(void)state;
	store_is(&ar, u8"\u00E9", "");
	assert_failed(&ar, CASK_ECHARSET,
	    "text at byte 0: no converter for code page 1 here");
	load_hex(&ar, "01 E9", s, sizeof s);
	assert_failed(&ar, CASK_ECHARSET,
	    "text s at byte 0: no converter for code page 1 here");
	ar.codepage = -1;
	load_hex(&ar, "01 E9", s, sizeof s);
	assert_int_equal(ar.err, CASK_ECHARSET);
	/* the Unicode form has nothing to do with it */
	load_hex(&ar, "FF FE FF 01 E9 00", s, sizeof s);
	assert_int_equal(ar.err, 0);
	assert_string_equal(s, u8"\u00E9");
}

/* Both ways through every edge: a character, as UTF-8 and in its form. */
static void
check_straddling(const char *hex, size_t lead, const char *utf8,
    struct cask_ar *ar, size_t at_most)
{
	static char text[2048], back[2048];
	static unsigned char want[4096], got[4096], unit[8];
	size_t width = ar->form == CASK_UNICODE ? 2 : 1;
	size_t n = 0, k = golden_hex(unit, hex), m = 40;
	struct own_io own;
	uint64_t left;
	bool wide;

	memset(want, 0, sizeof want);
	for (; n < lead; n++) {
		text[n] = 'a';
		want[n * width] = 'a';
	}
	for (size_t i = 0; i < m; i++) {
		memcpy(text + n + i * strlen(utf8), utf8, strlen(utf8) + 1);
		memcpy(want + n * width + i * k, unit, k);
	}
	n = lead * width + m * k;
	cask_store(ar, own_sink(&own, got, sizeof got));
	own.at_most = at_most;
	cask_put_text(ar, text);
	assert_int_equal(cask_flush(ar), 0);
	assert_memory_equal(got + own.moved - n, want, n);

	cask_load(ar, own_source(&own, got, (size_t)own.moved));
	own.at_most = at_most;
	assert_int_equal(cask_get_text(ar, back, sizeof back), strlen(text));
	assert_string_equal(cask_why(ar), "no error");
	assert_string_equal(back, text);
	if (ar->form == CASK_UTF8)
		return;
	cask_load(ar, own_source(&own, got, (size_t)own.moved));
	assert_true(caski_get_text_length(ar, &left, &wide));
	assert_true(left * (wide ? 2 : 1) == n);
}

static void
characters_straddle_pieces_and_buffers(void **state)
{
	static const struct {
		enum cask_text_form form;
		int codepage;
		const char *hex, *utf8;
	} rows[] = {
		{ CASK_UNICODE, 0, "3D D8 00 DE", u8"\U0001F600" },
		{ CASK_UNICODE, 0, "AC 20", u8"\u20AC" },
		{ CASK_ANSI, 932, "93 FA", u8"\u65E5" },
		{ CASK_ANSI, 932, "83 5C", u8"\u30BD" }, /* a backslash in it */
		{ CASK_ANSI, 0, "80", u8"\u20AC" },
		{ CASK_ANSI, 65001, "F0 9F 98 80", u8"\U0001F600" },
		{ CASK_UTF8, 0, "E2 82 AC", u8"\u20AC" },
		{ CASK_UTF8, 0, "F0 9F 98 80", u8"\U0001F600" },
	};
	static const size_t sizes[] = { 0, 1, 2, 7, 257 };
	static const size_t leads[] = { 0, 120, 230, 496 };
	unsigned char buffer[257];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t b = 0; b < COUNT(sizes); b++)
			for (size_t l = 0; l < COUNT(leads) * 27; l++) {
				struct cask_ar ar = { .form = rows[i].form,
					.codepage = rows[i].codepage,
					.buffer = buffer,
					.buffer_size = sizes[b] };

				check_straddling(rows[i].hex,
				    leads[l / 27] + l % 27, rows[i].utf8, &ar,
				    l % 3);
			}
}

/* What is kept from one piece to the next has its order already. */
static void
a_pair_straddles_pieces_in_a_big_endian_text(void **state)
{
	char text[600], back[600];

	(void)state;
	for (size_t lead = 250; lead < 260; lead++)
		for (int big = 0; big < 2; big++) {
			struct cask_ar ar = { .big_endian = big };
			struct cask_mem m;
			char *dup;

			memset(text, 'a', lead);
			strcpy(text + lead, u8"\U0001F600 and on");
			cask_store(&ar, cask_mem_grow(&m, 0));
			cask_put_text(&ar, text);
			assert_int_equal(cask_flush(&ar), 0);
			cask_load(&ar, &m.io);
			cask_text(&ar, back, sizeof back);
			assert_string_equal(cask_why(&ar), "no error");
			assert_string_equal(back, text);
			m.position = 0;
			cask_load(&ar, &m.io);
			cask_text_dup(&ar, &dup, 600);
			assert_int_equal(ar.err, 0);
			assert_string_equal(dup, text);
			caski_sys_free(dup);
			cask_mem_close(&m);
		}
}

/* Size */

static void
text_fits_an_array_to_the_last_byte(void **state)
{
	struct cask_ar ar = { 0 };
	char s[64];

	(void)state;
	assert_string_equal(load_hex(&ar, "03 61 62 63", s, 4), "abc");
	assert_int_equal(ar.err, 0);
	assert_string_equal(load_hex(&ar, "03 61 62 63", s, 3), "");
	assert_failed(
	    &ar, CASK_ELIMIT, "text s at byte 0: length 3, limit 2 bytes");

	assert_string_equal(load_hex(&ar, "02 E9 80", s, 6), u8"\u00E9\u20AC");
	assert_int_equal(ar.err, 0);
	assert_string_equal(load_hex(&ar, "02 E9 80", s, 5), "");
	assert_failed(
	    &ar, CASK_ELIMIT, "text s at byte 0: length over 4, limit 4 bytes");
	assert_string_equal(
	    load_hex(&ar, "FF FE FF 02 3D D8 00 DE", s, 5), u8"\U0001F600");
	assert_string_equal(load_hex(&ar, "FF FE FF 02 3D D8 00 DE", s, 4), "");
	assert_failed(
	    &ar, CASK_ELIMIT, "text s at byte 0: length over 3, limit 3 bytes");
	assert_string_equal(load_hex(&ar, "00", s, 1), "");
	assert_int_equal(ar.err, 0);
	assert_string_equal(load_hex(&ar, "01 41", s, 1), "");
	assert_failed(
	    &ar, CASK_ELIMIT, "text s at byte 0: length 1, limit 0 bytes");
}

static void
an_array_is_not_written_beyond_its_size(void **state)
{
	static const char *const hexes[] = { "03 61 62 63", "03 E9 E9 E9",
		"FF FE FF 03 AC 20 AC 20 AC 20", "00",
		"09 61 62 63 64 65 66 67 68 69" };
	(void)state;
	for (size_t i = 0; i < COUNT(hexes) * 2; i++)
		for (size_t size = 1; size < 16; size++) {
			struct cask_ar ar = { 0 };
			char *s = malloc(size + 1);

			load_hex(&ar, hexes[i / 2], s, size);
			s[size] = '#';
			((struct cask_mem *)ar.io)->position = 0;
			cask_load(&ar, ar.io);
			if (i % 2) /* it is in the buffer already */
				assert_true(cask_more(&ar));
			cask_text(&ar, s, size);
			assert_true(ar.err == 0 || ar.err == CASK_ELIMIT);
			assert_true(strlen(s) < size);
			assert_int_equal(s[size], '#');
			free(s);
		}
}

/* As many bytes as the array has leave no room for the NUL. */
static void
a_plain_text_as_long_as_the_array_does_not_fit(void **state)
{
	unsigned char bytes[41], buffer[64];

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	for (size_t size = 1; size <= 40; size++)
		for (int way = 0; way < 4; way++) {
			struct cask_ar ar = { .form = way % 2 ? CASK_ANSI
							      : CASK_UNICODE,
				.buffer = buffer,
				.buffer_size = sizeof buffer };
			char *block = malloc(size + 1), *s = malloc(size);
			struct cask_mem m;

			assert_non_null(block);
			assert_non_null(s);
			block[size] = '#';
			bytes[0] = (unsigned char)size;
			cask_load(&ar, cask_mem_read(&m, bytes, 1 + size));
			assert_true(cask_more(&ar)); /* all is there */
			if (way < 2)
				cask_text(&ar, block, size);
			else
				cask_get_text(&ar, block, size);
			assert_int_equal(ar.err, CASK_ELIMIT);
			assert_string_equal(block, "");
			assert_int_equal(block[size], '#');

			cask_load(&ar, cask_mem_read(&m, bytes, 1 + size));
			assert_true(cask_more(&ar));
			cask_get_text(&ar, s, size);
			assert_int_equal(ar.err, CASK_ELIMIT);
			free(block);
			free(s);
		}
}

static void
to_store_while_loading_leaves_what_was_read_alone(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	unsigned char buffer[16];
	struct own_io own;

	(void)state;
	ar.buffer = buffer;
	ar.buffer_size = sizeof buffer;
	cask_load(&ar, own_source(&own, "0123456789", 10));
	assert_true(cask_more(&ar));
	assert_int_equal(cask_pending(&ar), 10);
	cask_put_text(&ar, "ab");
	assert_failed(&ar, CASK_EDIRECTION,
	    "text at byte 0 from a peer: can't store: the archive is "
	    "loading");
	assert_memory_equal(buffer, "0123456789", 10);
	assert_int_equal(own.moved, 10);
}

/* The text ends where the buffer does. */
static void
text_is_not_stored_beyond_the_buffer(void **state)
{
	(void)state;
	for (size_t n = 0; n < 40; n++) {
		unsigned char *block = malloc(n + 2);
		char s[40] = "";
		struct cask_ar ar = {
			.form = CASK_ANSI, .buffer = block, .buffer_size = n + 1
		};
		struct own_io own;

		memset(s, 'x', n);
		block[n + 1] = '#';
		cask_store(&ar, own_sink(&own, NULL, 0));
		cask_put_text(&ar, s);
		assert_int_equal(block[n + 1], '#');
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(own.moved, n + 1);
		free(block);
	}
}

static void
an_array_of_no_bytes_or_without_a_nul_is_an_error(void **state)
{
	struct cask_ar ar = { 0 };
	char s[4] = "abc";
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "\0", 1));
	cask_text(&ar, s, 0);
	assert_failed(
	    &ar, EINVAL, "text s at byte 0: an array of 0 bytes holds no text");
	assert_string_equal(s, "abc");
	for (size_t size = 0; size < sizeof s; size++) {
		char why[80];

		cask_store(&ar, cask_mem_write(&m, s, 0));
		cask_text(&ar, s, size);
		snprintf(why, sizeof why,
		    "text s at byte 0: no terminating NUL within its %zu bytes",
		    size);
		assert_failed(&ar, CASK_ELIMIT, why);
	}
}

static void
limit_text_holds_in_both_directions(void **state)
{
	static const unsigned char two[] = { 3, 'a', 'b', 'c', 4, 'a', 'b', 'c',
		'd' };
	struct cask_ar ar = { .form = CASK_ANSI, .limit = { .text = 3 } };
	char s[64], *dup = s;
	struct cask_mem m;

	(void)state;
	store_is(&ar, "abc", "03 61 62 63");
	assert_int_equal(ar.err, 0);
	store_is(&ar, "abcd", "");
	assert_failed(&ar, CASK_ELIMIT,
	    "text at byte 0: length 4, limit 3 bytes (limit.text)");
	ar.form = CASK_UNICODE;
	store_is(&ar, u8"\u20AC", "FF FE FF 01 AC 20");
	assert_int_equal(ar.err, 0);
	store_is(&ar, u8"\u20AC-", "");
	assert_int_equal(ar.err, CASK_ELIMIT);

	assert_string_equal(load_hex(&ar, "03 61 62 63", s, sizeof s), "abc");
	load_hex(&ar, "04 61 62 63 64", s, sizeof s);
	assert_failed(&ar, CASK_ELIMIT,
	    "text s at byte 0: length 4, limit 3 bytes (limit.text)");
	load_hex(&ar, "02 80 61", s, sizeof s);
	assert_failed(&ar, CASK_ELIMIT,
	    "text s at byte 0: length over 3, limit 3 bytes (limit.text)");
	/* … also where the text is in the buffer already */
	cask_load(&ar, cask_mem_read(&m, two, sizeof two));
	assert_int_equal(cask_get_text(&ar, s, sizeof s), 3);
	cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_string_equal(s, "");
	cask_load(&ar, cask_mem_read(&m, two + 4, 5));
	cask_text_dup(&ar, &dup, 4);
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_null(dup);
}

static void
without_a_setting_a_text_ends_at_16_mib(void **state)
{
	size_t n = ((size_t)16 << 20) + 1;
	struct cask_ar ar = { 0 };
	struct own_io own;
	char *s = malloc(n + 1);

	(void)state;
	assert_non_null(s);
	memset(s, 'x', n);
	s[n] = '\0';
	for (int form = CASK_UNICODE; form <= CASK_UTF8; form++) {
		ar.form = (enum cask_text_form)form;
		cask_store(&ar, own_sink(&own, NULL, 0));
		cask_put_text(&ar, s);
		assert_failed(&ar, CASK_ELIMIT,
		    "text at byte 0: length 16777217, limit 16777216 "
		    "bytes (limit.text)");
		assert_int_equal(own.moved, 0);
		cask_store(&ar, own_sink(&own, NULL, 0));
		cask_put_text(&ar, s + 1);
		assert_int_equal(cask_flush(&ar), 0);
	}
	free(s);
}

/* Text in memory of its own */

static void
null_is_stored_as_an_empty_text_and_loaded_as_one(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	struct cask_mem m;
	char *s = NULL;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_text_dup(&ar, &s, 0);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, 1);
	assert_int_equal(m.data[0], 0);
	cask_load(&ar, &m.io);
	cask_text_dup(&ar, &s, 0);
	assert_int_equal(ar.err, 0);
	assert_non_null(s);
	assert_string_equal(s, "");
	caski_sys_free(s);
	cask_mem_close(&m);
}

static void
a_dup_has_a_limit_in_both_directions(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	char abc[] = "abc", *s = abc;
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_text_dup(&ar, &s, 3);
	assert_int_equal(cask_flush(&ar), 0);
	cask_text_dup(&ar, &s, 2);
	assert_failed(
	    &ar, CASK_ELIMIT, "text s at byte 4: length 3, limit 2 bytes");
	assert_ptr_equal(s, abc);
	cask_load(&ar, &m.io);
	cask_text_dup(&ar, &s, 3);
	assert_string_equal(s, "abc");
	caski_sys_free(s);
	m.position = 0;
	cask_load(&ar, &m.io);
	cask_text_dup(&ar, &s, 2);
	assert_failed(
	    &ar, CASK_ELIMIT, "text s at byte 0: length 3, limit 2 bytes");
	assert_null(s);
	cask_mem_close(&m);
	assert_int_equal(fault_allocations(), 0);
}

/* Few code units may be many bytes in memory. */
static void
a_dup_that_grows_in_converting_is_limited_to_the_byte(void **state)
{
	static const struct {
		const char *hex;
		size_t length;
	} rows[] = {
		{ "FF FE FF 04 AC 20 AC 20 AC 20 AC 20", 12 },
		{ "04 80 80 80 80", 12 },
		{ "FF FE FF 04 3D D8 00 DE 3D D8 00 DE", 8 },
		{ "05 E9 E9 E9 E9 E9", 10 },
	};
	unsigned char bytes[16];
	struct cask_mem m;
	char why[80];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t max = 5; max < 15; max++) {
			size_t n = golden_hex(bytes, rows[i].hex);
			struct cask_ar ar = { 0 };
			char *s = NULL;

			cask_load(&ar, cask_mem_read(&m, bytes, n));
			cask_text_dup(&ar, &s, max);
			if (max >= rows[i].length) {
				assert_string_equal(cask_why(&ar), "no error");
				assert_int_equal(strlen(s), rows[i].length);
				caski_sys_free(s);
				continue;
			}
			snprintf(why, sizeof why,
			    "text s at byte 0: length over %zu, limit %zu "
			    "bytes",
			    max, max);
			assert_failed(&ar, CASK_ELIMIT, why);
			assert_null(s);
		}
	assert_int_equal(fault_allocations(), 0);
}

/* Every unit of a piece, and more, becomes as many bytes as there can be. */
static void
a_piece_of_the_longest_characters_is_loaded(void **state)
{
	static const size_t counts[] = { 255, 256, 257, 512, 1000 };
	static char text[3 * 1000 + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++)
		for (int way = 0; way < 4; way++) {
			struct cask_ar ar = { .form = way % 2 ? CASK_ANSI
							      : CASK_UNICODE,
				.big_endian = way / 2 };
			struct cask_mem m;
			char *s = NULL;

			for (size_t k = 0; k < counts[i]; k++)
				memcpy(text + 3 * k, u8"\u20AC", 4);
			cask_store(&ar, cask_mem_grow(&m, 0));
			cask_put_text(&ar, text);
			assert_int_equal(cask_flush(&ar), 0);
			if (way % 2)
				assert_int_equal(
				    m.data[m.length - 1], 0x80); /* of 1252 */
			cask_load(&ar, &m.io);
			cask_text_dup(&ar, &s, SIZE_MAX);
			assert_string_equal(cask_why(&ar), "no error");
			assert_string_equal(s, text);
			caski_sys_free(s);
			cask_mem_close(&m);
		}
	assert_int_equal(fault_allocations(), 0);
}

/* The last allocation only gives back what is not needed. */
static void
a_dup_arrives_when_its_memory_can_not_be_made_smaller(void **state)
{
	static const char *const texts[] = { "", "abc", u8"\u20AC\u20AC" };
	static char large[5000];

	(void)state;
	memset(large, 'x', sizeof large - 1);
	for (size_t i = 0; i <= COUNT(texts); i++)
		for (int form = CASK_UNICODE; form <= CASK_UTF8; form++) {
			const char *text = i < COUNT(texts) ? texts[i] : large;
			struct cask_ar ar = { .form =
						  (enum cask_text_form)form };
			struct cask_mem m;
			unsigned calls = 0;
			char *s;

			cask_store(&ar, cask_mem_grow(&m, 0));
			cask_put_text(&ar, text);
			assert_int_equal(cask_flush(&ar), 0);
			for (int failing = 0; failing < 2; failing++) {
				fault_reset();
				if (failing)
					fault_plan(FAULT_REALLOC, calls - 1,
					    true, ENOMEM);
				m.position = 0;
				cask_load(&ar, &m.io);
				cask_text_dup(&ar, &s, SIZE_MAX);
				assert_int_equal(fault_injected(), failing);
				calls = fault_count(FAULT_REALLOC);
				assert_true(calls >= 2);
				assert_int_equal(ar.err, 0);
				assert_non_null(s);
				assert_string_equal(s, text);
				caski_sys_free(s);
			}
			fault_reset();
			cask_mem_close(&m);
		}
	assert_int_equal(fault_allocations(), 0);
}

static void
memory_for_a_text_comes_with_its_bytes(void **state)
{
	static unsigned char bytes[5005] = { 0xFF, 0xFF, 0xFF, 0, 0, 0, 1 };
	char *s = NULL;

	(void)state;
	memset(bytes + 7, 'x', sizeof bytes - 7);
	/* 16 MiB are announced, and within the limit */
	for (size_t n = 7; n < sizeof bytes; n = n * 5 / 3) {
		struct cask_ar ar = { 0 };
		struct own_io own;

		fault_reset();
		cask_load(&ar, own_source(&own, bytes, n));
		cask_text_dup(&ar, &s, SIZE_MAX);
		assert_int_equal(ar.err, CASK_ECUT);
		assert_null(s);
		assert_in_range(fault_count(FAULT_REALLOC), 0, n / 256);
	}
}

/* Of what is loaded, never the whole is copied to be made fit. */
static void
assert_paid(enum cask_text_form form, int page, const char *unit, size_t width)
{
	static const unsigned char all[] = { 0xFF, 0xFF, 0xFF, 0, 0, 0, 1 };
	static const unsigned char utf16[] = { 0xFF, 0xFE, 0xFF, 0xFF, 0xFF,
		0xFF, 0, 0, 0x80, 0 };
	bool wide = form == CASK_UNICODE;
	struct cask_string32 s32 = { 0 };
	struct cask_string s = { 0 };

	for (size_t n = 1000; n < (size_t)5 << 20; n = n * 7 / 2) {
		struct cask_ar ar = { .form = form, .codepage = page };
		struct own_io own;
		uint64_t text;

		fault_reset();
		cask_load(&ar,
		    own_source(&own, wide ? utf16 : all,
			wide ? sizeof utf16 : sizeof all));
		own.produce = n;
		own.fill = (unsigned char)*unit;
		if (width == 4)
			cask_string32_dup(&ar, &s32, SIZE_MAX);
		else
			cask_string_dup(&ar, &s, SIZE_MAX);
		assert_int_equal(ar.err, CASK_ECUT);
		text = n / (wide ? 2 : 1) * strlen(unit + 1);
		text = width == 4 ? 4 * n : text;
		assert_true(
		    fault_largest() <= 65536 + (text > 2 * n ? text : 2 * n));
		/* a piece was not whole, and is lost */
		assert_true(fault_largest() + 4 * 256 >= text);
	}
	assert_int_equal(fault_allocations(), 0);
}

static void
memory_for_a_text_is_paid_for_by_its_bytes(void **state)
{
	(void)state;
	/* a byte, and what it becomes */
	assert_paid(CASK_ANSI, 1252, "xx", 1);
	assert_paid(CASK_ANSI, 1252, "\xE4\xC3\xA4", 1);
	assert_paid(CASK_ANSI, 1252, "\x80\xE2\x82\xAC", 1);
	assert_paid(CASK_ANSI, 874, "\xA1\xE0\xB8\x81", 1);
	assert_paid(CASK_ANSI, 1252, "xx", 4);
	assert_paid(CASK_UNICODE, 0, "\x4E\xE4\xB9\x8E", 1);
}

static void
a_long_text_needs_few_allocations(void **state)
{
	unsigned char length[] = { 0xFF, 0xFF, 0xFF, 0, 0, 0, 1 };
	size_t n = (size_t)16 << 20;
	struct cask_ar ar = { 0 };
	struct own_io own;
	char *s;

	(void)state;
	fault_reset();
	cask_load(&ar, own_source(&own, length, sizeof length));
	own.produce = n;
	own.fill = 'x';
	cask_text_dup(&ar, &s, SIZE_MAX);
	assert_int_equal(ar.err, 0);
	assert_non_null(s);
	assert_int_equal(strlen(s), n);
	assert_in_range(fault_count(FAULT_REALLOC), 1, 20);
	caski_sys_free(s);
	assert_int_equal(fault_allocations(), 0);
}

/* Faults */

static void
without_memory_a_dup_is_null_and_the_error_enomem(void **state)
{
	static const char *const hexes[] = { "03 61 62 63", "01 E9", "00",
		"FF FE FF 01 61 00" };
	unsigned char bytes[16];
	struct cask_mem m;
	char *s = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(hexes); i++) {
		struct cask_ar ar = { 0 };
		size_t n = golden_hex(bytes, hexes[i]);

		fault_reset();
		fault_plan(FAULT_REALLOC, 0, true, ENOMEM);
		cask_load(&ar, cask_mem_read(&m, bytes, n));
		cask_text_dup(&ar, &s, 100);
		assert_int_equal(ar.err, ENOMEM);
		assert_null(s);
		assert_true(fault_injected() > 0);
	}
	fault_reset();
}

/* Converting is done twice, to measure and to store: the second may fail. */
static void
a_converter_that_fails_late_does_not_give_a_shorter_text(void **state)
{
	bool done = false;

	(void)state;
	for (int replace = 0; replace < 2; replace++, done = false)
		for (unsigned nth = 0; !done; nth++) {
			struct cask_ar ar = { .form = CASK_ANSI,
				.codepage = 932,
				.replace = replace };
			struct cask_mem m;

			fault_reset();
			fault_plan(FAULT_ICONV, nth, true, EILSEQ);
			cask_store(&ar, cask_mem_grow(&m, 0));
			cask_put_text(&ar, u8"\u65E5\u672C\u65E5\u672C");
			cask_flush(&ar);
			done = fault_injected() == 0;
			if (ar.err == 0)
				assert_int_equal(m.length, 1 + m.data[0]);
			if (done)
				assert_int_equal(m.length, 9);
			cask_mem_close(&m);
		}
	fault_reset();
}

/* Every form, with and without replacing, into a transport that fails. */
static void
a_text_may_fail_at_any_byte_of_it(void **state)
{
	static char s[1200];

	(void)state;
	memset(s, 'x', sizeof s - 1);
	for (int way = 0; way < 6; way++)
		for (uint64_t at = 0; at < 1200; at += 13) {
			struct cask_ar ar = { .form = (enum cask_text_form)(
						  way / 2),
				.replace = true };
			struct own_io own;

			s[0] = way % 2 ? '\xE9' : 'x'; /* ill-formed */
			cask_store(&ar, own_sink(&own, NULL, 0));
			own.fail_at = at;
			own.fail_with = EPIPE;
			cask_put_text(&ar, s);
			assert_int_equal(cask_flush(&ar), EPIPE);
			assert_int_equal(own.moved, at);
		}
}

static void
a_lossy_converter_is_not_used(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };

	(void)state;
	fault_reset();
	fault_iconv_lossy(true);
	store_is(&ar, u8"\u20AC", "");
	assert_int_equal(ar.err, CASK_ECHARSET);
	assert_true(fault_injected() > 0);
	fault_reset();
}

static void
plain_text_needs_no_converter(void **state)
{
	static char s[3000], back[3000];
	struct cask_ar ar = { .form = CASK_ANSI };
	struct cask_mem m;

	(void)state;
	memset(s, 'x', sizeof s - 1);
	fault_reset();
	for (size_t n = 0; n < sizeof s; n += 97) {
		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_put_text(&ar, s + n);
		assert_int_equal(cask_flush(&ar), 0);
		cask_load(&ar, &m.io);
		cask_text(&ar, back, sizeof back);
		assert_int_equal(ar.err, 0);
		assert_string_equal(back, s + n);
		cask_mem_close(&m);
	}
	assert_int_equal(fault_count(FAULT_ICONV_OPEN), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_text_has_its_bytes_in_both_orders_and_all_calls),
	cmocka_unit_test(lengths_at_2_to_the_32_have_their_bytes),
	cmocka_unit_test(a_whole_text_of_2_to_the_32_bytes_can_be_stored),
	cmocka_unit_test(
	    a_text_of_2_to_the_32_is_refused_before_it_is_allocated),
	cmocka_unit_test(a_second_marker_is_a_length),
	cmocka_unit_test(a_short_body_is_cut_and_empty),
	cmocka_unit_test(a_nul_within_a_text_is_an_error),
	cmocka_unit_test(a_nul_far_within_a_text_is_an_error),
	cmocka_unit_test(what_the_code_page_lacks_is_an_error_or_counted),
	cmocka_unit_test(ill_formed_text_is_not_stored_or_is_replaced),
	cmocka_unit_test(ill_formed_text_is_not_loaded_or_is_replaced),
	cmocka_unit_test(an_ill_formed_unit_has_its_number_in_the_whole_text),
	cmocka_unit_test(replacements_are_counted_over_all_texts),
	cmocka_unit_test(a_code_page_without_a_converter_is_an_error),
	cmocka_unit_test(characters_straddle_pieces_and_buffers),
	cmocka_unit_test(a_pair_straddles_pieces_in_a_big_endian_text),
	cmocka_unit_test(text_fits_an_array_to_the_last_byte),
	cmocka_unit_test(an_array_is_not_written_beyond_its_size),
	cmocka_unit_test(a_plain_text_as_long_as_the_array_does_not_fit),
	cmocka_unit_test(to_store_while_loading_leaves_what_was_read_alone),
	cmocka_unit_test(text_is_not_stored_beyond_the_buffer),
	cmocka_unit_test(an_array_of_no_bytes_or_without_a_nul_is_an_error),
	cmocka_unit_test(limit_text_holds_in_both_directions),
	cmocka_unit_test(without_a_setting_a_text_ends_at_16_mib),
	cmocka_unit_test(null_is_stored_as_an_empty_text_and_loaded_as_one),
	cmocka_unit_test(a_dup_has_a_limit_in_both_directions),
	cmocka_unit_test(a_dup_that_grows_in_converting_is_limited_to_the_byte),
	cmocka_unit_test(a_piece_of_the_longest_characters_is_loaded),
	cmocka_unit_test(a_dup_arrives_when_its_memory_can_not_be_made_smaller),
	cmocka_unit_test(memory_for_a_text_comes_with_its_bytes),
	cmocka_unit_test(memory_for_a_text_is_paid_for_by_its_bytes),
	cmocka_unit_test(a_long_text_needs_few_allocations),
	cmocka_unit_test(without_memory_a_dup_is_null_and_the_error_enomem),
	cmocka_unit_test(
	    a_converter_that_fails_late_does_not_give_a_shorter_text),
	cmocka_unit_test(a_text_may_fail_at_any_byte_of_it),
	cmocka_unit_test(a_lossy_converter_is_not_used),
	cmocka_unit_test(plain_text_needs_no_converter),
};

RUN_TESTS(tests)
