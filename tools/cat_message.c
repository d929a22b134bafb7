/*
 * What comes to cask cat, shown as a shape says.  See cat.h.
 *
 * A message is walked through as soon as something has come; what there is of
 * it may end anywhere, and then it is walked through again from its beginning
 * when more has come.  So nothing waits inside a message, whatever its shape;
 * where the shape has lengths, they tell how much has to come first.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

/* To print nothing: whether it is whole. */

static void
no_begin(struct dump *d, const char *key, char bracket)
{
	(void)d;
	(void)key;
	(void)bracket;
}

static void
no_end(struct dump *d, char bracket)
{
	(void)d;
	(void)bracket;
}

static void
no_leaf(struct dump *d, const char *key, const struct leaf *leaf)
{
	(void)d;
	(void)key;
	(void)leaf;
}

static void
nothing(struct dump *d, const char *key)
{
	(void)d;
	(void)key;
}

static void
no_more(struct dump *d)
{
	(void)d;
}

static void
no_object(struct dump *d, const char *key, const struct sight *sight)
{
	(void)d;
	(void)key;
	(void)sight;
}

static void
no_object_end(struct dump *d, bool chained)
{
	(void)d;
	(void)chained;
}

static const struct show show_none = {
	.begin = no_begin,
	.end = no_end,
	.leaf = no_leaf,
	.absent = nothing,
	.bytes = nothing,
	.bytes_end = no_more,
	.object = no_object,
	.object_end = no_object_end,
};

/* A walk */

static void
walk_through(struct dump *d, const struct arrival *a, const struct show *show)
{
	tape_use(&d->tape, a->data, a->n);
	if (a->whole)
		d->tape.end = a->n;
	d->show = show;
	walk(d);
}

/* More has to come, at least up to *n. */
static bool
is_cut(const struct dump *d, const struct arrival *a, size_t *n)
{
	const struct tape *t = &d->tape;
	uint64_t least = t->least;

	if (!t->lacks || a->whole || a->ended)
		return false;
	if (t->end != UINT64_MAX && t->end > least)
		least = t->end;
	*n = a->n + 1;
	if (least > *n)
		*n = least < SIZE_MAX ? (size_t)least : SIZE_MAX;
	return true;
}

static enum message
wrong(const struct arrival *a, const char *why)
{
	complain("message from %s: %s", a->from, why);
	return MESSAGE_WRONG;
}

static enum message
too_long(const struct arrival *a, size_t n)
{
	char why[80];

	snprintf(why, sizeof why, "%zu bytes long or longer, limit %d", n,
	    MESSAGE_MOST);
	return wrong(a, why);
}

/* What was walked through well has to be all of it. */
static bool
has_end(const struct dump *d, const struct arrival *a, char why[96])
{
	uint64_t at = cask_at(&d->ar);

	if (at == 0 && !a->whole)
		snprintf(why, 96, "the shape takes no byte");
	else if (a->whole && at < a->n)
		snprintf(why, 96,
		    "its %zu bytes hold %" PRIu64 " more than the shape says",
		    a->n, (uint64_t)a->n - at);
	else
		return true;
	return false;
}

/* Printing */

static void
print_head(const struct cat *c, const struct arrival *a, FILE *f)
{
	char name[CASK_PEER_SIZE];

	if (!c->several)
		return;
	if (!c->dump.json) {
		fprintf(f, "from %s\n", printable(name, sizeof name, a->from));
		return;
	}
	fputs("{\"peer\":", f);
	print_json_text(f, a->from);
	fputs(",\"message\":", f);
}

static void
print_tail(struct cat *c, FILE *f)
{
	struct dump *d = &c->dump;

	if (d->json)
		fputs(c->several ? "}\n" : "\n", f);
	else if (d->ar.err != 0 && d->tape.io.err == 0)
		show_wrong(d);
}

/* The text of it goes to *text, of size bytes, to be freed.  Half an object of
 * JSON is none. */
static enum message
print_message(struct cat *c, const struct arrival *a, FILE *f, size_t *n)
{
	struct dump *d = &c->dump;
	char why[96];

	d->out = f;
	print_head(c, a, f);
	walk_through(d, a, d->json ? &show_json : &show_people);
	if (is_cut(d, a, n))
		return MESSAGE_CUT;
	*n = (size_t)cask_at(&d->ar);
	print_tail(c, f);
	if (d->ar.err != 0)
		return wrong(a, cask_why(&d->ar));
	if (!has_end(d, a, why))
		return wrong(a, why);
	return MESSAGE_SHOWN;
}

static enum message
show_body(struct cat *c, const struct arrival *a, size_t *n)
{
	enum message result;
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	if (a->need > 0 && !a->whole) {
		walk_through(&c->dump, a, &show_none);
		if (is_cut(&c->dump, a, n))
			return *n > MESSAGE_MOST ? too_long(a, *n)
						 : MESSAGE_CUT;
	}
	f = open_memstream(&text, &size);
	if (f == NULL) {
		cat_no_memory(c);
		return MESSAGE_WRONG;
	}
	result = print_message(c, a, f, n);
	if (fclose(f) != 0)
		cat_no_memory(c);
	else if (result == MESSAGE_SHOWN ||
	    (result == MESSAGE_WRONG && !c->dump.json))
		output_put(c, text, size);
	free(text);
	if (result == MESSAGE_CUT && *n > MESSAGE_MOST)
		return too_long(a, *n);
	return result;
}

/* Its length is in front of it. */
static enum message
show_framed(struct cat *c, const struct arrival *a, size_t *n)
{
	struct arrival body = *a;
	enum message result;
	uint32_t length = 0;

	for (unsigned i = 0; i < 4 && i < a->n; i++)
		length |= (uint32_t)a->data[i]
		    << (c->dump.ar.big_endian ? 24 - 8 * i : 8 * i);
	*n = 4 + (size_t)(a->n < 4 ? 0 : length);
	if (a->n >= 4 && length > MESSAGE_MOST)
		return too_long(a, length);
	if (a->n < *n && a->ended)
		return wrong(a, "the stream ended inside it");
	if (a->n < *n)
		return MESSAGE_CUT;
	body.data += 4;
	body.n = length;
	body.whole = true;
	result = show_body(c, &body, n);
	*n = 4 + (size_t)length;
	return result;
}

enum message
message_show(struct cat *c, const struct arrival *a, size_t *n)
{
	enum message result;

	if (!c->framed)
		return show_body(c, a, n);
	result = show_framed(c, a, n);
	if (result != MESSAGE_SHOWN || !a->whole || *n == a->n)
		return result;
	return wrong(a, "bytes follow its end in the datagram");
}
