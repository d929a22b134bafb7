/*
 * cask proxy between two plain sockets: that nothing is changed that was not to
 * be, and what is done on request.
 *
 * SPDX-License-Identifier: MIT
 */
#include "proxy_kit.h"

/* Relaying */

#define MANY (4 << 20)

static size_t many = MANY; /* fewer where each byte goes on its own */

static unsigned char sent[2][MANY], got[2][MANY];

/* All of one end's bytes, as far as they go; true when both ways are done. */
static bool
exchange(int fd, size_t *put, size_t *taken, const unsigned char *to,
    unsigned char *from)
{
	ssize_t n = 0;

	if (*put < many)
		n = send(
		    fd, to + *put, many - *put, MSG_NOSIGNAL | MSG_DONTWAIT);
	*put += n > 0 ? (size_t)n : 0;
	n = recv(fd, from + *taken, many - *taken, MSG_DONTWAIT);
	*taken += n > 0 ? (size_t)n : 0;
	return *put == many && *taken == many;
}

/* Both ends say all they have, at once. */
static void
talk(struct ends e)
{
	size_t put[2] = { 0 }, taken[2] = { 0 };
	int64_t until = clock_ms() + 3 * LIMIT_MS;

	for (size_t i = 0; i < many; i++) {
		sent[0][i] = (unsigned char)(i * 7 >> 3);
		sent[1][i] = (unsigned char)(i * 5 >> 2);
	}
	memset(got, 0, sizeof got);
	for (bool done = false; !done;) {
		done = exchange(e.client, &put[0], &taken[0], sent[0], got[1]);
		done &= exchange(e.server, &put[1], &taken[1], sent[1], got[0]);
		assert_true(clock_ms() < until);
	}
	assert_memory_equal(got[0], sent[0], many);
	assert_memory_equal(got[1], sent[1], many);
}

static void
several_mebibytes_go_both_ways_unchanged(void **state)
{
	struct middle m;
	struct ends e;

	(void)state;
	QUIET(&m, "-n", "1");
	e = connect_through(&m);
	talk(e);
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
}

static void
a_half_close_is_passed_on_either_way(void **state)
{
	struct middle m;
	struct ends e;
	char text[8];

	(void)state;
	MIDDLE(&m, "-n", "2");
	e = connect_through(&m);
	say_bytes(e.client, "ask", 3);
	shutdown(e.client, SHUT_WR);
	assert_true(hear(e.server, text, 3));
	assert_ends(e.server);
	say_bytes(e.server, "answer", 6);
	assert_true(hear(e.client, text, 6));
	close(e.server);
	assert_ends(e.client);
	close(e.client);
	e = connect_through(&m);
	shutdown(e.server, SHUT_WR);
	assert_ends(e.client);
	say_bytes(e.client, "more", 4);
	assert_true(hear(e.server, text, 4));
	close(e.client);
	assert_ends(e.server);
	close(e.server);
	assert_int_equal(finish_middle(&m), 0);
	assert_string_equal(err, "");
}

static void
a_loss_is_passed_on_either_way_behind_what_came_before(void **state)
{
	struct middle m;
	struct ends e;
	char text[8];

	(void)state;
	MIDDLE(&m, "-n", "2");
	e = connect_through(&m);
	say_bytes(e.client, "ask", 3);
	assert_true(hear(e.server, text, 3));
	reset(e.client);
	assert_is_lost(e.server);
	close(e.server);
	e = connect_through(&m);
	say_bytes(e.server, "answer", 6);
	assert_true(hear(e.client, text, 6));
	reset(e.server);
	assert_is_lost(e.client);
	close(e.client);
	assert_int_equal(finish_middle(&m), 0);
	ASSERT_HAS(out, "#1 -> lost: receive ");
	ASSERT_HAS(out, "#2 <- lost: receive ");
}

