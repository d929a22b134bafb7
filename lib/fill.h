/*
 * Reading into an archive's buffer, as part of those who do it first of all:
 * after the transport has slept each return goes where the processor does not
 * expect it, so there should be few.  All others call caski_fill and
 * caski_read_some.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_FILL_H
#define CASKI_FILL_H

#include "ar.h"

/* The transport failed before, or lacks what is wanted of it. */
CASKI_COLD bool caski_io_unable(struct cask_ar *ar, const char *op);

/* Ready to read or write: the transport is told of each value once. */
static inline void
caski_start(struct cask_ar *ar)
{
	if (!ar->started && ar->io->table->start != NULL)
		ar->io->table->start(ar->io);
	ar->started = true;
}

/* Send what the other archive has left: the transport may go meanwhile.  One
 * that can still be read tells of the failure at its end. */
CASKI_NOINLINE bool caski_flush_other_now(struct cask_ar *ar);

static inline bool
caski_flush_other(struct cask_ar *ar)
{
	return CASKI_LIKELY(ar->io->unflushed == NULL) ||
	    caski_flush_other_now(ar);
}

/* At least one byte: how many, 0 at the end, -1 when it failed. */
CASKI_INLINE ptrdiff_t
caski_read_here(struct cask_ar *ar, void *p, size_t size)
{
	const struct cask_io_table *t = ar->io->table;
	ptrdiff_t n;

	if (t == NULL || t->read == NULL || caski_io_is_over(ar->io)) {
		caski_io_unable(ar, "read");
		return -1;
	}
	if (!caski_flush_other(ar))
		return -1;
	caski_start(ar);
	n = t->read(ar->io, p, size);
	if (CASKI_LIKELY(n >= 0 && (size_t)n <= size))
		return n;
	if (n == CASK_IO_GONE)
		caski_io_gone(ar);
	else
		caski_io_failed(ar);
	return -1;
}

/* Read into the empty buffer.  The same results. */
CASKI_INLINE ptrdiff_t
caski_fill_here(struct cask_ar *ar)
{
	size_t size = ar->io->exact ? 1 : ar->size;
	ptrdiff_t n = caski_read_here(ar, ar->start, size);
	uint64_t left;

	if (!CASKI_LIKELY(n > 0))
		return n;
	ar->base = caski_at(ar);
	ar->cur = ar->start;
	ar->filled = ar->start + n;
	left = caski_message_left_of(ar, (size_t)n);
	caski_show_data(ar, left < (size_t)n ? ar->start + left : ar->filled);
	return n;
}

#endif
