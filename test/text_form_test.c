/*
 * Text in every form on the wire from every kind of memory: its bytes, limits
 * in bytes and characters, cutting, NULs, surrogates, strict and replacing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text_kit.h"

#include <errno.h>

/* Bytes */

#define ALL   u8"A\u00E9\u20AC\U0001F600" /* 1 to 4 bytes of UTF-8 each */
#define ASCII "abc"

struct row {
	const char *name;
	struct cask_as as;
	const char *text;
	const char *little, *big; /* big NULL: the same */
};

/* clang-format off */
static const struct row rows[] = {
	{ "unicode", { .form = CASK_UNICODE }, ALL,
	    "FF FE FF 05 41 00 E9 00 AC 20 3D D8 00 DE",
	    "FF FF FE 05 00 41 00 E9 20 AC D8 3D DE 00" },
	{ "ansi", { .form = CASK_ANSI }, u8"5\u20AC\u00E9", "03 35 80 E9", NULL },
	{ "utf8", { .form = CASK_UTF8 }, ALL,
	    "0A 00 41 C3 A9 E2 82 AC F0 9F 98 80",
	    "00 0A 41 C3 A9 E2 82 AC F0 9F 98 80" },
	{ "utf16", { .form = CASK_UTF16 }, ALL,
	    "05 00 41 00 E9 00 AC 20 3D D8 00 DE",
	    "00 05 00 41 00 E9 20 AC D8 3D DE 00" },
	{ "utf32", { .form = CASK_UTF32 }, ALL,
	    "04 00 41 00 00 00 E9 00 00 00 AC 20 00 00 00 F6 01 00",
	    "00 04 00 00 00 41 00 00 00 E9 00 00 20 AC 00 01 F6 00" },
	{ "utf16, none", { .form = CASK_UTF16 }, "", "00 00", NULL },
	{ "utf32, none", { .form = CASK_UTF32 }, "", "00 00", NULL },

	{ "nul, unicode", { .form = CASK_UNICODE, .end = CASK_BY_NUL }, ALL,
	    "41 00 E9 00 AC 20 3D D8 00 DE 00 00",
	    "00 41 00 E9 20 AC D8 3D DE 00 00 00" },
	{ "nul, ansi", { .form = CASK_ANSI, .end = CASK_BY_NUL },
	    u8"5\u20AC\u00E9", "35 80 E9 00", NULL },
	{ "nul, utf8", { .form = CASK_UTF8, .end = CASK_BY_NUL }, ALL,
	    "41 C3 A9 E2 82 AC F0 9F 98 80 00", NULL },
	{ "nul, utf16", { .form = CASK_UTF16, .end = CASK_BY_NUL }, ALL,
	    "41 00 E9 00 AC 20 3D D8 00 DE 00 00",
	    "00 41 00 E9 20 AC D8 3D DE 00 00 00" },
	{ "nul, utf32", { .form = CASK_UTF32, .end = CASK_BY_NUL }, ALL,
	    "41 00 00 00 E9 00 00 00 AC 20 00 00 00 F6 01 00 00 00 00 00",
	    "00 00 00 41 00 00 00 E9 00 00 20 AC 00 01 F6 00 00 00 00 00" },
	{ "nul, plain", { .form = CASK_UTF8, .end = CASK_BY_NUL }, ASCII,
	    "61 62 63 00", NULL },
	{ "nul, none", { .form = CASK_UTF16, .end = CASK_BY_NUL }, "", "00 00",
	    NULL },

	{ "field, ansi",
	    { .form = CASK_ANSI, .end = CASK_BY_FIELD, .units = 5 },
	    u8"5\u20AC\u00E9", "35 80 E9 00 00", NULL },
	{ "field, spaces",
	    { .form = CASK_ANSI, .end = CASK_BY_FIELD, .units = 5, .pad = ' ' },
	    u8" 5 \u20AC", "20 35 20 80 20", NULL },
	{ "field, full",
	    { .form = CASK_ANSI, .end = CASK_BY_FIELD, .units = 3 },
	    u8"5\u20AC\u00E9", "35 80 E9", NULL },
	{ "field, full, spaces",
	    { .form = CASK_UTF8, .end = CASK_BY_FIELD, .units = 3, .pad = ' ' },
	    ASCII, "61 62 63", NULL },
	{ "field, none",
	    { .form = CASK_UTF8, .end = CASK_BY_FIELD, .units = 3, .pad = ' ' },
	    "", "20 20 20", NULL },
	{ "field, zeros",
	    { .form = CASK_UTF8, .end = CASK_BY_FIELD, .units = 3, .pad = '0' },
	    "0a", "30 61 30", NULL },
	{ "field, utf8",
	    { .form = CASK_UTF8, .end = CASK_BY_FIELD, .units = 11 }, ALL,
	    "41 C3 A9 E2 82 AC F0 9F 98 80 00", NULL },
	{ "field, unicode",
	    { .form = CASK_UNICODE, .end = CASK_BY_FIELD, .units = 6 }, ALL,
	    "41 00 E9 00 AC 20 3D D8 00 DE 00 00",
	    "00 41 00 E9 20 AC D8 3D DE 00 00 00" },
	{ "field, utf16, spaces",
	    { .form = CASK_UTF16, .end = CASK_BY_FIELD, .units = 7,
		.pad = ' ' }, ALL,
	    "41 00 E9 00 AC 20 3D D8 00 DE 20 00 20 00",
	    "00 41 00 E9 20 AC D8 3D DE 00 00 20 00 20" },
	{ "field, utf32, spaces",
	    { .form = CASK_UTF32, .end = CASK_BY_FIELD, .units = 5,
		.pad = ' ' }, ALL,
	    "41 00 00 00 E9 00 00 00 AC 20 00 00 00 F6 01 00 20 00 00 00",
	    "00 00 00 41 00 00 00 E9 00 00 20 AC 00 01 F6 00 00 00 00 20" },

	{ "line, ansi", { .form = CASK_ANSI, .end = CASK_BY_LF },
	    u8"5\u20AC\u00E9", "35 80 E9 0A", NULL },
	{ "line, unicode", { .form = CASK_UNICODE, .end = CASK_BY_LF }, ALL,
	    "41 00 E9 00 AC 20 3D D8 00 DE 0A 00",
	    "00 41 00 E9 20 AC D8 3D DE 00 00 0A" },
	{ "line, utf8", { .form = CASK_UTF8, .end = CASK_BY_LF }, ALL,
	    "41 C3 A9 E2 82 AC F0 9F 98 80 0A", NULL },
	{ "line, utf32, cr lf", { .form = CASK_UTF32, .end = CASK_BY_CRLF },
	    u8"A\u20AC",
	    "41 00 00 00 AC 20 00 00 0D 00 00 00 0A 00 00 00",
	    "00 00 00 41 00 00 20 AC 00 00 00 0D 00 00 00 0A" },
	{ "line, utf8, cr lf", { .form = CASK_UTF8, .end = CASK_BY_CRLF },
	    "a\rb\r", "61 0D 62 0D 0D 0A", NULL },
	{ "line, none", { .form = CASK_UTF8, .end = CASK_BY_LF }, "", "0A",
	    NULL },
};
/* clang-format on */

