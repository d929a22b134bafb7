/*
 * Archives: messages and their ends, buffers of every size, limits, errors of
 * transports, and the path that an error names.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "golden.h"
#include "own_io.h"
#include "test.h"

#include "../lib/sys.h"

#include <cask.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

static void
assert_failed(const struct cask_ar *ar, int err, const char *why)
{
	assert_string_equal(cask_why(ar), why);
	assert_int_equal(ar->err, err);
}

/* Messages */

static void
the_end_of_the_stream_is_an_error_only_inside_a_message(void **state)
{
	static const unsigned char bytes[] = { 1, 0, 2, 0, 3, 0 };
	struct cask_mem m;

	(void)state;
	for (size_t n = 0; n <= sizeof bytes; n++)
		for (size_t size = 0; size < 4; size++) {
			struct cask_ar ar = { .buffer = (char[4]) { 0 },
				.buffer_size = size };
			unsigned messages = 0;

			cask_load(&ar, cask_mem_read(&m, bytes, n));
			while (cask_more(&ar)) {
				unsigned v = cask_get_u16(&ar);

				if (ar.err == 0)
					assert_int_equal(v, ++messages);
				else
					assert_int_equal(v, 0);
			}
			assert_int_equal(messages, n / 2);
			assert_int_equal(ar.err, n % 2 ? CASK_ECUT : 0);
			assert_false(cask_more(&ar));
			assert_int_equal(cask_at(&ar), n);
			cask_get_u8(&ar);
			assert_int_equal(ar.err, CASK_ECUT);
		}
}

static void
to_ask_for_more_takes_nothing(void **state)
{
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	cask_load(&ar, own_source(&own, "ab", 2));
	for (int i = 0; i < 3; i++)
		assert_true(cask_more(&ar));
	assert_int_equal(own.calls, 1);
	assert_int_equal(cask_get_u8(&ar), 'a');
	assert_true(cask_more(&ar));
	assert_int_equal(cask_get_u8(&ar), 'b');
	assert_false(cask_more(&ar));
	assert_int_equal(ar.err, 0);
}

static void
to_flush_sends_what_was_stored_and_no_more(void **state)
{
	struct cask_ar ar = { .buffer = (char[16]) { 0 }, .buffer_size = 16 };
	unsigned char got[8];
	struct own_io own;

	(void)state;
	cask_store(&ar, own_sink(&own, got, sizeof got));
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.calls, 0);
	cask_put_u32(&ar, 0x04030201);
	assert_int_equal(own.calls, 0);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.calls, 1);
	assert_memory_equal(got, "\1\2\3\4", 4);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.calls, 1);
	assert_int_equal(cask_at(&ar), 4);

	cask_load(&ar, own_source(&own, got, 4));
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.calls, 0);
	assert_int_equal(cask_get_u32(&ar), 0x04030201);
	assert_int_equal(cask_flush(&ar), 0);
	cask_get_u8(&ar);
	assert_int_equal(cask_flush(&ar), CASK_ECUT);
}

static void
what_is_pending_was_read_but_not_loaded(void **state)
{
	struct cask_ar ar = { .buffer = (char[16]) { 0 }, .buffer_size = 16 };
	struct own_io own;

	(void)state;
	cask_load(&ar, own_source(&own, "0123456789", 10));
	own.at_most = 6;
	assert_int_equal(cask_pending(&ar), 0);
	assert_true(cask_more(&ar));
	assert_int_equal(cask_pending(&ar), 6);
	cask_get_u32(&ar);
	assert_int_equal(cask_pending(&ar), 2);
	cask_get_u32(&ar);
	assert_int_equal(cask_pending(&ar), 2);
	cask_get_u32(&ar);
	assert_int_equal(cask_pending(&ar), 0);
	cask_store(&ar, own_sink(&own, NULL, 0));
	cask_put_u32(&ar, 1);
	assert_int_equal(cask_pending(&ar), 0);
}

/* The limit of a message ends what may be loaded, not what is there. */
static void
what_is_pending_may_be_more_than_a_message_may_have(void **state)
{
	struct cask_ar ar = { .buffer = (char[16]) { 0 },
		.buffer_size = 16,
		.limit = { .message = 4 } };
	struct own_io own;

	(void)state;
	cask_load(&ar, own_source(&own, "0123456789", 10));
	assert_true(cask_more(&ar));
	assert_int_equal(cask_pending(&ar), 10);
	cask_get_u32(&ar);
	assert_int_equal(cask_pending(&ar), 6);
	assert_true(cask_more(&ar));
	assert_int_equal(cask_pending(&ar), 6);
	assert_int_equal(ar.err, 0);
}

/* What a transport is told of. */
struct told {
	struct own_io own; /* first, with its io */
	unsigned starts;
	unsigned calls_before; /* … the last of them */
	unsigned calls;        /* at the last look */
};

static void
told_start(struct cask_io *io)
{
	struct told *t = (struct told *)io;

	t->starts++;
	t->calls_before = t->own.calls;
}

static const struct cask_io_table told_table = {
	.name = "told",
	.read = own_read,
	.write = own_write,
	.start = told_start,
};

/* Since the last look: one start, and all transfers after it. */
static void
assert_told_once(struct told *t)
{
	assert_int_equal(t->starts, 1);
	assert_int_equal(t->calls_before, t->calls);
	assert_true(t->own.calls > t->calls);
	t->starts = 0;
	t->calls = t->own.calls;
}

static void
assert_told_nothing(struct told *t)
{
	assert_int_equal(t->starts, 0);
	assert_int_equal(t->own.calls, t->calls);
}

static void
a_transport_is_told_of_each_value_that_is_loaded_by_it_once(void **state)
{
	struct told t = { .starts = 0 };
	struct cask_ar ar = { .buffer = (char[8]) { 0 }, .buffer_size = 8 };
	char s[4], *dup, block[20];
	uint16_t array[40];
	uint32_t x;

	(void)state;
	own_open(&t.own);
	t.own.io.table = &told_table;
	t.own.produce = 1 << 20;
	t.own.fill = 2;
	t.own.at_most = 1;
	cask_load(&ar, &t.own.io);
	assert_told_nothing(&t);
	for (int i = 0; i < 2; i++) {
		ar.big_endian = i;
		cask_u32(&ar, &x);
		assert_told_once(&t);
		cask_get_u16(&ar);
		assert_told_once(&t);
		cask_text(&ar, s, sizeof s);
		assert_told_once(&t);
		cask_text_dup(&ar, &dup, 9);
		assert_told_once(&t);
		assert_string_equal(dup, "\2\2");
		caski_sys_free(dup);
		cask_bytes(&ar, block, sizeof block);
		assert_told_once(&t);
		cask_get_count(&ar, 0x0202);
		assert_told_once(&t);
		cask_u16_array(&ar, array, COUNT(array));
		assert_told_once(&t);
		assert_int_equal(cask_flush(&ar), 0);
		assert_told_nothing(&t);
	}
	assert_true(cask_more(&ar));
	assert_told_once(&t);
	assert_true(cask_more(&ar)); /* it is in the buffer */
	cask_get_u8(&ar);
	assert_told_nothing(&t);
	assert_int_equal(ar.err, 0);

	/* … and when the buffer holds several */
	t.own.at_most = 0;
	cask_u16(&ar, &array[0]);
	assert_told_once(&t);
	cask_u16(&ar, &array[0]);
	cask_u32(&ar, &x);
	assert_told_nothing(&t);
	assert_int_equal(cask_pending(&ar), 0);
}

static void
a_transport_is_told_of_each_value_that_is_stored_by_it_once(void **state)
{
	struct told t = { .starts = 0 };
	struct cask_ar ar = {
		.form = CASK_ANSI, .buffer = (char[8]) { 0 }, .buffer_size = 8
	};
	char block[20] = "abcdefghijklmnopqrs", *s = block;
	uint16_t array[40] = { 0 };
	uint32_t x = 1;

	(void)state;
	own_open(&t.own);
	t.own.io.table = &told_table;
	t.own.at_most = 1;
	cask_store(&ar, &t.own.io);
	assert_int_equal(cask_flush(&ar), 0);
	cask_put_u64(&ar, 1);
	assert_told_nothing(&t);
	cask_u32(&ar, &x);
	assert_told_once(&t);
	cask_put_u32(&ar, 1);
	assert_told_nothing(&t);
	cask_text(&ar, block, sizeof block);
	assert_told_once(&t);
	cask_text_dup(&ar, &s, 20);
	assert_told_once(&t);
	cask_bytes(&ar, block, sizeof block);
	assert_told_once(&t);
	cask_put_bytes(&ar, block, sizeof block);
	assert_told_once(&t);
	for (int i = 0; i < 2; i++) {
		ar.big_endian = CASK_HOST_BIG != i; /* the host's first */
		cask_u16_array(&ar, array, COUNT(array));
		assert_told_once(&t);
	}
	assert_int_equal(cask_flush(&ar), 0);
	assert_told_once(&t);
	cask_put_u32(&ar, 1);
	assert_told_nothing(&t);
	cask_put_u32(&ar, 1);
	assert_told_nothing(&t);
	cask_put_count(&ar, 1);
	assert_told_once(&t);
	assert_int_equal(cask_flush(&ar), 0);
	assert_told_once(&t);
	assert_int_equal(cask_flush(&ar), 0);
	assert_told_nothing(&t);
}

