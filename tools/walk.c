/*
 * A walk through a stream, as a shape says.  See dump.h.
 *
 * The shape may be as wrong as the stream.  Structs nest no deeper than the
 * parser lets them; and a walk that takes no byte for many steps, as structs
 * without members could make it do for ages, is ended.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"

#define STEPS_MOST 100000
#define ONE        UINT64_MAX /* the index of what is no element */
#define PIECE      8          /* of raw bytes: a line */
#define LEAF_NAME  (TOKEN_NAME_MOST + 24)

/* Whether to go on: neither the stream nor the output is broken. */
bool
going(const struct dump *d)
{
	return d->ar.err == 0 && !output_is_broken();
}

/* The path */

static size_t
push(struct dump *d, const char *name, uint64_t index)
{
	size_t before = d->path_length;
	char *to = d->path + before;
	size_t room = sizeof d->path - before;
	const char *dot = before > d->path_from ? "." : "";
	int n = snprintf(to, room, "%s%s", dot, name);

	if (index != ONE)
		n += snprintf(to + n, room - (size_t)n, "[%" PRIu64 "]", index);
	d->path_length += (size_t)n;
	return before;
}

/* The path of what was wrong stays. */
static void
pop(struct dump *d, size_t before)
{
	if (!going(d))
		return;
	d->path_length = before;
	d->path[before] = '\0';
}

/* A value, or what might be one, is in hand. */
void
begin(struct dump *d, const char *type)
{
	tape_mark(&d->tape);
	d->type = type;
}

/* Is the walk standing still?  Then end it. */
static void
step(struct dump *d, const struct shape_member *m)
{
	uint64_t at = cask_at(&d->ar);

	if (m->kind == SHAPE_UNION)
		m = &d->shape.member[m->by];
	if (at != d->still || d->steps == 0) {
		d->still = at;
		d->steps = 1;
	} else if (++d->steps > STEPS_MOST && going(d)) {
		begin(d, shape_kind_name(m->kind));
		cask_fail_named(&d->ar, m, m->name, EPROTO,
		    "the shape takes no byte in %d steps", STEPS_MOST);
	}
}

/* Leaves */

/* What the archive is to call it: it has the structs around it already. */
static const char *
leaf_name(char to[LEAF_NAME], const struct shape_member *m, uint64_t index)
{
	if (index == ONE)
		return m->name;
	snprintf(to, LEAF_NAME, "%s[%" PRIu64 "]", m->name, index);
	return to;
}

static void
walk_leaf(struct dump *d, const struct shape_member *m, uint64_t index)
{
	char name[LEAF_NAME];
	struct leaf leaf = { .kind = m->kind };

	begin(d, shape_kind_name(m->kind));
	exchange_leaf(d, &leaf, &m->as, leaf_name(name, m, index));
	if (m->kind == SHAPE_VERSION && (leaf.is.u == 0 || leaf.is.u > m->size))
		cask_fail_named(&d->ar, m, m->name, EPROTO,
		    "%" PRIu64 ", the newest known is %" PRIu64, leaf.is.u,
		    m->size);
	if (d->ar.err == 0) {
		d->type = shape_kind_name(leaf.kind);
		d->show->leaf(d, index == ONE ? m->name : NULL, &leaf);
		if (m->kind <= SHAPE_COUNT)
			d->value[m - d->shape.member] = leaf.is.u;
	}
	free_leaf(&leaf);
}

