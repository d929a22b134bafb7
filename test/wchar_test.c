/*
 * wchar_t of 16 bits, as Windows has it: this file is compiled with
 * -fshort-wchar, the library is not.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text_kit.h"

static const char text[] = u8"A\u20AC\U0001F600";

static void
a_short_wchar_is_utf_16(void **state)
{
	static const wchar_t units[] = { 'A', 0x20AC, 0xD83D, 0xDE00, 0 };
	struct cask_ar ar = { .form = CASK_UTF8 };
	struct place p;

	(void)state;
	assert_int_equal(sizeof(wchar_t), 2);
	for (int i = MW * HOLDERS; each_place(&p, i); i++) {
		place_set(&p, text, strlen(text));
		assert_memory_equal(p.array.mw, units, sizeof units);
		place_store_is(&ar, &p, NULL, "08 00 41 E2 82 AC F0 9F 98 80");
		place_load_hex(&ar, &p, NULL, "08 00 41 E2 82 AC F0 9F 98 80");
		assert_string_equal(cask_why(&ar), "no error");
		place_is(&p, text, strlen(text));
		assert_memory_equal(place_text(&p), units, sizeof units);
		place_free(&p);
	}
	assert_int_equal(fault_allocations(), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_short_wchar_is_utf_16),
};

RUN_TESTS(tests)
