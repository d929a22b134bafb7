/*
 * The words of a shape.  See token.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "token.h"

#include <cask.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "words.h"

/* Complaints */

#define BEFORE 60 /* bytes of the line before the place, and from it on */
#define BEHIND 40

static bool
continues(char c)
{
	return ((unsigned char)c & 0xC0) == 0x80;
}

/* A piece of a line, made fit to print; a tab is one space wide. */
static void
copy_piece(char *to, size_t size, const char *from, const char *end)
{
	char piece[BEFORE + BEHIND + 1];
	size_t n = (size_t)(end - from);

	memcpy(piece, from, n);
	piece[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (piece[i] == '\t' || piece[i] == '\0')
			piece[i] = ' ';
	printable(to, size, piece);
}

/* The line that at is in, or what of it is near, and the caret. */
static void
show_line(const struct scanner *s, const char *at, char *to, size_t size)
{
	char before[BEFORE + 1], behind[BEHIND + 1];
	const char *from = at, *end = at, *dots = "";

	while (from > s->text && from[-1] != '\n')
		from--;
	if (at - from > BEFORE) {
		from = at - BEFORE;
		dots = "...";
	}
	while (from < at && continues(*from))
		from++;
	while (
	    end < s->end && end - at < BEHIND && *end != '\n' && *end != '\r')
		end++;
	while (end > at && end < s->end && continues(*end))
		end--;
	copy_piece(before, sizeof before, from, at);
	copy_piece(behind, sizeof behind, at, end);
	snprintf(to, size, "%s%s%s\n%*s^\n", dots, before, behind,
	    (int)strlen(dots) + columns_of(before), "");
}

bool
scan_fail(struct scanner *s, const char *at, const char *format, ...)
{
	char words[256], place[BEFORE + BEHIND + BEFORE + 16];
	size_t line = 1, column = 1;
	va_list args;

	if (s->failed)
		return false;
	s->failed = true;
	va_start(args, format);
	vsnprintf(words, sizeof words, format, args);
	va_end(args);
	for (const char *p = s->text; p < at; p++) {
		line += *p == '\n';
		column = *p == '\n' ? 1 : column + !continues(*p);
	}
	show_line(s, at, place, sizeof place);
	snprintf(s->why, s->why_size, "%s:%zu:%zu: %s\n%s", s->file, line,
	    column, words, place);
	return false;
}

/* Tokens */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
starts(const struct scanner *s, const char *two)
{
	return s->end - s->next >= 2 && memcmp(s->next, two, 2) == 0;
}

/* What stands between tokens: white space and comments. */
static bool
skip(struct scanner *s)
{
	const char *from;

	for (;;) {
		while (s->next < s->end && *s->next != '\0' &&
		    strchr(" \t\r\n", *s->next) != NULL)
			s->next++;
		from = s->next;
		if (starts(s, "//")) {
			while (s->next < s->end && *s->next != '\n')
				s->next++;
		} else if (starts(s, "/*")) {
			s->next += 2;
			while (s->next < s->end && !starts(s, "*/"))
				s->next++;
			if (s->next == s->end)
				return scan_fail(
				    s, from, "a comment without its end");
			s->next += 2;
		} else {
			return true;
		}
	}
}

static int
digit_of(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* The value of the number in hand, which may be hexadecimal or negative. */
static bool
read_number(struct scanner *s, struct token *t)
{
	const char *p = t->at, *end = t->at + t->n;
	bool minus = *p == '-';
	uint64_t most = minus ? (uint64_t)1 << 63 : UINT64_MAX, v = 0,
		 base = 10;

	p += minus;
	if (end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	}
	for (; p < end; p++) {
		uint64_t d = (uint64_t)digit_of(*p);

		if (d >= base)
			return scan_fail(s, t->at, "'%.*s' is no number",
			    (int)(t->n < 80 ? t->n : 80), t->at);
		if (v > (most - d) / base)
			return scan_fail(
			    s, t->at, "a number of more than 64 bits");
		v = v * base + d;
	}
	t->number = minus ? 0 - v : v;
	return true;
}

bool
scan_next(struct scanner *s)
{
	struct token *t = &s->token;
	bool minus;

	if (s->failed || !skip(s))
		return false;
	t->at = s->next;
	t->n = 0;
	t->kind = TOKEN_END;
	if (s->next == s->end)
		return true;
	minus = *s->next == '-' && s->end - s->next > 1 && is_digit(s->next[1]);
	s->next += minus;
	while (s->next < s->end && (is_letter(*s->next) || is_digit(*s->next)))
		s->next++;
	t->n = (size_t)(s->next - t->at);
	if (minus || (t->n > 0 && is_digit(*t->at))) {
		t->kind = TOKEN_NUMBER;
		return read_number(s, t);
	}
	if (t->n > TOKEN_NAME_MOST)
		return scan_fail(s, t->at, "a name of more than %d characters",
		    TOKEN_NAME_MOST);
	t->kind = TOKEN_NAME;
	if (t->n > 0)
		return true;
	if (*t->at == '\0' || strchr("{}[]();:*", *t->at) == NULL)
		return scan_fail(
		    s, t->at, "a character that has no place here");
	t->kind = TOKEN_SIGN;
	t->n = 1;
	s->next++;
	return true;
}

bool
scan_start(struct scanner *s, const char *text, size_t n)
{
	static const char mark[] = "\xEF\xBB\xBF"; /* some editors' */
	struct cask_progress done;

	if (n >= 3 && memcmp(text, mark, 3) == 0) {
		text += 3;
		n -= 3;
	}
	s->text = s->next = text;
	s->end = text + n;
	s->failed = false;
	s->why[0] = '\0';
	if (cask_utf8_to_utf8(NULL, 0, text, n, CASK_STRICT, &done) != 0) {
		s->end = text + done.read;
		return scan_fail(s, s->end, "not UTF-8");
	}
	return scan_next(s);
}

bool
scan_is(const struct scanner *s, const char *word)
{
	return s->token.n == strlen(word) &&
	    memcmp(s->token.at, word, s->token.n) == 0;
}

bool
scan_take(struct scanner *s, const char *word)
{
	return !s->failed && scan_is(s, word) && scan_next(s);
}

bool
scan_expected(struct scanner *s, const char *what)
{
	const struct token *t = &s->token;

	if (t->kind == TOKEN_END)
		return scan_fail(s, t->at, "expected %s, not the end", what);
	return scan_fail(s, t->at, "expected %s, not '%.*s'", what,
	    (int)(t->n < 80 ? t->n : 80), t->at);
}

bool
scan_expect(struct scanner *s, const char *word)
{
	char what[24];

	if (scan_is(s, word))
		return scan_next(s);
	snprintf(what, sizeof what, "'%s'", word);
	return scan_expected(s, what);
}
