/*
 * The archive: a buffer before a transport, offsets and limits.  See
 * <cask/ar.h>; its errors are in why.c.
 *
 * The fast path of <cask/value.h> moves cur towards end and nothing else, so
 * everything here that has to be noticed (a full or empty buffer, the limit of
 * a message, an error) is a matter of where end stands.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ar.h"

#include <errno.h>
#include <string.h>

#define MESSAGE_FROM_PEER ((uint64_t)64 << 20)

uint64_t
caski_limit(uint64_t set, uint64_t otherwise)
{
	return set != 0 ? set : otherwise;
}

uint64_t
cask_at(const struct cask_ar *ar)
{
	return ar->base + (uint64_t)(ar->cur - ar->start);
}

size_t
cask_pending(const struct cask_ar *ar)
{
	size_t ahead = ar->io != NULL ? ar->io->ahead : 0;

	return ar->loading ? (size_t)(ar->filled - ar->cur) + ahead : 0;
}

/* Show the fast path how far it may go. */
static void
show_end(struct cask_ar *ar, unsigned char *end)
{
	ar->end = end;
	ar->put_end = ar->storing ? end : NULL;
	ar->get_end = ar->loading ? end : NULL;
}

/* The buffer is used up: what comes next stands at its beginning. */
static void
rewind_buffer(struct cask_ar *ar)
{
	ar->base = cask_at(ar);
	ar->cur = ar->filled = ar->start;
	show_end(ar, ar->start);
}

/*
 * The first value after a flush finds no room.  So the transport hears of it,
 * and can send what was stored before anything is read.
 */
static void
no_room_yet(struct cask_ar *ar)
{
	if (ar->io != NULL && ar->io->unflushed == ar)
		ar->io->unflushed = NULL;
	show_end(ar, ar->cur);
}

/* There is neither room nor data any more: no fast path. */
void
caski_stop(struct cask_ar *ar, int err)
{
	ar->err = err;
	if (ar->storing)
		no_room_yet(ar);
	rewind_buffer(ar);
}

/* Opening */

static void
open_archive(struct cask_ar *ar, struct cask_io *io)
{
	bool given = ar->buffer != NULL && ar->buffer_size > 0;

	ar->err = 0;
	ar->replaced = 0;
	ar->loading = ar->storing = false;
	ar->depth = 0;
	ar->frame = NULL;
	ar->io = io;
	ar->start = given ? ar->buffer : ar->own;
	ar->size = given ? ar->buffer_size : sizeof ar->own;
	ar->cur = ar->filled = ar->start;
	show_end(ar, ar->start);
	ar->base = ar->message = ar->at = 0;
	ar->type = ar->name = NULL;
	ar->width = 0;
	ar->started = false;
	ar->why[0] = '\0';
}

static uint64_t
message_limit(const struct cask_ar *ar)
{
	const struct cask_io_table *t = ar->io->table;
	bool peer = ar->loading && t != NULL && !t->local;

	return caski_limit(
	    ar->limit.message, peer ? MESSAGE_FROM_PEER : UINT64_MAX);
}

/* How many bytes the present message may still have. */
static uint64_t
message_left(const struct cask_ar *ar)
{
	uint64_t limit = message_limit(ar);
	uint64_t used = cask_at(ar) - ar->message;

	return used < limit ? limit - used : 0;
}

/* Let the fast path go to most, but not beyond the message's limit. */
static void
set_end(struct cask_ar *ar, unsigned char *most)
{
	uint64_t left = message_left(ar);

	if (left < (uint64_t)(most - ar->cur))
		most = ar->cur + left;
	show_end(ar, most);
}

void
cask_store(struct cask_ar *ar, struct cask_io *io)
{
	open_archive(ar, io);
	ar->storing = true;
}

void
cask_load(struct cask_ar *ar, struct cask_io *io)
{
	open_archive(ar, io);
	ar->loading = true;
}

/* The transport */

