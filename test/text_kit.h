/*
 * For the tests of text: a text in memory of any kind, and one function that
 * exchanges it by each of the twelve that there are.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEXT_KIT_H
#define TEXT_KIT_H

#include "fault.h"
#include "golden.h"
#include "own_io.h"
#include "test.h"

#include "../lib/sys.h"

#include <cask.h>

#include <wchar.h>

enum memory { M8, M16, M32, MW, MEMORIES };
enum holder { ARRAY, DUP, STRING, HOLDERS };

#define ROOM 400

struct place {
	enum memory memory;
	enum holder holder;
	size_t room; /* of the array, or the most of the others; 0: ROOM */
	union {
		char m8[ROOM];
		uint16_t m16[ROOM];
		uint32_t m32[ROOM];
		wchar_t mw[ROOM];
	} array;
	char *dup8;
	uint16_t *dup16;
	uint32_t *dup32;
	wchar_t *dupw;
	struct cask_string s8;
	struct cask_string16 s16;
	struct cask_string32 s32;
	struct cask_wstring sw;
};

static inline size_t
place_width(const struct place *p)
{
	static const size_t widths[] = { 1, 2, 4, sizeof(wchar_t) };

	return widths[p->memory];
}

static inline void
place_x(struct cask_ar *ar, struct place *p, const struct cask_as *as)
{
	size_t room = p->room != 0 ? p->room : ROOM;

	switch (p->memory * HOLDERS + p->holder) {
	case M8 *HOLDERS + ARRAY:
		cask_text_as(ar, p->array.m8, room, as);
		break;
	case M8 *HOLDERS + DUP:
		cask_text_dup_as(ar, &p->dup8, room, as);
		break;
	case M8 *HOLDERS + STRING:
		cask_string_dup_as(ar, &p->s8, room, as);
		break;
	case M16 *HOLDERS + ARRAY:
		cask_text16_as(ar, p->array.m16, room, as);
		break;
	case M16 *HOLDERS + DUP:
		cask_text16_dup_as(ar, &p->dup16, room, as);
		break;
	case M16 *HOLDERS + STRING:
		cask_string16_dup_as(ar, &p->s16, room, as);
		break;
	case M32 *HOLDERS + ARRAY:
		cask_text32_as(ar, p->array.m32, room, as);
		break;
	case M32 *HOLDERS + DUP:
		cask_text32_dup_as(ar, &p->dup32, room, as);
		break;
	case M32 *HOLDERS + STRING:
		cask_string32_dup_as(ar, &p->s32, room, as);
		break;
	case MW *HOLDERS + ARRAY:
		cask_wtext_as(ar, p->array.mw, room, as);
		break;
	case MW *HOLDERS + DUP:
		cask_wtext_dup_as(ar, &p->dupw, room, as);
		break;
	default:
		cask_wstring_dup_as(ar, &p->sw, room, as);
	}
}

/* UTF-8, which may hold NULs, brought to the width: gives its code units. */
static inline size_t
to_width(void *to, size_t width, const char *utf8, size_t n)
{
	struct cask_progress done;

	if (width == 1)
		memcpy(to, utf8, done.written = n);
	else if (width == 2)
		assert_int_equal(
		    cask_utf8_to_utf16(to, ROOM, utf8, n, CASK_STRICT, &done),
		    0);
	else
		assert_int_equal(
		    cask_utf8_to_utf32(to, ROOM, utf8, n, CASK_STRICT, &done),
		    0);
	memset((char *)to + done.written * width, 0, width);
	return done.written;
}

/* Point everything that a place has to its array, n units long. */
static inline void
place_point(struct place *p, size_t n)
{
	p->dup8 = p->s8.text = p->array.m8;
	p->dup16 = p->s16.text = p->array.m16;
	p->dup32 = p->s32.text = p->array.m32;
	p->dupw = p->sw.text = p->array.mw;
	p->s8.length = p->s16.length = p->s32.length = p->sw.length = n;
}

/* Put a text there, to be stored. */
static inline void
place_set(struct place *p, const char *utf8, size_t n)
{
	place_point(p, to_width(&p->array, place_width(p), utf8, n));
}

