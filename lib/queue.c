/*
 * Bytes that wait.  See queue.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve.h"

#include <errno.h>
#include <string.h>

#include "sys.h"

#define FIRST 512

static void
to_front(struct caski_queue *q)
{
	if (q->from > 0)
		memmove(q->bytes, q->bytes + q->from, q->have);
	q->from = 0;
}

static void
give(struct cask_server *s, struct caski_queue *q, void *bytes, size_t size)
{
	s->counts.memory += size - q->size;
	q->bytes = bytes;
	q->size = size;
}

/* Twice as much, so that many small pieces cost no more than a few large ones.
 */
static int
grow(struct cask_server *s, struct caski_queue *q, size_t needs)
{
	uint64_t others = s->counts.memory - q->size;
	uint64_t most = caski_server_memory(s);
	size_t size = q->size > 0 ? 2 * q->size : FIRST;
	void *bytes;

	while (size < needs)
		size *= 2;
	if (others + size > most)
		size = needs;
	if (others + size > most)
		return CASK_ELIMIT;
	if (q->size == 0 && size == FIRST && s->spare != NULL) {
		give(s, q, s->spare, size);
		s->spare = NULL;
		return 0;
	}
	bytes = caski_sys_realloc(q->bytes, size);
	if (bytes == NULL)
		return ENOMEM;
	give(s, q, bytes, size);
	return 0;
}

int
caski_queue_put(
    struct cask_server *s, struct caski_queue *q, const void *p, size_t n)
{
	int err = 0;

	if (n > SIZE_MAX / 4 - q->have)
		return ENOMEM;
	if (q->size - q->from - q->have < n)
		to_front(q);
	if (q->size - q->have < n)
		err = grow(s, q, q->have + n);
	if (err != 0)
		return err;
	memcpy(q->bytes + q->from + q->have, p, n);
	q->have += n;
	return 0;
}

/* The next one that isn't empty any more is likely to come soon. */
static void
free_if_empty(struct cask_server *s, struct caski_queue *q)
{
	if (q->have > 0)
		return;
	s->counts.memory -= q->size;
	if (q->size == FIRST && s->spare == NULL)
		s->spare = q->bytes;
	else
		caski_sys_free(q->bytes);
	*q = (struct caski_queue) { .bytes = NULL };
}

void
caski_queue_take(struct cask_server *s, struct caski_queue *q, size_t n)
{
	q->from += n;
	q->have -= n;
	free_if_empty(s, q);
}

void
caski_queue_untake(struct cask_server *s, struct caski_queue *q, size_t n)
{
	q->have -= n;
	free_if_empty(s, q);
}
