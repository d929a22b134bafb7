/*
 * Values, arrays and counts: the bytes of each, the words of each error, and
 * what is left in variables after one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "golden.h"
#include "own_io.h"
#include "test.h"

#include <cask.h>

#include <errno.h>
#include <float.h>

static void
assert_failed(const struct cask_ar *ar, int err, const char *why)
{
	assert_string_equal(cask_why(ar), why);
	assert_int_equal(ar->err, err);
}

/* Load from a block of bytes. */
static void
load(struct cask_ar *ar, struct cask_mem *m, const void *bytes, size_t n)
{
	memset(ar, 0, sizeof *ar);
	cask_load(ar, cask_mem_read(m, bytes, n));
}

/* The bytes of numbers */

static void
put_number(struct cask_ar *ar, enum golden_kind kind, struct golden_value *v)
{
	switch (kind) {
	case GOLDEN_U8:
		cask_put_u8(ar, v->is.u8);
		break;
	case GOLDEN_I8:
		cask_put_i8(ar, v->is.i8);
		break;
	case GOLDEN_BOOL:
		cask_put_bool(ar, v->is.boolean);
		break;
	case GOLDEN_U16:
		cask_put_u16(ar, v->is.u16);
		break;
	case GOLDEN_I16:
		cask_put_i16(ar, v->is.i16);
		break;
	case GOLDEN_CHAR16:
		cask_put_char16(ar, v->is.u16);
		break;
	case GOLDEN_U32:
		cask_put_u32(ar, v->is.u32);
		break;
	case GOLDEN_I32:
		cask_put_i32(ar, v->is.i32);
		break;
	case GOLDEN_F32:
		cask_put_f32(ar, v->is.f32);
		break;
	case GOLDEN_U64:
		cask_put_u64(ar, v->is.u64);
		break;
	case GOLDEN_I64:
		cask_put_i64(ar, v->is.i64);
		break;
	case GOLDEN_F64:
		cask_put_f64(ar, v->is.f64);
		break;
	case GOLDEN_COUNT:
		cask_put_count(ar, v->is.u64);
		break;
	default:
		golden_exchange(ar, kind, v);
	}
}

static void
get_number(struct cask_ar *ar, enum golden_kind kind, struct golden_value *v)
{
	switch (kind) {
	case GOLDEN_U8:
		v->is.u8 = cask_get_u8(ar);
		break;
	case GOLDEN_I8:
		v->is.i8 = cask_get_i8(ar);
		break;
	case GOLDEN_BOOL:
		v->is.boolean = cask_get_bool(ar);
		break;
	case GOLDEN_U16:
		v->is.u16 = cask_get_u16(ar);
		break;
	case GOLDEN_I16:
		v->is.i16 = cask_get_i16(ar);
		break;
	case GOLDEN_CHAR16:
		v->is.u16 = cask_get_char16(ar);
		break;
	case GOLDEN_U32:
		v->is.u32 = cask_get_u32(ar);
		break;
	case GOLDEN_I32:
		v->is.i32 = cask_get_i32(ar);
		break;
	case GOLDEN_F32:
		v->is.f32 = cask_get_f32(ar);
		break;
	case GOLDEN_U64:
		v->is.u64 = cask_get_u64(ar);
		break;
	case GOLDEN_I64:
		v->is.i64 = cask_get_i64(ar);
		break;
	case GOLDEN_F64:
		v->is.f64 = cask_get_f64(ar);
		break;
	case GOLDEN_COUNT:
		v->is.u64 = cask_get_count(ar, UINT64_MAX);
		break;
	default:
		golden_exchange(ar, kind, v);
	}
}

typedef void walk(struct cask_ar *, enum golden_kind, struct golden_value *);

static void
check_number(const struct golden *g, bool big, walk *store, walk *load_it)
{
	struct golden_value v;
	struct cask_ar ar = { 0 };
	struct cask_mem m;
	unsigned char got[64];
	size_t n;
	unsigned char *bytes = golden_bytes(g, big, &n);

	golden_set(&ar, g, big);
	golden_make(g, &v);
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	store(&ar, g->kind, &v);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, n);
	assert_memory_equal(got, bytes, n);
	golden_assert_value(g, &v);
	assert_int_equal(cask_at(&ar), n);
	cask_measure(&ar);
	store(&ar, g->kind, &v);
	assert_int_equal(ar.err, 0);
	assert_int_equal(cask_at(&ar), n);

	golden_place(g, &v);
	cask_load(&ar, cask_mem_read(&m, bytes, n));
	load_it(&ar, g->kind, &v);
	assert_int_equal(ar.err, 0);
	golden_assert_value(g, &v);
	assert_int_equal(cask_at(&ar), n);
	assert_false(cask_more(&ar));
	free(bytes);
}

static void
each_number_and_count_has_its_bytes_in_both_orders(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++) {
		if (golden_is_text(&goldens[i]))
			continue;
		for (int o = 0; o < 2; o++) {
			check_number(
			    &goldens[i], o, golden_exchange, golden_exchange);
			check_number(&goldens[i], o, put_number, get_number);
		}
	}
}

