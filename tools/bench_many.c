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
#include <unistd.h>

#define BUSY_MS 250

static void
server(void *arg)
{
	struct crowd *c = arg;

	if (c->cask)
		cask_server(c);
	else
		hand_server(c);
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
gather(bool cask, unsigned idle)
{
	struct crowd c = { .cask = cask, .idle = idle };

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
	struct crowd cask;
	struct crowd hand;
	struct figures rate;
	struct figures cpu;
};

static void
one_round(struct load *l, int i)
{
	put_to_work(&l->cask, BUSY_MS, &l->rate.cask[i], &l->cpu.cask[i]);
	put_to_work(&l->hand, BUSY_MS, &l->rate.hand[i], &l->cpu.hand[i]);
}

/* The same at both: the one rate as a part of the other, for both servers. */
static void
flat_row(const struct load *few, const struct load *many)
{
	struct figures f;

	for (int i = 0; i < ROUNDS; i++) {
		f.cask[i] = many->rate.cask[i] / few->rate.cask[i];
		f.hand[i] = many->rate.hand[i] / few->rate.hand[i];
	}
	table_row("4  the rate among 10,000 / among 1,000", &f, AT_LEAST, 0.95);
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
	double scratch;
	bool both;

	if (!enough("4  50 busy among 1,000 idle", 1000))
		return;
	both = enough("4  50 busy among 10,000 idle", 10000);
	few.cask = gather(true, 1000);
	few.hand = gather(false, 1000);
	if (both) {
		many.cask = gather(true, 10000);
		many.hand = gather(false, 10000);
	}
	put_to_work(&few.cask, BUSY_MS, &scratch, &scratch);
	for (int i = 0; i < ROUNDS; i++) {
		one_round(&few, i);
		if (both)
			one_round(&many, i);
	}
	table_row("4  50 busy among 1,000 idle: requests/s", &few.rate,
	    AT_LEAST, 0.95);
	table_row("   the server's processor time: us", &few.cpu, NO_AIM, 0);
	if (both) {
		table_row("4  50 busy among 10,000 idle: requests/s",
		    &many.rate, AT_LEAST, 0.95);
		table_row(
		    "   the server's processor time: us", &many.cpu, NO_AIM, 0);
		flat_row(&few, &many);
		disperse(&many.cask);
		disperse(&many.hand);
	}
	disperse(&few.cask);
	disperse(&few.hand);
}

void
bench_memory(void)
{
	struct crowd c;
	unsigned idle = 10000 - ACTIVE;

	if (!enough("5  memory of an idle connection", idle))
		return;
	c = gather(true, idle);
	table_number("5  heap of an idle connection: bytes",
	    (double)(c.census->heap - c.census->heap_at_first) / 10000, AT_MOST,
	    1024);
	table_number(
	    "   sizeof(struct cask_sock)", sizeof(struct cask_sock), NO_AIM, 0);
	disperse(&c);
}
