/*
 * MFC's tags: what stands on the wire for a pointer to an object, or for a
 * class.  See tag.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tag.h"

#include "ar.h"
#include "sys.h"

#include <errno.h>

#define NAME_MOST    63
#define NEW_CLASS    0xFFFF
#define CLASSES_MOST 4096

/* Numbers */

static bool
add_failed(struct cask_ar *ar, int err)
{
	if (err == CASK_EINDEX)
		return caski_fail(
		    ar, err, "more than %u numbers", (unsigned)CASKI_PID_MOST);
	return caski_fail(ar, err, "%s", cask_strerror(err));
}

static bool
add_class(struct cask_ar *ar, const struct cask_class *kind, uint32_t schema)
{
	struct cask_graph *g = ar->graph;
	uint64_t most = caski_limit(g->most_classes, CLASSES_MOST);
	int err;

	if (g->used - g->objects >= most)
		return caski_fail(ar, CASK_ELIMIT,
		    "more than %llu classes (graph.most_classes)",
		    (unsigned long long)most);
	err = caski_add_class(g, kind, schema, !ar->loading);
	return err == 0 || add_failed(ar, err);
}

static bool
add_object(struct cask_ar *ar, void *object, struct cask_entry e)
{
	struct cask_graph *g = ar->graph;
	uint64_t most = caski_limit(g->most_objects, CASKI_OBJECTS_MOST);
	int err;

	if (g->objects >= most)
		return caski_fail(ar, CASK_ELIMIT,
		    "more than %llu objects (graph.most_objects)",
		    (unsigned long long)most);
	err = caski_add(g, object, e, !ar->loading);
	caski_set_quick(g, most);
	return err == 0 || add_failed(ar, err);
}

bool
caski_map(struct cask_ar *ar, void *object, const struct cask_class *kind)
{
	struct cask_entry e;
	uint32_t of = 0;
	int err = caski_kind(ar->graph, kind, &of);

	e.as = caski_as(of, CASKI_MAPPED);
	return err == 0 ? add_object(ar, object, e) : add_failed(ar, err);
}

/* Storing */

static void
put(struct cask_ar *ar, uint64_t v, size_t size)
{
	unsigned char wire[4];

	if (ar->way == CASK_PRINTS)
		return;
	if (CASK_LIKELY(cask_fits(ar->cur, size, ar->put_end))) {
		caski_encode(ar, ar->cur, v, size);
		ar->cur += size;
		return;
	}
	caski_encode(ar, wire, v, size);
	caski_gather(ar, size);
	caski_put(ar, wire, size);
}

static void
put_tag(struct cask_ar *ar, uint32_t pid, bool is_class)
{
	if (pid < CASKI_BIG) {
		put(ar, is_class ? pid | CASKI_CLASS_SMALL : pid, 2);
		return;
	}
	put(ar, CASKI_BIG, 2);
	put(ar, is_class ? pid | CASKI_CLASS_BIG : pid, 4);
}

static bool
class_is_good(struct cask_ar *ar, const struct cask_class *kind)
{
	size_t n = kind->name != NULL ? strlen(kind->name) : 0;

	if (n == 0 || n > NAME_MOST)
		return caski_fail(ar, CASK_ECLASS,
		    "a class name of %zu characters, limit %d", n, NAME_MOST);
	if (kind->exchange == NULL)
		return caski_fail(ar, ENOTSUP,
		    "class %s has no exchange function", kind->name);
	if (kind->schema > 0xFFFE)
		return caski_fail(ar, CASK_ESCHEMA,
		    "class %s has schema %u, limit 65534", kind->name,
		    kind->schema);
	return true;
}

bool
caski_put_class(struct cask_ar *ar, const struct cask_class *kind)
{
	const struct cask_kind *known = caski_find_class(ar->graph, kind);
	size_t n;

	if (known != NULL) {
		put_tag(ar, known->pid, true);
		return ar->err == 0;
	}
	if (!class_is_good(ar, kind))
		return false;
	n = strlen(kind->name);
	put(ar, NEW_CLASS, 2);
	put(ar, kind->schema, 2);
	put(ar, n, 2);
	return (ar->way == CASK_PRINTS || caski_put(ar, kind->name, n)) &&
	    add_class(ar, kind, kind->schema);
}

/* A program may have forgotten it. */
static const char *
name_of(const struct cask_class *kind)
{
	return kind->name != NULL ? kind->name : "";
}

