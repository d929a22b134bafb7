/*
 * Talking over a connection.  See <cask/sock.h>; the transport of archives is
 * in stream.c.
 *
 * A call that blocks tries its system call, and when that would block it waits,
 * within its limit, and tries again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"
#include "trace.h"

#include <errno.h>
#include <stdio.h>

/* Receiving */

static struct caski_limit
receive_limit(const struct cask_sock *s)
{
	return caski_limit_of(s, s->receive_ms, CASK_TIMEOUT_MS);
}

/* The connection is lost, as a call that sends has met, or the pump while it
 * looked for data. */
static int
lost(const struct cask_sock *s)
{
	return s->io.err != 0 ? s->io.err : s->lost;
}

/* Of a lost one nothing is waited for: what came before is all there, and then
 * comes the reason, be it the end or not. */
ptrdiff_t
caski_or_lost(const struct cask_sock *s, ptrdiff_t n)
{
	return n > 0 || n == -EINTR || lost(s) == 0 ? n : -lost(s);
}

/* What the system has said before the call began, which is told once: bytes,
 * -errno, or 0 for nothing. */
static ptrdiff_t
answer(struct caski_call *c)
{
	ptrdiff_t n = c->answer;

	c->answer = 0;
	return n;
}

/*
 * What is there, up to size bytes: bytes, 0 at the end, or -error.  ahead: up
 * to so much is read ahead, and what was asked for comes from there; without
 * memory, and to sleep, the small way.
 */
static ptrdiff_t
receive_once(struct caski_call *c, void *buf, size_t size, size_t ahead)
{
	struct cask_sock *s = c->s;
	ptrdiff_t n = answer(c);

	if (n != 0)
		return n;
	if (s->io.ahead > 0)
		return (ptrdiff_t)caski_ahead_take(s, buf, size, false);
	if (lost(s) != 0)
		return caski_or_lost(s, caski_wire_recv(s, buf, size, 0));
	if (ahead == 0)
		return caski_recv(s, buf, size, &c->limit);
	n = caski_ahead_fill(s, ahead);
	if (n > 0)
		return (ptrdiff_t)caski_ahead_take(s, buf, size, false);
	if (n != -ENOMEM && (s->io.exact || !caski_would_block(n)))
		return n;
	s->full = CASKI_BUSY - 1;
	return caski_recv(s, buf, size, &c->limit);
}

ptrdiff_t
caski_receive_some(struct caski_call *c, void *buf, size_t size, size_t ahead)
{
	ptrdiff_t n = 0;
	int err = 0;

	do {
		n = receive_once(c, buf, size, ahead);
		if (n >= 0)
			break;
		if (caski_would_block(n) && caski_yield(c, buf, size, &n))
			break;
		err = caski_call_retry(
		    c, c->s->watch.fd, (int)-n, CASK_READABLE, NULL);
	} while (err == 0);
	if (err != 0)
		return -err;
	return caski_received(c->s, n);
}

/* What archives have stored is sent first; where that fails, what the other end
 * has sent is received all the same.  0, -1, or CASK_IO_GONE. */
static int
begin_receive(struct caski_call *c, struct cask_sock *s)
{
	/* An error that stuck before may look like CASK_IO_GONE. */
	int err = s->io.err != 0 ? 0 : cask_io_flush(&s->io);

	if (err == 0)
		err = (int)caski_let_go(s);
	if (err == CASK_IO_GONE)
		return CASK_IO_GONE;
	if ((err != 0 && !s->io.apart) ||
	    caski_call_begin(
		c, s, &s->receiving, "receive", receive_limit(s)) != 0)
		return -1;
	return 0;
}

static CASKI_NOINLINE ptrdiff_t
receive_on(
    struct cask_sock *s, void *buf, size_t size, const struct caski_met *met)
{
	struct caski_call c;
	ptrdiff_t n = begin_receive(&c, s);

	if (n < 0)
		return n;
	caski_call_has_met(&c, met);
	n = caski_receive_some(&c, buf, size, 0);
	if (n < 0)
		return caski_call_failed(&c, (int)-n, false);
	caski_call_end(&c);
	return n;
}

static inline ptrdiff_t
receive(struct cask_sock *s, void *buf, size_t size)
{
	struct caski_met met = { 0 };
	ptrdiff_t n;

	if (caski_receives_straight(s) && s->io.unflushed == NULL) {
		met.limit = receive_limit(s);
		n = caski_receive_straight(s, buf, size, &met);
		if (n >= 0)
			return n;
	}
	return receive_on(s, buf, size, &met);
}

ptrdiff_t
cask_receive(struct cask_sock *s, void *buf, size_t size)
{
	if (s->datagram)
		return cask_receive_from(s, buf, size, NULL);
	return caski_trace_count(s, "receive", receive(s, buf, size));
}

static ptrdiff_t
cut(struct caski_call *c, size_t done, size_t size)
{
	char words[80];

	snprintf(words, sizeof words, "stream ended after %zu of %zu bytes",
	    done, size);
	return caski_call_failed_words(c, CASK_ECUT, true, words);
}

