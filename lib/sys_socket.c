/*
 * The seam: sockets, their options and their addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sys_own.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>

#if defined(__APPLE__)
static int
make_socket(int family, int type, int protocol)
{
	return made(socket(family, type, protocol));
}

static int
make_accepted(int fd, struct sockaddr *sa, socklen_t *len)
{
	return made(accept(fd, sa, len));
}

#define SEND_FLAGS 0
#else
static int
make_socket(int family, int type, int protocol)
{
	return result_int(
	    socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
}

static int
make_accepted(int fd, struct sockaddr *sa, socklen_t *len)
{
	return result_int(accept4(fd, sa, len, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

#define SEND_FLAGS MSG_NOSIGNAL
#endif

int
caski_sys_socket(int family, int type, int protocol)
{
	return make_socket(family, type, protocol);
}

int
caski_sys_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	return result_int(bind(fd, sa, len));
}

int
caski_sys_listen(int fd, int backlog)
{
	return result_int(listen(fd, backlog));
}

int
caski_sys_accept(int fd, struct sockaddr *sa, socklen_t *len)
{
	return make_accepted(fd, sa, len);
}

int
caski_sys_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	return result_int(connect(fd, sa, len));
}

static int
system_flags(int flags)
{
	return (flags & CASKI_WAIT ? 0 : MSG_DONTWAIT) |
	    (flags & CASKI_PEEK ? MSG_PEEK : 0) |
	    (flags & CASKI_OOB ? MSG_OOB : 0);
}

CASKI_HOT ptrdiff_t
caski_sys_recv(int fd, void *buf, size_t n, int flags)
{
	return result(recv(fd, buf, at_most(n), system_flags(flags)));
}

CASKI_HOT ptrdiff_t
caski_sys_send(int fd, const void *buf, size_t n, int flags)
{
	struct iovec block = { .iov_base = (void *)(uintptr_t)buf,
		.iov_len = at_most(n) };
	struct msghdr m = { .msg_iov = &block, .msg_iovlen = 1 };

	return result(
	    sendmsg(fd, &m, SEND_FLAGS | system_flags(flags & ~CASKI_WAIT)));
}

ptrdiff_t
caski_sys_recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *sa,
    socklen_t *len, bool *cut)
{
	struct iovec block = { .iov_base = buf, .iov_len = at_most(n) };
	struct msghdr m = { .msg_iov = &block,
		.msg_iovlen = 1,
		.msg_name = sa,
		.msg_namelen = sa != NULL ? *len : 0 };
	ptrdiff_t r = result(recvmsg(fd, &m, system_flags(flags)));

	if (r < 0)
		return r;
	if (sa != NULL)
		*len = m.msg_namelen;
	*cut = (m.msg_flags & MSG_TRUNC) != 0;
	return r;
}

ptrdiff_t
caski_sys_sendto(
    int fd, const void *buf, size_t n, const struct sockaddr *sa, socklen_t len)
{
	struct iovec block = { .iov_base = (void *)(uintptr_t)buf,
		.iov_len = at_most(n) };
	struct msghdr m = { .msg_iov = &block,
		.msg_iovlen = 1,
		.msg_name = (void *)(uintptr_t)sa,
		.msg_namelen = len };

	return result(sendmsg(fd, &m, SEND_FLAGS | MSG_DONTWAIT));
}

int
caski_sys_shutdown(int fd, int how)
{
	return result_int(shutdown(fd, how));
}

int
caski_sys_setsockopt(int fd, int level, int option, int value)
{
	return result_int(setsockopt(fd, level, option, &value, sizeof value));
}

int
caski_sys_getsockopt(int fd, int level, int option, int *value)
{
	socklen_t len = sizeof *value;

	return result_int(getsockopt(fd, level, option, value, &len));
}

int
caski_sys_setsockopt_bytes(
    int fd, int level, int option, const void *value, socklen_t len)
{
	return result_int(setsockopt(fd, level, option, value, len));
}

int
caski_sys_getsockopt_bytes(
    int fd, int level, int option, void *value, socklen_t *len)
{
	return result_int(getsockopt(fd, level, option, value, len));
}

int
caski_sys_reuse_port(int fd)
{
	int on = 1;

	return result_int(
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on));
}

int
caski_sys_blocking(int fd, bool on)
{
	int off = !on;

	return result_int(ioctl(fd, FIONBIO, &off));
}

int
caski_sys_receive_limit(int fd, int ms)
{
	struct timeval t = { .tv_sec = ms / 1000,
		.tv_usec = (suseconds_t)(ms % 1000) * 1000 };

	return result_int(
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
}

/* FIONREAD counts all datagrams there, and what they are wrapped in. */
#if defined(SO_NREAD)
int
caski_sys_available(int fd, int *bytes)
{
	return caski_sys_getsockopt(fd, SOL_SOCKET, SO_NREAD, bytes);
}
#else
int
caski_sys_available(int fd, int *bytes)
{
	return result_int(ioctl(fd, FIONREAD, bytes));
}
#endif

