/*
 * Tests of lib/pump.c: turns, holes in mid-turn, limits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"
#include "pump_kit.h"

#include "../lib/pump.h"
#include "../lib/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>

/* Turns */

static void
readiness_is_delivered_again_as_long_as_it_holds(void **state)
{
	struct station st;

	(void)state;
	station_open(&st, NULL);
	assert_int_equal(cask_watch_start(&st.watch), 0);
	assert_int_equal(turn(), 0);
	ring(&st);
	assert_int_equal(turn(), 1);
	assert_int_equal(turn(), 1);
	assert_int_equal(st.calls, 2);
	assert_int_equal(st.events, CASK_READABLE);
	answer(&st);
	assert_int_equal(turn(), 0);
	station_close(&st);
}

static void
what_is_unwatched_is_silent_and_twice_is_fine(void **state)
{
	struct station st;

	(void)state;
	station_open(&st, NULL);
	cask_watch_stop(&st.watch);
	cask_watch_start(&st.watch);
	ring(&st);
	cask_watch_stop(&st.watch);
	cask_watch_stop(&st.watch);
	assert_int_equal(turn(), 0);
	assert_int_equal(st.calls, 0);
	station_close(&st);
}

static void
the_pump_goes_with_the_last_thing_it_watches(void **state)
{
	struct station a, b;
	long before = fault_allocations();

	(void)state;
	station_open(&a, NULL);
	station_open(&b, NULL);
	cask_watch_start(&a.watch);
	cask_watch_start(&b.watch);
	assert_true(fault_allocations() > before);
	station_close(&a);
	assert_true(fault_allocations() > before);
	station_close(&b);
	assert_int_equal(fault_allocations(), before);
}

static void
free_own(struct station *st)
{
	station_close(st);
	free(st);
}

static void
a_watch_may_be_freed_in_its_own_notification(void **state)
{
	struct station *st = malloc(sizeof *st);
	long before = fault_allocations();

	(void)state;
	station_open(st, free_own);
	cask_watch_start(&st->watch);
	ring(st);
	assert_int_equal(turn(), 1);
	assert_int_equal(fault_allocations(), before);
}

static void
free_other(struct station *st)
{
	answer(st);
	station_close(st->other);
	free(st->other);
}

static void
a_watch_freed_by_an_earlier_notification_of_the_turn_is_not_called(void **state)
{
	struct station a, *b = malloc(sizeof *b);

	(void)state;
	station_open(&a, free_other);
	station_open(b, NULL);
	a.other = b;
	cask_watch_start(&a.watch);
	cask_watch_start(&b->watch);
	ring(&a);
	ring(b);
	assert_int_equal(turn(), 1);
	station_close(&a);
}

/* Close the other's descriptor, get its number anew, and watch that. */
static void
recycle_other(struct station *st)
{
	struct station *o = st->other;
	int fd = o->watch.fd;
	int end[2];

	answer(st);
	cask_watch_stop(&o->watch);
	close(fd);
	close(o->out);
	assert_int_equal(pipe(end), 0);
	if (end[0] != fd) {
		assert_int_equal(dup2(end[0], fd), fd);
		close(end[0]);
	}
	o->watch.fd = fd;
	o->out = end[1];
	st->err = cask_watch_start(&o->watch);
}

static void
a_descriptor_used_again_within_a_turn_gets_no_old_event(void **state)
{
	struct station a, b;

	(void)state;
	station_open(&a, recycle_other);
	station_open(&b, NULL);
	a.other = &b;
	cask_watch_start(&a.watch);
	cask_watch_start(&b.watch);
	ring(&a);
	ring(&b);
	assert_int_equal(turn(), 1);
	assert_int_equal(a.err, 0);
	assert_int_equal(b.calls, 0);
	assert_int_equal(turn(), 0);
	ring(&b);
	assert_int_equal(turn(), 1);
	assert_int_equal(b.calls, 1);
	station_close(&a);
	station_close(&b);
}

static void
watch_other(struct station *st)
{
	answer(st);
	st->err = cask_watch_start(&st->other->watch);
}

