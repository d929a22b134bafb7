/*
 * Descriptions that two ends compare.  See <cask/message.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/message.h>

#include "ar.h"
#include "count.h"

#include <errno.h>
#include <string.h>

#define LINE  100 /* of the line that differs, this much is shown */
#define PIECE 128

uint64_t
cask_fingerprint(const void *description, size_t n)
{
	const unsigned char *p = description;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The other end's description, as it comes, beside ours. */
struct compare {
	const char *ours;
	size_t n;
	size_t at;       /* in both, as long as they are the same */
	size_t from;     /* of the line that at is in */
	char line[LINE]; /* theirs, of that line */
	size_t length;
	bool differs;
	bool over; /* the line that differs is complete */
};

/* The other end chooses it, and it goes into an error's words. */
static char
shown(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

static void
compare(struct compare *c, char theirs)
{
	bool same = !c->differs && c->at < c->n && c->ours[c->at] == theirs;

	if (c->over)
		return;
	if (theirs != '\n' && c->length < LINE)
		c->line[c->length++] = shown(theirs);
	c->differs = !same;
	if (!same) {
		c->over = theirs == '\n' || c->length == LINE;
		return;
	}
	c->at++;
	if (theirs == '\n') {
		c->from = c->at;
		c->length = 0;
	}
}

static bool
load_compared(struct cask_ar *ar, struct compare *c, uint64_t n)
{
	char piece[PIECE];

	while (n > 0 && !c->over) {
		size_t k = n < PIECE ? (size_t)n : PIECE;

		if (!caski_get(ar, piece, k))
			return false;
		for (size_t i = 0; i < k; i++)
			compare(c, piece[i]);
		n -= k;
	}
	return true;
}

static void
say_difference(struct cask_ar *ar, const struct compare *c)
{
	const char *ours = c->n > 0 ? c->ours + c->from : "";
	size_t length = 0;

	while (length < c->n - c->from && ours[length] != '\n')
		length++;

	caski_set_error(ar, EPROTO, "here \"%.*s\", there \"%.*s\"",
	    (int)(length < LINE ? length : LINE), ours, (int)c->length,
	    c->line);
}

void
cask_agree(struct cask_ar *ar, const void *description, size_t n)
{
	struct compare c = { .ours = description, .n = n };
	uint64_t theirs = 0;

	if (ar->way == CASK_PRINTS || ar->way == CASK_RELEASES ||
	    ar->way == CASK_DESCRIBES)
		return;
	caski_begin(ar, "description", NULL);
	if (!ar->loading) {
		if (caski_may_store(ar) && caski_put_count(ar, n))
			caski_put(ar, description, n);
		if (ar->watched)
			caski_show_count(ar, n);
		return;
	}
	if (!caski_may_load(ar) || !caski_get_count(ar, &theirs) ||
	    !load_compared(ar, &c, theirs))
		return;
	if (c.differs || c.at < n)
		say_difference(ar, &c);
	else if (ar->watched)
		caski_show_count(ar, n);
}
