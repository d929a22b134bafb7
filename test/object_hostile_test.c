/*
 * Objects by pointer, from anybody: cut, flipped, without memory, too deep, too
 * many, and numbers that were forgotten or taken back.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../lib/graph.h"
#include "fault.h"
#include "test.h"

#include <cask.h>

#include <limits.h>

/* A class that has all an object may have, and one derived from it. */
struct thing {
	const struct cask_class *is;
	unsigned schema;
	char *text;
	uint16_t *numbers;
	uint32_t count;
	char *newer; /* from schema 2 on */
	struct thing *other, *next;
};

static const struct cask_class thing_class;

static void
thing_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;
	unsigned schema = cask_schema(ar);

	if (cask_loading(ar))
		t->schema = schema;
	cask_text_dup(ar, &t->text, 100);
	cask_u16_array_dup(ar, &t->numbers, &t->count, 100);
	if (schema == 2)
		cask_text_dup(ar, &t->newer, 100);
	cask_object(ar, &t->other, &thing_class);
	cask_object_last(ar, &t->next, &thing_class);
}

static const struct cask_class thing_class = { .name = "CThing",
	.schema = 2,
	.versionable = true,
	.size = sizeof(struct thing),
	.exchange = thing_x };

static const struct cask_class derived_class = { .name = "CDerived",
	.schema = 2,
	.base = &thing_class,
	.size = sizeof(struct thing),
	.exchange = thing_x };

static const struct cask_class small_class = {
	.name = "CSmall", .base = &thing_class, .size = 1, .exchange = thing_x
};

static void
exchange_thing(struct cask_ar *ar, struct thing **p)
{
	cask_object(ar, p, &thing_class);
}

/* A pointer, and something behind it or not. */
struct link {
	const struct cask_class *is;
	struct link *next;
};

static const struct cask_class deep_class, behind_class, twice_class;

static void
deep_x(struct cask_ar *ar, void *object)
{
	struct link *l = object;

	cask_object(ar, &l->next, &deep_class);
}

static void
behind_x(struct cask_ar *ar, void *object)
{
	struct link *l = object;
	uint16_t v = 1;

	cask_object_last(ar, &l->next, &behind_class);
	cask_u16(ar, &v);
}

static void
twice_x(struct cask_ar *ar, void *object)
{
	struct link *l = object;
	struct link *no = NULL;

	cask_object_last(ar, &l->next, &twice_class);
	cask_object(ar, &no, &twice_class);
}

static const struct cask_class deep_class = {
	.name = "CDeep", .size = sizeof(struct link), .exchange = deep_x
};
static const struct cask_class behind_class = {
	.name = "CBehind", .size = sizeof(struct link), .exchange = behind_x
};
static const struct cask_class twice_class = {
	.name = "CTwice", .size = sizeof(struct link), .exchange = twice_x
};
static const struct cask_class none_class = { .name = "CNone" };

static const struct cask_class *const all[] = { &thing_class, &derived_class,
	&small_class, &deep_class, &behind_class, &twice_class, &none_class,
	NULL };

struct side {
	struct cask_ar ar;
	struct cask_graph graph;
	struct cask_mem m;
};

static void
begin(struct side *s, bool big_endian)
{
	memset(s, 0, sizeof *s);
	s->graph.classes = all;
	s->ar.graph = &s->graph;
	s->ar.big_endian = big_endian;
}

static void
store(struct side *s, bool big_endian)
{
	begin(s, big_endian);
	cask_store(&s->ar, cask_mem_grow(&s->m, 0));
}

static void
load(struct side *s, const void *bytes, size_t n, bool big_endian)
{
	begin(s, big_endian);
	cask_load(&s->ar, cask_mem_read(&s->m, bytes, n));
}

static void
done(struct side *s)
{
	cask_graph_clear(&s->graph);
	cask_mem_close(&s->m);
}

#define BYTES(s) (s), sizeof(s) - 1

