/*
 * Fuzz target: the arguments of each subcommand.  The first byte chooses one;
 * the rest is its arguments, with a NUL between them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../tools/command.h"

#include <stdarg.h>

#include <cask.h>

#include "fuzz.h"

/* What the command's own output.c would do, but that nothing is printed. */

static unsigned complaints;
const struct command *command_now;

void
complain(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(why, sizeof why, format, args);
	va_end(args);
	CHECK(n > 0);
	complaints++;
}

void
remark(const char *format, ...)
{
	(void)format;
}

void
output_flush(void)
{
}

bool
output_is_broken(void)
{
	return false;
}

bool
output_is_good(void)
{
	return true;
}

int64_t
now_ms(void)
{
	return 0;
}

/* A table that has what those of the subcommands may lack. */

static struct {
	struct option_list on, files;
	const char *dir;
	uint64_t zero;
	unsigned which;
	const char *port;
} got;

static const struct option options[] = {
	{ .name = "on",
	    .letter = 'l',
	    .kind = OPTION_PORT,
	    .many = true,
	    .least = 1,
	    .to = &got.on },
	{ .name = "dir",
	    .letter = 'd',
	    .kind = OPTION_DIR,
	    .most = 9,
	    .but_not = "zero",
	    .to = &got.dir },
	{ .name = "zero",
	    .letter = 'z',
	    .kind = OPTION_NUMBER,
	    .most = UINT64_MAX,
	    .to = &got.zero },
	{ .name = "which",
	    .kind = OPTION_CHOICE,
	    .choices = "a|bb|b",
	    .usual = "b",
	    .to = &got.which },
	{ .kind = OPTION_END },
};

static const struct option operands[] = {
	{ .kind = OPTION_PORT, .value = "PORT", .to = &got.port },
	{ .kind = OPTION_FILE,
	    .value = "FILE",
	    .many = true,
	    .to = &got.files },
	{ .kind = OPTION_END },
};

static const struct command own = {
	.name = "own",
	.options = options,
	.operands = operands,
	.needs = 1,
};

/* What was stored is what the table allows. */

static unsigned
choices_of(const struct option *o)
{
	unsigned n = 1;

	for (const char *p = o->choices; *p != '\0'; p++)
		n += *p == '|';
	return n;
}

static void
check_word(const struct option *o, const char *s)
{
	struct cask_progress done;
	size_t most = o->most > 0 ? (size_t)o->most : 4095;

	CHECK(*s != '\0');
	if (o->kind == OPTION_PORT)
		return;
	CHECK(strlen(s) <= most);
	if (o->kind == OPTION_TEXT || o->kind == OPTION_HOST)
		CHECK(cask_utf8_to_utf8(
			  NULL, 0, s, strlen(s), CASK_STRICT, &done) == 0);
}

static void
check_words(const struct option *o)
{
	const struct option_list *list = o->to;
	const char *word;

	if (!o->many) {
		word = *(const char **)o->to;
		if (word != NULL)
			check_word(o, word);
		return;
	}
	CHECK(list->count <= LIST_MOST);
	for (unsigned i = 0; i < list->count; i++)
		check_word(o, list->item[i]);
}

static void
check_value(const struct option *o)
{
	uint64_t n;
	double s;

	switch (o->kind) {
	case OPTION_NUMBER:
		n = *(uint64_t *)o->to;
		CHECK(n == 0 || (n >= o->least && n <= o->most));
		break;
	case OPTION_SECONDS:
		s = *(double *)o->to;
		CHECK(s >= 0 && s <= (double)o->most);
		break;
	case OPTION_CHOICE:
		CHECK(*(unsigned *)o->to < choices_of(o));
		break;
	case OPTION_TEXT:
	case OPTION_FILE:
	case OPTION_DIR:
	case OPTION_HOST:
	case OPTION_PORT:
		check_words(o);
		break;
	case OPTION_COMMAND:
	case OPTION_FLAG:
	case OPTION_END:
		break;
	}
}

static void
check(const struct command *c)
{
	for (const struct option *o = c->options; o->kind != OPTION_END; o++)
		check_value(o);
	if (c->operands != NULL)
		for (const struct option *o = c->operands;
		     o->kind != OPTION_END; o++)
			check_value(o);
}

static const struct command *
choose(unsigned char n)
{
	unsigned count = 0;

	while (commands[count] != NULL)
		count++;
	n = (unsigned char)(n % (count + 2));
	return n < count ? commands[n] : n == count ? &own : &cask_command;
}

#define ARGUMENTS 200

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	char *argv[ARGUMENTS + 1] = { NULL };
	const struct command *c;
	int argc = 1;
	bool well;

	if (n == 0)
		return 0;
	c = choose(*data);
	for (size_t i = 1, m; i < n && argc < ARGUMENTS; i += m + 1) {
		const unsigned char *end = memchr(data + i, 0, n - i);

		m = end != NULL ? (size_t)(end - data) - i : n - i;
		argv[argc] = malloc(m + 1);
		CHECK(argv[argc] != NULL);
		memcpy(argv[argc], data + i, m);
		argv[argc++][m] = '\0';
	}
	complaints = 0;
	well = command_parse(c, argc, argv);
	CHECK(complaints == !well);
	if (well)
		check(c);
	CHECK(command_parse(c, argc, argv) == well);
	for (int i = 1; i < argc; i++)
		free(argv[i]);
	return 0;
}
