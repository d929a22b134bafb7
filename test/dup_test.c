/*
 * Arrays and structs that loading allocates.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "own_io.h"
#include "test.h"

#include <cask.h>

#include <errno.h>

struct point {
	int16_t x;
	double *weight;
	uint32_t weights;
};

struct note {
	uint32_t id;
	struct note *next;
};

struct drawing {
	unsigned char *data;
	uint32_t length;
	uint32_t *number;
	uint32_t numbers;
	struct point *point;
	uint32_t points;
	struct note *note;
};

static void
point_x(struct cask_ar *ar, struct point *p)
{
	cask_i16(ar, &p->x);
	cask_f64_array_dup(ar, &p->weight, &p->weights, 3);
}

static void
note_x(struct cask_ar *ar, struct note *n)
{
	cask_u32(ar, &n->id);
	cask_struct_dup(ar, &n->next, note_x);
}

static void
drawing_x(struct cask_ar *ar, struct drawing *d)
{
	cask_bytes_dup(ar, &d->data, &d->length, 100000);
	cask_u32_array_dup(ar, &d->number, &d->numbers, 100000);
	cask_structs_dup(ar, &d->point, &d->points, 1000, point_x);
	cask_struct_dup(ar, &d->note, note_x);
}

static double weights[] = { 0.5, -1, 1e300 };
static struct note last = { 9, NULL }, first = { 8, &last };
static struct point points[] = { { -1, weights, 1 }, { 2, NULL, 0 },
	{ 3, weights, 3 } };
static uint32_t numbers[] = { 1, 0x10203 };
static unsigned char data[] = { 1, 2, 3 };
static struct drawing model = { data, 3, numbers, 2, points, 3, &first };

static const unsigned char golden[] = {
	3, 0, 1, 2, 3,                                        /* data */
	2, 0, 1, 0, 0, 0, 3, 2, 1, 0,                         /* number */
	3, 0, 0xFF, 0xFF, 1, 0, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F, /* point[0] */
	2, 0, 0, 0,                                           /* point[1] */
	3, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 0, 0, 0, 0, 0, 0, 0xF0, 0xBF,
	0x9C, 0x75, 0x00, 0x88, 0x3C, 0xE4, 0x37, 0x7E, /* point[2] */
	1, 8, 0, 0, 0, 1, 9, 0, 0, 0, 0,                /* note */
};

static void
release(struct drawing *d)
{
	struct cask_ar ar = { 0 };

	cask_release(&ar);
	drawing_x(&ar, d);
	assert_int_equal(ar.err, 0);
	assert_null(d->data);
	assert_null(d->number);
	assert_null(d->point);
	assert_null(d->note);
	assert_int_equal(d->length + d->numbers + d->points, 0);
}

static void
what_was_allocated_is_what_was_stored(void **state)
{
	struct cask_ar ar = { 0 };
	struct drawing d = { 0 };
	long before = fault_allocations();
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	drawing_x(&ar, &model);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, sizeof golden);
	assert_memory_equal(m.data, golden, sizeof golden);
	cask_measure(&ar);
	drawing_x(&ar, &model);
	assert_int_equal(cask_at(&ar), sizeof golden);

	cask_load(&ar, &m.io);
	drawing_x(&ar, &d);
	assert_string_equal(cask_why(&ar), "no error");
	assert_int_equal(d.length, 3);
	assert_memory_equal(d.data, "\1\2\3", 3);
	assert_int_equal(d.numbers, 2);
	assert_memory_equal(d.number, numbers, sizeof numbers);
	assert_int_equal(d.points, 3);
	assert_int_equal(d.point[2].x, 3);
	assert_memory_equal(d.point[2].weight, weights, sizeof weights);
	assert_int_equal(d.point[1].weights, 0);
	assert_null(d.point[1].weight);
	assert_int_equal(d.note->next->id, 9);
	assert_null(d.note->next->next);
	release(&d);
	cask_mem_close(&m);
	assert_int_equal(fault_allocations(), before);
}

static void
after_a_cut_at_any_byte_release_frees_all(void **state)
{
	long before = fault_allocations();

	(void)state;
	for (size_t n = 0; n < sizeof golden; n++)
		for (size_t size = 1; size < 20; size += 6) {
			struct cask_ar ar = { .buffer = (char[20]) { 0 },
				.buffer_size = size };
			struct drawing d = { 0 };
			struct cask_mem m;

			cask_load(&ar, cask_mem_read(&m, golden, n));
			drawing_x(&ar, &d);
			assert_int_equal(ar.err, CASK_ECUT);
			release(&d);
			assert_int_equal(fault_allocations(), before);
		}
}

