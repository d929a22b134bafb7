/*
 * MFC's collections: every example there is, direct and by pointer, the order
 * of maps, and what is refused.
 *
 * SPDX-License-Identifier: MIT
 */
#include "golden_kit.h"

#include "../lib/hash.h"

/* Classes */

struct age {
	const struct cask_class *is;
	int32_t years;
};

static void
age_x(struct cask_ar *ar, void *object)
{
	struct age *a = object;

	cask_i32(ar, &a->years);
}

static const struct cask_class age_class = {
	.name = "CAge",
	.base = &cask_object_class,
	.size = sizeof(struct age),
	.exchange = age_x,
};

/* Of no base: MFC's own collections don't take it. */
static const struct cask_class stray_class = {
	.name = "CStray", .size = sizeof(struct age), .exchange = age_x
};

static const struct cask_class *const classes[] = { &age_class, &stray_class,
	&cask_byte_array_class, &cask_word_array_class, &cask_dword_array_class,
	&cask_string_array_class, &cask_ob_array_class, &cask_string_list_class,
	&cask_ob_list_class, &cask_map_string_to_string_class,
	&cask_map_string_to_ob_class, &cask_map_word_to_ob_class, NULL };

static struct age a = { &age_class, 21 }, b = { &age_class, 40 };

/* Direct */

struct bytes {
	unsigned char *v;
	uint32_t n;
};

static void
bytes_x(struct cask_ar *ar, void *p)
{
	struct bytes *c = p;

	cask_bytes_dup(ar, &c->v, &c->n, 100);
}

struct words {
	uint16_t *v;
	uint32_t n;
};

static void
words_x(struct cask_ar *ar, void *p)
{
	struct words *c = p;

	cask_u16_array_dup(ar, &c->v, &c->n, 100);
}

struct dwords {
	uint32_t *v;
	uint32_t n;
};

static void
dwords_x(struct cask_ar *ar, void *p)
{
	struct dwords *c = p;

	cask_u32_array_dup(ar, &c->v, &c->n, 100);
}

struct texts {
	char **name;
	uint32_t names;
};

static void
texts_x(struct cask_ar *ar, void *p)
{
	struct texts *c = p;

	cask_texts_dup(ar, &c->name, &c->names, 100, 20);
}

struct ages {
	struct age **age;
	uint32_t ages;
};

static void
ages_x(struct cask_ar *ar, void *p)
{
	struct ages *c = p;

	cask_objects_dup(ar, &c->age, &c->ages, 100, &age_class);
}

struct text_map {
	struct cask_text_pair *pair;
	uint32_t pairs;
};

static void
text_map_x(struct cask_ar *ar, void *p)
{
	struct text_map *c = p;

	cask_text_map_dup(ar, &c->pair, &c->pairs, 100, 20);
}

struct object_map {
	struct cask_object_pair *pair;
	uint32_t pairs;
};

static void
object_map_x(struct cask_ar *ar, void *p)
{
	struct object_map *c = p;

	cask_object_map_dup(ar, &c->pair, &c->pairs, 100, 20, &age_class);
}

struct word_map {
	struct cask_word_pair *pair;
	uint32_t pairs;
};

static void
word_map_x(struct cask_ar *ar, void *p)
{
	struct word_map *c = p;

	cask_word_map_dup(ar, &c->pair, &c->pairs, 100, &age_class);
}

/* By pointer: the object is found through the graph that loaded it. */
static void
pointer_x(struct cask_ar *ar, void *p)
{
	struct cask_ob_list **c = p;

	cask_object(ar, c, &cask_object_class);
}

static unsigned char some_bytes[] = { 1, 2, 255 };
static uint16_t some_words[] = { 0x1234, 0xFFFF };
static uint32_t some_dwords[] = { 1, 0xDEADBEEF };
static char *names[] = { (char[]) { "a" }, (char[]) { "bc" } };
static struct age *two[] = { &a, &b }, *four[] = { &a, &a, NULL, &b };
static void *any[] = { &a, &a, NULL, &b };

#define TEXT(s) ((char[]) { s })

static struct cask_text_pair colours[] = {
	{ TEXT("red"), TEXT("1") },
	{ TEXT("green"), TEXT("2") },
	{ TEXT("blue"), TEXT("3") },
	{ TEXT("cyan"), TEXT("4") },
};

static struct cask_text_pair colliding[] = {
	{ TEXT("a"), NULL },
	{ TEXT("r"), NULL },
};

static struct cask_object_pair persons[] = {
	{ TEXT("red"), &a },
	{ TEXT("blue"), &b },
	{ TEXT("cyan"), &a },
	{ NULL, NULL },
};

/* 10+: 16807 * 1, 2, 17 modulo 17 are 11, 5, 0; 9-: 0, 0, 1. */
static struct cask_word_pair numbers[] = { { 1, &a }, { 2, &b }, { 17, &a } };

#define AGE                        \
	"\xFF\xFF\x00\x00\x04\x00" \
	"CAge"
#define A AGE "\x15\x00\x00\x00"
#define B "\x01\x80\x28\x00\x00\x00"

