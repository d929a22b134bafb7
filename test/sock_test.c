/*
 * Tests of the socket: lib/open.c, lib/sock.c, lib/stream.c,
 * lib/name.c.
 *
 * Most need no peer thread: a connection stands as soon as the system has taken
 * it into the listener's backlog.
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
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */
#define BIG      ((size_t)32 << 20) /* more than any buffer takes */

/* A listener and the two ends of one connection to it. */
struct trio {
	struct cask_sock l, a, b; /* a has connected, b was accepted */
	char port[8];
};

static void
listen_on(struct cask_sock *l, const char *host, char port[8])
{
	uint16_t number = 0;

	assert_int_equal(cask_bind(l, host, "0"), 0);
	assert_int_equal(cask_listen(l, 0), 0);
	assert_int_equal(cask_local(l, NULL, 0, &number), 0);
	assert_true(number > 0);
	snprintf(port, 8, "%u", number);
}

static void
trio_open(struct trio *t)
{
	*t = (struct trio) { .a.timeout_ms = PATIENCE,
		.b.timeout_ms = PATIENCE,
		.l.timeout_ms = PATIENCE };
	listen_on(&t->l, "127.0.0.1", t->port);
	assert_int_equal(cask_connect(&t->a, "127.0.0.1", t->port), 0);
	assert_int_equal(cask_accept(&t->l, &t->b), 0);
}

static void
trio_close(struct trio *t)
{
	fault_reset();
	cask_close(&t->a);
	cask_close(&t->b);
	cask_close(&t->l);
	/* The thread of a look-up may still be on its way out. */
	for (int i = 0; i < 2000 && fault_allocations() > 0; i++)
		test_pause(1);
	assert_int_equal(fault_allocations(), 0);
}

static void
assert_receives(struct cask_sock *s, const char *text)
{
	char buf[64] = "";
	size_t length = strlen(text);

	assert_true(length < sizeof buf);
	for (size_t n = 0; n < length;) {
		ptrdiff_t r = cask_receive(s, buf + n, length - n);

		assert_true(r > 0);
		n += (size_t)r;
	}
	assert_string_equal(buf, text);
}

static void
assert_talk(struct cask_sock *a, struct cask_sock *b)
{
	assert_int_equal(cask_send(a, "ping", 4), 0);
	assert_receives(b, "ping");
	assert_int_equal(cask_send(b, "pong", 4), 0);
	assert_receives(a, "pong");
}

static void
assert_why(
    struct cask_sock *s, const char *head, const char *middle, const char *tail)
{
	char text[256];

	snprintf(text, sizeof text, "%s%s%s", head, middle, tail);
	assert_string_equal(cask_sock_why(s), text);
}

static bool
have_ipv6(void)
{
	struct cask_sock s = { 0 };
	bool have = cask_bind(&s, "::1", "0") == 0;

	cask_close(&s);
	return have;
}

static int64_t
now_ms(void)
{
	return caski_sys_now() / 1000000;
}

/* Connecting */

static void
connects_by_name_and_by_number(void **state)
{
	static const char *const hosts[] = { "localhost", "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < COUNT(hosts) - !have_ipv6(); i++) {
		struct trio t = { .a.timeout_ms = PATIENCE };

		listen_on(&t.l, hosts[i], t.port);
		assert_int_equal(cask_connect(&t.a, hosts[i], t.port), 0);
		assert_int_equal(cask_accept(&t.l, &t.b), 0);
		assert_talk(&t.a, &t.b);
		trio_close(&t);
	}
}

static void
peers_are_named_with_host_and_port(void **state)
{
	struct trio t = { 0 };
	char name[CASK_PEER_SIZE];
	uint16_t port;

	(void)state;
	listen_on(&t.l, NULL, t.port);
	snprintf(name, sizeof name, "*:%s", t.port);
	assert_string_equal(t.l.io.peer, name);
	assert_int_equal(cask_connect(&t.a, "localhost", t.port), 0);
	snprintf(name, sizeof name, "localhost:%s", t.port);
	assert_string_equal(t.a.io.peer, name);
	cask_close(&t.a);
	if (have_ipv6()) {
		assert_int_equal(cask_accept(&t.l, &t.b), 0);
		cask_close(&t.b);
		assert_int_equal(cask_connect(&t.a, "::1", t.port), 0);
		snprintf(name, sizeof name, "[::1]:%s", t.port);
		assert_string_equal(t.a.io.peer, name);
		assert_int_equal(cask_accept(&t.l, &t.b), 0);
		assert_int_equal(cask_local(&t.a, NULL, 0, &port), 0);
		snprintf(name, sizeof name, "[::1]:%u", port);
		assert_string_equal(t.b.io.peer, name);
	}
	trio_close(&t);
}

static void
a_refused_connection_says_host_port_and_reason(void **state)
{
	struct cask_sock taken = { 0 }, s = { 0 };
	char port[8];
	uint16_t number;
	int descriptors;

	(void)state;
	assert_int_equal(cask_bind(&taken, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_local(&taken, NULL, 0, &number), 0);
	snprintf(port, sizeof port, "%u", number);
	descriptors = fault_descriptors();
	assert_int_equal(cask_connect(&s, "127.0.0.1", port), ECONNREFUSED);
	assert_why(&s, "connect 127.0.0.1:", port, ": Connection refused");
	assert_int_equal(fault_descriptors(), descriptors);
	assert_int_equal(cask_send(&s, "x", 1), ECONNREFUSED);
	assert_int_equal(cask_close(&s), ECONNREFUSED);
	cask_close(&taken);
}

static int
unknown(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)port, (void)hints, (void)list;
	return EAI_NONAME;
}

static void
a_misspelt_host_is_said_to_be_unknown(void **state)
{
	struct cask_sock s = { 0 };

	(void)state;
	fault_lookup(unknown);
	assert_int_equal(cask_connect(&s, "locahlost", "7000"), CASK_ENAME);
	assert_why(
	    &s, "connect locahlost:7000: ", cask_strerror(CASK_ENAME), "");
	assert_int_equal(cask_bind(&s, "locahlost", "7000"), CASK_ENAME);
	assert_why(&s, "bind locahlost:7000: ", cask_strerror(CASK_ENAME), "");
	fault_lookup(NULL);
}

/* CASK_ENAME is the same number as CASK_IO_GONE. */
static void
a_socket_whose_host_is_unknown_is_still_there(void **state)
{
	struct cask_sock s = { 0 };
	struct cask_ar ar = { 0 };
	char c;

	(void)state;
	fault_lookup(unknown);
	assert_int_equal(cask_connect(&s, "locahlost", "7000"), CASK_ENAME);
	fault_lookup(NULL);
	cask_store(&ar, &s.io);
	cask_put_u8(&ar, 1);
	assert_int_equal(cask_receive(&s, &c, 1), -1);
	assert_int_equal(cask_receive_all(&s, &c, 1), -1);
	assert_int_equal(cask_close(&s), CASK_ENAME);
}

static void
a_long_host_is_cut_in_messages_only(void **state)
{
	struct cask_sock s = { 0 };
	char host[201];

	(void)state;
	memset(host, 'h', sizeof host);
	host[200] = '\0';
	fault_lookup(unknown);
	assert_int_equal(cask_connect(&s, host, "7000"), CASK_ENAME);
	assert_int_equal(strlen(s.io.peer), CASK_PEER_SIZE - 1);
	assert_string_equal(s.io.peer + CASK_PEER_SIZE - 5, "h...");
	fault_lookup(NULL);
}

/* Two addresses of which nobody listens at the first. */
static int
two_addresses(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	struct addrinfo any = { .ai_family = AF_INET };
	int err = getaddrinfo("127.0.0.1", port, &any, list);

	(void)host, (void)hints;
	if (err == 0)
		((struct sockaddr_in *)(void *)(*list)->ai_addr)
		    ->sin_addr.s_addr = htonl(0x7f000002);
	return err;
}

static void
the_second_address_is_tried_when_the_first_refuses(void **state)
{
	struct trio t = { 0 };

	(void)state;
	listen_on(&t.l, "127.0.0.1", t.port);
	fault_lookup(two_addresses);
	fault_reset();
	assert_int_equal(cask_connect(&t.a, "both", t.port), 0);
	assert_int_equal(fault_count(FAULT_CONNECT), 2);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	assert_talk(&t.a, &t.b);
	fault_lookup(NULL);
	trio_close(&t);
}

/* Linux drops what a full backlog can't take; the peer tries on and on. */
static void
a_connect_that_nobody_answers_times_out(void **state)
{
	struct cask_sock l = { 0 }, s[8] = { 0 };
	char port[8];
	uint16_t number;
	int64_t start = 0;
	int err = 0, n = 0;

	(void)state;
	assert_int_equal(cask_bind(&l, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(&l, 1), 0);
	cask_local(&l, NULL, 0, &number);
	snprintf(port, sizeof port, "%u", number);
	for (; err == 0 && n < (int)COUNT(s); n++) {
		s[n].timeout_ms = 60;
		start = now_ms();
		err = cask_connect(&s[n], "127.0.0.1", port);
	}
	assert_int_equal(err, ETIMEDOUT);
	assert_in_range(now_ms() - start, 59, 2000);
	assert_why(
	    &s[n - 1], "connect 127.0.0.1:", port, ": timed out after 60 ms");

	/* One limit for all addresses: the second isn't tried any more. */
	fault_lookup(two_addresses);
	fault_reset();
	cask_deadline(&s[n - 1], 60);
	assert_int_equal(cask_connect(&s[n - 1], "both", port), ETIMEDOUT);
	assert_int_equal(fault_count(FAULT_CONNECT), 2);
	assert_int_equal(cask_connect(&s[n - 1], "127.0.0.1", port), ETIMEDOUT);
	assert_int_equal(fault_count(FAULT_CONNECT), 2);
	fault_lookup(NULL);
	while (n > 0)
		cask_close(&s[--n]);
	cask_close(&l);
}

static atomic_bool held;

static int
held_up(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)port, (void)hints, (void)list;
	while (held)
		test_pause(1);
	return EAI_NONAME;
}

