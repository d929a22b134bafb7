/*
 * cask chat and cask chatd: their bytes, each against the other end by hand,
 * against a peer in Python, and with each other; what is hostile; and typing at
 * a terminal.
 *
 * SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700 /* for posix_openpt */

#include "fault.h"
#include "tools_kit.h"

#include "../tools/chat.h"

#include <sys/ioctl.h>
#include <termios.h>

static char out[TEXT], err[TEXT];

/* ------------------------------------------------------------------------ */
/* The message                                                               */

struct sample {
	const char *what;
	bool unicode;
	struct chat m;
	const unsigned char *bytes;
	size_t size;
};

static char hello[] = "Bob: Hello", hi[] = "Ann: Hi", bye[] = "Bob has left";
static char *two[] = { hi, hello };

/* The reference's own. */
static void
examples(struct sample to[5])
{
	static const unsigned char least[] = { 0, 0, 0, 0, 0 };
	static const unsigned char line_a[] = { 0x00, 0x00, 0x0A, 0x42, 0x6F,
		0x62, 0x3A, 0x20, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00, 0x00 };
	static const unsigned char line_u[] = { 0x00, 0x00, 0xFF, 0xFE, 0xFF,
		0x0A, 0x42, 0x00, 0x6F, 0x00, 0x62, 0x00, 0x3A, 0x00, 0x20,
		0x00, 0x48, 0x00, 0x65, 0x00, 0x6C, 0x00, 0x6C, 0x00, 0x6F,
		0x00, 0x00, 0x00 };
	static const unsigned char lines[] = { 0x00, 0x00, 0x00, 0x02, 0x00,
		0x07, 0x41, 0x6E, 0x6E, 0x3A, 0x20, 0x48, 0x69, 0x0A, 0x42,
		0x6F, 0x62, 0x3A, 0x20, 0x48, 0x65, 0x6C, 0x6C, 0x6F };
	static const unsigned char leaving[] = { 0x01, 0x00, 0x0C, 0x42, 0x6F,
		0x62, 0x20, 0x68, 0x61, 0x73, 0x20, 0x6C, 0x65, 0x66, 0x74,
		0x00, 0x00 };

	to[0] =
	    (struct sample) { "minimal", false, { 0 }, least, sizeof least };
	to[1] = (struct sample) { "a line, ANSI", false, { .text = hello },
		line_a, sizeof line_a };
	to[2] = (struct sample) { "a line, Unicode", true, { .text = hello },
		line_u, sizeof line_u };
	to[3] = (struct sample) { "two lines", false,
		{ .line = two, .lines = 2 }, lines, sizeof lines };
	to[4] = (struct sample) { "leaving", false,
		{ .leaves = 1, .text = bye }, leaving, sizeof leaving };
}

static void
assert_same(const struct chat *a, const struct chat *b)
{
	assert_int_equal(a->leaves, b->leaves);
	assert_string_equal(
	    a->text != NULL ? a->text : "", b->text != NULL ? b->text : "");
	assert_int_equal(a->lines, b->lines);
	for (uint32_t i = 0; i < a->lines; i++)
		assert_string_equal(a->line[i], b->line[i]);
}

static void
messages_are_those_of_mfc_to_the_byte(void **state)
{
	struct sample e[5];

	(void)state;
	examples(e);
	for (size_t i = 0; i < COUNT(e); i++) {
		struct chat_wire wire = { .unicode = e[i].unicode,
			.codepage = 1252 };
		struct cask_ar store = { 0 }, load = { 0 };
		struct chat m = e[i].m, back = { 0 };
		struct cask_mem to, from;
		unsigned char got[64];

		chat_wire_set(&wire, &store);
		chat_wire_set(&wire, &load);
		cask_store(&store, cask_mem_write(&to, got, sizeof got));
		chat_x(&store, &m);
		assert_int_equal(cask_flush(&store), 0);
		assert_int_equal(to.length, e[i].size);
		assert_memory_equal(got, e[i].bytes, e[i].size);
		cask_load(&load, cask_mem_read(&from, e[i].bytes, e[i].size));
		chat_x(&load, &back);
		assert_int_equal(load.err, 0);
		assert_int_equal(from.position, e[i].size);
		assert_same(&back, &e[i].m);
		chat_free(&back);
	}
}

static void
a_message_cut_after_any_byte_is_an_error_and_leaves_nothing(void **state)
{
	struct sample e[5];

	(void)state;
	examples(e);
	for (size_t i = 0; i < COUNT(e); i++) {
		for (size_t n = 0; n < e[i].size; n++) {
			struct cask_ar load = { 0 };
			struct chat m = { 0 };
			struct cask_mem from;

			cask_load(&load, cask_mem_read(&from, e[i].bytes, n));
			chat_x(&load, &m);
			assert_int_equal(load.err, CASK_ECUT);
			assert_null(m.line);
			chat_free(&m);
		}
	}
}

static void
store_and_load(void *arg)
{
	static struct chat m = { .text = hello, .line = two, .lines = 2 };
	struct cask_ar store = { .form = CASK_ANSI }, load = { 0 };
	struct cask_mem grown;
	struct chat back = { 0 };

	(void)arg;
	cask_store(&store, cask_mem_grow(&grown, 0));
	chat_x(&store, &m);
	if (cask_flush(&store) == 0) {
		cask_load(&load, &grown.io);
		chat_x(&load, &back);
		if (load.err == 0)
			assert_same(&back, &m);
		else
			assert_int_equal(load.err, ENOMEM);
	} else {
		assert_int_equal(store.err, ENOMEM);
	}
	chat_free(&back);
	chat_free(&back);
	cask_mem_close(&grown);
}

static void
without_memory_a_message_is_an_error_and_leaves_nothing(void **state)
{
	(void)state;
	assert_true(fault_everywhere(store_and_load, NULL) > 0);
}

