/*
 * Values: numbers, raw bytes, counts, and arrays of numbers.
 *
 * The name of a function is the type on the wire; the compiler checks that the
 * variable fits it.  For each type there are
 *
 *     cask_u32(ar, &x)       exchange: store x or load it, as the archive does
 *     cask_put_u32(ar, x)    store      (MFC: <<)
 *     x = cask_get_u32(ar)   load       (MFC: >>)
 *
 * The exchange form knows the variable's name, and so does its error.  None of
 * them returns an error: the first one sticks in ar->err, after it nothing is
 * stored, and everything loaded is zero.  They block as the transport does.
 * Errors: the transport's; CASK_ECUT; CASK_ELIMIT (the message's bytes);
 * CASK_EDIRECTION; EINVAL (no transport).
 *
 * char16 is a code unit of UTF-16.  On the wire a value has its size, no
 * padding and no tag, in the archive's byte order; signed ones are two's
 * complement, floats IEEE 754 by their bits.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_VALUE_H
#define CASK_VALUE_H

#include <cask/ar.h>

#ifdef __cplusplus
extern "C" {
#endif

#define cask_u8(ar, p)     cask_u8_named((ar), (p), #p)   /* BYTE */
#define cask_u16(ar, p)    cask_u16_named((ar), (p), #p)  /* WORD */
#define cask_u32(ar, p)    cask_u32_named((ar), (p), #p)  /* DWORD, UINT */
#define cask_u64(ar, p)    cask_u64_named((ar), (p), #p)  /* ULONGLONG */
#define cask_i8(ar, p)     cask_i8_named((ar), (p), #p)   /* char */
#define cask_i16(ar, p)    cask_i16_named((ar), (p), #p)  /* short */
#define cask_i32(ar, p)    cask_i32_named((ar), (p), #p)  /* LONG, int, BOOL */
#define cask_i64(ar, p)    cask_i64_named((ar), (p), #p)  /* LONGLONG */
#define cask_f32(ar, p)    cask_f32_named((ar), (p), #p)  /* float */
#define cask_f64(ar, p)    cask_f64_named((ar), (p), #p)  /* double */
#define cask_bool(ar, p)   cask_bool_named((ar), (p), #p) /* bool: 01 or 00 */
#define cask_char16(ar, p) cask_char16_named((ar), (p), #p) /* wchar_t */

/*
 * Raw bytes, exactly n, never converted.  Large blocks pass the buffer by.
 * After an error all n are zero.  MFC: Read with EnsureRead, Write.
 */
#define cask_bytes(ar, p, n) cask_bytes_named((ar), (p), (n), #p)
void cask_put_bytes(struct cask_ar *ar, const void *p, size_t n);
void cask_get_bytes(struct cask_ar *ar, void *p, size_t n);

/*
 * Load raw bytes, as many as there are, but no more than size; wait for the
 * first alone.  Gives how many; 0 at the end of the stream, or of the message
 * in hand (message.h), which is no error, and after one.  So the rest of a
 * stream is copied, whatever its length:
 *
 *     while (cask_more(ar) && (n = cask_get_some(ar, block, sizeof block)) > 0)
 *             fwrite(block, 1, n, file);
 *
 * Without cask_more all of it is one message, to whose bytes there is a limit.
 * MFC: Read, which is short at the end.
 */
size_t cask_get_some(struct cask_ar *ar, void *p, size_t size);

/*
 * Arrays of n numbers, without a count: as fast as memory in the host's byte
 * order, and nearly so in the other.  After an error all n are zero.
 */
#define cask_u16_array(ar, p, n) cask_u16s_named((ar), (p), (n), #p)
#define cask_u32_array(ar, p, n) cask_u32s_named((ar), (p), (n), #p)
#define cask_u64_array(ar, p, n) cask_u64s_named((ar), (p), (n), #p)
#define cask_i16_array(ar, p, n) cask_i16s_named((ar), (p), (n), #p)
#define cask_i32_array(ar, p, n) cask_i32s_named((ar), (p), (n), #p)
#define cask_i64_array(ar, p, n) cask_i64s_named((ar), (p), (n), #p)
#define cask_f32_array(ar, p, n) cask_f32s_named((ar), (p), (n), #p)
#define cask_f64_array(ar, p, n) cask_f64s_named((ar), (p), (n), #p)

/*
 * A count (uint32_t or, with 64, uint64_t) of things that follow, at most max:
 * two bytes, or FFFF and four, or FFFF FFFFFFFF and eight; with ar->count32,
 * never more than FFFF and four.  A larger count, stored or loaded, is
 * CASK_ELIMIT, and so is one above ar->limit.count.  After any error a loaded
 * count is 0, and one that was to be stored but is above max becomes 0: the
 * loop that follows does nothing.  MFC: ReadCount, WriteCount.
 */
