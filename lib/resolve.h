/*
 * Names to addresses, without ever keeping anyone waiting beyond a deadline.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_RESOLVE_H
#define CASKI_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

struct addrinfo;

/* At most so many look-ups are under way at once, abandoned ones included. */
#define CASKI_LOOKUPS_MOST 16

/*
 * All addresses of a host and a port, for a stream, into *list, which the
 * caller frees with caski_sys_freeaddrinfo.
 *
 * host NULL: this machine, any of its addresses when passive (to bind to), else
 * the loopback.  A host that is a number is answered at once.  A name is looked
 * up in a thread of its own, since a resolver can't be interrupted: when the
 * deadline comes first, the thread is left to end by itself.
 *
 * Gives 0; CASK_ENAME when there is no such host, CASK_EPORT when there is no
 * such port, or it can't be one (empty, too long, a number beyond 65535);
 * ETIMEDOUT; ENOMEM; EMFILE and ENFILE; EAGAIN when there are
 * CASKI_LOOKUPS_MOST look-ups already, or no thread.
 */
int caski_resolve(struct addrinfo **list, const char *host, const char *port,
    bool passive, int64_t deadline);

#endif
