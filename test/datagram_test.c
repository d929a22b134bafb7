/*
 * Tests of datagrams and of groups: lib/datagram.c, lib/option.c.
 *
 * All travel over the loopback, where none is lost as long as there is room.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include <cask/addr.h>
#include <cask/ar.h>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */
#define SHORT    20   /* … and one that is */

/* The loopback's name differs between systems. */
#if defined(__linux__)
#define LOOPBACK "lo"
#else
#define LOOPBACK "lo0"
#endif

static uint16_t
port_of(struct cask_sock *s)
{
	uint16_t port = 0;

	assert_int_equal(cask_local(s, NULL, 0, &port), 0);
	assert_true(port > 0);
	return port;
}

/* The address of to, at host, for from to send to. */
static struct cask_addr
address(struct cask_sock *from, struct cask_sock *to, const char *host)
{
	struct cask_addr a;
	char port[8];

	snprintf(port, sizeof port, "%u", port_of(to));
	assert_int_equal(cask_addr_find(&a, from, host, port), 0);
	return a;
}

static void
take_port(struct cask_sock *s, const char *host)
{
	*s = (struct cask_sock) { .datagram = true, .timeout_ms = PATIENCE };
	assert_int_equal(cask_bind(s, host, "0"), 0);
}

/* Two sockets, each with the other's address. */
struct pair {
	struct cask_sock a, b;
	struct cask_addr to_a, to_b;
};

static void
pair_open(struct pair *p, const char *host)
{
	take_port(&p->a, host);
	take_port(&p->b, host);
	p->to_a = address(&p->b, &p->a, host);
	p->to_b = address(&p->a, &p->b, host);
}

static void
pair_close(struct pair *p)
{
	fault_reset();
	assert_int_equal(cask_close(&p->a), 0);
	assert_int_equal(cask_close(&p->b), 0);
	assert_int_equal(fault_allocations(), 0);
}

static bool
have_ipv6(void)
{
	struct cask_sock s = { .datagram = true };
	bool have = cask_bind(&s, "::1", "0") == 0;

	cask_close(&s);
	return have;
}

static void
assert_from(struct cask_sock *s, const char *text, const struct cask_addr *from)
{
	struct cask_addr who;
	char buf[64] = "", host[64], expected[64];
	uint16_t port, expected_port;

	assert_int_equal(cask_receive_from(s, buf, sizeof buf - 1, &who),
	    (ptrdiff_t)strlen(text));
	assert_string_equal(buf, text);
	assert_int_equal(cask_addr_text(&who, host, sizeof host, &port), 0);
	assert_int_equal(
	    cask_addr_text(from, expected, sizeof expected, &expected_port), 0);
	assert_string_equal(host, expected);
	assert_int_equal(port, expected_port);
}

/* "op name: words": the name is s's own, as far as it has one. */
static void assert_why(struct cask_sock *s, const char *op, const char *format,
    ...) CASK_PRINTF(3, 4);

static void
assert_why(struct cask_sock *s, const char *op, const char *format, ...)
{
	char text[256], words[200];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	snprintf(text, sizeof text, "%s%s%s: %s", op,
	    s->io.peer != NULL ? " " : "", s->io.peer != NULL ? s->io.peer : "",
	    words);
	assert_string_equal(cask_sock_why(s), text);
}

/* To and fro */

static void
datagrams_go_to_and_fro_between_two_that_never_connected(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < COUNT(hosts) - !have_ipv6(); i++) {
		struct pair p;

		pair_open(&p, hosts[i]);
		assert_int_equal(cask_send_to(&p.a, "ping", 4, &p.to_b), 0);
		assert_int_equal(cask_send_to(&p.a, "again", 5, &p.to_b), 0);
		assert_from(&p.b, "ping", &p.to_a);
		assert_from(&p.b, "again", &p.to_a);
		assert_int_equal(cask_send_to(&p.b, "pong", 4, &p.to_a), 0);
		assert_from(&p.a, "pong", &p.to_b);
		pair_close(&p);
	}
}

static void
a_socket_that_is_not_open_is_opened_by_its_first_send(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < COUNT(hosts) - !have_ipv6(); i++) {
		struct cask_sock server;
		struct cask_sock s = { .datagram = true,
			.timeout_ms = PATIENCE };
		struct cask_addr to;
		struct cask_addr from;
		char buf[8];

		take_port(&server, hosts[i]);
		to = address(&s, &server, hosts[i]);
		assert_int_equal(cask_send_to(&s, "ask", 3, &to), 0);
		assert_int_equal(
		    cask_receive_from(&server, buf, sizeof buf, &from), 3);
		assert_int_equal(cask_send_to(&server, "answer", 6, &from), 0);
		assert_from(&s, "answer", &to);
		assert_true(port_of(&s) > 0);
		assert_int_equal(cask_close(&s), 0);
		assert_int_equal(cask_send_to(&s, "anew", 4, &to), 0);
		assert_int_equal(
		    cask_receive_from(&server, buf, sizeof buf, NULL), 4);
		cask_close(&s);
		cask_close(&server);
	}
}

