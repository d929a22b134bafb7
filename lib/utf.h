/*
 * UTF-8 from and to UTF-16 as it is on the wire: bytes in a given order, at
 * any address.  One pass, and no swapping behind it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_UTF_H
#define CASKI_UTF_H

#include <cask/utf.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * The contract of cask_utf8_to_utf16 and cask_utf16_to_utf8, which are these
 * in the host's order.  Room, n and progress count code units, of two bytes on
 * the wire.
 *
 * For text of n bytes, n code units are room enough; for n code units, 3n
 * bytes: with so much, E2BIG is not given, and one call does.
 */
int caski_utf8_to_wire(void *dst, size_t room, const char *src, size_t n,
    bool big_endian, int flags, struct cask_progress *done);
int caski_wire_to_utf8(char *dst, size_t room, const void *src, size_t n,
    bool big_endian, int flags, struct cask_progress *done);

/* Copy ASCII, as far as it goes or nearly so: how many bytes; all n if all of
 * them are.  With a NULL dst it only counts. */
size_t caski_copy_ascii(void *dst, const void *src, size_t n);

#endif
