/*
 * What every fuzz target shares: a check that ends the program, and, without
 * libFuzzer (-DFUZZING), a main that runs the files that it is given.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(is) ((is) ? (void)0 : check_failed(#is, __FILE__, __LINE__))

/* The words of an archive, which a failed check tells too; or "". */
static char why[256];

static inline void
check_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: %s (%s)\n", file, line, what, why);
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t n);

#if !defined(FUZZING)
#define FUZZ_MOST ((size_t)1 << 20) /* bytes of a file */

static void
replay(const char *name)
{
	unsigned char *data = malloc(FUZZ_MOST), *exact;
	FILE *f = fopen(name, "rb");
	size_t n;

	CHECK(data != NULL);
	if (f == NULL) {
		perror(name);
		exit(1);
	}
	n = fread(data, 1, FUZZ_MOST, f);
	fclose(f);
	exact = malloc(n + 1); /* for a sanitizer to guard its end */
	CHECK(exact != NULL);
	memcpy(exact + 1, data, n);
	LLVMFuzzerTestOneInput(exact + 1, n);
	free(exact);
	free(data);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
#endif

#endif
