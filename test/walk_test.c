/*
 * The other uses of a walk: what is measured, printed, released, described,
 * and shown to those who watch.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "own_io.h"
#include "test.h"

#include "../lib/sys.h"

#include <cask.h>

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>

static void
assert_failed(const struct cask_ar *ar, int err, const char *why)
{
	assert_string_equal(cask_why(ar), why);
	assert_int_equal(ar->err, err);
}

/* One of each type */

struct all {
	uint8_t u8;
	int8_t i8;
	bool yes;
	uint16_t u16;
	int16_t i16;
	uint16_t char16;
	uint32_t u32;
	int32_t i32;
	float f32;
	uint64_t u64;
	int64_t i64;
	double f64;
	uint32_t count;
	uint64_t count64;
	unsigned char bytes[4];
	uint16_t few[3];
};

static const struct all one_of_each = { 255, -128, true, 65535, -32768, 0x20AC,
	4294967295, -2147483647 - 1, 0.1f, UINT64_MAX, INT64_MIN, 0.1, 7, 65536,
	{ 0, 1, 0xAB, 0xFF }, { 1, 2, 3 } };

static void
all_x(struct cask_ar *ar, struct all *a)
{
	cask_u8(ar, &a->u8);
	cask_i8(ar, &a->i8);
	cask_bool(ar, &a->yes);
	cask_u16(ar, &a->u16);
	cask_i16(ar, &a->i16);
	cask_char16(ar, &a->char16);
	cask_u32(ar, &a->u32);
	cask_i32(ar, &a->i32);
	cask_f32(ar, &a->f32);
	cask_u64(ar, &a->u64);
	cask_i64(ar, &a->i64);
	cask_f64(ar, &a->f64);
	cask_count(ar, &a->count, 100);
	cask_count64(ar, &a->count64, UINT64_MAX);
	cask_bytes(ar, a->bytes, 4);
	cask_u16_array(ar, a->few, 3);
}

/* Structs, arrays of them, an option, a version, a message, a secret */

struct point {
	int32_t x;
	double y[2];
};

struct shape {
	uint32_t n;
	struct point points[4];
	struct point middle;
	bool has_extra;
	uint16_t extra;
	uint64_t key;
	uint32_t numbers;
	uint32_t number[4];
	struct point within;
};

static void
point_x(struct cask_ar *ar, struct point *p)
{
	cask_i32(ar, &p->x);
	cask_f64_array(ar, p->y, 2);
}

static void
shape_x(struct cask_ar *ar, struct shape *s)
{
	unsigned version = cask_version(ar, 2);

	cask_count(ar, &s->n, COUNT(s->points));
	cask_structs(ar, s->points, s->n, point_x);
	cask_struct(ar, &s->middle, point_x);
	cask_bool(ar, &s->has_extra);
	if (s->has_extra)
		cask_u16(ar, &s->extra);
	if (version >= 2)
		cask_secret(ar, cask_u64(ar, &s->key));
	cask_count(ar, &s->numbers, COUNT(s->number));
	cask_u32_array(ar, s->number, s->numbers);
	cask_message(ar, &s->within, point_x);
}

static struct shape
make_shape(void)
{
	struct shape s = { .n = 2,
		.points = { { 1, { 0.5, -0.25 } }, { -2, { 1e300, 3 } } },
		.middle = { 3, { 4, 5 } },
		.has_extra = true,
		.extra = 6,
		.key = 424242,
		.numbers = 2,
		.number = { 8, 9 },
		.within = { 10, { 11, 12 } } };

	return s;
}

/* Measuring */

static void
what_is_measured_is_what_is_stored(void **state)
{
	struct shape s = make_shape();
	struct all a = one_of_each;

	(void)state;
	for (size_t size = 0; size <= 40; size++)
		for (int big = 0; big < 2; big++) {
			unsigned char buffer[40];
			struct cask_ar ar = { .buffer = buffer,
				.buffer_size = size,
				.big_endian = big };
			struct own_io own;
			uint64_t at[3];

			cask_measure(&ar);
			assert_true(cask_storing(&ar));
			all_x(&ar, &a);
			at[0] = cask_at(&ar);
			shape_x(&ar, &s);
			at[1] = cask_at(&ar);
			assert_int_equal(cask_flush(&ar), 0);
			cask_message(&ar, &s, shape_x);
			at[2] = cask_at(&ar);
			assert_int_equal(cask_finish(&ar), 0);

			cask_store(&ar, own_sink(&own, NULL, 0));
			all_x(&ar, &a);
			assert_int_equal(cask_at(&ar), at[0]);
			shape_x(&ar, &s);
			assert_int_equal(cask_at(&ar), at[1]);
			cask_message(&ar, &s, shape_x);
			assert_int_equal(cask_flush(&ar), 0);
			assert_int_equal(own.moved, at[2]);
		}
}