/* Two classes, text, arrays, a cycle, one shared. */
static void
store_example(struct side *s, bool big_endian)
{
	char first[] = "first", second[] = "second", newer[] = "n";
	uint16_t numbers[] = { 1, 2, 3 };
	struct thing a = { &thing_class, 2, first, numbers, 3, newer, NULL,
		NULL };
	struct thing b = { &derived_class, 2, second, numbers, 2, newer, &a,
		&a };
	struct thing *p = &a;

	a.other = &b;
	a.next = &a;
	store(s, big_endian);
	cask_object(&s->ar, &p, &thing_class);
	cask_object(&s->ar, &p, &thing_class);
	cask_flush(&s->ar);
}

static void
a_graph_cut_anywhere_is_freed_by_one_call(void **state)
{
	struct thing *p;
	struct side s, t;

	(void)state;
	for (int big = 0; big < 2; big++) {
		store_example(&s, big);
		assert_string_equal(cask_why(&s.ar), "no error");
		for (size_t n = 0; n <= s.m.length; n++) {
			long before = fault_allocations();

			load(&t, s.m.data, n, big);
			cask_object(&t.ar, &p, &thing_class);
			cask_object(&t.ar, &p, &thing_class);
			assert_int_equal(
			    t.ar.err, n < s.m.length ? CASK_ECUT : 0);
			if (n == s.m.length) {
				assert_ptr_equal(p->next, p);
				assert_ptr_equal(p->other->next, p);
				assert_string_equal(p->other->text, "second");
			}
			done(&t);
			assert_int_equal(fault_allocations(), before);
		}
		done(&s);
	}
}

static void
load_flipped(const struct side *s, size_t i, size_t j)
{
	long before = fault_allocations();
	struct thing *p;
	struct side t;

	s->m.data[i / 8] ^= (unsigned char)(1u << i % 8);
	if (j != i)
		s->m.data[j / 8] ^= (unsigned char)(1u << j % 8);
	load(&t, s->m.data, s->m.length, false);
	cask_object(&t.ar, &p, &thing_class);
	cask_object(&t.ar, &p, &thing_class);
	done(&t);
	assert_int_equal(fault_allocations(), before);
	s->m.data[i / 8] ^= (unsigned char)(1u << i % 8);
	if (j != i)
		s->m.data[j / 8] ^= (unsigned char)(1u << j % 8);
}

static void
a_graph_with_any_one_or_two_bits_flipped_is_survived(void **state)
{
	struct side s;

	(void)state;
	store_example(&s, false);
	for (size_t i = 0; i < 8 * s.m.length; i++)
		for (size_t j = i; j < 8 * s.m.length; j++)
			load_flipped(&s, i, j);
	done(&s);
}

static void
without_memory(void *arg)
{
	struct thing *p;
	struct side s, t;

	(void)arg;
	store_example(&s, false);
	load(&t, s.m.data, s.m.length, false);
	cask_object(&t.ar, &p, &thing_class);
	done(&t);
	done(&s);
}

static void
without_memory_storing_and_loading_fail_and_leak_nothing(void **state)
{
	(void)state;
	assert_true(fault_everywhere(without_memory, NULL) > 8);
}

static void
what_an_older_or_newer_schema_loaded_is_freed(void **state)
{
	static const char two[] = "\xFF\xFF\x02\0\x06\0CThing"
				  "\1a\0\0\1b\0\0\0\0";
	long before = fault_allocations();
	struct thing *p;
	struct side s;

	(void)state;
	load(&s, BYTES(two), false);
	cask_object(&s.ar, &p, &thing_class);
	assert_string_equal(cask_why(&s.ar), "no error");
	assert_string_equal(p->newer, "b");
	assert_int_equal(p->schema, 2);
	done(&s);
	assert_int_equal(fault_allocations(), before);
}

static void
refused(const char *bytes, size_t n, const struct cask_class *kind, int err,
    const char *why)
{
	struct link *p = (struct link *)1;
	struct side s;

	load(&s, bytes, n, false);
	cask_object(&s.ar, &p, kind);
	assert_string_equal(cask_why(&s.ar), why);
	assert_int_equal(s.ar.err, err);
	assert_null(p);
	done(&s);
}

