/*
 * CASK_TRACE: what a program's sockets do, told on stderr.
 *
 * When it isn't set, each of these functions is one load and one branch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_TRACE_H
#define CASKI_TRACE_H

#include <cask/sock.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "hot.h"
#include "tell.h"

/* Bytes of one transfer that are shown. */
#define CASKI_TRACE_MOST 4096

/* No error: the socket of a call went meanwhile, and is not to be touched. */
#define CASKI_GONE INT_MIN

CASKI_COLD void caski_trace_call_now(
    const struct cask_sock *s, const char *call, int err);
CASKI_COLD void caski_trace_count_now(
    const struct cask_sock *s, const char *call, ptrdiff_t n);
CASKI_COLD void caski_trace_note_now(
    const struct cask_sock *s, const char *kind, int err);
CASKI_COLD void caski_trace_bytes_now(
    const struct cask_sock *s, bool sent, const void *p, size_t n);

static inline bool
caski_tracing(void)
{
	return atomic_load_explicit(&caski_tell_on, memory_order_relaxed) != 0;
}

/* A public call on s has ended with err: "connect", "receive", …. */
static inline void
caski_trace_call(const struct cask_sock *s, const char *call, int err)
{
	if (caski_tracing())
		caski_trace_call_now(s, call, err);
}

/* The same of a call that doesn't wait: that there was nothing is not told. */
static inline void
caski_trace_try(const struct cask_sock *s, const char *call, int err)
{
	if (caski_tracing() && err != EAGAIN && err != EWOULDBLOCK)
		caski_trace_call_now(s, call, err);
}

/*
 * A public call ends here.  err or n is its outcome, and what is given.  A
 * socket that went meanwhile has told so, and is not looked at any more:
 * CASKI_GONE, of which ECANCELED is made, or CASK_IO_GONE.
 */
static inline int
caski_trace_end(const struct cask_sock *s, const char *call, int err)
{
	if (err == CASKI_GONE)
		return ECANCELED;
	caski_trace_call(s, call, err);
	return err;
}

static inline ptrdiff_t
caski_trace_count(const struct cask_sock *s, const char *call, ptrdiff_t n)
{
	if (caski_tracing() && n != CASK_IO_GONE)
		caski_trace_count_now(s, call, n);
	return n;
}

/* A notification is about to be delivered: "receive", "close", …. */
static inline void
caski_trace_note(const struct cask_sock *s, const char *kind, int err)
{
	if (caski_tracing())
		caski_trace_note_now(s, kind, err);
}

/* These bytes were sent or received; p NULL: the stream has ended. */
static inline void
caski_trace_bytes(const struct cask_sock *s, bool sent, const void *p, size_t n)
{
	if (caski_tracing())
		caski_trace_bytes_now(s, sent, p, n);
}

#endif
