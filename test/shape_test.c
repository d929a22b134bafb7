/*
 * The language of shapes: what it takes, what it makes of it, and its
 * complaints, which are compared whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "../tools/shape.h"

static struct shape shape;
static char why[SHAPE_WHY];

static bool
parse(const char *text)
{
	return shape_parse(&shape, "f", text, strlen(text), why);
}

static const struct shape_member *
member(const char *name)
{
	for (unsigned i = 0; i < shape.members; i++)
		if (strcmp(shape.member[i].name, name) == 0)
			return &shape.member[i];
	fail_msg("no member %s", name);
	return NULL;
}

/* Every construct */

static const char whole[] =
    "struct point { i32 x; i32 y; }\n"
    "struct mail { version 3; since 2 u8 a; secret text b; extends; u8* c; }\n"
    "big struct all {\n"
    "\tu8 version; u16 n; u32 c; u64 d; i8 e; i16 f; i64 g;\n"
    "\tbool h; char16 i; count j; f32 k; f64 l; text m;\n"
    "\tansi o; unicode p; utf8 q; bytes r[n]; bytes s[0x10];\n"
    "\toptional struct point t; since 3 u16 u; since 0 optional text v[j];\n"
    "\tunion e { 1: u32 w; -2: text w; 0xff: ; }\n"
    "\tsince 2 union n { 7: secret message struct point x[n]; };\n"
    "\toptional message struct mail z;\n"
    "\tutf16(nul) s1; secret utf32(lf) s2[2]; ansi(16) s3; utf8(8 pad 32) "
    "s4[n];\n"
    "\tstruct point* text;\n"
    "}\n";

static void
every_construct_is_parsed(void **state)
{
	const struct shape_member *m;

	(void)state;
	if (!parse(whole))
		fail_msg("%s", why);
	assert_string_equal(why, "");
	assert_int_equal(shape.count, 3);
	assert_int_equal(shape.structs[0].order, SHAPE_AS_AROUND);
	assert_int_equal(shape.structs[2].order, SHAPE_BIG);
	assert_int_equal(shape.structs[2].depth, 2);
	assert_true(shape.structs[2].rest);
	assert_false(shape.structs[0].rest);
	assert_true(shape.structs[1].rest && shape.structs[1].extends);
	assert_false(shape.structs[0].extends || shape.structs[2].extends);
	m = &shape.member[shape.structs[1].first];
	assert_int_equal(m->kind, SHAPE_VERSION);
	assert_string_equal(m->name, "version");
	assert_int_equal(m->size, 3);
	assert_true(m[1].since && &shape.member[m[1].version] == m);
	assert_true(m[2].secret && !m[1].secret && !m[2].message);
	assert_int_equal(m[3].kind, SHAPE_EXTENDS);
	assert_int_equal(member("o")->as.end, CASK_BY_LENGTH);
	m = member("s1");
	assert_int_equal(m->kind, SHAPE_UTF16);
	assert_int_equal(m->as.end, CASK_BY_NUL);
	assert_int_equal(m[1].kind, SHAPE_UTF32);
	assert_int_equal(m[1].as.end, CASK_BY_LF);
	assert_int_equal(m[1].size, 2);
	assert_int_equal(m[2].as.end, CASK_BY_FIELD);
	assert_int_equal(m[2].as.units, 16);
	assert_int_equal(m[2].as.pad, 0);
	assert_int_equal(m[3].as.units, 8);
	assert_int_equal(m[3].as.pad, ' ');
}

static void
every_member_is_parsed(void **state)
{
	const struct shape_member *m;

	(void)state;
	if (!parse(whole))
		fail_msg("%s", why);
	m = member("z");
	assert_true(m->optional && m->message && !m->secret);
	assert_int_equal(m->inner, 1);
	m = member("r");
	assert_int_equal(m->kind, SHAPE_BYTES);
	assert_int_equal(m->many, SHAPE_COUNTED);
	assert_ptr_equal(&shape.member[m->by], member("n"));
	m = member("s");
	assert_int_equal(m->many, SHAPE_FIXED);
	assert_int_equal(m->size, 16);
	m = member("t");
	assert_true(m->optional);
	assert_int_equal(m->kind, SHAPE_STRUCT);
	assert_int_equal(m->inner, 0);
	m = member("u");
	assert_true(m->since);
	assert_int_equal(m->number, 3);
	assert_ptr_equal(
	    &shape.member[m->version], &shape.member[shape.structs[2].first]);
	m = member("v");
	assert_true(m->since && m->optional);
	assert_ptr_equal(&shape.member[m->by], member("j"));
	m = member("text");
	assert_int_equal(m->many, SHAPE_REST);
	m = member("w") - 1;
	assert_int_equal(m->kind, SHAPE_UNION);
	assert_int_equal(m->cases, 3);
	assert_ptr_equal(&shape.member[m->by], member("e"));
	assert_int_equal(m[1].value, 1);
	assert_int_equal(m[2].value, (uint64_t)-2);
	assert_int_equal(m[2].kind, SHAPE_TEXT);
	assert_int_equal(m[3].value, 255);
	assert_int_equal(m[3].kind, SHAPE_NOTHING);
	assert_true(m[4].since && m[4].kind == SHAPE_UNION);
	assert_true(m[5].secret && m[5].message);
}

