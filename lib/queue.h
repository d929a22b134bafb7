/*
 * Bytes that wait: of a message that isn't whole, or for a client to take them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_QUEUE_H
#define CASKI_QUEUE_H

#include <cask/serve.h>

/*
 * Put n bytes behind those that wait.  *all is the memory of all queues, which
 * may be most.  Gives 0, ENOMEM, or CASK_ELIMIT; then nothing was put.
 */
int caski_queue_put(struct caski_queue *q, const void *p, size_t n,
    uint64_t *all, uint64_t most);

/* Take the first n away; memory is given back with the last. */
void caski_queue_take(struct caski_queue *q, size_t n, uint64_t *all);

/* Take the last n away. */
void caski_queue_untake(struct caski_queue *q, size_t n, uint64_t *all);

/* The first of them. */
static inline unsigned char *
caski_queue_first(const struct caski_queue *q)
{
	return q->bytes + q->from;
}

#endif
