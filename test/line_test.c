/*
 * Lines of text: what MFC's WriteString and ReadString have, and what of the
 * latter is cured.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text_kit.h"

#include <errno.h>

static const struct cask_as lf = { .form = CASK_UTF8, .end = CASK_BY_LF };
static const struct cask_as crlf = { .form = CASK_UTF8, .end = CASK_BY_CRLF };

/* Every line of a stream, each in [], as a program would read them. */
static const char *
lines_of(struct cask_ar *ar, const void *bytes, size_t n, size_t size)
{
	static char all[4000];
	static struct cask_mem m;
	char *s = malloc(size);

	assert_non_null(s);
	all[0] = '\0';
	cask_load(ar, cask_mem_read(&m, bytes, n));
	while (cask_more(ar)) {
		size_t k = cask_get_line(ar, s, size);

		assert_int_equal(k, strlen(s));
		if (ar->err != 0)
			break;
		snprintf(
		    all + strlen(all), sizeof all - strlen(all), "[%s]", s);
	}
	assert_true(ar->err == 0 || *s == '\0');
	free(s);
	return all;
}

static const char *
lines_in(const char *text)
{
	struct cask_ar ar = { .form = CASK_UTF8 };
	const char *all = lines_of(&ar, text, strlen(text), 100);

	assert_string_equal(cask_why(&ar), "no error");
	return all;
}

/* Reference 6.11. */
static void
lines_have_their_bytes(void **state)
{
	static const struct {
		enum cask_text_form form;
		bool big;
		const char *a, *b, *hex;
	} rows[] = {
		{ CASK_ANSI, false, "String1", "String2",
		    "53 74 72 69 6E 67 31 0A 53 74 72 69 6E 67 32 0A" },
		{ CASK_UTF8, true, "", u8"\u20AC", "0A E2 82 AC 0A" },
		{ (enum cask_text_form)0, false, "S1", "",
		    "53 00 31 00 0A 00 0A 00" },
		{ CASK_UNICODE, true, "S1", "", "00 53 00 31 00 0A 00 0A" },
		{ CASK_UTF16, false, u8"\U0001F600", "x",
		    "3D D8 00 DE 0A 00 78 00 0A 00" },
		{ CASK_UTF32, true, "x", "",
		    "00 00 00 78 00 00 00 0A 00 00 00 "
		    "0A" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cask_ar ar = { .form = rows[i].form,
			.big_endian = rows[i].big };
		unsigned char got[64], want[64];
		char s[16], all[64];
		struct cask_mem m;
		size_t n = golden_hex(want, rows[i].hex);

		cask_store(&ar, cask_mem_write(&m, got, sizeof got));
		cask_put_line(&ar, rows[i].a);
		cask_put_line(&ar, rows[i].b);
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(m.length, n);
		assert_memory_equal(got, want, n);

		snprintf(all, sizeof all, "[%s][%s]", rows[i].a, rows[i].b);
		assert_string_equal(lines_of(&ar, got, n, 16), all);
		assert_string_equal(cask_why(&ar), "no error");
		cask_load(&ar, cask_mem_read(&m, got, n));
		assert_int_equal(
		    cask_get_line(&ar, s, sizeof s), strlen(rows[i].a));
		assert_int_equal(
		    ar.came, rows[i].form != 0 ? rows[i].form : CASK_UNICODE);
	}
}

static void
lf_and_cr_lf_end_a_line_and_a_cr_does_not(void **state)
{
	(void)state;
	assert_string_equal(lines_in("a\nb\r\nc\n"), "[a][b][c]");
	assert_string_equal(lines_in("\n\r\n\n"), "[][][]");
	/* MFC would give a and drop the b */
	assert_string_equal(lines_in("a\rb\n"), "[a\rb]");
	assert_string_equal(lines_in("a\r\r\nb\n"), "[a\r][b]");
	assert_string_equal(lines_in("\r\ra\n"), "[\r\ra]");
	assert_string_equal(lines_in("\n\ra\n"), "[][\ra]");
}

static void
the_last_line_may_lack_its_lf(void **state)
{
	(void)state;
	assert_string_equal(lines_in(""), "");
	assert_string_equal(lines_in("a"), "[a]");
	assert_string_equal(lines_in("a\nb"), "[a][b]");
	assert_string_equal(lines_in("a\n\nb\r"), "[a][][b\r]");
	assert_string_equal(lines_in("\r"), "[\r]");
	assert_string_equal(lines_in("a\r\n"), "[a]");
}

/* MFC's growing form says of these that there was no line. */
static void
a_last_line_of_any_length_is_a_line(void **state)
{
	static char text[700], want[702];

	(void)state;
	for (size_t n = 1; n < 600; n++) {
		struct cask_ar ar = { .form = CASK_UTF8 };
		struct cask_mem m;
		char *s;

		memset(text, 'x', n);
		text[n] = '\0';
		snprintf(want, sizeof want, "[%s]", text);
		assert_string_equal(lines_of(&ar, text, n, 700), want);
		cask_load(&ar, cask_mem_read(&m, text, n));
		cask_text_dup_as(&ar, &s, 700, &lf);
		assert_string_equal(s, text);
		assert_false(cask_more(&ar));
		caski_sys_free(s);
	}
	assert_int_equal(fault_allocations(), 0);
}

static void
at_the_end_of_the_stream_there_is_no_line(void **state)
{
	struct cask_ar ar = { .form = CASK_UTF8 };
	char s[8] = "old";
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "", 0));
	assert_int_equal(cask_get_line(&ar, s, sizeof s), 0);
	assert_string_equal(s, "");
	assert_string_equal(
	    cask_why(&ar), "line at byte 0: stream ended before a message");
	assert_int_equal(ar.err, CASK_ECUT);
	cask_load(&ar, cask_mem_read(&m, "a\n", 2));
	cask_get_line(&ar, s, sizeof s);
	cask_get_line(&ar, s, sizeof s);
	assert_int_equal(ar.err, CASK_ECUT);
	/* … nor half a character */
	ar.form = CASK_UTF16;
	cask_load(&ar, cask_mem_read(&m, "a\0b", 3));
	cask_get_line(&ar, s, sizeof s);
	assert_string_equal(
	    cask_why(&ar), "line at byte 0: stream ended inside a message");
}

