/*
 * What was read before it was asked for.  See sock.h.
 *
 * A call that sends and can't go on reads what comes in, or two ends that both
 * send first would wait for each other.  Below a notification, archives take
 * exactly what they need, so that what is left counts as being there: the
 * socket reads more than that at a time, and keeps it here.  And so it does
 * when a stream is faster than an archive's buffer is large.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"

#include <errno.h>
#include <string.h>

size_t
caski_ahead_room(const struct cask_sock *s)
{
	size_t most = s->ahead_most != 0 ? s->ahead_most : CASK_AHEAD;

	return s->io.ahead < most ? most - s->io.ahead : 0;
}

/* At the end of the block there has to be something: 0, or an error. */
static int
make_room(struct cask_sock *s, size_t want)
{
	size_t size = s->ahead_size > 0 ? 2 * s->ahead_size : want;
	size_t most = s->io.ahead + caski_ahead_room(s);
	unsigned char *grown;

	if (s->ahead_from > 0) {
		memmove(s->ahead, s->ahead + s->ahead_from, s->io.ahead);
		s->ahead_from = 0;
	}
	if (s->io.ahead < s->ahead_size)
		return 0;
	if (size > most)
		size = most;
	grown = caski_sys_realloc(s->ahead, size);
	if (grown == NULL)
		return ENOMEM;
	s->ahead = grown;
	s->ahead_size = size;
	return 0;
}

ptrdiff_t
caski_ahead_fill(struct cask_sock *s, size_t want)
{
	size_t room = caski_ahead_room(s);
	size_t used = s->ahead_from + s->io.ahead;
	ptrdiff_t n;

	if (room == 0)
		return -ENOBUFS;
	if (used == s->ahead_size) {
		if (make_room(s, want) != 0)
			return -ENOMEM;
		used = s->io.ahead;
	}
	if (s->ahead_size - used < room)
		room = s->ahead_size - used;
	n = caski_wire_recv(s, s->ahead + used, room, 0);
	if (n > 0)
		s->io.ahead += (size_t)n;
	else if (s->io.ahead == 0)
		caski_ahead_free(s);
	return n;
}

size_t
caski_ahead_take(struct cask_sock *s, void *buf, size_t n, bool peek)
{
	if (n > s->io.ahead)
		n = s->io.ahead;
	if (n == 0)
		return 0;
	memcpy(buf, s->ahead + s->ahead_from, n);
	if (peek)
		return n;
	s->ahead_from += n;
	s->io.ahead -= n;
	if (s->io.ahead == 0)
		caski_ahead_free(s);
	return n;
}

int
caski_ahead_put_back(struct cask_sock *s, const void *p, size_t n)
{
	unsigned char *block;

	if (s->ahead_from < n) {
		block = caski_sys_malloc(n + s->io.ahead);
		if (block == NULL)
			return ENOMEM;
		if (s->io.ahead > 0)
			memcpy(
			    block + n, s->ahead + s->ahead_from, s->io.ahead);
		caski_sys_free(s->ahead);
		s->ahead = block;
		s->ahead_size = n + s->io.ahead;
		s->ahead_from = n;
	}
	s->ahead_from -= n;
	memcpy(s->ahead + s->ahead_from, p, n);
	s->io.ahead += n;
	return 0;
}

/* An idle connection takes no memory. */
void
caski_ahead_free(struct cask_sock *s)
{
	caski_sys_free(s->ahead);
	s->ahead = NULL;
	s->ahead_size = s->ahead_from = s->io.ahead = 0;
}
