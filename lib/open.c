/*
 * How a socket becomes open: connect; bind and listen; accept.  See
 * <cask/sock.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "resolve.h"
#include "sys.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/*
 * A new life for a socket that is not open: its error is forgotten, its
 * settings stay.  0, or EISCONN, which sticks: a program that goes on must not
 * talk to the wrong host.
 */
static int
begin(struct cask_sock *s, const char *op)
{
	if (s->open)
		return cask_io_fail(&s->io, EISCONN, op);
	s->io = (struct cask_io) { .table = &caski_sock_table };
	s->listening = s->receiving = s->sending = false;
	s->value_limit = 0;
	s->watch = (struct cask_watch) { .fd = -1 };
	s->name[0] = '\0';
	return 0;
}

/* The pump says that there is something.  Once; see caski_sock_rearm. */
static void
ready(struct cask_watch *w, int events)
{
	struct cask_sock *s = w->user;
	const struct cask_notify *notify = s->notify;

	(void)events;
	w->events = 0;
	cask_watch_start(w);
	if (notify == NULL)
		return;
	if (s->listening && notify->accept != NULL)
		notify->accept(s);
	else if (!s->listening && notify->receive != NULL)
		notify->receive(s);
}

/* Watch for notifications, if the program wants the one there can be. */
static int
watch(struct cask_sock *s, bool wanted)
{
	if (!wanted)
		return 0;
	s->watch.events = CASK_READABLE;
	s->watch.ready = ready;
	s->watch.user = s;
	return cask_watch_start(&s->watch);
}

/*
 * fd is a connection: make it the socket's.  Archives flush whole messages, so
 * nothing is gained by waiting for more to send; where the option can't be had
 * the connection is slower, and no worse.
 */
static int
adopt(struct cask_sock *s, int fd)
{
	int err;

	caski_sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	s->watch.fd = fd;
	err = watch(s, s->notify != NULL && s->notify->receive != NULL);
	s->open = err == 0;
	return err;
}

/* All addresses of a host, within the deadline. */
static int
look_up(struct caski_hosts **hosts, const char *host, const char *port,
    int flags, int64_t deadline)
{
	struct caski_lookup *l;
	int err = caski_lookup_begin(&l, host, port, flags);

	if (err != 0)
		return err;
	while ((err = caski_lookup_answer(l, hosts)) == EINPROGRESS) {
		err =
		    caski_wait_one(caski_lookup_fd(l), CASK_READABLE, deadline);
		if (err != 0)
			break;
	}
	caski_lookup_free(l);
	return err;
}

/* Connect */

/* It was begun: how does it end?  An interrupted connect goes on by itself. */
static int
await_connect(struct cask_sock *s, int fd, const struct caski_limit *l)
{
	int err = caski_sock_wait(s, fd, CASK_WRITABLE, l);
	int failed = 0;
	int r;

	if (err != 0)
		return err;
	r = caski_sys_getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed);
	return r < 0 ? -r : failed;
}

static int
connect_to(struct cask_sock *s, const struct caski_host *h,
    const struct caski_limit *l)
{
	int fd = caski_sys_socket(h->sa.ss_family, SOCK_STREAM, 0);
	int err;

	if (fd < 0)
		return -fd;
	err =
	    -caski_sys_connect(fd, (const struct sockaddr *)&h->sa, h->length);
	if (err == EINPROGRESS || err == EINTR)
		err = await_connect(s, fd, l);
	if (err == 0)
		err = adopt(s, fd);
	if (err != 0)
		caski_sys_close(fd);
	return err;
}

/* One address after the other, until one answers or our own limit runs out. */
static int
connect_any(struct cask_sock *s, const char *host, const char *port)
{
	struct caski_limit l = caski_sock_limit(s, CASK_TIMEOUT_MS);
	struct caski_hosts *hosts = NULL;
	int err = ETIMEDOUT;

	if (caski_sys_now() < l.at)
		err = look_up(&hosts, host, port, 0, l.at);
	if (err == ETIMEDOUT)
		s->io.limit_ms = l.ms;
	if (err != 0)
		return err;
	for (size_t i = 0; i < hosts->n; i++) {
		err = connect_to(s, &hosts->host[i], &l);
		if (err == 0 || s->io.limit_ms != 0)
			break;
	}
	caski_sys_free(hosts);
	return err;
}

int
cask_connect(struct cask_sock *s, const char *host, const char *port)
{
	int err = begin(s, "connect");

	if (err != 0)
		return err;
	if (host == NULL || port == NULL)
		return cask_io_fail(&s->io, EINVAL, "connect");
	caski_sock_name(s, host, port);
	err = connect_any(s, host, port);
	return err != 0 ? cask_io_fail(&s->io, err, "connect") : 0;
}

/* Bind */

/* A port in TIME_WAIT is free for a new server; both: IPv4 comes in by IPv6. */
static int
bind_to(struct cask_sock *s, const struct caski_host *h, bool both)
{
	int fd = caski_sys_socket(h->sa.ss_family, SOCK_STREAM, 0);
	int r;

	if (fd < 0)
		return -fd;
	r = caski_sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0 && both)
		r = caski_sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (r == 0)
		r = caski_sys_bind(
		    fd, (const struct sockaddr *)&h->sa, h->length);
	if (r < 0) {
		caski_sys_close(fd);
		return -r;
	}
	s->watch.fd = fd;
	s->open = true;
	return 0;
}

