/*
 * Tests of notifications: lib/notify.c, and what opens, answers and ends them.
 *
 * MFC's rules, one after the other: what is announced, how often, and what
 * makes it come again.  The other end is a plain socket of the system's, so
 * that nothing here is tested against itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include "../lib/sys.h"

#include <cask/addr.h>
#include <cask/sock.h>
#include <cask/value.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
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

static void
append(char *text, size_t size, const char *more)
{
	size_t used = strlen(text);

	assert_true(used + strlen(more) < size);
	memcpy(text + used, more, strlen(more) + 1);
}

static void
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

static void
on_receive(struct cask_sock *s, int err)
{
	tell(s, 'r', err);
}

static void
on_send(struct cask_sock *s, int err)
{
	tell(s, 's', err);
}

static void
on_oob(struct cask_sock *s, int err)
{
	tell(s, 'o', err);
}

static void
on_accept(struct cask_sock *s, int err)
{
	tell(s, 'a', err);
}

static void
on_connect(struct cask_sock *s, int err)
{
	tell(s, 'c', err);
}

static void
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
static const struct cask_notify nothing = { NULL };

/* Turns */

static int64_t
now_ms(void)
{
	return caski_sys_now() / 1000000;
}

static void
turn(int ms)
{
	assert_int_equal(cask_pump_turn(ms, NULL), 0);
}

/* Whatever is still to come has a chance to. */
static void
settle(void)
{
	for (int i = 0; i < 3; i++)
		turn(0);
	turn(LITTLE);
}

/* e is told exactly this from now on, and no more. */
static void
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

static void
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
static void
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

static uint16_t
port_of(int fd)
{
	struct sockaddr_in sin = { 0 };
	socklen_t len = sizeof sin;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	return ntohs(sin.sin_port);
}

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int
plain_connect(uint16_t port)
{
	struct sockaddr_in sin = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	return fd;
}

static int
plain_bind(int type, uint16_t *port)
{
	struct sockaddr_in sin = loopback(0);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	*port = port_of(fd);
	return fd;
}

static int
plain_listen(char port[8])
{
	uint16_t number;
	int fd = plain_bind(SOCK_STREAM, &number);

	assert_int_equal(listen(fd, 8), 0);
	snprintf(port, 8, "%u", number);
	return fd;
}

static void
put(int fd, const char *text)
{
	assert_int_equal(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void
get(int fd, const char *text)
{
	char buf[64] = "";

	assert_true(strlen(text) < sizeof buf);
	for (size_t n = 0; n < strlen(text);) {
		ptrdiff_t r = recv(fd, buf + n, strlen(text) - n, 0);

		assert_true(r > 0);
		n += (size_t)r;
	}
	assert_string_equal(buf, text);
}

/* The connection is torn down: what comes next is a reset. */
static void
reset(int fd)
{
	struct linger now = { .l_onoff = 1 };

	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	close(fd);
}

/* Wait, beside the pump, until the descriptor has something. */
static void
await(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int r;

	do
		r = poll(&p, 1, PATIENCE);
	while (r < 0 && errno == EINTR);
	assert_int_equal(r, 1);
}

/* One connection: e is ours, accepted; peer is the system's. */
struct pair {
	struct end e;
	int peer;
};

static void
listen_at(struct cask_sock *l, uint16_t *port)
{
	assert_int_equal(cask_bind(l, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(l, 0), 0);
	assert_int_equal(cask_local(l, NULL, 0, port), 0);
}

static void
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
static void
pair_open(struct pair *p, const struct cask_notify *table)
{
	pair_init(p, table);
	if (table->send != NULL)
		assert_told(&p->e, "s");
	heard[0] = '\0';
}

static void
pair_named(struct pair *p, char id, const struct cask_notify *table)
{
	pair_open(p, table);
	p->e.id = id;
}

static void
pair_close(struct pair *p)
{
	cask_close(&p->e.s);
	if (p->peer >= 0)
		close(p->peer);
	p->peer = -1;
}

/* Receive this much of what is there already. */
static void
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

static void
assert_empty(struct cask_sock *s)
{
	char byte;

	assert_int_equal(cask_try_receive(s, &byte, 1), -1);
	assert_int_equal(s->io.passing, EAGAIN);
	assert_int_equal(s->io.err, 0);
}

static void
assert_at_end(struct cask_sock *s)
{
	char byte;

	assert_int_equal(cask_try_receive(s, &byte, 1), 0);
}

/* Receive */

static void
receive_is_announced_once_until_a_call_receives(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "abc");
	assert_told(&p.e, "r");
	put(p.peer, "def");
	assert_told(&p.e, "");
	assert_no_spin();
	take(&p.e.s, "abcdef");
	assert_told(&p.e, "");
	put(p.peer, "g");
	assert_told(&p.e, "r");
	assert_int_equal(p.e.err, 0);
	pair_close(&p);
}

static void
receive_comes_again_if_data_is_left(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "abc");
	assert_told(&p.e, "r");
	take(&p.e.s, "a");
	assert_told(&p.e, "r");
	take(&p.e.s, "b");
	assert_told(&p.e, "r");
	take(&p.e.s, "c");
	assert_told(&p.e, "");
	pair_close(&p);
}

static void
take_one(struct end *e, char kind)
{
	char byte;

	if (kind == 'r')
		assert_int_equal(cask_try_receive(&e->s, &byte, 1), 1);
}

static void
a_handler_that_takes_one_byte_is_called_for_each(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	p.e.then = take_one;
	put(p.peer, "abcdefgh");
	assert_told(&p.e, "rrrrrrrr");
	pair_close(&p);
}

static void
take_four(struct end *e, char kind)
{
	for (int i = 0; i < 4 && kind == 'r'; i++)
		take_one(e, kind);
}

static void
several_receives_in_a_handler_announce_nothing_more(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	p.e.then = take_four;
	put(p.peer, "abcd");
	assert_told(&p.e, "r");
	pair_close(&p);
}

/* What has come is taken from the descriptor, past the socket. */
static void
a_receive_that_finds_nothing_lets_receive_come_again(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "a");
	assert_told(&p.e, "r");
	assert_int_equal(recv(p.e.s.watch.fd, &byte, 1, 0), 1);
	assert_empty(&p.e.s);
	assert_told(&p.e, "");
	put(p.peer, "b");
	assert_told(&p.e, "r");
	pair_close(&p);
}

static void
a_peek_lets_receive_come_again(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "ab");
	assert_told(&p.e, "r");
	assert_int_equal(cask_peek(&p.e.s, &byte, 1), 1);
	assert_told(&p.e, "r");
	assert_told(&p.e, "");
	take(&p.e.s, "ab");
	assert_int_equal(cask_peek(&p.e.s, &byte, 1), -1);
	assert_told(&p.e, "");
	put(p.peer, "c");
	assert_told(&p.e, "r");
	pair_close(&p);
}

static void
calls_that_block_answer_receive_too(void **state)
{
	struct pair p;
	char buf[4];

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "abcd");
	assert_told(&p.e, "r");
	assert_int_equal(cask_receive(&p.e.s, buf, 1), 1);
	assert_told(&p.e, "r");
	assert_int_equal(cask_receive_all(&p.e.s, buf, 2), 2);
	assert_told(&p.e, "r");
	assert_int_equal(cask_receive_all(&p.e.s, buf, 1), 1);
	assert_told(&p.e, "");
	pair_close(&p);
}

static void
take_of_other(struct end *e, char kind)
{
	if (kind == 'r' && e->other->told[0] == '\0')
		take(&e->other->s, "b");
}

static void
data_that_a_handler_has_taken_in_the_same_turn_is_not_announced(void **state)
{
	struct pair p, q;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	p.e.then = q.e.then = take_of_other;
	p.e.other = &q.e;
	q.e.other = &p.e;
	put(p.peer, "b");
	put(q.peer, "b");
	await(p.e.s.watch.fd, POLLIN);
	await(q.e.s.watch.fd, POLLIN);
	settle();
	assert_int_equal(strlen(heard), 3);
	heard[0] = '\0';
	/* The one whose data was taken still hears of more. */
	put(p.e.told[0] == '\0' ? p.peer : q.peer, "c");
	turn(PATIENCE);
	assert_int_equal(strlen(heard), 3);
	heard[0] = '\0';
	pair_close(&p);
	pair_close(&q);
}

static void
the_end_of_the_stream_is_not_announced_by_receive(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "x");
	assert_at_end(&p.e.s);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
}

static void
without_a_close_handler_the_end_is_announced_by_receive_once(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &receive_only);
	put(p.peer, "a");
	assert_told(&p.e, "r");
	close(p.peer);
	p.peer = -1;
	take(&p.e.s, "a");
	p.e.err = -1;
	assert_told(&p.e, "r");
	assert_int_equal(p.e.err, 0);
	assert_no_spin();
	assert_at_end(&p.e.s);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
}

static void
without_a_close_handler_a_loss_is_announced_by_receive_once(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &receive_only);
	reset(p.peer);
	p.peer = -1;
	assert_told(&p.e, "r");
	assert_int_equal(p.e.err, ECONNRESET);
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), -1);
	assert_int_equal(p.e.s.io.err, ECONNRESET);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
}

static void
without_a_close_handler_an_end_that_a_call_has_seen_is_not_announced(
    void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &receive_only);
	close(p.peer);
	p.peer = -1;
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 0);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
}

/* Send */

/* Send until the system takes no more. */
static void
fill(struct cask_sock *s)
{
	static char block[65536];
	ptrdiff_t n;

	do {
		n = cask_try_send(s, block, sizeof block);
		assert_true(n >= 0);
	} while (n == (ptrdiff_t)sizeof block);
}

/* Take all that is there, until ours can send again. */
static void
drain(const struct pair *p)
{
	static char block[65536];
	struct pollfd room = { .fd = p->e.s.watch.fd, .events = POLLOUT };

	do
		while (recv(p->peer, block, sizeof block, MSG_DONTWAIT) > 0)
			continue;
	while (poll(&room, 1, 1) != 1);
}

static void
send_is_announced_once_when_a_connection_stands(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, &all);
	assert_told(&p.e, "s");
	assert_int_equal(p.e.err, 0);
	assert_no_spin();
	assert_int_equal(cask_send(&p.e.s, "a", 1), 0);
	assert_int_equal(cask_try_send(&p.e.s, "b", 1), 1);
	assert_told(&p.e, "");
	get(p.peer, "ab");
	pair_close(&p);
}

static void
send_is_announced_after_a_connect_that_blocks(void **state)
{
	struct end e = { .id = 'E',
		.s = { .notify = &all, .timeout_ms = PATIENCE } };
	char port[8];
	int l = plain_listen(port);

	(void)state;
	assert_int_equal(cask_connect(&e.s, "127.0.0.1", port), 0);
	assert_told(&e, "s");
	cask_close(&e.s);
	close(l);
	heard[0] = '\0';
}

static void
send_comes_again_when_there_is_room_after_a_short_one(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	for (int i = 0; i < 3; i++) {
		fill(&p.e.s);
		assert_told(&p.e, "");
		assert_no_spin();
		drain(&p);
		assert_told(&p.e, "s");
		assert_told(&p.e, "");
		assert_no_spin();
	}
	pair_close(&p);
}