static void
a_look_up_that_never_answers_does_not_outlast_the_limit(void **state)
{
	struct cask_sock s = { .timeout_ms = 40 };
	int descriptors = fault_descriptors();
	int64_t start = now_ms();

	(void)state;
	held = true;
	fault_lookup(held_up);
	assert_int_equal(cask_connect(&s, "slow", "1"), ETIMEDOUT);
	assert_in_range(now_ms() - start, 39, 2000);
	assert_why(&s, "connect slow:", "1", ": timed out after 40 ms");
	cask_deadline(&s, 30);
	assert_int_equal(cask_bind(&s, "slow", "1"), ETIMEDOUT);
	assert_why(&s, "bind slow:", "1", ": timed out after 30 ms");
	held = false;
	for (int i = 0; i < 2000 && fault_allocations() > 0; i++)
		test_pause(1);
	assert_int_equal(fault_allocations(), 0);
	assert_int_equal(fault_descriptors(), descriptors);
	fault_lookup(NULL);
}

static void
to_connect_an_open_socket_is_an_error_that_sticks(void **state)
{
	struct trio t;

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), EISCONN);
	assert_int_equal(cask_send(&t.a, "x", 1), EISCONN);
	assert_int_equal(cask_bind(&t.b, NULL, "0"), EISCONN);
	assert_int_equal(cask_accept(&t.l, &t.b), EISCONN);
	trio_close(&t);
}

static void
a_closed_socket_can_be_connected_anew_and_forgets_its_error(void **state)
{
	struct trio t;
	char c;

	(void)state;
	trio_open(&t);
	t.a.timeout_ms = 10;
	assert_int_equal(cask_receive(&t.a, &c, 1), -1);
	assert_int_equal(cask_close(&t.a), ETIMEDOUT);
	assert_int_equal(t.a.timeout_ms, 10);
	cask_close(&t.b);
	t.a.timeout_ms = PATIENCE;
	assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), 0);
	assert_int_equal(t.a.io.err, 0);
	assert_int_equal(t.a.io.limit_ms, 0);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	assert_talk(&t.a, &t.b);
	trio_close(&t);
}

static void
nothing_to_connect_to_is_invalid(void **state)
{
	struct cask_sock s = { 0 };

	(void)state;
	assert_int_equal(cask_connect(&s, NULL, "1"), EINVAL);
	assert_int_equal(cask_connect(&s, "127.0.0.1", NULL), EINVAL);
	assert_int_equal(cask_bind(&s, NULL, NULL), EINVAL);
	assert_int_equal(cask_connect(&s, "", "1"), CASK_ENAME);
	assert_int_equal(cask_connect(&s, "127.0.0.1", ""), CASK_EPORT);
	assert_int_equal(cask_close(&s), CASK_EPORT);
}

/* Binding, listening, accepting */

static void
every_address_means_ipv6_and_ipv4(void **state)
{
	struct trio t = { .l.timeout_ms = PATIENCE };

	(void)state;
	listen_on(&t.l, NULL, t.port);
	assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), 0);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	assert_talk(&t.a, &t.b);
	cask_close(&t.a);
	cask_close(&t.b);
	if (have_ipv6()) {
		assert_int_equal(cask_connect(&t.a, "::1", t.port), 0);
		assert_int_equal(cask_accept(&t.l, &t.b), 0);
		assert_talk(&t.a, &t.b);
	}
	trio_close(&t);
}

static void
without_ipv6_every_address_means_ipv4(void **state)
{
	static const struct {
		enum fault_call call;
		unsigned nth;
		int err;
	} ways[] = {
		{ FAULT_SOCKET, 0, EAFNOSUPPORT },
		{ FAULT_SETSOCKOPT, 1, EINVAL },
		{ FAULT_BIND, 0, EADDRNOTAVAIL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(ways); i++) {
		struct trio t = { .l.timeout_ms = PATIENCE };
		char host[16];

		fault_reset();
		fault_plan(ways[i].call, ways[i].nth, false, ways[i].err);
		listen_on(&t.l, NULL, t.port);
		assert_int_equal(fault_injected(), 1);
		assert_int_equal(cask_local(&t.l, host, sizeof host, NULL), 0);
		assert_string_equal(host, "0.0.0.0");
		assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), 0);
		assert_int_equal(cask_accept(&t.l, &t.b), 0);
		trio_close(&t);
	}
}

static void
a_taken_port_is_not_taken_twice(void **state)
{
	struct trio t;
	struct cask_sock s = { 0 };

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_bind(&s, "127.0.0.1", t.port), EADDRINUSE);
	assert_why(&s, "bind 127.0.0.1:", t.port, ": Address already in use");
	assert_int_equal(cask_bind(&s, NULL, t.port), EADDRINUSE);
	trio_close(&t);
}

static void
a_port_in_time_wait_can_be_taken_again(void **state)
{
	struct trio t;
	char c;

	(void)state;
	trio_open(&t);
	cask_close(&t.b);
	assert_int_equal(cask_receive(&t.a, &c, 1), 0);
	cask_close(&t.a);
	cask_close(&t.l);
	assert_int_equal(cask_bind(&t.l, "127.0.0.1", t.port), 0);
	assert_int_equal(cask_listen(&t.l, 0), 0);
	trio_close(&t);
}

static void
both_ends_know_both_addresses(void **state)
{
	struct trio t;
	char host[46], name[64];
	uint16_t port, other;

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_local(&t.a, host, sizeof host, &port), 0);
	assert_string_equal(host, "127.0.0.1");
	snprintf(name, sizeof name, "127.0.0.1:%u", port);
	assert_string_equal(t.b.io.peer, name);
	assert_int_equal(cask_remote(&t.b, host, sizeof host, &other), 0);
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(other, port);
	assert_int_equal(cask_remote(&t.a, NULL, 0, &port), 0);
	assert_int_equal(cask_local(&t.b, NULL, 0, &other), 0);
	assert_int_equal(other, port);

	assert_int_equal(cask_local(&t.a, host, 10, NULL), 0);
	assert_int_equal(cask_local(&t.a, host, 9, NULL), ENOSPC);
	assert_int_equal(cask_remote(&t.l, NULL, 0, &port), ENOTCONN);
	cask_close(&t.a);
	assert_int_equal(cask_local(&t.a, NULL, 0, &port), EBADF);
	assert_int_equal(t.a.io.err, 0);
	trio_close(&t);
}

static void
descriptors_do_not_block_and_are_closed_on_exec(void **state)
{
	struct trio t;
	const struct cask_sock *all[] = { &t.l, &t.a, &t.b };

	(void)state;
	trio_open(&t);
	for (size_t i = 0; i < COUNT(all); i++) {
		int fd = all[i]->watch.fd;

		assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	}
	trio_close(&t);
}

static void
small_messages_are_not_held_back(void **state)
{
	struct trio t;
	int on = 0;

	(void)state;
	trio_open(&t);
	caski_sys_getsockopt(t.a.watch.fd, IPPROTO_TCP, TCP_NODELAY, &on);
	assert_true(on != 0);
	caski_sys_getsockopt(t.b.watch.fd, IPPROTO_TCP, TCP_NODELAY, &on);
	assert_true(on != 0);
	trio_close(&t);
}

static const char *
local_name(struct cask_sock *s)
{
	static char name[32];
	uint16_t port = 0;

	assert_int_equal(cask_local(s, NULL, 0, &port), 0);
	snprintf(name, sizeof name, "127.0.0.1:%u", port);
	return name;
}

static void
errors_of_accepting_do_not_stick_to_the_listener(void **state)
{
	static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM };
	struct trio t;
	struct cask_sock c = { 0 };

	(void)state;
	trio_open(&t);
	cask_close(&t.b);
	for (size_t i = 0; i < COUNT(errors); i++) {
		cask_close(&c);
		assert_int_equal(cask_connect(&c, "127.0.0.1", t.port), 0);
		fault_reset();
		fault_plan(FAULT_ACCEPT, 0, false, errors[i]);
		assert_int_equal(cask_accept(&t.l, &t.b), errors[i]);
		assert_int_equal(t.b.io.err, errors[i]);
		assert_string_equal(t.b.io.op, "accept");
		assert_int_equal(cask_send(&t.b, "x", 1), errors[i]);
		assert_int_equal(t.l.io.err, 0);
		assert_int_equal(fault_injected(), 1);
	}
	/* Those before the last were turned away, or have been closed. */
	do {
		cask_close(&t.b);
		assert_int_equal(cask_accept(&t.l, &t.b), 0);
	} while (strcmp(t.b.io.peer, local_name(&c)) != 0);
	assert_talk(&c, &t.b);
	cask_close(&c);
	trio_close(&t);
}

