/*
 * The archive's buffer: bytes in, bytes out, and limits.  See ar.h; what is
 * between it and the transport is in ar_io.c.
 *
 * The fast path of <cask/value.h> moves cur towards end and nothing else, so
 * everything here that has to be noticed (a full or empty buffer, the limit of
 * a message, an error) is a matter of where end stands.
 *
 * Counting: what is stored is not sent but dropped, and its place, from scratch
 * on, used again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ar.h"

#include <string.h>

bool
caski_has_peer(const struct cask_ar *ar)
{
	return ar->io != NULL && ar->io->table != NULL && !ar->io->table->local;
}

#define MEMORY_FROM_PEER ((uint64_t)256 << 20)

bool
caski_allocates(struct cask_ar *ar, size_t n)
{
	uint64_t most = ar->limit.memory;

	if (most == 0)
		most = caski_has_peer(ar) ? MEMORY_FROM_PEER : UINT64_MAX;
	if (n > most || ar->taken > most - n)
		return caski_fail(ar, CASK_ELIMIT,
		    "more than %llu bytes of memory for one message "
		    "(limit.memory)",
		    (unsigned long long)most);
	ar->taken += n;
	return true;
}

/* How far to go */

/* The buffer is used up: what comes next stands at its beginning. */
void
caski_rewind(struct cask_ar *ar)
{
	ar->base = caski_at(ar);
	ar->cur = ar->filled = ar->start;
	caski_show_end(ar, ar->start);
}

/* There is neither room nor data any more: no fast path. */
void
caski_stop(struct cask_ar *ar, int err)
{
	ar->err = err;
	ar->levels -= ar->most_levels - CASKI_NO_LEVELS;
	ar->most_levels = CASKI_NO_LEVELS;
	if (ar->way != CASK_LOADS)
		caski_no_room_yet(ar);
	caski_rewind(ar);
}

uint64_t
caski_message_limit(const struct cask_ar *ar)
{
	if (ar->way == CASK_PRINTS || ar->way == CASK_DESCRIBES)
		return UINT64_MAX; /* it is about what is told of */
	if (ar->limit.message != 0)
		return ar->limit.message;
	return ar->way == CASK_LOADS && caski_has_peer(ar)
	    ? CASKI_MESSAGE_FROM_PEER
	    : UINT64_MAX;
}

static uint64_t
left_of(const struct cask_ar *ar, uint64_t limit)
{
	uint64_t used = caski_at(ar) - ar->message;

	return used < limit ? limit - used : 0;
}

/* Its length does not count. */
static uint64_t
left_within(const struct cask_ar *ar)
{
	uint64_t limit = caski_message_limit(ar);

	if (limit <= UINT64_MAX - CASKI_PREFIX)
		limit += CASKI_PREFIX;
	return left_of(ar, limit);
}

uint64_t
caski_message_left(const struct cask_ar *ar)
{
	if (ar->within != NULL && ar->loading)
		return ar->within->end - caski_at(ar);
	if (ar->storing && ar->limit.message == 0)
		return UINT64_MAX;
	return ar->within != NULL ? left_within(ar)
				  : left_of(ar, caski_message_limit(ar));
}

/* Let the fast path go to most, but not beyond the message's limit. */
void
caski_set_end(struct cask_ar *ar, unsigned char *most)
{
	size_t room = (size_t)(most - ar->cur);
	uint64_t left = caski_message_left_of(ar, room);

	caski_show_end(ar, left < room ? ar->cur + left : most);
}

/* A message that is stored has no limit unless the program sets one. */
static inline void
make_room(struct cask_ar *ar)
{
	unsigned char *most = ar->start + ar->size;

	if (CASKI_LIKELY(ar->limit.message == 0))
		caski_show_room(ar, most);
	else
		caski_set_end(ar, most);
	ar->io->unflushed = ar;
	ar->io->flush = caski_send_unflushed;
}

void
caski_make_room(struct cask_ar *ar)
{
	make_room(ar);
}

static bool
too_long(struct cask_ar *ar)
{
	if (ar->within != NULL && ar->loading &&
	    caski_at(ar) == ar->within->end)
		return caski_fail(ar, CASK_ECUT,
		    "its message ends here, after %llu bytes",
		    (unsigned long long)(ar->within->end - ar->within->at));
	return caski_fail(ar, CASK_ELIMIT,
	    "message of more than %llu bytes (limit.message; cask_more "
	    "begins the next)",
	    (unsigned long long)caski_message_limit(ar));
}

/* Drop what was counted, and use its place again. */
static void
forget(struct cask_ar *ar)
{
	ar->base += (uint64_t)(ar->cur - ar->scratch);
	ar->cur = ar->scratch;
	caski_set_end(ar, ar->start + ar->size);
}

/*
 * Send what is there, to have room.  A message that is held back until its
 * length is known can't be sent: from here on it is only counted.
 */
static bool
drain(struct cask_ar *ar)
{
	if (ar->scratch == NULL && caski_holds(ar))
		ar->scratch = ar->start + ar->within->place + 4;
	if (ar->scratch != NULL) {
		forget(ar);
		return true;
	}
	if (ar->cur > ar->start && !caski_send_part(ar))
		return false;
	caski_make_room(ar);
	return true;
}

/* Bytes */

/* Who watches wants to see what a value was on the wire. */
static CASKI_NOINLINE void
see(struct cask_ar *ar, uint64_t at, const unsigned char *p, size_t n)
{
	at -= ar->at;
	for (size_t i = 0; i < n && at + i < CASK_SEEN; i++)
		ar->seen[at + i] = p[i];
}

