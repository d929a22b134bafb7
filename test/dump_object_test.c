/*
 * cask dump of objects: MFC's examples, and what is wrong, too deep or too
 * many.  What it prints is compared whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dump_kit.h"

#include <sys/resource.h>

#define BYTES(s) (s), sizeof(s) - 1

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

/* MFC's worked examples */

struct example {
	const char *shape;
	const char *bytes;
	size_t n;
	const char *lines; /* after the head */
	const char *json;
	const char *dot; /* between its braces */
};

#define AGE "class CAge { i32 years; }\n"

static const struct example ages = {
	AGE "struct s { object CAge age[4]; }",
	BYTES("\xFF\xFF\0\0\4\0CAge\x15\0\0\0\1\x80\x28\0\0\0\2\0\0\0"),
	"     0  ff ff 00 00 04 00 43 41  object  age[0] = #2 CAge (class #1, "
	"schema 0)\n"
	"     8  67 65\n"
	"    10  15 00 00 00              i32       years = 21\n"
	"    14  01 80                    object  age[1] = #3 CAge\n"
	"    16  28 00 00 00              i32       years = 40\n"
	"    20  02 00                    object  age[2] = #2\n"
	"    22  00 00                    object  age[3] = null\n",
	"{\"age\":[{\"#\":2,\"#class\":\"CAge\",\"#schema\":0,\"years\":21},"
	"{\"#\":3,\"#class\":\"CAge\",\"#schema\":0,\"years\":40},{\"#\":2},"
	"null]}\n",
	"\tstream -> n2 [label=\"age[0]\"];\n"
	"\tn2 [label=\"#2 CAge\\nyears = 21\\l\"];\n"
	"\tstream -> n3 [label=\"age[1]\"];\n"
	"\tn3 [label=\"#3 CAge\\nyears = 40\\l\"];\n"
	"\tstream -> n2 [label=\"age[2]\"];\n"
	"\tstream [label=\"stream\\nage[3] = null\\l\"];\n",
};

#define NODE "class CNode schema 1 { u16 value; object CNode next; }\n"

static const struct example itself = {
	NODE "struct s { object CNode node; }",
	BYTES("\xFF\xFF\1\0\5\0CNode\7\0\2\0"),
	"     0  ff ff 01 00 05 00 43 4e  object  node = #2 CNode (class #1, "
	"schema 1)\n"
	"     8  6f 64 65\n"
	"    11  07 00                    u16       value = 7\n"
	"    13  02 00                    object    next = #2\n",
	"{\"node\":{\"#\":2,\"#class\":\"CNode\",\"#schema\":1,\"value\":7,"
	"\"next\":{\"#\":2}}}\n",
	"\tstream -> n2 [label=\"node\"];\n"
	"\tn2 -> n2 [label=\"next\"];\n"
	"\tn2 [label=\"#2 CNode\\nvalue = 7\\l\"];\n"
	"\tstream [label=\"stream\"];\n",
};

/* Objects at the end of others do not nest. */
static const struct example list = {
	NODE "struct s { object CNode node; u16 after; }",
	BYTES("\xFF\xFF\1\0\5\0CNode\1\0\1\x80\2\0\1\x80\3\0\0\0\x09\0"),
	"     0  ff ff 01 00 05 00 43 4e  object  node = #2 CNode (class #1, "
	"schema 1)\n"
	"     8  6f 64 65\n"
	"    11  01 00                    u16       value = 1\n"
	"    13  01 80                    object    next = #3 CNode\n"
	"    15  02 00                    u16       value = 2\n"
	"    17  01 80                    object    next = #4 CNode\n"
	"    19  03 00                    u16       value = 3\n"
	"    21  00 00                    object    next = null\n"
	"    23  09 00                    u16     after = 9\n",
	"{\"node\":{\"#\":2,\"#class\":\"CNode\",\"#schema\":1,\"value\":1,"
	"\"next\":{\"#\":3},\"#then\":["
	"{\"#\":3,\"#class\":\"CNode\",\"#schema\":1,\"value\":2,"
	"\"next\":{\"#\":4}},"
	"{\"#\":4,\"#class\":\"CNode\",\"#schema\":1,\"value\":3,"
	"\"next\":null}]},\"after\":9}\n",
	"\tstream -> n2 [label=\"node\"];\n"
	"\tn2 -> n3 [label=\"next\"];\n"
	"\tn2 [label=\"#2 CNode\\nvalue = 1\\l\"];\n"
	"\tn3 -> n4 [label=\"next\"];\n"
	"\tn3 [label=\"#3 CNode\\nvalue = 2\\l\"];\n"
	"\tn4 [label=\"#4 CNode\\nvalue = 3\\lnext = null\\l\"];\n"
	"\tstream [label=\"stream\\nafter = 9\\l\"];\n",
};

