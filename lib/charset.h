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

struct caski_sample {
	const char *coded;
	const char *utf8;
};

struct caski_page {
	int number;
	/* Never SHIFT_JIS and the like, where 0x5C may be a yen sign. */
	const char *names[3];
	/* What tells the page from those that resemble it. */
	struct caski_sample samples[2];
};

struct caski_charset {
	void *cd;    /* iconv's converter, once it is needed */
	void *table; /* what is known already; NULL: there was no memory */
	const struct caski_page *page;
	void *_Atomic *place; /* of the table, for all of the process */
	bool to_utf8;         /* the direction */
	bool is_utf8;         /* code page 65001: none of these */
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

/* ------------------------------------------------------------------------ */
/* charset_page.c: a character at a time, by iconv                            */

/* Room for one, in any form, however decomposed. */
#define CASKI_ONE_CHARACTER 16

/* One step: a character read, and what it became or why it did not. */
struct caski_step {
	size_t read;
	size_t written;
	int err;
	uint32_t code; /* towards a code page: which character it is */
	char out[CASKI_ONE_CHARACTER];
};

/* Set page and place by its number: false, there is none. */
bool caski_page_find(struct caski_charset *c, int codepage);

/* Have iconv's converter, if it is not open yet: the errors of opening. */
int caski_page_open(struct caski_charset *c);

/* From a code page, and to it the character of step->read bytes. */
void caski_page_decode(
    void *cd, struct caski_step *step, const char *s, size_t n, int flags);
void caski_page_encode(void *cd, struct caski_step *step, const char *s);

/* ------------------------------------------------------------------------ */
/* charset_table.c: what is remembered                                        */

/* Make the table of its page and direction, once; NULL: no memory. */
void *caski_table_keep(const struct caski_charset *c);

/* Remember what has become of the character at s, or recall it: true if it was
 * remembered. */
void caski_table_remember(const struct caski_charset *c,
    const struct caski_step *step, const char *s);
bool caski_table_recall(const struct caski_charset *c, struct caski_step *step,
    const char *s, size_t n);

/* Convert as many characters as are known, one behind the other. */
void caski_table_convert(const struct caski_charset *c, unsigned char *dst,
    size_t room, const unsigned char *src, size_t n,
    struct cask_progress *done);

#endif
