/*
 * Links: a connection that carries messages, in blocking style.
 *
 * A link is a socket with an archive each way.  Each message has its length in
 * front (message.h): it is taken in whole before its first field is looked at,
 * and has to be used up.
 *
 *     struct cask_link l = { .sock.timeout_ms = 5000 };
 *
 *     cask_link_connect(&l, "localhost", "7000");
 *     if (!cask_link_call(&l, &job, job_x, &ack, ack_x))
 *             errx(1, "%s", cask_link_why(&l));
 *     cask_link_close(&l);
 *
 * The first error sticks, so that one look at the end is enough.  One can be
 * forgotten: if time runs out in cask_link_receive before a byte of the next
 * message has come, the link goes on after cask_resume(&l.sock), which gives 0
 * then.  After any other time-out it doesn't; nor after that of a call, whose
 * answer may come late and would be taken for the next one's.  While a call
 * on it waits, a callback may use the other direction, and may close the link
 * (ECANCELED), but not free it.  All of this is ours: MFC's programs put
 * CSocketFile and CArchive together by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_LINK_H
#define CASK_LINK_H

#include <string.h>

#include <cask/message.h>
#include <cask/sock.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a direction is doing. */
struct cask_link_way {
	/* private */
	struct cask_message message;
	bool busy;        /* a message is under way */
	bool begun;       /* … and its length has been seen to */
	int64_t limit;    /* … until when */
	int64_t deadline; /* what holds for the socket otherwise */
	int deadline_ms;
};

/*
 * All zero is valid: a link that isn't open.  Settings are those of the socket
 * and of the archives: fill them in first.  sock.timeout_ms is the limit of
 * each send, receive or call as a whole (0: CASK_TIMEOUT_MS, below 0: none),
 * however slowly the bytes come.
 */
struct cask_link {
	struct cask_sock sock;
	struct cask_ar out; /* stores */
	struct cask_ar in;  /* loads */
	void *user;         /* free for the program */

	/* Results: read them at any time. */
	int err;     /* 0, or the first error; cask_link_why has the words */
	bool ended;  /* the other end has closed, between two messages */
	int passing; /* EBUSY: a callback wanted to use a direction in which a
			message is under way; it is that call's alone */

	/* private */
	struct cask_link_way sends, receives;
	bool asks;    /* a call: one limit for both */
	bool refused; /* what begins now is not to be ended */
	int refusals; /* so many of the next ones are refused */
};

/*
 * Open a link: connect to a host, accept a connection, or take over a connected
 * socket's descriptor.  They block, and give 0 or an error, as cask_connect,
 * cask_accept and cask_attach do; so the errors of accepting leave the listener
 * good.  While a message is under way: EBUSY, which is passing.
 */
int cask_link_connect(struct cask_link *l, const char *host, const char *port);
int cask_link_accept(struct cask_sock *listener, struct cask_link *l);
int cask_link_attach(struct cask_link *l, int fd);

/*
 * Send *p, which exchange describes, as one message.  Blocks until the system
 * has taken all of it.  Gives whether that went well.  As for cask_message, l
 * and p may be evaluated several times, exchange has to give the same twice,
 * and to return.
 */
#define cask_link_send(l, p, exchange) cask_link_send_as((l), (p), #p, exchange)

/*
 * Receive a message into *p.  Blocks until all of it is there.  Gives whether
 * there was one: not after an error, nor when the other end has closed instead
 * of beginning one, which is no error (l->ended): the condition of a loop.
 * When it gives false, *p is all zero, or as far as it could be loaded.
 */
#define cask_link_receive(l, p, exchange) \
	cask_link_receive_as((l), (p), #p, exchange)

/*
 * Send *p and receive the answer to it into *q, under one limit.  Gives whether
 * both went well; that the other end closes without an answer is CASK_ECUT.
 */
#define cask_link_call(l, p, p_exchange, q, q_exchange)                       \
	(cask_link_ask(l), (void)cask_link_send_as((l), (p), #p, p_exchange), \
	    cask_link_receive_as((l), (q), #q, q_exchange))

/*
 * What went wrong, in words:
 *
 *     connect localhost:7000: Connection refused
 *     text j->name at byte 8 from 10.0.0.7:5123: length 300, limit 63 bytes
 *
 * Never NULL; lasts as long as the link, or until it is opened anew.
 */
const char *cask_link_why(struct cask_link *l);

/*
 * Close.  Gives the link's first error, which stays readable.  Twice is fine.
 * After this it may be opened anew, which forgets the error.
 */
int cask_link_close(struct cask_link *l);

/* ------------------------------------------------------------------------ */
/* What the above are made of.                                               */

#define cask_link_send_as(l, p, name, exchange)                            \
	((cask_link_store((l), name)                                       \
		 ? (exchange(&(l)->out, (p)),                              \
		       cask_message_again(&(l)->out, &(l)->sends.message)) \
		     ? (void)exchange(&(l)->out, (p))                      \
		     : (void)0                                             \
		 : (void)0),                                               \
	    cask_link_sent(l))

#define cask_link_receive_as(l, p, name, exchange)                        \
	((cask_link_load((l), name) ? (void)exchange(&(l)->in, (p))       \
				    : (void)memset((p), 0, sizeof *(p))), \
	    cask_link_received(l))

void cask_link_ask(struct cask_link *l);
bool cask_link_store(struct cask_link *l, const char *name);
bool cask_link_sent(struct cask_link *l);
bool cask_link_load(struct cask_link *l, const char *name);
bool cask_link_received(struct cask_link *l);

#ifdef __cplusplus
}
#endif

#endif
