/*
 * Servers: listening, serving, stopping.  See <cask/serve.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve.h"

#include <cask/addr.h>
#include <errno.h>
#include <stdio.h>

#include "sys.h"

#define MEMORY_MOST ((uint64_t)256 << 20)
#define DRAIN_MS    5000

uint64_t
caski_server_memory(const struct cask_server *s)
{
	return s->limit.memory > 0 ? s->limit.memory : MEMORY_MOST;
}

/* Errors */

static int
fail(struct cask_server *s, int err, const char *why)
{
	if (s->err != 0)
		return s->err;
	s->err = err;
	snprintf(s->why, sizeof s->why, "%s", why);
	return err;
}

const char *
cask_server_why(struct cask_server *s)
{
	return s->err != 0 ? s->why : "no error";
}

/* Chores */

void
caski_server_chores(struct cask_server *s)
{
	caski_note_post(&s->chores);
}

/* Not in the same turn, or one that asks and takes without end would have it
 * for itself. */
void
caski_server_resume(struct cask_server *s, struct cask_client *c)
{
	if (c->resumed)
		return;
	c->resumed = true;
	c->again = s->again;
	s->again = c;
	caski_note_later(&s->chores);
}

/* The dead are not gone on with. */
static void
forget_the_dead(struct cask_server *s)
{
	struct cask_client **i = &s->again;

	while (*i != NULL)
		if ((*i)->state == CASKI_DEAD)
			*i = (*i)->again;
		else
			i = &(*i)->again;
}

static void
bury_the_dead(struct cask_server *s)
{
	forget_the_dead(s);
	while (s->dead != NULL) {
		struct cask_client *c = s->dead;

		s->dead = c->dead;
		caski_client_bury(c);
	}
}

static void
resume_the_paused(struct cask_server *s)
{
	struct cask_client *c = s->again, *next;

	s->again = NULL;
	for (; c != NULL; c = next) {
		next = c->again;
		c->resumed = false;
		caski_client_resume(c);
	}
}

/* Within a call that waits in a handler they have to wait, too. */
static void
do_chores(struct cask_note *n)
{
	struct cask_server *s = (struct cask_server *)((char *)n -
	    offsetof(struct cask_server, chores));

	if (caski_server_busy(s)) {
		caski_note_refuse(n);
		return;
	}
	resume_the_paused(s);
	bury_the_dead(s);
	if (s->closing) {
		cask_server_close(s);
		return;
	}
	if (!s->stopping)
		caski_server_accept_again(s);
	s->stopped = s->stopping && s->first == NULL;
}

/* Stopping */

static void
close_listeners(struct cask_server *s)
{
	while (s->listeners != NULL) {
		struct caski_listener *l = s->listeners;

		s->listeners = l->next;
		cask_close(&l->sock);
		caski_sys_free(l);
	}
}

static void
drain(struct cask_wake *w)
{
	struct cask_server *s = w->user;
	int ms = caski_server_ms(s->limit.drain_ms, DRAIN_MS);

	if (s->stopping)
		return;
	s->stopping = true;
	close_listeners(s);
	for (struct cask_client *c = s->first; c != NULL; c = c->next)
		cask_client_close(c);
	s->later.after_ms = ms;
	if (ms > 0 && cask_timer_start(&s->later) != 0)
		s->later.fire(&s->later);
	caski_server_chores(s);
}

static void
drop_all(struct cask_server *s)
{
	for (struct cask_client *c = s->first; c != NULL; c = c->next)
		caski_client_die(c, ECANCELED,
		    "%s: still there when the server closed", c->sock.name);
}

/* When clients have been given their time to leave; else to accept again. */
static void
is_later(struct cask_timer *t)
{
	struct cask_server *s = t->user;

	if (s->stopping)
		drop_all(s);
	caski_server_chores(s);
}

void
cask_server_stop(struct cask_server *s)
{
	__atomic_store_n(&s->told, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&s->ready, __ATOMIC_SEQ_CST) != 0)
		cask_wake_ring(&s->wake);
}

void
cask_server_close(struct cask_server *s)
{
	if (s->block == NULL)
		return;
	if (caski_server_busy(s)) {
		s->closing = true;
		drop_all(s);
		caski_server_chores(s);
		return;
	}
	__atomic_store_n(&s->ready, 0, __ATOMIC_SEQ_CST);
	s->stopping = true;
	close_listeners(s);
	drop_all(s);
	bury_the_dead(s);
	caski_note_drop(&s->chores);
	cask_timer_stop(&s->later);
	cask_wake_stop(&s->wake);
	caski_sys_free(s->block);
	caski_sys_free(s->spare);
	s->block = s->spare = NULL;
	s->stopping = s->closing = false;
	s->stopped = true;
	s->told = 0;
}

