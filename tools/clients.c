/*
 * The server of cask collect: reports in, acknowledgements out.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "collect.h"

#define CLIENTS_MOST 1000
#define SILENCE_MS   600000 /* or three intervals, if that is longer */
#define DRAIN_MS     1000

/* The client belongs to that reporter; it can be another than before. */
static void
attribute(struct cask_client *c, struct row *row, const struct report *r)
{
	struct row *before = c->user;
	int64_t silence = (int64_t)r->interval_ms * 3;

	if (before != NULL)
		before->clients--;
	c->user = row;
	row->clients++;
	c->idle_ms = silence > SILENCE_MS ? (int)silence : SILENCE_MS;
}

static void
on_report(struct cask_client *c, struct report *r)
{
	struct collector *all = c->server->user;
	struct ack ack = { ACK_MAGIC, r->hello.sequence, ACK_COUNTED };
	struct row *row = rows_get(&all->rows, r->hello.reporter);

	if (row == NULL) {
		cask_client_drop(c, ENOMEM, "%s", cask_strerror(ENOMEM));
		return;
	}
	attribute(c, row, r);
	if (row->reports > 0 && r->hello.sequence <= row->sequence) {
		row->again++;
		ack.status = ACK_AGAIN;
	} else if (!collect_report(all, row, r, c->sock.io.peer)) {
		cask_client_drop(c, ENOMEM, "%s", cask_strerror(ENOMEM));
		return;
	}
	cask_reply(c, &ack, ack_x);
	if (all->counted == all->count)
		cask_server_stop(&all->server);
}
CASK_HANDLER(take_report, struct report, report_x, on_report)

static bool
on_opened(struct cask_client *c)
{
	struct collector *all = c->server->user;

	if (common.verbose)
		table_erase(&all->table);
	remark("%s: connected", c->sock.io.peer);
	return true;
}

/* Of those that are there when it has stopped nothing needs to be said. */
static void
on_closed(struct cask_client *c, int err, const char *why)
{
	struct row *row = c->user;

	if (row != NULL)
		row->clients--;
	if (err != 0 && err != ECANCELED)
		collect_complain(c->server->user, why);
}

static void
on_trouble(struct cask_server *s, int err, const char *why)
{
	(void)err;
	collect_complain(s->user, why);
}

bool
clients_listen(struct collector *c)
{
	struct cask_server *s = &c->server;
	char host[80];
	uint16_t port;
	int err;

	s->message = take_report;
	s->opened = on_opened;
	s->closed = on_closed;
	s->trouble = on_trouble;
	s->user = c;
	s->limit.clients = CLIENTS_MOST;
	s->limit.message = REPORT_MOST;
	s->limit.message_ms = s->limit.idle_ms = milliseconds(c->timeout);
	s->limit.drain_ms = DRAIN_MS;
	if (cask_server_listen(s, c->address, c->port) != 0) {
		complain("%s", cask_server_why(s));
		return false;
	}
	err = cask_server_local(s, 0, host, sizeof host, &port);
	if (err != 0) {
		complain("the address to listen on: %s", cask_strerror(err));
		return false;
	}
	if (!common.quiet)
		printf("listening on %s port %u\n", host, port);
	return output_is_good();
}
