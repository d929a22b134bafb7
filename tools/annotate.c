/*
 * What cask proxy shows.  See annotate.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "annotate.h"

#include <cask.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "dump.h"
#include "term.h"
#include "view.h"
#include "words.h"

#define WORDS_SIZE 240

/* In the queue: an event, its words, and its bytes. */
struct item {
	struct item *next;
	struct event event;
	struct endpoint ends[2];
	char words[WORDS_SIZE];
	unsigned char bytes[];
};

/* What is shown by a shape: a direction of a connection. */
struct watched {
	struct watched *next;
	unsigned connection;
	enum way way;
	struct view *view;
	bool wrong; /* it did not fit, and that was said */
};

/* What did not get into the queue. */
struct lost {
	uint64_t bytes;
	uint64_t lines; /* of events without any */
};

static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct item *first, **last;
	size_t held; /* bytes of the queue */
	struct lost lost;
	bool ending;
	bool broken; /* standard output */
	const struct shape *shape[WAYS];
	struct watched *watched; /* the thread's own */
} a;

/* Lines */

static const char *
arrow(enum way way)
{
	return way == TO_SERVER ? "->" : "<-";
}

static void
print_head(const struct event *e, bool one_way)
{
	enum style style = e->way == TO_SERVER ? STYLE_SENT : STYLE_RECEIVED;

	printf("%4" PRId64 ".%06d #%u ", e->us / 1000000,
	    (int)(e->us % 1000000), e->connection);
	if (one_way)
		printf("%s%s%s ", term_style(stdout, style), arrow(e->way),
		    term_style(stdout, STYLE_PLAIN));
}

static void
print_hex_lines(const unsigned char *p, size_t n, uint64_t at)
{
	for (size_t i = 0, k; i < n && !output_is_broken(); i += k) {
		k = n - i < BYTES_PER_LINE ? n - i : BYTES_PER_LINE;
		print_line(stdout, p + i, k, at + i);
	}
}

static void
print_plain(
    const struct event *e, const unsigned char *p, size_t n, uint64_t at)
{
	print_head(e, true);
	printf("%zu byte%s\n", n, n == 1 ? "" : "s");
	print_hex_lines(p, n, at);
}

/* By a shape */

static struct watched *
find(const struct event *e)
{
	struct watched *w = a.watched;

	while (
	    w != NULL && (w->connection != e->connection || w->way != e->way))
		w = w->next;
	return w;
}

static void
watch(const struct event *e, enum way way)
{
	struct watched *w;

	if (a.shape[way] == NULL)
		return;
	w = calloc(1, sizeof *w);
	if (w != NULL)
		w->view = view_open(a.shape[way]);
	if (w == NULL || w->view == NULL) {
		complain(
		    "#%u: no memory to show it by its shape", e->connection);
		free(w);
		return;
	}
	w->connection = e->connection;
	w->way = way;
	w->next = a.watched;
	a.watched = w;
}

static void
forget(struct watched *w)
{
	struct watched **p = &a.watched;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	view_close(w->view);
	free(w);
}

/* Whole messages, and what doesn't fit, with the bytes from there on. */
static void
print_view(struct watched *w, const struct event *e)
{
	const unsigned char *left;
	const char *text, *why;
	char clean[400];
	uint64_t at;
	size_t n;

	text = view_take(w->view, &n);
	if (text != NULL) {
		print_head(e, true);
		putchar('\n');
		fwrite(text, 1, n, stdout);
	}
	why = view_why(w->view, &at, &left, &n);
	if (why == NULL || w->wrong)
		return;
	w->wrong = true;
	print_head(e, true);
	printf("byte %" PRIu64 ": not as the shape says: %s\n", at,
	    printable(clean, sizeof clean, why));
	print_hex_lines(left, n, at);
}

static void
feed(struct watched *w, const struct event *e)
{
	size_t k;

	for (size_t i = 0; i < e->n; i += k) {
		k = e->n - i < VIEW_MOST ? e->n - i : VIEW_MOST;
		if (w->wrong) {
			print_plain(e, e->bytes + i, e->n - i, e->at + i);
			return;
		}
		view_feed(w->view, e->bytes + i, k);
		print_view(w, e);
	}
}

static void
end_view(const struct event *e, enum way way)
{
	struct event there = *e;
	struct watched *w;

	there.way = way;
	w = find(&there);
	if (w == NULL)
		return;
	view_feed(w->view, NULL, 0);
	print_view(w, &there);
	forget(w);
}

/* Events */

static void
print_open(const struct event *e)
{
	char client[ENDPOINT_SIZE], server[ENDPOINT_SIZE];

	print_head(e, false);
	printf("%s has connected, for %s\n",
	    endpoint_words(client, &e->ends[0]),
	    endpoint_words(server, &e->ends[1]));
	watch(e, TO_SERVER);
	watch(e, TO_CLIENT);
}