static void
every_type_has_its_word(void **state)
{
	char text[64];

	(void)state;
	for (unsigned k = 0; k < SHAPE_BYTES; k++) {
		if (k == SHAPE_VERSION)
			continue; /* "version 3;" */
		snprintf(text, sizeof text, "struct s { %s %s; }",
		    shape_kind_name(k), shape_kind_name(k));
		assert_true(parse(text));
		assert_int_equal(shape.member[0].kind, k);
		assert_string_equal(shape.member[0].name, shape_kind_name(k));
	}
}

/* Classes */

static const char classes[] =
    "class CNode : CObject schema 1 { u16 v; since 1 object CNode next; }\n"
    "big class CPerson schema 0xFFFE versionable {\n"
    "	text name; since 2 optional object CBoss boss; u8 version;\n"
    "	since 3 u8 x; object CObject any[version];\n"
    "}\n"
    "class CBoss : CPerson { schema CPerson; base; class CObList a; time t; }\n"
    "class CObList { count n; object CNode item[n]; }\n"
    "struct s { map CBoss me; object CPerson p; object CObList* l; }\n"
    "class CLast : CObArray { base; };\n";

static void
classes_are_parsed(void **state)
{
	const struct shape_member *m;

	(void)state;
	if (!parse(classes))
		fail_msg("%s", why);
	assert_int_equal(shape.count, 6);
	assert_int_equal(shape.outermost, 4);
	assert_true(shape.structs[0].is_class && !shape.structs[4].is_class);
	assert_int_equal(shape.structs[0].base, SHAPE_ANY);
	assert_int_equal(shape.structs[0].schema, 1);
	assert_false(shape.structs[0].versionable);
	assert_int_equal(shape.structs[1].schema, 65534);
	assert_true(shape.structs[1].versionable);
	assert_int_equal(shape.structs[1].order, SHAPE_BIG);
	assert_int_equal(shape.structs[2].base, 1);
	m = member("next");
	assert_true(m->since && m->schema && m->number == 1);
	assert_int_equal(m->kind, SHAPE_OBJECT);
	assert_int_equal(m->inner, 0);
	m = member("boss");
	assert_true(m->since && m->schema && m->optional);
	assert_int_equal(m->inner, 2);
	m = member("x");
	assert_true(m->since && !m->schema);
	assert_ptr_equal(&shape.member[m->version], member("version"));
	m = member("any");
	assert_int_equal(m->inner, SHAPE_ANY);
	assert_int_equal(m->many, SHAPE_COUNTED);
	m = &shape.member[shape.structs[2].first];
	assert_int_equal(m[0].kind, SHAPE_SCHEMA);
	assert_int_equal(m[1].kind, SHAPE_BASE);
	assert_true(m[0].inner == 1 && m[1].inner == 1);
	m = member("a"); /* MFC's, since the other is not there yet */
	assert_int_equal(m->kind, SHAPE_STRUCT);
	assert_string_equal(shape.structs[m->inner].name, "CObList");
	assert_true(m->inner >= SHAPE_STRUCTS);
	m = member("l");
	assert_int_equal(m->inner, 3);
	assert_int_equal(m->many, SHAPE_REST);
	m = member("me");
	assert_int_equal(m->kind, SHAPE_MAP);
	assert_int_equal(m->inner, 2);
	assert_true(shape.structs[5].base >= SHAPE_STRUCTS);
}

static void
an_order_holds_for_the_structs_that_follow(void **state)
{
	(void)state;
	assert_true(parse("struct a {} order big; struct b {}\n"
			  "little struct c {}; struct d {} order little;"
			  "struct e {} big struct f {}"));
	assert_int_equal(shape.count, 6);
	assert_int_equal(shape.structs[0].order, SHAPE_AS_AROUND);
	assert_int_equal(shape.structs[1].order, SHAPE_BIG);
	assert_int_equal(shape.structs[2].order, SHAPE_LITTLE);
	assert_int_equal(shape.structs[3].order, SHAPE_BIG);
	assert_int_equal(shape.structs[4].order, SHAPE_LITTLE);
	assert_int_equal(shape.structs[5].order, SHAPE_BIG);
}

static void
a_list_of_types_names_its_members_itself(void **state)
{
	static const char list[] = "u32 text\tbytes[4]\nf64[v1] count*";

	(void)state;
	assert_true(
	    shape_parse_types(&shape, "--type", list, strlen(list), why));
	assert_int_equal(shape.count, 1);
	assert_int_equal(shape.members, 5);
	assert_int_equal(member("v3")->size, 4);
	assert_int_equal(member("v4")->by, 0);
	assert_int_equal(member("v5")->many, SHAPE_REST);
}

static void
a_byte_order_mark_is_passed_over(void **state)
{
	(void)state;
	assert_true(parse("\xEF\xBB\xBF"
			  "struct s {}"));
	assert_false(parse("\xEF\xBB\xBF?"));
	assert_string_equal(
	    why, "f:1:1: a character that has no place here\n?\n^\n");
}

