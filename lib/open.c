/*
 * How a socket becomes open: connect; bind.  See <cask/sock.h>; listening and
 * accepting are in accept.c, taking over in attach.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "connect.h"
#include "sys.h"
#include "trace.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/un.h>

/*
 * A new life for a socket that is not open: its error is forgotten, its
 * settings stay.  0; or EISCONN, which sticks: a program that goes on must not
 * talk to the wrong host; or EBUSY while a call opens it, which doesn't.
 */
int
caski_sock_begin(struct cask_sock *s, const char *op)
{
	if (s->open || s->attempt != NULL)
		return cask_io_fail(&s->io, EISCONN, op);
	if (cask_is_blocking(s))
		return caski_call_refuse(s, op);
	s->io = (struct cask_io) {
		.table =
		    s->datagram ? &caski_datagram_table : &caski_stream_table,
	};
	s->listening = s->local = s->direct = s->ended = s->over = false;
	s->bound = s->asking = s->value_begins = false;
	s->wanted = CASK_ON_ALL;
	s->lost = s->direct_ms = 0;
	s->value_limit = 0;
	s->carried = 0;
	caski_note_drop(&s->note); /* how the last connect failed */
	s->watch = (struct cask_watch) { .fd = -1 };
	s->note = (struct cask_note) { .queued = false };
	s->posted = 0;
	s->name[0] = '\0';
	return 0;
}

static void
set_buffers(const struct cask_sock *s, int fd)
{
	if (s->send_buffer > 0)
		caski_sys_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, s->send_buffer);
	if (s->receive_buffer > 0)
		caski_sys_setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, s->receive_buffer);
}

int
caski_sock_make(const struct cask_sock *s, int family)
{
	int fd =
	    caski_sys_socket(family, s->datagram ? SOCK_DGRAM : SOCK_STREAM, 0);

	if (fd >= 0)
		set_buffers(s, fd);
	return fd;
}

int
caski_sock_family(const struct cask_sock *s)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	int r = 0;

	if (s->open)
		r = caski_sys_getsockname(
		    s->watch.fd, (struct sockaddr *)&sa, &len);
	return r < 0 ? r : sa.ss_family;
}

/*
 * Archives flush whole messages, so nothing is gained by waiting for more to
 * send; where the option can't be had the connection is slower, and no worse.
 */
int
caski_sock_adopt(struct cask_sock *s, int fd, unsigned announce)
{
	int err;

	if (!s->datagram && !s->local && !s->listening)
		caski_sys_setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	s->watch.fd = fd;
	s->open = true;
	err = caski_notify_start(s);
	if (err != 0)
		s->open = false;
	else if (announce & CASK_ON_CONNECT)
		caski_notify_post(s, CASK_ON_CONNECT);
	if (err == 0 && announce & CASK_ON_SEND)
		caski_notify_arm(s, CASK_ON_SEND);
	return err;
}

/* Connect */

static struct caski_limit
connect_limit(const struct cask_sock *s)
{
	return caski_limit_of(s, s->connect_ms, CASK_TIMEOUT_MS);
}

static bool
is_path(const char *host)
{
	return host != NULL &&
	    (*host == '/' || *host == '@' || strncmp(host, "./", 2) == 0);
}

/* What can be no address, in words; or NULL. */
static const char *
no_address(const char *host, const char *port)
{
	bool path = is_path(host);

	if (path && port != NULL)
		return "a path has no port";
	if (!path && port == NULL)
		return "no port";
	return NULL;
}

/* How does a connect that has begun end? */
static int
await_connect(struct caski_call *c)
{
	struct caski_own own = { .fd = c->s->watch.fd,
		.events = CASK_WRITABLE };
	int failed = 0;
	int err;

	do
		err = caski_call_wait(c, &own, 1, CASKI_NEVER);
	while (err == 0 && own.seen == 0);
	if (err != 0)
		return err;
	err = -caski_sys_getsockopt(own.fd, SOL_SOCKET, SO_ERROR, &failed);
	return err != 0 ? err : failed;
}

/*
 * A socket that is bound already keeps its descriptor; bound to every address
 * it is one of IPv6, and reaches IPv4 in the words of that.
 */