static void
print_words(const struct event *e, bool one_way, const char *before)
{
	char clean[WORDS_SIZE];

	print_head(e, one_way);
	printf("%s%s\n", before, printable(clean, sizeof clean, e->words));
}

static void
print_event(const struct event *e)
{
	struct watched *w;

	switch (e->kind) {
	case EVENT_OPEN:
		print_open(e);
		break;
	case EVENT_BYTES:
		w = find(e);
		if (w != NULL)
			feed(w, e);
		else
			print_plain(e, e->bytes, e->n, e->at);
		break;
	case EVENT_END:
		end_view(e, e->way);
		print_words(e, true, "ended");
		break;
	case EVENT_LOST:
		end_view(e, e->way);
		print_words(e, true, "lost: ");
		break;
	case EVENT_DEED:
	case EVENT_CUT:
		print_words(e, true, "");
		break;
	case EVENT_CLOSE:
		end_view(e, TO_SERVER);
		end_view(e, TO_CLIENT);
		print_words(e, false, "closed: ");
		break;
	}
}

/* The thread */

static struct item *
take(struct lost *lost)
{
	struct item *i;

	pthread_mutex_lock(&a.lock);
	while (a.first == NULL && !a.ending)
		pthread_cond_wait(&a.more, &a.lock);
	i = a.first;
	*lost = (struct lost) { 0, 0 };
	if (i != NULL) {
		a.first = i->next;
		a.held -= sizeof *i + i->event.n;
	}
	if (a.first == NULL) {
		a.last = &a.first;
		*lost = a.lost;
		a.lost = (struct lost) { 0, 0 };
	}
	pthread_mutex_unlock(&a.lock);
	return i;
}

static void
note_output(void)
{
	output_flush();
	if (!output_is_broken())
		return;
	pthread_mutex_lock(&a.lock);
	a.broken = true;
	pthread_mutex_unlock(&a.lock);
}

static void
print_lost(const struct lost *lost)
{
	if (lost->bytes > 0)
		printf("%" PRIu64 " bytes came too fast to be shown\n",
		    lost->bytes);
	if (lost->lines > 0)
		printf(
		    "%" PRIu64 " lines are missing: no memory\n", lost->lines);
}

static void *
annotate_main(void *arg)
{
	struct lost lost;
	struct item *i;

	(void)arg;
	do {
		i = take(&lost);
		if (i != NULL)
			print_event(&i->event);
		free(i);
		print_lost(&lost);
		note_output();
	} while (i != NULL);
	while (a.watched != NULL)
		forget(a.watched);
	return NULL;
}

/* The other side */

bool
annotate_begin(const struct shape *const shapes[WAYS])
{
	int err;

	a.shape[TO_SERVER] = shapes[TO_SERVER];
	a.shape[TO_CLIENT] = shapes[TO_CLIENT];
	a.last = &a.first;
	pthread_mutex_init(&a.lock, NULL);
	pthread_cond_init(&a.more, NULL);
	err = pthread_create(&a.thread, NULL, annotate_main, NULL);
	if (err != 0)
		complain("no thread to print: %s", cask_strerror(err));
	return err == 0;
}

static struct item *
item_of(const struct event *e)
{
	struct item *i = malloc(sizeof *i + e->n);

	if (i == NULL)
		return NULL;
	i->next = NULL;
	i->event = *e;
	if (e->n > 0)
		memcpy(i->bytes, e->bytes, e->n);
	snprintf(
	    i->words, sizeof i->words, "%s", e->words != NULL ? e->words : "");
	if (e->ends != NULL)
		memcpy(i->ends, e->ends, sizeof i->ends);
	i->event.bytes = i->bytes;
	i->event.words = i->words;
	i->event.ends = i->ends;
	return i;
}

void
annotate_event(const struct event *e)
{
	struct item *i = NULL;

	pthread_mutex_lock(&a.lock);
	if (e->n == 0 || a.held + sizeof *i + e->n <= ANNOTATE_MOST)
		i = item_of(e);
	if (i == NULL) {
		a.lost.bytes += e->n;
		a.lost.lines += e->n == 0;
	} else {
		a.held += sizeof *i + e->n;
		*a.last = i;
		a.last = &i->next;
		pthread_cond_signal(&a.more);
	}
	pthread_mutex_unlock(&a.lock);
}

bool
annotate_is_broken(void)
{
	bool broken;

	pthread_mutex_lock(&a.lock);
	broken = a.broken;
	pthread_mutex_unlock(&a.lock);
	return broken;
}

void
annotate_end(void)
{
	pthread_mutex_lock(&a.lock);
	a.ending = true;
	pthread_cond_signal(&a.more);
	pthread_mutex_unlock(&a.lock);
	pthread_join(a.thread, NULL);
	pthread_cond_destroy(&a.more);
	pthread_mutex_destroy(&a.lock);
}
