/*
 * Tests of lib/trace.c and lib/wire.c: CASK_TRACE.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "child.h"
#include "fault.h"

#include "../lib/sys.h"
#include "../lib/trace.h"
#include "../lib/wire.h"

#include <cask/addr.h>
#include <cask/value.h>

#include <ctype.h>
#include <pthread.h>

static struct child child;

/* Make every time in a text "T": digits, a point, six digits. */
static char *
mask_times(char *text)
{
	char *to = text;

	for (char *from = text; *from != '\0';) {
		size_t whole = strspn(from, "0123456789");
		size_t part = from[whole] == '.'
		    ? strspn(from + whole + 1, "0123456789")
		    : 0;

		if (whole > 0 && part == 6) {
			*to++ = 'T';
			from += whole + 1 + part;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

static bool
is_line(const char *line)
{
	return strncmp(line, "cask: ", 6) == 0;
}

/* Calls */

static void
make_calls(void)
{
	struct cask_sock s = { .name = "localhost:7000" };
	struct cask_sock unnamed = { 0 };

	caski_trace_call(&s, "connect", 0);
	caski_trace_call(&s, "send", 0);
	caski_trace_bytes(&s, true, "only calls are traced", 21);
	caski_trace_note(&s, "receive", 0);
	caski_trace_note(&s, "close", CASK_ECUT);
	s.io.limit_ms = 50;
	caski_trace_call(&s, "receive", ETIMEDOUT);
	cask_io_fail_words(&s.io, EBADF, "receive", "the socket is not open");
	caski_trace_call(&s, "receive", EBADF);
	caski_trace_call(&s, "connect", CASK_ENAME);
	caski_trace_call(&unnamed, "bind", 0);
}

static void
calls_are_traced_with_their_outcome(void **state)
{
	(void)state;
	child_run(&child, NULL, "calls", make_calls);
	assert_string_equal(mask_times(child.said),
	    "cask: T localhost:7000 connect: ok\n"
	    "cask: T localhost:7000 send: ok\n"
	    "cask: T localhost:7000 notify receive: ok\n"
	    "cask: T localhost:7000 notify close: "
	    "stream ended inside a message\n"
	    "cask: T localhost:7000 receive: timed out after 50 ms\n"
	    "cask: T localhost:7000 receive: the socket is not open\n"
	    "cask: T localhost:7000 connect: name not known\n"
	    "cask: T - bind: ok\n");
}

static void
fail_a_call(void)
{
	struct cask_sock s = { .name = "localhost:7000" };

	caski_trace_call(&s, "receive", ECONNRESET);
	s.io.limit_ms = 0;
	caski_trace_call(&s, "receive", ETIMEDOUT);
}

static void
an_error_of_the_system_is_told_in_its_words(void **state)
{
	char want[256];

	(void)state;
	child_run(&child, NULL, "calls,time=off", fail_a_call);
	snprintf(want, sizeof want,
	    "cask: localhost:7000 receive: %s\n"
	    "cask: localhost:7000 receive: %s\n",
	    cask_strerror(ECONNRESET), cask_strerror(ETIMEDOUT));
	assert_string_equal(child.said, want);
}

static void
name_with_a_line(void)
{
	struct cask_sock s = { .name = "a\ncask: b\x1b[31m\x7f" };

	caski_trace_call(&s, "receive", 0);
}

static void
a_name_can_not_make_a_line_of_its_own(void **state)
{
	(void)state;
	child_run(&child, NULL, "calls,time=off", name_with_a_line);
	assert_string_equal(child.said, "cask: a?cask: b?[31m? receive: ok\n");
}

static void
longest_names(void)
{
	struct cask_sock s = { 0 };

	memset(s.name, 'n', sizeof s.name - 1);
	memset(s.io.words, 'w', sizeof s.io.words - 1);
	s.io.err = EINVAL;
	caski_trace_note(&s, "connect", EINVAL);
}

static void
the_longest_names_and_words_fit(void **state)
{
	char n[CASK_PEER_SIZE] = "", w[120] = "", want[512];

	(void)state;
	memset(n, 'n', sizeof n - 1);
	memset(w, 'w', sizeof w - 1);
	child_run(&child, NULL, "time=off,calls", longest_names);
	snprintf(want, sizeof want, "cask: %s notify connect: %s\n", n, w);
	assert_string_equal(child.said, want);
}

/* Bytes */

static void
talk(void)
{
	struct ends e;
	char buf[64];

	ends_open(&e, SOCK_STREAM);
	CHECK(caski_wire_send(&e.a,
		  "\x04"
		  "ACME\x02\0\0\0 ~\x7f",
		  12, 0) == 12);
	CHECK(caski_wire_send(&e.a, "seventeen letters", 17, 0) == 17);
	CHECK(caski_wire_recv(&e.b, buf, 1, CASKI_PEEK) == 1);
	CHECK(caski_wire_recv(&e.b, buf, 1, 0) == 1);
	CHECK(caski_wire_recv(&e.b, buf, 64, 0) == 28);
	CHECK(caski_wire_recv(&e.b, buf, 64, 0) == -EAGAIN);
	close(e.a.watch.fd);
	CHECK(caski_wire_recv(&e.b, buf, 64, 0) == 0);
	caski_trace_call(&e.b, "receive", 0);
	CHECK(e.a.carried == 29 && e.b.carried == 29);
}

static void
bytes_are_shown_sixteen_a_line(void **state)
{
	(void)state;
	child_run(&child, NULL, "bytes", talk);
	assert_string_equal(mask_times(child.said),
	    "cask: T peer:7000 -> 12 bytes\n"
	    "cask: T   0000  04 41 43 4d 45 02 00 00 00 20 7e 7f"
	    "              .ACME.... ~.\n"
	    "cask: T peer:7000 -> 17 bytes\n"
	    "cask: T   0000  73 65 76 65 6e 74 65 65 6e 20 6c 65 74 74 65 72"
	    "  seventeen letter\n"
	    "cask: T   0010  73                                             "
	    "  s\n"
	    "cask: T peer:7001 <- 1 byte\n"
	    "cask: T   0000  04                                             "
	    "  .\n"
	    "cask: T peer:7001 <- 28 bytes\n"
	    "cask: T   0000  41 43 4d 45 02 00 00 00 20 7e 7f 73 65 76 65 6e"
	    "  ACME.... ~.seven\n"
	    "cask: T   0010  74 65 65 6e 20 6c 65 74 74 65 72 73            "
	    "  teen letters\n"
	    "cask: T peer:7001 <- end\n");
}

static void
calls_and_bytes_may_be_traced_together(void **state)
{
	const char *p;

	(void)state;
	child_run(&child, NULL, "bytes,time=off,calls", talk);
	p = strstr(child.said, "cask: peer:7001 <- end\n");
	assert_non_null(p);
	assert_string_equal(p,
	    "cask: peer:7001 <- end\n"
	    "cask: peer:7001 receive: ok\n");
}

static void
talk_in_datagrams(void)
{
	struct ends e;
	char buf[8];
	bool cut;

	ends_open(&e, SOCK_DGRAM);
	CHECK(caski_wire_sendto(&e.a, "hi", 2, NULL, 0) == 2);
	CHECK(caski_wire_sendto(&e.a, "", 0, NULL, 0) == 0);
	CHECK(caski_wire_recvfrom(&e.b, buf, 8, 0, NULL, NULL, &cut) == 2);
	CHECK(caski_wire_recvfrom(&e.b, buf, 8, 0, NULL, NULL, &cut) == 0);
}

static void
datagrams_are_shown_and_an_empty_one_is_no_end(void **state)
{
	(void)state;
	child_run(&child, NULL, "bytes,time=off", talk_in_datagrams);
	assert_string_equal(child.said,
	    "cask: peer:7000 -> 2 bytes\n"
	    "cask:   0000  68 69                                            "
	    "hi\n"
	    "cask: peer:7000 -> 0 bytes\n"
	    "cask: peer:7001 <- 2 bytes\n"
	    "cask:   0000  68 69                                            "
	    "hi\n"
	    "cask: peer:7001 <- 0 bytes\n");
}

static unsigned
lines_of(const char *text)
{
	unsigned n = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

static size_t much;

static void
send_much(void)
{
	static const unsigned char bytes[2 * CASKI_TRACE_MOST];
	struct cask_sock s = { .name = "peer" };

	caski_trace_bytes(&s, true, bytes, much);
}

static void
a_long_transfer_is_cut_and_says_by_how_much(void **state)
{
	const char *last;

	(void)state;
	much = CASKI_TRACE_MOST;
	child_run(&child, NULL, "bytes,time=off", send_much);
	assert_int_equal(lines_of(child.said), 1 + CASKI_TRACE_MOST / 16);
	assert_null(strstr(child.said, "left out"));
	assert_non_null(strstr(child.said, "cask:   0ff0  00 00"));
	much = CASKI_TRACE_MOST + 904;
	child_run(&child, NULL, "bytes,time=off", send_much);
	assert_int_equal(lines_of(child.said), 2 + CASKI_TRACE_MOST / 16);
	last = strstr(child.said, "cask:   ...");
	assert_non_null(last);
	assert_string_equal(last, "cask:   ... 904 more bytes left out\n");
}

/* Time */

static void
count_to_three(void)
{
	struct cask_sock s = { .name = "peer" };

	for (int i = 0; i < 3; i++) {
		int64_t until;

		caski_trace_call(&s, "send", 0);
		until = caski_sys_now() + 2000000;
		while (caski_sys_now() < until)
			continue;
	}
}

static void
time_is_counted_from_the_first_line(void **state)
{
	unsigned long us[3] = { 0 };
	const char *p = child.said;

	(void)state;
	child_run(&child, NULL, "calls", count_to_three);
	assert_true(is_line(child.said));
	assert_memory_equal(child.said + 6, "0.000000 peer", 13);
	for (int i = 0; i < 3; i++, p = strchr(p, '\n') + 1) {
		char *end;
		unsigned long s = strtoul(p + 6, &end, 10);

		us[i] = s * 1000000 + strtoul(end + 1, NULL, 10);
	}
	assert_true(us[1] >= 2000 && us[2] >= us[1] + 2000);
	assert_true(us[2] < 60000000);
}

/* The environment */

#define FORMS "calls, bytes, wire, time=off"

static void
nothing_is_said_when_it_is_not_set(void **state)
{
	static const char *const values[] = { NULL, "", ",,", "time=off" };

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		child_run(&child, NULL, values[i], talk);
		assert_string_equal(child.said, "");
		child_run(&child, NULL, values[i], make_calls);
		assert_string_equal(child.said, "");
	}
}

static void
what_is_not_understood_is_told_once_and_the_rest_holds(void **state)
{
	(void)state;
	child_run(
	    &child, NULL, "call,calls,time=on,,time=off,byte", fail_a_call);
	assert_int_equal(lines_of(child.said), 5);
	assert_memory_equal(child.said,
	    "cask: CASK_TRACE: \"call\" is not one of " FORMS "; ignored\n"
	    "cask: CASK_TRACE: \"time=on\" is not one of " FORMS "; ignored\n"
	    "cask: CASK_TRACE: \"byte\" is not one of " FORMS "; ignored\n"
	    "cask: localhost:7000 receive: ",
	    strlen(
		"cask: CASK_TRACE: \"call\" is not one of " FORMS "; ignored\n"
		"cask: CASK_TRACE: \"time=on\" is not one of " FORMS
		"; ignored\n"
		"cask: CASK_TRACE: \"byte\" is not one of " FORMS "; ignored\n"
		"cask: localhost:7000 receive: "));
}

static void
read_once(void)
{
	struct cask_sock s = { .name = "peer" };

	caski_trace_call(&s, "send", 0);
	unsetenv("CASK_TRACE");
	caski_trace_call(&s, "send", 0);
}

static void
the_environment_is_read_once(void **state)
{
	(void)state;
	child_run(&child, NULL, "calls,time=off", read_once);
	assert_string_equal(
	    child.said, "cask: peer send: ok\ncask: peer send: ok\n");
}

/* What can go wrong */

static void
lose_stderr(void)
{
	struct cask_sock s = { .name = "peer" };
	int broken[2];

	CHECK(pipe(broken) == 0);
	close(broken[0]);
	dup2(broken[1], 2);
	caski_trace_call(&s, "send", 0);
	close(2);
	caski_trace_call(&s, "send", 0);
}

static void
a_trace_that_nobody_reads_does_no_harm(void **state)
{
	(void)state;
	child_run(&child, NULL, "calls", lose_stderr);
	assert_string_equal(child.said, "");
}

static void
interrupt_the_trace(void)
{
	struct cask_sock s = { .name = "peer" };

	fault_plan(FAULT_WRITE, 0, false, EINTR);
	caski_trace_call(&s, "send", 0);
	CHECK(fault_injected() == 1);
	CHECK(fault_count(FAULT_WRITE) == 2);
}

static void
a_line_that_is_interrupted_is_written_all_the_same(void **state)
{
	(void)state;
	child_run(&child, NULL, "calls,time=off", interrupt_the_trace);
	assert_string_equal(child.said, "cask: peer send: ok\n");
}

/* A program */

/* Which port this is: 1, 2, … in the order in which they turn up. */
static int
number_of(const char *port, size_t n, char seen[8][8])
{
	int i = 0;

	while (i < 7 && seen[i][0] != '\0' &&
	    (strlen(seen[i]) != n || memcmp(seen[i], port, n) != 0))
		i++;
	memcpy(seen[i], port, n);
	return i + 1;
}

/* Make "P1", "P2", … of the ports, after mask_times. */
static char *
mask_ports(char *text)
{
	static const char host[] = "127.0.0.1:";
	char seen[8][8] = { { 0 } };
	char *to = text;

	for (char *from = text; *from != '\0';) {
		size_t n;

		if (strncmp(from, host, sizeof host - 1) != 0) {
			*to++ = *from++;
			continue;
		}
		from += sizeof host - 1;
		n = strspn(from, "0123456789");
		assert_true(n > 1 && n < 6);
		/* no longer than what it stands for */
		to += sprintf(to, "%sP%d", host, number_of(from, n, seen));
		from += n;
	}
	*to = '\0';
	return text;
}

#define HERE "127.0.0.1"

struct program {
	struct cask_sock l, a, b;
	char port[8];
};

static void
port_of(struct cask_sock *s, char port[8])
{
	uint16_t number;

	CHECK(cask_local(s, NULL, 0, &number) == 0);
	snprintf(port, 8, "%u", number);
}

static void
begin(struct program *p, const struct cask_notify *notify)
{
	*p = (struct program) { .b.notify = notify };
	CHECK(cask_bind(&p->l, HERE, "0") == 0);
	CHECK(cask_listen(&p->l, 0) == 0);
	port_of(&p->l, p->port);
	CHECK(cask_connect(&p->a, HERE, p->port) == 0);
	CHECK(cask_accept(&p->l, &p->b) == 0);
}

/* What begin gives: P1 is the listener, P2 the client. */
#define BEGUN                                \
	"cask: T 127.0.0.1:P1 bind: ok\n"    \
	"cask: T 127.0.0.1:P1 listen: ok\n"  \
	"cask: T 127.0.0.1:P1 connect: ok\n" \
	"cask: T 127.0.0.1:P2 accept: ok\n"

static void
assert_traced(const char *trace, void (*scenario)(void), const char *want)
{
	child_run(&child, NULL, trace, scenario);
	assert_string_equal(mask_ports(mask_times(child.said)), want);
}

static void
record_x(struct cask_ar *ar, uint32_t *number, char name[8])
{
	cask_u32(ar, number);
	cask_bytes(ar, name, 8);
}

static void
talk_in_archives(void)
{
	struct program p;
	struct cask_ar out = { 0 }, in = { 0 };
	uint32_t number = 7;
	char name[8] = "ACME";

	begin(&p, NULL);
	cask_store(&out, &p.a.io);
	cask_load(&in, &p.b.io);
	record_x(&out, &number, name);
	CHECK(cask_flush(&out) == 0);
	CHECK(cask_more(&in));
	record_x(&in, &number, name);
	CHECK(in.err == 0 && number == 7 && strcmp(name, "ACME") == 0);
	CHECK(cask_shutdown(&p.a, CASK_SENDS) == 0);
	CHECK(!cask_more(&in) && in.err == 0);
	CHECK(cask_close(&p.a) == 0);
	CHECK(cask_close(&p.b) == 0);
}

static void
a_conversation_of_archives_is_traced(void **state)
{
	(void)state;
	assert_traced("calls", talk_in_archives,
	    BEGUN "cask: T 127.0.0.1:P1 send: ok\n"
		  "cask: T 127.0.0.1:P2 receive: ok\n"
		  "cask: T 127.0.0.1:P1 shutdown: ok\n"
		  "cask: T 127.0.0.1:P2 receive: ok\n"
		  "cask: T 127.0.0.1:P1 close: ok\n"
		  "cask: T 127.0.0.1:P2 close: ok\n");
}

static void
take_all(struct cask_sock *s, int err)
{
	char buf[16];

	CHECK(err == 0);
	while (cask_try_receive(s, buf, sizeof buf) > 0)
		continue;
	CHECK(s->io.err == 0);
}

static void
close_too(struct cask_sock *s, int err)
{
	CHECK(err == 0);
	cask_close(s);
}

static void
note_nothing(struct cask_sock *s, int err)
{
	(void)s;
	(void)err;
}

static void
be_notified(void)
{
	static const struct cask_notify notify = {
		.receive = take_all, .send = note_nothing, .close = close_too
	};
	struct program p;

	begin(&p, &notify);
	CHECK(cask_pump_turn(5000, NULL) == 0);
	CHECK(cask_send(&p.a, "hello", 5) == 0);
	CHECK(cask_pump_turn(5000, NULL) == 0);
	CHECK(cask_close(&p.a) == 0);
	while (p.b.open)
		CHECK(cask_pump_turn(5000, NULL) == 0);
}

static void
notifications_are_traced_before_what_they_call(void **state)
{
	(void)state;
	assert_traced("calls", be_notified,
	    BEGUN "cask: T 127.0.0.1:P2 notify send: ok\n"
		  "cask: T 127.0.0.1:P1 send: ok\n"
		  "cask: T 127.0.0.1:P2 notify receive: ok\n"
		  "cask: T 127.0.0.1:P2 receive: ok\n"
		  "cask: T 127.0.0.1:P1 close: ok\n"
		  "cask: T 127.0.0.1:P2 notify close: ok\n"
		  "cask: T 127.0.0.1:P2 close: ok\n");
}

static void
be_refused(void)
{
	static const struct cask_notify notify = { .connect = note_nothing };
	struct cask_sock gone = { 0 }, s = { 0 }, t = { .notify = &notify };
	char port[8];

	CHECK(cask_bind(&gone, HERE, "0") == 0);
	port_of(&gone, port);
	CHECK(cask_close(&gone) == 0);
	CHECK(cask_connect(&s, HERE, port) == ECONNREFUSED);
	CHECK(cask_send(&s, "x", 1) == ECONNREFUSED);
	CHECK(cask_close(&s) == ECONNREFUSED);
	CHECK(cask_try_connect(&t, HERE, port) == 0);
	while (t.io.err == 0 || t.note.queued)
		CHECK(cask_pump_turn(5000, NULL) == 0);
	CHECK(cask_connect(&s, NULL, NULL) == EINVAL);
}

static void
a_refused_connection_is_traced_when_it_is_refused(void **state)
{
	(void)state;
	assert_traced("calls", be_refused,
	    "cask: T 127.0.0.1:P1 bind: ok\n"
	    "cask: T 127.0.0.1:P1 close: ok\n"
	    "cask: T 127.0.0.1:P1 connect: Connection refused\n"
	    "cask: T 127.0.0.1:P1 send: Connection refused\n"
	    "cask: T 127.0.0.1:P1 close: ok\n"
	    "cask: T 127.0.0.1:P1 try connect: ok\n"
	    "cask: T 127.0.0.1:P1 connect: Connection refused\n"
	    "cask: T 127.0.0.1:P1 notify connect: Connection refused\n"
	    "cask: T - connect: no host\n");
}

static void
time_out(void)
{
	struct program p;
	char c;

	begin(&p, NULL);
	p.b.timeout_ms = 20;
	CHECK(cask_try_receive(&p.b, &c, 1) == -1);
	CHECK(cask_peek(&p.b, &c, 1) == -1);
	CHECK(cask_receive(&p.b, &c, 1) == -1);
	CHECK(cask_resume(&p.b) == 0);
	CHECK(cask_send_urgent(&p.a, '!') == 0);
	CHECK(cask_select(&p.b, CASK_ON_ALL) == 0);
	CHECK(cask_receive_all(&p.b, &c, 1) == -1);
	p.l.timeout_ms = 20;
	CHECK(cask_try_accept(&p.l, &(struct cask_sock) { 0 }) == EAGAIN);
	CHECK(cask_accept(&p.l, &(struct cask_sock) { 0 }) == ETIMEDOUT);
}

static void
a_time_out_is_traced_with_its_limit_and_nothing_there_is_not(void **state)
{
	(void)state;
	assert_traced("calls", time_out,
	    BEGUN "cask: T 127.0.0.1:P2 receive: timed out after 20 ms\n"
		  "cask: T 127.0.0.1:P1 send urgent: ok\n"
		  "cask: T 127.0.0.1:P2 select: ok\n"
		  "cask: T 127.0.0.1:P2 receive: timed out after 20 ms\n"
		  "cask: T 127.0.0.1:P1 accept: timed out after 20 ms\n");
}

static void
send_datagrams(void)
{
	struct cask_sock a = { .datagram = true }, b = { .datagram = true };
	struct cask_addr to;
	char port[8], buf[4];

	CHECK(cask_bind(&b, HERE, "0") == 0);
	port_of(&b, port);
	CHECK(cask_addr_find(&to, &a, HERE, port) == 0);
	CHECK(cask_send_to(&a, "hi", 2, &to) == 0);
	CHECK(cask_receive_from(&b, buf, 4, NULL) == 2);
	CHECK(cask_try_receive_from(&b, buf, 4, NULL) == -1);
	CHECK(cask_connect(&a, HERE, port) == 0);
	CHECK(cask_send(&a, "hello", 5) == 0);
	CHECK(cask_receive(&b, buf, 4) == -1);
	CHECK(b.io.passing == EMSGSIZE);
}

static void
datagrams_are_traced(void **state)
{
	(void)state;
	assert_traced("bytes,calls", send_datagrams,
	    "cask: T 127.0.0.1:P1 bind: ok\n"
	    "cask: T - find: ok\n"
	    "cask: T - -> 2 bytes\n"
	    "cask: T   0000  68 69                                            "
	    "hi\n"
	    "cask: T - send: ok\n"
	    "cask: T 127.0.0.1:P1 <- 2 bytes\n"
	    "cask: T   0000  68 69                                            "
	    "hi\n"
	    "cask: T 127.0.0.1:P1 receive: ok\n"
	    "cask: T 127.0.0.1:P1 connect: ok\n"
	    "cask: T 127.0.0.1:P1 -> 5 bytes\n"
	    "cask: T   0000  68 65 6c 6c 6f                                   "
	    "hello\n"
	    "cask: T 127.0.0.1:P1 send: ok\n"
	    "cask: T 127.0.0.1:P1 <- 4 bytes\n"
	    "cask: T   0000  68 65 6c 6c                                      "
	    "hell\n"
	    "cask: T 127.0.0.1:P1 receive: the datagram is longer than 4 "
	    "bytes\n");
}

static void
close_and_wipe(struct cask_timer *t)
{
	struct cask_sock *s = t->user;

	cask_close(s);
	memset(s, 0x55, sizeof *s);
	free(s);
}

/* A socket that a callback frees while a call waits on it. */
static struct cask_sock *
doomed(struct program *p, struct cask_timer *t)
{
	struct cask_sock *s = calloc(1, sizeof *s);

	CHECK(s != NULL);
	CHECK(cask_connect(s, HERE, p->port) == 0);
	*t = (struct cask_timer) {
		.after_ms = 1, .fire = close_and_wipe, .user = s
	};
	CHECK(cask_timer_start(t) == 0);
	return s;
}

static void
lose_sockets(void)
{
	struct cask_timer t;
	struct program p;
	char c;

	begin(&p, NULL);
	CHECK(cask_receive(doomed(&p, &t), &c, 1) == CASK_IO_GONE);
	CHECK(cask_receive_all(doomed(&p, &t), &c, 1) == CASK_IO_GONE);
}

static void
a_call_whose_socket_is_freed_is_traced_as_cancelled(void **state)
{
	(void)state;
	assert_traced("calls", lose_sockets,
	    BEGUN "cask: T 127.0.0.1:P1 connect: ok\n"
		  "cask: T 127.0.0.1:P1 receive: Operation canceled\n"
		  "cask: T 127.0.0.1:P1 close: ok\n"
		  "cask: T 127.0.0.1:P1 connect: ok\n"
		  "cask: T 127.0.0.1:P1 receive: Operation canceled\n"
		  "cask: T 127.0.0.1:P1 close: ok\n");
}

static void
cancel_it(struct cask_timer *t)
{
	cask_cancel(t->user);
}

static void
hand_over(void)
{
	struct program p;
	struct cask_sock c = { 0 };
	struct cask_timer t = { .after_ms = 1, .fire = cancel_it, .user = &c };
	char byte;
	int fd;

	begin(&p, NULL);
	fd = cask_detach(&p.b);
	CHECK(fd >= 0 && cask_detach(&p.b) == -1);
	CHECK(cask_attach(&c, fd) == 0);
	CHECK(cask_timer_start(&t) == 0);
	CHECK(cask_receive(&c, &byte, 1) == -1);
	CHECK(cask_inherit(&p.b, 0) == ENOENT);
}

static void
handing_over_and_cancelling_are_traced(void **state)
{
	(void)state;
	assert_traced("calls", hand_over,
	    BEGUN
	    "cask: T 127.0.0.1:P2 detach: ok\n"
	    "cask: T 127.0.0.1:P2 detach: the socket is not open\n"
	    "cask: T 127.0.0.1:P2 attach: ok\n"
	    "cask: T 127.0.0.1:P2 receive: Operation canceled\n"
	    "cask: T - inherit: no such socket was passed to this process\n");
}

/* Threads */

#define THREADS 8
#define ROUNDS  50

static pthread_barrier_t barrier;

static void *
trace_in_a_thread(void *arg)
{
	struct cask_sock s = { .name = "peer" };

	s.name[4] = (char)('0' + *(int *)arg);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < ROUNDS; i++) {
		caski_trace_call(&s, "send", 0);
		caski_trace_bytes(&s, true, "sixteen letters!", 16);
	}
	return NULL;
}

static void
trace_in_threads(void)
{
	pthread_t t[THREADS];
	int number[THREADS];

	pthread_barrier_init(&barrier, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		number[i] = i;
		CHECK(pthread_create(
			  &t[i], NULL, trace_in_a_thread, &number[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
}

static unsigned
count_lines(const char *line)
{
	unsigned n = 0;

	for (const char *p = child.said; (p = strstr(p, line)) != NULL; p++)
		n++;
	return n;
}

static void
threads_that_trace_at_once_give_whole_lines(void **state)
{
	char line[64];

	(void)state;
	child_run(&child, NULL, "calls,bytes", trace_in_threads);
	mask_times(child.said);
	assert_int_equal(lines_of(child.said), THREADS * ROUNDS * 3);
	for (int i = 0; i < THREADS; i++) {
		snprintf(line, sizeof line, "cask: T peer%d send: ok\n", i);
		assert_int_equal(count_lines(line), ROUNDS);
		snprintf(line, sizeof line, "cask: T peer%d -> 16 bytes\n", i);
		assert_int_equal(count_lines(line), ROUNDS);
	}
	assert_int_equal(
	    count_lines("cask: T   0000  73 69 78 74 65 65 6e 20 6c 65 74 74 "
			"65 72 73 21  sixteen letters!\n"),
	    THREADS * ROUNDS);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(calls_are_traced_with_their_outcome),
	cmocka_unit_test(an_error_of_the_system_is_told_in_its_words),
	cmocka_unit_test(a_name_can_not_make_a_line_of_its_own),
	cmocka_unit_test(the_longest_names_and_words_fit),
	cmocka_unit_test(bytes_are_shown_sixteen_a_line),
	cmocka_unit_test(calls_and_bytes_may_be_traced_together),
	cmocka_unit_test(datagrams_are_shown_and_an_empty_one_is_no_end),
	cmocka_unit_test(a_long_transfer_is_cut_and_says_by_how_much),
	cmocka_unit_test(time_is_counted_from_the_first_line),
	cmocka_unit_test(nothing_is_said_when_it_is_not_set),
	cmocka_unit_test(
	    what_is_not_understood_is_told_once_and_the_rest_holds),
	cmocka_unit_test(the_environment_is_read_once),
	cmocka_unit_test(a_trace_that_nobody_reads_does_no_harm),
	cmocka_unit_test(a_line_that_is_interrupted_is_written_all_the_same),
	cmocka_unit_test(a_conversation_of_archives_is_traced),
	cmocka_unit_test(notifications_are_traced_before_what_they_call),
	cmocka_unit_test(a_refused_connection_is_traced_when_it_is_refused),
	cmocka_unit_test(
	    a_time_out_is_traced_with_its_limit_and_nothing_there_is_not),
	cmocka_unit_test(datagrams_are_traced),
	cmocka_unit_test(a_call_whose_socket_is_freed_is_traced_as_cancelled),
	cmocka_unit_test(handing_over_and_cancelling_are_traced),
	cmocka_unit_test(threads_that_trace_at_once_give_whole_lines),
};

RUN_TESTS(tests)
