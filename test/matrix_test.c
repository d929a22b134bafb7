/*
 * Whatever a callback does: every kind of callback, wherever it may be called,
 * and every action within it.
 *
 * A cell of the matrix is a kind, a place and an action.  Two sockets stand:
 * the callback's own (self), and another one.  What is to be expected follows
 * from the contract (see the functions below called "expected"): it is computed
 * from the cell, and no cell has an expectation of its own.  After each cell
 * nothing is left: no descriptor, no allocation, no pump.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include <cask/sock.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */
#define SHORT    15   /* ms; one that is */

enum kind {
	ON_RECEIVE,
	ON_SEND,
	ON_ACCEPT,
	ON_CONNECT,
	ON_CLOSE,
	ON_OOB,
	WAITING, /* the hook */
	TIMER,
	WATCH,
	WAKE,
	KINDS
};

static const char *const kind_names[] = { "receive", "send", "accept",
	"connect", "close", "oob", "waiting", "timer", "watch", "wake" };

/* The callback comes up … */
enum place {
	IN_TURN,    /* in a turn of the pump */
	OWN,        /* while a call waits on its own socket */
	OWN_NEST,   /* … with cask_pump_nest(2) */
	OTHER,      /* while one waits on the other */
	OTHER_NEST, /* … */
	PLACES
};

static const char *const place_names[] = { "in a turn", "own call",
	"own call, nesting", "other's call", "other's call, nesting" };

enum action {
	NOTHING,
	CLOSE_SELF,
	FREE_SELF,
	CLOSE_OTHER,
	FREE_OTHER,
	DETACH_SELF,
	SEND_SELF,
	RECEIVE_SELF,
	CONNECT_NEW,
	TRY_CONNECT_NEW,
	CANCEL_SELF,
	CANCEL_OTHER,
	START_TIMER,
	FREE_SOURCE, /* the timer, watch or wake itself; else a timer */
	TURN,
	SELECT_NOTHING,
	ACTIONS
};

static const char *const action_names[] = { "nothing", "close self",
	"free self", "close other", "free other", "detach self", "send",
	"receive", "connect a new one", "try to connect a new one",
	"cancel self", "cancel other", "start and stop a timer",
	"free the source", "turn", "select nothing" };

struct cell {
	enum kind kind;
	enum place place;
	enum action action;
};

/* Everything that a cell has and has seen. */
static struct world {
	struct cell cell;
	struct cask_sock *self, *other; /* NULL: freed */
	struct cask_sock fresh, taken;
	int peer, other_peer, fresh_peer, spare[2], pipe[2];
	struct cask_timer *timer;
	struct cask_watch *watch;
	struct cask_wake *wake;
	struct cask_timer feeder, starter;
	bool playing;
	bool calling;    /* a call waits */
	unsigned called; /* how often the callback was */
	bool inside;     /* … the first time, while a call waited */
	unsigned ended;  /* how often fresh was notified of its end */
	int ended_with;
	ptrdiff_t result;   /* of the action */
	int error, passing; /* and of its socket */
	char words[160];
	int detached;
	ptrdiff_t call, inner; /* results of the calls that waited */
	char byte, inner_byte;
} w;

static int door = -1; /* where raw connections are accepted */
static char door_port[8];

/* What the contract says of a cell */

/* Program's own callbacks run while calls wait; notifications don't. */
static bool
is_notification(enum kind k)
{
	return k < WAITING;
}

static bool
is_own(enum place p)
{
	return p == OWN || p == OWN_NEST;
}

static bool
is_other(enum place p)
{
	return p == OTHER || p == OTHER_NEST;
}

/* The hook is called by calls alone. */
static bool
exists(struct cell c)
{
	return c.kind != WAITING || c.place != IN_TURN;
}

/* Does the callback run while a call waits?  Notifications only if the program
 * lets them nest, and not for the socket that waits. */
static bool
expected_inside(struct cell c)
{
	if (is_notification(c.kind))
		return c.place == OTHER_NEST;
	return c.place != IN_TURN;
}

