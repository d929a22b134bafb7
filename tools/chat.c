/*
 * cask chat: Chatter, one of MFC's samples, for a terminal or a pipe.
 *
 * What is typed is sent as it comes, under the name in front; what the server
 * sends is printed.  Leaving is orderly: the other end is told, nothing more is
 * sent, and what still comes is printed until the server closes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat.h"
#include "term.h"
#include "typing.h"

static struct {
	const char *host; /* options */
	const char *name;
	double timeout;
	struct chat_wire wire;

	struct cask_sock sock;
	struct cask_ar out;
	struct cask_ar in;
	struct cask_wake wake;
	struct cask_timer patience;
	bool connected;
	bool leaves; /* we want to */
	bool left;   /* … and the server has been told */
	bool over;
	bool failed;
} chat;

static volatile sig_atomic_t told_to_end, disturbed;

/* Ending */

static void
trouble(const char *why)
{
	typing_hide();
	complain("%s", why);
	chat.failed = chat.over = true;
}

/* What went wrong in an archive, or below it, where it says more. */
static const char *
why_of(const struct cask_ar *ar)
{
	return chat.sock.io.err != 0 ? cask_sock_why(&chat.sock) : cask_why(ar);
}

/* A call that still waits for the server is not worth waiting for. */
static void
patience_ends(struct cask_timer *t)
{
	bool busy = cask_is_blocking(&chat.sock);

	(void)t;
	if (busy)
		cask_cancel(&chat.sock);
	if (busy || !chat.left)
		trouble("left without a word: the server takes none");
	else
		remark("%s: has not closed", chat.sock.io.peer);
	chat.over = true;
}

/* The next turn does it: some call may be under way. */
static void
want_to_leave(void)
{
	int err;

	if (chat.leaves)
		return;
	chat.leaves = true;
	chat.patience.fire = patience_ends;
	chat.patience.after_ms = milliseconds(chat.timeout);
	if (!chat.connected) {
		cask_cancel(&chat.sock);
		return;
	}
	err = cask_timer_start(&chat.patience);
	if (err != 0)
		trouble(cask_strerror(err));
}

/* Sending */

/* Send a line, or leave with it. */
static bool
send_line(const char *between, const char *line, bool leaves)
{
	char text[CHAT_TEXT + 1];
	struct chat m = { .leaves = leaves, .text = text };

	snprintf(text, sizeof text, "%s%s%s", chat.name, between, line);
	chat_x(&chat.out, &m);
	if (cask_flush(&chat.out) != 0) {
		if (!chat.over)
			trouble(why_of(&chat.out));
		return false;
	}
	if (!chat.wire.told && chat.out.replaced > 0) {
		typing_hide();
		chat_wire_tell(&chat.wire, &chat.out);
		typing_show();
	}
	return true;
}

static void
leave(void)
{
	chat.left = true;
	typing_end();
	if (send_line("", " has left", true) &&
	    cask_shutdown(&chat.sock, CASK_SENDS) != 0 && !chat.over)
		trouble(cask_sock_why(&chat.sock));
}

static void
on_typed(const char *line)
{
	if (line == NULL)
		want_to_leave();
	else if (!chat.leaves && !chat.over)
		send_line(": ", line, false);
}

/* Receiving */

static void
print_lines(const struct chat *m)
{
	typing_hide();
	for (uint32_t i = 0; i < m->lines; i++)
		chat_print(m->line[i], chat.name);
	if (!output_is_good())
		chat.failed = chat.over = true;
	else if (!chat.leaves)
		typing_show();
}

static void
on_receive(struct cask_sock *s, int err)
{
	struct chat m = { 0 };

	(void)s;
	(void)err;
	if (chat.over || (!cask_more(&chat.in) && chat.in.err == 0))
		return;
	chat_x(&chat.in, &m);
	if (chat.in.err != 0) {
		if (!chat.over)
			trouble(why_of(&chat.in));
	} else {
		print_lines(&m);
		if (m.leaves) {
			chat.over = true;
			typing_end();
			remark("%s: the server has shut down", s->io.peer);
		}
	}
	chat_free(&m);
}

static void
on_close(struct cask_sock *s, int err)
{
	char why[400];

	if (chat.over)
		return;
	chat.over = true;
	if (chat.left && err == 0)
		return;
	if (s->io.err != 0)
		snprintf(why, sizeof why, "%s", cask_sock_why(s));
	else
		snprintf(why, sizeof why, "%s: %s", s->io.peer,
		    err != 0 ? cask_strerror(err) : "closed by the server");
	trouble(why);
}

static const struct cask_notify notify = { .receive = on_receive,
	.close = on_close };

/* Signals */

static void
on_signal(int number)
{
	(void)number;
	told_to_end = told_to_end ? 2 : 1;
	cask_wake_ring(&chat.wake);
}

/* The terminal may have been used by others, or have another size. */
static void
on_disturbance(int number)
{
	(void)number;
	disturbed = 1;
	cask_wake_ring(&chat.wake);
}