static void
an_accept_that_times_out_leaves_the_listener_good(void **state)
{
	struct trio t = { .l.timeout_ms = 20 };
	int64_t start = now_ms();

	(void)state;
	listen_on(&t.l, "127.0.0.1", t.port);
	assert_int_equal(cask_accept(&t.l, &t.b), ETIMEDOUT);
	assert_in_range(now_ms() - start, 19, 2000);
	assert_why(
	    &t.b, "accept 127.0.0.1:", t.port, ": timed out after 20 ms");
	assert_int_equal(t.l.io.err, 0);
	assert_int_equal(cask_try_accept(&t.l, &t.b), EAGAIN);
	assert_int_equal(t.b.io.err, EAGAIN);
	assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), 0);
	assert_int_equal(cask_try_accept(&t.l, &t.b), 0);
	assert_talk(&t.a, &t.b);
	trio_close(&t);
}

static void
connections_that_are_gone_already_are_passed_over(void **state)
{
	static const int errors[] = { ECONNABORTED, EPROTO, EINTR };
	struct trio t;

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++) {
		trio_open(&t);
		cask_close(&t.a);
		cask_close(&t.b);
		cask_connect(&t.a, "127.0.0.1", t.port);
		fault_reset();
		fault_plan(FAULT_ACCEPT, 0, false, errors[i]);
		assert_int_equal(cask_accept(&t.l, &t.b), 0);
		assert_int_equal(fault_injected(), 1);
		assert_talk(&t.a, &t.b);
		trio_close(&t);
	}
}

static void
a_peer_whose_address_has_no_words_is_accepted_as_unknown(void **state)
{
	struct trio t;

	(void)state;
	trio_open(&t);
	cask_close(&t.a);
	cask_close(&t.b);
	cask_connect(&t.a, "127.0.0.1", t.port);
	fault_reset();
	fault_plan(FAULT_GETNAMEINFO, 0, false, EAI_FAIL);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	assert_int_equal(fault_injected(), 1);
	assert_string_equal(t.b.io.peer, "unknown");
	trio_close(&t);
}

static void
only_a_listener_accepts(void **state)
{
	struct cask_sock s = { 0 }, c = { 0 };

	(void)state;
	assert_int_equal(cask_listen(&s, 0), EBADF);
	assert_int_equal(cask_accept(&s, &c), EBADF);
	assert_int_equal(cask_close(&s), EBADF);
	assert_int_equal(c.io.err, EBADF);
	assert_int_equal(cask_bind(&s, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_accept(&s, &c), EINVAL);
	assert_int_equal(cask_close(&s), 0);
}

/* Talking */

static void *
send_it_back(void *arg)
{
	struct cask_sock *s = arg;
	unsigned char *all = malloc(BIG);
	size_t n = 0;
	ptrdiff_t r;

	while ((r = cask_receive(s, all + n, BIG - n)) > 0)
		n += (size_t)r;
	cask_send(s, all, n);
	cask_shutdown(s, CASK_SENDS);
	free(all);
	return NULL;
}

/* Send n bytes to a thread that sends them back: the same ones. */
static void
assert_both_ways(struct trio *t, size_t n)
{
	unsigned char *out = malloc(n), *in = calloc(n, 1);
	size_t got = 0;
	pthread_t thread;
	ptrdiff_t r;

	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(i * 2654435761u >> 13);
	assert_int_equal(pthread_create(&thread, NULL, send_it_back, &t->b), 0);
	assert_int_equal(cask_send(&t->a, out, n), 0);
	assert_int_equal(cask_shutdown(&t->a, CASK_SENDS), 0);
	while ((r = cask_receive(&t->a, in + got, n - got + (got == n))) > 0)
		got += (size_t)r;
	pthread_join(thread, NULL);
	assert_int_equal(r, 0);
	assert_int_equal(got, n);
	assert_memory_equal(in, out, n);
	assert_int_equal(cask_close(&t->a), 0);
	assert_int_equal(cask_close(&t->b), 0);
	free(in);
	free(out);
}

static void
many_bytes_arrive_in_order(void **state)
{
	struct trio t;

	(void)state;
	trio_open(&t);
	assert_both_ways(&t, test_is_calm() ? BIG / 4 : BIG / 128);
	trio_close(&t);
}

static void
interruptions_and_bytes_one_at_a_time_are_invisible(void **state)
{
	struct trio t;

	(void)state;
	trio_open(&t);
	fault_reset();
	fault_disturb(true);
	fault_shorten(1);
	assert_both_ways(&t, 65536);
	assert_true(fault_injected() >= 4 * 65536);
	trio_close(&t);
}

static void
an_interrupted_connect_goes_on(void **state)
{
	struct trio t = { 0 };
	unsigned injected = 0;

	(void)state;
	listen_on(&t.l, "127.0.0.1", t.port);
	for (int i = 0; i < 8; i++) {
		fault_reset();
		fault_disturb(true);
		assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), 0);
		assert_int_equal(cask_accept(&t.l, &t.b), 0);
		injected += fault_injected();
		assert_talk(&t.a, &t.b);
		assert_int_equal(cask_close(&t.a), 0);
		assert_int_equal(cask_close(&t.b), 0);
	}
	assert_true(injected >= 8);
	trio_close(&t);
}

static void
the_transport_moves_what_fits(void **state)
{
	static char block[1 << 20];
	struct trio t;
	ptrdiff_t n;

	(void)state;
	trio_open(&t);
	fault_reset();
	n = t.a.io.table->write(&t.a.io, block, sizeof block);
	assert_in_range(n, 1, 61440);
	assert_int_equal(fault_count(FAULT_SEND), 1);
	n = t.b.io.table->read(&t.b.io, block, sizeof block);
	assert_in_range(n, 1, 61440);
	assert_int_equal(fault_count(FAULT_RECV), 1);
	assert_string_equal(t.a.io.table->name, "socket");
	assert_false(t.a.io.table->local);
	trio_close(&t);
}

static void
try_send_takes_what_fits_and_then_nothing(void **state)
{
	static char block[1 << 20];
	struct trio t;
	ptrdiff_t n, all = 0;

	(void)state;
	trio_open(&t);
	fault_reset();
	fault_plan(FAULT_SEND, 1, false, EINTR);
	do {
		n = cask_try_send(&t.a, block, sizeof block);
		assert_true(n >= 0);
		all += n;
	} while (n > 0);
	assert_int_equal(fault_injected(), 1);
	assert_true(all > 0);
	assert_int_equal(t.a.io.err, 0);
	fault_plan(FAULT_SEND, 0, false, EPIPE);
	assert_int_equal(cask_try_send(&t.a, "x", 1), -1);
	assert_int_equal(t.a.io.err, EPIPE);
	assert_int_equal(cask_try_send(&t.a, "x", 1), -1);
	trio_close(&t);
}

static void
try_receive_takes_what_is_there(void **state)
{
	struct trio t;
	char c = 0;

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_try_receive(&t.b, &c, 1), -1);
	assert_int_equal(t.b.io.err, 0);
	cask_send(&t.a, "x", 1);
	fault_reset();
	fault_plan(FAULT_RECV, 0, false, EINTR);
	assert_int_equal(cask_try_receive(&t.b, &c, 1), 1);
	assert_int_equal(fault_injected(), 1);
	assert_int_equal(c, 'x');
	cask_close(&t.a);
	assert_int_equal(cask_try_receive(&t.b, &c, 1), 0);
	assert_int_equal(t.b.io.err, 0);
	trio_close(&t);
}

static void
a_half_closed_peer_still_receives(void **state)
{
	struct trio t;
	char c;

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_send(&t.a, "question", 8), 0);
	assert_int_equal(cask_shutdown(&t.a, CASK_SENDS), 0);
	assert_receives(&t.b, "question");
	assert_int_equal(cask_receive(&t.b, &c, 1), 0);
	assert_int_equal(cask_receive(&t.b, &c, 1), 0);
	assert_int_equal(cask_send(&t.b, "answer", 6), 0);
	assert_int_equal(cask_close(&t.b), 0);
	assert_receives(&t.a, "answer");
	assert_int_equal(cask_receive(&t.a, &c, 1), 0);
	assert_int_equal(cask_close(&t.a), 0);
	trio_close(&t);
}

static void
a_peer_that_has_half_closed_inside_a_block_is_answered(void **state)
{
	struct trio t;
	char buf[16];

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_send(&t.b, "abc", 3), 0);
	assert_int_equal(cask_shutdown(&t.b, CASK_SENDS), 0);
	assert_int_equal(cask_receive_all(&t.a, buf, 10), -1);
	assert_int_equal(t.a.io.err, CASK_ECUT);
	assert_why(&t.a, "receive 127.0.0.1:", t.port,
	    ": stream ended after 3 of 10 bytes");
	fault_reset();
	assert_int_equal(cask_receive(&t.a, buf, 1), -1);
	assert_int_equal(cask_try_receive(&t.a, buf, 1), -1);
	assert_int_equal(fault_count(FAULT_RECV), 0);
	assert_int_equal(cask_send(&t.a, "ans", 3), 0);
	assert_int_equal(t.a.io.table->write(&t.a.io, "w", 1), 1);
	assert_int_equal(cask_try_send(&t.a, "e", 1), 1);
	assert_int_equal(cask_send_urgent(&t.a, 'r'), 0);
	assert_int_equal(cask_shutdown(&t.a, CASK_SENDS), 0);
	assert_receives(&t.b, "answe");
	assert_int_equal(cask_receive(&t.b, buf, 1), 0);
	assert_int_equal(cask_close(&t.b), 0);
	assert_int_equal(cask_sock_state(&t.a), CASK_BROKEN);
	assert_int_equal(cask_close(&t.a), CASK_ECUT);
	trio_close(&t);
}

