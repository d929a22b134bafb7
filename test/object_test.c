/*
 * Objects by pointer: every worked example of MFC's tags, in both directions.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "object_kit.h"
#include "object_side.h"
#include "test.h"

#include <cask.h>

#include <errno.h>

/* Classes */

struct person {
	const struct cask_class *is;
	char name[16];
	uint16_t number;
};

static void
person_x(struct cask_ar *ar, void *object)
{
	struct person *p = object;

	cask_text(ar, p->name, sizeof p->name);
	cask_u16(ar, &p->number);
}

static const struct cask_class person_class = {
	.name = "CPerson",
	.schema = 1,
	.size = sizeof(struct person),
	.exchange = person_x,
};

struct versioned {
	const struct cask_class *is;
	unsigned first, second; /* what cask_schema gave */
};

static void
versioned_x(struct cask_ar *ar, void *object)
{
	struct versioned *v = object;

	v->first = cask_schema(ar);
	v->second = cask_schema(ar);
}

static const struct cask_class versioned_class = {
	.name = "CSchemaObject",
	.schema = 1,
	.versionable = true,
	.size = sizeof(struct versioned),
	.exchange = versioned_x,
};

struct derived {
	const struct cask_class *is;
	uint16_t a, b;
	unsigned base_schema;
};

static const struct cask_class base_class = {
	.name = "CBase", .schema = 3, .size = 1, .exchange = age_x
};

static void
derived_x(struct cask_ar *ar, void *object)
{
	struct derived *d = object;

	cask_u16(ar, &d->a);
	d->base_schema = cask_class_of(ar, &base_class);
	cask_u16(ar, &d->b);
}

static const struct cask_class derived_class = {
	.name = "CDerived",
	.schema = 2,
	.base = &base_class,
	.size = sizeof(struct derived),
	.exchange = derived_x,
};

static const struct cask_class *const all[] = { &age_class, &person_class,
	&versioned_class, &node_class, &base_class, &derived_class, &item_class,
	NULL };

/* What is stored, and then loaded */

static void
load(struct side *s, const void *bytes, size_t n)
{
	load_bytes(s, all, bytes, n);
}

static void
assert_stored(struct side *s, const void *bytes, size_t n)
{
	assert_int_equal(cask_flush(&s->ar), 0);
	assert_int_equal(s->m.length, n);
	assert_memory_equal(s->m.data, bytes, n);
	done(s);
}

#define BYTES(s) (s), sizeof(s) - 1

static void
an_object_is_stored_once_and_loaded_as_one(void **state)
{
	static const char golden[] = "\xFF\xFF\x00\x00\x04\x00"
				     "CAge"
				     "\x15\x00\x00\x00"
				     "\x01\x80\x28\x00\x00\x00"
				     "\x02\x00"
				     "\x00\x00";
	struct age a = { &age_class, 21 }, b = { &age_class, 40 };
	struct age *in[] = { &a, &b, &a, NULL }, *out[4];
	struct side s;

	(void)state;
	store(&s);
	for (int i = 0; i < 4; i++)
		cask_object(&s.ar, &in[i], &age_class);
	assert_stored(&s, BYTES(golden));
	load(&s, BYTES(golden));
	for (int i = 0; i < 4; i++)
		cask_object(&s.ar, &out[i], &age_class);
	assert_string_equal(cask_why(&s.ar), "no error");
	assert_int_equal(out[0]->years, 21);
	assert_int_equal(out[1]->years, 40);
	assert_ptr_equal(out[2], out[0]);
	assert_null(out[3]);
	assert_ptr_equal(out[0]->is, &age_class);
	done(&s);
}

