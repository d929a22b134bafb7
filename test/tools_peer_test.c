/*
 * The cask command against peers that are late, die, lie, stall or say nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tools_kit.h"

static char out[TEXT], err[TEXT], line[4096];
static struct frame frame;

/* A port on which nobody listens, at least not now. */
static void
find_free_port(char port[8])
{
	close(listen_on_any(port));
}

/* Reporters */

static void
a_reporter_waits_for_its_collector_and_says_so_in_one_line(void **state)
{
	struct child c, r;
	char port[8], want[200];

	(void)state;
	find_free_port(port);
	REPORTER(&r, port, A("--count"), A("2"), A("--retry"), A("0.05"),
	    A("--interval"), A("0.01"));
	assert_true(read_line(r.err, line, sizeof line));
	snprintf(want, sizeof want,
	    "cask report: connect 127.0.0.1:%s: Connection refused; trying "
	    "again in 0.05 s",
	    port);
	assert_string_equal(line, want);
	test_pause(300);
	START(&c, A("collect"), A("-l"), A("127.0.0.1"), A("-p"), port,
	    A("--count"), A("2"));
	assert_int_equal(finish(&r, out, err), 0);
	snprintf(
	    want, sizeof want, "cask report: 127.0.0.1:%s is back\n", port);
	assert_string_equal(err, want);
	ASSERT_HAS(out, "sent 2 reports, 2 acknowledged, 0 sent again");
	assert_int_equal(finish(&c, out, err), 0);
	ASSERT_HAS(out, ": 2 reports, 0 missing, 0 sent again");
}

static void
the_pauses_between_attempts_grow(void **state)
{
	struct child r;
	char port[8];
	int listener = listen_on_any(port);
	int64_t began = clock_ms();

	(void)state;
	REPORTER(&r, port, A("--retry"), A("0.05"));
	for (int i = 0; i < 5; i++)
		close(answer(listener));
	assert_true(clock_ms() - began >= 50 + 100 + 200 + 400);
	hang_up(&r);
	close(listener);
}

/* Lines of JSON: the numbers of the reports, in order, must be from to to. */
static void
expect_sequences(int fd, int from, int to)
{
	for (int i = from; i <= to; i++) {
		char want[64];

		assert_true(read_line(fd, line, sizeof line));
		snprintf(want, sizeof want, "\"sequence\":%d,", i);
		ASSERT_HAS(line, want);
	}
}

static void
a_collector_that_was_killed_and_comes_back_gets_the_rest(void **state)
{
	struct child c, r;
	char port[8];

	(void)state;
	COLLECTOR(&c, port, A("--json"));
	REPORTER(&r, port, A("--count"), A("5"), A("--interval"), A("0.3"),
	    A("--retry"), A("0.05"));
	expect_sequences(c.out, 1, 2);
	/* The acknowledgement left before this. */
	test_pause(50);
	kill(c.pid, SIGKILL);
	assert_int_equal(finish(&c, out, err), 128 + SIGKILL);
	assert_string_equal(out, "");
	assert_true(read_line(r.err, line, sizeof line));
	ASSERT_HAS(line, ": closed by the collector; trying again in ");
	START(&c, A("collect"), A("-l"), A("127.0.0.1"), A("-p"), port,
	    A("--json"), A("--count"), A("3"));
	assert_true(read_line(c.out, line, sizeof line));
	expect_sequences(c.out, 3, 5);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
	assert_int_equal(finish(&r, out, err), 0);
	ASSERT_HAS(out, "sent 5 reports, 5 acknowledged, ");
	ASSERT_HAS(err, " is back\n");
	assert_int_equal(occurrences(err, "\n"), 1);
}

static void
a_report_whose_acknowledgement_was_lost_is_sent_again_unchanged(void **state)
{
	static struct frame again;
	struct child r;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	REPORTER(&r, port, A("--count"), A("1"), A("--retry"), A("0.02"));
	fd = answer(listener);
	hear_frame(fd, &frame);
	close(fd);
	fd = answer(listener);
	hear_frame(fd, &again);
	assert_int_equal(again.n, frame.n);
	assert_memory_equal(again.bytes, frame.bytes, frame.n);
	say_ack(fd, 1, 1);
	assert_int_equal(finish(&r, out, err), 0);
	ASSERT_HAS(out, "sent 1 reports, 1 acknowledged, 1 sent again");
	ASSERT_HAS(err, "closed without an answer; trying again in 0.02 s\n");
	close(fd);
	close(listener);
}