static void
a_name_is_what_stands_before_the_first_colon_if_it_is_short(void **state)
{
	char name[CHAT_NAME], line[200];

	(void)state;
	assert_true(chat_name(name, "Ann: Bob: no"));
	assert_string_equal(name, "Ann");
	assert_false(chat_name(name, "Bob has left"));
	assert_string_equal(name, "");
	assert_false(chat_name(name, ": x"));
	assert_false(chat_name(name, "12:30"));
	memset(line, 'n', sizeof line);
	snprintf(line + CHAT_NAME - 1, 4, ": x");
	assert_true(chat_name(name, line));
	assert_int_equal(strlen(name), CHAT_NAME - 1);
	memset(line, 'n', sizeof line);
	snprintf(line + CHAT_NAME, 4, ": x");
	assert_false(chat_name(name, line));
}

/* ------------------------------------------------------------------------ */
/* Programs with an input                                                    */

struct program {
	struct child c;
	int in;
};

static void
run(struct program *p, const char *file, char *const argv[])
{
	int in[2], o[2], e[2];

	make_pipe(in);
	make_pipe(o);
	make_pipe(e);
	p->c.pid = fork();
	assert_true(p->c.pid >= 0);
	if (p->c.pid == 0) {
		dup2(in[0], 0);
		dup2(o[1], 1);
		dup2(e[1], 2);
		execvp(file, argv);
		_exit(127);
	}
	note_child(0, p->c.pid);
	close(in[0]);
	close(o[1]);
	close(e[1]);
	p->in = in[1];
	p->c.out = o[0];
	p->c.err = e[0];
}

#define RUN(p, ...) \
	run(p, cask_path(), (char *[]) { A("cask"), __VA_ARGS__, NULL })
#define CLIENT(p, port, ...) \
	RUN(p, A("chat"), A("127.0.0.1"), A("-p"), port, A("-n"), __VA_ARGS__)
#define PYTHON(p, ...)    \
	run(p, "python3", \
	    (char *[]) {  \
		A("python3"), A("test/chat_peer.py"), __VA_ARGS__, NULL })

static bool
have_python(void)
{
	return system("python3 -c 'import sys; "
		      "sys.exit(sys.version_info < (3, 9))' 2>/dev/null") == 0;
}

static void
type(struct program *p, const char *text)
{
	size_t n = strlen(text);

	assert_int_equal(write(p->in, text, n), n);
}

static void
end_typing(struct program *p)
{
	close(p->in);
	p->in = -1;
}

/* All that is left of its output, then how it ended. */
static int
end(struct program *p)
{
	if (p->in >= 0)
		end_typing(p);
	return finish(&p->c, out, err);
}

static void
assert_prints(struct program *p, const char *line)
{
	static char got[TEXT];

	if (!read_line(p->c.out, got, sizeof got))
		fail_msg("it ended instead of printing '%s'", line);
	assert_string_equal(got, line);
}

/* What a client or a server sends, as the reference describes it. */

struct bytes {
	size_t n;
	unsigned char b[TEXT];
};

static void
put(struct bytes *m, const void *p, size_t n)
{
	assert_true(m->n + n <= sizeof m->b);
	memcpy(m->b + m->n, p, n);
	m->n += n;
}

static void
put_number(struct bytes *m, uint64_t v, size_t n)
{
	unsigned char le[8];

	put_le(le, v, n);
	put(m, le, n);
}

/* s is ASCII, or what the code page makes of it; wide: Unicode, of ASCII. */
static void
put_string(struct bytes *m, const char *s, bool wide)
{
	size_t n = strlen(s);

	if (wide)
		put(m, "\xFF\xFE\xFF", 3);
	if (n >= 255)
		put_number(m, 255, 1);
	put_number(m, n, n >= 255 ? 2 : 1);
	for (size_t i = 0; i < n; i++)
		put_number(m, (unsigned char)s[i], wide ? 2 : 1);
}

static void
put_said(struct bytes *m, unsigned leaves, const char *line, bool wide)
{
	put_number(m, leaves, 2);
	put_string(m, line, wide);
	put_number(m, 0, 2);
}

static void
put_news(struct bytes *m, unsigned leaves, const char *const *lines, size_t n,
    bool wide)
{
	put_number(m, leaves, 2);
	put_string(m, "", wide);
	put_number(m, n, 2);
	for (size_t i = 0; i < n; i++)
		put_string(m, lines[i], wide);
}

static void
hear_bytes(int fd, const struct bytes *m)
{
	static unsigned char got[TEXT];

	assert_true(hear(fd, got, m->n));
	assert_memory_equal(got, m->b, m->n);
}

static void
hear_said(int fd, unsigned leaves, const char *line, bool wide)
{
	static struct bytes m;

	m.n = 0;
	put_said(&m, leaves, line, wide);
	hear_bytes(fd, &m);
}

static void
hear_news(int fd, unsigned leaves, const char *line, bool wide)
{
	static struct bytes m;

	m.n = 0;
	put_news(&m, leaves, &line, 1, wide);
	hear_bytes(fd, &m);
}

static void
say_said(int fd, unsigned leaves, const char *line)
{
	static struct bytes m;

	m.n = 0;
	put_said(&m, leaves, line, false);
	say_bytes(fd, m.b, m.n);
}

static void
say_news(int fd, unsigned leaves, const char *line)
{
	static struct bytes m;

	m.n = 0;
	put_news(&m, leaves, &line, 1, false);
	say_bytes(fd, m.b, m.n);
}

static void
hear_end(int fd)
{
	unsigned char byte;

	assert_false(hear(fd, &byte, 1));
}

/* ------------------------------------------------------------------------ */
/* The client                                                                */

static void
a_client_sends_what_chatter_sends(void **state)
{
	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		struct program p;
		char port[8];
		int listener = listen_on_any(port);
		int fd;

		CLIENT(&p, port, A("Bob"), wide ? A("-u") : NULL);
		fd = answer(listener);
		hear_said(fd, 0, "Bob: joined", wide);
		type(&p, "Hel");
		type(&p, "lo\n\nagain\r\nlast");
		hear_said(fd, 0, "Bob: Hello", wide);
		hear_said(fd, 0, "Bob: again", wide);
		end_typing(&p);
		hear_said(fd, 0, "Bob: last", wide);
		hear_said(fd, 1, "Bob has left", wide);
		hear_end(fd);
		say_news(fd, 0, "Ann: farewell");
		close(fd);
		assert_int_equal(end(&p), 0);
		assert_string_equal(out, "Ann: farewell\n");
		assert_string_equal(err, "");
		close(listener);
	}
}