static void
what_is_not_utf8_is_no_shape(void **state)
{
	(void)state;
	assert_false(parse("struct s {} // \xE9t\xE9"));
	assert_string_equal(
	    why, "f:1:16: not UTF-8\nstruct s {} // \n               ^\n");
}

/* Every complaint */

struct complaint {
	const char *text;
	const char *why;
};

static const struct complaint wrong_words[] = {
	{ "",
	    "f:1:1: expected 'struct', 'class' or 'order', not the "
	    "end\n"
	    "\n"
	    "^\n" },
	{ "// nothing\n",
	    "f:2:1: expected 'struct', 'class' or 'order', not the "
	    "end\n"
	    "\n"
	    "^\n" },
	{ "order big;",
	    "f:1:11: expected a struct, not the end\n"
	    "order big;\n"
	    "          ^\n" },
	{ "foo",
	    "f:1:1: expected 'struct', 'class' or 'order', not 'foo'\n"
	    "foo\n"
	    "^\n" },
	{ "order;",
	    "f:1:6: expected 'big' or 'little', not ';'\n"
	    "order;\n"
	    "     ^\n" },
	{ "order big",
	    "f:1:10: expected ';', not the end\n"
	    "order big\n"
	    "         ^\n" },
	{ "order huge;",
	    "f:1:7: expected 'big' or 'little', not 'huge'\n"
	    "order huge;\n"
	    "      ^\n" },
	{ "big order;",
	    "f:1:5: expected 'struct' or 'class', not 'order'\n"
	    "big order;\n"
	    "    ^\n" },
	{ "little",
	    "f:1:7: expected 'struct' or 'class', not the end\n"
	    "little\n"
	    "      ^\n" },
	{ "struct",
	    "f:1:7: expected the name of a struct, not the end\n"
	    "struct\n"
	    "      ^\n" },
	{ "struct 3 {}",
	    "f:1:8: expected the name of a struct, not '3'\n"
	    "struct 3 {}\n"
	    "       ^\n" },
	{ "struct s",
	    "f:1:9: expected '{', not the end\n"
	    "struct s\n"
	    "        ^\n" },
	{ "struct s {",
	    "f:1:11: expected a type, not the end\n"
	    "struct s {\n"
	    "          ^\n" },
	{ "struct s {} }",
	    "f:1:13: expected 'struct', 'class' or 'order', not '}'\n"
	    "struct s {} }\n"
	    "            ^\n" },
	{ "struct s {}\nstruct s {}",
	    "f:2:8: a second struct called 's'\n"
	    "struct s {}\n"
	    "       ^\n" },
	{ "struct s { foo x; }",
	    "f:1:12: 'foo' is no type\n"
	    "struct s { foo x; }\n"
	    "           ^\n" },
	{ "struct s {}\nstruct t { s x; }",
	    "f:2:12: 's' is no type; 'struct s' is\n"
	    "struct t { s x; }\n"
	    "           ^\n" },
	{ "struct s { ; }",
	    "f:1:12: expected a type, not ';'\n"
	    "struct s { ; }\n"
	    "           ^\n" },
	{ "struct s { u8; }",
	    "f:1:14: expected a name, not ';'\n"
	    "struct s { u8; }\n"
	    "             ^\n" },
	{ "struct s { u8 x }",
	    "f:1:17: expected ';', not '}'\n"
	    "struct s { u8 x }\n"
	    "                ^\n" },
	{ "struct s { u8 x, y; }",
	    "f:1:16: a character that has no place here\n"
	    "struct s { u8 x, y; }\n"
	    "               ^\n" },
	{ "struct s { u8 x; u16 x; }",
	    "f:1:22: a second member called 'x'\n"
	    "struct s { u8 x; u16 x; }\n"
	    "                     ^\n" },
	{ "struct s { struct t x; }",
	    "f:1:19: no struct 't' is defined before this one\n"
	    "struct s { struct t x; }\n"
	    "                  ^\n" },
	{ "struct s { struct s x; }",
	    "f:1:19: no struct 's' is defined before this one\n"
	    "struct s { struct s x; }\n"
	    "                  ^\n" },
	{ "struct s { struct 1 x; }",
	    "f:1:19: expected the name of a struct, not '1'\n"
	    "struct s { struct 1 x; }\n"
	    "                  ^\n" },
	{ "struct s { u8 x[; }",
	    "f:1:17: expected a number or a name, not ';'\n"
	    "struct s { u8 x[; }\n"
	    "                ^\n" },
	{ "struct s { u8 x[]; }",
	    "f:1:17: expected a number or a name, not ']'\n"
	    "struct s { u8 x[]; }\n"
	    "                ^\n" },
	{ "struct s { u8 x[-1]; }",
	    "f:1:17: expected a number from 0 on, not '-1'\n"
	    "struct s { u8 x[-1]; }\n"
	    "                ^\n" },
	{ "struct s { u8 x[3; }",
	    "f:1:18: expected ']', not ';'\n"
	    "struct s { u8 x[3; }\n"
	    "                 ^\n" },
	{ "struct s {\n\tf64 price[m];\n}",
	    "f:2:12: no member 'm' comes before this one\n"
	    " f64 price[m];\n"
	    "           ^\n" },
	{ "struct s { text n; u8 x[n]; }",
	    "f:1:25: 'n' is not one integer\n"
	    "struct s { text n; u8 x[n]; }\n"
	    "                        ^\n" },
	{ "struct s { u8 n[2]; u8 x[n]; }",
	    "f:1:26: 'n' is not one integer\n"
	    "struct s { u8 n[2]; u8 x[n]; }\n"
	    "                         ^\n" },
	{ "struct s { u8 x[12ab]; }",
	    "f:1:17: '12ab' is no number\n"
	    "struct s { u8 x[12ab]; }\n"
	    "                ^\n" },
	{ "struct s { u8 x[0x1g]; }",
	    "f:1:17: '0x1g' is no number\n"
	    "struct s { u8 x[0x1g]; }\n"
	    "                ^\n" },
	{ "struct s { u8 x[99999999999999999999]; }",
	    "f:1:17: a number of more than 64 bits\n"
	    "struct s { u8 x[99999999999999999999]; }\n"
	    "                ^\n" },
	{ "struct s { bytes x; }",
	    "f:1:12: how many bytes? bytes data[16], say\n"
	    "struct s { bytes x; }\n"
	    "           ^\n" },
	{ "struct s { u8* x; u8 y; }",
	    "f:1:19: nothing can follow 'x', which goes on to the end\n"
	    "struct s { u8* x; u8 y; }\n"
	    "                  ^\n" },
	{ "struct s { u8* x[3]; }",
	    "f:1:17: '*' and '[': one or the other\n"
	    "struct s { u8* x[3]; }\n"
	    "                ^\n" },
	{ "struct s { optional u8* x; }",
	    "f:1:23: only the last member of a struct goes on to the "
	    "end: no option, and no case\n"
	    "struct s { optional u8* x; }\n"
	    "                      ^\n" },
	{ "struct s { u8* x; }\nstruct t { struct s y; }",
	    "f:2:19: struct 's' goes on to the end of the stream: it "
	    "can't be a member\n"
	    "struct t { struct s y; }\n"
	    "                  ^\n" },
	{ "struct s { optional union n {} }",
	    "f:1:21: 'union' is no type\n"
	    "struct s { optional union n {} }\n"
	    "                    ^\n" },
	{ "struct s { union n { 1: u8 a; } }",
	    "f:1:18: no member 'n' comes before this one\n"
	    "struct s { union n { 1: u8 a; } }\n"
	    "                 ^\n" },
	{ "struct s { union 1 { 1: u8 a; } }",
	    "f:1:18: expected the name of the member that chooses, not "
	    "'1'\n"
	    "struct s { union 1 { 1: u8 a; } }\n"
	    "                 ^\n" },
	{ "struct s { text n; union n { 1: u8 a; } }",
	    "f:1:26: 'n' is not one integer\n"
	    "struct s { text n; union n { 1: u8 a; } }\n"
	    "                         ^\n" },
	{ "struct s { u8 n; union n ; }",
	    "f:1:26: expected '{', not ';'\n"
	    "struct s { u8 n; union n ; }\n"
	    "                         ^\n" },
	{ "struct s { u8 n; union n { } }",
	    "f:1:28: a union without cases\n"
	    "struct s { u8 n; union n { } }\n"
	    "                           ^\n" },
	{ "struct s { u8 n; union n { u8 a; } }",
	    "f:1:28: expected a number, not 'u8'\n"
	    "struct s { u8 n; union n { u8 a; } }\n"
	    "                           ^\n" },
	{ "struct s { u8 n; union n { 1 u8 a; } }",
	    "f:1:30: expected ':', not 'u8'\n"
	    "struct s { u8 n; union n { 1 u8 a; } }\n"
	    "                             ^\n" },
	{ "struct s { u8 n; union n { 1: u8 a; 1: u8 b; } }",
	    "f:1:37: a second case of that number\n"
	    "struct s { u8 n; union n { 1: u8 a; 1: u8 b; } }\n"
	    "                                    ^\n" },
	{ "struct s { u8 n; union n { 1: u8 n; } }",
	    "f:1:34: a second member called 'n'\n"
	    "struct s { u8 n; union n { 1: u8 n; } }\n"
	    "                                 ^\n" },
	{ "struct s { u8 n; union n { 1: u8 a; } u8 a; }",
	    "f:1:42: a second member called 'a'\n"
	    "struct s { u8 n; union n { 1: u8 a; } u8 a; }\n"
	    "                                         ^\n" },
	{ "struct s { u8 n; union n { 1: u8* a; } }",
	    "f:1:33: only the last member of a struct goes on to the "
	    "end: no option, and no case\n"
	    "struct s { u8 n; union n { 1: u8* a; } }\n"
	    "                                ^\n" },
	{ "struct s { u8 n; union n { 1: optional u8 a; } }",
	    "f:1:31: 'optional' is no type\n"
	    "struct s { u8 n; union n { 1: optional u8 a; } }\n"
	    "                              ^\n" },
	{ "struct s { u8 n; union n { -9223372036854775809: ; } }",
	    "f:1:28: a number of more than 64 bits\n"
	    "struct s { u8 n; union n { -9223372036854775809: ; } }\n"
	    "                           ^\n" },
	{ "struct s { since 3 u8 x; }",
	    "f:1:12: 'since' needs an integer called 'version' before "
	    "it\n"
	    "struct s { since 3 u8 x; }\n"
	    "           ^\n" },
	{ "struct s { text version; since 3 u8 x; }",
	    "f:1:26: 'since' needs an integer called 'version' before "
	    "it\n"
	    "struct s { text version; since 3 u8 x; }\n"
	    "                         ^\n" },
	{ "struct s { u8 version; since u8 x; }",
	    "f:1:30: expected a number, not 'u8'\n"
	    "struct s { u8 version; since u8 x; }\n"
	    "                             ^\n" },
	{ "struct s { u8 version; since -1 u8 x; }",
	    "f:1:30: expected a number from 0 on, not '-1'\n"
	    "struct s { u8 version; since -1 u8 x; }\n"
	    "                             ^\n" },
	{ "struct s { text(nul) x; }",
	    "f:1:16: only ansi, utf8, utf16 and utf32 can go without a "
	    "length\n"
	    "struct s { text(nul) x; }\n"
	    "               ^\n" },
	{ "struct s { unicode(4) x; }",
	    "f:1:19: only ansi, utf8, utf16 and utf32 can go without a "
	    "length\n"
	    "struct s { unicode(4) x; }\n"
	    "                  ^\n" },
	{ "struct s { u8(4) x; }",
	    "f:1:14: expected a name, not '('\n"
	    "struct s { u8(4) x; }\n"
	    "             ^\n" },
	{ "struct s { ansi() x; }",
	    "f:1:17: expected a number, 'nul' or 'lf', not ')'\n"
	    "struct s { ansi() x; }\n"
	    "                ^\n" },
	{ "struct s { ansi(cr) x; }",
	    "f:1:17: expected a number, 'nul' or 'lf', not 'cr'\n"
	    "struct s { ansi(cr) x; }\n"
	    "                ^\n" },
	{ "struct s { ansi(0) x; }",
	    "f:1:17: a field has 1 to 16777216 units\n"
	    "struct s { ansi(0) x; }\n"
	    "                ^\n" },
	{ "struct s { ansi(16777217) x; }",
	    "f:1:17: a field has 1 to 16777216 units\n"
	    "struct s { ansi(16777217) x; }\n"
	    "                ^\n" },
	{ "struct s { ansi(4 pad) x; }",
	    "f:1:22: expected a number, not ')'\n"
	    "struct s { ansi(4 pad) x; }\n"
	    "                     ^\n" },
	{ "struct s { ansi(4 pad 128) x; }",
	    "f:1:23: a pad is 0 to 127\n"
	    "struct s { ansi(4 pad 128) x; }\n"
	    "                      ^\n" },
	{ "struct s { ansi(4 x; }",
	    "f:1:19: expected ')', not 'x'\n"
	    "struct s { ansi(4 x; }\n"
	    "                  ^\n" },
	{ "struct s { version; }",
	    "f:1:19: expected a number, not ';'\n"
	    "struct s { version; }\n"
	    "                  ^\n" },
	{ "struct s { version 0; }",
	    "f:1:20: a version is a number from 1 to 65535\n"
	    "struct s { version 0; }\n"
	    "                   ^\n" },
	{ "struct s { version 65536; }",
	    "f:1:20: a version is a number from 1 to 65535\n"
	    "struct s { version 65536; }\n"
	    "                   ^\n" },
	{ "struct s { version -1; }",
	    "f:1:20: expected a number from 0 on, not '-1'\n"
	    "struct s { version -1; }\n"
	    "                   ^\n" },
	{ "struct s { version 1 }",
	    "f:1:22: expected ';', not '}'\n"
	    "struct s { version 1 }\n"
	    "                     ^\n" },
	{ "struct s { u16 version; version 1; }",
	    "f:1:25: a second member called 'version'\n"
	    "struct s { u16 version; version 1; }\n"
	    "                        ^\n" },
	{ "struct s { optional version 1; }",
	    "f:1:21: 'version' is no type\n"
	    "struct s { optional version 1; }\n"
	    "                    ^\n" },
	{ "struct s { message u8 x; }",
	    "f:1:20: expected 'struct', not 'u8'\n"
	    "struct s { message u8 x; }\n"
	    "                   ^\n" },
	{ "struct s { message secret u8 x; }",
	    "f:1:20: expected 'struct', not 'secret'\n"
	    "struct s { message secret u8 x; }\n"
	    "                   ^\n" },
	{ "struct s { secret union n { 1: u8 a; } }",
	    "f:1:19: 'union' is no type\n"
	    "struct s { secret union n { 1: u8 a; } }\n"
	    "                  ^\n" },
	{ "struct s { extends u8 x; }",
	    "f:1:20: expected ';', not 'u8'\n"
	    "struct s { extends u8 x; }\n"
	    "                   ^\n" },
	{ "struct s { u8 x; extends; }",
	    "f:1:18: the last struct is the whole stream, and no "
	    "message\n"
	    "struct s { u8 x; extends; }\n"
	    "                 ^\n" },
	{ "struct s { extends; }\nstruct t { struct s y; }",
	    "f:2:19: struct 's' extends: it has to be a message\n"
	    "struct t { struct s y; }\n"
	    "                  ^\n" },
	{ "struct s { u8* x; extends; }",
	    "f:1:19: nothing can follow 'x', which goes on to the end\n"
	    "struct s { u8* x; extends; }\n"
	    "                  ^\n" },
	{ "class 3 { }",
	    "f:1:7: expected the name of a class, not '3'\n"
	    "class 3 { }\n"
	    "      ^\n" },
	{ "class C { }",
	    "f:1:12: expected a struct, not the end\n"
	    "class C { }\n"
	    "           ^\n" },
	{ "class C { } class C { }",
	    "f:1:19: a second class called 'C'\n"
	    "class C { } class C { }\n"
	    "                  ^\n" },
	{ "class CObject { }",
	    "f:1:7: CObject is any class, and has no members\n"
	    "class CObject { }\n"
	    "      ^\n" },
	{ "class C : B { }",
	    "f:1:11: no class 'B' is defined before this one\n"
	    "class C : B { }\n"
	    "          ^\n" },
	{ "class C : C { }",
	    "f:1:11: no class 'C' is defined before this one\n"
	    "class C : C { }\n"
	    "          ^\n" },
	{ "class C : { }",
	    "f:1:11: expected the name of a class, not '{'\n"
	    "class C : { }\n"
	    "          ^\n" },
	{ "struct B { } class C : B { }",
	    "f:1:24: 'B' is a struct\n"
	    "struct B { } class C : B { }\n"
	    "                       ^\n" },
	{ "class C schema { }",
	    "f:1:16: expected a number, not '{'\n"
	    "class C schema { }\n"
	    "               ^\n" },
	{ "class C schema 65535 { }",
	    "f:1:16: a schema is a number from 0 to 65534\n"
	    "class C schema 65535 { }\n"
	    "               ^\n" },
	{ "class C versionable schema 1 { }",
	    "f:1:21: expected '{', not 'schema'\n"
	    "class C versionable schema 1 { }\n"
	    "                    ^\n" },
	{ "class C { base; }",
	    "f:1:11: 'base' needs a class that has one: class CThis : "
	    "CThat\n"
	    "class C { base; }\n"
	    "          ^\n" },
	{ "class B { } class C : B { base u8 x; }",
	    "f:1:32: expected ';', not 'u8'\n"
	    "class B { } class C : B { base u8 x; }\n"
	    "                               ^\n" },
	{ "class B { u8 x; } class C : B { u8 x; }",
	    "f:1:36: a second member called 'x'\n"
	    "class B { u8 x; } class C : B { u8 x; }\n"
	    "                                   ^\n" },
	{ "class C { schema B; }",
	    "f:1:18: no class 'B' is defined before this one\n"
	    "class C { schema B; }\n"
	    "                 ^\n" },
	{ "struct s { base; }",
	    "f:1:12: 'base' is no type\n"
	    "struct s { base; }\n"
	    "           ^\n" },
	{ "class C { extends; }",
	    "f:1:11: 'extends' is no type\n"
	    "class C { extends; }\n"
	    "          ^\n" },
	{ "class C { u8* x; }",
	    "f:1:13: a struct may go on to the end, but no class\n"
	    "class C { u8* x; }\n"
	    "            ^\n" },
	{ "class C { object D x; } struct s { }",
	    "f:1:18: no class 'D' is in this shape\n"
	    "class C { object D x; } struct s { }\n"
	    "                 ^\n" },
	{ "class C { object s x; } struct s { }",
	    "f:1:18: 's' is a struct\n"
	    "class C { object s x; } struct s { }\n"
	    "                 ^\n" },
	{ "struct s { object 1 x; }",
	    "f:1:19: expected the name of a class, not '1'\n"
	    "struct s { object 1 x; }\n"
	    "                  ^\n" },
	{ "class C { } struct s { C x; }",
	    "f:1:24: 'C' is no type; 'class C' is\n"
	    "class C { } struct s { C x; }\n"
	    "                       ^\n" },
	{ "class C { } struct s { struct C x; }",
	    "f:1:31: 'C' is a class\n"
	    "class C { } struct s { struct C x; }\n"
	    "                              ^\n" },
	{ "struct a { } struct s { class a x; }",
	    "f:1:31: 'a' is a struct\n"
	    "struct a { } struct s { class a x; }\n"
	    "                              ^\n" },
	{ "class C { class C x; }",
	    "f:1:17: no class 'C' is defined before this one\n"
	    "class C { class C x; }\n"
	    "                ^\n" },
	{ "class C { } struct s { map C x[2]; }",
	    "f:1:31: expected ';', not '['\n"
	    "class C { } struct s { map C x[2]; }\n"
	    "                              ^\n" },
	{ "struct s { map C x; }",
	    "f:1:16: no class 'C' is in this shape\n"
	    "struct s { map C x; }\n"
	    "               ^\n" },
	{ "struct s { u8 x; } /* no end",
	    "f:1:20: a comment without its end\n"
	    "struct s { u8 x; } /* no end\n"
	    "                   ^\n" },
	{ "struct s { u8 x; } @",
	    "f:1:20: a character that has no place here\n"
	    "struct s { u8 x; } @\n"
	    "                   ^\n" },
	{ "struct s {\r\n\tu8 \x1b"
	  "[2J;\r\n}",
	    "f:2:5: a character that has no place here\n"
	    " u8 ?[2J;\n"
	    "    ^\n" },
	{ "struct s { // ціна 東京\n/* 東京 */ u9 x; }",
	    "f:2:10: 'u9' is no type\n"
	    "/* 東京 */ u9 x; }\n"
	    "           ^\n" },
};

