/*
 * What cask proxy shows.  It is done by a thread of its own, so that neither a
 * reader of standard output who is slow, nor a shape that does not fit, ever
 * holds up the bytes: events are copied into a queue.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ANNOTATE_H
#define ANNOTATE_H

#include "session.h"
#include "shape.h"

#define ANNOTATE_MOST (64 << 20) /* bytes in the queue; more is not shown */

/* Begin, with a shape for each way, or NULL.  False after a complaint. */
bool annotate_begin(const struct shape *const shapes[WAYS]);
void annotate_event(const struct event *e);

/* Whether standard output is broken. */
bool annotate_is_broken(void);

/* Show what is in the queue, and end.  After it anybody may print. */
void annotate_end(void);

#endif
