/*
 * Tests of lib/chaos.c and lib/wire.c: CASK_CHAOS.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "child.h"
#include "fault.h"

#include "../lib/sys.h"
#include "../lib/wire.h"

#include <cask/addr.h>
#include <cask/ar.h>
#include <cask/value.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static struct child child;

static ptrdiff_t
a_sends(struct ends *e, const void *p, size_t n)
{
	return caski_wire_send(&e->a, p, n, 0);
}

static ptrdiff_t
a_receives(struct ends *e, void *p, size_t n)
{
	return caski_wire_recv(&e->a, p, n, 0);
}

static ptrdiff_t
b_receives(struct ends *e, void *p, size_t n)
{
	return caski_wire_recv(&e->b, p, n, 0);
}

/* split */

static void
split_in_threes(void)
{
	struct ends e;
	char buf[32];

	ends_open(&e, SOCK_STREAM);
	CHECK(a_sends(&e, "abcdefgh", 8) == 3);
	CHECK(a_sends(&e, "defgh", 5) == 3);
	CHECK(a_sends(&e, "gh", 2) == 2);
	CHECK(b_receives(&e, buf, sizeof buf) == 3);
	CHECK(memcmp(buf, "abc", 3) == 0);
	CHECK(b_receives(&e, buf, 2) == 2);
	CHECK(b_receives(&e, buf, sizeof buf) == 3);
	CHECK(memcmp(buf, "fgh", 3) == 0);
	CHECK(e.a.carried == 8 && e.b.carried == 8);
}

static void
split_moves_no_more_than_its_bytes_at_a_time(void **state)
{
	(void)state;
	child_run(&child, "split=3", NULL, split_in_threes);
	assert_string_equal(child.said, "");
}

/* delay */

static void
delay_three_calls(void)
{
	struct ends e;
	char buf[4];
	int64_t from = caski_sys_now();

	ends_open(&e, SOCK_STREAM);
	CHECK(a_sends(&e, "ab", 2) == 2);
	CHECK(b_receives(&e, buf, 1) == 1);
	CHECK(b_receives(&e, buf, 1) == 1);
	CHECK(caski_sys_now() - from >= 3 * 20 * 1000000);
}

static void
a_delay_comes_before_each_call(void **state)
{
	(void)state;
	child_run(&child, "delay=20ms", NULL, delay_three_calls);
}

static void
delay_disturbed(void)
{
	fault_disturb(true);
	for (int i = 0; i < 3; i++) {
		struct ends e;
		char c;
		int64_t from = caski_sys_now();

		ends_open(&e, SOCK_STREAM);
		b_receives(&e, &c, 1);
		CHECK(caski_sys_now() - from >= 20 * 1000000);
	}
	CHECK(fault_injected() > 0);
}

static void
a_delay_that_is_interrupted_goes_on(void **state)
{
	(void)state;
	child_run(&child, "delay=20ms", NULL, delay_disturbed);
}

/* eintr, again, seed */

#define CALLS 2000

/* What so many receives gave, where the system would always give EAGAIN. */
static void
count_interruptions(void)
{
	struct ends e;
	unsigned n = 0;
	char c;

	ends_open(&e, SOCK_STREAM);
	for (int i = 0; i < CALLS; i++) {
		ptrdiff_t r = b_receives(&e, &c, 1);

		CHECK(r == -EINTR || r == -EAGAIN);
		n += r == -EINTR;
	}
	CHECK(n > CALLS / 5 && n < CALLS * 2 / 5);
	CHECK(fault_count(FAULT_RECV) == CALLS - n);
}

static void
a_share_of_the_calls_is_interrupted(void **state)
{
	(void)state;
	child_run(&child, "eintr=30%", NULL, count_interruptions);
}