static void
what_is_watched_in_a_turn_is_visited_in_the_next(void **state)
{
	struct station a, b;

	(void)state;
	station_open(&a, watch_other);
	station_open(&b, NULL);
	a.other = &b;
	cask_watch_start(&a.watch);
	ring(&a);
	ring(&b);
	assert_int_equal(turn(), 1);
	assert_int_equal(b.calls, 0);
	assert_int_equal(turn(), 1);
	assert_int_equal(b.calls, 1);
	station_close(&a);
	station_close(&b);
}

/* Whoever deals with another's data says so by watching it anew. */
static void
answer_both(struct station *st)
{
	answer(st);
	answer(st->other);
	cask_watch_start(&st->other->watch);
}

static void
what_was_dealt_with_earlier_in_the_turn_is_not_delivered(void **state)
{
	struct station a, b;

	(void)state;
	station_open(&a, answer_both);
	station_open(&b, NULL);
	a.other = &b;
	cask_watch_start(&a.watch);
	cask_watch_start(&b.watch);
	ring(&a);
	ring(&b);
	assert_int_equal(turn(), 1);
	assert_int_equal(b.calls, 0);
	station_close(&a);
	station_close(&b);
}

static void
turn_within(struct station *st)
{
	unsigned n = 99;

	answer(st);
	cask_watch_stop(&st->watch);
	st->err = cask_pump_turn(0, &n);
	assert_int_equal(n, 0);
	assert_int_equal(cask_pump_run(), EBUSY);
}

static void
a_turn_within_a_notification_is_refused(void **state)
{
	struct station st;

	(void)state;
	station_open(&st, turn_within);
	cask_watch_start(&st.watch);
	ring(&st);
	assert_int_equal(turn(), 1);
	assert_int_equal(st.err, EBUSY);
	station_close(&st);
}

static void
events_can_be_changed_while_watched(void **state)
{
	struct station st;
	struct cask_watch out = {
		.events = CASK_WRITABLE, .ready = arrived, .user = &st
	};

	(void)state;
	station_open(&st, NULL);
	out.fd = st.out;
	cask_watch_start(&out);
	assert_int_equal(turn(), 1);
	assert_int_equal(st.events, CASK_WRITABLE);
	out.events = CASK_READABLE;
	assert_int_equal(cask_watch_start(&out), 0);
	assert_int_equal(turn(), 0);
	cask_watch_stop(&out);
	station_close(&st);
}

static void
a_hang_up_and_an_error_count_as_ready(void **state)
{
	struct station st;
	struct cask_watch out = {
		.events = CASK_WRITABLE, .ready = arrived, .user = &st
	};

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	close(st.out);
	assert_int_equal(turn(), 1);
	assert_int_equal(st.events, CASK_READABLE);
	cask_watch_stop(&st.watch);
	close(st.watch.fd);

	station_open(&st, NULL);
	close(st.watch.fd);
	out.fd = st.out;
	cask_watch_start(&out);
	assert_int_equal(turn(), 1);
	assert_int_equal(st.events, CASK_WRITABLE);
	cask_watch_stop(&out);
	close(st.out);
}

static void
a_watch_without_events_is_silent_even_on_a_hang_up(void **state)
{
	struct station st;

	(void)state;
	station_open(&st, NULL);
	st.watch.events = 0;
	assert_int_equal(cask_watch_start(&st.watch), 0);
	close(st.out);
	assert_int_equal(turn(), 0);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	assert_int_equal(cask_pump_run(), EDEADLK);
	st.watch.events = CASK_READABLE;
	cask_watch_start(&st.watch);
	assert_int_equal(turn(), 1);
	cask_watch_stop(&st.watch);
	close(st.watch.fd);
}

static void
what_was_unwatched_is_not_waited_for(void **state)
{
	struct station a, b;

	(void)state;
	station_open(&a, NULL);
	station_open(&b, NULL);
	a.watch.events = 0;
	cask_watch_start(&a.watch);
	cask_watch_start(&b.watch);
	cask_watch_stop(&b.watch);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	station_close(&a);
	station_close(&b);
}