/* Beginning */

static int
begin(struct cask_server *s)
{
	int err;

	if (s->block != NULL)
		return 0;
	s->stopping = s->stopped = s->full = s->troubled = false;
	s->closing = false;
	s->source = (struct cask_io) { .table = &caski_source_table };
	s->sink = (struct cask_io) { .table = &caski_sink_table };
	s->wake.woken = drain;
	s->wake.user = s;
	s->later.fire = is_later;
	s->later.user = s;
	s->chores.deliver = do_chores;
	err = cask_wake_start(&s->wake);
	if (err != 0)
		return err;
	s->block = caski_sys_malloc(CASKI_BLOCK);
	if (s->block == NULL) {
		cask_wake_stop(&s->wake);
		return ENOMEM;
	}
	__atomic_store_n(&s->ready, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&s->told, __ATOMIC_SEQ_CST) != 0)
		cask_wake_ring(&s->wake);
	return 0;
}

static struct caski_listener *
new_listener(struct cask_server *s)
{
	struct caski_listener *l = caski_sys_malloc(sizeof *l);

	if (l == NULL)
		return NULL;
	memset(l, 0, sizeof *l);
	l->server = s;
	l->sock.notify = &caski_listener_notify;
	l->sock.user = l;
	l->sock.reuse_port = s->reuse_port;
	l->sock.v6_only = s->v6_only;
	return l;
}

/* The first error: nothing is left of what has begun for this alone. */
static int
cannot_listen(struct cask_server *s, int err, const char *why)
{
	fail(s, err, why);
	if (s->listeners == NULL)
		cask_server_close(s);
	return err;
}

/* Take it over, or tell why not. */
static int
add(struct cask_server *s, struct caski_listener *l, int err)
{
	struct caski_listener **end = &s->listeners;

	if (err != 0) {
		err = cannot_listen(s, err, cask_sock_why(&l->sock));
		cask_close(&l->sock);
		caski_sys_free(l);
		return err;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = l;
	return 0;
}

/* What can't be right, or NULL. */
static const char *
misused(const struct cask_server *s, bool behind)
{
	if (s->message == NULL)
		return "the server has no message function";
	if (s->stopping)
		return "the server has stopped";
	if (behind && s->balancers.count == 0)
		return "the server has no balancers";
	if (s->allow.why[0] != '\0')
		return s->allow.why;
	if (s->deny.why[0] != '\0')
		return s->deny.why;
	return s->balancers.why[0] != '\0' ? s->balancers.why : NULL;
}

static struct caski_listener *
prepare(struct cask_server *s, bool behind)
{
	const char *why = misused(s, behind);
	struct caski_listener *l = NULL;
	char words[sizeof s->why];
	int err;

	if (s->err != 0)
		return NULL;
	err = why != NULL ? EINVAL : begin(s);
	if (err == 0)
		l = new_listener(s);
	if (l != NULL) {
		l->behind = behind;
		return l;
	}
	if (err == 0)
		err = ENOMEM;
	snprintf(words, sizeof words, "listen: %s",
	    why != NULL ? why : cask_strerror(err));
	cannot_listen(s, err, words);
	return NULL;
}

static int
listen_on(
    struct cask_server *s, const char *host, const char *port, bool behind)
{
	struct caski_listener *l = prepare(s, behind);
	int err;

	if (l == NULL)
		return s->err;
	err = cask_bind(&l->sock, host, port);
	if (err == 0)
		err = cask_listen(&l->sock, 0);
	return add(s, l, err);
}

int
cask_server_listen(struct cask_server *s, const char *host, const char *port)
{
	return listen_on(s, host, port, false);
}

int
cask_server_listen_behind(
    struct cask_server *s, const char *host, const char *port)
{
	return listen_on(s, host, port, true);
}

int
cask_server_inherit(struct cask_server *s, unsigned nth)
{
	struct caski_listener *l = prepare(s, false);

	return l != NULL ? add(s, l, cask_inherit(&l->sock, nth)) : s->err;
}

int
cask_server_local(struct cask_server *s, unsigned nth, char *host, size_t size,
    uint16_t *port)
{
	struct caski_listener *l = s->listeners;

	for (; l != NULL && nth > 0; nth--)
		l = l->next;
	return l != NULL ? cask_local(&l->sock, host, size, port) : ENOENT;
}

int
cask_serve(struct cask_server *s)
{
	int err = 0;

	if (s->err == 0 && s->listeners == NULL)
		fail(s, EINVAL, "serve: no address to listen on");
	while (s->err == 0 && err == 0 && !s->stopped)
		err = cask_pump_turn(-1, NULL);
	if (err == EBUSY)
		return err;
	if (err != 0)
		fail(s, err, cask_strerror(err));
	cask_server_close(s);
	return s->err;
}
