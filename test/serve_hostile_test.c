/*
 * Servers: peers that mean ill, and programs that are careless within a hook.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve_kit.h"

#include <arpa/inet.h>

/* Places, and how often */

/* One message after each answer, and not all at once. */
static void
who_is_held_to_the_rate_is_gone_on_with_in_time(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.s.limit.rate = 20;
	house_listen(&h);
	fd = house_call(&h);
	for (int i = 0; i < 24; i++) {
		put(fd, bolt_bytes, BOLT);
		take_ack(fd);
	}
	close(fd);
	house_close(&h);
}

static int
call_from(const struct house *h, const char *address)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	sa.sin_addr.s_addr = inet_addr(address);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	sa.sin_port = htons(h->port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(
	    test_connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	return fd;
}

static bool
accept_the_first(struct cask_client *c)
{
	return note_opened(c) && house_of(c)->opened == 1;
}

/* Neither one whose address is denied, nor one that the program refuses. */
static void
who_is_refused_takes_nobodys_place(void **state)
{
	(void)state;
	for (int program = 0; program < 2; program++) {
		struct house h;
		int fd, other;

		house_prepare(&h);
		h.s.limit.clients = 1;
		if (program)
			h.s.opened = accept_the_first;
		else
			cask_nets_add(&h.s.deny, "127.0.0.9");
		house_listen(&h);
		fd = house_call(&h); /* has sent no message yet */
		TURN_UNTIL(h.opened == 1);
		other = program ? house_call(&h) : call_from(&h, "127.0.0.9");
		take_end(other);
		TURN_UNTIL(h.refusals == 1);
		assert_int_equal(h.closed, 0);
		put(fd, bolt_bytes, BOLT);
		take_ack(fd);
		close(fd);
		close(other);
		TURN_UNTIL(h.closed == 1);
		h.opened = h.closed;
		house_close(&h);
	}
}

/* It is who has most that has to make room, not who comes next. */
static void
who_takes_the_memory_of_all_makes_room_for_the_others(void **state)
{
	static char large[70000] = "\xa0\x86\1"; /* of 100,000 */
	struct house h;
	int hog, fd;

	(void)state;
	if (!test_is_calm())
		skip(); /* a byte at a time */
	house_prepare(&h);
	h.s.limit.memory = 131072;
	house_listen(&h);
	hog = house_call(&h);
	fd = house_call(&h);
	TURN_UNTIL(h.opened == 2);
	put(hog, large, sizeof large);
	TURN_UNTIL(h.s.counts.received == sizeof large);
	assert_int_equal(h.s.counts.memory, h.s.limit.memory);
	put(fd, bolt_bytes, 15);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, CASK_ELIMIT);
	assert_why(&h,
	    "@: has to make room for others: 131072 bytes wait for it, and "
	    "131072 in all, limit 131072 (limit.memory)");
	put(fd, bolt_bytes + 15, BOLT - 15);
	take_ack(fd);
	close(hog);
	close(fd);
	house_close(&h);
}

/* But nobody has to for one that would then have more. */
static void
who_wants_most_of_the_memory_of_all_does_not_get_it(void **state)
{
	static char large[3000] = "\xa0\x86\1";
	struct house h;
	int fd, hog;

	(void)state;
	if (!test_is_calm())
		skip();
	house_prepare(&h);
	h.s.limit.memory = 2048;
	house_listen(&h);
	fd = house_call(&h);
	put(fd, large, 600);
	TURN_UNTIL(h.s.counts.received == 600);
	hog = house_call(&h);
	put(hog, large, sizeof large);
	TURN_UNTIL(h.closed == 1);
	assert_why(&h,
	    "@: no room for its message: 1024 bytes wait in all, limit 2048 "
	    "(limit.memory)");
	assert_int_equal(h.s.counts.clients, 1);
	assert_int_equal(h.s.counts.memory, 1024);
	close(fd);
	close(hog);
	house_close(&h);
}

/* The same for an answer. */
static void
who_takes_the_memory_of_all_makes_room_for_answers(void **state)
{
	static char large[70000] = "\xa0\x86\1";
	struct house h;
	int hog, fd;

	(void)state;
	if (!test_is_calm())
		skip();
	house_prepare(&h);
	h.s.limit.memory = 131072;
	house_listen(&h);
	hog = house_call(&h);
	fd = house_call(&h);
	TURN_UNTIL(h.opened == 2);
	put(hog, large, sizeof large);
	TURN_UNTIL(h.s.counts.received == sizeof large);
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, CASK_ELIMIT);
	close(hog);
	close(fd);
	house_close(&h);
}