static void
text_in_objects_has_the_form_of_the_archive_and_class_names_are_ascii(
    void **state)
{
	static const char ansi[] = "\xFF\xFF\x01\x00\x07\x00"
				   "CPerson"
				   "\x03"
				   "Ann"
				   "\x4E\x00";
	static const char wide[] = "\xFF\xFF\x01\x00\x07\x00"
				   "CPerson"
				   "\xFF\xFE\xFF\x03"
				   "A\0n\0n\0"
				   "\x4E\x00";
	struct person ann = { &person_class, "Ann", 78 }, *p = &ann;
	struct side s;

	(void)state;
	store(&s);
	s.ar.form = CASK_ANSI;
	cask_object(&s.ar, &p, &person_class);
	assert_stored(&s, BYTES(ansi));
	store(&s);
	cask_object(&s.ar, &p, &person_class);
	assert_stored(&s, BYTES(wide));
	load(&s, BYTES(wide));
	cask_object(&s.ar, &p, &person_class);
	assert_string_equal(p->name, "Ann");
	assert_int_equal(p->number, 78);
	done(&s);
}

static void
a_versionable_class_is_stored_without_that_bit(void **state)
{
	static const char golden[] = "\xFF\xFF\x01\x00\x0D\x00"
				     "CSchemaObject";
	struct versioned v = { .is = &versioned_class }, *p = &v;
	struct side s;

	(void)state;
	store(&s);
	cask_object(&s.ar, &p, &versioned_class);
	assert_int_equal(v.first, 1);
	assert_int_equal(v.second, CASK_NO_SCHEMA);
	assert_stored(&s, BYTES(golden));
}

static void
every_object_of_a_versionable_class_knows_the_schema_that_came(void **state)
{
	static const char older[] = "\xFF\xFF\x07\x00\x0D\x00"
				    "CSchemaObject"
				    "\x01\x80";
	struct versioned *p[2];
	struct side s;

	(void)state;
	load(&s, BYTES(older));
	for (int i = 0; i < 2; i++) {
		cask_object(&s.ar, &p[i], &versioned_class);
		assert_non_null(p[i]);
		assert_int_equal(p[i]->first, 7);
		assert_int_equal(p[i]->second, CASK_NO_SCHEMA);
	}
	assert_int_equal(cask_schema(&s.ar), CASK_NO_SCHEMA);
	done(&s);
}

static void
an_object_may_point_to_itself(void **state)
{
	static const char golden[] = "\xFF\xFF\x01\x00\x05\x00"
				     "CNode"
				     "\x07\x00\x02\x00";
	struct node n = { &node_class, 7, &n }, *p = &n;
	struct side s;

	(void)state;
	store(&s);
	cask_object(&s.ar, &p, &node_class);
	assert_stored(&s, BYTES(golden));
	load(&s, BYTES(golden));
	cask_object(&s.ar, &p, &node_class);
	assert_int_equal(p->value, 7);
	assert_ptr_equal(p->next, p);
	done(&s);
}

static void
a_base_class_has_a_schema_of_its_own(void **state)
{
	static const char golden[] = "\xFF\xFF\x02\x00\x08\x00"
				     "CDerived"
				     "\xAA\x00\xFF\xFF\x03\x00\x05\x00"
				     "CBase"
				     "\xBB\x00"
				     "\x01\x80\xAA\x00\x03\x80\xBB\x00";
	struct derived d[2] = { { &derived_class, 0xAA, 0xBB, 0 },
		{ &derived_class, 0xAA, 0xBB, 0 } };
	struct derived *p;
	struct side s;

	(void)state;
	store(&s);
	for (int i = 0; i < 2; i++) {
		p = &d[i];
		cask_object(&s.ar, &p, &derived_class);
	}
	assert_stored(&s, BYTES(golden));
	load(&s, BYTES(golden));
	for (int i = 0; i < 2; i++) {
		cask_object(&s.ar, &p, &base_class);
		assert_string_equal(cask_why(&s.ar), "no error");
		assert_int_equal(p->a, 0xAA);
		assert_int_equal(p->base_schema, 3);
		assert_int_equal(p->b, 0xBB);
	}
	done(&s);
}

