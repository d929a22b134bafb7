/*
 * Servers: a handler that is called with each whole message of many clients.
 *
 *     static void
 *     on_job(struct cask_client *c, struct job *j)
 *     {
 *             struct ack a = { j->id, do_job(j) };
 *
 *             cask_reply(c, &a, ack_x);
 *     }
 *     CASK_HANDLER(take_job, struct job, job_x, on_job)
 *     …
 *             struct cask_server s = { .message = take_job };
 *
 *             cask_server_listen(&s, NULL, "7000");
 *             if (cask_serve(&s) != 0)
 *                     errx(1, "%s", cask_server_why(&s));
 *
 * One thread serves all of them, in its pump (pump.h), and none waits for
 * another: what has come of a message is gathered until it is whole, and what a
 * client doesn't take yet of its answers is kept, within limits.  A client that
 * goes beyond a limit, sends what can't be, or is lost, is dropped; the reason
 * is given to closed, once, and the others don't notice.  Messages have their
 * length in front, as those of links (link.h) and cask_message do.
 *
 * For more processors, serve in several threads or processes, each with a
 * server of its own, all of them with reuse_port set.  All of this is ours:
 * MFC's programs keep lists of CSockets by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_SERVE_H
#define CASK_SERVE_H

#include <string.h>

#include <cask/message.h>
#include <cask/nets.h>
#include <cask/sock.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cask_server;
struct cask_client;
struct caski_listener;

/* Bytes that wait: to be a whole message, or to be taken. */
struct caski_queue {
	unsigned char *bytes;
	size_t size, from, have;
};

/*
 * A client, from opened to closed.  The server makes it and frees it, when
 * closed has returned.
 */
struct cask_client {
	struct cask_server *server;
	void *user;  /* free for the program */
	int idle_ms; /* its own limit.idle_ms, if not 0 */

	/* Results.  The socket is to look at, and for options (addr.h); what
	   goes over it is the server's to do.  sock.io.peer is its name. */
	struct cask_sock sock;
	uint64_t messages; /* that have come */

	/* private */
	struct cask_client *next, *before; /* in the order of their coming */
	struct cask_client *dead, *again;  /* the next of those lists */
	struct caski_queue in, out;
	struct cask_timer timer;
	uint64_t at;       /* the stream's offset of what has come */
	int64_t opened_at; /* the moments from which its limits count */
	int64_t active_at; /* … the last whole message */
	int64_t began_at;  /* … the message in hand, or 0 */
	int64_t output_at; /* … the output that waits, or 0 */
	int64_t room_at;   /* when it may send messages again, by limit.rate */
	unsigned state;
	bool balanced;  /* it comes through a balancer … */
	bool behind;    /* … whose PROXY header hasn't come yet */
	bool announced; /* opened has accepted it, so closed will be called */
	bool paused;  /* its input is left alone until something happens, … */
	bool resumed; /* … which has: it is to be gone on with */
	bool over;    /* it sends no more */
	int err;
	char why[256];
};

/* Limits.  0 in a member: the default; times below 0: none. */
struct cask_server_limits {
	unsigned clients;  /* at once: 1000.  Who comes then takes the place of
			      the oldest that has sent no message, or waits */
	unsigned per_host; /* … of one address: as many.  Less, and no single
			      host can take all places */
	uint64_t message;  /* bytes of a message: 1 MiB; unframed 64 KiB */
	uint64_t output;   /* … that wait to be taken by a client: 4 MiB */
	uint64_t memory;   /* … that wait, of all clients: 256 MiB; who has
			      most of them makes room for who has less */
	unsigned rate;     /* messages a second of a client, beyond which it is
			      read more slowly: any */
	int message_ms;    /* for a message that has begun: 30 s */
	int output_ms;     /* to take all of the output: 30 s */
	int idle_ms;       /* from one message to the next: 300 s */
	int life_ms;       /* from beginning to end: any */
	int drain_ms;      /* for clients to leave, after a stop: 5 s */
};

/* What has happened, and what is; all but clients and memory only grow. */
struct cask_server_counts {
	uint64_t clients;  /* now */
	uint64_t most;     /* … when there were most */
	uint64_t accepted; /* connections */
	uint64_t refused;  /* … closed at once: not allowed, or too many
			      of its address */
	uint64_t dropped;  /* clients that were closed for a reason */
	uint64_t messages; /* received, and handled */
	uint64_t replies;
	uint64_t received; /* bytes */
	uint64_t sent;     /* … */
	uint64_t memory;   /* bytes that wait now */
};