static void
nonsense_is_refused(void **state)
{
	struct cask_watch w = {
		.fd = -1, .events = CASK_READABLE, .ready = arrived
	};

	(void)state;
	assert_int_equal(cask_watch_start(&w), EINVAL);
	w.fd = 0;
	w.events = 8;
	assert_int_equal(cask_watch_start(&w), EINVAL);
	w.events = CASK_READABLE;
	w.ready = NULL;
	assert_int_equal(cask_watch_start(&w), EINVAL);
}

/* Running */

static void
run_ends_when_nothing_is_left(void **state)
{
	struct station *st = malloc(sizeof *st);

	(void)state;
	assert_int_equal(cask_pump_run(), 0);
	station_open(st, free_own);
	cask_watch_start(&st->watch);
	ring(st);
	assert_int_equal(cask_pump_run(), 0);
}

static void
stop_at_three(struct station *st)
{
	if (st->calls % 3 == 0)
		cask_pump_stop();
}

static void
run_ends_after_the_turn_in_which_it_was_stopped(void **state)
{
	struct station st;

	(void)state;
	cask_pump_stop();
	station_open(&st, stop_at_three);
	cask_watch_start(&st.watch);
	ring(&st);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(st.calls, 3);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(st.calls, 6);
	station_close(&st);
}

static void
nothing_to_wait_for_without_a_limit_is_a_deadlock(void **state)
{
	(void)state;
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
}

static void
a_turn_with_nothing_to_watch_lasts_as_long_as_its_limit(void **state)
{
	int64_t start = now_ms();
	unsigned n = 99;

	(void)state;
	assert_int_equal(cask_pump_turn(30, &n), 0);
	assert_int_equal(n, 0);
	assert_true(now_ms() - start >= 29);
}

/* Each by its own sequence: grow, make holes, close them. */
static void
a_thousand_watches_come_and_go(void **state)
{
	enum { MANY = 1000 };
	static struct cask_watch watches[MANY];
	struct station st;
	unsigned step = 7; /* has no factor in common with MANY */

	(void)state;
	station_open(&st, NULL);
	ring(&st);
	for (int i = 0; i < MANY; i++) {
		watches[i] = st.watch;
		assert_int_equal(cask_watch_start(&watches[i]), 0);
	}
	for (unsigned i = 0; i < MANY; i++) {
		if (i % 100 == 0)
			assert_int_equal(turn(), MANY - i);
		cask_watch_stop(&watches[i * step % MANY]);
	}
	station_close(&st);
	assert_int_equal(fault_allocations(), 0);
}

static void
holes_are_used_again_without_a_turn(void **state)
{
	struct station st;
	struct cask_watch w;
	unsigned before;

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	before = fault_count(FAULT_REALLOC);
	for (int i = 0; i < 1000; i++) {
		w = st.watch;
		w.slot = 0;
		assert_int_equal(cask_watch_start(&w), 0);
		cask_watch_stop(&w);
	}
	assert_int_equal(fault_count(FAULT_REALLOC), before);
	ring(&st);
	assert_int_equal(turn(), 1);
	station_close(&st);
}

static void *
thread_of_its_own(void *arg)
{
	struct station st;

	(void)arg;
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	station_open(&st, stop_at_three);
	cask_watch_start(&st.watch);
	ring(&st);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(st.calls, 3);
	station_close(&st);
	return NULL;
}

