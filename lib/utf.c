/*
 * UTF-8, UTF-16 and UTF-32.  See <cask/utf.h> and utf.h.
 *
 * Each form is described once as a source (next) and once as a target (length,
 * put); one loop, a macro so that it is compiled for each two of them, joins
 * them, character by character and exactly.  That is what the bytes mean.
 *
 * Most text is sound, and is dealt with before it gets there, by what is quick:
 * see quick.h.  What that finds to be wrong or rare, or close to an end, it
 * leaves to the loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include "utf.h"

#include "quick.h"

#include <cask/bytes.h>

#include <errno.h>

/* How much goes on by itself where nothing could be done quickly. */
#define SLOWLY 16

enum kind { WHOLE, BAD, CUT };

/* One character of a source, or a maximal part of one that is none. */
struct piece {
	uint32_t code;   /* the replacement, unless it is WHOLE */
	unsigned length; /* in code units, never 0 */
	enum kind kind;
};

INLINE struct piece
whole(uint32_t code, unsigned length)
{
	return (struct piece) { code, length, WHOLE };
}

INLINE struct piece
flawed(enum kind kind, unsigned length)
{
	return (struct piece) { CASK_REPLACEMENT, length, kind };
}

INLINE bool
is_surrogate(uint32_t code)
{
	return code >= 0xD800 && code <= 0xDFFF;
}

/* The sources */

/*
 * Table 3-7: only the second byte's range depends on the first.  A byte out of
 * its range ends the maximal part before it, and is looked at again.
 */
INLINE struct piece
next8(const unsigned char *s, size_t n, bool big)
{
	unsigned first = s[0];
	unsigned more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
	unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
	unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
	uint32_t code = first & (0x3Fu >> more);

	(void)big;
	if (first < 0x80)
		return whole(first, 1);
	if (first < 0xC2 || first > 0xF4)
		return flawed(BAD, 1);
	for (unsigned i = 1; i <= more; i++) {
		if (i == n)
			return flawed(CUT, i);
		if (s[i] < low || s[i] > high)
			return flawed(BAD, i);
		code = code << 6 | (s[i] & 0x3Fu);
		low = 0x80;
		high = 0xBF;
	}
	return whole(code, more + 1);
}

INLINE struct piece
next16(const unsigned char *s, size_t n, bool big)
{
	uint32_t first = unit16(s, 0, big), second;

	if (!is_surrogate(first))
		return whole(first, 1);
	if (first >= 0xDC00)
		return flawed(BAD, 1);
	if (n == 1)
		return flawed(CUT, 1);
	second = unit16(s, 1, big);
	if (second < 0xDC00 || second > 0xDFFF)
		return flawed(BAD, 1);
	return whole(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), 2);
}

INLINE struct piece
next32(const unsigned char *s, size_t n, bool big)
{
	uint32_t code = cask_read32(s);

	(void)n;
	(void)big;
	if (code > 0x10FFFF || is_surrogate(code))
		return flawed(BAD, 1);
	return whole(code, 1);
}

/* The targets */

INLINE unsigned
length8(uint32_t code)
{
	return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

INLINE void
put8(unsigned char *d, uint32_t code, unsigned length, bool big)
{
	static const unsigned char lead[] = { 0, 0x00, 0xC0, 0xE0, 0xF0 };

	(void)big;
	for (unsigned i = length - 1; i > 0; i--) {
		d[i] = (unsigned char)(0x80 | (code & 0x3F));
		code >>= 6;
	}
	d[0] = (unsigned char)(lead[length] | code);
}

INLINE unsigned
length16(uint32_t code)
{
	return code < 0x10000 ? 1 : 2;
}

INLINE void
put16(unsigned char *d, uint32_t code, unsigned length, bool big)
{
	if (length == 2) {
		put_unit16(d, 0xD800 + ((code - 0x10000) >> 10), big);
		code = 0xDC00 + (code & 0x3FF);
		d += 2;
	}
	put_unit16(d, code, big);
}

INLINE unsigned
length32(uint32_t code)
{
	(void)code;
	return 1;
}

INLINE void
put32(unsigned char *d, uint32_t code, unsigned length, bool big)
{
	(void)length;
	(void)big;
	cask_write32(d, code);
}

/* The error for a piece that is not to be replaced, or 0. */
INLINE int
flaw(enum kind kind, int flags)
{
	if (kind == WHOLE)
		return 0;
	if (kind == CUT && (flags & CASK_MORE))
		return EINVAL;
	return flags & CASK_REPLACE ? 0 : EILSEQ;
}

/*
 * The loop.  Whether the next piece is well-formed is asked before whether it
 * fits, so that strict text fails with EILSEQ however little room there is.
 * Where nothing could be done quickly, it goes on for a block by itself.
 */
#define CONVERT(from, S, to, T)                                             \
	INLINE int convert##from##_##to(void *dst, size_t room,             \
	    const void *src, size_t n, bool big, int flags,                 \
	    struct cask_progress *done)                                     \
	{                                                                   \
		const unsigned char *s = src;                               \
		unsigned char *d = dst;                                     \
		size_t read = done->read, written = done->written;          \
		size_t replaced = 0, slowly = 0;                            \
		int err = 0;                                                \
                                                                            \
		if (d == NULL)                                              \
			room = SIZE_MAX;                                    \
		while (read < n) {                                          \
			size_t left = n - read, fits = room - written;      \
			const unsigned char *at = s + read * sizeof(S);     \
			unsigned char *to_ =                                \
			    d ? d + written * sizeof(T) : NULL;             \
			struct piece p;                                     \
			unsigned length;                                    \
                                                                            \
			if (read >= slowly) {                               \
				struct moved k = quick##from##_##to(        \
				    to_, fits, at, left, big);              \
				read += k.read;                             \
				written += k.written;                       \
				slowly = read + SLOWLY;                     \
				if (k.read > 0)                             \
					continue;                           \
			}                                                   \
			p = next##from(at, left, big);                      \
			err = flaw(p.kind, flags);                          \
			length = length##to(p.code);                        \
			if (err == 0 && length > fits)                      \
				err = E2BIG;                                \
			if (err != 0)                                       \
				break;                                      \
			if (d != NULL)                                      \
				put##to(to_, p.code, length, big);          \
			read += p.length;                                   \
			written += length;                                  \
			replaced += p.kind != WHOLE;                        \
		}                                                           \
		*done = (struct cask_progress) { read, written, replaced }; \
		return err;                                                 \
	}

