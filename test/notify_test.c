/*
 * Tests of notifications: lib/notify.c, and what opens, answers and ends them.
 *
 * MFC's rules, one after the other: what is announced, how often, and what
 * makes it come again.  The other end is a plain socket of the system's, so
 * that nothing here is tested against itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "notify_kit.h"

#include <netdb.h>
#include <sys/resource.h>

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
	assert_int_equal(test_recv(p.e.s.watch.fd, &byte, 1, 0), 1);
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

/* Take all that is there, until ours can send again. */
static void
drain(const struct pair *p)
{
	static char block[65536];
	struct pollfd room = { .fd = p->e.s.watch.fd, .events = POLLOUT };

	do
		while (
		    test_recv(p->peer, block, sizeof block, MSG_DONTWAIT) > 0)
			continue;
	while (test_poll(&room, 1, 1) != 1);
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
	own = test_accept(st.l.s.watch.fd);
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
	assert_true(test_recv(fd, &byte, 1, 0) <= 0);
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

/* What accepting lacks. */
static int lacking = EMFILE;

static void
accept_one(struct end *e, char kind)
{
	struct cask_sock c = { .notify = &nothing };

	assert_int_equal(kind, 'a');
	e->size += cask_try_accept(&e->s, &c) == lacking;
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

/* A listener that is stuck looks up after 100 ms: at most three times in 250.
 */
static void
assert_pauses(int err, unsigned accepts)
{
	struct station st;
	int fd;

	lacking = err;
	station_open(&st);
	st.l.then = accept_one;
	fd = plain_connect(st.port);
	fault_reset();
	fault_plan(FAULT_ACCEPT, 0, true, err);
	for (int64_t limit = now_ms() + 250; now_ms() < limit;)
		assert_int_equal(cask_pump_turn(20, NULL), 0);
	assert_true(fault_injected() >= 2);
	assert_int_equal(fault_injected(), fault_count(FAULT_ACCEPT));
	assert_int_equal(
	    fault_injected(), accepts * (unsigned)strlen(st.l.told));
	assert_true(strlen(st.l.told) >= 2 && strlen(st.l.told) < 6);
	assert_int_equal(st.l.size, strlen(st.l.told));
	if (test_is_calm())
		assert_true(looks() < 60);
	fault_reset();
	st.l.told[0] = '\0';
	assert_told(&st.l, "a");
	get(fd, "");
	close(fd);
	cask_close(&st.l.s);
	heard[0] = '\0';
	lacking = EMFILE;
}

static void
a_listener_that_can_turn_nobody_away_pauses(void **state)
{
	(void)state;
	assert_pauses(EMFILE, 2);
	assert_pauses(ENFILE, 2);
}

static void
a_listener_pauses_when_the_system_has_no_memory(void **state)
{
	(void)state;
	assert_pauses(ENOMEM, 1);
	assert_pauses(ENOBUFS, 1);
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
	if (test_read(gate[0], &byte, 1) != 1)
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
what_came_before_a_failed_send_is_announced_before_the_loss(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_open(&p, &all);
	put(p.peer, "tail");
	reset(p.peer);
	p.peer = -1;
	assert_int_equal(cask_try_send(&p.e.s, "a", 1), -1);
	assert_int_equal(p.e.s.io.err, ECONNRESET);
	assert_told(&p.e, "r");
	assert_no_spin();
	take(&p.e.s, "ta");
	assert_told(&p.e, "r");
	take(&p.e.s, "il");
	assert_told(&p.e, "x");
	assert_int_equal(p.e.err, ECONNRESET);
	assert_int_equal(cask_try_receive(&p.e.s, &byte, 1), -1);
	assert_told(&p.e, "");
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
	assert_int_equal(test_recv(p.peer, &byte, 1, 0), 0);
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
	cmocka_unit_test(a_listener_pauses_when_the_system_has_no_memory),
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
	cmocka_unit_test(
	    what_came_before_a_failed_send_is_announced_before_the_loss),
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
	cmocka_unit_test(a_datagram_socket_announces_room_and_each_datagram),
	cmocka_unit_test(a_datagram_socket_announces_how_its_connect_ended),
	cmocka_unit_test(a_loop_whose_sockets_all_wait_for_an_answer_says_so),
	cmocka_unit_test(
	    a_handler_that_does_nothing_takes_less_than_a_hundredth_of_the_processor),
};

RUN_TESTS(tests)
