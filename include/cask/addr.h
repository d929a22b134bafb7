/*
 * Addresses, datagrams, groups, and the options of sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_ADDR_H
#define CASK_ADDR_H

#include <stdint.h>

#include <cask/sock.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An address of any kind.  All zero: none. */
struct cask_addr {
	/* private */
	unsigned length;
	union {
		unsigned char bytes[128];
		uint64_t align;
	} sa;
};

/*
 * Find the address of a host and a port, for s, a datagram socket: of its
 * family, if it is open.  host NULL: everybody on this network (IPv4's
 * broadcast address; needs CASK_BROADCAST).  A number is answered at once, a
 * name looked up within the limit of connect.  To a socket of IPv6 that takes
 * IPv4 too, IPv4 is of its family.  Gives 0, CASK_ENAME, CASK_EPORT, CASK_EDNS,
 * EAFNOSUPPORT (it has no address of that family), ETIMEDOUT, ECANCELED,
 * EAGAIN, ENAMETOOLONG, ENOMEM; they don't stick.
 */
int cask_addr_find(struct cask_addr *a, struct cask_sock *s, const char *host,
    const char *port);

/*
 * Its numbers, or its path: host may be NULL, else size bytes, NUL included (64
 * are enough, 110 for paths); port may be NULL.  A socket of the
 * Unix domain that has no name has the text "".  Gives 0, ENOSPC, EINVAL (no
 * address) or ENOMEM.
 */
int cask_addr_text(
    const struct cask_addr *a, char *host, size_t size, uint16_t *port);

/*
 * Datagrams to and from anybody.  s is a datagram socket; one that isn't open
 * is opened by the first cask_send_to, with a port of the system's choice; it
 * counts as bound then, and may be connected.  to NULL: the peer that it is
 * connected to, as with cask_send.
 *
 * Sending gives 0, or EMSGSIZE, EACCES (broadcast), ENETUNREACH, ECONNREFUSED
 * (the answer to an earlier one), …; the try form EAGAIN.  Receiving gives the
 * size of the datagram; -1 with s->io.passing: EMSGSIZE when it was longer than
 * size, its beginning being in buf; the try form EAGAIN.  from may be NULL, and
 * is left alone by errors but EMSGSIZE.  On a datagram socket no error sticks
 * but EBADF and ECANCELED.  MFC: SendTo, ReceiveFrom.
 */
int cask_send_to(
    struct cask_sock *s, const void *buf, size_t n, const struct cask_addr *to);
int cask_try_send_to(
    struct cask_sock *s, const void *buf, size_t n, const struct cask_addr *to);
ptrdiff_t cask_receive_from(
    struct cask_sock *s, void *buf, size_t size, struct cask_addr *from);
ptrdiff_t cask_try_receive_from(
    struct cask_sock *s, void *buf, size_t size, struct cask_addr *from);

/*
 * Join or leave a multicast group: datagrams to it are received by a socket
 * that is bound to their port.  interface NULL: the system chooses.  Gives 0,
 * CASK_ENAME (group is no number), EINVAL (it is no multicast address), ENODEV
 * (no such interface, or none leads there), EADDRINUSE (joined already),
 * EADDRNOTAVAIL (not joined), EAFNOSUPPORT (not of this socket's family),
 * EOPNOTSUPP (this is no UDP socket), EBADF; they don't stick.  Datagrams to a
 * group leave by the interface whose address the sender is bound to, or, of
 * IPv6, by the one that the address names: "ff02::4242%eth0".
 */
int cask_group_join(
    struct cask_sock *s, const char *group, const char *interface);
int cask_group_leave(
    struct cask_sock *s, const char *group, const char *interface);

/*
 * This end's, or the other end's, numeric address and port; a path is a host
 * with port 0.  host may be NULL; else size bytes, NUL included (64 are enough,
 * 110 for paths).  Gives 0 or an error that does not stick (EBADF when s is not
 * open, ENOTCONN, ENOSPC when size is too small).
 * MFC: GetSockName, GetPeerName.
 */
int cask_local(struct cask_sock *s, char *host, size_t size, uint16_t *port);
int cask_remote(struct cask_sock *s, char *host, size_t size, uint16_t *port);

/* The same as addresses: EBADF, ENOTCONN, which do not stick. */
int cask_local_addr(struct cask_sock *s, struct cask_addr *a);
int cask_remote_addr(struct cask_sock *s, struct cask_addr *a);

/*
 * Options of an open socket; MFC: GetSockOpt, SetSockOpt.  Those that have to
 * be set before it is opened are members of struct cask_sock.  (g: can only be
 * asked for.)
 */
enum cask_option {
	CASK_NODELAY,   /* 1: send small pieces at once.  At first 1 on streams:
			   archives flush whole messages, so that there is
			   nothing to gain by waiting for more */
	CASK_KEEPALIVE, /* seconds of silence before the peer is probed; 0:
			   never, as at first */
	CASK_KEEPALIVE_INTERVAL, /* seconds between probes */
	CASK_KEEPALIVE_PROBES,   /* unanswered probes before the peer is lost */
	CASK_LINGER,         /* seconds that close waits for what was sent to be
				taken; 0: throw it away, and reset; -1: don't wait, as
				at first */
	CASK_BROADCAST,      /* 1: datagrams may be sent to everybody */
	CASK_OOB_INLINE,     /* 1: urgent data comes among the other */
	CASK_SEND_BUFFER,    /* bytes.  Linux doubles what is set */
	CASK_RECEIVE_BUFFER, /* … */
	CASK_DONT_ROUTE,     /* 1: only hosts on this network */
	CASK_MULTICAST_TTL,  /* how many routers a datagram passes: 0 to 255 */
	CASK_MULTICAST_LOOP, /* 1: this machine hears what it sends, as at first
			      */
	CASK_TTL,            /* the same for other datagrams, and streams */
	CASK_LISTENING,      /* g: 1 if it listens */
	CASK_DATAGRAM,       /* g: 1 if it is for datagrams */
	CASK_PENDING_ERROR,  /* g: an error that came meanwhile, and is cleared
			      */
};

/*
 * Give 0 or an error that does not stick: EBADF, EINVAL (a value that can't
 * be), ENOPROTOOPT (not this kind of socket, not this system).
 */
int cask_option_set(struct cask_sock *s, enum cask_option option, int value);
int cask_option_get(struct cask_sock *s, enum cask_option option, int *value);

#ifdef __cplusplus
}
#endif

#endif
