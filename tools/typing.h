/*
 * Lines that somebody types while other things go on; or that come of a pipe.
 *
 * At a terminal they are edited with readline, where it was there when this was
 * built, and otherwise as the terminal does it.  What is printed meanwhile
 * stands on lines of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TYPING_H
#define TYPING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Watch standard input, and hand over each line, without what ends it; NULL,
 * once, at the end.  most is what it may have in bytes: a longer one is
 * complained of, and left out.  The prompt is shown on terminals; both have to
 * last.  There is one at a time.  Gives 0 or an error of cask_watch_start.
 */
int typing_start(
    const char *prompt, size_t most, void (*typed)(const char *line));

/* Take away what is being typed, to print something; and put it back. */
void typing_hide(void);
void typing_show(void);

/* Others may have used the terminal, or changed its size: it is set up again.
 */
void typing_resume(void);

/* No more: the terminal is given back.  Twice is fine. */
void typing_end(void);

/* Whether lines were left out for being too long. */
bool typing_lost(void);

#endif
