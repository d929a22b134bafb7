/*
 * The clients of the server of many clients: all in one process, with epoll.
 * Each asks once when it has connected; most of them are idle from then on, and
 * the busy ones, spread among them, have one request under way at any time.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "bench_many.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 128 /* connect so many, then wait until they are served */

static unsigned char requests[RECORDS][LENGTH + RECORD_WRITE];
static int *fds;
static unsigned asked[ACTIVE];

static void
make_requests(void)
{
	for (int i = 0; i < RECORDS; i++) {
		requests[i][0] = RECORD_SIZE;
		record_put(requests[i] + LENGTH, &records[i]);
	}
}

static void
ask(int fd, unsigned nth)
{
	const unsigned char *r = requests[nth % RECORDS];

	if (send(fd, r, FRAME, MSG_NOSIGNAL) != FRAME)
		failed("send");
}

static void
be_answered(int fd, unsigned nth)
{
	unsigned char answer[ANSWER];
	uint32_t id;

	if (recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer)
		failed("recv");
	memcpy(&id, answer + LENGTH, sizeof id);
	if (le32toh(id) != records[nth % RECORDS].id)
		die("client", "another answer");
}

static void
connect_all(const struct crowd *c, unsigned n)
{
	unsigned from = 0;

	for (unsigned i = 0; i < n; i++) {
		fds[i] = hand_connect(c->port, i + 1);
		ask(fds[i], i);
		if (i + 1 < n && i + 1 - from < AT_ONCE)
			continue;
		for (; from <= i; from++)
			be_answered(fds[from], from);
	}
}

static int
watch_active(unsigned n)
{
	int ep = epoll_create1(0);

	if (ep < 0)
		failed("epoll_create1");
	for (unsigned i = 0; i < ACTIVE; i++) {
		struct epoll_event e = { .events = EPOLLIN, .data.u32 = i };

		fds[i] = fds[(uint64_t)i * n / ACTIVE];
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fds[i], &e) != 0)
			failed("epoll_ctl");
	}
	return ep;
}

static struct work
be_busy(int ep, double ms)
{
	struct epoll_event events[ACTIVE];
	double begin = now_ns(), now = begin, end = begin + ms * 1e6, done = 0;
	unsigned left = ACTIVE;

	for (unsigned i = 0; i < ACTIVE; i++)
		ask(fds[i], asked[i]);
	while (left > 0) {
		int n = epoll_wait(ep, events, ACTIVE, 10000);

		if (n <= 0)
			die("client", "no answer for 10 s");
		now = now_ns();
		for (int k = 0; k < n; k++) {
			unsigned i = events[k].data.u32;

			be_answered(fds[i], asked[i]++);
			done++;
			if (now < end)
				ask(fds[i], asked[i]);
			else
				left--;
		}
	}
	return (struct work) { done, done / (now - begin) * 1e9 };
}

void
crowd_clients(struct crowd *c)
{
	unsigned n = c->idle + ACTIVE;
	struct work w = { 0, 0 };
	double ms;
	int ep;

	fds = calloc(n, sizeof *fds);
	if (fds == NULL)
		die("clients", "no memory");
	make_requests();
	connect_all(c, n);
	ep = watch_active(n);
	for (;;) {
		if (write(c->answer[1], &w, sizeof w) != sizeof w)
			failed("write");
		if (read(c->command[0], &ms, sizeof ms) != sizeof ms)
			failed("read");
		w = be_busy(ep, ms);
	}
}
