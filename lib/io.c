/*
 * What all transports share: the sticky error and its words.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/io.h>

#include <errno.h>
#include <stdio.h>

int
cask_io_fail(struct cask_io *io, int err, const char *op)
{
	if (io->err == 0) {
		io->err = err;
		io->op = op;
	}
	return io->err;
}

char *
cask_io_why(const struct cask_io *io, char *buf, size_t size)
{
	const char *op = io->op != NULL ? io->op : "";
	const char *gap = io->op != NULL && io->peer != NULL ? " " : "";
	const char *peer = io->peer != NULL ? io->peer : "";
	const char *colon = *op != '\0' || *peer != '\0' ? ": " : "";

	if (io->err == ETIMEDOUT && io->limit_ms > 0)
		snprintf(buf, size, "%s%s%s%stimed out after %d ms", op, gap,
		    peer, colon, io->limit_ms);
	else
		snprintf(buf, size, "%s%s%s%s%s", op, gap, peer, colon,
		    cask_strerror(io->err));
	return buf;
}
