/*
 * MFC's and OLE's value types: every example there is, dates and times, GUIDs
 * in words, and what is refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "golden_kit.h"

#include <math.h>

static const struct cask_class *const classes[] = { NULL };

static void
time_x(struct cask_ar *ar, void *p)
{
	int64_t *seconds = p;

	cask_time(ar, seconds);
}

static void
span_x(struct cask_ar *ar, void *p)
{
	int64_t *seconds = p;

	cask_time_span(ar, seconds);
}

static void
serialize64_x(struct cask_ar *ar, void *p)
{
	int64_t *seconds = p;

	cask_i64(ar, seconds);
}

static void
date_x(struct cask_ar *ar, void *p)
{
	struct cask_date *date = p;

	cask_date(ar, date);
}

static void
date_span_x(struct cask_ar *ar, void *p)
{
	struct cask_date *span = p;

	cask_date_span(ar, span);
}

static void
currency_x(struct cask_ar *ar, void *p)
{
	struct cask_currency *price = p;

	cask_currency(ar, price);
}

static void
point_x(struct cask_ar *ar, void *p)
{
	struct cask_point *point = p;

	cask_point(ar, point);
}

static void
size_x(struct cask_ar *ar, void *p)
{
	struct cask_size *size = p;

	cask_size(ar, size);
}

static void
rect_x(struct cask_ar *ar, void *p)
{
	struct cask_rect *rect = p;

	cask_rect(ar, rect);
}

static void
guid_x(struct cask_ar *ar, void *p)
{
	struct cask_guid *id = p;

	cask_guid(ar, id);
}

static void
bstr_x(struct cask_ar *ar, void *p)
{
	char **s = p;

	cask_bstr_dup(ar, s, 1000);
}

static void
variant_x(struct cask_ar *ar, void *p)
{
	struct cask_variant *v = p;

	cask_variant_dup(ar, v, 20);
}

#define T(s)    ((char[]) { s })
#define I64(v)  (&(int64_t) { v })
#define DATE    (&(struct cask_date) { CASK_VALID, 36526 })
#define VARIANT &(struct cask_variant)

static struct cask_guid id = { 0x00112233, 0x4455, 0x6677,
	{ 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF } };

static const struct golden goldens[] = {
	{ BYTES("\x1B\x0A\x96\x5D"), time_x, I64(1570114075), .mfc = 7 },
	{ BYTES("\x0A\0\0\x80\x1B\x0A\x96\x5D\0\0\0\0"), time_x,
	    I64(1570114075), .mfc = 0 },
	{ BYTES("\x0A\0\0\x80\x1B\x0A\x96\x5D\0\0\0\0"), time_x,
	    I64(1570114075), .mfc = 8 },
	{ BYTES("\x0A\0\0\x80\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), time_x,
	    I64(-1), .mfc = 9 },
	{ BYTES("\xFF\xFF\xFF\xFF"), time_x, I64(-1), .mfc = 7 },
	{ BYTES("\xFF\xFF\xFF\x7F"), time_x, I64(INT32_MAX), .mfc = 7 },
	{ BYTES("\0\0\0\x80"), time_x, I64(INT32_MIN), .mfc = 7 },
	{ BYTES("\x0A\0\0\x80\0\0\0\0\0\0\0\x80"), time_x, I64(INT64_MIN),
	    .mfc = 0 },
	{ BYTES("\x0A\0\0\x80\x0A\0\0\x80\xFF\xFF\xFF\xFF"), time_x,
	    I64(-2147483638), .mfc = 0 },
	{ BYTES("\x10\x0E\0\0"), span_x, I64(3600), .mfc = 0 },
	{ BYTES("\xF0\xF1\xFF\xFF"), span_x, I64(-3600), .mfc = 0 },
	{ BYTES("\x10\x0E\0\0\0\0\0\0"), serialize64_x, I64(3600), .mfc = 0 },
	{ BYTES("\0\0\0\0\0\0\0\0\xC0\xD5\xE1\x40"), date_x, DATE, .mfc = 0 },
	{ BYTES("\2\0\0\0\0\0\0\0\0\0\0\0"), date_x,
	    &(struct cask_date) { CASK_MISSING, 0 }, .mfc = 0 },
	{ BYTES("\0\0\0\0\0\0\0\0\0\0\xF8\x3F"), date_span_x,
	    &(struct cask_date) { CASK_VALID, 1.5 }, .mfc = 0 },
	{ BYTES("\0\0\0\0\0\0\0\0\x39\x30\0\0"), currency_x,
	    &(struct cask_currency) { CASK_VALID, 12345 }, .mfc = 0 },
	{ BYTES("\0\0\0\0\xFF\xFF\xFF\xFF\xC7\xCF\xFF\xFF"), currency_x,
	    &(struct cask_currency) { CASK_VALID, -12345 }, .mfc = 0 },
	{ BYTES("\1\0\0\0\xFF\xFF\xFF\xFF"), point_x,
	    &(struct cask_point) { 1, -1 }, .mfc = 0 },
	{ BYTES("\x80\2\0\0\xE0\1\0\0"), size_x,
	    &(struct cask_size) { 640, 480 }, .mfc = 0 },
	{ BYTES("\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0"), rect_x,
	    &(struct cask_rect) { 1, 2, 3, 4 }, .mfc = 0 },
	{ BYTES("\x33\x22\x11\0\x55\x44\x77\x66\x88\x99\xAA\xBB\xCC\xDD\xEE"
		"\xFF"),
	    guid_x, &id, .mfc = 0 },
	{ BYTES("\2\0\0\0H\0i\0"), bstr_x, &(char *) { T("Hi") }, .mfc = 0 },
	{ BYTES("\0\0\0\0"), bstr_x, &(char *) { NULL }, .mfc = 0 },
	{ BYTES("\3\0\0\0\xAC\x20\x3D\xD8\0\xDE"), bstr_x,
	    &(char *) { T("\xE2\x82\xAC\xF0\x9F\x98\x80") }, .mfc = 0 },
	{ BYTES("\3\0\5\0\0\0"), variant_x, VARIANT { 3, { .i32 = 5 } },
	    .mfc = 0 },
	{ BYTES("\10\0\4\0\0\0H\0i\0"), variant_x,
	    VARIANT { 8, { .text = T("Hi") } }, .mfc = 0 },
	{ BYTES("\13\0\xFF\xFF"), variant_x, VARIANT { 11, { .truth = true } },
	    .mfc = 0 },
	{ BYTES("\13\0\0\0"), variant_x, VARIANT { 11, { .truth = false } },
	    .mfc = 0 },
	{ BYTES("\6\0\x39\x30\0\0\0\0\0\0"), variant_x,
	    VARIANT { 6, { .i64 = 12345 } }, .mfc = 0 },
	{ BYTES("\6\0\xC7\xCF\xFF\xFF\xFF\xFF\xFF\xFF"), variant_x,
	    VARIANT { 6, { .i64 = -12345 } }, .mfc = 0 },
	{ BYTES("\0\0"), variant_x, VARIANT { 0, { .i8 = 0 } }, .mfc = 0 },
	{ BYTES("\1\0"), variant_x, VARIANT { 1, { .i8 = 0 } }, .mfc = 0 },
	{ BYTES("\2\0\xFE\xFF"), variant_x, VARIANT { 2, { .i16 = -2 } },
	    .mfc = 0 },
	{ BYTES("\4\0\0\0\xC0\x3F"), variant_x, VARIANT { 4, { .f32 = 1.5f } },
	    .mfc = 0 },
	{ BYTES("\5\0\0\0\0\0\0\0\xF8\x3F"), variant_x,
	    VARIANT { 5, { .f64 = 1.5 } }, .mfc = 0 },
	{ BYTES("\7\0\0\0\0\0\xC0\xD5\xE1\x40"), variant_x,
	    VARIANT { 7, { .f64 = 36526 } }, .mfc = 0 },
	{ BYTES("\12\0\5\x40\0\x80"), variant_x,
	    VARIANT { 10, { .i32 = -2147467259 } }, .mfc = 0 },
	{ BYTES("\x10\0\xFF"), variant_x, VARIANT { 16, { .i8 = -1 } },
	    .mfc = 0 },
	{ BYTES("\x11\0\xFF"), variant_x, VARIANT { 17, { .u8 = 255 } },
	    .mfc = 0 },
	{ BYTES("\x12\0\xFF\xFF"), variant_x, VARIANT { 18, { .u16 = 65535 } },
	    .mfc = 0 },
	{ BYTES("\x13\0\xFF\xFF\xFF\xFF"), variant_x,
	    VARIANT { 19, { .u32 = UINT32_MAX } }, .mfc = 0 },
	{ BYTES("\x14\0\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), variant_x,
	    VARIANT { 20, { .i64 = -2 } }, .mfc = 0 },
	{ BYTES("\x15\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), variant_x,
	    VARIANT { 21, { .u64 = UINT64_MAX } }, .mfc = 0 },
	{ BYTES("\3\x40"), variant_x, VARIANT { 0x4003, { .i8 = 0 } },
	    .mfc = 0 },
	{ BYTES("\x11\x20"), variant_x, VARIANT { 0x2011, { .i8 = 0 } },
	    .mfc = 0 },
};

static void
each(void (*check)(const struct golden *))
{
	for (size_t i = 0; i < COUNT(goldens); i++)
		check(&goldens[i]);
}

static void
every_example_goes_both_ways(void **state)
{
	(void)state;
	each(kit_both_ways);
}

static void
cut_after_any_byte_nothing_is_left(void **state)
{
	(void)state;
	each(kit_cut);
}

static void
any_two_bits_may_be_wrong(void **state)
{
	(void)state;
	each(kit_flip);
}

static unsigned injected;

static void
fail_everywhere(const struct golden *g)
{
	injected += fault_everywhere(kit_store_scenario, (void *)(uintptr_t)g);
	if (g->exchange == bstr_x)
		injected +=
		    fault_everywhere(kit_load_scenario, (void *)(uintptr_t)g);
}

static void
every_allocation_may_fail(void **state)
{
	(void)state;
	each(fail_everywhere);
	assert_true(injected > COUNT(goldens));
}

/* What was loaded, beyond that it is stored as it was */