static void
bad_classes_are_refused(void **state)
{
	(void)state;
	refused(BYTES("\xFF\xFF\0\0\5\0CNone"), &none_class, ENOTSUP,
	    "object p at byte 0: class CNone has no exchange function");
	refused(BYTES("\xFF\xFF\0\0\6\0CSmall"), &thing_class, EINVAL,
	    "object p at byte 0: class CSmall has objects of 1 bytes, too few "
	    "for is");
	refused(BYTES("\xFF\xFF\0\0\5\0CDeep\xFF\xFF\0\0\7\0CBehind"),
	    &deep_class, CASK_ECLASS,
	    "object p.next at byte 11: class CBehind where CDeep is wanted");
	refused(BYTES("\0\x80"), &deep_class, CASK_EINDEX,
	    "object p at byte 0: class number 0, the highest so far is 0");
}

static void
the_big_form_may_hold_a_small_number(void **state)
{
	static const char bytes[] = "\xFF\xFF\0\0\5\0CDeep"
				    "\xFF\x7F\2\0\0\0"
				    "\xFF\x7F\0\0\0\0";
	struct link *p, *none = (struct link *)1;
	struct side s;

	(void)state;
	load(&s, BYTES(bytes), false);
	cask_object(&s.ar, &p, &deep_class);
	cask_object(&s.ar, &none, &deep_class);
	assert_string_equal(cask_why(&s.ar), "no error");
	assert_ptr_equal(p->next, p);
	assert_null(none);
	done(&s);
}

static void
nothing_may_stand_behind_the_last_of_an_object(void **state)
{
	static const struct cask_class *const kinds[] = { &behind_class,
		&twice_class };
	struct link l, *p;
	struct side s;

	(void)state;
	for (int i = 0; i < 2; i++) {
		l = (struct link) { kinds[i], NULL };
		p = &l;
		store(&s, false);
		cask_object(&s.ar, &p, kinds[i]);
		assert_int_equal(s.ar.err, EINVAL);
		assert_non_null(strstr(cask_why(&s.ar), "cask_object_last"));
		done(&s);
	}
	refused(BYTES("\xFF\xFF\0\0\7\0CBehind\1\0\0\0"), &behind_class, EINVAL,
	    "object p.next at byte 15: something stands behind "
	    "cask_object_last");
}

/* Numbers */

static void
the_last_number_is_that_of_mfc(void **state)
{
	static struct cask_entry one;
	struct cask_graph g = {
		.used = 0x3FFFFFFD, .room = 0x40000000, .entry = &one
	};
	struct cask_entry e = { .as = CASKI_OBJECT };

	(void)state;
	assert_int_equal(caski_add(&g, &one, e, false), CASK_EINDEX);
	assert_int_equal(g.used, 0x3FFFFFFD);
}

#define MANY 300

static void
numbers_are_taken_back_after_some_were_forgotten(void **state)
{
	static struct link l[MANY];
	struct cask_graph g = { 0 };
	struct cask_entry e = { .as = CASKI_OBJECT };

	(void)state;
	for (uint32_t round = 0; round < MANY; round++) {
		for (uint32_t i = g.used; i < MANY; i++) {
			/* Another order each time, another chain. */
			void *p = &l[(i * 7 + round) % MANY];

			if (caski_find(&g, p) == 0)
				assert_int_equal(caski_add(&g, p, e, true), 0);
		}
		for (uint32_t i = round % 5; i < g.used; i += 5)
			cask_graph_forget(&g, g.object[i]);
		for (uint32_t i = 0; i < g.used; i++)
			if (caski_what(&g.entry[i]) != CASKI_GONE_BY)
				assert_int_equal(
				    caski_find(&g, g.object[i]), i + 1);
		caski_undo(&g, round % 100);
		assert_int_equal(g.objects, g.used);
		for (uint32_t i = 0; i < MANY; i++)
			assert_true(caski_find(&g, &l[i]) <= g.used);
		for (uint32_t i = 0; i < g.used; i++)
			if (caski_what(&g.entry[i]) != CASKI_GONE_BY)
				assert_int_equal(
				    caski_find(&g, g.object[i]), i + 1);
	}
	cask_graph_clear(&g);
}

