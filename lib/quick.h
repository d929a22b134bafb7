/*
 * Text in UTF-8, UTF-16 or UTF-32 that is sound, many characters at a time;
 * what utf.c does exactly, this does quickly.  Runs of ASCII go sixteen units
 * at a time, and, in the conversions that archives live on, all of the basic
 * plane without a branch a character.  What is wrong or rare, or too short, is
 * left.
 *
 * It is a header because utf.c's loops are to have it within them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_QUICK_H
#define CASKI_QUICK_H

#include "quick_utf8.h"

#include <cask/bytes.h>

#include <string.h>

/* Code units, at any address; big: of UTF-16, their order. */

INLINE uint32_t
unit16(const unsigned char *s, size_t i, bool big)
{
	return cask_order16(cask_read16(s + 2 * i), big);
}

INLINE void
put_unit16(unsigned char *d, uint32_t unit, bool big)
{
	cask_write16(d, cask_order16((uint16_t)unit, big));
}

/*
 * ASCII, in sixteens, and eight at the end.  The loops that copy are such that
 * compilers make vector code of them, of a kind that every processor has.
 */
INLINE uint64_t
high_bits(const unsigned char *s, size_t n)
{
	uint64_t all = cask_read64(s);

	if (n > 8)
		all |= cask_read64(s + 8);
	if (n > 16)
		all |= cask_read64(s + 16) | cask_read64(s + 24);
	if (n > 32)
		all |= cask_read64(s + 32) | cask_read64(s + 40) |
		    cask_read64(s + 48) | cask_read64(s + 56);
	return all;
}

INLINE uint32_t
unit8(const unsigned char *s, size_t i, bool big)
{
	(void)big;
	return s[i];
}

INLINE uint32_t
unit32(const unsigned char *s, size_t i, bool big)
{
	(void)big;
	return cask_read32(s + 4 * i);
}

INLINE void
put_unit8(unsigned char *d, uint32_t unit, bool big)
{
	(void)big;
	*d = (unsigned char)unit;
}

INLINE void
put_unit32(unsigned char *d, uint32_t unit, bool big)
{
	(void)big;
	cask_write32(d, unit);
}

#define KEEP(unit)  (unit)
#define ORDER(unit) cask_order16((uint16_t)(unit), big)
#define LOW8        UINT64_C(0x7F7F7F7F7F7F7F7F)
#define LOW16       cask_order64(UINT64_C(0x007F007F007F007F), big)
#define LOW32       UINT64_C(0x0000007F0000007F)

/* Copy so many units, 8 or 16, if all are ASCII: if they have no other bits
 * than `low`. */
#define ASCII_SOME(from, to, T, order, low, some)                  \
	INLINE bool ascii##from##_##to##_##some(                   \
	    unsigned char *d, const unsigned char *s, bool big)    \
	{                                                          \
		T copy[some];                                      \
                                                                   \
		if (high_bits(s, some * from / 8) & ~(low))        \
			return false;                              \
		for (size_t i = 0; i < some; i++)                  \
			copy[i] = (T)order(unit##from(s, i, big)); \
		if (d != NULL)                                     \
			memcpy(d, copy, sizeof copy);              \
		return true;                                       \
	}

#define ASCII(from, to, T, order, low)                                     \
	ASCII_SOME(from, to, T, order, low, 16)                            \
	ASCII_SOME(from, to, T, order, low, 8)                             \
	INLINE size_t ascii##from##_##to(                                  \
	    unsigned char *d, const unsigned char *s, size_t n, bool big)  \
	{                                                                  \
		size_t i = 0;                                              \
                                                                           \
		while (n - i >= 16 &&                                      \
		    ascii##from##_##to##_16(                               \
			d != NULL ? d + i * sizeof(T) : NULL,              \
			s + i * (from / 8), big))                          \
			i += 16;                                           \
		if (n - i < 16 && n - i >= 8 &&                            \
		    ascii##from##_##to##_8(                                \
			d != NULL ? d + i * sizeof(T) : NULL,              \
			s + i * (from / 8), big))                          \
			i += 8;                                            \
		for (; n - i < 8 && i < n && unit##from(s, i, big) < 0x80; \
		     i++)                                                  \
			if (d != NULL)                                     \
				put_unit##to(d + i * sizeof(T),            \
				    unit##from(s, i, big), big);           \
		return i;                                                  \
	}

