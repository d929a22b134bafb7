/*
 * MFC's documented samples, as somebody would write them who ports a program:
 * the sequence of operations, as streams and as datagrams; PacketSerialize; and
 * the message in network order to a program without MFC.
 *
 * Each end meets the bytes that MFC's other end would send, by hand, and then
 * its own other end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fault.h"
#include "own_io.h"

#include <cask.h>

#include <fcntl.h>

#define PATIENCE 20000 /* ms; a limit that is not meant to run out */

struct port {
	char text[8];
};

static struct port
port_of(struct cask_sock *s)
{
	struct port p;
	uint16_t n = 0;

	assert_int_equal(cask_local(s, NULL, 0, &n), 0);
	assert_true(n > 0);
	snprintf(p.text, sizeof p.text, "%u", n);
	return p;
}

/* ------------------------------------------------------------------------ */
/* The sequence of operations, row by row.                                   */

/* What the two say: a word and a string, and a string back. */
static const unsigned char question[] = { 0x34, 0x12, 0xFF, 0xFE, 0xFF, 2, 'A',
	0, 0xAC, 0x20 };
static const unsigned char answer[] = { 0xFF, 0xFE, 0xFF, 2, 'o', 0, 'k', 0 };

/* The client: rows 1 (a blank socket), 2 and 4 (cask_connect makes it, with a
 * port of the system's choice), 6 and 7 (archives; there is no file between
 * them and the socket), 8 and 9. */
static int
ask(const char *host, const char *port, char *said, size_t size)
{
	struct cask_sock s = { .timeout_ms = PATIENCE };
	struct cask_ar out = { 0 }, in = { 0 };

	cask_connect(&s, host, port);
	cask_store(&out, &s.io);
	cask_load(&in, &s.io);
	cask_put_u16(&out, 0x1234);
	cask_put_text(&out, "A€");
	cask_flush(&out);
	cask_get_text(&in, said, size);
	cask_close(&s);
	return in.err;
}

/* The server from row 5 on: a second, blank socket takes the connection. */
static int
serve_one(struct cask_sock *listener, uint16_t *number, char *said, size_t size)
{
	struct cask_sock s = { .timeout_ms = PATIENCE };
	struct cask_ar out = { 0 }, in = { 0 };

	if (cask_accept(listener, &s) != 0)
		return listener->io.passing;
	cask_load(&in, &s.io);
	cask_store(&out, &s.io);
	*number = cask_get_u16(&in);
	cask_get_text(&in, said, size);
	cask_put_text(&out, "ok");
	cask_flush(&out);
	cask_close(&s);
	return in.err != 0 ? in.err : out.err;
}

