/*
 * Memory as a transport.  See <cask/io.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/io.h>

#include "sys.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define FIRST_SIZE 256

static struct cask_mem *
mem(struct cask_io *io)
{
	return (struct cask_mem *)io;
}

static ptrdiff_t
mem_read(struct cask_io *io, void *buf, size_t size)
{
	struct cask_mem *m = mem(io);
	size_t left = m->length - m->position;

	if (size > left)
		size = left;
	if (size > 0)
		memcpy(buf, m->data + m->position, size);
	m->position += size;
	return (ptrdiff_t)size;
}

/* Make room for more bytes, doubling: 0 or an error. */
static int
grow(struct cask_mem *m, size_t more)
{
	size_t size = m->size > 0 ? m->size : FIRST_SIZE;
	void *data;

	if (m->max - m->length < more)
		return CASK_ELIMIT;
	while (size - m->length < more)
		size = size <= SIZE_MAX / 2 ? size * 2 : SIZE_MAX;
	if (size > m->max)
		size = m->max;
	data = caski_sys_realloc(m->data, size);
	if (data == NULL)
		return ENOMEM;
	m->data = data;
	m->size = size;
	return 0;
}

static void
refuse(struct cask_mem *m, int err)
{
	char words[64];

	if (err == ENOMEM) {
		cask_io_fail(&m->io, err, "write");
		return;
	}
	snprintf(words, sizeof words, "more than %zu bytes, its limit",
	    m->grows ? m->max : m->size);
	cask_io_fail_words(&m->io, err, "write", words);
}

static ptrdiff_t
mem_write(struct cask_io *io, const void *buf, size_t size)
{
	struct cask_mem *m = mem(io);
	int err = 0;

	if (m->size - m->length < size)
		err = m->grows ? grow(m, size) : ENOSPC;
	if (err != 0) {
		refuse(m, err);
		return -1;
	}
	memcpy(m->data + m->length, buf, size);
	m->length += size;
	return (ptrdiff_t)size;
}

static int
mem_unread(struct cask_io *io, const void *p, size_t n)
{
	(void)p;
	mem(io)->position -= n;
	return 0;
}

static int64_t
mem_left(struct cask_io *io)
{
	return (int64_t)(mem(io)->length - mem(io)->position);
}

static const struct cask_io_table table = {
	.name = "memory",
	.read = mem_read,
	.write = mem_write,
	.local = true,
	.unread = mem_unread,
	.left = mem_left,
};

static struct cask_io *
set(struct cask_mem *m, void *data, size_t length, size_t size)
{
	memset(m, 0, sizeof *m);
	m->io.table = &table;
	m->io.peer = "memory";
	m->data = data;
	m->length = length;
	m->size = size;
	return &m->io;
}

struct cask_io *
cask_mem_write(struct cask_mem *m, void *block, size_t size)
{
	return set(m, block, 0, size);
}

/* The block is only read: it is full, so that a write to it is ENOSPC. */
struct cask_io *
cask_mem_read(struct cask_mem *m, const void *block, size_t size)
{
	return set(m, (void *)(uintptr_t)block, size, size);
}

struct cask_io *
cask_mem_grow(struct cask_mem *m, size_t max)
{
	set(m, NULL, 0, 0);
	m->grows = true;
	m->max = max > 0 ? max : SIZE_MAX;
	return &m->io;
}

void
cask_mem_close(struct cask_mem *m)
{
	if (!m->grows)
		return;
	caski_sys_free(m->data);
	m->data = NULL;
	m->length = m->position = m->size = 0;
}
