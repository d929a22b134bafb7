/*
 * Transports: where an archive's bytes come from and go to.
 *
 * A transport is a table of two functions and a sticky error.  Memory and file
 * descriptors are here, sockets in sock.h, and a program may bring its own: put
 * a struct cask_io first in a struct, fill in its table, and hand its address
 * to cask_store or cask_load.  MFC: CFile, CMemFile, CSocketFile.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_IO_H
#define CASK_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cask/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cask_ar;
struct cask_io;

/*
 * What a transport can do.
 *
 * read   blocks until it has at least 1 byte; gives how many it put into buf
 *        (1 to size); 0 when the stream has ended; -1 when it failed.
 * write  blocks until it has taken at least 1 byte; gives how many it took
 *        (1 to size); -1 when it failed.
 *
 * more   blocks until a byte can be read (1), the stream has ended (0), or it
 *        failed (-1), and takes nothing.  NULL: read does.
 *
 * gather writes two blocks as one, with the same results, in one system call if
 *        it can: what an archive holds, and a large block behind it, neither of
 *        them empty.  NULL: write does, one after the other.
 *
 * unread takes back what read gave last, n bytes, to give it again: 0, or an
 *        error, which doesn't stick.  NULL: it can't.
 *
 * left   how many bytes can still be read, or -1 where that is not known.
 *        NULL: it never is.
 *
 * start  a value, a flush or a look for more begins, and is going to read or
 *        write, perhaps several times: a time limit may count from here.
 *        NULL: nothing to do.  Archives call it; so must a transport that
 *        stands before another.
 *
 * size is never 0.  A function that gives -1 must have called cask_io_fail or,
 * for an error that is this call's alone, set passing.  CASK_IO_GONE instead
 * of -1: the transport was closed meanwhile and is not to be touched again.  A
 * NULL function is a direction that the transport lacks: EBADF.
 */
#define CASK_IO_GONE (-2)

struct cask_io_table {
	const char *name; /* "socket", "memory", …: for messages */
	ptrdiff_t (*read)(struct cask_io *io, void *buf, size_t size);
	ptrdiff_t (*write)(struct cask_io *io, const void *buf, size_t size);
	bool local; /* no peer: a loading archive sets no limit to messages */
	void (*start)(struct cask_io *io);
	int (*more)(struct cask_io *io);
	ptrdiff_t (*gather)(struct cask_io *io, const void *first, size_t n,
	    const void *second, size_t m);
	int (*unread)(struct cask_io *io, const void *p, size_t n);
	int64_t (*left)(struct cask_io *io);
};

/* All zero is valid.  Read err, passing, op and peer at any time. */
struct cask_io {
	int err;        /* 0, or the first error */
	int passing;    /* an error of the last call that doesn't stick, or 0 */
	const char *op; /* what failed: "connect", "receive", "write", … */
	const char *peer; /* the other end, "localhost:7000", or NULL */
	int limit_ms;     /* the time limit that ran out, if err is ETIMEDOUT */
	const struct cask_io_table *table;
	bool inside; /* err struck inside a message */

	/* For transports.  exact: an archive shall read no more than it needs,
	   since what is left belongs to the transport.  ahead: how many bytes
	   that is, already read.  Two are the archive's: partial, it goes on
	   at once; full, since all of its buffer is used. */
	bool exact;
	size_t ahead;
	bool partial;
	bool full;
	/* … apart: err has ended one direction only; the transport, which sets
	   this after cask_io_fail, is asked on for the other, and tells. */
	bool apart;
	/* private: an archive that has stored and not flushed */
	struct cask_ar *unflushed;
	int (*flush)(struct cask_ar *ar, struct cask_io *io);

	/* Why, if cask_strerror(err) would not tell. */
	char words[120];
};

/*
 * Note that op failed with err.  Only the first error is kept.  Gives the
 * error that stuck.  op must outlive the transport: a string literal.
 */
int cask_io_fail(struct cask_io *io, int err, const char *op);

/*
 * Note that op was refused with err, which doesn't stick, and why (words, or
 * NULL).  Gives err.
 */
int cask_io_pass(
    struct cask_io *io, int err, const char *op, const char *words);

/*
 * Send what an archive has stored on io and not flushed yet, if there is any:
 * to be called before anything is read from the other end, who might be waiting
 * for it.  Archives do.  Gives 0, the error of sending, or CASK_IO_GONE.
 */
int cask_io_flush(struct cask_io *io);

/* The words of a time-out that lost nothing, as long as no archive knows that
 * it came inside a message. */
#define CASK_IO_INTACT "nothing lost"

/* As cask_io_fail, with words of its own (copied; cut to fit) for the reason.
 */
int cask_io_fail_words(
    struct cask_io *io, int err, const char *op, const char *words);

/*
 * What went wrong, in words, into buf (size bytes, NUL included; cut to fit):
 * "connect localhost:7000: Connection refused".  Gives buf.
 */
char *cask_io_why(const struct cask_io *io, char *buf, size_t size);

/*
 * Memory.  What is written can be read back, in order.
 *
 * cask_mem_write  a fixed block to write to; more than size bytes: ENOSPC.
 * cask_mem_read   a fixed block to read from.
 * cask_mem_grow   memory that grows as it is written, to max bytes at most
 *                 (0: no limit): CASK_ELIMIT, ENOMEM.  cask_mem_close frees it.
 *
 * They set everything in *m, keep the block that they were given (it must
 * outlive *m), and give the transport.  data and length may be read at any
 * time; what grew moves when it grows.  MFC: CMemFile.
 */
struct cask_mem {
	struct cask_io io;
	unsigned char *data; /* the bytes */
	size_t length;       /* how many have been written, or can be read */
	size_t position;     /* how many of them have been read */
	/* private */
	size_t size;
	size_t max;
	bool grows;
};

struct cask_io *cask_mem_write(struct cask_mem *m, void *block, size_t size);
struct cask_io *cask_mem_read(
    struct cask_mem *m, const void *block, size_t size);
struct cask_io *cask_mem_grow(struct cask_mem *m, size_t max);

/* Free what grew.  Twice is fine; a fixed block is the caller's. */
void cask_mem_close(struct cask_mem *m);

/*
 * A file descriptor: a file, a pipe, a terminal.  It stays the caller's, who
 * closes it.  A write to a broken pipe gives EPIPE and raises no signal.  A
 * non-blocking descriptor is waited for, without a limit.  MFC: CFile.
 */
struct cask_file {
	struct cask_io io;
	int fd;
};

struct cask_io *cask_file_use(struct cask_file *f, int fd);

#ifdef __cplusplus
}
#endif

#endif
