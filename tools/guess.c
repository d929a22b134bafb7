/*
 * cask dump without a shape: bytes, and what they look like.  See dump.h.
 *
 * A guess is a string in one of MFC's forms, or the definition of a class.
 * What belongs to one guess isn't looked at for another.
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "words.h"

#define PER_LINE   16
#define AHEAD      (2 * 0xFFFF + 16) /* bytes: the longest with a short length */
#define TEXT_SHOWN 60                /* columns */
#define CLASS_MOST 63                /* characters of a class's name */

static uint16_t
word_at(const struct dump *d, const unsigned char *p)
{
	return cask_order16(cask_read16(p), d->ar.big_endian);
}

static size_t
say_text(const char *form, char *text, size_t taken)
{
	bool cut = columns_of(text) > TEXT_SHOWN;

	if (cut)
		cut_to(text, TEXT_SHOWN);
	printf("perhaps %s string: ", form);
	print_json_text(stdout, text);
	fputs(cut ? "...\n" : "\n", stdout);
	return taken;
}

/* Load the text at p, if it is one.  The program frees it. */
static char *
load_text(const struct dump *d, const unsigned char *p, size_t n, size_t *taken)
{
	struct cask_ar ar = { .big_endian = d->ar.big_endian,
		.codepage = d->ar.codepage };
	struct cask_mem m;
	char *text = NULL;

	cask_load(&ar, cask_mem_read(&m, p, n));
	cask_text_dup(&ar, &text, SIZE_MAX);
	*taken = (size_t)cask_at(&ar);
	return text;
}

/* The functions that guess print where the caret is to stand, and then what
 * they see.  They give how many bytes that is; 0: nothing. */

static void
point(uint64_t at)
{
	printf("%*s^ %" PRIu64 ": ", (int)(8 + 3 * (at % PER_LINE)), "", at);
}

static bool
is_name(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[i], low = c | 0x20;

		if (!(low >= 'a' && low <= 'z') && c != '_' &&
		    (i == 0 || !((c >= '0' && c <= '9') || c == ':')))
			return false;
	}
	return n > 0;
}

static size_t
guess_class(const struct dump *d, const unsigned char *p, size_t n, uint64_t at)
{
	size_t length;

	if (n < 7 || p[0] != 0xFF || p[1] != 0xFF)
		return 0;
	length = word_at(d, p + 4);
	if (length > CLASS_MOST || length > n - 6 || !is_name(p + 6, length))
		return 0;
	point(at);
	printf("perhaps a class: %.*s, schema %u\n", (int)length,
	    (const char *)p + 6, word_at(d, p + 2));
	return 6 + length;
}

static size_t
guess_unicode(
    const struct dump *d, const unsigned char *p, size_t n, uint64_t at)
{
	size_t taken;
	char *text;

	if (n < 3 || p[0] != 0xFF || word_at(d, p + 1) != 0xFFFE)
		return 0;
	text = load_text(d, p, n, &taken);
	point(at);
	if (text == NULL) {
		puts("perhaps the beginning of a Unicode string");
		return 3;
	}
	taken = say_text("a Unicode", text, taken);
	free(text);
	return taken;
}

/* Printable: ASCII, and more if the code page is known. */
static bool
is_printable(const struct dump *d, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] == 0x7F ||
		    (p[i] > 0x7F && d->codepage == 0))
			return false;
	return true;
}

static size_t
guess_ansi(const struct dump *d, const unsigned char *p, size_t n, uint64_t at)
{
	size_t head = 1, length = p[0], taken;
	char *text;

	if (length == 0xFF && n >= 3) {
		head = 3;
		length = word_at(d, p + 1);
		if (length < 0xFF || length >= 0xFFFE)
			return 0;
	}
	if (length == 0 || length > n - head ||
	    !is_printable(d, p + head, length))
		return 0;
	text = load_text(d, p, head + length, &taken);
	if (text == NULL)
		return 0;
	point(at);
	taken = say_text("an ANSI", text, taken);
	free(text);
	return taken;
}

static void
print_line(const unsigned char *p, size_t n, uint64_t at)
{
	printf("%6" PRIu64 "  ", at);
	for (size_t i = 0; i < PER_LINE; i++)
		if (i < n)
			printf("%02x ", p[i]);
		else
			fputs("   ", stdout);
	putchar(' ');
	for (size_t i = 0; i < n; i++)
		putchar(p[i] >= ' ' && p[i] < 0x7F ? p[i] : '.');
	putchar('\n');
}

static size_t
guess_at(const struct dump *d, const unsigned char *p, size_t n, uint64_t at)
{
	size_t taken = guess_class(d, p, n, at);

	if (taken == 0)
		taken = guess_unicode(d, p, n, at);
	if (taken == 0)
		taken = guess_ansi(d, p, n, at);
	return taken;
}

bool
guess(struct dump *d)
{
	struct tape *t = &d->tape;
	uint64_t known = 0; /* where the last guess ends */
	size_t n, k;

	while (
	    !output_is_broken() && (n = tape_peek(t, AHEAD + PER_LINE)) > 0) {
		tape_mark(t);
		k = n < PER_LINE ? n : PER_LINE;
		if (tape_at(t) == 0)
			printf("%6s  %-*s characters\n", "byte", 3 * PER_LINE,
			    "hex");
		print_line(t->data + t->next, k, tape_at(t));
		for (size_t i = 0; i < k; i++) {
			uint64_t at = tape_at(t) + i;

			if (at >= known)
				known = at +
				    guess_at(
					d, t->data + t->next + i, n - i, at);
		}
		tape_skip(t, k);
	}
	return t->io.err == 0;
}