static const char *
row_hex(const struct row *r, bool big)
{
	return big && r->big != NULL ? r->big : r->little;
}

static void
each_form_has_its_bytes_from_all_memory_in_both_orders(void **state)
{
	long live = fault_allocations();
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i / 2); i++) {
			struct cask_ar ar = { .big_endian = i % 2 };

			place_set(&p, rows[r].text, strlen(rows[r].text));
			place_store_is(
			    &ar, &p, &rows[r].as, row_hex(&rows[r], i % 2));
			assert_string_equal(cask_why(&ar), "no error");
			assert_int_equal(ar.replaced + ar.cut, 0);
			assert_int_equal(ar.came, 0);
		}
	assert_int_equal(fault_allocations(), live);
}

static void
each_form_is_loaded_into_all_memory_from_both_orders(void **state)
{
	long live = fault_allocations();
	unsigned char bytes[64];
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i / 2); i++) {
			struct cask_ar ar = { .big_endian = i % 2 };
			size_t n = golden_hex(bytes, row_hex(&rows[r], i % 2));

			bytes[n] = 'x';
			place_load(&ar, &p, &rows[r].as, bytes, n + 1);
			assert_string_equal(cask_why(&ar), "no error");
			place_is(&p, rows[r].text, strlen(rows[r].text));
			assert_int_equal(cask_at(&ar), n);
			assert_int_equal(ar.came, rows[r].as.form);
			assert_int_equal(ar.replaced + ar.cut, 0);
			assert_int_equal(cask_get_u8(&ar), 'x');
			place_free(&p);
		}
	assert_int_equal(fault_allocations(), live);
}

/* A form may be the archive's as well as the field's. */
static void
the_archives_form_holds_where_the_field_has_none(void **state)
{
	struct place p = { .memory = M8 };

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++) {
		struct cask_ar ar = { .form = rows[r].as.form };
		struct cask_as as = rows[r].as;

		as.form = (enum cask_text_form)0;
		place_set(&p, rows[r].text, strlen(rows[r].text));
		place_store_is(&ar, &p, &as, rows[r].little);
		if (as.end == CASK_BY_LENGTH)
			place_store_is(&ar, &p, NULL, rows[r].little);
		place_load_hex(&ar, &p, &as, rows[r].little);
		place_is(&p, rows[r].text, strlen(rows[r].text));
	}
}

static void
a_text_cut_at_any_byte_is_an_error_and_nothing_is_left(void **state)
{
	long live = fault_allocations();
	unsigned char bytes[64];
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i / 2); i++) {
			struct cask_ar ar = { .big_endian = i % 2 };
			size_t n = golden_hex(bytes, row_hex(&rows[r], i % 2));
			size_t unit = rows[r].as.form == CASK_UTF32 ? 4
			    : rows[r].as.form == CASK_UTF8 ||
				rows[r].as.form == CASK_ANSI
			    ? 1
			    : 2;
			bool line = rows[r].as.end >= CASK_BY_LF;

			for (size_t cut = 0; cut < n; cut++) {
				unsigned char *exact = malloc(cut + 1);

				assert_non_null(exact);
				memcpy(exact + 1, bytes, cut);
				place_load(
				    &ar, &p, &rows[r].as, exact + 1, cut);
				free(exact);
				/* a line may lack its LF, but no byte */
				if (line && cut > 0 && cut % unit == 0) {
					assert_true(
					    ar.err == 0 || ar.err == EILSEQ);
				} else {
					assert_why(&ar, CASK_ECUT,
					    cut == 0 ? "ended before a message"
						     : "inside a message");
				}
				if (ar.err != 0)
					place_is_zero(&p);
				else
					place_free(&p);
			}
		}
	assert_int_equal(fault_allocations(), live);
}

/* Through pieces, and buffers of any size. */
static void
long_texts_come_back_from_every_form(void **state)
{
	static char text[3000], want[3000];
	static unsigned char wire[16000];
	unsigned char buffer[257];
	static const size_t sizes[] = { 0, 1, 2, 7, 257 };

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (size_t n = 200; n < 700; n += 23)
			for (int m = 0; m < 4; m++) {
				struct cask_as as = rows[r].as;
				struct cask_ar ar = {
					.big_endian = m % 2,
					.buffer = buffer,
					.buffer_size = sizes[n % COUNT(sizes)],
				};
				struct cask_string16 s16 = { 0 };
				struct cask_string s8 = { want, 0 };
				struct own_io own;

				memset(text, 'a', n);
				snprintf(text + n, sizeof text - n, "%s",
				    as.form == CASK_ANSI
					? u8"\u20AC b\rc   \u20AC"
					: u8"\U0001F600 b\rc   \u20AC");
				if (as.units > 0)
					as.units = 1100 + n;
				s8.text = text;
				s8.length = strlen(text);
				cask_store(&ar, own_sink(&own, wire, 16000));
				cask_string_dup_as(&ar, &s8, 3000, &as);
				assert_int_equal(cask_flush(&ar), 0);
				cask_load(&ar,
				    own_source(&own, wire, (size_t)own.moved));
				own.at_most = n % 3;
				if (m < 2)
					cask_string_dup_as(&ar, &s8, 3000, &as);
				else
					cask_string16_dup_as(
					    &ar, &s16, 3000, &as);
				assert_string_equal(cask_why(&ar), "no error");
				assert_int_equal(cask_at(&ar), own.length);
				if (m < 2) {
					assert_string_equal(s8.text, text);
					caski_sys_free(s8.text);
					continue;
				}
				cask_store(&ar, own_sink(&own, wire, 16000));
				cask_string16_dup_as(&ar, &s16, 3000, &as);
				caski_sys_free(s16.text);
				assert_int_equal(cask_flush(&ar), 0);
				cask_load(&ar,
				    own_source(&own, wire, (size_t)own.moved));
				cask_text_as(&ar, want, sizeof want, &as);
				assert_string_equal(cask_why(&ar), "no error");
				assert_string_equal(want, text);
			}
	assert_int_equal(fault_allocations(), 0);
}

/* What came */

static void
loading_tells_which_form_came(void **state)
{
	static const unsigned char bytes[] = { 1, 'a', 0xFF, 0xFE, 0xFF, 1, 'a',
		0, 2, 'a', 'b', 1, 0xE9, 1, 0, 'u', 1, 0, 'w', 0 };
	struct cask_ar ar = { 0 };
	struct cask_mem m;
	char s[8];

	(void)state;
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	assert_int_equal(ar.came, 0);
	cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.came, CASK_ANSI);
	cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.came, CASK_UNICODE);
	cask_get_text(&ar, s, sizeof s); /* on the fast path */
	assert_int_equal(ar.came, CASK_ANSI);
	cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.came, CASK_ANSI);
	ar.form = CASK_UTF8;
	cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.came, CASK_UTF8);
	ar.form = CASK_UTF16;
	cask_text(&ar, s, sizeof s);
	assert_string_equal(s, "w");
	assert_int_equal(ar.came, CASK_UTF16);
	assert_int_equal(ar.err, 0);
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	assert_int_equal(ar.came, 0);
}

/* Limits */