static bool
self_waits(struct cell c)
{
	return expected_inside(c) && (is_own(c.place) || c.kind == WAITING);
}

static bool
other_waits(struct cell c)
{
	return expected_inside(c) && is_other(c.place);
}

static bool
loses_self(enum action a)
{
	return a == CLOSE_SELF || a == FREE_SELF || a == DETACH_SELF;
}

/* Does what was done in the callback end the call on self, on the other? */
static bool
ends_self_call(struct cell c)
{
	return self_waits(c) &&
	    (loses_self(c.action) || c.action == CANCEL_SELF);
}

static bool
ends_other_call(struct cell c)
{
	return other_waits(c) &&
	    (c.action == CLOSE_OTHER || c.action == FREE_OTHER ||
		c.action == CANCEL_OTHER);
}

/* What the action itself gives: 0 or an error. */
static int
expected_error(struct cell c)
{
	switch (c.action) {
	case SEND_SELF: /* nobody can talk to a listener */
		return c.kind == ON_ACCEPT ? EPIPE : 0;
	case RECEIVE_SELF:
		if (self_waits(c))
			return EBUSY;
		if (c.kind == ON_ACCEPT)
			return ENOTCONN;
		return c.kind == ON_RECEIVE || c.kind == ON_CLOSE ? 0
								  : ETIMEDOUT;
	case TURN:
		return EBUSY;
	case SELECT_NOTHING:
		return self_waits(c) ? EBUSY : 0;
	default:
		return 0;
	}
}

/* Those of its errors that don't stick. */
static bool
expected_to_pass(struct cell c)
{
	return expected_error(c) == EBUSY && c.action != TURN;
}

/* Raw ends */

static void
open_door(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;

	door = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(door >= 0);
	assert_int_equal(bind(door, (void *)&sa, sizeof sa), 0);
	assert_int_equal(listen(door, 64), 0);
	assert_int_equal(getsockname(door, (void *)&sa, &len), 0);
	snprintf(door_port, sizeof door_port, "%u", ntohs(sa.sin_port));
}

static int
raw_connect(const char *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(test_connect(fd, (void *)&sa, sizeof sa), 0);
	return fd;
}

static void
raw_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The socket may be gone by now. */
static void
feed(int fd, const char *text, int flags)
{
	if (fd >= 0)
		send(fd, text, strlen(text), flags | MSG_NOSIGNAL);
}

static void
port_of(const struct cask_sock *l, char port[8])
{
	struct sockaddr_in sa = { .sin_port = 0 };
	socklen_t len = sizeof sa;

	assert_int_equal(getsockname(l->watch.fd, (void *)&sa, &len), 0);
	snprintf(port, 8, "%u", ntohs(sa.sin_port));
}

/* Actions */

static void
note_end(struct cask_sock *s, int err)
{
	(void)s;
	w.ended++;
	w.ended_with = err;
}

static const struct cask_notify fresh_notify = { .connect = note_end };

static void
let_go(struct cask_sock **s, bool and_free)
{
	w.result = cask_close(*s);
	if (!and_free)
		return;
	free(*s);
	*s = NULL;
}

static void
never(struct cask_timer *t)
{
	(void)t;
	fail_msg("a timer that was stopped has fired");
}

static void
start_and_stop(void)
{
	struct cask_timer *t = calloc(1, sizeof *t);

	t->after_ms = 1;
	t->fire = never;
	w.result = cask_timer_start(t);
	cask_timer_stop(t);
	free(t);
}

static void
free_source(void)
{
	if (w.cell.kind == TIMER) {
		cask_timer_stop(w.timer);
		free(w.timer);
		w.timer = NULL;
	} else if (w.cell.kind == WATCH) {
		cask_watch_stop(w.watch);
		free(w.watch);
		w.watch = NULL;
	} else if (w.cell.kind == WAKE) {
		cask_wake_stop(w.wake);
		free(w.wake);
		w.wake = NULL;
	} else {
		start_and_stop();
	}
}

