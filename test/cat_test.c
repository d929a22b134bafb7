/*
 * cask cat: bytes and messages over sockets, as a child with plain sockets for
 * peers.
 *
 * SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700 /* pseudo-terminals */

#include "tools_kit.h"

#include <sys/stat.h>
#include <sys/un.h>

static char out[TEXT], err[TEXT];
static char dir[] = "/tmp/cask-cat-XXXXXX";
static char shape_path[64], in_path[64], out_path[64], sock_path[64];

#define MIB ((size_t)1 << 20)

/* Children with an input. */

#define ARGS(...) \
	((char *[]) { (char[]) { "cask" }, A("cat"), __VA_ARGS__, NULL })

static void
start_from(struct child *c, int in, char *const argv[])
{
	int before = dup(0);

	assert_true(before >= 0);
	assert_int_equal(dup2(in, 0), 0);
	close(in);
	start(c, argv);
	assert_int_equal(dup2(before, 0), 0);
	close(before);
}

/* An input that has those bytes, and ends. */
static int
bytes_in(const void *bytes, size_t n)
{
	int fd[2];

	make_pipe(fd);
	assert_true(n < 60000);
	assert_int_equal(write(fd[1], bytes, n), n);
	close(fd[1]);
	return fd[0];
}

static int
text_in(const char *text)
{
	return bytes_in(text, strlen(text));
}

static int
no_input(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* An input that goes on: its other end goes to *to. */
static int
open_in(int *to)
{
	int fd[2];

	make_pipe(fd);
	*to = fd[1];
	return fd[0];
}

static void
write_file(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static char *
shaped(const char *text)
{
	write_file(shape_path, text, strlen(text));
	return shape_path;
}

static void
read_listening(struct child *c, char port[8])
{
	char line[256], rest;
	unsigned n;

	assert_true(read_line(c->err, line, sizeof line));
	assert_int_equal(
	    sscanf(line, "listening on 127.0.0.1 port %u%c", &n, &rest), 1);
	snprintf(port, 8, "%u", n & 0xFFFF);
}

/* Is the stream at its end? */
static void
assert_ends(int fd)
{
	char byte;

	assert_false(hear(fd, &byte, 1));
}

static void
assert_hears(int fd, const void *bytes, size_t n)
{
	char got[4096];

	assert_true(n <= sizeof got);
	assert_true(hear(fd, got, n));
	assert_memory_equal(got, bytes, n);
}

/* Byte by byte, MiBs take too long. */
static bool
is_slow(void)
{
	return getenv("CASK_CHAOS") != NULL;
}

/* Bytes */

static void
bytes_go_both_ways_and_the_end_of_input_is_told(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd;

	(void)state;
	start_from(&c, bytes_in("a\0\xff\n", 4), ARGS(A("127.0.0.1"), port));
	fd = answer(listener);
	assert_hears(fd, "a\0\xff\n", 4);
	assert_ends(fd);
	say_bytes(fd, "back", 4);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "back");
	assert_string_equal(err, "");
	close(listener);
}

static unsigned char *
noise(size_t n, unsigned seed)
{
	unsigned char *p = malloc(n);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245u + 12345u;
		p[i] = (unsigned char)(seed >> 16);
	}
	return p;
}

static void
assert_file_is(const char *path, const unsigned char *bytes, size_t n)
{
	unsigned char *got = malloc(n + 1);
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	assert_non_null(got);
	assert_int_equal(fread(got, 1, n + 1, f), n);
	assert_memory_equal(got, bytes, n);
	fclose(f);
	free(got);
}

static void
say_all(int fd, const unsigned char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, bytes, n, MSG_NOSIGNAL);

		assert_true(k > 0 || errno == EINTR);
		bytes += k > 0 ? k : 0;
		n -= k > 0 ? (size_t)k : 0;
	}
}

/* From a file to a file; the peer sends all before it receives anything. */
static void
files_both_ways(void)
{
	size_t n = 6 * MIB;
	unsigned char *there = noise(n, 1), *back = noise(n, 2);
	unsigned char *got = malloc(n);
	struct child c;
	char port[8];
	int listener = listen_on_any(port), before = dup(0), in, to, e[2], fd;

	assert_non_null(got);
	write_file(in_path, there, n);
	in = open(in_path, O_RDONLY | O_CLOEXEC);
	to = open(out_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(in >= 0 && to >= 0);
	make_pipe(e);
	dup2(in, 0);
	start_to(&c, ARGS(A("127.0.0.1"), port), to, e[1]);
	dup2(before, 0);
	fd = answer(listener);
	say_all(fd, back, n);
	assert_true(hear(fd, got, n));
	assert_memory_equal(got, there, n);
	assert_ends(fd);
	close(fd);
	assert_int_equal(await_exit(&c), 0);
	assert_file_is(out_path, back, n);
	close(before);
	close(in);
	close(to);
	close(e[0]);
	close(e[1]);
	close(listener);
	free(there);
	free(back);
	free(got);
}

static void
files_go_both_ways_at_once_with_a_peer_that_does_not_read(void **state)
{
	(void)state;
	if (is_slow())
		skip();
	files_both_ways();
}

/* Send without waiting, as much as goes; how much that was. */
static size_t
push(int fd, const unsigned char *bytes, size_t n)
{
	size_t at = 0;

	for (int idle = 0; at < n && idle < 20;) {
		ssize_t k =
		    send(fd, bytes + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (k > 0)
			at += (size_t)k;
		idle = k > 0 ? 0 : idle + 1;
		if (k <= 0)
			test_pause(5);
	}
	return at;
}

static void
output_unread(void)
{
	size_t n = 32 * MIB, at, got = 0;
	unsigned char *there = noise(MIB, 3), *back = noise(n, 4);
	unsigned char *to = malloc(n);
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd, in;
	ssize_t k = 1;

	assert_non_null(to);
	write_file(in_path, there, MIB);
	in = open(in_path, O_RDONLY | O_CLOEXEC);
	start_from(&c, in, ARGS(A("127.0.0.1"), port));
	fd = answer(listener);
	at = push(fd, back, n);
	assert_true(at < n);
	assert_true(hear(fd, to, MIB));
	assert_memory_equal(to, there, MIB);
	assert_ends(fd);
	while (k > 0 && got < n) {
		at += push(fd, back + at, at < n ? n - at : 0);
		if (at == n)
			shutdown(fd, SHUT_WR);
		assert_int_equal(
		    wait_readable(c.out, clock_ms() + LIMIT_MS), 1);
		k = test_read(c.out, to + got, n - got);
		got += k > 0 ? (size_t)k : 0;
	}
	assert_int_equal(got, n);
	assert_memory_equal(to, back, n);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "");
	close(fd);
	close(listener);
	free(there);
	free(back);
	free(to);
}

static void
an_output_that_nobody_reads_stops_what_comes_but_not_what_goes(void **state)
{
	(void)state;
	if (is_slow())
		skip();
	output_unread();
}

/* Ends */

static void
it_ends_when_it_is_told_to(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd, to;

	(void)state;
	start_from(&c, text_in("x"),
	    ARGS(A("--end"), A("input"), A("127.0.0.1"), port));
	fd = answer(listener);
	assert_int_equal(finish(&c, out, err), 0);
	assert_hears(fd, "x", 1);
	assert_ends(fd);
	close(fd);
	start_from(
	    &c, open_in(&to), ARGS(A("-e"), A("peer"), A("127.0.0.1"), port));
	fd = answer(listener);
	say_bytes(fd, "y", 1);
	shutdown(fd, SHUT_WR);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "y");
	close(fd);
	close(to);
	start_from(
	    &c, open_in(&to), ARGS(A("-e"), A("either"), A("127.0.0.1"), port));
	fd = answer(listener);
	shutdown(fd, SHUT_WR);
	assert_int_equal(finish(&c, out, err), 0);
	close(fd);
	close(to);
	close(listener);
}