static void
a_socket_that_a_send_has_opened_can_be_connected(void **state)
{
	struct cask_sock server;
	struct cask_sock s = { .datagram = true, .timeout_ms = PATIENCE };
	struct cask_addr to;
	char buf[8], port[8];
	uint16_t mine;

	(void)state;
	take_port(&server, "127.0.0.1");
	to = address(&s, &server, "127.0.0.1");
	assert_int_equal(cask_send_to(&s, "a", 1, &to), 0);
	mine = port_of(&s);
	snprintf(port, sizeof port, "%u", port_of(&server));
	assert_int_equal(cask_connect(&s, "127.0.0.1", port), 0);
	assert_int_equal(port_of(&s), mine);
	assert_int_equal(cask_send(&s, "bc", 2), 0);
	assert_int_equal(cask_receive(&server, buf, sizeof buf), 1);
	assert_int_equal(cask_receive(&server, buf, sizeof buf), 2);
	cask_close(&s);
	cask_close(&server);
}

static void
a_connected_socket_sends_to_its_peer_and_hears_nobody_else(void **state)
{
	struct pair p;
	struct cask_sock other;
	struct cask_addr to_a;
	char buf[8], port[8];

	(void)state;
	take_port(&other, "127.0.0.1");
	pair_open(&p, "127.0.0.1");
	to_a = address(&other, &p.a, "127.0.0.1");
	snprintf(port, sizeof port, "%u", port_of(&p.b));
	assert_int_equal(cask_connect(&p.a, "127.0.0.1", port), 0);
	assert_int_equal(cask_send_to(&other, "no", 2, &to_a), 0);
	assert_int_equal(cask_send(&p.a, "yes", 3), 0);
	assert_int_equal(cask_send_to(&p.a, "yes", 3, NULL), 0);
	assert_from(&p.b, "yes", &p.to_a);
	assert_from(&p.b, "yes", &p.to_a);
	assert_int_equal(cask_send_to(&p.b, "heard", 5, &p.to_a), 0);
	assert_int_equal(cask_receive(&p.a, buf, sizeof buf), 5);
	assert_int_equal(cask_try_receive(&p.a, buf, sizeof buf), -1);
	assert_int_equal(p.a.io.passing, EAGAIN);
	cask_close(&other);
	pair_close(&p);
}

static void
without_a_peer_and_an_address_nothing_can_be_sent(void **state)
{
	struct cask_sock s;
	struct cask_sock closed = { .datagram = true };
	struct cask_addr none = { 0 };

	(void)state;
	take_port(&s, "127.0.0.1");
	assert_int_equal(cask_send(&s, "x", 1), EDESTADDRREQ);
	assert_why(&s, "send", "Destination address required");
	assert_int_equal(cask_send_to(&s, "x", 1, &none), EINVAL);
	assert_why(&s, "send", "the address is empty");
	assert_int_equal(s.io.err, 0);
	assert_int_equal(cask_send(&closed, "x", 1), EBADF);
	assert_int_equal(closed.io.err, EBADF);
	cask_close(&s);
}

static void
a_closed_datagram_socket_receives_nothing_and_that_sticks(void **state)
{
	struct cask_sock s = { .datagram = true };
	struct cask_sock server;
	struct cask_addr to;
	char buf[8];

	(void)state;
	take_port(&server, "127.0.0.1");
	assert_int_equal(cask_receive_from(&s, buf, sizeof buf, NULL), -1);
	assert_why(&s, "receive", "the socket is not open");
	assert_int_equal(s.io.err, EBADF);
	assert_int_equal(cask_try_receive_from(&s, buf, sizeof buf, NULL), -1);
	/* A send is the beginning of a new life. */
	to = address(&s, &server, "127.0.0.1");
	assert_int_equal(cask_send_to(&s, "x", 1, &to), 0);
	assert_int_equal(s.io.err, 0);
	cask_close(&s);
	cask_close(&server);
}

static void
a_stream_has_no_datagrams(void **state)
{
	struct cask_sock s = { 0 };
	struct cask_addr a = { .length = 1 };
	char buf[8];

	(void)state;
	assert_int_equal(cask_send_to(&s, "x", 1, &a), EOPNOTSUPP);
	assert_why(&s, "send", "this is no datagram socket");
	assert_int_equal(cask_try_send_to(&s, "x", 1, &a), EOPNOTSUPP);
	assert_int_equal(cask_receive_from(&s, buf, 8, &a), -1);
	assert_int_equal(s.io.passing, EOPNOTSUPP);
	assert_why(&s, "receive", "this is no datagram socket");
	assert_int_equal(cask_addr_find(&a, &s, "127.0.0.1", "1"), EOPNOTSUPP);
	assert_int_equal(s.io.err, 0);
}

static void
a_bound_socket_is_named_with_the_port_that_the_system_chose(void **state)
{
	struct cask_sock s;
	struct cask_sock any;
	char name[32];

	(void)state;
	take_port(&s, "127.0.0.1");
	take_port(&any, NULL);
	snprintf(name, sizeof name, "127.0.0.1:%u", port_of(&s));
	assert_string_equal(s.io.peer, name);
	snprintf(name, sizeof name, "*:%u", port_of(&any));
	assert_string_equal(any.io.peer, name);
	cask_close(&s);
	cask_close(&any);
}

/* Sizes */