/* Buffers */

/* The whole table as one stream. */
struct stream {
	unsigned char *bytes;
	size_t length;
};

static void
append(struct stream *s, const struct golden *g, bool big)
{
	size_t n;
	unsigned char *b = golden_bytes(g, big, &n);

	s->bytes = realloc(s->bytes, s->length + n);
	assert_non_null(s->bytes);
	memcpy(s->bytes + s->length, b, n);
	s->length += n;
	free(b);
}

static void
store_goldens(
    struct cask_ar *ar, const struct stream *s, size_t at_most, bool big)
{
	unsigned char *got = malloc(s->length);
	struct golden_value v;
	struct own_io own;
	size_t room = s->length;

	assert_non_null(got);
	cask_store(ar, own_sink(&own, got, room));
	own.at_most = at_most;
	for (size_t i = 0; i < COUNT(goldens); i++) {
		const struct golden *g = &goldens[i];
		size_t n;

		golden_set(ar, g, big);
		golden_make(g, &v);
		if (g->loaded_only) {
			unsigned char *b = golden_bytes(g, big, &n);

			cask_put_bytes(ar, b, n);
			free(b);
		} else {
			golden_exchange(ar, g->kind, &v);
		}
		golden_free(&v, false);
	}
	assert_int_equal(cask_flush(ar), 0);
	assert_int_equal(own.moved, s->length);
	assert_int_equal(cask_at(ar), s->length);
	assert_memory_equal(got, s->bytes, s->length);
	free(got);
}

static void
load_goldens(struct cask_ar *ar, const struct stream *s, size_t at_most,
    bool big, bool dup)
{
	struct golden_value v;
	struct own_io own;

	cask_load(ar, own_source(&own, s->bytes, s->length));
	own.at_most = at_most;
	for (size_t i = 0; i < COUNT(goldens); i++) {
		struct golden g = goldens[i];

		if (g.kind == GOLDEN_TEXT && dup)
			g.kind = GOLDEN_DUP;
		golden_set(ar, &g, big);
		golden_place(&g, &v);
		assert_true(cask_more(ar));
		golden_exchange(ar, g.kind, &v);
		assert_string_equal(cask_why(ar), "no error");
		golden_assert_value(&g, &v);
		golden_free(&v, g.kind == GOLDEN_DUP);
	}
	assert_false(cask_more(ar));
	assert_int_equal(ar->err, 0);
	assert_int_equal(cask_at(ar), s->length);
}

static void
buffers_and_transfers_of_any_size_carry_the_same_bytes(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 7, 8, 128, 65536 };
	static const size_t transfers[] = { 0, 1, 3 };
	static unsigned char buffer[65536];

	(void)state;
	for (int big = 0; big < 2; big++) {
		struct stream s = { 0 };

		for (size_t i = 0; i < COUNT(goldens); i++)
			append(&s, &goldens[i], big);
		for (size_t b = 0; b < COUNT(sizes); b++)
			for (size_t t = 0; t < COUNT(transfers); t++) {
				struct cask_ar ar = { .buffer = buffer,
					.buffer_size = sizes[b] };

				store_goldens(&ar, &s, transfers[t], big);
				load_goldens(&ar, &s, transfers[t], big, false);
				load_goldens(&ar, &s, transfers[t], big, true);
			}
		free(s.bytes);
	}
	assert_int_equal(fault_allocations(), 0);
}

/* 14 bytes, cut in all of the 2^13 ways there are. */
static void
no_way_of_cutting_transfers_can_be_seen(void **state)
{
	static const unsigned char bytes[14] = "\1\2\0\0\0\3abc\4\0\0\5\6";
	unsigned char got[sizeof bytes], buffer[3];
	struct own_io own;
	char s[4];

	(void)state;
	for (uint64_t cuts = 0; cuts < 1 << 13; cuts++) {
		struct cask_ar ar = { .form = CASK_ANSI,
			.buffer = buffer,
			.buffer_size = cuts % 4 };

		cask_load(&ar, own_source(&own, bytes, sizeof bytes));
		own.cuts = cuts;
		assert_int_equal(cask_get_u8(&ar), 1);
		assert_int_equal(cask_get_u32(&ar), 2);
		assert_int_equal(cask_get_text(&ar, s, sizeof s), 3);
		assert_string_equal(s, "abc");
		assert_int_equal(cask_get_count(&ar, 9), 4);
		ar.big_endian = true;
		assert_int_equal(cask_get_u16(&ar), 5);
		assert_int_equal(cask_get_i8(&ar), 6);
		assert_false(cask_more(&ar));
		assert_int_equal(ar.err, 0);

		ar.big_endian = false;
		cask_store(&ar, own_sink(&own, got, sizeof got));
		own.cuts = cuts;
		cask_put_u8(&ar, 1);
		cask_put_u32(&ar, 2);
		cask_put_text(&ar, "abc");
		cask_put_count(&ar, 4);
		ar.big_endian = true;
		cask_put_u16(&ar, 5);
		cask_put_i8(&ar, 6);
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(own.moved, sizeof bytes);
		assert_memory_equal(got, bytes, sizeof bytes);
	}
}

/* Limits: bytes of a message */

/* A message of 24 bytes in all ways there are. */
static void
message_x(struct cask_ar *ar, unsigned *done)
{
	static const uint8_t ends[] = { 1, 5, 7, 8, 16, 21, 24 };
	uint8_t byte = 1;
	uint32_t word = 2;
	uint16_t pair = 3;
	uint64_t array[1] = { 4 };
	char text[8] = "text", block[3] = "abc";
	unsigned was = *done;

	cask_u8(ar, &byte);
	*done += ar->err == 0;
	cask_u32(ar, &word);
	*done += ar->err == 0;
	cask_u16(ar, &pair);
	*done += ar->err == 0;
	cask_u8(ar, &byte);
	*done += ar->err == 0;
	cask_u64_array(ar, array, 1);
	*done += ar->err == 0;
	cask_text(ar, text, sizeof text);
	*done += ar->err == 0;
	cask_bytes(ar, block, sizeof block);
	*done += ar->err == 0;
	was = *done - was;
	/* exactly the values that end within the limit */
	for (unsigned i = 0; i < COUNT(ends); i++)
		assert_int_equal(i < was, ends[i] <= ar->limit.message);
}

static void
check_message_limit(struct cask_ar *ar, uint64_t limit)
{
	unsigned char got[80];
	struct own_io own;
	unsigned done = 0;
	char why[80];

	ar->form = CASK_ANSI;
	ar->limit.message = limit;
	cask_store(ar, own_sink(&own, got, sizeof got));
	message_x(ar, &done);
	if (limit >= 24) {
		for (int i = 0; i < 2; i++) {
			assert_int_equal(cask_flush(ar), 0);
			message_x(ar, &done);
		}
		assert_int_equal(cask_flush(ar), 0);
		assert_int_equal(own.moved, 72);
		cask_load(ar, own_source(&own, got, 72));
		done = 0;
		while (cask_more(ar))
			message_x(ar, &done);
		assert_int_equal(ar->err, 0);
		assert_int_equal(done, 21);
		return;
	}
	snprintf(why, sizeof why,
	    "message of more than %u bytes (limit.message; cask_more begins "
	    "the next)",
	    (unsigned)limit);
	assert_non_null(strstr(cask_why(ar), why));
	assert_int_equal(ar->err, CASK_ELIMIT);
	assert_in_range(own.moved, 0, limit);
}

static void
a_message_is_limited_to_the_byte_in_both_directions(void **state)
{
	unsigned char bytes[24], buffer[64];
	unsigned done = 0;

	(void)state;
	for (size_t size = 0; size <= sizeof buffer; size++)
		for (uint64_t limit = 1; limit < 30; limit++) {
			struct cask_ar ar = { .buffer = buffer,
				.buffer_size = size,
				.big_endian = limit % 2 };
			struct own_io own;

			check_message_limit(&ar, limit);
			ar.limit.message = UINT64_MAX;
			cask_store(&ar, own_sink(&own, bytes, sizeof bytes));
			message_x(&ar, &done);
			cask_flush(&ar);
			ar.limit.message = limit;
			cask_load(&ar, own_source(&own, bytes, sizeof bytes));
			assert_true(cask_more(&ar));
			message_x(&ar, &done);
			assert_int_equal(ar.err, limit < 24 ? CASK_ELIMIT : 0);
			assert_true(cask_at(&ar) <= limit);
		}
}

