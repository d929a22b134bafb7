/*
 * The words of a shape (cask(5)), and complaints that point at one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"

#define TOKEN_NAME_MOST 64 /* characters of a name */

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_SIGN };

struct token {
	enum token_kind kind;
	const char *at; /* in the text */
	size_t n;
	uint64_t number; /* negative ones: two's complement */
};

struct scanner {
	const char *file; /* for complaints */
	const char *text;
	const char *end;
	const char *next;
	struct token token; /* the one in hand */
	bool failed;
	char *why; /* the complaint: three lines */
	size_t why_size;
};

/* Begin with n bytes; the first token is in hand.  False after a complaint, as
 * with everything here. */
bool scan_start(struct scanner *s, const char *text, size_t n);

/* Take the next token in hand. */
bool scan_next(struct scanner *s);

/* Whether the token in hand is that word or sign. */
bool scan_is(const struct scanner *s, const char *word);

/* If it is, go on to the next.  scan_expect complains if it isn't. */
bool scan_take(struct scanner *s, const char *word);
bool scan_expect(struct scanner *s, const char *word);

/* The token in hand is not what was expected: a name, a number, … */
bool scan_expected(struct scanner *s, const char *what);

/*
 * Complain about the place at: "file:line:column: words", the line, and a
 * caret below the place.  Only the first complaint is kept.  Gives false.
 */
bool scan_fail(struct scanner *s, const char *at, const char *format, ...)
    PRINTS(3, 4);

#endif
