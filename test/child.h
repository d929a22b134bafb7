/*
 * Children: a process of its own for what is read from the environment once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CHILD_H
#define CHILD_H

#include "test.h"

#include <errno.h>
#include <sys/socket.h>

#include <cask/sock.h>

/* How a child ended, and all that it said on stderr. */
struct child {
	int status;
	size_t n;
	char said[1 << 20];
};

/* In a child, where an assertion would go on with the next test. */
#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition)) {                                            \
			dprintf(                                               \
			    2, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static inline void
child_setting(const char *variable, const char *value)
{
	if (value != NULL)
		setenv(variable, value, 1);
	else
		unsetenv(variable);
}

/* Run a scenario with these settings; NULL: unset.  It has to end well. */
static inline void
child_run(struct child *c, const char *chaos, const char *trace,
    void (*scenario)(void))
{
	int err[2];
	pid_t pid;
	ssize_t r;

	*c = (struct child) { 0 };
	assert_int_equal(pipe(err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(TEST_SECONDS);
		child_setting("CASK_CHAOS", chaos);
		child_setting("CASK_TRACE", trace);
		dup2(err[1], 2);
		close(err[0]);
		close(err[1]);
		scenario();
		_exit(0);
	}
	close(err[1]);
	do {
		r = test_read(
		    err[0], c->said + c->n, sizeof c->said - 1 - c->n);
		c->n += r > 0 ? (size_t)r : 0;
	} while (r > 0);
	close(err[0]);
	assert_int_equal(test_await(pid, &c->status), pid);
	if (c->status != 0)
		fail_msg("child: status %#x: %s", (unsigned)c->status, c->said);
}

/* Two ends of a connection, in a child. */
struct ends {
	struct cask_sock a, b;
};

static inline void
ends_open(struct ends *e, int type)
{
	int fd[2];

	*e = (struct ends) { 0 };
	CHECK(socketpair(AF_UNIX, type, 0, fd) == 0);
	e->a.watch.fd = fd[0];
	e->b.watch.fd = fd[1];
	strcpy(e->a.name, "peer:7000");
	strcpy(e->b.name, "peer:7001");
}

#endif