static void
an_empty_datagram_is_data_and_not_an_end(void **state)
{
	struct pair p;
	char buf[8];

	(void)state;
	pair_open(&p, "127.0.0.1");
	assert_int_equal(cask_send_to(&p.a, "", 0, &p.to_b), 0);
	assert_int_equal(cask_send_to(&p.a, "", 0, &p.to_b), 0);
	assert_int_equal(cask_send_to(&p.a, "more", 4, &p.to_b), 0);
	assert_from(&p.b, "", &p.to_a);
	assert_int_equal(cask_try_receive(&p.b, buf, sizeof buf), 0);
	assert_int_equal(p.b.io.passing, 0);
	assert_from(&p.b, "more", &p.to_a);
	pair_close(&p);
}

static void
a_datagram_as_long_as_the_buffer_fits(void **state)
{
	struct pair p;
	char buf[8] = "";

	(void)state;
	pair_open(&p, "127.0.0.1");
	assert_int_equal(cask_send_to(&p.a, "12345", 5, &p.to_b), 0);
	assert_int_equal(cask_receive_from(&p.b, buf, 5, NULL), 5);
	assert_string_equal(buf, "12345");
	assert_int_equal(p.b.io.passing, 0);
	pair_close(&p);
}

static void
a_datagram_longer_than_the_buffer_is_never_cut_silently(void **state)
{
	struct pair p;
	struct cask_addr from;
	uint16_t port;
	char buf[8];

	(void)state;
	pair_open(&p, "127.0.0.1");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(cask_send_to(&p.a, "12345", 5, &p.to_b), 0);
		assert_int_equal(cask_send_to(&p.a, "next", 4, &p.to_b), 0);
		memset(buf, '#', sizeof buf);
		from = (struct cask_addr) { 0 };
		switch (i) {
		case 0:
			assert_int_equal(
			    cask_receive_from(&p.b, buf, 4, &from), -1);
			break;
		case 1:
			assert_int_equal(
			    cask_try_receive_from(&p.b, buf, 4, &from), -1);
			break;
		case 2:
			assert_int_equal(cask_receive(&p.b, buf, 4), -1);
			break;
		case 3:
			assert_int_equal(cask_try_receive(&p.b, buf, 4), -1);
			break;
		}
		assert_int_equal(p.b.io.passing, EMSGSIZE);
		assert_int_equal(p.b.io.err, 0);
		assert_memory_equal(buf, "1234####", 8);
		assert_why(
		    &p.b, "receive", "the datagram is longer than 4 bytes");
		if (i < 2) {
			assert_int_equal(
			    cask_addr_text(&from, NULL, 0, &port), 0);
			assert_int_equal(port, port_of(&p.a));
		}
		assert_from(&p.b, "next", &p.to_a);
	}
	pair_close(&p);
}

static void
a_datagram_that_no_network_takes_is_refused(void **state)
{
	static char big[70000];
	struct pair p;

	(void)state;
	pair_open(&p, "127.0.0.1");
	assert_int_equal(
	    cask_send_to(&p.a, big, sizeof big, &p.to_b), EMSGSIZE);
	assert_why(&p.a, "send", "to %s: Message too long", p.b.io.peer);
	assert_int_equal(p.a.io.err, 0);
	assert_int_equal(cask_send_to(&p.a, big, 60000, &p.to_b), 0);
	assert_int_equal(cask_receive(&p.b, big, sizeof big), 60000);
	pair_close(&p);
}

static void
datagrams_are_not_put_together(void **state)
{
	struct pair p;
	char buf[8];

	(void)state;
	pair_open(&p, "127.0.0.1");
	assert_int_equal(cask_send_to(&p.a, "12345", 5, &p.to_b), 0);
	assert_int_equal(cask_receive_all(&p.b, buf, 2), -1);
	assert_int_equal(p.b.io.passing, EOPNOTSUPP);
	assert_why(&p.b, "receive", "datagrams come one by one: cask_receive");
	assert_from(&p.b, "12345", &p.to_a);
	pair_close(&p);
}

static void
what_is_peeked_at_stays(void **state)
{
	struct pair p;
	char buf[8] = "";

	(void)state;
	pair_open(&p, "127.0.0.1");
	assert_int_equal(cask_peek(&p.b, buf, sizeof buf), -1);
	assert_int_equal(p.b.io.passing, EAGAIN);
	assert_int_equal(cask_send_to(&p.a, "12345", 5, &p.to_b), 0);
	assert_int_equal(cask_peek(&p.b, buf, sizeof buf), 5);
	assert_string_equal(buf, "12345");
	assert_int_equal(cask_peek(&p.b, buf, 4), -1);
	assert_int_equal(p.b.io.passing, EMSGSIZE);
	assert_from(&p.b, "12345", &p.to_a);
	pair_close(&p);
}

/* Errors that don't stick */

