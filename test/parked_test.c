/*
 * Tests of notifications and what goes on around them: what is put aside while
 * a call waits, what is served in it, what a handler may do to its socket and
 * to others, and threads.
 *
 * SPDX-License-Identifier: MIT
 */
#include "notify_kit.h"

/* A connection that goes back and forth between two threads. */

#define NUMBERS (262144) /* of four bytes each: 1 MiB */
#define AT_ONCE 25
#define A_TURN  4001

struct relay {
	struct cask_sock s; /* the first member */
	uint32_t next;
	uint32_t until;
	bool wrong;
	int mine[2]; /* a byte in it: the socket is this thread's */
	int yours[2];
	int peer;
};

static void
hand_over(struct relay *r)
{
	struct cask_sock *s = &r->s;
	int to = r->until / A_TURN % 2 == 1 ? r->yours[1] : r->mine[1];

	r->until += A_TURN;
	r->wrong |= cask_select(s, 0) != 0;
	cask_pump_stop();
	if (write(to, "!", 1) != 1) /* and it is no longer ours */
		abort();
}

static void
load_some(struct cask_sock *s, int err)
{
	struct relay *r = (struct relay *)s;
	struct cask_ar ar = { 0 };

	r->wrong |= err != 0;
	cask_load(&ar, &s->io);
	for (int i = 0; i < AT_ONCE && r->next < NUMBERS; i++) {
		r->wrong |= cask_get_u32(&ar) != r->next;
		r->next++;
	}
	r->wrong |= ar.err != 0;
	if (r->next >= r->until || r->next == NUMBERS || r->wrong)
		hand_over(r);
}

static const struct cask_notify relay_table = { .receive = load_some };

static void
await_turn(int mine)
{
	ptrdiff_t n;
	char byte;

	do
		n = test_read(mine, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		abort();
}

static void
run_relay(struct relay *r, int mine, int yours)
{
	for (await_turn(mine); r->next < NUMBERS && !r->wrong;
	     await_turn(mine)) {
		r->wrong |= cask_select(&r->s, CASK_ON_ALL) != 0;
		cask_pump_run();
	}
	if (write(yours, "!", 1) != 1)
		abort();
}

static void *
run_other_half(void *arg)
{
	struct relay *r = arg;

	run_relay(r, r->yours[0], r->mine[1]);
	return NULL;
}

static void *
write_numbers(void *arg)
{
	const struct relay *r = arg;
	static unsigned char block[4 * NUMBERS];
	size_t done = 0;

	for (uint32_t i = 0; i < NUMBERS; i++)
		for (unsigned k = 0; k < 4; k++)
			block[4 * i + k] = (unsigned char)(i >> 8 * k);
	while (done < sizeof block) {
		size_t n = 1 + done * 7919 % 5003;
		ptrdiff_t sent;

		if (n > sizeof block - done)
			n = sizeof block - done;
		sent = send(r->peer, block + done, n, MSG_NOSIGNAL);
		if (sent > 0)
			done += (size_t)sent;
		else if (errno != EINTR)
			break;
	}
	return NULL;
}

static void
a_connection_that_moves_between_threads_loses_nothing(void **state)
{
	struct relay r = { .s.notify = &nothing, .until = A_TURN };
	struct pair p;
	pthread_t writer, other;

	(void)state;
	pair_open(&p, &nothing);
	r.peer = p.peer;
	assert_int_equal(cask_attach(&r.s, cask_detach(&p.e.s)), 0);
	r.s.notify = &relay_table;
	assert_int_equal(pipe(r.mine), 0);
	assert_int_equal(pipe(r.yours), 0);
	assert_int_equal(write(r.mine[1], "!", 1), 1);
	assert_int_equal(pthread_create(&writer, NULL, write_numbers, &r), 0);
	assert_int_equal(pthread_create(&other, NULL, run_other_half, &r), 0);
	run_relay(&r, r.mine[0], r.yours[1]);
	assert_int_equal(pthread_join(other, NULL), 0);
	assert_false(r.wrong);
	assert_int_equal(r.next, NUMBERS);
	cask_close(&r.s);
	assert_int_equal(pthread_join(writer, NULL), 0);
	for (int i = 0; i < 2; i++) {
		close(r.mine[i]);
		close(r.yours[i]);
	}
	pair_close(&p);
}

/* None after the close */

static void
close_self(struct end *e, char kind)
{
	(void)kind;
	cask_close(&e->s);
}

static void
a_handler_that_closes_its_socket_is_the_last(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all, .then = close_self };
	int fd[2];

	(void)state;
	plain_pair(fd);
	put(fd[0], "data");
	urgent(fd[0]);
	await(fd[1], POLLPRI);
	assert_int_equal(cask_attach(&e.s, fd[1]), 0);
	assert_told(&e, "c");
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	close(fd[0]);
	heard[0] = '\0';
}

