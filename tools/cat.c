/*
 * cask cat: what comes over a socket, and what is to be sent.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cat.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "term.h"

static struct cat cat;

/* Ending */

static volatile sig_atomic_t told_to_end;

bool
cat_is_told(void)
{
	return told_to_end != 0;
}

static void
on_signal(int number)
{
	int err = errno;

	told_to_end = number;
	cask_wake_ring(&cat.told);
	errno = err;
}

/* The only call that waits is that which connects. */
static void
on_told(struct cask_wake *w)
{
	struct cat *c = w->user;

	if (c->peers != NULL && cask_is_blocking(&c->peers->sock))
		cask_cancel(&c->peers->sock);
}

static bool
catch_signals(struct cat *c)
{
	struct sigaction a = { .sa_handler = on_signal };
	int err;

	c->told.woken = on_told;
	c->told.user = c;
	err = cask_wake_start(&c->told);
	if (err != 0) {
		complain("%s", cask_strerror(err));
		return false;
	}
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	return true;
}

static void
ignore_signals(struct cat *c)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	cask_wake_stop(&c->told);
}

void
cat_end(struct cat *c, int result)
{
	if (!c->ending || c->result == EXIT_WELL)
		c->result = result;
	c->ending = true;
}

void
cat_no_memory(struct cat *c)
{
	complain("%s", cask_strerror(ENOMEM));
	cat_end(c, EXIT_FAILED);
}

void
cat_moved(struct cat *c, size_t n)
{
	c->moved += n;
	progress_to(c->moved);
}

/* Running */

/* What is typed, or read as it comes, needs no such line. */
static void
show_progress(const struct cat *c)
{
	if (!c->input.is_terminal && !term_is(stdout))
		progress_start("cask cat", 0);
}

static void
step(struct cat *c)
{
	input_step(c);
	peers_go_on(c);
	peers_check(c);
	output_step(c);
}

static void
turn(struct cat *c)
{
	int err = cask_pump_turn(c->ending ? -1 : peers_wait(c), NULL);

	if (err != 0) {
		complain("waiting: %s", cask_strerror(err));
		cat_end(c, EXIT_FAILED);
		queue_free(&c->output.queue);
	}
}

/* Who listens until told to end, has ended well then. */
static void
check_told(struct cat *c)
{
	bool well = c->listen && (c->keep || c->datagram);

	if (!told_to_end)
		return;
	queue_free(&c->output.queue);
	c->ending = false;
	cat_end(c, well ? EXIT_WELL : EXIT_TOLD);
}

static int
run(struct cat *c)
{
	if (!catch_signals(c))
		return EXIT_FAILED;
	input_open(c);
	if (peers_open(c)) {
		show_progress(c);
		step(c);
	}
	while (!told_to_end && (!c->ending || c->output.queue.n > 0)) {
		turn(c);
		step(c);
	}
	progress_end();
	check_told(c);
	ignore_signals(c);
	input_close(c);
	output_close(c);
	peers_close(c);
	queue_free(&c->output.queue);
	return c->result;
}

/* Arguments */

static bool
is_missing(const char *what)
{
	complain("%s is missing ('cask help cat')", what);
	return false;
}

/* A path is what begins with a slash, or with a point and a slash. */
static bool
take_path(struct cat *c)
{
	static char path[4096 + 2];

	if (c->port != NULL) {
		complain("'%s': one argument too many", c->port);
		return false;
	}
	if (strchr("/@", *c->host) != NULL || strncmp(c->host, "./", 2) == 0)
		return true;
	snprintf(path, sizeof path, "./%s", c->host);
	c->host = path;
	return true;
}

static bool
take_address(struct cat *c)
{
	if (c->local)
		return take_path(c);
	if (c->port == NULL && !c->listen)
		return is_missing("PORT");
	if (c->port == NULL) {
		c->port = c->host;
		c->host = NULL;
	}
	return is_port("PORT", c->port, c->listen ? 0 : 1);
}

static bool
take_store(struct cat *c)
{
	const char *obstacle;

	if (!c->dump.shaped) {
		if (c->framed)
			complain("--framed: needs --shape or --type");
		return !c->framed;
	}
	c->dump.ar.form = c->text == 1 ? CASK_ANSI : CASK_UNICODE;
	c->store.d = &c->dump;
	c->store.json = &c->input.json;
	c->store.framed = c->framed;
	obstacle = c->no_input ? NULL : store_obstacle(&c->dump.shape);
	if (obstacle == NULL)
		return true;
	complain("--shape: '%s': objects can be shown, but not be sent: add "
		 "--no-input",
	    obstacle);
	return false;
}

