/*
 * Internet addresses as numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_IP_H
#define CASKI_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cask/addr.h>

#define CASKI_IP_TEXT 46 /* the longest address in words, and a NUL */

struct caski_ip {
	unsigned char byte[16]; /* IPv4: as ::ffff:a.b.c.d */
	bool six;               /* written as IPv6; perhaps such a one still */
	uint16_t port;
};

/* Whether it is IPv4, however it was written. */
bool caski_ip_is_four(const struct caski_ip *ip);

/* Read all n bytes as an address.  Whether it is one: no leading zeros in
 * IPv4, no interface.  The port is 0. */
bool caski_ip_parse(struct caski_ip *ip, const char *text, size_t n);

/* From its bytes, 4 or 16. */
void caski_ip_set(struct caski_ip *ip, const unsigned char *bytes, bool six);

/* In words, as IPv6 if six is set: size at least CASKI_IP_TEXT. */
void caski_ip_print(const struct caski_ip *ip, char *buf, size_t size);

/* From and to an address.  Whether it is one of the internet. */
bool caski_ip_from(struct caski_ip *ip, const struct cask_addr *a);
void caski_ip_to(const struct caski_ip *ip, struct cask_addr *a);

/* The family of an address; AF_UNSPEC: it is empty. */
int caski_addr_family(const struct cask_addr *a);

#endif
