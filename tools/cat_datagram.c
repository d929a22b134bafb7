/*
 * Datagrams of cask cat.  See cat.h.
 *
 * One socket serves all; who listens answers whoever sent the last one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cat.h"

#include <errno.h>
#include <stdio.h>

#define DATAGRAM_MOST 65536

/* A socket that listens outlives what becomes of single datagrams. */
static void
failed(struct peer *p, int err, const char *what)
{
	struct cat *c = p->cat;

	if (err == 0 || err == EAGAIN)
		return;
	if (p->sock.io.err != 0)
		complain("%s", cask_sock_why(&p->sock));
	else if (p->sock.io.peer != NULL)
		complain(
		    "%s %s: %s", what, p->sock.io.peer, cask_strerror(err));
	else
		complain("%s: %s", what, cask_strerror(err));
	if (!c->listen || p->sock.io.err != 0)
		cat_end(c, EXIT_FAILED);
}

/* n bytes, or that which waits; one that the system won't take now waits. */
void
datagram_send(struct peer *p, const void *bytes, size_t n)
{
	const struct cask_addr *to = p->cat->listen ? &p->last : NULL;
	bool waits = p->out.n > 0;
	int err;

	if (waits) {
		bytes = queue_front(&p->out);
		n = p->out.n;
	}
	err = cask_try_send_to(&p->sock, bytes, n, to);
	if (err == EAGAIN && !waits && !queue_put(&p->out, bytes, n))
		cat_no_memory(p->cat);
	if (err != EAGAIN && waits)
		queue_take(&p->out, p->out.n);
	if (err == 0)
		p->active = now_ms();
	failed(p, err, "send");
}

static void
take(struct peer *p, unsigned char *bytes, size_t n,
    const struct cask_addr *from)
{
	struct cat *c = p->cat;
	struct arrival a = { .data = bytes, .n = n, .whole = true };
	char host[112], name[128];
	uint16_t port;

	p->active = now_ms();
	c->came = true;
	if (c->listen) {
		p->last = *from;
		p->answers = true;
	}
	if (!c->dump.shaped) {
		output_put(c, bytes, n);
		return;
	}
	if (cask_addr_text(from, host, sizeof host, &port) != 0)
		snprintf(name, sizeof name, "?");
	else if (port != 0)
		snprintf(name, sizeof name, "%s:%u", host, port);
	else
		snprintf(name, sizeof name, "%s", host);
	a.from = name;
	if (message_show(c, &a, &n) == MESSAGE_WRONG && !c->listen)
		cat_end(c, EXIT_BAD_DATA);
}

void
datagram_receive(struct peer *p)
{
	static unsigned char bytes[DATAGRAM_MOST];
	struct cask_addr from = { 0 };
	ptrdiff_t n;

	p->waits = !output_has_room(p->cat);
	if (p->waits || p->cat->ending)
		return;
	n = cask_try_receive_from(&p->sock, bytes, sizeof bytes, &from);
	if (n < 0) {
		failed(p,
		    p->sock.io.err != 0 ? p->sock.io.err : p->sock.io.passing,
		    "receive");
		return;
	}
	take(p, bytes, (size_t)n, &from);
	p->over = true;
}
