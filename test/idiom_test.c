/*
 * The conventions chapter of <cask.h>: its very lines, taken from there, stored
 * and loaded, counted and released; and what is said when they go wrong.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "test.h"

#include <cask.h>

#include "cask_example.h"

/* An order, and its bytes: ANSI, in a message */

static char note[] = "hi";

static struct order
an_order(void)
{
	struct order o = { .has_gift = true,
		.gift = { "cup", 1, 0.5 },
		.count = 2,
		.items = { { "a", 3, 1 }, { "b", 4, 2.5 } },
		.kind = 1,
		.hash = { 1, 2, 3, 0xFF },
		.note = note,
		.flags = 9,
		.bonus = 5 };

	strcpy(o.pay.card, "1234");
	return o;
}

static const unsigned char wire[] = { 70, 0, 0, 0, /* its length */
	3, 0,                                      /* its version */
	1, 3, 'c', 'u', 'p', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 2, 0, 1,
	'a', 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 1, 'b', 4, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0x04, 0x40, 1, 4, '1', '2', '3', '4', 1, 2, 3, 0xFF, 2, 'h',
	'i', 9, 0, 0, 0, 5, 0, 0, 0 };

#define FLAGS 66 /* the byte where they begin */
#define BONUS 70

static size_t
store(unsigned char *block, size_t size, struct order *o)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	struct cask_mem m;

	cask_store(&ar, cask_mem_write(&m, block, size));
	assert_int_equal(send_order(&ar, o), 0);
	return m.length;
}

static int
load(struct cask_ar *ar, const unsigned char *bytes, size_t n, struct order *o)
{
	static struct cask_mem m; /* who loads may ask for more */

	memset(o, 0, sizeof *o);
	cask_load(ar, cask_mem_read(&m, bytes, n));
	cask_message(ar, o, order_x);
	return ar->err;
}

static void
release(struct order *o)
{
	struct cask_ar ar = { 0 };

	cask_release(&ar);
	order_x(&ar, o);
	assert_int_equal(ar.err, 0);
	assert_null(o->note);
}

/* All uses of the walk agree */

static void
a_quote_is_stored_and_loaded(void **state)
{
	static const unsigned char bytes[] = { 0xFF, 0xFE, 0xFF, 2, 'A', 0, 'B',
		0, 2, 0, 0, 0, 0, 0, 0, 0xC0, 0x44, 0x40, 0, 0, 0, 0, 0, 0x20,
		0x45, 0x40 };
	struct quote q = { "AB", 2, { 41.5, 42.25 } }, got;
	struct cask_ar ar = { 0 };
	unsigned char block[64];
	struct cask_mem m;

	(void)state;
	cask_measure(&ar);
	quote_x(&ar, &q);
	assert_int_equal(cask_at(&ar), sizeof bytes);
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	quote_x(&ar, &q);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, sizeof bytes);
	assert_memory_equal(block, bytes, sizeof bytes);
	cask_load(&ar, &m.io);
	quote_x(&ar, &got);
	assert_int_equal(ar.err, 0);
	assert_string_equal(got.symbol, "AB");
	assert_int_equal(got.count, 2);
	assert_memory_equal(got.price, q.price, 16);
}

static void
an_order_is_stored_as_it_always_was(void **state)
{
	unsigned char block[256];
	struct order o = an_order();

	(void)state;
	assert_int_equal(store(block, sizeof block, &o), sizeof wire);
	assert_memory_equal(block, wire, sizeof wire);
}

static void
an_order_is_measured_as_it_is_stored(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	struct order o = an_order();

	(void)state;
	cask_measure(&ar);
	assert_int_equal(send_order(&ar, &o), 0);
	assert_int_equal(cask_at(&ar), sizeof wire);
}

static void
an_order_is_loaded_as_it_was_stored(void **state)
{
	struct cask_ar ar = { 0 };
	unsigned char block[256];
	struct order o;

	(void)state;
	assert_int_equal(load(&ar, wire, sizeof wire, &o), 0);
	assert_false(cask_more(&ar));
	assert_string_equal(o.gift.name, "cup");
	assert_int_equal(o.count, 2);
	assert_true(o.items[1].price == 2.5);
	assert_string_equal(o.pay.card, "1234");
	assert_string_equal(o.note, "hi");
	assert_int_equal(o.flags, 9);
	assert_int_equal(o.bonus, 5);
	assert_int_equal(store(block, sizeof block, &o), sizeof wire);
	assert_memory_equal(block, wire, sizeof wire);
	release(&o);
}