/* The peer's end does not keep what is still to be sent. */
static void
a_peer_that_has_ended_is_sent_the_rest(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd, to;

	(void)state;
	start_from(&c, open_in(&to), ARGS(A("-v"), A("127.0.0.1"), port));
	fd = answer(listener);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 2; i++)
		assert_true(read_line(c.err, err, sizeof err));
	ASSERT_HAS(err, ": has ended");
	assert_int_equal(write(to, "late", 4), 4);
	assert_hears(fd, "late", 4);
	close(to);
	assert_ends(fd);
	assert_int_equal(finish(&c, out, err), 0);
	close(fd);
	close(listener);
}

static void
the_end_of_input_can_be_kept_from_the_peer_and_input_left_alone(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd, in, to;
	char byte;

	(void)state;
	start_from(&c, text_in("x"), ARGS(A("--hold"), A("127.0.0.1"), port));
	fd = answer(listener);
	assert_hears(fd, "x", 1);
	say_bytes(fd, "y", 1);
	assert_true(read_line(c.out, out, 2) || out[0] == 'y');
	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	in = open_in(&to);
	assert_int_equal(write(to, "kept", 4), 4);
	start_from(&c, dup(in), ARGS(A("-d"), A("127.0.0.1"), port));
	fd = answer(listener);
	say_bytes(fd, "z", 1);
	shutdown(fd, SHUT_WR);
	assert_ends(fd);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "z");
	assert_int_equal(read(in, out, 8), 4);
	close(fd);
	close(in);
	close(to);
	close(listener);
}

/* Exit codes */

static void
a_connection_that_fails_or_is_lost_gives_1(void **state)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd, to;

	(void)state;
	start_from(&c, open_in(&to), ARGS(A("127.0.0.1"), port));
	fd = answer(listener);
	say_bytes(fd, "x", 1);
	assert_true(read_line(c.out, out, 2) || out[0] == 'x');
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	close(fd);
	assert_int_equal(finish(&c, out, err), 1);
	ASSERT_HAS(err, "cask cat: receive 127.0.0.1:");
	ASSERT_HAS(err, "Connection reset by peer\n");
	close(to);
	close(listener);
	start_from(&c, no_input(), ARGS(A("127.0.0.1"), port));
	assert_int_equal(finish(&c, out, err), 1);
	ASSERT_HAS(err, "cask cat: connect 127.0.0.1:");
	ASSERT_HAS(err, "Connection refused\n");
}

static void
a_silence_gives_3(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd, to;

	(void)state;
	start_from(
	    &c, open_in(&to), ARGS(A("-w"), A("0.05"), A("127.0.0.1"), port));
	fd = answer(listener);
	say_bytes(fd, "x", 1);
	assert_int_equal(finish(&c, out, err), 3);
	assert_string_equal(out, "x");
	ASSERT_HAS(err, ": nothing came or went for 0.05 s\n");
	close(fd);
	close(to);
	close(listener);
	start_from(&c, no_input(),
	    ARGS(A("-q"), A("-l"), A("-w"), A("0.05"), A("127.0.0.1"), A("0")));
	assert_int_equal(finish(&c, out, err), 3);
	assert_string_equal(err, "cask cat: nobody connected within 0.05 s\n");
}

static void
being_told_to_end_gives_5_or_0_where_it_is_the_end(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd, to;

	(void)state;
	for (int i = 0; i < 2; i++) {
		start_from(&c, open_in(&to), ARGS(A("127.0.0.1"), port));
		fd = answer(listener);
		say_bytes(fd, "x", 1);
		assert_true(read_line(c.out, out, 2) || out[0] == 'x');
		kill(c.pid, i == 0 ? SIGINT : SIGTERM);
		assert_int_equal(finish(&c, out, err), 5);
		assert_string_equal(err, "");
		assert_ends(fd);
		close(fd);
		close(to);
	}
	close(listener);
	start_from(
	    &c, no_input(), ARGS(A("-l"), A("-k"), A("127.0.0.1"), A("0")));
	read_listening(&c, port);
	kill(c.pid, SIGTERM);
	assert_int_equal(finish(&c, out, err), 0);
}

static void
an_output_that_is_closed_gives_1(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd, to;

	(void)state;
	start_from(&c, open_in(&to), ARGS(A("127.0.0.1"), port));
	fd = answer(listener);
	close(c.out);
	say_bytes(fd, "x", 1);
	read_all(c.err, err, TEXT);
	assert_int_equal(await_exit(&c), 1);
	ASSERT_HAS(err, "cask cat: standard output: Broken pipe\n");
	close(fd);
	close(to);
	close(listener);
}

