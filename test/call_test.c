/*
 * Tests of calls that wait: what runs meanwhile, what ends them, and what they
 * leave.  lib/call.c, lib/close.c, lib/ahead.c, and the calls themselves.
 *
 * Most tests go through all kinds of calls.  Each kind is made to wait for ever
 * by its scene, and then let go on, or ended, by a callback or from elsewhere.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include "../lib/pump.h"
#include "../lib/sys.h"

#include <cask/addr.h>
#include <cask/sock.h>
#include <cask/text.h>
#include <cask/value.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* ms; a limit that is not meant to run out */
#define PATIENCE (in_chaos() ? 60000 : 8000)
#define BUFFERS  32768 /* bytes; of sockets in chaos */
#define LONGEST  4000  /* ms; whatever lasts longer has hung */

static int64_t
now_ms(void)
{
	return caski_sys_now() / 1000000;
}

/* In chaos each byte is sent and received on its own: what is to be more than
 * any buffer takes is less then, and buffers are small. */
static bool
in_chaos(void)
{
	return getenv("CASK_CHAOS") != NULL;
}

static unsigned char block[24 << 20];

static size_t
big(void)
{
	return in_chaos() ? 256 << 10 : sizeof block;
}

/* Of what a listener accepts.  A segment that is larger than the buffer makes
 * the system wait for more room before it tells of any. */
static void
set_raw_buffers(int fd)
{
	int size = BUFFERS, segment = 4096;

	if (!in_chaos())
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
}

static void
set_buffers(struct cask_sock *s)
{
	if (in_chaos())
		s->send_buffer = s->receive_buffer = BUFFERS;
}

static char question[] = "question";

/* Raw ends */

static int
raw_socket(int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	assert_true(fd >= 0);
	return fd;
}

static struct sockaddr_in
loopback(const char *port)
{
	return (struct sockaddr_in) { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(port)) };
}

static void
port_of(int fd, char port[8])
{
	struct sockaddr_in sa = { .sin_port = 0 };
	socklen_t len = sizeof sa;

	assert_int_equal(getsockname(fd, (void *)&sa, &len), 0);
	snprintf(port, 8, "%u", ntohs(sa.sin_port));
}

static int
raw_listen(int backlog, char port[8])
{
	struct sockaddr_in sa = loopback("0");
	int fd = raw_socket(0);

	set_raw_buffers(fd);
	assert_int_equal(bind(fd, (void *)&sa, sizeof sa), 0);
	assert_int_equal(listen(fd, backlog), 0);
	port_of(fd, port);
	return fd;
}

static int
raw_connect(const char *port, int flags)
{
	struct sockaddr_in sa = loopback(port);
	int fd = raw_socket(flags);

	if (test_connect(fd, (void *)&sa, sizeof sa) != 0)
		assert_int_equal(errno, EINPROGRESS);
	return fd;
}

static void
raw_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Look-ups that never answer */

static atomic_bool held;

static int
held_up(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)port, (void)hints, (void)list;
	while (held)
		test_pause(1);
	return EAI_NONAME;
}

/* The scene of a call */

enum call {
	CONNECT,      /* to one that never answers */
	CONNECT_NAME, /* whose look-up never answers */
	BIND,         /* … */
	ACCEPT,
	RECEIVE,
	RECEIVE_ALL,
	SEND,
	LOAD,       /* an archive's value */
	MORE,       /* is there another message? */
	LOAD_EXACT, /* the same of a socket that has a receive handler */
	MORE_EXACT,
	STORE, /* an archive's value */
	CALLS
};

static struct scene {
	enum call call;
	struct cask_sock *s; /* its socket; NULL when freed */
	struct cask_sock c;  /* what is accepted */
	struct cask_ar ar;
	int peer, door, full[4];
	char port[8];
	char got[8];
	ptrdiff_t gave;
	int detached;
	struct cask_timer timer;
	struct cask_watch watch;
	int pipe[2];
	int allocations_before, descriptors_before;
	/* What callbacks have seen. */
	unsigned calls;
	ptrdiff_t second;
	int err, passing;
	char words[200];
	bool blocking;
	struct cask_timer next;
} sc;

static bool
opens(enum call c)
{
	return c <= BIND;
}

static bool
loads(enum call c)
{
	return c == LOAD || c == LOAD_EXACT;
}

static bool
looks_for_more(enum call c)
{
	return c == MORE || c == MORE_EXACT;
}

static bool
is_exact(enum call c)
{
	return c == LOAD_EXACT || c == MORE_EXACT;
}

static bool
receives(enum call c)
{
	return c == RECEIVE || c == RECEIVE_ALL || loads(c) ||
	    looks_for_more(c);
}

static bool
sends(enum call c)
{
	return c == SEND || c == STORE;
}

static bool
archives(enum call c)
{
	return loads(c) || looks_for_more(c) || c == STORE;
}

/* Who holds the socket, as errors name it. */
static const char *
op_of(enum call c)
{
	return c == CONNECT || c == CONNECT_NAME ? "connect"
	    : c == BIND                          ? "bind"
	    : c == ACCEPT                        ? "accept"
	    : sends(c)                           ? "send"
						 : "receive";
}

/* No notification is delivered in these tests: nobody turns. */
static void
never_told(struct cask_sock *s, int err)
{
	(void)s, (void)err;
	fail_msg("a notification within a call");
}

static const struct cask_notify exact = { .receive = never_told };

/* A listener that is full: the system drops what comes. */
static void
fill_door(void)
{
	for (size_t i = 0; i < COUNT(sc.full); i++)
		sc.full[i] = raw_connect(sc.port, SOCK_NONBLOCK);
	test_pause(2);
}

static void
open_scene(enum call c)
{
	fault_reset();
	sc = (struct scene) { .call = c,
		.descriptors_before = fault_descriptors(),
		.allocations_before = (int)fault_allocations(),
		.peer = -1,
		.full = { -1, -1, -1, -1 },
		.pipe = { -1, -1 },
		.detached = -1,
		.second = -99 };
	sc.s = calloc(1, sizeof *sc.s);
	sc.s->timeout_ms = PATIENCE;
	set_buffers(sc.s);
	sc.s->notify = is_exact(c) ? &exact : NULL;
	sc.door = raw_listen(c == CONNECT ? 0 : 16, sc.port);
	held = true;
	fault_lookup(held_up);
	if (c == CONNECT) {
		fill_door();
	} else if (c == ACCEPT) {
		assert_int_equal(cask_bind(sc.s, "127.0.0.1", "0"), 0);
		assert_int_equal(cask_listen(sc.s, 0), 0);
		port_of(sc.s->watch.fd, sc.port);
	} else if (!opens(c)) {
		assert_int_equal(cask_connect(sc.s, "127.0.0.1", sc.port), 0);
		sc.peer = test_accept(sc.door);
	}
}

static void
assert_nothing_left(void)
{
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	for (int i = 0; i < 2000 &&
	     (fault_allocations() != sc.allocations_before ||
		 fault_descriptors() != sc.descriptors_before);
	     i++)
		test_pause(1);
	assert_int_equal(fault_allocations(), sc.allocations_before);
	assert_int_equal(fault_descriptors(), sc.descriptors_before);
}

static void
close_scene(void)
{
	fault_reset();
	if (sc.s != NULL)
		cask_close(sc.s);
	free(sc.s);
	cask_close(&sc.c);
	cask_timer_stop(&sc.timer);
	cask_timer_stop(&sc.next);
	cask_watch_stop(&sc.watch);
	raw_close(&sc.peer);
	raw_close(&sc.door);
	raw_close(&sc.detached);
	raw_close(&sc.pipe[0]);
	raw_close(&sc.pipe[1]);
	for (size_t i = 0; i < COUNT(sc.full); i++)
		raw_close(&sc.full[i]);
	held = false;
	cask_pump_nest(0);
	assert_nothing_left();
	fault_lookup(NULL);
}

/* Make the call.  Gives 0 or its error, wherever that is to be found. */
static int
error_of_call(void)
{
	if (sc.gave >= 0)
		return 0;
	if (sc.gave == CASK_IO_GONE)
		return ECANCELED;
	assert_int_equal(sc.gave, -1);
	return sc.s->io.err != 0 ? sc.s->io.err : sc.s->io.passing;
}

static int
store_big(void)
{
	cask_store(&sc.ar, &sc.s->io);
	cask_bytes(&sc.ar, block, big());
	return cask_flush(&sc.ar);
}

static int
load_one(void)
{
	uint32_t v = 0;

	sc.ar.big_endian = CASK_HOST_BIG; /* as it came */
	cask_load(&sc.ar, &sc.s->io);
	cask_u32(&sc.ar, &v);
	memcpy(sc.got, &v, 4);
	sc.gave = sc.ar.err == 0 ? 4 : -1;
	return sc.ar.err;
}

static int
look_for_more(void)
{
	cask_load(&sc.ar, &sc.s->io);
	sc.gave = cask_more(&sc.ar);
	return sc.ar.err;
}

static int
make_call(enum call c)
{
	switch (c) {
	case CONNECT:
		return cask_connect(sc.s, "127.0.0.1", sc.port);
	case CONNECT_NAME:
		return cask_connect(sc.s, "slow", "1");
	case BIND:
		return cask_bind(sc.s, "slow", "1");
	case ACCEPT:
		return cask_accept(sc.s, &sc.c);
	case RECEIVE:
		sc.gave = cask_receive(sc.s, sc.got, 4);
		return error_of_call();
	case RECEIVE_ALL:
		sc.gave = cask_receive_all(sc.s, sc.got, 4);
		return error_of_call();
	case SEND:
		return cask_send(sc.s, block, big());
	case LOAD:
	case LOAD_EXACT:
		return load_one();
	case MORE:
	case MORE_EXACT:
		return look_for_more();
	case STORE:
	case CALLS:
		break;
	}
	return store_big();
}

/* Let the call go on, if it can: to its good end. */
static void
drain_once(struct cask_timer *t)
{
	static char sink[1 << 20];

	(void)t;
	while (test_recv(sc.peer, sink, sizeof sink, MSG_DONTWAIT) > 0)
		continue;
}

