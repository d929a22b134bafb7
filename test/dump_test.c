/*
 * cask dump, through the command: what it prints is compared whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <cask.h>

#include "cask_example.h"

#include "dump_kit.h"

#define ASSERT_SAID(format, name)                                \
	do {                                                     \
		char wanted_[1024];                              \
		snprintf(wanted_, sizeof wanted_, format, name); \
		assert_string_equal(err, wanted_);               \
	} while (0)

/* README.md's quote */

static const char quote_shape[] =
    "struct quote { text symbol; count n; f64 price[n]; }\n";

static const unsigned char quote[] = { 0xFF, 0xFE, 0xFF, 0x04, 0x41, 0x00, 0x43,
	0x00, 0x4D, 0x00, 0x45, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0xC0, 0x44, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x45, 0x40 };

static const char quote_lines[] =
    HEAD "     0  ff fe ff 04 41 00 43 00  unicode symbol = \"ACME\"\n"
	 "     8  4d 00 45 00\n"
	 "    12  02 00                    count   n = 2\n"
	 "    14  00 00 00 00 00 c0 44 40  f64     price[0] = 41.5\n"
	 "    22  00 00 00 00 00 20 45 40  f64     price[1] = 42.25\n";

static void
a_quote_is_dumped_by_its_shape(void **state)
{
	const char *path = shaped(quote_shape);

	(void)state;
	assert_int_equal(
	    dump_file(ARGS("--shape", path), quote, sizeof quote), 0);
	assert_string_equal(out, quote_lines);
	assert_string_equal(err, "");
	assert_int_equal(
	    dump_pipe(ARGS("--shape", path), quote, sizeof quote), 0);
	assert_string_equal(out, quote_lines);
	assert_int_equal(
	    dump_pipe(ARGS("--shape", path, "-"), quote, sizeof quote), 0);
	assert_string_equal(out, quote_lines);
	assert_int_equal(
	    dump_file(ARGS("--json", "--shape", path), quote, sizeof quote), 0);
	assert_string_equal(
	    out, "{\"symbol\":\"ACME\",\"n\":2,\"price\":[41.5,42.25]}\n");
}

static void
a_quote_is_dumped_by_a_list_of_types(void **state)
{
	(void)state;
	assert_int_equal(dump_file(ARGS("--type", "text count f64*", "--json"),
			     quote, sizeof quote),
	    0);
	assert_string_equal(
	    out, "{\"v1\":\"ACME\",\"v2\":2,\"v3\":[41.5,42.25]}\n");
	assert_int_equal(
	    dump_file(ARGS("--type", "text count f64[v2]", "--json"), quote,
		sizeof quote),
	    0);
	assert_string_equal(
	    out, "{\"v1\":\"ACME\",\"v2\":2,\"v3\":[41.5,42.25]}\n");
}

/* Where the value begins that byte n is in, and its type and name. */
static const char *
quote_place(size_t n)
{
	if (n < 12)
		return "text symbol at byte 0";
	if (n < 14)
		return "count n at byte 12";
	return n < 22 ? "f64 price[0] at byte 14" : "f64 price[1] at byte 22";
}

static void
a_stream_cut_after_any_byte_stops_with_the_reason(void **state)
{
	const char *path = shaped(quote_shape);
	char wanted[256];

	(void)state;
	for (size_t n = 0; n < sizeof quote; n++) {
		assert_int_equal(dump_file(ARGS("--shape", path), quote, n), 1);
		snprintf(wanted, sizeof wanted,
		    "cask dump: %s: %s: stream ended %s\n", data_path,
		    quote_place(n),
		    n > 0 ? "inside a message" : "before a message");
		assert_string_equal(err, wanted);
		ASSERT_HAS(out, " <- stopped here\n");
		assert_int_equal(occurrences(out, " = "),
		    1 + (n >= 12) + (n >= 14) + (n >= 22));
	}
	assert_int_equal(dump_file(ARGS("--shape", path), quote, 25), 1);
	assert_string_equal(out,
	    HEAD "     0  ff fe ff 04 41 00 43 00  unicode symbol = \"ACME\"\n"
		 "     8  4d 00 45 00\n"
		 "    12  02 00                    count   n = 2\n"
		 "    14  00 00 00 00 00 c0 44 40  f64     price[0] = 41.5\n"
		 "    22  00 00 00                 f64     price[1] <- stopped "
		 "here\n");
}

static void
json_of_a_cut_stream_is_whole_json(void **state)
{
	const char *path = shaped("struct p { u8 x; u8 y; bytes b[2]; "
				  "}\nstruct s { struct p p[2]; }");

	(void)state;
	assert_int_equal(
	    dump_file(ARGS("--json", "--shape", path), "\1\2\3\4\5\6\7", 7), 1);
	assert_string_equal(out,
	    "{\"p\":[{\"x\":1,\"y\":2,\"b\":\"0304\"},"
	    "{\"x\":5,\"y\":6,\"b\":\"\"}]}\n");
	ASSERT_SAID("cask dump: %s: bytes p[1].b[0] at byte 6: stream ended "
		    "inside a message\n",
	    data_path);
}

/* Each type: the bytes are those of MFC's, from its description */

struct value {
	const char *type;
	const char *little;
	const char *big; /* NULL: the same */
	size_t n;
	const char *lines; /* after the hexadecimal of the little one */
	const char *json;
};

