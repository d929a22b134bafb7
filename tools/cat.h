/*
 * What the files of cask cat share.
 *
 *     cat.c           the options, and what holds these together
 *     cat_input.c     standard input: bytes, or lines of JSON
 *     cat_output.c    standard output, which may be slow
 *     cat_peer.c      connections
 *     cat_datagram.c  … and what is done otherwise for datagrams
 *     cat_message.c   what comes, shown as a shape says
 *     queue.c         bytes that wait
 *     store.c, json_read.c  JSON, stored as a shape says
 *
 * One thread, and nothing in it blocks but connecting.  Everything that waits
 * is bounded: input is not read while a peer has something to take, and no peer
 * is, while the output has.  Callbacks move bytes; cat_step, after each turn of
 * the pump, decides what is to be watched and whether it is over.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CAT_H
#define CAT_H

#include <cask.h>

#include "dump.h"
#include "queue.h"
#include "store.h"

/* How it ends, besides EXIT_WELL, EXIT_FAILED and EXIT_WRONG_USE. */
enum { EXIT_LATE = 3, EXIT_BAD_DATA = 4, EXIT_TOLD = 5 };

/* When it ends. */
enum end { END_AUTO, END_BOTH, END_INPUT, END_PEER, END_EITHER };

#define CHUNK        65536              /* bytes moved at once */
#define LINE_MOST    (16 * 1024 * 1024) /* bytes of a line of JSON */
#define MESSAGE_MOST STORE_MOST         /* … of a message that comes */

struct cat;

/* A connection, or what all datagrams go through. */
struct peer {
	struct cask_sock sock;
	struct cat *cat;
	struct peer *next;
	struct queue in;  /* what came and is no whole message yet */
	struct queue out; /* what the system didn't take yet */
	size_t tried;     /* so many bytes were none */
	size_t need;      /* a whole message has at least so many bytes */
	bool waits;       /* something may have come: the output was full */
	bool ended;       /* its end has come … */
	bool over;        /* … and all before it was shown */
	bool shut;        /* ours was sent */
	int64_t active;   /* when something came or went */

	/* datagrams */
	bool answers; /* there is somebody to send to: */
	struct cask_addr last;
};

struct input {
	struct cask_watch watch;
	bool watching;
	bool ended; /* there is no more to read … */
	bool over;  /* … and all of it was handed on */
	bool is_terminal;
	struct queue lines;
	size_t scanned; /* so much of them has no end of a line */
	uint64_t line;  /* the number of the last one */
	struct json json;
};

struct output {
	struct cask_watch watch;
	bool watching;
	struct queue queue;
};

struct cat {
	/* options; those of the shape are the dump's */
	const char *host;
	const char *port;
	bool listen;
	bool keep;
	bool datagram;
	bool local;
	bool no_input;
	bool hold;
	bool framed;
	unsigned text; /* 1: ANSI */
	unsigned end;
	double wait;

	struct cask_sock listener;
	struct peer *peers;
	struct input input;
	struct output output;
	struct cask_wake told;
	int64_t active; /* when something came or went, of all */
	uint64_t moved; /* bytes, in and out */
	bool bound;     /* a path is there that was not */
	bool came;      /* something has come from somebody */
	bool several;   /* peers, whose names have to be told */
	bool ending;    /* but for what is to be written still */
	int result;     /* … and this is how */
	struct dump dump;
	struct store store;
};

/* cat.c: end with that exit code, if it isn't ending already. */
void cat_end(struct cat *c, int result);
bool cat_is_told(void);

/* So many bytes were read from standard input, or written to its output. */
void cat_moved(struct cat *c, size_t n);

/* The same, after a complaint: no memory. */
void cat_no_memory(struct cat *c);

/* cat_input.c */
void input_open(struct cat *c);
void input_step(struct cat *c);
void input_close(struct cat *c);

/* cat_output.c.  It has room unless much is waiting in it; what is put there
 * then waits nevertheless. */
bool output_has_room(const struct cat *c);
void output_put(struct cat *c, const void *bytes, size_t n);
void output_step(struct cat *c);
void output_close(struct cat *c);

/* cat_peer.c.  peers_open may wait.  False: it is ending. */
bool peers_open(struct cat *c);
bool peers_take(const struct cat *c); /* could something be sent? */
void peers_send(struct cat *c, const void *bytes, size_t n);
void peers_go_on(struct cat *c);
void peers_check(struct cat *c);     /* is it over? */
int peers_wait(const struct cat *c); /* how long a turn may last, in ms */
void peers_close(struct cat *c);

/* cat_datagram.c */
void datagram_send(struct peer *p, const void *bytes, size_t n);
void datagram_receive(struct peer *p);

/* cat_message.c */
enum message {
	MESSAGE_SHOWN, /* n tells how many bytes it had */
	MESSAGE_CUT,   /* there has to be more: n bytes, at least */
	MESSAGE_WRONG, /* after a complaint */
};

/* whole: the n bytes are one message, neither more nor less.  ended: nothing
 * follows them. */
struct arrival {
	const char *from;
	unsigned char *data;
	size_t n;
	size_t need; /* known from before, or 0 */
	bool whole;
	bool ended;
};

enum message message_show(struct cat *c, const struct arrival *a, size_t *n);

#endif
