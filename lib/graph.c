/*
 * The numbers of objects and classes.  See graph.h and <cask/class.h>.
 *
 * Loading, a number is an index, and that is all.  Storing, an address is
 * looked for in a table of open addressing, whose slots hold numbers, and enough
 * of the hash that those of others are passed over without a look at their
 * entries; it is never more than half full.
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
	uint32_t pid; /* 0: empty */
	uint32_t hash;
};

/* Multiplying mixes the low bits into the high ones, which are taken. */
static uint32_t
hash_of(const void *p)
{
	uint64_t h = (uint64_t)(uintptr_t)p * UINT64_C(0x9E3779B97F4A7C15);

	return (uint32_t)(h >> 32);
}

/* Where p is, or else where it would be. */
static inline struct cask_slot *
slot_of(const struct cask_graph *g, const void *p, uint32_t hash)
{
	size_t i = hash & (g->slots - 1);

	while (g->slot[i].pid != 0 &&
	    (g->slot[i].hash != hash ||
		key(&g->entry[g->slot[i].pid - 1]) != p))
		i = (i + 1) & (g->slots - 1);
	return &g->slot[i];
}

uint32_t
caski_find(const struct cask_graph *g, const void *p)
{
	return g->slots > 0 ? slot_of(g, p, hash_of(p))->pid : 0;
}

static void
put_in_slot(struct cask_graph *g, const void *p, uint32_t pid)
{
	uint32_t hash = hash_of(p);
	struct cask_slot *slot = slot_of(g, p, hash);

	slot->pid = pid;
	slot->hash = hash;
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
		if (key(&g->entry[i]) != NULL)
			put_in_slot(g, key(&g->entry[i]), i + 1);
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

int
caski_add(struct cask_graph *g, const struct cask_entry *e, bool keyed)
{
	int err = 0;

	if (g->used >= CASKI_PID_MOST)
		return CASK_EINDEX;
	if (g->used == g->room)
		err = grow_entries(g);
	if (err == 0 && keyed && g->slots / 2 <= g->used)
		err = grow_slots(g);
	if (err != 0)
		return err;
	if (keyed)
		put_in_slot(g, key(e), g->used + 1);
	g->entry[g->used++] = *e;
	g->objects += e->what == CASKI_OBJECT;
	return 0;
}

/*
 * The newest first: no later one has passed over its slot, which can simply be
 * emptied.  One that was forgotten is in no slot.
 */
void
caski_undo(struct cask_graph *g, uint32_t used)
{
	while (g->used > used) {
		const struct cask_entry *e = &g->entry[g->used - 1];

		if (key(e) != NULL && caski_find(g, key(e)) == g->used)
			put_in_slot(g, key(e), 0);
		g->objects -= e->what == CASKI_OBJECT;
		g->used--;
	}
}

/* An object that was stored becomes one that can't be found: its slot stays,
 * with a number, for the sake of those that were put behind it. */
void
cask_graph_forget(struct cask_graph *g, const void *object)
{
	uint32_t pid = g->owner ? 0 : caski_find(g, object);

	if (pid != 0) {
		g->entry[pid - 1].p = NULL;
		g->entry[pid - 1].what = CASKI_GONE_BY;
	}
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
	e->kind->exchange(ar, e->p);
	caski_sys_free(e->p);
}

void
cask_graph_keep(struct cask_graph *g)
{
	caski_sys_free(g->entry);
	caski_sys_free(g->slot);
	g->entry = NULL;
	g->slot = NULL;
	g->room = g->slots = g->memory = 0;
	g->used = g->objects = 0;
	g->owner = false;
	g->inside = 0;
	g->last.p = NULL;
}

void
cask_graph_clear(struct cask_graph *g)
{
	struct cask_ar ar = { 0 };

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
