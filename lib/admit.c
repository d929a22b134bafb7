/*
 * Whom a server lets in: accepting, and making places.  See serve.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve.h"

#include <cask/addr.h>
#include <errno.h>
#include <stdio.h>

#include "sys.h"

#define CLIENTS_MOST   1000
#define RETRY_MS       100 /* after an error of accepting */
#define ACCEPT_AT_ONCE 64

static void
trouble(struct cask_server *s, int err, const char *why)
{
	bool new = !s->troubled;

	s->troubled = true;
	s->hooks++;
	if (new && s->trouble != NULL)
		s->trouble(s, err, why);
	s->hooks--;
}

static bool
is_full(const struct cask_server *s)
{
	return s->counts.clients >=
	    (s->limit.clients > 0 ? s->limit.clients : CLIENTS_MOST);
}

/* The oldest that never sent a message, and is there for nothing; or NULL. */
static struct cask_client *
least_wanted(const struct cask_server *s)
{
	struct cask_client *c = s->first;

	while (c != NULL && (c->messages > 0 || c->state == CASKI_DEAD))
		c = c->next;
	return c;
}

static void
link_up(struct cask_server *s, struct cask_client *c)
{
	c->before = s->last;
	if (s->last != NULL)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
	s->counts.clients++;
}

/*
 * What is wrong with where it comes from, or NULL.  Who can't be known, because
 * of *err, is not wanted: what was reset before it was accepted has no address
 * any more, but what it has sent can still be received.
 */
static const char *
unwanted(const struct caski_listener *l, struct cask_client *c, int *err)
{
	const struct cask_server *s = l->server;
	struct cask_addr a = { 0 };

	*err = 0;
	if (l->behind || s->allow.count > 0 || s->deny.count > 0)
		*err = cask_remote_addr(&c->sock, &a);
	if (*err != 0)
		return cask_strerror(*err);
	if (!l->behind)
		return caski_client_unwanted(c, &a);
	return cask_nets_has(&s->balancers, &a) ? NULL
						: "is not one of the balancers";
}

/* It was reset before it was accepted, as balancers' checks may be. */
static bool
is_gone(int err)
{
	return err == ENOTCONN || err == EINVAL;
}

static void
refuse(struct cask_server *s, struct cask_client *c, int err, const char *why)
{
	char words[sizeof c->why];

	snprintf(words, sizeof words, "%s: %s", c->sock.name, why);
	cask_close(&c->sock);
	caski_sys_free(c);
	if (is_gone(err))
		return;
	s->counts.refused++;
	s->hooks++;
	if (s->refused != NULL)
		s->refused(s, words);
	s->hooks--;
}

/* Those that are not wanted are closed at once. */
static void
let_in(struct caski_listener *l, struct cask_client *c)
{
	struct cask_server *s = l->server;
	int err, unknown;
	const char *why = unwanted(l, c, &unknown);

	err = why == NULL ? caski_client_begin(c) : 0;
	s->counts.accepted++;
	s->troubled = s->troubled && err != 0;
	if (err != 0) {
		trouble(s, err, "accept: no memory");
		why = "no memory";
	}
	if (why != NULL) {
		refuse(s, c, unknown, why);
		return;
	}
	c->behind = c->balanced = l->behind;
	link_up(s, c);
	if (!c->behind)
		caski_client_announce(c);
	else
		c->began_at = c->opened_at;
	caski_client_time(c);
}

/* One connection: 0, or why there is none. */
static int
accept_one(struct caski_listener *l)
{
	struct cask_server *s = l->server;
	struct cask_client *c = caski_sys_malloc(sizeof *c);
	int err = ENOMEM;

	if (c == NULL) {
		trouble(s, err, "accept: no memory");
		return err;
	}
	memset(c, 0, sizeof *c);
	c->server = s;
	c->sock.notify = &caski_client_notify;
	c->sock.user = c;
	err = cask_try_accept(&l->sock, &c->sock);
	if (err == 0)
		let_in(l, c);
	else if (err != EAGAIN)
		trouble(s, err, cask_sock_why(&c->sock));
	if (err != 0)
		caski_sys_free(c);
	return err;
}

/* When all places are taken, one is made for another who comes, and isn't
 * refused. */
static int
accept_instead(struct caski_listener *l, struct cask_client *c)
{
	uint64_t before = l->server->counts.clients;
	int err = accept_one(l);

	if (err == 0 && l->server->counts.clients > before)
		caski_client_die(c, CASK_ELIMIT,
		    "%s: has sent no message, and all %llu places are taken "
		    "(limit.clients)",
		    c->sock.name,
		    (unsigned long long)l->server->counts.clients - 1);
	return err;
}

/* What is left unanswered is not announced again: it is
 * accepted again from the chores. */
static void
accept_some(struct caski_listener *l)
{
	struct cask_server *s = l->server;
	int err = 0;

	for (int i = 0; i < ACCEPT_AT_ONCE && err == 0 && !s->closing; i++) {
		struct cask_client *c = is_full(s) ? least_wanted(s) : NULL;

		if (is_full(s) && c == NULL) {
			s->full = true;
			return;
		}
		err = c != NULL ? accept_instead(l, c) : accept_one(l);
		if (s->counts.clients > s->counts.most)
			s->counts.most = s->counts.clients;
	}
	if (err != ENOMEM)
		return;
	s->full = true;
	s->later.after_ms = RETRY_MS;
	(void)cask_timer_start(&s->later); /* if not, with the next chores */
}

static void
on_accept(struct cask_sock *sock, int err)
{
	struct caski_listener *l = sock->user;

	(void)err;
	if (!caski_server_busy(l->server)) {
		accept_some(l);
	} else {
		l->server->full = true;
		caski_server_chores(l->server);
	}
}

const struct cask_notify caski_listener_notify = { .accept = on_accept };

void
caski_server_accept_again(struct cask_server *s)
{
	bool full = s->full;

	s->full = false;
	for (struct caski_listener *l = s->listeners; full && l != NULL;
	     l = l->next)
		accept_some(l);
}
