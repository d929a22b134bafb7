/*
 * What the tests of the commands share: programs run as children, with their
 * output in pipes and a time limit on everything, and plain sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TOOLS_KIT_H
#define TOOLS_KIT_H

#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define LIMIT_MS 10000 /* a wait that takes longer is a hang */
#define TEXT     65536

static inline int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Children.  A test leaves none: kill_children is the teardown of each. */

struct child {
	pid_t pid;
	int out;
	int err;
};

static pid_t kit_children[16];

static inline const char *
cask_path(void)
{
	const char *path = getenv("CASK");

	return path != NULL ? path : "build/cask";
}

static inline void
note_child(pid_t from, pid_t to)
{
	size_t i = 0;

	while (i < COUNT(kit_children) && kit_children[i] != from)
		i++;
	assert_true(i < COUNT(kit_children));
	kit_children[i] = to;
}

static inline int
kill_children(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kit_children); i++) {
		if (kit_children[i] == 0)
			continue;
		kill(kit_children[i], SIGKILL);
		test_await(kit_children[i], NULL);
		kit_children[i] = 0;
	}
	/* A test of which something is left running is one that failed. */
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : -1;
}

static inline void
start_to(struct child *c, char *const argv[], int out, int err)
{
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (c->pid == 0) {
		dup2(out, 1);
		dup2(err, 2);
		execv(cask_path(), argv);
		_exit(127);
	}
	note_child(0, c->pid);
}

static inline void
make_pipe(int fd[2])
{
	assert_int_equal(pipe(fd), 0);
	fcntl(fd[0], F_SETFD, FD_CLOEXEC);
	fcntl(fd[1], F_SETFD, FD_CLOEXEC);
}

