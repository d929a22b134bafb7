/*
 * Objects, in a walk through a stream.  See dump.h.
 *
 * The classes of a shape are classes of the archive, whose exchange function
 * walks through their members.  So tags, numbers, limits, and what is wrong
 * with them, are the library's.  Of an object only its class and number are
 * kept.
 *
 * A pointer that is the last of its object waits until that has ended, so that
 * a list of any length is a loop here, too: chained are called the objects
 * behind the first, whose tags come up after the end of the one before.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

/* An object, as far as it is of interest later. */
struct seen {
	const struct cask_class *is;
	struct seen *last; /* what its last member points to */
	uint32_t number;
};

static const struct cask_class *
class_of(struct dump *d, unsigned inner)
{
	return inner == SHAPE_ANY ? &cask_object_class : &d->classes[inner];
}

static const struct shape_struct *
shape_of(const struct dump *d, const struct seen *o)
{
	return &d->shape.structs[o->is - d->classes];
}

/* Objects */

/* Its object has ended, so that the tag of the last member comes next: whatever
 * is wrong is there. */
static void
go_to_waiting(struct dump *d, const struct follow *f)
{
	d->secret = f->secret;
	d->path_length = d->path_from +
	    (size_t)snprintf(d->path + d->path_from,
		sizeof d->path - d->path_from, "%s", f->waits->name);
}

static void
take_waiting(struct follow *f)
{
	f->key = f->waits->name;
	f->waits = NULL;
}

/* The first object that a pointer leads to: its members have paths, and
 * integers, of their own. */
static void
open_object(struct dump *d, struct follow *f)
{
	f->open = true;
	d->level++;
	d->value = d->values[d->level];
	d->path_from = d->path_length;
}

static void
object_x(struct cask_ar *ar, void *object)
{
	struct dump *d = ar->user;
	struct follow *f = d->follow;
	struct seen *o = object;
	const struct shape_struct *s = shape_of(d, o);
	struct sight sight = { .number = ar->graph->used,
		.class_name = s->name,
		.schema = cask_schema(ar),
		.is_new = true,
		.chained = f->open };

	o->number = sight.number;
	if (sight.number - f->used > 1)
		sight.of = sight.number - 1;
	if (f->waits != NULL)
		take_waiting(f);
	d->show->object(d, f->key, &sight);
	f->chained = f->open;
	if (!f->open)
		open_object(d, f);
	d->path_length = d->path_from;
	f->object = o;
	walk_members(d, s, sight.schema, s->order == SHAPE_AS_AROUND);
	if (f->waits != NULL && going(d))
		go_to_waiting(d, f);
}

/* It is exchanged when its object has ended. */
static void
leave_for_last(struct dump *d, const struct shape_member *m)
{
	struct follow *f = d->follow;

	f->waits = m;
	f->secret = d->secret;
	f->used = d->graph.used;
	cask_object_last_named(
	    &d->ar, &f->object->last, class_of(d, m->inner), m->name);
}

/* A pointer that led to nothing new. */
static void
show_pointer(struct dump *d, const char *key, const struct seen *o)
{
	struct sight sight = { 0 };

	if (o != NULL) {
		sight.number = o->number;
		sight.class_name = o->is->name;
	}
	d->show->object(d, key, &sight);
}

static void
end_objects(struct dump *d, struct follow *f)
{
	if (f->waits != NULL && going(d)) {
		take_waiting(f);
		show_pointer(d, f->key, f->object->last);
	}
	d->show->object_end(d, f->chained);
}

void
walk_object(struct dump *d, const struct shape_member *m, const char *key,
    const char *name, bool last)
{
	struct follow f = {
		.up = d->follow, .key = key, .used = d->graph.used
	};
	size_t from = d->path_from, length = d->path_length;
	unsigned level = d->level, secret = d->secret;
	struct seen *o = NULL;

	begin(d, "object");
	if (last) {
		leave_for_last(d, m);
		return;
	}
	d->follow = &f;
	cask_object_named(&d->ar, &o, class_of(d, m->inner), name);
	if (f.open)
		end_objects(d, &f);
	else if (going(d))
		show_pointer(d, key, o);
	d->follow = f.up;
	if (!going(d))
		return; /* it is shown where that was */
	d->level = level;
	d->value = d->values[level];
	d->secret = secret;
	d->path_from = from;
	d->path_length = length;
	d->path[length] = '\0';
}

/* A class without an object: gives its schema. */
uint64_t
walk_class(struct dump *d, const struct shape_member *m)
{
	const struct cask_class *kind = class_of(d, m->inner);
	struct sight sight = { .class_name = kind->name };
	uint32_t used = d->graph.used;

	begin(d, "class");
	sight.schema = cask_class_of(&d->ar, kind);
	if (!going(d))
		return 0;
	sight.of = d->graph.used > used ? d->graph.used : 0;
	d->show->object(d, kind->name, &sight);
	return sight.schema;
}

/* An object that both ends have anyhow: it has a number, and no bytes. */
void
walk_mapped(struct dump *d, const struct shape_member *m)
{
	const struct cask_class *kind = class_of(d, m->inner);
	struct seen *o = calloc(1, sizeof *o);
	struct sight sight = { .class_name = kind->name, .mapped = true };

	begin(d, "object");
	if (o == NULL) {
		cask_fail_named(
		    &d->ar, m, m->name, ENOMEM, "%s", cask_strerror(ENOMEM));
		return;
	}
	o->is = kind;
	o->last = d->mapped;
	d->mapped = o;
	cask_map_object(&d->ar, o, kind);
	o->number = sight.number = d->graph.used;
	if (going(d))
		d->show->object(d, m->name, &sight);
}

/* The classes */

static void
add_class(struct dump *d, unsigned i, unsigned *n)
{
	const struct shape_struct *s = &d->shape.structs[i];
	struct cask_class *c = &d->classes[i];

	if (!s->is_class)
		return;
	*c = (struct cask_class) { .name = s->name,
		.schema = (unsigned)s->schema,
		.versionable = s->versionable,
		.base = class_of(d, s->base),
		.size = sizeof(struct seen),
		.exchange = object_x,
		.unmake = free };
	for (unsigned k = 0; k < *n; k++)
		if (strcmp(d->list[k]->name, s->name) == 0)
			return; /* one of MFC's, which the shape has anew */
	d->list[(*n)++] = c;
}

void
objects_open(struct dump *d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < d->shape.count; i++)
		add_class(d, i, &n);
	for (unsigned i = SHAPE_STRUCTS; i < d->shape.classes; i++)
		add_class(d, i, &n);
	d->graph.classes = d->list;
	d->graph.most_objects = OBJECTS;
	d->ar.graph = &d->graph;
	d->ar.user = d;
}

void
objects_close(struct dump *d)
{
	cask_graph_clear(&d->graph);
	while (d->mapped != NULL) {
		struct seen *o = d->mapped;

		d->mapped = o->last;
		free(o);
	}
}
