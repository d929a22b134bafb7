/*
 * The table of cask collect on a terminal, and its plain lines elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "term.h"
#include "words.h"

#define NAME_COLUMNS 12
#define GONE_MS      60000 /* how long one that is gone is still shown */

/* "3d 04:05" or "04:05:06" */
static char *
duration(char *to, size_t size, double seconds)
{
	uint64_t s = (uint64_t)seconds;
	int hours = (int)(s / 3600 % 24);
	int minutes = (int)(s / 60 % 60);

	if (s >= 86400)
		snprintf(to, size, "%" PRIu64 "d %02d:%02d", s / 86400, hours,
		    minutes);
	else
		snprintf(
		    to, size, "%02d:%02d:%02d", hours, minutes, (int)(s % 60));
	return to;
}

/* Percent are a peer's words too: nothing but 0 to 100 is shown. */
static int
percent(double v)
{
	return v > 0 ? v < 100 ? (int)(v + 0.5) : 100 : 0;
}

/* A row's figures, as they are printed. */
struct cells {
	char name[NAME_SIZE + NAME_COLUMNS];
	char up[32];
	char used[16];
	char total[16];
	char rate[16];
	char disk[PATH_SIZE];
};

static void
fill_cells(struct cells *c, const struct row *r)
{
	printable(c->name, NAME_SIZE, r->name);
	duration(c->up, sizeof c->up, r->uptime);
	amount(c->used, sizeof c->used, (double)r->memory_used);
	amount(c->total, sizeof c->total, (double)r->memory_total);
	amount(c->rate, sizeof c->rate, r->rate);
	printable(c->disk, sizeof c->disk, r->disk[0] != '\0' ? r->disk : "-");
}

void
print_plain(const struct row *r)
{
	struct cells c;

	fill_cells(&c, r);
	printf("%s: report %" PRIu64 " from %s, up %s, load %.2f, cpu %d%%, "
	       "memory %s of %s, net %s/s, disk %s %d%%\n",
	    c.name, r->sequence, r->peer, c.up, r->load, percent(r->cpu),
	    c.used, c.total, c.rate, c.disk, percent(r->disk_used));
}

/* Back up over what was drawn.  It may have scrolled; the count still holds. */
void
table_erase(struct table *t)
{
	if (t->lines == 0)
		return;
	printf("\033[%dA\r\033[J", t->lines);
	fflush(stdout);
	t->lines = 0;
}

/* A window's edge is no place for a character. */
static void
print_line(struct table *t, char *line, const struct screen *s)
{
	cut_to(line, s->columns - 1);
	printf("%s\n", line);
	t->lines++;
}

static void
draw_row(struct table *t, const struct row *r, const struct screen *s)
{
	int64_t age = (now_ms() - r->at) / 1000;
	char last[16] = "gone";
	char line[1024];
	struct cells c;

	fill_cells(&c, r);
	cut_to(c.name, NAME_COLUMNS);
	fill_to(c.name, sizeof c.name, NAME_COLUMNS);
	if (r->clients > 0)
		snprintf(last, sizeof last, "%ds", age < 999 ? (int)age : 999);
	snprintf(line, sizeof line,
	    "%s %6" PRIu64 " %4s %9s %5.2f %3d%% %7s %7s %7s/s %3d%% %s",
	    c.name, r->reports, last, c.up, r->load, percent(r->cpu), c.used,
	    c.total, c.rate, percent(r->disk_used), c.disk);
	print_line(t, line, s);
}

void
table_draw(struct table *t, const struct rows *rows)
{
	struct screen s = term_size(stdout);
	int64_t now = now_ms();
	size_t left_out = 0;
	char line[256];

	if (t->lines > 0)
		printf("\033[%dA\r\033[J", t->lines);
	t->lines = 0;
	snprintf(line, sizeof line, "%-*s %s", NAME_COLUMNS, "NAME",
	    " COUNT LAST        UP  LOAD  CPU    USED  MEMORY   NETWORK DISK");
	print_line(t, line, &s);
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *r = rows->row[i];

		if (r->clients == 0 && now - r->at > GONE_MS)
			continue;
		if (t->lines + 2 < s.lines)
			draw_row(t, r, &s);
		else
			left_out++;
	}
	if (left_out > 0) {
		snprintf(line, sizeof line, "and %zu more", left_out);
		print_line(t, line, &s);
	}
	t->drawn = now;
	t->stale = false;
}
