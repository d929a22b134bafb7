/*
 * CASK_TRACE: what is told on stderr, line by line.  What there is to tell of
 * sockets is in trace.h, of an archive's fields in field.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_TELL_H
#define CASKI_TELL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	CASKI_TELL_CALLS = 1,
	CASKI_TELL_BYTES = 2,
	CASKI_TELL_WIRE = 4,
	CASKI_TELL_KINDS =
	    CASKI_TELL_CALLS | CASKI_TELL_BYTES | CASKI_TELL_WIRE,
	CASKI_TELL_TIMELESS = 64, /* time=off */
	CASKI_TELL_UNREAD = 128,  /* the environment was not looked at yet */
};

#define CASKI_LINE  480 /* of a line at most, its end included */
#define CASKI_STAMP 32

/* What is told; hidden, so that it is read without a detour. */
extern __attribute__((visibility("hidden"))) atomic_int caski_tell_on;

/* The same, with the environment looked at. */
int caski_tell_kinds(void);

/* Whether this kind is told: one load and one branch when nothing is. */
static inline bool
caski_tells(int kind)
{
	return atomic_load_explicit(&caski_tell_on, memory_order_relaxed) !=
	    0 &&
	    (caski_tell_kinds() & kind) != 0;
}

/* Tell one line, in one piece; what is no character in it becomes "?". */
void caski_tell(char line[CASKI_LINE]);

/* What a line begins with: the time and a space, or nothing. */
void caski_tell_stamp(char buf[CASKI_STAMP]);

/*
 * Read a variable of the environment whose value is parts with commas between
 * them.  take gets each of them that isn't empty, n bytes; it gives false for
 * one that is none of the forms, which is then told on stderr, if tell is set.
 */
void caski_tell_variable(const char *variable, const char *forms, bool tell,
    bool (*take)(const char *part, size_t n));

#endif
