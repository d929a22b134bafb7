/*
 * Tests of the transports.  One suite says what every transport does; it is run
 * on memory, a file, a pipe, a TCP connection, and a table of this program's
 * own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include <cask/io.h>
#include <cask/addr.h>
#include <cask/sock.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

/*
 * A program's own transport: a ring of bytes, as an example of how one is made.
 * It can't block, having nobody to wait for: full is ENOSPC.
 */
struct ring {
	struct cask_io io; /* first, so that &ring.io and &ring are one */
	unsigned char bytes[4096];
	size_t in, out; /* ever written, ever read */
};

static ptrdiff_t
ring_read(struct cask_io *io, void *buf, size_t size)
{
	struct ring *r = (struct ring *)io;
	unsigned char *p = buf;
	size_t n = 0;

	while (n < size && r->out < r->in)
		p[n++] = r->bytes[r->out++ % sizeof r->bytes];
	return (ptrdiff_t)n;
}

static ptrdiff_t
ring_write(struct cask_io *io, const void *buf, size_t size)
{
	struct ring *r = (struct ring *)io;
	const unsigned char *p = buf;
	size_t n = 0;

	while (n < size && r->in - r->out < sizeof r->bytes)
		r->bytes[r->in++ % sizeof r->bytes] = p[n++];
	if (n > 0)
		return (ptrdiff_t)n;
	cask_io_fail(io, ENOSPC, "write");
	return -1;
}

static const struct cask_io_table ring_table = {
	.name = "ring",
	.read = ring_read,
	.write = ring_write,
	.local = true,
};

/* The suite's subjects: something to write to and to read the same from. */
struct line {
	struct cask_io *w, *r;
	void (*end)(struct line *l); /* nothing more will be written */
	struct cask_mem mem;
	struct ring ring;
	struct cask_file file[2];
	int fd[2];
	struct cask_sock sock[2];
};

struct subject {
	const char *name;
	void (*open)(struct line *l);
	void (*close)(struct line *l);
	bool calls; /* makes system calls, which can be interrupted */
};

static void
open_memory(struct line *l)
{
	l->w = l->r = cask_mem_grow(&l->mem, 0);
}

static void
close_memory(struct line *l)
{
	cask_mem_close(&l->mem);
}

static void
open_ring(struct line *l)
{
	l->ring.io.table = &ring_table;
	l->w = l->r = &l->ring.io;
}

static void
close_ring(struct line *l)
{
	(void)l;
}

/* Two descriptors of one file, since each has its own position. */
static void
open_file(struct line *l)
{
	char path[] = "/tmp/cask_io_test_XXXXXX";

	l->fd[1] = mkstemp(path);
	assert_true(l->fd[1] >= 0);
	l->fd[0] = open(path, O_RDONLY);
	assert_true(l->fd[0] >= 0);
	unlink(path);
	l->r = cask_file_use(&l->file[0], l->fd[0]);
	l->w = cask_file_use(&l->file[1], l->fd[1]);
}

static void
end_file(struct line *l)
{
	if (l->fd[1] >= 0)
		close(l->fd[1]);
	l->fd[1] = -1;
}

static void
close_file(struct line *l)
{
	end_file(l);
	if (l->fd[0] >= 0)
		close(l->fd[0]);
	l->fd[0] = -1;
}

static void
open_pipe(struct line *l)
{
	assert_int_equal(pipe(l->fd), 0);
	l->r = cask_file_use(&l->file[0], l->fd[0]);
	l->w = cask_file_use(&l->file[1], l->fd[1]);
	l->end = end_file;
}

static void
open_nonblocking(struct line *l)
{
	open_pipe(l);
	fcntl(l->fd[0], F_SETFL, O_NONBLOCK);
	fcntl(l->fd[1], F_SETFL, O_NONBLOCK);
}

static void
end_tcp(struct line *l)
{
	cask_shutdown(&l->sock[1], CASK_SENDS);
}