/* What a collector may do wrong; then it does it right. */

enum wrong { GARBAGE, OTHER_SEQUENCE, STATUS, HALF, STALL, FLOOD, WRONGS };

static void
answer_wrongly(int fd, enum wrong wrong)
{
	unsigned char junk[4096];

	memset(junk, 0xA5, sizeof junk);
	if (wrong == GARBAGE)
		say_bytes(fd, "\15\0\0\0\245\245\245\245123456789", 17);
	else if (wrong == OTHER_SEQUENCE)
		say_ack(fd, 77, 0);
	else if (wrong == STATUS)
		say_ack(fd, 1, 9);
	else if (wrong == HALF)
		say_bytes(fd, "\15\0\0\0KACA\1", 9);
	else if (wrong == FLOOD)
		say_bytes(fd, junk, sizeof junk);
	if (wrong == STALL)
		hear(fd, junk, 1); /* until it hangs up */
	if (wrong == HALF)
		shutdown(fd, SHUT_WR);
}

static const char *const complaints[] = {
	[GARBAGE] =
	    ": a5a5a5a5, no acknowledgement begins so; trying again in ",
	[OTHER_SEQUENCE] = "acknowledged report 77 instead of 1; trying again",
	[STATUS] = ": 9 is not known; trying again in ",
	[HALF] = "stream ended inside a message; trying again in ",
	[STALL] = "; trying again in ",
	[FLOOD] = ": length 2779096485, limit ",
};

static void
a_reporter_survives_collectors_that_answer_wrongly(void **state)
{
	(void)state;
	for (int i = 0; i < WRONGS; i++) {
		struct child r;
		char port[8], peer[32];
		int listener = listen_on_any(port);
		int fd;

		REPORTER(&r, port, A("--count"), A("1"), A("--retry"),
		    A("0.02"), A("--timeout"), A("0.3"));
		fd = answer(listener);
		hear_frame(fd, &frame);
		answer_wrongly(fd, (enum wrong)i);
		assert_true(read_line(r.err, line, sizeof line));
		snprintf(peer, sizeof peer, "127.0.0.1:%s", port);
		ASSERT_HAS(line, peer);
		ASSERT_HAS(line, complaints[i]);
		close(fd);
		fd = answer(listener);
		hear_frame(fd, &frame);
		say_ack(fd, 1, 0);
		assert_int_equal(finish(&r, out, err), 0);
		ASSERT_HAS(err, " is back\n");
		close(fd);
		close(listener);
	}
}

static void
a_reporter_notices_between_reports_that_its_collector_went(void **state)
{
	struct child r;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	REPORTER(&r, port, A("--interval"), A("60"));
	fd = answer(listener);
	hear_frame(fd, &frame);
	say_ack(fd, 1, 0);
	assert_true(read_line(r.out, line, sizeof line));
	close(fd);
	assert_true(read_line(r.err, line, sizeof line));
	ASSERT_HAS(line, ": closed by the collector; trying again in ");
	hang_up(&r);
	close(listener);
}

/* Collectors */

static void
set_report(uint64_t reporter, uint64_t sequence)
{
	put_le(frame.bytes + AT_REPORTER, reporter, 8);
	put_le(frame.bytes + AT_SEQUENCE, sequence, 8);
}

static void
a_report_that_comes_again_is_acknowledged_but_not_counted(void **state)
{
	struct child c;
	char port[8];
	int fd;

	(void)state;
	catch_frame(&frame);
	COLLECTOR(&c, port, A("--count"), A("3"));
	fd = dial(port);
	say_bytes(fd, frame.bytes, frame.n);
	hear_ack(fd, 1, 0);
	say_bytes(fd, frame.bytes, frame.n);
	hear_ack(fd, 1, 1);
	close(fd);
	fd = dial(port);
	say_bytes(fd, frame.bytes, frame.n);
	hear_ack(fd, 1, 1);
	set_report(get_le(frame.bytes + AT_REPORTER, 8), 2);
	say_bytes(fd, frame.bytes, frame.n);
	hear_ack(fd, 2, 0);
	set_report(get_le(frame.bytes + AT_REPORTER, 8), 5);
	say_bytes(fd, frame.bytes, frame.n);
	hear_ack(fd, 5, 0);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
	assert_int_equal(occurrences(out, ": report "), 3);
	ASSERT_HAS(out, "total fake: 3 reports, 2 missing, 2 sent again");
	close(fd);
}

