/*
 * A client of a server: its limits, its output, its end.  See serve.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "serve.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sys.h"

#define MESSAGE_MS 30000
#define OUTPUT_MS  30000
#define IDLE_MS    300000

/* Who has so much to take is not read from before. */
#define OUTPUT_PAUSE 65536

#define SECOND 1000000000

/* Its beginning */

/* The host in a name, without its colon: "10.0.0.7:5123" or "[::1]:5123"; of a
 * Unix-domain socket, nothing. */
static size_t
host_length(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon != NULL ? (size_t)(colon - name) : 0;
}

static bool
is_one_too_many(const struct cask_server *s, const struct cask_client *c)
{
	size_t n = host_length(c->sock.name);
	unsigned same = 0;

	if (s->limit.per_host == 0 || n == 0)
		return false;
	for (const struct cask_client *i = s->first; i != NULL; i = i->next)
		same += memcmp(i->sock.name, c->sock.name, n + 1) == 0 &&
		    i != c && i->state != CASKI_DEAD && !i->behind;
	return same >= s->limit.per_host;
}

const char *
caski_client_unwanted(const struct cask_client *c, const struct cask_addr *a)
{
	const struct cask_server *s = c->server;

	if (s->allow.count > 0 && !cask_nets_has(&s->allow, a))
		return "its address is not allowed";
	if (cask_nets_has(&s->deny, a))
		return "its address is denied";
	return is_one_too_many(s, c)
	    ? "its address has too many connections (limit.per_host)"
	    : NULL;
}

static void
on_receive(struct cask_sock *s, int err)
{
	(void)err; /* the call that receives has it too */
	caski_client_receive(s->user);
}

static void
on_send(struct cask_sock *s, int err)
{
	(void)err;
	caski_client_push(s->user);
}

const struct cask_notify caski_client_notify = {
	.receive = on_receive,
	.send = on_send,
};

static void on_time(struct cask_timer *t);

int
caski_client_begin(struct cask_client *c)
{
	c->opened_at = c->active_at = caski_sys_now();
	c->timer.fire = on_time;
	c->timer.user = c;
	c->timer.after_ms = IDLE_MS;
	return cask_timer_start(&c->timer);
}

bool
caski_client_announce(struct cask_client *c)
{
	struct cask_server *s = c->server;

	s->hooks++;
	c->announced = s->opened == NULL || s->opened(c);
	s->hooks--;
	if (!c->announced)
		caski_client_die(
		    c, EACCES, "%s: not accepted by the program", c->sock.name);
	caski_client_time(c);
	return c->announced && c->state != CASKI_DEAD;
}

/* Its end */

/* What it was answered before is still its due, if the system takes it. */
static void
send_last(struct cask_client *c)
{
	ptrdiff_t n = 0;

	if (c->sock.io.err == 0 && c->out.have > 0)
		n = cask_try_send(
		    &c->sock, caski_queue_first(&c->out), c->out.have);
	if (n > 0)
		c->server->counts.sent += (size_t)n;
}

static void
die(struct cask_client *c, int err, const char *format, va_list args)
{
	struct cask_server *s = c->server;

	if (c->state == CASKI_DEAD)
		return;
	c->state = CASKI_DEAD;
	c->err = err;
	vsnprintf(c->why, sizeof c->why, format, args);
	send_last(c);
	s->counts.clients--;
	cask_close(&c->sock);
	cask_timer_stop(&c->timer);
	c->dead = s->dead;
	s->dead = c;
	caski_server_chores(s);
}

void
caski_client_die(struct cask_client *c, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	die(c, err, format, args);
	va_end(args);
}

void
cask_client_drop(struct cask_client *c, int err, const char *format, ...)
{
	char why[sizeof c->why];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof why, format, args);
	va_end(args);
	caski_client_die(c, err, "%s: %s", c->sock.name, why);
}

void
caski_client_gone(struct cask_client *c)
{
	caski_client_die(c, 0, "%s: closed", c->sock.name);
}

static void
free_queues(struct cask_client *c)
{
	caski_queue_take(c->server, &c->in, c->in.have);
	caski_queue_take(c->server, &c->out, c->out.have);
}

