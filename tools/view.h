/*
 * Views: one direction of a connection, as a shape says, while it comes.
 *
 * The walk of cask dump blocks until there is more.  So it is done in a thread,
 * which never runs but while view_feed waits for it: one gives the other the
 * bytes, and waits until they are used up.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "shape.h"

struct view;

/* NULL: there is no memory, or no thread, for one. */
struct view *view_open(const struct shape *shape);

/* Bytes have come, VIEW_MOST at most; n of 0: these were all.  What is to be
 * printed, whole messages and what was wrong, comes with view_take. */
#define VIEW_MOST 16384 /* the walk takes these at once */
void view_feed(struct view *v, const unsigned char *bytes, size_t n);

/* What there is to print by now, *n bytes; or NULL.  It stays until the next
 * call. */
const char *view_take(struct view *v, size_t *n);

/* Why nothing more is shown by the shape; or NULL.  Bytes from *at on were not
 * shown, and are *left, *n of them. */
const char *view_why(
    struct view *v, uint64_t *at, const unsigned char **left, size_t *n);

void view_close(struct view *v);

#endif
