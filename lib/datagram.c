/*
 * Datagrams to and from anybody.  See <cask/addr.h>.
 *
 * Each datagram stands for itself, and so does what happens to it: an error is
 * the answer to one call, and the next one may well succeed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "connect.h"
#include "sys.h"
#include "trace.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#define EVERYBODY "255.255.255.255"
#define AGAIN_MS  10 /* between looks for room that no event tells of */

static const struct sockaddr *
sockaddr(const struct cask_addr *a)
{
	return (const struct sockaddr *)(const void *)a->sa.bytes;
}

static bool
would_block(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK;
}

/* A call ends with err, which sticks only if s is good for nothing more. */
static int
fail(struct cask_sock *s, int err, const char *op, const char *words)
{
	if (err == EBADF || err == ECANCELED)
		return cask_io_fail(&s->io, err, op);
	return cask_io_pass(&s->io, err, op, words);
}

static int
check(struct cask_sock *s, const char *op)
{
	s->io.passing = 0;
	s->io.limit_ms = 0;
	if (!s->datagram)
		return cask_io_pass(
		    &s->io, EOPNOTSUPP, op, "this is no datagram socket");
	return 0;
}

/* Finding */

/* Whether s, of IPv6, reaches IPv4 too. */
static bool
reaches_both(const struct cask_sock *s)
{
	int only = 1;

	return caski_sys_getsockopt(
		   s->watch.fd, IPPROTO_IPV6, IPV6_V6ONLY, &only) == 0 &&
	    only == 0;
}

static void
set(struct cask_addr *a, const struct caski_host *h)
{
	a->length = h->length;
	memcpy(a->sa.bytes, &h->sa, h->length);
}

/* The first that s can send to: 0 or EAFNOSUPPORT. */
static int
choose(struct cask_addr *a, const struct cask_sock *s, int family,
    const struct caski_hosts *hosts)
{
	struct caski_host mapped = hosts->host[0];

	for (size_t i = 0; i < hosts->n; i++) {
		const struct caski_host *h = &hosts->host[i];

		if (family != 0 && family != h->sa.ss_family)
			continue;
		set(a, h);
		return 0;
	}
	if (family != AF_INET6 || mapped.sa.ss_family != AF_INET ||
	    !reaches_both(s))
		return EAFNOSUPPORT;
	caski_host_map(&mapped);
	set(a, &mapped);
	return 0;
}

/* Hold s while a look-up waits; whether it is open doesn't matter. */
static int
hold(struct caski_call *c, struct cask_sock *s)
{
	struct caski_limit l =
	    caski_limit_of(s, s->connect_ms, CASK_TIMEOUT_MS);

	if (s->open)
		return caski_call_begin(c, s, &s->sending, "find", l);
	if (s->attempt != NULL || cask_is_blocking(s))
		return cask_io_pass(&s->io, EBUSY, "find",
		    "busy: this socket is just being opened");
	if (caski_call_open(c, s, "find", l) != 0)
		return cask_io_pass(&s->io, ETIMEDOUT, "find", NULL);
	return 0;
}

static int
not_found(struct cask_sock *s, int err, const char *host, const char *port)
{
	char words[120];

	if (err == ETIMEDOUT)
		snprintf(words, sizeof words, "looking up %s", host);
	else if (err == CASK_EPORT)
		snprintf(words, sizeof words, "%s: %s",
		    port != NULL ? port : "no port", cask_strerror(err));
	else if (err == EAFNOSUPPORT)
		snprintf(words, sizeof words,
		    "%s: no address of this socket's family", host);
	else
		snprintf(
		    words, sizeof words, "%s: %s", host, cask_strerror(err));
	return cask_io_pass(&s->io, err, "find", words);
}

static int
find(struct cask_addr *a, struct cask_sock *s, const char *host,
    const char *port)
{
	struct caski_hosts *hosts = NULL;
	struct caski_call c;
	int err = check(s, "find");
	int family = 0;

	*a = (struct cask_addr) { 0 };
	if (host == NULL)
		host = EVERYBODY;
	if (err == 0)
		err = hold(&c, s);
	if (err != 0)
		return err;
	err = caski_call_resolve(&c, &hosts, host, port, CASKI_DATAGRAM);
	if (err == 0)
		family = caski_sock_family(s);
	if (family < 0)
		err = -family;
	else if (err == 0)
		err = choose(a, s, family, hosts);
	caski_sys_free(hosts);
	if (c.s == NULL)
		return CASKI_GONE;
	caski_call_end(&c);
	return err != 0 ? not_found(s, err, host, port) : 0;
}

