/*
 * Tests of opening: lib/open.c and lib/attach.c as far as sock_test.c leaves
 * it, and what lib/close.c gives away again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include "../lib/sys.h"

#include <cask.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */

static void
port_of(struct cask_sock *s, char port[8])
{
	uint16_t number = 0;

	assert_int_equal(cask_local(s, NULL, 0, &number), 0);
	snprintf(port, 8, "%u", number);
}

static void
listen_on(struct cask_sock *l, char port[8])
{
	assert_int_equal(cask_bind(l, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(l, 0), 0);
	port_of(l, port);
}

static void
assert_talk(struct cask_sock *a, struct cask_sock *b)
{
	char buf[8];

	assert_int_equal(cask_send(a, "ping", 4), 0);
	assert_int_equal(cask_receive_all(b, buf, 4), 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(cask_send(b, "pong", 4), 0);
	assert_int_equal(cask_receive_all(a, buf, 4), 4);
	assert_memory_equal(buf, "pong", 4);
}

/* Attach and detach */

static void
a_descriptor_that_is_no_socket_is_refused_and_stays_the_callers(void **state)
{
	struct cask_sock s = { 0 };
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(cask_attach(&s, fd[0]), EINVAL);
	assert_string_equal(
	    cask_sock_why(&s), "attach: no stream or datagram socket");
	assert_int_equal(cask_sock_fd(&s), -1);
	cask_close(&s);
	assert_true(fcntl(fd[0], F_GETFD) >= 0);
	assert_int_equal(cask_attach(&s, -1), EBADF);
	assert_string_equal(cask_sock_why(&s), "attach: Bad file descriptor");
	close(fd[0]);
	close(fd[1]);
}

static void
an_attached_pair_talks_and_is_closed_on_exec(void **state)
{
	struct cask_sock a = { .timeout_ms = PATIENCE };
	struct cask_sock b = { .timeout_ms = PATIENCE };
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(cask_attach(&a, fd[0]), 0);
	assert_int_equal(cask_attach(&b, fd[1]), 0);
	assert_int_equal(cask_sock_fd(&a), fd[0]);
	assert_true(fcntl(fd[0], F_GETFD) & FD_CLOEXEC);
	assert_talk(&a, &b);
	assert_int_equal(cask_attach(&a, fd[1]), EISCONN);
	assert_int_equal(cask_close(&a), EISCONN);
	assert_int_equal(cask_close(&b), 0);
	assert_true(fcntl(fd[0], F_GETFD) < 0);
}

static void
a_listener_of_elsewhere_can_be_attached(void **state)
{
	struct cask_sock made = { 0 }, l = { .timeout_ms = PATIENCE };
	struct cask_sock a = { .timeout_ms = PATIENCE };
	struct cask_sock b = { .timeout_ms = PATIENCE };
	char port[8];

	(void)state;
	listen_on(&made, port);
	assert_int_equal(cask_attach(&l, cask_detach(&made)), 0);
	assert_int_equal(cask_sock_fd(&made), -1);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&l, &b), 0);
	assert_talk(&a, &b);
	cask_close(&a);
	cask_close(&b);
	assert_int_equal(cask_close(&l), 0);
	assert_int_equal(cask_close(&made), 0);
}

