/*
 * What the parts of the socket share.
 *
 *     open.c      opening: connect, bind, and what begins a life
 *     attach.c    taking over a descriptor from elsewhere
 *     accept.c    listening and accepting
 *     connect.c   connect: look-up, and the race of addresses
 *     sock.c      talking
 *     stream.c    the transport of archives
 *     call.c      calls that wait: limits, cancelling, second calls, failing
 *     notify.c    notifications: what is announced, and when
 *     ahead.c     what was read before it was asked for
 *     held.c      what an archive has written, until it is a large block
 *     close.c     closing, detaching
 *     datagram.c  datagrams to and from anybody
 *     name.c      addresses in words
 *     option.c    options, groups
 *     urgent.c    urgent data
 *     wire.c      every byte sent and received: chaos and traces
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_SOCK_H
#define CASKI_SOCK_H

#include <cask/addr.h>
#include <cask/sock.h>

#include <errno.h>
#include <sys/socket.h>

#include "hot.h"
#include "pump.h"
#include "wire.h"

extern const struct cask_io_table caski_stream_table;
extern const struct cask_io_table caski_datagram_table;

/* The call that answers these kinds was made: they may come again. */
void caski_notify_arm_now(struct cask_sock *s, unsigned kinds);

static inline void
caski_notify_arm(struct cask_sock *s, unsigned kinds)
{
	if (s->watch.slot != 0)
		caski_notify_arm_now(s, kinds);
}

/* sock.c */

/*
 * A send system call gets no more than this.  It is the most that fits into the
 * largest segment of a loopback interface; beyond it the bytes travel as one
 * full segment and a small rest that waits for an acknowledgement, and the
 * throughput falls to a fifth.
 */
#define CASKI_SEND_MOST 61440

/* Below a notification, larger blocks go straight to where they belong; what is
 * smaller goes through as much as this, read ahead. */
#define CASKI_AHEAD_BELOW 4096

/* A stream that has filled so many reads in a row is a busy one. */
#define CASKI_BUSY 2

/* Receive at least one byte, up to size; ahead: read ahead up to so much.  0 at
 * the end, or -error. */
ptrdiff_t caski_receive_some(
    struct caski_call *c, void *buf, size_t size, size_t ahead);

/* n, or, of a lost connection that has no more to give, the reason. */
ptrdiff_t caski_or_lost(const struct cask_sock *s, ptrdiff_t n);

/* Send what fits, at least one byte: how many, or -error. */
ptrdiff_t caski_send_some(struct caski_call *c, const void *buf, size_t n);

/* As caski_call_failed, of a call that sends; sent is -error. */
ptrdiff_t caski_send_failed(struct caski_call *c, ptrdiff_t sent, bool inside);

/* Send what is held back, in a call that sends: 0, or -error. */
ptrdiff_t caski_call_held(struct caski_call *c);

/* The same before a call that may wait for something else: 0, -1 when it has
 * failed, or CASK_IO_GONE. */
ptrdiff_t caski_let_go_now(struct cask_sock *s);

static inline ptrdiff_t
caski_let_go(struct cask_sock *s)
{
	return s->held_size > 0 ? caski_let_go_now(s) : 0;
}

/*
 * What to do after a send that gave err: as caski_call_retry, and while it
 * waits for room it reads ahead what comes in.  *deaf is false at first.
 */
int caski_call_room(struct caski_call *c, int err, bool *deaf);

/* call.c */

/*
 * The limit of one call: when it ends, and how long it is, for messages.  The
 * clock is asked when the limit begins to matter: until then at is 0.
 */
struct caski_limit {
	int64_t at;
	int ms;
};

/*
 * A call that may wait, on the caller's stack.  While it waits, its socket
 * points to it; when the socket is closed, s becomes NULL, and nothing of the
 * socket may be touched any more.
 */
struct caski_call {
	struct cask_sock *s;
	struct caski_call **slot; /* &s->receiving or &s->sending */
	const char *op;           /* "receive", "accept", …: who holds it */
	struct caski_limit limit;
	ptrdiff_t answer; /* what the system has said before it began, or 0 */
};

/* When it ends.  It runs from the first time that this is asked. */
static inline int64_t
caski_limit_at(struct caski_limit *l)
{
	if (CASKI_LIKELY(l->at == 0))
		l->at = caski_deadline(l->ms);
	return l->at;
}

/* The deadline of s, or l, whichever comes sooner. */
struct caski_limit caski_limit_sooner(
    const struct cask_sock *s, struct caski_limit l);

