/*
 * UTF-8 of up to three bytes a character, sixteen bytes at a time and without
 * a branch a character: part of quick.h.
 *
 * For each byte there are the next and the third, and what they would be if a
 * character began with it; whether one does is only asked when it is written.
 * It is plain C, of vectors that every processor of a kind has, and compilers
 * make good code of it there.  Elsewhere they would make very bad code of it,
 * and text that is not ASCII goes character by character.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_QUICK_UTF8_H
#define CASKI_QUICK_UTF8_H

#include <cask/bytes.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define INLINE   static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#else
#define INLINE   static inline
#define NOINLINE static
#endif

/*
 * What is quick.  Each reads from n code units at s, writes to room of them at
 * d (NULL: only counts), and gives how many it read and wrote: any number, 0
 * too, but only whole and well-formed characters, and never one too far.
 */
struct moved {
	size_t read;
	size_t written;
};

#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__ALTIVEC__)

typedef unsigned char bytes16 __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

#if defined(__clang__)
#define PICK(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define PICK(a, b, ...) __builtin_shuffle(a, b, (bytes16) { __VA_ARGS__ })
#endif

struct sixteen {
	bytes16 first, second, third;
};

INLINE bytes16
at16(const unsigned char *s)
{
	bytes16 v;

	memcpy(&v, s, sizeof v);
	return v;
}

/* The end of n bytes, 8 at least: the last 16, or fewer behind NULs. */
INLINE bytes16
end16(const unsigned char *s, size_t n)
{
	uint64_t w;

	if (n >= 16)
		return at16(s + n - 16);
	w = cask_order64(cask_read64(s), false);
	for (int half = 0; half < 2; half++)
		w <<= 4 * (16 - n);
	return (
	    bytes16)(halves) { cask_order64(w, false), cask_read64(s + n - 8) };
}

/* Each byte's next; the last one's is NUL. */
INLINE bytes16
moved_on(bytes16 v)
{
	return PICK(v, (bytes16) { 0 }, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	    13, 14, 15, 16);
}

/* Those from i on; if there are none of 16 left, those at the end. */
INLINE struct sixteen
take16(const unsigned char *s, size_t i, size_t n)
{
	struct sixteen v;

	if (n - i >= 18)
		return (struct sixteen) { at16(s + i), at16(s + i + 1),
			at16(s + i + 2) };
	v.first = n - i > 16 ? at16(s + i) : end16(s, n);
	v.second = n - i > 16 ? at16(s + i + 1) : moved_on(v.first);
	v.third = moved_on(v.second);
	return v;
}

/* All ones where the masked byte is this. */
INLINE bytes16
where(bytes16 v, unsigned char mask, unsigned char is)
{
	return (bytes16)((v & mask) == is);
}

/*
 * Table 3-7, for the characters that begin in these sixteen bytes: whatever is
 * behind the first two continues one if and only if one asks for it, none has
 * four bytes, and the second is in the half of its range that the first is for.
 */
INLINE bool
is_sound16(struct sixteen v)
{
	bytes16 asked =
	    where(v.first, 0xE0, 0xE0) | where(v.second, 0xC0, 0xC0);
	bytes16 high = where(v.second, 0x20, 0x20);
	bytes16 not_before = 0xE0 ^ (high & (0xE0 ^ 0xED));
	bytes16 unsound = (asked ^ where(v.third, 0xC0, 0x80)) |
	    where(v.first, 0xFE, 0xC0) | where(v.first, 0xF0, 0xF0) |
	    (bytes16)(v.first == not_before);

	return (((halves)unsound)[0] | ((halves)unsound)[1]) == 0;
}

/* The bits of a where the mask has ones, and of b elsewhere. */
INLINE bytes16
choose(bytes16 mask, bytes16 a, bytes16 b)
{
	return b ^ ((a ^ b) & mask);
}

/* Sixteen units of UTF-16, in this order; of bytes that begin a character. */
INLINE void
decode16(unsigned char *units, struct sixteen v, bool big)
{
	bytes16 lead = where(v.first, 0xC0, 0xC0);
	bytes16 three = where(v.first, 0xE0, 0xE0);
	bytes16 last = choose(three, v.third, v.second);
	bytes16 before = choose(three, v.second, v.first);
	/* There are no shifts of bytes: what is moved in is masked out. */
	bytes16 top = (bytes16)((halves)v.first << 4) & 0xF0 & three;
	bytes16 high = (((bytes16)((halves)before >> 2) & 0x0F) | top) & lead;
	bytes16 joined =
	    ((bytes16)((halves)before << 6) & 0xC0) | (last & 0x3F);
	bytes16 low = choose(lead, joined, v.first);
	bytes16 a = big ? high : low, b = big ? low : high;
	bytes16 wide[2] = {
		PICK(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7,
		    23),
		PICK(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30,
		    15, 31),
	};

	memcpy(units, wide, sizeof wide);
}

