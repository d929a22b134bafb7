/*
 * Servers: limits, who may come, stopping, threads and processes, and every
 * call failing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve_kit.h"

#include <sys/resource.h>

/* Time */

static void
a_message_that_is_not_finished_in_time_ends_its_client(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.s.limit.message_ms = 50;
	house_listen(&h);
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	for (size_t n = 0; h.closed == 0 && n < BOLT - 1; n++) {
		send(fd, bolt_bytes + n, 1, MSG_NOSIGNAL);
		cask_pump_turn(10, NULL);
		test_pause(5);
	}
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, ETIMEDOUT);
	assert_why(&h, "@: did not finish a message within 0.05 s");
	close(fd);
	house_close(&h);
}

static void
a_client_that_is_silent_is_dropped(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.s.limit.idle_ms = 50;
	house_listen(&h);
	fd = house_call(&h);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, ETIMEDOUT);
	assert_why(&h, "@: silent for 0.05 s");
	close(fd);
	house_close(&h);
}

static void
a_client_may_be_silent_where_there_is_no_limit_to_it(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.s.limit.idle_ms = -1;
	h.s.limit.life_ms = 100;
	house_listen(&h);
	fd = house_call(&h);
	TURN_UNTIL(h.closed == 1);
	assert_why(&h, "@: connected for 0.1 s");
	close(fd);
	house_close(&h);
}

/* Answers that nobody takes */

struct flood {
	unsigned char bytes[10000];
};

static void
flood_x(struct cask_ar *ar, struct flood *f)
{
	cask_bytes(ar, f->bytes, sizeof f->bytes);
}

static void
answer_much(struct house *h, struct cask_client *c)
{
	static struct flood f;

	(void)h;
	for (int i = 0; i < 200; i++)
		if (!cask_reply(c, &f, flood_x))
			break;
}

static void
a_client_that_does_not_take_its_answers_is_dropped(void **state)
{
	struct house h;
	int bad, good;

	(void)state;
	if (!test_is_calm())
		skip(); /* megabytes, a byte at a time */
	house_prepare(&h);
	h.then = answer_much;
	h.s.limit.output_ms = 100;
	house_listen(&h);
	bad = house_call(&h);
	good = house_call(&h);
	TURN_UNTIL(h.opened == 2);
	for (int i = 0; i < 8 && h.closed == 0; i++) {
		send(bad, bolt_bytes, BOLT, MSG_NOSIGNAL);
		cask_pump_turn(5, NULL);
	}
	h.then = NULL;
	put(good, bolt_bytes, BOLT);
	take_ack(good);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, ETIMEDOUT);
	assert_non_null(
	    strstr(h.why, ": did not take all of its output within 0.1 s, "));
	close(bad);
	close(good);
	house_close(&h);
}

static void
output_beyond_its_limit_ends_its_client(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.then = answer_much;
	h.s.limit.output = 100000;
	house_listen(&h);
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, CASK_ELIMIT);
	assert_why(&h, "send @: more would wait than limit.output allows");
	close(fd);
	house_close(&h);
}

static void
who_does_not_read_is_not_read_from(void **state)
{
	struct house h;
	unsigned handled;
	int fd;

	(void)state;
	if (!test_is_calm())
		skip(); /* megabytes, a byte at a time */
	house_prepare(&h);
	h.then = answer_much;
	h.s.limit.output = 1 << 30;
	h.s.limit.memory = 1 << 30;
	house_listen(&h);
	fd = house_call(&h);
	for (int i = 0; i < 20; i++)
		put(fd, bolt_bytes, BOLT);
	TURN_UNTIL(h.last != NULL && h.last->out.have > 65536);
	turn_a_little();
	handled = h.handled;
	assert_true(handled < 20);
	for (size_t n = 0; n < 20; n++) {
		static char sink[200 * 10004];

		assert_int_equal(take(fd, sink, sizeof sink), sizeof sink);
	}
	assert_int_equal(h.handled, 20);
	assert_int_equal(h.closed, 0);
	close(fd);
	house_close(&h);
}

