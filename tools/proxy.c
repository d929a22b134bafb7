/*
 * cask proxy: stands between two programs, shows what they say to each other,
 * and misbehaves on request.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "annotate.h"
#include "command.h"
#include "relay.h"

#define TURN_MS 500
#define COUNT   ((uint64_t)1 << 62) /* the largest offset in a stream */

enum only { ONLY_BOTH, ONLY_SERVER, ONLY_CLIENT };

struct output {
	const char *option;
	const char *path;
	FILE *file;
};

static struct {
	struct relay relay;
	struct plan plan;
	const char *shape, *answer;
	double delay, jitter;
	unsigned only;
	uint64_t count;
	struct output record, pcap;
	struct shape *shapes[WAYS];
	int64_t epoch; /* the beginning, in microseconds since 1970 */
	bool failed;
} proxy;

static volatile sig_atomic_t told_to_end;

/* A second time it has its usual effect. */
static void
on_signal(int number)
{
	told_to_end = number;
}

static void
catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	a.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

/* What goes on */

static void
tell(struct pair *p, const struct event *e)
{
	struct event dated = *e;

	if (!common.quiet)
		annotate_event(e);
	if (proxy.record.file != NULL)
		record_event(proxy.record.file, e);
	dated.us += proxy.epoch;
	if (proxy.pcap.file != NULL)
		pcap_event(proxy.pcap.file, &p->capture, &dated);
}

static bool
is_written(struct output *o)
{
	if (o->file == NULL || (fflush(o->file) == 0 && !ferror(o->file)))
		return true;
	if (!proxy.failed)
		complain("%s: %s: %s", o->option, o->path,
		    cask_strerror(errno != 0 ? errno : EIO));
	proxy.failed = true;
	return false;
}

/* Files */

static bool
open_output(struct output *o, void (*begin)(FILE *f))
{
	if (o->path == NULL)
		return true;
	o->file = fopen(o->path, "wb");
	if (o->file == NULL) {
		complain(
		    "%s: %s: %s", o->option, o->path, cask_strerror(errno));
		return false;
	}
	begin(o->file);
	return true;
}

static void
close_output(struct output *o)
{
	is_written(o);
	if (o->file != NULL)
		fclose(o->file);
	o->file = NULL;
}

static bool
open_outputs(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	proxy.epoch = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	proxy.record.option = "--record";
	proxy.pcap.option = "--pcap";
	return open_output(&proxy.record, record_begin) &&
	    open_output(&proxy.pcap, pcap_begin);
}

static bool
take_shape(enum way way, const char *option, const char *path)
{
	if (path == NULL)
		return true;
	proxy.shapes[way] = malloc(sizeof *proxy.shapes[way]);
	if (proxy.shapes[way] == NULL) {
		complain("%s: %s", option, cask_strerror(ENOMEM));
		return false;
	}
	return shape_read(proxy.shapes[way], option, path);
}

static bool
take_shapes(void)
{
	const char *answer = proxy.answer != NULL ? proxy.answer : proxy.shape;

	return take_shape(TO_SERVER, "--shape", proxy.shape) &&
	    take_shape(TO_CLIENT, proxy.answer != NULL ? "--answer" : "--shape",
		answer);
}

/* Running */

static void
turn(void)
{
	int err = cask_pump_turn(TURN_MS, NULL);

	if (err != 0) {
		complain("waiting: %s", cask_strerror(err));
		proxy.failed = true;
	}
	relay_check(&proxy.relay);
	is_written(&proxy.record);
	is_written(&proxy.pcap);
	if (!common.quiet && annotate_is_broken())
		proxy.failed = true;
}

static bool
is_done(void)
{
	return proxy.failed || told_to_end ||
	    (proxy.count > 0 && proxy.relay.over >= proxy.count);
}

static int
run(void)
{
	const struct shape *shapes[WAYS] = { proxy.shapes[0], proxy.shapes[1] };

	if (!open_outputs() || !relay_open(&proxy.relay))
		return EXIT_FAILED;
	if (!common.quiet && !annotate_begin(shapes))
		return EXIT_FAILED;
	while (!is_done())
		turn();
	if (told_to_end && proxy.count > 0 && !proxy.failed) {
		complain("told to end after %" PRIu64 " of %" PRIu64
			 " connections",
		    proxy.relay.over, proxy.count);
		proxy.failed = true;
	}
	relay_close(&proxy.relay);
	if (!common.quiet)
		annotate_end();
	return output_is_good() && !proxy.failed ? EXIT_WELL : EXIT_FAILED;
}

