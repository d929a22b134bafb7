/*
 * The lessons, and how an answer to the task of one is checked.
 *
 * A lesson is a text and a program in tools/lessons, which table.awk puts into
 * the command: the text and the source line by line, and the program under
 * another name than main.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef LESSON_H
#define LESSON_H

#include <stdbool.h>

struct lesson {
	const char *name; /* of the program: "one-send" */
	const char *title;
	const char *const *text;   /* its lines, up to a NULL */
	const char *const *source; /* … */
	int (*main)(int argc, char **argv);
};

#define LESSONS 12

/* Lesson 1 is lessons[0]. */
extern const struct lesson lessons[LESSONS];

/* lesson_check.c: run the program with the trials of lesson number n, and tell
 * of the first that goes wrong.  Gives an exit code. */
int lesson_check(unsigned n, const char *program);

#endif
