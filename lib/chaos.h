/*
 * CASK_CHAOS: bad delivery, for any program, to see whether it copes.
 *
 * When it isn't set, this is one load and one branch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_CHAOS_H
#define CASKI_CHAOS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What kind of system call is about to be made. */
enum caski_chaos {
	CASKI_CHAOS_STREAM,
	CASKI_CHAOS_WAITING, /* on a stream, and it may wait within itself */
	CASKI_CHAOS_DATAGRAM,
	CASKI_CHAOS_ACCEPT,
};

/* Not 0 if there is, or may be, chaos; hidden, to be read without a detour. */
extern __attribute__((visibility("hidden"))) atomic_int caski_chaos_on;

static inline bool
caski_chaotic(void)
{
	return atomic_load_explicit(&caski_chaos_on, memory_order_relaxed) != 0;
}

int caski_chaos_now(enum caski_chaos kind, uint64_t *carried, size_t *n);

/*
 * To be called before a system call that would move *n bytes: lowers *n, and
 * gives 0 to go on, or -errno: what the call is to give instead.
 *
 * *carried belongs to the connection, begins at 0, and is what was sent and
 * received so far; the caller adds to it.  Its highest bit is used here.
 */
static inline int
caski_chaos(enum caski_chaos kind, uint64_t *carried, size_t *n)
{
	return caski_chaotic() ? caski_chaos_now(kind, carried, n) : 0;
}

#endif
