/*
 * cask replay: either side of a recorded session, against plain sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "proxy_kit.h"

/* One connection, in which each side says two things. */
static const char session[] = "cask session 1\n"
			      "0.000000 1 open 127.0.0.1:1 127.0.0.1:2\n"
			      "0.001000 1 > 61736b\n"
			      "0.002000 1 < 6f6b\n"
			      "0.003000 1 > 6d6f7265\n"
			      "0.004000 1 > end\n"
			      "0.005000 1 < 627965\n"
			      "0.006000 1 < end\n";

static struct child child;
static char port[8];
static int listener;

static void
play_client(const char *text, const char *option)
{
	char *argv[] = { A("cask"), A("replay"), session_path, A("127.0.0.1"),
		port, A("--timeout"), A("2"), (char *)(uintptr_t)option, NULL };

	write_text(session_path, text);
	listener = listen_on_any(port);
	start(&child, argv);
}

static void
play_server(const char *text)
{
	write_text(session_path, text);
	START(&child, A("replay"), A("-l"), A("0"), A("-a"), A("127.0.0.1"),
	    A("--timeout"), A("2"), session_path);
	read_port(&child, port);
}

/* Its last line, and how it ended. */
static void
expect(const char *result, int code)
{
	read_all(child.out, out, TEXT);
	read_all(child.err, err, TEXT);
	assert_string_equal(out, result);
	assert_int_equal(await_exit(&child), code);
}

static void
expect_different(const char *how)
{
	char want[200];

	snprintf(want, sizeof want, "different: connection 1: %s\n", how);
	expect(want, 3);
	assert_string_equal(err, "");
}

/* A server that says the same, but for its last words. */
static void
serve(const char *last)
{
	int fd = answer(listener);
	char text[8];

	assert_true(hear(fd, text, 3));
	assert_memory_equal(text, "ask", 3);
	say_bytes(fd, "ok", 2);
	assert_true(hear(fd, text, 4));
	assert_memory_equal(text, "more", 4);
	assert_ends(fd);
	send(fd, last, strlen(last), MSG_NOSIGNAL);
	close(fd);
	close(listener);
}

static void
a_client_is_played_and_the_same_answer_is_the_same(void **state)
{
	(void)state;
	play_client(session, NULL);
	serve("bye");
	expect("the same: 1 connections, 7 bytes sent, 5 received\n", 0);
	assert_string_equal(err, "");
}

static void
the_first_byte_that_differs_is_named(void **state)
{
	(void)state;
	play_client(session, NULL);
	serve("bxe");
	expect_different("byte 3 from the server is 78, recorded 79");
	play_client(session, NULL);
	serve("bye!");
	expect_different("the server goes on after byte 5, where the recording "
			 "ends");
	play_client(session, NULL);
	serve("by");
	expect_different("the server ended after byte 4 of 5");
}

static void
silence_is_different_too(void **state)
{
	int fd;

	(void)state;
	play_client(session, NULL);
	fd = answer(listener);
	expect_different("the server stopped after byte 0 of 5: nothing came "
			 "in 2 s");
	close(fd);
	close(listener);
}

static void
an_end_that_does_not_come_is_different(void **state)
{
	static const char only[] = "cask session 1\n"
				   "0.000000 1 open\n"
				   "0.000000 1 < 6f6b\n"
				   "0.000000 1 < end\n";
	int fd;

	(void)state;
	play_client(only, NULL);
	fd = answer(listener);
	say_bytes(fd, "ok", 2);
	expect_different("the server does not end after byte 2: nothing came "
			 "in 2 s");
	close(fd);
	close(listener);
}

static void
differences_can_be_ignored(void **state)
{
	(void)state;
	play_client(session, "--ignore");
	serve("BYE!");
	expect("the same: 1 connections, 7 bytes sent, 6 received\n", 0);
	assert_string_equal(err, "");
	play_client(session, "--ignore");
	serve("");
	expect("the same: 1 connections, 7 bytes sent, 2 received\n", 0);
}