static void
wrong_words_are_pointed_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong_words); i++) {
		if (parse(wrong_words[i].text))
			fail_msg("no complaint about %s", wrong_words[i].text);
		assert_string_equal(why, wrong_words[i].why);
	}
}

static void
wrong_lists_of_types_are_pointed_at(void **state)
{
	static const struct complaint wrong[] = {
		{ "", "--type:1:1: expected a type, not the end\n\n^\n" },
		{ "u32 foo", "--type:1:5: 'foo' is no type\nu32 foo\n    ^\n" },
		{ "f64* u8",
		    "--type:1:6: nothing can follow a '*'\nf64* u8\n     ^\n" },
		{ "f64*[2]",
		    "--type:1:5: '*' and '[': one or the other\nf64*[2]\n"
		    "    ^\n" },
		{ "bytes",
		    "--type:1:1: how many bytes? bytes data[16], say\nbytes\n"
		    "^\n" },
		{ "text u8[v1]",
		    "--type:1:9: 'v1' is not one integer\ntext u8[v1]\n"
		    "        ^\n" },
		{ "u8[v1]",
		    "--type:1:4: no member 'v1' comes before this one\n"
		    "u8[v1]\n   ^\n" },
		{ "u8 ;",
		    "--type:1:4: expected a type, not ';'\nu8 ;\n   ^\n" },
		{ "u8 version",
		    "--type:1:4: 'version' is no type\nu8 version\n   ^\n" },
		{ "secret", "--type:1:1: 'secret' is no type\nsecret\n^\n" },
		{ "struct x",
		    "--type:1:8: no struct 'x' is defined before this one\n"
		    "struct x\n       ^\n" },
		{ "object CX",
		    "--type:1:8: no class 'CX' is in this shape\n"
		    "object CX\n       ^\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_false(shape_parse_types(&shape, "--type", wrong[i].text,
		    strlen(wrong[i].text), why));
		assert_string_equal(why, wrong[i].why);
	}
}