static const struct golden direct[] = {
	{ BYTES("\3\0\1\2\xFF"), bytes_x, &(struct bytes) { some_bytes, 3 },
	    .mfc = 0 },
	{ BYTES("\2\0\x34\x12\xFF\xFF"), words_x,
	    &(struct words) { some_words, 2 }, .mfc = 0 },
	{ BYTES("\2\0\1\0\0\0\xEF\xBE\xAD\xDE"), dwords_x,
	    &(struct dwords) { some_dwords, 2 }, .mfc = 0 },
	{ BYTES("\2\0\1a\2bc"), texts_x, &(struct texts) { names, 2 },
	    .form = CASK_ANSI },
	{ BYTES("\2\0\xFF\xFE\xFF\1a\0\xFF\xFE\xFF\2b\0c\0"), texts_x,
	    &(struct texts) { names, 2 }, .mfc = 0 },
	{ BYTES("\2\0" A B), ages_x, &(struct ages) { two, 2 }, .mfc = 0 },
	{ BYTES("\4\0" A "\2\0\0\0" B), ages_x, &(struct ages) { four, 4 },
	    .mfc = 0 },
	{ BYTES("\4\0\4blue\0013\3red\0011\4cyan\0014\5green\0012"), text_map_x,
	    &(struct text_map) { colours, 4 }, .form = CASK_ANSI },
	{ BYTES("\4\0\4cyan\0014\4blue\0013\3red\0011\5green\0012"), text_map_x,
	    &(struct text_map) { colours, 4 }, .form = CASK_ANSI, .mfc = 9,
	    .reversed = true },
	{ BYTES("\2\0\1r\0\1a\0"), text_map_x,
	    &(struct text_map) { colliding, 2 }, .form = CASK_ANSI,
	    .reversed = true },
	/* "" shares a bucket with red, and is in front of it */
	{ BYTES("\4\0\4blue" AGE "\x28\0\0\0"
		"\0\0\0"
		"\3red"
		"\x01\x80\x15\0\0\0"
		"\4cyan\3\0"),
	    object_map_x, &(struct object_map) { persons, 4 },
	    .form = CASK_ANSI, .reversed = true },
	{ BYTES("\3\0\x11\0" A "\2\0" B "\1\0\2\0"), word_map_x,
	    &(struct word_map) { numbers, 3 }, .mfc = 0 },
	{ BYTES("\3\0\2\0" AGE "\x28\0\0\0"
		"\1\0\1\x80\x15\0\0\0"
		"\x11\0\3\0"),
	    word_map_x, &(struct word_map) { numbers, 3 }, .mfc = 9,
	    .reversed = true },
	{ BYTES("\0\0"), bytes_x, &(struct bytes) { NULL, 0 }, .mfc = 0 },
	{ BYTES("\0\0"), texts_x, &(struct texts) { NULL, 0 }, .mfc = 0 },
	{ BYTES("\0\0"), ages_x, &(struct ages) { NULL, 0 }, .mfc = 0 },
	{ BYTES("\0\0"), text_map_x, &(struct text_map) { NULL, 0 }, .mfc = 0 },
	{ BYTES("\0\0"), word_map_x, &(struct word_map) { NULL, 0 }, .mfc = 0 },
};

/* By pointer */

static struct cask_byte_array byte_array = { &cask_byte_array_class, some_bytes,
	3 };
static struct cask_word_array word_array = { &cask_word_array_class, some_words,
	2 };
static struct cask_dword_array dword_array = { &cask_dword_array_class,
	some_dwords, 2 };
static struct cask_string_array string_array = { &cask_string_array_class,
	names, 2 };
static struct cask_string_list string_list = { &cask_string_list_class, names,
	2 };
static struct cask_ob_array ob_array = { &cask_ob_array_class, any, 4 };
static struct cask_ob_list ob_list = { &cask_ob_list_class, any, 4 };
static struct cask_map_string_to_string string_map = {
	&cask_map_string_to_string_class, colours, 4
};
static struct cask_map_string_to_ob ob_map = { &cask_map_string_to_ob_class,
	persons, 4 };
static struct cask_map_word_to_ob number_map = { &cask_map_word_to_ob_class,
	numbers, 3 };

/* A list of lists, which holds itself as well. */
static void *lists[3];
static struct cask_ob_list list_of_lists = { &cask_ob_list_class, lists, 3 };

#define ANY(p)       (&(void *) { &(p) })
#define IN(mfc_name) "\xFF\xFF\0\0" mfc_name

