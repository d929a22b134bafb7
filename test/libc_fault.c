/*
 * See libc_fault.h.
 *
 * Streams are made anew over wrapped reads and writes (fopencookie), so that
 * what fails below one is what fails in it, whatever it is printed with.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include "libc_fault.h"
#include "test.h"

#include <fcntl.h>
#include <iconv.h>
#include <netdb.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

/* Shared with the parent. */
static struct shared {
	atomic_uint injected;
	atomic_uint errors;
	const char *_Atomic call;
	atomic_int err;
	atomic_bool is_name;
} * shared;

static struct libc_plan plan;
static atomic_uint calls;
static atomic_bool active;
static pid_t owner;

extern FILE *__real_stdin, *__real_stdout;
FILE *__wrap_stdin, *__wrap_stdout;

/* Streams, and the descriptors below them. */
struct stream {
	FILE *file;
	int fd;
	bool stays; /* a standard one */
	char **at;  /* of open_memstream */
	size_t *size;
	size_t room, n, pos;
};

static struct stream streams[32];

__attribute__((constructor)) static void
set_up(void)
{
	__wrap_stdin = __real_stdin;
	__wrap_stdout = __real_stdout;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
}

/* The error this call must give, or 0 to go on. */
static int
fails(const char *call, const int *errors)
{
	unsigned mine, n = 0;

	if (!active || getpid() != owner)
		return 0;
	while (errors[n] != 0)
		n++;
	mine = atomic_fetch_add(&calls, 1);
	if (mine < plan.nth || mine - plan.nth >= plan.many)
		return 0;
	if (atomic_fetch_add(&shared->injected, 1) == 0) {
		shared->call = call;
		shared->err = errors[plan.which % n];
		shared->errors = n;
		shared->is_name = strstr(call, "info") != NULL;
	}
	return errors[plan.which % n];
}

#define FAILS(call, ...) fails(call, (const int[]) { __VA_ARGS__, 0 })

#define FAIL(result, call, ...)                    \
	do {                                       \
		int e_ = FAILS(call, __VA_ARGS__); \
		if (e_) {                          \
			errno = e_;                \
			return result;             \
		}                                  \
	} while (0)

#define WRAP(type, name, parameters)   \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters

/* Memory */

WRAP(void *, malloc, (size_t n))
{
	FAIL(NULL, "malloc", ENOMEM);
	return __real_malloc(n);
}

WRAP(void *, calloc, (size_t n, size_t size))
{
	FAIL(NULL, "calloc", ENOMEM);
	return __real_calloc(n, size);
}

WRAP(void *, realloc, (void *p, size_t n))
{
	FAIL(NULL, "realloc", ENOMEM);
	return __real_realloc(p, n);
}

/* Descriptors.  A close that fails has closed all the same; a bell can be rung
 * and silenced at any time. */

static atomic_bool bells[256];

static bool
is_bell(int fd)
{
	return fd >= 0 && fd < (int)COUNT(bells) && bells[fd];
}

WRAP(int, close, (int fd))
{
	int err = FAILS("close", EIO);
	int r = __real_close(fd);

	if (is_bell(fd))
		bells[fd] = false;

	if (err == 0)
		return r;
	errno = err;
	return -1;
}

WRAP(int, open, (const char *path, int flags, ...))
{
	FAIL(-1, "open", EMFILE, EACCES);
	return __real_open(path, flags, 0600);
}

WRAP(ssize_t, read, (int fd, void *buf, size_t n))
{
	if (!is_bell(fd))
		FAIL(-1, "read", EIO);
	return __real_read(fd, buf, n);
}

WRAP(ssize_t, write, (int fd, const void *buf, size_t n))
{
	if (!is_bell(fd))
		FAIL(-1, "write", ENOSPC, EPIPE);
	return __real_write(fd, buf, n);
}

WRAP(ssize_t, writev, (int fd, const struct iovec *iov, int n))
{
	FAIL(-1, "writev", ENOSPC);
	return __real_writev(fd, iov, n);
}

WRAP(off_t, lseek, (int fd, off_t by, int from))
{
	FAIL(-1, "lseek", EIO);
	return __real_lseek(fd, by, from);
}