static void
wrong_use_gives_2(void **state)
{
	static const struct {
		const char *argv[8];
		const char *err;
	} wrong[] = {
		{ { "h" }, "PORT is missing ('cask help cat')\n" },
		{ { "h", "0" },
		    "PORT: '0' is not a port: a number from 1 to "
		    "65535, or the name of a service\n" },
		{ { "-k", "h", "1" }, "--keep: needs --listen\n" },
		{ { "-U", "p", "1" }, "'1': one argument too many\n" },
		{ { "--json", "h", "1" }, "--json: needs --shape or --type\n" },
		{ { "--framed", "h", "1" },
		    "--framed: needs --shape or --type\n" },
		{ { "--type", "object CObList", "h", "1" },
		    "--shape: 'v1': objects can be shown, but not be sent: "
		    "add --no-input\n" },
		{ { "-w", "0", "h", "1" },
		    "-w: '0' is not a number of seconds from 0.001 to "
		    "86400\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *argv[12] = { "cask", "cat" };
		char *copy[12], all[512];
		struct child c;

		for (size_t k = 0; wrong[i].argv[k] != NULL; k++)
			argv[k + 2] = wrong[i].argv[k];
		memcpy(copy, argv, sizeof argv);
		start_from(&c, no_input(), copy);
		assert_int_equal(finish(&c, out, err), 2);
		snprintf(all, sizeof all, "cask cat: %s", wrong[i].err);
		assert_string_equal(err, all);
	}
}

/* Messages */

#define QUOTE                                                             \
	"struct quote { ansi symbol; count n; f64 price[n]; optional u8 " \
	"flag; }"
#define QUOTE_BYTES                                                  \
	"\4ACME\2\0\0\0\0\0\0\xc0\x44\x40\0\0\0\0\0\x20\x45\x40\1\7" \
	"\0\0\0\0"
#define QUOTE_JSON                                                          \
	"{\"symbol\":\"ACME\",\"n\":2,\"price\":[41.5,42.25],\"flag\":7}\n" \
	"{\"symbol\":\"\",\"n\":0,\"price\":[],\"flag\":null}\n"

static void
lines_of_json_are_sent_as_the_shape_says(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd;

	(void)state;
	start_from(&c, text_in("\n \t\r\n" QUOTE_JSON),
	    ARGS(A("--shape"), shaped(QUOTE), A("127.0.0.1"), port));
	fd = answer(listener);
	assert_hears(fd, QUOTE_BYTES, sizeof QUOTE_BYTES - 1);
	assert_ends(fd);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
	close(listener);
}

/* Each is seen before the next one has begun. */
static void
messages_are_printed_when_they_are_whole_however_they_come(void **state)
{
	struct child c;
	char port[8], line[256], lines[512] = "";
	int listener = listen_on_any(port), fd;

	(void)state;
	start_from(&c, no_input(),
	    ARGS(A("--shape"), shaped(QUOTE), A("--json"), A("127.0.0.1"),
		port));
	fd = answer(listener);
	for (size_t i = 0; i < sizeof QUOTE_BYTES - 1; i++) {
		say_bytes(fd, QUOTE_BYTES + i, 1);
		test_pause(1);
		if (i != 24 && i != 28)
			continue;
		assert_true(read_line(c.out, line, sizeof line));
		strcat(strcat(lines, line), "\n");
	}
	assert_string_equal(lines, QUOTE_JSON);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "");
	close(listener);
}

/* … and by lengths that are in it, and without. */
static void
long_messages(void)
{
	size_t n = 3 * MIB, texts = 200000;
	unsigned char *bytes = calloc(1, 4 + n + 4 + 2 * texts), *at = bytes;
	char *got = malloc(2 * n + 4 * texts + 100);
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd;
	size_t have = 0, all = 2 * n + 4 * texts + 100;
	ssize_t k;

	assert_non_null(bytes);
	assert_non_null(got);
	put_le(at, n, 4);
	at += 4 + n;
	put_le(at, texts, 4);
	at += 4;
	for (size_t i = 0; i < texts; i++, at += 2)
		memcpy(at, "\1a", 2);
	start_from(&c, no_input(),
	    ARGS(A("--type"), A("u32 bytes[v1] u32 ansi[v3]"), A("--json"),
		A("127.0.0.1"), port));
	fd = answer(listener);
	say_all(fd, bytes, (size_t)(at - bytes));
	while (have < all && wait_readable(c.out, clock_ms() + LIMIT_MS) == 1 &&
	    (k = test_read(c.out, got + have, all - have)) > 0) {
		have += (size_t)k;
		if (got[have - 1] == '\n')
			break;
	}
	assert_int_equal(have,
	    strlen("{\"v1\":3145728,\"v2\":\"\",\"v3\":200000,\"v4\":[]}\n") +
		2 * n + 4 * texts - 1);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	close(listener);
	free(bytes);
	free(got);
}

static void
long_messages_are_whole_at_their_end(void **state)
{
	(void)state;
	if (is_slow())
		skip();
	long_messages();
}

static void
messages_are_printed_for_people_as_dump_does(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd;

	(void)state;
	start_from(&c, no_input(),
	    ARGS(A("--type"), A("u8 ansi"), A("127.0.0.1"), port));
	fd = answer(listener);
	say_bytes(fd, "\1\1a\2\3\x1b[b", 8);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out,
	    "  byte  hex                      type    name = value\n"
	    "     0  01                       u8      v1 = 1\n"
	    "     1  01 61                    ansi    v2 = \"a\"\n"
	    "  byte  hex                      type    name = value\n"
	    "     0  02                       u8      v1 = 2\n"
	    "     1  03 1b 5b 62              ansi    v2 = \"\\u001b[b\"\n");
	close(listener);
}

static void
frames_go_both_ways_in_either_order(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd;

	(void)state;
	start_from(&c, text_in("{\"v1\":258,\"v2\":[\"1\",2]}"),
	    ARGS(A("--type"), A("u16 u8*"), A("--framed"), A("--order"),
		A("big"), A("--json"), A("127.0.0.1"), port));
	fd = answer(listener);
	assert_hears(fd, "\0\0\0\4\1\2\1\2", 8);
	assert_ends(fd);
	say_bytes(fd, "\0\0\0\2\0\1\0\0\0\3\0\2\xff", 13);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(
	    out, "{\"v1\":1,\"v2\":[]}\n{\"v1\":2,\"v2\":[255]}\n");
	close(listener);
}