static void
send_that_is_not_answered_by_a_short_one_does_not_come_again(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	fill(&p.e.s);
	drain(&p);
	assert_told(&p.e, "s");
	assert_int_equal(cask_try_send(&p.e.s, "all of it", 9), 9);
	assert_told(&p.e, "");
	assert_int_equal(cask_send(&p.e.s, "all of it", 9), 0);
	assert_told(&p.e, "");
	pair_close(&p);
}

/* Urgent data */

static void
urgent(int fd)
{
	assert_int_equal(send(fd, "!", 1, MSG_OOB), 1);
}

static void
oob_is_announced_once_until_a_call_receives(void **state)
{
	struct pair p;
	unsigned char byte;

	(void)state;
	pair_open(&p, &all);
	urgent(p.peer);
	assert_told(&p.e, "o");
	assert_no_spin();
	assert_int_equal(cask_receive_urgent(&p.e.s, &byte), 0);
	assert_int_equal(byte, '!');
	assert_told(&p.e, "");
	urgent(p.peer);
	assert_told(&p.e, "o");
	pair_close(&p);
}

static void
oob_comes_again_after_a_receive_if_it_is_left(void **state)
{
	struct pair p;
	unsigned char byte;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "a");
	assert_told(&p.e, "r");
	urgent(p.peer);
	assert_told(&p.e, "o");
	take(&p.e.s, "a");
	assert_told(&p.e, "o");
	assert_int_equal(cask_receive_urgent(&p.e.s, &byte), 0);
	assert_told(&p.e, "");
	pair_close(&p);
}

static void
urgent_data_in_line_is_data(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	assert_int_equal(cask_option_set(&p.e.s, CASK_OOB_INLINE, 1), 0);
	urgent(p.peer);
	assert_told(&p.e, "r");
	assert_no_spin();
	take(&p.e.s, "!");
	assert_told(&p.e, "");
	pair_close(&p);
}

static void
urgent_data_does_not_hide_the_end(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	urgent(p.peer);
	assert_told(&p.e, "o");
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "x");
	assert_no_spin();
	pair_close(&p);
}

/* Accept */

struct station {
	struct end l;
	uint16_t port;
};

static void
station_open(struct station *st)
{
	*st = (struct station) { .l = { .id = 'L', .s.notify = &all } };
	listen_at(&st->l.s, &st->port);
}

static void
accept_is_announced_once_until_it_is_accepted(void **state)
{
	struct cask_sock c = { .notify = &nothing };
	struct station st;
	int fd[3];

	(void)state;
	station_open(&st);
	assert_told(&st.l, "");
	for (size_t i = 0; i < COUNT(fd); i++)
		fd[i] = plain_connect(st.port);
	assert_told(&st.l, "a");
	assert_int_equal(st.l.err, 0);
	assert_no_spin();
	for (size_t i = 0; i < COUNT(fd); i++) {
		assert_int_equal(cask_try_accept(&st.l.s, &c), 0);
		cask_close(&c);
		assert_told(&st.l, i + 1 < COUNT(fd) ? "a" : "");
	}
	for (size_t i = 0; i < COUNT(fd); i++)
		close(fd[i]);
	cask_close(&st.l.s);
}

static void
an_accept_that_blocks_answers_too(void **state)
{
	struct cask_sock c = { .notify = &nothing };
	struct station st;
	int a, b;

	(void)state;
	station_open(&st);
	a = plain_connect(st.port);
	b = plain_connect(st.port);
	assert_told(&st.l, "a");
	assert_int_equal(cask_accept(&st.l.s, &c), 0);
	cask_close(&c);
	assert_told(&st.l, "a");
	assert_int_equal(cask_accept(&st.l.s, &c), 0);
	cask_close(&c);
	assert_told(&st.l, "");
	close(a);
	close(b);
	cask_close(&st.l.s);
}

static void
an_accept_that_fails_lets_accept_come_again(void **state)
{
	struct cask_sock c = { .notify = &nothing };
	struct station st;
	int fd, own;

	(void)state;
	station_open(&st);
	fd = plain_connect(st.port);
	assert_told(&st.l, "a");
	/* Somebody else takes it. */
	own = accept(st.l.s.watch.fd, NULL, NULL);
	assert_true(own >= 0);
	assert_int_equal(cask_try_accept(&st.l.s, &c), EAGAIN);
	assert_told(&st.l, "");
	close(own);
	close(fd);
	fd = plain_connect(st.port);
	assert_told(&st.l, "a");
	fault_reset();
	fault_plan(FAULT_ACCEPT, 0, false, ENOMEM);
	assert_int_equal(cask_try_accept(&st.l.s, &c), ENOMEM);
	assert_int_equal(fault_injected(), 1);
	assert_told(&st.l, "a");
	assert_int_equal(cask_try_accept(&st.l.s, &c), 0);
	assert_told(&st.l, "");
	cask_close(&c);
	close(fd);
	cask_close(&st.l.s);
}

static void
assert_turned_away(int fd)
{
	char byte;

	await(fd, POLLIN);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
}

static void
out_of_descriptors_a_connection_is_turned_away(void **state)
{
	struct cask_sock c = { .notify = &nothing };
	struct station st;
	int fd;

	(void)state;
	station_open(&st);
	fd = plain_connect(st.port);
	assert_told(&st.l, "a");
	fault_reset();
	fault_plan(FAULT_ACCEPT, 0, false, EMFILE);
	assert_int_equal(cask_try_accept(&st.l.s, &c), EMFILE);
	assert_int_equal(fault_injected(), 1);
	fault_reset();
	assert_told(&st.l, "");
	assert_turned_away(fd);
	fd = plain_connect(st.port);
	assert_told(&st.l, "a");
	assert_int_equal(cask_try_accept(&st.l.s, &c), 0);
	cask_close(&c);
	close(fd);
	cask_close(&st.l.s);
}

static void
accept_one(struct end *e, char kind)
{
	struct cask_sock c = { .notify = &nothing };

	assert_int_equal(kind, 'a');
	e->size += cask_try_accept(&e->s, &c) == EMFILE;
	cask_close(&c);
}