static void
let_go_on(void)
{
	if (sc.call == ACCEPT)
		sc.full[0] = raw_connect(sc.port, 0);
	else if (receives(sc.call))
		assert_int_equal(send(sc.peer, "data", 4, MSG_NOSIGNAL), 4);
	else if (sends(sc.call)) {
		sc.next.every_ms = 1;
		sc.next.fire = drain_once;
		cask_timer_start(&sc.next);
	}
}

static bool
can_go_on(enum call c)
{
	return !opens(c);
}

static void
start_timer(struct cask_timer *t, int ms, void (*fire)(struct cask_timer *))
{
	t->after_ms = ms;
	t->fire = fire;
	assert_int_equal(cask_timer_start(t), 0);
}

static void
assert_it_went_well(int err)
{
	size_t came = 4;

	assert_int_equal(err, 0);
	if (sc.call == RECEIVE && in_chaos()) /* what is there */
		came = (size_t)sc.gave;
	if (receives(sc.call) && !looks_for_more(sc.call))
		assert_memory_equal(sc.got, "data", came);
}

/* Trying first, waiting then */

static unsigned
looks(void)
{
	return fault_count(FAULT_POLL) + fault_count(FAULT_EPOLL_WAIT);
}

static void
a_call_that_need_not_wait_does_not(void **state)
{
	(void)state;
	for (int c = ACCEPT; c < CALLS; c++) {
		open_scene((enum call)c);
		if (sends(sc.call)) {
			close_scene();
			continue;
		}
		let_go_on();
		test_poll(
		    &(struct pollfd) { .fd = sc.s->watch.fd, .events = POLLIN },
		    1, PATIENCE);
		fault_reset();
		assert_it_went_well(make_call(sc.call));
		assert_int_equal(looks(), 0);
		close_scene();
	}
	open_scene(SEND);
	fault_reset();
	assert_int_equal(cask_send(sc.s, block, 1000), 0);
	assert_int_equal(looks(), 0);
	close_scene();
}

static void
count_and_let_go_on(struct cask_timer *t)
{
	if (++sc.calls == 3) {
		cask_timer_stop(t);
		let_go_on();
	}
}

static void
timers_run_while_a_call_waits(void **state)
{
	(void)state;
	for (int c = ACCEPT; c < CALLS; c++) {
		open_scene((enum call)c);
		sc.timer.every_ms = 2;
		start_timer(&sc.timer, 1, count_and_let_go_on);
		assert_it_went_well(make_call(sc.call));
		assert_int_equal(sc.calls, 3);
		close_scene();
	}
}

static void
count_ready(struct cask_watch *w, int events)
{
	char byte;

	assert_int_equal(events, CASK_READABLE);
	assert_int_equal(test_read(w->fd, &byte, 1), 1);
	sc.calls++;
	if (byte == '3')
		let_go_on();
}

static void
watch_pipe(void (*ready)(struct cask_watch *, int), const char *text)
{
	assert_int_equal(pipe(sc.pipe), 0);
	assert_true(write(sc.pipe[1], text, strlen(text)) > 0);
	sc.watch.fd = sc.pipe[0];
	sc.watch.events = CASK_READABLE;
	sc.watch.ready = ready;
	assert_int_equal(cask_watch_start(&sc.watch), 0);
}

static void
watches_run_while_a_call_waits(void **state)
{
	(void)state;
	for (int c = ACCEPT; c < CALLS; c++) {
		open_scene((enum call)c);
		watch_pipe(count_ready, "123");
		assert_it_went_well(make_call(sc.call));
		assert_int_equal(sc.calls, 3);
		close_scene();
	}
}

static void
count_waiting(struct cask_sock *s)
{
	assert_ptr_equal(s, sc.s);
	assert_true(cask_is_blocking(s));
	sc.calls++;
}

static const struct cask_notify counting = { .waiting = count_waiting };

static void
the_hook_is_called_before_each_sleep_and_ten_times_a_second(void **state)
{
	(void)state;
	for (int c = 0; c < CALLS; c++) {
		int err;

		open_scene((enum call)c);
		sc.s->notify = &counting;
		while (sends(sc.call) && cask_try_send(sc.s, block, big()) > 0)
			continue;
		sc.s->timeout_ms = 150;
		err = make_call(sc.call);
		if (c == ACCEPT)
			assert_int_equal(sc.c.io.err, ETIMEDOUT);
		assert_int_equal(err, ETIMEDOUT);
		assert_true(sc.calls >= 2); /* at 0 and 100 ms */
		close_scene();
	}
}

