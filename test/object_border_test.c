/*
 * Objects where two things meet: numbers and tags, the buffer's end and what is
 * known, schemas that came and schemas that are told again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "object_kit.h"
#include "object_side.h"
#include "test.h"

#include <cask.h>

#include <stdlib.h>

/* FFFF, and the number 7FFF */

static void
empty_x(struct cask_ar *ar, void *object)
{
	(void)ar;
	(void)object;
}

static const struct cask_class empty_class = { .name = "CEmpty",
	.base = &cask_object_class,
	.size = sizeof(struct document),
	.exchange = empty_x };

static const struct cask_class full_class = { .name = "CFull",
	.base = &cask_object_class,
	.size = sizeof(struct age),
	.exchange = age_x };

static const struct cask_class first_class = { .name = "CFirst",
	.base = &cask_object_class,
	.size = sizeof(struct document),
	.exchange = empty_x };

static const struct cask_class *const at_border[] = { &empty_class, &full_class,
	&first_class, NULL };

/* A class, so many of it that the next class has that number, one of that, one
 * of a third class, and one more of each. */
static void
store_to_border(struct side *s, uint32_t number)
{
	struct document *d = calloc(number, sizeof *d), *p;
	struct age full[2] = { { &full_class, 21 }, { &full_class, 40 } }, *a;

	for (uint32_t i = 0; i < number; i++) {
		d[i].is = i < number - 2 ? &first_class : &empty_class;
		p = &d[i];
		cask_object(&s->ar, &p, &cask_object_class);
		if (i < number - 2)
			continue;
		a = &full[i - (number - 2)];
		cask_object(&s->ar, &a, &cask_object_class);
	}
	assert_int_equal(cask_flush(&s->ar), 0);
	free(d);
}

static void
load_from_border(struct side *s, uint32_t number)
{
	struct document *p;
	struct age *a;

	for (uint32_t i = 0; i < number - 2; i++)
		cask_object(&s->ar, &p, &cask_object_class);
	for (int i = 0; i < 2; i++) {
		cask_object(&s->ar, &p, &cask_object_class);
		cask_object(&s->ar, &a, &cask_object_class);
		assert_string_equal(cask_why(&s->ar), "no error");
		assert_ptr_equal(p->is, &empty_class);
		assert_ptr_equal(a->is, &full_class);
		assert_int_equal(a->years, i == 0 ? 21 : 40);
	}
	assert_false(cask_more(&s->ar));
}

static void
a_new_class_is_none_that_is_known_whatever_numbers_there_are(void **state)
{
	struct side s, t;

	(void)state;
	for (uint32_t number = 0x7FFD; number <= 0x8001; number++)
		for (int big = 0; big < 2; big++) {
			store(&s);
			s.ar.big_endian = big;
			store_to_border(&s, number);
			load_bytes(&t, at_border, s.m.data, s.m.length);
			t.ar.big_endian = big;
			load_from_border(&t, number);
			assert_int_equal(t.graph.used, number + 5);
			done(&t);
			done(&s);
		}
}

/* Schemas: what an object has had allocated goes by that of its base class. */

struct based {
	const struct cask_class *is;
	char *name;
};

static const struct cask_class base_class;

static void
based_x(struct cask_ar *ar, void *object)
{
	struct based *b = object;

	if (cask_class_of(ar, &base_class) >= 2)
		cask_text_dup(ar, &b->name, 100);
}

static const struct cask_class base_class = { .name = "CBase",
	.schema = 2,
	.versionable = true,
	.size = sizeof(struct based),
	.exchange = based_x };

static const struct cask_class based_class = { .name = "CBased",
	.schema = 1,
	.versionable = true,
	.base = &base_class,
	.size = sizeof(struct based),
	.exchange = based_x };

static const struct cask_class *const of_schemas[] = { &base_class,
	&based_class, NULL };

#define BYTES(literal) literal, sizeof literal - 1

/* All of them; nothing that they had is left, which fault.c counts. */
static void
load_based(const void *bytes, size_t n, const char *why)
{
	long before = fault_allocations();
	struct based *b;
	struct side s;

	load_bytes(&s, of_schemas, bytes, n);
	while (cask_more(&s.ar))
		cask_object(&s.ar, &b, &based_class);
	assert_string_equal(cask_why(&s.ar), why);
	done(&s);
	assert_int_equal(fault_allocations(), before);
}