static void
load_golden(void *arg)
{
	struct cask_ar ar = { 0 };
	struct drawing d = { 0 };
	struct cask_mem m;

	(void)arg;
	cask_load(&ar, cask_mem_read(&m, golden, sizeof golden));
	drawing_x(&ar, &d);
	if (fault_injected() > 0)
		assert_int_equal(ar.err, ENOMEM);
	else
		assert_int_equal(ar.err, 0);
	release(&d);
}

static void
every_allocation_may_fail(void **state)
{
	(void)state;
	assert_true(fault_everywhere(load_golden, NULL) >= 8);
}

static void
errors_name_the_element_and_the_limit(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *why;
	} cases[] = {
		{ "\xff\xff\xff\xff\xff\x7f", 6,
		    "count d.data at byte 0: 2147483647, limit 100000" },
		{ "\x05\x00"
		  "abc",
		    5,
		    "bytes d.data at byte 2: stream ended inside a message" },
		{ "\0\0\2\0\1\0\0\0\2\0", 10,
		    "u32 d.number[1] at byte 8: stream ended inside a "
		    "message" },
		{ "\0\0\0\0\1\0\1\0\4\0", 10,
		    "count d.point[0].weight at byte 8: 4, limit 3" },
		{ "\0\0\0\0\2\0\1\0\0\0\1\0\3\0", 14,
		    "f64 d.point[1].weight[0] at byte 14: stream ended inside "
		    "a "
		    "message" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cask_ar ar = { 0 };
		struct drawing d = { 0 };
		struct cask_mem m;

		cask_load(&ar, cask_mem_read(&m, cases[i].bytes, cases[i].n));
		cask_struct(&ar, &d, drawing_x);
		assert_string_equal(cask_why(&ar), cases[i].why);
		release(&d);
	}
}

static void
a_count_without_its_array_is_refused(void **state)
{
	struct drawing d = { .numbers = 2 };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	drawing_x(&ar, &d);
	assert_string_equal(cask_why(&ar),
	    "array d->number at byte 4: NULL, but its count is 2");
	cask_mem_close(&m);
}

/* 100000 numbers are announced, and 3 come. */
static void
memory_grows_with_what_comes(void **state)
{
	struct cask_ar ar = { 0 };
	struct drawing d = { 0 };
	struct own_io own;

	(void)state;
	fault_reset();
	cask_load(
	    &ar, own_source(&own, "\0\0\xff\xff\xa0\x86\1\0abcdefghijkl", 20));
	drawing_x(&ar, &d);
	assert_int_equal(ar.err, CASK_ECUT);
	assert_int_equal(fault_count(FAULT_REALLOC), 1);
	release(&d);
}

static void
a_list_is_as_long_as_the_limit_to_depth_lets_it(void **state)
{
	struct cask_ar ar = { .limit.depth = 5 };
	struct note *list = NULL;
	unsigned char bytes[50];
	long before = fault_allocations();
	struct cask_mem m;

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i += 5)
		memcpy(bytes + i, "\1\0\0\0", 5);
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	cask_struct_dup(&ar, &list, note_x);
	assert_int_equal(ar.err, CASK_ELIMIT);
	cask_release(&ar);
	cask_struct_dup(&ar, &list, note_x);
	assert_null(list);
	assert_int_equal(fault_allocations(), before);
}

/* What is allocated for one message, which counts 16 more for each of the
 * three. */

struct taken {
	uint32_t n;
	uint32_t *numbers;
	char *text;
	struct note *note;
};

static void
taken_x(struct cask_ar *ar, struct taken *t)
{
	cask_u32_array_dup(ar, &t->numbers, &t->n, 10);
	cask_text_dup(ar, &t->text, 100);
	cask_struct_dup(ar, &t->note, note_x);
}

#define ARRAY (2 * 4 + 16)
#define TEXT  (3 + 1 + 16)
#define NOTE  (sizeof(struct note) + 16)

static const char taken_bytes[] = "\2\0\1\0\0\0\2\0\0\0\3abc\1\7\0\0\0";

#define TAKEN sizeof taken_bytes /* its NUL: no note follows */

/* Two such messages. */
static void
assert_allocates(size_t limit, const char *field)
{
	struct cask_ar ar = { .limit.memory = limit }, end = { 0 };
	char twice[2 * TAKEN], why[200] = "no error";
	struct taken t = { 0 };
	struct cask_mem m;

	memcpy(twice, taken_bytes, TAKEN);
	memcpy(twice + TAKEN, taken_bytes, TAKEN);
	if (field != NULL)
		snprintf(why, sizeof why,
		    "%s: more than %zu bytes of memory for one message "
		    "(limit.memory)",
		    field, limit);
	cask_load(&ar, cask_mem_read(&m, twice, sizeof twice));
	for (int k = 0; k < 2 && cask_more(&ar); k++) {
		taken_x(&ar, &t);
		assert_string_equal(cask_why(&ar), why);
		cask_release(&end);
		taken_x(&end, &t);
	}
}