static void
what_both_ends_have_is_mapped_and_not_stored(void **state)
{
	static const char golden[] = "\x02\x00\xFF\xFF\x01\x00\x08\x00"
				     "CSubItem"
				     "\x01\x00\x05\x00\x02\x80\x01\x00\x06\x00";
	struct document mine = { &document_class };
	struct item items[] = { { &item_class, &mine, 5 },
		{ &item_class, &mine, 6 } };
	struct item *p;
	struct side s;

	(void)state;
	store(&s);
	cask_map_object(&s.ar, &mine, &document_class);
	cask_put_count(&s.ar, 2);
	for (int i = 0; i < 2; i++) {
		p = &items[i];
		cask_object(&s.ar, &p, &item_class);
	}
	assert_stored(&s, BYTES(golden));
	load(&s, BYTES(golden));
	cask_map_object(&s.ar, &mine, &document_class);
	assert_int_equal(cask_get_count(&s.ar, 9), 2);
	for (int i = 0; i < 2; i++) {
		cask_object(&s.ar, &p, &item_class);
		assert_ptr_equal(p->document, &mine);
		assert_int_equal(p->value, 5 + i);
	}
	done(&s);
}

/* Numbers beyond 7FFE */

#define AGES 32767

static void
numbers_from_7fff_on_take_four_bytes(void **state)
{
	static const char after[] = "\xFE\x7F"
				    "\xFF\x7F\xFF\x7F\x00\x00"
				    "\xFF\x7F\x00\x80\x00\x00"
				    "\xFF\xFF\x01\x00\x05\x00"
				    "CNode\0\0\0\0"
				    "\xFF\x7F\x01\x80\x00\x80\0\0\0\0";
	static struct age ages[AGES];
	struct node nodes[] = { { &node_class, 0, NULL },
		{ &node_class, 0, NULL } };
	static struct age *p[AGES];
	struct node *q[2] = { &nodes[0], &nodes[1] };
	struct age *far[3] = { &ages[0x7FFE - 2], &ages[0x7FFF - 2],
		&ages[0x8000 - 2] };
	size_t before = 14 + (AGES - 1) * 6;
	struct side s, t;

	(void)state;
	store(&s);
	for (int i = 0; i < AGES; i++) {
		ages[i] = (struct age) { &age_class, i };
		p[i] = &ages[i];
		cask_object(&s.ar, &p[i], &age_class);
	}
	for (int i = 0; i < 3; i++)
		cask_object(&s.ar, &far[i], &age_class);
	for (int i = 0; i < 2; i++)
		cask_object(&s.ar, &q[i], &node_class);
	assert_int_equal(cask_flush(&s.ar), 0);
	assert_int_equal(s.m.length, before + sizeof after - 1);
	assert_memory_equal(s.m.data + before, after, sizeof after - 1);

	load(&t, s.m.data, s.m.length);
	for (int i = 0; i < AGES; i++) {
		cask_object(&t.ar, &p[i], &age_class);
		assert_int_equal(p[i]->years, i);
	}
	for (int i = 0; i < 3; i++) {
		cask_object(&t.ar, &far[i], &age_class);
		assert_ptr_equal(far[i], p[0x7FFE - 2 + i]);
	}
	for (int i = 0; i < 2; i++) {
		cask_object(&t.ar, &q[i], &node_class);
		assert_non_null(q[i]);
	}
	assert_string_equal(cask_why(&t.ar), "no error");
	done(&t);
	done(&s);
}

static void
a_list_of_any_length_takes_no_stack(void **state)
{
	struct node *list = NULL, *p;
	struct side s, t;
	uint32_t n = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		p = malloc(sizeof *p);
		*p = (struct node) { &node_class, (uint16_t)i, list };
		list = p;
	}
	store(&s);
	cask_object(&s.ar, &list, &node_class);
	assert_int_equal(cask_flush(&s.ar), 0);
	load(&t, s.m.data, s.m.length);
	cask_object(&t.ar, &p, &node_class);
	assert_string_equal(cask_why(&t.ar), "no error");
	for (; p != NULL; p = p->next)
		assert_int_equal(p->value, (uint16_t)(199999 - n++));
	assert_int_equal(n, 200000);
	done(&t);
	done(&s);
	while (list != NULL) {
		p = list->next;
		free(list);
		list = p;
	}
}