static const struct golden by_pointer[] = {
	{ BYTES(IN("\12\0"
		   "CByteArray") "\3\0\1\2\xFF"),
	    pointer_x, ANY(byte_array), .mfc = 0 },
	{ BYTES(IN("\12\0"
		   "CWordArray") "\2\0\x34\x12\xFF\xFF"),
	    pointer_x, ANY(word_array), .mfc = 0 },
	{ BYTES(IN("\13\0"
		   "CDWordArray") "\2\0\1\0\0\0\xEF\xBE\xAD\xDE"),
	    pointer_x, ANY(dword_array), .mfc = 0 },
	{ BYTES(IN("\14\0"
		   "CStringArray") "\2\0\1a\2bc"),
	    pointer_x, ANY(string_array), .form = CASK_ANSI },
	{ BYTES(IN("\13\0"
		   "CStringList") "\2\0\xFF\xFE\xFF\1a\0\xFF\xFE\xFF\2b\0c\0"),
	    pointer_x, ANY(string_list), .mfc = 0 },
	{ BYTES(IN("\10\0"
		   "CObArray") "\4\0" A "\4\0\0\0\3\x80\x28\0\0\0"),
	    pointer_x, ANY(ob_array), .mfc = 0 },
	{ BYTES(IN("\7\0"
		   "CObList") "\4\0" A "\4\0\0\0\3\x80\x28\0\0\0"),
	    pointer_x, ANY(ob_list), .mfc = 0 },
	{ BYTES(IN("\x12\0"
		   "CMapStringToString") "\4\0\4blue\0013\3red\0011\4cyan\0014"
					 "\5green\0012"),
	    pointer_x, ANY(string_map), .form = CASK_ANSI },
	{ BYTES(IN("\16\0"
		   "CMapStringToOb") "\4\0\4blue" AGE "\x28\0\0\0"
				     "\0\0\0\3red\3\x80\x15\0\0\0\4cyan\5\0"),
	    pointer_x, ANY(ob_map), .form = CASK_ANSI, .reversed = true },
	{ BYTES(IN("\14\0"
		   "CMapWordToOb") "\3\0\x11\0" A "\2\0\3\x80\x28\0\0\0"
				   "\1\0\4\0"),
	    pointer_x, ANY(number_map), .mfc = 0 },
	{ BYTES(IN("\7\0"
		   "CObList") "\3\0\2\0\1\x80\1\0" A "\5\0"),
	    pointer_x, ANY(list_of_lists), .mfc = 0 },
};

static struct cask_ob_list short_list;
static void *one[] = { &a };

static void
each(void (*check)(const struct golden *))
{
	short_list = (struct cask_ob_list) { &cask_ob_list_class, one, 1 };
	lists[0] = &list_of_lists;
	lists[1] = &short_list;
	lists[2] = &a;
	for (size_t i = 0; i < COUNT(direct); i++)
		check(&direct[i]);
	for (size_t i = 0; i < COUNT(by_pointer); i++)
		check(&by_pointer[i]);
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
	if (g->n > 2)
		injected +=
		    fault_everywhere(kit_load_scenario, (void *)(uintptr_t)g);
}

static void
every_allocation_may_fail(void **state)
{
	(void)state;
	each(fail_everywhere);
	assert_true(injected > 200);
}

/* Keys */

static uint32_t
hash(enum cask_text_form form, int codepage, int mfc, const char *key)
{
	struct cask_ar ar = { .form = form, .codepage = codepage, .mfc = mfc };
	uint64_t where;
	uint32_t h;

	assert_int_equal(caski_hash_text(&ar, key, &h, &where), 0);
	return h;
}

static void
keys_have_the_hashes_of_mfc(void **state)
{
	struct cask_ar now = { 0 }, old = { .mfc = 9 };

	(void)state;
	for (int form = CASK_UNICODE; form <= CASK_UTF32; form++) {
		enum cask_text_form f = (enum cask_text_form)form;

		assert_int_equal(hash(f, 0, 0, ""), 0x811C9DC5);
		assert_int_equal(hash(f, 0, 0, "abcdefghijkl"), 0x537B5021);
		assert_int_equal(hash(f, 0, 0, "blue"), 0x4F068569);
		assert_int_equal(hash(f, 0, 0, "red"), 0x3A72D292);
		assert_int_equal(hash(f, 0, 0, "cyan"), 0xFAA33C0C);
		assert_int_equal(hash(f, 0, 0, "green"), 0xF73297B2);
		assert_int_equal(hash(f, 0, 9, "cyan"), 0x0038592B);
		assert_int_equal(hash(f, 0, 9, "blue"), 0x00379808);
		assert_int_equal(hash(f, 0, 9, "red"), 0x0001F25B);
		assert_int_equal(hash(f, 0, 9, "green"), 0x07881A31);
		assert_int_equal(hash(f, 0, 10, "green"), 0xF73297B2);
	}
	/* e with an acute accent: E9 in 1252, which is signed, and in UTF-16 */
	assert_int_equal(hash(CASK_ANSI, 0, 0, "\xC3\xA9"), 0xFAF3A2F6);
	assert_int_equal(hash(CASK_UNICODE, 0, 0, "\xC3\xA9"), 0x050C5DF6);
	assert_int_equal(hash(CASK_ANSI, 0, 9, "\xC3\xA9"), 0xFFFFFFE9);
	/* two units: (h * p ^ D83D) * p ^ DE00 */
	assert_int_equal(hash(CASK_UNICODE, 0, 0, "\xF0\x9F\x98\x80"),
	    ((UINT32_C(2166136261) * 16777619 ^ 0xD83D) * 16777619) ^ 0xDE00);
	assert_int_equal(caski_hash_word(&now, 1), 16807);
	assert_int_equal(caski_hash_word(&now, 0xFFFF), 16807u * 0xFFFF);
	assert_int_equal(caski_hash_word(&old, 0x1234), 0x123);
}

