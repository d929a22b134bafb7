/*
 * The fast path of pointers (lib/quick_tag.h): all of a tag is in the buffer,
 * or has room there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../lib/quick_tag.h"
#include "fault.h"
#include "object_kit.h"
#include "object_side.h"
#include "test.h"

#include <cask.h>

#include <errno.h>
#include <stdlib.h>

struct derived {
	struct age age;
	uint16_t more;
};

static void
derived_x(struct cask_ar *ar, void *object)
{
	struct derived *d = object;

	age_x(ar, &d->age);
	cask_u16(ar, &d->more);
}

static const struct cask_class derived_class = {
	.name = "CDerived",
	.base = &age_class,
	.size = sizeof(struct derived),
	.exchange = derived_x,
};

static const struct cask_class *const all[] = { &age_class, &derived_class,
	&node_class, NULL };

/* What the other has stored. */
static void
load(struct side *s, const struct side *from)
{
	load_bytes(s, all, from->m.data, from->m.length);
}

/* So much stands behind each tag that is loaded. */
#define BEHIND UINT64_C(0x5555555555555555)

static void
tag(struct cask_ar *ar, struct age **p, const struct cask_class *kind)
{
	uint64_t behind = BEHIND;

	cask_object(ar, p, kind);
	cask_u64(ar, &behind);
	if (ar->err == 0)
		assert_int_equal(behind, BEHIND);
}

/* Each new one, every other being derived, is followed by pointers back, to the
 * first and to one halfway, wherever a table grows. */
static void
store_pointers_back(struct side *s, struct derived *d, uint32_t n, bool big)
{
	struct age *p;

	store(s);
	s->ar.big_endian = big;
	for (uint32_t i = 0; i < n; i++) {
		p = &d[i].age;
		tag(&s->ar, &p, &age_class);
		p = &d[0].age;
		tag(&s->ar, &p, &age_class);
		p = &d[i / 2].age;
		tag(&s->ar, &p, &age_class);
	}
	assert_int_equal(cask_flush(&s->ar), 0);
}

/* By hand: what they are on the wire. */
static uint64_t
tag_number(struct cask_ar *ar)
{
	uint32_t pid = cask_get_u16(ar);

	if (pid == 0x7FFF)
		pid = cask_get_u32(ar);
	assert_int_equal(cask_get_u64(ar), BEHIND);
	return pid;
}

/* Two classes have numbers, too. */
static void
assert_numbers_back(struct side *s, uint32_t n, bool big)
{
	struct cask_ar ar = { .big_endian = big };
	struct cask_mem m;
	char head[6 + 8];

	cask_load(&ar, cask_mem_read(&m, s->m.data, s->m.length));
	for (uint32_t i = 0; i < n; i++) {
		if (i < 2)
			cask_get_bytes(&ar, head, i == 0 ? 6 + 4 : 6 + 8);
		else
			assert_int_equal(
			    cask_get_u16(&ar), i % 2 == 0 ? 0x8001 : 0x8003);
		assert_int_equal(cask_get_u32(&ar), i);
		if (i % 2 != 0)
			assert_int_equal(cask_get_u16(&ar), (uint16_t)~i);
		assert_int_equal(cask_get_u64(&ar), BEHIND);
		assert_int_equal(tag_number(&ar), 2);
		assert_int_equal(tag_number(&ar), i / 2 + (i < 2 ? 2 : 3));
	}
	assert_string_equal(cask_why(&ar), "no error");
	assert_false(cask_more(&ar));
}

static void
assert_pointers_back(struct side *s, uint32_t n, bool big)
{
	struct age **all_of_them = malloc(n * sizeof(struct age *)), *p;
	struct side t;

	load(&t, s);
	t.ar.big_endian = big;
	for (uint32_t i = 0; i < n; i++) {
		tag(&t.ar, &all_of_them[i], &age_class);
		assert_non_null(all_of_them[i]);
		assert_int_equal(all_of_them[i]->years, i);
		if (i % 2 != 0)
			assert_int_equal(
			    ((struct derived *)all_of_them[i])->more,
			    (uint16_t)~i);
		tag(&t.ar, &p, &age_class);
		assert_ptr_equal(p, all_of_them[0]);
		tag(&t.ar, &p, &age_class);
		assert_ptr_equal(p, all_of_them[i / 2]);
	}
	assert_string_equal(cask_why(&t.ar), "no error");
	done(&t);
	free(all_of_them);
}

