/*
 * The numbers of objects and classes.  See graph.h and <cask/class.h>.
 *
 * Loading, a number is an index, and that is all.  Storing, an address is
 * looked for in a table of open addressing, whose slots say all that is asked
 * of an object that is known: large graphs wait for memory, and not for much
 * else. It is never more than half full.
 *
 * SPDX-License-Identifier: MIT
 */
#include "graph.h"

#include "sys.h"

#include <errno.h>
#include <string.h>

#define FIRST_ROOM  64
#define FIRST_SLOTS 128

struct cask_entry *
caski_entry(const struct cask_graph *g, uint32_t pid)
{
	return pid > 0 && pid <= g->used ? &g->entry[pid - 1] : NULL;
}

/* Addresses */

static const void *
key(const struct cask_entry *e)
{
	return e->what == CASKI_CLASS ? (const void *)e->kind : e->p;
}

struct cask_slot {
	const void *p; /* NULL: it was forgotten */
	uint32_t pid;  /* 0: empty */
	uint32_t of;   /* the number of its class, if that has one */
};

/*
 * Neighbours stay neighbours within 4 KiB, which the processor's cache likes;
 * where those 4 KiB go is mixed: multiplying mixes low bits into high ones.
 */
static size_t
first_slot(const struct cask_graph *g, const void *p)
{
	uint64_t a = (uint64_t)(uintptr_t)p >> 4;
	uint64_t mixed = (a >> 8) * UINT64_C(0x9E3779B97F4A7C15) >> 40;

	return (size_t)(a + mixed) & (g->slots - 1);
}

/* Where p is, or else where it would be. */
static inline struct cask_slot *
slot_of(const struct cask_graph *g, const void *p)
{
	size_t i = first_slot(g, p);

	while (g->slot[i].pid != 0 && g->slot[i].p != p)
		i = (i + 1) & (g->slots - 1);
	return &g->slot[i];
}

uint32_t
caski_find(const struct cask_graph *g, const void *p)
{
	return g->slots > 0 ? slot_of(g, p)->pid : 0;
}

uint32_t
caski_find_object(
    const struct cask_graph *g, const void *p, const struct cask_class **kind)
{
	const struct cask_slot *slot = g->slots > 0 ? slot_of(g, p) : NULL;

	*kind = NULL;
	if (slot == NULL || slot->pid == 0)
		return 0;
	*kind = g->entry[(slot->of != 0 ? slot->of : slot->pid) - 1].kind;
	return slot->pid;
}

/* Most often it is the class of the object before. */
uint32_t
caski_find_class(struct cask_graph *g, const struct cask_class *kind)
{
	const struct cask_entry *e = caski_entry(g, g->recent);

	if (e == NULL || e->what != CASKI_CLASS || e->kind != kind)
		g->recent = caski_find(g, kind);
	return g->recent;
}

static void
put_in_slot(struct cask_graph *g, const struct cask_entry *e, uint32_t pid)
{
	struct cask_slot *slot = slot_of(g, key(e));

	slot->p = key(e);
	slot->pid = pid;
	slot->of = e->what == CASKI_CLASS ? 0 : caski_find_class(g, e->kind);
	if (slot->of > pid)
		slot->of = 0; /* mapped before it; it may be taken back */
}

/* In the order of the numbers, as caski_undo wants it. */
static int
grow_slots(struct cask_graph *g)
{
	size_t slots = g->slots > 0 ? 2 * g->slots : FIRST_SLOTS;
	struct cask_slot *slot;

	if (slots > SIZE_MAX / sizeof *slot)
		return ENOMEM;
	slot = caski_sys_malloc(slots * sizeof *slot);
	if (slot == NULL)
		return ENOMEM;
	memset(slot, 0, slots * sizeof *slot);
	caski_sys_free(g->slot);
	g->slot = slot;
	g->slots = slots;
	for (uint32_t i = 0; i < g->used; i++)
		if (g->entry[i].what != CASKI_GONE_BY)
			put_in_slot(g, &g->entry[i], i + 1);
	return 0;
}

static int
grow_entries(struct cask_graph *g)
{
	size_t room = g->room > 0 ? 2 * g->room : FIRST_ROOM;
	struct cask_entry *entry;

	if (room > SIZE_MAX / sizeof *entry)
		return ENOMEM;
	entry = caski_sys_realloc(g->entry, room * sizeof *entry);
	if (entry == NULL)
		return ENOMEM;
	g->entry = entry;
	g->room = room;
	return 0;
}

