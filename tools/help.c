/*
 * The help of a subcommand, from its table.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "command.h"
#include "term.h"

#define COLUMNS 79
#define INDENT  24 /* where the words on an option begin, at most */

/* Print words from a column on, the lines that follow indented; give where the
 * last one ends.  A line that begins with a space stands as it is. */
static int
print_wrapped(FILE *f, const char *s, int column, int indent)
{
	while (*s != '\0') {
		size_t n = strcspn(s, " \n");
		bool first = column <= indent;

		if (!first && column + 1 + (int)n > COLUMNS) {
			column = fprintf(f, "\n%*s", indent, "") - 1;
			first = true;
		}
		column += fprintf(f, "%s%.*s", first ? "" : " ", (int)n, s);
		s += n;
		s += *s == ' ' || *s == '\n';
		s += *s == ' '; /* behind a full stop */
	}
	return column;
}

static void
print_paragraphs(FILE *f, const char *s)
{
	while (*s != '\0') {
		const char *end = strstr(s, "\n\n");
		size_t n = end != NULL ? (size_t)(end - s) : strlen(s);
		char paragraph[2048];

		snprintf(paragraph, sizeof paragraph, "%.*s", (int)n, s);
		fputc('\n', f);
		if (*s == ' ')
			fputs(paragraph, f);
		else
			print_wrapped(f, paragraph, 0, 0);
		fputc('\n', f);
		s += n + (end != NULL ? 2 : 0);
	}
}

struct usage
usage_operands(const struct command *c)
{
	struct usage u = { "" };
	const struct option *o = c->operands;
	size_t n = 0;

	for (unsigned i = 0; o != NULL && o[i].kind != OPTION_END; i++)
		n += (size_t)snprintf(u.words + n, sizeof u.words - n,
		    i < c->needs ? " %s%s" : " [%s]%s", o[i].value,
		    o[i].many ? "..." : "");
	return u;
}

void
print_usage(FILE *f, const struct command *c)
{
	if (*c->name != '\0') {
		fprintf(f, "usage: cask %s [OPTION]...%s\n", c->name,
		    usage_operands(c).words);
		return;
	}
	fprintf(f, "usage: cask SUBCOMMAND [ARGUMENT]...\n\n");
	for (size_t i = 0; commands[i] != NULL; i++)
		fprintf(f, "  %scask %-8s%s  %s\n", term_style(f, STYLE_NAME),
		    commands[i]->name, term_style(f, STYLE_PLAIN),
		    commands[i]->purpose);
	fprintf(f, "\n'cask help SUBCOMMAND' tells of one.\n");
}

/* "  -n, --count N", and how many columns that is */
static int
spell(char *to, size_t size, const struct option *o)
{
	char letter[8] = "    ";

	if (o->name == NULL)
		return snprintf(to, size, "  %s", o->value);
	if (o->letter != '\0')
		snprintf(letter, sizeof letter, "-%c, ", o->letter);
	return snprintf(to, size, "  %s--%s%s%s", letter, o->name,
	    o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
}

static int
widest(const struct option *o, int most)
{
	char words[80];

	for (; o != NULL && o->kind != OPTION_END; o++) {
		int n = spell(words, sizeof words, o) + 2;

		if (n > most)
			most = n <= INDENT ? n : INDENT;
	}
	return most;
}

static void
print_option(FILE *f, const struct option *o, int indent)
{
	char words[80], help[512];
	const char *usual = o->usual != NULL ? o->usual : o->otherwise;
	int n = spell(words, sizeof words, o);

	fprintf(f, "%s%s%s", term_style(f, STYLE_NAME), words,
	    term_style(f, STYLE_PLAIN));
	if (n + 2 > indent)
		n = fprintf(f, "\n") - 1;
	fprintf(f, "%*s", indent - n, "");
	snprintf(help, sizeof help, "%s%s%s%s%s", o->help,
	    o->many ? "; may be repeated" : "", usual != NULL ? " (" : "",
	    usual != NULL ? usual : "", usual != NULL ? ")" : "");
	print_wrapped(f, help, indent, indent);
	fputc('\n', f);
}

static void
print_options(FILE *f, const struct option *o, int indent)
{
	for (; o != NULL && o->kind != OPTION_END; o++)
		print_option(f, o, indent);
}

static void
print_exits(FILE *f, const struct command *c)
{
	int column = fprintf(f, "\nExit codes:") - 1;
	char words[160];

	for (int i = 0; i < EXITS_MOST; i++) {
		if (c->exits[i] == NULL)
			continue;
		snprintf(words, sizeof words, "%s%d %s", i > 0 ? "; " : " ", i,
		    c->exits[i]);
		fputs(i > 0 ? ";" : "", f);
		column = print_wrapped(
		    f, strchr(words, ' ') + 1, column + (i > 0), 0);
	}
	fputs(".\n", f);
}

static void
print_examples(FILE *f, const struct command *c)
{
	for (int i = 0; i < EXAMPLES_MOST && c->examples[i].says != NULL; i++) {
		const struct example *e = &c->examples[i];

		fputc('\n', f);
		print_wrapped(f, e->says, 0, 0);
		fprintf(
		    f, "\n\n  %.*s\n", (int)strcspn(e->lines, "\n"), e->lines);
	}
}

void
print_help(FILE *f, const struct command *c)
{
	int indent =
	    widest(c->options, widest(c->operands, widest(common_options, 0)));

	print_usage(f, c);
	if (*c->name != '\0')
		print_paragraphs(f, c->about);
	fputc('\n', f);
	if (c->operands != NULL && c->operands->kind != OPTION_END) {
		print_options(f, c->operands, indent);
		fputc('\n', f);
	}
	print_options(f, c->options, indent);
	print_options(f, common_options, indent);
	print_exits(f, c);
	print_examples(f, c);
}