/* … and before: rows 1 to 3. */
static struct port
listen_somewhere(struct cask_sock *listener)
{
	*listener = (struct cask_sock) { .accept_ms = PATIENCE };
	assert_int_equal(cask_bind(listener, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(listener, 5), 0);
	return port_of(listener);
}

/* One end without the library: a thread that hears what is expected, and says
 * what MFC's end would. */
struct mfc {
	struct cask_sock *listener; /* NULL: it connects */
	struct port port;
	const unsigned char *hears, *says;
	size_t hearing, saying;
	bool says_first;
	bool right, ended;
	pthread_t thread;
};

static bool
hear(int fd, const unsigned char *bytes, size_t n)
{
	unsigned char *got = malloc(n);
	size_t have = 0;
	ssize_t r = 1;
	bool same;

	while (have < n && r > 0) {
		r = test_recv(fd, got + have, n - have, 0);
		have += r > 0 ? (size_t)r : 0;
	}
	same = have == n && memcmp(got, bytes, n) == 0;
	free(got);
	return same;
}

static void *
mfc_runs(void *arg)
{
	struct mfc *m = arg;
	struct cask_sock s = { .timeout_ms = PATIENCE };
	unsigned char byte;
	int fd, err;

	err = m->listener != NULL ? cask_accept(m->listener, &s)
				  : cask_connect(&s, "127.0.0.1", m->port.text);
	if (err != 0)
		return NULL;
	fd = cask_detach(&s);
	fcntl(fd, F_SETFL, 0);
	if (m->says_first)
		send(fd, m->says, m->saying, MSG_NOSIGNAL);
	m->right = hear(fd, m->hears, m->hearing);
	if (!m->says_first)
		send(fd, m->says, m->saying, MSG_NOSIGNAL);
	m->ended = test_recv(fd, &byte, 1, 0) == 0;
	close(fd);
	return NULL;
}

static void
mfc_starts(struct mfc *m)
{
	assert_int_equal(pthread_create(&m->thread, NULL, mfc_runs, m), 0);
}

static void
mfc_ends_well(struct mfc *m)
{
	assert_int_equal(pthread_join(m->thread, NULL), 0);
	assert_true(m->right);
	assert_true(m->ended);
}

static void
a_blank_socket_has_no_descriptor_and_costs_no_system_call(void **state)
{
	struct cask_sock s = { 0 };

	(void)state;
	fault_reset();
	assert_int_equal(cask_sock_fd(&s), -1);
	assert_int_equal(cask_close(&s), 0);
	assert_int_equal(fault_count(FAULT_SOCKET), 0);
	assert_int_equal(fault_count(FAULT_CLOSE), 0);
	assert_int_equal(fault_allocations(), 0);
}

static void
the_server_has_a_known_port_and_the_client_one_of_the_systems(void **state)
{
	struct cask_sock listener, again = { 0 }, s = { 0 };
	struct port port = listen_somewhere(&listener);

	(void)state;
	assert_int_equal(cask_bind(&again, "127.0.0.1", port.text), EADDRINUSE);
	assert_int_equal(cask_connect(&s, "127.0.0.1", port.text), 0);
	assert_string_not_equal(port_of(&s).text, port.text);
	cask_close(&s);
	cask_close(&again);
	assert_int_equal(cask_close(&listener), 0);
}

static void
the_client_talks_to_mfcs_server(void **state)
{
	struct cask_sock listener;
	struct mfc server = { .listener = &listener,
		.hears = question,
		.hearing = sizeof question,
		.says = answer,
		.saying = sizeof answer };
	char said[8];

	(void)state;
	server.port = listen_somewhere(&listener);
	mfc_starts(&server);
	assert_int_equal(
	    ask("localhost", server.port.text, said, sizeof said), 0);
	assert_string_equal(said, "ok");
	mfc_ends_well(&server);
	cask_close(&listener);
}

static void
the_server_talks_to_mfcs_client(void **state)
{
	struct cask_sock listener;
	struct mfc client = { .port = listen_somewhere(&listener),
		.says = question,
		.saying = sizeof question,
		.says_first = true,
		.hears = answer,
		.hearing = sizeof answer };
	uint16_t number = 0;
	char said[8];

	(void)state;
	mfc_starts(&client);
	assert_int_equal(serve_one(&listener, &number, said, sizeof said), 0);
	assert_int_equal(number, 0x1234);
	assert_string_equal(said, "A€");
	mfc_ends_well(&client);
	cask_close(&listener);
}

struct asking {
	struct port port;
	char said[8];
	int err;
};

static void *
asks(void *arg)
{
	struct asking *a = arg;

	a->err = ask("127.0.0.1", a->port.text, a->said, sizeof a->said);
	return NULL;
}

static void
the_two_talk_to_each_other_and_the_listener_lasts(void **state)
{
	struct cask_sock listener;
	struct asking a = { .port = listen_somewhere(&listener) };
	uint16_t number = 0;
	pthread_t thread;
	char said[8];

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&thread, NULL, asks, &a), 0);
		assert_int_equal(
		    serve_one(&listener, &number, said, sizeof said), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(a.err, 0);
		assert_string_equal(a.said, "ok");
		assert_string_equal(said, "A€");
	}
	assert_int_equal(cask_close(&listener), 0);
}