/* A buffer that is full, or empty, at each value: never the fast path. */
static void
the_slow_path_has_the_same_bytes(void **state)
{
	struct golden_value v;
	struct cask_mem m;
	unsigned char got[64];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++) {
		const struct golden *g = &goldens[i];
		struct cask_ar ar = { .buffer = (char[1]) { 0 },
			.buffer_size = 1 };
		unsigned char *bytes = golden_bytes(g, true, &n);

		golden_set(&ar, g, true);
		if (!golden_is_text(g)) {
			golden_make(g, &v);
			cask_store(&ar, cask_mem_write(&m, got, sizeof got));
			put_number(&ar, g->kind, &v);
			assert_int_equal(cask_flush(&ar), 0);
			assert_int_equal(m.length, n);
			assert_memory_equal(got, bytes, n);
			cask_measure(&ar);
			put_number(&ar, g->kind, &v);
			assert_int_equal(cask_at(&ar), n);
			golden_place(g, &v);
			cask_load(&ar, cask_mem_read(&m, bytes, n));
			get_number(&ar, g->kind, &v);
			assert_int_equal(ar.err, 0);
			golden_assert_value(g, &v);
		}
		free(bytes);
	}
}

static void
any_byte_but_zero_loads_as_true(void **state)
{
	unsigned char bytes[256];
	struct cask_mem m;

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (unsigned char)i;
	for (size_t size = 0; size < 2; size++) {
		struct cask_ar ar = { .buffer = (char[1]) { 0 },
			.buffer_size = size };

		cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
		for (int i = 0; i < 256; i++) {
			bool b = i == 0;

			cask_bool(&ar, &b);
			assert_int_equal(b, i != 0);
		}
		assert_int_equal(ar.err, 0);
	}
}

/* A signalling NaN too; the 387 is the one unit that quietens it in passing. */
static void
a_nan_keeps_its_payload(void **state)
{
	union cask_f32 f = { .bits = 0x7FA12345 }, f2 = { 0 };
	union cask_f64 d = { .bits = 0x7FF4000000000123 }, d2 = { 0 };
	unsigned char got[24];
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	if (FLT_EVAL_METHOD == 2)
		f.bits |= 0x00400000;
	if (FLT_EVAL_METHOD == 2)
		d.bits |= 0x0008000000000000;
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_f32(&ar, &f.f);
	cask_f64(&ar, &d.f);
	cask_f32_array(&ar, &f.f, 1);
	cask_f64_array(&ar, &d.f, 1);
	assert_int_equal(cask_flush(&ar), 0);
	cask_load(&ar, &m.io);
	for (int i = 0; i < 2; i++) {
		if (i == 0) {
			cask_f32(&ar, &f2.f);
			cask_f64(&ar, &d2.f);
		} else {
			cask_f32_array(&ar, &f2.f, 1);
			cask_f64_array(&ar, &d2.f, 1);
		}
		assert_int_equal(f2.bits, f.bits);
		assert_true(d2.bits == d.bits);
		f2.bits = 0;
		d2.bits = 0;
	}
	assert_int_equal(ar.err, 0);
}

static void
the_order_may_change_between_values(void **state)
{
	static const unsigned char want[] = { 1, 2, 2, 1, 1, 2, 3, 4, 4, 3, 2,
		1 };
	unsigned char got[sizeof want];
	struct cask_ar ar = { .big_endian = true };
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_put_u16(&ar, 0x0102);
	ar.big_endian = false;
	cask_put_u16(&ar, 0x0102);
	ar.big_endian = true;
	cask_put_u32(&ar, 0x01020304);
	ar.big_endian = false;
	cask_put_u32(&ar, 0x01020304);
	assert_int_equal(cask_flush(&ar), 0);
	assert_memory_equal(got, want, sizeof want);

	ar.big_endian = true;
	cask_load(&ar, &m.io);
	assert_int_equal(cask_get_u16(&ar), 0x0102);
	ar.big_endian = false;
	assert_int_equal(cask_get_u16(&ar), 0x0102);
	ar.big_endian = true;
	assert_int_equal(cask_get_u32(&ar), 0x01020304);
	ar.big_endian = false;
	assert_int_equal(cask_get_u32(&ar), 0x01020304);
	assert_int_equal(ar.err, 0);
}

/* Offsets and writes */

static void
the_offset_is_right_across_every_refill(void **state)
{
	static unsigned char bytes[700];
	unsigned char b[3];
	uint16_t pair[2];

	(void)state;
	for (size_t size = 1; size <= 16; size++) {
		unsigned char buffer[16];
		struct cask_ar ar = { .buffer = buffer, .buffer_size = size };
		struct own_io own;
		uint64_t at = 0;

		cask_load(&ar, own_source(&own, bytes, sizeof bytes));
		own.at_most = size % 5;
		for (int i = 0; i < 28; i++) {
			cask_get_u8(&ar);
			assert_int_equal(cask_at(&ar), at += 1);
			cask_get_u32(&ar);
			assert_int_equal(cask_at(&ar), at += 4);
			cask_get_bytes(&ar, b, sizeof b);
			assert_int_equal(cask_at(&ar), at += 3);
			cask_get_u64(&ar);
			assert_int_equal(cask_at(&ar), at += 8);
			ar.big_endian = i % 2;
			cask_u16_array(&ar, pair, 2);
			assert_int_equal(cask_at(&ar), at += 4);
			cask_get_count(&ar, 9);
			assert_int_equal(cask_at(&ar), at += 2);
		}
		assert_int_equal(ar.err, 0);
		assert_int_equal(own.moved, at + cask_pending(&ar));
	}
}