static void
a_time_of_either_form_is_loaded_whatever_is_set(void **state)
{
	static const char bytes[] = "\x1B\x0A\x96\x5D\x0A\0\0\x80\xFF\xFF\xFF"
				    "\xFF\1\0\0\0\xFE\xFF\xFF\xFF";
	(void)state;
	for (int mfc = 0; mfc < 12; mfc++) {
		struct cask_ar ar = { .mfc = mfc };
		int64_t t[3];
		struct cask_mem m;

		cask_load(&ar, cask_mem_read(&m, BYTES(bytes)));
		for (int i = 0; i < 3; i++)
			cask_time(&ar, &t[i]);
		assert_int_equal(ar.err, 0);
		assert_int_equal(t[0], 1570114075);
		assert_int_equal(t[1], INT64_C(0x1FFFFFFFF));
		assert_int_equal(t[2], -2);
	}
}

static void
any_word_but_0_is_true(void **state)
{
	struct golden g = { BYTES("\13\0\1\0"), variant_x, NULL, .mfc = 0 };
	struct cask_variant *v;
	struct side s;

	(void)state;
	kit_load(&s, &g, g.bytes, g.n);
	v = (struct cask_variant *)s.loaded.bytes;
	assert_int_equal(v->type, CASK_VT_BOOL);
	assert_true(v->as.truth);
}