/* 1 where a character begins, from the byte at `skip` on. */
INLINE bytes16
begins16(bytes16 first, size_t skip)
{
	static const bytes16 place = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		13, 14, 15 };
	bytes16 begins = 1 + where(first, 0xC0, 0x80);

	if (skip > 0)
		begins &= (bytes16)(place >= (unsigned char)skip);
	return begins;
}

/*
 * Write a unit for each character that begins; how many.  For each byte one is
 * written, and over it the next if it was none, so there is no branch; given as
 * much room as there are bytes, that is never too far.
 */
INLINE size_t
put16_at(unsigned char *d, struct sixteen v, size_t skip, bool big)
{
	bytes16 bytes = 2 * begins16(v.first, skip);
	unsigned char units[32], step[16], *at = d;

	decode16(units, v, big);
	memcpy(step, &bytes, sizeof step);
	for (size_t i = 0; i < 16; i += 4) {
		memcpy(at, units + 2 * i, 2);
		at += step[i];
		memcpy(at, units + 2 * i + 2, 2);
		at += step[i + 1];
		memcpy(at, units + 2 * i + 4, 2);
		at += step[i + 2];
		memcpy(at, units + 2 * i + 6, 2);
		at += step[i + 3];
	}
	return (size_t)(at - d) / 2;
}

INLINE size_t
count16(bytes16 first, size_t skip)
{
	bytes16 begins = begins16(first, skip);
	uint64_t sum = ((halves)begins)[0] + ((halves)begins)[1];

	return (size_t)(sum * UINT64_C(0x0101010101010101) >> 56);
}

INLINE bool
is_ascii16(const unsigned char *s)
{
	return ((cask_read64(s) | cask_read64(s + 8)) &
		   UINT64_C(0x8080808080808080)) == 0;
}

INLINE bool
continues(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/*
 * Sound UTF-8 in n bytes, from the one at `from` on, before which all is sound:
 * as far as that goes, or to sixteen bytes of ASCII.  With a NULL d, it only
 * counts, if it is to.  The two bytes behind those dealt with were looked at,
 * too: if they continue a character, it is the last one.
 */
INLINE struct moved
sound8(unsigned char *d, const unsigned char *s, size_t from, size_t n,
    bool big, bool counts)
{
	size_t i = from, units = 0;

	if (n < 8 || continues(s[i]) ||
	    (n - i > 1 && continues(s[i + 1]) != (s[i] >= 0xC0)))
		return (struct moved) { 0, 0 };
	while (i < n) {
		size_t left = n - i, skip = left < 16 ? 16 - left : 0;
		struct sixteen v = take16(s, i, n);

		if (!is_sound16(v) || (left >= 16 && is_ascii16(s + i)))
			break;
		if (d != NULL)
			units += put16_at(d + 2 * units, v, skip, big);
		else if (counts)
			units += count16(v.first, skip);
		i += 16 - skip;
	}
	for (int k = 0; k < 2 && i < n && continues(s[i]); k++)
		i++;
	return (struct moved) { i - from, units };
}

NOINLINE struct moved
sound8_16(
    unsigned char *d, const unsigned char *s, size_t from, size_t n, bool big)
{
	return sound8(d, s, from, n, big, true);
}

NOINLINE size_t
sound8_8(const unsigned char *s, size_t from, size_t n)
{
	return sound8(NULL, s, from, n, false, false).read;
}

#else

INLINE struct moved
sound8_16(
    unsigned char *d, const unsigned char *s, size_t from, size_t n, bool big)
{
	(void)d;
	(void)s;
	(void)from;
	(void)n;
	(void)big;
	return (struct moved) { 0, 0 };
}

INLINE size_t
sound8_8(const unsigned char *s, size_t from, size_t n)
{
	(void)s;
	(void)from;
	(void)n;
	return 0;
}

#endif

#endif