/* What was stored, by where each value ended. */
static void
a_number_is_not_split_between_two_writes(void **state)
{
	(void)state;
	for (size_t size = 8; size < 24; size++) {
		unsigned char buffer[24];
		struct cask_ar ar = { .buffer = buffer, .buffer_size = size };
		bool ends[512] = { true };
		size_t at = 0;
		struct own_io own;

		cask_store(&ar, own_sink(&own, NULL, 0));
		for (int i = 0; i < 20; i++) {
			cask_put_u8(&ar, 1);
			ends[at += 1] = true;
			cask_put_u32(&ar, 2);
			ends[at += 4] = true;
			cask_put_u16(&ar, 3);
			ends[at += 2] = true;
			cask_put_f64(&ar, 4);
			ends[at += 8] = true;
		}
		assert_int_equal(cask_at(&ar), at);
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(own.moved, at);
		assert_in_range(own.calls, 1, COUNT(own.sizes));
		at = 0;
		for (unsigned i = 0; i < own.calls; i++)
			assert_true(ends[at += own.sizes[i]]);
	}
}

static void
large_blocks_pass_the_buffer_by(void **state)
{
	static unsigned char bytes[5 * CASK_BUFFER];
	static unsigned char got[sizeof bytes];
	size_t n = 3 * CASK_BUFFER + 2;
	struct own_io own;
	struct cask_ar ar = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 7 + i / 251);
	cask_store(&ar, own_sink(&own, got, sizeof got));
	cask_bytes(&ar, bytes, n);
	assert_int_equal(own.calls, 1);
	assert_int_equal(own.sizes[0], 3 * CASK_BUFFER);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.calls, 2);
	assert_int_equal(own.sizes[1], 2);
	assert_memory_equal(got, bytes, n);

	memset(got, 0, sizeof got);
	cask_load(&ar, own_source(&own, bytes, sizeof bytes));
	cask_bytes(&ar, got, n);
	assert_int_equal(own.calls, 1);
	assert_int_equal(cask_pending(&ar), 0);
	assert_int_equal(cask_at(&ar), n);
	assert_memory_equal(got, bytes, n);
	assert_int_equal(cask_get_u8(&ar), bytes[n]);
	assert_int_equal(ar.err, 0);
}

/* Errors */

struct q {
	uint8_t skip[42];
	uint32_t count;
	char name[64];
};

static void
an_error_names_the_type_the_field_the_place_and_the_reason(void **state)
{
	static const unsigned char bytes[64];
	struct q record = { .count = 7 }, *q = &record;
	uint16_t pair[2] = { 1, 1 };
	struct cask_ar ar;
	struct cask_mem m;
	double price = 1;

	(void)state;
	load(&ar, &m, bytes, 44);
	assert_string_equal(cask_why(&ar), "no error");
	cask_bytes(&ar, q->skip, sizeof q->skip);
	cask_u32(&ar, &q->count);
	assert_failed(&ar, CASK_ECUT,
	    "u32 q->count at byte 42: stream ended inside a message");
	assert_int_equal(q->count, 0);

	load(&ar, &m, bytes, 1);
	cask_u16_array(&ar, pair, 2);
	assert_failed(&ar, CASK_ECUT,
	    "u16 pair[0] at byte 0: stream ended inside a message");

	load(&ar, &m, bytes, 7);
	cask_get_u16(&ar);
	cask_u16_array(&ar, pair, 2);
	cask_u16_array(&ar, pair, 2);
	assert_failed(&ar, CASK_ECUT,
	    "u16 pair[0] at byte 6: stream ended inside a message");

	load(&ar, &m, bytes, 5);
	cask_get_u16(&ar);
	cask_u16_array(&ar, pair, 2);
	assert_failed(&ar, CASK_ECUT,
	    "u16 pair[1] at byte 4: stream ended inside a message");
	assert_true(pair[0] == 0 && pair[1] == 0);

	load(&ar, &m, bytes, 5);
	cask_get_u32(&ar);
	cask_get_i16(&ar);
	assert_failed(
	    &ar, CASK_ECUT, "i16 at byte 4: stream ended inside a message");

	load(&ar, &m, bytes, 7);
	cask_f64(&ar, &price);
	assert_failed(&ar, CASK_ECUT,
	    "f64 price at byte 0: stream ended inside a message");
	assert_true(price == 0);

	load(&ar, &m, bytes, 41);
	cask_bytes(&ar, q->skip, sizeof q->skip);
	assert_failed(&ar, CASK_ECUT,
	    "bytes q->skip at byte 0: stream ended inside a message");
}

static void
each_type_has_its_name_in_an_error(void **state)
{
	static const char *const names[] = { [GOLDEN_U8] = "u8",
		[GOLDEN_I8] = "i8",
		[GOLDEN_BOOL] = "bool",
		[GOLDEN_U16] = "u16",
		[GOLDEN_I16] = "i16",
		[GOLDEN_CHAR16] = "char16",
		[GOLDEN_U32] = "u32",
		[GOLDEN_I32] = "i32",
		[GOLDEN_F32] = "f32",
		[GOLDEN_U64] = "u64",
		[GOLDEN_I64] = "i64",
		[GOLDEN_F64] = "f64",
		[GOLDEN_COUNT] = "count" };
	char want[80];
	struct cask_ar ar;
	struct cask_mem m;

	(void)state;
	for (size_t kind = 0; kind < COUNT(names); kind++) {
		struct golden_value v;

		load(&ar, &m, "", 0);
		get_number(&ar, (enum golden_kind)kind, &v);
		snprintf(want, sizeof want,
		    "%s at byte 0: stream ended before a message", names[kind]);
		assert_failed(&ar, CASK_ECUT, want);
	}
}

