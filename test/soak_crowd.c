/*
 * A crowd: thousands of connections, some of which send a byte of a message a
 * second, while fifty honest clients work.  Two servers stand at the same time,
 * one with the honest alone and one with the crowd, too, and are put to work
 * in turn, so that what else the machine does meets both; the ratio of the two
 * is taken within a round, and its median counts.
 *
 * The honest think between two requests, 10 ms on average, which makes some
 * 5,000 requests a second: what is measured is how long a server takes to
 * answer, not how long the queue is when there is more to do than two
 * processors can.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "soak.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THINK_US    10000
#define AIM         2.0
#define ROUNDS_MOST 99
#define AT_ONCE     500 /* connect so many, then wait until they are served */
#define SPARE       64  /* descriptors for all else */

struct crowd {
	struct tally *tally;
	unsigned count, drips;
	uint64_t *dripped; /* shared: bytes */
	int go[2];         /* to them: drip; and stop that, in turn */
	int ready[2];
	int *fds;
};

/* In a message that announces 1,000 bytes. */
static void
drip(struct crowd *c, unsigned nth)
{
	static const unsigned char prefix[4] = { 0xe8, 3, 0, 0 };
	uint64_t before = *c->dripped / c->drips;

	hand_send(c->fds[nth * (c->count / c->drips)],
	    before < sizeof prefix ? &prefix[before] : &prefix[3], 1);
	++*c->dripped;
}

static void
connect_all(struct crowd *c)
{
	c->fds = calloc(c->count, sizeof *c->fds);
	if (c->fds == NULL)
		die("crowd", "no memory");
	for (unsigned i = 0; i < c->count; i++) {
		c->fds[i] = hand_connect(c->tally->port, i + 1);
		while (
		    i % AT_ONCE == 0 && c->tally->counts.clients + AT_ONCE < i)
			pass_ns(1000000);
	}
	for (unsigned i = 0; i < c->drips; i++)
		drip(c, i);
	while (c->tally->counts.received < *c->dripped ||
	    c->tally->counts.clients < c->count)
		pass_ns(1000000);
}

static bool
told(const struct crowd *c)
{
	char byte;

	return read(c->go[0], &byte, 1) == 1;
}

static void
may_wait(const struct crowd *c, bool may)
{
	if (fcntl(c->go[0], F_SETFL, may ? 0 : O_NONBLOCK) != 0)
		failed("fcntl");
}

/* Each a byte a second, one after the other. */
static void
be_a_crowd(void *arg)
{
	struct crowd *c = arg;
	double next, pace = 1e9 / c->drips;
	unsigned nth = 0;

	connect_all(c);
	if (write(c->ready[1], "", 1) != 1)
		failed("write");
	for (;;) {
		may_wait(c, true);
		if (!told(c))
			return;
		may_wait(c, false);
		next = now_ns();
		while (!told(c)) {
			double ns = next - now_ns();

			if (ns > 0)
				pass_ns((long)ns);
			drip(c, nth++ % c->drips);
			next += pace;
		}
	}
}

static pid_t
crowd_start(struct crowd *c)
{
	char byte;
	pid_t pid;

	c->dripped = shared(sizeof *c->dripped);
	if (pipe(c->go) != 0 || pipe(c->ready) != 0)
		failed("pipe");
	pid = spawn(be_a_crowd, c, second_cpu);
	hand_close(c->ready[1]);
	if (read(c->ready[0], &byte, 1) != 1)
		die("crowd", "has failed");
	return pid;
}

static void
toggle(const struct crowd *c)
{
	if (write(c->go[1], "", 1) != 1)
		failed("write");
}

struct rounds {
	struct account alone[ROUNDS_MOST], among[ROUNDS_MOST];
	double ratio[ROUNDS_MOST];
};

static struct account
round_among(struct honest *h, const struct crowd *c, const struct order *o)
{
	struct account a;

	toggle(c);
	a = honest_work(h, o);
	toggle(c);
	return a;
}

