/*
 * What an archive has written, held back until it makes a large block.  See
 * sock.h.
 *
 * An archive whose buffer is full writes it and goes on at once.  To send such
 * small pieces as they come takes several times as long as to send the same
 * bytes in large blocks.  So they are gathered here, and sent when there are
 * enough of them, when the archive writes the rest of its message, or before
 * anything else is done with the socket.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"

#include <errno.h>
#include <string.h>

size_t
caski_hold(struct cask_sock *s, const void *buf, size_t n)
{
	size_t room = CASKI_SEND_MOST - s->held_size;

	if (s->held == NULL)
		s->held = caski_sys_malloc(CASKI_SEND_MOST);
	if (s->held == NULL)
		return 0;
	if (n > room)
		n = room;
	memcpy(s->held + s->held_size, buf, n);
	s->held_size += n;
	return n;
}

void
caski_held_sent(struct cask_sock *s, size_t n)
{
	s->held_sent += n;
	if (s->held_sent == s->held_size)
		s->held_sent = s->held_size = 0;
}

/*
 * A call that sends is at it already.  The system tells the reason of a loss
 * once; it is kept for the call that is going to meet it.
 */
void
caski_held_push_now(struct cask_sock *s)
{
	ptrdiff_t n = 0;

	if (s->sending != NULL)
		return;
	while (s->held_size > 0 && (n >= 0 || n == -EINTR)) {
		n = caski_wire_send(
		    s, s->held + s->held_sent, s->held_size - s->held_sent, 0);
		if (n > 0)
			caski_held_sent(s, (size_t)n);
	}
	if (n < 0 && n != -EAGAIN && n != -EWOULDBLOCK)
		s->lost = (int)-n;
	if (s->held_size == 0)
		caski_held_free(s);
}

/* An idle connection takes no memory. */
void
caski_held_free(struct cask_sock *s)
{
	caski_sys_free(s->held);
	s->held = NULL;
	s->held_size = s->held_sent = 0;
}
