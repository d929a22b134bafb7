/*
 * Links: messages over a socket, calls and their answers, one limit for all of
 * a message, and what a callback may do meanwhile.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "test.h"

#include <cask.h>

struct job {
	int32_t id;
	char name[16];
	uint32_t count;
	double values[4];
};

static void
job_x(struct cask_ar *ar, struct job *j)
{
	cask_i32(ar, &j->id);
	cask_text(ar, j->name, sizeof j->name);
	cask_count(ar, &j->count, 4);
	cask_f64_array(ar, j->values, j->count);
}

struct ack {
	int32_t id, status;
};

static void
ack_x(struct cask_ar *ar, struct ack *a)
{
	cask_i32(ar, &a->id);
	cask_i32(ar, &a->status);
}

static const struct job bolt = { 7, "bolt", 1, { 2.5 } };
static const unsigned char bolt_bytes[] = { 0x1a, 0, 0, 0, 7, 0, 0, 0, 0xff,
	0xfe, 0xff, 4, 'b', 0, 'o', 0, 'l', 0, 't', 0, 1, 0, 0, 0, 0, 0, 0, 0,
	4, 0x40 };
static const unsigned char ack_bytes[] = { 8, 0, 0, 0, 7, 0, 0, 0, 200, 0, 0,
	0 };

/* A link, and the descriptor of the other end. */
static int
open_pair(struct cask_link *l)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	memset(l, 0, sizeof *l);
	l->sock.timeout_ms = 5000;
	assert_int_equal(cask_link_attach(l, fd[0]), 0);
	return fd[1];
}

static void
assert_bolt(const struct job *j)
{
	assert_int_equal(j->id, bolt.id);
	assert_string_equal(j->name, bolt.name);
	assert_int_equal(j->count, 1);
	assert_true(j->values[0] == bolt.values[0]);
}

static void
put(int fd, const void *p, size_t n)
{
	assert_int_equal(write(fd, p, n), n);
}

static void
a_message_is_its_length_and_its_fields(void **state)
{
	unsigned char got[sizeof bolt_bytes + 1];
	struct cask_link l;
	struct job j = bolt;
	int fd = open_pair(&l);

	(void)state;
	assert_true(cask_link_send(&l, &j, job_x));
	assert_int_equal(read(fd, got, sizeof got), sizeof bolt_bytes);
	assert_memory_equal(got, bolt_bytes, sizeof bolt_bytes);
	assert_int_equal(cask_link_close(&l), 0);
	close(fd);
}

static void
messages_are_received_until_the_other_end_closes(void **state)
{
	struct cask_link l;
	struct job j;
	int n = 0, fd = open_pair(&l);

	(void)state;
	for (int i = 0; i < 3; i++)
		put(fd, bolt_bytes, sizeof bolt_bytes);
	close(fd);
	while (cask_link_receive(&l, &j, job_x)) {
		assert_bolt(&j);
		n++;
	}
	assert_int_equal(n, 3);
	assert_int_equal(j.id, 0);
	assert_true(l.ended);
	assert_int_equal(l.err, 0);
	assert_string_equal(cask_link_why(&l), "no error");
	assert_int_equal(cask_link_close(&l), 0);
}

static void
a_message_cut_after_any_byte_is_an_error_and_no_message(void **state)
{
	(void)state;
	for (size_t n = 1; n < sizeof bolt_bytes; n++) {
		struct cask_link l;
		struct job j = bolt;
		int fd = open_pair(&l);

		put(fd, bolt_bytes, n);
		close(fd);
		assert_false(cask_link_receive(&l, &j, job_x));
		assert_int_equal(l.err, CASK_ECUT);
		assert_false(l.ended);
		assert_int_equal(j.id, 0);
		assert_int_equal(cask_link_close(&l), CASK_ECUT);
	}
}

