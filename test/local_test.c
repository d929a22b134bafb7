/*
 * Tests of Unix-domain sockets: lib/open.c, lib/name.c, lib/datagram.c.
 *
 * Paths are in a directory of the test's own, and gone with it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include <cask/addr.h>
#include <cask/value.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */
#define SHORT    20   /* … and one that is */

static char directory[] = "/tmp/cask-local-XXXXXX";
static char path[2][64];

static int
make_directory(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	for (int i = 0; i < 2; i++)
		snprintf(path[i], sizeof path[i], "%s/%c", directory, 'a' + i);
	return 0;
}

static int
forget_paths(void **state)
{
	(void)state;
	fault_reset();
	unlink(path[0]);
	unlink(path[1]);
	return fault_allocations() == 0 ? 0 : -1;
}

static int
remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

static void assert_why(struct cask_sock *s, const char *format, ...)
    CASK_PRINTF(2, 3);

static void
assert_why(struct cask_sock *s, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	assert_string_equal(cask_sock_why(s), text);
}

/* A listener and the two ends of a connection to it. */
struct trio {
	struct cask_sock l, a, b;
};

static void
trio_open(struct trio *t, const char *host)
{
	*t = (struct trio) { .l.timeout_ms = PATIENCE,
		.a.timeout_ms = PATIENCE,
		.b.timeout_ms = PATIENCE };
	assert_int_equal(cask_bind(&t->l, host, NULL), 0);
	assert_int_equal(cask_listen(&t->l, 0), 0);
	assert_int_equal(cask_connect(&t->a, host, NULL), 0);
	assert_int_equal(cask_accept(&t->l, &t->b), 0);
}

static void
trio_close(struct trio *t)
{
	assert_int_equal(cask_close(&t->a), 0);
	assert_int_equal(cask_close(&t->b), 0);
	assert_int_equal(cask_close(&t->l), 0);
}

static void
assert_local(struct cask_sock *s, const char *expected)
{
	char host[110];
	uint16_t port = 1;

	assert_int_equal(cask_local(s, host, sizeof host, &port), 0);
	assert_string_equal(host, expected);
	assert_int_equal(port, 0);
}

static void
assert_remote(struct cask_sock *s, const char *expected)
{
	char host[110];
	uint16_t port = 1;

	assert_int_equal(cask_remote(s, host, sizeof host, &port), 0);
	assert_string_equal(host, expected);
	assert_int_equal(port, 0);
}

static const char *
abstract(void)
{
	static char name[64];

	snprintf(name, sizeof name, "@cask-local-%ld", (long)getpid());
	return name;
}

static bool
have_abstract(void)
{
	struct cask_sock s = { 0 };
	bool have = cask_bind(&s, abstract(), NULL) == 0;

	cask_close(&s);
	return have;
}

/* Streams */

static void
both_ends_talk_and_know_their_names(void **state)
{
	struct trio t;
	char buf[8];

	(void)state;
	trio_open(&t, path[0]);
	assert_string_equal(t.l.io.peer, path[0]);
	assert_string_equal(t.a.io.peer, path[0]);
	assert_string_equal(t.b.io.peer, "unnamed");
	assert_local(&t.l, path[0]);
	assert_remote(&t.a, path[0]);
	assert_local(&t.a, "");
	assert_local(&t.b, path[0]);
	assert_remote(&t.b, "");
	assert_int_equal(cask_local(&t.l, buf, sizeof buf, NULL), ENOSPC);
	assert_int_equal(cask_send(&t.a, "ping", 4), 0);
	assert_int_equal(cask_receive_all(&t.b, buf, 4), 4);
	assert_int_equal(cask_send(&t.b, "pong", 4), 0);
	assert_int_equal(cask_receive_all(&t.a, buf, 4), 4);
	trio_close(&t);
}