static void
finish_peer(struct cask_timer *t)
{
	struct linger at_once = { .l_onoff = 1 };

	if (t->every_ms < 0)
		setsockopt(
		    sc.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	raw_close(&sc.peer);
}

static void
the_end_of_the_peer_wakes_every_call(void **state)
{
	static const int expected[CALLS] = { [LOAD] = CASK_ECUT,
		[LOAD_EXACT] = CASK_ECUT,
		[SEND] = ECONNRESET,
		[STORE] = ECONNRESET };

	(void)state;
	for (int c = RECEIVE; c < CALLS; c++) {
		int err;

		open_scene((enum call)c);
		start_timer(&sc.timer, 5, finish_peer);
		err = make_call(sc.call);
		if (sends(sc.call) && err == EPIPE)
			err = ECONNRESET; /* which of the two is a race */
		assert_int_equal(err, expected[c]);
		if (receives(sc.call) && !loads(sc.call))
			assert_int_equal(sc.gave, 0);
		if (loads(sc.call))
			assert_non_null(strstr(
			    cask_why(&sc.ar), "stream ended before a message"));
		close_scene();
	}
}

static void
reset_peer(struct cask_timer *t)
{
	struct linger at_once = { .l_onoff = 1 };

	(void)t;
	setsockopt(sc.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	raw_close(&sc.peer);
}

static void
a_reset_wakes_every_call(void **state)
{
	(void)state;
	for (int c = RECEIVE; c < CALLS; c++) {
		int err;

		open_scene((enum call)c);
		start_timer(&sc.timer, 5, reset_peer);
		err = make_call(sc.call);
		assert_int_equal(err, ECONNRESET);
		assert_int_equal(cask_sock_state(sc.s), CASK_BROKEN);
		assert_int_equal(cask_resume(sc.s), sc.s->io.err);
		close_scene();
	}
}

static void
send_and_finish(struct cask_timer *t)
{
	(void)t;
	assert_int_equal(send(sc.peer, "da", 2, MSG_NOSIGNAL), 2);
	raw_close(&sc.peer);
}

static void
what_came_before_the_end_is_received_first(void **state)
{
	char byte;

	(void)state;
	open_scene(RECEIVE);
	start_timer(&sc.timer, 5, send_and_finish);
	assert_int_equal(cask_receive(sc.s, sc.got, 1), 1);
	assert_int_equal(cask_receive(sc.s, sc.got + 1, 4), 1);
	assert_memory_equal(sc.got, "da", 2);
	assert_int_equal(cask_receive(sc.s, &byte, 1), 0);
	assert_int_equal(cask_receive(sc.s, &byte, 1), 0);
	assert_int_equal(sc.s->io.err, 0);
	close_scene();

	open_scene(RECEIVE_ALL);
	start_timer(&sc.timer, 5, send_and_finish);
	assert_int_equal(make_call(RECEIVE_ALL), CASK_ECUT);
	assert_non_null(
	    strstr(cask_sock_why(sc.s), ": stream ended after 2 of "));
	close_scene();
}

/* A second call */

static void
note_second(ptrdiff_t r)
{
	sc.second = r;
	sc.err = sc.s->io.err;
	sc.passing = sc.s->io.passing;
	snprintf(sc.words, sizeof sc.words, "%s", cask_sock_why(sc.s));
}

static void
call_again(struct cask_timer *t)
{
	char byte;

	(void)t;
	sc.blocking = cask_is_blocking(sc.s);
	if (sc.call == CONNECT || sc.call == CONNECT_NAME)
		note_second(cask_connect(sc.s, "127.0.0.1", sc.port));
	else if (sc.call == BIND)
		note_second(cask_bind(sc.s, "127.0.0.1", "0"));
	else if (sc.call == ACCEPT) {
		struct cask_sock c = { 0 };

		note_second(cask_accept(sc.s, &c));
		assert_int_equal(c.io.err, EBUSY);
	} else if (receives(sc.call))
		note_second(cask_receive(sc.s, &byte, 1));
	else
		note_second(cask_send(sc.s, "x", 1));
	if (can_go_on(sc.call))
		let_go_on();
	else
		cask_cancel(sc.s);
}

static void
a_second_call_in_the_same_direction_is_refused_and_names_the_first(void **state)
{
	char words[80];

	(void)state;
	for (int c = 0; c < CALLS; c++) {
		int err;

		open_scene((enum call)c);
		assert_false(cask_is_blocking(sc.s));
		start_timer(&sc.timer, 2, call_again);
		err = make_call(sc.call);
		assert_false(cask_is_blocking(sc.s));
		assert_true(sc.blocking);
		assert_int_equal(sc.second, receives(sc.call) ? -1 : EBUSY);
		assert_int_equal(sc.err, 0);
		assert_int_equal(sc.passing, EBUSY);
		snprintf(words, sizeof words,
		    ": busy: %s is waiting on this socket", op_of(sc.call));
		assert_non_null(strstr(sc.words, words));
		if (can_go_on(sc.call))
			assert_it_went_well(err);
		else
			assert_int_equal(err, ECANCELED);
		close_scene();
	}
}

static void
connect_again_bound(struct cask_timer *t)
{
	(void)t;
	note_second(cask_connect(sc.s, "127.0.0.1", sc.port));
	cask_close(sc.s);
	free(sc.s);
	sc.s = NULL;
}

/* Bound sockets keep their descriptor, and go another way. */
static void
a_bound_socket_that_connects_is_not_connected_twice(void **state)
{
	(void)state;
	open_scene(CONNECT);
	assert_int_equal(cask_bind(sc.s, "127.0.0.1", "0"), 0);
	start_timer(&sc.timer, 2, connect_again_bound);
	assert_int_equal(make_call(CONNECT), ECANCELED);
	assert_int_equal(sc.second, EBUSY);
	assert_int_equal(sc.err, 0);
	assert_int_equal(sc.passing, EBUSY);
	close_scene();
}

static int
two_addresses(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	static const char *const numbers[] = { "127.0.0.1", "127.0.0.2" };

	(void)host, (void)hints;
	return fault_list(list, numbers, NULL, COUNT(numbers), port);
}

static void
cancel_it(struct cask_timer *t)
{
	(void)t;
	cask_cancel(sc.s);
}

/* The first address doesn't answer; the other one is not to be tried. */
static void
a_bound_socket_that_is_cancelled_tries_no_other_address(void **state)
{
	(void)state;
	open_scene(CONNECT);
	fault_lookup(two_addresses);
	assert_int_equal(cask_bind(sc.s, "127.0.0.1", "0"), 0);
	start_timer(&sc.timer, 2, cancel_it);
	assert_int_equal(cask_connect(sc.s, "two", sc.port), ECANCELED);
	assert_int_equal(cask_sock_state(sc.s), CASK_CANCELLED);
	close_scene();
}

static void
call_other_way(struct cask_timer *t)
{
	char byte = 0;

	(void)t;
	if (receives(sc.call)) {
		note_second(cask_send(sc.s, "other", 5));
	} else {
		send(sc.peer, "o", 1, MSG_NOSIGNAL);
		note_second(cask_receive(sc.s, &byte, 1));
		assert_int_equal(byte, 'o');
	}
	let_go_on();
}

static void
the_other_direction_works_while_a_call_waits(void **state)
{
	char buf[8] = "";

	(void)state;
	for (int c = RECEIVE; c < CALLS; c++) {
		open_scene((enum call)c);
		start_timer(&sc.timer, 2, call_other_way);
		assert_it_went_well(make_call(sc.call));
		assert_int_equal(sc.second, receives(sc.call) ? 0 : 1);
		if (receives(sc.call)) {
			assert_int_equal(test_recv(sc.peer, buf, 8, 0), 5);
			assert_string_equal(buf, "other");
		}
		close_scene();
	}
}

/* Both directions of one socket are held, and it is cancelled: both end. */
static void
cancel_both(struct cask_timer *t)
{
	(void)t;
	cask_cancel(sc.s);
}

static void
fill_other_way(struct cask_timer *t)
{
	(void)t;
	start_timer(&sc.next, 5, cancel_both);
	sc.second = cask_send(sc.s, block, big());
}

static void
a_cancel_ends_both_directions(void **state)
{
	(void)state;
	open_scene(RECEIVE);
	start_timer(&sc.timer, 2, fill_other_way);
	assert_int_equal(make_call(RECEIVE), ECANCELED);
	assert_int_equal(sc.gave, -1);
	assert_int_equal(sc.second, ECANCELED);
	assert_int_equal(cask_sock_state(sc.s), CASK_CANCELLED);
	close_scene();
}

/* Losing the socket meanwhile */

enum loss { CLOSE, FREE, DETACH, CANCEL, LOSSES };
enum from { FROM_TIMER, FROM_WATCH, FROM_HOOK, FROMS };

static enum loss loss;

static void
lose(void)
{
	if (sc.calls++ > 0)
		return;
	if (loss == CANCEL)
		cask_cancel(sc.s);
	if (loss == DETACH)
		sc.detached = cask_detach(sc.s);
	if (loss == CLOSE || loss == FREE)
		cask_close(sc.s);
	if (loss == FREE) {
		memset(sc.s, 0xab, sizeof *sc.s);
		free(sc.s);
		sc.s = NULL;
	}
}

static void
lose_by_timer(struct cask_timer *t)
{
	(void)t;
	lose();
}

static void
lose_by_watch(struct cask_watch *w, int events)
{
	(void)events;
	cask_watch_stop(w);
	lose();
}

static void
lose_by_hook(struct cask_sock *s)
{
	(void)s;
	lose();
}

static const struct cask_notify losing = { .waiting = lose_by_hook };

static void
assert_lost(int err)
{
	const char *closed = "the socket was closed meanwhile";

	assert_int_equal(err, ECANCELED);
	assert_true(sc.calls > 0);
	if (archives(sc.call))
		assert_non_null(strstr(cask_why(&sc.ar),
		    loss == CANCEL ? "Operation canceled" : closed));
	if (sc.call == RECEIVE || sc.call == RECEIVE_ALL)
		assert_int_equal(sc.gave, loss == CANCEL ? -1 : CASK_IO_GONE);
	if (sc.call == ACCEPT)
		assert_int_equal(sc.c.io.err, ECANCELED);
	if (sc.s == NULL)
		return;
	if (sc.call == ACCEPT || loss != CANCEL) { /* it wasn't looked at */
		assert_int_equal(sc.s->io.err, 0);
	} else {
		assert_int_equal(sc.s->io.err, ECANCELED);
		assert_string_equal(sc.s->io.op, op_of(sc.call));
		assert_int_equal(cask_sock_state(sc.s), CASK_CANCELLED);
	}
	if (loss == DETACH)
		assert_true(fcntl(sc.detached, F_GETFD) >= 0);
}

/* To detach one that isn't open yet is an error, and ends nothing. */
static void
assert_not_detached(void)
{
	assert_int_equal(sc.detached, -1);
	assert_true(sc.calls > 0);
}

static void
lose_during(enum call c, enum from from)
{
	int err;

	open_scene(c);
	if (from == FROM_TIMER)
		start_timer(&sc.timer, 2, lose_by_timer);
	else if (from == FROM_WATCH)
		watch_pipe(lose_by_watch, "1");
	else
		sc.s->notify = &losing;
	if (opens(c) && loss == DETACH)
		sc.s->timeout_ms = 30;
	err = make_call(c);
	if (opens(c) && loss == DETACH)
		assert_not_detached();
	else
		assert_lost(err);
	close_scene();
}

static void
a_socket_may_go_during_any_call(void **state)
{
	unsigned cells = 0;

	(void)state;
	for (int c = 0; c < CALLS; c++)
		for (int f = 0; f < FROMS; f++)
			for (int l = 0; l < LOSSES; l++, cells++) {
				loss = (enum loss)l;
				lose_during((enum call)c, (enum from)f);
			}
	assert_int_equal(cells, CALLS * FROMS * LOSSES);
	print_message("%u ways\n", cells);
}

/* … and so may the one that an accept is to open. */

static struct cask_sock *guest; /* NULL: freed */

static void
lose_guest(struct cask_timer *t)
{
	cask_close(guest);
	if (t->user == NULL)
		return;
	free(guest);
	guest = NULL;
}

static void
guest_goes_elsewhere(struct cask_timer *t)
{
	(void)t;
	cask_close(guest);
	assert_int_equal(cask_bind(guest, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(guest, 0), 0);
}

static void
open_guest_again(struct cask_timer *t)
{
	(void)t;
	sc.blocking = cask_is_blocking(guest);
	sc.second = cask_bind(guest, "127.0.0.1", "0");
	snprintf(sc.words, sizeof sc.words, "%s", cask_sock_why(guest));
	let_go_on();
}

static int
accept_guest(void (*meanwhile)(struct cask_timer *t), void *user)
{
	open_scene(ACCEPT);
	guest = calloc(1, sizeof *guest);
	start_timer(&sc.timer, 2, meanwhile);
	sc.timer.user = user;
	return cask_accept(sc.s, guest);
}

static void
dismiss_guest(void)
{
	if (guest != NULL)
		cask_close(guest);
	free(guest);
	guest = NULL;
}

static void
assert_listener_is_good(void)
{
	assert_false(cask_is_blocking(sc.s));
	assert_int_equal(sc.s->io.err, 0);
	dismiss_guest();
	let_go_on();
	assert_it_went_well(make_call(ACCEPT));
	close_scene();
}

static void
the_socket_that_an_accept_is_to_open_may_go_meanwhile(void **state)
{
	(void)state;
	assert_int_equal(accept_guest(lose_guest, NULL), ECANCELED);
	assert_int_equal(cask_sock_fd(guest), -1);
	assert_int_equal(guest->io.err, 0);
	assert_listener_is_good();
	assert_int_equal(accept_guest(lose_guest, &sc), ECANCELED);
	assert_null(guest);
	assert_listener_is_good();
	assert_int_equal(accept_guest(guest_goes_elsewhere, NULL), ECANCELED);
	assert_int_equal(guest->io.err, 0);
	assert_true(guest->listening);
	assert_listener_is_good();
}

static void
the_socket_that_an_accept_is_to_open_is_not_opened_meanwhile(void **state)
{
	(void)state;
	assert_int_equal(accept_guest(open_guest_again, NULL), 0);
	assert_true(sc.blocking);
	assert_int_equal(sc.second, EBUSY);
	assert_non_null(strstr(sc.words, "accept is waiting on this socket"));
	assert_false(cask_is_blocking(guest));
	assert_int_equal(guest->io.err, 0);
	dismiss_guest();
	close_scene();
}

/* … and while an archive sends what another has left, before it loads. */
static void
a_socket_may_go_while_what_is_unflushed_is_sent(void **state)
{
	static unsigned char buffer[1 << 16];

	(void)state;
	for (int l = 0; l < LOSSES; l++)
		for (int c = RECEIVE; c < CALLS; c++) {
			struct cask_ar out = { .buffer = buffer,
				.buffer_size = sizeof buffer };
			int err;

			if (sends((enum call)c))
				continue;
			loss = (enum loss)l;
			open_scene((enum call)c);
			while (cask_try_send(sc.s, block, big()) > 0)
				continue;
			cask_store(&out, &sc.s->io);
			cask_put_u32(&out, 1);
			cask_bytes(&out, block, sizeof buffer - 8);
			start_timer(&sc.timer, 2, lose_by_timer);
			err = make_call(sc.call);
			assert_int_equal(out.err, ECANCELED);
			assert_int_equal(err, ECANCELED);
			close_scene();
		}
}

static ptrdiff_t handler_gave;

/* In a notification: receive what hasn't all come. */
static void
receive_four(struct cask_sock *s, int err)
{
	char buf[4];

	assert_int_equal(err, 0);
	start_timer(&sc.timer, 2, lose_by_timer);
	handler_gave = cask_receive_all(s, buf, sizeof buf);
}

static const struct cask_notify receiving_four = { .receive = receive_four };

static void
a_socket_may_go_while_its_own_handler_waits(void **state)
{
	(void)state;
	for (int l = 0; l < LOSSES; l++) {
		loss = (enum loss)l;
		open_scene(BIND);
		sc.s->notify = &receiving_four;
		assert_int_equal(cask_connect(sc.s, "127.0.0.1", sc.port), 0);
		sc.peer = test_accept(sc.door);
		assert_int_equal(send(sc.peer, "da", 2, 0), 2);
		assert_int_equal(cask_pump_turn(PATIENCE, NULL), 0);
		assert_int_equal(sc.calls, 1);
		assert_int_equal(
		    handler_gave, loss == CANCEL ? -1 : CASK_IO_GONE);
		if (loss == CANCEL)
			assert_int_equal(sc.s->io.err, ECANCELED);
		close_scene();
	}
}

/* Calls within calls */

struct pair {
	struct cask_sock s;
	int peer;
	char got;
	ptrdiff_t gave;
};

static struct pair pairs[CASKI_DEPTH_MOST + 3];
static unsigned depth;

static void
open_pairs(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int fd[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		pairs[i] = (struct pair) { .peer = fd[1], .gave = -99 };
		pairs[i].s.timeout_ms = PATIENCE;
		assert_int_equal(cask_attach(&pairs[i].s, fd[0]), 0);
	}
	depth = 0;
}

static void
close_pairs(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		cask_close(&pairs[i].s);
		raw_close(&pairs[i].peer);
	}
}

static void
receive_in_pair(unsigned i)
{
	pairs[i].gave = cask_receive(&pairs[i].s, &pairs[i].got, 1);
}

/* The outer's data first, then the inner's. */
static void
feed_outer_first(struct cask_timer *t)
{
	(void)t;
	assert_int_equal(write(pairs[0].peer, "0", 1), 1);
	assert_int_equal(write(pairs[1].peer, "1", 1), 1);
}

static void
receive_within(struct cask_timer *t)
{
	(void)t;
	start_timer(&sc.next, 5, feed_outer_first);
	receive_in_pair(1);
}

static void
no_call_hangs_when_the_outer_ones_data_comes_first(void **state)
{
	(void)state;
	open_scene(BIND);
	open_pairs(2);
	start_timer(&sc.timer, 1, receive_within);
	receive_in_pair(0);
	assert_int_equal(pairs[0].gave, 1);
	assert_int_equal(pairs[0].got, '0');
	assert_int_equal(pairs[1].gave, 1);
	assert_int_equal(pairs[1].got, '1');
	close_pairs(2);
	close_scene();
}

static void
feed_inner(struct cask_timer *t)
{
	(void)t;
	assert_int_equal(write(pairs[1].peer, "1", 1), 1);
}

static void
go_on_and_receive_within(struct cask_timer *t)
{
	static struct cask_timer soon;

	(void)t;
	let_go_on();
	soon = (struct cask_timer) { 0 };
	start_timer(&soon, 5, feed_inner);
	receive_in_pair(1);
	assert_int_equal(pairs[1].gave, 1);
	sc.calls++;
}

static void
any_call_finds_afterwards_what_came_during_an_inner_one(void **state)
{
	(void)state;
	for (int c = ACCEPT; c < CALLS; c++) {
		open_scene((enum call)c);
		open_pairs(2);
		start_timer(&sc.timer, 1, go_on_and_receive_within);
		assert_it_went_well(make_call(sc.call));
		assert_int_equal(sc.calls, 1);
		close_pairs(2);
		close_scene();
	}
}

/* The inner call lasts until its limit; the outer's, which is sooner, is past
 * by then, but its data had come in time. */
static void
receive_late(struct cask_timer *t)
{
	(void)t;
	assert_int_equal(write(pairs[0].peer, "0", 1), 1);
	pairs[1].s.timeout_ms = 60;
	receive_in_pair(1);
}

static void
what_came_in_time_is_received_after_the_limit(void **state)
{
	(void)state;
	open_scene(BIND);
	open_pairs(2);
	pairs[0].s.timeout_ms = 20;
	start_timer(&sc.timer, 1, receive_late);
	receive_in_pair(0);
	assert_int_equal(pairs[1].gave, -1);
	assert_int_equal(pairs[1].s.io.err, ETIMEDOUT);
	assert_int_equal(pairs[0].gave, 1);
	assert_int_equal(pairs[0].s.io.err, 0);
	close_pairs(2);
	close_scene();
}

static struct cask_timer deeper[COUNT(pairs)];

static void
feed_all(void)
{
	for (unsigned i = 0; i < COUNT(pairs); i++)
		assert_int_equal(write(pairs[i].peer, "d", 1), 1);
}

static void
receive_deeper(struct cask_timer *t)
{
	unsigned mine = (unsigned)(t - deeper);

	depth = mine > depth ? mine : depth;
	if (mine + 1 < COUNT(pairs))
		start_timer(&deeper[mine + 1], 0, receive_deeper);
	receive_in_pair(mine);
	if (pairs[mine].gave < 0)
		feed_all();
}

static void
calls_too_deep_within_one_another_are_refused(void **state)
{
	unsigned looped = 0;

	(void)state;
	open_scene(BIND);
	open_pairs(COUNT(pairs));
	memset(deeper, 0, sizeof deeper);
	receive_deeper(&deeper[0]);
	for (unsigned i = 0; i < COUNT(pairs); i++)
		cask_timer_stop(&deeper[i]);
	assert_int_equal(depth, CASKI_DEPTH_MOST);
	for (unsigned i = 0; i <= depth; i++) {
		looped += pairs[i].gave < 0;
		if (pairs[i].gave < 0)
			assert_int_equal(pairs[i].s.io.err, ELOOP);
		else
			assert_int_equal(pairs[i].got, 'd');
	}
	assert_int_equal(looped, 1);
	assert_int_equal(pairs[depth].gave, -1);
	assert_non_null(strstr(cask_sock_why(&pairs[depth].s), "receive "));
	close_pairs(COUNT(pairs));
	close_scene();
}

/* Cancelling */

static pthread_t canceller;
static atomic_int cancel_after_ms;

static void *
cancel_soon(void *arg)
{
	test_pause(cancel_after_ms);
	cask_cancel(arg);
	return NULL;
}

static void
assert_cancelled(int err)
{
	loss = CANCEL;
	sc.calls = 1;
	assert_lost(err);
}

/* A cancel that comes before the call sleeps hits it as well, so it does not
 * matter how long it takes. */
static void
another_thread_may_cancel_any_call(void **state)
{
	(void)state;
	cancel_after_ms = 5;
	for (int pumped = 0; pumped < 2; pumped++)
		for (int c = 0; c < CALLS; c++) {
			int err;

			open_scene((enum call)c);
			if (pumped) /* something that has to be looked after */
				watch_pipe(count_ready, "1");
			pthread_create(&canceller, NULL, cancel_soon, sc.s);
			fault_reset();
			err = make_call(sc.call);
			pthread_join(canceller, NULL);
			assert_cancelled(err);
			if (receives(sc.call) && !is_exact(sc.call) &&
			    !pumped && test_is_calm())
				assert_int_equal(looks(), 0);
			close_scene();
		}
}

/* Then waits look up by themselves. */
static void
without_a_bell_a_cancel_is_found_all_the_same(void **state)
{
	(void)state;
	cancel_after_ms = 5;
	for (int c = CONNECT; c <= ACCEPT; c++) {
		int64_t start = now_ms();
		int err;

		open_scene((enum call)c);
		fault_plan(FAULT_BELL, 0, true, EMFILE);
		pthread_create(&canceller, NULL, cancel_soon, sc.s);
		err = make_call(sc.call);
		pthread_join(canceller, NULL);
		assert_cancelled(err);
		assert_true(fault_injected() > 0);
		assert_in_range(now_ms() - start, 4, LONGEST);
		close_scene();
	}
}

/* The outer call of two, or the inner one: the other isn't disturbed. */
static void
cancel_one_of_two(struct cask_timer *t)
{
	static struct cask_timer soon;

	(void)t;
	soon = (struct cask_timer) { 0 };
	pthread_create(&canceller, NULL, cancel_soon,
	    sc.detached == 0 ? sc.s : &pairs[1].s);
	if (sc.detached == 0)
		start_timer(&soon, 20, feed_inner);
	receive_in_pair(1);
	pthread_join(canceller, NULL);
	if (sc.detached == 1 && can_go_on(sc.call))
		let_go_on();
	else if (sc.detached == 1)
		cask_cancel(sc.s);
}

static void
of_two_calls_within_one_another_either_may_be_cancelled(void **state)
{
	(void)state;
	cancel_after_ms = 5;
	for (int i = 0; i < 2 * CALLS; i++) {
		int err;

		open_scene((enum call)(i / 2));
		open_pairs(2);
		sc.detached = i % 2;
		start_timer(&sc.timer, 1, cancel_one_of_two);
		err = make_call(sc.call);
		assert_int_equal(pairs[1].gave, i % 2 ? -1 : 1);
		assert_int_equal(pairs[1].s.io.err, i % 2 ? ECANCELED : 0);
		if (i % 2 && can_go_on(sc.call))
			assert_it_went_well(err);
		else
			assert_cancelled(err);
		sc.detached = -1;
		close_pairs(2);
		close_scene();
	}
}

static pthread_t sleeper;

static void
cancel_in_handler(int sig)
{
	(void)sig;
	if (sc.s != NULL)
		cask_cancel(sc.s);
}

static void *
signal_soon(void *arg)
{
	(void)arg;
	test_pause(5);
	pthread_kill(sleeper, SIGUSR1);
	return NULL;
}

static void
a_signal_handler_may_cancel_any_call(void **state)
{
	struct sigaction action = { .sa_handler = cancel_in_handler };
	struct sigaction before;

	(void)state;
	sleeper = pthread_self();
	for (int i = 0; i < 4 * CALLS; i++) {
		int err;

		action.sa_flags = i / CALLS % 2 ? SA_RESTART : 0;
		sigaction(SIGUSR1, &action, &before);
		open_scene((enum call)(i % CALLS));
		if (i / CALLS / 2)
			watch_pipe(count_ready, "1");
		pthread_create(&canceller, NULL, signal_soon, NULL);
		err = make_call(sc.call);
		pthread_join(canceller, NULL);
		assert_cancelled(err);
		close_scene();
		sigaction(SIGUSR1, &before, NULL);
	}
}

/* Twice: with nothing else to look after, and with something. */
static void
a_cancel_before_a_call_hits_the_next_that_would_wait(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * CALLS; i++) {
		open_scene((enum call)(i % CALLS));
		if (i >= CALLS)
			watch_pipe(count_ready, "1");
		cask_cancel(sc.s);
		assert_cancelled(make_call(sc.call));
		close_scene();
	}
}

static void
a_cancel_before_a_call_spares_one_that_need_not_wait(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * CALLS; i++) {
		open_scene((enum call)(i % CALLS));
		if (i >= CALLS)
			watch_pipe(count_ready, "1");
		if (opens(sc.call) || sends(sc.call)) {
			close_scene();
			continue;
		}
		let_go_on();
		test_poll(
		    &(struct pollfd) { .fd = sc.s->watch.fd, .events = POLLIN },
		    1, PATIENCE);
		cask_cancel(sc.s);
		assert_it_went_well(make_call(sc.call));
		cask_close(&sc.c);
		if (sc.s->io.ahead > 0) /* which isn't waited for either */
			assert_int_equal(cask_receive(sc.s, sc.got, 8), 4);
		assert_cancelled(make_call(sc.call));
		close_scene();
	}
	open_scene(SEND);
	cask_cancel(sc.s);
	assert_int_equal(cask_send(sc.s, block, 1000), 0);
	assert_cancelled(make_call(SEND));
	close_scene();
}