static void
the_first_error_sticks_and_all_that_is_loaded_after_it_is_zero(void **state)
{
	static const unsigned char bytes[3] = { 1, 2, 3 };
	struct golden_value v;
	struct cask_ar ar;
	struct cask_mem m;
	char why[256];
	uint64_t at;

	(void)state;
	load(&ar, &m, bytes, sizeof bytes);
	cask_get_u32(&ar);
	assert_int_equal(ar.err, CASK_ECUT);
	strcpy(why, cask_why(&ar));
	at = cask_at(&ar);
	m.position = 0; /* the bytes would be there again */
	for (size_t i = 0; i < COUNT(goldens); i++) {
		struct golden g = goldens[i];

		for (int dup = 0; dup <= golden_is_text(&g); dup++) {
			g.kind = dup ? GOLDEN_DUP : g.kind;
			golden_place(&g, &v);
			golden_exchange(&ar, g.kind, &v);
			golden_assert_zero(&g, &v);
			golden_free(&v, dup);
		}
	}
	assert_int_equal(cask_get_text(&ar, why + 200, 9), 0);
	assert_int_equal(cask_fail(&ar, NULL, EINVAL, "late"), CASK_ECUT);
	assert_false(cask_more(&ar));
	assert_int_equal(cask_flush(&ar), CASK_ECUT);
	assert_failed(&ar, CASK_ECUT, why);
	assert_int_equal(cask_at(&ar), at);
	assert_int_equal(cask_pending(&ar), 0);
	assert_int_equal(m.position, 0);
}

static void
after_an_error_nothing_is_stored(void **state)
{
	uint32_t n = 9;
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	cask_store(&ar, own_sink(&own, NULL, 0));
	cask_put_u32(&ar, 1);
	assert_int_equal(cask_fail(&ar, NULL, EDOM, "no"), EDOM);
	cask_put_u32(&ar, 1);
	cask_put_text(&ar, "text");
	cask_put_bytes(&ar, "bytes", 5);
	cask_count(&ar, &n, 10);
	assert_int_equal(n, 9);
	assert_int_equal(cask_flush(&ar), EDOM);
	assert_int_equal(own.calls, 0);
}

/* Direction */

#define WRONG(call, type, words)                                      \
	do {                                                          \
		call;                                                 \
		assert_failed(                                        \
		    &ar, CASK_EDIRECTION, type " at byte 0: " words); \
	} while (0)
#define STORED(call, type)                                                \
	do {                                                              \
		load(&ar, &m, bytes, sizeof bytes);                       \
		WRONG(call, type, "can't store: the archive is loading"); \
		assert_int_equal(m.position, 0);                          \
	} while (0)
#define LOADED_ZERO(call, type)                                           \
	do {                                                              \
		memset(&ar, 0, sizeof ar);                                \
		cask_store(&ar, cask_mem_write(&m, block, sizeof block)); \
		WRONG(assert_true((call) == 0), type,                     \
		    "can't load: the archive is storing");                \
		cask_flush(&ar);                                          \
		assert_int_equal(m.length, 0);                            \
	} while (0)

static void
to_store_while_loading_is_an_error(void **state)
{
	static const unsigned char bytes[64];
	struct cask_ar ar;
	struct cask_mem m;

	(void)state;
	STORED(cask_put_u8(&ar, 1), "u8");
	STORED(cask_put_i8(&ar, 1), "i8");
	STORED(cask_put_bool(&ar, true), "bool");
	STORED(cask_put_u16(&ar, 1), "u16");
	STORED(cask_put_i16(&ar, 1), "i16");
	STORED(cask_put_char16(&ar, 1), "char16");
	STORED(cask_put_u32(&ar, 1), "u32");
	STORED(cask_put_i32(&ar, 1), "i32");
	STORED(cask_put_f32(&ar, 1), "f32");
	STORED(cask_put_u64(&ar, 1), "u64");
	STORED(cask_put_i64(&ar, 1), "i64");
	STORED(cask_put_f64(&ar, 1), "f64");
	STORED(cask_put_bytes(&ar, "x", 1), "bytes");
	STORED(cask_put_count(&ar, 1), "count");
	STORED(cask_put_text(&ar, "x"), "text");

	/* … also where there is a buffer full of bytes */
	load(&ar, &m, bytes, sizeof bytes);
	cask_get_u8(&ar);
	cask_put_u8(&ar, 1);
	assert_failed(&ar, CASK_EDIRECTION,
	    "u8 at byte 1: can't store: the archive is loading");
}

static void
to_load_while_storing_is_an_error_and_gives_zero(void **state)
{
	unsigned char block[64], b[4] = { 1, 1, 1, 1 };
	char s[4] = "abc";
	struct cask_ar ar;
	struct cask_mem m;

	(void)state;
	LOADED_ZERO(cask_get_u8(&ar), "u8");
	LOADED_ZERO(cask_get_i8(&ar), "i8");
	LOADED_ZERO(cask_get_bool(&ar), "bool");
	LOADED_ZERO(cask_get_u16(&ar), "u16");
	LOADED_ZERO(cask_get_i16(&ar), "i16");
	LOADED_ZERO(cask_get_char16(&ar), "char16");
	LOADED_ZERO(cask_get_u32(&ar), "u32");
	LOADED_ZERO(cask_get_i32(&ar), "i32");
	LOADED_ZERO(cask_get_f32(&ar), "f32");
	LOADED_ZERO(cask_get_u64(&ar), "u64");
	LOADED_ZERO(cask_get_i64(&ar), "i64");
	LOADED_ZERO(cask_get_f64(&ar), "f64");
	LOADED_ZERO(cask_get_count(&ar, 9), "count");
	LOADED_ZERO((cask_get_bytes(&ar, b, 4), b[0] | b[3]), "bytes");
	LOADED_ZERO(cask_get_text(&ar, s, sizeof s), "text");
	assert_string_equal(s, "");
	LOADED_ZERO(cask_more(&ar), "message");
}