/* What comes and is wrong */

struct bad {
	const char *types;
	const char *option;
	const char *bytes;
	size_t n;
	const char *out;
	const char *err; /* behind the peer's address */
};

static const struct bad bad[] = {
	{ "u32", "--json", "\1\0\0\0\2\0", 6, "{\"v1\":1}\n",
	    "u32 v1 at byte 0: stream ended inside a message" },
	{ "bool ansi", "--json", "\1\377\377\377\377", 5, "",
	    "text v2 at byte 1: stream ended inside a message" },
	{ "version 1", "--json", "", 0, "", "" },
	{ "u8", "--framed", "\2\0\0\0\1\2", 6, NULL,
	    "its 2 bytes hold 1 more than the shape says" },
	{ "u16", "--framed", "\1\0\0\0\1", 5, NULL,
	    "u16 v1 at byte 0: its message ends here, after 1 bytes" },
	{ "u16", "--framed", "\2\0\0\0\1", 5, "",
	    "the stream ended inside it" },
	{ "u16", "--framed", "\377\377\377\177\1", 5, "",
	    "2147483647 bytes long or longer, limit 67108864" },
};

static void
what_comes_and_is_wrong_gives_4_and_says_why(void **state)
{
	char port[8];
	int listener = listen_on_any(port);

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct bad *b = &bad[i];
		char types[32], option[32], why[256];
		struct child c;
		int fd;

		if (b->n == 0)
			continue;
		strcpy(types, b->types);
		strcpy(option, b->option);
		start_from(&c, no_input(),
		    ARGS(A("--type"), types, option, A("127.0.0.1"), port));
		fd = answer(listener);
		say_bytes(fd, b->bytes, b->n);
		shutdown(fd, SHUT_WR);
		assert_int_equal(finish(&c, out, err), 4);
		snprintf(why, sizeof why,
		    "cask cat: message from 127.0.0.1:%s: %s\n", port, b->err);
		assert_string_equal(err, why);
		if (b->out != NULL)
			assert_string_equal(out, b->out);
		close(fd);
	}
	close(listener);
}

/* What is to be sent and is wrong */

struct refused {
	const char *shape;
	const char *json;
	const char *err;
};

#define U8(json, err)                           \
	{                                       \
		"struct s { u8 x; }", json, err \
	}

static const struct refused refused[] = {
	/* JSON */
	U8("{\"x\":1", "column 7: expected ',' or '}', but the line ends"),
	U8("{\"x\" 1}", "column 6: expected ':', not '1'"),
	U8("{x:1}", "column 2: expected the name of a member, not 'x'"),
	U8("{\"x\":1,}", "column 8: expected the name of a member, not '}'"),
	U8("{\"x\":01}", "column 7: expected ',' or '}', not '1'"),
	U8("{\"x\":-}", "column 7: expected a digit, not '}'"),
	U8("{\"x\":1.}", "column 8: expected a digit, not '}'"),
	U8("{\"x\":1e}", "column 8: expected a digit, not '}'"),
	U8("{\"x\":nul}", "column 6: expected a value, not 'n'"),
	U8("{\"x\":'1'}", "column 6: expected a value, not '''"),
	U8("{\"x\":1} 2", "column 9: expected the end of the line, not '2'"),
	U8("{\"x\":[1,2}", "column 10: expected ',' or ']', not '}'"),
	U8("{\"x\":\"\\q\"}",
	    "column 8: expected an escape: \\n, \\u20ac, …, not 'q'"),
	U8("{\"x\":\"\\u12g4\"}",
	    "column 11: expected four hexadecimal digits, not 'g'"),
	U8("{\"x\":\"\\ud800\"}",
	    "column 13: expected the other half of a surrogate pair, not '\"'"),
	U8("{\"x\":\"\\ud800\\u0041\"}",
	    "column 19: not the other half of a surrogate pair"),
	U8("{\"x\":\"\\udc00\"}",
	    "column 13: the second half of a surrogate pair alone"),
	U8("{\"x\":\"\\u0000\"}", "column 13: a NUL, which no text can hold"),
	U8("{\"x\":\"a\tb\"}", "column 8: a control character in a text"),
	U8("{\"x\":\"\xff\"}", "column 7: not UTF-8"),
	U8("{\"x\":\"a",
	    "column 8: expected '\"' at the end of the text, but the line "
	    "ends"),
	/* members */
	U8("[1]", "an object is expected, not an array"),
	U8("{}", "member 'x' is missing"),
	U8("{\"x\":1,\"y\":2}", "no member 'y' in the shape"),
	U8("{\"x\":1,\"x\":2}", "a second member 'x'"),
	{ "struct s { u8 count; }", "{\"count\":1,\"coutn\":2}",
	    "no member 'coutn' in the shape; did you mean 'count'?" },
	{ "struct l { u8 a; } struct s { struct l lines[2]; }",
	    "{\"lines\":[{\"a\":1},{\"a\":256}]}",
	    "member 'lines[1].a': 256 does not fit u8" },
	{ "struct l { u8 a; } struct s { struct l l; }", "{\"l\":3}",
	    "member 'l': an object is expected, not a number" },
	{ "struct l { u8 a; } struct s { struct l l; }", "{\"l\":{}}",
	    "member 'l': member 'a' is missing" },
	{ "struct s { u8 a[2]; }", "{\"a\":[1]}",
	    "member 'a': 1 elements, but there are 2" },
	{ "struct s { u8 n; u8 a[n]; }", "{\"n\":3,\"a\":[1]}",
	    "member 'a': 1 elements, but 'n' is 3" },
	{ "struct s { i8 n; u8 a[n]; }", "{\"n\":-3,\"a\":[1]}",
	    "member 'a': 'n' is negative" },
	{ "struct s { u8 a[2]; }", "{\"a\":1}",
	    "member 'a': an array is expected, not a number" },
	{ "struct s { u8 k; union k { 1: u8 a; 2: u8 b; } }", "{\"k\":3}",
	    "member 'k': no case for 3" },
	{ "struct s { u8 k; union k { 1: u8 a; 2: u8 b; } }",
	    "{\"k\":1,\"a\":1,\"b\":2}",
	    "'b' is of another case of the union" },
	{ "struct s { version 2; since 2 u8 b; }", "{\"version\":1,\"b\":2}",
	    "'b' is there since version 2 only" },
	{ "struct s { version 2; since 2 u8 b; }", "{\"version\":3,\"b\":2}",
	    "member 'version': a version from 1 to 2 is expected, not 3" },
	/* values */
	U8("{\"x\":300}", "member 'x': 300 does not fit u8"),
	U8("{\"x\":-1}", "member 'x': -1 does not fit u8"),
	U8("{\"x\":1.5}",
	    "member 'x': a whole number (u8) is expected, not 1.5"),
	U8("{\"x\":1e2}",
	    "member 'x': a whole number (u8) is expected, not 1e2"),
	U8("{\"x\":\"ab\"}",
	    "member 'x': a whole number (u8) is expected, not \"ab\""),
	U8("{\"x\":true}", "member 'x': a number (u8) is expected, not true"),
	U8("{\"x\":null}", "member 'x': a number (u8) is expected, not null"),
	{ "struct s { i64 x; }", "{\"x\":9223372036854775808}",
	    "member 'x': 9223372036854775808 does not fit i64" },
	{ "struct s { u64 x; }", "{\"x\":18446744073709551616}",
	    "member 'x': 18446744073709551616 does not fit u64" },
	{ "struct s { u64 x; }", "{\"x\":-1}",
	    "member 'x': -1 does not fit u64" },
	{ "struct s { f32 x; }", "{\"x\":1e39}",
	    "member 'x': 1e39 does not fit f32" },
	{ "struct s { f64 x; }", "{\"x\":1e999}",
	    "member 'x': 1e999 does not fit f64" },
	{ "struct s { f64 x; }", "{\"x\":\"1\"}",
	    "member 'x': a number, \"NaN\", \"Infinity\" or \"-Infinity\" "
	    "(f64) is expected, not text" },
	{ "struct s { bool x; }", "{\"x\":1}",
	    "member 'x': true or false (bool) is expected, not a number" },
	{ "struct s { text x; }", "{\"x\":[]}",
	    "member 'x': text (text) is expected, not an array" },
	{ "struct s { bytes x[2]; }", "{\"x\":\"0g\"}",
	    "member 'x': character 1 is no hexadecimal digit" },
	{ "struct s { bytes x[2]; }", "{\"x\":\"012\"}",
	    "member 'x': half a byte at the end" },
	{ "struct s { bytes x[2]; }", "{\"x\":\"01\"}",
	    "member 'x': 1 bytes, but there are 2" },
	{ "struct s { guid x; }", "{\"x\":\"01\"}",
	    "member 'x': a GUID, as {00112233-4455-6677-8899-AABBCCDDEEFF}, "
	    "is expected" },
	{ "struct s { point x; }", "{\"x\":{\"x\":1}}",
	    "member 'x': 'y' is missing" },
	{ "struct s { point x; }", "{\"x\":{\"x\":1,\"y\":2,\"z\":3}}",
	    "member 'x': 3 members, where point has 2" },
	{ "struct s { point x; }", "{\"x\":{\"x\":1,\"y\":\"3000000000\"}}",
	    "member 'x.y': 3000000000 does not fit i32" },
	{ "struct s { variant x; }", "{\"x\":{\"type\":16,\"value\":128}}",
	    "member 'x.value': 128 does not fit of a variant" },
	{ "struct s { variant x; }", "{\"x\":{\"type\":0,\"value\":128}}",
	    "member 'x': 2 members, where variant has 1" },
	{ "struct s { ansi x; }", "{\"x\":\"\\u0416\"}",
	    "member 'x': text x at byte 0: code page 1252 lacks the character "
	    "at byte 0 of the text" },
};