static const struct value values[] = {
	{ "u8", "\xAB", NULL, 1, "ab                       u8      v1 = 171",
	    "171" },
	{ "i8", "\xFE", NULL, 1, "fe                       i8      v1 = -2",
	    "-2" },
	{ "bool", "\1", NULL, 1, "01                       bool    v1 = true",
	    "true" },
	{ "bool", "\0", NULL, 1, "00                       bool    v1 = false",
	    "false" },
	{ "u16", "\x34\x12", "\x12\x34", 2,
	    "34 12                    u16     v1 = 4660", "4660" },
	{ "i16", "\xFE\xFF", "\xFF\xFE", 2,
	    "fe ff                    i16     v1 = -2", "-2" },
	{ "char16", "\xAC\x20", "\x20\xAC", 2,
	    "ac 20                    char16  v1 = U+20AC \"€\"", "8364" },
	{ "char16", "\0\xD8", "\xD8\0", 2,
	    "00 d8                    char16  v1 = U+D800", "55296" },
	{ "u32", "\x78\x56\x34\x12", "\x12\x34\x56\x78", 4,
	    "78 56 34 12              u32     v1 = 305419896", "305419896" },
	{ "i32", "\xFE\xFF\xFF\xFF", "\xFF\xFF\xFF\xFE", 4,
	    "fe ff ff ff              i32     v1 = -2", "-2" },
	{ "u64", "\x08\x07\x06\x05\x04\x03\x02\x01",
	    "\x01\x02\x03\x04\x05\x06\x07\x08", 8,
	    "08 07 06 05 04 03 02 01  u64     v1 = 72623859790382856",
	    "\"72623859790382856\"" },
	{ "u64", "\0\0\0\0\0\0\x20\0", "\0\x20\0\0\0\0\0\0", 8,
	    "00 00 00 00 00 00 20 00  u64     v1 = 9007199254740992",
	    "9007199254740992" },
	{ "u64", "\1\0\0\0\0\0\x20\0", "\0\x20\0\0\0\0\0\1", 8,
	    "01 00 00 00 00 00 20 00  u64     v1 = 9007199254740993",
	    "\"9007199254740993\"" },
	{ "i64", "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
	    "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFE", 8,
	    "fe ff ff ff ff ff ff ff  i64     v1 = -2", "-2" },
	{ "i64", "\0\0\0\0\0\0\0\x80", "\x80\0\0\0\0\0\0\0", 8,
	    "00 00 00 00 00 00 00 80  i64     v1 = -9223372036854775808",
	    "\"-9223372036854775808\"" },
	{ "f32", "\x00\x00\xC0\x3F", "\x3F\xC0\x00\x00", 4,
	    "00 00 c0 3f              f32     v1 = 1.5", "1.5" },
	{ "f32", "\xCD\xCC\xCC\x3D", "\x3D\xCC\xCC\xCD", 4,
	    "cd cc cc 3d              f32     v1 = 0.1",
	    "0.10000000149011612" },
	{ "f32", "\0\0\x80\x7F", "\x7F\x80\0\0", 4,
	    "00 00 80 7f              f32     v1 = inf", "\"Infinity\"" },
	{ "f64", "\0\0\0\0\0\0\x02\xC0", "\xC0\x02\0\0\0\0\0\0", 8,
	    "00 00 00 00 00 00 02 c0  f64     v1 = -2.25", "-2.25" },
	{ "f64", "\x9A\x99\x99\x99\x99\x99\xB9\x3F",
	    "\x3F\xB9\x99\x99\x99\x99\x99\x9A", 8,
	    "9a 99 99 99 99 99 b9 3f  f64     v1 = 0.1", "0.1" },
	{ "f64", "\1\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\1", 8,
	    "01 00 00 00 00 00 00 00  f64     v1 = 4.94065645841247e-324",
	    "4.94065645841247e-324" },
	{ "f64", "\0\0\0\0\0\0\xF0\xFF", "\xFF\xF0\0\0\0\0\0\0", 8,
	    "00 00 00 00 00 00 f0 ff  f64     v1 = -inf", "\"-Infinity\"" },
	{ "f64", "\0\0\0\0\0\0\xF8\x7F", "\x7F\xF8\0\0\0\0\0\0", 8,
	    "00 00 00 00 00 00 f8 7f  f64     v1 = nan", "\"NaN\"" },
	{ "count", "\xFE\xFF", "\xFF\xFE", 2,
	    "fe ff                    count   v1 = 65534", "65534" },
	{ "count", "\xFF\xFF\0\0\1\0", "\xFF\xFF\0\1\0\0", 6,
	    "ff ff 00 00 01 00        count   v1 = 65536", "65536" },
	{ "text", "\3abc", NULL, 4,
	    "03 61 62 63              ansi    v1 = \"abc\"", "\"abc\"" },
	{ "text", "\xFF\xFE\xFF\2\xAC\x20\x35\0",
	    "\xFF\xFF\xFE\2\x20\xAC\0\x35", 8,
	    "ff fe ff 02 ac 20 35 00  unicode v1 = \"€5\"", "\"€5\"" },
	{ "text", "\0", NULL, 1, "00                       ansi    v1 = \"\"",
	    "\"\"" },
	{ "ansi", "\2\x80\x35", NULL, 3,
	    "02 80 35                 ansi    v1 = \"€5\"", "\"€5\"" },
	{ "ansi", "\xFF\3\0abc", "\xFF\0\3abc", 6,
	    "ff 03 00 61 62 63        ansi    v1 = \"abc\"", "\"abc\"" },
	{ "unicode", "\xFF\xFE\xFF\0", "\xFF\xFF\xFE\0", 4,
	    "ff fe ff 00              unicode v1 = \"\"", "\"\"" },
	{ "utf8", "\3\0\xE2\x82\xAC", "\0\3\xE2\x82\xAC", 5,
	    "03 00 e2 82 ac           utf8    v1 = \"€\"", "\"€\"" },
	{ "utf16", "\2\0A\0\xAC\x20", "\0\2\0A\x20\xAC", 6,
	    "02 00 41 00 ac 20        utf16   v1 = \"A€\"", "\"A€\"" },
	{ "utf32", "\1\0\0\xF6\1\0", "\0\1\0\1\xF6\0", 6,
	    "01 00 00 f6 01 00        utf32   v1 = \"😀\"", "\"😀\"" },
	{ "ansi(nul)", "\x80\x35\0", NULL, 3,
	    "80 35 00                 ansi    v1 = \"€5\"", "\"€5\"" },
	{ "utf8(lf)", "\xE2\x82\xAC\n", NULL, 4,
	    "e2 82 ac 0a              utf8    v1 = \"€\"", "\"€\"" },
	{ "utf8(lf)", "a\r\n", NULL, 3,
	    "61 0d 0a                 utf8    v1 = \"a\"", "\"a\"" },
	{ "utf16(nul)", "\xAC\x20\0\0", "\x20\xAC\0\0", 4,
	    "ac 20 00 00              utf16   v1 = \"€\"", "\"€\"" },
	{ "utf32(1)", "\0\xF6\1\0", "\0\1\xF6\0", 4,
	    "00 f6 01 00              utf32   v1 = \"😀\"", "\"😀\"" },
	{ "ansi(4)", "ab\0\0", NULL, 4,
	    "61 62 00 00              ansi    v1 = \"ab\"", "\"ab\"" },
	{ "utf16(3 pad 32)", "a\0 \0 \0", "\0a\0 \0 ", 6,
	    "61 00 20 00 20 00        utf16   v1 = \"a\"", "\"a\"" },
	{ "bytes[3]", "a\0\xFF", NULL, 3,
	    "61 00 ff                 bytes   v1[0] = a..", "\"6100ff\"" },
	{ "time", "\x0A\0\0\x80\x1B\x0A\x96\x5D\0\0\0\0",
	    "\x80\0\0\x0A\0\0\0\0\x5D\x96\x0A\x1B", 12,
	    "0a 00 00 80 1b 0a 96 5d  time    v1 = 2019-10-03 14:47:55 UTC\n"
	    "     8  00 00 00 00",
	    "1570114075" },
	{ "time", "\xFF\xFF\xFF\xFF", NULL, 4,
	    "ff ff ff ff              time    v1 = 1969-12-31 23:59:59 UTC",
	    "-1" },
	{ "timespan", "\x10\x0E\0\0", "\0\0\x0E\x10", 4,
	    "10 0e 00 00              timespan v1 = 3600 s", "3600" },
	{ "date", "\0\0\0\0\0\0\0\0\xC0\xD5\xE1\x40",
	    "\0\0\0\0\x40\xE1\xD5\xC0\0\0\0\0", 12,
	    "00 00 00 00 00 00 00 00  date    v1 = 2000-01-01 00:00:00\n"
	    "     8  c0 d5 e1 40",
	    "{\"status\":0,\"days\":36526}" },
	{ "date", "\2\0\0\0\0\0\0\0\0\0\0\0", "\0\0\0\2\0\0\0\0\0\0\0\0", 12,
	    "02 00 00 00 00 00 00 00  date    v1 = missing\n"
	    "     8  00 00 00 00",
	    "{\"status\":2,\"days\":0}" },
	{ "datespan", "\0\0\0\0\0\0\0\0\0\0\xF8\x3F",
	    "\0\0\0\0\x3F\xF8\0\0\0\0\0\0", 12,
	    "00 00 00 00 00 00 00 00  datespan v1 = 1.5 days\n"
	    "     8  00 00 f8 3f",
	    "{\"status\":0,\"days\":1.5}" },
	{ "currency", "\0\0\0\0\xFF\xFF\xFF\xFF\xC7\xCF\xFF\xFF",
	    "\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xCF\xC7", 12,
	    "00 00 00 00 ff ff ff ff  currency v1 = -1.2345\n"
	    "     8  c7 cf ff ff",
	    "{\"status\":0,\"value\":-12345}" },
	{ "point", "\1\0\0\0\xFF\xFF\xFF\xFF", "\0\0\0\1\xFF\xFF\xFF\xFF", 8,
	    "01 00 00 00 ff ff ff ff  point   v1 = (1, -1)",
	    "{\"x\":1,\"y\":-1}" },
	{ "size", "\x80\2\0\0\xE0\1\0\0", "\0\0\2\x80\0\0\1\xE0", 8,
	    "80 02 00 00 e0 01 00 00  size    v1 = 640 x 480",
	    "{\"cx\":640,\"cy\":480}" },
	{ "rect", "\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0",
	    "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4", 16,
	    "01 00 00 00 02 00 00 00  rect    v1 = (1, 2) to (3, 4)\n"
	    "     8  03 00 00 00 04 00 00 00",
	    "{\"left\":1,\"top\":2,\"right\":3,\"bottom\":4}" },
	{ "guid",
	    "\x33\x22\x11\0\x55\x44\x77\x66\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF",
	    "\0\x11\x22\x33\x44\x55\x66\x77\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF",
	    16,
	    "33 22 11 00 55 44 77 66  guid    v1 = "
	    "{00112233-4455-6677-8899-AABBCCDDEEFF}\n"
	    "     8  88 99 aa bb cc dd ee ff",
	    "\"{00112233-4455-6677-8899-AABBCCDDEEFF}\"" },
	{ "bstr", "\2\0\0\0H\0i\0", "\0\0\0\2\0H\0i", 8,
	    "02 00 00 00 48 00 69 00  bstr    v1 = \"Hi\"", "\"Hi\"" },
	{ "variant", "\3\0\5\0\0\0", "\0\3\0\0\0\5", 6,
	    "03 00 05 00 00 00        variant v1 = VT_I4 5",
	    "{\"type\":3,\"value\":5}" },
	{ "variant", "\x08\0\4\0\0\0H\0i\0", "\0\x08\0\0\0\4\0H\0i", 10,
	    "08 00 04 00 00 00 48 00  variant v1 = VT_BSTR \"Hi\"\n"
	    "     8  69 00",
	    "{\"type\":8,\"value\":\"Hi\"}" },
	{ "variant", "\x0B\0\xFF\xFF", "\0\x0B\xFF\xFF", 4,
	    "0b 00 ff ff              variant v1 = VT_BOOL true",
	    "{\"type\":11,\"value\":true}" },
	{ "variant", "\6\0\x39\x30\0\0\0\0\0\0", "\0\6\0\0\x30\x39\0\0\0\0", 10,
	    "06 00 39 30 00 00 00 00  variant v1 = VT_CY 1.2345\n"
	    "     8  00 00",
	    "{\"type\":6,\"value\":12345}" },
	{ "variant", "\7\0\0\0\0\0\0\0\xF4\xBF", "\0\7\xBF\xF4\0\0\0\0\0\0", 10,
	    "07 00 00 00 00 00 00 00  variant v1 = VT_DATE 1899-12-29 "
	    "06:00:00\n"
	    "     8  f4 bf",
	    "{\"type\":7,\"value\":-1.25}" },
	{ "variant", "\x11\0\xFF", "\0\x11\xFF", 3,
	    "11 00 ff                 variant v1 = VT_UI1 255",
	    "{\"type\":17,\"value\":255}" },
	{ "variant", "\0\0", NULL, 2,
	    "00 00                    variant v1 = VT_EMPTY", "{\"type\":0}" },
	{ "variant", "\3\x20", "\x20\3", 2,
	    "03 20                    variant v1 = type 0x2003",
	    "{\"type\":8195}" },
	{ "text", "\4\"\\\n\x1B", NULL, 5,
	    "04 22 5c 0a 1b           ansi    v1 = \"\\\"\\\\\\u000a\\u001b\"",
	    "\"\\\"\\\\\\u000a\\u001b\"" },
};