static void
a_call_sends_and_gives_the_answer(void **state)
{
	unsigned char got[sizeof bolt_bytes];
	struct cask_link l;
	struct job j = bolt;
	struct ack a;
	int fd = open_pair(&l);

	(void)state;
	put(fd, ack_bytes, sizeof ack_bytes);
	assert_true(cask_link_call(&l, &j, job_x, &a, ack_x));
	assert_int_equal(a.id, 7);
	assert_int_equal(a.status, 200);
	assert_int_equal(read(fd, got, sizeof got), sizeof got);
	assert_memory_equal(got, bolt_bytes, sizeof got);
	assert_int_equal(cask_link_close(&l), 0);
	close(fd);
}

static void
an_answer_that_is_cut_is_named_as_the_program_names_it(void **state)
{
	struct cask_link l;
	struct job j = bolt;
	struct ack a;
	int fd = open_pair(&l);

	(void)state;
	put(fd, ack_bytes, 7);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_false(cask_link_call(&l, &j, job_x, &a, ack_x));
	assert_string_equal(cask_link_why(&l),
	    "message a at byte 0 from unnamed: stream ended inside a message");
	cask_link_close(&l);
	close(fd);
}

static void
a_call_whose_other_end_closes_says_that_there_was_no_answer(void **state)
{
	struct cask_link l;
	struct job j = bolt;
	struct ack a = { 1, 1 };
	int fd = open_pair(&l);

	(void)state;
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_false(cask_link_call(&l, &j, job_x, &a, ack_x));
	assert_int_equal(l.err, CASK_ECUT);
	assert_string_equal(
	    cask_link_why(&l), "receive unnamed: closed without an answer");
	assert_int_equal(a.id, 0);
	assert_false(cask_link_call(&l, &j, job_x, &a, ack_x));
	assert_false(cask_link_send(&l, &j, job_x));
	cask_link_close(&l);
	close(fd);
}

static void
a_wrong_field_is_named_with_its_sender(void **state)
{
	unsigned char wrong[sizeof bolt_bytes];
	struct cask_link l;
	struct job j;
	int fd = open_pair(&l);

	(void)state;
	memcpy(wrong, bolt_bytes, sizeof wrong);
	wrong[20] = 5;
	put(fd, wrong, sizeof wrong);
	put(fd, bolt_bytes, sizeof bolt_bytes);
	assert_false(cask_link_receive(&l, &j, job_x));
	assert_int_equal(l.err, CASK_ELIMIT);
	assert_string_equal(cask_link_why(&l),
	    "count j.count at byte 20 from unnamed: 5, limit 4");
	assert_false(cask_link_receive(&l, &j, job_x));
	assert_int_equal(cask_link_close(&l), CASK_ELIMIT);
	close(fd);
}

static void
what_can_not_be_stored_is_not_sent(void **state)
{
	struct cask_link l;
	struct job j = { .id = 1, .name = "\xff" };
	int fd = open_pair(&l);
	char c;

	(void)state;
	assert_false(cask_link_send(&l, &j, job_x));
	assert_int_equal(l.err, EILSEQ);
	assert_string_equal(cask_link_why(&l),
	    "text j.name at byte 8: ill-formed text after 0 of its code units");
	assert_false(cask_link_send(&l, &j, job_x));
	cask_link_close(&l);
	assert_int_equal(read(fd, &c, 1), 0);
	close(fd);
}