static void
the_end_of_the_stream_is_no_wait_to_be_cancelled(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		open_scene(RECEIVE);
		if (i > 0)
			watch_pipe(count_ready, "1");
		raw_close(&sc.peer);
		test_poll(
		    &(struct pollfd) { .fd = sc.s->watch.fd, .events = POLLIN },
		    1, PATIENCE);
		cask_cancel(sc.s);
		assert_int_equal(make_call(RECEIVE), 0);
		assert_int_equal(sc.gave, 0);
		close_scene();
	}
}

static void
closing_forgets_a_cancel_that_met_no_call(void **state)
{
	(void)state;
	open_scene(RECEIVE);
	cask_cancel(sc.s);
	assert_int_equal(cask_close(sc.s), 0);
	assert_int_equal(cask_connect(sc.s, "127.0.0.1", sc.port), 0);
	raw_close(&sc.peer);
	sc.peer = test_accept(sc.door);
	let_go_on();
	assert_it_went_well(make_call(RECEIVE));
	close_scene();
}

static void
a_listener_stays_good_after_a_cancelled_accept(void **state)
{
	(void)state;
	open_scene(ACCEPT);
	for (int i = 0; i < 3; i++) {
		cask_cancel(sc.s);
		assert_int_equal(cask_accept(sc.s, &sc.c), ECANCELED);
		assert_non_null(
		    strstr(cask_sock_why(&sc.c), ": Operation canceled"));
		assert_int_equal(sc.s->io.err, 0);
		assert_int_equal(cask_sock_state(sc.s), CASK_GOOD);
	}
	let_go_on();
	assert_int_equal(cask_accept(sc.s, &sc.c), 0);
	close_scene();
}