/* Hooks */

static bool
drop_and_accept(struct cask_client *c)
{
	note_opened(c);
	cask_client_drop(c, EPROTO, "not today");
	return true;
}

static void
who_is_dropped_in_opened_was_a_client_and_is_told_of(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_prepare(&h);
	h.s.opened = drop_and_accept;
	house_listen(&h);
	fd = house_call(&h);
	take_end(fd);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, EPROTO);
	assert_why(&h, "@: not today");
	assert_int_equal(h.refusals, 0);
	assert_int_equal(h.s.counts.dropped, 1);
	assert_int_equal(h.s.counts.refused, 0);
	close(fd);
	house_close(&h);
}

static void
wait_a_little(void)
{
	struct cask_sock s = { .timeout_ms = LITTLE };
	int pair[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(cask_attach(&s, pair[0]), 0);
	assert_int_equal(cask_receive(&s, &byte, 1), -1);
	cask_close(&s);
	close(pair[1]);
}

static void
drop_all(struct house *h)
{
	for (struct cask_client *c = cask_client_next(&h->s, NULL); c != NULL;
	     c = cask_client_next(&h->s, c))
		cask_client_drop(c, EPROTO, "all");
}

/* It drops all that are there, and itself, then waits: they are dead, but not
 * gone while it does. */
static bool
opened_waits(struct cask_client *c)
{
	note_opened(c);
	if (house_of(c)->opened == 3) {
		drop_all(house_of(c));
		cask_client_drop(c, EPROTO, "itself");
		wait_a_little();
		assert_int_equal(house_of(c)->closed, 0);
	}
	return true;
}

static void
closed_waits(struct cask_client *c, int err, const char *why)
{
	struct house *h = house_of(c);

	note_closed(c, err, why);
	if (h->closed == 1) {
		drop_all(h);
		wait_a_little();
		assert_int_equal(h->closed, 1);
	}
}

static void
nothing_is_freed_while_a_hook_waits(void **state)
{
	(void)state;
	for (int which = 0; which < 2; which++) {
		struct house h;
		int fd[3];

		house_prepare(&h);
		if (which == 0)
			h.s.opened = opened_waits;
		else
			h.s.closed = closed_waits;
		house_listen(&h);
		cask_pump_nest(2);
		for (int i = 0; i < 3; i++)
			fd[i] = house_call(&h);
		TURN_UNTIL(h.opened == 3);
		if (which == 1)
			close(fd[1]);
		TURN_UNTIL(h.closed == 3);
		for (int i = 0; i < 3; i++)
			if (which == 0 || i != 1)
				close(fd[i]);
		cask_pump_nest(0);
		house_close(&h);
	}
}

/* What a waiting hook put aside is done when it has returned. */
static bool
second_waits(struct cask_client *c)
{
	note_opened(c);
	if (house_of(c)->opened == 2)
		wait_a_little();
	return true;
}

static void
while_opened_waits_the_others_wait_and_are_served_then(void **state)
{
	struct house h;
	int fd[3];

	(void)state;
	house_prepare(&h);
	h.s.opened = second_waits;
	house_listen(&h);
	cask_pump_nest(2);
	fd[0] = house_call(&h);
	TURN_UNTIL(h.opened == 1);
	put(fd[0], bolt_bytes, BOLT);
	fd[1] = house_call(&h);
	fd[2] = house_call(&h);
	put(fd[2], bolt_bytes, BOLT);
	take_ack(fd[0]);
	take_ack(fd[2]);
	assert_int_equal(h.opened, 3);
	cask_pump_nest(0);
	for (int i = 0; i < 3; i++)
		close(fd[i]);
	house_close(&h);
}

static void
serve_within(struct house *h, struct cask_client *c)
{
	struct ack a = { 7, 200 };

	assert_int_equal(cask_serve(&h->s), EBUSY);
	cask_reply(c, &a, ack_x);
}

static void
to_serve_within_a_hook_is_an_error_and_ends_nothing(void **state)
{
	struct house h;
	int fd;

	(void)state;
	house_open(&h);
	h.then = serve_within;
	fd = house_call(&h);
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	put(fd, bolt_bytes, BOLT);
	take_ack(fd);
	assert_int_equal(h.s.err, 0);
	close(fd);
	house_close(&h);
}

/* A hook of each kind that closes its server. */

static bool
opened_closes(struct cask_client *c)
{
	note_opened(c);
	cask_server_close(c->server);
	assert_false(c->server->stopped);
	return true;
}

static void
message_closes(struct house *h, struct cask_client *c)
{
	struct ack a = { 7, 200 };

	assert_int_equal(h->handled, 1);
	cask_reply(c, &a, ack_x);
	cask_server_close(&h->s);
	assert_false(h->s.stopped);
	assert_false(cask_reply(c, &a, ack_x));
}

static void
closed_closes(struct cask_client *c, int err, const char *why)
{
	note_closed(c, err, why);
	cask_server_close(c->server);
}

static void
refused_closes(struct cask_server *s, const char *why)
{
	note_refused(s, why);
	cask_server_close(s);
}

static void
prepare_to_close_in(struct house *h, int which)
{
	house_prepare(h);
	if (which == 0)
		h->s.opened = opened_closes;
	else if (which == 1)
		h->then = message_closes;
	else if (which == 2)
		h->s.closed = closed_closes;
	else
		h->s.refused = refused_closes;
	if (which == 3)
		assert_int_equal(cask_nets_add(&h->s.deny, "127.0.0.0/8"), 0);
	house_listen(h);
}

static void
a_server_closed_in_a_hook_closes_when_that_has_returned(void **state)
{
	(void)state;
	for (int which = 0; which < 4; which++) {
		int descriptors = fault_descriptors();
		struct house h;
		int fd[2];

		prepare_to_close_in(&h, which);
		fd[0] = house_call(&h);
		fd[1] = house_call(&h);
		if (which == 1)
			for (int i = 0; i < 3; i++)
				put(fd[0], bolt_bytes, BOLT);
		if (which == 2) {
			TURN_UNTIL(h.opened == 2);
			close(fd[0]);
		}
		TURN_UNTIL(h.s.stopped);
		if (which == 1)
			take_ack(fd[0]);
		if (which == 0)
			assert_int_equal(h.opened, 1);
		assert_int_equal(h.handled, which == 1);
		assert_int_equal(h.refusals, which == 3);
		if (which != 2)
			close(fd[0]);
		close(fd[1]);
		house_close(&h);
		assert_int_equal(fault_descriptors(), descriptors);
		h.then = NULL;
		house_prepare(&h); /* and it is as good as new */
		house_listen(&h);
		house_close(&h);
	}
}

static int looks;

static void
wait_longer(struct house *h, struct cask_client *c)
{
	struct ack a = { 7, 200 };

	if (h->handled == 10) {
		fault_reset();
		for (int i = 0; i < 5; i++)
			wait_a_little();
		looks = (int)(fault_count(FAULT_POLL) +
		    fault_count(FAULT_EPOLL_WAIT));
	}
	cask_reply(c, &a, ack_x);
}

static struct cask_client *
waits_by_rate(const struct house *h)
{
	struct cask_client *c = cask_client_next(&h->s, NULL);

	while (c != NULL && !c->paused)
		c = cask_client_next(&h->s, c);
	return c;
}

/* One whose time to go on has come can't be: its timer isn't asked again and
 * again. */
static void
a_handler_that_waits_is_not_kept_awake_by_the_rate(void **state)
{
	struct cask_client *c;
	struct house h;
	int one, two;

	(void)state;
	house_prepare(&h);
	h.s.limit.rate = 1;
	h.then = wait_longer;
	house_listen(&h);
	one = house_call(&h);
	two = house_call(&h);
	for (int i = 0; i < 3; i++) /* the third to wait for a second */
		put(one, bolt_bytes, BOLT);
	take_ack(one);
	take_ack(one);
	TURN_UNTIL(waits_by_rate(&h) != NULL);
	c = waits_by_rate(&h);
	c->room_at -= 900000000; /* or much less */
	cask_timer_stop(&c->timer);
	c->timer.after_ms = LITTLE;
	assert_int_equal(cask_timer_start(&c->timer), 0);
	h.handled = 9;
	put(two, bolt_bytes, BOLT);
	take_ack(two);
	assert_int_equal(h.handled, 10);
	assert_in_range(looks, 1, 2000); /* in a storm; else 12 */
	take_ack(one);
	close(one);
	close(two);
	house_close(&h);
}

static void
close_others(struct house *h, struct cask_client *c)
{
	struct ack a = { 7, 200 };

	for (struct cask_client *i = cask_client_next(&h->s, NULL); i != NULL;
	     i = cask_client_next(&h->s, i))
		if (i != c && h->handled == 3)
			cask_client_close(i);
	cask_reply(c, &a, ack_x);
}

/* One that waited by limit.rate. */
static void
no_message_is_handled_after_a_close_by_another_s_handler(void **state)
{
	struct house h;
	int one, two;

	(void)state;
	house_prepare(&h);
	h.s.limit.rate = 1;
	h.then = close_others;
	house_listen(&h);
	one = house_call(&h);
	two = house_call(&h);
	for (int i = 0; i < 3; i++) /* the third to wait for a second */
		put(one, bolt_bytes, BOLT);
	take_ack(one);
	take_ack(one);
	TURN_UNTIL(waits_by_rate(&h) != NULL);
	put(two, bolt_bytes, BOLT);
	take_ack(two);
	take_end(one);
	close(one);
	TURN_UNTIL(h.closed == 1);
	assert_int_equal(h.err, 0);
	assert_int_equal(h.handled, 3);
	close(two);
	house_close(&h);
}

/* Fairness */

struct blob {
	char bytes[70000];
};

static void
blob_x(struct cask_ar *ar, struct blob *b)
{
	cask_bytes(ar, b->bytes, sizeof b->bytes);
}

/* The first that came gets much for little. */
static void
answer_much(struct house *h, struct cask_client *c)
{
	static struct blob blob;
	struct ack a = { 7, 200 };

	if (c == cask_client_next(&h->s, NULL))
		cask_reply(c, &blob, blob_x);
	else
		cask_reply(c, &a, ack_x);
}

/* Whose answers the system takes is paused after each; and the others have
 * their turn before it is gone on with. */
static void
who_asks_for_much_has_one_turn_for_each(void **state)
{
	unsigned char many[40 * BOLT];
	static char answers[1 << 20];
	unsigned before, turns = 0;
	struct house h;
	int one, two;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		memcpy(many + i * BOLT, bolt_bytes, BOLT);
	house_open(&h);
	h.then = answer_much;
	one = house_call(&h);
	two = house_call(&h);
	TURN_UNTIL(h.opened == 2);
	put(one, many, sizeof many);
	for (; h.handled < 40; turns++) {
		before = h.handled;
		assert_int_equal(cask_pump_turn(1, NULL), 0);
		assert_in_range(h.handled - before, 0, 1);
		while (
		    test_recv(one, answers, sizeof answers, MSG_DONTWAIT) > 0)
			continue;
		assert_in_range(turns, 0, 10000);
	}
	put(two, bolt_bytes, BOLT);
	take_ack(two);
	close(one);
	close(two);
	house_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    who_is_held_to_the_rate_is_gone_on_with_in_time),
		cmocka_unit_test(who_is_refused_takes_nobodys_place),
		cmocka_unit_test(
		    who_is_dropped_in_opened_was_a_client_and_is_told_of),
		cmocka_unit_test(
		    who_takes_the_memory_of_all_makes_room_for_the_others),
		cmocka_unit_test(
		    who_wants_most_of_the_memory_of_all_does_not_get_it),
		cmocka_unit_test(
		    who_takes_the_memory_of_all_makes_room_for_answers),
		cmocka_unit_test(nothing_is_freed_while_a_hook_waits),
		cmocka_unit_test(
		    while_opened_waits_the_others_wait_and_are_served_then),
		cmocka_unit_test(
		    to_serve_within_a_hook_is_an_error_and_ends_nothing),
		cmocka_unit_test(
		    a_server_closed_in_a_hook_closes_when_that_has_returned),
		cmocka_unit_test(
		    a_handler_that_waits_is_not_kept_awake_by_the_rate),
		cmocka_unit_test(
		    no_message_is_handled_after_a_close_by_another_s_handler),
		cmocka_unit_test(who_asks_for_much_has_one_turn_for_each),
	};

	test_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