static void
a_refused_connection_is_an_error_of_whatever_comes_first(void **state)
{
	struct cask_sock s = { 0 };
	struct cask_link l = { 0 };
	struct job j = bolt;
	struct ack a;
	char port[8], why[80];
	uint16_t number;

	(void)state;
	assert_int_equal(cask_bind(&s, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_local(&s, NULL, 0, &number), 0);
	snprintf(port, sizeof port, "%u", (unsigned)number);
	cask_link_connect(&l, "127.0.0.1", port);
	assert_false(cask_link_call(&l, &j, job_x, &a, ack_x));
	snprintf(
	    why, sizeof why, "connect 127.0.0.1:%s: Connection refused", port);
	assert_string_equal(cask_link_why(&l), why);
	assert_int_equal(cask_link_close(&l), ECONNREFUSED);
	cask_close(&s);
}

static void *
drip(void *arg)
{
	int fd = *(int *)arg;

	for (size_t i = 0; i < sizeof bolt_bytes; i++) {
		const struct timespec pause = { .tv_nsec = 20000000 };

		if (send(fd, bolt_bytes + i, 1, MSG_NOSIGNAL) != 1)
			break;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* 30 bytes take 600 ms, and none of them 200. */
static void
a_peer_that_drips_does_not_stretch_the_limit_of_a_message(void **state)
{
	struct cask_link l;
	struct job j;
	pthread_t thread;
	int fd = open_pair(&l);

	(void)state;
	l.sock.timeout_ms = 200;
	assert_int_equal(pthread_create(&thread, NULL, drip, &fd), 0);
	assert_false(cask_link_receive(&l, &j, job_x));
	assert_int_equal(l.err, ETIMEDOUT);
	assert_int_equal(cask_sock_state(&l.sock), CASK_POISONED);
	cask_link_close(&l);
	pthread_join(thread, NULL);
	close(fd);
}

/* While a receive waits: a timer, which uses the same link. */

struct meanwhile {
	struct cask_link *link;
	int fd;
	bool sent, received, called;
	int passing;
};

static void
use_link(struct cask_timer *t)
{
	struct meanwhile *m = t->user;
	struct job j = bolt;
	struct ack a;

	m->received = cask_link_receive(m->link, &j, job_x);
	m->passing = m->link->passing;
	m->called = cask_link_call(m->link, &j, job_x, &a, ack_x);
	j = bolt;
	m->sent = cask_link_send(m->link, &j, job_x);
	put(m->fd, bolt_bytes, sizeof bolt_bytes);
}

static void
a_callback_may_send_but_not_receive_while_a_receive_waits(void **state)
{
	unsigned char got[sizeof bolt_bytes + 1];
	struct cask_link l;
	struct meanwhile m = { .link = &l };
	struct cask_timer t = { .after_ms = 1, .fire = use_link, .user = &m };
	struct job j;

	(void)state;
	m.fd = open_pair(&l);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_true(cask_link_receive(&l, &j, job_x));
	assert_bolt(&j);
	assert_false(m.received);
	assert_int_equal(m.passing, EBUSY);
	assert_false(m.called);
	assert_true(m.sent);
	assert_int_equal(read(m.fd, got, sizeof got), sizeof bolt_bytes);
	assert_int_equal(cask_link_close(&l), 0);
	close(m.fd);
}

static void
close_link(struct cask_timer *t)
{
	struct cask_link *l = t->user;

	assert_int_equal(cask_link_attach(l, -1), EBUSY);
	cask_link_close(l);
	assert_int_equal(cask_link_attach(l, -1), EBUSY);
	assert_int_equal(l->passing, EBUSY);
}

static void
a_link_closed_by_a_callback_ends_the_call_and_opens_anew_after_it(void **state)
{
	struct cask_link l;
	struct cask_timer t = { .after_ms = 1, .fire = close_link, .user = &l };
	struct job j;
	int pair[2], fd = open_pair(&l);

	(void)state;
	put(fd, bolt_bytes, 9);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_false(cask_link_receive(&l, &j, job_x));
	assert_int_equal(l.err, ECANCELED);
	close(fd);
	assert_int_equal(cask_link_close(&l), ECANCELED);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(cask_link_attach(&l, pair[0]), 0);
	put(pair[1], bolt_bytes, sizeof bolt_bytes);
	assert_true(cask_link_receive(&l, &j, job_x));
	assert_bolt(&j);
	assert_int_equal(cask_link_close(&l), 0);
	close(pair[1]);
}

/* More than any buffer, to an end that does not read. */
static struct bulk {
	uint8_t bytes[4000000];
} bulk;

static void
bulk_x(struct cask_ar *ar, struct bulk *b)
{
	cask_bytes(ar, b->bytes, sizeof b->bytes);
}

static void
a_link_closed_by_a_callback_ends_a_send_inside_its_message(void **state)
{
	struct cask_link l;
	struct cask_timer t = {
		.after_ms = 20, .fire = close_link, .user = &l
	};
	int fd = open_pair(&l);

	(void)state;
	assert_int_equal(cask_timer_start(&t), 0);
	assert_false(cask_link_send(&l, &bulk, bulk_x));
	assert_int_equal(l.err, ECANCELED);
	assert_int_equal(cask_link_close(&l), ECANCELED);
	close(fd);
}

static void
a_deadline_of_the_socket_stays_and_ends_sooner(void **state)
{
	struct cask_link l;
	struct job j = bolt;
	int fd = open_pair(&l);

	(void)state;
	assert_true(cask_link_send(&l, &j, job_x));
	assert_int_equal(l.sock.deadline, 0);
	cask_deadline(&l.sock, 20);
	assert_true(cask_link_send(&l, &j, job_x));
	assert_false(cask_link_receive(&l, &j, job_x));
	assert_int_equal(l.err, ETIMEDOUT);
	assert_int_not_equal(l.sock.deadline, 0);
	cask_link_close(&l);
	close(fd);
}

static void
a_receive_that_met_no_message_in_time_goes_on_after_a_resume(void **state)
{
	unsigned char got[sizeof bolt_bytes + 1];
	struct cask_link l;
	struct job j = bolt;
	int fd = open_pair(&l);

	(void)state;
	for (int i = 0; i < 3; i++) {
		l.sock.timeout_ms = 20;
		assert_false(cask_link_receive(&l, &j, job_x));
		assert_int_equal(j.id, 0);
		assert_int_equal(l.err, ETIMEDOUT);
		assert_non_null(strstr(
		    cask_link_why(&l), "timed out after 20 ms, nothing lost"));
		assert_false(cask_link_send(&l, &j, job_x));
		assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), -1);
		assert_int_equal(cask_resume(&l.sock), 0);
		assert_string_equal(cask_link_why(&l), "no error");
		l.sock.timeout_ms = 5000;
		put(fd, bolt_bytes, sizeof bolt_bytes);
		assert_true(cask_link_receive(&l, &j, job_x));
		assert_bolt(&j);
		assert_true(cask_link_send(&l, &j, job_x));
		assert_int_equal(read(fd, got, sizeof got), sizeof bolt_bytes);
	}
	l.sock.timeout_ms = 20;
	assert_false(cask_link_receive(&l, &j, job_x));
	assert_int_equal(cask_resume(&l.sock), 0);
	assert_int_equal(cask_link_close(&l), 0);
	close(fd);
}

static void
one_that_met_part_of_a_message_does_not_go_on(void **state)
{
	(void)state;
	for (size_t n = 1; n < sizeof bolt_bytes; n++) {
		struct cask_link l;
		struct job j = bolt;
		int fd = open_pair(&l);

		l.sock.timeout_ms = 5;
		put(fd, bolt_bytes, n);
		assert_false(cask_link_receive(&l, &j, job_x));
		assert_int_equal(l.err, ETIMEDOUT);
		assert_int_equal(cask_sock_state(&l.sock), CASK_POISONED);
		assert_int_equal(cask_resume(&l.sock), ETIMEDOUT);
		put(fd, bolt_bytes + n, sizeof bolt_bytes - n);
		assert_false(cask_link_receive(&l, &j, job_x));
		assert_int_equal(cask_link_close(&l), ETIMEDOUT);
		close(fd);
	}
}

static void
the_late_answer_to_a_call_is_nobodys(void **state)
{
	unsigned char got[2 * sizeof bolt_bytes];
	struct cask_link l;
	struct job j = bolt;
	struct ack a;
	int fd = open_pair(&l);

	(void)state;
	l.sock.timeout_ms = 20;
	assert_false(cask_link_call(&l, &j, job_x, &a, ack_x));
	assert_int_equal(l.err, ETIMEDOUT);
	assert_non_null(
	    strstr(cask_link_why(&l), "timed out after 20 ms, no answer came"));
	assert_string_equal(cask_link_why(&l), cask_sock_why(&l.sock));
	assert_int_equal(cask_sock_state(&l.sock), CASK_POISONED);
	assert_int_equal(cask_resume(&l.sock), ETIMEDOUT);
	put(fd, ack_bytes, sizeof ack_bytes);
	assert_false(cask_link_call(&l, &j, job_x, &a, ack_x));
	assert_int_equal(a.id, 0);
	assert_false(cask_link_receive(&l, &a, ack_x));
	assert_int_equal(read(fd, got, sizeof got), sizeof bolt_bytes);
	assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), -1);
	assert_int_equal(cask_link_close(&l), ETIMEDOUT);
	close(fd);
}

