/*
 * Connecting: a look-up, and then attempts at one address after the other, the
 * next beginning before the last has failed (RFC 8305).  It never waits by
 * itself; who drives it asks what it waits for, waits, and lets it go on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_CONNECT_H
#define CASKI_CONNECT_H

#include <stddef.h>
#include <stdint.h>

#include "pump.h"
#include "resolve.h"

struct cask_sock;
struct caski_call;
struct caski_attempt;

/* Milliseconds until the next address gets its chance; and how many may be
 * under way at once: with one more the oldest is given up. */
#define CASKI_ATTEMPT_MS   250
#define CASKI_ATTEMPT_MOST 8

/*
 * Begin, with the settings of s (datagram, buffers), which is looked at until
 * the end.  Gives 0 and the attempt; or an error and NULL.
 */
int caski_attempt_begin(struct caski_attempt **a, struct cask_sock *s,
    const char *host, const char *port);

/* What it waits for: the descriptors, at most CASKI_ATTEMPT_MOST + 1 of them,
 * gives how many; and the moment to go on at the latest. */
size_t caski_attempt_own(
    const struct caski_attempt *a, struct caski_own *own, int64_t *until);

/*
 * Go on, after a wait or right away.  Gives EINPROGRESS; or 0 with *fd, a
 * connected socket that is the caller's; or the error of the last address.
 */
int caski_attempt_step(
    struct caski_attempt *a, const struct caski_own *own, size_t n, int *fd);

/* Give up what is left of it.  NULL is fine. */
void caski_attempt_free(struct caski_attempt *a);

/*
 * Drive it from the pump, until the moment limit.  done is called once, from
 * the pump, never from within this call, with 0 and a descriptor that is then
 * its own, or with an error and -1; the attempt is freed by then.  Gives 0 or
 * ENOMEM, EMFILE, …: done isn't called, and the attempt is still the caller's.
 */
int caski_attempt_watch(struct caski_attempt *a, int64_t limit,
    void (*done)(struct cask_sock *s, int err, int fd));

/* Drive it, or a look-up, within a call that blocks. */
int caski_call_connect(
    struct caski_call *c, const char *host, const char *port, int *fd);
int caski_call_resolve(struct caski_call *c, struct caski_hosts **hosts,
    const char *host, const char *port, int flags);

#endif