static void
an_archive_of_zeros_fails_with_einval(void **state)
{
	static const char words[] =
	    "u32 x at byte 0: neither cask_store nor cask_load was called";
	uint32_t x = 5, n = 5;
	char s[4] = "abc", *dup = s;
	unsigned char b[2] = { 1, 1 };
	struct cask_ar ar = { 0 };

	(void)state;
	assert_string_equal(cask_why(&ar), "no error");
	assert_int_equal(cask_at(&ar), 0);
	assert_int_equal(cask_pending(&ar), 0);
	assert_false(cask_loading(&ar) || cask_storing(&ar));
	cask_u32(&ar, &x);
	assert_failed(&ar, EINVAL, words);
	assert_int_equal(x, 5);
	assert_int_equal(cask_get_u32(&ar), 0);
	cask_count(&ar, &n, 4);
	assert_int_equal(n, 0);
	cask_text(&ar, s, sizeof s);
	cask_text_dup(&ar, &dup, 9);
	cask_u16_array(&ar, (uint16_t[1]) { 0 }, 1);
	cask_get_bytes(&ar, b, 2);
	assert_int_equal(b[0] | b[1], 0);
	assert_false(cask_more(&ar));
	assert_int_equal(cask_flush(&ar), EINVAL);
	assert_failed(&ar, EINVAL, words);
}

static void
each_call_may_be_the_first_on_an_archive_of_zeros(void **state)
{
	char s[4] = "abc", *dup = s;
	uint32_t n = 1;

	(void)state;
	for (int i = 0; i < 11; i++) {
		struct cask_ar ar = { 0 };

		switch (i) {
		case 0:
			cask_flush(&ar);
			break;
		case 1:
			assert_false(cask_more(&ar));
			break;
		case 2:
			cask_text(&ar, s, sizeof s);
			break;
		case 3:
			cask_text_dup(&ar, &dup, 9);
			break;
		case 4:
			cask_count(&ar, &n, 4);
			break;
		case 5:
			cask_bytes(&ar, s, sizeof s);
			break;
		case 6:
			cask_get_text(&ar, s, sizeof s);
			break;
		case 7:
			cask_u32_array(&ar, &n, 1);
			break;
		case 8:
			cask_put_count(&ar, 3);
			break;
		case 9:
			cask_load(&ar, NULL);
			assert_int_equal(cask_get_u8(&ar), 0);
			break;
		case 10:
			cask_store(&ar, NULL);
			cask_put_u8(&ar, 1);
			break;
		}
		assert_int_equal(ar.err, EINVAL);
	}
}

static void
to_store_never_changes_the_variable(void **state)
{
	unsigned char block[8];
	struct golden_value v;
	struct cask_mem m;

	(void)state;
	/* with room, and then without: the transport fails */
	for (size_t room = 0; room < sizeof block; room += 7)
		for (size_t i = 0; i < COUNT(goldens); i++) {
			const struct golden *g = &goldens[i];
			struct cask_ar ar = { .buffer = (char[2]) { 0 },
				.buffer_size = 2 };

			if (g->text == NULL && g->fill == 0 &&
			    g->kind == GOLDEN_TEXT)
				continue;
			golden_set(&ar, g, true);
			golden_make(g, &v);
			cask_store(&ar, cask_mem_write(&m, block, room));
			golden_exchange(&ar, g->kind, &v);
			cask_flush(&ar);
			if (room == 0)
				assert_int_equal(ar.err, ENOSPC);
			golden_assert_value(g, &v);
			golden_free(&v, false);
		}
}

/* Arrays */

#define ARRAY_CALL(name, T)                                                \
	static void exchange_##name(struct cask_ar *ar, void *p, size_t n) \
	{                                                                  \
		T *v = p;                                                  \
                                                                           \
		cask_##name##_array(ar, v, n);                             \
	}

ARRAY_CALL(u16, uint16_t)
ARRAY_CALL(i16, int16_t)
ARRAY_CALL(u32, uint32_t)
ARRAY_CALL(i32, int32_t)
ARRAY_CALL(f32, float)
ARRAY_CALL(u64, uint64_t)
ARRAY_CALL(i64, int64_t)
ARRAY_CALL(f64, double)

static const struct array_type {
	const char *name;
	size_t width;
	void (*exchange)(struct cask_ar *ar, void *p, size_t n);
} array_types[] = {
	{ "u16", 2, exchange_u16 },
	{ "i16", 2, exchange_i16 },
	{ "u32", 4, exchange_u32 },
	{ "i32", 4, exchange_i32 },
	{ "f32", 4, exchange_f32 },
	{ "u64", 8, exchange_u64 },
	{ "i64", 8, exchange_i64 },
	{ "f64", 8, exchange_f64 },
};

#define BLOCK     16384 /* what lib/value.c swaps at a time */
#define ARRAY_MAX (2 * BLOCK + 16)

