/*
 * The connections of cask collect: one thread, nothing that blocks.
 *
 * What comes is gathered, per client, until a frame is whole; only then is it
 * read.  A client that breaks the rules is dropped, with one line that says
 * why, and the others don't notice.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"

#define BUFFER_FIRST 4096
#define BUFFER_MOST  (FRAME_HEAD + FRAME_MOST)
#define CHECK_MS     100

/* Dropping */

static void
forget(struct client *c)
{
	struct collector *all = c->collector;
	struct client *last = all->clients[--all->client_count];

	all->clients[c->slot] = last;
	last->slot = c->slot;
	if (c->row != NULL)
		c->row->clients--;
	cask_close(&c->sock);
	free(c->bytes);
	free(c);
}

bool
drop(struct client *c, const char *format, ...)
{
	char why[400];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	collect_complain(c->collector, c->sock.io.peer, why);
	forget(c);
	return false;
}

/* A socket's words have its peer in them already. */
bool
drop_broken(struct client *c)
{
	collect_complain(c->collector, NULL, cask_sock_why(&c->sock));
	forget(c);
	return false;
}

/* Receiving */

/* Memory grows with what has come, and goes when it is no longer needed. */
static bool
make_room(struct client *c)
{
	size_t size = c->size > 0 ? 2 * c->size : BUFFER_FIRST;
	void *grown;

	if (c->have < c->size)
		return true;
	if (size > BUFFER_MOST)
		size = BUFFER_MOST;
	grown = realloc(c->bytes, size);
	if (grown == NULL)
		return drop(c, "%s", cask_strerror(ENOMEM));
	c->bytes = grown;
	c->size = size;
	return true;
}

static void
ended(struct client *c)
{
	if (c->have > 0)
		drop(c, "ended in the middle of a report, after %zu bytes",
		    c->have);
	else
		forget(c);
}

static void
on_receive(struct cask_sock *s, int err)
{
	struct client *c = s->user;
	ptrdiff_t n;

	(void)err;
	if (c->collector->stop || !make_room(c))
		return;
	n = cask_try_receive(s, c->bytes + c->have, c->size - c->have);
	if (n > 0) {
		if (c->have == 0)
			c->began = now_ms();
		c->have += (size_t)n;
		take_frames(c);
	} else if (n == 0) {
		ended(c);
	} else if (s->io.err != 0) {
		drop_broken(c);
	}
}

/* Accepting */

/* Out of places: the oldest that never sent a report has to go. */
static bool
make_place(struct collector *all)
{
	struct client *oldest = NULL;

	if (all->client_count < CLIENTS_MOST)
		return true;
	for (size_t i = 0; i < all->client_count; i++) {
		struct client *c = all->clients[i];

		if (c->row == NULL &&
		    (oldest == NULL || c->began < oldest->began))
			oldest = c;
	}
	if (oldest != NULL)
		drop(oldest, "has sent nothing, and there are %d connections",
		    CLIENTS_MOST);
	return oldest != NULL;
}

/* Accept one: 0, or why there is none. */
static int
accept_one(struct collector *all)
{
	struct client *c = calloc(1, sizeof *c);
	int err;

	if (c == NULL)
		return ENOMEM;
	c->sock.user = c;
	err = cask_try_accept(&all->listener, &c->sock);
	if (err != 0) {
		free(c);
		return err;
	}
	c->collector = all;
	c->began = now_ms();
	c->slot = all->client_count++;
	all->clients[c->slot] = c;
	if (common.verbose)
		table_erase(&all->table);
	remark("%s: connected", c->sock.io.peer);
	return 0;
}

/*
 * When no more can be accepted, for want of descriptors or memory, the
 * notification is left unanswered, so that it does not come again and again;
 * clients_check tries anew after a second.
 */
static void
on_accept(struct cask_sock *s, int refused)
{
	struct collector *all = s->user;
	int err = 0;

	(void)refused;
	if (all->stop || (all->full && now_ms() < all->retry))
		return;
	while (err == 0 && make_place(all))
		err = accept_one(all);
	if (err == EAGAIN) {
		all->full = false;
		return;
	}
	if (err != 0 && !all->full)
		collect_complain(all, "accept", cask_strerror(err));
	all->full = true;
	all->retry = now_ms() + 1000;
}

static const struct cask_notify notify = {
	.receive = on_receive,
	.accept = on_accept,
};

bool
clients_listen(struct collector *c)
{
	char host[80];
	uint16_t port;

	c->listener.notify = &notify;
	c->listener.user = c;
	if (cask_bind(&c->listener, c->address, c->port) != 0 ||
	    cask_listen(&c->listener, 0) != 0 ||
	    cask_local(&c->listener, host, sizeof host, &port) != 0) {
		complain("%s", cask_sock_why(&c->listener));
		return false;
	}
	if (!common.quiet)
		printf("listening on %s port %u\n", host, port);
	return output_is_good();
}

/* Time limits */

static void
check_client(struct client *c, int64_t now)
{
	bool waiting = c->have > 0 || c->row == NULL;
	int64_t limit =
	    waiting ? (int64_t)(c->collector->timeout * 1000) : c->silence;

	if (now - c->began < limit)
		return;
	if (c->have > 0)
		drop(c, "did not finish a report within %g s",
		    c->collector->timeout);
	else if (c->row == NULL)
		drop(c, "sent nothing within %g s", c->collector->timeout);
	else
		drop(c, "silent for %" PRId64 " s", c->silence / 1000);
}

void
clients_check(struct collector *c)
{
	int64_t now = now_ms();

	if (now - c->checked < CHECK_MS)
		return;
	c->checked = now;
	for (size_t i = c->client_count; i > 0; i--)
		check_client(c->clients[i - 1], now);
	if (c->full && now >= c->retry)
		on_accept(&c->listener, 0);
}

void
clients_close(struct collector *c)
{
	while (c->client_count > 0)
		forget(c->clients[c->client_count - 1]);
	cask_close(&c->listener);
}
