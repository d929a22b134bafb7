/*
 * The server of many clients with cask_serve: all it does by itself is to
 * answer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_many.h"

static struct crowd *crowd;

static void
id_x(struct cask_ar *ar, struct record *r)
{
	cask_u32(ar, &r->id);
}

static void
on_record(struct cask_client *c, struct record *r)
{
	cask_reply(c, r, id_x);
}
CASK_HANDLER(take_record, struct record, by_hand_x, on_record)

static bool
on_opened(struct cask_client *c)
{
	(void)c;
	crowd_count(crowd, false);
	return true;
}

void
served_server(struct crowd *c)
{
	struct cask_server s = { .message = take_record, .opened = on_opened };
	uint16_t port;

	crowd = c;
	s.limit.clients = c->idle + ACTIVE;
	if (cask_server_listen(&s, "127.0.0.1", "0") != 0 ||
	    cask_server_local(&s, 0, NULL, 0, &port) != 0)
		die("server", cask_server_why(&s));
	crowd_count(c, true);
	crowd_tell(c, port);
	(void)cask_serve(&s);
	die("server", cask_server_why(&s));
}