static const struct example person = {
	"class CPerson schema 1 { text name; u16 age; }\n"
	"struct s { object CPerson p; }",
	BYTES("\xFF\xFF\1\0\7\0CPerson\xFF\xFE\xFF\3A\0n\0n\0\x4E\0"),
	"     0  ff ff 01 00 07 00 43 50  object  p = #2 CPerson (class #1, "
	"schema 1)\n"
	"     8  65 72 73 6f 6e\n"
	"    13  ff fe ff 03 41 00 6e 00  unicode   name = \"Ann\"\n"
	"    21  6e 00\n"
	"    23  4e 00                    u16       age = 78\n",
	"{\"p\":{\"#\":2,\"#class\":\"CPerson\",\"#schema\":1,"
	"\"name\":\"Ann\",\"age\":78}}\n",
	"\tstream -> n2 [label=\"p\"];\n"
	"\tn2 [label=\"#2 CPerson\\nname = \\\"Ann\\\"\\lage = 78\\l\"];\n"
	"\tstream [label=\"stream\"];\n",
};

/* SerializeClass */
static const struct example derived = {
	"class CBase schema 3 { }\n"
	"class CDerived : CBase schema 2 { u16 a; schema CBase; base; u16 b; "
	"}\n"
	"struct s { object CBase d[2]; }",
	BYTES("\xFF\xFF\2\0\x08\0CDerived\xAA\0\xFF\xFF\3\0\5\0CBase\xBB\0"
	      "\1\x80\xAA\0\3\x80\xBB\0"),
	"     0  ff ff 02 00 08 00 43 44  object  d[0] = #2 CDerived (class "
	"#1, schema 2)\n"
	"     8  65 72 69 76 65 64\n"
	"    14  aa 00                    u16       a = 170\n"
	"    16  ff ff 03 00 05 00 43 42  class     CBase = #3 schema 3\n"
	"    24  61 73 65\n"
	"    27  bb 00                    u16       b = 187\n"
	"    29  01 80                    object  d[1] = #4 CDerived\n"
	"    31  aa 00                    u16       a = 170\n"
	"    33  03 80                    class     CBase = schema 3\n"
	"    35  bb 00                    u16       b = 187\n",
	"{\"d\":[{\"#\":2,\"#class\":\"CDerived\",\"#schema\":2,\"a\":170,"
	"\"CBase\":{\"#\":3,\"#schema\":3},\"b\":187},"
	"{\"#\":4,\"#class\":\"CDerived\",\"#schema\":2,\"a\":170,"
	"\"CBase\":{\"#schema\":3},\"b\":187}]}\n",
	"\tstream -> n2 [label=\"d[0]\"];\n"
	"\tn2 [label=\"#2 CDerived\\na = 170\\lCBase = schema 3\\l"
	"b = 187\\l\"];\n"
	"\tstream -> n4 [label=\"d[1]\"];\n"
	"\tn4 [label=\"#4 CDerived\\na = 170\\lCBase = schema 3\\l"
	"b = 187\\l\"];\n"
	"\tstream [label=\"stream\"];\n",
};

