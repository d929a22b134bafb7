/*
 * Options of a subcommand, from its table: --name VALUE, --name=VALUE, -n
 * VALUE, -nVALUE, anywhere among the operands; "--" ends them.  values.c takes
 * the values.
 *
 * getopt_long isn't POSIX, and its complaints name neither value nor range.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "command.h"

struct common common;

const struct option common_options[] = {
	{ .name = "quiet",
	    .letter = 'q',
	    .kind = OPTION_FLAG,
	    .help = "print results and complaints only",
	    .but_not = "verbose",
	    .to = &common.quiet },
	{ .name = "verbose",
	    .letter = 'v',
	    .kind = OPTION_FLAG,
	    .help = "tell what goes on, too",
	    .to = &common.verbose },
	{ .name = "color",
	    .kind = OPTION_CHOICE,
	    .value = "WHEN",
	    .choices = "auto|always|never",
	    .usual = "auto",
	    .help = "colours: auto, always or never",
	    .more = "With auto there are colours on terminals only, and none "
		    "if the environment has NO_COLOR.",
	    .to = &common.color },
	{ .name = "help",
	    .letter = 'h',
	    .kind = OPTION_FLAG,
	    .help = "print this help",
	    .to = &common.help },
	{ .name = "version",
	    .letter = 'V',
	    .kind = OPTION_FLAG,
	    .help = "print the version",
	    .to = &common.version },
	{ .kind = OPTION_END },
};

/* The arguments on their way. */
struct parse {
	const struct command *command;
	int argc;
	char **argv;
	int at;            /* the one in hand */
	unsigned operands; /* how many there were */
	uint64_t given;    /* a bit for each option of the command's table */
	uint64_t common;   /* … and of the common one */
};

#define WHAT_SIZE 40 /* "--count", or "-n" if it was written so */

/* Complaints */

static const char *
help_of(const struct command *c)
{
	return *c->name != '\0' ? " " : "";
}

static void
unknown(const struct parse *p, const char *arg)
{
	const struct command *c = p->command;
	const struct option *o;
	struct nearest near = { NULL, 0 };
	size_t n = strcspn(arg, "=");
	char name[WHAT_SIZE];

	if (arg[1] == '-' && n - 2 < sizeof name) {
		memcpy(name, arg + 2, n - 2);
		name[n - 2] = '\0';
		for (o = c->options; o->kind != OPTION_END; o++)
			nearest_try(&near, name, o->name);
		for (o = common_options; o->kind != OPTION_END; o++)
			nearest_try(&near, name, o->name);
	}
	if (near.word != NULL)
		complain("%s: unknown option; did you mean --%s? "
			 "('cask help%s%s' lists them)",
		    arg, near.word, help_of(c), c->name);
	else
		complain("%s: unknown option; 'cask help%s%s' lists them", arg,
		    help_of(c), c->name);
}

/* Finding */

static bool
is_it(const struct option *o, const char *arg, size_t n)
{
	if (arg[1] != '-')
		return o->letter == arg[1];
	return strlen(o->name) == n - 2 &&
	    strncmp(o->name, arg + 2, n - 2) == 0;
}

static const struct option *
find_in(const struct option *table, const char *arg, size_t n)
{
	for (; table->kind != OPTION_END; table++)
		if (is_it(table, arg, n))
			return table;
	return NULL;
}

/* The option that an argument begins with; its value behind it, or NULL. */
static const struct option *
find(const struct parse *p, char *arg, char **value, char *what)
{
	bool is_long = arg[1] == '-';
	size_t n = is_long ? strcspn(arg, "=") : 2;
	const struct option *o = find_in(p->command->options, arg, n);

	if (o == NULL)
		o = find_in(common_options, arg, n);
	if (o == NULL) {
		unknown(p, arg);
		return NULL;
	}
	*value = NULL;
	if (is_long && arg[n] == '=')
		*value = arg + n + 1;
	else if (!is_long && arg[n] != '\0')
		*value = arg + n;
	memcpy(what, arg, n);
	what[n] = '\0';
	return o;
}

/* Taking */

static void
note(struct parse *p, const struct option *o)
{
	const struct option *c = p->command->options;

	for (unsigned i = 0; c[i].kind != OPTION_END; i++)
		if (&c[i] == o)
			p->given |= (uint64_t)1 << i;
	for (unsigned i = 0; common_options[i].kind != OPTION_END; i++)
		if (&common_options[i] == o)
			p->common |= (uint64_t)1 << i;
}

/* Take the option in hand, and its value. */
static bool
take(struct parse *p)
{
	char what[WHAT_SIZE]; /* longer than the longest name */
	char *value;
	const struct option *o = find(p, p->argv[p->at], &value, what);

	if (o == NULL)
		return false;
	note(p, o);
	if (o->kind == OPTION_FLAG) {
		if (value != NULL)
			complain("%s: takes no value", what);
		*(bool *)o->to = true;
		return value == NULL;
	}
	if (value == NULL && p->at + 1 < p->argc)
		value = p->argv[++p->at];
	if (value == NULL) {
		complain("%s: its value is missing", what);
		return false;
	}
	return option_set(o, what, value);
}

static bool
take_operand(struct parse *p, const char *value)
{
	const struct option *o = p->command->operands;
	unsigned n = p->operands++;

	while (o != NULL && o->kind != OPTION_END && n > 0 && !o->many) {
		o++;
		n--;
	}
	if (o != NULL && o->kind != OPTION_END)
		return option_set(o, o->value, value);
	complain("'%s': one argument too many", value);
	return false;
}

static bool
take_all(struct parse *p)
{
	bool over = false;

	for (p->at = 1; p->at < p->argc; p->at++) {
		char *arg = p->argv[p->at];

		if (!over && strcmp(arg, "--") == 0)
			over = true;
		else if (!over && arg[0] == '-' && arg[1] != '\0') {
			if (!take(p))
				return false;
		} else if (!take_operand(p, arg))
			return false;
	}
	return true;
}

/* All of them together */

static bool
is_missing(const struct parse *p)
{
	const struct command *c = p->command;

	if (c->operands == NULL || p->operands >= c->needs)
		return false;
	complain("%s is missing; usage: cask %s [OPTION]...%s ('cask help %s')",
	    c->operands[p->operands].value, c->name, usage_operands(c).words,
	    c->name);
	return true;
}

static bool
is_contradictory(const struct option *table, uint64_t given)
{
	for (unsigned i = 0; table[i].kind != OPTION_END; i++) {
		const struct option *o = &table[i], *other = NULL;

		if (o->but_not == NULL || (given >> i & 1) == 0)
			continue;
		for (unsigned j = 0; table[j].kind != OPTION_END; j++)
			if (strcmp(table[j].name, o->but_not) == 0 &&
			    (given >> j & 1) != 0)
				other = &table[j];
		if (other == NULL)
			continue;
		complain(
		    "--%s and --%s: one or the other", o->name, other->name);
		return true;
	}
	return false;
}

bool
command_parse(const struct command *c, int argc, char **argv)
{
	struct parse p = { .command = c, .argc = argc, .argv = argv };

	options_reset(common_options);
	options_reset(c->options);
	if (c->operands != NULL)
		options_reset(c->operands);
	if (!take_all(&p))
		return false;
	if (common.help || common.version)
		return true;
	return !is_missing(&p) && !is_contradictory(c->options, p.given) &&
	    !is_contradictory(common_options, p.common);
}
