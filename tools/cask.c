/*
 * The cask command: finds the subcommand.
 *
 * SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "command.h"

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
	const struct command *c;

	fill_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);
	if (argc < 2 || argv[1][0] == '-')
		return command_run(&cask_command, argc, argv);
	c = command_find(argv[1]);
	if (c == NULL)
		return EXIT_WRONG_USE;
	return command_run(c, argc - 1, argv + 1);
}
