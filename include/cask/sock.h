/*
 * Sockets: connections that block, with a time limit; or that notify.
 *
 * A socket is a transport (its io comes first): hand &s.io to cask_store and
 * cask_load.  The first error of a connection sticks; every later call gives it
 * again, and an archive over it reports it, so a program may connect, talk,
 * and look for errors once, at the end.  MFC: CSocket, CAsyncSocket,
 * CSocketFile; cask_sock(3) has a table of all their members.
 *
 * Hosts are names or numbers, IPv4 or IPv6; ports are numbers or names of
 * services.  A host that begins with "/" or "./" is the path of a Unix-domain
 * socket, and one that begins with "@" a name in Linux's abstract space; port
 * is NULL then.  No call here raises SIGPIPE, and every descriptor is closed on
 * exec.  A socket belongs to one thread at a time; see cask_select for moving
 * it to another.
 *
 * Calls come in two families.  Those called try_ never wait.  The others wait,
 * within their limit, in the pump of the thread (pump.h): timers and watches
 * run meanwhile, notifications of sockets are put aside, and any callback may
 * close, detach or free any socket, the one that waits included: its call then
 * ends with ECANCELED, or CASK_IO_GONE (-2) where it gives a count, and does
 * not look at the socket any more.  (A socket is closed before it is freed; and
 * memory that the call itself was given, like a buffer or an archive, has to
 * stay.)  Waits within one another, 16 at most (ELOOP), end in reverse order.
 *
 * Two errors leave the other direction be; s.io.err stays the first error, and
 * cask_close gives it.  After CASK_ECUT, the end inside cask_receive_all, what
 * sends works until it fails itself.  After a call that sends has failed (not
 * by our own time-out, nor by cask_cancel), the calls that receive, archives'
 * too, give what came before, and wait for nothing; then they fail with that
 * error, even where the end is.
 *
 * A second call in a direction in which one waits already is refused with
 * EBUSY.  Such an error doesn't stick: it is that call's alone, and io.passing
 * has it until the next call.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_SOCK_H
#define CASK_SOCK_H

#include <stdint.h>

#include <cask/io.h>
#include <cask/pump.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cask_sock;

#define CASK_TIMEOUT_MS 30000  /* the limit when timeout_ms is 0 */
#define CASK_PEER_SIZE  80     /* room for the other end's name */
#define CASK_AHEAD      262144 /* ahead_most when that is 0 */

/* ------------------------------------------------------------------------ */
/* Notifications                                                             */

/*
 * What happens to a socket, delivered by the pump.  One const table serves all
 * sockets of a kind; NULL: not interested.  err is 0 or the reason of a
 * failure.  The rules are MFC's (CAsyncSocket::OnReceive and its sisters):
 *
 * receive  data is there.  Once, and again after the next call that receives,
 *          if data is left then or as soon as more comes.
 * send     sending is possible: when a connection stands, and later whenever a
 *          cask_try_send took less than all and there is room again.
 * oob      urgent data is there, unless it comes in line (CASK_OOB_INLINE).
 * accept   a connection waits.  Once, and again after the next cask_accept or
 *          cask_try_accept, if another one waits.
 * connect  how a cask_try_connect ended, once for each; or that the connection
 *          stands already, after cask_attach and cask_select.
 * close    the other end has closed (0), and all that had come was received; or
 *          it was lost (ECONNRESET, EPIPE, …), whoever met that first.  Once;
 *          never after cask_close here.
 *
 * Each is delivered once and then waits for its answer, so that a handler that
 * does nothing doesn't spin.  The calls that receive, cask_peek included,
 * answer receive and oob.  Where close is NULL, the end and a loss are
 * announced by receive, once: the next call that receives gives them.  Where
 * connect is NULL, a failed cask_try_connect is announced as a loss.  A handler
 * may close any socket and free its own.
 *
 * waiting  a call on this socket waits: called before every sleep, and at least
 *          ten times a second.  It may do what any callback may: show that the
 *          program lives, cask_cancel.  MFC: OnMessagePending.
 *
 * A handler may load from an archive, which answers too.  Over a socket that
 * has a receive handler an archive takes no more than it needs, and what the
 * socket has read ahead counts as being there: the handler is called again for
 * it.  But loading waits for the rest of a message that has begun, and nobody
 * else is notified meanwhile.  A server that can't afford that gathers what
 * comes with cask_try_receive until a message is whole and loads it from memory
 * (cask_mem_read), as cask collect does.
 */
