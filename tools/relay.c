/*
 * The connections of cask proxy: one thread, nothing that blocks.  See relay.h.
 *
 * A connection that has ended is freed between two turns of the pump, so that
 * whoever has it in hand need not know.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "relay.h"

static struct half *
half_from(struct pair *p, const struct cask_sock *s)
{
	return &p->half[s == &p->client ? TO_SERVER : TO_CLIENT];
}

static struct half *
half_to(struct pair *p, const struct cask_sock *s)
{
	return &p->half[s == &p->client ? TO_CLIENT : TO_SERVER];
}

/* Ending */

static void
close_one(struct cask_sock *s, bool reset)
{
	if (reset && s->io.err == 0)
		cask_option_set(s, CASK_LINGER, 0);
	cask_close(s);
}

void
pair_close(struct pair *p, bool reset)
{
	if (p->dead)
		return;
	p->dead = true;
	close_one(&p->client, reset);
	close_one(&p->server, reset);
	half_tell(&p->half[TO_SERVER], EVENT_CLOSE,
	    "%" PRIu64 " bytes for the server, %" PRIu64 " for the client",
	    p->half[TO_SERVER].came, p->half[TO_CLIENT].came);
	cask_timer_stop(&p->half[TO_SERVER].timer);
	cask_timer_stop(&p->half[TO_CLIENT].timer);
	p->relay->over++;
}

/* What it said before is still passed on, and then the loss; what is for it
 * can't be. */
void
pair_lost(struct pair *p, struct cask_sock *s)
{
	struct half *h = half_from(p, s), *back = half_to(p, s);

	if (p->dead || p->killing || h->lost)
		return;
	if (p->cutting) {
		h->ended = true;
		half_push(h);
		return;
	}
	h->lost = true;
	h->ended = true;
	half_tell(h, EVENT_LOST, "%s", cask_sock_why(s));
	back->dropping = true;
	if (h->stalled || h->dropping)
		pair_close(p, true);
	else if (h->passed)
		h->passed = false;
	half_push(h);
}

/* Connections */

static void
describe(struct cask_sock *s, struct endpoint *e)
{
	if (cask_remote(s, e->host, sizeof e->host, &e->port) != 0)
		*e = (struct endpoint) { "0.0.0.0", 0 };
}

static void
opened(struct pair *p)
{
	struct endpoint ends[2];
	struct event e = { .kind = EVENT_OPEN,
		.connection = p->number,
		.us = now_us() - p->relay->began,
		.ends = ends };

	describe(&p->client, &ends[0]);
	describe(&p->server, &ends[1]);
	p->connected = true;
	p->relay->tell(p, &e);
}

static void
on_connect(struct cask_sock *s, int err)
{
	struct pair *p = s->user;

	if (s != &p->server || p->connected || p->dead)
		return;
	opened(p);
	if (err != 0) {
		pair_lost(p, s);
		return;
	}
	cask_option_set(s, CASK_OOB_INLINE, 1);
	half_push(&p->half[TO_SERVER]);
	half_push(&p->half[TO_CLIENT]);
}

static void
on_receive(struct cask_sock *s, int err)
{
	(void)err;
	half_receive(half_from(s->user, s));
}

static void
on_send(struct cask_sock *s, int err)
{
	struct half *h = half_to(s->user, s);

	(void)err;
	h->blocked = false;
	half_push(h);
}

static const struct cask_notify notify = {
	.receive = on_receive,
	.send = on_send,
	.connect = on_connect,
};

/* Too many names are being looked up: it is tried again. */
static void
connect_server(struct pair *p)
{
	struct relay *r = p->relay;
	int err = cask_try_connect(&p->server, r->host, r->host_port);

	p->again = err == EAGAIN;
	if (err != 0 && !p->again)
		on_connect(&p->server, err);
}

static void
begin(struct relay *r, struct pair *p)
{
	p->relay = r;
	p->number = ++r->last;
	p->half[TO_SERVER].from = p->half[TO_CLIENT].to = &p->client;
	p->half[TO_CLIENT].from = p->half[TO_SERVER].to = &p->server;
	for (int i = 0; i < WAYS; i++) {
		p->half[i].pair = p;
		p->half[i].way = (enum way)i;
		mischief_begin(
		    &p->half[i].mischief, r->plan[i], p->number, (enum way)i);
	}
	p->next = r->pairs;
	if (p->next != NULL)
		p->next->before = p;
	r->pairs = p;
	r->count++;
	cask_option_set(&p->client, CASK_OOB_INLINE, 1);
	connect_server(p);
}

/* Accept one: 0, or why there is none. */
static int
accept_one(struct relay *r)
{
	struct pair *p = calloc(1, sizeof *p);
	int err;

	if (p == NULL)
		return ENOMEM;
	p->client.notify = p->server.notify = &notify;
	p->client.user = p->server.user = p;
	err = cask_try_accept(&r->listener, &p->client);
	if (err == 0)
		begin(r, p);
	else
		free(p);
	return err;
}

/* When no more can be accepted, it is tried again a second later. */
static void
accept_all(struct relay *r)
{
	int err = 0;

	r->full = false;
	while (err == 0 && r->count < RELAY_MOST)
		err = accept_one(r);
	if (err == EAGAIN)
		return;
	if (err != 0 && !r->complained)
		complain("accept: %s", cask_strerror(err));
	r->complained = err != 0;
	r->full = true;
	r->retry = now_ms() + (err != 0 ? 1000 : 0);
}

static void
on_accept(struct cask_sock *s, int err)
{
	struct relay *r = s->user;

	(void)err;
	if (!r->full)
		accept_all(r);
}

/* All of them */

bool
relay_open(struct relay *r)
{
	static const struct cask_notify listens = { .accept = on_accept };
	char host[ADDRESS_SIZE];
	uint16_t port;

	r->began = now_us();
	r->listener.notify = &listens;
	r->listener.user = r;
	if (cask_bind(&r->listener, r->address, r->port) != 0 ||
	    cask_listen(&r->listener, 0) != 0 ||
	    cask_local(&r->listener, host, sizeof host, &port) != 0) {
		complain("%s", cask_sock_why(&r->listener));
		return false;
	}
	if (!common.quiet)
		printf("listening on %s port %u\n", host, port);
	return output_is_good();
}

static void
forget(struct relay *r, struct pair *p)
{
	if (p->before != NULL)
		p->before->next = p->next;
	else
		r->pairs = p->next;
	if (p->next != NULL)
		p->next->before = p->before;
	r->count--;
	free(p);
}

void
relay_check(struct relay *r)
{
	for (struct pair *p = r->pairs, *next; p != NULL; p = next) {
		next = p->next;
		if (p->dead)
			forget(r, p);
		else if (p->again)
			connect_server(p);
	}
	if (r->full && r->count < RELAY_MOST && now_ms() >= r->retry)
		accept_all(r);
}

void
relay_close(struct relay *r)
{
	cask_close(&r->listener);
	for (struct pair *p = r->pairs; p != NULL; p = p->next)
		pair_close(p, true);
	relay_check(r);
}
