/*
 * cask report: sends this machine's figures to a collector, again and again.
 *
 * Blocking calls, one after the other, under one deadline an exchange.  A
 * report that was not acknowledged is sent again as it was, with its sequence
 * number, by which the collector knows it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "figures.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "words.h"

const char report_help[] =
    "usage: cask report [OPTION]... HOST PORT\n"
    "\n"
    "Send this machine's figures to the collector ('cask help collect') at "
    "HOST\n"
    "and PORT.  While it can't be reached they are sent again and again, with\n"
    "growing pauses; none is counted twice.\n"
    "\n"
    "  --interval S   from one report to the next, in seconds (1)\n"
    "  --count N      end after N acknowledged reports (never)\n"
    "  --name NAME    be called NAME (this machine's host name)\n"
    "  --timeout S    wait that long for a connection or an answer (10)\n"
    "  --retry S      first pause before trying again; it doubles, up to 8 "
    "(0.25)\n"
    "  --proc DIR     read the figures from DIR (/proc)\n"
    "\n"
    "Exit codes: 0 N reports were acknowledged; 1 failed, HOST is unknown;\n"
    "2 wrong arguments.\n";

#define PAUSE_MOST 8.0 /* seconds */
#define PROC       "/proc"

struct options {
	double interval;
	double timeout;
	double retry;
	uint64_t count;
	const char *name;
	const char *proc;
	bool help;
};

struct reporter {
	struct options o;
	const char *host;
	const char *port;
	struct cask_sock sock;
	struct cask_ar out;
	struct cask_ar in;
	bool connected;
	bool in_trouble; /* and said so */
	bool knocked;    /* something came, or ended, between reports */
	char why[400];   /* what the trouble is */
	struct report report;
	uint64_t reporter;
	uint64_t sequence;
	uint64_t sent; /* the last sequence number that was sent */
	uint64_t acknowledged;
	uint64_t again;
	uint64_t hash;
};

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
knock(struct cask_sock *s)
{
	struct reporter *r = s->user;

	r->knocked = true;
}

static const struct cask_notify between_reports = { .receive = knock };

static int
milliseconds(double seconds)
{
	return (int)(seconds * 1000);
}

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

	cask_deadline(&r->sock, milliseconds(r->o.timeout));
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

/* Until a time; the end of the connection is noticed meanwhile. */
static void
wait_until(struct reporter *r, int64_t then)
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

/* Until it is acknowledged.  False when that can't be hoped for. */
static bool
deliver(struct reporter *r, const struct cask_mem *m)
{
	double most = r->o.retry > PAUSE_MOST ? r->o.retry : PAUSE_MOST;
	double pause = r->o.retry;

	while (!exchange(r, m)) {
		if (r->sock.io.err == CASK_ENAME && r->acknowledged == 0) {
			complain("%s", r->why);
			return false;
		}
		say_trouble(r, pause);
		wait_until(r, now_ms() + milliseconds(pause));
		pause = pause * 2 < most ? pause * 2 : most;
	}
	say_success(r);
	r->acknowledged++;
	r->hash = hash_on(r->hash, m->data, m->length);
	return true;
}

/* Read the figures, number them and deliver them. */
static bool
send_report(struct reporter *r)
{
	struct cask_mem m;
	bool delivered;

	figures_read(&r->report, r->o.proc);
	r->report.hello = (struct hello) { .magic = REPORT_MAGIC,
		.version = REPORT_VERSION,
		.reporter = r->reporter,
		.sequence = ++r->sequence };
	text_copy(&r->report, r->report.name, sizeof r->report.name,
	    r->o.name != NULL ? r->o.name : r->report.host);
	r->report.interval_ms = (uint32_t)milliseconds(r->o.interval);
	if (report_encode(&r->report, &m, r->why, sizeof r->why) != 0) {
		complain("%s", r->why);
		return false;
	}
	delivered = deliver(r, &m);
	cask_mem_close(&m);
	return delivered;
}

