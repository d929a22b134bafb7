/*
 * A server's messages: what has come is handled, and answers are stored.  See
 * serve.h.
 *
 * What is received is handled where it is, in the server's block; what is left,
 * the beginning of a message, goes to the client's queue.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve.h"

#include <cask/behind.h>
#include <errno.h>
#include <string.h>

#include "ar.h"
#include "sock.h"
#include "sys.h"

#define MESSAGE_MOST  ((uint64_t)1 << 20)
#define UNFRAMED_MOST 65536 /* looked at again with each piece that comes */
#define TURN_MOST     64 /* messages of one client, then others have theirs */
#define OUTPUT_MOST   ((uint64_t)4 << 20)
#define SECOND        1000000000

static uint64_t
message_most(const struct cask_server *s)
{
	if (s->limit.message > 0)
		return s->limit.message;
	return s->unframed ? UNFRAMED_MOST : MESSAGE_MOST;
}

/* Loading: the bytes of a message, in memory */

static struct cask_server *
server_of_source(struct cask_io *io)
{
	return (struct cask_server *)((char *)io -
	    offsetof(struct cask_server, source));
}

/* A framed message is the archive's buffer: there is nothing to be read. */
static ptrdiff_t
read_unread(struct cask_io *io, void *buf, size_t size)
{
	struct cask_server *s = server_of_source(io);

	s->hungry = s->unread_size == 0;
	if (size > s->unread_size)
		size = s->unread_size;
	if (size > 0)
		memcpy(buf, s->unread, size);
	s->unread += size;
	s->unread_size -= size;
	return (ptrdiff_t)size;
}

const struct cask_io_table caski_source_table = {
	.name = "message",
	.read = read_unread,
};

static void
open_in(struct cask_client *c, unsigned char *p, size_t n)
{
	struct cask_server *s = c->server;

	s->source.err = 0;
	s->source.peer = c->sock.name;
	s->in.limit.message = message_most(s);
	s->hungry = s->checked = s->right = false;
	s->unread = p;
	s->unread_size = s->unframed ? n : 0;
	if (s->unframed) {
		cask_load(&s->in, &s->source);
		s->in.base = s->in.message = s->in.whole = c->at;
	} else {
		caski_load_block(&s->in, &s->source, p, n, c->at);
		cask_message_begin(&s->in, &s->loads, "");
	}
}

/* Unframed: it may be that the rest is still to come. */
static bool
is_short(const struct cask_server *s)
{
	return s->unframed && s->in.err == CASK_ECUT && s->hungry;
}

/* The next message is to come no sooner than limit.rate allows, though a
 * second's worth of them may come at once. */
static void
count_message(struct cask_client *c)
{
	unsigned rate = c->server->limit.rate;
	int64_t now = caski_sys_now();

	c->messages++;
	c->server->counts.messages++;
	c->active_at = now;
	if (rate == 0)
		return;
	if (c->room_at < now - SECOND)
		c->room_at = now - SECOND;
	c->room_at += SECOND / rate;
}

bool
cask_client_checked(struct cask_client *c)
{
	struct cask_server *s = c->server;

	if (s->handling != c || s->checked)
		return s->handling == c && s->right;
	s->checked = true;
	if (!s->unframed)
		cask_message_end(&s->in, &s->loads);
	if (is_short(s))
		return false;
	if (s->in.err == 0 && s->unframed && cask_at(&s->in) == c->at)
		cask_fail(&s->in, NULL, EPROTO, "a message of no bytes");
	if (s->in.err != 0)
		caski_client_die(c, s->in.err, "%s", cask_why(&s->in));
	s->used_to = cask_at(&s->in);
	s->right = c->state != CASKI_DEAD;
	if (s->right)
		count_message(c);
	return s->right;
}

/* Behind a balancer: its header, from which on the client is who it is. */
static size_t
take_header(struct cask_client *c, const unsigned char *p, size_t n)
{
	struct cask_behind b;
	const char *why = NULL;
	int err = cask_behind_read(&b, p, n);

	if (err == EAGAIN)
		return 0;
	if (err != 0) {
		caski_client_die(c, err, "%s: %s", c->sock.name, b.why);
		return 0;
	}
	c->behind = false;
	if (!b.local) {
		caski_addr_name(&b.source, c->sock.name, sizeof c->sock.name);
		why = caski_client_unwanted(c, &b.source);
	}
	if (why != NULL)
		caski_client_die(c, EACCES, "%s: %s", c->sock.name, why);
	else
		caski_client_announce(c);
	return b.length;
}

