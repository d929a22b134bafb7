/*
 * How MFC's maps hash their keys.  See hash.h.
 *
 * MFC hashes TCHARs: units of UTF-16 in a program that was built for Unicode,
 * and signed bytes in others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "hash.h"

#include "charset.h"

#include <errno.h>
#include <string.h>

#define PIECE 128

/* A text on its way to code units, a piece at a time. */
struct key {
	enum cask_text_form form;
	int flags;
	struct caski_charset charset; /* of CASK_ANSI, unless it is ASCII */
	bool open;
	union {
		char bytes[PIECE];
		uint16_t units[PIECE];
		uint32_t words[PIECE];
	} piece;
};

/* Without piece it only measures. */
static int
convert(struct key *k, bool piece, const char *s, size_t n,
    struct cask_progress *done)
{
	if (k->open)
		return caski_charset_convert(&k->charset,
		    piece ? k->piece.bytes : NULL, PIECE, s, n, k->flags, done);
	switch (k->form) {
	case CASK_ANSI:
	case CASK_UTF8:
		return cask_utf8_to_utf8(
		    piece ? k->piece.bytes : NULL, PIECE, s, n, k->flags, done);
	case CASK_UTF32:
		return cask_utf8_to_utf32(
		    piece ? k->piece.words : NULL, PIECE, s, n, k->flags, done);
	default:
		return cask_utf8_to_utf16(
		    piece ? k->piece.units : NULL, PIECE, s, n, k->flags, done);
	}
}

/* Plain char may be unsigned; MFC's is not. */
static uint32_t
unit(const struct key *k, size_t i)
{
	uint32_t byte;

	switch (k->form) {
	case CASK_ANSI:
	case CASK_UTF8:
		byte = (unsigned char)k->piece.bytes[i];
		return byte < 0x80 ? byte : byte | 0xFFFFFF00;
	case CASK_UTF32:
		return k->piece.words[i];
	default:
		return k->piece.units[i];
	}
}

/* From version 10 on only every stride-th unit counts: about ten of a text. */
static int
hash_units(struct key *k, bool old, const char *s, size_t n, uint32_t *hash,
    struct cask_progress *done)
{
	size_t at = 0, next = 0, stride = 1;
	uint32_t h = old ? 0 : UINT32_C(2166136261);
	int err = convert(k, false, s, n, done);

	if (err != 0)
		return err;
	if (!old)
		stride += done->written / 10;
	for (; n > 0; s += done->read, n -= done->read) {
		err = convert(k, true, s, n, done);
		if (err != 0 && err != E2BIG)
			return err;
		for (; next < at + done->written; next += stride)
			h = old ? h * 33 + unit(k, next - at)
				: (h * UINT32_C(16777619)) ^ unit(k, next - at);
		at += done->written;
	}
	*hash = h;
	return 0;
}

int
caski_hash_text(
    const struct cask_ar *ar, const char *s, uint32_t *hash, uint64_t *where)
{
	struct key k = { .form = ar->form,
		.flags = ar->replace ? CASK_REPLACE : CASK_STRICT };
	struct cask_progress done = { 0 };
	size_t n = strlen(s);
	int err = 0;

	*hash = 0;
	if (k.form == CASK_ANSI && cask_ascii_length(s, n) < n) {
		err = caski_charset_open(
		    &k.charset, ar->codepage != 0 ? ar->codepage : 1252, false);
		k.open = err == 0;
	}
	if (err == 0)
		err = hash_units(
		    &k, ar->mfc != 0 && ar->mfc < 10, s, n, hash, &done);
	if (k.open)
		caski_charset_close(&k.charset);
	*where = done.read;
	return err;
}

/* The minimal standard generator of Park and Miller, by Schrage's method; for
 * a word it never goes below zero, and no quotient is above it. */
uint32_t
caski_hash_word(const struct cask_ar *ar, uint16_t key)
{
	if (ar->mfc != 0 && ar->mfc < 10)
		return key >> 4;
	return UINT32_C(16807) * key;
}
