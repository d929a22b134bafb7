/*
 * A stream of records in one direction, through archives, beside bytes that are
 * sent in blocks of 60 KiB, the most that fits into a segment of the loopback:
 * nothing is encoded there, and no archive can be faster.
 *
 * The time is that of the sender, from the first record to the receiver's word,
 * 4 bytes, that it has had them all.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "bench_net.h"

#include <endian.h>
#include <string.h>
#include <sys/socket.h>

#define STREAM 3000000 /* records of 73 bytes, which divides no buffer here */
#define BLOCK  61440

/* Cask */

static struct link link;
static size_t buffer_size; /* of the archives; 0: their own */

static void
cask_serve_stream(void (*tell)(uint16_t port))
{
	struct record r;
	uint32_t n = 0;
	double cpu;

	link_serve(&link, tell, buffer_size);
	cpu = cpu_ns();
	for (; cask_more(&link.in); n++) {
		record_x(&link.in, &r);
		if (r.id != records[n % RECORDS].id)
			die("stream", "another record");
	}
	cask_put_u32(&link.out, n);
	cask_flush(&link.out);
	pair_result(0, cpu_ns() - cpu, n);
	link_close(&link);
}

static void
cask_ask_stream(uint16_t port)
{
	double begin, cpu;

	link_connect(&link, port, buffer_size);
	begin = now_ns();
	cpu = cpu_ns();
	for (int i = 0; i < STREAM; i++)
		record_x(&link.out, &records[i % RECORDS]);
	cask_flush(&link.out);
	cask_shutdown(&link.sock, CASK_SENDS);
	if (cask_get_u32(&link.in) != STREAM)
		die("stream", "not all have come");
	pair_result(now_ns() - begin, cpu_ns() - cpu, STREAM);
	link_close(&link);
}

static const struct way cask_way = { cask_serve_stream, cask_ask_stream };

/* Bytes */

static unsigned char block[BLOCK];

static void
raw_serve_stream(void (*tell)(uint16_t port))
{
	uint64_t total = 0;
	uint32_t n, count;
	uint16_t port;
	size_t got;
	int listener = hand_listen(&port), fd;
	double cpu;

	tell(port);
	fd = hand_accept(listener);
	hand_close(listener);
	cpu = cpu_ns();
	while ((got = hand_receive(fd, block, sizeof block)) > 0)
		total += got;
	count = (uint32_t)(total / RECORD_SIZE);
	n = htole32(count);
	hand_send(fd, &n, sizeof n);
	pair_result(0, cpu_ns() - cpu, count);
	hand_close(fd);
}

static void
raw_ask_stream(uint16_t port)
{
	static unsigned char
	    ready[RECORDS * RECORD_SIZE + RECORD_WRITE + BLOCK];
	size_t pool = RECORDS * RECORD_SIZE, at = 0, k;
	size_t left = (size_t)STREAM * RECORD_SIZE;
	unsigned char *p = ready;
	uint32_t n;
	int fd = hand_connect(port, 0);
	double begin, cpu;

	for (int i = 0; i < RECORDS; i++)
		p = record_put(p, &records[i]);
	memcpy(ready + pool, ready, BLOCK);
	begin = now_ns();
	cpu = cpu_ns();
	for (; left > 0; left -= k, at = (at + k) % pool) {
		k = left < BLOCK ? left : BLOCK;
		hand_send(fd, ready + at, k);
	}
	if (shutdown(fd, SHUT_WR) != 0)
		failed("shutdown");
	if (recv(fd, &n, sizeof n, MSG_WAITALL) != sizeof n ||
	    le32toh(n) != STREAM)
		die("stream", "not all have come");
	pair_result(now_ns() - begin, cpu_ns() - cpu, STREAM);
	hand_close(fd);
}

static const struct way raw_way = { raw_serve_stream, raw_ask_stream };

/* The rows */

struct streams {
	struct figures own;     /* the archive's own buffer */
	struct figures large;   /* one of 60 KiB */
	struct figures cpu_own; /* processor time of both ends */
	struct figures cpu_large;
};

static void
one_round(const struct way *w, size_t buffer, int server_cpu, int client_cpu,
    double *ns, double *cpu)
{
	struct pair p;

	buffer_size = buffer;
	p = pair_run(w, server_cpu, client_cpu);
	*ns = p.client.ns / STREAM;
	*cpu = (p.client.cpu_ns + p.server.cpu_ns) / STREAM;
}

static struct streams
rounds(int server_cpu, int client_cpu)
{
	struct streams s;

	for (int i = 0; i < ROUNDS; i++) {
		one_round(&cask_way, 0, server_cpu, client_cpu, &s.own.cask[i],
		    &s.cpu_own.cask[i]);
		one_round(&raw_way, 0, server_cpu, client_cpu, &s.own.hand[i],
		    &s.cpu_own.hand[i]);
		one_round(&cask_way, BLOCK, server_cpu, client_cpu,
		    &s.large.cask[i], &s.cpu_large.cask[i]);
		s.large.hand[i] = s.own.hand[i];
		s.cpu_large.hand[i] = s.cpu_own.hand[i];
	}
	return s;
}

static void
rows(const char *own, const char *large, int server_cpu, int client_cpu)
{
	struct streams s = rounds(server_cpu, client_cpu);

	table_row(own, &s.own, AT_MOST, 1.3);
	table_row("   its processor time: ns", &s.cpu_own, NO_AIM, 0);
	table_row(large, &s.large, AT_MOST, 1.3);
	table_row("   its processor time: ns", &s.cpu_large, NO_AIM, 0);
}

void
bench_stream(void)
{
	rows("3  stream, one core: ns a record",
	    "3  ... with archive buffers of 60 KiB", first_cpu, first_cpu);
	if (cpus < 2) {
		table_note("3  stream, two cores", "only one core here");
		return;
	}
	rows("3  stream, two cores: ns a record",
	    "3  ... with archive buffers of 60 KiB", first_cpu, second_cpu);
	rows("3  stream, unpinned: ns a record",
	    "3  ... with archive buffers of 60 KiB", ANY_CPU, ANY_CPU);
}