/* Limits */

static char big[SHAPE_FILE];

/* Structs s0, s1, … each with one of those before it. */
static void
nest(unsigned depth)
{
	size_t n = (size_t)snprintf(big, sizeof big, "struct s0 { u8 x; }\n");

	for (unsigned i = 1; i < depth; i++)
		n += (size_t)snprintf(big + n, sizeof big - n,
		    "struct s%u { struct s%u x; }\n", i, i - 1);
}

static void
structs_nest_32_deep(void **state)
{
	(void)state;
	nest(32);
	assert_true(parse(big));
	assert_int_equal(shape.structs[31].depth, 32);
	nest(33);
	assert_false(parse(big));
	assert_string_equal(why,
	    "f:33:21: structs nested more than 32 deep\n"
	    "struct s32 { struct s31 x; }\n"
	    "                    ^\n");
}

static void
there_are_1000_members_and_1000_structs(void **state)
{
	size_t n = (size_t)snprintf(big, sizeof big, "struct s {\n");

	(void)state;
	for (unsigned i = 0; i <= 1000; i++)
		n += (size_t)snprintf(big + n, sizeof big - n, "u8 x%u;\n", i);
	snprintf(big + n, sizeof big - n, "}");
	assert_false(parse(big));
	assert_string_equal(
	    why, "f:1002:1: more than 1000 members\nu8 x1000;\n^\n");
	*strstr(big, "u8 x1000") = '}';
	*strstr(big, "8 x1000;") = '\0';
	assert_true(parse(big));
	n = 0;
	for (unsigned i = 0; i <= 1000; i++)
		n += (size_t)snprintf(
		    big + n, sizeof big - n, "struct x%u {}\n", i);
	assert_false(parse(big));
	assert_string_equal(why,
	    "f:1001:8: more than 1000 structs\nstruct x1000 {}\n"
	    "       ^\n");
}