static void
the_limit_of_a_message_has_words(void **state)
{
	struct cask_ar ar = { .limit = { .message = 10 } };
	uint32_t x = 7;
	struct own_io own;

	(void)state;
	cask_load(&ar, own_source(&own, "0123456789012345", 16));
	cask_get_u64(&ar);
	cask_u32(&ar, &x);
	assert_failed(&ar, CASK_ELIMIT,
	    "u32 x at byte 8 from a peer: message of more than 10 bytes "
	    "(limit.message; cask_more begins the next)");
	assert_int_equal(x, 0);
	cask_store(&ar, own_sink(&own, NULL, 0));
	cask_put_u64(&ar, 1);
	cask_u32(&ar, &x);
	assert_failed(&ar, CASK_ELIMIT,
	    "u32 x at byte 8: message of more than 10 bytes "
	    "(limit.message; cask_more begins the next)");
}

static void
a_raised_limit_loses_no_bytes(void **state)
{
	struct cask_ar ar = { .limit = { .message = 4 } };
	char s[5] = "";
	struct own_io own;

	(void)state;
	cask_load(&ar, own_source(&own, "0123456789", 10));
	assert_int_equal(cask_get_u32(&ar), 0x33323130);
	ar.limit.message = 9;
	cask_get_bytes(&ar, s, 4);
	assert_string_equal(s, "4567");
	assert_int_equal(cask_get_u8(&ar), '8');
	assert_int_equal(ar.err, 0);
	cask_get_u8(&ar);
	assert_int_equal(ar.err, CASK_ELIMIT);

	ar.limit.message = 4;
	cask_store(&ar, own_sink(&own, s, 5));
	cask_put_u32(&ar, 0x33323130);
	ar.limit.message = 5;
	cask_put_u8(&ar, '4');
	assert_int_equal(cask_flush(&ar), 0);
	assert_memory_equal(s, "01234", 5);
}

static uint64_t
load_mebibytes(struct cask_ar *ar, unsigned n)
{
	static unsigned char block[1 << 20];

	while (n-- > 0 && ar->err == 0)
		cask_get_bytes(ar, block, sizeof block);
	return cask_at(ar);
}

static void
only_a_peer_is_limited_to_64_mib_by_itself(void **state)
{
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	for (int local = 0; local < 2; local++) {
		own_open(&own);
		own.produce = (uint64_t)1 << 40;
		if (local)
			own.io.table = &own_local_table;
		cask_load(&ar, &own.io);
		assert_true(cask_more(&ar));
		assert_int_equal(load_mebibytes(&ar, 64), 64 << 20);
		assert_int_equal(ar.err, 0);
		cask_get_u8(&ar);
		if (local)
			assert_int_equal(ar.err, 0);
		else
			assert_failed(&ar, CASK_ELIMIT,
			    "u8 at byte 67108864 from a peer: message of more "
			    "than 67108864 bytes (limit.message; cask_more "
			    "begins the next)");
	}
}

/* Memory and files are no peers. */
static void
what_is_loaded_from_here_is_not_limited_by_itself(void **state)
{
	size_t n = ((size_t)64 << 20) + 1;
	void *block = calloc(n, 1);
	FILE *tmp = tmpfile();
	struct cask_file f;
	struct cask_mem m;

	(void)state;
	assert_non_null(block);
	assert_non_null(tmp);
	assert_int_equal(ftruncate(fileno(tmp), (off_t)n), 0);
	for (int i = 0; i < 2; i++) {
		struct cask_ar ar = { 0 };

		cask_load(&ar,
		    i ? cask_mem_read(&m, block, n)
		      : cask_file_use(&f, fileno(tmp)));
		assert_int_equal(load_mebibytes(&ar, 64), n - 1);
		cask_get_u8(&ar);
		assert_string_equal(cask_why(&ar), "no error");
		assert_int_equal(cask_at(&ar), n);
		assert_false(cask_more(&ar));
		assert_int_equal(ar.err, 0);
	}
	fclose(tmp);
	free(block);
}

/* … and the stream may be longer than 32 bits can say. */
static void
offsets_go_beyond_2_to_the_32(void **state)
{
	static unsigned char block[1 << 20];
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	cask_store(&ar, own_sink(&own, NULL, 0));
	for (int i = 0; i < 5000; i++)
		cask_put_bytes(&ar, block, sizeof block);
	cask_put_u8(&ar, 1);
	assert_int_equal(cask_flush(&ar), 0);
	assert_true(cask_at(&ar) == UINT64_C(5000) * sizeof block + 1);
	assert_true(own.moved == cask_at(&ar));
	own.fail_at = own.moved;
	cask_put_u8(&ar, 1);
	cask_flush(&ar);
	assert_failed(&ar, EIO,
	    "flush at byte 5242880002: emit a peer: Input/output error");
}

/* Limits: depth */

struct node {
	unsigned levels; /* to make, when storing */
	uint8_t value;
	struct node *next;
};

static unsigned entered;

static void
node_x(struct cask_ar *ar, struct node *n)
{
	entered++;
	cask_u8(ar, &n->value);
	if (n->next != NULL)
		cask_struct(ar, n->next, node_x);
}

static void
structs_nest_to_the_limit_and_no_deeper(void **state)
{
	static struct node nodes[120];
	static unsigned char bytes[120];
	static const unsigned limits[] = { 0, 1, 3, 100, 110 };

	(void)state;
	memset(bytes, 9, sizeof bytes);
	for (int i = 0; i < 119; i++)
		nodes[i].next = &nodes[i + 1];
	for (size_t l = 0; l < COUNT(limits); l++)
		for (int storing = 0; storing < 2; storing++) {
			struct cask_ar ar = { .limit.depth = limits[l] };
			unsigned limit = limits[l] ? limits[l] : 100;
			struct cask_mem m;
			char why[80];

			entered = 0;
			if (storing)
				cask_store(&ar,
				    cask_mem_write(&m, bytes, sizeof bytes));
			else
				cask_load(&ar,
				    cask_mem_read(&m, bytes, sizeof bytes));
			cask_struct(&ar, &nodes[0], node_x);
			assert_int_equal(entered, limit);
			assert_int_equal(ar.err, CASK_ELIMIT);
			snprintf(why, sizeof why,
			    " at byte %u: more than %u structs deep "
			    "(limit.depth)",
			    limit, limit);
			assert_non_null(strstr(cask_why(&ar), why));
			assert_int_equal(nodes[limit - 1].value, 9);
			if (!storing)
				assert_null(nodes[limit].next); /* zeroed */
			nodes[limit].next = &nodes[limit + 1];
			nodes[limit].value = 9;
			assert_int_equal(ar.levels, ar.most_levels);
			assert_null(ar.frame);
		}
}

static void
exactly_as_deep_as_allowed_is_no_error(void **state)
{
	struct node inner = { 0 }, outer = { .next = &inner };
	struct cask_ar ar = { .limit.depth = 2 };
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "\1\2\3\4", 4));
	cask_struct(&ar, &outer, node_x);
	cask_struct(&ar, &outer, node_x);
	assert_int_equal(ar.err, 0);
	assert_int_equal(inner.value, 4);
	ar.limit.depth = 1;
	cask_load(&ar, cask_mem_read(&m, "\1\2", 2));
	cask_struct(&ar, &outer, node_x);
	assert_failed(&ar, CASK_ELIMIT,
	    "struct outer.next at byte 1: more than 1 structs deep "
	    "(limit.depth)");
	assert_int_equal(inner.value, 0);
}

static void
see_nothing(struct cask_ar *ar, const struct cask_field *field)
{
	(void)ar;
	(void)field;
}

/* Watched, every struct is entered the slow way. */
static void
who_is_watched_goes_as_deep_and_no_deeper(void **state)
{
	static struct node nodes[8];
	static unsigned char bytes[8];

	(void)state;
	for (int i = 0; i < 7; i++)
		nodes[i].next = &nodes[i + 1];
	for (unsigned limit = 1; limit < 8; limit++) {
		struct cask_ar ar = { .limit.depth = limit,
			.watch = see_nothing };
		struct cask_mem m;

		entered = 0;
		cask_store(&ar, cask_mem_write(&m, bytes, sizeof bytes));
		cask_struct(&ar, &nodes[0], node_x);
		assert_int_equal(entered, limit);
		assert_int_equal(ar.err, CASK_ELIMIT);
		assert_int_equal(ar.levels, ar.most_levels);
		assert_null(ar.frame);
	}
}

