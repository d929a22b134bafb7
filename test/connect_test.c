/*
 * Tests of lib/connect.c: the race of addresses, step by step.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include "../lib/connect.h"
#include "../lib/sys.h"

#include <cask/error.h>
#include <cask/sock.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/un.h>

#define SOON      10000
#define HOST_MOST 16

static int64_t
now_ms(void)
{
	return caski_sys_now() / 1000000;
}

/* Listeners, and the silence of a full one */

static uint16_t
port_of(int fd)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof sa;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	return ntohs(sa.sin_port);
}

static int
new_socket(uint32_t host, uint16_t port, int type)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(host) };
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	return fd;
}

static int
new_listener(uint16_t *port)
{
	int fd = new_socket(INADDR_ANY, 0, SOCK_STREAM);

	assert_int_equal(listen(fd, 8), 0);
	*port = port_of(fd);
	return fd;
}

/* A port at which nobody listens, and nobody else can. */
static int
new_refuser(uint16_t *port)
{
	int fd = new_socket(INADDR_ANY, 0, SOCK_STREAM);

	*port = port_of(fd);
	return fd;
}

/*
 * A listener that answers nobody any more, at every address of this machine:
 * the system drops what doesn't fit into its queue.
 */
struct silence {
	int listener;
	int filling[8];
	int n;
	uint16_t port;
};

static bool
fill(struct silence *q)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons(q->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = caski_sys_socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	assert_true(fd >= 0);
	q->filling[q->n++] = fd;
	if (caski_sys_connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return true;
	return poll(&p, 1, 200) > 0;
}

static void
be_silent(struct silence *q)
{
	*q = (struct silence) { 0 };
	q->listener = new_socket(INADDR_ANY, 0, SOCK_STREAM);
	assert_int_equal(listen(q->listener, 0), 0);
	q->port = port_of(q->listener);
	while (q->n < (int)COUNT(q->filling) && fill(q))
		continue;
	assert_in_range(q->n, 2, COUNT(q->filling) - 1);
}

static void
end_silence(struct silence *q)
{
	while (q->n > 0)
		caski_sys_close(q->filling[--q->n]);
	close(q->listener);
}

/* The resolver: what it gives for any name */

static struct {
	const char *number[HOST_MOST];
	uint16_t port[HOST_MOST];
	size_t n;
} known;

static int
give_known(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)hints;
	return fault_list(list, known.number, known.port, known.n, port);
}

static void
know(const char *number, uint16_t port)
{
	known.number[known.n] = number;
	known.port[known.n++] = port;
}

/* As before each test, and after it: nothing may be left. */

struct before {
	long allocations;
	int descriptors;
};

static struct before
begin(void)
{
	known.n = 0;
	fault_reset();
	fault_lookup(give_known);
	return (struct before) { fault_allocations(), fault_descriptors() };
}

static void
end(struct before before)
{
	for (int i = 0; i < 5000 && fault_allocations() != before.allocations;
	     i++)
		poll(NULL, 0, 1);
	assert_int_equal(fault_allocations(), before.allocations);
	assert_int_equal(fault_descriptors(), before.descriptors);
	fault_lookup(NULL);
	fault_reset();
}

/* Driving */

/* Wait as the driver of an attempt does; ETIMEDOUT when the limit comes. */
static int
wait_for(struct caski_own *own, size_t n, int64_t until, int64_t limit)
{
	struct pollfd fds[CASKI_ATTEMPT_MOST + 1];
	int64_t at = until < limit ? until : limit;
	int64_t left = (at - caski_sys_now() + 999999) / 1000000;
	int r;

	assert_in_range(n, 0, COUNT(fds));
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd) { .fd = own[i].fd,
			.events =
			    own[i].events == CASK_READABLE ? POLLIN : POLLOUT };
	r = poll(fds, (nfds_t)n, left > 0 ? (int)left : 0);
	assert_true(r >= 0 || errno == EINTR);
	for (size_t i = 0; i < n; i++)
		own[i].seen = fds[i].revents != 0 ? own[i].events : 0;
	return r == 0 && caski_sys_now() >= limit ? ETIMEDOUT : 0;
}

/* Drive an attempt to its end, and give its result.  *fd -1: none. */
static int
drive(struct caski_attempt *a, int *fd, int ms)
{
	struct caski_own own[CASKI_ATTEMPT_MOST + 1];
	int64_t limit = caski_deadline(ms);
	int64_t until;
	size_t n = 0;
	int err;

	while ((err = caski_attempt_step(a, own, n, fd)) == EINPROGRESS) {
		assert_int_equal(*fd, -1);
		n = caski_attempt_own(a, own, &until);
		err = wait_for(own, n, until, limit);
		if (err != 0)
			break;
	}
	return err;
}

static int
connect_as(
    struct cask_sock *s, const char *host, const char *port, int *fd, int ms)
{
	struct caski_attempt *a;
	int err = caski_attempt_begin(&a, s, host, port);

	*fd = -1;
	assert_int_equal(err == 0, a != NULL);
	if (err != 0)
		return err;
	err = drive(a, fd, ms);
	caski_attempt_free(a);
	assert_int_equal(err == 0, *fd >= 0);
	return err;
}

/* Connect to what is known, and close it again. */
static int
connect_known(int ms)
{
	struct cask_sock s = { 0 };
	int fd;
	int err = connect_as(&s, "name", "1", &fd, ms);

	if (err == 0)
		close(fd);
	return err;
}

/* Tests */

static void
the_second_address_is_tried_when_the_first_refuses(void **state)
{
	struct before before = begin();
	uint16_t no, yes;
	int refuser = new_refuser(&no);
	int listener = new_listener(&yes);
	int64_t start = now_ms();

	(void)state;
	know("127.0.0.1", no);
	know("127.0.0.1", yes);
	assert_int_equal(connect_known(SOON), 0);
	assert_int_equal(fault_count(FAULT_CONNECT), 2);
	assert_in_range(now_ms() - start, 0, CASKI_ATTEMPT_MS - 1);
	close(refuser);
	close(listener);
	end(before);
}

static void
a_silent_address_costs_its_share_and_not_the_limit(void **state)
{
	struct before before = begin();
	struct silence q;
	uint16_t yes;
	int listener = new_listener(&yes);
	int64_t start;

	(void)state;
	be_silent(&q);
	know("127.0.0.1", q.port);
	know("127.0.0.1", yes);
	start = now_ms();
	assert_int_equal(connect_known(SOON), 0);
	assert_in_range(now_ms() - start, CASKI_ATTEMPT_MS - 1, SOON / 2);
	close(listener);
	end_silence(&q);
	end(before);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_second_address_is_tried_when_the_first_refuses),
	cmocka_unit_test(a_silent_address_costs_its_share_and_not_the_limit),
};

RUN_TESTS(tests)
