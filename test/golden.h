/*
 * Goldens: values and their bytes on the wire, both ways.
 *
 * The little-endian bytes of numbers, texts and messages are rows of a
 * description of MFC's format that was made from MFC, not from this library;
 * the big-endian ones are the same with the bytes of each number turned round.
 * One table, and the functions that store, load and check a row, are shared by
 * the tests of values, texts, archives and hostile bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GOLDEN_H
#define GOLDEN_H

#include "test.h"

#include <cask/text.h>
#include <cask/value.h>

enum golden_kind {
	GOLDEN_U8,
	GOLDEN_I8,
	GOLDEN_BOOL,
	GOLDEN_U16,
	GOLDEN_I16,
	GOLDEN_CHAR16,
	GOLDEN_U32,
	GOLDEN_I32,
	GOLDEN_F32,
	GOLDEN_U64,
	GOLDEN_I64,
	GOLDEN_F64,
	GOLDEN_COUNT,
	GOLDEN_TEXT,
	GOLDEN_DUP, /* what GOLDEN_TEXT is, loaded into memory of its own */
	GOLDEN_RECORD,
	GOLDEN_CHAT,
	GOLDEN_RECT,
};

struct golden {
	const char *name;
	enum golden_kind kind;
	const char *bytes; /* in hexadecimal, little-endian */
	const char *big;   /* big-endian; NULL: the same */
	uint64_t bits;     /* of a number */
	const char *text;  /* NULL: fill letters x, which bytes leaves out */
	size_t fill;
	enum cask_text_form form;
	int codepage;
	bool count32;
	bool loaded_only; /* a form that is understood but never written */
};

#define NUMBER(kind, name, bits, little, big)                                 \
	{                                                                     \
		name, GOLDEN_##kind, little, big, bits, NULL, 0, 0, 0, false, \
		    false                                                     \
	}
#define COUNTED(name, n, little, big, mfc32)                              \
	{                                                                 \
		name, GOLDEN_COUNT, little, big, n, NULL, 0, 0, 0, mfc32, \
		    false                                                 \
	}
#define TEXT(form, name, text, little, big)                                 \
	{                                                                   \
		name, GOLDEN_TEXT, little, big, 0, text, 0, CASK_##form, 0, \
		    false, false                                            \
	}
#define FILLED(form, name, n, little, big)                                  \
	{                                                                   \
		name, GOLDEN_TEXT, little, big, 0, NULL, n, CASK_##form, 0, \
		    false, false                                            \
	}
#define CODED(page, name, text, bytes)                                       \
	{                                                                    \
		name, GOLDEN_TEXT, bytes, NULL, 0, text, 0, CASK_ANSI, page, \
		    false, false                                             \
	}
#define LOADED(form, name, text, little, big)                               \
	{                                                                   \
		name, GOLDEN_TEXT, little, big, 0, text, 0, CASK_##form, 0, \
		    false, true                                             \
	}
#define MESSAGE(kind, form, name, little, big)                                \
	{                                                                     \
		name, GOLDEN_##kind, little, big, 0, NULL, 0, CASK_##form, 0, \
		    false, false                                              \
	}