static void
a_refused_connection_is_tried_again_on_the_same_socket(void **state)
{
	struct cask_sock listener, s = { .timeout_ms = PATIENCE };
	struct port port = listen_somewhere(&listener);

	(void)state;
	cask_close(&listener);
	assert_int_equal(
	    cask_connect(&s, "127.0.0.1", port.text), ECONNREFUSED);
	assert_int_equal(cask_bind(&listener, "127.0.0.1", port.text), 0);
	assert_int_equal(cask_listen(&listener, 5), 0);
	cask_close(&s);
	assert_int_equal(cask_connect(&s, "127.0.0.1", port.text), 0);
	cask_close(&s);
	cask_close(&listener);
}

static void
a_socket_that_is_in_use_takes_no_second_connection(void **state)
{
	struct cask_sock listener, first = { 0 }, second = { 0 }, taken = { 0 };
	struct port port = listen_somewhere(&listener);
	char byte;

	(void)state;
	assert_int_equal(cask_connect(&first, "127.0.0.1", port.text), 0);
	assert_int_equal(cask_connect(&second, "127.0.0.1", port.text), 0);
	assert_int_equal(cask_accept(&listener, &taken), 0);
	assert_int_equal(cask_accept(&listener, &taken), EISCONN);
	/* the end of the accepted one is the end of the conversation */
	cask_close(&taken);
	assert_int_equal(cask_receive(&first, &byte, 1), 0);
	/* … and the connection that was refused a place still has one */
	assert_int_equal(cask_accept(&listener, &taken), 0);
	assert_int_equal(cask_send(&second, "x", 1), 0);
	assert_int_equal(cask_receive(&taken, &byte, 1), 1);
	cask_close(&taken);
	cask_close(&first);
	cask_close(&second);
	cask_close(&listener);
}

/* As with CAsyncSocket, up to row 5: Accept in OnAccept, and the client goes on
 * in OnConnect. */
struct async {
	struct cask_sock listener, accepted, client;
	struct cask_ar out, in;
	bool connected;
	char said[8];
};

static void
on_accept(struct cask_sock *s, int err)
{
	struct async *a = s->user;

	assert_int_equal(err, 0);
	assert_int_equal(cask_try_accept(s, &a->accepted), 0);
}

static void
on_connect(struct cask_sock *s, int err)
{
	struct async *a = s->user;

	assert_int_equal(err, 0);
	a->connected = true;
	cask_store(&a->out, &s->io);
	cask_put_text(&a->out, "hello");
	assert_int_equal(cask_flush(&a->out), 0);
}

static void
on_receive(struct cask_sock *s, int err)
{
	struct async *a = s->user;

	assert_int_equal(err, 0);
	cask_load(&a->in, &s->io);
	cask_get_text(&a->in, a->said, sizeof a->said);
	cask_pump_stop();
}

static void
a_socket_that_notifies_accepts_and_goes_on_when_told(void **state)
{
	static const struct cask_notify server = { .accept = on_accept,
		.receive = on_receive };
	static const struct cask_notify client = { .connect = on_connect };
	static struct async a;
	struct port port;

	(void)state;
	a.listener.notify = &server;
	a.client.notify = &client;
	a.listener.user = a.accepted.user = a.client.user = &a;
	assert_int_equal(cask_bind(&a.listener, "127.0.0.1", "0"), 0);
	assert_int_equal(cask_listen(&a.listener, 0), 0);
	port = port_of(&a.listener);
	assert_int_equal(
	    cask_try_connect(&a.client, "127.0.0.1", port.text), 0);
	assert_int_equal(cask_pump_run(), 0);
	assert_true(a.connected);
	assert_int_equal(a.in.err, 0);
	assert_string_equal(a.said, "hello");
	cask_close(&a.client);
	cask_close(&a.accepted);
	cask_close(&a.listener);
}

/* Datagrams: neither Listen nor Accept; Connect may be; never an archive. */

