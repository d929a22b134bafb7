/*
 * Code pages: from UTF-8 and back, through iconv.
 *
 * A code page is named by its Windows number: 1250 to 1258, 874, 932, 936,
 * 949, 950, 437, 850, 866, 28591 (ISO-8859-1), 28605 (ISO-8859-15), 20866
 * (KOI8-R), 65001 (UTF-8).  The table is fixed; a name never comes from a
 * peer.  All of them agree with ASCII below 0x80.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_CHARSET_H
#define CASK_CHARSET_H

#include <cask/utf.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Whether this machine can convert that code page, both ways: the converter is
 * opened and tried on known bytes.  Gives 0; CASK_ECHARSET when the number is
 * not in the table or iconv lacks a converter that does it right; or ENOMEM,
 * EMFILE, ENFILE when it could not be found out.
 */
int cask_charset_check(int codepage);

/*
 * Convert n bytes in a code page to UTF-8, and the reverse.
 *
 * The contract is that of the functions in utf.h; written counts bytes.
 * Replacement is U+FFFD towards UTF-8, for one byte each, and '?' towards a
 * code page, for each character that it lacks or ill-formed part.  Nothing is
 * converted to what only looks like it.  In 1255 and 1258 a letter and the mark
 * behind it stay two characters, as in Windows.
 *
 * Each call is whole in itself: src must be all of the text (no CASK_MORE), and
 * where E2BIG is given, start again with more room.  Besides 0, E2BIG and
 * EILSEQ: CASK_ETEXT when the code page has no such character (strict; read is
 * its offset), CASK_ECHARSET, ENOMEM, EMFILE, ENFILE.
 */
int cask_codepage_to_utf8(int codepage, char *dst, size_t room, const char *src,
    size_t n, int flags, struct cask_progress *done);
int cask_utf8_to_codepage(int codepage, char *dst, size_t room, const char *src,
    size_t n, int flags, struct cask_progress *done);

#ifdef __cplusplus
}
#endif

#endif
