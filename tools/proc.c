/*
 * This machine's figures, from /proc.
 *
 * A file that is missing, as on systems other than Linux, or that reads
 * otherwise than expected, leaves its figures zero: a report of less is better
 * than none.
 *
 * SPDX-License-Identifier: MIT
 */
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* Call take with each line of a file under proc, until it gives false. */
static void
each_line(const char *proc, const char *name, struct report *r,
    bool (*take)(struct report *r, const char *line))
{
	char path[4096];
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", proc, name);
	f = fopen(path, "r");
	if (f == NULL)
		return;
	while (getline(&line, &size, f) > 0)
		if (!take(r, line))
			break;
	free(line);
	fclose(f);
}

/* The numbers a line begins with, n at most; those that lack stay as they were.
 */
static void
numbers(const char *s, uint64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *end;
		unsigned long long x = strtoull(s, &end, 10);

		if (end == s)
			return;
		v[i] = x;
		s = end;
	}
}

/* stat: "cpu0 5224 0 1490 403029 448 0 35 9 …", in clock ticks */

static void
take_cpu(struct cpu *c, const char *times)
{
	uint64_t v[8] = { 0 };
	long hertz = sysconf(_SC_CLK_TCK);

	numbers(times, v, 8);
	for (size_t i = 0; i < 8; i++)
		v[i] = v[i] * 1000 / (uint64_t)(hertz > 0 ? hertz : 100);
	c->user = v[0];
	c->nice = v[1];
	c->system = v[2];
	c->idle = v[3];
	c->iowait = v[4];
	c->irq = v[5];
	c->softirq = v[6];
	c->steal = v[7];
}

static bool
take_stat(struct report *r, const char *line)
{
	char *times;
	unsigned long number;

	if (strncmp(line, "cpu", 3) != 0)
		return false; /* the processors come first */
	if (line[3] == ' ') {
		take_cpu(&r->cpu, line + 3);
		return true;
	}
	number = strtoul(line + 3, &times, 10);
	if (r->cpu_count < CPUS_MOST) {
		r->cpus[r->cpu_count].number = (uint32_t)number;
		take_cpu(&r->cpus[r->cpu_count++], times);
	}
	r->cpus_total++;
	return true;
}

/* meminfo: "MemTotal:       24684084 kB" */
static bool
take_memory(struct report *r, const char *line)
{
	struct memory *m = &r->memory;
	const struct {
		const char *key;
		uint64_t *bytes;
	} figures[] = {
		{ "MemTotal:", &m->total },
		{ "MemFree:", &m->free },
		{ "MemAvailable:", &m->available },
		{ "Buffers:", &m->buffers },
		{ "Cached:", &m->cached },
		{ "SwapTotal:", &m->swap_total },
		{ "SwapFree:", &m->swap_free },
	};

	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
		size_t n = strlen(figures[i].key);

		if (strncmp(line, figures[i].key, n) == 0) {
			numbers(line + n, figures[i].bytes, 1);
			*figures[i].bytes *= 1024;
		}
	}
	return true;
}

/* net/dev: "  eth0: 19817457 530 0 …": 8 figures received, 8 sent */
static bool
take_interface(struct report *r, const char *line)
{
	const char *colon = strrchr(line, ':');
	uint64_t v[16] = { 0 };
	char name[256];
	struct interface *i;

	if (colon == NULL)
		return true; /* the heading */
	line += strspn(line, " ");
	if (r->interfaces_total++ >= INTERFACES_MOST)
		return true;
	snprintf(name, sizeof name, "%.*s", (int)(colon - line), line);
	numbers(colon + 1, v, 16);
	i = &r->interfaces[r->interface_count++];
	text_copy(r, i->name, sizeof i->name, name);
	i->received = v[0];
	i->sent = v[8];
	return true;
}

static bool
take_uptime(struct report *r, const char *line)
{
	r->uptime = strtod(line, NULL);
	return false;
}

static bool
take_load(struct report *r, const char *line)
{
	char *end;

	r->load.one = strtod(line, &end);
	r->load.five = strtod(end, &end);
	r->load.fifteen = strtod(end, &end);
	return false;
}

static void
read_names(struct report *r)
{
	struct utsname u;
	char kernel[sizeof u.sysname + sizeof u.release + sizeof u.machine];

	if (uname(&u) < 0)
		return;
	snprintf(
	    kernel, sizeof kernel, "%s %s %s", u.sysname, u.release, u.machine);
	text_copy(r, r->host, sizeof r->host, u.nodename);
	text_copy(r, r->kernel, sizeof r->kernel, kernel);
}

void
figures_read(struct report *r, const char *proc)
{
	struct timespec t;

	*r = (struct report) { .altered = 0 };
	clock_gettime(CLOCK_REALTIME, &t);
	r->time_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	read_names(r);
	each_line(proc, "uptime", r, take_uptime);
	each_line(proc, "loadavg", r, take_load);
	each_line(proc, "stat", r, take_stat);
	each_line(proc, "meminfo", r, take_memory);
	each_line(proc, "net/dev", r, take_interface);
	disks_read(r, proc);
}