struct cask_notify {
	void (*receive)(struct cask_sock *s, int err);
	void (*send)(struct cask_sock *s, int err);
	void (*oob)(struct cask_sock *s, int err);
	void (*accept)(struct cask_sock *s, int err);
	void (*connect)(struct cask_sock *s, int err);
	void (*close)(struct cask_sock *s, int err);
	void (*waiting)(struct cask_sock *s);
};

/* The same as a set, for cask_select.  MFC: FD_READ and its sisters. */
enum {
	CASK_ON_RECEIVE = 1,
	CASK_ON_SEND = 2,
	CASK_ON_OOB = 4,
	CASK_ON_ACCEPT = 8,
	CASK_ON_CONNECT = 16,
	CASK_ON_CLOSE = 32,
	CASK_ON_ALL = 63,
};

/* ------------------------------------------------------------------------ */
/* The socket                                                                */

struct caski_call;    /* a call that waits */
struct caski_attempt; /* a connect under way */

/* All zero is valid: a socket that isn't open. */
struct cask_sock {
	struct cask_io io;

	/* Limits of each call in milliseconds.  0: CASK_TIMEOUT_MS, for accept
	   none; < 0: none.  Of the last four, 0: timeout_ms. */
	int timeout_ms;
	int connect_ms;
	int accept_ms;
	int receive_ms;
	int send_ms;

	const struct cask_notify *notify; /* set before it is opened */
	void *user;                       /* free for the program */

	/* Set before the socket is opened. */
	bool datagram;      /* UDP, or datagrams of the Unix domain */
	bool reuse_port;    /* several may bind to one port and share it */
	bool v6_only;       /* an IPv6 listener takes no IPv4 */
	int send_buffer;    /* bytes; 0: as the system likes */
	int receive_buffer; /* … */
	size_t ahead_most;  /* bytes read ahead at most; 0: CASK_AHEAD */

	/* private: what every call looks at … */
	bool open;
	bool listening;
	bool bound;           /* by cask_bind, and not connected */
	bool local;           /* of the Unix domain */
	bool direct;          /* the descriptor is in blocking mode */
	bool ended;           /* a call has seen the end of the stream */
	bool over;            /* the end has been announced */
	bool asking;          /* something was sent since the last receive */
	unsigned char wanted; /* CASK_ON_…: the interest */
	unsigned char armed;  /* … those that may be announced */
	unsigned char posted; /* … and those that wait in the pump's queue */
	unsigned char full;   /* reads for archives, in a row, that were full */
	bool value_begins;    /* an archive's value begins; its limit: */
	int value_ms;
	int64_t value_limit; /* … when that ends; 0: it doesn't run yet */
	int64_t deadline;
	int lost;      /* the error that close is going to announce */
	int direct_ms; /* the limit that the descriptor knows of */
	int cancelled; /* these three are touched by other threads */
	int bell;
	int cancelling;
	int deadline_ms;
	struct caski_call *receiving; /* the call that waits, and for what */
	struct caski_call *sending;
	size_t held_size; /* of what is held */
	uint64_t carried; /* bytes in both directions, for CASK_CHAOS */
	struct cask_watch watch;
	/* … and what few do */
	struct caski_call *delivering; /* the notification being delivered */
	struct cask_note note;
	struct caski_attempt *attempt;
	int reserve; /* a descriptor for when there are no others, + 1 */
	struct cask_timer pause; /* … and when there isn't even that */
	unsigned char *ahead;    /* what was read ahead: io.ahead bytes … */
	size_t ahead_from;       /* … from here on */
	size_t ahead_size;
	unsigned char *held; /* what an archive has written and goes on … */
	size_t held_sent;    /* … and how much of it is sent */
	char name[CASK_PEER_SIZE];
	char why[CASK_PEER_SIZE + 160];
};

/* ------------------------------------------------------------------------ */
/* Opening                                                                   */