static void
a_line_that_is_wrong_gives_4_and_says_where_and_why(void **state)
{
	char port[8];
	int listener = listen_on_any(port);

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		char why[512], json[256];
		struct child c;

		snprintf(json, sizeof json, "\n%s\n", refused[i].json);
		start_from(&c, text_in(json),
		    ARGS(A("--shape"), shaped(refused[i].shape), A("127.0.0.1"),
			port));
		close(answer(listener));
		assert_int_equal(finish(&c, out, err), 4);
		snprintf(
		    why, sizeof why, "cask cat: line 2: %s\n", refused[i].err);
		assert_string_equal(err, why);
	}
	close(listener);
}

/* The lines before the wrong one are sent. */
static void
lines_are_sent_up_to_the_wrong_one(void **state)
{
	struct child c;
	char port[8];
	int listener = listen_on_any(port), fd;

	(void)state;
	start_from(&c,
	    text_in("{\"v1\":1}\n{\"v1\":2}\n{\"v1\":x}\n{\"v1\":4}"),
	    ARGS(A("--type"), A("u8"), A("127.0.0.1"), port));
	fd = answer(listener);
	assert_hears(fd, "\1\2", 2);
	assert_ends(fd);
	assert_int_equal(finish(&c, out, err), 4);
	assert_string_equal(
	    err, "cask cat: line 3: column 7: expected a value, not 'x'\n");
	close(fd);
	close(listener);
}

static int
open_terminal(int *to)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), in;

	assert_true(fd >= 0);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	assert_int_equal(grantpt(fd), 0);
	assert_int_equal(unlockpt(fd), 0);
	in = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(in >= 0);
	*to = fd;
	return in;
}

static void
a_line_typed_wrong_may_be_typed_again_and_the_peers_end_is_the_end(void **state)
{
	struct child c;
	char port[8], line[256];
	int listener = listen_on_any(port), fd, to;

	(void)state;
	start_from(&c, open_terminal(&to),
	    ARGS(A("--type"), A("u8"), A("127.0.0.1"), port));
	fd = answer(listener);
	assert_int_equal(write(to, "{\"v1\":256}\n", 11), 11);
	assert_true(read_line(c.err, line, sizeof line));
	assert_string_equal(
	    line, "cask cat: line 1: member 'v1': 256 does not fit u8");
	assert_int_equal(write(to, "{\"v1\":255}\n", 11), 11);
	assert_hears(fd, "\xff", 1);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	close(to);
	close(listener);
}

/* Start the command with standard error at a terminal: gives the terminal, and
 * the writing end of its input. */