static void
a_send_that_fails_after_the_end_was_met_gives_its_own_error_once(void **state)
{
	struct trio t;
	char buf[2];

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_send(&t.b, "a", 1), 0);
	assert_int_equal(cask_shutdown(&t.b, CASK_SENDS), 0);
	assert_int_equal(cask_receive_all(&t.a, buf, 2), -1);
	fault_reset();
	fault_plan(FAULT_SEND, 0, false, EPIPE);
	assert_int_equal(cask_send(&t.a, "x", 1), EPIPE);
	assert_int_equal(fault_injected(), 1);
	assert_int_equal(t.a.io.err, CASK_ECUT);
	assert_int_equal(cask_send(&t.a, "x", 1), CASK_ECUT);
	assert_int_equal(cask_try_send(&t.a, "x", 1), -1);
	assert_int_equal(cask_shutdown(&t.a, CASK_SENDS), CASK_ECUT);
	assert_int_equal(fault_count(FAULT_SEND), 1);
	trio_close(&t);
}

/* b says its last words and closes, of its own accord or, with something left
 * unread, by a reset; then a send of a's fails. */
static int
part(struct trio *t, bool reset)
{
	char c;
	int err;

	trio_open(t);
	assert_int_equal(cask_send(&t->a, "?", 1), 0);
	assert_int_equal(cask_send(&t->b, "last words", 10), 0);
	if (!reset)
		assert_int_equal(cask_receive(&t->b, &c, 1), 1);
	cask_close(&t->b);
	do
		err = cask_send(&t->a, "x", 1);
	while (err == 0);
	return err;
}

static void
the_peers_last_words_are_received_after_a_send_has_failed(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct trio t;
		int err = part(&t, i == 1);
		char buf[16];

		assert_true(err == EPIPE || err == ECONNRESET);
		assert_int_equal(t.a.io.err, err);
		assert_int_equal(cask_peek(&t.a, buf, 1), 1);
		assert_int_equal(buf[0], 'l');
		assert_receives(&t.a, "last");
		assert_int_equal(cask_receive_all(&t.a, buf, 4), 4);
		assert_memory_equal(buf, " wor", 4);
		assert_int_equal(cask_try_receive(&t.a, buf, 1), 1);
		assert_int_equal(t.a.io.err, err);
		fault_reset();
		assert_int_equal(cask_send(&t.a, "x", 1), err);
		assert_int_equal(cask_shutdown(&t.a, CASK_SENDS), err);
		assert_int_equal(fault_count(FAULT_SEND), 0);
		assert_receives(&t.a, "s");
		assert_int_equal(cask_receive(&t.a, buf, 1), -1);
		assert_int_equal(t.a.io.err, err);
		assert_string_equal(t.a.io.op, "send");
		fault_reset();
		assert_int_equal(cask_receive(&t.a, buf, 1), -1);
		assert_int_equal(cask_try_receive(&t.a, buf, 1), -1);
		assert_int_equal(fault_count(FAULT_RECV), 0);
		assert_int_equal(cask_close(&t.a), err);
		trio_close(&t);
	}
}

/* Here nobody has closed anything but the program itself. */
static void
after_a_failed_send_nothing_is_waited_for(void **state)
{
	struct trio t;
	char c;

	(void)state;
	for (int i = 0; i < 3; i++) {
		trio_open(&t);
		assert_int_equal(cask_shutdown(&t.a, CASK_SENDS), 0);
		assert_int_equal(cask_send(&t.a, "x", 1), EPIPE);
		fault_reset();
		if (i == 0)
			assert_int_equal(cask_receive(&t.a, &c, 1), -1);
		else if (i == 1)
			assert_int_equal(cask_try_receive(&t.a, &c, 1), -1);
		else
			assert_int_equal(t.a.io.table->more(&t.a.io), -1);
		assert_int_equal(t.a.io.err, EPIPE);
		assert_int_equal(fault_count(FAULT_POLL), 0);
		assert_int_equal(fault_count(FAULT_EPOLL_WAIT), 0);
		trio_close(&t);
	}
}

/* Past the socket, so that it is quick in any weather. */
static void
fill(struct cask_sock *s)
{
	static const char block[65536];
	int patience = 3; /* the system moves some of it on */
	ssize_t n;

	while (patience > 0) {
		n = send(cask_sock_fd(s), block, sizeof block,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		assert_true(n > 0 || errno == EINTR || errno == EAGAIN);
		if (n > 0) {
			patience = 3;
		} else if (errno == EAGAIN) {
			patience--;
			test_pause(5);
		}
	}
}

static void
a_send_that_timed_out_or_was_cancelled_ends_both_directions(void **state)
{
	static char
	    block[16 << 20]; /* more than the system may still move on */
	struct trio t;
	char c;

	(void)state;
	for (int i = 0; i < 2; i++) {
		trio_open(&t);
		fill(&t.a);
		assert_int_equal(cask_send(&t.b, "words", 5), 0);
		if (i == 1)
			cask_cancel(&t.a);
		else
			t.a.send_ms = 20;
		assert_int_equal(cask_send(&t.a, block, sizeof block),
		    i == 1 ? ECANCELED : ETIMEDOUT);
		assert_int_equal(cask_receive(&t.a, &c, 1), -1);
		assert_int_equal(cask_try_receive(&t.a, &c, 1), -1);
		assert_int_equal(t.a.io.err, i == 1 ? ECANCELED : ETIMEDOUT);
		trio_close(&t);
	}
}

/* What is unflushed is sent first, which fails; still its end is told of. */
static void
an_archive_loads_the_last_words_after_its_flush_has_failed(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct cask_ar out = { 0 }, in = { 0 };
		bool more = i % 2 == 1;
		struct trio t;
		char c;

		trio_open(&t);
		cask_store(&out, &t.a.io);
		cask_load(&in, &t.a.io);
		cask_put_u32(&out, 1);
		assert_int_equal(cask_flush(&out), 0);
		assert_int_equal(cask_send(&t.b, "\5\0\0\0\6\0\0\0", 8), 0);
		if (i < 2)
			for (int k = 0; k < 4; k++)
				cask_receive(&t.b, &c, 1);
		cask_close(&t.b);
		if (i < 2) /* the answer to this is a reset */
			assert_int_equal(cask_send(&t.a, "x", 1), 0);
		cask_put_u32(&out, 3);
		assert_int_equal(out.err, 0);
		assert_true(!more || cask_more(&in));
		assert_int_equal(cask_get_u32(&in), 5);
		assert_true(!more || cask_more(&in));
		assert_int_equal(cask_get_u32(&in), 6);
		assert_int_equal(in.err, 0);
		assert_true(out.err == EPIPE || out.err == ECONNRESET);
		assert_int_equal(t.a.io.err, out.err);
		assert_true(!more || !cask_more(&in));
		assert_int_equal(cask_get_u32(&in), 0);
		assert_int_equal(in.err, out.err);
		assert_non_null(strstr(cask_why(&in), ": send 127.0.0.1:"));
		trio_close(&t);
	}
}

static void
either_direction_can_be_closed(void **state)
{
	struct trio t;
	char c;

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_shutdown(&t.a, CASK_RECEIVES), 0);
	assert_int_equal(cask_receive(&t.a, &c, 1), 0);
	assert_int_equal(cask_send(&t.a, "x", 1), 0);
	assert_int_equal(cask_shutdown(&t.b, CASK_BOTH), 0);
	assert_int_equal(cask_receive(&t.b, &c, 1), 1);
	assert_int_equal(cask_receive(&t.b, &c, 1), 0);
	assert_int_equal(cask_shutdown(&t.b, (enum cask_shutdown)7), EINVAL);
	assert_why(&t.b, "shutdown ", t.b.name, ": Invalid argument");
	trio_close(&t);
}

static void
a_reset_is_told_once_and_sticks(void **state)
{
	struct trio t;
	char c;

	(void)state;
	trio_open(&t);
	cask_send(&t.a, "unread", 6);
	cask_close(&t.b); /* with data unread: a reset */
	assert_int_equal(cask_receive(&t.a, &c, 1), -1);
	assert_int_equal(t.a.io.err, ECONNRESET);
	assert_string_equal(t.a.io.op, "receive");
	fault_reset();
	assert_int_equal(cask_send(&t.a, "x", 1), ECONNRESET);
	assert_int_equal(cask_receive(&t.a, &c, 1), -1);
	assert_int_equal(cask_try_receive(&t.a, &c, 1), -1);
	assert_int_equal(cask_shutdown(&t.a, CASK_SENDS), ECONNRESET);
	assert_int_equal(t.a.io.table->write(&t.a.io, "x", 1), -1);
	assert_int_equal(fault_count(FAULT_SEND) + fault_count(FAULT_RECV), 0);
	assert_int_equal(cask_close(&t.a), ECONNRESET);
	trio_close(&t);
}

