/*
 * What the network benchmarks share: see bench_net.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include "bench_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* ------------------------------------------------------------------------ */
/* bench_proc.c: processes, processors, time                                 */

#define ANY_CPU (-1)

/* Two processors for the ends of a connection; the same one if it is alone. */
extern int first_cpu, second_cpu;
extern unsigned cpus;

/* Says what failed, ends all children, and exits.  failed adds errno's words;
 * failed_cask those of an archive or a socket. */
_Noreturn void die(const char *what, const char *why);
_Noreturn void failed(const char *what);

/* Before anything else: descriptors, processors, the memory that is shared. */
void proc_begin(unsigned seconds);

/* Memory that the children made from now on share. */
void *shared(size_t size);

/* Run work(arg) in a child on that processor; it dies with this process. */
pid_t spawn(void (*work)(void *arg), void *arg, int cpu);

/* Wait for its good end; or end it. */
void finished(pid_t child);
void stop(pid_t child);

double now_ns(void);
double cpu_ns(void);           /* of this process, by getrusage */
double cpu_ns_of(pid_t child); /* of another one */
/* How many processors all other programs have kept busy since the last call. */
double used_by_others(void);
void pass_ns(long ns);    /* sleep */
size_t descriptors(void); /* how many this process may have */

/* ------------------------------------------------------------------------ */
/* bench_table.c: rounds, medians and the table                              */

#define ROUNDS 9

/* What the rounds of one row gave, in either way. */
struct figures {
	double cask[ROUNDS];
	double hand[ROUNDS];
};

enum sense { AT_MOST, AT_LEAST, NO_AIM };

void table_head(void);
void table_row(
    const char *row, const struct figures *f, enum sense, double aim);
/* A row that can't be had here. */
void table_note(const char *row, const char *why);
/* A row without a counterpart: a plain number. */
void table_number(const char *row, double figure, enum sense, double aim);

/* ------------------------------------------------------------------------ */
/* bench_hand.c, bench_cursor.c: the record, and what hand-written programs do
 */

#define RECORDS      1000
#define BLOCK        61440 /* the most that one send gets: see bench_stream.c */
#define RECORD_SIZE  73
#define RECORD_WRITE 76 /* record_put may write so far */

extern struct record records[RECORDS];

void records_make(void);
unsigned char *record_put(unsigned char *p, const struct record *r);
/* The end of the record, or NULL when there isn't a whole one. */
const unsigned char *record_get(
    const unsigned char *p, const unsigned char *end, struct record *r);

/*
 * The same as most programs would write it: a cursor that looks at every value
 * whether there is room for it, or data, and sends or receives a block if not.
 */
struct cursor {
	int fd;
	bool ended;
	unsigned char *p;
	unsigned char *end;
	unsigned char block[BLOCK];
};

void cursor_begin(struct cursor *c, int fd, bool sends);
void cursor_flush(struct cursor *c);
void cursor_put(struct cursor *c, const struct record *r);
bool cursor_get(struct cursor *c, struct record *r); /* false at the end */

int hand_listen(uint16_t *port);
int hand_accept(int listener);
int hand_connect(uint16_t port, unsigned nth);
void hand_send(int fd, const void *buf, size_t n);
size_t hand_receive(int fd, void *buf, size_t size);
void hand_close(int fd);

/* ------------------------------------------------------------------------ */
/* bench_pair.c: one connection between two processes                        */

/* One way to write both ends.  serve calls tell before it accepts. */
struct way {
	void (*serve)(void (*tell)(uint16_t port));
	void (*ask)(uint16_t port);
};

/* What an end has seen; each writes its own, by pair_result. */
struct result {
	double ns;     /* a trip, or all of the stream */
	double cpu_ns; /* of this process, for all it did */
	double count;
};

struct pair {
	struct result server;
	struct result client;
};

/* Run both ends, each on its processor. */
struct pair pair_run(const struct way *w, int server_cpu, int client_cpu);
void pair_result(double ns, double cpu, double count);

/* ------------------------------------------------------------------------ */
/* bench_cask.c: an end with Cask                                            */

struct link {
	struct cask_sock sock;
	struct cask_ar in;
	struct cask_ar out;
};

/* buffer_size 0: the archives' own buffers. */
void link_serve(
    struct link *l, void (*tell)(uint16_t port), size_t buffer_size);
void link_connect(struct link *l, uint16_t port, size_t buffer_size);
void link_close(struct link *l);
uint16_t cask_listen_somewhere(struct cask_sock *listener);

/* ------------------------------------------------------------------------ */
/* The rows                                                                  */

void bench_trips(void);
void bench_yield(void);
void bench_stream(void);
void bench_many(void);
void bench_memory(void);

#endif