static void
dumps_value(const struct value *v)
{
	const char *big = v->big != NULL ? v->big : v->little;
	char value[128], wanted[512];

	snprintf(wanted, sizeof wanted, HEAD "     0  %s\n", v->lines);
	assert_int_equal(
	    dump_pipe(ARGS("--type", v->type), v->little, v->n), 0);
	assert_string_equal(err, "");
	assert_string_equal(out, wanted);
	assert_int_equal(
	    dump_pipe(ARGS("--type", v->type, "--order", "big"), big, v->n), 0);
	snprintf(value, sizeof value, "%s", strstr(v->lines, " = "));
	value[strcspn(value, "\n")] = '\0';
	ASSERT_HAS(out, value);
	snprintf(wanted, sizeof wanted, "{\"v1\":%s}\n", v->json);
	assert_int_equal(
	    dump_pipe(ARGS("--type", v->type, "--json"), v->little, v->n), 0);
	assert_string_equal(out, wanted);
}

static void
each_type_is_shown_in_both_orders_and_as_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		/* a time_t of 32 bits begins in 1901: days are shown there */
		if (sizeof(time_t) < 8 && strstr(values[i].lines, "VT_DATE"))
			continue;
		dumps_value(&values[i]);
	}
}

static void
ansi_text_is_in_the_code_page_that_is_named(void **state)
{
	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--type", "text", "--ansi", "1251", "--json"),
		"\4\xF6\xB3\xED\xE0", 5),
	    0);
	assert_string_equal(out, "{\"v1\":\"ціна\"}\n");
}

/* All of the language */