static void
to_measure_fails_where_storing_does(void **state)
{
	struct cask_ar ar = { .limit.message = 5 };
	struct all a = one_of_each;
	uint32_t n = 9;

	(void)state;
	cask_measure(&ar);
	all_x(&ar, &a);
	assert_int_equal(ar.err, CASK_ELIMIT);
	cask_measure(&ar);
	cask_count(&ar, &n, 8);
	assert_failed(&ar, CASK_ELIMIT, "count n at byte 0: 9, limit 8");
	cask_measure(&ar);
	assert_int_equal(cask_get_u8(&ar), 0);
	assert_failed(&ar, CASK_EDIRECTION,
	    "u8 at byte 0: can't load: the archive is storing");
}

static void
to_measure_costs_no_memory_and_any_size_is_counted(void **state)
{
	struct cask_ar ar = { 0 };

	(void)state;
	fault_reset();
	cask_measure(&ar);
	for (int i = 0; i < 9; i++)
		cask_put_bytes(&ar, &ar, (size_t)1 << 30);
	assert_int_equal(ar.err, 0);
	assert_true(cask_at(&ar) == UINT64_C(9) << 30);
	assert_int_equal(fault_count(FAULT_REALLOC), 0);
	assert_int_equal(fault_count(FAULT_MALLOC), 0);
}

/* Printing */

static struct cask_mem printed;

static void
begin_print(struct cask_ar *ar)
{
	cask_mem_close(&printed);
	cask_print(ar, cask_mem_grow(&printed, 0));
}

static void
expect_print(struct cask_ar *ar, const char *text)
{
	char *got;

	assert_int_equal(cask_flush(ar), 0);
	got = calloc(1, printed.length + 1);
	assert_non_null(got);
	memcpy(got, printed.data, printed.length);
	assert_string_equal(got, text);
	free(got);
	printed.length = 0;
}

static void
each_type_is_printed(void **state)
{
	struct all a = one_of_each;

	(void)state;
	for (size_t size = 0; size < 40; size++) {
		unsigned char buffer[40];
		struct cask_ar ar = { .buffer = buffer,
			.buffer_size = size,
			.limit.message = 3 };

		begin_print(&ar);
		assert_true(cask_storing(&ar));
		all_x(&ar, &a);
		expect_print(&ar,
		    "u8      u8 = 255\n"
		    "i8      i8 = -128\n"
		    "bool    yes = true\n"
		    "u16     u16 = 65535\n"
		    "i16     i16 = -32768\n"
		    "char16  char16 = 8364\n"
		    "u32     u32 = 4294967295\n"
		    "i32     i32 = -2147483648\n"
		    "f32     f32 = 0.1\n"
		    "u64     u64 = 18446744073709551615\n"
		    "i64     i64 = -9223372036854775808\n"
		    "f64     f64 = 0.1\n"
		    "count   count = 7\n"
		    "count   count64 = 65536\n"
		    "bytes   bytes = 0001abff\n"
		    "u16     few[0] = 1\n"
		    "u16     few[1] = 2\n"
		    "u16     few[2] = 3\n");
	}
	cask_mem_close(&printed);
}

static void
each_type_is_printed_as_json(void **state)
{
	struct all a = one_of_each;
	struct cask_ar ar = { .json = true };

	(void)state;
	begin_print(&ar);
	all_x(&ar, &a);
	expect_print(&ar,
	    "{\"u8\":255,\"i8\":-128,\"yes\":true,\"u16\":65535,"
	    "\"i16\":-32768,\"char16\":8364,\"u32\":4294967295,"
	    "\"i32\":-2147483648,\"f32\":0.1,"
	    "\"u64\":\"18446744073709551615\","
	    "\"i64\":\"-9223372036854775808\",\"f64\":0.1,\"count\":7,"
	    "\"count64\":65536,\"bytes\":\"0001abff\","
	    "\"few\":[1,2,3]}\n");
	cask_mem_close(&printed);
}

