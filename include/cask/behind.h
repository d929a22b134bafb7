/*
 * Behind a balancer: the PROXY protocol of HAProxy, versions 1 and 2, which
 * nginx, Envoy and those of the clouds speak too.
 *
 * A balancer that speaks it sends a header in front of each connection's bytes,
 * which tells who the client is.  Whoever can connect can send one, and claim
 * anything: believe only balancers that are known (nets.h), and require it
 * there, since the bytes don't tell by themselves whether there is a header.
 *
 *     unsigned char bytes[CASK_BEHIND_MOST];
 *     struct cask_behind b = { 0 };
 *     size_t n = 0;
 *
 *     while ((err = cask_behind_read(&b, bytes, n)) == EAGAIN) {
 *             ptrdiff_t got = cask_receive(&s, bytes + n, b.more);
 *
 *             if (got <= 0)
 *                     break; // closed, or an error
 *             n += (size_t)got;
 *     }
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_BEHIND_H
#define CASK_BEHIND_H

#include <stdbool.h>
#include <stddef.h>

#include <cask/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CASK_BEHIND_MOST  4096 /* bytes of the longest header that is taken */
#define CASK_BEHIND_WRITE 232  /* … of the longest that is written */
#define CASK_BEHIND_WHY   160  /* room for the words of an error */

/* What a header says. */
struct cask_behind {
	unsigned version; /* 1 or 2; 0: not known yet */
	size_t length;    /* its bytes: the stream begins behind them */
	size_t more;      /* with EAGAIN: so many more bytes belong to it, at
			     least; to receive no more takes nothing of the stream */

	/* The connection is the balancer's own, as its health checks are, or it
	   can't tell whose it is: the connection's own addresses hold, and the
	   two below are empty. */
	bool local;

	struct cask_addr source;      /* the client */
	struct cask_addr destination; /* what it connected to */

	char why[CASK_BEHIND_WHY]; /* with an error: what is wrong; or "" */
};

/*
 * Read a header from the first n bytes of a connection, all that have come so
 * far or more than there are of it.  Looks at nothing else: no call to the
 * system, no memory, nothing kept between two calls.  *b is set as a whole.
 *
 * Gives 0: it is there, b->length bytes.  EAGAIN: it may be one, and goes on;
 * call again with all that there was and more.  EPROTO: it is none, or wrong;
 * CASK_ELIMIT: longer than CASK_BEHIND_MOST; both as soon as it shows, and for
 * good, with the words in b->why:
 *
 *     no PROXY header: "GET / HTTP/1.1"
 *     PROXY header, version 1: source port "07000"
 *     PROXY header, version 2: checksum 1234abcd, 5678ef01 expected
 *
 * Version 1 is taken as it is specified: one space, no leading zeros, CR and
 * LF, 107 bytes at most.  Of version 2 the additions (TLVs) have to be whole
 * but aren't interpreted; a checksum (CRC32C) that is among them has to be
 * right.
 */
int cask_behind_read(struct cask_behind *b, const void *bytes, size_t n);

/*
 * Write a header of version 1 or 2 into buf, size bytes (CASK_BEHIND_WRITE are
 * enough).  source and destination: both, or both NULL for a connection of
 * one's own (LOCAL; of version 1, which has no word for that, UNKNOWN).  An
 * address of IPv4 and one of IPv6 go as IPv6; what the version has no words for
 * (an empty address; version 1: the Unix domain) as unknown.
 *
 * Gives how many bytes that are, or 0: size is too small.
 */
size_t cask_behind_write(void *buf, size_t size, unsigned version,
    const struct cask_addr *source, const struct cask_addr *destination);

#ifdef __cplusplus
}
#endif

#endif