static void
the_other_kind_of_a_union_and_no_option_go_there_and_back(void **state)
{
	struct order o = { .pay.cash = 100 }, got;
	unsigned char block[256];
	struct cask_ar ar = { 0 };
	size_t n = store(block, sizeof block, &o);

	(void)state;
	assert_int_equal(load(&ar, block, n, &got), 0);
	assert_false(got.has_gift);
	assert_int_equal(got.kind, 0);
	assert_int_equal(got.pay.cash, 100);
	assert_string_equal(got.note, "");
	release(&got);
}

static const char lines[] = "version = 3\n"
			    "bool    has_gift = true\n"
			    "text    gift.name = \"cup\"\n"
			    "u32     gift.pieces = 1\n"
			    "f64     gift.price = 0.5\n"
			    "count   count = 2\n"
			    "text    items[0].name = \"a\"\n"
			    "u32     items[0].pieces = 3\n"
			    "f64     items[0].price = 1\n"
			    "text    items[1].name = \"b\"\n"
			    "u32     items[1].pieces = 4\n"
			    "f64     items[1].price = 2.5\n"
			    "u8      kind = 1\n"
			    "text    pay.card = ***\n"
			    "bytes   hash = 010203ff\n"
			    "text    note = \"hi\"\n"
			    "u32     flags = 9\n"
			    "u32     bonus = 5\n";

static const char json[] =
    "{\"version\":3,\"has_gift\":true,"
    "\"gift\":{\"name\":\"cup\",\"pieces\":1,\"price\":0.5},\"count\":2,"
    "\"items\":[{\"name\":\"a\",\"pieces\":3,\"price\":1},"
    "{\"name\":\"b\",\"pieces\":4,\"price\":2.5}],"
    "\"kind\":1,\"pay.card\":\"***\",\"hash\":\"010203ff\","
    "\"note\":\"hi\",\"flags\":9,\"bonus\":5}\n";

static void
an_order_is_printed_without_its_secret(void **state)
{
	struct order o = an_order();
	char text[1024];
	struct cask_mem m;

	(void)state;
	for (int as_json = 0; as_json < 2; as_json++) {
		struct cask_ar ar = { .json = as_json != 0 };

		memset(text, 0, sizeof text);
		cask_print(&ar, cask_mem_write(&m, text, sizeof text - 1));
		order_x(&ar, &o);
		assert_int_equal(cask_flush(&ar), 0);
		assert_string_equal(text, as_json ? json : lines);
	}
}

static void
an_order_is_described_by_its_fields(void **state)
{
	struct order o = { 0 };
	struct cask_ar ar = { 0 };
	char text[1024] = "";
	struct cask_mem m;

	(void)state;
	cask_describe(&ar, cask_mem_write(&m, text, sizeof text - 1));
	order_x(&ar, &o);
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(text,
	    "version[3]\n"
	    "bool has_gift\n"
	    "text gift.name\n"
	    "u32 gift.pieces\n"
	    "f64 gift.price\n"
	    "count count\n"
	    "text items[].name\n"
	    "u32 items[].pieces\n"
	    "f64 items[].price\n"
	    "u8 kind\n"
	    "u32 pay.cash\n"
	    "bytes hash[4]\n"
	    "text note\n"
	    "u32 flags\n");
}

/* Memory that loading allocates */

static const unsigned char basket_wire[] = { 2, 0, /* items */
	1, 'a', 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 1, 'b', 4, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0x04, 0x40, 1, 0, /* a weight */
	0, 0, 0, 0, 0, 0, 0xE0, 0x3F, 1, /* the best */
	1, 'c', 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

static int
load_basket(struct cask_ar *ar, size_t n, struct basket *b)
{
	static struct cask_mem m;

	memset(b, 0, sizeof *b);
	cask_load(ar, cask_mem_read(&m, basket_wire, n));
	basket_x(ar, b);
	return ar->err;
}

static void
a_basket_is_loaded_stored_and_released(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	unsigned char block[sizeof basket_wire + 1];
	long live = fault_allocations();
	struct basket b;
	struct cask_mem m;

	(void)state;
	assert_int_equal(load_basket(&ar, sizeof basket_wire, &b), 0);
	assert_int_equal(fault_allocations(), live + 3);
	assert_int_equal(b.count, 2);
	assert_string_equal(b.items[1].name, "b");
	assert_int_equal(b.weights, 1);
	assert_true(b.weight[0] == 0.5);
	assert_int_equal(b.best->pieces, 5);
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	basket_x(&ar, &b);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, sizeof basket_wire);
	assert_memory_equal(block, basket_wire, sizeof basket_wire);
	free_basket(&ar, &b);
	assert_int_equal(fault_allocations(), live);
	assert_null(b.items);
	assert_null(b.best);

	memset(&b, 0, sizeof b); /* none of all */
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	basket_x(&ar, &b);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, 5);
}

