/*
 * MFC's Unicode strings, as most of them are: short, and within the buffer.
 * See text.h.
 *
 * It is what archives store unless they are told otherwise, and goes without a
 * plan.  Its length has one byte.  What is wrong, and what has to wait for room
 * or for more to come, is left to the long way, errors included.  That the
 * archive has not failed and goes this way is seen to by the end, as with
 * values.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/list.h>

#include "text.h"

#include "ar.h"
#include "utf.h"

#include <string.h>

#define FRONT 4 /* FF, FFFE in the archive's order, and the length */

static int
policy(const struct cask_ar *ar)
{
	return ar->replace ? CASK_REPLACE : CASK_STRICT;
}

bool
caski_put_short(struct cask_ar *ar, const char *s, size_t n)
{
	unsigned char *at = ar->cur;
	struct cask_progress done;

	if (ar->form > CASK_UNICODE || n >= 0xFF ||
	    !cask_fits(at, FRONT + 2 * n, ar->put_end) ||
	    !cask_is_within(ar, n) ||
	    caski_utf8_to_wire(
		at + FRONT, n, s, n, ar->big_endian, policy(ar), &done) != 0)
		return false;
	at[0] = 0xFF;
	at[1] = ar->big_endian ? 0xFF : 0xFE;
	at[2] = ar->big_endian ? 0xFE : 0xFF;
	at[3] = (unsigned char)done.written;
	ar->cur = at + FRONT + 2 * done.written;
	ar->replaced += done.replaced;
	return true;
}

bool
caski_get_short(struct cask_ar *ar, char *s, size_t size, size_t *length)
{
	const unsigned char *at = ar->cur;
	struct cask_progress done;
	size_t n;

	if (ar->form > CASK_ANSI || !cask_fits(at, FRONT, ar->get_end) ||
	    at[0] != 0xFF || at[1] != (ar->big_endian ? 0xFF : 0xFE) ||
	    at[2] != (ar->big_endian ? 0xFE : 0xFF))
		return false;
	n = at[3];
	if (n == 0xFF || n >= size ||
	    !cask_fits(at, FRONT + 2 * n, ar->get_end) ||
	    caski_wire_to_utf8(s, size - 1, at + FRONT, n, ar->big_endian,
		policy(ar), &done) != 0 ||
	    !cask_is_within(ar, done.written) ||
	    memchr(s, '\0', done.written) != NULL)
		return false;
	s[done.written] = '\0';
	ar->cur += FRONT + 2 * n;
	ar->replaced += done.replaced;
	ar->came = CASK_UNICODE;
	*length = done.written;
	return true;
}

bool
caski_short_text(struct cask_ar *ar, char *s, size_t size)
{
	const char *nul;
	size_t n;

	if (ar->loading)
		return caski_get_short(ar, s, size, &n);
	nul = memchr(s, '\0', size);
	return nul != NULL && caski_put_short(ar, s, (size_t)(nul - s));
}

/* For a run (list.h), whose cursor the archive does not know of; and if it
 * gives up, nothing has been replaced either. */
struct cask_run
cask_run_unicode(
    struct cask_ar *ar, unsigned char *at, char *s, size_t size, size_t room)
{
	unsigned char *start = ar->cur;
	uint64_t replaced = ar->replaced;
	bool done;
	size_t n;

	ar->cur = at;
	done = caski_short_text(ar, s, size) && ar->replaced == replaced;
	n = (size_t)(ar->cur - at);
	ar->cur = start;
	ar->replaced = replaced;
	if (!done || (ar->loading && !cask_run_takes(n - 1, &room)))
		return (struct cask_run) { NULL, 0 };
	return (struct cask_run) { at + n, room };
}