static void
a_bstr_counts_for_the_memory_of_its_message(void **state)
{
	(void)state;
	for (uint64_t limit = 18; limit <= 19; limit++) { /* 3 bytes and 16 */
		struct cask_ar ar = { .limit.memory = limit }, end = { 0 };
		char *s = NULL;
		struct cask_mem m;

		cask_load(&ar, cask_mem_read(&m, "\2\0\0\0H\0i\0", 8));
		cask_bstr_dup(&ar, &s, 10);
		assert_string_equal(cask_why(&ar),
		    limit == 19 ? "no error"
				: "bstr s at byte 0: more than 18 bytes of "
				  "memory for one message (limit.memory)");
		assert_int_equal(s != NULL, limit == 19);
		cask_release(&end);
		cask_bstr_dup(&end, &s, 10);
	}
}

static void
they_have_the_byte_order_of_the_archive(void **state)
{
	static const char golden[] =
	    "\x80\0\0\x0A\0\0\0\0\x5D\x96\x0A\x1B"
	    "\0\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF"
	    "\0\0\0\2\0H\0i"
	    "\0\0\0\0\0\0\0\0\0\0\x30\x39";
	struct cask_currency price = { 0, 12345 }, got = { 0 };
	struct cask_ar ar = { .big_endian = true };
	struct cask_guid g = id;
	int64_t t = 1570114075;
	char *s = T("Hi");
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_time(&ar, &t);
	cask_guid(&ar, &g);
	cask_bstr_dup(&ar, &s, 10);
	cask_currency(&ar, &price);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, sizeof golden - 1);
	assert_memory_equal(m.data, golden, m.length);
	cask_load(&ar, &m.io);
	cask_time(&ar, &t);
	cask_guid(&ar, &g);
	cask_bstr_dup(&ar, &s, 10);
	cask_currency(&ar, &got);
	assert_int_equal(ar.err, 0);
	assert_int_equal(t, 1570114075);
	assert_memory_equal(&g, &id, sizeof id);
	assert_string_equal(s, "Hi");
	assert_int_equal(got.value, 12345);
	free(s);
	cask_mem_close(&m);
}

