/*
 * How one text travels, and the two ways it may go.  See <cask/text.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_TEXT_H
#define CASKI_TEXT_H

#include <cask/text.h>

#define CASKI_PIECE 256 /* code units converted at a time */

/* What its struct cask_as says of it, or else the archive. */
struct caski_plan {
	enum cask_text_form form;
	enum cask_text_end end;
	size_t unit;    /* bytes of a code unit on the wire … */
	size_t width;   /* … and in memory */
	int codepage;   /* of CASK_ANSI */
	int policy;     /* CASK_STRICT or CASK_REPLACE */
	bool cut;       /* what is too long */
	uint64_t units; /* of a field, filled with … */
	uint32_t pad;
	uint64_t characters; /* at most; 0: no such limit */
	size_t max;          /* code units in memory: the caller's limit, … */
	bool budget;         /* … or rather the archive's, which is lower */
};

/* Make the plan for a text of at most max code units; false: no such thing. */
bool caski_plan(struct cask_ar *ar, struct caski_plan *plan,
    const struct cask_as *as, size_t width, size_t max);

/* Its errors.  They give false. */
bool caski_text_long(
    struct cask_ar *ar, const struct caski_plan *plan, uint64_t n);
bool caski_text_over(struct cask_ar *ar, const struct caski_plan *plan);
bool caski_text_characters(struct cask_ar *ar, const struct caski_plan *plan);
bool caski_text_failed(
    struct cask_ar *ar, const struct caski_plan *plan, int err, uint64_t where);

/* Store or load a short one, of UTF-8, in MFC's Unicode form, within the
 * buffer; the last either, of an array.  False: it is none or not to be had
 * that way, which is no error. */
bool caski_put_short(struct cask_ar *ar, const char *s, size_t n);
bool caski_get_short(struct cask_ar *ar, char *s, size_t size, size_t *length);
bool caski_short_text(struct cask_ar *ar, char *s, size_t size);

/* Store n code units. */
bool caski_store_text(struct cask_ar *ar, const struct caski_plan *plan,
    const void *text, size_t n);

/* Where loaded text goes: at most max code units and a NUL. */
struct caski_sink {
	char *data;
	size_t length;
	size_t size;   /* of data, the NUL's place not counted */
	uint64_t come; /* bytes on the wire so far: what they may cost */
	bool grows;
	bool nuls; /* the text may hold some */
};

/* Have room for more code units, as far as max allows: 0 or ENOMEM.  All of it
 * is at most twice the bytes that have come, or else 64 KiB more than those and
 * the text take. */
int caski_sink_room(
    const struct caski_plan *plan, struct caski_sink *to, size_t more);

/* Add well-formed UTF-8 to a text of wider units: 0, E2BIG or ENOMEM. */
int caski_sink_append(const struct caski_plan *plan, struct caski_sink *to,
    const char *utf8, size_t n);

/* Load a text; it has no NUL behind it yet.  After an error what is in the
 * sink, and has grown, is still the caller's. */
bool caski_load_text(
    struct cask_ar *ar, const struct caski_plan *plan, struct caski_sink *to);

#endif