static void
structs_are_printed_with_their_paths(void **state)
{
	struct shape s = make_shape();
	struct cask_ar ar = { 0 };

	(void)state;
	begin_print(&ar);
	shape_x(&ar, &s);
	expect_print(&ar,
	    "version = 2\n"
	    "count   n = 2\n"
	    "i32     points[0].x = 1\n"
	    "f64     points[0].y[0] = 0.5\n"
	    "f64     points[0].y[1] = -0.25\n"
	    "i32     points[1].x = -2\n"
	    "f64     points[1].y[0] = 1e+300\n"
	    "f64     points[1].y[1] = 3\n"
	    "i32     middle.x = 3\n"
	    "f64     middle.y[0] = 4\n"
	    "f64     middle.y[1] = 5\n"
	    "bool    has_extra = true\n"
	    "u16     extra = 6\n"
	    "u64     key = ***\n"
	    "count   numbers = 2\n"
	    "u32     number[0] = 8\n"
	    "u32     number[1] = 9\n"
	    "i32     within.x = 10\n"
	    "f64     within.y[0] = 11\n"
	    "f64     within.y[1] = 12\n");
	s.n = s.numbers = 0;
	s.has_extra = false;
	begin_print(&ar);
	cask_struct(&ar, &s, shape_x);
	expect_print(&ar,
	    "version s = 2\n"
	    "count   s.n = 0\n"
	    "i32     s.middle.x = 3\n"
	    "f64     s.middle.y[0] = 4\n"
	    "f64     s.middle.y[1] = 5\n"
	    "bool    s.has_extra = false\n"
	    "u64     s.key = ***\n"
	    "count   s.numbers = 0\n"
	    "i32     s.within.x = 10\n"
	    "f64     s.within.y[0] = 11\n"
	    "f64     s.within.y[1] = 12\n");
	cask_mem_close(&printed);
}

static void
structs_are_objects_of_json(void **state)
{
	struct shape s = make_shape();
	struct cask_ar ar = { .json = true };

	(void)state;
	begin_print(&ar);
	shape_x(&ar, &s);
	expect_print(&ar,
	    "{\"version\":2,\"n\":2,\"points\":[{\"x\":1,\"y\":[0.5,-0.25]},"
	    "{\"x\":-2,\"y\":[1e+300,3]}],\"middle\":{\"x\":3,\"y\":[4,5]},"
	    "\"has_extra\":true,\"extra\":6,\"key\":\"***\",\"numbers\":2,"
	    "\"number\":[8,9],\"within\":{\"x\":10,\"y\":[11,12]}}\n");
	s.n = s.numbers = 0;
	begin_print(&ar);
	cask_struct(&ar, &s, shape_x);
	cask_struct(&ar, &s.middle, point_x);
	cask_bytes(&ar, &s, 0);
	expect_print(&ar,
	    "{\"s\":{\"version\":2,\"n\":0,\"points\":[],\"middle\":{\"x\":3,"
	    "\"y\":[4,5]},\"has_extra\":true,\"extra\":6,\"key\":\"***\","
	    "\"numbers\":0,\"number\":[],\"within\":{\"x\":10,\"y\":[11,12]}},"
	    "\"middle\":{\"x\":3,\"y\":[4,5]},\"s\":\"\"}\n");
	cask_mem_close(&printed);
}

static void
nothing_x(struct cask_ar *ar, struct point *p)
{
	(void)ar;
	(void)p;
}

static void
an_empty_struct_and_what_comes_after_it_are_json(void **state)
{
	struct point p[2] = { 0 };
	struct cask_ar ar = { .json = true };
	uint8_t z = 1;

	(void)state;
	begin_print(&ar);
	cask_struct(&ar, p, nothing_x);
	cask_structs(&ar, p, 2, nothing_x);
	cask_u8(&ar, &z);
	expect_print(&ar, "{\"p\":{},\"p\":[{},{}],\"z\":1}\n");
	expect_print(&ar, "");
	cask_u8(&ar, &z);
	expect_print(&ar, "{\"z\":1}\n");
	cask_structs(&ar, p, 0, nothing_x);
	expect_print(&ar, "{\"p\":[]}\n");
	cask_mem_close(&printed);
}

static void
what_has_no_name_is_printed_by_its_type(void **state)
{
	struct cask_ar ar = { 0 };

	(void)state;
	begin_print(&ar);
	cask_put_u8(&ar, 1);
	cask_put_bytes(&ar, "ab", 2);
	cask_put_count(&ar, 3);
	expect_print(&ar, "u8      = 1\nbytes   = 6162\ncount   = 3\n");
	ar.json = true;
	cask_put_u8(&ar, 1);
	cask_put_i16(&ar, -1);
	expect_print(&ar, "{\"u8\":1,\"i16\":-1}\n");
	cask_mem_close(&printed);
}

