/*
 * What all arrays that loading allocates are made of.  See <cask/dup.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_DUP_H
#define CASKI_DUP_H

#include <cask/dup.h>

/* A pointer to an object of whatever type, by its address: get it, set it, free
 * what it points to and set it to NULL. */
void *caski_pointer(const void *p);
void caski_point(void *p, void *object);
void caski_drop(void *p);

/*
 * Before the ith of n elements is exchanged: is there one?  Loading, that is
 * room for it, all zero; at i == 0 with *room == 0 the array begins.  False
 * after an error, which has this type and name.
 */
bool caski_dup_room(struct cask_ar *ar, void *p, size_t *room, size_t i,
    size_t n, size_t size, const char *type, const char *name);

/* Whether there is what the count says; if not, that is an error. */
bool caski_dup_there(struct cask_ar *ar, void *p, size_t n, const char *name);

#endif