/*
 * All zero is valid: a server that doesn't listen yet.  It must not move from
 * the first cask_server_listen to cask_server_close.
 */
struct cask_server {
	/* Settings: fill them in before it listens.  All hooks may call
	   anything of their server. */

	/* A message has come, and in loads it: what CASK_HANDLER makes; or a
	   function of that kind, see cask_client_checked. */
	void (*message)(struct cask_client *c, struct cask_ar *in);

	/* A client has come.  False: it is not wanted.  NULL: all are. */
	bool (*opened)(struct cask_client *c);

	/* A client that opened accepted has gone, by err: 0 if it closed
	   between two messages, else the reason, as why has it in words:

	       text name at byte 8 from 10.0.0.7:5123: length 300, …
	       10.0.0.7:5123: silent for 300 s
	*/
	void (*closed)(struct cask_client *c, int err, const char *why);

	/* A connection was closed before it became a client: its address isn't
	   allowed, it has too many, or its PROXY header is wrong. */
	void (*refused)(struct cask_server *s, const char *why);

	/* Something hinders all: connections can't be accepted for want of
	   descriptors or memory.  Told once, until one could be. */
	void (*trouble)(struct cask_server *s, int err, const char *why);

	void *user;             /* free for the program */
	struct cask_ar in, out; /* settings of the archives; their limits to
				   messages are these: */
	struct cask_server_limits limit;
	struct cask_nets allow;     /* who may come; empty: everybody, … */
	struct cask_nets deny;      /* … but these */
	struct cask_nets balancers; /* see cask_server_listen_behind */
	bool unframed;   /* messages have no length in front: see below */
	bool reuse_port; /* several servers may share a port */
	bool v6_only;    /* an IPv6 listener takes no IPv4 */

	/* Results: read them at any time, in its thread. */
	int err;      /* 0, or the first error; cask_server_why has the words */
	bool stopped; /* after cask_server_stop, and all clients are gone */
	struct cask_server_counts counts;

	/* private */
	struct caski_listener *listeners;
	struct cask_client *first, *last;
	struct cask_client *dead;
	struct cask_client *again;    /* to be gone on with */
	struct cask_client *handling; /* whose message is being handled */
	struct cask_client *to;       /* to whom a message is being stored */
	struct cask_io source, sink;  /* where the archives' bytes are */
	struct cask_message loads, stores;
	struct cask_wake wake;
	struct cask_note chores; /* what can't be done at once */
	struct cask_timer later; /* when to accept again, or to end draining */
	unsigned char *block;    /* what was received last */
	unsigned char *spare;    /* memory that a queue has had, for the next */
	unsigned char *unread;   /* unframed: what can still be loaded … */
	size_t unread_size;
	size_t mark;      /* the output before the message being stored */
	uint64_t used_to; /* unframed: the offset of the message's end */
	unsigned hooks;   /* other than message, that run now */
	bool hungry;      /* more was to be loaded than there is */
	bool homeless; /* the message to be stored has no client to take it */
	bool checked;  /* the message in hand was looked at … */
	bool right;    /* … and found right */
	bool full;     /* connections wait that could not be accepted */
	bool troubled; /* … and trouble knows */
	bool stopping;
	bool closing; /* it was to be closed in a hook: as a chore */
	int told;  /* to stop; this and the next are touched by other threads */
	int ready; /* … to be told */
	char why[256];
};

/*
 * Listen on an address, as cask_bind and cask_listen do; several may be added.
 * Port "0" is one of the system's choice: cask_server_local tells.  From here
 * on clients are served whenever the pump of this thread turns.  Does not
 * block, but for looking up a host that is a name.  Gives 0 or the error, which
 * sticks; then nothing of it is left, and what listened before goes on.
 */
int cask_server_listen(
    struct cask_server *s, const char *host, const char *port);

/*
 * The same behind a balancer (HAProxy, nginx, …) that sends the PROXY protocol,
 * version 1 or 2: connections have to come from s->balancers, and to begin with
 * a header.  The client's own address, which it has, is the one that counts
 * from there on, for its name, allow, deny and limit.per_host.  Health checks,
 * which say nothing, or LOCAL, or end by a reset before there was a message,
 * are no error.
 */