static void
free_self(struct end *e, char kind)
{
	(void)kind;
	cask_close(&e->s);
	free(e);
}

static void
a_handler_may_free_its_socket(void **state)
{
	int fd[2];

	(void)state;
	for (const char *kinds = "csr"; *kinds != '\0'; kinds++) {
		struct end *e = calloc(1, sizeof *e);

		assert_non_null(e);
		plain_pair(fd);
		put(fd[0], "data");
		*e = (struct end) {
			.id = 'E', .then = free_self, .freed = true
		};
		e->s.notify = &all;
		assert_int_equal(cask_attach(&e->s, fd[1]), 0);
		assert_int_equal(cask_select(&e->s,
				     *kinds == 'c'       ? CASK_ON_ALL
					 : *kinds == 's' ? CASK_ON_SEND
							 : CASK_ON_RECEIVE),
		    0);
		turn(PATIENCE);
		assert_int_equal(strlen(heard), 3);
		assert_int_equal(heard[1], *kinds);
		heard[0] = '\0';
		assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
		close(fd[0]);
	}
}

/* The listener's and a failed connect's handlers as well. */
static void
the_handlers_of_accept_and_connect_may_free_their_sockets(void **state)
{
	struct end *e = calloc(1, sizeof *e);
	char port[8];
	uint16_t number;
	int fd;

	(void)state;
	assert_non_null(e);
	*e = (struct end) { .id = 'E', .then = free_self, .freed = true };
	e->s.notify = &all;
	listen_at(&e->s, &number);
	fd = plain_connect(number);
	turn(PATIENCE);
	assert_int_equal(strlen(heard), 3);
	close(fd);
	close(plain_listen(port));
	e = calloc(1, sizeof *e);
	assert_non_null(e);
	*e = (struct end) { .id = 'E', .then = free_self, .freed = true };
	e->s.notify = &all;
	assert_int_equal(cask_try_connect(&e->s, "127.0.0.1", port), 0);
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(strlen(heard), 6);
	heard[0] = '\0';
}

static void
close_other(struct end *e, char kind)
{
	(void)kind;
	cask_close(&e->other->s);
}