/* SIGPIPE would end this program. */
static void
a_broken_pipe_is_an_error_and_no_signal(void **state)
{
	struct trio t;

	(void)state;
	trio_open(&t);
	assert_int_equal(cask_shutdown(&t.a, CASK_SENDS), 0);
	assert_int_equal(cask_send(&t.a, "x", 1), EPIPE);
	assert_int_equal(t.b.io.table->write(&t.b.io, "x", 1), 1);
	assert_int_equal(cask_shutdown(&t.b, CASK_SENDS), 0);
	assert_int_equal(t.b.io.table->write(&t.b.io, "x", 1), -1);
	assert_int_equal(t.b.io.err, EPIPE);
	trio_close(&t);
}

static void
closing_gives_the_first_error_and_twice_is_fine(void **state)
{
	struct trio t;
	struct cask_sock zero = { 0 };

	(void)state;
	assert_int_equal(cask_close(&zero), 0);
	trio_open(&t);
	assert_int_equal(cask_close(&t.b), 0);
	assert_int_equal(cask_close(&t.b), 0);
	fault_reset();
	fault_plan(FAULT_CLOSE, 0, false, EIO);
	assert_int_equal(cask_close(&t.a), EIO);
	assert_int_equal(fault_injected(), 1);
	assert_int_equal(cask_close(&t.a), EIO);
	/* A listener has a second descriptor in reserve. */
	fault_plan(FAULT_CLOSE, 1, false, EINTR);
	assert_int_equal(cask_close(&t.l), 0);
	assert_int_equal(fault_injected(), 2);
	assert_int_equal(fault_count(FAULT_CLOSE), 3);
	trio_close(&t);
}

static void
a_socket_that_is_not_open_says_so(void **state)
{
	struct cask_sock s;
	char c;

	(void)state;
	s = (struct cask_sock) { 0 };
	assert_int_equal(cask_send(&s, "x", 1), EBADF);
	assert_string_equal(s.io.op, "send");
	s = (struct cask_sock) { 0 };
	assert_int_equal(cask_receive(&s, &c, 1), -1);
	assert_int_equal(s.io.err, EBADF);
	s = (struct cask_sock) { 0 };
	assert_int_equal(cask_try_send(&s, &c, 1), -1);
	assert_int_equal(s.io.err, EBADF);
	s = (struct cask_sock) { 0 };
	assert_int_equal(cask_shutdown(&s, CASK_BOTH), EBADF);
	assert_int_equal(s.io.err, EBADF);
}

/* Limits */

static void
a_receive_times_out_and_says_after_how_long(void **state)
{
	struct trio t;
	int64_t start;
	char c;

	(void)state;
	trio_open(&t);
	t.a.timeout_ms = 30;
	cask_deadline(&t.a, PATIENCE); /* the sooner of the two counts */
	start = now_ms();
	assert_int_equal(cask_receive(&t.a, &c, 1), -1);
	assert_in_range(now_ms() - start, 29, 2000);
	assert_why(&t.a, "receive 127.0.0.1:", t.port,
	    ": timed out after 30 ms, nothing lost");
	trio_close(&t);
}

static void
a_time_out_of_the_system_is_said_in_its_own_words(void **state)
{
	struct trio t;
	char c;

	(void)state;
	trio_open(&t);
	fault_reset();
	fault_plan(FAULT_RECV, 0, false, ETIMEDOUT);
	assert_int_equal(cask_receive(&t.a, &c, 1), -1);
	assert_int_equal(fault_injected(), 1);
	assert_why(
	    &t.a, "receive 127.0.0.1:", t.port, ": Connection timed out");
	trio_close(&t);
}

static void
a_send_to_one_who_does_not_read_times_out(void **state)
{
	char *block = calloc(BIG, 1);
	struct trio t;

	(void)state;
	trio_open(&t);
	t.a.timeout_ms = 30;
	assert_int_equal(cask_send(&t.a, block, BIG), ETIMEDOUT);
	assert_why(&t.a, "send 127.0.0.1:", t.port,
	    ": timed out after 30 ms, inside a message");
	trio_close(&t);
	free(block);
}

/* poll says that there is something, and recv that there is nothing. */
static void
readiness_that_comes_to_nothing_does_not_stretch_the_limit(void **state)
{
	struct trio t;
	char c;

	(void)state;
	trio_open(&t);
	t.a.timeout_ms = 20;
	cask_send(&t.b, "x", 1);
	fault_reset();
	fault_plan(FAULT_RECV, 0, true, EAGAIN);
	assert_int_equal(cask_receive(&t.a, &c, 1), -1);
	assert_true(fault_injected() > 1);
	assert_why(&t.a, "receive 127.0.0.1:", t.port,
	    ": timed out after 20 ms, nothing lost");
	trio_close(&t);
}

static atomic_bool enough;

/* Take some, wait, take some: never enough, and never nothing. */
static void *
read_sparingly(void *arg)
{
	const struct cask_sock *s = arg;
	static char some[16384];

	while (!enough) {
		test_pause(5);
		if (test_recv(s->watch.fd, some, sizeof some, 0) == 0)
			break;
	}
	return NULL;
}

static void *
write_sparingly(void *arg)
{
	const struct cask_sock *s = arg;

	while (!enough) {
		test_pause(5);
		send(s->watch.fd, "x", 1, MSG_NOSIGNAL);
	}
	return NULL;
}

static void
a_peer_that_reads_sparingly_does_not_stretch_the_limit(void **state)
{
	char *block = calloc(BIG, 1);
	struct trio t;
	pthread_t thread;
	int64_t start;

	(void)state;
	trio_open(&t);
	enough = false;
	assert_int_equal(
	    pthread_create(&thread, NULL, read_sparingly, &t.b), 0);
	t.a.timeout_ms = 100;
	start = now_ms();
	assert_int_equal(cask_send(&t.a, block, BIG), ETIMEDOUT);
	assert_in_range(now_ms() - start, 99, 3000);
	enough = true;
	pthread_join(thread, NULL);
	trio_close(&t);
	free(block);
}

static void
a_peer_that_drips_does_not_stretch_the_deadline(void **state)
{
	struct trio t;
	pthread_t thread;
	int64_t start;
	int received = 0;
	char c;

	(void)state;
	trio_open(&t);
	enough = false;
	assert_int_equal(
	    pthread_create(&thread, NULL, write_sparingly, &t.b), 0);
	start = now_ms();
	cask_deadline(&t.a, 120);
	while (cask_receive(&t.a, &c, 1) == 1)
		received++;
	assert_in_range(now_ms() - start, 119, 3000);
	assert_true(received > 0);
	assert_int_equal(t.a.io.err, ETIMEDOUT);
	assert_why(&t.a, "receive 127.0.0.1:", t.port,
	    ": timed out after 120 ms, nothing lost");
	enough = true;
	pthread_join(thread, NULL);
	trio_close(&t);
}

/* One limit for a value, however many transfers it takes */

struct drip {
	const struct cask_sock *s;
	int pause; /* ms before each */
	size_t size;
};

static void *
write_drops(void *arg)
{
	const struct drip *d = arg;

	while (!enough) {
		test_pause(d->pause);
		send(d->s->watch.fd, "\1\1\1\1", d->size, MSG_NOSIGNAL);
	}
	return NULL;
}

/* Load through s from one who gives something now and then, with a limit. */
static void
load_drops(struct trio *t, struct drip *d, pthread_t *thread,
    struct cask_ar *ar, int timeout_ms)
{
	trio_open(t);
	enough = false;
	d->s = &t->b;
	t->a.timeout_ms = timeout_ms;
	cask_load(ar, &t->a.io);
	assert_int_equal(pthread_create(thread, NULL, write_drops, d), 0);
}

static void
end_drops(struct trio *t, pthread_t thread)
{
	enough = true;
	pthread_join(thread, NULL);
	trio_close(t);
}

/* Each byte comes in time, and the value does not. */
static void
a_peer_that_drips_does_not_stretch_the_limit_of_a_value(void **state)
{
	static const int pauses[] = { 60, 60, 150, 60 };
	char block[40], why[80];
	uint32_t x = 1;
	uint16_t array[40];

	(void)state;
	for (size_t i = 0; i < COUNT(pauses); i++) {
		struct drip d = { .pause = pauses[i], .size = 1 };
		struct cask_ar ar = { 0 };
		struct trio t;
		pthread_t thread;
		int64_t start, took;

		if (i == 1) { /* past the buffer */
			ar.buffer = why;
			ar.buffer_size = 8;
		}
		load_drops(&t, &d, &thread, &ar, 200);
		start = now_ms();
		if (i < 2)
			cask_bytes(&ar, block, sizeof block);
		else if (i == 2)
			cask_u32(&ar, &x);
		else
			cask_u16_array(&ar, array, COUNT(array));
		took = now_ms() - start;
		end_drops(&t, thread);
		assert_in_range(took, 199, 1499);
		assert_int_equal(ar.err, ETIMEDOUT);
		assert_int_equal(t.a.io.err, ETIMEDOUT);
		snprintf(why, sizeof why,
		    "receive 127.0.0.1:%s: timed out after 200 ms", t.port);
		assert_non_null(strstr(cask_why(&ar), why));
		assert_int_equal(i == 2 ? x : 0, 0);
	}
}

