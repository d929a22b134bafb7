/*
 * A socket that is open: sending, receiving, closing.  See <cask/sock.h>.
 *
 * Underneath everything is non-blocking.  A call that blocks tries its system
 * call, and when that would block it waits, within its limit, and tries again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"

#include <errno.h>

/*
 * A send system call gets no more than this.  It is the most that fits into the
 * largest segment of a loopback interface; beyond it the bytes travel as one
 * full segment and a small rest that waits for an acknowledgement, and the
 * throughput falls to a fifth.
 */
#define SEND_MOST 61440

static struct cask_sock *
sock(struct cask_io *io)
{
	return (struct cask_sock *)io;
}

/* Limits and waiting */

void
cask_deadline(struct cask_sock *s, int ms)
{
	s->deadline = ms < 0 ? 0 : caski_deadline(ms);
	s->deadline_ms = ms;
}

struct caski_limit
caski_sock_limit(const struct cask_sock *s, int default_ms)
{
	int ms = s->timeout_ms != 0 ? s->timeout_ms : default_ms;
	int64_t at = caski_deadline(ms);

	if (s->deadline != 0 && s->deadline < at)
		return (struct caski_limit) { s->deadline, s->deadline_ms };
	return (struct caski_limit) { at, ms };
}

bool
caski_sock_expired(const struct cask_sock *s)
{
	return s->deadline != 0 && caski_sys_now() >= s->deadline;
}

int
caski_sock_wait(
    struct cask_sock *s, int fd, int events, const struct caski_limit *l)
{
	int err = caski_wait_one(fd, events, l->at);

	if (err == ETIMEDOUT)
		s->io.limit_ms = l->ms;
	return err;
}

/*
 * A peer that takes or gives a byte now and then must not stretch the limit,
 * so it is looked at before every wait.
 */
int
caski_sock_again(struct cask_sock *s, int fd, int err, int events,
    const struct caski_limit *l)
{
	if (err == EINTR)
		return 0;
	if (err != EAGAIN && err != EWOULDBLOCK)
		return err;
	if (caski_sys_now() < l->at)
		return caski_sock_wait(s, fd, events, l);
	s->io.limit_ms = l->ms;
	return ETIMEDOUT;
}

/*
 * May op go on?  0, or the error: the one that stuck before, or EBUSY, which
 * doesn't stick, when another call waits in this direction.
 */
static int
begin(struct cask_sock *s, bool busy, const char *op)
{
	if (s->io.err != 0)
		return s->io.err;
	if (!s->open)
		return cask_io_fail_words(
		    &s->io, EBADF, op, "the socket is not open");
	if (busy)
		return EBUSY;
	if (!caski_sock_expired(s))
		return 0;
	s->io.limit_ms = s->deadline_ms;
	return cask_io_fail(&s->io, ETIMEDOUT, op);
}

/* A notification that is outstanding leaves its slot in the pump, unused. */
void
caski_sock_rearm(struct cask_sock *s)
{
	if (s->watch.slot == 0)
		return;
	s->watch.events = CASK_READABLE;
	cask_watch_start(&s->watch);
}

/* Receiving */

/*
 * After the end and after an error the notification does not come again: they
 * would hold for ever.
 */
static ptrdiff_t
received(struct cask_sock *s, ptrdiff_t n, int err)
{
	if (err != 0) {
		cask_io_fail(&s->io, err, "receive");
		return -1;
	}
	if (n > 0)
		caski_sock_rearm(s);
	return n;
}

/* What is there, up to size bytes, waiting for it within the limit. */
static ptrdiff_t
receive_some(
    struct cask_sock *s, void *buf, size_t size, const struct caski_limit *l)
{
	ptrdiff_t n;
	int err = 0;

	s->receiving = true;
	do {
		n = caski_sys_recv(s->watch.fd, buf, size, 0);
		if (n < 0)
			err = caski_sock_again(
			    s, s->watch.fd, (int)-n, CASK_READABLE, l);
	} while (n < 0 && err == 0);
	s->receiving = false;
	return received(s, n, err);
}

ptrdiff_t
cask_receive(struct cask_sock *s, void *buf, size_t size)
{
	struct caski_limit l = caski_sock_limit(s, CASK_TIMEOUT_MS);

	if (begin(s, s->receiving, "receive") != 0)
		return -1;
	return receive_some(s, buf, size, &l);
}

ptrdiff_t
cask_try_receive(struct cask_sock *s, void *buf, size_t size)
{
	ptrdiff_t n;

	if (begin(s, s->receiving, "receive") != 0)
		return -1;
	do
		n = caski_sys_recv(s->watch.fd, buf, size, 0);
	while (n == -EINTR);
	if (n == -EAGAIN || n == -EWOULDBLOCK) {
		caski_sock_rearm(s);
		return -1;
	}
	return received(s, n, n < 0 ? (int)-n : 0);
}

