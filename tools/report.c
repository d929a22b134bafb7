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

#define PROC "/proc"

static struct reporter reporter;

/* Read the figures, number them and deliver them. */
static bool
send_report(struct reporter *r)
{
	struct cask_mem m;

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
	r->hash = hash_on(r->hash, m.data, m.length);
	cask_mem_close(&m);
	return report_deliver(r);
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

	if (r->acknowledged == 1 && !common.quiet)
		printf("reporting to %s as %s every %g s\n",
		    r->link.sock.io.peer,
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

static int
report_main(void)
{
	bool well;

	if (access(reporter.proc, X_OK) < 0 &&
	    strcmp(reporter.proc, PROC) != 0) {
		complain("--proc: %s: %s", reporter.proc, cask_strerror(errno));
		return EXIT_WRONG_USE;
	}
	reporter.hash = HASH_START;
	reporter.reporter = draw_number();
	reporter.link.sock.notify = &report_notify;
	reporter.link.sock.user = &reporter;
	reporter.link.sock.timeout_ms = -1; /* the deadline is the limit */
	well = run(&reporter);
	cask_link_close(&reporter.link);
	return well ? EXIT_WELL : EXIT_FAILED;
}

static const struct option options[] = {
	{ .name = "interval",
	    .letter = 'i',
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = INTERVAL_MOST,
	    .usual = "1",
	    .help = "from one report to the next, in seconds",
	    .to = &reporter.interval },
	{ .name = "count",
	    .letter = 'n',
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .least = 1,
	    .most = 1000000000,
	    .otherwise = "never",
	    .help = "end after N acknowledged reports",
	    .to = &reporter.count },
	{ .name = "name",
	    .kind = OPTION_TEXT,
	    .value = "NAME",
	    .most = NAME_SIZE - 1,
	    .otherwise = "this machine's host name",
	    .help = "be called NAME",
	    .to = &reporter.name },
	{ .name = "timeout",
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 3600,
	    .usual = "10",
	    .help = "wait that long for a connection or an answer",
	    .to = &reporter.timeout },
	{ .name = "retry",
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 3600,
	    .usual = "0.25",
	    .help = "first pause before trying again; it doubles, up to 8",
	    .to = &reporter.retry },
	{ .name = "proc",
	    .kind = OPTION_DIR,
	    .value = "DIR",
	    .usual = PROC,
	    .help = "read the figures from DIR",
	    .to = &reporter.proc },
	{ .kind = OPTION_END },
};

static const struct option operands[] = {
	{ .kind = OPTION_HOST,
	    .value = "HOST",
	    .help = "the collector's host",
	    .to = &reporter.host },
	{ .kind = OPTION_PORT,
	    .value = "PORT",
	    .least = 1,
	    .help = "its port",
	    .to = &reporter.port },
	{ .kind = OPTION_END },
};

const struct command report_command = {
	.name = "report",
	.purpose = "send this machine's figures to a collector",
	.options = options,
	.operands = operands,
	.needs = 2,
	.about = "Send this machine's figures to the collector ('cask help "
		 "collect') at HOST and PORT, again and again: load, "
		 "processors, memory, network, file systems.  While it can't "
		 "be reached the report in hand is sent again, with growing "
		 "pauses; none is counted twice.",
	.exits = { "N reports were acknowledged", "failed, HOST is unknown",
	    "wrong arguments" },
	.examples = { { "Every ten seconds, to a collector on another machine:",
	    "cask report --interval 10 collector.example 7007" } },
	.see_also = "cask-collect(1)",
	.main = report_main,
};
