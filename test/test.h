/*
 * What every test includes: cmocka, and a main that can't hang.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEST_H
#define TEST_H

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* A test that hangs is a test that fails: seconds for the whole program. */
#ifndef TEST_SECONDS
#define TEST_SECONDS 120
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/*
 * The storm: with CASK_TEST_STORM set, a signal hits the main thread a thousand
 * times a second; "restart" has the system go on with what it can after it.
 * SIGURG, since a program that doesn't know of it doesn't notice it.
 */
static inline void
test_storm_ignore(int sig)
{
	(void)sig;
}

static inline void *
test_storm_blow(void *arg)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	for (;;) {
		nanosleep(&ms, NULL);
		pthread_kill(*(pthread_t *)arg, SIGURG);
	}
	return NULL;
}

static inline void
test_storm(void)
{
	static pthread_t target;
	const char *storm = getenv("CASK_TEST_STORM");
	struct sigaction sa = { .sa_handler = test_storm_ignore };
	sigset_t all, before;
	pthread_t thread;

	if (storm == NULL)
		return;
	sa.sa_flags = strcmp(storm, "restart") == 0 ? SA_RESTART : 0;
	sigaction(SIGURG, &sa, NULL);
	target = pthread_self();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, test_storm_blow, &target) != 0)
		abort();
	pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Neither storm nor chaos: system calls can be counted.  For what counts them
 * only; everything else has to hold in any weather. */
static inline bool
test_is_calm(void)
{
	return getenv("CASK_TEST_STORM") == NULL &&
	    getenv("CASK_CHAOS") == NULL;
}

/* What a test waits for itself, in any weather. */

static inline void
test_pause(int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		continue;
}

static inline int64_t
test_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As poll(2), through interruptions. */
static inline int
test_poll(struct pollfd *p, nfds_t n, int ms)
{
	int64_t until = test_now_ms() + ms;
	int r = poll(p, n, ms);

	while (r < 0 && errno == EINTR) {
		int64_t left = until - test_now_ms();

		r = poll(p, n, ms < 0 ? -1 : left > 0 ? (int)left : 0);
	}
	return r;
}

/* The same for what a test's own end of something is asked; an interrupted
 * connect goes on by itself. */
static inline int
test_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int r = connect(fd, sa, len);
	int err = 0;

	if (r == 0 || errno != EINTR)
		return r;
	len = sizeof err;
	if (test_poll(&p, 1, -1) != 1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		return -1;
	errno = err;
	return err == 0 ? 0 : -1;
}

static inline int
test_accept(int fd)
{
	int r;

	do
		r = accept(fd, NULL, NULL);
	while (r < 0 && errno == EINTR);
	return r;
}

static inline ssize_t
test_read(int fd, void *buf, size_t n)
{
	ssize_t r;

	do
		r = read(fd, buf, n);
	while (r < 0 && errno == EINTR);
	return r;
}

static inline ssize_t
test_recv(int fd, void *buf, size_t n, int flags)
{
	ssize_t r;

	do
		r = recv(fd, buf, n, flags);
	while (r < 0 && errno == EINTR);
	return r;
}

static inline void
test_sem_wait(sem_t *sem)
{
	while (sem_wait(sem) != 0 && errno == EINTR)
		continue;
}

static inline pid_t
test_await(pid_t pid, int *status)
{
	pid_t r;

	do
		r = waitpid(pid, status, 0);
	while (r < 0 && errno == EINTR);
	return r;
}

static inline void
test_begin(void)
{
	alarm(TEST_SECONDS);
	test_storm();
}

/* main(): the tests of one file.  Their names are sentences. */
#define RUN_TESTS(tests)                                          \
	int main(void)                                            \
	{                                                         \
		test_begin();                                     \
		return cmocka_run_group_tests(tests, NULL, NULL); \
	}

#endif
