/*
 * UTF-8, UTF-16 and UTF-32: strict or replacing, in blocks of any size.
 *
 * Code units are in the host's byte order.  Nothing here allocates, keeps
 * state, or looks at the locale.  Standard: Unicode, chapter 3 (D92, table
 * 3-7): overlong forms, surrogates in UTF-8 or UTF-32 and values above
 * U+10FFFF are ill-formed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_UTF_H
#define CASK_UTF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CASK_STRICT = 0,  /* ill-formed or unmappable text is an error */
	CASK_REPLACE = 1, /* … or is replaced by U+FFFD ('?' in a code page) */
	CASK_MORE = 2,    /* the source goes on: leave a cut sequence unread */
};

#define CASK_REPLACEMENT 0xFFFDu

/* How far a conversion came.  Valid after every result, errors included. */
struct cask_progress {
	size_t read;     /* code units of the source dealt with */
	size_t written;  /* code units of the target produced */
	size_t replaced; /* ill-formed or unmappable places replaced */
};

/*
 * Convert n code units at src to at most room units at dst.
 *
 * flags: CASK_STRICT or CASK_REPLACE, with CASK_MORE if the source goes on in
 * a later call.  One U+FFFD stands for each maximal ill-formed part (Unicode
 * 3.9, "maximal subparts").  dst may be NULL: nothing is written, room is not
 * looked at, and written tells how much room is needed.
 *
 * Gives 0 when the whole source was read; E2BIG when dst has no room for the
 * next character; EILSEQ at the first ill-formed place (read is its offset);
 * EINVAL, only with CASK_MORE, when src ends inside a sequence that may yet be
 * completed (the unread units are to be given again, more behind them).
 */
int cask_utf8_to_utf16(uint16_t *dst, size_t room, const char *src, size_t n,
    int flags, struct cask_progress *done);
int cask_utf8_to_utf32(uint32_t *dst, size_t room, const char *src, size_t n,
    int flags, struct cask_progress *done);
int cask_utf16_to_utf8(char *dst, size_t room, const uint16_t *src, size_t n,
    int flags, struct cask_progress *done);
int cask_utf16_to_utf32(uint32_t *dst, size_t room, const uint16_t *src,
    size_t n, int flags, struct cask_progress *done);
int cask_utf32_to_utf8(char *dst, size_t room, const uint32_t *src, size_t n,
    int flags, struct cask_progress *done);
int cask_utf32_to_utf16(uint16_t *dst, size_t room, const uint32_t *src,
    size_t n, int flags, struct cask_progress *done);

/*
 * Copy UTF-8, checked: the same contract, both sides UTF-8.  With a NULL dst
 * and CASK_STRICT it only tells whether src is well-formed.
 */
int cask_utf8_to_utf8(char *dst, size_t room, const char *src, size_t n,
    int flags, struct cask_progress *done);

/* How many of the n bytes at s are ASCII before the first that is not. */
size_t cask_ascii_length(const char *s, size_t n);

#ifdef __cplusplus
}
#endif

#endif
