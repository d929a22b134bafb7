/*
 * Timers: a heap of pointers, the soonest first.  See <cask/pump.h>.
 *
 * A timer that fires is not in the heap, so that no wait within its callback
 * fires it again; its place is kept, and it goes back in afterwards if it is
 * periodic, or was started anew meanwhile.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

#include <errno.h>

#define FIRST_SIZE 8

static void
put(struct caski_timers *h, size_t i, struct cask_timer *t)
{
	h->heap[i] = t;
	t->slot = i + 1;
}

/* Put t where it belongs, starting from the free place i. */
static void
sift(struct caski_timers *h, size_t i, struct cask_timer *t)
{
	size_t child;

	for (; i > 0 && t->at < h->heap[(i - 1) / 2]->at; i = (i - 1) / 2)
		put(h, i, h->heap[(i - 1) / 2]);
	for (; (child = 2 * i + 1) < h->used; i = child) {
		if (child + 1 < h->used &&
		    h->heap[child + 1]->at < h->heap[child]->at)
			child++;
		if (t->at <= h->heap[child]->at)
			break;
		put(h, i, h->heap[child]);
	}
	put(h, i, t);
}

static void
insert(struct caski_timers *h, struct cask_timer *t)
{
	h->used++;
	sift(h, h->used - 1, t);
}

static void
take_out(struct caski_timers *h, struct cask_timer *t)
{
	size_t i = t->slot - 1;
	struct cask_timer *last = h->heap[--h->used];

	t->slot = 0;
	if (last != t)
		sift(h, i, last);
}

static bool
inserted(const struct caski_timers *h, const struct cask_timer *t)
{
	return t->slot > 0 && t->slot <= h->used && h->heap[t->slot - 1] == t;
}

static struct caski_frame *
firing(const struct caski_timers *h, const struct cask_timer *t)
{
	struct caski_frame *f = h->firing;

	while (f != NULL && f->running != t)
		f = f->outer;
	return f;
}

/* Room for one more, those that fire being in no one's way: 0 or ENOMEM. */
static int
make_room(struct caski_timers *h)
{
	size_t size = h->size > 0 ? 2 * h->size : FIRST_SIZE;
	void *grown;

	if (h->used + h->out < h->size)
		return 0;
	if (size > SIZE_MAX / sizeof(struct cask_timer *))
		return ENOMEM;
	grown = caski_sys_realloc(h->heap, size * sizeof(struct cask_timer *));
	if (grown == NULL)
		return ENOMEM;
	h->heap = grown;
	h->size = size;
	return 0;
}

static int
start(struct caski_loop *l, struct cask_timer *t)
{
	struct caski_timers *h = &l->timers;
	struct caski_frame *f = firing(h, t);

	if (f == NULL && !inserted(h, t) && make_room(h) != 0)
		return ENOMEM;
	t->at = caski_deadline(t->after_ms);
	if (f != NULL)
		f->again = true;
	else if (inserted(h, t))
		sift(h, t->slot - 1, t);
	else
		insert(h, t);
	caski_loop_arm(l);
	return 0;
}

int
cask_timer_start(struct cask_timer *t)
{
	struct caski_loop *l;
	int err;

	if (t->after_ms < 0 || t->every_ms < 0 || t->fire == NULL)
		return EINVAL;
	l = caski_loop_get();
	if (l == NULL)
		return ENOMEM;
	err = start(l, t);
	if (err != 0)
		caski_loop_let_go(l);
	return err;
}

void
cask_timer_stop(struct cask_timer *t)
{
	struct caski_loop *l = caski_loop_here();
	struct caski_frame *f = l != NULL ? firing(&l->timers, t) : NULL;

	if (f != NULL)
		f->running = NULL;
	if (l != NULL && inserted(&l->timers, t)) {
		take_out(&l->timers, t);
		caski_loop_let_go(l);
	}
	t->slot = 0;
}

int64_t
caski_timers_next(const struct caski_loop *l)
{
	return l->timers.used > 0 ? l->timers.heap[0]->at : CASKI_NEVER;
}

/* The first beat after now. */
static int64_t
next_beat(int64_t at, int every_ms, int64_t now)
{
	int64_t every = every_ms * INT64_C(1000000);

	return at + ((now - at) / every + 1) * every;
}

/* One that fires once may be freed in its callback without being stopped. */
static void
fire(struct caski_timers *h, struct cask_timer *t, int64_t now)
{
	struct caski_frame f = { .outer = h->firing, .running = t };
	bool periodic = t->every_ms > 0;

	take_out(h, t);
	h->out++;
	h->firing = &f;
	t->fire(t);
	h->firing = f.outer;
	h->out--;
	if (f.running == NULL || !(f.again || periodic))
		return;
	if (!f.again && t->every_ms <= 0)
		return;
	if (!f.again)
		t->at = next_beat(t->at, t->every_ms, now);
	insert(h, t);
}

unsigned
caski_timers_fire(struct caski_loop *l)
{
	unsigned fired = 0;
	int64_t now;

	if (l->timers.used == 0)
		return 0;
	now = caski_sys_now();
	for (; caski_timers_next(l) <= now; fired++)
		fire(&l->timers, l->timers.heap[0], now);
	return fired;
}
