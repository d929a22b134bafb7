/*
 * Words from elsewhere, made fit to print.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Copy UTF-8 for people: what would move the cursor, ring, turn the direction
 * of writing, or break the line becomes '?'.  Cut to fit, between characters.
 * Gives to.
 */
char *printable(char *to, size_t size, const char *s);

/* How many columns of a terminal UTF-8 takes. */
int columns_of(const char *s);

/* Cut UTF-8, in place, to so many columns, or fill it up with spaces. */
void cut_to(char *s, int columns);
void fill_to(char *s, size_t size, int columns);

/* "1.2 GB", with the prefixes of 1000. */
char *amount(char *to, size_t size, double bytes);

/* UTF-8 as a JSON string, quotes and all; nothing but printable characters. */
void print_json_text(FILE *f, const char *s);

#endif
