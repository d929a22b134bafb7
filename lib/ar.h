/*
 * What the value layers see of an archive: bytes, and naming what fails.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_AR_H
#define CASKI_AR_H

#include <cask/ar.h>

#include <stdarg.h>

/*
 * A value is in hand: an error is reported with this type and name (a literal
 * each) and with the present offset.
 */
void caski_begin(struct cask_ar *ar, const char *type, const char *name);

/* Whether the archive may store (load); if not, that is its error. */
bool caski_may_store(struct cask_ar *ar);
bool caski_may_load(struct cask_ar *ar);

/*
 * Fail, with words of its own instead of cask_strerror's.  Gives false, and
 * lets compilers and analysers know that it does.
 */
#define caski_fail(...) (caski_set_error(__VA_ARGS__), false)

void caski_set_error(struct cask_ar *ar, int err, const char *format, ...)
    CASK_PRINTF(3, 4);
void caski_vset_error(
    struct cask_ar *ar, int err, const char *format, va_list args);

/* Fail as the transport did.  Gives false. */
bool caski_io_failed(struct cask_ar *ar);

/* Fail because the transport is gone, and forget it.  Gives false. */
bool caski_io_gone(struct cask_ar *ar);

/* Note an error, and let nothing pass any more. */
void caski_stop(struct cask_ar *ar, int err);

/* Store n bytes.  False after an error. */
bool caski_put(struct cask_ar *ar, const void *p, size_t n);

/*
 * Make room for n bytes in one piece, sending what is there if need be: a value
 * is not split between two writes, unless the buffer is smaller than it.
 */
void caski_gather(struct cask_ar *ar, size_t n);

/* Load exactly n bytes.  False after an error, p then holding anything. */
bool caski_get(struct cask_ar *ar, void *p, size_t n);

/* Unsigned integers in the archive's byte order: of 2, 4 or 8 bytes, and, to
 * load, of 1. */
void caski_encode(
    const struct cask_ar *ar, unsigned char *wire, uint64_t v, size_t size);
uint64_t caski_decode(
    const struct cask_ar *ar, const unsigned char *wire, size_t size);
bool caski_get_uint(struct cask_ar *ar, uint64_t *v, size_t size);

/* A limit's value: the program's, or the default. */
uint64_t caski_limit(uint64_t set, uint64_t otherwise);

#endif
