/*
 * Lesson 1: one send is not one receive.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <stdio.h>
#include <string.h>

/* Task: let the receiver know where a message ends, here … */
static void
send_message(struct cask_sock *s, const char *text)
{
	cask_send(s, text, strlen(text));
}

/* … and receive exactly one message, here.  False: there are no more. */
static bool
receive_message(struct cask_sock *s, char *text, size_t size)
{
	ptrdiff_t n = cask_receive(s, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

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

int
main(int argc, char **argv)
{
	struct cask_sock from = { 0 }, to = { 0 };
	char text[1000];
	ptrdiff_t all = 0;

	connect_ends(&from, &to);
	for (int i = 1; i < argc; i++) {
		send_message(&from, argv[i]);
		all += (ptrdiff_t)strlen(argv[i]);
	}
	cask_shutdown(&from, CASK_SENDS);

	while (cask_available(&to) < all) // let it arrive, so that luck
		continue;                 // plays no part in this
	while (receive_message(&to, text, sizeof text))
		printf("received \"%s\"\n", text);

	cask_close(&from);
	return cask_close(&to) != 0;
}
