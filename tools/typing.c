/*
 * Lines that somebody types.  See typing.h.
 *
 * The Makefile finds out whether readline is here.  (libedit has its calls,
 * too, but when a line was entered it goes on showing that.)
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_READLINE
#include <readline/history.h>
#include <readline/readline.h>
#endif

#include "command.h"
#include "term.h"
#include "typing.h"
#include "words.h"

static struct {
	struct cask_watch watch;
	const char *prompt;
	size_t most;
	void (*typed)(const char *line);
	bool started;
	bool shows;  /* both ends are a terminal that can move its cursor */
	bool edits;  /* … and a library has it */
	bool hidden; /* what is being typed */
	bool lost;
	bool skips;  /* the rest of a line that is too long */
	char *bytes; /* plain lines: what has come of one */
	size_t have;
} typing;

/* Go back to the beginning of what takes so many columns, up to the cursor, and
 * clear the screen from there on. */
static void
erase(int columns)
{
	int rows = columns / term_size(stdout).columns;

	if (rows > 0)
		printf("\033[%dA", rows);
	fputs("\r\033[J", stdout);
	output_flush();
}

/* What was typed comes back from the server: it need not be there twice. */
static void
erase_entered(const char *line)
{
	char *clean = malloc(strlen(line) + 1);

	if (clean == NULL)
		return;
	printable(clean, strlen(line) + 1, line);
	fputs("\033[A", stdout);
	erase(columns_of(typing.prompt) + columns_of(clean));
	free(clean);
}

static void
end_input(void)
{
	cask_watch_stop(&typing.watch);
	typing.typed(NULL);
}

/* A line is whole.  Empty ones say nothing. */
static void
enter(const char *line)
{
	if (typing.shows)
		erase_entered(line);
	if (strlen(line) > typing.most) {
		complain("a line of %zu bytes, the limit is %zu: left out",
		    strlen(line), typing.most);
		typing.lost = true;
	} else if (*line != '\0') {
		typing.typed(line);
	}
}

/* With readline */

#ifdef HAVE_READLINE

static void
edit_entered(char *line)
{
	if (line == NULL) {
		end_input();
		return;
	}
	typing.hidden = true;
	if (*line != '\0')
		add_history(line);
	enter(line);
	free(line);
	typing.hidden = false;
}

/* It takes characters for what the locale says, and readline asks for that
 * itself; a terminal of today sends UTF-8 in any. */
static void
edit_locale(void)
{
	if (setlocale(LC_CTYPE, "") != NULL && MB_CUR_MAX > 1)
		return;
	setenv("LC_ALL", "C.UTF-8", 1);
	setlocale(LC_CTYPE, "");
}

static void
edit_start(void)
{
	edit_locale();
	rl_catch_signals = rl_catch_sigwinch = 0;
	rl_callback_handler_install(typing.prompt, edit_entered);
	typing.edits = true;
}

static void
edit_ready(void)
{
	rl_callback_read_char();
}

static void
edit_hide(void)
{
	rl_clear_visible_line();
	fflush(rl_outstream);
}

static void
edit_show(void)
{
	rl_forced_update_display();
}

static void
edit_resume(void)
{
	rl_prep_terminal(1);
	rl_resize_terminal();
}

static void
edit_end(void)
{
	rl_callback_handler_remove();
}

#else

static void
edit_start(void)
{
}

static void
edit_ready(void)
{
}

static void
edit_hide(void)
{
}

static void
edit_show(void)
{
}

static void
edit_resume(void)
{
}

static void
edit_end(void)
{
}

#endif

/* Plain lines */

/* NUL is no text. */
static void
take_line(char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (line[i] == '\0')
			line[i] = '?';
	if (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	typing.hidden = true;
	enter(line);
}

/* Of what is too long only that is known. */
static void
skip(void)
{
	if (!typing.skips)
		complain(
		    "a line of more than %zu bytes: left out", typing.most);
	typing.skips = typing.lost = true;
	typing.have = 0;
}

static void
take_bytes(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n' && typing.have == typing.most + 1) {
			skip();
		} else if (bytes[i] != '\n') {
			typing.bytes[typing.have++] = bytes[i];
		} else if (typing.skips) {
			typing.skips = false;
			typing.have = 0;
		} else {
			size_t have = typing.have;

			typing.have = 0;
			take_line(typing.bytes, have);
		}
	}
}

static void
plain_ready(void)
{
	char block[4096];
	ssize_t n = read(STDIN_FILENO, block, sizeof block);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		complain("standard input: %s", cask_strerror(errno));
		typing.lost = true;
	}
	if (n > 0) {
		take_bytes(block, (size_t)n);
		typing_show();
		return;
	}
	if (typing.have > 0 && !typing.skips)
		take_line(typing.bytes, typing.have);
	end_input();
}

/* Both */

static void
on_ready(struct cask_watch *w, int events)
{
	(void)w;
	(void)events;
	if (typing.edits)
		edit_ready();
	else
		plain_ready();
}

int
typing_start(const char *prompt, size_t most, void (*typed)(const char *line))
{
	int err;

	typing.prompt = prompt;
	typing.most = most;
	typing.typed = typed;
	typing.bytes = malloc(most + 2);
	if (typing.bytes == NULL)
		return ENOMEM;
	typing.watch = (struct cask_watch) {
		.fd = STDIN_FILENO, .events = CASK_READABLE, .ready = on_ready
	};
	err = cask_watch_start(&typing.watch);
	if (err != 0) {
		free(typing.bytes);
		typing.bytes = NULL;
		return err;
	}
	typing.started = true;
	typing.shows = term_is(stdin) && term_is_able(stdout);
	if (typing.shows)
		edit_start();
	typing.hidden = !typing.edits;
	typing_show();
	return 0;
}

void
typing_hide(void)
{
	if (typing.started && typing.shows && !typing.hidden) {
		if (typing.edits)
			edit_hide();
		else
			erase(0);
	}
	typing.hidden = true;
}

void
typing_show(void)
{
	if (!typing.started || !typing.shows || !typing.hidden)
		return;
	typing.hidden = false;
	if (typing.edits) {
		output_flush();
		edit_show();
	} else {
		fputs(typing.prompt, stdout);
		output_flush();
	}
}

void
typing_resume(void)
{
	if (!typing.started || !typing.edits)
		return;
	edit_resume();
	edit_show();
}

void
typing_end(void)
{
	if (!typing.started)
		return;
	typing_hide();
	cask_watch_stop(&typing.watch);
	if (typing.edits)
		edit_end();
	typing.started = false;
	free(typing.bytes);
	typing.bytes = NULL;
}

bool
typing_lost(void)
{
	return typing.lost;
}