CONVERT(8, char, 8, char)
CONVERT(8, char, 16, uint16_t)
CONVERT(8, char, 32, uint32_t)
CONVERT(16, uint16_t, 8, char)
CONVERT(16, uint16_t, 32, uint32_t)
CONVERT(32, uint32_t, 8, char)
CONVERT(32, uint32_t, 16, uint16_t)

/* In either order.  Most text is ASCII to its end, and has no need of more. */
#define WIRE(name, from, S, to, T)                                            \
	NOINLINE int rest##from##_##to(T *dst, size_t room, const S *src,     \
	    size_t n, bool big, int flags, struct cask_progress *done)        \
	{                                                                     \
		return big ? convert##from##_##to(                            \
				 dst, room, src, n, true, flags, done)        \
			   : convert##from##_##to(                            \
				 dst, room, src, n, false, flags, done);      \
	}                                                                     \
                                                                              \
	int name(T *dst, size_t room, const S *src, size_t n, bool big,       \
	    int flags, struct cask_progress *done)                            \
	{                                                                     \
		unsigned char *d = (unsigned char *)dst;                      \
		const unsigned char *s = (const unsigned char *)src;          \
		size_t most = d == NULL || n < room ? n : room;               \
		size_t k = big ? ascii##from##_##to(d, s, most, true)         \
			       : ascii##from##_##to(d, s, most, false);       \
                                                                              \
		*done = (struct cask_progress) { k, k, 0 };                   \
		return k == n                                                 \
		    ? 0                                                       \
		    : rest##from##_##to(dst, room, src, n, big, flags, done); \
	}

WIRE(caski_utf8_to_wire, 8, char, 16, void)
WIRE(caski_wire_to_utf8, 16, void, 8, char)

#define HOST(name, T, to, S, from)                                       \
	int name(T *dst, size_t room, const S *src, size_t n, int flags, \
	    struct cask_progress *done)                                  \
	{                                                                \
		*done = (struct cask_progress) { 0, 0, 0 };              \
		return convert##from##_##to(                             \
		    dst, room, src, n, CASK_HOST_BIG, flags, done);      \
	}

HOST(cask_utf8_to_utf8, char, 8, char, 8)
HOST(cask_utf8_to_utf32, uint32_t, 32, char, 8)
HOST(cask_utf16_to_utf32, uint32_t, 32, uint16_t, 16)
HOST(cask_utf32_to_utf8, char, 8, uint32_t, 32)
HOST(cask_utf32_to_utf16, uint16_t, 16, uint32_t, 32)

int
cask_utf8_to_utf16(uint16_t *dst, size_t room, const char *src, size_t n,
    int flags, struct cask_progress *done)
{
	return caski_utf8_to_wire(
	    dst, room, src, n, CASK_HOST_BIG, flags, done);
}

int
cask_utf16_to_utf8(char *dst, size_t room, const uint16_t *src, size_t n,
    int flags, struct cask_progress *done)
{
	return caski_wire_to_utf8(
	    dst, room, src, n, CASK_HOST_BIG, flags, done);
}

size_t
cask_ascii_length(const char *s, size_t n)
{
	size_t i = 0;

	while (n - i >= 8 &&
	    (cask_read64((const unsigned char *)s + i) & ~LOW8) == 0)
		i += 8;
	while (i < n && (unsigned char)s[i] < 0x80)
		i++;
	return i;
}

size_t
caski_copy_ascii(void *dst, const void *src, size_t n)
{
	return ascii8_8(
	    (unsigned char *)dst, (const unsigned char *)src, n, CASK_HOST_BIG);
}
