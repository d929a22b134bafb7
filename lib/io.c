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

int
cask_io_fail_words(
    struct cask_io *io, int err, const char *op, const char *words)
{
	if (io->err == 0)
		snprintf(io->words, sizeof io->words, "%s", words);
	return cask_io_fail(io, err, op);
}

char *
cask_io_why(const struct cask_io *io, char *buf, size_t size)
{
	const char *op = io->op != NULL ? io->op : "";
	const char *peer = io->peer != NULL ? io->peer : "";
	const char *gap = *op != '\0' && *peer != '\0' ? " " : "";
	const char *colon = *op != '\0' || *peer != '\0' ? ": " : "";
	const char *words = cask_strerror(io->err);
	char limit[48];

	if (io->words[0] != '\0')
		words = io->words;
	if (io->err == ETIMEDOUT && io->limit_ms > 0) {
		snprintf(
		    limit, sizeof limit, "timed out after %d ms", io->limit_ms);
		words = limit;
	}
	snprintf(buf, size, "%s%s%s%s%s", op, gap, peer, colon, words);
	return buf;
}
