/*
 * Sockets: TCP connections that block, with a time limit; or that notify.
 *
 * A socket is a transport (its io comes first): hand &s.io to cask_store and
 * cask_load.  The first error of a socket sticks; every later call gives it
 * again, and an archive over it reports it, so a program may connect, talk,
 * and look for errors once, at the end.  MFC: CSocket, CAsyncSocket.
 *
 * Hosts are names or numbers, IPv4 or IPv6; ports are numbers or names of
 * services.  No call here raises SIGPIPE, and every descriptor is closed on
 * exec.  A socket belongs to one thread at a time; one that gives
 * notifications, to the thread whose pump delivers them.
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

#define CASK_TIMEOUT_MS 30000 /* the limit when timeout_ms is 0 */
#define CASK_PEER_SIZE  80    /* room for the other end's name */

/*
 * Notifications, delivered by the pump (cask_pump_turn, cask_pump_run).  One
 * const table serves all sockets of a kind; NULL: not interested.  Each is
 * delivered once, and again only after the call that answers it was made
 * (cask_receive or cask_try_receive; cask_accept or cask_try_accept): a handler
 * that does nothing doesn't spin.  The end of the stream and errors are
 * announced by receive too, once: the call that answers it gives them.  A
 * handler may close any socket and free its own.
 *
 * A handler may load from an archive, which answers too.  Two things to know:
 * the archive reads ahead, so go on until cask_pending is 0; and it waits for
 * the rest of a message that has begun, while nobody else is served.  A server
 * that can't afford that gathers what comes with cask_try_receive until a
 * message is whole and loads it from memory (cask_mem_read), as cask collect
 * does.  MFC: CAsyncSocket::OnReceive and its sisters.
 */
struct cask_notify {
	void (*receive)(struct cask_sock *s); /* data, an end, an error */
	void (*accept)(struct cask_sock *s);  /* a connection is waiting */
};

/* All zero is valid: a socket that isn't open. */
struct cask_sock {
	struct cask_io io;

	int timeout_ms; /* limit of each call; 0: CASK_TIMEOUT_MS; < 0: none */
	const struct cask_notify *notify; /* set before connect or accept */
	void *user;                       /* free for the program */

	/* Set before the socket is opened. */
	bool datagram;      /* UDP, or datagrams of the Unix domain */
	int send_buffer;    /* bytes; 0: as the system likes */
	int receive_buffer; /* … */

	/* private */
	bool open;
	bool listening;
	bool receiving; /* a call waits in this direction */
	bool sending;
	struct cask_watch watch;
	int64_t deadline;
	int deadline_ms;
	int value_ms; /* the limit of an archive's value in hand, and … */
	int64_t value_limit; /* … when that ends; 0: none is in hand */
	char name[CASK_PEER_SIZE];
	char why[CASK_PEER_SIZE + 80];
};

/*
 * Connect to a host.  Every address of the host is tried in turn within one
 * limit.  A look-up never outlasts the limit.  Blocks.
 *
 * Gives 0; CASK_ENAME or CASK_EPORT when the host or the port is not known; the
 * last address's error (ECONNREFUSED, EHOSTUNREACH, …); ETIMEDOUT; EISCONN when
 * s is open, which sticks; EAGAIN when too many look-ups are under way; EINVAL
 * when host or port is NULL; ENOMEM; EMFILE.  After any but EISCONN s is
 * closed.  MFC: CSocket::Create and Connect.
 */
int cask_connect(struct cask_sock *s, const char *host, const char *port);

/*
 * Take a local address to listen on.  host NULL: every address of this
 * machine, IPv6 and IPv4 alike.  port "0": the system chooses (cask_local
 * tells).  A port in TIME_WAIT can be taken again at once.  Does not block, but
 * for looking up a host that is a name.
 *
 * Gives 0; CASK_ENAME; CASK_EPORT; EADDRINUSE; EACCES; EADDRNOTAVAIL; EISCONN;
 * …. MFC: CAsyncSocket::Bind.
 */
