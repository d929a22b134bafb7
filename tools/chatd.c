/*
 * cask chatd: ChatSrvr, one of MFC's samples, without its faults.
 *
 * There is one list of all lines that were said, and for each client how many
 * of them it has been sent: so a newcomer gets all of it in one message, and
 * the others what is new.  The list forgets its oldest lines.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat.h"

#define HISTORY_BYTES 1000000 /* of lines that are kept, at most */
#define OUTPUT_BYTES  4000000 /* that wait for a client that doesn't read */
#define MESSAGE_BYTES 16384   /* from a client */
#define DRAIN_MS      5000 /* for the clients to leave when we end, at most */

/* A client.  It is sent nothing before somebody has said something, if only
 * itself that it has come. */
struct talker {
	char name[CHAT_NAME]; /* "" before the first line */
	uint64_t sent;        /* lines, counted from the very first */
	bool leaves;          /* said so */
};

static struct {
	const char *address; /* options */
	struct chat_wire wire;
	uint64_t history;
	uint64_t clients;
	double timeout;

	struct cask_server server;
	char **line; /* a ring of history places; line i is in i % history */
	uint64_t first, end; /* those that are there */
	size_t bytes;        /* … of all of them */
	bool ends;
	bool failed;
} chatd;

/* What was said */

static void
forget_first(void)
{
	char **line = &chatd.line[chatd.first++ % chatd.history];

	chatd.bytes -= strlen(*line);
	free(*line);
	*line = NULL;
}

/* Takes the line over. */
static void
append(char *line)
{
	size_t n = strlen(line);

	while (chatd.first < chatd.end &&
	    (chatd.end - chatd.first == chatd.history ||
		chatd.bytes + n > HISTORY_BYTES))
		forget_first();
	chatd.line[chatd.end++ % chatd.history] = line;
	chatd.bytes += n;
	chat_print(line, NULL);
	if (!output_is_good()) {
		chatd.failed = true;
		cask_server_stop(&chatd.server);
	}
}

static void append_words(const char *format, ...) PRINTS(1, 2);

static void
append_words(const char *format, ...)
{
	char *line = malloc(CHAT_TEXT + 1);
	va_list args;

	if (line == NULL) {
		complain("a line is lost: %s", cask_strerror(ENOMEM));
		return;
	}
	va_start(args, format);
	vsnprintf(line, CHAT_TEXT + 1, format, args);
	va_end(args);
	append(line);
}

/* Telling it */

/* What a client hasn't been sent, of what is still there. */
static void
update(struct cask_client *c, bool leaves)
{
	struct talker *t = c->user;
	struct chat m = { .leaves = leaves };
	uint64_t from = t->sent > chatd.first ? t->sent : chatd.first;

	if (from == chatd.end && !leaves)
		return;
	m.lines = (uint32_t)(chatd.end - from);
	m.line = malloc((m.lines + 1) * sizeof *m.line);
	t->sent = chatd.end;
	if (m.line == NULL) {
		cask_client_drop(c, ENOMEM, "%s", cask_strerror(ENOMEM));
		return;
	}
	for (uint32_t i = 0; i < m.lines; i++)
		m.line[i] = chatd.line[(from + i) % chatd.history];
	cask_reply(c, &m, chat_x);
	chat_wire_tell(&chatd.wire, &chatd.server.out);
	free(m.line);
}

static void
update_all(bool leaves)
{
	struct cask_client *c = NULL;

	while ((c = cask_client_next(&chatd.server, c)) != NULL)
		update(c, leaves);
}

/* Clients */

static void
on_message(struct cask_client *c, struct chat *m)
{
	struct talker *t = c->user;

	if (t->name[0] == '\0' && m->text != NULL)
		chat_name(t->name, m->text);
	if (m->text != NULL && m->text[0] != '\0') {
		append(m->text);
		m->text = NULL;
	} else if (m->leaves && t->name[0] != '\0') {
		append_words("%s has left", t->name);
	}
	t->leaves = m->leaves;
	update_all(false);
	if (t->leaves)
		cask_client_close(c);
}

CASK_HANDLER(take_message, struct chat, chat_x, on_message)

static bool
on_opened(struct cask_client *c)
{
	c->user = calloc(1, sizeof(struct talker));
	if (c->user == NULL) {
		complain("%s: %s", c->sock.io.peer, cask_strerror(ENOMEM));
		return false;
	}
	remark("%s: connected", c->sock.io.peer);
	return true;
}

static void
on_closed(struct cask_client *c, int err, const char *why)
{
	struct talker *t = c->user;

	if (err != 0 && !t->leaves && !chatd.ends)
		complain("%s", why);
	else
		remark("%s: closed", c->sock.io.peer);
	if (!t->leaves && !chatd.ends && t->name[0] != '\0') {
		append_words("%s has left without a word", t->name);
		update_all(false);
	}
	free(t);
	c->user = NULL;
}

static void
on_trouble(struct cask_server *s, int err, const char *why)
{
	(void)s;
	(void)err;
	complain("%s", why);
}

/* Ending */

static void
on_wake(struct cask_wake *w)
{
	(void)w;
	chatd.ends = true;
	append_words("the server has shut down");
	update_all(true);
	cask_server_stop(&chatd.server);
}

