/*
 * Messages with their length in front: their bytes, whatever the buffer, all
 * that can be wrong with them, and what two ends need to stay apart and agree.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "own_io.h"
#include "test.h"

#include <cask.h>

#include <errno.h>
#include <sys/socket.h>

static void
assert_failed(const struct cask_ar *ar, int err, const char *why)
{
	assert_string_equal(cask_why(ar), why);
	assert_int_equal(ar->err, err);
}

/* A message within a message, and what it is on the wire */

#define BODY (2 * CASK_BUFFER + 256)

struct node {
	uint16_t tag;
	uint32_t size;
	uint8_t body[BODY];
	struct node *inner;
	uint64_t last;
};

static void
node_x(struct cask_ar *ar, struct node *n)
{
	cask_u16(ar, &n->tag);
	cask_count(ar, &n->size, BODY);
	cask_bytes(ar, n->body, n->size);
	if (n->inner != NULL)
		cask_message(ar, n->inner, node_x);
	cask_u64(ar, &n->last);
}

static size_t
put(unsigned char *to, bool big, uint64_t v, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[big ? size - 1 - i : i] = (unsigned char)(v >> 8 * i);
	return size;
}

/* The reference: recursive, and without a buffer. */
static size_t
encode(unsigned char *to, bool big, const struct node *n)
{
	unsigned char *p = to + 4;

	p += put(p, big, n->tag, 2);
	p += put(p, big, n->size, 2);
	memcpy(p, n->body, n->size);
	p += n->size;
	if (n->inner != NULL)
		p += encode(p, big, n->inner);
	p += put(p, big, n->last, 8);
	put(to, big, (uint64_t)(p - to) - 4, 4);
	return (size_t)(p - to);
}

static struct node nodes[4], places[4];
static unsigned char want[9 * BODY], got[9 * BODY];

/* Messages as deep as told, each with a body of its size. */
static struct node *
make(unsigned depth, size_t size)
{
	for (unsigned i = 0; i <= depth; i++) {
		struct node *n = &nodes[i];

		n->tag = (uint16_t)(0x0102 + i);
		n->size = (uint32_t)size;
		for (size_t k = 0; k < size; k++)
			n->body[k] = (uint8_t)(k * 7 + i + k / 251);
		n->last = 0x1112131415161718 + i;
		n->inner = i < depth ? n + 1 : NULL;
	}
	return &nodes[0];
}

static struct node *
place(unsigned depth)
{
	memset(places, 0xA5, (depth + 1) * sizeof places[0]);
	for (unsigned i = 0; i <= depth; i++)
		places[i].inner = i < depth ? &places[i + 1] : NULL;
	return &places[0];
}

static void
assert_nodes(unsigned depth)
{
	for (unsigned i = 0; i <= depth; i++) {
		assert_int_equal(places[i].tag, nodes[i].tag);
		assert_int_equal(places[i].size, nodes[i].size);
		assert_memory_equal(
		    places[i].body, nodes[i].body, nodes[i].size);
		assert_true(places[i].last == nodes[i].last);
	}
}

/* A transport that gathers, or not, a few bytes at a time. */
static ptrdiff_t
own_gather(struct cask_io *io, const void *first, size_t n, const void *second,
    size_t m)
{
	struct own_io *own = (struct own_io *)io;
	ptrdiff_t a, b;

	assert_true(n > 0 && m > 0);
	a = own_write(io, first, n);
	if (a < (ptrdiff_t)n || own->at_most == n)
		return a;
	b = own_write(io, second, m);
	if (b < 0) { /* what was taken is taken */
		io->err = 0;
		return a;
	}
	return a + b;
}

static const struct cask_io_table gathering = { .name = "own",
	.read = own_read,
	.write = own_write,
	.gather = own_gather };

/* Each buffer has bytes around it that must not change. */
static unsigned char room[CASK_BUFFER + 256];

static struct cask_ar
archive(size_t size, bool big)
{
	struct cask_ar ar = { .big_endian = big,
		.buffer = size > 0 ? room : NULL,
		.buffer_size = size };

	memset(room + size, 0xEE, sizeof room - size);
	return ar;
}

static void
assert_guard(size_t size)
{
	for (size_t i = size; i < sizeof room; i++)
		assert_int_equal(room[i], 0xEE);
}

static void
count_bytes(struct node *n, bool big, size_t length)
{
	struct cask_ar ar = { .big_endian = big };

	cask_measure(&ar);
	cask_message(&ar, n, node_x);
	assert_int_equal(ar.err, 0);
	assert_int_equal(cask_at(&ar), length);
	assert_int_equal(cask_flush(&ar), 0);
}