static void
a_loss_behind_an_end_is_passed_on_too(void **state)
{
	struct middle m;
	struct ends e;

	(void)state;
	MIDDLE(&m, "-n", "1");
	e = connect_through(&m);
	shutdown(e.client, SHUT_WR);
	assert_ends(e.server);
	reset(e.client);
	for (int i = 0; i < 1000 && e.server >= 0; i++) {
		if (send(e.server, "x", 1, MSG_NOSIGNAL) < 0)
			break;
		test_pause(2);
	}
	assert_true(send(e.server, "x", 1, MSG_NOSIGNAL) < 0);
	close(e.server);
	assert_int_equal(finish_middle(&m), 0);
	ASSERT_HAS(out, "#1 -> lost: ");
}

static void
without_a_server_a_client_is_reset_and_the_reason_shown(void **state)
{
	struct middle m;
	char want[100];
	int fd;

	(void)state;
	MIDDLE(&m, "-n", "1", "--record", session_path);
	close(m.listener);
	m.listener = -1;
	fd = dial(m.port);
	assert_is_lost(fd);
	close(fd);
	assert_int_equal(finish_middle(&m), 0);
	snprintf(want, sizeof want,
	    "#1 <- lost: connect 127.0.0.1:%s: Connection refused\n", m.behind);
	ASSERT_HAS(out, want);
	read_file(session_path, out, sizeof out);
	ASSERT_HAS(out, " 1 open 127.0.0.1:");
	ASSERT_HAS(out, " 1 < reset\n");
}

static void
many_connections_do_not_mix(void **state)
{
	struct middle m;
	struct ends e[100];

	(void)state;
	MIDDLE(&m, "-n", "100");
	for (unsigned i = 0; i < COUNT(e); i++)
		e[i] = connect_through(&m);
	for (unsigned i = 0; i < COUNT(e); i++) {
		say_bytes(e[i].client, &i, sizeof i);
		say_bytes(e[COUNT(e) - 1 - i].server, &i, sizeof i);
	}
	for (unsigned i = 0; i < COUNT(e); i++) {
		unsigned n, k;

		assert_true(hear(e[i].server, &n, sizeof n));
		assert_true(hear(e[i].client, &k, sizeof k));
		assert_int_equal(n, i);
		assert_int_equal(k, COUNT(e) - 1 - i);
		close_both(e[i]);
	}
	assert_int_equal(finish_middle(&m), 0);
	ASSERT_HAS(
	    out, "#100 closed: 4 bytes for the server, 4 for the client");
}

static void
a_client_that_is_killed_ends_and_the_others_go_on(void **state)
{
	struct middle m;
	struct ends e;
	struct child c;
	char byte;
	int fd;

	(void)state;
	MIDDLE(&m, "-n", "2");
	e = connect_through(&m);
	START(&c, A("report"), A("127.0.0.1"), m.port, A("--interval"), A("5"));
	fd = answer(m.listener);
	assert_true(hear(fd, &byte, 1));
	kill(c.pid, SIGKILL);
	assert_int_equal(finish(&c, out, err), 128 + SIGKILL);
	while (test_recv(fd, err, sizeof err, 0) > 0)
		continue;
	close(fd);
	say_bytes(e.client, "x", 1);
	assert_true(hear(e.server, &byte, 1));
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
}

/* How many bytes an end can send while nobody receives them. */
static size_t
fill(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	size_t n = 0;

	while (test_poll(&p, 1, 300) == 1) {
		ssize_t k =
		    send(fd, sent[0], 65536, MSG_NOSIGNAL | MSG_DONTWAIT);

		n += k > 0 ? (size_t)k : 0;
		assert_true(n < 64 << 20);
	}
	return n;
}

