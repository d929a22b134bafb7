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
	if (caski_sys_connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0 ||
	    test_poll(&p, 1, 200) > 0) {
		q->filling[q->n++] = fd;
		return true;
	}
	close(fd);
	return false;
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
	assert_in_range(q->n, 1, COUNT(q->filling) - 1);
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
		test_pause(1);
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
	r = test_poll(fds, (nfds_t)n, left > 0 ? (int)left : 0);
	assert_true(r >= 0);
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

/* Drive it until every address has had its chance, and all are silent. */
static void
drive_until_all_have_begun(struct caski_attempt *a)
{
	struct caski_own own[CASKI_ATTEMPT_MOST + 1];
	int64_t until = 0;
	int fd;

	while (until != CASKI_NEVER) {
		assert_int_equal(drive(a, &fd, 20), ETIMEDOUT);
		caski_attempt_own(a, own, &until);
	}
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
	int64_t fastest = SOON;

	(void)state;
	know("127.0.0.1", no);
	know("127.0.0.1", yes);
	for (unsigned i = 1; i <= 4; i++) {
		int64_t start = now_ms();

		assert_int_equal(connect_known(SOON), 0);
		assert_int_equal(fault_count(FAULT_CONNECT), 2 * i);
		if (now_ms() - start < fastest)
			fastest = now_ms() - start;
	}
	assert_in_range(fastest, 0, CASKI_ATTEMPT_MS - 1);
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

static void
twelve_silent_addresses_do_not_hide_a_good_thirteenth(void **state)
{
	struct before before = begin();
	struct silence q;
	uint16_t yes;
	int listener = new_listener(&yes);
	static const char *const silent[] = { "127.0.0.1", "127.0.0.2",
		"127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6", "127.0.0.7",
		"127.0.0.8", "127.0.0.9", "127.0.0.10", "127.0.0.11",
		"127.0.0.12" };

	(void)state;
	be_silent(&q);
	for (size_t i = 0; i < COUNT(silent); i++)
		know(silent[i], q.port);
	know("127.0.0.1", yes);
	fault_reset();
	assert_int_equal(connect_known(SOON), 0);
	assert_int_equal(fault_count(FAULT_CONNECT), COUNT(silent) + 1);
	close(listener);
	end_silence(&q);
	end(before);
}

static void
no_more_than_eight_are_under_way_at_once(void **state)
{
	struct before before = begin();
	struct caski_own own[CASKI_ATTEMPT_MOST + 1];
	struct cask_sock s = { 0 };
	struct caski_attempt *a;
	struct silence q;
	char number[10][24];
	int64_t until;
	int descriptors;

	(void)state;
	be_silent(&q);
	for (int i = 0; i < 10; i++) {
		snprintf(number[i], sizeof number[i], "127.0.0.%d", i + 1);
		know(number[i], q.port);
	}
	descriptors = fault_descriptors();
	assert_int_equal(caski_attempt_begin(&a, &s, "name", "1"), 0);
	drive_until_all_have_begun(a);
	assert_int_equal(fault_descriptors() - descriptors, 8);
	assert_int_equal(caski_attempt_own(a, own, &until), 8);
	caski_attempt_free(a);
	end_silence(&q);
	end(before);
}

/* One that refuses at once, when eight are silent, is no reason to give one
 * of these up. */
static void
a_failure_pushes_nobody_out(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	struct caski_attempt *a;
	struct silence q;
	char number[8][24];
	int descriptors;

	(void)state;
	be_silent(&q);
	for (int i = 0; i < 8; i++) {
		snprintf(number[i], sizeof number[i], "127.0.0.%d", i + 1);
		know(number[i], q.port);
	}
	know("127.0.0.9", q.port);
	descriptors = fault_descriptors();
	fault_reset();
	fault_plan(FAULT_CONNECT, 8, false, ECONNREFUSED);
	assert_int_equal(caski_attempt_begin(&a, &s, "name", "1"), 0);
	drive_until_all_have_begun(a);
	assert_int_equal(fault_injected(), 1);
	assert_int_equal(fault_descriptors() - descriptors, 8);
	caski_attempt_free(a);
	end_silence(&q);
	end(before);
}

static void
the_loser_is_closed(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	struct silence q;
	uint16_t yes;
	int listener = new_listener(&yes);
	int descriptors, fd;

	(void)state;
	be_silent(&q);
	know("127.0.0.1", q.port);
	know("127.0.0.2", q.port);
	know("127.0.0.1", yes);
	descriptors = fault_descriptors();
	assert_int_equal(connect_as(&s, "name", "1", &fd, SOON), 0);
	assert_int_equal(fault_descriptors(), descriptors + 1);
	close(fd);
	close(listener);
	end_silence(&q);
	end(before);
}

/* Its queue has room again, and what the system tries again gets in. */
static void
an_address_may_still_win_when_others_have_begun(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	struct sockaddr_in sa;
	socklen_t len = sizeof sa;
	struct caski_attempt *a;
	struct silence q, r;
	int fd;

	(void)state;
	be_silent(&q);
	be_silent(&r);
	know("127.0.0.1", q.port);
	know("127.0.0.1", r.port);
	assert_int_equal(caski_attempt_begin(&a, &s, "name", "1"), 0);
	assert_int_equal(drive(a, &fd, 2 * CASKI_ATTEMPT_MS), ETIMEDOUT);
	for (int i = 0; i < q.n; i++)
		close(test_accept(q.listener));
	assert_int_equal(drive(a, &fd, SOON), 0);
	assert_int_equal(getpeername(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(ntohs(sa.sin_port), q.port);
	caski_attempt_free(a);
	close(fd);
	end_silence(&q);
	end_silence(&r);
	end(before);
}

static void
the_error_is_that_of_the_last_address_that_failed(void **state)
{
	struct before before = begin();
	uint16_t no;
	int refuser = new_refuser(&no);

	(void)state;
	know("127.0.0.1", no);
	know("127.0.0.2", no);
	know("127.0.0.3", no);
	fault_plan(FAULT_CONNECT, 0, false, ENETUNREACH);
	assert_int_equal(connect_known(SOON), ECONNREFUSED);
	fault_plan(FAULT_CONNECT, 2, false, ENETUNREACH);
	assert_int_equal(connect_known(SOON), ENETUNREACH);
	fault_plan(FAULT_SOCKET, 2, false, EMFILE);
	assert_int_equal(connect_known(SOON), EMFILE);
	assert_int_equal(fault_injected(), 3);
	close(refuser);
	end(before);
}

static void
the_errors_of_looking_up_are_given_at_once_or_after_it(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	int fd;

	(void)state;
	assert_int_equal(
	    connect_as(&s, "127.0.0.1", "-1", &fd, SOON), CASK_EPORT);
	assert_int_equal(connect_as(&s, "name", "", &fd, SOON), CASK_EPORT);
	fault_plan(FAULT_GETADDRINFO, 1, false, EAI_NONAME);
	assert_int_equal(connect_as(&s, "name", "1", &fd, SOON), CASK_ENAME);
	assert_int_equal(fault_injected(), 1);
	fault_plan(FAULT_GETADDRINFO, 1, false, EAI_AGAIN);
	assert_int_equal(connect_as(&s, "name", "1", &fd, SOON), CASK_EDNS);
	assert_int_equal(fault_injected(), 2);
	end(before);
}

/* Unix-domain sockets */

static int
new_local_listener(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0 && strlen(path) < sizeof un.sun_path);
	memcpy(un.sun_path, path, strlen(path));
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	assert_int_equal(listen(fd, 0), 0);
	return fd;
}

static char directory[] = "/tmp/cask-connect-XXXXXX";

static int
make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) == NULL;
}