static void
receive_self(void)
{
	int before = w.self->receive_ms;
	char byte;

	w.self->receive_ms = SHORT;
	w.result = cask_receive(w.self, &byte, 1);
	w.self->receive_ms = before;
}

static void
perform(enum action a)
{
	switch (a) {
	case CLOSE_SELF:
	case FREE_SELF:
		let_go(&w.self, a == FREE_SELF);
		break;
	case CLOSE_OTHER:
	case FREE_OTHER:
		let_go(&w.other, a == FREE_OTHER);
		break;
	case DETACH_SELF:
		w.detached = cask_detach(w.self);
		break;
	case SEND_SELF:
		w.result = cask_send(w.self, "s", 1);
		break;
	case RECEIVE_SELF:
		receive_self();
		break;
	case CONNECT_NEW:
		w.result = cask_connect(&w.fresh, "127.0.0.1", door_port);
		break;
	case TRY_CONNECT_NEW:
		w.fresh.notify = &fresh_notify;
		w.result = cask_try_connect(&w.fresh, "127.0.0.1", door_port);
		break;
	case CANCEL_SELF:
		cask_cancel(w.self);
		break;
	case CANCEL_OTHER:
		cask_cancel(w.other);
		break;
	case START_TIMER:
		start_and_stop();
		break;
	case FREE_SOURCE:
		free_source();
		break;
	case TURN:
		w.result = cask_pump_turn(0, NULL);
		break;
	case SELECT_NOTHING:
		w.result = cask_select(w.self, 0);
		break;
	case NOTHING:
	case ACTIONS:
		break;
	}
}

static void
note_state_of_self(void)
{
	if (w.self == NULL)
		return;
	w.error = w.self->io.err;
	w.passing = w.self->io.passing;
	snprintf(w.words, sizeof w.words, "%s", cask_sock_why(w.self));
}

/* What the calls that wait are waiting for. */
static void
feed_calls(void)
{
	if (is_other(w.cell.place))
		feed(w.other_peer, "o", 0);
	if (is_own(w.cell.place) || w.cell.kind == WAITING)
		feed(w.peer, "x", 0);
}

/* The callback.  (The hook is called by the connect of the scene, too.) */
static void
happened(void)
{
	if (!w.playing || w.called++ > 0)
		return;
	w.inside = w.calling;
	perform(w.cell.action);
	note_state_of_self();
	if (w.inside)
		feed_calls();
}

static void
on_notice(struct cask_sock *s, int err)
{
	assert_ptr_equal(s, w.self);
	assert_int_equal(err, 0);
	happened();
}

static void
on_waiting(struct cask_sock *s)
{
	assert_ptr_equal(s, w.self);
	happened();
}

static void
on_fire(struct cask_timer *t)
{
	(void)t;
	happened();
}

static void
on_ready(struct cask_watch *watch, int events)
{
	char byte;

	assert_int_equal(events, CASK_READABLE);
	assert_int_equal(test_read(watch->fd, &byte, 1), 1);
	happened();
}

static void
on_woken(struct cask_wake *wake)
{
	(void)wake;
	happened();
}

static const struct cask_notify tables[] = {
	[ON_RECEIVE] = { .receive = on_notice },
	[ON_SEND] = { .send = on_notice },
	[ON_ACCEPT] = { .accept = on_notice },
	[ON_CONNECT] = { .connect = on_notice },
	[ON_CLOSE] = { .close = on_notice },
	[ON_OOB] = { .oob = on_notice },
	[WAITING] = { .waiting = on_waiting },
};

/* The scene */

static struct cask_sock *
new_sock(void)
{
	struct cask_sock *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->timeout_ms = PATIENCE;
	return s;
}

static int
connect_to_door(struct cask_sock *s)
{
	int fd;

	assert_int_equal(cask_connect(s, "127.0.0.1", door_port), 0);
	fd = test_accept(door);
	assert_true(fd >= 0);
	return fd;
}