/* A byte, the message twice, and a byte: as one flush. */
static void
check_bytes(size_t size, bool big, unsigned depth, size_t body, size_t at_most,
    bool gathers)
{
	struct node *n = make(depth, body);
	struct cask_ar ar = archive(size, big);
	struct own_io own;
	size_t length = 1 + encode(want + 1, big, n);
	size_t once = length - 1;

	count_bytes(n, big, once);
	want[0] = 0x42;
	memcpy(want + length, want + 1, once);
	length += once;
	want[length++] = 0x43;
	memset(got, 0, length + 1);
	cask_store(&ar, own_sink(&own, got, sizeof got));
	own.at_most = at_most;
	if (gathers)
		own.io.table = &gathering;
	cask_put_u8(&ar, 0x42);
	cask_message(&ar, n, node_x);
	assert_int_equal(cask_at(&ar), 1 + once);
	cask_message(&ar, n, node_x);
	cask_put_u8(&ar, 0x43);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(cask_at(&ar), length);
	assert_int_equal(own.moved, length);
	assert_memory_equal(got, want, length);
	assert_guard(size);
	assert_true(ar.within == NULL && ar.scratch == NULL);
}

/* The same bytes, loaded. */
static void
check_load(size_t size, bool big, unsigned depth, size_t at_most, bool exact)
{
	struct cask_ar ar = archive(size, big);
	struct own_io own;
	size_t once = encode(want + 1, big, &nodes[0]), all = 2 + 2 * once;
	long live = fault_allocations();

	cask_load(&ar, own_source(&own, want, all));
	own.at_most = at_most;
	own.io.exact = exact;
	assert_int_equal(cask_get_u8(&ar), 0x42);
	for (int i = 0; i < 2; i++) {
		place(depth);
		cask_message(&ar, &places[0], node_x);
		assert_string_equal(cask_why(&ar), "no error");
		assert_nodes(depth);
		assert_int_equal(cask_at(&ar), 1 + (unsigned)(i + 1) * once);
	}
	if (exact)
		assert_int_equal(own.moved, all - 1);
	assert_int_equal(cask_get_u8(&ar), 0x43);
	assert_false(cask_more(&ar));
	assert_int_equal(ar.err, 0);
	assert_int_equal(fault_allocations(), live);
	assert_guard(size);
}

static void
check_both(size_t size, bool big, unsigned depth, size_t body)
{
	for (size_t at_most = 0; at_most < 4; at_most += 3)
		for (int k = 0; k < 2; k++) {
			check_bytes(size, big, depth, body, at_most, k);
			check_load(size, big, depth, at_most, k);
		}
}

static void
a_message_has_the_same_bytes_in_every_buffer(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 40; size++)
		for (unsigned depth = 0; depth < 4; depth++) {
			check_both(size, size % 2, depth, 0);
			check_both(size, size % 2, depth, 1);
			for (size_t n = 0; n <= 10; n++)
				if (size + n >= 5)
					check_both(
					    size, n % 2, depth, size + n - 5);
			check_both(size, true, depth, 2 * size + 1);
		}
}

static void
a_message_may_be_as_large_as_the_archives_own_buffer_or_larger(void **state)
{
	(void)state;
	for (unsigned depth = 0; depth < 4; depth++)
		for (size_t n = 0; n <= 30; n++) {
			size_t of = (CASK_BUFFER + 5) / (depth + 1);

			if (of + 5 < n)
				continue;
			check_both(0, n % 2, depth, of + 5 - n);
		}
	check_both(0, false, 3, BODY);
}

/* What fits is walked once. */

static unsigned walks;

static void
counted_x(struct cask_ar *ar, struct node *n)
{
	walks++;
	node_x(ar, n);
}

static void
flushing_x(struct cask_ar *ar, struct node *n)
{
	node_x(ar, n);
	assert_int_equal(cask_flush(ar), 0);
}

/* Its length is not known before its end. */
static void
a_flush_inside_a_message_sends_nothing(void **state)
{
	struct node *n = make(0, 30);
	struct cask_ar ar = archive(100, false);
	size_t length = encode(want, false, n);
	struct own_io own;

	(void)state;
	cask_store(&ar, own_sink(&own, got, sizeof got));
	cask_message(&ar, n, flushing_x);
	assert_int_equal(own.calls, 0);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.calls, 1);
	assert_int_equal(own.moved, length);
	assert_memory_equal(got, want, length);
}

static void
a_message_is_walked_once_if_it_fits_and_twice_if_not(void **state)
{
	struct node *n = make(0, 100 - 16);
	struct cask_ar ar = archive(100, false);
	struct own_io own;

	(void)state;
	cask_store(&ar, own_sink(&own, NULL, 0));
	walks = 0;
	cask_message(&ar, n, counted_x);
	assert_int_equal(walks, 1);
	assert_int_equal(own.calls, 0);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.calls, 1);
	n->size++;
	cask_message(&ar, n, counted_x);
	assert_int_equal(walks, 3);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.moved, 100 + 101);
}

/* Nor is the innermost walked twice as often with each level. */
static void
innermost_x(struct cask_ar *ar, struct node *n)
{
	walks += n->inner == NULL;
	cask_bytes(ar, n->body, n->size);
	if (n->inner != NULL)
		cask_message(ar, n->inner, innermost_x);
}