static void
a_client_that_is_bound_has_a_name(void **state)
{
	struct trio t = { .l.timeout_ms = PATIENCE, .a.timeout_ms = PATIENCE };

	(void)state;
	assert_int_equal(cask_bind(&t.l, path[0], NULL), 0);
	assert_int_equal(cask_listen(&t.l, 0), 0);
	assert_int_equal(cask_bind(&t.a, path[1], NULL), 0);
	assert_int_equal(cask_connect(&t.a, path[0], NULL), 0);
	assert_int_equal(cask_accept(&t.l, &t.b), 0);
	assert_string_equal(t.b.io.peer, path[1]);
	assert_remote(&t.b, path[1]);
	assert_local(&t.a, path[1]);
	trio_close(&t);
}

static void
an_abstract_name_has_no_file(void **state)
{
	struct trio t;
	char text[100];

	(void)state;
	if (!have_abstract())
		skip();
	for (int i = 0; i < 2; i++) { /* and is free at once */
		trio_open(&t, abstract());
		assert_local(&t.l, abstract());
		assert_remote(&t.a, abstract());
		assert_string_equal(t.a.io.peer, abstract());
		assert_int_not_equal(access(abstract(), F_OK), 0);
		trio_close(&t);
	}
	assert_int_equal(cask_connect(&t.a, abstract(), NULL), ECONNREFUSED);
	snprintf(
	    text, sizeof text, "connect %s: Connection refused", abstract());
	assert_string_equal(cask_sock_why(&t.a), text);
}

static void
a_name_that_a_peer_has_chosen_makes_no_lines_in_messages(void **state)
{
	struct cask_sock l = { .timeout_ms = PATIENCE };
	struct cask_sock c = { .timeout_ms = PATIENCE };
	struct cask_sock a = { .timeout_ms = SHORT };
	char evil[96], host[96], byte;

	(void)state;
	if (!have_abstract())
		skip();
	snprintf(evil, sizeof evil, "%s\n\033[2J\177", abstract());
	assert_int_equal(cask_bind(&l, path[0], NULL), 0);
	assert_int_equal(cask_listen(&l, 0), 0);
	assert_int_equal(cask_bind(&c, evil, NULL), 0);
	assert_int_equal(cask_connect(&c, path[0], NULL), 0);
	assert_int_equal(cask_accept(&l, &a), 0);
	assert_int_equal(cask_receive(&a, &byte, 1), -1);
	assert_why(&a, "receive %s??[2J?: timed out after %d ms, nothing lost",
	    abstract(), SHORT);
	assert_int_equal(cask_remote(&a, host, sizeof host, NULL), 0);
	assert_string_equal(host, evil);
	cask_close(&a);
	cask_close(&c);
	cask_close(&l);
}

static void
archives_work_over_a_path(void **state)
{
	struct cask_ar out = { 0 }, in = { 0 };
	struct trio t;
	uint32_t n = 4711;

	(void)state;
	trio_open(&t, path[0]);
	cask_store(&out, &t.a.io);
	cask_load(&in, &t.b.io);
	for (int i = 0; i < 20; i++)
		cask_u32(&out, &n);
	cask_flush(&out);
	for (int i = 0; i < 20; i++) {
		n = 0;
		cask_u32(&in, &n);
		assert_int_equal(n, 4711);
	}
	assert_int_equal(cask_close(&t.a), 0);
	cask_u32(&in, &n);
	assert_int_equal(in.err, CASK_ECUT);
	trio_close(&t);
}

static void
a_path_in_use_is_not_taken_away(void **state)
{
	struct trio t;
	struct cask_sock s = { 0 }, d = { .datagram = true };

	(void)state;
	trio_open(&t, path[0]);
	assert_int_equal(cask_bind(&s, path[0], NULL), EADDRINUSE);
	assert_why(&s, "bind %s: Address already in use", path[0]);
	assert_int_equal(cask_bind(&d, path[0], NULL), EADDRINUSE);
	assert_int_equal(cask_connect(&s, path[0], NULL), 0);
	cask_close(&s);
	trio_close(&t);
}

static void
a_path_that_nobody_listens_on_is_taken_again(void **state)
{
	struct trio t;
	struct cask_sock d = { .datagram = true };

	(void)state;
	trio_open(&t, path[0]);
	trio_close(&t);
	assert_int_equal(access(path[0], F_OK), 0);
	assert_int_equal(cask_connect(&t.a, path[0], NULL), ECONNREFUSED);
	trio_open(&t, path[0]);
	trio_close(&t);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(cask_bind(&d, path[1], NULL), 0);
		assert_int_equal(cask_close(&d), 0);
	}
}

