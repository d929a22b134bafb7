/*
 * A stream of records in one direction, through archives, beside bytes that are
 * sent in blocks of 60 KiB, the most that fits into a segment of the loopback:
 * nothing is encoded there, and no archive can be faster.  How much of the
 * ratio is encoding, rows with hand-written codecs tell, in the same blocks.
 *
 * The time is that of the sender, from the first record to the receiver's word,
 * 4 bytes, that it has had them all.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "bench_net.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define STREAM 3000000 /* records of 73 bytes, which divides no buffer here */

/* Cask */

static struct link link;
static size_t buffer_size; /* of the archives; 0: their own */
static bool listed;        /* exchange with cask/list.h's function */

static void
cask_serve_stream(void (*tell)(uint16_t port))
{
	struct record r = { 0 };
	uint32_t n = 0;
	double cpu;

	link_serve(&link, tell, buffer_size);
	cpu = cpu_ns();
	for (; cask_more(&link.in); n++) {
		if (listed)
			record_x(&link.in, &r);
		else
			by_hand_x(&link.in, &r);
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
		if (listed)
			record_x(&link.out, &records[i % RECORDS]);
		else
			by_hand_x(&link.out, &records[i % RECORDS]);
	cask_flush(&link.out);
	cask_shutdown(&link.sock, CASK_SENDS);
	if (cask_get_u32(&link.in) != STREAM)
		die("stream", "not all have come");
	pair_result(now_ns() - begin, cpu_ns() - cpu, STREAM);
	link_close(&link);
}

static const struct way cask_way = { cask_serve_stream, cask_ask_stream };

/* By hand: both ends of every such stream begin and end alike */

static int
hand_serve(void (*tell)(uint16_t port))
{
	uint16_t port;
	int listener = hand_listen(&port), fd;

	tell(port);
	fd = hand_accept(listener);
	hand_close(listener);
	return fd;
}

static void
answer(int fd, uint32_t count)
{
	uint32_t n = htole32(count);

	hand_send(fd, &n, sizeof n);
}

static void
be_answered(int fd)
{
	uint32_t n;

	if (shutdown(fd, SHUT_WR) != 0)
		failed("shutdown");
	if (recv(fd, &n, sizeof n, MSG_WAITALL) != sizeof n ||
	    le32toh(n) != STREAM)
		die("stream", "not all have come");
}

/* Bytes */

static unsigned char block[BLOCK + RECORD_WRITE];

static uint32_t
take_bytes(int fd)
{
	uint64_t total = 0;
	size_t got;

	while ((got = hand_receive(fd, block, BLOCK)) > 0)
		total += got;
	return (uint32_t)(total / RECORD_SIZE);
}

static unsigned char ready[RECORDS * RECORD_SIZE + RECORD_WRITE + BLOCK];

static void
make_ready(void)
{
	unsigned char *p = ready;

	for (int i = 0; i < RECORDS; i++)
		p = record_put(p, &records[i]);
	memcpy(ready + RECORDS * RECORD_SIZE, ready, BLOCK);
}

static void
give_bytes(int fd)
{
	size_t at = 0, k, left = (size_t)STREAM * RECORD_SIZE;

	for (; left > 0; left -= k) {
		k = left < BLOCK ? left : BLOCK;
		hand_send(fd, ready + at, k);
		at = (at + k) % (RECORDS * RECORD_SIZE);
	}
}

/* Records, one check for each */

static void
check(const struct record *r, uint32_t n)
{
	if (r->id != records[n % RECORDS].id)
		die("stream", "another record");
}

static uint32_t
take_records(int fd)
{
	size_t have = 0, got;
	struct record r;
	uint32_t n = 0;

	while ((got = hand_receive(fd, block + have, BLOCK - have)) > 0) {
		const unsigned char *p = block, *end = block + have + got, *q;

		for (; (q = record_get(p, end, &r)) != NULL; p = q)
			check(&r, n++);
		have = (size_t)(end - p);
		memmove(block, p, have);
	}
	return n;
}

static void
give_records(int fd)
{
	unsigned char *p = block;

	for (int i = 0; i < STREAM; i++) {
		if (block + BLOCK - p < RECORD_WRITE) {
			hand_send(fd, block, (size_t)(p - block));
			p = block;
		}
		p = record_put(p, &records[i % RECORDS]);
	}
	hand_send(fd, block, (size_t)(p - block));
}

/* … and one for each value */

static struct cursor cursor;

static uint32_t
take_values(int fd)
{
	struct record r;
	uint32_t n = 0;

	cursor_begin(&cursor, fd, false);
	while (cursor_get(&cursor, &r))
		check(&r, n++);
	return n;
}

static void
give_values(int fd)
{
	cursor_begin(&cursor, fd, true);
	for (int i = 0; i < STREAM; i++)
		cursor_put(&cursor, &records[i % RECORDS]);
	cursor_flush(&cursor);
}

static const struct codec {
	uint32_t (*take)(int fd);
	void (*give)(int fd);
} by_bytes = { take_bytes, give_bytes },
  by_records = { take_records, give_records },
  by_values = { take_values, give_values }, *codec;

static void
hand_serve_stream(void (*tell)(uint16_t port))
{
	int fd = hand_serve(tell);
	double cpu = cpu_ns();
	uint32_t n = codec->take(fd);

	answer(fd, n);
	pair_result(0, cpu_ns() - cpu, n);
	hand_close(fd);
}

static void
hand_ask_stream(uint16_t port)
{
	int fd = hand_connect(port, 0);
	double begin, cpu;

	make_ready();
	begin = now_ns();
	cpu = cpu_ns();
	codec->give(fd);
	be_answered(fd);
	pair_result(now_ns() - begin, cpu_ns() - cpu, STREAM);
	hand_close(fd);
}

static const struct way hand_way = { hand_serve_stream, hand_ask_stream };

/* The rows */

/* What is beside the bytes. */
static const struct beside {
	const char *row;
	const struct way *way;
	const struct codec *codec;
	size_t buffer; /* of the archives; 0: their own */
	bool listed;
	enum sense sense;
} besides[] = {
	{ "ns a record", &cask_way, NULL, 0, false, AT_MOST },
	{ "with archive buffers of 60 KiB", &cask_way, NULL, BLOCK, false,
	    AT_MOST },
	{ "from a list", &cask_way, NULL, 0, true, AT_MOST },
	{ "from a list, buffers of 60 KiB", &cask_way, NULL, BLOCK, true,
	    AT_MOST },
	{ "by hand, a check a record", &hand_way, &by_records, 0, false,
	    NO_AIM },
	{ "by hand, a check a value", &hand_way, &by_values, 0, false, NO_AIM },
};

#define BESIDES (sizeof besides / sizeof besides[0])

struct place {
	const char *name;
	int server_cpu;
	int client_cpu;
};

static void
one_round(
    const struct place *at, const struct beside *b, double *ns, double *cpu)
{
	struct pair p;

	buffer_size = b->buffer;
	listed = b->listed;
	codec = b->codec;
	p = pair_run(b->way, at->server_cpu, at->client_cpu);
	*ns = p.client.ns / STREAM;
	*cpu = (p.client.cpu_ns + p.server.cpu_ns) / STREAM;
}

static void
rows(const struct place *at)
{
	static const struct beside bytes = { "", &hand_way, &by_bytes, 0, false,
		NO_AIM };
	static struct figures ns[BESIDES], cpu[BESIDES];
	char row[64];

	for (int i = 0; i < ROUNDS; i++) {
		one_round(at, &bytes, &ns[0].hand[i], &cpu[0].hand[i]);
		for (size_t k = 0; k < BESIDES; k++) {
			ns[k].hand[i] = ns[0].hand[i];
			cpu[k].hand[i] = cpu[0].hand[i];
			one_round(
			    at, &besides[k], &ns[k].cask[i], &cpu[k].cask[i]);
		}
	}
	for (size_t k = 0; k < BESIDES; k++) {
		snprintf(row, sizeof row, "3  %s %s", k == 0 ? at->name : "...",
		    besides[k].row);
		table_row(row, &ns[k], besides[k].sense, 1.3);
		table_row("   its processor time: ns", &cpu[k], NO_AIM, 0);
	}
}

void
bench_stream(void)
{
	const struct place places[] = {
		{ "stream, one core:", first_cpu, first_cpu },
		{ "stream, two cores:", first_cpu, second_cpu },
		{ "stream, unpinned:", ANY_CPU, ANY_CPU },
	};
	size_t n = cpus < 2 ? 1 : sizeof places / sizeof places[0];

	for (size_t i = 0; i < n; i++)
		rows(&places[i]);
	if (cpus < 2)
		table_note("3  stream, two cores", "only one core here");
}