/* The limit: of ms, timeout_ms and otherwise the first that isn't 0, and of
 * the deadline if that comes sooner. */
static inline struct caski_limit
caski_limit_of(const struct cask_sock *s, int ms, int otherwise)
{
	struct caski_limit l = { .ms = ms != 0 ? ms : s->timeout_ms };

	if (l.ms == 0)
		l.ms = otherwise;
	return s->deadline == 0 ? l : caski_limit_sooner(s, l);
}

/*
 * Begin a call in a direction.  0, or the error that it ends with: the one that
 * stuck; EBADF (closed) and ETIMEDOUT (deadline), which stick; EBUSY, which
 * doesn't.  After 0 caski_call_end must follow.
 */
int caski_call_begin(struct caski_call *c, struct cask_sock *s,
    struct caski_call **slot, const char *op, struct caski_limit limit);

/* A call ends with err.  inside: part of what it was about has been sent or
 * received.  Gives -1, or CASK_IO_GONE. */
ptrdiff_t caski_call_failed(struct caski_call *c, int err, bool inside);

/* … with words of its own. */
ptrdiff_t caski_call_failed_words(
    struct caski_call *c, int err, bool inside, const char *words);

/* The error that has ended a direction, if one has.  s->io.apart: the other one
 * goes on. */
int caski_call_stuck(const struct cask_sock *s, bool sends);

static inline void
caski_call_end(struct caski_call *c)
{
	if (c->s == NULL)
		return;
	if (c->s->receiving == c)
		c->s->receiving = NULL;
	if (c->s->sending == c)
		c->s->sending = NULL;
}

/* Hold s, which isn't open, in both directions, for a call that waits on
 * another. */
void caski_call_hold(struct caski_call *c, struct cask_sock *s, const char *op);

/* Is s to be opened while a call waits on it?  0, or EBUSY, which doesn't
 * stick. */
int caski_call_refuse(struct cask_sock *s, const char *op);

/* Begin without the test for an open socket: for opening it. */
int caski_call_open(struct caski_call *c, struct cask_sock *s, const char *op,
    struct caski_limit limit);

/*
 * Wait a while for the n descriptors of own: until one is ready (their seen
 * tells which), the moment until (CASKI_NEVER: the call's limit alone) has
 * come, or something else was done meanwhile; the caller looks and calls again.
 * Gives 0; ETIMEDOUT when the limit has passed, which is noted in the socket;
 * ECANCELED: cancelled, or c->s is NULL.
 */
int caski_call_wait(
    struct caski_call *c, struct caski_own *own, size_t n, int64_t until);

/*
 * Has the limit passed?  0 or ETIMEDOUT, which is noted in the socket.  For
 * what takes many system calls, of which perhaps none has to wait.
 */
int caski_call_late(struct caski_call *c);

/*
 * What to do after a system call on fd that gave -err: 0 to try again, perhaps
 * after having waited for the events (*seen, unless NULL, tells which); or the
 * error.
 */
int caski_call_retry(
    struct caski_call *c, int fd, int err, int events, int *seen);

/* How a call sleeps, as cask_cancel has to know: s->bell.  0: it doesn't; above
 * zero: the bell's descriptor, plus 1; else in its system call. */
#define CASKI_BY_PEER (-1)

static inline bool
caski_cancel_pending(const struct cask_sock *s)
{
	return __atomic_load_n(&s->cancelled, __ATOMIC_SEQ_CST) != 0;
}

/* The call that was cancelled ends: ECANCELED. */
CASKI_COLD int caski_meet_cancel(struct cask_sock *s);

/* The sleep is over, and s sleeps as before.  Whoever has seen how it slept is
 * through before anything is closed. */
static inline void
caski_unshow(struct cask_sock *s, int before)
{
	__atomic_store_n(&s->bell, before, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&s->cancelling, __ATOMIC_SEQ_CST) != 0)
		caski_sys_yield();
}

/* Has this thread something to look after, its pump or yielding? */
bool caski_attends(const struct cask_sock *s);

/* Let the descriptor know of the limit, once: it stays so.  False: it can't. */
CASKI_COLD bool caski_prepare(struct cask_sock *s, int ms);

/*
 * May a call sleep in its own system call?  Nothing else has to be looked
 * after, and the descriptor knows the limit, which hasn't begun to run.
 */
