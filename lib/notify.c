/*
 * Notifications: what is announced, and when.  See <cask/sock.h> and sock.h.
 *
 * Each kind is armed, posted, or neither.  What is armed and holds is posted:
 * it enters the pump's queue, and is not looked for any more.  Once it has been
 * delivered it is armed again by the call that answers it.  The same call takes
 * back what is still in the queue, since it may not hold any longer: if it
 * does, the pump finds it again.
 *
 * The pump goes on looking for what has been posted until it is delivered, and
 * only then, unless it was answered, is told not to: most handlers do answer.
 * What it finds until then is passed over, once.
 *
 * Readiness to receive is one thing for the system, but two for us: data, or
 * the end.  The pump tells when it may be the end; then we look.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"
#include "trace.h"

#include <errno.h>
#include <stddef.h>

/* The kinds the program has a handler for, and has not deselected. */
static CASKI_NOINLINE unsigned
interest(const struct cask_sock *s)
{
	const struct cask_notify *t = s->notify;
	unsigned kinds = 0;

	if (t == NULL)
		return 0;
	kinds |= t->receive != NULL ? CASK_ON_RECEIVE : 0;
	kinds |= t->send != NULL ? CASK_ON_SEND : 0;
	kinds |= t->oob != NULL ? CASK_ON_OOB : 0;
	kinds |= t->accept != NULL ? CASK_ON_ACCEPT : 0;
	kinds |= t->connect != NULL ? CASK_ON_CONNECT : 0;
	kinds |= t->close != NULL ? CASK_ON_CLOSE : 0;
	return kinds & s->wanted;
}

/* Those of these kinds. */
static inline unsigned
interest_in(const struct cask_sock *s, unsigned kinds)
{
	if (kinds == CASK_ON_RECEIVE && s->notify != NULL)
		return s->notify->receive != NULL ? kinds & s->wanted : 0;
	return kinds & interest(s);
}

/* A stream that is to listen, or to be connected: nothing holds of it yet. */
static bool
is_fresh(const struct cask_sock *s)
{
	return s->bound && !s->listening && !s->datagram;
}

/* Data, or the end. */
static bool
looks_for_input(const struct cask_sock *s)
{
	const struct cask_notify *t = s->notify;

	return s->armed & CASK_ON_RECEIVE && !s->over &&
	    ((t->receive != NULL && s->wanted & CASK_ON_RECEIVE) ||
		(t->close != NULL && s->wanted & CASK_ON_CLOSE));
}

/* What the pump has to look for. */
static int
events(const struct cask_sock *s)
{
	unsigned kinds = s->wanted & s->armed;
	const struct cask_notify *t = s->notify;
	int e = 0;

	if (t == NULL || is_fresh(s))
		return 0;
	if (s->listening)
		return kinds & CASK_ON_ACCEPT && t->accept != NULL
		    ? CASK_READABLE
		    : 0;
	if (looks_for_input(s))
		e |= CASK_READABLE;
	if (kinds & CASK_ON_SEND && t->send != NULL)
		e |= CASK_WRITABLE;
	if (kinds & CASK_ON_OOB && t->oob != NULL && !s->over)
		e |= CASK_URGENT;
	return e;
}

static void
watch(struct cask_sock *s)
{
	if (s->watch.slot == 0)
		return;
	s->watch.events = events(s);
	caski_watch_change(&s->watch);
}

/* Posting */

static void
post(struct cask_sock *s, unsigned kinds, bool later)
{
	kinds &= s->armed;
	s->armed &= (unsigned char)~kinds;
	kinds = interest_in(s, kinds);
	s->posted |= (unsigned char)kinds;
	if (kinds == 0)
		watch(s);
	else if (later)
		caski_note_later(&s->note);
	else
		caski_note_post(&s->note);
}

void
caski_notify_post(struct cask_sock *s, unsigned kinds)
{
	post(s, kinds, false);
}

/* The pump has found the connection lost, which only receive is told of, and
 * there was data in front of that. */
static bool
is_still_to_be_told(const struct cask_sock *s)
{
	return s->over && s->lost != 0 && !s->ended &&
	    !(interest(s) & CASK_ON_CLOSE);
}

/*
 * What was read ahead is there: the system will not say so.  Not before the
 * next turn, or a handler that takes little at a time would keep the others
 * waiting.
 */
void
caski_notify_arm_now(struct cask_sock *s, unsigned kinds)
{
	s->armed |= (unsigned char)kinds;
	s->posted &= (unsigned char)~kinds;
	if (s->posted == 0 && s->note.queued)
		caski_note_drop(&s->note);
	if (kinds & CASK_ON_RECEIVE &&
	    (s->io.ahead > 0 || is_still_to_be_told(s)))
		post(s, CASK_ON_RECEIVE, true);
	else
		watch(s);
}

/* The error that has ended the connection, if a call has met it already: the
 * system tells it once.  Our own limit and a cancel are none. */
