/*
 * Where loaded text goes: an array, or memory that grows with what comes.  See
 * text.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text.h"

#include "sys.h"

#include <errno.h>
#include <string.h>

#define PIECE CASKI_PIECE
#define STEP  ((size_t)32 << 10) /* bytes that need not be paid for */

/* How many code units to have room for besides those that are there or about
 * to be: as many again, if that is paid for. */
static size_t
ahead(const struct caski_plan *plan, const struct caski_sink *to, size_t more)
{
	uint64_t paid = 2 * to->come / plan->width;
	size_t n = to->length, step = STEP / plan->width;

	if (n <= step || n + more + n <= paid)
		return n;
	return n + more + step < paid ? (size_t)(paid - n - more) : step;
}

int
caski_sink_room(
    const struct caski_plan *plan, struct caski_sink *to, size_t more)
{
	size_t size = to->size, most = plan->max - to->length, beyond;
	char *data;

	if (!to->grows || (to->data != NULL && size - to->length >= more))
		return 0;
	beyond = ahead(plan, to, more);
	if (more > most || beyond > most - more)
		size = plan->max;
	else
		size = to->length + more + beyond;
	if (to->data != NULL && size == to->size)
		return 0;
	data = caski_sys_realloc(to->data, (size + 1) * plan->width);
	if (data == NULL)
		return ENOMEM;
	to->data = data;
	to->size = size;
	return 0;
}

int
caski_sink_append(const struct caski_plan *plan, struct caski_sink *to,
    const char *utf8, size_t n)
{
	struct cask_progress done;
	uint16_t units[PIECE];
	uint32_t words[PIECE];
	size_t room;
	int err = caski_sink_room(plan, to, n);

	while (err == 0 && n > 0) {
		room = to->size - to->length;
		if (room > PIECE)
			room = PIECE;
		err = plan->width == 2 ? cask_utf8_to_utf16(units, room, utf8,
					     n, CASK_STRICT, &done)
				       : cask_utf8_to_utf32(words, room, utf8,
					     n, CASK_STRICT, &done);
		memcpy(to->data + to->length * plan->width,
		    plan->width == 2 ? (void *)units : words,
		    done.written * plan->width);
		to->length += done.written;
		utf8 += done.read;
		n -= done.read;
		if (err == E2BIG && done.read > 0)
			err = 0;
	}
	return err;
}