/* Long texts, whose pairs of surrogates stand on the edges of pieces. */
static void
a_bstr_of_any_length_is_what_it_was(void **state)
{
	long before = fault_allocations();
	char text[1000];
	size_t n = 0;

	(void)state;
	while (n + 5 < 900) {
		struct cask_ar ar = { .buffer = (char[7]) { 0 },
			.buffer_size = 7 };
		char *s = text, *got = NULL;
		struct cask_mem m;

		text[n++] = 'x';
		if (n % 3 == 0) {
			memcpy(text + n, "\xF0\x9F\x98\x80", 4);
			n += 4;
		}
		text[n] = '\0';
		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_bstr_dup(&ar, &s, 1000);
		assert_int_equal(cask_flush(&ar), 0);
		cask_load(&ar, &m.io);
		cask_bstr_dup(&ar, &got, 1000);
		assert_string_equal(cask_why(&ar), "no error");
		assert_string_equal(got, text);
		cask_release(&ar);
		cask_bstr_dup(&ar, &got, 1000);
		cask_mem_close(&m);
	}
	assert_int_equal(fault_allocations(), before);
}

/* What is refused */

static void
refused(void (*exchange)(struct cask_ar *, void *), const char *bytes, size_t n,
    int err, const char *why)
{
	struct golden g = { bytes, n, exchange, NULL, .mfc = 0 };
	static const unsigned char zero[16];
	struct side s;

	kit_load(&s, &g, bytes, n);
	assert_string_equal(cask_why(&s.ar), why);
	assert_int_equal(s.ar.err, err);
	assert_memory_equal(s.loaded.bytes, zero, sizeof zero);
	kit_end(&s, &g);
}

static void
loading_names_what_is_wrong(void **state)
{
	(void)state;
	refused(time_x, BYTES("\x0A\0\0\x80\1"), CASK_ECUT,
	    "time seconds at byte 0: stream ended inside a message");
	refused(guid_x, BYTES("\1\2"), CASK_ECUT,
	    "guid id at byte 0: stream ended inside a message");
	refused(currency_x, BYTES("\0\0\0\0\1\0\0\0"), CASK_ECUT,
	    "money price.value at byte 4: stream ended inside a message");
	refused(bstr_x, BYTES("\xE9\3\0\0"), CASK_ELIMIT,
	    "bstr s at byte 0: length 1001, limit 1000 bytes");
	refused(bstr_x, BYTES("\1\0\0\0\0\xD8"), EILSEQ,
	    "bstr s at byte 0: ill-formed text after 0 of its code units");
	refused(bstr_x, BYTES("\2\0\0\0A\0\0\0"), CASK_ETEXT,
	    "bstr s at byte 0: the text holds a NUL, which a C string can't "
	    "hold");
	refused(variant_x, BYTES("\10\0\3\0\0\0abc"), CASK_ETEXT,
	    "bstr v.as at byte 2: 3 bytes, which are no units of UTF-16");
	refused(variant_x, BYTES("\10\0\x2A\0\0\0"), CASK_ELIMIT,
	    "bstr v.as at byte 2: length 21, limit 20 bytes");
	refused(variant_x, BYTES("\x09\0"), ENOTSUP,
	    "variant v at byte 0: type 9 (VT_DISPATCH)");
	refused(variant_x, BYTES("\x0C\0"), ENOTSUP,
	    "variant v at byte 0: type 12 (VT_VARIANT)");
	refused(variant_x, BYTES("\x0D\0"), ENOTSUP,
	    "variant v at byte 0: type 13 (VT_UNKNOWN)");
	refused(variant_x, BYTES("\x0E\0"), ENOTSUP,
	    "variant v at byte 0: type 14 (VT_DECIMAL)");
	refused(variant_x, BYTES("\x16\0"), ENOTSUP,
	    "variant v at byte 0: type 22 (VT_INT)");
	refused(variant_x, BYTES("\x17\0"), ENOTSUP,
	    "variant v at byte 0: type 23 (VT_UINT)");
	refused(variant_x, BYTES("\x0F\0"), ENOTSUP,
	    "variant v at byte 0: type 15 (no such type)");
	refused(variant_x, BYTES("\xFF\x8F"), ENOTSUP,
	    "variant v at byte 0: type 36863 (no such type)");
	refused(variant_x, BYTES("\5\0\1\2\3"), CASK_ECUT,
	    "f64 v.as at byte 2: stream ended inside a message");
}

