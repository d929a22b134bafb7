/*
 * What the files of cask collect share.
 *
 *     clients.c  the server: reports in, acknowledgements out
 *     rows.c     the reporters: what was counted, and what the table shows
 *     table.c    the table, and the plain lines
 *     json.c     the JSON lines
 *     collect.c  the options, and what holds these together
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef COLLECT_H
#define COLLECT_H

#include "command.h"
#include "figures.h"

#define ROWS_MOST 4096

/* A reporter: known by its number, however often it connects. */
struct row {
	uint64_t reporter;
	uint64_t sequence; /* of the last report */
	uint64_t reports;  /* counted */
	uint64_t again;    /* sent again, and not counted */
	uint64_t missing;  /* sequence numbers that were skipped */
	uint64_t hash;
	uint64_t used; /* when, in messages: the least used is forgotten */
	int64_t at;    /* of the last report, by now_ms */
	int clients;   /* its connections */
	char name[NAME_SIZE];
	char peer[CASK_PEER_SIZE];

	/* for the next report's differences */
	double uptime;
	uint64_t cpu_all;
	uint64_t cpu_idle;
	uint64_t traffic;

	/* what the table shows */
	double load;
	double cpu; /* percent */
	uint64_t memory_used;
	uint64_t memory_total;
	double rate; /* bytes a second */
	char disk[PATH_SIZE];
	double disk_used; /* percent */
};

/* Those that are remembered; the numbers apart, as they are searched. */
struct rows {
	uint64_t reporters[ROWS_MOST];
	struct row *row[ROWS_MOST];
	size_t count;
	uint64_t used;
};

/* The row of a reporter, new if need be; NULL: no memory. */
struct row *rows_get(struct rows *rows, uint64_t reporter);
void rows_free(struct rows *rows);

/* Take a new report into its row. */
void row_count(struct row *row, const struct report *r, const char *peer,
    const void *bytes, size_t n);

/* The table on a terminal. */
struct table {
	int lines; /* drawn, and to be drawn over */
	int64_t drawn;
	bool stale;
};

void table_draw(struct table *t, const struct rows *rows);
void table_erase(struct table *t);
void print_plain(const struct row *row);
void print_json(const struct row *row, const struct report *r);

struct collector {
	const char *address; /* options */
	const char *port;
	uint64_t count;
	double timeout;
	bool json;
	bool force_table;

	bool live; /* draw the table */
	bool failed;
	struct cask_server server;
	struct rows rows;
	struct table table;
	uint64_t counted;
};

/* clients.c */
bool clients_listen(struct collector *c);

/* collect.c: a report came; false: it can't be counted. */
bool collect_report(
    struct collector *c, struct row *row, struct report *r, const char *peer);

/* One line on stderr, not into the table. */
void collect_complain(struct collector *c, const char *why);

#endif
