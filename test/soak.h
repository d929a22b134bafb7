/*
 * What the files of `make soak` share.  See soak.c.
 *
 * A request is a cask_message: who asks, the how manieth, and up to 200 bytes;
 * the answer says the same again, and the sum of the bytes.  The server is
 * Cask's; the clients are by hand, and none of them is.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOAK_H
#define SOAK_H

#include "../tools/bench_net.h"

#define HONEST  50
#define PAYLOAD 200
#define HEAD    14 /* of a request: its length, from, nth, a count */
#define REQUEST (HEAD + PAYLOAD)
#define ANSWER  16
#define VICTIM  0x10000 /* from here on they are to be killed */
#define KILLS   20000   /* at most */

/* What the knobs say: see soak.c. */
struct knobs {
	double requests;
	unsigned clients, kills, rounds, round_ms;
	uint64_t seed;
};
extern struct knobs knobs;

/* A generator of one's own, for each process: *s is not 0. */
uint64_t soak_random(uint64_t *s);

/* What a server tells: in shared memory, anew at each beat. */
struct tally {
	volatile unsigned beat;
	uint16_t port;
	size_t heap, heap_before;
	unsigned descriptors_before, descriptors_after;
	struct cask_server_counts counts;
	uint64_t opened, ended;    /* … in order */
	uint64_t lost;             /* … closed was told a reason */
	uint64_t wordless;         /* … without words */
	unsigned char told[KILLS]; /* how often closed had that victim */
};

/* soak_server.c: a server in a process of its own; it stops in order. */
struct tally *soak_server_start(pid_t *pid);
void soak_server_stop(struct tally *t, pid_t pid);
/* What it is like from now on. */
void soak_server_look(const struct tally *t);
unsigned descriptors_of(pid_t pid);

/* soak_clients.c: the honest, who look at each answer. */
struct order {
	double requests;   /* in all, at most */
	double ms;         /* for so long, at most */
	unsigned think_us; /* from an answer to the next request, on average */
	unsigned stay;     /* requests until a client connects anew; 0: none */
};

struct account {
	double requests, seconds;
	uint64_t sent, received; /* bytes */
	uint64_t connections;
	double p50, p99, most; /* us, from a request to its answer */
};

struct honest {
	pid_t pid;
	int order[2], account[2];
	uint16_t port;
};

/* A process of them, connected when it returns. */
void honest_start(struct honest *h, uint16_t port);
struct account honest_work(struct honest *h, const struct order *o);
/* The same in two halves. */
void honest_begin(const struct honest *h, const struct order *o);
struct account honest_done(const struct honest *h);
void honest_stop(struct honest *h);

/* A request's bytes; gives how many. */
size_t soak_request(
    unsigned char *p, uint32_t from, uint32_t nth, uint64_t *seed);

/* soak_crowd.c: the others. */
bool soak_crowd(void);
bool soak_kills(void);

/* soak.c: a line, and whether it holds. */
bool soak_holds(bool holds, const char *format, ...) CASK_PRINTF(2, 3);
void soak_note(const char *format, ...) CASK_PRINTF(1, 2);

#endif