static void
a_class_has_a_name_of_63_characters(void **state)
{
	char text[128], name[65];

	(void)state;
	memset(name, 'n', 64);
	name[64] = '\0';
	snprintf(text, sizeof text, "class %s { } struct s { }", name + 1);
	assert_true(parse(text));
	snprintf(text, sizeof text, "class %s { } struct s { }", name);
	assert_false(parse(text));
	assert_non_null(strstr(
	    why, "f:1:7: a class has a name of at most 63 characters\n"));
}

static void
a_name_has_64_characters(void **state)
{
	char text[128] = "struct s { u8 ";
	char wanted[256];

	(void)state;
	memset(text + 14, 'x', 64);
	memcpy(text + 78, ";}", 3);
	assert_true(parse(text));
	memcpy(text + 78, "x;}", 4);
	assert_false(parse(text));
	snprintf(wanted, sizeof wanted,
	    "f:1:15: a name of more than 64 characters\n"
	    "struct s { u8 %.40s\n              ^\n",
	    text + 14);
	assert_string_equal(why, wanted);
}

static void
of_a_long_line_the_part_around_is_shown(void **state)
{
	char wanted[256];

	(void)state;
	memset(big, ' ', 4000);
	memcpy(big, "struct s {", 10);
	memcpy(big + 1000, "/*żółć*/ ? and so on for ever, and ever", 43);
	big[4000] = '\0';
	assert_false(parse(big));
	snprintf(wanted, sizeof wanted,
	    "f:1:1010: a character that has no place here\n"
	    "...%47s%s%*s\n%59s^\n",
	    "", "/*żółć*/ ? and so on for ever, and ever", 10, "", "");
	assert_string_equal(why, wanted);
}