/* As many descriptors as there are now, and no more. */
static void
forbid_descriptors(struct rlimit *before)
{
	struct rlimit now;
	int next = dup(0);

	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	now = *before;
	now.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static void
a_process_out_of_descriptors_turns_all_away_and_does_not_spin(void **state)
{
	struct rlimit before;
	struct station st;
	int fd[5];

	(void)state;
	station_open(&st);
	st.l.then = accept_one;
	for (size_t i = 0; i < COUNT(fd); i++)
		fd[i] = plain_connect(st.port);
	forbid_descriptors(&before);
	fault_reset();
	while (st.l.size < COUNT(fd) && looks() < 100)
		turn(PATIENCE);
	assert_int_equal(st.l.size, COUNT(fd));
	assert_true(fault_count(FAULT_ACCEPT) <= 3 * COUNT(fd));
	assert_no_spin();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (size_t i = 0; i < COUNT(fd); i++)
		assert_turned_away(fd[i]);
	assert_told(&st.l, "aaaaa");
	fd[0] = plain_connect(st.port);
	assert_told(&st.l, "a");
	assert_int_equal(st.l.size, COUNT(fd));
	close(fd[0]);
	cask_close(&st.l.s);
	heard[0] = '\0';
}

static void
a_listener_that_can_turn_nobody_away_pauses(void **state)
{
	struct station st;
	int fd;

	(void)state;
	station_open(&st);
	st.l.then = accept_one;
	fd = plain_connect(st.port);
	fault_reset();
	fault_plan(FAULT_ACCEPT, 0, true, EMFILE);
	for (int64_t limit = now_ms() + 250; now_ms() < limit;)
		assert_int_equal(cask_pump_turn(20, NULL), 0);
	assert_true(fault_injected() >= 2);
	assert_true(fault_count(FAULT_ACCEPT) < 12);
	assert_true(strlen(st.l.told) >= 2 && strlen(st.l.told) < 6);
	fault_reset();
	st.l.told[0] = '\0';
	assert_told(&st.l, "a");
	get(fd, "");
	close(fd);
	cask_close(&st.l.s);
	heard[0] = '\0';
}

/* To pause takes memory. */
static void
a_listener_that_can_not_even_pause_is_not_forgotten(void **state)
{
	struct cask_sock c = { .notify = &nothing };
	struct rlimit before;
	struct station st = { .l = { .id = 'L', .s.notify = &all } };
	int fd;

	(void)state;
	fault_reset();
	fault_plan(FAULT_OPEN_NULL, 0, true, EMFILE);
	listen_at(&st.l.s, &st.port);
	assert_int_equal(fault_injected(), 1);
	fd = plain_connect(st.port);
	assert_told(&st.l, "a");
	forbid_descriptors(&before);
	fault_reset();
	fault_plan(FAULT_REALLOC, 0, true, ENOMEM);
	assert_int_equal(cask_try_accept(&st.l.s, &c), EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(fault_injected(), 1);
	fault_reset();
	assert_told(&st.l, "a");
	close(fd);
	cask_close(&st.l.s);
	heard[0] = '\0';
}

static void
a_listener_that_pauses_leaves_nothing_behind(void **state)
{
	struct cask_sock c = { .notify = &nothing };
	struct station st;
	int fd;

	(void)state;
	station_open(&st);
	fd = plain_connect(st.port);
	assert_told(&st.l, "a");
	fault_reset();
	fault_plan(FAULT_ACCEPT, 0, true, EMFILE);
	assert_int_equal(cask_try_accept(&st.l.s, &c), EMFILE);
	assert_int_equal(fault_injected(), 2);
	fault_reset();
	assert_int_equal(cask_select(&st.l.s, 0), 0);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	assert_int_equal(cask_select(&st.l.s, CASK_ON_ALL), 0);
	assert_told(&st.l, "a");
	cask_close(&st.l.s);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	close(fd);
	heard[0] = '\0';
}

static void
an_accepted_socket_takes_over_the_listeners_notifications(void **state)
{
	struct end c = { .id = 'C' }, d = { .id = 'D' };
	struct station st;
	int a, b;

	(void)state;
	station_open(&st);
	assert_int_equal(
	    cask_select(&st.l.s, CASK_ON_ACCEPT | CASK_ON_RECEIVE), 0);
	a = plain_connect(st.port);
	b = plain_connect(st.port);
	assert_told(&st.l, "a");
	assert_int_equal(cask_try_accept(&st.l.s, &c.s), 0);
	assert_ptr_equal(c.s.notify, &all);
	assert_told(&st.l, "a");
	assert_told(&c, ""); /* send is not selected */
	put(a, "a");
	assert_told(&c, "r");
	assert_int_equal(cask_select(&st.l.s, CASK_ON_ALL), 0);
	assert_told(&st.l, "a");
	assert_int_equal(cask_try_accept(&st.l.s, &d.s), 0);
	assert_told(&d, "s");
	cask_close(&c.s);
	cask_close(&d.s);
	cask_close(&st.l.s);
	close(a);
	close(b);
	heard[0] = '\0';
}

static void
a_socket_accepted_a_second_time_takes_over_what_is_selected_now(void **state)
{
	struct end c = { .id = 'C' };
	struct station st;
	int fd;

	(void)state;
	station_open(&st);
	assert_int_equal(
	    cask_select(&st.l.s, CASK_ON_ACCEPT | CASK_ON_CLOSE), 0);
	for (int i = 0; i < 2; i++) {
		fd = plain_connect(st.port);
		assert_told(&st.l, "a");
		assert_int_equal(cask_try_accept(&st.l.s, &c.s), 0);
		assert_told(&c, "");
		cask_close(&c.s);
		close(fd);
	}
	cask_close(&st.l.s);
	heard[0] = '\0';
}

static void
an_accepted_socket_with_a_table_keeps_it(void **state)
{
	struct end c = { .id = 'C', .s.notify = &receive_only };
	struct end d = { .id = 'D', .s.notify = &nothing };
	struct station st;
	int a, b;

	(void)state;
	station_open(&st);
	assert_int_equal(cask_select(&st.l.s, CASK_ON_ACCEPT), 0);
	a = plain_connect(st.port);
	b = plain_connect(st.port);
	assert_told(&st.l, "a");
	assert_int_equal(cask_try_accept(&st.l.s, &c.s), 0);
	assert_told(&st.l, "a");
	assert_int_equal(cask_try_accept(&st.l.s, &d.s), 0);
	put(a, "a");
	put(b, "b");
	assert_told(&c, "r");
	assert_told(&d, "");
	cask_close(&c.s);
	cask_close(&d.s);
	cask_close(&st.l.s);
	close(a);
	close(b);
	heard[0] = '\0';
}

/* A notification of a connection goes to its own socket, not the listener's. */
static void
accept_and_answer(struct end *e, char kind)
{
	if (kind == 'a')
		assert_int_equal(cask_try_accept(&e->s, &e->other->s), 0);
}

static void
what_comes_with_a_connection_goes_to_the_accepted_socket(void **state)
{
	struct end c = { .id = 'C' };
	struct station st;
	int fd;

	(void)state;
	station_open(&st);
	st.l.then = accept_and_answer;
	st.l.other = &c;
	fd = plain_connect(st.port);
	put(fd, "early");
	close(fd);
	assert_heard("La Cs Cr ");
	take(&c.s, "early");
	assert_heard("Cx ");
	cask_close(&c.s);
	cask_close(&st.l.s);
}

/* Connect */

static void
a_connect_that_succeeds_is_announced_once_and_before_send(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	char port[8];
	int l = plain_listen(port);

	(void)state;
	e.err = -1;
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
	assert_string_equal(e.told, "");
	assert_told(&e, "cs");
	assert_int_equal(e.err, 0);
	assert_told(&e, "");
	assert_no_spin();
	cask_close(&e.s);
	close(l);
	heard[0] = '\0';
}

static void
a_connect_that_is_refused_is_announced_once_with_the_reason(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	char port[8];
	int l = plain_listen(port);

	(void)state;
	close(l);
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
	assert_int_equal(cask_pump_run(), 0); /* then there is nothing left */
	assert_string_equal(e.told, "c");
	assert_int_equal(e.err, ECONNREFUSED);
	assert_int_equal(e.s.io.err, ECONNREFUSED);
	assert_int_equal(cask_close(&e.s), ECONNREFUSED);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	heard[0] = '\0';
}

static void
without_a_connect_handler_a_failed_connect_is_a_loss(void **state)
{
	const struct cask_notify *const tables[] = { &close_only,
		&receive_only };
	struct end e = { .id = 'E' };
	char port[8];

	(void)state;
	close(plain_listen(port));
	for (size_t i = 0; i < COUNT(tables); i++) {
		e.s.notify = tables[i];
		assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
		assert_told(&e, i == 0 ? "x" : "r");
		assert_int_equal(e.err, ECONNREFUSED);
		cask_close(&e.s);
	}
	heard[0] = '\0';
}

static int
unknown(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)port, (void)hints, (void)list;
	return EAI_NONAME;
}

static void
the_end_of_a_look_up_is_announced_by_connect(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	char port[8];
	int l = plain_listen(port);

	(void)state;
	assert_int_equal(cask_try_connect(&e.s, "localhost", port), 0);
	assert_told(&e, "cs");
	cask_close(&e.s);
	fault_lookup(unknown);
	assert_int_equal(cask_try_connect(&e.s, "nowhere.example", port), 0);
	assert_told(&e, "c");
	assert_int_equal(e.err, CASK_ENAME);
	fault_lookup(NULL);
	close(l);
	cask_close(&e.s);
	heard[0] = '\0';
}

/* A look-up that takes until it is let through. */
static int gate[2] = { -1, -1 };

static int
slow(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	char byte;

	(void)host;
	if (read(gate[0], &byte, 1) != 1)
		return EAI_FAIL;
	return getaddrinfo("127.0.0.1", port, hints, list);
}

static void
shut_gate(void)
{
	if (gate[0] < 0)
		assert_int_equal(pipe(gate), 0);
	fault_lookup(slow);
}

static void
open_gate(void)
{
	assert_int_equal(write(gate[1], "!", 1), 1);
	fault_lookup(NULL);
}

static void
a_connect_that_takes_too_long_is_announced_as_timed_out(void **state)
{
	struct end e = { .id = 'E', .s = { .notify = &all, .connect_ms = 50 } };

	(void)state;
	shut_gate();
	assert_int_equal(cask_try_connect(&e.s, "slow.example", "7"), 0);
	assert_told(&e, "c");
	assert_int_equal(e.err, ETIMEDOUT);
	assert_int_equal(e.s.io.limit_ms, 50);
	open_gate();
	cask_close(&e.s);
	heard[0] = '\0';
}

static void
a_connect_that_was_given_up_is_not_announced(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	char port[8];
	int l = plain_listen(port);

	(void)state;
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
	cask_close(&e.s);
	assert_told(&e, "");
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	shut_gate();
	assert_int_equal(cask_try_connect(&e.s, "slow.example", port), 0);
	turn(0);
	cask_close(&e.s);
	open_gate();
	assert_told(&e, "");
	close(l);
	heard[0] = '\0';
}

static char good_port[8];

static void
try_another(struct end *e, char kind)
{
	if (kind == 'c' && e->err != 0)
		assert_int_equal(
		    cask_try_connect(&e->s, "127.0.0.1", good_port), 0);
}

static void
a_handler_may_try_another_connect(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all, .then = try_another };
	char port[8];
	int dead = plain_listen(port);
	int l = plain_listen(good_port);

	(void)state;
	close(dead);
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
	assert_told(&e, "ccs");
	assert_int_equal(e.err, 0);
	assert_int_equal(e.s.io.err, 0);
	cask_close(&e.s);
	close(l);
	heard[0] = '\0';
}

static void
a_socket_of_the_unix_domain_announces_its_connect(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	struct cask_sock l = { 0 };
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "/tmp/cask-notify-%ld", (long)getpid());
	assert_int_equal(cask_bind(&l, path, NULL), 0);
	assert_int_equal(cask_listen(&l, 0), 0);
	assert_int_equal(cask_try_connect(&e.s, path, NULL), 0);
	assert_string_equal(e.told, "");
	assert_told(&e, "cs");
	cask_close(&e.s);
	cask_close(&l);
	unlink(path);
	heard[0] = '\0';
}

struct alarm_clock {
	struct cask_timer t;
	struct cask_sock *s;
	int fd;
	const char *text;
	size_t size; /* 0: up to its end */
	unsigned fired;
};

static void
write_now(struct cask_timer *t)
{
	struct alarm_clock *c = t->user;

	c->fired++;
	if (c->size == 0)
		c->size = strlen(c->text);
	assert_int_equal(send(c->fd, c->text, c->size, MSG_NOSIGNAL), c->size);
}

/* In so many milliseconds, this text goes out by fd. */
static void
write_later(struct alarm_clock *c, int ms, int fd, const char *text)
{
	*c = (struct alarm_clock) {
		.t = { .after_ms = ms, .fire = write_now, .user = c },
		.fd = fd,
		.text = text,
	};
	assert_int_equal(cask_timer_start(&c->t), 0);
}

/* The failure is in the queue when the socket begins anew. */
static void
a_socket_that_connects_anew_hears_nothing_of_the_failure_before(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	struct alarm_clock go;
	struct pair p;
	char port[8], byte;
	int dead = plain_listen(port);
	int l = plain_listen(good_port);

	(void)state;
	close(dead);
	pair_open(&p, &nothing);
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
	write_later(&go, 50, p.peer, "!");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	assert_int_equal(e.s.io.err, ECONNREFUSED);
	assert_string_equal(heard, "");
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", good_port), 0);
	assert_told(&e, "cs");
	assert_int_equal(e.err, 0);
	cask_close(&e.s);
	pair_close(&p);
	close(l);
	heard[0] = '\0';
}

/* Close */

static void
close_is_announced_once_after_all_data_was_received(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "abc");
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "r");
	assert_no_spin();
	take(&p.e.s, "ab");
	assert_told(&p.e, "r");
	take(&p.e.s, "c");
	p.e.err = -1;
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, 0);
	assert_at_end(&p.e.s);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
}

static void
a_reset_is_announced_by_close_once(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	reset(p.peer);
	p.peer = -1;
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, ECONNRESET);
	assert_int_equal(p.e.s.io.err, 0);
	assert_no_spin();
	assert_int_equal(cask_try_receive(&p.e.s, &byte, 1), -1);
	assert_int_equal(p.e.s.io.err, ECONNRESET);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
}

static void
a_reset_that_was_announced_makes_the_next_send_fail(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	reset(p.peer);
	p.peer = -1;
	assert_told(&p.e, "x");
	assert_int_equal(cask_try_send(&p.e.s, "a", 1), -1);
	assert_int_equal(p.e.s.io.err, ECONNRESET);
	assert_told(&p.e, "");
	pair_close(&p);
}

static void
what_came_before_a_reset_is_received_first(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "tail");
	assert_told(&p.e, "r");
	reset(p.peer);
	p.peer = -1;
	assert_told(&p.e, "");
	take(&p.e.s, "tail");
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, ECONNRESET);
	pair_close(&p);
}

static void
close_is_not_announced_after_a_local_close(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	close(p.peer);
	p.peer = -1;
	await(p.e.s.watch.fd, POLLIN);
	cask_close(&p.e.s);
	assert_told(&p.e, "");
	pair_close(&p);
}

static void
close_is_announced_once_though_a_call_has_seen_the_end(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	close(p.peer);
	p.peer = -1;
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 0);
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 0);
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, 0);
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 0);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
}

static void
a_loss_that_a_call_has_seen_is_announced_with_its_reason(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	reset(p.peer);
	p.peer = -1;
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), -1);
	assert_int_equal(p.e.s.io.err, ECONNRESET);
	p.e.err = -1;
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, ECONNRESET);
	assert_no_spin();
	pair_close(&p);
}