/* clang-format off */
static const struct golden goldens[] = {
	/* 6.2: primitives */
	NUMBER(U8, "BYTE AB", 0xAB, "AB", NULL),
	NUMBER(I8, "char A", 'A', "41", NULL),
	NUMBER(BOOL, "bool true", 1, "01", NULL),
	NUMBER(U16, "WORD 1234", 0x1234, "34 12", "12 34"),
	NUMBER(I16, "short -2", 0xFFFE, "FE FF", "FF FE"),
	NUMBER(CHAR16, "wchar_t euro", 0x20AC, "AC 20", "20 AC"),
	NUMBER(U32, "DWORD", 0x12345678, "78 56 34 12", "12 34 56 78"),
	NUMBER(I32, "LONG -2", 0xFFFFFFFE, "FE FF FF FF", "FF FF FF FE"),
	NUMBER(I32, "int 1000", 1000, "E8 03 00 00", "00 00 03 E8"),
	NUMBER(U32, "unsigned 4e9", 4000000000, "00 28 6B EE", "EE 6B 28 00"),
	NUMBER(I32, "BOOL TRUE", 1, "01 00 00 00", "00 00 00 01"),
	NUMBER(I64, "LONGLONG -2", 0xFFFFFFFFFFFFFFFE,
	    "FE FF FF FF FF FF FF FF", "FF FF FF FF FF FF FF FE"),
	NUMBER(U64, "ULONGLONG", 0x0102030405060708,
	    "08 07 06 05 04 03 02 01", "01 02 03 04 05 06 07 08"),
	NUMBER(F32, "float 1.5", 0x3FC00000, "00 00 C0 3F", "3F C0 00 00"),
	NUMBER(F64, "double -2.25", 0xC002000000000000,
	    "00 00 00 00 00 00 02 C0", "C0 02 00 00 00 00 00 00"),

	/* extremes */
	NUMBER(U8, "BYTE 0", 0, "00", NULL),
	NUMBER(U8, "BYTE 255", 0xFF, "FF", NULL),
	NUMBER(I8, "char -128", 0x80, "80", NULL),
	NUMBER(I8, "char 127", 0x7F, "7F", NULL),
	NUMBER(BOOL, "bool false", 0, "00", NULL),
	NUMBER(U16, "WORD FFFF", 0xFFFF, "FF FF", "FF FF"),
	NUMBER(I16, "short -32768", 0x8000, "00 80", "80 00"),
	NUMBER(I16, "short 32767", 0x7FFF, "FF 7F", "7F FF"),
	NUMBER(CHAR16, "lone surrogate", 0xD800, "00 D8", "D8 00"),
	NUMBER(U32, "DWORD FFFFFFFF", 0xFFFFFFFF, "FF FF FF FF", NULL),
	NUMBER(I32, "least LONG", 0x80000000, "00 00 00 80", "80 00 00 00"),
	NUMBER(I32, "most LONG", 0x7FFFFFFF, "FF FF FF 7F", "7F FF FF FF"),
	NUMBER(I64, "least LONGLONG", 0x8000000000000000,
	    "00 00 00 00 00 00 00 80", "80 00 00 00 00 00 00 00"),
	NUMBER(I64, "most LONGLONG", 0x7FFFFFFFFFFFFFFF,
	    "FF FF FF FF FF FF FF 7F", "7F FF FF FF FF FF FF FF"),
	NUMBER(F32, "float -0", 0x80000000, "00 00 00 80", "80 00 00 00"),
	NUMBER(F32, "float infinity", 0x7F800000, "00 00 80 7F",
	    "7F 80 00 00"),
	NUMBER(F32, "float NaN with payload", 0x7FC12345, "45 23 C1 7F",
	    "7F C1 23 45"),
	NUMBER(F32, "float least subnormal", 1, "01 00 00 00", "00 00 00 01"),
	NUMBER(F64, "double NaN with payload", 0xFFF8000000012345,
	    "45 23 01 00 00 00 F8 FF", "FF F8 00 00 00 01 23 45"),
	NUMBER(F64, "most double", 0x7FEFFFFFFFFFFFFF,
	    "FF FF FF FF FF FF EF 7F", "7F EF FF FF FF FF FF FF"),

	/* 6.5: counts */
	COUNTED("count 0", 0, "00 00", NULL, false),
	COUNTED("count 1", 1, "01 00", "00 01", false),
	COUNTED("count 254", 254, "FE 00", "00 FE", false),
	COUNTED("count 255", 255, "FF 00", "00 FF", false),
	COUNTED("count 65534", 65534, "FE FF", "FF FE", false),
	COUNTED("count 65535", 65535, "FF FF FF FF 00 00",
	    "FF FF 00 00 FF FF", false),
	COUNTED("count 65536", 65536, "FF FF 00 00 01 00",
	    "FF FF 00 01 00 00", false),
	COUNTED("count 2^32-2", 0xFFFFFFFE, "FF FF FE FF FF FF",
	    "FF FF FF FF FF FE", false),
	COUNTED("count 2^32-1 of a 32-bit program", 0xFFFFFFFF,
	    "FF FF FF FF FF FF", NULL, true),
	COUNTED("count 2^32-1", 0xFFFFFFFF,
	    "FF FF FF FF FF FF FF FF FF FF 00 00 00 00",
	    "FF FF FF FF FF FF 00 00 00 00 FF FF FF FF", false),
	COUNTED("count 2^32", 0x100000000,
	    "FF FF FF FF FF FF 00 00 00 00 01 00 00 00",
	    "FF FF FF FF FF FF 00 00 00 01 00 00 00 00", false),

	/* 6.3: texts */
	TEXT(ANSI, "ANSI 0", "", "00", NULL),
	TEXT(ANSI, "ANSI 1", "A", "01 41", NULL),
	TEXT(ANSI, "ANSI 3", "abc", "03 61 62 63", NULL),
	TEXT(ANSI, "ANSI euro", u8"\u20AC" "5", "02 80 35", NULL),
	FILLED(ANSI, "ANSI 254", 254, "FE", NULL),
	FILLED(ANSI, "ANSI 255", 255, "FF FF 00", "FF 00 FF"),
	FILLED(ANSI, "ANSI 256", 256, "FF 00 01", "FF 01 00"),
	FILLED(ANSI, "ANSI 65533", 65533, "FF FD FF", "FF FF FD"),
	FILLED(ANSI, "ANSI 65534", 65534, "FF FF FF FE FF 00 00",
	    "FF FF FF 00 00 FF FE"),
	FILLED(ANSI, "ANSI 65535", 65535, "FF FF FF FF FF 00 00",
	    "FF FF FF 00 00 FF FF"),
	FILLED(ANSI, "ANSI 65536", 65536, "FF FF FF 00 00 01 00",
	    "FF FF FF 00 01 00 00"),
	TEXT(UNICODE, "Unicode 0", "", "FF FE FF 00", "FF FF FE 00"),
	TEXT(UNICODE, "Unicode 1", "A", "FF FE FF 01 41 00",
	    "FF FF FE 01 00 41"),
	TEXT(UNICODE, "Unicode 3", "abc", "FF FE FF 03 61 00 62 00 63 00",
	    "FF FF FE 03 00 61 00 62 00 63"),
	TEXT(UNICODE, "Unicode euro", u8"\u20AC" "5",
	    "FF FE FF 02 AC 20 35 00", "FF FF FE 02 20 AC 00 35"),
	FILLED(UNICODE, "Unicode 254", 254, "FF FE FF FE", "FF FF FE FE"),
	FILLED(UNICODE, "Unicode 255", 255, "FF FE FF FF FF 00",
	    "FF FF FE FF 00 FF"),
	FILLED(UNICODE, "Unicode 256", 256, "FF FE FF FF 00 01",
	    "FF FF FE FF 01 00"),
	FILLED(UNICODE, "Unicode 65533", 65533, "FF FE FF FF FD FF",
	    "FF FF FE FF FF FD"),
	FILLED(UNICODE, "Unicode 65534", 65534,
	    "FF FE FF FF FF FF FE FF 00 00", "FF FF FE FF FF FF 00 00 FF FE"),
	FILLED(UNICODE, "Unicode 65535", 65535,
	    "FF FE FF FF FF FF FF FF 00 00", "FF FF FE FF FF FF 00 00 FF FF"),
	FILLED(UNICODE, "Unicode 65536", 65536,
	    "FF FE FF FF FF FF 00 00 01 00", "FF FF FE FF FF FF 00 01 00 00"),
	TEXT(UNICODE, "a surrogate pair", u8"\U0001F600" "!",
	    "FF FE FF 03 3D D8 00 DE 21 00", "FF FF FE 03 D8 3D DE 00 00 21"),
	TEXT(UNICODE, "the last of each length",
	    "\x7F" u8"\u07FF\uFFFF\U0010FFFF",
	    "FF FE FF 05 7F 00 FF 07 FF FF FF DB FF DF",
	    "FF FF FE 05 00 7F 07 FF FF FF DB FF DF FF"),

	/* code pages: bytes of the published tables */
	CODED(1251, "Cyrillic", u8"\u041F\u0440\u0438\u0432\u0435\u0442",
	    "06 CF F0 E8 E2 E5 F2"),
	CODED(1253, "Greek", u8"\u0391\u03B2", "02 C1 E2"),
	CODED(850, "DOS", u8"caf\u00E9", "04 63 61 66 82"),
	CODED(932, "Japanese", u8"\u65E5\u672C" "a" u8"\uFF71\u30BD",
	    "08 93 FA 96 7B 61 B1 83 5C"),
	CODED(936, "Chinese", u8"\u554A" "b", "03 B0 A1 62"),
	CODED(949, "Korean", u8"\uAC00", "02 B0 A1"),
	CODED(950, "Chinese, traditional", u8"\u4E00\u529F", "04 A4 40 A5 5C"),
	CODED(1258, "Vietnamese", u8"A\u0300", "02 41 CC"),
	CODED(65001, "UTF-8 as a code page", u8"\u20AC", "03 E2 82 AC"),

	/* 6.4: what else is accepted */
	LOADED(ANSI, "over-long WORD", "Hello", "FF 05 00 48 65 6C 6C 6F",
	    "FF 00 05 48 65 6C 6C 6F"),
	LOADED(ANSI, "over-long DWORD", "Hello",
	    "FF FF FF 05 00 00 00 48 65 6C 6C 6F",
	    "FF FF FF 00 00 00 05 48 65 6C 6C 6F"),
	LOADED(ANSI, "over-long QWORD", "Hello",
	    "FF FF FF FF FF FF FF 05 00 00 00 00 00 00 00 48 65 6C 6C 6F",
	    "FF FF FF FF FF FF FF 00 00 00 00 00 00 00 05 48 65 6C 6C 6F"),
	LOADED(UNICODE, "over-long Unicode WORD", "Hi",
	    "FF FE FF FF 02 00 48 00 69 00", "FF FF FE FF 00 02 00 48 00 69"),
	LOADED(UNICODE, "over-long Unicode DWORD", "Hi",
	    "FF FE FF FF FF FF 02 00 00 00 48 00 69 00",
	    "FF FF FE FF FF FF 00 00 00 02 00 48 00 69"),
	LOADED(ANSI, "Unicode, where ANSI is stored", "Hi",
	    "FF FE FF 02 48 00 69 00", "FF FF FE 02 00 48 00 69"),
	LOADED(UNICODE, "ANSI, where Unicode is stored", "Hi", "02 48 69",
	    NULL),
	{ "WORD FFFE after the marker", GOLDEN_TEXT, "FF FE FF FF FE FF",
	    "FF FF FE FF FF FE", 0, NULL, 65534, CASK_UNICODE, 0, false, true },

	/* the form for peers that aren't MFC's: a count and UTF-8 */
	TEXT(UTF8, "UTF-8 0", "", "00 00", NULL),
	TEXT(UTF8, "UTF-8", u8"a\u00E9\u20AC\U0001F600",
	    "0A 00 61 C3 A9 E2 82 AC F0 9F 98 80",
	    "00 0A 61 C3 A9 E2 82 AC F0 9F 98 80"),
	FILLED(UTF8, "UTF-8 65534", 65534, "FE FF", "FF FE"),
	FILLED(UTF8, "UTF-8 65535", 65535, "FF FF FF FF 00 00",
	    "FF FF 00 00 FF FF"),

	/* 6.10 and chapter 10: whole messages */
	MESSAGE(RECT, UNICODE, "RECT",
	    "01 00 00 00 02 00 00 00 03 00 00 00 04 00 00 00",
	    "00 00 00 01 00 00 00 02 00 00 00 03 00 00 00 04"),
	MESSAGE(RECORD, UNICODE, "a record",
	    "78 56 34 12 02 01 03 00 04 00 00 00",
	    "12 34 56 78 01 02 00 03 00 00 00 04"),
	MESSAGE(CHAT, ANSI, "two lines",
	    "00 00 00 02 00 07 41 6E 6E 3A 20 48 69 0A 42 6F 62 3A 20 48 65"
	    "6C 6C 6F",
	    "00 00 00 00 02 07 41 6E 6E 3A 20 48 69 0A 42 6F 62 3A 20 48 65"
	    "6C 6C 6F"),
};
/* clang-format on */