/* MapObject */
static const struct example mapped = {
	"class CSubItem schema 1 { object CMyDocument doc; u16 value; }\n"
	"class CMyDocument { }\n"
	"struct s { map CMyDocument document; class CObList items; }",
	BYTES("\2\0\xFF\xFF\1\0\x08\0CSubItem\1\0\5\0\2\x80\1\0\6\0"),
	"     0                           object  document = #1 CMyDocument "
	"(mapped)\n"
	"     0  02 00                    count   items.count = 2\n"
	"     2  ff ff 01 00 08 00 43 53  object  items.item[0] = #3 CSubItem "
	"(class #2, schema 1)\n"
	"    10  75 62 49 74 65 6d\n"
	"    16  01 00                    object    doc = #1\n"
	"    18  05 00                    u16       value = 5\n"
	"    20  02 80                    object  items.item[1] = #4 CSubItem\n"
	"    22  01 00                    object    doc = #1\n"
	"    24  06 00                    u16       value = 6\n",
	"{\"document\":{\"#\":1},\"items\":{\"count\":2,\"item\":["
	"{\"#\":3,\"#class\":\"CSubItem\",\"#schema\":1,\"doc\":{\"#\":1},"
	"\"value\":5},{\"#\":4,\"#class\":\"CSubItem\",\"#schema\":1,"
	"\"doc\":{\"#\":1},\"value\":6}]}}\n",
	"\tn1 [label=\"#1 CMyDocument (mapped)\"];\n"
	"\tstream -> n3 [label=\"items.item[0]\"];\n"
	"\tn3 -> n1 [label=\"doc\"];\n"
	"\tn3 [label=\"#3 CSubItem\\nvalue = 5\\l\"];\n"
	"\tstream -> n4 [label=\"items.item[1]\"];\n"
	"\tn4 -> n1 [label=\"doc\"];\n"
	"\tn4 [label=\"#4 CSubItem\\nvalue = 6\\l\"];\n"
	"\tstream [label=\"stream\\nitems.count = 2\\l\"];\n",
};

/* A list of MFC's by pointer: {a, a, NULL, b} */
static const struct example by_pointer = {
	AGE "struct s { object CObList all; }",
	BYTES("\xFF\xFF\0\0\7\0CObList\4\0\xFF\xFF\0\0\4\0CAge\x15\0\0\0"
	      "\4\0\0\0\3\x80\x28\0\0\0"),
	"     0  ff ff 00 00 07 00 43 4f  object  all = #2 CObList (class #1, "
	"schema 0)\n"
	"     8  62 4c 69 73 74\n"
	"    13  04 00                    count     count = 4\n"
	"    15  ff ff 00 00 04 00 43 41  object    item[0] = #4 CAge (class "
	"#3, schema 0)\n"
	"    23  67 65\n"
	"    25  15 00 00 00              i32         years = 21\n"
	"    29  04 00                    object    item[1] = #4\n"
	"    31  00 00                    object    item[2] = null\n"
	"    33  03 80                    object    item[3] = #5 CAge\n"
	"    35  28 00 00 00              i32         years = 40\n",
	"{\"all\":{\"#\":2,\"#class\":\"CObList\",\"#schema\":0,\"count\":4,"
	"\"item\":[{\"#\":4,\"#class\":\"CAge\",\"#schema\":0,\"years\":21},"
	"{\"#\":4},null,{\"#\":5,\"#class\":\"CAge\",\"#schema\":0,"
	"\"years\":40}]}}\n",
	"\tstream -> n2 [label=\"all\"];\n"
	"\tn2 -> n4 [label=\"item[0]\"];\n"
	"\tn4 [label=\"#4 CAge\\nyears = 21\\l\"];\n"
	"\tn2 -> n4 [label=\"item[1]\"];\n"
	"\tn2 -> n5 [label=\"item[3]\"];\n"
	"\tn5 [label=\"#5 CAge\\nyears = 40\\l\"];\n"
	"\tn2 [label=\"#2 CObList\\ncount = 4\\litem[2] = null\\l\"];\n"
	"\tstream [label=\"stream\"];\n",
};

static const struct example *const examples[] = { &ages, &itself, &list,
	&person, &derived, &mapped, &by_pointer };

#define DOT_HEAD "digraph cask {\n\tnode [shape=box];\n"

static void
every_example_is_shown_in_lines_as_json_and_for_graphviz(void **state)
{
	static char wanted[4096];

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		const struct example *e = examples[i];
		const char *path = shaped(e->shape);

		assert_int_equal(
		    dump_pipe(ARGS("--shape", path), e->bytes, e->n), 0);
		assert_string_equal(err, "");
		snprintf(wanted, sizeof wanted, HEAD "%s", e->lines);
		assert_string_equal(out, wanted);
		assert_int_equal(
		    dump_pipe(ARGS("--shape", path, "--json"), e->bytes, e->n),
		    0);
		assert_string_equal(out, e->json);
		assert_int_equal(
		    dump_pipe(ARGS("--shape", path, "--dot"), e->bytes, e->n),
		    0);
		snprintf(wanted, sizeof wanted, DOT_HEAD "%s}\n", e->dot);
		assert_string_equal(out, wanted);
	}
}