static int
listen_anywhere(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int fd = caski_sys_socket(AF_INET, SOCK_STREAM, 0);

	CHECK(fd >= 0);
	CHECK(bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
	CHECK(listen(fd, 1) == 0);
	return fd;
}

static void
interrupt_accepts(void)
{
	struct cask_sock s = { .watch.fd = listen_anywhere() };
	unsigned n = 0;

	for (int i = 0; i < CALLS; i++) {
		int r = caski_wire_accept(&s, NULL, NULL);

		CHECK(r == -EINTR || r == -EAGAIN);
		n += r == -EINTR;
	}
	CHECK(n > CALLS / 5 && n < CALLS * 2 / 5);
	CHECK(fault_count(FAULT_ACCEPT) == CALLS - n);
}

static void
accepts_are_interrupted_too(void **state)
{
	(void)state;
	child_run(&child, "eintr=30%,again=100%", NULL, interrupt_accepts);
}

static void
put_off_two(void)
{
	struct ends e;
	char c;

	ends_open(&e, SOCK_STREAM);
	for (int i = 0; i < 100; i++) {
		CHECK(a_sends(&e, "x", 1) == -EAGAIN);
		CHECK(b_receives(&e, &c, 1) == -EAGAIN);
		CHECK(a_sends(&e, "x", 1) == 1);
		CHECK(b_receives(&e, &c, 1) == 1);
	}
	CHECK(e.a.carried == 100 && e.b.carried == 100);
}

static void
nothing_is_put_off_twice_running_on_a_socket(void **state)
{
	(void)state;
	child_run(&child, "again=100%", NULL, put_off_two);
}

static void
wait_in_the_call(void)
{
	struct ends e;
	char c;

	ends_open(&e, SOCK_STREAM);
	for (int i = 0; i < 100; i++) {
		while (a_sends(&e, "x", 1) < 0)
			continue;
		CHECK(caski_wire_recv(&e.b, &c, 1, CASKI_WAIT) == 1);
	}
}

/* There EAGAIN says that the limit has run out. */
static void
a_call_that_waits_in_itself_is_not_put_off(void **state)
{
	(void)state;
	child_run(&child, "again=100%", NULL, wait_in_the_call);
}

static void
write_pattern(void)
{
	struct ends e;
	char c, pattern[65] = "";

	ends_open(&e, SOCK_STREAM);
	for (int i = 0; i < 64; i++)
		pattern[i] = b_receives(&e, &c, 1) == -EINTR ? '|' : '.';
	dprintf(2, "%s", pattern);
}

static void
a_seed_makes_the_same_happen_again(void **state)
{
	char one[65], seven[65];

	(void)state;
	child_run(&child, "eintr=50%", NULL, write_pattern);
	memcpy(one, child.said, sizeof one);
	child_run(&child, "eintr=50%,seed=1", NULL, write_pattern);
	assert_string_equal(child.said, one);
	child_run(&child, "eintr=50%,seed=7", NULL, write_pattern);
	memcpy(seven, child.said, sizeof seven);
	assert_string_not_equal(seven, one);
	child_run(&child, "seed=7,eintr=50%", NULL, write_pattern);
	assert_string_equal(child.said, seven);
}

/* reset */

static void
reset_after_ten(void)
{
	struct ends e, other;
	char buf[32];

	ends_open(&e, SOCK_STREAM);
	ends_open(&other, SOCK_STREAM);
	CHECK(write(e.b.watch.fd, "four", 4) == 4);
	CHECK(a_receives(&e, buf, sizeof buf) == 4);
	CHECK(a_sends(&e, "eight by", 8) == 6);
	for (int i = 0; i < 3; i++) {
		CHECK(a_sends(&e, "x", 1) == -ECONNRESET);
		CHECK(a_receives(&e, buf, sizeof buf) == -ECONNRESET);
	}
	CHECK(b_receives(&e, buf, sizeof buf) == 6);
	CHECK(memcmp(buf, "eight ", 6) == 0);
	CHECK(a_sends(&other, "x", 1) == 1);
}

static void
a_reset_comes_after_its_bytes_and_stays(void **state)
{
	(void)state;
	child_run(&child, "reset@10", NULL, reset_after_ten);
	child_run(&child, "reset@10,again=0%,eintr=0%,delay=0ms", NULL,
	    reset_after_ten);
}

static void
reset_at_once(void)
{
	struct ends e;

	ends_open(&e, SOCK_STREAM);
	CHECK(a_sends(&e, "x", 1) == -ECONNRESET);
	CHECK(fault_count(FAULT_SEND) == 0);
}

static void
a_reset_may_come_before_the_first_byte(void **state)
{
	(void)state;
	child_run(&child, "reset@0", NULL, reset_at_once);
}

static void
peek_first(void)
{
	struct ends e;
	char buf[8];

	ends_open(&e, SOCK_STREAM);
	CHECK(write(e.b.watch.fd, "abc", 3) == 3);
	for (int i = 0; i < 5; i++)
		CHECK(caski_wire_recv(&e.a, buf, 8, CASKI_PEEK) == 2);
	CHECK(e.a.carried == 0);
	CHECK(a_receives(&e, buf, 8) == 2);
	CHECK(a_receives(&e, buf, 8) == -ECONNRESET);
}

static void
what_is_peeked_at_does_not_count(void **state)
{
	(void)state;
	child_run(&child, "reset@2", NULL, peek_first);
}

/* Datagrams */

static void
send_datagrams(void)
{
	struct ends e;
	char buf[32];
	bool cut = true;

	ends_open(&e, SOCK_DGRAM);
	for (int i = 0; i < 3; i++) {
		CHECK(
		    caski_wire_sendto(&e.a, "datagram", 8, NULL, 0) == -EAGAIN);
		CHECK(caski_wire_sendto(&e.a, "datagram", 8, NULL, 0) == 8);
		CHECK(caski_wire_recvfrom(&e.b, buf, sizeof buf, 0, NULL, NULL,
			  &cut) == -EAGAIN);
		CHECK(caski_wire_recvfrom(
			  &e.b, buf, sizeof buf, 0, NULL, NULL, &cut) == 8);
		CHECK(!cut && memcmp(buf, "datagram", 8) == 0);
	}
	CHECK(e.a.carried == 24 && e.b.carried == 24);
}

static void
datagrams_are_put_off_but_neither_split_nor_reset(void **state)
{
	(void)state;
	child_run(&child, "split=1,again=100%,reset@2", NULL, send_datagrams);
}

/* All together */

#define MUCH 20000

static unsigned char
nth(size_t i)
{
	return (unsigned char)(i * 31 + i / 251);
}

static void
move_much(void)
{
	static unsigned char out[MUCH], in[MUCH];
	struct ends e;
	size_t sent = 0, got = 0;
	unsigned refused = 0;

	for (size_t i = 0; i < MUCH; i++)
		out[i] = nth(i);
	ends_open(&e, SOCK_STREAM);
	while (got < MUCH) {
		ptrdiff_t r = a_sends(&e, out + sent, MUCH - sent);

		CHECK(r >= 0 || r == -EINTR || r == -EAGAIN);
		sent += r > 0 ? (size_t)r : 0;
		refused += r < 0;
		r = got < sent ? b_receives(&e, in + got, MUCH - got) : 0;
		CHECK(r >= 0 || r == -EINTR || r == -EAGAIN);
		got += r > 0 ? (size_t)r : 0;
	}
	CHECK(sent == MUCH && memcmp(in, out, MUCH) == 0);
	CHECK(refused > 0);
}

static void
bytes_arrive_whole_and_in_order_all_the_same(void **state)
{
	(void)state;
	child_run(&child, "split=7,eintr=30%,again=30%", NULL, move_much);
	assert_string_equal(child.said, "");
}

/* The environment */

#define FORMS                                                               \
	"split=N (above 0), delay=Nms (to 3600000), eintr=N% (below 100), " \
	"again=N% (to 100), reset@N, seed=N (above 0)"

static void
what_is_not_understood_is_told_once_and_the_rest_holds(void **state)
{
	(void)state;
	child_run(&child, "splat=1,split=3,reset@", NULL, split_in_threes);
	assert_string_equal(child.said,
	    "cask: CASK_CHAOS: \"splat=1\" is not one of " FORMS "; ignored\n"
	    "cask: CASK_CHAOS: \"reset@\" is not one of " FORMS "; ignored\n");
}

static void
use_once(void)
{
	struct ends e;
	char c;

	ends_open(&e, SOCK_STREAM);
	CHECK(a_sends(&e, "xy", 2) == 2);
	CHECK(b_receives(&e, &c, 1) == 1);
	CHECK(e.a.carried == 2 && e.b.carried == 1);
}

static void
each_value_that_can_not_be_is_refused(void **state)
{
	static const char *const bad[] = { "split=0", "split=-1", "split=1x",
		"split=4294967296", "split=99999999999999999999", "split",
		"delay=5", "delay=ms", "delay=3600001ms", "eintr=10",
		"eintr=100%", "eintr=%", "again=101%", "reset=5",
		"reset@4294967295", "seed=0", " split=1", "SPLIT=1", "s" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char line[256];

		child_run(&child, bad[i], NULL, use_once);
		snprintf(line, sizeof line,
		    "cask: CASK_CHAOS: \"%s\" is not one of %s; ignored\n",
		    bad[i], FORMS);
		assert_string_equal(child.said, line);
	}
}

static void
a_long_mistake_is_cut_and_stays_on_one_line(void **state)
{
	char value[300], line[512];

	(void)state;
	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	value[1] = '\n';
	child_run(&child, value, NULL, use_once);
	snprintf(line, sizeof line,
	    "cask: CASK_CHAOS: \"x?%.98s...\" is not one of %s; ignored\n",
	    value + 2, FORMS);
	assert_string_equal(child.said, line);
}

static void
nothing_happens_and_nothing_is_said_when_it_is_not_set(void **state)
{
	static const char *const values[] = { NULL, "", ",", "seed=3",
		"eintr=0%,again=0%" };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		child_run(&child, values[i], NULL, use_once);
		assert_string_equal(child.said, "");
	}
}