static void
of_a_basket_that_is_cut_nothing_is_left(void **state)
{
	long live = fault_allocations();

	(void)state;
	for (size_t n = 0; n < sizeof basket_wire; n++) {
		struct cask_ar ar = { 0 };
		struct basket b;

		assert_int_equal(load_basket(&ar, n, &b), CASK_ECUT);
		free_basket(&ar, &b);
		assert_null(b.items);
		assert_null(b.weight);
		assert_null(b.best);
		assert_int_equal(fault_allocations(), live);
	}
}

/* What comes from elsewhere */

/* What byte n of the order belongs to, and where that begins. */
static const struct {
	size_t at;
	const char *what;
} places[] = {
	{ 0, "message o" },
	{ 4, "version o" },
	{ 6, "bool o.has_gift" },
	{ 7, "text o.gift.name" },
	{ 11, "u32 o.gift.pieces" },
	{ 15, "f64 o.gift.price" },
	{ 23, "count o.count" },
	{ 25, "text o.items[0].name" },
	{ 27, "u32 o.items[0].pieces" },
	{ 31, "f64 o.items[0].price" },
	{ 39, "text o.items[1].name" },
	{ 41, "u32 o.items[1].pieces" },
	{ 45, "f64 o.items[1].price" },
	{ 53, "u8 o.kind" },
	{ 54, "text o.pay.card" },
	{ 59, "bytes o.hash" },
	{ 63, "text o.note" },
	{ FLAGS, "u32 o.flags" },
	{ BONUS, "u32 o.bonus" },
};

static void
a_stream_that_ends_inside_a_message_leaves_nothing_behind(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof wire; n++) {
		struct cask_ar ar = { 0 };
		struct order o;
		char want[128];

		assert_int_equal(load(&ar, wire, n, &o), CASK_ECUT);
		snprintf(want, sizeof want,
		    "message o at byte 0: stream ended %s",
		    n > 0 ? "inside a message" : "before a message");
		assert_string_equal(cask_why(&ar), want);
		assert_int_equal(o.count, 0);
		assert_null(o.note);
	}
}

/* The length says that it ends there: all bytes have come. */
static void
a_message_that_ends_early_names_the_field(void **state)
{
	unsigned char bytes[sizeof wire];
	size_t k = 1;

	(void)state;
	for (size_t n = 4; n < BONUS; n++) {
		struct cask_ar ar = { 0 };
		struct order o;
		char want[128];

		while (k + 1 < COUNT(places) && n >= places[k + 1].at)
			k++;
		memcpy(bytes, wire, sizeof wire);
		bytes[0] = (unsigned char)(n - 4);
		assert_int_equal(load(&ar, bytes, n, &o), CASK_ECUT);
		snprintf(want, sizeof want,
		    "%s at byte %zu: its message ends here, after %zu bytes",
		    places[k].what, places[k].at, n - 4);
		assert_string_equal(cask_why(&ar), want);
		assert_int_equal(o.flags, 0);
		release(&o);
	}
}