static void
a_file_that_is_no_socket_is_left_alone(void **state)
{
	int fd = open(path[0], O_CREAT | O_RDWR, 0600);
	struct cask_sock s = { 0 };
	char byte;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(cask_bind(&s, path[0], NULL), EADDRINUSE);
	close(fd);
	fd = open(path[0], O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(test_read(fd, &byte, 1), 1);
	close(fd);
	assert_int_equal(symlink(path[0], path[1]), 0);
	assert_int_equal(cask_bind(&s, path[1], NULL), EADDRINUSE);
	assert_int_equal(access(path[1], F_OK), 0);
}

static void
a_path_that_is_not_there_is_named(void **state)
{
	struct cask_sock s = { 0 };

	(void)state;
	assert_int_equal(cask_connect(&s, path[0], NULL), ENOENT);
	assert_why(&s, "connect %s: No such file or directory", path[0]);
	assert_int_equal(cask_bind(&s, "/nowhere/a", NULL), ENOENT);
	assert_why(&s, "bind /nowhere/a: No such file or directory");
	assert_int_equal(cask_bind(&s, path[0], "7000"), EINVAL);
}

static void
a_path_that_is_too_long_is_refused_whole(void **state)
{
	struct cask_sock s = { .datagram = true };
	struct cask_addr a;
	char text[200], again[110];
	size_t most;

	(void)state;
	memset(text, 'x', sizeof text);
	memcpy(text, "/nowhere/", 9);
	for (most = 80; most < sizeof text - 1; most++) {
		text[most] = '\0';
		if (cask_connect(&s, text, NULL) == ENAMETOOLONG)
			break;
		text[most] = 'x';
	}
	assert_in_range(most, 104, 108);
	assert_int_equal(cask_bind(&s, text, NULL), ENAMETOOLONG);
	assert_why(&s, "bind %.76s...: File name too long", text);
	assert_int_equal(cask_addr_find(&a, &s, text, NULL), ENAMETOOLONG);
	text[most - 1] = '\0';
	assert_int_equal(cask_addr_find(&a, &s, text, NULL), 0);
	assert_int_equal(cask_addr_text(&a, again, sizeof again, NULL), 0);
	assert_string_equal(again, text);
}

static void
a_socket_pair_has_no_names_at_all(void **state)
{
	struct cask_sock a = { 0 }, b = { 0 };
	char buf[4];
	int fd[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(cask_attach(&a, fd[0]), 0);
	assert_int_equal(cask_attach(&b, fd[1]), 0);
	assert_string_equal(a.io.peer, "unnamed");
	assert_local(&a, "");
	assert_remote(&a, "");
	assert_int_equal(cask_send(&a, "ab", 2), 0);
	assert_int_equal(cask_receive_all(&b, buf, 2), 2);
	cask_close(&b);
	assert_int_equal(cask_send(&a, "ab", 2), EPIPE);
	assert_why(&a, "send unnamed: Broken pipe");
	cask_close(&a);
}

/* Datagrams */

struct pair {
	struct cask_sock a, b;
	struct cask_addr to_b;
};

/* b has the name; a has none. */
static void
pair_open(struct pair *p, const char *host)
{
	*p = (struct pair) { .a.datagram = true,
		.b.datagram = true,
		.a.timeout_ms = PATIENCE,
		.b.timeout_ms = PATIENCE };
	assert_int_equal(cask_bind(&p->b, host, NULL), 0);
	assert_int_equal(cask_addr_find(&p->to_b, &p->a, host, NULL), 0);
}

static void
pair_close(struct pair *p)
{
	assert_int_equal(cask_close(&p->a), 0);
	assert_int_equal(cask_close(&p->b), 0);
}

static void
datagrams_go_to_a_path_and_back(void **state)
{
	struct pair p;
	struct cask_addr from;
	char buf[8], host[110];
	uint16_t port = 1;

	(void)state;
	pair_open(&p, path[0]);
	assert_string_equal(p.b.io.peer, path[0]);
	assert_int_equal(cask_bind(&p.a, path[1], NULL), 0);
	assert_int_equal(cask_send_to(&p.a, "ask", 3, &p.to_b), 0);
	assert_int_equal(cask_receive_from(&p.b, buf, 8, &from), 3);
	assert_int_equal(cask_addr_text(&from, host, sizeof host, &port), 0);
	assert_string_equal(host, path[1]);
	assert_int_equal(port, 0);
	assert_int_equal(cask_send_to(&p.b, "", 0, &from), 0);
	assert_int_equal(cask_receive_from(&p.a, buf, 8, NULL), 0);
	pair_close(&p);
}

static void
who_sends_without_a_name_can_not_be_answered(void **state)
{
	struct pair p;
	struct cask_addr from;
	char buf[8], host[8] = "x";

	(void)state;
	pair_open(&p, path[0]);
	assert_int_equal(cask_send_to(&p.a, "ask", 3, &p.to_b), 0);
	assert_local(&p.a, "");
	assert_int_equal(cask_receive_from(&p.b, buf, 2, &from), -1);
	assert_int_equal(p.b.io.passing, EMSGSIZE);
	assert_int_equal(cask_addr_text(&from, host, sizeof host, NULL), 0);
	assert_string_equal(host, "");
	assert_int_equal(cask_send_to(&p.b, "x", 1, &from), EINVAL);
	assert_why(&p.b, "send %s: to unnamed: Invalid argument", path[0]);
	pair_close(&p);
}

static void
datagrams_go_to_an_abstract_name(void **state)
{
	struct pair p;
	char buf[8], host[110];

	(void)state;
	if (!have_abstract())
		skip();
	pair_open(&p, abstract());
	assert_int_equal(cask_addr_text(&p.to_b, host, sizeof host, NULL), 0);
	assert_string_equal(host, abstract());
	assert_int_equal(cask_connect(&p.a, abstract(), NULL), 0);
	assert_int_equal(cask_send(&p.a, "x", 1), 0);
	assert_int_equal(cask_receive(&p.b, buf, 8), 1);
	assert_remote(&p.a, abstract());
	pair_close(&p);
}

static void
a_receiver_that_is_gone_is_told_to_one_call(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, path[0]);
	assert_int_equal(cask_send_to(&p.a, "x", 1, &p.to_b), 0);
	cask_close(&p.b);
	assert_int_equal(cask_send_to(&p.a, "x", 1, &p.to_b), ECONNREFUSED);
	assert_why(&p.a, "send: to %s: Connection refused", path[0]);
	assert_int_equal(cask_bind(&p.b, path[0], NULL), 0);
	assert_int_equal(cask_send_to(&p.a, "x", 1, &p.to_b), 0);
	pair_close(&p);
}

/* Send until the receiver's queue is full. */
static unsigned
fill(struct pair *p)
{
	unsigned n = 0;

	while (cask_try_send_to(&p->a, "x", 1, &p->to_b) == 0)
		n++;
	assert_int_equal(p->a.io.passing, EAGAIN);
	assert_true(n > 0);
	return n;
}

static void
a_full_receiver_takes_no_more_within_the_limit(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p, path[0]);
	fill(&p);
	assert_why(&p.a, "send: to %s: there is no room", path[0]);
	p.a.send_ms = SHORT;
	assert_int_equal(cask_send_to(&p.a, "x", 1, &p.to_b), ETIMEDOUT);
	assert_why(
	    &p.a, "send: timed out after %d ms, nothing was sent", SHORT);
	assert_int_equal(p.a.io.err, 0);
	pair_close(&p);
}