static void
the_memory_of_all_is_limited(void **state)
{
	static char large[100000];
	struct house h;
	int fd[5];
	unsigned dropped;

	(void)state;
	if (!test_is_calm())
		skip(); /* megabytes, a byte at a time */
	house_prepare(&h);
	h.s.limit.memory = 300000;
	house_listen(&h);
	memcpy(large, "\xa0\x86\1", 4); /* 100,000 */
	for (int i = 0; i < 5; i++) {
		fd[i] = house_call(&h);
		put(fd[i], large, sizeof large);
	}
	TURN_UNTIL(h.opened == 5 && h.s.counts.received >= 3 * sizeof large &&
	    h.closed >= 2);
	turn_a_little();
	dropped = h.closed;
	assert_true(dropped >= 2 && dropped < 5);
	assert_int_equal(h.err, CASK_ELIMIT);
	assert_true(strstr(h.why, ": no room for its message: ") != NULL ||
	    strstr(h.why, ": has to make room for others: ") != NULL);
	assert_non_null(strstr(h.why, "limit 300000 (limit.memory)"));
	for (int i = 0; i < 5; i++)
		close(fd[i]);
	house_close(&h);
}

static void
the_memory_of_a_length_is_not_had_before_its_bytes(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	fd = house_call(&h);
	put(fd, "\0\0\x10\0x", 5); /* 1 MiB, it says */
	TURN_UNTIL(h.s.counts.received == 5);
	assert_true(h.s.counts.memory <= 4096);
	close(fd);
	house_close(&h);
}

/* Numbers */

static void
messages_beyond_the_rate_wait_and_none_is_lost(void **state)
{
	unsigned char many[60 * BOLT];
	int64_t began = test_now_ms();
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.s.limit.rate = 50;
	house_listen(&h);
	for (size_t i = 0; i < 60; i++)
		memcpy(many + i * BOLT, bolt_bytes, BOLT);
	fd = house_call(&h);
	put(fd, many, sizeof many);
	TURN_UNTIL(h.handled >= 50);
	if (test_now_ms() - began < 100) /* it wasn't held up elsewhere */
		assert_true(h.handled < 60);
	for (size_t i = 0; i < 60; i++)
		take_ack(fd);
	assert_true(test_now_ms() - began >= 160);
	assert_int_equal(h.handled, 60);
	assert_int_equal(h.closed, 0);
	close(fd);
	house_close(&h);
}

static void
one_address_may_have_so_many_connections(void **state)
{
	struct house h;
	int fd[3];

	(void)state;
	house_prepare(&h);
	h.s.limit.per_host = 2;
	house_listen(&h);
	for (int i = 0; i < 3; i++)
		fd[i] = house_call(&h);
	take_end(fd[2]);
	assert_int_equal(h.opened, 2);
	assert_int_equal(h.refusals, 1);
	assert_why(
	    &h, "@: its address has too many connections (limit.per_host)");
	close(fd[0]);
	TURN_UNTIL(h.closed == 1);
	close(fd[2]);
	fd[2] = house_call(&h);
	TURN_UNTIL(h.opened == 3);
	close(fd[1]);
	close(fd[2]);
	house_close(&h);
}

static void
who_never_sent_a_message_makes_place_for_others(void **state)
{
	struct house h;
	int fd[3];

	(void)state;
	house_prepare(&h);
	h.s.limit.clients = 2;
	house_listen(&h);
	fd[0] = house_call(&h);
	put(fd[0], bolt_bytes, BOLT);
	take_ack(fd[0]);
	fd[1] = house_call(&h); /* silent */
	TURN_UNTIL(h.opened == 2);
	fd[2] = house_call(&h);
	put(fd[2], bolt_bytes, BOLT);
	take_ack(fd[2]);
	take_end(fd[1]);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, CASK_ELIMIT);
	assert_why(&h,
	    "@: has sent no message, and all 2 places are taken "
	    "(limit.clients)");
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	house_close(&h);
}