static void
each_value_has_a_limit_of_its_own(void **state)
{
	struct drip d = { .pause = 350, .size = 4 };
	struct cask_ar ar = { 0 };
	uint32_t x = 0, y = 0;
	struct trio t;
	pthread_t thread;
	int64_t start, took;

	(void)state;
	load_drops(&t, &d, &thread, &ar, 600);
	start = now_ms();
	cask_u32(&ar, &x);
	cask_u32(&ar, &y);
	took = now_ms() - start;
	end_drops(&t, thread);
	assert_string_equal(cask_why(&ar), "no error");
	assert_true(took > 600);
	assert_int_equal(x, 0x01010101);
	assert_int_equal(y, 0x01010101);
}

/* Take some every 60 ms: too little in the end, but soon enough each time. */
static void *
read_drops(void *arg)
{
	const struct cask_sock *s = arg;
	static char some[(size_t)512 << 10];

	while (!enough) {
		test_pause(60);
		if (test_recv(s->watch.fd, some, sizeof some, 0) == 0)
			break;
	}
	return NULL;
}

static void
a_peer_that_takes_drops_does_not_stretch_the_limit_of_a_value(void **state)
{
	char *block = calloc(BIG, 1), *buffer = calloc(BIG, 1), why[80];
	int small = 65536; /* so that room comes soon */

	(void)state;
	assert_non_null(block);
	assert_non_null(buffer);
	for (int flushed = 0; flushed < 2; flushed++) {
		struct cask_ar ar = { 0 };
		struct trio t;
		pthread_t thread;
		int64_t start, took;
		int err;

		trio_open(&t);
		setsockopt(
		    t.a.watch.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
		enough = false;
		assert_int_equal(
		    pthread_create(&thread, NULL, read_drops, &t.b), 0);
		t.a.timeout_ms = 200;
		if (flushed) {
			ar.buffer = buffer;
			ar.buffer_size = BIG;
		}
		cask_store(&ar, &t.a.io);
		start = now_ms();
		cask_put_bytes(&ar, block, BIG - 1);
		err = ar.err;
		if (flushed)
			cask_flush(&ar);
		took = now_ms() - start;
		end_drops(&t, thread);
		assert_int_equal(err, flushed ? 0 : ETIMEDOUT);
		assert_in_range(took, 199, 1499);
		assert_int_equal(ar.err, ETIMEDOUT);
		snprintf(why, sizeof why,
		    "send 127.0.0.1:%s: timed out after 200 ms", t.port);
		assert_non_null(strstr(cask_why(&ar), why));
	}
	free(buffer);
	free(block);
}

/* Deadlines */

static void
a_deadline_holds_even_when_nothing_has_to_be_waited_for(void **state)
{
	struct trio t;
	char c;

	(void)state;
	trio_open(&t);
	cask_send(&t.b, "xy", 2);
	cask_deadline(&t.a, 0);
	assert_int_equal(cask_receive(&t.a, &c, 1), -1);
	assert_int_equal(t.a.io.err, ETIMEDOUT);
	cask_deadline(&t.b, 0);
	assert_int_equal(cask_send(&t.b, "z", 1), ETIMEDOUT);
	trio_close(&t);
}

static void
a_deadline_can_be_lifted(void **state)
{
	struct trio t;

	(void)state;
	trio_open(&t);
	cask_deadline(&t.a, 1);
	cask_deadline(&t.a, -1);
	test_pause(5);
	assert_talk(&t.a, &t.b);
	t.a.timeout_ms = -1;
	assert_talk(&t.b, &t.a);
	trio_close(&t);
}

/* A connection waits; but the time for it is over. */
static void
a_deadline_holds_for_a_listener_too_and_can_be_lifted(void **state)
{
	struct cask_sock s = { 0 };
	struct trio t;

	(void)state;
	trio_open(&t);
	cask_close(&t.a);
	cask_close(&t.b);
	assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), 0);
	cask_deadline(&t.l, 0);
	assert_int_equal(cask_try_accept(&t.l, &t.b), ETIMEDOUT);
	assert_int_equal(t.b.io.err, ETIMEDOUT);
	assert_string_equal(t.b.io.op, "accept");
	assert_int_equal(cask_accept(&t.l, &t.b), ETIMEDOUT);
	assert_int_equal(t.l.io.err, 0);
	cask_deadline(&t.l, -1);
	assert_int_equal(cask_try_accept(&t.l, &t.b), 0);
	assert_talk(&t.a, &t.b);
	trio_close(&t);

	cask_deadline(&s, 0);
	assert_int_equal(cask_bind(&s, "127.0.0.1", "0"), ETIMEDOUT);
	assert_string_equal(s.io.op, "bind");
	assert_int_equal(cask_bind(&s, NULL, "0"), ETIMEDOUT);
	assert_int_equal(cask_connect(&s, "127.0.0.1", "1"), ETIMEDOUT);
	cask_deadline(&s, -1);
	assert_int_equal(cask_bind(&s, "127.0.0.1", "0"), 0);
	cask_deadline(&s, 0);
	assert_int_equal(cask_listen(&s, 0), ETIMEDOUT);
	assert_string_equal(s.io.op, "listen");
	assert_int_equal(cask_close(&s), ETIMEDOUT);
	cask_deadline(&s, -1);
	listen_on(&s, "127.0.0.1", t.port);
	assert_int_equal(cask_close(&s), 0);
}

/* Every call fails in its turn */

struct plot {
	const char *host;
	const char *to;
	const struct cask_notify *notify;
};

static int
exchange(struct trio *t)
{
	char buf[8];
	int err = cask_send(&t->a, "ping", 4);

	if (err == 0 && cask_receive(&t->b, buf, sizeof buf) != 4)
		return t->b.io.err;
	if (err == 0)
		err = cask_send(&t->b, "pong", 4);
	if (err == 0 && cask_receive(&t->a, buf, sizeof buf) != 4)
		return t->a.io.err;
	return err;
}

static int
play(const struct plot *p, struct trio *t)
{
	uint16_t port = 0;
	int err = cask_bind(&t->l, p->host, "0");

	t->l.notify = p->notify;
	t->a.notify = p->notify;
	if (err == 0)
		err = cask_listen(&t->l, 0);
	if (err == 0)
		err = cask_local(&t->l, NULL, 0, &port);
	snprintf(t->port, sizeof t->port, "%u", port);
	if (err == 0)
		err = cask_connect(&t->a, p->to, t->port);
	if (err == 0 && p->notify != NULL)
		err = cask_pump_turn(PATIENCE, NULL);
	if (err == 0)
		err = cask_accept(&t->l, &t->b);
	if (err == 0)
		err = exchange(t);
	if (err == 0 && p->notify != NULL)
		err = cask_pump_turn(0, NULL);
	if (err == 0)
		err = cask_shutdown(&t->a, CASK_SENDS);
	return err;
}

static void
scenario(void *arg)
{
	struct trio t = { .l.timeout_ms = PATIENCE,
		.a.timeout_ms = PATIENCE,
		.b.timeout_ms = PATIENCE };
	int err = play(arg, &t);
	struct cask_sock *all[] = { &t.a, &t.b, &t.l };

	assert_true(err == 0 || fault_injected() > 0);
	for (size_t i = 0; i < COUNT(all); i++) {
		int first = cask_close(all[i]);

		assert_int_equal(cask_close(all[i]), first);
		assert_int_equal(all[i]->io.err, first);
		assert_false(all[i]->open);
	}
}

static void
nothing_more(struct cask_sock *s, int err)
{
	(void)s, (void)err;
}

static const struct cask_notify idle = {
	.receive = nothing_more,
	.accept = nothing_more,
};

/* A thousand look-ups are nothing to ask a real resolver for. */
static int
at_once(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host;
	return getaddrinfo("127.0.0.1", port, hints, list);
}

static void
every_call_may_fail_and_nothing_leaks(void **state)
{
	struct plot by_number = { "127.0.0.1", "127.0.0.1", NULL };
	struct plot by_name = { "localhost", "localhost", NULL };
	struct plot any = { NULL, "127.0.0.1", NULL };
	struct plot notified = { "127.0.0.1", "127.0.0.1", &idle };

	(void)state;
	assert_true(fault_everywhere(scenario, &by_number) > 100);
	fault_lookup(at_once);
	assert_true(fault_everywhere(scenario, &by_name) > 100);
	fault_lookup(NULL);
	assert_true(fault_everywhere(scenario, &any) > 100);
	assert_true(fault_everywhere(scenario, &notified) > 100);
}

/* Notifications */

struct log {
	int receives;
	int accepts;
	int err;
	ptrdiff_t got;
	struct cask_sock *other;
};

static void
note_receive(struct cask_sock *s, int err)
{
	(void)err;
	((struct log *)s->user)->receives++;
}

static void
note_accept(struct cask_sock *s, int err)
{
	(void)err;
	((struct log *)s->user)->accepts++;
}

static const struct cask_notify noting = {
	.receive = note_receive,
	.accept = note_accept,
};

/* A trio of which b is notified. */
static void
trio_notify(struct trio *t, struct log *log, const struct cask_notify *notify)
{
	*log = (struct log) { 0 };
	*t = (struct trio) { .b.notify = notify, .b.user = log };
	listen_on(&t->l, "127.0.0.1", t->port);
	assert_int_equal(cask_connect(&t->a, "127.0.0.1", t->port), 0);
	assert_int_equal(cask_accept(&t->l, &t->b), 0);
}

