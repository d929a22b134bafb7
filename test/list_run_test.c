/*
 * The runs of lists: whatever comes, a list does what its members would do one
 * by one.  That is what name_each_ does, and name_run_ is asked directly
 * whether it was a run.  See <cask/list.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <cask.h>

#define ITEM(F)      \
	F(u16, code) \
	F(text, name, 12)
CASK_LIST_STRUCT(item, ITEM)
CASK_LIST_EXCHANGE(item, ITEM)

#define WHOLE(F)                \
	F(u8, kind)             \
	F(bool, open)           \
	F(i16, low)             \
	F(f32, rate)            \
	F(fixed, f64, b, 3)     \
	F(text, name, 20)       \
	F(array, u32, n, 5)     \
	F(bytes, key, 3)        \
	F(list, item, one)      \
	F(lists, item, many, 3) \
	F(fixed, u16, w, 2)     \
	F(i64, last)
CASK_LIST_STRUCT(whole, WHOLE)
CASK_LIST_EXCHANGE(whole, WHOLE)

typedef void exchange(struct cask_ar *ar, struct whole *p);

/* Random ones */

static uint64_t seed = 1;

static unsigned
any(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % below;
}

/* Mostly plain; with something of Latin or Greek in it, or without an end. */
static void
any_text(char *s, size_t size)
{
	static const char *const odd[] = { "\xC3\xA4", "\xCE\xA9", "\xFF" };
	size_t n = any((unsigned)size);

	memset(s, 0, size);
	for (size_t i = 0; i < n; i++)
		s[i] = (char)('A' + any(58));
	if (n >= 2 && any(8) == 0)
		memcpy(s + any((unsigned)n - 1), odd[any(3)], 2);
	if (any(64) == 0)
		memset(s, 'A', size);
}

static struct item
any_item(void)
{
	struct item p = { .code = (uint16_t)any(0x10000) };

	any_text(p.name, sizeof p.name);
	return p;
}

static struct whole
any_whole(void)
{
	struct whole p = { .kind = (uint8_t)any(256),
		.open = any(2) != 0,
		.low = (int16_t)any(0x8000),
		.rate = (float)any(1000) / 8,
		.b = { 1.5, -2.25, any(100) },
		.key = { 1, 2, (unsigned char)any(256) },
		.one = any_item(),
		.w = { 3, 4 },
		.last = -(int64_t)any(1u << 30) };

	any_text(p.name, sizeof p.name);
	p.n_count = any(64) == 0 ? any(0x20000) : any(6);
	for (unsigned i = 0; i < 5; i++)
		p.n[i] = any(1u << 30);
	p.many_count = any(64) == 0 ? 4 : any(4);
	for (unsigned i = 0; i < 3; i++)
		p.many[i] = any_item();
	return p;
}

static struct cask_limits
any_limits(void)
{
	struct cask_limits limit = { 0 };

	if (any(8) == 0)
		limit.text = 1 + any(20);
	if (any(8) == 0)
		limit.count = 1 + any(4);
	if (any(8) == 0)
		limit.depth = 1;
	return limit;
}

/* Settings, and a buffer that ends where it says. */
static struct cask_ar
any_settings(void)
{
	static const enum cask_text_form forms[] = { 0, CASK_ANSI, CASK_UTF8 };
	struct cask_ar ar = { .big_endian = any(2) != 0,
		.form = forms[any(3)],
		.replace = any(4) == 0,
		.buffer_size = 16 + any(400) };

	ar.limit = any_limits();
	ar.buffer = malloc(ar.buffer_size);
	assert_non_null(ar.buffer);
	return ar;
}

/* Storing */

struct stored {
	unsigned char bytes[2048];
	size_t length;
	int err;
	uint64_t replaced;
	char why[256];
};

static void
store(const struct cask_ar *as, const struct whole from[3], bool framed,
    exchange *x, struct stored *to)
{
	struct whole p[3] = { from[0], from[1], from[2] };
	struct cask_ar ar = *as;
	struct cask_mem m;

	memset(to, 0, sizeof *to);
	cask_store(&ar, cask_mem_write(&m, to->bytes, sizeof to->bytes));
	for (int i = 0; i < 3; i++)
		if (framed)
			cask_message(&ar, &p[i], x);
		else
			x(&ar, &p[i]);
	to->err = cask_flush(&ar);
	to->length = m.length;
	to->replaced = ar.replaced;
	strcpy(to->why, cask_why(&ar));
}