/* The last of them points back to number 8002. */
static void
an_object_keeps_its_number_when_tables_grow_and_numbers_do(void **state)
{
	uint32_t n = 2 * 0x8000;
	struct derived *d = calloc(n, sizeof *d);
	struct side s;

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		d[i] = (struct derived) { { i % 2 == 0 ? &age_class
						       : &derived_class,
					      (int32_t)i },
			(uint16_t)~i };
	for (int big = 0; big < 2; big++) {
		store_pointers_back(&s, d, n, big);
		assert_numbers_back(&s, n, big);
		assert_pointers_back(&s, n, big);
		done(&s);
	}
	free(d);
}

/* The first is known, and then the second. */
static void
exchange_derived(struct side *s, struct age **first, struct age **second)
{
	tag(&s->ar, first, &derived_class);
	tag(&s->ar, first, &derived_class);
	tag(&s->ar, first, &age_class);
	tag(&s->ar, second, &age_class);
	tag(&s->ar, second, &age_class);
	assert_string_equal(cask_why(&s->ar), "no error");
}

/* What comes then is stored as what it is, and not as, nor loaded as, another.
 */
static void
assert_wrong(struct derived *d, struct derived *then)
{
	struct age *first = &d[0].age, *second = &d[1].age, *p = &then->age;
	struct side s, t, u;
	char why[80];

	store(&s);
	exchange_derived(&s, &first, &second);
	snprintf(why, sizeof why,
	    "object p at byte %u: class CDerived where CNode is wanted",
	    (unsigned)cask_at(&s.ar));
	tag(&s.ar, &p, &derived_class);
	assert_int_equal(cask_flush(&s.ar), 0);
	store(&u);
	exchange_derived(&u, &first, &second);
	tag(&u.ar, &p, &node_class);
	assert_string_equal(cask_why(&u.ar), why);
	assert_int_equal(u.ar.err, CASK_ECLASS);
	load(&t, &s);
	exchange_derived(&t, &first, &second);
	assert_ptr_not_equal(first, second);
	assert_ptr_equal(second->is, &derived_class);
	tag(&t.ar, &p, &node_class);
	assert_null(p);
	assert_string_equal(cask_why(&t.ar), why);
	assert_int_equal(t.ar.err, CASK_ECLASS);
	done(&t);
	done(&u);
	done(&s);
}