static void
open_self(void)
{
	enum kind k = w.cell.kind;

	w.self = new_sock();
	if (k <= WAITING)
		w.self->notify = &tables[k];
	if (k == ON_ACCEPT) {
		assert_int_equal(cask_bind(w.self, "127.0.0.1", "0"), 0);
		assert_int_equal(cask_listen(w.self, 0), 0);
	} else if (k == ON_CONNECT && w.cell.place == IN_TURN) {
		assert_int_equal(
		    cask_try_connect(w.self, "127.0.0.1", door_port), 0);
	} else if (k == ON_CONNECT) {
		int fd = raw_connect(door_port);

		w.peer = test_accept(door);
		assert_int_equal(cask_attach(w.self, fd), 0);
	} else {
		w.peer = connect_to_door(w.self);
	}
}

static void
open_source(void)
{
	w.timer = calloc(1, sizeof *w.timer);
	w.timer->fire = on_fire;
	w.timer->after_ms = 1;
	w.watch = calloc(1, sizeof *w.watch);
	w.watch->ready = on_ready;
	w.watch->events = CASK_READABLE;
	w.wake = calloc(1, sizeof *w.wake);
	w.wake->woken = on_woken;
}

static void
open_world(struct cell c)
{
	w = (struct world) { .cell = c,
		.peer = -1,
		.other_peer = -1,
		.fresh_peer = -1,
		.detached = -1,
		.pipe = { -1, -1 },
		.spare = { -1, -1 },
		.call = -99,
		.inner = -99 };
	w.fresh.timeout_ms = PATIENCE;
	open_self();
	w.other = new_sock();
	w.other_peer = connect_to_door(w.other);
	open_source();
	cask_pump_nest(c.place == OWN_NEST || c.place == OTHER_NEST ? 2 : 0);
	w.playing = true;
}

/* Let the callback come up. */
static void
trigger(void)
{
	char port[8];

	switch (w.cell.kind) {
	case ON_RECEIVE:
		feed(w.peer, "d", 0);
		break;
	case ON_ACCEPT:
		port_of(w.self, port);
		w.spare[w.spare[0] >= 0] = raw_connect(port);
		break;
	case ON_CLOSE:
		shutdown(w.peer, SHUT_WR);
		break;
	case ON_OOB:
		feed(w.peer, "U", MSG_OOB);
		break;
	case TIMER:
		assert_int_equal(cask_timer_start(w.timer), 0);
		break;
	case WATCH:
		assert_int_equal(pipe(w.pipe), 0);
		assert_int_equal(write(w.pipe[1], "p", 1), 1);
		w.watch->fd = w.pipe[0];
		assert_int_equal(cask_watch_start(w.watch), 0);
		break;
	case WAKE:
		assert_int_equal(cask_wake_start(w.wake), 0);
		cask_wake_ring(w.wake);
		break;
	case ON_SEND:
	case ON_CONNECT:
	case WAITING:
	case KINDS:
		break; /* comes by itself */
	}
}

/* Calls that wait */

static ptrdiff_t
call_on(struct cask_sock *s, char *byte)
{
	ptrdiff_t r;

	w.calling = true;
	if (s == w.self && w.cell.kind == ON_ACCEPT)
		r = cask_accept(s, &w.taken);
	else
		r = cask_receive(s, byte, 1);
	w.calling = false;
	return r;
}

static void
feed_own(struct cask_timer *t)
{
	(void)t;
	if (w.cell.kind == ON_RECEIVE || w.cell.kind == ON_ACCEPT)
		trigger(); /* one for the call, and one to be notified of */
	else if (w.cell.kind != ON_CLOSE)
		feed(w.peer, "x", 0);
	trigger();
}

static void
feed_other(struct cask_timer *t)
{
	(void)t;
	feed(w.other_peer, "o", 0);
}

static void
start_inner(struct cask_timer *t)
{
	(void)t;
	w.inner = call_on(w.self, &w.inner_byte);
	w.calling = true;
}

static void
start_timer(struct cask_timer *t, void (*fire)(struct cask_timer *), int ms)
{
	t->after_ms = ms;
	t->fire = fire;
	assert_int_equal(cask_timer_start(t), 0);
}