static void
an_object_mapped_twice_has_the_older_number_again(void **state)
{
	struct cask_graph g = { 0 };
	struct cask_entry e = { .as = CASKI_MAPPED };

	(void)state;
	assert_int_equal(caski_add(&g, &g, e, true), 0);
	assert_int_equal(caski_add(&g, &g, e, true), 0);
	assert_int_equal(caski_find(&g, &g), 2);
	caski_undo(&g, 1);
	assert_int_equal(caski_find(&g, &g), 1);
	assert_int_equal(caski_add(&g, &g, e, true), 0);
	cask_graph_forget(&g, &g);
	assert_int_equal(caski_find(&g, &g), 0);
	cask_graph_clear(&g);
}

/* Nothing is left of a number that was taken back, nor of one that could not be
 * given. */
static void
what_is_mapped_again_may_fail_and_may_be_taken_back(void **state)
{
	struct cask_graph g = { 0 };
	struct cask_entry e = { .as = CASKI_MAPPED };
	int other;

	(void)state;
	assert_int_equal(caski_add(&g, &g, e, true), 0);
	fault_plan(FAULT_REALLOC, 0, false, ENOMEM);
	assert_int_equal(caski_add(&g, &g, e, true), ENOMEM);
	assert_int_equal(fault_injected(), 1);
	fault_reset();
	assert_int_equal(caski_find(&g, &g), 1);
	assert_int_equal(g.used, 1);
	for (int i = 2; i <= 100; i++)
		assert_int_equal(caski_add(&g, &g, e, true), 0);
	caski_undo(&g, 50);
	assert_int_equal(caski_find(&g, &g), 50);
	cask_graph_forget(&g, &g);
	for (int i = 0; i < 50; i++)
		assert_int_equal(caski_what(&g.entry[i]), CASKI_GONE_BY);
	caski_undo(&g, 1);
	assert_int_equal(caski_find(&g, &g), 0);
	assert_int_equal(caski_add(&g, &other, e, true), 0);
	cask_graph_forget(&g, &other);
	assert_int_equal(caski_what(&g.entry[1]), CASKI_GONE_BY);
	caski_undo(&g, 1);
	assert_int_equal(caski_find(&g, &other), 0);
	cask_graph_clear(&g);
}

/* A table that has forgotten it has grown since. */
static void
what_was_mapped_again_and_forgotten_may_be_taken_back(void **state)
{
	static struct link l[MANY];
	struct cask_graph g = { 0 };
	struct cask_entry e = { .as = CASKI_MAPPED };

	(void)state;
	assert_int_equal(caski_add(&g, &l[0], e, true), 0);
	assert_int_equal(caski_add(&g, &l[0], e, true), 0);
	cask_graph_forget(&g, &l[0]);
	for (int i = 1; i < MANY; i++)
		assert_int_equal(caski_add(&g, &l[i], e, true), 0);
	caski_undo(&g, 1);
	assert_int_equal(caski_add(&g, &l[1], e, true), 0);
	assert_int_equal(caski_add(&g, &l[2], e, true), 0);
	caski_undo(&g, 1);
	assert_int_equal(caski_find(&g, &l[0]), 0);
	assert_int_equal(caski_find(&g, &l[1]), 0);
	assert_int_equal(caski_find(&g, &l[2]), 0);
	cask_graph_clear(&g);
}

/* A table that has grown without the other one is good, and so is the next
 * attempt. */
static void
numbers_are_found_when_a_table_could_not_grow(void **state)
{
	static struct link l[MANY];
	struct cask_graph g = { 0 };
	struct cask_entry e = { .as = CASKI_OBJECT };

	(void)state;
	for (int i = 0; i < MANY; i++) {
		bool grows = g.used == g.room;

		if (grows) {
			fault_plan(FAULT_MALLOC, 0, false, ENOMEM);
			assert_int_equal(caski_add(&g, &l[i], e, true), ENOMEM);
			fault_plan(FAULT_REALLOC, 0, false, ENOMEM);
			assert_int_equal(caski_add(&g, &l[i], e, true), ENOMEM);
			fault_plan(FAULT_REALLOC, 1, false, ENOMEM);
			assert_int_equal(caski_add(&g, &l[i], e, true), ENOMEM);
			assert_int_equal(fault_injected(), 3);
			fault_reset();
		}
		assert_int_equal(caski_add(&g, &l[i], e, true), 0);
		assert_true(g.slots >= 2 * g.room);
		for (int k = 0; k <= i; k++)
			assert_int_equal(caski_find(&g, &l[k]), k + 1);
	}
	cask_graph_clear(&g);
}

