/*
 * Storing, as a shape says, what JSON holds.  See store.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "store.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PIECE 256 /* of raw bytes */

static bool store_members(struct store *s, const struct shape_struct *st,
    struct json_node *object, const struct place *at);

/* Complaints */

/* "lines[2].count", as far as it fits.  Gives its length. */
static size_t
print_path(char *to, size_t size, const struct place *at)
{
	size_t n;

	*to = '\0';
	if (at == NULL)
		return 0;
	n = print_path(to, size, at->up);
	if (n + 1 < size)
		snprintf(to + n, size - n, "%s%s", n > 0 ? "." : "", at->name);
	n += strlen(to + n);
	if (at->index != NO_INDEX && n + 1 < size)
		snprintf(to + n, size - n, "[%" PRIu64 "]", at->index);
	return n + strlen(to + n);
}

bool
store_fail(struct store *s, const struct place *at, const char *format, ...)
{
	char path[256];
	va_list args;
	int n = 0;

	if (s->failed)
		return false;
	s->failed = true;
	print_path(path, sizeof path, at);
	if (*path != '\0')
		n = snprintf(s->why, sizeof s->why, "member '%s': ", path);
	va_start(args, format);
	vsnprintf(s->why + n, sizeof s->why - (size_t)n, format, args);
	va_end(args);
	return false;
}

static bool
wrong_kind(struct store *s, const struct json_node *n, const char *expected,
    const struct place *at)
{
	return store_fail(
	    s, at, "%s is expected, not %s", expected, json_kind_name(n->kind));
}

/* Looking up */

static struct json_node *
first_of(struct json_node *n)
{
	return n + 1;
}

static struct json_node *
next_of(const struct store *s, const struct json_node *n)
{
	return &s->json->node[n->after];
}

static const struct json_node *
end_of(const struct store *s, const struct json_node *n)
{
	return &s->json->node[n->after];
}

/* The member of that name, used from here on, or NULL. */
static struct json_node *
find(const struct store *s, struct json_node *object, const char *name)
{
	struct json_node *n = first_of(object);

	for (; n < end_of(s, object); n = next_of(s, n))
		if (!n->used && strcmp(n->key, name) == 0) {
			n->used = true;
			return n;
		}
	return NULL;
}

/* Which member of the shape has that name, cases included? */
static const struct shape_member *
member_called(const struct store *s, const struct shape_struct *st,
    const char *name, struct nearest *near)
{
	const struct shape_member *m = &s->d->shape.member[st->first];

	for (unsigned i = 0; i < st->count; i++) {
		if (m[i].name[0] == '\0')
			continue;
		if (strcmp(m[i].name, name) == 0)
			return &m[i];
		nearest_try(near, name, m[i].name);
	}
	return NULL;
}

/* Everything that is there has to have been used. */
static bool
check_rest(struct store *s, const struct shape_struct *st,
    struct json_node *object, const struct place *at)
{
	struct json_node *n = first_of(object), *o;
	struct nearest near = { NULL, 0 };
	const struct shape_member *m;

	while (n < end_of(s, object) && n->used)
		n = next_of(s, n);
	if (n == end_of(s, object))
		return true;
	for (o = first_of(object); o < end_of(s, object); o = next_of(s, o))
		if (o->used && strcmp(o->key, n->key) == 0)
			return store_fail(
			    s, at, "a second member '%s'", n->key);
	m = member_called(s, st, n->key, &near);
	if (m != NULL && m->since)
		return store_fail(s, at,
		    "'%s' is there since version %" PRIu64 " only", n->key,
		    m->number);
	if (m != NULL)
		return store_fail(
		    s, at, "'%s' is of another case of the union", n->key);
	if (near.word != NULL)
		return store_fail(s, at,
		    "no member '%s' in the shape; did you mean '%s'?", n->key,
		    near.word);
	return store_fail(s, at, "no member '%s' in the shape", n->key);
}

/* Members */

static bool
store_inner(struct store *s, const struct shape_member *m, struct json_node *n,
    const struct place *at)
{
	if (n->kind != JSON_OBJECT)
		return wrong_kind(s, n, "an object", at);
	return store_members(s, &s->d->shape.structs[m->inner], n, at);
}

/* A length, which is known only later: it is put in its place then. */
static bool
store_message(struct store *s, const struct shape_member *m,
    struct json_node *n, const struct place *at)
{
	struct cask_ar *ar = &s->d->ar;
	uint32_t length = 0;
	size_t place;

	if (cask_flush(ar) != 0)
		return store_fail(s, at, "%s", cask_why(ar));
	place = s->mem.length;
	cask_u32_named(ar, &length, m->name);
	if (!store_inner(s, m, n, at))
		return false;
	if (cask_flush(ar) != 0)
		return store_fail(s, at, "%s", cask_why(ar));
	length = (uint32_t)(s->mem.length - place - 4);
	put_length(s->mem.data + place, length, ar->big_endian);
	return true;
}