static void
a_limit_to_depth_may_be_any_number(void **state)
{
	struct node nodes[3] = { { .next = &nodes[1] }, { .next = &nodes[2] } };
	struct cask_ar ar = { .limit.depth = 1 };
	unsigned char bytes[4];
	struct cask_mem m;

	(void)state;
	entered = 0;
	cask_store(&ar, cask_mem_write(&m, bytes, sizeof bytes));
	ar.limit.depth = 3; /* a higher one holds at once */
	cask_struct(&ar, &nodes[0], node_x);
	assert_int_equal(entered, 3);
	assert_int_equal(ar.err, 0);
	assert_int_equal(ar.levels, ar.most_levels);
	ar.limit.depth = UINT_MAX;
	cask_store(&ar, cask_mem_write(&m, bytes, sizeof bytes));
	cask_struct(&ar, &nodes[0], node_x);
	assert_int_equal(entered, 6);
	assert_int_equal(ar.err, 0);
	assert_int_equal(ar.levels, ar.most_levels);
}

/* … should a program have got out of them in a way that it must not. */
static void
to_open_anew_forgets_the_structs_that_were_not_left(void **state)
{
	static struct node nodes[100];
	static const unsigned char bytes[100] = { 9 };
	struct cask_ar ar = { 0 };
	struct cask_frame frames[100], another;
	struct cask_mem m;
	uint8_t x;

	(void)state;
	for (int i = 0; i < 99; i++)
		nodes[i].next = &nodes[i + 1];
	cask_load(&ar, cask_mem_read(&m, "", 0));
	for (int i = 0; i < 100; i++)
		assert_true(cask_enter(&ar, &frames[i], "old"));

	cask_load(&ar, cask_mem_read(&m, bytes, sizeof bytes));
	entered = 0;
	cask_struct(&ar, &nodes[0], node_x);
	assert_string_equal(cask_why(&ar), "no error");
	assert_int_equal(entered, 100);
	assert_int_equal(nodes[0].value, 9);

	assert_true(cask_enter(&ar, &another, "old"));
	cask_load(&ar, cask_mem_read(&m, "", 0));
	cask_u8(&ar, &x);
	assert_failed(
	    &ar, CASK_ECUT, "u8 x at byte 0: stream ended before a message");
}

/* Paths */

struct disk {
	char name[8];
	uint32_t size;
};

struct report {
	uint32_t count;
	struct disk disks[8];
	struct disk *first;
};

static void
disk_x(struct cask_ar *ar, struct disk *d)
{
	cask_text(ar, d->name, sizeof d->name);
	cask_u32(ar, &d->size);
	if (d->size == 666)
		cask_fail(ar, NULL, EDOM, "no disk has this size");
}

static void
report_x(struct cask_ar *ar, struct report *r)
{
	cask_count(ar, &r->count, COUNT(r->disks));
	cask_structs(ar, r->disks, r->count, disk_x);
}

static void
an_error_names_the_whole_path(void **state)
{
	struct report report = { .count = 4 }, back;
	struct cask_ar ar = { .form = CASK_ANSI };
	struct cask_mem m;

	(void)state;
	strcpy(report.disks[3].name, "disk 3");
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_struct(&ar, &report, report_x);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(m.length, 2 + 3 * 5 + 11);

	m.length -= 5;
	cask_load(&ar, &m.io);
	cask_struct(&ar, &back, report_x);
	assert_failed(&ar, CASK_ECUT,
	    "text back.disks[3].name at byte 17: stream ended inside a "
	    "message");
	m.position = 0;
	m.length += 3;
	cask_load(&ar, &m.io);
	cask_struct(&ar, &back, report_x);
	assert_failed(&ar, CASK_ECUT,
	    "u32 back.disks[3].size at byte 24: stream ended inside a "
	    "message");
	m.position = 0;
	cask_load(&ar, &m.io);
	report_x(&ar, &back); /* without a path of its own */
	assert_failed(&ar, CASK_ECUT,
	    "u32 r->disks[3].size at byte 24: stream ended inside a message");
	cask_mem_close(&m);
}

/* Who asks before the structs have been left sees the end of the path. */
static char inside[4][128];

static void
asked_disk_x(struct cask_ar *ar, struct disk *d)
{
	disk_x(ar, d);
	strcpy(inside[0], cask_why(ar));
}

static void
asked_x(struct cask_ar *ar, struct report *r)
{
	cask_structs(ar, r->disks, 2, asked_disk_x);
	strcpy(inside[1], cask_why(ar));
	cask_struct(ar, r->first, disk_x);
	strcpy(inside[2], cask_why(ar));
}

static void
each_struct_that_is_left_adds_its_name_to_the_path(void **state)
{
	struct disk first;
	struct report report = { .first = &first };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "\1a\1\0\0\0\1b\1", 9));
	cask_struct(&ar, &report, asked_x);
	strcpy(inside[3], cask_why(&ar));
	assert_string_equal(
	    inside[0], "u32 size at byte 8: stream ended inside a message");
	assert_string_equal(inside[1],
	    "u32 disks[1].size at byte 8: stream ended inside a message");
	assert_string_equal(inside[2], inside[1]);
	assert_string_equal(inside[3],
	    "u32 report.disks[1].size at byte 8: stream ended inside a "
	    "message");
	cask_struct(&ar, &report, asked_x);
	assert_failed(&ar, CASK_ECUT, inside[3]);
}

static char seen_path[64], seen_error[64];

static void
see_path(struct cask_ar *ar, const struct cask_field *field)
{
	(void)ar;
	if (field->error != NULL) {
		strcpy(seen_path, field->path);
		strcpy(seen_error, field->error);
	}
}

/* … whose path comes from elsewhere: from the structs that are not left yet. */
static void
who_watches_is_told_the_path_that_the_error_will_have(void **state)
{
	static struct node nodes[8];
	char why[192];
	struct cask_mem m;

	(void)state;
	for (int i = 0; i < 7; i++)
		nodes[i].next = &nodes[i + 1];
	for (size_t n = 0; n < 8; n++) {
		struct cask_ar ar = { 0 }, watched = { .watch = see_path };

		cask_load(&ar, cask_mem_read(&m, "\1\2\3\4\5\6\7", n));
		cask_struct(&ar, &nodes[0], node_x);
		cask_load(&watched, cask_mem_read(&m, "\1\2\3\4\5\6\7", n));
		cask_struct(&watched, &nodes[0], node_x);
		snprintf(why, sizeof why, "u8 %s at byte %zu: %s", seen_path, n,
		    seen_error);
		assert_failed(&ar, CASK_ECUT, why);
		assert_failed(&watched, CASK_ECUT, why);
	}
	assert_string_equal(
	    seen_path, "nodes[0].next.next.next.next.next.next.next.value");
}

/* … unless, opened anew, it has failed of something else since. */
static void
a_peer_fails_with_the_whole_path_of_what_could_not_be_stored(void **state)
{
	struct report report = { .count = 3 };
	char long_name[300];
	struct own_io own;
	struct cask_ar ar = { 0 };
	struct cask_frame f;

	(void)state;
	report.disks[2].size = 666;
	own_sink(&own, NULL, 0);
	cask_store(&ar, &own.io);
	cask_struct(&ar, &report, report_x);
	assert_failed(&ar, EDOM,
	    "struct report.disks[2] at byte 26: no disk has this size");
	assert_int_equal(own.io.err, EDOM);
	assert_string_equal(own.io.words, cask_why(&ar));

	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	own_sink(&own, NULL, 0);
	cask_store(&ar, &own.io);
	cask_enter(&ar, &f, long_name);
	cask_struct(&ar, &report, report_x);
	cask_leave(&ar, &f);
	assert_memory_equal(cask_why(&ar), "struct ...nnn", 13);
	assert_memory_equal(own.io.words, cask_why(&ar), 119);
	assert_int_equal(strlen(own.io.words), 119);

	own_sink(&own, NULL, 0);
	cask_store(&ar, &own.io);
	cask_enter(&ar, &f, "outer");
	cask_struct(&ar, &report, report_x);
	memset(&own.io, 0, sizeof own.io);
	cask_io_fail(&own.io, EDOM, "send");
	cask_leave(&ar, &f);
	assert_failed(&ar, EDOM,
	    "struct outer.report.disks[2] at byte 26: no disk has this size");
	assert_string_equal(own.io.words, "");
}

static void
spelled_x(struct cask_ar *ar, struct disk *d)
{
	cask_u32(ar, &(*d).size);
}

static void
spelled_within_x(struct cask_ar *ar, struct disk *d)
{
	struct {
		uint8_t cell[4];
	} t;

	d->size = 2;
	cask_u8(ar, &t.cell[d->size]);
}

