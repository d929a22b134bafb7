/*
 * Options of sockets, and groups.  See <cask/addr.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "sys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

/* Which sockets have an option. */
enum kind { ALL, TCP, UDP, INTERNET };

struct row;
typedef int set_fn(const struct cask_sock *s, const struct row *r, int value);
typedef int get_fn(const struct cask_sock *s, const struct row *r, int *value);

struct row {
	const char *name;
	enum kind kind;
	int least, most;
	set_fn *set; /* NULL: can only be asked for */
	get_fn *get;
	int level, option;     /* for plain numbers */
	enum caski_option own; /* … whose names differ between systems; and */
	int option6;           /* … by what IPv6 has them */
};

/* Each gives 0 or -errno. */

static int
set_plain(const struct cask_sock *s, const struct row *r, int value)
{
	return caski_sys_setsockopt(s->watch.fd, r->level, r->option, value);
}

static int
get_plain(const struct cask_sock *s, const struct row *r, int *value)
{
	int err = caski_sys_getsockopt(s->watch.fd, r->level, r->option, value);

	if (err == 0 && r->least == 0 && r->most == 1)
		*value = *value != 0;
	return err;
}

static int
get_listening(const struct cask_sock *s, const struct row *r, int *value)
{
	(void)r;
	*value = s->listening;
	return 0;
}

static int
get_datagram(const struct cask_sock *s, const struct row *r, int *value)
{
	(void)r;
	*value = s->datagram;
	return 0;
}

static int
set_keep(const struct cask_sock *s, const struct row *r, int value)
{
	int option = caski_sys_option(r->own);

	if (option < 0)
		return -ENOPROTOOPT;
	return caski_sys_setsockopt(s->watch.fd, IPPROTO_TCP, option, value);
}

static int
get_keep(const struct cask_sock *s, const struct row *r, int *value)
{
	int option = caski_sys_option(r->own);

	if (option < 0)
		return -ENOPROTOOPT;
	return caski_sys_getsockopt(s->watch.fd, IPPROTO_TCP, option, value);
}

/* The time first: nothing is half done where it can't be had. */
static int
set_keepalive(const struct cask_sock *s, const struct row *r, int value)
{
	int err = value > 0 ? set_keep(s, r, value) : 0;

	if (err == 0)
		err = caski_sys_setsockopt(
		    s->watch.fd, SOL_SOCKET, SO_KEEPALIVE, value > 0);
	return err;
}

static int
get_keepalive(const struct cask_sock *s, const struct row *r, int *value)
{
	int err =
	    caski_sys_getsockopt(s->watch.fd, SOL_SOCKET, SO_KEEPALIVE, value);

	return err == 0 && *value != 0 ? get_keep(s, r, value) : err;
}

static int
set_linger(const struct cask_sock *s, const struct row *r, int value)
{
	struct linger l = { .l_onoff = value >= 0,
		.l_linger = value >= 0 ? value : 0 };

	return caski_sys_setsockopt_bytes(
	    s->watch.fd, SOL_SOCKET, caski_sys_option(r->own), &l, sizeof l);
}

static int
get_linger(const struct cask_sock *s, const struct row *r, int *value)
{
	struct linger l = { 0 };
	socklen_t len = sizeof l;
	int err = caski_sys_getsockopt_bytes(
	    s->watch.fd, SOL_SOCKET, caski_sys_option(r->own), &l, &len);

	*value = l.l_onoff != 0 ? l.l_linger : -1;
	return err;
}

/* IPv4's options for groups are single bytes. */
static int
set_ip4(const struct cask_sock *s, const struct row *r, int value)
{
	unsigned char byte = (unsigned char)value;
	int option = caski_sys_option(r->own);

	if (r->own == CASKI_IP_TTL)
		return caski_sys_setsockopt(
		    s->watch.fd, IPPROTO_IP, option, value);
	return caski_sys_setsockopt_bytes(
	    s->watch.fd, IPPROTO_IP, option, &byte, sizeof byte);
}

static int
get_ip4(const struct cask_sock *s, const struct row *r, int *value)
{
	int option = caski_sys_option(r->own);
	unsigned char byte = 0;
	socklen_t len = sizeof byte;
	int err;

	if (r->own == CASKI_IP_TTL)
		return caski_sys_getsockopt(
		    s->watch.fd, IPPROTO_IP, option, value);
	err = caski_sys_getsockopt_bytes(
	    s->watch.fd, IPPROTO_IP, option, &byte, &len);
	*value = byte;
	return err;
}

/* By IPv6 a socket may reach IPv4 too; where it doesn't, no harm is done. */
static int
set_ip(const struct cask_sock *s, const struct row *r, int value)
{
	int family = caski_sock_family(s);
	int err;

	if (family < 0)
		return family;
	if (family != AF_INET6)
		return set_ip4(s, r, value);
	err =
	    caski_sys_setsockopt(s->watch.fd, IPPROTO_IPV6, r->option6, value);
	if (err == 0)
		set_ip4(s, r, value);
	return err;
}

