/*
 * Watches: their places, and the delivery of what is seen of them.  See
 * <cask/pump.h>.
 *
 * Every look at the system has a number, and each watch remembers the look up
 * to which all events are done with: it was started, changed, delivered or
 * stopped since.  So what was found before is never taken for news, neither of
 * the same watch nor of the next one in its place or with its descriptor.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

#include <errno.h>

#define FIRST_SIZE 8
#define EVENTS     (CASK_READABLE | CASK_WRITABLE | CASK_URGENT)

uint64_t
caski_slot_number(const struct caski_loop *l, uint32_t i)
{
	return (uint64_t)l->slots[i].generation << 32 | i;
}

short
caski_slot_wanted(const struct caski_slot *s)
{
	return s->frame != NULL ? 0 : s->wanted;
}

static bool
watched(const struct caski_loop *l, const struct cask_watch *w)
{
	return l != NULL && w->slot > 0 && w->slot <= l->used &&
	    l->slots[w->slot - 1].watch == w;
}

bool
caski_watched(const struct cask_watch *w)
{
	return watched(caski_loop_here(), w);
}

bool
caski_files_ready(const struct caski_loop *l)
{
	for (uint32_t i = 0; l->always > 0 && i < l->used; i++) {
		const struct caski_slot *s = &l->slots[i];

		if (s->watch != NULL && s->always &&
		    caski_slot_wanted(s) & (POLLIN | POLLOUT))
			return true;
	}
	return false;
}

/* Places */

/* Room for one more: 0 or ENOMEM. */
static int
make_room(struct caski_loop *l)
{
	uint32_t size = l->size > 0 ? 2 * l->size : FIRST_SIZE;
	void *grown;

	if (l->hole > 0 || l->used < l->size)
		return 0;
	if (l->size > UINT32_MAX / 4 ||
	    (uint64_t)size * sizeof *l->slots > SIZE_MAX)
		return ENOMEM;
	grown = caski_sys_realloc(l->slots, size * sizeof *l->slots);
	if (grown == NULL)
		return ENOMEM;
	l->slots = grown;
	l->size = size;
	return 0;
}

static uint32_t
take_place(struct caski_loop *l)
{
	uint32_t i = l->hole;

	if (i > 0) {
		l->hole = l->slots[i - 1].hole;
		return i - 1;
	}
	l->slots[l->used] = (struct caski_slot) { .watch = NULL };
	return l->used++;
}

static void
leave_place(struct caski_loop *l, uint32_t i)
{
	struct caski_slot *s = &l->slots[i];

	if (s->frame != NULL)
		s->frame->running = NULL;
	if (s->copy)
		caski_sys_close(s->fd);
	*s = (struct caski_slot) {
		.generation = s->generation + 1,
		.since = l->rounds,
		.hole = l->hole,
	};
	l->hole = i + 1;
}

/* Starting and stopping */

static short
wanted(const struct caski_loop *l, const struct cask_watch *w)
{
	short events = caski_poll_asked(w->events);

	if (w->inner && w->events & CASK_READABLE)
		events = (short)(events | l->rdhup);
	return events;
}

static void
set_wanted(struct caski_loop *l, uint32_t i)
{
	struct caski_slot *s = &l->slots[i];

	l->active -= s->wanted != 0;
	s->wanted = s->watch != NULL ? wanted(l, s->watch) : 0;
	l->active += s->wanted != 0;
}

/* Only what is wanted beyond what was asked for has to be asked for. */
static void
ask_more(struct caski_loop *l, uint32_t i)
{
	const struct caski_slot *s = &l->slots[i];

	if ((caski_slot_wanted(s) & ~s->asked) == 0)
		return;
	caski_loop_check(l);
	l->poller->ask(l, i);
}

static int
add(struct caski_loop *l, struct cask_watch *w)
{
	uint32_t i;
	int err;

	caski_loop_check(l);
	if (make_room(l) != 0)
		return ENOMEM;
	i = take_place(l);
	l->slots[i].watch = w;
	l->slots[i].fd = w->fd;
	l->slots[i].since = l->rounds;
	set_wanted(l, i);
	err = l->poller->add(l, i);
	if (err != 0) {
		l->slots[i].watch = NULL;
		set_wanted(l, i);
		leave_place(l, i);
		return err;
	}
	w->slot = (size_t)i + 1;
	l->live++;
	return 0;
}

static void
change(struct caski_loop *l, uint32_t i)
{
	struct caski_slot *s = &l->slots[i];

	s->since = l->rounds;
	if (s->wanted != wanted(l, s->watch)) {
		set_wanted(l, i);
		ask_more(l, i);
	}
}

