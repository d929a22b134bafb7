/*
 * An end of a connection with Cask, at default settings.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_net.h"

#include <stdio.h>
#include <stdlib.h>

/* ANSI, since one byte a character is what a hand-written program sends. */
static void
open_archives(struct link *l, size_t buffer_size)
{
	l->in.form = l->out.form = CASK_ANSI;
	if (buffer_size > 0) {
		l->in.buffer = malloc(buffer_size);
		l->out.buffer = malloc(buffer_size);
		if (l->in.buffer == NULL || l->out.buffer == NULL)
			die("buffer", "no memory");
		l->in.buffer_size = l->out.buffer_size = buffer_size;
	}
	cask_load(&l->in, &l->sock.io);
	cask_store(&l->out, &l->sock.io);
}

uint16_t
cask_listen_somewhere(struct cask_sock *listener)
{
	uint16_t port;

	if (cask_bind(listener, "127.0.0.1", "0") != 0 ||
	    cask_listen(listener, 0) != 0 ||
	    cask_local(listener, NULL, 0, &port) != 0)
		die("listen", cask_sock_why(listener));
	return port;
}

void
link_serve(struct link *l, void (*tell)(uint16_t port), size_t buffer_size)
{
	struct cask_sock listener = { .timeout_ms = 0 };

	tell(cask_listen_somewhere(&listener));
	if (cask_accept(&listener, &l->sock) != 0)
		die("accept", cask_sock_why(&l->sock));
	if (cask_close(&listener) != 0)
		die("close", cask_sock_why(&listener));
	open_archives(l, buffer_size);
}

void
link_connect(struct link *l, uint16_t port, size_t buffer_size)
{
	char digits[8];

	snprintf(digits, sizeof digits, "%u", port);
	if (cask_connect(&l->sock, "127.0.0.1", digits) != 0)
		die("connect", cask_sock_why(&l->sock));
	open_archives(l, buffer_size);
}

void
link_close(struct link *l)
{
	if (l->in.err != 0)
		die("load", cask_why(&l->in));
	if (l->out.err != 0)
		die("store", cask_why(&l->out));
	if (cask_close(&l->sock) != 0)
		die("close", cask_sock_why(&l->sock));
	if (l->in.buffer_size > 0) {
		free(l->in.buffer);
		free(l->out.buffer);
	}
}
