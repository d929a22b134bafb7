/*
 * What the files of cask dump share.
 *
 *     token.c  the words of a shape
 *     shape.c  the parser of shapes; member.c, of their members
 *     tape.c   the transport: keeps the bytes of the value in hand
 *     walk.c   goes through a stream, as a shape says
 *     leaf.c   … and loads one value
 *     show.c   prints what was loaded, for people
 *     show_json.c … or as JSON
 *     guess.c  without a shape: bytes, and what they might be
 *     dump.c   the options, and what holds these together
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DUMP_H
#define DUMP_H

#include <cask.h>

#include "command.h"
#include "shape.h"

/*
 * A file, read no further than the archive needs, as it seems to the archive.
 * What was handed out since the mark can be looked at again, and what comes
 * next before it is handed out.
 */
struct tape {
	struct cask_io io;
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
};

void tape_open(struct tape *t, int fd);
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
		int64_t i; /* I8 to I64 */
		float f32;
		double f64;
		char *text;
		struct {
			const unsigned char *p;
			size_t n;
		} bytes;
	} is;
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
};

extern const struct show show_people;
extern const struct show show_json;

/* Each level adds at most a point, a name, and "[", 20 digits, "]". */
#define PATH_MOST ((SHAPE_DEPTH + 1) * (TOKEN_NAME_MOST + 1 + 22) + 8)

struct dump {
	const char *shape_path; /* options */
	const char *types;
	const char *order;
	uint64_t codepage;
	bool json;
	bool help;
	const char *name; /* of what is dumped */

	struct shape shape;
	struct tape tape;
	struct cask_ar ar;
	const struct show *show;

	/* the walk */
	uint64_t value[SHAPE_MEMBERS]; /* of integers, by their member */
	char path[PATH_MOST];          /* of the value in hand */
	size_t path_length;
	const char *type; /* … what it is called */
	uint64_t still;   /* where the walk is, and for how many steps */
	unsigned steps;
	unsigned secret; /* above 0: not to be shown */

	bool first; /* JSON: no comma yet */
};

/* Load one value, leaf->kind being what it is to be, as how a text ends, and
 * name what the archive calls it.  A text is to be freed. */
void load_leaf(struct dump *d, struct leaf *leaf, const struct cask_as *as,
    const char *name);
uint64_t load_unsigned(
    struct cask_ar *ar, enum shape_kind kind, const char *name);

/* Load what the shape says.  False: something was wrong, and cask_why(&d->ar)
 * has it; or the output is broken. */
bool walk(struct dump *d);

/* Print the place that was wrong, and how far it came. */
void show_wrong(struct dump *d);

/* Without a shape.  False after an error, which is in d->tape.io. */
bool guess(struct dump *d);

/* "2.5", "-0", "nan": in as few digits as tell the number. */
#define NUMBER_SIZE 32
char *f32_words(char to[NUMBER_SIZE], float v);
char *f64_words(char to[NUMBER_SIZE], double v);

#endif