/* A thousand races */

static sem_t race_on, race_over;
static atomic_bool racing;

static void *
race(void *arg)
{
	for (;;) {
		test_sem_wait(&race_on);
		if (!racing)
			return NULL;
		cask_cancel(arg);
		sem_post(&race_over);
	}
}

static void
begin_races(struct cask_sock *s)
{
	sem_init(&race_on, 0, 0);
	sem_init(&race_over, 0, 0);
	racing = true;
	pthread_create(&canceller, NULL, race, s);
}

static void
end_races(void)
{
	racing = false;
	sem_post(&race_on);
	pthread_join(canceller, NULL);
	sem_destroy(&race_on);
	sem_destroy(&race_over);
}

#define ROUNDS 1000

static void
a_cancel_is_never_lost_in_a_race_with_a_receive(void **state)
{
	struct cask_sock s = { .timeout_ms = PATIENCE };
	struct cask_watch w = { .events = CASK_READABLE };
	int fd[2], idle[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(idle), 0);
	w.fd = idle[0];
	w.ready = count_ready;
	begin_races(&s);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(cask_attach(&s, fd[0]), 0);
		if (i % 2)
			assert_int_equal(cask_watch_start(&w), 0);
		sem_post(&race_on);
		assert_int_equal(cask_receive(&s, &byte, 1), -1);
		assert_int_equal(s.io.err, ECANCELED);
		test_sem_wait(&race_over);
		cask_watch_stop(&w);
		assert_int_equal(cask_close(&s), ECANCELED);
		close(fd[1]);
	}
	end_races();
	close(idle[0]);
	close(idle[1]);
}

/* What a cancel hits may be closed, and its descriptor somebody else's. */
static void
a_cancel_in_a_race_with_close_hits_nobody_else(void **state)
{
	struct cask_sock s = { .timeout_ms = PATIENCE };
	int fd[2], next[2];
	char byte;

	(void)state;
	begin_races(&s);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(cask_attach(&s, fd[0]), 0);
		assert_int_equal(write(fd[1], "a", 1), 1);
		sem_post(&race_on);
		if (cask_receive(&s, &byte, 1) < 0)
			assert_int_equal(s.io.err, ECANCELED);
		cask_close(&s);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, next), 0);
		test_sem_wait(&race_over);
		assert_int_equal(write(next[0], "b", 1), 1);
		assert_int_equal(test_read(next[1], &byte, 1), 1);
		cask_close(&s); /* the cancel may have come after the first */
		close(fd[1]);
		close(next[0]);
		close(next[1]);
	}
	end_races();
}

/* Limits */

static void
set_limit(enum call c, int ms)
{
	sc.s->connect_ms = opens(c) ? ms : 1;
	sc.s->accept_ms = c == ACCEPT ? ms : 1;
	sc.s->receive_ms = receives(c) ? ms : 1;
	sc.s->send_ms = sends(c) ? ms : 1;
}

static const char *
words_of_call(void)
{
	if (archives(sc.call))
		return cask_why(&sc.ar);
	return cask_sock_why(sc.call == ACCEPT ? &sc.c : sc.s);
}

static void
assert_timed_out(int err, int ms, int64_t start)
{
	char words[64];

	assert_int_equal(err, ETIMEDOUT);
	assert_in_range(now_ms() - start, ms - 1, LONGEST);
	snprintf(words, sizeof words, ": timed out after %d ms", ms);
	assert_non_null(strstr(words_of_call(), words));
}

static void
each_call_has_a_limit_of_its_own(void **state)
{
	(void)state;
	for (int c = 0; c < CALLS; c++) {
		int64_t start = now_ms();

		open_scene((enum call)c);
		set_limit(sc.call, 25);
		assert_timed_out(make_call(sc.call), 25, start);
		close_scene();
	}
}

static void
without_one_a_call_has_the_limit_of_all(void **state)
{
	(void)state;
	for (int c = 0; c < CALLS; c++) {
		int64_t start = now_ms();

		open_scene((enum call)c);
		set_limit(sc.call, 0);
		sc.s->timeout_ms = 25;
		assert_timed_out(make_call(sc.call), 25, start);
		close_scene();
	}
}

static void
let_go_on_by_timer(struct cask_timer *t)
{
	(void)t;
	let_go_on();
}

/* Longer than the limit of all, or none at all. */
static void
the_limit_of_a_call_comes_before_the_limit_of_all(void **state)
{
	(void)state;
	for (int c = 0; c < 2 * CALLS; c++) {
		open_scene((enum call)(c % CALLS));
		if (opens(sc.call)) {
			close_scene();
			continue;
		}
		set_limit(sc.call, c < CALLS ? PATIENCE : -1);
		sc.s->timeout_ms = 5;
		start_timer(&sc.timer, 20, let_go_on_by_timer);
		assert_it_went_well(make_call(sc.call));
		close_scene();
	}
}

static void
a_deadline_ends_any_call_and_refuses_the_next(void **state)
{
	(void)state;
	for (int c = 0; c < CALLS; c++) {
		int64_t start = now_ms();

		open_scene((enum call)c);
		cask_deadline(sc.s, 25);
		assert_timed_out(make_call(sc.call), 25, start);
		if (!opens(sc.call) && sc.call != ACCEPT &&
		    cask_sock_state(sc.s) == CASK_CLEAN)
			assert_int_equal(cask_resume(sc.s), 0);
		fault_reset();
		assert_timed_out(make_call(sc.call), 25, start);
		assert_int_equal(looks(), 0);
		if (!opens(sc.call) && sc.call != ACCEPT &&
		    cask_sock_state(sc.s) == CASK_CLEAN)
			assert_non_null(
			    strstr(words_of_call(), ", nothing lost"));
		close_scene();
	}
}

static int
slow_localhost(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	struct addrinfo any = { .ai_family = AF_INET,
		.ai_socktype = SOCK_STREAM };

	(void)host, (void)hints;
	test_pause(30);
	return getaddrinfo("127.0.0.1", port, &any, list);
}

static void
one_deadline_holds_for_a_whole_exchange(void **state)
{
	int64_t start = now_ms();

	(void)state;
	open_scene(BIND);
	fault_lookup(slow_localhost);
	cask_deadline(sc.s, 120);
	assert_int_equal(cask_connect(sc.s, "slow", sc.port), 0);
	assert_true(now_ms() - start >= 29);
	sc.peer = test_accept(sc.door);
	assert_int_equal(cask_send(sc.s, "question", 8), 0);
	sc.call = RECEIVE;
	assert_timed_out(make_call(RECEIVE), 120, start);
	assert_true(now_ms() - start < 1000);
	close_scene();
}

