/*
 * A solution of lesson 9: half-close and reset.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <stdio.h>
#include <string.h>

#define MOST 8 /* bytes of a request */

/*
 * The server: takes a request, which ends where the client stops sending, and
 * answers.  It doesn't read more than it wants to know.
 */
static void
serve(struct cask_sock *s)
{
	char request[MOST + 1];
	const char *answer = "thank you";
	size_t length = 0;
	ptrdiff_t n = 1;

	while (n > 0 && length <= MOST) {
		n = cask_receive(s, request + length, MOST + 1 - length);
		length += n > 0 ? (size_t)n : 0;
	}
	if (length > MOST)
		answer = "too long";
	cask_send(s, answer, strlen(answer));
	cask_shutdown(s, CASK_SENDS);
	while (cask_receive(s, request, sizeof request) > 0)
		continue;
	cask_close(s);
}

/* The client. */
static void
ask(struct cask_sock *s, const char *request)
{
	cask_send(s, request, strlen(request));
	cask_shutdown(s, CASK_SENDS); // that was all; now I listen
}

static void
hear(struct cask_sock *s)
{
	char answer[40];
	size_t length = 0;
	ptrdiff_t n = 1;

	while (n > 0 && length < sizeof answer) {
		n = cask_receive(s, answer + length, sizeof answer - length);
		length += n > 0 ? (size_t)n : 0;
	}
	printf("answer: %.*s\n", (int)length, answer);
	printf("then: %s\n", n == 0 ? "the end" : cask_strerror(s->io.err));
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
	struct cask_sock client = { 0 }, server = { 0 };

	if (argc != 2)
		errx(2, "usage: half-close REQUEST");
	connect_ends(&client, &server);
	ask(&client, argv[1]);
	serve(&server);
	hear(&client);
	cask_close(&client);
	return 0;
}
