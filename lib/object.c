/*
 * Objects by pointer.  See <cask/object.h>; what stands for a pointer on the
 * wire is in tag.c.
 *
 * A reference is a tag: nothing, an object that has a number, or a class behind
 * which a new object stands.  What it points to is exchanged where it stands,
 * by its class's function, which comes back here for the pointers in it.  A
 * pointer that is the last of its object waits until that function has
 * returned, so that a list is a loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include "quick_tag.h"

#include "ar.h"

#include <errno.h>

static bool
is_ready(struct cask_ar *ar)
{
	if (!(ar->loading ? caski_may_load(ar) : caski_may_store(ar)))
		return false;
	if (ar->graph == NULL)
		return ar->way == CASK_DESCRIBES ||
		    caski_fail(ar, EINVAL, "objects need an ar->graph");
	if (ar->storing && ar->graph->owner)
		return caski_fail(ar, EINVAL,
		    "ar->graph has what was loaded: another one is needed");
	if (ar->way == CASK_LOADS && ar->graph->slots > 0)
		return caski_fail(ar, EINVAL,
		    "ar->graph has what was stored: another one is needed");
	return true;
}

/* Whatever takes a number would take that of the one that was left for the
 * last. */
static bool
is_in_order(struct cask_ar *ar)
{
	struct cask_graph *g = ar->graph;

	if (g == NULL || g->last.p == NULL)
		return true;
	g->last.p = NULL;
	return caski_fail(
	    ar, EINVAL, "an object behind cask_object_last, in one object");
}

/* The tag of *p: what is to be exchanged now, or NULL. */
static void *
reference(struct cask_ar *ar, void *p, const struct cask_class *kind)
{
	void *object;

	if (!is_in_order(ar) || !is_ready(ar)) {
		if (ar->loading)
			caski_point(p, NULL);
		return NULL;
	}
	if (ar->way == CASK_DESCRIBES) {
		caski_describe_object(ar, kind->name);
		caski_point(p, NULL);
		return NULL;
	}
	if (ar->loading)
		return caski_get_reference(ar, p, kind);
	object = caski_put_reference(ar, caski_pointer(p), kind);
	return ar->err == 0 ? object : NULL;
}

CASKI_NOINLINE static struct caski_new
begun_slowly(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name)
{
	struct caski_new begun = { .object = NULL };
	const struct cask_graph *g = ar->graph;
	void *object;

	caski_begin(ar, "object", name);
	object = reference(ar, p, kind);
	if (g == NULL || object == NULL)
		return begun;
	begun.object = object;
	begun.of = caski_kind_of(g, &g->entry[g->used - 1]);
	return begun;
}

/* The tag of *p, the fast way if there are room, bytes or slots for that. */

CASKI_INLINE struct caski_new
put_begun(struct cask_ar *ar, struct cask_slot *slot, void *p,
    const struct cask_class *kind, const char *name)
{
	struct caski_new begun = { .object = NULL };

	if (slot != NULL) {
		if (caski_put_known(ar, slot, caski_pointer(p), kind))
			return begun;
		begun = caski_put_new(ar, slot, caski_pointer(p), kind);
		if (begun.object != NULL)
			return begun;
	}
	return begun_slowly(ar, p, kind, name);
}

CASKI_INLINE struct caski_new
get_begun(struct cask_ar *ar, uint32_t tag, void *p, const struct cask_last *as)
{
	struct caski_new begun = { .object = NULL };

	if (tag != 0)
		begun = caski_get_new(ar, p, as, tag);
	if (CASK_LIKELY(begun.object != NULL))
		return begun;
	return begun_slowly(ar, p, as->kind, as->name);
}

/* An error came first, or else the last of an object goes the slow way. */
CASKI_NOINLINE static struct caski_new
last_slowly(struct cask_ar *ar, const struct cask_last *last, void *p)
{
	struct caski_new none = { .object = NULL };

	if (ar->err != 0)
		return none;
	if (caski_at(ar) == last->at)
		return begun_slowly(ar, p, last->kind, last->name);
	caski_begin(ar, "object", last->name);
	caski_set_error(ar, EINVAL, "something stands behind cask_object_last");
	return none;
}

