/*
 * Arrays and structs in memory that loading allocates: see also cask_text_dup.
 *
 * Memory grows with what has come, never with the count that was announced.
 * The program frees it with free(3), or all of it with cask_release (ar.h),
 * which also does it right after a load that failed half-way: so let the struct
 * be all zero before it is loaded.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_DUP_H
#define CASK_DUP_H

#include <cask/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Exchange a count, of at most max, and so many numbers or bytes:
 * cask_f64_array_dup(ar, &q->price, &q->count, 1000), with a double *price and
 * a uint32_t count.  On the wire it is cask_count and cask_f64_array.
 *
 * After an error the pointer is NULL and the count 0.  Errors: those of the
 * two, and ENOMEM.
 */
#define cask_bytes_dup(ar, p, n, max) \
	cask_u8s_dup_named((ar), (p), (n), (max), #p)
#define cask_u16_array_dup(ar, p, n, max) \
	cask_u16s_dup_named((ar), (p), (n), (max), #p)
#define cask_u32_array_dup(ar, p, n, max) \
	cask_u32s_dup_named((ar), (p), (n), (max), #p)
#define cask_u64_array_dup(ar, p, n, max) \
	cask_u64s_dup_named((ar), (p), (n), (max), #p)
#define cask_i16_array_dup(ar, p, n, max) \
	cask_i16s_dup_named((ar), (p), (n), (max), #p)
#define cask_i32_array_dup(ar, p, n, max) \
	cask_i32s_dup_named((ar), (p), (n), (max), #p)
#define cask_i64_array_dup(ar, p, n, max) \
	cask_i64s_dup_named((ar), (p), (n), (max), #p)
#define cask_f32_array_dup(ar, p, n, max) \
	cask_f32s_dup_named((ar), (p), (n), (max), #p)
#define cask_f64_array_dup(ar, p, n, max) \
	cask_f64s_dup_named((ar), (p), (n), (max), #p)

/*
 * The same of structs: cask_structs_dup(ar, &o->lines, &o->count, 100, line_x),
 * with a struct line *lines.  Each is all zero before it is loaded.
 *
 * After an error the count is how many there are nevertheless, the last of them
 * in part: what they hold is freed by cask_release.
 */
#define cask_structs_dup(ar, p, n, max, exchange)                           \
	do {                                                                \
		struct cask_frame cask_frame_;                              \
		size_t cask_room_ = 0, cask_i_ = 0;                         \
		cask_dup_count((ar), (n), (max), #p);                       \
		if (cask_enter_array((ar), &cask_frame_, #p))               \
			for (; cask_i_ < *(n) &&                            \
			     cask_element((ar), &cask_frame_, cask_i_) &&   \
			     cask_dup_room((ar), (p), &cask_room_, cask_i_, \
				 *(n), sizeof **(p));                       \
			     cask_i_++)                                     \
				exchange((ar), &(*(p))[cask_i_]);           \
		cask_leave((ar), &cask_frame_);                             \
		cask_dup_end((ar), (p), (n), cask_room_, cask_i_);          \
	} while (0)

/*
 * Exchange a struct that may be missing, behind a pointer that is NULL then:
 * cask_struct_dup(ar, &q->note, note_x), with a struct note *note.  On the wire
 * it is a bool, and the struct if that is true.  It may hold others of its own
 * kind, within the limit to depth.  After an error the pointer may point to a
 * struct that was loaded in part.
 */
#define cask_struct_dup(ar, p, exchange)                         \
	do {                                                     \
		struct cask_frame cask_frame_;                   \
		if (cask_dup_one((ar), (p), sizeof **(p), #p)) { \
			if (cask_enter((ar), &cask_frame_, #p))  \
				exchange((ar), *(p));            \
			cask_leave((ar), &cask_frame_);          \
			cask_dup_one_end((ar), (p));             \
		}                                                \
	} while (0)

/* ------------------------------------------------------------------------ */
/* How the above is done.  p is the address of a pointer to some object.     */

void cask_dup_count(
    struct cask_ar *ar, uint32_t *n, uint32_t max, const char *name);
void cask_dup_numbers(struct cask_ar *ar, enum cask_type type, void *p,
    uint32_t *n, uint32_t max, const char *name);
bool cask_dup_room(
    struct cask_ar *ar, void *p, size_t *room, size_t i, size_t n, size_t size);
void cask_dup_end(
    struct cask_ar *ar, void *p, uint32_t *n, size_t room, size_t i);
bool cask_dup_one(struct cask_ar *ar, void *p, size_t size, const char *name);
void cask_dup_one_end(struct cask_ar *ar, void *p);

#define CASK_DUP(name, NAME, T)                                                \
	static inline void cask_##name##s_dup_named(struct cask_ar *ar, T **p, \
	    uint32_t *n, uint32_t max, const char *field)                      \
	{                                                                      \
		cask_dup_numbers(ar, CASK_TYPE_##NAME, p, n, max, field);      \
	}

CASK_DUP(u8, U8, unsigned char)
CASK_DUP(u16, U16, uint16_t)
CASK_DUP(u32, U32, uint32_t)
CASK_DUP(u64, U64, uint64_t)
CASK_DUP(i16, I16, int16_t)
CASK_DUP(i32, I32, int32_t)
CASK_DUP(i64, I64, int64_t)
CASK_DUP(f32, F32, float)
CASK_DUP(f64, F64, double)

#undef CASK_DUP

#ifdef __cplusplus
}
#endif

#endif