static int
connect_bound(struct caski_call *c, const char *host, const char *port)
{
	int flags = c->s->datagram ? CASKI_DATAGRAM : 0;
	struct caski_hosts *hosts = NULL;
	int err = caski_call_resolve(c, &hosts, host, port, flags);
	int family = err == 0 ? caski_sock_family(c->s) : 0;
	size_t n;

	if (family < 0)
		err = -family;
	n = err == 0 ? hosts->n : 0;
	for (size_t i = 0; i < n && c->s != NULL; i++) {
		struct caski_host *h = &hosts->host[i];

		if (family == AF_INET6 && h->sa.ss_family == AF_INET)
			caski_host_map(h);
		err = -caski_sys_connect(
		    c->s->watch.fd, (const struct sockaddr *)&h->sa, h->length);
		if (err == EINPROGRESS || err == EINTR)
			err = await_connect(c);
		if (err == 0 || err == ETIMEDOUT || err == ECANCELED)
			break;
	}
	caski_sys_free(hosts);
	return err;
}

static int
connect_to(struct cask_sock *s, const char *host, const char *port)
{
	bool bound = s->bound;
	struct caski_call c;
	int fd = s->watch.fd;
	int err = caski_call_open(&c, s, "connect", connect_limit(s));

	if (err != 0)
		return err;
	err = bound ? connect_bound(&c, host, port)
		    : caski_call_connect(&c, host, port, &fd);
	if (c.s == NULL)
		return CASKI_GONE;
	caski_call_end(&c);
	if (err != 0 || (bound && s->datagram))
		return err;
	s->bound = false;
	err = caski_sock_adopt(s, fd, CASK_ON_SEND);
	if (err != 0)
		caski_sys_close(fd);
	return err;
}

/* A bound socket goes on with the life that it has. */
static int
begin_connect(struct cask_sock *s, const char *host, const char *port)
{
	const char *words = host != NULL ? no_address(host, port) : "no host";
	bool bound = s->bound && s->io.err == 0 && !s->listening;
	int err = bound ? caski_call_refuse(s, "connect")
			: caski_sock_begin(s, "connect");

	if (err != 0)
		return err;
	s->io.passing = 0;
	if (words != NULL)
		return cask_io_fail_words(&s->io, EINVAL, "connect", words);
	s->local = is_path(host);
	caski_sock_name(s, host, port);
	return 0;
}

static int
connect_now(struct cask_sock *s, const char *host, const char *port)
{
	int err = begin_connect(s, host, port);

	if (err != 0)
		return err;
	err = connect_to(s, host, port);
	if (err == CASKI_GONE)
		return err;
	if (err != 0 && s->bound && !s->datagram)
		caski_sys_close(caski_sock_let_go(s));
	return err != 0 ? cask_io_fail(&s->io, err, "connect") : 0;
}

int
cask_connect(struct cask_sock *s, const char *host, const char *port)
{
	return caski_trace_end(s, "connect", connect_now(s, host, port));
}

static void
connected(struct cask_sock *s, int err, int fd)
{
	s->attempt = NULL;
	if (err == 0) {
		err = caski_sock_adopt(s, fd, CASK_ON_CONNECT | CASK_ON_SEND);
		if (err != 0)
			caski_sys_close(fd);
	}
	if (err == ETIMEDOUT)
		s->io.limit_ms = s->value_ms;
	if (err != 0)
		cask_io_fail(&s->io, err, "connect");
	caski_trace_call(s, "connect", err);
	if (err != 0)
		caski_notify_failed(s);
}

static int
begin_attempt(struct cask_sock *s, const char *host, const char *port)
{
	struct caski_limit l = connect_limit(s);
	int err;

	if (s->attempt != NULL)
		return cask_io_pass(
		    &s->io, EALREADY, "connect", "still connecting");
	err = begin_connect(s, host, port);
	if (err != 0)
		return err;
	if (s->open)
		return cask_io_fail_words(&s->io, EOPNOTSUPP, "connect",
		    "bound already: only cask_connect can do that");
	err = caski_attempt_begin(&s->attempt, s, host, port);
	s->value_ms = l.ms;
	if (err == 0)
		err = caski_attempt_watch(
		    s->attempt, caski_limit_at(&l), connected);
	if (err == 0)
		return 0;
	caski_attempt_free(s->attempt);
	s->attempt = NULL;
	return cask_io_fail(&s->io, err, "connect");
}

int
cask_try_connect(struct cask_sock *s, const char *host, const char *port)
{
	return caski_trace_end(s, "try connect", begin_attempt(s, host, port));
}

/* Bind */

