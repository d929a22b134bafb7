/*
 * Servers: messages in whatever pieces they come, answers, bad clients, and the
 * end of each of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve_kit.h"

static void
assert_bolt(const struct job *j)
{
	assert_int_equal(j->id, 7);
	assert_string_equal(j->name, "bolt");
	assert_int_equal(j->count, 1);
	assert_true(j->values[0] == 2.5);
}

/* Messages */

static void
a_message_is_handled_and_answered(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	assert_bolt(&h.job);
	assert_int_equal(h.handled, 1);
	close(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, 0);
	assert_why(&h, "@: closed");
	house_close(&h);
}

static void
a_message_cut_after_any_byte_is_handled_once_it_is_whole(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	fd = house_call(&h);
	for (size_t n = 1; n < BOLT; n++) {
		put(fd, bolt_bytes, n);
		TURN_UNTIL(h.s.counts.received == (n - 1) * BOLT + n);
		assert_int_equal(h.handled, n - 1);
		put(fd, bolt_bytes + n, BOLT - n);
		take_ack(fd);
		assert_int_equal(h.handled, n);
		assert_bolt(&h.job);
	}
	assert_int_equal(h.s.counts.memory, 0);
	close(fd);
	house_close(&h);
}

static void
many_messages_in_one_piece_are_handled_in_their_order(void **state)
{
	unsigned char many[100 * BOLT], got[100 * ACK];
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	fd = house_call(&h);
	for (size_t i = 0; i < 100; i++) {
		memcpy(many + i * BOLT, bolt_bytes, BOLT);
		many[i * BOLT + 4] = (unsigned char)i;
	}
	put(fd, many, sizeof many);
	assert_int_equal(take(fd, got, sizeof got), sizeof got);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(got[i * ACK + 4], i);
	assert_int_equal(h.handled, 100);
	close(fd);
	house_close(&h);
}

/* By then the other one's has been handled, too. */
static void
many_messages_of_one_client_let_others_have_their_turn(void **state)
{
	unsigned char many[200 * BOLT], got[200 * ACK];
	struct house h;
	int one, other;

	(void)state;
	house_open(&h);
	one = house_call(&h);
	other = house_call(&h);
	TURN_UNTIL(h.opened == 2);
	for (size_t i = 0; i < 200; i++)
		memcpy(many + i * BOLT, bolt_bytes, BOLT);
	put(one, many, sizeof many);
	put(other, bolt_bytes, BOLT);
	TURN_UNTIL(recv(other, got, ACK, MSG_DONTWAIT) == ACK);
	assert_true(h.handled < 200);
	assert_int_equal(take(one, got, sizeof got), sizeof got);
	assert_int_equal(h.handled, 201);
	close(one);
	close(other);
	house_close(&h);
}

/* Large ones, both ways */

struct large {
	uint32_t count;
	uint32_t *numbers;
};

static void
large_x(struct cask_ar *ar, struct large *l)
{
	cask_u32_array_dup(ar, &l->numbers, &l->count, 1000000);
}

static void
on_large(struct cask_client *c, struct large *l)
{
	cask_reply(c, l, large_x);
}
CASK_HANDLER(take_large, struct large, large_x, on_large)

static void
large_messages_go_both_ways_and_what_was_allocated_is_freed(void **state)
{
	const uint32_t count = 200000; /* 800 kB: more than a socket holds */
	struct cask_link l = { .sock.timeout_ms = PATIENCE };
	struct large sent = { count, NULL }, back = { 0 };
	struct house h;
	char port[8];

	(void)state;
	if (!test_is_calm())
		skip(); /* megabytes, a byte at a time */
	house_prepare(&h);
	h.s.message = take_large;
	house_listen(&h);
	snprintf(port, sizeof port, "%u", (unsigned)h.port);
	sent.numbers = test_calloc(count, sizeof *sent.numbers);
	for (uint32_t i = 0; i < count; i++)
		sent.numbers[i] = i * 2654435761U;
	/* While the link waits, the server's notifications are delivered. */
	cask_pump_nest(1);
	assert_int_equal(cask_link_connect(&l, "127.0.0.1", port), 0);
	assert_true(cask_link_call(&l, &sent, large_x, &back, large_x));
	cask_pump_nest(0);
	assert_int_equal(back.count, count);
	assert_memory_equal(back.numbers, sent.numbers, 4 * (size_t)count);
	cask_link_close(&l);
	cask_release(&l.in);
	large_x(&l.in, &back);
	test_free(sent.numbers);
	house_close(&h);
}

