/*
 * A stream socket as the transport of archives.  See <cask/sock.h> and
 * <cask/io.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "trace.h"

/* A busy stream is read and written in blocks of CASKI_SEND_MOST; unless the
 * archive's buffer isn't much smaller. */
#define BUSY_BELOW (CASKI_SEND_MOST / 2)

/* A large buffer that is full has no room for the next value, which may be a
 * bit earlier: for that it isn't copied. */
#define FULL_LEAST (CASKI_SEND_MOST / 16 * 15)

static struct cask_sock *
sock(struct cask_io *io)
{
	return (struct cask_sock *)io;
}

/*
 * An archive's value may take many reads or writes.  One limit covers them all,
 * or a peer that gives or takes a byte now and then would stretch it.
 */
static CASKI_HOT void
stream_start(struct cask_io *io)
{
	sock(io)->value_begins = true;
}

static struct caski_limit
value_limit(struct cask_sock *s, int ms)
{
	if (s->value_begins || s->value_limit == 0)
		return caski_limit_of(s, ms, CASK_TIMEOUT_MS);
	return (struct caski_limit) { .at = s->value_limit, .ms = s->value_ms };
}

/* Not its first transfer: 0 or ETIMEDOUT. */
static int
value_late(struct caski_call *c)
{
	return c->s->value_begins ? 0 : caski_call_late(c);
}

/* One transfer of a value is over: what has begun to run, runs on. */
static void
value_done(struct cask_sock *s, const struct caski_limit *l)
{
	s->value_begins = false;
	s->value_limit = l->at;
	s->value_ms = l->ms;
}

static void
value_end(struct caski_call *c)
{
	value_done(c->s, &c->limit);
	caski_call_end(c);
}

/* How much to read ahead for an archive that reads size bytes. */
static size_t
read_ahead_for(const struct cask_sock *s, size_t size)
{
	if (s->full == CASKI_BUSY && size < BUSY_BELOW)
		return CASKI_SEND_MOST;
	return s->io.exact && size < CASKI_AHEAD_BELOW ? CASKI_AHEAD_BELOW : 0;
}

/* n of size bytes were read, or more, ahead. */
static void
keep_pace(struct cask_sock *s, size_t n, size_t size)
{
	size_t most =
	    s->io.exact && size < CASKI_AHEAD_BELOW ? CASKI_AHEAD_BELOW : size;

	if (n + s->io.ahead < most)
		s->full = 0;
	else if (s->full < CASKI_BUSY)
		s->full++;
}

static CASKI_NOINLINE ptrdiff_t
read_some(
    struct cask_sock *s, void *buf, size_t size, const struct caski_met *met)
{
	struct cask_io *io = &s->io;
	struct caski_call c;
	ptrdiff_t n;

	if (io->ahead > 0 && io->err == 0 && s->receiving == NULL)
		return caski_received(
		    s, (ptrdiff_t)caski_ahead_take(s, buf, size, false));
	n = caski_let_go(s);
	if (n == CASK_IO_GONE)
		return n;
	if (caski_call_begin(&c, s, &s->receiving, "receive",
		value_limit(s, s->receive_ms)) != 0)
		return -1;
	caski_call_has_met(&c, met);
	n = -value_late(&c);
	if (n == 0)
		n = caski_receive_some(&c, buf, size, read_ahead_for(s, size));
	if (n < 0)
		return caski_call_failed(&c, (int)-n, false);
	keep_pace(s, (size_t)n, size);
	value_end(&c);
	return n;
}

static CASKI_HOT ptrdiff_t
stream_read(struct cask_io *io, void *buf, size_t size)
{
	struct cask_sock *s = sock(io);
	struct caski_met met = { 0 };
	ptrdiff_t n;

	if (CASKI_LIKELY(s->value_begins) && caski_receives_straight(s) &&
	    CASKI_LIKELY(read_ahead_for(s, size) == 0)) {
		met.limit = caski_limit_of(s, s->receive_ms, CASK_TIMEOUT_MS);
		n = caski_receive_straight(s, buf, size, &met);
		if (CASKI_LIKELY(n >= 0)) {
			keep_pace(s, (size_t)n, size);
			value_done(s, &met.limit);
			return caski_trace_count(s, "receive", n);
		}
	}
	n = read_some(s, buf, size, &met);
	return caski_trace_count(s, "receive", n);
}