static void
datagrams_need_neither_listen_nor_accept(void **state)
{
	struct cask_sock server = { .datagram = true, .timeout_ms = PATIENCE };
	struct cask_sock client = { .datagram = true, .timeout_ms = PATIENCE };
	struct cask_addr to, from, me;
	char buf[16] = "";

	(void)state;
	assert_int_equal(cask_bind(&server, "127.0.0.1", "0"), 0);
	assert_int_equal(
	    cask_addr_find(&to, &client, "127.0.0.1", port_of(&server).text),
	    0);
	assert_int_equal(cask_send_to(&client, "ping", 4, &to), 0);
	assert_int_equal(cask_receive_from(&server, buf, sizeof buf, &from), 4);
	assert_memory_equal(buf, "ping", 4);
	assert_int_equal(cask_send_to(&server, "pong!", 5, &from), 0);
	assert_int_equal(cask_receive_from(&client, buf, sizeof buf, &me), 5);
	assert_memory_equal(buf, "pong!", 5);
	cask_close(&client);
	assert_int_equal(cask_close(&server), 0);
}

static void
a_datagram_socket_may_connect_and_send_to_nobody_else(void **state)
{
	struct cask_sock server = { .datagram = true, .timeout_ms = PATIENCE };
	struct cask_sock client = { .datagram = true, .timeout_ms = PATIENCE };
	struct cask_addr from;
	char buf[16];

	(void)state;
	assert_int_equal(cask_bind(&server, "127.0.0.1", "0"), 0);
	assert_int_equal(
	    cask_connect(&client, "127.0.0.1", port_of(&server).text), 0);
	assert_int_equal(cask_send(&client, "ping", 4), 0);
	assert_int_equal(cask_receive_from(&server, buf, sizeof buf, &from), 4);
	assert_int_equal(cask_send_to(&server, "pong", 4, &from), 0);
	assert_int_equal(cask_receive(&client, buf, sizeof buf), 4);
	assert_memory_equal(buf, "pong", 4);
	cask_close(&client);
	cask_close(&server);
}

static void
no_archive_goes_over_datagrams(void **state)
{
	struct cask_sock s = { .datagram = true };
	struct cask_ar out = { 0 }, in = { 0 };

	(void)state;
	assert_int_equal(cask_bind(&s, "127.0.0.1", "0"), 0);
	cask_store(&out, &s.io);
	cask_put_u16(&out, 1);
	assert_int_equal(cask_flush(&out), EBADF);
	cask_load(&in, &s.io);
	assert_int_equal(cask_get_u16(&in), 0);
	assert_int_equal(in.err, EBADF);
	cask_close(&s);
}

/* ------------------------------------------------------------------------ */
/* PacketSerialize                                                           */

#define COPIES_MOST 31999

/* rand() in the sample; here the test may know what comes. */
struct packets {
	unsigned count;
	uint32_t random;
	int value, copies; /* -1: by chance */
	unsigned failures; /* of the recipient: a byte was not the value */
	unsigned done;
	char heard[100]; /* what the other end said last */
};

static uint32_t
draw(struct packets *p, uint32_t below)
{
	p->random = p->random * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)p->random * below) >> 32);
}

/* "… packet 1 of 3 (Value = 171, Copies = 3)" */
static void
put_line(struct cask_ar *ar, const struct packets *p, const char *who,
    unsigned packet, uint8_t value, uint16_t copies)
{
	char line[100];

	snprintf(line, sizeof line,
	    "%s packet %u of %u (Value = %u, Copies = %u)", who, packet,
	    p->count, value, copies);
	cask_put_text(ar, line);
}

/* The sender has to flush before it waits, or both wait for ever.  (With Cask
 * that is forgiven: a socket is flushed before anything is received from it.)
 */
static void
send_packet(struct packets *p, unsigned packet, struct cask_ar *data,
    struct cask_ar *ack)
{
	uint8_t value =
	    (uint8_t)(p->value >= 0 ? (uint32_t)p->value : draw(p, 256));
	uint16_t copies = (uint16_t)(p->copies >= 0 ? (uint32_t)p->copies
						    : draw(p, COPIES_MOST + 1));