static void
messages_in_messages_are_walked_once_a_level_and_once_more(void **state)
{
	(void)state;
	for (unsigned depth = 0; depth < 4; depth++) {
		struct node *n = make(depth, BODY / 2);
		struct cask_ar ar = { 0 };
		struct own_io own;

		walks = 0;
		cask_store(&ar, own_sink(&own, NULL, 0));
		cask_message(&ar, n, innermost_x);
		assert_int_equal(ar.err, 0);
		assert_in_range(walks, 2, depth + 2);
	}
}

/* Errors of storing */

static bool longer;

static void
fickle_x(struct cask_ar *ar, struct node *n)
{
	uint8_t more = 1;

	node_x(ar, n);
	if ((walks++ > 0) == longer)
		cask_u8(ar, &more);
}

static void
a_walk_that_gives_another_length_is_an_error(void **state)
{
	static const char why[] =
	    ": another length than at first: its exchange function does not "
	    "give the same twice";

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cask_ar ar = archive(10, false);
		struct own_io own;
		struct node *q = make(0, 3);

		longer = i;
		walks = 0;
		cask_store(&ar, own_sink(&own, NULL, 0));
		cask_message(&ar, q, fickle_x);
		assert_int_equal(walks, 2);
		assert_int_equal(ar.err, EPROTO);
		assert_non_null(strstr(cask_why(&ar), why));
		assert_memory_equal(cask_why(&ar), "message q at byte ", 18);
		assert_int_equal(cask_flush(&ar), EPROTO);
		assert_int_equal(own.io.err, EPROTO);
	}
}

static void
refused_x(struct cask_ar *ar, struct node *n)
{
	node_x(ar, n);
	cask_fail(ar, &n->last, ERANGE, "too late");
}

/* Not even when the message did not fit: it was only counted so far. */
static void
what_fails_inside_a_message_sends_nothing_of_it(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 60; size++)
		for (unsigned at_most = 0; at_most < 2; at_most++) {
			struct cask_ar ar = archive(size, false);
			struct own_io own;
			struct node *n = make(0, 20);

			cask_store(&ar, own_sink(&own, NULL, 0));
			own.at_most = at_most;
			cask_message(&ar, n, refused_x);
			assert_int_equal(own.calls, 0);
			assert_int_equal(ar.err, ERANGE);
			assert_int_equal(cask_flush(&ar), ERANGE);
			assert_int_equal(own.calls, 0);
			assert_int_equal(own.io.err, ERANGE);
			assert_string_equal(
			    cask_why(&ar), "n.last at byte 36: too late");
		}
}

static void
huge_x(struct cask_ar *ar, const size_t *n)
{
	static const unsigned char some[CASK_BUFFER];

	cask_put_bytes(ar, some, *n);
	cask_put_bytes(ar, some, *n);
}

/* What goes beyond the buffer is counted, not looked at. */
static void
a_message_of_4_gib_does_not_fit_its_length(void **state)
{
	size_t half = 0x80000000u;
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	cask_measure(&ar);
	cask_message(&ar, &half, huge_x);
	assert_failed(&ar, CASK_ELIMIT,
	    "message half at byte 4294967300: 4294967296 bytes, and its length "
	    "has room for 4294967295");
	cask_store(&ar, own_sink(&own, NULL, 0));
	cask_message(&ar, &half, huge_x);
	assert_int_equal(ar.err, CASK_ELIMIT);
	assert_int_equal(own.calls, 0);
}

static void
a_transport_may_fail_at_any_byte_of_a_message(void **state)
{
	struct node *n = make(2, 9);
	size_t length = encode(want, false, n);

	(void)state;
	for (size_t size = 1; size < 40; size += 3)
		for (int k = 0; k < 2; k++)
			for (size_t at = 0; at < length; at++) {
				struct cask_ar ar = archive(size, false);
				struct own_io own;

				cask_store(
				    &ar, own_sink(&own, got, sizeof got));
				own.io.table = k ? &gathering : &own_table;
				own.fail_at = at;
				own.fail_with = EPIPE;
				cask_message(&ar, n, node_x);
				assert_int_equal(cask_flush(&ar), EPIPE);
				assert_int_equal(own.moved, at);
				assert_memory_equal(got, want, at);
				assert_int_equal(own.io.inside, at > 0);
			}
}