static void
expect_float(double d, bool single, const char *text, const char *json)
{
	struct cask_ar ar = { 0 };
	char want[64];
	float f = (float)d;

	for (int i = 0; i < 2; i++) {
		ar.json = i;
		begin_print(&ar);
		if (single)
			cask_put_f32(&ar, f);
		else
			cask_put_f64(&ar, d);
		snprintf(want, sizeof want,
		    i ? "{\"f%d\":%s}\n" : "f%d     = %s\n", single ? 32 : 64,
		    i ? json : text);
		expect_print(&ar, want);
	}
	cask_mem_close(&printed);
}

static void
check_floats(void)
{
	static const double exact[] = { 0.1, 1.0 / 3, 2.0 / 3, 1e23, 5e-324,
		1.7976931348623157e308, 2.2250738585072014e-308, 123456789.125,
		-0.0, 9007199254740992, 1e21, 3.0000000000000004 };
	struct cask_ar ar = { 0 };

	expect_float(0.1, false, "0.1", "0.1");
	expect_float(0.1, true, "0.1", "0.1");
	expect_float(16777216, true, "16777216", "16777216");
	expect_float(1e-45, true, "1.4013e-45", "1.4013e-45");
	expect_float(
	    3.4028234663852886e38, true, "3.4028235e+38", "3.4028235e+38");
	expect_float(0.30000000000000004, false, "0.30000000000000004",
	    "0.30000000000000004");
	expect_float(-1.5e300, false, "-1.5e+300", "-1.5e+300");
	expect_float(-0.0, false, "-0", "-0");
	expect_float((double)NAN, false, "nan", "\"NaN\"");
	expect_float((double)-INFINITY, false, "-inf", "\"-Infinity\"");
	expect_float((double)INFINITY, true, "inf", "\"Infinity\"");
	for (size_t i = 0; i < COUNT(exact); i++) {
		char text[64] = "";

		begin_print(&ar);
		cask_put_f64(&ar, exact[i]);
		assert_int_equal(cask_flush(&ar), 0);
		memcpy(text, printed.data, printed.length);
		if (localeconv()->decimal_point[0] == '.')
			assert_true(strtod(text + 9, NULL) == exact[i]);
		assert_null(strchr(text, ','));
	}
	cask_mem_close(&printed);
}

static void
floats_have_as_few_digits_as_give_them_back(void **state)
{
	(void)state;
	check_floats();
}

static void
the_programs_locale_changes_nothing(void **state)
{
	static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8",
		"fr_FR.UTF-8", "ru_RU.UTF-8", "nl_NL.UTF-8", "ps_AF.UTF-8" };
	bool found = false;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		if (setlocale(LC_NUMERIC, names[i]) != NULL &&
		    localeconv()->decimal_point[0] != '.') {
			found = true;
			check_floats();
		}
	setlocale(LC_NUMERIC, "C");
	if (!found) {
		printf("skipped: no locale with a decimal comma here\n");
		skip();
	}
}

static void
only_what_a_double_can_hold_is_a_number_of_json(void **state)
{
	struct cask_ar ar = { .json = true };
	int64_t i = -(INT64_C(1) << 53);

	(void)state;
	begin_print(&ar);
	cask_put_u64(&ar, UINT64_C(1) << 53);
	cask_put_u64(&ar, (UINT64_C(1) << 53) + 1);
	cask_i64(&ar, &i);
	i--;
	cask_i64(&ar, &i);
	expect_print(&ar,
	    "{\"u64\":9007199254740992,\"u64\":\"9007199254740993\","
	    "\"i\":-9007199254740992,\"i\":\"-9007199254740993\"}\n");
	cask_mem_close(&printed);
}

struct deep {
	struct deep *a_rather_long_name_of_which_a_path_is_made;
	uint8_t bottom;
};

static void
deep_x(struct cask_ar *ar, struct deep *d)
{
	struct deep *next = d->a_rather_long_name_of_which_a_path_is_made;

	if (next != NULL)
		cask_struct(ar, next, deep_x);
	else
		cask_u8(ar, &d->bottom);
}

static void
a_path_is_printed_whole_and_depth_is_limited(void **state)
{
	struct deep d[11] = { 0 };
	struct cask_ar ar = { .limit.depth = 10 };
	char want[512] = "u8      ";

	(void)state;
	for (int i = 0; i < 10; i++) {
		d[i].a_rather_long_name_of_which_a_path_is_made = &d[i + 1];
		strcat(want, "next.");
	}
	strcat(want, "bottom = 0\n");
	begin_print(&ar);
	deep_x(&ar, d);
	expect_print(&ar, want);
	ar.limit.depth = 9;
	for (int i = 0; i < 2; i++) {
		ar.json = i;
		begin_print(&ar);
		deep_x(&ar, d);
		assert_int_equal(ar.err, CASK_ELIMIT);
		assert_non_null(strstr(
		    cask_why(&ar), "more than 9 structs deep (limit.depth)"));
		assert_int_equal(ar.levels, ar.most_levels);
		assert_null(ar.frame);
	}
	cask_mem_close(&printed);
}

