/*
 * One direction of a connection of cask proxy: what comes is kept, and goes on
 * when its time has come and there is room.  Nothing is received that there is
 * no room for.  See relay.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "relay.h"

#define SETTLE_US 100000  /* a reset overtakes bytes that are under way */
#define GRACE_US  1000000 /* to say goodbye after a cut */

void
half_tell(struct half *h, enum event_kind kind, const char *format, ...)
{
	char words[200];
	struct event e = { .kind = kind,
		.way = h->way,
		.connection = h->pair->number,
		.us = now_us() - h->pair->relay->began,
		.words = words };
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	h->pair->relay->tell(h->pair, &e);
}

/* The queue */

static void
note_time(struct queue *q, uint64_t until)
{
	int64_t us = now_us();
	struct mark *last = &q->ring[(q->mark + q->marks - 1) % RELAY_MARKS];

	if (q->marks == 0 || last->us / 1000 != us / 1000)
		last = &q->ring[(q->mark + q->marks++) % RELAY_MARKS];
	*last = (struct mark) { until, us };
}

static void
take(struct half *h, size_t n)
{
	struct queue *q = &h->queue;

	q->first = (q->first + n) % RELAY_BUFFER;
	q->n -= n;
	mischief_passed(&h->mischief, n, now_us());
	while (q->marks > 0 && q->ring[q->mark].until <= h->mischief.gone) {
		q->mark = (q->mark + 1) % RELAY_MARKS;
		q->marks--;
	}
}

/* Where there is room, in one piece; NULL: nowhere. */
static unsigned char *
room(struct queue *q, size_t *n)
{
	size_t end = (q->first + q->n) % RELAY_BUFFER;

	*n = RELAY_BUFFER - q->n;
	if (*n > RELAY_BUFFER - end)
		*n = RELAY_BUFFER - end;
	return *n > 0 && q->marks < RELAY_MARKS ? q->bytes + end : NULL;
}

/* Receiving */

static void
tell_flip(void *arg, uint64_t at, unsigned bit)
{
	half_tell(arg, EVENT_DEED, "flipped bit %u of byte %" PRIu64, bit, at);
}

static void
tell_bytes(struct half *h, const unsigned char *bytes, size_t n)
{
	struct event e = { .kind = EVENT_BYTES,
		.way = h->way,
		.connection = h->pair->number,
		.us = now_us() - h->pair->relay->began,
		.at = h->came,
		.bytes = bytes,
		.n = n };

	h->pair->relay->tell(h->pair, &e);
}

static void
came(struct half *h, unsigned char *bytes, size_t n)
{
	if (h->pair->cutting)
		return;
	tell_bytes(h, bytes, n);
	h->came += n;
	if (h->dropping)
		return;
	mischief_flip(&h->mischief, bytes, n, tell_flip, h);
	h->queue.n += n;
	note_time(&h->queue, h->came);
}

static void
ended(struct half *h)
{
	if (h->ended)
		return;
	h->ended = true;
	h->end_us = now_us();
	if (!h->pair->cutting)
		half_tell(h, EVENT_END, "%s", "");
}

void
half_receive(struct half *h)
{
	unsigned char scrap[16384], *to = scrap;
	size_t size = sizeof scrap;
	ptrdiff_t n;

	if (h->pair->dead || h->pair->killing || h->ended)
		return;
	h->pending = !h->pair->connected;
	if (h->pending)
		return;
	if (!h->dropping)
		to = room(&h->queue, &size);
	h->pending = to == NULL;
	if (h->pending)
		return;
	n = cask_try_receive(h->from, to, size);
	if (n > 0)
		came(h, to, (size_t)n);
	else if (n == 0)
		ended(h);
	else if (h->from->io.err != 0)
		pair_lost(h->pair, h->from);
	if (n >= 0)
		half_push(h);
}

/* Passing on */

static void
on_timer(struct cask_timer *t)
{
	half_push(t->user);
}

static void
push_at(struct half *h, int64_t us)
{
	int64_t ms = (us - now_us() + 999) / 1000;

	h->timer.after_ms = ms < 0 ? 0 : ms < INT32_MAX ? (int)ms : INT32_MAX;
	h->timer.fire = on_timer;
	h->timer.user = h;
	if (cask_timer_start(&h->timer) != 0)
		pair_close(h->pair, true);
}

/* Both ends are told that it is over; then what they still say is not heard. */
static void
cut(struct half *h)
{
	struct pair *p = h->pair;

	half_tell(
	    h, EVENT_CUT, "cut after %" PRIu64 " bytes", h->mischief.gone);
	p->cutting = true;
	for (int i = 0; i < WAYS; i++)
		p->half[i].dropping = true;
	cask_shutdown(&p->client, CASK_SENDS);
	cask_shutdown(&p->server, CASK_SENDS);
	h->settled = now_us() + GRACE_US;
	push_at(h, h->settled);
	half_receive(&p->half[TO_SERVER]);
	half_receive(&p->half[TO_CLIENT]);
}