/*
 * Connect to a host.  Every address of the host is tried, IPv6 and IPv4 in
 * turn, the next one when one has failed or has not answered for 250 ms
 * (RFC 8305), all within one limit, the look-up included.  A stream that is
 * bound already goes on to the next one only when one has failed.  A datagram
 * socket sends to, and receives from, that address alone from now on; one that
 * is bound already stays bound.
 *
 * cask_connect blocks.  Gives 0; CASK_ENAME or CASK_EPORT when the host or the
 * port is not known; CASK_EDNS when nobody could be asked; the last address's
 * error (ECONNREFUSED, EHOSTUNREACH, …); ETIMEDOUT; ECANCELED; EISCONN when s
 * is connected or listens, which sticks; EAGAIN when too many look-ups are
 * under way; EINVAL when host or port is NULL, or a path comes with a port;
 * ENAMETOOLONG; ENOMEM; EMFILE.  After any but EISCONN a stream is closed.
 *
 * cask_try_connect doesn't block: 0 when it is under way, and connect will be
 * notified of how it ended; else an error as above, and nobody is notified.
 * Until then s is not open: calls on it are refused (ENOTCONN, EALREADY, which
 * don't stick), and cask_close gives it up.  EOPNOTSUPP when s is bound.
 * MFC: CSocket::Create and Connect; CAsyncSocket::Connect.
 */
int cask_connect(struct cask_sock *s, const char *host, const char *port);
int cask_try_connect(struct cask_sock *s, const char *host, const char *port);

/*
 * Take a local address, to listen on or for datagrams.  host NULL: every
 * address of this machine, IPv6 and IPv4 alike.  port "0": the system chooses
 * (cask_local tells).  A port in TIME_WAIT, and the path of a Unix-domain
 * socket on which nobody listens any more, can be taken again at once; closing
 * leaves the path where it is, and a path that is no socket is EADDRINUSE.
 * Does not block, but for looking up a host that
 * is a name, within the limit of connect; of a name's addresses the first that
 * can be had is taken.
 *
 * Gives 0; CASK_ENAME, CASK_EPORT, CASK_EDNS; ETIMEDOUT; ECANCELED; EAGAIN;
 * EADDRINUSE; EACCES; EADDRNOTAVAIL; EINVAL and ENAMETOOLONG as cask_connect;
 * EISCONN; ….  MFC: CAsyncSocket::Create, Bind.
 */
int cask_bind(struct cask_sock *s, const char *host, const char *port);

/*
 * Take over a socket that was passed to this process by its starter, as
 * LISTEN_FDS and LISTEN_PID tell (socket activation): the nth of them, from 0,
 * each to be taken once.  Gives 0, ENOENT when there is none, or an error of
 * cask_attach.  A socket that listens is ready for cask_accept.
 */
int cask_inherit(struct cask_sock *s, unsigned nth);

/*
 * Let connections come in; at most backlog wait to be accepted (0: as many as
 * the system allows).  Does not block.  MFC: CAsyncSocket::Listen.
 */
int cask_listen(struct cask_sock *s, int backlog);

/*
 * Accept a connection into c, a socket that is not open, with its settings
 * filled in; with no notify of its own it takes over the listener's, and what
 * of it is selected.  Its peer's name is a number: nobody is asked.
 *
 * cask_accept blocks: without a limit unless accept_ms or timeout_ms is set.
 * cask_try_accept never does: EAGAIN when none is waiting.  Errors of accepting
 * (ETIMEDOUT, ECANCELED, EAGAIN, EMFILE, ENFILE, ENOMEM, …) don't stick: the
 * listener stays good, and c stays closed.  A connection that was gone before
 * it was accepted is passed over.  With EMFILE and ENFILE, out of descriptors,
 * the connection in question was turned away, so that it neither hangs nor
 * comes up again and again.  Where that can't be, and with ENOMEM and ENOBUFS,
 * it stays, and is announced again after 100 ms.  c->io tells which error it
 * was.  While it waits, opening c is refused with EBUSY, and a callback may
 * close or free it.  MFC: CSocket::Accept, CAsyncSocket::Accept.
 */
int cask_accept(struct cask_sock *listener, struct cask_sock *c);
int cask_try_accept(struct cask_sock *listener, struct cask_sock *c);