static void
each_thread_has_its_own_pump(void **state)
{
	struct station st;
	pthread_t thread;

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	ring(&st);
	assert_int_equal(
	    pthread_create(&thread, NULL, thread_of_its_own, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(st.calls, 0);
	assert_int_equal(turn(), 1);
	station_close(&st);
}

/* Waiting */

static void
a_wait_ends_with_the_event_or_with_its_limit(void **state)
{
	struct station st;
	int64_t start = now_ms();

	(void)state;
	station_open(&st, NULL);
	assert_int_equal(
	    caski_wait_one(st.watch.fd, CASK_READABLE, caski_deadline(30)),
	    ETIMEDOUT);
	assert_true(now_ms() - start >= 29);
	assert_int_equal(
	    caski_wait_one(st.watch.fd, CASK_READABLE, 0), ETIMEDOUT);
	assert_int_equal(
	    caski_wait_one(st.out, CASK_WRITABLE, caski_deadline(0)), 0);
	ring(&st);
	assert_int_equal(caski_wait_one(st.watch.fd, CASK_READABLE, 0), 0);
	assert_int_equal(
	    caski_wait_one(st.watch.fd, CASK_READABLE, CASKI_NEVER), 0);
	assert_int_equal(
	    caski_wait_one(st.watch.fd, CASK_READABLE, caski_deadline(INT_MAX)),
	    0);
	assert_int_equal(
	    caski_wait_one(st.watch.fd, CASK_READABLE, CASKI_NEVER - 1), 0);
	station_close(&st);
}

static void
interruptions_are_invisible_and_cost_no_time(void **state)
{
	struct station st;
	int64_t start;

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	fault_reset();
	fault_disturb(true);
	start = now_ms();
	assert_int_equal(
	    caski_wait_one(st.watch.fd, CASK_READABLE, caski_deadline(20)),
	    ETIMEDOUT);
	assert_int_equal(cask_pump_turn(20, NULL), 0);
	assert_int_equal(st.calls, 0);
	assert_true(now_ms() - start >= 39);
	assert_true(fault_injected() >= 2);
	ring(&st);
	assert_int_equal(turn(), 1);
	fault_reset();
	station_close(&st);
}

static void
ignore(int sig)
{
	(void)sig;
}

static void *
shower_of_signals(void *whom)
{
	pthread_t *thread = whom;

	for (int i = 0; i < 20; i++) {
		test_pause(1);
		pthread_kill(*thread, SIGUSR1);
	}
	return NULL;
}

static void
signals_do_not_stretch_or_cut_a_wait(void **state)
{
	struct sigaction sa = { .sa_handler = ignore };
	struct sigaction before;
	struct station st;
	pthread_t self = pthread_self();
	pthread_t thread;
	int64_t took;

	(void)state;
	sigaction(SIGUSR1, &sa, &before);
	station_open(&st, NULL);
	took = now_ms();
	assert_int_equal(
	    pthread_create(&thread, NULL, shower_of_signals, &self), 0);
	assert_int_equal(
	    caski_wait_one(st.watch.fd, CASK_READABLE, caski_deadline(100)),
	    ETIMEDOUT);
	took = now_ms() - took;
	pthread_join(thread, NULL);
	assert_in_range(took, 99, 1000);
	sigaction(SIGUSR1, &before, NULL);
	station_close(&st);
}

static void
a_poll_that_fails_is_an_error(void **state)
{
	struct station st;

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	fault_reset();
	fault_plan(FAULT_POLL, 0, true, ENOMEM);
	assert_int_equal(
	    caski_wait_one(st.watch.fd, CASK_READABLE, CASKI_NEVER), ENOMEM);
	assert_int_equal(fault_injected(), 1);
	fault_plan(by_poll() ? FAULT_POLL : FAULT_EPOLL_WAIT, 0, true, ENOMEM);
	assert_int_equal(cask_pump_turn(-1, NULL), ENOMEM);
	assert_int_equal(cask_pump_run(), ENOMEM);
	assert_int_equal(fault_injected(), 3);
	fault_reset();
	station_close(&st);
}

static void
watch_twenty(void *arg)
{
	struct station *st = arg;
	struct cask_watch watches[20];
	unsigned n = 0, expected = 0;
	int err = 0;

	for (int i = 0; i < 20; i++) {
		watches[i] = st->watch;
		err = cask_watch_start(&watches[i]);
		assert_true(err == 0 || err == ENOMEM || err == ENOSPC ||
		    err == EMFILE);
		expected += err == 0;
	}
	err = cask_pump_turn(0, &n);
	assert_true(err == 0 ? n == expected : n == 0);
	for (int i = 0; i < 20; i++)
		cask_watch_stop(&watches[i]);
}

static void
every_call_may_fail_and_nothing_leaks(void **state)
{
	struct station st;

	(void)state;
	station_open(&st, NULL);
	ring(&st);
	assert_true(fault_everywhere(watch_twenty, &st) >= 8);
	station_close(&st);
}

/* What the system is told */

static void
pausing_and_resuming_costs_no_system_call(void **state)
{
	struct station st;
	unsigned before;

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	before = fault_count(FAULT_EPOLL_SET);
	for (int i = 0; i < 1000; i++) {
		ring(&st);
		assert_int_equal(turn(), 1);
		st.watch.events = 0;
		cask_watch_start(&st.watch);
		answer(&st);
		st.watch.events = CASK_READABLE;
		cask_watch_start(&st.watch);
	}
	assert_int_equal(st.calls, 1000);
	assert_int_equal(fault_count(FAULT_EPOLL_SET), before);
	station_close(&st);
}

/* An event that nobody wants is heard of once, not again and again. */
static void
a_paused_watch_with_data_lets_the_pump_sleep(void **state)
{
	struct station st;
	unsigned before;

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	st.watch.events = 0;
	cask_watch_start(&st.watch);
	ring(&st);
	before = fault_count(FAULT_EPOLL_WAIT) + fault_count(FAULT_POLL);
	assert_int_equal(cask_pump_turn(30, NULL), 0);
	assert_true(!test_is_calm() ||
	    fault_count(FAULT_EPOLL_WAIT) + fault_count(FAULT_POLL) - before <=
		5);
	assert_int_equal(st.calls, 0);
	st.watch.events = CASK_READABLE;
	cask_watch_start(&st.watch);
	assert_int_equal(turn(), 1);
	station_close(&st);
}

static void
a_descriptor_may_be_watched_twice(void **state)
{
	struct station st, other;
	int before = fault_descriptors();

	(void)state;
	station_open(&st, NULL);
	other = st;
	other.watch.user = &other;
	cask_watch_start(&st.watch);
	assert_int_equal(cask_watch_start(&other.watch), 0);
	ring(&st);
	assert_int_equal(turn(), 2);
	cask_watch_stop(&st.watch);
	assert_int_equal(turn(), 1);
	assert_int_equal(other.calls, 2);
	cask_watch_stop(&other.watch);
	station_close(&st);
	assert_int_equal(fault_descriptors(), before);
}

static void
a_file_is_always_ready_unless_paused(void **state)
{
	struct station st;
	FILE *f = tmpfile();
	struct cask_watch w = {
		.events = CASK_READABLE, .ready = arrived, .user = &st
	};

	(void)state;
	assert_non_null(f);
	station_open(&st, NULL);
	w.fd = fileno(f);
	assert_int_equal(cask_watch_start(&w), 0);
	cask_watch_start(&st.watch);
	assert_int_equal(cask_pump_turn(-1, NULL), 0);
	assert_int_equal(st.calls, 1);
	assert_int_equal(turn(), 1);
	ring(&st);
	assert_int_equal(turn(), 2);
	answer(&st);
	w.events = 0;
	cask_watch_start(&w);
	assert_int_equal(turn(), 0);
	w.events = CASK_READABLE | CASK_WRITABLE;
	cask_watch_start(&w);
	assert_int_equal(turn(), 1);
	assert_int_equal(st.events, CASK_READABLE | CASK_WRITABLE);
	cask_watch_stop(&w);
	fclose(f);
	station_close(&st);
}

static void
urgent_data_is_announced(void **state)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof sa;
	struct station st;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	struct cask_watch w = {
		.events = CASK_URGENT, .ready = arrived, .user = &st
	};
	int fd;

	(void)state;
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	station_open(&st, NULL);
	assert_int_equal(bind(l, (void *)&sa, sizeof sa), 0);
	assert_int_equal(listen(l, 1), 0);
	getsockname(l, (void *)&sa, &len);
	w.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(test_connect(w.fd, (void *)&sa, sizeof sa), 0);
	fd = test_accept(l);
	cask_watch_start(&w);
	assert_int_equal(send(fd, "a", 1, 0), 1);
	assert_int_equal(cask_pump_turn(20, NULL), 0);
	assert_int_equal(st.calls, 0);
	assert_int_equal(send(fd, "!", 1, MSG_OOB), 1);
	assert_int_equal(cask_pump_turn(-1, NULL), 0);
	assert_int_equal(st.events, CASK_URGENT);
	cask_watch_stop(&w);
	close(w.fd);
	close(fd);
	close(l);
	station_close(&st);
}

static void
an_inner_watch_tells_an_end_from_data(void **state)
{
	struct station st;
	int fd[2];
	bool can = caski_sys_pollrdhup() != 0;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	st = (struct station) { .watch = { .fd = fd[0],
				    .events = CASK_READABLE,
				    .ready = arrived,
				    .user = &st,
				    .inner = true },
		.out = fd[1] };
	cask_watch_start(&st.watch);
	ring(&st);
	assert_int_equal(turn(), 0); /* it is not the program's */
	assert_int_equal(
	    st.events, can ? CASK_READABLE : CASK_READABLE | CASKI_HANGUP);
	assert_int_equal(shutdown(fd[1], SHUT_WR), 0);
	turn();
	assert_int_equal(st.events, CASK_READABLE | CASKI_HANGUP);
	station_close(&st);
}

/* Fork */

static bool
use_it(void *arg)
{
	struct station *st = arg;
	struct station mine;
	bool good;

	station_open(&mine, NULL);
	good = cask_watch_start(&mine.watch) == 0;
	ring(&mine);
	good = good && turn() == 2 && mine.calls == 1;
	cask_watch_stop(&st->watch);
	good = good && turn() == 1;
	cask_watch_stop(&mine.watch);
	return good && fault_allocations() == 0;
}

static void
a_child_has_a_pump_of_its_own(void **state)
{
	struct station st, idle;

	(void)state;
	station_open(&st, NULL);
	station_open(&idle, NULL);
	cask_watch_start(&st.watch);
	ring(&st);
	assert_int_equal(turn(), 1);
	in_a_child(use_it, &st);
	assert_int_equal(turn(), 1);
	assert_int_equal(cask_watch_start(&idle.watch), 0);
	ring(&idle);
	assert_int_equal(turn(), 2);
	station_close(&st);
	station_close(&idle);
}

static bool
without_epoll(void *arg)
{
	fault_reset();
	fault_plan(FAULT_EPOLL, 0, true, EMFILE);
	return use_it(arg) && (by_poll() || fault_injected() > 0);
}

static void
without_epoll_there_is_poll(void **state)
{
	struct station st;

	(void)state;
	fault_reset();
	fault_plan(FAULT_EPOLL, 0, true, EMFILE);
	station_open(&st, NULL);
	assert_int_equal(cask_watch_start(&st.watch), 0);
	assert_int_equal(fault_injected(), by_poll() ? 0 : 1);
	ring(&st);
	assert_int_equal(turn(), 1);
	assert_int_equal(cask_pump_fd(), -1);
	cask_watch_stop(&st.watch);
	fault_reset();
	cask_watch_start(&st.watch);
	assert_int_equal(turn(), 1);
	in_a_child(without_epoll, &st);
	assert_int_equal(turn(), 1);
	station_close(&st);
}

static void
a_way_that_is_not_known_is_ignored(void **state)
{
	const char *asked = getenv("CASK_POLL");
	char *before = asked != NULL ? strdup(asked) : NULL;
	struct station st;

	(void)state;
	setenv("CASK_POLL", "kqueue", 1);
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	ring(&st);
	assert_int_equal(turn(), 1);
	station_close(&st);
	if (before != NULL)
		setenv("CASK_POLL", before, 1);
	else
		unsetenv("CASK_POLL");
	free(before);
}

/* It was closed while it was watched, and its copy is still told of. */
static void
an_event_of_nobody_does_not_make_the_pump_spin(void **state)
{
	struct station st, idle;
	unsigned before;
	int copy;

	(void)state;
	station_open(&idle, NULL);
	cask_watch_start(&idle.watch);
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	copy = dup(st.watch.fd);
	ring(&st);
	close(st.watch.fd);
	cask_watch_stop(&st.watch);
	st.watch.fd = copy;
	cask_watch_start(&st.watch);
	st.watch.events = 0;
	cask_watch_start(&st.watch);
	before = fault_count(FAULT_EPOLL_WAIT);
	assert_int_equal(cask_pump_turn(30, NULL), 0);
	assert_true(
	    !test_is_calm() || fault_count(FAULT_EPOLL_WAIT) - before <= 5);
	station_close(&st);
	station_close(&idle);
}

/* A pump in another loop */

static int
readable_within(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return test_poll(&p, 1, ms);
}

static void
count_fire(struct cask_timer *t)
{
	++*(unsigned *)t->user;
}

static void
another_loop_sees_watches_timers_and_notes(void **state)
{
	struct station st;
	unsigned fired = 0;
	struct cask_timer t = { .after_ms = 20,
		.every_ms = 20,
		.fire = count_fire,
		.user = &fired };
	int fd;

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	fd = cask_pump_fd();
	if (by_poll()) {
		assert_int_equal(fd, -1);
		station_close(&st);
		return;
	}
	assert_true(fd >= 0);
	assert_int_equal(cask_pump_fd(), fd);
	assert_int_equal(readable_within(fd, 0), 0);
	ring(&st);
	assert_int_equal(readable_within(fd, 0), 1);
	assert_int_equal(turn(), 1);
	answer(&st);
	assert_int_equal(turn(), 0);
	assert_int_equal(readable_within(fd, 0), 0);
	cask_timer_start(&t);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(readable_within(fd, 10000), 1);
		while (turn() == 0)
			assert_true(readable_within(fd, 10000) == 1);
		assert_true(fired >= i);
	}
	cask_timer_stop(&t);
	assert_int_equal(turn(), 0);
	assert_int_equal(readable_within(fd, 30), 0);
	station_close(&st);
}

