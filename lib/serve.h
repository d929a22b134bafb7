/*
 * What the parts of a server share.
 *
 *     serve.c   the server: listening, serving, stopping
 *     admit.c   whom it lets in
 *     client.c  a client's life: limits, output, its end
 *     handle.c  messages: what has come is handled, answers are stored
 *     queue.c   bytes that wait
 *
 * Callbacks of a program run in the midst of all this, and may end any client.
 * So a client that ends is dead from then on, but it is there until the chores,
 * which are a note in the pump, done when nothing else is being done.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_SERVE_H
#define CASKI_SERVE_H

#include <cask/serve.h>

#include "pump.h"
#include "queue.h"

/* A client's state. */
enum {
	CASKI_OPEN,    /* its messages are handled */
	CASKI_ENDING,  /* … no more, but its output is being sent */
	CASKI_LEAVING, /* … and was; what still comes is thrown away */
	CASKI_DEAD,
};

struct caski_listener {
	struct cask_sock sock;
	struct cask_server *server;
	struct caski_listener *next;
	bool behind;
};

/* What is received at once: see CASKI_SEND_MOST. */
#define CASKI_BLOCK 61440

/* serve.c: something is to be done when nothing else is. */
void caski_server_chores(struct cask_server *s);

/* Is it in a program's hook?  Then nothing may be received or freed. */
static inline bool
caski_server_busy(const struct cask_server *s)
{
	return s->handling != NULL || s->hooks > 0;
}

/* What it sends is looked at again, as a chore. */
void caski_server_resume(struct cask_server *s, struct cask_client *c);

/* A limit in milliseconds: 0 is the default, below 0 none. */
static inline int
caski_server_ms(int ms, int otherwise)
{
	return ms != 0 ? ms : otherwise;
}

/* Bytes that all queues may have. */
uint64_t caski_server_memory(const struct cask_server *s);

/* admit.c */

extern const struct cask_notify caski_listener_notify;

/* Those that could not be let in when they came. */
void caski_server_accept_again(struct cask_server *s);

/* client.c */

extern const struct cask_notify caski_client_notify;

/* Is its address, that of a, not to be let in?  NULL, or why not. */
const char *caski_client_unwanted(
    const struct cask_client *c, const struct cask_addr *a);

/* It has been accepted: 0, or an error, and it is not the server's. */
int caski_client_begin(struct cask_client *c);

/* The opened hook accepts it.  If not, it is dead. */
bool caski_client_announce(struct cask_client *c);

/* It is dead from here on.  err 0: it has closed. */
void caski_client_die(struct cask_client *c, int err, const char *format, ...)
    CASK_PRINTF(3, 4);

/* Its end, in words. */
void caski_client_gone(struct cask_client *c);

/* Send what the system takes of its output. */
void caski_client_push(struct cask_client *c);

/* See to it that it ends, or goes on, when its time has come. */
void caski_client_time(struct cask_client *c);

/* Whether what it sends may be looked at now; if not, it is paused until it is
 * resumed. */
bool caski_client_may(struct cask_client *c);

/* Put n bytes into one of its queues.  Others, for whom more waits, are dropped
 * if there is no room for them. */
int caski_client_put(
    struct cask_client *c, struct caski_queue *q, const void *p, size_t n);

/* The chores of one. */
void caski_client_bury(struct cask_client *c);

/* handle.c: receive, and handle what is whole; the same for a paused one. */
void caski_client_receive(struct cask_client *c);
void caski_client_resume(struct cask_client *c);

extern const struct cask_io_table caski_source_table;
extern const struct cask_io_table caski_sink_table;

#endif
