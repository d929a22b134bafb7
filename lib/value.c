/*
 * Values off the fast path, raw bytes and arrays.  See <cask/value.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/value.h>

#include "ar.h"
#include "fill.h"
#include "swap.h"

#include <string.h>

static const struct {
	const char *name;
	size_t size;
} types[] = {
	[CASK_TYPE_U8] = { "u8", 1 },
	[CASK_TYPE_I8] = { "i8", 1 },
	[CASK_TYPE_BOOL] = { "bool", 1 },
	[CASK_TYPE_U16] = { "u16", 2 },
	[CASK_TYPE_I16] = { "i16", 2 },
	[CASK_TYPE_CHAR16] = { "char16", 2 },
	[CASK_TYPE_U32] = { "u32", 4 },
	[CASK_TYPE_I32] = { "i32", 4 },
	[CASK_TYPE_F32] = { "f32", 4 },
	[CASK_TYPE_U64] = { "u64", 8 },
	[CASK_TYPE_I64] = { "i64", 8 },
	[CASK_TYPE_F64] = { "f64", 8 },
};

const char *
caski_type_name(enum cask_type type)
{
	return types[type].name;
}

size_t
caski_type_size(enum cask_type type)
{
	return types[type].size;
}

/* From a variable's bytes to the wire's, or back: sizes agree, order may not.
 */
static void
reorder(const struct cask_ar *ar, void *to, const void *from, size_t size)
{
	bool big = ar->big_endian;

	switch (size) {
	case 1:
		memcpy(to, from, 1);
		break;
	case 2:
		cask_write16(to, cask_order16(cask_read16(from), big));
		break;
	case 4:
		cask_write32(to, cask_order32(cask_read32(from), big));
		break;
	default:
		cask_write64(to, cask_order64(cask_read64(from), big));
	}
}

/* Move the value in hand, whose type and name are known. */
static void
put_number(struct cask_ar *ar, enum cask_type type, const void *v)
{
	size_t size = types[type].size;
	unsigned char wire[8];

	if (!caski_may_store(ar))
		return;
	if (ar->way != CASK_PRINTS)
		caski_gather(ar, size);
	if (CASKI_LIKELY(
		cask_fits(ar->cur, size, ar->end))) { /* and nobody looks */
		reorder(ar, ar->cur, v, size);
		ar->cur += size;
	} else if (ar->way != CASK_PRINTS) {
		reorder(ar, wire, v, size);
		caski_put(ar, wire, size);
	}
	if (ar->watched)
		caski_show_number(ar, type, v);
}

/* Wait for a number if there is nothing.  What it leaves to caski_get are what
 * is left of a full buffer, and limits. */
static inline void
await(struct cask_ar *ar, size_t n)
{
	if (CASKI_LIKELY(ar->cur == ar->filled) && n < ar->size &&
	    !ar->io->exact && caski_message_left_of(ar, n) > 0 &&
	    caski_fill_here(ar) == 0)
		caski_cut(ar);
}

static inline void
get_number(struct cask_ar *ar, enum cask_type type, void *v)
{
	size_t size = types[type].size;
	unsigned char wire[8] = { 0 };
	const unsigned char *from = wire;
	bool may = caski_may_load(ar);

	if (may && ar->way == CASK_DESCRIBES) {
		caski_describe(ar, 1);
		wire[0] = type == CASK_TYPE_BOOL;
	} else if (may) {
		await(ar, size);
		if (CASKI_LIKELY(cask_fits(ar->cur, size, ar->get_end))) {
			from = ar->cur; /* and nobody looks */
			ar->cur += size;
		} else if (ar->err != 0 || !caski_get(ar, wire, size)) {
			memset(wire, 0, sizeof wire);
		}
	}
	if (type == CASK_TYPE_BOOL) /* in memory only 0 and 1 may stand */
		*(bool *)v = from[0] != 0;
	else
		reorder(ar, v, from, size);
	if (ar->watched && ar->way == CASK_LOADS)
		caski_show_number(ar, type, v);
}

CASKI_HOT void
cask_slow_put(
    struct cask_ar *ar, enum cask_type type, const void *v, const char *name)
{
	caski_begin(ar, types[type].name, name);
	put_number(ar, type, v);
}

CASKI_HOT void
cask_slow_get(
    struct cask_ar *ar, enum cask_type type, void *v, const char *name)
{
	caski_begin(ar, types[type].name, name);
	get_number(ar, type, v);
}

void
cask_slow_value(
    struct cask_ar *ar, enum cask_type type, void *v, const char *name)
{
	if (ar->loading)
		cask_slow_get(ar, type, v, name);
	else if (ar->way != CASK_RELEASES)
		cask_slow_put(ar, type, v, name);
}

/* Raw bytes */

static void
put_bytes(struct cask_ar *ar, const void *p, size_t n, const char *name)
{
	caski_begin(ar, "bytes", name);
	if (!caski_may_store(ar))
		return;
	if (ar->way != CASK_PRINTS)
		caski_put(ar, p, n);
	if (ar->watched)
		caski_show_bytes(ar, p, n);
}