static void
the_last_of_an_object_is_named_where_it_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(
	    dump_pipe(
		ARGS("--shape", shaped(NODE "struct s { object CNode node; }")),
		BYTES("\xFF\xFF\1\0\5\0CNode\1\0\1\x80\2\0\7\0")),
	    1);
	assert_string_equal(strstr(out, "    17"),
	    "    17  07 00                    object    next <- stopped "
	    "here\n");
	assert_string_equal(err,
	    "cask dump: standard input: object node.next at byte 17: object "
	    "number 7, the highest so far is 3\n");
}

/* The braces and brackets outside of texts: all closed, none twice. */
static bool
is_balanced(const char *s)
{
	char open[256];
	size_t n = 0;
	bool text = false;

	for (; *s != '\0'; s++) {
		if (text && *s == '\\')
			s++;
		else if (*s == '"')
			text = !text;
		else if (!text && (*s == '{' || *s == '['))
			open[n++] = *s == '{' ? '}' : ']';
		else if (!text && (*s == '}' || *s == ']'))
			if (n == 0 || open[--n] != *s)
				return false;
		if (n == sizeof open)
			return false;
	}
	return n == 0 && !text;
}

static void
every_example_cut_after_any_byte_stops_there_in_each_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		const struct example *e = examples[i];
		const char *path = shaped(e->shape);

		for (size_t n = 0; n < e->n; n++) {
			assert_int_equal(
			    dump_pipe(ARGS("--shape", path), e->bytes, n), 1);
			ASSERT_HAS(out, " <- stopped here\n");
			ASSERT_HAS(err, ": stream ended ");
			assert_int_equal(
			    dump_pipe(
				ARGS("--json", "--shape", path), e->bytes, n),
			    1);
			assert_true(is_balanced(out));
			assert_int_equal(
			    dump_pipe(
				ARGS("--dot", "--shape", path), e->bytes, n),
			    1);
			assert_true(is_balanced(out));
			ASSERT_HAS(out, "\tstream [label=\"stream");
		}
	}
}

static void
every_example_with_any_bit_flipped_ends_in_words_or_well(void **state)
{
	char bytes[64];

	(void)state;
	for (size_t i = 0; i < COUNT(examples); i++) {
		const struct example *e = examples[i];
		const char *path = shaped(e->shape);

		assert_true(e->n <= sizeof bytes);
		for (size_t bit = 0; bit < 8 * e->n; bit++) {
			int code;

			memcpy(bytes, e->bytes, e->n);
			bytes[bit / 8] ^= (char)(1u << bit % 8);
			code = dump_pipe(
			    ARGS(bit % 2 ? "--json" : "--dot", "--shape", path),
			    bytes, e->n);
			assert_true(code == 0 || code == 1);
			assert_int_equal(occurrences(err, "\n"), code);
			assert_true(is_balanced(out));
		}
	}
}

/* The language */

static const char firm_shape[] =
    "class CPerson schema 3 versionable {\n"
    "	text name;\n"
    "	since 2 object CFirm firm;\n"
    "	since 3 date born;\n"
    "}\n"
    "class CBoss : CPerson schema 1 {\n"
    "	schema CPerson; base;\n"
    "	count n; object CPerson under[n];\n"
    "	count m; u8 after[m];\n"
    "}\n"
    "class CFirm { u8 version; since 2 u8 rank; object CObject any; }\n"
    "struct s { object CPerson p; optional object CPerson q; }\n";

/* A version of a member's goes before the schema; integers of an object are
 * still there when others were in it. */
static void
members_are_there_since_a_schema(void **state)
{
	static const char bytes[] =
	    "\xFF\xFF\1\0\5\0CBoss"                            /* 1, 2 */
	    "\xFF\xFF\2\0\7\0CPerson"                          /* 3, schema 2 */
	    "\1a\xFF\xFF\0\0\5\0CFirm\1\2\0"                   /* 4, 5 */
	    "\2\0\3\x80\1b\5\0\1\x80\3\x80\1c\0\0\0\0\1\0\x09" /* 6, 7 */
	    "\1\0\xEE\0";

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--shape", shaped(firm_shape)), BYTES(bytes)), 0);
	assert_string_equal(err, "");
	assert_string_equal(strstr(out, "    11"),
	    "    11  ff ff 02 00 07 00 43 50  class     CPerson = #3 schema 2\n"
	    "    19  65 72 73 6f 6e\n"
	    "    24  01 61                    ansi      name = \"a\"\n"
	    "    26  ff ff 00 00 05 00 43 46  object    firm = #5 CFirm (class "
	    "#4, schema 0)\n"
	    "    34  69 72 6d\n"
	    "    37  01                       u8          version = 1\n"
	    "    38  02 00                    object      any = #2\n"
	    "    40  02 00                    count     n = 2\n"
	    "    42  03 80                    object    under[0] = #6 CPerson\n"
	    "    44  01 62                    ansi        name = \"b\"\n"
	    "    46  05 00                    object      firm = #5\n"
	    "    48  01 80                    object    under[1] = #7 CBoss\n"
	    "    50  03 80                    class       CPerson = schema 2\n"
	    "    52  01 63                    ansi        name = \"c\"\n"
	    "    54  00 00                    object      firm = null\n"
	    "    56  00 00                    count       n = 0\n"
	    "    58  01 00                    count       m = 1\n"
	    "    60  09                       u8          after[0] = 9\n"
	    "    61  01 00                    count     m = 1\n"
	    "    63  ee                       u8        after[0] = 238\n"
	    "    64  00                       bool    q? = false\n");
}