static void
a_loss_that_a_send_has_seen_is_announced_with_its_reason(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	reset(p.peer);
	p.peer = -1;
	await(p.e.s.watch.fd, POLLIN);
	assert_true(cask_send(&p.e.s, "a", 1) != 0);
	p.e.err = -1;
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, p.e.s.io.err);
	assert_no_spin();
	pair_close(&p);
}

static void
close_comes_after_a_local_shutdown_when_the_peer_ends_too(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	assert_int_equal(cask_shutdown(&p.e.s, CASK_SENDS), 0);
	assert_told(&p.e, "");
	assert_no_spin();
	assert_int_equal(recv(p.peer, &byte, 1, 0), 0);
	put(p.peer, "rest");
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "r");
	take(&p.e.s, "rest");
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, 0);
	assert_no_spin();
	pair_close(&p);
}

static void
a_peer_that_only_stops_sending_has_closed(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	shutdown(p.peer, SHUT_WR);
	assert_told(&p.e, "x");
	assert_no_spin();
	/* The other direction goes on, with all its rules. */
	fill(&p.e.s);
	assert_told(&p.e, "");
	drain(&p);
	assert_told(&p.e, "s");
	assert_no_spin();
	pair_close(&p);
}

static void
who_hears_of_close_alone_hears_it_after_having_received(void **state)
{
	struct pair p;
	char buf[4];

	(void)state;
	pair_open(&p, &close_only);
	put(p.peer, "data");
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "");
	assert_no_spin();
	assert_int_equal(cask_receive_all(&p.e.s, buf, 4), 4);
	assert_told(&p.e, "x");
	assert_no_spin();
	pair_close(&p);
}

/* What an archive has made the socket read ahead is data too. */
static void
close_waits_for_what_was_read_ahead(void **state)
{
	struct cask_ar ar = { 0 };
	struct pair p;

	(void)state;
	pair_open(&p, &input);
	assert_int_equal(
	    send(p.peer, "\1\1\0\0\0\2\0\0\0", 9, MSG_NOSIGNAL), 9);
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "r");
	cask_load(&ar, &p.e.s.io);
	assert_int_equal(cask_get_u8(&ar), 1);
	for (int i = 0; i < 2; i++) {
		assert_told(&p.e, "r");
		assert_int_equal(cask_get_u32(&ar), i == 0 ? 1 : 2);
	}
	assert_told(&p.e, "x");
	assert_false(cask_more(&ar));
	assert_told(&p.e, "");
	pair_close(&p);
}

static void
a_loss_is_announced_with_its_reason_when_selected_again(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	reset(p.peer);
	p.peer = -1;
	assert_told(&p.e, "x");
	assert_int_equal(cask_select(&p.e.s, 0), 0);
	assert_int_equal(cask_select(&p.e.s, CASK_ON_CLOSE), 0);
	p.e.err = -1;
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, ECONNRESET);
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), -1);
	assert_int_equal(p.e.s.io.err, ECONNRESET);
	pair_close(&p);
}

static void
cancel_now(struct cask_timer *t)
{
	cask_cancel(t->user);
}

static void
a_cancelled_call_is_not_taken_for_the_peers_end(void **state)
{
	struct pair p;
	struct cask_timer t = {
		.after_ms = 20, .fire = cancel_now, .user = &p.e.s
	};
	char byte;

	(void)state;
	pair_open(&p, &all);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), -1);
	assert_int_equal(p.e.s.io.err, ECANCELED);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
	pair_open(&p, &receive_only);
	t.user = &p.e.s;
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), -1);
	assert_told(&p.e, "");
	assert_no_spin();
	pair_close(&p);
}

static void
a_blocked_call_is_woken_by_the_peers_end_and_close_follows(void **state)
{
	struct alarm_clock go;
	struct pair p;
	char buf[8];

	(void)state;
	pair_open(&p, &all);
	write_later(&go, 20, p.peer, "ab");
	assert_int_equal(cask_receive_all(&p.e.s, buf, 2), 2);
	close(p.peer);
	p.peer = -1;
	while (cask_receive(&p.e.s, buf, 2) > 0)
		continue;
	assert_int_equal(p.e.s.io.err, 0);
	assert_string_equal(p.e.told, "");
	assert_told(&p.e, "x");
	pair_close(&p);
	heard[0] = '\0';
}

static void
reset_now(struct cask_timer *t)
{
	struct pair *p = t->user;

	reset(p->peer);
	p->peer = -1;
}

static void
a_blocked_call_is_woken_by_a_reset_and_close_follows(void **state)
{
	static char block[65536];
	struct pair p;
	struct cask_timer t = { .after_ms = 20, .fire = reset_now, .user = &p };
	int err;

	(void)state;
	pair_open(&p, &all);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(cask_receive(&p.e.s, block, 1), -1);
	assert_int_equal(p.e.s.io.err, ECONNRESET);
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, ECONNRESET);
	pair_close(&p);
	pair_open(&p, &all);
	fill(&p.e.s);
	assert_int_equal(cask_timer_start(&t), 0);
	err = cask_send(&p.e.s, block, sizeof block);
	assert_true(err == ECONNRESET || err == EPIPE);
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, err);
	assert_no_spin();
	pair_close(&p);
	heard[0] = '\0';
}

/* Attach */

/* Two ends of one connection that both are the system's. */
static void
plain_pair(int fd[2])
{
	char port[8];
	int l = plain_listen(port);

	fd[0] = plain_connect(port_of(l));
	fd[1] = accept(l, NULL, NULL);
	assert_true(fd[1] >= 0);
	close(l);
}

static void
attach_announces_what_holds(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	int fd[2];

	(void)state;
	plain_pair(fd);
	assert_int_equal(cask_attach(&e.s, fd[1]), 0);
	assert_string_equal(e.told, "");
	assert_told(&e, "cs");
	cask_close(&e.s);
	close(fd[0]);
	plain_pair(fd);
	put(fd[0], "data");
	assert_int_equal(cask_attach(&e.s, fd[1]), 0);
	assert_told(&e, "csr");
	close(fd[0]);
	assert_told(&e, "");
	take(&e.s, "data");
	assert_told(&e, "x");
	cask_close(&e.s);
	heard[0] = '\0';
}

static void
attach_announces_that_the_peer_has_closed(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	int fd[2];

	(void)state;
	plain_pair(fd);
	close(fd[0]);
	await(fd[1], POLLIN);
	assert_int_equal(cask_attach(&e.s, fd[1]), 0);
	assert_told(&e, "csx");
	assert_no_spin();
	cask_close(&e.s);
	heard[0] = '\0';
}

static void
attach_announces_that_the_peer_was_lost(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	int fd[2];

	(void)state;
	plain_pair(fd);
	reset(fd[0]);
	await(fd[1], POLLIN);
	assert_int_equal(cask_attach(&e.s, fd[1]), 0);
	settle();
	assert_non_null(strchr(e.told, 'x'));
	assert_int_equal(e.err, ECONNRESET);
	assert_no_spin();
	cask_close(&e.s);
	heard[0] = '\0';
}

static void
attach_of_what_is_not_connected_announces_nothing(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	uint16_t port;
	int fd = plain_bind(SOCK_STREAM, &port);

	(void)state;
	assert_int_equal(cask_attach(&e.s, fd), 0);
	assert_told(&e, "");
	assert_no_spin();
	assert_int_equal(cask_listen(&e.s, 0), 0);
	assert_told(&e, "");
	fd = plain_connect(port);
	assert_told(&e, "a");
	cask_close(&e.s);
	close(fd);
	heard[0] = '\0';
}

static void
attach_of_a_listener_announces_who_waits(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	char port[8];
	int l = plain_listen(port);
	int fd = plain_connect(port_of(l));

	(void)state;
	assert_int_equal(cask_attach(&e.s, l), 0);
	assert_told(&e, "a");
	assert_no_spin();
	cask_close(&e.s);
	close(fd);
	heard[0] = '\0';
}

static void
after_a_detach_nothing_is_announced(void **state)
{
	struct pair p;
	int fd;

	(void)state;
	pair_init(&p, &all);
	put(p.peer, "data");
	fd = cask_detach(&p.e.s);
	assert_true(fd >= 0);
	assert_told(&p.e, "");
	assert_int_equal(cask_attach(&p.e.s, fd), 0);
	assert_told(&p.e, "csr");
	pair_close(&p);
	heard[0] = '\0';
}

/* Select */

static void
selecting_nothing_ends_all_announcements_and_leaves_the_pump(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	assert_int_equal(cask_select(&p.e.s, 0), 0);
	put(p.peer, "a");
	assert_told(&p.e, "");
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	close(p.peer);
	p.peer = -1;
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 0);
	assert_told(&p.e, "");
	pair_close(&p);
	heard[0] = '\0';
}

static void
selecting_again_announces_what_holds_again(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "a");
	assert_told(&p.e, "r");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    cask_select(&p.e.s, i == 0 ? 0 : CASK_ON_ALL), 0);
		assert_int_equal(cask_select(&p.e.s, CASK_ON_ALL), 0);
		assert_told(&p.e, "csr");
	}
	take(&p.e.s, "a");
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "x");
	assert_int_equal(cask_select(&p.e.s, CASK_ON_ALL), 0);
	assert_told(&p.e, "csx");
	assert_no_spin();
	pair_close(&p);
	heard[0] = '\0';
}

static void
only_what_is_selected_is_announced(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	assert_int_equal(cask_select(&p.e.s, CASK_ON_CLOSE), 0);
	put(p.peer, "a");
	assert_told(&p.e, "");
	assert_no_spin();
	assert_int_equal(cask_select(&p.e.s, CASK_ON_RECEIVE), 0);
	assert_told(&p.e, "r");
	assert_int_equal(cask_select(&p.e.s, CASK_ON_SEND), 0);
	assert_told(&p.e, "s");
	urgent(p.peer);
	assert_told(&p.e, "");
	assert_int_equal(cask_select(&p.e.s, CASK_ON_OOB), 0);
	assert_told(&p.e, "o");
	pair_close(&p);
	heard[0] = '\0';
}

static void
a_listener_can_be_deselected_and_selected_again(void **state)
{
	struct station st;
	int fd;

	(void)state;
	station_open(&st);
	assert_int_equal(cask_select(&st.l.s, 0), 0);
	fd = plain_connect(st.port);
	assert_told(&st.l, "");
	assert_int_equal(cask_select(&st.l.s, CASK_ON_ACCEPT), 0);
	assert_told(&st.l, "a");
	assert_int_equal(cask_select(&st.l.s, CASK_ON_ALL), 0);
	assert_told(&st.l, "a");
	close(fd);
	cask_close(&st.l.s);
	heard[0] = '\0';
}

static void
select_now(struct cask_timer *t)
{
	struct pair *p = t->user;

	assert_int_equal(cask_select(&p->e.s, CASK_ON_ALL), EBUSY);
	assert_int_equal(p->e.s.io.passing, EBUSY);
	put(p->peer, "a");
}

static void
select_is_refused_while_a_call_waits_and_when_not_open(void **state)
{
	struct cask_sock closed = { .notify = &all };
	struct pair p;
	struct cask_timer t = {
		.after_ms = 10, .fire = select_now, .user = &p
	};
	char byte;

	(void)state;
	assert_int_equal(cask_select(&closed, CASK_ON_ALL), EBADF);
	assert_int_equal(closed.io.passing, EBADF);
	assert_int_equal(closed.io.err, 0);
	pair_open(&p, &all);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	assert_int_equal(p.e.s.io.err, 0);
	assert_told(&p.e, "");
	pair_close(&p);
	heard[0] = '\0';
}