static void
the_limit_of_a_message_is_that_of_what_its_length_counts(void **state)
{
	struct node *n = make(1, 5);
	uint64_t length = encode(want, false, n) - 4;
	uint8_t one = 1;

	(void)state;
	for (size_t size = 1; size < 80; size += 7)
		for (unsigned less = 0; less < 2; less++) {
			struct cask_ar ar = archive(size, false);
			struct own_io own;

			ar.limit.message = length - less;
			cask_store(&ar, own_sink(&own, NULL, 0));
			cask_message(&ar, n, node_x);
			cask_message(&ar, n, node_x);
			cask_flush(&ar);
			assert_int_equal(ar.err, less ? CASK_ELIMIT : 0);
			assert_int_equal(
			    own.moved, less ? 0 : 2 * (length + 4));
			cask_load(
			    &ar, own_source(&own, want, (size_t)length + 4));
			cask_message(&ar, place(1), node_x);
			assert_int_equal(ar.err, less ? CASK_ELIMIT : 0);
		}
	for (uint64_t limit = 1; limit < 5; limit++) {
		struct cask_ar ar = { .limit.message = limit };
		unsigned char wire[] = { 1, 0, 0, 0, 7 };
		struct own_io own;

		cask_store(&ar, own_sink(&own, got, sizeof got));
		cask_message(&ar, &one, cask_u8);
		assert_int_equal(cask_flush(&ar), 0);
		cask_load(&ar, own_source(&own, wire, sizeof wire));
		cask_message(&ar, &one, cask_u8);
		assert_int_equal(ar.err, 0);
		assert_int_equal(one, 7);
		one = 1;
	}
}

/* Errors of loading */

struct pair {
	uint16_t a;
	uint32_t b;
};

static void
pair_x(struct cask_ar *ar, struct pair *p)
{
	cask_u16(ar, &p->a);
	cask_u32(ar, &p->b);
}

static const unsigned char two_pairs[] = { 6, 0, 0, 0, 1, 0, 2, 0, 0, 0, 6, 0,
	0, 0, 3, 0, 4, 0, 0, 0 };

static void
a_cut_inside_a_message_is_told_from_a_clean_end(void **state)
{
	(void)state;
	for (size_t n = 0; n <= sizeof two_pairs; n++)
		for (size_t size = 0; size < 24; size++)
			for (int exact = 0; exact < 2; exact++) {
				struct cask_ar ar = archive(size, false);
				struct own_io own;
				unsigned whole = 0;
				struct pair p = { 9, 9 };

				cask_load(&ar, own_source(&own, two_pairs, n));
				own.io.exact = exact;
				while (cask_more(&ar)) {
					cask_message(&ar, &p, pair_x);
					if (ar.err == 0) {
						whole++;
						assert_int_equal(
						    p.a, 2 * whole - 1);
						assert_int_equal(
						    p.b, 2 * whole);
					} else {
						assert_int_equal(p.a, 0);
						assert_int_equal(p.b, 0);
					}
				}
				assert_int_equal(whole, n / 10);
				assert_int_equal(
				    ar.err, n % 10 ? CASK_ECUT : 0);
			}
}

static void
without_cask_more_the_end_is_before_a_message_or_inside(void **state)
{
	struct cask_ar ar = { 0 };
	struct own_io own;
	struct pair p;

	(void)state;
	for (size_t n = 0; n < 10; n++) {
		cask_load(&ar, own_source(&own, two_pairs, 10 + n));
		cask_message(&ar, &p, pair_x);
		assert_int_equal(ar.err, 0);
		cask_message(&ar, &p, pair_x);
		assert_failed(&ar, CASK_ECUT,
		    n == 0 ? "message p at byte 10 from a peer: stream ended "
			     "before a message"
			   : "message p at byte 10 from a peer: stream ended "
			     "inside a message");
	}
}

