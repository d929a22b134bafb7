/*
 * Calls that wait: their limits, who holds a socket, and how a call is ended
 * from elsewhere.  See sock.h.
 *
 * A cancel may come from a signal handler or from another thread, at any
 * moment.  It sets a flag and then looks how the socket's call sleeps; the call
 * first shows how it is going to sleep and then looks at the flag.  So one of
 * the two sees the other.  A connection's sleep is ended by shutting it down,
 * which holds for every way of sleeping and can't come too early; a connection
 * whose call was cancelled is only good for being closed anyway.  All else is
 * woken by the pump's bell.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"
#include "trace.h"

#include <errno.h>
#include <stdio.h>

#define HOOK_MS 100 /* a call with a waiting hook looks up so often */

/* Limits */

void
cask_deadline(struct cask_sock *s, int ms)
{
	s->deadline = ms < 0 ? 0 : caski_deadline(ms);
	s->deadline_ms = ms != 0 ? ms : 1;
}

struct caski_limit
caski_limit_sooner(const struct cask_sock *s, struct caski_limit l)
{
	if (s->deadline < caski_limit_at(&l))
		return (struct caski_limit) {
			.at = s->deadline,
			.ms = s->deadline_ms,
		};
	return l;
}

static bool
expired(const struct cask_sock *s)
{
	return s->deadline != 0 && caski_sys_now() >= s->deadline;
}

/* Who holds a socket */

static int
busy(struct cask_sock *s, const char *op, const struct caski_call *holder)
{
	char words[80];

	snprintf(words, sizeof words, "busy: %s is waiting on this socket",
	    holder->op);
	return cask_io_pass(&s->io, EBUSY, op, words);
}

int
caski_call_refuse(struct cask_sock *s, const char *op)
{
	const struct caski_call *holder =
	    s->receiving != NULL ? s->receiving : s->sending;

	return holder != NULL ? busy(s, op, holder) : 0;
}

static void
take(struct caski_call *c, struct cask_sock *s, struct caski_call **slot,
    const char *op, struct caski_limit limit)
{
	*c = (struct caski_call) {
		.s = s, .slot = slot, .op = op, .limit = limit
	};
	*slot = c;
}

/* An error apart is the end, met by receiving; or one of sending. */
int
caski_call_stuck(const struct cask_sock *s, bool sends)
{
	bool ended = s->io.err == CASK_ECUT;

	return s->io.apart && sends == ended ? 0 : s->io.err;
}

int
caski_call_begin(struct caski_call *c, struct cask_sock *s,
    struct caski_call **slot, const char *op, struct caski_limit limit)
{
	s->io.passing = 0;
	if (s->io.err != 0 && caski_call_stuck(s, slot == &s->sending) != 0)
		return s->io.err;
	if (*slot != NULL)
		return busy(s, op, *slot);
	if (!s->open && s->attempt != NULL)
		return cask_io_pass(&s->io, ENOTCONN, op, "still connecting");
	if (!s->open)
		return cask_io_fail_words(
		    &s->io, EBADF, op, "the socket is not open");
	if (expired(s)) {
		if (s->listening) /* a listener stays good */
			return ETIMEDOUT;
		s->io.limit_ms = s->deadline_ms;
		if (s->datagram) /* and so does this */
			return cask_io_pass(&s->io, ETIMEDOUT, op, NULL);
		s->io.inside = false;
		return cask_io_fail_words(
		    &s->io, ETIMEDOUT, op, CASK_IO_INTACT);
	}
	take(c, s, slot, op, limit);
	return 0;
}

void
caski_call_hold(struct caski_call *c, struct cask_sock *s, const char *op)
{
	take(c, s, &s->sending, op, (struct caski_limit) { 0 });
	s->receiving = c;
}

/* To open is to hold both directions. */
int
caski_call_open(struct caski_call *c, struct cask_sock *s, const char *op,
    struct caski_limit limit)
{
	if (expired(s)) {
		s->io.limit_ms = s->deadline_ms;
		return ETIMEDOUT;
	}
	take(c, s, &s->sending, op, limit);
	s->receiving = c;
	return 0;
}

static void
lose(struct caski_call **slot)
{
	if (*slot != NULL)
		(*slot)->s = NULL;
	*slot = NULL;
}

/* Of a call that accepts, the socket that was to be opened tells. */
static void
tell_lost(const struct cask_sock *s, const struct caski_call *c)
{
	if (c != NULL && !s->listening)
		caski_trace_call(s, c->op, ECANCELED);
}

void
caski_calls_lose(struct cask_sock *s)
{
	if (s->receiving == s->sending)
		s->sending = NULL;
	tell_lost(s, s->receiving);
	tell_lost(s, s->sending);
	lose(&s->receiving);
	lose(&s->sending);
	lose(&s->delivering);
}

bool
cask_is_blocking(const struct cask_sock *s)
{
	return s->receiving != NULL || s->sending != NULL;
}

/* How a call fails */

static bool
is_own(const struct cask_sock *s, int err)
{
	return err == ECANCELED || (err == ETIMEDOUT && s->io.limit_ms > 0);
}

/* Is there something that is to be announced before the end is? */
static bool
has_rest(const struct cask_sock *s)
{
	int n = 0;

	if (s->watch.slot == 0 || s->notify == NULL ||
	    s->notify->receive == NULL || !(s->wanted & CASK_ON_RECEIVE))
		return false;
	return s->io.ahead > 0 ||
	    (caski_sys_available(s->watch.fd, &n) >= 0 && n > 0);
}

