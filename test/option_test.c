/*
 * Tests of options: lib/option.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include <cask/addr.h>

#include <poll.h>
#include <sys/socket.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */

static void
assert_why(struct cask_sock *s, const char *op, const char *words)
{
	char text[256];

	snprintf(text, sizeof text, "%s%s%s: %s", op,
	    s->io.peer != NULL ? " " : "", s->io.peer != NULL ? s->io.peer : "",
	    words);
	assert_string_equal(cask_sock_why(s), text);
	assert_int_equal(s->io.err, 0);
}

/* A connection, a datagram socket, and one of the Unix domain. */
struct kinds {
	struct cask_sock l, a, b, d, u, v;
};

static void
kinds_open(struct kinds *k)
{
	char port[8];
	uint16_t number;
	int fd[2];

	*k = (struct kinds) { .a.timeout_ms = PATIENCE,
		.b.timeout_ms = PATIENCE,
		.d.datagram = true };
	assert_int_equal(cask_bind(&k->l, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(&k->l, 0), 0);
	assert_int_equal(cask_local(&k->l, NULL, 0, &number), 0);
	snprintf(port, sizeof port, "%u", number);
	assert_int_equal(cask_connect(&k->a, "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&k->l, &k->b), 0);
	assert_int_equal(cask_bind(&k->d, "127.0.0.1", "0"), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(cask_attach(&k->u, fd[0]), 0);
	assert_int_equal(cask_attach(&k->v, fd[1]), 0);
}

static void
kinds_close(struct kinds *k)
{
	fault_reset();
	cask_close(&k->l);
	cask_close(&k->a);
	cask_close(&k->b);
	cask_close(&k->d);
	cask_close(&k->u);
	cask_close(&k->v);
	assert_int_equal(fault_allocations(), 0);
}

static int
get(struct cask_sock *s, enum cask_option option)
{
	int value = 12345;

	assert_int_equal(cask_option_get(s, option, &value), 0);
	return value;
}

static void
set(struct cask_sock *s, enum cask_option option, int value)
{
	assert_int_equal(cask_option_set(s, option, value), 0);
	assert_int_equal(get(s, option), value);
}

static void
options_of_streams_are_what_was_set(void **state)
{
	struct kinds k;

	(void)state;
	kinds_open(&k);
	assert_int_equal(get(&k.a, CASK_NODELAY), 1);
	assert_int_equal(get(&k.b, CASK_NODELAY), 1);
	set(&k.a, CASK_NODELAY, 0);
	set(&k.a, CASK_NODELAY, 1);
	assert_int_equal(get(&k.a, CASK_KEEPALIVE), 0);
	set(&k.a, CASK_KEEPALIVE, 42);
	set(&k.a, CASK_KEEPALIVE_INTERVAL, 7);
	set(&k.a, CASK_KEEPALIVE_PROBES, 3);
	assert_int_equal(get(&k.a, CASK_KEEPALIVE), 42);
	set(&k.a, CASK_KEEPALIVE, 0);
	assert_int_equal(get(&k.a, CASK_LINGER), -1);
	set(&k.a, CASK_LINGER, 5);
	set(&k.a, CASK_LINGER, 0);
	set(&k.a, CASK_LINGER, -1);
	set(&k.a, CASK_OOB_INLINE, 1);
	set(&k.a, CASK_OOB_INLINE, 0);
	kinds_close(&k);
}

static void
options_of_datagrams_are_what_was_set(void **state)
{
	struct kinds k;

	(void)state;
	kinds_open(&k);
	set(&k.d, CASK_BROADCAST, 1);
	set(&k.d, CASK_BROADCAST, 0);
	assert_int_equal(get(&k.d, CASK_MULTICAST_TTL), 1);
	set(&k.d, CASK_MULTICAST_TTL, 255);
	set(&k.d, CASK_MULTICAST_TTL, 0);
	assert_int_equal(get(&k.d, CASK_MULTICAST_LOOP), 1);
	set(&k.d, CASK_MULTICAST_LOOP, 0);
	kinds_close(&k);
}

static void
options_of_all_sockets_of_the_internet_are_what_was_set(void **state)
{
	struct kinds k;

	(void)state;
	kinds_open(&k);
	for (int i = 0; i < 2; i++) {
		struct cask_sock *s = i == 0 ? &k.a : &k.d;

		set(s, CASK_TTL, 255);
		set(s, CASK_TTL, 1);
		set(s, CASK_DONT_ROUTE, 1);
		set(s, CASK_DONT_ROUTE, 0);
	}
	kinds_close(&k);
}

/* Systems give more than was asked for, if they like. */
static void
buffers_get_at_least_what_was_asked_for(void **state)
{
	struct kinds k;

	(void)state;
	kinds_open(&k);
	for (int i = 0; i < 3; i++) {
		struct cask_sock *s = i == 0 ? &k.a : i == 1 ? &k.d : &k.u;

		assert_int_equal(
		    cask_option_set(s, CASK_SEND_BUFFER, 30000), 0);
		assert_true(get(s, CASK_SEND_BUFFER) >= 30000);
		assert_int_equal(
		    cask_option_set(s, CASK_RECEIVE_BUFFER, 30000), 0);
		assert_true(get(s, CASK_RECEIVE_BUFFER) >= 30000);
	}
	kinds_close(&k);
}

static void
ipv6_has_the_same_options(void **state)
{
	struct cask_sock d = { .datagram = true }, any = { .datagram = true };

	(void)state;
	if (cask_bind(&d, "::1", "0") != 0)
		skip();
	assert_int_equal(get(&d, CASK_MULTICAST_TTL), 1);
	set(&d, CASK_MULTICAST_TTL, 3);
	set(&d, CASK_MULTICAST_LOOP, 0);
	set(&d, CASK_TTL, 17);
	cask_close(&d);
	assert_int_equal(cask_bind(&any, NULL, "0"), 0);
	set(&any, CASK_TTL, 17);
	cask_close(&any);
}

static void
a_socket_tells_what_it_is(void **state)
{
	struct kinds k;

	(void)state;
	kinds_open(&k);
	assert_int_equal(get(&k.l, CASK_LISTENING), 1);
	assert_int_equal(get(&k.a, CASK_LISTENING), 0);
	assert_int_equal(get(&k.d, CASK_LISTENING), 0);
	assert_int_equal(get(&k.d, CASK_DATAGRAM), 1);
	assert_int_equal(get(&k.a, CASK_DATAGRAM), 0);
	assert_int_equal(get(&k.u, CASK_DATAGRAM), 0);
	assert_int_equal(cask_option_set(&k.d, CASK_DATAGRAM, 0), ENOPROTOOPT);
	assert_why(&k.d, "set option",
	    "CASK_DATAGRAM: it can't be set, but asked for");
	assert_int_equal(cask_option_set(&k.d, CASK_LISTENING, 0), ENOPROTOOPT);
	assert_int_equal(
	    cask_option_set(&k.d, CASK_PENDING_ERROR, 0), ENOPROTOOPT);
	kinds_close(&k);
}

static void
a_pending_error_is_told_once(void **state)
{
	struct cask_sock gone = { .datagram = true }, d = { .datagram = true };
	char port[8], byte;
	uint16_t number;

	(void)state;
	assert_int_equal(cask_bind(&gone, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_local(&gone, NULL, 0, &number), 0);
	snprintf(port, sizeof port, "%u", number);
	cask_close(&gone);
	assert_int_equal(cask_connect(&d, "127.0.0.1", port), 0);
	assert_int_equal(get(&d, CASK_PENDING_ERROR), 0);
	assert_int_equal(cask_send(&d, "x", 1), 0);
	assert_int_equal(get(&d, CASK_PENDING_ERROR), ECONNREFUSED);
	assert_int_equal(get(&d, CASK_PENDING_ERROR), 0);
	assert_int_equal(cask_try_receive(&d, &byte, 1), -1);
	assert_int_equal(d.io.passing, EAGAIN);
	cask_close(&d);
}

static void
values_that_can_not_be_are_refused(void **state)
{
	static const struct {
		enum cask_option option;
		int value;
		const char *words;
	} bad[] = {
		{ CASK_NODELAY, 2, "CASK_NODELAY: 2 is not in 0 to 1" },
		{ CASK_NODELAY, -1, "CASK_NODELAY: -1 is not in 0 to 1" },
		{ CASK_KEEPALIVE, -1,
		    "CASK_KEEPALIVE: -1 is not in 0 to 32767" },
		{ CASK_KEEPALIVE, 32768,
		    "CASK_KEEPALIVE: 32768 is not in 0 to 32767" },
		{ CASK_KEEPALIVE_INTERVAL, 0,
		    "CASK_KEEPALIVE_INTERVAL: 0 is not in 1 to 32767" },
		{ CASK_KEEPALIVE_PROBES, 128,
		    "CASK_KEEPALIVE_PROBES: 128 is not in 1 to 127" },
		{ CASK_LINGER, -2, "CASK_LINGER: -2 is not in -1 to 32767" },
		{ CASK_TTL, 0, "CASK_TTL: 0 is not in 1 to 255" },
		{ CASK_TTL, 256, "CASK_TTL: 256 is not in 1 to 255" },
	};
	struct kinds k;

	(void)state;
	kinds_open(&k);
	for (size_t i = 0; i < COUNT(bad); i++) {
		int before = get(&k.a, bad[i].option);

		assert_int_equal(
		    cask_option_set(&k.a, bad[i].option, bad[i].value), EINVAL);
		assert_why(&k.a, "set option", bad[i].words);
		assert_int_equal(get(&k.a, bad[i].option), before);
	}
	assert_int_equal(
	    cask_option_set(&k.d, CASK_MULTICAST_TTL, 256), EINVAL);
	assert_int_equal(cask_option_set(&k.d, CASK_BROADCAST, 2), EINVAL);
	kinds_close(&k);
}

static void
a_socket_that_lacks_an_option_says_who_has_it(void **state)
{
	struct kinds k;
	int value = 7;

	(void)state;
	kinds_open(&k);
	for (int i = CASK_NODELAY; i <= CASK_LINGER; i++) {
		enum cask_option o = (enum cask_option)i;

		assert_int_equal(cask_option_set(&k.d, o, 1), ENOPROTOOPT);
		assert_int_equal(cask_option_set(&k.u, o, 1), ENOPROTOOPT);
		assert_int_equal(cask_option_get(&k.d, o, &value), ENOPROTOOPT);
		assert_int_equal(value, 0);
	}
	assert_why(&k.u, "set option", "CASK_LINGER: only TCP sockets have it");
	assert_why(&k.d, "get option", "CASK_LINGER: only TCP sockets have it");
	assert_int_equal(cask_option_set(&k.a, CASK_BROADCAST, 1), ENOPROTOOPT);
	assert_why(
	    &k.a, "set option", "CASK_BROADCAST: only UDP sockets have it");
	assert_int_equal(
	    cask_option_set(&k.a, CASK_MULTICAST_LOOP, 1), ENOPROTOOPT);
	assert_int_equal(cask_option_set(&k.u, CASK_TTL, 1), ENOPROTOOPT);
	assert_why(&k.u, "set option",
	    "CASK_TTL: no socket of the Unix domain has it");
	kinds_close(&k);
}

static void
an_option_that_is_none_and_a_socket_that_is_closed_are_refused(void **state)
{
	struct cask_sock s = { 0 };
	struct kinds k;
	int value;

	(void)state;
	kinds_open(&k);
	assert_int_equal(
	    cask_option_set(&k.a, (enum cask_option)99, 1), ENOPROTOOPT);
	assert_why(&k.a, "set option", "there is no such option");
	assert_int_equal(
	    cask_option_get(&k.a, (enum cask_option)99, &value), ENOPROTOOPT);
	assert_int_equal(cask_option_set(&s, CASK_NODELAY, 1), EBADF);
	assert_why(&s, "set option", "the socket is not open");
	assert_int_equal(cask_option_get(&s, CASK_NODELAY, &value), EBADF);
	assert_why(&s, "get option", "the socket is not open");
	kinds_close(&k);
}

static void
a_linger_of_nothing_resets_the_connection(void **state)
{
	struct kinds k;
	char byte;

	(void)state;
	kinds_open(&k);
	set(&k.a, CASK_LINGER, 0);
	assert_int_equal(cask_close(&k.a), 0);
	assert_int_equal(cask_receive(&k.b, &byte, 1), -1);
	assert_int_equal(k.b.io.err, ECONNRESET);
	kinds_close(&k);
}

static void
a_system_that_fails_is_quoted(void **state)
{
	struct kinds k;
	int value;

	(void)state;
	kinds_open(&k);
	fault_plan(FAULT_SETSOCKOPT, 0, true, ENOMEM);
	for (int i = CASK_NODELAY; i <= CASK_OOB_INLINE; i++)
		if (i != CASK_BROADCAST)
			assert_int_equal(
			    cask_option_set(&k.a, (enum cask_option)i, 1),
			    ENOMEM);
	assert_why(
	    &k.a, "set option", "CASK_OOB_INLINE: Cannot allocate memory");
	assert_int_equal(cask_option_set(&k.d, CASK_MULTICAST_TTL, 1), ENOMEM);
	assert_true(fault_injected() >= 7);
	fault_plan(FAULT_GETSOCKOPT, 0, true, ENOBUFS);
	for (int i = CASK_NODELAY; i <= CASK_OOB_INLINE; i++)
		if (i != CASK_BROADCAST)
			assert_int_equal(
			    cask_option_get(&k.a, (enum cask_option)i, &value),
			    ENOBUFS);
	assert_int_equal(cask_option_get(&k.d, CASK_TTL, &value), ENOBUFS);
	fault_plan(FAULT_GETSOCKNAME, 0, true, ENOBUFS);
	assert_int_equal(cask_option_set(&k.d, CASK_TTL, 1), ENOBUFS);
	assert_int_equal(cask_option_get(&k.d, CASK_TTL, &value), ENOBUFS);
	fault_plan(FAULT_SETSOCKOPT, 0, true, EOPNOTSUPP);
	assert_int_equal(cask_option_set(&k.a, CASK_NODELAY, 1), ENOPROTOOPT);
	assert_why(&k.a, "set option", "CASK_NODELAY: this system lacks it");
	kinds_close(&k);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(options_of_streams_are_what_was_set),
	cmocka_unit_test(options_of_datagrams_are_what_was_set),
	cmocka_unit_test(
	    options_of_all_sockets_of_the_internet_are_what_was_set),
	cmocka_unit_test(buffers_get_at_least_what_was_asked_for),
	cmocka_unit_test(ipv6_has_the_same_options),
	cmocka_unit_test(a_socket_tells_what_it_is),
	cmocka_unit_test(a_pending_error_is_told_once),
	cmocka_unit_test(values_that_can_not_be_are_refused),
	cmocka_unit_test(a_socket_that_lacks_an_option_says_who_has_it),
	cmocka_unit_test(
	    an_option_that_is_none_and_a_socket_that_is_closed_are_refused),
	cmocka_unit_test(a_linger_of_nothing_resets_the_connection),
	cmocka_unit_test(a_system_that_fails_is_quoted),
};

RUN_TESTS(tests)
