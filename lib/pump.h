/*
 * Waiting: the only place where a thread sleeps, and the only one that turns a
 * deadline into a time-out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_PUMP_H
#define CASKI_PUMP_H

#include <cask/pump.h>

#include <stdint.h>

/* The deadline that never comes. */
#define CASKI_NEVER INT64_MAX

/* The moment ms milliseconds from now; below 0: never. */
int64_t caski_deadline(int ms);

/* What a call waits for: its own descriptors.  seen: which events hold. */
struct caski_own {
	int fd;
	int events;
	int seen;
};

/*
 * Wait until fd is ready for one of the events (CASK_READABLE, CASK_WRITABLE),
 * an error and an end included.  Interruptions are invisible.  Gives 0,
 * ETIMEDOUT or ENOMEM.
 */
int caski_wait(int fd, int events, int64_t deadline);

#endif