static void
an_array_of_units_is_filled_to_its_last(void **state)
{
	struct place p;

	(void)state;
	for (int i = 0; each_place(&p, i); i++) {
		size_t lengths[] = { 10, 5, 4,
			place_width(&(struct place) { .memory = MW }) == 2
			    ? 5
			    : 4 };
		size_t n = lengths[p.memory] + (p.holder == ARRAY);
		struct cask_ar ar = { 0 };
		char why[80];

		for (size_t r = 0; r < COUNT(rows); r++) {
			if (strcmp(rows[r].text, ALL) != 0)
				continue;
			p.room = n;
			place_load_hex(&ar, &p, &rows[r].as, rows[r].little);
			assert_string_equal(cask_why(&ar), "no error");
			place_is(&p, ALL, strlen(ALL));
			place_free(&p);
			p.room = n - 1;
			place_load_hex(&ar, &p, &rows[r].as, rows[r].little);
			snprintf(why, sizeof why, ", limit %zu %s",
			    n - 1 - (p.holder == ARRAY),
			    p.memory == M8 ? "bytes" : "units");
			assert_why(&ar, CASK_ELIMIT, why);
			place_is_zero(&p);
		}
	}
	assert_int_equal(fault_allocations(), 0);
}

static void
a_limit_in_characters_holds_in_both_directions(void **state)
{
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i); i++) {
			struct cask_as as = rows[r].as;
			struct cask_ar ar = { 0 };
			unsigned char got[64];

			if (strcmp(rows[r].text, ALL) != 0)
				continue;
			as.characters = 4;
			place_set(&p, ALL, strlen(ALL));
			place_store_is(&ar, &p, &as, rows[r].little);
			assert_int_equal(ar.err, 0);
			place_load_hex(&ar, &p, &as, rows[r].little);
			assert_int_equal(ar.err, 0);
			place_is(&p, ALL, strlen(ALL));
			place_free(&p);

			as.characters = 3;
			place_set(&p, ALL, strlen(ALL));
			assert_int_equal(
			    place_store(&ar, &p, &as, got, sizeof got), 0);
			assert_why(&ar, CASK_ELIMIT,
			    ": length over 3, limit 3 characters");
			place_load_hex(&ar, &p, &as, rows[r].little);
			assert_why(&ar, CASK_ELIMIT,
			    ": length over 3, limit 3 characters");
			place_is_zero(&p);
		}
	assert_int_equal(fault_allocations(), 0);
}

/* … of many: the limit stands in any piece. */
static void
a_limit_in_characters_is_exact_far_within(void **state)
{
	static char text[4000], back[4000];

	(void)state;
	for (size_t n = 1; n < 1000; n += n < 250 || n > 265 ? 37 : 1) {
		struct cask_as as = { .form = CASK_UTF16, .characters = n };
		struct cask_mem m;
		struct cask_ar ar = { 0 };

		for (size_t i = 0; i <= n; i++)
			memcpy(text + 3 * i, u8"\u20AC", 4);
		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_text_as(&ar, text, sizeof text, &as);
		assert_int_equal(ar.err, CASK_ELIMIT);
		text[3 * n] = '\0';
		cask_store(&ar, &m.io);
		cask_text_as(&ar, text, sizeof text, &as);
		assert_int_equal(cask_flush(&ar), 0);
		cask_load(&ar, &m.io);
		cask_text_as(&ar, back, sizeof back, &as);
		assert_int_equal(ar.err, 0);
		assert_string_equal(back, text);
		m.position = 0;
		as.characters--;
		cask_load(&ar, &m.io);
		cask_text_as(&ar, back, sizeof back, &as);
		assert_int_equal(ar.err, as.characters > 0 ? CASK_ELIMIT : 0);
		cask_mem_close(&m);
	}
}

static void
an_error_names_field_limit_and_unit(void **state)
{
	static const struct cask_as ten = { .characters = 2 };
	static const struct cask_as field = {
		.form = CASK_ANSI, .end = CASK_BY_FIELD, .units = 2
	};
	static const struct cask_as wide_field = {
		.form = CASK_UTF16, .end = CASK_BY_FIELD, .units = 2
	};
	struct {
		char name[8];
		uint16_t wide[8];
	} q = { "abc", { 'a', 'b', 'c' } };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_text_as(&ar, q.name, sizeof q.name, &ten);
	assert_string_equal(cask_why(&ar),
	    "text q.name at byte 0: length over 2, limit 2 characters");
	cask_store(&ar, &m.io);
	cask_text_as(&ar, q.name, sizeof q.name, &field);
	assert_string_equal(cask_why(&ar),
	    "text q.name at byte 0: longer than its field of 2 bytes");
	cask_store(&ar, &m.io);
	cask_text16_as(&ar, q.wide, 8, &wide_field);
	assert_string_equal(cask_why(&ar),
	    "text q.wide at byte 0: longer than its field of 2 units");
	cask_store(&ar, &m.io);
	cask_text16(&ar, q.wide, 3);
	assert_string_equal(cask_why(&ar),
	    "text q.wide at byte 0: no terminating NUL within its 3 units");
	ar.limit.text = 5;
	cask_store(&ar, &m.io);
	cask_text16(&ar, q.wide, 8);
	assert_string_equal(cask_why(&ar),
	    "text q.wide at byte 0: length 3, limit 2 units (limit.text)");
	cask_load(&ar, cask_mem_read(&m, "\3abc", 4));
	cask_text16(&ar, q.wide, 0);
	assert_string_equal(cask_why(&ar),
	    "text q.wide at byte 0: an array of 0 units holds no text");
	cask_mem_close(&m);
}

/* What is announced is refused before memory is asked for; what is not, when
 * it has become too much. */
static void
nothing_is_allocated_from_a_length_on_the_wire(void **state)
{
	static const struct {
		enum cask_text_form form;
		const char *hex;
	} lies[] = {
		{ CASK_UTF8, "FF FF FE FF FF FF" },
		{ CASK_UTF16, "FF FF FE FF FF FF" },
		{ CASK_UTF32, "FF FF FE FF FF FF" },
		{ CASK_UTF32, "FF FF FF FF FF FF FF FF FF FF FF FF FF FF" },
		{ CASK_ANSI, "FF FF FF FE FF FF FF" },
		{ CASK_UNICODE, "FF FE FF FF FF FF FE FF FF FF" },
	};
	struct place p;

	(void)state;
	for (size_t k = 0; k < COUNT(lies); k++)
		for (int i = 0; each_place(&p, i); i++) {
			struct cask_ar ar = { .form = lies[k].form };

			fault_reset();
			p.room = ROOM;
			place_load_hex(&ar, &p, NULL, lies[k].hex);
			assert_int_equal(ar.err, CASK_ELIMIT);
			place_is_zero(&p);
			assert_int_equal(fault_count(FAULT_REALLOC), 0);
		}
}