static void
mfcs_collections_need_no_definition(void **state)
{
	static const char shape[] =
	    AGE "struct s { class CByteArray a; class CWordArray b;\n"
		"class CDWordArray c; class CStringArray d;\n"
		"class CStringList e; class CObArray f;\n"
		"class CMapStringToString g; class CMapStringToOb h;\n"
		"object CMapWordToOb i; }";
	static const char bytes[] =
	    "\2\0\1\xFF\1\0\x34\x12\1\0\xEF\xBE\xAD\xDE\1\0\1a\1\0\2bc"
	    "\1\0\0\0\1\0\1k\1v\1\0\1k\0\0\xFF\xFF\0\0\x0C\0CMapWordToOb"
	    "\1\0\7\0\xFF\xFF\0\0\4\0CAge\x15\0\0\0";

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--json", "--shape", shaped(shape)), BYTES(bytes)),
	    0);
	assert_string_equal(out,
	    "{\"a\":{\"count\":2,\"item\":\"01ff\"},"
	    "\"b\":{\"count\":1,\"item\":[4660]},"
	    "\"c\":{\"count\":1,\"item\":[3735928559]},"
	    "\"d\":{\"count\":1,\"item\":[\"a\"]},"
	    "\"e\":{\"count\":1,\"item\":[\"bc\"]},"
	    "\"f\":{\"count\":1,\"item\":[null]},"
	    "\"g\":{\"count\":1,\"item\":[{\"key\":\"k\",\"value\":\"v\"}]},"
	    "\"h\":{\"count\":1,\"item\":[{\"key\":\"k\",\"value\":null}]},"
	    "\"i\":{\"#\":2,\"#class\":\"CMapWordToOb\",\"#schema\":0,"
	    "\"count\":1,\"item\":[{\"key\":7,\"value\":{\"#\":4,"
	    "\"#class\":\"CAge\",\"#schema\":0,\"years\":21}}]}}\n");
}

/* One's own of MFC's name knows what it holds. */
static void
a_collection_may_be_defined_anew(void **state)
{
	const char *path =
	    shaped(AGE "class CObList { count n; object CAge age[n]; }\n"
		       "struct s { object CObList l; }");

	(void)state;
	assert_int_equal(dump_pipe(ARGS("--shape", path),
			     BYTES("\xFF\xFF\0\0\7\0CObList\1\0\2\0")),
	    1);
	ASSERT_HAS(err,
	    "object l.age[0] at byte 15: class CObList where CAge is "
	    "wanted\n");
}

static void
an_order_of_a_class_holds_for_its_members_and_pointers(void **state)
{
	const char *path = shaped("big class CN { u16 v; object CN next; }\n"
				  "struct s { object CN n; }");

	(void)state;
	assert_int_equal(dump_pipe(ARGS("--json", "--shape", path),
			     BYTES("\xFF\xFF\0\0\2\0CN\0\1\x80\1\0\2\0\0")),
	    0);
	assert_string_equal(out,
	    "{\"n\":{\"#\":2,\"#class\":\"CN\",\"#schema\":0,\"v\":1,"
	    "\"next\":{\"#\":3,\"#class\":\"CN\",\"#schema\":0,\"v\":2,"
	    "\"next\":null}}}\n");
}