static unsigned
turn(void)
{
	unsigned n = 99;

	assert_int_equal(cask_pump_turn(0, &n), 0);
	return n;
}

static void
a_handler_that_does_nothing_does_not_spin(void **state)
{
	struct trio t;
	struct log log;

	(void)state;
	trio_notify(&t, &log, &noting);
	assert_int_equal(turn(), 0);
	cask_send(&t.a, "data", 4);
	fault_reset();
	assert_int_equal(cask_pump_run(), EDEADLK);
	assert_int_equal(log.receives, 1);
	assert_int_equal(
	    fault_count(FAULT_POLL) + fault_count(FAULT_EPOLL_WAIT), 1);
	cask_send(&t.a, "more", 4);
	assert_int_equal(turn(), 0);
	trio_close(&t);
}

/* All that is there; in calm weather one call takes it. */
static ptrdiff_t
try_receive_all(struct cask_sock *s, char *buf, ptrdiff_t size)
{
	ptrdiff_t n = cask_try_receive(s, buf, (size_t)size);

	while (!test_is_calm() && n > 0 && n < size) {
		ptrdiff_t more =
		    cask_try_receive(s, buf + n, (size_t)(size - n));

		if (more <= 0)
			break;
		n += more;
	}
	return n;
}

static void
a_notification_comes_again_after_the_call_that_answers_it(void **state)
{
	struct trio t;
	struct log log;
	char buf[8];

	(void)state;
	trio_notify(&t, &log, &noting);
	cask_send(&t.a, "data", 4);
	assert_int_equal(turn(), 1);
	assert_int_equal(cask_receive_all(&t.b, buf, 2), 2);
	assert_int_equal(turn(), 1);
	assert_int_equal(try_receive_all(&t.b, buf, 8), 2);
	assert_int_equal(turn(), 0);
	assert_int_equal(cask_try_receive(&t.b, buf, 8), -1);
	assert_int_equal(turn(), 0);
	cask_send(&t.a, "data", 4);
	assert_int_equal(turn(), 1);
	assert_int_equal(log.receives, 3);

	/* The answer counts, not what it finds. */
	fault_reset();
	fault_plan(FAULT_RECV, 0, false, EAGAIN);
	assert_int_equal(cask_try_receive(&t.b, buf, 8), -1);
	assert_int_equal(fault_injected(), 1);
	assert_int_equal(turn(), 1);
	trio_close(&t);
}

static void
the_end_is_announced_after_the_data_and_once(void **state)
{
	struct trio t;
	struct log log;
	char buf[8];

	(void)state;
	trio_notify(&t, &log, &noting);
	cask_send(&t.a, "data", 4);
	cask_close(&t.a);
	assert_int_equal(turn(), 1);
	assert_int_equal(cask_receive_all(&t.b, buf, 4), 4);
	assert_int_equal(turn(), 1);
	assert_int_equal(cask_receive(&t.b, buf, sizeof buf), 0);
	assert_int_equal(cask_receive(&t.b, buf, sizeof buf), 0);
	assert_int_equal(turn(), 0);
	trio_close(&t);
}

static void
an_error_is_announced_once(void **state)
{
	struct trio t;
	struct log log;
	char c;

	(void)state;
	trio_notify(&t, &log, &noting);
	cask_send(&t.b, "unread", 6);
	cask_close(&t.a);
	assert_int_equal(turn(), 1);
	assert_int_equal(cask_receive(&t.b, &c, 1), -1);
	assert_int_equal(t.b.io.err, ECONNRESET);
	assert_int_equal(cask_receive(&t.b, &c, 1), -1);
	assert_int_equal(turn(), 0);
	trio_close(&t);
}

static void
a_waiting_connection_is_announced_until_it_is_accepted(void **state)
{
	struct trio t = { 0 };
	struct cask_sock second = { 0 };
	struct log log = { 0 };

	(void)state;
	t.l.notify = &noting;
	t.l.user = &log;
	listen_on(&t.l, "127.0.0.1", t.port);
	assert_int_equal(turn(), 0);
	assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), 0);
	assert_int_equal(cask_connect(&second, "127.0.0.1", t.port), 0);
	assert_int_equal(turn(), 1);
	assert_int_equal(turn(), 0);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	cask_close(&t.b);
	assert_int_equal(turn(), 1);
	assert_int_equal(cask_try_accept(&t.l, &t.b), 0);
	cask_close(&t.b);
	assert_int_equal(turn(), 0);
	assert_int_equal(cask_try_accept(&t.l, &t.b), EAGAIN);
	assert_int_equal(turn(), 0);
	assert_int_equal(log.accepts, 2);
	cask_close(&second);
	trio_close(&t);
}

static void
an_accepted_socket_takes_over_the_listeners_notifications(void **state)
{
	static const struct cask_notify own = { .receive = nothing_more };
	struct trio t = { 0 };
	struct log log = { 0 };

	(void)state;
	t.l.notify = &noting;
	t.l.user = t.b.user = &log;
	listen_on(&t.l, "127.0.0.1", t.port);
	cask_connect(&t.a, "127.0.0.1", t.port);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	assert_ptr_equal(t.b.notify, &noting);
	cask_send(&t.a, "x", 1);
	assert_int_equal(turn(), 1);
	assert_int_equal(log.receives, 1);
	cask_close(&t.a);
	cask_close(&t.b);
	t.b.notify = &own;
	cask_connect(&t.a, "127.0.0.1", t.port);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	assert_ptr_equal(t.b.notify, &own);
	trio_close(&t);
}

static void
who_is_not_interested_is_not_watched(void **state)
{
	static const struct cask_notify none = { 0 };
	struct trio t;
	struct log log;

	(void)state;
	trio_notify(&t, &log, &none);
	cask_send(&t.a, "x", 1);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	cask_close(&t.a);
	cask_close(&t.b);

	/* Who loses interest later is left in peace. */
	t.b.notify = &noting;
	cask_connect(&t.a, "127.0.0.1", t.port);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	cask_send(&t.a, "x", 1);
	t.b.notify = NULL;
	turn();
	assert_int_equal(log.receives, 0);
	trio_close(&t);
}

static void
close_and_free(struct cask_sock *s, int err)
{
	(void)err;
	cask_close(s);
	free(s);
}

static void
a_handler_may_close_and_free_its_socket(void **state)
{
	static const struct cask_notify notify = { .receive = close_and_free };
	struct cask_sock *s = calloc(1, sizeof *s);
	struct trio t = { 0 };
	char c;

	(void)state;
	s->notify = &notify;
	listen_on(&t.l, "127.0.0.1", t.port);
	cask_connect(&t.a, "127.0.0.1", t.port);
	assert_int_equal(cask_accept(&t.l, s), 0);
	cask_send(&t.a, "x", 1);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(cask_receive(&t.a, &c, 1), -1);
	trio_close(&t);
}

/* Close the other, and get its descriptor for a new connection. */
static void
replace_other(struct cask_sock *s, int err)
{
	struct log *log = s->user;
	char c;

	(void)err;
	log->receives++;
	cask_receive(s, &c, 1);
	if (log->other == NULL)
		return;
	cask_close(log->other);
	log->err = cask_connect(
	    log->other, "127.0.0.1", strrchr(log->other->user, ':') + 1);
	log->other = NULL;
}

static void
a_descriptor_used_again_within_a_turn_gets_no_old_notification(void **state)
{
	static const struct cask_notify replacing = { .receive =
							  replace_other };
	static const struct cask_notify silent = { .receive = note_receive };
	struct trio t, u = { 0 };
	struct log log, other = { 0 };
	char address[16];
	int fd;

	(void)state;
	trio_notify(&t, &log, &replacing);
	u.a.notify = &silent;
	u.a.user = &other;
	assert_int_equal(cask_connect(&u.a, "127.0.0.1", t.port), 0);
	assert_int_equal(cask_accept(&t.l, &u.b), 0);
	fd = u.a.watch.fd;
	cask_send(&t.a, "x", 1);
	cask_send(&u.b, "y", 1);
	snprintf(address, sizeof address, ":%s", t.port);
	u.a.user = address;
	log.other = &u.a;
	assert_int_equal(turn(), 1);
	assert_int_equal(log.receives, 1);
	assert_int_equal(log.err, 0);
	assert_int_equal(u.a.watch.fd, fd);
	u.a.user = &other;
	assert_int_equal(turn(), 0);
	assert_int_equal(other.receives, 0);
	cask_close(&u.a);
	cask_close(&u.b);
	trio_close(&t);
}

static void
receive_for_both(struct cask_sock *s, int err)
{
	struct log *log = s->user;
	char c;

	(void)err;
	log->receives++;
	log->got += cask_receive(s, &c, 1);
	if (log->other != NULL)
		log->got += cask_receive(log->other, &c, 1);
}

static void
data_that_another_handler_has_taken_is_not_announced(void **state)
{
	static const struct cask_notify both = { .receive = receive_for_both };
	struct trio t, u = { 0 };
	struct log log, other = { 0 };

	(void)state;
	trio_notify(&t, &log, &both);
	u.b.notify = &both;
	u.b.user = &other;
	cask_connect(&u.a, "127.0.0.1", t.port);
	assert_int_equal(cask_accept(&t.l, &u.b), 0);
	log.other = &u.b;
	cask_send(&t.a, "x", 1);
	cask_send(&u.a, "y", 1);
	assert_int_equal(turn(), 1);
	assert_int_equal(log.got, 2);
	assert_int_equal(other.receives, 0);
	cask_close(&u.a);
	cask_close(&u.b);
	trio_close(&t);
}