WRAP(int, fstat, (int fd, struct stat *st))
{
	FAIL(-1, "fstat", EIO);
	return __real_fstat(fd, st);
}

WRAP(int, poll, (struct pollfd * p, nfds_t n, int ms))
{
	FAIL(-1, "poll", ENOMEM);
	return __real_poll(p, n, ms);
}

WRAP(int, pipe, (int fd[2]))
{
	FAIL(-1, "pipe", EMFILE);
	return __real_pipe(fd);
}

WRAP(int, pipe2, (int fd[2], int flags))
{
	FAIL(-1, "pipe2", EMFILE);
	return __real_pipe2(fd, flags);
}

/* That a descriptor is closed by exec can be set at any time. */
WRAP(int, fcntl, (int fd, int command, ...))
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (command != F_GETFD && command != F_SETFD)
		FAIL(-1, "fcntl", ENOMEM);
	return __real_fcntl(fd, command, arg);
}

WRAP(int, ioctl, (int fd, unsigned long request, ...))
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	FAIL(-1, "ioctl", ENOMEM);
	return __real_ioctl(fd, request, arg);
}

WRAP(int, epoll_create1, (int flags))
{
	FAIL(-1, "epoll_create1", EMFILE, ENOSYS);
	return __real_epoll_create1(flags);
}

/* To change or to remove what is in can't fail; only to add may. */
WRAP(int, epoll_ctl, (int ep, int what, int fd, struct epoll_event *e))
{
	if (what == EPOLL_CTL_ADD)
		FAIL(-1, "epoll_ctl", ENOSPC);
	return __real_epoll_ctl(ep, what, fd, e);
}

WRAP(int, epoll_wait, (int ep, struct epoll_event *e, int n, int ms))
{
	FAIL(-1, "epoll_wait", EBADF);
	return __real_epoll_wait(ep, e, n, ms);
}

WRAP(int, eventfd, (unsigned n, int flags))
{
	int fd;

	FAIL(-1, "eventfd", EMFILE);
	fd = __real_eventfd(n, flags);
	if (fd >= 0 && fd < (int)COUNT(bells))
		bells[fd] = true;
	return fd;
}

WRAP(int, timerfd_create, (clockid_t clock, int flags))
{
	FAIL(-1, "timerfd_create", EMFILE);
	return __real_timerfd_create(clock, flags);
}

/* Files */

WRAP(int, access, (const char *path, int how))
{
	FAIL(-1, "access", EACCES);
	return __real_access(path, how);
}

WRAP(int, unlink, (const char *path))
{
	FAIL(-1, "unlink", EACCES);
	return __real_unlink(path);
}

WRAP(int, statvfs, (const char *path, struct statvfs *st))
{
	FAIL(-1, "statvfs", EACCES);
	return __real_statvfs(path, st);
}

/* Processes and threads */

WRAP(pid_t, fork, (void))
{
	FAIL(-1, "fork", EAGAIN);
	return __real_fork();
}

WRAP(int, pthread_create,
    (pthread_t * t, const pthread_attr_t *attr, void *(*run)(void *),
	void *arg))
{
	int err = FAILS("pthread_create", EAGAIN);

	return err != 0 ? err : __real_pthread_create(t, attr, run, arg);
}

WRAP(long, sysconf, (int name))
{
	FAIL(-1, "sysconf", EINVAL);
	return __real_sysconf(name);
}

/* Sockets */

WRAP(int, socket, (int family, int type, int protocol))
{
	FAIL(-1, "socket", EMFILE, ENOBUFS);
	return __real_socket(family, type, protocol);
}

WRAP(int, bind, (int fd, const struct sockaddr *sa, socklen_t len))
{
	FAIL(-1, "bind", EADDRINUSE);
	return __real_bind(fd, sa, len);
}

WRAP(int, listen, (int fd, int backlog))
{
	FAIL(-1, "listen", EADDRINUSE);
	return __real_listen(fd, backlog);
}

WRAP(int, accept4, (int fd, struct sockaddr *sa, socklen_t *len, int flags))
{
	FAIL(-1, "accept4", EMFILE, ENOMEM);
	return __real_accept4(fd, sa, len, flags);
}

