/*
 * A solution of lesson 2: byte order.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

/* A message: a letter that tells the order, and a number in that order. */
static void
send_number(struct cask_sock *s, char order, uint32_t n)
{
	struct cask_ar out = { .big_endian = order == 'B' };

	cask_store(&out, &s->io);
	cask_put_u8(&out, (uint8_t)order);
	cask_put_u32(&out, n);
	cask_flush(&out);
}

static uint32_t
number(char order, const unsigned char byte[4])
{
	if (order == 'l')
		return (uint32_t)byte[3] << 24 | (uint32_t)byte[2] << 16 |
		    (uint32_t)byte[1] << 8 | (uint32_t)byte[0];
	return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 |
	    (uint32_t)byte[2] << 8 | (uint32_t)byte[3];
}

static void
receive_number(struct cask_sock *s)
{
	unsigned char m[5];

	if (cask_receive_all(s, m, sizeof m) != sizeof m)
		errx(1, "%s", cask_sock_why(s));
	printf("%c  %02x %02x %02x %02x  is read as %lu\n", m[0], m[1], m[2],
	    m[3], m[4], (unsigned long)number((char)m[0], m + 1));
}

/* A connection of which both ends are here. */
static void
connect_ends(struct cask_sock *one, struct cask_sock *other)
{
	struct cask_sock listener = { .timeout_ms = 5000 };
	char port[8];
	uint16_t n = 0;

	cask_bind(&listener, "127.0.0.1", "0");
	cask_listen(&listener, 0);
	cask_local(&listener, NULL, 0, &n);
	snprintf(port, sizeof port, "%u", n);
	if (cask_connect(one, "127.0.0.1", port) != 0 ||
	    cask_accept(&listener, other) != 0)
		errx(1, "no connection within this machine");
	cask_close(&listener);
}

int
main(int argc, char **argv)
{
	struct cask_sock from = { 0 }, to = { 0 };

	connect_ends(&from, &to);
	for (int i = 1; i < argc; i++) {
		uint32_t n = (uint32_t)strtoul(argv[i], NULL, 0);

		send_number(&from, 'B', n);
		receive_number(&to);
		send_number(&from, 'l', n);
		receive_number(&to);
	}
	cask_close(&from);
	return cask_close(&to) != 0;
}