static void
take_one(struct cask_timer *t)
{
	char byte;

	assert_int_equal(cask_try_receive(t->user, &byte, 1), 1);
}

static void
a_send_waits_until_the_receiver_has_room(void **state)
{
	(void)state;
	for (int connected = 0; connected < 2; connected++) {
		struct pair p;
		struct cask_timer t = { .after_ms = SHORT, .fire = take_one };
		unsigned n;

		pair_open(&p, path[0]);
		t.user = &p.b;
		if (connected)
			assert_int_equal(cask_connect(&p.a, path[0], NULL), 0);
		n = fill(&p);
		assert_int_equal(cask_timer_start(&t), 0);
		if (connected)
			assert_int_equal(cask_send(&p.a, "x", 1), 0);
		else
			assert_int_equal(
			    cask_send_to(&p.a, "x", 1, &p.to_b), 0);
		for (; n > 0; n--)
			take_one(&t);
		pair_close(&p);
	}
}

static void
close_it(struct cask_timer *t)
{
	cask_close(t->user);
}

static void
a_timer_can_close_a_socket_that_sends(void **state)
{
	struct pair p;
	struct cask_timer t = { .after_ms = SHORT, .fire = close_it };

	(void)state;
	pair_open(&p, path[0]);
	t.user = &p.a;
	fill(&p);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(cask_send_to(&p.a, "x", 1, &p.to_b), ECANCELED);
	assert_int_equal(p.a.io.err, 0);
	pair_close(&p);
}

