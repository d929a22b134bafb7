/*
 * Asking the system by epoll.  See loop.h.
 *
 * The descriptor is made with the first watch, so that a thread that only waits
 * has none.  Each watch is in the set under a number that tells its slot and
 * which use of the slot it is.  What is wanted less than before is not told to
 * the system until an event comes that nobody wants.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

#include <errno.h>

static const short file_events = POLLIN | POLLOUT;

int
caski_epoll_open(struct caski_loop *l)
{
	int r;

	if (l->ep >= 0)
		return 0;
	r = caski_sys_epoll();
	if (r < 0)
		return -r;
	l->ep = r;
	return 0;
}

static int
set(const struct caski_loop *l, enum caski_epoll what, uint32_t i)
{
	struct caski_slot *s = &l->slots[i];

	s->asked = caski_slot_wanted(s);
	return caski_sys_epoll_set(
	    l->ep, what, s->fd, s->asked, caski_slot_number(l, i));
}

/* A descriptor can be in the set once only; a copy of it can be, too. */
static int
add_copy(struct caski_loop *l, uint32_t i)
{
	struct caski_slot *s = &l->slots[i];
	int original = s->fd;
	int fd = caski_sys_dup(original);
	int r;

	if (fd < 0)
		return fd;
	s->fd = fd;
	r = set(l, CASKI_EPOLL_ADD, i);
	if (r < 0) {
		caski_sys_close(fd);
		s->fd = original;
		return r;
	}
	s->copy = true;
	return 0;
}

static int
add_to_set(struct caski_loop *l, uint32_t i)
{
	int r = set(l, CASKI_EPOLL_ADD, i);

	if (r == -EEXIST)
		r = add_copy(l, i);
	if (r == -EPERM) {
		l->slots[i].always = true;
		l->always++;
		return 0;
	}
	if (r == 0 || r == -ENOMEM || r == -ENOSPC || r == -EMFILE)
		return -r;
	return EINVAL;
}

/* Without a set, for whatever reason, there is still poll. */
static int
add(struct caski_loop *l, uint32_t i)
{
	if (caski_epoll_open(l) != 0) {
		l->poller = &caski_poller_poll;
		return 0;
	}
	return add_to_set(l, i);
}

static void
ask(struct caski_loop *l, uint32_t i)
{
	if (!l->slots[i].always)
		set(l, CASKI_EPOLL_CHANGE, i);
}

static void
remove_from_set(struct caski_loop *l, uint32_t i)
{
	if (l->slots[i].always)
		l->always--;
	else
		caski_sys_epoll_set(
		    l->ep, CASKI_EPOLL_REMOVE, l->slots[i].fd, 0, 0);
}

static void
fall_back(struct caski_loop *l)
{
	if (l->ep >= 0)
		caski_sys_close(l->ep);
	if (l->alarm >= 0)
		caski_sys_close(l->alarm);
	l->ep = l->alarm = -1;
	l->always = 0;
	for (uint32_t i = 0; i < l->used; i++)
		l->slots[i].always = false;
	l->poller = &caski_poller_poll;
}

static int
add_all(struct caski_loop *l)
{
	int err = caski_epoll_open(l);

	for (uint32_t i = 0; i < l->used && err == 0; i++)
		if (l->slots[i].watch != NULL && !l->slots[i].always)
			err = add_to_set(l, i);
	if (err == 0 && l->alarm >= 0)
		err = -caski_sys_epoll_set(l->ep, CASKI_EPOLL_ADD, l->alarm,
		    POLLIN, CASKI_NUMBER_ALARM);
	return err;
}

void
caski_epoll_remake(struct caski_loop *l)
{
	if (l->ep < 0)
		return;
	caski_sys_close(l->ep);
	l->ep = -1;
	if (add_all(l) != 0)
		fall_back(l);
}

/* Up to a batch of events: 0 or more, or -errno. */
static int
fetch(const struct caski_loop *l, struct caski_round *r, int timeout_ms)
{
	int got = caski_sys_epoll_wait(l->ep, r->list, CASKI_BATCH, timeout_ms);

	r->at = 0;
	r->found = got > 0 ? (size_t)got : 0;
	return got;
}

static int
wait(struct caski_loop *l, struct caski_round *r, struct caski_own *own,
    size_t n, int timeout_ms)
{
	bool also = false;
	int got;

	r->at = r->found = 0;
	r->most = l->live + 1;
	r->file = 0;
	if (l->ep < 0 || (n > 0 && l->live == 0))
		return caski_poll_own(own, n, timeout_ms, -1, NULL);
	if (n == 0)
		return fetch(l, r, timeout_ms);
	got = caski_poll_own(own, n, timeout_ms, l->ep, &also);
	if (got != 1 || !also)
		return got;
	return fetch(l, r, 0);
}

/* The next file of those that poll would call ready. */
static bool
next_file(
    const struct caski_loop *l, struct caski_round *r, struct caski_ready *e)
{
	while (l->always > 0 && r->file < l->used) {
		uint32_t i = (uint32_t)r->file++;
		const struct caski_slot *s = &l->slots[i];

		if (s->watch == NULL || !s->always)
			continue;
		e->number = caski_slot_number(l, i);
		e->events = caski_slot_wanted(s) & file_events;
		if (e->events != 0)
			return true;
	}
	return false;
}

/*
 * A full batch is followed by another: the system puts what it has told at the
 * end of its list, and what comes up twice in a round is passed over.
 */
static bool
next(struct caski_loop *l, struct caski_round *r, struct caski_ready *e)
{
	if (r->at == CASKI_BATCH && r->most > CASKI_BATCH && l->ep >= 0) {
		r->most -= CASKI_BATCH;
		fetch(l, r, 0);
	}
	if (r->at < r->found) {
		*e = r->list[r->at++];
		return true;
	}
	return next_file(l, r, e);
}

static void
end(struct caski_loop *l, struct caski_round *r)
{
	(void)l, (void)r;
}

const struct caski_poller caski_poller_epoll = {
	.add = add,
	.ask = ask,
	.remove = remove_from_set,
	.wait = wait,
	.next = next,
	.end = end,
};