static void
more_frames_than_are_named_are_told_so(void **state)
{
	static struct deep d[201];
	struct cask_ar ar = { .limit.depth = 1000 };

	(void)state;
	for (int i = 0; i < 200; i++)
		d[i].a_rather_long_name_of_which_a_path_is_made = &d[i + 1];
	begin_print(&ar);
	deep_x(&ar, d);
	assert_int_equal(cask_flush(&ar), 0);
	assert_memory_equal(printed.data, "u8      ... next.next", 21);
	assert_int_equal(printed.length, 7 + 4 + 128 * 5 + 1 + 11);
	cask_mem_close(&printed);
}

static void
what_can_not_be_printed_is_an_error(void **state)
{
	struct shape s = make_shape();
	size_t whole;

	(void)state;
	for (int json = 0; json < 2; json++) {
		struct cask_ar ar = { .json = json };
		struct own_io own;

		cask_print(&ar, own_sink(&own, NULL, 0));
		shape_x(&ar, &s);
		assert_int_equal(cask_flush(&ar), 0);
		whole = (size_t)own.moved;
		for (size_t at = 0; at < whole; at += 7) {
			cask_print(&ar, own_sink(&own, NULL, 0));
			own.fail_at = at;
			own.fail_with = ENOSPC;
			shape_x(&ar, &s);
			assert_int_equal(cask_flush(&ar), ENOSPC);
			assert_int_equal(own.moved, at);
		}
	}
	for (int way = 0; way < 2; way++) {
		struct cask_ar ar = { 0 };

		if (way == 0)
			cask_print(&ar, NULL);
		else
			cask_describe(&ar, NULL);
		shape_x(&ar, &s);
		assert_int_equal(ar.err, EINVAL);
	}
}

/* Python's json, and strict: no NaN, no key twice. */
static const char reader[] =
    "python3 -c '\n"
    "import json, sys\n"
    "def bad(x): raise ValueError(x)\n"
    "def once(pairs):\n"
    "    assert len(dict(pairs)) == len(pairs), pairs\n"
    "    return dict(pairs)\n"
    "got = [json.loads(line, parse_constant=bad, object_pairs_hook=once)\n"
    "       for line in sys.stdin]\n"
    "point = lambda x, *y: {\"x\": x, \"y\": list(y)}\n"
    "assert len(got) == 4, got\n"
    "assert got[0][\"u64\"] == str(2 ** 64 - 1)\n"
    "assert got[0][\"f64\"] == 0.1 and got[0][\"i32\"] == -2 ** 31\n"
    "assert got[0][\"few\"] == [1, 2, 3]\n"
    "assert got[1][\"points\"] == [point(1, 0.5, -0.25),\n"
    "                            point(-2, 1e300, 3)]\n"
    "assert got[1][\"within\"] == point(10, 11, 12)\n"
    "assert got[1][\"key\"] == \"***\"\n"
    "assert got[2] == {\"f64\": \"NaN\"}\n"
    "assert got[3] == {\"s\": got[1]}\n'";

static void
another_program_reads_the_json(void **state)
{
	struct shape s = make_shape();
	struct all a = one_of_each;
	struct cask_ar ar = { .json = true };
	struct cask_file f;
	FILE *to;

	(void)state;
	if (system("python3 -c 0 2>/dev/null") != 0) {
		printf("skipped: no python3 here\n");
		skip();
	}
	to = popen(reader, "w");
	assert_non_null(to);
	cask_print(&ar, cask_file_use(&f, fileno(to)));
	all_x(&ar, &a);
	cask_flush(&ar);
	shape_x(&ar, &s);
	cask_flush(&ar);
	cask_put_f64(&ar, (double)NAN);
	cask_flush(&ar);
	cask_struct(&ar, &s, shape_x);
	assert_int_equal(cask_finish(&ar), 0);
	assert_int_equal(pclose(to), 0);
}

/* Releasing */

struct owner {
	uint16_t kind;
	uint32_t n;
	struct {
		char *name;
		uint8_t age;
	} people[3];
	char *last;
	float rest;
};

static void
owner_x(struct cask_ar *ar, struct owner *o)
{
	cask_u16(ar, &o->kind);
	if (o->kind > 9)
		cask_fail(ar, &o->kind, EPROTO, "no such kind");
	cask_count(ar, &o->n, 3);
	for (uint32_t i = 0; i < o->n; i++)
		cask_u8(ar, &o->people[i].age);
	cask_f32(ar, &o->rest);
	cask_u16_array(ar, &o->kind, 1);
	cask_bytes(ar, &o->rest, 2);
}

