/*
 * Tests of lib/resolve.c: numbers, names, and look-ups that are left behind.
 *
 * SPDX-License-Identifier: MIT
 */
#if defined(__linux__)
#define _GNU_SOURCE /* unshare */
#endif

#include "test.h"

#include "fault.h"

#include "../lib/pump.h"
#include "../lib/resolve.h"
#include "../lib/sys.h"

#include <cask/error.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif

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
		test_pause(1);
	assert_int_equal(fault_allocations(), allocations);
	assert_int_equal(fault_descriptors(), descriptors);
}

/* What the resolver of a test does */

static atomic_bool held;
static atomic_int holding;

static int
held_up(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host;
	holding++;
	while (held)
		test_pause(1);
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
		test_pause(5000);
		_exit(0);
	}
	forked = child;
	test_pause(100);
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
what_has_a_colon_and_is_no_number_is_asked_of_nobody(void **state)
{
	static const char *const hosts[] = { "[::1]", "127.0.0.1:80",
		"fe80::1%no-such-if", "::1::", ":" };

	(void)state;
	fault_reset();
	fault_lookup(loopback);
	for (size_t i = 0; i < COUNT(hosts); i++)
		assert_int_equal(resolve(hosts[i], "80"), CASK_ENAME);
	assert_int_equal(fault_count(FAULT_THREAD), 0);
	fault_lookup(NULL);
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
		"99999999999999999999", "\t1", "\n1", "\v1", "\f1", "\r1" };
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

/* The order of addresses */

static const char *const *known;
static size_t knows;

static int
give_known(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	(void)host, (void)hints;
	return fault_list(list, known, NULL, knows, port);
}

static void
assert_host(const struct caski_host *h, const char *number)
{
	char text[INET6_ADDRSTRLEN];
	const void *sa = &h->sa;
	const void *bytes = h->sa.ss_family == AF_INET6
	    ? (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr
	    : (const void *)&((const struct sockaddr_in *)sa)->sin_addr;

	assert_non_null(inet_ntop(h->sa.ss_family, bytes, text, sizeof text));
	assert_string_equal(text, number);
}

static void
assert_order(const char *const *given, size_t n, const char *const *wanted,
    size_t wanted_n)
{
	struct caski_hosts *hosts;

	known = given;
	knows = n;
	fault_lookup(give_known);
	assert_int_equal(find(&hosts, "name", "80", 0, SOON), 0);
	assert_int_equal(hosts->n, wanted_n);
	for (size_t i = 0; i < wanted_n; i++)
		assert_host(&hosts->host[i], wanted[i]);
	caski_sys_free(hosts);
	fault_lookup(NULL);
}

#define ASSERT_ORDER(given, wanted) \
	assert_order(given, COUNT(given), wanted, COUNT(wanted))

static void
both_families_take_turns_and_the_first_begins(void **state)
{
	static const char *const six[] = { "::1", "::2", "::3", "10.0.0.1",
		"10.0.0.2" };
	static const char *const by_six[] = { "::1", "10.0.0.1", "::2",
		"10.0.0.2", "::3" };
	static const char *const four[] = { "10.0.0.2", "10.0.0.1", "10.0.0.3",
		"10.0.0.0", "::2", "::1" };
	static const char *const by_four[] = { "10.0.0.2", "::2", "10.0.0.1",
		"::1", "10.0.0.3", "10.0.0.0" };
	static const char *const one[] = { "10.0.0.3", "10.0.0.1", "10.0.0.2" };

	(void)state;
	ASSERT_ORDER(six, by_six);
	ASSERT_ORDER(four, by_four);
	ASSERT_ORDER(one, one);
	assert_all_gone(0, fault_descriptors());
}

static void
an_address_that_is_given_twice_is_kept_once(void **state)
{
	static const char *const given[] = { "10.0.0.1", "10.0.0.1", "::1",
		"10.0.0.2", "::1", "10.0.0.1" };
	static const char *const wanted[] = { "10.0.0.1", "::1", "10.0.0.2" };

	(void)state;
	ASSERT_ORDER(given, wanted);
}

static void
a_resolver_that_gives_no_address_knows_no_name(void **state)
{
	(void)state;
	known = NULL;
	knows = 0;
	fault_lookup(give_known);
	assert_int_equal(resolve("name", "1"), CASK_ENAME);
	fault_lookup(NULL);
}

/* Datagrams */

static int asked_type;

static int
note_type(const char *host, const char *port, const struct addrinfo *hints,
    struct addrinfo **list)
{
	asked_type = hints->ai_socktype;
	return loopback(host, port, hints, list);
}

static void
ports_of_datagrams_are_their_own(void **state)
{
	struct caski_hosts *hosts;

	(void)state;
	fault_lookup(note_type);
	assert_int_equal(find(&hosts, "name", "1", CASKI_DATAGRAM, SOON), 0);
	caski_sys_free(hosts);
	assert_int_equal(asked_type, SOCK_DGRAM);
	assert_int_equal(resolve("name", "1"), 0);
	assert_int_equal(asked_type, SOCK_STREAM);
	fault_lookup(NULL);
	if (getservbyname("tftp", "udp") == NULL ||
	    getservbyname("tftp", "tcp") != NULL)
		skip();
	caski_sys_free(at_once("127.0.0.1", "tftp", CASKI_DATAGRAM));
	assert_int_equal(resolve("127.0.0.1", "tftp"), CASK_EPORT);
}

/* The Unix domain */

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

static void
a_path_is_an_address_of_the_unix_domain(void **state)
{
	static const char *const paths[] = { "/tmp/x", "./x", "/" };

	(void)state;
	fault_reset();
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct caski_hosts *hosts = at_once(paths[i], NULL, 0);
		const struct sockaddr_un *un = (void *)&hosts->host[0].sa;

		assert_int_equal(hosts->n, 1);
		assert_int_equal(un->sun_family, AF_UNIX);
		assert_string_equal(un->sun_path, paths[i]);
		assert_int_equal(
		    hosts->host[0].length, PATH_OFFSET + strlen(paths[i]) + 1);
		caski_sys_free(hosts);
	}
	assert_int_equal(fault_count(FAULT_GETADDRINFO), 0);
	assert_int_equal(fault_count(FAULT_THREAD), 0);
}

