/*
 * The subcommands.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <string.h>

#include "command.h"

const struct command *const commands[] = {
	&report_command,
	&collect_command,
	&dump_command,
	&lesson_command,
	&chat_command,
	&chatd_command,
	&cat_command,
	&proxy_command,
	&replay_command,
	&help_command,
	NULL,
};

const struct command *
command_find(const char *name)
{
	struct nearest near = { NULL, 0 };

	for (size_t i = 0; commands[i] != NULL; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
		nearest_try(&near, name, commands[i]->name);
	}
	if (near.word != NULL)
		complain("'%s' is no subcommand; did you mean '%s'? "
			 "('cask help' lists them)",
		    name, near.word);
	else
		complain("'%s' is no subcommand; 'cask help' lists them", name);
	return NULL;
}

static int
print_version(void)
{
	printf("cask %d.%d.%d\n", CASK_VERSION_MAJOR, CASK_VERSION_MINOR,
	    CASK_VERSION_PATCH);
	return output_is_good() ? EXIT_WELL : EXIT_FAILED;
}

int
command_run(const struct command *c, int argc, char **argv)
{
	command_now = c;
	if (!command_parse(c, argc, argv))
		return EXIT_WRONG_USE;
	if (common.version)
		return print_version();
	if (!common.help)
		return c->main();
	print_help(stdout, c);
	return output_is_good() ? EXIT_WELL : EXIT_FAILED;
}

/* The command itself: cask --help, cask --version. */

static const struct option no_options[] = { { .kind = OPTION_END } };

static int
cask_main(void)
{
	print_usage(stderr, &cask_command);
	return EXIT_WRONG_USE;
}

const struct command cask_command = {
	.name = "",
	.purpose = "watch machines over TCP, and look into archives",
	.options = no_options,
	.about = "Cask stores typed values in archives, in the format of "
		 "MFC's CArchive, and sends them over sockets.  This command "
		 "is made of it: each subcommand has a manual page of its own, "
		 "and tells its options with --help.",
	.details =
	    "An option is written --name VALUE or --name=VALUE, and one with "
	    "a letter -n VALUE or -nVALUE, before or behind the other "
	    "arguments; -- ends the options.",
	.exits = { "done", "failed", "wrong arguments" },
	.see_also = "cask(5), cask_ar(3), cask_sock(3)",
	.main = cask_main,
};

/* cask help */

static struct {
	const struct command *of;
	bool man;
	unsigned completion; /* 0: none */
} asked;

static const struct option help_options[] = {
	{ .name = "man",
	    .kind = OPTION_FLAG,
	    .help = "print the manual page instead, for man(1)",
	    .but_not = "completion",
	    .to = &asked.man },
	{ .name = "completion",
	    .kind = OPTION_CHOICE,
	    .value = "SHELL",
	    .choices = "none|bash",
	    .usual = "none",
	    .help = "print what completes the command in a shell: bash",
	    .to = &asked.completion },
	{ .kind = OPTION_END },
};

static const struct option help_operands[] = {
	{ .kind = OPTION_COMMAND,
	    .value = "SUBCOMMAND",
	    .help = "tell of this one",
	    .to = &asked.of },
	{ .kind = OPTION_END },
};

static int
help_main(void)
{
	const struct command *c = asked.of != NULL ? asked.of : &cask_command;

	if (asked.completion != 0)
		print_completion(stdout);
	else if (asked.man)
		print_man(stdout, c);
	else
		print_help(stdout, c);
	return output_is_good() ? EXIT_WELL : EXIT_FAILED;
}

const struct command help_command = {
	.name = "help",
	.purpose = "list the subcommands, or tell of one",
	.options = help_options,
	.operands = help_operands,
	.about = "Print the help of SUBCOMMAND, or list all of them.",
	.details = "The manual pages and the completion that are installed "
		   "were printed so.",
	.exits = { "done", "failed", "wrong arguments" },
	.examples = { { "To have completion without installing anything:",
	    "eval \"$(cask help --completion bash)\"" } },
	.main = help_main,
};