	cask_put_u8(data, value);
	cask_put_u16(data, copies);
	for (unsigned i = 0; i < copies; i++)
		cask_put_u8(data, value);
	put_line(data, p, "Sender sent", packet, value, copies);
	cask_flush(data);
	cask_get_text(ack, p->heard, sizeof p->heard);
}

static void
receive_packet(struct packets *p, unsigned packet, struct cask_ar *data,
    struct cask_ar *ack)
{
	uint8_t value = cask_get_u8(data);
	uint16_t copies = cask_get_u16(data);
	bool right = true;

	for (unsigned i = 0; i < copies && data->err == 0; i++)
		right &= cask_get_u8(data) == value;
	cask_get_text(data, p->heard, sizeof p->heard);
	p->failures += !right;
	put_line(ack, p, "Recipient received", packet, value, copies);
	cask_flush(ack);
}

/* The direction of the data tells the role, as in MFC.  After an error nothing
 * happens any more, so that one look at the end is enough. */
static void
packet_serialize(struct packets *p, struct cask_ar *data, struct cask_ar *ack)
{
	for (unsigned i = 1; i <= p->count; i++) {
		if (cask_storing(data))
			send_packet(p, i, data, ack);
		else
			receive_packet(p, i, data, ack);
		p->done += data->err == 0 && ack->err == 0;
	}
}

#define SENT "Sender sent packet 1 of 1 (Value = 171, Copies = 3)"
#define GOT  "Recipient received packet 1 of 1 (Value = 171, Copies = 3)"

/* A string of less than 255 characters of ASCII, as either build writes it. */
static size_t
put_string(unsigned char *to, const char *s, bool unicode)
{
	size_t n = strlen(s), at = 0;

	if (unicode) {
		memcpy(to, "\xFF\xFE\xFF", 3);
		at = 3;
	}
	to[at++] = (unsigned char)n;
	for (size_t i = 0; i < n; i++) {
		to[at++] = (unsigned char)s[i];
		if (unicode)
			to[at++] = 0;
	}
	return at;
}

static size_t
put_packet(unsigned char *to, bool unicode)
{
	memcpy(to, "\xAB\x03\x00\xAB\xAB\xAB", 6);
	return 6 + put_string(to + 6, SENT, unicode);
}

/* The reference's bytes, letter by letter. */
static const unsigned char sent_ansi[] = { 0xAB, 0x03, 0x00, 0xAB, 0xAB, 0xAB,
	0x33, 0x53, 0x65, 0x6E, 0x64, 0x65, 0x72, 0x20, 0x73, 0x65, 0x6E, 0x74,
	0x20, 0x70, 0x61, 0x63, 0x6B, 0x65, 0x74, 0x20, 0x31, 0x20, 0x6F, 0x66,
	0x20, 0x31, 0x20, 0x28, 0x56, 0x61, 0x6C, 0x75, 0x65, 0x20, 0x3D, 0x20,
	0x31, 0x37, 0x31, 0x2C, 0x20, 0x43, 0x6F, 0x70, 0x69, 0x65, 0x73, 0x20,
	0x3D, 0x20, 0x33, 0x29 };
static const unsigned char got_ansi[] = { 0x3A, 0x52, 0x65, 0x63, 0x69, 0x70,
	0x69, 0x65, 0x6E, 0x74, 0x20, 0x72, 0x65, 0x63, 0x65, 0x69, 0x76, 0x65,
	0x64, 0x20, 0x70, 0x61, 0x63, 0x6B, 0x65, 0x74, 0x20, 0x31, 0x20, 0x6F,
	0x66, 0x20, 0x31, 0x20, 0x28, 0x56, 0x61, 0x6C, 0x75, 0x65, 0x20, 0x3D,
	0x20, 0x31, 0x37, 0x31, 0x2C, 0x20, 0x43, 0x6F, 0x70, 0x69, 0x65, 0x73,
	0x20, 0x3D, 0x20, 0x33, 0x29 };

