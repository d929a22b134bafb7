/*
 * The private loop of a thread: its life, and its turns.  See <cask/pump.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "pump.h"

#include "loop.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

/* A moment that has passed: the alarm rings at once. */
#define AT_ONCE 1

_Thread_local struct caski_here caski_here;
static _Thread_local bool stopped;

/* Life */

static const struct caski_poller *
choose_poller(void)
{
	const char *asked = caski_sys_getenv("CASK_POLL");

	return asked != NULL && strcmp(asked, "poll") == 0
	    ? &caski_poller_poll
	    : &caski_poller_epoll;
}

struct caski_loop *
caski_loop_get(void)
{
	struct caski_loop *l = caski_loop_here();

	if (l != NULL)
		return l;
	l = caski_sys_malloc(sizeof *l);
	if (l == NULL)
		return NULL;
	*l = (struct caski_loop) {
		.poller = choose_poller(),
		.pid = caski_sys_pid(),
		.rdhup = caski_sys_pollrdhup(),
		.ep = -1,
		.bell = { -1, -1 },
		.alarm = -1,
	};
	caski_notes_init(l);
	caski_here.loop = l;
	return l;
}

static void
close_bell(const struct caski_loop *l)
{
	if (l->bell[0] < 0)
		return;
	caski_sys_close(l->bell[0]);
	if (l->bell[1] != l->bell[0])
		caski_sys_close(l->bell[1]);
}

static void
free_loop(struct caski_loop *l)
{
	close_bell(l);
	if (l->alarm >= 0)
		caski_sys_close(l->alarm);
	if (l->ep >= 0)
		caski_sys_close(l->ep);
	caski_sys_free(l->fds);
	caski_sys_free(l->slots);
	caski_sys_free(l->timers.heap);
	caski_sys_free(l);
}

static bool
holds_nothing(const struct caski_loop *l)
{
	return l->live == 0 && l->timers.used == 0 && l->timers.out == 0 &&
	    !caski_notes_any(l);
}

void
caski_loop_let_go(struct caski_loop *l)
{
	if (l->inside > 0)
		return;
	if (!holds_nothing(l) || caski_waiting()) {
		caski_loop_arm(l);
		return;
	}
	caski_here.loop = NULL;
	free_loop(l);
}

bool
caski_pump_idle(void)
{
	const struct caski_loop *l = caski_loop_here();

	return l == NULL || holds_nothing(l);
}

/*
 * After a fork the two processes share what the descriptors stand for, so this
 * one, the younger, gets its own.
 */
void
caski_loop_check(struct caski_loop *l)
{
	int pid = caski_sys_pid();

	if (pid == l->pid)
		return;
	l->pid = pid;
	if (l->alarm >= 0) {
		caski_sys_close(l->alarm);
		l->alarm = caski_sys_alarm();
		l->alarm_at = 0;
		if (l->alarm < 0)
			l->alarm = -1;
	}
	if (l->bell[0] >= 0) {
		close_bell(l);
		l->bell[0] = l->bell[1] = -1;
		caski_loop_bell(l);
	}
	caski_wakes_part(l);
	caski_epoll_remake(l);
}

void
caski_loop_enter(struct caski_loop *l)
{
	caski_loop_check(l);
	if (l->alarm_at == AT_ONCE) {
		l->alarm_at = 0;
		caski_sys_alarm_set(l->alarm, 0);
	}
	l->inside++;
}

void
caski_loop_leave(struct caski_loop *l)
{
	l->inside--;
	caski_loop_let_go(l);
}

/* Inside another loop */

void
caski_loop_arm(struct caski_loop *l)
{
	int64_t at;

	if (l->alarm < 0 || l->inside > 0)
		return;
	at = caski_timers_next(l);
	if (caski_notes_any(l) || caski_files_ready(l))
		at = AT_ONCE;
	else if (at == CASKI_NEVER)
		at = 0;
	if (at == l->alarm_at)
		return;
	caski_loop_check(l);
	if (l->alarm < 0)
		return;
	l->alarm_at = at;
	caski_sys_alarm_set(l->alarm, at);
}

static int
make_alarm(struct caski_loop *l)
{
	int fd = caski_sys_alarm();
	int r;

	if (fd < 0)
		return fd;
	r = caski_sys_epoll_set(
	    l->ep, CASKI_EPOLL_ADD, fd, POLLIN, CASKI_NUMBER_ALARM);
	if (r < 0) {
		caski_sys_close(fd);
		return r;
	}
	l->alarm = fd;
	l->alarm_at = 0;
	caski_loop_arm(l);
	return 0;
}

int
cask_pump_fd(void)
{
	struct caski_loop *l = caski_loop_get();

	if (l == NULL)
		return -1;
	caski_loop_check(l);
	if (l->poller == &caski_poller_epoll && caski_epoll_open(l) == 0 &&
	    (l->alarm >= 0 || make_alarm(l) == 0))
		return l->ep;
	caski_loop_let_go(l);
	return -1;
}

/* Turning */

static bool
anything_can_happen(const struct caski_loop *l)
{
	return l != NULL &&
	    (l->active > 0 || l->timers.used > 0 || caski_notes_any(l));
}

/* Look once, and deliver all that there is: 0 or an error. */
static int
turn_once(struct caski_loop *l, struct caski_round *r, int64_t limit,
    bool at_once, unsigned *delivered)
{
	int64_t until = caski_sooner(limit, caski_timers_next(l));
	int got;

	caski_notes_turn(l);
	at_once |= caski_notes_queued(l) || caski_files_ready(l);
	got = caski_loop_look(l, r, NULL, 0, until, at_once);
	if (got < 0)
		return -got;
	*delivered += caski_watches_deliver(l, r);
	*delivered += caski_timers_fire(l);
	*delivered += caski_notes_drain(l);
	return 0;
}

/* What the system tells may turn out to be nothing to deliver: look again. */
static int
turn(struct caski_loop *l, int timeout_ms, unsigned *delivered)
{
	int64_t limit =
	    timeout_ms > 0 ? caski_deadline(timeout_ms) : CASKI_NEVER;
	struct caski_round r;
	int err;

	do {
		err = turn_once(l, &r, limit, timeout_ms == 0, delivered);
		r.poller->end(l, &r);
	} while (err == 0 && *delivered == 0 && timeout_ms != 0 &&
	    (limit == CASKI_NEVER ? anything_can_happen(l)
				  : caski_sys_now() < limit));
	return err;
}

static bool
busy(void)
{
	const struct caski_loop *l = caski_loop_here();

	return caski_waiting() || (l != NULL && l->inside > 0);
}

int
cask_pump_turn(int timeout_ms, unsigned *delivered)
{
	struct caski_loop *l = caski_loop_here();
	unsigned n = 0;
	int err;

	if (delivered != NULL)
		*delivered = 0;
	if (busy())
		return EBUSY;
	if (timeout_ms < 0 && !anything_can_happen(l))
		return EDEADLK;
	if (l == NULL) {
		err = caski_wait(NULL, 0, caski_deadline(timeout_ms));
		return err == ETIMEDOUT ? 0 : err;
	}
	caski_loop_enter(l);
	err = turn(l, timeout_ms, &n);
	caski_loop_leave(l);
	if (delivered != NULL)
		*delivered = n;
	return err;
}

int
cask_pump_run(void)
{
	int err = 0;

	if (busy())
		return EBUSY;
	stopped = false;
	while (err == 0 && !caski_pump_idle() && !stopped)
		err = cask_pump_turn(-1, NULL);
	return err;
}

void
cask_pump_stop(void)
{
	stopped = true;
}
