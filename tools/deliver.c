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
#include <time.h>

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
	cask_link_close(&r->link);
	r->connected = false;
	return false;
}

static void
knock(struct cask_sock *s, int err)
{
	struct reporter *r = s->user;

	(void)err;
	r->knocked = true;
}

const struct cask_notify report_notify = { .receive = knock };

/* Send the report and get it acknowledged, once, within the time limit. */
static bool
exchange(struct reporter *r)
{
	struct cask_link *l = &r->link;
	struct ack ack;

	cask_deadline(&l->sock, milliseconds(r->timeout));
	if (!r->connected && cask_link_connect(l, r->host, r->port) != 0)
		return lost(r, "%s", cask_link_why(l));
	r->connected = true;
	r->again += r->sent == r->sequence;
	r->sent = r->sequence;
	if (!cask_link_call(l, &r->report, report_x, &ack, ack_x))
		return lost(r, "%s", cask_link_why(l));
	if (ack.sequence != r->sequence)
		return lost(r,
		    "%s: acknowledged report %" PRIu64 " instead of %" PRIu64,
		    l->sock.io.peer, ack.sequence, r->sequence);
	cask_deadline(&l->sock, -1);
	return true;
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
		complain("%s is back", r->link.sock.io.peer);
	r->in_trouble = false;
}

/* Out of memory, or worse: no reason to spin, or to oversleep. */
static void
sleep_through(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

void
report_wait(struct reporter *r, int64_t then)
{
	int64_t left = then - now_ms();

	for (; left > 0; left = then - now_ms()) {
		char c;
		ptrdiff_t n;

		if (cask_pump_turn((int)left, NULL) != 0)
			sleep_through(left < 1000 ? left : 1000);
		if (!r->knocked || !r->connected)
			continue;
		r->knocked = false;
		n = cask_try_receive(&r->link.sock, &c, 1);
		if (n < 0 && r->link.sock.io.err == 0)
			continue;
		if (n < 0)
			lost(r, "%s", cask_sock_why(&r->link.sock));
		else
			lost(r, "receive %s: %s", r->link.sock.io.peer,
			    n > 0 ? "something that was not asked for"
				  : "closed by the collector");
		say_trouble(r, (double)(then - now_ms()) / 1000);
	}
}

bool
report_deliver(struct reporter *r)
{
	double most = r->retry > PAUSE_MOST ? r->retry : PAUSE_MOST;
	double pause = r->retry;

	while (!exchange(r)) {
		if ((r->link.sock.io.err == CASK_ENAME ||
			r->link.sock.io.err == CASK_EPORT) &&
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
	remark("%s: acknowledged report %" PRIu64, r->link.sock.io.peer,
	    r->sequence);
	return true;
}
