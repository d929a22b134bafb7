/*
 * cask report: sends this machine's figures to a collector, again and again.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report.h"
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

#define PROC "/proc"

/* Read the figures, number them and deliver them. */
static bool
send_report(struct reporter *r)
{
	struct cask_mem m;
	bool delivered;

	figures_read(&r->report, r->proc);
	r->report.hello = (struct hello) { .magic = REPORT_MAGIC,
		.version = REPORT_VERSION,
		.reporter = r->reporter,
		.sequence = ++r->sequence };
	text_copy(&r->report, r->report.name, sizeof r->report.name,
	    r->name != NULL ? r->name : r->report.host);
	r->report.interval_ms = (uint32_t)milliseconds(r->interval);
	if (report_encode(&r->report, &m, r->why, sizeof r->why) != 0) {
		complain("%s", r->why);
		return false;
	}
	delivered = report_deliver(r, &m);
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
		    printable(name, sizeof name, r->report.name), r->interval);
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
		if (r->acknowledged == r->count)
			return say_total(r);
		next += milliseconds(r->interval);
		if (next < now_ms())
			next = now_ms();
		report_wait(r, next);
	}
	return false;
}

/* The arguments: 0, or how to exit. */
static int
parse(struct reporter *r, int argc, char **argv)
{
	const struct option table[] = {
		{ "interval", 'i', OPTION_SECONDS, INTERVAL_MOST,
		    &r->interval },
		{ "count", 'n', OPTION_NUMBER, 1000000000, &r->count },
		{ "name", '\0', OPTION_TEXT, NAME_SIZE - 1, &r->name },
		{ "timeout", '\0', OPTION_SECONDS, 3600, &r->timeout },
		{ "retry", '\0', OPTION_SECONDS, 3600, &r->retry },
		{ "proc", '\0', OPTION_TEXT, 2048, &r->proc },
		{ "help", 'h', OPTION_FLAG, 0, &r->help },
		{ .name = NULL },
	};
	char *operands[2];
	int n = options_parse(argc, argv, table, operands, 2);

	if (n < 0)
		return EXIT_WRONG_USE;
	if (r->help)
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
	if (access(r->proc, X_OK) < 0 && strcmp(r->proc, PROC) != 0) {
		complain("--proc: %s: %s", r->proc, cask_strerror(errno));
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
		.interval = 1,
		.timeout = 10,
		.retry = 0.25,
		.proc = PROC };
	wrong = parse(&r, argc, argv);
	if (wrong != 0)
		return wrong;
	if (r.help) {
		fputs(report_help, stdout);
		return output_is_good() ? EXIT_WELL : EXIT_FAILED;
	}
	r.reporter = draw_number();
	r.sock.notify = &report_notify;
	r.sock.user = &r;
	r.sock.timeout_ms = -1; /* the deadline is the limit */
	well = run(&r);
	cask_close(&r.sock);
	return well ? EXIT_WELL : EXIT_FAILED;
}