static void
a_field_is_named_however_it_is_spelled(void **state)
{
	struct disk disks[2], *d = disks;
	uint32_t x, *p = &x, **pp = &p;
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "", 0));
	cask_u32(&ar, &x);
	assert_failed(
	    &ar, CASK_ECUT, "u32 x at byte 0: stream ended before a message");
	cask_load(&ar, &m.io);
	cask_u32(&ar, &(*pp)[0]);
	assert_failed(&ar, CASK_ECUT,
	    "u32 (*pp)[0] at byte 0: stream ended before a message");
	cask_load(&ar, &m.io);
	cask_u32(&ar, p);
	assert_failed(
	    &ar, CASK_ECUT, "u32 p at byte 0: stream ended before a message");
	cask_load(&ar, &m.io);
	cask_struct(&ar, &d[1], spelled_x);
	assert_failed(&ar, CASK_ECUT,
	    "u32 d[1].size at byte 0: stream ended before a message");
	cask_load(&ar, &m.io);
	cask_struct(&ar, d, spelled_within_x);
	assert_failed(&ar, CASK_ECUT,
	    "u8 d.cell[d->size] at byte 0: stream ended before a message");
}

/* After an error structs are entered still, but never too deep. */
static void
an_error_of_depth_does_not_replace_another(void **state)
{
	struct node nodes[3] = { { 0 } };
	struct cask_ar ar = { .limit.depth = 1 };
	struct cask_mem m;

	(void)state;
	nodes[0].next = &nodes[1];
	nodes[1].value = 5;
	entered = 0;
	cask_load(&ar, cask_mem_read(&m, "", 0));
	cask_struct(&ar, &nodes[0], node_x);
	assert_int_equal(ar.err, CASK_ECUT);
	assert_int_equal(entered, 1);
	assert_int_equal(nodes[1].value, 0);
	assert_int_equal(ar.levels, ar.most_levels);
}

/* The words are the same however the values before were loaded. */
static void
a_program_may_make_an_archive_fail(void **state)
{
	struct report report = { .count = 3 };
	struct cask_mem m;

	(void)state;
	report.disks[2].size = 666;
	for (size_t size = 0; size < 20; size++) {
		struct cask_ar ar = { .form = CASK_ANSI,
			.buffer = (char[20]) { 0 },
			.buffer_size = size };

		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_struct(&ar, &report, report_x);
		assert_failed(&ar, EDOM,
		    "struct report.disks[2] at byte 17: no disk has this "
		    "size");
		assert_int_equal(cask_fail(&ar, NULL, EINVAL, "another"), EDOM);
		assert_int_equal(cask_flush(&ar), EDOM);
		cask_mem_close(&m);

		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_put_u16(&ar, 1);
		assert_int_equal(
		    cask_fail(&ar, NULL, CASK_ETEXT, "%s", "%s %n"), -3);
		assert_failed(&ar, CASK_ETEXT, "archive at byte 2: %s %n");
		cask_mem_close(&m);

		cask_store(&ar, cask_mem_grow(&m, 0));
		cask_put_u16(&ar, 1);
		cask_fail(&ar, &m.max, EPROTO, "%d is no kind", 7);
		assert_failed(&ar, EPROTO, "m.max at byte 2: 7 is no kind");
		cask_mem_close(&m);
	}
}

static void
to_fail_without_an_error_is_invalid(void **state)
{
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_grow(&m, 0));
	assert_int_equal(cask_fail(&ar, NULL, 0, "not said why"), EINVAL);
	assert_failed(&ar, EINVAL, "archive at byte 0: not said why");
	assert_int_equal(cask_flush(&ar), EINVAL);
	cask_mem_close(&m);
}

static void
deeper_x(struct cask_ar *ar, struct node *a_member_with_quite_a_long_name)
{
	struct node *n = a_member_with_quite_a_long_name;

	if (n->next != NULL)
		cask_struct(
		    ar, a_member_with_quite_a_long_name->next, deeper_x);
	else
		cask_u8(ar, &a_member_with_quite_a_long_name->value);
}

static void
a_path_that_is_too_long_loses_its_beginning(void **state)
{
	struct node nodes[90];
	char long_reason[400];
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	memset(nodes, 0, sizeof nodes);
	for (int i = 0; i < 89; i++)
		nodes[i].next = &nodes[i + 1];
	cask_load(&ar, cask_mem_read(&m, "", 0));
	cask_struct(&ar, &nodes[0], deeper_x);
	assert_int_equal(ar.err, CASK_ECUT);
	assert_memory_equal(cask_why(&ar), "u8 ...", 6);
	assert_non_null(strstr(cask_why(&ar),
	    "next.next.value at byte 0: stream ended before a message"));
	assert_true(strlen(cask_why(&ar)) < 256);

	memset(long_reason, 'x', sizeof long_reason);
	long_reason[sizeof long_reason - 1] = '\0';
	cask_load(&ar, cask_mem_read(&m, "", 0));
	cask_fail(&ar, NULL, EDOM, "%s", long_reason);
	assert_int_equal(strlen(cask_why(&ar)), 255);
}

/* Of the element that is cut the end is left. */
static void
a_path_that_is_too_long_keeps_its_last_characters(void **state)
{
	char name[301], full[320], why[400];
	struct cask_ar ar = { 0 };
	struct cask_frame f;
	struct cask_mem m;
	uint8_t x;

	(void)state;
	for (size_t n = 100; n < sizeof name; n++) {
		size_t length;

		for (size_t i = 0; i < n; i++)
			name[i] =
			    "abcdefghijklmnopqrstuvwxyz0123456789_"[i % 37];
		name[n] = '\0';
		length = (size_t)snprintf(full, sizeof full, "%s.x", name);
		cask_load(&ar, cask_mem_read(&m, "", 0));
		cask_enter(&ar, &f, name);
		cask_u8(&ar, &x);
		cask_leave(&ar, &f);
		snprintf(why, sizeof why,
		    "u8 %s%s at byte 0: stream ended before a message",
		    length > 159 ? "..." : "",
		    length > 159 ? full + length - 156 : full);
		assert_failed(&ar, CASK_ECUT, why);
	}
}

static void
counted_x(struct cask_ar *ar, struct disk *d)
{
	entered++;
	disk_x(ar, d);
}

static void
assert_zeroed(const struct disk *d, size_t n)
{
	static const struct disk zero;

	for (size_t i = 0; i < n; i++)
		assert_memory_equal(&d[i], &zero, sizeof zero);
	assert_int_equal(d[n].size, 0xA5A5A5A5); /* and no more than these */
}

static void
structs_that_are_not_loaded_are_zeroed_all(void **state)
{
	struct disk disks[6];
	struct cask_ar ar = { .limit = { .depth = 1 } };
	struct cask_frame f;
	struct cask_mem m;

	(void)state;
	memset(disks, 0xA5, sizeof disks);
	entered = 0;
	cask_load(&ar, cask_mem_read(&m, "", 0));
	assert_true(cask_enter(&ar, &f, "outer"));
	cask_structs(&ar, disks, 3, counted_x);
	cask_leave(&ar, &f);
	assert_failed(&ar, CASK_ELIMIT,
	    "struct outer.disks at byte 0: more than 1 structs deep "
	    "(limit.depth)");
	assert_int_equal(entered, 0);
	assert_zeroed(disks, 3);

	memset(disks, 0xA5, sizeof disks);
	cask_load(&ar, cask_mem_read(&m, "\1a\1\0\0\0\1b\1", 9));
	cask_structs(&ar, disks, 5, counted_x);
	assert_failed(&ar, CASK_ECUT,
	    "u32 disks[1].size at byte 8: stream ended inside a message");
	assert_int_equal(entered, 2);
	assert_string_equal(disks[0].name, "a");
	assert_int_equal(disks[0].size, 1);
	assert_int_equal(disks[1].size, 0);
	assert_zeroed(disks + 2, 3);

	/* an error before the first: none is called */
	memset(disks, 0xA5, sizeof disks);
	cask_structs(&ar, disks, 5, counted_x);
	assert_int_equal(entered, 2);
	assert_zeroed(disks, 5);
}

static void
an_array_of_no_structs_has_no_bytes(void **state)
{
	struct report r = { 0 };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "\0", 2));
	report_x(&ar, &r);
	assert_int_equal(ar.err, 0);
	assert_int_equal(r.count, 0);
	assert_int_equal(cask_at(&ar), 2);
	ar.limit.depth = 1;
	cask_load(&ar, cask_mem_read(&m, "\1\0\0", 3));
	memset(&r, 0xA5, sizeof r);
	cask_struct(&ar, &r, report_x); /* disks are one too deep */
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_int_equal(r.disks[0].size, 0);
	assert_string_equal(r.disks[0].name, "");
	assert_int_equal(r.disks[1].size, 0xA5A5A5A5);
}