static void
a_line_that_is_too_long_is_an_error_or_cut(void **state)
{
	static const struct cask_as cut = {
		.form = CASK_UTF8, .end = CASK_BY_LF, .cut = true
	};
	static const char text[] = "12345678\n1234567\nx\n";
	struct cask_ar ar = { .form = CASK_UTF8 };
	struct cask_mem m;
	char s[8];

	(void)state;
	assert_string_equal(
	    lines_of(&ar, text, strlen(text), 9), "[12345678][1234567][x]");
	assert_string_equal(lines_of(&ar, text, strlen(text), 8), "");
	assert_string_equal(
	    cask_why(&ar), "line at byte 0: length over 7, limit 7 bytes");
	assert_int_equal(ar.err, CASK_ELIMIT);
	cask_load(&ar, cask_mem_read(&m, text, strlen(text)));
	cask_text_as(&ar, s, sizeof s, &cut);
	assert_string_equal(s, "1234567");
	assert_int_equal(ar.cut, 1);
	cask_text_as(&ar, s, sizeof s, &cut);
	assert_string_equal(s, "1234567");
	cask_text_as(&ar, s, sizeof s, &cut);
	assert_string_equal(s, "x");
	assert_int_equal(ar.cut, 1);
	assert_int_equal(ar.err, 0);
	assert_false(cask_more(&ar));
}

static void
a_line_within_a_budget_of_a_message_only(void **state)
{
	struct cask_ar ar = { .form = CASK_UTF8, .limit = { .message = 5 } };
	char s[16];
	struct cask_mem m;

	(void)state;
	assert_string_equal(
	    lines_of(&ar, "abcd\nefgh\n", 10, 16), "[abcd][efgh]");
	assert_int_equal(ar.err, 0);
	cask_load(&ar, cask_mem_read(&m, "abcdef\n", 7));
	cask_get_line(&ar, s, sizeof s);
	assert_string_equal(cask_why(&ar),
	    "line at byte 0: message of more than 5 bytes (limit.message; "
	    "cask_more begins the next)");
}

static void
what_would_not_come_back_is_not_stored(void **state)
{
	static const struct {
		const char *text;
		const struct cask_as *as;
		const char *why;
	} rows[] = {
		{ "a\nb", &lf, "the line holds an LF, which would end it" },
		{ "\n", &lf, "the line holds an LF, which would end it" },
		{ "a\nb", &crlf, "the line holds an LF, which would end it" },
		{ "a\r", &lf,
		    "the line ends with a CR, which its LF would take away" },
	};
	struct cask_ar ar = { .form = CASK_UTF8 };
	unsigned char got[16];
	struct cask_mem m;
	struct place p;

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++)
		for (int i = 0; each_place(&p, i); i++) {
			place_set(&p, rows[r].text, strlen(rows[r].text));
			assert_int_equal(
			    place_store(&ar, &p, rows[r].as, got, 16), 0);
			assert_why(&ar, CASK_ETEXT, rows[r].why);
		}
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_put_line(&ar, "Host: a\nb");
	assert_string_equal(cask_why(&ar),
	    "line at byte 0: the line holds an LF, which would end it");
	/* U+0A0A and U+0D0D have the bytes of LF and CR */
	ar.form = CASK_UTF16;
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_put_line(&ar, u8"\u0A0A\u0D0D");
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(
	    lines_of(&ar, got, m.length, 16), u8"[\u0A0A\u0D0D]");
}

