/*
 * Tests of lib/resolve.c: numbers, names, and look-ups that are left behind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include "../lib/pump.h"
#include "../lib/resolve.h"
#include "../lib/sys.h"

#include <cask/error.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define SOON caski_deadline(5000)

/* Look up as any caller does: 0 and the addresses, or an error. */
static int
find(struct caski_hosts **hosts, const char *host, const char *port, int flags,
    int64_t deadline)
{
	struct caski_lookup *l;
	int err = caski_lookup_begin(&l, host, port, flags);

	*hosts = NULL;
	assert_int_equal(err == 0, l != NULL);
	if (err != 0)
		return err;
	while ((err = caski_lookup_answer(l, hosts)) == EINPROGRESS) {
		assert_null(*hosts);
		err =
		    caski_wait_one(caski_lookup_fd(l), CASK_READABLE, deadline);
		if (err != 0)
			break;
	}
	caski_lookup_free(l);
	assert_int_equal(err == 0, *hosts != NULL);
	return err;
}

/* Look up, free what was found, and give the error. */
static int
resolve(const char *host, const char *port)
{
	struct caski_hosts *hosts;
	int err = find(&hosts, host, port, 0, SOON);

	caski_sys_free(hosts);
	return err;
}

/* Look up a host that needs no waiting. */
static struct caski_hosts *
at_once(const char *host, const char *port, int flags)
{
	struct caski_lookup *l;
	struct caski_hosts *hosts;

	assert_int_equal(caski_lookup_begin(&l, host, port, flags), 0);
	assert_int_equal(caski_lookup_fd(l), -1);
	assert_int_equal(caski_lookup_answer(l, &hosts), 0);
	caski_lookup_free(l);
	assert_non_null(hosts);
	return hosts;
}

/* Look-ups that were left behind get some time to end. */
static void
assert_all_gone(long allocations, int descriptors)
{
	for (int i = 0; i < 2000 && fault_allocations() != allocations; i++)
		poll(NULL, 0, 1);
	assert_int_equal(fault_allocations(), allocations);
	assert_int_equal(fault_descriptors(), descriptors);
}

/* What the resolver of a test does */

static atomic_bool held;

static int
held_up(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host;
	while (held)
		poll(NULL, 0, 1);
	return getaddrinfo("127.0.0.1", port, hints, list);
}

static int
loopback(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host;
	return getaddrinfo("127.0.0.1", port, hints, list);
}

static int system_errno;

static int
system_fails(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)port, (void)hints, (void)list;
	errno = system_errno;
	return EAI_SYSTEM;
}

static atomic_int forked;

/* The program forks meanwhile; its child keeps all that is open, for long. */
static int
with_a_fork(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	pid_t child = fork();

	(void)host;
	if (child == 0) {
		poll(NULL, 0, 5000);
		_exit(0);
	}
	forked = child;
	poll(NULL, 0, 100);
	return getaddrinfo("127.0.0.1", port, hints, list);
}

/* Numbers */

static void
a_number_needs_no_thread_and_no_pipe(void **state)
{
	struct caski_hosts *hosts;
	const struct sockaddr_in *sa;

	(void)state;
	fault_reset();
	hosts = at_once("127.0.0.1", "7000", 0);
	assert_int_equal(hosts->n, 1);
	assert_int_equal(hosts->host[0].length, sizeof *sa);
	sa = (const void *)&hosts->host[0].sa;
	assert_int_equal(sa->sin_family, AF_INET);
	assert_int_equal(ntohs(sa->sin_port), 7000);
	assert_int_equal(ntohl(sa->sin_addr.s_addr), 0x7f000001);
	caski_sys_free(hosts);
	assert_int_equal(resolve("::1", "65535"), 0);
	assert_int_equal(resolve("10.0.0.1", "0"), 0);
	assert_int_equal(resolve("10.0.0.1", "no-such-service"), CASK_EPORT);
	assert_int_equal(fault_count(FAULT_THREAD), 0);
	assert_int_equal(fault_count(FAULT_PIPE), 0);
}

static void
a_service_has_a_name(void **state)
{
	(void)state;
	if (getservbyname("http", "tcp") == NULL)
		skip();
	assert_int_equal(resolve("127.0.0.1", "http"), 0);
	assert_int_equal(resolve("localhost", "http"), 0);
}