static void
when_all_places_are_taken_others_wait_for_one(void **state)
{
	struct house h;
	int fd[3];

	(void)state;
	house_prepare(&h);
	h.s.limit.clients = 2;
	house_listen(&h);
	for (int i = 0; i < 2; i++) {
		fd[i] = house_call(&h);
		put(fd[i], bolt_bytes, BOLT);
		take_ack(fd[i]);
	}
	fd[2] = house_call(&h);
	put(fd[2], bolt_bytes, BOLT);
	turn_a_little();
	assert_int_equal(h.opened, 2);
	close(fd[0]);
	take_ack(fd[2]);
	assert_int_equal(h.opened, 3);
	assert_int_equal(h.s.counts.most, 2);
	close(fd[1]);
	close(fd[2]);
	house_close(&h);
}

static void
out_of_descriptors_is_told_once_and_passes(void **state)
{
	struct house h;
	int fd[4], one;

	(void)state;
	house_open(&h);
	fault_reset();
	fd[0] = house_call(&h);
	TURN_UNTIL(h.opened == 1);
	fault_plan(FAULT_ACCEPT, 0, true, EMFILE);
	for (int i = 1; i < 4; i++)
		fd[i] = house_call(&h);
	TURN_UNTIL(h.troubles == 1);
	turn_a_little();
	assert_true(fault_injected() > 0);
	assert_int_equal(h.troubles, 1);
	assert_int_equal(h.err, EMFILE);
	put(fd[0], bolt_bytes, BOLT);
	take_ack(fd[0]);
	fault_reset();
	one = house_call(&h);
	put(one, bolt_bytes, BOLT);
	take_ack(one);
	close(one);
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	house_close(&h);
}

/* Who may come */

static void
an_address_that_is_not_allowed_is_refused(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	cask_nets_add(&h.s.allow, "10.0.0.0/8, ::1");
	house_listen(&h);
	fd = house_call(&h);
	take_end(fd);
	close(fd);
	assert_int_equal(h.refusals, 1);
	assert_why(&h, "@: its address is not allowed");
	house_close(&h);

	house_prepare(&h);
	cask_nets_add(&h.s.allow, "127.0.0.0/8");
	cask_nets_add(&h.s.deny, "127.0.0.1");
	house_listen(&h);
	fd = house_call(&h);
	take_end(fd);
	close(fd);
	assert_why(&h, "@: its address is denied");
	assert_int_equal(h.s.counts.refused, 1);
	assert_int_equal(h.opened, 0);
	house_close(&h);
}

static void
a_list_that_is_wrong_keeps_the_server_from_listening(void **state)
{
	struct house h;

	(void)state;
	house_prepare(&h);
	cask_nets_add(&h.s.allow, "10.0.0.1/8");
	assert_int_equal(cask_server_listen(&h.s, "127.0.0.1", "0"), EINVAL);
	assert_non_null(strstr(cask_server_why(&h.s), "10.0.0.1/8"));
	assert_int_equal(cask_serve(&h.s), EINVAL);
}

