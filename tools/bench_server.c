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

void
crowd_tell(struct crowd *c, uint16_t port)
{
	if (write(c->port_pipe[1], &port, sizeof port) != sizeof port)
		failed("write");
}

void
crowd_count(struct crowd *c, bool first)
{
	c->census->heap = heap_in_use();
	if (first)
		c->census->heap_at_first = heap_in_use();
	else
		c->census->clients++;
}

static void *
room(size_t size)
{
	void *all = calloc(crowd->idle + ACTIVE, size);

	if (all == NULL)
		die("server", "no memory");
	return all;
}

static void
put32(unsigned char *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof v);
}

/* The bytes of the message at p, or 0 if there aren't all. */
static size_t
whole(const unsigned char *p, const unsigned char *end)
{
	uint32_t length;

	if (end - p < LENGTH)
		return 0;
	memcpy(&length, p, sizeof length);
	length = le32toh(length);
	if (length > INPUT - LENGTH)
		die("server", "a frame that is too long");
	return (size_t)(end - p) >= LENGTH + length ? LENGTH + length : 0;
}

size_t
answer_frames(struct input *in, unsigned char *out)
{
	const unsigned char *p = in->bytes, *end = p + in->length;
	size_t n = 0, length;
	struct record r;

	for (; (length = whole(p, end)) > 0; p += length) {
		if (record_get(p + LENGTH, p + length, &r) == NULL)
			die("server", "a frame without a record");
		put32(out + n, 4);
		put32(out + n + LENGTH, r.id);
		n += ANSWER;
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
	unsigned char out[ANSWER * ANSWERS];
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
			crowd_count(crowd, false);
	}
	die("accept", cask_strerror(err));
}

static const struct cask_notify listener_notify = { .accept = on_accept };

void
notified_server(struct crowd *c)
{
	struct cask_sock listener = { .notify = &listener_notify };
	int err;

	crowd = c;
	clients = room(sizeof *clients);
	crowd_count(c, true);
	crowd_tell(c, cask_listen_somewhere(&listener));
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
	unsigned char out[ANSWER * ANSWERS];
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
		crowd_count(crowd, false);
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
	crowd_count(c, true);
	if (ep < 0)
		failed("epoll_create1");
	set_nonblocking(listener);
	watch(ep, listener, NULL);
	crowd_tell(c, port);
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