/* A piece of the converter is 128 units: sampled across its edges. */
static void
long_keys_are_sampled_across_pieces(void **state)
{
	char key[1001];

	(void)state;
	for (size_t n = 0; n < sizeof key; n += 7) {
		uint32_t now = 2166136261u, old = 0;

		for (size_t i = 0; i < n; i++)
			key[i] = (char)('a' + i * i % 26);
		key[n] = '\0';
		for (size_t i = 0; i < n; i += 1 + n / 10)
			now = (now * 16777619u) ^ (unsigned char)key[i];
		for (size_t i = 0; i < n; i++)
			old = old * 33 + (unsigned char)key[i];
		assert_int_equal(hash(CASK_UNICODE, 0, 0, key), now);
		assert_int_equal(hash(CASK_ANSI, 0, 0, key), now);
		assert_int_equal(hash(CASK_UNICODE, 0, 9, key), old);
	}
}

/* Order */

static void
keys_that_share_a_bucket_are_reversed_each_time(void **state)
{
	struct text_map first = { colliding, 2 }, *m;
	struct golden g = { BYTES("\2\0\1r\0\1a\0"), text_map_x, &first,
		CASK_ANSI, 0, false };
	struct golden again = g;
	struct side s;

	(void)state;
	again.bytes = "\2\0\1a\0\1r\0";
	kit_stored(&g, &first);
	kit_load(&s, &g, g.bytes, g.n);
	m = (struct text_map *)s.loaded.bytes;
	assert_string_equal(m->pair[0].key, "r");
	kit_stored(&again, m);
	kit_end(&s, &g);
}

static void
of_a_key_put_twice_the_last_value_is_in_the_first_ones_place(void **state)
{
	struct cask_text_pair pairs[] = {
		{ TEXT("a"), TEXT("1") },
		{ TEXT("r"), TEXT("2") },
		{ TEXT("a"), TEXT("3") },
		{ TEXT("a"), TEXT("4") },
		{ TEXT("A"), TEXT("5") },
	};
	struct text_map all = { pairs, 5 }, *m;
	struct golden g = { BYTES("\3\0\1A\0015\1r\0012\1a\0014"), text_map_x,
		&all, CASK_ANSI, 0, false };
	static const char twice[] = "\6\0\1a\0011\1r\0012\1a\0013\1r\0016"
				    "\1a\0014\1b\0017";
	long before = fault_allocations();
	struct side s;

	(void)state;
	kit_stored(&g, &all);
	kit_load(&s, &g, BYTES(twice));
	assert_string_equal(cask_why(&s.ar), "no error");
	m = (struct text_map *)s.loaded.bytes;
	assert_int_equal(m->pairs, 3);
	assert_string_equal(m->pair[0].key, "a");
	assert_string_equal(m->pair[0].value, "4");
	assert_string_equal(m->pair[1].key, "r");
	assert_string_equal(m->pair[1].value, "6");
	assert_string_equal(m->pair[2].key, "b");
	assert_string_equal(m->pair[2].value, "7");
	kit_end(&s, &g);
	assert_int_equal(fault_allocations(), before);
}

static void
objects_under_a_key_that_came_twice_are_overwritten_too(void **state)
{
	static const char text[] = "\2\0\1a" A "\1a" B;
	static const char word[] = "\3\0\7\0" A "\7\0\0\0\7\0" B;
	struct golden g = { text, 0, object_map_x, NULL, CASK_ANSI, 0, false };
	struct object_map *m;
	struct word_map *w;
	struct side s;

	(void)state;
	kit_load(&s, &g, BYTES(text));
	m = (struct object_map *)s.loaded.bytes;
	assert_int_equal(m->pairs, 1);
	assert_int_equal(((struct age *)m->pair[0].value)->years, 40);
	kit_end(&s, &g);
	g.exchange = word_map_x;
	kit_load(&s, &g, BYTES(word));
	w = (struct word_map *)s.loaded.bytes;
	assert_int_equal(w->pairs, 1);
	assert_int_equal(w->pair[0].key, 7);
	assert_int_equal(((struct age *)w->pair[0].value)->years, 40);
	kit_end(&s, &g);
}

/* Against a table as MFC has it: chains, and new keys in front. */
static void
a_large_map_has_the_order_of_chains(void **state)
{
	enum { N = 3000 };
	static struct cask_word_pair pair[N];
	static uint16_t chain[17][N];
	size_t length[17] = { 0 }, at = 4, distinct = 0;
	static bool seen[65536];
	struct word_map m = { pair, N };
	struct cask_ar ar = { .limit.count = N };
	struct cask_mem mem;
	struct cask_graph graph = { 0 };

	(void)state;
	for (size_t i = 0; i < N; i++) {
		uint16_t key = (uint16_t)(i * i * 31 % 2000 * 29);
		unsigned bucket = 16807u * key % 17;

		pair[i].key = key;
		if (seen[key])
			continue;
		seen[key] = true;
		distinct++;
		chain[bucket][length[bucket]++] = key;
	}
	assert_true(distinct < N);
	ar.graph = &graph;
	cask_store(&ar, cask_mem_grow(&mem, 0));
	cask_word_map_dup(&ar, &m.pair, &m.pairs, N, &age_class);
	assert_int_equal(cask_flush(&ar), 0);
	at = 2;
	for (size_t k = 0; k < 17; k++)
		while (length[k] > 0) {
			uint16_t key = chain[k][--length[k]];

			assert_int_equal(mem.data[at], key & 0xFF);
			assert_int_equal(mem.data[at + 1], key >> 8);
			at += 4;
		}
	assert_int_equal(mem.length, at);
	assert_int_equal(at, 2 + 4 * distinct);
	cask_graph_clear(&graph);
	cask_mem_close(&mem);
}