/* At whatever byte loading ended. */
static void
to_release_touches_nothing_but_what_was_allocated(void **state)
{
	static const unsigned char wire[] = { 77, 0, 2, 0, 5, 6, 1, 2, 3, 4, 9,
		0, 1, 2 };

	(void)state;
	for (size_t n = 0; n <= sizeof wire; n++) {
		struct cask_ar ar = { 0 };
		struct cask_mem m;
		struct owner o, before;

		memset(&o, 0, sizeof o);
		cask_load(&ar, cask_mem_read(&m, wire, n));
		owner_x(&ar, &o);
		assert_true(ar.err != 0);
		memcpy(&before, &o, sizeof o);
		cask_release(&ar);
		assert_false(cask_loading(&ar) || cask_storing(&ar));
		owner_x(&ar, &o);
		cask_struct(&ar, &o, owner_x);
		cask_message(&ar, &o, owner_x);
		assert_false(cask_more(&ar));
		assert_true(cask_extends(&ar));
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(ar.err, 0);
		assert_memory_equal(&o, &before, sizeof o);
		assert_int_equal(cask_finish(&ar), 0);
	}
}

/* Describing */

static void
describe(struct cask_mem *m, struct cask_ar *ar)
{
	struct shape s;

	memset(&s, 0, sizeof s);
	cask_describe(ar, cask_mem_grow(m, 0));
	assert_true(cask_loading(ar));
	shape_x(ar, &s);
	assert_int_equal(cask_flush(ar), 0);
}

static void
a_description_has_types_and_names(void **state)
{
	static const char want[] = "version[2]\n"
				   "count n\n"
				   "i32 points[].x\n"
				   "f64 points[].y[2]\n"
				   "i32 middle.x\n"
				   "f64 middle.y[2]\n"
				   "bool has_extra\n"
				   "u16 extra\n"
				   "u64 key\n"
				   "count numbers\n"
				   "u32 number[]\n"
				   "i32 within.x\n"
				   "f64 within.y[2]\n";

	(void)state;
	for (size_t size = 0; size < 30; size++) {
		unsigned char buffer[30];
		struct cask_ar ar = { .buffer = buffer,
			.buffer_size = size,
			.json = size % 2,
			.limit.message = 4 };
		struct cask_mem m;

		describe(&m, &ar);
		assert_int_equal(m.length, strlen(want));
		assert_memory_equal(m.data, want, m.length);
		cask_mem_close(&m);
	}
}

static void
a_description_that_can_not_be_written_is_an_error(void **state)
{
	struct cask_ar ar = { 0 }, in = { 0 };
	struct own_io own;
	struct shape s;

	(void)state;
	for (size_t at = 0; at < 100; at++) {
		unsigned char buffer[10];

		ar.buffer = buffer;
		ar.buffer_size = sizeof buffer;
		memset(&s, 0, sizeof s);
		cask_describe(&ar, own_sink(&own, NULL, 0));
		own.fail_at = at;
		shape_x(&ar, &s);
		assert_int_equal(cask_flush(&ar), EIO);
		assert_int_equal(own.moved, at);
		assert_int_equal(own.io.inside, at > 0);
		assert_null(own.io.unflushed);
	}
	cask_load(&in, &own.io);
	cask_get_u8(&in);
	assert_int_equal(in.err, EIO);
}

/* Watching */

static char seen[8192];

static void
note(struct cask_ar *ar, const struct cask_field *f)
{
	char hex[3 * CASK_SEEN + 1] = "";
	size_t at = strlen(seen);

	(void)ar;
	for (size_t i = 0; i < f->seen; i++)
		snprintf(hex + 3 * i, 4, "%02x ", f->bytes[i]);
	snprintf(seen + at, sizeof seen - at, "%d+%d %s%s|%s|%s%s%s\n",
	    (int)f->at, (int)f->size, hex, f->type, f->path, f->value,
	    f->error != NULL ? "!" : "", f->error != NULL ? f->error : "");
}

struct small {
	uint16_t a;
	uint32_t n;
	uint16_t list[3];
	struct point p;
	uint32_t key;
};

static void
inner_x(struct cask_ar *ar, struct small *s)
{
	cask_count(ar, &s->n, 3);
	cask_u16_array(ar, s->list, s->n);
	cask_secret(ar, cask_u32(ar, &s->key));
}

static void
small_x(struct cask_ar *ar, struct small *s)
{
	cask_u16(ar, &s->a);
	cask_message(ar, s, inner_x);
	cask_bytes(ar, &s->a, 2);
}