/* Hostile input */

/* From memory that ends where the text ends. */
static bool
parse_exactly(const char *text, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, text, n);
	ok = shape_parse(&shape, "f", copy, n, why);
	free(copy);
	return ok;
}

static void
check_complaint(bool ok)
{
	const char *p = why;
	unsigned lines = 0;

	for (; *p != '\0'; p++)
		lines += *p == '\n';
	assert_int_equal(lines, ok ? 0 : 3);
	if (!ok)
		assert_int_equal(strncmp(why, "f:", 2), 0);
}

static void
a_shape_cut_after_any_byte_is_taken_or_complained_about(void **state)
{
	size_t end = (size_t)(strchr(whole, '\n') - whole);

	(void)state;
	for (size_t n = 0; n < sizeof whole - 1; n++) {
		bool ok = parse_exactly(whole, n);

		check_complaint(ok);
		assert_int_equal(
		    ok, n == sizeof whole - 2 || (n >= end && n <= end + 1));
	}
	for (size_t n = 0; n < sizeof classes - 1; n++)
		check_complaint(parse_exactly(classes, n));
}

static void
flip_each_bit(const char *of, size_t n)
{
	static char text[sizeof whole + sizeof classes];
	unsigned taken = 0, refused = 0;

	for (size_t i = 0; i < 8 * n; i++) {
		bool ok;

		memcpy(text, of, n);
		text[i / 8] ^= (char)(1 << i % 8);
		ok = parse_exactly(text, n);
		check_complaint(ok);
		taken += ok;
		refused += !ok;
	}
	assert_true(taken > 0 && refused > taken);
}

