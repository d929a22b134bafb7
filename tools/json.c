/*
 * A report as one line of JSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>

#include "collect.h"
#include "words.h"

/* A comma follows each member; the last one of an object is printed with the
 * brace that closes it. */

static void
print_text(const char *key, const char *s)
{
	printf("\"%s\":", key);
	print_json_text(stdout, s);
	putchar(',');
}

static void
print_u64(const char *key, uint64_t v)
{
	printf("\"%s\":%" PRIu64 ",", key, v);
}

/* 15 digits: what was read as "0.10" is printed as 0.1. */
static void
print_f64(const char *key, double v)
{
	printf("\"%s\":%.15g,", key, v);
}

static void
print_cpu(const struct cpu *c)
{
	print_u64("user_ms", c->user);
	print_u64("nice_ms", c->nice);
	print_u64("system_ms", c->system);
	print_u64("idle_ms", c->idle);
	print_u64("iowait_ms", c->iowait);
	print_u64("irq_ms", c->irq);
	print_u64("softirq_ms", c->softirq);
	printf("\"steal_ms\":%" PRIu64 "}", c->steal);
}

static void
print_cpus(const struct report *r)
{
	printf("\"cpu\":{");
	print_cpu(&r->cpu);
	putchar(',');
	print_u64("cpus_total", r->cpus_total);
	printf("\"cpus\":[");
	for (uint32_t i = 0; i < r->cpu_count; i++) {
		printf("%s{", i > 0 ? "," : "");
		print_u64("number", r->cpus[i].number);
		print_cpu(&r->cpus[i]);
	}
	printf("],");
}

static void
print_memory(const struct memory *m)
{
	printf("\"memory\":{");
	print_u64("total", m->total);
	print_u64("free", m->free);
	print_u64("available", m->available);
	print_u64("buffers", m->buffers);
	print_u64("cached", m->cached);
	print_u64("swap_total", m->swap_total);
	printf("\"swap_free\":%" PRIu64 "},", m->swap_free);
}

static void
print_interfaces(const struct report *r)
{
	print_u64("interfaces_total", r->interfaces_total);
	printf("\"interfaces\":[");
	for (uint32_t i = 0; i < r->interface_count; i++) {
		const struct interface *f = &r->interfaces[i];

		printf("%s{", i > 0 ? "," : "");
		print_text("name", f->name);
		print_u64("received", f->received);
		printf("\"sent\":%" PRIu64 "}", f->sent);
	}
	printf("],");
}

static void
print_disks(const struct report *r)
{
	print_u64("disks_total", r->disks_total);
	printf("\"disks\":[");
	for (uint32_t i = 0; i < r->disk_count; i++) {
		const struct disk *d = &r->disks[i];

		printf("%s{", i > 0 ? "," : "");
		print_text("path", d->path);
		print_text("device", d->device);
		print_text("type", d->type);
		printf("\"measured\":%s,", d->measured ? "true" : "false");
		print_u64("size", d->size);
		print_u64("free", d->free);
		printf("\"available\":%" PRIu64 "}", d->available);
	}
	printf("],");
}

void
print_json(const struct row *row, const struct report *r)
{
	putchar('{');
	print_text("name", r->name);
	print_text("peer", row->peer);
	printf("\"reporter\":\"%016" PRIx64 "\",", r->hello.reporter);
	print_u64("sequence", r->hello.sequence);
	print_u64("reports", row->reports);
	printf("\"hash\":\"%016" PRIx64 "\",", row->hash);
	print_text("host", r->host);
	print_text("kernel", r->kernel);
	printf("\"time_ms\":%" PRId64 ",", r->time_ms);
	print_u64("interval_ms", r->interval_ms);
	print_f64("uptime", r->uptime);
	printf("\"load\":[%.15g,%.15g,%.15g],", r->load.one, r->load.five,
	    r->load.fifteen);
	print_memory(&r->memory);
	print_cpus(r);
	print_interfaces(r);
	print_disks(r);
	printf("\"altered\":%" PRIu32 "}\n", r->altered);
}
