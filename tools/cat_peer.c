/*
 * Connections of cask cat.  See cat.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ends */

static void
free_peer(struct peer *p)
{
	cask_close(&p->sock);
	queue_free(&p->in);
	queue_free(&p->out);
	free(p);
}

static void
forget(struct peer *p)
{
	struct peer **at = &p->cat->peers;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	free_peer(p);
}

/* Of many clients one may go, for whatever reason: the others stay. */
static void
leave(struct peer *p, int result)
{
	if (!p->cat->keep)
		cat_end(p->cat, result);
	else
		forget(p);
}

static void
lost(struct peer *p)
{
	complain("%s", cask_sock_why(&p->sock));
	leave(p, p->sock.io.err == ETIMEDOUT ? EXIT_LATE : EXIT_FAILED);
}

/* Receiving */

/* Show what is whole.  False: the peer may be gone. */
static bool
show(struct peer *p)
{
	struct cat *c = p->cat;
	size_t n = 0;

	while (p->in.n > 0 && (p->ended || p->in.n >= p->need)) {
		struct arrival a = { .from = p->sock.io.peer,
			.data = queue_front(&p->in),
			.n = p->in.n,
			.need = p->need,
			.ended = p->ended };

		if (!output_has_room(c)) {
			p->waits = true;
			return true;
		}
		switch (message_show(c, &a, &n)) {
		case MESSAGE_SHOWN:
			queue_take(&p->in, n);
			p->need = 0;
			break;
		case MESSAGE_CUT:
			p->need = n;
			p->tried = p->in.n;
			return true;
		case MESSAGE_WRONG:
			leave(p, EXIT_BAD_DATA);
			return false;
		}
	}
	return true;
}

/* A long message that was cut is not tried again for a little of it, as long as
 * more is there: what that takes in all would grow with its square. */
static bool
is_little(struct peer *p)
{
	return p->need > 0 && p->in.n < p->tried + p->tried / 4 &&
	    cask_available(&p->sock) > 0;
}

static void
received(struct peer *p, struct queue *q, size_t n)
{
	q->n += n;
	p->active = now_ms();
	p->cat->came = true;
	if (p->cat->dump.shaped && !is_little(p))
		show(p);
}

static void
ended(struct peer *p)
{
	p->ended = true;
	if (p->cat->dump.shaped && !show(p))
		return;
	remark("%s: has ended", p->sock.io.peer);
}

static void
receive(struct peer *p)
{
	struct cat *c = p->cat;
	struct queue *q = c->dump.shaped ? &p->in : &c->output.queue;
	unsigned char *to;
	ptrdiff_t n;

	p->waits = !output_has_room(c);
	if (p->waits || p->ended || c->ending)
		return;
	to = queue_room(q, CHUNK);
	if (to == NULL) {
		cat_no_memory(c);
		return;
	}
	n = cask_try_receive(&p->sock, to, CHUNK);
	if (n > 0)
		received(p, q, (size_t)n);
	else if (n == 0)
		ended(p);
	else if (p->sock.io.err != 0)
		lost(p);
}

static void
on_receive(struct cask_sock *s, int err)
{
	struct peer *p = s->user;

	(void)err;
	if (p->cat->datagram)
		datagram_receive(p);
	else
		receive(p);
}

/* Sending */

static bool
all_sent(const struct cat *c)
{
	const struct peer *p = c->peers;

	while (p != NULL && p->out.n == 0)
		p = p->next;
	return p == NULL;
}

bool
peers_take(const struct cat *c)
{
	const struct peer *p = c->peers;

	return p != NULL && (!c->datagram || p->answers) && all_sent(c);
}

/* What the system takes of n bytes; false: the peer may be gone. */
static bool
send_some(struct peer *p, const unsigned char *bytes, size_t n, size_t *sent)
{
	ptrdiff_t k = cask_try_send(&p->sock, bytes, n);

	*sent = k > 0 ? (size_t)k : 0;
	if (k > 0)
		p->active = now_ms();
	if (k >= 0 || p->sock.io.err == 0)
		return true;
	lost(p);
	return false;
}