static void
a_nul_in_a_line_is_an_error_or_kept(void **state)
{
	struct cask_ar ar = { .form = CASK_UTF8 };
	struct cask_string s = { 0 };
	struct cask_mem m;
	char text[16];

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "a\0b\nc\n", 6));
	assert_int_equal(cask_get_line(&ar, text, sizeof text), 0);
	assert_string_equal(cask_why(&ar),
	    "line at byte 0: the text holds a NUL, which a C string can't "
	    "hold");
	m.position = 0;
	cask_load(&ar, &m.io);
	cask_string_dup_as(&ar, &s, 99, &lf);
	assert_int_equal(s.length, 3);
	assert_memory_equal(s.text, "a\0b", 4);
	caski_sys_free(s.text);
	cask_get_line(&ar, text, sizeof text);
	assert_string_equal(text, "c");
}

/* Whole lines in any bits and pieces; and no byte is waited for behind one. */
static void
lines_arrive_in_any_pieces(void **state)
{
	static const char text[] = "one\r\ntwo\n\r\nthree\rfour\n\nfive\r";
	unsigned char buffer[16];

	(void)state;
	for (size_t size = 0; size <= sizeof buffer; size++)
		for (size_t most = 0; most < 5; most++) {
			struct cask_ar ar = { .form = CASK_UTF8,
				.buffer = buffer,
				.buffer_size = size };
			struct own_io own;
			char s[32], all[64] = "";

			cask_load(&ar, own_source(&own, text, strlen(text)));
			own.at_most = most;
			while (cask_more(&ar)) {
				cask_get_line(&ar, s, sizeof s);
				strcat(strcat(strcat(all, "["), s), "]");
			}
			assert_int_equal(ar.err, 0);
			assert_string_equal(
			    all, "[one][two][][three\rfour][][five\r]");
		}
}

static void
a_transport_may_fail_inside_a_line(void **state)
{
	static const char text[] = "ab\r\ncd\r";

	(void)state;
	for (uint64_t at = 0; at <= strlen(text); at++) {
		struct cask_ar ar = { .form = CASK_UTF8 };
		struct own_io own;
		char s[16];
		int lines = 0;

		cask_load(&ar, own_source(&own, text, strlen(text)));
		own.at_most = 1;
		own.fail_at = at;
		own.fail_with = EIO;
		for (; cask_more(&ar); lines += ar.err == 0)
			cask_get_line(&ar, s, sizeof s);
		assert_int_equal(ar.err, EIO);
		assert_int_equal(lines, at >= 4);
	}
}

static void
lines_go_one_way(void **state)
{
	struct cask_ar ar = { 0 };
	struct cask_mem m;
	char s[4] = "old", room[8];

	(void)state;
	cask_store(&ar, cask_mem_write(&m, room, sizeof room));
	assert_int_equal(cask_get_line(&ar, s, sizeof s), 0);
	assert_string_equal(s, "");
	assert_string_equal(cask_why(&ar),
	    "line at byte 0: can't load: the archive is storing");
	cask_load(&ar, cask_mem_read(&m, "a\n", 2));
	cask_put_line(&ar, "a");
	assert_string_equal(cask_why(&ar),
	    "line at byte 0: can't store: the archive is loading");
	cask_load(&ar, cask_mem_read(&m, "a\n", 2));
	cask_get_line(&ar, s, 0);
	assert_string_equal(
	    cask_why(&ar), "line at byte 0: an array of 0 bytes holds no text");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(lines_have_their_bytes),
	cmocka_unit_test(lf_and_cr_lf_end_a_line_and_a_cr_does_not),
	cmocka_unit_test(the_last_line_may_lack_its_lf),
	cmocka_unit_test(a_last_line_of_any_length_is_a_line),
	cmocka_unit_test(at_the_end_of_the_stream_there_is_no_line),
	cmocka_unit_test(a_line_that_is_too_long_is_an_error_or_cut),
	cmocka_unit_test(a_line_within_a_budget_of_a_message_only),
	cmocka_unit_test(what_would_not_come_back_is_not_stored),
	cmocka_unit_test(a_nul_in_a_line_is_an_error_or_kept),
	cmocka_unit_test(lines_arrive_in_any_pieces),
	cmocka_unit_test(a_transport_may_fail_inside_a_line),
	cmocka_unit_test(lines_go_one_way),
};

RUN_TESTS(tests)