static void
drip(struct cask_timer *t)
{
	char sink[4096];

	(void)t;
	send(sc.peer, "d", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	test_recv(sc.peer, sink, sizeof sink, MSG_DONTWAIT);
}

static int
call_for_long(enum call c)
{
	static char long_text[4096];

	if (c == RECEIVE_ALL) {
		sc.gave = cask_receive_all(sc.s, long_text, sizeof long_text);
		return error_of_call();
	}
	if (!loads(c))
		return make_call(c);
	cask_load(&sc.ar, &sc.s->io);
	cask_bytes(&sc.ar, long_text, sizeof long_text);
	return sc.ar.err;
}

static void
a_peer_that_drips_stretches_no_limit(void **state)
{
	static const enum call calls[] = { RECEIVE_ALL, LOAD, LOAD_EXACT, SEND,
		STORE };

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(calls); i++) {
		int64_t start = now_ms();

		open_scene(calls[i / 2]);
		if (i % 2)
			cask_deadline(sc.s, 80);
		else
			set_limit(sc.call, 80);
		if (i % 2)
			sc.s->timeout_ms = PATIENCE;
		sc.timer.every_ms = 10;
		start_timer(&sc.timer, 1, drip);
		assert_timed_out(call_for_long(sc.call), 80, start);
		assert_true(now_ms() - start < 1000);
		close_scene();
	}
}

/* A deadline over many calls, each of which gets something. */
static void
a_peer_that_drips_stretches_no_deadline_of_many_calls(void **state)
{
	int64_t start = now_ms();
	int received = 0;

	(void)state;
	open_scene(RECEIVE);
	cask_deadline(sc.s, 80);
	sc.timer.every_ms = 10;
	start_timer(&sc.timer, 1, drip);
	while (make_call(RECEIVE) == 0)
		received++;
	assert_timed_out(sc.s->io.err, 80, start);
	assert_true(received > 0);
	assert_true(now_ms() - start < 1000);
	close_scene();
}

/* What a time-out leaves */

static void
a_receive_that_timed_out_with_nothing_lost_goes_on(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		static const enum call calls[] = { RECEIVE, RECEIVE_ALL, LOAD,
			MORE, LOAD_EXACT, MORE_EXACT };

		for (size_t c = 0; c < COUNT(calls); c++) {
			open_scene(calls[c]);
			if (i > 0)
				watch_pipe(count_ready, "1");
			sc.s->timeout_ms = 15;
			assert_int_equal(make_call(sc.call), ETIMEDOUT);
			assert_non_null(strstr(words_of_call(),
			    ": timed out after 15 ms, nothing lost"));
			assert_int_equal(cask_sock_state(sc.s), CASK_CLEAN);
			assert_int_equal(cask_send(sc.s, "x", 1), ETIMEDOUT);
			assert_int_equal(cask_resume(sc.s), 0);
			assert_int_equal(cask_sock_state(sc.s), CASK_GOOD);
			assert_int_equal(sc.s->io.err, 0);
			sc.s->timeout_ms = PATIENCE;
			let_go_on();
			assert_it_went_well(make_call(sc.call));
			assert_int_equal(cask_send(sc.s, "x", 1), 0);
			close_scene();
		}
	}
}

static void
a_send_of_which_nothing_was_taken_goes_on(void **state)
{
	(void)state;
	open_scene(SEND);
	do { /* a probe, 0.2 s later, may find room once more */
		while (cask_try_send(sc.s, block, big()) > 0)
			continue;
		test_pause(300);
	} while (cask_try_send(sc.s, block, big()) > 0);
	sc.s->timeout_ms = 15;
	assert_int_equal(make_call(SEND), ETIMEDOUT);
	assert_non_null(strstr(
	    cask_sock_why(sc.s), ": timed out after 15 ms, nothing lost"));
	assert_int_equal(cask_sock_state(sc.s), CASK_CLEAN);
	assert_int_equal(cask_resume(sc.s), 0);
	sc.s->timeout_ms = PATIENCE;
	let_go_on();
	assert_int_equal(cask_send(sc.s, "x", 1), 0);
	close_scene();
}

static void
assert_poisoned(int err)
{
	char byte;

	assert_int_equal(err, ETIMEDOUT);
	assert_non_null(strstr(
	    words_of_call(), ": timed out after 15 ms, inside a message"));
	assert_non_null(strstr(cask_sock_why(sc.s), "ms, inside a message"));
	assert_int_equal(cask_sock_state(sc.s), CASK_POISONED);
	assert_int_equal(cask_resume(sc.s), ETIMEDOUT);
	assert_int_equal(cask_resume(sc.s), ETIMEDOUT);
	assert_int_equal(cask_sock_state(sc.s), CASK_POISONED);
	assert_int_equal(cask_send(sc.s, "x", 1), ETIMEDOUT);
	assert_int_equal(cask_receive(sc.s, &byte, 1), -1);
	assert_int_equal(cask_close(sc.s), ETIMEDOUT);
}

static void
a_time_out_inside_a_message_is_for_ever(void **state)
{
	static const enum call calls[] = { RECEIVE_ALL, LOAD, LOAD_EXACT, SEND,
		STORE };

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		open_scene(calls[i]);
		sc.s->timeout_ms = 15;
		if (receives(sc.call))
			assert_int_equal(send(sc.peer, "da", 2, 0), 2);
		assert_poisoned(make_call(sc.call));
		close_scene();
	}
}

/* The first value of the message came whole, the second not at all. */
static void
between_the_values_of_a_message_is_inside_of_it(void **state)
{
	uint32_t v = 0;

	(void)state;
	open_scene(LOAD);
	sc.s->timeout_ms = 15;
	let_go_on();
	assert_int_equal(make_call(LOAD), 0);
	cask_u32(&sc.ar, &v);
	assert_poisoned(sc.ar.err);
	close_scene();

	/* … but not when the program has asked for the next message. */
	open_scene(LOAD);
	sc.s->timeout_ms = 15;
	let_go_on();
	assert_int_equal(make_call(LOAD), 0);
	assert_false(cask_more(&sc.ar));
	assert_int_equal(sc.ar.err, ETIMEDOUT);
	assert_int_equal(cask_sock_state(sc.s), CASK_CLEAN);
	assert_int_equal(cask_resume(sc.s), 0);
	close_scene();
}

static void
only_a_time_out_can_be_resumed(void **state)
{
	(void)state;
	open_scene(RECEIVE);
	assert_int_equal(cask_sock_state(sc.s), CASK_GOOD);
	assert_int_equal(cask_resume(sc.s), 0);
	cask_cancel(sc.s);
	assert_int_equal(make_call(RECEIVE), ECANCELED);
	assert_int_equal(cask_sock_state(sc.s), CASK_CANCELLED);
	assert_int_equal(cask_resume(sc.s), ECANCELED);
	close_scene();

	open_scene(CONNECT);
	sc.s->timeout_ms = 15;
	assert_int_equal(make_call(CONNECT), ETIMEDOUT);
	assert_int_equal(cask_sock_state(sc.s), CASK_BROKEN);
	assert_int_equal(cask_resume(sc.s), ETIMEDOUT);
	close_scene();

	open_scene(RECEIVE);
	fault_plan(FAULT_RECV, 0, true, ETIMEDOUT); /* the system's own */
	assert_int_equal(make_call(RECEIVE), ETIMEDOUT);
	assert_true(fault_injected() > 0);
	assert_int_equal(cask_sock_state(sc.s), CASK_BROKEN);
	close_scene();
}

/* Both send first */

static size_t
much(void)
{
	return in_chaos() ? 1 << 20 : 64 << 20;
}

struct end {
	struct cask_sock s;
	int deadline_ms;
	int err;
	bool same;
	size_t ahead;
};

static atomic_int ready; /* to send, at the same time */

static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i * 2654435761u >> 13);
}

static void *
send_then_receive(void *arg)
{
	struct end *e = arg;
	unsigned char *all = malloc(much());

	for (size_t i = 0; i < much(); i++)
		all[i] = byte_at(i);
	ready++;
	while (ready < 2)
		test_pause(1);
	cask_deadline(&e->s, e->deadline_ms);
	e->err = cask_send(&e->s, all, much());
	e->ahead = e->s.ahead_size;
	memset(all, 0, much());
	if (e->err == 0 &&
	    cask_receive_all(&e->s, all, much()) == (ptrdiff_t)much())
		e->same = true;
	for (size_t i = 0; i < much() && e->same; i++)
		e->same = all[i] == byte_at(i);
	free(all);
	return NULL;
}

