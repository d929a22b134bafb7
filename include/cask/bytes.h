/*
 * Byte order: the only code that knows one.
 *
 * Values are kept in the host's order in memory and in the archive's order on
 * the wire.  Swapping depends on a run-time argument, so that one exchange
 * function serves both orders; the branch is always predicted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_BYTES_H
#define CASK_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if !defined(__BYTE_ORDER__)
#error "the compiler does not tell the byte order (__BYTE_ORDER__)"
#endif

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define CASK_HOST_BIG true
#else
#define CASK_HOST_BIG false
#endif

/* Reverse the bytes of a value.  Compilers make one instruction of each. */
static inline uint16_t
cask_swap16(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

static inline uint32_t
cask_swap32(uint32_t v)
{
	return v << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | v >> 24;
}

static inline uint64_t
cask_swap64(uint64_t v)
{
	return (uint64_t)cask_swap32((uint32_t)v) << 32 |
	    cask_swap32((uint32_t)(v >> 32));
}

/* From the host's order to big- or little-endian, or back: it is the same. */
static inline uint16_t
cask_order16(uint16_t v, bool big)
{
	return big == CASK_HOST_BIG ? v : cask_swap16(v);
}

static inline uint32_t
cask_order32(uint32_t v, bool big)
{
	return big == CASK_HOST_BIG ? v : cask_swap32(v);
}

static inline uint64_t
cask_order64(uint64_t v, bool big)
{
	return big == CASK_HOST_BIG ? v : cask_swap64(v);
}

/*
 * Integers at any address.
 *
 * memcpy would do, but a compiler must assume that it writes to anything, the
 * archive's own cursor included, and would fetch the cursor anew for every
 * field.  A member of a packed struct is as unaligned and is known to be an
 * integer: half the time of a record.
 */
#if defined(__GNUC__)
#define CASK_PACKED __attribute__((packed))

struct cask_at16 {
	uint16_t v;
} CASK_PACKED;
struct cask_at32 {
	uint32_t v;
} CASK_PACKED;
struct cask_at64 {
	uint64_t v;
} CASK_PACKED;

#define CASK_AT_FUNCTIONS(bits)                                              \
	static inline void cask_write##bits(                                 \
	    unsigned char *p, uint##bits##_t v)                              \
	{                                                                    \
		((struct cask_at##bits *)(void *)p)->v = v;                  \
	}                                                                    \
	static inline uint##bits##_t cask_read##bits(const unsigned char *p) \
	{                                                                    \
		return ((const struct cask_at##bits *)(const void *)p)->v;   \
	}
#else
#define CASK_AT_FUNCTIONS(bits)                                              \
	static inline void cask_write##bits(                                 \
	    unsigned char *p, uint##bits##_t v)                              \
	{                                                                    \
		memcpy(p, &v, sizeof v);                                     \
	}                                                                    \
	static inline uint##bits##_t cask_read##bits(const unsigned char *p) \
	{                                                                    \
		uint##bits##_t v;                                            \
		memcpy(&v, p, sizeof v);                                     \
		return v;                                                    \
	}
#endif

CASK_AT_FUNCTIONS(16)
CASK_AT_FUNCTIONS(32)
CASK_AT_FUNCTIONS(64)
#undef CASK_AT_FUNCTIONS

/* The bits of a floating-point value, and back.  NaNs keep theirs, unless the
 * processor passes a signalling one through an x87 register. */
union cask_f32 {
	float f;
	uint32_t bits;
};
union cask_f64 {
	double f;
	uint64_t bits;
};

#ifdef __cplusplus
}
#endif

#endif
