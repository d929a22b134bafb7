/*
 * The seam: every effect on the world outside goes through these functions.
 *
 * Nothing above this file calls the C library for memory, time, descriptors,
 * sockets, names, threads or iconv, so that tests can make each of them fail.
 * They are thin: no retrying, no policy.  A result below zero is -errno.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_SYS_H
#define CASKI_SYS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct addrinfo;

/* Memory: NULL when there is none.  free(NULL) is fine. */
void *caski_sys_malloc(size_t n);
void *caski_sys_zeroed(size_t n);
void *caski_sys_realloc(void *p, size_t n);
void caski_sys_free(void *p);

/*
 * Memory that is kept to the end of the process: what is at *place, or n bytes
 * of zeros, put there by whoever comes first.  NULL when there is none.
 */
void *caski_sys_keep(void *_Atomic *place, size_t n);

/* Nanoseconds of a clock that only goes forward; never fails. */
int64_t caski_sys_now(void);

/*
 * Descriptors.  All that are made here are close-on-exec; sockets and pipes
 * are non-blocking too.  write never raises SIGPIPE: a broken pipe is -EPIPE.
 */
int caski_sys_close(int fd);
ptrdiff_t caski_sys_read(int fd, void *buf, size_t n);
ptrdiff_t caski_sys_write(int fd, const void *buf, size_t n);
ptrdiff_t caski_sys_write_two(
    int fd, const void *first, size_t n, const void *second, size_t m);

/* A file's place, from where it is now, and how much is behind it: -errno. */
int64_t caski_sys_seek(int fd, int64_t by);
int64_t caski_sys_rest(int fd);

int caski_sys_poll(struct pollfd *fds, size_t n, int timeout_ms);
int caski_sys_pipe(int fd[2]);
int caski_sys_dup(int fd);
int caski_sys_cloexec(int fd);
int caski_sys_open_null(void); /* a descriptor that is good for nothing */
int caski_sys_unlink(const char *path);
bool caski_sys_is_socket(const char *path); /* a link to one is none */

/* What poll has to be asked for to hear that the peer sends no more; 0: this
 * system can't tell it from data. */
short caski_sys_pollrdhup(void);

/*
 * epoll, or -ENOSYS.  Events are poll's; each descriptor carries a number of
 * the caller's.  set with events 0 keeps the descriptor in, and quiet: even a
 * hang-up is told once at most.
 */
struct caski_ready {
	uint64_t number;
	short events;
};

enum caski_epoll { CASKI_EPOLL_ADD, CASKI_EPOLL_CHANGE, CASKI_EPOLL_REMOVE };

int caski_sys_epoll(void);
int caski_sys_epoll_set(
    int ep, enum caski_epoll what, int fd, short events, uint64_t number);
int caski_sys_epoll_wait(
    int ep, struct caski_ready *list, size_t n, int timeout_ms);

/*
 * Waking a sleeper: fd[0] becomes readable when fd[1] is rung, which may be
 * done in a signal handler.  Both may be the same descriptor.
 */
int caski_sys_bell(int fd[2]);
void caski_sys_bell_ring(int fd);
void caski_sys_bell_silence(int fd);

/* A descriptor that is readable from a moment on (0: never), or -ENOSYS. */
int caski_sys_alarm(void);
int caski_sys_alarm_set(int fd, int64_t at);

/* The process: its number, its environment (NULL for all when privileged). */
int caski_sys_pid(void);
const char *caski_sys_getenv(const char *name);
void caski_sys_yield(void);

/*
 * Sockets.  send never raises SIGPIPE; accept's socket is non-blocking.
 * Sending never waits, and receiving only if it is told to and the descriptor
 * is in blocking mode.  MORE: what is sent may stay until the rest of it comes,
 * which will be at once.
 */
enum { CASKI_WAIT = 1, CASKI_PEEK = 2, CASKI_OOB = 4, CASKI_MORE = 8 };

int caski_sys_socket(int family, int type, int protocol);
int caski_sys_bind(int fd, const struct sockaddr *sa, socklen_t len);
int caski_sys_listen(int fd, int backlog);
int caski_sys_accept(int fd, struct sockaddr *sa, socklen_t *len);
int caski_sys_connect(int fd, const struct sockaddr *sa, socklen_t len);
ptrdiff_t caski_sys_recv(int fd, void *buf, size_t n, int flags);
ptrdiff_t caski_sys_send(int fd, const void *buf, size_t n, int flags);

/* Datagrams.  *cut tells that there was more than n bytes; sa may be NULL. */
ptrdiff_t caski_sys_recvfrom(int fd, void *buf, size_t n, int flags,
    struct sockaddr *sa, socklen_t *len, bool *cut);
ptrdiff_t caski_sys_sendto(int fd, const void *buf, size_t n,
    const struct sockaddr *sa, socklen_t len);
int caski_sys_shutdown(int fd, int how);
int caski_sys_setsockopt(int fd, int level, int option, int value);
int caski_sys_getsockopt(int fd, int level, int option, int *value);
int caski_sys_setsockopt_bytes(
    int fd, int level, int option, const void *value, socklen_t len);
int caski_sys_getsockopt_bytes(
    int fd, int level, int option, void *value, socklen_t *len);
int caski_sys_reuse_port(int fd);
int caski_sys_blocking(int fd, bool on);
int caski_sys_receive_limit(int fd, int ms); /* of a waiting recv; 0: none */
int caski_sys_available(int fd, int *bytes);
int caski_sys_at_mark(int fd);             /* 1, 0 or -errno */
int caski_sys_interface(const char *name); /* its number, or -errno */

/* Options whose numbers or names differ between systems; -1: it has none. */
enum caski_option {
	CASKI_KEEP_IDLE, /* of IPPROTO_TCP */
	CASKI_KEEP_INTERVAL,
	CASKI_KEEP_PROBES,
	CASKI_LINGER, /* of SOL_SOCKET; in seconds */
	CASKI_IP_TTL, /* of IPPROTO_IP; an int, the others a byte */
	CASKI_IP_MULTICAST_TTL,
	CASKI_IP_MULTICAST_LOOP,
};

int caski_sys_option(enum caski_option which);

/* Join or leave a group; interface 0: the system chooses. */
int caski_sys_group(int fd, bool join, const struct sockaddr *group,
    socklen_t len, int interface);
int caski_sys_getsockname(int fd, struct sockaddr *sa, socklen_t *len);
int caski_sys_getpeername(int fd, struct sockaddr *sa, socklen_t *len);

/*
 * Names.  0 or an EAI_ code; EAI_SYSTEM comes with errno.  getaddrinfo may
 * block for as long as a resolver takes, unless AI_NUMERICHOST is asked for.
 */
int caski_sys_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **list);
void caski_sys_freeaddrinfo(struct addrinfo *list);
int caski_sys_getnameinfo(const struct sockaddr *sa, socklen_t len, char *host,
    size_t host_size, char *service, size_t service_size, int flags);

/* Run a function in a thread that is detached and blocks every signal. */
int caski_sys_thread(void (*run)(void *), void *arg);

/*
 * iconv.  open gives 0 and a descriptor, or -EINVAL for an unknown name and
 * -ENOMEM, -EMFILE, -ENFILE when it can't be known.  convert gives the number
 * of characters converted in a non-reversible way, or -EILSEQ, -EINVAL, -E2BIG;
 * in == NULL flushes.
 */
int caski_sys_iconv_open(void **cd, const char *to, const char *from);
ptrdiff_t caski_sys_iconv(
    void *cd, const char **in, size_t *in_left, char **out, size_t *out_left);
void caski_sys_iconv_close(void *cd);

#endif
