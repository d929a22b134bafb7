/*
 * Tests of lib/timer.c and lib/wake.c: what calls back without a descriptor of
 * the program's.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"
#include "pump_kit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

struct clock {
	struct cask_timer timer;
	unsigned fired;
	void (*then)(struct clock *c);
	struct clock *other;
};

static unsigned order[16];
static unsigned ordered;

static void
fire(struct cask_timer *t)
{
	struct clock *c = t->user;

	c->fired++;
	if (c->then != NULL)
		c->then(c);
}

static struct clock
clock_of(
    struct clock *c, int after_ms, int every_ms, void (*then)(struct clock *))
{
	return (struct clock) {
		.timer = { .after_ms = after_ms,
		    .every_ms = every_ms,
		    .fire = fire,
		    .user = c },
		.then = then,
	};
}

#define CLOCK(c, after, every, then) (c) = clock_of(&(c), after, every, then)

static void
note_order(struct clock *c)
{
	order[ordered++] = (unsigned)c->timer.after_ms;
}

static void
timers_fire_in_the_order_of_their_times(void **state)
{
	static const int after[] = { 9, 3, 12, 1, 6, 2 };
	struct clock c[COUNT(after)];

	(void)state;
	ordered = 0;
	for (size_t i = 0; i < COUNT(after); i++) {
		CLOCK(c[i], after[i], 0, note_order);
		assert_int_equal(cask_timer_start(&c[i].timer), 0);
	}
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(ordered, COUNT(after));
	for (unsigned i = 1; i < ordered; i++)
		assert_true(order[i - 1] < order[i]);
	assert_int_equal(fault_allocations(), 0);
}

static void
a_timer_does_not_fire_before_its_time(void **state)
{
	struct clock c;
	int64_t start = caski_sys_now();

	(void)state;
	CLOCK(c, 20, 0, NULL);
	cask_timer_start(&c.timer);
	assert_int_equal(turn(), 0);
	assert_int_equal(cask_pump_turn(-1, NULL), 0);
	assert_int_equal(c.fired, 1);
	assert_true(caski_sys_now() - start >= 20 * INT64_C(1000000));
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
}

static void
stop_at_five(struct clock *c)
{
	if (c->fired == 5)
		cask_timer_stop(&c->timer);
}

static void
a_periodic_timer_keeps_its_beat_until_it_is_stopped(void **state)
{
	struct clock c;
	int64_t start = caski_sys_now();

	(void)state;
	CLOCK(c, 0, 4, stop_at_five);
	cask_timer_start(&c.timer);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(c.fired, 5);
	assert_true(caski_sys_now() - start >= 16 * INT64_C(1000000));
}

static void
a_periodic_timer_that_is_late_fires_once(void **state)
{
	struct clock c;
	int64_t first;

	(void)state;
	CLOCK(c, 10, 10, NULL);
	cask_timer_start(&c.timer);
	first = c.timer.at;
	test_pause(55);
	assert_int_equal(turn(), 1);
	assert_int_equal(c.fired, 1);
	assert_true(c.timer.at > first + 40 * INT64_C(1000000));
	assert_int_equal((c.timer.at - first) % (10 * INT64_C(1000000)), 0);
	cask_timer_stop(&c.timer);
}

static void
a_timer_that_is_stopped_does_not_fire(void **state)
{
	struct clock a, b;

	(void)state;
	CLOCK(a, 0, 0, NULL);
	CLOCK(b, 0, 0, NULL);
	cask_timer_stop(&a.timer);
	cask_timer_start(&a.timer);
	cask_timer_start(&b.timer);
	cask_timer_stop(&a.timer);
	cask_timer_stop(&a.timer);
	assert_int_equal(turn(), 1);
	assert_int_equal(a.fired, 0);
	assert_int_equal(b.fired, 1);
	cask_timer_stop(&b.timer);
	assert_int_equal(fault_allocations(), 0);
}

static void
a_timer_that_runs_starts_anew(void **state)
{
	struct clock c;

	(void)state;
	CLOCK(c, 60000, 0, NULL);
	cask_timer_start(&c.timer);
	c.timer.after_ms = 0;
	cask_timer_start(&c.timer);
	assert_int_equal(turn(), 1);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(c.fired, 1);
}

static void
start_until_three(struct clock *c)
{
	if (c->fired < 3)
		assert_int_equal(cask_timer_start(&c->timer), 0);
}

static void
a_timer_may_start_itself(void **state)
{
	struct clock c;

	(void)state;
	CLOCK(c, 1, 0, start_until_three);
	cask_timer_start(&c.timer);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(c.fired, 3);
}

static void
free_own_clock(struct clock *c)
{
	if (c->timer.every_ms > 0)
		cask_timer_stop(&c->timer);
	free(c);
}

static void
a_timer_may_be_freed_in_its_own_callback(void **state)
{
	(void)state;
	for (int every = 0; every < 2; every++) {
		struct clock *c = malloc(sizeof *c);

		CLOCK(*c, 0, every, free_own_clock);
		cask_timer_start(&c->timer);
		assert_int_equal(cask_pump_run(), 0);
	}
	assert_int_equal(fault_allocations(), 0);
}

static void
free_other_clock(struct clock *c)
{
	if (c->other == NULL)
		return;
	cask_timer_stop(&c->other->timer);
	free(c->other);
	c->other = NULL;
}

static void
a_timer_freed_by_an_earlier_one_is_not_called(void **state)
{
	struct clock a, *b = malloc(sizeof *b);

	(void)state;
	CLOCK(a, 0, 0, free_other_clock);
	CLOCK(*b, 0, 0, NULL);
	a.other = b;
	cask_timer_start(&a.timer);
	cask_timer_start(&b->timer);
	assert_int_equal(turn(), 1);
}

static void
nonsense_is_refused(void **state)
{
	struct cask_timer t = { .after_ms = -1, .fire = fire };
	struct cask_wake w = { .woken = NULL };

	(void)state;
	assert_int_equal(cask_timer_start(&t), EINVAL);
	t = (struct cask_timer) { .every_ms = -1, .fire = fire };
	assert_int_equal(cask_timer_start(&t), EINVAL);
	t = (struct cask_timer) { .fire = NULL };
	assert_int_equal(cask_timer_start(&t), EINVAL);
	assert_int_equal(cask_wake_start(&w), EINVAL);
	assert_int_equal(fault_allocations(), 0);
}

/* Whatever is started and stopped, in any order, the rest is in order. */
static void
ten_thousand_timers_come_and_go(void **state)
{
	enum { MANY = 10000 };
	static struct clock c[MANY];
	unsigned random = 1, fired = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		random = random * 1103515245 + 12345;
		CLOCK(c[i], (int)(random >> 16) % 30, 0, NULL);
		assert_int_equal(cask_timer_start(&c[i].timer), 0);
	}
	for (int i = 0; i < MANY; i += 3)
		cask_timer_stop(&c[i].timer);
	for (int i = 1; i < MANY; i += 3)
		assert_int_equal(cask_timer_start(&c[i].timer), 0);
	assert_int_equal(cask_pump_run(), 0);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(c[i].fired, i % 3 != 0);
		fired += c[i].fired;
	}
	assert_int_equal(fired, MANY - (MANY + 2) / 3);
	assert_int_equal(fault_allocations(), 0);
}