static void
an_object_is_of_its_class_and_its_bases_and_of_no_other(void **state)
{
	struct derived d[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		d[i] = (struct derived) { { &derived_class, i }, 7 };
	assert_wrong(d, &d[0]); /* known */
	assert_wrong(d, &d[2]); /* new */
}

/* A message that is walked twice takes back its numbers, and those are none. */
static void
message_x(struct cask_ar *ar, struct age *ages)
{
	uint8_t filler[64] = { 0 };
	struct age *p;

	for (int i = 0; i < 3; i++) {
		p = &ages[i];
		cask_object(ar, &p, &age_class);
	}
	cask_bytes(ar, filler, sizeof filler);
}

static void
an_object_whose_number_was_taken_back_is_new(void **state)
{
	struct age ages[3] = { { &age_class, 1 }, { &age_class, 2 },
		{ &age_class, 3 } };
	unsigned char small[32], large[256];
	struct side s, t;

	(void)state;
	store(&s);
	s.ar.buffer = large;
	s.ar.buffer_size = sizeof large;
	cask_store(&s.ar, &s.m.io);
	cask_message(&s.ar, ages, message_x);
	assert_int_equal(cask_flush(&s.ar), 0);
	store(&t);
	t.ar.buffer = small;
	t.ar.buffer_size = sizeof small;
	cask_store(&t.ar, &t.m.io);
	cask_message(&t.ar, ages, message_x);
	assert_int_equal(cask_flush(&t.ar), 0);
	assert_int_equal(s.m.length, t.m.length);
	assert_memory_equal(s.m.data, t.m.data, s.m.length);
	done(&t);
	done(&s);
}

/* Some more of them, the fast way: the first whose error that is. */
static int
more(struct side *s, struct derived *d, int from, int to)
{
	struct age *p;
	int i = from;

	for (; i < to && s->ar.err == 0; i++) {
		p = &d[i].age;
		tag(&s->ar, &p, &age_class);
		if (s->ar.err != 0) {
			assert_int_equal(s->ar.err, CASK_ELIMIT);
			break;
		}
	}
	return i;
}

/* One that is lowered holds at once, and so does one that is raised. */
static void
a_limit_may_be_changed_between_two_objects(void **state)
{
	struct derived d[40];
	struct side s, t;

	(void)state;
	for (int i = 0; i < 40; i++)
		d[i] = (struct derived) { { &age_class, i }, 7 };
	store(&s);
	assert_int_equal(more(&s, d, 0, 10), 10);
	s.graph.most_objects = 20;
	assert_int_equal(more(&s, d, 10, 20), 20);
	s.graph.most_objects = 30;
	assert_int_equal(more(&s, d, 20, 25), 25);
	assert_int_equal(cask_flush(&s.ar), 0);
	load(&t, &s);
	t.graph.most_objects = 10;
	assert_int_equal(more(&t, d, 0, 10), 10);
	t.graph.most_objects = 20;
	assert_int_equal(more(&t, d, 10, 12), 12);
	t.graph.most_objects = 13;
	assert_int_equal(more(&t, d, 12, 25), 13);
	done(&t);
	load(&t, &s);
	assert_int_equal(more(&t, d, 0, 10), 10);
	t.graph.most_memory = 12 * sizeof(struct age) + 1;
	assert_int_equal(more(&t, d, 10, 11), 11);
	t.graph.most_memory = 12 * sizeof(struct age) - 1;
	assert_int_equal(more(&t, d, 11, 25), 11);
	done(&t);
	s.graph.most_objects = 26;
	assert_int_equal(more(&s, d, 25, 40), 26);
	done(&s);
}

/* The limit is one to objects, whatever other numbers there were. */
static void
a_class_that_was_taken_back_leaves_no_room_for_an_object(void **state)
{
	struct cask_graph g = { .most_objects = 3 };
	struct cask_entry e = { .as = CASKI_OBJECT };
	struct age ages[3] = { { &age_class, 1 } };

	(void)state;
	assert_int_equal(caski_add(&g, &ages[0], e, true), 0);
	assert_int_equal(caski_add(&g, &ages[1], e, true), 0);
	assert_int_equal(caski_add_class(&g, &age_class, 0, true), 0);
	caski_set_quick(&g, 3);
	assert_true(caski_may_add(&g));
	caski_undo(&g, 2);
	assert_true(caski_may_add(&g));
	assert_int_equal(caski_add(&g, &ages[2], e, true), 0);
	assert_false(caski_may_add(&g));
	cask_graph_clear(&g);
}

/* What it points to would be the program's. */
static void
a_graph_that_has_stored_gives_no_object_to_who_loads(void **state)
{
	struct derived d[3] = { { { &age_class, 1 }, 7 },
		{ { &age_class, 2 }, 7 }, { { &age_class, 3 }, 7 } };
	const char *const bytes[] = { "..\2\0.....", "..\1\x80....." };
	struct cask_mem m;
	struct side s;
	struct age *p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		store(&s);
		s.graph.classes = all;
		assert_int_equal(more(&s, d, 0, 3), 3);
		assert_int_equal(cask_flush(&s.ar), 0);
		cask_load(&s.ar, cask_mem_read(&m, bytes[i], 9));
		assert_int_equal(cask_get_u16(&s.ar), 0x2E2E);
		cask_object(&s.ar, &p, &age_class);
		assert_null(p);
		assert_int_equal(s.ar.err, EINVAL);
		done(&s);
	}
}

/* Nor does one that would have, had there been memory. */
static void
a_graph_that_could_not_store_gives_none_either(void **state)
{
	struct cask_graph g = { 0 };
	struct cask_entry e = { .as = CASKI_MAPPED };
	struct age ages[65];

	(void)state;
	for (int i = 0; i < 64; i++)
		assert_int_equal(caski_add(&g, &ages[i], e, false), 0);
	assert_int_equal(g.loaded, 64);
	fault_plan(FAULT_REALLOC, 0, false, ENOMEM);
	assert_int_equal(caski_add(&g, &ages[64], e, true), ENOMEM);
	assert_int_equal(fault_injected(), 1);
	fault_reset();
	assert_int_equal(g.loaded, 0);
	cask_graph_clear(&g);
}