static void
on_wake(struct cask_wake *w)
{
	(void)w;
	if (disturbed) {
		disturbed = 0;
		typing_resume();
	}
	if (told_to_end == 2)
		patience_ends(&chat.patience);
	else if (told_to_end)
		want_to_leave();
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static const int disturbances[] = {
	SIGCONT,
#ifdef SIGWINCH
	SIGWINCH,
#endif
};

static void catch (const int *numbers, size_t n, void (*handler)(int))
{
	struct sigaction a = { .sa_handler = handler };

	sigemptyset(&a.sa_mask);
	for (size_t i = 0; i < n; i++)
		sigaction(numbers[i], &a, NULL);
}

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool
catch_signals(void)
{
	int err;

	chat.wake.woken = on_wake;
	err = cask_wake_start(&chat.wake);
	if (err != 0) {
		complain("%s", cask_strerror(err));
		return false;
	}
	catch (signals, COUNT(signals), on_signal);
	catch (disturbances, COUNT(disturbances), on_disturbance);
	return true;
}

static void
leave_signals(void)
{
	catch (signals, COUNT(signals), SIG_DFL);
	catch (disturbances, COUNT(disturbances), SIG_DFL);
	cask_wake_stop(&chat.wake);
}

/* Beginning */

/* Somebody at a terminal may know better. */
static bool
try_again(void)
{
	char answer[16];

	if (told_to_end || !term_is(stdin) || !term_is(stderr))
		return false;
	fputs("try again? [Y/n] ", stderr);
	fflush(stderr);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	    answer[0] != 'n' && answer[0] != 'N';
}

static bool
connect_to_server(void)
{
	struct chat_port port = { "" };
	const char *to = chat_wire_port(&chat.wire, &port);

	chat.sock.notify = &notify;
	chat.sock.timeout_ms = milliseconds(chat.timeout);
	while (cask_connect(&chat.sock, chat.host, to) != 0) {
		complain("%s", cask_sock_why(&chat.sock));
		cask_close(&chat.sock);
		if (!try_again())
			return false;
	}
	chat.connected = true;
	return true;
}

static bool
join(void)
{
	if (!connect_to_server())
		return false;
	chat_wire_set(&chat.wire, &chat.out);
	chat_wire_set(&chat.wire, &chat.in);
	chat.in.limit.count = CHAT_MANY;
	cask_store(&chat.out, &chat.sock.io);
	cask_load(&chat.in, &chat.sock.io);
	return send_line(": ", "joined", false);
}

static bool
listen_to_typing(void)
{
	size_t most = CHAT_TEXT - strlen(chat.name) - strlen(": ");
	int err = typing_start("> ", most, on_typed);

	if (err != 0)
		complain("standard input: %s", cask_strerror(err));
	return err == 0;
}

static void
talk(void)
{
	while (!chat.over) {
		int err = 0;

		if (chat.leaves && !chat.left)
			leave();
		if (!chat.over)
			err = cask_pump_turn(-1, NULL);
		if (err != 0)
			trouble(cask_strerror(err));
	}
	typing_end();
	cask_timer_stop(&chat.patience);
}

/* Who one is to the system, for want of a better name. */
static const char *
login_name(void)
{
	const char *name = getenv("LOGNAME");

	if (name == NULL || *name == '\0')
		name = getenv("USER");
	return name != NULL && *name != '\0' && strlen(name) < CHAT_NAME
	    ? name
	    : "somebody";
}

static int
chat_main(void)
{
	if (!chat_wire_check(&chat.wire))
		return EXIT_WRONG_USE;
	if (chat.name == NULL)
		chat.name = login_name();
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	chat.failed = true;
	if (catch_signals() && join() && listen_to_typing()) {
		chat.failed = false;
		talk();
	}
	leave_signals();
	cask_close(&chat.sock);
	return chat.failed || typing_lost() || !output_is_good() ? EXIT_FAILED
								 : EXIT_WELL;
}

static const struct option options[] = {
	{ .name = "name",
	    .letter = 'n',
	    .kind = OPTION_TEXT,
	    .value = "NAME",
	    .most = CHAT_NAME - 1,
	    .otherwise = "your login name",
	    .help = "be called NAME",
	    .to = &chat.name },
	CHAT_OPTIONS(chat.wire),
	{ .name = "timeout",
	    .kind = OPTION_SECONDS,
	    .value = "S",
	    .most = 3600,
	    .usual = "10",
	    .help = "wait that long for a connection, for a message to end, "
		    "or for the server to close",
	    .to = &chat.timeout },
	{ .kind = OPTION_END },
};

static const struct option operands[] = {
	{ .kind = OPTION_HOST,
	    .value = "HOST",
	    .help = "the server's host",
	    .to = &chat.host },
	{ .kind = OPTION_END },
};

const struct command chat_command = {
	.name = "chat",
	.purpose = "talk with others, as MFC's sample Chatter does",
	.options = options,
	.operands = operands,
	.needs = 1,
	.about =
	    "Join the discussion that a server ('cask help chatd', or MFC's "
	    "sample ChatSrvr) has on HOST: each line typed is said to all, "
	    "and what the others say is printed, beginning with what was said "
	    "before.  The end of the input leaves, and so does ^C.",
	.details =
	    "At a terminal a line is edited as readline does it, or else as "
	    "the terminal does; what comes meanwhile is printed above "
	    "it.  (Without readline ^R shows again what was typed so far.)  "
	    "Names are in colour.\n"
	    "\n"
	    "In a pipe lines are plain.  Characters that would harm a "
	    "terminal are printed as question marks everywhere.",
	.exits = { "left, or the server has shut down",
	    "failed, or a line was too long to be sent", "wrong arguments" },
	.examples = { { "Under another name, to a server on channel 2:",
			  "cask chat --name Ann --channel 2 chat.example" },
	    { "Say one thing, and leave:",
		"echo 'dinner is ready' | cask chat -u chat.example" } },
	.see_also = "cask-chatd(1)",
	.main = chat_main,
};
