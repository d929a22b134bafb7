/*
 * How MFC's maps hash their keys.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_HASH_H
#define CASKI_HASH_H

#include <cask/ar.h>

#define CASKI_BUCKETS 17 /* of a map whose InitHashTable was not called */

/*
 * Of a text, by its code units as the archive would store them, and of a word;
 * for the archive's version of MFC.  A text that can't be stored is an error,
 * one of utf.h's or charset.h's, with the byte where that is.
 */
int caski_hash_text(
    const struct cask_ar *ar, const char *s, uint32_t *hash, uint64_t *where);
uint32_t caski_hash_word(const struct cask_ar *ar, uint16_t key);

#endif