static void
get_bytes(struct cask_ar *ar, void *p, size_t n, const char *name)
{
	bool ok;

	caski_begin(ar, "bytes", name);
	ok = caski_may_load(ar);
	if (ok && ar->way == CASK_DESCRIBES) {
		caski_describe_array(ar, n);
		ok = false;
	}
	if ((!ok || !caski_get(ar, p, n)) && n > 0)
		memset(p, 0, n);
	if (ar->watched && ar->way == CASK_LOADS)
		caski_show_bytes(ar, p, n);
}

void
cask_put_bytes(struct cask_ar *ar, const void *p, size_t n)
{
	put_bytes(ar, p, n, "");
}

void
cask_get_bytes(struct cask_ar *ar, void *p, size_t n)
{
	get_bytes(ar, p, n, "");
}

size_t
cask_get_some(struct cask_ar *ar, void *p, size_t size)
{
	size_t n;

	caski_begin(ar, "bytes", "");
	if (!caski_may_load(ar))
		return 0;
	if (ar->way == CASK_DESCRIBES) {
		caski_describe_array(ar, 1);
		return 0;
	}
	n = caski_get_some(ar, p, size);
	if (ar->watched && n > 0)
		caski_show_bytes(ar, p, n);
	return n;
}

void
cask_bytes_named(struct cask_ar *ar, void *p, size_t n, const char *name)
{
	if ((n == 0 && !ar->watched) || ar->way == CASK_RELEASES)
		return;
	if (ar->loading)
		get_bytes(ar, p, n, name);
	else
		put_bytes(ar, p, n, name);
}

/* Arrays */

/* What is swapped at a time: small enough to be in the cache still. */
#define BLOCK 16384

static bool
put_swapped(struct cask_ar *ar, const unsigned char *p, size_t n, size_t size)
{
	unsigned char block[1024];
	bool ok = true;

	while (n > 0 && ok) {
		size_t room = (size_t)(ar->most - ar->cur) / size;
		size_t k = n;

		if (room > 0) {
			k = k < room ? k : room;
			caski_swap(ar->cur, p, k, size);
			ar->cur += k * size;
		} else {
			k = k < sizeof block / size ? k : sizeof block / size;
			caski_gather(ar, size);
			if ((size_t)(ar->most - ar->cur) >= size)
				continue;
			caski_swap(block, p, k, size);
			ok = caski_put(ar, block, k * size);
		}
		p += k * size;
		n -= k;
	}
	return ok;
}

static bool
get_swapped(struct cask_ar *ar, unsigned char *p, size_t n, size_t size)
{
	while (n > 0) {
		size_t k = n < BLOCK / size ? n : BLOCK / size;

		if (!caski_get(ar, p, k * size))
			return false;
		caski_swap(p, p, k, size);
		p += k * size;
		n -= k;
	}
	return true;
}

static bool
move_array(struct cask_ar *ar, void *v, size_t n, size_t size)
{
	if (ar->big_endian == CASK_HOST_BIG)
		return ar->loading ? caski_get(ar, v, n * size)
				   : caski_put(ar, v, n * size);
	return ar->loading ? get_swapped(ar, v, n, size)
			   : put_swapped(ar, v, n, size);
}

/* Who watches sees each of them. */
static void
one_by_one(struct cask_ar *ar, enum cask_type type, unsigned char *v, size_t n,
    size_t before, const char *name)
{
	size_t size = types[type].size;

	for (size_t i = 0; i < n; i++) {
		ar->element = before + i + 1;
		cask_slow_value(ar, type, v + i * size, name);
	}
	ar->element = 0;
	caski_begin(ar, types[type].name, name);
	caski_print_array_end(ar, n);
}

static void
describe_array(struct cask_ar *ar, enum cask_type type, void *v, size_t n,
    const char *name)
{
	caski_begin(ar, types[type].name, name);
	if (caski_may_load(ar))
		caski_describe_array(ar, n);
	memset(v, 0, n * types[type].size);
}

/* The place of the first in the array is what an error is reckoned from. */
static void
move_part(struct cask_ar *ar, enum cask_type type, void *v, size_t n,
    size_t before, const char *name)
{
	size_t size = types[type].size;
	bool ok;

	caski_begin(ar, types[type].name, name);
	ok = ar->loading ? caski_may_load(ar) : caski_may_store(ar);
	ar->at -= before * size;
	ar->width = size;
	if (!(ok && move_array(ar, v, n, size)) && ar->loading)
		memset(v, 0, n * size);
}

void
caski_array_part(struct cask_ar *ar, enum cask_type type, void *v, size_t k,
    size_t before, const char *name)
{
	if (ar->watched)
		one_by_one(ar, type, v, k, before, name);
	else
		move_part(ar, type, v, k, before, name);
}

void
cask_slow_array(struct cask_ar *ar, enum cask_type type, void *v, size_t n,
    const char *name)
{
	if (ar->way == CASK_DESCRIBES)
		describe_array(ar, type, v, n, name);
	else if (ar->watched && ar->way != CASK_RELEASES)
		one_by_one(ar, type, v, n, 0, name);
	else if (n > 0 && ar->way != CASK_RELEASES)
		move_part(ar, type, v, n, 0, name);
}