/* A receive that sleeps changes the descriptor's mode; nobody else sees it. */
static void
a_detached_descriptor_does_not_block_and_knows_no_limit(void **state)
{
	struct cask_sock l = { 0 }, a = { .timeout_ms = 20 }, b = { 0 };
	char port[8], c;
	struct timeval limit = { 1, 1 };
	socklen_t size = sizeof limit;
	int fd;

	(void)state;
	listen_on(&l, port);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&l, &b), 0);
	assert_int_equal(cask_receive(&a, &c, 1), -1);
	assert_int_equal(a.io.err, ETIMEDOUT);
	fd = cask_detach(&a);
	assert_true(fd >= 0);
	assert_int_equal(
	    getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &size), 0);
	assert_true(limit.tv_sec == 0 && limit.tv_usec == 0);
	assert_int_equal(test_recv(fd, &c, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(cask_detach(&a), -1);
	assert_int_equal(a.io.passing, EBADF);
	close(fd);
	cask_close(&a);
	cask_close(&b);
	cask_close(&l);
}

static void
take_one_value(struct cask_sock *s, int err)
{
	struct cask_ar in = { 0 };

	(void)err;
	cask_load(&in, &s->io);
	*(uint16_t *)s->user = cask_get_u16(&in);
}

static void
bytes_that_were_read_ahead_are_not_given_away(void **state)
{
	static const struct cask_notify notify = { .receive = take_one_value };
	struct cask_sock l = { 0 }, a = { 0 };
	uint16_t value = 0;
	struct cask_sock b = { .notify = &notify, .user = &value };
	char port[8], buf[4];
	int fd;

	(void)state;
	listen_on(&l, port);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&l, &b), 0);
	assert_int_equal(cask_send(&a, "\1\2left", 6), 0);
	assert_int_equal(cask_pump_turn(PATIENCE, NULL), 0);
	assert_int_equal(value, 0x0201);
	if (test_is_calm()) {
		assert_int_equal(b.io.ahead, 4);
		assert_int_equal(cask_detach(&b), -1);
		assert_int_equal(b.io.passing, ENOTEMPTY);
		assert_non_null(
		    strstr(cask_sock_why(&b), "has to be received first"));
	}
	assert_int_equal(cask_receive_all(&b, buf, 4), 4);
	assert_memory_equal(buf, "left", 4);
	fd = cask_detach(&b);
	assert_true(fd >= 0);
	close(fd);
	cask_close(&a);
	cask_close(&l);
}

/* What is passed by a starter */

static void
inherit(const char *const *env, int passed)
{
	struct cask_sock l = { .timeout_ms = PATIENCE }, c = { 0 };
	struct cask_sock none = { 0 };
	char pid[16];
	bool ok;

	if (dup2(passed, 3) != 3)
		_exit(90);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", env[0] != NULL ? env[0] : pid, 1);
	setenv("LISTEN_FDS", env[1], 1);
	if (cask_inherit(&l, 0) != 0)
		_exit(l.io.err == ENOENT ? 2 : 91);
	ok = cask_inherit(&none, 1) == ENOENT &&
	    (fcntl(3, F_GETFD) & FD_CLOEXEC) != 0 && cask_accept(&l, &c) == 0 &&
	    cask_send(&c, "served", 6) == 0 && cask_close(&c) == 0 &&
	    cask_close(&l) == 0;
	_exit(ok ? 0 : 92);
}

static int
child_with(const char *const *env, struct cask_sock *l)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (child == 0)
		inherit(env, cask_sock_fd(l));
	assert_int_equal(test_await(child, &status), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_listener_that_was_passed_by_a_starter_is_taken_over(void **state)
{
	struct cask_sock l = { 0 }, a = { .timeout_ms = PATIENCE };
	char port[8], buf[8];

	(void)state;
	listen_on(&l, port);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), 0);
	assert_int_equal(child_with((const char *[]) { NULL, "1" }, &l), 0);
	assert_int_equal(cask_receive_all(&a, buf, 6), 6);
	assert_memory_equal(buf, "served", 6);
	cask_close(&a);
	cask_close(&l);
}

static void
what_was_passed_to_another_process_or_not_at_all_is_not_there(void **state)
{
	static const char *const env[][2] = { { "1", "1" }, { NULL, "0" },
		{ NULL, "" }, { NULL, "1x" }, { NULL, "-1" }, { "x", "1" } };
	struct cask_sock l = { 0 }, s = { 0 };
	char port[8];

	(void)state;
	listen_on(&l, port);
	for (size_t i = 0; i < COUNT(env); i++)
		assert_int_equal(child_with(env[i], &l), 2);
	assert_int_equal(cask_inherit(&s, 0), ENOENT);
	assert_string_equal(cask_sock_why(&s),
	    "inherit: no such socket was passed to this process");
	cask_close(&l);
}

/* Binding */

