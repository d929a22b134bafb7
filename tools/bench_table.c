/*
 * Medians of rounds, and the table of the network benchmarks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const double *rounds)
{
	double sorted[ROUNDS];

	memcpy(sorted, rounds, sizeof sorted);
	qsort(sorted, ROUNDS, sizeof sorted[0], by_size);
	return sorted[ROUNDS / 2];
}

static const char *
verdict(double figure, enum sense sense, double aim)
{
	bool ok = sense == AT_MOST ? figure <= aim : figure >= aim;

	if (sense == NO_AIM)
		return "";
	return ok ? "ok" : "over";
}

static const char *
aim_words(enum sense sense, double aim, char *buf, size_t size)
{
	if (sense == NO_AIM)
		return "";
	snprintf(buf, size, "%s %.4g", sense == AT_MOST ? "<=" : ">=", aim);
	return buf;
}

void
table_head(void)
{
	printf("medians of %d rounds in turn; a ratio is taken within a "
	       "round\n\n%-46s %10s %12s %6s  %-15s %-8s\n",
	    ROUNDS, "", "Cask", "hand-written", "ratio", "(rounds)", "aim");
}

void
table_row(
    const char *row, const struct figures *f, enum sense sense, double aim)
{
	double r[ROUNDS], least, most, middle;
	char range[32], words[32];

	for (int i = 0; i < ROUNDS; i++)
		r[i] = f->cask[i] / f->hand[i];
	qsort(r, ROUNDS, sizeof r[0], by_size);
	least = r[0];
	middle = r[ROUNDS / 2];
	most = r[ROUNDS - 1];
	snprintf(range, sizeof range, "(%.2f to %.2f)", least, most);
	printf("%-46s %10.4g %12.4g %6.3f  %-15s %-8s %s\n", row,
	    median(f->cask), median(f->hand), middle, range,
	    aim_words(sense, aim, words, sizeof words),
	    verdict(middle, sense, aim));
	fflush(stdout);
}

void
table_note(const char *row, const char *why)
{
	printf("%-46s (%s)\n", row, why);
	fflush(stdout);
}

void
table_number(const char *row, double figure, enum sense sense, double aim)
{
	char words[32];

	printf("%-46s %10.4g %12s %6s  %-15s %-8s %s\n", row, figure, "", "",
	    "", aim_words(sense, aim, words, sizeof words),
	    verdict(figure, sense, aim));
	fflush(stdout);
}