static void
reports_may_come_in_pieces_and_many_at_once(void **state)
{
	static unsigned char many[4 * sizeof frame.bytes];
	struct child c;
	char port[8];
	size_t n = 0;
	int fd;

	(void)state;
	catch_frame(&frame);
	COLLECTOR(&c, port, A("--count"), A("7"));
	fd = dial(port);
	for (size_t i = 0; i < frame.n; i++)
		say_bytes(fd, frame.bytes + i, 1);
	hear_ack(fd, 1, 0);
	for (uint64_t i = 2; i <= 7 && n + frame.n < sizeof many; i++) {
		set_report(42, i);
		memcpy(many + n, frame.bytes, frame.n);
		n += frame.n;
	}
	say_bytes(fd, many, n - 5);
	for (uint64_t i = 2; i <= 6; i++)
		hear_ack(fd, i, 0);
	say_bytes(fd, many + n - 5, 5);
	hear_ack(fd, 7, 0);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
	ASSERT_HAS(out, "total 7 reports of 2 reporters\n");
	close(fd);
}

/* Garbage: what is changed in a good frame, and what is said about it. */
struct garbage {
	size_t at;
	uint64_t value;
	size_t size;
	const char *what;
	const char *why;
};

static const struct garbage garbage[] = {
	{ 0, 0, 4, "u32 hello.magic at byte 4",
	    "its message ends here, after 0 bytes" },
	{ 0, 0xFFFFFFFF, 4, "message at byte 0",
	    "length 4294967295, limit 65536 (limit.message)" },
	{ 0, 65537, 4, "message at byte 0", "length 65537, limit 65536" },
	{ 0, 3, 4, "u32 hello.magic at byte 4",
	    "its message ends here, after 3 bytes" },
	{ AT_MAGIC, 0x20544547, 4, "hello.magic at byte 8",
	    "20544547, no report begins so" },
	{ AT_VERSION, 2, 2, "hello.version at byte 10",
	    "2, but only 1 is known here" },
	{ AT_SEQUENCE, 0, 8, "hello.sequence at byte 26",
	    "0, but they begin with 1" },
	{ AT_NAME, 0xFFFEFF, 3, "text name at byte 26", "length " },
};

static void
say_garbage(int fd, const struct garbage *g)
{
	struct frame bad = frame;

	put_le(bad.bytes + g->at, g->value, g->size);
	if (g->at == AT_NAME) /* a length beyond the end of the frame */
		put_le(bad.bytes + AT_NAME + 3, 0xFFFFFF, 3);
	send(fd, bad.bytes, bad.n, MSG_NOSIGNAL);
}

/* The collector hung up: with an end or, as it had not read all, a reset. */
static void
expect_end(int fd)
{
	char c;

	assert_false(hear(fd, &c, 1));
	close(fd);
}

static void
garbage_is_named_and_dropped_and_the_others_go_on(void **state)
{
	struct child c;
	char port[8], want[120];
	int honest;

	(void)state;
	catch_frame(&frame);
	COLLECTOR(&c, port, A("--count"), A("9"));
	honest = dial(port);
	for (size_t i = 0; i < COUNT(garbage); i++) {
		int fd = dial(port);

		say_garbage(fd, &garbage[i]);
		assert_true(read_line(c.err, line, sizeof line));
		snprintf(want, sizeof want,
		    "cask collect: %s from 127.0.0.1:", garbage[i].what);
		ASSERT_HAS(line, want);
		snprintf(want, sizeof want, ": %s", garbage[i].why);
		ASSERT_HAS(line, want);
		expect_end(fd);
		set_report(42, i + 1);
		say_bytes(honest, frame.bytes, frame.n);
		hear_ack(honest, i + 1, 0);
	}
	set_report(42, 9);
	say_bytes(honest, frame.bytes, frame.n);
	hear_ack(honest, 9, 0);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
	ASSERT_HAS(out, "total fake: 9 reports, 0 missing, 0 sent again");
	close(honest);
}

static void
a_report_may_not_be_shorter_than_its_frame(void **state)
{
	struct child c;
	char port[8];
	int fd;

	(void)state;
	catch_frame(&frame);
	put_le(frame.bytes, frame.n - 4 + 3, 4);
	memset(frame.bytes + frame.n, 0, 3);
	COLLECTOR(&c, port, A("--count"), A("1"));
	fd = dial(port);
	say_bytes(fd, frame.bytes, frame.n + 3);
	assert_true(read_line(c.err, line, sizeof line));
	ASSERT_HAS(line, " bytes hold 3 more than is known here");
	expect_end(fd);
	hang_up(&c);
}

