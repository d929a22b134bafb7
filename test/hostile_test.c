/*
 * Hostile bytes: everything cut, flipped, and lying about its length.  Nothing
 * may be read beyond what came, believed before it came, or left half loaded.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "golden.h"
#include "own_io.h"
#include "test.h"

#include <cask.h>

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

/*
 * Long rows (65533 units and more) are tried at both ends, and here and there
 * between; with CASK_TEST_LONG in the environment they are cut everywhere,
 * which takes minutes.
 */
static size_t
next_of(size_t at, size_t length, size_t edge)
{
	if (length < 1000 || at < edge || at + edge >= length)
		return at + 1;
	at += length / 16;
	return at + edge < length ? at : length - edge;
}

static bool
is_ours(int err)
{
	return err == 0 || err == CASK_ECUT || err == CASK_ELIMIT ||
	    err == CASK_ETEXT || err == EILSEQ;
}

/* Load a kind from bytes that stand in a block of exactly their size. */
static int
load_block(const struct golden *g, bool big, const unsigned char *bytes,
    size_t n, struct golden_value *v)
{
	unsigned char *block = malloc(n > 0 ? n : 1);
	unsigned char *end = block + (n > 0 ? 0 : 1);
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	assert_non_null(block);
	memcpy(end, bytes, n);
	golden_set(&ar, g, big);
	golden_place(g, v);
	cask_load(&ar, cask_mem_read(&m, end, n));
	golden_exchange(&ar, g->kind, v);
	assert_true(cask_at(&ar) <= n);
	if (ar.err != 0) {
		golden_assert_zero(g, v);
		assert_int_equal(cask_get_u32(&ar), 0);
		assert_int_equal(cask_get_count(&ar, 9), 0);
	}
	free(block);
	return ar.err;
}

static void
each_row(void (*check)(const struct golden *, bool, unsigned char *, size_t))
{
	for (size_t i = 0; i < COUNT(goldens); i++)
		for (int way = 0; way < 4; way++) {
			struct golden g = goldens[i];
			size_t n;
			unsigned char *bytes;

			if (way >= 2 && g.kind != GOLDEN_TEXT)
				continue;
			if (way >= 2)
				g.kind = GOLDEN_DUP;
			bytes = golden_bytes(&g, way % 2, &n);
			check(&g, way % 2, bytes, n);
			free(bytes);
		}
	assert_int_equal(fault_allocations(), 0);
}

static void
check_cuts(const struct golden *g, bool big, unsigned char *bytes, size_t n)
{
	size_t edge = getenv("CASK_TEST_LONG") != NULL ? n : 200;
	struct golden_value v;

	for (size_t at = 0; at < n; at = next_of(at, n, edge)) {
		assert_int_equal(load_block(g, big, bytes, at, &v), CASK_ECUT);
		golden_free(&v, g->kind == GOLDEN_DUP);
	}
	assert_int_equal(load_block(g, big, bytes, n, &v), 0);
	golden_assert_value(g, &v);
	golden_free(&v, g->kind == GOLDEN_DUP);
}

static void
every_golden_cut_after_every_byte_is_cut_and_zero(void **state)
{
	(void)state;
	if (getenv("CASK_TEST_LONG") != NULL)
		alarm(20 * TEST_SECONDS);
	each_row(check_cuts);
	alarm(TEST_SECONDS);
}

/* A value that came through is one: texts end and are well-formed. */
static void
try_bytes(
    const struct golden *g, bool big, const unsigned char *bytes, size_t n)
{
	struct cask_progress done;
	struct golden_value v;
	int err = load_block(g, big, bytes, n, &v);

	assert_true(is_ours(err));
	if (golden_is_text(g) && v.text != NULL) {
		size_t length = strlen(v.text);

		assert_true(g->kind == GOLDEN_DUP || length < v.size);
		assert_int_equal(cask_utf8_to_utf8(NULL, 0, v.text, length,
				     CASK_STRICT, &done),
		    0);
	}
	if (g->kind == GOLDEN_BOOL)
		assert_true(
		    memcmp(&v.is, "\0", 1) == 0 || memcmp(&v.is, "\1", 1) == 0);
	golden_free(&v, g->kind == GOLDEN_DUP);
}