/* Both ends over TCP, every call failing once and for ever. */
static void
talk(void *arg)
{
	static const struct ack answer = { 7, 200 };
	struct cask_sock s = { .timeout_ms = 200 };
	struct cask_link c = { .sock.timeout_ms = 200 };
	struct cask_link d = { .sock.timeout_ms = 200 };
	struct ack a = answer;
	struct job j = bolt;
	char port[8];
	uint16_t number = 0;

	(void)arg;
	cask_bind(&s, "127.0.0.1", "0");
	cask_listen(&s, 0);
	cask_local(&s, NULL, 0, &number);
	snprintf(port, sizeof port, "%u", (unsigned)number);
	cask_link_connect(&c, "127.0.0.1", port);
	if (c.err == 0 && cask_link_accept(&s, &d) == 0) {
		if (cask_link_send(&d, &a, ack_x) &&
		    cask_link_call(&c, &j, job_x, &a, ack_x) &&
		    cask_link_receive(&d, &j, job_x))
			assert_bolt(&j);
	}
	cask_link_close(&c);
	cask_link_close(&d);
	cask_close(&s);
}

static void
every_call_may_fail_and_nothing_leaks(void **state)
{
	(void)state;
	fault_reset();
	assert_true(fault_everywhere(talk, NULL) > 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_message_is_its_length_and_its_fields),
	cmocka_unit_test(messages_are_received_until_the_other_end_closes),
	cmocka_unit_test(
	    a_message_cut_after_any_byte_is_an_error_and_no_message),
	cmocka_unit_test(a_call_sends_and_gives_the_answer),
	cmocka_unit_test(
	    an_answer_that_is_cut_is_named_as_the_program_names_it),
	cmocka_unit_test(
	    a_call_whose_other_end_closes_says_that_there_was_no_answer),
	cmocka_unit_test(a_wrong_field_is_named_with_its_sender),
	cmocka_unit_test(what_can_not_be_stored_is_not_sent),
	cmocka_unit_test(
	    a_refused_connection_is_an_error_of_whatever_comes_first),
	cmocka_unit_test(
	    a_peer_that_drips_does_not_stretch_the_limit_of_a_message),
	cmocka_unit_test(
	    a_callback_may_send_but_not_receive_while_a_receive_waits),
	cmocka_unit_test(
	    a_link_closed_by_a_callback_ends_the_call_and_opens_anew_after_it),
	cmocka_unit_test(
	    a_link_closed_by_a_callback_ends_a_send_inside_its_message),
	cmocka_unit_test(a_deadline_of_the_socket_stays_and_ends_sooner),
	cmocka_unit_test(
	    a_receive_that_met_no_message_in_time_goes_on_after_a_resume),
	cmocka_unit_test(one_that_met_part_of_a_message_does_not_go_on),
	cmocka_unit_test(the_late_answer_to_a_call_is_nobodys),
	cmocka_unit_test(every_call_may_fail_and_nothing_leaks),
};

RUN_TESTS(tests)