/* Bad clients */

/* Send bytes, and see the end that comes of them. */
static void
assert_dropped(const void *p, size_t n, int err, const char *why)
{
	struct house h;
	int bad, good;

	house_open(&h);
	good = house_call(&h);
	bad = house_call(&h);
	put(bad, p, n);
	take_end(bad);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, err);
	assert_why(&h, why);
	assert_int_equal(h.handled, 0);
	assert_int_equal(h.s.counts.dropped, 1);
	put(good, bolt_bytes, BOLT);
	take_ack(good);
	close(bad);
	close(good);
	house_close(&h);
}

static void
a_message_that_is_wrong_ends_its_client_and_no_other(void **state)
{
	static const unsigned char long_text[] = { 26, 0, 0, 0, 1, 0, 0, 0, 20,
		'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '1', '2',
		'3', '4', '5', '6', '7', '8', '9', 0 };
	static const unsigned char more[] = { 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
		9 };

	(void)state;
	assert_dropped("\xff\xff\xff\xff", 4, CASK_ELIMIT,
	    "message at byte 0 from @: length 4294967295, limit 1048576 "
	    "(limit.message)");
	assert_dropped("\2\0\0\0ab", 6, CASK_ECUT,
	    "i32 id at byte 4 from @: its message ends here, after 2 "
	    "bytes");
	assert_dropped(long_text, sizeof long_text, CASK_ELIMIT,
	    "text name at byte 8 from @: length 20, limit 15 bytes");
	assert_dropped(more, sizeof more, EPROTO,
	    "message at byte 11 from @: its 8 bytes hold 1 more than is known "
	    "here");
}

static void
the_offset_of_an_error_is_that_of_the_stream(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	put(fd, "\2\0\0\0ab", 6);
	take_ack(fd);
	take_end(fd);
	TURN_UNTIL(h.closed == 1);
	assert_why(&h,
	    "i32 id at byte 34 from @: its message ends here, after 2 "
	    "bytes");
	close(fd);
	house_close(&h);
}

static void
a_client_that_ends_inside_a_message_is_told_of(void **state)
{
	(void)state;
	for (size_t n = 1; n < BOLT; n++) {
		char why[80];
		struct house h;
		int fd;

		house_open(&h);
		fd = house_call(&h);
		put(fd, bolt_bytes, n);
		close(fd);
		TURN_UNTIL(h.closed == 1);
		assert_int_equal(h.err, CASK_ECUT);
		snprintf(why, sizeof why,
		    "@: ended in the middle of a message, after %zu bytes", n);
		assert_why(&h, why);
		house_close(&h);
	}
}

static void
a_client_that_only_sends_still_gets_its_answers(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	shutdown(fd, SHUT_WR);
	take_ack(fd);
	take_end(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, 0);
	close(fd);
	house_close(&h);
}

/* What handlers may do */

static void
drop_it(struct house *h, struct cask_client *c)
{
	(void)h;
	cask_client_drop(c, EPROTO, "no %s here", "bolts");
	assert_false(cask_reply(c, &(struct ack) { 0 }, ack_x));
}

static void
a_handler_may_drop_its_client_for_a_reason(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	h.then = drop_it;
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	put(fd, bolt_bytes, BOLT);
	take_end(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.handled, 1);
	assert_int_equal(h.err, EPROTO);
	assert_why(&h, "@: no bolts here");
	close(fd);
	house_close(&h);
}