static void
what_follows_a_recording_that_stops_is_not_compared(void **state)
{
	static const char open_end[] = "cask session 1\n"
				       "0.000000 1 open\n"
				       "0.000000 1 > 61736b\n"
				       "0.000000 1 < 6f6b\n";
	char text[8];
	int fd;

	(void)state;
	play_client(open_end, NULL);
	fd = answer(listener);
	assert_true(hear(fd, text, 3));
	say_bytes(fd, "ok, and more", 12);
	read_all(child.out, out, TEXT);
	ASSERT_HAS(out, "the same: 1 connections, 3 bytes sent, ");
	read_all(child.err, err, TEXT);
	assert_int_equal(await_exit(&child), 0);
	close(fd);
	close(listener);
}

static void
a_server_is_played_and_the_client_compared(void **state)
{
	char text[8];
	int fd;

	(void)state;
	play_server(session);
	fd = dial(port);
	say_bytes(fd, "as", 2);
	test_pause(20);
	say_bytes(fd, "k", 1);
	assert_true(hear(fd, text, 2));
	assert_memory_equal(text, "ok", 2);
	say_bytes(fd, "more", 4);
	shutdown(fd, SHUT_WR);
	assert_true(hear(fd, text, 3));
	assert_memory_equal(text, "bye", 3);
	assert_ends(fd);
	close(fd);
	expect("the same: 1 connections, 5 bytes sent, 7 received\n", 0);
	play_server(session);
	fd = dial(port);
	say_bytes(fd, "asK", 3);
	expect_different("byte 2 from the client is 4b, recorded 6b");
	close(fd);
}

/* What one client says brings about what another one hears. */
static const char chat[] = "cask session 1\n"
			   "0.000000 1 open\n"
			   "0.000000 2 open\n"
			   "0.001000 1 > 6869\n"
			   "0.002000 2 < 6869\n"
			   "0.003000 2 > 796f\n"
			   "0.004000 1 < 796f\n"
			   "0.005000 2 > reset\n"
			   "0.005000 1 cut\n";

static void
connections_are_played_in_the_order_of_the_recording(void **state)
{
	char text[8];
	int a, b;

	(void)state;
	play_client(chat, NULL);
	a = answer(listener);
	b = answer(listener);
	assert_true(hear(a, text, 2));
	assert_int_equal(wait_readable(b, clock_ms() + 50), 0);
	say_bytes(b, "hi", 2);
	assert_true(hear(b, text, 2));
	assert_memory_equal(text, "yo", 2);
	say_bytes(a, "yo", 2);
	assert_is_lost(b);
	assert_ends(a);
	expect("the same: 2 connections, 4 bytes sent, 4 received\n", 0);
	close(a);
	close(b);
	close(listener);
}

static void
a_connection_more_than_was_recorded_is_different(void **state)
{
	int a, b;

	(void)state;
	play_server(session);
	a = dial(port);
	b = dial(port);
	expect("different: a connection more than was recorded\n", 3);
	close(a);
	close(b);
}

static void
times_are_kept_on_request(void **state)
{
	static const char slow[] = "cask session 1\n"
				   "5.000000 1 open\n"
				   "5.300000 1 > 61\n"
				   "5.300000 1 > end\n"
				   "5.400000 1 < end\n";
	int64_t began;
	char byte;
	int fd;

	(void)state;
	play_client(slow, "--times");
	fd = answer(listener);
	began = clock_ms();
	assert_true(hear(fd, &byte, 1));
	assert_true(clock_ms() - began >= 250);
	close(fd);
	expect("the same: 1 connections, 1 bytes sent, 0 received\n", 0);
	close(listener);
}

/* Both sides of what a proxy has recorded, against each other, and through
 * another proxy, which records the same. */