static void
a_list_stores_what_its_members_do_one_by_one(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct cask_ar ar = any_settings();
		struct whole p[3] = { any_whole(), any_whole(), any_whole() };
		struct stored run, each;
		bool framed = any(2) != 0;

		store(&ar, p, framed, whole_x, &run);
		store(&ar, p, framed, whole_each_, &each);
		assert_string_equal(run.why, each.why);
		assert_memory_equal(&run, &each, sizeof run);
		failed += run.err != 0;
		free(ar.buffer);
	}
	assert_in_range(failed, 2000, 18000);
}

/* Loading */

struct loaded {
	struct whole p[3];
	int err;
	enum cask_text_form came;
	uint64_t replaced;
	uint64_t at;
	char why[256];
};

/* What is behind the end of a text makes no difference. */
static void
clear_behind(char *s, size_t size)
{
	size_t n = strlen(s);

	memset(s + n, 0, size - n);
}

static void
clear(struct whole *p)
{
	clear_behind(p->name, sizeof p->name);
	clear_behind(p->one.name, sizeof p->one.name);
	for (int k = 0; k < 3; k++)
		clear_behind(p->many[k].name, sizeof p->many[k].name);
}

static void
load(const struct cask_ar *as, const unsigned char *bytes, size_t n,
    bool framed, exchange *x, struct loaded *to)
{
	struct cask_ar ar = *as;
	struct cask_mem m;

	memset(to, 0, sizeof *to);
	cask_load(&ar, cask_mem_read(&m, bytes, n));
	for (int i = 0; i < 3; i++)
		if (framed)
			cask_message(&ar, &to->p[i], x);
		else
			x(&ar, &to->p[i]);
	for (int i = 0; i < 3; i++)
		clear(&to->p[i]);
	to->err = ar.err;
	to->came = ar.came;
	to->replaced = ar.replaced;
	to->at = cask_at(&ar);
	strcpy(to->why, cask_why(&ar));
}

/* As it is, cut, or with a bit or two that flipped. */
static size_t
harm(unsigned char *bytes, size_t n)
{
	switch (n > 0 ? any(3) : 0) {
	case 1:
		return any((unsigned)n);
	case 2:
		for (unsigned k = 1 + any(2); k > 0; k--)
			bytes[any((unsigned)n)] ^=
			    (unsigned char)(1u << any(8));
		return n;
	default:
		return n;
	}
}

static void
a_list_loads_what_its_members_do_one_by_one(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		struct cask_ar ar = any_settings();
		struct whole p[3] = { any_whole(), any_whole(), any_whole() };
		struct loaded run, each;
		struct stored from;
		bool framed = any(2) != 0;
		unsigned char *exact;
		size_t n;

		store(&ar, p, framed, whole_x, &from);
		n = harm(from.bytes, from.length);
		exact = malloc(n + 1);
		assert_non_null(exact);
		memcpy(exact + 1, from.bytes, n);
		ar.limit = any_limits();
		if (any(4) == 0)
			ar.form = any(2) != 0 ? CASK_UTF8 : CASK_ANSI;
		load(&ar, exact + 1, n, framed, whole_x, &run);
		load(&ar, exact + 1, n, framed, whole_each_, &each);
		assert_string_equal(run.why, each.why);
		assert_memory_equal(&run, &each, sizeof run);
		failed += run.err != 0;
		free(exact);
		free(ar.buffer);
	}
	assert_in_range(failed, 4000, 36000);
}

/* What is a run, and what isn't */

static const struct item plain = { .code = 7, .name = "plain" };

static unsigned char *
item_run(struct cask_ar *ar, struct item *p, size_t *room)
{
	*room -= ar->loading ? item_least_ : item_most_;
	return item_run_(
	    ar, ar->cur, p, room, ar->levels, ar->loading, ar->big_endian);
}

static void
all_of_a_small_message_goes_in_a_run(void **state)
{
	static const unsigned char wire[] = { 7, 0, 5, 'p', 'l', 'a', 'i',
		'n' };
	static const unsigned char wide[] = { 7, 0, 0xFF, 0xFE, 0xFF, 1, 'p',
		0 };

	(void)state;
	for (int k = 0; k < 2; k++) {
		const unsigned char *from = k == 0 ? wire : wide;
		struct cask_ar ar = { 0 };
		struct item got = { 0 };
		size_t room = 8;
		struct cask_mem m;

		cask_load(&ar, cask_mem_read(&m, from, 8));
		assert_true(cask_more(&ar));
		assert_ptr_equal(item_run(&ar, &got, &room), ar.cur + 8);
		assert_int_equal(room, 0);
		assert_string_equal(got.name, k == 0 ? "plain" : "p");
		assert_int_equal(cask_pending(&ar), 8);
	}
}