static int
remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

/* A full one answers by EAGAIN, and no event tells when it has room. */
static void
a_full_listener_of_the_unix_domain_is_tried_again(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	struct caski_attempt *a;
	char path[64];
	int listener, fd[8], n = 0, err;
	unsigned tries;

	(void)state;
	snprintf(path, sizeof path, "%s/full", directory);
	listener = new_local_listener(path);
	while (n < 8 && connect_as(&s, path, NULL, &fd[n], 50) == 0)
		n++;
	assert_in_range(n, 1, 7);
	assert_int_equal(caski_attempt_begin(&a, &s, path, NULL), 0);
	fault_reset();
	assert_int_equal(drive(a, &fd[n], 200), ETIMEDOUT);
	tries = fault_count(FAULT_CONNECT);
	assert_in_range(tries, 2, 22);
	close(test_accept(listener));
	err = drive(a, &fd[n], SOON);
	assert_int_equal(err, 0);
	caski_attempt_free(a);
	while (n >= 0)
		close(fd[n--]);
	close(listener);
	unlink(path);
	assert_int_equal(connect_as(&s, path, NULL, &fd[0], SOON), ENOENT);
	end(before);
}

/* Settings */

static void
buffers_and_the_kind_are_set_before_connecting(void **state)
{
	struct before before = begin();
	struct cask_sock s = { .send_buffer = 20000, .receive_buffer = 30000 };
	uint16_t yes;
	int listener = new_listener(&yes);
	char port[8];
	int value = 0, fd;

	(void)state;
	snprintf(port, sizeof port, "%u", yes);
	assert_int_equal(connect_as(&s, "127.0.0.1", port, &fd, SOON), 0);
	caski_sys_getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value);
	assert_in_range(value, 20000, 40000);
	caski_sys_getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value);
	assert_in_range(value, 30000, 60000);
	close(fd);
	s.datagram = true;
	assert_int_equal(connect_as(&s, "127.0.0.1", port, &fd, SOON), 0);
	caski_sys_getsockopt(fd, SOL_SOCKET, SO_TYPE, &value);
	assert_int_equal(value, SOCK_DGRAM);
	close(fd);
	fault_plan(FAULT_SETSOCKOPT, 0, true, ENOBUFS);
	assert_int_equal(connect_as(&s, "127.0.0.1", port, &fd, SOON), 0);
	assert_int_equal(fault_injected(), 2);
	close(fd);
	close(listener);
	end(before);
}