static void
answer_and_close(struct house *h, struct cask_client *c)
{
	struct ack a = { 7, 200 };

	(void)h;
	cask_client_close(c);
	cask_reply(c, &a, ack_x);
}

static void
a_handler_may_end_its_client_in_order(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	h.then = answer_and_close;
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	take_end(fd);
	put(fd, bolt_bytes, BOLT); /* thrown away */
	turn_a_little();
	assert_int_equal(h.closed, 0);
	close(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.handled, 1);
	assert_int_equal(h.err, 0);
	house_close(&h);
}

static void
tell_all(struct house *h, struct cask_client *c)
{
	struct ack a = { 7, 200 };

	for (c = cask_client_next(&h->s, NULL); c != NULL;
	     c = cask_client_next(&h->s, c))
		cask_reply(c, &a, ack_x);
}

static void
a_handler_may_send_to_all(void **state)
{
	struct house h;
	int fd[3];

	(void)state;
	house_open(&h);
	h.then = tell_all;
	for (int i = 0; i < 3; i++)
		fd[i] = house_call(&h);
	TURN_UNTIL(h.opened == 3);
	put(fd[1], bolt_bytes, BOLT);
	for (int i = 0; i < 3; i++)
		take_ack(fd[i]);
	assert_int_equal(h.s.counts.replies, 3);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	house_close(&h);
}