static void
each_packet_is_mfcs_to_the_byte_in_both_roles_and_all_builds(void **state)
{
	(void)state;
	for (int build = 0; build < 4; build++) {
		bool mine = (build & 1) != 0, theirs = (build & 2) != 0;
		enum cask_text_form form = mine ? CASK_UNICODE : CASK_ANSI;
		struct cask_ar data = { .form = form }, ack = { .form = form };
		struct packets p = { .count = 1, .value = 0xAB, .copies = 3 };
		unsigned char said[200], heard[200], got[200];
		struct cask_mem to, from;
		size_t n = put_packet(said, mine);
		size_t m = put_string(heard, GOT, theirs);

		assert_int_equal(n, mine ? 112 : 58);
		if (!mine)
			assert_memory_equal(said, sent_ansi, sizeof sent_ansi);
		if (!theirs)
			assert_memory_equal(heard, got_ansi, sizeof got_ansi);
		/* the sender */
		cask_store(&data, cask_mem_write(&to, got, sizeof got));
		cask_load(&ack, cask_mem_read(&from, heard, m));
		packet_serialize(&p, &data, &ack);
		assert_int_equal(p.done, 1);
		assert_string_equal(p.heard, GOT);
		assert_int_equal(to.length, n);
		assert_memory_equal(got, said, n);
		assert_int_equal(from.position, m);
		/* the recipient */
		n = put_packet(said, theirs);
		m = put_string(heard, GOT, mine);
		cask_load(&data, cask_mem_read(&from, said, n));
		cask_store(&ack, cask_mem_write(&to, got, sizeof got));
		packet_serialize(&p, &data, &ack);
		assert_int_equal(p.done, 2);
		assert_int_equal(p.failures, 0);
		assert_string_equal(p.heard, SENT);
		assert_int_equal(to.length, m);
		assert_memory_equal(got, heard, m);
	}
}

static void
a_packet_cut_after_any_byte_is_an_error_and_not_acknowledged(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof sent_ansi; n++) {
		struct cask_ar data = { 0 }, ack = { .form = CASK_ANSI };
		struct packets p = { .count = 1 };
		struct cask_mem from;

		cask_load(&data, cask_mem_read(&from, sent_ansi, n));
		receive_packet(&p, 1, &data, &ack);
		assert_int_equal(data.err, CASK_ECUT);
	}
}

static void
a_byte_that_is_not_the_value_is_a_failure_of_that_packet(void **state)
{
	unsigned char bad[sizeof sent_ansi], got[100];
	struct cask_ar data = { 0 }, ack = { .form = CASK_ANSI };
	struct packets p = { .count = 1 };
	struct cask_mem from, to;

	(void)state;
	memcpy(bad, sent_ansi, sizeof bad);
	bad[4] = 0xAA;
	cask_load(&data, cask_mem_read(&from, bad, sizeof bad));
	cask_store(&ack, cask_mem_write(&to, got, sizeof got));
	packet_serialize(&p, &data, &ack);
	assert_int_equal(p.failures, 1);
	assert_int_equal(p.done, 1);
}

/* Both roles, each in a thread with a socket of its own, over many packets. */
struct role {
	int fd;
	bool sends;
	bool unicode;
	struct packets p;
	int err;
};

static void *
role_runs(void *arg)
{
	struct role *r = arg;
	enum cask_text_form form = r->unicode ? CASK_UNICODE : CASK_ANSI;
	struct cask_ar out = { .form = form }, in = { .form = form };
	struct cask_sock s = { .timeout_ms = PATIENCE };

	cask_attach(&s, r->fd);
	cask_store(&out, &s.io);
	cask_load(&in, &s.io);
	if (r->sends)
		packet_serialize(&r->p, &out, &in);
	else
		packet_serialize(&r->p, &in, &out);
	r->err = out.err != 0 ? out.err : in.err;
	cask_close(&s);
	return NULL;
}