static void
a_pump_that_was_made_for_its_descriptor_goes_with_a_turn(void **state)
{
	int before = fault_descriptors();

	(void)state;
	assert_int_equal(cask_pump_fd() >= 0, !by_poll());
	assert_int_equal(turn(), 0);
	assert_int_equal(fault_allocations(), 0);
	assert_int_equal(fault_descriptors(), before);
}

/* The child goes on with the turn, and the other watch stays paused in it; the
 * parent, when the child has ended, goes on too, and resumes it. */
static void
fork_within(struct station *st)
{
	int status = -1;
	pid_t child = fork();

	st->err = (int)child;
	st->then = NULL;
	if (child == 0)
		return;
	assert_int_equal(test_await(child, &status), child);
	assert_int_equal(status, 0);
	st->other->watch.events = CASK_READABLE;
	cask_watch_start(&st->other->watch);
}

static void
a_child_made_in_a_turn_leaves_the_parents_watches_alone(void **state)
{
	struct station a, b;

	(void)state;
	station_open(&a, fork_within);
	station_open(&b, NULL);
	a.other = &b;
	cask_watch_start(&a.watch);
	cask_watch_start(&b.watch);
	b.watch.events = 0;
	cask_watch_start(&b.watch);
	ring(&a);
	ring(&b);
	assert_int_equal(turn(), 1);
	if (a.err == 0) {
		cask_watch_stop(&a.watch);
		cask_watch_stop(&b.watch);
		_exit(fault_allocations() != 0);
	}
	cask_watch_stop(&a.watch);
	assert_int_equal(turn(), 1);
	assert_int_equal(b.calls, 1);
	station_close(&a);
	station_close(&b);
}