static void
house_behind(struct house *h, const char *balancers)
{
	house_prepare(h);
	cask_nets_add(&h->s.balancers, balancers);
	assert_int_equal(cask_server_listen_behind(&h->s, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_server_local(&h->s, 0, NULL, 0, &h->port), 0);
}

static void
behind_a_balancer_the_header_tells_who_a_client_is(void **state)
{
	static const char header[] =
	    "PROXY TCP4 192.0.2.7 192.0.2.1 5123 7000\r\n";
	const size_t n = sizeof header - 1;
	struct house h;

	(void)state;
	for (size_t cut = 0; cut <= n; cut++) {
		int fd;

		house_behind(&h, "127.0.0.1");
		fd = house_call(&h);
		if (cut > 0)
			put(fd, header, cut);
		TURN_UNTIL(h.s.counts.received == cut && h.s.first != NULL);
		assert_int_equal(h.opened, cut == n);
		if (cut < n)
			put(fd, header + cut, n - cut);
		put(fd, bolt_bytes, BOLT);
		take_ack(fd);
		assert_string_equal(h.last->sock.io.peer, "192.0.2.7:5123");
		put(fd, "\2\0\0\0ab", 6);
		TURN_UNTIL(h.closed == 1);
		assert_string_equal(h.why,
		    "i32 id at byte 34 from 192.0.2.7:5123: its message ends "
		    "here, after 2 bytes");
		close(fd);
		house_close(&h);
	}
}

static void
behind_a_balancer_a_client_without_a_header_is_refused(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_behind(&h, "127.0.0.1");
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	take_end(fd);
	TURN_UNTIL(h.refusals == 1);
	assert_int_equal(h.opened, 0);
	assert_non_null(strstr(h.why, ": no PROXY header: "));
	close(fd);
	fd = house_call(&h);
	put(fd, "PROXY TCP4", 10);
	close(fd);
	TURN_UNTIL(h.refusals == 2);
	assert_why(&h,
	    "@: ended in the middle of its PROXY header, after 10 "
	    "bytes");
	house_close(&h);

	house_behind(&h, "10.0.0.0/8");
	fd = house_call(&h);
	take_end(fd);
	assert_int_equal(h.refusals, 1);
	assert_why(&h, "@: is not one of the balancers");
	close(fd);
	house_close(&h);
}

static void
behind_a_balancer_a_header_has_to_come_in_time(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.s.limit.message_ms = 50;
	cask_nets_add(&h.s.balancers, "127.0.0.1");
	assert_int_equal(cask_server_listen_behind(&h.s, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_server_local(&h.s, 0, NULL, 0, &h.port), 0);
	fd = house_call(&h);
	TURN_UNTIL(h.refusals == 1);
	assert_why(&h, "@: did not finish its PROXY header within 0.05 s");
	close(fd);
	house_close(&h);
}

static void
the_health_checks_of_a_balancer_are_no_complaint(void **state)
{
	static const unsigned char local[] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00,
		0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x20, 0x00, 0, 0 };
	struct house h;
	int fd;

	(void)state;
	house_behind(&h, "127.0.0.1");
	fd = house_call(&h); /* says nothing */
	TURN_UNTIL(h.s.first != NULL);
	close(fd);
	TURN_UNTIL(h.s.first == NULL);
	fd = house_call(&h);
	put(fd, local, sizeof local);
	TURN_UNTIL(h.opened == 1);
	close(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, 0);
	assert_int_equal(h.refusals, 0);
	assert_int_equal(h.s.counts.dropped, 0);
	assert_int_equal(h.s.counts.refused, 0);
	house_close(&h);
}

static void
behind_a_balancer_the_lists_are_for_the_clients(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	cask_nets_add(&h.s.balancers, "127.0.0.1");
	cask_nets_add(&h.s.deny, "192.0.2.0/24, 127.0.0.1");
	assert_int_equal(cask_server_listen_behind(&h.s, "127.0.0.1", "0"), 0);
	cask_server_local(&h.s, 0, NULL, 0, &h.port);
	fd = house_call(&h);
	put(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 5123 7000\r\n", 43);
	TURN_UNTIL(h.refusals == 1);
	assert_string_equal(h.why, "192.0.2.7:5123: its address is denied");
	close(fd);
	fd = house_call(&h);
	put(fd, "PROXY TCP4 198.51.100.7 192.0.2.1 5123 7000\r\n", 45);
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	close(fd);
	house_close(&h);
}

static void
a_listener_behind_nobody_is_refused(void **state)
{
	struct house h;

	(void)state;
	house_prepare(&h);
	assert_int_equal(
	    cask_server_listen_behind(&h.s, "127.0.0.1", "0"), EINVAL);
	assert_string_equal(
	    cask_server_why(&h.s), "listen: the server has no balancers");
}

/* Stopping */

static void
stop_it(struct house *h, struct cask_client *c)
{
	answer_much(h, c);
	cask_server_stop(&h->s);
}

static void
what_was_answered_before_a_stop_still_arrives(void **state)
{
	static char got[200 * 10004 + 1];
	struct house h;
	int fd, idle;

	(void)state;
	if (!test_is_calm())
		skip(); /* megabytes, a byte at a time */
	house_open(&h);
	h.then = stop_it;
	idle = house_call(&h);
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	put(fd, bolt_bytes, BOLT); /* too late */
	assert_int_equal(take(fd, got, sizeof got), sizeof got - 1);
	assert_int_equal(h.handled, 1);
	take_end(idle);
	assert_false(h.s.stopped);
	close(fd);
	close(idle);
	TURN_UNTIL(h.s.stopped);
	assert_int_equal(h.closed, 2);
	assert_int_equal(h.err, 0);
	house_close(&h);
}

static void
after_a_stop_nobody_is_waited_for_longer_than_the_limit(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.s.limit.drain_ms = 50;
	house_listen(&h);
	fd = house_call(&h);
	TURN_UNTIL(h.opened == 1);
	cask_server_stop(&h.s);
	TURN_UNTIL(h.s.stopped);
	assert_int_equal(h.err, ECANCELED);
	assert_why(&h, "@: still there when the server closed");
	assert_int_equal(cask_server_listen(&h.s, "127.0.0.1", "0"), EINVAL);
	close(fd);
	house_close(&h);
}

static void *
stop_soon(void *arg)
{
	test_pause(LITTLE);
	cask_server_stop(arg);
	return NULL;
}

static void
serve_returns_after_a_stop_from_another_thread(void **state)
{
	struct house h;
	pthread_t thread;

	(void)state;
	house_open(&h);
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &h.s), 0);
	assert_int_equal(cask_serve(&h.s), 0);
	pthread_join(thread, NULL);
	assert_true(h.s.stopped);
	house_close(&h);
}