static inline bool
caski_may_sleep(struct cask_sock *s, const struct caski_limit *l)
{
	int ms = l->ms < 0 ? 0 : l->ms;

	if (l->at != 0 ||
	    (!CASKI_LIKELY(s->notify == NULL) && s->notify->waiting != NULL) ||
	    (!CASKI_LIKELY(caski_is_alone()) && caski_attends(s)))
		return false;
	return CASKI_LIKELY(s->direct && s->direct_ms == ms) ||
	    caski_prepare(s, ms);
}

/*
 * Receive, within a call or before one has begun: try, or, the first time, if
 * nothing else has to be looked after, sleep in the system call itself, where
 * nobody can do anything to s but cancel.  Gives bytes, 0 at the end, or
 * -errno.
 *
 * A cancel that was there before hits a call only if it would wait.  One that
 * comes now may have shut the connection down: nothing may be received after
 * it, or the next receive would take that for the end of the stream.
 *
 * It is part of those who call it: after a sleep each return goes where the
 * processor does not expect it.
 */
CASKI_INLINE ptrdiff_t
caski_recv_here(
    struct cask_sock *s, void *buf, size_t size, struct caski_limit *limit)
{
	ptrdiff_t n = 0;
	int before;

	if (!CASKI_LIKELY(
		!caski_cancel_pending(s) && caski_may_sleep(s, limit)))
		return caski_wire_recv(s, buf, size, 0);
	caski_limit_at(limit);
	before = __atomic_exchange_n(&s->bell, CASKI_BY_PEER, __ATOMIC_SEQ_CST);
	if (CASKI_LIKELY(!caski_cancel_pending(s)))
		n = caski_wire_recv(s, buf, size, CASKI_WAIT);
	caski_unshow(s, before);
	return caski_cancel_pending(s) ? -caski_meet_cancel(s) : n;
}

ptrdiff_t caski_recv(
    struct cask_sock *s, void *buf, size_t size, struct caski_limit *limit);

/*
 * Most calls find nothing in their way and are through with one system call.
 * They go straight to it.  As nobody can look at s meanwhile, a call begins
 * only when the system has said no; that is its answer then.
 *
 * Has nothing gone wrong, nor is there anything to be done before?
 */
static inline bool
caski_is_plain(const struct cask_sock *s)
{
	return CASKI_LIKELY(s->open && s->io.err == 0 && s->lost == 0 &&
	    s->deadline == 0 && s->held_size == 0);
}

static inline bool
caski_sends_straight(const struct cask_sock *s)
{
	return caski_is_plain(s) && CASKI_LIKELY(s->sending == NULL);
}

static inline bool
caski_receives_straight(const struct cask_sock *s)
{
	return caski_is_plain(s) &&
	    CASKI_LIKELY(s->receiving == NULL && s->io.ahead == 0);
}

/* What a call has met on the straight way, before it began: what the system
 * said, or 0, and the limit, which may run since then. */
struct caski_met {
	ptrdiff_t answer;
	struct caski_limit limit;
};

static inline void
caski_call_has_met(struct caski_call *c, const struct caski_met *m)
{
	if (m->answer == 0)
		return;
	c->answer = m->answer;
	c->limit = m->limit;
}

static inline bool
caski_would_block(ptrdiff_t r)
{
	return r == -EAGAIN || r == -EWOULDBLOCK;
}

/* Send once, without waiting: how many bytes, or -errno. */
static inline ptrdiff_t
caski_send_once(struct cask_sock *s, const void *buf, size_t n)
{
	s->asking = true;
	if (s->lost != 0)
		return -s->lost;
	return caski_wire_send(
	    s, buf, n < CASKI_SEND_MOST ? n : CASKI_SEND_MOST, 0);
}

static inline ptrdiff_t
caski_send_straight(struct cask_sock *s, const void *buf, size_t n)
{
	s->io.passing = 0;
	return caski_send_once(s, buf, n);
}

/* A call that receives was made, with the result n, which it gives: the
 * matching notifications may come again. */
static inline ptrdiff_t
caski_received(struct cask_sock *s, ptrdiff_t n)
{
	if (!CASKI_LIKELY(n > 0) && !caski_would_block(n))
		s->ended = true;
	s->asking = false;
	caski_notify_arm(s, CASK_ON_RECEIVE | CASK_ON_OOB);
	return n;
}

static inline ptrdiff_t
caski_receive_straight(
    struct cask_sock *s, void *buf, size_t size, struct caski_met *m)
{
	ptrdiff_t n;

