/*
 * Lesson 5: blocking, time-outs, deadlines.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Receive 20 bytes, one after the other.  Gives how many came.
 *
 * Task: give up 500 ms after this has begun, however many have come by then.
 */
static int
receive_20(struct cask_sock *s)
{
	char byte;
	int n = 0;

	s->timeout_ms = 500;
	while (n < 20 && cask_receive(s, &byte, 1) == 1)
		n++;
	return n;
}

/* The other end: a timer, which sends a byte whenever it fires.  It does so
 * while cask_receive waits. */
static void
send_byte(struct cask_timer *t)
{
	cask_send(t->user, "x", 1);
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
	struct cask_sock here = { 0 }, there = { 0 };
	struct cask_timer t = { .fire = send_byte, .user = &there };
	int n;

	if (argc != 2)
		errx(2, "usage: deadline MILLISECONDS");
	t.after_ms = t.every_ms = (int)strtol(argv[1], NULL, 10);
	connect_ends(&here, &there);
	cask_timer_start(&t);
	n = receive_20(&here);
	cask_timer_stop(&t);

	if (n == 20)
		printf("20 bytes came, one every %d ms\n", t.every_ms);
	else
		printf("gave up: %s\n",
		    here.io.err == ETIMEDOUT ? "the time is over"
					     : cask_sock_why(&here));
	cask_close(&here);
	return cask_close(&there) != 0;
}
