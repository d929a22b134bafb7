/*
 * The parser of shapes: classes, and MFC's, which need no definition.  See
 * shape.h and parser.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "parser.h"

#include <string.h>

#define NAME_MOST   63 /* of a class, as MFC reads it */
#define SCHEMA_MOST 65534

/* Names */

static bool
names(const struct token *t, const char *name)
{
	return t->kind == TOKEN_NAME && t->n == strlen(name) &&
	    memcmp(t->at, name, t->n) == 0;
}

static const struct shape_struct *
find_from(const struct parser *p, const struct token *name, unsigned from,
    unsigned end)
{
	for (; from < end; from++)
		if (names(name, p->shape->structs[from].name))
			return &p->shape->structs[from];
	return NULL;
}

const struct shape_struct *
find_struct(const struct parser *p, const struct token *name)
{
	unsigned end = p->in != NULL ? (unsigned)(p->in - p->shape->structs)
				     : p->shape->count;
	const struct shape_struct *s;

	if (end >= SHAPE_STRUCTS)
		return find_from(p, name, SHAPE_STRUCTS, end);
	s = find_from(p, name, 0, end);
	if (s == NULL)
		s = find_from(p, name, SHAPE_STRUCTS, p->shape->classes);
	return s;
}

/* The class whose name is in hand, which has been defined. */
static const struct shape_struct *
take_class(struct parser *p)
{
	const struct token *t = &p->scan.token;
	const struct shape_struct *s = find_struct(p, t);

	if (t->kind != TOKEN_NAME)
		scan_expected(&p->scan, "the name of a class");
	else if (s == NULL)
		scan_fail(&p->scan, t->at,
		    "no class '%.*s' is defined before this one", (int)t->n,
		    t->at);
	else if (!s->is_class)
		scan_fail(&p->scan, t->at, "'%s' is a struct", s->name);
	return p->scan.failed ? NULL : s;
}

/* The head */

static bool
take_base(struct parser *p)
{
	const struct shape_struct *s;

	if (!scan_take(&p->scan, ":"))
		return !p->scan.failed;
	if (scan_take(&p->scan, "CObject"))
		return !p->scan.failed;
	s = take_class(p);
	if (s == NULL)
		return false;
	p->in->base = (unsigned)(s - p->shape->structs);
	return scan_next(&p->scan);
}

bool
take_class_head(struct parser *p, const char *at)
{
	if (strlen(p->in->name) > NAME_MOST)
		return scan_fail(&p->scan, at,
		    "a class has a name of at most %d characters", NAME_MOST);
	if (strcmp(p->in->name, "CObject") == 0)
		return scan_fail(
		    &p->scan, at, "CObject is any class, and has no members");
	if (!take_base(p))
		return false;
	if (scan_take(&p->scan, "schema")) {
		at = p->scan.token.at;
		if (!take_size(p, &p->in->schema))
			return false;
		if (p->in->schema > SCHEMA_MOST)
			return scan_fail(&p->scan, at,
			    "a schema is a number from 0 to %d", SCHEMA_MOST);
	}
	p->in->versionable = scan_take(&p->scan, "versionable");
	return !p->scan.failed;
}

/* Members */

bool
take_pointee(struct parser *p, struct shape_member *m)
{
	m->kind = SHAPE_OBJECT;
	m->inner = SHAPE_ANY;
	if (p->scan.token.kind != TOKEN_NAME)
		return scan_expected(&p->scan, "the name of a class");
	p->pointee[m - p->shape->member] = p->scan.token;
	return scan_next(&p->scan);
}

static bool
take_base_members(struct parser *p, struct shape_member *m, const char *at)
{
	m->kind = SHAPE_BASE;
	if (p->in->base == SHAPE_ANY)
		return scan_fail(&p->scan, at,
		    "'base' needs a class that has one: class CThis : CThat");
	m->inner = p->in->base;
	return can_be_member(p, &p->shape->structs[m->inner], m) &&
	    scan_expect(&p->scan, ";");
}

static bool
take_class_of(struct parser *p, struct shape_member *m)
{
	const struct shape_struct *s = take_class(p);

	m->kind = SHAPE_SCHEMA;
	if (s == NULL)
		return false;
	m->inner = (unsigned)(s - p->shape->structs);
	return scan_next(&p->scan) && scan_expect(&p->scan, ";");
}

static bool
take_map(struct parser *p, struct shape_member *m)
{
	const char *at;

	if (!take_pointee(p, m))
		return false;
	m->kind = SHAPE_MAP;
	at = p->scan.token.at;
	return take_name(p, m->name, "a name") &&
	    is_new_name(p, at, m->name, m) && scan_expect(&p->scan, ";");
}

bool
take_of_class(struct parser *p, struct shape_member *m, bool *was)
{
	const char *at = p->scan.token.at;

	*was = true;
	if (p->in->is_class && scan_take(&p->scan, "base"))
		return take_base_members(p, m, at);
	if (p->in->is_class && scan_take(&p->scan, "schema"))
		return take_class_of(p, m);
	if (scan_take(&p->scan, "map"))
		return take_map(p, m);
	*was = false;
	return !p->scan.failed;
}

/* What pointers point to, when all classes are known */

static bool
find_pointee(struct parser *p, struct shape_member *m, const struct token *t)
{
	const struct shape_struct *s = find_struct(p, t);

	if (s == NULL && names(t, "CObject"))
		return true;
	if (s == NULL)
		return scan_fail(&p->scan, t->at,
		    "no class '%.*s' is in this shape", (int)t->n, t->at);
	if (!s->is_class)
		return scan_fail(&p->scan, t->at, "'%s' is a struct", s->name);
	m->inner = (unsigned)(s - p->shape->structs);
	return true;
}

bool
find_pointees(struct parser *p)
{
	p->in = NULL; /* they may be to any */
	for (unsigned i = 0; i < p->shape->members; i++) {
		struct shape_member *m = &p->shape->member[i];

		if ((m->kind == SHAPE_OBJECT || m->kind == SHAPE_MAP) &&
		    !find_pointee(p, m, &p->pointee[i]))
			return false;
	}
	return true;
}
