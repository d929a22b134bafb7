/*
 * Byte order of many numbers at once, as fast as the processor can.
 *
 * Plain loops that the compiler makes vector code of; on x86 they are compiled
 * for several generations of processors, and the best one here is called.
 * memcpy, because these are the program's own numbers, of whatever type.  This
 * file wants -O3 with gcc, which leaves such loops alone at -O2.
 *
 * SPDX-License-Identifier: MIT
 */
#include "swap.h"

#include <cask/bytes.h>

#include <string.h>

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif

INLINE void
swap2(unsigned char *dst, const unsigned char *src, size_t n)
{
	uint16_t v;

	for (size_t i = 0; i < n; i++) {
		memcpy(&v, src + 2 * i, 2);
		v = cask_swap16(v);
		memcpy(dst + 2 * i, &v, 2);
	}
}

INLINE void
swap4(unsigned char *dst, const unsigned char *src, size_t n)
{
	uint32_t v;

	for (size_t i = 0; i < n; i++) {
		memcpy(&v, src + 4 * i, 4);
		v = cask_swap32(v);
		memcpy(dst + 4 * i, &v, 4);
	}
}

INLINE void
swap8(unsigned char *dst, const unsigned char *src, size_t n)
{
	uint64_t v;

	for (size_t i = 0; i < n; i++) {
		memcpy(&v, src + 8 * i, 8);
		v = cask_swap64(v);
		memcpy(dst + 8 * i, &v, 8);
	}
}

INLINE void
swap(unsigned char *dst, const unsigned char *src, size_t n, size_t width)
{
	if (width == 2)
		swap2(dst, src, n);
	else if (width == 4)
		swap4(dst, src, n);
	else if (width == 8)
		swap8(dst, src, n);
	else
		memmove(dst, src, n);
}

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
__attribute__((target("avx2"))) static void
swap_avx2(unsigned char *dst, const unsigned char *src, size_t n, size_t width)
{
	swap(dst, src, n, width);
}

__attribute__((target("ssse3"))) static void
swap_ssse3(unsigned char *dst, const unsigned char *src, size_t n, size_t width)
{
	swap(dst, src, n, width);
}

void
caski_swap(void *dst, const void *src, size_t n, size_t width)
{
	if (__builtin_cpu_supports("avx2"))
		swap_avx2(dst, src, n, width);
	else if (__builtin_cpu_supports("ssse3"))
		swap_ssse3(dst, src, n, width);
	else
		swap(dst, src, n, width);
}
#else
void
caski_swap(void *dst, const void *src, size_t n, size_t width)
{
	swap(dst, src, n, width);
}
#endif