static void
a_client_prints_lines_however_they_come(void **state)
{
	static const char *const lines[] = { "Ann: Hi", "no name", "",
		"caf\xE9: \x80"
		"5" };
	static struct bytes m;
	struct program p;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	CLIENT(&p, port, A("Bob"));
	fd = answer(listener);
	put_news(&m, 0, lines, 4, false);
	put_news(&m, 0, lines, 0, false);
	put_news(&m, 0, lines, 1, true);
	/* many in one segment; and cut after every byte */
	say_bytes(fd, m.b, m.n);
	for (size_t n = 1; n < m.n; n++) {
		say_bytes(fd, m.b, n);
		test_pause(1);
		say_bytes(fd, m.b + n, m.n - n);
	}
	for (size_t n = 0; n < m.n; n++) {
		assert_prints(&p, "Ann: Hi");
		assert_prints(&p, "no name");
		assert_prints(&p, "");
		assert_prints(&p, "café: €5");
		assert_prints(&p, "Ann: Hi");
	}
	say_news(fd, 1, "server shut down");
	assert_prints(&p, "server shut down");
	hear_said(fd, 0, "Bob: joined", false);
	hear_end(fd);
	assert_int_equal(end(&p), 0);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
	close(fd);
	close(listener);
}

static void
what_would_harm_a_terminal_is_printed_as_question_marks(void **state)
{
	const char *harmful = "E\033[2Jve: a\rb\nc\a\x9B"
			      "31m";
	static struct bytes m;
	struct program p;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	CLIENT(&p, port, A("Bob"));
	fd = answer(listener);
	put_news(&m, 0, &harmful, 1, true);
	say_bytes(fd, m.b, m.n);
	assert_prints(&p, "E?[2Jve: a?b?c??31m");
	close(fd);
	assert_int_equal(end(&p), 1);
	close(listener);
}

static void
what_the_code_page_lacks_is_replaced_and_said_once(void **state)
{
	struct program p;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	CLIENT(&p, port, A("Боб"), A("--codepage"), A("1251"));
	fd = answer(listener);
	hear_said(fd, 0, "\xC1\xEE\xE1: joined", false);
	type(&p, "日\nü\nда\n");
	hear_said(fd, 0, "\xC1\xEE\xE1: ?", false);
	hear_said(fd, 0, "\xC1\xEE\xE1: ?", false);
	hear_said(fd, 0, "\xC1\xEE\xE1: \xE4\xE0", false);
	say_news(fd, 0, "\xC1\xEE\xE1: \xE4\xE0");
	assert_prints(&p, "Боб: да");
	end_typing(&p);
	hear_said(fd, 1, "\xC1\xEE\xE1 has left", false);
	close(fd);
	assert_int_equal(end(&p), 0);
	assert_string_equal(err,
	    "cask chat: what code page 1251 lacks was sent as '?'; --unicode "
	    "sends any script\n");
	close(listener);
}

static void
any_script_is_sent_as_unicode(void **state)
{
	static const unsigned char joined[] = { 0, 0, 0xFF, 0xFE, 0xFF, 11,
		0x3D, 0xD8, 0x00, 0xDE, 0xE5, 0x65, ':', 0, ' ', 0, 'j', 0, 'o',
		0, 'i', 0, 'n', 0, 'e', 0, 'd', 0, 0, 0 };
	unsigned char got[sizeof joined];
	struct program p;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	CLIENT(&p, port, A("😀日"), A("--unicode"));
	fd = answer(listener);
	assert_true(hear(fd, got, sizeof got));
	assert_memory_equal(got, joined, sizeof got);
	close(fd);
	assert_int_equal(end(&p), 1);
	close(listener);
}

static void
a_line_that_is_too_long_is_left_out_with_exit_code_1(void **state)
{
	static char line[CHAT_TEXT + 2];
	struct program p;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	CLIENT(&p, port, A("B"));
	fd = answer(listener);
	hear_said(fd, 0, "B: joined", false);
	memset(line, 'x', CHAT_TEXT - 2);
	line[CHAT_TEXT - 2] = '\n';
	type(&p, line);
	type(&p, "short\n");
	hear_said(fd, 0, "B: short", false);
	memset(line, 'y', CHAT_TEXT - 3);
	strcpy(line + CHAT_TEXT - 3, "\n");
	type(&p, line);
	memcpy(line, "B: ", 3);
	memset(line + 3, 'y', CHAT_TEXT - 3);
	line[CHAT_TEXT] = '\0';
	hear_said(fd, 0, line, false);
	end_typing(&p);
	hear_said(fd, 1, "B has left", false);
	close(fd);
	assert_int_equal(end(&p), 1);
	ASSERT_HAS(err, "of 4094 bytes, the limit is 4093: left out\n");
	close(listener);
}

/* What a server may do wrong, and what is said of it. */
struct wrong {
	const char *bytes;
	size_t n;
	bool closes;
	const char *says;
};

static const struct wrong wrongs[] = {
	{ "", 0, true, ": closed by the server\n" },
	{ "\0\0\0\1\0\7Ann", 9, true, ": stream ended inside a message\n" },
	{ "HTTP/1.1 400 Bad Request\r\n", 26, false,
	    ": 21576, where 0 or 1 has to be\n" },
	{ "\0\0\0\xFF\xFF\xFE\xFF\xFF\xFF", 9, false, "4294967294" },
	{ "\0\0\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 9, false,
	    ": length 2147483647, limit 65535 bytes\n" },
	{ "\0\0\0\1\0\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 12, false,
	    "[0] at byte 5 from" },
	{ "\0\0\0\1\0\3a\0b", 9, false, "NUL" },
	{ "\0\0", 2, false, ": timed out after 300 ms" },
};

static void
what_is_no_message_is_named_and_ends_the_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrongs); i++) {
		struct program p;
		char port[8];
		int listener = listen_on_any(port);
		int fd;

		CLIENT(&p, port, A("Bob"), A("--timeout"), A("0.3"));
		fd = answer(listener);
		hear_said(fd, 0, "Bob: joined", false);
		if (wrongs[i].n > 0)
			say_bytes(fd, wrongs[i].bytes, wrongs[i].n);
		if (wrongs[i].closes)
			close(fd);
		read_all(p.c.err, err, TEXT);
		read_all(p.c.out, out, TEXT);
		end_typing(&p);
		assert_int_equal(await_exit(&p.c), 1);
		ASSERT_HAS(err, wrongs[i].says);
		assert_int_equal(occurrences(err, "\n"), 1);
		assert_string_equal(out, "");
		if (!wrongs[i].closes)
			close(fd);
		close(listener);
	}
}