int
cask_addr_find(struct cask_addr *a, struct cask_sock *s, const char *host,
    const char *port)
{
	return caski_trace_end(s, "find", find(a, s, host, port));
}

/* Sending */

/* It has no address of its own yet; the system gives it one. */
static int
open_for(struct cask_sock *s, const struct cask_addr *to)
{
	int family = sockaddr(to)->sa_family;
	int err, fd;

	if (s->attempt != NULL || cask_is_blocking(s))
		return cask_io_pass(&s->io, EBUSY, "send",
		    "busy: this socket is just being opened");
	err = caski_sock_begin(s, "send");
	if (err != 0)
		return err;
	fd = caski_sock_make(s, family);
	if (fd < 0)
		return cask_io_pass(&s->io, -fd, "send", NULL);
	s->local = family == AF_UNIX;
	err = caski_sock_adopt(s, fd, CASK_ON_SEND);
	if (err != 0) {
		caski_sys_close(fd);
		return cask_io_pass(&s->io, err, "send", NULL);
	}
	s->bound = true;
	return 0;
}

static int
begin_send(
    struct caski_call *c, struct cask_sock *s, const struct cask_addr *to)
{
	int err = check(s, "send");

	if (err == 0 && to != NULL && to->length == 0)
		err = cask_io_pass(
		    &s->io, EINVAL, "send", "the address is empty");
	if (err == 0 && to != NULL && !s->open)
		err = open_for(s, to);
	if (err != 0)
		return err;
	return caski_call_begin(c, s, &s->sending, "send",
	    caski_limit_of(s, s->send_ms, CASK_TIMEOUT_MS));
}

/* A full queue of the Unix domain is said in more than one way. */
static int
send_once(
    struct cask_sock *s, const void *buf, size_t n, const struct cask_addr *to)
{
	ptrdiff_t r = caski_wire_sendto(s, buf, n,
	    to != NULL ? sockaddr(to) : NULL, to != NULL ? to->length : 0);

	if (r == -ENOBUFS && s->local)
		return EAGAIN;
	return r < 0 ? (int)-r : 0;
}

/*
 * In the Unix domain it is the receiver that is full, and the system tells
 * when it has room again only to those who are connected to it.
 */
static bool
must_look(const struct cask_sock *s, int err, const struct cask_addr *to)
{
	return would_block(err) && s->local && to != NULL;
}

static int
wait_to_send(struct caski_call *c, int err, const struct cask_addr *to)
{
	if (must_look(c->s, err, to))
		return caski_call_wait(c, NULL, 0, caski_deadline(AGAIN_MS));
	return caski_call_retry(c, c->s->watch.fd, err, CASK_WRITABLE, NULL);
}

static void
look_again(struct cask_timer *t)
{
	caski_notify_arm(t->user, CASK_ON_SEND);
}

/* There is no room: announce when there is. */
static void
announce_room(struct cask_sock *s, const struct cask_addr *to)
{
	if (!must_look(s, EAGAIN, to) || s->watch.slot == 0) {
		caski_notify_arm(s, CASK_ON_SEND);
		return;
	}
	s->pause.after_ms = AGAIN_MS;
	s->pause.fire = look_again;
	s->pause.user = s;
	if (cask_timer_start(&s->pause) != 0)
		caski_notify_arm(s, CASK_ON_SEND);
}

/* The system doesn't say why it forbids this. */
static bool
lacks_broadcast(const struct cask_sock *s, int err, const struct cask_addr *to)
{
	int on = 1;

	return err == EACCES && !s->local && to != NULL &&
	    caski_sys_getsockopt(s->watch.fd, SOL_SOCKET, SO_BROADCAST, &on) ==
	    0 &&
	    on == 0;
}

static int
send_failed(struct cask_sock *s, int err, const struct cask_addr *to)
{
	const char *reason = cask_strerror(err);
	char words[120], name[CASK_PEER_SIZE];

	if (err == ETIMEDOUT && s->io.limit_ms > 0)
		return fail(s, err, "send", "nothing was sent");
	if (would_block(err))
		reason = "there is no room";
	else if (lacks_broadcast(s, err, to))
		reason = "broadcasting needs CASK_BROADCAST";
	if (to == NULL)
		return fail(s, err, "send", reason);
	caski_addr_name(to, name, sizeof name);
	snprintf(words, sizeof words, "to %s: %s", name, reason);
	return fail(s, err, "send", words);
}