static void
kill_pair(struct half *h)
{
	h->pair->killing = true;
	h->settled = now_us() + SETTLE_US;
	push_at(h, h->settled);
}

static void
half_close(struct half *h)
{
	half_tell(h, EVENT_DEED, "half-closed after %" PRIu64 " bytes",
	    h->mischief.gone);
	h->dropping = true;
	h->passed = true;
	if (cask_shutdown(h->to, CASK_SENDS) != 0)
		pair_lost(h->pair, h->to);
	else
		half_receive(h);
}

static void
do_deed(struct half *h, enum deed deed)
{
	uint64_t n = h->mischief.gone;

	if (deed == DEED_STALL) {
		half_tell(h, EVENT_DEED, "stalled after %" PRIu64 " bytes", n);
		h->stalled = true;
	} else if (deed == DEED_HALF_CLOSE) {
		half_close(h);
	} else if (deed == DEED_RESET) {
		half_tell(h, EVENT_CUT, "reset after %" PRIu64 " bytes", n);
		kill_pair(h);
	} else if (deed == DEED_CUT) {
		cut(h);
	}
}

static void
tell_piece(struct half *h)
{
	const struct mischief *m = &h->mischief;

	if (m->piece_end - m->piece < UINT32_MAX)
		half_tell(h, EVENT_DEED,
		    "piece of %" PRIu64 " bytes from byte %" PRIu64
		    ", %.3f s late",
		    m->piece_end - m->piece, m->piece,
		    (double)(m->plan->delay_us + m->jitter) / 1e6);
}

/* Send what may go.  False when there is nothing that may. */
static bool
send_some(struct half *h)
{
	struct queue *q = &h->queue;
	const struct mark *mark = &q->ring[q->mark];
	size_t n = (size_t)(mark->until - h->mischief.gone);
	uint64_t piece_end = h->mischief.piece_end;
	int64_t us;
	ptrdiff_t sent;

	if (n > RELAY_BUFFER - q->first)
		n = RELAY_BUFFER - q->first;
	n = mischief_allows(&h->mischief, n, mark->us, now_us(), &us);
	if (h->pair->relay->pieces && h->mischief.piece_end != piece_end)
		tell_piece(h);
	if (n == 0) {
		push_at(h, us);
		return false;
	}
	sent = cask_try_send(h->to, q->bytes + q->first, n);
	if (sent < 0 && h->to->io.err != 0) {
		pair_lost(h->pair, h->to);
		return false;
	}
	if (sent > 0)
		take(h, (size_t)sent);
	h->blocked = sent < (ptrdiff_t)n;
	return true;
}

/* All has been passed on, but the end. */
static void
pass_end(struct half *h)
{
	int64_t due = h->end_us + h->mischief.plan->delay_us;

	if (h->lost) {
		kill_pair(h);
	} else if (due > now_us()) {
		push_at(h, due);
	} else if (cask_shutdown(h->to, CASK_SENDS) != 0) {
		pair_lost(h->pair, h->to);
	} else {
		h->passed = true;
	}
}

static bool
is_over(const struct pair *p)
{
	const struct half *a = &p->half[TO_SERVER], *b = &p->half[TO_CLIENT];

	return a->ended && b->ended && ((a->passed && b->passed) || p->cutting);
}

/* Between a cut, or a loss, and the end of it. */
static void
wind_up(struct half *h)
{
	struct pair *p = h->pair;

	if (h->settled > 0 && now_us() >= h->settled)
		pair_close(p, p->killing);
	else if (p->cutting && is_over(p))
		pair_close(p, false);
}

static void
push(struct half *h)
{
	while (!h->blocked && !h->stalled && !h->dropping) {
		enum deed deed = mischief_deed(&h->mischief);

		if (deed != DEED_NONE) {
			do_deed(h, deed);
			return;
		}
		if (h->queue.n == 0 || !send_some(h))
			break;
	}
	if (h->pair->dead || h->pair->killing || h->pair->cutting)
		return;
	if (h->ended && !h->passed && !h->stalled && h->queue.n == 0)
		pass_end(h);
}

void
half_push(struct half *h)
{
	struct pair *p = h->pair;

	if (p->dead)
		return;
	if (p->killing || p->cutting) {
		wind_up(h);
		return;
	}
	if (!p->connected)
		return;
	push(h);
	if (!p->dead && !p->killing && !p->cutting && is_over(p))
		pair_close(p, false);
	else if (h->pending && !p->dead)
		half_receive(h);
}
