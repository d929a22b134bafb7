/*
 * What cask dump prints for Graphviz: a node for each object, with its values,
 * and an edge for each pointer.  See dump.h.
 *
 * A node is printed when its object has ended, since other objects stand within
 * it: as many are kept as objects nest, and of each as much as fits in a node
 * that can be looked at.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "words.h"

#define LINES_MOST   24
#define LINE_COLUMNS 48
#define LINE_SIZE    (4 * LINE_COLUMNS + 1)

/* A node in the making; the outermost struct has one, too: number 0. */
struct node {
	uint32_t number;
	bool hidden; /* it is secret */
	unsigned lines;
	char title[TOKEN_NAME_MOST + 64];
	char line[LINES_MOST][LINE_SIZE + 3];
};

static struct node root;

static struct node *
node_of(const struct dump *d)
{
	const struct follow *f = d->follow;

	if (f != NULL && f->node == NULL)
		f = f->up; /* it leads out of that */
	return f != NULL && f->node != NULL ? f->node : &root;
}

/* In a label \ and & mean something, too. */
static void
print_label(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s == '&')
			fputs("&amp;", stdout);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else
			putchar(*s);
}

static void
print_name(uint32_t number)
{
	if (number > 0)
		printf("n%" PRIu32, number);
	else
		fputs("stream", stdout);
}

static void
print_node(const struct node *n)
{
	if (n->hidden)
		return;
	fputs("\t", stdout);
	print_name(n->number);
	fputs(" [label=\"", stdout);
	print_label(n->title);
	for (unsigned i = 0; i < n->lines && i < LINES_MOST; i++) {
		fputs(i > 0 ? "\\l" : "\\n", stdout);
		print_label(n->line[i]);
	}
	if (n->lines > LINES_MOST)
		printf("\\land %u more", n->lines - LINES_MOST);
	fputs(n->lines > 0 ? "\\l\"];\n" : "\"];\n", stdout);
}

static void
print_edge(const struct dump *d, const struct node *from, uint32_t to)
{
	fputs("\t", stdout);
	print_name(from->number);
	printf(" -> n%" PRIu32 " [label=\"", to);
	print_label(d->path + d->path_from);
	fputs("\"];\n", stdout);
}

/* Lines: as much of each as fits. */

static void
add_line(struct dump *d, const char *words)
{
	struct node *n = node_of(d);
	char line[LINE_SIZE], *to;

	if (n->lines++ >= LINES_MOST)
		return;
	snprintf(line, sizeof line, "%s = %s", d->path + d->path_from, words);
	to = printable(n->line[n->lines - 1], LINE_SIZE, line);
	if (columns_of(to) <= LINE_COLUMNS)
		return;
	cut_to(to, LINE_COLUMNS - 3);
	memcpy(to + strlen(to), "...", sizeof "...");
}

static void
dot_leaf(struct dump *d, const char *key, const struct leaf *leaf)
{
	char *words = NULL;
	size_t size;
	FILE *f;

	(void)key; /* the path tells */
	if (d->secret > 0 || node_of(d)->lines >= LINES_MOST) {
		add_line(d, "***");
		return;
	}
	f = open_memstream(&words, &size);
	if (f != NULL)
		print_value(f, leaf);
	if (f == NULL || fclose(f) != 0)
		cask_fail_named(&d->ar, d, "label", errno, "no memory for it");
	else
		add_line(d, words);
	free(words);
}

static void
dot_absent(struct dump *d, const char *key)
{
	(void)key;
	(void)d;
}

/* Objects */

static void
title_node(struct node *n, const struct sight *s, bool secret)
{
	n->number = s->number;
	n->hidden = secret;
	n->lines = 0;
	snprintf(n->title, sizeof n->title, "#%" PRIu32 " %s%s", s->number,
	    s->class_name, s->mapped ? " (mapped)" : "");
}

static void
begin_node(struct dump *d, const struct sight *s)
{
	struct node *n = d->follow->node;

	if (n != NULL)
		print_node(n);
	else
		d->follow->node = n = calloc(1, sizeof *n);
	if (n == NULL)
		cask_fail_named(
		    &d->ar, d, s->class_name, ENOMEM, "no memory for its node");
	else
		title_node(n, s, d->secret > 0);
}

static void
dot_object(struct dump *d, const char *key, const struct sight *s)
{
	struct node mapped;
	char words[32];

	(void)key;
	if (s->mapped) {
		title_node(&mapped, s, d->secret > 0);
		print_node(&mapped);
	} else if (d->secret > 0) {
		add_line(d, "***");
	} else if (s->number > 0) {
		print_edge(d, node_of(d), s->number);
	} else if (s->class_name == NULL) {
		add_line(d, "null");
	} else {
		snprintf(words, sizeof words, "schema %" PRIu64, s->schema);
		add_line(d, words);
	}
	if (s->is_new)
		begin_node(d, s);
}

static void
dot_object_end(struct dump *d, bool chained)
{
	(void)chained;
	if (d->follow->node != NULL)
		print_node(d->follow->node);
	free(d->follow->node);
}

/* The first brace is the whole. */
static void
dot_begin(struct dump *d, const char *key, char bracket)
{
	(void)bracket;
	if (key != NULL || d->path_length > 0)
		return;
	root = (struct node) { .title = "stream" };
	puts("digraph cask {\n\tnode [shape=box];");
}

static void
dot_end(struct dump *d, char bracket)
{
	(void)d;
	(void)bracket;
}

static void
dot_bytes(struct dump *d, const char *key)
{
	(void)d;
	(void)key;
}

static void
dot_bytes_end(struct dump *d)
{
	(void)d;
}

void
dot_finish(void)
{
	print_node(&root);
	puts("}");
}

const struct show show_dot = {
	.begin = dot_begin,
	.end = dot_end,
	.leaf = dot_leaf,
	.absent = dot_absent,
	.bytes = dot_bytes,
	.bytes_end = dot_bytes_end,
	.object = dot_object,
	.object_end = dot_object_end,
};
