/*
 * How cask report delivers a report: again and again, until it is acknowledged.
 *
 * Blocking calls, one after the other, under one deadline an exchange.  A
 * report that was not acknowledged is sent again as it was, with its sequence
 * number, by which the collector knows it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "report.h"

#define PAUSE_MOST 8.0 /* seconds */

static bool lost(struct reporter *r, const char *format, ...) PRINTS(2, 3);

/* Note what went wrong, and hang up.  Always false. */
static bool
lost(struct reporter *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->why, sizeof r->why, format, args);
	va_end(args);
	cask_close(&r->sock);
	r->connected = false;
	return false;
}

/* The same for an archive: trouble in the socket has its peer's name in it. */
static bool
lost_in(struct reporter *r, const struct cask_ar *ar)
{
	if (r->sock.io.err != 0)
		return lost(r, "%s", cask_sock_why(&r->sock));
	return lost(r, "%s: %s", r->sock.io.peer, cask_why(ar));
}

static void
knock(struct cask_sock *s, int err)
{
	struct reporter *r = s->user;

	(void)err;
	r->knocked = true;
}

const struct cask_notify report_notify = { .receive = knock };

static bool
connect_to_collector(struct reporter *r)
{
	if (cask_connect(&r->sock, r->host, r->port) != 0)
		return lost(r, "%s", cask_sock_why(&r->sock));
	cask_store(&r->out, &r->sock.io);
	cask_load(&r->in, &r->sock.io);
	r->connected = true;
	return true;
}

static bool
await_ack(struct reporter *r)
{
	struct ack ack;

	if (!cask_more(&r->in) && r->in.err == 0)
		return lost(
		    r, "receive %s: closed by the collector", r->sock.io.peer);
	ack_x(&r->in, &ack);
	if (r->in.err != 0)
		return lost_in(r, &r->in);
	if (ack.sequence != r->sequence)
		return lost(r,
		    "%s: acknowledged report %" PRIu64 " instead of %" PRIu64,
		    r->sock.io.peer, ack.sequence, r->sequence);
	return true;
}

/* Send the report and get it acknowledged, once, within the time limit. */
static bool
exchange(struct reporter *r, const struct cask_mem *m)
{
	uint32_t length = (uint32_t)m->length;
	bool done;

	cask_deadline(&r->sock, milliseconds(r->timeout));
	if (!r->connected && !connect_to_collector(r))
		return false;
	r->again += r->sent == r->sequence;
	r->sent = r->sequence;
	frame_x(&r->out, &length);
	cask_put_bytes(&r->out, m->data, m->length);
	if (cask_flush(&r->out) != 0)
		return lost_in(r, &r->out);
	done = await_ack(r);
	cask_deadline(&r->sock, -1);
	return done;
}

/* One line when trouble begins, and one when it has ended. */
static void
say_trouble(struct reporter *r, double pause)
{
	if (!r->in_trouble)
		complain("%s; trying again in %.3g s", r->why, pause);
	r->in_trouble = true;
}

static void
say_success(struct reporter *r)
{
	if (r->in_trouble)
		complain("%s is back", r->sock.io.peer);
	r->in_trouble = false;
}

void
report_wait(struct reporter *r, int64_t then)
{
	int64_t left = then - now_ms();

	for (; left > 0; left = then - now_ms()) {
		char c;
		ptrdiff_t n;

		if (cask_pump_turn((int)left, NULL) != 0)
			sleep(1); /* out of memory: no reason to spin */
		if (!r->knocked || !r->connected)
			continue;
		r->knocked = false;
		n = cask_try_receive(&r->sock, &c, 1);
		if (n < 0 && r->sock.io.err == 0)
			continue;
		if (n < 0)
			lost(r, "%s", cask_sock_why(&r->sock));
		else
			lost(r, "receive %s: %s", r->sock.io.peer,
			    n > 0 ? "something that was not asked for"
				  : "closed by the collector");
		say_trouble(r, (double)(then - now_ms()) / 1000);
	}
}

bool
report_deliver(struct reporter *r, const struct cask_mem *m)
{
	double most = r->retry > PAUSE_MOST ? r->retry : PAUSE_MOST;
	double pause = r->retry;

	while (!exchange(r, m)) {
		if ((r->sock.io.err == CASK_ENAME ||
			r->sock.io.err == CASK_EPORT) &&
		    r->acknowledged == 0) {
			complain("%s", r->why);
			return false;
		}
		say_trouble(r, pause);
		report_wait(r, now_ms() + milliseconds(pause));
		pause = pause * 2 < most ? pause * 2 : most;
	}
	say_success(r);
	r->acknowledged++;
	remark(
	    "%s: acknowledged report %" PRIu64, r->sock.io.peer, r->sequence);
	r->hash = hash_on(r->hash, m->data, m->length);
	return true;
}