static int
get_ip(const struct cask_sock *s, const struct row *r, int *value)
{
	int family = caski_sock_family(s);

	if (family < 0)
		return family;
	if (family != AF_INET6)
		return get_ip4(s, r, value);
	return caski_sys_getsockopt(
	    s->watch.fd, IPPROTO_IPV6, r->option6, value);
}

/* Linux has this limit, and nobody waits for nine hours. */
#define SECONDS 32767

static const struct row rows[] = {
	[CASK_NODELAY] = { "CASK_NODELAY", TCP, 0, 1, set_plain, get_plain,
	    IPPROTO_TCP, TCP_NODELAY, 0, 0 },
	[CASK_KEEPALIVE] = { "CASK_KEEPALIVE", TCP, 0, SECONDS, set_keepalive,
	    get_keepalive, 0, 0, CASKI_KEEP_IDLE, 0 },
	[CASK_KEEPALIVE_INTERVAL] = { "CASK_KEEPALIVE_INTERVAL", TCP, 1,
	    SECONDS, set_keep, get_keep, 0, 0, CASKI_KEEP_INTERVAL, 0 },
	[CASK_KEEPALIVE_PROBES] = { "CASK_KEEPALIVE_PROBES", TCP, 1, 127,
	    set_keep, get_keep, 0, 0, CASKI_KEEP_PROBES, 0 },
	[CASK_LINGER] = { "CASK_LINGER", TCP, -1, SECONDS, set_linger,
	    get_linger, 0, 0, CASKI_LINGER, 0 },
	[CASK_BROADCAST] = { "CASK_BROADCAST", UDP, 0, 1, set_plain, get_plain,
	    SOL_SOCKET, SO_BROADCAST, 0, 0 },
	[CASK_OOB_INLINE] = { "CASK_OOB_INLINE", TCP, 0, 1, set_plain,
	    get_plain, SOL_SOCKET, SO_OOBINLINE, 0, 0 },
	[CASK_SEND_BUFFER] = { "CASK_SEND_BUFFER", ALL, 1, INT_MAX, set_plain,
	    get_plain, SOL_SOCKET, SO_SNDBUF, 0, 0 },
	[CASK_RECEIVE_BUFFER] = { "CASK_RECEIVE_BUFFER", ALL, 1, INT_MAX,
	    set_plain, get_plain, SOL_SOCKET, SO_RCVBUF, 0, 0 },
	[CASK_DONT_ROUTE] = { "CASK_DONT_ROUTE", INTERNET, 0, 1, set_plain,
	    get_plain, SOL_SOCKET, SO_DONTROUTE, 0, 0 },
	[CASK_MULTICAST_TTL] = { "CASK_MULTICAST_TTL", UDP, 0, 255, set_ip,
	    get_ip, 0, 0, CASKI_IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS },
	[CASK_MULTICAST_LOOP] = { "CASK_MULTICAST_LOOP", UDP, 0, 1, set_ip,
	    get_ip, 0, 0, CASKI_IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP },
	[CASK_TTL] = { "CASK_TTL", INTERNET, 1, 255, set_ip, get_ip, 0, 0,
	    CASKI_IP_TTL, IPV6_UNICAST_HOPS },
	[CASK_LISTENING] = { "CASK_LISTENING", ALL, 0, 1, NULL, get_listening,
	    0, 0, 0, 0 },
	[CASK_DATAGRAM] = { "CASK_DATAGRAM", ALL, 0, 1, NULL, get_datagram, 0,
	    0, 0, 0 },
	[CASK_PENDING_ERROR] = { "CASK_PENDING_ERROR", ALL, 0, INT_MAX, NULL,
	    get_plain, SOL_SOCKET, SO_ERROR, 0, 0 },
};

/* The word of a kind that s lacks, or NULL. */
static const char *
lacks(const struct cask_sock *s, enum kind kind)
{
	if (kind == TCP && (s->datagram || s->local))
		return "only TCP sockets have it";
	if (kind == UDP && (!s->datagram || s->local))
		return "only UDP sockets have it";
	if (kind == INTERNET && s->local)
		return "no socket of the Unix domain has it";
	return NULL;
}

/* err, and in words "CASK_NODELAY: only TCP sockets have it". */
static int
refuse(struct cask_sock *s, int err, const char *op, const char *name,
    const char *reason)
{
	char words[120];

	snprintf(words, sizeof words, "%s: %s", name,
	    reason != NULL ? reason : cask_strerror(err));
	return cask_io_pass(&s->io, err, op, words);
}

