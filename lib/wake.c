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