/* No number was looked for by an address until then. */
static void
what_was_mapped_while_loading_is_known_when_storing(void **state)
{
	static struct link l[MANY];
	struct link *p = &l[MANY - 1], new = { &deep_class, &l[1] };
	struct link *last = &new;
	struct cask_graph g = { 0 };
	struct cask_ar ar = { .graph = &g };
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "", 0));
	for (int i = 0; i < MANY; i++) {
		l[i].is = &deep_class;
		cask_map_object(&ar, &l[i], &deep_class);
	}
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_object(&ar, &last, &deep_class);
	cask_object(&ar, &p, &deep_class);
	cask_object(&ar, &last, &deep_class);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, 11 + 2 + 2 + 2);
	assert_memory_equal(
	    m.data, "\xFF\xFF\0\0\5\0CDeep\2\0\x2C\1\x2E\1", m.length);
	cask_mem_close(&m);
	cask_graph_clear(&g);
}

static void
mapped_objects_are_not_counted_as_classes(void **state)
{
	struct link l[3] = { { &deep_class, NULL }, { &deep_class, NULL },
		{ &deep_class, NULL } };
	struct link *p = &l[2];
	struct side s;

	(void)state;
	store(&s, false);
	s.graph.most_classes = 1;
	cask_map_object(&s.ar, &l[0], &deep_class);
	cask_map_object(&s.ar, &l[1], &deep_class);
	cask_object(&s.ar, &p, &deep_class);
	assert_string_equal(cask_why(&s.ar), "no error");
	done(&s);
}

static void
an_object_that_was_forgotten_is_stored_anew(void **state)
{
	static const char golden[] = "\xFF\xFF\0\0\5\0CDeep\0\0"
				     "\2\0\1\x80\0\0\3\0";
	struct link l = { &deep_class, NULL }, *p = &l;
	struct side s;

	(void)state;
	store(&s, false);
	cask_object(&s.ar, &p, &deep_class);
	cask_object(&s.ar, &p, &deep_class);
	cask_graph_forget(&s.graph, &l);
	cask_object(&s.ar, &p, &deep_class);
	cask_object(&s.ar, &p, &deep_class);
	cask_flush(&s.ar);
	assert_int_equal(s.m.length, sizeof golden - 1);
	assert_memory_equal(s.m.data, golden, sizeof golden - 1);
	done(&s);
}

static size_t
slots_taken(const struct cask_graph *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->slots; i++)
		n += g->slot[i].pid != 0;
	return n;
}

/* It would be looked for behind all that it has had, each time. */
static void
an_object_that_is_forgotten_each_time_takes_one_slot(void **state)
{
	struct link l = { &deep_class, NULL }, *p = &l;
	struct side s;

	(void)state;
	store(&s, false);
	for (uint32_t i = 0; i < 1000; i++) {
		assert_int_equal(caski_find(&s.graph, &l), 0);
		cask_object(&s.ar, &p, &deep_class);
		assert_int_equal(caski_find(&s.graph, &l), i + 2);
		cask_object(&s.ar, &p, &deep_class);
		assert_int_equal(s.graph.used, i + 2);
		cask_graph_forget(&s.graph, &l);
		assert_int_equal(slots_taken(&s.graph), 2);
	}
	caski_undo(&s.graph, 500);
	assert_true(slots_taken(&s.graph) <= 2);
	cask_object(&s.ar, &p, &deep_class);
	assert_int_equal(caski_find(&s.graph, &l), 501);
	caski_undo(&s.graph, 1);
	assert_int_equal(caski_find(&s.graph, &l), 0);
	assert_int_equal(slots_taken(&s.graph), 1);
	assert_string_equal(cask_why(&s.ar), "no error");
	done(&s);
}

/* Numbers against a plain list of them: whose each is, until it is forgotten.
 */

#define PLACES  200
#define NUMBERS 1500

struct plain {
	struct cask_graph g;
	uint32_t seed;
	int rounds;
	int whose[NUMBERS + 1]; /* by number; -1: forgotten */
};

static struct link places[PLACES];

static uint32_t
any(struct plain *t, uint32_t below)
{
	t->seed = t->seed * 1103515245 + 12345;
	return (t->seed >> 16) % below;
}