/* Given up */

static void
an_attempt_that_is_given_up_at_any_step_leaves_nothing(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	struct silence q;
	uint16_t yes;
	int listener = new_listener(&yes);
	bool connected = false;

	(void)state;
	be_silent(&q);
	know("127.0.0.1", q.port);
	know("127.0.0.2", q.port);
	know("127.0.0.1", yes);
	for (int steps = 0; !connected; steps++) {
		struct caski_own own[CASKI_ATTEMPT_MOST + 1];
		int64_t limit = caski_deadline(SOON);
		struct caski_attempt *a;
		int64_t until;
		size_t n = 0;
		int fd = -1;

		assert_int_equal(caski_attempt_begin(&a, &s, "name", "1"), 0);
		for (int i = 0; i < steps && !connected; i++) {
			int err = caski_attempt_step(a, own, n, &fd);

			assert_true(err == 0 || err == EINPROGRESS);
			connected = err == 0;
			n = caski_attempt_own(a, own, &until);
			if (!connected)
				assert_int_equal(
				    wait_for(own, n, until, limit), 0);
		}
		caski_attempt_free(a);
		if (connected)
			close(fd);
		assert_in_range(steps, 0, 100);
	}
	caski_attempt_free(NULL);
	close(listener);
	end_silence(&q);
	end(before);
}

static void
interruptions_are_invisible(void **state)
{
	struct before before = begin();
	uint16_t no, yes;
	int refuser = new_refuser(&no);
	int listener = new_listener(&yes);

	(void)state;
	know("127.0.0.1", no);
	know("127.0.0.1", yes);
	fault_disturb(true);
	for (int i = 0; i < 3; i++)
		assert_int_equal(connect_known(SOON), 0);
	assert_true(fault_injected() > 0);
	fault_disturb(false);
	close(refuser);
	close(listener);
	end(before);
}