/* A class that has come.  There are no more of them than on the list. */
static const struct cask_entry *
known(const struct cask_graph *g, const struct cask_class *kind)
{
	uint32_t pid = g->newest;

	while (pid != 0 && g->entry[pid - 1].kind != kind)
		pid = g->entry[pid - 1].before;
	return caski_entry(g, pid);
}

int
caski_add(struct cask_graph *g, const struct cask_entry *e, bool keyed)
{
	int err = 0;

	if (g->used >= CASKI_PID_MOST)
		return CASK_EINDEX;
	if (keyed && g->slots / 2 <= g->used)
		err = grow_slots(g);
	if (err == 0 && g->used == g->room)
		err = grow_entries(g);
	if (err != 0)
		return err;
	g->entry[g->used] = *e;
	if (keyed && e->what != CASKI_CLASS)
		g->entry[g->used].before = caski_find(g, e->p);
	if (keyed)
		put_in_slot(g, e, g->used + 1);
	g->used++;
	g->objects += e->what != CASKI_CLASS;
	if (e->what == CASKI_CLASS && known(g, e->kind) == NULL) {
		g->entry[g->used - 1].before = g->newest;
		g->newest = g->used;
	}
	return 0;
}

unsigned
caski_schema_of(const struct cask_graph *g, const struct cask_class *kind)
{
	const struct cask_entry *e = known(g, kind);

	return e != NULL ? e->schema : kind->schema;
}

/*
 * The newest first: no later one has passed over its slot, which can simply be
 * emptied, or given back to who had it before.  It is looked for by the number,
 * since one that was forgotten is not found by its address.
 */
static void
empty_slot(struct cask_graph *g, uint32_t pid)
{
	const struct cask_entry *e = &g->entry[pid - 1];
	const struct cask_entry *older;
	size_t i = first_slot(g, key(e));

	while (g->slot[i].pid != 0 && g->slot[i].pid != pid)
		i = (i + 1) & (g->slots - 1);
	if (g->slot[i].pid != pid)
		return;
	g->slot[i].pid = e->what == CASKI_CLASS ? 0 : e->before;
	g->slot[i].of = 0;
	older = caski_entry(g, g->slot[i].pid);
	if (older != NULL)
		g->slot[i].p = older->what == CASKI_GONE_BY ? NULL : older->p;
}

void
caski_undo(struct cask_graph *g, uint32_t used)
{
	for (; g->used > used; g->used--) {
		if (g->slots > 0)
			empty_slot(g, g->used);
		g->objects -= g->entry[g->used - 1].what != CASKI_CLASS;
		if (g->newest == g->used)
			g->newest = g->entry[g->used - 1].before;
	}
}

/* By any of its numbers: mapped twice, it has two. */
void
cask_graph_forget(struct cask_graph *g, const void *object)
{
	uint32_t pid = g->owner ? 0 : caski_find(g, object);

	if (pid == 0 || g->entry[pid - 1].what == CASKI_CLASS)
		return;
	slot_of(g, object)->p = NULL;
	for (; pid != 0; pid = g->entry[pid - 1].before)
		g->entry[pid - 1].what = CASKI_GONE_BY;
}

/* The end */

static void
release(struct cask_ar *ar, const struct cask_entry *e)
{
	if (e->kind->unmake != NULL) {
		e->kind->unmake(e->p);
		return;
	}
	cask_release(ar);
	ar->schema = e->schema; /* the same walk as loading it was */
	e->kind->exchange(ar, e->p);
	caski_sys_free(e->p);
}

void
caski_unmake(struct cask_graph *g, const struct cask_entry *e)
{
	struct cask_ar ar = { .graph = g };

	release(&ar, e);
}

void
cask_graph_keep(struct cask_graph *g)
{
	caski_sys_free(g->entry);
	caski_sys_free(g->slot);
	g->entry = NULL;
	g->slot = NULL;
	g->room = g->slots = g->memory = 0;
	g->used = g->objects = g->newest = 0;
	g->owner = false;
	g->inside.object = NULL;
	g->last.p = NULL;
}

void
cask_graph_clear(struct cask_graph *g)
{
	struct cask_ar ar = { .graph = g };

	for (uint32_t i = 0; g->owner && i < g->used; i++)
		if (g->entry[i].what == CASKI_OBJECT)
			release(&ar, &g->entry[i]);
	cask_graph_keep(g);
}

/* Classes */

bool
cask_is_kind_of(const struct cask_class *is, const struct cask_class *kind)
{
	while (is != NULL && is != kind)
		is = is->base;
	return is != NULL;
}
