/*
 * Tests of lib/wait.c and lib/note.c: what is done while a call waits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"
#include "pump_kit.h"

#include <errno.h>
#include <pthread.h>

/* A call of a socket's, as the pump sees it: on st, with a limit. */
static int
call(struct station *st, int ms)
{
	struct caski_own own = { .fd = st->watch.fd, .events = CASK_READABLE };
	int64_t deadline = caski_deadline(ms);
	int err;

	caski_wait_begin();
	do
		err = caski_wait(&own, 1, deadline);
	while (err == 0 && own.seen == 0);
	caski_wait_end();
	return err;
}

struct beat {
	struct cask_timer timer;
	unsigned fired;
	void (*then)(struct beat *b);
	struct station *st;
	int err;
};

static void
beat(struct cask_timer *t)
{
	struct beat *b = t->user;

	b->fired++;
	if (b->then != NULL)
		b->then(b);
}

static void
beat_start(struct beat *b, int after_ms, int every_ms,
    void (*then)(struct beat *b), struct station *st)
{
	*b = (struct beat) {
		.timer = { .after_ms = after_ms,
		    .every_ms = every_ms,
		    .fire = beat,
		    .user = b },
		.then = then,
		.st = st,
	};
	assert_int_equal(cask_timer_start(&b->timer), 0);
}

static void
ring_station(struct beat *b)
{
	ring(b->st);
}

static void
a_wait_without_a_pump_allocates_nothing(void **state)
{
	struct station st;
	unsigned before = fault_count(FAULT_MALLOC);

	(void)state;
	station_open(&st, NULL);
	assert_int_equal(call(&st, 10), ETIMEDOUT);
	ring(&st);
	assert_int_equal(call(&st, -1), 0);
	assert_int_equal(fault_count(FAULT_MALLOC), before);
	station_close(&st);
}

static void
timers_fire_while_a_call_waits(void **state)
{
	struct station st;
	struct beat b;

	(void)state;
	station_open(&st, NULL);
	beat_start(&b, 5, 0, ring_station, &st);
	assert_int_equal(call(&st, -1), 0);
	assert_int_equal(b.fired, 1);
	station_close(&st);
	assert_int_equal(fault_allocations(), 0);
}

static void
ring_other(struct station *st)
{
	answer(st);
	ring(st->other);
}

static void
watches_run_while_a_call_waits(void **state)
{
	struct station st, w;

	(void)state;
	station_open(&st, NULL);
	station_open(&w, ring_other);
	w.other = &st;
	cask_watch_start(&w.watch);
	ring(&w);
	assert_int_equal(call(&st, -1), 0);
	assert_int_equal(w.calls, 1);
	assert_int_equal(turn(), 0);
	station_close(&st);
	station_close(&w);
}

/* Always ready, never answered. */
static void
what_is_always_ready_does_not_stretch_a_limit(void **state)
{
	struct station st, w;

	(void)state;
	station_open(&st, NULL);
	station_open(&w, NULL);
	cask_watch_start(&w.watch);
	ring(&w);
	assert_int_equal(call(&st, 20), ETIMEDOUT);
	assert_true(w.calls > 0);
	station_close(&st);
	station_close(&w);
}

static void
its_own_readiness_comes_before_all_else(void **state)
{
	struct station st, w;

	(void)state;
	station_open(&st, NULL);
	station_open(&w, NULL);
	cask_watch_start(&w.watch);
	ring(&w);
	ring(&st);
	assert_int_equal(call(&st, 0), 0);
	assert_int_equal(call(&st, -1), 0);
	assert_int_equal(w.calls, 0);
	station_close(&st);
	station_close(&w);
}

static void
wait_a_little(struct station *st)
{
	st->err = call(st->other, 30);
}