#define cask_count(ar, p, max)   cask_count_named((ar), (p), (max), #p)
#define cask_count64(ar, p, max) cask_count64_named((ar), (p), (max), #p)
void cask_put_count(struct cask_ar *ar, uint64_t n);
uint64_t cask_get_count(struct cask_ar *ar, uint64_t max);

/* ------------------------------------------------------------------------ */
/* How the above is done.  Nothing to call from here on, but worth reading.  */

void cask_bytes_named(struct cask_ar *ar, void *p, size_t n, const char *name);
void cask_count_named(
    struct cask_ar *ar, uint32_t *n, uint32_t max, const char *name);
void cask_count64_named(
    struct cask_ar *ar, uint64_t *n, uint64_t max, const char *name);

/* The buffer's edge, an error, the wrong direction: all that isn't fast. */
void cask_slow_put(
    struct cask_ar *ar, enum cask_type type, const void *v, const char *name);
void cask_slow_get(
    struct cask_ar *ar, enum cask_type type, void *v, const char *name);
void cask_slow_value(
    struct cask_ar *ar, enum cask_type type, void *v, const char *name);
void cask_slow_array(struct cask_ar *ar, enum cask_type type, void *v, size_t n,
    const char *name);

/*
 * The fast path: the value fits into what is left of the buffer.
 *
 * After an error, or when something wants to see every value, the archive
 * shows an empty buffer (cur == end), and all goes the slow way.  The one-way
 * forms have ends of their own, which tell the wrong direction at no cost.
 */
/*
 * One type: T as it is in memory, in so many bits on the wire.
 *
 * The cursor is read before and set after the value has moved, from a variable
 * of its own: a byte that is written might, for all the compiler knows, be part
 * of the archive, and it would fetch the cursor again to go on.
 */