int cask_server_listen_behind(
    struct cask_server *s, const char *host, const char *port);

/* As cask_server_listen, for the nth socket that was passed by this process's
 * starter: see cask_inherit. */
int cask_server_inherit(struct cask_server *s, unsigned nth);

/* The address of the nth listener, from 0, as cask_local tells it; ENOENT. */
int cask_server_local(struct cask_server *s, unsigned nth, char *host,
    size_t size, uint16_t *port);

/*
 * Serve until cask_server_stop, then close.  Gives 0, or the server's first
 * error, at once if it is one of listening; EBUSY within a callback.  For those
 * who have a loop of their own there is no need of it: any turn of the pump
 * serves; turn until s->stopped, then close.
 */
int cask_serve(struct cask_server *s);

/*
 * Stop: listen no more, read no more messages, let the clients have what is
 * queued for them, and wait for them to close, for limit.drain_ms at most.  May
 * be called in a hook, in another thread and in a signal handler, up to
 * cask_server_close, and returns at once; before the server listens it stops it
 * as soon as it does.
 */
void cask_server_stop(struct cask_server *s);

/* Close all, at once; closed is called for each client.  Twice is fine.  The
 * counts and the error stay; without an error it may listen anew.  In a hook it
 * is done when that has returned and the pump turns; until stopped is set then,
 * the server has to stay. */
void cask_server_close(struct cask_server *s);

/* What went wrong, in words: "bind 0.0.0.0:7000: Address already in use".
 * Never NULL. */
const char *cask_server_why(struct cask_server *s);

/*
 * Queue a message to a client: an answer, or anything at any time.  Never
 * blocks: what the system doesn't take at once waits, up to limit.output.
 * Gives whether it was queued.  If not, because the client goes beyond a limit
 * or p can't be stored, the client is dropped.  As for cask_message, c and p
 * may be evaluated several times, exchange has to give the same twice, and to
 * return.
 */
#define cask_reply(c, p, exchange)                                          \
	((cask_client_store((c), #p)                                        \
		 ? (exchange(&(c)->server->out, (p)), cask_client_again(c)) \
		     ? (void)exchange(&(c)->server->out, (p))               \
		     : (void)0                                              \
		 : (void)0),                                                \
	    cask_client_stored(c))

/*
 * Define a function name, for cask_server.message, that loads a message into a
 * struct of a type and hands it to handle, if all of it is as exchange says:
 *
 *     static void handle(struct cask_client *c, struct job *j);
 *
 * The struct is there until handle returns; what its exchange function has
 * allocated is freed then.  handle may wait (in a call on another socket, say);
 * this server's clients wait with it.
 */
#define CASK_HANDLER(name, type, exchange, handle)                    \
	static void name(struct cask_client *c_, struct cask_ar *in_) \
	{                                                             \
		type message_;                                        \
		memset(&message_, 0, sizeof message_);                \
		exchange(in_, &message_);                             \
		if (cask_client_checked(c_))                          \
			handle(c_, &message_);                        \
		cask_release(in_);                                    \
		exchange(in_, &message_);                             \
	}

/*
 * For a message function of your own: whether what it has loaded is right, all
 * of the message was used, and the client is still there.  Ask once, after
 * having loaded and before doing anything; if not, do nothing, the server does
 * the rest.
 *
 * When messages are unframed, as those of MFC's programs are, it is found out
 * by loading whether one is whole: the message function is called as soon as
 * something has come, and again with the same bytes and more until there is
 * enough, of which this tells.  limit.message bounds how much that may be.
 */
bool cask_client_checked(struct cask_client *c);

/*
 * End a client, in order: no more of its messages are handled, what is queued
 * is sent, and it is closed when it has closed, too, within limit.output_ms.
 */
void cask_client_close(struct cask_client *c);

/* Drop a client at once, for a reason of your own, which closed is told. */
void cask_client_drop(struct cask_client *c, int err, const char *format, ...)
    CASK_PRINTF(3, 4);

/* The clients, in the order of their coming; NULL: the first, and none. */
struct cask_client *cask_client_next(
    const struct cask_server *s, const struct cask_client *c);

/* ------------------------------------------------------------------------ */
/* What cask_reply is made of.                                               */

bool cask_client_store(struct cask_client *c, const char *name);
bool cask_client_again(struct cask_client *c);
bool cask_client_stored(struct cask_client *c);

#ifdef __cplusplus
}
#endif

#endif