static void
a_text_without_an_end_is_refused_when_it_is_too_long(void **state)
{
	static const enum cask_text_end ends[] = { CASK_BY_NUL, CASK_BY_LF };
	struct place p;

	(void)state;
	for (int i = 0; each_place(&p, i / 10); i++) {
		struct cask_as as = { .form = (enum cask_text_form)(
					  CASK_UNICODE + i / 2 % 5),
			.end = ends[i % 2] };
		unsigned char one = ' ';
		struct cask_ar ar = {
			.replace = true, .buffer = &one, .buffer_size = 1
		};
		struct own_io own;

		p.room = 10;
		place_spoil(&p);
		cask_load(&ar, own_source(&own, "", 0));
		own.produce = 1000000;
		own.fill = ' ';
		place_x(&ar, &p, &as);
		assert_int_equal(ar.err, CASK_ELIMIT);
		place_is_zero(&p);
		assert_in_range(own.moved, 9, 60);
	}
	assert_int_equal(fault_allocations(), 0);
}

/* Cutting */

/* Every prefix that is whole characters, and no other, comes of a cut. */
static const char *
prefix(size_t most, size_t width, size_t *n)
{
	static const size_t bytes[] = { 0, 1, 3, 6, 10 };
	static const size_t units[] = { 0, 1, 2, 3, 5 };
	size_t k = 4;

	while ((width == 1 ? bytes[k] : width == 2 ? units[k] : k) > most)
		k--;
	*n = bytes[k];
	return ALL;
}

static void
loading_cuts_on_request_between_characters(void **state)
{
	unsigned char bytes[64];
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i / 12); i++) {
			struct cask_as as = rows[r].as;
			struct cask_ar ar = { 0 };
			size_t most = (size_t)i % 12, n, k;
			const char *want;

			if (strcmp(rows[r].text, ALL) != 0)
				continue;
			if (p.holder != ARRAY && most == 0)
				continue;
			as.cut = true;
			p.room = most + (p.holder == ARRAY);
			n = golden_hex(bytes, rows[r].little);
			bytes[n] = 'x';
			place_load(&ar, &p, &as, bytes, n + 1);
			assert_string_equal(cask_why(&ar), "no error");
			want = prefix(most, place_width(&p), &k);
			place_is(&p, want, k);
			assert_int_equal(ar.cut, k < strlen(ALL));
			assert_int_equal(cask_get_u8(&ar), 'x');
			place_free(&p);
		}
	assert_int_equal(fault_allocations(), 0);
}

static void
cutting_to_a_number_of_characters_goes_both_ways(void **state)
{
	static const size_t bytes[] = { 0, 1, 3, 6, 10 };
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i / 4); i++) {
			struct cask_as as = rows[r].as;
			struct cask_ar ar = { 0 };
			size_t most = (size_t)i % 4 + 1, n;
			unsigned char got[64];

			if (strcmp(rows[r].text, ALL) != 0)
				continue;
			as.characters = most;
			as.cut = true;
			place_load_hex(&ar, &p, &as, rows[r].little);
			assert_int_equal(ar.err, 0);
			place_is(&p, ALL, bytes[most]);
			assert_int_equal(ar.cut, most < 4);
			assert_int_equal(
			    cask_at(&ar), golden_hex(got, rows[r].little));
			place_free(&p);

			place_set(&p, ALL, strlen(ALL));
			n = place_store(&ar, &p, &as, got, sizeof got);
			assert_int_equal(ar.err, 0);
			assert_int_equal(ar.cut, most < 4);
			place_load(&ar, &p, &rows[r].as, got, n);
			place_is(&p, ALL, bytes[most]);
			place_free(&p);
		}
}

static void
a_field_that_is_too_small_is_an_error_or_cuts(void **state)
{
	struct place p;

	(void)state;
	for (int i = 0; each_place(&p, i / 33); i++) {
		static const enum cask_text_form forms[] = { CASK_UTF8,
			CASK_UTF16, CASK_UTF32 };
		struct cask_as as = { .form = forms[i % 3],
			.end = CASK_BY_FIELD,
			.units = (size_t)i / 3 % 11 + 1,
			.pad = i % 2 ? ' ' : '\0' };
		size_t width = (size_t)1 << i % 3, k, n;
		struct cask_ar ar = { 0 };
		unsigned char got[64];
		const char *want = prefix(as.units, width, &k);

		place_set(&p, ALL, strlen(ALL));
		n = place_store(&ar, &p, &as, got, sizeof got);
		if (k < strlen(ALL)) {
			assert_int_equal(ar.err, CASK_ELIMIT);
			assert_int_equal(n, 0);
		} else {
			assert_int_equal(ar.err, 0);
		}
		as.cut = true;
		n = place_store(&ar, &p, &as, got, sizeof got);
		assert_int_equal(ar.err, 0);
		assert_int_equal(n, as.units * width);
		assert_int_equal(ar.cut, k < strlen(ALL));
		place_load(&ar, &p, &as, got, n);
		place_is(&p, want, k);
		place_free(&p);
	}
	assert_int_equal(fault_allocations(), 0);
}

/* A dup's max is a limit of what is stored, too. */
static void
storing_cuts_to_max_between_characters(void **state)
{
	struct place p;

	(void)state;
	for (int i = 0; each_place(&p, i / 11); i++) {
		struct cask_as as = { .form = CASK_UTF16, .cut = true };
		struct cask_ar ar = { 0 };
		unsigned char got[64];
		const char *want;
		size_t n, k;

		if (p.holder == ARRAY)
			continue;
		p.room = (size_t)i % 11 + 1;
		want = prefix(p.room, place_width(&p), &k);
		place_set(&p, ALL, strlen(ALL));
		n = place_store(&ar, &p, &as, got, sizeof got);
		assert_int_equal(ar.err, 0);
		assert_int_equal(ar.cut, k < strlen(ALL));
		p.room = ROOM;
		place_load(&ar, &p, &as, got, n);
		place_is(&p, want, k);
		place_free(&p);
	}
}

static void
an_archives_budget_is_not_cut_to(void **state)
{
	struct cask_as as = { .form = CASK_UTF8, .cut = true };
	struct cask_ar ar = { .limit = { .text = 8 } };
	struct place p = { .memory = M8 };
	unsigned char got[64];

	(void)state;
	place_load_hex(&ar, &p, &as, "09 00 61 61 61 61 61 61 61 61 61");
	assert_why(&ar, CASK_ELIMIT, "length 9, limit 8 bytes (limit.text)");
	place_set(&p, "123456789", 9);
	assert_int_equal(place_store(&ar, &p, &as, got, sizeof got), 0);
	assert_why(&ar, CASK_ELIMIT, "length 9, limit 8 bytes (limit.text)");
	as.end = CASK_BY_NUL;
	place_load_hex(&ar, &p, &as, "61 61 61 61 61 61 61 61 61 00");
	assert_why(
	    &ar, CASK_ELIMIT, "length over 8, limit 8 bytes (limit.text)");
	assert_int_equal(ar.cut, 0);
}

/* Text that grows piece by piece ends at max to the unit, and has its NUL when
 * there is no memory to make it smaller. */