static void
a_server_that_never_closes_does_not_keep_a_client_that_leaves(void **state)
{
	static const char *const says[] = { "", "\0\0" };

	(void)state;
	for (size_t n = 0; n < COUNT(says); n++) {
		struct program p;
		char port[8];
		int listener = listen_on_any(port);
		int fd;

		CLIENT(&p, port, A("Bob"), A("--timeout"), A("0.5"));
		fd = answer(listener);
		hear_said(fd, 0, "Bob: joined", false);
		say_bytes(fd, says[n], n * 2);
		end_typing(&p);
		if (n == 0)
			hear_said(fd, 1, "Bob has left", false);
		read_all(p.c.out, out, TEXT);
		read_all(p.c.err, err, TEXT);
		assert_int_equal(await_exit(&p.c), n == 0 ? 0 : 1);
		close(fd);
		close(listener);
	}
}

static void
a_signal_makes_a_client_leave_in_order(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	(void)state;
	for (size_t i = 0; i < COUNT(signals); i++) {
		struct program p;
		char port[8];
		int listener = listen_on_any(port);
		int fd;

		CLIENT(&p, port, A("Bob"));
		fd = answer(listener);
		hear_said(fd, 0, "Bob: joined", false);
		kill(p.c.pid, signals[i]);
		hear_said(fd, 1, "Bob has left", false);
		hear_end(fd);
		close(fd);
		assert_int_equal(end(&p), 0);
		assert_string_equal(err, "");
		close(listener);
	}
}

static void
a_second_signal_ends_a_client_at_once(void **state)
{
	struct program p;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	CLIENT(&p, port, A("Bob"), A("--timeout"), A("3600"));
	fd = answer(listener);
	hear_said(fd, 0, "Bob: joined", false);
	kill(p.c.pid, SIGINT);
	hear_said(fd, 1, "Bob has left", false);
	hear_end(fd);
	kill(p.c.pid, SIGINT); /* and this server never closes */
	assert_int_equal(end(&p), 0);
	close(fd);
	close(listener);
}

static void
a_channel_is_a_port_from_700_on(void **state)
{
	struct program p;

	(void)state;
	RUN(&p, A("chat"), A("127.0.0.1"), A("--channel"), A("64835"));
	assert_int_equal(end(&p), 1);
	assert_string_equal(
	    err, "cask chat: connect 127.0.0.1:65535: Connection refused\n");
	RUN(&p, A("chat"), A("127.0.0.1"), A("-c"), A("64836"));
	assert_int_equal(end(&p), 2);
	RUN(&p, A("chat"), A("127.0.0.1"), A("--codepage"), A("12"));
	assert_int_equal(end(&p), 2);
	ASSERT_HAS(err, "--codepage: 12: ");
}

/* ------------------------------------------------------------------------ */
/* The server                                                                */

#define SERVER(p, port, ...)                                                 \
	do {                                                                 \
		RUN(p, A("chatd"), A("-l"), A("127.0.0.1"), A("-p"), A("0"), \
		    __VA_ARGS__);                                            \
		read_port(&(p)->c, port);                                    \
	} while (0)

/* A client by hand: it has joined, and been told so. */
static int
join(const char *port, const char *line)
{
	int fd = dial(port);

	say_said(fd, 0, line);
	hear_news(fd, 0, line, false);
	return fd;
}

static int
stop(struct program *p)
{
	kill(p->c.pid, SIGTERM);
	return end(p);
}

static void
a_server_sends_what_chatsrvr_sends(void **state)
{
	static const char *const all[] = { "Ann: joined", "Ann: Hi",
		"Bob: joined" };

	(void)state;
	for (int wide = 0; wide < 2; wide++) {
		static struct bytes m;
		struct program p;
		char port[8];
		int ann, bob;

		SERVER(&p, port, wide ? A("--unicode") : NULL);
		ann = dial(port);
		say_said(ann, 0, all[0]);
		hear_news(ann, 0, all[0], wide);
		say_said(ann, 0, all[1]);
		hear_news(ann, 0, all[1], wide);
		/* a newcomer has all that was said in its first message */
		bob = dial(port);
		m.n = 0;
		put_said(&m, 0, all[2], true);
		say_bytes(bob, m.b, m.n);
		m.n = 0;
		put_news(&m, 0, all, 3, wide);
		hear_bytes(bob, &m);
		hear_news(ann, 0, all[2], wide);
		say_said(bob, 1, "Bob has left");
		hear_news(ann, 0, "Bob has left", wide);
		hear_news(bob, 0, "Bob has left", wide);
		hear_end(bob);
		close(bob);
		kill(p.c.pid, SIGTERM);
		hear_news(ann, 1, "the server has shut down", wide);
		hear_end(ann);
		close(ann);
		assert_int_equal(end(&p), 0);
		assert_string_equal(out,
		    "Ann: joined\nAnn: Hi\nBob: joined\nBob has left\n"
		    "the server has shut down\n");
		assert_string_equal(err, "");
	}
}

static void
a_server_takes_messages_however_they_come(void **state)
{
	static struct bytes m;
	struct program p;
	char port[8];
	int ann;

	(void)state;
	SERVER(&p, port, NULL);
	ann = join(port, "Ann: joined");
	put_said(&m, 0, "Ann: 1", false);
	put_said(&m, 0, "Ann: 2", true);
	put_said(&m, 0, "", false); /* says nothing */
	put_said(&m, 0, "Ann: 3", false);
	for (size_t n = 0; n < m.n; n++) {
		say_bytes(ann, m.b, n);
		if (n > 0)
			test_pause(1);
		say_bytes(ann, m.b + n, m.n - n);
	}
	for (size_t n = 0; n < m.n; n++) {
		hear_news(ann, 0, "Ann: 1", false);
		hear_news(ann, 0, "Ann: 2", false);
		hear_news(ann, 0, "Ann: 3", false);
	}
	close(ann);
	stop(&p);
}