	s->io.passing = 0;
	n = caski_recv_here(s, buf, size, &m->limit);
	if (n >= 0)
		return caski_received(s, n);
	m->answer = n;
	return n;
}

/* Has the call been cancelled, or lost its socket?  0 or ECANCELED. */
int caski_call_cancelled(struct caski_call *c);

/*
 * yield.c: before a receive sleeps, look again and again, if the program wants
 * that and it has helped of late: whether something came, which is *n then.
 * And whether it would; one that does without, since it did not help, counts.
 */
bool caski_yields(void);
bool caski_yield(struct caski_call *c, void *buf, size_t size, ptrdiff_t *n);

/* All calls of s, and its notification, lose it. */
void caski_calls_lose(struct cask_sock *s);

/* accept.c: have a descriptor for when there are no others. */
void caski_open_reserve(struct cask_sock *s);

/* open.c */

/* A new life for s; keeps settings.  0, or EISCONN, which sticks. */
int caski_sock_begin(struct cask_sock *s, const char *op);

/* A socket of the system's for s, with its settings: a descriptor or -errno. */
int caski_sock_make(const struct cask_sock *s, int family);

/* The family of s; 0 if it is not open; or -errno. */
int caski_sock_family(const struct cask_sock *s);

/* fd, a stream or a datagram socket, is s's from now on: 0 or an error, and fd
 * is the caller's still.  announce: the CASK_ON_ kinds to announce at once. */
int caski_sock_adopt(struct cask_sock *s, int fd, unsigned announce);

/* close.c */

/* Let go of all that s has, but not close its descriptor, which it gives. */
int caski_sock_let_go(struct cask_sock *s);

/* notify.c */

/* Start, change or stop watching, as wanted says. */
int caski_notify_start(struct cask_sock *s);
void caski_notify_stop(struct cask_sock *s);

/* Announce that a connect has failed. */
void caski_notify_failed(struct cask_sock *s);

/* Announce that the connection is lost, as a call has found. */
void caski_notify_lost(struct cask_sock *s, int err);

/* Announce what holds of a socket that stands already. */
void caski_notify_now(struct cask_sock *s);

/* Announce these CASK_ON_ kinds, as far as they are wanted and armed. */
void caski_notify_post(struct cask_sock *s, unsigned kinds);

/* ahead.c */

/* How many more bytes may be read ahead. */
size_t caski_ahead_room(const struct cask_sock *s);

/* Take up to n bytes of what was read ahead: how many. */
size_t caski_ahead_take(struct cask_sock *s, void *buf, size_t n, bool peek);

/* Put before it what an archive has received and not loaded: 0 or ENOMEM. */
int caski_ahead_put_back(struct cask_sock *s, const void *p, size_t n);

/* Read ahead what is there, once, if there is room: bytes, 0 at the end, or
 * -errno; -ENOBUFS when ahead_most has been reached.  want: how much memory to
 * begin with. */
ptrdiff_t caski_ahead_fill(struct cask_sock *s, size_t want);
void caski_ahead_free(struct cask_sock *s);

/* held.c */

/* Hold back n bytes, behind those that are: as many as there is room for. */
size_t caski_hold(struct cask_sock *s, const void *buf, size_t n);

/* So many of them have been sent. */
void caski_held_sent(struct cask_sock *s, size_t n);

/* Before something else is done with s, without waiting: send what the system
 * takes of them. */
void caski_held_push_now(struct cask_sock *s);

static inline void
caski_held_push(struct cask_sock *s)
{
	if (s->held != NULL)
		caski_held_push_now(s);
}

void caski_held_free(struct cask_sock *s);

/* name.c */

/* s->name, which is io.peer too: "host:port", "[::1]:7000"; cut with "...".
 * port NULL: host alone. */
void caski_sock_name(struct cask_sock *s, const char *host, const char *port);

/* The same from the other end's address; "unknown" if that has no words. */
void caski_sock_name_peer(
    struct cask_sock *s, const struct sockaddr *sa, socklen_t len);

/* The same after a bind to port 0: with the port that the system chose. */
void caski_sock_name_bound(struct cask_sock *s, const char *host);

/* An address in the same words, into buf. */
void caski_addr_name(const struct cask_addr *a, char *buf, size_t size);

/* datagram.c: cask_peek of a datagram. */
ptrdiff_t caski_datagram_peek(struct cask_sock *s, void *buf, size_t size);

#endif
