/*
 * The parser of shapes: what is around the members.  See shape.h and parser.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "parser.h"

#include <string.h>

/* Structs */

static bool
add_struct(struct parser *p, enum shape_order order)
{
	if (p->shape->count == SHAPE_STRUCTS)
		return scan_fail(&p->scan, p->scan.token.at,
		    "more than %d structs", SHAPE_STRUCTS);
	p->in = &p->shape->structs[p->shape->count++];
	*p->in = (struct shape_struct) {
		.order = order, .first = p->shape->members, .depth = 1
	};
	return true;
}

static bool
take_order(struct parser *p, enum shape_order *order)
{
	if (scan_take(&p->scan, "big"))
		*order = SHAPE_BIG;
	else if (scan_take(&p->scan, "little"))
		*order = SHAPE_LITTLE;
	else
		return scan_expected(&p->scan, "'big' or 'little'");
	return !p->scan.failed;
}

/* "{ …; }", the struct's name before it. */
static bool
take_struct(struct parser *p, enum shape_order order)
{
	const struct shape_struct *other;

	if (!add_struct(p, order))
		return false;
	other = find_struct(p, p->in);
	if (other != NULL)
		return scan_fail(&p->scan, p->scan.token.at,
		    "a second struct called '%s'", other->name);
	if (!take_name(p, p->in->name, "the name of a struct") ||
	    !scan_expect(&p->scan, "{"))
		return false;
	while (!scan_is(&p->scan, "}"))
		if (!take_member(p))
			return false;
	return scan_expect(&p->scan, "}") &&
	    (scan_take(&p->scan, ";") || !p->scan.failed);
}

static bool
take_item(struct parser *p)
{
	enum shape_order order = p->order;

	if (scan_take(&p->scan, "order"))
		return take_order(p, &p->order) && scan_expect(&p->scan, ";");
	if (scan_is(&p->scan, "big") || scan_is(&p->scan, "little"))
		return take_order(p, &order) &&
		    scan_expect(&p->scan, "struct") && take_struct(p, order);
	if (scan_take(&p->scan, "struct"))
		return take_struct(p, order);
	return scan_expected(&p->scan, "'struct' or 'order'");
}

static void
start(struct parser *p, struct shape *shape, const char *file, char *why)
{
	*p = (struct parser) {
		.scan = { .file = file, .why = why, .why_size = SHAPE_WHY },
		.shape = shape
	};
	shape->members = shape->count = 0;
}

bool
shape_parse(struct shape *shape, const char *file, const char *text, size_t n,
    char *why)
{
	struct parser p;

	start(&p, shape, file, why);
	if (!scan_start(&p.scan, text, n))
		return false;
	do
		if (!take_item(&p))
			return false;
	while (p.scan.token.kind != TOKEN_END);
	if (shape->count == 0)
		return scan_expected(&p.scan, "a struct");
	if (shape->structs[shape->count - 1].extends)
		return scan_fail(&p.scan, p.extends,
		    "the last struct is the whole stream, and no message");
	return true;
}

bool
shape_parse_types(struct shape *shape, const char *file, const char *text,
    size_t n, char *why)
{
	struct parser p;

	start(&p, shape, file, why);
	if (!scan_start(&p.scan, text, n) || !add_struct(&p, SHAPE_AS_AROUND))
		return false;
	do
		if (!take_unnamed(&p))
			return false;
	while (p.scan.token.kind != TOKEN_END);
	return true;
}