static void
send_to(struct peer *p, const unsigned char *bytes, size_t n)
{
	size_t sent;

	if (p->cat->datagram) {
		datagram_send(p, bytes, n);
		return;
	}
	if (send_some(p, bytes, n, &sent) && sent < n &&
	    !queue_put(&p->out, bytes + sent, n - sent))
		cat_no_memory(p->cat);
}

void
peers_send(struct cat *c, const void *bytes, size_t n)
{
	struct peer *p = c->peers, *next;

	for (; p != NULL; p = next) {
		next = p->next;
		send_to(p, bytes, n);
	}
}

static void
on_send(struct cask_sock *s, int err)
{
	struct peer *p = s->user;
	size_t sent;

	(void)err;
	if (p->out.n == 0)
		return;
	if (p->cat->datagram)
		datagram_send(p, NULL, 0);
	else if (send_some(p, queue_front(&p->out), p->out.n, &sent))
		queue_take(&p->out, sent);
}

/* Opening */

static struct peer *
new_peer(struct cat *c)
{
	struct peer *p = calloc(1, sizeof *p);

	if (p == NULL) {
		cat_no_memory(c);
		return NULL;
	}
	p->cat = c;
	p->sock.user = p;
	p->active = c->active = now_ms();
	p->next = c->peers;
	c->peers = p;
	return p;
}

/* The path of a socket is taken away with it. */
static void
close_listener(struct cat *c)
{
	cask_close(&c->listener);
	if (c->bound && c->local && *c->host != '@' && unlink(c->host) != 0 &&
	    errno != ENOENT)
		complain(
		    "%s: can't be removed: %s", c->host, cask_strerror(errno));
	c->bound = false;
}

static void
on_accept(struct cask_sock *s, int err)
{
	struct cat *c = s->user;
	struct peer *p = c->ending ? NULL : new_peer(c);

	(void)err;
	if (p == NULL)
		return;
	err = cask_try_accept(s, &p->sock);
	if (err != 0) {
		forget(p);
		if (err != EAGAIN)
			complain("accept: %s", cask_strerror(err));
		return;
	}
	remark("%s: connected", p->sock.io.peer);
	if (!c->keep)
		close_listener(c);
}

static const struct cask_notify notify = {
	.receive = on_receive,
	.send = on_send,
	.accept = on_accept,
};

/* False: nobody would know. */
static bool
tell_address(struct cask_sock *s)
{
	char host[112];
	uint16_t port;

	if (common.quiet)
		return true;
	if (cask_local(s, host, sizeof host, &port) != 0)
		return false;
	if (port != 0)
		fprintf(stderr, "listening on %s port %u\n", host, port);
	else
		fprintf(stderr, "listening on %s\n", host);
	return true;
}

/* Of a connection to come, or of datagrams. */
static bool
open_listener(struct cat *c, struct cask_sock *s)
{
	c->bound = cask_bind(s, c->host, c->port) == 0;
	if (c->bound && (c->datagram || cask_listen(s, 0) == 0) &&
	    tell_address(s))
		return true;
	complain("%s", cask_sock_why(s));
	cat_end(c, EXIT_FAILED);
	return false;
}

static bool
connect_to(struct cat *c, struct peer *p)
{
	int err;

	p->sock.connect_ms = milliseconds(c->wait);
	err = cask_connect(&p->sock, c->host, c->port);
	if (err == 0) {
		remark("%s: connected", p->sock.io.peer);
		return true;
	}
	if (err != ECANCELED || !cat_is_told())
		complain("%s", cask_sock_why(&p->sock));
	cat_end(c, err == ETIMEDOUT ? EXIT_LATE : EXIT_FAILED);
	return false;
}

