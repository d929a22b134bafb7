/*
 * The reporters of cask collect.  See collect.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"

/*
 * The place of the one that was not heard of for longest and isn't connected:
 * there are more rows than connections, so there is one.
 */
static size_t
least_used(const struct rows *rows)
{
	size_t least = 0;
	uint64_t used = UINT64_MAX;

	for (size_t i = 0; i < rows->count; i++)
		if (rows->row[i]->clients == 0 && rows->row[i]->used < used) {
			least = i;
			used = rows->row[i]->used;
		}
	return least;
}

static struct row *
add(struct rows *rows, uint64_t reporter)
{
	size_t i = rows->count;
	struct row *row;

	if (i == ROWS_MOST) {
		i = least_used(rows);
	} else {
		rows->row[i] = malloc(sizeof *rows->row[i]);
		if (rows->row[i] == NULL)
			return NULL;
		rows->count++;
	}
	row = rows->row[i];
	*row = (struct row) { .reporter = reporter, .hash = HASH_START };
	rows->reporters[i] = reporter;
	return row;
}

struct row *
rows_get(struct rows *rows, uint64_t reporter)
{
	struct row *row = NULL;

	for (size_t i = 0; i < rows->count && row == NULL; i++)
		if (rows->reporters[i] == reporter)
			row = rows->row[i];
	if (row == NULL)
		row = add(rows, reporter);
	if (row != NULL)
		row->used = ++rows->used;
	return row;
}

void
rows_free(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->row[i]);
	rows->count = 0;
}

/* What the table shows */

static uint64_t
traffic_of(const struct report *r)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < r->interface_count; i++)
		if (strcmp(r->interfaces[i].name, "lo") != 0)
			sum +=
			    r->interfaces[i].received + r->interfaces[i].sent;
	return sum;
}

/* Since the last report, or, of the first, since the machine started. */
static void
show_rates(struct row *row, const struct report *r)
{
	const struct cpu *c = &r->cpu;
	uint64_t idle = c->idle + c->iowait;
	uint64_t all = idle + c->user + c->nice + c->system + c->irq +
	    c->softirq + c->steal;
	uint64_t traffic = traffic_of(r);
	double seconds = r->uptime - row->uptime;

	/* A peer's figures may go backwards: no rate then, and no harm. */
	row->cpu = 0;
	if (all > row->cpu_all && idle >= row->cpu_idle &&
	    idle - row->cpu_idle <= all - row->cpu_all)
		row->cpu = 100 -
		    100 * (double)(idle - row->cpu_idle) /
			(double)(all - row->cpu_all);
	row->rate = 0;
	if (row->reports > 0 && seconds > 0 && traffic >= row->traffic)
		row->rate = (double)(traffic - row->traffic) / seconds;
	row->uptime = r->uptime;
	row->cpu_all = all;
	row->cpu_idle = idle;
	row->traffic = traffic;
}

/* As df reckons: of what can be had, without what is kept for root. */
static double
used_percent(const struct disk *d)
{
	double used = d->free < d->size ? (double)(d->size - d->free) : 0;
	double all = used + (double)d->available;

	return all > 0 ? 100 * used / all : 0;
}

static void
show_fullest_disk(struct row *row, const struct report *r)
{
	const struct disk *fullest = NULL;

	for (uint32_t i = 0; i < r->disk_count; i++) {
		const struct disk *d = &r->disks[i];

		if (d->measured &&
		    (fullest == NULL ||
			used_percent(d) > used_percent(fullest)))
			fullest = d;
	}
	row->disk[0] = '\0';
	row->disk_used = 0;
	if (fullest == NULL)
		return;
	memcpy(row->disk, fullest->path, sizeof row->disk);
	row->disk_used = used_percent(fullest);
}

void
row_count(struct row *row, const struct report *r, const char *peer,
    const void *bytes, size_t n)
{
	const struct memory *m = &r->memory;

	show_rates(row, r);
	show_fullest_disk(row, r);
	row->load = r->load.one;
	row->memory_total = m->total;
	row->memory_used =
	    m->available < m->total ? m->total - m->available : 0;
	if (row->reports > 0)
		row->missing += r->hello.sequence - row->sequence - 1;
	row->sequence = r->hello.sequence;
	row->reports++;
	row->hash = hash_on(row->hash, bytes, n);
	row->at = now_ms();
	memcpy(row->name, r->name, sizeof row->name);
	snprintf(row->peer, sizeof row->peer, "%s", peer);
}