static void
what_nobody_receives_is_not_taken_without_end(void **state)
{
	struct middle m;
	struct ends e;
	size_t n;
	bool lost;

	(void)state;
	QUIET(&m, "-n", "1");
	e = connect_through(&m);
	n = fill(e.client);
	assert_true(n > 65536);
	shutdown(e.client, SHUT_WR);
	for (size_t left = n, k; left > 0; left -= k) {
		k = left < MANY ? left : MANY;
		assert_true(hear(e.server, got[0], k));
	}
	assert_int_equal(hear_all(e.server, got[0], 1, &lost), 0);
	assert_false(lost);
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
}

static void
who_reads_the_output_slowly_holds_nothing_up(void **state)
{
	struct middle m;
	struct ends e;

	(void)state;
	MIDDLE(&m, "-n", "1");
	e = connect_through(&m);
	talk(e);
	close_both(e);
	close(m.listener);
	kill(m.child.pid, SIGKILL);
	/* of some 40 MiB a pipe holds 64 KiB */
	hang_up(&m.child);
	assert_int_equal(await_exit(&m.child), 128 + SIGKILL);
}

/* What is shown */

static void
bytes_are_shown_in_hexadecimal_by_their_direction(void **state)
{
	struct middle m;
	struct ends e;
	char text[32];

	(void)state;
	MIDDLE(&m, "-n", "1");
	e = connect_through(&m);
	say_bytes(e.client, "0123456789abcdef\xff", 17);
	assert_true(hear(e.server, text, 17));
	say_bytes(e.server, "ok", 2);
	assert_true(hear(e.client, text, 2));
	say_bytes(e.client, "!", 1);
	assert_true(hear(e.server, text, 1));
	shutdown(e.client, SHUT_WR);
	assert_ends(e.server);
	close(e.server);
	assert_ends(e.client);
	close(e.client);
	assert_int_equal(finish_middle(&m), 0);
	plain(out);
	assert_string_equal(out,
	    "#1 127.0.0.1:P has connected, for 127.0.0.1:P\n"
	    "#1 -> 17 bytes\n"
	    "     0  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  "
	    "0123456789abcdef\n"
	    "    16  ff                                               .\n"
	    "#1 <- 2 bytes\n"
	    "     0  6f 6b                                            ok\n"
	    "#1 -> 1 byte\n"
	    "    17  21                                               !\n"
	    "#1 -> ended\n"
	    "#1 <- ended\n"
	    "#1 closed: 18 bytes for the server, 2 for the client\n");
}

static void
with_a_shape_each_message_is_shown_when_it_is_whole(void **state)
{
	struct middle m;
	struct ends e;
	char text[32];

	(void)state;
	write_text(
	    shape_path, "struct quote { text name; count n; u16 v[n]; }");
	MIDDLE(&m, "-n", "1", "--shape", shape_path);
	e = connect_through(&m);
	say_bytes(e.client, "\2ab\1", 4);
	assert_true(hear(e.server, text, 4));
	say_bytes(e.server, "\1x\0\0\1y\0", 7);
	assert_true(hear(e.client, text, 7));
	say_bytes(e.client, "\0\7\0", 3);
	assert_true(hear(e.server, text, 3));
	close(e.client);
	assert_ends(e.server);
	close(e.server);
	assert_int_equal(finish_middle(&m), 0);
	plain(out);
	assert_string_equal(out,
	    "#1 127.0.0.1:P has connected, for 127.0.0.1:P\n"
	    "#1 <- \n"
	    "     0  01 78                    ansi    name = \"x\"\n"
	    "     2  00 00                    count   n = 0\n"
	    "#1 -> \n"
	    "     0  02 61 62                 ansi    name = \"ab\"\n"
	    "     3  01 00                    count   n = 1\n"
	    "     5  07 00                    u16     v[0] = 7\n"
	    "#1 -> ended\n"
	    "#1 <- \n"
	    "     4  01 79                    ansi    name = \"y\"\n"
	    "     6  00                       count   n <- stopped here\n"
	    "#1 <- byte 6: not as the shape says: count n at byte 6: stream "
	    "ended inside a message\n"
	    "     6  00                                               .\n"
	    "#1 <- ended\n"
	    "#1 closed: 7 bytes for the server, 7 for the client\n");
}