bool
caski_is_wanted(struct cask_ar *ar, const struct cask_class *is,
    const struct cask_class *kind)
{
	if (is == kind || cask_is_kind_of(is, kind))
		return true;
	if (strcmp(name_of(is), name_of(kind)) == 0)
		return caski_fail(ar, CASK_ECLASS,
		    "class %s where another of that name is wanted",
		    name_of(is));
	return caski_fail(ar, CASK_ECLASS, "class %s where %s is wanted",
	    name_of(is), name_of(kind));
}

/* To who watches: kind is the class of a new one, or else NULL. */
static void
show(struct cask_ar *ar, uint32_t pid, const struct cask_class *kind)
{
	if (kind != NULL)
		caski_show_new(ar, pid, kind->name);
	else
		caski_show_object(ar, pid, NULL);
}

/* The tag of an object: that itself, if its contents are to follow. */
void *
caski_put_reference(
    struct cask_ar *ar, void *object, const struct cask_class *kind)
{
	const struct cask_graph *g = ar->graph;
	const struct cask_class *is;
	struct cask_entry e;
	uint32_t pid;

	if (object == NULL) {
		put(ar, 0, 2);
		if (ar->watched)
			show(ar, 0, NULL);
		return NULL;
	}
	pid = caski_find(g, object);
	if (pid != 0) /* a mapped one need not know its own */
		is = caski_kind_of(g, &g->entry[pid - 1])->is;
	else
		is = caski_class_of(object);
	if (is == NULL) {
		caski_set_error(
		    ar, CASK_ECLASS, "an object whose member is is NULL");
		return NULL;
	}
	if (!caski_is_wanted(ar, is, kind))
		return NULL;
	if (pid != 0) {
		put_tag(ar, pid, false);
		if (ar->watched)
			show(ar, pid, NULL);
		return NULL;
	}
	if (!caski_put_class(ar, is))
		return NULL;
	e.as = caski_find_class(ar->graph, is)->as;
	if (!add_object(ar, object, e))
		return NULL;
	if (ar->watched)
		show(ar, ar->graph->used, is);
	return object;
}

/* Loading */

static const struct cask_class *
listed(const struct cask_graph *g, const char *name)
{
	const struct cask_class *const *c = g->classes;

	while (c != NULL && *c != NULL && strcmp(name_of(*c), name) != 0)
		c++;
	return c != NULL ? *c : NULL;
}

/* What a peer calls a class may be anything. */
static void
make_printable(char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] < ' ' || name[i] > '~')
			name[i] = '?';
}

/* One that comes again has the schema that it had: what was loaded is freed by
 * that (caski_schema_of). */
static bool
schema_is_known(
    struct cask_ar *ar, const struct cask_class *kind, uint64_t schema)
{
	const struct cask_kind *came = caski_came(ar->graph, kind);

	if (!kind->versionable && kind->schema != schema)
		return caski_fail(ar, CASK_ESCHEMA,
		    "class %s has schema %u, known here is %u", kind->name,
		    (unsigned)schema, kind->schema);
	return came == NULL || came->schema == schema ||
	    caski_fail(ar, CASK_ESCHEMA,
		"class %s has schema %u, and came with %u before", kind->name,
		(unsigned)schema, (unsigned)came->schema);
}

/* Behind FFFF: a class that is new. */
static struct cask_entry *
get_new_class(struct cask_ar *ar)
{
	const struct cask_class *kind;
	char name[NAME_MOST + 1];
	uint64_t schema, n;

	if (!caski_get_uint(ar, &schema, 2) || !caski_get_uint(ar, &n, 2))
		return NULL;
	if (n == 0 || n > NAME_MOST) {
		caski_set_error(ar, CASK_ECLASS,
		    "a class name of %u characters, limit %d", (unsigned)n,
		    NAME_MOST);
		return NULL;
	}
	if (!caski_get(ar, name, (size_t)n))
		return NULL;
	name[n] = '\0';
	kind = strlen(name) == n ? listed(ar->graph, name) : NULL;
	make_printable(name, (size_t)n);
	if (kind == NULL)
		caski_set_error(
		    ar, CASK_ECLASS, "class %s is not on the list", name);
	else if (class_is_good(ar, kind) && schema_is_known(ar, kind, schema) &&
	    add_class(ar, kind, (uint32_t)schema))
		return caski_entry(ar->graph, ar->graph->used);
	return NULL;
}