static bool
use_timer(void *arg)
{
	struct cask_timer *t = arg;

	cask_timer_stop(t);
	return turn() == 0;
}

static void
a_child_leaves_the_parents_alarm_alone(void **state)
{
	unsigned fired = 0;
	struct cask_timer t = {
		.after_ms = 20, .fire = count_fire, .user = &fired
	};
	struct station st;
	int fd = cask_pump_fd();

	(void)state;
	station_open(&st, NULL);
	cask_watch_start(&st.watch);
	cask_timer_start(&t);
	in_a_child(use_timer, &t);
	if (!by_poll())
		assert_int_equal(readable_within(fd, 10000), 1);
	assert_int_equal(cask_pump_turn(-1, NULL), 0);
	assert_int_equal(fired, 1);
	station_close(&st);
}

static void
watch_in_another_loop(void *arg)
{
	struct station *st = arg;
	unsigned fired = 0;
	struct cask_timer t = { .fire = count_fire, .user = &fired };
	unsigned n = 0;
	bool watched = cask_watch_start(&st->watch) == 0;
	bool started = cask_timer_start(&t) == 0;

	cask_pump_fd();
	if (cask_pump_turn(0, &n) == 0)
		assert_int_equal(n, (unsigned)watched + started);
	cask_timer_stop(&t);
	cask_watch_stop(&st->watch);
	cask_pump_turn(0, NULL);
}

