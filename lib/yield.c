/*
 * Yielding before sleeping: see cask_pump_yield in <cask/pump.h>.
 *
 * To wake a sleeper on another processor takes ten times as long as to answer
 * does.  So it may pay to look for the answer a few times first.  Where it does
 * not (the answer takes long, or somebody else wants the processor), each
 * failure makes it stay away for twice as many receives as the last one did.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"

#include <errno.h>

#define SLOW_NS    50000 /* a yield that takes longer let somebody else run */
#define FIRST_REST 16
#define LAST_REST  4096

static _Thread_local struct {
	unsigned left; /* receives to sleep at once from now on */
	unsigned rest; /* … and how many it was the last time */
} resting;

static void
rest(void)
{
	resting.rest = resting.rest == 0 ? FIRST_REST : 2 * resting.rest;
	if (resting.rest > LAST_REST)
		resting.rest = LAST_REST;
	resting.left = resting.rest;
}

bool
caski_yields(void)
{
	if (caski_here.yield_us == 0)
		return false;
	if (resting.left == 0)
		return true;
	resting.left--;
	return false;
}

bool
caski_yield(struct caski_call *c, void *buf, size_t size, ptrdiff_t *n)
{
	int64_t most = (int64_t)caski_here.yield_us * 1000;
	struct cask_sock *s = c->s;
	int64_t began, before, now;

	if (!s->asking || !caski_yields())
		return false;
	began = before = caski_sys_now();
	do {
		caski_sys_yield();
		*n = caski_wire_recv(s, buf, size, 0);
		now = caski_sys_now();
		if (now - before > SLOW_NS)
			break;
		before = now;
	} while (*n == -EAGAIN && now - began < most);
	if (*n >= 0 && now - before <= SLOW_NS)
		resting.rest = 0;
	else
		rest();
	return *n >= 0;
}