static void
not_stored(void (*exchange)(struct cask_ar *, void *), void *p, int mfc,
    int err, const char *why)
{
	struct cask_ar ar = { .mfc = mfc };
	struct cask_mem m;

	cask_store(&ar, cask_mem_grow(&m, 0));
	exchange(&ar, p);
	assert_string_equal(cask_why(&ar), why);
	assert_int_equal(ar.err, err);
	cask_mem_close(&m);
}

static void
storing_refuses_what_would_not_come_back(void **state)
{
	(void)state;
	not_stored(time_x, I64(INT64_C(2147483648)), 7, CASK_ELIMIT,
	    "time seconds at byte 0: 2147483648, and the 4 bytes of an old "
	    "CTime (mfc) hold -2147483648 to 2147483647");
	not_stored(time_x, I64(-2147483638), 7, CASK_ELIMIT,
	    "time seconds at byte 0: -2147483638, which an old CTime (mfc) "
	    "can't tell from the mark");
	not_stored(span_x, I64(INT64_C(-2147483649)), 0, CASK_ELIMIT,
	    "span seconds at byte 0: -2147483649, and the 4 bytes of a "
	    "CTimeSpan hold -2147483648 to 2147483647");
	not_stored(bstr_x, &(char *) { T("a\xFF") }, 0, EILSEQ,
	    "bstr s at byte 0: ill-formed text after 1 of its code units");
	not_stored(variant_x,
	    &(struct cask_variant) {
		8, { .text = T("123456789012345678901") } },
	    0, CASK_ELIMIT, "bstr v.as at byte 2: length 21, limit 20 bytes");
	not_stored(variant_x, &(struct cask_variant) { 12, { .i8 = 0 } }, 0,
	    ENOTSUP, "variant v at byte 0: type 12 (VT_VARIANT)");
}

/* Words */

struct all {
	int64_t at, span;
	struct cask_date date;
	struct cask_currency price;
	struct cask_point corner[2];
	struct cask_guid id;
	char *name;
	struct cask_variant v[3];
};

static void
all_x(struct cask_ar *ar, struct all *a)
{
	cask_time(ar, &a->at);
	cask_time_span(ar, &a->span);
	cask_date(ar, &a->date);
	cask_currency(ar, &a->price);
	cask_structs(ar, a->corner, 2, cask_point_x);
	cask_guid(ar, &a->id);
	cask_bstr_dup(ar, &a->name, 10);
	for (int i = 0; i < 3; i++)
		cask_variant_dup(ar, &a->v[i], 10);
}

static void
words_of(void (*open)(struct cask_ar *, struct cask_io *), struct all *all,
    bool json, const char *words)
{
	struct cask_ar ar = { .json = json };
	struct cask_mem m;

	open(&ar, cask_mem_grow(&m, 0));
	all_x(&ar, all);
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(cask_why(&ar), "no error");
	assert_int_equal(m.length, strlen(words));
	assert_memory_equal(m.data, words, m.length);
	cask_mem_close(&m);
}