/* The same numbers in memory and as bytes of an order, made independently. */
static void
fill_array(void *memory, unsigned char *wire, size_t width, size_t n, bool big)
{
	unsigned char *m = memory;

	for (size_t i = 0; i < n; i++) {
		uint64_t v = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
		uint16_t v16 = (uint16_t)v;
		uint32_t v32 = (uint32_t)v;

		memcpy(m + i * width,
		    width == 2       ? (void *)&v16
			: width == 4 ? (void *)&v32
				     : (void *)&v,
		    width);
		for (size_t k = 0; k < width; k++)
			wire[i * width + (!big ? k : width - 1 - k)] =
			    (unsigned char)(v >> 8 * k);
	}
}

static uint64_t array[ARRAY_MAX / 8];
static unsigned char wire[ARRAY_MAX], stored[ARRAY_MAX + 8];

/* lead: bytes before the array, so that nothing is aligned. */
static void
check_array(const struct array_type *t, size_t n, size_t lead, bool big)
{
	static uint64_t loaded[ARRAY_MAX / 8];
	struct cask_ar ar = { .big_endian = big };
	struct cask_mem m;
	size_t size = n * t->width;

	fill_array(array, wire, t->width, n, big);
	cask_store(&ar, cask_mem_write(&m, stored, sizeof stored));
	cask_put_bytes(&ar, "1234567", lead);
	t->exchange(&ar, array, n);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, lead + size);
	assert_memory_equal(stored + lead, wire, size);
	fill_array(loaded, wire, t->width, n, big);
	assert_memory_equal(array, loaded, size); /* not swapped in place */

	memset(loaded, 0xA5, sizeof loaded);
	cask_load(&ar, &m.io);
	cask_get_bytes(&ar, wire, lead);
	t->exchange(&ar, loaded, n);
	assert_int_equal(ar.err, 0);
	assert_memory_equal(loaded, array, size);
	for (size_t i = size; i < size + 8 && i < sizeof loaded; i++)
		assert_int_equal(((unsigned char *)loaded)[i], 0xA5);
	assert_false(cask_more(&ar));
}

static void
arrays_of_all_types_and_sizes_have_their_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(array_types); i++) {
		const struct array_type *t = &array_types[i];
		const size_t edges[] = { CASK_BUFFER, 2 * CASK_BUFFER, 1024,
			BLOCK, 2 * BLOCK };

		for (size_t n = 0; n < 36; n++)
			for (size_t lead = 0; lead < 8; lead++) {
				check_array(t, n, lead, false);
				check_array(t, n, lead, true);
			}
		for (size_t e = 0; e < COUNT(edges); e++)
			for (size_t d = 0; d < 3; d++)
				for (size_t lead = 0; lead < 8; lead += 3) {
					size_t n = edges[e] / t->width + d;

					n = n > 0 ? n - 1 : 0;
					check_array(t, n, lead, false);
					check_array(t, n, lead, true);
				}
	}
}

/* The array ends where the buffer does. */
static void
an_array_is_not_stored_beyond_the_buffer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(array_types); i++)
		for (size_t n = 1; n < 36; n++)
			for (int big = 0; big < 2; big++) {
				const struct array_type *t = &array_types[i];
				size_t size = n * t->width;
				unsigned char *block = malloc(size + 8);
				struct cask_ar ar = { .big_endian = big,
					.buffer = block,
					.buffer_size = size };
				struct own_io own;

				assert_non_null(block);
				memset(block, 0xA5, size + 8);
				fill_array(array, wire, t->width, n, big);
				cask_store(
				    &ar, own_sink(&own, stored, sizeof stored));
				t->exchange(&ar, array, n);
				assert_int_equal(cask_flush(&ar), 0);
				assert_int_equal(own.moved, size);
				assert_memory_equal(stored, wire, size);
				for (size_t k = 0; k < 8; k++)
					assert_int_equal(block[size + k], 0xA5);
				free(block);
			}
}

/* … in the order that is not the host's: its numbers are swapped there. */
static void
no_number_of_an_array_is_split_between_two_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(array_types); i++)
		for (size_t size = 8; size < 64; size++)
			for (size_t lead = 0; lead < 8; lead++) {
				const struct array_type *t = &array_types[i];
				size_t n = 33 + size % 7, at = 0;
				struct cask_ar ar = { .big_endian =
							  !CASK_HOST_BIG,
					.buffer = (char[64]) { 0 },
					.buffer_size = size };
				struct own_io own;

				fill_array(
				    array, wire, t->width, n, ar.big_endian);
				cask_store(
				    &ar, own_sink(&own, stored, sizeof stored));
				cask_put_bytes(&ar, "1234567", lead);
				t->exchange(&ar, array, n);
				assert_int_equal(cask_flush(&ar), 0);
				assert_int_equal(
				    own.moved, lead + n * t->width);
				assert_memory_equal(
				    stored + lead, wire, n * t->width);
				assert_in_range(own.calls, 1, COUNT(own.sizes));
				for (unsigned k = 0; k < own.calls; k++) {
					at += own.sizes[k];
					assert_true(at >= lead);
					assert_int_equal(
					    (at - lead) % t->width, 0);
				}
			}
}