/* Every way to cut a good frame short leaves a collector that goes on. */
static void
a_reporter_that_vanishes_in_mid_message_is_said_and_forgotten(void **state)
{
	struct child c;
	char port[8], want[96];
	int fd;

	(void)state;
	catch_frame(&frame);
	COLLECTOR(&c, port, A("--count"), A("1"));
	for (size_t n = 1; n < frame.n; n += n < 40 ? 1 : 61) {
		fd = dial(port);
		say_bytes(fd, frame.bytes, n);
		close(fd);
		assert_true(read_line(c.err, line, sizeof line));
		snprintf(want, sizeof want,
		    "ended in the middle of a message, after %zu bytes", n);
		ASSERT_HAS(line, want);
	}
	close(dial(port)); /* nothing at all: nothing to say */
	fd = dial(port);
	say_bytes(fd, frame.bytes, frame.n);
	hear_ack(fd, 1, 0);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
	close(fd);
}

static void
the_silent_and_the_slow_are_dropped_after_their_time(void **state)
{
	struct child c;
	char port[8], all[2 * sizeof line];
	int silent, half;

	(void)state;
	catch_frame(&frame);
	COLLECTOR(&c, port, A("--timeout"), A("0.4"));
	silent = dial(port);
	half = dial(port);
	say_bytes(half, frame.bytes, frame.n / 2);
	assert_true(read_line(c.err, line, sizeof line));
	memcpy(all, line, sizeof line);
	assert_true(read_line(c.err, line, sizeof line));
	strcat(all, line);
	ASSERT_HAS(all, "silent for 0.4 s");
	ASSERT_HAS(all, "did not finish a message within 0.4 s");
	expect_end(silent);
	expect_end(half);
	hang_up(&c);
}

static void
fifty_bad_ones_at_once_do_not_disturb_a_good_one(void **state)
{
	unsigned seed = 1;
	struct child c, r;
	char port[8];
	int fd[50];

	(void)state;
	catch_frame(&frame);
	COLLECTOR(&c, port, A("--count"), A("5"));
	for (size_t i = 0; i < COUNT(fd); i++) {
		unsigned char junk[600];

		fd[i] = dial(port);
		for (size_t k = 0; k < sizeof junk; k++) {
			seed = seed * 1103515245 + 12345;
			junk[k] = (unsigned char)(seed >> 16);
		}
		if (i % 5 == 0)
			send(fd[i], junk, sizeof junk, MSG_NOSIGNAL);
		else if (i % 5 < 4)
			say_bytes(fd[i], frame.bytes, frame.n * (i % 5) / 4);
	}
	REPORTER(&r, port, A("--count"), A("5"), A("--interval"), A("0.05"),
	    A("--name"), A("good"));
	assert_int_equal(finish(&r, out, err), 0);
	assert_string_equal(err, "");
	ASSERT_HAS(out, "sent 5 reports, 5 acknowledged, 0 sent again");
	assert_int_equal(finish(&c, out, err), 0);
	ASSERT_HAS(out, "total good: 5 reports, 0 missing, 0 sent again");
	ASSERT_HAS(out, "total 5 reports of 1 reporters");
	assert_int_equal(occurrences(err, "\n"), 10);
	for (size_t i = 0; i < COUNT(fd); i++)
		close(fd[i]);
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, NULL, kill_children)

static const struct CMUnitTest tests[] = {
	CLEAN(a_reporter_waits_for_its_collector_and_says_so_in_one_line),
	CLEAN(the_pauses_between_attempts_grow),
	CLEAN(a_collector_that_was_killed_and_comes_back_gets_the_rest),
	CLEAN(a_report_whose_acknowledgement_was_lost_is_sent_again_unchanged),
	CLEAN(a_reporter_survives_collectors_that_answer_wrongly),
	CLEAN(a_reporter_notices_between_reports_that_its_collector_went),
	CLEAN(a_report_that_comes_again_is_acknowledged_but_not_counted),
	CLEAN(reports_may_come_in_pieces_and_many_at_once),
	CLEAN(garbage_is_named_and_dropped_and_the_others_go_on),
	CLEAN(a_report_may_not_be_shorter_than_its_frame),
	CLEAN(a_reporter_that_vanishes_in_mid_message_is_said_and_forgotten),
	CLEAN(the_silent_and_the_slow_are_dropped_after_their_time),
	CLEAN(fifty_bad_ones_at_once_do_not_disturb_a_good_one),
};

RUN_TESTS(tests)