/*
 * Take over a socket's descriptor from elsewhere; it is closed on exec from
 * then on.  What holds now (connected, room to send, data, the end) is
 * announced.  Does not block.  Gives 0; or EISCONN, EINVAL (not a socket),
 * ENOMEM, and then fd is still the caller's.  MFC: Attach.
 */
int cask_attach(struct cask_sock *s, int fd);

/* The descriptor, or -1: to look at, not to be read or closed.  MFC: m_hSocket.
 */
int cask_sock_fd(const struct cask_sock *s);

/*
 * Give the descriptor away: s is closed then without closing it.  It does not
 * block.  Gives it, or -1: io.passing is EBADF, or ENOTEMPTY when bytes that
 * were read ahead would be lost (receive them first), or bytes that an archive
 * has stored and not flushed.  A call that waits ends with ECANCELED.  MFC:
 * Detach.
 */
int cask_detach(struct cask_sock *s);

/*
 * Choose which notifications come, CASK_ON_…; all are when a socket is opened.
 * What holds now is announced, again if need be.  With 0 the socket leaves the
 * pump of its thread: another thread may take it over, with all that was read
 * ahead, by selecting for itself.  Gives 0, or an error of cask_watch_start,
 * EBADF, EBUSY (a call waits), which don't stick.  MFC: AsyncSelect.
 */
int cask_select(struct cask_sock *s, unsigned kinds);

/* ------------------------------------------------------------------------ */
/* Talking                                                                   */

/*
 * An archive over a stream need not have a large buffer to be fast.  Of a
 * message longer than its buffer the socket gathers up to 60 KiB and sends them
 * at once; cask_flush sends the rest, and so does, before it does anything,
 * each call on this socket that sends, receives or closes.  Calls on another
 * one, and turns of the pump, don't: flush before waiting there for what this
 * message brings about.  A stream that has filled the archive's buffer twice in
 * a row is read ahead in such blocks.  Without memory for that it goes on in
 * small pieces.  A connection that is idle between messages takes none.
 */

/*
 * Send all n bytes; a datagram is sent whole.  Blocks until the system has
 * taken them; meanwhile it reads ahead what comes in, up to ahead_most bytes,
 * so that two ends that send before they receive don't wait for each other.
 * When that is full too and nothing moves, the time-out says so.
 * Gives 0; the error that stuck: ETIMEDOUT, EPIPE, ECONNRESET, ECANCELED, …; or
 * EBUSY.  (Where CASK_ECUT has stuck before, the call that fails gives its own
 * error, and those that follow CASK_ECUT.)
 * n of 0 on a stream does nothing.  MFC: CSocket::Send.
 */
int cask_send(struct cask_sock *s, const void *buf, size_t n);

/*
 * Send what the system takes at once.  Gives how many bytes that was, perhaps
 * 0; or -1: s->io.err tells, or s->io.passing.  A datagram is sent whole or not
 * at all, then with EAGAIN in s->io.passing.  MFC: CAsyncSocket::Send.
 */
ptrdiff_t cask_try_send(struct cask_sock *s, const void *buf, size_t n);

/*
 * Receive what is there, up to size bytes (not 0).  What an archive has stored
 * on s and not flushed is sent first.  Blocks until there is something.  Gives
 * the number of bytes; 0 at the end of the stream, or for an empty datagram;
 * -1: s->io.err tells (ETIMEDOUT, ECONNRESET, ECANCELED, …), or s->io.passing:
 * EBUSY; EMSGSIZE when a datagram was longer than size, its beginning being in
 * buf.  MFC: CSocket::Receive.
 */
ptrdiff_t cask_receive(struct cask_sock *s, void *buf, size_t size);

/*
 * Receive size bytes.  Gives size; 0 when the stream ended before the first;
 * -1: CASK_ECUT when it ended later, and the words tell after how many bytes;
 * EOPNOTSUPP (passing) for datagrams; or as cask_receive.
 */
ptrdiff_t cask_receive_all(struct cask_sock *s, void *buf, size_t size);

/*
 * Receive without waiting.  When nothing is there: -1, with s->io.err 0 and
 * s->io.passing EAGAIN.  MFC: CAsyncSocket::Receive.
 */
