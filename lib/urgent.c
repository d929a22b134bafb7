/*
 * Urgent data, and how much is there to be received.  See <cask/sock.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"
#include "trace.h"

#include <errno.h>

/* Only TCP has it.  0 or an error that doesn't stick. */
static int
check(struct cask_sock *s, const char *op)
{
	s->io.passing = 0;
	if (s->datagram || s->local)
		return cask_io_pass(&s->io, EOPNOTSUPP, op,
		    "only TCP sockets have urgent data");
	return 0;
}

/* Sending */

static int
send_once(struct cask_sock *s, unsigned char byte)
{
	ptrdiff_t n;

	s->asking = true;
	if (s->lost != 0)
		return s->lost;
	n = caski_wire_send(s, &byte, 1, CASKI_OOB);
	return n < 0 ? (int)-n : 0;
}

static int
send_urgent(struct cask_sock *s, unsigned char byte, const char *op)
{
	bool apart = s->io.apart, deaf = false;
	struct caski_call c;
	int err = check(s, op);
	int r;

	if (err == 0 && caski_let_go(s) == CASK_IO_GONE)
		return CASKI_GONE;
	if (err == 0)
		err = caski_call_begin(&c, s, &s->sending, op,
		    caski_limit_of(s, s->send_ms, CASK_TIMEOUT_MS));
	if (err != 0)
		return err;
	do {
		r = send_once(s, byte);
		if (r != 0)
			err = caski_call_room(&c, r, &deaf);
	} while (r != 0 && err == 0);
	if (err != 0 && caski_call_failed(&c, err, false) == CASK_IO_GONE)
		return CASKI_GONE;
	if (err != 0)
		return apart ? err : s->io.err;
	caski_call_end(&c);
	return 0;
}

int
cask_send_urgent(struct cask_sock *s, unsigned char byte)
{
	static const char op[] = "send urgent";

	return caski_trace_end(s, op, send_urgent(s, byte, op));
}

/* Receiving */

/* No byte came: EINVAL is the system's word for more than one reason. */
static int
nothing_urgent(struct cask_sock *s, int err, const char *op)
{
	int in_line = 0;

	if (err == EINVAL &&
	    caski_sys_getsockopt(
		s->watch.fd, SOL_SOCKET, SO_OOBINLINE, &in_line) != 0)
		in_line = 0;
	if (in_line != 0)
		return cask_io_pass(&s->io, EINVAL, op,
		    "urgent data comes in line (CASK_OOB_INLINE)");
	if (err == EINVAL || err == EAGAIN || err == EWOULDBLOCK)
		return cask_io_pass(
		    &s->io, EAGAIN, op, "no urgent data is there");
	return cask_io_fail(&s->io, err, op);
}

static int
receive_urgent(struct cask_sock *s, unsigned char *byte, const char *op)
{
	struct caski_call c;
	int err = check(s, op);
	ptrdiff_t n;

	if (err == 0)
		err = caski_call_begin(&c, s, &s->receiving, op,
		    caski_limit_of(s, s->receive_ms, CASK_TIMEOUT_MS));
	if (err != 0)
		return err;
	do
		n = caski_wire_recv(s, byte, 1, CASKI_OOB);
	while (n == -EINTR);
	caski_call_end(&c);
	caski_notify_arm(s, CASK_ON_OOB);
	if (n > 0)
		return 0;
	return nothing_urgent(s, n < 0 ? (int)-n : EAGAIN, op);
}

int
cask_receive_urgent(struct cask_sock *s, unsigned char *byte)
{
	static const char op[] = "receive urgent";
	int err = receive_urgent(s, byte, op);

	caski_trace_try(s, op, err);
	return err;
}

int
cask_at_mark(struct cask_sock *s)
{
	static const char op[] = "at mark";
	int r;

	if (check(s, op) != 0)
		return -1;
	if (!s->open) {
		cask_io_pass(&s->io, EBADF, op, "the socket is not open");
		return -1;
	}
	if (s->io.ahead > 0)
		return 0;
	r = caski_sys_at_mark(s->watch.fd);
	if (r >= 0)
		return r > 0;
	cask_io_pass(&s->io, -r, op, NULL);
	return -1;
}

/* How much */

ptrdiff_t
cask_available(struct cask_sock *s)
{
	static const char op[] = "available";
	int n = 0;
	int r;

	s->io.passing = 0;
	if (!s->open) {
		cask_io_pass(&s->io, EBADF, op, "the socket is not open");
		return -1;
	}
	r = caski_sys_available(s->watch.fd, &n);
	if (r >= 0)
		return (ptrdiff_t)s->io.ahead + n;
	cask_io_pass(&s->io, -r, op, NULL);
	return -1;
}