static void
what_is_not_all_there_leaves_the_run(void **state)
{
	static const unsigned char wire[] = { 7, 0, 5, 'p', 'l', 'a', 'i',
		'n' };

	(void)state;
	for (size_t n = item_least_; n < sizeof wire; n++) {
		struct cask_ar ar = { 0 };
		struct item got = { 0 };
		size_t room = n;
		struct cask_mem m;

		cask_load(&ar, cask_mem_read(&m, wire, n));
		assert_true(cask_more(&ar));
		assert_null(item_run(&ar, &got, &room));
		item_x(&ar, &got);
		assert_int_equal(ar.err, CASK_ECUT);
		assert_string_equal(cask_why(&ar),
		    "text p->name at byte 2: stream ended inside a message");
	}
}

/* A change to the settings or to what is stored, and whether it is a run. */
static const struct {
	struct cask_ar ar;
	const char *name;
	bool run;
} cases[] = {
	{ { .form = CASK_ANSI }, "plain", true },
	{ { .form = CASK_UNICODE }, "plain", true },
	{ { 0 }, "pl\xC3\xA4in", true },
	{ { .form = CASK_ANSI }, "pl\xC3\xA4in", false },
	{ { .form = CASK_UTF8 }, "plain", false },
	{ { .form = CASK_ANSI, .limit.text = 5 }, "plain", true },
	{ { .form = CASK_ANSI, .limit.text = 4 }, "plain", false },
	{ { .limit.text = 4 }, "plain", false },
	{ { .form = CASK_ANSI }, "without_end", true },
	{ { .form = CASK_ANSI }, "without_end_", false },
	{ { .replace = true }, "pl\xFFin", false },
};

static void
what_is_rare_leaves_the_run(void **state)
{
	unsigned char block[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cask_ar ar = cases[i].ar;
		struct item p = plain;
		size_t room = sizeof block;
		struct cask_mem m;

		memcpy(p.name, cases[i].name,
		    strlen(cases[i].name) < sizeof p.name
			? strlen(cases[i].name) + 1
			: sizeof p.name);
		ar.buffer = block;
		ar.buffer_size = sizeof block;
		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_put_u8(&ar, 1);
		assert_ptr_equal(ar.end, block + sizeof block);
		assert_int_equal(
		    item_run(&ar, &p, &room) != NULL, cases[i].run);
		assert_int_equal(ar.replaced, 0);
		assert_ptr_equal(ar.cur, block + 1);
		cask_abort(&ar);
		cask_mem_close(&m);
	}
}

/* The length of an ANSI text has one byte up to 254. */

#define LONG(F) F(text, s, 300)
CASK_LIST_STRUCT(long_text, LONG)
CASK_LIST_EXCHANGE(long_text, LONG)

static void
a_long_text_leaves_the_run(void **state)
{
	static unsigned char block[1024];

	(void)state;
	for (size_t n = 250; n < 300; n++) {
		struct cask_ar ar = { .form = CASK_ANSI,
			.buffer = block,
			.buffer_size = sizeof block };
		struct long_text p = { "" }, got = { "" };
		unsigned char *at;
		struct cask_mem m;
		size_t room = 0;

		memset(p.s, 'A', n);
		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_put_u8(&ar, 1);
		at = long_text_run_(
		    &ar, ar.cur, &p, &room, ar.levels, false, false);
		assert_int_equal(at != NULL, n < 0xFF);
		long_text_x(&ar, &p);
		assert_int_equal(cask_flush(&ar), 0);
		cask_load(&ar, &m.io);
		assert_int_equal(cask_get_u8(&ar), 1);
		long_text_x(&ar, &got);
		assert_int_equal(ar.err, 0);
		assert_string_equal(got.s, p.s);
		cask_mem_close(&m);
	}
}

/* Lists and functions written by hand within each other */

struct own {
	uint32_t n;
};

static void
own_x(struct cask_ar *ar, struct own *p)
{
	cask_u32(ar, &p->n);
	if (p->n == 13)
		cask_fail(ar, &p->n, EPROTO, "13 is none");
}

#define MIXED(F)          \
	F(u8, a)          \
	F(struct, own, o) \
	F(structs, own, more, 2)