static unsigned sends;

static void
on_send(struct cask_sock *s, int err)
{
	(void)s;
	assert_int_equal(err, 0);
	sends++;
}

static void
room_at_the_receiver_is_announced(void **state)
{
	static const struct cask_notify notify = { .send = on_send };
	struct pair p;
	unsigned n;

	(void)state;
	pair_open(&p, path[0]);
	p.a.notify = &notify;
	sends = 0;
	fill(&p);
	take_one(&(struct cask_timer) { .user = &p.b });
	while (sends == 0)
		assert_int_equal(cask_pump_turn(PATIENCE, &n), 0);
	assert_int_equal(cask_try_send_to(&p.a, "x", 1, &p.to_b), 0);
	pair_close(&p);
}

/* Failures */

static void
converse(void *arg)
{
	struct cask_sock l = { .timeout_ms = PATIENCE };
	struct cask_sock a = { .timeout_ms = PATIENCE };
	struct cask_sock b = { .timeout_ms = PATIENCE };
	bool done;
	char byte;

	(void)arg;
	done = cask_bind(&l, path[0], NULL) == 0 && cask_listen(&l, 0) == 0 &&
	    cask_connect(&a, path[0], NULL) == 0 && cask_accept(&l, &b) == 0 &&
	    cask_send(&a, "x", 1) == 0 && cask_receive(&b, &byte, 1) == 1;
	assert_true(done || fault_injected() > 0);
	assert_true(done || l.io.err != 0 || a.io.err != 0 || b.io.err != 0);
	cask_close(&l);
	cask_close(&a);
	cask_close(&b);
}

static void
every_failure_of_a_conversation_is_told_and_leaks_nothing(void **state)
{
	(void)state;
	assert_true(fault_everywhere(converse, NULL) > 20);
}

#define TEST(name) cmocka_unit_test_teardown(name, forget_paths)

static const struct CMUnitTest tests[] = {
	TEST(both_ends_talk_and_know_their_names),
	TEST(a_client_that_is_bound_has_a_name),
	TEST(an_abstract_name_has_no_file),
	TEST(a_name_that_a_peer_has_chosen_makes_no_lines_in_messages),
	TEST(archives_work_over_a_path),
	TEST(a_path_in_use_is_not_taken_away),
	TEST(a_path_that_nobody_listens_on_is_taken_again),
	TEST(a_file_that_is_no_socket_is_left_alone),
	TEST(a_path_that_is_not_there_is_named),
	TEST(a_path_that_is_too_long_is_refused_whole),
	TEST(a_socket_pair_has_no_names_at_all),
	TEST(datagrams_go_to_a_path_and_back),
	TEST(who_sends_without_a_name_can_not_be_answered),
	TEST(datagrams_go_to_an_abstract_name),
	TEST(a_receiver_that_is_gone_is_told_to_one_call),
	TEST(a_full_receiver_takes_no_more_within_the_limit),
	TEST(a_send_waits_until_the_receiver_has_room),
	TEST(a_timer_can_close_a_socket_that_sends),
	TEST(room_at_the_receiver_is_announced),
	TEST(every_failure_of_a_conversation_is_told_and_leaks_nothing),
};

int
main(void)
{
	test_begin();
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
