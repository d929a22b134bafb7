/*
 * What holds for every golden example of a collection or a value: in both
 * directions, cut, flipped, and without memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GOLDEN_KIT_H
#define GOLDEN_KIT_H

#include "fault.h"
#include "test.h"

#include <cask.h>

#define BYTES(s) (s), sizeof(s) - 1
#define KIT_MOST 512 /* bytes of a struct that is loaded */

struct golden {
	const char *bytes;
	size_t n;
	void (*exchange)(struct cask_ar *ar, void *p);
	void *model;
	enum cask_text_form form;
	int mfc;
	bool reversed; /* stored again it has another order */
};

struct side {
	struct cask_ar ar;
	struct cask_graph graph;
	struct cask_mem m;
	union {
		max_align_t align;
		unsigned char bytes[KIT_MOST];
	} loaded;
};

/* The classes of the test that includes this. */
static const struct cask_class *const classes[];

static void
kit_begin(struct side *s, const struct golden *g)
{
	memset(s, 0, sizeof *s);
	s->graph.classes = classes;
	s->ar.graph = &s->graph;
	s->ar.form = g->form;
	s->ar.mfc = g->mfc;
}

/* All that was allocated, at whatever point it ended. */
static void
kit_end(struct side *s, const struct golden *g)
{
	struct cask_ar ar = { 0 };

	cask_release(&ar);
	g->exchange(&ar, s->loaded.bytes);
	assert_int_equal(ar.err, 0);
	cask_graph_clear(&s->graph);
	cask_mem_close(&s->m);
}

static void
kit_load(struct side *s, const struct golden *g, const void *bytes, size_t n)
{
	kit_begin(s, g);
	cask_load(&s->ar, cask_mem_read(&s->m, bytes, n));
	g->exchange(&s->ar, s->loaded.bytes);
}

static void
kit_stored(const struct golden *g, void *model)
{
	struct side s;

	kit_begin(&s, g);
	cask_store(&s.ar, cask_mem_grow(&s.m, 0));
	g->exchange(&s.ar, model);
	cask_flush(&s.ar);
	assert_string_equal(cask_why(&s.ar), "no error");
	assert_int_equal(s.m.length, g->n);
	assert_memory_equal(s.m.data, g->bytes, g->n);
	kit_end(&s, g);
	kit_begin(&s, g);
	cask_measure(&s.ar);
	g->exchange(&s.ar, model);
	assert_int_equal(cask_at(&s.ar), g->n);
	kit_end(&s, g);
}

static void
kit_both_ways(const struct golden *g)
{
	long before = fault_allocations();
	struct side s;

	kit_stored(g, g->model);
	kit_load(&s, g, g->bytes, g->n);
	assert_string_equal(cask_why(&s.ar), "no error");
	assert_int_equal(cask_at(&s.ar), g->n);
	assert_false(cask_more(&s.ar));
	if (!g->reversed)
		kit_stored(g, s.loaded.bytes);
	kit_end(&s, g);
	assert_int_equal(fault_allocations(), before);
}

/* Bytes that end with the block they are in, for a sanitizer to see. */
static void
kit_cut(const struct golden *g)
{
	for (size_t n = 0; n < g->n; n++) {
		long before = fault_allocations();
		unsigned char *exact = malloc(n > 0 ? n : 1);
		struct side s;

		memcpy(exact, g->bytes, n);
		kit_load(&s, g, exact, n);
		assert_int_equal(s.ar.err, CASK_ECUT);
		kit_end(&s, g);
		free(exact);
		assert_int_equal(fault_allocations(), before);
	}
}

static void
kit_flip(const struct golden *g)
{
	unsigned char bytes[KIT_MOST];
	size_t bits = 8 * g->n;
	long before = fault_allocations();
	unsigned long good = 0, bad = 0;

	assert_true(g->n <= sizeof bytes);
	memcpy(bytes, g->bytes, g->n);
	for (size_t i = 0; i < bits; i++)
		for (size_t j = i; j < bits; j++) {
			struct side s;

			bytes[i / 8] ^= (unsigned char)(1 << i % 8);
			if (j != i)
				bytes[j / 8] ^= (unsigned char)(1 << j % 8);
			kit_load(&s, g, bytes, g->n);
			good += s.ar.err == 0;
			bad += s.ar.err != 0;
			kit_end(&s, g);
			memcpy(bytes, g->bytes, g->n);
		}
	assert_int_equal(fault_allocations(), before);
	assert_int_equal(good + bad, bits * (bits + 1) / 2);
}

static void
kit_store_scenario(void *arg)
{
	const struct golden *g = arg;
	struct side s;

	kit_begin(&s, g);
	cask_store(&s.ar, cask_mem_grow(&s.m, 0));
	g->exchange(&s.ar, g->model);
	cask_flush(&s.ar);
	assert_true(fault_injected() > 0 || s.ar.err == 0);
	if (s.ar.err == 0) {
		assert_int_equal(s.m.length, g->n);
		assert_memory_equal(s.m.data, g->bytes, g->n);
	}
	cask_graph_clear(&s.graph);
	cask_mem_close(&s.m);
}

static void
kit_load_scenario(void *arg)
{
	const struct golden *g = arg;
	struct side s;

	kit_load(&s, g, g->bytes, g->n);
	assert_true(fault_injected() > 0 || s.ar.err == 0);
	if (s.ar.err == 0)
		assert_int_equal(cask_at(&s.ar), g->n);
	kit_end(&s, g);
}

#endif
