/*
 * What the files of cask dump share.
 *
 *     token.c  the words of a shape
 *     shape.c  the parser of shapes; member.c, of their members; class.c, of
 *              what there is of classes
 *     shape_file.c … reads one from a file
 *     tape.c   the transport: keeps the bytes of the value in hand
 *     walk.c   goes through a stream, as a shape says
 *     leaf.c   … and loads one value, or stores it
 *     object.c … or an object, by a pointer to it
 *     show.c   prints what was loaded, for people; value.c, one value
 *     show_json.c … or as JSON
 *     show_dot.c … or, of objects, as a graph for Graphviz
 *     guess.c  without a shape: bytes, and what they might be
 *     dump.c   the options, and what holds these together
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DUMP_H
#define DUMP_H

#include <cask.h>

#include <stdio.h>

#include "command.h"
#include "shape.h"

/*
 * A file, read no further than the archive needs, as it seems to the archive.
 * What was handed out since the mark can be looked at again, and what comes
 * next before it is handed out.
 */
struct tape {
	struct cask_io io;
	struct cask_io *below; /* where it is read from */
	struct cask_file file;
	unsigned char *data;
	size_t size;
	size_t mark;   /* in data: what is kept begins here */
	size_t next;   /* … what is handed out next */
	size_t filled; /* … what was read so far */
	uint64_t base; /* the stream's offset of data */
	uint64_t from; /* … of the message in hand, behind its length */
	uint64_t end;  /* … of its end, which no value goes beyond */
	bool ended;
	bool lacks;     /* … and more was asked for */
	uint64_t least; /* … of what goes on up to here, at least */
};

void tape_open(struct tape *t, int fd);

/* The n bytes at data, which stay the caller's: not to be closed. */
void tape_use(struct tape *t, unsigned char *data, size_t n);
void tape_over(struct tape *t, struct cask_io *below);
void tape_close(struct tape *t);

/* Keep from here on. */
void tape_mark(struct tape *t);

/* Have n bytes to look at, at t->data + t->next: fewer at the end, that of the
 * message, too, or after an error.  Gives how many. */
size_t tape_peek(struct tape *t, size_t n);

/* Take n of the bytes that were looked at. */
void tape_skip(struct tape *t, size_t n);

/* The stream's offset of the mark. */
static inline uint64_t
tape_at(const struct tape *t)
{
	return t->base + t->mark;
}

/* A value that was loaded. */
struct leaf {
	enum shape_kind kind; /* of TEXT, when loaded: ANSI or UNICODE */
	union {
		uint64_t u;
		int64_t i; /* I8 to I64, TIME, TIMESPAN */
		float f32;
		double f64;
		char *text; /* of BSTR, too */
		struct {
			const unsigned char *p;
			size_t n;
		} bytes;
		struct cask_date date; /* DATESPAN, too */
		struct cask_currency currency;
		struct cask_point point;
		struct cask_size size;
		struct cask_rect rect;
		struct cask_guid guid;
		struct cask_variant variant;
	} is;
};

/* What stands for a pointer, or for a class alone.  A class has a number here
 * where it was defined. */
struct sight {
	uint32_t number; /* of the object; 0: NULL, or a class alone */
	uint32_t of;     /* … of its class, if that was defined here, or 0 */
	const char *class_name;
	uint64_t schema; /* as it came; of new objects, and classes */
	bool is_new;
	bool chained; /* … and stands behind the object that points to it */
	bool mapped;
};

struct dump;

/* How to print.  key is the name of a member; NULL: an element of an array. */
struct show {
	void (*begin)(struct dump *d, const char *key, char bracket);
	void (*end)(struct dump *d, char bracket);
	void (*leaf)(struct dump *d, const char *key, const struct leaf *leaf);
	void (*absent)(struct dump *d, const char *key);
	void (*bytes)(struct dump *d, const char *key); /* pieces follow */
	void (*bytes_end)(struct dump *d);

	/* A pointer, or a class.  The members of a new object follow, and then
	   the end; it is one for all that were chained. */
	void (*object)(
	    struct dump *d, const char *key, const struct sight *sight);
	void (*object_end)(struct dump *d, bool chained);
};

extern const struct show show_people;
extern const struct show show_json;
extern const struct show show_dot;

/* Each level adds at most a point, a name, and "[", 20 digits, "]". */
#define PATH_MOST ((SHAPE_DEPTH + 1) * (TOKEN_NAME_MOST + 1 + 22) + 8)