static void
plan(void)
{
	static const struct plan nothing;

	proxy.plan.delay_us = (int64_t)(proxy.delay * 1e6 + 0.5);
	proxy.plan.jitter_us = (int64_t)(proxy.jitter * 1e6 + 0.5);
	proxy.relay.plan[TO_SERVER] =
	    proxy.only == ONLY_CLIENT ? &nothing : &proxy.plan;
	proxy.relay.plan[TO_CLIENT] =
	    proxy.only == ONLY_SERVER ? &nothing : &proxy.plan;
}

static int
proxy_main(void)
{
	int result = EXIT_WRONG_USE;

	catch_signals();
	plan();
	proxy.relay.tell = tell;
	proxy.relay.pieces = common.verbose;
	if (take_shapes())
		result = run();
	relay_close(&proxy.relay);
	close_output(&proxy.record);
	close_output(&proxy.pcap);
	free(proxy.shapes[TO_SERVER]);
	free(proxy.shapes[TO_CLIENT]);
	return proxy.failed ? EXIT_FAILED : result;
}

/* After n bytes of a direction something is done. */
#define AFTER(option, member, words, sentences)                             \
	{                                                                   \
		.name = option, .kind = OPTION_NUMBER, .value = "N",        \
		.least = 1, .most = COUNT, .otherwise = "never",            \
		.help = words, .more = sentences, .to = &proxy.plan.member, \
	}

static const struct option options[] = {
	{ .name = "listen",
	    .letter = 'l',
	    .kind = OPTION_PORT,
	    .value = "PORT",
	    .usual = "0",
	    .help = "listen on this port; 0: a free one",
	    .to = &proxy.relay.port },
	{ .name = "address",
	    .letter = 'a',
	    .kind = OPTION_HOST,
	    .value = "ADDR",
	    .most = 255,
	    .otherwise = "all",
	    .help = "listen on this address",
	    .to = &proxy.relay.address },
	{ .name = "count",
	    .letter = 'n',
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .least = 1,
	    .most = 1000000000,
	    .otherwise = "never",
	    .help = "end after N connections",
	    .to = &proxy.count },
	{ .name = "shape",
	    .kind = OPTION_FILE,
	    .value = "FILE",
	    .help = "the shape of what is said: the last struct in FILE",
	    .more = "It is written in the language of cask(5), and describes "
		    "one message; or all of them, if its last member goes on "
		    "to the end.",
	    .to = &proxy.shape },
	{ .name = "answer",
	    .kind = OPTION_FILE,
	    .value = "FILE",
	    .otherwise = "that of --shape",
	    .help = "the shape of what the server says",
	    .to = &proxy.answer },
	{ .name = "record",
	    .kind = OPTION_FILE,
	    .value = "FILE",
	    .help = "keep the session in FILE, for cask replay",
	    .more = "Its format is that of cask-session(5).",
	    .to = &proxy.record.path },
	{ .name = "pcap",
	    .kind = OPTION_FILE,
	    .value = "FILE",
	    .help = "keep it in FILE as packets, for Wireshark",
	    .more = "The packets are made up, as if the client were connected "
		    "to the server itself.  The dissector cask.lua, which is "
		    "installed in share/cask, shows messages with their length "
		    "in front, and MFC's objects.",
	    .to = &proxy.pcap.path },
	{ .name = "only",
	    .kind = OPTION_CHOICE,
	    .value = "WAY",
	    .choices = "both|to-server|to-client",
	    .usual = "both",
	    .help = "misbehave only to-server, or only to-client",
	    .to = &proxy.only },
	{ .name = "seed",
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .most = UINT64_MAX,
	    .usual = "1",
	    .help = "what the chance of what follows begins with",
	    .to = &proxy.plan.seed },
	{ .name = "split",
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .least = 1,
	    .most = 1000000,
	    .otherwise = "never",
	    .help = "pass on pieces of 1 to N bytes",
	    .more = "A program that is slow to receive may still find several "
		    "of them at once; --jitter parts them in time.",
	    .to = &proxy.plan.split },
	{ .name = "delay",
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 3600,
	    .otherwise = "none",
	    .help = "pass everything on S seconds later",
	    .to = &proxy.delay },
	{ .name = "jitter",
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 3600,
	    .otherwise = "none",
	    .help = "and each piece up to S seconds later than that",
	    .more = "The order stays.  Without --split a piece has 1460 bytes.",
	    .to = &proxy.jitter },
	{ .name = "rate",
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .least = 1,
	    .most = 1000000000,
	    .otherwise = "no limit",
	    .help = "pass on N bytes a second at most",
	    .to = &proxy.plan.rate },
	{ .name = "flip",
	    .kind = OPTION_NUMBER,
	    .value = "N",
	    .least = 1,
	    .most = COUNT,
	    .otherwise = "never",
	    .help = "flip one bit in each N bytes",
	    .to = &proxy.plan.flip },
	AFTER("cut", cut, "after N bytes, close the connection",
	    "Both ends are closed in good order, in the middle of whatever it "
	    "is."),
	AFTER("reset", reset, "after N bytes, reset it",
	    "Both ends find it lost."),
	AFTER("half-close", half_close, "after N bytes, end that direction",
	    "The other one goes on."),
	AFTER("stall", stall, "after N bytes, pass nothing more on",
	    "Nothing more is taken than there is room for, either."),
	{ .kind = OPTION_END },
};

