/*
 * The archive: opening it in each of its ways, ends and beginnings of messages.
 * See <cask/ar.h>; its buffer is in buffer.c, its errors are in why.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ar.h"
#include "fill.h"
#include "tell.h"

#include <errno.h>
#include <limits.h>

uint64_t
cask_at(const struct cask_ar *ar)
{
	return caski_at(ar);
}

size_t
cask_pending(const struct cask_ar *ar)
{
	size_t ahead = ar->io != NULL ? ar->io->ahead : 0;

	return ar->way == CASK_LOADS ? (size_t)(ar->filled - ar->cur) + ahead
				     : 0;
}

/* Opening */

/* How many structs the fast path may go down. */
static int
levels(const struct cask_ar *ar)
{
	unsigned most = caski_most_depth(ar);

	return most < INT_MAX ? (int)most : INT_MAX;
}

static void
open_archive(struct cask_ar *ar, struct cask_io *io, enum cask_way way)
{
	bool given = ar->buffer != NULL && ar->buffer_size > 0;

	ar->err = 0;
	ar->replaced = ar->cut = 0;
	ar->came = (enum cask_text_form)0;
	ar->way = way;
	ar->loading = way == CASK_LOADS || way == CASK_DESCRIBES;
	ar->storing =
	    way == CASK_STORES || way == CASK_MEASURES || way == CASK_PRINTS;
	ar->watched = way > CASK_MEASURES ||
	    (way < CASK_MEASURES &&
		(ar->watch != NULL || caski_tells(CASKI_TELL_WIRE)));
	ar->most_levels = ar->levels =
	    ar->watched ? CASKI_NO_LEVELS : levels(ar);
	ar->secret = 0;
	ar->schema = UINT_MAX; /* CASK_NO_SCHEMA */
	ar->unnamed = 0;
	ar->frame = NULL;
	ar->within = NULL;
	ar->io = io;
	if (io != NULL && io->unflushed == ar)
		io->unflushed = NULL;
	ar->start = given ? ar->buffer : ar->own;
	ar->size = given ? ar->buffer_size : sizeof ar->own;
	ar->scratch = way == CASK_MEASURES ? ar->start : NULL;
	ar->cur = ar->filled = ar->start;
	caski_show_end(ar, ar->start);
	ar->base = ar->message = ar->whole = ar->at = ar->printed = 0;
	ar->taken = 0;
	ar->type = ar->name = NULL;
	ar->width = 0;
	ar->element = 0;
	ar->started = false;
	ar->why[0] = '\0';
}

void
cask_store(struct cask_ar *ar, struct cask_io *io)
{
	open_archive(ar, io, CASK_STORES);
}

void
cask_load(struct cask_ar *ar, struct cask_io *io)
{
	open_archive(ar, io, CASK_LOADS);
}

void
caski_load_block(struct cask_ar *ar, struct cask_io *io, unsigned char *p,
    size_t n, uint64_t at)
{
	open_archive(ar, io, CASK_LOADS);
	ar->start = ar->cur = p;
	ar->size = n;
	ar->filled = p + n;
	ar->base = ar->message = ar->whole = at;
	caski_show_end(ar, ar->filled);
}

void
cask_measure(struct cask_ar *ar)
{
	open_archive(ar, NULL, CASK_MEASURES);
}

void
cask_print(struct cask_ar *ar, struct cask_io *io)
{
	open_archive(ar, io, CASK_PRINTS);
}

void
cask_release(struct cask_ar *ar)
{
	open_archive(ar, NULL, CASK_RELEASES);
}

void
cask_describe(struct cask_ar *ar, struct cask_io *io)
{
	open_archive(ar, io, CASK_DESCRIBES);
}

/* Messages */

static inline bool
more(struct cask_ar *ar)
{
	if (ar->within != NULL)
		return ar->err == 0 && cask_at(ar) < ar->within->end;
	if (ar->cur < ar->filled)
		return true;
	if (ar->io->exact && ar->io->table->more != NULL)
		return caski_io_more(ar);
	return caski_fill_here(ar) > 0;
}

