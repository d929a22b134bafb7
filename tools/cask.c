/*
 * The cask command: finds the subcommand, and helps.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

static const struct subcommand {
	const char *name;
	const char *full_name;
	const char *summary;
	const char *help;
	int (*main)(int argc, char **argv);
} subcommands[] = {
	{ "report", "cask report", "send this machine's figures to a collector",
	    report_help, report_main },
	{ "collect", "cask collect", "collect the figures of many machines",
	    collect_help, collect_main },
	{ "dump", "cask dump", "show what is in an archive", dump_help,
	    dump_main },
};

#define SUBCOMMANDS (sizeof subcommands / sizeof subcommands[0])

const char *command_name = "cask";

void
complain(const char *format, ...)
{
	char line[1024]; /* whole, so that lines of two processes don't mix */
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	fprintf(stderr, "%s: %s\n", command_name, line);
}

static int output_error; /* the first one: what follows it has no reason */

void
output_flush(void)
{
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

static const struct subcommand *
find(const char *name)
{
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	complain("'%s' is no subcommand; 'cask help' lists them", name);
	return NULL;
}

static void
print_overview(FILE *f)
{
	fputs("usage: cask SUBCOMMAND [ARGUMENT]...\n\n", f);
	for (size_t i = 0; i < SUBCOMMANDS; i++)
		fprintf(f, "  cask %-8s  %s\n", subcommands[i].name,
		    subcommands[i].summary);
	fputs("  cask help      this text, or 'cask help SUBCOMMAND'\n"
	      "  cask --version\n\n"
	      "Exit codes: 0 done, 1 failed, 2 wrong arguments.\n",
	    f);
}

static int
help(int argc, char **argv)
{
	const struct subcommand *s;

	if (argc > 3) {
		complain("'%s': one argument too many", argv[3]);
		return EXIT_WRONG_USE;
	}
	if (argc < 3) {
		print_overview(stdout);
	} else {
		s = find(argv[2]);
		if (s == NULL)
			return EXIT_WRONG_USE;
		fputs(s->help, stdout);
	}
	return output_is_good() ? EXIT_WELL : EXIT_FAILED;
}

static int
version(void)
{
	printf("cask %d.%d.%d\n", CASK_VERSION_MAJOR, CASK_VERSION_MINOR,
	    CASK_VERSION_PATCH);
	return output_is_good() ? EXIT_WELL : EXIT_FAILED;
}

static bool
is_one_of(const char *s, const char *a, const char *b)
{
	return strcmp(s, a) == 0 || strcmp(s, b) == 0;
}

/*
 * A closed standard descriptor would become a socket's, and what is printed
 * would go to a peer.  Read-only, so that printing there is an error.
 */
static void
fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

int
main(int argc, char **argv)
{
	const struct subcommand *s;

	fill_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2) {
		print_overview(stderr);
		return EXIT_WRONG_USE;
	}
	if (is_one_of(argv[1], "--version", "-V"))
		return version();
	if (strcmp(argv[1], "help") == 0 || is_one_of(argv[1], "--help", "-h"))
		return help(argc, argv);
	s = find(argv[1]);
	if (s == NULL)
		return EXIT_WRONG_USE;
	command_name = s->full_name;
	return s->main(argc - 1, argv + 1);
}