/* The first address that can be had; of one family only, unless that is 0. */
static int
bind_first(
    struct cask_sock *s, const struct caski_hosts *hosts, int family, bool both)
{
	int err = EAFNOSUPPORT;

	for (size_t i = 0; i < hosts->n && err != 0; i++)
		if (family == 0 || family == hosts->host[i].sa.ss_family)
			err = bind_to(s, &hosts->host[i], both);
	return err;
}

/*
 * Every address: by IPv6, which takes both, or by IPv4 where there is no IPv6.
 * EINVAL: a system that keeps the two apart.  Any other error is the answer: to
 * listen by IPv4 alone because the IPv6 port is taken would surprise.
 */
static int
bind_all(struct cask_sock *s, const struct caski_hosts *hosts)
{
	int err = bind_first(s, hosts, AF_INET6, true);

	if (err == EAFNOSUPPORT || err == EADDRNOTAVAIL ||
	    err == EPROTONOSUPPORT || err == EINVAL)
		err = bind_first(s, hosts, AF_INET, false);
	return err;
}

int
cask_bind(struct cask_sock *s, const char *host, const char *port)
{
	struct caski_limit l = caski_sock_limit(s, CASK_TIMEOUT_MS);
	struct caski_hosts *hosts = NULL;
	int err = begin(s, "bind");

	if (err != 0)
		return err;
	if (port == NULL)
		return cask_io_fail(&s->io, EINVAL, "bind");
	caski_sock_name(s, host != NULL ? host : "*", port);
	err = ETIMEDOUT;
	if (!caski_sock_expired(s))
		err = look_up(&hosts, host, port, CASKI_PASSIVE, l.at);
	if (err == ETIMEDOUT)
		s->io.limit_ms = l.ms;
	if (err == 0 && host == NULL)
		err = bind_all(s, hosts);
	else if (err == 0)
		err = bind_first(s, hosts, 0, false);
	caski_sys_free(hosts);
	return err != 0 ? cask_io_fail(&s->io, err, "bind") : 0;
}

/* Listen and accept */

int
cask_listen(struct cask_sock *s, int backlog)
{
	int err;

	if (s->io.err != 0 || !s->open)
		return cask_io_fail_words(
		    &s->io, EBADF, "listen", "the socket is not bound");
	if (caski_sock_expired(s)) {
		s->io.limit_ms = s->deadline_ms;
		return cask_io_fail(&s->io, ETIMEDOUT, "listen");
	}
	err = -caski_sys_listen(s->watch.fd, backlog > 0 ? backlog : INT_MAX);
	if (err == 0)
		err = watch(s, s->notify != NULL && s->notify->accept != NULL);
	if (err != 0)
		return cask_io_fail(&s->io, err, "listen");
	s->listening = true;
	return 0;
}

/* Gone before it was accepted: nobody needs to know. */
static bool
passed_over(int err)
{
	return err == ECONNABORTED || err == EPROTO || err == EINTR;
}

/*
 * The next connection, or -error; its other end is named in c, which is to be
 * blamed.  l NULL: don't wait.
 */
static int
next(struct cask_sock *listener, struct cask_sock *c,
    const struct caski_limit *l)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len;
	int err = 0;
	int fd;

	listener->receiving = true;
	do {
		len = sizeof sa;
		fd = caski_sys_accept(
		    listener->watch.fd, (struct sockaddr *)&sa, &len);
		if (fd >= 0 || passed_over(-fd))
			continue;
		err = l == NULL ? -fd
				: caski_sock_again(c, listener->watch.fd, -fd,
				      CASK_READABLE, l);
	} while (fd < 0 && err == 0);
	listener->receiving = false;
	if (err != 0)
		return -err;
	caski_sock_name_peer(c, (struct sockaddr *)&sa, len);
	return fd;
}

/* The notification comes again even after an error: see MFC's rule. */
static int
take(struct cask_sock *listener, struct cask_sock *c,
    const struct caski_limit *l)
{
	int fd = next(listener, c, l);
	int err;

	caski_sock_rearm(listener);
	if (fd < 0)
		return -fd;
	if (c->notify == NULL)
		c->notify = listener->notify;
	err = adopt(c, fd);
	if (err != 0)
		caski_sys_close(fd);
	return err;
}

static int
accept_into(struct cask_sock *listener, struct cask_sock *c, bool wait)
{
	struct caski_limit l = caski_sock_limit(listener, -1);
	int err = begin(c, "accept");

	if (err != 0)
		return err;
	memcpy(c->name, listener->name, sizeof c->name);
	c->io.peer = c->name[0] != '\0' ? c->name : NULL;
	if (listener->io.err != 0 || !listener->open)
		err = cask_io_fail_words(
		    &listener->io, EBADF, "accept", "the socket is not open");
	else if (listener->receiving)
		err = EBUSY;
	else if (caski_sock_expired(listener))
		err = ETIMEDOUT;
	else
		err = take(listener, c, wait ? &l : NULL);
	if (err == ETIMEDOUT)
		c->io.limit_ms = l.ms;
	return err != 0 ? cask_io_fail(&c->io, err, "accept") : 0;
}

int
cask_accept(struct cask_sock *listener, struct cask_sock *c)
{
	return accept_into(listener, c, true);
}

int
cask_try_accept(struct cask_sock *listener, struct cask_sock *c)
{
	return accept_into(listener, c, false);
}