int cask_bind(struct cask_sock *s, const char *host, const char *port);

/*
 * Let connections come in; at most backlog wait to be accepted (0: as many as
 * the system allows).  Does not block.  MFC: CAsyncSocket::Listen.
 */
int cask_listen(struct cask_sock *s, int backlog);

/*
 * Accept a connection into c, a socket that is not open, with its settings
 * filled in; with no notify of its own it takes over the listener's.  Its
 * peer's name is a number: nobody is asked.
 *
 * cask_accept blocks: without a limit unless listener->timeout_ms is set.
 * cask_try_accept never does: EAGAIN when none is waiting.  Errors of accepting
 * (ETIMEDOUT, EAGAIN, EMFILE, ENFILE, ENOMEM, …) don't stick: the listener
 * stays good, and c stays closed.  A connection that was gone before it was
 * accepted is passed over.  c->io tells which error it was.  MFC:
 * CSocket::Accept, CAsyncSocket::Accept.
 */
int cask_accept(struct cask_sock *listener, struct cask_sock *c);
int cask_try_accept(struct cask_sock *listener, struct cask_sock *c);

/*
 * Send all n bytes.  Blocks until the system has taken them.  Gives 0 or the
 * error that stuck: ETIMEDOUT, EPIPE, ECONNRESET, ….  MFC: CSocket::Send.
 */
int cask_send(struct cask_sock *s, const void *buf, size_t n);

/*
 * Send what the system takes at once.  Gives how many bytes that was, perhaps
 * 0; or -1: s->io.err tells.  MFC: CAsyncSocket::Send.
 */
ptrdiff_t cask_try_send(struct cask_sock *s, const void *buf, size_t n);

/*
 * Receive what is there, up to size bytes (not 0).  Blocks until there is
 * something. Gives the number of bytes; 0 at the end of the stream; -1:
 * s->io.err tells (ETIMEDOUT, ECONNRESET, …).  MFC: CSocket::Receive.
 */
ptrdiff_t cask_receive(struct cask_sock *s, void *buf, size_t size);

/*
 * The same without waiting.  When nothing is there: -1, with s->io.err 0.
 * MFC: CAsyncSocket::Receive.
 */
ptrdiff_t cask_try_receive(struct cask_sock *s, void *buf, size_t size);

/* Close one direction or both; the socket stays open.  MFC: ShutDown. */
enum cask_shutdown { CASK_RECEIVES, CASK_SENDS, CASK_BOTH };

int cask_shutdown(struct cask_sock *s, enum cask_shutdown how);

/*
 * One limit for everything that is done with s from now on, look-up included:
 * ms milliseconds (below 0: lift it).  It comes on top of timeout_ms, holds for
 * calls that don't block too, and stays when s is closed and connected anew.
 */
void cask_deadline(struct cask_sock *s, int ms);

/*
 * This end's, or the other end's, numeric address and port.  host may be NULL;
 * else size bytes, NUL included (64 are enough).  Gives 0 or an error that does
 * not stick (EBADF when s is not open, ENOTCONN, ENOSPC when size is too
 * small).  MFC: GetSockName, GetPeerName.
 */
int cask_local(struct cask_sock *s, char *host, size_t size, uint16_t *port);
int cask_remote(struct cask_sock *s, char *host, size_t size, uint16_t *port);

/*
 * Close.  Data that was sent is still delivered, unless received data was left
 * unread: that makes a reset of it, so receive up to the end first.  Gives the
 * first error of the socket's life, which stays readable; settings stay too.
 * Twice is fine. After this s may be connected anew, which forgets the error.
 * MFC: CSocket::Close.
 */
int cask_close(struct cask_sock *s);

/* What went wrong, in words: "connect localhost:7000: Connection refused". */
const char *cask_sock_why(struct cask_sock *s);

#ifdef __cplusplus
}
#endif

#endif
