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
#define CASKI_MEMORY_MOST  ((uint64_t)256 << 20)

/* Of a class that came, or of an object: what is to be exchanged next. */
struct caski_new {
	void *object; /* or NULL */
	const struct cask_kind *of;
};

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

/* May there be an object of so many bytes? */
static inline bool
caski_has_memory(const struct cask_graph *g, size_t size)
{
	uint64_t most =
	    g->most_memory != 0 ? g->most_memory : CASKI_MEMORY_MOST;

	return size <= most && g->memory <= most - size;
}

/* Make an object of that kind, or give NULL: nothing else has changed. */
void *caski_make(const struct cask_graph *g, const struct cask_kind *of);

/* It is of that kind from here on, and counts. */
static inline void
caski_take(struct cask_graph *g, void *object, const struct cask_kind *of)
{
	memcpy(object, &of->is, sizeof of->is);
	g->memory += of->is->size;
}

/* What was made, or was not, is loaded: *p is that, and so is what it gives; or
 * NULL after an error. */
void *caski_get_made(
    struct cask_ar *ar, void *object, const struct cask_kind *of, void *p);

/* The same of a class whose tag stands before the cursor, of the value with
 * that name: it isn't plain, or a table has to grow, or (failed) there was no
 * memory.
 */
void *caski_get_kind(struct cask_ar *ar, void *p, const char *name,
    const struct cask_kind *of, bool failed);

#endif