static int
cat_main(void)
{
	struct cat *c = &cat;

	if (!take_address(c) || !dump_settings(&c->dump) || !take_store(c))
		return EXIT_WRONG_USE;
	if (c->keep && !c->listen) {
		complain("--keep: needs --listen");
		return EXIT_WRONG_USE;
	}
	return run(c);
}

static const struct option options[] = {
	{ .name = "shape",
	    .kind = OPTION_FILE,
	    .value = "FILE",
	    .but_not = "type",
	    .help = "messages, of the shape in FILE",
	    .more = "It is written in the language of cask(5).  Its last "
		    "struct is a message.",
	    .to = &cat.dump.shape_path },
	{ .name = "type",
	    .kind = OPTION_TEXT,
	    .value = "TYPES",
	    .most = 65536,
	    .help = "a list of types instead: 'u32 text'",
	    .more = "The values are called v1, v2 and so on.",
	    .to = &cat.dump.types },
	{ .name = "json",
	    .kind = OPTION_FLAG,
	    .help = "print each message as a line of JSON",
	    .more = "It is that of cask dump --json.",
	    .to = &cat.dump.json },
	{ .name = "framed",
	    .kind = OPTION_FLAG,
	    .help = "each message has its length in front",
	    .more = "It is what links send and cask_message(3): 4 bytes, "
		    "in the order of --order, and a message that uses them "
		    "up.",
	    .to = &cat.framed },
	{ .name = "order",
	    .kind = OPTION_CHOICE,
	    .value = "ORDER",
	    .choices = "little|big",
	    .usual = "little",
	    .help = "of bytes: little or big",
	    .more = "It is for where the shape does not tell.",
	    .to = &cat.dump.order },
	{ .name = "text",
	    .kind = OPTION_CHOICE,
	    .value = "FORM",
	    .choices = "unicode|ansi",
	    .usual = "unicode",
	    .help = "what a text is sent as: unicode or ansi",
	    .more = "Both are MFC's, and both are taken; it is for what the "
		    "shape calls a text.",
	    .to = &cat.text },
	{ .name = "ansi",
	    .kind = OPTION_NUMBER,
	    .value = "CP",
	    .least = 1,
	    .most = 65535,
	    .otherwise = "1252",
	    .help = "the code page of ANSI strings",
	    .more = "It is a number of Windows.",
	    .to = &cat.dump.codepage },
	{ .name = "listen",
	    .letter = 'l',
	    .kind = OPTION_FLAG,
	    .help = "wait for a client, instead of connecting",
	    .more = "HOST, if it is there, is the address to listen on.  What "
		    "was chosen is told on standard error, as in 'listening "
		    "on 127.0.0.1 port 4242', but not with --quiet.",
	    .to = &cat.listen },
	{ .name = "keep",
	    .letter = 'k',
	    .kind = OPTION_FLAG,
	    .help = "take many clients, at once",
	    .more = "What is read goes to all of them, and waits for the "
		    "slowest.  With a shape each message has its client's "
		    "address: in front of it, or, with --json, as "
		    "{\"peer\":ADDRESS,\"message\":...}.  A client that has "
		    "ended, or sends what is wrong, is let go.  Without a "
		    "shape their bytes are printed as they come.",
	    .to = &cat.keep },
	{ .name = "datagrams",
	    .letter = 'u',
	    .kind = OPTION_FLAG,
	    .help = "send and take datagrams",
	    .more = "A message is one datagram; without a shape it is what "
		    "came from standard input at once, 8192 bytes at most.  "
		    "Who listens answers the sender of the last one, but not "
		    "one of the Unix domain, who has no name.  "
		    "Datagrams have no end: it ends with --wait, or as --end "
		    "says.",
	    .to = &cat.datagram },
	{ .name = "unix",
	    .letter = 'U',
	    .kind = OPTION_FLAG,
	    .help = "HOST is the path of a Unix-domain socket",
	    .more = "A name that begins with @ is one in Linux's abstract "
		    "space.  Who has listened takes the path away.",
	    .to = &cat.local },
	{ .name = "wait",
	    .letter = 'w',
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 86400,
	    .otherwise = "for ever",
	    .help = "end after S seconds in which nothing happens",
	    .more = "It is the limit for connecting, too, which otherwise is "
		    "30 seconds.  With --keep only the client in question is "
		    "let go.  For datagrams it is the end, and all is well "
		    "if any came.",
	    .to = &cat.wait },
	{ .name = "end",
	    .letter = 'e',
	    .kind = OPTION_CHOICE,
	    .value = "WHEN",
	    .choices = "auto|both|input|peer|either",
	    .usual = "auto",
	    .help = "what has to end: auto, both, input, peer or either",
	    .more = "Both: standard input and the peer.  Auto is peer if "
		    "standard input is a terminal, else both.  A datagram "
		    "that came counts as the peer's end.",
	    .to = &cat.end },
	{ .name = "hold",
	    .kind = OPTION_FLAG,
	    .help = "don't tell the peer that standard input has ended",
	    .more = "Otherwise the connection is closed in that direction "
		    "then, while the other stays open.",
	    .to = &cat.hold },
	{ .name = "no-input",
	    .letter = 'd',
	    .kind = OPTION_FLAG,
	    .help = "don't read standard input",
	    .to = &cat.no_input },
	{ .kind = OPTION_END },
};