static bool
too_long(struct cask_ar *ar)
{
	return caski_fail(ar, CASK_ELIMIT,
	    "message of more than %llu bytes (limit.message; cask_more "
	    "begins the next)",
	    (unsigned long long)message_limit(ar));
}

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

static bool
write_all(struct cask_ar *ar, const unsigned char *p, size_t n)
{
	const struct cask_io_table *t = ar->io->table;
	const unsigned char *from = p;

	while (n > 0) {
		ptrdiff_t done;

		if (t == NULL || t->write == NULL || ar->io->err != 0)
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

/* Send the buffer. */
static bool
send_buffer(struct cask_ar *ar)
{
	size_t n = (size_t)(ar->cur - ar->start);

	/* Who receives meanwhile has nothing to flush. */
	if (ar->io->unflushed == ar)
		ar->io->unflushed = NULL;
	if (n > 0 && !write_all(ar, ar->start, n))
		return false;
	ar->base += n;
	ar->cur = ar->start;
	return true;
}

/* An archive that has gone out of scope is no longer what it was. */
static int
send_unflushed(struct cask_ar *ar, struct cask_io *io)
{
	if (ar->io != io || !ar->storing || ar->err != 0)
		return 0;
	ar->started = false; /* its value began long ago: a new limit */
	if (send_buffer(ar))
		no_room_yet(ar);
	return ar->io == NULL ? CASK_IO_GONE : ar->err;
}

/* Send what the other archive has left: the transport may go meanwhile. */
static bool
flush_other(struct cask_ar *ar)
{
	int err = cask_io_flush(ar->io);

	if (err == CASK_IO_GONE)
		return caski_io_gone(ar);
	return err == 0 || caski_io_failed(ar);
}

/* The whole buffer is free. */
static void
make_room(struct cask_ar *ar)
{
	set_end(ar, ar->start + ar->size);
	ar->io->unflushed = ar;
	ar->io->flush = send_unflushed;
}

static bool
drain(struct cask_ar *ar)
{
	bool sent;

	ar->io->partial = true;
	sent = send_buffer(ar);
	ar->io->partial = false;
	if (sent)
		make_room(ar);
	return sent;
}

/* At least one byte: how many, 0 at the end, -1 when it failed. */
static ptrdiff_t
read_some(struct cask_ar *ar, void *p, size_t size)
{
	const struct cask_io_table *t = ar->io->table;
	ptrdiff_t n;

	if (t == NULL || t->read == NULL || ar->io->err != 0) {
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

/* Read into the empty buffer.  The same results. */
static ptrdiff_t
fill(struct cask_ar *ar)
{
	ptrdiff_t n;

	rewind_buffer(ar);
	n = read_some(ar, ar->start, ar->size);
	if (n > 0) {
		ar->filled = ar->start + n;
		set_end(ar, ar->filled);
	}
	return n;
}

static bool
cut(struct cask_ar *ar)
{
	return caski_fail(ar, CASK_ECUT, "%s",
	    cask_at(ar) > ar->message ? cask_strerror(CASK_ECUT)
				      : "stream ended before a message");
}

int
cask_flush(struct cask_ar *ar)
{
	if (ar->loading)
		return ar->err;
	caski_begin(ar, "flush", NULL);
	if (caski_may_store(ar) && send_buffer(ar)) {
		ar->message = ar->base;
		no_room_yet(ar);
	}
	return ar->err;
}

/* Whether a transport that keeps to itself what isn't needed has more. */
static bool
io_more(struct cask_ar *ar)
{
	int n;

	if (ar->io->err != 0)
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
cask_more(struct cask_ar *ar)
{
	caski_begin(ar, "message", NULL);
	if (!caski_may_load(ar))
		return false;
	ar->message = cask_at(ar);
	if (ar->cur == ar->filled && ar->io->exact &&
	    ar->io->table->more != NULL)
		return io_more(ar);
	if (ar->cur == ar->filled)
		return fill(ar) > 0;
	set_end(ar, ar->filled);
	return true;
}

/* Bytes */

/* Whole buffers need not go through the buffer: how much of n bytes may go
 * past it.  Only when it is empty, and within the message's limit. */
static size_t
whole_buffers(const struct cask_ar *ar, size_t n)
{
	uint64_t left = message_left(ar);

	if (ar->cur > ar->start)
		return 0;
	if (left < n)
		n = (size_t)left;
	return n - n % ar->size;
}

bool
caski_put(struct cask_ar *ar, const void *data, size_t n)
{
	const unsigned char *p = data;

	while (n > 0 && ar->err == 0) {
		size_t room = (size_t)(ar->end - ar->cur);
		size_t k = n <= room ? 0 : whole_buffers(ar, n);

		if (k > 0) {
			if (!write_all(ar, p, k))
				return false;
			ar->base += k;
			make_room(ar);
		} else if (room > 0) {
			k = room < n ? room : n;
			memcpy(ar->cur, p, k);
			ar->cur += k;
		} else if (message_left(ar) == 0) {
			too_long(ar);
		} else {
			drain(ar);
		}
		p += k;
		n -= k;
	}
	return ar->err == 0;
}

void
caski_gather(struct cask_ar *ar, size_t n)
{
	if ((size_t)(ar->end - ar->cur) < n && n <= ar->size && ar->err == 0 &&
	    message_left(ar) >= n)
		drain(ar);
}

/* Nothing is left before the end: read on, the bytes of a large block straight
 * to where they belong.  Gives how many went there; -1 after an error. */
static ptrdiff_t
get_more(struct cask_ar *ar, void *p, size_t n)
{
	bool buffered = n < ar->size && !ar->io->exact;
	uint64_t left = message_left(ar);
	ptrdiff_t got;

	if (left == 0) {
		too_long(ar);
		return -1;
	}
	if (ar->cur < ar->filled) { /* the limit has been raised */
		set_end(ar, ar->filled);
		return 0;
	}
	if (buffered) {
		got = fill(ar);
	} else {
		rewind_buffer(ar);
		got = read_some(ar, p, left < n ? (size_t)left : n);
		if (got > 0)
			ar->base += (uint64_t)got;
	}
	if (got == 0)
		cut(ar);
	if (got <= 0)
		return -1;
	return buffered ? 0 : got;
}

bool
caski_get(struct cask_ar *ar, void *data, size_t n)
{
	unsigned char *p = data;

	while (n > 0) {
		size_t k = (size_t)(ar->end - ar->cur);

		if (k > 0) {
			k = k < n ? k : n;
			memcpy(p, ar->cur, k);
			ar->cur += k;
		} else {
			ptrdiff_t got = get_more(ar, p, n);

			if (got < 0)
				return false;
			k = (size_t)got;
		}
		p += k;
		n -= k;
	}
	return true;
}

void
caski_encode(
    const struct cask_ar *ar, unsigned char *wire, uint64_t v, size_t size)
{
	switch (size) {
	case 2:
		cask_write16(wire, cask_order16((uint16_t)v, ar->big_endian));
		break;
	case 4:
		cask_write32(wire, cask_order32((uint32_t)v, ar->big_endian));
		break;
	default:
		cask_write64(wire, cask_order64(v, ar->big_endian));
	}
}

uint64_t
caski_decode(const struct cask_ar *ar, const unsigned char *wire, size_t size)
{
	switch (size) {
	case 1:
		return wire[0];
	case 2:
		return cask_order16(cask_read16(wire), ar->big_endian);
	case 4:
		return cask_order32(cask_read32(wire), ar->big_endian);
	default:
		return cask_order64(cask_read64(wire), ar->big_endian);
	}
}

bool
caski_get_uint(struct cask_ar *ar, uint64_t *v, size_t size)
{
	unsigned char wire[8] = { 0 };
	bool ok = caski_get(ar, wire, size);

	*v = ok ? caski_decode(ar, wire, size) : 0;
	return ok;
}
