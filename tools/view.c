/*
 * A direction, as a shape says.  See view.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "view.h"

#define STACK (1 << 20) /* bytes: objects nest 100 deep */
#define PRINTED_MOST \
	(1 << 20) /* bytes: a message this long is shown in parts */

struct view {
	struct cask_io io; /* what the tape reads */
	struct dump dump;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turned;
	bool walks; /* whose turn it is */
	bool ended; /* no more bytes will come */
	bool done;  /* the walk is over */
	const unsigned char *bytes;
	size_t n;
	char *printed; /* by open_memstream */
	size_t size;
	size_t whole; /* so much of it are whole messages */
	size_t taken;
};

static struct view *
view_of(struct cask_io *io)
{
	return (struct view *)(void *)io; /* its first member */
}

/* Give the turn to the other one, and wait until it comes back. */
static void
turn(struct view *v, bool walks)
{
	pthread_mutex_lock(&v->lock);
	v->walks = walks;
	pthread_cond_broadcast(&v->turned);
	while (v->walks == walks)
		pthread_cond_wait(&v->turned, &v->lock);
	pthread_mutex_unlock(&v->lock);
}

/* The walk's thread */

static ptrdiff_t
view_read(struct cask_io *io, void *buf, size_t size)
{
	struct view *v = view_of(io);
	size_t n;

	while (v->n == 0 && !v->ended)
		turn(v, false);
	n = v->n < size ? v->n : size;
	if (n == 0)
		return 0;
	memcpy(buf, v->bytes, n);
	v->bytes += n;
	v->n -= n;
	return (ptrdiff_t)n;
}

static void
note_whole(struct dump *d)
{
	struct view *v = d->user;

	fflush(d->out);
	v->whole = (size_t)ftello(d->out);
}

static void *
view_main(void *arg)
{
	struct view *v = arg;
	struct dump *d = &v->dump;

	pthread_mutex_lock(&v->lock);
	while (!v->walks)
		pthread_cond_wait(&v->turned, &v->lock);
	pthread_mutex_unlock(&v->lock);
	if (!walk_on(d) && d->tape.io.err == 0)
		show_wrong(d);
	note_whole(d);
	pthread_mutex_lock(&v->lock);
	v->done = true;
	v->walks = false;
	pthread_cond_broadcast(&v->turned);
	pthread_mutex_unlock(&v->lock);
	return NULL;
}

/* The other side */

static const struct cask_io_table table = {
	.name = "proxy",
	.read = view_read,
};

/* Some systems give a thread less than a walk may need. */
static bool
start_thread(struct view *v)
{
	pthread_attr_t attr;
	bool well;

	if (pthread_attr_init(&attr) != 0)
		return false;
	well = pthread_attr_setstacksize(&attr, STACK) == 0 &&
	    pthread_create(&v->thread, &attr, view_main, v) == 0;
	pthread_attr_destroy(&attr);
	return well;
}

static bool
view_start(struct view *v)
{
	if (v->dump.out == NULL)
		return false;
	pthread_mutex_init(&v->lock, NULL);
	pthread_cond_init(&v->turned, NULL);
	if (start_thread(v))
		return true;
	pthread_cond_destroy(&v->turned);
	pthread_mutex_destroy(&v->lock);
	return false;
}

struct view *
view_open(const struct shape *shape)
{
	struct view *v = calloc(1, sizeof *v);

	if (v == NULL)
		return NULL;
	v->io.table = &table;
	v->dump.shape = *shape;
	v->dump.shaped = true;
	v->dump.show = &show_people;
	v->dump.whole = note_whole;
	v->dump.user = v;
	v->dump.out = open_memstream(&v->printed, &v->size);
	tape_over(&v->dump.tape, &v->io);
	if (view_start(v))
		return v;
	if (v->dump.out != NULL)
		fclose(v->dump.out);
	free(v->printed);
	free(v);
	return NULL;
}

void
view_feed(struct view *v, const unsigned char *bytes, size_t n)
{
	if (v->done)
		return;
	v->bytes = bytes;
	v->n = n;
	v->ended = n == 0;
	turn(v, true);
}

/* When all of it was taken, it begins anew. */
const char *
view_take(struct view *v, size_t *n)
{
	FILE *f = v->dump.out;
	const char *from;

	if (v->taken > 0 && fflush(f) == 0 && ftello(f) == (off_t)v->taken) {
		rewind(f);
		v->taken = v->whole = 0;
	}
	fflush(f);
	if (ftello(f) - (off_t)v->taken > PRINTED_MOST)
		v->whole = (size_t)ftello(f);
	*n = v->whole - v->taken;
	from = v->printed + v->taken;
	v->taken = v->whole;
	return *n > 0 ? from : NULL;
}

const char *
view_why(struct view *v, uint64_t *at, const unsigned char **left, size_t *n)
{
	struct tape *t = &v->dump.tape;

	if (!v->done || v->dump.ar.err == 0)
		return NULL;
	*at = tape_at(t);
	*left = t->data != NULL ? t->data + t->mark : NULL;
	*n = t->filled - t->mark;
	return cask_why(&v->dump.ar);
}

void
view_close(struct view *v)
{
	if (v == NULL)
		return;
	view_feed(v, NULL, 0);
	pthread_join(v->thread, NULL);
	pthread_cond_destroy(&v->turned);
	pthread_mutex_destroy(&v->lock);
	fclose(v->dump.out);
	free(v->printed);
	tape_close(&v->dump.tape);
	free(v);
}
