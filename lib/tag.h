/*
 * MFC's tags, which stand for pointers and classes, and the numbers that they
 * give away.  Errors are those of the value in hand; without a graph, or in the
 * wrong direction, none of these is to be called.  The fast path of them is in
 * quick_tag.h.
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

/* On the wire: a number in two bytes is below BIG, else BIG comes first.  One
 * of a class has the highest bit. */
#define CASKI_BIG         0x7FFF
#define CASKI_CLASS_SMALL 0x8000
#define CASKI_CLASS_BIG   0x80000000u

#define CASKI_OBJECTS_MOST 1048576

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

static inline uint32_t
caski_kind_number(const struct cask_graph *g, const struct cask_kind *kind)
{
	return (uint32_t)(kind - g->kind);
}

/* May there be one more object, without allocating for its number? */
static inline bool
caski_may_add(const struct cask_graph *g)
{
	uint32_t most = g->most_objects;

	return caski_has_room(g) &&
	    g->objects < (most != 0 ? most : CASKI_OBJECTS_MOST);
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

/* Make an object of that kind.  NULL: caski_kept tells why. */
void *caski_make(struct cask_graph *g, const struct cask_class *kind);

/* What was made, or was not, takes a number, for which a table has to grow:
 * that itself, or NULL after an error.  It is begun here, by that name, unless
 * that is NULL: it has been. */
void *caski_kept(
    struct cask_ar *ar, void *object, unsigned of, const char *name);

/* Load a new object of that kind: *p is that, whose contents follow; or NULL
 * after an error.  The name is as in caski_kept. */
static inline void *
caski_get_object(struct cask_ar *ar, unsigned of, void *p, const char *name)
{
	struct cask_graph *g = ar->graph;
	void *object = caski_make(g, g->kind[of].is);

	if (CASK_LIKELY(object != NULL && caski_may_add(g)))
		caski_append(g, object, of);
	else
		object = caski_kept(ar, object, of, name);
	caski_point(p, object);
	g->owner |= object != NULL;
	return object;
}

#endif
