/*
 * What cask dump prints for people: a line a value.  See dump.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dump.h"

#define PER_LINE 8

/* Lines */

static void
print_hex(FILE *f, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%02x ", p[i]);
	fprintf(f, "%*s", (int)(3 * (PER_LINE - n)), "");
}

/* Where the value in hand is, its first bytes, its type and its path, which is
 * that within the object, as far in as objects are around it. */
static void
begin_line(const struct dump *d, size_t n)
{
	fprintf(d->out, "%6" PRIu64 "  ", tape_at(&d->tape));
	if (d->secret > 0)
		n = 0;
	print_hex(
	    d->out, d->tape.data + d->tape.mark, n < PER_LINE ? n : PER_LINE);
	fprintf(d->out, " %-7s %*s%s", d->type, (int)(2 * d->level), "",
	    d->path + d->path_from);
}

/* The rest of its n bytes. */
static void
more_lines(const struct dump *d, size_t n)
{
	const unsigned char *p = d->tape.data + d->tape.mark;

	fputc('\n', d->out);
	if (d->secret > 0)
		return;
	for (size_t i = PER_LINE; i < n && !output_is_broken(); i += PER_LINE) {
		size_t last = n - i < PER_LINE ? n - i : PER_LINE;

		fprintf(d->out, "%6" PRIu64 " ", tape_at(&d->tape) + i);
		for (size_t k = 0; k < last; k++)
			fprintf(d->out, " %02x", p[i + k]);
		fputc('\n', d->out);
	}
}

static void
show_leaf(struct dump *d, const char *key, const struct leaf *leaf)
{
	size_t n = d->tape.next - d->tape.mark;

	(void)key; /* the path tells */
	begin_line(d, n);
	fputs(" = ", d->out);
	if (d->secret > 0)
		fputs("***", d->out);
	else
		print_value(d->out, leaf);
	more_lines(d, n);
}

/* Of a value that took no bytes, those that are there: they are wrong. */
void
show_wrong(struct dump *d)
{
	size_t n = d->tape.next - d->tape.mark;

	if (n == 0)
		n = tape_peek(&d->tape, PER_LINE);
	begin_line(d, n);
	fputs(" <- stopped here", d->out);
	more_lines(d, n);
}

/* The first brace is the whole. */
static void
show_begin(struct dump *d, const char *key, char bracket)
{
	(void)bracket;
	if (key == NULL && d->path_length == 0)
		fprintf(d->out, "%6s  %-*s %-7s name = value\n", "byte",
		    3 * PER_LINE, "hex", "type");
}

static void
show_end(struct dump *d, char bracket)
{
	(void)d;
	(void)bracket;
}

static void
show_nothing(struct dump *d, const char *key)
{
	(void)d;
	(void)key;
}

static void
show_no_more(struct dump *d)
{
	(void)d;
}

/* "#3 CNode (class #2, schema 1)", "#3", "null", "schema 1" */
static void
print_sight(FILE *f, const struct sight *s)
{
	if (s->number > 0)
		fprintf(f, "#%" PRIu32, s->number);
	else if (s->class_name == NULL)
		fputs("null", f);
	if (s->is_new || s->mapped)
		fprintf(f, " %s", s->class_name);
	if (s->mapped)
		fputs(" (mapped)", f);
	if (s->of > 0 && s->number > 0)
		fprintf(f, " (class #%" PRIu32 ", schema %" PRIu64 ")", s->of,
		    s->schema);
	else if (s->of > 0)
		fprintf(f, "#%" PRIu32 " schema %" PRIu64, s->of, s->schema);
	else if (s->number == 0 && s->class_name != NULL)
		fprintf(f, "schema %" PRIu64, s->schema);
}

static void
show_object(struct dump *d, const char *key, const struct sight *sight)
{
	size_t n = d->tape.next - d->tape.mark;

	(void)key;
	begin_line(d, n);
	fputs(" = ", d->out);
	if (d->secret > 0)
		fputs("***", d->out);
	else
		print_sight(d->out, sight);
	more_lines(d, n);
}

static void
show_object_end(struct dump *d, bool chained)
{
	(void)d;
	(void)chained;
}

const struct show show_people = {
	.begin = show_begin,
	.end = show_end,
	.leaf = show_leaf,
	.absent = show_nothing,
	.bytes = show_nothing,
	.bytes_end = show_no_more,
	.object = show_object,
	.object_end = show_object_end,
};