static void
they_print_as_they_are(void **state)
{
	struct all all = { 1570114075, -60, { CASK_VALID, 36526.25 },
		{ CASK_VALID, -12345 }, { { 1, -1 }, { 2, 3 } }, id, T("Hi"),
		{ { 3, { .i32 = 5 } }, { 11, { .truth = true } },
		    { 8, { .text = T("\"x\"") } } } };

	(void)state;
	words_of(cask_print, &all, false,
	    "time    at = 1570114075\n"
	    "span    span = -60\n"
	    "i32     date.status = 0\n"
	    "f64     date.days = 36526.25\n"
	    "i32     price.status = 0\n"
	    "money   price.value = -12345\n"
	    "i32     corner[0].x = 1\n"
	    "i32     corner[0].y = -1\n"
	    "i32     corner[1].x = 2\n"
	    "i32     corner[1].y = 3\n"
	    "guid    id = \"{00112233-4455-6677-8899-AABBCCDDEEFF}\"\n"
	    "bstr    name = \"Hi\"\n"
	    "u16     v[i].type = 3\n"
	    "i32     v[i].as = 5\n"
	    "u16     v[i].type = 11\n"
	    "bool    v[i].as = true\n"
	    "u16     v[i].type = 8\n"
	    "bstr    v[i].as = \"\\\"x\\\"\"\n");
	words_of(cask_print, &all, true,
	    "{\"at\":1570114075,\"span\":-60,\"date\":{\"status\":0,\"days\":"
	    "36526.25},\"price\":{\"status\":0,\"value\":-12345},\"corner\":["
	    "{\"x\":1,\"y\":-1},{\"x\":2,\"y\":3}],\"id\":"
	    "\"{00112233-4455-6677-8899-AABBCCDDEEFF}\",\"name\":\"Hi\","
	    "\"v[i]\":{\"type\":3,\"as\":5},\"v[i]\":{\"type\":11,\"as\":true},"
	    "\"v[i]\":{\"type\":8,\"as\":\"\\\"x\\\"\"}}\n");
}

static void
they_describe_what_they_are(void **state)
{
	struct all all = { 0 };

	(void)state;
	words_of(cask_describe, &all, false,
	    "time at\n"
	    "span span\n"
	    "i32 date.status\n"
	    "f64 date.days\n"
	    "i32 price.status\n"
	    "money price.value\n"
	    "i32 corner[].x\n"
	    "i32 corner[].y\n"
	    "guid id\n"
	    "bstr name\n"
	    "u16 v[i].type\n"
	    "u16 v[i].type\n"
	    "u16 v[i].type\n");
}

static char watched[512];

static void
watch(struct cask_ar *ar, const struct cask_field *f)
{
	size_t n = strlen(watched);

	(void)ar;
	snprintf(watched + n, sizeof watched - n, "%s %s = %s @%d+%d\n",
	    f->type, f->path, f->value, (int)f->at, (int)f->size);
}

static void
who_watches_sees_each_as_one_value(void **state)
{
	static const char words[] =
	    "time t = 1 @0+12\n"
	    "guid id = \"{00112233-4455-6677-8899-AABBCCDDEEFF}\" @12+16\n"
	    "bstr s = \"Hi\" @28+8\n";
	struct cask_ar ar = { .watch = watch };
	struct cask_guid copy = { 0 };
	char *s = T("Hi");
	struct cask_mem m;
	int64_t t = 1;

	(void)state;
	watched[0] = '\0';
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_time(&ar, &t);
	cask_guid(&ar, &id);
	cask_bstr_dup(&ar, &s, 9);
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(watched, words);
	watched[0] = '\0';
	cask_load(&ar, &m.io);
	cask_time(&ar, &t);
	cask_guid_named(&ar, &copy, "&id");
	cask_bstr_dup(&ar, &s, 9);
	assert_string_equal(watched, words);
	free(s);
	cask_mem_close(&m);
}

static void
release_frees_their_texts(void **state)
{
	long before = fault_allocations();
	struct cask_ar ar = { 0 };
	struct cask_variant v = { 8, { .text = T("Hi") } }, got = { 0 };
	char *s = T("Hi"), *t = NULL;
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_variant_dup(&ar, &v, 9);
	cask_bstr_dup(&ar, &s, 9);
	assert_int_equal(cask_flush(&ar), 0);
	cask_load(&ar, &m.io);
	cask_variant_dup(&ar, &got, 9);
	cask_bstr_dup(&ar, &t, 9);
	assert_string_equal(got.as.text, "Hi");
	assert_string_equal(t, "Hi");
	cask_release(&ar);
	cask_variant_dup(&ar, &got, 9);
	cask_bstr_dup(&ar, &t, 9);
	assert_int_equal(got.type, CASK_VT_EMPTY);
	assert_null(got.as.text);
	assert_null(t);
	cask_mem_close(&m);
	assert_int_equal(fault_allocations(), before);
}

/* Dates */