static void
an_array_that_was_cut_is_zero_from_its_first_byte(void **state)
{
	static const unsigned char zeros[40];
	unsigned char bytes[40];
	struct cask_mem m;

	(void)state;
	memset(bytes, 1, sizeof bytes);
	for (size_t i = 0; i < COUNT(array_types); i++)
		for (size_t n = 0; n < 40; n++)
			for (int o = 0; o < 2; o++) {
				const struct array_type *t = &array_types[i];
				struct cask_ar ar = { .big_endian = o };
				uint64_t v[5];

				memset(v, 0xA5, sizeof v);
				cask_load(&ar, cask_mem_read(&m, bytes, n));
				t->exchange(&ar, v, 40 / t->width);
				assert_int_equal(ar.err, CASK_ECUT);
				assert_memory_equal(v, zeros, sizeof v);
			}
}

static void
nothing_at_all_may_be_null(void **state)
{
	struct cask_ar ar = { 0 };
	struct cask_mem m;
	uint16_t *none = NULL;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_put_bytes(&ar, NULL, 0);
	cask_bytes(&ar, none, 0);
	cask_u16_array(&ar, none, 0);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, 0);
	cask_load(&ar, &m.io);
	cask_get_bytes(&ar, NULL, 0);
	cask_bytes(&ar, none, 0);
	cask_u16_array(&ar, none, 0);
	assert_int_equal(ar.err, 0);
	cask_get_u8(&ar);
	assert_int_equal(ar.err, CASK_ECUT);
	cask_get_bytes(&ar, NULL, 0);
	cask_mem_close(&m);
}

/* … so it does not matter to whom: nothing is asked of the archive. */
static void
an_array_of_no_numbers_can_not_fail(void **state)
{
	struct cask_mem m;
	struct cask_ar ar;

	(void)state;
	for (size_t i = 0; i < COUNT(array_types); i++) {
		const struct array_type *t = &array_types[i];

		memset(&ar, 0, sizeof ar);
		t->exchange(&ar, NULL, 0);
		assert_int_equal(ar.err, 0);
		assert_string_equal(cask_why(&ar), "no error");
		load(&ar, &m, "", 0);
		t->exchange(&ar, NULL, 0);
		assert_int_equal(ar.err, 0);
		cask_store(&ar, cask_mem_write(&m, NULL, 0));
		t->exchange(&ar, NULL, 0);
		assert_int_equal(cask_flush(&ar), 0);
		cask_put_u8(&ar, 1);
		assert_int_equal(cask_flush(&ar), ENOSPC);
		t->exchange(&ar, NULL, 0);
		assert_int_equal(ar.err, ENOSPC);
	}
}

/* Counts */

static void
a_32_bit_count_has_the_same_bytes(void **state)
{
	unsigned char got[16];

	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++) {
		const struct golden *g = &goldens[i];
		struct cask_ar ar = { 0 };
		struct cask_mem m;
		uint32_t n = (uint32_t)g->bits;
		size_t length;
		unsigned char *bytes;

		if (g->kind != GOLDEN_COUNT || g->bits > UINT32_MAX)
			continue;
		bytes = golden_bytes(g, false, &length);
		golden_set(&ar, g, false);
		cask_store(&ar, cask_mem_write(&m, got, sizeof got));
		cask_count(&ar, &n, UINT32_MAX);
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(m.length, length);
		assert_memory_equal(got, bytes, length);
		n = 77;
		cask_load(&ar, cask_mem_read(&m, bytes, length));
		cask_count(&ar, &n, UINT32_MAX);
		assert_int_equal(ar.err, 0);
		assert_int_equal(n, g->bits);
		free(bytes);
	}
}

/* Below 2^32-1 both settings write and read the same. */
static void
count32_differs_only_from_its_end_on(void **state)
{
	struct cask_mem m;

	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++) {
		struct golden g = goldens[i];

		if (g.kind != GOLDEN_COUNT || g.bits >= UINT32_MAX)
			continue;
		g.count32 = true;
		check_number(&g, false, golden_exchange, golden_exchange);
		check_number(&g, true, put_number, get_number);
	}
	for (int more = 0; more < 2; more++) {
		struct cask_ar ar = { .count32 = true,
			.limit.count = UINT64_MAX };
		uint64_t n = 0x100000000;

		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_count64(&ar, &n, UINT64_MAX);
		assert_failed(&ar, CASK_ELIMIT,
		    "count n at byte 0: 4294967296, and a 32-bit count "
		    "(count32) ends at 4294967295");
		cask_flush(&ar);
		assert_int_equal(m.length, 0);
	}
}

static void
a_count_above_its_limit_is_an_error_both_ways_and_zero(void **state)
{
	unsigned char got[16];
	struct cask_ar ar = { 0 };
	struct cask_mem m;
	uint32_t n = 5, left = 0;
	uint64_t n64 = 5;

	(void)state;
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_count(&ar, &n, 5);
	cask_count64(&ar, &n64, 5);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(n, 5);
	cask_load(&ar, &m.io);
	cask_count(&ar, &left, 5);
	assert_int_equal(left, 5);
	n64 = 9;
	cask_count64(&ar, &n64, 4);
	assert_failed(&ar, CASK_ELIMIT, "count n64 at byte 2: 5, limit 4");
	assert_int_equal(n64, 0);

	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_count(&ar, &n, 4);
	assert_failed(&ar, CASK_ELIMIT, "count n at byte 0: 5, limit 4");
	assert_int_equal(n, 0);
	n64 = 100;
	cask_count64(&ar, &n64, 4);
	assert_int_equal(n64, 0);
	cask_flush(&ar);
	assert_int_equal(m.length, 0);
}

