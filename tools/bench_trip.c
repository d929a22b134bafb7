/*
 * Round trips: a record one way, its number of 4 bytes back.
 *
 * The processor time is that of both processes, for each trip.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "bench_net.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define TRIPS_MOST 200000
#define YIELD_US   30

/* How the next pair goes about it. */
static double seconds;    /* it goes on for so long, after warming up */
static long answer_ns;    /* the server sleeps so long before an answer */
static unsigned yield_us; /* cask_pump_yield */

/* For the client of both: time the trips. */

static double times[TRIPS_MOST];

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
take_trips(uint32_t (*trip)(const struct record *r))
{
	double cpu = cpu_ns(), begin = now_ns(), before = begin, after;
	double warm = begin + seconds * 0.2e9, end = warm + seconds * 1e9;
	size_t n = 0, all = 0;

	do {
		const struct record *r = &records[all++ % RECORDS];

		if (trip(r) != r->id)
			die("trip", "another answer");
		after = now_ns();
		if (after > warm)
			times[n++] = after - before;
		before = after;
	} while (after < end && n < TRIPS_MOST);
	cpu = cpu_ns() - cpu;
	qsort(times, n, sizeof times[0], by_size);
	pair_result(times[n / 2], cpu, (double)all);
}

/* For the server of both. */

static void
think(void)
{
	if (answer_ns > 0)
		pass_ns(answer_ns);
}

/* Cask */

static struct link link;

typedef void exchange_fn(struct cask_ar *ar, struct record *r);

static inline void
serve_trips(void (*tell)(uint16_t port), exchange_fn *record)
{
	struct record r = { 0 };
	uint32_t n = 0;
	double cpu;

	cask_pump_yield(yield_us);
	link_serve(&link, tell, 0);
	cpu = cpu_ns();
	for (; cask_more(&link.in); n++) {
		record(&link.in, &r);
		think();
		cask_put_u32(&link.out, r.id);
		cask_flush(&link.out);
	}
	pair_result(0, cpu_ns() - cpu, n);
	link_close(&link);
}

static inline uint32_t
one_trip(const struct record *r, exchange_fn *record)
{
	struct record copy = *r;

	record(&link.out, &copy);
	cask_flush(&link.out);
	return cask_get_u32(&link.in);
}

static void
ask_trips(uint16_t port, uint32_t (*trip)(const struct record *r))
{
	cask_pump_yield(yield_us);
	link_connect(&link, port, 0);
	take_trips(trip);
	link_close(&link);
}

static void
cask_serve_trips(void (*tell)(uint16_t port))
{
	serve_trips(tell, by_hand_x);
}

static uint32_t
cask_trip(const struct record *r)
{
	return one_trip(r, by_hand_x);
}

static void
cask_ask_trips(uint16_t port)
{
	ask_trips(port, cask_trip);
}

static const struct way cask_way = { cask_serve_trips, cask_ask_trips };

/* … its record from a list */

static void
list_serve_trips(void (*tell)(uint16_t port))
{
	serve_trips(tell, record_x);
}

static uint32_t
list_trip(const struct record *r)
{
	return one_trip(r, record_x);
}

static void
list_ask_trips(uint16_t port)
{
	ask_trips(port, list_trip);
}

static const struct way list_way = { list_serve_trips, list_ask_trips };

/* Hand-written */

static int fd;

static void
hand_serve_trips(void (*tell)(uint16_t port))
{
	unsigned char buf[4096];
	struct record r = { 0 };
	uint16_t port;
	size_t have = 0, got;
	int listener = hand_listen(&port);
	uint32_t n = 0;
	double cpu;

	tell(port);
	fd = hand_accept(listener);
	hand_close(listener);
	cpu = cpu_ns();
	while ((got = hand_receive(fd, buf + have, sizeof buf - have)) > 0) {
		uint32_t id;

		have += got;
		if (record_get(buf, buf + have, &r) == NULL)
			continue;
		have = 0;
		think();
		id = htole32(r.id);
		hand_send(fd, &id, sizeof id);
		n++;
	}
	pair_result(0, cpu_ns() - cpu, n);
	hand_close(fd);
}