static void
a_refused_datagram_is_told_to_one_call_and_the_socket_goes_on(void **state)
{
	struct cask_sock gone;
	struct cask_sock s = { .datagram = true, .timeout_ms = PATIENCE };
	struct cask_sock again = { .datagram = true, .timeout_ms = PATIENCE };
	char buf[8], port[8];

	(void)state;
	take_port(&gone, "127.0.0.1");
	snprintf(port, sizeof port, "%u", port_of(&gone));
	cask_close(&gone);
	assert_int_equal(cask_connect(&s, "127.0.0.1", port), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(cask_send(&s, "x", 1), 0);
		assert_int_equal(cask_receive(&s, buf, sizeof buf), -1);
		assert_int_equal(s.io.passing, ECONNREFUSED);
		assert_int_equal(s.io.err, 0);
		assert_why(&s, "receive", "Connection refused");
	}
	assert_int_equal(cask_send(&s, "x", 1), 0);
	assert_int_equal(cask_send(&s, "x", 1), ECONNREFUSED);
	assert_int_equal(cask_bind(&again, "127.0.0.1", port), 0);
	assert_int_equal(cask_send(&s, "back", 4), 0);
	assert_int_equal(cask_receive(&again, buf, sizeof buf), 4);
	assert_int_equal(cask_close(&s), 0);
	cask_close(&again);
}

static void
an_unasked_answer_of_a_closed_port_is_nothing_to_a_bound_socket(void **state)
{
	struct pair p;
	struct cask_sock gone;
	struct cask_addr to;

	(void)state;
	take_port(&gone, "127.0.0.1");
	pair_open(&p, "127.0.0.1");
	to = address(&p.a, &gone, "127.0.0.1");
	cask_close(&gone);
	assert_int_equal(cask_send_to(&p.a, "x", 1, &to), 0);
	assert_int_equal(cask_send_to(&p.b, "y", 1, &p.to_a), 0);
	assert_from(&p.a, "y", &p.to_b);
	pair_close(&p);
}

static void
nothing_there_is_no_error_that_stays(void **state)
{
	struct pair p;
	struct cask_addr from;
	char buf[8];

	(void)state;
	pair_open(&p, "127.0.0.1");
	memset(&from, 0x55, sizeof from);
	assert_int_equal(
	    cask_try_receive_from(&p.a, buf, sizeof buf, &from), -1);
	assert_int_equal(p.a.io.passing, EAGAIN);
	assert_why(&p.a, "receive", "nothing is there");
	for (size_t i = 0; i < sizeof from; i++)
		assert_int_equal(((unsigned char *)&from)[i], 0x55);
	assert_int_equal(cask_try_send_to(&p.b, "x", 1, &p.to_a), 0);
	assert_int_equal(
	    cask_try_receive_from(&p.a, buf, sizeof buf, &from), 1);
	pair_close(&p);
}

static void
to_everybody_goes_only_what_was_allowed_to(void **state)
{
	struct cask_sock s;
	struct cask_addr all;
	char host[64];
	uint16_t port;

	(void)state;
	take_port(&s, "127.0.0.1");
	assert_int_equal(cask_addr_find(&all, &s, NULL, "9"), 0);
	assert_int_equal(cask_addr_text(&all, host, sizeof host, &port), 0);
	assert_string_equal(host, "255.255.255.255");
	assert_int_equal(port, 9);
	assert_int_equal(cask_send_to(&s, "x", 1, &all), EACCES);
	assert_why(&s, "send",
	    "to 255.255.255.255:9: broadcasting needs CASK_BROADCAST");
	assert_int_equal(s.io.err, 0);
	assert_int_equal(cask_option_set(&s, CASK_BROADCAST, 1), 0);
	assert_int_not_equal(cask_send_to(&s, "x", 1, &all), EACCES);
	cask_close(&s);
}

static void
broadcasts_arrive(void **state)
{
	struct cask_sock s;
	struct cask_sock server;
	struct cask_addr all;
	char buf[8];
	int err;

	(void)state;
	take_port(&s, "127.0.0.1");
	take_port(&server, "0.0.0.0");
	all = address(&s, &server, "127.255.255.255");
	assert_int_equal(cask_option_set(&s, CASK_BROADCAST, 1), 0);
	err = cask_send_to(&s, "all", 3, &all);
	if (err != 0)
		print_message("no broadcasts: %s\n", cask_sock_why(&s));
	else
		assert_int_equal(cask_receive(&server, buf, sizeof buf), 3);
	cask_close(&s);
	cask_close(&server);
	if (err != 0)
		skip();
}

/* Ends of waiting */

static void
a_time_out_of_a_receive_is_told_and_does_not_stay(void **state)
{
	struct pair p;
	char buf[8];

	(void)state;
	pair_open(&p, "127.0.0.1");
	p.a.receive_ms = SHORT;
	assert_int_equal(cask_receive_from(&p.a, buf, sizeof buf, NULL), -1);
	assert_int_equal(p.a.io.passing, ETIMEDOUT);
	assert_int_equal(p.a.io.err, 0);
	assert_why(&p.a, "receive", "timed out after %d ms", SHORT);
	assert_int_equal(cask_sock_state(&p.a), CASK_GOOD);
	assert_int_equal(cask_send_to(&p.b, "late", 4, &p.to_a), 0);
	assert_from(&p.a, "late", &p.to_b);
	pair_close(&p);
}

static void
a_deadline_that_has_passed_does_not_stay_either(void **state)
{
	struct pair p;
	char buf[8];

	(void)state;
	pair_open(&p, "127.0.0.1");
	cask_deadline(&p.a, 0);
	assert_int_equal(cask_send_to(&p.a, "x", 1, &p.to_b), ETIMEDOUT);
	assert_int_equal(cask_receive_from(&p.a, buf, sizeof buf, NULL), -1);
	assert_int_equal(p.a.io.passing, ETIMEDOUT);
	assert_int_equal(p.a.io.err, 0);
	cask_deadline(&p.a, -1);
	assert_int_equal(cask_send_to(&p.a, "x", 1, &p.to_b), 0);
	pair_close(&p);
}

