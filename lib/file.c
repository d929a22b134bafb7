/*
 * A file descriptor as a transport.  See <cask/io.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/io.h>

#include "pump.h"
#include "sys.h"

#include <errno.h>

static struct cask_file *
file(struct cask_io *io)
{
	return (struct cask_file *)io;
}

/*
 * What to do about a result below zero: 0 to try again, -1 when it failed.
 * The caller chose the descriptor's mode, so it may be non-blocking.
 */
static ptrdiff_t
again(struct cask_io *io, ptrdiff_t result, int events, const char *op)
{
	int err = (int)-result;

	if (err == EAGAIN || err == EWOULDBLOCK)
		err = caski_wait_one(file(io)->fd, events, CASKI_NEVER);
	if (err == 0 || err == EINTR)
		return 0;
	cask_io_fail(io, err, op);
	return -1;
}

static ptrdiff_t
file_read(struct cask_io *io, void *buf, size_t size)
{
	ptrdiff_t n;

	do
		n = caski_sys_read(file(io)->fd, buf, size);
	while (n < 0 && again(io, n, CASK_READABLE, "read") == 0);
	return n < 0 ? -1 : n;
}

static ptrdiff_t
file_write(struct cask_io *io, const void *buf, size_t size)
{
	ptrdiff_t n;

	do
		n = caski_sys_write(file(io)->fd, buf, size);
	while (n < 0 && again(io, n, CASK_WRITABLE, "write") == 0);
	return n < 0 ? -1 : n;
}

static ptrdiff_t
file_gather(struct cask_io *io, const void *first, size_t n, const void *second,
    size_t m)
{
	ptrdiff_t r;

	do
		r = caski_sys_write_two(file(io)->fd, first, n, second, m);
	while (r < 0 && again(io, r, CASK_WRITABLE, "write") == 0);
	return r < 0 ? -1 : r;
}

static int
file_unread(struct cask_io *io, const void *p, size_t n)
{
	int64_t at = caski_sys_seek(file(io)->fd, -(int64_t)n);

	(void)p;
	return at < 0 ? (int)-at : 0;
}

static int64_t
file_left(struct cask_io *io)
{
	int64_t left = caski_sys_rest(file(io)->fd);

	return left < 0 ? -1 : left;
}

static const struct cask_io_table table = {
	.name = "file",
	.read = file_read,
	.write = file_write,
	.local = true,
	.gather = file_gather,
	.unread = file_unread,
	.left = file_left,
};

struct cask_io *
cask_file_use(struct cask_file *f, int fd)
{
	*f = (struct cask_file) { .io = { .table = &table }, .fd = fd };
	return &f->io;
}
