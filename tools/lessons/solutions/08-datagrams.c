/*
 * A solution of lesson 8: datagrams.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <stdio.h>
#include <string.h>

/* The network: "x" is a datagram that it loses, and "." one that it doesn't;
 * then it begins again.  It tells nobody. */
static const char *losses;

static void
transmit(struct cask_sock *s, const char *word)
{
	static size_t sent;

	if (losses[sent++ % strlen(losses)] != 'x')
		cask_send(s, word, strlen(word));
}

/* The receiver: takes a datagram, if one comes, and answers it. */
static void
take(struct cask_sock *s)
{
	struct cask_addr from;
	char word[100];
	ptrdiff_t n = cask_receive_from(s, word, sizeof word, &from);

	if (n < 0)
		return;
	printf("received \"%.*s\"\n", (int)n, word);
	cask_send_to(s, "ok", 2, &from);
}

/* The sender: tells it again, until there is an answer. */
static void
deliver(struct cask_sock *from, struct cask_sock *to, const char *word)
{
	char answer[10];

	do {
		transmit(from, word);
		take(to);
	} while (cask_receive(from, answer, sizeof answer) < 0);
}

int
main(int argc, char **argv)
{
	struct cask_sock to = { .datagram = true, .timeout_ms = 150 };
	struct cask_sock from = { .datagram = true, .timeout_ms = 150 };
	char port[8];
	uint16_t number = 0;

	if (argc < 2 || strchr(argv[1], '.') == NULL)
		errx(2, "usage: datagrams LOSSES WORD...");
	losses = argv[1];
	cask_bind(&to, "127.0.0.1", "0");
	cask_local(&to, NULL, 0, &number);
	snprintf(port, sizeof port, "%u", number);
	if (cask_connect(&from, "127.0.0.1", port) != 0)
		errx(1, "%s", cask_sock_why(&from));
	for (int i = 2; i < argc; i++)
		deliver(&from, &to, argv[i]);
	cask_close(&from);
	return cask_close(&to) != 0;
}
