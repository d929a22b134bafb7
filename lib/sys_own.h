/*
 * What the files of the seam share.  It comes first in each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_SYS_OWN_H
#define CASKI_SYS_OWN_H

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

#include "hot.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static inline ptrdiff_t
result(ptrdiff_t r)
{
	return r < 0 ? -(ptrdiff_t)errno : r;
}

static inline int
result_int(int r)
{
	return r < 0 ? -errno : r;
}

/* Some systems refuse to move more than INT_MAX bytes at a time. */
#define MOVE_MOST ((size_t)1 << 30)

static inline size_t
at_most(size_t n)
{
	return n < MOVE_MOST ? n : MOVE_MOST;
}

#if defined(__APPLE__)
static inline int
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
#endif

#endif