/* Raw bytes, in pieces: they may be more than there is memory. */
static void
walk_bytes(struct dump *d, const struct shape_member *m, uint64_t n)
{
	char name[LEAF_NAME];
	unsigned char piece[PIECE];
	bool rest = m->many == SHAPE_REST;
	uint64_t at = 0, from = cask_at(&d->ar);

	if (!rest && n < UINT64_MAX - from)
		d->tape.least = from + n;
	d->show->bytes(d, m->name);
	while (going(d) && (rest ? cask_more(&d->ar) : at < n)) {
		size_t k = rest ? tape_peek(&d->tape, PIECE) : PIECE;
		struct leaf leaf = { .kind = SHAPE_BYTES };
		size_t before = push(d, m->name, at);

		if (!rest && n - at < PIECE)
			k = (size_t)(n - at);
		begin(d, "bytes");
		cask_bytes_named(&d->ar, piece, k, leaf_name(name, m, at));
		leaf.is.bytes.p = piece;
		leaf.is.bytes.n = k;
		if (d->ar.err == 0)
			d->show->leaf(d, NULL, &leaf);
		pop(d, before);
		at += k;
	}
	d->show->bytes_end(d);
}

/* Members */

/* A struct in a struct: the archive is told, for the words of its errors. */
static void
walk_inner(struct dump *d, const struct shape_member *m, uint64_t index)
{
	struct cask_frame frame;

	d->show->begin(d, index == ONE ? m->name : NULL, '{');
	if (cask_enter(&d->ar, &frame, m->name)) {
		const struct shape_struct *s = &d->shape.structs[m->inner];

		if (index != ONE)
			frame.index = (size_t)index;
		walk_members(d, s, s->schema, false);
	}
	cask_leave(&d->ar, &frame);
	d->show->end(d, '}');
}

/* Nothing may be left of a message; or what is can't be had. */
static void
end_message(struct dump *d, const struct shape_member *m, uint64_t index)
{
	char buf[LEAF_NAME];
	const char *name = leaf_name(buf, m, index);
	uint64_t size = d->tape.end - d->tape.from;
	uint64_t left = d->tape.end - cask_at(&d->ar);

	if (left == 0 || !going(d))
		return;
	begin(d, "message");
	if (tape_peek(&d->tape, 1) == 0)
		cask_fail_named(&d->ar, m, name, CASK_ECUT,
		    "stream ended %" PRIu64 " bytes before it does", left);
	else
		cask_fail_named(&d->ar, m, name, EPROTO,
		    "its %" PRIu64 " bytes hold %" PRIu64
		    " more than the shape says",
		    size, left);
}

/* A length, and a struct that ends there. */
static void
walk_message(struct dump *d, const struct shape_member *m, uint64_t index)
{
	char buf[LEAF_NAME];
	const char *name = leaf_name(buf, m, index);
	struct leaf leaf = { .kind = SHAPE_U32 };
	uint64_t from = d->tape.from, end = d->tape.end, at;

	begin(d, "message");
	exchange_leaf(d, &leaf, NULL, name);
	at = cask_at(&d->ar);
	if (leaf.is.u > end - at)
		cask_fail_named(&d->ar, m, name, CASK_ECUT,
		    "length %" PRIu64 ", but the message around it ends after "
		    "%" PRIu64,
		    leaf.is.u, end - at);
	if (d->ar.err != 0)
		return;
	if (d->show == &show_people)
		d->show->leaf(d, NULL, &leaf);
	d->tape.from = at;
	d->tape.end = at + leaf.is.u;
	walk_inner(d, m, index);
	end_message(d, m, index);
	if (!going(d))
		return;
	d->tape.from = from;
	d->tape.end = end;
}

static void
walk_pointer(
    struct dump *d, const struct shape_member *m, uint64_t index, bool last)
{
	const char *key = index == ONE ? m->name : NULL;
	char name[LEAF_NAME];

	walk_object(d, m, key, leaf_name(name, m, index), last);
}

static void
walk_one(
    struct dump *d, const struct shape_member *m, uint64_t index, bool last)
{
	size_t before = push(d, m->name, index);

	step(d, m);
	if (going(d) && m->message)
		walk_message(d, m, index);
	else if (going(d) && m->kind == SHAPE_STRUCT)
		walk_inner(d, m, index);
	else if (going(d) && m->kind == SHAPE_OBJECT)
		walk_pointer(d, m, index, last);
	else if (going(d))
		walk_leaf(d, m, index);
	pop(d, before);
}

