/*
 * The player of cask replay.  See player.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "player.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define TURN_MS 100

/* A connection. */
struct line {
	struct player *player;
	unsigned number;
	struct cask_sock sock;
	const struct talk *talk;
	uint64_t came;
	bool open;
	bool ended; /* the other end has ended, or is lost */
	bool over;  /* closed here: nothing counts any more */
};

static const struct stream *
theirs(const struct line *l)
{
	return &l->talk->way[other_way(l->player->mine)];
}

/* Differences */

static void
differ(struct line *l, const char *format, ...)
{
	struct player *p = l->player;
	char words[200];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	if (p->ignore) {
		remark("connection %u: %s", l->number, words);
		p->ignored++;
	} else if (p->different[0] == '\0') {
		snprintf(p->different, sizeof p->different, "connection %u: %s",
		    l->number, words);
	}
}

static bool
going(const struct player *p)
{
	return !p->failed && p->different[0] == '\0';
}

static const char *
who(const struct player *p)
{
	return p->mine == TO_SERVER ? "server" : "client";
}

/* What has come */

/* The first of n bytes that is not as recorded, or n. */
static size_t
first_other(const unsigned char *a, const unsigned char *b, size_t n)
{
	size_t i = 0;

	while (i < n && a[i] == b[i])
		i++;
	return i;
}

static void
compare(struct line *l, const unsigned char *bytes, size_t n)
{
	const struct stream *s = theirs(l);
	uint64_t left = s->n - l->came;
	size_t both = left < n ? (size_t)left : n;
	size_t same =
	    l->came < s->n ? first_other(bytes, s->bytes + l->came, both) : 0;

	if (same < both)
		differ(l, "byte %" PRIu64 " from the %s is %02x, recorded %02x",
		    l->came + same, who(l->player), bytes[same],
		    s->bytes[l->came + same]);
	else if (both < n && l->talk->over[other_way(l->player->mine)])
		differ(l,
		    "the %s goes on after byte %zu, where the recording "
		    "ends",
		    who(l->player), s->n);
}

static void
came(struct line *l, const unsigned char *bytes, size_t n)
{
	struct player *p = l->player;

	if (l->came < theirs(l)->n || l->talk->over[other_way(p->mine)])
		compare(l, bytes, n);
	l->came += n;
	p->came += n;
}

static void
ended(struct line *l)
{
	const struct stream *s = theirs(l);
	int err = l->sock.io.err;

	if (l->came < s->n && !l->ended)
		differ(l, "the %s %s after byte %" PRIu64 " of %zu%s%s",
		    who(l->player), err != 0 ? "was lost" : "ended", l->came,
		    s->n, err != 0 ? ": " : "",
		    err != 0 ? cask_strerror(err) : "");
	l->ended = true;
}

static void
on_receive(struct cask_sock *s, int err)
{
	static unsigned char bytes[65536];
	struct line *l = s->user;
	ptrdiff_t n;

	(void)err;
	if (l->over || l->ended)
		return;
	n = cask_try_receive(s, bytes, sizeof bytes);
	if (n > 0)
		came(l, bytes, (size_t)n);
	else if (n == 0 || s->io.err != 0)
		ended(l);
}

/* Connections */

static const struct cask_notify notify = { .receive = on_receive };

/* Made ready, if it wasn't yet. */
static struct line *
line_of(struct player *p, const struct step *step)
{
	struct line *l = &p->lines[step->connection - 1];

	l->player = p;
	l->number = step->connection;
	l->talk = &p->recording->talks[step->connection - 1];
	l->sock.notify = &notify;
	l->sock.user = l;
	l->sock.timeout_ms = milliseconds(p->timeout);
	return l;
}

/* The next that was recorded; NULL: there is none. */
static struct line *
next_line(struct player *p)
{
	const struct recording *r = p->recording;

	while (p->next < r->count)
		if (r->steps[p->next++].kind == EVENT_OPEN)
			return line_of(p, &r->steps[p->next - 1]);
	return NULL;
}

static void
turn_away(struct player *p, struct cask_sock *listener)
{
	struct cask_sock s = { 0 };

	if (cask_try_accept(listener, &s) != 0)
		return;
	cask_close(&s);
	if (p->ignore)
		remark("a connection more than was recorded");
	else if (p->different[0] == '\0')
		snprintf(p->different, sizeof p->different,
		    "a connection more than was recorded");
}

static void
on_accept(struct cask_sock *listener, int err)
{
	struct player *p = listener->user;
	size_t before = p->next;
	struct line *l = next_line(p);

	(void)err;
	if (l == NULL) {
		turn_away(p, listener);
		return;
	}
	err = cask_try_accept(listener, &l->sock);
	l->open = err == 0;
	if (err != 0)
		p->next = before;
	if (err != 0 && err != EAGAIN) {
		complain("accept: %s", cask_strerror(err));
		p->failed = true;
	}
}

/* Waiting */