static void
both_send_first(struct end *a, struct end *b)
{
	struct cask_sock l = { 0 };
	pthread_t thread;
	char port[8];

	set_buffers(&l);
	set_buffers(&a->s);
	set_buffers(&b->s);
	assert_int_equal(cask_bind(&l, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(&l, 0), 0);
	set_raw_buffers(l.watch.fd);
	port_of(l.watch.fd, port);
	assert_int_equal(cask_connect(&a->s, "127.0.0.1", port), 0);
	assert_int_equal(cask_accept(&l, &b->s), 0);
	ready = 0;
	pthread_create(&thread, NULL, send_then_receive, a);
	send_then_receive(b);
	pthread_join(thread, NULL);
	cask_close(&l);
}

static void
two_ends_that_send_before_they_receive_both_finish(void **state)
{
	static struct end a, b;

	(void)state;
	a.s.ahead_most = b.s.ahead_most = 2 * much();
	a.deadline_ms = b.deadline_ms = -1;
	a.s.timeout_ms = b.s.timeout_ms = 60000;
	both_send_first(&a, &b);
	assert_int_equal(a.err, 0);
	assert_int_equal(b.err, 0);
	assert_true(a.same);
	assert_true(b.same);
	assert_int_equal(cask_close(&a.s), 0);
	assert_int_equal(cask_close(&b.s), 0);
	assert_int_equal(fault_allocations(), 0);
}

static void
assert_both_full(struct end *e)
{
	char words[120];

	assert_int_equal(e->err, ETIMEDOUT);
	assert_int_equal(cask_sock_state(&e->s), CASK_POISONED);
	snprintf(words, sizeof words,
	    "both directions are full, and %zu bytes wait here to be received",
	    e->s.io.ahead);
	assert_int_equal(e->s.io.ahead, CASK_AHEAD);
	assert_int_equal(e->ahead, CASK_AHEAD);
	assert_non_null(strstr(cask_sock_why(&e->s), words));
	cask_close(&e->s);
}

static void
when_both_directions_are_full_the_error_says_so(void **state)
{
	static struct end a, b;
	int64_t start = now_ms();

	(void)state;
	a.deadline_ms = b.deadline_ms = 700;
	both_send_first(&a, &b);
	assert_true(now_ms() - start >= 699);
	assert_both_full(&a);
	assert_both_full(&b);
	assert_int_equal(fault_allocations(), 0);
}

/* The peer sends all of its own first, and reads only then. */
static void *
peer_sends_first(void *arg)
{
	int fd = *(int *)arg;
	static unsigned char sink[65536];
	size_t sent = 0;

	while (sent < big()) {
		ssize_t n = send(fd, block, big() - sent, MSG_NOSIGNAL);

		if (n < 0)
			return NULL;
		sent += (size_t)n;
	}
	for (size_t n = 0; n < big();) {
		ssize_t r = test_recv(fd, sink, sizeof sink, 0);

		if (r <= 0)
			break;
		n += (size_t)r;
	}
	send(fd, "data", 4, MSG_NOSIGNAL);
	return NULL;
}

static void
send_big(struct cask_timer *t)
{
	(void)t;
	sc.second = cask_send(sc.s, block, big());
}

static void
a_send_within_a_receive_keeps_the_peer_going_too(void **state)
{
	unsigned char *all = malloc(big() + 4);
	pthread_t thread;

	(void)state;
	open_scene(RECEIVE_ALL);
	sc.s->ahead_most = 2 * big();
	start_timer(&sc.timer, 0, send_big);
	pthread_create(&thread, NULL, peer_sends_first, &sc.peer);
	sc.gave = cask_receive_all(sc.s, all, big() + 4);
	pthread_join(thread, NULL);
	assert_int_equal(sc.second, 0);
	assert_int_equal(sc.gave, big() + 4);
	assert_memory_equal(all + big(), "data", 4);
	close_scene();
	free(all);
}

/* What was stored and not flushed */

static void
assert_peer_got(const char *text)
{
	char buf[64] = "";

	assert_true(test_recv(sc.peer, buf, sizeof buf - 1, MSG_DONTWAIT) > 0);
	assert_memory_equal(buf, text, strlen(text));
}

static void
to_receive_sends_what_was_not_flushed(void **state)
{
	(void)state;
	for (int c = RECEIVE; c < CALLS; c++) {
		struct cask_ar out = { 0 };

		open_scene((enum call)c);
		if (sends(sc.call)) {
			close_scene();
			continue;
		}
		cask_store(&out, &sc.s->io);
		cask_bytes(&out, question, 8);
		assert_int_equal(
		    test_recv(sc.peer, sc.got, 8, MSG_DONTWAIT | MSG_PEEK), -1);
		sc.s->timeout_ms = 10;
		assert_int_equal(make_call(sc.call), ETIMEDOUT);
		assert_peer_got("question");
		assert_int_equal(out.err, 0);
		close_scene();
	}
}

/* Fill what the system takes: how much that was. */
static size_t
fill_up(void)
{
	size_t all = 0;
	ptrdiff_t n;

	while ((n = cask_try_send(sc.s, block, big())) > 0)
		all += (size_t)n;
	assert_int_equal(n, 0);
	return all;
}

/* An archive that is sending is not one that was not flushed. */
static void
to_receive_while_an_archive_sends_does_not_disturb_it(void **state)
{
	static unsigned char sink[1 << 16];
	struct cask_ar out = { 0 };
	char last[9] = "";

	(void)state;
	open_scene(STORE);
	fill_up();
	cask_store(&out, &sc.s->io);
	cask_bytes(&out, question, 8);
	start_timer(&sc.timer, 2, call_other_way);
	sc.gave = cask_flush(&out);
	cask_timer_stop(&sc.next);
	assert_int_equal(sc.second, 1);
	assert_int_equal(sc.passing, 0);
	assert_int_equal(sc.gave, 0);
	assert_int_equal(out.err, 0);
	assert_int_equal(cask_shutdown(sc.s, CASK_SENDS), 0);
	for (ssize_t n; (n = test_recv(sc.peer, sink, sizeof sink, 0)) > 0;)
		for (ssize_t i = n < 8 ? 0 : n - 8; i < n; i++) {
			memmove(last, last + 1, 7);
			last[7] = (char)sink[i];
		}
	assert_string_equal(last, "question");
	close_scene();
}

/* Its value began long ago: the limit runs anew. */
static void
what_was_not_flushed_has_a_limit_of_its_own(void **state)
{
	(void)state;
	for (int c = RECEIVE; c < CALLS; c++) {
		struct cask_ar out = { 0 };

		open_scene((enum call)c);
		if (sends(sc.call)) {
			close_scene();
			continue;
		}
		sc.s->send_ms = 100;
		cask_store(&out, &sc.s->io);
		cask_bytes(&out, block, sizeof out.own + 8);
		assert_int_equal(out.err, 0);
		fill_up();
		test_pause(120);
		start_timer(&sc.timer, 10, let_go_on_by_timer);
		sc.next.every_ms = 1;
		start_timer(&sc.next, 10, drain_once);
		assert_it_went_well(make_call(sc.call));
		assert_int_equal(out.err, 0);
		close_scene();
	}
}

static void
an_archive_in_the_place_of_an_unflushed_one_is_no_harm(void **state)
{
	struct cask_ar ar = { 0 };
	struct cask_mem m;
	char room[64];
	uint32_t v = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		open_scene(RECEIVE);
		ar = (struct cask_ar) { 0 };
		cask_store(&ar, &sc.s->io);
		cask_put_u32(&ar, 7);
		if (i == 0)
			cask_load(&ar, &sc.s->io);
		else if (i == 1)
			cask_store(&ar, cask_mem_write(&m, room, sizeof room));
		else if (i == 2)
			cask_load(&ar, cask_mem_read(&m, room, sizeof room));
		else if (i == 3)
			cask_store(&ar, &sc.s->io);
		else
			memset(&ar, 0, sizeof ar);
		let_go_on();
		assert_it_went_well(make_call(RECEIVE));
		assert_int_equal(
		    test_recv(sc.peer, room, sizeof room, MSG_DONTWAIT), -1);
		if (i == 0) {
			let_go_on();
			ar.big_endian = CASK_HOST_BIG;
			cask_u32(&ar, &v);
			assert_int_equal(ar.err, 0);
			assert_memory_equal(&v, "datadata" + sc.gave % 4, 4);
		}
		close_scene();
	}
}

/* The direct form */

static void *
answer_soon(void *arg)
{
	(void)arg;
	test_pause(15);
	send(sc.peer, "data", 4, MSG_NOSIGNAL);
	return NULL;
}

static void
a_receive_with_nothing_else_to_do_costs_one_system_call(void **state)
{
	pthread_t thread;

	(void)state;
	open_scene(RECEIVE);
	for (int i = 0; i < 5; i++) {
		if (i == 3) /* none at all, and then the same again */
			sc.s->receive_ms = -1;
		pthread_create(&thread, NULL, answer_soon, NULL);
		fault_reset();
		assert_it_went_well(make_call(RECEIVE));
		pthread_join(thread, NULL);
		if (!test_is_calm())
			continue;
		assert_int_equal(fault_count(FAULT_RECV), 1);
		assert_int_equal(looks(), 0);
		if (i > 0 && i != 3) /* the descriptor knows the limit */
			assert_int_equal(fault_count(FAULT_IOCTL), 0);
	}
	close_scene();
}

/* The first answer takes longer than is yielded for: the next ones don't. */
static void
a_receive_that_rests_from_yielding_costs_one_system_call(void **state)
{
	pthread_t thread;

	(void)state;
	open_scene(RECEIVE);
	cask_pump_yield(100);
	for (int i = 0; i < 4; i++) {
		char byte;

		assert_int_equal(cask_send(sc.s, "q", 1), 0);
		assert_int_equal(recv(sc.peer, &byte, 1, MSG_WAITALL), 1);
		pthread_create(&thread, NULL, answer_soon, NULL);
		fault_reset();
		assert_it_went_well(make_call(RECEIVE));
		pthread_join(thread, NULL);
		if (!test_is_calm())
			continue;
		if (i == 0) {
			assert_true(fault_count(FAULT_RECV) > 1);
			continue;
		}
		assert_int_equal(fault_count(FAULT_RECV), 1);
		assert_int_equal(looks(), 0);
	}
	cask_pump_yield(0);
	close_scene();
}

static void
a_receive_that_sleeps_in_its_system_call_ends_in_time(void **state)
{
	static const int limits[] = { 30, 15, 60, 15 };
	char data[4];

	(void)state;
	open_scene(RECEIVE);
	sc.s->receive_ms = -1; /* which is not to stay */
	assert_int_equal(send(sc.peer, "data", 4, MSG_NOSIGNAL), 4);
	assert_int_equal(cask_receive_all(sc.s, data, sizeof data), 4);
	for (size_t i = 0; i < COUNT(limits); i++) {
		int64_t start = now_ms();

		sc.s->receive_ms = limits[i];
		assert_timed_out(make_call(RECEIVE), limits[i], start);
		assert_true(now_ms() - start < limits[i] + 500);
		assert_int_equal(cask_resume(sc.s), 0);
	}
	sc.s->receive_ms = 0;
	let_go_on();
	assert_it_went_well(make_call(RECEIVE));
	close_scene();
}

