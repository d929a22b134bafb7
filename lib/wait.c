/*
 * Waiting: here threads sleep, and deadlines become time-outs.  See pump.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

#include "hot.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* Without a bell, a wait looks up as often as this. */
#define DEAF_MS 100

/* What holds for a thread, whether it has a loop or not. */
static _Thread_local struct {
	unsigned nest;
	unsigned calls; /* that wait, within one another */
	bool deaf;      /* a bell was wanted, and couldn't be had */
} thread;

void
cask_pump_nest(unsigned depth)
{
	thread.nest = depth;
}

void
cask_pump_yield(unsigned us)
{
	caski_here.yield_us = us;
}

/* Time */

CASKI_HOT int64_t
caski_deadline(int ms)
{
	return ms < 0 ? CASKI_NEVER : caski_sys_now() + ms * INT64_C(1000000);
}

int64_t
caski_sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int
caski_remaining_ms(int64_t deadline)
{
	int64_t left;

	if (deadline == CASKI_NEVER)
		return -1;
	left = deadline - caski_sys_now();
	if (left <= 0)
		return 0;
	left = (left - 1) / 1000000 + 1;
	return left < INT_MAX ? (int)left : INT_MAX;
}

static bool
has_come(int64_t deadline)
{
	return deadline != CASKI_NEVER && caski_sys_now() >= deadline;
}

/* The moment to look up, whatever happens. */
static int64_t
look_up_at(int64_t deadline)
{
	return thread.deaf ? caski_sooner(deadline, caski_deadline(DEAF_MS))
			   : deadline;
}

/* A limit beyond INT_MAX, and a system that is early, make it sleep again. */
int
caski_loop_look(struct caski_loop *l, struct caski_round *r,
    struct caski_own *own, size_t n, int64_t until, bool at_once)
{
	int got;

	r->poller = l->poller;
	r->fds = NULL;
	do
		got = r->poller->wait(
		    l, r, own, n, at_once ? 0 : caski_remaining_ms(until));
	while (got == -EINTR ||
	    (got == 0 && !at_once && caski_remaining_ms(until) != 0));
	r->id = ++l->rounds;
	return got;
}

/* The same without a loop: 0, ETIMEDOUT or another error. */
static int
wait_alone(struct caski_own *own, size_t n, int64_t deadline)
{
	int64_t until = look_up_at(deadline);
	int got;

	do
		got =
		    caski_poll_own(own, n, caski_remaining_ms(until), -1, NULL);
	while (got == -EINTR || (got == 0 && caski_remaining_ms(until) != 0));
	if (got < 0)
		return -got;
	return got > 0 || !has_come(deadline) ? 0 : ETIMEDOUT;
}

int
caski_wait_one(int fd, int events, int64_t deadline)
{
	struct caski_own own = { .fd = fd, .events = events };
	int err;

	do
		err = wait_alone(&own, 1, deadline);
	while (err == 0 && own.seen == 0);
	return err;
}

/* The bell */

bool
caski_waiting(void)
{
	return thread.calls > 0;
}

void
caski_wait_begin(void)
{
	thread.calls++;
}

void
caski_wait_end(void)
{
	if (--thread.calls > 0)
		return;
	thread.deaf = false;
	if (caski_loop_here() != NULL)
		caski_loop_let_go(caski_loop_here());
}

bool
caski_loop_bell(struct caski_loop *l)
{
	if (l->bell[0] >= 0 || caski_sys_bell(l->bell) == 0)
		return true;
	l->bell[0] = l->bell[1] = -1;
	return false;
}

int
caski_pump_bell(void)
{
	struct caski_loop *l = caski_loop_get();

	thread.deaf = l == NULL || !caski_loop_bell(l);
	if (!thread.deaf)
		return l->bell[1];
	if (l != NULL)
		caski_loop_let_go(l);
	return -1;
}

/* Waiting in the loop */

static bool
may_nest(const struct caski_loop *l)
{
	return thread.nest > l->nested && caski_notes_any(l);
}

static bool
any_seen(const struct caski_own *own, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (own[i].seen != 0)
			return true;
	return false;
}

/* Look at a call's own, and at the bell; what is seen of the bell is for all,
 * and only makes the callers look for themselves. */
static int
look(struct caski_loop *l, struct caski_round *r, struct caski_own *own,
    size_t n, int64_t until, bool at_once)
{
	struct caski_own all[CASKI_OWN_MOST + 1] = { 0 };
	bool bell = l->bell[0] >= 0;
	int got;

	for (size_t i = 0; i < n; i++)
		all[i] = own[i];
	if (bell)
		all[n] = (struct caski_own) { l->bell[0], CASK_READABLE, 0 };
	got = caski_loop_look(l, r, all, bell ? n + 1 : n, until, at_once);
	for (size_t i = 0; i < n; i++)
		own[i].seen = got > 0 ? all[i].seen : 0;
	if (got > 0 && bell && all[n].seen != 0)
		caski_sys_bell_silence(l->bell[0]);
	return got;
}

/* What else is to be done while a call waits; was anything? */
static bool
serve(struct caski_loop *l, struct caski_round *r)
{
	bool served = caski_watches_deliver(l, r) > 0;

	served |= caski_timers_fire(l) > 0;
	return served;
}

/* A call whose time is up only looks: what else is always ready must not make
 * it last for ever. */
static int
step(struct caski_loop *l, struct caski_round *r, struct caski_own *own,
    size_t n, int64_t deadline)
{
	bool late = has_come(deadline);
	bool served = !late && may_nest(l) && caski_notes_nest(l) > 0;
	bool at_once = late || served || caski_files_ready(l);
	int64_t until = caski_timers_next(l);
	int got;

	until = caski_sooner(until, look_up_at(deadline));
	got = look(l, r, own, n, until, at_once);
	if (got < 0)
		return -got;
	if (any_seen(own, n))
		return 0;
	if (late)
		return ETIMEDOUT;
	if (serve(l, r) || served || got > 0)
		return 0;
	return has_come(deadline) ? ETIMEDOUT : 0;
}

int
caski_wait(struct caski_own *own, size_t n, int64_t deadline)
{
	struct caski_loop *l = caski_loop_here();
	struct caski_round r;
	int err;

	if (thread.calls > CASKI_DEPTH_MOST)
		return ELOOP;
	if (l == NULL)
		return wait_alone(own, n, deadline);
	if (l->depth == CASKI_DEPTH_MOST)
		return ELOOP;
	caski_loop_enter(l);
	l->depth++;
	err = step(l, &r, own, n, deadline);
	r.poller->end(l, &r);
	l->depth--;
	caski_loop_leave(l);
	return err;
}
