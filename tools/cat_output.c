/*
 * Standard output of cask cat.  See cat.h.
 *
 * It may be a pipe that nobody reads.  The descriptor is shared with others, so
 * that it is not made non-blocking; what is written at once is what does not
 * block once it is writable: of a pipe, PIPE_BUF bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cat.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FULL CHUNK /* bytes that wait */

#ifndef PIPE_BUF
#define PIPE_BUF _POSIX_PIPE_BUF
#endif

static enum { KIND_UNKNOWN, KIND_FILE, KIND_SOCKET, KIND_OTHER } kind;

static void
find_kind(void)
{
	struct stat st;

	kind = KIND_OTHER;
	if (fstat(STDOUT_FILENO, &st) != 0)
		return;
	if (S_ISREG(st.st_mode))
		kind = KIND_FILE;
	else if (S_ISSOCK(st.st_mode))
		kind = KIND_SOCKET;
}

static ssize_t
write_some(const void *p, size_t n)
{
	if (kind == KIND_SOCKET)
		return send(STDOUT_FILENO, p, n, MSG_DONTWAIT);
	if (kind == KIND_OTHER && n > PIPE_BUF)
		n = PIPE_BUF;
	return write(STDOUT_FILENO, p, n);
}

static bool
is_writable(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) == 1;
}

static void
on_writable(struct cask_watch *w, int events)
{
	struct cat *c = w->user;
	struct queue *q = &c->output.queue;
	ssize_t n = 0;

	(void)events;
	while (q->n > 0 && (n == 0 || is_writable())) {
		n = write_some(queue_front(q), q->n);
		if (n <= 0)
			break;
		queue_take(q, (size_t)n);
		c->active = now_ms();
		cat_moved(c, (size_t)n);
	}
	if (n >= 0 || errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK)
		return;
	complain("standard output: %s", cask_strerror(errno));
	queue_free(q);
	cat_end(c, EXIT_FAILED);
}

bool
output_has_room(const struct cat *c)
{
	return c->output.queue.n < FULL;
}

void
output_put(struct cat *c, const void *bytes, size_t n)
{
	if (!queue_put(&c->output.queue, bytes, n))
		cat_no_memory(c);
}

void
output_step(struct cat *c)
{
	struct output *o = &c->output;

	if (o->queue.n == 0)
		output_close(c);
	if (o->queue.n == 0 || o->watching)
		return;
	if (kind == KIND_UNKNOWN)
		find_kind();
	o->watch = (struct cask_watch) { .fd = STDOUT_FILENO,
		.events = CASK_WRITABLE,
		.ready = on_writable,
		.user = c };
	o->watching = cask_watch_start(&o->watch) == 0;
	if (!o->watching)
		on_writable(&o->watch, CASK_WRITABLE);
}

void
output_close(struct cat *c)
{
	if (c->output.watching)
		cask_watch_stop(&c->output.watch);
	c->output.watching = false;
}
