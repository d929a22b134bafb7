/*
 * What the network costs, as ratios: Cask beside hand-written C that does the
 * same.  `make bench` runs it; build/bench_net 3 only the rows that begin
 * with 3.  Linux.
 *
 *     1  round trips: a record of 73 bytes one way, 4 bytes back
 *     2  the same with cask_pump_yield
 *     3  a stream of records
 *     4  a server of many clients
 *     5  … and its memory
 *
 * Both ways are run in turn, in processes of their own for each round, so that
 * a change of the machine's speed meets them both, and so that neither has the
 * luck of one connection.  A ratio is taken within a round; the median of the
 * rounds is printed, and their range: a wide one says that the machine was
 * busy, and that the figure is worth little.
 *
 *     bench_proc.c   processes, processors, time
 *     bench_table.c  medians and the table
 *     bench_hand.c   the record, and sockets, by hand
 *     bench_cursor.c … the record with more checks
 *     bench_cask.c   … and with Cask
 *     bench_pair.c   one connection between two processes
 *     bench_trip.c, bench_stream.c, bench_many.c   the rows
 *     bench_server.c, bench_serve.c, bench_clients.c   … of many clients
 *     bench_heap.c   heap in use
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_net.h"

#include <stdio.h>
#include <string.h>

static void (*const rows[])(void) = {
	bench_trips,
	bench_yield,
	bench_stream,
	bench_many,
	bench_memory,
};

/* So much of a processor may be used by others. */
#define QUIET 0.1

#define COUNT (sizeof rows / sizeof rows[0])

int
main(int argc, char **argv)
{
	size_t only = 0;
	double others;

	if (argc == 2 && strlen(argv[1]) == 1)
		only = (size_t)(argv[1][0] - '0');
	if (argc > 2 || (argc == 2 && (only < 1 || only > COUNT))) {
		fprintf(stderr, "usage: bench_net [1-%zu]\n", COUNT);
		return 2;
	}
	proc_begin(300);
	records_make();
	table_head();
	(void)used_by_others();
	for (size_t i = 0; i < COUNT; i++)
		if (only == 0 || only == i + 1)
			rows[i]();
	others = used_by_others();
	if (others > QUIET)
		printf("\nOther programs kept %.2f processors busy meanwhile: "
		       "not worth quoting.\n",
		    others);
	return 0;
}