/* What is refused, at the end of what has come and before more of it */

static void
assert_refused_before(
    const char *bytes, size_t n, size_t more, int err, const char *why)
{
	struct node *p = (struct node *)1;
	char all_of_it[128] = { 0 };
	struct side s;

	assert_true(n + more <= sizeof all_of_it);
	memcpy(all_of_it, bytes, n);
	load(&s, all_of_it, n + more);
	assert_true(cask_more(&s.ar)); /* what has come is in the buffer */
	cask_object(&s.ar, &p, &node_class);
	assert_string_equal(cask_why(&s.ar), why);
	assert_int_equal(s.ar.err, err);
	assert_null(p);
	done(&s);
}

static void
assert_refused(const char *bytes, size_t n, int err, const char *why)
{
	assert_refused_before(bytes, n, 0, err, why);
	assert_refused_before(bytes, n, 8, err, why);
}

static void
each_wrong_tag_is_its_own_error_with_its_numbers(void **state)
{
	(void)state;
	assert_refused(BYTES("\x05\x00"), CASK_EINDEX,
	    "object p at byte 0: object number 5, the highest so far is 0");
	assert_refused(BYTES("\x01\x00"), CASK_EINDEX,
	    "object p at byte 0: object number 1, the highest so far is 0");
	assert_refused(BYTES("\x01\x80"), CASK_EINDEX,
	    "object p at byte 0: class number 1, the highest so far is 0");
	assert_refused(BYTES("\x00\x80"), CASK_EINDEX,
	    "object p at byte 0: class number 0, the highest so far is 0");
	assert_refused(BYTES("\xFF\x7F\x00\x00\x00\x80"), CASK_EINDEX,
	    "object p at byte 0: class number 0, the highest so far is 0");
	assert_refused(BYTES("\xFF\xFF\x01\x00\x05\x00"
			     "CNode\1\0\1\0"),
	    CASK_EINDEX,
	    "object p.next at byte 13: number 1 is a class, not an object");
	assert_refused(BYTES("\xFF\xFF\x01\x00\x05\x00"
			     "CNode\1\0\2\x80"),
	    CASK_EINDEX,
	    "object p.next at byte 13: number 2 is an object, not a class");
	assert_refused(BYTES("\xFF\xFF\x01\x00\x04\x00"
			     "CFo\x01"),
	    CASK_ECLASS, "object p at byte 0: class CFo? is not on the list");
	assert_refused(BYTES("\xFF\xFF\x00\x00\x40\x00"), CASK_ECLASS,
	    "object p at byte 0: a class name of 64 characters, limit 63");
	assert_refused(BYTES("\xFF\xFF\x00\x00\x04\x00"
			     "CAge\0\0\0\0"),
	    CASK_ECLASS,
	    "object p at byte 0: class CAge where CNode is wanted");
	assert_refused(BYTES("\xFF\xFF\x02\x00\x05\x00"
			     "CNode"),
	    CASK_ESCHEMA,
	    "object p at byte 0: class CNode has schema 2, known here is 1");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_object_is_stored_once_and_loaded_as_one),
	cmocka_unit_test(
	    text_in_objects_has_the_form_of_the_archive_and_class_names_are_ascii),
	cmocka_unit_test(a_versionable_class_is_stored_without_that_bit),
	cmocka_unit_test(
	    every_object_of_a_versionable_class_knows_the_schema_that_came),
	cmocka_unit_test(an_object_may_point_to_itself),
	cmocka_unit_test(a_base_class_has_a_schema_of_its_own),
	cmocka_unit_test(what_both_ends_have_is_mapped_and_not_stored),
	cmocka_unit_test(numbers_from_7fff_on_take_four_bytes),
	cmocka_unit_test(a_list_of_any_length_takes_no_stack),
	cmocka_unit_test(each_wrong_tag_is_its_own_error_with_its_numbers),
};

RUN_TESTS(tests)
