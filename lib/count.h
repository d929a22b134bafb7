/*
 * How many follow, in MFC's forms, without a name of their own: an error is
 * that of the value in hand.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_COUNT_H
#define CASKI_COUNT_H

#include <cask/ar.h>

/* A count of things; see <cask/value.h>. */
bool caski_put_count(struct cask_ar *ar, uint64_t n);
bool caski_get_count(struct cask_ar *ar, uint64_t *n);

/*
 * The length in front of a text.  wide: with the marker of a Unicode string,
 * and n counts 16-bit units.
 */
bool caski_put_text_length(struct cask_ar *ar, uint64_t n, bool wide);
bool caski_get_text_length(struct cask_ar *ar, uint64_t *n, bool *wide);

#endif