CASKI_INLINE struct caski_new
put_last(struct cask_ar *ar, const struct cask_last *last, void *p)
{
	struct caski_new none = { .object = NULL };
	const struct cask_graph *g = ar->graph;
	const void *object = caski_pointer(p);

	if (!cask_fits(ar->cur, CASKI_TAG_MOST, ar->put_end))
		return last_slowly(ar, last, p);
	if (caski_put_null(ar, object))
		return none;
	return put_begun(ar, g->slots > 0 ? caski_slot_of(g, object) : NULL, p,
	    last->kind, last->name);
}

CASKI_INLINE struct caski_new
get_last(struct cask_ar *ar, const struct cask_last *last, void *p)
{
	struct caski_new none = { .object = NULL };
	uint32_t tag;

	if (!cask_fits(ar->cur, CASKI_TAG_MOST, ar->get_end))
		return last_slowly(ar, last, p);
	tag = caski_get_known(ar, p, last->kind);
	if (tag == CASKI_KNOWN)
		return none;
	return get_begun(ar, tag, p, last);
}

/* The one that was left for the last, if its object did end there, and if it is
 * new. */
CASKI_INLINE struct caski_new
begun_last(struct cask_ar *ar, bool loading)
{
	struct caski_new none = { .object = NULL };
	struct cask_last *last = &ar->graph->last;
	void *p = last->p;

	last->p = NULL;
	if (p == NULL)
		return none;
	if (caski_at(ar) != last->at)
		return last_slowly(ar, last, p);
	ar->secret = last->secret;
	return loading ? get_last(ar, last, p) : put_last(ar, last, p);
}

/* Does p stay where it is until the object's function has returned, and is the
 * object's message its own?  One alone may wait; none when it is printed. */
static bool
may_wait(const struct cask_ar *ar, const void *p)
{
	const struct cask_inside *in = &ar->graph->inside;

	return (uintptr_t)p - (uintptr_t)in->object < in->size &&
	    ar->within == in->within && ar->way < CASK_PRINTS;
}

/* A new object, and those that are left for the last. */
CASKI_INLINE void
exchange(struct cask_ar *ar, struct caski_new next, bool loading)
{
	struct cask_graph *g = ar->graph;
	struct cask_inside around = g->inside;
	unsigned secret = ar->secret, schema = ar->schema;

	g->inside.within = ar->within;
	do {
		const struct cask_class *is = next.of->is;

		g->inside.object = next.object;
		g->inside.size = is->size;
		ar->schema = next.of->schema;
		is->exchange(ar, next.object);
		next = begun_last(ar, loading);
	} while (next.object != NULL);
	g->inside = around;
	ar->secret = secret;
	ar->schema = schema;
}

/* The contents of a new one. */
CASKI_INLINE void
contents(
    struct cask_ar *ar, struct caski_new begun, const char *name, bool loading)
{
	struct cask_frame frame;

	if (cask_enter_as(ar, &frame, name, CASK_NO_INDEX)) {
		if (ar->watched)
			caski_print_new(
			    ar, ar->graph->used, begun.of->is->name);
		exchange(ar, begun, loading);
	}
	cask_leave_as(ar, name, CASK_NO_INDEX);
}

/* A pointer that is not known, or not yet; tag and slot are as above. */

CASKI_NOINLINE static void
put_other(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name, struct cask_slot *slot)
{
	struct caski_new begun = put_begun(ar, slot, p, kind, name);

	if (begun.object != NULL)
		contents(ar, begun, name, false);
}

/* (Here, too, what is wanted is left in the graph: it is of no use in registers
 * while there is a call for memory.) */
CASKI_NOINLINE static void
get_other(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name, uint32_t tag)
{
	struct caski_new begun;

	if (tag != 0) {
		struct cask_last *as = &ar->graph->last;

		as->kind = kind;
		as->name = name;
		begun = get_begun(ar, tag, p, as);
	} else {
		begun = begun_slowly(ar, p, kind, name);
	}
	if (begun.object != NULL)
		contents(ar, begun, name, true);
	if (ar->err != 0)
		caski_point(p, NULL);
}

/* Those that are, by functions that have no frame. */

CASKI_NOINLINE static void
put_after_first(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name)
{
	put_other(
	    ar, p, kind, name, caski_slot_of(ar->graph, caski_pointer(p)));
}

CASKI_NOINLINE static void
put_object(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name)
{
	const struct cask_graph *g = ar->graph;
	const void *object = caski_pointer(p);
	struct cask_slot *slot = NULL;

	if (caski_put_null(ar, object))
		return;
	if (CASK_LIKELY(g->slots > 0)) {
		slot = caski_first_slot_of(g, object);
		if (CASK_LIKELY(caski_put_first(ar, slot, object, kind)))
			return;
		if (slot->pid != 0 && slot->p != object) {
			put_after_first(ar, p, kind, name);
			return;
		}
	}
	put_other(ar, p, kind, name, slot);
}

