/*
 * Messages with their length in front.  See <cask/message.h>.
 *
 * Storing, the length's place is kept free and what follows held back in the
 * buffer.  When the message ends there, its length is put in, and that is all.
 * When the buffer is full before, the rest is only counted (see drain in
 * buffer.c), and the message is walked again, its length known.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/message.h>

#include "ar.h"
#include "graph.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

#define FIRST 16384 /* bytes of memory for a large message, to begin with */

static bool
is_framed(const struct cask_ar *ar)
{
	return ar->way == CASK_STORES || ar->way == CASK_MEASURES ||
	    ar->way == CASK_LOADS;
}

/* The limit of a message, which this one's length is not a part of, starts anew
 * with the outermost. */
static void
begin(struct cask_ar *ar, struct cask_message *m)
{
	if (m->around != NULL)
		return;
	m->at = m->end = caski_at(ar) + CASKI_PREFIX;
	ar->message = caski_at(ar);
	ar->within = m;
}

/* Storing */

static void
hold(struct cask_ar *ar, struct cask_message *m)
{
	static const unsigned char none[CASKI_PREFIX];

	caski_begin(ar, "message", m->frame.name);
	if (!caski_may_store(ar))
		return;
	caski_gather(ar, CASKI_PREFIX);
	begin(ar, m);
	m->held = ar->scratch == NULL;
	if (m->held && (size_t)(ar->most - ar->cur) < CASKI_PREFIX &&
	    ar->err == 0 && caski_send_buffer(ar))
		ar->scratch = ar->start; /* a buffer for crumbs: only count */
	m->place = (size_t)(ar->cur - ar->start);
	m->replaced = ar->replaced;
	m->numbers = ar->graph != NULL ? ar->graph->used : 0;
	m->schema = ar->schema;
	if (ar->most - ar->cur >= CASKI_PREFIX && !ar->watched)
		ar->cur += CASKI_PREFIX;
	else
		caski_put(ar, none, CASKI_PREFIX);
	m->at = caski_at(ar);
	if (m->held && ar->watched && ar->scratch == NULL)
		ar->scratch = ar->cur; /* who watches sees its length first */
}

static void
set_length(struct cask_ar *ar, const struct cask_message *m, uint64_t n)
{
	caski_encode(ar, ar->start + m->place, n, CASKI_PREFIX);
}

/* Back to where the message began, to store it this time. */
static bool
store_again(struct cask_ar *ar, struct cask_message *m, uint64_t n)
{
	unsigned char length[CASKI_PREFIX];

	ar->scratch = NULL;
	ar->replaced = m->replaced;
	ar->schema = m->schema;
	if (ar->graph != NULL)
		caski_undo(ar->graph, m->numbers);
	ar->cur = ar->start + m->place;
	ar->base = m->at - CASKI_PREFIX - m->place;
	caski_make_room(ar);
	m->held = false;
	m->twice = true;
	m->end = m->at + n;
	caski_encode(ar, length, n, CASKI_PREFIX);
	caski_begin(ar, "message", "");
	caski_put(ar, length, CASKI_PREFIX);
	if (ar->watched)
		caski_show_count(ar, n);
	return ar->err == 0;
}

/* Loading */

/* Read on behind what is there, until n bytes are: into the buffer, if they fit
 * there. */
static bool
gather_in_buffer(struct cask_ar *ar, size_t n)
{
	size_t have = (size_t)(ar->filled - ar->cur);
	uint64_t at = caski_at(ar);

	memmove(ar->start, ar->cur, have);
	ar->cur = ar->start;
	ar->base = at;
	ar->filled = ar->start + have;
	while (have < n) {
		size_t most = ar->io->exact ? n - have : ar->size - have;
		ptrdiff_t got = caski_read_some(ar, ar->filled, most);

		if (got == 0)
			caski_cut(ar);
		if (got <= 0)
			return false;
		ar->filled += got;
		have += (size_t)got;
	}
	return true;
}