static const char watched[] = "0+4 12 00 00 00 message|s|18\n"
			      "4+2 01 02 u16|s.a|513\n"
			      "6+4 0a 00 00 00 message|s.s|10\n"
			      "10+2 02 00 count|s.s.n|2\n"
			      "12+2 04 00 u16|s.s.list[0]|4\n"
			      "14+2 05 00 u16|s.s.list[1]|5\n"
			      "16+4 u32|s.s.key|***\n"
			      "20+2 01 02 bytes|s.a|0102\n";

/* Messages are walked twice or thrice, and shown once. */
static void
who_watches_sees_each_field_once_whatever_the_buffer(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 40; size++) {
		unsigned char buffer[40], wire[64];
		struct small s = {
			.a = 513, .n = 2, .list = { 4, 5 }, .key = 0x01020304
		};
		struct cask_ar ar = {
			.buffer = buffer, .buffer_size = size, .watch = note
		};
		struct own_io own;

		if (CASK_HOST_BIG)
			skip();
		seen[0] = '\0';
		cask_store(&ar, own_sink(&own, wire, sizeof wire));
		cask_message(&ar, &s, small_x);
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(own.moved, 22);
		assert_string_equal(seen, watched);
		seen[0] = '\0';
		memset(&s, 0xA5, sizeof s);
		cask_load(&ar, own_source(&own, wire, 22));
		cask_message(&ar, &s, small_x);
		assert_int_equal(ar.err, 0);
		assert_string_equal(seen, watched);
		assert_int_equal(s.key, 0x01020304);
	}
}

static void
an_error_is_seen_once_and_nothing_after_it(void **state)
{
	static const unsigned char wire[] = { 1, 2, 3, 4, 5 };
	struct cask_ar ar = { .watch = note };
	struct small s;
	struct own_io own;

	(void)state;
	seen[0] = '\0';
	cask_load(&ar, own_source(&own, wire, 5));
	cask_u16(&ar, &s.a);
	cask_u32(&ar, &s.n);
	cask_u16(&ar, &s.a);
	cask_u16_array(&ar, s.list, 3);
	assert_string_equal(seen,
	    "0+2 01 02 u16|s.a|513\n"
	    "2+3 03 04 05 u32|s.n|!stream ended inside a message\n");
	seen[0] = '\0';
	cask_store(&ar, own_sink(&own, NULL, 0));
	s.a = 7;
	cask_fail(&ar, &s.a, EPROTO, "%u is no kind", s.a);
	cask_put_u8(&ar, 1);
	assert_string_equal(seen, "0+0 |s.a|!7 is no kind\n");
	seen[0] = '\0';
	cask_load(&ar, own_source(&own, "\377\377\0\0", 4));
	ar.limit.message = 8;
	cask_message(&ar, &s, small_x);
	assert_string_equal(seen,
	    "0+4 ff ff 00 00 message|s|!length 65535, limit 8 "
	    "(limit.message)\n");
}

static void
who_watches_changes_no_bytes(void **state)
{
	struct shape s = make_shape();
	struct all a = one_of_each;
	static unsigned char plain[512], shown[512];

	(void)state;
	for (size_t size = 0; size <= 40; size++)
		for (int big = 0; big < 2; big++) {
			unsigned char buffer[40];
			struct cask_ar ar = { .buffer = buffer,
				.buffer_size = size,
				.big_endian = big };
			struct own_io own;
			uint64_t n;

			cask_store(&ar, own_sink(&own, plain, sizeof plain));
			all_x(&ar, &a);
			cask_message(&ar, &s, shape_x);
			assert_int_equal(cask_flush(&ar), 0);
			n = own.moved;
			ar.watch = note;
			seen[0] = '\0';
			cask_store(&ar, own_sink(&own, shown, sizeof shown));
			all_x(&ar, &a);
			cask_message(&ar, &s, shape_x);
			assert_int_equal(cask_flush(&ar), 0);
			assert_int_equal(own.moved, n);
			assert_memory_equal(plain, shown, (size_t)n);
			assert_null(strstr(seen, "424242"));
		}
}

static void
agreements_and_versions_are_seen(void **state)
{
	struct cask_ar ar = { .watch = note };
	unsigned char wire[64];
	struct own_io own;

	(void)state;
	for (int i = 0; i < 2; i++) {
		seen[0] = '\0';
		if (i == 0)
			cask_store(&ar, own_sink(&own, wire, sizeof wire));
		else
			cask_load(&ar, own_source(&own, wire, 8));
		cask_version(&ar, 3);
		cask_agree(&ar, "u8 a", 4);
		assert_int_equal(cask_flush(&ar), 0);
		assert_string_equal(seen,
		    "0+2 03 00 version||3\n"
		    "2+6 04 00 75 38 20 61 description||4\n");
	}
}

