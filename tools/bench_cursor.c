/*
 * The record by hand once more, with a check for each value: see bench_net.h.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "bench_net.h"

#include <endian.h>
#include <string.h>

void
cursor_begin(struct cursor *c, int fd, bool sends)
{
	c->fd = fd;
	c->ended = false;
	c->p = c->block;
	c->end = sends ? c->block + BLOCK : c->block;
}

void
cursor_flush(struct cursor *c)
{
	hand_send(c->fd, c->block, (size_t)(c->p - c->block));
	c->p = c->block;
}

/* Sending */

static inline void
put(struct cursor *c, const void *v, size_t n)
{
	if ((size_t)(c->end - c->p) < n)
		cursor_flush(c);
	memcpy(c->p, v, n);
	c->p += n;
}

static inline void
put8(struct cursor *c, uint8_t v)
{
	put(c, &v, 1);
}

static inline void
put16(struct cursor *c, uint16_t v)
{
	v = htole16(v);
	put(c, &v, 2);
}

static inline void
put32(struct cursor *c, uint32_t v)
{
	v = htole32(v);
	put(c, &v, 4);
}

static inline void
put64(struct cursor *c, uint64_t v)
{
	v = htole64(v);
	put(c, &v, 8);
}

void
cursor_put(struct cursor *c, const struct record *r)
{
	size_t n = strlen(r->name);
	uint32_t f;
	uint64_t d;

	put8(c, r->kind);
	put16(c, r->port);
	put32(c, r->id);
	put64(c, (uint64_t)r->timestamp);
	memcpy(&f, &r->a, 4);
	put32(c, f);
	for (int k = 0; k < 4; k++) {
		memcpy(&d, &r->b[k], 8);
		put64(c, d);
	}
	put8(c, r->flag);
	put8(c, (uint8_t)n);
	put(c, r->name, n);
}

/* Receiving */

/* Behind what is left, which goes to the front. */
static void
refill(struct cursor *c, size_t n)
{
	size_t have = (size_t)(c->end - c->p);

	memmove(c->block, c->p, have);
	c->p = c->block;
	while (have < n && !c->ended) {
		size_t got = hand_receive(c->fd, c->block + have, BLOCK - have);

		c->ended = got == 0;
		have += got;
	}
	c->end = c->block + have;
}

static inline void
get(struct cursor *c, void *v, size_t n)
{
	if ((size_t)(c->end - c->p) < n)
		refill(c, n);
	if (c->ended && (size_t)(c->end - c->p) < n) {
		memset(v, 0, n);
		return;
	}
	memcpy(v, c->p, n);
	c->p += n;
}

static inline uint8_t
get8(struct cursor *c)
{
	uint8_t v;

	get(c, &v, 1);
	return v;
}

static inline uint16_t
get16(struct cursor *c)
{
	uint16_t v;

	get(c, &v, 2);
	return le16toh(v);
}

static inline uint32_t
get32(struct cursor *c)
{
	uint32_t v;

	get(c, &v, 4);
	return le32toh(v);
}

static inline uint64_t
get64(struct cursor *c)
{
	uint64_t v;

	get(c, &v, 8);
	return le64toh(v);
}

bool
cursor_get(struct cursor *c, struct record *r)
{
	uint32_t f;
	uint64_t d;
	size_t n;

	if (c->p == c->end) {
		refill(c, 1);
		if (c->ended)
			return false;
	}
	r->kind = get8(c);
	r->port = get16(c);
	r->id = get32(c);
	r->timestamp = (int64_t)get64(c);
	f = get32(c);
	memcpy(&r->a, &f, 4);
	for (int k = 0; k < 4; k++) {
		d = get64(c);
		memcpy(&r->b[k], &d, 8);
	}
	r->flag = get8(c) != 0;
	n = get8(c);
	if (n < sizeof r->name) {
		get(c, r->name, n);
		r->name[n] = '\0';
		return true;
	}
	die("stream", "a name too long");
}