/* Sending */

static ptrdiff_t
send_once(struct cask_sock *s, const void *buf, size_t n)
{
	return caski_sys_send(
	    s->watch.fd, buf, n < SEND_MOST ? n : SEND_MOST, 0);
}

/* Send what fits, at least one byte: how many, or -error. */
static ptrdiff_t
send_some(
    struct cask_sock *s, const void *buf, size_t n, const struct caski_limit *l)
{
	ptrdiff_t sent;
	int err = 0;

	s->sending = true;
	do {
		sent = send_once(s, buf, n);
		if (sent < 0)
			err = caski_sock_again(
			    s, s->watch.fd, (int)-sent, CASK_WRITABLE, l);
	} while (sent < 0 && err == 0);
	s->sending = false;
	return err != 0 ? -err : sent;
}

int
cask_send(struct cask_sock *s, const void *buf, size_t n)
{
	const unsigned char *p = buf;
	struct caski_limit l = caski_sock_limit(s, CASK_TIMEOUT_MS);
	int err = begin(s, s->sending, "send");
	ptrdiff_t sent;

	if (err != 0)
		return err;
	for (; n > 0; p += sent, n -= (size_t)sent) {
		sent = send_some(s, p, n, &l);
		if (sent < 0)
			return cask_io_fail(&s->io, (int)-sent, "send");
	}
	return 0;
}

ptrdiff_t
cask_try_send(struct cask_sock *s, const void *buf, size_t n)
{
	const unsigned char *p = buf;
	ptrdiff_t sent = 0;
	size_t done = 0;

	if (begin(s, s->sending, "send") != 0)
		return -1;
	while (done < n && (sent >= 0 || sent == -EINTR)) {
		sent = send_once(s, p + done, n - done);
		if (sent > 0)
			done += (size_t)sent;
	}
	if (sent >= 0 || sent == -EAGAIN || sent == -EWOULDBLOCK)
		return (ptrdiff_t)done;
	cask_io_fail(&s->io, (int)-sent, "send");
	return -1;
}

/* The transport */

/*
 * An archive's value may take many reads or writes.  One limit covers them all,
 * or a peer that gives or takes a byte now and then would stretch it.
 */
static void
sock_start(struct cask_io *io)
{
	struct cask_sock *s = sock(io);
	struct caski_limit l = caski_sock_limit(s, CASK_TIMEOUT_MS);

	s->value_limit = l.at;
	s->value_ms = l.ms;
}

static struct caski_limit
value_limit(const struct cask_sock *s)
{
	if (s->value_limit == 0)
		return caski_sock_limit(s, CASK_TIMEOUT_MS);
	return (struct caski_limit) { s->value_limit, s->value_ms };
}

static ptrdiff_t
sock_read(struct cask_io *io, void *buf, size_t size)
{
	struct cask_sock *s = sock(io);
	struct caski_limit l = value_limit(s);

	if (begin(s, s->receiving, "receive") != 0)
		return -1;
	return receive_some(s, buf, size, &l);
}

static ptrdiff_t
sock_write(struct cask_io *io, const void *buf, size_t size)
{
	struct cask_sock *s = sock(io);
	struct caski_limit l = value_limit(s);
	ptrdiff_t sent;

	if (begin(s, s->sending, "send") != 0)
		return -1;
	sent = send_some(s, buf, size, &l);
	if (sent >= 0)
		return sent;
	cask_io_fail(io, (int)-sent, "send");
	return -1;
}

const struct cask_io_table caski_sock_table = {
	.name = "socket",
	.read = sock_read,
	.write = sock_write,
	.start = sock_start,
};

/* Closing */

int
cask_shutdown(struct cask_sock *s, enum cask_shutdown how)
{
	static const int system[] = {
		[CASK_RECEIVES] = SHUT_RD,
		[CASK_SENDS] = SHUT_WR,
		[CASK_BOTH] = SHUT_RDWR,
	};
	int err = begin(s, false, "shutdown");
	int r = -EINVAL;

	if (err != 0)
		return err;
	if ((unsigned)how < sizeof system / sizeof system[0])
		r = caski_sys_shutdown(s->watch.fd, system[how]);
	return r < 0 ? cask_io_fail(&s->io, -r, "shutdown") : 0;
}

/* EINTR: the descriptor is gone all the same; a retry might hit another's. */
int
cask_close(struct cask_sock *s)
{
	int r;

	if (!s->open)
		return s->io.err;
	cask_watch_stop(&s->watch);
	s->open = s->listening = false;
	r = caski_sys_close(s->watch.fd);
	if (r < 0 && r != -EINTR)
		cask_io_fail(&s->io, -r, "close");
	return s->io.err;
}
