/*
 * The pump, seen from within the library: waiting, and notes.
 *
 * Here is the only place where a thread sleeps, and the only one that turns a
 * deadline into a time-out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_PUMP_H
#define CASKI_PUMP_H

#include <cask/pump.h>

#include <stdint.h>

/*
 * What ready of an inner watch is told besides: the peer sends no more, has
 * hung up, or there is an error.  Where the system can't tell an end from data
 * it comes with every CASK_READABLE.
 */
#define CASKI_HANGUP 8

/* What an inner watch that is started waits for is what its events say from
 * now on; else as cask_watch_start over changed events. */
void caski_watch_change(struct cask_watch *w);

/* The deadline that never comes. */
#define CASKI_NEVER INT64_MAX

/* The moment ms milliseconds from now; below 0: never. */
int64_t caski_deadline(int ms);

/* What is left until then, in milliseconds rounded up, so that nothing ends
 * before its time; 0 when it has come, -1 for never. */
int caski_remaining_ms(int64_t deadline);

/* What a call waits for: its own descriptors.  seen: which events hold. */
struct caski_own {
	int fd;
	int events;
	int seen;
};

#define CASKI_OWN_MOST   10 /* descriptors of one wait */
#define CASKI_DEPTH_MOST 16 /* waits within one another */

/*
 * One step of a call's wait: sleep until one of its own descriptors is ready,
 * something else is to be done, or the deadline comes.  What else is done while
 * it waits: watches and timers run; notes are put into the queue (or delivered,
 * after cask_pump_nest).  All of that is the program's code, so the caller has
 * to look whether its socket is still there.  Interruptions are invisible.
 *
 * Gives 0 with the seen of each set, perhaps to 0: look again, and call again;
 * ETIMEDOUT; ENOMEM; ELOOP beyond CASKI_DEPTH_MOST.
 */
int caski_wait(struct caski_own *own, size_t n, int64_t deadline);

/*
 * The frame of a call that waits, perhaps in many steps: between the two the
 * bell stays as it is, and turns are refused.  Frames nest.
 */
void caski_wait_begin(void);
void caski_wait_end(void);

/* Wait for one descriptor, and serve nobody else meanwhile.  Gives 0, ETIMEDOUT
 * or ENOMEM. */
int caski_wait_one(int fd, int events, int64_t deadline);

/* Whether a wait has nothing to do but to look at its own descriptors: then
 * the caller may as well sleep in its own system call. */
bool caski_pump_idle(void);

/*
 * The bell that ends a sleep in caski_wait of this thread, for
 * caski_sys_bell_ring: good until the outermost caski_wait_end of this thread.
 * Made on first use, between begin and end; -1 when there can't be one (waits
 * then look up ten times a second by themselves).  It stays as long as the pump
 * does, and costs one descriptor.
 */
int caski_pump_bell(void);

/*
 * What every receive looks at before it sleeps in its own system call; hidden,
 * and all of it together, so that it is found at once.
 */
struct caski_here {
	struct caski_loop *loop; /* this thread's, or NULL: it needs none */
	unsigned yield_us;       /* of cask_pump_yield */
};

extern __attribute__((
    visibility("hidden"))) _Thread_local struct caski_here caski_here;

/* Nothing but the call itself: no pump, and no yielding. */
static inline bool
caski_is_alone(void)
{
	return caski_here.loop == NULL && caski_here.yield_us == 0;
}

/*
 * Notes: something to be delivered, once each, in the order in which they were
 * posted.  The caller owns the memory and sets deliver.  post: at the end of
 * the queue, unless it is in it.  later: not before the next turn.  drop: takes
 * it back; it may be freed then.  None of them fails: something else of the
 * caller's, a paused watch at least, must be in the pump.
 *
 * deliver is called with the note taken out.  It may post it again, and free
 * it.  Or it refuses, within a wait that serves others (cask_pump_nest): the
 * note is put back, and delivered as soon as it can be.  To such a wait,
 * "later" is the next time that it looks.
 */
void caski_note_post(struct cask_note *n);
void caski_note_later(struct cask_note *n);
void caski_note_refuse(struct cask_note *n);
void caski_note_drop(struct cask_note *n);

#endif
