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

CASKI_INLINE bool
caski_put_null(struct cask_ar *ar, const void *object)
{
	if (object != NULL)
		return false;
	caski_put_tag(ar, 0, 0, 0);
	return true;
}

/* An object that is in this slot, and of just that class. */
CASKI_INLINE bool
caski_put_first(struct cask_ar *ar, const struct cask_slot *slot,
    const void *object, const struct cask_class *kind)
{
	if (slot->p != object || ar->graph->kind[slot->of].is != kind)
		return false;
	caski_put_tag(ar, slot->pid, 0, 0);
	return true;
}

/* One that is there, if any is. */
CASKI_INLINE bool
caski_put_known(struct cask_ar *ar, const struct cask_slot *slot,
    const struct cask_class *kind)
{
	if (slot->pid == 0 ||
	    !caski_is_kind(ar->graph->kind[slot->of].is, kind))
		return false;
	caski_put_tag(ar, slot->pid, 0, 0);
	return true;
}

/* A new one, which would be there: that itself, whose contents are to follow;
 * or NULL. */
CASKI_INLINE void *
caski_put_new(struct cask_ar *ar, struct cask_slot *slot, void *object,
    const struct cask_class *kind)
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

/* *p, if it is NULL or has a number.  If it is not, the tag of a class, before
 * which the buffer stands still; or 0. */
#define CASKI_KNOWN 1 /* no tag of a class */

CASKI_INLINE uint32_t
caski_get_known(struct cask_ar *ar, void *p, const struct cask_class *kind)
{
	unsigned char *at = ar->cur;
	uint32_t pid = cask_order16(cask_read16(at), ar->big_endian);
	const struct cask_graph *g = ar->graph;
	void *object;

	at += 2;
	if (pid == 0) {
		ar->cur = at;
		caski_point(p, NULL);
		return CASKI_KNOWN;
	}
	if (g->slots > 0)
		return 0;
	if (pid > CASKI_BIG)
		return pid;
	if (pid == CASKI_BIG) {
		pid = cask_order32(cask_read32(at), ar->big_endian);
		at += 4;
	}
	if (pid - 1 >= g->used)
		return 0;
	object = g->object[pid - 1];
	if (object == NULL ||
	    !caski_is_kind(caski_kind_of(g, &g->entry[pid - 1])->is, kind))
		return 0;
	ar->cur = at;
	caski_point(p, object);
	return CASKI_KNOWN;
}

/* A new object of that class: *p is that, whose contents follow.  NULL: it goes
 * the slow way, where nothing happens any more if there was an error. */
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

#endif
