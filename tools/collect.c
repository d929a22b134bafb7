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
#include <unistd.h>

#include "collect.h"
#include "words.h"

const char collect_help[] =
    "usage: cask collect [OPTION]...\n"
    "\n"
    "Accept reports ('cask help report') of many machines at once, "
    "acknowledge\n"
    "each and show them: on a terminal as a table, else as one line per "
    "report.  "
    "The\n"
    "first line printed is 'listening on ADDR port PORT'.\n"
    "\n"
    "  -l ADDR        listen on this address (all)\n"
    "  -p PORT        listen on this port; 0: a free one (7007)\n"
    "  --count N      end after N reports (never)\n"
    "  --json         print one line of JSON per report\n"
    "  --table        draw the table even if the output is no terminal\n"
    "  --timeout S    how long a message may take, in seconds (10)\n"
    "\n"
    "A report that was sent again is acknowledged, but not counted again.  At "
    "the\n"
    "end each reporter's total is printed, but not with --json.\n"
    "\n"
    "Exit codes: 0 done, or told to end (SIGINT, SIGTERM) without --count;\n"
    "1 failed; 2 wrong arguments.\n";

#define TURN_MS 500
#define DRAW_MS 100

static volatile sig_atomic_t told_to_end;

static void
on_signal(int number)
{
	told_to_end = number;
}

/* With the limits of the pump's turns it is noticed within half a second. */
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
	c->stop = true;
}

void
collect_complain(struct collector *c, const char *peer, const char *why)
{
	char clean[400];

	table_erase(&c->table);
	printable(clean, sizeof clean, why);
	if (peer != NULL)
		complain("%s: %s", peer, clean);
	else
		complain("%s", clean);
}

/*
 * The hash is of the report stored again, so that it tells whether the figures
 * arrived, and not only the bytes.
 */
bool
collect_report(struct collector *c, struct row *row, const char *peer)
{
	struct cask_mem m;
	char why[8];

	if (report_encode(&c->report, &m, why, sizeof why) != 0)
		return false;
	row_count(row, &c->report, peer, m.data, m.length);
	cask_mem_close(&m);
	if (c->json)
		print_json(row, &c->report);
	else if (!c->live)
		print_plain(row);
	c->table.stale = true;
	if (!c->live)
		check_output(c);
	c->counted++;
	if (c->counted == c->count)
		c->stop = true;
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
turn(struct collector *c)
{
	int err = cask_pump_turn(c->table.stale ? DRAW_MS : TURN_MS, NULL);

	if (err != 0) {
		complain("waiting: %s", cask_strerror(err));
		c->failed = c->stop = true;
	}
	clients_check(c);
	draw(c);
}

static int
run(struct collector *c)
{
	c->live = !c->json && (c->force_table || isatty(STDOUT_FILENO));
	if (c->live) /* a table at a time: no flicker */
		setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	if (!clients_listen(c))
		return EXIT_FAILED;
	while (!c->stop && !told_to_end)
		turn(c);
	if (c->live)
		table_draw(&c->table, &c->rows);
	clients_close(c);
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
parse(struct collector *c, int argc, char **argv)
{
	const struct option table[] = {
		{ "listen", 'l', OPTION_TEXT, 255, &c->address },
		{ "port", 'p', OPTION_PORT, 0, &c->port },
		{ "count", 'n', OPTION_NUMBER, 1000000000, &c->count },
		{ "json", '\0', OPTION_FLAG, 0, &c->json },
		{ "table", '\0', OPTION_FLAG, 0, &c->force_table },
		{ "timeout", '\0', OPTION_SECONDS, 3600, &c->timeout },
		{ "help", 'h', OPTION_FLAG, 0, &c->help },
		{ .name = NULL },
	};

	if (options_parse(argc, argv, table, NULL, 0) < 0)
		return EXIT_WRONG_USE;
	if (c->json && c->force_table) {
		complain("--json and --table: one or the other");
		return EXIT_WRONG_USE;
	}
	return 0;
}

int
collect_main(int argc, char **argv)
{
	static struct collector c;
	int result;

	c.port = "7007";
	c.timeout = 10;
	result = parse(&c, argc, argv);
	if (result != 0)
		return result;
	if (c.help) {
		fputs(collect_help, stdout);
		return output_is_good() ? EXIT_WELL : EXIT_FAILED;
	}
	catch_signals();
	result = run(&c);
	clients_close(&c);
	rows_free(&c.rows);
	return result;
}