int
caski_sys_at_mark(int fd)
{
	return result_int(sockatmark(fd));
}

#if defined(TCP_KEEPIDLE)
#define KEEP_IDLE TCP_KEEPIDLE
#elif defined(TCP_KEEPALIVE)
#define KEEP_IDLE TCP_KEEPALIVE
#else
#define KEEP_IDLE (-1)
#endif

#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
#define KEEP_INTERVAL TCP_KEEPINTVL
#define KEEP_PROBES   TCP_KEEPCNT
#else
#define KEEP_INTERVAL (-1)
#define KEEP_PROBES   (-1)
#endif

/* Elsewhere the plain one counts clock ticks. */
#if defined(SO_LINGER_SEC)
#define LINGER SO_LINGER_SEC
#else
#define LINGER SO_LINGER
#endif

int
caski_sys_option(enum caski_option which)
{
	static const int options[] = {
		[CASKI_KEEP_IDLE] = KEEP_IDLE,
		[CASKI_KEEP_INTERVAL] = KEEP_INTERVAL,
		[CASKI_KEEP_PROBES] = KEEP_PROBES,
		[CASKI_LINGER] = LINGER,
		[CASKI_IP_TTL] = IP_TTL,
		[CASKI_IP_MULTICAST_TTL] = IP_MULTICAST_TTL,
		[CASKI_IP_MULTICAST_LOOP] = IP_MULTICAST_LOOP,
	};

	return options[which];
}

/* RFC 3678 has one way for both families; older systems have two. */
#if defined(MCAST_JOIN_GROUP)

int
caski_sys_group(int fd, bool join, const struct sockaddr *group, socklen_t len,
    int interface)
{
	int level = group->sa_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct group_req r = { .gr_interface = (uint32_t)interface };

	memcpy(&r.gr_group, group, len);
	return result_int(setsockopt(fd, level,
	    join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP, &r, sizeof r));
}

#else

static int
group4(int fd, bool join, const struct sockaddr_in *group, int interface)
{
	struct ip_mreqn r = { .imr_multiaddr = group->sin_addr,
		.imr_ifindex = interface };

	return result_int(setsockopt(fd, IPPROTO_IP,
	    join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &r, sizeof r));
}

static int
group6(int fd, bool join, const struct sockaddr_in6 *group, int interface)
{
	struct ipv6_mreq r = { .ipv6mr_multiaddr = group->sin6_addr,
		.ipv6mr_interface = (unsigned)interface };

	return result_int(setsockopt(fd, IPPROTO_IPV6,
	    join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &r, sizeof r));
}

int
caski_sys_group(int fd, bool join, const struct sockaddr *group, socklen_t len,
    int interface)
{
	struct sockaddr_in6 six = { 0 };
	struct sockaddr_in four = { 0 };

	if (group->sa_family == AF_INET6) {
		memcpy(&six, group, len < sizeof six ? len : sizeof six);
		return group6(fd, join, &six, interface);
	}
	memcpy(&four, group, len < sizeof four ? len : sizeof four);
	return group4(fd, join, &four, interface);
}

#endif

int
caski_sys_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
	return result_int(getsockname(fd, sa, len));
}

int
caski_sys_getpeername(int fd, struct sockaddr *sa, socklen_t *len)
{
	return result_int(getpeername(fd, sa, len));
}
