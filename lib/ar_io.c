/*
 * An archive's buffer and its transport: what is written to it, and read.  See
 * ar.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ar.h"
#include "fill.h"

#include <errno.h>

bool
caski_io_unable(struct cask_ar *ar, const char *op)
{
	cask_io_fail(ar->io, EBADF, op);
	return caski_io_failed(ar);
}

/* The transport took done of n bytes, or has failed: the rest. */
static CASKI_NOINLINE bool
write_on(struct cask_ar *ar, const unsigned char *p, size_t n, ptrdiff_t done)
{
	const unsigned char *from = p;

	for (;;) {
		if (done == CASK_IO_GONE)
			return caski_io_gone(ar);
		if (done <= 0 || (size_t)done > n) {
			ar->io->inside |= p != from;
			return caski_io_failed(ar);
		}
		p += done;
		n -= (size_t)done;
		if (n == 0)
			return true;
		if (caski_io_is_over(ar->io))
			return caski_io_unable(ar, "write");
		caski_start(ar);
		done = ar->io->table->write(ar->io, p, n);
	}
}

/* Nearly always it takes all at once. */
static inline bool
write_all(struct cask_ar *ar, const unsigned char *p, size_t n)
{
	const struct cask_io_table *t = ar->io->table;
	ptrdiff_t done;

	if (t == NULL || t->write == NULL || caski_io_is_over(ar->io))
		return caski_io_unable(ar, "write");
	caski_start(ar);
	done = t->write(ar->io, p, n);
	return CASKI_LIKELY(done == (ptrdiff_t)n) || write_on(ar, p, n, done);
}

bool
caski_write(struct cask_ar *ar, const unsigned char *p, size_t n)
{
	return n == 0 || write_all(ar, p, n);
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
			return caski_io_unable(ar, "write");
		caski_start(ar);
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
	return send_buffer(ar, caski_write);
}

bool
caski_send_part(struct cask_ar *ar)
{
	bool sent;

	ar->io->full = true;
	sent = send_buffer(ar, caski_write_part);
	if (ar->io != NULL)
		ar->io->full = false;
	return sent;
}

/* A message ends: all of it is sent. */
static inline void
send_message(struct cask_ar *ar)
{
	if (!send_buffer(ar, write_all))
		return;
	ar->message = ar->whole = ar->base;
	if (ar->io->unflushed == ar)
		ar->io->unflushed = NULL;
	caski_show_room(ar, ar->cur); /* none yet */
}

static CASKI_NOINLINE int
flush_otherwise(struct cask_ar *ar)
{
	if (ar->way == CASK_LOADS || ar->way == CASK_RELEASES ||
	    ar->within != NULL)
		return ar->err;
	caski_begin(ar, "flush", NULL);
	if (ar->way == CASK_MEASURES)
		ar->message = caski_at(ar);
	else if (caski_may_put(ar) &&
	    (ar->way != CASK_PRINTS || caski_print_end(ar)))
		send_message(ar);
	return ar->err;
}

CASKI_HOT int
cask_flush(struct cask_ar *ar)
{
	if (!caski_goes(ar, CASK_STORES) || ar->within != NULL)
		return flush_otherwise(ar);
	caski_begin(ar, "flush", NULL);
	send_message(ar);
	return ar->err;
}

int
caski_send_unflushed(struct cask_ar *ar, struct cask_io *io)
{
	if (ar->io != io || ar->way == CASK_LOADS || ar->err != 0 ||
	    ar->scratch != NULL || caski_holds(ar))
		return 0;
	ar->started = false; /* its value began long ago: a new limit */
	if (caski_send_buffer(ar))
		caski_no_room_yet(ar);
	return ar->io == NULL ? CASK_IO_GONE : ar->err;
}

bool
caski_flush_other_now(struct cask_ar *ar)
{
	int err = cask_io_flush(ar->io);

	if (err == CASK_IO_GONE)
		return caski_io_gone(ar);
	return err == 0 || ar->io->apart || caski_io_failed(ar);
}

ptrdiff_t
caski_read_some(struct cask_ar *ar, void *p, size_t size)
{
	return caski_read_here(ar, p, size);
}

ptrdiff_t
caski_fill(struct cask_ar *ar)
{
	return caski_fill_here(ar);
}

/* Whether a transport that keeps to itself what isn't needed has more. */
bool
caski_io_more(struct cask_ar *ar)
{
	int n;

	if (caski_io_is_over(ar->io))
		return caski_io_failed(ar);
	if (!caski_flush_other(ar))
		return false;
	caski_start(ar);
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