static int
send_to(struct cask_sock *s, const void *buf, size_t n,
    const struct cask_addr *to, bool wait)
{
	struct caski_call c;
	int err = begin_send(&c, s, to);
	int r;

	if (err != 0)
		return err;
	s->asking = true;
	do {
		r = send_once(s, buf, n, to);
		if (r != 0 && wait)
			err = wait_to_send(&c, r, to);
		else
			err = r == EINTR ? 0 : r;
	} while (r != 0 && err == 0);
	if (c.s == NULL)
		return CASKI_GONE;
	caski_call_end(&c);
	if (would_block(err))
		announce_room(s, to);
	return err != 0 ? send_failed(s, err, to) : 0;
}

int
cask_send_to(
    struct cask_sock *s, const void *buf, size_t n, const struct cask_addr *to)
{
	return caski_trace_end(s, "send", send_to(s, buf, n, to, true));
}

int
cask_try_send_to(
    struct cask_sock *s, const void *buf, size_t n, const struct cask_addr *to)
{
	int err = send_to(s, buf, n, to, false);

	caski_trace_try(s, "send", err);
	return err;
}

/* Receiving */

/* How to receive. */
struct way {
	bool wait;
	int flags;
};

/* A sender without a name is one all the same. */
static void
note_sender(struct cask_addr *from, const struct sockaddr_storage *sa,
    socklen_t len, bool local)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	*from = (struct cask_addr) { .length = len };
	memcpy(from->sa.bytes, sa, len);
	if (len > 0 || !local)
		return;
	from->length = offsetof(struct sockaddr_un, sun_path);
	memcpy(from->sa.bytes, &un, from->length);
}

static ptrdiff_t
receive_once(struct cask_sock *s, void *buf, size_t size,
    struct cask_addr *from, int flags)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	bool cut = false;
	ptrdiff_t n = caski_wire_recvfrom(
	    s, buf, size, flags, (struct sockaddr *)&sa, &len, &cut);

	if (n >= 0 && from != NULL)
		note_sender(from, &sa, len, s->local);
	return cut ? -EMSGSIZE : n;
}

static void
receive_failed(struct cask_sock *s, int err, size_t size)
{
	char words[120];

	if (err == EMSGSIZE) {
		snprintf(words, sizeof words,
		    "the datagram is longer than %zu bytes", size);
		fail(s, err, "receive", words);
	} else {
		fail(s, err, "receive",
		    would_block(err) ? "nothing is there" : NULL);
	}
}

static ptrdiff_t
receive_from(struct cask_sock *s, void *buf, size_t size,
    struct cask_addr *from, struct way how)
{
	struct caski_call c;
	int err = check(s, "receive");
	ptrdiff_t n;

	if (err == 0)
		err = caski_call_begin(&c, s, &s->receiving, "receive",
		    caski_limit_of(s, s->receive_ms, CASK_TIMEOUT_MS));
	if (err != 0)
		return -1;
	do {
		n = receive_once(s, buf, size, from, how.flags);
		if (n < 0 && how.wait)
			err = caski_call_retry(
			    &c, s->watch.fd, (int)-n, CASK_READABLE, NULL);
		else
			err = n < 0 && n != -EINTR ? (int)-n : 0;
	} while (n < 0 && err == 0);
	if (c.s == NULL)
		return CASK_IO_GONE;
	caski_call_end(&c);
	s->asking = false;
	caski_notify_arm(s, CASK_ON_RECEIVE);
	if (err == 0)
		return n;
	receive_failed(s, err, size);
	return -1;
}

ptrdiff_t
cask_receive_from(
    struct cask_sock *s, void *buf, size_t size, struct cask_addr *from)
{
	return caski_trace_count(s, "receive",
	    receive_from(s, buf, size, from, (struct way) { .wait = true }));
}

ptrdiff_t
cask_try_receive_from(
    struct cask_sock *s, void *buf, size_t size, struct cask_addr *from)
{
	return caski_trace_count(
	    s, "receive", receive_from(s, buf, size, from, (struct way) { 0 }));
}

ptrdiff_t
caski_datagram_peek(struct cask_sock *s, void *buf, size_t size)
{
	return caski_trace_count(s, "peek",
	    receive_from(
		s, buf, size, NULL, (struct way) { .flags = CASKI_PEEK }));
}
