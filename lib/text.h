/*
 * The length in front of a text, in all of MFC's forms.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_TEXT_H
#define CASKI_TEXT_H

#include <cask/ar.h>

/* wide: with the marker of a Unicode string, and n counts 16-bit units. */
bool caski_put_text_length(struct cask_ar *ar, uint64_t n, bool wide);
bool caski_get_text_length(struct cask_ar *ar, uint64_t *n, bool *wide);

#endif
