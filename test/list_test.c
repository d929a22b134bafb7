/*
 * What comes of a list: the example of <cask/list.h>, taken from there, and
 * every kind, beside what one would write by hand.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <cask.h>

#include "list_example.h"

/* By hand */

struct by_hand {
	uint32_t id;
	bool open;
	uint32_t price_count;
	double price[8];
	struct party buyer;
	uint32_t seller_count;
	struct party seller[2];
};

static void
by_hand_x(struct cask_ar *ar, struct by_hand *p)
{
	cask_u32(ar, &p->id);
	cask_bool(ar, &p->open);
	cask_count(ar, &p->price_count, 8);
	cask_f64_array(ar, p->price, p->price_count);
	cask_struct(ar, &p->buyer, party_x);
	cask_count(ar, &p->seller_count, 2);
	cask_structs(ar, p->seller, p->seller_count, party_x);
}

_Static_assert(sizeof(struct by_hand) == sizeof(struct trade),
    "the list's struct has the members that its documentation says");

static struct trade
a_trade(void)
{
	struct trade t = { .id = 7, .open = true, .price_count = 2 };

	t.price[0] = 41.5;
	t.price[1] = 42.25;
	strcpy(t.buyer.name, "Ann");
	memcpy(t.buyer.key, "\1\2\3\4", 4);
	t.seller_count = 1;
	strcpy(t.seller[0].name, "Bo");
	memcpy(t.seller[0].key, "\5\6\7\x8", 4);
	return t;
}

static const unsigned char wire[] = { 7, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0xC0,
	0x44, 0x40, 0, 0, 0, 0, 0, 0x20, 0x45, 0x40, 3, 'A', 'n', 'n', 1, 2, 3,
	4, 1, 0, 2, 'B', 'o', 5, 6, 7, 8 };

static void
a_list_stores_what_one_would_by_hand(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	unsigned char block[256];
	struct trade t = a_trade();
	struct by_hand h;
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	trade_x(&ar, &t);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, sizeof wire);
	assert_memory_equal(block, wire, sizeof wire);

	memcpy(&h, &t, sizeof h);
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	by_hand_x(&ar, &h);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, sizeof wire);
	assert_memory_equal(block, wire, sizeof wire);
}

static void
a_list_measures_and_loads_it(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	struct trade t = a_trade(), got = { 0 };
	unsigned char block[256];
	struct cask_mem m;

	(void)state;
	cask_measure(&ar);
	trade_x(&ar, &t);
	assert_int_equal(cask_at(&ar), sizeof wire);

	cask_load(&ar, cask_mem_read(&m, wire, sizeof wire));
	trade_x(&ar, &got);
	assert_int_equal(ar.err, 0);
	assert_false(cask_more(&ar));
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	trade_x(&ar, &got);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, sizeof wire);
	assert_memory_equal(block, wire, sizeof wire);
}

/* What is at byte n, and since where. */
static const struct {
	size_t at;
	const char *what;
} places[] = {
	{ 0, "u32 p->id" },
	{ 4, "bool p->open" },
	{ 5, "count p->price_count" },
	{ 7, "f64 p->price[0]" },
	{ 15, "f64 p->price[1]" },
	{ 23, "text p->buyer.name" },
	{ 27, "bytes p->buyer.key" },
	{ 31, "count p->seller_count" },
	{ 33, "text p->seller[0].name" },
	{ 36, "bytes p->seller[0].key" },
};

static void
an_error_names_the_member_of_a_list(void **state)
{
	char want[128];

	(void)state;
	for (size_t n = 0, k = 0; n < sizeof wire; n++) {
		struct cask_ar ar = { 0 };
		struct trade t;
		struct cask_mem m;

		if (k + 1 < COUNT(places) && n == places[k + 1].at)
			k++;
		memset(&t, 0x55, sizeof t);
		cask_load(&ar, cask_mem_read(&m, wire, n));
		trade_x(&ar, &t);
		assert_int_equal(ar.err, CASK_ECUT);
		snprintf(want, sizeof want, "%s at byte %zu: stream ended %s",
		    places[k].what, places[k].at,
		    n > 0 ? "inside a message" : "before a message");
		assert_string_equal(cask_why(&ar), want);
		assert_true(t.price_count == 0 || k > 2);
		assert_true(t.seller_count == 0 || k > 7);
	}
}

