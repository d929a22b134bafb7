/*
 * Internet addresses as numbers.  See ip.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

bool
caski_ip_is_four(const struct caski_ip *ip)
{
	return memcmp(ip->byte, mapped, sizeof mapped) == 0;
}

void
caski_ip_set(struct caski_ip *ip, const unsigned char *bytes, bool six)
{
	*ip = (struct caski_ip) { .six = six };
	memcpy(ip->byte, mapped, sizeof mapped);
	memcpy(six ? ip->byte : ip->byte + sizeof mapped, bytes, six ? 16 : 4);
}

/*
 * "010" is 8 to some and 10 to others.  Only what has dots in front or behind
 * is decimal: groups of IPv6 may begin with zeros.
 */
static bool
has_leading_zero(const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++) {
		bool first = i == 0 || text[i - 1] == '.' || text[i - 1] == ':';
		size_t digits = strspn(text + i, "0123456789");

		if (first && text[i] == '0' && digits > 1 &&
		    (text[i + digits] == '.' || (i > 0 && text[i - 1] == '.')))
			return true;
	}
	return false;
}

bool
caski_ip_parse(struct caski_ip *ip, const char *text, size_t n)
{
	char copy[CASKI_IP_TEXT];

	*ip = (struct caski_ip) { 0 };
	if (n >= sizeof copy || memchr(text, '\0', n) != NULL)
		return false;
	memcpy(copy, text, n);
	copy[n] = '\0';
	if (has_leading_zero(copy))
		return false;
	ip->six = strchr(copy, ':') != NULL;
	if (ip->six)
		return inet_pton(AF_INET6, copy, ip->byte) == 1;
	memcpy(ip->byte, mapped, sizeof mapped);
	return inet_pton(AF_INET, copy, ip->byte + sizeof mapped) == 1;
}

void
caski_ip_print(const struct caski_ip *ip, char *buf, size_t size)
{
	const unsigned char *from =
	    ip->six ? ip->byte : ip->byte + sizeof mapped;

	*buf = '\0';
	inet_ntop(ip->six ? AF_INET6 : AF_INET, from, buf, (socklen_t)size);
}

int
caski_addr_family(const struct cask_addr *a)
{
	struct sockaddr sa = { 0 };

	if (a->length == 0)
		return AF_UNSPEC;
	memcpy(&sa, a->sa.bytes, a->length < sizeof sa ? a->length : sizeof sa);
	return sa.sa_family;
}

bool
caski_ip_from(struct caski_ip *ip, const struct cask_addr *a)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	*ip = (struct caski_ip) { 0 };
	switch (caski_addr_family(a)) {
	case AF_INET:
		memcpy(&four, a->sa.bytes, sizeof four);
		caski_ip_set(ip, (unsigned char *)&four.sin_addr, false);
		ip->port = ntohs(four.sin_port);
		return true;
	case AF_INET6:
		memcpy(&six, a->sa.bytes, sizeof six);
		caski_ip_set(ip, six.sin6_addr.s6_addr, true);
		ip->port = ntohs(six.sin6_port);
		return true;
	default:
		return false;
	}
}

void
caski_ip_to(const struct caski_ip *ip, struct cask_addr *a)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	*a = (struct cask_addr) { 0 };
	if (ip->six) {
		memcpy(&six.sin6_addr, ip->byte, 16);
		six.sin6_port = htons(ip->port);
		a->length = sizeof six;
		memcpy(a->sa.bytes, &six, sizeof six);
	} else {
		memcpy(&four.sin_addr, ip->byte + sizeof mapped, 4);
		four.sin_port = htons(ip->port);
		a->length = sizeof four;
		memcpy(a->sa.bytes, &four, sizeof four);
	}
}