static void
growing_memory_ends_where_max_says(void **state)
{
	static char text[601];
	struct place p;

	(void)state;
	memset(text, 'a', 600);
	for (int i = 0; each_place(&p, i); i++)
		for (size_t max = 250; max < 700; max += max < 590 ? 23 : 1) {
			struct cask_as as = { .form = CASK_UTF8,
				.end = CASK_BY_NUL };
			struct cask_ar ar = { 0 };
			unsigned calls;

			if (p.holder == ARRAY)
				continue;
			p.room = max;
			fault_reset();
			place_load(&ar, &p, &as, text, sizeof text);
			assert_int_equal(ar.err, max < 600 ? CASK_ELIMIT : 0);
			if (ar.err != 0) {
				place_is_zero(&p);
				continue;
			}
			assert_int_equal(place_length(&p), 600);
			place_free(&p);
			calls = fault_count(FAULT_REALLOC);
			fault_reset();
			fault_plan(FAULT_REALLOC, calls - 1, true, ENOMEM);
			place_load(&ar, &p, &as, text, sizeof text);
			assert_int_equal(fault_injected(), 1);
			assert_int_equal(ar.err, 0);
			assert_int_equal(place_length(&p), 600);
			place_free(&p);
		}
	fault_reset();
	assert_int_equal(fault_allocations(), 0);
}

/* … also of ASCII that is in the buffer already. */
static void
plain_text_has_limits_in_characters_too(void **state)
{
	static const unsigned char bytes[] = { 3, 'a', 'b', 'c', 3, 'a', 'b',
		'c' };
	struct cask_as as = { .characters = 3 };
	struct cask_ar ar = { 0 };
	struct cask_mem m;
	char s[8];

	(void)state;
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	assert_true(cask_more(&ar));
	cask_text_as(&ar, s, sizeof s, &as);
	assert_string_equal(s, "abc");
	as.characters = 2;
	cask_text_as(&ar, s, sizeof s, &as);
	assert_why(&ar, CASK_ELIMIT, "length over 2, limit 2 characters");
	cask_store(&ar, cask_mem_write(&m, s, sizeof s));
	strcpy(s, "abc");
	ar.form = CASK_ANSI;
	cask_text_as(&ar, s, sizeof s, &as);
	assert_why(&ar, CASK_ELIMIT, "length over 2, limit 2 characters");
}

/* Fields */

static void
pads_at_the_end_of_a_field_are_no_text(void **state)
{
	static unsigned char field[1000];
	static const size_t ends[] = { 0, 1, 2, 254, 255, 256, 257, 511, 512,
		513, 998, 999 };
	char s[1001];

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++)
		for (int pad = 0; pad < 2; pad++) {
			struct cask_as as = { .form = CASK_UTF8,
				.end = CASK_BY_FIELD,
				.units = sizeof field,
				.pad = pad ? ' ' : '\0' };
			struct cask_ar ar = { 0 };
			struct cask_mem m;

			memset(field, pad ? ' ' : 0, sizeof field);
			memset(field, pad ? ' ' : 'y', ends[i]);
			field[ends[i]] = 'z';
			cask_load(&ar, cask_mem_read(&m, field, sizeof field));
			cask_text_as(&ar, s, ends[i] + 2, &as);
			assert_string_equal(cask_why(&ar), "no error");
			assert_int_equal(strlen(s), ends[i] + 1);
			assert_memory_equal(s, field, ends[i] + 1);
			assert_int_equal(cask_at(&ar), sizeof field);
		}
}

static void
what_is_behind_a_fields_nul_is_not_looked_at(void **state)
{
	static const struct cask_as as = {
		.form = CASK_UTF16, .end = CASK_BY_FIELD, .units = 6
	};
	struct cask_ar ar = { 0 };
	struct place p;

	(void)state;
	for (int i = 0; each_place(&p, i); i++) {
		place_load_hex(
		    &ar, &p, &as, "61 00 00 00 62 00 00 D8 00 00 00 DC");
		assert_string_equal(cask_why(&ar), "no error");
		place_is(&p, "a", 1);
		assert_int_equal(cask_at(&ar), 12);
		place_free(&p);
	}
}

/* NULs */

static void
nuls_are_kept_where_a_length_is(void **state)
{
	static const enum cask_text_form forms[] = { CASK_UNICODE, CASK_ANSI,
		CASK_UTF8, CASK_UTF16, CASK_UTF32 };
	static const char text[] = "\0a\0\0b"; /* and one at the end */
	struct place p, array;

	(void)state;
	for (int i = 0; each_place(&p, i / 15); i++) {
		static const enum cask_text_end ends[] = { CASK_BY_LENGTH,
			CASK_BY_FIELD, CASK_BY_LF };
		struct cask_as as = { .form = forms[i / 3 % 5],
			.end = ends[i % 3],
			.units = 9,
			.pad = ' ' };
		unsigned char got[100];
		struct cask_ar ar = { 0 };
		size_t n;

		if (p.holder != STRING)
			continue;
		place_set(&p, text, sizeof text);
		n = place_store(&ar, &p, &as, got, sizeof got);
		assert_string_equal(cask_why(&ar), "no error");
		place_load(&ar, &p, &as, got, n);
		assert_string_equal(cask_why(&ar), "no error");
		place_is(&p, text, sizeof text);
		place_free(&p);

		array = p;
		for (int holder = ARRAY; holder <= DUP; holder++) {
			array.holder = (enum holder)holder;
			place_load(&ar, &array, &as, got, n);
			assert_why(&ar, CASK_ETEXT,
			    "the text holds a NUL, which a C string can't "
			    "hold");
			place_is_zero(&array);
		}
	}
	assert_int_equal(fault_allocations(), 0);
}

static void
a_nul_that_would_end_the_text_is_not_stored(void **state)
{
	struct place p;

	(void)state;
	for (int i = 0; each_place(&p, i / 2); i++) {
		struct cask_as as = { .form = CASK_UTF16,
			.end = i % 2 ? CASK_BY_NUL : CASK_BY_FIELD,
			.units = 9 };
		struct cask_ar ar = { 0 };
		unsigned char got[64];

		if (p.holder != STRING)
			continue;
		place_set(&p, "ab\0c", 4);
		assert_int_equal(place_store(&ar, &p, &as, got, 64), 0);
		assert_why(&ar, CASK_ETEXT,
		    "the text holds a NUL, which would end it");
		/* U+0100 has a NUL in it, but is none */
		place_set(&p, u8"\u0100b", 3);
		place_store(&ar, &p, &as, got, 64);
		assert_int_equal(ar.err, 0);
	}
}

static void
no_string_is_an_empty_one_but_has_no_length(void **state)
{
	struct cask_string s = { NULL, 0 };
	struct cask_ar ar = { .form = CASK_UTF8 };
	unsigned char got[8];
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_string_dup(&ar, &s, 9);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, 2);
	s.length = 3;
	cask_string_dup(&ar, &s, 9);
	assert_string_equal(
	    cask_why(&ar), "text s at byte 2: no text, but a length of 3");
	assert_int_equal(ar.err, EINVAL);
}

/* Ill-formed text, and text without an equivalent */