static void
each_way_to_be_wrong_has_its_words(void **state)
{
	static const struct {
		unsigned char bytes[24];
		size_t n;
		int err;
		const char *why;
	} bad[] = {
		{ { 65, 0, 0, 0 }, 4, CASK_ELIMIT,
		    "message p at byte 0 from a peer: length 65, limit 64 "
		    "(limit.message)" },
		{ { 255, 255, 255, 255 }, 4, CASK_ELIMIT,
		    "message p at byte 0 from a peer: length 4294967295, limit "
		    "64 (limit.message)" },
		{ { 3, 0, 0, 0, 1, 0, 2, 0, 0, 0 }, 10, CASK_ECUT,
		    "u32 p.b at byte 6 from a peer: its message ends here, "
		    "after 3 bytes" },
		{ { 0, 0, 0, 0 }, 4, CASK_ECUT,
		    "u16 p.a at byte 4 from a peer: its message ends here, "
		    "after 0 bytes" },
		{ { 7, 0, 0, 0, 1, 0, 2, 0, 0, 0, 9 }, 11, EPROTO,
		    "message p at byte 10 from a peer: its 7 bytes hold 1 more "
		    "than is known here" },
		{ { 6, 0, 0, 0, 1, 0, 2, 0, 0 }, 9, CASK_ECUT,
		    "message p at byte 0 from a peer: stream ended inside a "
		    "message" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		for (size_t size = 0; size < 16; size++) {
			struct cask_ar ar = archive(size, false);
			struct own_io own;
			struct pair p = { 9, 9 };

			ar.limit.message = 64;
			cask_load(
			    &ar, own_source(&own, bad[i].bytes, bad[i].n));
			cask_message(&ar, &p, pair_x);
			assert_failed(&ar, bad[i].err, bad[i].why);
			assert_int_equal(p.b, bad[i].err == EPROTO ? 2 : 0);
			assert_null(ar.frame);
			assert_null(ar.within);
		}
}

struct outer {
	struct pair p;
	uint8_t z;
};

static void
outer_x(struct cask_ar *ar, struct outer *o)
{
	cask_message(ar, &o->p, pair_x);
	cask_u8(ar, &o->z);
}

static void
a_message_stays_within_the_one_around_it(void **state)
{
	static const unsigned char beyond[] = { 9, 0, 0, 0, 6, 0, 0, 0, 1, 0, 2,
		0, 0, 0, 9 };
	static const unsigned char no_length[] = { 3, 0, 0, 0, 6, 0, 0, 0, 1 };
	struct cask_ar ar = { 0 };
	struct own_io own;
	struct outer o;

	(void)state;
	cask_load(&ar, own_source(&own, beyond, sizeof beyond));
	cask_message(&ar, &o, outer_x);
	assert_failed(&ar, CASK_ECUT,
	    "message o.p at byte 4 from a peer: length 6, but the message "
	    "around it ends after 5");
	assert_int_equal(o.p.b, 0);
	cask_load(&ar, own_source(&own, no_length, sizeof no_length));
	cask_message(&ar, &o, outer_x);
	assert_failed(&ar, CASK_ECUT,
	    "message o.p at byte 4 from a peer: its message ends here, after 3 "
	    "bytes");
}

static void
what_is_left_of_a_message_is_known(void **state)
{
	struct cask_ar ar = { 0 };
	struct own_io own;
	struct cask_message m;

	(void)state;
	cask_load(&ar, own_source(&own, two_pairs, sizeof two_pairs));
	assert_true(cask_message_begin(&ar, &m, "m"));
	for (int64_t left = 6; left > 0; left--) {
		assert_int_equal(cask_left(&ar), left);
		assert_true(cask_more(&ar));
		cask_get_u8(&ar);
	}
	assert_int_equal(cask_left(&ar), 0);
	assert_false(cask_more(&ar));
	assert_int_equal(ar.err, 0);
	cask_message_end(&ar, &m);
	assert_int_equal(cask_left(&ar), -1);
	assert_true(cask_more(&ar));
}

/* Memory */

static void
blob_x(struct cask_ar *ar, struct node *n)
{
	cask_bytes(ar, n->body, BODY);
}

/* A peer that announces 4 GiB, and sends little. */
static void
memory_is_a_matter_of_what_has_come(void **state)
{
	static const size_t come[] = { 0, 1, 100, 16384, 16385, 70000, 300000 };
	static const unsigned char length[] = { 255, 255, 255, 255 };
	static unsigned char large[70000];

	(void)state;
	for (size_t i = 0; i < COUNT(come); i++)
		for (int given = 0; given < 2; given++) {
			struct cask_ar ar = { .limit.message = UINT32_MAX,
				.buffer = given ? large : NULL,
				.buffer_size = sizeof large };
			long live = fault_allocations();
			struct own_io own;

			fault_reset();
			cask_load(&ar, own_source(&own, length, 4));
			own.produce = come[i];
			cask_message(&ar, &places[0], blob_x);
			assert_int_equal(ar.err, CASK_ECUT);
			assert_true(fault_count(FAULT_REALLOC) > 0);
			assert_true(fault_largest() > 0);
			assert_true(fault_largest() <= 65536 + 2 * come[i]);
			assert_int_equal(fault_allocations(), live);
		}
}

/* Much of it is in the buffer when the rest is gathered in memory. */
static void
a_large_buffer_of_ones_own_may_be_too_small_for_a_message(void **state)
{
	static unsigned char buffer[65536], wire[70004], body[70000];
	size_t n = sizeof body;
	struct own_io own;

	(void)state;
	for (size_t i = 0; i < n; i++)
		wire[4 + i] = (unsigned char)(i * 13 + i / 256);
	put(wire, false, n, 4);
	for (size_t at_most = 4; at_most < 70000; at_most = at_most * 3 + 1) {
		struct cask_ar ar = { .buffer = buffer,
			.buffer_size = sizeof buffer };
		struct cask_message m;

		cask_load(&ar, own_source(&own, wire, sizeof wire));
		own.at_most = at_most;
		assert_true(cask_message_begin(&ar, &m, "m"));
		cask_get_bytes(&ar, body, n);
		cask_message_end(&ar, &m);
		assert_int_equal(ar.err, 0);
		assert_memory_equal(body, wire + 4, n);
		assert_ptr_equal(ar.start, buffer);
	}
}

static void
every_allocation_may_fail(void **state)
{
	static unsigned char wire[4 + 200000];
	unsigned injected = 0;

	(void)state;
	put(wire, false, 200000, 4);
	for (unsigned nth = 0; nth < 10; nth++) {
		struct cask_ar ar = { 0 };
		struct own_io own;
		struct cask_message m;
		long live = fault_allocations();
		bool ok;

		fault_reset();
		fault_plan(FAULT_REALLOC, nth, false, ENOMEM);
		cask_load(&ar, own_source(&own, wire, sizeof wire));
		ok = cask_message_begin(&ar, &m, "m");
		cask_get_bytes(&ar, wire + 4, 200000);
		cask_message_end(&ar, &m);
		assert_int_equal(ok, fault_injected() == 0);
		assert_int_equal(ok, ar.err == 0);
		if (!ok) {
			assert_failed(&ar, ENOMEM,
			    "message m at byte 0 from a peer: no memory for "
			    "its 200000 bytes");
			injected++;
		}
		assert_int_equal(fault_allocations(), live);
	}
	fault_reset();
	assert_in_range(injected, 3, 9);
}

/* Flips */

/* Whatever a flip makes of it: never a success that leaves the stream anywhere
 * but behind a whole message. */
static void
check_flip(const unsigned char *wire, size_t n)
{
	struct cask_ar ar = archive(13, false);
	struct own_io own;
	uint64_t first = cask_read32(wire);

	if (CASK_HOST_BIG)
		first = cask_swap32((uint32_t)first);
	cask_load(&ar, own_source(&own, wire, n));
	cask_message(&ar, place(1), node_x);
	if (ar.err == 0)
		assert_int_equal(cask_at(&ar), 4 + first);
	assert_null(ar.within);
	assert_null(ar.frame);
}

static void
no_flip_of_one_or_two_bits_is_loaded_with_another_length(void **state)
{
	size_t n = encode(want, false, make(1, 3));
	long live = fault_allocations();

	(void)state;
	for (size_t a = 0; a < 8 * n; a++)
		for (size_t b = a; b < 8 * n; b++) {
			unsigned char wire[128];

			memcpy(wire, want, n);
			memset(wire + n, 0x77, sizeof wire - n);
			wire[a / 8] ^= (unsigned char)(1 << a % 8);
			if (b > a)
				wire[b / 8] ^= (unsigned char)(1 << b % 8);
			check_flip(wire, sizeof wire);
		}
	assert_int_equal(fault_allocations(), live);
}

/* Extension */

struct growing {
	uint16_t a;
	uint16_t b; /* added */
	uint32_t c; /* added later */
};

static unsigned age; /* 0: knows only a, and that there may be more, … */

static void
growing_x(struct cask_ar *ar, struct growing *g)
{
	cask_u16(ar, &g->a);
	if (cask_extends(ar) && age >= 1) {
		cask_u16(ar, &g->b);
		if (cask_extends(ar) && age >= 2) {
			cask_u32(ar, &g->c);
			cask_extends(ar);
		}
	}
}

static void
growings_x(struct cask_ar *ar, struct growing *g)
{
	cask_message(ar, &g[0], growing_x);
	cask_message(ar, &g[1], growing_x);
}

static void
old_ends_and_new_ones_understand_each_other(void **state)
{
	(void)state;
	for (unsigned from = 0; from < 3; from++)
		for (unsigned to = 0; to < 3; to++)
			for (size_t size = 0; size < 40; size++) {
				struct growing out[2] = { { 1, 2, 3 },
					{ 4, 5, 6 } };
				struct growing in[2] = { { 91, 92, 93 },
					{ 91, 92, 93 } };
				struct cask_ar ar = archive(size, false);
				unsigned both = from < to ? from : to;
				struct own_io own;

				age = from;
				cask_store(
				    &ar, own_sink(&own, got, sizeof got));
				cask_message(&ar, out, growings_x);
				cask_put_u8(&ar, 0x55);
				assert_int_equal(cask_flush(&ar), 0);
				age = to;
				cask_load(&ar,
				    own_source(&own, got, (size_t)own.moved));
				cask_message(&ar, in, growings_x);
				assert_string_equal(cask_why(&ar), "no error");
				assert_int_equal(cask_get_u8(&ar), 0x55);
				for (int i = 0; i < 2; i++) {
					assert_int_equal(in[i].a, out[i].a);
					assert_int_equal(
					    in[i].b, both < 1 ? 92 : out[i].b);
					assert_int_equal(
					    in[i].c, both < 2 ? 93 : out[i].c);
				}
			}
}

static void
what_was_added_may_be_cut_but_not_inside_a_field(void **state)
{
	(void)state;
	age = 2;
	for (unsigned n = 0; n <= 9; n++) {
		unsigned char wire[] = { 0, 0, 0, 0, 1, 0, 2, 0, 3, 0, 0, 0,
			8 };
		struct growing g = { 91, 92, 93 };
		struct cask_ar ar = { 0 };
		struct own_io own;
		bool fine = n == 2 || n == 4 || n >= 8;

		wire[0] = (unsigned char)n;
		cask_load(&ar, own_source(&own, wire, 4 + n));
		cask_message(&ar, &g, growing_x);
		assert_int_equal(ar.err, fine ? 0 : CASK_ECUT);
		assert_int_equal(cask_more(&ar), false);
	}
}

static void
nothing_extends_but_a_message(void **state)
{
	struct growing g = { 0 };
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	cask_store(&ar, own_sink(&own, NULL, 0));
	growing_x(&ar, &g);
	assert_failed(&ar, EINVAL,
	    "message at byte 2: cask_extends outside of a cask_message");
}

/* Versions */

static unsigned
load_version(struct cask_ar *ar, unsigned version, unsigned newest)
{
	unsigned char wire[2];
	struct cask_mem m;

	put(wire, ar->big_endian, version, 2);
	cask_load(ar, cask_mem_read(&m, wire, 2));
	return cask_version(ar, newest);
}

static void
a_version_is_one_that_is_known(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct cask_ar ar = { .big_endian = big };

		assert_int_equal(load_version(&ar, 3, 3), 3);
		assert_int_equal(load_version(&ar, 1, 3), 1);
		assert_int_equal(ar.err, 0);
		assert_int_equal(load_version(&ar, 65535, 65535), 65535);
		assert_int_equal(load_version(&ar, 4, 3), 0);
		assert_failed(
		    &ar, EPROTO, "version at byte 0: 4, the newest known is 3");
		assert_int_equal(load_version(&ar, 0, 3), 0);
		assert_int_equal(ar.err, EPROTO);
	}
}

static void
a_version_is_stored_in_two_bytes(void **state)
{
	struct cask_ar ar = { .big_endian = true };
	struct own_io own;

	(void)state;
	cask_store(&ar, own_sink(&own, got, sizeof got));
	assert_int_equal(cask_version(&ar, 0x0102), 0x0102);
	assert_int_equal(cask_flush(&ar), 0);
	assert_int_equal(own.moved, 2);
	assert_memory_equal(got, "\1\2", 2);
	assert_int_equal(cask_version(&ar, 0), 0);
	assert_failed(
	    &ar, EINVAL, "version at byte 2: 0 is none: they are 1 to 65535");
	cask_measure(&ar);
	assert_int_equal(cask_version(&ar, 65535), 65535);
	assert_int_equal(cask_at(&ar), 2);
	cask_version(&ar, 65536);
	assert_int_equal(ar.err, EINVAL);
	cask_release(&ar);
	assert_int_equal(cask_version(&ar, 7), 7);
	assert_int_equal(ar.err, 0);
}

/* Agreement */

static void
agree(struct cask_ar *ar, const char *theirs, size_t cut, const char *ours)
{
	static struct own_io own;
	size_t n = strlen(theirs);

	cask_store(ar, own_sink(&own, got, sizeof got));
	cask_agree(ar, theirs, n);
	assert_int_equal(cask_flush(ar), 0);
	n = (size_t)own.moved;
	cask_load(ar, own_source(&own, got, cut < n ? cut : n));
	cask_agree(ar, ours, strlen(ours));
}

static void
equal_descriptions_agree(void **state)
{
	static const char same[] = "u32 a\nf64 price[]\n";
	struct cask_ar ar = { 0 };

	(void)state;
	agree(&ar, same, SIZE_MAX, same);
	assert_int_equal(ar.err, 0);
	assert_int_equal(cask_at(&ar), 2 + strlen(same));
	agree(&ar, "", SIZE_MAX, "");
	assert_int_equal(ar.err, 0);
	cask_agree(&ar, NULL, 0);
	assert_int_equal(ar.err, CASK_ECUT);
	for (size_t n = 0; n < 2 + strlen(same); n++) {
		agree(&ar, same, n, same);
		assert_int_equal(ar.err, CASK_ECUT);
	}
}

static void
the_first_field_that_differs_is_named(void **state)
{
	static const char *const cases[][3] = {
		{ "u32 a\nf32 price[]\nu8 z\n", "u32 a\nf64 price[]\nu8 z\n",
		    "here \"f64 price[]\", there \"f32 price[]\"" },
		{ "u32 a\n", "u32 a\nu8 z\n", "here \"u8 z\", there \"\"" },
		{ "u32 a\nu8 z\n", "u32 a\n", "here \"\", there \"u8 z\"" },
		{ "u32 ab\n", "u32 a\n", "here \"u32 a\", there \"u32 ab\"" },
		{ "u32 a\n", "u32 ab\n", "here \"u32 ab\", there \"u32 a\"" },
		{ "u32 a", "u32 a\n", "here \"u32 a\", there \"u32 a\"" },
		{ "", "u32 a\n", "here \"u32 a\", there \"\"" },
		{ "u32 a\n", "", "here \"\", there \"u32 a\"" },
		{ "u32 \33[2J\377\n", "u32 a\n",
		    "here \"u32 a\", there \"u32 ?[2J?\"" },
	};
	char why[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t size = 0; size < 8; size++) {
			struct cask_ar ar = archive(size, false);

			agree(&ar, cases[i][0], SIZE_MAX, cases[i][1]);
			snprintf(why, sizeof why,
			    "description at byte 0 from a peer: %s",
			    cases[i][2]);
			assert_failed(&ar, EPROTO, why);
		}
}

/* It announces 2^63 bytes, and sends a line that never ends. */
static void
a_hostile_description_is_not_listened_to_for_long(void **state)
{
	static const unsigned char length[] = { 255, 255, 255, 255, 255, 255, 0,
		0, 0, 0, 0, 0, 0, 128 };
	struct cask_ar ar = { 0 };
	struct own_io own;

	(void)state;
	fault_reset();
	cask_load(&ar, own_source(&own, length, sizeof length));
	own.produce = UINT64_C(1) << 40;
	own.fill = 'x';
	cask_agree(&ar, "u32 a\n", 6);
	assert_int_equal(ar.err, EPROTO);
	assert_true(own.moved <= 14 + 128 + CASK_BUFFER);
	assert_int_equal(fault_count(FAULT_REALLOC), 0);
	assert_int_equal(fault_count(FAULT_MALLOC), 0);
}

static void
a_fingerprint_is_the_same_everywhere(void **state)
{
	(void)state;
	assert_true(cask_fingerprint("", 0) == UINT64_C(0xcbf29ce484222325));
	assert_true(cask_fingerprint("a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(
	    cask_fingerprint("foobar", 6) == UINT64_C(0x85944171f73967e8));
}

/* A deadline */

static void
a_deadline_tells_whether_it_struck_inside_a_message(void **state)
{
	(void)state;
	for (size_t n = 0; n < 10; n++) {
		struct cask_sock b = { 0 };
		struct cask_ar in = { 0 };
		struct pair p;
		int fd[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(cask_attach(&b, fd[0]), 0);
		assert_int_equal(
		    write(fd[1], two_pairs, 10 + n), (ssize_t)(10 + n));
		b.timeout_ms = 50;
		cask_load(&in, &b.io);
		cask_message(&in, &p, pair_x);
		assert_int_equal(in.err, 0);
		cask_message(&in, &p, pair_x);
		assert_int_equal(in.err, ETIMEDOUT);
		if (n > 0)
			assert_non_null(
			    strstr(cask_why(&in), "inside a message"));
		else
			assert_non_null(strstr(cask_why(&in), "nothing lost"));
		cask_close(&b);
		close(fd[1]);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_message_has_the_same_bytes_in_every_buffer),
	cmocka_unit_test(
	    a_message_may_be_as_large_as_the_archives_own_buffer_or_larger),
	cmocka_unit_test(a_flush_inside_a_message_sends_nothing),
	cmocka_unit_test(a_message_is_walked_once_if_it_fits_and_twice_if_not),
	cmocka_unit_test(
	    messages_in_messages_are_walked_once_a_level_and_once_more),
	cmocka_unit_test(a_walk_that_gives_another_length_is_an_error),
	cmocka_unit_test(what_fails_inside_a_message_sends_nothing_of_it),
	cmocka_unit_test(a_message_of_4_gib_does_not_fit_its_length),
	cmocka_unit_test(a_transport_may_fail_at_any_byte_of_a_message),
	cmocka_unit_test(
	    the_limit_of_a_message_is_that_of_what_its_length_counts),
	cmocka_unit_test(a_cut_inside_a_message_is_told_from_a_clean_end),
	cmocka_unit_test(
	    without_cask_more_the_end_is_before_a_message_or_inside),
	cmocka_unit_test(each_way_to_be_wrong_has_its_words),
	cmocka_unit_test(a_message_stays_within_the_one_around_it),
	cmocka_unit_test(what_is_left_of_a_message_is_known),
	cmocka_unit_test(memory_is_a_matter_of_what_has_come),
	cmocka_unit_test(
	    a_large_buffer_of_ones_own_may_be_too_small_for_a_message),
	cmocka_unit_test(every_allocation_may_fail),
	cmocka_unit_test(
	    no_flip_of_one_or_two_bits_is_loaded_with_another_length),
	cmocka_unit_test(old_ends_and_new_ones_understand_each_other),
	cmocka_unit_test(what_was_added_may_be_cut_but_not_inside_a_field),
	cmocka_unit_test(nothing_extends_but_a_message),
	cmocka_unit_test(a_version_is_one_that_is_known),
	cmocka_unit_test(a_version_is_stored_in_two_bytes),
	cmocka_unit_test(equal_descriptions_agree),
	cmocka_unit_test(the_first_field_that_differs_is_named),
	cmocka_unit_test(a_hostile_description_is_not_listened_to_for_long),
	cmocka_unit_test(a_fingerprint_is_the_same_everywhere),
	cmocka_unit_test(a_deadline_tells_whether_it_struck_inside_a_message),
};

RUN_TESTS(tests)