static int
by_ratio(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
by_p99(const void *a, const void *b)
{
	const struct account *x = a, *y = b;

	return (x->p99 > y->p99) - (x->p99 < y->p99);
}

/* The round in the middle. */
static void
show(const char *what, struct account *a, unsigned n)
{
	qsort(a, n, sizeof *a, by_p99);
	soak_note("%s: p50 %g us, p99 %g us (%g to %g), max %.0f us; "
		  "%.0f requests/s",
	    what, a[n / 2].p50, a[n / 2].p99, a[0].p99, a[n - 1].p99,
	    a[n / 2].most, a[n / 2].requests / a[n / 2].seconds);
}

static void
run(struct rounds *r, struct honest *alone, struct honest *among,
    const struct crowd *c)
{
	struct order o = {
		.requests = 1e18, .ms = knobs.round_ms, .think_us = THINK_US
	};
	uint64_t sent = 0;

	honest_work(alone, &o);
	sent += round_among(among, c, &o).sent;
	for (unsigned i = 0; i < knobs.rounds; i++) {
		if (i % 2 == 0)
			r->alone[i] = honest_work(alone, &o);
		r->among[i] = round_among(among, c, &o);
		if (i % 2 != 0)
			r->alone[i] = honest_work(alone, &o);
		sent += r->among[i].sent;
		r->ratio[i] = r->among[i].p99 / r->alone[i].p99;
	}
	pass_ns(100000000);
	soak_server_look(c->tally);
	if (c->tally->counts.received != sent + *c->dripped)
		die("crowd", "bytes were lost");
}

static bool
judge(struct rounds *r, const struct crowd *c)
{
	unsigned n = knobs.rounds;
	bool all = c->tally->counts.clients == c->count + HONEST &&
	    c->tally->counts.dropped == 0;

	show("alone", r->alone, n);
	show("among all", r->among, n);
	qsort(r->ratio, n, sizeof r->ratio[0], by_ratio);
	soak_note("%llu bytes were dripped; a client's heap is %.0f bytes",
	    (unsigned long long)*c->dripped,
	    (double)(c->tally->heap - c->tally->heap_before) /
		(double)c->tally->counts.clients);
	if (!soak_holds(all, "all of them are still there"))
		return false;
	return soak_holds(r->ratio[n / 2] <= AIM,
	    "p99 among all / alone: %.2f, median of %u rounds (%.2f to "
	    "%.2f), at most %g",
	    r->ratio[n / 2], n, r->ratio[0], r->ratio[n - 1], AIM);
}

bool
soak_crowd(void)
{
	static struct rounds r;
	struct crowd c = { 0 };
	struct honest alone = { 0 }, among = { 0 };
	unsigned most = knobs.clients;
	pid_t quiet_pid, pid, crowd;
	struct tally *quiet;
	bool holds;

	if (descriptors() < most + SPARE)
		most = (unsigned)descriptors() - SPARE;
	c.count = most - HONEST;
	c.drips = c.count / 8 < 1000 ? c.count / 8 : 1000;
	soak_note("crowd: %u connections, %u of them dripping%s", most, c.drips,
	    most < knobs.clients ? ", as descriptors (ulimit -n) allow" : "");
	if (knobs.rounds > ROUNDS_MOST)
		knobs.rounds = ROUNDS_MOST;
	quiet = soak_server_start(&quiet_pid);
	c.tally = soak_server_start(&pid);
	honest_start(&alone, quiet->port);
	honest_start(&among, c.tally->port);
	crowd = crowd_start(&c);
	run(&r, &alone, &among, &c);
	holds = judge(&r, &c);
	stop(crowd);
	honest_stop(&alone);
	honest_stop(&among);
	soak_server_stop(quiet, quiet_pid);
	soak_server_stop(c.tally, pid);
	return holds;
}
