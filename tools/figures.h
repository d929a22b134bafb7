/*
 * A report: the figures of a machine, and how they travel.
 *
 * A report is a message, which report_x describes for both ends.  The collector
 * answers each with an acknowledgement.  All little-endian, text as MFC's
 * Unicode strings.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FIGURES_H
#define FIGURES_H

#include <cask.h>

#include <stdbool.h>
#include <stdint.h>

#define REPORT_MAGIC   0x5243414bu /* "KACR" */
#define REPORT_VERSION 1
#define ACK_MAGIC      0x4143414bu /* "KACA" */
#define REPORT_MOST    65536 /* bytes of a report; a full one has some 52000 */

/* Sizes of texts, NUL included, and the most of each list that is sent. */
#define NAME_SIZE       64
#define HOST_SIZE       256
#define KERNEL_SIZE     128
#define INTERFACE_SIZE  64
#define PATH_SIZE       256
#define DEVICE_SIZE     128
#define TYPE_SIZE       32
#define CPUS_MOST       256
#define INTERFACES_MOST 32
#define DISKS_MOST      32
#define INTERVAL_MOST   86400 /* seconds */

/* Which report: a reporter draws its number at random when it starts. */
struct hello {
	uint32_t magic;
	uint16_t version;
	uint64_t reporter;
	uint64_t sequence; /* from 1; the same when it is sent again */
};

/* Bytes. */
struct memory {
	uint64_t total;
	uint64_t free;
	uint64_t available;
	uint64_t buffers;
	uint64_t cached;
	uint64_t swap_total;
	uint64_t swap_free;
};

/* Processes that want to run, on average over so many minutes. */
struct load {
	double one;
	double five;
	double fifteen;
};

/* Milliseconds since the machine started. */
struct cpu {
	uint32_t number;
	uint64_t user;
	uint64_t nice;
	uint64_t system;
	uint64_t idle;
	uint64_t iowait;
	uint64_t irq;
	uint64_t softirq;
	uint64_t steal;
};

struct interface {
	char name[INTERFACE_SIZE];
	uint64_t received; /* bytes */
	uint64_t sent;
};

struct disk {
	char path[PATH_SIZE]; /* where it is mounted */
	char device[DEVICE_SIZE];
	char type[TYPE_SIZE];
	bool measured; /* false: asking might hang, the figures are 0 */
	uint64_t size; /* bytes */
	uint64_t free;
	uint64_t available; /* free to those who aren't root */
};

/* What the machine does not tell is zero or empty. */
struct report {
	struct hello hello;
	char name[NAME_SIZE]; /* what the reporter wants to be called */
	char host[HOST_SIZE];
	char kernel[KERNEL_SIZE];
	int64_t time_ms;      /* since 1970, by the machine's clock */
	uint32_t interval_ms; /* until the next report */
	double uptime;        /* seconds */
	struct load load;
	struct memory memory;
	struct cpu cpu; /* all processors together */
	uint32_t cpu_count;
	uint32_t cpus_total; /* above cpu_count: the others were left out */
	struct cpu cpus[CPUS_MOST];
	uint32_t interface_count;
	uint32_t interfaces_total;
	struct interface interfaces[INTERFACES_MOST];
	uint32_t disk_count;
	uint32_t disks_total;
	struct disk disks[DISKS_MOST];
	uint32_t altered; /* texts that had to be cut or weren't UTF-8 */
};

enum ack_status {
	ACK_COUNTED,
	ACK_AGAIN, /* it had been counted before */
};

struct ack {
	uint32_t magic;
	uint64_t sequence;
	uint8_t status; /* enum ack_status */
};

/* The exchange functions: each describes its struct for both directions. */
void report_x(struct cask_ar *ar, struct report *r);
void ack_x(struct cask_ar *ar, struct ack *a);

/* A report to bytes, in m (cask_mem_close frees them).  Gives 0 or the error,
 * its words in why. */
int report_encode(
    struct report *report, struct cask_mem *m, char *why, size_t size);

/* The hash (FNV-1a) of all reports of a reporter: start with HASH_START. */
#define HASH_START 0xcbf29ce484222325u
uint64_t hash_on(uint64_t hash, const void *bytes, size_t n);

/*
 * Read this machine's figures, from proc ("/proc"), into r: all but its hello,
 * its name and its interval.
 */
void figures_read(struct report *r, const char *proc);
void disks_read(struct report *r, const char *proc);

/* Copy a text that may be anything: made UTF-8, cut to fit, and then counted.
 */
void text_copy(struct report *r, char *to, size_t size, const char *from);

#endif
