/*
 * What the tests of servers share: a server in the test's own thread, that
 * counts what its hooks are told, and plain sockets of the system's as clients.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SERVE_KIT_H
#define SERVE_KIT_H

#include "fault.h"
#include "test.h"

#include <cask.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#define PATIENCE 5000 /* ms; a limit that is not meant to run out */
#define LITTLE   30   /* ms; for what is not meant to come */

struct job {
	int32_t id;
	char name[16];
	uint32_t count;
	double values[4];
};

static inline void
job_x(struct cask_ar *ar, struct job *j)
{
	cask_i32(ar, &j->id);
	cask_text(ar, j->name, sizeof j->name);
	cask_count(ar, &j->count, 4);
	cask_f64_array(ar, j->values, j->count);
}

struct ack {
	int32_t id, status;
};

static inline void
ack_x(struct cask_ar *ar, struct ack *a)
{
	cask_i32(ar, &a->id);
	cask_i32(ar, &a->status);
}

static const unsigned char bolt_bytes[] = { 0x1a, 0, 0, 0, 7, 0, 0, 0, 0xff,
	0xfe, 0xff, 4, 'b', 0, 'o', 0, 'l', 0, 't', 0, 1, 0, 0, 0, 0, 0, 0, 0,
	4, 0x40 };
static const unsigned char ack_bytes[] = { 8, 0, 0, 0, 7, 0, 0, 0, 200, 0, 0,
	0 };

#define BOLT sizeof bolt_bytes
#define ACK  sizeof ack_bytes

/* A server, and what its hooks were told. */
struct house {
	struct cask_server s;
	uint16_t port;
	unsigned opened, handled, closed, refusals, troubles;
	int err;                  /* of the last that closed */
	char why[300];            /* … */
	struct cask_client *last; /* that opened */
	struct job job;           /* the last one */
	int status;               /* of the answers; 0: 200 */
	void (*then)(struct house *h, struct cask_client *c);
};

static inline struct house *
house_of(struct cask_client *c)
{
	return c->server->user;
}

static inline bool
note_opened(struct cask_client *c)
{
	house_of(c)->opened++;
	house_of(c)->last = c;
	return true;
}

static inline void
note_closed(struct cask_client *c, int err, const char *why)
{
	struct house *h = house_of(c);

	h->closed++;
	h->err = err;
	snprintf(h->why, sizeof h->why, "%s", why);
	if (h->last == c)
		h->last = NULL;
}

static inline void
note_refused(struct cask_server *s, const char *why)
{
	struct house *h = s->user;

	h->refusals++;
	snprintf(h->why, sizeof h->why, "%s", why);
}

static inline void
note_trouble(struct cask_server *s, int err, const char *why)
{
	struct house *h = s->user;

	h->troubles++;
	h->err = err;
	snprintf(h->why, sizeof h->why, "%s", why);
}

static inline void
on_job(struct cask_client *c, struct job *j)
{
	struct house *h = house_of(c);
	struct ack a = { j->id, h->status != 0 ? h->status : 200 };

	h->handled++;
	h->job = *j;
	if (h->then != NULL)
		h->then(h, c);
	else
		cask_reply(c, &a, ack_x);
}
CASK_HANDLER(take_job, struct job, job_x, on_job)

static inline void
house_prepare(struct house *h)
{
	memset(h, 0, sizeof *h);
	h->s.message = take_job;
	h->s.opened = note_opened;
	h->s.closed = note_closed;
	h->s.refused = note_refused;
	h->s.trouble = note_trouble;
	h->s.user = h;
}

static inline void
house_listen(struct house *h)
{
	assert_int_equal(cask_server_listen(&h->s, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_server_local(&h->s, 0, NULL, 0, &h->port), 0);
}

static inline void
house_open(struct house *h)
{
	house_prepare(h);
	house_listen(h);
}

static inline void
house_close(struct house *h)
{
	cask_server_close(&h->s);
	assert_int_equal(h->opened, h->closed);
	assert_int_equal(h->s.counts.clients, 0);
	assert_int_equal(h->s.counts.memory, 0);
}

/* A client of the system's. */
static inline int
house_call(const struct house *h)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons(h->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(
	    test_connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static inline void
put(int fd, const void *p, size_t n)
{
	assert_int_equal(send(fd, p, n, MSG_NOSIGNAL), n);
}

/* Turn until something holds, or patience is at its end. */
#define TURN_UNTIL(holds)                                              \
	do {                                                           \
		int64_t until_ = test_now_ms() + PATIENCE;             \
		while (!(holds)) {                                     \
			assert_true(test_now_ms() < until_);           \
			assert_int_equal(cask_pump_turn(10, NULL), 0); \
		}                                                      \
	} while (0)

/* Turn for a while in which nothing more is to happen. */
static inline void
turn_a_little(void)
{
	int64_t until = test_now_ms() + LITTLE;

	while (test_now_ms() < until)
		assert_int_equal(cask_pump_turn(LITTLE, NULL), 0);
}

/* Receive n bytes while the pump turns; gives how many there were up to the
 * end, or a reset. */
static inline size_t
take(int fd, void *buf, size_t n)
{
	int64_t until = test_now_ms() + PATIENCE;
	size_t have = 0;
	ssize_t got;

	while (have < n) {
		assert_true(test_now_ms() < until);
		cask_pump_turn(1, NULL);
		got = test_recv(fd, (char *)buf + have, n - have, MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return have;
}

static inline void
take_ack(int fd)
{
	unsigned char got[ACK];

	assert_int_equal(take(fd, got, ACK), ACK);
	assert_memory_equal(got, ack_bytes, ACK);
}

/* Its other end is closed, and nothing more has come. */
static inline void
take_end(int fd)
{
	char byte;

	assert_int_equal(take(fd, &byte, 1), 0);
}

/* The words of the last end, without the client's address. */
static inline void
assert_why(const struct house *h, const char *format)
{
	char expected[300];
	const char *colon = strstr(h->why, "127.0.0.1:");
	char name[40] = "";

	if (colon != NULL)
		snprintf(name, sizeof name, "%.*s",
		    (int)(10 + strspn(colon + 10, "0123456789")), colon);
	snprintf(expected, sizeof expected, "%.*s%s%s",
	    (int)strcspn(format, "@"), format, name,
	    strchr(format, '@') != NULL ? strchr(format, '@') + 1 : "");
	assert_string_equal(h->why, expected);
}

#endif
