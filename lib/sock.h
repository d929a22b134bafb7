/*
 * What the parts of the socket share: sock.c (talking and closing), open.c
 * (connecting and accepting), name.c (addresses in words).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_SOCK_H
#define CASKI_SOCK_H

#include <cask/sock.h>

#include <sys/socket.h>

#include "pump.h"

extern const struct cask_io_table caski_sock_table;

/* The limit of one call: when it ends, and how long it was, for messages. */
struct caski_limit {
	int64_t at;
	int ms;
};

/* Of timeout_ms (default_ms when that is 0) and the deadline, the sooner. */
struct caski_limit caski_sock_limit(const struct cask_sock *s, int default_ms);

/* Whether the deadline has passed: for what doesn't wait. */
bool caski_sock_expired(const struct cask_sock *s);

/*
 * What to do after a system call on fd that gave -err: 0 to try again, perhaps
 * after having waited for the events; or the error.  When the limit ran out,
 * it is noted in s, whom the error is going to hit.
 */
int caski_sock_again(struct cask_sock *s, int fd, int err, int events,
    const struct caski_limit *l);

/* The same wait alone, for what is under way already.  Gives 0 or an error. */
int caski_sock_wait(
    struct cask_sock *s, int fd, int events, const struct caski_limit *l);

/* Let the notification of s come again, the next time there is reason to. */
void caski_sock_rearm(struct cask_sock *s);

/* s->name, which is io.peer too: "host:port", "[::1]:7000"; cut with "...". */
void caski_sock_name(struct cask_sock *s, const char *host, const char *port);

/* The same from the other end's address; "unknown" if that has no words. */
void caski_sock_name_peer(
    struct cask_sock *s, const struct sockaddr *sa, socklen_t len);

#endif