/* One message, or the beginning of one: the bytes that were used. */
static size_t
handle(struct cask_client *c, unsigned char *p, size_t n)
{
	struct cask_server *s = c->server;
	uint64_t end;

	open_in(c, p, n);
	s->handling = c;
	s->message(c, &s->in);
	cask_client_checked(c);
	s->handling = NULL;
	end = c->at + n;
	if (s->unframed)
		end = s->right ? s->used_to : c->at;
	n = (size_t)(end - c->at);
	c->at = end;
	return n;
}

static void
too_long(struct cask_client *c, uint64_t n)
{
	caski_client_die(c, CASK_ELIMIT,
	    "message at byte %llu from %s: length %llu, limit %llu "
	    "(limit.message)",
	    (unsigned long long)c->at, c->sock.name, (unsigned long long)n,
	    (unsigned long long)message_most(c->server));
}

/* The bytes of the message at p, 0 if it isn't whole. */
static size_t
whole(struct cask_client *c, const unsigned char *p, size_t n)
{
	uint64_t length;

	if (n < CASKI_PREFIX)
		return 0;
	length = caski_decode(&c->server->in, p, CASKI_PREFIX);
	if (length > message_most(c->server))
		too_long(c, length);
	else if (length <= n - CASKI_PREFIX)
		return CASKI_PREFIX + (size_t)length;
	return 0;
}

static size_t
handle_next(struct cask_client *c, unsigned char *p, size_t n)
{
	size_t used;

	if (c->behind)
		return take_header(c, p, n);
	used = c->server->unframed ? n : whole(c, p, n);
	return used > 0 ? handle(c, p, used) : 0;
}

/* All that are whole, as far as they may be handled: the bytes that were used.
 * Small messages are many, and each takes its time: the others wait for so many
 * of them, and no more. */
static size_t
handle_all(struct cask_client *c, unsigned char *p, size_t n)
{
	size_t used = 0, more = 1;

	for (int i = 0; used < n && more > 0 && caski_client_may(c); i++) {
		if (i == TURN_MOST && c->state == CASKI_OPEN) {
			c->paused = true;
			caski_server_resume(c->server, c);
			break;
		}
		more = handle_next(c, p + used, n - used);
		used += more;
	}
	return used;
}

/* What is left waits, and its time runs from now on if it is new. */
static void
keep(struct cask_client *c, size_t used, size_t left)
{
	if (left == 0 || c->paused)
		c->began_at = 0;
	else if (used > 0 || c->began_at == 0)
		c->began_at = caski_sys_now();
}

static bool
put_in(struct cask_client *c, const unsigned char *p, size_t n)
{
	struct cask_server *s = c->server;
	int err = caski_client_put(c, &c->in, p, n);

	if (err == CASK_ELIMIT)
		caski_client_die(c, err,
		    "%s: no room for its message: %llu bytes wait in all, "
		    "limit %llu (limit.memory)",
		    c->sock.name, (unsigned long long)s->counts.memory,
		    (unsigned long long)caski_server_memory(s));
	else if (err != 0)
		caski_client_die(
		    c, err, "%s: no memory for its message", c->sock.name);
	return err == 0;
}

static void
handle_queue(struct cask_client *c)
{
	size_t used = handle_all(c, caski_queue_first(&c->in), c->in.have);

	if (c->state == CASKI_DEAD)
		return; /* and its queue may be gone */
	caski_queue_take(c->server, &c->in, used);
	keep(c, used, c->in.have);
}

static void
handle_block(struct cask_client *c, size_t n)
{
	unsigned char *p = c->server->block;
	size_t used = handle_all(c, p, n);

	if (c->state == CASKI_OPEN && used < n &&
	    !put_in(c, p + used, n - used))
		return;
	keep(c, used, n - used);
}

static void
came(struct cask_client *c, size_t n)
{
	c->server->counts.received += n;
	if (c->state != CASKI_OPEN)
		return;
	if (c->in.have == 0)
		handle_block(c, n);
	else if (put_in(c, c->server->block, n))
		handle_queue(c);
	caski_client_push(c);
	caski_client_time(c);
}

/* It sends no more.  What it waits for it still gets. */
static void
ended(struct cask_client *c)
{
	c->over = true;
	if (c->state == CASKI_OPEN && c->in.have > 0)
		caski_client_die(c, CASK_ECUT,
		    "%s: ended in the middle of %s, after %zu bytes",
		    c->sock.name, c->behind ? "its PROXY header" : "a message",
		    c->in.have);
	else if (c->state == CASKI_OPEN && c->out.have > 0)
		cask_client_close(c);
	else
		caski_client_gone(c);
}

