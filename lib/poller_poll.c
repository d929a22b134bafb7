/*
 * Asking the system by poll(2).  See loop.h.
 *
 * The array is made anew for every look: what a call waits for itself, then one
 * entry for each slot, with the descriptor -1 where nothing is wanted.  A round
 * keeps it until it is delivered, so a look within takes another one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

#include <errno.h>

static void
fill_own(struct pollfd *fds, const struct caski_own *own, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd) {
			.fd = own[i].fd,
			.events = caski_poll_asked(own[i].events),
		};
}

static void
see_own(const struct pollfd *fds, struct caski_own *own, size_t n)
{
	for (size_t i = 0; i < n; i++)
		own[i].seen =
		    caski_poll_answered(fds[i].events, fds[i].revents);
}

int
caski_poll_own(
    struct caski_own *own, size_t n, int timeout_ms, int more, bool *also)
{
	struct pollfd fds[CASKI_OWN_MOST + 2];
	size_t all = n;
	int r;

	fill_own(fds, own, n);
	if (more >= 0)
		fds[all++] = (struct pollfd) { .fd = more, .events = POLLIN };
	r = caski_sys_poll(fds, all, timeout_ms);
	if (r < 0)
		return r;
	see_own(fds, own, n);
	if (more >= 0)
		*also = fds[n].revents != 0;
	return r;
}

/* Poll is told everything with every look. */

static int
add(struct caski_loop *l, uint32_t i)
{
	(void)l, (void)i;
	return 0;
}

static void
told(struct caski_loop *l, uint32_t i)
{
	(void)l, (void)i;
}

/* An array for this round: 0 or -ENOMEM. */
static int
take_array(struct caski_loop *l, struct caski_round *r, size_t n)
{
	size_t need = n + l->used;
	size_t size = CASKI_OWN_MOST + 1 + (size_t)l->size;

	if (l->fds == NULL || l->fds_size < need) {
		void *grown;

		if (size > SIZE_MAX / sizeof *l->fds)
			return -ENOMEM;
		grown = caski_sys_realloc(l->fds, size * sizeof *l->fds);
		if (grown == NULL)
			return -ENOMEM;
		l->fds = grown;
		l->fds_size = size;
	}
	r->fds = l->fds;
	r->size = l->fds_size;
	l->fds = NULL;
	return 0;
}

static void
fill_slots(const struct caski_loop *l, struct pollfd *fds)
{
	for (uint32_t i = 0; i < l->used; i++) {
		const struct caski_slot *s = &l->slots[i];
		short wanted = s->watch != NULL ? caski_slot_wanted(s) : 0;

		fds[i] = (struct pollfd) {
			.fd = wanted != 0 ? s->fd : -1,
			.events = wanted,
		};
	}
}

static int
wait(struct caski_loop *l, struct caski_round *r, struct caski_own *own,
    size_t n, int timeout_ms)
{
	int err = r->fds == NULL ? take_array(l, r, n) : 0;
	int got;

	if (err != 0)
		return err;
	r->own = n;
	r->at = 0;
	r->found = l->used;
	fill_own(r->fds, own, n);
	fill_slots(l, r->fds + n);
	got = caski_sys_poll(r->fds, n + l->used, timeout_ms);
	if (got <= 0) {
		r->found = 0;
		return got;
	}
	see_own(r->fds, own, n);
	return got;
}

/* The number is the present one: an older use is ruled out by since. */
static bool
next(struct caski_loop *l, struct caski_round *r, struct caski_ready *e)
{
	while (r->at < r->found) {
		uint32_t i = (uint32_t)r->at++;

		if (r->fds[r->own + i].revents == 0)
			continue;
		e->number = caski_slot_number(l, i);
		e->events = r->fds[r->own + i].revents;
		return true;
	}
	return false;
}

/* Give the array back; of two keep the longer. */
static void
end(struct caski_loop *l, struct caski_round *r)
{
	struct pollfd *other = r->fds;

	if (r->fds != NULL && (l->fds == NULL || l->fds_size < r->size)) {
		other = l->fds;
		l->fds = r->fds;
		l->fds_size = r->size;
	}
	caski_sys_free(other);
	r->fds = NULL;
}

const struct caski_poller caski_poller_poll = {
	.add = add,
	.ask = told,
	.remove = told,
	.wait = wait,
	.next = next,
	.end = end,
};