static const char all_shape[] =
    "order big;\n"
    "struct point { i32 x; i32 y; }\n"
    "little struct inner { struct point p[2]; u16 le; }\n"
    "struct all {\n"
    "	u8 version;\n"
    "	optional u32 x;\n"
    "	optional text t;\n"
    "	i8 kind;\n"
    "	union kind { 1: u32 a; -2: ansi b; 3: ; }\n"
    "	since 3 u16 flags;\n"
    "	since 4 u16 more;\n"
    "	struct inner in;\n"
    "	bytes raw[10];\n"
    "	bytes* rest;\n"
    "}\n";

static const char all[] = "\3\0\1\3abc\xFE\2\x80\x35\0\7"
			  "\0\0\0\1\xFF\xFF\xFF\xFF\0\0\0\3\0\0\0\4\5\0"
			  "0123456789and the end";

static void
every_construct_is_shown(void **state)
{
	const char *path = shaped(all_shape);

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--shape", path), all, sizeof all - 1), 0);
	assert_string_equal(out,
	    HEAD "     0  03                       u8      version = 3\n"
		 "     1  00                       bool    x? = false\n"
		 "     2  01                       bool    t? = true\n"
		 "     3  03 61 62 63              ansi    t = \"abc\"\n"
		 "     7  fe                       i8      kind = -2\n"
		 "     8  02 80 35                 ansi    b = \"€5\"\n"
		 "    11  00 07                    u16     flags = 7\n"
		 "    13  00 00 00 01              i32     in.p[0].x = 1\n"
		 "    17  ff ff ff ff              i32     in.p[0].y = -1\n"
		 "    21  00 00 00 03              i32     in.p[1].x = 3\n"
		 "    25  00 00 00 04              i32     in.p[1].y = 4\n"
		 "    29  05 00                    u16     in.le = 5\n"
		 "    31  30 31 32 33 34 35 36 37  bytes   raw[0] = 01234567\n"
		 "    39  38 39                    bytes   raw[8] = 89\n"
		 "    41  61 6e 64 20 74 68 65 20  bytes   rest[0] = and the \n"
		 "    49  65 6e 64                 bytes   rest[8] = end\n");
	assert_int_equal(
	    dump_pipe(ARGS("--json", "--shape", path), all, sizeof all - 1), 0);
	assert_string_equal(out,
	    "{\"version\":3,\"x\":null,\"t\":\"abc\",\"kind\":-2,\"b\":\"€5\","
	    "\"flags\":7,\"in\":{\"p\":[{\"x\":1,\"y\":-1},{\"x\":3,\"y\":4}],"
	    "\"le\":5},\"raw\":\"30313233343536373839\","
	    "\"rest\":\"616e642074686520656e64\"}\n");
}

static void
an_empty_case_has_nothing_and_a_star_may_have_none(void **state)
{
	const char *path =
	    shaped("struct p { u8 x; } struct s { u8 k; union k { 3: ; } "
		   "struct p* p; }");

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--json", "--shape", path), "\3", 1), 0);
	assert_string_equal(out, "{\"k\":3,\"p\":[]}\n");
	assert_int_equal(
	    dump_pipe(ARGS("--json", "--shape", path), "\3\1\2", 3), 0);
	assert_string_equal(out, "{\"k\":3,\"p\":[{\"x\":1},{\"x\":2}]}\n");
}

/* A struct has the order of the one it is in, unless it has its own. */
static void
an_order_reaches_the_structs_within(void **state)
{
	const char *path =
	    shaped("struct in { u16 x; } big struct b { struct in in; }\n"
		   "little struct s { struct b b; struct in in; }");

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--json", "--shape", path, "--order", "big"),
		"\0\1\1\0", 4),
	    0);
	assert_string_equal(
	    out, "{\"b\":{\"in\":{\"x\":1}},\"in\":{\"x\":1}}\n");
}

/* Messages */

static const char mail_shape[] =
    "struct quote { version 3; text symbol; since 2 u8 kind; extends; "
    "u32 volume; extends; }\n"
    "struct quotes { message struct quote* quote; }\n";

/* Of version 1, without the extension; of version 2, with it; and newer. */
static const char mail[] = "\5\0\0\0\1\0\2AB"
			   "\x0A\0\0\0\2\0\2CD\7\1\0\0\0"
			   "\x12\0\0\0\3\0\0\x08\2\0\0\0more bytes";

static void
a_message_may_be_older_or_newer_than_its_shape(void **state)
{
	const char *path = shaped(mail_shape);

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--shape", path), mail, sizeof mail - 1), 0);
	assert_string_equal(err, "");
	assert_string_equal(out,
	    HEAD
	    "     0  05 00 00 00              message quote[0] = 5\n"
	    "     4  01 00                    version quote[0].version = 1\n"
	    "     6  02 41 42                 ansi    quote[0].symbol = "
	    "\"AB\"\n"
	    "     9  0a 00 00 00              message quote[1] = 10\n"
	    "    13  02 00                    version quote[1].version = 2\n"
	    "    15  02 43 44                 ansi    quote[1].symbol = "
	    "\"CD\"\n"
	    "    18  07                       u8      quote[1].kind = 7\n"
	    "    19  01 00 00 00              u32     quote[1].volume = 1\n"
	    "    23  12 00 00 00              message quote[2] = 18\n"
	    "    27  03 00                    version quote[2].version = 3\n"
	    "    29  00                       ansi    quote[2].symbol = \"\"\n"
	    "    30  08                       u8      quote[2].kind = 8\n"
	    "    31  02 00 00 00              u32     quote[2].volume = 2\n"
	    "    35  6d 6f 72 65 20 62 79 74  bytes   quote[2].+[0] = more "
	    "byt\n"
	    "    43  65 73                    bytes   quote[2].+[8] = es\n");
	assert_int_equal(
	    dump_pipe(ARGS("--json", "--shape", path), mail, sizeof mail - 1),
	    0);
	assert_string_equal(out,
	    "{\"quote\":[{\"version\":1,\"symbol\":\"AB\"},"
	    "{\"version\":2,\"symbol\":\"CD\",\"kind\":7,\"volume\":1},"
	    "{\"version\":3,\"symbol\":\"\",\"kind\":8,\"volume\":2,"
	    "\"+\":\"6d6f7265206279746573\"}]}\n");
}

static void
a_message_cut_after_any_byte_stops_with_the_reason(void **state)
{
	const char *path = shaped(mail_shape);
	size_t n = sizeof mail - 1;

	(void)state;
	for (size_t k = 1; k < n; k++) {
		int code = dump_file(ARGS("--shape", path), mail, k);

		if (k == 9 || k == 23) {
			assert_int_equal(code, 0);
			continue;
		}
		assert_int_equal(code, 1);
		ASSERT_HAS(out, " <- stopped here\n");
		ASSERT_HAS(err, ": stream ended ");
	}
}

/* The order of <cask.h>'s conventions, all idioms of it. */
static const char order_shape[] =
    "struct item { text name; u32 pieces; f64 price; }\n"
    "struct order {\n"
    "	version 3;\n"
    "	optional struct item gift;\n"
    "	count count; struct item items[count];\n"
    "	u8 kind;\n"
    "	union kind { 0: u32 cash; 1: secret text card; }\n"
    "	bytes hash[4];\n"
    "	text note;\n"
    "	since 3 u32 flags;\n"
    "	extends;\n"
    "	u32 bonus;\n"
    "	extends;\n"
    "}\n"
    "struct orders { message struct order* order; }\n";