static void
what_is_selected_for_a_bound_socket_holds_when_it_listens(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	uint16_t port;
	int fd;

	(void)state;
	assert_int_equal(cask_bind(&e.s, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_select(&e.s, CASK_ON_ALL), 0);
	assert_told(&e, "");
	assert_int_equal(cask_local(&e.s, NULL, 0, &port), 0);
	assert_int_equal(cask_listen(&e.s, 0), 0);
	fd = plain_connect(port);
	assert_told(&e, "a");
	close(fd);
	cask_close(&e.s);
	heard[0] = '\0';
}

/* A connection that goes back and forth between two threads. */

#define NUMBERS (262144) /* of four bytes each: 1 MiB */
#define AT_ONCE 25
#define A_TURN  4001

struct relay {
	struct cask_sock s; /* the first member */
	uint32_t next;
	uint32_t until;
	bool wrong;
	int mine[2]; /* a byte in it: the socket is this thread's */
	int yours[2];
	int peer;
};

static void
hand_over(struct relay *r)
{
	struct cask_sock *s = &r->s;
	int to = r->until / A_TURN % 2 == 1 ? r->yours[1] : r->mine[1];

	r->until += A_TURN;
	r->wrong |= cask_select(s, 0) != 0;
	cask_pump_stop();
	if (write(to, "!", 1) != 1) /* and it is no longer ours */
		abort();
}

static void
load_some(struct cask_sock *s, int err)
{
	struct relay *r = (struct relay *)s;
	struct cask_ar ar = { 0 };

	r->wrong |= err != 0;
	cask_load(&ar, &s->io);
	for (int i = 0; i < AT_ONCE && r->next < NUMBERS; i++) {
		r->wrong |= cask_get_u32(&ar) != r->next;
		r->next++;
	}
	r->wrong |= ar.err != 0;
	if (r->next >= r->until || r->next == NUMBERS || r->wrong)
		hand_over(r);
}

static const struct cask_notify relay_table = { .receive = load_some };

static void
await_turn(int mine)
{
	ptrdiff_t n;
	char byte;

	do
		n = read(mine, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		abort();
}

static void
run_relay(struct relay *r, int mine, int yours)
{
	for (await_turn(mine); r->next < NUMBERS && !r->wrong;
	     await_turn(mine)) {
		r->wrong |= cask_select(&r->s, CASK_ON_ALL) != 0;
		cask_pump_run();
	}
	if (write(yours, "!", 1) != 1)
		abort();
}

static void *
run_other_half(void *arg)
{
	struct relay *r = arg;

	run_relay(r, r->yours[0], r->mine[1]);
	return NULL;
}

static void *
write_numbers(void *arg)
{
	const struct relay *r = arg;
	static unsigned char block[4 * NUMBERS];
	size_t done = 0;

	for (uint32_t i = 0; i < NUMBERS; i++)
		for (unsigned k = 0; k < 4; k++)
			block[4 * i + k] = (unsigned char)(i >> 8 * k);
	while (done < sizeof block) {
		size_t n = 1 + done * 7919 % 5003;
		ptrdiff_t sent;

		if (n > sizeof block - done)
			n = sizeof block - done;
		sent = send(r->peer, block + done, n, MSG_NOSIGNAL);
		if (sent > 0)
			done += (size_t)sent;
		else if (errno != EINTR)
			break;
	}
	return NULL;
}

static void
a_connection_that_moves_between_threads_loses_nothing(void **state)
{
	struct relay r = { .s.notify = &nothing, .until = A_TURN };
	struct pair p;
	pthread_t writer, other;

	(void)state;
	pair_open(&p, &nothing);
	r.peer = p.peer;
	assert_int_equal(cask_attach(&r.s, cask_detach(&p.e.s)), 0);
	r.s.notify = &relay_table;
	assert_int_equal(pipe(r.mine), 0);
	assert_int_equal(pipe(r.yours), 0);
	assert_int_equal(write(r.mine[1], "!", 1), 1);
	assert_int_equal(pthread_create(&writer, NULL, write_numbers, &r), 0);
	assert_int_equal(pthread_create(&other, NULL, run_other_half, &r), 0);
	run_relay(&r, r.mine[0], r.yours[1]);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_false(r.wrong);
	assert_int_equal(r.next, NUMBERS);
	cask_close(&r.s);
	assert_int_equal(pthread_join(writer, NULL), 0);
	for (int i = 0; i < 2; i++) {
		close(r.mine[i]);
		close(r.yours[i]);
	}
	pair_close(&p);
}

/* None after the close */

static void
close_self(struct end *e, char kind)
{
	(void)kind;
	cask_close(&e->s);
}

static void
a_handler_that_closes_its_socket_is_the_last(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all, .then = close_self };
	int fd[2];

	(void)state;
	plain_pair(fd);
	put(fd[0], "data");
	urgent(fd[0]);
	await(fd[1], POLLPRI);
	assert_int_equal(cask_attach(&e.s, fd[1]), 0);
	assert_told(&e, "c");
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	close(fd[0]);
	heard[0] = '\0';
}

static void
free_self(struct end *e, char kind)
{
	(void)kind;
	cask_close(&e->s);
	free(e);
}

static void
a_handler_may_free_its_socket(void **state)
{
	int fd[2];

	(void)state;
	for (const char *kinds = "csr"; *kinds != '\0'; kinds++) {
		struct end *e = calloc(1, sizeof *e);

		assert_non_null(e);
		plain_pair(fd);
		put(fd[0], "data");
		*e = (struct end) {
			.id = 'E', .then = free_self, .freed = true
		};
		e->s.notify = &all;
		assert_int_equal(cask_attach(&e->s, fd[1]), 0);
		assert_int_equal(cask_select(&e->s,
				     *kinds == 'c'       ? CASK_ON_ALL
					 : *kinds == 's' ? CASK_ON_SEND
							 : CASK_ON_RECEIVE),
		    0);
		turn(PATIENCE);
		assert_int_equal(strlen(heard), 3);
		assert_int_equal(heard[1], *kinds);
		heard[0] = '\0';
		assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
		close(fd[0]);
	}
}

/* The listener's and a failed connect's handlers as well. */
static void
the_handlers_of_accept_and_connect_may_free_their_sockets(void **state)
{
	struct end *e = calloc(1, sizeof *e);
	char port[8];
	uint16_t number;
	int fd;

	(void)state;
	assert_non_null(e);
	*e = (struct end) { .id = 'E', .then = free_self, .freed = true };
	e->s.notify = &all;
	listen_at(&e->s, &number);
	fd = plain_connect(number);
	turn(PATIENCE);
	assert_int_equal(strlen(heard), 3);
	close(fd);
	close(plain_listen(port));
	e = calloc(1, sizeof *e);
	assert_non_null(e);
	*e = (struct end) { .id = 'E', .then = free_self, .freed = true };
	e->s.notify = &all;
	assert_int_equal(cask_try_connect(&e->s, "127.0.0.1", port), 0);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(strlen(heard), 6);
	heard[0] = '\0';
}

static void
close_other(struct end *e, char kind)
{
	(void)kind;
	cask_close(&e->other->s);
}

static void
a_handler_that_closes_another_socket_is_the_others_last(void **state)
{
	struct pair p, q;

	(void)state;
	pair_open(&p, &all);
	pair_open(&q, &all);
	p.e.then = q.e.then = close_other;
	p.e.other = &q.e;
	q.e.other = &p.e;
	put(p.peer, "a");
	put(q.peer, "a");
	await(p.e.s.watch.fd, POLLIN);
	await(q.e.s.watch.fd, POLLIN);
	turn(PATIENCE);
	settle();
	assert_int_equal(strlen(p.e.told) + strlen(q.e.told), 1);
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/* A watch of the program's own comes first; it puts another connection into
 * the place of one that is ready in the same turn. */
struct swindle {
	struct cask_watch w;
	int bell[2];
	struct pair victim;
	struct end heir;
	int plain[2];
};

static void
replace(struct cask_watch *w, int events)
{
	struct swindle *sw = w->user;
	int fd = sw->victim.e.s.watch.fd;

	(void)events;
	cask_watch_stop(w);
	cask_close(&sw->victim.e.s);
	plain_pair(sw->plain);
	if (sw->plain[1] != fd) {
		assert_int_equal(dup2(sw->plain[1], fd), fd);
		close(sw->plain[1]);
	}
	assert_int_equal(cask_attach(&sw->heir.s, fd), 0);
}

static void
a_descriptor_used_again_within_a_turn_gets_no_old_notification(void **state)
{
	struct swindle sw = { .heir = { .id = 'H', .s.notify = &all } };

	(void)state;
	for (int later = 0; later < 2; later++) {
		assert_int_equal(pipe(sw.bell), 0);
		sw.w = (struct cask_watch) { .fd = sw.bell[0],
			.events = CASK_READABLE,
			.ready = replace,
			.user = &sw };
		if (!later)
			assert_int_equal(cask_watch_start(&sw.w), 0);
		pair_open(&sw.victim, &all);
		if (later)
			assert_int_equal(cask_watch_start(&sw.w), 0);
		assert_int_equal(write(sw.bell[1], "!", 1), 1);
		put(sw.victim.peer, "old");
		await(sw.victim.e.s.watch.fd, POLLIN);
		assert_told(&sw.heir, "cs");
		assert_string_equal(sw.victim.e.told, "");
		put(sw.plain[0], "new");
		assert_told(&sw.heir, "r");
		take(&sw.heir.s, "new");
		cask_close(&sw.heir.s);
		pair_close(&sw.victim);
		close(sw.plain[0]);
		close(sw.bell[0]);
		close(sw.bell[1]);
		heard[0] = '\0';
	}
}

/* A new life begins within the old one's handler. */
static void
attach_anew(struct end *e, char kind)
{
	int fd = (int)e->size;

	(void)kind;
	e->then = NULL;
	cask_close(&e->s);
	assert_int_equal(cask_attach(&e->s, fd), 0);
}

static void
a_handler_may_begin_a_new_life_for_its_socket(void **state)
{
	struct pair p;
	int fd[2];

	(void)state;
	plain_pair(fd);
	pair_open(&p, &all);
	p.e.then = attach_anew;
	p.e.size = (size_t)fd[1];
	put(p.peer, "old");
	assert_told(&p.e, "rcs");
	put(fd[0], "new");
	assert_told(&p.e, "r");
	take(&p.e.s, "new");
	pair_close(&p);
	close(fd[0]);
	heard[0] = '\0';
}

/* Parked */

static void
notifications_are_parked_in_order_while_a_call_waits(void **state)
{
	struct alarm_clock go[3];
	struct pair a, b, c;
	unsigned delivered = 0;
	char byte;

	(void)state;
	pair_named(&a, 'A', &all);
	pair_named(&b, 'B', &all);
	pair_named(&c, 'C', &all);
	write_later(&go[0], 10, c.peer, "c");
	write_later(&go[1], 30, b.peer, "b");
	write_later(&go[2], 60, a.peer, "a");
	assert_int_equal(cask_receive(&a.e.s, &byte, 1), 1);
	assert_string_equal(heard, "");
	/* No new traffic is needed, and no more than one turn. */
	assert_int_equal(cask_pump_turn(0, &delivered), 0);
	assert_int_equal(delivered, 2);
	assert_string_equal(heard, "Cr Br ");
	settle();
	assert_string_equal(heard, "Cr Br ");
	heard[0] = '\0';
	pair_close(&a);
	pair_close(&b);
	pair_close(&c);
}

static void
cry_now(struct cask_timer *t)
{
	const struct pair *p = t->user;

	put(p->peer, "a");
	urgent(p->peer);
}

static void
drain_now(struct cask_timer *t)
{
	static char block[65536];
	const struct pair *p = t->user;

	while (recv(p->peer, block, sizeof block, MSG_DONTWAIT) > 0)
		continue;
}

static void
other_kinds_of_the_waiting_socket_are_parked_too(void **state)
{
	static char block[65536];
	struct alarm_clock go;
	struct pair p;
	struct cask_timer cry = { .after_ms = 20, .fire = cry_now, .user = &p };
	struct cask_timer t = {
		.after_ms = 50, .every_ms = 1, .fire = drain_now, .user = &p
	};
	char byte;

	(void)state;
	pair_init(&p, &all); /* room to send is not announced yet */
	write_later(&go, 20, p.peer, "a");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	assert_string_equal(p.e.told, "");
	turn(0);
	assert_told(&p.e, "s");
	fill(&p.e.s);
	assert_int_equal(cask_timer_start(&cry), 0);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(cask_send(&p.e.s, block, sizeof block), 0);
	cask_timer_stop(&t);
	assert_string_equal(p.e.told, "");
	turn(0);
	assert_non_null(strchr(p.e.told, 'o'));
	assert_non_null(strchr(p.e.told, 'r'));
	pair_close(&p);
	heard[0] = '\0';
}

static void
accept_and_connect_and_close_are_parked_too(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	struct alarm_clock go;
	struct station st;
	struct pair p, q;
	char port[8], byte;
	int l = plain_listen(port);
	int fd;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	station_open(&st);
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
	fd = plain_connect(st.port);
	close(q.peer);
	q.peer = -1;
	write_later(&go, 50, p.peer, "a");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	assert_string_equal(heard, "");
	turn(0);
	assert_string_equal(e.told, "cs");
	assert_string_equal(st.l.told, "a");
	assert_string_equal(q.e.told, "x");
	settle();
	assert_int_equal(strlen(heard), 12);
	heard[0] = '\0';
	cask_close(&e.s);
	cask_close(&st.l.s);
	pair_close(&p);
	pair_close(&q);
	close(fd);
	close(l);
}

static void
closing_discards_what_is_parked(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;
	char byte;

	(void)state;
	pair_open(&p, &all);
	pair_open(&q, &all);
	write_later(&go[0], 10, q.peer, "q");
	write_later(&go[1], 30, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	pair_close(&p);
	pair_close(&q);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	settle();
	assert_string_equal(heard, "");
}

static void
a_parked_receive_that_a_call_answers_is_taken_back(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;
	char byte;

	(void)state;
	pair_open(&p, &all);
	pair_open(&q, &all);
	write_later(&go[0], 10, q.peer, "q");
	write_later(&go[1], 30, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	take(&q.e.s, "q");
	assert_told(&q.e, "");
	put(q.peer, "r");
	assert_told(&q.e, "r");
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/* Takes the byte that was announced, and waits for another. */
static void
wait_inside(struct end *e, char kind)
{
	char byte;

	if (kind != 'r')
		return;
	assert_int_equal(cask_receive(&e->s, &byte, 1), 1);
	assert_int_equal(cask_receive(&e->s, &byte, 1), 1);
	append(heard, sizeof heard, "done ");
}

static void
what_is_parked_in_a_handler_is_delivered_by_the_rest_of_its_turn(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	p.e.then = wait_inside;
	put(p.peer, "1");
	await(p.e.s.watch.fd, POLLIN);
	write_later(&go[0], 20, q.peer, "q");
	write_later(&go[1], 50, p.peer, "2");
	deepest = 0;
	turn(PATIENCE);
	assert_string_equal(heard, "Pr done Qr ");
	assert_int_equal(deepest, 1);
	assert_told(&p.e, "r");
	assert_told(&q.e, "r");
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

static void
no_notification_comes_within_a_notification(void **state)
{
	struct alarm_clock go[4];
	struct pair p, q;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	p.e.then = q.e.then = wait_inside;
	put(p.peer, "1");
	write_later(&go[0], 20, q.peer, "1");
	write_later(&go[1], 50, p.peer, "2");
	write_later(&go[2], 80, q.peer, "2");
	deepest = 0;
	assert_heard("Pr done Qr done ");
	assert_int_equal(deepest, 1);
	assert_told(&p.e, "r");
	assert_told(&q.e, "r");
	pair_close(&p);
	pair_close(&q);
}

/* Nested */

static void
with_nesting_others_are_served_while_a_call_waits(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;
	char byte;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	cask_pump_nest(2);
	write_later(&go[0], 10, q.peer, "q");
	write_later(&go[1], 50, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	assert_string_equal(heard, "Qr ");
	settle();
	assert_string_equal(heard, "Qr ");
	heard[0] = '\0';
	pair_close(&p);
	pair_close(&q);
}

static void
with_nesting_the_socket_that_waits_is_not_served(void **state)
{
	struct alarm_clock go;
	struct pair p;
	char byte;

	(void)state;
	pair_init(&p, &all); /* send is to be announced */
	cask_pump_nest(2);
	write_later(&go, 200, p.peer, "p");
	fault_reset();
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	assert_string_equal(p.e.told, "");
	assert_true(!test_is_calm() || looks() < 12); /* it has slept */
	assert_told(&p.e, "s");
	pair_close(&p);
	heard[0] = '\0';
}

static void
nesting_goes_no_deeper_than_was_asked_for(void **state)
{
	struct alarm_clock go[6];
	struct pair p, q, r, s;
	char byte;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	pair_named(&r, 'R', &all);
	pair_named(&s, 'S', &all);
	q.e.then = r.e.then = wait_inside;
	cask_pump_nest(2);
	write_later(&go[0], 20, q.peer, "1");
	write_later(&go[1], 50, r.peer, "1");
	write_later(&go[2], 80, s.peer, "1");
	write_later(&go[3], 200, r.peer, "2");
	write_later(&go[4], 250, q.peer, "2");
	write_later(&go[5], 300, p.peer, "1");
	deepest = 0;
	fault_reset();
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	assert_true(!test_is_calm() || looks() < 50);
	assert_int_equal(deepest, 2);
	assert_string_equal(heard, "Qr Rr done Sr done ");
	assert_told(&q.e, "r");
	assert_told(&r.e, "r");
	assert_told(&s.e, "r");
	assert_told(&p.e, "");
	heard[0] = '\0';
	pair_close(&p);
	pair_close(&q);
	pair_close(&r);
	pair_close(&s);
}

/* There is room to send again while the socket's own handler waits. */
static void
with_nesting_what_could_not_be_delivered_comes_as_soon_as_it_can(void **state)
{
	struct alarm_clock go[3];
	struct pair p, q;
	struct cask_timer t = {
		.after_ms = 40, .every_ms = 1, .fire = drain_now, .user = &q
	};
	char byte;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	fill(&q.e.s);
	q.e.then = wait_inside;
	cask_pump_nest(2);
	write_later(&go[0], 10, q.peer, "1");
	assert_int_equal(cask_timer_start(&t), 0);
	write_later(&go[1], 100, q.peer, "2");
	write_later(&go[2], 250, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	cask_timer_stop(&t);
	assert_string_equal(heard, "Qr done Qs ");
	assert_false(q.e.again);
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/* Within a handler that waits, nested, its own socket is freed. */
struct assassin {
	struct cask_timer t;
	struct end *victim;
	int peer;
};

static void
kill_now(struct cask_timer *t)
{
	struct assassin *a = t->user;

	cask_close(&a->victim->s);
	free(a->victim);
	put(a->peer, "!");
}

static void
wait_for_other(struct end *e, char kind)
{
	struct end *other = e->other;
	char byte;

	(void)kind;
	assert_int_equal(cask_receive(&other->s, &byte, 1), 1);
}

static void
a_socket_may_be_freed_while_its_handler_waits_for_another(void **state)
{
	struct end *e = calloc(1, sizeof *e);
	struct assassin a = { .victim = e };
	struct pair p;
	int fd[2];

	(void)state;
	assert_non_null(e);
	pair_named(&p, 'P', &all);
	e->id = 'E';
	e->s.notify = &all;
	e->then = wait_for_other;
	e->other = &p.e;
	e->freed = true;
	plain_pair(fd);
	put(fd[0], "data");
	assert_int_equal(cask_attach(&e->s, fd[1]), 0);
	a.peer = p.peer;
	a.t = (struct cask_timer) {
		.after_ms = 30, .fire = kill_now, .user = &a
	};
	assert_int_equal(cask_timer_start(&a.t), 0);
	assert_heard("Ec ");
	pair_close(&p);
	close(fd[0]);
}

/* A call within a call */

static void
receive_of_other_now(struct cask_timer *t)
{
	struct pair *q = t->user;
	char byte;

	assert_int_equal(cask_receive(&q->e.s, &byte, 1), 1);
	assert_int_equal(byte, 'q');
	append(heard, sizeof heard, "inner ");
}

static void
calls_on_two_sockets_may_wait_within_one_another(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;
	struct cask_timer t = {
		.after_ms = 10, .fire = receive_of_other_now, .user = &q
	};
	char byte;

	(void)state;
	pair_open(&p, &all);
	pair_open(&q, &all);
	assert_int_equal(cask_timer_start(&t), 0);
	write_later(&go[0], 30, p.peer, "p");
	write_later(&go[1], 60, q.peer, "q");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	assert_int_equal(byte, 'p');
	assert_string_equal(heard, "inner ");
	assert_told(&p.e, "");
	assert_told(&q.e, "");
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/* Data is there, and still it belongs to the call that waits for it. */
static void
receive_within_now(struct cask_timer *t)
{
	struct alarm_clock *c = t->user;
	char buf[8];

	c->fired++;
	put(c->fd, c->text);
	await(c->s->watch.fd, POLLIN);
	assert_int_equal(cask_receive(c->s, buf, sizeof buf), -1);
	assert_int_equal(c->s->io.passing, EBUSY);
	assert_int_equal(c->s->io.err, 0);
	assert_non_null(strstr(cask_sock_why(c->s), "receive is waiting"));
	assert_int_equal(cask_try_receive(c->s, buf, sizeof buf), -1);
	assert_int_equal(c->s->io.passing, EBUSY);
	assert_int_equal(cask_receive_all(c->s, buf, sizeof buf), -1);
	assert_int_equal(c->s->io.passing, EBUSY);
	assert_int_equal(cask_peek(c->s, buf, sizeof buf), -1);
	assert_int_equal(c->s->io.passing, EBUSY);
}

static void
csocket_considered_harmful_a_receive_within_a_receive_is_refused(void **state)
{
	struct alarm_clock go[3];
	static const char *const text[] = { "abc", "def", "ghi" };
	struct pair p;
	char buf[10] = "";

	(void)state;
	pair_open(&p, &all);
	for (int i = 0; i < 3; i++) {
		go[i] = (struct alarm_clock) {
			.s = &p.e.s,
			.fd = p.peer,
			.text = text[i],
			.t = { .after_ms = 20 * i + 10,
			    .fire = receive_within_now,
			    .user = &go[i] },
		};
		assert_int_equal(cask_timer_start(&go[i].t), 0);
	}
	assert_int_equal(cask_receive_all(&p.e.s, buf, 9), 9);
	assert_string_equal(buf, "abcdefghi");
	for (int i = 0; i < 3; i++)
		assert_int_equal(go[i].fired, 1);
	assert_told(&p.e, "");
	pair_close(&p);
	heard[0] = '\0';
}

/* Archives in handlers */

/* Messages of two numbers each. */
static void
make_messages(char *block, uint32_t from, uint32_t n)
{
	memset(block, 0, 8 * n);
	for (uint32_t i = 0; i < n; i++) {
		block[8 * i] = (char)(from + i);
		block[8 * i + 4] = (char)~(from + i);
	}
}

/* … in one segment. */
static void
put_messages(int fd, uint32_t from, uint32_t n)
{
	char block[256];

	assert_true(8 * n <= sizeof block);
	make_messages(block, from, n);
	assert_int_equal(send(fd, block, 8 * n, MSG_NOSIGNAL), 8 * n);
}

static void
load_message(struct end *e, struct cask_ar *ar)
{
	uint32_t n = cask_get_u32(ar);
	uint32_t check = cask_get_u32(ar);

	assert_int_equal(ar->err, 0);
	assert_int_equal(n, (unsigned char)e->next);
	assert_int_equal(check, (unsigned char)~n);
	e->next++;
}

static void
load_from_fresh_archive(struct end *e, char kind)
{
	struct cask_ar ar = { 0 };

	if (kind != 'r')
		return;
	cask_load(&ar, &e->s.io);
	load_message(e, &ar);
}

static void
load_from_old_archive(struct end *e, char kind)
{
	if (kind == 'r')
		load_message(e, e->ar);
}

static void
bytes_left_when_a_handler_returns_call_it_again(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &input);
	p.e.then = load_from_fresh_archive;
	put_messages(p.peer, 0, 3);
	assert_told(&p.e, "rrr");
	assert_int_equal(p.e.next, 3);
	assert_no_spin();
	put_messages(p.peer, 3, 1);
	assert_told(&p.e, "r");
	assert_int_equal(p.e.next, 4);
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "x");
	pair_close(&p);
	heard[0] = '\0';
}

static void
bytes_left_in_an_archive_after_a_handler_call_it_again(void **state)
{
	struct cask_ar ar = { 0 };
	struct pair p;

	(void)state;
	pair_open(&p, &input);
	cask_load(&ar, &p.e.s.io);
	p.e.ar = &ar;
	p.e.then = load_from_old_archive;
	put_messages(p.peer, 0, 3);
	assert_told(&p.e, "rrr");
	assert_int_equal(p.e.next, 3);
	put_messages(p.peer, 3, 2);
	close(p.peer);
	p.peer = -1;
	assert_told(&p.e, "rrx");
	assert_int_equal(p.e.next, 5);
	pair_close(&p);
	heard[0] = '\0';
}

/* What the socket has read ahead is there while another's call waits, too. */
static void
with_nesting_bytes_left_after_a_handler_call_it_again(void **state)
{
	struct alarm_clock go[2];
	char block[24], byte;
	struct pair p, q;

	(void)state;
	make_messages(block, 0, 3);
	pair_open(&p, &input);
	pair_open(&q, &input);
	q.e.then = load_from_fresh_archive;
	cask_pump_nest(2);
	write_later(&go[0], 10, q.peer, block);
	go[0].size = sizeof block;
	write_later(&go[1], 150, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	assert_string_equal(q.e.told, "rrr");
	assert_int_equal(q.e.next, 3);
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/*
 * The hang of CSocket's own documentation: an archive waits for the rest of a
 * message, which swallows the notification of what comes; more comes than the
 * rest; and nobody is ever told of that.
 */
static void
an_archive_that_waits_in_a_handler_gets_the_bytes_whose_notification_it_swallows(
    void **state)
{
	struct alarm_clock go;
	char block[24];
	struct pair p;

	(void)state;
	make_messages(block, 0, 3);
	pair_open(&p, &input);
	p.e.then = load_from_fresh_archive;
	assert_int_equal(send(p.peer, block, 3, MSG_NOSIGNAL), 3);
	write_later(&go, 40, p.peer, block + 3);
	go.size = sizeof block - 3;
	assert_told(&p.e, "rrr");
	assert_int_equal(p.e.next, 3);
	assert_no_spin();
	pair_close(&p);
	heard[0] = '\0';
}

static void
a_handler_that_loads_half_a_message_waits_for_the_rest(void **state)
{
	struct alarm_clock go;
	struct cask_ar ar = { 0 };
	char block[8];
	struct pair p;

	(void)state;
	make_messages(block, 0, 1);
	pair_open(&p, &input);
	cask_load(&ar, &p.e.s.io);
	p.e.ar = &ar;
	p.e.then = load_from_old_archive;
	assert_int_equal(send(p.peer, block, 5, MSG_NOSIGNAL), 5);
	write_later(&go, 40, p.peer, block + 5);
	go.size = 3;
	assert_told(&p.e, "r");
	assert_int_equal(go.fired, 1);
	assert_int_equal(p.e.next, 1);
	pair_close(&p);
	heard[0] = '\0';
}

static void
a_handler_that_does_nothing_with_what_was_read_ahead_does_not_spin(void **state)
{
	struct cask_ar ar = { 0 };
	struct pair p;

	(void)state;
	pair_open(&p, &input);
	put_messages(p.peer, 0, 3);
	assert_told(&p.e, "r");
	cask_load(&ar, &p.e.s.io);
	for (uint32_t i = 0; i < 3; i++) {
		load_message(&p.e, &ar);
		assert_true(!test_is_calm() || p.e.s.io.ahead == 16 - 8 * i);
		assert_told(&p.e, i < 2 ? "r" : "");
		assert_no_spin();
	}
	pair_close(&p);
	heard[0] = '\0';
}

/* An archive must not keep to itself what a handler is going to wait for. */
static void
what_an_archive_reads_while_receive_is_not_selected_is_announced_later(
    void **state)
{
	struct cask_ar ar = { 0 };
	struct pair p;

	(void)state;
	pair_open(&p, &all);
	assert_int_equal(cask_select(&p.e.s, CASK_ON_CLOSE), 0);
	put_messages(p.peer, 0, 3);
	cask_load(&ar, &p.e.s.io);
	load_message(&p.e, &ar);
	assert_told(&p.e, "");
	p.e.ar = &ar;
	p.e.then = load_from_old_archive;
	assert_int_equal(cask_select(&p.e.s, CASK_ON_RECEIVE), 0);
	assert_told(&p.e, "rr");
	assert_int_equal(p.e.next, 3);
	pair_close(&p);
	heard[0] = '\0';
}

struct cuts {
	int fd;
	uint32_t n;
};

static void *
write_in_cuts(void *arg)
{
	const struct cuts *c = arg;
	size_t size = 8 * (size_t)c->n, done = 0;
	char *block = malloc(size);

	if (block == NULL)
		abort();
	make_messages(block, 0, c->n);
	while (done < size) {
		size_t n = 1 + done * 31 % 37;
		ptrdiff_t sent = send(c->fd, block + done,
		    n < size - done ? n : size - done, MSG_NOSIGNAL);

		if (sent > 0)
			done += (size_t)sent;
		else if (errno != EINTR)
			break;
	}
	free(block);
	return NULL;
}

static void
load_quietly(struct cask_sock *s, int err)
{
	struct end *e = (struct end *)s;

	assert_int_equal(err, 0);
	load_from_fresh_archive(e, 'r');
}

static void
however_messages_are_cut_a_handler_loads_all_of_them(void **state)
{
	static const struct cask_notify table = { .receive = load_quietly };
	struct cuts c = { .n = 3000 };
	int64_t limit = now_ms() + PATIENCE;
	pthread_t writer;
	struct pair p;

	(void)state;
	pair_open(&p, &table);
	c.fd = p.peer;
	assert_int_equal(pthread_create(&writer, NULL, write_in_cuts, &c), 0);
	while (p.e.next < c.n && now_ms() < limit)
		turn(100);
	assert_int_equal(p.e.next, c.n);
	assert_int_equal(pthread_join(writer, NULL), 0);
	settle();
	assert_int_equal(p.e.next, c.n);
	pair_close(&p);
}

/* A send that can't go on reads ahead what comes meanwhile. */
static void
what_a_blocked_send_has_read_ahead_is_announced(void **state)
{
	static char block[262144];
	struct pair p;
	struct cask_timer t = {
		.after_ms = 50, .every_ms = 1, .fire = drain_now, .user = &p
	};

	(void)state;
	pair_open(&p, &all);
	fill(&p.e.s);
	put(p.peer, "hello");
	assert_int_equal(shutdown(p.peer, SHUT_WR), 0);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(cask_send(&p.e.s, block, sizeof block), 0);
	assert_int_equal(p.e.s.io.ahead, 5);
	drain_now(&t);
	cask_timer_stop(&t);
	p.e.told[0] = '\0';
	settle();
	assert_non_null(strchr(p.e.told, 'r'));
	assert_null(strchr(p.e.told, 'x'));
	p.e.told[0] = '\0';
	assert_no_spin();
	take(&p.e.s, "he");
	assert_told(&p.e, "r");
	take(&p.e.s, "llo");
	assert_told(&p.e, "x");
	assert_no_spin();
	pair_close(&p);
	heard[0] = '\0';
}

/* Datagrams */

static void
a_datagram_socket_announces_room_and_each_datagram(void **state)
{
	struct end e = { .id = 'E', .s = { .notify = &all, .datagram = true } };
	struct sockaddr_in to;
	uint16_t port;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char buf[8];

	(void)state;
	assert_int_equal(cask_bind(&e.s, "127.0.0.1", "0"), 0);
	assert_told(&e, "s");
	assert_int_equal(cask_local(&e.s, NULL, 0, &port), 0);
	to = loopback(port);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sendto(fd, "abc", (size_t)i, 0,
				     (struct sockaddr *)&to, sizeof to),
		    i);
	for (int i = 0; i < 3; i++) {
		assert_told(&e, "r");
		assert_no_spin();
		assert_int_equal(cask_try_receive(&e.s, buf, sizeof buf), i);
	}
	assert_told(&e, "");
	assert_int_equal(cask_try_receive(&e.s, buf, sizeof buf), -1);
	assert_told(&e, "");
	cask_close(&e.s);
	close(fd);
	heard[0] = '\0';
}

static void
a_datagram_socket_announces_how_its_connect_ended(void **state)
{
	struct end e = { .id = 'E', .s = { .notify = &all, .datagram = true } };
	char port[8];
	uint16_t number;
	int fd = plain_bind(SOCK_DGRAM, &number);

	(void)state;
	snprintf(port, sizeof port, "%u", number);
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
	assert_told(&e, "cs");
	assert_int_equal(e.err, 0);
	cask_close(&e.s);
	assert_int_equal(cask_bind(&e.s, "127.0.0.1", "0"), 0);
	assert_told(&e, "s");
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), EOPNOTSUPP);
	assert_told(&e, "");
	cask_close(&e.s);
	close(fd);
	heard[0] = '\0';
}

/* Rest */

static void
a_loop_whose_sockets_all_wait_for_an_answer_says_so(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, &input);
	put(p.peer, "a");
	assert_int_equal(cask_pump_run(), EDEADLK);
	assert_string_equal(p.e.told, "r");
	pair_close(&p);
	heard[0] = '\0';
}

static int64_t
cpu_us(void)
{
	struct rusage u;

	assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) +
	    u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void
a_handler_that_does_nothing_takes_less_than_a_hundredth_of_the_processor(
    void **state)
{
	struct station st;
	struct pair p, q;
	int64_t limit, before;
	int fd;

	(void)state;
	if (!test_is_calm())
		skip();
	station_open(&st);
	fd = plain_connect(st.port);
	pair_open(&p, &all);
	pair_open(&q, &all);
	put(p.peer, "data");
	urgent(p.peer);
	fill(&p.e.s);
	close(q.peer);
	q.peer = -1;
	settle();
	before = cpu_us();
	limit = now_ms() + 1000;
	while (now_ms() < limit)
		turn((int)(limit - now_ms()) + 1);
	assert_true(cpu_us() - before < 10000);
	pair_close(&p);
	pair_close(&q);
	close(fd);
	cask_close(&st.l.s);
	heard[0] = '\0';
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(receive_is_announced_once_until_a_call_receives),
	cmocka_unit_test(receive_comes_again_if_data_is_left),
	cmocka_unit_test(a_handler_that_takes_one_byte_is_called_for_each),
	cmocka_unit_test(several_receives_in_a_handler_announce_nothing_more),
	cmocka_unit_test(a_receive_that_finds_nothing_lets_receive_come_again),
	cmocka_unit_test(a_peek_lets_receive_come_again),
	cmocka_unit_test(calls_that_block_answer_receive_too),
	cmocka_unit_test(
	    data_that_a_handler_has_taken_in_the_same_turn_is_not_announced),
	cmocka_unit_test(the_end_of_the_stream_is_not_announced_by_receive),
	cmocka_unit_test(
	    without_a_close_handler_the_end_is_announced_by_receive_once),
	cmocka_unit_test(
	    without_a_close_handler_a_loss_is_announced_by_receive_once),
	cmocka_unit_test(
	    without_a_close_handler_an_end_that_a_call_has_seen_is_not_announced),
	cmocka_unit_test(send_is_announced_once_when_a_connection_stands),
	cmocka_unit_test(send_is_announced_after_a_connect_that_blocks),
	cmocka_unit_test(send_comes_again_when_there_is_room_after_a_short_one),
	cmocka_unit_test(
	    send_that_is_not_answered_by_a_short_one_does_not_come_again),
	cmocka_unit_test(oob_is_announced_once_until_a_call_receives),
	cmocka_unit_test(oob_comes_again_after_a_receive_if_it_is_left),
	cmocka_unit_test(urgent_data_in_line_is_data),
	cmocka_unit_test(urgent_data_does_not_hide_the_end),
	cmocka_unit_test(accept_is_announced_once_until_it_is_accepted),
	cmocka_unit_test(an_accept_that_blocks_answers_too),
	cmocka_unit_test(an_accept_that_fails_lets_accept_come_again),
	cmocka_unit_test(out_of_descriptors_a_connection_is_turned_away),
	cmocka_unit_test(
	    a_process_out_of_descriptors_turns_all_away_and_does_not_spin),
	cmocka_unit_test(a_listener_that_can_turn_nobody_away_pauses),
	cmocka_unit_test(a_listener_that_can_not_even_pause_is_not_forgotten),
	cmocka_unit_test(a_listener_that_pauses_leaves_nothing_behind),
	cmocka_unit_test(
	    an_accepted_socket_takes_over_the_listeners_notifications),
	cmocka_unit_test(
	    a_socket_accepted_a_second_time_takes_over_what_is_selected_now),
	cmocka_unit_test(an_accepted_socket_with_a_table_keeps_it),
	cmocka_unit_test(
	    what_comes_with_a_connection_goes_to_the_accepted_socket),
	cmocka_unit_test(
	    a_connect_that_succeeds_is_announced_once_and_before_send),
	cmocka_unit_test(
	    a_connect_that_is_refused_is_announced_once_with_the_reason),
	cmocka_unit_test(without_a_connect_handler_a_failed_connect_is_a_loss),
	cmocka_unit_test(the_end_of_a_look_up_is_announced_by_connect),
	cmocka_unit_test(
	    a_connect_that_takes_too_long_is_announced_as_timed_out),
	cmocka_unit_test(a_connect_that_was_given_up_is_not_announced),
	cmocka_unit_test(a_handler_may_try_another_connect),
	cmocka_unit_test(a_socket_of_the_unix_domain_announces_its_connect),
	cmocka_unit_test(
	    a_socket_that_connects_anew_hears_nothing_of_the_failure_before),
	cmocka_unit_test(close_is_announced_once_after_all_data_was_received),
	cmocka_unit_test(a_reset_is_announced_by_close_once),
	cmocka_unit_test(a_reset_that_was_announced_makes_the_next_send_fail),
	cmocka_unit_test(what_came_before_a_reset_is_received_first),
	cmocka_unit_test(close_is_not_announced_after_a_local_close),
	cmocka_unit_test(
	    close_is_announced_once_though_a_call_has_seen_the_end),
	cmocka_unit_test(
	    a_loss_that_a_call_has_seen_is_announced_with_its_reason),
	cmocka_unit_test(
	    a_loss_that_a_send_has_seen_is_announced_with_its_reason),
	cmocka_unit_test(
	    close_comes_after_a_local_shutdown_when_the_peer_ends_too),
	cmocka_unit_test(a_peer_that_only_stops_sending_has_closed),
	cmocka_unit_test(
	    who_hears_of_close_alone_hears_it_after_having_received),
	cmocka_unit_test(close_waits_for_what_was_read_ahead),
	cmocka_unit_test(
	    a_loss_is_announced_with_its_reason_when_selected_again),
	cmocka_unit_test(a_cancelled_call_is_not_taken_for_the_peers_end),
	cmocka_unit_test(
	    a_blocked_call_is_woken_by_the_peers_end_and_close_follows),
	cmocka_unit_test(a_blocked_call_is_woken_by_a_reset_and_close_follows),
	cmocka_unit_test(attach_announces_what_holds),
	cmocka_unit_test(attach_announces_that_the_peer_has_closed),
	cmocka_unit_test(attach_announces_that_the_peer_was_lost),
	cmocka_unit_test(attach_of_what_is_not_connected_announces_nothing),
	cmocka_unit_test(attach_of_a_listener_announces_who_waits),
	cmocka_unit_test(after_a_detach_nothing_is_announced),
	cmocka_unit_test(
	    selecting_nothing_ends_all_announcements_and_leaves_the_pump),
	cmocka_unit_test(selecting_again_announces_what_holds_again),
	cmocka_unit_test(only_what_is_selected_is_announced),
	cmocka_unit_test(a_listener_can_be_deselected_and_selected_again),
	cmocka_unit_test(
	    select_is_refused_while_a_call_waits_and_when_not_open),
	cmocka_unit_test(
	    what_is_selected_for_a_bound_socket_holds_when_it_listens),
	cmocka_unit_test(a_connection_that_moves_between_threads_loses_nothing),
	cmocka_unit_test(a_handler_that_closes_its_socket_is_the_last),
	cmocka_unit_test(a_handler_may_free_its_socket),
	cmocka_unit_test(
	    the_handlers_of_accept_and_connect_may_free_their_sockets),
	cmocka_unit_test(
	    a_handler_that_closes_another_socket_is_the_others_last),
	cmocka_unit_test(
	    a_descriptor_used_again_within_a_turn_gets_no_old_notification),
	cmocka_unit_test(a_handler_may_begin_a_new_life_for_its_socket),
	cmocka_unit_test(notifications_are_parked_in_order_while_a_call_waits),
	cmocka_unit_test(other_kinds_of_the_waiting_socket_are_parked_too),
	cmocka_unit_test(accept_and_connect_and_close_are_parked_too),
	cmocka_unit_test(closing_discards_what_is_parked),
	cmocka_unit_test(a_parked_receive_that_a_call_answers_is_taken_back),
	cmocka_unit_test(
	    what_is_parked_in_a_handler_is_delivered_by_the_rest_of_its_turn),
	cmocka_unit_test(no_notification_comes_within_a_notification),
	cmocka_unit_test(with_nesting_others_are_served_while_a_call_waits),
	cmocka_unit_test(with_nesting_the_socket_that_waits_is_not_served),
	cmocka_unit_test(nesting_goes_no_deeper_than_was_asked_for),
	cmocka_unit_test(
	    with_nesting_what_could_not_be_delivered_comes_as_soon_as_it_can),
	cmocka_unit_test(
	    a_socket_may_be_freed_while_its_handler_waits_for_another),
	cmocka_unit_test(calls_on_two_sockets_may_wait_within_one_another),
	cmocka_unit_test(
	    csocket_considered_harmful_a_receive_within_a_receive_is_refused),
	cmocka_unit_test(bytes_left_when_a_handler_returns_call_it_again),
	cmocka_unit_test(
	    bytes_left_in_an_archive_after_a_handler_call_it_again),
	cmocka_unit_test(with_nesting_bytes_left_after_a_handler_call_it_again),
	cmocka_unit_test(
	    an_archive_that_waits_in_a_handler_gets_the_bytes_whose_notification_it_swallows),
	cmocka_unit_test(
	    a_handler_that_loads_half_a_message_waits_for_the_rest),
	cmocka_unit_test(
	    a_handler_that_does_nothing_with_what_was_read_ahead_does_not_spin),
	cmocka_unit_test(
	    what_an_archive_reads_while_receive_is_not_selected_is_announced_later),
	cmocka_unit_test(however_messages_are_cut_a_handler_loads_all_of_them),
	cmocka_unit_test(what_a_blocked_send_has_read_ahead_is_announced),
	cmocka_unit_test(a_datagram_socket_announces_room_and_each_datagram),
	cmocka_unit_test(a_datagram_socket_announces_how_its_connect_ended),
	cmocka_unit_test(a_loop_whose_sockets_all_wait_for_an_answer_says_so),
	cmocka_unit_test(
	    a_handler_that_does_nothing_takes_less_than_a_hundredth_of_the_processor),
};

RUN_TESTS(tests)
