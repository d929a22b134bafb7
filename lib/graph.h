/*
 * The numbers of objects and classes: tables only, without an archive.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_GRAPH_H
#define CASKI_GRAPH_H

#include <cask/class.h>

/* MFC refuses when its counter, the next number, has reached 3FFFFFFE. */
#define CASKI_PID_MOST 0x3FFFFFFDu

enum caski_what { CASKI_GONE_BY, CASKI_CLASS, CASKI_OBJECT, CASKI_MAPPED };

/* A class as it came, perhaps several times; or, without a number, as its
 * objects were mapped. */
struct cask_kind {
	const struct cask_class *is;
	uint32_t pid;    /* or 0 */
	uint32_t before; /* the last one that came before it and is different,
			    + 1; or 0 */
	uint32_t schema;
	uint32_t as;  /* what an object of it is, in its entry */
	size_t plain; /* bytes of an object that is just zeros; or 0 */
};

/* What has a number, beside the object's address: there are many of these, and
 * references go anywhere among them. */
struct cask_entry {
	uint32_t as; /* enum caski_what, and 4 times the kind, or its kind */
};

/* A stored object that had a number when it was mapped. */
struct cask_again {
	uint32_t pid, before;
};

/* Where an address is found, with all that is asked of an object that is known.
 */
struct cask_slot {
	const void *p; /* NULL: there is none; caski_gone of it: forgotten */
	uint32_t pid;  /* 0: empty */
	uint32_t as;   /* as in its entry when it was new */
};

static inline uint32_t
caski_as(uint32_t of, enum caski_what what)
{
	return of << 2 | (uint32_t)what;
}

static inline enum caski_what
caski_what(const struct cask_entry *e)
{
	return (enum caski_what)(e->as & 3);
}

static inline uint32_t
caski_of(const struct cask_entry *e)
{
	return e->as >> 2;
}

static inline const struct cask_kind *
caski_kind_as(const struct cask_graph *g, uint32_t as)
{
	size_t at = (size_t)(as & ~(uint32_t)3) * (sizeof *g->kind / 4);

	return (const void *)((const unsigned char *)g->kind + at);
}

static inline const struct cask_kind *
caski_kind_of(const struct cask_graph *g, const struct cask_entry *e)
{
	return caski_kind_as(g, e->as);
}

/* The entry with that number, or NULL. */
static inline struct cask_entry *
caski_entry(const struct cask_graph *g, uint32_t pid)
{
	return pid > 0 && pid <= g->used ? &g->entry[pid - 1] : NULL;
}

/* Its object, or NULL. */
static inline void *
caski_object_of(const struct cask_graph *g, const struct cask_entry *e)
{
	return g->object[e - g->entry];
}

/*
 * The slots where an address may be.
 *
 * There is a slot for every 64 bytes of memory, and 1 in 200 more, so that even
 * steps through memory become uneven ones.  Neighbours stay neighbours, which
 * the processor's cache likes; and the objects of one heap, which are as large,
 * do not collide.  If they are smaller, there is room in the other half of the
 * table.  Where heaps meet, those that collide go on elsewhere, each 4 KiB
 * together: multiplying mixes low bits into high ones.  An odd step comes by
 * all slots.  (How much more than a slot: of many that were tried, the one with
 * the fewest collisions of objects 32 bytes to 16 MiB apart.)
 */
#define CASKI_UNEVEN UINT64_C(0x1012C8BC9)
#define CASKI_MIXED  UINT64_C(0x9E3779B97F4A7C15)

static inline size_t
caski_first_of(const void *p, size_t mask)
{
	uint64_t at = ((uint64_t)(uintptr_t)p >> 6) * CASKI_UNEVEN;

	return (size_t)(at >> 32) & mask;
}

static inline size_t
caski_second_of(size_t first, size_t mask)
{
	return (first + mask / 2 + 1) & mask;
}

static inline size_t
caski_step_of(const void *p)
{
	uint64_t page = (uint64_t)(uintptr_t)p >> 12;

	return (size_t)(page * CASKI_MIXED >> 24) | 1;
}

