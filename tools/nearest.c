/*
 * What was likely meant by a word that is misspelt.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "command.h"

#define LONGEST 32

static unsigned
least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * How many characters to leave out, put in, change, or swap with their
 * neighbour.  The three rows are of the table of all beginnings.
 */
static unsigned
distance(const char *a, const char *b)
{
	unsigned rows[3][LONGEST + 1];
	unsigned *two = rows[0], *one = rows[1], *row = rows[2], *t;
	size_t n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return LONGEST;
	for (unsigned j = 0; j <= m; j++)
		one[j] = two[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			row[j] = least_of(one[j], row[j - 1]) + 1;
			row[j] = least_of(
			    row[j], one[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least_of(row[j], two[j - 2] + 1);
		}
		t = two;
		two = one;
		one = row;
		row = t;
	}
	return one[m];
}

/* A third of the letters may be wrong; what is only begun is meant, too. */
void
nearest_try(struct nearest *best, const char *s, const char *word)
{
	unsigned d = distance(s, word);
	size_t n = strlen(s);

	if (n >= 2 && strncmp(s, word, n) == 0)
		d = 1;
	if (d * 3 > strlen(word) + 1)
		return;
	if (best->word == NULL || d < best->distance)
		*best = (struct nearest) { word, d };
}