static void
an_abstract_name_begins_with_a_nul_and_has_its_exact_length(void **state)
{
	struct caski_hosts *hosts = at_once("@name", NULL, 0);
	const struct sockaddr_un *un = (void *)&hosts->host[0].sa;

	(void)state;
	assert_int_equal(un->sun_family, AF_UNIX);
	assert_memory_equal(un->sun_path, "\0name", 5);
	assert_int_equal(hosts->host[0].length, PATH_OFFSET + 5);
	caski_sys_free(hosts);
}

static void
a_path_that_is_too_long_or_has_a_port_is_refused(void **state)
{
	const size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path;
	char path[256];

	(void)state;
	memset(path, 'x', sizeof path);
	path[0] = '/';
	path[most] = '\0';
	assert_int_equal(resolve(path, NULL), ENAMETOOLONG);
	path[most - 1] = '\0';
	assert_int_equal(resolve(path, NULL), 0);
	path[0] = '@';
	assert_int_equal(resolve(path, NULL), 0);
	path[most - 1] = 'x';
	assert_int_equal(resolve(path, NULL), 0);
	path[most] = 'x';
	path[most + 1] = '\0';
	assert_int_equal(resolve(path, NULL), ENAMETOOLONG);
	assert_int_equal(resolve("/x", "1"), EINVAL);
	assert_int_equal(resolve("@x", ""), EINVAL);
	assert_int_equal(resolve("127.0.0.1", NULL), CASK_EPORT);
	assert_int_equal(resolve("name", NULL), CASK_EPORT);
	assert_int_equal(resolve(NULL, NULL), CASK_EPORT);
}

/* Processes */

/* The parent's look-ups are not under way in its child.  A fork must not meet
 * a thread that is still beginning, and may hold a lock. */
static void
a_child_has_look_ups_of_its_own(void **state)
{
	struct caski_lookup *l[CASKI_LOOKUPS_MOST];
	int descriptors = fault_descriptors();
	int status = -1;
	pid_t child;

	(void)state;
	held = true;
	holding = 0;
	fault_lookup(held_up);
	for (size_t i = 0; i < COUNT(l); i++)
		assert_int_equal(caski_lookup_begin(&l[i], "slow", "1", 0), 0);
	assert_int_equal(resolve("slow", "1"), EAGAIN);
	while (holding < CASKI_LOOKUPS_MOST)
		test_pause(1);
	child = fork();
	if (child == 0) {
		alarm(10);
		held = false;
		_exit(resolve("name", "1") != 0);
	}
	assert_int_equal(test_await(child, &status), child);
	assert_int_equal(status, 0);
	assert_int_equal(resolve("slow", "1"), EAGAIN);
	for (size_t i = 0; i < COUNT(l); i++)
		caski_lookup_free(l[i]);
	held = false;
	assert_all_gone(0, descriptors);
	fault_lookup(NULL);
}

/*
 * The system's own resolver, in a child with a network and with settings of
 * its own: 127.0.0.1 is all there is, and its port 53 is ours.
 */

enum outcome {
	FINE,
	NOT_PERMITTED,
	NO_SERVER,
	WRONG_ERROR,
	LATE,
	NOT_ASKED,
	LEAKED,
};

static char conf[] = "/tmp/cask-resolv-XXXXXX";

#if defined(__linux__)
/* Nothing of the mount gets out: first of all, everything is made private. */
static bool
own_world(void)
{
	int spaces = CLONE_NEWNET | CLONE_NEWNS;
	struct ifreq lo = { .ifr_name = "lo" };
	int fd, r;

	if (geteuid() != 0)
		spaces |= CLONE_NEWUSER;
	if (unshare(spaces) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(conf, "/etc/resolv.conf", NULL, MS_BIND, NULL) != 0)
		return false;
	mount(conf, "/etc/nsswitch.conf", NULL, MS_BIND, NULL);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	lo.ifr_flags = IFF_UP;
	r = ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
	return r == 0;
}
#else
static bool
own_world(void)
{
	return false;
}
#endif