static void
what_the_library_has_stored_is_what_a_shape_says(void **state)
{
	struct order o = { .has_gift = true,
		.gift = { "cup", 1, 0.5 },
		.count = 1,
		.items = { { "plate", 2, 3.25 } },
		.kind = 1,
		.pay.card = "1234",
		.hash = { 1, 2, 3, 4 },
		.flags = 9,
		.bonus = 5 };
	unsigned char bytes[512];
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	(void)quote_x;
	for (int big = 0; big < 2; big++) {
		ar.big_endian = big != 0;
		ar.form = big ? CASK_ANSI : CASK_UNICODE;
		cask_store(&ar, cask_mem_write(&m, bytes, sizeof bytes));
		assert_int_equal(send_order(&ar, &o), 0);
		o.has_gift = false;
		o.kind = 0;
		o.pay.cash = 7;
		assert_int_equal(send_order(&ar, &o), 0);
		o.has_gift = true;
		o.kind = 1;
		strcpy(o.pay.card, "1234");
		assert_int_equal(
		    dump_file(ARGS("--json", "--shape", shaped(order_shape),
				  "--order", big ? "big" : "little"),
			bytes, m.length),
		    0);
		assert_string_equal(err, "");
		assert_string_equal(out,
		    "{\"order\":[{\"version\":3,\"gift\":{\"name\":\"cup\","
		    "\"pieces\":1,\"price\":0.5},\"count\":1,\"items\":[{"
		    "\"name\":\"plate\",\"pieces\":2,\"price\":3.25}],"
		    "\"kind\":1,\"card\":\"***\",\"hash\":\"01020304\","
		    "\"note\":\"\",\"flags\":9,\"bonus\":5},"
		    "{\"version\":3,\"gift\":null,\"count\":1,\"items\":[{"
		    "\"name\":\"plate\",\"pieces\":2,\"price\":3.25}],"
		    "\"kind\":0,\"cash\":7,\"hash\":\"01020304\","
		    "\"note\":\"\",\"flags\":9,\"bonus\":5}]}\n");
	}
}

/* A length that is one of a message in it: what is in it ends there, too. */
static void
what_goes_to_the_end_goes_to_that_of_its_message(void **state)
{
	const char *path =
	    shaped("struct in { u8 k; u16* x; }\n"
		   "struct out { message struct in a; bytes* b; }\n"
		   "struct s { optional message struct out m; u8 last; }");

	(void)state;
	assert_int_equal(dump_pipe(ARGS("--json", "--shape", path),
			     "\1\x0C\0\0\0\5\0\0\0\7\1\0\2\0xyz\x09", 18),
	    0);
	assert_string_equal(out,
	    "{\"m\":{\"a\":{\"k\":7,\"x\":[1,2]},\"b\":\"78797a\"},"
	    "\"last\":9}\n");
}

static void
a_secret_is_not_shown_even_when_it_is_wrong(void **state)
{
	static const char bytes[] = "\1\4abcd\2xy12345678";
	const char *path = shaped("struct key { u8 a; u8 b; } struct s { u8 n; "
				  "secret text t; secret struct key k; union n "
				  "{ 1: secret ansi u; } secret bytes r[8]; }");

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--shape", path), "\1\4abcd\5\6\1x12345678", 18), 0);
	assert_string_equal(out,
	    HEAD "     0  01                       u8      n = 1\n"
		 "     1                           ansi    t = ***\n"
		 "     6                           u8      k.a = ***\n"
		 "     7                           u8      k.b = ***\n"
		 "     8                           ansi    u = ***\n"
		 "    10                           bytes   r[0] = ***\n");
	assert_int_equal(dump_pipe(ARGS("--json", "--shape", path),
			     "\1\4abcd\5\6\1x12345678", 18),
	    0);
	assert_string_equal(out,
	    "{\"n\":1,\"t\":\"***\",\"k\":{\"a\":\"***\",\"b\":\"***\"},"
	    "\"u\":\"***\",\"r\":\"***\"}\n");
	assert_int_equal(dump_pipe(ARGS("--shape", path), bytes, 9), 1);
	ASSERT_HAS(out,
	    "     8                           ansi    u <- stopped here\n");
	assert_int_equal(dump_pipe(ARGS("--shape", path), bytes, 4), 1);
	ASSERT_HAS(out,
	    "     1                           text    t <- stopped here\n");
	ASSERT_LACKS(out, "61 62");
}

/* What is wrong with a stream */

struct wrong {
	const char *shape;
	const char *bytes;
	size_t n;
	const char *err; /* after "cask dump: standard input: " */
};

