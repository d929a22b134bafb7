/*
 * What the tests of the pump share: something to watch, and a turn.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PUMP_KIT_H
#define PUMP_KIT_H

#include "test.h"

#include "../lib/pump.h"
#include "../lib/sys.h"

#include <sys/wait.h>

/* A pipe whose reading end is watched, and what happens when it is ready. */
struct station {
	struct cask_watch watch;
	int out;
	unsigned calls;
	int events;
	void (*then)(struct station *st);
	struct station *other;
	int err;
};

static inline void
arrived(struct cask_watch *w, int events)
{
	struct station *st = w->user;

	st->calls++;
	st->events = events;
	if (st->then != NULL)
		st->then(st);
}

static inline void
station_open(struct station *st, void (*then)(struct station *st))
{
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	*st = (struct station) {
		.watch = { .fd = fd[0],
		    .events = CASK_READABLE,
		    .ready = arrived,
		    .user = st },
		.out = fd[1],
		.then = then,
	};
}

static inline void
station_close(struct station *st)
{
	cask_watch_stop(&st->watch);
	close(st->watch.fd);
	close(st->out);
}

static inline void
ring(struct station *st)
{
	assert_int_equal(write(st->out, "!", 1), 1);
}

static inline void
answer(struct station *st)
{
	char c;

	assert_int_equal(test_read(st->watch.fd, &c, 1), 1);
}

static inline unsigned
turn(void)
{
	unsigned n = 99;

	assert_int_equal(cask_pump_turn(0, &n), 0);
	return n;
}

/* The program is run twice, the second time like this. */
static inline bool
by_poll(void)
{
	const char *asked = getenv("CASK_POLL");

	return asked != NULL && strcmp(asked, "poll") == 0;
}

static inline int64_t
now_ms(void)
{
	return caski_sys_now() / 1000000;
}

/* Run a function in a child: it has to give true. */
static inline void
in_a_child(bool (*run)(void *arg), void *arg)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(run(arg) ? 0 : 1);
	assert_int_equal(test_await(child, &status), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
