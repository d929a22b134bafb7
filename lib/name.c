/*
 * The names of a socket's two ends.  See <cask/sock.h> and sock.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST_SIZE 64 /* a number, and perhaps the interface after it */
#define PORT_SIZE 8

struct end {
	char host[HOST_SIZE];
	char port[PORT_SIZE];
};

typedef int ask_fn(int fd, struct sockaddr *sa, socklen_t *len);

/*
 * Numbers only: no resolver is asked, so that nothing blocks.  An IPv4 address
 * that came in by IPv6 is shown as what it is.
 */
static int
describe(struct end *e, const struct sockaddr *sa, socklen_t len)
{
	static const char mapped[] = "::ffff:";
	const size_t n = sizeof mapped - 1;
	int r = caski_sys_getnameinfo(sa, len, e->host, sizeof e->host, e->port,
	    sizeof e->port, NI_NUMERICHOST | NI_NUMERICSERV);

	if (r != 0)
		return r == EAI_MEMORY ? ENOMEM : CASK_ENAME;
	if (strncmp(e->host, mapped, n) == 0 && strchr(e->host, '.') != NULL)
		memmove(e->host, e->host + n, strlen(e->host + n) + 1);
	return 0;
}

void
caski_sock_name(struct cask_sock *s, const char *host, const char *port)
{
	bool colon = strchr(host, ':') != NULL;
	int n = snprintf(s->name, sizeof s->name, "%s%s%s:%s", colon ? "[" : "",
	    host, colon ? "]" : "", port);

	if (n >= (int)sizeof s->name)
		memcpy(s->name + sizeof s->name - 4, "...", 4);
	s->io.peer = s->name;
}

void
caski_sock_name_peer(
    struct cask_sock *s, const struct sockaddr *sa, socklen_t len)
{
	struct end e;

	if (describe(&e, sa, len) == 0)
		caski_sock_name(s, e.host, e.port);
	else
		snprintf(s->name, sizeof s->name, "unknown");
	s->io.peer = s->name;
}

static int
tell(struct cask_sock *s, ask_fn *ask, char *host, size_t size, uint16_t *port)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	struct end e;
	int r, err;

	if (!s->open)
		return EBADF;
	r = ask(s->watch.fd, (struct sockaddr *)&sa, &len);
	if (r < 0)
		return -r;
	err = describe(&e, (struct sockaddr *)&sa, len);
	if (err != 0)
		return err;
	if (host != NULL) {
		if (strlen(e.host) >= size)
			return ENOSPC;
		memcpy(host, e.host, strlen(e.host) + 1);
	}
	if (port != NULL)
		*port = (uint16_t)strtoul(e.port, NULL, 10);
	return 0;
}

int
cask_local(struct cask_sock *s, char *host, size_t size, uint16_t *port)
{
	return tell(s, caski_sys_getsockname, host, size, port);
}

int
cask_remote(struct cask_sock *s, char *host, size_t size, uint16_t *port)
{
	return tell(s, caski_sys_getpeername, host, size, port);
}

const char *
cask_sock_why(struct cask_sock *s)
{
	return cask_io_why(&s->io, s->why, sizeof s->why);
}