static void
a_server_that_is_stopped_before_it_listens_stops_at_once(void **state)
{
	struct house h;

	(void)state;
	house_prepare(&h);
	cask_server_stop(&h.s);
	house_listen(&h);
	assert_int_equal(cask_serve(&h.s), 0);
	assert_true(h.s.stopped);
	house_close(&h);
}

static struct house *signalled;
static pthread_t main_thread;

static void
stop_on_signal(int sig)
{
	(void)sig;
	cask_server_stop(&signalled->s);
}

static void *
signal_soon(void *arg)
{
	(void)arg;
	test_pause(LITTLE);
	pthread_kill(main_thread, SIGUSR1);
	return NULL;
}

static void
serve_returns_after_a_stop_from_a_signal_and_may_begin_anew(void **state)
{
	struct sigaction sa = { .sa_handler = stop_on_signal };
	struct house h;
	pthread_t thread;

	(void)state;
	house_prepare(&h);
	signalled = &h;
	main_thread = pthread_self();
	sigaction(SIGUSR1, &sa, NULL);
	for (int i = 0; i < 2; i++) {
		house_listen(&h);
		assert_int_equal(
		    pthread_create(&thread, NULL, signal_soon, NULL), 0);
		assert_int_equal(cask_serve(&h.s), 0);
		pthread_join(thread, NULL);
	}
	house_close(&h);
}

/* Threads and processes, on one port */

static void *
serve_it(void *arg)
{
	struct house *h = arg;
	char port[8];

	snprintf(port, sizeof port, "%u", (unsigned)h->port);
	cask_server_listen(&h->s, "127.0.0.1", port);
	cask_serve(&h->s);
	return NULL;
}

