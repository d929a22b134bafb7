/*
 * How many follow: counts of things, and lengths of text.  Both begin small and
 * go on to larger forms behind a mark, and each does it in its own way.  See
 * <cask/value.h> and count.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "count.h"

#include <cask/value.h>

#include "ar.h"

/* Counts of things */

#define COUNT_MAX ((uint64_t)1 << 24)

bool
caski_put_count(struct cask_ar *ar, uint64_t n)
{
	unsigned char wire[14];
	size_t at = 0;

	if (n < 0xFFFF) {
		caski_encode(ar, wire, n, 2);
		return caski_put(ar, wire, 2);
	}
	caski_encode(ar, wire, 0xFFFF, 2);
	at += 2;
	if (n < 0xFFFFFFFF || (ar->count32 && n == 0xFFFFFFFF)) {
		caski_encode(ar, wire + at, n, 4);
		return caski_put(ar, wire, at + 4);
	}
	if (ar->count32)
		return caski_fail(ar, CASK_ELIMIT,
		    "%llu, and a 32-bit count (count32) ends at 4294967295",
		    (unsigned long long)n);
	caski_encode(ar, wire + at, 0xFFFFFFFF, 4);
	at += 4;
	caski_encode(ar, wire + at, n, 8);
	return caski_put(ar, wire, at + 8);
}

/* After FFFF: four bytes or, where there are such, FFFFFFFF and eight. */
static bool
get_long(struct cask_ar *ar, uint64_t *n, bool eight)
{
	if (!caski_get_uint(ar, n, 4))
		return false;
	return *n < 0xFFFFFFFF || !eight || caski_get_uint(ar, n, 8);
}

bool
caski_get_count(struct cask_ar *ar, uint64_t *n)
{
	return caski_get_uint(ar, n, 2) &&
	    (*n < 0xFFFF || get_long(ar, n, !ar->count32));
}

/* Whether a count is within its own maximum and the archive's budget. */
static bool
count_fits(struct cask_ar *ar, uint64_t n, uint64_t max)
{
	uint64_t budget = caski_limit(ar->limit.count, COUNT_MAX);

	if (n > max)
		return caski_fail(ar, CASK_ELIMIT, "%llu, limit %llu",
		    (unsigned long long)n, (unsigned long long)max);
	if (n > budget)
		return caski_fail(ar, CASK_ELIMIT,
		    "%llu, limit %llu (limit.count)", (unsigned long long)n,
		    (unsigned long long)budget);
	return true;
}

static uint64_t
get_count(struct cask_ar *ar, uint64_t max, const char *name)
{
	uint64_t n = 0;
	bool ok;

	caski_begin(ar, "count", name);
	if (!caski_may_load(ar))
		return 0;
	if (ar->way == CASK_DESCRIBES) {
		caski_describe(ar, 1);
		return max > 0;
	}
	ok = caski_get_count(ar, &n) && count_fits(ar, n, max);
	if (ar->watched)
		caski_show_count(ar, n);
	return ok ? n : 0;
}

static void
put_count(struct cask_ar *ar, uint64_t n, uint64_t max, const char *name)
{
	caski_begin(ar, "count", name);
	if (!caski_may_store(ar) || !count_fits(ar, n, max))
		return;
	if (ar->way != CASK_PRINTS)
		caski_put_count(ar, n);
	if (ar->watched)
		caski_show_count(ar, n);
}

void
cask_count64_named(
    struct cask_ar *ar, uint64_t *n, uint64_t max, const char *name)
{
	if (ar->loading) {
		*n = get_count(ar, max, name);
		return;
	}
	put_count(ar, *n, max, name);
	if (*n > max && ar->way != CASK_RELEASES)
		*n = 0;
}

void
cask_count_named(
    struct cask_ar *ar, uint32_t *n, uint32_t max, const char *name)
{
	uint64_t wide = *n;

	if (ar->loading)
		wide = 0; /* *n need not have been set */
	cask_count64_named(ar, &wide, max, name);
	if (ar->loading || *n != wide) /* what is stored may be const */
		*n = (uint32_t)wide;
}

void
cask_put_count(struct cask_ar *ar, uint64_t n)
{
	put_count(ar, n, UINT64_MAX, "");
}

uint64_t
cask_get_count(struct cask_ar *ar, uint64_t max)
{
	return get_count(ar, max, "");
}

/* Lengths of text: MFC's string prefixes */

bool
caski_put_text_length(struct cask_ar *ar, uint64_t n, bool wide)
{
	unsigned char wire[18], *p = wire;

	if (wide) {
		*p++ = 0xFF;
		caski_encode(ar, p, 0xFFFE, 2);
		p += 2;
	}
	if (n < 0xFF) {
		*p++ = (unsigned char)n;
		return caski_put(ar, wire, (size_t)(p - wire));
	}
	*p++ = 0xFF;
	if (n < 0xFFFE) { /* not 0xFFFE: that would read as the marker */
		caski_encode(ar, p, n, 2);
		return caski_put(ar, wire, (size_t)(p + 2 - wire));
	}
	caski_encode(ar, p, 0xFFFF, 2);
	p += 2;
	if (n < 0xFFFFFFFF) {
		caski_encode(ar, p, n, 4);
		return caski_put(ar, wire, (size_t)(p + 4 - wire));
	}
	caski_encode(ar, p, 0xFFFFFFFF, 4);
	caski_encode(ar, p + 4, n, 8);
	return caski_put(ar, wire, (size_t)(p + 12 - wire));
}

/* A byte, or FF and a word. */
static bool
get_short_length(struct cask_ar *ar, uint64_t *n)
{
	return caski_get_uint(ar, n, 1) &&
	    (*n < 0xFF || caski_get_uint(ar, n, 2));
}

/* Only once: a second marker is a length of 65534. */
bool
caski_get_text_length(struct cask_ar *ar, uint64_t *n, bool *wide)
{
	*wide = false;
	if (!get_short_length(ar, n))
		return false;
	*wide = *n == 0xFFFE;
	if (*wide && !get_short_length(ar, n))
		return false;
	return *n < 0xFFFF || get_long(ar, n, true);
}