static void
a_watch_does_not_run_within_itself(void **state)
{
	struct station st, silent;
	unsigned looks;

	(void)state;
	station_open(&st, wait_a_little);
	station_open(&silent, NULL);
	st.other = &silent;
	cask_watch_start(&st.watch);
	ring(&st);
	looks = fault_count(FAULT_POLL);
	assert_int_equal(turn(), 1);
	assert_int_equal(st.calls, 1);
	assert_int_equal(st.err, ETIMEDOUT);
	assert_true(!test_is_calm() || fault_count(FAULT_POLL) - looks < 8);
	assert_int_equal(turn(), 1);
	station_close(&st);
	station_close(&silent);
}

static void
beat_and_wait(struct beat *b)
{
	if (b->fired == 1)
		b->err = call(b->st, 30);
	else
		cask_timer_stop(&b->timer);
}

static void
a_timer_does_not_run_within_itself(void **state)
{
	struct station st;
	struct beat b;
	unsigned looks = fault_count(FAULT_POLL);

	(void)state;
	station_open(&st, NULL);
	beat_start(&b, 0, 5, beat_and_wait, &st);
	assert_int_equal(turn(), 1);
	assert_int_equal(b.fired, 1);
	assert_int_equal(b.err, ETIMEDOUT);
	assert_true(!test_is_calm() || fault_count(FAULT_POLL) - looks < 8);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(b.fired, 2);
	station_close(&st);
}

/* In its own callback, from within a wait: stop and free the watch. */
static void
free_station(struct beat *b)
{
	struct station *st = b->st;

	cask_watch_stop(&st->watch);
	ring(st->other);
	close(st->watch.fd);
	close(st->out);
	free(st);
}

static void
wait_for_other(struct station *st)
{
	int err = call(st->other, -1);

	assert_int_equal(err, 0);
}

static void
a_watch_may_be_freed_while_a_wait_is_in_its_callback(void **state)
{
	struct station *st = malloc(sizeof *st), other;
	struct beat b;

	(void)state;
	station_open(st, wait_for_other);
	station_open(&other, NULL);
	st->other = &other;
	cask_watch_start(&st->watch);
	ring(st);
	beat_start(&b, 5, 0, free_station, st);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(b.fired, 1);
	station_close(&other);
	assert_int_equal(fault_allocations(), 0);
}

static void
turn_within(struct station *st)
{
	answer(st);
	st->err = cask_pump_turn(0, NULL);
	assert_int_equal(cask_pump_run(), EBUSY);
	ring(st->other);
}

static void
a_turn_while_a_call_waits_is_refused(void **state)
{
	struct station st, w;

	(void)state;
	station_open(&st, NULL);
	station_open(&w, turn_within);
	w.other = &st;
	cask_watch_start(&w.watch);
	ring(&w);
	assert_int_equal(call(&st, -1), 0);
	assert_int_equal(w.err, EBUSY);
	caski_wait_begin();
	assert_int_equal(cask_pump_turn(0, NULL), EBUSY);
	caski_wait_end();
	station_close(&st);
	station_close(&w);
}

/* Each watch's callback waits in turn. */
static unsigned deepest;

static void
go_deeper(struct station *st)
{
	deepest++;
	st->err = call(st->other, 200);
	if (st->err == ELOOP)
		ring(st->other);
}

static void
waits_within_one_another_have_an_end(void **state)
{
	enum { MANY = CASKI_DEPTH_MOST + 4 };
	static struct station w[MANY];
	struct station st;
	unsigned refused = 0;

	(void)state;
	deepest = 0;
	station_open(&st, NULL);
	for (int i = 0; i < MANY; i++) {
		station_open(&w[i], go_deeper);
		w[i].other = &st;
		cask_watch_start(&w[i].watch);
		ring(&w[i]);
	}
	turn();
	for (int i = 0; i < MANY; i++) {
		refused += w[i].err == ELOOP;
		station_close(&w[i]);
	}
	assert_true(refused >= 1);
	assert_true(deepest >= CASKI_DEPTH_MOST);
	station_close(&st);
	assert_int_equal(fault_allocations(), 0);
}

/* Notes */