/* What a secret pointer leads to is secret, at the end of a list as well. */
static void
secret_objects_are_not_shown(void **state)
{
	static const char bytes[] = "\xFF\xFF\0\0\2\0CN\7\1\x80\x08\2\0\2\0\5";
	const char *path =
	    shaped("class CN { u8 v; secret object CN next; }\n"
		   "struct s { object CN n; secret object CN m; u8 x; }");

	(void)state;
	assert_int_equal(dump_pipe(ARGS("--shape", path), BYTES(bytes)), 0);
	assert_string_equal(out,
	    HEAD "     0  ff ff 00 00 02 00 43 4e  object  n = #2 CN (class "
		 "#1, schema 0)\n"
		 "     8  07                       u8        v = 7\n"
		 "     9                           object    next = ***\n"
		 "    11                           u8        v = ***\n"
		 "    12                           object    next = ***\n"
		 "    14                           object  m = ***\n"
		 "    16  05                       u8      x = 5\n");
	assert_int_equal(
	    dump_pipe(ARGS("--json", "--shape", path), BYTES(bytes)), 0);
	assert_string_equal(out,
	    "{\"n\":{\"#\":2,\"#class\":\"CN\",\"#schema\":0,\"v\":7,"
	    "\"next\":\"***\",\"#then\":[{\"#\":\"***\",\"v\":\"***\","
	    "\"next\":\"***\"}]},\"m\":\"***\",\"x\":5}\n");
	assert_int_equal(
	    dump_pipe(ARGS("--dot", "--shape", path), BYTES(bytes)), 0);
	assert_string_equal(out,
	    DOT_HEAD "\tstream -> n2 [label=\"n\"];\n"
		     "\tn2 [label=\"#2 CN\\nv = 7\\lnext = ***\\l\"];\n"
		     "\tstream [label=\"stream\\nm = ***\\lx = 5\\l\"];\n}\n");
}

/* Graphviz */

static void
what_means_something_to_graphviz_is_escaped(void **state)
{
	static const char bytes[] = "\xFF\xFF\0\0\2\0CN\x0B"
				    "a\"b\\N&lt;\n{";
	const char *path =
	    shaped("class CN { text t; } struct s { object CN n; }");

	(void)state;
	assert_int_equal(
	    dump_pipe(ARGS("--dot", "--shape", path), BYTES(bytes)), 0);
	assert_string_equal(out,
	    DOT_HEAD "\tstream -> n2 [label=\"n\"];\n"
		     "\tn2 [label=\"#2 CN\\nt = \\\"a\\\\\\\"b\\\\\\\\N&amp;lt;"
		     "\\\\u000a{\\\"\\l\"];\n"
		     "\tstream [label=\"stream\"];\n}\n");
}

static void
a_node_has_no_more_than_can_be_looked_at(void **state)
{
	char bytes[100];

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	bytes[0] = 99;
	assert_int_equal(
	    dump_pipe(ARGS("--dot", "--type", "text"), bytes, 100), 0);
	assert_string_equal(out,
	    DOT_HEAD "\tstream [label=\"stream\\nv1 = \\\"xxxxxxxxxxxxxxxxxxxx"
		     "xxxxxxxxxxxxxxxxxxx...\\l\"];\n}\n");
	assert_int_equal(
	    dump_pipe(ARGS("--dot", "--type", "u8*"), bytes, 100), 0);
	ASSERT_HAS(out, "\\lv1[23] = 120\\land 76 more\\l\"];\n");
	ASSERT_LACKS(out, "v1[24]");
}

static void
graphviz_takes_it_where_it_is_installed(void **state)
{
	char command[256];
	FILE *f;

	(void)state;
	if (system("command -v dot >/dev/null 2>&1") != 0) {
		print_message("skipped: no dot here\n");
		return;
	}
	for (size_t i = 0; i < COUNT(examples); i++) {
		const struct example *e = examples[i];

		assert_int_equal(
		    dump_pipe(ARGS("--dot", "--shape", shaped(e->shape)),
			e->bytes, e->n),
		    0);
		snprintf(command, sizeof command, "dot -Tsvg -o /dev/null");
		f = popen(command, "w");
		assert_non_null(f);
		assert_true(fputs(out, f) >= 0);
		assert_int_equal(pclose(f), 0);
	}
}

/* What is wrong */

struct wrong {
	const char *bytes;
	size_t n;
	const char *err;
};

#define KNOWN "\xFF\xFF\0\0\4\0CAge\x15\0\0\0"

