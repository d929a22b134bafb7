/*
 * The wire: every byte that a socket sends or receives, and every connection
 * that it accepts, goes through here; and so do chaos and traces.
 *
 * Each is as caski_sys_recv and its sisters, on s's descriptor.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_WIRE_H
#define CASKI_WIRE_H

#include <cask/sock.h>

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "chaos.h"
#include "hot.h"
#include "sys.h"
#include "trace.h"

/* With chaos or traces. */
CASKI_COLD ptrdiff_t caski_wire_recv_oddly(
    struct cask_sock *s, void *buf, size_t n, int flags);
CASKI_COLD ptrdiff_t caski_wire_send_oddly(
    struct cask_sock *s, const void *buf, size_t n, int flags);

static inline bool
caski_wire_is_odd(void)
{
	return caski_chaotic() || caski_tracing();
}

static inline ptrdiff_t
caski_wire_recv(struct cask_sock *s, void *buf, size_t n, int flags)
{
	ptrdiff_t r;

	if (caski_wire_is_odd())
		return caski_wire_recv_oddly(s, buf, n, flags);
	r = caski_sys_recv(s->watch.fd, buf, n, flags);
	if (CASKI_LIKELY(r > 0) && !(flags & CASKI_PEEK))
		s->carried += (uint64_t)r;
	return r;
}

static inline ptrdiff_t
caski_wire_send(struct cask_sock *s, const void *buf, size_t n, int flags)
{
	ptrdiff_t r;

	if (caski_wire_is_odd())
		return caski_wire_send_oddly(s, buf, n, flags);
	r = caski_sys_send(s->watch.fd, buf, n, flags);
	if (CASKI_LIKELY(r > 0))
		s->carried += (uint64_t)r;
	return r;
}

ptrdiff_t caski_wire_recvfrom(struct cask_sock *s, void *buf, size_t n,
    int flags, struct sockaddr *sa, socklen_t *len, bool *cut);
ptrdiff_t caski_wire_sendto(struct cask_sock *s, const void *buf, size_t n,
    const struct sockaddr *sa, socklen_t len);
int caski_wire_accept(struct cask_sock *s, struct sockaddr *sa, socklen_t *len);

#endif
