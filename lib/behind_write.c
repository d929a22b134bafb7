/*
 * The PROXY protocol: headers are written.  See <cask/behind.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/behind.h>

#include <cask/bytes.h>

#include "behind_form.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* As one family: IPv4 if both are, else IPv6.  Whether they are addresses of
 * the internet. */
static bool
both(struct caski_ip ip[2], const struct cask_addr *source,
    const struct cask_addr *destination)
{
	if (!caski_ip_from(&ip[0], source) ||
	    !caski_ip_from(&ip[1], destination))
		return false;
	ip[0].six = ip[1].six =
	    !caski_ip_is_four(&ip[0]) || !caski_ip_is_four(&ip[1]);
	return true;
}

static size_t
write_line(char line[MOST1 + 1], const struct cask_addr *source,
    const struct cask_addr *destination)
{
	char from[CASKI_IP_TEXT], to[CASKI_IP_TEXT];
	struct caski_ip ip[2];

	if (source == NULL || destination == NULL ||
	    !both(ip, source, destination))
		return (size_t)snprintf(line, MOST1 + 1, "PROXY UNKNOWN\r\n");
	caski_ip_print(&ip[0], from, sizeof from);
	caski_ip_print(&ip[1], to, sizeof to);
	return (size_t)snprintf(line, MOST1 + 1, "PROXY %s %s %s %u %u\r\n",
	    ip[0].six ? "TCP6" : "TCP4", from, to, ip[0].port, ip[1].port);
}

static void
write16(unsigned char *to, size_t value)
{
	cask_write16(to, cask_order16((uint16_t)value, true));
}

static void
write_path(unsigned char *to, const struct cask_addr *a)
{
	const size_t before = offsetof(struct sockaddr_un, sun_path);
	size_t n = a->length > before ? a->length - before : 0;

	memset(to, 0, PATH);
	memcpy(to, a->sa.bytes + before, n < PATH ? n : PATH);
}

/* The addresses; which family they are. */
static unsigned
write_addresses(unsigned char *to, const struct cask_addr *source,
    const struct cask_addr *destination)
{
	struct caski_ip ip[2];
	size_t size;

	if (caski_addr_family(source) == AF_UNIX &&
	    caski_addr_family(destination) == AF_UNIX) {
		write_path(to, source);
		write_path(to + PATH, destination);
		return UNIX;
	}
	if (!both(ip, source, destination))
		return UNSPECIFIED;
	size = ip[0].six ? 16 : 4;
	for (unsigned i = 0; i < 2; i++) {
		memcpy(to + i * size, ip[i].byte + 16 - size, size);
		write16(to + 2 * size + 2 * i, ip[i].port);
	}
	return ip[0].six ? INET6 : INET;
}

static size_t
write_bytes(unsigned char *to, const struct cask_addr *source,
    const struct cask_addr *destination)
{
	unsigned command = LOCAL, family = UNSPECIFIED;

	if (source != NULL && destination != NULL) {
		command = PROXY;
		family = write_addresses(to + FIXED2, source, destination);
	}
	memcpy(to, begin2(), SIZE2);
	to[12] = (unsigned char)(2 << 4 | command);
	to[13] = (unsigned char)(family == UNSPECIFIED ? 0 : family << 4 | 1);
	write16(to + 14, addresses(family));
	return FIXED2 + addresses(family);
}

size_t
cask_behind_write(void *buf, size_t size, unsigned version,
    const struct cask_addr *source, const struct cask_addr *destination)
{
	unsigned char header[CASK_BEHIND_WRITE];
	size_t n = version == 1
	    ? write_line((char *)header, source, destination)
	    : write_bytes(header, source, destination);

	if (n > size)
		return 0;
	memcpy(buf, header, n);
	return n;
}