/* Any call fails: another address does, or there is an error; and in any case
 * it ends. */
static void
connect_once(void *arg)
{
	struct pollfd waiting = { .fd = *(int *)arg, .events = POLLIN };
	int err = connect_known(SOON);

	while (test_poll(&waiting, 1, 0) > 0)
		close(test_accept(waiting.fd));
	assert_true(err != EINPROGRESS);
	assert_true(err == 0 || fault_injected() > 0);
}

static void
every_call_may_fail_and_nothing_leaks(void **state)
{
	struct before before = begin();
	uint16_t no, yes;
	int refuser = new_refuser(&no);
	int listener = new_listener(&yes);

	(void)state;
	know("127.0.0.1", no);
	know("127.0.0.1", yes);
	assert_true(fault_everywhere(connect_once, &listener) >= 12);
	close(refuser);
	close(listener);
	end(before);
}

/* From the pump */

static struct {
	unsigned calls;
	int err;
	int fd;
	struct cask_sock *s;
} ended;

static void
note_end(struct cask_sock *s, int err, int fd)
{
	ended.calls++;
	ended.s = s;
	ended.err = err;
	ended.fd = fd;
}

/* Begin to drive one from the pump; the error if that can't be. */
static int
watch_one(struct cask_sock *s, const char *host, const char *port, int ms)
{
	struct caski_attempt *a;
	int err = caski_attempt_begin(&a, s, host, port);

	memset(&ended, 0, sizeof ended);
	if (err != 0)
		return err;
	err = caski_attempt_watch(a, caski_deadline(ms), note_end);
	assert_int_equal(ended.calls, 0);
	if (err != 0)
		caski_attempt_free(a);
	return err;
}

/* The pump is empty when it has ended: that ends cask_pump_run. */
static void
assert_ends(struct cask_sock *s, int err)
{
	assert_int_equal(cask_pump_run(), 0);
	assert_int_equal(ended.calls, 1);
	assert_ptr_equal(ended.s, s);
	assert_int_equal(ended.err, err);
	assert_int_equal(ended.fd >= 0, err == 0);
	if (err == 0)
		close(ended.fd);
}

static void
the_pump_drives_an_attempt_to_its_end_and_says_so_once(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	struct silence q;
	uint16_t no, yes;
	int refuser = new_refuser(&no);
	int listener = new_listener(&yes);
	char port[8];

	(void)state;
	be_silent(&q);
	snprintf(port, sizeof port, "%u", yes);
	assert_int_equal(watch_one(&s, "127.0.0.1", port, SOON), 0);
	assert_ends(&s, 0);
	know("127.0.0.1", no);
	assert_int_equal(watch_one(&s, "name", "1", SOON), 0);
	assert_ends(&s, ECONNREFUSED);
	know("127.0.0.1", q.port);
	know("127.0.0.2", q.port);
	assert_int_equal(watch_one(&s, "name", "1", 400), 0);
	assert_ends(&s, ETIMEDOUT);
	know("127.0.0.1", yes);
	assert_int_equal(watch_one(&s, "name", "1", -1), 0);
	assert_ends(&s, 0);
	close(refuser);
	close(listener);
	end_silence(&q);
	end(before);
}

static void
an_attempt_goes_on_while_a_call_waits(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	uint16_t yes;
	int listener = new_listener(&yes);
	int64_t limit = caski_deadline(SOON);

	(void)state;
	know("127.0.0.1", yes);
	assert_int_equal(watch_one(&s, "name", "1", SOON), 0);
	while (ended.calls == 0)
		assert_int_equal(caski_wait(NULL, 0, limit), 0);
	assert_ends(&s, 0);
	close(listener);
	end(before);
}