static void
surrogates_without_their_other_half_are_errors_or_replaced(void **state)
{
	static const struct {
		enum cask_text_form form;
		const char *little;
		unsigned where, replaced;
		const char *text;
	} lone[] = {
		{ CASK_UTF16, "02 00 61 00 3D D8", 1, 1, u8"a\uFFFD" },
		{ CASK_UTF16, "03 00 3D D8 61 00 00 DE", 0, 2,
		    u8"\uFFFDa\uFFFD" },
		{ CASK_UNICODE, "FF FE FF 02 00 DE 3D D8", 0, 2,
		    u8"\uFFFD\uFFFD" },
		{ CASK_UTF32, "02 00 61 00 00 00 00 D8 00 00", 1, 1,
		    u8"a\uFFFD" },
		{ CASK_UTF32, "02 00 00 00 11 00 61 00 00 00", 0, 1,
		    u8"\uFFFDa" },
		{ CASK_UTF8, "04 00 61 ED A0 80", 1, 3,
		    u8"a\uFFFD\uFFFD\uFFFD" },
	};
	struct place p;

	(void)state;
	for (size_t k = 0; k < COUNT(lone); k++)
		for (int i = 0; each_place(&p, i); i++) {
			struct cask_ar ar = { .form = lone[k].form };
			char why[80];

			place_load_hex(&ar, &p, NULL, lone[k].little);
			snprintf(why, sizeof why,
			    "ill-formed text after %u of its code units",
			    lone[k].where);
			assert_why(&ar, EILSEQ, why);
			place_is_zero(&p);
			ar.replace = true;
			place_load_hex(&ar, &p, NULL, lone[k].little);
			assert_int_equal(ar.err, 0);
			place_is(&p, lone[k].text, strlen(lone[k].text));
			assert_int_equal(ar.replaced, lone[k].replaced);
			place_free(&p);
		}
	assert_int_equal(fault_allocations(), 0);
}

/* A lone surrogate, far within, in memory. */
static void
ill_formed_wide_text_is_not_stored_or_is_replaced_once(void **state)
{
	static const enum cask_text_form forms[] = { CASK_UNICODE, CASK_ANSI,
		CASK_UTF8, CASK_UTF16, CASK_UTF32 };
	static unsigned char got[2000];
	static char back[1000];
	uint16_t s16[301];
	uint32_t s32[301];

	(void)state;
	for (size_t at = 0; at < 300; at += 1 + at % 7)
		for (int f = 0; f < 10; f++) {
			struct cask_ar ar = { .form = forms[f / 2] };
			struct cask_mem m;
			char why[80];

			for (size_t i = 0; i < 300; i++)
				s16[i] = (uint16_t)(s32[i] = 'a');
			s16[at] = 0xD83D;
			s32[at] = at % 2 ? 0xDC00 : 0x110000;
			s16[300] = (uint16_t)(s32[300] = 0);
			cask_store(&ar, cask_mem_write(&m, got, sizeof got));
			if (f % 2)
				cask_text16(&ar, s16, 301);
			else
				cask_text32(&ar, s32, 301);
			snprintf(why, sizeof why,
			    "ill-formed text after %zu of its code units", at);
			assert_why(&ar, EILSEQ, why);
			ar.replace = true;
			cask_store(&ar, cask_mem_write(&m, got, sizeof got));
			if (f % 2)
				cask_text16(&ar, s16, 301);
			else
				cask_text32(&ar, s32, 301);
			assert_int_equal(cask_flush(&ar), 0);
			assert_int_equal(ar.replaced, 1);
			cask_load(&ar, cask_mem_read(&m, got, m.length));
			cask_text(&ar, back, sizeof back);
			assert_int_equal(ar.replaced, 0);
			if (forms[f / 2] == CASK_ANSI)
				assert_int_equal(back[at], '?');
			else
				assert_memory_equal(back + at, u8"\uFFFD", 3);
			assert_int_equal(strlen(back),
			    forms[f / 2] == CASK_ANSI ? 300 : 302);
		}
}

static void
what_a_code_page_lacks_is_told_in_units_of_memory(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	static char text[400];
	struct place p;

	(void)state;
	for (int i = 0; each_place(&p, i / 2); i++) {
		/* behind two pairs, and behind many pieces */
		size_t a = i % 2 ? 270 : 1;
		unsigned char got[600];
		char why[80];

		memset(text, 'a', a);
		strcpy(text + a, u8"\u20AC\U0001F600z");
		place_set(&p, text, strlen(text));
		ar.replace = false;
		assert_int_equal(place_store(&ar, &p, NULL, got, 600), 0);
		snprintf(why, sizeof why,
		    "code page 1252 lacks the character at %s %zu of the text",
		    p.memory == M8 ? "byte" : "unit",
		    a + (p.memory == M8 ? 3 : 1));
		assert_why(&ar, CASK_ETEXT, why);
		ar.replace = true;
		place_store(&ar, &p, NULL, got, 600);
		assert_int_equal(ar.err, 0);
		assert_int_equal(ar.replaced, 1);
		strcpy(text + a, u8"\u20AC?z");
		place_load(&ar, &p, NULL, got, 600);
		place_is(&p, text, strlen(text));
		place_free(&p);
	}
}

static void
a_field_may_be_strict_or_replacing_by_itself(void **state)
{
	static const struct cask_as strict = { .form = CASK_ANSI,
		.strict = true };
	static const struct cask_as replace = { .form = CASK_ANSI,
		.replace = true };
	struct cask_ar ar = { 0 };
	struct place p = { .memory = M16 };
	unsigned char got[16];

	(void)state;
	place_set(&p, u8"\u65E5", 3);
	place_store_is(&ar, &p, &replace, "01 3F");
	assert_int_equal(ar.err, 0);
	assert_int_equal(ar.replaced, 1);
	ar.replace = true;
	assert_int_equal(place_store(&ar, &p, &strict, got, 16), 0);
	assert_int_equal(ar.err, CASK_ETEXT);
	ar.codepage = 932;
	place_load_hex(&ar, &p, &strict, "02 61 93");
	assert_int_equal(ar.err, EILSEQ);
	ar.replace = false;
	place_load_hex(&ar, &p, &replace, "02 61 93");
	assert_int_equal(ar.err, 0);
	assert_int_equal(ar.replaced, 1);
	place_is(&p, u8"a\uFFFD", 4);
}

/* What is no struct cask_as */

static void
an_impossible_form_is_einval(void **state)
{
	static const struct {
		struct cask_as as;
		const char *why;
	} wrong[] = {
		{ { .form = (enum cask_text_form)6 }, "6 is no form of text" },
		{ { .end = (enum cask_text_end)5 }, "5 is no end of text" },
		{ { .end = CASK_BY_FIELD }, "a field of 0 units" },
		{ { .end = CASK_BY_FIELD, .units = 3, .pad = '\xE9' },
		    "a pad beyond ASCII" },
	};
	struct place p;

	(void)state;
	for (size_t k = 0; k < COUNT(wrong); k++)
		for (int i = 0; each_place(&p, i); i++) {
			struct cask_ar ar = { 0 };
			unsigned char got[16];

			place_set(&p, "a", 1);
			assert_int_equal(
			    place_store(&ar, &p, &wrong[k].as, got, 16), 0);
			assert_why(&ar, EINVAL, wrong[k].why);
			place_load_hex(&ar, &p, &wrong[k].as, "01 61");
			assert_why(&ar, EINVAL, wrong[k].why);
			place_is_zero(&p);
		}
}

/* The other directions of a walk */