/* Whole buffers need not go through the buffer: how much of n bytes may go
 * past it.  Only when it is empty, and within the message's limit. */
static size_t
whole_buffers(const struct cask_ar *ar, size_t n)
{
	uint64_t left = caski_message_left(ar);

	if (ar->cur > ar->start || caski_holds(ar))
		return 0;
	if (left < n)
		n = (size_t)left;
	return n - n % ar->size;
}

/* A large block goes out together with what is in the buffer. */
static bool
is_to_gather(const struct cask_ar *ar, size_t n)
{
	return n >= ar->size && ar->cur > ar->start && !caski_holds(ar) &&
	    caski_message_left(ar) >= n && ar->io->table != NULL &&
	    ar->io->table->gather != NULL;
}

static bool
put_gathered(struct cask_ar *ar, const unsigned char *p, size_t n)
{
	bool sent = caski_write_gathered(ar, p, n);

	if (sent)
		caski_make_room(ar);
	return sent;
}

/* As much as may be of n bytes: no place is too small for what is dropped. */
static size_t
count(struct cask_ar *ar, size_t n)
{
	uint64_t left = caski_message_left(ar);
	size_t k = left < n ? (size_t)left : n;

	forget(ar);
	ar->base += k;
	caski_set_end(ar, ar->start + ar->size);
	return k;
}

bool
caski_put(struct cask_ar *ar, const void *data, size_t n)
{
	const unsigned char *p = data;

	if (ar->watched)
		see(ar, caski_at(ar), p, n);
	while (n > 0 && ar->err == 0) {
		size_t room = (size_t)(ar->most - ar->cur);
		size_t k = n <= room ? 0 : whole_buffers(ar, n);

		if (ar->scratch != NULL && n > room &&
		    caski_message_left(ar) > 0) {
			k = count(ar, n);
		} else if (n > room && is_to_gather(ar, n)) {
			return put_gathered(ar, p, n);
		} else if (k > 0) {
			if (!(k < n ? caski_write_part : caski_write)(ar, p, k))
				return false;
			ar->base += k;
			caski_make_room(ar);
		} else if (room > 0) {
			k = room < n ? room : n;
			memcpy(ar->cur, p, k);
			ar->cur += k;
		} else if (caski_message_left(ar) == 0) {
			too_long(ar);
		} else {
			drain(ar);
		}
		p += k;
		n -= k;
	}
	return ar->err == 0;
}

CASKI_HOT void
caski_gather(struct cask_ar *ar, size_t n)
{
	if ((size_t)(ar->most - ar->cur) >= n || ar->err != 0)
		return;
	if (CASKI_LIKELY(ar->cur == ar->start) && ar->scratch == NULL)
		make_room(ar); /* the first after a flush; nothing is held */
	else if (n <= ar->size && caski_message_left_of(ar, n) >= n)
		drain(ar);
}

#define ENDED (-2)

/* Nothing is left before the end: read on, the bytes of a large block straight
 * to where they belong.  Gives how many went there; or ENDED, or -1 after an
 * error. */
CASKI_INLINE ptrdiff_t
get_more(struct cask_ar *ar, void *p, size_t n)
{
	bool buffered = n < ar->size && !ar->io->exact;
	uint64_t left = caski_message_left_of(ar, n);
	ptrdiff_t got;

	if (left == 0) {
		too_long(ar);
		return -1;
	}
	if (ar->cur < ar->filled) { /* the limit has been raised */
		caski_set_end(ar, ar->filled);
		return 0;
	}
	if (buffered) {
		got = caski_fill(ar);
	} else {
		caski_rewind(ar);
		got = caski_read_some(ar, p, left < n ? (size_t)left : n);
		if (got > 0)
			ar->base += (uint64_t)got;
	}
	if (got == 0)
		return ENDED;
	return got > 0 && buffered ? 0 : got;
}

bool
caski_get(struct cask_ar *ar, void *data, size_t n)
{
	unsigned char *p = data;

	while (n > 0) {
		size_t k = (size_t)(ar->most - ar->cur);
		uint64_t at = caski_at(ar);

		if (k > 0) {
			k = k < n ? k : n;
			memcpy(p, ar->cur, k);
			ar->cur += k;
		} else {
			ptrdiff_t got = get_more(ar, p, n);

			if (got == ENDED)
				caski_cut(ar);
			if (got < 0)
				return false;
			k = (size_t)got;
		}
		if (ar->watched)
			see(ar, at, p, k);
		p += k;
		n -= k;
	}
	return true;
}

/* The end may be where the message's limit is, too. */
size_t
caski_get_some(struct cask_ar *ar, void *p, size_t n)
{
	uint64_t at = caski_at(ar);
	bool framed = ar->within != NULL;
	ptrdiff_t got = 0;
	size_t k;

	if (framed && ar->within->end - at < n)
		n = (size_t)(ar->within->end - at);
	if (n == 0)
		return 0;
	if (ar->most == ar->cur) {
		if (caski_message_left(ar) == 0 && !caski_more(ar))
			return 0;
		got = get_more(ar, p, n);
		if (got == ENDED && framed)
			caski_cut(ar);
		if (got < 0)
			return 0;
	}
	k = (size_t)got;
	if (k == 0) {
		k = (size_t)(ar->most - ar->cur);
		k = k < n ? k : n;
		memcpy(p, ar->cur, k);
		ar->cur += k;
	}
	if (ar->watched)
		see(ar, at, p, k);
	return k;
}
