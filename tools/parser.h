/*
 * What the two files of the parser of shapes share: member.c, a member of a
 * struct, and shape.c, all around it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PARSER_H
#define PARSER_H

#include "shape.h"

struct parser {
	struct scanner scan;
	struct shape *shape;
	struct shape_struct *in; /* the struct in hand */
	enum shape_order order;  /* of the structs to come */
	const char *extends;     /* the last place where a struct does */
};

/* A name, to to; what is said of what is none.  False after a complaint, as
 * with all that takes something. */
bool take_name(struct parser *p, char *to, const char *what);

/* The struct whose name is in hand, of those before end, or NULL. */
const struct shape_struct *find_struct(
    const struct parser *p, const struct shape_struct *end);

/* A member, up to its semicolon. */
bool take_member(struct parser *p);

/* A member of a list of types: "f64[3]", its name being its number. */
bool take_unnamed(struct parser *p);

#endif