bool
peers_open(struct cat *c)
{
	struct peer *p;

	c->several = c->listen && (c->keep || c->datagram);
	c->active = now_ms();
	c->listener.notify = &notify;
	c->listener.user = c;
	if (c->listen && !c->datagram)
		return open_listener(c, &c->listener);
	p = new_peer(c);
	if (p == NULL)
		return false;
	p->sock.notify = &notify;
	p->sock.datagram = c->datagram;
	p->answers = !c->listen;
	return c->listen ? open_listener(c, &p->sock) : connect_to(c, p);
}

/* Time limits */

/* How long it may still be silent, in milliseconds; below 0: for ever. */
static int64_t
patience(const struct cat *c, const struct peer *p)
{
	int64_t last = c->active;

	if (c->wait == 0 || (p == NULL && c->keep))
		return -1;
	if (p != NULL && (c->keep || p->active > last))
		last = p->active;
	last += milliseconds(c->wait) - now_ms();
	return last > 0 ? last : 0;
}

int
peers_wait(const struct cat *c)
{
	int64_t least = patience(c, c->peers);

	for (const struct peer *p = c->peers; p != NULL; p = p->next) {
		int64_t ms = patience(c, p);

		least = ms < least ? ms : least;
	}
	return (int)least;
}

/* A silence is how datagrams end, if any came. */
static void
silent(struct cat *c, struct peer *p)
{
	if (c->datagram && c->came) {
		cat_end(c, EXIT_WELL);
		return;
	}
	if (p == NULL)
		complain("nobody connected within %g s", c->wait);
	else
		complain("%s: nothing came or went for %g s",
		    p->sock.io.peer != NULL ? p->sock.io.peer : "datagrams",
		    c->wait);
	if (p == NULL)
		cat_end(c, EXIT_LATE);
	else
		leave(p, EXIT_LATE);
}

/* Is it over? */

static bool
is_over(const struct cat *c, const struct peer *p)
{
	bool sent = c->input.over && p->out.n == 0;
	unsigned end = c->end;

	if (end == END_AUTO)
		end = c->input.is_terminal ? END_PEER : END_BOTH;
	switch (end) {
	case END_INPUT:
		return sent;
	case END_PEER:
		return p->over;
	case END_EITHER:
		return sent || p->over;
	default:
		return sent && p->over && !c->datagram;
	}
}

/* There may be room for it again. */
static void
go_on(struct peer *p)
{
	struct cat *c = p->cat;

	if (p->waits && output_has_room(c)) {
		p->waits = false;
		if (c->datagram)
			datagram_receive(p);
		else if (p->in.n == 0 || show(p))
			receive(p);
	}
}

static void
check(struct peer *p)
{
	struct cat *c = p->cat;
	bool sent = c->input.over && p->out.n == 0;

	if (p->ended && p->in.n == 0)
		p->over = true;
	if (sent && !c->hold && !p->shut && !c->datagram && !c->no_input) {
		p->shut = true;
		cask_shutdown(&p->sock, CASK_SENDS);
	}
	if (c->keep && !c->datagram) {
		if (p->over && p->out.n == 0)
			forget(p);
	} else if (is_over(c, p)) {
		cat_end(c, EXIT_WELL);
	}
}

void
peers_go_on(struct cat *c)
{
	struct peer *p, *next;

	for (p = c->peers; p != NULL && !c->ending; p = next) {
		next = p->next;
		go_on(p);
	}
}

void
peers_check(struct cat *c)
{
	struct peer *p, *next;

	if (c->keep && c->end == END_INPUT && c->input.over && all_sent(c))
		cat_end(c, EXIT_WELL);
	if (c->peers == NULL && !c->ending && patience(c, NULL) == 0)
		silent(c, NULL);
	for (p = c->peers; p != NULL && !c->ending; p = next) {
		next = p->next;
		if (patience(c, p) == 0)
			silent(c, p);
		else
			check(p);
	}
}

void
peers_close(struct cat *c)
{
	struct peer *p = c->peers, *next;

	for (; p != NULL; p = next) {
		next = p->next;
		free_peer(p);
	}
	c->peers = NULL;
	close_listener(c);
}