static const struct option operands[] = {
	{ .kind = OPTION_HOST,
	    .value = "HOST",
	    .most = 255,
	    .help = "the server's name or address",
	    .to = &proxy.relay.host },
	{ .kind = OPTION_PORT,
	    .value = "PORT",
	    .least = 1,
	    .help = "the server's port",
	    .to = &proxy.relay.host_port },
	{ .kind = OPTION_END },
};

const struct command proxy_command = {
	.name = "proxy",
	.purpose = "stand between two programs, show and disturb them",
	.options = options,
	.operands = operands,
	.needs = 2,
	.about = "Accept connections, connect each to PORT of HOST, pass on "
		 "what both ends say, and show it: in hexadecimal, or, with "
		 "--shape, value by value.  What an end sees of the other's "
		 "closing, resetting or not reading is what it would have seen "
		 "without a proxy.\n\n"
		 "On request it misbehaves, each direction by itself.  What it "
		 "does is by the offset of the bytes and by --seed: the same "
		 "bytes and the same seed bring the same.",
	.details =
	    "The first line is 'listening on ADDR port PORT'.  Then, with "
	    "seconds since the beginning, the number of the connection, and "
	    "'->' for what the client says and '<-' for the server:\n\n"
	    "   0.000184 #1 127.0.0.1:41822 has connected, for 127.0.0.1:7000\n"
	    "   0.000341 #1 -> 14 bytes\n"
	    "     0  ff fe ff 04 41 00 43 00 4d 00 45 00 00 00        "
	    "....A.C.M.E...\n"
	    "   0.000341 #1 -> flipped bit 3 of byte 5\n"
	    "   0.000517 #1 -> ended\n\n"
	    "What is shown, recorded or captured is what the programs have "
	    "sent, when it came and before anything was done to it; what was "
	    "done is told in lines of its own, pieces and their delay only "
	    "with --verbose.  With a shape each message is shown when all of "
	    "it has come.  When bytes don't fit the shape, it says so, and "
	    "that direction goes on in hexadecimal.  Showing never holds up "
	    "the bytes: who reads the output too slowly misses some, and is "
	    "told how many.  --quiet shows nothing.\n\n"
	    "At most 1000 connections are open at a time, and 256 KiB are on "
	    "their way in a direction; more is not taken from its sender.  "
	    "Urgent data becomes part of the other.  Of --cut, --reset, "
	    "--half-close and --stall, the one with the fewest bytes counts.  "
	    "A direction that is stalled stays so until one end is lost.",
	.exits = { "done, or told to end (SIGINT, SIGTERM) without --count",
	    "failed", "wrong arguments, or a wrong shape" },
	.examples = { { "Each byte on its own, up to 40 ms late, on the way to "
			"a server:",
			  "cask proxy -l 7001 --split 1 --jitter 0.04 --only "
			  "to-server localhost 7000" },
	    { "A connection that is lost in the middle of the answer, and what "
	      "came before it:",
		"cask proxy -l 7001 --reset 20 --only to-client --shape quote "
		"localhost 7000" },
	    { "A session, to be played again and to be looked at:",
		"cask proxy -l 7001 -n 1 --record s.session --pcap "
		"s.pcap localhost 7000" } },
	.see_also = "cask-replay(1), cask-dump(1), cask(5), cask-session(5)",
	.main = proxy_main,
};