void
caski_watch_change(struct cask_watch *w)
{
	struct caski_loop *l = caski_loop_here();

	if (watched(l, w))
		change(l, (uint32_t)(w->slot - 1));
}

int
cask_watch_start(struct cask_watch *w)
{
	struct caski_loop *l;
	int err = 0;

	if (w->fd < 0 || w->ready == NULL || (w->events & ~EVENTS) != 0)
		return EINVAL;
	l = caski_loop_get();
	if (l == NULL)
		return ENOMEM;
	if (watched(l, w))
		change(l, (uint32_t)(w->slot - 1));
	else
		err = add(l, w);
	if (err != 0)
		caski_loop_let_go(l);
	else if (l->always > 0)
		caski_loop_arm(l);
	return err;
}

void
cask_watch_stop(struct cask_watch *w)
{
	struct caski_loop *l = caski_loop_here();
	uint32_t i;

	if (watched(l, w)) {
		i = (uint32_t)(w->slot - 1);
		caski_loop_check(l);
		l->poller->remove(l, i);
		l->slots[i].watch = NULL;
		set_wanted(l, i);
		leave_place(l, i);
		l->live--;
		caski_loop_let_go(l);
	}
	w->slot = 0;
}

/* Delivering */

/* No watch is delivered within itself: until the end nothing is wanted. */
static unsigned
call_outer(struct caski_loop *l, uint32_t i, int events)
{
	struct cask_watch *w = l->slots[i].watch;
	struct caski_frame f = { .running = w };

	l->slots[i].frame = &f;
	w->ready(w, events);
	if (f.running != NULL) {
		l->slots[i].frame = NULL;
		ask_more(l, i);
	}
	return 1;
}

static unsigned
call_inner(const struct caski_loop *l, uint32_t i, int events, short revents)
{
	struct cask_watch *w = l->slots[i].watch;
	short over = (short)(l->rdhup | POLLHUP | POLLERR | POLLNVAL);

	if (revents & over || (l->rdhup == 0 && events & CASK_READABLE))
		events |= CASKI_HANGUP;
	w->ready(w, events);
	return 0;
}

/* An end alone is something to read; told so, it needs no more translating. */
static short
plain(const struct caski_loop *l, short revents)
{
	return revents & l->rdhup ? (short)(revents | POLLIN) : revents;
}

/* Nobody wants it: now is the time to tell the system. */
static void
unwanted(struct caski_loop *l, uint32_t i)
{
	const struct caski_slot *s = &l->slots[i];

	if (s->asked == caski_slot_wanted(s))
		return;
	caski_loop_check(l);
	l->poller->ask(l, i);
}

static void
swallow_alarm(struct caski_loop *l)
{
	caski_loop_check(l);
	l->alarm_at = 0;
	if (l->alarm >= 0)
		caski_sys_alarm_set(l->alarm, 0);
}

/* Is it an event of the watch that has the place now? */
static bool
is_its(struct caski_loop *l, const struct caski_round *r,
    const struct caski_ready *e)
{
	uint32_t i = (uint32_t)e->number;

	if (i >= l->used || l->slots[i].since >= r->id)
		return false;
	if (l->slots[i].watch != NULL && caski_slot_number(l, i) == e->number)
		return true;
	l->stray = true;
	return false;
}

static unsigned
visit(struct caski_loop *l, const struct caski_round *r,
    const struct caski_ready *e)
{
	uint32_t i = (uint32_t)e->number;
	int events;

	if (e->number == CASKI_NUMBER_ALARM) {
		swallow_alarm(l);
		return 0;
	}
	if (!is_its(l, r, e))
		return 0;
	events = caski_poll_answered(
	    caski_slot_wanted(&l->slots[i]), plain(l, e->events));
	if (events == 0) {
		unwanted(l, i);
		return 0;
	}
	l->slots[i].since = l->rounds;
	return l->slots[i].watch->inner ? call_inner(l, i, events, e->events)
					: call_outer(l, i, events);
}

/*
 * A stray event is of a descriptor that was closed while it was watched, and
 * lives on as a copy somewhere else: only a new set is rid of it.
 */
unsigned
caski_watches_deliver(struct caski_loop *l, struct caski_round *r)
{
	struct caski_ready e;
	unsigned delivered = 0;

	while (r->poller == l->poller && r->poller->next(l, r, &e))
		delivered += visit(l, r, &e);
	if (l->stray && l->alarm < 0) {
		caski_loop_check(l);
		caski_epoll_remake(l);
	}
	l->stray = false;
	return delivered;
}
