/*
 * cask dump without a shape: bytes, and what they look like.  See dump.h.
 *
 * A guess is a string in one of MFC's forms, or the definition of a class, or a
 * new object of a class that was defined before.  What belongs to one guess
 * isn't looked at for another.
 *
 * Classes and objects share their numbers, in the order in which they come.  So
 * the tag of a class can only be one where a class can have had that number:
 * what the numbers rule out is not shown.  They are counted from the least
 * there can have been, were all that looks like a tag something else, to the
 * most.
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

#define AHEAD      (2 * 0xFFFF + 16) /* bytes: the longest with a short length */
#define TEXT_SHOWN 60                /* columns */
#define CLASS_MOST 63                /* characters of a class's name */
#define CLASSES    1024              /* that are remembered */

/* From the least to the most: of a class its number, or how many there are. */
struct range {
	uint32_t low, high;
};

struct numbers {
	struct range given;
	struct known {
		char name[CLASS_MOST + 1];
		struct range number;
	} known[CLASSES];
	unsigned count;
};

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
	printf(
	    "%*s^ %" PRIu64 ": ", (int)(8 + 3 * (at % BYTES_PER_LINE)), "", at);
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

static void
print_range(struct range r)
{
	printf("number %" PRIu32, r.low);
	if (r.high > r.low)
		printf(" to %" PRIu32, r.high);
}

/* The numbers that the next class or object can have. */
static struct range
next_of(struct range given)
{
	return (struct range) { given.low + 1, given.high + 1 };
}

/* A class is defined once; if it is again, another archive has begun. */
static bool
is_known(const struct numbers *k, const char *name)
{
	for (unsigned i = 0; i < k->count; i++)
		if (strcmp(k->known[i].name, name) == 0)
			return true;
	return false;
}

/* Behind a class comes an object, if it isn't one without. */
static void
add_class(struct numbers *k, const char *name, uint64_t at)
{
	struct known *c;
	bool again = is_known(k, name);

	if (again || k->count == CLASSES)
		k->count = 0;
	if (again)
		k->given = (struct range) { 0, 0 };
	c = &k->known[k->count++];
	memcpy(c->name, name, strlen(name) + 1);
	c->number = next_of(k->given);
	fputs(again ? ", in another archive, " : ", ", stdout);
	print_range(c->number);
	puts(at == 0 ? ", if an object comes first" : "");
	k->given.low += at == 0 ? 2 : 1;
	k->given.high += 2;
}

/* The tag of a class that can have that number: a new object of it. */
static size_t
guess_object(const struct dump *d, struct numbers *k, const unsigned char *p,
    size_t n, uint64_t at)
{
	uint32_t number = n < 2 ? 0 : word_at(d, p);
	size_t taken = 2;
	unsigned i = 0;

	if (number == 0x7FFF && n >= 6) {
		number = cask_order32(cask_read32(p + 2), d->ar.big_endian);
		if (number >> 31 == 0)
			return 0;
		number &= 0x7FFFFFFF;
		taken = 6;
	} else if (number < 0x8000 || number == 0xFFFF) {
		return 0;
	} else {
		number &= 0x7FFF;
	}
	while (i < k->count &&
	    (number < k->known[i].number.low ||
		number > k->known[i].number.high))
		i++;
	if (i == k->count)
		return 0;
	point(at);
	printf("perhaps the tag of %s, its object ", k->known[i].name);
	print_range(next_of(k->given));
	putchar('\n');
	k->given.high++;
	return taken;
}

static size_t
guess_class(const struct dump *d, struct numbers *k, const unsigned char *p,
    size_t n, uint64_t at)
{
	char name[CLASS_MOST + 1];
	size_t length;

	if (n < 7 || p[0] != 0xFF || p[1] != 0xFF ||
	    word_at(d, p + 2) == 0xFFFF)
		return 0;
	length = word_at(d, p + 4);
	if (length > CLASS_MOST || length > n - 6 || !is_name(p + 6, length))
		return 0;
	memcpy(name, p + 6, length);
	name[length] = '\0';
	point(at);
	printf("%s class: %s, schema %u", at == 0 ? "a" : "perhaps a", name,
	    word_at(d, p + 2));
	add_class(k, name, at);
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

void
print_line(FILE *f, const unsigned char *p, size_t n, uint64_t at)
{
	fprintf(f, "%6" PRIu64 "  ", at);
	for (size_t i = 0; i < BYTES_PER_LINE; i++)
		if (i < n)
			fprintf(f, "%02x ", p[i]);
		else
			fputs("   ", f);
	putc(' ', f);
	for (size_t i = 0; i < n; i++)
		putc(p[i] >= ' ' && p[i] < 0x7F ? p[i] : '.', f);
	putc('\n', f);
}

static size_t
guess_at(const struct dump *d, struct numbers *k, const unsigned char *p,
    size_t n, uint64_t at)
{
	size_t taken = guess_class(d, k, p, n, at);

	if (taken == 0)
		taken = guess_object(d, k, p, n, at);
	if (taken == 0)
		taken = guess_unicode(d, p, n, at);
	if (taken == 0)
		taken = guess_ansi(d, p, n, at);
	return taken;
}

bool
guess(struct dump *d)
{
	static struct numbers numbers;
	struct tape *t = &d->tape;
	uint64_t known = 0; /* where the last guess ends */
	size_t n, k;

	while (!output_is_broken() &&
	    (n = tape_peek(t, AHEAD + BYTES_PER_LINE)) > 0) {
		tape_mark(t);
		k = n < BYTES_PER_LINE ? n : BYTES_PER_LINE;
		if (tape_at(t) == 0)
			printf("%6s  %-*s characters\n", "byte",
			    3 * BYTES_PER_LINE, "hex");
		print_line(stdout, t->data + t->next, k, tape_at(t));
		for (size_t i = 0; i < k; i++) {
			uint64_t at = tape_at(t) + i;

			if (at >= known)
				known = at +
				    guess_at(d, &numbers, t->data + t->next + i,
					n - i, at);
		}
		tape_skip(t, k);
	}
	return t->io.err == 0;
}