/* Read ahead until there is something: 1, 0 at the end, or -error. */
static ptrdiff_t
await_some(struct caski_call *c)
{
	struct cask_sock *s = c->s;
	ptrdiff_t n = 1;
	int err = 0;

	while (err == 0 && s->io.ahead == 0) {
		n = caski_or_lost(s, caski_ahead_fill(s, CASKI_AHEAD_BELOW));
		if (n >= 0)
			break;
		err = caski_call_retry(
		    c, s->watch.fd, (int)-n, CASK_READABLE, NULL);
	}
	return err != 0 ? -err : caski_received(s, n > 0);
}

static int
look_for_more(struct cask_sock *s)
{
	struct caski_call c;
	ptrdiff_t n = caski_let_go(s);

	if (n == CASK_IO_GONE)
		return CASK_IO_GONE;
	if (caski_call_begin(&c, s, &s->receiving, "receive",
		value_limit(s, s->receive_ms)) != 0)
		return -1;
	n = await_some(&c);
	if (n < 0)
		return (int)caski_call_failed(&c, (int)-n, false);
	value_end(&c);
	return (int)n;
}

static int
stream_more(struct cask_io *io)
{
	struct cask_sock *s = sock(io);

	return (int)caski_trace_count(s, "more", look_for_more(s));
}

/* An archive that goes on (io.partial) is to write large blocks. */
static ptrdiff_t
give(struct caski_call *c, const void *buf, size_t size)
{
	struct cask_sock *s = c->s;
	bool goes_on = s->io.partial;
	ptrdiff_t sent;
	size_t took = 0;

	if (s->held_size > 0 ||
	    (goes_on && size < (s->io.full ? FULL_LEAST : CASKI_SEND_MOST)))
		took = caski_hold(s, buf, size);
	if (took == 0)
		return caski_send_some(c, buf, size);
	if (goes_on && s->held_size < CASKI_SEND_MOST)
		return (ptrdiff_t)took;
	sent = caski_call_held(c);
	if (sent < 0)
		return sent;
	if (!goes_on)
		caski_held_free(s);
	return (ptrdiff_t)took;
}

static CASKI_NOINLINE ptrdiff_t
write_some(struct cask_sock *s, const void *buf, size_t size, ptrdiff_t answer)
{
	bool inside = s->held_size > 0;
	struct caski_call c;
	ptrdiff_t sent;

	if (caski_call_begin(
		&c, s, &s->sending, "send", value_limit(s, s->send_ms)) != 0)
		return -1;
	c.answer = answer;
	sent = -value_late(&c);
	if (sent == 0)
		sent = give(&c, buf, size);
	if (sent < 0)
		return caski_send_failed(&c, sent, inside);
	value_end(&c);
	return sent;
}

static CASKI_HOT ptrdiff_t
stream_write(struct cask_io *io, const void *buf, size_t size)
{
	struct cask_sock *s = sock(io);
	ptrdiff_t n = 0;

	if (CASKI_LIKELY(s->value_begins && !io->partial) &&
	    caski_sends_straight(s)) {
		n = caski_send_straight(s, buf, size);
		if (CASKI_LIKELY(n > 0)) {
			s->value_begins = false;
			s->value_limit = 0; /* it doesn't run yet */
			return caski_trace_count(s, "send", n);
		}
	}
	n = write_some(s, buf, size, n);
	return caski_trace_count(s, "send", n);
}

static int
stream_unread(struct cask_io *io, const void *p, size_t n)
{
	return caski_ahead_put_back(sock(io), p, n);
}

_Alignas(64) const struct cask_io_table caski_stream_table = {
	.name = "socket",
	.read = stream_read,
	.write = stream_write,
	.start = stream_start,
	.more = stream_more,
	.unread = stream_unread,
};

/* No message of an archive's has to fit a datagram: there is no transport. */
const struct cask_io_table caski_datagram_table = { .name = "datagram" };
