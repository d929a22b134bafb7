/*
 * Tests of cask_get_some: what there is of a stream or a message, to its end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "own_io.h"
#include "test.h"

#include <cask.h>

#include <fcntl.h>
#include <unistd.h>

#define LENGTH 60

static unsigned char bytes[LENGTH];

static void
make_bytes(void)
{
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 7 + 1);
}

/* Copy what is left as the header says; whole: as one message. */
static size_t
copy(struct cask_ar *ar, unsigned char *to, size_t size, bool whole)
{
	size_t all = 0, n;

	while ((whole || cask_more(ar)) &&
	    (n = cask_get_some(ar, to + all, size)) > 0)
		all += n;
	return all;
}

static void
the_rest_of_a_stream_is_given_whole_however_it_comes(void **state)
{
	unsigned char buffer[16], got[2 * LENGTH];

	(void)state;
	make_bytes();
	for (size_t room = 1; room <= sizeof buffer; room++)
		for (size_t at_most = 0; at_most < 20; at_most++)
			for (size_t size = 1; size < LENGTH; size += 6)
				for (int how = 0; how < 4; how++) {
					struct cask_ar ar = { .buffer = buffer,
						.buffer_size = room };
					struct own_io own;

					cask_load(&ar,
					    own_source(&own, bytes, LENGTH));
					own.at_most = at_most;
					own.io.exact = how >= 2;
					assert_int_equal(
					    cask_get_u8(&ar), bytes[0]);
					assert_int_equal(
					    copy(&ar, got, size, how % 2),
					    LENGTH - 1);
					assert_memory_equal(
					    got, bytes + 1, LENGTH - 1);
					assert_int_equal(ar.err, 0);
					assert_int_equal(cask_at(&ar), LENGTH);
					assert_int_equal(
					    cask_get_some(&ar, got, 1), 0);
					assert_int_equal(ar.err, 0);
					cask_get_u8(&ar);
					assert_int_equal(ar.err, CASK_ECUT);
				}
}

static void
only_the_first_byte_is_waited_for(void **state)
{
	unsigned char buffer[8], got[LENGTH];
	struct cask_ar ar = { .buffer = buffer, .buffer_size = sizeof buffer };
	struct own_io own;

	(void)state;
	make_bytes();
	cask_load(&ar, own_source(&own, bytes, LENGTH));
	own.at_most = 5;
	assert_int_equal(cask_get_some(&ar, got, 0), 0);
	assert_int_equal(own.calls, 0);
	assert_int_equal(cask_get_some(&ar, got, 4), 4);
	assert_int_equal(own.calls, 1);
	assert_int_equal(cask_get_some(&ar, got, sizeof got), 1);
	assert_int_equal(own.calls, 1); /* it was there */
	assert_int_equal(cask_get_some(&ar, got, sizeof got), 5);
	assert_int_equal(own.calls, 2);
	assert_memory_equal(got, bytes + 5, 5);
	own.at_most = 0; /* a large block, past the buffer */
	assert_int_equal(cask_get_some(&ar, got, 40), 40);
	assert_int_equal(own.calls, 3);
	assert_memory_equal(got, bytes + 10, 40);
	assert_int_equal(cask_pending(&ar), 0);
}

static void
what_was_read_ahead_behind_it_goes_back(void **state)
{
	struct cask_ar ar = { 0 };
	unsigned char got[10];
	struct cask_mem m;

	(void)state;
	make_bytes();
	cask_load(&ar, cask_mem_read(&m, bytes, LENGTH));
	assert_int_equal(cask_get_some(&ar, got, sizeof got), 10);
	assert_int_equal(cask_finish(&ar), 0);
	assert_int_equal(m.position, 10);
}