static const struct option operands[] = {
	{ .kind = OPTION_HOST,
	    .value = "HOST",
	    .help = "where to connect to; it may lack with --listen",
	    .to = &cat.host },
	{ .kind = OPTION_PORT,
	    .value = "PORT",
	    .help = "the port; with --listen, 0 is a free one",
	    .to = &cat.port },
	{ .kind = OPTION_END },
};

const struct command cat_command = {
	.name = "cat",
	.purpose = "send and show what goes over a socket, with types",
	.options = options,
	.operands = operands,
	.needs = 1,
	.about =
	    "Connect to HOST, or wait for a client with --listen; send what "
	    "standard input has, and print what comes, until both have ended.  "
	    "Without a shape these are bytes, whatever they are.\n\n"
	    "With --shape they are messages, as cask(5) describes them.  What "
	    "comes is printed value by value, as cask dump does, or with "
	    "--json as a line of JSON; standard input has a line of JSON for "
	    "each message to send.",
	.details =
	    "Both directions go on at once, and neither waits for the other.  "
	    "No more is read from standard input while the peer does not take "
	    "it, and no more from the peer while standard output does not.\n\n"
	    "A message is the outermost struct of the shape, and another one "
	    "follows it.  If it goes on to the end (a type with an asterisk) "
	    "it ends where the connection does, unless there is a length in "
	    "front.  Each message is shown as soon as it is whole; bytes are "
	    "counted, and objects numbered, from its beginning.\n\n"
	    "The JSON that is sent is the JSON that is printed: what was "
	    "printed is sent as the bytes that it was printed for, but where "
	    "one value has several forms: a text is sent as --text says, a "
	    "time and a count in their newest and shortest forms, and NaN is "
	    "one of many.  All members have to be there, and no others; only "
	    "an optional one may be null, or lack.  Integers and what is no "
	    "number may be texts.  Objects, and what only classes have, are "
	    "shown but not sent.  A line that is wrong ends the command, with "
	    "the reason; a line typed at a terminal may be typed again.",
	.exits = { "done, or told to end with --keep or --listen "
		   "--datagrams",
	    "connecting, reading or writing failed, or the connection was "
	    "lost",
	    "wrong arguments, or a wrong shape", "time ran out",
	    "what came, or what was to be sent, is not of the shape",
	    "told to end (SIGINT, SIGTERM) before it was done" },
	.examples = { { "A request over TCP, and what comes back:",
			  "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | "
			  "cask cat example.org 80" },
	    { "Ask a server whose messages are texts, and look at its "
	      "answers:",
		"echo '{\"v1\":\"ACME\"}' | cask cat --type text "
		"localhost 7000" },
	    { "Show what many clients send, as a line of JSON each:",
		"cask cat -l -k --shape quote.cask --json 7000" } },
	.see_also = "cask-dump(1), cask(5), cask_sock(3)",
	.main = cat_main,
};
