/*
 * Standard input of cask cat.  See cat.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cat.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DATAGRAM 8192 /* bytes of input that go into one */

/* Is anybody there to take it? */
static bool
can_go_on(const struct cat *c)
{
	return !c->ending && peers_take(c);
}

static void
stop(struct input *in)
{
	if (in->watching)
		cask_watch_stop(&in->watch);
	in->watching = false;
}

/* Lines of JSON */

/* A wrong one ends the command, but what was typed may be typed again. */
static void
refuse(struct cat *c, const char *why)
{
	complain("line %llu: %s", (unsigned long long)c->input.line, why);
	if (!c->input.is_terminal)
		cat_end(c, EXIT_BAD_DATA);
}

static bool
is_blank(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strchr(" \t\r", line[i]) == NULL || line[i] == '\0')
			return false;
	return true;
}

/* Send what n bytes say, behind which there is room for one more. */
static void
take_line(struct cat *c, char *line, size_t n)
{
	struct store *s = &c->store;

	c->input.line++;
	if (is_blank(line, n))
		return;
	if (!json_read(&c->input.json, line, n)) {
		refuse(c, c->input.json.why);
		return;
	}
	if (store_json(s))
		peers_send(c, s->mem.data, s->mem.length);
	else
		refuse(c, s->why);
	cask_mem_close(&s->mem);
}

/* One line, if there is a whole one; what the input ends with is one, too. */
static bool
next_line(struct cat *c)
{
	struct input *in = &c->input;
	struct queue *q = &in->lines;
	unsigned char *at = queue_front(q), *lf = NULL;
	size_t n;

	if (q->n > in->scanned)
		lf = memchr(at + in->scanned, '\n', q->n - in->scanned);
	in->scanned = q->n;
	n = lf != NULL ? (size_t)(lf - at) : q->n;
	if (n > LINE_MOST) {
		in->line++;
		refuse(c, "longer than 16 MiB");
		cat_end(c, EXIT_BAD_DATA);
		return false;
	}
	if (lf == NULL && (!in->ended || q->n == 0))
		return false;
	if (lf == NULL && queue_room(q, 1) == NULL) {
		cat_no_memory(c);
		return false;
	}
	take_line(c, (char *)queue_front(q), n);
	queue_take(q, lf != NULL ? n + 1 : n);
	in->scanned = 0;
	return true;
}

/* Reading */

static void
on_readable(struct cask_watch *w, int events)
{
	struct cat *c = w->user;
	struct input *in = &c->input;
	unsigned char buf[CHUNK];
	ssize_t n;

	(void)events;
	n = read(STDIN_FILENO, buf,
	    c->datagram && !c->dump.shaped ? DATAGRAM : CHUNK);
	if (n < 0 &&
	    (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n < 0) {
		complain("standard input: %s", cask_strerror(errno));
		cat_end(c, EXIT_FAILED);
	}
	in->ended = n <= 0;
	if (n <= 0)
		return;
	cat_moved(c, (size_t)n);
	if (!c->dump.shaped)
		peers_send(c, buf, (size_t)n);
	else if (!queue_put(&in->lines, buf, (size_t)n))
		cat_no_memory(c);
	input_step(c);
}

void
input_open(struct cat *c)
{
	c->input.ended = c->input.over = c->no_input;
	c->input.is_terminal = isatty(STDIN_FILENO) == 1;
}

void
input_step(struct cat *c)
{
	struct input *in = &c->input;
	bool wanted;
	int err;

	while (can_go_on(c) && next_line(c))
		continue;
	in->over = in->ended && in->lines.n == 0;
	wanted = !in->ended && can_go_on(c);
	if (!wanted)
		stop(in);
	if (!wanted || in->watching)
		return;
	in->watch = (struct cask_watch) { .fd = STDIN_FILENO,
		.events = CASK_READABLE,
		.ready = on_readable,
		.user = c };
	err = cask_watch_start(&in->watch);
	in->watching = err == 0;
	if (err != 0) {
		complain("standard input: %s", cask_strerror(err));
		cat_end(c, EXIT_FAILED);
	}
}

void
input_close(struct cat *c)
{
	stop(&c->input);
	queue_free(&c->input.lines);
	json_free(&c->input.json);
}