#define CASK_VALUE(name, NAME, T, bits, TO_BITS, FROM_BITS)                   \
	CASK_INLINE void cask_move_##name(                                    \
	    unsigned char *at, T *v, bool loading, bool big)                  \
	{                                                                     \
		if (loading)                                                  \
			*v = FROM_BITS(CASK_READ_##bits(at, big));            \
		else                                                          \
			CASK_WRITE_##bits(at, TO_BITS(*v), big);              \
	}                                                                     \
	static inline void cask_##name##_named(                               \
	    struct cask_ar *ar, T *v, const char *field)                      \
	{                                                                     \
		unsigned char *at = ar->cur;                                  \
		if (CASK_LIKELY(cask_fits(at, bits / 8, ar->end))) {          \
			cask_move_##name(at, v, ar->loading, ar->big_endian); \
			ar->cur = at + bits / 8;                              \
		} else {                                                      \
			cask_slow_value(ar, CASK_TYPE_##NAME, v, field);      \
		}                                                             \
	}                                                                     \
	static inline void cask_put_##name(struct cask_ar *ar, T v)           \
	{                                                                     \
		unsigned char *at = ar->cur;                                  \
		if (CASK_LIKELY(cask_fits(at, bits / 8, ar->put_end))) {      \
			cask_move_##name(at, &v, false, ar->big_endian);      \
			ar->cur = at + bits / 8;                              \
		} else {                                                      \
			T slow = v;                                           \
			cask_slow_put(ar, CASK_TYPE_##NAME, &slow, "");       \
		}                                                             \
	}                                                                     \
	static inline T cask_get_##name(struct cask_ar *ar)                   \
	{                                                                     \
		T v = 0, slow;                                                \
		unsigned char *at = ar->cur;                                  \
		if (CASK_LIKELY(cask_fits(at, bits / 8, ar->get_end))) {      \
			cask_move_##name(at, &v, true, ar->big_endian);       \
			ar->cur = at + bits / 8;                              \
			return v;                                             \
		}                                                             \
		cask_slow_get(ar, CASK_TYPE_##NAME, &slow, "");               \
		return slow;                                                  \
	}

#define CASK_WRITE_8(at, v, big)  ((void)(big), *(at) = (v))
#define CASK_WRITE_16(at, v, big) cask_write16((at), cask_order16((v), (big)))
#define CASK_WRITE_32(at, v, big) cask_write32((at), cask_order32((v), (big)))
#define CASK_WRITE_64(at, v, big) cask_write64((at), cask_order64((v), (big)))
#define CASK_READ_8(at, big)      ((void)(big), *(at))
#define CASK_READ_16(at, big)     cask_order16(cask_read16(at), (big))
#define CASK_READ_32(at, big)     cask_order32(cask_read32(at), (big))
#define CASK_READ_64(at, big)     cask_order64(cask_read64(at), (big))

#define CASK_AS_U8(v)   ((uint8_t)(v))
#define CASK_AS_I8(v)   ((int8_t)(v))
#define CASK_AS_BOOL(v) ((v) != 0)
#define CASK_AS_U16(v)  ((uint16_t)(v))
#define CASK_AS_I16(v)  ((int16_t)(v))
#define CASK_AS_U32(v)  ((uint32_t)(v))
#define CASK_AS_I32(v)  ((int32_t)(v))
#define CASK_AS_U64(v)  ((uint64_t)(v))
#define CASK_AS_I64(v)  ((int64_t)(v))

static inline uint32_t
cask_bits_of_f32(float v)
{
	union cask_f32 u;

	u.f = v;
	return u.bits;
}

static inline float
cask_f32_of_bits(uint32_t bits)
{
	union cask_f32 u;

	u.bits = bits;
	return u.f;
}

static inline uint64_t
cask_bits_of_f64(double v)
{
	union cask_f64 u;

	u.f = v;
	return u.bits;
}

static inline double
cask_f64_of_bits(uint64_t bits)
{
	union cask_f64 u;

	u.bits = bits;
	return u.f;
}

CASK_VALUE(u8, U8, uint8_t, 8, CASK_AS_U8, CASK_AS_U8)
CASK_VALUE(i8, I8, int8_t, 8, CASK_AS_U8, CASK_AS_I8)
CASK_VALUE(bool, BOOL, bool, 8, CASK_AS_U8, CASK_AS_BOOL)
CASK_VALUE(u16, U16, uint16_t, 16, CASK_AS_U16, CASK_AS_U16)
CASK_VALUE(i16, I16, int16_t, 16, CASK_AS_U16, CASK_AS_I16)
CASK_VALUE(char16, CHAR16, uint16_t, 16, CASK_AS_U16, CASK_AS_U16)
CASK_VALUE(u32, U32, uint32_t, 32, CASK_AS_U32, CASK_AS_U32)
CASK_VALUE(i32, I32, int32_t, 32, CASK_AS_U32, CASK_AS_I32)
CASK_VALUE(u64, U64, uint64_t, 64, CASK_AS_U64, CASK_AS_U64)
CASK_VALUE(i64, I64, int64_t, 64, CASK_AS_U64, CASK_AS_I64)
CASK_VALUE(f32, F32, float, 32, cask_bits_of_f32, cask_f32_of_bits)
CASK_VALUE(f64, F64, double, 64, cask_bits_of_f64, cask_f64_of_bits)

/* Few numbers (n - 1: but some): one check, and then, in the host's order, one
 * copy. */
#define CASK_FEW 32

#define CASK_ARRAY(name, NAME, T, bits, TO_BITS, FROM_BITS)                 \
	CASK_INLINE void cask_few_##name(                                   \
	    unsigned char *at, T *v, size_t n, bool loading, bool big)      \
	{                                                                   \
		size_t i;                                                   \
		if (big == CASK_HOST_BIG && loading)                        \
			memcpy(v, at, n * sizeof *v);                       \
		else if (big == CASK_HOST_BIG)                              \
			memcpy(at, v, n * sizeof *v);                       \
		else if (loading)                                           \
			for (i = 0; i < n; i++, at += sizeof *v)            \
				v[i] = FROM_BITS(                           \
				    cask_swap##bits(cask_read##bits(at)));  \
		else                                                        \
			for (i = 0; i < n; i++, at += sizeof *v)            \
				cask_write##bits(                           \
				    at, cask_swap##bits(TO_BITS(v[i])));    \
	}                                                                   \
	static inline void cask_##name##s_named(                            \
	    struct cask_ar *ar, T *v, size_t n, const char *field)          \
	{                                                                   \
		unsigned char *at = ar->cur;                                \
		if (n - 1 < CASK_FEW &&                                     \
		    cask_fits(at, n * sizeof *v, ar->end)) {                \
			cask_few_##name(                                    \
			    at, v, n, ar->loading, ar->big_endian);         \
			ar->cur = at + n * sizeof *v;                       \
		} else {                                                    \
			cask_slow_array(ar, CASK_TYPE_##NAME, v, n, field); \
		}                                                           \
	}

CASK_ARRAY(u16, U16, uint16_t, 16, CASK_AS_U16, CASK_AS_U16)
CASK_ARRAY(u32, U32, uint32_t, 32, CASK_AS_U32, CASK_AS_U32)
CASK_ARRAY(u64, U64, uint64_t, 64, CASK_AS_U64, CASK_AS_U64)
CASK_ARRAY(i16, I16, int16_t, 16, CASK_AS_U16, CASK_AS_I16)
CASK_ARRAY(i32, I32, int32_t, 32, CASK_AS_U32, CASK_AS_I32)
CASK_ARRAY(i64, I64, int64_t, 64, CASK_AS_U64, CASK_AS_I64)
CASK_ARRAY(f32, F32, float, 32, cask_bits_of_f32, cask_f32_of_bits)
CASK_ARRAY(f64, F64, double, 64, cask_bits_of_f64, cask_f64_of_bits)

#undef CASK_VALUE
#undef CASK_ARRAY

#ifdef __cplusplus
}
#endif

#endif