static void
no_host_means_any_address_or_the_loopback(void **state)
{
	struct caski_hosts *hosts = at_once(NULL, "1", CASKI_PASSIVE);

	(void)state;
	for (size_t i = 0; i < hosts->n; i++)
		if (hosts->host[i].sa.ss_family == AF_INET)
			assert_int_equal(
			    ((const struct sockaddr_in *)(const void *)&hosts
				    ->host[i]
				    .sa)
				->sin_addr.s_addr,
			    0);
	caski_sys_free(hosts);
	hosts = at_once(NULL, "1", 0);
	assert_true(hosts->n > 0);
	caski_sys_free(hosts);
}

static void
what_can_be_no_host_or_port_is_refused_unasked(void **state)
{
	static const char *const ports[] = { "", " 80", "-1", "+80", "65536",
		"99999999999999999999", "\t1" };
	char longest[256], longer[257], port[65];

	(void)state;
	memset(longest, 'x', sizeof longest);
	longest[255] = '\0';
	memset(longer, 'x', sizeof longer);
	longer[256] = '\0';
	memset(port, 'x', sizeof port);
	port[64] = '\0';
	fault_reset();
	for (size_t i = 0; i < COUNT(ports); i++)
		assert_int_equal(resolve("127.0.0.1", ports[i]), CASK_EPORT);
	assert_int_equal(resolve("", "80"), CASK_ENAME);
	assert_int_equal(resolve(longer, "80"), CASK_ENAME);
	assert_int_equal(resolve("127.0.0.1", port), CASK_EPORT);
	assert_int_equal(fault_count(FAULT_GETADDRINFO), 0);
	fault_lookup(loopback);
	assert_int_equal(resolve(longest, "80"), 0);
	fault_lookup(NULL);
}

/* Names */

static void
a_name_is_looked_up_in_a_thread(void **state)
{
	(void)state;
	fault_reset();
	assert_int_equal(resolve("localhost", "7000"), 0);
	assert_int_equal(fault_count(FAULT_THREAD), 1);
	assert_all_gone(0, fault_descriptors());
}

static void
an_unknown_name_is_said_to_be_one(void **state)
{
	(void)state;
	fault_reset();
	fault_plan(FAULT_GETADDRINFO, 1, false, EAI_NONAME);
	assert_int_equal(resolve("locahlost", "7000"), CASK_ENAME);
	assert_int_equal(fault_injected(), 1);
	assert_string_equal(cask_strerror(CASK_ENAME), "name not known");
	assert_string_equal(cask_strerror(CASK_EPORT), "port not known");
	fault_reset();
}