static void
a_shape_with_any_bit_flipped_is_taken_or_complained_about(void **state)
{
	(void)state;
	flip_each_bit(whole, sizeof whole - 1);
	flip_each_bit(classes, sizeof classes - 1);
}

static void
a_nul_in_a_shape_is_no_end_of_it(void **state)
{
	static const char text[] = "struct s {}\0struct t {}";

	(void)state;
	assert_false(shape_parse(&shape, "f", text, sizeof text - 1, why));
	assert_string_equal(why,
	    "f:1:12: a character that has no place here\n"
	    "struct s {} struct t {}\n           ^\n");
}

static void
letters_of_other_scripts_may_stand_in_comments_alone(void **state)
{
	(void)state;
	assert_true(parse("struct s { /* ціна */ u8 x; } // 東京"));
	assert_false(parse("struct ціна { u8 x; }"));
	assert_string_equal(why,
	    "f:1:8: a character that has no place here\n"
	    "struct ціна { u8 x; }\n       ^\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_construct_is_parsed),
		cmocka_unit_test(every_member_is_parsed),
		cmocka_unit_test(every_type_has_its_word),
		cmocka_unit_test(classes_are_parsed),
		cmocka_unit_test(an_order_holds_for_the_structs_that_follow),
		cmocka_unit_test(a_list_of_types_names_its_members_itself),
		cmocka_unit_test(a_byte_order_mark_is_passed_over),
		cmocka_unit_test(what_is_not_utf8_is_no_shape),
		cmocka_unit_test(wrong_words_are_pointed_at),
		cmocka_unit_test(wrong_lists_of_types_are_pointed_at),
		cmocka_unit_test(structs_nest_32_deep),
		cmocka_unit_test(there_are_1000_members_and_1000_structs),
		cmocka_unit_test(a_class_has_a_name_of_63_characters),
		cmocka_unit_test(a_name_has_64_characters),
		cmocka_unit_test(of_a_long_line_the_part_around_is_shown),
		cmocka_unit_test(
		    a_shape_cut_after_any_byte_is_taken_or_complained_about),
		cmocka_unit_test(
		    a_shape_with_any_bit_flipped_is_taken_or_complained_about),
		cmocka_unit_test(a_nul_in_a_shape_is_no_end_of_it),
		cmocka_unit_test(
		    letters_of_other_scripts_may_stand_in_comments_alone),
	};

	test_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