struct letter {
	struct cask_note note;
	unsigned number;
	unsigned delivered;
	void (*then)(struct letter *m);
	struct station *st;
	struct station *man;
	struct letter *other;
};

static unsigned order[64];
static unsigned ordered;

static void
deliver(struct cask_note *n)
{
	struct letter *m = (struct letter *)n;

	m->delivered++;
	order[ordered++ % COUNT(order)] = m->number;
	if (m->then != NULL)
		m->then(m);
}

static void
letter(struct letter *m, unsigned number, void (*then)(struct letter *m))
{
	*m = (struct letter) {
		.note = { .deliver = deliver }, .number = number, .then = then
	};
}

/* Three letters are put into the queue by an inner watch during a wait. */
static struct letter three[3];

static void
post_three(struct station *st)
{
	answer(st);
	for (unsigned i = 0; i < 3; i++)
		caski_note_post(&three[i].note);
	caski_note_post(&three[0].note);
}

static void
postman(struct station *st)
{
	station_open(st, post_three);
	st->watch.inner = true;
	cask_watch_start(&st->watch);
	for (unsigned i = 0; i < 3; i++)
		letter(&three[i], i, NULL);
	ordered = 0;
}

static void
notes_wait_for_the_next_turn_in_order(void **state)
{
	struct station man, st;

	(void)state;
	station_open(&st, NULL);
	postman(&man);
	ring(&man);
	assert_int_equal(call(&st, 20), ETIMEDOUT);
	assert_int_equal(ordered, 0);
	assert_false(caski_pump_idle());
	assert_int_equal(cask_pump_turn(-1, NULL), 0);
	assert_int_equal(ordered, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(order[i], i);
	assert_int_equal(turn(), 0);
	station_close(&man);
	station_close(&st);
	assert_true(caski_pump_idle());
}

static void
a_note_that_is_dropped_is_not_delivered(void **state)
{
	struct station man;

	(void)state;
	postman(&man);
	ring(&man);
	for (unsigned i = 0; i < 3; i++)
		caski_note_post(&three[i].note);
	caski_note_drop(&three[1].note);
	caski_note_drop(&three[1].note);
	cask_watch_stop(&man.watch);
	assert_int_equal(turn(), 2);
	assert_int_equal(three[1].delivered, 0);
	assert_int_equal(fault_allocations(), 0);
	station_close(&man);
}

static void
post_later(struct letter *m)
{
	if (m->delivered < 3)
		caski_note_later(&m->note);
}

static void
a_later_note_is_delivered_by_another_turn(void **state)
{
	struct station man;

	(void)state;
	postman(&man);
	three[0].then = post_later;
	caski_note_post(&three[0].note);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(cask_pump_turn(-1, NULL), 0);
		assert_int_equal(three[0].delivered, i);
	}
	assert_int_equal(cask_pump_turn(0, NULL), 0);
	assert_int_equal(three[0].delivered, 3);
	station_close(&man);
}

static void
wait_for_three(struct letter *m)
{
	ring(m->man);
	m->man->watch.events = CASK_READABLE;
	cask_watch_start(&m->man->watch);
	assert_int_equal(call(m->st, 20), ETIMEDOUT);
}

static void
what_comes_in_while_notes_are_delivered_is_delivered_too(void **state)
{
	struct station man, st;
	struct letter waits;

	(void)state;
	station_open(&st, NULL);
	postman(&man);
	letter(&waits, 9, wait_for_three);
	waits.st = &st;
	caski_note_post(&waits.note);
	man.watch.events = 0;
	cask_watch_start(&man.watch);
	waits.man = &man;
	assert_int_equal(turn(), 4);
	assert_int_equal(ordered, 4);
	station_close(&man);
	station_close(&st);
}

static void
ring_letter(struct letter *m)
{
	ring(m->st);
}