/* Lengths in front of a text that no test can have in memory. */
struct golden_length {
	uint64_t n;
	bool wide;
	const char *bytes;
	const char *big;
};

static const struct golden_length golden_lengths[] = {
	{ 0xFFFFFFFE, false, "FF FF FF FE FF FF FF", "FF FF FF FF FF FF FE" },
	{ 0xFFFFFFFF, false, "FF FF FF FF FF FF FF FF FF FF FF 00 00 00 00",
	    "FF FF FF FF FF FF FF 00 00 00 00 FF FF FF FF" },
	{ 0x100000000, false, "FF FF FF FF FF FF FF 00 00 00 00 01 00 00 00",
	    "FF FF FF FF FF FF FF 00 00 00 01 00 00 00 00" },
	{ 0xFFFFFFFE, true, "FF FE FF FF FF FF FE FF FF FF",
	    "FF FF FE FF FF FF FF FF FF FE" },
	{ 0xFFFFFFFF, true,
	    "FF FE FF FF FF FF FF FF FF FF FF FF FF FF 00 00 00 00",
	    "FF FF FE FF FF FF FF FF FF FF 00 00 00 00 FF FF FF FF" },
	{ 0x100000000, true,
	    "FF FE FF FF FF FF FF FF FF FF 00 00 00 00 01 00 00 00",
	    "FF FF FE FF FF FF FF FF FF FF 00 00 00 01 00 00 00 00" },
};

