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

static const struct cask_io_table table = {
	.name = "file",
	.read = file_read,
	.write = file_write,
	.local = true,
};

struct cask_io *
cask_file_use(struct cask_file *f, int fd)
{
	*f = (struct cask_file) { .io = { .table = &table }, .fd = fd };
	return &f->io;
}