static void
a_bound_stream_connects_from_its_port(void **state)
{
	struct cask_sock l = { .timeout_ms = PATIENCE };
	struct cask_sock a = { .timeout_ms = PATIENCE };
	struct cask_sock b = { .timeout_ms = PATIENCE };
	char port[8], own[8], seen[8];
	uint16_t number = 0;

	(void)state;
	listen_on(&l, port);
	assert_int_equal(cask_bind(&a, "127.0.0.1", "0"), 0);
	port_of(&a, own);
	assert_int_equal(cask_try_connect(&a, "127.0.0.1", port), EOPNOTSUPP);
	cask_close(&a);
	assert_int_equal(cask_bind(&a, "127.0.0.1", own), 0);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&l, &b), 0);
	assert_int_equal(cask_remote(&b, NULL, 0, &number), 0);
	snprintf(seen, sizeof seen, "%u", number);
	assert_string_equal(seen, own);
	assert_talk(&a, &b);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), EISCONN);
	cask_close(&a);
	cask_close(&b);

	/* … and is closed when it can't. */
	cask_close(&l);
	assert_int_equal(cask_bind(&b, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_connect(&b, "127.0.0.1", port), ECONNREFUSED);
	assert_int_equal(cask_sock_fd(&b), -1);
	assert_int_equal(cask_close(&b), ECONNREFUSED);
}

/* MFC: Create, and then Connect. */
static void
a_stream_that_is_bound_to_every_address_connects_by_ipv4(void **state)
{
	struct cask_sock l = { .timeout_ms = PATIENCE };
	struct cask_sock a = { .timeout_ms = PATIENCE };
	struct cask_sock b = { .timeout_ms = PATIENCE };
	char port[8];

	(void)state;
	listen_on(&l, port);
	assert_int_equal(cask_bind(&a, NULL, "0"), 0);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&l, &b), 0);
	assert_talk(&a, &b);
	cask_close(&a);
	cask_close(&b);
	cask_close(&l);
	assert_int_equal(cask_bind(&a, NULL, "0"), 0);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), ECONNREFUSED);
	assert_int_equal(cask_sock_fd(&a), -1);
}

static void
a_port_is_shared_by_those_who_all_say_so(void **state)
{
	struct cask_sock a = { .reuse_port = true }, b = a, c = { 0 };
	char port[8];

	(void)state;
	listen_on(&a, port);
	assert_int_equal(cask_bind(&b, "127.0.0.1", port), 0);
	assert_int_equal(cask_listen(&b, 0), 0);
	assert_int_equal(cask_bind(&c, "127.0.0.1", port), EADDRINUSE);
	cask_close(&a);
	cask_close(&b);
	cask_close(&c);
}

static void
a_listener_for_ipv6_alone_takes_no_ipv4(void **state)
{
	struct cask_sock l = { .v6_only = true }, a = { 0 };
	char port[8];

	(void)state;
	if (cask_bind(&l, "::1", "0") != 0) {
		print_message("no IPv6 here\n");
		skip();
	}
	cask_close(&l);
	assert_int_equal(cask_bind(&l, NULL, "0"), 0);
	assert_int_equal(cask_listen(&l, 0), 0);
	port_of(&l, port);
	assert_int_equal(cask_connect(&a, "::1", port), 0);
	cask_close(&a);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), ECONNREFUSED);
	cask_close(&l);
}

static int
buffer_of(struct cask_sock *s, int option)
{
	int bytes = 0;

	assert_int_equal(
	    caski_sys_getsockopt(cask_sock_fd(s), SOL_SOCKET, option, &bytes),
	    0);
	return bytes;
}

static void
buffers_are_as_large_as_was_said_before(void **state)
{
	struct cask_sock l = { .receive_buffer = 20000 };
	struct cask_sock a = { .send_buffer = 30000, .receive_buffer = 40000 };
	struct cask_sock plain = { 0 };
	char port[8];

	(void)state;
	listen_on(&l, port);
	assert_int_equal(cask_connect(&a, "127.0.0.1", port), 0);
	assert_int_equal(cask_connect(&plain, "127.0.0.1", port), 0);
	/* Linux doubles what is set. */
	assert_in_range(buffer_of(&l, SO_RCVBUF), 20000, 40000);
	assert_in_range(buffer_of(&a, SO_SNDBUF), 30000, 60000);
	assert_in_range(buffer_of(&a, SO_RCVBUF), 40000, 80000);
	assert_int_not_equal(
	    buffer_of(&plain, SO_RCVBUF), buffer_of(&a, SO_RCVBUF));
	cask_close(&a);
	cask_close(&plain);
	cask_close(&l);
}