static void
a_class_that_comes_again_has_the_schema_that_it_had(void **state)
{
	(void)state;
	load_based(BYTES("\xFF\xFF\1\0\6\0"
			 "CBased\xFF\xFF\2\0\5\0CBase\1a"
			 "\xFF\xFF\1\0\6\0"
			 "CBased\xFF\xFF\2\0\5\0CBase\1b"),
	    "no error");
	load_based(BYTES("\xFF\xFF\1\0\6\0"
			 "CBased\xFF\xFF\1\0\5\0CBase"
			 "\1\x80\xFF\xFF\2\0\5\0CBase\1b"),
	    "class b.CBase at byte 25: class CBase has schema 2, and came with "
	    "1 before");
}

static void
a_base_class_is_none_that_is_derived_from_it(void **state)
{
	(void)state;
	load_based(BYTES("\xFF\xFF\2\0\6\0"
			 "CBased\1\x80\1a"
			 "\1\x80\xFF\xFF\1\0\5\0CBase"),
	    "class b.CBase at byte 12: class CBased where CBase itself is "
	    "wanted");
}

/* Names */

static const struct cask_class nameless_class = {
	.schema = 2, .size = sizeof(struct based), .exchange = based_x
};

static void
a_class_without_a_name_is_none_that_may_be_loaded(void **state)
{
	static const struct cask_class *const list[] = { &nameless_class,
		&age_class, NULL };
	struct age *a;
	struct side s;

	(void)state;
	load_bytes(&s, list, BYTES("\xFF\xFF\0\0\4\0CAge\x15\0\0\0"));
	cask_object(&s.ar, &a, &age_class);
	assert_string_equal(cask_why(&s.ar), "no error");
	assert_int_equal(a->years, 21);
	done(&s);
	load_bytes(&s, list, BYTES("\xFF\xFF\2\0\0\0\0\0"));
	cask_object(&s.ar, &a, &age_class);
	assert_string_equal(cask_why(&s.ar),
	    "object a at byte 0: a class name of 0 characters, limit 63");
	assert_null(a);
	done(&s);
}

static const struct cask_class other_age_class = {
	.name = "CAge", .size = sizeof(struct age), .exchange = age_x
};

static void
of_classes_with_one_name_the_first_on_the_list_is_loaded(void **state)
{
	static const struct cask_class *const list[] = { &other_age_class,
		&age_class, NULL };
	struct age *a;
	struct side s;

	(void)state;
	load_bytes(&s, list, BYTES("\xFF\xFF\0\0\4\0CAge\x15\0\0\0\2\0"));
	cask_object(&s.ar, &a, &other_age_class);
	assert_string_equal(cask_why(&s.ar), "no error");
	assert_ptr_equal(a->is, &other_age_class);
	cask_object(&s.ar, &a, &age_class);
	assert_string_equal(cask_why(&s.ar),
	    "object a at byte 14: class CAge where another of that name is "
	    "wanted");
	assert_null(a);
	done(&s);
}

/* What is known is the same where the buffer ends. */

/* How many references go before there is an error. */
static int
references(
    const struct cask_class *mapped, const struct cask_class *kind, size_t size)
{
	struct document nameless = { NULL }, *p = &nameless;
	unsigned char buffer[256];
	struct side s;
	int n = 0;

	store(&s);
	s.ar.buffer = buffer;
	s.ar.buffer_size = size;
	cask_store(&s.ar, &s.m.io);
	cask_map_object(&s.ar, &nameless, mapped);
	for (; n < 100 && s.ar.err == 0; n++)
		cask_object(&s.ar, &p, kind);
	if (s.ar.err != 0)
		assert_string_equal(cask_why(&s.ar),
		    "object p at byte 0: class CBase where CBased is wanted");
	done(&s);
	return n;
}

static void
a_mapped_object_is_of_the_class_that_it_was_mapped_as(void **state)
{
	(void)state;
	for (size_t size = 16; size <= 256; size *= 4) {
		assert_int_equal(
		    references(&document_class, &document_class, size), 100);
		assert_int_equal(
		    references(&based_class, &base_class, size), 100);
		assert_int_equal(
		    references(&base_class, &based_class, size), 1);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    a_new_class_is_none_that_is_known_whatever_numbers_there_are),
	cmocka_unit_test(a_class_that_comes_again_has_the_schema_that_it_had),
	cmocka_unit_test(a_base_class_is_none_that_is_derived_from_it),
	cmocka_unit_test(a_class_without_a_name_is_none_that_may_be_loaded),
	cmocka_unit_test(
	    of_classes_with_one_name_the_first_on_the_list_is_loaded),
	cmocka_unit_test(a_mapped_object_is_of_the_class_that_it_was_mapped_as),
};

RUN_TESTS(tests)