static pid_t
start_at_terminal(char *port, int *terminal, int *input)
{
	int slave = open_terminal(terminal), in[2];
	pid_t pid;

	make_pipe(in);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		setenv("TERM", "xterm", 1);
		alarm(TEST_SECONDS);
		dup2(in[0], 0);
		dup2(null, 1);
		dup2(slave, 2);
		execl(cask_path(), "cask", "cat", "127.0.0.1", port,
		    (char *)NULL);
		_exit(99);
	}
	close(slave);
	close(in[0]);
	*input = in[1];
	return pid;
}

static void
a_long_transfer_tells_a_terminal_how_far_it_has_come(void **state)
{
	char port[8], text[4096] = "", bytes[100] = { 0 };
	int listener = listen_on_any(port), fd, terminal, input, status;
	pid_t pid = start_at_terminal(port, &terminal, &input);
	size_t n = 0;

	(void)state;
	fd = answer(listener);
	fcntl(terminal, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 500 && strstr(text, "/s") == NULL; i++) {
		ssize_t got;

		assert_int_equal(
		    write(input, bytes, sizeof bytes), sizeof bytes);
		test_pause(10);
		got = test_read(terminal, text + n, sizeof text - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	ASSERT_HAS(text, "\rcask cat: ");
	ASSERT_HAS(text, "/s");
	close(input);
	close(fd);
	assert_int_equal(test_await(pid, &status), pid);
	assert_true(WIFEXITED(status));
	close(terminal);
	close(listener);
}

/* There and back: what dump --json prints gives the same bytes. */

struct round {
	const char *shape;
	const char *bytes;
	size_t n;
};

#define ROUND(shape, bytes)                    \
	{                                      \
		shape, bytes, sizeof bytes - 1 \
	}

static const struct round rounds[] = {
	ROUND("struct s { u8 a; u16 b; u32 c; u64 d; }",
	    "\xff\xfe\xff\xfd\xff\xff\xff\xfc\xff\xff\xff\xff\xff\xff\xff"),
	ROUND("struct s { i8 a; i16 b; i32 c; i64 d; }",
	    "\x80\0\x80\0\0\0\x80\0\0\0\0\0\0\0\x80"),
	ROUND(
	    "order big; struct s { u16 a; i64 b; }", "\1\2\0\x20\0\0\0\0\0\1"),
	ROUND("struct s { f32 a; f32 b; f64 c; f64 d; }",
	    "\xff\xff\x7f\x7f\1\0\0\0\0\0\0\0\0\0\0\x80\1\0\0\0\0\0\0\0"),
	ROUND("struct s { f32 a; f64 b; f64 c; }",
	    "\0\0\x80\x7f\0\0\0\0\0\0\xf0\xff\x9a\x99\x99\x99\x99\x99\xb9\x3f"),
	ROUND("struct s { bool a; bool b; char16 c; count d; count e; }",
	    "\0\1\x00\xd8\xfe\xff\xff\xff\xff\xff\0\0"),
	ROUND("struct s { text a; ansi b; unicode c; }",
	    "\xff\xfe\xff\2\x3d\xd8\0\xde\2\"\\\xff\xfe\xff\1\x0a\0"),
	ROUND("struct s { utf8 a; utf16 b; utf32 c; bstr d; }",
	    "\2\0\xc3\xa9\1\0\x7f\0\1\0\x00\xf6\1\0\2\0\0\0\xac\x20\1\0"),
	ROUND("struct s { utf8(nul) a; utf8(lf) b; ansi(4) c; utf16(2 pad 32) "
	      "d; }",
	    "x\0y\nab\0\0z\0 \0"),
	ROUND("struct s { u8 n; bytes a[n]; bytes b[3]; u8 c[n]; bytes* d; }",
	    "\2\xab\xcd\1\2\3\4\5\6\7"),
	ROUND("struct l { u8 a; } struct s { struct l x[2]; struct l* y; }",
	    "\1\2\3\4"),
	ROUND("struct s { optional u8 a; optional u8 b; }", "\1\7\0"),
	ROUND("struct s { u8 k; union k { 1: u8 a; 2: text a; 3: ; } u8 z; }",
	    "\2\xff\xfe\xff\0\7"),
	ROUND("struct s { u8 k; union k { 1: u8 a; 3: ; } u8 z; }", "\3\7"),
	ROUND("struct s { i8 k; union k { -1: u8 a; } }", "\xff\7"),
	ROUND("struct s { version 3; since 2 u8 a; since 3 u8 b; }", "\2\0\5"),
	ROUND("struct m { u8 a; extends; u8 b; extends; } "
	      "struct s { message struct m* m; }",
	    "\1\0\0\0\1\2\0\0\0\1\2\4\0\0\0\1\2\3\4"),
	ROUND("big struct m { u8 a[2]; } struct n { message struct m m; } "
	      "struct s { message struct n n; u8 z; }",
	    "\6\0\0\0\2\0\0\0\1\2\7"),
	ROUND("struct s { timespan a; date b; datespan c; currency d; }",
	    "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\xf8\x3f\1\0\0\0\0\0\0\0\0\0"
	    "\0\0\0\0\0\0\1\0\0\0\0\0\0\x80"),
	ROUND("struct s { point a; size b; rect c; }",
	    "\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\xff\xff\xff\xff\6\0\0\0\7\0\0\0"
	    "\0\0\0\x80"),
	ROUND("struct s { guid a; variant b; variant c; variant d; }",
	    "0123456789abcdef\0\0\x0b\0\xff\xff\x10\0\x80"),
	ROUND("struct s { variant b; variant c; variant d; variant e; }",
	    "\4\0\0\0\0\x3f\6\0\0\0\0\0\0\0\0\x80\x15\0\xff\xff\xff\xff\xff\xff"
	    "\xff\xff\7\0\0\0\0\0\0\0\xf8\x3f"),
	ROUND("class C { u8 a; } struct s { class C c; class CByteArray b; }",
	    "\1\2\0\3\4"),
};

static void
what_dump_prints_as_json_is_sent_as_the_same_bytes(void **state)
{
	char port[8], got[256];
	int listener = listen_on_any(port);

	(void)state;
	for (size_t i = 0; i < COUNT(rounds); i++) {
		const struct round *r = &rounds[i];
		struct child c;
		int fd;

		write_file(in_path, r->bytes, r->n);
		START(&c, A("dump"), A("--json"), A("--shape"),
		    shaped(r->shape), in_path);
		if (finish(&c, out, err) != 0)
			fail_msg("%s: %s", r->shape, err);
		start_from(&c, text_in(out),
		    ARGS(A("--shape"), shape_path, A("127.0.0.1"), port));
		fd = answer(listener);
		if (!hear(fd, got, r->n))
			fail_msg("%s: too short of %s", r->shape, out);
		if (memcmp(got, r->bytes, r->n) != 0)
			fail_msg("%s: not of %s", r->shape, out);
		assert_ends(fd);
		close(fd);
		assert_int_equal(finish(&c, out, err), 0);
	}
	close(listener);
}

/* Listening */

static void
a_listener_takes_one_client_and_ends_with_it(void **state)
{
	struct child c;
	char port[8];
	int fd;

	(void)state;
	start_from(&c, text_in("hello"), ARGS(A("-l"), A("127.0.0.1"), A("0")));
	read_listening(&c, port);
	fd = dial(port);
	assert_hears(fd, "hello", 5);
	assert_ends(fd);
	say_bytes(fd, "bye", 3);
	close(fd);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "bye");
	assert_string_equal(err, "");
}

static void
many_clients_are_heard_by_name_and_sent_the_same(void **state)
{
	struct child c;
	char port[8], line[256], want[256];
	int fd[2], to;

	(void)state;
	start_from(&c, open_in(&to),
	    ARGS(A("-l"), A("-k"), A("--type"), A("u8"), A("--json"),
		A("127.0.0.1"), A("0")));
	read_listening(&c, port);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in a;
		socklen_t n = sizeof a;

		fd[i] = dial(port);
		say_bytes(fd[i], i == 0 ? "\1" : "\2", 1);
		assert_true(read_line(c.out, line, sizeof line));
		getsockname(fd[i], (struct sockaddr *)&a, &n);
		snprintf(want, sizeof want,
		    "{\"peer\":\"127.0.0.1:%u\",\"message\":{\"v1\":%d}}",
		    ntohs(a.sin_port), i + 1);
		assert_string_equal(line, want);
	}
	assert_int_equal(write(to, "{\"v1\":9}\n", 9), 9);
	assert_hears(fd[0], "\11", 1);
	assert_hears(fd[1], "\11", 1);
	close(fd[0]);
	fd[0] = dial(port);
	say_bytes(fd[0], "\3", 1);
	assert_true(read_line(c.out, line, sizeof line));
	ASSERT_HAS(line, "{\"v1\":3}");
	kill(c.pid, SIGTERM);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
	close(fd[0]);
	close(fd[1]);
	close(to);
}

