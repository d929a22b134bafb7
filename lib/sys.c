/*
 * The seam, over POSIX.  The only file that knows which system this is.
 *
 * SPDX-License-Identifier: MIT
 */
/* accept4, pipe2, SOCK_CLOEXEC: what each system wants to hear to show them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE
#endif
#if defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)
#undef _POSIX_C_SOURCE
#endif

#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#endif

static ptrdiff_t
result(ptrdiff_t r)
{
	return r < 0 ? -(ptrdiff_t)errno : r;
}

static int
result_int(int r)
{
	return r < 0 ? -errno : r;
}

/* Some systems refuse to move more than INT_MAX bytes at a time. */
#define MOVE_MOST ((size_t)1 << 30)

static size_t
at_most(size_t n)
{
	return n < MOVE_MOST ? n : MOVE_MOST;
}

/* Memory */

void *
caski_sys_malloc(size_t n)
{
	return malloc(n);
}

void *
caski_sys_realloc(void *p, size_t n)
{
	return realloc(p, n);
}

void
caski_sys_free(void *p)
{
	free(p);
}

void *
caski_sys_keep(void *_Atomic *place, size_t n)
{
	void *there = atomic_load(place), *made;

	if (there != NULL)
		return there;
	made = calloc(1, n);
	if (made == NULL || atomic_compare_exchange_strong(place, &there, made))
		return made;
	free(made);
	return there;
}

/* Time */

int64_t
caski_sys_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Descriptors */

int
caski_sys_close(int fd)
{
	return result_int(close(fd));
}

ptrdiff_t
caski_sys_read(int fd, void *buf, size_t n)
{
	return result(read(fd, buf, at_most(n)));
}

/*
 * A write to a broken pipe raises SIGPIPE in this thread, and so does one whose
 * reader leaves half-way, which is a short write.  Take the signal back, unless
 * one was pending already and is somebody else's.
 */
static ptrdiff_t
write_blocks(int fd, const struct iovec *blocks, int count, size_t n)
{
	sigset_t broken, before, pending;
	ptrdiff_t r;
	int sig;

	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	sigpending(&pending);
	if (sigismember(&pending, SIGPIPE))
		return result(writev(fd, blocks, count));
	pthread_sigmask(SIG_BLOCK, &broken, &before);
	r = result(writev(fd, blocks, count));
	if ((r == -EPIPE || (r >= 0 && (size_t)r < n)) &&
	    sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE))
		sigwait(&broken, &sig);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static struct iovec
block(const void *p, size_t n)
{
	return (
	    struct iovec) { .iov_base = (void *)(uintptr_t)p, .iov_len = n };
}

ptrdiff_t
caski_sys_write(int fd, const void *buf, size_t n)
{
	struct iovec one = block(buf, at_most(n));

	return write_blocks(fd, &one, 1, n);
}

ptrdiff_t
caski_sys_write_two(
    int fd, const void *first, size_t n, const void *second, size_t m)
{
	struct iovec two[2] = { block(first, at_most(n)),
		block(second, at_most(m)) };

	if (two[1].iov_len > MOVE_MOST - two[0].iov_len)
		two[1].iov_len = MOVE_MOST - two[0].iov_len;
	return write_blocks(fd, two, 2, n + m);
}

int64_t
caski_sys_seek(int fd, int64_t by)
{
	off_t at = lseek(fd, (off_t)by, SEEK_CUR);

	return at < 0 ? -errno : (int64_t)at;
}

int64_t
caski_sys_rest(int fd)
{
	struct stat st;
	off_t at;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ESPIPE;
	at = lseek(fd, 0, SEEK_CUR);
	if (at < 0)
		return -errno;
	return st.st_size > at ? (int64_t)(st.st_size - at) : 0;
}

int
caski_sys_poll(struct pollfd *fds, size_t n, int timeout_ms)
{
	return result_int(poll(fds, (nfds_t)n, timeout_ms));
}

#if defined(__APPLE__)
static int
made(int fd)
{
	int on = 1;

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
	return fd;
}

static int
make_pipe(int fd[2])
{
	if (pipe(fd) != 0)
		return -errno;
	made(fd[0]);
	made(fd[1]);
	return 0;
}

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
make_pipe(int fd[2])
{
	return result_int(pipe2(fd, O_CLOEXEC | O_NONBLOCK));
}

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
caski_sys_pipe(int fd[2])
{
	return make_pipe(fd);
}