static uint32_t
hand_trip(const struct record *r)
{
	unsigned char buf[RECORD_WRITE];
	uint32_t id;
	size_t have = 0;

	hand_send(fd, buf, (size_t)(record_put(buf, r) - buf));
	while (have < sizeof id) {
		size_t got =
		    hand_receive(fd, (char *)&id + have, sizeof id - have);

		if (got == 0)
			die("trip", "the server has gone");
		have += got;
	}
	return le32toh(id);
}

static void
hand_ask_trips(uint16_t port)
{
	fd = hand_connect(port, 0);
	take_trips(hand_trip);
	hand_close(fd);
}

static const struct way hand_way = { hand_serve_trips, hand_ask_trips };

/* The rows */

struct trips {
	struct figures us; /* the median of a round's trips */
	struct figures cpu;
};

/* A round is a few pairs of each, in turn, and what the one in the middle took:
 * a single pair may have bad luck with its memory or with the machine. */
#define PAIRS 5

struct pairs {
	double us[PAIRS], cpu[PAIRS];
};

static void
one_pair(const struct way *w, int server_cpu, int client_cpu, int nth,
    struct pairs *all)
{
	struct pair p = pair_run(w, server_cpu, client_cpu);

	all->us[nth] = p.client.ns / 1e3;
	all->cpu[nth] =
	    (p.client.cpu_ns + p.server.cpu_ns) / p.client.count / 1e3;
}

static double
middle(double *v)
{
	qsort(v, PAIRS, sizeof v[0], by_size);
	return v[PAIRS / 2];
}

static struct trips
rounds_of(const struct way *w, int server_cpu, int client_cpu)
{
	struct pairs cask, hand;
	struct trips t;

	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < PAIRS; k++) {
			one_pair(w, server_cpu, client_cpu, k, &cask);
			one_pair(&hand_way, server_cpu, client_cpu, k, &hand);
		}
		t.us.cask[i] = middle(cask.us);
		t.us.hand[i] = middle(hand.us);
		t.cpu.cask[i] = middle(cask.cpu);
		t.cpu.hand[i] = middle(hand.cpu);
	}
	return t;
}

static struct trips
rounds(int server_cpu, int client_cpu)
{
	return rounds_of(&cask_way, server_cpu, client_cpu);
}

void
bench_trips(void)
{
	struct trips t;

	seconds = 0.05;
	t = rounds(first_cpu, first_cpu);
	table_row("1  round trip, one core: us", &t.us, AT_MOST, 1.08);
	table_row("   its processor time: us", &t.cpu, NO_AIM, 0);
	t = rounds_of(&list_way, first_cpu, first_cpu);
	table_row("1  ... its record from a list: us", &t.us, AT_MOST, 1.08);
	if (cpus < 2) {
		table_note("1  round trip, two cores", "only one core here");
		return;
	}
	t = rounds(first_cpu, second_cpu);
	table_row("1  round trip, two cores: us", &t.us, AT_MOST, 1.05);
	table_row("   its processor time: us", &t.cpu, NO_AIM, 0);
}

/* Yielding */

static void
spin(void *arg)
{
	static volatile unsigned turns;

	(void)arg;
	for (;;)
		turns++;
}

static struct trips
beside_busy_ones(void)
{
	pid_t a = spawn(spin, NULL, first_cpu);
	pid_t b = spawn(spin, NULL, second_cpu);
	struct trips t = rounds(first_cpu, second_cpu);

	stop(a);
	stop(b);
	return t;
}

void
bench_yield(void)
{
	struct trips t;

	if (cpus < 2) {
		table_note("2  round trip, yielding", "only one core here");
		return;
	}
	yield_us = YIELD_US;
	seconds = 0.05;
	t = rounds(first_cpu, second_cpu);
	table_row(
	    "2  round trip, two cores, yielding: us", &t.us, AT_MOST, 0.2);
	table_row("   its processor time: us", &t.cpu, NO_AIM, 0);
	seconds = 0.1;
	answer_ns = 200000;
	t = rounds(first_cpu, second_cpu);
	table_row("2  ... answers after 200 us: us", &t.us, NO_AIM, 0);
	table_row("2  ... its processor time: us", &t.cpu, AT_MOST, 1.1);
	answer_ns = 0;
	t = beside_busy_ones();
	table_row(
	    "2  ... beside a busy process on each: us", &t.us, AT_MOST, 1.1);
	table_row("   its processor time: us", &t.cpu, NO_AIM, 0);
	yield_us = 0;
}
