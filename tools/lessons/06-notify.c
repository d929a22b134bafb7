/*
 * Lesson 6: notifications.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <stdio.h>
#include <string.h>

/* What is known of each peer; its socket's user points here. */
struct peer {
	const char *name;
	char line[100];
	size_t length;
};

static ptrdiff_t heard; /* bytes, of all peers */

/*
 * Called by the pump: something has come from a peer.
 *
 * Task: print whole lines only, without the '/' at their end.  What has come of
 * a line is kept, until the rest of it is there.
 */
static void
on_receive(struct cask_sock *s, int err)
{
	struct peer *p = s->user;
	char piece[100];
	ptrdiff_t n = cask_try_receive(s, piece, sizeof piece);

	(void)err;
	if (n <= 0)
		return;
	heard += n;
	printf("%s: %.*s\n", p->name, (int)n, piece);
}

static const struct cask_notify notify = { .receive = on_receive };

/* A connection of which both ends are here. */
static void
connect_ends(struct cask_sock *one, struct cask_sock *other)
{
	struct cask_sock listener = { .timeout_ms = 5000 };
	char port[8];
	uint16_t number = 0;

	cask_bind(&listener, "127.0.0.1", "0");
	cask_listen(&listener, 0);
	cask_local(&listener, NULL, 0, &number);
	snprintf(port, sizeof port, "%u", number);
	if (cask_connect(one, "127.0.0.1", port) != 0 ||
	    cask_accept(&listener, other) != 0)
		errx(1, "no connection within this machine");
	cask_close(&listener);
}

/* The arguments are what ann says, and bob, and ann, and so on. */
int
main(int argc, char **argv)
{
	struct peer who[2] = { { .name = "ann" }, { .name = "bob" } };
	struct cask_sock peer[2] = { 0 }, ours[2] = { 0 };
	ptrdiff_t said = 0;

	for (int i = 0; i < 2; i++) {
		ours[i].notify = &notify;
		ours[i].user = &who[i];
		connect_ends(&peer[i], &ours[i]);
	}
	for (int i = 1; i < argc; i++) {
		struct cask_sock *s = &peer[(i + 1) % 2];

		cask_send(s, argv[i], strlen(argv[i]));
		said += (ptrdiff_t)strlen(argv[i]);
		while (heard < said && s->io.err == 0)
			cask_pump_turn(1000, NULL); // calls on_receive
	}
	for (int i = 0; i < 2; i++) {
		cask_close(&peer[i]);
		cask_close(&ours[i]);
	}
	return 0;
}