/* Hexadecimal to bytes: gives how many. */
static inline size_t
golden_hex(unsigned char *to, const char *hex)
{
	size_t n = 0;
	unsigned v;
	int used;

	while (sscanf(hex, " %2x%n", &v, &used) == 1) {
		if (to != NULL)
			to[n] = (unsigned char)v;
		n++;
		hex += used;
	}
	return n;
}

static inline bool
golden_is_text(const struct golden *g)
{
	return g->kind == GOLDEN_TEXT || g->kind == GOLDEN_DUP;
}

/* The bytes of a row, in a block of exactly their size; to be freed. */
static inline unsigned char *
golden_bytes(const struct golden *g, bool big, size_t *length)
{
	const char *hex = big && g->big != NULL ? g->big : g->bytes;
	size_t n = golden_hex(NULL, hex);
	size_t width = g->form == CASK_UNICODE ? 2 : 1;
	unsigned char *b = malloc(n + width * g->fill);

	assert_non_null(b);
	golden_hex(b, hex);
	for (size_t i = 0; i < g->fill; i++) {
		if (width == 2)
			b[n + !big] = 0;
		b[n + (width == 2 && big)] = 'x';
		n += width;
	}
	*length = n;
	return b;
}

/* The settings of a row.  Counts of any size are let through. */
static inline void
golden_set(struct cask_ar *ar, const struct golden *g, bool big)
{
	ar->big_endian = big;
	ar->form = g->form;
	ar->codepage = g->codepage;
	ar->count32 = g->count32;
	ar->limit.count = UINT64_MAX;
}