static void
a_client_that_vanishes_is_said_to_have_left(void **state)
{
	static const struct linger hard = { .l_onoff = 1 };
	struct program p;
	char port[8];
	int ann, bob, cid, dan;

	(void)state;
	SERVER(&p, port, NULL);
	ann = join(port, "Ann: joined");
	bob = dial(port);
	say_said(bob, 0, "Bob: joined");
	hear_news(ann, 0, "Bob: joined", false);
	shutdown(bob, SHUT_WR);
	hear_news(ann, 0, "Bob has left without a word", false);
	close(bob);
	cid = dial(port);
	say_said(cid, 0, "Cid: joined");
	hear_news(ann, 0, "Cid: joined", false);
	setsockopt(cid, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(cid);
	hear_news(ann, 0, "Cid has left without a word", false);
	/* in the middle of a message; and one that never said who it is */
	dan = dial(port);
	say_said(dan, 0, "Dan: joined");
	hear_news(ann, 0, "Dan: joined", false);
	say_bytes(dan, "\0\0\7Dan", 6);
	shutdown(dan, SHUT_WR); /* what it has not read would make a reset */
	hear_news(ann, 0, "Dan has left without a word", false);
	close(dan);
	close(dial(port));
	/* leaving without a text is leaving */
	bob = dial(port);
	say_said(bob, 0, "Bob: joined");
	hear_news(ann, 0, "Bob: joined", false);
	say_said(bob, 1, "");
	hear_news(ann, 0, "Bob has left", false);
	close(bob);
	close(ann);
	assert_int_equal(stop(&p), 0);
	ASSERT_HAS(err, ": Connection reset by peer\n");
	ASSERT_HAS(err, ": ended in the middle of a message, after 6 bytes\n");
	assert_int_equal(occurrences(err, "\n"), 2);
}

/* What a client may do wrong, and what is said of it. */
static const struct wrong wrong_clients[] = {
	{ "GET / HTTP/1.1\r\n", 16, false,
	    ": 17735, where 0 or 1 has to be\n" },
	{ "\0\0\0\2\0\1a\1b", 9, false, "count" },
	{ "\0\0\0\xFF\xFF\xFE\xFF\xFF\xFF", 9, false, "4294967294" },
	{ "\0\0\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 9, false, "2147483647" },
	{ "\0\0\xFF\1\x10", 5, false, "4097" },
	{ "\0\0\3a\0b\0\0", 8, false, "NUL" },
	{ "\0\0\7Eve", 6, false, ": did not finish a message within 0.3 s\n" },
};

static void
a_client_that_breaks_the_rules_is_dropped_and_nobody_else(void **state)
{
	struct program p;
	char port[8];
	int ann;

	(void)state;
	SERVER(&p, port, A("--timeout"), A("0.3"));
	ann = join(port, "Ann: joined");
	for (size_t i = 0; i < COUNT(wrong_clients); i++) {
		char line[256];
		int eve = dial(port);

		say_said(eve, 0, "Eve: joined");
		hear_news(ann, 0, "Eve: joined", false);
		say_bytes(eve, wrong_clients[i].bytes, wrong_clients[i].n);
		hear_news(ann, 0, "Eve has left without a word", false);
		assert_true(read_line(p.c.err, line, sizeof line));
		strcat(line, "\n");
		ASSERT_HAS(line, wrong_clients[i].says);
		ASSERT_HAS(line, "127.0.0.1:");
		close(eve);
	}
	say_said(ann, 0, "Ann: still here");
	hear_news(ann, 0, "Ann: still here", false);
	close(ann);
	assert_int_equal(stop(&p), 0);
	assert_string_equal(err, "");
}

/* The line of a news message that has one, whatever it is. */
static void
hear_any(int fd, char *line)
{
	unsigned char head[5], n[2] = { 0, 0 };
	size_t length;

	assert_true(hear(fd, head, sizeof head));
	assert_memory_equal(head, "\0\0\0\1\0", sizeof head);
	assert_true(hear(fd, n, 1));
	length = n[0];
	if (length == 255) {
		assert_true(hear(fd, n, 2));
		length = (size_t)get_le(n, 2);
	}
	assert_true(length <= CHAT_TEXT);
	assert_true(hear(fd, line, length));
	line[length] = '\0';
}

/* What it prints has to go somewhere. */
static void
drain(int fd)
{
	static char block[TEXT];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (test_read(fd, block, sizeof block) > 0)
		continue;
}

/* Until it is said to have left; a pause between what is sent to it. */
static void
drop_one_that_does_not_read(char *timeout, int pause_ms, const char *why)
{
	static char line[CHAT_TEXT + 1], heard[CHAT_TEXT + 1];
	struct sockaddr_in a;
	struct program p;
	char port[8];
	int small = 4096;
	int ann, eve;

	SERVER(&p, port, A("--timeout"), timeout);
	ann = join(port, "Ann: joined");
	eve = plain_socket(&a, port);
	setsockopt(eve, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	assert_int_equal(test_connect(eve, (struct sockaddr *)&a, sizeof a), 0);
	say_said(eve, 0, "Eve: joined");
	hear_news(ann, 0, "Eve: joined", false);
	memset(line, 'x', CHAT_TEXT);
	do {
		say_said(ann, 0, line);
		hear_any(ann, heard);
		drain(p.c.out);
		test_pause(pause_ms);
	} while (strcmp(heard, line) == 0);
	assert_string_equal(heard, "Eve has left without a word");
	hear_any(ann, heard);
	assert_string_equal(heard, line);
	fcntl(p.c.out, F_SETFL, 0);
	close(eve);
	close(ann);
	assert_int_equal(stop(&p), 0);
	ASSERT_HAS(err, why);
	assert_int_equal(occurrences(err, "\n"), 1);
}

static void
a_client_that_does_not_read_is_dropped_and_holds_up_nobody(void **state)
{
	(void)state;
	if (!test_is_calm()) /* in time, that is */
		skip();
	drop_one_that_does_not_read(
	    A("30"), 0, ": more would wait than limit.output allows\n");
	drop_one_that_does_not_read(
	    A("0.2"), 1, ": did not take all of its output within 0.2 s, ");
}

static void
a_newcomer_has_what_is_not_forgotten_yet(void **state)
{
	static const char *const last[] = { "Ann: 8", "Ann: 9", "Bob: joined" };
	static struct bytes m;
	struct program p;
	char port[8];
	int ann, bob;

	(void)state;
	SERVER(&p, port, A("--history"), A("3"));
	ann = join(port, "Ann: joined");
	for (char line[] = "Ann: 0"; line[5] <= '9'; line[5]++) {
		say_said(ann, 0, line);
		hear_news(ann, 0, line, false);
	}
	bob = dial(port);
	say_said(bob, 0, "Bob: joined");
	put_news(&m, 0, last, 3, false);
	hear_bytes(bob, &m);
	close(bob);
	close(ann);
	stop(&p);
}

/* A count of 65535 and more is another one on the wire. */
static void
a_newcomer_has_seventy_thousand_lines_in_one_message(void **state)
{
	enum { LINES = 70000, AT_ONCE = 1000 };
	static struct bytes m;
	static unsigned char got[LINES * 2];
	struct program p;
	char port[8];
	int ann, bob;

	(void)state;
	if (!test_is_calm()) /* in time, that is */
		skip();
	SERVER(&p, port, A("--history"), A("100000"));
	ann = join(port, "Ann: joined");
	for (int i = 0; i < AT_ONCE; i++)
		put_said(&m, 0, "x", false);
	for (int i = 0; i < LINES; i += AT_ONCE) {
		say_bytes(ann, m.b, m.n);
		for (int k = 0; k < AT_ONCE; k++) {
			assert_true(hear(ann, got, 7));
			assert_memory_equal(got, "\0\0\0\1\0\1x", 7);
		}
		drain(p.c.out);
	}
	bob = dial(port);
	say_said(bob, 0, "Bob: joined");
	/* Ann's first line, those, and Bob's: 70002 */
	assert_true(hear(bob, got, 9));
	assert_memory_equal(got, "\0\0\0\xFF\xFF\x72\x11\1\0", 9);
	assert_true(hear(bob, got, 12));
	assert_true(hear(bob, got, sizeof got));
	for (size_t i = 0; i < sizeof got; i += 2)
		assert_memory_equal(got + i, "\1x", 2);
	assert_true(hear(bob, got, 12));
	assert_memory_equal(got, "\13Bob: joined", 12);
	fcntl(p.c.out, F_SETFL, 0);
	close(bob);
	close(ann);
	assert_int_equal(stop(&p), 0);
}

static void
a_newcomer_to_a_full_server_waits_until_somebody_leaves(void **state)
{
	static const char *const all[] = { "Ann: joined", "Ann: alone",
		"Ann has left", "Bob: joined" };
	static struct bytes m;
	struct pollfd knock = { .events = POLLIN };
	struct program p;
	char port[8];
	int ann, bob;

	(void)state;
	SERVER(&p, port, A("--clients"), A("1"));
	ann = join(port, all[0]);
	bob = dial(port);
	say_said(bob, 0, all[3]);
	say_said(ann, 0, all[1]);
	hear_news(ann, 0, all[1], false);
	knock.fd = bob;
	assert_int_equal(test_poll(&knock, 1, 0), 0);
	say_said(ann, 1, all[2]);
	hear_news(ann, 0, all[2], false);
	hear_end(ann);
	close(ann);
	put_news(&m, 0, all, 4, false);
	hear_bytes(bob, &m);
	close(bob);
	assert_int_equal(stop(&p), 0);
}

static void
a_server_that_ends_does_not_wait_for_ever(void **state)
{
	static const int signals[] = { SIGINT, SIGTERM };

	(void)state;
	for (size_t i = 0; i < COUNT(signals); i++) {
		struct program p;
		char port[8];
		int ann;

		SERVER(&p, port, A("--timeout"), A("0.3"));
		ann = join(port, "Ann: joined");
		kill(p.c.pid, signals[i]);
		hear_news(ann, 1, "the server has shut down", false);
		hear_end(ann);
		assert_int_equal(end(&p), 0); /* and Ann never closes */
		close(ann);
	}
}

/* As one who has no rights, if it can be had. */
static void
a_port_that_takes_rights_is_explained(void **state)
{
	struct child c;
	int o[2], e[2], floor = 1024;
	FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");

	(void)state;
	if (f != NULL && fscanf(f, "%d", &floor) != 1)
		floor = 1024;
	if (f != NULL)
		fclose(f);
	if (floor <= CHAT_PORT)
		skip();
	make_pipe(o);
	make_pipe(e);
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid == 0) {
		dup2(o[1], 1);
		dup2(e[1], 2);
		if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(126);
		execv(cask_path(),
		    (char *[]) {
			A("cask"), A("chatd"), A("-l"), A("127.0.0.1"), NULL });
		_exit(127);
	}
	note_child(0, c.pid);
	close(o[1]);
	close(e[1]);
	c.out = o[0];
	c.err = e[0];
	if (finish(&c, out, err) >= 126)
		skip();
	assert_string_equal(err,
	    "cask chatd: bind 127.0.0.1:700: Permission denied: ports below "
	    "1024 are the superuser's; -p takes another, such as -p 7700\n");
}

static void
a_server_cannot_be_where_another_one_is(void **state)
{
	struct program p;
	char port[8];
	int listener = listen_on_any(port);

	(void)state;
	RUN(&p, A("chatd"), A("-l"), A("127.0.0.1"), A("-p"), port);
	assert_int_equal(end(&p), 1);
	ASSERT_HAS(err, ": Address already in use\n");
	close(listener);
}

/* Ours with ours: any script, joins, leaves, the history, and the end. */
static void
a_server_has_clients_of_any_script(void **state)
{
	struct program server, ann, bob;
	char port[8];

	(void)state;
	SERVER(&server, port, A("-u"));
	CLIENT(&ann, port, A("Аня"), A("-u"));
	assert_prints(&ann, "Аня: joined");
	type(&ann, "日本語 😀\n");
	assert_prints(&ann, "Аня: 日本語 😀");
	CLIENT(&bob, port, A("ボブ"), A("-u"));
	assert_prints(&bob, "Аня: joined");
	assert_prints(&bob, "Аня: 日本語 😀");
	assert_prints(&bob, "ボブ: joined");
	assert_prints(&ann, "ボブ: joined");
	type(&bob, "שלום ไทย\n");
	assert_prints(&ann, "ボブ: שלום ไทย");
	end_typing(&bob);
	assert_prints(&bob, "ボブ: שלום ไทย");
	assert_prints(&bob, "ボブ has left");
	assert_int_equal(end(&bob), 0);
	assert_prints(&ann, "ボブ has left");
	kill(server.c.pid, SIGINT);
	assert_prints(&ann, "the server has shut down");
	assert_int_equal(end(&ann), 0);
	assert_int_equal(end(&server), 0);
	assert_string_equal(err, "");
}

static void
a_server_replaces_what_its_code_page_lacks_and_says_so_once(void **state)
{
	struct program server, ann;
	char port[8];

	(void)state;
	SERVER(&server, port, NULL);
	CLIENT(&ann, port, A("Ann"), A("-u"));
	assert_prints(&ann, "Ann: joined");
	type(&ann, "да\n日\n5 €\n");
	assert_prints(&ann, "Ann: ??");
	assert_prints(&ann, "Ann: ?");
	assert_prints(&ann, "Ann: 5 €");
	assert_int_equal(end(&ann), 0);
	assert_int_equal(stop(&server), 0);
	assert_string_equal(err,
	    "cask chatd: what code page 1252 lacks was sent as '?'; --unicode "
	    "sends any script\n");
}

/* ------------------------------------------------------------------------ */
/* With a peer in Python                                                     */

static void
a_server_in_python_has_clients_of_both_builds(void **state)
{
	struct program server, ann, bob;
	char port[8];

	(void)state;
	if (!have_python()) {
		printf("skipped: chat with Python: no python3 here\n");
		skip();
	}
	PYTHON(&server, A("--unicode"), A("server"));
	assert_true(read_line(server.c.out, port, sizeof port));
	CLIENT(&ann, port, A("Ann"));
	assert_prints(&ann, "Ann: joined");
	CLIENT(&bob, port, A("Боб"), A("-u"));
	assert_prints(&bob, "Ann: joined");
	assert_prints(&bob, "Боб: joined");
	assert_prints(&ann, "Боб: joined");
	type(&ann, "für 5 €\n");
	assert_prints(&bob, "Ann: für 5 €");
	assert_prints(&ann, "Ann: für 5 €");
	type(&bob, "日本語 😀\n");
	assert_prints(&ann, "Боб: 日本語 😀");
	assert_prints(&bob, "Боб: 日本語 😀");
	end_typing(&bob);
	assert_int_equal(end(&bob), 0);
	assert_string_equal(err, "");
	assert_prints(&ann, "Боб has left");
	end_typing(&server);
	assert_prints(&ann, "server shut down");
	assert_int_equal(end(&ann), 0);
	assert_int_equal(end(&server), 0);
	assert_string_equal(err, "");
	assert_string_equal(out,
	    "Ann: joined\nБоб: joined\nAnn: für 5 €\nБоб: 日本語 😀\n"
	    "Боб has left\n(left)\n");
}

static void
clients_in_python_of_both_builds_join_a_server(void **state)
{
	struct program server, ann, bob, cid;
	char port[8];

	(void)state;
	if (!have_python()) {
		printf("skipped: chat with Python: no python3 here\n");
		skip();
	}
	for (int wide = 0; wide < 2; wide++) {
		SERVER(&server, port, wide ? A("-u") : NULL);
		PYTHON(&ann, A("client"), port, A("Ann"));
		assert_prints(&ann, "Ann: joined");
		PYTHON(&bob, A("--unicode"), A("client"), port, A("Боб"));
		assert_prints(&bob, "Ann: joined");
		assert_prints(&bob, wide ? "Боб: joined" : "???: joined");
		assert_prints(&ann, wide ? "Боб: joined" : "???: joined");
		CLIENT(&cid, port, A("Cid"), A("-u"));
		assert_prints(&cid, "Ann: joined");
		assert_prints(&cid, wide ? "Боб: joined" : "???: joined");
		assert_prints(&cid, "Cid: joined");
		assert_prints(&ann, "Cid: joined");
		type(&bob, "😀\n");
		assert_prints(&ann, wide ? "Боб: 😀" : "???: ?");
		end_typing(&ann);
		assert_int_equal(end(&ann), 0);
		assert_prints(&bob, "Cid: joined");
		assert_prints(&bob, wide ? "Боб: 😀" : "???: ?");
		assert_prints(&bob, "Ann has left");
		kill(server.c.pid, SIGTERM);
		assert_prints(&bob, "the server has shut down");
		assert_prints(&bob, "(closed)");
		assert_int_equal(end(&bob), 0);
		assert_int_equal(end(&cid), 0);
		assert_int_equal(end(&server), 0);
	}
}

/* ------------------------------------------------------------------------ */
/* At a terminal                                                             */

struct terminal {
	pid_t pid;
	int fd;
	char seen[TEXT];
	size_t n;
};

static void
open_terminal(struct terminal *t, char *const argv[])
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	memset(t, 0, sizeof *t);
	t->fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(t->fd >= 0);
	assert_int_equal(grantpt(t->fd), 0);
	assert_int_equal(unlockpt(t->fd), 0);
	fcntl(t->fd, F_SETFD, FD_CLOEXEC);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (t->pid == 0) {
		int fd;

		setsid();
		fd = open(ptsname(t->fd), O_RDWR);
		ioctl(fd, TIOCSWINSZ, &size);
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		setenv("TERM", "xterm", 1);
		unsetenv("NO_COLOR");
		setenv("INPUTRC", "/dev/null", 1);
		execv(cask_path(), argv);
		_exit(127);
	}
	note_child(0, t->pid);
}

/* Until this is seen; what came is forgotten up to there. */
static void
see(struct terminal *t, const char *what)
{
	int64_t until = clock_ms() + LIMIT_MS;
	char *at;

	while ((at = strstr(t->seen, what)) == NULL) {
		ssize_t n;

		if (wait_readable(t->fd, until) != 1)
			fail_msg("no '%s' in '%s'", what, t->seen);
		n = test_read(t->fd, t->seen + t->n, TEXT - 1 - t->n);
		if (n <= 0)
			fail_msg("ended without '%s': '%s'", what, t->seen);
		t->n += (size_t)n;
		t->seen[t->n] = '\0';
	}
	at += strlen(what);
	t->n -= (size_t)(at - t->seen);
	memmove(t->seen, at, t->n + 1);
}

static void
press(struct terminal *t, const char *keys)
{
	assert_int_equal(write(t->fd, keys, strlen(keys)), strlen(keys));
}

/* Whether readline was there when the command was built. */
static bool
have_readline(void)
{
	static char flags[64];
	FILE *f;

	snprintf(out, sizeof out, "%s", cask_path());
	*strrchr(out, '/') = '\0';
	snprintf(err, sizeof err, "%.200s/edit.flags", out);
	f = fopen(err, "r");
	if (f == NULL)
		return false;
	if (fgets(flags, sizeof flags, f) == NULL)
		flags[0] = '\0';
	fclose(f);
	return strstr(flags, "READLINE") != NULL;
}

static int
end_at_terminal(struct terminal *t)
{
	struct child c = { .pid = t->pid };
	char byte;

	while (test_read(t->fd, &byte, 1) > 0)
		continue;
	close(t->fd);
	return await_exit(&c);
}

static void
a_refused_connection_can_be_tried_again(void **state)
{
	struct terminal t;
	struct sockaddr_in a;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	close(listener);
	open_terminal(&t,
	    (char *[]) { A("cask"), A("chat"), A("127.0.0.1"), A("-p"), port,
		A("-n"), A("Bob"), NULL });
	see(&t, ": Connection refused\r\ntry again? [Y/n] ");
	listener = plain_socket(&a, port);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(listener, 8), 0);
	press(&t, "\r");
	fd = answer(listener);
	hear_said(fd, 0, "Bob: joined", false);
	close(fd);
	close(listener);
	see(&t, ": closed by the server\r\n");
	assert_int_equal(end_at_terminal(&t), 1);
	open_terminal(&t,
	    (char *[]) {
		A("cask"), A("chat"), A("127.0.0.1"), A("-p"), port, NULL });
	see(&t, "try again? [Y/n] ");
	press(&t, "n\r");
	assert_int_equal(end_at_terminal(&t), 1);
}