static void
objects_keep_their_numbers_from_message_to_message(void **state)
{
	static const unsigned char bytes[] = "\xff\xff\1\0\5\0CNode\7\0"
					     "\1\x80\x8\0\2\0\x10\0";
	struct middle m;
	struct ends e;
	char text[32];

	(void)state;
	write_text(shape_path,
	    "class CNode schema 1 { u16 v; } struct m { object CNode o; }");
	MIDDLE(&m, "-n", "1", "--shape", shape_path);
	e = connect_through(&m);
	for (size_t i = 0; i < sizeof bytes - 1; i++) {
		say_bytes(e.client, bytes + i, 1);
		assert_true(hear(e.server, text, 1));
	}
	close(e.client);
	assert_ends(e.server);
	close(e.server);
	assert_int_equal(finish_middle(&m), 0);
	ASSERT_HAS(out, "object  o = #2 CNode (class #1, schema 1)\n");
	ASSERT_HAS(out, "object  o = #3 CNode\n");
	ASSERT_HAS(out, "object  o = #2\n");
	ASSERT_HAS(out,
	    "#1 -> byte 19: not as the shape says: object o at byte "
	    "19: ");
}

/* A node that points to a node, first, and so on; none is the last member. */
static void
objects_that_nest_deep_are_refused_where_the_dump_refuses_them(void **state)
{
	unsigned char bytes[400] = { 0xff, 0xff, 1, 0, 2, 0, 'C', 'N' };
	struct middle m;
	struct ends e;
	size_t n = 8;

	(void)state;
	for (; n < sizeof bytes; n += 2)
		memcpy(bytes + n, "\1\x80", 2);
	write_text(shape_path,
	    "class CN schema 1 { object CN o; u8 v; } struct m { object CN o; "
	    "}");
	MIDDLE(&m, "-n", "1", "--shape", shape_path);
	e = connect_through(&m);
	say_bytes(e.client, bytes, n);
	assert_true(hear(e.server, got[0], n));
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
	ASSERT_HAS(out, ": not as the shape says: ");
	ASSERT_HAS(out, "100");
}

static void
a_shape_whose_last_member_goes_on_has_a_message_in_each(void **state)
{
	struct middle m;
	struct ends e;
	char text[64];
	uint32_t n;

	(void)state;
	write_text(shape_path,
	    "struct q { u16 v; } struct all { u8 hello; message struct q* q; "
	    "}");
	MIDDLE(&m, "-n", "1", "--shape", shape_path);
	e = connect_through(&m);
	say_bytes(e.client, "\x9\2\0\0\0\7\0", 7);
	assert_true(hear(e.server, &text, 7));
	for (n = 0; n < 2; n++) {
		assert_true(read_line(m.child.out, out, sizeof out));
		if (n == 1)
			ASSERT_HAS(out, " #1 -> ");
	}
	assert_true(read_line(m.child.out, out, sizeof out));
	ASSERT_HAS(out, "hello = 9");
	assert_true(read_line(m.child.out, out, sizeof out));
	assert_true(read_line(m.child.out, out, sizeof out));
	ASSERT_HAS(out, "v = 7");
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
}

static void
what_does_not_fit_its_shape_goes_on_in_hexadecimal(void **state)
{
	struct middle m;
	struct ends e;
	char text[8];

	(void)state;
	write_text(shape_path, "struct v { version 1; u8 x; }");
	MIDDLE(&m, "-n", "1", "--answer", shape_path);
	e = connect_through(&m);
	say_bytes(e.server, "\1\0\5\2\0ab", 7);
	assert_true(hear(e.client, text, 7));
	say_bytes(e.client, "hi", 2);
	assert_true(hear(e.server, text, 2));
	say_bytes(e.server, "more", 4);
	assert_true(hear(e.client, text, 4));
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
	plain(out);
	ASSERT_HAS(out,
	    "#1 <- byte 3: not as the shape says: version at byte 5: "
	    "2, the newest known is 1\n"
	    "     3  02 00 61 62                                      ..ab\n"
	    "#1 -> 2 bytes\n"
	    "     0  68 69                                            hi\n"
	    "#1 <- 4 bytes\n"
	    "     7  6d 6f 72 65                                      more\n");
}