static void *
cancel(void *s)
{
	cask_cancel(s);
	return NULL;
}

static void
another_thread_can_end_a_receive(void **state)
{
	struct pair p;
	pthread_t thread;
	char buf[8];

	(void)state;
	pair_open(&p, "127.0.0.1");
	p.a.timeout_ms = -1;
	pthread_create(&thread, NULL, cancel, &p.a);
	assert_int_equal(cask_receive_from(&p.a, buf, sizeof buf, NULL), -1);
	pthread_join(thread, NULL);
	assert_int_equal(p.a.io.err, ECANCELED);
	assert_int_equal(cask_send_to(&p.a, "x", 1, &p.to_b), ECANCELED);
	assert_int_equal(cask_close(&p.a), ECANCELED);
	cask_close(&p.b);
}

static void
close_it(struct cask_timer *t)
{
	struct cask_sock *s = t->user;

	cask_close(s);
	memset(s, 0x55, sizeof *s);
	free(s);
}

static void
a_timer_can_close_and_free_a_socket_that_receives(void **state)
{
	struct cask_sock *s = calloc(1, sizeof *s);
	struct cask_timer t = { .after_ms = 1, .fire = close_it, .user = s };
	char buf[8];

	(void)state;
	assert_non_null(s);
	take_port(s, "127.0.0.1");
	s->timeout_ms = -1;
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(
	    cask_receive_from(s, buf, sizeof buf, NULL), CASK_IO_GONE);
	assert_int_equal(fault_allocations(), 0);
}

struct busy {
	struct pair p;
	int err;
};

static void
receive_too(struct cask_timer *t)
{
	struct busy *b = t->user;
	char buf[8];

	assert_int_equal(cask_receive_from(&b->p.a, buf, 8, NULL), -1);
	b->err = b->p.a.io.passing;
	assert_why(
	    &b->p.a, "receive", "busy: receive is waiting on this socket");
	assert_int_equal(cask_send_to(&b->p.b, "go", 2, &b->p.to_a), 0);
}

static void
a_second_receive_is_refused_while_one_waits(void **state)
{
	struct busy b = { 0 };
	struct cask_timer t = {
		.after_ms = 1, .fire = receive_too, .user = &b
	};

	(void)state;
	pair_open(&b.p, "127.0.0.1");
	assert_int_equal(cask_timer_start(&t), 0);
	assert_from(&b.p.a, "go", &b.p.to_b);
	assert_int_equal(b.err, EBUSY);
	pair_close(&b.p);
}

/* Notifications */

struct log {
	unsigned receives, sends;
	bool take;
	ptrdiff_t got;
};

static void
on_receive(struct cask_sock *s, int err)
{
	struct log *l = s->user;
	char buf[2];

	assert_int_equal(err, 0);
	l->receives++;
	if (l->take)
		l->got = cask_try_receive_from(s, buf, sizeof buf, NULL);
}

static void
on_send(struct cask_sock *s, int err)
{
	struct log *l = s->user;

	assert_int_equal(err, 0);
	l->sends++;
}

static const struct cask_notify notify = { .receive = on_receive,
	.send = on_send };

static void
turn_until_quiet(void)
{
	unsigned n = 1;

	while (n > 0)
		assert_int_equal(cask_pump_turn(50, &n), 0);
}

static void
a_datagram_is_announced_once_and_again_after_a_receive(void **state)
{
	struct log l = { 0 };
	struct cask_sock s = {
		.datagram = true, .notify = &notify, .user = &l
	};
	struct cask_sock a = { .datagram = true };
	struct cask_addr to;

	(void)state;
	assert_int_equal(cask_bind(&s, "127.0.0.1", "0"), 0);
	to = address(&a, &s, "127.0.0.1");
	turn_until_quiet();
	assert_int_equal(l.sends, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(cask_send_to(&a, "abcd", (size_t)i, &to), 0);
	assert_int_equal(cask_send_to(&a, "abcd", 4, &to), 0);
	turn_until_quiet();
	assert_int_equal(l.receives, 1);
	l.take = true;
	assert_int_equal(cask_receive_from(&s, NULL, 0, NULL), 0);
	turn_until_quiet();
	assert_int_equal(l.receives, 4);
	assert_int_equal(l.got, -1); /* the last was too long */
	assert_int_equal(s.io.passing, EMSGSIZE);
	assert_int_equal(cask_send_to(&a, "z", 1, &to), 0);
	turn_until_quiet();
	assert_int_equal(l.receives, 5);
	assert_int_equal(l.got, 1);
	cask_close(&a);
	cask_close(&s);
}

/* Addresses */

static int
unknown(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)port, (void)hints, (void)list;
	return EAI_NONAME;
}

static int
unanswered(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)port, (void)hints, (void)list;
	return EAI_AGAIN;
}

static int
slow(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)port, (void)hints, (void)list;
	test_pause(10 * SHORT);
	return EAI_NONAME;
}