static void
nested_notes_are_delivered_while_a_call_waits(void **state)
{
	struct station man, st;

	(void)state;
	station_open(&st, NULL);
	postman(&man);
	three[2].then = ring_letter;
	three[2].st = &st;
	cask_pump_nest(1);
	ring(&man);
	assert_int_equal(call(&st, -1), 0);
	assert_int_equal(ordered, 3);
	assert_int_equal(turn(), 0);
	cask_pump_nest(0);
	station_close(&man);
	station_close(&st);
}

static void
nest_deeper(struct letter *m)
{
	assert_int_equal(call(m->st, 20), ETIMEDOUT);
	assert_int_equal(m->other->delivered, 0);
}

static void
no_more_notes_than_asked_for_are_delivered_within_one_another(void **state)
{
	struct station man, st;

	(void)state;
	station_open(&st, NULL);
	postman(&man);
	three[0].then = nest_deeper;
	three[0].st = &st;
	three[0].other = &three[1];
	cask_pump_nest(1);
	ring(&man);
	assert_int_equal(call(&st, 40), ETIMEDOUT);
	assert_int_equal(ordered, 3);
	cask_pump_nest(0);
	station_close(&man);
	station_close(&st);
}

static void
refuse(struct letter *m)
{
	caski_note_refuse(&m->note);
}

static void
a_note_that_can_not_be_delivered_does_not_make_a_wait_spin(void **state)
{
	struct station man, st;
	unsigned looks;

	(void)state;
	station_open(&st, NULL);
	postman(&man);
	three[0].then = refuse;
	cask_pump_nest(1);
	caski_note_post(&three[0].note);
	looks = fault_count(FAULT_POLL);
	assert_int_equal(call(&st, 20), ETIMEDOUT);
	assert_true(!test_is_calm() || fault_count(FAULT_POLL) - looks < 8);
	assert_true(three[0].delivered >= 1);
	caski_note_drop(&three[0].note);
	cask_pump_nest(0);
	station_close(&man);
	station_close(&st);
}

/* The bell */

static void *
ring_bell(void *bell)
{
	caski_sys_bell_ring(*(int *)bell);
	return NULL;
}

static void
the_bell_ends_a_sleep(void **state)
{
	struct station st, w;
	struct caski_own own;
	pthread_t thread;
	int bell;

	(void)state;
	station_open(&st, NULL);
	station_open(&w, NULL);
	own = (struct caski_own) { st.watch.fd, CASK_READABLE, 0 };
	for (int watched = 0; watched < 2; watched++) {
		fault_reset();
		if (watched)
			cask_watch_start(&w.watch);
		caski_wait_begin();
		bell = caski_pump_bell();
		assert_true(bell >= 0);
		assert_int_equal(caski_pump_bell(), bell);
		pthread_create(&thread, NULL, ring_bell, &bell);
		assert_int_equal(caski_wait(&own, 1, CASKI_NEVER), 0);
		assert_int_equal(own.seen, 0);
		pthread_join(thread, NULL);
		assert_int_equal(
		    caski_wait(&own, 1, caski_deadline(10)), ETIMEDOUT);
		assert_true(watched || fault_count(FAULT_EPOLL) == 0);
		caski_wait_end();
		cask_watch_stop(&w.watch);
		assert_int_equal(fault_allocations(), 0);
	}
	station_close(&st);
	station_close(&w);
}

static void
without_a_bell_a_wait_looks_up_by_itself(void **state)
{
	struct station st;
	struct caski_own own;

	(void)state;
	station_open(&st, NULL);
	own = (struct caski_own) { st.watch.fd, CASK_READABLE, 0 };
	for (int kind = 0; kind < 2; kind++) {
		fault_reset();
		fault_plan(kind ? FAULT_BELL : FAULT_MALLOC, 0, true,
		    kind ? EMFILE : ENOMEM);
		caski_wait_begin();
		assert_int_equal(caski_pump_bell(), -1);
		assert_int_equal(fault_injected(), 1);
		assert_int_equal(caski_wait(&own, 1, CASKI_NEVER), 0);
		assert_int_equal(own.seen, 0);
		caski_wait_end();
		fault_reset();
		assert_int_equal(fault_allocations(), 0);
	}
	station_close(&st);
}