static inline void
start(struct child *c, char *const argv[])
{
	int out[2], err[2];

	make_pipe(out);
	make_pipe(err);
	start_to(c, argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	c->out = out[0];
	c->err = err[0];
}

#define START(c, ...) \
	start(c, (char *[]) { (char[]) { "cask" }, __VA_ARGS__, NULL })

/* Text for an argument vector, which isn't const. */
#define A(literal) ((char[]) { literal })

static inline int
wait_readable(int fd, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r;

	do {
		int64_t left = until - clock_ms();

		r = test_poll(&p, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	return r;
}

/* One line, without its newline: false at the end; a hang fails the test. */
static inline bool
read_line(int fd, char *line, size_t size)
{
	int64_t until = clock_ms() + LIMIT_MS;
	size_t n = 0;

	while (n + 1 < size) {
		if (wait_readable(fd, until) != 1)
			fail_msg("no line came");
		if (test_read(fd, line + n, 1) != 1)
			break;
		if (line[n] == '\n') {
			line[n] = '\0';
			return true;
		}
		n++;
	}
	line[n] = '\0';
	return n > 0;
}

static inline void
read_all(int fd, char *text, size_t size)
{
	int64_t until = clock_ms() + LIMIT_MS;
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n + 1 < size) {
		if (wait_readable(fd, until) != 1)
			fail_msg("output did not end");
		got = test_read(fd, text + n, size - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	text[n] = '\0';
	close(fd);
}

/* How it ended: its exit code, or 128 and the signal's number. */
static inline int
await_exit(struct child *c)
{
	int64_t until = clock_ms() + LIMIT_MS;
	int status;

	while (waitpid(c->pid, &status, WNOHANG) == 0) {
		if (clock_ms() > until)
			fail_msg("a command did not end");
		test_pause(2);
	}
	note_child(c->pid, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* All that is left of its output, then its exit code. */
static inline int
finish(struct child *c, char *out, char *err)
{
	read_all(c->out, out, TEXT);
	read_all(c->err, err, TEXT);
	return await_exit(c);
}

static inline void
hang_up(struct child *c)
{
	close(c->out);
	close(c->err);
}

#define ASSERT_HAS(text, part)                                   \
	do {                                                     \
		if (strstr(text, part) == NULL)                  \
			fail_msg("no '%s' in:\n%s", part, text); \
	} while (0)

#define ASSERT_LACKS(text, part)                                 \
	do {                                                     \
		if (strstr(text, part) != NULL)                  \
			fail_msg("'%s' is in:\n%s", part, text); \
	} while (0)

static inline size_t
occurrences(const char *text, const char *part)
{
	size_t n = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		n++;
	}
	return n;
}

/* Read the first line of a collector: its port goes to port. */
static inline void
read_port(struct child *c, char port[8])
{
	char line[256], rest;
	unsigned n;

	assert_true(read_line(c->out, line, sizeof line));
	assert_int_equal(
	    sscanf(line, "listening on 127.0.0.1 port %u%c", &n, &rest), 1);
	snprintf(port, 8, "%u", n & 0xFFFF);
}

#define COLLECTOR(c, port, ...)                                          \
	do {                                                             \
		START(c, A("collect"), A("-l"), A("127.0.0.1"), A("-p"), \
		    A("0"), __VA_ARGS__);                                \
		read_port(c, port);                                      \
	} while (0)

#define REPORTER(c, port, ...) \
	START(c, A("report"), A("127.0.0.1"), port, __VA_ARGS__)

/* Plain sockets, so that the peers of a command know nothing of the library. */

static inline int
plain_socket(struct sockaddr_in *a, const char *port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	*a = (struct sockaddr_in) { .sin_family = AF_INET };
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->sin_port = htons((uint16_t)atoi(port));
	return fd;
}

static inline int
dial(const char *port)
{
	struct sockaddr_in a;
	int fd = plain_socket(&a, port);

	assert_int_equal(test_connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static inline int
listen_on_any(char port[8])
{
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	int fd = plain_socket(&a, "0");

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	snprintf(port, 8, "%u", ntohs(a.sin_port));
	return fd;
}

/* Answer a knock; a hang fails the test. */
static inline int
answer(int listener)
{
	int fd;

	if (wait_readable(listener, clock_ms() + LIMIT_MS) != 1)
		fail_msg("nobody connected");
	fd = test_accept(listener);
	assert_true(fd >= 0);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

static inline void
say_bytes(int fd, const void *bytes, size_t n)
{
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
}

/* Exactly n bytes; false when the stream ends before them. */
static inline bool
hear(int fd, void *bytes, size_t n)
{
	int64_t until = clock_ms() + LIMIT_MS;
	unsigned char *p = bytes;

	while (n > 0) {
		ssize_t got;

		if (wait_readable(fd, until) != 1)
			fail_msg("nothing came");
		got = test_recv(fd, p, n, 0);
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

/* The protocol, by hand: little-endian. */

struct frame {
	size_t n; /* with its length in front */
	unsigned char bytes[4 + 65536];
};

enum {
	AT_MAGIC = 4,
	AT_VERSION = 8,
	AT_REPORTER = 10,
	AT_SEQUENCE = 18,
	AT_NAME = 26,
};

static inline void
put_le(unsigned char *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static inline uint64_t
get_le(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

static inline void
hear_frame(int fd, struct frame *f)
{
	assert_true(hear(fd, f->bytes, 4));
	f->n = 4 + (size_t)get_le(f->bytes, 4);
	assert_true(f->n > 4 && f->n <= sizeof f->bytes);
	assert_true(hear(fd, f->bytes + 4, f->n - 4));
}

static inline void
say_ack(int fd, uint64_t sequence, unsigned status)
{
	unsigned char ack[17] = { 13, 0, 0, 0, 'K', 'A', 'C', 'A' };

	put_le(ack + 8, sequence, 8);
	ack[16] = (unsigned char)status;
	say_bytes(fd, ack, sizeof ack);
}

static inline void
hear_ack(int fd, uint64_t sequence, unsigned status)
{
	unsigned char ack[17];

	assert_true(hear(fd, ack, sizeof ack));
	assert_memory_equal(ack, "\15\0\0\0KACA", 8);
	assert_int_equal(get_le(ack + 8, 8), sequence);
	assert_int_equal(ack[16], status);
}

/* A report as a real reporter makes it, to change and to send. */
static inline void
catch_frame(struct frame *f)
{
	static char out[TEXT], err[TEXT];
	struct child r;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	REPORTER(&r, port, A("--count"), A("1"), A("--name"), A("fake"));
	fd = answer(listener);
	hear_frame(fd, f);
	say_ack(fd, 1, 0);
	assert_int_equal(finish(&r, out, err), 0);
	close(fd);
	close(listener);
}

#endif
