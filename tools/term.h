/*
 * Terminals: whether a stream is one, colours, and a line of progress.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TERM_H
#define TERM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

bool term_is(FILE *f);

/* … that can do more than print one line after the other. */
bool term_is_able(FILE *f);

/* Its size: 24 lines of 80 columns where it can't be asked. */
struct screen {
	int lines;
	int columns;
};

struct screen term_size(FILE *f);

/* What begins a style there, or ends it (STYLE_PLAIN); "" without colours:
 * --color, NO_COLOR and TERM decide, and whether it is a terminal. */
enum style {
	STYLE_PLAIN,
	STYLE_STRONG,
	STYLE_FAINT,
	STYLE_WRONG,
	STYLE_GOOD,
	STYLE_NAME,
	STYLE_SENT,
	STYLE_RECEIVED,
	STYLES
};

const char *term_style(FILE *f, enum style style);

/*
 * A line on stderr that tells how far something came, ten times a second at
 * most; nothing without a terminal or with --quiet.  There is one at a time.
 * what has to last; all is how much it will be, or 0.
 */
void progress_start(const char *what, uint64_t all);
void progress_to(uint64_t bytes);
void progress_end(void);

/* Take the line away, as something else is printed on stderr; or on stdout, if
 * that is a terminal too.  It comes back by itself. */
void progress_erase(void);
void progress_make_way(void);

#endif