static void
keys_of_a_code_page_are_ordered_by_its_signed_bytes(void **state)
{
	/* 0xE9: hash FAF3A2F6, bucket 0; in UTF-16 050C5DF6, bucket 4 */
	struct cask_text_pair pairs[] = { { TEXT("red"), NULL },
		{ TEXT("\xC3\xA9"), NULL } };
	struct text_map m = { pairs, 2 };
	struct golden ansi = { BYTES("\2\0\1\xE9\0\3red\0"), text_map_x, &m,
		CASK_ANSI, 0, false };
	struct golden wide = { BYTES("\2\0\xFF\xFE\xFF\3r\0e\0d\0\xFF\xFE\xFF"
				     "\0\xFF\xFE\xFF\1\xE9\0\xFF\xFE\xFF\0"),
		text_map_x, &m, CASK_UNICODE, 0, false };

	(void)state;
	kit_both_ways(&ansi);
	kit_both_ways(&wide);
	fail_everywhere(&ansi);
}

/* What is refused */

static void
refused(void (*exchange)(struct cask_ar *, void *), const char *bytes, size_t n,
    int err, const char *why)
{
	struct golden g = { bytes, n, exchange, NULL, CASK_ANSI, 0, false };
	static const unsigned char zero[sizeof(void *)];
	long before = fault_allocations();
	struct side s;

	kit_load(&s, &g, bytes, n);
	assert_string_equal(cask_why(&s.ar), why);
	assert_int_equal(s.ar.err, err);
	assert_memory_equal(s.loaded.bytes, zero, sizeof zero);
	kit_end(&s, &g);
	assert_int_equal(fault_allocations(), before);
}

static void
errors_name_the_element_and_the_limit(void **state)
{
	(void)state;
	refused(texts_x, BYTES("\x65\0"), CASK_ELIMIT,
	    "count c->name at byte 0: 101, limit 100");
	refused(texts_x, BYTES("\2\0\1a\x15"), CASK_ELIMIT,
	    "text c->name[1] at byte 4: length 21, limit 20 bytes");
	refused(texts_x, BYTES("\2\0\1a\2b"), CASK_ECUT,
	    "text c->name[1] at byte 4: stream ended inside a message");
	refused(ages_x, BYTES("\2\0\0\0\7\0"), CASK_EINDEX,
	    "object c->age[1] at byte 4: object number 7, the highest so far "
	    "is 0");
	refused(ages_x, BYTES("\2\0\0\0" AGE "\x15\0"), CASK_ECUT,
	    "i32 c->age[1].years at byte 14: stream ended inside a message");
	refused(ages_x,
	    BYTES("\1\0" IN("\7\0"
			    "CObList") "\0\0"),
	    CASK_ECLASS,
	    "object c->age[0] at byte 2: class CObList where CAge is wanted");
	refused(text_map_x, BYTES("\2\0\1a\0\1b\x15"), CASK_ELIMIT,
	    "text c->pair[1].value at byte 7: length 21, limit 20 bytes");
	refused(object_map_x, BYTES("\1\0\1a\3\0"), CASK_EINDEX,
	    "object c->pair[0].value at byte 4: object number 3, the highest "
	    "so far is 0");
	refused(word_map_x, BYTES("\1\0\1"), CASK_ECUT,
	    "u16 c->pair[0].key at byte 2: stream ended inside a message");
	refused(pointer_x,
	    BYTES(IN("\7\0"
		     "CObList") "\1\0" IN("\6\0"
					  "CStray")),
	    CASK_ECLASS,
	    "object c.item[0] at byte 15: class CStray where CObject is "
	    "wanted");
	refused(pointer_x,
	    BYTES(IN("\7\0"
		     "CObList") "\xFF\xFF\1\0\0\1"),
	    CASK_ELIMIT,
	    "count c.item at byte 13: 16777217, limit 16777216 (limit.count)");
}