static void
what_is_wrong_with_an_address_is_said(void **state)
{
	struct cask_sock s = { .datagram = true, .timeout_ms = PATIENCE };
	struct cask_addr a;

	(void)state;
	fault_lookup(unknown);
	assert_int_equal(cask_addr_find(&a, &s, "locahlost", "9"), CASK_ENAME);
	assert_why(&s, "find", "locahlost: name not known");
	fault_lookup(unanswered);
	assert_int_equal(cask_addr_find(&a, &s, "localhost", "9"), CASK_EDNS);
	assert_why(&s, "find", "localhost: no name server answers");
	fault_lookup(slow);
	s.timeout_ms = SHORT;
	assert_int_equal(cask_addr_find(&a, &s, "localhost", "9"), ETIMEDOUT);
	assert_why(
	    &s, "find", "timed out after %d ms, looking up localhost", SHORT);
	fault_lookup(NULL);
	s.timeout_ms = PATIENCE;
	assert_int_equal(
	    cask_addr_find(&a, &s, "127.0.0.1", "70000"), CASK_EPORT);
	assert_why(&s, "find", "70000: port not known");
	assert_int_equal(cask_addr_find(&a, &s, "127.0.0.1", NULL), CASK_EPORT);
	assert_why(&s, "find", "no port: port not known");
	assert_int_equal(s.io.err, 0);
	assert_int_equal(cask_addr_text(&a, NULL, 0, NULL), EINVAL);
	for (int i = 0; i < 2000 && fault_allocations() > 0; i++)
		test_pause(1);
}

static void
an_address_is_of_the_family_of_an_open_socket(void **state)
{
	struct cask_sock four, six, both;
	struct cask_addr a;
	char host[64];

	(void)state;
	take_port(&four, "127.0.0.1");
	assert_int_equal(cask_addr_find(&a, &four, "::1", "9"), EAFNOSUPPORT);
	assert_why(&four, "find", "::1: no address of this socket's family");
	assert_int_equal(
	    cask_addr_find(&a, &four, "/tmp/x", NULL), EAFNOSUPPORT);
	cask_close(&four);
	if (!have_ipv6())
		return;
	six = (struct cask_sock) { .datagram = true, .v6_only = true };
	assert_int_equal(cask_bind(&six, "::1", "0"), 0);
	assert_int_equal(
	    cask_addr_find(&a, &six, "127.0.0.1", "9"), EAFNOSUPPORT);
	cask_close(&six);
	take_port(&both, NULL);
	assert_int_equal(cask_addr_find(&a, &both, "127.0.0.1", "9"), 0);
	assert_int_equal(cask_addr_text(&a, host, sizeof host, NULL), 0);
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(cask_addr_find(&a, &both, "::1", "9"), 0);
	cask_close(&both);
}

static void
a_socket_for_both_families_talks_with_each(void **state)
{
	struct cask_sock both, four;
	struct cask_addr to, from;
	char buf[8];

	(void)state;
	take_port(&both, NULL);
	take_port(&four, "127.0.0.1");
	to = address(&four, &both, "127.0.0.1");
	assert_int_equal(cask_send_to(&four, "four", 4, &to), 0);
	assert_int_equal(cask_receive_from(&both, buf, 8, &from), 4);
	assert_int_equal(cask_send_to(&both, "back", 4, &from), 0);
	assert_from(&four, "back", &to);
	to = address(&both, &four, "127.0.0.1");
	assert_int_equal(cask_send_to(&both, "found", 5, &to), 0);
	assert_int_equal(cask_receive(&four, buf, 8), 5);
	cask_close(&both);
	cask_close(&four);
}

static void
the_text_of_an_address_needs_room(void **state)
{
	struct cask_sock s = { .datagram = true };
	struct cask_addr a, none = { 0 };
	char host[10];
	uint16_t port = 0;

	(void)state;
	assert_int_equal(cask_addr_find(&a, &s, "127.0.0.1", "4321"), 0);
	assert_int_equal(cask_addr_text(&a, host, 9, NULL), ENOSPC);
	assert_int_equal(cask_addr_text(&a, host, 10, NULL), 0);
	assert_string_equal(host, "127.0.0.1");
	assert_int_equal(cask_addr_text(&a, NULL, 0, &port), 0);
	assert_int_equal(port, 4321);
	assert_int_equal(cask_addr_text(&none, host, 10, &port), EINVAL);
	none.length = 3;
	assert_int_equal(cask_addr_text(&none, host, 10, &port), EINVAL);
}

static void
the_interface_of_an_address_stays_in_its_text(void **state)
{
	struct cask_sock s = { .datagram = true };
	struct cask_addr a;
	char host[64];

	(void)state;
	if (!have_ipv6())
		skip();
	assert_int_equal(
	    cask_addr_find(&a, &s, "fe80::1%" LOOPBACK, "4321"), 0);
	assert_int_equal(cask_addr_text(&a, host, sizeof host, NULL), 0);
	assert_string_equal(host, "fe80::1%" LOOPBACK);
}

