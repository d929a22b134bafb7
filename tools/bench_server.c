/*
 * The servers of many clients: Cask's notifications, and epoll by hand.
 *
 * The structs of the clients come from one array, so that what the heap holds
 * besides is what a connection costs the library.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "bench_heap.h"
#include "bench_many.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct crowd *crowd;

static void
tell(uint16_t port)
{
	if (write(crowd->port_pipe[1], &port, sizeof port) != sizeof port)
		failed("write");
}

static void
count(bool first)
{
	crowd->census->heap = heap_in_use();
	if (first)
		crowd->census->heap_at_first = heap_in_use();
	else
		crowd->census->clients++;
}

static void *
room(size_t size)
{
	void *all = calloc(crowd->idle + ACTIVE, size);

	if (all == NULL)
		die("server", "no memory");
	return all;
}

size_t
answer_frames(struct input *in, unsigned char *out)
{
	const unsigned char *p = in->bytes, *end = p + in->length;
	size_t n = 0;
	struct record r;
	uint32_t id;

	for (; end - p >= 2 && end - p >= 2 + (p[0] | p[1] << 8);
	     p += 2 + (p[0] | p[1] << 8)) {
		if (record_get(p + 2, end, &r) == NULL)
			die("server", "a frame without a record");
		id = htole32(r.id);
		memcpy(out + n, &id, sizeof id);
		n += sizeof id;
	}
	in->length = (uint32_t)(end - p);
	memmove(in->bytes, p, in->length);
	return n;
}

/* Cask */

struct client {
	struct cask_sock sock;
	struct input in;
};

static struct client *clients;

static void
on_receive(struct cask_sock *s, int err)
{
	struct client *c = (struct client *)s;
	unsigned char out[4 * ANSWERS];
	ptrdiff_t n = cask_try_receive(
	    s, c->in.bytes + c->in.length, INPUT - c->in.length);
	size_t answers;

	(void)err; /* the call has it too */
	if (n < 0 && s->io.err == 0)
		return;
	if (n <= 0) {
		cask_close(s);
		return;
	}
	c->in.length += (uint32_t)n;
	answers = answer_frames(&c->in, out);
	if (answers > 0 && cask_try_send(s, out, answers) != (ptrdiff_t)answers)
		die("server", "did not send");
}

static const struct cask_notify client_notify = { .receive = on_receive };

static void
on_accept(struct cask_sock *listener, int err)
{
	while (err == 0) {
		struct client *c = &clients[crowd->census->clients];

		c->sock.notify = &client_notify;
		err = cask_try_accept(listener, &c->sock);
		if (err == EAGAIN)
			return;
		if (err == 0)
			count(false);
	}
	die("accept", cask_strerror(err));
}

static const struct cask_notify listener_notify = { .accept = on_accept };

void
cask_server(struct crowd *c)
{
	struct cask_sock listener = { .notify = &listener_notify };
	int err;

	crowd = c;
	clients = room(sizeof *clients);
	count(true);
	tell(cask_listen_somewhere(&listener));
	err = cask_pump_run();
	die("pump", cask_strerror(err));
}

/* By hand */

struct connection {
	int fd;
	struct input in;
};

static struct connection *connections;

static void
serve_one(struct connection *c)
{
	unsigned char out[4 * ANSWERS];
	ssize_t n =
	    recv(c->fd, c->in.bytes + c->in.length, INPUT - c->in.length, 0);
	size_t answers;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hand_close(c->fd);
		return;
	}
	c->in.length += (uint32_t)n;
	answers = answer_frames(&c->in, out);
	if (answers > 0 &&
	    send(c->fd, out, answers, MSG_NOSIGNAL) != (ssize_t)answers)
		failed("send");
}

static void
set_nonblocking(int fd)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		failed("fcntl");
}

static void
watch(int ep, int fd, void *p)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = p };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) != 0)
		failed("epoll_ctl");
}

static void
accept_all(int ep, int listener)
{
	int fd;

	while ((fd = hand_accept(listener)) >= 0) {
		struct connection *c = &connections[crowd->census->clients];

		set_nonblocking(fd);
		c->fd = fd;
		watch(ep, fd, c);
		count(false);
	}
}

void
hand_server(struct crowd *c)
{
	struct epoll_event events[256];
	uint16_t port;
	int listener = hand_listen(&port), ep = epoll_create1(0);

	crowd = c;
	connections = room(sizeof *connections);
	count(true);
	if (ep < 0)
		failed("epoll_create1");
	set_nonblocking(listener);
	watch(ep, listener, NULL);
	tell(port);
	for (;;) {
		int n = epoll_wait(ep, events, 256, -1);

		if (n < 0)
			failed("epoll_wait");
		for (int i = 0; i < n; i++)
			if (events[i].data.ptr != NULL)
				serve_one(events[i].data.ptr);
			else
				accept_all(ep, listener);
	}
}