/* Errors of transports */

static void
a_transport_may_fail_at_any_byte(void **state)
{
	static const unsigned char bytes[24] = { 0 };
	unsigned char buffer[32];

	(void)state;
	for (uint64_t at = 0; at < 24; at++)
		for (size_t size = 0; size < sizeof buffer; size++)
			for (int storing = 0; storing < 2; storing++) {
				struct cask_ar ar = { .form = CASK_ANSI,
					.buffer = buffer,
					.buffer_size = size,
					.limit.message = UINT64_MAX };
				struct own_io own;
				unsigned calls;
				uint64_t ended;

				own_source(&own, bytes, sizeof bytes);
				own.fail_at = at;
				own.fail_with = ECONNRESET;
				if (storing)
					cask_store(&ar, &own.io);
				else
					cask_load(&ar, &own.io);
				for (int i = 0; i < 8; i++)
					cask_u32(
					    &ar, &(uint32_t) { 0x04040404 });
				cask_flush(&ar);
				assert_int_equal(ar.err, ECONNRESET);
				assert_int_equal(own.moved, at);
				calls = own.calls;
				ended = cask_at(&ar);
				cask_u32(&ar, &(uint32_t) { 4 });
				assert_int_equal(cask_at(&ar), ended);
				cask_flush(&ar);
				cask_more(&ar);
				assert_int_equal(own.calls, calls);
				assert_non_null(strstr(cask_why(&ar),
				    storing ? "emit a peer: "
					    : "fetch a peer: "));
			}
}

static void
an_error_of_a_transport_has_its_words_and_the_place(void **state)
{
	uint32_t x = 1;
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	cask_load(&ar, own_source(&own, "01234567", 8));
	own.fail_at = 8;
	own.fail_with = ECONNRESET;
	cask_get_u64(&ar);
	cask_u32(&ar, &x);
	assert_failed(&ar, ECONNRESET,
	    "u32 x at byte 8: fetch a peer: Connection reset by peer");
	assert_int_equal(x, 0);

	/* before the first byte the place does not matter */
	own_open(&own);
	own.io.peer = "localhost:7000";
	cask_io_fail(&own.io, ECONNREFUSED, "connect");
	cask_load(&ar, &own.io);
	cask_u32(&ar, &x);
	assert_failed(
	    &ar, ECONNREFUSED, "connect localhost:7000: Connection refused");
	cask_store(&ar, &own.io);
	cask_u32(&ar, &x);
	assert_int_equal(cask_flush(&ar), ECONNREFUSED);
	assert_string_equal(
	    cask_why(&ar), "connect localhost:7000: Connection refused");
	assert_int_equal(own.calls, 0);
}

/* … of the message that it is about, whatever was before. */
static void
an_error_between_messages_has_the_place_of_the_next(void **state)
{
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	cask_load(&ar, own_source(&own, "01234567", 8));
	own.fail_at = 8;
	own.fail_with = ECONNRESET;
	assert_true(cask_more(&ar));
	cask_get_u64(&ar);
	assert_int_equal(ar.err, 0);
	assert_false(cask_more(&ar));
	assert_failed(&ar, ECONNRESET,
	    "message at byte 8: fetch a peer: Connection reset by peer");
}

static void
impossible_results_are_errors(void **state)
{
	static const ptrdiff_t results[] = { -1, -3, PTRDIFF_MIN, 9,
		PTRDIFF_MAX, 0 };
	static const char why[] = "the transport gave an impossible result";

	(void)state;
	for (size_t i = 0; i < COUNT(results); i++)
		for (size_t big = 0; big < 2; big++) {
			struct cask_ar ar = { .buffer = (char[8]) { 0 },
				.buffer_size = 8 };
			unsigned char b[8] = "abcdefg";
			struct own_io own;

			cask_store(&ar, own_sink(&own, NULL, 0));
			own.odd = true;
			own.odd_result = results[i];
			cask_put_bytes(&ar, b, 1 + 7 * big);
			assert_int_equal(cask_flush(&ar), EIO);
			assert_string_equal(cask_why(&ar), why);
			assert_int_equal(own.calls, 1);

			if (results[i] == 0)
				continue; /* is the end, when reading */
			cask_load(&ar, own_source(&own, b, 8));
			own.odd = true;
			own.odd_result = results[i];
			cask_get_bytes(&ar, b, 1 + 7 * big);
			assert_failed(&ar, EIO, why);
			assert_int_equal(b[0], 0);
			assert_int_equal(own.calls, 1);
		}
}

static void
a_direction_that_a_transport_lacks_is_ebadf(void **state)
{
	static const struct cask_io_table none = { .name = "none" };
	struct cask_io io = { .table = &none };
	struct cask_io blank = { 0 };
	struct cask_ar ar = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cask_io *one = i ? &io : &blank;

		cask_store(&ar, one);
		cask_put_u8(&ar, 1);
		assert_int_equal(cask_flush(&ar), EBADF);
		assert_string_equal(
		    cask_why(&ar), "write: Bad file descriptor");
		one->err = 0;
		one->op = NULL;
		cask_load(&ar, one);
		assert_int_equal(cask_get_u8(&ar), 0);
		assert_failed(&ar, EBADF, "read: Bad file descriptor");
	}
}

static void
memory_has_limits_too(void **state)
{
	unsigned char block[6];
	struct cask_ar ar = { .buffer = (char[5]) { 0 }, .buffer_size = 5 };
	struct cask_mem m;

	(void)state;
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	cask_put_u32(&ar, 1);
	cask_put_u32(&ar, 2);
	cask_flush(&ar);
	assert_failed(&ar, ENOSPC,
	    "flush at byte 8: write memory: more than 6 bytes, its limit");
	assert_int_equal(m.length, 4);
	cask_store(&ar, cask_mem_grow(&m, 6));
	cask_put_u32(&ar, 1);
	cask_put_u32(&ar, 2);
	cask_flush(&ar);
	assert_failed(&ar, CASK_ELIMIT,
	    "flush at byte 8: write memory: more than 6 bytes, its limit");
	cask_mem_close(&m);
	cask_load(&ar, cask_mem_read(&m, "a", 1));
	cask_get_u8(&ar);
	cask_store(&ar, &m.io);
	cask_put_u8(&ar, 1);
	assert_int_equal(cask_flush(&ar), ENOSPC);
}

/* Anew */

static void
to_open_anew_clears_the_error_and_keeps_the_settings(void **state)
{
	struct cask_ar ar = { .big_endian = true,
		.form = CASK_ANSI,
		.codepage = 932,
		.replace = true,
		.limit = { .depth = 7, .text = 8 },
		.user = &ar };
	struct cask_mem m;
	char s[16];

	(void)state;
	cask_load(&ar, cask_mem_read(&m, "\1\xFF", 2));
	cask_text(&ar, s, sizeof s);
	assert_int_equal(ar.replaced, 1);
	cask_get_u8(&ar);
	assert_int_equal(ar.err, CASK_ECUT);
	cask_load(&ar, cask_mem_read(&m, "\1\2", 2));
	assert_string_equal(cask_why(&ar), "no error");
	assert_int_equal(ar.err, 0);
	assert_int_equal(ar.replaced, 0);
	assert_int_equal(cask_at(&ar), 0);
	assert_int_equal(cask_get_u16(&ar), 0x0102);
	assert_int_equal(ar.codepage, 932);
	assert_int_equal(ar.limit.depth, 7);
	assert_ptr_equal(ar.user, &ar);
	assert_true(cask_loading(&ar) && !cask_storing(&ar));
	cask_store(&ar, cask_mem_write(&m, s, 2));
	assert_true(cask_storing(&ar) && !cask_loading(&ar));
	cask_put_u16(&ar, 0x0102);
	assert_int_equal(cask_flush(&ar), 0);
	assert_memory_equal(s, "\1\2", 2);
}

/* Faults */

static const struct golden *
golden_named(const char *name)
{
	for (size_t i = 0; i < COUNT(goldens); i++)
		if (strcmp(goldens[i].name, name) == 0)
			return &goldens[i];
	fail_msg("no golden is called %s", name);
	return NULL;
}

/* Rows that need memory, converters, or many transfers. */
static const char *const rows[] = { "two lines", "Japanese", "Cyrillic",
	"Unicode 255", "ANSI 256", "a surrogate pair", "UTF-8", "DWORD" };

static bool
may_come_of_faults(int err)
{
	return err == ENOMEM || err == CASK_ECHARSET || err == CASK_ETEXT ||
	    err == EMFILE || err == EILSEQ || err == EIO || err == ENOSPC ||
	    err == EPIPE || err == ECONNRESET || err == CASK_ECUT;
}