/* What is never written to may be where nobody can write. */
static void
a_count_that_is_stored_may_be_constant(void **state)
{
	static const uint32_t three = 3;
	static const uint64_t many = 70000;
	uint32_t *n = (uint32_t *)(uintptr_t)&three;
	uint64_t *n64 = (uint64_t *)(uintptr_t)&many;
	unsigned char got[16];
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_count(&ar, n, 3);
	cask_count64(&ar, n64, 70000);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, 8);
	assert_memory_equal(got, "\3\0\xFF\xFF\x70\x11\1\0", 8);
	cask_fail(&ar, NULL, EPROTO, "failed");
	cask_count(&ar, n, 3);
	cask_count64(&ar, n64, 70000);
	assert_int_equal(ar.err, EPROTO);
	memset(&ar, 0, sizeof ar);
	cask_count(&ar, n, 3);
	assert_int_equal(ar.err, EINVAL);
}

static void
limit_count_holds_for_every_count(void **state)
{
	unsigned char got[16];
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_write(&m, got, sizeof got));
	cask_put_count(&ar, 16777216);
	assert_int_equal(cask_flush(&ar), 0);
	cask_put_count(&ar, 16777217);
	assert_failed(&ar, CASK_ELIMIT,
	    "count at byte 6: 16777217, limit 16777216 (limit.count)");

	cask_load(&ar, &m.io);
	assert_int_equal(cask_get_count(&ar, UINT64_MAX), 16777216);
	assert_int_equal(ar.err, 0);
	m.position = 0;
	ar.limit.count = 16777215;
	cask_load(&ar, &m.io);
	assert_int_equal(cask_get_count(&ar, UINT64_MAX), 0);
	assert_failed(&ar, CASK_ELIMIT,
	    "count at byte 0: 16777216, limit 16777215 (limit.count)");
}

static void
over_long_counts_are_accepted(void **state)
{
	static const unsigned char bytes[] = { 0xFF, 0xFF, 5, 0, 0, 0, 0xFF,
		0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 6, 0, 0, 0, 0, 0, 0, 0 };
	struct cask_ar ar;
	struct cask_mem m;

	(void)state;
	load(&ar, &m, bytes, sizeof bytes);
	assert_int_equal(cask_get_count(&ar, 10), 5);
	assert_int_equal(cask_get_count(&ar, 10), 6);
	assert_int_equal(ar.err, 0);
}

static void
a_rejected_count_allocates_nothing(void **state)
{
	static const unsigned char bytes[] = { 0xFF, 0xFF, 0xFE, 0xFF, 0xFF,
		0xFF, 1, 2, 3, 4 };
	struct cask_ar ar;
	struct cask_mem m;
	uint32_t n = 1;

	(void)state;
	fault_reset();
	load(&ar, &m, bytes, sizeof bytes);
	cask_count(&ar, &n, UINT32_MAX);
	assert_int_equal(n, 0);
	assert_failed(&ar, CASK_ELIMIT,
	    "count n at byte 0: 4294967294, limit 16777216 (limit.count)");
	assert_int_equal(fault_count(FAULT_MALLOC), 0);
	assert_int_equal(fault_count(FAULT_REALLOC), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_number_and_count_has_its_bytes_in_both_orders),
	cmocka_unit_test(the_slow_path_has_the_same_bytes),
	cmocka_unit_test(any_byte_but_zero_loads_as_true),
	cmocka_unit_test(a_nan_keeps_its_payload),
	cmocka_unit_test(the_order_may_change_between_values),
	cmocka_unit_test(the_offset_is_right_across_every_refill),
	cmocka_unit_test(a_number_is_not_split_between_two_writes),
	cmocka_unit_test(large_blocks_pass_the_buffer_by),
	cmocka_unit_test(
	    an_error_names_the_type_the_field_the_place_and_the_reason),
	cmocka_unit_test(each_type_has_its_name_in_an_error),
	cmocka_unit_test(
	    the_first_error_sticks_and_all_that_is_loaded_after_it_is_zero),
	cmocka_unit_test(after_an_error_nothing_is_stored),
	cmocka_unit_test(to_store_while_loading_is_an_error),
	cmocka_unit_test(to_load_while_storing_is_an_error_and_gives_zero),
	cmocka_unit_test(an_archive_of_zeros_fails_with_einval),
	cmocka_unit_test(each_call_may_be_the_first_on_an_archive_of_zeros),
	cmocka_unit_test(to_store_never_changes_the_variable),
	cmocka_unit_test(arrays_of_all_types_and_sizes_have_their_bytes),
	cmocka_unit_test(an_array_is_not_stored_beyond_the_buffer),
	cmocka_unit_test(no_number_of_an_array_is_split_between_two_writes),
	cmocka_unit_test(an_array_that_was_cut_is_zero_from_its_first_byte),
	cmocka_unit_test(nothing_at_all_may_be_null),
	cmocka_unit_test(an_array_of_no_numbers_can_not_fail),
	cmocka_unit_test(a_32_bit_count_has_the_same_bytes),
	cmocka_unit_test(count32_differs_only_from_its_end_on),
	cmocka_unit_test(
	    a_count_above_its_limit_is_an_error_both_ways_and_zero),
	cmocka_unit_test(a_count_that_is_stored_may_be_constant),
	cmocka_unit_test(limit_count_holds_for_every_count),
	cmocka_unit_test(over_long_counts_are_accepted),
	cmocka_unit_test(a_rejected_count_allocates_nothing),
};

RUN_TESTS(tests)