static void
a_client_that_is_wrong_is_let_go_and_the_others_stay(void **state)
{
	struct child c;
	char port[8], line[256];
	int wrong, well;

	(void)state;
	start_from(&c, no_input(),
	    ARGS(A("-l"), A("-k"), A("--type"), A("bool unicode"),
		A("127.0.0.1"), A("0")));
	read_listening(&c, port);
	well = dial(port);
	wrong = dial(port);
	say_bytes(wrong, "\1\2", 2);
	assert_true(read_line(c.err, line, sizeof line));
	ASSERT_HAS(line, ": not a Unicode, but an ANSI string");
	assert_ends(wrong);
	say_bytes(well, "\1\xff\xfe\xff\0", 5);
	for (int i = 0; i < 5; i++)
		assert_true(read_line(c.out, line, sizeof line));
	kill(c.pid, SIGTERM);
	assert_int_equal(finish(&c, out, err), 0);
	close(well);
	close(wrong);
}

static void
a_client_that_is_silent_is_let_go_and_the_others_stay(void **state)
{
	struct child c;
	char port[8], line[256];
	int fd;

	(void)state;
	start_from(&c, no_input(),
	    ARGS(A("-l"), A("-k"), A("-w"), A("0.05"), A("127.0.0.1"), A("0")));
	read_listening(&c, port);
	for (int i = 0; i < 2; i++) {
		fd = dial(port);
		assert_true(read_line(c.err, line, sizeof line));
		ASSERT_HAS(line, ": nothing came or went for 0.05 s");
		assert_ends(fd);
		close(fd);
	}
	kill(c.pid, SIGTERM);
	assert_int_equal(finish(&c, out, err), 0);
}

/* The Unix domain, and datagrams */

static void
a_path_is_listened_on_and_taken_away(void **state)
{
	struct child server, client;
	char line[256], err2[256];

	(void)state;
	start_from(&server, text_in("from the server"),
	    ARGS(A("-l"), A("-U"), sock_path));
	assert_true(read_line(server.err, line, sizeof line));
	snprintf(err2, sizeof err2, "listening on %s", sock_path);
	assert_string_equal(line, err2);
	start_from(
	    &client, text_in("from the client"), ARGS(A("-U"), sock_path));
	assert_int_equal(finish(&client, out, err), 0);
	assert_string_equal(out, "from the server");
	assert_int_equal(finish(&server, out, err), 0);
	assert_string_equal(out, "from the client");
	assert_int_equal(access(sock_path, F_OK), -1);
	start_from(&client, no_input(), ARGS(A("-U"), sock_path));
	assert_int_equal(finish(&client, out, err), 1);
	ASSERT_HAS(err, "No such file or directory");
}

static int
udp_socket(char port[8])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	fcntl(fd, F_SETFD, FD_CLOEXEC);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	snprintf(port, 8, "%u", ntohs(a.sin_port));
	return fd;
}

static ssize_t
hear_datagram(int fd, char *to, size_t size, struct sockaddr_in *from)
{
	socklen_t n = sizeof *from;

	assert_int_equal(wait_readable(fd, clock_ms() + LIMIT_MS), 1);
	return recvfrom(fd, to, size, 0, (struct sockaddr *)from, &n);
}

