/*
 * Calls from elsewhere: a bell, and a watch on it.  See <cask/pump.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

#include <errno.h>

/* Silence first: a ring from now on is for the next call. */
static void
rung(struct cask_watch *watch, int events)
{
	struct cask_wake *w = watch->user;

	(void)events;
	caski_sys_bell_silence(w->bell[0]);
	w->woken(w);
}

static void
close_bell(const struct cask_wake *w)
{
	caski_sys_close(w->bell[0]);
	if (w->bell[1] != w->bell[0])
		caski_sys_close(w->bell[1]);
}

int
cask_wake_start(struct cask_wake *w)
{
	int err;

	if (w->woken == NULL)
		return EINVAL;
	if (caski_watched(&w->watch))
		return 0;
	err = -caski_sys_bell(w->bell);
	if (err != 0)
		return err;
	w->watch = (struct cask_watch) {
		.fd = w->bell[0],
		.events = CASK_READABLE,
		.ready = rung,
		.user = w,
	};
	err = cask_watch_start(&w->watch);
	if (err != 0)
		close_bell(w);
	return err;
}

void
cask_wake_ring(struct cask_wake *w)
{
	caski_sys_bell_ring(w->bell[1]);
}

void
cask_wake_stop(struct cask_wake *w)
{
	if (!caski_watched(&w->watch))
		return;
	cask_watch_stop(&w->watch);
	close_bell(w);
}

/* Where none can be had the processes go on sharing. */
static void
part(struct caski_slot *s, struct cask_wake *w)
{
	struct cask_wake before = *w;
	int bell[2];

	if (caski_sys_bell(bell) != 0)
		return;
	w->bell[0] = w->watch.fd = bell[0];
	w->bell[1] = bell[1];
	if (s->copy)
		caski_sys_close(s->fd);
	s->fd = bell[0];
	s->copy = false;
	close_bell(&before);
}

void
caski_wakes_part(struct caski_loop *l)
{
	for (uint32_t i = 0; i < l->used; i++) {
		struct cask_watch *watch = l->slots[i].watch;

		if (watch != NULL && watch->ready == rung)
			part(&l->slots[i], watch->user);
	}
}
