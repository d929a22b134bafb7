/*
 * UTF-8, UTF-16 and UTF-32.  See <cask/utf.h>.
 *
 * Each form is described once as a source (ascii, next) and once as a target
 * (length, put); one loop, a macro so that it is compiled for each two of them,
 * joins them.  Runs of ASCII, which is what most text is, go past it eight
 * bytes at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/utf.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum kind { WHOLE, BAD, CUT };

/* One character of a source, or a maximal part of one that is none. */
struct piece {
	uint32_t code;   /* the replacement, unless it is WHOLE */
	unsigned length; /* in code units, never 0 */
	enum kind kind;
};

static inline struct piece
whole(uint32_t code, unsigned length)
{
	return (struct piece) { code, length, WHOLE };
}

static inline struct piece
flawed(enum kind kind, unsigned length)
{
	return (struct piece) { CASK_REPLACEMENT, length, kind };
}

static inline bool
is_surrogate(uint32_t code)
{
	return code >= 0xD800 && code <= 0xDFFF;
}

/*
 * The length of a run of ASCII, in units of one type.  The mask has the bits
 * that no ASCII unit has, in as many units as 64 bits hold; the order of the
 * bytes does not matter to it.
 */
#define ASCII(name, type, mask)                            \
	static size_t name(const void *from, size_t n)     \
	{                                                  \
		const type *s = from;                      \
		size_t i = 0;                              \
		uint64_t word;                             \
                                                           \
		for (; n - i >= sizeof word / sizeof *s;   \
		     i += sizeof word / sizeof *s) {       \
			memcpy(&word, s + i, sizeof word); \
			if (word & (mask))                 \
				break;                     \
		}                                          \
		while (i < n && s[i] < 0x80)               \
			i++;                               \
		return i;                                  \
	}

ASCII(ascii8, unsigned char, UINT64_C(0x8080808080808080))
ASCII(ascii16, uint16_t, UINT64_C(0xFF80FF80FF80FF80))
ASCII(ascii32, uint32_t, UINT64_C(0xFFFFFF80FFFFFF80))

/* Copy ASCII; the fixed inner loop is one that compilers unroll. */
#define COPY(name, target_type, source_type)                   \
	static void name(void *to, const void *from, size_t n) \
	{                                                      \
		const source_type *s = from;                   \
		target_type *d = to;                           \
                                                               \
		for (; n >= 8; n -= 8, s += 8, d += 8)         \
			for (int i = 0; i < 8; i++)            \
				d[i] = (target_type)s[i];      \
		while (n-- > 0)                                \
			*d++ = (target_type)*s++;              \
	}

COPY(copy8_16, uint16_t, unsigned char)
COPY(copy8_32, uint32_t, unsigned char)
COPY(copy16_8, unsigned char, uint16_t)
COPY(copy16_32, uint32_t, uint16_t)
COPY(copy32_8, unsigned char, uint32_t)
COPY(copy32_16, uint16_t, uint32_t)

static void
copy8_8(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
}

/*
 * Table 3-7: only the second byte's range depends on the first.  A byte out of
 * its range ends the maximal part before it, and is looked at again.
 */
static inline struct piece
next8(const char *from, size_t n)
{
	const unsigned char *s = (const unsigned char *)from;
	unsigned first = s[0];
	unsigned more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
	unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
	unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
	uint32_t code = first & (0x3Fu >> more);

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

static inline struct piece
next16(const uint16_t *s, size_t n)
{
	uint32_t first = s[0];

	if (!is_surrogate(first))
		return whole(first, 1);
	if (first >= 0xDC00)
		return flawed(BAD, 1);
	if (n == 1)
		return flawed(CUT, 1);
	if (s[1] < 0xDC00 || s[1] > 0xDFFF)
		return flawed(BAD, 1);
	return whole(0x10000 + ((first - 0xD800) << 10) + (s[1] - 0xDC00u), 2);
}

static inline struct piece
next32(const uint32_t *s, size_t n)
{
	(void)n;
	if (s[0] > 0x10FFFF || is_surrogate(s[0]))
		return flawed(BAD, 1);
	return whole(s[0], 1);
}

static inline unsigned
length8(uint32_t code)
{
	return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static inline void
put8(char *d, uint32_t code, unsigned length)
{
	static const unsigned char lead[] = { 0, 0x00, 0xC0, 0xE0, 0xF0 };

	for (unsigned i = length - 1; i > 0; i--) {
		d[i] = (char)(0x80 | (code & 0x3F));
		code >>= 6;
	}
	d[0] = (char)(lead[length] | code);
}

static inline unsigned
length16(uint32_t code)
{
	return code < 0x10000 ? 1 : 2;
}

static inline void
put16(uint16_t *d, uint32_t code, unsigned length)
{
	if (length == 2) {
		*d++ = (uint16_t)(0xD800 + ((code - 0x10000) >> 10));
		code = 0xDC00 + (code & 0x3FF);
	}
	*d = (uint16_t)code;
}

static inline unsigned
length32(uint32_t code)
{
	(void)code;
	return 1;
}

static inline void
put32(uint32_t *d, uint32_t code, unsigned length)
{
	(void)length;
	*d = code;
}

/* The error for a piece that is not to be replaced, or 0. */
static inline int
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
 */
#define CONVERT(name, T, to, S, from)                                         \
	int name(T *dst, size_t room, const S *src, size_t n, int flags,      \
	    struct cask_progress *done)                                       \
	{                                                                     \
		size_t read = 0, written = 0, replaced = 0, length;           \
		int err = 0;                                                  \
                                                                              \
		if (dst == NULL)                                              \
			room = SIZE_MAX;                                      \
		while (read < n) {                                            \
			size_t left = n - read, fits = room - written;        \
			struct piece p = next##from(src + read, left);        \
                                                                              \
			if (p.code < 0x80 && fits > 0) {                      \
				length = ascii##from(                         \
				    src + read, left < fits ? left : fits);   \
				if (dst != NULL)                              \
					copy##from##_##to(dst + written,      \
					    src + read, length);              \
				read += length;                               \
				written += length;                            \
				continue;                                     \
			}                                                     \
			err = flaw(p.kind, flags);                            \
			length = length##to(p.code);                          \
			if (err == 0 && length > fits)                        \
				err = E2BIG;                                  \
			if (err != 0)                                         \
				break;                                        \
			if (dst != NULL)                                      \
				put##to(                                      \
				    dst + written, p.code, (unsigned)length); \
			read += p.length;                                     \
			written += length;                                    \
			replaced += p.kind != WHOLE;                          \
		}                                                             \
		*done = (struct cask_progress) { read, written, replaced };   \
		return err;                                                   \
	}

CONVERT(cask_utf8_to_utf16, uint16_t, 16, char, 8)
CONVERT(cask_utf8_to_utf32, uint32_t, 32, char, 8)
CONVERT(cask_utf16_to_utf8, char, 8, uint16_t, 16)
CONVERT(cask_utf16_to_utf32, uint32_t, 32, uint16_t, 16)
CONVERT(cask_utf32_to_utf8, char, 8, uint32_t, 32)
CONVERT(cask_utf32_to_utf16, uint16_t, 16, uint32_t, 32)
CONVERT(cask_utf8_to_utf8, char, 8, char, 8)

size_t
cask_ascii_length(const char *s, size_t n)
{
	return ascii8(s, n);
}