static void
wait_for_another(struct house *h, struct cask_client *c)
{
	struct ack a = { 7, 200 };
	struct cask_sock s = { .timeout_ms = LITTLE };
	int pair[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(cask_attach(&s, pair[0]), 0);
	assert_int_equal(cask_receive(&s, &byte, 1), -1);
	cask_close(&s);
	close(pair[1]);
	h->then = NULL;
	cask_reply(c, &a, ack_x);
}

static void
while_a_handler_waits_the_others_wait_and_are_served_then(void **state)
{
	(void)state;
	for (unsigned nest = 0; nest < 2; nest++) {
		struct house h;
		int one, two, three;

		house_open(&h);
		cask_pump_nest(nest);
		h.then = wait_for_another;
		one = house_call(&h);
		two = house_call(&h);
		TURN_UNTIL(h.opened == 2);
		put(one, bolt_bytes, BOLT);
		put(two, bolt_bytes, BOLT);
		three = house_call(&h);
		take_ack(one);
		take_ack(two);
		put(three, bolt_bytes, BOLT);
		take_ack(three);
		assert_int_equal(h.handled, 3);
		close(one);
		close(two);
		close(three);
		cask_pump_nest(0);
		house_close(&h);
	}
}

static bool
refuse(struct cask_client *c)
{
	(void)c;
	return false;
}

static void
a_client_that_opened_refuses_is_closed_and_not_told_of(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	h.s.opened = refuse;
	fd = house_call(&h);
	take_end(fd);
	assert_int_equal(h.closed, 0);
	assert_int_equal(h.s.counts.accepted, 1);
	assert_int_equal(h.s.counts.refused, 1);
	close(fd);
	house_close(&h);
}

/* Unframed: as MFC's programs send them */

static void
house_unframed(struct house *h)
{
	house_prepare(h);
	h->s.unframed = true;
	h->s.limit.message = 100;
	house_listen(h);
}

static void
an_unframed_message_cut_after_any_byte_is_handled_once_it_is_whole(void **state)
{
	const unsigned char *bytes = bolt_bytes + 4;
	const size_t size = BOLT - 4;
	unsigned char got[ACK - 4];
	struct house h;
	int fd;

	(void)state;
	house_unframed(&h);
	fd = house_call(&h);
	for (size_t n = 1; n < size; n++) {
		put(fd, bytes, n);
		TURN_UNTIL(h.s.counts.received == (n - 1) * size + n);
		assert_int_equal(h.handled, n - 1);
		put(fd, bytes + n, size - n);
		assert_int_equal(take(fd, got, sizeof got), sizeof got);
		assert_memory_equal(got, ack_bytes + 4, sizeof got);
		assert_int_equal(h.handled, n);
		assert_bolt(&h.job);
	}
	close(fd);
	house_close(&h);
}

static void
unframed_messages_in_one_piece_are_told_apart(void **state)
{
	unsigned char many[10 * BOLT], got[10 * (ACK - 4)];
	struct house h;
	int fd;

	(void)state;
	house_unframed(&h);
	for (size_t i = 0; i < 10; i++)
		memcpy(many + i * (BOLT - 4), bolt_bytes + 4, BOLT - 4);
	fd = house_call(&h);
	put(fd, many, 10 * (BOLT - 4));
	assert_int_equal(take(fd, got, sizeof got), sizeof got);
	assert_int_equal(h.handled, 10);
	close(fd);
	house_close(&h);
}

static void
assert_unframed_dropped(const void *p, size_t n, int err, const char *why)
{
	struct house h;
	int fd;

	house_unframed(&h);
	fd = house_call(&h);
	put(fd, p, n);
	take_end(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, err);
	assert_why(&h, why);
	assert_int_equal(h.handled, 0);
	close(fd);
	house_close(&h);
}

struct texts {
	char text[20][16];
};

static void
texts_x(struct cask_ar *ar, struct texts *t)
{
	for (int i = 0; i < 20; i++)
		cask_text(ar, t->text[i], sizeof t->text[i]);
}

static void
on_texts(struct cask_client *c, struct texts *t)
{
	(void)t;
	house_of(c)->handled++;
}
CASK_HANDLER(take_texts, struct texts, texts_x, on_texts)

static void
an_unframed_message_that_never_is_whole_ends_at_the_limit(void **state)
{
	struct house h;
	int fd;

	(void)state;
	assert_unframed_dropped("\1\0\0\0\24abcdefghijklmnopqrst", 25,
	    CASK_ELIMIT,
	    "text j->name at byte 4 from @: length 20, limit 15 bytes");
	house_unframed(&h);
	h.s.message = take_texts;
	fd = house_call(&h);
	for (int i = 0; i < 19; i++)
		put(fd, "\12abcdefghij", 11);
	take_end(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, CASK_ELIMIT);
	assert_why(&h,
	    "text t->text[i] at byte 99 from @: message of more than 100 bytes "
	    "(limit.message; cask_more begins the next)");
	close(fd);
	house_close(&h);
}

static void
one_of_an_unframed_server_has_64_KiB_unless_it_says_more(void **state)
{
	static unsigned char bytes[2 + 65536] = { 20000 & 0xFF, 20000 >> 8 };
	struct house h;
	int fd;

	(void)state;
	if (!test_is_calm())
		skip(); /* it is looked at again with each byte */
	house_prepare(&h);
	h.s.unframed = true;
	h.s.message = take_large;
	house_listen(&h);
	fd = house_call(&h);
	put(fd, bytes, sizeof bytes);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, CASK_ELIMIT);
	assert_non_null(
	    strstr(h.why, "message of more than 65536 bytes (limit.message"));
	close(fd);
	house_close(&h);
}

/* Several addresses */

static void
a_server_listens_on_several_addresses(void **state)
{
	struct house h;
	uint16_t first;
	int a, b;

	(void)state;
	house_open(&h);
	assert_int_equal(cask_server_listen(&h.s, "127.0.0.1", "0"), 0);
	a = house_call(&h);
	first = h.port;
	assert_int_equal(cask_server_local(&h.s, 1, NULL, 0, &h.port), 0);
	assert_int_not_equal(h.port, first);
	assert_int_equal(cask_server_local(&h.s, 2, NULL, 0, &h.port), ENOENT);
	b = house_call(&h);
	put(a, bolt_bytes, BOLT);
	put(b, bolt_bytes, BOLT);
	take_ack(a);
	take_ack(b);
	close(a);
	close(b);
	house_close(&h);
}