ASCII(8, 8, unsigned char, KEEP, LOW8)
ASCII(8, 16, uint16_t, ORDER, LOW8)
ASCII(8, 32, uint32_t, KEEP, LOW8)
ASCII(16, 8, unsigned char, KEEP, LOW16)
ASCII(16, 32, uint32_t, KEEP, LOW16)
ASCII(32, 8, unsigned char, KEEP, LOW32)
ASCII(32, 16, uint16_t, ORDER, LOW32)

/* Where nothing but ASCII is quick. */
#define QUICK(from, to)                                                        \
	INLINE struct moved quick##from##_##to(unsigned char *d, size_t room,  \
	    const unsigned char *s, size_t n, bool big)                        \
	{                                                                      \
		size_t k = ascii##from##_##to(d, s, n < room ? n : room, big); \
                                                                               \
		return (struct moved) { k, k };                                \
	}

QUICK(8, 32)
QUICK(16, 32)
QUICK(32, 8)
QUICK(32, 16)

INLINE struct moved
quick8_16(
    unsigned char *d, size_t room, const unsigned char *s, size_t n, bool big)
{
	struct moved all = { 0, 0 }, some;

	if (n > room)
		n = room;
	do {
		unsigned char *to = d != NULL ? d + 2 * all.written : NULL;
		size_t k = ascii8_16(to, s + all.read, n - all.read, big);

		all.read += k;
		all.written += k;
		if (all.read == n)
			break;
		to = d != NULL ? d + 2 * all.written : NULL;
		some = sound8_16(to, s, all.read, n, big);
		all.read += some.read;
		all.written += some.written;
	} while (some.read > 0);
	return all;
}

INLINE struct moved
quick8_8(
    unsigned char *d, size_t room, const unsigned char *s, size_t n, bool big)
{
	size_t k = 0, sound;

	if (n > room)
		n = room;
	do {
		unsigned char *to = d != NULL ? d + k : NULL;

		k += ascii8_8(to, s + k, n - k, big);
		sound = k < n ? sound8_8(s, k, n) : 0;
		if (d != NULL && sound > 0)
			memcpy(d + k, s + k, sound);
		k += sound;
	} while (sound > 0);
	return (struct moved) { k, k };
}

#define BLOCK 64

/* UTF-16 without surrogates.  Each character is written as four bytes: there
 * is room for four. */
INLINE struct moved
block16_8(unsigned char *d, const unsigned char *s, size_t n, bool big)
{
	static const struct {
		uint32_t first, second, third, mark, shift;
	} of[] = {
		{ 0, 0, 0, 0, 0 },
		{ 0x7F, 0, 0, 0, 24 },
		{ 0x3F, 0x1F00, 0, 0xC080, 16 },
		{ 0x3F, 0x3F00, 0xF0000, 0xE08080, 8 },
	};
	size_t i, written = 0;

	for (i = 0; i < n; i++) {
		uint32_t unit = unit16(s, i, big), bytes;
		/* Of comparisons, compilers would make branches. */
		size_t length =
		    1 + ((0x7F - unit) >> 31) + ((0x7FF - unit) >> 31);

		if ((unit & 0xF800) == 0xD800)
			break;
		bytes = (unit & of[length].first) |
		    (unit << 2 & of[length].second) |
		    (unit << 4 & of[length].third) | of[length].mark;
		bytes <<= of[length].shift;
		cask_write32(d + written, cask_order32(bytes, true));
		written += length;
	}
	return (struct moved) { i, written };
}

INLINE struct moved
quick16_8(
    unsigned char *d, size_t room, const unsigned char *s, size_t n, bool big)
{
	unsigned char unseen[4 * BLOCK];
	struct moved all = { 0, 0 }, some;

	do {
		unsigned char *to = d ? d + all.written : NULL;
		size_t most = n - all.read, left = room - all.written;

		some.read = ascii16_8(
		    to, s + 2 * all.read, most < left ? most : left, big);
		all.read += some.read;
		all.written += some.read;
		most -= some.read;
		left -= some.read;
		if (most > left / 4)
			most = left / 4;
		/* cppcheck-suppress legacyUninitvar ; only written to */
		to = d ? d + all.written : unseen;
		some = block16_8(
		    to, s + 2 * all.read, most < BLOCK ? most : BLOCK, big);
		all.read += some.read;
		all.written += some.written;
	} while (some.read > 0);
	return all;
}

#endif