/* Store the rows to one transport and load them from it or from another. */
static void
exchange_rows(struct cask_io *to, struct cask_io *(*turn)(void *), void *arg)
{
	struct cask_ar ar = { 0 };
	struct golden_value v;
	struct cask_io *from;

	cask_store(&ar, to);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct golden *g = golden_named(rows[i]);

		golden_set(&ar, g, false);
		golden_make(g, &v);
		golden_exchange(&ar, g->kind, &v);
		golden_free(&v, false);
	}
	cask_flush(&ar);
	assert_true(ar.err == 0 || may_come_of_faults(ar.err));
	if (ar.err != 0)
		return;
	from = turn(arg);
	cask_load(&ar, from);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct golden g = *golden_named(rows[i]);

		if (g.kind == GOLDEN_TEXT)
			g.kind = GOLDEN_DUP;
		golden_set(&ar, &g, false);
		golden_place(&g, &v);
		golden_exchange(&ar, g.kind, &v);
		if (ar.err == 0)
			golden_assert_value(&g, &v);
		else
			golden_assert_zero(&g, &v);
		golden_free(&v, g.kind == GOLDEN_DUP);
	}
	assert_true(ar.err == 0 || may_come_of_faults(ar.err));
}

static struct cask_io *
same_memory(void *arg)
{
	return arg;
}

static void
memory_scenario(void *arg)
{
	struct cask_mem m;

	(void)arg;
	exchange_rows(cask_mem_grow(&m, 0), same_memory, &m.io);
	cask_mem_close(&m);
}

struct files {
	struct cask_file io;
	int fd;
};

static struct cask_io *
start_of_file(void *arg)
{
	struct files *f = arg;

	assert_int_equal(lseek(f->fd, 0, SEEK_SET), 0);
	return cask_file_use(&f->io, f->fd);
}

static void
file_scenario(void *arg)
{
	FILE *tmp = tmpfile();
	struct files f;

	(void)arg;
	assert_non_null(tmp);
	f.fd = fileno(tmp);
	exchange_rows(cask_file_use(&f.io, f.fd), start_of_file, &f);
	fclose(tmp);
}

static void
every_fault_is_an_error_and_nothing_is_leaked(void **state)
{
	(void)state;
	/* 2 modes x the calls there are x the errors of each */
	assert_true(fault_everywhere(memory_scenario, NULL) > 200);
	assert_true(fault_everywhere(file_scenario, NULL) > 200);
}

static void
interruptions_and_short_transfers_are_invisible(void **state)
{
	(void)state;
	for (size_t most = 0; most < 4; most++) {
		FILE *tmp = tmpfile();
		struct files f;
		unsigned before;

		assert_non_null(tmp);
		f.fd = fileno(tmp);
		fault_reset();
		fault_disturb(true);
		fault_shorten(most);
		cask_file_use(&f.io, f.fd);
		exchange_rows(&f.io.io, start_of_file, &f);
		before = fault_injected();
		assert_int_equal(f.io.io.err, 0);
		assert_true(before > (most > 0 ? 100 : 2));
		fault_reset();
		fclose(tmp);
	}
}

static void
a_broken_pipe_is_epipe_and_no_signal(void **state)
{
	struct cask_ar ar = { 0 };
	struct cask_file f;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	close(fd[0]);
	cask_store(&ar, cask_file_use(&f, fd[1]));
	cask_put_u8(&ar, 1);
	assert_int_equal(cask_flush(&ar), EPIPE);
	close(fd[1]);
	cask_load(&ar, cask_file_use(&f, fd[1]));
	cask_get_u8(&ar);
	assert_failed(&ar, EBADF, "read: Bad file descriptor");
}

/* One archive after another on a transport */

static void
store_in_turn(struct cask_io *io, size_t size)
{
	for (unsigned i = 0; i < 5; i++) {
		struct cask_ar ar = { .buffer = (char[20]) { 0 },
			.buffer_size = size };

		cask_store(&ar, io);
		cask_put_u16(&ar, (uint16_t)(2 * i));
		cask_put_u16(&ar, (uint16_t)(2 * i + 1));
		assert_int_equal(cask_finish(&ar), 0);
		assert_null(io->unflushed);
		cask_put_u16(&ar, 99);
		assert_int_equal(ar.err, EINVAL);
		assert_int_equal(cask_finish(&ar), EINVAL);
	}
}

/* Each takes three values, but for the last, which takes one. */
static void
load_in_turn(struct cask_io *io, size_t size, bool known)
{
	for (unsigned i = 0; i < 10; i += 3) {
		struct cask_ar ar = { .buffer = (char[20]) { 0 },
			.buffer_size = size };

		cask_load(&ar, io);
		assert_true(cask_more(&ar));
		for (unsigned k = i; k < i + 3 && k < 10; k++) {
			assert_int_equal(
			    cask_left(&ar), known ? 2 * (10 - (int)k) : -1);
			assert_int_equal(cask_get_u16(&ar), k);
		}
		assert_int_equal(cask_finish(&ar), 0);
		assert_string_equal(cask_why(&ar), "no error");
		assert_int_equal(cask_left(&ar), -1);
		assert_int_equal(cask_pending(&ar), 0);
		assert_int_equal(cask_finish(&ar), 0);
	}
}

static void
archives_follow_one_another_on_a_transport(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 20; size++) {
		FILE *tmp = tmpfile();
		struct cask_file f;
		struct cask_mem m;
		int fd[2];

		store_in_turn(cask_mem_grow(&m, 0), size);
		load_in_turn(&m.io, size, true);
		cask_mem_close(&m);

		assert_non_null(tmp);
		store_in_turn(cask_file_use(&f, fileno(tmp)), size);
		assert_int_equal(lseek(f.fd, 0, SEEK_SET), 0);
		load_in_turn(&f.io, size, true);
		fclose(tmp);

		assert_int_equal(pipe(fd), 0);
		store_in_turn(cask_file_use(&f, fd[1]), size);
		cask_file_use(&f, fd[0])->exact = true;
		load_in_turn(&f.io, size, false);
		close(fd[0]);
		close(fd[1]);
	}
}

static void
what_a_pipe_has_given_it_does_not_take_back(void **state)
{
	struct cask_ar ar = { .buffer = (char[16]) { 0 }, .buffer_size = 16 };
	struct cask_file f;
	struct own_io own;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], "0123456789", 10), 10);
	cask_load(&ar, cask_file_use(&f, fd[0]));
	cask_get_u32(&ar);
	assert_int_equal(cask_finish(&ar), ESPIPE);
	assert_failed(&ar, ESPIPE,
	    "finish at byte 4: 6 bytes were read ahead, and can't be given "
	    "back");
	assert_int_equal(f.io.err, 0);
	close(fd[0]);
	close(fd[1]);
	cask_load(&ar, own_source(&own, "0123456789", 10));
	cask_get_u32(&ar);
	assert_int_equal(cask_finish(&ar), ESPIPE);
	cask_load(&ar, own_source(&own, "0123", 4));
	cask_get_u32(&ar);
	assert_int_equal(cask_finish(&ar), 0);
}

static void
a_seek_that_fails_is_an_error_of_finishing(void **state)
{
	struct cask_ar ar = { .buffer = (char[16]) { 0 }, .buffer_size = 16 };
	FILE *tmp = tmpfile();
	struct cask_file f;

	(void)state;
	assert_non_null(tmp);
	assert_int_equal(write(fileno(tmp), "0123456789", 10), 10);
	assert_int_equal(lseek(fileno(tmp), 0, SEEK_SET), 0);
	cask_load(&ar, cask_file_use(&f, fileno(tmp)));
	cask_get_u32(&ar);
	fault_reset();
	fault_plan(FAULT_SEEK, 0, false, EIO);
	assert_int_equal(cask_left(&ar), -1);
	fault_plan(FAULT_SEEK, 0, false, EIO);
	assert_int_equal(cask_finish(&ar), EIO);
	assert_int_equal(fault_injected(), 2);
	fault_reset();
	fclose(tmp);
}

