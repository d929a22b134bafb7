/*
 * Lesson 3: why structs can't be sent as they are.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	char kind; /* 'T': a temperature */
	uint32_t id;
	uint16_t value;
};

/* Task: send 7 bytes: the kind, the id and the value, little-endian, with
 * nothing between them. */
static void
send_reading(struct cask_sock *s, struct reading *r)
{
	cask_send(s, r, sizeof *r);
}

/* What comes, up to the end, in hexadecimal and as characters. */
static void
show_bytes(struct cask_sock *s)
{
	unsigned char byte[64];
	char text[sizeof byte] = "";
	size_t n = 0;

	while (n < sizeof byte && cask_receive(s, byte + n, 1) == 1)
		n++;
	printf("%zu bytes: ", n);
	for (size_t i = 0; i < n; i++) {
		printf("%02x ", byte[i]);
		text[i] = (char)(isgraph(byte[i]) ? byte[i] : '.');
	}
	printf(" %.*s\n", (int)n, text);
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
	struct reading r;

	if (argc != 4)
		errx(2, "usage: structs kind id value");
	memcpy(&r, "swordfish-99", sizeof r); // what was here before
	r.kind = argv[1][0];
	r.id = (uint32_t)strtoul(argv[2], NULL, 0);
	r.value = (uint16_t)strtoul(argv[3], NULL, 0);

	connect_ends(&from, &to);
	send_reading(&from, &r);
	cask_shutdown(&from, CASK_SENDS);
	show_bytes(&to);
	cask_close(&from);
	return cask_close(&to) != 0;
}