#define THREADS 8

static pthread_barrier_t barrier;

static void *
split_in_a_thread(void *arg)
{
	struct ends e;

	ends_open(&e, SOCK_STREAM);
	pthread_barrier_wait(&barrier);
	CHECK(a_sends(&e, "abcdefgh", 8) == 2);
	return arg;
}

static void
split_in_threads(void)
{
	pthread_t t[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		CHECK(
		    pthread_create(&t[i], NULL, split_in_a_thread, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
}

static void
threads_that_begin_at_once_agree_and_complain_once(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		child_run(&child, "bad,split=2", NULL, split_in_threads);
		assert_string_equal(child.said,
		    "cask: CASK_CHAOS: \"bad\" is not one of " FORMS
		    "; ignored\n");
	}
}

/* A program that runs with more rights than its user */

static char copy[64];

static void
run_copy(void)
{
	execl(copy, copy, "privileged", (char *)NULL);
	_exit(127);
}

static void
copy_self(mode_t mode)
{
	static char block[1 << 16];
	int from = open("/proc/self/exe", O_RDONLY), to;
	ssize_t n;

	strcpy(copy, "/tmp/cask-chaos-XXXXXX");
	to = mkstemp(copy);
	assert_true(from >= 0 && to >= 0);
	while ((n = test_read(from, block, sizeof block)) > 0)
		assert_int_equal(write(to, block, (size_t)n), n);
	assert_int_equal(fchown(to, 65534, 65534), 0);
	assert_int_equal(fchmod(to, mode), 0);
	close(from);
	close(to);
}

/* Only root can make such a program, and only where the system heeds it. */
static bool
can_make_privileged(void)
{
	struct statvfs fs;

	return geteuid() == 0 && access("/proc/self/exe", R_OK) == 0 &&
	    statvfs("/tmp", &fs) == 0 && (fs.f_flag & ST_NOSUID) == 0;
}

static void
a_privileged_program_ignores_it(void **state)
{
	(void)state;
	if (!can_make_privileged())
		skip();
	copy_self(0755);
	child_run(&child, "split=1,bad", "calls,bytes,bad", run_copy);
	unlink(copy);
	assert_non_null(strstr(child.said, "CASK_CHAOS: \"bad\""));
	assert_non_null(strstr(child.said, "CASK_TRACE: \"bad\""));
	assert_non_null(strstr(child.said, "sent 1\n"));
	copy_self(04755);
	child_run(&child, "split=1,bad", "calls,bytes,bad", run_copy);
	unlink(copy);
	assert_string_equal(child.said, "sent 2\n");
}

/* What the copy does. */
static void
privileged(void)
{
	struct ends e;

	ends_open(&e, SOCK_STREAM);
	dprintf(2, "sent %d\n", (int)a_sends(&e, "xy", 2));
	_exit(0);
}

/* A program */

struct record {
	uint32_t number;
	double price[3];
};

static void
record_x(struct cask_ar *ar, struct record *r)
{
	cask_u32(ar, &r->number);
	cask_f64_array(ar, r->price, 3);
}

/* Give back each record, its number negated, until there are no more. */
static void *
answer(void *listener)
{
	struct cask_sock s = { 0 };
	struct cask_ar out = { 0 }, in = { 0 };
	struct record r;

	CHECK(cask_accept(listener, &s) == 0);
	cask_store(&out, &s.io);
	cask_load(&in, &s.io);
	while (cask_more(&in)) {
		record_x(&in, &r);
		r.number = ~r.number;
		record_x(&out, &r);
		cask_flush(&out);
	}
	CHECK(in.err == 0 && out.err == 0);
	CHECK(cask_close(&s) == 0);
	return NULL;
}

static void
listen_here(struct cask_sock *l, char port[8])
{
	uint16_t number;

	CHECK(cask_bind(l, "127.0.0.1", "0") == 0);
	CHECK(cask_listen(l, 0) == 0);
	CHECK(cask_local(l, NULL, 0, &number) == 0);
	snprintf(port, 8, "%u", number);
}

static void
ask(struct cask_sock *s, uint32_t records)
{
	struct cask_ar out = { 0 }, in = { 0 };

	cask_store(&out, &s->io);
	cask_load(&in, &s->io);
	for (uint32_t i = 0; i < records; i++) {
		struct record r = { i, { i, i + 0.5, -1.0 * i } }, got = { 0 };

		record_x(&out, &r);
		record_x(&in, &got);
		CHECK(out.err == 0 && in.err == 0);
		CHECK(got.number == ~i);
		CHECK(memcmp(got.price, r.price, sizeof r.price) == 0);
	}
	CHECK(cask_shutdown(s, CASK_SENDS) == 0);
	CHECK(!cask_more(&in) && in.err == 0);
	CHECK(cask_close(s) == 0);
}

static uint32_t records;
static unsigned least_calls;
static int64_t least_ns;

/* It does happen in that weather, not in some other. */
static void
converse(void)
{
	int64_t from = caski_sys_now();
	struct cask_sock l = { 0 }, s = { 0 };
	pthread_t thread;
	char port[8];

	listen_here(&l, port);
	CHECK(pthread_create(&thread, NULL, answer, &l) == 0);
	CHECK(cask_connect(&s, "127.0.0.1", port) == 0);
	ask(&s, records);
	pthread_join(thread, NULL);
	CHECK(cask_close(&l) == 0);
	CHECK(fault_count(FAULT_RECV) >= least_calls);
	CHECK(caski_sys_now() - from >= least_ns);
}

static void
a_conversation_of_archives_is_whole_in_any_weather(void **state)
{
	static const struct {
		const char *weather;
		uint32_t records;
		unsigned calls;
		int64_t ns;
	} cases[] = {
		{ NULL, 1000, 2000, 0 },
		{ "split=1", 1000, 2000 * 28, 0 },
		{ "split=3,eintr=30%,again=30%,seed=7", 1000, 2000 * 28 / 3,
		    0 },
		{ "delay=1ms", 10, 20, 20 * 1000000 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		records = cases[i].records;
		least_calls = cases[i].calls;
		least_ns = cases[i].ns;
		child_run(&child, cases[i].weather, NULL, converse);
		assert_string_equal(child.said, "");
	}
}

/* A server that says all at once, and a client that loads it. */
static void
be_reset(void)
{
	struct cask_sock l = { 0 }, a = { 0 }, b = { 0 };
	struct cask_ar out = { 0 }, in = { 0 };
	struct record r = { 0 };
	uint32_t whole = 0;
	char port[8];

	listen_here(&l, port);
	CHECK(cask_connect(&a, "127.0.0.1", port) == 0);
	CHECK(cask_accept(&l, &b) == 0);
	cask_store(&out, &b.io);
	for (int i = 0; i < 10; i++)
		record_x(&out, &r);
	CHECK(cask_flush(&out) == ECONNRESET);
	cask_load(&in, &a.io);
	for (; in.err == 0; whole += in.err == 0)
		record_x(&in, &r);
	CHECK(whole == 7 && in.err == ECONNRESET && a.io.err == ECONNRESET);
	dprintf(2, "%s\n%s", cask_why(&in), port);
}

static void
a_reset_is_told_with_the_field_and_its_byte(void **state)
{
	char want[128];
	char *port;

	(void)state;
	child_run(&child, "reset@200", NULL, be_reset);
	port = strchr(child.said, '\n');
	assert_non_null(port);
	*port++ = '\0';
	snprintf(want, sizeof want,
	    "f64 r->price[0] at byte 200: receive 127.0.0.1:%s: %s", port,
	    cask_strerror(ECONNRESET));
	assert_string_equal(child.said, want);
}

/* Nothing ever has to be waited for here, and yet it takes seconds. */
static void
take_long(void)
{
	struct cask_sock l = { 0 }, a = { .timeout_ms = 50 }, b = a;
	struct cask_sock c = a, d = a;
	struct cask_ar out = { 0 }, in = { 0 };
	static char block[2000];
	char port[8];
	int64_t from = caski_sys_now();

	listen_here(&l, port);
	CHECK(cask_connect(&a, "127.0.0.1", port) == 0);
	CHECK(cask_accept(&l, &b) == 0);
	CHECK(cask_connect(&c, "127.0.0.1", port) == 0);
	CHECK(cask_accept(&l, &d) == 0);
	CHECK(write(cask_sock_fd(&a), block, sizeof block) == sizeof block);
	CHECK(write(cask_sock_fd(&c), block, sizeof block) == sizeof block);
	CHECK(cask_send(&a, block, sizeof block) == ETIMEDOUT);
	CHECK(cask_receive_all(&b, block, sizeof block) == -1);
	CHECK(b.io.err == ETIMEDOUT && b.io.limit_ms == 50);
	cask_store(&out, &c.io);
	cask_bytes(&out, block, sizeof block);
	CHECK(cask_flush(&out) == ETIMEDOUT);
	cask_load(&in, &d.io);
	cask_bytes(&in, block, sizeof block);
	CHECK(in.err == ETIMEDOUT && d.io.limit_ms == 50);
	CHECK(caski_sys_now() - from < INT64_C(2000000000));
}

static void
a_limit_holds_where_nothing_has_to_be_waited_for(void **state)
{
	(void)state;
	child_run(&child, "split=1,delay=2ms", NULL, take_long);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(split_moves_no_more_than_its_bytes_at_a_time),
	cmocka_unit_test(a_delay_comes_before_each_call),
	cmocka_unit_test(a_delay_that_is_interrupted_goes_on),
	cmocka_unit_test(a_share_of_the_calls_is_interrupted),
	cmocka_unit_test(accepts_are_interrupted_too),
	cmocka_unit_test(nothing_is_put_off_twice_running_on_a_socket),
	cmocka_unit_test(a_call_that_waits_in_itself_is_not_put_off),
	cmocka_unit_test(a_seed_makes_the_same_happen_again),
	cmocka_unit_test(a_reset_comes_after_its_bytes_and_stays),
	cmocka_unit_test(a_reset_may_come_before_the_first_byte),
	cmocka_unit_test(what_is_peeked_at_does_not_count),
	cmocka_unit_test(datagrams_are_put_off_but_neither_split_nor_reset),
	cmocka_unit_test(bytes_arrive_whole_and_in_order_all_the_same),
	cmocka_unit_test(
	    what_is_not_understood_is_told_once_and_the_rest_holds),
	cmocka_unit_test(each_value_that_can_not_be_is_refused),
	cmocka_unit_test(a_long_mistake_is_cut_and_stays_on_one_line),
	cmocka_unit_test(
	    nothing_happens_and_nothing_is_said_when_it_is_not_set),
	cmocka_unit_test(threads_that_begin_at_once_agree_and_complain_once),
	cmocka_unit_test(a_privileged_program_ignores_it),
	cmocka_unit_test(a_conversation_of_archives_is_whole_in_any_weather),
	cmocka_unit_test(a_reset_is_told_with_the_field_and_its_byte),
	cmocka_unit_test(a_limit_holds_where_nothing_has_to_be_waited_for),
};

int
main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		privileged();
	test_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
