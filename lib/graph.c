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
#define FIRST_KINDS 8
#define FIRST_AGAIN 8

/* Addresses */

static const void *
key(const struct cask_graph *g, const struct cask_entry *e)
{
	const void *object = caski_object_of(g, e);

	return object != NULL ? object : (const void *)caski_kind_of(g, e)->is;
}

uint32_t
caski_find(const struct cask_graph *g, const void *p)
{
	const struct cask_slot *slot =
	    g->slots > 0 ? caski_slot_of(g, p) : NULL;

	return slot != NULL && slot->p == p ? slot->pid : 0;
}

const struct cask_kind *
caski_find_class(struct cask_graph *g, const struct cask_class *kind)
{
	const struct cask_slot *slot;

	if (g->recent != NULL && g->recent->is == kind)
		return g->recent;
	slot = g->slots > 0 ? caski_slot_of(g, kind) : NULL;
	if (slot == NULL || slot->pid == 0)
		return NULL;
	g->recent = caski_kind_as(g, slot->as);
	return g->recent;
}

static inline void
put_in_slot(struct cask_slot *slot, const void *p, uint32_t pid, uint32_t as)
{
	*slot = (struct cask_slot) { .p = p, .pid = pid, .as = as };
}

/* In the order of the numbers, as caski_undo wants it.  A slot that is written
 * might, for all the compiler knows, be part of the graph. */
static void
fill_slots(const struct cask_graph *g, struct cask_slot *slot, size_t slots)
{
	const struct cask_entry *entry = g->entry;
	void *const *object = g->object;

	for (uint32_t i = 0, used = g->used; i < used; i++) {
		const struct cask_entry *e = &entry[i];
		const void *p = object[i];

		if (p == NULL)
			p = caski_kind_of(g, e)->is;
		if (caski_what(e) != CASKI_GONE_BY)
			put_in_slot(
			    caski_slot_in(slot, slots, p), p, i + 1, e->as);
	}
}

/* A number that was forgotten has no slot in a new table, to which caski_undo
 * could give another's back. */
static void
drop_gone(struct cask_graph *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->agains; i++) {
		struct cask_again again = g->again[i];

		if (caski_what(&g->entry[again.before - 1]) != CASKI_GONE_BY)
			g->again[n++] = again;
	}
	g->agains = n;
}

static int
grow_slots(struct cask_graph *g, size_t slots)
{
	struct cask_slot *slot;

	if (slots > SIZE_MAX / sizeof *slot)
		return ENOMEM;
	slot = caski_sys_zeroed(slots * sizeof *slot);
	if (slot == NULL)
		return ENOMEM;
	fill_slots(g, slot, slots);
	drop_gone(g);
	caski_sys_free(g->slot);
	g->slot = slot;
	g->slots = slots;
	g->loaded = 0;
	return 0;
}

static int
grow_entries(struct cask_graph *g, size_t room)
{
	struct cask_entry *entry;
	void **object;

	if (room > SIZE_MAX / sizeof *object)
		return ENOMEM;
	object = caski_sys_realloc(g->object, room * sizeof *object);
	if (object == NULL)
		return ENOMEM;
	g->object = object;
	entry = caski_sys_realloc(g->entry, room * sizeof *entry);
	if (entry == NULL)
		return ENOMEM;
	g->entry = entry;
	g->room = room;
	return 0;
}

/* The slots first: there are never too few of them. */
static int
grow(struct cask_graph *g, bool keyed)
{
	size_t room = g->room;
	int err = 0;

	if (g->used == room)
		room = room > 0 ? 2 * room : FIRST_ROOM;
	if (keyed && g->slots / 2 < room)
		err = grow_slots(g, 2 * room);
	if (err == 0 && g->room < room)
		err = grow_entries(g, room);
	return err;
}

/* It has had a number, and perhaps still has. */
static int
add_again(struct cask_graph *g, uint32_t before)
{
	size_t room = g->again_room > 0 ? 2 * g->again_room : FIRST_AGAIN;
	struct cask_again *grown;

	if (g->agains == g->again_room) {
		if (room > SIZE_MAX / sizeof *grown)
			return ENOMEM;
		grown = caski_sys_realloc(g->again, room * sizeof *grown);
		if (grown == NULL)
			return ENOMEM;
		g->again = grown;
		g->again_room = room;
	}
	g->again[g->agains++] =
	    (struct cask_again) { .pid = g->used + 1, .before = before };
	return 0;
}