static void
to_abort_forgets_what_was_not_sent(void **state)
{
	struct cask_ar ar = { 0 };
	unsigned char got[8];
	struct own_io own;

	(void)state;
	cask_abort(&ar);
	assert_int_equal(cask_finish(&ar), 0);
	cask_store(&ar, own_sink(&own, got, sizeof got));
	cask_put_u32(&ar, 1);
	cask_abort(&ar);
	assert_int_equal(ar.err, 0);
	assert_int_equal(own.calls, 0);
	assert_int_equal(cask_io_flush(&own.io), 0);
	assert_int_equal(own.calls, 0);
	cask_store(&ar, &own.io);
	cask_put_u8(&ar, 2);
	assert_int_equal(cask_finish(&ar), 0);
	assert_int_equal(own.moved, 1);

	cask_load(&ar, own_source(&own, got, 1));
	cask_get_u16(&ar);
	assert_int_equal(ar.err, CASK_ECUT);
	cask_abort(&ar);
	assert_failed(&ar, CASK_ECUT,
	    "u16 at byte 0 from a peer: stream ended inside a message");
	assert_int_equal(cask_finish(&ar), CASK_ECUT);
	assert_false(cask_more(&ar));
	assert_int_equal(cask_flush(&ar), CASK_ECUT);
}

static void
to_finish_what_has_no_transport_is_invalid(void **state)
{
	struct cask_ar ar = { 0 };

	(void)state;
	cask_load(&ar, NULL);
	assert_int_equal(cask_left(&ar), -1);
	assert_int_equal(cask_finish(&ar), EINVAL);
	cask_store(&ar, NULL);
	assert_int_equal(cask_finish(&ar), EINVAL);
}

static void
what_is_left_is_not_always_known(void **state)
{
	struct cask_ar ar = { 0 };
	struct cask_file f;
	struct own_io own;
	int fd[2];

	(void)state;
	assert_int_equal(cask_left(&ar), -1);
	cask_load(&ar, own_source(&own, "0123", 4));
	assert_int_equal(cask_left(&ar), -1);
	cask_store(&ar, own_sink(&own, NULL, 0));
	assert_int_equal(cask_left(&ar), -1);
	cask_measure(&ar);
	assert_int_equal(cask_left(&ar), -1);
	assert_int_equal(pipe(fd), 0);
	cask_load(&ar, cask_file_use(&f, fd[0]));
	assert_int_equal(cask_left(&ar), -1);
	close(fd[0]);
	close(fd[1]);
	assert_int_equal(cask_left(&ar), -1);
}

/* Gathered writes */

#define LARGE (3 * CASK_BUFFER + 1)

static unsigned char large[LARGE];

static void
large_scenario(void *arg)
{
	FILE *tmp = tmpfile();
	struct cask_ar ar = { 0 };
	struct cask_file f;
	unsigned char got[2] = { 0 };

	(void)arg;
	assert_non_null(tmp);
	cask_store(&ar, cask_file_use(&f, fileno(tmp)));
	cask_put_u8(&ar, 1);
	cask_put_bytes(&ar, large, LARGE);
	cask_put_u8(&ar, 2);
	if (cask_finish(&ar) == 0) {
		assert_int_equal(cask_at(&ar), LARGE + 2);
		assert_int_equal(lseek(f.fd, 0, SEEK_END), LARGE + 2);
		assert_int_equal(pread(f.fd, got, 2, LARGE), 2);
		assert_int_equal(got[0], large[LARGE - 1]);
		assert_int_equal(got[1], 2);
		assert_int_equal(pread(f.fd, got, 2, 0), 2);
		assert_int_equal(got[0], 1);
		assert_int_equal(got[1], large[0]);
	} else {
		assert_true(fault_injected() > 0);
	}
	fclose(tmp);
}

static void
a_large_block_goes_out_in_one_call_with_what_is_before_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (unsigned char)(i * 7 + 3);
	fault_reset();
	large_scenario(NULL);
	assert_int_equal(fault_count(FAULT_WRITE), 2);
	assert_true(fault_everywhere(large_scenario, NULL) > 4);
	for (size_t most = 1; most < 2 * CASK_BUFFER;
	     most += most < 20 ? 1 : most) {
		fault_reset();
		fault_shorten(most);
		fault_disturb(most % 2);
		large_scenario(NULL);
		assert_true(fault_injected() > 0);
	}
	fault_reset();
}

/* A terminal, say, may go on after its end. */
static void
a_number_at_the_end_asks_for_it_once(void **state)
{
	static const unsigned char bytes[] = { 1, 0, 0, 0, 2, 0 };
	unsigned char buffer[16];

	(void)state;
	for (size_t n = 0; n <= 6; n++) {
		struct own_io own;
		struct cask_ar ar = { .buffer = buffer,
			.buffer_size = sizeof buffer };

		own_open(&own);
		own.data = bytes;
		own.length = n;
		cask_load(&ar, &own.io);
		assert_int_equal(cask_get_u32(&ar), n < 4 ? 0 : 1);
		assert_int_equal(own.calls, n > 0 && n < 4 ? 2 : 1);
		assert_int_equal(cask_get_u32(&ar), 0);
		assert_int_equal(ar.err, CASK_ECUT);
		assert_int_equal(own.calls, n == 0 ? 1 : 2);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    the_end_of_the_stream_is_an_error_only_inside_a_message),
	cmocka_unit_test(to_ask_for_more_takes_nothing),
	cmocka_unit_test(to_flush_sends_what_was_stored_and_no_more),
	cmocka_unit_test(what_is_pending_was_read_but_not_loaded),
	cmocka_unit_test(what_is_pending_may_be_more_than_a_message_may_have),
	cmocka_unit_test(
	    a_transport_is_told_of_each_value_that_is_loaded_by_it_once),
	cmocka_unit_test(
	    a_transport_is_told_of_each_value_that_is_stored_by_it_once),
	cmocka_unit_test(
	    buffers_and_transfers_of_any_size_carry_the_same_bytes),
	cmocka_unit_test(no_way_of_cutting_transfers_can_be_seen),
	cmocka_unit_test(a_message_is_limited_to_the_byte_in_both_directions),
	cmocka_unit_test(the_limit_of_a_message_has_words),
	cmocka_unit_test(a_raised_limit_loses_no_bytes),
	cmocka_unit_test(only_a_peer_is_limited_to_64_mib_by_itself),
	cmocka_unit_test(what_is_loaded_from_here_is_not_limited_by_itself),
	cmocka_unit_test(offsets_go_beyond_2_to_the_32),
	cmocka_unit_test(structs_nest_to_the_limit_and_no_deeper),
	cmocka_unit_test(exactly_as_deep_as_allowed_is_no_error),
	cmocka_unit_test(to_open_anew_forgets_the_structs_that_were_not_left),
	cmocka_unit_test(an_error_names_the_whole_path),
	cmocka_unit_test(each_struct_that_is_left_adds_its_name_to_the_path),
	cmocka_unit_test(who_watches_is_told_the_path_that_the_error_will_have),
	cmocka_unit_test(
	    a_peer_fails_with_the_whole_path_of_what_could_not_be_stored),
	cmocka_unit_test(a_field_is_named_however_it_is_spelled),
	cmocka_unit_test(an_error_of_depth_does_not_replace_another),
	cmocka_unit_test(who_is_watched_goes_as_deep_and_no_deeper),
	cmocka_unit_test(a_limit_to_depth_may_be_any_number),
	cmocka_unit_test(a_program_may_make_an_archive_fail),
	cmocka_unit_test(to_fail_without_an_error_is_invalid),
	cmocka_unit_test(a_path_that_is_too_long_loses_its_beginning),
	cmocka_unit_test(a_path_that_is_too_long_keeps_its_last_characters),
	cmocka_unit_test(an_array_of_no_structs_has_no_bytes),
	cmocka_unit_test(structs_that_are_not_loaded_are_zeroed_all),
	cmocka_unit_test(a_transport_may_fail_at_any_byte),
	cmocka_unit_test(an_error_of_a_transport_has_its_words_and_the_place),
	cmocka_unit_test(an_error_between_messages_has_the_place_of_the_next),
	cmocka_unit_test(impossible_results_are_errors),
	cmocka_unit_test(a_direction_that_a_transport_lacks_is_ebadf),
	cmocka_unit_test(memory_has_limits_too),
	cmocka_unit_test(to_open_anew_clears_the_error_and_keeps_the_settings),
	cmocka_unit_test(every_fault_is_an_error_and_nothing_is_leaked),
	cmocka_unit_test(interruptions_and_short_transfers_are_invisible),
	cmocka_unit_test(a_broken_pipe_is_epipe_and_no_signal),
	cmocka_unit_test(archives_follow_one_another_on_a_transport),
	cmocka_unit_test(what_a_pipe_has_given_it_does_not_take_back),
	cmocka_unit_test(a_seek_that_fails_is_an_error_of_finishing),
	cmocka_unit_test(to_abort_forgets_what_was_not_sent),
	cmocka_unit_test(to_finish_what_has_no_transport_is_invalid),
	cmocka_unit_test(what_is_left_is_not_always_known),
	cmocka_unit_test(a_number_at_the_end_asks_for_it_once),
	cmocka_unit_test(
	    a_large_block_goes_out_in_one_call_with_what_is_before_it),
};

RUN_TESTS(tests)
