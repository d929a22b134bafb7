/*
 * Servers behind balancers, with what real ones do: health checks that end by a
 * reset, perhaps before they are accepted; all kinds of headers; and what was
 * reset so early is nobody, and not believed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve_kit.h"

#define ONE "PROXY TCP4 10.0.0.7 10.0.0.1 5123 7000\r\n"
#define TWO                                                      \
	"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\0\0\7\x0a\0\0\1" \
	"\x14\x03\x1b\x58"
#define OWN "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"

/* A literal, without its NUL. */
#define BYTES(literal) (literal), sizeof(literal) - 1

static void
house_behind(struct house *h, const char *balancers)
{
	house_prepare(h);
	assert_int_equal(cask_nets_add(&h->s.balancers, balancers), 0);
	assert_int_equal(cask_server_listen_behind(&h->s, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_server_local(&h->s, 0, NULL, 0, &h->port), 0);
}

/* Its end is a reset. */
static void
reset(int fd)
{
	struct linger none = { 1, 0 };

	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none), 0);
	close(fd);
}

static const struct {
	const char *header;
	size_t n;
	const char *name;
} headers[] = {
	{ BYTES(ONE), "10.0.0.7:5123" },
	{ BYTES(TWO), "10.0.0.7:5123" },
	{ BYTES("PROXY TCP6 2001:db8::7 ::1 5123 7000\r\n"),
	    "[2001:db8::7]:5123" },
	{ BYTES("PROXY TCP6 ::ffff:10.0.0.7 ::1 5123 7000\r\n"),
	    "10.0.0.7:5123" },
	{ BYTES(OWN), "127.0.0.1:" },
	{ BYTES("PROXY UNKNOWN\r\n"), "127.0.0.1:" },
};

static void
a_header_and_a_message_may_come_in_one_piece(void **state)
{
	struct house h;

	(void)state;
	house_behind(&h, "127.0.0.0/8");
	for (size_t i = 0; i < COUNT(headers); i++) {
		unsigned char all[128];
		int fd = house_call(&h);

		memcpy(all, headers[i].header, headers[i].n);
		memcpy(all + headers[i].n, bolt_bytes, BOLT);
		put(fd, all, headers[i].n + BOLT);
		take_ack(fd);
		assert_memory_equal(h.last->sock.io.peer, headers[i].name,
		    strlen(headers[i].name));
		put(fd, bolt_bytes, BOLT);
		take_ack(fd);
		close(fd);
		TURN_UNTIL(h.closed == i + 1);
		assert_int_equal(h.err, 0);
	}
	assert_int_equal(h.s.counts.accepted, COUNT(headers));
	assert_int_equal(h.s.counts.refused + h.s.counts.dropped, 0);
	house_close(&h);
}

/* What a balancer's check sends, and when it ends: at once, when it has been
 * accepted, or when its header was looked at; in order, or by a reset. */
static void
checks_come_and_go_and_nobody_complains(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} checks[] = { { BYTES("") }, { BYTES(ONE) }, { BYTES(OWN) } };
	struct house h;

	(void)state;
	house_behind(&h, "127.0.0.1");
	for (size_t i = 0; i < 6 * COUNT(checks); i++) {
		const size_t n = checks[i / 6].n;
		uint64_t accepted = h.s.counts.accepted;
		uint64_t received = h.s.counts.received;
		int fd = house_call(&h);

		if (n > 0)
			put(fd, checks[i / 6].bytes, n);
		if (i % 6 / 2 == 1)
			TURN_UNTIL(h.s.counts.accepted > accepted);
		if (i % 6 / 2 == 2)
			TURN_UNTIL(h.s.counts.accepted > accepted &&
			    h.s.counts.received == received + n);
		if (i % 2 == 0)
			close(fd);
		else
			reset(fd);
		TURN_UNTIL(h.s.counts.accepted > accepted);
		TURN_UNTIL(h.s.counts.clients == 0);
		turn_a_little();
		assert_int_equal(h.err, 0);
		assert_int_equal(h.closed, h.opened);
	}
	assert_true(h.opened > 0);
	assert_int_equal(h.s.counts.refused + h.s.counts.dropped, 0);
	assert_int_equal(h.refusals + h.troubles, 0);
	house_close(&h);
}

static void
a_client_that_is_lost_after_a_message_is_lost(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_behind(&h, "127.0.0.1");
	fd = house_call(&h);
	put(fd, BYTES(ONE));
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	reset(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, ECONNRESET);
	assert_int_equal(h.s.counts.dropped, 1);
	house_close(&h);
}

static void
a_client_that_is_lost_in_its_first_message_is_lost(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_behind(&h, "127.0.0.1");
	fd = house_call(&h);
	put(fd, BYTES(ONE "\x1a\0"));
	TURN_UNTIL(h.s.counts.received == sizeof ONE + 1);
	reset(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, ECONNRESET);
	house_close(&h);
}

/* What was sent before a reset can still be received; but nobody knows any more
 * where it came from. */