static void
what_a_proxy_recorded_is_played_through_another_and_stays_the_same(void **state)
{
	static char before[1 << 16], after[1 << 16];
	struct child server, middle, client;
	char port2[8];

	(void)state;
	write_text(session_path, session);
	START(&server, A("replay"), A("-l"), A("0"), A("-a"), A("127.0.0.1"),
	    session_path);
	read_port(&server, port);
	START(&middle, A("proxy"), A("-a"), A("127.0.0.1"), A("-n"), A("1"),
	    A("--record"), pcap_path, A("--split"), A("2"), A("127.0.0.1"),
	    port);
	read_port(&middle, port2);
	START(&client, A("replay"), session_path, A("127.0.0.1"), port2);
	assert_int_equal(finish(&client, out, err), 0);
	assert_int_equal(finish(&server, out, err), 0);
	assert_int_equal(finish(&middle, out, err), 0);
	assert_true(read_file(pcap_path, after, sizeof after) > 0);
	/* what had arrived at once may have come in two */
	read_file(session_path, before, sizeof before);
	START(&server, A("replay"), A("-l"), A("0"), A("-a"), A("127.0.0.1"),
	    session_path);
	read_port(&server, port);
	START(&client, A("replay"), pcap_path, A("127.0.0.1"), port);
	assert_int_equal(finish(&client, out, err), 0);
	assert_int_equal(finish(&server, out, err), 0);
	ASSERT_HAS(after, " 1 > end\n");
	ASSERT_HAS(after, " 1 < end\n");
}

static void
wrong_use_and_wrong_files_are_named(void **state)
{
	static const struct {
		const char *argv[6];
		const char *err;
		int code;
	} wrong[] = {
		{ { "f" }, "cask replay: HOST is missing, or -l PORT\n", 2 },
		{ { "f", "h" }, "cask replay: PORT is missing, or -l PORT\n",
		    2 },
		{ { "-l", "1", "f", "h", "1" },
		    "cask replay: -l and HOST: one or the other\n", 2 },
		{ { "/nowhere/s", "h", "1" },
		    "cask replay: /nowhere/s: No such file or directory\n", 1 },
		{ { session_path, "h", "1" }, NULL, 1 },
	};
	char want[200];

	(void)state;
	write_text(session_path, "cask session 1\n0.000000 1 > 00\n");
	snprintf(want, sizeof want,
	    "cask replay: %s:2: connection 1 has not been opened\n",
	    session_path);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *argv[8] = { "cask", "replay" };
		char *copy[8] = { NULL };

		memcpy(argv + 2, wrong[i].argv, sizeof wrong[i].argv);
		memcpy(copy, argv, sizeof argv);
		start(&child, copy);
		assert_int_equal(finish(&child, out, err), wrong[i].code);
		assert_string_equal(
		    err, wrong[i].err != NULL ? wrong[i].err : want);
		assert_string_equal(out, "");
	}
}

static void
nobody_there_is_a_failure(void **state)
{
	(void)state;
	play_client(session, NULL);
	close(listener);
	kill(child.pid, SIGKILL);
	finish(&child, out, err);
	START(&child, A("replay"), session_path, A("127.0.0.1"), port);
	assert_int_equal(finish(&child, out, err), 1);
	ASSERT_HAS(err, ": Connection refused\n");
	START(&child, A("replay"), A("-l"), A("0"), A("--timeout"), A("0.1"),
	    session_path);
	assert_int_equal(finish(&child, out, err), 1);
	assert_string_equal(
	    err, "cask replay: nobody has connected in 0.1 s\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
		    a_client_is_played_and_the_same_answer_is_the_same,
		    kill_children),
		cmocka_unit_test_teardown(
		    the_first_byte_that_differs_is_named, kill_children),
		cmocka_unit_test_teardown(
		    silence_is_different_too, kill_children),
		cmocka_unit_test_teardown(
		    an_end_that_does_not_come_is_different, kill_children),
		cmocka_unit_test_teardown(
		    differences_can_be_ignored, kill_children),
		cmocka_unit_test_teardown(
		    what_follows_a_recording_that_stops_is_not_compared,
		    kill_children),
		cmocka_unit_test_teardown(
		    a_server_is_played_and_the_client_compared, kill_children),
		cmocka_unit_test_teardown(
		    connections_are_played_in_the_order_of_the_recording,
		    kill_children),
		cmocka_unit_test_teardown(
		    a_connection_more_than_was_recorded_is_different,
		    kill_children),
		cmocka_unit_test_teardown(
		    times_are_kept_on_request, kill_children),
		cmocka_unit_test_teardown(
		    what_a_proxy_recorded_is_played_through_another_and_stays_the_same,
		    kill_children),
		cmocka_unit_test_teardown(
		    wrong_use_and_wrong_files_are_named, kill_children),
		cmocka_unit_test_teardown(
		    nobody_there_is_a_failure, kill_children),
	};

	test_begin();
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