bool
caski_more(struct cask_ar *ar)
{
	return more(ar);
}

CASKI_HOT bool
cask_slow_more(struct cask_ar *ar)
{
	if (ar->within != NULL && ar->loading)
		return ar->err == 0 && cask_at(ar) < ar->within->end;
	caski_begin(ar, "message", NULL);
	if (ar->way == CASK_DESCRIBES || !caski_may_load(ar))
		return false;
	ar->message = ar->whole = cask_at(ar);
	ar->taken = 0;
	if (ar->cur < ar->filled)
		caski_set_end(ar, ar->filled);
	return more(ar);
}

/* The end */

/* What was read ahead belongs to whoever loads next. */
static void
give_back(struct cask_ar *ar)
{
	const struct cask_io_table *t = ar->io->table;
	size_t n = (size_t)(ar->filled - ar->cur);
	int err = ESPIPE;

	if (n == 0 || caski_io_is_over(ar->io))
		return;
	if (t->unread != NULL)
		err = t->unread(ar->io, ar->cur, n);
	if (err != 0)
		caski_set_error(ar, err,
		    "%zu bytes were read ahead, and can't be given back", n);
}

int
cask_finish(struct cask_ar *ar)
{
	if (ar->way == CASK_CLOSED)
		return ar->err;
	if (ar->way == CASK_LOADS) {
		caski_begin(ar, "finish", NULL);
		if (caski_may_load(ar))
			give_back(ar);
	} else {
		cask_flush(ar);
	}
	cask_abort(ar);
	return ar->err;
}

void
cask_abort(struct cask_ar *ar)
{
	caski_rewind(ar);
	if (ar->io != NULL && ar->io->unflushed == ar)
		ar->io->unflushed = NULL;
	ar->way = CASK_CLOSED;
	ar->loading = ar->storing = false;
	ar->io = NULL;
	ar->within = NULL;
}

int64_t
cask_left(const struct cask_ar *ar)
{
	const struct cask_io_table *t;
	int64_t left;

	if (ar->way != CASK_LOADS || ar->err != 0)
		return -1;
	if (ar->within != NULL)
		return (int64_t)(ar->within->end - cask_at(ar));
	t = ar->io != NULL ? ar->io->table : NULL;
	left = t != NULL && t->left != NULL ? t->left(ar->io) : -1;
	return left >= 0 ? left + (int64_t)(ar->filled - ar->cur) : -1;
}

/* Integers */

void
caski_encode(
    const struct cask_ar *ar, unsigned char *wire, uint64_t v, size_t size)
{
	switch (size) {
	case 2:
		cask_write16(wire, cask_order16((uint16_t)v, ar->big_endian));
		break;
	case 4:
		cask_write32(wire, cask_order32((uint32_t)v, ar->big_endian));
		break;
	default:
		cask_write64(wire, cask_order64(v, ar->big_endian));
	}
}

uint64_t
caski_decode(const struct cask_ar *ar, const unsigned char *wire, size_t size)
{
	switch (size) {
	case 1:
		return wire[0];
	case 2:
		return cask_order16(cask_read16(wire), ar->big_endian);
	case 4:
		return cask_order32(cask_read32(wire), ar->big_endian);
	default:
		return cask_order64(cask_read64(wire), ar->big_endian);
	}
}

bool
caski_get_uint(struct cask_ar *ar, uint64_t *v, size_t size)
{
	unsigned char wire[8] = { 0 };
	bool ok;

	if (CASK_LIKELY(cask_fits(ar->cur, size, ar->get_end))) {
		*v = caski_decode(ar, ar->cur, size);
		ar->cur += size;
		return true;
	}
	ok = caski_get(ar, wire, size);
	*v = ok ? caski_decode(ar, wire, size) : 0;
	return ok;
}
