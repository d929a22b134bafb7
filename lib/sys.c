/*
 * The seam, over POSIX: memory, time, files, the process and its threads.  The
 * files sys*.c are the only ones that know which system this is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sys_own.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

/* Memory */

void *
caski_sys_malloc(size_t n)
{
	return malloc(n);
}

/* Of a large block the kernel's pages are zero anyhow. */
void *
caski_sys_zeroed(size_t n)
{
	return calloc(1, n);
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

CASKI_HOT int64_t
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

/* The process */

#if defined(__linux__)
static bool
privileged(void)
{
	return getauxval(AT_SECURE) != 0;
}
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || \
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