static void
what_is_not_there_is_not_stored(void **state)
{
	static const struct {
		void (*exchange)(struct cask_ar *, void *);
		const char *why;
	} cases[] = {
		{ texts_x,
		    "array c->name at byte 0: NULL, but its count is 2" },
		{ ages_x, "array c->age at byte 0: NULL, but its count is 2" },
		{ text_map_x,
		    "array c->pair at byte 0: NULL, but its count is 2" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct texts none = { NULL, 2 };
		struct cask_graph graph = { 0 };
		struct cask_ar ar = { .graph = &graph };
		struct cask_mem m;

		cask_store(&ar, cask_mem_grow(&m, 0));
		cases[i].exchange(&ar, &none);
		assert_int_equal(ar.err, EINVAL);
		/* the count may have been stored already */
		assert_string_equal(
		    strchr(cask_why(&ar), ':'), strchr(cases[i].why, ':'));
		cask_mem_close(&m);
	}
}

static void
a_key_that_its_form_lacks_is_refused_as_a_text_is(void **state)
{
	struct cask_text_pair pairs[] = { { TEXT("ok"), NULL },
		{ TEXT("a\xE2\x82"), NULL }, { TEXT("a\xCE\xA9"), NULL } };
	struct text_map m = { pairs, 2 };
	struct cask_ar ar = { .form = CASK_ANSI };
	struct cask_mem mem;

	(void)state;
	cask_store(&ar, cask_mem_grow(&mem, 0));
	text_map_x(&ar, &m);
	assert_string_equal(cask_why(&ar),
	    "text c->pair[1].key at byte 0: ill-formed text after 1 of its "
	    "code units");
	pairs[1] = pairs[2];
	cask_store(&ar, &mem.io);
	text_map_x(&ar, &m);
	assert_string_equal(cask_why(&ar),
	    "text c->pair[1].key at byte 0: code page 1252 lacks the character "
	    "at byte 1 of the text");
	ar.replace = true;
	cask_store(&ar, &mem.io);
	text_map_x(&ar, &m);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(ar.replaced, 1);
	cask_mem_close(&mem);
}

static void
what_is_too_long_is_not_stored(void **state)
{
	struct cask_text_pair pair[] = { { TEXT("key"),
	    TEXT("123456789012345678901") } };
	struct text_map m = { pair, 1 };
	struct cask_ar ar = { 0 };
	struct cask_mem mem;

	(void)state;
	cask_store(&ar, cask_mem_grow(&mem, 0));
	text_map_x(&ar, &m);
	assert_string_equal(cask_why(&ar),
	    "text c->pair[0].value at byte 12: length 21, limit 20 bytes");
	cask_mem_close(&mem);
	m = (struct text_map) { colours, 4 };
	cask_store(&ar, cask_mem_grow(&mem, 0));
	cask_text_map_dup(&ar, &m.pair, &m.pairs, 3, 20);
	assert_string_equal(
	    cask_why(&ar), "count m.pair at byte 0: 4, limit 3");
	assert_int_equal(m.pairs, 4);
	cask_mem_close(&mem);
}

/* A million are announced, and one comes. */
static void
memory_grows_with_what_comes(void **state)
{
	static const char texts[] = "\xFF\xFF\x40\x42\x0F\0\1a";
	struct texts t = { 0 };
	struct text_map map = { 0 };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	fault_reset();
	cask_load(&ar, cask_mem_read(&m, BYTES(texts)));
	cask_texts_dup(&ar, &t.name, &t.names, UINT32_MAX, 9);
	assert_int_equal(ar.err, CASK_ECUT);
	assert_null(t.name);
	assert_int_equal(t.names, 0);
	assert_true(fault_count(FAULT_REALLOC) <= 4);
	cask_load(&ar, cask_mem_read(&m, BYTES(texts)));
	cask_text_map_dup(&ar, &map.pair, &map.pairs, UINT32_MAX, 9);
	assert_int_equal(ar.err, CASK_ECUT);
	assert_null(map.pair);
	assert_int_equal(map.pairs, 0);
}

static void
release_all(struct texts *t, struct text_map *map)
{
	struct cask_ar ar = { 0 };

	cask_release(&ar);
	cask_texts_dup(&ar, &t->name, &t->names, 0, 0);
	cask_text_map_dup(&ar, &map->pair, &map->pairs, 0, 0);
	assert_null(t->name);
	assert_null(map->pair);
}

/* Keys "0" to "1999", each of them twice: the second has the value. */
static void
thousands_grow_in_steps_and_are_freed_when_cut(void **state)
{
	enum { N = 4000 };
	static char word[N][8], *name[N];
	static struct cask_text_pair pair[N];
	struct texts all = { name, N }, t = { 0 };
	struct text_map map = { 0 };
	long before = fault_allocations();
	struct cask_ar ar = { .form = CASK_ANSI };
	struct cask_mem m, part;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		snprintf(word[i], sizeof word[i], "%d", (int)(i % (N / 2)));
		name[i] = word[i];
		pair[i].key = word[i];
		pair[i].value = i < N / 2 ? NULL : word[i];
	}
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_texts_dup(&ar, &all.name, &all.names, N, 7);
	cask_put_count(&ar, N);
	for (size_t i = 0; i < N; i++) {
		cask_put_text(&ar, pair[i].key);
		cask_put_text(&ar, pair[i].value != NULL ? pair[i].value : "");
	}
	assert_int_equal(cask_flush(&ar), 0);
	fault_reset();
	cask_load(&ar, &m.io);
	cask_texts_dup(&ar, &t.name, &t.names, N, 7);
	cask_text_map_dup(&ar, &map.pair, &map.pairs, N, 7);
	assert_string_equal(cask_why(&ar), "no error");
	assert_int_equal(t.names, N);
	assert_int_equal(map.pairs, N / 2);
	for (size_t i = 0; i < N; i++)
		assert_string_equal(t.name[i], name[i]);
	for (size_t i = 0; i < N / 2; i++) {
		assert_string_equal(map.pair[i].key, word[i]);
		assert_string_equal(map.pair[i].value, word[i]);
	}
	release_all(&t, &map);
	for (size_t n = 0; n < m.length; n += 997) {
		cask_load(&ar, cask_mem_read(&part, m.data, n));
		cask_texts_dup(&ar, &t.name, &t.names, N, 7);
		cask_text_map_dup(&ar, &map.pair, &map.pairs, N, 7);
		assert_int_equal(ar.err, CASK_ECUT);
		assert_int_equal(map.pairs, 0);
		release_all(&t, &map);
	}
	cask_mem_close(&m);
	assert_int_equal(fault_allocations(), before);
}