/* What is there when it was forgotten: no object's address, since these are not
 * odd. */
static inline const void *
caski_gone(const void *p)
{
	return (const char *)p + 1;
}

/* Where p is in a table, or else where it would be: which is where it was, if
 * it was forgotten, so that one that is sent anew each time takes no more. */
static inline struct cask_slot *
caski_slot_in(struct cask_slot *slot, size_t slots, const void *p)
{
	size_t mask = slots - 1, i = caski_first_of(p, mask);
	const void *gone = caski_gone(p);

	if (CASK_LIKELY(slot[i].pid == 0 || slot[i].p == p) ||
	    slot[i].p == gone)
		return &slot[i];
	i = caski_second_of(i, mask);
	while (slot[i].pid != 0 && slot[i].p != p && slot[i].p != gone)
		i = (i + caski_step_of(p)) & mask;
	return &slot[i];
}

/* The same in the graph's, if there are slots; and the first one where it may
 * be, where most of those that are known are. */
static inline struct cask_slot *
caski_slot_of(const struct cask_graph *g, const void *p)
{
	return caski_slot_in(g->slot, g->slots, p);
}

static inline struct cask_slot *
caski_first_slot_of(const struct cask_graph *g, const void *p)
{
	return &g->slot[caski_first_of(p, g->slots - 1)];
}

/* May there be one more object, with no look at a limit, and no table growing?
 * If there are slots, there are two for each that there is room for. */
static inline bool
caski_may_add(const struct cask_graph *g)
{
	return g->used < g->quick && g->most_objects == g->quick_most;
}

/* It may from here on, within that limit, until something is taken back. */
void caski_set_quick(struct cask_graph *g, uint64_t most_objects);

/* Give an object the next number: it may.  One that was loaded; or in a slot.
 */
static inline void
caski_append(struct cask_graph *g, void *object, uint32_t as)
{
	uint32_t used = g->used;

	g->object[used] = object;
	g->entry[used].as = as;
	g->used = used + 1;
	g->objects++;
}

static inline void
caski_append_loaded(struct cask_graph *g, void *object, uint32_t as)
{
	caski_append(g, object, as);
	g->loaded = g->used;
	g->owner = true;
}

static inline void
caski_append_at(
    struct cask_graph *g, struct cask_slot *slot, void *object, uint32_t as)
{
	caski_append(g, object, as);
	*slot = (struct cask_slot) { .p = object, .pid = g->used, .as = as };
}

/* The number of an object, or of a class, that was added with keyed; or 0. */
uint32_t caski_find(const struct cask_graph *g, const void *p);

/* The same of a class, and what else there is of it; or NULL.  It is the recent
 * one then: most often it is already. */
const struct cask_kind *caski_find_class(
    struct cask_graph *g, const struct cask_class *kind);

/*
 * Give the next number, to an object or (NULL) a class.  keyed: to be found by
 * its address.  Gives 0, ENOMEM, or CASK_EINDEX when there are no numbers left.
 */
int caski_add(
    struct cask_graph *g, void *object, struct cask_entry e, bool keyed);
int caski_add_class(struct cask_graph *g, const struct cask_class *kind,
    uint32_t schema, bool keyed);

/* The kind of an object that is to be mapped.  Gives 0, or ENOMEM. */
int caski_kind(
    struct cask_graph *g, const struct cask_class *kind, uint32_t *of);

/* A class as it came first, or NULL. */
const struct cask_kind *caski_came(
    const struct cask_graph *g, const struct cask_class *kind);

/* Its schema, or, if it did not come, its own. */
unsigned caski_schema_of(
    const struct cask_graph *g, const struct cask_class *kind);

/* Take back all numbers above used. */
void caski_undo(struct cask_graph *g, uint32_t used);

/* Free an object of that kind that was to be loaded. */
void caski_unmake(
    struct cask_graph *g, void *object, const struct cask_kind *kind);

#endif
