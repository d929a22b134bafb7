/*
 * Bytes that wait: of a message that isn't whole, or for a client to take them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_QUEUE_H
#define CASKI_QUEUE_H

#include <cask/serve.h>

/*
 * Put n bytes behind those that wait in a queue of the server's.  Gives 0,
 * ENOMEM, or CASK_ELIMIT if all of them would have too much; then nothing was
 * put.
 */
int caski_queue_put(
    struct cask_server *s, struct caski_queue *q, const void *p, size_t n);

/* Take the first n away; memory is given back with the last. */
void caski_queue_take(struct cask_server *s, struct caski_queue *q, size_t n);

/* Take the last n away. */
void caski_queue_untake(struct cask_server *s, struct caski_queue *q, size_t n);

/* The first of them. */
static inline unsigned char *
caski_queue_first(const struct caski_queue *q)
{
	return q->bytes + q->from;
}

#endif