static int
name_server(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons(53),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0)
		_exit(NO_SERVER);
	return fd;
}

/* Answer every query by SERVFAIL: the same, with two bits set and a code. */
static pid_t
serve_failure(int fd)
{
	pid_t child = fork();

	if (child != 0)
		return child;
	alarm(10);
	for (;;) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof sa;
		unsigned char query[512];
		ssize_t n = recvfrom(
		    fd, query, sizeof query, 0, (struct sockaddr *)&sa, &len);

		if (n < 12)
			_exit(NO_SERVER);
		query[2] |= 0x80;
		query[3] = 0x82;
		sendto(fd, query, (size_t)n, 0, (struct sockaddr *)&sa, len);
	}
}

/* Assertions can't be made in a child. */
static enum outcome
look_up_within(int ms, int wanted, int64_t most_ms)
{
	int64_t start = caski_sys_now();
	int descriptors = fault_descriptors();
	long allocations = fault_allocations();
	struct caski_hosts *hosts;

	if (find(&hosts, "host.example", "1", 0, caski_deadline(ms)) != wanted)
		return WRONG_ERROR;
	if ((caski_sys_now() - start) / 1000000 > most_ms)
		return LATE;
	for (int i = 0; i < 8000 && fault_allocations() != allocations; i++)
		test_pause(1);
	return fault_allocations() == allocations &&
		fault_descriptors() == descriptors
	    ? FINE
	    : LEAKED;
}

static enum outcome
with_a_silent_server(void)
{
	int fd = name_server();
	enum outcome how = look_up_within(300, ETIMEDOUT, 1800);
	char query[512];

	if (how == FINE &&
	    test_recv(fd, query, sizeof query, MSG_DONTWAIT) < 12)
		how = NOT_ASKED;
	return how;
}

static enum outcome
with_a_failing_server(void)
{
	pid_t server = serve_failure(name_server());
	enum outcome how = look_up_within(10000, CASK_EDNS, 9000);

	kill(server, SIGKILL);
	test_await(server, NULL);
	return how;
}

static enum outcome
without_a_server(void)
{
	return look_up_within(10000, CASK_EDNS, 9000);
}

/* One file for both: each ignores what it doesn't know.  timeout: how long the
 * resolver's thread outlives the look-up. */
static void in_its_own_world(enum outcome (*scene)(void))
{
	static const char text[] = "hosts: dns\nnameserver 127.0.0.1\n"
				   "options timeout:2 attempts:1\n";
	int fd = mkstemp(conf);
	int status = -1;
	pid_t child;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	fault_lookup(NULL);
	child = fork();
	if (child == 0) {
		alarm(30);
		_exit(own_world() ? (int)scene() : NOT_PERMITTED);
	}
	assert_int_equal(test_await(child, &status), child);
	unlink(conf);
	strcpy(conf + strlen(conf) - 6, "XXXXXX");
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_PERMITTED) {
		print_message("no network of its own for a test here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), FINE);
}

static void
a_name_server_that_never_answers_does_not_outlast_the_deadline(void **state)
{
	(void)state;
	in_its_own_world(with_a_silent_server);
}

static void
a_name_server_that_fails_is_not_a_name_that_is_unknown(void **state)
{
	(void)state;
	in_its_own_world(with_a_failing_server);
}

static void
without_a_name_server_no_name_is_called_unknown(void **state)
{
	(void)state;
	in_its_own_world(without_a_server);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_number_needs_no_thread_and_no_pipe),
	cmocka_unit_test(what_has_a_colon_and_is_no_number_is_asked_of_nobody),
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
	cmocka_unit_test(both_families_take_turns_and_the_first_begins),
	cmocka_unit_test(an_address_that_is_given_twice_is_kept_once),
	cmocka_unit_test(a_resolver_that_gives_no_address_knows_no_name),
	cmocka_unit_test(ports_of_datagrams_are_their_own),
	cmocka_unit_test(a_path_is_an_address_of_the_unix_domain),
	cmocka_unit_test(
	    an_abstract_name_begins_with_a_nul_and_has_its_exact_length),
	cmocka_unit_test(a_path_that_is_too_long_or_has_a_port_is_refused),
	cmocka_unit_test(a_child_has_look_ups_of_its_own),
	cmocka_unit_test(
	    a_name_server_that_never_answers_does_not_outlast_the_deadline),
	cmocka_unit_test(
	    a_name_server_that_fails_is_not_a_name_that_is_unknown),
	cmocka_unit_test(without_a_name_server_no_name_is_called_unknown),
	cmocka_unit_test(every_call_may_fail_and_nothing_leaks),
};

RUN_TESTS(tests)
