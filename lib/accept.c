/*
 * Listening, and accepting connections.  See <cask/sock.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"
#include "trace.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

/* For a listener that can neither accept connections nor turn them away. */
#define PAUSE_MS 100

void
caski_open_reserve(struct cask_sock *s)
{
	if (s->reserve == 0)
		s->reserve = caski_sys_open_null() + 1;
	if (s->reserve < 0)
		s->reserve = 0;
}

static int
start_listening(struct cask_sock *s)
{
	s->listening = true;
	caski_open_reserve(s);
	return caski_notify_start(s);
}

static int
let_in(struct cask_sock *s, int backlog)
{
	int err;

	s->io.passing = 0;
	if (s->io.err != 0 || !s->open)
		return cask_io_fail_words(
		    &s->io, EBADF, "listen", "the socket is not bound");
	if (s->deadline != 0 && caski_sys_now() >= s->deadline) {
		s->io.limit_ms = s->deadline_ms;
		return cask_io_fail(&s->io, ETIMEDOUT, "listen");
	}
	err = -caski_sys_listen(s->watch.fd, backlog > 0 ? backlog : INT_MAX);
	if (err == 0)
		err = start_listening(s);
	return err != 0 ? cask_io_fail(&s->io, err, "listen") : 0;
}

int
cask_listen(struct cask_sock *s, int backlog)
{
	return caski_trace_end(s, "listen", let_in(s, backlog));
}

/* Gone before it was accepted: nobody needs to know. */
static bool
passed_over(int err)
{
	return err == ECONNABORTED || err == EPROTO || err == EINTR;
}

static void
pause_over(struct cask_timer *t)
{
	caski_notify_arm(t->user, CASK_ON_ACCEPT);
}

/*
 * Out of descriptors: a connection that can't be accepted would be announced
 * for ever.  With the one that was kept for this it is taken, and closed.
 * Gives whether that could be done; if not, it is left alone for a while.
 */
static bool
turn_away(struct cask_sock *listener)
{
	int fd = -1;

	if (listener->reserve > 0) {
		caski_sys_close(listener->reserve - 1);
		listener->reserve = 0;
		fd = caski_sys_accept(listener->watch.fd, NULL, NULL);
		if (fd >= 0)
			caski_sys_close(fd);
	}
	caski_open_reserve(listener);
	return fd >= 0;
}

static int
pause(struct cask_sock *listener)
{
	listener->pause.after_ms = PAUSE_MS;
	listener->pause.fire = pause_over;
	listener->pause.user = listener;
	return cask_timer_start(&listener->pause);
}

/* What the system lacks, the connection still waits for: it would be announced
 * at once, and in vain.  (Without memory it can't be turned away either.) */
static bool
is_stuck(struct cask_sock *listener, int err)
{
	if (err == EMFILE || err == ENFILE)
		return !turn_away(listener);
	return err == ENOMEM || err == ENOBUFS;
}

/* The notification comes again even after an error: see MFC's rule. */
static void
answered(struct cask_sock *listener, int fd)
{
	if (!is_stuck(listener, -fd) || listener->watch.slot == 0 ||
	    pause(listener) != 0)
		caski_notify_arm(listener, CASK_ON_ACCEPT);
}

/*
 * The next connection, or -error; its other end is named in the socket that is
 * held for it, and is to be blamed.  call NULL: don't wait.
 */
static int
next(struct cask_sock *listener, const struct caski_call *held,
    struct caski_call *call)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len;
	int err = 0;
	int fd;

	do {
		len = sizeof sa;
		fd = caski_wire_accept(listener, (struct sockaddr *)&sa, &len);
		if (fd >= 0 || passed_over(-fd))
			continue;
		err = call == NULL ? -fd
				   : caski_call_retry(call, listener->watch.fd,
					 -fd, CASK_READABLE, NULL);
	} while (fd < 0 && err == 0 && held->s != NULL);
	if (held->s == NULL)
		return -ECANCELED;
	if (err != 0)
		return -err;
	held->s->local = sa.ss_family == AF_UNIX;
	caski_sock_name_peer(held->s, (struct sockaddr *)&sa, len);
	return fd;
}

static int
take(struct cask_sock *listener, struct cask_sock *c, int fd)
{
	int err;

	if (c->notify == NULL)
		c->notify = listener->notify;
	if (c->notify == listener->notify)
		c->wanted = listener->wanted;
	err = caski_sock_adopt(c, fd, CASK_ON_SEND);
	if (err != 0)
		caski_sys_close(fd);
	return err;
}

/* A descriptor or -error, and the call is over, if its socket isn't. */
static int
next_held(struct cask_sock *listener, struct cask_sock *c,
    struct caski_call *call, bool wait)
{
	struct caski_call held;
	int fd;

	caski_call_hold(&held, c, "accept");
	fd = next(listener, &held, wait ? call : NULL);
	if (call->s != NULL) {
		caski_call_end(call);
		answered(listener, fd);
	}
	if (held.s == NULL)
		return CASKI_GONE;
	caski_call_end(&held);
	return fd;
}

static int
accept_next(struct cask_sock *listener, struct cask_sock *c, bool wait)
{
	struct caski_limit l =
	    caski_limit_of(listener, listener->accept_ms, -1);
	struct caski_call call;
	int err = caski_call_begin(
	    &call, listener, &listener->receiving, "accept", l);
	int fd = -1;

	if (err == 0) {
		fd = next_held(listener, c, &call, wait);
		if (fd == CASKI_GONE)
			return CASKI_GONE;
		err = fd < 0 ? -fd : 0;
		if (call.s == NULL)
			return err;
	}
	if (err == ETIMEDOUT)
		c->io.limit_ms = l.ms;
	listener->io.limit_ms = 0;
	return err != 0 ? err : take(listener, c, fd);
}

/* An error of the listener's own is the new socket's as well. */
static int
accept_into(struct cask_sock *listener, struct cask_sock *c, bool wait)
{
	int err = caski_sock_begin(c, "accept");

	if (err != 0)
		return err;
	memcpy(c->name, listener->name, sizeof c->name);
	c->io.peer = c->name[0] != '\0' ? c->name : NULL;
	err = accept_next(listener, c, wait);
	if (err == CASKI_GONE)
		return err;
	if (err == EBUSY)
		cask_io_fail_words(&c->io, err, "accept", listener->io.words);
	return err != 0 ? cask_io_fail(&c->io, err, "accept") : 0;
}

int
cask_accept(struct cask_sock *listener, struct cask_sock *c)
{
	return caski_trace_end(c, "accept", accept_into(listener, c, true));
}

int
cask_try_accept(struct cask_sock *listener, struct cask_sock *c)
{
	int err = accept_into(listener, c, false);

	caski_trace_try(c, "accept", err);
	return err;
}
