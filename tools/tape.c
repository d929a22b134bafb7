/*
 * The transport of cask dump.  See dump.h.
 *
 * It stands before a file descriptor's own.  The archive reads exactly what it
 * needs ("exact"), so what was handed out since the mark is the value in hand.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "term.h"

#define LEAST 65536 /* bytes of memory, and half of it is read at a time */

static struct tape *
tape_of(struct cask_io *io)
{
	return (struct tape *)(void *)io; /* its first member */
}

/* Have room behind what was read.  Memory grows with what is kept. */
static bool
make_room(struct tape *t)
{
	unsigned char *data;
	size_t size = t->size;

	if (t->mark > 0 && t->size - t->filled < LEAST / 2) {
		memmove(t->data, t->data + t->mark, t->filled - t->mark);
		t->base += t->mark;
		t->next -= t->mark;
		t->filled -= t->mark;
		t->mark = 0;
	}
	if (size - t->filled >= LEAST / 2)
		return true;
	size = size == 0 ? LEAST : 2 * size;
	data = size > t->size ? realloc(t->data, size) : NULL;
	if (data == NULL) {
		cask_io_fail(&t->io, ENOMEM, "read");
		return false;
	}
	t->data = data;
	t->size = size;
	return true;
}

/* Read on.  False at the end, or after an error.  It may wait: what was printed
 * so far is to be seen meanwhile. */
static bool
fill(struct tape *t)
{
	struct cask_io *below = t->below;
	ptrdiff_t n;

	t->lacks = t->lacks || t->ended;
	if (t->ended || t->io.err != 0 || !make_room(t))
		return false;
	output_flush();
	n = below->table->read(below, t->data + t->filled, t->size - t->filled);
	if (n < 0)
		cask_io_fail(&t->io, below->err, below->op);
	if (n == 0)
		t->ended = true;
	if (n > 0)
		t->filled += (size_t)n;
	progress_to(t->base + t->filled);
	return n > 0;
}

/* How far the message in hand goes. */
static size_t
within(const struct tape *t, size_t n)
{
	uint64_t left = t->end - (t->base + t->next);

	return left < n ? (size_t)left : n;
}

static int
end_message(struct tape *t)
{
	char words[64];

	snprintf(words, sizeof words,
	    "its message ends here, after %" PRIu64 " bytes", t->end - t->from);
	cask_io_pass(&t->io, CASK_ECUT, NULL, words);
	return -1;
}

static ptrdiff_t
tape_read(struct cask_io *io, void *buf, size_t size)
{
	struct tape *t = tape_of(io);
	size_t n;

	size = within(t, size);
	if (size == 0)
		return end_message(t);
	if (t->next == t->filled && !fill(t))
		return io->err != 0 ? -1 : 0;
	n = t->filled - t->next;
	n = n < size ? n : size;
	memcpy(buf, t->data + t->next, n);
	t->next += n;
	return (ptrdiff_t)n;
}

static int
tape_more(struct cask_io *io)
{
	if (tape_peek(tape_of(io), 1) > 0)
		return 1;
	return io->err != 0 ? -1 : 0;
}

static const struct cask_io_table table = {
	.name = "dump", .read = tape_read, .more = tape_more, .local = true
};

void
tape_over(struct tape *t, struct cask_io *below)
{
	*t = (struct tape) { .io = { .table = &table, .exact = true },
		.below = below,
		.end = UINT64_MAX };
}

void
tape_open(struct tape *t, int fd)
{
	tape_over(t, &t->file.io);
	cask_file_use(&t->file, fd);
}

void
tape_use(struct tape *t, unsigned char *data, size_t n)
{
	*t = (struct tape) { .io = { .table = &table, .exact = true },
		.data = data,
		.filled = n,
		.end = UINT64_MAX,
		.ended = true };
}

void
tape_close(struct tape *t)
{
	free(t->data);
	t->data = NULL;
}

void
tape_mark(struct tape *t)
{
	t->mark = t->next;
}

size_t
tape_peek(struct tape *t, size_t n)
{
	n = within(t, n);
	while (t->filled - t->next < n && fill(t))
		continue;
	return t->filled - t->next < n ? t->filled - t->next : n;
}

void
tape_skip(struct tape *t, size_t n)
{
	t->next += n;
}
