/*
 * Shapes: what a stream consists of, said in a few words.  cask(5) has the
 * grammar.
 *
 * A struct has to be defined before it is used, so none can contain itself:
 * how deep they nest is known, and every member has at most one value at a
 * time.  Only a pointer may be to an object of a class that is defined later:
 * of a class there are as many as objects nest.
 *
 * MFC's collections are classes that are there without being defined.  They
 * stand behind those of the shape, which may have its own of the same name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cask.h>

#include "token.h"

#define SHAPE_DEPTH   32        /* structs within structs */
#define SHAPE_MEMBERS 1000      /* of all structs together */
#define SHAPE_STRUCTS 1000      /* some have no members */
#define SHAPE_BUILTIN 26        /* members of those that are there anyhow */
#define SHAPE_CLASSES 13        /* … and how many these are */
#define SHAPE_FILE    (1 << 20) /* bytes */
#define SHAPE_WHY     1024      /* bytes of a complaint */

enum shape_kind {
	SHAPE_U8,
	SHAPE_U16,
	SHAPE_U32,
	SHAPE_U64,
	SHAPE_I8,
	SHAPE_I16,
	SHAPE_I32,
	SHAPE_I64,
	SHAPE_BOOL,
	SHAPE_CHAR16,
	SHAPE_VERSION, /* U16, from 1 to size; its name is "version" */
	SHAPE_COUNT,   /* the last one that is an integer */
	SHAPE_F32,
	SHAPE_F64,
	SHAPE_TEXT, /* ANSI or Unicode, as it comes */
	SHAPE_ANSI,
	SHAPE_UNICODE,
	SHAPE_UTF8,
	SHAPE_UTF16,
	SHAPE_UTF32, /* the last one that is text */
	SHAPE_BSTR,
	SHAPE_TIME, /* MFC's values, from here … */
	SHAPE_TIMESPAN,
	SHAPE_DATE,
	SHAPE_DATESPAN,
	SHAPE_CURRENCY,
	SHAPE_POINT,
	SHAPE_SIZE,
	SHAPE_RECT,
	SHAPE_GUID,
	SHAPE_VARIANT, /* … to here */
	SHAPE_BYTES,   /* the last one that has a name */
	SHAPE_OBJECT,  /* a pointer to one */
	SHAPE_STRUCT,  /* or a class, without an object's tag in front */
	SHAPE_BASE,    /* the members of the base class */
	SHAPE_SCHEMA,  /* a class, without an object */
	SHAPE_MAP,     /* an object without a byte */
	SHAPE_UNION,
	SHAPE_NOTHING, /* a case of a union without a member */
	SHAPE_EXTENDS, /* a message may end here */
};

enum shape_many {
	SHAPE_ONE,
	SHAPE_FIXED,   /* size of them */
	SHAPE_COUNTED, /* as many as the member by says */
	SHAPE_REST,    /* as many as follow until the end */
};

enum shape_order { SHAPE_AS_AROUND, SHAPE_LITTLE, SHAPE_BIG };

struct shape_member {
	char name[TOKEN_NAME_MOST + 1]; /* "" for unions, nothing, extends */
	enum shape_kind kind;
	enum shape_many many;
	struct cask_as
	    as;        /* of text that has no length in front: how it ends */
	bool secret;   /* not to be shown */
	bool message;  /* a length is in front of each */
	bool optional; /* a bool in front tells whether it is there */
	bool since;    /* only if the member version says at least number */
	bool schema; /* … or, instead of a member, the class's schema does */
	uint64_t number;
	unsigned version;
	uint64_t size;
	unsigned by;    /* which member tells how many, or which case */
	unsigned inner; /* which struct it is; of a pointer: SHAPE_ANY, too */
	unsigned cases; /* of a union: the members that follow it */
	uint64_t value; /* of a case: what chooses it */
};

#define SHAPE_ANY UINT_MAX /* CObject: any class */

struct shape_struct {
	char name[TOKEN_NAME_MOST + 1];
	bool is_class;
	unsigned base; /* of a class: which one, or SHAPE_ANY */
	uint64_t schema;
	bool versionable;
	enum shape_order order;
	unsigned first; /* of its members, cases included */
	unsigned count;
	unsigned depth; /* 1: no structs in it */
	bool rest;      /* its last member goes on to the end */
	bool extends;   /* it is a message, which may be shorter or longer */
};

struct shape {
	struct shape_member member[SHAPE_MEMBERS + SHAPE_BUILTIN];
	struct shape_struct structs[SHAPE_STRUCTS + SHAPE_CLASSES];
	unsigned members;
	unsigned count;
	unsigned outermost; /* the last one that is no class */
	unsigned classes;   /* the end of those from SHAPE_STRUCTS on */
};

/*
 * Parse the n bytes of a shape, or of a list of types ("u32 text f64*"), whose
 * members are called v1, v2, …  file is its name for complaints.  False: why,
 * of SHAPE_WHY bytes, has the complaint: what, where, the line and a caret.
 */
bool shape_parse(struct shape *shape, const char *file, const char *text,
    size_t n, char *why);
bool shape_parse_types(struct shape *shape, const char *file, const char *text,
    size_t n, char *why);

/* Parse a file that an option has named.  False after a complaint. */
bool shape_read(struct shape *shape, const char *option, const char *path);

/* "u32", …; of structs, unions and nothing: "struct", "union", "". */
const char *shape_kind_name(enum shape_kind kind);

static inline bool
shape_is_text(enum shape_kind kind)
{
	return kind >= SHAPE_TEXT && kind <= SHAPE_UTF32;
}

static inline bool
shape_is_signed(enum shape_kind kind)
{
	return kind >= SHAPE_I8 && kind <= SHAPE_I64;
}

#endif
