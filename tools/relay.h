/*
 * The connections of cask proxy: pairs of sockets, and what goes from one to
 * the other.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RELAY_H
#define RELAY_H

#include <cask.h>

#include "mischief.h"
#include "session.h"

#define RELAY_MOST   1000      /* connections at a time; others wait */
#define RELAY_BUFFER (1 << 18) /* bytes of a direction, on their way */

#define RELAY_MARKS 1024

struct pair;

/* When what came.  Those of one millisecond are one. */
struct mark {
	uint64_t until; /* the stream's offset */
	int64_t us;
};

/* What is on its way.  Pages of it that nothing came to are no memory. */
struct queue {
	size_t first, n; /* of the bytes */
	size_t mark, marks;
	struct mark ring[RELAY_MARKS];
	unsigned char bytes[RELAY_BUFFER];
};

/* One direction of a connection. */
struct half {
	struct pair *pair;
	enum way way;
	struct cask_sock *from, *to;
	struct mischief mischief;
	struct queue queue;
	struct cask_timer timer;
	uint64_t came;
	int64_t end_us;  /* when its end came */
	int64_t settled; /* when a reset may follow the last bytes; or 0 */
	bool pending;    /* something can be received, and has to wait */
	bool blocked;    /* the system takes no more */
	bool stalled;
	bool dropping; /* what comes is thrown away */
	bool ended;    /* nothing more will come */
	bool lost;     /* … and that was no good end */
	bool passed;   /* the end has been passed on */
};

struct relay;

struct pair {
	struct pair *next, *before;
	struct relay *relay;
	unsigned number;
	struct cask_sock client, server;
	struct half half[WAYS];
	bool connected;
	bool again;   /* to connect has to be tried again */
	bool cutting; /* both directions are being closed, … */
	bool killing; /* … or reset */
	bool dead;    /* closed, and to be freed */
	struct pcap_talk capture;
};

struct relay {
	const char *address, *port; /* to listen on */
	const char *host, *host_port;
	const struct plan *plan[WAYS];
	bool pieces; /* tell of each one */
	void (*tell)(struct pair *p, const struct event *e);

	/* private */
	struct cask_sock listener;
	struct pair *pairs;
	unsigned count; /* of them */
	unsigned last;  /* number given */
	uint64_t over;  /* how many have ended: read it at any time */
	int64_t began;  /* microseconds */
	bool full;      /* someone may wait to be accepted */
	int64_t retry;  /* … and is tried then, in milliseconds */
	bool complained;
};

/* Listen, and say where.  False after a complaint. */
bool relay_open(struct relay *r);

/* To be called between turns of the pump: frees what has ended. */
void relay_check(struct relay *r);

void relay_close(struct relay *r);

/* half.c: what comes is passed on. */
void half_receive(struct half *h);
void half_push(struct half *h);

/* … and pairs: that socket is lost, as it tells itself. */
void pair_lost(struct pair *p, struct cask_sock *s);

/* Tell of something in a direction. */
void half_tell(struct half *h, enum event_kind kind, const char *format, ...);

/* Close both, after resets or in a good way. */
void pair_close(struct pair *p, bool reset);

#endif
