/*
 * `make soak`: what a server has to stand, for minutes, in numbers.
 *
 *     crowd   9,000 connections, 1,000 of them dripping a byte a second: the
 *             p99 of 50 honest clients is at most twice what it is alone
 *     flat    ten million requests: heap, memory and descriptors at their end
 *             are what they were after the first million
 *     kills   1,000 clients killed in the midst of a message: no honest client
 *             notices, and each is told of once
 *
 * build/soak crowd runs that one.  Its environment changes the numbers:
 * SOAK_CLIENTS (9000), SOAK_ROUNDS (9) and SOAK_ROUND_MS (2000), SOAK_REQUESTS
 * (10000000), SOAK_KILLS (1000), SOAK_SEED (1), and SOAK_SECONDS (1800), after
 * which all ends in any case.  The exit status is 0 if all holds.  Linux.  On a
 * machine that does other work, chrt -f 1 build/soak keeps it out of the p99.
 *
 *     soak_server.c    the server, in a process of its own
 *     soak_clients.c   the honest clients
 *     soak_crowd.c, soak_kills.c   those two parts
 *     ../tools/bench_proc.c, bench_hand.c, bench_heap.c   processes, sockets by
 *                      hand, and the heap, as the benchmarks have them
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "soak.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STAY      2000        /* requests of a connection */
#define HEAP_MORE 4096        /* bytes that are still flat */
#define RSS_MORE  (512 << 10) /* … */
#define AT_A_TIME 1e9

struct knobs knobs;

/* What is printed */

static void
print(const char *verdict, const char *format, va_list args)
{
	printf("%-6s ", verdict);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
}

bool
soak_holds(bool holds, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(holds ? "  ok" : "  FAIL", format, args);
	va_end(args);
	return holds;
}

void
soak_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print("", format, args);
	va_end(args);
}

/* Flat */

struct state {
	size_t heap, rss;
	unsigned descriptors;
};

static size_t
rss_of(pid_t pid)
{
	char path[40], line[200], *second = NULL;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	f = fopen(path, "r");
	if (f == NULL || fgets(line, sizeof line, f) == NULL)
		failed(path);
	fclose(f);
	(void)strtoul(line, &second, 10);
	return strtoul(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static struct state
state_of(const struct tally *t, pid_t pid)
{
	struct state s;

	pass_ns(100000000);
	soak_server_look(t);
	s.heap = t->heap;
	s.rss = rss_of(pid);
	s.descriptors = descriptors_of(pid);
	return s;
}

static void
show(const char *when, const struct account *a, const struct state *s)
{
	soak_note("%s: heap %zu bytes, RSS %zu KiB, %u descriptors; %.0f "
		  "requests/s, p50 %g us, p99 %g us",
	    when, s->heap, s->rss >> 10, s->descriptors,
	    a->requests / a->seconds, a->p50, a->p99);
}

static struct account
work(struct honest *h, double requests)
{
	struct order o = {
		.requests = requests, .ms = AT_A_TIME, .stay = STAY
	};

	return honest_work(h, &o);
}

/* What the server counts is what the clients have counted. */
static bool
adds_up(const struct tally *t, const struct account *a, unsigned accounts)
{
	uint64_t requests = 0, sent = 0, received = 0, connections = HONEST;
	const struct cask_server_counts *c = &t->counts;

	for (unsigned i = 0; i < accounts; i++) {
		requests += (uint64_t)a[i].requests;
		sent += a[i].sent;
		received += a[i].received;
		connections += a[i].connections;
	}
	return soak_holds(c->messages == requests && c->replies == requests &&
		c->received == sent && c->sent == received &&
		c->accepted == connections && c->clients == HONEST &&
		t->opened == connections && t->ended == connections - HONEST &&
		t->lost == 0 && c->dropped == 0 && c->refused == 0,
	    "the counts add up: %llu requests over %llu connections, %llu "
	    "bytes in, %llu out",
	    (unsigned long long)c->messages, (unsigned long long)c->accepted,
	    (unsigned long long)c->received, (unsigned long long)c->sent);
}

static bool
is_flat(const struct state *s)
{
	bool heap = s[1].heap <= s[0].heap + HEAP_MORE,
	     rss = s[1].rss <= s[0].rss + RSS_MORE;

	return soak_holds(heap && rss && s[1].descriptors == s[0].descriptors,
	    "flat: heap within %d bytes, RSS within %d KiB, as many "
	    "descriptors",
	    HEAP_MORE, RSS_MORE >> 10);
}

static bool
soak_flat(void)
{
	struct honest h = { 0 };
	struct account a[2];
	struct state s[2];
	struct tally *t;
	bool holds;
	pid_t pid;

	soak_note("flat: %.0f requests of %u clients", knobs.requests, HONEST);
	t = soak_server_start(&pid);
	honest_start(&h, t->port);
	a[0] = work(&h, knobs.requests / 10);
	s[0] = state_of(t, pid);
	show("after a tenth", &a[0], &s[0]);
	a[1] = work(&h, knobs.requests - knobs.requests / 10);
	s[1] = state_of(t, pid);
	show("after all", &a[1], &s[1]);
	holds = adds_up(t, a, 2) & is_flat(s);
	honest_stop(&h);
	soak_server_stop(t, pid);
	return holds;
}

/* All */

static double
knob(const char *name, double otherwise)
{
	const char *value = getenv(name);
	double number = value != NULL ? strtod(value, NULL) : otherwise;

	if (!(number >= 1 && number <= 1e12))
		die(name, "is not a number from 1 on");
	return number;
}

static const struct {
	const char *name;
	bool (*run)(void);
} parts[] = {
	{ "crowd", soak_crowd },
	{ "flat", soak_flat },
	{ "kills", soak_kills },
};

#define COUNT (sizeof parts / sizeof parts[0])

int
main(int argc, char **argv)
{
	bool holds = true, any = false;

	knobs.clients = (unsigned)knob("SOAK_CLIENTS", 9000);
	knobs.rounds = (unsigned)knob("SOAK_ROUNDS", 9);
	knobs.round_ms = (unsigned)knob("SOAK_ROUND_MS", 2000);
	knobs.requests = (double)(uint64_t)knob("SOAK_REQUESTS", 1e7);
	knobs.kills = (unsigned)knob("SOAK_KILLS", 1000);
	knobs.seed = (uint64_t)knob("SOAK_SEED", 1);
	proc_begin((unsigned)knob("SOAK_SECONDS", 1800));
	(void)used_by_others();
	for (size_t i = 0; i < COUNT; i++) {
		if (argc > 1 && strcmp(argv[1], parts[i].name) != 0)
			continue;
		any = true;
		holds &= parts[i].run();
	}
	if (!any) {
		fprintf(stderr, "usage: soak [crowd | flat | kills]\n");
		return 2;
	}
	soak_note("other programs kept %.2f processors busy meanwhile",
	    used_by_others());
	return holds ? 0 : 1;
}