/* The second growth of the array, and the place for the order. */
static void
growing_may_fail_at_any_step(void **state)
{
	enum { N = 2000 };
	unsigned char bytes[2 + 2 * N] = { N & 0xFF, N >> 8 };
	struct texts t;
	struct text_map map;
	struct cask_mem m;
	long before = fault_allocations();
	unsigned failed = 0;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct cask_ar ar = { 0 };

		/* of texts that are "" each takes two, the second to shrink */
		fault_reset();
		fault_plan(FAULT_REALLOC, i * 517, false, ENOMEM);
		cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
		cask_texts_dup(&ar, &t.name, &t.names, N, 7);
		failed += ar.err == ENOMEM;
		assert_true(ar.err == 0 || ar.err == ENOMEM);
		map = (struct text_map) { 0 };
		release_all(&t, &map);
		fault_reset();
		fault_plan(i == 0 ? FAULT_MALLOC : FAULT_REALLOC, i * 517,
		    false, ENOMEM);
		cask_load(&ar, cask_mem_read(&m, bytes, 2 + N));
		bytes[0] = (N / 2) & 0xFF;
		bytes[1] = (N / 2) >> 8;
		cask_text_map_dup(&ar, &map.pair, &map.pairs, N, 7);
		failed += ar.err == ENOMEM;
		assert_true(ar.err == 0 || ar.err == ENOMEM);
		assert_true(ar.err == 0 || map.pair == NULL);
		t = (struct texts) { 0 };
		release_all(&t, &map);
		bytes[0] = N & 0xFF;
		bytes[1] = N >> 8;
		fault_reset();
	}
	assert_true(failed > 0);
	assert_int_equal(fault_allocations(), before);
}

/* Words */

struct all {
	struct texts texts;
	struct text_map map;
	struct texts none;
	struct text_map empty;
};

static void
all_x(struct cask_ar *ar, struct all *p)
{
	cask_texts_dup(ar, &p->texts.name, &p->texts.names, 9, 9);
	cask_text_map_dup(ar, &p->map.pair, &p->map.pairs, 9, 9);
	cask_texts_dup(ar, &p->none.name, &p->none.names, 9, 9);
	cask_text_map_dup(ar, &p->empty.pair, &p->empty.pairs, 9, 9);
}

static void
printed(bool json, const char *words)
{
	struct all all = { { names, 2 }, { colours, 4 }, { NULL, 0 },
		{ NULL, 0 } };
	struct cask_ar ar = { .json = json };
	struct cask_mem m;

	cask_print(&ar, cask_mem_grow(&m, 0));
	all_x(&ar, &all);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, strlen(words));
	assert_memory_equal(m.data, words, m.length);
	cask_mem_close(&m);
}

static void
they_print_in_the_order_in_which_they_are_stored(void **state)
{
	(void)state;
	printed(false,
	    "text    texts.name[0] = \"a\"\n"
	    "text    texts.name[1] = \"bc\"\n"
	    "text    map.pair[0].key = \"blue\"\n"
	    "text    map.pair[0].value = \"3\"\n"
	    "text    map.pair[1].key = \"red\"\n"
	    "text    map.pair[1].value = \"1\"\n"
	    "text    map.pair[2].key = \"cyan\"\n"
	    "text    map.pair[2].value = \"4\"\n"
	    "text    map.pair[3].key = \"green\"\n"
	    "text    map.pair[3].value = \"2\"\n");
	printed(true,
	    "{\"texts.name\":[\"a\",\"bc\"],\"map.pair\":["
	    "{\"key\":\"blue\",\"value\":\"3\"},"
	    "{\"key\":\"red\",\"value\":\"1\"},"
	    "{\"key\":\"cyan\",\"value\":\"4\"},"
	    "{\"key\":\"green\",\"value\":\"2\"}],"
	    "\"none.name\":[],\"empty.pair\":[]}\n");
}

static void
they_describe_one_element(void **state)
{
	static const char words[] = "count texts.name\n"
				    "text texts.name[]\n"
				    "count map.pair\n"
				    "text map.pair[].key\n"
				    "text map.pair[].value\n"
				    "count none.name\n"
				    "text none.name[]\n"
				    "count empty.pair\n"
				    "text empty.pair[].key\n"
				    "text empty.pair[].value\n";
	long before = fault_allocations();
	struct all all = { 0 };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_describe(&ar, cask_mem_grow(&m, 0));
	all_x(&ar, &all);
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(cask_why(&ar), "no error");
	assert_int_equal(m.length, strlen(words));
	assert_memory_equal(m.data, words, m.length);
	cask_mem_close(&m);
	assert_null(all.texts.name);
	assert_null(all.map.pair);
	assert_int_equal(fault_allocations(), before);
}

