/*
 * Lists of networks: who may come.
 *
 *     struct cask_nets nets = { 0 };
 *
 *     if (cask_nets_add(&nets, "10.0.0.0/8, 2001:db8::/32, ::1") != 0)
 *             errx(1, "%s", nets.why);
 *     if (cask_remote_addr(&s, &peer) != 0 || !cask_nets_has(&nets, &peer))
 *             cask_close(&s);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_NETS_H
#define CASK_NETS_H

#include <stdbool.h>

#include <cask/addr.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CASK_NETS_MOST 32  /* networks in a list */
#define CASK_NETS_WHY  192 /* room for the words of an error */

/*
 * All zero: an empty list, which nobody is in.  It allocates nothing, needs no
 * closing, and may be copied.
 */
struct cask_nets {
	/* Result: what the last cask_nets_add found wrong, in words; or "". */
	char why[CASK_NETS_WHY];

	/* private */
	unsigned count;
	struct {
		unsigned char byte[16]; /* IPv4: as ::ffff:a.b.c.d */
		unsigned char bits;     /* of byte, that count */
		unsigned char kind;
	} net[CASK_NETS_MOST];
};

/*
 * Add the networks that a text names, with commas or white space between them:
 *
 *     10.0.0.0/8, 2001:db8::/32    networks
 *     192.168.1.7 fe80::1          single addresses
 *     unix                         peers of the Unix domain
 *     all                          everybody
 *
 * Only numbers: no name is looked up.  What could be meant in two ways is
 * refused: leading zeros, bits beyond the prefix ("10.0.0.1/8"), interfaces
 * ("fe80::1%eth0"), nothing between two commas, or nothing at all.  A network
 * within ::ffff:0:0/96 is the same of IPv4.
 *
 * Gives 0, EINVAL, or CASK_ELIMIT (more than CASK_NETS_MOST): nothing of the
 * text was added then, and n->why names which network, at which byte of the
 * text, and what is wrong:
 *
 *     network 2, "10.0.0.1/8", at byte 6: bits beyond the prefix are set;
 *     10.0.0.0/8 is meant?
 */
int cask_nets_add(struct cask_nets *n, const char *text);

/*
 * Whether a is in one of the networks.  An IPv4 address that came in by IPv6
 * (::ffff:10.1.2.3) is an IPv4 address here, and in no network of IPv6, ::/0
 * neither; ports and interfaces don't matter.  An empty address is in none.
 */
bool cask_nets_has(const struct cask_nets *n, const struct cask_addr *a);

#ifdef __cplusplus
}
#endif

#endif