static bool
store_one(struct store *s, const struct shape_member *m, struct json_node *n,
    const struct place *at)
{
	if (m->message)
		return store_message(s, m, n, at);
	if (m->kind == SHAPE_STRUCT)
		return store_inner(s, m, n, at);
	return store_leaf(s, m, n, at);
}

/* How many there have to be: false if a negative number says it. */
static bool
how_many(struct store *s, const struct shape_member *m, uint64_t *most,
    const struct place *at)
{
	const struct shape_member *by = &s->d->shape.member[m->by];

	*most = m->size;
	if (m->many != SHAPE_COUNTED)
		return true;
	*most = s->d->value[m->by];
	if (!shape_is_signed(by->kind) || *most <= INT64_MAX)
		return true;
	return store_fail(s, at, "'%s' is negative", by->name);
}

static bool
check_count(struct store *s, const struct shape_member *m, uint64_t n,
    const char *what, const struct place *at)
{
	uint64_t most;

	if (!how_many(s, m, &most, at))
		return false;
	if (m->many == SHAPE_REST || n == most)
		return true;
	if (m->many == SHAPE_COUNTED)
		return store_fail(s, at, "%" PRIu64 " %s, but '%s' is %" PRIu64,
		    n, what, s->d->shape.member[m->by].name, most);
	return store_fail(
	    s, at, "%" PRIu64 " %s, but there are %" PRIu64, n, what, most);
}

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p != NULL ? (int)((p - digits) % 16) : -1;
}

static bool
store_bytes(struct store *s, const struct shape_member *m,
    const struct json_node *n, const struct place *at)
{
	struct cask_ar *ar = &s->d->ar;
	unsigned char piece[PIECE];
	size_t k = 0;

	if (n->kind != JSON_TEXT)
		return wrong_kind(s, n, "text of hexadecimal digits", at);
	for (size_t i = 0; i < n->n; i++)
		if (hex(n->text[i]) < 0)
			return store_fail(
			    s, at, "character %zu is no hexadecimal digit", i);
	if (n->n % 2 != 0)
		return store_fail(s, at, "half a byte at the end");
	if (!check_count(s, m, n->n / 2, "bytes", at))
		return false;
	for (size_t i = 0; i < n->n; i += 2) {
		piece[k++] =
		    (unsigned char)(hex(n->text[i]) << 4 | hex(n->text[i + 1]));
		if (k < PIECE && i + 2 < n->n)
			continue;
		cask_bytes_named(ar, piece, k, m->name);
		k = 0;
	}
	return ar->err == 0 || store_fail(s, at, "%s", cask_why(ar));
}

static bool
store_many(struct store *s, const struct shape_member *m, struct json_node *n,
    const struct place *up)
{
	struct place at = { up, m->name, NO_INDEX };
	struct json_node *e;

	if (m->many == SHAPE_ONE)
		return store_one(s, m, n, &at);
	if (m->kind == SHAPE_BYTES)
		return store_bytes(s, m, n, &at);
	if (n->kind != JSON_ARRAY)
		return wrong_kind(s, n, "an array", &at);
	if (!check_count(s, m, n->n, "elements", &at))
		return false;
	at.index = 0;
	for (e = first_of(n); e < end_of(s, n); e = next_of(s, e)) {
		if (!store_one(s, m, e, &at))
			return false;
		at.index++;
	}
	return true;
}

static bool
store_named(struct store *s, const struct shape_member *m,
    struct json_node *object, const struct place *at)
{
	struct json_node *n = find(s, object, m->name);

	if (n == NULL)
		return store_fail(s, at, "member '%s' is missing", m->name);
	return store_many(s, m, n, at);
}

static bool
store_optional(struct store *s, const struct shape_member *m,
    struct json_node *object, const struct place *at)
{
	struct json_node *n = find(s, object, m->name);
	bool there = n != NULL && n->kind != JSON_NULL;

	cask_bool_named(&s->d->ar, &there, m->name);
	return !there || store_many(s, m, n, at);
}

static bool
store_union(struct store *s, const struct shape_member *u,
    struct json_node *object, const struct place *at)
{
	const struct shape_member *by = &s->d->shape.member[u->by];
	uint64_t kind = s->d->value[u->by];
	struct place named = { at, by->name, NO_INDEX };

	for (unsigned i = 1; i <= u->cases; i++)
		if (u[i].value == kind)
			return u[i].kind == SHAPE_NOTHING ||
			    store_named(s, &u[i], object, at);
	if (shape_is_signed(by->kind))
		return store_fail(
		    s, &named, "no case for %" PRId64, (int64_t)kind);
	return store_fail(s, &named, "no case for %" PRIu64, kind);
}