static void
release_frees_what_a_program_has_loaded(void **state)
{
	struct all model = { { names, 2 }, { colours, 4 }, { NULL, 0 },
		{ NULL, 0 } };
	long before = fault_allocations();
	struct all all = { 0 };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	all_x(&ar, &model);
	assert_int_equal(cask_flush(&ar), 0);
	cask_load(&ar, &m.io);
	all_x(&ar, &all);
	assert_int_equal(ar.err, 0);
	assert_string_equal(all.texts.name[1], "bc");
	assert_int_equal(all.map.pairs, 4);
	cask_release(&ar);
	all_x(&ar, &all);
	assert_null(all.texts.name);
	assert_null(all.map.pair);
	assert_int_equal(all.texts.names + all.map.pairs, 0);
	cask_mem_close(&m);
	assert_int_equal(fault_allocations(), before);
}

/* A class of one's own, of the same name, knows what it holds. */

struct typed {
	const struct cask_class *is;
	struct age **item;
	uint32_t count;
};

static void
typed_x(struct cask_ar *ar, void *object)
{
	struct typed *t = object;

	cask_objects_dup(ar, &t->item, &t->count, 2, &age_class);
}

static const struct cask_class typed_class = {
	.name = "CObList", .size = sizeof(struct typed), .exchange = typed_x
};
static const struct cask_class *const typed_list[] = { &typed_class, &age_class,
	&stray_class, NULL };

static const char *
load_typed(const char *bytes, size_t n, struct typed **t, struct cask_ar *ar)
{
	static struct cask_mem m;

	cask_load(ar, cask_mem_read(&m, bytes, n));
	cask_object(ar, t, &typed_class);
	return cask_why(ar);
}

static void
a_typed_list_checks_kind_and_count(void **state)
{
	struct cask_graph graph = { .classes = typed_list };
	struct cask_ar ar = { .graph = &graph };
	struct typed *t;

	(void)state;
	assert_string_equal(load_typed(BYTES(IN("\7\0"
						"CObList") "\1\0" A),
				&t, &ar),
	    "no error");
	assert_int_equal(t->item[0]->years, 21);
	cask_graph_clear(&graph);
	assert_string_equal(load_typed(BYTES(IN("\7\0"
						"CObList") "\1\0" IN("\6\0"
								     "CStray")),
				&t, &ar),
	    "object t.item[0] at byte 15: class CStray where CAge is wanted");
	cask_graph_clear(&graph);
	assert_string_equal(load_typed(BYTES(IN("\7\0"
						"CObList") "\3\0"),
				&t, &ar),
	    "count t.item at byte 13: 3, limit 2");
	cask_graph_clear(&graph);
}

/* Two frames each, of the hundred that there may be: the list, and its item. */
static void
lists_in_lists_end_at_the_limit_to_depth(void **state)
{
	char bytes[13 + 400 * 4];
	struct cask_graph graph = { .classes = classes };
	struct cask_ar ar = { .graph = &graph };
	long before = fault_allocations();
	struct cask_ob_list *list;
	struct cask_mem m;

	(void)state;
	memcpy(bytes,
	    IN("\7\0"
	       "CObList"),
	    13);
	for (size_t i = 0; i < 400; i++)
		memcpy(bytes + 13 + 4 * i, "\1\0\1\x80", 4);
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	cask_object(&ar, &list, &cask_ob_list_class);
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_non_null(strstr(cask_why(&ar), "limit.depth"));
	cask_graph_clear(&graph);
	assert_int_equal(fault_allocations(), before);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_example_goes_both_ways),
	cmocka_unit_test(cut_after_any_byte_nothing_is_left),
	cmocka_unit_test(any_two_bits_may_be_wrong),
	cmocka_unit_test(every_allocation_may_fail),
	cmocka_unit_test(keys_have_the_hashes_of_mfc),
	cmocka_unit_test(long_keys_are_sampled_across_pieces),
	cmocka_unit_test(keys_that_share_a_bucket_are_reversed_each_time),
	cmocka_unit_test(
	    of_a_key_put_twice_the_last_value_is_in_the_first_ones_place),
	cmocka_unit_test(
	    objects_under_a_key_that_came_twice_are_overwritten_too),
	cmocka_unit_test(a_large_map_has_the_order_of_chains),
	cmocka_unit_test(keys_of_a_code_page_are_ordered_by_its_signed_bytes),
	cmocka_unit_test(errors_name_the_element_and_the_limit),
	cmocka_unit_test(what_is_not_there_is_not_stored),
	cmocka_unit_test(a_key_that_its_form_lacks_is_refused_as_a_text_is),
	cmocka_unit_test(what_is_too_long_is_not_stored),
	cmocka_unit_test(memory_grows_with_what_comes),
	cmocka_unit_test(thousands_grow_in_steps_and_are_freed_when_cut),
	cmocka_unit_test(growing_may_fail_at_any_step),
	cmocka_unit_test(they_print_in_the_order_in_which_they_are_stored),
	cmocka_unit_test(they_describe_one_element),
	cmocka_unit_test(release_frees_what_a_program_has_loaded),
	cmocka_unit_test(a_typed_list_checks_kind_and_count),
	cmocka_unit_test(lists_in_lists_end_at_the_limit_to_depth),
};

RUN_TESTS(tests)
