/*
 * Bytes that wait.  See queue.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "queue.h"

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

/* Twice as much, so that many small pieces cost no more than a few large ones.
 */
static int
grow(struct caski_queue *q, size_t needs, uint64_t *all, uint64_t most)
{
	size_t size = q->size > 0 ? 2 * q->size : FIRST;
	void *bytes;

	while (size < needs)
		size *= 2;
	if (*all + (size - q->size) > most)
		size = needs;
	if (*all + (size - q->size) > most)
		return CASK_ELIMIT;
	bytes = caski_sys_realloc(q->bytes, size);
	if (bytes == NULL)
		return ENOMEM;
	*all += size - q->size;
	q->bytes = bytes;
	q->size = size;
	return 0;
}

int
caski_queue_put(struct caski_queue *q, const void *p, size_t n, uint64_t *all,
    uint64_t most)
{
	int err = 0;

	if (n > SIZE_MAX / 4 - q->have)
		return ENOMEM;
	if (q->size - q->from - q->have < n)
		to_front(q);
	if (q->size - q->have < n)
		err = grow(q, q->have + n, all, most);
	if (err != 0)
		return err;
	memcpy(q->bytes + q->from + q->have, p, n);
	q->have += n;
	return 0;
}

static void
free_if_empty(struct caski_queue *q, uint64_t *all)
{
	if (q->have > 0)
		return;
	caski_sys_free(q->bytes);
	*all -= q->size;
	memset(q, 0, sizeof *q);
}

void
caski_queue_take(struct caski_queue *q, size_t n, uint64_t *all)
{
	q->from += n;
	q->have -= n;
	free_if_empty(q, all);
}

void
caski_queue_untake(struct caski_queue *q, size_t n, uint64_t *all)
{
	q->have -= n;
	free_if_empty(q, all);
}