static void
reset_before_it_is_accepted(struct house *h, const char *header, size_t n)
{
	int fd = house_call(h);

	if (n > 0)
		put(fd, header, n);
	put(fd, bolt_bytes, BOLT);
	reset(fd);
	TURN_UNTIL(h->s.counts.accepted == 1);
	turn_a_little();
	assert_int_equal(h->handled, 0);
	assert_int_equal(h->opened, 0);
	house_close(h);
}

static void
who_was_reset_already_is_no_balancer(void **state)
{
	struct house h;

	(void)state;
	house_behind(&h, "127.0.0.2");
	reset_before_it_is_accepted(&h, BYTES(ONE));
}

static void
who_was_reset_already_is_not_past_a_list_either(void **state)
{
	struct house h;

	(void)state;
	house_prepare(&h);
	assert_int_equal(cask_nets_add(&h.s.deny, "127.0.0.1"), 0);
	house_listen(&h);
	reset_before_it_is_accepted(&h, NULL, 0);
	house_prepare(&h);
	assert_int_equal(cask_nets_add(&h.s.allow, "127.0.0.2"), 0);
	house_listen(&h);
	reset_before_it_is_accepted(&h, NULL, 0);
}

static void
who_can_not_be_known_is_refused(void **state)
{
	struct house h;
	int fd;

	(void)state;
	for (int i = 0; i < 3; i++) {
		house_prepare(&h);
		cask_nets_add(i == 0 ? &h.s.balancers
			: i == 1     ? &h.s.allow
				     : &h.s.deny,
		    i == 2 ? "10.0.0.0/8" : "all");
		if (i == 0)
			assert_int_equal(
			    cask_server_listen_behind(&h.s, "127.0.0.1", "0"),
			    0);
		else
			house_listen(&h);
		cask_server_local(&h.s, 0, NULL, 0, &h.port);
		fd = house_call(&h);
		fault_reset();
		fault_plan(FAULT_GETPEERNAME, 0, false, ENOBUFS);
		take_end(fd);
		assert_int_equal(fault_injected(), 1);
		fault_reset();
		assert_int_equal(h.refusals, 1);
		assert_why(&h, "@: No buffer space available");
		close(fd);
		house_close(&h);
	}
}

static void
places_are_those_of_the_clients_own_address(void **state)
{
	struct house h;
	int fd[3];

	(void)state;
	house_behind(&h, "127.0.0.1");
	h.s.limit.per_host = 2;
	for (int i = 0; i < 3; i++) {
		fd[i] = house_call(&h);
		put(fd[i], BYTES(ONE));
		if (i < 2)
			TURN_UNTIL(h.opened == (unsigned)i + 1);
	}
	take_end(fd[2]);
	TURN_UNTIL(h.refusals == 1);
	close(fd[2]);
	fd[2] = house_call(&h);
	put(fd[2], BYTES("PROXY TCP4 10.0.0.8 10.0.0.1 5123 7000\r\n"));
	put(fd[2], bolt_bytes, BOLT);
	take_ack(fd[2]);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	house_close(&h);
}

static void
one_server_may_be_behind_a_balancer_and_before_it(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_behind(&h, "127.0.0.1");
	assert_int_equal(cask_server_listen(&h.s, "127.0.0.1", "0"), 0);
	fd = house_call(&h);
	put(fd, BYTES(TWO));
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	assert_string_equal(h.last->sock.io.peer, "10.0.0.7:5123");
	close(fd);
	assert_int_equal(cask_server_local(&h.s, 1, NULL, 0, &h.port), 0);
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	assert_memory_equal(h.last->sock.io.peer, "127.0.0.1:", 10);
	close(fd);
	house_close(&h);
}

static void
a_stop_does_not_wait_for_headers(void **state)
{
	struct house h;
	int fd[2];

	(void)state;
	house_behind(&h, "127.0.0.1");
	h.s.limit.drain_ms = -1;
	for (int i = 0; i < 2; i++)
		fd[i] = house_call(&h);
	put(fd[1], BYTES("PROXY TCP4"));
	TURN_UNTIL(h.s.counts.received == 10 && h.s.counts.accepted == 2);
	cask_server_stop(&h.s);
	for (int i = 0; i < 2; i++) {
		take_end(fd[i]);
		close(fd[i]);
	}
	TURN_UNTIL(h.s.stopped);
	house_close(&h);
	assert_int_equal(h.opened, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_header_and_a_message_may_come_in_one_piece),
	cmocka_unit_test(checks_come_and_go_and_nobody_complains),
	cmocka_unit_test(a_client_that_is_lost_after_a_message_is_lost),
	cmocka_unit_test(a_client_that_is_lost_in_its_first_message_is_lost),
	cmocka_unit_test(who_was_reset_already_is_no_balancer),
	cmocka_unit_test(who_was_reset_already_is_not_past_a_list_either),
	cmocka_unit_test(who_can_not_be_known_is_refused),
	cmocka_unit_test(places_are_those_of_the_clients_own_address),
	cmocka_unit_test(one_server_may_be_behind_a_balancer_and_before_it),
	cmocka_unit_test(a_stop_does_not_wait_for_headers),
};

RUN_TESTS(tests)