static void
an_attempt_that_is_freed_leaves_the_pump(void **state)
{
	struct before before = begin();
	struct cask_sock s = { 0 };
	struct caski_attempt *a;
	struct silence q;

	(void)state;
	be_silent(&q);
	know("127.0.0.1", q.port);
	know("127.0.0.2", q.port);
	memset(&ended, 0, sizeof ended);
	fault_reset();
	assert_int_equal(caski_attempt_begin(&a, &s, "name", "1"), 0);
	assert_int_equal(
	    caski_attempt_watch(a, caski_deadline(SOON), note_end), 0);
	while (fault_count(FAULT_CONNECT) < 2)
		assert_int_equal(cask_pump_turn(-1, NULL), 0);
	caski_attempt_free(a);
	assert_int_equal(cask_pump_turn(-1, NULL), EDEADLK);
	assert_int_equal(ended.calls, 0);
	end_silence(&q);
	end(before);
}

/* A turn that fails leaves the attempt where it is; so go on.  Turns are short,
 * as what the library does within one is no reason to end it. */
static void
watch_once(void *arg)
{
	struct pollfd waiting = { .fd = *(int *)arg, .events = POLLIN };
	struct cask_sock s = { 0 };
	struct caski_attempt *a;
	int err = caski_attempt_begin(&a, &s, "name", "1");

	memset(&ended, 0, sizeof ended);
	if (err == 0) {
		err = caski_attempt_watch(a, caski_deadline(SOON), note_end);
		for (int i = 0; err == 0 && ended.calls == 0 && i < 500; i++)
			cask_pump_turn(2, NULL);
		if (ended.calls == 0)
			caski_attempt_free(a);
	}
	if (ended.calls == 1)
		err = ended.err;
	assert_in_range(ended.calls, 0, 1);
	assert_true(err == 0 || fault_injected() > 0);
	if (ended.calls == 1 && err == 0)
		close(ended.fd);
	while (test_poll(&waiting, 1, 0) > 0)
		close(test_accept(waiting.fd));
}

static void
every_call_may_fail_in_the_pump_too(void **state)
{
	struct before before = begin();
	uint16_t no, yes;
	int refuser = new_refuser(&no);
	int listener = new_listener(&yes);

	(void)state;
	know("127.0.0.1", no);
	know("127.0.0.1", yes);
	assert_true(fault_everywhere(watch_once, &listener) >= 12);
	close(refuser);
	close(listener);
	end(before);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_second_address_is_tried_when_the_first_refuses),
	cmocka_unit_test(a_silent_address_costs_its_share_and_not_the_limit),
	cmocka_unit_test(twelve_silent_addresses_do_not_hide_a_good_thirteenth),
	cmocka_unit_test(no_more_than_eight_are_under_way_at_once),
	cmocka_unit_test(a_failure_pushes_nobody_out),
	cmocka_unit_test(the_loser_is_closed),
	cmocka_unit_test(an_address_may_still_win_when_others_have_begun),
	cmocka_unit_test(the_error_is_that_of_the_last_address_that_failed),
	cmocka_unit_test(
	    the_errors_of_looking_up_are_given_at_once_or_after_it),
	cmocka_unit_test_setup_teardown(
	    a_full_listener_of_the_unix_domain_is_tried_again, make_directory,
	    remove_directory),
	cmocka_unit_test(buffers_and_the_kind_are_set_before_connecting),
	cmocka_unit_test(
	    an_attempt_that_is_given_up_at_any_step_leaves_nothing),
	cmocka_unit_test(interruptions_are_invisible),
	cmocka_unit_test(every_call_may_fail_and_nothing_leaks),
	cmocka_unit_test(
	    the_pump_drives_an_attempt_to_its_end_and_says_so_once),
	cmocka_unit_test(an_attempt_goes_on_while_a_call_waits),
	cmocka_unit_test(an_attempt_that_is_freed_leaves_the_pump),
	cmocka_unit_test(every_call_may_fail_in_the_pump_too),
};

RUN_TESTS(tests)