/* The next one might do. */
static void
an_object_without_memory_is_an_error_at_the_first_attempt(void **state)
{
	struct derived d[3] = { { { &age_class, 1 }, 7 },
		{ { &age_class, 2 }, 7 }, { { &age_class, 3 }, 7 } };
	struct age *p;
	struct side s, t;

	(void)state;
	store(&s);
	assert_int_equal(more(&s, d, 0, 3), 3);
	assert_int_equal(cask_flush(&s.ar), 0);
	load(&t, &s);
	assert_int_equal(more(&t, d, 0, 2), 2);
	fault_plan(FAULT_MALLOC, 0, false, ENOMEM);
	cask_object(&t.ar, &p, &age_class);
	assert_int_equal(fault_injected(), 1);
	fault_reset();
	assert_null(p);
	assert_int_equal(t.ar.err, ENOMEM);
	assert_string_equal(cask_why(&t.ar),
	    "object p at byte 36: no memory for an object of class CAge");
	done(&t);
	done(&s);
}

/* It knows nothing of the member is, nor of limits. */
static void *
make_derived(const struct cask_class *kind)
{
	return calloc(1, kind->size);
}

static void
what_a_class_has_made_is_of_that_class_and_counts(void **state)
{
	struct cask_class made = derived_class;
	const struct cask_class *list[] = { &made, NULL };
	struct derived d[4];
	struct age *p;
	struct side s, t;

	(void)state;
	made.make = make_derived;
	for (int i = 0; i < 4; i++)
		d[i] = (struct derived) { { &made, i }, 7 };
	store(&s);
	assert_int_equal(more(&s, d, 0, 4), 4);
	assert_int_equal(cask_flush(&s.ar), 0);
	load_bytes(&t, list, s.m.data, s.m.length);
	t.graph.most_memory = 3 * sizeof d[0];
	for (int i = 0; i < 3; i++) {
		tag(&t.ar, &p, &age_class);
		assert_non_null(p);
		assert_ptr_equal(p->is, &made);
		assert_int_equal(p->years, i);
	}
	tag(&t.ar, &p, &age_class);
	assert_null(p);
	assert_int_equal(t.ar.err, CASK_ELIMIT);
	done(&t);
	done(&s);
}

/* There is room for it in the tables, and its class came on its own. */
static void
a_graph_owns_what_was_loaded_the_fast_way_alone(void **state)
{
	struct age age = { &age_class, 1 }, both = age, *p = &age;
	uint64_t behind = BEHIND;
	struct side s, t;

	(void)state;
	store(&s);
	cask_map_object(&s.ar, &both, &age_class);
	cask_class_of(&s.ar, &age_class);
	cask_object(&s.ar, &p, &age_class);
	cask_u64(&s.ar, &behind);
	assert_int_equal(cask_flush(&s.ar), 0);
	load(&t, &s);
	cask_map_object(&t.ar, &both, &age_class);
	cask_class_of(&t.ar, &age_class);
	tag(&t.ar, &p, &age_class);
	assert_ptr_not_equal(p, &age);
	cask_store(&t.ar, cask_mem_grow(&t.m, 0));
	cask_object(&t.ar, &p, &age_class);
	assert_int_equal(t.ar.err, EINVAL);
	done(&t);
	done(&s);
}

/* Something is in each node of a list, in front of the next. */
struct box {
	const struct cask_class *is;
	struct age *age;
	struct box *next;
};

static const struct cask_class box_class;

static void
box_x(struct cask_ar *ar, void *object)
{
	struct box *b = object;

	cask_object(ar, &b->age, &age_class);
	cask_object_last(ar, &b->next, &box_class);
}

static const struct cask_class box_class = {
	.name = "CBox", .size = sizeof(struct box), .exchange = box_x
};

#define BOXES 1000

