/*
 * Byte order of many numbers at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_SWAP_H
#define CASKI_SWAP_H

#include <stddef.h>

/*
 * Copy n numbers of width bytes (1, 2, 4 or 8) from src to dst, the bytes of
 * each reversed.  Any alignment.  dst and src may be the same, but not overlap
 * otherwise.
 */
void caski_swap(void *dst, const void *src, size_t n, size_t width);

#endif