/* Twice as much memory as has come: NULL, and an error, if there is none. */
static unsigned char *
grow(struct cask_ar *ar, unsigned char *whole, size_t *size, size_t have,
    size_t n)
{
	size_t larger = *size > 0 ? 2 * *size : FIRST;
	unsigned char *p;

	if (larger < 2 * have)
		larger = 2 * have;
	if (larger > n)
		larger = n;
	p = caski_sys_realloc(whole, larger);
	if (p == NULL)
		caski_set_error(ar, ENOMEM, "no memory for its %zu bytes", n);
	else
		*size = larger;
	return p;
}

/* … or into memory that takes the buffer's place. */
static bool
gather_whole(struct cask_ar *ar, struct cask_message *m, size_t n)
{
	size_t have = (size_t)(ar->filled - ar->cur), size = 0;
	unsigned char *p = NULL, *larger;
	uint64_t at = caski_at(ar);
	ptrdiff_t got = 1;

	for (; have < n && got > 0; have += (size_t)got) {
		if (have >= size) {
			larger = grow(ar, p, &size, have, n);
			if (larger == NULL)
				break;
			if (p == NULL)
				memcpy(larger, ar->cur, have);
			p = larger;
		}
		got = caski_read_some(ar, p + have, size - have);
		if (got == 0)
			caski_cut(ar);
		if (got < 0)
			break;
	}
	if (ar->err != 0) {
		caski_sys_free(p);
		return false;
	}
	m->whole = p;
	m->start = ar->start;
	m->size = ar->size;
	ar->start = ar->cur = p;
	ar->size = n;
	ar->filled = p + have;
	ar->base = at;
	return true;
}

/* The buffer is what it was before. */
static void
drop_whole(struct cask_ar *ar, struct cask_message *m)
{
	uint64_t at = caski_at(ar);

	caski_sys_free(m->whole);
	m->whole = NULL;
	ar->start = m->start;
	ar->size = m->size;
	ar->cur = ar->filled = ar->start;
	ar->base = at;
	caski_show_end(ar, ar->start);
}

/* Its length and, unless it stands within another, all of it. */
static void
take(struct cask_ar *ar, struct cask_message *m)
{
	uint64_t n, limit;

	caski_begin(ar, "message", m->frame.name);
	if (!caski_may_load(ar))
		return;
	begin(ar, m);
	if (!caski_get_uint(ar, &n, CASKI_PREFIX))
		return;
	m->at = caski_at(ar);
	m->end = m->at + n;
	limit = caski_message_limit(ar);
	if (n > limit)
		caski_set_error(ar, CASK_ELIMIT,
		    "length %llu, limit %llu (limit.message)",
		    (unsigned long long)n, (unsigned long long)limit);
	else if (m->around != NULL && m->end > m->around->end)
		caski_set_error(ar, CASK_ECUT,
		    "length %llu, but the message around it ends after %llu",
		    (unsigned long long)n,
		    (unsigned long long)(m->around->end - m->at));
	else if (n > ar->size)
		gather_whole(ar, m, (size_t)n);
	else if (n > (uint64_t)(ar->filled - ar->cur))
		gather_in_buffer(ar, (size_t)n);
	if (ar->watched)
		caski_show_count(ar, n);
}

/* What newer ends have added is passed over; else nothing may be left. */
static void
leave(struct cask_ar *ar, struct cask_message *m)
{
	uint64_t left = m->end - caski_at(ar);

	if (ar->err == 0 && left > 0 && !m->extends) {
		caski_begin(ar, "message", "");
		caski_set_error(ar, EPROTO,
		    "its %llu bytes hold %llu more than is known here",
		    (unsigned long long)(m->end - m->at),
		    (unsigned long long)left);
	}
	if (ar->err == 0)
		ar->cur += left;
	if (ar->err == 0 && m->around == NULL)
		ar->whole = caski_at(ar);
}