static void
the_resolvers_errors_become_ours(void **state)
{
	static const struct {
		int code;
		int err;
	} table[] = {
		{ EAI_MEMORY, ENOMEM },
		{ EAI_AGAIN, CASK_EDNS },
		{ EAI_FAIL, CASK_EDNS },
		{ EAI_SERVICE, CASK_EPORT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		for (unsigned nth = 0; nth < 2; nth++) {
			fault_reset();
			fault_plan(
			    FAULT_GETADDRINFO, nth, false, table[i].code);
			assert_int_equal(resolve("name", "1"), table[i].err);
			assert_int_equal(fault_injected(), 1);
		}
	}
	fault_reset();
	fault_lookup(system_fails);
	system_errno = EMFILE;
	assert_int_equal(resolve("name", "1"), EMFILE);
	system_errno = 0;
	assert_int_equal(resolve("name", "1"), CASK_ENAME);
	fault_lookup(NULL);
}

static void
a_look_up_does_not_outlast_its_deadline_and_leaks_nothing(void **state)
{
	struct caski_hosts *hosts;
	int descriptors = fault_descriptors();
	int64_t start = caski_sys_now();
	int64_t took;

	(void)state;
	held = true;
	fault_lookup(held_up);
	assert_int_equal(
	    find(&hosts, "slow", "1", 0, caski_deadline(50)), ETIMEDOUT);
	took = (caski_sys_now() - start) / 1000000;
	assert_in_range(took, 49, 2000);
	assert_null(hosts);
	held = false;
	assert_all_gone(0, descriptors);
	fault_lookup(NULL);
}

static void
a_fork_during_a_look_up_does_not_hold_it_up(void **state)
{
	struct caski_hosts *hosts;
	int descriptors = fault_descriptors();
	int64_t start = caski_sys_now();

	(void)state;
	forked = -1;
	fault_reset();
	fault_lookup(with_a_fork);
	assert_int_equal(find(&hosts, "name", "1", 0, caski_deadline(2000)), 0);
	assert_in_range((caski_sys_now() - start) / 1000000, 99, 1999);
	assert_non_null(hosts);
	caski_sys_free(hosts);
	assert_true(forked > 0);
	kill(forked, SIGKILL);
	assert_int_equal(test_await(forked, NULL), forked);
	assert_all_gone(0, descriptors);
	fault_lookup(NULL);
}

static void
a_wait_that_fails_leaves_the_look_up_behind_and_leaks_nothing(void **state)
{
	int descriptors = fault_descriptors();

	(void)state;
	held = true;
	fault_reset();
	fault_lookup(held_up);
	fault_plan(FAULT_POLL, 0, false, ENOMEM);
	assert_int_equal(resolve("slow", "1"), ENOMEM);
	assert_int_equal(fault_injected(), 1);
	held = false;
	assert_all_gone(0, descriptors);
	fault_lookup(NULL);
	fault_reset();
}

static void
the_number_of_look_ups_under_way_is_bounded(void **state)
{
	struct caski_hosts *hosts;
	int descriptors = fault_descriptors();

	(void)state;
	held = true;
	fault_lookup(held_up);
	for (int i = 0; i < CASKI_LOOKUPS_MOST; i++)
		assert_int_equal(
		    find(&hosts, "slow", "1", 0, caski_deadline(1)), ETIMEDOUT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(resolve("slow", "1"), EAGAIN);
	assert_int_equal(resolve("127.0.0.1", "1"), 0);
	held = false;
	assert_all_gone(0, descriptors);
	assert_int_equal(resolve("quick", "1"), 0);
	fault_lookup(NULL);
}

/* The thread and the caller end at about the same time, in any order. */
static void
whoever_ends_last_cleans_up(void **state)
{
	struct caski_hosts *hosts;
	int descriptors = fault_descriptors();

	(void)state;
	fault_lookup(loopback);
	for (int i = 0; i < 300; i++) {
		int err = find(
		    &hosts, "name", "1", 0, caski_sys_now() + i % 100 * 5000);

		assert_true(err == 0 || err == ETIMEDOUT || err == EAGAIN);
		caski_sys_free(hosts);
	}
	assert_all_gone(0, descriptors);
	assert_int_equal(resolve("name", "1"), 0);
	assert_all_gone(0, descriptors);
	fault_lookup(NULL);
}

static void
one_name_one_number(void *arg)
{
	int err = resolve(arg, "1");

	assert_true(err == 0 || err == ENOMEM || err == EMFILE ||
	    err == ENFILE || err == EAGAIN || err == CASK_ENAME ||
	    err == CASK_EDNS);
	assert_true(err == 0 || fault_injected() > 0);
}

static void
every_call_may_fail_and_nothing_leaks(void **state)
{
	char name[] = "localhost", number[] = "127.0.0.1";

	(void)state;
	assert_true(fault_everywhere(one_name_one_number, name) >= 7);
	assert_true(fault_everywhere(one_name_one_number, number) >= 3);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_number_needs_no_thread_and_no_pipe),
	cmocka_unit_test(a_service_has_a_name),
	cmocka_unit_test(no_host_means_any_address_or_the_loopback),
	cmocka_unit_test(what_can_be_no_host_or_port_is_refused_unasked),
	cmocka_unit_test(a_name_is_looked_up_in_a_thread),
	cmocka_unit_test(an_unknown_name_is_said_to_be_one),
	cmocka_unit_test(the_resolvers_errors_become_ours),
	cmocka_unit_test(
	    a_look_up_does_not_outlast_its_deadline_and_leaks_nothing),
	cmocka_unit_test(a_fork_during_a_look_up_does_not_hold_it_up),
	cmocka_unit_test(
	    a_wait_that_fails_leaves_the_look_up_behind_and_leaks_nothing),
	cmocka_unit_test(the_number_of_look_ups_under_way_is_bounded),
	cmocka_unit_test(whoever_ends_last_cleans_up),
	cmocka_unit_test(every_call_may_fail_and_nothing_leaks),
};

RUN_TESTS(tests)
