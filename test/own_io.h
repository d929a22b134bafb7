/*
 * A user's own transport, as docs say that a program may bring one: it gives
 * its bytes a few at a time, fails at any byte, comes by gigabytes without
 * memory, and counts what it swallows.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef OWN_IO_H
#define OWN_IO_H

#include "test.h"

#include <cask/io.h>

#include <errno.h>

#define OWN_NEVER UINT64_MAX

/* Whether sizes and times are those of a sanitizer rather than of the code. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

struct own_io {
	struct cask_io io;

	/* To read: length bytes of data, then fill as often as produce says. */
	const unsigned char *data;
	size_t length;
	uint64_t produce;
	unsigned char fill;

	/* What is written: its beginning is kept, all of it is counted. */
	unsigned char *kept;
	size_t kept_size;
	size_t sizes[64]; /* of the first writes that were asked for */

	/* How: 0 is all at once, without an error. */
	size_t at_most;
	uint64_t cuts;    /* bit n: a transfer ends after byte n */
	uint64_t fail_at; /* the byte at which it fails; OWN_NEVER */
	int fail_with;
	bool odd; /* give odd_result as soon as it is called */
	ptrdiff_t odd_result;

	uint64_t moved;
	unsigned calls;
};

/* How much of size may move now; 0 when this is the byte to fail at. */
static inline size_t
own_share(struct own_io *own, size_t size)
{
	uint64_t left = own->fail_at - own->moved;

	if (own->at_most > 0 && size > own->at_most)
		size = own->at_most;
	if (left < size)
		size = (size_t)left;
	for (size_t i = 0; own->cuts != 0 && i < size; i++)
		if (own->moved + i < 64 && own->cuts >> (own->moved + i) & 1)
			return i + 1;
	return size;
}

static inline ptrdiff_t
own_read(struct cask_io *io, void *buf, size_t size)
{
	struct own_io *own = (struct own_io *)io;
	uint64_t left = own->length + own->produce - own->moved;

	own->calls++;
	assert_true(size > 0);
	assert_int_equal(io->err, 0);
	if (own->odd)
		return own->odd_result;
	size = own_share(own, size);
	if (size == 0) {
		cask_io_fail(io, own->fail_with, "fetch");
		return -1;
	}
	if (size > left)
		size = (size_t)left;
	if (own->moved >= own->length) {
		memset(buf, own->fill, size);
	} else {
		if (size > own->length - (size_t)own->moved)
			size = own->length - (size_t)own->moved;
		memcpy(buf, own->data + own->moved, size);
	}
	own->moved += size;
	return (ptrdiff_t)size;
}

static inline ptrdiff_t
own_write(struct cask_io *io, const void *buf, size_t size)
{
	struct own_io *own = (struct own_io *)io;
	size_t keep = 0;

	if (own->calls < COUNT(own->sizes))
		own->sizes[own->calls] = size;
	own->calls++;
	assert_true(size > 0);
	assert_int_equal(io->err, 0);
	if (own->odd)
		return own->odd_result;
	size = own_share(own, size);
	if (size == 0) {
		cask_io_fail(io, own->fail_with, "emit");
		return -1;
	}
	if (own->moved < own->kept_size) {
		keep = own->kept_size - (size_t)own->moved;
		memcpy(own->kept + own->moved, buf, keep < size ? keep : size);
	}
	own->moved += size;
	return (ptrdiff_t)size;
}

static const struct cask_io_table own_table = {
	.name = "own",
	.read = own_read,
	.write = own_write,
};

static const struct cask_io_table own_local_table = {
	.name = "own",
	.read = own_read,
	.write = own_write,
	.local = true,
};

static inline struct cask_io *
own_open(struct own_io *own)
{
	memset(own, 0, sizeof *own);
	own->io.table = &own_table;
	own->io.peer = "a peer";
	own->fail_at = OWN_NEVER;
	own->fail_with = EIO;
	return &own->io;
}

/* Something to read. */
static inline struct cask_io *
own_source(struct own_io *own, const void *data, size_t length)
{
	own_open(own);
	own->data = data;
	own->length = length;
	return &own->io;
}

/* Somewhere to write to: the first size bytes are kept. */
static inline struct cask_io *
own_sink(struct own_io *own, void *kept, size_t size)
{
	own_open(own);
	own->kept = kept;
	own->kept_size = size;
	return &own->io;
}

#endif
