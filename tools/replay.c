/*
 * cask replay: plays one side of a recorded session against a program.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "player.h"

#define EXIT_DIFFERENT 3

static struct {
	struct player player;
	struct recording recording;
	const char *file, *listen, *host_port;
} replay;

static bool
read_recording(void)
{
	char why[RECORDING_WHY];
	FILE *f = fopen(replay.file, "rb");
	bool well;

	if (f == NULL) {
		complain("%s: %s", replay.file, cask_strerror(errno));
		return false;
	}
	well = recording_read(&replay.recording, f, why);
	fclose(f);
	if (!well)
		complain("%s:%s", replay.file, why);
	return well;
}

static int
tell_result(bool well)
{
	const struct player *p = &replay.player;

	if (well)
		printf("the same: %zu connections, %" PRIu64 " bytes sent, "
		       "%" PRIu64 " received\n",
		    replay.recording.open, p->sent, p->came);
	else if (p->different[0] != '\0')
		printf("different: %s\n", p->different);
	if (p->ignored > 0)
		remark("%u differences", p->ignored);
	if (!output_is_good() || p->failed)
		return EXIT_FAILED;
	return well                   ? EXIT_WELL
	    : p->different[0] != '\0' ? EXIT_DIFFERENT
				      : EXIT_FAILED;
}

static int
run(void)
{
	struct player *p = &replay.player;

	if (!read_recording())
		return EXIT_FAILED;
	p->recording = &replay.recording;
	p->mine = replay.listen != NULL ? TO_CLIENT : TO_SERVER;
	p->port = replay.listen != NULL ? replay.listen : replay.host_port;
	if (replay.listen != NULL && !player_listen(p))
		return EXIT_FAILED;
	return tell_result(player_play(p));
}

static bool
is_good_use(void)
{
	if (replay.listen != NULL && replay.player.host != NULL)
		complain("-l and HOST: one or the other");
	else if (replay.listen == NULL && replay.host_port == NULL)
		complain("%s is missing, or -l PORT",
		    replay.player.host == NULL ? "HOST" : "PORT");
	else
		return true;
	return false;
}

static int
replay_main(void)
{
	int result = EXIT_WRONG_USE;

	if (is_good_use())
		result = run();
	player_close(&replay.player);
	recording_free(&replay.recording);
	return result;
}

static const struct option options[] = {
	{ .name = "listen",
	    .letter = 'l',
	    .kind = OPTION_PORT,
	    .value = "PORT",
	    .otherwise = "play the client",
	    .help = "play the server, on this port; 0: a free one",
	    .to = &replay.listen },
	{ .name = "address",
	    .letter = 'a',
	    .kind = OPTION_HOST,
	    .value = "ADDR",
	    .most = 255,
	    .otherwise = "all",
	    .help = "listen on this address",
	    .to = &replay.player.address },
	{ .name = "times",
	    .kind = OPTION_FLAG,
	    .help = "say nothing earlier than it was said",
	    .more = "Without it everything is said as soon as what came before "
		    "it in the recording has come.",
	    .to = &replay.player.timed },
	{ .name = "ignore",
	    .kind = OPTION_FLAG,
	    .help = "go on when the other side is different",
	    .more = "With --verbose the differences are told.  What does not "
		    "come within --timeout is not waited for.",
	    .to = &replay.player.ignore },
	{ .name = "timeout",
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 3600,
	    .usual = "10",
	    .help = "how long to wait for anything, in seconds",
	    .to = &replay.player.timeout },
	{ .kind = OPTION_END },
};

static const struct option operands[] = {
	{ .kind = OPTION_FILE,
	    .value = "FILE",
	    .help = "the recording, of cask proxy --record",
	    .to = &replay.file },
	{ .kind = OPTION_HOST,
	    .value = "HOST",
	    .most = 255,
	    .help = "the server to be talked to",
	    .to = &replay.player.host },
	{ .kind = OPTION_PORT,
	    .value = "PORT",
	    .least = 1,
	    .help = "its port",
	    .to = &replay.host_port },
	{ .kind = OPTION_END },
};

const struct command replay_command = {
	.name = "replay",
	.purpose = "play one side of a recorded session",
	.options = options,
	.operands = operands,
	.needs = 1,
	.about = "Play the client of the session in FILE against the server at "
		 "HOST and PORT; or, with -l PORT, the server against the "
		 "clients that connect.  What comes back is compared with what "
		 "was recorded, up to the first byte that differs.\n\n"
		 "All connections of the session are played, in the order of "
		 "the recording: what this side said is said when all that "
		 "stands before it has come.",
	.details =
	    "The last line says how it went:\n\n"
	    "  the same: 1 connections, 14 bytes sent, 30 received\n"
	    "  different: connection 1: byte 12 from the server is 03, "
	    "recorded 02\n\n"
	    "It is also different when the other side ends early, goes on, or "
	    "says nothing for as long as --timeout.  Whether it ends or resets "
	    "a connection is the same.  Of a recording that stops before a "
	    "connection has ended, what follows is not compared.",
	.exits = { "the same", "failed", "wrong arguments", "different" },
	.examples = { { "Does a new version of a server still say the same?",
			  "cask proxy -l 7001 -n 1 --record s.session "
			  "localhost 7000\n"
			  "cask replay s.session localhost 7000" },
	    { "A server for the test of a client:",
		"cask replay -l 7000 s.session" } },
	.see_also = "cask-proxy(1), cask-session(5)",
	.main = replay_main,
};
