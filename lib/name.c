/*
 * Addresses in words: of a socket's two ends, and any others.  See
 * <cask/addr.h> and sock.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"

#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define HOST_SIZE                                                   \
	112 /* a path; a number and the interface after it are less \
	     */
#define PORT_SIZE 8

struct end {
	char host[HOST_SIZE];
	char port[PORT_SIZE];
	bool local; /* of the Unix domain: the port means nothing */
};

typedef int ask_fn(int fd, struct sockaddr *sa, socklen_t *len);

/* Whether it is nothing but zeros, which some systems give for no name. */
static bool
blank(const char *path, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (path[i] != '\0')
			return false;
	return true;
}

/*
 * A path, with or without its NUL; or nothing; or an abstract name, which
 * begins with a NUL and may have more.
 */
static void
describe_local(struct end *e, const struct sockaddr_un *un, size_t len)
{
	const size_t before = offsetof(struct sockaddr_un, sun_path);
	size_t n = len > before ? len - before : 0;

	if (n > sizeof un->sun_path)
		n = sizeof un->sun_path;
	if (n > 0 && un->sun_path[0] != '\0') {
		const char *end = memchr(un->sun_path, '\0', n);

		n = end != NULL ? (size_t)(end - un->sun_path) : n;
	} else if (n > 1 && blank(un->sun_path, n)) {
		n = 0;
	}
	for (size_t i = 0; i < n; i++)
		e->host[i] = un->sun_path[i] != '\0' ? un->sun_path[i] : '@';
	e->host[n] = '\0';
	snprintf(e->port, sizeof e->port, "0");
}

/*
 * Numbers only: no resolver is asked, so that nothing blocks.  An IPv4 address
 * that came in by IPv6 is shown as what it is.
 */
static int
describe_internet(struct end *e, const struct sockaddr *sa, socklen_t len)
{
	static const char mapped[] = "::ffff:";
	const size_t n = sizeof mapped - 1;
	int r = caski_sys_getnameinfo(sa, len, e->host, sizeof e->host, e->port,
	    sizeof e->port, NI_NUMERICHOST | NI_NUMERICSERV);

	if (r != 0)
		return r == EAI_MEMORY ? ENOMEM : EINVAL;
	if (strncmp(e->host, mapped, n) == 0 && strchr(e->host, '.') != NULL)
		memmove(e->host, e->host + n, strlen(e->host + n) + 1);
	return 0;
}

static int
describe(struct end *e, const void *sa, size_t len)
{
	struct sockaddr_storage copy = { 0 };
	struct sockaddr_un un = { 0 };

	if (len > sizeof copy)
		len = sizeof copy;
	memcpy(&copy, sa, len);
	memcpy(&un, sa, len < sizeof un ? len : sizeof un);
	e->local = len >= offsetof(struct sockaddr_un, sun_path) &&
	    copy.ss_family == AF_UNIX;
	if (!e->local)
		return describe_internet(
		    e, (const struct sockaddr *)&copy, (socklen_t)len);
	describe_local(e, &un, len);
	return 0;
}

/* What a caller wants to know of it: 0 or ENOSPC. */
static int
hand_over(const struct end *e, char *host, size_t size, uint16_t *port)
{
	size_t length = strlen(e->host);

	if (host != NULL) {
		if (length >= size)
			return ENOSPC;
		memcpy(host, e->host, length + 1);
	}
	if (port != NULL)
		*port = (uint16_t)strtoul(e->port, NULL, 10);
	return 0;
}

int
cask_addr_text(
    const struct cask_addr *a, char *host, size_t size, uint16_t *port)
{
	struct end e;
	int err = a->length > 0 ? describe(&e, a->sa.bytes, a->length) : EINVAL;

	return err != 0 ? err : hand_over(&e, host, size, port);
}

/* Names for messages */

/* A peer of the Unix domain chooses its name; in a log it shall neither begin a
 * line nor command a terminal. */
