/*
 * Terminals.  See term.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "term.h"
#include "words.h"

#define DRAW_MS 100

bool
term_is(FILE *f)
{
	return isatty(fileno(f)) == 1;
}

#ifdef TIOCGWINSZ
static bool
ask(struct screen *s, FILE *f)
{
	struct winsize w;

	if (ioctl(fileno(f), TIOCGWINSZ, &w) < 0 || w.ws_col == 0 ||
	    w.ws_row == 0)
		return false;
	*s = (struct screen) { w.ws_row, w.ws_col };
	return true;
}
#else
static bool
ask(struct screen *s, FILE *f)
{
	(void)s;
	(void)f;
	return false;
}
#endif

struct screen
term_size(FILE *f)
{
	struct screen s = { 24, 80 };

	if (!ask(&s, f))
		ask(&s, stderr);
	return s;
}

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0';
}

bool
term_is_able(FILE *f)
{
	const char *name = getenv("TERM");

	return term_is(f) && (name == NULL || strcmp(name, "dumb") != 0);
}

static bool
is_colored(FILE *f)
{
	if (common.color != COLOR_AUTO)
		return common.color == COLOR_ALWAYS;
	return !is_set("NO_COLOR") && term_is_able(f);
}

const char *
term_style(FILE *f, enum style style)
{
	static const char *const begins[STYLES] = {
		[STYLE_PLAIN] = "\033[0m",
		[STYLE_STRONG] = "\033[1m",
		[STYLE_FAINT] = "\033[2m",
		[STYLE_WRONG] = "\033[1;31m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_NAME] = "\033[36m",
		[STYLE_SENT] = "\033[34m",
		[STYLE_RECEIVED] = "\033[35m",
	};

	return is_colored(f) ? begins[style] : "";
}

/* Progress */

static struct {
	const char *what; /* NULL: none is going on */
	uint64_t all;
	uint64_t bytes;
	int64_t began;
	int64_t drawn;
	bool shown;
} progress;

void
progress_start(const char *what, uint64_t all)
{
	progress_end();
	if (common.quiet || !term_is_able(stderr))
		return;
	progress.what = what;
	progress.all = all;
	progress.bytes = 0;
	progress.began = progress.drawn = now_ms();
}

static void
draw(int64_t now)
{
	char line[512], name[256], many[16], rate[16], part[16] = "";
	double ms = (double)(now - progress.began);

	if (progress.all > 0 && progress.bytes <= progress.all)
		snprintf(part, sizeof part, " (%d%%)",
		    (int)(100.0 * (double)progress.bytes /
			(double)progress.all));
	snprintf(line, sizeof line, "%s: %s%s, %s/s",
	    printable(name, sizeof name, progress.what),
	    amount(many, sizeof many, (double)progress.bytes), part,
	    amount(rate, sizeof rate, (double)progress.bytes * 1000 / ms));
	cut_to(line, term_size(stderr).columns - 1);
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
	progress.shown = true;
	progress.drawn = now;
}

void
progress_to(uint64_t bytes)
{
	int64_t now;

	if (progress.what == NULL)
		return;
	progress.bytes = bytes;
	now = now_ms();
	if (now - progress.drawn >= DRAW_MS)
		draw(now);
}

void
progress_erase(void)
{
	if (progress.shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	progress.shown = false;
}

void
progress_make_way(void)
{
	if (progress.shown && term_is(stdout))
		progress_erase();
}

void
progress_end(void)
{
	progress_erase();
	progress.what = NULL;
}
