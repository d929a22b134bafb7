/*
 * The seam: names of hosts, of services and of interfaces.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sys_own.h"

#include <net/if.h>
#include <netdb.h>

int
caski_sys_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **list)
{
	return getaddrinfo(host, service, hints, list);
}

void
caski_sys_freeaddrinfo(struct addrinfo *list)
{
	freeaddrinfo(list);
}

int
caski_sys_getnameinfo(const struct sockaddr *sa, socklen_t len, char *host,
    size_t host_size, char *service, size_t service_size, int flags)
{
	return getnameinfo(sa, len, host, (socklen_t)host_size, service,
	    (socklen_t)service_size, flags);
}

int
caski_sys_interface(const char *name)
{
	unsigned number = if_nametoindex(name);

	return number == 0 ? -errno : (int)number;
}