/* Mischief: what comes out at the other end */

#define SAID 1000 /* bytes of each end */

struct outcome {
	size_t n[2]; /* what came: at the server, at the client */
	unsigned char bytes[2][SAID + 1];
	bool lost[2];
	char deeds[1 << 16];
};

static struct outcome one, other;
static unsigned char said[2][SAID];

/* The lines that tell what was done. */
static void
keep_deeds(char *to, char *text)
{
	static const char *const deeds[] = { " flipped ", " piece of ", " cut ",
		" reset after ", " half-closed ", " stalled " };

	*to = '\0';
	for (char *line = strtok(text, "\n"); line != NULL;
	     line = strtok(NULL, "\n"))
		for (size_t i = 0; i < COUNT(deeds); i++)
			if (strstr(line, deeds[i]) != NULL) {
				strcat(to, line);
				strcat(to, "\n");
			}
}

/* Both ends say their bytes, and then their end, and hear what comes. */
static void
misbehave(struct outcome *o, const char *const *args)
{
	struct middle m;
	struct ends e;

	for (size_t i = 0; i < SAID; i++) {
		said[0][i] = (unsigned char)(i * 7);
		said[1][i] = (unsigned char)(i * 11);
	}
	memset(o, 0, sizeof *o);
	start_middle(&m, false, args);
	e = connect_through(&m);
	say_bytes(e.client, said[0], SAID);
	shutdown(e.client, SHUT_WR);
	send(e.server, said[1], SAID, MSG_NOSIGNAL);
	shutdown(e.server, SHUT_WR);
	o->n[0] = hear_all(e.server, o->bytes[0], SAID + 1, &o->lost[0]);
	o->n[1] = hear_all(e.client, o->bytes[1], SAID + 1, &o->lost[1]);
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
	assert_string_equal(err, "");
	plain(out);
	keep_deeds(o->deeds, out);
}

#define MISBEHAVE(o, ...) \
	misbehave(o, (const char *const[]) { "-n", "1", __VA_ARGS__, NULL })

static void
assert_came(const struct outcome *o, int way, size_t n, bool lost)
{
	assert_int_equal(o->n[way], n);
	assert_memory_equal(o->bytes[way], said[way], n);
	assert_int_equal(o->lost[way], lost);
}

/* Lines of one direction, so that it doesn't matter how the two mix. */
static void
lines_of(char *to, const char *text, const char *arrow)
{
	*to = '\0';
	while (*text != '\0') {
		size_t n = strcspn(text, "\n") + 1;

		if (memcmp(text + 3, arrow, 2) == 0)
			strncat(to, text, n);
		text += n;
	}
}

static void
assert_alike(void)
{
	static char a[1 << 16], b[1 << 16];
	static const char *const arrows[] = { "->", "<-" };

	for (int i = 0; i < 2; i++) {
		assert_int_equal(one.n[i], other.n[i]);
		assert_memory_equal(one.bytes[i], other.bytes[i], one.n[i]);
		lines_of(a, one.deeds, arrows[i]);
		lines_of(b, other.deeds, arrows[i]);
		assert_string_equal(a, b);
	}
}