static const struct wrong wrong_streams[] = {
	{ "struct s { u8 k; union k { 1: u8 a; } }", "\2\1", 2,
	    "k at byte 1: no case for 2" },
	{ "struct s { i8 k; union k { 1: u8 a; } }", "\xFE\1", 2,
	    "k at byte 1: no case for -2" },
	{ "struct s { i8 n; u8 x[n]; }", "\xFF\1", 2, "x at byte 1: n is -1" },
	{ "struct s { ansi x; }", "\xFF\xFE\xFF\0", 4,
	    "x at byte 0: not an ANSI, but a Unicode string" },
	{ "struct s { u8 a; unicode x; }", "\1\1A", 3,
	    "x at byte 1: not a Unicode, but an ANSI string" },
	{ "struct s { u8 a; }", "\1\2", 2,
	    "the shape ends at byte 1, and the stream goes on" },
	{ "struct s { }", "\1", 1,
	    "the shape ends at byte 0, and the stream goes on" },
	{ "struct s { count n; u8 x[n]; }", "\xFF\xFF\xFF\xFF\xFF\xFE", 6,
	    "count n at byte 0: 4278190079, limit 16777216 (limit.count)" },
	{ "struct s { u32 n; u64 x[n]; }", "\xFF\xFF\xFF\xFF\1", 5,
	    "u64 x[0] at byte 4: stream ended inside a message" },
	{ "struct s { text x; }", "\2\x81\x81", 3,
	    "text x at byte 0: ill-formed text after 0 of its code units" },
	{ "struct s { text x; }", "\3a\0b", 4,
	    "text x at byte 0: the text holds a NUL, which a C string can't "
	    "hold" },
	{ "struct s { text x; }", "\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 7,
	    "text x at byte 0: length 2147483647, limit 16777216 "
	    "bytes (limit.text)" },
	{ "struct s { utf8 x; }", "\1\0\xFF", 3,
	    "text x at byte 0: ill-formed text after 0 of its code units" },
	{ "struct s { utf8(nul) x; }", "ab", 2,
	    "text x at byte 0: stream ended inside a message" },
	{ "struct s { ansi(4) x[2]; }", "abcdefg", 7,
	    "text x[1] at byte 4: stream ended inside a message" },
	{ "struct s { utf16 x; }", "\1\0\0\xD8", 4,
	    "text x at byte 0: ill-formed text after 0 of its code units" },
	{ "struct m { utf8(nul) x; } struct s { message struct m m; }",
	    "\2\0\0\0ab\0", 7,
	    "text m.x at byte 4: its message ends here, after 2 bytes" },
	{ "struct s { optional u8 x; }", "\1", 1,
	    "u8 x at byte 1: stream ended inside a message" },
	{ "struct s { optional u8 x; }", "", 0,
	    "bool x? at byte 0: stream ended before a message" },
	{ "struct in { u8 a; u16 b; } struct s { struct in* x; }", "\1\2\3\4",
	    4, "u16 x[1].b at byte 4: stream ended inside a message" },
	{ "struct m { u8 a; u32 b; } struct s { message struct m m; }",
	    "\3\0\0\0\1\2\3\4\5", 9,
	    "u32 m.b at byte 5: its message ends here, after 3 bytes" },
	{ "struct m { u8 a; } struct s { message struct m m[2]; }",
	    "\1\0\0\0\1\3\0\0\0\1\2\3", 12,
	    "m[1] at byte 10: its 3 bytes hold 2 more than the shape says" },
	{ "struct m { u8 a; u8* b; } struct s { message struct m m; }",
	    "\4\0\0\0\1\2", 6,
	    "m at byte 6: stream ended 2 bytes before it does" },
	{ "struct m { u8 a; } struct o { message struct m m; }"
	  "struct s { message struct o o; }",
	    "\5\0\0\0\2\0\0\0\1\2", 10,
	    "o.m at byte 8: length 2, but the message around it ends after "
	    "1" },
	{ "struct m { ansi a; } struct s { message struct m m; }",
	    "\2\0\0\0\2ab", 7,
	    "text m.a at byte 4: its message ends here, after 2 bytes" },
	{ "struct m { text a; } struct s { message struct m m; u8 b; }",
	    "\0\0\0\0\1", 5,
	    "text m.a at byte 4: its message ends here, after 0 bytes" },
	{ "struct s { version 3; }", "\4\0", 2,
	    "version at byte 2: 4, the newest known is 3" },
	{ "struct s { version 3; }", "\0\0", 2,
	    "version at byte 2: 0, the newest known is 3" },
	{ "struct e { } struct s { struct e* x; }", "\1", 1,
	    "x at byte 0: the shape takes no byte in 100000 steps" },
	{ "struct e { } struct s { u32 n; struct e x[n]; u8 y; }",
	    "\xFF\xFF\xFF\xFF\1", 5,
	    "x at byte 4: the shape takes no byte in 100000 steps" },
};

static void
what_is_wrong_with_a_stream_is_said_with_exit_code_1(void **state)
{
	char wanted[512];

	(void)state;
	for (size_t i = 0; i < COUNT(wrong_streams); i++) {
		const struct wrong *w = &wrong_streams[i];

		assert_int_equal(dump_pipe(ARGS("--shape", shaped(w->shape)),
				     w->bytes, w->n),
		    1);
		snprintf(wanted, sizeof wanted,
		    "cask dump: standard input: %s\n", w->err);
		assert_string_equal(err, wanted);
	}
}

static void
a_wrong_value_is_shown_with_its_bytes(void **state)
{
	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--shape", shaped("struct s { u8 a; ansi x; }")),
		"\7\xFF\xFE\xFF\2a\0b\0and more", 17),
	    1);
	assert_string_equal(out,
	    HEAD
	    "     0  07                       u8      a = 7\n"
	    "     1  ff fe ff 02 61 00 62 00  ansi    x <- stopped here\n");
	assert_int_equal(dump_pipe(ARGS("--type", "text"), "\4\0and", 5), 1);
	assert_string_equal(out,
	    HEAD
	    "     0  04 00 61 6e 64           text    v1 <- stopped here\n");
}

/* A struct has two of the one before it, 31 times: 2^31 steps without a byte.
 */
static void
a_shape_that_would_go_on_for_ages_is_ended(void **state)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof text, "struct s0 { }\n");

	(void)state;
	for (unsigned i = 1; i < 32; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
		    "struct s%u { struct s%u a; struct s%u b; }\n", i, i - 1,
		    i - 1);
	assert_int_equal(dump_pipe(ARGS("--shape", shaped(text)), "x", 1), 1);
	ASSERT_HAS(err, "at byte 0: the shape takes no byte in 100000 steps\n");
	assert_int_equal(
	    dump_pipe(ARGS("--shape",
			  shaped("struct e { } "
				 "struct s { u8 n; struct e x[n]; }")),
		"\xFF", 1),
	    0);
}

/* Every name and level that a path can have. */
static void
the_longest_path_is_shown_whole(void **state)
{
	static char text[8192], path[4096];
	char name[65];
	size_t n, k = 0;

	(void)state;
	memset(name, 'm', 64);
	name[64] = '\0';
	n = (size_t)snprintf(
	    text, sizeof text, "struct s0 { optional u8 %s[1]; }\n", name);
	for (unsigned i = 1; i < 32; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
		    "struct s%u { struct s%u %s[1]; }\n", i, i - 1, name);
	for (unsigned i = 0; i < 32; i++)
		k += (size_t)snprintf(path + k, sizeof path - k, "%s%s[0]",
		    i > 0 ? "." : "", name);
	snprintf(path + k, sizeof path - k, " = 7\n");
	assert_int_equal(
	    dump_pipe(ARGS("--shape", shaped(text)), "\1\7", 2), 0);
	ASSERT_HAS(out, path);
	assert_int_equal(dump_pipe(ARGS("--shape", shaped(text)), "\1", 1), 1);
	ASSERT_HAS(err, "mmmm[0] at byte 1: stream ended inside a message\n");
}

static void
garbage_of_any_kind_ends_in_words_or_well(void **state)
{
	unsigned char bytes[512];
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		const char *path =
		    shaped(round % 8 < 4 ? all_shape : mail_shape);
		int code;

		for (size_t i = 0; i < sizeof bytes; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (unsigned char)(seed >> 24);
			if (round % 4 == 0)
				bytes[i] |= 0xF0;
			if (round % 4 == 1)
				bytes[i] &= 3;
		}
		code = dump_pipe(ARGS("--shape", path), bytes, sizeof bytes);
		assert_true(code == 0 || code == 1);
		assert_int_equal(occurrences(err, "\n"), code);
		code = dump_pipe(ARGS("--ansi", "932"), bytes, sizeof bytes);
		assert_int_equal(code, 0);
		assert_string_equal(err, "");
	}
}

