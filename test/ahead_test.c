/*
 * Tests of notifications whose handlers load from archives: what was read ahead
 * is announced as if it were still there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "notify_kit.h"

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
microsofts_own_hang_an_archive_gets_the_bytes_whose_notification_it_swallows(
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

/* What one archive has read ahead goes back to the socket, for the next. */
static void
archives_may_follow_one_another_on_a_socket(void **state)
{
	struct cask_sock s = { .timeout_ms = PATIENCE };
	unsigned char buffer[16], sent[60];
	int fd[2];

	(void)state;
	for (size_t i = 0; i < sizeof sent; i++)
		sent[i] = (unsigned char)i;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(cask_attach(&s, fd[0]), 0);
	assert_int_equal(write(fd[1], sent, sizeof sent), sizeof sent);
	for (unsigned char i = 0; i < 50; i = (unsigned char)(i + 5)) {
		struct cask_ar in = { .buffer = buffer,
			.buffer_size = sizeof buffer };
		unsigned char got[5];

		cask_load(&in, &s.io);
		cask_get_bytes(&in, got, sizeof got);
		assert_memory_equal(got, sent + i, sizeof got);
		assert_int_equal(cask_finish(&in), 0);
		assert_true(s.io.ahead <= sizeof sent - i - 5u);
	}
	assert_int_equal(cask_receive_all(&s, buffer, 10), 10);
	assert_memory_equal(buffer, sent + 50, 10);
	assert_int_equal(s.io.ahead, 0);
	assert_int_equal(cask_close(&s), 0);
	close(fd[1]);
}

/* … and without memory for it, that is an error and no loss in silence. */
static void
to_finish_without_memory_for_what_was_read_ahead_is_an_error(void **state)
{
	struct cask_sock s = { .timeout_ms = PATIENCE };
	struct cask_ar in = { 0 };
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(cask_attach(&s, fd[0]), 0);
	assert_int_equal(write(fd[1], "abc", 3), 3);
	cask_load(&in, &s.io);
	assert_int_equal(cask_get_u8(&in), 'a');
	fault_reset();
	fault_plan(FAULT_MALLOC, 0, false, ENOMEM);
	if (cask_pending(&in) > 0) {
		assert_int_equal(cask_finish(&in), ENOMEM);
		assert_int_equal(fault_injected(), 1);
	}
	fault_reset();
	cask_close(&s);
	close(fd[1]);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(archives_may_follow_one_another_on_a_socket),
	cmocka_unit_test(
	    to_finish_without_memory_for_what_was_read_ahead_is_an_error),
	cmocka_unit_test(bytes_left_when_a_handler_returns_call_it_again),
	cmocka_unit_test(
	    bytes_left_in_an_archive_after_a_handler_call_it_again),
	cmocka_unit_test(with_nesting_bytes_left_after_a_handler_call_it_again),
	cmocka_unit_test(
	    microsofts_own_hang_an_archive_gets_the_bytes_whose_notification_it_swallows),
	cmocka_unit_test(
	    a_handler_that_loads_half_a_message_waits_for_the_rest),
	cmocka_unit_test(
	    a_handler_that_does_nothing_with_what_was_read_ahead_does_not_spin),
	cmocka_unit_test(
	    what_an_archive_reads_while_receive_is_not_selected_is_announced_later),
	cmocka_unit_test(however_messages_are_cut_a_handler_loads_all_of_them),
	cmocka_unit_test(what_a_blocked_send_has_read_ahead_is_announced),
};

RUN_TESTS(tests)
