/*
 * MFC's tags, which stand for pointers and classes, and the numbers that they
 * give away.  Errors are those of the value in hand; without a graph, or in the
 * wrong direction, none of these is to be called, but
 * caski_exchange_known and caski_begin_new.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_TAG_H
#define CASKI_TAG_H

#include <cask/object.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "graph.h"

/* Pointers to objects of any type, by their address p. */

static inline void *
caski_pointer(const void *p)
{
	void *object;

	memcpy(&object, p, sizeof object);
	return object;
}

static inline void
caski_point(void *p, void *object)
{
	memcpy(p, &object, sizeof object);
}

/* Every object begins with it. */
static inline const struct cask_class *
caski_class_of(const void *object)
{
	const struct cask_class *is;

	memcpy(&is, object, sizeof is);
	return is;
}

static inline uint32_t
caski_number_of(const struct cask_graph *g, const struct cask_entry *e)
{
	return (uint32_t)(e - g->entry) + 1;
}

/* Map an object: give it the next number, within the graph's limits. */
bool caski_map(struct cask_ar *ar, void *object, const struct cask_class *kind);

/* Fail unless a class is of that kind. */
bool caski_is_wanted(struct cask_ar *ar, const struct cask_class *is,
    const struct cask_class *kind);

/* Store a class; or the tag of an object: that itself if its contents are to
 * follow, else NULL. */
bool caski_put_class(struct cask_ar *ar, const struct cask_class *kind);
void *caski_put_reference(
    struct cask_ar *ar, void *object, const struct cask_class *kind);

/*
 * Load a tag: the entry of an object that has a number, or of the class of a
 * new one; NULL for no object, and after an error.  Or load *p: a new object,
 * whose contents follow, else NULL.
 */
struct cask_entry *caski_get_tag(struct cask_ar *ar);
void *caski_get_reference(
    struct cask_ar *ar, void *p, const struct cask_class *kind);

/* Begin a new object, *object, whose contents follow, or NULL after an error,
 * where that is quick; else false, and nothing has happened. */
bool caski_begin_new(
    struct cask_ar *ar, void *p, const struct cask_class *kind, void **object);

/* ------------------------------------------------------------------------ */
/* What most pointers are: NULL, or to an object that has a number.  As with
 * numbers there is a fast path, where all of the tag is in the buffer; what has
 * an error to tell of does not take it.                                     */

#define CASKI_BIG      0x7FFF
#define CASKI_TAG_MOST 6

static inline bool
caski_is_kind(const struct cask_class *is, const struct cask_class *kind)
{
	return CASK_LIKELY(is == kind) || cask_is_kind_of(is, kind);
}

/* There is room for it. */
static inline void
caski_put_tag(struct cask_ar *ar, uint32_t pid, uint32_t small, uint32_t big)
{
	unsigned char *at = ar->cur;

	if (pid < CASKI_BIG) {
		cask_write16(
		    at, cask_order16((uint16_t)(pid | small), ar->big_endian));
		ar->cur = at + 2;
		return;
	}
	cask_write16(at, cask_order16(CASKI_BIG, ar->big_endian));
	cask_write32(at + 2, cask_order32(pid | big, ar->big_endian));
	ar->cur = at + CASKI_TAG_MOST;
}

static inline bool
caski_put_known(
    struct cask_ar *ar, const void *object, const struct cask_class *kind)
{
	const struct cask_graph *g = ar->graph;
	const struct cask_slot *slot;

	if (object == NULL) {
		caski_put_tag(ar, 0, 0, 0);
		return true;
	}
	if (g->slots == 0)
		return false;
	slot = caski_slot_of(g, object);
	if (slot->pid == 0 || !caski_is_kind(g->kind[slot->of].is, kind))
		return false;
	caski_put_tag(ar, slot->pid, 0, 0);
	return true;
}

static inline bool
caski_get_known(struct cask_ar *ar, void *p, const struct cask_class *kind)
{
	const unsigned char *at = ar->cur;
	uint32_t pid = cask_order16(cask_read16(at), ar->big_endian);
	const struct cask_entry *e;
	size_t n = 2;

	if (pid == 0) {
		ar->cur += n;
		caski_point(p, NULL);
		return true;
	}
	if (pid > CASKI_BIG || ar->graph->slots > 0)
		return false;
	if (pid == CASKI_BIG) {
		pid = cask_order32(cask_read32(at + 2), ar->big_endian);
		n = CASKI_TAG_MOST;
	}
	e = caski_entry(ar->graph, pid);
	if (e == NULL || e->what == CASKI_CLASS ||
	    !caski_is_kind(caski_kind_of(ar->graph, e)->is, kind))
		return false;
	ar->cur += n;
	caski_point(p, e->p);
	return true;
}

/* Exchange *p if it is one of these; else false, and nothing has happened. */
static inline bool
caski_exchange_known(struct cask_ar *ar, void *p, const struct cask_class *kind)
{
	if (ar->graph == NULL || ar->graph->last.p != NULL)
		return false;
	if (cask_fits(ar->cur, CASKI_TAG_MOST, ar->put_end))
		return caski_put_known(ar, caski_pointer(p), kind);
	return cask_fits(ar->cur, CASKI_TAG_MOST, ar->get_end) &&
	    caski_get_known(ar, p, kind);
}

#endif