static void
check_flips(const struct golden *g, bool big, unsigned char *bytes, size_t n)
{
	for (size_t bit = 0; bit < 8 * n;
	     bit = bit % 8 == 7 ? 8 * next_of(bit / 8, n, 12) : bit + 1) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		try_bytes(g, big, bytes, n);
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

static void
every_flip_of_a_bit_is_survived(void **state)
{
	(void)state;
	each_row(check_flips);
}

static void
check_double_flips(
    const struct golden *g, bool big, unsigned char *bytes, size_t n)
{
	if (n > 40)
		return;
	for (size_t a = 0; a < 8 * n; a++)
		for (size_t b = a + 1; b < 8 * n; b++) {
			bytes[a / 8] ^= (unsigned char)(1 << a % 8);
			bytes[b / 8] ^= (unsigned char)(1 << b % 8);
			try_bytes(g, big, bytes, n);
			bytes[a / 8] ^= (unsigned char)(1 << a % 8);
			bytes[b / 8] ^= (unsigned char)(1 << b % 8);
		}
}

static void
every_two_flips_of_a_short_golden_are_survived(void **state)
{
	(void)state;
	each_row(check_double_flips);
}

/* Lies */

static const uint64_t lies[] = { 0, 1, 2, 4, 6, 0x7F, 0x80, 0xFE, 0xFF, 0x100,
	0x7FFF, 0x8000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0xFFFFFF, 0x1000000,
	0x1000001, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFD, 0xFFFFFFFE,
	0xFFFFFFFF, 0x100000000, 0x100000005, INT64_MAX, (uint64_t)1 << 63,
	UINT64_MAX - 1, UINT64_MAX, SIZE_MAX / 2, SIZE_MAX / 2 + 1,
	SIZE_MAX / 3, SIZE_MAX / 4, SIZE_MAX / 4 + 1 };

/* Each form of a length, with the marker or without, before 5 letters. */
static size_t
make_lie(unsigned char *to, uint64_t n, size_t width, bool wide, bool count)
{
	static const size_t widths[] = { 1, 2, 4, 8 };
	unsigned char *p = to;

	if (wide) {
		memcpy(p, "\xFF\xFE\xFF", 3);
		p += 3;
	}
	for (size_t i = count ? 1 : 0; i < COUNT(widths); i++) {
		bool last = widths[i] == width;

		for (size_t k = 0; k < widths[i]; k++)
			*p++ = (unsigned char)(last ? n >> 8 * k : 0xFF);
		if (last)
			break;
	}
	memcpy(p, "Hello", 5);
	return (size_t)(p + 5 - to);
}

static void
try_lie(const unsigned char *bytes, size_t n, enum cask_text_form form)
{
	struct cask_ar ar = { .form = form };
	struct cask_mem m;
	char s[6] = "12345", *dup = s;

	cask_load(&ar, cask_mem_read(&m, bytes, n));
	cask_text(&ar, s, sizeof s);
	assert_true(is_ours(ar.err));
	assert_true(ar.err == 0 || *s == '\0');
	assert_true(strlen(s) <= 5);
	fault_reset();
	cask_load(&ar, cask_mem_read(&m, bytes, n));
	cask_text_dup(&ar, &dup, SIZE_MAX);
	assert_true(is_ours(ar.err));
	assert_int_equal(ar.err != 0, dup == NULL);
	assert_in_range(fault_count(FAULT_REALLOC), 0, 2);
	caski_sys_free(dup);
}

static void
lengths_that_lie_are_not_believed(void **state)
{
	unsigned char bytes[32];

	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++)
		for (size_t width = 1; width <= 8; width *= 2)
			for (int kind = 0; kind < 3; kind++) {
				size_t n;

				if (kind == 2 && width == 1)
					continue;
				n = make_lie(bytes, lies[i], width, kind == 1,
				    kind == 2);
				try_lie(bytes, n,
				    kind == 2 ? CASK_UTF8 : CASK_ANSI);
			}
	assert_int_equal(fault_allocations(), 0);
}

static void
counts_that_lie_are_zero_and_allocate_nothing(void **state)
{
	unsigned char bytes[32];

	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++)
		for (size_t width = 2; width <= 8; width *= 2)
			for (int count32 = 0; count32 < 2; count32++) {
				size_t size = make_lie(
				    bytes, lies[i], width, false, true);
				struct cask_ar ar = { .count32 = count32 };
				struct cask_mem m;
				uint32_t n = 7, more = 7;

				fault_reset();
				cask_load(&ar, cask_mem_read(&m, bytes, size));
				cask_count(&ar, &n, 1000);
				assert_true(n <= 1000);
				assert_true(ar.err == 0 || n == 0);
				cask_count(&ar, &more, UINT32_MAX);
				assert_true(ar.err == 0 || more == 0);
				assert_int_equal(fault_count(FAULT_MALLOC), 0);
				assert_int_equal(fault_count(FAULT_REALLOC), 0);
			}
}

/* Bombs */

struct list {
	uint32_t count;
	uint64_t steps;
};

static void
item_x(struct cask_ar *ar, uint8_t *item)
{
	cask_u8(ar, item);
}

static void
ten_bytes_that_announce_2_to_the_32_things_load_none(void **state)
{
	static const char *const hexes[] = { "FF FF FF FF FF FF 01 02 03 04",
		"FF FF FE FF FF FF 01 02 03 04",
		"FF FF FF FF FF FF FF FF FF FF FF FF FF FF",
		"FF FF FF FF FF 00 01 02 03 04" };
	unsigned char bytes[16];
	uint8_t items[4] = { 1, 1, 1, 1 };
	struct cask_mem m;

	(void)state;
	for (size_t i = 0; i < COUNT(hexes); i++)
		for (int count32 = 0; count32 < 2; count32++) {
			struct cask_ar ar = { .count32 = count32 };
			size_t size = golden_hex(bytes, hexes[i]);
			uint32_t n = 4;

			fault_reset();
			cask_load(&ar, cask_mem_read(&m, bytes, size));
			cask_count(&ar, &n, COUNT(items));
			cask_structs(&ar, items, n, item_x);
			assert_int_equal(n, 0);
			assert_int_equal(items[0], 1);
			assert_int_equal(ar.err,
			    i == 0 && !count32 ? CASK_ECUT : CASK_ELIMIT);
			assert_int_equal(fault_count(FAULT_MALLOC), 0);
		}
}