static void
what_one_message_allocates_is_limited(void **state)
{
	long before = fault_allocations();

	(void)state;
	assert_allocates(0, NULL);
	assert_allocates(ARRAY + TEXT + NOTE, NULL);
	assert_allocates(ARRAY + TEXT + NOTE - 1, "struct t->note at byte 15");
	assert_allocates(ARRAY + TEXT - 1, "text t->text at byte 10");
	assert_allocates(ARRAY - 1, "u32 t->numbers at byte 2");
	assert_int_equal(fault_allocations(), before);
}

struct huge {
	uint8_t byte[(256u << 20) - 15];
};

static void
huge_x(struct cask_ar *ar, struct huge *h)
{
	cask_u8(ar, &h->byte[0]);
}

static void
from_a_peer_that_is_256_MiB_unless_told_otherwise(void **state)
{
	struct cask_ar ar = { 0 };
	struct huge *h = NULL;
	struct own_io own;

	(void)state;
	fault_reset();
	cask_load(&ar, own_source(&own, "\1", 1));
	cask_struct_dup(&ar, &h, huge_x);
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_null(h);
	assert_int_equal(fault_count(FAULT_MALLOC), 0);
}

static void
print(bool json, const char *words)
{
	struct cask_ar ar = { .json = json };
	struct drawing none = { 0 };
	struct cask_mem m;

	cask_print(&ar, cask_mem_grow(&m, 0));
	drawing_x(&ar, &model);
	cask_flush(&ar);
	drawing_x(&ar, &none);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, strlen(words));
	assert_memory_equal(m.data, words, m.length);
	cask_mem_close(&m);
}

static void
they_print_without_their_counts(void **state)
{
	(void)state;
	print(true,
	    "{\"data\":\"010203\",\"number\":[1,66051],\"point\":[{\"x\":-1,"
	    "\"weight\":[0.5]},{\"x\":2,\"weight\":[]},{\"x\":3,\"weight\":"
	    "[0.5,-1,1e+300]}],\"note\":{\"id\":8,\"next\":{\"id\":9,\"next\":"
	    "null}}}\n"
	    "{\"data\":\"\",\"number\":[],\"point\":[],\"note\":null}\n");
	print(false,
	    "bytes   data = 010203\n"
	    "u32     number[0] = 1\n"
	    "u32     number[1] = 66051\n"
	    "i16     point[0].x = -1\n"
	    "f64     point[0].weight[0] = 0.5\n"
	    "i16     point[1].x = 2\n"
	    "i16     point[2].x = 3\n"
	    "f64     point[2].weight[0] = 0.5\n"
	    "f64     point[2].weight[1] = -1\n"
	    "f64     point[2].weight[2] = 1e+300\n"
	    "u32     note.id = 8\n"
	    "u32     note.next.id = 9\n"
	    "struct  note.next.next = null\n"
	    "bytes   data = \n"
	    "struct  note = null\n");
}

static void
their_description_ends_where_they_hold_their_own_kind(void **state)
{
	static const char words[] = "count data\n"
				    "bytes data[]\n"
				    "count number\n"
				    "u32 number[]\n"
				    "count point\n"
				    "i16 point[].x\n"
				    "count point[].weight\n"
				    "f64 point[].weight[]\n"
				    "bool note\n"
				    "u32 note.id\n"
				    "bool note.next\n"
				    "u32 note.next.id\n"
				    "bool note.next.next\n";
	struct cask_ar ar = { 0 };
	struct drawing d = { 0 };
	struct cask_mem m;

	(void)state;
	cask_describe(&ar, cask_mem_grow(&m, 0));
	drawing_x(&ar, &d);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, strlen(words));
	assert_memory_equal(m.data, words, m.length);
	release(&d);
	cask_mem_close(&m);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_was_allocated_is_what_was_stored),
	cmocka_unit_test(after_a_cut_at_any_byte_release_frees_all),
	cmocka_unit_test(every_allocation_may_fail),
	cmocka_unit_test(errors_name_the_element_and_the_limit),
	cmocka_unit_test(a_count_without_its_array_is_refused),
	cmocka_unit_test(memory_grows_with_what_comes),
	cmocka_unit_test(a_list_is_as_long_as_the_limit_to_depth_lets_it),
	cmocka_unit_test(what_one_message_allocates_is_limited),
	cmocka_unit_test(from_a_peer_that_is_256_MiB_unless_told_otherwise),
	cmocka_unit_test(they_print_without_their_counts),
	cmocka_unit_test(their_description_ends_where_they_hold_their_own_kind),
};

RUN_TESTS(tests)
