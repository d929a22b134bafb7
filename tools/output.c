/*
 * How a command prints: results, complaints, remarks; and the clock.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "command.h"
#include "term.h"
#include "words.h"

const struct command *command_now = &cask_command;

/* Whole, so that lines of two processes don't mix; what is in it comes from
 * arguments, files and peers. */
static void
say(enum style style, const char *format, va_list args)
{
	const char *name = command_now->name;
	char line[1024], clean[1024];

	vsnprintf(line, sizeof line, format, args);
	progress_erase();
	fprintf(stderr, "%scask%s%s:%s %s\n", term_style(stderr, style),
	    *name != '\0' ? " " : "", name, term_style(stderr, STYLE_PLAIN),
	    printable(clean, sizeof clean, line));
}

void
complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(STYLE_WRONG, format, args);
	va_end(args);
}

void
remark(const char *format, ...)
{
	va_list args;

	if (!common.verbose)
		return;
	va_start(args, format);
	say(STYLE_FAINT, format, args);
	va_end(args);
}

static int output_error; /* the first one: what follows it has no reason */

void
output_flush(void)
{
	progress_make_way();
	if (fflush(stdout) != 0 && output_error == 0)
		output_error = errno;
}

bool
output_is_broken(void)
{
	if (ferror(stdout) && output_error == 0)
		output_error = errno;
	return ferror(stdout) != 0;
}

bool
output_is_good(void)
{
	output_flush();
	if (output_error == 0 && !ferror(stdout))
		return true;
	complain("standard output: %s",
	    cask_strerror(output_error ? output_error : EIO));
	return false;
}

int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