WRAP(int, connect, (int fd, const struct sockaddr *sa, socklen_t len))
{
	FAIL(-1, "connect", ECONNREFUSED, EADDRNOTAVAIL);
	return __real_connect(fd, sa, len);
}

WRAP(ssize_t, recv, (int fd, void *buf, size_t n, int flags))
{
	FAIL(-1, "recv", ECONNRESET);
	return __real_recv(fd, buf, n, flags);
}

WRAP(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags))
{
	FAIL(-1, "recvmsg", ECONNREFUSED);
	return __real_recvmsg(fd, m, flags);
}

WRAP(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags))
{
	FAIL(-1, "sendmsg", EPIPE, ENOBUFS);
	return __real_sendmsg(fd, m, flags);
}

WRAP(ssize_t, send, (int fd, const void *buf, size_t n, int flags))
{
	FAIL(-1, "send", EPIPE);
	return __real_send(fd, buf, n, flags);
}

WRAP(int, shutdown, (int fd, int how))
{
	FAIL(-1, "shutdown", ENOTCONN);
	return __real_shutdown(fd, how);
}

WRAP(int, setsockopt,
    (int fd, int level, int option, const void *value, socklen_t len))
{
	FAIL(-1, "setsockopt", ENOMEM);
	return __real_setsockopt(fd, level, option, value, len);
}

WRAP(int, getsockopt,
    (int fd, int level, int option, void *value, socklen_t *len))
{
	FAIL(-1, "getsockopt", ENOBUFS);
	return __real_getsockopt(fd, level, option, value, len);
}

WRAP(int, getsockname, (int fd, struct sockaddr *sa, socklen_t *len))
{
	FAIL(-1, "getsockname", ENOBUFS);
	return __real_getsockname(fd, sa, len);
}

WRAP(int, getpeername, (int fd, struct sockaddr *sa, socklen_t *len))
{
	FAIL(-1, "getpeername", ENOTCONN);
	return __real_getpeername(fd, sa, len);
}

WRAP(int, getaddrinfo,
    (const char *host, const char *service, const struct addrinfo *hints,
	struct addrinfo **list))
{
	int err = FAILS("getaddrinfo", EAI_MEMORY, EAI_NONAME);

	return err != 0 ? err : __real_getaddrinfo(host, service, hints, list);
}

WRAP(int, getnameinfo,
    (const struct sockaddr *sa, socklen_t len, char *host, socklen_t n,
	char *service, socklen_t m, int flags))
{
	int err = FAILS("getnameinfo", EAI_MEMORY);

	return err != 0
	    ? err
	    : __real_getnameinfo(sa, len, host, n, service, m, flags);
}

WRAP(iconv_t, iconv_open, (const char *to, const char *from))
{
	FAIL((iconv_t)-1, "iconv_open", ENOMEM, EINVAL);
	return __real_iconv_open(to, from);
}

/* Streams */

static struct stream *
stream_of(FILE *f)
{
	for (size_t i = 0; i < COUNT(streams); i++)
		if (streams[i].file == f)
			return &streams[i];
	return NULL;
}

static ssize_t
stream_read(void *cookie, char *buf, size_t n)
{
	return __wrap_read(((struct stream *)cookie)->fd, buf, n);
}

/* It gives 0, and never less, where it fails. */
static ssize_t
stream_write(void *cookie, const char *buf, size_t n)
{
	ssize_t k = __wrap_write(((struct stream *)cookie)->fd, buf, n);

	return k < 0 ? 0 : k;
}

static int
stream_seek(void *cookie, off_t *at, int from)
{
	off_t r = __wrap_lseek(((struct stream *)cookie)->fd, *at, from);

	*at = r;
	return r < 0 ? -1 : 0;
}

static int
stream_close(void *cookie)
{
	struct stream *s = cookie;

	s->file = NULL;
	return s->stays ? 0 : __wrap_close(s->fd);
}

static FILE *
stream_open(int fd, const char *mode, cookie_io_functions_t io)
{
	struct stream *s = stream_of(NULL);

	*s = (struct stream) { .fd = fd, .stays = fd <= 2 };
	s->file = fopencookie(s, mode, io);
	return s->file;
}

static const cookie_io_functions_t over_descriptor = { stream_read,
	stream_write, stream_seek, stream_close };

