/*
 * Taking over a socket from elsewhere: attach, inherit.  See <cask/sock.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"
#include "trace.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static void
name_ends(struct cask_sock *s, int fd)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;

	if (caski_sys_getpeername(fd, (struct sockaddr *)&sa, &len) != 0) {
		len = sizeof sa;
		if (caski_sys_getsockname(fd, (struct sockaddr *)&sa, &len) !=
		    0)
			len = 0;
	}
	s->local = sa.ss_family == AF_UNIX;
	caski_sock_name_peer(s, (struct sockaddr *)&sa, len);
}

/*
 * Is it still to be connected, or to listen?  One that was connected once has
 * an end, or an error, which to look takes along.
 */
static bool
is_fresh(struct cask_sock *s, int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof sa;
	unsigned char byte;
	ptrdiff_t n;

	if (s->datagram || s->listening ||
	    caski_sys_getpeername(fd, (struct sockaddr *)&sa, &len) !=
		-ENOTCONN)
		return false;
	do
		n = caski_sys_recv(fd, &byte, 1, CASKI_PEEK);
	while (n == -EINTR);
	if (n < 0 && n != -ENOTCONN && n != -EAGAIN && n != -EWOULDBLOCK)
		s->lost = (int)-n;
	return n == -ENOTCONN;
}

static int
adopt_foreign(struct cask_sock *s, int fd)
{
	int type = 0, listens = 0;
	int r = caski_sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &type);

	if (r < 0 || (type != SOCK_STREAM && type != SOCK_DGRAM))
		return r == -ENOTSOCK || r == 0 ? EINVAL : -r;
	s->datagram = type == SOCK_DGRAM;
	s->io.table = s->datagram ? &caski_datagram_table : &caski_stream_table;
	if (caski_sys_getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens) != 0)
		listens = 0;
	r = caski_sys_cloexec(fd);
	if (r < 0)
		return -r;
	name_ends(s, fd);
	s->listening = listens != 0;
	s->bound = is_fresh(s, fd);
	if (s->listening || s->bound)
		r = caski_sys_blocking(fd, false);
	if (s->listening)
		caski_open_reserve(s);
	return r < 0 ? -r : caski_sock_adopt(s, fd, 0);
}

static int
attach(struct cask_sock *s, int fd, const char *op)
{
	int err = adopt_foreign(s, fd);

	if (err != 0) {
		caski_sock_let_go(s);
		return cask_io_fail_words(&s->io, err, op,
		    err == EINVAL ? "no stream or datagram socket" : "");
	}
	caski_notify_now(s);
	return 0;
}

int
cask_attach(struct cask_sock *s, int fd)
{
	int err = caski_sock_begin(s, "attach");

	if (err == 0)
		err = attach(s, fd, "attach");
	return caski_trace_end(s, "attach", err);
}

/* A number in the environment, or -1. */
static long
number(const char *name)
{
	const char *text = caski_sys_getenv(name);
	char *end;
	long n;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	n = strtol(text, &end, 10);
	return *end == '\0' ? n : -1;
}

#define FIRST_INHERITED 3

static int
inherit(struct cask_sock *s, unsigned nth)
{
	int err = caski_sock_begin(s, "inherit");

	if (err != 0)
		return err;
	if (number("LISTEN_PID") != caski_sys_pid() ||
	    (long)nth >= number("LISTEN_FDS") || nth > INT_MAX - 3)
		return cask_io_fail_words(&s->io, ENOENT, "inherit",
		    "no such socket was passed to this process");
	return attach(s, FIRST_INHERITED + (int)nth, "inherit");
}

int
cask_inherit(struct cask_sock *s, unsigned nth)
{
	return caski_trace_end(s, "inherit", inherit(s, nth));
}
