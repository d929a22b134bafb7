/*
 * CASK_CHAOS.  See chaos.h.
 *
 * What the environment says is kept for the whole process, as in trace.c, and
 * for the same reason without a lock: whoever reads it stores the same values.
 *
 * SPDX-License-Identifier: MIT
 */
#include "chaos.h"

#include "sys.h"
#include "trace.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define NEVER UINT_MAX /* of reset */

/* The connection's last call was put off: the next one is not. */
#define PUT_OFF ((uint64_t)1 << 63)

static const char forms[] =
    "split=N (above 0), delay=Nms (to 3600000), eintr=N% (below 100), "
    "again=N% (to 100), reset@N, seed=N (above 0)";

enum { UNREAD = 2 };

atomic_int caski_chaos_on = UNREAD;

static atomic_uint split; /* 0: no limit */
static atomic_uint delay_ms;
static atomic_uint eintr;
static atomic_uint again;
static atomic_uint reset = NEVER;
static atomic_uint seed = 1;

/* The environment */

static bool
number(const char *p, size_t n, unsigned *value)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(p[i] - '0');
		if (v > UINT_MAX)
			return false;
	}
	*value = (unsigned)v;
	return n > 0;
}

/* eintr ends below 100: a call that is always interrupted would never end. */
static bool
take(const char *part, size_t n)
{
	static const struct {
		const char *head, *tail;
		unsigned least, most;
		atomic_uint *value;
	} known[] = {
		{ "split=", "", 1, UINT_MAX, &split },
		{ "delay=", "ms", 0, 3600000, &delay_ms },
		{ "eintr=", "%", 0, 99, &eintr },
		{ "again=", "%", 0, 100, &again },
		{ "reset@", "", 0, NEVER - 1, &reset },
		{ "seed=", "", 1, UINT_MAX, &seed },
	};
	unsigned v;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		size_t head = strlen(known[i].head);
		size_t tail = strlen(known[i].tail);

		if (n <= head + tail ||
		    memcmp(part, known[i].head, head) != 0 ||
		    memcmp(part + n - tail, known[i].tail, tail) != 0 ||
		    !number(part + head, n - head - tail, &v) ||
		    v < known[i].least || v > known[i].most)
			continue;
		atomic_store(known[i].value, v);
		return true;
	}
	return false;
}

static bool
wanted(void)
{
	static atomic_bool told;
	int on = atomic_load(&caski_chaos_on);

	if (on != UNREAD)
		return on != 0;
	caski_tell_variable(
	    "CASK_CHAOS", forms, !atomic_exchange(&told, true), take);
	on = split != 0 || delay_ms != 0 || eintr != 0 || again != 0 ||
	    reset != NEVER;
	atomic_store(&caski_chaos_on, on);
	return on != 0;
}

/* The parts */

/* True in so many of a hundred cases.  Each thread throws its own dice. */
static bool
chance(unsigned percent)
{
	static _Thread_local uint32_t dice;

	if (percent == 0)
		return false;
	if (dice == 0)
		dice = (uint32_t)seed * 2654435761U;
	if (dice == 0)
		dice = 1;
	dice ^= dice << 13;
	dice ^= dice >> 17;
	dice ^= dice << 5;
	return (dice >> 8) % 100 < percent;
}

static void
nap(unsigned ms)
{
	int64_t left = (int64_t)ms * 1000000;
	int64_t until = caski_sys_now() + left;
	int r = 0;

	while (left > 0 && (r == 0 || r == -EINTR)) {
		r = caski_sys_poll(NULL, 0, (int)((left + 999999) / 1000000));
		left = until - caski_sys_now();
	}
}

/* Whether the connection shall hear that nothing is there, though it may be. */
static bool
put_off(uint64_t *carried)
{
	if (*carried & PUT_OFF) {
		*carried &= ~PUT_OFF;
		return false;
	}
	if (!chance(again))
		return false;
	*carried |= PUT_OFF;
	return true;
}

/* How many bytes the stream may still carry. */
static uint64_t
left(uint64_t carried)
{
	unsigned most = reset;

	carried &= ~PUT_OFF;
	if (most == NEVER)
		return UINT64_MAX;
	return carried < most ? most - carried : 0;
}

int
caski_chaos_now(enum caski_chaos kind, uint64_t *carried, size_t *n)
{
	bool stream = kind == CASKI_CHAOS_STREAM || kind == CASKI_CHAOS_WAITING;

	if (!wanted())
		return 0;
	if (stream && left(*carried) == 0)
		return -ECONNRESET;
	if (kind != CASKI_CHAOS_ACCEPT)
		nap(delay_ms);
	if (chance(eintr))
		return -EINTR;
	/* To a call that waits EAGAIN says that its time has run out. */
	if ((kind == CASKI_CHAOS_STREAM || kind == CASKI_CHAOS_DATAGRAM) &&
	    put_off(carried))
		return -EAGAIN;
	if (stream && split != 0 && *n > split)
		*n = split;
	if (stream && *n > left(*carried))
		*n = (size_t)left(*carried);
	return 0;
}
