/*
 * What the parts of the pump share.
 *
 *     pump.c          the pump's life, turns
 *     wait.c          waits of blocking calls, the bell
 *     watch.c         watches, and the delivery of their events
 *     timer.c         timers
 *     note.c          the queue of notes
 *     wake.c          calls from elsewhere
 *     poller_epoll.c  asking the system what is ready: by epoll
 *     poller_poll.c   … and by poll(2)
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_LOOP_H
#define CASKI_LOOP_H

#include "pump.h"

#include "sys.h"

struct caski_loop;

/*
 * A callback that is running.  When its watch or timer is stopped meanwhile,
 * running becomes NULL, and nothing of it may be touched any more.
 */
struct caski_frame {
	struct caski_frame *outer;
	const void *running;
	bool again; /* a timer that was started in its own callback */
};

/* The place of a watch; its struct's slot is the index of this, plus 1. */
struct caski_slot {
	struct cask_watch *watch;  /* NULL: a hole */
	struct caski_frame *frame; /* its callback is running */
	uint64_t since; /* events of this round and those before are not its */
	uint32_t generation;
	uint32_t hole; /* a hole's: the next one, plus 1 */
	int fd;        /* that of the watch, or a copy */
	short wanted;  /* as poll wants it */
	short asked;   /* what the system was asked for: wanted, or more */
	bool copy;
	bool always; /* always ready: a file */
};

#define CASKI_BATCH 64

/* What was found by looking once; delivered one by one. */
struct caski_round {
	uint64_t id;
	const struct caski_poller *poller;
	size_t at;    /* how far it has come */
	size_t found; /* in list; slots that were looked at */
	size_t most;  /* events that may still come */
	size_t file;  /* how far it has come with those always ready */
	struct pollfd *fds;
	size_t size;
	size_t own;
	struct caski_ready list[CASKI_BATCH];
};

/* A way to ask the system.  i is the index of a slot. */
struct caski_poller {
	int (*add)(struct caski_loop *l, uint32_t i);
	void (*ask)(struct caski_loop *l, uint32_t i);
	void (*remove)(struct caski_loop *l, uint32_t i);
	/* Above 0: something is ready; 0: time is up; -errno. */
	int (*wait)(struct caski_loop *l, struct caski_round *r,
	    struct caski_own *own, size_t n, int timeout_ms);
	bool (*next)(
	    struct caski_loop *l, struct caski_round *r, struct caski_ready *e);
	void (*end)(struct caski_loop *l, struct caski_round *r);
};

extern const struct caski_poller caski_poller_epoll;
extern const struct caski_poller caski_poller_poll;

struct caski_timers {
	struct cask_timer **heap; /* the next one first */
	size_t used;
	size_t out; /* those that are firing: their places are kept */
	size_t size;
	struct caski_frame *firing;
};

struct caski_loop {
	const struct caski_poller *poller;
	int pid; /* of the process that it is of */
	int inside;
	unsigned depth;  /* waits within one another */
	unsigned nested; /* notes that waits are delivering */
	bool stray;      /* there was an event that belongs to no watch */
	short rdhup;

	struct caski_slot *slots;
	uint32_t used;
	uint32_t size;
	uint32_t hole;
	size_t live;
	size_t active; /* those that are not paused */
	size_t always; /* those that are always ready */
	uint64_t rounds;

	struct caski_timers timers;
	struct cask_note notes; /* heads of rings */
	struct cask_note later;
	unsigned refused; /* notes that the present pass couldn't deliver */

	int ep;             /* epoll's descriptor, or -1 */
	struct pollfd *fds; /* poll's array, when no round has it */
	size_t fds_size;
	int bell[2];
	int alarm;        /* in epoll's set, for loops around this one; or -1 */
	int64_t alarm_at; /* what it is set to */
};

/* pump.c */

/* This thread's, or NULL: none is needed; and made, NULL: no memory. */
static inline struct caski_loop *
caski_loop_here(void)
{
	return caski_here.loop;
}

struct caski_loop *caski_loop_get(void);

/* Before anything that the system is told: is this still the same process? */
void caski_loop_check(struct caski_loop *l);

/* Something went: free the loop if that was the last thing. */
void caski_loop_let_go(struct caski_loop *l);

/* Something that the alarm may depend on has changed. */
void caski_loop_arm(struct caski_loop *l);

/* Callbacks are run between the two. */
void caski_loop_enter(struct caski_loop *l);
void caski_loop_leave(struct caski_loop *l);

/* wait.c */

/* Have a bell, if there can be one. */
bool caski_loop_bell(struct caski_loop *l);

/* Whether a call waits; the moments and what is left of them. */
bool caski_waiting(void);
int64_t caski_sooner(int64_t a, int64_t b);

/*
 * Look, until something is ready or the moment has come; at once: only look.
 * Above 0, 0, or -errno, but not -EINTR.
 */
int caski_loop_look(struct caski_loop *l, struct caski_round *r,
    struct caski_own *own, size_t n, int64_t until, bool at_once);

/* watch.c */
bool caski_watched(const struct cask_watch *w);

/* Deliver a round, and end it: how many of the program's callbacks. */
unsigned caski_watches_deliver(struct caski_loop *l, struct caski_round *r);

/* The number of a slot in its present use. */
uint64_t caski_slot_number(const struct caski_loop *l, uint32_t i);

/* What is wanted of it: nothing while its callback runs. */
short caski_slot_wanted(const struct caski_slot *s);

/* Is a file wanted, which is always ready? */
bool caski_files_ready(const struct caski_loop *l);

/* timer.c */
int64_t caski_timers_next(const struct caski_loop *l);
unsigned caski_timers_fire(struct caski_loop *l);

/* note.c */
void caski_notes_init(struct caski_loop *l);
bool caski_notes_any(const struct caski_loop *l); /* the later ones too */
bool caski_notes_queued(const struct caski_loop *l);
void caski_notes_turn(struct caski_loop *l); /* the later ones' turn */
unsigned caski_notes_drain(struct caski_loop *l);
unsigned caski_notes_nest(struct caski_loop *l);

/* wake.c: after a fork, give this process's wakes bells of their own. */
void caski_wakes_part(struct caski_loop *l);

/* poller_epoll.c */
#define CASKI_NUMBER_ALARM UINT64_MAX

/* Make the set anew, with all slots; without success it is poll from now on. */
void caski_epoll_remake(struct caski_loop *l);

/* Have a set: 0, or an error. */
int caski_epoll_open(struct caski_loop *l);

/* Events, ours and poll's.  An error or a hang-up is all that was asked for. */
#define CASKI_OVER (POLLERR | POLLHUP | POLLNVAL)

static inline short
caski_poll_asked(int events)
{
	return (short)((events & CASK_READABLE ? POLLIN : 0) |
	    (events & CASK_WRITABLE ? POLLOUT : 0) |
	    (events & CASK_URGENT ? POLLPRI : 0));
}

static inline int
caski_poll_answered(short asked, short revents)
{
	int events = 0;

	if (asked & POLLIN && revents & (POLLIN | CASKI_OVER))
		events |= CASK_READABLE;
	if (asked & POLLOUT && revents & (POLLOUT | CASKI_OVER))
		events |= CASK_WRITABLE;
	if (asked & POLLPRI && revents & (POLLPRI | CASKI_OVER))
		events |= CASK_URGENT;
	return events;
}

/* poller_poll.c */

/* Poll n of a call's own, and one more (-1: none; else *also: is it ready?). */
int caski_poll_own(
    struct caski_own *own, size_t n, int timeout_ms, int more, bool *also);

#endif