static void
a_stream_that_fails_at_any_byte_gives_those_before(void **state)
{
	unsigned char buffer[8], got[LENGTH];

	(void)state;
	make_bytes();
	for (size_t at = 0; at < LENGTH; at++)
		for (size_t size = 1; size < 20; size += 3) {
			struct cask_ar ar = { .buffer = buffer,
				.buffer_size = sizeof buffer };
			struct own_io own;

			cask_load(&ar, own_source(&own, bytes, LENGTH));
			own.fail_at = at;
			assert_int_equal(copy(&ar, got, size, size % 2), at);
			assert_memory_equal(got, bytes, at);
			assert_int_equal(ar.err, EIO);
			assert_int_equal(cask_get_some(&ar, got, size), 0);
			assert_int_equal(own.moved, at);
		}
}

/* Messages */

struct body {
	uint8_t kind;
	unsigned char rest[LENGTH];
	size_t n;
	size_t size; /* of a block */
};

static void
body_x(struct cask_ar *ar, struct body *b)
{
	cask_u8(ar, &b->kind);
	if (cask_loading(ar))
		b->n = copy(ar, b->rest, b->size, b->size % 2);
	else
		cask_bytes(ar, b->rest, b->n);
}

static size_t
store_bodies(unsigned char *wire, size_t size, size_t n)
{
	struct body b = { .kind = 7, .n = n };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	memcpy(b.rest, bytes, n);
	cask_store(&ar, cask_mem_write(&m, wire, size));
	cask_message(&ar, &b, body_x);
	cask_message(&ar, &b, body_x);
	assert_int_equal(cask_flush(&ar), 0);
	return m.length;
}

static void
in_a_message_it_ends_where_the_message_does(void **state)
{
	unsigned char wire[2 * LENGTH], buffer[16];

	(void)state;
	make_bytes();
	for (size_t n = 0; n < 40; n++)
		for (size_t size = 1; size < 20; size++) {
			size_t length = store_bodies(wire, sizeof wire, n);
			struct cask_ar ar = { .buffer = buffer,
				.buffer_size = sizeof buffer };
			struct own_io own;

			cask_load(&ar, own_source(&own, wire, length));
			own.at_most = size % 3;
			for (int i = 0; i < 2; i++) {
				struct body b = { .size = size };

				assert_true(cask_more(&ar));
				cask_message(&ar, &b, body_x);
				assert_string_equal(cask_why(&ar), "no error");
				assert_int_equal(b.n, n);
				assert_memory_equal(b.rest, bytes, n);
			}
			assert_false(cask_more(&ar));
		}
}

static void
a_message_that_is_cut_is_an_error_there_too(void **state)
{
	unsigned char wire[2 * LENGTH];
	size_t length;

	(void)state;
	make_bytes();
	length = store_bodies(wire, sizeof wire, 20) / 2;
	for (size_t cut = 1; cut < length; cut++)
		for (int local = 0; local < 2; local++) {
			struct body b = { .size = 5 };
			struct cask_ar ar = { 0 };
			struct own_io own;

			cask_load(&ar, own_source(&own, wire, cut));
			if (local)
				own.io.table = &own_local_table;
			cask_message(&ar, &b, body_x);
			assert_int_equal(ar.err, CASK_ECUT);
		}
}

/* Limits and directions */

static void
a_messages_limit_holds_to_the_byte(void **state)
{
	unsigned char got[LENGTH], buffer[8];

	(void)state;
	make_bytes();
	for (size_t n = 8; n < 13; n++)
		for (size_t size = 1; size < 15; size++) {
			struct cask_ar ar = { .limit.message = 10,
				.buffer = buffer,
				.buffer_size = sizeof buffer };
			struct own_io own;

			cask_load(&ar, own_source(&own, bytes, n));
			assert_int_equal(
			    copy(&ar, got, size, true), n < 10 ? n : 10);
			assert_int_equal(ar.err, n > 10 ? CASK_ELIMIT : 0);

			cask_load(&ar, own_source(&own, bytes, LENGTH));
			assert_int_equal(copy(&ar, got, size, false), LENGTH);
			assert_int_equal(ar.err, 0);
		}
}

