/*
 * Text: UTF-8 in memory, and on the wire what the archive's settings say.
 *
 * Stored:  ar->form CASK_UNICODE  MFC's CStringW: FF FE FF, a length, UTF-16
 *                   CASK_ANSI     MFC's CStringA: a length, bytes in ar->codepage
 *                   CASK_UTF8     a count (see value.h) and UTF-8
 * Loaded:  both MFC forms, told apart by their marker; or, if ar->form is
 *          CASK_UTF8, that one.
 *
 * In a big-endian archive the lengths, the marker and the UTF-16 code units are
 * big-endian.  Text is never cut, altered or converted silently: ill-formed
 * text is EILSEQ, characters that the target lacks are CASK_ETEXT, or, with
 * ar->replace, U+FFFD or '?', counted in ar->replaced.  A text that holds a NUL can't
 * be a C string: CASK_ETEXT.  A code page without a converter is CASK_ECHARSET.
 * The other errors are those of values.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_TEXT_H
#define CASK_TEXT_H

#include <cask/ar.h>
#include <cask/charset.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Exchange the text in an array of size bytes, its NUL included.
 *
 * Longer text, or an array without a NUL that is to be stored, is CASK_ELIMIT.
 * After an error the text is "".  MFC: CString's << and >>.
 */
#define cask_text(ar, p, size) cask_text_named((ar), (p), (size), #p)

/*
 * Exchange text of at most max bytes (its NUL not counted) behind a char *.
 *
 * Loading allocates: the program frees *p with free(3).  Memory grows with the
 * bytes that came, never with the length that was announced.  After an error
 * *p is NULL.  To store NULL is to store "".  Longer text is CASK_ELIMIT.
 */
#define cask_text_dup(ar, p, max) cask_text_dup_named((ar), (p), (max), #p)

/* One way: store a string; load one, giving its length in bytes. */
void cask_put_text(struct cask_ar *ar, const char *s);
size_t cask_get_text(struct cask_ar *ar, char *s, size_t size);

void cask_text_named(struct cask_ar *ar, char *s, size_t size,
    const char *name);
void cask_text_dup_named(struct cask_ar *ar, char **s, size_t max,
    const char *name);

#ifdef __cplusplus
}
#endif

#endif
