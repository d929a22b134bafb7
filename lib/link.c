/*
 * Links.  See <cask/link.h>.
 *
 * A message under way may wait, and a callback may then use the link: in the
 * other direction it can, in the same one it is refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/link.h>

#include "pump.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Opening */

/* A message under way has the archives: they are not to be opened anew. */
static bool
is_busy(struct cask_link *l)
{
	bool busy = l->sends.busy || l->receives.busy;

	l->passing = busy ? EBUSY : 0;
	return busy;
}

static int
open_link(struct cask_link *l, int err)
{
	l->err = err;
	l->refusals = 0;
	l->ended = l->asks = l->refused = false;
	memset(&l->sends, 0, sizeof l->sends);
	memset(&l->receives, 0, sizeof l->receives);
	cask_store(&l->out, &l->sock.io);
	cask_load(&l->in, &l->sock.io);
	return err;
}

int
cask_link_connect(struct cask_link *l, const char *host, const char *port)
{
	if (is_busy(l))
		return EBUSY;
	return open_link(l, cask_connect(&l->sock, host, port));
}

int
cask_link_accept(struct cask_sock *listener, struct cask_link *l)
{
	if (is_busy(l))
		return EBUSY;
	return open_link(l, cask_accept(listener, &l->sock));
}

int
cask_link_attach(struct cask_link *l, int fd)
{
	if (is_busy(l))
		return EBUSY;
	return open_link(l, cask_attach(&l->sock, fd));
}

/* One limit for all that a message takes */

static void
limit(struct cask_link *l, struct cask_link_way *w)
{
	struct cask_sock *s = &l->sock;
	int ms = s->timeout_ms != 0 ? s->timeout_ms : CASK_TIMEOUT_MS;

	w->deadline = s->deadline;
	w->deadline_ms = s->deadline_ms;
	w->limit = ms > 0 ? caski_deadline(ms) : 0;
	if (w->limit == 0 || (s->deadline != 0 && s->deadline <= w->limit))
		w->limit = 0;
	if (w->limit == 0)
		return;
	s->deadline = w->limit;
	s->deadline_ms = ms;
}

/* A deadline that a callback has set meanwhile stays. */
static void
unlimit(struct cask_link *l, struct cask_link_way *w)
{
	struct cask_sock *s = &l->sock;

	if (w->limit == 0 || s->deadline != w->limit)
		return;
	s->deadline = w->deadline;
	s->deadline_ms = w->deadline_ms;
	w->limit = 0;
}

/* The error of an archive, or of the socket before an archive has met it. */
static bool
is_well(struct cask_link *l, const struct cask_ar *ar)
{
	if (l->err == 0)
		l->err = ar->err != 0 ? ar->err : l->sock.io.err;
	return l->err == 0;
}

/* The program has resumed the socket after a receive that took nothing. */
static void
look_again(struct cask_link *l)
{
	if (l->err == ETIMEDOUT && l->in.err == ETIMEDOUT && l->out.err == 0 &&
	    l->sock.open && l->sock.io.err == 0)
		l->err = l->in.err = 0;
}

/* A late answer would be taken for that of the next question. */
static void
spoil(struct cask_link *l)
{
	struct cask_io *io = &l->sock.io;

	if (cask_sock_state(&l->sock) != CASK_CLEAN)
		return;
	io->inside = true;
	snprintf(io->words, sizeof io->words, "no answer came");
	cask_io_why(io, l->in.why, sizeof l->in.why);
}

/* Whether a message may begin; what began has to be ended, even if not. */
static bool
begin(struct cask_link *l, struct cask_link_way *w)
{
	look_again(l);
	l->refused = w->busy || l->refusals > 0;
	if (l->refusals > 0)
		l->refusals--;
	l->passing = l->refused ? EBUSY : 0;
	if (l->refused)
		return false;
	w->busy = true;
	w->begun = false;
	return l->err == 0;
}

/* Nothing has begun.  The message that is under way must not see this. */
static bool
was_refused(struct cask_link *l)
{
	bool refused = l->refused;

	l->refused = false;
	return refused;
}

/* Sending */

/* A question is not sent whose answer could not be received. */
void
cask_link_ask(struct cask_link *l)
{
	if (is_busy(l)) {
		l->refusals = 2;
		return;
	}
	l->asks = true;
	limit(l, &l->receives);
}

bool
cask_link_store(struct cask_link *l, const char *name)
{
	struct cask_link_way *w = &l->sends;

	if (!begin(l, w))
		return false;
	if (!l->asks)
		limit(l, w);
	w->begun = true;
	return cask_message_begin(&l->out, &w->message, name);
}

bool
cask_link_sent(struct cask_link *l)
{
	struct cask_link_way *w = &l->sends;

	if (was_refused(l))
		return false;
	if (w->begun) {
		cask_message_end(&l->out, &w->message);
		cask_flush(&l->out);
		is_well(l, &l->out);
	}
	unlimit(l, w);
	w->busy = w->begun = false;
	return l->err == 0;
}

/* Receiving */

/* Who asked was to be answered. */
static void
note_end(struct cask_link *l)
{
	if (!is_well(l, &l->in)) {
		if (l->asks && l->in.err == ETIMEDOUT)
			spoil(l);
		return;
	}
	l->ended = true;
	if (l->asks)
		l->err = cask_io_fail_words(&l->sock.io, CASK_ECUT, "receive",
		    "closed without an answer");
}

bool
cask_link_load(struct cask_link *l, const char *name)
{
	struct cask_link_way *w = &l->receives;

	if (!begin(l, w))
		return false;
	if (!l->asks)
		limit(l, w);
	if (!cask_more(&l->in)) {
		note_end(l);
		return false;
	}
	w->begun = true;
	return cask_message_begin(&l->in, &w->message, name);
}

bool
cask_link_received(struct cask_link *l)
{
	struct cask_link_way *w = &l->receives;
	bool begun = w->begun;

	if (was_refused(l))
		return false;
	if (begun) {
		cask_message_end(&l->in, &w->message);
		is_well(l, &l->in);
	}
	unlimit(l, w);
	l->asks = w->busy = w->begun = false;
	return begun && l->err == 0;
}

/* The end */

const char *
cask_link_why(struct cask_link *l)
{
	look_again(l);
	if (l->err != 0 && l->in.err == l->err)
		return cask_why(&l->in);
	if (l->err != 0 && l->out.err == l->err)
		return cask_why(&l->out);
	return l->err != 0 ? cask_sock_why(&l->sock) : "no error";
}

int
cask_link_close(struct cask_link *l)
{
	int err;

	look_again(l);
	err = cask_close(&l->sock);
	cask_abort(&l->out);
	cask_abort(&l->in);
	if (l->err == 0)
		l->err = err;
	return l->err;
}