/* Values, as they are in memory */

struct golden_point {
	int32_t x, y;
};

struct golden_rect {
	struct golden_point from, to;
};

struct golden_record {
	int32_t magic;
	int16_t command, param1;
	int32_t param2;
};

struct golden_chat {
	uint16_t closing;
	char text[64];
	uint32_t count;
	char lines[8][64];
};

static inline void
golden_point_x(struct cask_ar *ar, struct golden_point *p)
{
	cask_i32(ar, &p->x);
	cask_i32(ar, &p->y);
}

static inline void
golden_rect_x(struct cask_ar *ar, struct golden_rect *r)
{
	cask_struct(ar, &r->from, golden_point_x);
	cask_struct(ar, &r->to, golden_point_x);
}

static inline void
golden_record_x(struct cask_ar *ar, struct golden_record *r)
{
	cask_i32(ar, &r->magic);
	cask_i16(ar, &r->command);
	cask_i16(ar, &r->param1);
	cask_i32(ar, &r->param2);
}

static inline void
golden_chat_x(struct cask_ar *ar, struct golden_chat *c)
{
	cask_u16(ar, &c->closing);
	cask_text(ar, c->text, sizeof c->text);
	cask_count(ar, &c->count, COUNT(c->lines));
	for (uint32_t i = 0; i < c->count; i++)
		cask_text(ar, c->lines[i], sizeof c->lines[i]);
}