static void
each_line_of_json_is_a_datagram_and_so_is_each_message(void **state)
{
	struct sockaddr_in from;
	struct child c;
	char port[8], got[16];
	int fd = udp_socket(port);

	(void)state;
	start_from(&c, text_in("{\"v1\":1}\n{\"v1\":2}\n"),
	    ARGS(A("-u"), A("--type"), A("u16"), A("--json"), A("-e"),
		A("peer"), A("127.0.0.1"), port));
	assert_int_equal(hear_datagram(fd, got, sizeof got, &from), 2);
	assert_memory_equal(got, "\1\0", 2);
	assert_int_equal(hear_datagram(fd, got, sizeof got, &from), 2);
	assert_memory_equal(got, "\2\0", 2);
	assert_int_equal(
	    sendto(fd, "\3\0", 2, 0, (struct sockaddr *)&from, sizeof from), 2);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "{\"v1\":3}\n");
	start_from(&c, text_in("{\"v1\":1}\n"),
	    ARGS(A("-u"), A("--type"), A("u16"), A("127.0.0.1"), port));
	assert_int_equal(hear_datagram(fd, got, sizeof got, &from), 2);
	assert_int_equal(
	    sendto(fd, "\3\0\0", 3, 0, (struct sockaddr *)&from, sizeof from),
	    3);
	assert_int_equal(finish(&c, out, err), 4);
	ASSERT_HAS(err, ": its 3 bytes hold 1 more than the shape says\n");
	close(fd);
}

static void
datagrams_end_with_a_silence_well_if_any_came(void **state)
{
	struct sockaddr_in from;
	struct child c;
	char port[8], got[16];
	int fd = udp_socket(port);

	(void)state;
	start_from(&c, text_in("ask"),
	    ARGS(A("-u"), A("-w"), A("0.2"), A("127.0.0.1"), port));
	assert_int_equal(hear_datagram(fd, got, sizeof got, &from), 3);
	assert_int_equal(finish(&c, out, err), 3);
	ASSERT_HAS(err, ": nothing came or went for 0.2 s\n");
	start_from(&c, text_in("ask"),
	    ARGS(A("-u"), A("-w"), A("1"), A("127.0.0.1"), port));
	assert_int_equal(hear_datagram(fd, got, sizeof got, &from), 3);
	sendto(fd, "answer", 6, 0, (struct sockaddr *)&from, sizeof from);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "answer");
	close(fd);
}

static void
who_listens_for_datagrams_answers_the_last_sender(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET }, from;
	struct child c;
	char port[8], mine[8], line[256], got[16];
	int fd = udp_socket(mine), other = udp_socket(line), in;

	(void)state;
	start_from(&c, open_in(&in),
	    ARGS(A("-l"), A("-u"), A("--type"), A("u8"), A("--json"),
		A("127.0.0.1"), A("0")));
	read_listening(&c, port);
	to.sin_port = htons((uint16_t)atoi(port));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sendto(other, "\1", 1, 0, (struct sockaddr *)&to, sizeof to);
	assert_true(read_line(c.out, line, sizeof line));
	sendto(other, "", 0, 0, (struct sockaddr *)&to, sizeof to);
	assert_true(read_line(c.err, line, sizeof line));
	ASSERT_HAS(line, ": its message ends here, after 0 bytes");
	sendto(fd, "\2", 1, 0, (struct sockaddr *)&to, sizeof to);
	assert_true(read_line(c.out, line, sizeof line));
	snprintf(out, sizeof out,
	    "{\"peer\":\"127.0.0.1:%s\",\"message\":{\"v1\":2}}", mine);
	assert_string_equal(line, out);
	assert_int_equal(write(in, "{\"v1\":7}\n", 9), 9);
	assert_int_equal(hear_datagram(fd, got, sizeof got, &from), 1);
	assert_int_equal(got[0], 7);
	kill(c.pid, SIGTERM);
	assert_int_equal(finish(&c, out, err), 0);
	close(in);
	close(fd);
	close(other);
}

static int
make_files(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(shape_path, sizeof shape_path, "%s/shape", dir);
	snprintf(in_path, sizeof in_path, "%s/in", dir);
	snprintf(out_path, sizeof out_path, "%s/out", dir);
	snprintf(sock_path, sizeof sock_path, "%s/sock", dir);
	return 0;
}

static int
remove_files(void **state)
{
	(void)state;
	unlink(shape_path);
	unlink(in_path);
	unlink(out_path);
	return rmdir(dir);
}

#define CASE(name) cmocka_unit_test_teardown(name, kill_children)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(bytes_go_both_ways_and_the_end_of_input_is_told),
		CASE(files_go_both_ways_at_once_with_a_peer_that_does_not_read),
		CASE(
		    an_output_that_nobody_reads_stops_what_comes_but_not_what_goes),
		CASE(it_ends_when_it_is_told_to),
		CASE(a_peer_that_has_ended_is_sent_the_rest),
		CASE(
		    the_end_of_input_can_be_kept_from_the_peer_and_input_left_alone),
		CASE(a_connection_that_fails_or_is_lost_gives_1),
		CASE(a_silence_gives_3),
		CASE(being_told_to_end_gives_5_or_0_where_it_is_the_end),
		CASE(an_output_that_is_closed_gives_1),
		CASE(wrong_use_gives_2),
		CASE(lines_of_json_are_sent_as_the_shape_says),
		CASE(
		    messages_are_printed_when_they_are_whole_however_they_come),
		CASE(long_messages_are_whole_at_their_end),
		CASE(messages_are_printed_for_people_as_dump_does),
		CASE(frames_go_both_ways_in_either_order),
		CASE(what_comes_and_is_wrong_gives_4_and_says_why),
		CASE(a_line_that_is_wrong_gives_4_and_says_where_and_why),
		CASE(lines_are_sent_up_to_the_wrong_one),
		CASE(
		    a_line_typed_wrong_may_be_typed_again_and_the_peers_end_is_the_end),
		CASE(a_long_transfer_tells_a_terminal_how_far_it_has_come),
		CASE(what_dump_prints_as_json_is_sent_as_the_same_bytes),
		CASE(a_listener_takes_one_client_and_ends_with_it),
		CASE(many_clients_are_heard_by_name_and_sent_the_same),
		CASE(a_client_that_is_wrong_is_let_go_and_the_others_stay),
		CASE(a_client_that_is_silent_is_let_go_and_the_others_stay),
		CASE(a_path_is_listened_on_and_taken_away),
		CASE(each_line_of_json_is_a_datagram_and_so_is_each_message),
		CASE(datagrams_end_with_a_silence_well_if_any_came),
		CASE(who_listens_for_datagrams_answers_the_last_sender),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