/* The entry that a number names, of that sort: NULL, and an error, if none. */
static struct cask_entry *
get_entry(struct cask_ar *ar, uint32_t pid, bool is_class)
{
	const struct cask_graph *g = ar->graph;
	struct cask_entry *e = caski_entry(g, pid);

	if (e == NULL)
		caski_set_error(ar, CASK_EINDEX,
		    "%s number %u, the highest so far is %u",
		    is_class ? "class" : "object", (unsigned)pid,
		    (unsigned)g->used);
	else if ((caski_what(e) == CASKI_CLASS) == is_class)
		return e;
	else
		caski_set_error(ar, CASK_EINDEX, "number %u is %s, not %s",
		    (unsigned)pid, is_class ? "an object" : "a class",
		    is_class ? "a class" : "an object");
	return NULL;
}

/*
 * A tag: the entry of an object that has a number, or of the class of a new
 * one; NULL for no object, and after an error.
 */
struct cask_entry *
caski_get_tag(struct cask_ar *ar)
{
	uint64_t tag, pid;
	bool is_class;

	if (!caski_get_uint(ar, &tag, 2))
		return NULL;
	if (tag == NEW_CLASS)
		return get_new_class(ar);
	is_class = (tag & CASKI_CLASS_SMALL) != 0;
	pid = tag & ~(uint64_t)CASKI_CLASS_SMALL;
	if (tag == CASKI_BIG) {
		if (!caski_get_uint(ar, &tag, 4))
			return NULL;
		is_class = (tag & CASKI_CLASS_BIG) != 0;
		pid = tag & ~(uint64_t)CASKI_CLASS_BIG;
	}
	if (pid == 0 && !is_class)
		return NULL;
	return get_entry(ar, (uint32_t)pid, is_class);
}

void *
caski_make(const struct cask_graph *g, const struct cask_kind *of)
{
	if (!caski_has_memory(g, of->is->size))
		return NULL;
	if (of->is->make != NULL)
		return of->is->make(of->is);
	return of->plain > 0 ? caski_sys_zeroed(of->plain) : NULL;
}

static void
not_made(struct cask_ar *ar, const struct cask_class *kind)
{
	const struct cask_graph *g = ar->graph;

	if (kind->make == NULL && kind->size < sizeof kind)
		caski_set_error(ar, EINVAL,
		    "class %s has objects of %zu bytes, too few for is",
		    kind->name, kind->size);
	else if (!caski_has_memory(g, kind->size))
		caski_set_error(ar, CASK_ELIMIT,
		    "objects of more than %llu bytes (graph.most_memory)",
		    (unsigned long long)caski_limit(
			g->most_memory, CASKI_MEMORY_MOST));
	else
		caski_set_error(ar, ENOMEM,
		    "no memory for an object of class %s", kind->name);
}

void *
caski_get_made(
    struct cask_ar *ar, void *object, const struct cask_kind *of, void *p)
{
	struct cask_graph *g = ar->graph;
	struct cask_entry e = { .as = of->as };

	caski_point(p, NULL);
	if (object == NULL) {
		not_made(ar, of->is);
		return NULL;
	}
	caski_take(g, object, of);
	if (!add_object(ar, object, e)) {
		caski_unmake(g, object, of);
		return NULL;
	}
	caski_point(p, object);
	g->owner = true;
	return object;
}

void *
caski_get_kind(struct cask_ar *ar, void *p, const char *name,
    const struct cask_kind *of, bool failed)
{
	struct cask_graph *g = ar->graph;
	void *object = failed ? NULL : caski_make(g, of);

	if (CASK_LIKELY(object != NULL && caski_may_add(g))) {
		caski_take(g, object, of);
		caski_append_loaded(g, object, of->as);
		caski_point(p, object);
	} else {
		caski_begin(ar, "object", name);
		object = caski_get_made(ar, object, of, p);
	}
	if (object != NULL)
		ar->cur += 2;
	return object;
}

void *
caski_get_reference(struct cask_ar *ar, void *p, const struct cask_class *kind)
{
	const struct cask_entry *e = caski_get_tag(ar);
	void *object;

	caski_point(p, NULL);
	if (e == NULL && ar->watched)
		show(ar, 0, NULL);
	if (ar->err != 0 || e == NULL ||
	    !caski_is_wanted(ar, caski_kind_of(ar->graph, e)->is, kind))
		return NULL;
	if (caski_what(e) == CASKI_CLASS) {
		const struct cask_kind *of = caski_kind_of(ar->graph, e);

		object = caski_get_made(ar, caski_make(ar->graph, of), of, p);
		if (object != NULL && ar->watched)
			show(ar, ar->graph->used, caski_class_of(object));
		return object;
	}
	caski_point(p, caski_object_of(ar->graph, e));
	if (ar->watched)
		show(ar, caski_number_of(ar->graph, e), NULL);
	return NULL;
}
