/*
 * What the files of the rows of many clients share.
 *
 * A request is a message as cask_message makes it: 4 bytes of length and a
 * record; the answer is one of the record's number, 4 bytes.  The servers by
 * hand and with notifications take them apart with the same code; cask_serve
 * does that itself.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_MANY_H
#define BENCH_MANY_H

#include "bench_net.h"

#define LENGTH  4
#define FRAME   (LENGTH + RECORD_SIZE)
#define ANSWER  (LENGTH + 4)
#define INPUT   256
#define ANSWERS 16 /* at most, for one call that receives */
#define ACTIVE  50

/* What a server tells while it runs: in shared memory. */
struct census {
	size_t clients;
	size_t heap; /* in use, besides the structs of the clients */
	size_t heap_at_first;
};

/* What has come of a client's request. */
struct input {
	uint32_t length;
	unsigned char bytes[INPUT];
};

/* What the clients tell: when they stand, and after each time of work. */
struct work {
	double count; /* of requests */
	double rate;  /* … a second */
};

enum kind { BY_HAND, NOTIFIED, SERVED };

struct crowd {
	enum kind kind;
	unsigned idle;
	struct census *census;
	pid_t server;
	pid_t clients;
	int port_pipe[2];
	int command[2]; /* to the clients: for how many ms */
	int answer[2];  /* … and back: a struct work */
	uint16_t port;
};

/* bench_server.c and bench_serve.c.  They serve until they are stopped. */
void notified_server(struct crowd *c);
void hand_server(struct crowd *c);
void served_server(struct crowd *c);

/* For them: where it listens; what a connection has cost, the first time before
 * there is any. */
void crowd_tell(struct crowd *c, uint16_t port);
void crowd_count(struct crowd *c, bool first);

/* Take the whole frames out; put the answers.  Gives their bytes. */
size_t answer_frames(struct input *in, unsigned char *out);

/* bench_clients.c: a process with all clients, the idle and the busy ones. */
void crowd_clients(struct crowd *c);

#endif