static int64_t
limit_of(const struct player *p)
{
	return now_ms() + milliseconds(p->timeout);
}

static void
turn(struct player *p, int64_t until)
{
	int64_t left = until - now_ms();
	int err = cask_pump_turn(
	    left < TURN_MS ? left < 0 ? 0 : (int)left : TURN_MS, NULL);

	if (err != 0 && p->failed == false) {
		complain("waiting: %s", cask_strerror(err));
		p->failed = true;
	}
}

static void
wait_until(struct player *p, int64_t until)
{
	while (going(p) && now_ms() < until)
		turn(p, until);
}

/* Until n bytes have come, or with n of UINT64_MAX the end. */
static void
wait_for(struct player *p, struct line *l, uint64_t n)
{
	uint64_t before = l->came;
	int64_t until = limit_of(p);

	while (going(p) && !l->ended && l->came < n && now_ms() < until) {
		turn(p, until);
		if (l->came != before)
			until = limit_of(p);
		before = l->came;
	}
	if (!going(p) || l->ended || l->came >= n)
		return;
	if (n == UINT64_MAX)
		differ(l,
		    "the %s does not end after byte %" PRIu64
		    ": nothing came in %g s",
		    who(p), l->came, p->timeout);
	else
		differ(l,
		    "the %s stopped after byte %" PRIu64 " of %zu: "
		    "nothing came in %g s",
		    who(p), l->came, theirs(l)->n, p->timeout);
}

/* Steps */

static void
open_line(struct player *p, struct line *l)
{
	int64_t until = limit_of(p);

	if (p->mine == TO_CLIENT) {
		while (going(p) && !l->open && now_ms() < until)
			turn(p, until);
	} else {
		l->open = cask_connect(&l->sock, p->host, p->port) == 0;
	}
	if (l->open || !going(p))
		return;
	if (p->mine == TO_CLIENT)
		complain("nobody has connected in %g s", p->timeout);
	else
		complain("%s", cask_sock_why(&l->sock));
	p->failed = true;
}

static void
say(struct player *p, struct line *l, const struct step *step)
{
	size_t n = (size_t)(step->until - step->from);

	if (l->ended && l->sock.io.err != 0)
		return;
	if (cask_send(&l->sock, l->talk->way[p->mine].bytes + step->from, n) ==
	    0)
		p->sent += n;
	else
		differ(l, "the %s takes no more after byte %" PRIu64 ": %s",
		    who(p), step->from, cask_sock_why(&l->sock));
}

static void
close_line(struct line *l, bool reset)
{
	if (reset)
		cask_option_set(&l->sock, CASK_LINGER, 0);
	l->over = true;
	cask_close(&l->sock);
}

static void
take_step(struct player *p, const struct step *step)
{
	struct line *l = line_of(p, step);
	bool mine = step->way == p->mine;

	if (p->timed)
		wait_until(p, p->began + step->us / 1000);
	if (step->kind == EVENT_OPEN)
		open_line(p, l);
	if (l->over || !going(p))
		return;
	if (step->kind == EVENT_CUT)
		close_line(l, false);
	else if (step->kind == EVENT_BYTES && mine)
		say(p, l, step);
	else if (step->kind == EVENT_BYTES)
		wait_for(p, l, step->until);
	else if (step->kind == EVENT_END && mine)
		cask_shutdown(&l->sock, CASK_SENDS);
	else if (step->kind == EVENT_LOST && mine)
		close_line(l, true);
	else if (step->kind != EVENT_OPEN)
		wait_for(p, l, UINT64_MAX);
}

/* All of it */

bool
player_listen(struct player *p)
{
	static const struct cask_notify listens = { .accept = on_accept };
	char host[ADDRESS_SIZE];
	uint16_t port;

	p->listener.notify = &listens;
	p->listener.user = p;
	if (cask_bind(&p->listener, p->address, p->port) != 0 ||
	    cask_listen(&p->listener, 0) != 0 ||
	    cask_local(&p->listener, host, sizeof host, &port) != 0) {
		complain("%s", cask_sock_why(&p->listener));
		return false;
	}
	if (!common.quiet)
		printf("listening on %s port %u\n", host, port);
	return output_is_good();
}

bool
player_play(struct player *p)
{
	const struct recording *r = p->recording;

	p->lines = calloc(r->talk_count + 1, sizeof *p->lines);
	if (p->lines == NULL) {
		complain("%s", cask_strerror(ENOMEM));
		return false;
	}
	for (size_t i = 0; i < r->count && going(p); i++) {
		if (i == 0)
			p->began = now_ms() - r->steps[0].us / 1000;
		take_step(p, &r->steps[i]);
	}
	return going(p);
}

void
player_close(struct player *p)
{
	for (size_t i = 0; p->lines != NULL && i < p->recording->talk_count;
	     i++)
		cask_close(&p->lines[i].sock);
	cask_close(&p->listener);
	free(p->lines);
	p->lines = NULL;
}