static void
open_tcp(struct line *l)
{
	struct cask_sock listener = { .timeout_ms = 5000 };
	uint16_t number;
	char port[8];

	assert_int_equal(cask_bind(&listener, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(&listener, 0), 0);
	assert_int_equal(cask_local(&listener, NULL, 0, &number), 0);
	snprintf(port, sizeof port, "%u", number);
	assert_int_equal(cask_connect(&l->sock[1], "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&listener, &l->sock[0]), 0);
	cask_close(&listener);
	l->r = &l->sock[0].io;
	l->w = &l->sock[1].io;
	l->end = end_tcp;
}

static void
close_tcp(struct line *l)
{
	cask_close(&l->sock[0]);
	cask_close(&l->sock[1]);
}

static const struct subject memory = { "memory", open_memory, close_memory,
	false };
static const struct subject own = { "ring", open_ring, close_ring, false };
static const struct subject file = { "file", open_file, close_file, true };
static const struct subject pipes = { "file", open_pipe, close_file, true };
static const struct subject nonblocking = { "file", open_nonblocking,
	close_file, true };
static const struct subject tcp = { "socket", open_tcp, close_tcp, true };

static void
setup(const struct subject *subject, struct line *l)
{
	memset(l, 0, sizeof *l);
	l->fd[0] = l->fd[1] = -1;
	fault_reset();
	subject->open(l);
}

static void
teardown(const struct subject *subject, struct line *l)
{
	fault_reset();
	subject->close(l);
	assert_int_equal(fault_allocations(), 0);
}

static void
write_all(struct cask_io *io, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	while (n > 0) {
		ptrdiff_t w = io->table->write(io, p, n);

		assert_true(w >= 1 && (size_t)w <= n);
		p += w;
		n -= (size_t)w;
	}
}

static void
read_all(struct cask_io *io, void *bytes, size_t n)
{
	unsigned char *p = bytes;

	while (n > 0) {
		ptrdiff_t r = io->table->read(io, p, n);

		assert_true(r >= 1 && (size_t)r <= n);
		p += r;
		n -= (size_t)r;
	}
}

/* Blocks of many sizes, written and read in pieces of other sizes. */
static void
assert_bytes_pass(struct line *l)
{
	unsigned char out[600], in[602];

	for (size_t i = 0; i < sizeof out; i++)
		out[i] = (unsigned char)(i * 7 + 1);
	for (size_t n = 1; n <= sizeof out; n += 1 + n / 3) {
		memset(in, 0xee, sizeof in);
		write_all(l->w, out, n);
		write_all(l->w, out, 1);
		read_all(l->r, in, n / 2);
		read_all(l->r, in + n / 2, n - n / 2 + 1);
		assert_memory_equal(in, out, n);
		assert_int_equal(in[n], out[0]);
		assert_int_equal(in[n + 1], 0xee);
	}
}

/* The suite */

static void
bytes_pass_unchanged_and_in_order(void **state)
{
	const struct subject *subject = *state;
	struct line l;

	setup(subject, &l);
	assert_bytes_pass(&l);
	teardown(subject, &l);
}

static void
reading_gives_what_is_there_and_does_not_wait_for_more(void **state)
{
	const struct subject *subject = *state;
	struct line l;
	char buf[100];
	ptrdiff_t n;

	setup(subject, &l);
	write_all(l.w, "abc", 3);
	n = l.r->table->read(l.r, buf, sizeof buf);
	while (!test_is_calm() && n > 0 && n < 3)
		n += l.r->table->read(l.r, buf + n, sizeof buf - (size_t)n);
	assert_int_equal(n, 3);
	assert_memory_equal(buf, "abc", 3);
	teardown(subject, &l);
}

static void
the_end_is_no_error_and_lasts(void **state)
{
	const struct subject *subject = *state;
	struct line l;
	char c;

	setup(subject, &l);
	write_all(l.w, "z", 1);
	if (l.end != NULL)
		l.end(&l);
	assert_int_equal(l.r->table->read(l.r, &c, 1), 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(l.r->table->read(l.r, &c, 1), 0);
	assert_int_equal(l.r->err, 0);
	teardown(subject, &l);
}

static void
a_transport_has_a_name(void **state)
{
	const struct subject *subject = *state;
	struct line l;

	setup(subject, &l);
	assert_string_equal(l.w->table->name, subject->name);
	assert_ptr_equal(l.w->table, l.r->table);
	teardown(subject, &l);
}

static void
interruptions_and_small_pieces_are_invisible(void **state)
{
	const struct subject *subject = *state;
	struct line l;

	setup(subject, &l);
	fault_disturb(true);
	fault_shorten(3);
	assert_bytes_pass(&l);
	assert_int_equal(fault_injected() > 0, subject->calls);
	teardown(subject, &l);
}

static void
what_fails_has_said_so_and_the_first_error_stays(void **state)
{
	static const enum fault_call calls[2][2] = {
		{ FAULT_READ, FAULT_WRITE },
		{ FAULT_RECV, FAULT_SEND },
	};
	const struct subject *subject = *state;
	bool is_tcp = subject == &tcp;
	struct line l;
	char c = 'x';

	setup(subject, &l);
	fault_plan(calls[is_tcp][0], 0, false, EIO);
	assert_int_equal(l.r->table->read(l.r, &c, 1), -1);
	fault_plan(calls[is_tcp][1], 0, false, ENOBUFS);
	assert_int_equal(l.w->table->write(l.w, &c, 1), -1);
	assert_int_equal(fault_injected(), 2);
	assert_int_equal(l.r->err, EIO);
	assert_string_equal(l.r->op, is_tcp ? "receive" : "read");
	assert_int_equal(l.w->err, ENOBUFS);
	assert_string_equal(l.w->op, is_tcp ? "send" : "write");
	assert_int_equal(cask_io_fail(l.w, EPERM, "other"), ENOBUFS);
	teardown(subject, &l);
}

/* A writer that is faster than the reader, by far. */

#define BULK ((size_t)1 << 20)

static void *
read_bulk(void *arg)
{
	struct cask_io *r = arg;
	unsigned char *buf = malloc(BULK);
	size_t wrong = 0;

	read_all(r, buf, BULK);
	for (size_t i = 0; i < BULK; i++)
		wrong += buf[i] != (unsigned char)(i >> 8 ^ i);
	free(buf);
	return wrong == 0 ? arg : NULL;
}

static void
a_writer_waits_for_its_reader(void **state)
{
	const struct subject *subject = *state;
	unsigned char *bulk = malloc(BULK);
	struct line l;
	pthread_t thread;
	void *result;

	for (size_t i = 0; i < BULK; i++)
		bulk[i] = (unsigned char)(i >> 8 ^ i);
	setup(subject, &l);
	assert_int_equal(pthread_create(&thread, NULL, read_bulk, l.r), 0);
	write_all(l.w, bulk, BULK);
	pthread_join(thread, &result);
	assert_non_null(result);
	teardown(subject, &l);
	free(bulk);
}

/* Memory */

static void
a_fixed_block_takes_its_size_and_no_byte_more(void **state)
{
	unsigned char block[4] = { 0, 0, 0, 0xee };
	struct cask_mem m;
	struct cask_io *io = cask_mem_write(&m, block, 3);
	char why[64];

	(void)state;
	assert_int_equal(io->table->write(io, "ab", 2), 2);
	assert_int_equal(io->table->write(io, "cd", 2), -1);
	assert_int_equal(io->err, ENOSPC);
	assert_string_equal(cask_io_why(io, why, sizeof why),
	    "write memory: more than 3 bytes, its limit");
	assert_int_equal(m.length, 2);
	assert_int_equal(io->table->write(io, "c", 1), 1);
	assert_memory_equal(block, "abc\xee", 4);
	cask_mem_close(&m);
	assert_memory_equal(block, "abc\xee", 4);
}

static void
a_block_to_read_from_is_not_written_to(void **state)
{
	struct cask_mem m;
	struct cask_io *io = cask_mem_read(&m, "abc", 3);
	char buf[8];

	(void)state;
	assert_int_equal(io->table->read(io, buf, 2), 2);
	assert_int_equal(m.position, 2);
	assert_int_equal(io->table->read(io, buf + 2, 6), 1);
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(io->table->read(io, buf, 1), 0);
	assert_int_equal(io->table->write(io, "x", 1), -1);
	assert_int_equal(io->err, ENOSPC);
	io = cask_mem_read(&m, NULL, 0);
	assert_int_equal(io->table->read(io, buf, 1), 0);
	assert_int_equal(io->err, 0);
}

static void
growing_memory_stops_at_its_limit(void **state)
{
	static char block[1000];
	struct cask_mem m;
	struct cask_io *io = cask_mem_grow(&m, 1500);

	(void)state;
	assert_int_equal(io->table->write(io, block, 1000), 1000);
	assert_int_equal(io->table->write(io, block, 501), -1);
	assert_int_equal(io->err, CASK_ELIMIT);
	assert_int_equal(io->table->write(io, block, 500), 500);
	assert_int_equal(m.length, 1500);
	cask_mem_close(&m);
	cask_mem_close(&m);
	assert_int_equal(fault_allocations(), 0);
}

/* It is empty then, and may be used on. */
static void
memory_that_was_closed_can_grow_again(void **state)
{
	struct cask_mem m;
	struct cask_io *io = cask_mem_grow(&m, 0);
	char buf[16];

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(io->table->read(io, buf, sizeof buf), 0);
		assert_int_equal(io->table->write(io, "hello", 5), 5);
		assert_int_equal(io->table->read(io, buf, sizeof buf), 5);
		assert_memory_equal(buf, "hello", 5);
		cask_mem_close(&m);
		assert_null(m.data);
		assert_int_equal(m.length, 0);
		assert_int_equal(m.position, 0);
		assert_int_equal(io->table->write(io, "abc", 3), 3);
		assert_int_equal(io->table->read(io, buf, sizeof buf), 3);
		assert_memory_equal(buf, "abc", 3);
		cask_mem_close(&m);
	}
	assert_int_equal(io->err, 0);
	assert_int_equal(fault_allocations(), 0);
}

static void
grow_and_fill(void *arg)
{
	static char block[1000];
	struct cask_mem m;
	struct cask_io *io = cask_mem_grow(&m, 0);
	size_t written = 0;

	(void)arg;
	for (int i = 0; i < 10; i++)
		if (io->table->write(io, block, sizeof block) > 0)
			written += sizeof block;
	assert_int_equal(m.length, written);
	assert_int_equal(io->err, written < 10000 ? ENOMEM : 0);
	cask_mem_close(&m);
}

static void
growing_memory_survives_a_lack_of_memory(void **state)
{
	(void)state;
	assert_true(fault_everywhere(grow_and_fill, NULL) >= 6);
}

/* Descriptors */

static void
a_broken_pipe_is_an_error_and_no_signal(void **state)
{
	struct line l;

	(void)state;
	setup(&pipes, &l);
	close(l.fd[0]);
	l.fd[0] = -1;
	assert_int_equal(l.w->table->write(l.w, "x", 1), -1);
	assert_int_equal(l.w->err, EPIPE);
	teardown(&pipes, &l);
}

/* Take some of what comes, and go, while the writer waits. */
static void *
read_some_and_close(void *arg)
{
	struct line *l = arg;
	char some[1000];

	test_pause(20);
	read_all(l->r, some, sizeof some);
	close(l->fd[0]);
	l->fd[0] = -1;
	return NULL;
}

/* The system tells of it twice: by a short write, with a signal, and then. */
static void
a_pipe_that_breaks_within_a_write_is_an_error_and_no_signal(void **state)
{
	const struct subject *subject = *state;
	char *bulk = calloc(BULK, 1);
	size_t written = 0;
	pthread_t thread;
	struct line l;
	sigset_t set;
	ptrdiff_t n;

	assert_non_null(bulk);
	setup(subject, &l);
	assert_int_equal(
	    pthread_create(&thread, NULL, read_some_and_close, &l), 0);
	while ((n = l.w->table->write(l.w, bulk, BULK - written)) > 0)
		written += (size_t)n;
	pthread_join(thread, NULL);
	assert_int_equal(n, -1);
	assert_int_equal(l.w->err, EPIPE);
	assert_in_range(written, 1000, BULK - 1);
	sigpending(&set);
	assert_int_equal(sigismember(&set, SIGPIPE), 0);
	teardown(subject, &l);
	free(bulk);
}

static volatile sig_atomic_t broken;

static void
note(int sig)
{
	(void)sig;
	broken++;
}

/* One that was pending before is somebody else's, and still arrives. */
static void
a_sigpipe_of_somebody_else_is_left_alone(void **state)
{
	struct sigaction sa = { .sa_handler = note }, old;
	sigset_t set, before;
	struct line l;

	(void)state;
	setup(&pipes, &l);
	sigaction(SIGPIPE, &sa, &old);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	raise(SIGPIPE);
	close(l.fd[0]);
	l.fd[0] = -1;
	assert_int_equal(l.w->table->write(l.w, "x", 1), -1);
	assert_int_equal(l.w->err, EPIPE);
	assert_int_equal(broken, 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(broken, 1);
	sigaction(SIGPIPE, &old, NULL);
	teardown(&pipes, &l);
}

static void
a_descriptor_of_the_wrong_kind_is_an_error(void **state)
{
	struct line l;
	char c;

	(void)state;
	setup(&pipes, &l);
	assert_int_equal(l.w->table->read(l.w, &c, 1), -1);
	assert_int_equal(l.w->err, EBADF);
	assert_int_equal(l.r->table->write(l.r, "x", 1), -1);
	assert_int_equal(l.r->err, EBADF);
	teardown(&pipes, &l);
}

static void
a_wait_that_fails_is_the_error(void **state)
{
	struct line l;
	char c;

	(void)state;
	setup(&nonblocking, &l);
	fault_plan(FAULT_POLL, 0, false, ENOMEM);
	assert_int_equal(l.r->table->read(l.r, &c, 1), -1);
	assert_int_equal(fault_injected(), 1);
	assert_int_equal(l.r->err, ENOMEM);
	teardown(&nonblocking, &l);
}

/* One's own */

static void
ones_own_transport_fails_in_its_own_words(void **state)
{
	static const char block[4096];
	struct line l;
	char why[80];

	(void)state;
	setup(&own, &l);
	l.ring.io.peer = "the ring";
	write_all(l.w, block, sizeof block);
	assert_int_equal(l.w->table->write(l.w, "x", 1), -1);
	assert_string_equal(cask_io_why(l.w, why, sizeof why),
	    "write the ring: No space left on device");
	assert_string_equal(cask_io_why(l.w, why, 10), "write the");
	teardown(&own, &l);
}

static void
words_are_put_together_from_what_is_known(void **state)
{
	static const struct {
		struct cask_io io;
		const char *why;
	} table[] = {
		{ { .err = ENOENT }, "No such file or directory" },
		{ { .err = ENOENT, .op = "open" },
		    "open: No such file or directory" },
		{ { .err = ENOENT, .peer = "here" },
		    "here: No such file or directory" },
		{ { .err = ETIMEDOUT, .op = "read", .limit_ms = 7 },
		    "read: timed out after 7 ms" },
		{ { .err = ETIMEDOUT, .op = "read" },
		    "read: Connection timed out" },
	};
	char why[80];

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_string_equal(
		    cask_io_why(&table[i].io, why, sizeof why), table[i].why);
}

#define ON(subject, test)                              \
	{                                              \
#test ": " #subject, test, NULL, NULL, \
		    (void *)(uintptr_t) & (subject)    \
	}

#define SUITE(subject)                                                   \
	ON(subject, bytes_pass_unchanged_and_in_order),                  \
	    ON(subject,                                                  \
		reading_gives_what_is_there_and_does_not_wait_for_more), \
	    ON(subject, the_end_is_no_error_and_lasts),                  \
	    ON(subject, a_transport_has_a_name),                         \
	    ON(subject, interruptions_and_small_pieces_are_invisible)

static const struct CMUnitTest tests[] = {
	SUITE(memory),
	SUITE(own),
	SUITE(file),
	SUITE(pipes),
	SUITE(nonblocking),
	SUITE(tcp),
	ON(file, what_fails_has_said_so_and_the_first_error_stays),
	ON(pipes, what_fails_has_said_so_and_the_first_error_stays),
	ON(tcp, what_fails_has_said_so_and_the_first_error_stays),
	ON(pipes, a_writer_waits_for_its_reader),
	ON(nonblocking, a_writer_waits_for_its_reader),
	ON(tcp, a_writer_waits_for_its_reader),
	ON(pipes, a_pipe_that_breaks_within_a_write_is_an_error_and_no_signal),
	ON(nonblocking,
	    a_pipe_that_breaks_within_a_write_is_an_error_and_no_signal),
	cmocka_unit_test(a_fixed_block_takes_its_size_and_no_byte_more),
	cmocka_unit_test(a_block_to_read_from_is_not_written_to),
	cmocka_unit_test(growing_memory_stops_at_its_limit),
	cmocka_unit_test(memory_that_was_closed_can_grow_again),
	cmocka_unit_test(growing_memory_survives_a_lack_of_memory),
	cmocka_unit_test(a_broken_pipe_is_an_error_and_no_signal),
	cmocka_unit_test(a_sigpipe_of_somebody_else_is_left_alone),
	cmocka_unit_test(a_descriptor_of_the_wrong_kind_is_an_error),
	cmocka_unit_test(a_wait_that_fails_is_the_error),
	cmocka_unit_test(ones_own_transport_fails_in_its_own_words),
	cmocka_unit_test(words_are_put_together_from_what_is_known),
};

RUN_TESTS(tests)