static void
what_comes_while_somebody_types_leaves_the_typed_line_whole(void **state)
{
	struct terminal t;
	char port[8];
	int listener = listen_on_any(port);
	int fd;

	(void)state;
	open_terminal(&t,
	    (char *[]) { A("cask"), A("chat"), A("127.0.0.1"), A("-p"), port,
		A("-n"), A("Bob"), NULL });
	fd = answer(listener);
	hear_said(fd, 0, "Bob: joined", false);
	see(&t, "> ");
	press(&t, "hel");
	see(&t, "hel");
	say_news(fd, 0, "Ann: Hi");
	/* on a line of its own, the name in colour … */
	see(&t, "\r\033[");
	see(&t,
	    "m"
	    "Ann\033[0m: Hi\r\n> ");
	/* … and what was typed comes back */
	if (have_readline())
		see(&t, "hel");
	/* … also after somebody else has used the terminal */
	t.n = 0;
	t.seen[0] = '\0';
	kill(t.pid, SIGCONT);
	if (have_readline())
		see(&t, "> hel");
	press(&t, "lx\x7Fo\r");
	hear_said(fd, 0, "Bob: hello", false);
	say_news(fd, 0, "Bob: hello");
	see(&t, "Bob\033[0m: hello\r\n> ");
	press(&t, "\x04");
	hear_said(fd, 1, "Bob has left", false);
	hear_end(fd);
	close(fd);
	close(listener);
	assert_int_equal(end_at_terminal(&t), 0);
}

