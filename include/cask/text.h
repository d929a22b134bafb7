/*
 * Text: UTF-8 in memory, and on the wire what the archive's settings say.
 *
 * What is stored depends on ar->form:
 *
 *     CASK_UNICODE  MFC's CStringW: FF FE FF, a length, UTF-16
 *     CASK_ANSI     MFC's CStringA: a length, bytes in ar->codepage
 *     CASK_UTF8     a count (see value.h), UTF-8
 *
 * Loaded are both MFC forms, told apart by their marker; or, if ar->form is
 * CASK_UTF8, that one.
 *
 * In a big-endian archive the lengths, the marker and the UTF-16 code units are
 * big-endian.  Text is never cut, altered or converted silently: ill-formed
 * text is EILSEQ, characters that the target lacks are CASK_ETEXT, or, with
 * ar->replace, U+FFFD or '?', counted in ar->replaced.  A text that holds a NUL
 * can't be a C string: CASK_ETEXT.  A code page without a converter is
 * CASK_ECHARSET.  The other errors are those of values.
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
static inline void cask_put_text(struct cask_ar *ar, const char *s);
static inline size_t cask_get_text(struct cask_ar *ar, char *s, size_t size);

/* ------------------------------------------------------------------------ */
/* How the above is done.                                                    */

size_t cask_slow_get_text(
    struct cask_ar *ar, char *s, size_t size, const char *name);
void cask_slow_put_text(
    struct cask_ar *ar, const char *s, size_t size, const char *name);
void cask_text_dup_named(
    struct cask_ar *ar, char **s, size_t max, const char *name);

/* Copy 8 bytes; the result has a high bit where one is a NUL or not ASCII. */
static inline uint64_t
cask_copy8(void *dst, const void *src)
{
	uint64_t w;

	memcpy(&w, src, 8);
	memcpy(dst, &w, 8);
	return w | (w - UINT64_C(0x0101010101010101));
}

/* Copy n bytes; true if they are ASCII without a NUL: plain.  The last 8 may
 * overlap those before them. */
static inline bool
cask_copy_plain(void *to, const void *from, size_t n)
{
	unsigned char *dst = (unsigned char *)to;
	const unsigned char *src = (const unsigned char *)from;
	uint64_t odd = 0;
	size_t i;

	if (n >= 8) {
		for (i = 0; i + 8 < n; i += 8)
			odd |= cask_copy8(dst + i, src + i);
		odd |= cask_copy8(dst + n - 8, src + n - 8);
	} else {
		for (i = 0; i < n; i++) {
			odd |= src[i] | ((uint64_t)src[i] - 1);
			dst[i] = src[i];
		}
	}
	return (odd & UINT64_C(0x8080808080808080)) == 0;
}

/*
 * The fast path of ANSI text: short, plain, and within the buffer.  Plain text
 * is the same in every code page.  That the archive has not failed and goes
 * this way is seen to by the end, as with values.
 */
static inline bool
cask_put_short(
    struct cask_ar *ar, const char *s, size_t n, const unsigned char *end)
{
	unsigned char *at = ar->cur;

	if (ar->form != CASK_ANSI || n >= 0xFF || !cask_fits(at, 1 + n, end) ||
	    (ar->limit.text != 0 && n > ar->limit.text) ||
	    !cask_copy_plain(at + 1, s, n))
		return false;
	*at = (unsigned char)n;
	ar->cur = at + 1 + n;
	return true;
}

static inline bool
cask_get_short(struct cask_ar *ar, char *s, size_t size,
    const unsigned char *end, size_t *length)
{
	unsigned char *at = ar->cur;
	size_t n;

	if (ar->form == CASK_UTF8 || !cask_fits(at, 1, end))
		return false;
	n = *at;
	if (n == 0xFF || n >= size || !cask_fits(at, 1 + n, end) ||
	    (ar->limit.text != 0 && n > ar->limit.text) ||
	    !cask_copy_plain(s, at + 1, n))
		return false;
	s[n] = '\0';
	ar->cur = at + 1 + n;
	*length = n;
	return true;
}

static inline void
cask_put_text(struct cask_ar *ar, const char *s)
{
	size_t n = strlen(s);

	if (!cask_put_short(ar, s, n, ar->put_end))
		cask_slow_put_text(ar, s, n + 1, "");
}

static inline size_t
cask_get_text(struct cask_ar *ar, char *s, size_t size)
{
	size_t n;

	if (cask_get_short(ar, s, size, ar->get_end, &n))
		return n;
	return cask_slow_get_text(ar, s, size, "");
}

static inline void
cask_text_named(struct cask_ar *ar, char *s, size_t size, const char *name)
{
	const char *nul;
	size_t n;

	if (ar->loading) {
		if (!cask_get_short(ar, s, size, ar->end, &n))
			cask_slow_get_text(ar, s, size, name);
		return;
	}
	nul = (const char *)memchr(s, '\0', size);
	if (nul == NULL || !cask_put_short(ar, s, (size_t)(nul - s), ar->end))
		cask_slow_put_text(ar, s, size, name);
}

#ifdef __cplusplus
}
#endif

#endif