static const struct {
	double days;
	int64_t s;
	long ms;
} dates[] = {
	{ 0, INT64_C(-2209161600), 0 },        /* 1899-12-30 */
	{ 25569, 0, 0 },                       /* 1970-01-01 */
	{ 36526, 946684800, 0 },               /* 2000-01-01 */
	{ -1.25, INT64_C(-2209226400), 0 },    /* 1899-12-29 06:00 */
	{ -1, INT64_C(-2209248000), 0 },       /* 1899-12-29 */
	{ 0.25, INT64_C(-2209140000), 0 },     /* 1899-12-30 06:00 */
	{ 25569 + 0.5 / 86400, 0, 500 },       /* half a second */
	{ -657434, INT64_C(-59011459200), 0 }, /* 0100-01-01 */
	{ 2958465 + 86399 / 86400.0, INT64_C(253402300799), 0 },
};

static void
dates_are_times(void **state)
{
	struct timespec t;
	double days;

	(void)state;
	if (sizeof(time_t) < 8)
		skip();
	for (size_t i = 0; i < COUNT(dates); i++) {
		assert_int_equal(cask_date_to_time(dates[i].days, &t), 0);
		assert_int_equal(t.tv_sec, dates[i].s);
		assert_int_equal(t.tv_nsec, dates[i].ms * 1000000);
		assert_int_equal(cask_time_to_date(&t, &days), 0);
		assert_true(days == dates[i].days);
	}
	/* the same moment as 0.25 */
	assert_int_equal(cask_date_to_time(-0.25, &t), 0);
	assert_int_equal(t.tv_sec, INT64_C(-2209140000));
}

static void
a_millisecond_of_any_year_comes_back(void **state)
{
	uint64_t seed = 1;
	struct timespec t = { 0 }, u;
	double days;

	(void)state;
	if (sizeof(time_t) < 8)
		skip();
	for (int i = 0; i < 200000; i++) {
		int64_t range = INT64_C(253402300800) + INT64_C(59011459200);

		seed =
		    seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		t.tv_sec = (time_t)((int64_t)(seed >> 16) % range -
		    INT64_C(59011459200));
		t.tv_nsec =
		    (long)(seed >> 20 & 1 ? 999 : seed % 1000) * 1000000;
		if (i % 5 == 0)
			t.tv_sec -= t.tv_sec % 86400 + 1;
		if (t.tv_sec < INT64_C(-59011459200))
			continue;
		assert_int_equal(cask_time_to_date(&t, &days), 0);
		assert_int_equal(cask_date_to_time(days, &u), 0);
		assert_int_equal(u.tv_sec, t.tv_sec);
		assert_int_equal(u.tv_nsec, t.tv_nsec);
		t.tv_sec /= 2;
		assert_int_equal(cask_time_to_span(&t, &days), 0);
		assert_int_equal(cask_span_to_time(days, &u), 0);
		assert_int_equal(u.tv_sec, t.tv_sec);
		assert_int_equal(u.tv_nsec, t.tv_nsec);
	}
}

static void
spans_are_plain_days(void **state)
{
	struct timespec t;
	double days;

	(void)state;
	assert_int_equal(cask_span_to_time(1.5, &t), 0);
	assert_int_equal(t.tv_sec, 129600);
	assert_int_equal(cask_span_to_time(-1.25, &t), 0);
	assert_int_equal(t.tv_sec, -108000);
	assert_int_equal(cask_span_to_time(-0.0005 / 86400, &t), 0);
	assert_int_equal(cask_span_to_time(-0.25 / 86400, &t), 0);
	assert_int_equal(t.tv_sec, -1);
	assert_int_equal(t.tv_nsec, 750000000);
	assert_int_equal(cask_time_to_span(&t, &days), 0);
	assert_true(days == (double)(-0.25 / 86400)); /* x87 keeps more */
	/* what rounds up to a whole second carries */
	t = (struct timespec) { 86399, 999999999 };
	assert_int_equal(cask_time_to_span(&t, &days), 0);
	assert_true(days == 1);
	t.tv_sec = -1;
	assert_int_equal(cask_time_to_date(&t, &days), 0);
	assert_true(days == 25569);
}

