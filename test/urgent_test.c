/*
 * Tests of urgent data, and of how much is there: lib/urgent.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include "../lib/sys.h"

#include <cask/addr.h>

#include <poll.h>
#include <sys/socket.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */
#define SHORT    20   /* … and one that is */

#define SMALL 8192 /* buffers that are soon full */

/* A listener and the two ends of one connection to it. */
struct trio {
	struct cask_sock l, a, b;
};

static void
trio_open(struct trio *t, const struct cask_notify *notify, void *user)
{
	char port[8];
	uint16_t number;

	*t = (struct trio) { .l.receive_buffer = SMALL,
		.a.send_buffer = SMALL,
		.a.timeout_ms = PATIENCE,
		.b.timeout_ms = PATIENCE,
		.b.notify = notify,
		.b.user = user };
	assert_int_equal(cask_bind(&t->l, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(&t->l, 0), 0);
	assert_int_equal(cask_local(&t->l, NULL, 0, &number), 0);
	snprintf(port, sizeof port, "%u", number);
	assert_int_equal(cask_connect(&t->a, "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&t->l, &t->b), 0);
}

static void
trio_close(struct trio *t)
{
	fault_reset();
	cask_close(&t->a);
	cask_close(&t->b);
	cask_close(&t->l);
	assert_int_equal(fault_allocations(), 0);
}

static void
assert_why(struct cask_sock *s, const char *op, const char *words)
{
	char text[256];

	snprintf(text, sizeof text, "%s%s%s: %s", op,
	    s->io.peer != NULL ? " " : "", s->io.peer != NULL ? s->io.peer : "",
	    words);
	assert_string_equal(cask_sock_why(s), text);
}

/* Does an event come within ms milliseconds? */
static bool
comes(struct cask_sock *s, short event, int ms)
{
	struct pollfd p = { .fd = s->watch.fd, .events = event };
	int64_t end = caski_sys_now() + ms * INT64_C(1000000);
	int n;

	do
		n = test_poll(&p, 1, ms);
	while (n < 0 && errno == EINTR && caski_sys_now() < end);
	return n > 0;
}

/* Until urgent data has come: it is on its way, and nothing tells but this. */
static void
await(struct cask_sock *s)
{
	assert_true(comes(s, POLLPRI, PATIENCE));
}

static void
an_urgent_byte_comes_past_all_others(void **state)
{
	struct trio t;
	unsigned char byte = 0;
	char buf[8];

	(void)state;
	trio_open(&t, NULL, NULL);
	assert_int_equal(cask_send(&t.a, "abc", 3), 0);
	assert_int_equal(cask_send_urgent(&t.a, '!'), 0);
	assert_int_equal(cask_send(&t.a, "def", 3), 0);
	await(&t.b);
	assert_int_equal(cask_receive_urgent(&t.b, &byte), 0);
	assert_int_equal(byte, '!');
	assert_int_equal(cask_receive_urgent(&t.b, &byte), EAGAIN);
	assert_why(&t.b, "receive urgent", "no urgent data is there");
	assert_int_equal(t.b.io.err, 0);
	assert_int_equal(cask_receive_all(&t.b, buf, 6), 6);
	assert_memory_equal(buf, "abcdef", 6);
	trio_close(&t);
}

static void
the_mark_is_where_the_urgent_byte_was_sent(void **state)
{
	struct trio t;
	unsigned char byte = 0;
	char buf[8];

	(void)state;
	trio_open(&t, NULL, NULL);
	assert_int_equal(cask_at_mark(&t.b), 0);
	assert_int_equal(cask_send(&t.a, "abc", 3), 0);
	assert_int_equal(cask_send_urgent(&t.a, '!'), 0);
	assert_int_equal(cask_send(&t.a, "def", 3), 0);
	await(&t.b);
	assert_int_equal(cask_at_mark(&t.b), 0);
	assert_int_equal(cask_receive_all(&t.b, buf, 2), 2);
	assert_int_equal(cask_at_mark(&t.b), 0);
	assert_int_equal(cask_receive(&t.b, buf, sizeof buf), 1);
	assert_int_equal(cask_at_mark(&t.b), 1);
	assert_int_equal(cask_receive_urgent(&t.b, &byte), 0);
	assert_int_equal(cask_receive_all(&t.b, buf, 3), 3);
	assert_memory_equal(buf, "def", 3);
	assert_int_equal(cask_at_mark(&t.b), 0);
	trio_close(&t);
}

static void
in_line_the_urgent_byte_is_one_of_the_others(void **state)
{
	struct trio t;
	unsigned char byte = 0;
	char buf[8];

	(void)state;
	trio_open(&t, NULL, NULL);
	assert_int_equal(cask_option_set(&t.b, CASK_OOB_INLINE, 1), 0);
	assert_int_equal(cask_send(&t.a, "abc", 3), 0);
	assert_int_equal(cask_send_urgent(&t.a, '!'), 0);
	await(&t.b);
	assert_int_equal(cask_receive_urgent(&t.b, &byte), EINVAL);
	assert_why(&t.b, "receive urgent",
	    "urgent data comes in line (CASK_OOB_INLINE)");
	assert_int_equal(t.b.io.err, 0);
	assert_int_equal(cask_receive_all(&t.b, buf, 3), 3);
	assert_int_equal(cask_at_mark(&t.b), 1);
	assert_int_equal(cask_receive(&t.b, buf, sizeof buf), 1);
	assert_int_equal(buf[0], '!');
	assert_int_equal(cask_at_mark(&t.b), 0);
	trio_close(&t);
}

/* Notifications */

struct log {
	unsigned urgent, received;
	bool take, take_all;
	unsigned char byte;
};

static void
on_oob(struct cask_sock *s, int err)
{
	struct log *l = s->user;

	assert_int_equal(err, 0);
	l->urgent++;
	if (l->take)
		assert_int_equal(cask_receive_urgent(s, &l->byte), 0);
}

static void
on_receive(struct cask_sock *s, int err)
{
	struct log *l = s->user;
	char buf[8];

	assert_true(err == 0 || err == ECONNRESET);
	l->received++;
	if (l->take_all)
		assert_true(cask_try_receive(s, buf, sizeof buf) > 0);
}

static const struct cask_notify notify = { .oob = on_oob,
	.receive = on_receive };

static void
turn_until_quiet(void)
{
	unsigned n = 1;

	while (n > 0)
		assert_int_equal(cask_pump_turn(50, &n), 0);
}

static void
urgent_data_is_announced_once_and_again_after_it_was_received(void **state)
{
	struct log l = { 0 };
	struct trio t;

	(void)state;
	trio_open(&t, &notify, &l);
	assert_int_equal(cask_send_urgent(&t.a, 'x'), 0);
	await(&t.b);
	turn_until_quiet();
	assert_int_equal(l.urgent, 1);
	assert_int_equal(cask_receive_urgent(&t.b, &l.byte), 0);
	turn_until_quiet();
	assert_int_equal(l.urgent, 1);
	l.take = true;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(
		    cask_send_urgent(&t.a, (unsigned char)('a' + i)), 0);
		await(&t.b);
		turn_until_quiet();
		assert_int_equal(l.urgent, 2 + i);
		assert_int_equal(l.byte, 'a' + i);
	}
	assert_int_equal(l.received, 0);
	trio_close(&t);
}

static void
urgent_data_in_line_is_announced_as_data(void **state)
{
	struct log l = { .take_all = true };
	struct trio t;

	(void)state;
	trio_open(&t, &notify, &l);
	assert_int_equal(cask_option_set(&t.b, CASK_OOB_INLINE, 1), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(cask_send_urgent(&t.a, 'x'), 0);
		await(&t.b);
		turn_until_quiet();
		assert_int_equal(l.received, 1 + i);
		assert_int_equal(l.urgent, 0);
	}
	trio_close(&t);
}

static void
the_end_of_a_connection_is_nothing_urgent(void **state)
{
	struct log l = { 0 };
	struct trio t;

	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		l = (struct log) { 0 };
		trio_open(&t, &notify, &l);
		if (reset)
			assert_int_equal(
			    cask_option_set(&t.a, CASK_LINGER, 0), 0);
		cask_close(&t.a);
		turn_until_quiet();
		assert_int_equal(l.received, 1);
		assert_int_equal(l.urgent, 0);
		trio_close(&t);
	}
}

static void
an_end_that_nobody_looks_at_does_not_keep_the_pump_busy(void **state)
{
	struct log l = { 0 };
	struct trio t;
	unsigned n;

	(void)state;
	trio_open(&t, &notify, &l);
	assert_int_equal(cask_send(&t.a, "abc", 3), 0);
	cask_close(&t.a);
	turn_until_quiet();
	assert_int_equal(l.received, 1);
	fault_reset();
	assert_int_equal(cask_pump_turn(SHORT, &n), 0);
	assert_int_equal(n, 0);
	if (test_is_calm())
		assert_true(
		    fault_count(FAULT_POLL) + fault_count(FAULT_EPOLL_WAIT) <
		    5);
	trio_close(&t);
}

/* What isn't TCP, or isn't open */

static void
only_tcp_has_urgent_data(void **state)
{
	struct cask_sock d = { .datagram = true }, u = { 0 };
	unsigned char byte;
	int fd[2];

	(void)state;
	assert_int_equal(cask_bind(&d, "127.0.0.1", "0"), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(cask_attach(&u, fd[0]), 0);
	for (int i = 0; i < 2; i++) {
		struct cask_sock *s = i == 0 ? &d : &u;

		assert_int_equal(cask_send_urgent(s, 'x'), EOPNOTSUPP);
		assert_why(
		    s, "send urgent", "only TCP sockets have urgent data");
		assert_int_equal(cask_receive_urgent(s, &byte), EOPNOTSUPP);
		assert_int_equal(cask_at_mark(s), -1);
		assert_int_equal(s->io.passing, EOPNOTSUPP);
		assert_int_equal(s->io.err, 0);
		cask_close(s);
	}
	close(fd[1]);
}

static void
a_closed_socket_has_nothing(void **state)
{
	struct cask_sock s = { 0 };
	unsigned char byte;

	(void)state;
	assert_int_equal(cask_at_mark(&s), -1);
	assert_why(&s, "at mark", "the socket is not open");
	assert_int_equal(cask_available(&s), -1);
	assert_why(&s, "available", "the socket is not open");
	assert_int_equal(s.io.err, 0);
	assert_int_equal(cask_receive_urgent(&s, &byte), EBADF);
	assert_why(&s, "receive urgent", "the socket is not open");
	assert_int_equal(cask_send_urgent(&s, 'x'), EBADF);
}

/* Sending that waits, and fails */

/* A probe of the closed window, 0.2 s later, may find room once more; and for
 * so little that the system doesn't tell. */
static void
fill(struct cask_sock *s)
{
	static char block[65536];
	const int size = 65536;

	assert_int_equal(setsockopt(cask_sock_fd(s), SOL_SOCKET, SO_SNDBUF,
			     &size, sizeof size),
	    0);

	do {
		assert_true(cask_try_send(s, block, sizeof block) >= 0);
		while (cask_try_send(s, block, 1) > 0)
			continue;
		test_pause(300);
	} while (cask_try_send(s, block, 1) > 0);
}

static void
an_urgent_byte_that_finds_no_room_waits_within_the_limit(void **state)
{
	struct trio t;
	int err;

	(void)state;
	trio_open(&t, NULL, NULL);
	fill(&t.a);
	t.a.send_ms = SHORT;
	do
		err = cask_send_urgent(&t.a, '!');
	while (err == 0 && !test_is_calm()); /* the system makes room */
	assert_int_equal(err, ETIMEDOUT);
	assert_why(&t.a, "send urgent", "timed out after 20 ms, nothing lost");
	assert_int_equal(cask_sock_state(&t.a), CASK_CLEAN);
	assert_int_equal(cask_resume(&t.a), 0);
	trio_close(&t);
}

static void *
take_all(void *p)
{
	struct cask_sock *s = p;
	static char block[65536];

	while (cask_receive(s, block, sizeof block) > 0)
		continue;
	return NULL;
}

static void
an_urgent_byte_that_waits_is_sent_when_there_is_room(void **state)
{
	struct trio t;
	pthread_t thread;

	(void)state;
	trio_open(&t, NULL, NULL);
	fill(&t.a);
	assert_int_equal(pthread_create(&thread, NULL, take_all, &t.b), 0);
	assert_int_equal(cask_send_urgent(&t.a, '!'), 0);
	assert_int_equal(cask_shutdown(&t.a, CASK_SENDS), 0);
	pthread_join(thread, NULL);
	trio_close(&t);
}

static void
close_it(struct cask_timer *t)
{
	cask_close(t->user);
}

static void
a_timer_can_close_a_socket_that_sends_urgently(void **state)
{
	struct trio t;
	struct cask_timer timer = {
		.after_ms = 1, .fire = close_it, .user = &t.a
	};

	(void)state;
	trio_open(&t, NULL, NULL);
	fill(&t.a);
	assert_int_equal(cask_timer_start(&timer), 0);
	assert_int_equal(cask_send_urgent(&t.a, '!'), ECANCELED);
	trio_close(&t);
}

static void
the_words_of_a_passing_error_are_not_those_of_the_next(void **state)
{
	struct trio t;
	unsigned char byte;

	(void)state;
	trio_open(&t, NULL, NULL);
	assert_int_equal(cask_receive_urgent(&t.b, &byte), EAGAIN);
	assert_int_equal(cask_option_set(&t.a, CASK_LINGER, 0), 0);
	cask_close(&t.a);
	assert_int_equal(cask_receive(&t.b, &byte, 1), -1);
	assert_why(&t.b, "receive", "Connection reset by peer");
	trio_close(&t);
}

static void
what_the_system_fails_with_is_told(void **state)
{
	struct trio t;
	unsigned char byte;

	(void)state;
	trio_open(&t, NULL, NULL);
	fault_plan(FAULT_IOCTL, 0, true, ENOMEM);
	assert_int_equal(cask_at_mark(&t.b), -1);
	assert_why(&t.b, "at mark", "Cannot allocate memory");
	assert_int_equal(cask_available(&t.b), -1);
	assert_why(&t.b, "available", "Cannot allocate memory");
	assert_int_equal(t.b.io.err, 0);
	fault_plan(FAULT_RECV, 0, true, ECONNRESET);
	assert_int_equal(cask_receive_urgent(&t.b, &byte), ECONNRESET);
	assert_int_equal(t.b.io.err, ECONNRESET);
	assert_int_equal(cask_receive_urgent(&t.b, &byte), ECONNRESET);
	fault_plan(FAULT_SEND, 0, true, EPIPE);
	assert_int_equal(cask_send_urgent(&t.a, 'x'), EPIPE);
	assert_why(&t.a, "send urgent", "Broken pipe");
	trio_close(&t);
}

/* How much */

static void
what_is_there_can_be_counted(void **state)
{
	struct trio t;
	char buf[8];

	(void)state;
	trio_open(&t, NULL, NULL);
	assert_int_equal(cask_available(&t.b), 0);
	assert_int_equal(cask_send(&t.a, "abcde", 5), 0);
	assert_int_equal(cask_receive_all(&t.b, buf, 2), 2);
	assert_int_equal(cask_available(&t.b), 3);
	trio_close(&t);
}

/* A blocked send reads ahead. */
static void
what_was_read_ahead_is_counted_and_before_the_mark(void **state)
{
	struct trio t;
	char buf[8];
	int err;

	(void)state;
	trio_open(&t, NULL, NULL);
	fill(&t.a);
	assert_int_equal(cask_send(&t.b, "abcde", 5), 0);
	assert_int_equal(cask_send_urgent(&t.b, '!'), 0);
	await(&t.a);
	fill(&t.a);
	t.a.send_ms = SHORT;
	do
		err = cask_send(&t.a, "x", 1);
	while (err == 0 && !test_is_calm()); /* the system makes room */
	assert_int_equal(err, ETIMEDOUT);
	assert_int_equal(cask_resume(&t.a), 0);
	assert_int_equal(t.a.io.ahead, 5);
	assert_int_equal(cask_available(&t.a), 5);
	assert_int_equal(cask_at_mark(&t.a), 0);
	assert_int_equal(cask_receive_all(&t.a, buf, 5), 5);
	assert_int_equal(cask_available(&t.a), 0);
	trio_close(&t);
}

static void
of_datagrams_the_first_is_counted(void **state)
{
	struct cask_sock a = { .datagram = true }, b = { .datagram = true };
	struct cask_addr to;
	char port[8];
	uint16_t number;

	(void)state;
	assert_int_equal(cask_bind(&b, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_local(&b, NULL, 0, &number), 0);
	snprintf(port, sizeof port, "%u", number);
	assert_int_equal(cask_addr_find(&to, &a, "127.0.0.1", port), 0);
	assert_int_equal(cask_send_to(&a, "abcde", 5, &to), 0);
	assert_int_equal(cask_send_to(&a, "fg", 2, &to), 0);
	assert_int_equal(cask_available(&b), 5);
	cask_close(&a);
	cask_close(&b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_urgent_byte_comes_past_all_others),
	cmocka_unit_test(the_mark_is_where_the_urgent_byte_was_sent),
	cmocka_unit_test(in_line_the_urgent_byte_is_one_of_the_others),
	cmocka_unit_test(
	    urgent_data_is_announced_once_and_again_after_it_was_received),
	cmocka_unit_test(urgent_data_in_line_is_announced_as_data),
	cmocka_unit_test(the_end_of_a_connection_is_nothing_urgent),
	cmocka_unit_test(
	    an_end_that_nobody_looks_at_does_not_keep_the_pump_busy),
	cmocka_unit_test(only_tcp_has_urgent_data),
	cmocka_unit_test(a_closed_socket_has_nothing),
	cmocka_unit_test(
	    an_urgent_byte_that_finds_no_room_waits_within_the_limit),
	cmocka_unit_test(an_urgent_byte_that_waits_is_sent_when_there_is_room),
	cmocka_unit_test(a_timer_can_close_a_socket_that_sends_urgently),
	cmocka_unit_test(
	    the_words_of_a_passing_error_are_not_those_of_the_next),
	cmocka_unit_test(what_the_system_fails_with_is_told),
	cmocka_unit_test(what_is_there_can_be_counted),
	cmocka_unit_test(what_was_read_ahead_is_counted_and_before_the_mark),
	cmocka_unit_test(of_datagrams_the_first_is_counted),
};

RUN_TESTS(tests)