static void
call_own(void)
{
	if (expected_inside(w.cell))
		trigger();
	else
		start_timer(&w.feeder, feed_own, 2);
	w.call = call_on(w.self, &w.byte);
}

static void
call_other(void)
{
	trigger();
	if (!expected_inside(w.cell))
		start_timer(&w.feeder, feed_other, 2);
	else if (w.cell.kind == WAITING)
		start_timer(&w.starter, start_inner, 0);
	w.call = call_on(w.other, &w.byte);
}

/* Turn until the callback has been called. */
static void
turn_until_called(void)
{
	for (int i = 0; i < 100 && w.called == 0; i++)
		assert_int_equal(cask_pump_turn(PATIENCE, NULL), 0);
	assert_true(w.called > 0);
}

static void
play(void)
{
	if (w.cell.place == IN_TURN)
		trigger();
	else if (is_own(w.cell.place))
		call_own();
	else
		call_other();
	if (expected_inside(w.cell)) {
		assert_int_equal(w.called > 0, 1);
	} else {
		assert_int_equal(w.called, 0);
		turn_until_called();
	}
	assert_int_equal(w.inside, expected_inside(w.cell));
	if (w.peer < 0 && w.cell.kind == ON_CONNECT)
		w.peer = test_accept(door);
}

/* What has come of it */

static void
check_call(ptrdiff_t got, bool ended, const struct cask_sock *s)
{
	bool end = w.cell.kind == ON_CLOSE && is_own(w.cell.place);
	bool accepted = w.cell.kind == ON_ACCEPT && is_own(w.cell.place);

	if (!ended) {
		assert_int_equal(got, end || accepted ? 0 : 1);
		return;
	}
	if (w.cell.action != CANCEL_SELF && w.cell.action != CANCEL_OTHER) {
		assert_int_equal(got, CASK_IO_GONE);
		assert_true(s == NULL || s->io.err == 0);
		return;
	}
	assert_int_equal(got, -1);
	assert_int_equal(s->io.err, ECANCELED);
	assert_int_equal(cask_sock_state(s), CASK_CANCELLED);
	assert_string_equal(s->io.op, "receive");
}

static void
check_calls(void)
{
	struct cell c = w.cell;

	if (is_own(c.place))
		check_call(w.call, ends_self_call(c), w.self);
	if (is_other(c.place))
		check_call(w.call, ends_other_call(c), w.other);
	if (is_other(c.place) && c.kind == WAITING)
		check_call(w.inner, ends_self_call(c), w.self);
}

static void
check_busy(void)
{
	const char *what = w.cell.action == RECEIVE_SELF
	    ? "busy: receive is waiting on this socket"
	    : "a call waits on this socket";

	assert_int_equal(w.passing, EBUSY);
	assert_int_equal(w.error, 0);
	assert_non_null(strstr(w.words, what));
}

static void
check_receive(int err)
{
	assert_int_equal(w.result,
	    err != 0                      ? -1
		: w.cell.kind == ON_CLOSE ? 0
					  : 1);
	if (err == 0 || err == EBUSY)
		return;
	assert_int_equal(w.error, err);
	if (err == ETIMEDOUT) {
		assert_non_null(
		    strstr(w.words, "timed out after 15 ms, nothing lost"));
		assert_int_equal(cask_sock_state(w.self), CASK_CLEAN);
		assert_int_equal(cask_resume(w.self), 0);
	}
}

static void
check_action(void)
{
	int err = expected_error(w.cell);

	if (w.cell.action == RECEIVE_SELF)
		check_receive(err);
	else if (w.cell.action != FREE_SELF && w.cell.action != FREE_OTHER)
		assert_int_equal(w.result, err);
	if (w.cell.action == DETACH_SELF)
		assert_true(w.detached >= 0 && fcntl(w.detached, F_GETFD) >= 0);
	if (expected_to_pass(w.cell))
		check_busy();
}

