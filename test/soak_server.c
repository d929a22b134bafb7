/*
 * The server of `make soak`, in a process of its own.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "soak.h"

#include "../tools/bench_heap.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define BEAT_MS 20
#define HOUR_MS 3600000

#define PATIENCE_NS 20e9

static struct cask_server server;
static struct tally *tally;

struct ask {
	uint32_t from, nth, count;
	unsigned char bytes[PAYLOAD];
};

static void
ask_x(struct cask_ar *ar, struct ask *a)
{
	cask_u32(ar, &a->from);
	cask_u32(ar, &a->nth);
	cask_count(ar, &a->count, PAYLOAD);
	cask_bytes(ar, a->bytes, a->count);
}

struct answer {
	uint32_t from, nth, sum;
};

static void
answer_x(struct cask_ar *ar, struct answer *a)
{
	cask_u32(ar, &a->from);
	cask_u32(ar, &a->nth);
	cask_u32(ar, &a->sum);
}

/* A client's user is who it says it is, and 1 more. */
static void
on_ask(struct cask_client *c, struct ask *a)
{
	struct answer answer = { a->from, a->nth, 0 };

	for (uint32_t i = 0; i < a->count; i++)
		answer.sum = answer.sum * 31 + a->bytes[i];
	c->user = (void *)((uintptr_t)a->from + 1);
	cask_reply(c, &answer, answer_x);
}
CASK_HANDLER(take_ask, struct ask, ask_x, on_ask)

static bool
on_opened(struct cask_client *c)
{
	(void)c;
	tally->opened++;
	return true;
}

static void
on_closed(struct cask_client *c, int err, const char *why)
{
	uintptr_t who = (uintptr_t)c->user;

	tally->ended += err == 0;
	tally->lost += err != 0;
	tally->wordless += why == NULL || why[0] == '\0';
	if (who > VICTIM && who - VICTIM <= KILLS)
		tally->told[who - VICTIM - 1]++;
}

static void
on_trouble(struct cask_server *s, int err, const char *why)
{
	(void)s, (void)err;
	die("server", why);
}

static void
tell(struct cask_timer *t)
{
	(void)t;
	tally->heap = heap_in_use();
	tally->counts = server.counts;
	tally->beat++;
}

static void
on_signal(int sig)
{
	(void)sig;
	cask_server_stop(&server);
}

unsigned
descriptors_of(pid_t pid)
{
	char path[40];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (d == NULL)
		failed(path);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* No limit of time ends anybody: those who drip are to be there all the time.
 */
static void
serve(void *arg)
{
	struct cask_timer beat = { .every_ms = BEAT_MS, .fire = tell };

	tally = arg;
	server.message = take_ask;
	server.opened = on_opened;
	server.closed = on_closed;
	server.trouble = on_trouble;
	server.limit.clients = 100000;
	server.limit.message_ms = server.limit.idle_ms = HOUR_MS;
	tally->descriptors_before = descriptors_of(getpid());
	tally->heap_before = heap_in_use();
	if (cask_server_listen(&server, "127.0.0.1", "0") != 0)
		die("server", cask_server_why(&server));
	if (signal(SIGTERM, on_signal) == SIG_ERR ||
	    cask_server_local(&server, 0, NULL, 0, &tally->port) != 0 ||
	    cask_timer_start(&beat) != 0)
		die("server", "can't begin");
	if (cask_serve(&server) != 0)
		die("server", cask_server_why(&server));
	cask_timer_stop(&beat);
	tell(&beat);
	tally->descriptors_after = descriptors_of(getpid());
}

void
soak_server_look(const struct tally *t)
{
	unsigned beat = t->beat;
	double until = now_ns() + PATIENCE_NS;

	while (t->beat - beat < 2) {
		pass_ns(5000000);
		if (now_ns() > until)
			die("server", "has not turned for 20 s");
	}
}

struct tally *
soak_server_start(pid_t *pid)
{
	struct tally *t = shared(sizeof *t);

	*pid = spawn(serve, t, first_cpu);
	soak_server_look(t);
	return t;
}

/* In order; and then nothing of it may be left. */
void
soak_server_stop(struct tally *t, pid_t pid)
{
	if (kill(pid, SIGTERM) != 0)
		failed("kill");
	finished(pid);
	if (t->counts.clients != 0 || t->counts.memory != 0 ||
	    t->heap != t->heap_before ||
	    t->descriptors_after != t->descriptors_before)
		die("server", "something is left of it");
}
