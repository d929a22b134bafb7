/*
 * What characters have become in a code page, as far as it is remembered.  See
 * charset.h; charset.c tells why.
 *
 * SPDX-License-Identifier: MIT
 */
#include "charset.h"
#include "sys.h"
#include "utf.h"

#include <cask/bytes.h>

#include <stdatomic.h>
#include <string.h>

#define BLOCK 256 /* what is converted by table at a time */

/* The tables.  0: not known yet. */

/*
 * From a code page: up to three bytes of UTF-8, the first one lowest, and how
 * many in the highest.  `two` is there only if the page has characters of two
 * bytes, the first of which is never ASCII.
 */
struct decoder {
	_Atomic uint32_t one[256];
	_Atomic uint32_t two[128][256];
};

/* To one, by the code point: one byte, or two, the second above the first. */
struct encoder {
	_Atomic uint16_t bytes[0x10000];
};

static inline uint32_t
look8(const _Atomic uint32_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

static inline uint16_t
look16(const _Atomic uint16_t *entry)
{
	return atomic_load_explicit(entry, memory_order_relaxed);
}

void *
caski_table_keep(const struct caski_charset *c)
{
	size_t size = sizeof(struct encoder);

	if (c->to_utf8)
		size = c->doubles ? sizeof(struct decoder)
				  : offsetof(struct decoder, two);
	return caski_sys_keep(c->place, size);
}

/* One character */

/* Its place in the table; NULL if it can have none. */
static _Atomic uint32_t *
decoder_entry(const struct caski_charset *c, const char *src, size_t length)
{
	const unsigned char *s = (const unsigned char *)src;
	struct decoder *t = c->table;

	if (t == NULL || (length == 2 && (!c->doubles || s[0] < 0x80)))
		return NULL;
	return length == 1 ? &t->one[s[0]] : &t->two[s[0] - 0x80][s[1]];
}

static _Atomic uint16_t *
encoder_entry(const struct caski_charset *c, uint32_t code)
{
	struct encoder *t = c->table;

	return t != NULL && code <= 0xFFFF ? &t->bytes[code] : NULL;
}

void
caski_table_remember(
    const struct caski_charset *c, const struct caski_step *step, const char *s)
{
	const unsigned char *out = (const unsigned char *)step->out;
	_Atomic uint32_t *utf8 =
	    c->to_utf8 ? decoder_entry(c, s, step->read) : NULL;
	_Atomic uint16_t *coded =
	    c->to_utf8 ? NULL : encoder_entry(c, step->code);
	uint32_t bytes = out[0];

	if (step->err != 0 || step->written > 3)
		return;
	if (step->written > 1)
		bytes |= (uint32_t)out[1] << 8;
	if (step->written > 2)
		bytes |= (uint32_t)out[2] << 16;
	if (utf8 != NULL)
		atomic_store_explicit(utf8,
		    bytes | (uint32_t)step->written << 24,
		    memory_order_relaxed);
	/* Two of them are told from one by the second. */
	if (coded != NULL && step->written == 1u + (bytes > 0xFF))
		atomic_store_explicit(
		    coded, (uint16_t)bytes, memory_order_relaxed);
}

/* What has been remembered, if it has. */
bool
caski_table_recall(const struct caski_charset *c, struct caski_step *step,
    const char *s, size_t n)
{
	_Atomic uint32_t *utf8;
	_Atomic uint16_t *coded;
	uint32_t bytes = 0;

	for (size_t i = 1; c->to_utf8 && bytes == 0 && i <= n && i <= 2; i++) {
		utf8 = decoder_entry(c, s, i);
		bytes = utf8 != NULL ? look8(utf8) : 0;
		step->read = i;
		step->written = bytes >> 24;
	}
	coded = c->to_utf8 ? NULL : encoder_entry(c, step->code);
	if (coded != NULL) {
		bytes = look16(coded);
		step->written = 1 + (bytes > 0xFF);
	}
	for (int i = 0; i < 3; i++)
		step->out[i] = (char)(bytes >> 8 * i & 0xFF);
	return bytes != 0;
}

/* Many characters, as far as they are known: how many bytes were read. */

/* Each is written as four bytes, as long as there is room for four. */
static size_t
decode_known(const struct caski_charset *c, unsigned char *d, size_t room,
    const unsigned char *s, size_t n, size_t *written)
{
	const struct decoder *t = c->table;
	size_t i = 0, end = room < 4 ? 0 : (room - 1) / 3;

	if (end > n)
		end = n;
	*written = 0;
	while (i < end) {
		uint32_t bytes = look8(&t->one[s[i]]);
		size_t length = 1;

		if (bytes == 0) {
			if (!c->doubles || s[i] < 0x80 || n - i < 2)
				break;
			bytes = look8(&t->two[s[i] - 0x80][s[i + 1]]);
			length = 2;
			if (bytes == 0)
				break;
		}
		cask_write32(d + *written, cask_order32(bytes, false));
		*written += bytes >> 24;
		i += length;
	}
	return i;
}

/*
 * The length of a well-formed character beyond ASCII that lies within n bytes,
 * and which one it is; 0 if it is none, or one of four bytes.
 */
static inline size_t
short_character(const unsigned char *s, size_t n, uint32_t *code)
{
	uint32_t second, third, c;

	if (n < 2)
		return 0;
	second = s[1] ^ 0x80u;
	if (s[0] < 0xE0) {
		*code = (s[0] & 0x1Fu) << 6 | second;
		return s[0] >= 0xC2 && second < 0x40 ? 2 : 0;
	}
	if (n < 3 || s[0] > 0xEF)
		return 0;
	third = s[2] ^ 0x80u;
	*code = c = (s[0] & 0xFu) << 12 | second << 6 | third;
	return (second | third) < 0x40 && c >= 0x800 && (c & 0xF800) != 0xD800
	    ? 3
	    : 0;
}

/* How many of the next 8 bytes are ASCII before the first that is not; all 8
 * are copied. */
static inline size_t
copy_to_other(unsigned char *d, const unsigned char *s)
{
	uint64_t w = cask_read64(s);
	uint64_t high = cask_order64(w, false) & UINT64_C(0x8080808080808080);

	cask_write64(d, w);
	return high != 0 ? (size_t)__builtin_ctzll(high) / 8 : 8;
}

/* No character has more bytes in the code page than it has in UTF-8. */
static size_t
encode_known(const struct caski_charset *c, unsigned char *d, size_t room,
    const unsigned char *s, size_t n, size_t *written)
{
	const struct encoder *t = c->table;
	size_t i = 0, length, end = n < room ? n : room;
	unsigned char *at = d;
	uint32_t code = 0;
	uint16_t bytes;

	while (i < end) {
		if (end - i >= 8 && (!c->doubles || s[i] < 0x80)) {
			length = copy_to_other(at, s + i);
			i += length;
			at += length;
			if (length == 8)
				continue;
		} else if (s[i] < 0x80) {
			*at++ = s[i++];
			continue;
		}
		length = short_character(s + i, end - i, &code);
		if (length == 0 || (bytes = look16(&t->bytes[code])) == 0)
			break;
		cask_write16(at, cask_order16(bytes, false));
		at += 1 + (bytes > 0xFF);
		i += length;
	}
	*written = (size_t)(at - d);
	return i;
}

void
caski_table_convert(const struct caski_charset *c, unsigned char *dst,
    size_t room, const unsigned char *src, size_t n, struct cask_progress *done)
{
	unsigned char unseen[3 * BLOCK + 1];
	size_t read, written;

	do {
		unsigned char *to = dst ? dst + done->written : NULL;
		const unsigned char *from = src + done->read;
		size_t left = n - done->read, fits = room - done->written;
		size_t run =
		    caski_copy_ascii(to, from, left < fits ? left : fits);

		done->read += run;
		done->written += run;
		if (run == left)
			break;
		from += run;
		left -= run;
		fits -= run;
		if (to == NULL && fits > sizeof unseen)
			fits = sizeof unseen;
		/* cppcheck-suppress legacyUninitvar ; only written to */
		to = to != NULL ? to + run : unseen;
		if (left > BLOCK)
			left = BLOCK;
		read = c->to_utf8 ? decode_known(c, (unsigned char *)to, fits,
					(const unsigned char *)from,
					left < BLOCK ? left : BLOCK, &written)
				  : encode_known(c, (unsigned char *)to, fits,
					from, left, &written);
		done->read += read;
		done->written += written;
	} while (read > 0);
}