struct golden_value {
	union {
		uint8_t u8;
		int8_t i8;
		bool boolean;
		uint16_t u16;
		int16_t i16;
		uint32_t u32;
		int32_t i32;
		float f32;
		uint64_t u64;
		int64_t i64;
		double f64;
		struct golden_record record;
		struct golden_rect rect;
		struct golden_chat chat;
	} is;
	char *text; /* of GOLDEN_TEXT in an array of size; of GOLDEN_DUP */
	size_t size;
};

/* Store or load a row's value: this is the walk that all the tests share. */
static inline void
golden_exchange(
    struct cask_ar *ar, enum golden_kind kind, struct golden_value *v)
{
	switch (kind) {
	case GOLDEN_U8:
		cask_u8(ar, &v->is.u8);
		break;
	case GOLDEN_I8:
		cask_i8(ar, &v->is.i8);
		break;
	case GOLDEN_BOOL:
		cask_bool(ar, &v->is.boolean);
		break;
	case GOLDEN_U16:
		cask_u16(ar, &v->is.u16);
		break;
	case GOLDEN_I16:
		cask_i16(ar, &v->is.i16);
		break;
	case GOLDEN_CHAR16:
		cask_char16(ar, &v->is.u16);
		break;
	case GOLDEN_U32:
		cask_u32(ar, &v->is.u32);
		break;
	case GOLDEN_I32:
		cask_i32(ar, &v->is.i32);
		break;
	case GOLDEN_F32:
		cask_f32(ar, &v->is.f32);
		break;
	case GOLDEN_U64:
		cask_u64(ar, &v->is.u64);
		break;
	case GOLDEN_I64:
		cask_i64(ar, &v->is.i64);
		break;
	case GOLDEN_F64:
		cask_f64(ar, &v->is.f64);
		break;
	case GOLDEN_COUNT:
		cask_count64(ar, &v->is.u64, UINT64_MAX);
		break;
	case GOLDEN_TEXT:
		cask_text(ar, v->text, v->size);
		break;
	case GOLDEN_DUP:
		cask_text_dup(ar, &v->text, SIZE_MAX);
		break;
	case GOLDEN_RECORD:
		cask_struct(ar, &v->is.record, golden_record_x);
		break;
	case GOLDEN_CHAT:
		cask_struct(ar, &v->is.chat, golden_chat_x);
		break;
	case GOLDEN_RECT:
		cask_struct(ar, &v->is.rect, golden_rect_x);
		break;
	}
}

static inline size_t
golden_text_length(const struct golden *g)
{
	return g->text != NULL ? strlen(g->text) : g->fill;
}

/* A row's number, where the type says: by its bits. */
static inline void
golden_number(const struct golden *g, struct golden_value *v)
{
	union cask_f32 f32;
	union cask_f64 f64;

	switch (g->kind) {
	case GOLDEN_BOOL:
		v->is.boolean = g->bits != 0;
		break;
	case GOLDEN_U8:
	case GOLDEN_I8:
		v->is.u8 = (uint8_t)g->bits;
		break;
	case GOLDEN_U16:
	case GOLDEN_I16:
	case GOLDEN_CHAR16:
		v->is.u16 = (uint16_t)g->bits;
		break;
	case GOLDEN_F32:
		f32.bits = (uint32_t)g->bits;
		v->is.f32 = f32.f;
		break;
	case GOLDEN_F64:
		f64.bits = g->bits;
		v->is.f64 = f64.f;
		break;
	case GOLDEN_U32:
	case GOLDEN_I32:
		v->is.u32 = (uint32_t)g->bits;
		break;
	default:
		v->is.u64 = g->bits;
	}
}

static inline void
golden_chat(struct golden_value *v)
{
	v->is.chat.count = 2;
	strcpy(v->is.chat.lines[0], "Ann: Hi");
	strcpy(v->is.chat.lines[1], "Bob: Hello");
}