static void
a_count_beyond_its_array_is_refused(void **state)
{
	static const unsigned char nine[] = { 7, 0, 0, 0, 1, 9, 0 };
	struct cask_ar ar = { 0 };
	struct trade t;
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, nine, sizeof nine));
	trade_x(&ar, &t);
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_string_equal(
	    cask_why(&ar), "count p->price_count at byte 5: 9, limit 8");
	assert_int_equal(t.price_count, 0);

	t = a_trade();
	t.seller_count = 3;
	cask_measure(&ar);
	trade_x(&ar, &t);
	assert_string_equal(
	    cask_why(&ar), "count p->seller_count at byte 37: 3, limit 2");
}

/* Every kind: of lists within lists, too */

#define ALL(F)                \
	F(u8, a)              \
	F(i8, b)              \
	F(bool, c)            \
	F(u16, d)             \
	F(i16, e)             \
	F(char16, f)          \
	F(u32, g)             \
	F(i32, h)             \
	F(f32, i)             \
	F(u64, j)             \
	F(i64, k)             \
	F(f64, l)             \
	F(array, u16, m, 2)   \
	F(array, i16, n, 2)   \
	F(array, u32, o, 2)   \
	F(array, i32, p, 2)   \
	F(array, f32, q, 2)   \
	F(array, u64, r, 2)   \
	F(array, i64, s, 2)   \
	F(array, f64, t, 2)   \
	F(list, trade, trade) \
	F(text, name, 8)      \
	F(bytes, bytes, 2)

CASK_LIST_STRUCT(all, ALL)
CASK_LIST_EXCHANGE(all, ALL)

static const char fields[] = "u8 a\ni8 b\nbool c\nu16 d\ni16 e\nchar16 f\n"
			     "u32 g\ni32 h\nf32 i\nu64 j\ni64 k\nf64 l\n"
			     "count m_count\nu16 m[]\ncount n_count\ni16 n[]\n"
			     "count o_count\nu32 o[]\ncount p_count\ni32 p[]\n"
			     "count q_count\nf32 q[]\ncount r_count\nu64 r[]\n"
			     "count s_count\ni64 s[]\ncount t_count\nf64 t[]\n"
			     "u32 trade.id\n";

static void
every_kind_is_what_its_name_says(void **state)
{
	struct cask_ar ar = { 0 };
	char text[2048] = "";
	struct cask_mem m;
	struct all all = { 0 };

	(void)state;
	cask_describe(&ar, cask_mem_write(&m, text, sizeof text - 1));
	all_x(&ar, &all);
	assert_int_equal(cask_flush(&ar), 0);
	text[sizeof fields - 1] = '\0';
	assert_string_equal(text, fields);
}

static void
every_kind_goes_there_and_back(void **state)
{
	struct all all = { .a = 200,
		.b = -100,
		.c = true,
		.d = 60000,
		.e = -30000,
		.f = 0x20AC,
		.g = 4000000000u,
		.h = -2000000000,
		.i = 1.5f,
		.j = UINT64_MAX,
		.k = INT64_MIN,
		.l = -2.25,
		.m_count = 2,
		.m = { 1, 2 },
		.n_count = 1,
		.n = { -3 },
		.o_count = 2,
		.o = { 4, 5 },
		.p_count = 1,
		.p = { -6 },
		.q_count = 2,
		.q = { 7.5f, 8.5f },
		.r_count = 1,
		.r = { 9 },
		.s_count = 2,
		.s = { -10, 11 },
		.t_count = 1,
		.t = { 12.5 },
		.name = "name",
		.bytes = { 0xFE, 0xFF } };
	struct all got;
	unsigned char block[512], again[512];
	struct cask_mem m;
	size_t n;

	(void)state;
	all.trade = a_trade();
	for (int big = 0; big < 2; big++) {
		struct cask_ar ar = { .big_endian = big != 0 };

		memset(&got, 0, sizeof got);
		cask_store(&ar, cask_mem_write(&m, block, sizeof block));
		all_x(&ar, &all);
		assert_int_equal(cask_flush(&ar), 0);
		n = m.length;
		cask_load(&ar, &m.io);
		all_x(&ar, &got);
		assert_int_equal(ar.err, 0);
		assert_false(cask_more(&ar));
		assert_int_equal(got.k, INT64_MIN);
		assert_true(got.p_count == 1 && got.p[0] == -6);
		cask_store(&ar, cask_mem_write(&m, again, sizeof again));
		all_x(&ar, &got);
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(m.length, n);
		assert_memory_equal(again, block, n);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_list_stores_what_one_would_by_hand),
	cmocka_unit_test(a_list_measures_and_loads_it),
	cmocka_unit_test(an_error_names_the_member_of_a_list),
	cmocka_unit_test(a_count_beyond_its_array_is_refused),
	cmocka_unit_test(every_kind_is_what_its_name_says),
	cmocka_unit_test(every_kind_goes_there_and_back),
};

RUN_TESTS(tests)
