/*
 * What the tests of notifications share: a socket that writes down what it is
 * told, a plain socket of the system's at the other end, and things that happen
 * meanwhile.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef NOTIFY_KIT_H
#define NOTIFY_KIT_H

#include "test.h"

#include "fault.h"

#include "../lib/sys.h"

#include <cask/addr.h>
#include <cask/sock.h>
#include <cask/value.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */
#define LITTLE   20   /* ms; for what is not meant to come */

/* A socket, and what it was told, in order: c s o r a x, x being close. */
struct end {
	struct cask_sock s; /* the first member */
	char id;
	char told[80];
	int err;    /* that came with the last one */
	bool again; /* a notification came within another of the same socket */
	unsigned inside;
	void (*then)(struct end *e, char kind);
	struct end *other;
	struct cask_ar *ar;
	uint32_t next;
	size_t size;
	bool freed; /* what then does frees it */
};

/* What all of them were told: "Ar Br". */
static char heard[256];
static unsigned running, deepest;

static inline void
append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	assert_true(used + strlen(more) < size);
	memcpy(text + used, more, strlen(more) + 1);
}

static inline void
tell(struct cask_sock *s, char kind, int err)
{
	struct end *e = (struct end *)s;
	char text[4] = { e->id, kind, ' ' };
	bool freed = e->freed;

	append(heard, sizeof heard, text);
	append(e->told, sizeof e->told, (char[]) { kind, '\0' });
	e->err = err;
	e->again |= e->inside > 0;
	if (++running > deepest)
		deepest = running;
	e->inside++;
	if (e->then != NULL)
		e->then(e, kind);
	running--;
	if (!freed)
		e->inside--;
}

static inline void
on_receive(struct cask_sock *s, int err)
{
	tell(s, 'r', err);
}

static inline void
on_send(struct cask_sock *s, int err)
{
	tell(s, 's', err);
}

static inline void
on_oob(struct cask_sock *s, int err)
{
	tell(s, 'o', err);
}

static inline void
on_accept(struct cask_sock *s, int err)
{
	tell(s, 'a', err);
}

static inline void
on_connect(struct cask_sock *s, int err)
{
	tell(s, 'c', err);
}

static inline void
on_close(struct cask_sock *s, int err)
{
	tell(s, 'x', err);
}

static const struct cask_notify all = { on_receive, on_send, on_oob, on_accept,
	on_connect, on_close, NULL };
static const struct cask_notify input = { .receive = on_receive,
	.close = on_close };
static const struct cask_notify receive_only = { .receive = on_receive };
static const struct cask_notify close_only = { .close = on_close };
static const struct cask_notify nothing = { .receive = NULL };

/* Turns */

static inline int64_t
now_ms(void)
{
	return caski_sys_now() / 1000000;
}

static inline void
turn(int ms)
{
	assert_int_equal(cask_pump_turn(ms, NULL), 0);
}

/* Whatever is still to come has a chance to. */
static inline void
settle(void)
{
	for (int i = 0; i < 3; i++)
		turn(0);
	turn(LITTLE);
}

/* e is told exactly this from now on, and no more. */
static inline void
assert_told(struct end *e, const char *what)
{
	int64_t limit = now_ms() + PATIENCE;

	while (strlen(e->told) < strlen(what) && now_ms() < limit)
		turn(100);
	settle();
	assert_string_equal(e->told, what);
	assert_false(e->again);
	e->told[0] = '\0';
}

static inline void
assert_heard(const char *what)
{
	int64_t limit = now_ms() + PATIENCE;

	while (strlen(heard) < strlen(what) && now_ms() < limit)
		turn(100);
	settle();
	assert_string_equal(heard, what);
	heard[0] = '\0';
}

static unsigned
looks(void)
{
	return fault_count(FAULT_POLL) + fault_count(FAULT_EPOLL_WAIT);
}

/* The pump sleeps: a fifth of a second takes a few looks at most. */
static inline void
assert_no_spin(void)
{
	int64_t limit = now_ms() + 200;
	unsigned before;

	if (!test_is_calm())
		return;
	fault_reset();
	before = looks();
	while (now_ms() < limit) {
		int64_t left = limit - now_ms();

		turn(left > 0 ? (int)left : 0);
	}
	assert_true(looks() - before < 12);
}

/* The other end */

static inline uint16_t
port_of(int fd)
{
	struct sockaddr_in sin = { 0 };
	socklen_t len = sizeof sin;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	return ntohs(sin.sin_port);
}

