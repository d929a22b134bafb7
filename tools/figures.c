/*
 * How a report and its acknowledgement travel.  See figures.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "figures.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void
hello_x(struct cask_ar *ar, struct hello *h)
{
	cask_u32(ar, &h->magic);
	if (h->magic != REPORT_MAGIC)
		cask_fail(ar, &h->magic, EPROTO,
		    "%08" PRIx32 ", no report begins so", h->magic);
	cask_u16(ar, &h->version);
	if (h->version != REPORT_VERSION)
		cask_fail(ar, &h->version, EPROTO,
		    "%d, but only %d is known here", h->version,
		    REPORT_VERSION);
	cask_u64(ar, &h->reporter);
	cask_u64(ar, &h->sequence);
	if (h->sequence == 0)
		cask_fail(ar, &h->sequence, EPROTO, "0, but they begin with 1");
}

static void
memory_x(struct cask_ar *ar, struct memory *m)
{
	cask_u64(ar, &m->total);
	cask_u64(ar, &m->free);
	cask_u64(ar, &m->available);
	cask_u64(ar, &m->buffers);
	cask_u64(ar, &m->cached);
	cask_u64(ar, &m->swap_total);
	cask_u64(ar, &m->swap_free);
}

static void
cpu_x(struct cask_ar *ar, struct cpu *c)
{
	cask_u32(ar, &c->number);
	cask_u64(ar, &c->user);
	cask_u64(ar, &c->nice);
	cask_u64(ar, &c->system);
	cask_u64(ar, &c->idle);
	cask_u64(ar, &c->iowait);
	cask_u64(ar, &c->irq);
	cask_u64(ar, &c->softirq);
	cask_u64(ar, &c->steal);
}

static void
interface_x(struct cask_ar *ar, struct interface *i)
{
	cask_text(ar, i->name, sizeof i->name);
	cask_u64(ar, &i->received);
	cask_u64(ar, &i->sent);
}

static void
disk_x(struct cask_ar *ar, struct disk *d)
{
	cask_text(ar, d->path, sizeof d->path);
	cask_text(ar, d->device, sizeof d->device);
	cask_text(ar, d->type, sizeof d->type);
	cask_bool(ar, &d->measured);
	cask_u64(ar, &d->size);
	cask_u64(ar, &d->free);
	cask_u64(ar, &d->available);
}

/* These are shown and reckoned with: no NaN, nothing endless. */
#define figure_x(ar, p)                                               \
	do {                                                          \
		cask_f64(ar, p);                                      \
		if (!(*(p) >= 0 && *(p) < 1e15))                      \
			cask_fail(ar, p, ERANGE,                      \
			    "%g, which is not from 0 to 1e15", *(p)); \
	} while (0)

static void
load_x(struct cask_ar *ar, struct load *l)
{
	figure_x(ar, &l->one);
	figure_x(ar, &l->five);
	figure_x(ar, &l->fifteen);
}

void
report_x(struct cask_ar *ar, struct report *r)
{
	cask_struct(ar, &r->hello, hello_x);
	cask_text(ar, r->name, sizeof r->name);
	cask_text(ar, r->host, sizeof r->host);
	cask_text(ar, r->kernel, sizeof r->kernel);
	cask_i64(ar, &r->time_ms);
	cask_u32(ar, &r->interval_ms);
	if (r->interval_ms > INTERVAL_MOST * 1000u)
		cask_fail(ar, &r->interval_ms, ERANGE,
		    "%" PRIu32 ", limit 86400000", r->interval_ms);
	figure_x(ar, &r->uptime);
	cask_struct(ar, &r->load, load_x);
	cask_struct(ar, &r->memory, memory_x);
	cask_struct(ar, &r->cpu, cpu_x);
	cask_count(ar, &r->cpu_count, CPUS_MOST);
	cask_u32(ar, &r->cpus_total);
	cask_structs(ar, r->cpus, r->cpu_count, cpu_x);
	cask_count(ar, &r->interface_count, INTERFACES_MOST);
	cask_u32(ar, &r->interfaces_total);
	cask_structs(ar, r->interfaces, r->interface_count, interface_x);
	cask_count(ar, &r->disk_count, DISKS_MOST);
	cask_u32(ar, &r->disks_total);
	cask_structs(ar, r->disks, r->disk_count, disk_x);
	cask_u32(ar, &r->altered);
}

void
ack_x(struct cask_ar *ar, struct ack *a)
{
	cask_u32(ar, &a->magic);
	if (a->magic != ACK_MAGIC)
		cask_fail(ar, &a->magic, EPROTO,
		    "%08" PRIx32 ", no acknowledgement begins so", a->magic);
	cask_u64(ar, &a->sequence);
	cask_u8(ar, &a->status);
	if (a->status > ACK_AGAIN)
		cask_fail(ar, &a->status, EPROTO, "%d is not known", a->status);
}

int
report_encode(struct report *report, struct cask_mem *m, char *why, size_t size)
{
	struct cask_ar out = { 0 };

	cask_store(&out, cask_mem_grow(m, REPORT_MOST));
	cask_struct(&out, report, report_x);
	cask_flush(&out);
	snprintf(why, size, "%s", cask_why(&out));
	if (out.err != 0)
		cask_mem_close(m);
	return out.err;
}

uint64_t
hash_on(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	return hash;
}

void
text_copy(struct report *r, char *to, size_t size, const char *from)
{
	struct cask_progress done;
	int err = cask_utf8_to_utf8(
	    to, size - 1, from, strlen(from), CASK_REPLACE, &done);

	to[done.written] = '\0';
	if (err != 0 || done.replaced > 0)
		r->altered++;
}
