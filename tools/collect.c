/*
 * cask collect: gathers the figures of many machines and shows them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collect.h"
#include "term.h"
#include "words.h"

#define TURN_MS 500
#define DRAW_MS 100

static struct collector collector;
static volatile sig_atomic_t told_to_end;

static void
on_signal(int number)
{
	told_to_end = number;
	cask_server_stop(&collector.server);
}

static void
catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

static void
check_output(struct collector *c)
{
	if (output_is_good())
		return;
	c->failed = true;
	cask_server_stop(&c->server);
}

void
collect_complain(struct collector *c, const char *why)
{
	char clean[400];

	table_erase(&c->table);
	complain("%s", printable(clean, sizeof clean, why));
}

/*
 * The hash is of the report stored again, so that it tells whether the figures
 * arrived, and not only the bytes.
 */
bool
collect_report(
    struct collector *c, struct row *row, struct report *r, const char *peer)
{
	struct cask_mem m;
	char why[8];

	if (report_encode(r, &m, why, sizeof why) != 0)
		return false;
	row_count(row, r, peer, m.data, m.length);
	cask_mem_close(&m);
	if (c->json)
		print_json(row, r);
	else if (!c->live)
		print_plain(row);
	c->table.stale = true;
	if (!c->live)
		check_output(c);
	c->counted++;
	return true;
}

/* A total for each reporter, and one for all. */
static void
print_totals(const struct collector *c)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < c->rows.count; i++) {
		const struct row *r = c->rows.row[i];

		printf("total %s: %" PRIu64 " reports, %" PRIu64 " missing, "
		       "%" PRIu64 " sent again, hash %016" PRIx64 "\n",
		    printable(name, sizeof name, r->name), r->reports,
		    r->missing, r->again, r->hash);
	}
	printf("total %" PRIu64 " reports of %zu reporters\n", c->counted,
	    c->rows.count);
}

static void
draw(struct collector *c)
{
	int64_t age = now_ms() - c->table.drawn;

	if (!c->live || age < DRAW_MS || (!c->table.stale && age < 1000))
		return;
	table_draw(&c->table, &c->rows);
	check_output(c);
}

static void
serve(struct collector *c)
{
	while (!c->server.stopped) {
		int ms = c->table.stale ? DRAW_MS : TURN_MS;
		int err = cask_pump_turn(c->live ? ms : -1, NULL);

		if (err != 0) {
			complain("waiting: %s", cask_strerror(err));
			c->failed = true;
			return;
		}
		draw(c);
	}
}

static int
run(struct collector *c)
{
	c->live = !c->json && (c->force_table || term_is(stdout));
	if (c->live) /* a table at a time: no flicker */
		setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	catch_signals();
	if (!clients_listen(c))
		return EXIT_FAILED;
	serve(c);
	if (c->live)
		table_draw(&c->table, &c->rows);
	if (!c->json && !c->failed)
		print_totals(c);
	if (!c->failed)
		check_output(c);
	if (told_to_end && c->count > 0 && c->counted < c->count) {
		complain("told to end after %" PRIu64 " of %" PRIu64 " reports",
		    c->counted, c->count);
		c->failed = true;
	}
	return c->failed ? EXIT_FAILED : EXIT_WELL;
}

static int
collect_main(void)
{
	int result = run(&collector);

	cask_server_close(&collector.server);
	rows_free(&collector.rows);
	return result;
}

static const struct option options[] = {
	{ .name = "listen",
	    .letter = 'l',
	    .kind = OPTION_HOST,
	    .value = "ADDR",
	    .most = 255,
	    .otherwise = "all",
	    .help = "listen on this address",
	    .to = &collector.address },
	{ .name = "port",
	    .letter = 'p',
	    .kind = OPTION_PORT,
	    .value = "PORT",
	    .usual = "7007",
	    .help = "listen on this port; 0: a free one",
	    .to = &collector.port },
	{ .name = "count",
	    .letter = 'n',
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .least = 1,
	    .most = 1000000000,
	    .otherwise = "never",
	    .help = "end after N reports",
	    .to = &collector.count },
	{ .name = "json",
	    .kind = OPTION_FLAG,
	    .but_not = "table",
	    .help = "print one line of JSON per report",
	    .to = &collector.json },
	{ .name = "table",
	    .kind = OPTION_FLAG,
	    .help = "draw the table even if the output is no terminal",
	    .to = &collector.force_table },
	{ .name = "timeout",
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 3600,
	    .usual = "10",
	    .help = "how long a message may take, in seconds",
	    .to = &collector.timeout },
	{ .kind = OPTION_END },
};

const struct command collect_command = {
	.name = "collect",
	.purpose = "collect the figures of many machines",
	.options = options,
	.about = "Accept reports ('cask help report') of many machines at "
		 "once, acknowledge each and show them: on a terminal as a "
		 "table, else as one line per report.  The first line printed "
		 "is 'listening on ADDR port PORT', but not with --quiet.\n\n"
		 "A report that was sent again is acknowledged, but not "
		 "counted again.  At the end each reporter's total is "
		 "printed, but not with --json.",
	.exits = { "done, or told to end (SIGINT, SIGTERM) without --count",
	    "failed", "wrong arguments" },
	.examples = { { "A line of JSON for each of a hundred reports:",
	    "cask collect --json --count 100" } },
	.see_also = "cask-report(1)",
	.main = collect_main,
};