/* A cancel that met no call hits the next that would wait, and not before. */
static void
check_pending_cancel(struct cask_sock *s)
{
	ptrdiff_t n;
	char byte;

	do
		n = cask_receive(s, &byte, 1);
	while (n == 1);
	if (n == 0) { /* it needn't wait any more */
		assert_int_equal(w.cell.kind, ON_CLOSE);
		return;
	}
	assert_int_equal(n, -1);
	assert_int_equal(s->io.err, ECANCELED);
}

static void
check_pending_cancel_of_listener(void)
{
	char port[8];
	int fd;

	cask_close(&w.taken);
	while (cask_accept(w.self, &w.taken) == 0)
		cask_close(&w.taken);
	assert_int_equal(w.taken.io.err, ECANCELED);
	assert_int_equal(w.self->io.err, 0);
	port_of(w.self, port);
	fd = raw_connect(port);
	assert_int_equal(cask_accept(w.self, &w.taken), 0);
	close(fd);
}

/* It is as good as it was. */
static void
check_good(struct cask_sock *s, int peer)
{
	char byte = 0;

	assert_int_equal(s->io.err, 0);
	assert_int_equal(cask_send(s, "g", 1), 0);
	do
		assert_int_equal(test_read(peer, &byte, 1), 1);
	while (byte != 'g');
	if (s == w.self && w.cell.kind == ON_CLOSE)
		return;
	feed(peer, "G", 0);
	do
		assert_int_equal(cask_receive(s, &byte, 1), 1);
	while (byte != 'G');
}

static void
check_listener_good(void)
{
	char port[8];
	int fd;

	cask_close(&w.taken);
	if (w.self->io.err != 0)
		return; /* somebody has talked to it */
	port_of(w.self, port);
	fd = raw_connect(port);
	assert_int_equal(cask_accept(w.self, &w.taken), 0);
	close(fd);
}

static void
check_self(void)
{
	struct cell c = w.cell;

	if (w.self == NULL || c.action == CLOSE_SELF ||
	    c.action == DETACH_SELF || ends_self_call(c))
		return;
	if (c.kind == ON_ACCEPT && c.action == CANCEL_SELF)
		check_pending_cancel_of_listener();
	else if (c.action == CANCEL_SELF)
		check_pending_cancel(w.self);
	else if (c.kind == ON_ACCEPT)
		check_listener_good();
	else
		check_good(w.self, w.peer);
}

static void
check_other(void)
{
	if (w.other == NULL || w.cell.action == CLOSE_OTHER ||
	    ends_other_call(w.cell))
		return;
	if (w.cell.action == CANCEL_OTHER)
		check_pending_cancel(w.other);
	else
		check_good(w.other, w.other_peer);
}

static void
check_fresh(void)
{
	if (w.cell.action != CONNECT_NEW && w.cell.action != TRY_CONNECT_NEW)
		return;
	if (w.cell.action == TRY_CONNECT_NEW) {
		for (int i = 0; i < 100 && w.ended == 0; i++)
			assert_int_equal(cask_pump_turn(PATIENCE, NULL), 0);
		assert_int_equal(w.ended, 1);
		assert_int_equal(w.ended_with, 0);
	}
	w.fresh_peer = test_accept(door);
	check_good(&w.fresh, w.fresh_peer);
}

/*
 * Once, unless what was done in the callback answers it and it still holds: the
 * hook is called for each sleep, and the urgent byte is there as long as nobody
 * has passed it.
 */
static void
check_count(void)
{
	if (w.cell.kind == WAITING ||
	    (w.cell.kind == ON_OOB && w.cell.action == RECEIVE_SELF))
		return;
	assert_int_equal(cask_pump_turn(0, NULL), 0);
	assert_int_equal(w.called, 1);
}

static void
close_source(void)
{
	if (w.timer != NULL)
		cask_timer_stop(w.timer);
	if (w.watch != NULL)
		cask_watch_stop(w.watch);
	if (w.wake != NULL)
		cask_wake_stop(w.wake);
	free(w.timer);
	free(w.watch);
	free(w.wake);
	cask_timer_stop(&w.feeder);
	cask_timer_stop(&w.starter);
}

