/*
 * The wire.  See wire.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "wire.h"

/* What was peeked at is still to be received, and counts then. */
static ptrdiff_t
received(struct cask_sock *s, const void *p, ptrdiff_t r, int flags)
{
	if (r < 0 || flags & CASKI_PEEK)
		return r;
	s->carried += (uint64_t)r;
	caski_trace_bytes(s, false, p, (size_t)r);
	return r;
}

static ptrdiff_t
sent(struct cask_sock *s, const void *p, ptrdiff_t r)
{
	if (r < 0)
		return r;
	s->carried += (uint64_t)r;
	caski_trace_bytes(s, true, p, (size_t)r);
	return r;
}

ptrdiff_t
caski_wire_recv_oddly(struct cask_sock *s, void *buf, size_t n, int flags)
{
	ptrdiff_t r = caski_chaos(
	    flags & CASKI_WAIT ? CASKI_CHAOS_WAITING : CASKI_CHAOS_STREAM,
	    &s->carried, &n);

	if (r == 0) {
		r = caski_sys_recv(s->watch.fd, buf, n, flags);
		received(s, r > 0 ? buf : NULL, r, flags);
	}
	return r;
}

ptrdiff_t
caski_wire_send_oddly(struct cask_sock *s, const void *buf, size_t n, int flags)
{
	ptrdiff_t r = caski_chaos(CASKI_CHAOS_STREAM, &s->carried, &n);

	if (r < 0)
		return r;
	return sent(s, buf, caski_sys_send(s->watch.fd, buf, n, flags));
}

ptrdiff_t
caski_wire_recvfrom(struct cask_sock *s, void *buf, size_t n, int flags,
    struct sockaddr *sa, socklen_t *len, bool *cut)
{
	ptrdiff_t r = caski_chaos(CASKI_CHAOS_DATAGRAM, &s->carried, &n);

	if (r < 0)
		return r;
	return received(s, buf,
	    caski_sys_recvfrom(s->watch.fd, buf, n, flags, sa, len, cut),
	    flags);
}

ptrdiff_t
caski_wire_sendto(struct cask_sock *s, const void *buf, size_t n,
    const struct sockaddr *sa, socklen_t len)
{
	ptrdiff_t r = caski_chaos(CASKI_CHAOS_DATAGRAM, &s->carried, &n);

	if (r < 0)
		return r;
	return sent(s, buf, caski_sys_sendto(s->watch.fd, buf, n, sa, len));
}

int
caski_wire_accept(struct cask_sock *s, struct sockaddr *sa, socklen_t *len)
{
	size_t none = 0;
	int r = caski_chaos(CASKI_CHAOS_ACCEPT, &s->carried, &none);

	return r < 0 ? r : caski_sys_accept(s->watch.fd, sa, len);
}