void
caski_client_bury(struct cask_client *c)
{
	struct cask_server *s = c->server;

	s->counts.dropped += c->err != 0 && c->announced;
	s->counts.refused += c->err != 0 && !c->announced;
	s->hooks++;
	if (c->announced && s->closed != NULL)
		s->closed(c, c->err, c->why);
	if (!c->announced && c->err != 0 && s->refused != NULL)
		s->refused(s, c->why);
	s->hooks--;
	*(c->before != NULL ? &c->before->next : &s->first) = c->next;
	*(c->next != NULL ? &c->next->before : &s->last) = c->before;
	free_queues(c);
	caski_sys_free(c);
}

struct cask_client *
cask_client_next(const struct cask_server *s, const struct cask_client *c)
{
	struct cask_client *next = c != NULL ? c->next : s->first;

	while (next != NULL && (next->state == CASKI_DEAD || !next->announced))
		next = next->next;
	return next;
}

/* Memory */

static uint64_t
memory_of(const struct cask_client *c)
{
	return (uint64_t)c->in.size + c->out.size;
}

/* For whom more waits than for any other; the bytes of one whose message is
 * being handled are in use. */
static struct cask_client *
greediest(const struct cask_server *s)
{
	struct cask_client *most = NULL;

	for (struct cask_client *c = s->first; c != NULL; c = c->next)
		if (c != s->handling &&
		    (most == NULL || memory_of(c) > memory_of(most)))
			most = c;
	return most;
}

/* For n bytes: gives whether there is more room now.  Only who has more than c
 * is going to have is dropped. */
static bool
make_room(const struct cask_client *c, size_t n)
{
	struct cask_server *s = c->server;
	struct cask_client *most = greediest(s);

	if (most == NULL || memory_of(most) <= memory_of(c) + n)
		return false;
	caski_client_die(most, CASK_ELIMIT,
	    "%s: has to make room for others: %llu bytes wait for it, and "
	    "%llu in all, limit %llu (limit.memory)",
	    most->sock.name, (unsigned long long)memory_of(most),
	    (unsigned long long)s->counts.memory,
	    (unsigned long long)caski_server_memory(s));
	free_queues(most);
	return true;
}

int
caski_client_put(
    struct cask_client *c, struct caski_queue *q, const void *p, size_t n)
{
	int err;

	do
		err = caski_queue_put(c->server, q, p, n);
	while (err == CASK_ELIMIT && make_room(c, n));
	return err;
}

/* Output */

/* All is sent: now it is the client's turn to close. */
static void
half_close(struct cask_client *c)
{
	if (c->over || cask_shutdown(&c->sock, CASK_SENDS) != 0) {
		caski_client_gone(c);
		return;
	}
	c->state = CASKI_LEAVING;
	c->paused = false;
	c->output_at = caski_sys_now();
	caski_client_time(c);
	caski_client_receive(c);
}

static void
all_sent(struct cask_client *c)
{
	c->output_at = 0;
	if (c->state == CASKI_ENDING && c->server->handling != c)
		half_close(c);
}

void
caski_client_push(struct cask_client *c)
{
	struct cask_server *s = c->server;
	ptrdiff_t n = 1;

	if (c->state == CASKI_DEAD)
		return;
	while (c->out.have > 0 && n > 0) {
		n = cask_try_send(
		    &c->sock, caski_queue_first(&c->out), c->out.have);
		if (n > 0)
			caski_queue_take(s, &c->out, (size_t)n);
		if (n > 0)
			s->counts.sent += (size_t)n;
	}
	if (c->sock.io.err != 0)
		caski_client_die(
		    c, c->sock.io.err, "%s", cask_sock_why(&c->sock));
	else if (c->out.have == 0)
		all_sent(c);
	else if (c->output_at == 0)
		c->output_at = caski_sys_now();
	if (c->paused && c->out.have <= OUTPUT_PAUSE)
		caski_server_resume(s, c);
}

void
cask_client_close(struct cask_client *c)
{
	if (c->state != CASKI_OPEN)
		return;
	c->state = CASKI_ENDING;
	if (c->server->handling != c)
		caski_client_push(c);
	if (c->state == CASKI_ENDING)
		caski_client_time(c);
}

/* Limits */