static void
what_is_measured_is_what_is_stored(void **state)
{
	unsigned char bytes[64];
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i); i++) {
			struct cask_ar ar = { 0 };

			place_set(&p, rows[r].text, strlen(rows[r].text));
			cask_measure(&ar);
			place_x(&ar, &p, &rows[r].as);
			assert_int_equal(ar.err, 0);
			assert_int_equal(
			    cask_at(&ar), golden_hex(bytes, rows[r].little));
		}
}

static void
what_was_allocated_is_released(void **state)
{
	long live = fault_allocations();
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i); i++) {
			struct cask_ar ar = { 0 };

			place_load_hex(&ar, &p, &rows[r].as, rows[r].little);
			assert_int_equal(ar.err, 0);
			cask_release(&ar);
			place_x(&ar, &p, &rows[r].as);
			assert_int_equal(fault_allocations(), live);
			if (p.holder == ARRAY)
				place_is(
				    &p, rows[r].text, strlen(rows[r].text));
			else
				place_is_zero(&p);
			cask_release(&ar); /* … once more is nothing */
			place_x(&ar, &p, &rows[r].as);
			assert_int_equal(ar.err, 0);
		}
}

/* Printed from memory of any kind, with nothing of the wire; long ones, too. */
static void
text_is_printed_as_it_is(void **state)
{
	static char text[1200], out[1400], want[1400];
	struct place p;

	(void)state;
	for (int i = 0; each_place(&p, i / 3); i++) {
		static const size_t lengths[] = { 0, 100, 350 };
		size_t n = lengths[i % 3];
		struct cask_as as = { .form = CASK_UTF16, .end = CASK_BY_NUL };
		struct cask_ar ar = { 0 };
		struct cask_mem m;

		memset(text, 'a', n);
		strcpy(text + n, u8"\u20AC\U0001F600");
		place_set(&p, text, strlen(text));
		cask_print(&ar, cask_mem_write(&m, out, sizeof out));
		place_x(&ar, &p, &as);
		assert_int_equal(cask_flush(&ar), 0);
		out[m.length] = '\0';
		snprintf(want, sizeof want, " = \"%s\"\n", text);
		assert_memory_equal(out, "text ", 5);
		assert_non_null(strstr(out, want));
		if (p.memory == M8 || n < 128)
			continue;
		fault_reset();
		fault_plan(FAULT_MALLOC, 0, true, ENOMEM);
		cask_print(&ar, cask_mem_write(&m, out, sizeof out));
		place_x(&ar, &p, &as);
		assert_int_equal(ar.err, ENOMEM);
		assert_int_equal(fault_injected(), 1);
		fault_reset();
	}
	assert_int_equal(fault_allocations(), 0);
}

static struct {
	unsigned calls;
	char value[200];
	uint64_t size;
} seen;

static void
see(struct cask_ar *ar, const struct cask_field *f)
{
	(void)ar;
	seen.calls++;
	seen.size = f->size;
	snprintf(seen.value, sizeof seen.value, "%s %s", f->type,
	    f->error != NULL ? f->error : f->value);
}

static void
who_watches_sees_each_text_once(void **state)
{
	static const char *const forms[] = { "unicode", "unicode", "ansi",
		"utf8", "utf16", "utf32" };
	unsigned char bytes[64];
	char want[200];
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i / 2); i++) {
			struct cask_ar ar = { .watch = see };
			size_t n = golden_hex(bytes, rows[r].little);

			if (strchr(rows[r].text, '\r') != NULL)
				continue;
			memset(&seen, 0, sizeof seen);
			if (i % 2) {
				place_load(&ar, &p, &rows[r].as, bytes, n);
				place_free(&p);
			} else {
				place_set(
				    &p, rows[r].text, strlen(rows[r].text));
				place_store(
				    &ar, &p, &rows[r].as, bytes, sizeof bytes);
			}
			snprintf(want, sizeof want, "%s \"%s\"",
			    forms[rows[r].as.form], rows[r].text);
			assert_string_equal(seen.value, want);
			assert_int_equal(seen.calls, 1);
			assert_int_equal(seen.size, n);
			if (i % 2 == 0)
				continue;
			place_load(&ar, &p, &rows[r].as, bytes, 0);
			assert_string_equal(
			    seen.value, "text stream ended before a message");
			assert_int_equal(seen.calls, 2);
		}
}

static void
a_long_text_is_shown_by_its_beginning(void **state)
{
	static char text[2000];
	unsigned char bytes[4000];
	struct place p;

	(void)state;
	memset(text, 'a', 390);
	for (int i = 0; each_place(&p, i); i++) {
		struct cask_ar ar = { .watch = see };

		place_set(&p, text, strlen(text));
		place_store(&ar, &p, NULL, bytes, sizeof bytes);
		assert_int_equal(strlen(seen.value), 8 + 2 + 96 + 3);
		assert_string_equal(seen.value + 8 + 1 + 96, "\"...");
	}
}

static void
a_description_tells_how_a_text_ends(void **state)
{
	static const struct cask_as all[] = { { .characters = 3 },
		{ .form = CASK_UTF16 }, { .end = CASK_BY_NUL },
		{ .form = CASK_ANSI, .end = CASK_BY_FIELD, .units = 8 },
		{ .form = CASK_UTF8, .end = CASK_BY_CRLF } };
	static const char *const words[] = { "text ", "utf16 ", "text-nul ",
		"ansi-field ", "utf8-line " };
	struct place p;

	(void)state;
	for (size_t k = 0; k < COUNT(all); k++)
		for (int i = 0; each_place(&p, i); i++) {
			struct cask_ar ar = { 0 };
			struct cask_mem m;
			char out[200];

			cask_describe(&ar, cask_mem_write(&m, out, sizeof out));
			place_spoil(&p);
			place_x(&ar, &p, &all[k]);
			assert_int_equal(cask_flush(&ar), 0);
			out[m.length] = '\0';
			assert_memory_equal(out, words[k], strlen(words[k]));
			assert_int_equal(
			    strstr(out, "[8]") != NULL, all[k].units == 8);
			place_is_zero(&p);
		}
}

/* Flips */

/* What came through is a text; what did not has left nothing. */
static void
check_flipped(struct place *p, const struct row *r, bool big,
    const unsigned char *bytes, size_t n)
{
	struct cask_ar ar = { .big_endian = big };
	size_t length;
	const void *s;
	struct cask_progress done;
	int err = 0;

	place_load(&ar, p, &r->as, bytes, n);
	if (ar.err != 0) {
		assert_true(ar.err == EILSEQ || ar.err == CASK_ECUT ||
		    ar.err == CASK_ELIMIT || ar.err == CASK_ETEXT);
		place_is_zero(p);
		return;
	}
	s = place_text(p);
	length = place_length(p);
	assert_true(cask_at(&ar) <= n && length <= 3 * n);
	if (place_width(p) == 1)
		err = cask_utf8_to_utf8(NULL, 0, s, length, 0, &done);
	else if (place_width(p) == 2)
		err = cask_utf16_to_utf8(NULL, 0, s, length, 0, &done);
	else
		err = cask_utf32_to_utf8(NULL, 0, s, length, 0, &done);
	assert_int_equal(err, 0);
	place_free(p);
}

static void
flip(unsigned char *bytes, size_t bit)
{
	bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
}

