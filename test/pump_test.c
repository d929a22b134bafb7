/*
 * Tests of lib/pump.c: turns, holes in mid-turn, limits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include "../lib/pump.h"
#include "../lib/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>

/* A pipe whose reading end is watched, and what happens when it is ready. */
struct station {
	struct cask_watch watch;
	int out;
	unsigned calls;
	int events;
	void (*then)(struct station *st);
	struct station *other;
	int err;
};

static void
arrived(struct cask_watch *w, int events)
{
	struct station *st = w->user;

	st->calls++;
	st->events = events;
	if (st->then != NULL)
		st->then(st);
}

static void
station_open(struct station *st, void (*then)(struct station *st))
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	*st = (struct station) {
		.watch = { .fd = fd[0],
		    .events = CASK_READABLE,
		    .ready = arrived,
		    .user = st },
		.out = fd[1],
		.then = then,
	};
}

static void
station_close(struct station *st)
{
	cask_watch_stop(&st->watch);
	close(st->watch.fd);
	close(st->out);
}

static void
ring(struct station *st)
{
	assert_int_equal(write(st->out, "!", 1), 1);
}

static void
answer(struct station *st)
{
	char c;

	assert_int_equal(read(st->watch.fd, &c, 1), 1);
}

static unsigned
turn(void)
{
	unsigned n = 99;

	assert_int_equal(cask_pump_turn(0, &n), 0);
	return n;
}

/* The program is run twice, the second time like this. */
static bool
by_poll(void)
{
	const char *asked = getenv("CASK_POLL");

	return asked != NULL && strcmp(asked, "poll") == 0;
}

static int64_t
now_ms(void)
{
	return caski_sys_now() / 1000000;
}

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
		poll(NULL, 0, 1);
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
};

RUN_TESTS(tests)