static inline struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static inline int
plain_connect(uint16_t port)
{
	struct sockaddr_in sin = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(
	    test_connect(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	return fd;
}

static inline int
plain_bind(int type, uint16_t *port)
{
	struct sockaddr_in sin = loopback(0);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	*port = port_of(fd);
	return fd;
}

static inline int
plain_listen(char port[8])
{
	uint16_t number;
	int fd = plain_bind(SOCK_STREAM, &number);

	assert_int_equal(listen(fd, 8), 0);
	snprintf(port, 8, "%u", number);
	return fd;
}

static inline void
put(int fd, const char *text)
{
	assert_int_equal(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void
get(int fd, const char *text)
{
	char buf[64] = "";

	assert_true(strlen(text) < sizeof buf);
	for (size_t n = 0; n < strlen(text);) {
		ptrdiff_t r = test_recv(fd, buf + n, strlen(text) - n, 0);

		assert_true(r > 0);
		n += (size_t)r;
	}
	assert_string_equal(buf, text);
}

/* The connection is torn down: what comes next is a reset. */
static inline void
reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(fd);
}

/* Wait, beside the pump, until the descriptor has something. */
static inline void
await(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	assert_int_equal(test_poll(&p, 1, PATIENCE), 1);
}

/* One connection: e is ours, accepted; peer is the system's. */
struct pair {
	struct end e;
	int peer;
};

static inline void
listen_at(struct cask_sock *l, uint16_t *port)
{
	assert_int_equal(cask_bind(l, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(l, 0), 0);
	assert_int_equal(cask_local(l, NULL, 0, port), 0);
}

static inline void
pair_init(struct pair *p, const struct cask_notify *table)
{
	static char id = 'A';
	struct cask_sock l = { .timeout_ms = PATIENCE };
	uint16_t port;

	p->e = (struct end) {
		.id = id,
		.s = { .notify = table, .timeout_ms = PATIENCE },
	};
	id = id == 'Z' ? 'A' : (char)(id + 1);
	listen_at(&l, &port);
	p->peer = plain_connect(port);
	assert_int_equal(cask_accept(&l, &p->e.s), 0);
	cask_close(&l);
}

/* What holds at first, room to send, is behind us. */
static inline void
pair_open(struct pair *p, const struct cask_notify *table)
{
	pair_init(p, table);
	if (table->send != NULL)
		assert_told(&p->e, "s");
	heard[0] = '\0';
}

static inline void
pair_named(struct pair *p, char id, const struct cask_notify *table)
{
	pair_open(p, table);
	p->e.id = id;
}

static inline void
pair_close(struct pair *p)
{
	cask_close(&p->e.s);
	if (p->peer >= 0)
		close(p->peer);
	p->peer = -1;
}

/* Receive this much of what is there already. */
static inline void
take(struct cask_sock *s, const char *text)
{
	char buf[64] = "";

	assert_true(strlen(text) < sizeof buf);
	for (size_t n = 0; n < strlen(text);) {
		ptrdiff_t r = cask_try_receive(s, buf + n, strlen(text) - n);

		assert_true(r > 0);
		n += (size_t)r;
	}
	assert_string_equal(buf, text);
}

static inline void
assert_empty(struct cask_sock *s)
{
	char byte;

	assert_int_equal(cask_try_receive(s, &byte, 1), -1);
	assert_int_equal(s->io.passing, EAGAIN);
	assert_int_equal(s->io.err, 0);
}

static inline void
assert_at_end(struct cask_sock *s)
{
	char byte;

	assert_int_equal(cask_try_receive(s, &byte, 1), 0);
}

/* More of what happens */

/*
 * Send until the system takes no more, not even a little later: left to itself
 * it makes its buffer larger when it hears from the other end, and a probe of
 * the closed window, 0.2 s later, may find room for one more segment.
 */
static inline void
fill(struct cask_sock *s)
{
	static char block[65536];
	const int size = 65536;
	struct pollfd p = { .fd = cask_sock_fd(s), .events = POLLOUT };
	ptrdiff_t n;

	assert_int_equal(
	    setsockopt(p.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
	do {
		while (send(p.fd, block, sizeof block,
			   MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			continue;
		n = cask_try_send(s, block, sizeof block);
		assert_true(n >= 0);
	} while (n == (ptrdiff_t)sizeof block || test_poll(&p, 1, 300) > 0);
}

static inline void
urgent(int fd)
{
	assert_int_equal(send(fd, "!", 1, MSG_OOB), 1);
}

/* Two ends of one connection that both are the system's. */
static inline void
plain_pair(int fd[2])
{
	char port[8];
	int l = plain_listen(port);

	fd[0] = plain_connect(port_of(l));
	fd[1] = test_accept(l);
	assert_true(fd[1] >= 0);
	close(l);
}

struct station {
	struct end l;
	uint16_t port;
};

static inline void
station_open(struct station *st)
{
	*st = (struct station) { .l = { .id = 'L', .s.notify = &all } };
	listen_at(&st->l.s, &st->port);
}

struct alarm_clock {
	struct cask_timer t;
	struct cask_sock *s;
	int fd;
	const char *text;
	size_t size; /* 0: up to its end */
	unsigned fired;
};

static inline void
write_now(struct cask_timer *t)
{
	struct alarm_clock *c = t->user;

	c->fired++;
	if (c->size == 0)
		c->size = strlen(c->text);
	assert_int_equal(send(c->fd, c->text, c->size, MSG_NOSIGNAL), c->size);
}

/* In so many milliseconds, this text goes out by fd. */
static inline void
write_later(struct alarm_clock *c, int ms, int fd, const char *text)
{
	*c = (struct alarm_clock) {
		.t = { .after_ms = ms, .fire = write_now, .user = c },
		.fd = fd,
		.text = text,
	};
	assert_int_equal(cask_timer_start(&c->t), 0);
}

static inline void
drain_now(struct cask_timer *t)
{
	static char block[65536];
	const struct pair *p = t->user;

	while (test_recv(p->peer, block, sizeof block, MSG_DONTWAIT) > 0)
		continue;
}

#endif
