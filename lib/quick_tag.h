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
#include "sys.h"

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
		pid |= small;
		if (ar->big_endian != CASK_HOST_BIG)
			pid = cask_swap16((uint16_t)pid);
		cask_write16(at, (uint16_t)pid);
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
	if (slot->p != object || caski_kind_as(ar->graph, slot->as)->is != kind)
		return false;
	caski_put_tag(ar, slot->pid, 0, 0);
	return true;
}

/* One that is there, if it is. */
CASKI_INLINE bool
caski_put_known(struct cask_ar *ar, const struct cask_slot *slot,
    const void *object, const struct cask_class *kind)
{
	if (slot->p != object ||
	    !caski_is_kind(caski_kind_as(ar->graph, slot->as)->is, kind))
		return false;
	caski_put_tag(ar, slot->pid, 0, 0);
	return true;
}

/* A new one, which would be there: that itself, whose contents are to follow;
 * or NULL. */
CASKI_INLINE struct caski_new
caski_put_new(struct cask_ar *ar, struct cask_slot *slot, void *object,
    const struct cask_class *kind)
{
	const struct cask_class *is = caski_class_of(object);
	struct cask_graph *g = ar->graph;
	const struct cask_kind *of = g->recent;

	if (slot->pid != 0 || !caski_may_add(g) || !caski_is_kind(is, kind))
		return (struct caski_new) { .object = NULL };
	if (!CASK_LIKELY(of != NULL && of->is == is))
		of = caski_find_class(g, is);
	if (of == NULL)
		return (struct caski_new) { .object = NULL };
	caski_put_tag(ar, of->pid, CASKI_CLASS_SMALL, CASKI_CLASS_BIG);
	caski_append_at(g, slot, object, of->as);
	return (struct caski_new) { .object = object, .of = of };
}

/* Loading.  As many bytes as a tag may have are there. */

/* *p, if it is NULL or has a number.  If it is not, the tag of a class, before
 * which the buffer stands still; or 0. */
#define CASKI_KNOWN 1 /* no tag of a class */

CASKI_INLINE uint32_t
caski_get_known(struct cask_ar *ar, void *p, const struct cask_class *kind)
{
	unsigned char *at = ar->cur;
	uint32_t pid = cask_read16(at);
	const struct cask_graph *g = ar->graph;
	const struct cask_kind *of;
	void *object;

	if (pid == 0) {
		ar->cur = at + 2;
		caski_point(p, NULL);
		return CASKI_KNOWN;
	}
	if (ar->big_endian != CASK_HOST_BIG)
		pid = cask_swap16((uint16_t)pid);
	if (pid > CASKI_BIG)
		return pid;
	if (pid == CASKI_BIG) {
		pid = cask_order32(cask_read32(at + 2), ar->big_endian);
		at += 4;
	}
	if (pid - 1 >= g->loaded)
		return 0;
	object = g->object[pid - 1];
	of = g->kind;
	if (g->kinds > 1) /* else there is no need to fetch its entry */
		of = caski_kind_of(g, &g->entry[pid - 1]);
	if (object == NULL || !caski_is_kind(of->is, kind))
		return 0;
	ar->cur = at + 2;
	caski_point(p, object);
	return CASKI_KNOWN;
}

/* Without a call where most objects are: from either end, by stores that may
 * overlap. */
CASKI_INLINE void
caski_clear(unsigned char *p, size_t size)
{
	if (size >= 64 && size <= 128) {
		memset(p, 0, 64);
		memset(p + size - 64, 0, 64);
	} else if (size >= 32 && size <= 64) {
		memset(p, 0, 32);
		memset(p + size - 32, 0, 32);
	} else {
		memset(p, 0, size);
	}
}

/* A new object of that class, as one is wanted: *p is that, whose contents
 * follow.  NULL: it goes the slow way, where nothing happens any more if there
 * was an error. */
CASKI_INLINE struct caski_new
caski_get_new(
    struct cask_ar *ar, void *p, const struct cask_last *as, uint32_t tag)
{
	struct cask_graph *g = ar->graph;
	uint32_t pid = tag - CASKI_CLASS_SMALL;
	struct caski_new made = { .object = NULL };
	const struct cask_entry *e;
	bool quick;

	if (pid - 1 >= g->loaded || pid == CASKI_BIG) /* FFFF: a new class */
		return made;
	e = &g->entry[pid - 1];
	made.of = caski_kind_of(g, e);
	if (caski_what(e) != CASKI_CLASS ||
	    !caski_is_kind(made.of->is, as->kind))
		return made;
	quick = made.of->plain > 0 && caski_may_add(g) &&
	    caski_has_memory(g, made.of->plain);
	if (CASK_LIKELY(quick))
		made.object = caski_sys_malloc(made.of->plain);
	if (!CASK_LIKELY(made.object != NULL)) {
		made.object = caski_get_kind(ar, p, as->name, made.of, quick);
		return made;
	}
	caski_clear(made.object, made.of->plain);
	memcpy(made.object, &made.of->is, sizeof made.of->is);
	g->memory += made.of->plain;
	caski_append_loaded(g, made.object, made.of->as);
	caski_point(p, made.object);
	ar->cur += 2;
	return made;
}

#endif
