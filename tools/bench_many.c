/*
 * A server of many clients, and what a connection costs it in memory.
 *
 * All servers stand at the same time, each with its clients, and are put to
 * work one after the other.  See bench_many.h.  The kernel's own memory is not
 * counted: it is the same for every server.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_many.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS 250

static void
server(void *arg)
{
	struct crowd *c = arg;

	static void (*const serve[])(struct crowd * c) = {
		[BY_HAND] = hand_server,
		[NOTIFIED] = notified_server,
		[SERVED] = served_server,
	};

	serve[c->kind](c);
}

static void
clients(void *arg)
{
	crowd_clients(arg);
}

static struct work
answer_of(const struct crowd *c)
{
	struct work w;

	if (read(c->answer[0], &w, sizeof w) != sizeof w)
		die("clients", "failed");
	return w;
}

static void
end_of_pipe(int fd)
{
	if (close(fd) != 0)
		failed("close");
}

static struct crowd
gather(enum kind way, unsigned idle)
{
	struct crowd c = { .kind = way, .idle = idle };

	c.census = shared(sizeof *c.census);
	if (pipe(c.port_pipe) != 0 || pipe(c.command) != 0 ||
	    pipe(c.answer) != 0)
		failed("pipe");
	c.server = spawn(server, &c, first_cpu);
	end_of_pipe(c.port_pipe[1]);
	if (read(c.port_pipe[0], &c.port, sizeof c.port) != sizeof c.port)
		die("server", "did not listen");
	end_of_pipe(c.port_pipe[0]);
	c.clients = spawn(clients, &c, second_cpu);
	end_of_pipe(c.command[0]);
	end_of_pipe(c.answer[1]);
	(void)answer_of(&c);
	if (c.census->clients != idle + ACTIVE)
		die("server", "has not got all clients");
	return c;
}

static void
disperse(struct crowd *c)
{
	stop(c->clients);
	stop(c->server);
	end_of_pipe(c->command[1]);
	end_of_pipe(c->answer[0]);
}

/* Requests a second, and the server's processor time for each in us. */
static void
put_to_work(struct crowd *c, double ms, double *rate, double *cpu)
{
	double before = cpu_ns_of(c->server);
	struct work w;

	if (write(c->command[1], &ms, sizeof ms) != sizeof ms)
		failed("write");
	w = answer_of(c);
	*rate = w.rate;
	*cpu = (cpu_ns_of(c->server) - before) / w.count / 1e3;
}

struct load {
	struct crowd crowd[3]; /* by its way */
	double rate[3][ROUNDS];
	double cpu[3][ROUNDS];
};

static void
gather_all(struct load *l, unsigned idle)
{
	for (int way = 0; way < 3; way++)
		l->crowd[way] = gather((enum kind)way, idle);
}

static void
disperse_all(struct load *l)
{
	for (int way = 0; way < 3; way++)
		disperse(&l->crowd[way]);
}

static void
one_round(struct load *l, int i)
{
	for (int way = 0; way < 3; way++)
		put_to_work(
		    &l->crowd[way], BUSY_MS, &l->rate[way][i], &l->cpu[way][i]);
}

static void
row(const char *name, double f[3][ROUNDS], enum kind way, enum sense sense,
    double aim)
{
	struct figures both;

	memcpy(both.cask, f[way], sizeof both.cask);
	memcpy(both.hand, f[BY_HAND], sizeof both.hand);
	table_row(name, &both, sense, aim);
}

/* The same at both: the one rate as a part of the other, for both servers. */
static void
flat_row(const char *name, const struct load *few, const struct load *many,
    enum kind way)
{
	struct figures f;

	for (int i = 0; i < ROUNDS; i++) {
		f.cask[i] = many->rate[way][i] / few->rate[way][i];
		f.hand[i] = many->rate[BY_HAND][i] / few->rate[BY_HAND][i];
	}
	table_row(name, &f, AT_LEAST, 0.95);
}

static void
rows_of(struct load *l, const char *notified, const char *served)
{
	row(notified, l->rate, NOTIFIED, AT_LEAST, 0.95);
	row("   the server's processor time: us", l->cpu, NOTIFIED, NO_AIM, 0);
	row(served, l->rate, SERVED, NO_AIM, 0);
	row("   the server's processor time: us", l->cpu, SERVED, NO_AIM, 0);
}

static bool
enough(const char *row, unsigned idle)
{
	static char why[80];

	if (descriptors() >= idle + ACTIVE + 64)
		return true;
	snprintf(why, sizeof why,
	    "a process may have only %zu descriptors here: ulimit -n",
	    descriptors());
	table_note(row, why);
	return false;
}

void
bench_many(void)
{
	static struct load few, many;
	bool both;

	if (!enough("4  50 busy among 1,000 idle", 1000))
		return;
	both = enough("4  50 busy among 10,000 idle", 10000);
	gather_all(&few, 1000);
	if (both)
		gather_all(&many, 10000);
	one_round(&few, 0); /* to warm up */
	for (int i = 0; i < ROUNDS; i++) {
		one_round(&few, i);
		if (both)
			one_round(&many, i);
	}
	rows_of(&few, "4  50 busy among 1,000 idle: requests/s",
	    "   … by cask_serve");
	if (both) {
		rows_of(&many, "4  50 busy among 10,000 idle: requests/s",
		    "   … by cask_serve");
		flat_row("4  the rate among 10,000 / among 1,000", &few, &many,
		    NOTIFIED);
		flat_row("   … by cask_serve", &few, &many, SERVED);
		disperse_all(&many);
	}
	disperse_all(&few);
}

static double
heap_of_one(enum kind way, unsigned idle)
{
	struct crowd c = gather(way, idle);
	double heap = (double)(c.census->heap - c.census->heap_at_first);

	disperse(&c);
	return heap / (idle + ACTIVE);
}

void
bench_memory(void)
{
	unsigned idle = 10000 - ACTIVE;

	if (!enough("5  memory of an idle connection", idle))
		return;
	table_number("5  heap of an idle connection: bytes",
	    heap_of_one(NOTIFIED, idle), AT_MOST, 1024);
	table_number(
	    "   sizeof(struct cask_sock)", sizeof(struct cask_sock), NO_AIM, 0);
	table_number("5  heap of an idle client of cask_serve: bytes",
	    heap_of_one(SERVED, idle), AT_MOST, 2048);
	table_number("   sizeof(struct cask_client), which is in it",
	    sizeof(struct cask_client), NO_AIM, 0);
}
