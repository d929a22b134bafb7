/*
 * MFC's Unicode strings that are short: what goes quickly comes to the same as
 * what goes the long way, which is how all that is watched goes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "golden.h"
#include "test.h"

#include <cask.h>

#include <errno.h>

static void
see_nothing(struct cask_ar *ar, const struct cask_field *field)
{
	(void)ar;
	(void)field;
}

struct outcome {
	unsigned char bytes[1024];
	size_t n;
	uint64_t replaced, at;
	int err, came;
	char why[256];
};

static void
keep_outcome(struct outcome *o, const struct cask_ar *ar)
{
	o->replaced = ar->replaced;
	o->at = cask_at(ar);
	o->err = ar->err;
	o->came = (int)ar->came;
	strcpy(o->why, cask_why(ar));
}

static void
assert_same(const struct outcome *quick, const struct outcome *slow)
{
	assert_string_equal(quick->why, slow->why);
	assert_int_equal(quick->err, slow->err);
	assert_int_equal(quick->came, slow->came);
	assert_int_equal(quick->at, slow->at);
	assert_int_equal(quick->replaced, slow->replaced);
	assert_int_equal(quick->n, slow->n);
	assert_memory_equal(quick->bytes, slow->bytes, sizeof slow->bytes);
}

static struct cask_ar
settings(unsigned how, uint64_t limit)
{
	static const enum cask_text_form forms[] = { 0, CASK_ANSI, CASK_UTF8,
		CASK_UTF16 };

	return (struct cask_ar) {
		.big_endian = how & 1,
		.replace = how & 2,
		.limit.text = how & 4 ? limit : 0,
		.form = forms[how >> 3],
	};
}

/* Behind a value that has made room, in a buffer of size bytes. */
static void
store_behind(struct outcome *o, struct cask_ar *ar, char *s, size_t size)
{
	unsigned char buffer[640];
	struct cask_mem m;

	memset(o, 0, sizeof *o);
	memset(buffer, 0xA5, sizeof buffer);
	ar->buffer = buffer;
	ar->buffer_size = size;
	cask_store(ar, cask_mem_write(&m, o->bytes, sizeof o->bytes));
	cask_put_u8(ar, 1);
	cask_text(ar, s, 300);
	keep_outcome(o, ar);
	cask_flush(ar);
	o->n = m.length;
	assert_int_equal(buffer[size], 0xA5);
}

static void
a_text_is_stored_as_it_is_the_long_way(void **state)
{
	static char texts[][300] = { "", "a", "plain", "gr\xC3\xBC\xC3\x9F",
		"\xE6\x97\xA5\xE6\x9C\xAC", "\xF0\x9F\x98\x80", "bad \xFF!",
		"cut \xE2\x82", "254", "255", "no NUL" };
	struct outcome quick, slow;

	(void)state;
	memset(texts[8], 'x', 254);
	memset(texts[9], 'x', 255);
	memset(texts[10], 'x', 300);
	for (size_t i = 0; i < COUNT(texts); i++)
		for (unsigned how = 0; how < 32; how++)
			for (size_t size = 1; size < 540; size++) {
				struct cask_ar ar = settings(how, 3);

				store_behind(&quick, &ar, texts[i], size);
				ar.watch = see_nothing;
				store_behind(&slow, &ar, texts[i], size);
				assert_same(&quick, &slow);
			}
}

/* In a buffer that has held something else. */
static void
load_behind(struct outcome *o, struct cask_ar *ar, const unsigned char *wire,
    size_t n, size_t room)
{
	unsigned char buffer[64];
	char *s = (char *)o->bytes;
	struct cask_mem m;

	memset(o, 0, sizeof *o);
	memset(s, 'y', 64);
	memset(buffer, 'x', sizeof buffer);
	ar->buffer = buffer;
	ar->buffer_size = sizeof buffer;
	cask_load(ar, cask_mem_read(&m, wire, n));
	cask_get_u8(ar);
	cask_text(ar, s, room);
	keep_outcome(o, ar);
	assert_int_equal(s[room], 'y');
	assert_non_null(memchr(s, '\0', room));
	memset(s + strlen(s), 0, room - strlen(s));
}

static void
a_text_is_loaded_as_it_is_the_long_way_and_cut_anywhere(void **state)
{
	static const char *const wires[] = {
		"01 FF FE FF 00",
		"01 FF FE FF 03 61 00 62 00 63 00",
		"01 FF FF FE 03 00 61 00 62 00 63",
		"01 FF FE FF 03 E4 00 AC 20 E5 65",
		"01 FF FF FE 02 20 AC 65 E5",
		"01 FF FE FF 03 3D D8 00 DE 61 00",
		"01 FF FE FF 03 61 00 00 DE 62 00",
		"01 FF FE FF 02 61 00 3D D8",
		"01 FF FE FF 03 61 00 00 00 62 00",
		"01 FF FE FF FF 03 00 61 00 62 00 63 00",
		"01 FF FF FE FF 00 03 00 61 00 62 00 63",
		"01 FF 03 00 61 62 63",
		"01 03 61 62 63",
		"01 FE FE FF 03 61 00 62 00 63 00",
	};
	unsigned char wire[64];
	struct outcome quick, slow;

	(void)state;
	for (size_t i = 0; i < COUNT(wires); i++)
		for (unsigned how = 0; how < 32; how++)
			for (size_t room = 1; room < 12; room++)
				for (size_t n = golden_hex(wire, wires[i]);
				     n > 0; n--) {
					struct cask_ar ar = settings(how, 2);

					load_behind(&quick, &ar, wire, n, room);
					ar.watch = see_nothing;
					load_behind(&slow, &ar, wire, n, room);
					assert_same(&quick, &slow);
				}
}

/* A length of FF is none of one byte; an array of none is an error. */
static void
at_255_units_the_long_way_begins(void **state)
{
	unsigned char wire[640], buffer[640];
	char text[300], back[300];
	struct cask_mem m;

	(void)state;
	for (size_t n = 252; n < 258; n++)
		for (size_t room = n; room < n + 2; room++) {
			struct cask_ar ar = { .buffer = buffer,
				.buffer_size = sizeof buffer };
			size_t front = n < 255 ? 4 : 6;

			memset(text, 'x', n);
			text[n] = '\0';
			cask_store(&ar, cask_mem_write(&m, wire, sizeof wire));
			cask_put_u8(&ar, 1);
			cask_put_text(&ar, text);
			assert_int_equal(cask_flush(&ar), 0);
			assert_int_equal(m.length, 1 + front + 2 * n);
			memset(back, 'y', sizeof back);
			cask_load(&ar, cask_mem_read(&m, wire, m.length));
			cask_get_u8(&ar);
			cask_get_text(&ar, back, room);
			assert_int_equal(ar.err, room > n ? 0 : CASK_ELIMIT);
			assert_string_equal(back, room > n ? text : "");
			assert_int_equal(back[room], 'y');
		}
}

static void
an_array_of_0_bytes_holds_no_text(void **state)
{
	char s[2] = "yy";
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "\1\xFF\xFE\xFF\0", 5));
	cask_get_u8(&ar);
	cask_text(&ar, s, 0);
	assert_int_equal(ar.err, EINVAL);
	assert_memory_equal(s, "yy", 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_text_is_stored_as_it_is_the_long_way),
	cmocka_unit_test(
	    a_text_is_loaded_as_it_is_the_long_way_and_cut_anywhere),
	cmocka_unit_test(at_255_units_the_long_way_begins),
	cmocka_unit_test(an_array_of_0_bytes_holds_no_text),
};

RUN_TESTS(tests)