static void
the_other_end_of_a_socket_without_one_is_not_known(void **state)
{
	struct cask_sock s, closed = { .datagram = true };
	char host[4];

	(void)state;
	take_port(&s, "127.0.0.1");
	assert_int_equal(cask_remote(&s, NULL, 0, NULL), ENOTCONN);
	assert_int_equal(s.io.passing, ENOTCONN);
	assert_int_equal(cask_local(&s, host, sizeof host, NULL), ENOSPC);
	assert_int_equal(s.io.err, 0);
	assert_int_equal(cask_local(&closed, NULL, 0, NULL), EBADF);
	assert_why(&closed, "local", "the socket is not open");
	cask_close(&s);
}

/* Groups */

#define GROUP4 "239.255.42.1"
#define GROUP6 "ff02::4242"

/* One datagram to a group, from this machine to itself: 0 or the error. */
static int
talk_in_a_group(struct cask_sock *s, const char *own, const char *to_group)
{
	struct cask_sock from;
	struct cask_addr to;
	char buf[8];
	int err;

	take_port(&from, own);
	to = address(&from, s, to_group);
	err = cask_send_to(&from, "all", 3, &to);
	if (err == 0)
		assert_int_equal(cask_receive(s, buf, sizeof buf), 3);
	else
		print_message("no groups: %s\n", cask_sock_why(&from));
	cask_close(&from);
	return err;
}

static void
join_and_leave(
    const char *any, const char *own, const char *group, const char *to_group)
{
	struct cask_sock s;
	int err;

	take_port(&s, any);
	err = cask_group_join(&s, group, LOOPBACK);
	if (err != 0) {
		print_message("no groups: %s\n", cask_sock_why(&s));
		cask_close(&s);
		skip();
	}
	assert_int_equal(cask_group_join(&s, group, LOOPBACK), EADDRINUSE);
	assert_why(&s, "join", "%s: joined already", group);
	err = talk_in_a_group(&s, own, to_group);
	assert_int_equal(cask_group_leave(&s, group, LOOPBACK), 0);
	assert_int_equal(cask_group_leave(&s, group, LOOPBACK), EADDRNOTAVAIL);
	assert_why(&s, "leave", "%s: not joined", group);
	assert_int_equal(s.io.err, 0);
	cask_close(&s);
	if (err != 0)
		skip();
}

static void
who_has_joined_a_group_receives_what_is_sent_to_it(void **state)
{
	(void)state;
	join_and_leave("0.0.0.0", "127.0.0.1", GROUP4, GROUP4);
}

static void
who_has_joined_a_group_of_ipv6_receives_what_is_sent_to_it(void **state)
{
	(void)state;
	if (!have_ipv6())
		skip();
	join_and_leave("::", "::1", GROUP6, GROUP6 "%" LOOPBACK);
}

static void
a_socket_for_both_families_can_join_groups_of_each(void **state)
{
	struct cask_sock s;
	int err;

	(void)state;
	if (!have_ipv6())
		skip();
	take_port(&s, NULL);
	assert_int_equal(cask_group_join(&s, GROUP6, LOOPBACK), 0);
	err = cask_group_join(&s, GROUP4, LOOPBACK);
	if (err == 0)
		err = talk_in_a_group(&s, "127.0.0.1", GROUP4);
	else
		print_message("not here: %s\n", cask_sock_why(&s));
	cask_close(&s);
	if (err != 0)
		skip();
}

static void
groups_that_can_not_be_are_refused(void **state)
{
	struct cask_sock s;
	struct cask_sock stream = { 0 }, closed = { .datagram = true };

	(void)state;
	take_port(&s, "127.0.0.1");
	assert_int_equal(cask_group_join(&s, "group", NULL), CASK_ENAME);
	assert_why(&s, "join", "group: this is no number");
	assert_int_equal(cask_group_join(&s, "127.0.0.1", NULL), EINVAL);
	assert_why(&s, "join", "127.0.0.1: this is no multicast address");
	assert_int_equal(cask_group_join(&s, "::1", NULL), EINVAL);
	assert_int_equal(cask_group_join(&s, GROUP4, "nowhere"), ENODEV);
	assert_why(&s, "join", "" GROUP4 ": no such interface");
	assert_int_equal(cask_group_leave(&s, GROUP4, "nowhere"), ENODEV);
	assert_int_equal(cask_group_join(&s, GROUP6, LOOPBACK), EAFNOSUPPORT);
	assert_why(&s, "join", "" GROUP6 ": not of this socket's family");
	assert_int_equal(s.io.err, 0);
	cask_close(&s);
	assert_int_equal(cask_group_join(&closed, GROUP4, NULL), EBADF);
	assert_why(&closed, "join", "the socket is not open");
	assert_int_equal(closed.io.err, 0);
	assert_int_equal(cask_bind(&stream, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_group_join(&stream, GROUP4, NULL), EOPNOTSUPP);
	cask_close(&stream);
}

/* Failures */

static void
interruptions_are_invisible(void **state)
{
	struct pair p;
	char text[16];

	(void)state;
	pair_open(&p, "127.0.0.1");
	fault_disturb(true);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "%d", i);
		assert_int_equal(
		    cask_send_to(&p.a, text, strlen(text), &p.to_b), 0);
		assert_from(&p.b, text, &p.to_a);
	}
	assert_true(fault_injected() > 100);
	pair_close(&p);
}