static void
every_wrong_value_is_told_by_its_path(void **state)
{
	static const struct {
		size_t at;
		unsigned char byte;
		const char *why;
	} wrong[] = {
		{ 4, 4, "version o at byte 4: 4, the newest known is 3" },
		{ 22, 0xBF, "o.gift.price at byte 23: below 0" },
		{ 23, 9, "count o.count at byte 23: 9, limit 8" },
		{ 52, 0xC0, "o.items[1].price at byte 53: below 0" },
		{ 53, 2, "o.kind at byte 54: no way to pay" },
		{ 54, 20,
		    "text o.pay.card at byte 54: length 20, limit 19 "
		    "bytes" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		unsigned char bytes[sizeof wire];
		struct cask_ar ar = { 0 };
		struct order o;

		memcpy(bytes, wire, sizeof wire);
		bytes[wrong[i].at] = wrong[i].byte;
		assert_int_not_equal(load(&ar, bytes, sizeof bytes, &o), 0);
		assert_string_equal(cask_why(&ar), wrong[i].why);
		release(&o);
	}
}

static void
what_would_be_refused_is_not_sent(void **state)
{
	struct cask_ar ar = { .form = CASK_ANSI };
	struct order o = an_order();
	unsigned char block[256];
	struct cask_mem m;

	(void)state;
	o.kind = 7;
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	assert_int_equal(send_order(&ar, &o), EPROTO);
	assert_string_equal(cask_why(&ar), "o.kind at byte 54: no way to pay");
	assert_int_equal(m.length, 0);
}

/* Other ends, older and newer */

static void
an_older_version_lacks_its_newer_member_alone(void **state)
{
	unsigned char bytes[sizeof wire - 4];
	struct cask_ar ar = { 0 };
	struct order o;

	(void)state;
	memcpy(bytes, wire, FLAGS);
	memcpy(bytes + FLAGS, wire + BONUS, 4);
	bytes[0] -= 4;
	bytes[4] = 2;
	assert_int_equal(load(&ar, bytes, sizeof bytes, &o), 0);
	assert_int_equal(o.flags, 0);
	assert_int_equal(o.bonus, 5);
	release(&o);
}

static void
an_end_without_the_extension_is_understood(void **state)
{
	unsigned char bytes[2 * BONUS];
	struct cask_ar ar = { 0 };
	struct order o;
	struct cask_mem m;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		memcpy(bytes + i * BONUS, wire, BONUS);
		bytes[i * BONUS] -= 4;
	}
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	for (size_t i = 0; i < 2; i++) {
		memset(&o, 0, sizeof o);
		assert_true(cask_more(&ar));
		cask_message(&ar, &o, order_x);
		assert_int_equal(ar.err, 0);
		assert_int_equal(o.flags, 9);
		assert_int_equal(o.bonus, 0);
		release(&o);
	}
	assert_false(cask_more(&ar));
}

static void
what_a_newer_end_has_added_is_passed_over(void **state)
{
	unsigned char bytes[2 * (sizeof wire + 7)];
	struct cask_ar ar = { 0 };
	struct order o;
	struct cask_mem m;

	(void)state;
	memset(bytes, 0xFF, sizeof bytes);
	for (size_t i = 0; i < 2; i++) {
		memcpy(bytes + i * sizeof bytes / 2, wire, sizeof wire);
		bytes[i * sizeof bytes / 2] += 7;
	}
	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	for (size_t i = 0; i < 2; i++) {
		memset(&o, 0, sizeof o);
		assert_true(cask_more(&ar));
		cask_message(&ar, &o, order_x);
		assert_int_equal(ar.err, 0);
		assert_int_equal(o.bonus, 5);
		release(&o);
	}
	assert_false(cask_more(&ar));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_quote_is_stored_and_loaded),
	cmocka_unit_test(an_order_is_stored_as_it_always_was),
	cmocka_unit_test(an_order_is_measured_as_it_is_stored),
	cmocka_unit_test(an_order_is_loaded_as_it_was_stored),
	cmocka_unit_test(
	    the_other_kind_of_a_union_and_no_option_go_there_and_back),
	cmocka_unit_test(an_order_is_printed_without_its_secret),
	cmocka_unit_test(an_order_is_described_by_its_fields),
	cmocka_unit_test(a_basket_is_loaded_stored_and_released),
	cmocka_unit_test(of_a_basket_that_is_cut_nothing_is_left),
	cmocka_unit_test(
	    a_stream_that_ends_inside_a_message_leaves_nothing_behind),
	cmocka_unit_test(a_message_that_ends_early_names_the_field),
	cmocka_unit_test(every_wrong_value_is_told_by_its_path),
	cmocka_unit_test(what_would_be_refused_is_not_sent),
	cmocka_unit_test(an_older_version_lacks_its_newer_member_alone),
	cmocka_unit_test(an_end_without_the_extension_is_understood),
	cmocka_unit_test(what_a_newer_end_has_added_is_passed_over),
};

RUN_TESTS(tests)
