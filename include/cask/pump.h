/*
 * The pump: the private loop of a thread.
 *
 * A blocking call on a socket waits in it, and a program that serves many
 * sockets at once runs it to get their notifications.  Each thread has its own,
 * made when it is first needed and gone with the last thing it watches.
 * Nothing is called but from within cask_pump_turn and cask_pump_run, and,
 * while a notification is being delivered, no other one is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_PUMP_H
#define CASK_PUMP_H

#include <stdbool.h>
#include <stddef.h>

#include <cask/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CASK_READABLE = 1, /* reading would not block: data, an end, an error */
	CASK_WRITABLE = 2, /* writing would not block, or has failed */
};

/*
 * A descriptor that the pump watches for the program: standard input, another
 * library's connection.  Fill in the upper fields, then call cask_watch_start.
 * The struct stays the caller's and must not move while it is watched.
 */
struct cask_watch {
	int fd;
	int events; /* CASK_READABLE, CASK_WRITABLE, both, or 0: a pause */
	void (*ready)(struct cask_watch *w, int events);
	void *user; /* free for the program */
	/* private */
	size_t slot;
};

/*
 * Start watching, in this thread's pump; or, when it is watched already, take
 * over changed events (can't fail), and forget what was seen but not delivered
 * yet.  ready is called whenever one of the events holds, again and again as
 * long as it does; a hang-up or an error of the descriptor counts as either. It
 * may watch, unwatch and free anything, its own struct included.  What is
 * watched in a turn is visited in the next.  Unwatch before closing fd.  Does
 * not block.  Gives 0, ENOMEM or EINVAL.
 */
int cask_watch_start(struct cask_watch *w);

/* Stop watching; ready is not called after this.  Twice is fine. */
void cask_watch_stop(struct cask_watch *w);

/*
 * One turn: wait until something that is watched is ready, at most timeout_ms
 * (0: don't wait; below 0: no limit), and deliver all that is ready.  Gives 0
 * with *delivered (may be NULL) set to the number of notifications; EBUSY
 * within a notification; ENOMEM.  With no limit, and nothing watched that could
 * become ready, it gives EDEADLK instead of waiting for ever.  MFC: one turn of
 * the message loop.
 */
int cask_pump_turn(int timeout_ms, unsigned *delivered);

/*
 * Turn until cask_pump_stop, or until nothing is watched any more.  Gives 0 or
 * the error of a turn: EDEADLK when every socket and watch is still waiting for
 * the program to answer its last notification.
 */
int cask_pump_run(void);

/* Make the cask_pump_run of this thread return after the present turn. */
void cask_pump_stop(void);

#ifdef __cplusplus
}
#endif

#endif