static void
exchange_packets(unsigned count, int copies, bool sender, bool recipient)
{
	struct role send = { .sends = true,
		.unicode = sender,
		.p = { count, 20261129, -1, copies, 0, 0, "" } };
	struct role take = { .unicode = recipient, .p = { .count = count } };
	pthread_t thread;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	send.fd = fd[0];
	take.fd = fd[1];
	assert_int_equal(pthread_create(&thread, NULL, role_runs, &take), 0);
	role_runs(&send);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(send.err, 0);
	assert_int_equal(take.err, 0);
	assert_int_equal(send.p.done, count);
	assert_int_equal(take.p.done, count);
	assert_int_equal(take.p.failures, 0);
	assert_ptr_equal(
	    strstr(send.p.heard, "Recipient received"), send.p.heard);
	assert_ptr_equal(strstr(take.p.heard, "Sender sent"), take.p.heard);
	assert_string_equal(
	    strstr(send.p.heard, "packet"), strstr(take.p.heard, "packet"));
}

/* This program runs once more with CASK_CHAOS=split=1, where each byte comes on
 * its own. */
static void
packets_of_any_size_arrive_between_all_builds(void **state)
{
	(void)state;
	for (int build = 0; build < 4; build++) {
		bool a = (build & 1) != 0, b = (build & 2) != 0;

		exchange_packets(5, -1, a, b);
		exchange_packets(1, 0, a, b);
		exchange_packets(1, COPIES_MOST, a, b);
	}
}

/* The buffer of 4096 bytes is written several times. */
static void
the_largest_packet_arrives_in_pieces_of_any_length(void **state)
{
	unsigned char *bytes = malloc(COPIES_MOST + 200);
	static const size_t pieces[] = { 1, 2, 3, 7, 4095, 4096, 4097, 8191 };
	char text[100];
	size_t n;

	(void)state;
	memset(bytes, 0x7E, 3 + COPIES_MOST);
	bytes[1] = COPIES_MOST & 0xFF;
	bytes[2] = COPIES_MOST >> 8;
	snprintf(text, sizeof text,
	    "Sender sent packet 1 of 1 (Value = 126, "
	    "Copies = %d)",
	    COPIES_MOST);
	n = 3 + COPIES_MOST;
	n += put_string(bytes + n, text, true);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct own_io own;
		struct packets p = { .count = 1 };
		struct cask_ar data = { 0 }, ack = { .form = CASK_ANSI };
		struct cask_mem to;
		char got[100];

		own_source(&own, bytes, n);
		own.at_most = pieces[i];
		cask_load(&data, &own.io);
		cask_store(&ack, cask_mem_write(&to, got, sizeof got));
		packet_serialize(&p, &data, &ack);
		assert_int_equal(data.err, 0);
		assert_int_equal(p.done, 1);
		assert_int_equal(p.failures, 0);
		assert_string_equal(p.heard, text);
	}
	free(bytes);
}

/* ------------------------------------------------------------------------ */
/* The message in network order                                              */

struct message {
	int32_t magic;
	int16_t command;
	int16_t param1;
	int32_t param2;
};

/*
 * What the sample does with htonl and htons the archive does itself.
 *
 * The trap: the sample converts each field with htonl, and inserts the result
 * with <<.  That is right on a little-endian host only, where htonl turns the
 * bytes round and << stores them as they are in memory.  On a big-endian host
 * htonl does nothing, and << still stores little-endian: the peer gets the
 * bytes the wrong way round.  So a port says what is meant, big-endian, and
 * converts nothing.
 */
static void
message_x(struct cask_ar *ar, struct message *m)
{
	ar->big_endian = true;
	cask_i32(ar, &m->magic);
	cask_i16(ar, &m->command);
	cask_i16(ar, &m->param1);
	cask_i32(ar, &m->param2);
	ar->big_endian = false;
}

static const struct message example = { 0x12345678, 0x0102, 3, 4 };
static const unsigned char network[] = { 0x12, 0x34, 0x56, 0x78, 0x01, 0x02,
	0x00, 0x03, 0x00, 0x00, 0x00, 0x04 };