static void
a_list_is_no_deeper_for_what_is_in_it(void **state)
{
	static const struct cask_class *const list[] = { &age_class, &box_class,
		NULL };
	static struct box boxes[BOXES];
	static struct age ages[BOXES];
	struct box *p = &boxes[0];
	struct side s, t;

	(void)state;
	for (int i = 0; i < BOXES; i++) {
		ages[i] = (struct age) { &age_class, i };
		boxes[i] = (struct box) { &box_class, &ages[i],
			i + 1 < BOXES ? &boxes[i + 1] : NULL };
	}
	store(&s);
	s.ar.limit.depth = 2;
	cask_store(&s.ar, &s.m.io);
	cask_object(&s.ar, &p, &box_class);
	assert_int_equal(cask_flush(&s.ar), 0);
	load_bytes(&t, list, s.m.data, s.m.length);
	t.ar.limit.depth = 2;
	cask_load(&t.ar, &t.m.io);
	cask_object(&t.ar, &p, &box_class);
	assert_string_equal(cask_why(&t.ar), "no error");
	for (int i = 0; i < BOXES; i++, p = p->next)
		assert_int_equal(p->age->years, i);
	assert_null(p);
	done(&t);
	done(&s);
}

/* Each is that of the newest object when the table grows. */
static void
classes_are_known_when_their_table_has_grown(void **state)
{
	enum { KINDS = 40 };
	static struct cask_class kind[KINDS];
	static char name[KINDS][16];
	struct age ages[3 * KINDS], *p;
	const struct cask_class *list[KINDS + 1] = { NULL };
	struct side s, t;

	(void)state;
	for (int i = 0; i < KINDS; i++) {
		kind[i] = age_class;
		kind[i].base = &age_class;
		kind[i].name = name[i];
		snprintf(name[i], sizeof name[i], "C%d", i);
		list[i] = &kind[i];
	}
	store(&s);
	for (int i = 0; i < 3 * KINDS; i++) {
		int k = (i / 3 + (i % 3 != 0)) % KINDS;

		ages[i] = (struct age) { &kind[k], i };
		p = &ages[i];
		tag(&s.ar, &p, &age_class);
	}
	assert_int_equal(cask_flush(&s.ar), 0);
	load_bytes(&t, list, s.m.data, s.m.length);
	for (int i = 0; i < 3 * KINDS; i++) {
		tag(&t.ar, &p, &age_class);
		assert_non_null(p);
		assert_ptr_equal(p->is, ages[i].is);
		assert_int_equal(p->years, i);
	}
	assert_string_equal(cask_why(&t.ar), "no error");
	done(&t);
	done(&s);
}

/* Each is found, wherever they lie, and whatever was taken back. */
static void
addresses_of_any_distance_are_found(void **state)
{
	static const size_t apart[] = { 16, 24, 64, 80, 1024, 4096, 65536,
		(size_t)1 << 24 };
	struct cask_graph g = { 0 };
	struct cask_entry e = { .as = CASKI_OBJECT };

	(void)state;
	for (size_t k = 0; k < sizeof apart / sizeof apart[0]; k++) {
		uintptr_t base = 0x1000;

		for (uint32_t i = 0; i < 200; i++)
			assert_int_equal(
			    caski_add(
				&g, (void *)(base + i * apart[k]), e, true),
			    0);
		caski_undo(&g, 150);
		for (uint32_t i = 0; i < 200; i++)
			assert_int_equal(
			    caski_find(&g, (void *)(base + i * apart[k])),
			    i < 150 ? i + 1 : 0);
		cask_graph_clear(&g);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    an_object_keeps_its_number_when_tables_grow_and_numbers_do),
	cmocka_unit_test(
	    an_object_is_of_its_class_and_its_bases_and_of_no_other),
	cmocka_unit_test(an_object_whose_number_was_taken_back_is_new),
	cmocka_unit_test(a_limit_may_be_changed_between_two_objects),
	cmocka_unit_test(
	    a_class_that_was_taken_back_leaves_no_room_for_an_object),
	cmocka_unit_test(a_graph_that_has_stored_gives_no_object_to_who_loads),
	cmocka_unit_test(a_graph_that_could_not_store_gives_none_either),
	cmocka_unit_test(
	    an_object_without_memory_is_an_error_at_the_first_attempt),
	cmocka_unit_test(what_a_class_has_made_is_of_that_class_and_counts),
	cmocka_unit_test(a_graph_owns_what_was_loaded_the_fast_way_alone),
	cmocka_unit_test(a_list_is_no_deeper_for_what_is_in_it),
	cmocka_unit_test(classes_are_known_when_their_table_has_grown),
	cmocka_unit_test(addresses_of_any_distance_are_found),
};

RUN_TESTS(tests)