#define DUMP_DEPTH 100 /* objects and structs, within each other */
#define OBJECTS    4194304

#define VALUES  (SHAPE_MEMBERS + SHAPE_BUILTIN)
#define STRUCTS (SHAPE_STRUCTS + SHAPE_CLASSES)

/* A pointer that is being followed. */
struct follow {
	struct follow *up;
	const char *key;
	uint32_t used; /* numbers that were given before its tag */
	bool open;     /* there was a new object */
	bool chained;  /* … and one behind it */
	const struct shape_member *waits; /* the last of it, or NULL */
	unsigned secret;                  /* … how much that is */
	struct seen *object;              /* the one whose last it is */
	struct node *node;                /* for Graphviz */
};

struct dump {
	const char *shape_path; /* options */
	const char *types;
	unsigned order; /* 1: big */
	uint64_t codepage;
	bool json;
	bool dot;
	const char *name; /* of what is dumped */

	bool shaped; /* there is a shape */
	struct shape shape;
	struct tape tape;
	struct cask_ar ar;
	const struct show *show;
	FILE *out; /* where it is shown */

	/* the walk */
	uint64_t *value; /* of integers, by their member: in the object's row */
	uint64_t values[DUMP_DEPTH + 1][VALUES];
	char path[(DUMP_DEPTH + 1) * PATH_MOST]; /* of the value in hand */
	size_t path_length;
	size_t path_from; /* where that of the object begins */
	const char *type; /* … what it is called */
	uint64_t still;   /* where the walk is, and for how many steps */
	unsigned steps;
	unsigned secret; /* above 0: not to be shown */

	/* objects */
	struct cask_graph graph;
	struct cask_class classes[STRUCTS];
	const struct cask_class *list[STRUCTS + 1];
	struct follow *follow; /* the one in hand, or NULL */
	unsigned level;        /* how many are around it */
	struct seen *mapped;

	void (*whole)(struct dump *d); /* of walk_on */
	void *user;                    /* … for who does it */

	bool first; /* JSON: no comma yet */
};

/* Load one value, or store it, leaf->kind being what it is to be, as how a text
 * ends, and name what the archive calls it.  A text that was loaded is to be
 * freed. */
void exchange_leaf(struct dump *d, struct leaf *leaf, const struct cask_as *as,
    const char *name);
uint64_t exchange_unsigned(
    struct cask_ar *ar, enum shape_kind kind, uint64_t v, const char *name);

void free_leaf(struct leaf *leaf);

/* Set the archive and the shape as the options say.  False after a complaint.
 */
bool dump_settings(struct dump *d);

/* Load what the shape says.  False: something was wrong, and cask_why(&d->ar)
 * has it; or the output is broken. */
bool walk(struct dump *d);

/* The same, without an end: one after the other as long as there is more, and
 * whole is told after each.  If the last member goes on to the end, that is
 * each of its elements. */
bool walk_on(struct dump *d);

struct seen;
struct node;

/* What walk.c and object.c have of each other. */
bool going(const struct dump *d);
void begin(struct dump *d, const char *type);
void walk_members(
    struct dump *d, const struct shape_struct *s, uint64_t schema, bool last);
void objects_open(struct dump *d);
void objects_close(struct dump *d);

/* A pointer; or, with last, the last member of the object in hand. */
void walk_object(struct dump *d, const struct shape_member *m, const char *key,
    const char *name, bool last);
void walk_mapped(struct dump *d, const struct shape_member *m);
uint64_t walk_class(struct dump *d, const struct shape_member *m);

/* Print the node of the outermost struct, and the end. */
void dot_finish(void);

/* Print the place that was wrong, and how far it came. */
void show_wrong(struct dump *d);

/* Without a shape.  False after an error, which is in d->tape.io. */
bool guess(struct dump *d);

/* A line: the n bytes at p, as they are and as characters. */
#define BYTES_PER_LINE 16
void print_line(FILE *f, const unsigned char *p, size_t n, uint64_t at);

/* One value in words. */
void print_value(FILE *f, const struct leaf *leaf);

/* What a variant holds, as a leaf of another kind; false: nothing. */
bool variant_leaf(const struct cask_variant *v, struct leaf *leaf);

/* "2.5", "-0", "nan": in as few digits as tell the number. */
#define NUMBER_SIZE 32
char *f32_words(char to[NUMBER_SIZE], float v);
char *f64_words(char to[NUMBER_SIZE], double v);

#endif
