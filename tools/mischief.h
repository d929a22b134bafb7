/*
 * Mischief: what is done to the bytes of one direction.
 *
 * All of it is by their offset in the stream and by a generator of our own, so
 * that the same bytes and the same seed give the same, however the bytes came.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MISCHIEF_H
#define MISCHIEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session.h"

/* What is to be done.  0: nothing of that. */
struct plan {
	uint64_t seed;
	uint64_t split;    /* pieces of 1 to so many bytes */
	int64_t delay_us;  /* every byte is so late … */
	int64_t jitter_us; /* … and each piece up to so much more */
	uint64_t rate;     /* bytes a second, at most */
	uint64_t flip;     /* a bit in each so many bytes */
	uint64_t cut;      /* after so many bytes, … */
	uint64_t reset;
	uint64_t half_close;
	uint64_t stall;
};

enum deed { DEED_NONE, DEED_CUT, DEED_RESET, DEED_HALF_CLOSE, DEED_STALL };

struct generator {
	uint64_t state;
};

/* A direction.  Set by mischief_begin. */
struct mischief {
	const struct plan *plan;
	struct generator splits, jitters, flips;
	uint64_t came;      /* bytes so far */
	uint64_t block;     /* where the next block of flip begins */
	uint64_t flip_at;   /* the next byte that is flipped, … */
	unsigned flip_bit;  /* … and which bit of it */
	uint64_t gone;      /* bytes that were passed on */
	uint64_t piece;     /* where the piece in hand begins, … */
	uint64_t piece_end; /* … and ends; the same: there is none */
	int64_t jitter;     /* how much later it is, in microseconds */
	int64_t free_us;    /* rate: when the next byte may go */
};

void mischief_begin(struct mischief *m, const struct plan *plan,
    unsigned connection, enum way way);

/* Bytes have come: flip what is to be flipped in the n of them, and tell. */
void mischief_flip(struct mischief *m, unsigned char *bytes, size_t n,
    void (*tell)(void *arg, uint64_t at, unsigned bit), void *arg);

/*
 * How many of the n bytes that came at that time may go on now; 0: then *us is
 * the time when some may, or -1 when it is the deed's turn.  A new piece is in
 * hand when piece changes.
 */
size_t mischief_allows(
    struct mischief *m, size_t n, int64_t came_us, int64_t now, int64_t *us);

/* So many bytes have gone on. */
void mischief_passed(struct mischief *m, size_t n, int64_t now);

/* What is to be done now that so many have gone. */
enum deed mischief_deed(const struct mischief *m);

#endif
