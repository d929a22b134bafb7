/*
 * An archive's buffer and its transport: what is written to it, and read.  See
 * ar.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ar.h"

#include <errno.h>

/* The transport failed before, or lacks what is wanted of it. */
static bool
unable(struct cask_ar *ar, const char *op)
{
	cask_io_fail(ar->io, EBADF, op);
	return caski_io_failed(ar);
}

/* Ready to read or write: the transport is told of each value once. */
static void
start(struct cask_ar *ar)
{
	if (!ar->started && ar->io->table->start != NULL)
		ar->io->table->start(ar->io);
	ar->started = true;
}

static inline bool
write_all(struct cask_ar *ar, const unsigned char *p, size_t n)
{
	const struct cask_io_table *t = ar->io->table;
	const unsigned char *from = p;

	while (n > 0) {
		ptrdiff_t done;

		if (t == NULL || t->write == NULL || caski_io_is_over(ar->io))
			return unable(ar, "write");
		start(ar);
		done = t->write(ar->io, p, n);
		if (done == CASK_IO_GONE)
			return caski_io_gone(ar);
		if (done <= 0 || (size_t)done > n) {
			ar->io->inside |= p != from;
			return caski_io_failed(ar);
		}
		p += done;
		n -= (size_t)done;
	}
	return true;
}

bool
caski_write(struct cask_ar *ar, const unsigned char *p, size_t n)
{
	return write_all(ar, p, n);
}

/* The transport may be gone afterwards. */
bool
caski_write_part(struct cask_ar *ar, const unsigned char *p, size_t n)
{
	bool sent;

	ar->io->partial = true;
	sent = caski_write(ar, p, n);
	if (ar->io != NULL)
		ar->io->partial = false;
	return sent;
}

bool
caski_write_gathered(struct cask_ar *ar, const unsigned char *p, size_t n)
{
	const struct cask_io_table *t = ar->io->table;
	const unsigned char *from = ar->start;
	size_t held = (size_t)(ar->cur - ar->start), more = 0;

	while (held > 0) {
		ptrdiff_t done;

		if (caski_io_is_over(ar->io))
			return unable(ar, "write");
		start(ar);
		done = t->gather(ar->io, from, held, p, n);
		if (done == CASK_IO_GONE)
			return caski_io_gone(ar);
		if (done <= 0 || (size_t)done > held + n) {
			ar->io->inside |= from != ar->start;
			return caski_io_failed(ar);
		}
		if ((size_t)done > held) {
			more = (size_t)done - held;
			done = (ptrdiff_t)held;
		}
		from += done;
		held -= (size_t)done;
	}
	ar->base += (uint64_t)(ar->cur - ar->start) + more;
	ar->cur = ar->start;
	if (!caski_write(ar, p + more, n - more))
		return false;
	ar->base += n - more;
	return true;
}

/* Who receives while it is written has nothing to flush. */
static inline bool
send_buffer(struct cask_ar *ar,
    bool (*write)(struct cask_ar *ar, const unsigned char *p, size_t n))
{
	size_t n = (size_t)(ar->cur - ar->start);

	if (ar->io->unflushed == ar)
		ar->io->unflushed = NULL;
	if (n > 0 && !write(ar, ar->start, n))
		return false;
	ar->base += n;
	ar->cur = ar->start;
	return true;
}

bool
caski_send_buffer(struct cask_ar *ar)
{
	return send_buffer(ar, write_all);
}

bool
caski_send_part(struct cask_ar *ar)
{
	return send_buffer(ar, caski_write_part);
}

/* An archive that has gone out of scope is no longer what it was. */
static int
send_unflushed(struct cask_ar *ar, struct cask_io *io)
{
	if (ar->io != io || ar->way == CASK_LOADS || ar->err != 0 ||
	    ar->scratch != NULL || caski_holds(ar))
		return 0;
	ar->started = false; /* its value began long ago: a new limit */
	if (caski_send_buffer(ar))
		caski_no_room_yet(ar);
	return ar->io == NULL ? CASK_IO_GONE : ar->err;
}

/* Send what the other archive has left: the transport may go meanwhile.  One
 * that can still be read tells of the failure at its end. */
static CASKI_NOINLINE bool
flush_other_now(struct cask_ar *ar)
{
	int err = cask_io_flush(ar->io);

	if (err == CASK_IO_GONE)
		return caski_io_gone(ar);
	return err == 0 || ar->io->apart || caski_io_failed(ar);
}

static inline bool
flush_other(struct cask_ar *ar)
{
	return ar->io->unflushed == NULL || flush_other_now(ar);
}

void
caski_make_room(struct cask_ar *ar)
{
	caski_set_end(ar, ar->start + ar->size);
	ar->io->unflushed = ar;
	ar->io->flush = send_unflushed;
}

/* At least one byte: how many, 0 at the end, -1 when it failed. */
static inline ptrdiff_t
read_some(struct cask_ar *ar, void *p, size_t size)
{
	const struct cask_io_table *t = ar->io->table;
	ptrdiff_t n;

	if (t == NULL || t->read == NULL || caski_io_is_over(ar->io)) {
		unable(ar, "read");
		return -1;
	}
	if (!flush_other(ar))
		return -1;
	start(ar);
	n = t->read(ar->io, p, size);
	if (n == CASK_IO_GONE)
		caski_io_gone(ar);
	else if (n < 0 || (size_t)n > size)
		caski_io_failed(ar);
	return n >= 0 && (size_t)n <= size ? n : -1;
}

ptrdiff_t
caski_read_some(struct cask_ar *ar, void *p, size_t size)
{
	return read_some(ar, p, size);
}

/* Read into the empty buffer.  The same results. */
ptrdiff_t
caski_fill(struct cask_ar *ar)
{
	ptrdiff_t n = read_some(ar, ar->start, ar->io->exact ? 1 : ar->size);

	if (n > 0) {
		ar->base = caski_at(ar);
		ar->cur = ar->start;
		ar->filled = ar->start + n;
		caski_set_end(ar, ar->filled);
	}
	return n;
}

/* Whether a transport that keeps to itself what isn't needed has more. */
bool
caski_io_more(struct cask_ar *ar)
{
	int n;

	if (caski_io_is_over(ar->io))
		return caski_io_failed(ar);
	if (!flush_other(ar))
		return false;
	start(ar);
	n = ar->io->table->more(ar->io);
	if (n == CASK_IO_GONE)
		return caski_io_gone(ar);
	return n < 0 ? caski_io_failed(ar) : n > 0;
}

bool
caski_cut(struct cask_ar *ar)
{
	return caski_fail(ar, CASK_ECUT, "%s",
	    caski_at(ar) > ar->whole ? cask_strerror(CASK_ECUT)
				     : "stream ended before a message");
}