/* Balancers end their checks by a reset. */
static bool
was_a_check(const struct cask_client *c)
{
	return c->balanced && c->sock.io.err == ECONNRESET &&
	    c->messages == 0 && c->in.have == 0;
}

void
caski_client_receive(struct cask_client *c)
{
	struct cask_server *s = c->server;
	ptrdiff_t n;

	if (caski_server_busy(s)) {
		c->paused = true;
		caski_server_resume(s, c);
		return;
	}
	if (!caski_client_may(c)) {
		caski_client_time(c);
		return;
	}
	n = cask_try_receive(&c->sock, s->block, CASKI_BLOCK);
	if (n > 0)
		came(c, (size_t)n);
	else if (n == 0)
		ended(c);
	else if (was_a_check(c))
		caski_client_gone(c);
	else if (c->sock.io.err != 0)
		caski_client_die(
		    c, c->sock.io.err, "%s", cask_sock_why(&c->sock));
}

void
caski_client_resume(struct cask_client *c)
{
	if (!c->paused)
		return;
	c->paused = false;
	if (c->state == CASKI_OPEN && c->in.have > 0 && caski_client_may(c)) {
		handle_queue(c);
		caski_client_push(c);
		caski_client_time(c);
	}
	caski_client_receive(c);
}

/* Storing: into the queue of a client */

static struct cask_server *
server_of_sink(struct cask_io *io)
{
	return (struct cask_server *)((char *)io -
	    offsetof(struct cask_server, sink));
}

static ptrdiff_t
put_out(struct cask_io *io, const void *p, size_t n)
{
	struct cask_server *s = server_of_sink(io);
	uint64_t most = s->limit.output > 0 ? s->limit.output : OUTPUT_MOST;
	struct cask_client *c = s->to;
	int err = 0;

	if (n > most - c->out.have)
		err = cask_io_fail_words(io, CASK_ELIMIT, "send",
		    "more would wait than limit.output allows");
	else
		err = caski_client_put(c, &c->out, p, n);
	if (err == CASK_ELIMIT && io->err == 0)
		cask_io_fail_words(io, err, "send",
		    "more would wait than limit.memory allows");
	else if (err != 0)
		cask_io_fail(io, err, "send");
	return err == 0 ? (ptrdiff_t)n : -1;
}

const struct cask_io_table caski_sink_table = {
	.name = "queue",
	.write = put_out,
};

/* While its last message is handled, a client may still be answered. */
static bool
takes_messages(const struct cask_client *c)
{
	return c->state == CASKI_OPEN ||
	    (c->state == CASKI_ENDING && c->server->handling == c);
}

bool
cask_client_store(struct cask_client *c, const char *name)
{
	struct cask_server *s = c->server;

	s->homeless = s->to != NULL || !takes_messages(c);
	if (s->homeless)
		return false;
	s->to = c;
	s->mark = c->out.have;
	s->sink.err = 0;
	s->sink.inside = false;
	s->sink.peer = c->sock.name;
	cask_store(&s->out, &s->sink);
	return s->unframed || cask_message_begin(&s->out, &s->stores, name);
}

bool
cask_client_again(struct cask_client *c)
{
	struct cask_server *s = c->server;

	return !s->unframed && cask_message_again(&s->out, &s->stores);
}

/* It can't be stored, or there is no room for it. */
static void
not_stored(struct cask_client *c)
{
	struct cask_server *s = c->server;
	char why[sizeof c->why];

	if (s->sink.err != 0)
		caski_client_die(c, s->sink.err, "%s",
		    cask_io_why(&s->sink, why, sizeof why));
	else
		caski_client_die(c, s->out.err, "%s", cask_why(&s->out));
}

bool
cask_client_stored(struct cask_client *c)
{
	struct cask_server *s = c->server;
	bool homeless = s->homeless;

	s->homeless = false;
	if (homeless)
		return false;
	if (!s->unframed)
		cask_message_end(&s->out, &s->stores);
	cask_flush(&s->out);
	s->to = NULL;
	if (s->out.err != 0) {
		caski_queue_untake(s, &c->out, c->out.have - s->mark);
		not_stored(c);
		return false;
	}
	s->counts.replies++;
	if (c != s->handling) {
		caski_client_push(c);
		caski_client_time(c);
	}
	return c->state != CASKI_DEAD;
}