/* Ask until both have answered; the system chooses whom a client gets. */
static void
ask_both(const struct house *h, const unsigned *one, const unsigned *two)
{
	int64_t until = test_now_ms() + PATIENCE;

	while (__atomic_load_n(one, __ATOMIC_SEQ_CST) == 0 ||
	    __atomic_load_n(two, __ATOMIC_SEQ_CST) == 0) {
		unsigned char got[ACK];
		int fd = house_call(h);

		assert_true(test_now_ms() < until);
		put(fd, bolt_bytes, BOLT);
		assert_int_equal(test_recv(fd, got, ACK, MSG_WAITALL), ACK);
		assert_memory_equal(got, ack_bytes, ACK);
		close(fd);
	}
}

/* A port that nobody else has, as long as h, which doesn't serve, is bound. */
static void
find_port(struct cask_sock *s, uint16_t *port)
{
	s->reuse_port = true;
	assert_int_equal(cask_bind(s, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_local(s, NULL, 0, port), 0);
}

static void
two_threads_serve_one_port(void **state)
{
	struct cask_sock holder = { 0 };
	struct house h[2];
	pthread_t thread[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		house_prepare(&h[i]);
		h[i].s.reuse_port = true;
	}
	find_port(&holder, &h[0].port);
	h[1].port = h[0].port;
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    pthread_create(&thread[i], NULL, serve_it, &h[i]), 0);
	test_pause(LITTLE);
	ask_both(&h[0], &h[0].handled, &h[1].handled);
	for (int i = 0; i < 2; i++) {
		cask_server_stop(&h[i].s);
		pthread_join(thread[i], NULL);
		assert_int_equal(h[i].s.err, 0);
		assert_int_equal(h[i].opened, h[i].closed);
	}
	cask_close(&holder);
}

/* Two processes: each answers with a status of its own. */
static pid_t
serve_in_child(uint16_t port, int status)
{
	pid_t pid = fork();
	struct house h;

	if (pid != 0)
		return pid;
	alarm(20);
	house_prepare(&h);
	h.s.reuse_port = true;
	h.port = port;
	h.status = status;
	serve_it(&h);
	_exit(h.s.err != 0);
}