/* In a process that has hardly any memory: what is announced is not asked for.
 */
static void
load_much_from_little(void)
{
	static const unsigned char ansi[] = { 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x40 };
	static const unsigned char wide[] = { 0xFF, 0xFE, 0xFF, 0xFF, 0xFF,
		0xFF, 0, 0, 0, 0x40 };
	struct rlimit little = { (rlim_t)64 << 20, (rlim_t)64 << 20 };
	int wrong = 0;

	if (setrlimit(RLIMIT_AS, &little) != 0)
		_exit(0);
	for (int i = 0; i < 2; i++) {
		struct cask_ar ar = { .limit = { .text = UINT64_MAX,
					  .message = UINT64_MAX } };
		struct own_io own;
		char *s = NULL;

		if (i == 0)
			cask_load(&ar, own_source(&own, ansi, sizeof ansi));
		else
			cask_load(&ar, own_source(&own, wide, sizeof wide));
		own.produce = 4 << 20; /* 4 MiB of 1 or 2 GiB */
		own.fill = 'x';
		cask_text_dup(&ar, &s, SIZE_MAX);
		wrong += ar.err != CASK_ECUT || s != NULL;
	}
	_exit(wrong);
}

static void
an_announced_gibibyte_needs_no_memory(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	if (SANITIZED)
		skip();
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		load_much_from_little();
	assert_int_equal(test_await(child, &status), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Structs in structs for as long as the peer says so. */
struct tree {
	uint8_t more;
	struct tree *next;
};

static unsigned depth;

static void
tree_x(struct cask_ar *ar, struct tree *t)
{
	struct tree below = { 0 };

	depth++;
	cask_u8(ar, &t->more);
	if (t->more)
		cask_struct(ar, &below, tree_x);
}

static void
nesting_ends_at_the_limit_however_long_the_peer_goes_on(void **state)
{
	struct cask_ar ar = { 0 };
	struct tree t = { 0 };
	struct own_io own;

	(void)state;
	own_open(&own);
	own.produce = 1000000;
	own.fill = 1;
	cask_load(&ar, &own.io);
	cask_struct(&ar, &t, tree_x);
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_int_equal(depth, 100);
}

/* A peer that never ends a message. */
static void
a_message_without_end_ends_at_its_limit(void **state)
{
	struct cask_ar ar = { .limit = { .message = 100000 } };
	struct own_io own;
	unsigned n = 0;
	char s[300];

	(void)state;
	own_open(&own);
	own.produce = UINT64_C(1) << 60;
	own.fill = 0x20; /* texts of 32 spaces */
	cask_load(&ar, &own.io);
	assert_true(cask_more(&ar));
	for (; ar.err == 0; n++)
		cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_int_equal(n, 100000 / 33 + 1);
	assert_in_range(own.moved, 100000, 100000 + CASK_BUFFER);
}

/* All that two bytes can say, then three of the worst and any of the last. */
static void
every_beginning_of_a_text_is_survived(void **state)
{
	static const enum cask_text_form forms[] = { CASK_ANSI, CASK_UTF8 };
	unsigned char bytes[16];
	struct golden g = { "any", GOLDEN_DUP, "", NULL, 0, "", 0, CASK_ANSI,
		932, false, true };

	(void)state;
	for (size_t f = 0; f < COUNT(forms); f++)
		for (unsigned i = 0; i < 65536; i += f ? 7 : 1) {
			memset(bytes, 0x83, sizeof bytes);
			bytes[0] = (unsigned char)(i >> 8);
			bytes[1] = (unsigned char)i;
			g.form = forms[f];
			try_bytes(&g, false, bytes, 2 + i % 14);
			memcpy(bytes, "\xFF\xFE\xFF", 3);
			bytes[3] = (unsigned char)(i >> 8);
			bytes[4] = (unsigned char)i;
			try_bytes(&g, i % 2, bytes, 5 + i % 11);
		}
	assert_int_equal(fault_allocations(), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_golden_cut_after_every_byte_is_cut_and_zero),
	cmocka_unit_test(every_flip_of_a_bit_is_survived),
	cmocka_unit_test(every_two_flips_of_a_short_golden_are_survived),
	cmocka_unit_test(lengths_that_lie_are_not_believed),
	cmocka_unit_test(counts_that_lie_are_zero_and_allocate_nothing),
	cmocka_unit_test(ten_bytes_that_announce_2_to_the_32_things_load_none),
	cmocka_unit_test(an_announced_gibibyte_needs_no_memory),
	cmocka_unit_test(
	    nesting_ends_at_the_limit_however_long_the_peer_goes_on),
	cmocka_unit_test(a_message_without_end_ends_at_its_limit),
	cmocka_unit_test(every_beginning_of_a_text_is_survived),
};

RUN_TESTS(tests)