WRAP(FILE *, fopen, (const char *path, const char *mode))
{
	bool reads = *mode == 'r';
	int fd;

	FAIL(NULL, "fopen", EMFILE, ENOMEM);
	fd = __real_open(path,
	    O_CLOEXEC | (reads ? O_RDONLY : O_RDWR | O_CREAT | O_TRUNC), 0600);
	return fd < 0 ? NULL : stream_open(fd, mode, over_descriptor);
}

WRAP(FILE *, fdopen, (int fd, const char *mode))
{
	FAIL(NULL, "fdopen", ENOMEM);
	return stream_open(fd, mode, over_descriptor);
}

FILE *__real_tmpfile(void);
FILE *__wrap_tmpfile(void);

FILE *
__wrap_tmpfile(void)
{
	FILE *f;
	int fd;

	FAIL(NULL, "tmpfile", EMFILE);
	f = __real_tmpfile();
	fd = dup(fileno(f));
	fclose(f);
	return stream_open(fd, "w+", over_descriptor);
}

WRAP(int, fileno, (FILE * f))
{
	struct stream *s = stream_of(f);

	return s != NULL ? s->fd : __real_fileno(f);
}

WRAP(ssize_t, getline, (char **line, size_t *size, FILE *f))
{
	FAIL(-1, "getline", ENOMEM);
	return __real_getline(line, size, f);
}

/* A stream into memory: its writes may fail, too. */

static ssize_t
memory_write(void *cookie, const char *buf, size_t n)
{
	struct stream *s = cookie;

	if (FAILS("open_memstream's write", ENOMEM)) {
		errno = ENOMEM;
		return 0;
	}
	if (s->pos + n + 1 > s->room) {
		s->room = 2 * (s->pos + n + 1);
		*s->at = __real_realloc(*s->at, s->room);
	}
	memcpy(*s->at + s->pos, buf, n);
	s->pos += n;
	s->n = s->pos > s->n ? s->pos : s->n;
	(*s->at)[s->n] = '\0';
	*s->size = s->pos;
	return (ssize_t)n;
}

static int
memory_seek(void *cookie, off_t *at, int from)
{
	struct stream *s = cookie;

	if (from == SEEK_CUR)
		*at += (off_t)s->pos;
	else if (from == SEEK_END)
		*at += (off_t)s->n;
	s->pos = (size_t)*at;
	return 0;
}

static int
memory_close(void *cookie)
{
	((struct stream *)cookie)->file = NULL;
	return 0;
}

WRAP(FILE *, open_memstream, (char **at, size_t *size))
{
	static const cookie_io_functions_t over_memory = { NULL, memory_write,
		memory_seek, memory_close };
	struct stream *s;
	FILE *f;

	FAIL(NULL, "open_memstream", ENOMEM);
	f = stream_open(-1, "w", over_memory);
	s = stream_of(f);
	s->at = at;
	s->size = size;
	*at = __real_calloc(1, 1);
	*size = 0;
	return f;
}

/* What prints to standard output, or reads standard input, without naming it.
 */

int __wrap_printf(const char *format, ...);
int __wrap_puts(const char *s);
int __wrap_putchar(int c);

int
__wrap_printf(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vfprintf(__wrap_stdout, format, args);
	va_end(args);
	return n;
}

int
__wrap_puts(const char *s)
{
	return fputs(s, __wrap_stdout) < 0 ? EOF : fputc('\n', __wrap_stdout);
}

int
__wrap_putchar(int c)
{
	return fputc(c, __wrap_stdout);
}

/* Plans */

void
libc_fault_begin(const struct libc_plan *p)
{
	__wrap_stdin = stream_open(0, "r", over_descriptor);
	__wrap_stdout = stream_open(1, "w", over_descriptor);
	plan = *p;
	memset(shared, 0, sizeof *shared);
	owner = getpid();
	calls = 0;
	active = true;
}

void
libc_fault_end(void)
{
	active = false;
}

struct libc_outcome
libc_fault_outcome(void)
{
	return (struct libc_outcome) { .injected = shared->injected,
		.errors = shared->errors,
		.call = shared->call,
		.err = shared->err,
		.is_name = shared->is_name };
}