int
caski_sys_dup(int fd)
{
	return result_int(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

int
caski_sys_cloexec(int fd)
{
	return result_int(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int
caski_sys_open_null(void)
{
	return result_int(open("/dev/null", O_RDONLY | O_CLOEXEC));
}

int
caski_sys_unlink(const char *path)
{
	return result_int(unlink(path));
}

bool
caski_sys_is_socket(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode);
}

#if defined(POLLRDHUP)
#define HANGUP POLLRDHUP
#else
#define HANGUP 0
#endif

short
caski_sys_pollrdhup(void)
{
	return HANGUP;
}

/* epoll, eventfd, timerfd: Linux has them; elsewhere there are other ways. */

#if defined(__linux__)

int
caski_sys_epoll(void)
{
	return result_int(epoll_create1(EPOLL_CLOEXEC));
}

/* The events of epoll and of poll are the same bits. */
int
caski_sys_epoll_set(
    int ep, enum caski_epoll what, int fd, short events, uint64_t number)
{
	static const int op[] = {
		[CASKI_EPOLL_ADD] = EPOLL_CTL_ADD,
		[CASKI_EPOLL_CHANGE] = EPOLL_CTL_MOD,
		[CASKI_EPOLL_REMOVE] = EPOLL_CTL_DEL,
	};
	struct epoll_event e = {
		.events = events != 0 ? (uint32_t)(unsigned short)events
				      : (uint32_t)EPOLLET,
		.data.u64 = number,
	};

	return result_int(epoll_ctl(ep, op[what], fd, &e));
}

#define READY_MOST 256

int
caski_sys_epoll_wait(int ep, struct caski_ready *list, size_t n, int timeout_ms)
{
	struct epoll_event e[READY_MOST];
	int got =
	    epoll_wait(ep, e, n < READY_MOST ? (int)n : READY_MOST, timeout_ms);

	if (got < 0)
		return -errno;
	for (int i = 0; i < got; i++)
		list[i] =
		    (struct caski_ready) { e[i].data.u64, (short)e[i].events };
	return got;
}

int
caski_sys_bell(int fd[2])
{
	fd[0] = fd[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return fd[0] < 0 ? -errno : 0;
}

int
caski_sys_alarm(void)
{
	return result_int(
	    timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

int
caski_sys_alarm_set(int fd, int64_t at)
{
	struct itimerspec t = {
		.it_value.tv_sec = (time_t)(at / 1000000000),
		.it_value.tv_nsec = (long)(at % 1000000000),
	};

	return result_int(timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL));
}

static bool
privileged(void)
{
	return getauxval(AT_SECURE) != 0;
}

#else

int
caski_sys_epoll(void)
{
	return -ENOSYS;
}

int
caski_sys_epoll_set(
    int ep, enum caski_epoll what, int fd, short events, uint64_t number)
{
	(void)ep, (void)what, (void)fd, (void)events, (void)number;
	return -ENOSYS;
}

int
caski_sys_epoll_wait(int ep, struct caski_ready *list, size_t n, int timeout_ms)
{
	(void)ep, (void)list, (void)n, (void)timeout_ms;
	return -ENOSYS;
}

int
caski_sys_bell(int fd[2])
{
	return make_pipe(fd);
}

int
caski_sys_alarm(void)
{
	return -ENOSYS;
}

int
caski_sys_alarm_set(int fd, int64_t at)
{
	(void)fd, (void)at;
	return -ENOSYS;
}

#if defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || \
    defined(__OpenBSD__)
static bool
privileged(void)
{
	return issetugid() != 0;
}
#else
static bool
privileged(void)
{
	return getuid() != geteuid() || getgid() != getegid();
}
#endif
#endif

/* Eight bytes: what an eventfd wants, and a pipe takes.  A full one rings. */
void
caski_sys_bell_ring(int fd)
{
	const uint64_t one = 1;
	int before = errno;

	while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
		continue;
	errno = before;
}

void
caski_sys_bell_silence(int fd)
{
	uint64_t rung[64];

	while (read(fd, rung, sizeof rung) == (ssize_t)sizeof rung)
		continue;
}

int
caski_sys_pid(void)
{
	return (int)getpid();
}

const char *
caski_sys_getenv(const char *name)
{
	return privileged() ? NULL : getenv(name);
}

void
caski_sys_yield(void)
{
	sched_yield();
}

/* Sockets */

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

ptrdiff_t
caski_sys_recv(int fd, void *buf, size_t n, int flags)
{
	return result(recv(fd, buf, at_most(n), system_flags(flags)));
}

ptrdiff_t
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

int
caski_sys_interface(const char *name)
{
	unsigned number = if_nametoindex(name);

	return number == 0 ? -errno : (int)number;
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

/* Names */

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

/* Threads */

struct start {
	void (*run)(void *);
	void *arg;
};

static void *
started(void *p)
{
	struct start s = *(struct start *)p;

	free(p);
	s.run(s.arg);
	return NULL;
}

int
caski_sys_thread(void (*run)(void *), void *arg)
{
	struct start *s = malloc(sizeof *s);
	sigset_t all, before;
	pthread_t thread;
	int err;

	if (s == NULL)
		return -ENOMEM;
	s->run = run;
	s->arg = arg;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, started, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err != 0) {
		free(s);
		return -err;
	}
	pthread_detach(thread);
	return 0;
}

/* iconv */

/*
 * glibc says EINVAL, "no such converter", also when a converter's file could
 * not be opened for want of a descriptor: ask for one to tell the two apart.
 */
static int
open_failed(int err)
{
	int fd;

	if (err != EINVAL)
		return -err;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return -errno;
	if (fd >= 0)
		close(fd);
	return -EINVAL;
}

int
caski_sys_iconv_open(void **cd, const char *to, const char *from)
{
	const iconv_t failed = (iconv_t)-1;
	iconv_t made = iconv_open(to, from);

	*cd = NULL;
	if (made == failed)
		return open_failed(errno);
	*cd = (void *)made;
	return 0;
}

/* in as void *: whether iconv wants const there differs between systems. */
ptrdiff_t
caski_sys_iconv(
    void *cd, const char **in, size_t *in_left, char **out, size_t *out_left)
{
	size_t r = iconv((iconv_t)cd, (void *)in, in_left, out, out_left);

	return r == (size_t)-1 ? -(ptrdiff_t)errno : (ptrdiff_t)r;
}

void
caski_sys_iconv_close(void *cd)
{
	iconv_close((iconv_t)cd);
}