static void
each_wrong_tag_is_its_own_error(void **state)
{
	static const struct wrong wrong[] = {
		{ BYTES("\xFF\xFF\0\0\4\0CBad"),
		    "object x[0] at byte 0: class CBad is not on the list" },
		{ BYTES("\xFF\xFF\1\0\4\0CAge\0\0\0\0"),
		    "object x[0] at byte 0: class CAge has schema 1, known "
		    "here is 0" },
		{ BYTES("\xFF\xFF\1\0\5\0CNode"),
		    "object x[0] at byte 0: class CNode where CAge is "
		    "wanted" },
		{ BYTES("\xFF\xFF\0\0\x40\0CAge"),
		    "object x[0] at byte 0: a class name of 64 characters, "
		    "limit 63" },
		{ BYTES("\2\0"),
		    "object x[0] at byte 0: object number 2, the highest so "
		    "far is 0" },
		{ BYTES("\1\x80"),
		    "object x[0] at byte 0: class number 1, the highest so "
		    "far is 0" },
		{ BYTES(KNOWN "\1\0"),
		    "object x[1] at byte 14: number 1 is a class, not an "
		    "object" },
		{ BYTES(KNOWN "\2\x80"),
		    "object x[1] at byte 14: number 2 is an object, not a "
		    "class" },
		{ BYTES(KNOWN "\xFF\x7F\xFF\xFF\xFF\x7F"),
		    "object x[1] at byte 14: object number 2147483647, the "
		    "highest so far is 2" },
	};
	const char *path = shaped(AGE NODE "struct s { object CAge* x; }");
	char wanted[256];

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(dump_pipe(ARGS("--shape", path),
				     wrong[i].bytes, wrong[i].n),
		    1);
		snprintf(wanted, sizeof wanted,
		    "cask dump: standard input: %s\n", wrong[i].err);
		assert_string_equal(err, wanted);
		ASSERT_HAS(out, " <- stopped here\n");
	}
}

/* Too deep, too many */

#define MANY 1000000

static char *
repeat(const char *head, size_t h, const char *unit, size_t u, size_t times,
    size_t *n)
{
	char *bytes = malloc(h + u * times);

	assert_non_null(bytes);
	memcpy(bytes, head, h);
	for (size_t i = 0; i < times; i++)
		memcpy(bytes + h + i * u, unit, u);
	*n = h + u * times;
	return bytes;
}

static void
objects_in_objects_end_at_the_limit_to_depth(void **state)
{
	const char *path = shaped("class CDeep { object CDeep in; u8 x; }\n"
				  "struct s { object CDeep d; }");
	size_t n;
	char *bytes =
	    repeat(BYTES("\xFF\xFF\0\0\5\0CDeep"), BYTES("\1\x80"), MANY, &n);

	(void)state;
	assert_int_equal(dump_file(ARGS("--shape", path), bytes, n), 1);
	ASSERT_HAS(err, "more than 100 structs deep (limit.depth)\n");
	assert_int_equal(occurrences(out, " CDeep"), 100);
	assert_int_equal(
	    dump_file(ARGS("--json", "--shape", path), bytes, n), 1);
	assert_true(is_balanced(out));
	memset(bytes + 11 + 2 * 99, 0, 2 + 100); /* the deepest that is legal */
	assert_int_equal(dump_file(ARGS("--json", "--shape", path), bytes,
			     11 + 2 * 100 + 100),
	    0);
	assert_int_equal(occurrences(out, "\"#class\""), 100);
	free(bytes);
}

/* 2^60 paths, and 61 objects. */
static void
a_doubling_graph_is_shown_once(void **state)
{
	const char *path = shaped("class CPair { object CPair a; object CPair "
				  "b; } struct s { object CPair p; }");
	char bytes[512];
	size_t n = 0;

	(void)state;
	memcpy(bytes, "\xFF\xFF\0\0\5\0CPair", 11);
	for (n = 11; n < 11 + 120; n += 2)
		memcpy(bytes + n, "\1\x80", 2);
	memset(bytes + n, 0, 4);
	n += 4;
	for (int i = 0; i < 60; i++, n += 2) {
		bytes[n] = (char)(62 - i);
		bytes[n + 1] = 0;
	}
	assert_int_equal(dump_pipe(ARGS("--shape", path), bytes, n), 0);
	assert_int_equal(occurrences(out, " CPair"), 61);
	assert_int_equal(occurrences(out, "\n"), 1 + 1 + 1 + 122);
}