static ptrdiff_t
receive_all(struct cask_sock *s, void *buf, size_t size)
{
	unsigned char *p = buf;
	struct caski_call c;
	size_t done = 0;
	ptrdiff_t n;

	if (s->datagram) {
		cask_io_pass(&s->io, EOPNOTSUPP, "receive",
		    "datagrams come one by one: cask_receive");
		return -1;
	}
	n = begin_receive(&c, s);
	if (n < 0)
		return n;
	for (n = 1; done < size && n > 0;) {
		n = done > 0 ? -caski_call_late(&c) : 0;
		if (n == 0)
			n = caski_receive_some(&c, p + done, size - done, 0);
		if (n > 0)
			done += (size_t)n;
	}
	if (n < 0)
		return caski_call_failed(&c, (int)-n, done > 0);
	if (n == 0 && done > 0)
		return cut(&c, done, size);
	caski_call_end(&c);
	return (ptrdiff_t)done;
}

ptrdiff_t
cask_receive_all(struct cask_sock *s, void *buf, size_t size)
{
	return caski_trace_count(s, "receive", receive_all(s, buf, size));
}

/* Of calls that don't wait. */
static const struct caski_limit no_limit = { 0 };

/* EAGAIN is the answer to this call alone. */
static ptrdiff_t
nothing_there(struct cask_sock *s, const char *op)
{
	cask_io_pass(&s->io, EAGAIN, op, "nothing is there");
	return -1;
}

/* n: what the system has said, or -EINTR. */
static CASKI_NOINLINE ptrdiff_t
try_on_to_receive(
    struct cask_sock *s, void *buf, size_t size, int flags, ptrdiff_t n)
{
	struct caski_call c;

	caski_held_push(s);
	if (caski_call_begin(&c, s, &s->receiving, "receive", no_limit) != 0)
		return -1;
	if (s->io.ahead > 0)
		n = (ptrdiff_t)caski_ahead_take(
		    s, buf, size, (flags & CASKI_PEEK) != 0);
	while (n == -EINTR)
		n = caski_or_lost(s, caski_wire_recv(s, buf, size, flags));
	caski_received(s, n);
	if (n < 0 && !caski_would_block(n))
		return caski_call_failed(&c, (int)-n, false);
	caski_call_end(&c);
	return n < 0 ? nothing_there(s, "receive") : n;
}

static inline ptrdiff_t
try_to_receive(struct cask_sock *s, void *buf, size_t size, int flags)
{
	ptrdiff_t n = -EINTR;

	if (caski_receives_straight(s)) {
		s->io.passing = 0;
		n = caski_wire_recv(s, buf, size, flags);
		if (n >= 0)
			return caski_received(s, n);
	}
	return try_on_to_receive(s, buf, size, flags, n);
}

ptrdiff_t
cask_try_receive(struct cask_sock *s, void *buf, size_t size)
{
	if (s->datagram)
		return cask_try_receive_from(s, buf, size, NULL);
	return caski_trace_count(s, "receive", try_to_receive(s, buf, size, 0));
}

ptrdiff_t
cask_peek(struct cask_sock *s, void *buf, size_t size)
{
	if (s->datagram)
		return caski_datagram_peek(s, buf, size);
	return caski_trace_count(
	    s, "peek", try_to_receive(s, buf, size, CASKI_PEEK));
}

/* Sending */

static struct caski_limit
send_limit(const struct cask_sock *s)
{
	return caski_limit_of(s, s->send_ms, CASK_TIMEOUT_MS);
}

/*
 * Read ahead once.  *deaf: there is nothing more to read.  The system tells the
 * reason of a loss once; it is kept for the call that is going to meet it.
 */
static void
read_ahead(struct cask_sock *s, bool *deaf)
{
	ptrdiff_t n = caski_ahead_fill(s, CASKI_AHEAD_BELOW);

	if (n > 0)
		caski_notify_post(s, CASK_ON_RECEIVE);
	else
		*deaf = n != -EINTR && !caski_would_block(n);
	if (n < 0 && *deaf && n != -ENOMEM && n != -ENOBUFS)
		s->lost = (int)-n;
}

/* It can't go on now.  Until it can, keep the peer going by reading ahead. */
int
caski_call_room(struct caski_call *c, int err, bool *deaf)
{
	struct cask_sock *s = c->s;
	int events = CASK_WRITABLE;
	int seen = 0;

	if (!*deaf && caski_ahead_room(s) > 0)
		events |= CASK_READABLE;
	err = caski_call_retry(c, s->watch.fd, err, events, &seen);
	if (err == 0 && seen & CASK_READABLE)
		read_ahead(s, deaf);
	return err;
}

/* Send what fits, at least one byte: how many, or -error. */
ptrdiff_t
caski_send_some(struct caski_call *c, const void *buf, size_t n)
{
	bool deaf = false;
	ptrdiff_t sent;
	int err = 0;

	do {
		sent = answer(c);
		if (sent == 0)
			sent = caski_send_once(c->s, buf, n);
		if (sent < 0)
			err = caski_call_room(c, (int)-sent, &deaf);
	} while (sent < 0 && err == 0);
	return err != 0 ? -err : sent;
}

