/*
 * Faults: every function of lib/sys.h is wrapped, counted, and can be made to
 * fail.  The wrapping is done by the linker (--wrap), so the library under test
 * is the one that is shipped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_call {
	FAULT_MALLOC,
	FAULT_REALLOC,
	FAULT_CLOSE,
	FAULT_READ,
	FAULT_WRITE,
	FAULT_POLL,
	FAULT_PIPE,
	FAULT_SOCKET,
	FAULT_BIND,
	FAULT_LISTEN,
	FAULT_ACCEPT,
	FAULT_CONNECT,
	FAULT_RECV,
	FAULT_SEND,
	FAULT_SHUTDOWN,
	FAULT_SETSOCKOPT,
	FAULT_GETSOCKOPT,
	FAULT_GETSOCKNAME,
	FAULT_GETPEERNAME,
	FAULT_GETADDRINFO,
	FAULT_GETNAMEINFO,
	FAULT_THREAD,
	FAULT_ICONV_OPEN,
	FAULT_ICONV,
	FAULT_DUP,
	FAULT_OPEN_NULL,
	FAULT_UNLINK,
	FAULT_EPOLL,
	FAULT_EPOLL_SET,
	FAULT_EPOLL_WAIT,
	FAULT_BELL,
	FAULT_ALARM,
	FAULT_RECVFROM,
	FAULT_SENDTO,
	FAULT_IOCTL, /* blocking, receive_limit, available, at_mark */
	FAULT_INTERFACE,
	FAULT_SEEK, /* seek, rest */
	FAULT_CALLS
};

/* Forget all plans and counts. */
void fault_reset(void);

/*
 * Make one kind of call fail: its nth from now (0 is the next), or, ever_after,
 * that one and all that follow.  err is an errno value (for the two name calls
 * an EAI_ code).
 */
void fault_plan(enum fault_call call, unsigned nth, bool ever_after, int err);

/* Make the nth call of any kind fail, with an error usual for it. */
void fault_plan_any(unsigned nth, bool ever_after);

/* Move at most this many bytes in a read, write, recv or send.  0: no cap. */
void fault_shorten(size_t most);

/*
 * Answer every second read, write, recv, send, poll, accept and connect with
 * EINTR and, where it is possible, every third with EAGAIN.
 */
void fault_disturb(bool on);

/* Let iconv say of all it converts that something was lost, as musl's does. */
void fault_iconv_lossy(bool on);

/*
 * Answer for the resolver when it is asked for a name (not for a number); runs
 * in the thread of the look-up.  Stays, over a reset too, until it is NULL.
 */
struct addrinfo;
typedef int fault_lookup_fn(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **list);
void fault_lookup(fault_lookup_fn *instead);

/*
 * A list for such a resolver to give: n addresses, each a number, "127.0.0.1",
 * with a port of its own, or with that of the look-up if ports is NULL.
 */
int fault_list(struct addrinfo **list, const char *const *numbers,
    const uint16_t *ports, size_t n, const char *port);

/* How many calls were made to fail, shortened or disturbed since the reset. */
unsigned fault_injected(void);

/* How many calls of a kind were made since the reset. */
unsigned fault_count(enum fault_call call);

/* How many bytes the nth send since the reset (of the first 16) was given. */
size_t fault_sent(unsigned nth);

/* The largest allocation that was asked for since the reset. */
size_t fault_largest(void);

/* Allocations not yet freed, and open descriptors of this process. */
long fault_allocations(void);
int fault_descriptors(void);

/*
 * Run a scenario with its 1st, 2nd, … call failing until it runs through
 * without a failure, first once, then for ever after; with every error of each
 * call's list.  After each run: no allocation and no descriptor more than
 * before.  The scenario tells by `failed` whether a fault is planned.  Gives
 * the number of injections, which is above zero or the test fails.
 */
unsigned fault_everywhere(void (*scenario)(void *arg), void *arg);

#endif