/* Rubbish, to be loaded over. */
static inline void
place_spoil(struct place *p)
{
	memset(&p->array, 0xA5, sizeof p->array);
	place_point(p, 77);
}

static inline const void *
place_text(const struct place *p)
{
	switch (p->memory * HOLDERS + p->holder) {
	case M8 *HOLDERS + DUP:
		return p->dup8;
	case M8 *HOLDERS + STRING:
		return p->s8.text;
	case M16 *HOLDERS + DUP:
		return p->dup16;
	case M16 *HOLDERS + STRING:
		return p->s16.text;
	case M32 *HOLDERS + DUP:
		return p->dup32;
	case M32 *HOLDERS + STRING:
		return p->s32.text;
	case MW *HOLDERS + DUP:
		return p->dupw;
	case MW *HOLDERS + STRING:
		return p->sw.text;
	default:
		return &p->array;
	}
}

static inline size_t
place_length(const struct place *p)
{
	static const size_t widths[] = { 1, 2, 4, sizeof(wchar_t) };
	const size_t lengths[] = { p->s8.length, p->s16.length, p->s32.length,
		p->sw.length };
	const char nul[4] = { 0 }, *s = place_text(p);
	size_t n = 0;

	if (p->holder == STRING)
		return lengths[p->memory];
	while (memcmp(s + n * widths[p->memory], nul, widths[p->memory]) != 0)
		n++;
	return n;
}

/* What was loaded is that text, with a NUL behind it. */
static inline void
place_is(const struct place *p, const char *utf8, size_t n)
{
	uint32_t wanted[ROOM];
	size_t width = place_width(p), k = to_width(wanted, width, utf8, n);

	assert_non_null(place_text(p));
	assert_int_equal(place_length(p), k);
	assert_memory_equal(place_text(p), wanted, (k + 1) * width);
}

/* What is loaded after an error: "", NULL, or no string. */
static inline void
place_is_zero(const struct place *p)
{
	if (p->holder == ARRAY)
		assert_int_equal(place_length(p), 0);
	else
		assert_null(place_text(p));
	if (p->holder == STRING)
		assert_int_equal(place_length(p), 0);
}

/* After loading: what was allocated. */
static inline void
place_free(struct place *p)
{
	if (p->holder != ARRAY)
		caski_sys_free((void *)(uintptr_t)place_text(p));
}

/* Every kind of memory: for (i = 0; each_place(&p, i); i++). */
static inline bool
each_place(struct place *p, int i)
{
	memset(p, 0, sizeof *p);
	p->memory = (enum memory)(i / HOLDERS);
	p->holder = (enum holder)(i % HOLDERS);
	return i < MEMORIES * HOLDERS;
}

static inline void
assert_why(const struct cask_ar *ar, int err, const char *end)
{
	const char *why = cask_why(ar);
	size_t n = strlen(why), k = strlen(end);

	if (n < k || strcmp(why + n - k, end) != 0)
		assert_string_equal(why, end);
	assert_int_equal(ar->err, err);
}

/* Load one text from bytes. */
static inline void
place_load(struct cask_ar *ar, struct place *p, const struct cask_as *as,
    const void *bytes, size_t n)
{
	static struct cask_mem m;

	cask_load(ar, cask_mem_read(&m, bytes, n));
	place_spoil(p);
	place_x(ar, p, as);
}

static inline void
place_load_hex(struct cask_ar *ar, struct place *p, const struct cask_as *as,
    const char *hex)
{
	unsigned char bytes[1024];

	place_load(ar, p, as, bytes, golden_hex(bytes, hex));
}

/* Store one text; what came of it. */
static inline size_t
place_store(struct cask_ar *ar, struct place *p, const struct cask_as *as,
    unsigned char *got, size_t size)
{
	struct cask_mem m;

	cask_store(ar, cask_mem_write(&m, got, size));
	place_x(ar, p, as);
	cask_flush(ar);
	return m.length;
}

static inline void
place_store_is(struct cask_ar *ar, struct place *p, const struct cask_as *as,
    const char *hex)
{
	unsigned char got[1024], want[1024];
	size_t n = golden_hex(want, hex);

	assert_int_equal(place_store(ar, p, as, got, sizeof got), n);
	assert_memory_equal(got, want, n);
}

#endif