static void
flipped_bits_are_told_and_come_again_with_the_same_seed(void **state)
{
	size_t flips = 0;

	(void)state;
	MISBEHAVE(&one, "--flip", "100", "--seed", "5");
	assert_int_equal(one.n[0], SAID);
	assert_int_equal(one.n[1], SAID);
	for (int way = 0; way < 2; way++)
		for (size_t i = 0; i < SAID; i++) {
			unsigned x = one.bytes[way][i] ^ said[way][i];
			char want[64];

			if (x == 0)
				continue;
			flips++;
			snprintf(want, sizeof want,
			    "#1 %s flipped bit %d of byte %zu\n",
			    way == 0 ? "->" : "<-", __builtin_ctz(x), i);
			ASSERT_HAS(one.deeds, want);
		}
	assert_int_equal(flips, 20);
	assert_int_equal(occurrences(one.deeds, "flipped"), 20);
	MISBEHAVE(&other, "--flip", "100", "--seed", "5");
	assert_alike();
	MISBEHAVE(&other, "--flip", "100", "--seed", "6");
	assert_memory_not_equal(one.bytes[0], other.bytes[0], SAID);
}

static void
pieces_and_their_delays_come_again_with_the_same_seed(void **state)
{
	(void)state;
	MISBEHAVE(&one, "--split", "50", "--jitter", "0.003", "--delay",
	    "0.002", "-v");
	assert_came(&one, 0, SAID, false);
	assert_came(&one, 1, SAID, false);
	assert_true(occurrences(one.deeds, "piece of") >= 2 * SAID / 50);
	ASSERT_HAS(one.deeds, "#1 -> piece of ");
	ASSERT_HAS(one.deeds, " bytes from byte 0, 0.00");
	MISBEHAVE(&other, "--split", "50", "--jitter", "0.003", "--delay",
	    "0.002", "-v");
	assert_alike();
	MISBEHAVE(&other, "--split", "50", "--seed", "2", "-v");
	assert_came(&other, 0, SAID, false);
	assert_string_not_equal(one.deeds, other.deeds);
}

static void
a_cut_ends_both_directions_in_good_order(void **state)
{
	(void)state;
	MISBEHAVE(&one, "--cut", "100", "--only", "to-server");
	assert_came(&one, 0, 100, false);
	assert_false(one.lost[1]);
	assert_string_equal(one.deeds, "#1 -> cut after 100 bytes\n");
	MISBEHAVE(&one, "--cut", "1", "--only", "to-client");
	assert_came(&one, 1, 1, false);
	assert_false(one.lost[0]);
	assert_string_equal(one.deeds, "#1 <- cut after 1 bytes\n");
}

static void
a_reset_loses_both_ends_behind_its_byte(void **state)
{
	(void)state;
	MISBEHAVE(&one, "--reset", "100", "--only", "to-server");
	assert_came(&one, 0, 100, true);
	assert_true(one.lost[1]);
	assert_string_equal(one.deeds, "#1 -> reset after 100 bytes\n");
}

static void
a_half_close_ends_its_direction_and_the_other_goes_on(void **state)
{
	(void)state;
	MISBEHAVE(&one, "--half-close", "100", "--only", "to-server");
	assert_came(&one, 0, 100, false);
	assert_came(&one, 1, SAID, false);
	assert_string_equal(one.deeds, "#1 -> half-closed after 100 bytes\n");
}

static void
a_stalled_direction_says_nothing_more_and_the_other_goes_on(void **state)
{
	struct middle m;
	struct ends e;
	char text[100];

	(void)state;
	MIDDLE(&m, "-n", "1", "--stall", "100", "--only", "to-server");
	e = connect_through(&m);
	say_bytes(e.client, said[0], SAID);
	assert_true(hear(e.server, text, 100));
	say_bytes(e.server, said[1], SAID);
	shutdown(e.server, SHUT_WR);
	assert_true(hear(e.client, one.bytes[1], SAID));
	assert_ends(e.client);
	assert_int_equal(wait_readable(e.server, clock_ms() + 200), 0);
	reset(e.client);
	assert_is_lost(e.server);
	close(e.server);
	assert_int_equal(finish_middle(&m), 0);
	ASSERT_HAS(out, "#1 -> stalled after 100 bytes\n");
}