#define TEST(f) cmocka_unit_test_teardown(f, kill_children)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(messages_are_those_of_mfc_to_the_byte),
	cmocka_unit_test(
	    a_message_cut_after_any_byte_is_an_error_and_leaves_nothing),
	cmocka_unit_test(
	    without_memory_a_message_is_an_error_and_leaves_nothing),
	cmocka_unit_test(
	    a_name_is_what_stands_before_the_first_colon_if_it_is_short),
	TEST(a_client_sends_what_chatter_sends),
	TEST(a_client_prints_lines_however_they_come),
	TEST(what_would_harm_a_terminal_is_printed_as_question_marks),
	TEST(what_the_code_page_lacks_is_replaced_and_said_once),
	TEST(any_script_is_sent_as_unicode),
	TEST(a_line_that_is_too_long_is_left_out_with_exit_code_1),
	TEST(what_is_no_message_is_named_and_ends_the_client),
	TEST(a_server_that_never_closes_does_not_keep_a_client_that_leaves),
	TEST(a_signal_makes_a_client_leave_in_order),
	TEST(a_second_signal_ends_a_client_at_once),
	TEST(a_channel_is_a_port_from_700_on),
	TEST(a_server_sends_what_chatsrvr_sends),
	TEST(a_server_takes_messages_however_they_come),
	TEST(a_client_that_vanishes_is_said_to_have_left),
	TEST(a_client_that_breaks_the_rules_is_dropped_and_nobody_else),
	TEST(a_client_that_does_not_read_is_dropped_and_holds_up_nobody),
	TEST(a_newcomer_has_what_is_not_forgotten_yet),
	TEST(a_newcomer_has_seventy_thousand_lines_in_one_message),
	TEST(a_newcomer_to_a_full_server_waits_until_somebody_leaves),
	TEST(a_server_that_ends_does_not_wait_for_ever),
	TEST(a_port_that_takes_rights_is_explained),
	TEST(a_server_cannot_be_where_another_one_is),
	TEST(a_server_has_clients_of_any_script),
	TEST(a_server_replaces_what_its_code_page_lacks_and_says_so_once),
	TEST(clients_in_python_of_both_builds_join_a_server),
	TEST(a_server_in_python_has_clients_of_both_builds),
	TEST(a_refused_connection_can_be_tried_again),
	TEST(what_comes_while_somebody_types_leaves_the_typed_line_whole),
};

RUN_TESTS(tests)