/* a == b: that one alone. */
static unsigned
check_flips(struct place *p, const struct row *r, bool big)
{
	unsigned char wire[64], *bytes;
	size_t n = golden_hex(wire, row_hex(r, big));
	unsigned flips = 0;

	bytes = malloc(n); /* to the byte, for AddressSanitizer */
	assert_non_null(bytes);
	memcpy(bytes, wire, n);
	for (size_t a = 0; a < 8 * n; a++)
		for (size_t b = a; b < 8 * n; b++, flips++) {
			flip(bytes, a);
			if (a != b)
				flip(bytes, b);
			check_flipped(p, r, big, bytes, n);
			memcpy(bytes, wire, n);
		}
	free(bytes);
	return flips;
}

static void
any_one_or_two_bits_flipped_make_a_text_or_an_error(void **state)
{
	long live = fault_allocations();
	unsigned flips = 0;
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i / 2); i++)
			flips += check_flips(&p, &rows[r], i % 2);
	assert_true(flips > 1000000);
	assert_int_equal(fault_allocations(), live);
}

/* Faults */

static void
without_memory_nothing_is_loaded_or_left(void **state)
{
	unsigned char bytes[64];
	unsigned injected = 0;
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i / 6); i++) {
			size_t n = golden_hex(bytes, rows[r].little);
			struct cask_ar ar = { 0 };
			long live = fault_allocations();

			fault_reset();
			fault_plan(
			    FAULT_REALLOC, (unsigned)i % 3, i / 3 % 2, ENOMEM);
			place_load(&ar, &p, &rows[r].as, bytes, n);
			injected += fault_injected();
			if (ar.err != 0) {
				assert_true(fault_injected() > 0);
				assert_int_equal(ar.err, ENOMEM);
				place_is_zero(&p);
			} else {
				place_is(
				    &p, rows[r].text, strlen(rows[r].text));
				place_free(&p);
			}
			fault_reset();
			assert_int_equal(fault_allocations(), live);
		}
	assert_true(injected > 200);
}

/* Out and back in every form, whatever fails. */
static void
every_form_scenario(void *failed)
{
	(void)failed;
	for (size_t r = 0; r < COUNT(rows); r += 3) {
		struct cask_ar ar = { 0 };
		struct cask_string16 s16 = { 0 };
		struct cask_string s8 = { 0 };
		char text[40];
		struct cask_mem m;

		snprintf(text, sizeof text, "%s", rows[r].text);
		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_text_as(&ar, text, sizeof text, &rows[r].as);
		cask_flush(&ar);
		cask_load(&ar, &m.io);
		cask_string16_dup_as(&ar, &s16, 99, &rows[r].as);
		assert_true((s16.text == NULL) == (ar.err != 0));
		caski_sys_free(s16.text);
		m.position = 0;
		cask_load(&ar, &m.io);
		cask_string_dup_as(&ar, &s8, 99, &rows[r].as);
		if (ar.err == 0)
			assert_string_equal(s8.text, text);
		caski_sys_free(s8.text);
		cask_mem_close(&m);
	}
}

static void
every_fault_is_an_error_and_leaves_nothing(void **state)
{
	(void)state;
	assert_true(fault_everywhere(every_form_scenario, NULL) > 100);
}

static void
a_transport_may_fail_at_any_byte(void **state)
{
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++) {
		unsigned char bytes[64];
		size_t n = golden_hex(bytes, rows[r].little);

		for (size_t at = 0; at < n; at++)
			for (int i = 0; each_place(&p, i); i++) {
				struct cask_ar ar = { 0 };
				struct own_io own;

				cask_load(&ar, own_source(&own, bytes, n));
				own.fail_at = at;
				own.fail_with = EPIPE;
				place_spoil(&p);
				place_x(&ar, &p, &rows[r].as);
				assert_int_equal(ar.err, EPIPE);
				place_is_zero(&p);

				place_set(
				    &p, rows[r].text, strlen(rows[r].text));
				cask_store(&ar, own_sink(&own, NULL, 0));
				own.fail_at = at;
				own.fail_with = EPIPE;
				place_x(&ar, &p, &rows[r].as);
				assert_int_equal(cask_flush(&ar), EPIPE);
			}
	}
	assert_int_equal(fault_allocations(), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    each_form_has_its_bytes_from_all_memory_in_both_orders),
	cmocka_unit_test(each_form_is_loaded_into_all_memory_from_both_orders),
	cmocka_unit_test(the_archives_form_holds_where_the_field_has_none),
	cmocka_unit_test(
	    a_text_cut_at_any_byte_is_an_error_and_nothing_is_left),
	cmocka_unit_test(long_texts_come_back_from_every_form),
	cmocka_unit_test(loading_tells_which_form_came),
	cmocka_unit_test(an_array_of_units_is_filled_to_its_last),
	cmocka_unit_test(a_limit_in_characters_holds_in_both_directions),
	cmocka_unit_test(a_limit_in_characters_is_exact_far_within),
	cmocka_unit_test(an_error_names_field_limit_and_unit),
	cmocka_unit_test(nothing_is_allocated_from_a_length_on_the_wire),
	cmocka_unit_test(a_text_without_an_end_is_refused_when_it_is_too_long),
	cmocka_unit_test(loading_cuts_on_request_between_characters),
	cmocka_unit_test(cutting_to_a_number_of_characters_goes_both_ways),
	cmocka_unit_test(a_field_that_is_too_small_is_an_error_or_cuts),
	cmocka_unit_test(storing_cuts_to_max_between_characters),
	cmocka_unit_test(an_archives_budget_is_not_cut_to),
	cmocka_unit_test(growing_memory_ends_where_max_says),
	cmocka_unit_test(plain_text_has_limits_in_characters_too),
	cmocka_unit_test(pads_at_the_end_of_a_field_are_no_text),
	cmocka_unit_test(what_is_behind_a_fields_nul_is_not_looked_at),
	cmocka_unit_test(nuls_are_kept_where_a_length_is),
	cmocka_unit_test(a_nul_that_would_end_the_text_is_not_stored),
	cmocka_unit_test(no_string_is_an_empty_one_but_has_no_length),
	cmocka_unit_test(
	    surrogates_without_their_other_half_are_errors_or_replaced),
	cmocka_unit_test(
	    ill_formed_wide_text_is_not_stored_or_is_replaced_once),
	cmocka_unit_test(what_a_code_page_lacks_is_told_in_units_of_memory),
	cmocka_unit_test(a_field_may_be_strict_or_replacing_by_itself),
	cmocka_unit_test(an_impossible_form_is_einval),
	cmocka_unit_test(what_is_measured_is_what_is_stored),
	cmocka_unit_test(what_was_allocated_is_released),
	cmocka_unit_test(text_is_printed_as_it_is),
	cmocka_unit_test(who_watches_sees_each_text_once),
	cmocka_unit_test(a_long_text_is_shown_by_its_beginning),
	cmocka_unit_test(a_description_tells_how_a_text_ends),
	cmocka_unit_test(any_one_or_two_bits_flipped_make_a_text_or_an_error),
	cmocka_unit_test(without_memory_nothing_is_loaded_or_left),
	cmocka_unit_test(every_fault_is_an_error_and_leaves_nothing),
	cmocka_unit_test(a_transport_may_fail_at_any_byte),
};

RUN_TESTS(tests)