CASKI_INLINE void
get_object(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name)
{
	uint32_t tag = caski_get_known(ar, p, kind);

	if (tag != CASKI_KNOWN)
		get_other(ar, p, kind, name, tag);
}

CASKI_NOINLINE static void
exchange_slowly(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name)
{
	if (ar->loading)
		get_other(ar, p, kind, name, 0);
	else
		put_other(ar, p, kind, name, NULL);
}

void
cask_object_named(struct cask_ar *ar, void *p, const struct cask_class *kind,
    const char *name)
{
	const struct cask_graph *g = ar->graph;

	if (CASK_LIKELY(g != NULL && g->last.p == NULL)) {
		if (cask_fits(ar->cur, CASKI_TAG_MOST, ar->get_end)) {
			get_object(ar, p, kind, name);
			return;
		}
		if (cask_fits(ar->cur, CASKI_TAG_MOST, ar->put_end)) {
			put_object(ar, p, kind, name);
			return;
		}
	}
	if (ar->way == CASK_RELEASES)
		caski_point(p, NULL);
	else
		exchange_slowly(ar, p, kind, name);
}

void
cask_object_last_named(struct cask_ar *ar, void *p,
    const struct cask_class *kind, const char *name)
{
	struct cask_graph *g = ar->graph;

	if (g == NULL || !may_wait(ar, p)) {
		cask_object_named(ar, p, kind, name);
		return;
	}
	if (ar->loading)
		caski_point(p, NULL);
	g->inside.size = 0;
	g->last.p = p;
	g->last.kind = kind;
	g->last.name = name;
	g->last.at = caski_at(ar);
	g->last.secret = ar->secret;
}

void
cask_map_object(struct cask_ar *ar, void *object, const struct cask_class *kind)
{
	caski_begin(ar, "object", kind->name);
	if (ar->way == CASK_RELEASES || !is_in_order(ar) || !is_ready(ar))
		return;
	if (ar->way == CASK_DESCRIBES)
		caski_describe_object(ar, "mapped");
	else if (object == NULL)
		caski_set_error(ar, EINVAL, "NULL is no object to be mapped");
	else if (caski_map(ar, object, kind) && ar->watched)
		caski_show_object(ar, ar->graph->used, "mapped");
}

/* Its schema, when it has been moved. */
static unsigned
class_moved(struct cask_ar *ar, uint32_t pid, unsigned schema)
{
	if (ar->watched)
		caski_show_class(ar, pid, schema);
	return ar->err == 0 ? schema : 0;
}

static unsigned
exchange_class(struct cask_ar *ar, const struct cask_class *kind)
{
	const struct cask_entry *e;
	const struct cask_kind *came;

	if (!is_in_order(ar) || !is_ready(ar))
		return 0;
	if (ar->way == CASK_DESCRIBES) {
		caski_describe_object(ar, "");
		return kind->schema;
	}
	if (!ar->loading)
		return caski_put_class(ar, kind)
		    ? class_moved(ar, caski_find(ar->graph, kind), kind->schema)
		    : 0;
	e = caski_get_tag(ar);
	if (ar->err != 0)
		return 0;
	if (e == NULL || caski_what(e) != CASKI_CLASS)
		return caski_fail(ar, CASK_EINDEX, "an object, not a class");
	came = caski_kind_of(ar->graph, e);
	if (came->is == kind)
		return class_moved(ar, came->pid, came->schema);
	caski_set_error(ar, CASK_ECLASS, "class %s where %s itself is wanted",
	    came->is->name, kind->name);
	return 0;
}

unsigned
cask_class_of(struct cask_ar *ar, const struct cask_class *kind)
{
	unsigned schema;

	caski_begin(ar, "class", kind->name);
	if (ar->way != CASK_RELEASES)
		schema = exchange_class(ar, kind);
	else if (ar->graph != NULL)
		schema = caski_schema_of(ar->graph, kind);
	else
		schema = kind->schema;
	ar->schema = schema;
	return schema;
}

unsigned
cask_schema(struct cask_ar *ar)
{
	unsigned schema = ar->schema;

	ar->schema = CASK_NO_SCHEMA;
	return schema;
}

void
cask_set_schema(struct cask_ar *ar, unsigned schema)
{
	ar->schema = schema;
}