static void
only_an_archive_that_loads_gives_some(void **state)
{
	struct cask_ar ar = { 0 };
	unsigned char b[4];
	struct cask_mem m;
	char out[40];

	(void)state;
	assert_int_equal(cask_get_some(&ar, b, sizeof b), 0);
	assert_int_equal(ar.err, EINVAL);
	cask_store(&ar, cask_mem_write(&m, out, sizeof out));
	assert_int_equal(cask_get_some(&ar, b, sizeof b), 0);
	assert_int_equal(ar.err, CASK_EDIRECTION);
	cask_release(&ar);
	assert_int_equal(cask_get_some(&ar, b, sizeof b), 0);
	assert_int_equal(ar.err, 0);
	cask_describe(&ar, cask_mem_write(&m, out, sizeof out - 1));
	assert_int_equal(cask_get_some(&ar, b, sizeof b), 0);
	assert_int_equal(cask_flush(&ar), 0);
	out[m.length] = '\0';
	assert_string_equal(out, "bytes[]\n");
}

/* Who watches */

static char seen[200];

static void
see(struct cask_ar *ar, const struct cask_field *f)
{
	size_t n = strlen(seen);

	(void)ar;
	snprintf(seen + n, sizeof seen - n, "%s %u %u %s%s\n", f->type,
	    (unsigned)f->at, (unsigned)f->size, f->value,
	    f->error != NULL ? f->error : "");
	assert_int_equal(f->seen, f->size < CASK_SEEN ? f->size : CASK_SEEN);
	assert_memory_equal(f->bytes, bytes + f->at, f->seen);
}

static void
who_watches_sees_what_came_and_not_the_end(void **state)
{
	unsigned char buffer[8], got[LENGTH];
	struct cask_ar ar = {
		.buffer = buffer, .buffer_size = sizeof buffer, .watch = see
	};
	struct own_io own;

	(void)state;
	make_bytes();
	seen[0] = '\0';
	cask_load(&ar, own_source(&own, bytes, 25));
	assert_int_equal(cask_get_some(&ar, got, 2), 2);
	assert_int_equal(cask_get_some(&ar, got, 40), 6);
	assert_int_equal(cask_get_some(&ar, got, 40), 17);
	assert_int_equal(cask_get_some(&ar, got, 40), 0);
	assert_string_equal(seen,
	    "bytes 0 2 0108\n"
	    "bytes 2 6 0f161d242b32\n"
	    "bytes 8 17 "
	    "3940474e555c636a71787f868d949ba2a9\n");
}

/* Whatever fails */

static void
copy_scenario(void *failed)
{
	char path[] = "/tmp/cask-some-XXXXXX";
	unsigned char got[LENGTH] = { 0 };
	struct cask_ar ar = { 0 };
	struct cask_file f;
	int fd = mkstemp(path);
	size_t n;

	(void)failed;
	make_bytes();
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, bytes, LENGTH), LENGTH);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	cask_load(&ar, cask_file_use(&f, fd));
	n = copy(&ar, got, 7, false);
	assert_memory_equal(got, bytes, n);
	assert_true(n == LENGTH || ar.err != 0);
	close(fd);
}

static void
every_fault_of_a_file_is_an_error(void **state)
{
	(void)state;
	assert_true(fault_everywhere(copy_scenario, NULL) > 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_rest_of_a_stream_is_given_whole_however_it_comes),
	cmocka_unit_test(only_the_first_byte_is_waited_for),
	cmocka_unit_test(what_was_read_ahead_behind_it_goes_back),
	cmocka_unit_test(a_stream_that_fails_at_any_byte_gives_those_before),
	cmocka_unit_test(in_a_message_it_ends_where_the_message_does),
	cmocka_unit_test(a_message_that_is_cut_is_an_error_there_too),
	cmocka_unit_test(a_messages_limit_holds_to_the_byte),
	cmocka_unit_test(only_an_archive_that_loads_gives_some),
	cmocka_unit_test(who_watches_sees_what_came_and_not_the_end),
	cmocka_unit_test(every_fault_of_a_file_is_an_error),
};

RUN_TESTS(tests)