static void
every_call_may_fail_in_another_loop(void **state)
{
	struct station st;

	(void)state;
	station_open(&st, NULL);
	ring(&st);
	assert_true(fault_everywhere(watch_in_another_loop, &st) >= 8);
	station_close(&st);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(readiness_is_delivered_again_as_long_as_it_holds),
	cmocka_unit_test(what_is_unwatched_is_silent_and_twice_is_fine),
	cmocka_unit_test(the_pump_goes_with_the_last_thing_it_watches),
	cmocka_unit_test(a_watch_may_be_freed_in_its_own_notification),
	cmocka_unit_test(
	    a_watch_freed_by_an_earlier_notification_of_the_turn_is_not_called),
	cmocka_unit_test(
	    a_descriptor_used_again_within_a_turn_gets_no_old_event),
	cmocka_unit_test(what_is_watched_in_a_turn_is_visited_in_the_next),
	cmocka_unit_test(
	    what_was_dealt_with_earlier_in_the_turn_is_not_delivered),
	cmocka_unit_test(a_turn_within_a_notification_is_refused),
	cmocka_unit_test(events_can_be_changed_while_watched),
	cmocka_unit_test(a_hang_up_and_an_error_count_as_ready),
	cmocka_unit_test(a_watch_without_events_is_silent_even_on_a_hang_up),
	cmocka_unit_test(what_was_unwatched_is_not_waited_for),
	cmocka_unit_test(nonsense_is_refused),
	cmocka_unit_test(run_ends_when_nothing_is_left),
	cmocka_unit_test(run_ends_after_the_turn_in_which_it_was_stopped),
	cmocka_unit_test(nothing_to_wait_for_without_a_limit_is_a_deadlock),
	cmocka_unit_test(
	    a_turn_with_nothing_to_watch_lasts_as_long_as_its_limit),
	cmocka_unit_test(a_thousand_watches_come_and_go),
	cmocka_unit_test(holes_are_used_again_without_a_turn),
	cmocka_unit_test(each_thread_has_its_own_pump),
	cmocka_unit_test(a_wait_ends_with_the_event_or_with_its_limit),
	cmocka_unit_test(interruptions_are_invisible_and_cost_no_time),
	cmocka_unit_test(signals_do_not_stretch_or_cut_a_wait),
	cmocka_unit_test(a_poll_that_fails_is_an_error),
	cmocka_unit_test(every_call_may_fail_and_nothing_leaks),
	cmocka_unit_test(pausing_and_resuming_costs_no_system_call),
	cmocka_unit_test(a_paused_watch_with_data_lets_the_pump_sleep),
	cmocka_unit_test(a_descriptor_may_be_watched_twice),
	cmocka_unit_test(a_file_is_always_ready_unless_paused),
	cmocka_unit_test(urgent_data_is_announced),
	cmocka_unit_test(an_inner_watch_tells_an_end_from_data),
	cmocka_unit_test(a_child_has_a_pump_of_its_own),
	cmocka_unit_test(without_epoll_there_is_poll),
	cmocka_unit_test(a_way_that_is_not_known_is_ignored),
	cmocka_unit_test(an_event_of_nobody_does_not_make_the_pump_spin),
	cmocka_unit_test(another_loop_sees_watches_timers_and_notes),
	cmocka_unit_test(
	    a_pump_that_was_made_for_its_descriptor_goes_with_a_turn),
	cmocka_unit_test(
	    a_child_made_in_a_turn_leaves_the_parents_watches_alone),
	cmocka_unit_test(a_child_leaves_the_parents_alarm_alone),
	cmocka_unit_test(every_call_may_fail_in_another_loop),
};

RUN_TESTS(tests)