static void
say_full(struct cask_sock *s)
{
	char words[120];

	if (s->io.err != 0 || caski_ahead_room(s) > 0)
		return;
	snprintf(words, sizeof words,
	    "both directions are full, and %zu bytes wait here to be received",
	    s->io.ahead);
	cask_io_fail_words(&s->io, ETIMEDOUT, "send", words);
}

ptrdiff_t
caski_send_failed(struct caski_call *c, ptrdiff_t sent, bool inside)
{
	if (c->s != NULL && sent == -ETIMEDOUT) {
		c->s->io.inside = inside;
		say_full(c->s);
	}
	return caski_call_failed(c, (int)-sent, inside);
}

ptrdiff_t
caski_call_held(struct caski_call *c)
{
	struct cask_sock *s = c->s;
	ptrdiff_t sent = 0;

	while (s->held_size > 0) {
		if (s->held_sent > 0)
			sent = -caski_call_late(c);
		if (sent >= 0)
			sent = caski_send_some(c, s->held + s->held_sent,
			    s->held_size - s->held_sent);
		if (sent < 0)
			return sent;
		caski_held_sent(s, (size_t)sent);
	}
	return 0;
}

ptrdiff_t
caski_let_go_now(struct cask_sock *s)
{
	struct caski_call c;
	ptrdiff_t sent;

	if (s->sending != NULL)
		return 0;
	if (caski_call_begin(&c, s, &s->sending, "send", send_limit(s)) != 0)
		return -1;
	sent = caski_call_held(&c);
	if (sent < 0)
		return caski_send_failed(&c, sent, true);
	caski_held_free(s);
	caski_call_end(&c);
	return 0;
}

static CASKI_NOINLINE int
send_on(struct cask_sock *s, const void *buf, size_t n, ptrdiff_t answer)
{
	const unsigned char *p = buf;
	bool apart = s->io.apart;
	struct caski_call c;
	ptrdiff_t sent;
	int err;

	if (caski_let_go(s) == CASK_IO_GONE)
		return CASKI_GONE;
	err = caski_call_begin(&c, s, &s->sending, "send", send_limit(s));
	if (err != 0)
		return err;
	c.answer = answer;
	for (; n > 0; p += sent, n -= (size_t)sent) {
		sent = p != buf ? -caski_call_late(&c) : 0;
		if (sent == 0)
			sent = caski_send_some(&c, p, n);
		if (sent >= 0)
			continue;
		if (caski_send_failed(&c, sent, p != buf) == CASK_IO_GONE)
			return CASKI_GONE;
		return apart ? (int)-sent : s->io.err;
	}
	caski_call_end(&c);
	return 0;
}

static inline int
send_all(struct cask_sock *s, const void *buf, size_t n)
{
	ptrdiff_t sent = 0;

	if (n > 0 && caski_sends_straight(s)) {
		sent = caski_send_straight(s, buf, n);
		if (sent == (ptrdiff_t)n)
			return 0;
	}
	return send_on(s, buf, n, sent);
}

int
cask_send(struct cask_sock *s, const void *buf, size_t n)
{
	if (s->datagram)
		return cask_send_to(s, buf, n, NULL);
	return caski_trace_end(s, "send", send_all(s, buf, n));
}

/* sent: what the system has said, or 0. */
static CASKI_NOINLINE ptrdiff_t
try_on_to_send(
    struct cask_sock *s, const unsigned char *p, size_t n, ptrdiff_t sent)
{
	size_t done = sent > 0 ? (size_t)sent : 0;
	struct caski_call c;

	caski_held_push(s);
	if (caski_call_begin(&c, s, &s->sending, "send", no_limit) != 0)
		return -1;
	if (s->held_size > 0)
		sent = -EAGAIN;
	while (done < n && (sent >= 0 || sent == -EINTR)) {
		sent = caski_send_once(s, p + done, n - done);
		if (sent > 0)
			done += (size_t)sent;
	}
	if (sent < 0 && !caski_would_block(sent))
		return caski_call_failed(&c, (int)-sent, false);
	caski_call_end(&c);
	if (done < n)
		caski_notify_arm(s, CASK_ON_SEND);
	return (ptrdiff_t)done;
}

static inline ptrdiff_t
try_to_send(struct cask_sock *s, const void *buf, size_t n)
{
	ptrdiff_t sent = 0;

	if (n > 0 && caski_sends_straight(s)) {
		sent = caski_send_straight(s, buf, n);
		if (sent == (ptrdiff_t)n)
			return sent;
	}
	return try_on_to_send(s, buf, n, sent);
}

ptrdiff_t
cask_try_send(struct cask_sock *s, const void *buf, size_t n)
{
	ptrdiff_t sent;

	if (s->datagram)
		return cask_try_send_to(s, buf, n, NULL) == 0 ? (ptrdiff_t)n
							      : -1;
	sent = try_to_send(s, buf, n);
	if (sent != 0 || n == 0)
		caski_trace_count(s, "send", sent);
	return sent;
}
