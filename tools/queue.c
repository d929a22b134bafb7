/*
 * A queue of bytes.  See queue.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "queue.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LEAST 4096
#define KEPT  131072 /* of memory, when there is nothing in it */

unsigned char *
queue_room(struct queue *q, size_t n)
{
	size_t size = q->size > 0 ? q->size : LEAST;
	void *p;

	if (q->size - q->from - q->n >= n && q->size > 0)
		return q->data + q->from + q->n;
	if (q->from > 0) {
		memmove(q->data, q->data + q->from, q->n);
		q->from = 0;
	}
	while (size - q->n < n) {
		if (size > SIZE_MAX / 2)
			return NULL;
		size *= 2;
	}
	if (size > q->size) {
		p = realloc(q->data, size);
		if (p == NULL)
			return NULL;
		q->data = p;
		q->size = size;
	}
	return q->data + q->n;
}

bool
queue_put(struct queue *q, const void *bytes, size_t n)
{
	unsigned char *to = queue_room(q, n);

	if (to == NULL)
		return false;
	memcpy(to, bytes, n);
	q->n += n;
	return true;
}

void
queue_take(struct queue *q, size_t n)
{
	q->from += n;
	q->n -= n;
	if (q->n > 0)
		return;
	q->from = 0;
	if (q->size > KEPT)
		queue_free(q);
}

void
queue_free(struct queue *q)
{
	free(q->data);
	*q = (struct queue) { .data = NULL };
}
