/*
 * An open converter between UTF-8 and a code page: for text that is too long
 * to be converted in one piece.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_CHARSET_H
#define CASKI_CHARSET_H

#include <cask/charset.h>

#include <stdbool.h>

struct page;

struct caski_charset {
	void *cd;    /* iconv's converter, once it is needed */
	void *table; /* what is known already; NULL: there was no memory */
	const struct page *page;
	bool to_utf8; /* the direction */
	bool is_utf8; /* code page 65001: none of these */
	bool doubles; /* some characters of the code page take two bytes */
};

/*
 * Open a converter: 0, CASK_ECHARSET, ENOMEM, EMFILE or ENFILE.  Cheap once the
 * process has used that page in that direction: iconv is not called.
 */
int caski_charset_open(struct caski_charset *c, int codepage, bool to_utf8);

/*
 * Convert the next piece: the contract of utf.h, CASK_MORE included.  Without
 * CASK_MORE a sequence that is cut at the end is ill-formed.  A character that
 * the code page lacks is CASK_ETEXT, or '?' with CASK_REPLACE.  dst NULL
 * measures.  Any of the errors of opening may come up when a character is met
 * that is not known yet, and none of them is replaced.
 *
 * For n bytes from a code page 3n bytes are room enough, and n for n bytes to
 * one: with so much, E2BIG is not given.
 *
 * The converter keeps nothing from one call to the next: after any result, go
 * on with what was not read, or start on another text.
 */
int caski_charset_convert(struct caski_charset *c, char *dst, size_t room,
    const char *src, size_t n, int flags, struct cask_progress *done);

/* Close it.  Twice, or never opened (all zero), is fine. */
void caski_charset_close(struct caski_charset *c);

#endif
