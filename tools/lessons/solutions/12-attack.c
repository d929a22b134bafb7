/*
 * A solution of lesson 12: an attack, and its limit.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char packet[2 + 65535]; /* what came last to the server */

/*
 * The server: a packet is a length of two bytes, and text of that length.  The
 * text is sent back, if the length tells the truth.
 */
static void
serve(struct cask_sock *s)
{
	struct cask_addr who;
	ptrdiff_t came = cask_receive_from(s, packet, sizeof packet, &who);
	size_t length = (size_t)(packet[0] << 8 | packet[1]);

	if (came < 2)
		return;
	if (length == (size_t)came - 2)
		cask_send_to(s, packet + 2, length, &who);
	else
		cask_send_to(s, "refused", 7, &who);
}

/* A client: says how long its text is. */
static void
ask(struct cask_sock *s, size_t length, const char *text)
{
	unsigned char m[200] = { (unsigned char)(length >> 8),
		(unsigned char)length };

	snprintf((char *)m + 2, sizeof m - 2, "%s", text);
	cask_send(s, m, 2 + strlen(text));
}

static void
hear(struct cask_sock *s)
{
	char answer[65535];
	ptrdiff_t n = cask_receive(s, answer, sizeof answer);

	if (n < 0)
		printf("%s\n", cask_sock_why(s));
	else
		printf("%.*s\n", (int)n, answer);
}

int
main(int argc, char **argv)
{
	struct cask_sock server = { .datagram = true, .timeout_ms = 2000 };
	struct cask_sock client = { .datagram = true, .timeout_ms = 2000 };
	char port[8];
	uint16_t number = 0;

	cask_bind(&server, "127.0.0.1", "0");
	cask_local(&server, NULL, 0, &number);
	snprintf(port, sizeof port, "%u", number);
	if (cask_connect(&client, "127.0.0.1", port) != 0)
		errx(1, "%s", cask_sock_why(&client));
	for (int i = 1; i + 1 < argc && strlen(argv[i + 1]) < 190; i += 2) {
		ask(&client, strtoul(argv[i], NULL, 10), argv[i + 1]);
		serve(&server);
		hear(&client);
	}
	cask_close(&client);
	return cask_close(&server) != 0;
}