static void
what_is_no_date_is_an_error_and_zero(void **state)
{
	static const double bad[] = { -657435, 2958466, 1e300, -1e300,
		2958465.9999999999 };
	const double odd[] = { (double)NAN, (double)INFINITY,
		(double)-INFINITY };
	struct timespec t;
	double days;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		t.tv_sec = 5;
		assert_int_equal(cask_date_to_time(bad[i], &t), ERANGE);
		assert_int_equal(t.tv_sec, 0);
	}
	for (size_t i = 0; i < COUNT(odd); i++) {
		assert_int_equal(cask_date_to_time(odd[i], &t), ERANGE);
		assert_int_equal(cask_span_to_time(odd[i], &t), ERANGE);
	}
	assert_int_equal(cask_span_to_time(3615901, &t), ERANGE);
	t = (struct timespec) { 0, 1000000000 };
	assert_int_equal(cask_time_to_date(&t, &days), EINVAL);
	t.tv_nsec = -1;
	assert_int_equal(cask_time_to_span(&t, &days), EINVAL);
	if (sizeof(time_t) < 8) {
		assert_int_equal(cask_date_to_time(2958465, &t), EOVERFLOW);
		return;
	}
	t = (struct timespec) { (time_t)INT64_C(253402300800), 0 };
	days = 1;
	assert_int_equal(cask_time_to_date(&t, &days), ERANGE);
	assert_true(days == 0);
	t.tv_sec = (time_t)INT64_C(-59011459201);
	assert_int_equal(cask_time_to_date(&t, &days), ERANGE);
	t.tv_sec = (time_t)INT64_MAX;
	assert_int_equal(cask_time_to_date(&t, &days), ERANGE);
	assert_int_equal(cask_time_to_span(&t, &days), ERANGE);
	t.tv_sec = (time_t)INT64_MIN;
	assert_int_equal(cask_time_to_span(&t, &days), ERANGE);
}

/* GUIDs */

static void
a_guid_has_words_and_is_read_from_them(void **state)
{
	static const char *const good[] = {
		"{00112233-4455-6677-8899-AABBCCDDEEFF}",
		"{00112233-4455-6677-8899-aabbccddeeff}",
		"00112233-4455-6677-8899-AAbbCCddEEff",
	};
	static const char *const bad[] = {
		"",
		"{",
		"{}",
		"00112233-4455-6677-8899-AABBCCDDEEF",
		"00112233-4455-6677-8899-AABBCCDDEEFF0",
		"{00112233-4455-6677-8899-AABBCCDDEEFF",
		"00112233-4455-6677-8899-AABBCCDDEEFF}",
		"{00112233-4455-6677-8899-AABBCCDDEEFF} ",
		" {00112233-4455-6677-8899-AABBCCDDEEFF}",
		"{00112233-4455-6677-8899AABBCCDDEEFF}",
		"{0011223G-4455-6677-8899-AABBCCDDEEFF}",
		"{-0112233-4455-6677-8899-AABBCCDDEEFF}",
		"0x112233-4455-6677-8899-AABBCCDDEEFF0",
	};
	static const struct cask_guid zero;
	char text[CASK_GUID_TEXT];
	struct cask_guid g;

	(void)state;
	cask_guid_text(&id, text);
	assert_string_equal(text, good[0]);
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(cask_guid_parse(&g, good[i]), 0);
		assert_memory_equal(&g, &id, sizeof id);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		g = id;
		assert_int_equal(cask_guid_parse(&g, bad[i]), EINVAL);
		assert_memory_equal(&g, &zero, sizeof g);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_example_goes_both_ways),
	cmocka_unit_test(cut_after_any_byte_nothing_is_left),
	cmocka_unit_test(any_two_bits_may_be_wrong),
	cmocka_unit_test(every_allocation_may_fail),
	cmocka_unit_test(a_time_of_either_form_is_loaded_whatever_is_set),
	cmocka_unit_test(any_word_but_0_is_true),
	cmocka_unit_test(a_bstr_counts_for_the_memory_of_its_message),
	cmocka_unit_test(they_have_the_byte_order_of_the_archive),
	cmocka_unit_test(a_bstr_of_any_length_is_what_it_was),
	cmocka_unit_test(loading_names_what_is_wrong),
	cmocka_unit_test(storing_refuses_what_would_not_come_back),
	cmocka_unit_test(they_print_as_they_are),
	cmocka_unit_test(they_describe_what_they_are),
	cmocka_unit_test(who_watches_sees_each_as_one_value),
	cmocka_unit_test(release_frees_their_texts),
	cmocka_unit_test(dates_are_times),
	cmocka_unit_test(a_millisecond_of_any_year_comes_back),
	cmocka_unit_test(spans_are_plain_days),
	cmocka_unit_test(what_is_no_date_is_an_error_and_zero),
	cmocka_unit_test(a_guid_has_words_and_is_read_from_them),
};

RUN_TESTS(tests)