static void
defuse(char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			*name = '?';
}

/* "host:port", "[::1]:7000"; port NULL: host alone.  Cut with "...". */
static void
join(char *buf, size_t size, const char *host, const char *port)
{
	bool colon = strchr(host, ':') != NULL && port != NULL;
	int n = snprintf(buf, size, "%s%s%s%s%s", colon ? "[" : "", host,
	    colon ? "]" : "", port != NULL ? ":" : "",
	    port != NULL ? port : "");

	if (n >= (int)size)
		memcpy(buf + size - 4, "...", 4);
	defuse(buf);
}

static void
join_end(char *buf, size_t size, const struct end *e)
{
	if (e->local)
		join(buf, size, *e->host != '\0' ? e->host : "unnamed", NULL);
	else
		join(buf, size, e->host, e->port);
}

void
caski_sock_name(struct cask_sock *s, const char *host, const char *port)
{
	join(s->name, sizeof s->name, host, port);
	s->io.peer = s->name;
}

void
caski_sock_name_peer(
    struct cask_sock *s, const struct sockaddr *sa, socklen_t len)
{
	struct end e;

	if (describe(&e, sa, len) == 0)
		join_end(s->name, sizeof s->name, &e);
	else
		snprintf(s->name, sizeof s->name, "unknown");
	s->io.peer = s->name;
}

void
caski_sock_name_bound(struct cask_sock *s, const char *host)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	struct end e;

	if (caski_sys_getsockname(s->watch.fd, (struct sockaddr *)&sa, &len) ==
		0 &&
	    describe(&e, &sa, len) == 0 && !e.local)
		caski_sock_name(s, host != NULL ? host : "*", e.port);
}

void
caski_addr_name(const struct cask_addr *a, char *buf, size_t size)
{
	struct end e;

	if (describe(&e, a->sa.bytes, a->length) == 0)
		join_end(buf, size, &e);
	else
		snprintf(buf, size, "unknown");
}

/* The two ends */

static int
tell(struct cask_sock *s, ask_fn *ask, const char *op, char *host, size_t size,
    uint16_t *port)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	struct end e;
	int err;

	s->io.passing = 0;
	if (!s->open)
		return cask_io_pass(
		    &s->io, EBADF, op, "the socket is not open");
	err = -ask(s->watch.fd, (struct sockaddr *)&sa, &len);
	if (err == 0)
		err = describe(&e, &sa, len);
	if (err == 0)
		err = hand_over(&e, host, size, port);
	return err != 0 ? cask_io_pass(&s->io, err, op, NULL) : 0;
}

static int
tell_addr(struct cask_sock *s, ask_fn *ask, const char *op, struct cask_addr *a)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof sa;
	int err;

	s->io.passing = 0;
	*a = (struct cask_addr) { 0 };
	if (!s->open)
		return cask_io_pass(
		    &s->io, EBADF, op, "the socket is not open");
	err = -ask(s->watch.fd, (struct sockaddr *)&sa, &len);
	if (err != 0)
		return cask_io_pass(&s->io, err, op, NULL);
	a->length = len < sizeof a->sa ? len : (socklen_t)sizeof a->sa;
	memcpy(a->sa.bytes, &sa, a->length);
	return 0;
}

int
cask_local(struct cask_sock *s, char *host, size_t size, uint16_t *port)
{
	return tell(s, caski_sys_getsockname, "local", host, size, port);
}

int
cask_remote(struct cask_sock *s, char *host, size_t size, uint16_t *port)
{
	return tell(s, caski_sys_getpeername, "remote", host, size, port);
}

int
cask_local_addr(struct cask_sock *s, struct cask_addr *a)
{
	return tell_addr(s, caski_sys_getsockname, "local", a);
}

int
cask_remote_addr(struct cask_sock *s, struct cask_addr *a)
{
	return tell_addr(s, caski_sys_getpeername, "remote", a);
}
