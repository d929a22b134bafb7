/*
 * The seam: waiting, and what wakes.  Pipes, poll, epoll, bells and alarms.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sys_own.h"

#if defined(__linux__)
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#endif

int
caski_sys_poll(struct pollfd *fds, size_t n, int timeout_ms)
{
	return result_int(poll(fds, (nfds_t)n, timeout_ms));
}

#if defined(__APPLE__)
static int
make_pipe(int fd[2])
{
	if (pipe(fd) != 0)
		return -errno;
	made(fd[0]);
	made(fd[1]);
	return 0;
}
#else
static int
make_pipe(int fd[2])
{
	return result_int(pipe2(fd, O_CLOEXEC | O_NONBLOCK));
}
#endif

int
caski_sys_pipe(int fd[2])
{
	return make_pipe(fd);
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