static void
of_several_the_one_with_the_fewest_bytes_counts(void **state)
{
	(void)state;
	MISBEHAVE(&one, "--cut", "100", "--half-close", "70", "--reset", "101",
	    "--only", "to-client");
	assert_came(&one, 0, SAID, false);
	assert_came(&one, 1, 70, false);
}

static void
what_is_late_or_throttled_comes_whole_and_no_earlier(void **state)
{
	int64_t began = clock_ms();

	(void)state;
	MISBEHAVE(&one, "--delay", "0.3");
	assert_true(clock_ms() - began >= 300);
	assert_came(&one, 0, SAID, false);
	assert_came(&one, 1, SAID, false);
	began = clock_ms();
	MISBEHAVE(&one, "--rate", "5000");
	assert_true(clock_ms() - began >= 170);
	assert_came(&one, 0, SAID, false);
	assert_came(&one, 1, SAID, false);
}

/* Files, and the end */

static void
what_was_sent_is_recorded_and_not_what_was_made_of_it(void **state)
{
	struct middle m;
	struct ends e;
	char text[8];

	(void)state;
	MIDDLE(&m, "-n", "1", "--flip", "1", "--record", session_path);
	e = connect_through(&m);
	say_bytes(e.client, "ask", 3);
	assert_true(hear(e.server, text, 3));
	assert_memory_not_equal(text, "ask", 3);
	say_bytes(e.server, "ok", 2);
	assert_true(hear(e.client, text, 2));
	shutdown(e.client, SHUT_WR);
	assert_ends(e.server);
	close(e.server);
	assert_ends(e.client);
	close(e.client);
	assert_int_equal(finish_middle(&m), 0);
	read_file(session_path, out, sizeof out);
	plain(out);
	assert_string_equal(out,
	    "cask session 1\n"
	    "1 open 127.0.0.1:P 127.0.0.1:P\n"
	    "1 > 61736b\n"
	    "1 < 6f6b\n"
	    "1 > end\n"
	    "1 < end\n");
}

static void
a_capture_has_the_addresses_of_both_programs(void **state)
{
	struct middle m;
	struct ends e;
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	unsigned char *p = (unsigned char *)out + 24 + 16;

	(void)state;
	MIDDLE(&m, "-n", "1", "--pcap", pcap_path);
	e = connect_through(&m);
	assert_int_equal(getsockname(e.client, (struct sockaddr *)&a, &n), 0);
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
	assert_true(read_file(pcap_path, out, sizeof out) > 24 + 5 * 56);
	assert_memory_equal(p + 12, "\x7f\0\0\1\x7f\0\0\1", 8);
	assert_memory_equal(p + 20, &a.sin_port, 2);
	assert_int_equal(p[22] << 8 | p[23], atoi(m.behind));
}

static void
a_file_that_can_not_be_written_is_named(void **state)
{
	struct child c;

	(void)state;
	START(&c, A("proxy"), A("--record"), A("/nowhere/s"), A("h"), A("1"));
	assert_int_equal(finish(&c, out, err), 1);
	assert_string_equal(err,
	    "cask proxy: --record: /nowhere/s: No such file or directory\n");
	START(&c, A("proxy"), A("--shape"), A("/nowhere/s"), A("h"), A("1"));
	assert_int_equal(finish(&c, out, err), 2);
	assert_string_equal(err,
	    "cask proxy: --shape: /nowhere/s: No such file or directory\n");
	if (access("/dev/full", W_OK) == 0) {
		START(&c, A("proxy"), A("--pcap"), A("/dev/full"), A("h"),
		    A("1"));
		assert_int_equal(finish(&c, out, err), 1);
		ASSERT_HAS(err, "cask proxy: --pcap: /dev/full: ");
	}
}