/* Larger than any buffer on the way. */
static void
a_long_text_and_long_raw_bytes_are_shown_whole(void **state)
{
	static unsigned char bytes[200000];
	struct child c;
	const char *p;
	size_t n = 0;
	ssize_t got;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "\xFF\xFF\xFF\xA0\x86\1\0", 7); /* 100000 */
	write_file(data_path, bytes, sizeof bytes);
	START(&c, A("dump"), A("--type"), A("ansi bytes*"), A("--json"),
	    data_path);
	do {
		if (wait_readable(c.out, clock_ms() + LIMIT_MS) != 1)
			fail_msg("output did not end");
		got = test_read(c.out, out, sizeof out);
		for (p = out; p < out + got; p++)
			n += *p == 'x' || *p == '7';
	} while (got > 0);
	close(c.out);
	read_all(c.err, err, TEXT);
	assert_int_equal(await_exit(&c), 0);
	assert_int_equal(n, 100000 + sizeof bytes - 7 - 100000);
	assert_string_equal(err, "");
}

/* Without a shape */

static void
without_a_shape_there_are_bytes_and_guesses(void **state)
{
	static const char age[] = "\xFF\xFF\0\0\4\0CAge\x15\0\0\0\1\x80\x28"
				  "\0\0\0\2\0\0\0";

	(void)state;
	assert_int_equal(dump_file(ARGS("--"), quote, sizeof quote), 0);
	assert_string_equal(err, "");
	assert_string_equal(out,
	    BARE "     0  ff fe ff 04 41 00 43 00 4d 00 45 00 02 00 00 00  "
		 "....A.C.M.E.....\n"
		 "        ^ 0: perhaps a Unicode string: \"ACME\"\n"
		 "    16  00 00 00 c0 44 40 00 00 00 00 00 20 45 40        "
		 "....D@..... E@\n");
	assert_int_equal(dump_pipe(ARGS("-"), age, sizeof age - 1), 0);
	assert_string_equal(out,
	    BARE "     0  ff ff 00 00 04 00 43 41 67 65 15 00 00 00 01 80  "
		 "......CAge......\n"
		 "        ^ 0: a class: CAge, schema 0, number 1, if an object "
		 "comes first\n"
		 "                                                  ^ 14: "
		 "perhaps the tag of CAge, its object number 3\n"
		 "    16  28 00 00 00 02 00 00 00                          "
		 "(.......\n");
	assert_int_equal(dump_pipe(ARGS("-"),
			     "\4\0\4blue\1"
			     "3\3red\1"
			     "1",
			     14),
	    0);
	assert_string_equal(out,
	    BARE
	    "     0  04 00 04 62 6c 75 65 01 33 03 72 65 64 01        "
	    "...blue.3.red.\n"
	    "              ^ 2: perhaps an ANSI string: \"blue\"\n"
	    "                             ^ 7: perhaps an ANSI string: \"3\"\n"
	    "                                   ^ 9: perhaps an ANSI string: "
	    "\"red\"\n");
}

/* The numbers rule out what a tag can not be: nothing has number 5 yet, 2 is an
 * object's.  Of another archive on the same stream they begin anew. */
static void
tags_are_guessed_where_numbers_allow_them(void **state)
{
	static const char bytes[] = "\xFF\xFF\2\0\3\0CDe\5\x80\2\x80\1\x80"
				    "\xFF\xFF\3\0\3\0CBa\3\x80\4\x80\5\x80"
				    "\xFF\x7F\1\0\0\x80"
				    "\xFF\xFF\2\0\3\0CDe\1\x80\4\x80";

	(void)state;
	assert_int_equal(dump_pipe(ARGS("-"), bytes, sizeof bytes - 1), 0);
	ASSERT_HAS(out, "^ 0: a class: CDe, schema 2, number 1, if an object ");
	ASSERT_HAS(out, "^ 13: perhaps the tag of CDe, its object number 3\n");
	ASSERT_HAS(
	    out, "^ 15: perhaps a class: CBa, schema 3, number 3 to 4\n");
	ASSERT_HAS(
	    out, "^ 24: perhaps the tag of CBa, its object number 4 to 6\n");
	ASSERT_HAS(
	    out, "^ 26: perhaps the tag of CBa, its object number 4 to 7\n");
	ASSERT_HAS(
	    out, "^ 30: perhaps the tag of CDe, its object number 4 to 8\n");
	ASSERT_HAS(out,
	    "^ 36: perhaps a class: CDe, schema 2, in another archive, number "
	    "1\n");
	ASSERT_HAS(
	    out, "^ 45: perhaps the tag of CDe, its object number 2 to 3\n");
	assert_int_equal(occurrences(out, "^"), 8);
}

static void
guesses_know_the_order_and_the_code_page(void **state)
{
	static const char big[] = "\xFF\xFF\xFE\1\0A\xFF\xFF\0\1\0\1C";

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--order", "big"), big, sizeof big - 1), 0);
	ASSERT_HAS(out, "^ 0: perhaps a Unicode string: \"A\"\n");
	ASSERT_HAS(out, "^ 6: perhaps a class: C, schema 1, number 1\n");
	assert_int_equal(dump_pipe(ARGS("-"), "\2\x80\x35", 3), 0);
	ASSERT_LACKS(out, "perhaps");
	assert_int_equal(dump_pipe(ARGS("--ansi", "1252"), "\2\x80\x35", 3), 0);
	ASSERT_HAS(out, "^ 0: perhaps an ANSI string: \"€5\"\n");
}

static void
a_guess_may_be_a_beginning_or_too_long_to_show(void **state)
{
	char bytes[400];

	(void)state;
	assert_int_equal(dump_pipe(ARGS("-"), "\xFF\xFE\xFF\5A\0\1B", 8), 0);
	ASSERT_HAS(out,
	    "        ^ 0: perhaps the beginning of a Unicode string\n"
	    "                          ^ 6: perhaps an ANSI string: \"B\"\n");
	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "\xFF\x2C\1", 3); /* 300 */
	assert_int_equal(dump_pipe(ARGS("-"), bytes, 303), 0);
	ASSERT_HAS(out,
	    "^ 0: perhaps an ANSI string: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"...\n");
	assert_int_equal(occurrences(out, "perhaps"), 1);
}

static void
no_bytes_at_all_are_no_news(void **state)
{
	(void)state;
	assert_int_equal(dump_file(ARGS("--"), "", 0), 0);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
	assert_int_equal(dump_file(ARGS("--type", "u8*"), "", 0), 0);
	assert_string_equal(out, HEAD);
}

/* Arguments and the outside */

struct use {
	const char *argv[8]; /* after "cask dump" */
	const char *err;
};

static const struct use wrong_use[] = {
	{ { "--json" }, "cask dump: --json: needs --shape or --type\n" },
	{ { "--dot" }, "cask dump: --dot: needs --shape or --type\n" },
	{ { "--dot", "--json", "--type", "u8" },
	    "cask dump: --json and --dot: one or the other\n" },
	{ { "--shape", "a", "--type", "u8" },
	    "cask dump: --shape and --type: one or the other\n" },
	{ { "--order", "huge" },
	    "cask dump: --order: 'huge' is not little or big\n" },
	{ { "--ansi", "12345" },
	    "cask dump: --ansi: code page 12345: no converter for this code "
	    "page here\n" },
	{ { "--ansi", "x" },
	    "cask dump: --ansi: 'x' is not a number from 1 to 65535\n" },
	{ { "--type", "" }, "cask dump: --type: is empty\n" },
	{ { "--type", "u7" }, "--type:1:1: 'u7' is no type\nu7\n^\n" },
	{ { "--shape", "/nowhere/x" },
	    "cask dump: --shape: /nowhere/x: No such file or directory\n" },
	{ { "--shape", "/" }, "cask dump: --shape: /: Is a directory\n" },
	{ { "a", "b" }, "cask dump: 'b': one argument too many\n" },
};