static uint32_t
known(const struct plain *t, int which)
{
	uint32_t n = t->g.used;

	while (n > 0 && t->whose[n] != which)
		n--;
	return n;
}

static void
assert_known(const struct plain *t, int which)
{
	assert_int_equal(caski_find(&t->g, &places[which]), known(t, which));
}

static void
forget(struct plain *t, int which)
{
	cask_graph_forget(&t->g, &places[which]);
	for (uint32_t i = 1; i <= t->g.used; i++)
		if (t->whose[i] == which)
			t->whose[i] = -1;
}

static void
number(struct plain *t, int which)
{
	bool mapped = any(t, 5) == 0;
	struct cask_entry e = { caski_as(
	    0, mapped ? CASKI_MAPPED : CASKI_OBJECT) };

	if (!mapped && known(t, which) > 0)
		return;
	assert_int_equal(caski_add(&t->g, &places[which], e, true), 0);
	t->whose[t->g.used] = which;
}

static void
numbers_are_those_of_a_plain_list_whatever_is_taken_back(void **state)
{
	struct plain *t = calloc(1, sizeof *t);

	(void)state;
	for (; t->rounds < 100; t->rounds++) {
		int places_used = 1 + (int)any(t, PLACES);

		for (int step = 0; step < NUMBERS; step++) {
			uint32_t back =
			    any(t, any(t, 20) > 0 ? 40 : t->g.used + 1);

			number(t, (int)any(t, (uint32_t)places_used));
			if (any(t, 2) == 0)
				forget(t, (int)any(t, (uint32_t)places_used));
			if (any(t, 33) == 0 && back < t->g.used)
				caski_undo(&t->g, t->g.used - back);
			assert_known(t, (int)any(t, PLACES));
		}
		caski_undo(&t->g, any(t, t->g.used + 1));
		for (int i = 0; i < PLACES; i++)
			assert_known(t, i);
		cask_graph_clear(&t->g);
	}
	free(t);
}

/* Messages that don't fit the buffer are walked twice. */
static void
messages_walked_twice_take_numbers_back_and_cleared_ones_stay_flat(void **state)
{
	static char text[100];
	static struct thing a[100];
	struct thing first = { .is = &thing_class }, *p = &first, *q;
	struct side s, t;
	long flat = 0;

	(void)state;
	memset(text, 'x', 99);
	for (int i = 0; i < 100; i++)
		a[i] = (struct thing) { .is = &thing_class,
			.text = text,
			.other = &first,
			.next = i < 99 ? &a[i + 1] : &a[0] };
	store(&s, false);
	for (int i = 0; i < 300; i++) {
		s.m.length = 0;
		cask_store(&s.ar, &s.m.io);
		p = &first;
		cask_object(&s.ar, &p, &thing_class);
		p = a;
		cask_message(&s.ar, &p, exchange_thing);
		cask_flush(&s.ar);
		assert_string_equal(cask_why(&s.ar), "no error");
		assert_int_equal(s.graph.used, 102);
		load(&t, s.m.data, s.m.length, false);
		cask_object(&t.ar, &p, &thing_class);
		cask_message(&t.ar, &q, exchange_thing);
		assert_string_equal(cask_why(&t.ar), "no error");
		assert_ptr_equal(q->other, p);
		assert_int_equal(t.graph.used, 102);
		done(&t);
		cask_graph_clear(&s.graph);
		if (i == 0)
			flat = fault_allocations();
		assert_int_equal(fault_allocations(), flat);
	}
	done(&s);
}

/* Limits */

#define DEEP 1000000

static unsigned char *deep;

static void
make_deep(unsigned n)
{
	memcpy(deep, "\xFF\xFF\0\0\5\0CDeep", 11);
	for (unsigned i = 1; i < n; i++)
		memcpy(deep + 9 + 2 * (size_t)i, "\1\x80", 2);
	memset(deep + 9 + 2 * (size_t)n, 0, 2);
}

/* Off the stack: the archive itself. */
static struct side far;

static void *
load_deep(void *arg)
{
	struct link *p;

	load(&far, deep, 11 + 2 * (size_t) * (unsigned *)arg, false);
	cask_object(&far.ar, &p, &deep_class);
	return NULL;
}