static void
told_to_end_it_closes_what_is_open(void **state)
{
	struct middle m;
	struct ends e;

	(void)state;
	MIDDLE(&m, "-v");
	e = connect_through(&m);
	kill(m.child.pid, SIGTERM);
	assert_is_lost(e.client);
	close_both(e);
	assert_int_equal(finish_middle(&m), 0);
	ASSERT_HAS(out, "#1 closed: 0 bytes for the server, 0 for the client");
	MIDDLE(&m, "-n", "3");
	kill(m.child.pid, SIGINT);
	assert_int_equal(finish_middle(&m), 1);
	assert_string_equal(
	    err, "cask proxy: told to end after 0 of 3 connections\n");
}

static void
nobody_to_read_the_output_ends_it(void **state)
{
	struct middle m;
	struct ends e;

	(void)state;
	MIDDLE(&m, "-n", "5");
	close(m.child.out);
	m.child.out = open("/dev/null", O_RDONLY | O_CLOEXEC);
	e = connect_through(&m);
	assert_is_lost(e.client);
	close_both(e);
	assert_int_equal(finish_middle(&m), 1);
	ASSERT_HAS(err, "cask proxy: standard output: ");
}

/* Where it matters what comes at once, or is a lot. */

static const char *weather;

static int
in_fair_weather(void **state)
{
	(void)state;
	return unsetenv("CASK_CHAOS");
}

static int
back_to_weather(void **state)
{
	if (weather != NULL)
		setenv("CASK_CHAOS", weather, 1);
	return kill_children(state);
}

#define FAIR(test) \
	cmocka_unit_test_setup_teardown(test, in_fair_weather, back_to_weather)

#define CLEAN(test) cmocka_unit_test_teardown(test, kill_children)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CLEAN(several_mebibytes_go_both_ways_unchanged),
		CLEAN(a_half_close_is_passed_on_either_way),
		CLEAN(a_loss_is_passed_on_either_way_behind_what_came_before),
		CLEAN(a_loss_behind_an_end_is_passed_on_too),
		CLEAN(without_a_server_a_client_is_reset_and_the_reason_shown),
		CLEAN(many_connections_do_not_mix),
		CLEAN(a_client_that_is_killed_ends_and_the_others_go_on),
		FAIR(what_nobody_receives_is_not_taken_without_end),
		CLEAN(who_reads_the_output_slowly_holds_nothing_up),
		FAIR(bytes_are_shown_in_hexadecimal_by_their_direction),
		CLEAN(with_a_shape_each_message_is_shown_when_it_is_whole),
		CLEAN(objects_keep_their_numbers_from_message_to_message),
		CLEAN(
		    objects_that_nest_deep_are_refused_where_the_dump_refuses_them),
		CLEAN(a_shape_whose_last_member_goes_on_has_a_message_in_each),
		FAIR(what_does_not_fit_its_shape_goes_on_in_hexadecimal),
		CLEAN(flipped_bits_are_told_and_come_again_with_the_same_seed),
		CLEAN(pieces_and_their_delays_come_again_with_the_same_seed),
		CLEAN(a_cut_ends_both_directions_in_good_order),
		CLEAN(a_reset_loses_both_ends_behind_its_byte),
		CLEAN(a_half_close_ends_its_direction_and_the_other_goes_on),
		CLEAN(
		    a_stalled_direction_says_nothing_more_and_the_other_goes_on),
		CLEAN(of_several_the_one_with_the_fewest_bytes_counts),
		CLEAN(what_is_late_or_throttled_comes_whole_and_no_earlier),
		FAIR(what_was_sent_is_recorded_and_not_what_was_made_of_it),
		CLEAN(a_capture_has_the_addresses_of_both_programs),
		CLEAN(a_file_that_can_not_be_written_is_named),
		CLEAN(told_to_end_it_closes_what_is_open),
		CLEAN(nobody_to_read_the_output_ends_it),
	};

	test_begin();
	weather = getenv("CASK_CHAOS");
	if (weather != NULL) {
		static char copy[256];

		snprintf(copy, sizeof copy, "%s", weather);
		weather = copy;
		many = 65536;
	}
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
