/*
 * The private loop of a thread, over poll(2).  See <cask/pump.h> and pump.h.
 *
 * What is watched stands in two arrays side by side, one as poll wants it, one
 * with the watches.  Nothing moves in them during a turn: what is unwatched
 * leaves a hole, what is watched anew goes to the end and is not visited before
 * the next turn.  So a descriptor that is closed and whose number is used again
 * within one turn can't get the event of its former life.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pump.h"

#include "sys.h"

#include <errno.h>
#include <limits.h>

#define FIRST_SIZE 8

struct pump {
	struct pollfd *fds;          /* fd -1: a hole, or paused */
	struct cask_watch **watches; /* NULL: a hole */
	size_t used;
	size_t size;
	size_t live; /* slots that are not holes */
	bool turning;
	bool stop;
};

static _Thread_local struct pump *pump;

/* Time */

int64_t
caski_deadline(int ms)
{
	return ms < 0 ? CASKI_NEVER : caski_sys_now() + ms * INT64_C(1000000);
}

/* As poll wants it: rounded up, so that a wait never ends before its time. */
static int
remaining_ms(int64_t deadline)
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

/*
 * Sleep until something is ready: how many are, 0 when time is up, or -errno.
 * A limit beyond INT_MAX, and a poll that is early, make it sleep again.
 */
static int
sleep_until(struct pollfd *fds, size_t n, int64_t deadline)
{
	int r;

	do
		r = caski_sys_poll(fds, n, remaining_ms(deadline));
	while (r == -EINTR || (r == 0 && remaining_ms(deadline) != 0));
	return r;
}

/* Events, ours and poll's.  An error or a hang-up ends every wait. */

static short
asked(int events)
{
	return (short)((events & CASK_READABLE ? POLLIN : 0) |
	    (events & CASK_WRITABLE ? POLLOUT : 0));
}

static int
answered(const struct pollfd *p)
{
	int over = POLLERR | POLLHUP | POLLNVAL;
	int events = 0;

	if (p->events & POLLIN && p->revents & (POLLIN | over))
		events |= CASK_READABLE;
	if (p->events & POLLOUT && p->revents & (POLLOUT | over))
		events |= CASK_WRITABLE;
	return events;
}

/* One descriptor needs no pump: one system call, and nobody else is served. */
int
caski_wait(int fd, int events, int64_t deadline)
{
	struct pollfd one = { .fd = fd, .events = asked(events) };
	int r = sleep_until(&one, 1, deadline);

	if (r < 0)
		return -r;
	return r > 0 ? 0 : ETIMEDOUT;
}

/* The arrays */

static void
compact(struct pump *p)
{
	size_t kept = 0;

	if (p->live == p->used)
		return;
	for (size_t i = 0; i < p->used; i++) {
		if (p->watches[i] == NULL)
			continue;
		p->fds[kept] = p->fds[i];
		p->watches[kept] = p->watches[i];
		kept++;
		p->watches[kept - 1]->slot = kept;
	}
	p->used = kept;
}

/* Room for one more: 0 or ENOMEM. */
static int
make_room(struct pump *p)
{
	size_t size = p->size > 0 ? 2 * p->size : FIRST_SIZE;
	void *grown;

	if (!p->turning && p->used == p->size)
		compact(p);
	if (p->used < p->size)
		return 0;
	if (size > SIZE_MAX / sizeof *p->fds)
		return ENOMEM;
	grown = caski_sys_realloc(p->fds, size * sizeof *p->fds);
	if (grown == NULL)
		return ENOMEM;
	p->fds = grown;
	grown = caski_sys_realloc(p->watches, size * sizeof *p->watches);
	if (grown == NULL)
		return ENOMEM;
	p->watches = grown;
	p->size = size;
	return 0;
}

/* The pump goes with the last thing it watches, but never in mid-turn. */
static void
free_if_idle(void)
{
	struct pump *p = pump;

	if (p == NULL || p->live > 0 || p->turning)
		return;
	caski_sys_free(p->fds);
	caski_sys_free(p->watches);
	caski_sys_free(p);
	pump = NULL;
}

/* This thread's pump, or NULL when there is no memory for one. */
static struct pump *
get_pump(void)
{
	if (pump == NULL) {
		pump = caski_sys_malloc(sizeof *pump);
		if (pump != NULL)
			*pump = (struct pump) { .fds = NULL };
	}
	return pump;
}

/* Does this thread's pump watch it? */
static bool
watched(const struct cask_watch *w)
{
	return pump != NULL && w->slot > 0 && w->slot <= pump->used &&
	    pump->watches[w->slot - 1] == w;
}

/*
 * Ask for what w wants from now on.  Whatever was seen of it in this turn, and
 * not delivered yet, is forgotten: it may have been dealt with.  With fd -1 not
 * even a hang-up is reported.
 */
static void
set_slot(const struct cask_watch *w)
{
	pump->fds[w->slot - 1] = (struct pollfd) {
		.fd = w->events != 0 ? w->fd : -1,
		.events = asked(w->events),
	};
}

int
cask_watch_start(struct cask_watch *w)
{
	if (w->fd < 0 || w->ready == NULL ||
	    (w->events & ~(CASK_READABLE | CASK_WRITABLE)) != 0)
		return EINVAL;
	if (!watched(w)) {
		if (get_pump() == NULL || make_room(pump) != 0) {
			free_if_idle();
			return ENOMEM;
		}
		pump->watches[pump->used] = w;
		w->slot = ++pump->used;
		pump->live++;
	}
	set_slot(w);
	return 0;
}

void
cask_watch_stop(struct cask_watch *w)
{
	if (watched(w)) {
		pump->fds[w->slot - 1].fd = -1;
		pump->watches[w->slot - 1] = NULL;
		pump->live--;
		free_if_idle();
	}
	w->slot = 0;
}

/* Turning */

static bool
anything_can_happen(void)
{
	for (size_t i = 0; pump != NULL && i < pump->used; i++)
		if (pump->fds[i].fd >= 0)
			return true;
	return false;
}

/* Deliver what poll has found.  The arrays may grow and move meanwhile. */
static unsigned
deliver(struct pump *p)
{
	size_t end = p->used;
	unsigned delivered = 0;

	p->turning = true;
	for (size_t i = 0; i < end; i++) {
		struct cask_watch *w = p->watches[i];
		int events = answered(&p->fds[i]);

		if (w == NULL || events == 0)
			continue;
		delivered++;
		w->ready(w, events);
	}
	p->turning = false;
	return delivered;
}

int
cask_pump_turn(int timeout_ms, unsigned *delivered)
{
	unsigned n = 0;
	int r;

	if (delivered != NULL)
		*delivered = 0;
	if (pump != NULL && pump->turning)
		return EBUSY;
	if (timeout_ms < 0 && !anything_can_happen())
		return EDEADLK;
	if (pump == NULL)
		r = sleep_until(NULL, 0, caski_deadline(timeout_ms));
	else {
		compact(pump);
		r = sleep_until(
		    pump->fds, pump->used, caski_deadline(timeout_ms));
	}
	if (r < 0)
		return -r;
	if (r > 0) {
		n = deliver(pump);
		free_if_idle();
	}
	if (delivered != NULL)
		*delivered = n;
	return 0;
}

int
cask_pump_run(void)
{
	int err = 0;

	if (pump != NULL && pump->turning)
		return EBUSY;
	if (pump != NULL)
		pump->stop = false;
	while (err == 0 && pump != NULL && !pump->stop)
		err = cask_pump_turn(-1, NULL);
	return err;
}

void
cask_pump_stop(void)
{
	if (pump != NULL)
		pump->stop = true;
}