static void
close_world(void)
{
	if (w.self != NULL)
		cask_close(w.self);
	if (w.other != NULL)
		cask_close(w.other);
	free(w.self);
	free(w.other);
	cask_close(&w.fresh);
	cask_close(&w.taken);
	close_source();
	raw_close(&w.peer);
	raw_close(&w.other_peer);
	raw_close(&w.fresh_peer);
	raw_close(&w.spare[0]);
	raw_close(&w.spare[1]);
	raw_close(&w.pipe[0]);
	raw_close(&w.pipe[1]);
	raw_close(&w.detached);
	cask_pump_nest(0);
}

static void
run_cell(struct cell c)
{
	int descriptors = fault_descriptors();
	long allocations = fault_allocations();

	open_world(c);
	play();
	check_count();
	check_calls();
	check_action();
	check_self();
	check_other();
	check_fresh();
	close_world();
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	assert_int_equal(fault_allocations(), allocations);
	assert_int_equal(fault_descriptors(), descriptors);
	w.playing = false;
}

static unsigned cells, impossible;

static void
run_kind(enum kind k)
{
	for (int p = 0; p < PLACES; p++)
		for (int a = 0; a < ACTIONS; a++) {
			struct cell c = { k, (enum place)p, (enum action)a };

			if (!exists(c)) {
				impossible++;
				continue;
			}
			run_cell(c);
			cells++;
		}
}

/* Which cell it was that has failed; the next kind begins anew. */
static int
say_cell(void **state)
{
	(void)state;
	if (w.playing)
		print_message("in the cell: %s, %s: %s\n",
		    kind_names[w.cell.kind], place_names[w.cell.place],
		    action_names[w.cell.action]);
	return 0;
}

#define KIND(name, kind)               \
	static void name(void **state) \
	{                              \
		(void)state;           \
		run_kind(kind);        \
	}

KIND(whatever_a_receive_handler_does_is_safe, ON_RECEIVE)
KIND(whatever_a_send_handler_does_is_safe, ON_SEND)
KIND(whatever_an_accept_handler_does_is_safe, ON_ACCEPT)
KIND(whatever_a_connect_handler_does_is_safe, ON_CONNECT)
KIND(whatever_a_close_handler_does_is_safe, ON_CLOSE)
KIND(whatever_an_oob_handler_does_is_safe, ON_OOB)
KIND(whatever_a_waiting_hook_does_is_safe, WAITING)
KIND(whatever_a_timer_does_is_safe, TIMER)
KIND(whatever_a_watch_does_is_safe, WATCH)
KIND(whatever_a_wake_does_is_safe, WAKE)

static void
no_cell_was_left_out(void **state)
{
	(void)state;
	print_message("%u cells played, %u can't be (a hook outside of a call)"
		      "\n",
	    cells, impossible);
	assert_int_equal(cells + impossible, KINDS * PLACES * ACTIONS);
	assert_int_equal(impossible, ACTIONS);
}

#define SAYING(test) cmocka_unit_test_teardown(test, say_cell)

static const struct CMUnitTest tests[] = {
	SAYING(whatever_a_receive_handler_does_is_safe),
	SAYING(whatever_a_send_handler_does_is_safe),
	SAYING(whatever_an_accept_handler_does_is_safe),
	SAYING(whatever_a_connect_handler_does_is_safe),
	SAYING(whatever_a_close_handler_does_is_safe),
	SAYING(whatever_an_oob_handler_does_is_safe),
	SAYING(whatever_a_waiting_hook_does_is_safe),
	SAYING(whatever_a_timer_does_is_safe),
	SAYING(whatever_a_watch_does_is_safe),
	SAYING(whatever_a_wake_does_is_safe),
	cmocka_unit_test(no_cell_was_left_out),
};

int
main(void)
{
	int failed;

	test_begin();
	open_door();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	raw_close(&door);
	return failed;
}
