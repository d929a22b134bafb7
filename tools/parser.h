/*
 * What the files of the parser of shapes share: member.c, a member of a struct;
 * class.c, what there is of classes; and shape.c, all around them.
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
	unsigned most_members;   /* in shape, and of structs */
	unsigned most_structs;
	struct token pointee[SHAPE_MEMBERS + SHAPE_BUILTIN]; /* by member: the
	    name of the class that it points to, which may be to come */
};

/* A name, to to; what is said of what is none.  False after a complaint, as
 * with all that takes something. */
bool take_name(struct parser *p, char *to, const char *what);

bool take_size(struct parser *p, uint64_t *to); /* a number from 0 on */

/* The struct or class whose name that is, of those that are before the one in
 * hand, and then of MFC's; or NULL. */
const struct shape_struct *find_struct(
    const struct parser *p, const struct token *name);

/* A struct or class that is whole, as the type of a member of the one in hand.
 * False after a complaint about the token in hand, its name. */
bool can_be_member(struct parser *p, const struct shape_struct *s,
    const struct shape_member *m);

/* A member called name, at that place: false if there is one before up_to. */
bool is_new_name(struct parser *p, const char *at, const char *name,
    const struct shape_member *up_to);

/* A member, up to its semicolon. */
bool take_member(struct parser *p);

/* A member of a list of types: "f64[3]", its name being its number. */
bool take_unnamed(struct parser *p);

/* Classes: ": CBase schema 2 versionable", behind a class's name, which is at
 * that place. */
bool take_class_head(struct parser *p, const char *at);

/* The name of a class that a member points to, behind "object". */
bool take_pointee(struct parser *p, struct shape_member *m);

/* "base;", "schema CBase;", "map CDocument document;", if it is one of them;
 * *was tells. */
bool take_of_class(struct parser *p, struct shape_member *m, bool *was);

/* Find what all pointers point to. */
bool find_pointees(struct parser *p);

#endif