ptrdiff_t cask_try_receive(struct cask_sock *s, void *buf, size_t size);

/* The same, and the bytes stay to be received.  MFC: MSG_PEEK. */
ptrdiff_t cask_peek(struct cask_sock *s, void *buf, size_t size);

/* How many bytes can be received at once; the size of the next datagram.  -1
 * with s->io.passing.  MFC: IOCtl(FIONREAD). */
ptrdiff_t cask_available(struct cask_sock *s);

/*
 * Urgent data: one byte, past all others (streams of the Internet only).
 * cask_receive_urgent gives 0; EAGAIN when there is none; EINVAL when it comes
 * in line.  cask_at_mark gives 1 when all that came before urgent data was
 * received (in line: the next byte is the urgent one); else 0; -1 with
 * s->io.passing.  None of them blocks, but sending may.  On anything but a
 * stream of the Internet: EOPNOTSUPP.  MFC: MSG_OOB, IOCtl(SIOCATMARK).
 */
int cask_send_urgent(struct cask_sock *s, unsigned char byte);
int cask_receive_urgent(struct cask_sock *s, unsigned char *byte);
int cask_at_mark(struct cask_sock *s);

/*
 * Close one direction or both; the socket stays open.  Who closes its own
 * receives gets the end after what had come, without waiting, announced as if
 * the other end had closed; what still comes Linux gives all the same.
 * Neither this nor cask_close blocks.  Gives 0 or an error, which sticks; but
 * ENOTEMPTY, when an archive has stored what was not flushed, is passing, and
 * nothing was done: flush first, or give it up with cask_abort.  MFC: ShutDown.
 */
enum cask_shutdown { CASK_RECEIVES, CASK_SENDS, CASK_BOTH };

int cask_shutdown(struct cask_sock *s, enum cask_shutdown how);

/*
 * Close.  Data that was sent is still delivered (but see CASK_LINGER), unless
 * received data was left unread: that makes a reset of it, so receive up to the
 * end first.  What an archive has stored and not flushed, nor given up with
 * cask_abort, is lost, which is ENOTEMPTY.  A call that waits ends with
 * ECANCELED.  Gives the first error of the socket's life, which stays readable;
 * settings stay too.  Twice is fine.  After this s may be connected anew, which
 * forgets the error.  MFC: CSocket::Close.
 */
int cask_close(struct cask_sock *s);

/* What went wrong, in words: "connect localhost:7000: Connection refused". */
const char *cask_sock_why(struct cask_sock *s);

/* ------------------------------------------------------------------------ */
/* Limits, and ending a call early                                           */

/*
 * One limit for everything that is done with s from now on, look-up included:
 * ms milliseconds (below 0: lift it).  It comes on top of timeout_ms, holds for
 * calls that don't block too, and stays when s is closed and connected anew.
 */
void cask_deadline(struct cask_sock *s, int ms);

/* Does a call on s wait?  MFC: IsBlocking. */
bool cask_is_blocking(const struct cask_sock *s);

/*
 * End the call on s that waits, or else the next one that would, with
 * ECANCELED, which sticks (to the listener it doesn't).  Then s can only be
 * closed, which forgets a cancel that met no call.  May be called from a
 * callback, from another thread, and from a signal handler; s must be there
 * as long as it runs.  MFC: CancelBlockingCall.
 */
void cask_cancel(struct cask_sock *s);

/*
 * How the last error left the connection.
 */
enum cask_state {
	CASK_GOOD,      /* there was none */
	CASK_CLEAN,     /* time ran out with nothing lost: cask_resume */
	CASK_POISONED,  /* time ran out inside a message */
	CASK_CANCELLED, /* by cask_cancel */
	CASK_BROKEN,    /* any other error */
};

enum cask_state cask_sock_state(const struct cask_sock *s);

/*
 * Go on after a time-out that lost nothing: forget it.  An archive that has met
 * it is opened anew, and a message that was being stored is stored again.
 * Gives 0, or the error that stays because the connection can't go on.
 */
int cask_resume(struct cask_sock *s);

#ifdef __cplusplus
}
#endif

#endif
