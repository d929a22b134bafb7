/*
 * The record of the benchmarks, from a list, and its exchange function as one
 * would write it: 52 bytes of numbers and a text of 20 characters, which is 73
 * on the wire.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <cask.h>

#define RECORD(F)           \
	F(u8, kind)         \
	F(u16, port)        \
	F(u32, id)          \
	F(i64, timestamp)   \
	F(f32, a)           \
	F(fixed, f64, b, 4) \
	F(bool, flag)       \
	F(text, name, 24)
CASK_LIST_STRUCT(record, RECORD)
CASK_LIST_EXCHANGE(record, RECORD)

static inline void
by_hand_x(struct cask_ar *ar, struct record *r)
{
	cask_u8(ar, &r->kind);
	cask_u16(ar, &r->port);
	cask_u32(ar, &r->id);
	cask_i64(ar, &r->timestamp);
	cask_f32(ar, &r->a);
	cask_f64_array(ar, r->b, 4);
	cask_bool(ar, &r->flag);
	cask_text(ar, r->name, sizeof r->name);
}

#endif