static void
wait_with_all(void *arg)
{
	struct station *st = arg;
	struct caski_own own = { st[0].watch.fd, CASK_READABLE, 0 };
	int err = 0;

	caski_wait_begin();
	caski_pump_bell();
	cask_watch_start(&st[1].watch);
	for (int i = 0; i < 3 && err == 0; i++)
		err = caski_wait(&own, 1, caski_deadline(0));
	assert_true(err != 0);
	cask_watch_stop(&st[1].watch);
	caski_wait_end();
}

static void
every_call_of_a_wait_may_fail(void **state)
{
	struct station st[2];

	(void)state;
	station_open(&st[0], NULL);
	station_open(&st[1], NULL);
	ring(&st[1]);
	assert_true(fault_everywhere(wait_with_all, st) >= 5);
	station_close(&st[0]);
	station_close(&st[1]);
}

static void
settings_are_kept(void **state)
{
	(void)state;
	assert_int_equal(caski_here.yield_us, 0);
	cask_pump_yield(50);
	assert_int_equal(caski_here.yield_us, 50);
	cask_pump_yield(0);
}

/* With notes put aside, a pump in another loop is ready, and a wait sleeps. */
static void
parked_notes_are_seen_by_another_loop(void **state)
{
	struct station man, st;
	struct pollfd p = { .events = POLLIN };
	unsigned looks;

	(void)state;
	station_open(&st, NULL);
	postman(&man);
	p.fd = cask_pump_fd();
	caski_note_post(&three[0].note);
	if (!by_poll())
		assert_int_equal(test_poll(&p, 1, 0), 1);
	looks = fault_count(FAULT_POLL);
	assert_int_equal(call(&st, 30), ETIMEDOUT);
	assert_true(!test_is_calm() || fault_count(FAULT_POLL) - looks < 8);
	if (!by_poll())
		assert_int_equal(test_poll(&p, 1, 0), 1);
	assert_int_equal(turn(), 1);
	if (!by_poll())
		assert_int_equal(test_poll(&p, 1, 0), 0);
	station_close(&man);
	station_close(&st);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_wait_without_a_pump_allocates_nothing),
	cmocka_unit_test(timers_fire_while_a_call_waits),
	cmocka_unit_test(watches_run_while_a_call_waits),
	cmocka_unit_test(what_is_always_ready_does_not_stretch_a_limit),
	cmocka_unit_test(its_own_readiness_comes_before_all_else),
	cmocka_unit_test(a_watch_does_not_run_within_itself),
	cmocka_unit_test(a_timer_does_not_run_within_itself),
	cmocka_unit_test(a_watch_may_be_freed_while_a_wait_is_in_its_callback),
	cmocka_unit_test(a_turn_while_a_call_waits_is_refused),
	cmocka_unit_test(waits_within_one_another_have_an_end),
	cmocka_unit_test(notes_wait_for_the_next_turn_in_order),
	cmocka_unit_test(a_note_that_is_dropped_is_not_delivered),
	cmocka_unit_test(a_later_note_is_delivered_by_another_turn),
	cmocka_unit_test(
	    what_comes_in_while_notes_are_delivered_is_delivered_too),
	cmocka_unit_test(nested_notes_are_delivered_while_a_call_waits),
	cmocka_unit_test(
	    no_more_notes_than_asked_for_are_delivered_within_one_another),
	cmocka_unit_test(
	    a_note_that_can_not_be_delivered_does_not_make_a_wait_spin),
	cmocka_unit_test(the_bell_ends_a_sleep),
	cmocka_unit_test(without_a_bell_a_wait_looks_up_by_itself),
	cmocka_unit_test(every_call_of_a_wait_may_fail),
	cmocka_unit_test(settings_are_kept),
	cmocka_unit_test(parked_notes_are_seen_by_another_loop),
};

RUN_TESTS(tests)