/* The collector tells reporters apart by this. */
static uint64_t
draw_number(void)
{
	uint64_t n = 0;
	FILE *f = fopen("/dev/urandom", "rb");

	if (f == NULL || fread(&n, sizeof n, 1, f) != 1) {
		struct timespec t;

		clock_gettime(CLOCK_REALTIME, &t);
		n = hash_on(HASH_START, &t, sizeof t) ^ (uint64_t)getpid();
	}
	if (f != NULL)
		fclose(f);
	return n;
}

/* "reporting to …", when the first one has arrived. */
static bool
say_hello(const struct reporter *r)
{
	char name[NAME_SIZE];

	if (r->acknowledged == 1)
		printf("reporting to %s as %s every %g s\n", r->sock.io.peer,
		    printable(name, sizeof name, r->report.name),
		    r->o.interval);
	return output_is_good();
}

static bool
say_total(const struct reporter *r)
{
	printf("sent %" PRIu64 " reports, %" PRIu64 " acknowledged, %" PRIu64
	       " sent again, hash %016" PRIx64 "\n",
	    r->sequence, r->acknowledged, r->again, r->hash);
	return output_is_good();
}

static bool
run(struct reporter *r)
{
	int64_t next = now_ms();

	while (send_report(r)) {
		if (!say_hello(r))
			return false;
		if (r->acknowledged == r->o.count)
			return say_total(r);
		next += milliseconds(r->o.interval);
		if (next < now_ms())
			next = now_ms();
		wait_until(r, next);
	}
	return false;
}

/* The arguments: 0, or how to exit. */
static int
parse(struct reporter *r, int argc, char **argv)
{
	struct options *o = &r->o;
	const struct option table[] = {
		{ "interval", 'i', OPTION_SECONDS, INTERVAL_MOST,
		    &o->interval },
		{ "count", 'n', OPTION_NUMBER, 1000000000, &o->count },
		{ "name", '\0', OPTION_TEXT, NAME_SIZE - 1, &o->name },
		{ "timeout", '\0', OPTION_SECONDS, 3600, &o->timeout },
		{ "retry", '\0', OPTION_SECONDS, 3600, &o->retry },
		{ "proc", '\0', OPTION_TEXT, 2048, &o->proc },
		{ "help", 'h', OPTION_FLAG, 0, &o->help },
		{ .name = NULL },
	};
	char *operands[2];
	int n = options_parse(argc, argv, table, operands, 2);

	if (n < 0)
		return EXIT_WRONG_USE;
	if (o->help)
		return 0;
	if (n < 2) {
		complain("%s is missing; usage: cask report [OPTION]... HOST "
			 "PORT ('cask help report')",
		    n == 0 ? "HOST" : "PORT");
		return EXIT_WRONG_USE;
	}
	if (operands[0][0] == '\0') {
		complain("HOST: is empty");
		return EXIT_WRONG_USE;
	}
	if (access(o->proc, X_OK) < 0 && strcmp(o->proc, PROC) != 0) {
		complain("--proc: %s: %s", o->proc, cask_strerror(errno));
		return EXIT_WRONG_USE;
	}
	r->host = operands[0];
	r->port = operands[1];
	return is_port("PORT", r->port, 1) ? 0 : EXIT_WRONG_USE;
}

int
report_main(int argc, char **argv)
{
	static struct reporter r;
	int wrong;
	bool well;

	r = (struct reporter) { .hash = HASH_START,
		.o = { .interval = 1,
		    .timeout = 10,
		    .retry = 0.25,
		    .proc = PROC } };
	wrong = parse(&r, argc, argv);
	if (wrong != 0)
		return wrong;
	if (r.o.help) {
		fputs(report_help, stdout);
		return output_is_good() ? EXIT_WELL : EXIT_FAILED;
	}
	r.reporter = draw_number();
	r.sock.notify = &between_reports;
	r.sock.user = &r;
	r.sock.timeout_ms = -1; /* the deadline is the limit */
	well = run(&r);
	cask_close(&r.sock);
	return well ? EXIT_WELL : EXIT_FAILED;
}