/* The row of an option that s has, or NULL and *err. */
static const struct row *
row_of(struct cask_sock *s, enum cask_option option, const char *op, int *err)
{
	const struct row *r;
	const char *reason;

	s->io.passing = 0;
	if (!s->open) {
		*err =
		    cask_io_pass(&s->io, EBADF, op, "the socket is not open");
		return NULL;
	}
	if ((unsigned)option >= sizeof rows / sizeof rows[0]) {
		*err = cask_io_pass(
		    &s->io, ENOPROTOOPT, op, "there is no such option");
		return NULL;
	}
	r = &rows[option];
	reason = lacks(s, r->kind);
	if (reason == NULL)
		return r;
	*err = refuse(s, ENOPROTOOPT, op, r->name, reason);
	return NULL;
}

/* What the system says of an option that it doesn't have. */
static int
answer(struct cask_sock *s, int err, const char *op, const struct row *r)
{
	if (err == EOPNOTSUPP || err == ENOPROTOOPT)
		return refuse(
		    s, ENOPROTOOPT, op, r->name, "this system lacks it");
	return err != 0 ? refuse(s, err, op, r->name, NULL) : 0;
}

int
cask_option_set(struct cask_sock *s, enum cask_option option, int value)
{
	const char *op = "set option";
	const struct row *r;
	char reason[64];
	int err;

	r = row_of(s, option, op, &err);
	if (r == NULL)
		return err;
	if (r->set == NULL)
		return refuse(s, ENOPROTOOPT, op, r->name,
		    "it can't be set, but asked for");
	if (value < r->least || value > r->most) {
		snprintf(reason, sizeof reason, "%d is not in %d to %d", value,
		    r->least, r->most);
		return refuse(s, EINVAL, op, r->name, reason);
	}
	return answer(s, -r->set(s, r, value), op, r);
}

int
cask_option_get(struct cask_sock *s, enum cask_option option, int *value)
{
	const char *op = "get option";
	const struct row *r;
	int err;

	*value = 0;
	r = row_of(s, option, op, &err);
	if (r == NULL)
		return err;
	return answer(s, -r->get(s, r, value), op, r);
}

/* Groups */

/* 0 and the length of an address, or the error. */
static int
parse_group(const char *group, struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, group, &four.sin_addr) == 1) {
		memcpy(sa, &four, *len = sizeof four);
		return ntohl(four.sin_addr.s_addr) >> 28 == 14 ? 0 : EINVAL;
	}
	if (inet_pton(AF_INET6, group, &six.sin6_addr) == 1) {
		memcpy(sa, &six, *len = sizeof six);
		return IN6_IS_ADDR_MULTICAST(&six.sin6_addr) ? 0 : EINVAL;
	}
	return CASK_ENAME;
}

/* The number of an interface; 0: the system chooses; or -errno. */
static int
interface_number(const char *name)
{
	int n = name != NULL ? caski_sys_interface(name) : 0;

	return n == -ENXIO ? -ENODEV : n;
}

static const char *
group_reason(int err, const char *interface)
{
	switch (err) {
	case CASK_ENAME:
		return "this is no number";
	case EINVAL:
		return "this is no multicast address";
	case ENODEV:
		return interface != NULL ? "no such interface"
					 : "no interface leads there: name one";
	case EAFNOSUPPORT:
		return "not of this socket's family";
	case EADDRINUSE:
		return "joined already";
	case EADDRNOTAVAIL:
		return "not joined";
	default:
		return NULL;
	}
}

/* A group of the other family is an unknown option to the system. */
static int
try_group(
    struct cask_sock *s, bool join, const char *group, const char *interface)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len;
	int err = parse_group(group, &sa, &len);
	int number, r;

	if (err != 0)
		return err;
	number = interface_number(interface);
	if (number < 0)
		return -number;
	r = caski_sys_group(
	    s->watch.fd, join, (struct sockaddr *)&sa, len, number);
	if (r == -ENOPROTOOPT || r == -EOPNOTSUPP)
		return EAFNOSUPPORT;
	return -r;
}

static int
change_group(
    struct cask_sock *s, bool join, const char *group, const char *interface)
{
	const char *op = join ? "join" : "leave";
	int err;

	s->io.passing = 0;
	if (!s->open)
		return cask_io_pass(
		    &s->io, EBADF, op, "the socket is not open");
	if (!s->datagram || s->local)
		return refuse(s, EOPNOTSUPP, op, group,
		    "only UDP sockets can be in a group");
	err = try_group(s, join, group, interface);
	if (err == 0)
		return 0;
	return refuse(s, err, op, group, group_reason(err, interface));
}

int
cask_group_join(struct cask_sock *s, const char *group, const char *interface)
{
	return change_group(s, true, group, interface);
}

int
cask_group_leave(struct cask_sock *s, const char *group, const char *interface)
{
	return change_group(s, false, group, interface);
}