static struct cask_wake wake = { .woken = on_wake };

static void
on_signal(int number)
{
	(void)number;
	cask_wake_ring(&wake);
}

static bool
catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };
	int err = cask_wake_start(&wake);

	if (err != 0) {
		complain("%s", cask_strerror(err));
		return false;
	}
	sigemptyset(&a.sa_mask);
	a.sa_flags = (int)SA_RESETHAND; /* a second one ends it at once */
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	return true;
}

/* Beginning */

/* Channels are below 1024, where it takes rights to listen. */
static void
complain_of_listening(int err)
{
	complain("%s%s", cask_server_why(&chatd.server),
	    err == EACCES ? ": ports below 1024 are the superuser's; -p takes "
			    "another, such as -p 7700"
			  : "");
}

static bool
begin(void)
{
	struct cask_server *s = &chatd.server;
	struct chat_port p = { "" };
	char host[80];
	uint16_t port;
	int err, ms = milliseconds(chatd.timeout);

	s->message = take_message;
	s->opened = on_opened;
	s->closed = on_closed;
	s->trouble = on_trouble;
	s->unframed = true;
	s->limit = (struct cask_server_limits) {
		.clients = (unsigned)chatd.clients,
		.message = MESSAGE_BYTES,
		.output = OUTPUT_BYTES,
		.message_ms = ms,
		.output_ms = ms,
		.drain_ms = ms < DRAIN_MS ? ms : DRAIN_MS,
		.idle_ms = -1,
	};
	chat_wire_set(&chatd.wire, &s->out);
	chat_wire_set(&chatd.wire, &s->in);
	s->in.limit.text = CHAT_TEXT;
	s->in.limit.count = 1;
	err = cask_server_listen(
	    s, chatd.address, chat_wire_port(&chatd.wire, &p));
	if (err != 0) {
		complain_of_listening(err);
		return false;
	}
	err = cask_server_local(s, 0, host, sizeof host, &port);
	if (err != 0) {
		complain("the address to listen on: %s", cask_strerror(err));
		return false;
	}
	if (!common.quiet)
		printf("listening on %s port %u\n", host, port);
	return output_is_good();
}

static void
forget_all(void)
{
	while (chatd.first < chatd.end)
		forget_first();
	free(chatd.line);
	chatd.line = NULL;
}

static int
chatd_main(void)
{
	int err = 0;

	if (!chat_wire_check(&chatd.wire))
		return EXIT_WRONG_USE;
	chatd.line = calloc(chatd.history, sizeof *chatd.line);
	if (chatd.line == NULL) {
		complain("%s", cask_strerror(ENOMEM));
		return EXIT_FAILED;
	}
	if (begin() && catch_signals())
		err = cask_serve(&chatd.server);
	else
		chatd.failed = true;
	if (err != 0)
		complain("%s", cask_server_why(&chatd.server));
	chatd.ends = true;
	cask_server_close(&chatd.server);
	cask_wake_stop(&wake);
	forget_all();
	return err != 0 || chatd.failed ? EXIT_FAILED : EXIT_WELL;
}

static const struct option options[] = {
	{ .name = "listen",
	    .letter = 'l',
	    .kind = OPTION_HOST,
	    .value = "ADDRESS",
	    .otherwise = "every address of this machine",
	    .help = "listen on this address",
	    .to = &chatd.address },
	CHAT_OPTIONS(chatd.wire),
	{ .name = "history",
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .least = 1,
	    .most = 100000,
	    .usual = "10000",
	    .help = "remember the last N lines, for newcomers",
	    .more = "Of long lines there may be less: they have a megabyte "
		    "in all.",
	    .to = &chatd.history },
	{ .name = "clients",
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .least = 1,
	    .most = 100000,
	    .usual = "1000",
	    .help = "clients at a time, at most",
	    .to = &chatd.clients },
	{ .name = "timeout",
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 3600,
	    .usual = "30",
	    .help = "for a client to end a message, or to take what it is sent",
	    .to = &chatd.timeout },
	{ .kind = OPTION_END },
};

const struct command chatd_command = {
	.name = "chatd",
	.purpose = "serve a discussion, as MFC's sample ChatSrvr does",
	.options = options,
	.about = "Serve a discussion to those who join it with cask chat, or "
		 "with MFC's sample Chatter: what one says is sent to all, and "
		 "newcomers are sent what was said before.  Each line is "
		 "printed, too.",
	.details =
	    "The channel is the port, from 700 on; ports below 1024 are the "
	    "superuser's, and --port takes another.\n"
	    "\n"
	    "A client that sends what is no message, or a line of more than "
	    "4096 bytes, or doesn't take what it is sent, is dropped, which "
	    "the others are told.\n"
	    "\n"
	    "What is printed has to be taken: a pipe that nobody reads holds "
	    "the server up.\n"
	    "\n"
	    "SIGINT and SIGTERM end it in order: the clients are told, have "
	    "what was said, and five seconds to close; a second one ends it at "
	    "once.",
	.exits = { "ended by a signal", "failed", "wrong arguments" },
	.examples = { { "For all on this machine, without any rights:",
	    "cask chatd --listen localhost --port 7700" } },
	.see_also = "cask-chat(1)",
	.main = chatd_main,
};