/* Both */

bool
cask_message_begin(struct cask_ar *ar, struct cask_message *m, const char *name)
{
	m->around = ar->within;
	m->at = m->end = 0;
	m->framed = is_framed(ar);
	m->held = m->twice = m->extends = false;
	m->whole = NULL;
	m->frame.name = name;
	if (m->framed && ar->storing)
		hold(ar, m);
	else if (m->framed)
		take(ar, m);
	if (m->framed)
		ar->within = m;
	if (m->framed && ar->loading && ar->err == 0)
		caski_set_end(ar, ar->filled);
	return cask_enter(ar, &m->frame, name) &&
	    (ar->err == 0 || !ar->loading);
}

bool
cask_message_again(struct cask_ar *ar, struct cask_message *m)
{
	uint64_t n = caski_at(ar) - m->at;

	if (!m->framed || !ar->storing || ar->err != 0 || m->twice)
		return false;
	if (n > UINT32_MAX) {
		caski_begin(ar, "message", "");
		caski_set_error(ar, CASK_ELIMIT,
		    "%llu bytes, and its length has room for 4294967295",
		    (unsigned long long)n);
		return false;
	}
	if (!m->held)
		return false; /* only counted, for a message around it */
	if (ar->scratch == NULL) {
		set_length(ar, m, n);
		return false;
	}
	if (m->around != NULL && m->around->held)
		return false; /* the one around it is walked again */
	return store_again(ar, m, n);
}

void
cask_message_end(struct cask_ar *ar, struct cask_message *m)
{
	if (m->framed && ar->loading)
		leave(ar, m);
	if (m->whole != NULL)
		drop_whole(ar, m);
	if (m->twice && ar->err == 0 && caski_at(ar) != m->end) {
		caski_begin(ar, "message", "");
		caski_set_error(ar, EPROTO,
		    "another length than at first: its exchange function "
		    "does not give the same twice");
	}
	if (m->framed)
		ar->within = m->around;
	if (m->framed && m->around == NULL)
		ar->message = caski_at(ar);
	if (m->framed && ar->loading && ar->err == 0)
		caski_set_end(ar, ar->filled);
	cask_leave(ar, &m->frame);
}

bool
cask_extends(struct cask_ar *ar)
{
	struct cask_message *m = ar->within;

	if (ar->err != 0 || ar->way == CASK_DESCRIBES)
		return false;
	if (!is_framed(ar))
		return true;
	if (m == NULL) {
		caski_begin(ar, "message", NULL);
		return caski_fail(
		    ar, EINVAL, "cask_extends outside of a cask_message");
	}
	m->extends = true;
	return ar->storing || caski_at(ar) < m->end;
}

unsigned
cask_version(struct cask_ar *ar, unsigned newest)
{
	unsigned char wire[2];
	uint64_t version = newest;

	caski_begin(ar, "version", "");
	if (ar->way == CASK_RELEASES)
		return newest;
	if (newest == 0 || newest > 0xFFFF)
		caski_set_error(
		    ar, EINVAL, "%u is none: they are 1 to 65535", newest);
	if (ar->way == CASK_DESCRIBES && caski_may_load(ar)) {
		caski_describe(ar, newest);
	} else if (ar->loading) {
		if (!caski_may_load(ar) || !caski_get_uint(ar, &version, 2))
			return 0;
		if (version == 0 || version > newest)
			caski_set_error(ar, EPROTO,
			    "%u, the newest known is %u", (unsigned)version,
			    newest);
	} else if (caski_may_store(ar) && ar->way != CASK_PRINTS) {
		caski_encode(ar, wire, version, 2);
		caski_gather(ar, 2);
		caski_put(ar, wire, 2);
	}
	if (ar->watched && ar->way != CASK_DESCRIBES)
		caski_show_count(ar, version);
	return ar->err == 0 ? (unsigned)version : 0;
}