static void
wrong_arguments_are_named_with_exit_code_2(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong_use); i++) {
		assert_int_equal(dump_pipe(wrong_use[i].argv, "", 0), 2);
		assert_string_equal(err, wrong_use[i].err);
		assert_string_equal(out, "");
	}
}

static void
a_wrong_shape_is_pointed_at_with_exit_code_2(void **state)
{
	static char large[(1 << 20) + 1];

	(void)state;
	assert_int_equal(
	    dump_pipe(
		ARGS("--shape", shaped("struct s {\n\tf64 x[n];\n}\n")), "", 0),
	    2);
	ASSERT_SAID("%s:2:8: no member 'n' comes before this one\n"
		    " f64 x[n];\n       ^\n",
	    shape_path);
	assert_string_equal(out, "");
	memset(large, ' ', sizeof large);
	memcpy(large, "struct s {}", 11);
	write_file(shape_path, large, sizeof large - 1);
	assert_int_equal(dump_pipe(ARGS("--shape", shape_path), "", 0), 0);
	write_file(shape_path, large, sizeof large);
	assert_int_equal(dump_pipe(ARGS("--shape", shape_path), "", 0), 2);
	ASSERT_SAID(
	    "cask dump: --shape: %s: more than 1048576 bytes\n", shape_path);
}

static void
a_file_that_is_not_there_is_said_with_exit_code_1(void **state)
{
	(void)state;
	assert_int_equal(dump_pipe(ARGS("/nowhere/x"), "", 0), 1);
	assert_string_equal(
	    err, "cask dump: /nowhere/x: No such file or directory\n");
	assert_int_equal(dump_pipe(ARGS("/"), "", 0), 1);
	assert_string_equal(err, "cask dump: /: read: Is a directory\n");
	assert_int_equal(dump_pipe(ARGS("--type", "u8", "/"), "", 0), 1);
	assert_string_equal(err, "cask dump: /: read: Is a directory\n");
	assert_string_equal(out, HEAD);
}

static void
a_full_or_closed_output_is_said_with_exit_code_1(void **state)
{
	static char bytes[100000];
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), o[2], e[2];
	struct child c;

	(void)state;
	write_file(data_path, bytes, sizeof bytes);
	for (int i = 0; i < 4; i++) {
		make_pipe(o);
		make_pipe(e);
		close(o[0]);
		start_to(&c,
		    (char *[]) { A("cask"), A("dump"), data_path,
			i % 2 > 0 ? A("--type") : NULL, A("u8*"), NULL },
		    i < 2 && full >= 0 ? full : o[1], e[1]);
		close(o[1]);
		close(e[1]);
		read_all(e[0], err, TEXT);
		assert_int_equal(await_exit(&c), 1);
		assert_string_equal(err,
		    i < 2 && full >= 0
			? "cask dump: standard output: No space left on "
			  "device\n"
			: "cask dump: standard output: Broken pipe\n");
	}
	if (full >= 0)
		close(full);
}

/* Of an input without end what has come is shown, before more is waited for. */
static void
a_value_is_shown_when_it_has_come(void **state)
{
	int in[2], before = dup(0);
	struct child c;
	char line[128];

	(void)state;
	make_pipe(in);
	dup2(in[0], 0);
	close(in[0]);
	START(&c, A("dump"), A("--type"), A("text u8*"));
	dup2(before, 0);
	close(before);
	assert_int_equal(write(in[1], "\1A", 2), 2);
	assert_true(read_line(c.out, line, sizeof line));
	assert_true(read_line(c.out, line, sizeof line));
	assert_string_equal(
	    line, "     0  01 41                    ansi    v1 = \"A\"");
	assert_int_equal(write(in[1], "\2", 1), 1);
	assert_true(read_line(c.out, line, sizeof line));
	assert_string_equal(
	    line, "     2  02                       u8      v2[0] = 2");
	close(in[1]);
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(out, "");
}

static void
help_is_printed(void **state)
{
	(void)state;
	assert_int_equal(dump_pipe(ARGS("--help"), "", 0), 0);
	ASSERT_HAS(out, "usage: cask dump [OPTION]... [FILE]\n");
	assert_string_equal(err, "");
}

#define TEST(f) cmocka_unit_test_teardown(f, kill_children)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_quote_is_dumped_by_its_shape),
		TEST(a_quote_is_dumped_by_a_list_of_types),
		TEST(a_stream_cut_after_any_byte_stops_with_the_reason),
		TEST(json_of_a_cut_stream_is_whole_json),
		TEST(each_type_is_shown_in_both_orders_and_as_json),
		TEST(ansi_text_is_in_the_code_page_that_is_named),
		TEST(every_construct_is_shown),
		TEST(an_empty_case_has_nothing_and_a_star_may_have_none),
		TEST(an_order_reaches_the_structs_within),
		TEST(a_message_may_be_older_or_newer_than_its_shape),
		TEST(a_message_cut_after_any_byte_stops_with_the_reason),
		TEST(what_the_library_has_stored_is_what_a_shape_says),
		TEST(what_goes_to_the_end_goes_to_that_of_its_message),
		TEST(a_secret_is_not_shown_even_when_it_is_wrong),
		TEST(what_is_wrong_with_a_stream_is_said_with_exit_code_1),
		TEST(a_wrong_value_is_shown_with_its_bytes),
		TEST(a_shape_that_would_go_on_for_ages_is_ended),
		TEST(the_longest_path_is_shown_whole),
		TEST(garbage_of_any_kind_ends_in_words_or_well),
		TEST(a_long_text_and_long_raw_bytes_are_shown_whole),
		TEST(without_a_shape_there_are_bytes_and_guesses),
		TEST(tags_are_guessed_where_numbers_allow_them),
		TEST(guesses_know_the_order_and_the_code_page),
		TEST(a_guess_may_be_a_beginning_or_too_long_to_show),
		TEST(no_bytes_at_all_are_no_news),
		TEST(wrong_arguments_are_named_with_exit_code_2),
		TEST(a_wrong_shape_is_pointed_at_with_exit_code_2),
		TEST(a_file_that_is_not_there_is_said_with_exit_code_1),
		TEST(a_full_or_closed_output_is_said_with_exit_code_1),
		TEST(a_value_is_shown_when_it_has_come),
		TEST(help_is_printed),
	};

	(void)free_basket; /* of the example, and not needed here */
	test_begin();
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