static void
interruptions_of_a_receive_that_sleeps_are_invisible(void **state)
{
	static const int errors[] = { EINTR, EAGAIN };

	(void)state;
	for (size_t i = 0; i < COUNT(errors); i++)
		for (unsigned nth = 0; nth < 2; nth++) {
			pthread_t thread;

			open_scene(RECEIVE);
			pthread_create(&thread, NULL, answer_soon, NULL);
			fault_plan(FAULT_RECV, 0, false, errors[i]);
			assert_it_went_well(make_call(RECEIVE));
			assert_int_equal(fault_injected(), 1);
			pthread_join(thread, NULL);
			close_scene();
		}
}

static void
do_nothing(int sig)
{
	(void)sig;
}

static atomic_bool nagging;

static void *
nag(void *arg)
{
	(void)arg;
	while (nagging) {
		pthread_kill(sleeper, SIGUSR1);
		test_pause(3);
	}
	return NULL;
}

/* Each interruption must not begin the limit anew. */
static void
signals_stretch_no_limit(void **state)
{
	struct sigaction action = { .sa_handler = do_nothing }, before;
	pthread_t thread;

	(void)state;
	sigaction(SIGUSR1, &action, &before);
	sleeper = pthread_self();
	for (int c = 0; c < CALLS; c++) {
		int64_t start = now_ms();
		int err;

		open_scene((enum call)c);
		set_limit(sc.call, 60);
		nagging = true;
		pthread_create(&thread, NULL, nag, NULL);
		err = make_call(sc.call);
		nagging = false;
		pthread_join(thread, NULL);
		assert_timed_out(err, 60, start);
		assert_true(now_ms() - start < 1000);
		close_scene();
	}
	sigaction(SIGUSR1, &before, NULL);
}

/* Every system call failing */

struct story {
	struct cask_sock l, a, b, c;
	struct cask_timer timer, again;
	bool begun;
};

static struct story story;

static void
story_fill(struct cask_timer *t)
{
	(void)t;
	cask_send(&story.b, "12345678", 8);
	cask_shutdown(&story.b, CASK_SENDS);
}

static void
story_inner(struct cask_timer *t)
{
	char byte;

	story.again.fire = story_fill;
	story.again.after_ms = 0;
	if (cask_timer_start(&story.again) != 0)
		story_fill(t);
	cask_receive(&story.c, &byte, 1);
}

static void
story_end(void)
{
	cask_timer_stop(&story.timer);
	cask_timer_stop(&story.again);
	cask_close(&story.a);
	cask_close(&story.b);
	cask_close(&story.c);
	cask_close(&story.l);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
}

/* Connect and accept; then a receive, within it another one that times out,
 * and an archive with something unflushed; and a send that doesn't fit. */
static void
whole_story(void *arg)
{
	struct cask_ar out = { 0 }, in = { 0 };
	uint16_t port = 0;
	char text[8];
	uint32_t v = 0;

	(void)arg;
	story = (struct story) { .a.timeout_ms = 4,
		.b.timeout_ms = 4,
		.c.timeout_ms = 2,
		.l.timeout_ms = 4,
		.a.ahead_most = 4096,
		.a.send_buffer = 4096 };
	cask_bind(&story.l, "127.0.0.1", "0");
	cask_listen(&story.l, 0);
	cask_local(&story.l, NULL, 0, &port);
	snprintf(text, sizeof text, "%u", port);
	if (cask_connect(&story.a, "127.0.0.1", text) == 0)
		cask_accept(&story.l, &story.b);
	if (cask_connect(&story.c, "127.0.0.1", text) == 0) {
		story.timer.fire = story_inner;
		cask_timer_start(&story.timer);
	}
	cask_store(&out, &story.a.io);
	cask_put_u32(&out, 1);
	cask_load(&in, &story.a.io);
	cask_u32(&in, &v);
	cask_send(&story.a, block, 1 << 20);
	cask_resume(&story.a);
	cask_receive(&story.a, text, sizeof text);
	story_end();
}

static void
every_system_call_may_fail_during_calls_that_wait(void **state)
{
	(void)state;
	fault_everywhere(whole_story, NULL);
}

static void
bound_story(void *arg)
{
	struct cask_sock s = { .timeout_ms = 4 };
	char byte;

	cask_bind(&s, "127.0.0.1", "0");
	cask_connect(&s, "127.0.0.1", arg);
	cask_receive(&s, &byte, 1);
	cask_close(&s);
}

static void
every_system_call_may_fail_for_a_socket_that_is_bound_first(void **state)
{
	char port[8];
	int door = raw_listen(4096, port);

	(void)state;
	fault_everywhere(bound_story, port);
	raw_close(&door);
}

/* In chaos, too. */
static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_came_before_the_end_is_received_first),
	cmocka_unit_test(a_bound_socket_that_connects_is_not_connected_twice),
	cmocka_unit_test(
	    a_bound_socket_that_is_cancelled_tries_no_other_address),
	cmocka_unit_test(the_socket_that_an_accept_is_to_open_may_go_meanwhile),
	cmocka_unit_test(
	    the_socket_that_an_accept_is_to_open_is_not_opened_meanwhile),
	cmocka_unit_test(a_socket_may_go_while_its_own_handler_waits),
	cmocka_unit_test(no_call_hangs_when_the_outer_ones_data_comes_first),
	cmocka_unit_test(what_came_in_time_is_received_after_the_limit),
	cmocka_unit_test(calls_too_deep_within_one_another_are_refused),
	cmocka_unit_test(without_a_bell_a_cancel_is_found_all_the_same),
	cmocka_unit_test(the_end_of_the_stream_is_no_wait_to_be_cancelled),
	cmocka_unit_test(a_listener_stays_good_after_a_cancelled_accept),
	cmocka_unit_test(a_cancel_is_never_lost_in_a_race_with_a_receive),
	cmocka_unit_test(a_cancel_in_a_race_with_close_hits_nobody_else),
	cmocka_unit_test(each_call_has_a_limit_of_its_own),
	cmocka_unit_test(without_one_a_call_has_the_limit_of_all),
	cmocka_unit_test(a_deadline_ends_any_call_and_refuses_the_next),
	cmocka_unit_test(one_deadline_holds_for_a_whole_exchange),
	cmocka_unit_test(a_peer_that_drips_stretches_no_limit),
	cmocka_unit_test(a_peer_that_drips_stretches_no_deadline_of_many_calls),
	cmocka_unit_test(a_time_out_inside_a_message_is_for_ever),
	cmocka_unit_test(between_the_values_of_a_message_is_inside_of_it),
	cmocka_unit_test(only_a_time_out_can_be_resumed),
	cmocka_unit_test(to_receive_sends_what_was_not_flushed),
	cmocka_unit_test(signals_stretch_no_limit),
	cmocka_unit_test(every_system_call_may_fail_during_calls_that_wait),
	cmocka_unit_test(
	    every_system_call_may_fail_for_a_socket_that_is_bound_first),
	cmocka_unit_test(a_call_that_need_not_wait_does_not),
	cmocka_unit_test(timers_run_while_a_call_waits),
	cmocka_unit_test(watches_run_while_a_call_waits),
	cmocka_unit_test(the_end_of_the_peer_wakes_every_call),
	cmocka_unit_test(a_reset_wakes_every_call),
	cmocka_unit_test(
	    a_second_call_in_the_same_direction_is_refused_and_names_the_first),
	cmocka_unit_test(the_other_direction_works_while_a_call_waits),
	cmocka_unit_test(a_cancel_ends_both_directions),
	cmocka_unit_test(a_socket_may_go_during_any_call),
	cmocka_unit_test(
	    any_call_finds_afterwards_what_came_during_an_inner_one),
	cmocka_unit_test(another_thread_may_cancel_any_call),
	cmocka_unit_test(
	    of_two_calls_within_one_another_either_may_be_cancelled),
	cmocka_unit_test(a_signal_handler_may_cancel_any_call),
	cmocka_unit_test(a_cancel_before_a_call_hits_the_next_that_would_wait),
	cmocka_unit_test(closing_forgets_a_cancel_that_met_no_call),
	cmocka_unit_test(the_limit_of_a_call_comes_before_the_limit_of_all),
	cmocka_unit_test(a_receive_that_timed_out_with_nothing_lost_goes_on),
	cmocka_unit_test(a_send_of_which_nothing_was_taken_goes_on),
	cmocka_unit_test(a_send_within_a_receive_keeps_the_peer_going_too),
	cmocka_unit_test(to_receive_while_an_archive_sends_does_not_disturb_it),
	cmocka_unit_test(what_was_not_flushed_has_a_limit_of_its_own),
	cmocka_unit_test(
	    an_archive_in_the_place_of_an_unflushed_one_is_no_harm),
	cmocka_unit_test(a_receive_that_sleeps_in_its_system_call_ends_in_time),
	cmocka_unit_test(interruptions_of_a_receive_that_sleeps_are_invisible),
};

/* In calm weather only: in chaos … */
static const struct CMUnitTest in_the_calm[] = {
	/* … its 150 ms pass before the buffers are full, a byte at a time */
	cmocka_unit_test(
	    the_hook_is_called_before_each_sleep_and_ten_times_a_second),
	/* … a connection that was full takes another byte */
	cmocka_unit_test(a_socket_may_go_while_what_is_unflushed_is_sent),
	/* … more than one byte is there, to be had at once */
	cmocka_unit_test(a_cancel_before_a_call_spares_one_that_need_not_wait),
	/* … megabytes, a byte at a time */
	cmocka_unit_test(two_ends_that_send_before_they_receive_both_finish),
	/* … the same, within 0.7 s */
	cmocka_unit_test(when_both_directions_are_full_the_error_says_so),
	/* … system calls are counted */
	cmocka_unit_test(
	    a_receive_with_nothing_else_to_do_costs_one_system_call),
	cmocka_unit_test(
	    a_receive_that_rests_from_yielding_costs_one_system_call),
};

int
main(void)
{
	int failed;

	test_begin();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (!in_chaos())
		failed += cmocka_run_group_tests(in_the_calm, NULL, NULL);
	return failed;
}