/* What a time-out has left is part of its words. */
static void
note(struct caski_call *c, int err, bool inside, const char *words)
{
	struct cask_sock *s = c->s;
	bool sends = c->slot == &s->sending;
	bool own = is_own(s, err);

	s->io.inside = err == ETIMEDOUT && inside;
	if (err == ETIMEDOUT && own && !inside)
		words = CASK_IO_INTACT;
	cask_io_fail_words(&s->io, err, c->op, words);
	s->io.apart = err == CASK_ECUT || (sends && !own);
	if (sends && s->io.apart)
		caski_held_free(s);
}

ptrdiff_t
caski_call_failed_words(
    struct caski_call *c, int err, bool inside, const char *words)
{
	struct cask_sock *s = c->s;

	if (s == NULL)
		return CASK_IO_GONE;
	caski_call_end(c);
	if (s->io.err == 0)
		note(c, err, inside, words);
	else
		s->io.apart = false; /* the other direction as well */
	if (err != CASK_ECUT && !is_own(s, err) &&
	    !(s->io.apart && has_rest(s)))
		caski_notify_lost(s, err);
	return -1;
}

ptrdiff_t
caski_call_failed(struct caski_call *c, int err, bool inside)
{
	return caski_call_failed_words(c, err, inside, "");
}

/* Cancelling */

void
cask_cancel(struct cask_sock *s)
{
	int before = errno;
	int bell;

	__atomic_add_fetch(&s->cancelling, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&s->cancelled, 1, __ATOMIC_SEQ_CST);
	bell = __atomic_load_n(&s->bell, __ATOMIC_SEQ_CST);
	if (bell > 0)
		caski_sys_bell_ring(bell - 1);
	else if (bell == CASKI_BY_PEER)
		caski_sys_shutdown(s->watch.fd, SHUT_RDWR);
	__atomic_sub_fetch(&s->cancelling, 1, __ATOMIC_SEQ_CST);
	errno = before;
}

/* Show how s is going to sleep.  Gives what was shown before. */
static int
show(struct cask_sock *s)
{
	int how = CASKI_BY_PEER;

	if (s->listening || s->datagram || !s->open)
		how = caski_pump_bell() + 1;
	return __atomic_exchange_n(&s->bell, how, __ATOMIC_SEQ_CST);
}

int
caski_meet_cancel(struct cask_sock *s)
{
	__atomic_store_n(&s->cancelled, 0, __ATOMIC_SEQ_CST);
	return ECANCELED;
}

int
caski_call_cancelled(struct caski_call *c)
{
	if (c->s == NULL)
		return ECANCELED;
	if (c->s->io.err == ECANCELED) /* met the other direction */
		return ECANCELED;
	return caski_cancel_pending(c->s) ? caski_meet_cancel(c->s) : 0;
}

/* Waiting */

/* The program's hook, if it has one: then sleep no longer than this. */
static int64_t
hook(struct cask_sock *s, int64_t until)
{
	int64_t at;

	if (s->notify == NULL || s->notify->waiting == NULL)
		return until;
	at = caski_deadline(HOOK_MS);
	s->notify->waiting(s);
	return at < until ? at : until;
}

static int
nap(struct caski_call *c, struct caski_own *own, size_t n, int64_t until)
{
	struct cask_sock *s = c->s;
	int before = show(s);
	int err = caski_call_cancelled(c);

	if (err == 0)
		err = caski_wait(own, n, until);
	if (c->s != NULL)
		caski_unshow(s, before);
	return err;
}

int
caski_call_late(struct caski_call *c)
{
	if (caski_sys_now() < caski_limit_at(&c->limit))
		return 0;
	c->s->io.limit_ms = c->limit.ms;
	return ETIMEDOUT;
}

int
caski_call_wait(
    struct caski_call *c, struct caski_own *own, size_t n, int64_t until)
{
	int64_t at = caski_limit_at(&c->limit);
	int err;

	if (until < at)
		at = until;
	for (size_t i = 0; i < n; i++)
		own[i].seen = 0;
	if (caski_call_late(c) != 0)
		return ETIMEDOUT;
	caski_wait_begin(); /* the hook is within the call too */
	at = hook(c->s, at);
	err = c->s == NULL ? ECANCELED : nap(c, own, n, at);
	caski_wait_end();
	if (err != 0 && err != ETIMEDOUT)
		return err;
	return caski_call_cancelled(c);
}

int
caski_call_retry(struct caski_call *c, int fd, int err, int events, int *seen)
{
	struct caski_own own = { .fd = fd, .events = events };

	if (err == EINTR)
		return caski_call_cancelled(c);
	if (err != EAGAIN && err != EWOULDBLOCK)
		return err;
	err = caski_call_wait(c, &own, 1, CASKI_NEVER);
	if (seen != NULL)
		*seen = own.seen;
	return err;
}

bool
caski_attends(const struct cask_sock *s)
{
	return !caski_pump_idle() || (s->asking && caski_yields());
}

bool
caski_prepare(struct cask_sock *s, int ms)
{
	if (s->datagram || s->listening)
		return false;
	if (!s->direct && caski_sys_blocking(s->watch.fd, true) != 0)
		return false;
	s->direct = true;
	if (s->direct_ms != ms && caski_sys_receive_limit(s->watch.fd, ms) != 0)
		return false;
	s->direct_ms = ms;
	return true;
}

ptrdiff_t
caski_recv(
    struct cask_sock *s, void *buf, size_t size, struct caski_limit *limit)
{
	return caski_recv_here(s, buf, size, limit);
}
