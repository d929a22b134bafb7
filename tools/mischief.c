/*
 * What is done to the bytes of a direction.  See mischief.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mischief.h"

#define SEGMENT 1460 /* bytes of a piece, where only jitter asks for pieces */
#define SECOND  1000000
#define BURSTS  50 /* a second, of what is throttled */

/* SplitMix64 (Steele, Lea, Flood 2014): any seed is a good one. */
static uint64_t
draw(struct generator *g)
{
	uint64_t z = g->state += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return z ^ z >> 31;
}

/* From 0 to n - 1.  Of 64 bits the remainder is even enough. */
static uint64_t
draw_below(struct generator *g, uint64_t n)
{
	return draw(g) % n;
}

/* One for each purpose, so that no option changes what another does. */
static struct generator
generator(uint64_t seed, unsigned connection, enum way way, unsigned purpose)
{
	struct generator g = { seed };

	g.state = draw(&g) + connection;
	g.state = draw(&g) + 2 * purpose + (way == TO_CLIENT);
	return g;
}

/* One byte of each block; blocks follow one another. */
static void
next_flip(struct mischief *m)
{
	m->flip_at = m->block + draw_below(&m->flips, m->plan->flip);
	m->flip_bit = (unsigned)draw_below(&m->flips, 8);
	m->block += m->plan->flip;
}

void
mischief_begin(struct mischief *m, const struct plan *plan, unsigned connection,
    enum way way)
{
	*m = (struct mischief) { .plan = plan };
	m->splits = generator(plan->seed, connection, way, 0);
	m->jitters = generator(plan->seed, connection, way, 1);
	m->flips = generator(plan->seed, connection, way, 2);
	if (plan->flip > 0)
		next_flip(m);
}

void
mischief_flip(struct mischief *m, unsigned char *bytes, size_t n,
    void (*tell)(void *arg, uint64_t at, unsigned bit), void *arg)
{
	uint64_t end = m->came + n;

	while (m->plan->flip > 0 && m->flip_at < end) {
		bytes[m->flip_at - m->came] ^=
		    (unsigned char)(1U << m->flip_bit);
		tell(arg, m->flip_at, m->flip_bit);
		next_flip(m);
	}
	m->came = end;
}

/* Passing on */

static void
next_piece(struct mischief *m)
{
	const struct plan *p = m->plan;
	uint64_t length = UINT64_MAX - m->gone;

	if (p->split > 0)
		length = 1 + draw_below(&m->splits, p->split);
	else if (p->jitter_us > 0)
		length = SEGMENT;
	m->piece = m->gone;
	m->piece_end = m->gone + length;
	if (p->jitter_us > 0)
		m->jitter = (int64_t)draw_below(
		    &m->jitters, (uint64_t)p->jitter_us + 1);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where the first deed is, and which. */
static uint64_t
first_deed(const struct plan *p, enum deed *deed)
{
	const uint64_t at[] = {
		[DEED_CUT] = p->cut,
		[DEED_RESET] = p->reset,
		[DEED_HALF_CLOSE] = p->half_close,
		[DEED_STALL] = p->stall,
	};
	uint64_t first = UINT64_MAX;

	*deed = DEED_NONE;
	for (unsigned i = DEED_CUT; i <= DEED_STALL; i++)
		if (at[i] > 0 && at[i] < first) {
			first = at[i];
			*deed = (enum deed)i;
		}
	return first;
}

size_t
mischief_allows(
    struct mischief *m, size_t n, int64_t came_us, int64_t now, int64_t *us)
{
	enum deed deed;
	uint64_t left = first_deed(m->plan, &deed) - m->gone;

	*us = -1;
	if (left == 0)
		return 0;
	if (m->gone == m->piece_end)
		next_piece(m);
	*us = came_us + m->plan->delay_us + m->jitter;
	if (m->plan->rate > 0 && m->free_us > *us)
		*us = m->free_us;
	if (*us > now)
		return 0;
	left = least(left, m->piece_end - m->gone);
	if (m->plan->rate > 0)
		left = least(left, 1 + m->plan->rate / BURSTS);
	return (size_t)least(left, n);
}

void
mischief_passed(struct mischief *m, size_t n, int64_t now)
{
	uint64_t rate = m->plan->rate;

	m->gone += n;
	if (rate == 0)
		return;
	if (m->free_us < now)
		m->free_us = now;
	m->free_us += (int64_t)((uint64_t)n * SECOND / rate);
}

enum deed
mischief_deed(const struct mischief *m)
{
	enum deed deed;

	return first_deed(m->plan, &deed) == m->gone ? deed : DEED_NONE;
}