/* When the limit of ms that counts from a moment is over. */
static int64_t
after(int64_t moment, int ms, int otherwise)
{
	if (moment == 0)
		return CASKI_NEVER;
	ms = caski_server_ms(ms, otherwise);
	return ms > 0 ? moment + (int64_t)ms * (SECOND / 1000) : CASKI_NEVER;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int
idle_ms(const struct cask_client *c)
{
	return caski_server_ms(c->idle_ms, c->server->limit.idle_ms);
}

/* A client that is paused isn't silent, it is not listened to. */
static int64_t
silent_at(const struct cask_client *c)
{
	return c->state == CASKI_OPEN && !c->paused && c->began_at == 0
	    ? after(c->active_at, idle_ms(c), IDLE_MS)
	    : CASKI_NEVER;
}

static int64_t
unfinished_at(const struct cask_client *c)
{
	return c->state == CASKI_OPEN && !c->paused
	    ? after(c->began_at, c->server->limit.message_ms, MESSAGE_MS)
	    : CASKI_NEVER;
}

static int64_t
stuck_at(const struct cask_client *c)
{
	return after(c->output_at, c->server->limit.output_ms, OUTPUT_MS);
}

static int64_t
life_at(const struct cask_client *c)
{
	return after(c->opened_at, c->server->limit.life_ms, -1);
}

/* Paused by limit.rate, and by nothing else, and not about to be gone on with.
 */
static bool
is_throttled(const struct cask_client *c)
{
	return c->paused && !c->resumed && c->room_at != 0 &&
	    c->out.have <= OUTPUT_PAUSE;
}

static int64_t
due_at(const struct cask_client *c)
{
	int64_t at = sooner(silent_at(c), unfinished_at(c));

	at = sooner(at, sooner(stuck_at(c), life_at(c)));
	return is_throttled(c) ? sooner(at, c->room_at) : at;
}

/* Limits move on with each message; the timer only if it would be late. */
void
caski_client_time(struct cask_client *c)
{
	int64_t at;

	if (c->state == CASKI_DEAD)
		return;
	at = due_at(c);
	if (at == CASKI_NEVER || (c->timer.slot != 0 && c->timer.at <= at))
		return;
	c->timer.after_ms = caski_remaining_ms(at);
	if (cask_timer_start(&c->timer) != 0)
		caski_client_die(c, ENOMEM, "%s: no memory", c->sock.name);
}

static void
out_of_time(struct cask_client *c, int64_t now)
{
	const struct cask_server_limits *l = &c->server->limit;
	const char *name = c->sock.name;

	if (now >= unfinished_at(c))
		caski_client_die(c, ETIMEDOUT,
		    "%s: did not finish %s within %g s", name,
		    c->behind ? "its PROXY header" : "a message",
		    caski_server_ms(l->message_ms, MESSAGE_MS) / 1e3);
	else if (now >= silent_at(c))
		caski_client_die(c, ETIMEDOUT, "%s: silent for %g s", name,
		    caski_server_ms(idle_ms(c), IDLE_MS) / 1e3);
	else if (now >= stuck_at(c) && c->state == CASKI_LEAVING)
		caski_client_die(c, ETIMEDOUT, "%s: did not close within %g s",
		    name, caski_server_ms(l->output_ms, OUTPUT_MS) / 1e3);
	else if (now >= stuck_at(c))
		caski_client_die(c, ETIMEDOUT,
		    "%s: did not take all of its output within %g s, "
		    "%zu bytes are left",
		    name, caski_server_ms(l->output_ms, OUTPUT_MS) / 1e3,
		    c->out.have);
	else if (now >= life_at(c))
		caski_client_die(c, ETIMEDOUT, "%s: connected for %g s", name,
		    l->life_ms / 1e3);
}

static void
on_time(struct cask_timer *t)
{
	struct cask_client *c = t->user;
	int64_t now = caski_sys_now();

	out_of_time(c, now);
	if (is_throttled(c) && now >= c->room_at)
		caski_server_resume(c->server, c);
	caski_client_time(c);
}

static bool
has_room(const struct cask_client *c)
{
	return c->out.have <= OUTPUT_PAUSE &&
	    (c->room_at == 0 || caski_sys_now() >= c->room_at);
}

bool
caski_client_may(struct cask_client *c)
{
	if (c->state == CASKI_OPEN && !has_room(c))
		c->paused = true;
	if (c->state == CASKI_OPEN)
		return !c->paused &&
		    __atomic_load_n(&c->server->told, __ATOMIC_RELAXED) == 0;
	return c->state == CASKI_LEAVING;
}