static void
a_path_comes_without_a_port_and_a_host_with_one(void **state)
{
	struct cask_sock s = { 0 };

	(void)state;
	assert_int_equal(cask_connect(&s, NULL, "80"), EINVAL);
	assert_string_equal(cask_sock_why(&s), "connect: no host");
	assert_int_equal(cask_connect(&s, "127.0.0.1", NULL), EINVAL);
	assert_string_equal(cask_sock_why(&s), "connect: no port");
	assert_int_equal(cask_connect(&s, "/tmp/none", "80"), EINVAL);
	assert_string_equal(cask_sock_why(&s), "connect: a path has no port");
	assert_int_equal(cask_bind(&s, NULL, NULL), EINVAL);
	assert_string_equal(cask_sock_why(&s), "bind: no port");
	assert_int_equal(cask_bind(&s, "@none", "80"), EINVAL);
	assert_string_equal(cask_sock_why(&s), "bind: a path has no port");
	assert_int_equal(cask_close(&s), EINVAL);
}

/* Every call failing */

static void
attach_talk_detach(void *arg)
{
	struct cask_sock a = { .timeout_ms = PATIENCE };
	struct cask_sock b = { .timeout_ms = PATIENCE };
	char c = 0;
	int fd[2];

	(void)arg;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	if (cask_attach(&a, fd[0]) != 0)
		close(fd[0]);
	if (cask_attach(&b, fd[1]) != 0)
		close(fd[1]);
	cask_send(&a, "x", 1);
	if (a.io.err == 0 && cask_receive(&b, &c, 1) == 1)
		assert_int_equal(c, 'x');
	fd[0] = cask_detach(&a);
	if (fd[0] >= 0)
		close(fd[0]);
	cask_close(&a);
	cask_close(&b);
}

static void
bind_connect(void *arg)
{
	struct cask_sock a = { .timeout_ms = PATIENCE, .reuse_port = true };

	if (cask_bind(&a, "127.0.0.1", "0") == 0)
		cask_connect(&a, "127.0.0.1", arg);
	cask_close(&a);
}

static void
opening_may_fail_at_every_call_and_nothing_leaks(void **state)
{
	struct cask_sock l = { 0 };
	char port[8];

	(void)state;
	assert_true(fault_everywhere(attach_talk_detach, NULL) > 20);
	listen_on(&l, port);
	assert_true(fault_everywhere(bind_connect, port) > 20);
	cask_close(&l);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    a_descriptor_that_is_no_socket_is_refused_and_stays_the_callers),
	cmocka_unit_test(an_attached_pair_talks_and_is_closed_on_exec),
	cmocka_unit_test(a_listener_of_elsewhere_can_be_attached),
	cmocka_unit_test(
	    a_detached_descriptor_does_not_block_and_knows_no_limit),
	cmocka_unit_test(bytes_that_were_read_ahead_are_not_given_away),
	cmocka_unit_test(a_listener_that_was_passed_by_a_starter_is_taken_over),
	cmocka_unit_test(
	    what_was_passed_to_another_process_or_not_at_all_is_not_there),
	cmocka_unit_test(a_bound_stream_connects_from_its_port),
	cmocka_unit_test(
	    a_stream_that_is_bound_to_every_address_connects_by_ipv4),
	cmocka_unit_test(a_port_is_shared_by_those_who_all_say_so),
	cmocka_unit_test(a_listener_for_ipv6_alone_takes_no_ipv4),
	cmocka_unit_test(buffers_are_as_large_as_was_said_before),
	cmocka_unit_test(a_path_comes_without_a_port_and_a_host_with_one),
	cmocka_unit_test(opening_may_fail_at_every_call_and_nothing_leaks),
};

RUN_TESTS(tests)