/* The number that it had before that one, or 0. */
static uint32_t
before(const struct cask_graph *g, uint32_t pid)
{
	size_t low = 0, high = g->agains;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (g->again[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->agains && g->again[low].pid == pid
	    ? g->again[low].before
	    : 0;
}

/* The next number's slot. */
static int
add_slot(struct cask_graph *g, const void *p, uint32_t as)
{
	struct cask_slot *slot = caski_slot_of(g, p);
	int err = slot->pid != 0 ? add_again(g, slot->pid) : 0;

	if (err == 0)
		put_in_slot(slot, p, g->used + 1, as);
	return err;
}

static void
set_used(struct cask_graph *g, uint32_t used)
{
	g->used = used;
	g->loaded = g->slots > 0 ? 0 : used;
}

int
caski_add(struct cask_graph *g, void *object, struct cask_entry e, bool keyed)
{
	struct cask_entry *added;
	int err;

	if (g->used >= CASKI_PID_MOST)
		return CASK_EINDEX;
	err = grow(g, keyed);
	if (err != 0)
		return err;
	added = &g->entry[g->used];
	*added = e;
	g->object[g->used] = object;
	if (keyed)
		err = add_slot(g, key(g, added), e.as);
	if (err != 0)
		return err;
	set_used(g, g->used + 1);
	g->objects += caski_what(&e) != CASKI_CLASS;
	return 0;
}

void
caski_set_quick(struct cask_graph *g, uint64_t most_objects)
{
	uint64_t most = most_objects + (g->used - g->objects);

	if (most > g->room)
		most = g->room;
	g->quick = most < CASKI_PID_MOST ? (uint32_t)most : CASKI_PID_MOST;
	g->quick_most = g->most_objects;
}

/* Kinds */

static int
add_kind(struct cask_graph *g, const struct cask_class *kind)
{
	size_t room = g->kind_room > 0 ? 2 * (size_t)g->kind_room : FIRST_KINDS;
	struct cask_kind *grown;

	if (g->kinds == g->kind_room) {
		if (room > SIZE_MAX / sizeof *grown)
			return ENOMEM;
		grown = caski_sys_realloc(g->kind, room * sizeof *grown);
		if (grown == NULL)
			return ENOMEM;
		g->kind = grown;
		g->kind_room = (uint32_t)room;
		g->recent = NULL;
	}
	g->kind[g->kinds] = (struct cask_kind) {
		.is = kind,
		.as = caski_as(g->kinds, CASKI_OBJECT),
		.plain = kind->make == NULL && kind->size >= sizeof kind
		    ? kind->size
		    : 0,
	};
	g->kinds++;
	return 0;
}

int
caski_kind(struct cask_graph *g, const struct cask_class *kind, uint32_t *of)
{
	for (*of = 0; *of < g->kinds; ++*of)
		if (g->kind[*of].is == kind)
			return 0;
	return add_kind(g, kind);
}

/* One that has come.  There are no more of them than on the list. */
const struct cask_kind *
caski_came(const struct cask_graph *g, const struct cask_class *kind)
{
	uint32_t i = g->newest;

	while (i != 0 && g->kind[i - 1].is != kind)
		i = g->kind[i - 1].before;
	return i != 0 ? &g->kind[i - 1] : NULL;
}

int
caski_add_class(struct cask_graph *g, const struct cask_class *kind,
    uint32_t schema, bool keyed)
{
	struct cask_entry e = { .as = caski_as(g->kinds, CASKI_CLASS) };
	struct cask_kind *added;
	int err = add_kind(g, kind);

	if (err != 0)
		return err;
	err = caski_add(g, NULL, e, keyed);
	if (err != 0) {
		g->kinds--;
		return err;
	}
	added = &g->kind[caski_of(&e)];
	added->pid = g->used;
	added->schema = schema;
	if (caski_came(g, kind) == NULL) {
		added->before = g->newest;
		g->newest = g->kinds;
	}
	return 0;
}

unsigned
caski_schema_of(const struct cask_graph *g, const struct cask_class *kind)
{
	const struct cask_kind *k = caski_came(g, kind);

	return k != NULL ? k->schema : kind->schema;
}

/*
 * The newest first: no later one has passed over its slot, which can simply be
 * emptied, or given back to who had it before.  It is looked for by the number,
 * since one that was forgotten need not be there.
 */
static void
empty_slot(struct cask_graph *g, uint32_t pid)
{
	const struct cask_entry *older;
	const void *p = key(g, &g->entry[pid - 1]);
	size_t mask = g->slots - 1, i = caski_first_of(p, mask);
	struct cask_slot *slot = &g->slot[i];

	if (slot->pid != 0 && slot->pid != pid) {
		i = caski_second_of(i, mask);
		slot = &g->slot[i];
	}
	while (slot->pid != 0 && slot->pid != pid) {
		i = (i + caski_step_of(p)) & mask;
		slot = &g->slot[i];
	}
	if (slot->pid != pid)
		return;
	older = caski_entry(g, before(g, pid));
	if (older == NULL) {
		put_in_slot(slot, NULL, 0, 0);
		return;
	}
	put_in_slot(slot,
	    caski_what(older) == CASKI_GONE_BY ? caski_gone(p) : p,
	    before(g, pid), older->as);
}

/* It is the newest of them, and so are those that were mapped after it. */
static void
take_back_kind(struct cask_graph *g, uint32_t i)
{
	if (g->newest == i + 1)
		g->newest = g->kind[i].before;
	g->kinds = i;
	g->recent = NULL;
	g->quick -= g->quick > 0; /* which counted it, too */
}

void
caski_undo(struct cask_graph *g, uint32_t used)
{
	for (; g->used > used; set_used(g, g->used - 1)) {
		struct cask_entry e = g->entry[g->used - 1];

		if (g->slots > 0)
			empty_slot(g, g->used);
		if (caski_what(&e) == CASKI_CLASS)
			take_back_kind(g, caski_of(&e));
		else
			g->objects--;
	}
	while (g->agains > 0 && g->again[g->agains - 1].pid > used)
		g->agains--;
}

/* By any of its numbers: mapped twice, it has two.  If it was forgotten before,
 * it was by all that it had then. */
void
cask_graph_forget(struct cask_graph *g, const void *object)
{
	uint32_t pid = g->owner ? 0 : caski_find(g, object);

	if (pid == 0 || caski_what(&g->entry[pid - 1]) == CASKI_CLASS)
		return;
	caski_slot_of(g, object)->p = caski_gone(object);
	while (pid != 0 && caski_what(&g->entry[pid - 1]) != CASKI_GONE_BY) {
		g->entry[pid - 1].as &= ~(uint32_t)3 | CASKI_GONE_BY;
		pid = before(g, pid);
	}
}

/* The end */

static void
release(struct cask_ar *ar, void *object, const struct cask_kind *kind)
{
	if (kind->is->unmake != NULL) {
		kind->is->unmake(object);
		return;
	}
	ar->schema = kind->schema; /* the same walk as loading it was */
	kind->is->exchange(ar, object);
	caski_sys_free(object);
}

void
caski_unmake(struct cask_graph *g, void *object, const struct cask_kind *kind)
{
	struct cask_ar ar = { .graph = g };

	cask_release(&ar);
	release(&ar, object, kind);
}

void
cask_graph_keep(struct cask_graph *g)
{
	caski_sys_free(g->object);
	caski_sys_free(g->entry);
	caski_sys_free(g->again);
	caski_sys_free(g->slot);
	caski_sys_free(g->kind);
	g->object = NULL;
	g->entry = NULL;
	g->again = NULL;
	g->slot = NULL;
	g->kind = NULL;
	g->room = g->slots = g->memory = 0;
	g->agains = g->again_room = 0;
	g->used = g->objects = g->newest = g->kinds = g->kind_room = 0;
	g->loaded = g->quick = 0;
	g->recent = NULL;
	g->owner = false;
	g->inside = (struct cask_inside) { .object = NULL };
	g->last.p = NULL;
}

void
cask_graph_clear(struct cask_graph *g)
{
	struct cask_ar ar = { .graph = g };

	cask_release(&ar);
	for (uint32_t i = 0; g->owner && i < g->used; i++)
		if (caski_what(&g->entry[i]) == CASKI_OBJECT)
			release(
			    &ar, g->object[i], caski_kind_of(g, &g->entry[i]));
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
