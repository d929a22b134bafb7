/*
 * The fast path of pointers: NULL, an object that has a number, and a new one
 * of a class that has one.
 *
 * It is gone where all of a tag is in the buffer, or has room there, and no
 * table has to grow.  What has an error to tell of goes the slow way (tag.h),
 * and so does who is watched, as with numbers: such an archive shows an empty
 * buffer.  What is refused here, by false or NULL, has changed nothing.
 *
 * All of it is inline, and what it may call is called at its end: most pointers
 * are exchanged by a function that has no frame.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_QUICK_TAG_H
#define CASKI_QUICK_TAG_H

#include "tag.h"

#include "ar.h"

#define CASKI_TAG_MOST 6

/* What was seen of a pointer.  If it was not exchanged: the slot where its
 * object would be, or the tag of a class, before which the buffer stands still.
 */
struct caski_seen {
	struct cask_slot *slot; /* or NULL */
	uint32_t tag;           /* or 0 */
	bool known;             /* it was exchanged */
};

static const struct caski_seen caski_known = { .known = true };
static const struct caski_seen caski_nothing_seen = { .known = false };

/* cask_is_kind_of, without a call. */
CASKI_INLINE bool
caski_is_kind(const struct cask_class *is, const struct cask_class *kind)
{
	while (!CASK_LIKELY(is == kind)) {
		if (is == NULL)
			return false;
		is = is->base;
	}
	return true;
}

/* Storing.  There is room for a tag. */

CASKI_INLINE void
caski_put_tag(struct cask_ar *ar, uint32_t pid, uint32_t small, uint32_t big)
{
	unsigned char *at = ar->cur;

	if (CASK_LIKELY(pid < CASKI_BIG)) {
		cask_write16(
		    at, cask_order16((uint16_t)(pid | small), ar->big_endian));
		ar->cur = at + 2;
		return;
	}
	cask_write16(at, cask_order16(CASKI_BIG, ar->big_endian));
	cask_write32(at + 2, cask_order32(pid | big, ar->big_endian));
	ar->cur = at + CASKI_TAG_MOST;
}

/* An object that is where it is looked for first, and of just that class. */
CASKI_INLINE bool
caski_put_first(
    struct cask_ar *ar, const void *object, const struct cask_class *kind)
{
	const struct cask_graph *g = ar->graph;
	const struct cask_slot *slot;

	if (g->slots == 0)
		return false;
	slot = caski_first_slot_of(g, object);
	if (slot->p != object || g->kind[slot->of].is != kind)
		return false;
	caski_put_tag(ar, slot->pid, 0, 0);
	return true;
}

CASKI_INLINE struct caski_seen
caski_put_known(
    struct cask_ar *ar, const void *object, const struct cask_class *kind)
{
	const struct cask_graph *g = ar->graph;
	struct cask_slot *slot;

	if (object == NULL) {
		caski_put_tag(ar, 0, 0, 0);
		return caski_known;
	}
	if (g->slots == 0)
		return caski_nothing_seen;
	slot = caski_slot_of(g, object);
	if (slot->pid == 0 || !caski_is_kind(g->kind[slot->of].is, kind))
		return (struct caski_seen) { .slot = slot };
	caski_put_tag(ar, slot->pid, 0, 0);
	return caski_known;
}

CASKI_INLINE void *
caski_put_new(struct cask_ar *ar, void *object, const struct cask_class *kind,
    struct cask_slot *slot)
{
	const struct cask_class *is = caski_class_of(object);
	struct cask_graph *g = ar->graph;

	if (slot->pid != 0 || !caski_may_add(g) || !caski_is_kind(is, kind) ||
	    !caski_is_recent(g, is))
		return NULL;
	caski_put_tag(
	    ar, g->kind[g->recent].pid, CASKI_CLASS_SMALL, CASKI_CLASS_BIG);
	caski_append_at(g, slot, object, g->recent);
	return object;
}

/* Loading.  As many bytes as a tag may have are there. */

CASKI_INLINE struct caski_seen
caski_get_known(struct cask_ar *ar, void *p, const struct cask_class *kind)
{
	unsigned char *at = ar->cur;
	uint32_t pid = cask_order16(cask_read16(at), ar->big_endian);
	const struct cask_graph *g = ar->graph;
	const struct cask_entry *e;

	at += 2;
	if (pid == 0) {
		ar->cur = at;
		caski_point(p, NULL);
		return caski_known;
	}
	if (g->slots > 0)
		return caski_nothing_seen;
	if (pid > CASKI_BIG)
		return (struct caski_seen) { .tag = pid };
	if (pid == CASKI_BIG) {
		pid = cask_order32(cask_read32(at), ar->big_endian);
		at += 4;
	}
	if (pid - 1 >= g->used)
		return caski_nothing_seen;
	e = &g->entry[pid - 1];
	if (e->p == NULL || !caski_is_kind(caski_kind_of(g, e)->is, kind))
		return caski_nothing_seen;
	ar->cur = at;
	caski_point(p, e->p);
	return caski_known;
}

CASKI_INLINE void *
caski_get_new(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name, uint32_t tag)
{
	uint32_t pid = tag - CASKI_CLASS_SMALL;
	const struct cask_graph *g = ar->graph;
	const struct cask_entry *e;
	void *object;

	if (pid - 1 >= g->used)
		return NULL;
	e = &g->entry[pid - 1];
	if (e->what != CASKI_CLASS ||
	    !caski_is_kind(caski_kind_of(g, e)->is, kind))
		return NULL;
	object = caski_get_object(ar, e->of, p, name);
	if (CASK_LIKELY(object != NULL))
		ar->cur += 2;
	return object;
}

/* Either way */

/* Exchange *p if it is NULL or has a number; if not, see caski_begin_new. */
CASKI_INLINE struct caski_seen
caski_exchange_known(struct cask_ar *ar, void *p, const struct cask_class *kind)
{
	if (cask_fits(ar->cur, CASKI_TAG_MOST, ar->put_end))
		return caski_put_known(ar, caski_pointer(p), kind);
	if (cask_fits(ar->cur, CASKI_TAG_MOST, ar->get_end))
		return caski_get_known(ar, p, kind);
	return caski_nothing_seen;
}

/* Begin a new object, whose contents follow.  NULL: it goes the slow way, where
 * nothing happens any more if there was an error. */
CASKI_INLINE void *
caski_begin_new(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name, struct caski_seen seen)
{
	if (seen.slot != NULL)
		return caski_put_new(ar, caski_pointer(p), kind, seen.slot);
	return seen.tag != 0 ? caski_get_new(ar, p, kind, name, seen.tag)
			     : NULL;
}

#endif
