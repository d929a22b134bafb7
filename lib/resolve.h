/*
 * Names to addresses, without ever keeping anyone waiting.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_RESOLVE_H
#define CASKI_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* At most so many look-ups are under way at once, abandoned ones included. */
#define CASKI_LOOKUPS_MOST 16

struct caski_host {
	socklen_t length;
	struct sockaddr_storage sa;
};

/* Addresses; one block, for caski_sys_free. */
struct caski_hosts {
	size_t n;
	struct caski_host host[];
};

enum {
	CASKI_PASSIVE = 1,  /* to bind to; host NULL: any address */
	CASKI_DATAGRAM = 2, /* ports of UDP instead of TCP */
};

/* An IPv4 address becomes the same in the words of IPv6. */
void caski_host_map(struct caski_host *h);

struct caski_lookup;

/*
 * Begin to look up all addresses of a host and a port: IPv6 and IPv4 in turn,
 * in the order of RFC 8305.  host NULL without CASKI_PASSIVE: the loopback.  A
 * host that is a number, a path ("/…", "./…") or an abstract name ("@…"), the
 * two with port NULL, is answered at once.  A name is looked up in a thread of
 * its own, since a resolver can't be interrupted.
 *
 * Gives 0 and the look-up; or an error and NULL: CASK_ENAME, CASK_EPORT when it
 * can't be a port (empty, too long, a number beyond 65535; NULL with a host
 * that needs one), ENAMETOOLONG (a path), EINVAL (a path with a port); ENOMEM;
 * EMFILE and ENFILE; EAGAIN when there are CASKI_LOOKUPS_MOST look-ups already,
 * or no thread.
 */
int caski_lookup_begin(
    struct caski_lookup **l, const char *host, const char *port, int flags);

/* The descriptor that becomes readable when there is an answer; -1: there is
 * one. */
int caski_lookup_fd(const struct caski_lookup *l);

/*
 * The answer.  Gives EINPROGRESS; 0 and the addresses, at least one, which are
 * the caller's; CASK_ENAME when there is no such host, CASK_EPORT when there is
 * no such port, CASK_EDNS when nobody could be asked; ENOMEM; ….
 */
int caski_lookup_answer(struct caski_lookup *l, struct caski_hosts **hosts);

/* Leave it: its thread ends by itself.  NULL is fine. */
void caski_lookup_free(struct caski_lookup *l);

#endif