static void
a_handler_that_closes_another_socket_is_the_others_last(void **state)
{
	struct pair p, q;

	(void)state;
	pair_open(&p, &all);
	pair_open(&q, &all);
	p.e.then = q.e.then = close_other;
	p.e.other = &q.e;
	q.e.other = &p.e;
	put(p.peer, "a");
	put(q.peer, "a");
	await(p.e.s.watch.fd, POLLIN);
	await(q.e.s.watch.fd, POLLIN);
	turn(PATIENCE);
	settle();
	assert_int_equal(strlen(p.e.told) + strlen(q.e.told), 1);
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/* A watch of the program's own comes first; it puts another connection into
 * the place of one that is ready in the same turn. */
struct swindle {
	struct cask_watch w;
	int bell[2];
	struct pair victim;
	struct end heir;
	int plain[2];
};

static void
replace(struct cask_watch *w, int events)
{
	struct swindle *sw = w->user;
	int fd = sw->victim.e.s.watch.fd;

	(void)events;
	cask_watch_stop(w);
	cask_close(&sw->victim.e.s);
	plain_pair(sw->plain);
	if (sw->plain[1] != fd) {
		assert_int_equal(dup2(sw->plain[1], fd), fd);
		close(sw->plain[1]);
	}
	assert_int_equal(cask_attach(&sw->heir.s, fd), 0);
}

static void
a_descriptor_used_again_within_a_turn_gets_no_old_notification(void **state)
{
	struct swindle sw = { .heir = { .id = 'H', .s.notify = &all } };

	(void)state;
	for (int later = 0; later < 2; later++) {
		assert_int_equal(pipe(sw.bell), 0);
		sw.w = (struct cask_watch) { .fd = sw.bell[0],
			.events = CASK_READABLE,
			.ready = replace,
			.user = &sw };
		if (!later)
			assert_int_equal(cask_watch_start(&sw.w), 0);
		pair_open(&sw.victim, &all);
		if (later)
			assert_int_equal(cask_watch_start(&sw.w), 0);
		assert_int_equal(write(sw.bell[1], "!", 1), 1);
		put(sw.victim.peer, "old");
		await(sw.victim.e.s.watch.fd, POLLIN);
		assert_told(&sw.heir, "cs");
		assert_string_equal(sw.victim.e.told, "");
		put(sw.plain[0], "new");
		assert_told(&sw.heir, "r");
		take(&sw.heir.s, "new");
		cask_close(&sw.heir.s);
		pair_close(&sw.victim);
		close(sw.plain[0]);
		close(sw.bell[0]);
		close(sw.bell[1]);
		heard[0] = '\0';
	}
}

/* A new life begins within the old one's handler. */
static void
attach_anew(struct end *e, char kind)
{
	int fd = (int)e->size;

	(void)kind;
	e->then = NULL;
	cask_close(&e->s);
	assert_int_equal(cask_attach(&e->s, fd), 0);
}

static void
a_handler_may_begin_a_new_life_for_its_socket(void **state)
{
	struct pair p;
	int fd[2];

	(void)state;
	plain_pair(fd);
	pair_open(&p, &all);
	p.e.then = attach_anew;
	p.e.size = (size_t)fd[1];
	put(p.peer, "old");
	assert_told(&p.e, "rcs");
	put(fd[0], "new");
	assert_told(&p.e, "r");
	take(&p.e.s, "new");
	pair_close(&p);
	close(fd[0]);
	heard[0] = '\0';
}

/* Parked */

static void
notifications_are_parked_in_order_while_a_call_waits(void **state)
{
	struct alarm_clock go[3];
	struct pair a, b, c;
	unsigned delivered = 0;
	char byte;

	(void)state;
	pair_named(&a, 'A', &all);
	pair_named(&b, 'B', &all);
	pair_named(&c, 'C', &all);
	write_later(&go[0], 10, c.peer, "c");
	write_later(&go[1], 30, b.peer, "b");
	write_later(&go[2], 60, a.peer, "a");
	assert_int_equal(cask_receive(&a.e.s, &byte, 1), 1);
	assert_string_equal(heard, "");
	/* No new traffic is needed, and no more than one turn. */
	assert_int_equal(cask_pump_turn(0, &delivered), 0);
	assert_int_equal(delivered, 2);
	assert_string_equal(heard, "Cr Br ");
	settle();
	assert_string_equal(heard, "Cr Br ");
	heard[0] = '\0';
	pair_close(&a);
	pair_close(&b);
	pair_close(&c);
}

static void
cry_now(struct cask_timer *t)
{
	const struct pair *p = t->user;

	put(p->peer, "a");
	urgent(p->peer);
}

static void
other_kinds_of_the_waiting_socket_are_parked_too(void **state)
{
	static char block[65536];
	struct alarm_clock go;
	struct pair p;
	struct cask_timer cry = { .after_ms = 20, .fire = cry_now, .user = &p };
	struct cask_timer t = {
		.after_ms = 50, .every_ms = 1, .fire = drain_now, .user = &p
	};
	char byte;

	(void)state;
	pair_init(&p, &all); /* room to send is not announced yet */
	write_later(&go, 20, p.peer, "a");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	assert_string_equal(p.e.told, "");
	turn(0);
	assert_told(&p.e, "s");
	fill(&p.e.s);
	assert_int_equal(cask_timer_start(&cry), 0);
	assert_int_equal(cask_timer_start(&t), 0);
	assert_int_equal(cask_send(&p.e.s, block, sizeof block), 0);
	cask_timer_stop(&t);
	assert_string_equal(p.e.told, "");
	turn(0);
	assert_non_null(strchr(p.e.told, 'o'));
	assert_non_null(strchr(p.e.told, 'r'));
	pair_close(&p);
	heard[0] = '\0';
}

static void
accept_and_connect_and_close_are_parked_too(void **state)
{
	struct end e = { .id = 'E', .s.notify = &all };
	struct alarm_clock go;
	struct station st;
	struct pair p, q;
	char port[8], byte;
	int l = plain_listen(port);
	int fd;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	station_open(&st);
	assert_int_equal(cask_try_connect(&e.s, "127.0.0.1", port), 0);
	fd = plain_connect(st.port);
	close(q.peer);
	q.peer = -1;
	write_later(&go, 50, p.peer, "a");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	assert_string_equal(heard, "");
	turn(0);
	assert_string_equal(e.told, "cs");
	assert_string_equal(st.l.told, "a");
	assert_string_equal(q.e.told, "x");
	settle();
	assert_int_equal(strlen(heard), 12);
	heard[0] = '\0';
	cask_close(&e.s);
	cask_close(&st.l.s);
	pair_close(&p);
	pair_close(&q);
	close(fd);
	close(l);
}

static void
closing_discards_what_is_parked(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;
	char byte;

	(void)state;
	pair_open(&p, &all);
	pair_open(&q, &all);
	write_later(&go[0], 10, q.peer, "q");
	write_later(&go[1], 30, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	pair_close(&p);
	pair_close(&q);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	settle();
	assert_string_equal(heard, "");
}

static void
a_parked_receive_that_a_call_answers_is_taken_back(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;
	char byte;

	(void)state;
	pair_open(&p, &all);
	pair_open(&q, &all);
	write_later(&go[0], 10, q.peer, "q");
	write_later(&go[1], 30, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	take(&q.e.s, "q");
	assert_told(&q.e, "");
	put(q.peer, "r");
	assert_told(&q.e, "r");
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/* Takes the byte that was announced, and waits for another. */
static void
wait_inside(struct end *e, char kind)
{
	char byte;

	if (kind != 'r')
		return;
	assert_int_equal(cask_receive(&e->s, &byte, 1), 1);
	assert_int_equal(cask_receive(&e->s, &byte, 1), 1);
	append(heard, sizeof heard, "done ");
}

static void
what_is_parked_in_a_handler_is_delivered_by_the_rest_of_its_turn(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	p.e.then = wait_inside;
	put(p.peer, "1");
	await(p.e.s.watch.fd, POLLIN);
	write_later(&go[0], 20, q.peer, "q");
	write_later(&go[1], 50, p.peer, "2");
	deepest = 0;
	turn(PATIENCE);
	assert_string_equal(heard, "Pr done Qr ");
	assert_int_equal(deepest, 1);
	assert_told(&p.e, "r");
	assert_told(&q.e, "r");
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

static void
no_notification_comes_within_a_notification(void **state)
{
	struct alarm_clock go[4];
	struct pair p, q;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	p.e.then = q.e.then = wait_inside;
	put(p.peer, "1");
	write_later(&go[0], 20, q.peer, "1");
	write_later(&go[1], 50, p.peer, "2");
	write_later(&go[2], 80, q.peer, "2");
	deepest = 0;
	assert_heard("Pr done Qr done ");
	assert_int_equal(deepest, 1);
	assert_told(&p.e, "r");
	assert_told(&q.e, "r");
	pair_close(&p);
	pair_close(&q);
}

/* Nested */

static void
with_nesting_others_are_served_while_a_call_waits(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;
	char byte;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	cask_pump_nest(2);
	write_later(&go[0], 10, q.peer, "q");
	write_later(&go[1], 50, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	assert_string_equal(heard, "Qr ");
	settle();
	assert_string_equal(heard, "Qr ");
	heard[0] = '\0';
	pair_close(&p);
	pair_close(&q);
}

static void
with_nesting_the_socket_that_waits_is_not_served(void **state)
{
	struct alarm_clock go;
	struct pair p;
	char byte;

	(void)state;
	pair_init(&p, &all); /* send is to be announced */
	cask_pump_nest(2);
	write_later(&go, 200, p.peer, "p");
	fault_reset();
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	assert_string_equal(p.e.told, "");
	assert_true(!test_is_calm() || looks() < 12); /* it has slept */
	assert_told(&p.e, "s");
	pair_close(&p);
	heard[0] = '\0';
}

static void
nesting_goes_no_deeper_than_was_asked_for(void **state)
{
	struct alarm_clock go[6];
	struct pair p, q, r, s;
	char byte;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	pair_named(&r, 'R', &all);
	pair_named(&s, 'S', &all);
	q.e.then = r.e.then = wait_inside;
	cask_pump_nest(2);
	write_later(&go[0], 20, q.peer, "1");
	write_later(&go[1], 50, r.peer, "1");
	write_later(&go[2], 80, s.peer, "1");
	write_later(&go[3], 200, r.peer, "2");
	write_later(&go[4], 250, q.peer, "2");
	write_later(&go[5], 300, p.peer, "1");
	deepest = 0;
	fault_reset();
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	assert_true(!test_is_calm() || looks() < 50);
	assert_int_equal(deepest, 2);
	assert_string_equal(heard, "Qr Rr done Sr done ");
	assert_told(&q.e, "r");
	assert_told(&r.e, "r");
	assert_told(&s.e, "r");
	assert_told(&p.e, "");
	heard[0] = '\0';
	pair_close(&p);
	pair_close(&q);
	pair_close(&r);
	pair_close(&s);
}

/* There is room to send again while the socket's own handler waits. */
static void
with_nesting_what_could_not_be_delivered_comes_as_soon_as_it_can(void **state)
{
	struct alarm_clock go[3];
	struct pair p, q;
	struct cask_timer t = {
		.after_ms = 40, .every_ms = 1, .fire = drain_now, .user = &q
	};
	char byte;

	(void)state;
	pair_named(&p, 'P', &all);
	pair_named(&q, 'Q', &all);
	fill(&q.e.s);
	q.e.then = wait_inside;
	cask_pump_nest(2);
	write_later(&go[0], 10, q.peer, "1");
	assert_int_equal(cask_timer_start(&t), 0);
	write_later(&go[1], 100, q.peer, "2");
	write_later(&go[2], 250, p.peer, "p");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	cask_pump_nest(0);
	cask_timer_stop(&t);
	assert_string_equal(heard, "Qr done Qs ");
	assert_false(q.e.again);
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/* Within a handler that waits, nested, its own socket is freed. */
struct assassin {
	struct cask_timer t;
	struct end *victim;
	int peer;
};

static void
kill_now(struct cask_timer *t)
{
	struct assassin *a = t->user;

	cask_close(&a->victim->s);
	free(a->victim);
	put(a->peer, "!");
}

static void
wait_for_other(struct end *e, char kind)
{
	struct end *other = e->other;
	char byte;

	(void)kind;
	assert_int_equal(cask_receive(&other->s, &byte, 1), 1);
}

static void
a_socket_may_be_freed_while_its_handler_waits_for_another(void **state)
{
	struct end *e = calloc(1, sizeof *e);
	struct assassin a = { .victim = e };
	struct pair p;
	int fd[2];

	(void)state;
	assert_non_null(e);
	pair_named(&p, 'P', &all);
	e->id = 'E';
	e->s.notify = &all;
	e->then = wait_for_other;
	e->other = &p.e;
	e->freed = true;
	plain_pair(fd);
	put(fd[0], "data");
	assert_int_equal(cask_attach(&e->s, fd[1]), 0);
	a.peer = p.peer;
	a.t = (struct cask_timer) {
		.after_ms = 30, .fire = kill_now, .user = &a
	};
	assert_int_equal(cask_timer_start(&a.t), 0);
	assert_heard("Ec ");
	pair_close(&p);
	close(fd[0]);
}

/* A call within a call */

static void
receive_of_other_now(struct cask_timer *t)
{
	struct pair *q = t->user;
	char byte;

	assert_int_equal(cask_receive(&q->e.s, &byte, 1), 1);
	assert_int_equal(byte, 'q');
	append(heard, sizeof heard, "inner ");
}

static void
calls_on_two_sockets_may_wait_within_one_another(void **state)
{
	struct alarm_clock go[2];
	struct pair p, q;
	struct cask_timer t = {
		.after_ms = 10, .fire = receive_of_other_now, .user = &q
	};
	char byte;

	(void)state;
	pair_open(&p, &all);
	pair_open(&q, &all);
	assert_int_equal(cask_timer_start(&t), 0);
	write_later(&go[0], 30, p.peer, "p");
	write_later(&go[1], 60, q.peer, "q");
	assert_int_equal(cask_receive(&p.e.s, &byte, 1), 1);
	assert_int_equal(byte, 'p');
	assert_string_equal(heard, "inner ");
	assert_told(&p.e, "");
	assert_told(&q.e, "");
	pair_close(&p);
	pair_close(&q);
	heard[0] = '\0';
}

/* Data is there, and still it belongs to the call that waits for it. */
static void
receive_within_now(struct cask_timer *t)
{
	struct alarm_clock *c = t->user;
	char buf[8];

	c->fired++;
	put(c->fd, c->text);
	await(c->s->watch.fd, POLLIN);
	assert_int_equal(cask_receive(c->s, buf, sizeof buf), -1);
	assert_int_equal(c->s->io.passing, EBUSY);
	assert_int_equal(c->s->io.err, 0);
	assert_non_null(strstr(cask_sock_why(c->s), "receive is waiting"));
	assert_int_equal(cask_try_receive(c->s, buf, sizeof buf), -1);
	assert_int_equal(c->s->io.passing, EBUSY);
	assert_int_equal(cask_receive_all(c->s, buf, sizeof buf), -1);
	assert_int_equal(c->s->io.passing, EBUSY);
	assert_int_equal(cask_peek(c->s, buf, sizeof buf), -1);
	assert_int_equal(c->s->io.passing, EBUSY);
}

static void
csocket_considered_harmful_a_receive_within_a_receive_is_refused(void **state)
{
	struct alarm_clock go[3];
	static const char *const text[] = { "abc", "def", "ghi" };
	struct pair p;
	char buf[10] = "";

	(void)state;
	pair_open(&p, &all);
	for (int i = 0; i < 3; i++) {
		go[i] = (struct alarm_clock) {
			.s = &p.e.s,
			.fd = p.peer,
			.text = text[i],
			.t = { .after_ms = 20 * i + 10,
			    .fire = receive_within_now,
			    .user = &go[i] },
		};
		assert_int_equal(cask_timer_start(&go[i].t), 0);
	}
	assert_int_equal(cask_receive_all(&p.e.s, buf, 9), 9);
	assert_string_equal(buf, "abcdefghi");
	for (int i = 0; i < 3; i++)
		assert_int_equal(go[i].fired, 1);
	assert_told(&p.e, "");
	pair_close(&p);
	heard[0] = '\0';
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_connection_that_moves_between_threads_loses_nothing),
	cmocka_unit_test(a_handler_that_closes_its_socket_is_the_last),
	cmocka_unit_test(a_handler_may_free_its_socket),
	cmocka_unit_test(
	    the_handlers_of_accept_and_connect_may_free_their_sockets),
	cmocka_unit_test(
	    a_handler_that_closes_another_socket_is_the_others_last),
	cmocka_unit_test(
	    a_descriptor_used_again_within_a_turn_gets_no_old_notification),
	cmocka_unit_test(a_handler_may_begin_a_new_life_for_its_socket),
	cmocka_unit_test(notifications_are_parked_in_order_while_a_call_waits),
	cmocka_unit_test(other_kinds_of_the_waiting_socket_are_parked_too),
	cmocka_unit_test(accept_and_connect_and_close_are_parked_too),
	cmocka_unit_test(closing_discards_what_is_parked),
	cmocka_unit_test(a_parked_receive_that_a_call_answers_is_taken_back),
	cmocka_unit_test(
	    what_is_parked_in_a_handler_is_delivered_by_the_rest_of_its_turn),
	cmocka_unit_test(no_notification_comes_within_a_notification),
	cmocka_unit_test(with_nesting_others_are_served_while_a_call_waits),
	cmocka_unit_test(with_nesting_the_socket_that_waits_is_not_served),
	cmocka_unit_test(nesting_goes_no_deeper_than_was_asked_for),
	cmocka_unit_test(
	    with_nesting_what_could_not_be_delivered_comes_as_soon_as_it_can),
	cmocka_unit_test(
	    a_socket_may_be_freed_while_its_handler_waits_for_another),
	cmocka_unit_test(calls_on_two_sockets_may_wait_within_one_another),
	cmocka_unit_test(
	    csocket_considered_harmful_a_receive_within_a_receive_is_refused),
};

RUN_TESTS(tests)
