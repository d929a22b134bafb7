/*
 * What the files of cask report share.
 *
 *     report.c   the options, and one report after the other
 *     deliver.c  the connection: until a report is acknowledged
 *     proc.c     the figures of this machine
 *     disks.c    … of its file systems
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef REPORT_H
#define REPORT_H

#include "command.h"
#include "figures.h"

struct reporter {
	const char *host; /* options */
	const char *port;
	double interval;
	double timeout;
	double retry;
	uint64_t count;
	const char *name;
	const char *proc;

	struct cask_link link;
	bool connected;
	bool in_trouble; /* and said so */
	bool knocked;    /* something came, or ended, between reports */
	char why[400];   /* what the trouble is */

	struct report report; /* the one in hand */
	uint64_t reporter;    /* whose it is: drawn at random */
	uint64_t sequence;
	uint64_t sent; /* the last sequence number that was sent */
	uint64_t acknowledged;
	uint64_t again; /* sent again */
	uint64_t hash;
};

/* deliver.c: what the socket is to notify. */
extern const struct cask_notify report_notify;

/* Until it is acknowledged.  False when that can't be hoped for. */
bool report_deliver(struct reporter *r);

/* Until a time; the end of the connection is noticed meanwhile. */
void report_wait(struct reporter *r, int64_t then);

#endif
