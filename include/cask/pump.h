/*
 * The pump: the private loop of a thread.
 *
 * A blocking call on a socket waits in it, and a program that serves many
 * sockets at once runs it to get their notifications.  Each thread has its own,
 * made when it is first needed and gone with the last thing that it holds.  It
 * holds what sockets wait for, watches on other descriptors, timers, and calls
 * from elsewhere.
 *
 * Two kinds of callback.  Watches, timers and wakes are the program's own: they
 * run in cask_pump_turn and cask_pump_run, and also while a call on some socket
 * waits, wherever that call was made; but none runs within itself.
 * Notifications of sockets (sock.h) are delivered in cask_pump_turn and
 * cask_pump_run alone, one after the other: those that come up while a call
 * waits are put aside, in order, and delivered by the next turn, or by the one
 * under way.  cask_pump_nest makes an exception.
 *
 * The loop is epoll where there is one, else poll(2); CASK_POLL=poll or
 * CASK_POLL=epoll in the environment chooses, for tests.  A pump that a process
 * takes with it through fork belongs to both, each having its own from then on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_PUMP_H
#define CASK_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cask/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CASK_READABLE = 1, /* reading would not block: data, an end, an error */
	CASK_WRITABLE = 2, /* writing would not block, or has failed */
	CASK_URGENT = 4,   /* urgent data has come */
};

/*
 * A descriptor that the pump watches for the program: standard input, another
 * library's connection.  Fill in the upper fields, then call cask_watch_start.
 * The struct stays the caller's and must not move while it is watched.
 */
struct cask_watch {
	int fd;
	int events; /* any of the above, or 0: a pause */
	void (*ready)(struct cask_watch *w, int events);
	void *user; /* free for the program */
	/* private */
	size_t slot;
	bool inner; /* ready is the library's own: it may run at any time */
};

/*
 * Start watching, in this thread's pump; or, when it is watched already, take
 * over changed events (can't fail), and forget what was seen but not delivered
 * yet.  ready is called whenever one of the events holds, again and again as
 * long as it does; a hang-up or an error of the descriptor counts as any of
 * them.  It may watch, unwatch and free anything, its own struct included.
 * What is watched in a turn is visited in the next.  Unwatch before closing fd.
 * Files are always ready.  Does not block.  Gives 0, ENOMEM, EMFILE, ENOSPC
 * (the system watches no more), or EINVAL.  MFC: WSAAsyncSelect.
 */
int cask_watch_start(struct cask_watch *w);

/* Stop watching; ready is not called after this.  Twice is fine. */
void cask_watch_stop(struct cask_watch *w);

/*
 * A timer.  Fill in the upper fields, then call cask_timer_start.  The struct
 * stays the caller's and must not move while the timer runs.  A periodic timer
 * that is late fires once, and keeps to its first beat.  Thousands are cheap.
 */
struct cask_timer {
	int after_ms; /* from now to the first time */
	int every_ms; /* … and between those that follow; 0: once */
	void (*fire)(struct cask_timer *t);
	void *user; /* free for the program */
	/* private */
	int64_t at;
	size_t slot;
};

/*
 * Start it, in this thread's pump; one that runs starts anew.  fire may start,
 * stop and free any timer, its own included.  Does not block.  Gives 0, ENOMEM
 * or EINVAL (a time below 0, no fire).  MFC: SetTimer.
 */
int cask_timer_start(struct cask_timer *t);

/* Stop it; fire is not called after this.  Twice is fine.  MFC: KillTimer. */
void cask_timer_stop(struct cask_timer *t);

/*
 * A call from elsewhere: cask_wake_ring, in any thread or in a signal handler,
 * makes the pump of the thread that started the wake call woken, once for all
 * rings since the last time.  The struct stays the caller's, and must not be
 * rung before it was started or once cask_wake_stop has been called; nor, in a
 * forked process, before that has used its pump: it would wake the other one.
 *
 * Gives 0, ENOMEM, EMFILE, ENFILE or EINVAL.  MFC: PostThreadMessage.
 */
struct cask_wake {
	void (*woken)(struct cask_wake *w);
	void *user; /* free for the program */
	/* private */
	struct cask_watch watch;
	int bell[2];
};

int cask_wake_start(struct cask_wake *w);
void cask_wake_ring(struct cask_wake *w);
void cask_wake_stop(struct cask_wake *w);

/*
 * One turn: wait until there is something to deliver, at most timeout_ms (0:
 * don't wait; below 0: no limit), and deliver all there is.  Gives 0 with
 * *delivered (may be NULL) set to the number of callbacks; EBUSY within a
 * callback, and while a call waits; ENOMEM.  With no limit, and nothing that
 * could ever happen, it gives EDEADLK instead of waiting for ever.  MFC: one
 * turn of the message loop.
 */
int cask_pump_turn(int timeout_ms, unsigned *delivered);

/*
 * Turn until cask_pump_stop, or until the pump holds nothing any more.  Gives 0
 * or the error of a turn: EDEADLK when every socket and watch is still waiting
 * for the program to answer its last notification.  MFC: CWinThread::Run.
 */
int cask_pump_run(void);

/* Make the cask_pump_run of this thread return after the present turn. */
void cask_pump_stop(void);

/*
 * Serve other sockets while a call waits: deliver their notifications within
 * it, at most depth of them within one another.  0, as it is at first, puts
 * them aside.  A notification is not delivered within one of the same socket,
 * nor to a socket whose own call waits.  For this thread, until changed.
 */
void cask_pump_nest(unsigned depth);

/*
 * Before a receive sleeps for the answer to what was just sent, look again and
 * again for up to us microseconds, yielding the processor in between (0, as it
 * is at first: sleep at once).  With idle processors and instant answers a
 * round trip gets many times faster.  It costs processor time, so it is your
 * choice; where it doesn't help it soon switches itself off for a while.  For
 * this thread, until changed.
 */
void cask_pump_yield(unsigned us);

/*
 * Inside another loop: a descriptor that is readable whenever cask_pump_turn(0)
 * has something to do, timers included.  It is the pump's, and changes only if
 * the pump goes, with the last thing that it holds, and a new one is made.
 * Gives -1 where it can't be had (ENOMEM, EMFILE; poll(2) has no such
 * descriptor: then watch the other loop's descriptor from here).  A pump that
 * is made for it, and given nothing to hold, goes with the next turn.  Does not
 * block.
 */
int cask_pump_fd(void);

/* ------------------------------------------------------------------------ */
/* private: what sockets put into the pump's queue. */
struct cask_note {
	struct cask_note *next, *before;
	void (*deliver)(struct cask_note *n);
	bool queued;
};

#ifdef __cplusplus
}
#endif

#endif
