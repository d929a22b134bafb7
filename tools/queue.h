/*
 * A queue of bytes: put behind, taken in front.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is valid: an empty one. */
struct queue {
	unsigned char *data;
	size_t from; /* where it begins in data */
	size_t n;
	size_t size;
};

/* Where it begins, and what is to be put behind it: room for n bytes, or NULL
 * when there is no memory.  To be counted with n += once they are there. */
static inline unsigned char *
queue_front(const struct queue *q)
{
	return q->data + q->from;
}

unsigned char *queue_room(struct queue *q, size_t n);

/* Put n bytes behind it.  False: no memory. */
bool queue_put(struct queue *q, const void *bytes, size_t n);

/* Take n bytes that were looked at. */
void queue_take(struct queue *q, size_t n);

void queue_free(struct queue *q);

#endif
