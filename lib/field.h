/*
 * What field.c and print.c share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_FIELD_H
#define CASKI_FIELD_H

#include "ar.h"

#include <cask/utf.h>

#define CASKI_WORDS 32 /* room for any number */

/* Of a text of n bytes as much, in characters of JSON and without the quotes,
 * as there is room for: how long that is, and how much of s it took. */
size_t caski_quote(
    char *to, size_t room, const char *s, size_t n, size_t *used);

/* print.c: the value in hand, which is named and typed already. */
void caski_print_number(
    struct cask_ar *ar, enum cask_type type, const char *words);
void caski_print_text(struct cask_ar *ar, const char *s, size_t n);
void caski_print_bytes(struct cask_ar *ar, const void *p, size_t n);

/* JSON alone: a number, 0 being null, and a class's schema, if schema is. */
void caski_print_reference(
    struct cask_ar *ar, uint32_t pid, const unsigned *schema);

#endif