static void
use_timers(void *arg)
{
	struct clock c[20];
	unsigned started = 0, n = 0;

	(void)arg;
	for (size_t i = 0; i < COUNT(c); i++) {
		int err;

		CLOCK(c[i], 0, 0, NULL);
		err = cask_timer_start(&c[i].timer);
		assert_true(err == 0 || err == ENOMEM);
		started += err == 0;
	}
	if (cask_pump_turn(0, &n) == 0)
		assert_int_equal(n, started);
	for (size_t i = 0; i < COUNT(c); i++)
		cask_timer_stop(&c[i].timer);
}

static void
every_call_of_a_timer_may_fail(void **state)
{
	(void)state;
	assert_true(fault_everywhere(use_timers, NULL) >= 4);
}

/* Wakes */

struct call {
	struct cask_wake wake;
	unsigned woken;
	bool last;
};

static struct call *signalled;

static void
woken(struct cask_wake *w)
{
	struct call *c = w->user;

	c->woken++;
	if (c->last) {
		cask_wake_stop(w);
		free(c);
	}
}

static void *
ring_it(void *wake)
{
	cask_wake_ring(wake);
	return NULL;
}

static void
on_signal(int sig)
{
	(void)sig;
	cask_wake_ring(&signalled->wake);
}

static void
another_thread_wakes_a_pump_that_sleeps(void **state)
{
	struct call c = { .wake = { .woken = woken, .user = &c } };
	pthread_t thread;

	(void)state;
	assert_int_equal(cask_wake_start(&c.wake), 0);
	assert_int_equal(cask_wake_start(&c.wake), 0);
	pthread_create(&thread, NULL, ring_it, &c.wake);
	assert_int_equal(cask_pump_turn(-1, NULL), 0);
	pthread_join(thread, NULL);
	assert_int_equal(c.woken, 1);
	cask_wake_stop(&c.wake);
	cask_wake_stop(&c.wake);
	assert_int_equal(fault_allocations(), 0);
}

static void
many_rings_are_one_call(void **state)
{
	struct call c = { .wake = { .woken = woken, .user = &c } };
	int before = fault_descriptors();

	(void)state;
	cask_wake_start(&c.wake);
	for (int i = 0; i < 100; i++)
		cask_wake_ring(&c.wake);
	assert_int_equal(turn(), 1);
	assert_int_equal(turn(), 0);
	cask_wake_ring(&c.wake);
	assert_int_equal(turn(), 1);
	assert_int_equal(c.woken, 2);
	cask_wake_stop(&c.wake);
	assert_int_equal(fault_descriptors(), before);
}