static int
met(const struct cask_sock *s)
{
	bool own = s->io.err == ECANCELED ||
	    (s->io.err == ETIMEDOUT && s->io.limit_ms > 0);

	return s->io.err > 0 && !own ? s->io.err : 0;
}

/* The connection has come to its end: announce that, after all data, once. */
static void
post_end(struct cask_sock *s, int err)
{
	s->over = true;
	if (s->lost == 0)
		s->lost = err;
	if (interest(s) & CASK_ON_CLOSE)
		post(s, CASK_ON_CLOSE, false);
	else if (!s->ended)
		post(s, CASK_ON_RECEIVE, false);
	else
		watch(s);
}

void
caski_notify_lost(struct cask_sock *s, int err)
{
	if (s->watch.slot != 0 && !s->over)
		post_end(s, err);
}

/* Data, or the end?  To look takes the system's note of an error with it. */
static void
look(struct cask_sock *s)
{
	unsigned char byte;
	ptrdiff_t n;

	if (s->io.ahead > 0 || s->datagram) {
		post(s, CASK_ON_RECEIVE, false);
		return;
	}
	do
		n = caski_sys_recv(s->watch.fd, &byte, 1, CASKI_PEEK);
	while (n == -EINTR);
	if (n == 0)
		post_end(s, met(s));
	else if (n > 0 || n == -EAGAIN || n == -EWOULDBLOCK)
		post(s, CASK_ON_RECEIVE, false);
	else
		post_end(s, (int)-n);
}

/*
 * To the pump a hang-up is all that is waited for.  And in line it is data like
 * all other, but the system still tells of it.
 */
static bool
is_urgent(const struct cask_sock *s, int seen)
{
	struct pollfd p = { .fd = s->watch.fd, .events = POLLPRI };
	int in_line = 0;

	if (seen & CASKI_HANGUP &&
	    (caski_sys_poll(&p, 1, 0) <= 0 || !(p.revents & POLLPRI)))
		return false;
	return caski_sys_getsockopt(
		   s->watch.fd, SOL_SOCKET, SO_OOBINLINE, &in_line) != 0 ||
	    in_line == 0;
}

/* If it isn't, don't look for it until something was received. */
static void
urgent(struct cask_sock *s, int seen)
{
	if (is_urgent(s, seen)) {
		post(s, CASK_ON_OOB, false);
		return;
	}
	s->armed &= (unsigned char)~CASK_ON_OOB;
	watch(s);
}

/* What was posted already is seen once more at most: the pump is told. */
static int
only_new(struct cask_sock *s, int seen)
{
	int expected = events(s) | CASKI_HANGUP;

	if (seen & ~expected)
		watch(s);
	return seen & expected;
}

static void
ready(struct cask_watch *w, int seen)
{
	struct cask_sock *s = w->user;

	/* As mostly: there is data, and nothing else to be found out. */
	if (seen == CASK_READABLE && !s->listening && s->notify != NULL &&
	    looks_for_input(s)) {
		post(s, CASK_ON_RECEIVE, false);
		return;
	}
	seen = only_new(s, seen);
	if (s->listening && seen & CASK_READABLE)
		post(s, CASK_ON_ACCEPT, false);
	if (s->listening)
		return;
	if (seen & CASK_URGENT)
		urgent(s, seen);
	if (seen & CASK_READABLE && seen & CASKI_HANGUP)
		look(s);
	else if (seen & CASK_READABLE)
		post(s, CASK_ON_RECEIVE, false);
	if (seen & CASK_WRITABLE && s->lost != 0)
		s->armed &= (unsigned char)~CASK_ON_SEND;
	if (seen & CASK_WRITABLE)
		post(s, CASK_ON_SEND, false);
}

/* Delivering */

typedef void handler(struct cask_sock *s, int err);

static handler *
handler_of(const struct cask_notify *t, unsigned kind)
{
	switch (kind) {
	case CASK_ON_CONNECT:
		return t->connect;
	case CASK_ON_ACCEPT:
		return t->accept;
	case CASK_ON_OOB:
		return t->oob;
	case CASK_ON_SEND:
		return t->send;
	case CASK_ON_RECEIVE:
		return t->receive;
	default:
		return t->close;
	}
}

static const char *
name_of(unsigned kind)
{
	switch (kind) {
	case CASK_ON_CONNECT:
		return "connect";
	case CASK_ON_ACCEPT:
		return "accept";
	case CASK_ON_OOB:
		return "oob";
	case CASK_ON_SEND:
		return "send";
	case CASK_ON_RECEIVE:
		return "receive";
	default:
		return "close";
	}
}

/* The next of what is posted, or 0: to connect comes first, then to accept,
 * oob, send and receive, as their numbers fall, and the end last. */
static unsigned
next(const struct cask_sock *s)
{
	if (s->posted == CASK_ON_RECEIVE)
		return CASK_ON_RECEIVE;
	for (unsigned kind = CASK_ON_CONNECT; kind > 0; kind >>= 1)
		if (s->posted & kind)
			return kind;
	return s->posted & CASK_ON_CLOSE;
}

