/*
 * Words from elsewhere, made fit to print.  See words.h.
 *
 * The C library's own idea of a character's width depends on the locale, and
 * there is none for "whatever a peer writes in"; so here are the few ranges
 * that matter.
 *
 * SPDX-License-Identifier: MIT
 */
#include "words.h"

#include <cask.h>

#include <string.h>

/* The next character of well-formed UTF-8; it moves *s on. */
static uint32_t
next(const char **s)
{
	size_t left = strlen(*s);
	struct cask_progress done;
	uint32_t c = 0;

	cask_utf8_to_utf32(&c, 1, *s, left < 4 ? left : 4, CASK_REPLACE, &done);
	*s += done.read > 0 ? done.read : 1;
	return c;
}

struct range {
	uint32_t first;
	uint32_t last;
};

#define IS_IN(c, ranges) is_in(c, ranges, sizeof ranges / sizeof ranges[0])

static bool
is_in(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/* Controls, line and paragraph separators, marks of direction, tags. */
static bool
is_harmful(uint32_t c)
{
	static const struct range harmful[] = { { 0, 0x1F }, { 0x7F, 0x9F },
		{ 0x61C, 0x61C }, { 0x200E, 0x200F }, { 0x2028, 0x202E },
		{ 0x2060, 0x206F }, { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB },
		{ 0xE0000, 0xE007F } };

	return IS_IN(c, harmful);
}

static int
width_of(uint32_t c)
{
	static const struct range none[] = { { 0x300, 0x36F }, { 0x483, 0x489 },
		{ 0x591, 0x5BD }, { 0x610, 0x61A }, { 0x64B, 0x65F },
		{ 0x93C, 0x93C }, { 0x941, 0x948 }, { 0x94D, 0x94D },
		{ 0xE31, 0xE31 }, { 0xE34, 0xE3A }, { 0xE47, 0xE4E },
		{ 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x200B, 0x200D },
		{ 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F }, { 0xFE20, 0xFE2F } };
	static const struct range wide[] = { { 0x1100, 0x115F },
		{ 0x2E80, 0x303E }, { 0x3041, 0xA4CF }, { 0xA960, 0xA97F },
		{ 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F },
		{ 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x1F300, 0x1F64F },
		{ 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF },
		{ 0x20000, 0x3FFFD } };

	if (IS_IN(c, none))
		return 0;
	return IS_IN(c, wide) ? 2 : 1;
}

char *
printable(char *to, size_t size, const char *s)
{
	size_t n = 0;

	while (*s != '\0') {
		const char *from = s;
		bool harmful = is_harmful(next(&s));
		size_t k = harmful ? 1 : (size_t)(s - from);

		if (n + k >= size)
			break;
		memcpy(to + n, harmful ? "?" : from, k);
		n += k;
	}
	to[n] = '\0';
	return to;
}

int
columns_of(const char *s)
{
	int n = 0;

	while (*s != '\0')
		n += width_of(next(&s));
	return n;
}

void
cut_to(char *s, int columns)
{
	const char *p = s;
	int n = 0;

	while (*p != '\0') {
		const char *from = p;

		n += width_of(next(&p));
		if (n > columns) {
			s[from - s] = '\0';
			return;
		}
	}
}

void
fill_to(char *s, size_t size, int columns)
{
	size_t n = strlen(s);
	int lack = columns - columns_of(s);

	for (; lack > 0 && n + 1 < size; lack--)
		s[n++] = ' ';
	s[n] = '\0';
}

char *
amount(char *to, size_t size, double bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB",
		"EB" };
	size_t i = 0;

	while (bytes >= 999.5 && i + 1 < sizeof units / sizeof units[0]) {
		bytes /= 1000;
		i++;
	}
	snprintf(to, size, "%.*f %s", i > 0 && bytes < 99.95 ? 1 : 0, bytes,
	    units[i]);
	return to;
}

/* As UTF-16, which is what JSON's escapes are made of. */
static void
print_escape(FILE *f, uint32_t c)
{
	if (c == '"' || c == '\\')
		fprintf(f, "\\%c", (int)c);
	else if (c > 0xFFFF)
		fprintf(f, "\\u%04x\\u%04x", 0xD7C0 + (c >> 10),
		    0xDC00 + (c & 0x3FF));
	else
		fprintf(f, "\\u%04x", c);
}

void
print_json_text(FILE *f, const char *s)
{
	fputc('"', f);
	while (*s != '\0') {
		const char *from = s;
		uint32_t c = next(&s);

		if (c == '"' || c == '\\' || is_harmful(c))
			print_escape(f, c);
		else
			fwrite(from, 1, (size_t)(s - from), f);
	}
	fputc('"', f);
}
