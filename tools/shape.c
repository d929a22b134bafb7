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
	if (p->shape->count == p->most_structs)
		return scan_fail(&p->scan, p->scan.token.at,
		    "more than %d structs", SHAPE_STRUCTS);
	p->in = &p->shape->structs[p->shape->count++];
	*p->in = (struct shape_struct) { .order = order,
		.first = p->shape->members,
		.depth = 1,
		.base = SHAPE_ANY };
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

/* "{ …; }", the name of the struct or class before it. */
static bool
take_struct(struct parser *p, enum shape_order order, bool is_class)
{
	const char *at = p->scan.token.at;
	const struct shape_struct *other;

	if (!add_struct(p, order))
		return false;
	p->in->is_class = is_class;
	other = find_struct(p, &p->scan.token);
	if (other != NULL && other < p->shape->structs + SHAPE_STRUCTS)
		return scan_fail(&p->scan, at, "a second %s called '%s'",
		    other->is_class ? "class" : "struct", other->name);
	if (!take_name(p, p->in->name,
		is_class ? "the name of a class" : "the name of a struct"))
		return false;
	if (is_class && !take_class_head(p, at))
		return false;
	if (!is_class)
		p->shape->outermost = p->shape->count - 1;
	if (!scan_expect(&p->scan, "{"))
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
	if (scan_is(&p->scan, "big") || scan_is(&p->scan, "little")) {
		if (!take_order(p, &order))
			return false;
		if (!scan_is(&p->scan, "struct") && !scan_is(&p->scan, "class"))
			return scan_expected(&p->scan, "'struct' or 'class'");
	}
	if (scan_take(&p->scan, "struct"))
		return take_struct(p, order, false);
	if (scan_take(&p->scan, "class"))
		return take_struct(p, order, true);
	return scan_expected(&p->scan, "'struct', 'class' or 'order'");
}

static bool
take_items(struct parser *p)
{
	do
		if (!take_item(p))
			return false;
	while (p->scan.token.kind != TOKEN_END);
	return true;
}

/* MFC's own classes */

static const char builtin[] =
    "class CByteArray { count count; bytes item[count]; }"
    "class CWordArray { count count; u16 item[count]; }"
    "class CDWordArray { count count; u32 item[count]; }"
    "class CStringArray { count count; text item[count]; }"
    "class CStringList { count count; text item[count]; }"
    "class CObArray { count count; object CObject item[count]; }"
    "class CObList { count count; object CObject item[count]; }"
    "struct CTextText { text key; text value; }"
    "struct CTextObject { text key; object CObject value; }"
    "struct CWordObject { u16 key; object CObject value; }"
    "class CMapStringToString { count count; struct CTextText item[count]; }"
    "class CMapStringToOb { count count; struct CTextObject item[count]; }"
    "class CMapWordToOb { count count; struct CWordObject item[count]; }";

static void
start(struct parser *p, struct shape *shape, const char *file, char *why)
{
	*p = (struct parser) {
		.scan = { .file = file, .why = why, .why_size = SHAPE_WHY },
		.shape = shape,
		.most_members = SHAPE_MEMBERS,
		.most_structs = SHAPE_STRUCTS
	};
	shape->members = shape->count = 0;
	shape->outermost = SHAPE_ANY;
}

/* Have MFC's classes stand behind the room for all others. */
static bool
take_builtin(struct parser *p)
{
	struct scanner scan = p->scan;
	bool ok;

	p->most_members += SHAPE_BUILTIN;
	p->most_structs += SHAPE_CLASSES;
	p->shape->members = SHAPE_MEMBERS;
	p->shape->count = p->shape->classes = SHAPE_STRUCTS;
	ok = scan_start(&p->scan, builtin, sizeof builtin - 1) && take_items(p);
	p->shape->classes = p->shape->count;
	start(p, p->shape, scan.file, scan.why);
	return ok;
}

bool
shape_parse(struct shape *shape, const char *file, const char *text, size_t n,
    char *why)
{
	static struct parser p;

	start(&p, shape, file, why);
	if (!take_builtin(&p) || !scan_start(&p.scan, text, n) ||
	    !take_items(&p))
		return false;
	if (shape->outermost == SHAPE_ANY)
		return scan_expected(&p.scan, "a struct");
	if (shape->structs[shape->outermost].extends)
		return scan_fail(&p.scan, p.extends,
		    "the last struct is the whole stream, and no message");
	return find_pointees(&p);
}

bool
shape_parse_types(struct shape *shape, const char *file, const char *text,
    size_t n, char *why)
{
	static struct parser p;

	start(&p, shape, file, why);
	if (!take_builtin(&p) || !scan_start(&p.scan, text, n) ||
	    !add_struct(&p, SHAPE_AS_AROUND))
		return false;
	shape->outermost = 0;
	do
		if (!take_unnamed(&p))
			return false;
	while (p.scan.token.kind != TOKEN_END);
	return find_pointees(&p);
}