/* CASK_TRACE=wire */

static void
trace_wire(int out)
{
	static const unsigned char wire[] = { 1, 2, 3 };
	struct small s = { .a = 513, .n = 2, .list = { 4, 5 }, .key = 7 };
	struct cask_ar ar = { 0 };
	unsigned char block[32];
	struct cask_mem m;
	struct own_io own;
	uint64_t wide = 1;

	dup2(out, 2);
	setenv("CASK_TRACE", "wire,time=off", 1);
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	cask_message(&ar, &s, small_x);
	cask_flush(&ar);
	cask_load(&ar, own_source(&own, wire, 3));
	cask_u16(&ar, &s.a);
	cask_u16(&ar, &s.a);
	cask_measure(&ar);
	cask_u64(&ar, &wide);
	cask_release(&ar);
	cask_u64(&ar, &wide);
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	cask_put_bytes(&ar, block, 12);
	_exit(0);
}

/* In a process of its own, and first of all: the environment is read once. */
static void
the_trace_shows_fields_with_their_bytes(void **state)
{
	static const char want[] =
	    "cask: memory ->    0  12 00 00 00              message s = 18\n"
	    "cask: memory ->    4  01 02                    u16     s.a = 513\n"
	    "cask: memory ->    6  0a 00 00 00              message s.s = 10\n"
	    "cask: memory ->   10  02 00                    count   s.s.n = 2\n"
	    "cask: memory ->   12  04 00                    u16     "
	    "s.s.list[0] = 4\n"
	    "cask: memory ->   14  05 00                    u16     "
	    "s.s.list[1] = 5\n"
	    "cask: memory ->   16                           u32     s.s.key = "
	    "***\n"
	    "cask: memory ->   20  01 02                    bytes   s.a = "
	    "0102\n"
	    "cask: a peer <-    0  01 02                    u16     s.a = 513\n"
	    "cask: a peer <-    2  03                       u16     s.a: "
	    "stream ended inside a message\n"
	    "cask: memory ->    0  12 00 00 00 01 02 0a 00+ bytes   = "
	    "1200000001020a0000000200\n";
	char got[4096];
	size_t n = 0;
	ssize_t k;
	int fd[2], status;
	pid_t pid;

	(void)state;
	if (CASK_HOST_BIG)
		skip();
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		trace_wire(fd[1]);
	close(fd[1]);
	while ((k = read(fd[0], got + n, sizeof got - 1 - n)) != 0)
		if (k > 0)
			n += (size_t)k;
		else
			assert_int_equal(errno, EINTR);
	got[n] = '\0';
	close(fd[0]);
	assert_int_equal(test_await(pid, &status), pid);
	assert_string_equal(got, want);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_trace_shows_fields_with_their_bytes),
	cmocka_unit_test(what_is_measured_is_what_is_stored),
	cmocka_unit_test(to_measure_fails_where_storing_does),
	cmocka_unit_test(to_measure_costs_no_memory_and_any_size_is_counted),
	cmocka_unit_test(each_type_is_printed),
	cmocka_unit_test(each_type_is_printed_as_json),
	cmocka_unit_test(structs_are_printed_with_their_paths),
	cmocka_unit_test(structs_are_objects_of_json),
	cmocka_unit_test(an_empty_struct_and_what_comes_after_it_are_json),
	cmocka_unit_test(what_has_no_name_is_printed_by_its_type),
	cmocka_unit_test(floats_have_as_few_digits_as_give_them_back),
	cmocka_unit_test(the_programs_locale_changes_nothing),
	cmocka_unit_test(only_what_a_double_can_hold_is_a_number_of_json),
	cmocka_unit_test(a_path_is_printed_whole_and_depth_is_limited),
	cmocka_unit_test(more_frames_than_are_named_are_told_so),
	cmocka_unit_test(what_can_not_be_printed_is_an_error),
	cmocka_unit_test(another_program_reads_the_json),
	cmocka_unit_test(to_release_touches_nothing_but_what_was_allocated),
	cmocka_unit_test(a_description_has_types_and_names),
	cmocka_unit_test(a_description_that_can_not_be_written_is_an_error),
	cmocka_unit_test(who_watches_sees_each_field_once_whatever_the_buffer),
	cmocka_unit_test(an_error_is_seen_once_and_nothing_after_it),
	cmocka_unit_test(who_watches_changes_no_bytes),
	cmocka_unit_test(agreements_and_versions_are_seen),
};

RUN_TESTS(tests)
