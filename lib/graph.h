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
#define CASKI_OF_MASK  0x3FFFFFFFu /* to put it into a member of 30 bits */

enum caski_what { CASKI_GONE_BY, CASKI_CLASS, CASKI_OBJECT, CASKI_MAPPED };

/* A class as it came, perhaps several times; or, without a number, as its
 * objects were mapped. */
struct cask_kind {
	const struct cask_class *is;
	uint32_t pid;    /* or 0 */
	uint32_t before; /* the last one that came before it and is different,
			    + 1; or 0 */
	uint32_t schema;
};

/* What has a number, beside the object's address: there are many of these, and
 * references go anywhere among them. */
struct cask_entry {
	unsigned of : 30;  /* the kind, or the object's */
	unsigned what : 2; /* enum caski_what */
};

/* A stored object that had a number when it was mapped. */
struct cask_again {
	uint32_t pid, before;
};

/* Where an address is found, with all that is asked of an object that is known.
 */
struct cask_slot {
	const void *p; /* NULL: it was forgotten, or there is none */
	uint32_t pid;  /* 0: empty */
	uint32_t of;
};

static inline const struct cask_kind *
caski_kind_of(const struct cask_graph *g, const struct cask_entry *e)
{
	return &g->kind[e->of];
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
 * The slots where an address may be: every step-th.
 *
 * Neighbours stay neighbours within 4 KiB, which the processor's cache likes:
 * there is a slot for every 64 bytes of these, so that those of objects share
 * its lines.  Where 4 KiB go is mixed: multiplying mixes low bits into high
 * ones.  Where they meet others, or objects are smaller, those that collide go
 * on elsewhere, together.  An odd step comes by all slots.
 */
struct caski_way {
	size_t at, step;
};

static inline struct caski_way
caski_way_of(const void *p)
{
	uint64_t a = (uint64_t)(uintptr_t)p >> 6;
	uint64_t mixed = (a >> 6) * UINT64_C(0x9E3779B97F4A7C15);

	return (struct caski_way) {
		.at = (size_t)(a + (mixed >> 40)),
		.step = (size_t)(mixed >> 24) | 1,
	};
}

/* Where p is in a table, or else where it would be. */
static inline struct cask_slot *
caski_slot_in(struct cask_slot *slot, size_t slots, const void *p)
{
	struct caski_way way = caski_way_of(p);
	size_t mask = slots - 1, i = way.at & mask;

	while (slot[i].pid != 0 && slot[i].p != p)
		i = (i + way.step) & mask;
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
	return &g->slot[caski_way_of(p).at & (g->slots - 1)];
}

/* Can another one be added without allocating?  If there are slots, there are
 * two for each that there is room for. */
static inline bool
caski_has_room(const struct cask_graph *g)
{
	return g->used < g->room && g->used < CASKI_PID_MOST;
}

/* Give an object the next number: there is room.  In that slot, too. */
static inline void
caski_append(struct cask_graph *g, void *object, unsigned of)
{
	g->object[g->used] = object;
	g->entry[g->used++] = (struct cask_entry) { .of = of & CASKI_OF_MASK,
		.what = CASKI_OBJECT };
	g->objects++;
	g->recent = of;
}

static inline void
caski_append_at(
    struct cask_graph *g, struct cask_slot *slot, void *object, unsigned of)
{
	caski_append(g, object, of);
	*slot = (struct cask_slot) { .p = object, .pid = g->used, .of = of };
}

/* Is it the class of the newest object, as most often it is? */
static inline bool
caski_is_recent(const struct cask_graph *g, const struct cask_class *kind)
{
	return g->recent < g->kinds && g->kind[g->recent].is == kind &&
	    g->kind[g->recent].pid != 0;
}

/* The number of an object, or of a class, that was added with keyed; or 0. */
uint32_t caski_find(const struct cask_graph *g, const void *p);

/* The same of a class, and what else there is of it; or NULL.  It is the recent
 * one then. */
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

/* The schema of a class as it came first, or, if it did not, its own. */
unsigned caski_schema_of(
    const struct cask_graph *g, const struct cask_class *kind);

/* Take back all numbers above used. */
void caski_undo(struct cask_graph *g, uint32_t used);

/* Free an object of that kind that was to be loaded. */
void caski_unmake(struct cask_graph *g, void *object, unsigned of);

#endif