static void
a_message_for_a_peer_without_mfc_is_in_network_order(void **state)
{
	struct cask_ar out = { 0 }, in = { 0 };
	unsigned char got[sizeof network + 2];
	struct message m = example;
	struct cask_mem to, from;

	(void)state;
	cask_store(&out, cask_mem_write(&to, got, sizeof got));
	message_x(&out, &m);
	cask_put_u16(&out, 0x1234); /* the stream goes on as before */
	assert_int_equal(cask_flush(&out), 0);
	assert_int_equal(to.length, sizeof network + 2);
	assert_memory_equal(got, network, sizeof network);
	assert_memory_equal(got + sizeof network, "\x34\x12", 2);
	memset(&m, 0, sizeof m);
	cask_load(&in, cask_mem_read(&from, network, sizeof network));
	message_x(&in, &m);
	assert_int_equal(in.err, 0);
	assert_memory_equal(&m, &example, sizeof m);
}

static void
a_message_cut_after_any_byte_is_an_error(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof network; n++) {
		struct cask_ar in = { 0 };
		struct message m = example;
		struct cask_mem from;

		cask_load(&in, cask_mem_read(&from, network, n));
		message_x(&in, &m);
		assert_int_equal(in.err, CASK_ECUT);
		assert_int_equal(m.param2, 0);
	}
}

/* htonl by hand, as a host of either order has it. */
static uint32_t
to_network(uint32_t v, bool big_host)
{
	if (big_host)
		return v;
	return v >> 24 | (v >> 8 & 0xFF00) | (v << 8 & 0xFF0000) | v << 24;
}

static void
htonl_before_storing_is_right_on_little_endian_hosts_alone(void **state)
{
	static const struct {
		bool big_host;
		const char *bytes;
	} hosts[] = { { false, "\x12\x34\x56\x78" },
		{ true, "\x78\x56\x34\x12" } };

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		struct cask_ar out = { 0 };
		struct cask_mem to;
		unsigned char got[4];

		cask_store(&out, cask_mem_write(&to, got, sizeof got));
		cask_put_u32(&out, to_network(0x12345678, hosts[i].big_host));
		assert_int_equal(cask_flush(&out), 0);
		assert_memory_equal(got, hosts[i].bytes, 4);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    a_blank_socket_has_no_descriptor_and_costs_no_system_call),
	cmocka_unit_test(
	    the_server_has_a_known_port_and_the_client_one_of_the_systems),
	cmocka_unit_test(the_client_talks_to_mfcs_server),
	cmocka_unit_test(the_server_talks_to_mfcs_client),
	cmocka_unit_test(the_two_talk_to_each_other_and_the_listener_lasts),
	cmocka_unit_test(
	    a_refused_connection_is_tried_again_on_the_same_socket),
	cmocka_unit_test(a_socket_that_is_in_use_takes_no_second_connection),
	cmocka_unit_test(a_socket_that_notifies_accepts_and_goes_on_when_told),
	cmocka_unit_test(datagrams_need_neither_listen_nor_accept),
	cmocka_unit_test(a_datagram_socket_may_connect_and_send_to_nobody_else),
	cmocka_unit_test(no_archive_goes_over_datagrams),
	cmocka_unit_test(
	    each_packet_is_mfcs_to_the_byte_in_both_roles_and_all_builds),
	cmocka_unit_test(
	    a_packet_cut_after_any_byte_is_an_error_and_not_acknowledged),
	cmocka_unit_test(
	    a_byte_that_is_not_the_value_is_a_failure_of_that_packet),
	cmocka_unit_test(packets_of_any_size_arrive_between_all_builds),
	cmocka_unit_test(the_largest_packet_arrives_in_pieces_of_any_length),
	cmocka_unit_test(a_message_for_a_peer_without_mfc_is_in_network_order),
	cmocka_unit_test(a_message_cut_after_any_byte_is_an_error),
	cmocka_unit_test(
	    htonl_before_storing_is_right_on_little_endian_hosts_alone),
};

RUN_TESTS(tests)