CASK_LIST_STRUCT(mixed, MIXED)
CASK_LIST_EXCHANGE(mixed, MIXED)

static void
a_list_may_have_structs_that_are_exchanged_by_hand(void **state)
{
	static const unsigned char wire[] = { 1, 2, 0, 0, 0, 2, 0, 3, 0, 0, 0,
		4, 0, 0, 0 };
	struct mixed p = {
		.a = 1, .o = { 2 }, .more_count = 2, .more = { { 3 }, { 4 } }
	};
	struct cask_ar ar = { 0 };
	struct mixed got = { 0 };
	unsigned char block[64];
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	mixed_x(&ar, &p);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, sizeof wire);
	assert_memory_equal(block, wire, sizeof wire);
	cask_load(&ar, &m.io);
	mixed_x(&ar, &got);
	assert_int_equal(ar.err, 0);
	assert_int_equal(got.a, 1);
	assert_int_equal(got.o.n, 2);
	assert_int_equal(got.more_count, 2);
	assert_int_equal(got.more[1].n, 4);

	p.more[1].n = 13;
	cask_measure(&ar);
	mixed_x(&ar, &p);
	assert_int_equal(ar.err, EPROTO);
	assert_string_equal(
	    cask_why(&ar), "p->more[1].n at byte 15: 13 is none");
}

/* What is copied for a run, every length with nothing odd and with something
 * odd anywhere: from and to blocks of just that size. */

#define LONGEST 70

static const unsigned char odd[] = { 0x00, 0x80, 0xFF, 0x81 };

static unsigned char *
exact(size_t n)
{
	unsigned char *p = malloc(n > 0 ? n : 1);

	assert_non_null(p);
	return p;
}

static void
assert_copies_plain(const unsigned char *text, size_t n, bool is_plain)
{
	unsigned char *from = exact(n), *to = exact(n);

	memcpy(from, text, n);
	assert_int_equal(cask_copy_plain(to, from, n), is_plain);
	if (is_plain)
		assert_memory_equal(to, text, n);
	free(from);
	free(to);
}

static void
plain_text_of_any_length_is_copied_and_other_text_is_found(void **state)
{
	unsigned char text[LONGEST] = { 0 };

	(void)state;
	for (size_t n = 0; n <= LONGEST; n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = i % 2 != 0 ? 0x7F : 1;
		assert_copies_plain(text, n, true);
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < sizeof odd; k++) {
				unsigned char was = text[i];

				text[i] = odd[k];
				assert_copies_plain(text, n, false);
				text[i] = was;
			}
	}
}

static size_t
length_copied(const unsigned char *text, size_t size)
{
	unsigned char *from = exact(size), *to = exact(size);
	size_t n;

	memcpy(from, text, size);
	n = cask_copy_string(to, from, size);
	if (n < size)
		assert_memory_equal(to, text, n);
	free(from);
	free(to);
	return n;
}

/* Behind the end anything may stand. */
static void
a_string_is_copied_to_its_end_if_it_is_plain(void **state)
{
	unsigned char text[LONGEST] = { 0 };

	(void)state;
	for (size_t size = 0; size <= LONGEST; size++) {
		memset(text, 1, sizeof text);
		assert_int_equal(length_copied(text, size), size);
		for (size_t end = 0; end < size; end++)
			for (size_t k = 0; k < sizeof odd; k++) {
				memset(text, 0x7F, end);
				memset(text + end, odd[k], size - end);
				text[end] = '\0';
				assert_int_equal(
				    length_copied(text, size), end);
				text[end] = 1;
				if (k == 0 && end + 1 < size)
					continue;
				assert_int_equal(
				    length_copied(text, size), size);
			}
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    plain_text_of_any_length_is_copied_and_other_text_is_found),
	cmocka_unit_test(a_string_is_copied_to_its_end_if_it_is_plain),
	cmocka_unit_test(a_list_stores_what_its_members_do_one_by_one),
	cmocka_unit_test(a_list_loads_what_its_members_do_one_by_one),
	cmocka_unit_test(all_of_a_small_message_goes_in_a_run),
	cmocka_unit_test(what_is_not_all_there_leaves_the_run),
	cmocka_unit_test(what_is_rare_leaves_the_run),
	cmocka_unit_test(a_long_text_leaves_the_run),
	cmocka_unit_test(a_list_may_have_structs_that_are_exchanged_by_hand),
};

RUN_TESTS(tests)