/* How many: false, and an error, if that is a negative number. */
static bool
how_many(struct dump *d, const struct shape_member *m, uint64_t *n)
{
	*n = m->size;
	if (m->many != SHAPE_COUNTED)
		return true;
	*n = d->value[m->by];
	if (!shape_is_signed(d->shape.member[m->by].kind) || *n <= INT64_MAX)
		return true;
	push(d, m->name, ONE);
	begin(d, shape_kind_name(m->kind));
	cask_fail_named(&d->ar, m, m->name, EPROTO, "%s is %" PRId64,
	    d->shape.member[m->by].name, (int64_t)*n);
	return false;
}

static bool
follows(struct dump *d, const struct shape_member *m, uint64_t i, uint64_t n)
{
	if (!going(d))
		return false;
	return m->many == SHAPE_REST ? cask_more(&d->ar) : i < n;
}

/* To who wants to know: outside of all messages. */
static void
tell_whole(struct dump *d, bool is)
{
	if (is && d->whole != NULL && d->tape.end == UINT64_MAX && going(d))
		d->whole(d);
}

static void
walk_array(struct dump *d, const struct shape_member *m, bool last)
{
	uint64_t n;

	if (m->many == SHAPE_ONE) {
		walk_one(d, m, ONE, last);
		return;
	}
	if (!how_many(d, m, &n))
		return;
	if (m->kind == SHAPE_BYTES) {
		walk_bytes(d, m, n);
		return;
	}
	d->show->begin(d, m->name, '[');
	for (uint64_t i = 0; follows(d, m, i, n); i++) {
		walk_one(d, m, i, false);
		tell_whole(d, m->many == SHAPE_REST);
	}
	d->show->end(d, ']');
}

/* What was secret when it went wrong stays so. */
static void
walk_many(struct dump *d, const struct shape_member *m, bool last)
{
	if (m->kind == SHAPE_NOTHING)
		return;
	d->secret += m->secret;
	walk_array(d, m, last);
	if (going(d))
		d->secret -= m->secret;
}

static void
walk_union(struct dump *d, const struct shape_member *u)
{
	const struct shape_member *by = &d->shape.member[u->by];
	uint64_t kind = d->value[u->by];

	for (unsigned i = 1; i <= u->cases; i++)
		if (u[i].value == kind) {
			walk_many(d, &u[i], false);
			return;
		}
	push(d, by->name, ONE);
	begin(d, "union");
	if (shape_is_signed(by->kind))
		cask_fail_named(&d->ar, by, by->name, EPROTO,
		    "no case for %" PRId64, (int64_t)kind);
	else
		cask_fail_named(
		    &d->ar, by, by->name, EPROTO, "no case for %" PRIu64, kind);
}

/* The bool in front of an option: "name?". */
static bool
is_there(struct dump *d, const struct shape_member *m)
{
	char name[TOKEN_NAME_MOST + 2];
	size_t before;
	struct leaf leaf = { .kind = SHAPE_BOOL };

	snprintf(name, sizeof name, "%s?", m->name);
	before = push(d, name, ONE);
	begin(d, "bool");
	leaf.is.u = exchange_unsigned(&d->ar, SHAPE_BOOL, 0, name);
	if (d->ar.err == 0 && d->show == &show_people)
		d->show->leaf(d, name, &leaf);
	pop(d, before);
	if (leaf.is.u == 0 && d->ar.err == 0)
		d->show->absent(d, m->name);
	return leaf.is.u != 0;
}

static bool
is_too_old(const struct dump *d, const struct shape_member *m, uint64_t schema)
{
	uint64_t version = d->value[m->version];

	if (m->schema)
		return schema < m->number;
	return m->since &&
	    (version < m->number ||
		(shape_is_signed(d->shape.member[m->version].kind) &&
		    version > INT64_MAX));
}

/* What newer ends have added to a message. */
static const struct shape_member added = {
	.name = "+", .kind = SHAPE_BYTES, .many = SHAPE_REST
};