static void
an_address_that_cannot_be_had_is_an_error_that_names_it(void **state)
{
	struct cask_server other = { .message = take_job };
	char port[8], why[80];
	struct house h;

	(void)state;
	house_open(&h);
	snprintf(port, sizeof port, "%u", (unsigned)h.port);
	assert_int_equal(
	    cask_server_listen(&other, "127.0.0.1", port), EADDRINUSE);
	assert_int_equal(cask_serve(&other), EADDRINUSE);
	snprintf(
	    why, sizeof why, "bind 127.0.0.1:%s: Address already in use", port);
	assert_string_equal(cask_server_why(&other), why);
	house_close(&h);
}

static void
a_server_that_cannot_listen_leaves_nothing_behind(void **state)
{
	struct cask_server other = { .message = take_job };
	long allocations;
	int descriptors;
	char port[8];
	struct house h;

	(void)state;
	house_open(&h);
	snprintf(port, sizeof port, "%u", (unsigned)h.port);
	allocations = fault_allocations();
	descriptors = fault_descriptors();
	for (int i = 0; i < 2; i++) { /* the first error sticks */
		assert_int_equal(cask_server_listen(
				     &other, "127.0.0.1", i == 0 ? port : "0"),
		    EADDRINUSE);
		assert_int_equal(fault_allocations(), allocations);
		assert_int_equal(fault_descriptors(), descriptors);
	}
	house_close(&h);
}

static void
a_server_without_a_handler_or_an_address_is_told_so(void **state)
{
	struct cask_server s = { 0 };

	(void)state;
	assert_int_equal(cask_server_listen(&s, NULL, "0"), EINVAL);
	assert_string_equal(
	    cask_server_why(&s), "listen: the server has no message function");
	memset(&s, 0, sizeof s);
	s.message = take_job;
	assert_int_equal(cask_serve(&s), EINVAL);
	assert_string_equal(
	    cask_server_why(&s), "serve: no address to listen on");
	cask_server_close(&s);
	cask_server_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_handled_and_answered),
		cmocka_unit_test(
		    a_message_cut_after_any_byte_is_handled_once_it_is_whole),
		cmocka_unit_test(
		    many_messages_in_one_piece_are_handled_in_their_order),
		cmocka_unit_test(
		    many_messages_of_one_client_let_others_have_their_turn),
		cmocka_unit_test(
		    large_messages_go_both_ways_and_what_was_allocated_is_freed),
		cmocka_unit_test(
		    a_message_that_is_wrong_ends_its_client_and_no_other),
		cmocka_unit_test(the_offset_of_an_error_is_that_of_the_stream),
		cmocka_unit_test(
		    a_client_that_ends_inside_a_message_is_told_of),
		cmocka_unit_test(
		    a_client_that_only_sends_still_gets_its_answers),
		cmocka_unit_test(a_handler_may_drop_its_client_for_a_reason),
		cmocka_unit_test(a_handler_may_end_its_client_in_order),
		cmocka_unit_test(a_handler_may_send_to_all),
		cmocka_unit_test(
		    while_a_handler_waits_the_others_wait_and_are_served_then),
		cmocka_unit_test(
		    a_client_that_opened_refuses_is_closed_and_not_told_of),
		cmocka_unit_test(
		    an_unframed_message_cut_after_any_byte_is_handled_once_it_is_whole),
		cmocka_unit_test(unframed_messages_in_one_piece_are_told_apart),
		cmocka_unit_test(
		    an_unframed_message_that_never_is_whole_ends_at_the_limit),
		cmocka_unit_test(
		    one_of_an_unframed_server_has_64_KiB_unless_it_says_more),
		cmocka_unit_test(a_server_listens_on_several_addresses),
		cmocka_unit_test(
		    an_address_that_cannot_be_had_is_an_error_that_names_it),
		cmocka_unit_test(
		    a_server_that_cannot_listen_leaves_nothing_behind),
		cmocka_unit_test(
		    a_server_without_a_handler_or_an_address_is_told_so),
	};

	test_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