static void
a_signal_handler_wakes_the_pump(void **state)
{
	struct sigaction sa = { .sa_handler = on_signal }, before;
	struct call c = { .wake = { .woken = woken, .user = &c } };

	(void)state;
	signalled = &c;
	cask_wake_start(&c.wake);
	sigaction(SIGUSR1, &sa, &before);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &before, NULL);
	assert_int_equal(cask_pump_turn(-1, NULL), 0);
	assert_int_equal(c.woken, 1);
	cask_wake_stop(&c.wake);
}

static void
a_wake_may_be_freed_in_its_own_callback(void **state)
{
	struct call *c = malloc(sizeof *c);

	(void)state;
	*c = (struct call) { .wake = { .woken = woken, .user = c },
		.last = true };
	cask_wake_start(&c->wake);
	cask_wake_ring(&c->wake);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(fault_allocations(), 0);
}

/* How often was it called, after one turn? */
static unsigned
calls_in_a_turn(struct call *c)
{
	c->woken = 0;
	assert_int_equal(cask_pump_turn(0, NULL), 0);
	return c->woken;
}

/* Is a ring of the parent's nothing to it, and one of its own is? */
static bool
is_apart(struct call *c, int asked, int answer)
{
	char byte = 0;
	bool own;

	if (calls_in_a_turn(c) != 0 || write(answer, "u", 1) != 1 ||
	    read(asked, &byte, 1) != 1 || calls_in_a_turn(c) != 0)
		return false;
	cask_wake_ring(&c->wake);
	own = calls_in_a_turn(c) == 1;
	cask_wake_stop(&c->wake);
	return own && fault_allocations() == 0;
}

static void
a_wake_rings_in_its_own_process(void **state)
{
	struct call c = { .wake = { .woken = woken, .user = &c } };
	int before = fault_descriptors();
	int ask[2], answer[2], status = -1;
	char byte = 0;
	pid_t child;

	(void)state;
	assert_int_equal(cask_wake_start(&c.wake), 0);
	assert_int_equal(pipe(ask), 0);
	assert_int_equal(pipe(answer), 0);
	child = fork();
	if (child == 0)
		_exit(!is_apart(&c, ask[0], answer[1]));
	assert_int_equal(read(answer[0], &byte, 1), 1);
	cask_wake_ring(&c.wake);
	assert_int_equal(write(ask[1], "n", 1), 1);
	assert_int_equal(test_await(child, &status), child);
	assert_int_equal(status, 0);
	assert_int_equal(calls_in_a_turn(&c), 1);
	assert_int_equal(calls_in_a_turn(&c), 0);
	cask_wake_stop(&c.wake);
	for (int i = 0; i < 2; i++) {
		close(ask[i]);
		close(answer[i]);
	}
	assert_int_equal(fault_descriptors(), before);
}

static void
use_wake(void *arg)
{
	struct call c = { .wake = { .woken = woken, .user = &c } };
	unsigned n = 0;
	int err = cask_wake_start(&c.wake);

	(void)arg;
	if (err == 0)
		cask_wake_ring(&c.wake);
	if (cask_pump_turn(0, &n) == 0)
		assert_int_equal(n, err == 0);
	assert_int_equal(c.woken, n);
	cask_wake_stop(&c.wake);
}

static void
every_call_of_a_wake_may_fail(void **state)
{
	(void)state;
	assert_true(fault_everywhere(use_wake, NULL) >= 4);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(timers_fire_in_the_order_of_their_times),
	cmocka_unit_test(a_timer_does_not_fire_before_its_time),
	cmocka_unit_test(a_periodic_timer_keeps_its_beat_until_it_is_stopped),
	cmocka_unit_test(a_periodic_timer_that_is_late_fires_once),
	cmocka_unit_test(a_timer_that_is_stopped_does_not_fire),
	cmocka_unit_test(a_timer_that_runs_starts_anew),
	cmocka_unit_test(a_timer_may_start_itself),
	cmocka_unit_test(a_timer_may_be_freed_in_its_own_callback),
	cmocka_unit_test(a_timer_freed_by_an_earlier_one_is_not_called),
	cmocka_unit_test(nonsense_is_refused),
	cmocka_unit_test(ten_thousand_timers_come_and_go),
	cmocka_unit_test(every_call_of_a_timer_may_fail),
	cmocka_unit_test(another_thread_wakes_a_pump_that_sleeps),
	cmocka_unit_test(many_rings_are_one_call),
	cmocka_unit_test(a_signal_handler_wakes_the_pump),
	cmocka_unit_test(a_wake_may_be_freed_in_its_own_callback),
	cmocka_unit_test(a_wake_rings_in_its_own_process),
	cmocka_unit_test(every_call_of_a_wake_may_fail),
};

RUN_TESTS(tests)
