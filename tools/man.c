/*
 * The manual page of a subcommand, or of the command, from the tables: for
 * man(1), in the macros of man(7).
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <ctype.h>
#include <string.h>

#include "command.h"

#define DATE "2026-11-28"
#define FILL 66 /* columns, before a line of the source is broken */

/* Words */

static void
print_plain(FILE *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\\')
			fputs("\\e", f);
		else if (s[i] == '-')
			fputs("\\-", f);
		else if (s[i] == '\'')
			fputs("\\(aq", f);
		else if (s[i] == '^')
			fputs("\\(ha", f);
		else
			putc(s[i], f);
	}
}

static bool
is_value_in(const struct option *o, const char *s, size_t n)
{
	for (; o != NULL && o->kind != OPTION_END; o++)
		if (o->value != NULL && strlen(o->value) == n &&
		    memcmp(o->value, s, n) == 0)
			return true;
	return false;
}

/* 'B', 'I' or 'R': options and pages are bold, what stands for a value is
 * slanted. */
static char
font_of(const struct command *c, const char *s, size_t n)
{
	if (s[0] == '-' && (n == 2 || (n > 2 && s[1] == '-')))
		return 'B';
	if (s[n] == '(' && isdigit((unsigned char)s[n + 1]) && s[n + 2] == ')')
		return 'B';
	if (is_value_in(c->options, s, n) || is_value_in(c->operands, s, n) ||
	    is_value_in(common_options, s, n))
		return 'I';
	return 'R';
}

static size_t
length_of_token(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_' || s[n] == '-')
		n++;
	return n;
}

static void
print_word(FILE *f, const struct command *c, const char *s, size_t n)
{
	if (n > 0 && (*s == '.' || *s == '\''))
		fputs("\\&", f);
	while (n > 0) {
		size_t token = length_of_token(s);
		char font = 'R';

		if (token > 0 && token <= n)
			font = font_of(c, s, token);
		else
			token = 1;
		if (font != 'R')
			fprintf(f, "\\f%c", font);
		print_plain(f, s, token);
		if (font != 'R')
			fputs("\\fR", f);
		s += token;
		n -= token;
	}
}

/* A paragraph; each sentence begins on a line of its own. */
static void
print_text(FILE *f, const struct command *c, const char *s)
{
	size_t column = 0;

	while (*s != '\0') {
		size_t n = strcspn(s, " \n");
		bool over = s[n] != '\0' && s[n + 1] == ' ';

		print_word(f, c, s, n);
		column += n + 1;
		s += n + over;
		s += *s != '\0';
		if (*s == '\0')
			break;
		putc(over || column > FILL ? '\n' : ' ', f);
		if (over || column > FILL)
			column = 0;
	}
	putc('\n', f);
}

static void
print_verbatim(FILE *f, const char *s)
{
	fputs(".PP\n.RS 4\n.nf\n", f);
	while (*s != '\0') {
		size_t n = strcspn(s, "\n");

		if (*s == '.' || *s == '\'')
			fputs("\\&", f);
		print_plain(f, s, n);
		putc('\n', f);
		s += n + (s[n] == '\n');
	}
	fputs(".fi\n.RE\n", f);
}

static void
print_paragraphs(FILE *f, const struct command *c, const char *s, bool first)
{
	while (s != NULL && *s != '\0') {
		const char *end = strstr(s, "\n\n");
		size_t n = end != NULL ? (size_t)(end - s) : strlen(s);
		char paragraph[2048];

		snprintf(paragraph, sizeof paragraph, "%.*s", (int)n, s);
		if (*s == ' ') {
			print_verbatim(f, paragraph + strspn(paragraph, " "));
		} else {
			if (!first)
				fputs(".PP\n", f);
			print_text(f, c, paragraph);
		}
		first = false;
		s += n + (end != NULL ? 2 : 0);
	}
}

/* Options */

static void
print_option(FILE *f, const struct command *c, const struct option *o)
{
	const char *usual = o->usual != NULL ? o->usual : o->otherwise;
	char text[1600];

	fputs(".TP\n", f);
	if (o->letter != '\0')
		fprintf(f, "\\fB\\-%c\\fR, ", o->letter);
	if (o->name != NULL) {
		fputs("\\fB\\-\\-", f);
		print_plain(f, o->name, strlen(o->name));
		fputs("\\fR", f);
	}
	if (o->value != NULL)
		fprintf(
		    f, "%s\\fI%s\\fR", o->name != NULL ? " " : "", o->value);
	snprintf(text, sizeof text, "\n%c%s%s%s%s%s.%s%s",
	    toupper((unsigned char)o->help[0]), o->help + 1,
	    o->many ? "; may be repeated" : "", usual != NULL ? " (" : "",
	    usual != NULL ? usual : "", usual != NULL ? ")" : "",
	    o->more != NULL ? "  " : "", o->more != NULL ? o->more : "");
	putc('\n', f);
	print_text(f, c, text + 1);
}