/* The value of a row.  It has to be freed. */
static inline void
golden_make(const struct golden *g, struct golden_value *v)
{
	size_t n = golden_text_length(g);

	memset(v, 0, sizeof *v);
	if (g->kind == GOLDEN_RECT) {
		v->is.rect = (struct golden_rect) { { 1, 2 }, { 3, 4 } };
	} else if (g->kind == GOLDEN_RECORD) {
		v->is.record =
		    (struct golden_record) { 0x12345678, 0x0102, 3, 4 };
	} else if (g->kind == GOLDEN_CHAT) {
		golden_chat(v);
	} else if (golden_is_text(g)) {
		v->size = n + 1;
		v->text = malloc(v->size);
		assert_non_null(v->text);
		memset(v->text, 'x', n);
		v->text[n] = '\0';
		if (g->text != NULL)
			memcpy(v->text, g->text, n);
	} else {
		golden_number(g, v);
	}
}

/* A place to load a row's kind to, full of rubbish but for bools. */
static inline void
golden_place(const struct golden *g, struct golden_value *v)
{
	memset(v, g->kind == GOLDEN_BOOL ? 1 : 0xA5, sizeof *v);
	v->text = NULL;
	v->size = golden_text_length(g) + 1;
	if (g->kind == GOLDEN_TEXT) {
		v->text = malloc(v->size);
		assert_non_null(v->text);
		memset(v->text, 0xA5, v->size);
	}
}

/* What a loaded text was allocated with: the library's own seam. */
void caski_sys_free(void *p);

static inline void
golden_free(struct golden_value *v, bool loaded_dup)
{
	if (loaded_dup)
		caski_sys_free(v->text);
	else
		free(v->text);
	v->text = NULL;
}

/* How many bytes of a value count; the rest of the union is not looked at. */
static inline size_t
golden_size(enum golden_kind kind)
{
	static const size_t sizes[] = { [GOLDEN_U8] = 1,
		[GOLDEN_I8] = 1,
		[GOLDEN_BOOL] = 1,
		[GOLDEN_U16] = 2,
		[GOLDEN_I16] = 2,
		[GOLDEN_CHAR16] = 2,
		[GOLDEN_U32] = 4,
		[GOLDEN_I32] = 4,
		[GOLDEN_F32] = 4,
		[GOLDEN_U64] = 8,
		[GOLDEN_I64] = 8,
		[GOLDEN_F64] = 8,
		[GOLDEN_COUNT] = 8,
		[GOLDEN_RECORD] = sizeof(struct golden_record),
		[GOLDEN_RECT] = sizeof(struct golden_rect) };

	return sizes[kind];
}

static inline void
golden_assert_value(const struct golden *g, const struct golden_value *v)
{
	struct golden_value want;

	golden_make(g, &want);
	if (golden_is_text(g)) {
		assert_non_null(v->text);
		assert_string_equal(v->text, want.text);
	} else if (g->kind == GOLDEN_CHAT) {
		assert_int_equal(v->is.chat.closing, 0);
		assert_string_equal(v->is.chat.text, "");
		assert_int_equal(v->is.chat.count, 2);
		for (int i = 0; i < 2; i++)
			assert_string_equal(
			    v->is.chat.lines[i], want.is.chat.lines[i]);
	} else {
		assert_memory_equal(&v->is, &want.is, golden_size(g->kind));
	}
	golden_free(&want, false);
}

/* After an error nothing but zero was loaded.  A message may be loaded in part.
 */
static inline void
golden_assert_zero(const struct golden *g, const struct golden_value *v)
{
	static const struct golden_value zero;

	if (g->kind == GOLDEN_TEXT)
		assert_string_equal(v->text, "");
	else if (g->kind == GOLDEN_DUP)
		assert_null(v->text);
	else if (g->kind != GOLDEN_RECORD && g->kind != GOLDEN_RECT &&
	    g->kind != GOLDEN_CHAT)
		assert_memory_equal(&v->is, &zero.is, golden_size(g->kind));
	else if (g->kind == GOLDEN_CHAT)
		assert_true(v->is.chat.count <= COUNT(v->is.chat.lines));
}

#endif