static int
error_of(const struct cask_sock *s, unsigned kind)
{
	if (kind == CASK_ON_CONNECT && !s->open)
		return s->io.err;
	return kind == CASK_ON_CLOSE || kind == CASK_ON_RECEIVE ? s->lost : 0;
}

/* To cancel a call shuts its connection down here; the other end has not closed
 * it. */
static bool
is_ours(const struct cask_sock *s, unsigned kind)
{
	return s->open && s->over && s->io.err == ECANCELED &&
	    kind & (CASK_ON_CLOSE | CASK_ON_RECEIVE);
}

/* Call the handler: is the socket still there? */
static bool
tell(struct caski_call *frame, unsigned kind)
{
	struct cask_sock *s = frame->s;
	handler *handle = handler_of(s->notify, kind);

	if (handle == NULL || is_ours(s, kind))
		return true;
	s->delivering = frame;
	if (caski_tracing())
		caski_trace_note(s, name_of(kind), error_of(s, kind));
	handle(s, error_of(s, kind));
	if (frame->s == NULL)
		return false;
	s->delivering = NULL;
	return true;
}

/* A call that waits on s, or a notification of s, has to be over first. */
static void
deliver(struct cask_note *n)
{
	struct cask_sock *s =
	    (struct cask_sock *)((char *)n - offsetof(struct cask_sock, note));
	struct caski_call frame = { .s = s, .slot = &s->delivering };
	unsigned kind;

	if (s->delivering != NULL || s->receiving != NULL ||
	    s->sending != NULL) {
		caski_note_refuse(n);
		return;
	}
	if (s->notify == NULL)
		return;
	kind = next(s);
	s->posted &= (unsigned char)~kind;
	if (s->posted != 0)
		caski_note_post(n);
	if (kind != 0 && tell(&frame, kind) && !(s->armed & kind))
		watch(s);
}

/* Starting, stopping, choosing */

int
caski_notify_start(struct cask_sock *s)
{
	int err;

	s->io.exact = !s->listening && !s->datagram && s->notify != NULL &&
	    s->notify->receive != NULL;
	s->note.deliver = deliver;
	s->posted = 0;
	s->armed = CASK_ON_ALL & ~CASK_ON_SEND;
	if (interest(s) == 0) {
		cask_watch_stop(&s->watch);
		return 0;
	}
	s->watch.events = events(s);
	s->watch.ready = ready;
	s->watch.user = s;
	s->watch.inner = true;
	err = cask_watch_start(&s->watch);
	if (err == 0 && s->io.ahead > 0)
		post(s, CASK_ON_RECEIVE, false);
	return err;
}

/* A connect has failed: s isn't open, and has no watch. */
void
caski_notify_failed(struct cask_sock *s)
{
	unsigned kinds = interest(s);

	s->note.deliver = deliver;
	s->armed = CASK_ON_ALL;
	s->lost = s->io.err;
	s->over = true;
	post(s,
	    kinds & CASK_ON_CONNECT     ? CASK_ON_CONNECT
		: kinds & CASK_ON_CLOSE ? CASK_ON_CLOSE
					: CASK_ON_RECEIVE,
	    false);
}

void
caski_notify_stop(struct cask_sock *s)
{
	caski_note_drop(&s->note);
	s->posted = 0;
	cask_timer_stop(&s->pause);
	cask_watch_stop(&s->watch);
}

/* In a handler the socket may be with another thread before that returns. */
static void
leave(struct cask_sock *s)
{
	if (s->delivering != NULL)
		s->delivering->s = NULL;
	s->delivering = NULL;
}

static int
select_kinds(struct cask_sock *s, unsigned kinds)
{
	int err;

	s->io.passing = 0;
	if (!s->open)
		return cask_io_pass(
		    &s->io, EBADF, "select", "the socket is not open");
	if (cask_is_blocking(s))
		return cask_io_pass(
		    &s->io, EBUSY, "select", "a call waits on this socket");
	caski_notify_stop(s);
	s->wanted = (unsigned char)(kinds & CASK_ON_ALL);
	if (kinds == 0) {
		leave(s);
		return 0;
	}
	s->over = false;
	err = caski_notify_start(s);
	if (err != 0)
		return cask_io_pass(&s->io, err, "select", NULL);
	caski_notify_now(s);
	return 0;
}

int
cask_select(struct cask_sock *s, unsigned kinds)
{
	return caski_trace_end(s, "select", select_kinds(s, kinds));
}

/* What holds of a socket that stands already: MFC's rules for selecting. */
void
caski_notify_now(struct cask_sock *s)
{
	if (s->listening || is_fresh(s))
		return;
	if (!s->datagram)
		caski_notify_post(s, CASK_ON_CONNECT);
	caski_notify_arm(s, CASK_ON_SEND);
}
