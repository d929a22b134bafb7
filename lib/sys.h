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
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct addrinfo;

/* Memory: NULL when there is none.  free(NULL) is fine. */
void *caski_sys_malloc(size_t n);
void *caski_sys_realloc(void *p, size_t n);
void caski_sys_free(void *p);

/* Nanoseconds of a clock that only goes forward; never fails. */
int64_t caski_sys_now(void);

/*
 * Descriptors.  All that are made here are close-on-exec; sockets and pipes
 * are non-blocking too.  write never raises SIGPIPE: a broken pipe is -EPIPE.
 */
int caski_sys_close(int fd);
ptrdiff_t caski_sys_read(int fd, void *buf, size_t n);
ptrdiff_t caski_sys_write(int fd, const void *buf, size_t n);
int caski_sys_poll(struct pollfd *fds, size_t n, int timeout_ms);
int caski_sys_pipe(int fd[2]);

/* Sockets.  send never raises SIGPIPE; accept's socket is non-blocking. */
int caski_sys_socket(int family, int type, int protocol);
int caski_sys_bind(int fd, const struct sockaddr *sa, socklen_t len);
int caski_sys_listen(int fd, int backlog);
int caski_sys_accept(int fd, struct sockaddr *sa, socklen_t *len);
int caski_sys_connect(int fd, const struct sockaddr *sa, socklen_t len);
ptrdiff_t caski_sys_recv(int fd, void *buf, size_t n);
ptrdiff_t caski_sys_send(int fd, const void *buf, size_t n);
int caski_sys_shutdown(int fd, int how);
int caski_sys_setsockopt(int fd, int level, int option, int value);
int caski_sys_getsockopt(int fd, int level, int option, int *value);
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