/*
 * A path that nobody listens on any more is in the way of its successor.  The
 * system says of a file of another kind, too, that nobody listens on it.
 */
static int
bind_path(const struct cask_sock *s, int fd, const struct caski_host *h)
{
	const struct sockaddr *sa = (const struct sockaddr *)&h->sa;
	const struct sockaddr_un *un = (const struct sockaddr_un *)&h->sa;
	int r = caski_sys_bind(fd, sa, h->length);
	int probe;

	if (r != -EADDRINUSE || un->sun_path[0] == '\0' ||
	    !caski_sys_is_socket(un->sun_path))
		return r;
	probe = caski_sock_make(s, AF_UNIX);
	if (probe < 0)
		return r;
	if (caski_sys_connect(probe, sa, h->length) == -ECONNREFUSED &&
	    caski_sys_unlink(un->sun_path) == 0)
		r = caski_sys_bind(fd, sa, h->length);
	caski_sys_close(probe);
	return r;
}

/* A port in TIME_WAIT is free for a new server; both: IPv4 comes in by IPv6. */
static int
bind_port(const struct cask_sock *s, int fd, const struct caski_host *h)
{
	bool v6 = h->sa.ss_family == AF_INET6;
	int r = 0;

	if (!s->datagram)
		r = caski_sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0 && s->reuse_port)
		r = caski_sys_reuse_port(fd);
	if (r == 0 && v6)
		r = caski_sys_setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, s->v6_only);
	if (r == 0)
		r = caski_sys_bind(
		    fd, (const struct sockaddr *)&h->sa, h->length);
	return r;
}

static int
bind_to(struct cask_sock *s, const struct caski_host *h)
{
	bool local = h->sa.ss_family == AF_UNIX;
	int fd = caski_sock_make(s, h->sa.ss_family);
	int r;

	if (fd < 0)
		return -fd;
	s->local = local;
	r = local ? bind_path(s, fd, h) : bind_port(s, fd, h);
	if (r == 0 && s->datagram)
		r = -caski_sock_adopt(s, fd, CASK_ON_SEND);
	if (r < 0) {
		caski_sys_close(fd);
		return -r;
	}
	s->watch.fd = fd;
	s->open = s->bound = true;
	return 0;
}

/* The first address that can be had; of one family only, unless that is 0. */
static int
bind_first(struct cask_sock *s, const struct caski_hosts *hosts, int family)
{
	int err = EAFNOSUPPORT;

	for (size_t i = 0; i < hosts->n && err != 0; i++)
		if (family == 0 || family == hosts->host[i].sa.ss_family)
			err = bind_to(s, &hosts->host[i]);
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
	int err = bind_first(s, hosts, AF_INET6);

	if (!s->v6_only &&
	    (err == EAFNOSUPPORT || err == EADDRNOTAVAIL ||
		err == EPROTONOSUPPORT || err == EINVAL))
		err = bind_first(s, hosts, AF_INET);
	return err;
}

static int
bind_host(struct caski_call *c, const char *host, const char *port)
{
	struct cask_sock *s = c->s;
	int flags = CASKI_PASSIVE | (s->datagram ? CASKI_DATAGRAM : 0);
	struct caski_hosts *hosts = NULL;
	int err = caski_call_resolve(c, &hosts, host, port, flags);

	if (err == 0)
		err =
		    host == NULL ? bind_all(s, hosts) : bind_first(s, hosts, 0);
	caski_sys_free(hosts);
	return err;
}

static int
bind_name(struct cask_sock *s, const char *host, const char *port)
{
	const char *words = no_address(host, port);
	int err = caski_sock_begin(s, "bind");
	struct caski_call c;

	if (err != 0)
		return err;
	if (words != NULL)
		return cask_io_fail_words(&s->io, EINVAL, "bind", words);
	caski_sock_name(s, host != NULL ? host : "*", port);
	err = caski_call_open(&c, s, "bind", connect_limit(s));
	if (err == 0) {
		err = bind_host(&c, host, port);
		if (c.s == NULL)
			return CASKI_GONE;
		caski_call_end(&c);
	}
	if (err == 0)
		caski_sock_name_bound(s, host != NULL ? host : "*");
	return err != 0 ? cask_io_fail(&s->io, err, "bind") : 0;
}

int
cask_bind(struct cask_sock *s, const char *host, const char *port)
{
	return caski_trace_end(s, "bind", bind_name(s, host, port));
}