static void
turn_within(struct cask_sock *s, int err)
{
	struct log *log = s->user;
	char buf[8];

	(void)err;
	log->receives++;
	log->err = cask_pump_turn(0, NULL);
	log->got = cask_receive(s, buf, sizeof buf);
	if (log->got > 0)
		log->got = cask_receive(s, buf, sizeof buf);
}

/* It may block, though: within its own limit, and serving nobody else. */
static void
a_handler_may_block_but_not_turn(void **state)
{
	static const struct cask_notify nested = { .receive = turn_within };
	struct trio t;
	struct log log;

	(void)state;
	trio_notify(&t, &log, &nested);
	t.b.timeout_ms = 20;
	cask_send(&t.a, "x", 1);
	assert_int_equal(turn(), 1);
	assert_int_equal(log.err, EBUSY);
	assert_int_equal(log.got, -1);
	assert_int_equal(t.b.io.err, ETIMEDOUT);
	trio_close(&t);
}

static void
without_memory_to_watch_nothing_is_opened(void **state)
{
	struct trio t = { .a.notify = &noting };
	int descriptors;
	char c;

	(void)state;
	listen_on(&t.l, "127.0.0.1", t.port);
	descriptors = fault_descriptors();
	fault_reset();
	fault_plan(FAULT_REALLOC, 0, false, ENOMEM);
	assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), ENOMEM);
	assert_int_equal(fault_injected(), 1);
	assert_int_equal(fault_descriptors(), descriptors);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	cask_close(&t.b);
	t.a.notify = NULL;
	t.b.notify = &noting;
	assert_int_equal(cask_connect(&t.a, "127.0.0.1", t.port), 0);
	fault_plan(FAULT_REALLOC, 0, false, ENOMEM);
	assert_int_equal(cask_accept(&t.l, &t.b), ENOMEM);
	assert_int_equal(fault_injected(), 2);
	assert_int_equal(t.b.io.err, ENOMEM);
	assert_int_equal(cask_receive(&t.a, &c, 1), 0);
	trio_close(&t);
}

/* Answer every byte with one, and close at the end. */
static void
echo(struct cask_sock *s, int err)
{
	char c;

	(void)err;
	if (cask_receive(s, &c, 1) == 1)
		cask_send(s, &c, 1);
	else
		close_and_free(s, 0);
}

static void
serve(struct cask_sock *l, int err)
{
	struct cask_sock *c = calloc(1, sizeof *c);

	(void)err;
	if (cask_try_accept(l, c) != 0)
		free(c);
}

static void
one_pump_serves_two_hundred_sockets(void **state)
{
	static const struct cask_notify server = { .receive = echo,
		.accept = serve };
	enum { MANY = 200 };
	static struct cask_sock clients[MANY];
	struct cask_sock l = { .notify = &server };
	char port[8], c = 0;
	unsigned n, echoed = 0;

	(void)state;
	listen_on(&l, "127.0.0.1", port);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(
		    cask_connect(&clients[i], "127.0.0.1", port), 0);
		assert_int_equal(cask_send(&clients[i], "x", 1), 0);
		assert_int_equal(cask_pump_turn(PATIENCE, &n), 0);
	}
	while (turn() > 0)
		;
	for (int i = 0; i < MANY; i++)
		echoed += cask_try_receive(&clients[i], &c, 1) == 1 && c == 'x';
	assert_int_equal(echoed, MANY);
	for (int i = 0; i < MANY; i++)
		cask_close(&clients[i]);
	while (turn() > 0)
		;
	cask_close(&l);
	assert_int_equal(fault_allocations(), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(connects_by_name_and_by_number),
	cmocka_unit_test(peers_are_named_with_host_and_port),
	cmocka_unit_test(a_refused_connection_says_host_port_and_reason),
	cmocka_unit_test(a_misspelt_host_is_said_to_be_unknown),
	cmocka_unit_test(a_socket_whose_host_is_unknown_is_still_there),
	cmocka_unit_test(a_long_host_is_cut_in_messages_only),
	cmocka_unit_test(the_second_address_is_tried_when_the_first_refuses),
	cmocka_unit_test(a_connect_that_nobody_answers_times_out),
	cmocka_unit_test(
	    a_look_up_that_never_answers_does_not_outlast_the_limit),
	cmocka_unit_test(to_connect_an_open_socket_is_an_error_that_sticks),
	cmocka_unit_test(
	    a_closed_socket_can_be_connected_anew_and_forgets_its_error),
	cmocka_unit_test(nothing_to_connect_to_is_invalid),
	cmocka_unit_test(every_address_means_ipv6_and_ipv4),
	cmocka_unit_test(without_ipv6_every_address_means_ipv4),
	cmocka_unit_test(a_taken_port_is_not_taken_twice),
	cmocka_unit_test(a_port_in_time_wait_can_be_taken_again),
	cmocka_unit_test(both_ends_know_both_addresses),
	cmocka_unit_test(descriptors_do_not_block_and_are_closed_on_exec),
	cmocka_unit_test(small_messages_are_not_held_back),
	cmocka_unit_test(errors_of_accepting_do_not_stick_to_the_listener),
	cmocka_unit_test(an_accept_that_times_out_leaves_the_listener_good),
	cmocka_unit_test(connections_that_are_gone_already_are_passed_over),
	cmocka_unit_test(
	    a_peer_whose_address_has_no_words_is_accepted_as_unknown),
	cmocka_unit_test(only_a_listener_accepts),
	cmocka_unit_test(many_bytes_arrive_in_order),
	cmocka_unit_test(interruptions_and_bytes_one_at_a_time_are_invisible),
	cmocka_unit_test(an_interrupted_connect_goes_on),
	cmocka_unit_test(the_transport_moves_what_fits),
	cmocka_unit_test(try_send_takes_what_fits_and_then_nothing),
	cmocka_unit_test(try_receive_takes_what_is_there),
	cmocka_unit_test(a_half_closed_peer_still_receives),
	cmocka_unit_test(
	    a_peer_that_has_half_closed_inside_a_block_is_answered),
	cmocka_unit_test(
	    a_send_that_fails_after_the_end_was_met_gives_its_own_error_once),
	cmocka_unit_test(
	    the_peers_last_words_are_received_after_a_send_has_failed),
	cmocka_unit_test(after_a_failed_send_nothing_is_waited_for),
	cmocka_unit_test(
	    a_send_that_timed_out_or_was_cancelled_ends_both_directions),
	cmocka_unit_test(
	    an_archive_loads_the_last_words_after_its_flush_has_failed),
	cmocka_unit_test(either_direction_can_be_closed),
	cmocka_unit_test(a_reset_is_told_once_and_sticks),
	cmocka_unit_test(a_broken_pipe_is_an_error_and_no_signal),
	cmocka_unit_test(closing_gives_the_first_error_and_twice_is_fine),
	cmocka_unit_test(a_socket_that_is_not_open_says_so),
	cmocka_unit_test(a_receive_times_out_and_says_after_how_long),
	cmocka_unit_test(a_time_out_of_the_system_is_said_in_its_own_words),
	cmocka_unit_test(a_send_to_one_who_does_not_read_times_out),
	cmocka_unit_test(
	    readiness_that_comes_to_nothing_does_not_stretch_the_limit),
	cmocka_unit_test(
	    a_peer_that_reads_sparingly_does_not_stretch_the_limit),
	cmocka_unit_test(a_peer_that_drips_does_not_stretch_the_deadline),
	cmocka_unit_test(
	    a_peer_that_drips_does_not_stretch_the_limit_of_a_value),
	cmocka_unit_test(each_value_has_a_limit_of_its_own),
	cmocka_unit_test(
	    a_peer_that_takes_drops_does_not_stretch_the_limit_of_a_value),
	cmocka_unit_test(
	    a_deadline_holds_even_when_nothing_has_to_be_waited_for),
	cmocka_unit_test(a_deadline_can_be_lifted),
	cmocka_unit_test(a_deadline_holds_for_a_listener_too_and_can_be_lifted),
	cmocka_unit_test(every_call_may_fail_and_nothing_leaks),
	cmocka_unit_test(a_handler_that_does_nothing_does_not_spin),
	cmocka_unit_test(
	    a_notification_comes_again_after_the_call_that_answers_it),
	cmocka_unit_test(the_end_is_announced_after_the_data_and_once),
	cmocka_unit_test(an_error_is_announced_once),
	cmocka_unit_test(
	    a_waiting_connection_is_announced_until_it_is_accepted),
	cmocka_unit_test(
	    an_accepted_socket_takes_over_the_listeners_notifications),
	cmocka_unit_test(who_is_not_interested_is_not_watched),
	cmocka_unit_test(a_handler_may_close_and_free_its_socket),
	cmocka_unit_test(
	    a_descriptor_used_again_within_a_turn_gets_no_old_notification),
	cmocka_unit_test(data_that_another_handler_has_taken_is_not_announced),
	cmocka_unit_test(a_handler_may_block_but_not_turn),
	cmocka_unit_test(without_memory_to_watch_nothing_is_opened),
	cmocka_unit_test(one_pump_serves_two_hundred_sockets),
};

RUN_TESTS(tests)