static bool
is_too_old(const struct store *s, const struct shape_member *m, uint64_t schema)
{
	uint64_t version = s->d->value[m->version];

	if (m->schema)
		return schema < m->number;
	return m->since &&
	    (version < m->number ||
		(shape_is_signed(s->d->shape.member[m->version].kind) &&
		    version > INT64_MAX));
}

static bool
store_member(struct store *s, const struct shape_member *m,
    struct json_node *object, const struct place *at)
{
	if (m->kind == SHAPE_UNION)
		return store_union(s, m, object, at);
	if (m->kind == SHAPE_NOTHING)
		return true;
	if (m->optional)
		return store_optional(s, m, object, at);
	return store_named(s, m, object, at);
}

/* Is something of the object still to be stored?  If not, a message that
 * extends ends here, as one of an older end does. */
static bool
is_left(const struct store *s, struct json_node *object)
{
	struct json_node *n = first_of(object);

	while (n < end_of(s, object) && n->used)
		n = next_of(s, n);
	return n < end_of(s, object);
}

/* What newer ends have added to a message. */
static const struct shape_member added = {
	.name = "+", .kind = SHAPE_BYTES, .many = SHAPE_REST
};

static bool
store_added(struct store *s, struct json_node *object, const struct place *at)
{
	struct json_node *n = find(s, object, added.name);

	return n == NULL || store_many(s, &added, n, at);
}

static bool
store_members(struct store *s, const struct shape_struct *st,
    struct json_node *object, const struct place *at)
{
	struct dump *d = s->d;
	const struct shape_member *m = &d->shape.member[st->first];
	const struct shape_member *end = m + st->count;
	bool around = d->ar.big_endian;

	if (st->order != SHAPE_AS_AROUND)
		d->ar.big_endian = st->order == SHAPE_BIG;
	for (; m < end; m += 1 + m->cases) {
		d->value[m - d->shape.member] = 0;
		if (m->kind == SHAPE_EXTENDS && !is_left(s, object))
			break;
		if (m->kind == SHAPE_EXTENDS || is_too_old(s, m, st->schema))
			continue;
		if (!store_member(s, m, object, at))
			return false;
	}
	if (st->extends && !store_added(s, object, at))
		return false;
	d->ar.big_endian = around;
	return check_rest(s, st, object, at);
}

/* The whole */

void
put_length(unsigned char to[4], uint32_t length, bool big_endian)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (unsigned char)(length >>
		    (big_endian ? 24 - 8 * i : 8 * i));
}

static bool
store_whole(struct store *s)
{
	struct dump *d = s->d;
	struct json_node *whole = s->json->node;
	uint32_t length = 0;

	if (whole->kind != JSON_OBJECT)
		return wrong_kind(s, whole, "an object", NULL);
	if (s->framed)
		cask_u32_named(&d->ar, &length, "length");
	if (!store_members(
		s, &d->shape.structs[d->shape.outermost], whole, NULL))
		return false;
	if (cask_flush(&d->ar) != 0)
		return store_fail(s, NULL, "%s", cask_why(&d->ar));
	if (s->framed)
		put_length(s->mem.data, (uint32_t)(s->mem.length - 4),
		    d->ar.big_endian);
	return true;
}

bool
store_json(struct store *s)
{
	struct dump *d = s->d;
	bool around = d->ar.big_endian, ok;

	s->failed = false;
	d->value = d->values[0];
	cask_store(&d->ar, cask_mem_grow(&s->mem, STORE_MOST));
	ok = store_whole(s);
	d->ar.big_endian = around;
	return ok;
}

/* Each struct is looked at once, in however many members it is. */
static const char *
obstacle_in(const struct shape *shape, unsigned which, bool *seen)
{
	const struct shape_struct *st = &shape->structs[which];
	const struct shape_member *m = &shape->member[st->first];
	const char *name = NULL;

	if (seen[which])
		return NULL;
	seen[which] = true;
	for (unsigned i = 0; i < st->count && name == NULL; i++) {
		if (m[i].kind == SHAPE_OBJECT || m[i].kind == SHAPE_BASE ||
		    m[i].kind == SHAPE_SCHEMA || m[i].kind == SHAPE_MAP)
			name = m[i].name[0] != '\0' ? m[i].name : st->name;
		else if (m[i].kind == SHAPE_STRUCT)
			name = obstacle_in(shape, m[i].inner, seen);
	}
	return name;
}

const char *
store_obstacle(const struct shape *shape)
{
	bool seen[STRUCTS] = { false };

	return obstacle_in(shape, shape->outermost, seen);
}