/* What is the same for all: one member, whatever it is. */
static void
walk_member(struct dump *d, const struct shape_member *m, bool last)
{
	size_t before;

	if (m->kind == SHAPE_UNION) {
		walk_union(d, m);
	} else if (m->kind == SHAPE_MAP) {
		before = push(d, m->name, ONE);
		walk_mapped(d, m);
		pop(d, before);
	} else {
		walk_many(d, m, last);
	}
}

/* What only classes have.  The schema of a base class is what came for it, or
 * else that of the object. */
static void
walk_of_class(struct dump *d, const struct shape_struct *s,
    const struct shape_member *m, uint64_t *of_base)
{
	const struct shape_struct *inner = &d->shape.structs[m->inner];
	uint64_t schema;
	size_t before;

	if (m->kind == SHAPE_BASE) {
		walk_members(d, inner, *of_base, false);
		return;
	}
	before = push(d, inner->name, ONE);
	schema = walk_class(d, m);
	pop(d, before);
	if (m->inner == s->base)
		*of_base = schema;
}

static bool
is_here(struct dump *d, const struct shape_member *m, uint64_t schema)
{
	return !is_too_old(d, m, schema) && (!m->optional || is_there(d, m));
}

/*
 * The members of a struct or, with that schema, of a class.  last: they are all
 * of an object, and the last of them may wait until it has ended.
 */
void
walk_members(
    struct dump *d, const struct shape_struct *s, uint64_t schema, bool last)
{
	const struct shape_member *m = &d->shape.member[s->first];
	const struct shape_member *end = m + s->count;
	bool around = d->ar.big_endian;
	uint64_t of_base = schema;

	if (s->order != SHAPE_AS_AROUND)
		d->ar.big_endian = s->order == SHAPE_BIG;
	for (; m < end && going(d); m += 1 + m->cases) {
		step(d, m);
		d->value[m - d->shape.member] = 0;
		if (m->kind == SHAPE_EXTENDS && cask_at(&d->ar) == d->tape.end)
			break;
		if (m->kind == SHAPE_EXTENDS || !is_here(d, m, schema))
			continue;
		if (m->kind == SHAPE_BASE || m->kind == SHAPE_SCHEMA)
			walk_of_class(d, s, m, &of_base);
		else
			walk_member(d, m, last && m + 1 == end);
	}
	if (s->extends && going(d) && cask_at(&d->ar) < d->tape.end)
		walk_bytes(d, &added, 0);
	d->ar.big_endian = around;
}

/* Nothing is left of a walk before this one. */
static void
walk_begin(struct dump *d)
{
	d->value = d->values[0];
	d->path_length = d->path_from = 0;
	d->path[0] = '\0';
	d->steps = 0;
	d->secret = 0;
	d->level = 0;
	d->follow = NULL;
	d->first = true;
	d->ar.limit.depth = DUMP_DEPTH;
	cask_load(&d->ar, &d->tape.io);
	objects_open(d);
}

static void
walk_outermost(struct dump *d)
{
	walk_members(d, &d->shape.structs[d->shape.outermost], 0, false);
}

bool
walk(struct dump *d)
{
	bool big_endian = d->ar.big_endian;

	walk_begin(d);
	d->show->begin(d, NULL, '{');
	walk_outermost(d);
	d->show->end(d, '}');
	objects_close(d);
	d->ar.big_endian = big_endian;
	return going(d);
}

/* One without a byte would come again and again. */
bool
walk_on(struct dump *d)
{
	walk_begin(d);
	while (going(d) && cask_more(&d->ar)) {
		uint64_t before = cask_at(&d->ar);

		walk_outermost(d);
		if (going(d) && cask_at(&d->ar) == before)
			cask_fail_named(&d->ar, d, "shape", EPROTO,
			    "the shape takes no byte");
		tell_whole(d, true);
	}
	objects_close(d);
	return going(d);
}