static void
exchange(void *arg)
{
	struct cask_sock a = { .datagram = true, .timeout_ms = PATIENCE };
	struct cask_sock b = { .datagram = true, .timeout_ms = 1 };
	struct cask_addr to, from;
	char buf[8], port[8];
	uint16_t number;
	bool done = false;

	(void)arg;
	if (cask_bind(&b, "127.0.0.1", "0") == 0 &&
	    cask_local(&b, NULL, 0, &number) == 0) {
		snprintf(port, sizeof port, "%u", number);
		assert_int_equal(cask_receive_from(&b, buf, 8, &from), -1);
		b.timeout_ms = PATIENCE;
		done = cask_addr_find(&to, &a, "127.0.0.1", port) == 0 &&
		    cask_send_to(&a, "x", 1, &to) == 0 &&
		    cask_receive_from(&b, buf, 8, &from) == 1 &&
		    cask_send_to(&b, "y", 1, &from) == 0 &&
		    cask_receive(&a, buf, 8) == 1;
	}
	assert_true(done || fault_injected() > 0);
	assert_true(done || a.io.err != 0 || a.io.passing != 0 ||
	    b.io.err != 0 || b.io.passing != 0);
	cask_close(&a);
	cask_close(&b);
}

static void
every_failure_of_an_exchange_is_told_and_leaks_nothing(void **state)
{
	(void)state;
	assert_true(fault_everywhere(exchange, NULL) > 20);
}

static void
join_a_group(void *arg)
{
	struct cask_sock s = { .datagram = true };
	bool done = false;

	if (cask_bind(&s, "0.0.0.0", "0") == 0)
		done = cask_group_join(&s, GROUP4, LOOPBACK) == 0 &&
		    cask_group_leave(&s, GROUP4, LOOPBACK) == 0;
	assert_true(done || s.io.err != 0 || s.io.passing != 0);
	if (fault_injected() == 0)
		*(bool *)arg = done;
	cask_close(&s);
}

static void
every_failure_of_joining_is_told_and_leaks_nothing(void **state)
{
	bool possible = false;

	(void)state;
	assert_true(fault_everywhere(join_a_group, &possible) > 5);
	if (!possible)
		skip();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    datagrams_go_to_and_fro_between_two_that_never_connected),
	cmocka_unit_test(a_socket_that_is_not_open_is_opened_by_its_first_send),
	cmocka_unit_test(a_socket_that_a_send_has_opened_can_be_connected),
	cmocka_unit_test(
	    a_connected_socket_sends_to_its_peer_and_hears_nobody_else),
	cmocka_unit_test(without_a_peer_and_an_address_nothing_can_be_sent),
	cmocka_unit_test(
	    a_closed_datagram_socket_receives_nothing_and_that_sticks),
	cmocka_unit_test(a_stream_has_no_datagrams),
	cmocka_unit_test(
	    a_bound_socket_is_named_with_the_port_that_the_system_chose),
	cmocka_unit_test(an_empty_datagram_is_data_and_not_an_end),
	cmocka_unit_test(a_datagram_as_long_as_the_buffer_fits),
	cmocka_unit_test(
	    a_datagram_longer_than_the_buffer_is_never_cut_silently),
	cmocka_unit_test(a_datagram_that_no_network_takes_is_refused),
	cmocka_unit_test(datagrams_are_not_put_together),
	cmocka_unit_test(what_is_peeked_at_stays),
	cmocka_unit_test(
	    a_refused_datagram_is_told_to_one_call_and_the_socket_goes_on),
	cmocka_unit_test(
	    an_unasked_answer_of_a_closed_port_is_nothing_to_a_bound_socket),
	cmocka_unit_test(nothing_there_is_no_error_that_stays),
	cmocka_unit_test(to_everybody_goes_only_what_was_allowed_to),
	cmocka_unit_test(broadcasts_arrive),
	cmocka_unit_test(a_time_out_of_a_receive_is_told_and_does_not_stay),
	cmocka_unit_test(a_deadline_that_has_passed_does_not_stay_either),
	cmocka_unit_test(another_thread_can_end_a_receive),
	cmocka_unit_test(a_timer_can_close_and_free_a_socket_that_receives),
	cmocka_unit_test(a_second_receive_is_refused_while_one_waits),
	cmocka_unit_test(
	    a_datagram_is_announced_once_and_again_after_a_receive),
	cmocka_unit_test(what_is_wrong_with_an_address_is_said),
	cmocka_unit_test(an_address_is_of_the_family_of_an_open_socket),
	cmocka_unit_test(a_socket_for_both_families_talks_with_each),
	cmocka_unit_test(the_text_of_an_address_needs_room),
	cmocka_unit_test(the_interface_of_an_address_stays_in_its_text),
	cmocka_unit_test(the_other_end_of_a_socket_without_one_is_not_known),
	cmocka_unit_test(who_has_joined_a_group_receives_what_is_sent_to_it),
	cmocka_unit_test(
	    who_has_joined_a_group_of_ipv6_receives_what_is_sent_to_it),
	cmocka_unit_test(a_socket_for_both_families_can_join_groups_of_each),
	cmocka_unit_test(groups_that_can_not_be_are_refused),
	cmocka_unit_test(interruptions_are_invisible),
	cmocka_unit_test(
	    every_failure_of_an_exchange_is_told_and_leaks_nothing),
	cmocka_unit_test(every_failure_of_joining_is_told_and_leaks_nothing),
};

RUN_TESTS(tests)
