/*
 * What all transports share: the sticky error and its words.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/io.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
cask_io_fail(struct cask_io *io, int err, const char *op)
{
	return cask_io_fail_words(io, err, op, "");
}

int
cask_io_fail_words(
    struct cask_io *io, int err, const char *op, const char *words)
{
	io->apart = false;
	if (io->err == 0) {
		io->passing = 0;
		io->err = err;
		io->op = op;
		snprintf(io->words, sizeof io->words, "%s", words);
	}
	return io->err;
}

int
cask_io_pass(struct cask_io *io, int err, const char *op, const char *words)
{
	io->passing = err;
	if (io->err == 0) {
		io->op = op;
		snprintf(io->words, sizeof io->words, "%s",
		    words != NULL ? words : "");
	}
	return err;
}

int
cask_io_flush(struct cask_io *io)
{
	struct cask_ar *ar = io->unflushed;

	io->unflushed = NULL;
	return ar != NULL ? io->flush(ar, io) : 0;
}

/* How long it took, what that left behind, and what else is known. */
static void
time_out(const struct cask_io *io, char *buf, size_t size)
{
	const char *left = io->words;

	if (io->inside && (*left == '\0' || strcmp(left, CASK_IO_INTACT) == 0))
		left = "inside a message";
	snprintf(buf, size, "timed out after %d ms%s%s", io->limit_ms,
	    *left != '\0' ? ", " : "", left);
}

char *
cask_io_why(const struct cask_io *io, char *buf, size_t size)
{
	int err = io->err != 0 ? io->err : io->passing;
	const char *op = io->op != NULL ? io->op : "";
	const char *peer = io->peer != NULL ? io->peer : "";
	const char *gap = *op != '\0' && *peer != '\0' ? " " : "";
	const char *colon = *op != '\0' || *peer != '\0' ? ": " : "";
	const char *words = cask_strerror(err);
	char limit[48 + sizeof io->words];

	if (err != 0 && io->words[0] != '\0')
		words = io->words;
	if (err == ETIMEDOUT && io->limit_ms > 0) {
		time_out(io, limit, sizeof limit);
		words = limit;
	}
	snprintf(buf, size, "%s%s%s%s%s", op, gap, peer, colon, words);
	return buf;
}