static void
two_processes_serve_one_port(void **state)
{
	struct cask_sock holder = { 0 };
	unsigned answers[2] = { 0 };
	struct house h = { 0 };
	pid_t pid[2];
	int64_t until = test_now_ms() + PATIENCE;

	(void)state;
	find_port(&holder, &h.port);
	for (int i = 0; i < 2; i++)
		pid[i] = serve_in_child(h.port, i + 1);
	test_pause(LITTLE);
	while (answers[0] == 0 || answers[1] == 0) {
		unsigned char got[ACK];
		struct sockaddr_in sa = { .sin_family = AF_INET,
			.sin_port = htons(h.port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		assert_true(test_now_ms() < until);
		if (test_connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0) {
			put(fd, bolt_bytes, BOLT);
			assert_int_equal(
			    test_recv(fd, got, ACK, MSG_WAITALL), ACK);
			assert_in_range(got[8], 1, 2);
			answers[got[8] - 1]++;
		}
		close(fd);
	}
	for (int i = 0; i < 2; i++) {
		int status;

		kill(pid[i], SIGKILL);
		test_await(pid[i], &status);
	}
	cask_close(&holder);
}

/* Every call may fail */

static void
answer_quietly(struct cask_client *c, struct job *j)
{
	struct ack a = { j->id, 200 };

	cask_reply(c, &a, ack_x);
}
CASK_HANDLER(take_quietly, struct job, job_x, answer_quietly)

static int
try_call(uint16_t port)
{
	struct house h = { .port = port };

	return house_call(&h);
}

static void
talk(void *arg)
{
	struct cask_server s = { .message = take_quietly };
	unsigned char got[ACK];
	uint16_t number = 0;

	(void)arg;
	s.limit.clients = 1; /* so that one has to make place */
	s.limit.drain_ms = 20;
	if (cask_server_listen(&s, "127.0.0.1", "0") == 0 &&
	    cask_server_local(&s, 0, NULL, 0, &number) == 0) {
		int silent = try_call(number), fd = try_call(number);

		for (int i = 0; i < 4; i++)
			cask_pump_turn(0, NULL);
		send(fd, bolt_bytes, 10, MSG_NOSIGNAL);
		cask_pump_turn(0, NULL);
		send(fd, bolt_bytes + 10, BOLT - 10, MSG_NOSIGNAL);
		for (int i = 0; i < 4; i++)
			cask_pump_turn(0, NULL);
		if (recv(fd, got, ACK, MSG_DONTWAIT) == (ssize_t)ACK)
			assert_memory_equal(got, ack_bytes, ACK);
		close(silent);
		close(fd);
		cask_server_stop(&s);
		for (int i = 0; i < 20 && !s.stopped; i++)
			cask_pump_turn(5, NULL);
	}
	cask_server_close(&s);
	assert_int_equal(s.counts.clients, 0);
	assert_int_equal(s.counts.memory, 0);
}

static void
every_call_may_fail_and_nothing_leaks(void **state)
{
	(void)state;
	fault_reset();
	assert_true(fault_everywhere(talk, NULL) > 0);
	fault_reset();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_message_that_is_not_finished_in_time_ends_its_client),
		cmocka_unit_test(a_client_that_is_silent_is_dropped),
		cmocka_unit_test(
		    a_client_may_be_silent_where_there_is_no_limit_to_it),
		cmocka_unit_test(
		    a_client_that_does_not_take_its_answers_is_dropped),
		cmocka_unit_test(output_beyond_its_limit_ends_its_client),
		cmocka_unit_test(who_does_not_read_is_not_read_from),
		cmocka_unit_test(the_memory_of_all_is_limited),
		cmocka_unit_test(
		    the_memory_of_a_length_is_not_had_before_its_bytes),
		cmocka_unit_test(
		    messages_beyond_the_rate_wait_and_none_is_lost),
		cmocka_unit_test(one_address_may_have_so_many_connections),
		cmocka_unit_test(
		    who_never_sent_a_message_makes_place_for_others),
		cmocka_unit_test(when_all_places_are_taken_others_wait_for_one),
		cmocka_unit_test(out_of_descriptors_is_told_once_and_passes),
		cmocka_unit_test(an_address_that_is_not_allowed_is_refused),
		cmocka_unit_test(
		    a_list_that_is_wrong_keeps_the_server_from_listening),
		cmocka_unit_test(
		    behind_a_balancer_the_header_tells_who_a_client_is),
		cmocka_unit_test(
		    behind_a_balancer_a_client_without_a_header_is_refused),
		cmocka_unit_test(
		    behind_a_balancer_a_header_has_to_come_in_time),
		cmocka_unit_test(
		    the_health_checks_of_a_balancer_are_no_complaint),
		cmocka_unit_test(
		    behind_a_balancer_the_lists_are_for_the_clients),
		cmocka_unit_test(a_listener_behind_nobody_is_refused),
		cmocka_unit_test(what_was_answered_before_a_stop_still_arrives),
		cmocka_unit_test(
		    after_a_stop_nobody_is_waited_for_longer_than_the_limit),
		cmocka_unit_test(
		    serve_returns_after_a_stop_from_another_thread),
		cmocka_unit_test(
		    a_server_that_is_stopped_before_it_listens_stops_at_once),
		cmocka_unit_test(
		    serve_returns_after_a_stop_from_a_signal_and_may_begin_anew),
		cmocka_unit_test(two_threads_serve_one_port),
		cmocka_unit_test(two_processes_serve_one_port),
		cmocka_unit_test(every_call_may_fail_and_nothing_leaks),
	};

	test_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