static void
print_options(FILE *f, const struct command *c, const struct option *o)
{
	for (; o != NULL && o->kind != OPTION_END; o++)
		print_option(f, c, o);
}

/* Sections */

static void
print_synopsis(FILE *f, const struct command *c)
{
	fputs(".SH SYNOPSIS\n", f);
	if (*c->name == '\0') {
		fputs("\\fBcask\\fR \\fISUBCOMMAND\\fR [\\fIARGUMENT\\fR]...\n"
		      ".br\n\\fBcask \\-\\-version\\fR\n",
		    f);
		return;
	}
	fprintf(f, "\\fBcask %s\\fR [\\fIOPTION\\fR]...", c->name);
	print_word(
	    f, c, usage_operands(c).words, strlen(usage_operands(c).words));
	putc('\n', f);
}

static void
print_subcommands(FILE *f)
{
	fputs(".SH SUBCOMMANDS\n", f);
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(f, ".TP\n\\fBcask\\-%s\\fR(1)\n%c%s.\n",
		    commands[i]->name,
		    toupper((unsigned char)commands[i]->purpose[0]),
		    commands[i]->purpose + 1);
}

static void
print_exits(FILE *f, const struct command *c)
{
	char text[256];

	fputs(".SH EXIT STATUS\n", f);
	for (int i = 0; i < EXITS_MOST; i++) {
		if (c->exits[i] == NULL)
			continue;
		snprintf(text, sizeof text, "%c%s.",
		    toupper((unsigned char)c->exits[i][0]), c->exits[i] + 1);
		fprintf(f, ".TP\n%d\n", i);
		print_text(f, c, text);
	}
}

static void
print_environment(FILE *f, const struct command *c)
{
	static const char *const words[][2] = {
		{ "NO_COLOR",
		    "If set, and not empty: no colours, unless --color says "
		    "always." },
		{ "TERM", "If dumb: neither colours nor a line of progress." },
		{ "CASK_TRACE",
		    "Trace what goes over sockets: see "
		    "cask_sock(3)." },
		{ "CASK_CHAOS",
		    "Make the network misbehave: see "
		    "cask_sock(3)." },
	};

	fputs(".SH ENVIRONMENT\n", f);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		fprintf(f, ".TP\n\\fB%s\\fR\n", words[i][0]);
		print_text(f, c, words[i][1]);
	}
}

static void
print_examples(FILE *f, const struct command *c)
{
	if (c->examples[0].says == NULL)
		return;
	fputs(".SH EXAMPLES\n", f);
	for (int i = 0; i < EXAMPLES_MOST && c->examples[i].says != NULL; i++) {
		if (i > 0)
			fputs(".PP\n", f);
		print_text(f, c, c->examples[i].says);
		print_verbatim(f, c->examples[i].lines);
	}
}

static void
print_see_also(FILE *f, const struct command *c)
{
	char text[512];

	snprintf(text, sizeof text, "%s%s%s", *c->name != '\0' ? "cask(1)" : "",
	    *c->name != '\0' && c->see_also != NULL ? ", " : "",
	    c->see_also != NULL ? c->see_also : "");
	fputs(".SH SEE ALSO\n", f);
	print_text(f, c, text);
}

/* "CASK-DUMP" */
static void
print_title(FILE *f, const struct command *c)
{
	fputs(".TH CASK", f);
	if (*c->name != '\0')
		putc('-', f);
	for (const char *p = c->name; *p != '\0'; p++)
		putc(toupper((unsigned char)*p), f);
	fprintf(f, " 1 " DATE " \"Cask %d.%d.%d\"\n", CASK_VERSION_MAJOR,
	    CASK_VERSION_MINOR, CASK_VERSION_PATCH);
}

void
print_man(FILE *f, const struct command *c)
{
	fputs(
	    ".\\\" Printed by cask help: edit the table, not this page.\n", f);
	print_title(f, c);
	fprintf(f, ".SH NAME\ncask%s%s \\- ", *c->name != '\0' ? "\\-" : "",
	    c->name);
	print_text(f, c, c->purpose);
	print_synopsis(f, c);
	fputs(".SH DESCRIPTION\n", f);
	print_paragraphs(f, c, c->about, true);
	print_paragraphs(f, c, c->details, false);
	if (*c->name == '\0')
		print_subcommands(f);
	fputs(".SH OPTIONS\n", f);
	print_options(f, c, c->operands);
	print_options(f, c, c->options);
	print_options(f, c, common_options);
	print_exits(f, c);
	print_environment(f, c);
	print_examples(f, c);
	print_see_also(f, c);
}