/* Read to its end: how many bytes of it are c. */
static void
drain(int fd, char c, size_t *of_it)
{
	ssize_t got;

	*of_it = 0;
	for (;;) {
		if (wait_readable(fd, clock_ms() + LIMIT_MS) != 1)
			fail_msg("output did not end");
		got = test_read(fd, out, sizeof out);
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			*of_it += out[i] == c;
	}
	close(fd);
}

/* Dump data_path by shape_path, in a form whose output is too long to keep:
 * gives its exit code; how many there are of c goes to *of_it. */
static int
dump_long(char *form, char c, size_t *of_it)
{
	struct child child;

	START(&child, A("dump"), form, A("--shape"), shape_path, data_path);
	drain(child.out, c, of_it);
	read_all(child.err, err, TEXT);
	return await_exit(&child);
}

static void
a_flood_of_definitions_ends_at_its_limit(void **state)
{
	size_t n, objects;
	char *bytes = repeat(BYTES(""), BYTES("\xFF\xFF\0\0\2\0CB"), 5000, &n);

	(void)state;
	shaped("class CB { } struct s { object CB* b; }");
	write_file(data_path, bytes, n);
	assert_int_equal(dump_long(A("--json"), 'C', &objects), 1);
	assert_int_equal(objects, 4096);
	ASSERT_HAS(err,
	    ": object b[4096] at byte 32768: more than 4096 classes "
	    "(graph.most_classes)\n");
	free(bytes);
}

static void
shapes_of_objects_without_bytes_are_ended(void **state)
{
	size_t objects;

	(void)state;
	shaped("class C { } struct m { map C c; }\n"
	       "struct s { u32 n; struct m m[n]; }");
	write_file(data_path, BYTES("\xFF\xFF\xFF\xFF"));
	assert_int_equal(dump_long(A("--dot"), 'C', &objects), 1);
	assert_true(objects > 10000);
	ASSERT_HAS(err, "the shape takes no byte in 100000 steps\n");
}

/*
 * A list of half a million objects of 20 bytes, in 128 MiB of addresses, which
 * a sanitizer does not know.
 */
static void
a_stream_takes_memory_for_its_objects_alone(void **state)
{
	static const char item[] = "\1\x80\1x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	struct rlimit before, limit;
	size_t n, numbers;
	char *bytes;

	(void)state;
	if (UNDER_ASAN) {
		print_message("skipped: RLIMIT_AS under ASan\n");
		return;
	}
	shaped("class CItem { text name; f64 price[2]; object CItem next; }\n"
	       "struct s { object CItem first; }");
	bytes = repeat(
	    BYTES("\xFF\xFF\0\0\5\0CItem\1x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	    item, sizeof item, MANY / 2, &n);
	write_file(data_path, bytes, n); /* the last is to have another */
	free(bytes);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	limit = before;
	limit.rlim_cur = 128 << 20;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
		assert_int_equal(
		    dump_long(i == 0 ? A("--json") : A("--dot"), '#', &numbers),
		    1);
		assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
		assert_true(numbers > MANY / 2);
		ASSERT_HAS(err, "at byte 10000029: stream ended ");
	}
}

static const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, kill_children)
	TEST(every_example_is_shown_in_lines_as_json_and_for_graphviz),
	TEST(every_example_cut_after_any_byte_stops_there_in_each_form),
	TEST(the_last_of_an_object_is_named_where_it_is_wrong),
	TEST(every_example_with_any_bit_flipped_ends_in_words_or_well),
	TEST(members_are_there_since_a_schema),
	TEST(mfcs_collections_need_no_definition),
	TEST(a_collection_may_be_defined_anew),
	TEST(an_order_of_a_class_holds_for_its_members_and_pointers),
	TEST(secret_objects_are_not_shown),
	TEST(what_means_something_to_graphviz_is_escaped),
	TEST(a_node_has_no_more_than_can_be_looked_at),
	TEST(graphviz_takes_it_where_it_is_installed),
	TEST(each_wrong_tag_is_its_own_error),
	TEST(objects_in_objects_end_at_the_limit_to_depth),
	TEST(a_doubling_graph_is_shown_once),
	TEST(a_flood_of_definitions_ends_at_its_limit),
	TEST(shapes_of_objects_without_bytes_are_ended),
	TEST(a_stream_takes_memory_for_its_objects_alone),
};

int
main(void)
{
	test_begin();
	return cmocka_run_group_tests(tests, make_files, remove_files);
}