static void
on_a_small_stack(void *(*run)(void *), void *arg)
{
	size_t size = 65536;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	if (size < (size_t)PTHREAD_STACK_MIN)
		size = (size_t)PTHREAD_STACK_MIN;
	assert_int_equal(pthread_attr_setstacksize(&attr, size), 0);
	assert_int_equal(pthread_create(&thread, &attr, run, arg), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
}

static void
a_million_nested_objects_fail_at_the_limit_on_a_small_stack(void **state)
{
	unsigned n = DEEP;

	(void)state;
	deep = malloc(11 + 2 * (size_t)DEEP);
	make_deep(n);
	on_a_small_stack(load_deep, &n);
	assert_int_equal(far.ar.err, CASK_ELIMIT);
	assert_non_null(strstr(cask_why(&far.ar), "limit.depth"));
	done(&far);
	n = 100;
	make_deep(n);
	on_a_small_stack(load_deep, &n);
	assert_string_equal(cask_why(&far.ar), "no error");
	done(&far);
	free(deep);
}

static void
limited(uint32_t objects, uint32_t classes, size_t memory, const char *why)
{
	static const char bytes[] = "\xFF\xFF\0\0\5\0CDeep"
				    "\xFF\xFF\0\0\5\0CDeep\0\0";
	struct link *p;
	struct side s;

	load(&s, BYTES(bytes), false);
	s.graph.most_objects = objects;
	s.graph.most_classes = classes;
	s.graph.most_memory = memory;
	cask_object(&s.ar, &p, &deep_class);
	assert_string_equal(cask_why(&s.ar), why);
	done(&s);
}

static void
each_limit_has_its_words(void **state)
{
	char why[128];

	(void)state;
	limited(2, 2, 2 * sizeof(struct link), "no error");
	limited(1, 0, 0,
	    "object p.next at byte 11: more than 1 objects "
	    "(graph.most_objects)");
	limited(0, 1, 0,
	    "object p.next at byte 11: more than 1 classes "
	    "(graph.most_classes)");
	snprintf(why, sizeof why,
	    "object p.next at byte 11: objects of more than %zu bytes "
	    "(graph.most_memory)",
	    2 * sizeof(struct link) - 1);
	limited(0, 0, 2 * sizeof(struct link) - 1, why);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_graph_cut_anywhere_is_freed_by_one_call),
	cmocka_unit_test(a_graph_with_any_one_or_two_bits_flipped_is_survived),
	cmocka_unit_test(
	    without_memory_storing_and_loading_fail_and_leak_nothing),
	cmocka_unit_test(what_an_older_or_newer_schema_loaded_is_freed),
	cmocka_unit_test(bad_classes_are_refused),
	cmocka_unit_test(the_big_form_may_hold_a_small_number),
	cmocka_unit_test(nothing_may_stand_behind_the_last_of_an_object),
	cmocka_unit_test(the_last_number_is_that_of_mfc),
	cmocka_unit_test(numbers_are_taken_back_after_some_were_forgotten),
	cmocka_unit_test(an_object_mapped_twice_has_the_older_number_again),
	cmocka_unit_test(what_is_mapped_again_may_fail_and_may_be_taken_back),
	cmocka_unit_test(what_was_mapped_again_and_forgotten_may_be_taken_back),
	cmocka_unit_test(numbers_are_found_when_a_table_could_not_grow),
	cmocka_unit_test(what_was_mapped_while_loading_is_known_when_storing),
	cmocka_unit_test(mapped_objects_are_not_counted_as_classes),
	cmocka_unit_test(an_object_that_was_forgotten_is_stored_anew),
	cmocka_unit_test(an_object_that_is_forgotten_each_time_takes_one_slot),
	cmocka_unit_test(
	    numbers_are_those_of_a_plain_list_whatever_is_taken_back),
	cmocka_unit_test(
	    messages_walked_twice_take_numbers_back_and_cleared_ones_stay_flat),
	cmocka_unit_test(
	    a_million_nested_objects_fail_at_the_limit_on_a_small_stack),
	cmocka_unit_test(each_limit_has_its_words),
};

RUN_TESTS(tests)
