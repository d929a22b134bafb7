/*
 * Kills: clients that end in the midst of a message, at a byte by chance, while
 * the honest work.  A third of them are processes that are killed, a third
 * reset their connections, and a third just close.
 *
 * A victim sends some whole messages, then the beginning of one.  Most wait for
 * the first answer, so that the server knows who they are; the others are only
 * counted.  Who waits for no other answer leaves the rest unread, which makes a
 * reset of its close.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "soak.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH    9 /* that are there at the same time */
#define THINK_US 2000

enum kind { KILLED, RESET, CLOSED };

struct victim {
	unsigned nth;
	enum kind kind;
	bool known;
	uint16_t port;
	uint64_t seed;
	pid_t pid;
	int fd, ready[2];
};

/* A random number of whole messages, and a random part of another. */
static void
begin(struct victim *v)
{
	unsigned char p[REQUEST], answer[ANSWER];
	uint64_t *s = &v->seed;
	uint32_t nth = 0;
	unsigned whole = (unsigned)(soak_random(s) % 4);
	size_t n;

	v->fd = hand_connect(v->port, 0);
	if (v->known) {
		n = soak_request(p, VICTIM + v->nth, nth++, s);
		hand_send(v->fd, p, n);
		if (recv(v->fd, answer, ANSWER, MSG_WAITALL) != ANSWER)
			die("a victim", "has no answer");
	}
	while (v->known && whole-- > 0) {
		n = soak_request(p, VICTIM + v->nth, nth++, s);
		hand_send(v->fd, p, n);
		if (soak_random(s) % 2 == 0 &&
		    recv(v->fd, answer, ANSWER, MSG_WAITALL) != ANSWER)
			die("a victim", "has no answer");
	}
	n = soak_request(p, VICTIM + v->nth, nth, s);
	hand_send(v->fd, p, 1 + soak_random(s) % (n - 1));
}

static void
be_killed(void *arg)
{
	struct victim *v = arg;

	begin(v);
	if (write(v->ready[1], "", 1) != 1)
		failed("write");
	for (;;)
		pause();
}

static void
start(struct victim *v)
{
	char byte;

	if (v->kind != KILLED) {
		begin(v);
		return;
	}
	if (pipe(v->ready) != 0)
		failed("pipe");
	v->pid = spawn(be_killed, v, second_cpu);
	hand_close(v->ready[1]);
	if (read(v->ready[0], &byte, 1) != 1)
		die("a victim", "has failed");
	hand_close(v->ready[0]);
}

static void
end(struct victim *v)
{
	struct linger reset = { .l_onoff = 1 };

	if (v->kind == KILLED) {
		stop(v->pid);
		return;
	}
	if (v->kind == RESET &&
	    setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) != 0)
		failed("setsockopt");
	hand_close(v->fd);
}

/* So many at once, which end in another order. */
static void
kill_some(unsigned from, unsigned n, uint16_t port, unsigned *known)
{
	static uint64_t seed;
	struct victim v[BATCH];

	if (seed == 0)
		seed = knobs.seed;
	memset(v, 0, sizeof v);
	for (unsigned i = 0; i < n; i++) {
		v[i].nth = from + i;
		v[i].port = port;
		v[i].kind = (enum kind)((from + i) % 3);
		v[i].seed = soak_random(&seed) | 1;
		v[i].known = soak_random(&seed) % 5 != 0;
		*known += v[i].known;
		start(&v[i]);
	}
	for (unsigned left = n; left > 0; left--) {
		unsigned i = (unsigned)(soak_random(&seed) % left);

		pass_ns((long)(soak_random(&seed) % 1000000));
		end(&v[i]);
		v[i] = v[left - 1];
	}
}

/* Told of exactly once, those that are known. */
static bool
judge(const struct tally *t, unsigned known)
{
	unsigned once = 0, more = 0;

	for (unsigned i = 0; i < KILLS; i++) {
		once += t->told[i] == 1;
		more += t->told[i] > 1;
	}
	return soak_holds(t->lost == knobs.kills && t->wordless == 0,
		   "%llu ends with a reason were told of, and no other",
		   (unsigned long long)t->lost) &
	    soak_holds(once == known && more == 0,
		"%u that had said who they are, each once", once);
}

bool
soak_kills(void)
{
	struct order o = { .requests = 1e18, .ms = 100, .think_us = THINK_US };
	struct honest h = { 0 };
	unsigned known = 0;
	double requests = 0;
	struct tally *t;
	pid_t pid;
	bool holds;

	if (knobs.kills > KILLS)
		knobs.kills = KILLS;
	soak_note("kills: %u clients, in the midst of a message", knobs.kills);
	t = soak_server_start(&pid);
	honest_start(&h, t->port);
	for (unsigned i = 0; i < knobs.kills; i += BATCH) {
		unsigned left = knobs.kills - i;

		honest_begin(&h, &o);
		kill_some(i, left < BATCH ? left : BATCH, t->port, &known);
		requests += honest_done(&h).requests;
	}
	pass_ns(200000000);
	soak_server_look(t);
	holds = soak_holds(t->counts.clients == HONEST && t->ended == 0,
	    "%.0f honest requests meanwhile, all answered, and right; "
	    "all %u honest clients are still there",
	    requests, HONEST);
	holds &= judge(t, known);
	holds &= soak_holds(t->counts.memory == 0, "no bytes wait any more");
	honest_stop(&h);
	soak_server_stop(t, pid);
	return holds;
}
