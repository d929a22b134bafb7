/*
 * Tests of busy streams: what an archive writes and goes on is gathered and
 * sent in large blocks, and what comes faster than its buffer is large is read
 * in such.  Nothing is kept that somebody might wait for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include <cask.h>

#include <sys/socket.h>

#define BLOCK  61440
#define BUFFER CASK_BUFFER

struct pair {
	struct cask_sock s;
	struct cask_ar out;
	struct cask_ar in;
	int peer;
	uint32_t put; /* bytes stored, each by its place */
	uint32_t got; /* … and come to the peer */
	uint32_t loaded;
	long allocations;
	struct cask_timer reader; /* in chaos, so that small pieces find room */
};

static unsigned char
byte_at(uint32_t i)
{
	return (unsigned char)(i * 31 ^ i >> 8);
}

static void
take_all(struct pair *p)
{
	static unsigned char buf[65536];
	ssize_t n;

	while ((n = recv(p->peer, buf, sizeof buf, MSG_DONTWAIT)) > 0 ||
	    (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], byte_at(p->got++));
}

static void
take_now(struct cask_timer *t)
{
	take_all(t->user);
}

static void
read_beside(struct pair *p)
{
	cask_timer_stop(&p->reader);
	p->reader = (struct cask_timer) {
		.after_ms = 1, .every_ms = 1, .fire = take_now, .user = p
	};
	assert_int_equal(cask_timer_start(&p->reader), 0);
}

static void
pair_open(struct pair *p)
{
	int fd[2];

	memset(p, 0, sizeof *p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	p->allocations = fault_allocations();
	p->s.timeout_ms = 10000;
	assert_int_equal(cask_attach(&p->s, fd[0]), 0);
	p->peer = fd[1];
	if (getenv("CASK_CHAOS") != NULL)
		read_beside(p);
	cask_store(&p->out, &p->s.io);
	cask_load(&p->in, &p->s.io);
	fault_reset();
}

static void
pair_close(struct pair *p)
{
	cask_timer_stop(&p->reader);
	cask_close(&p->s);
	if (p->peer >= 0)
		close(p->peer);
	assert_int_equal(fault_allocations(), p->allocations);
	fault_reset();
}

static void
store(struct pair *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		cask_put_u8(&p->out, byte_at(p->put++));
}

/* So many bytes have come to the peer by now. */
static void
assert_come(struct pair *p, uint32_t n)
{
	take_all(p);
	assert_int_equal(p->got, n);
}

static void
put(struct pair *p, uint32_t n)
{
	unsigned char *block = malloc(n);
	uint32_t done = 0;

	assert_non_null(block);
	for (uint32_t i = 0; i < n; i++)
		block[i] = byte_at(p->put++);
	while (done < n) {
		ssize_t k = send(p->peer, block + done, n - done, MSG_NOSIGNAL);

		assert_true(k > 0 || errno == EINTR);
		done += k > 0 ? (uint32_t)k : 0;
	}
	free(block);
}

static void
load(struct pair *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		unsigned char byte = cask_get_u8(&p->in);

		assert_int_equal(p->in.err, 0);
		assert_int_equal(byte, byte_at(p->loaded++));
	}
}

static void
assert_sends(unsigned n)
{
	assert_true(!test_is_calm() || fault_count(FAULT_SEND) == n);
}

static void
assert_receives(unsigned n)
{
	assert_true(!test_is_calm() || fault_count(FAULT_RECV) == n);
}

/* Sending */

static void
a_message_that_fits_the_buffer_is_sent_once_and_takes_no_memory(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	store(&p, BUFFER);
	assert_come(&p, 0);
	assert_int_equal(cask_flush(&p.out), 0);
	assert_sends(1);
	assert_come(&p, BUFFER);
	assert_int_equal(fault_count(FAULT_MALLOC), 0);
	pair_close(&p);
}

static void
a_longer_one_is_sent_once_and_its_memory_is_given_back(void **state)
{
	struct pair p;
	long before;

	(void)state;
	pair_open(&p);
	before = fault_allocations();
	for (uint32_t i = 0; i < 3; i++) {
		fault_reset();
		store(&p, 10000);
		assert_come(&p, 10000 * i);
		assert_int_equal(fault_allocations(), before + 1);
		assert_int_equal(cask_flush(&p.out), 0);
		assert_sends(1);
		assert_come(&p, 10000 * i + 10000);
		assert_int_equal(fault_allocations(), before);
	}
	pair_close(&p);
}

static void
a_long_one_goes_in_blocks_of_60_KiB(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	store(&p, BLOCK);
	assert_come(&p, 0);
	store(&p, 1);
	assert_come(&p, BLOCK);
	assert_sends(1);
	store(&p, BLOCK + BUFFER);
	assert_come(&p, 2 * BLOCK);
	assert_sends(2);
	assert_int_equal(cask_flush(&p.out), 0);
	assert_come(&p, 2 * BLOCK + 1 + BUFFER);
	assert_sends(3);
	pair_close(&p);
}

static void
a_large_block_goes_behind_what_is_held_back(void **state)
{
	static unsigned char large[100000];
	struct pair p;

	(void)state;
	pair_open(&p);
	store(&p, 10000);
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = byte_at(p.put++);
	cask_put_bytes(&p.out, large, sizeof large);
	assert_int_equal(cask_flush(&p.out), 0);
	assert_come(&p, 110000);
	pair_close(&p);
}

/* A full buffer that is nearly as large is sent as it is. */
#define LARGE (BLOCK / 16 * 15)

static void
assert_blocks(
    const struct pair *p, uint32_t message, size_t head, size_t buffer)
{
	bool large = buffer >= LARGE && buffer < BLOCK;
	unsigned nth = 0;

	for (uint32_t left = message; left > 0; nth++) {
		uint32_t n = left < BLOCK ? left : BLOCK;
		size_t sent = fault_sent(nth);

		if (large && sent == buffer && sent < left)
			n = (uint32_t)sent;
		if (sent != n)
			fail_msg("send %u of %u bytes (%zu first, buffer %zu): "
				 "%zu, not %u",
			    nth, message, head, buffer, sent, n);
		left -= n;
	}
	assert_int_equal(fault_count(FAULT_SEND), nth);
	assert_int_equal(p->got, message);
}

static void
a_message_goes_in_blocks_of_60_KiB_and_one_rest_whatever_the_buffer(
    void **state)
{
	static const size_t buffers[] = { 64, 4096, 5000, 30719, 30720, 32768,
		40000, LARGE - 1, LARGE, BLOCK - 1, BLOCK, BLOCK + 1, 65536,
		100000 };
	static const uint32_t messages[] = { BLOCK - 1, BLOCK, BLOCK + 1, 70000,
		100000, 2 * BLOCK, 2 * BLOCK + 1, 150000, 153600 };
	static unsigned char block[153600], buffer[100000];

	(void)state;
	for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
		for (size_t j = 0; j < 2 * 9; j++) {
			uint32_t n = messages[j / 2], head = j % 2 ? 100 : 0;
			struct pair p;
			int room = 1 << 20;

			pair_open(&p);
			setsockopt(cask_sock_fd(&p.s), SOL_SOCKET, SO_SNDBUF,
			    &room, sizeof room);
			p.out.buffer = buffer;
			p.out.buffer_size = buffers[i];
			cask_store(&p.out, &p.s.io);
			for (uint32_t k = 0; k < n; k++)
				block[k] = byte_at(k);
			cask_put_bytes(&p.out, block, head);
			cask_put_bytes(&p.out, block + head, n - head);
			assert_int_equal(cask_flush(&p.out), 0);
			take_all(&p);
			if (test_is_calm())
				assert_blocks(&p, n, head, buffers[i]);
			pair_close(&p);
		}
}

/* A value that is not cut where a buffer ends. */
static void
put_four(struct pair *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t)byte_at(p->put++) << 8 * i;
	cask_put_u32(&p->out, v);
}

static void
a_buffer_of_60_KiB_that_is_full_is_sent_as_it_is(void **state)
{
	static unsigned char buffer[BLOCK];
	struct pair p;
	int room = 1 << 20;

	(void)state;
	pair_open(&p);
	setsockopt(
	    cask_sock_fd(&p.s), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	p.out.buffer = buffer;
	p.out.buffer_size = sizeof buffer;
	cask_store(&p.out, &p.s.io);
	store(&p, 1);
	for (uint32_t i = 0; i < BLOCK / 4; i++)
		put_four(&p);
	if (test_is_calm()) {
		assert_int_equal(fault_count(FAULT_SEND), 1);
		assert_int_equal(fault_sent(0), BLOCK - 3);
		assert_int_equal(fault_allocations(), p.allocations);
	}
	assert_int_equal(cask_flush(&p.out), 0);
	if (test_is_calm())
		assert_int_equal(fault_sent(1), 4);
	take_all(&p);
	assert_int_equal(p.got, BLOCK + 1);
	pair_close(&p);
}

/* Not its last bytes on their own, which are less than a buffer. */
static void
a_block_and_what_is_before_it_take_as_few_sends_as_there_are_60_KiB(
    void **state)
{
	static const uint32_t sizes[] = { BUFFER, BUFFER + 1, 3 * BUFFER, 32768,
		BLOCK - 16, BLOCK, 2 * BLOCK, 80000, 200000 };
	static unsigned char block[200000];
	struct pair p;

	(void)state;
	for (size_t k = 0; k < COUNT(sizes); k++) {
		uint32_t n = sizes[k] + 16;

		pair_open(&p);
		read_beside(&p);
		store(&p, 16);
		for (size_t i = 0; i < sizes[k]; i++)
			block[i] = byte_at(p.put++);
		cask_put_bytes(&p.out, block, sizes[k]);
		assert_int_equal(cask_flush(&p.out), 0);
		assert_sends((n + BLOCK - 1) / BLOCK);
		assert_come(&p, n);
		pair_close(&p);
	}
}

/* … and the archive knows of none any more. */
static void
destroy(struct cask_timer *t)
{
	struct pair *p = t->user;

	cask_close(&p->s);
	memset(&p->s, 0xA5, sizeof p->s);
}

static void
a_socket_may_go_while_a_part_of_a_message_is_sent(void **state)
{
	static unsigned char block[1 << 20];

	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		struct cask_timer t = { .after_ms = 20, .fire = destroy };
		struct pair p;

		pair_open(&p);
		cask_timer_stop(&p.reader);
		t.user = &p;
		assert_int_equal(cask_timer_start(&t), 0);
		if (whole) /* and its last bytes stay in the buffer */
			cask_put_bytes(&p.out, block, sizeof block - 1);
		for (size_t i = 0; i < sizeof block && p.out.err == 0; i++)
			cask_put_u8(&p.out, 1);
		assert_int_equal(p.out.err, ECANCELED);
		assert_non_null(strstr(
		    cask_why(&p.out), "the socket was closed meanwhile"));
		cask_timer_stop(&t);
		close(p.peer);
		assert_int_equal(fault_allocations(), p.allocations);
	}
}

static void
however_sends_are_cut_all_arrives_in_order(void **state)
{
	static const size_t most[] = { 1, 7, 4095, 4097, 61439 };
	struct pair p;

	(void)state;
	for (size_t i = 0; i < COUNT(most); i++) {
		pair_open(&p);
		fault_shorten(most[i]);
		read_beside(&p);
		store(&p, 80000);
		assert_int_equal(cask_flush(&p.out), 0);
		assert_true(!test_is_calm() || fault_injected() > 0);
		assert_come(&p, 80000);
		pair_close(&p);
	}
}

static void
without_memory_it_is_sent_as_it_comes(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	fault_plan(FAULT_MALLOC, 0, true, ENOMEM);
	store(&p, 10000);
	assert_come(&p, 2 * BUFFER);
	assert_int_equal(cask_flush(&p.out), 0);
	assert_sends(3);
	assert_true(fault_injected() == 2 || !test_is_calm());
	assert_come(&p, 10000);
	pair_close(&p);
}

static void
what_strikes_held_bytes_is_told_by_the_flush(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	store(&p, 10000);
	assert_int_equal(p.out.err, 0);
	close(p.peer);
	p.peer = -1;
	assert_int_equal(cask_flush(&p.out), EPIPE);
	assert_int_equal(p.s.io.err, EPIPE);
	pair_close(&p);

	pair_open(&p);
	fault_plan(FAULT_SEND, 0, false, ECONNRESET);
	store(&p, 10000);
	assert_int_equal(fault_injected(), 0);
	assert_int_equal(cask_flush(&p.out), ECONNRESET);
	assert_int_equal(fault_injected(), 1);
	pair_close(&p);
}

static ptrdiff_t
load_word(struct pair *p, uint32_t *word)
{
	*word = cask_get_u32(&p->in);
	return p->in.err == 0 ? 4 : -1;
}

static ptrdiff_t
receive_word(struct pair *p, uint32_t *word)
{
	return cask_receive_all(&p->s, word, 4);
}

static ptrdiff_t
try_word(struct pair *p, uint32_t *word)
{
	unsigned char *byte = (unsigned char *)word;
	ptrdiff_t n = 1;

	for (size_t i = 0; i < 4 && n == 1; i++)
		n = cask_try_receive(&p->s, byte + i, 1);
	return n == 1 ? 4 : n;
}

static void
the_peers_last_words_come_although_held_bytes_could_not_be_sent(void **state)
{
	static ptrdiff_t (*const ways[])(struct pair * p,
	    uint32_t * word) = { load_word, receive_word, try_word };

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct pair p;
		uint32_t word;

		pair_open(&p);
		store(&p, 10000);
		assert_int_equal(send(p.peer, "xxxxyyyy", 8, 0), 8);
		take_all(&p);
		cask_timer_stop(&p.reader);
		close(p.peer);
		p.peer = -1;
		assert_int_equal(ways[i](&p, &word), 4);
		assert_memory_equal(&word, "xxxx", 4);
		assert_int_equal(ways[i](&p, &word), 4);
		assert_memory_equal(&word, "yyyy", 4);
		assert_int_equal(ways[i](&p, &word), -1);
		assert_int_equal(p.s.io.err, EPIPE);
		assert_int_equal(cask_flush(&p.out), EPIPE);
		pair_close(&p);
	}
}

static void
a_time_out_of_held_bytes_is_inside_a_message(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	p.s.timeout_ms = 20;
	cask_timer_stop(&p.reader);
	while (p.out.err == 0)
		store(&p, 10000);
	assert_int_equal(p.out.err, ETIMEDOUT);
	assert_int_equal(cask_sock_state(&p.s), CASK_POISONED);
	assert_int_equal(cask_resume(&p.s), ETIMEDOUT);
	pair_close(&p);
}

/* What lets go of held bytes: 2 buffers of them here, the rest being the
 * archive's still. */

static void
by_send(struct pair *p)
{
	unsigned char byte = byte_at(2 * BUFFER);

	assert_int_equal(cask_send(&p->s, &byte, 1), 0);
	assert_come(p, 2 * BUFFER + 1);
}

static void
by_try_send(struct pair *p)
{
	unsigned char byte = byte_at(2 * BUFFER);

	assert_int_equal(cask_try_send(&p->s, &byte, 1), 1);
	assert_come(p, 2 * BUFFER + 1);
}

static void
by_receive(struct pair *p)
{
	unsigned char byte;

	put(p, 1);
	assert_int_equal(cask_receive(&p->s, &byte, 1), 1);
	assert_come(p, 10000);
}

static void
by_try_receive(struct pair *p)
{
	unsigned char byte;

	assert_int_equal(cask_try_receive(&p->s, &byte, 1), -1);
	assert_int_equal(p->s.io.passing, EAGAIN);
	assert_come(p, 2 * BUFFER);
}

static void
by_peek(struct pair *p)
{
	unsigned char byte;

	assert_int_equal(cask_peek(&p->s, &byte, 1), -1);
	assert_come(p, 2 * BUFFER);
}

static void
by_load(struct pair *p)
{
	put(p, 1);
	(void)cask_get_u8(&p->in);
	assert_come(p, 10000);
}

static void
by_more_after_another_archive(struct pair *p)
{
	cask_store(&p->out, &p->s.io);
	put(p, 1);
	assert_true(cask_more(&p->in));
	assert_come(p, 2 * BUFFER);
}

static void
by_shutdown(struct pair *p)
{
	assert_int_equal(cask_shutdown(&p->s, CASK_SENDS), ENOTEMPTY);
	assert_come(p, 2 * BUFFER);
	cask_abort(&p->out);
	assert_int_equal(cask_shutdown(&p->s, CASK_SENDS), 0);
}

static void
by_close(struct pair *p)
{
	assert_int_equal(cask_close(&p->s), ENOTEMPTY);
	assert_come(p, 2 * BUFFER);
}

static void
by_detach(struct pair *p)
{
	assert_int_equal(cask_detach(&p->s), -1);
	assert_int_equal(p->s.io.passing, ENOTEMPTY);
	assert_come(p, 2 * BUFFER);
	cask_abort(&p->out);
	assert_int_equal(close(cask_detach(&p->s)), 0);
}

static void
whatever_else_is_done_sends_it_first(void **state)
{
	static void (*const ways[])(struct pair * p) = { by_send, by_try_send,
		by_receive, by_try_receive, by_peek, by_load,
		by_more_after_another_archive, by_shutdown, by_close,
		by_detach };
	struct pair p;

	(void)state;
	if (getenv("CASK_CHAOS") != NULL) /* it may not be sent at once */
		return;
	for (size_t i = 0; i < COUNT(ways); i++) {
		pair_open(&p);
		store(&p, 10000);
		assert_come(&p, 0);
		ways[i](&p);
		pair_close(&p);
	}
}

/* Whose peer waits for the message, too, may wait for ever: a message ends with
 * a flush. */
static void
calls_on_other_sockets_and_turns_of_the_pump_let_go_of_nothing(void **state)
{
	struct pair p, other;
	unsigned char byte;

	(void)state;
	pair_open(&other);
	other.s.timeout_ms = 5;
	pair_open(&p);
	store(&p, 10000);
	assert_int_equal(cask_receive(&other.s, &byte, 1), -1);
	assert_int_equal(other.s.io.err, ETIMEDOUT);
	assert_int_equal(cask_pump_turn(0, NULL), 0);
	assert_sends(0);
	assert_come(&p, 0);
	assert_int_equal(cask_flush(&p.out), 0);
	assert_sends(1);
	assert_come(&p, 10000);
	pair_close(&p);
	pair_close(&other);
}

static void
what_finds_no_room_is_not_overtaken_or_lost(void **state)
{
	static unsigned char junk[4096];
	struct pair p;

	(void)state;
	pair_open(&p);
	store(&p, 10000);
	fault_plan(FAULT_SEND, 0, true, EAGAIN);
	assert_int_equal(cask_try_send(&p.s, junk, sizeof junk), 0);
	assert_int_equal(cask_detach(&p.s), -1);
	assert_int_equal(p.s.io.passing, ENOTEMPTY);
	assert_true(fault_injected() > 0);
	fault_reset();
	assert_come(&p, 0);
	assert_int_equal(cask_flush(&p.out), 0);
	assert_come(&p, 10000);
	pair_close(&p);
}

static void
what_could_not_be_sent_is_said_at_shut_down_and_at_close(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	store(&p, 10000);
	fault_plan(FAULT_SEND, 0, true, EAGAIN);
	assert_int_equal(cask_shutdown(&p.s, CASK_SENDS), ENOTEMPTY);
	assert_string_equal(cask_sock_why(&p.s),
	    "shutdown unnamed: what an archive has stored has to be flushed "
	    "first");
	assert_int_equal(p.s.io.err, 0);
	assert_int_equal(cask_shutdown(&p.s, CASK_RECEIVES), 0);
	assert_string_equal(cask_sock_why(&p.s), "no error");
	assert_int_equal(cask_close(&p.s), ENOTEMPTY);
	assert_string_equal(cask_sock_why(&p.s),
	    "close unnamed: what an archive had stored was not sent "
	    "(cask_flush)");
	assert_true(fault_injected() > 0);
	pair_close(&p);
}

/* A program that forgets to flush is told so; one that does not want to isn't.
 */
static void
what_was_not_flushed_is_said_at_close_unless_it_was_given_up(void **state)
{
	(void)state;
	for (int how = 0; how < 5; how++) {
		struct pair p;

		pair_open(&p);
		store(&p, 4);
		if (how == 1)
			cask_flush(&p.out);
		else if (how == 2)
			cask_abort(&p.out);
		else if (how == 3)
			cask_store(&p.out, &p.s.io);
		else if (how == 4)
			cask_fail(&p.out, NULL, EPROTO, "no more");
		assert_int_equal(cask_close(&p.s),
		    how == 0       ? ENOTEMPTY
			: how == 4 ? EPROTO
				   : 0);
		if (how == 0)
			assert_string_equal(cask_sock_why(&p.s),
			    "close unnamed: what an archive had stored was not "
			    "sent (cask_flush)");
		assert_come(&p, how == 1 ? 4 : 0);
		pair_close(&p);
	}
}

/* Receiving */

static void
a_busy_stream_is_read_in_blocks_of_60_KiB(void **state)
{
	uint32_t n = 2 * BUFFER + BLOCK + 30000;
	struct pair p;
	long before;

	(void)state;
	pair_open(&p);
	before = fault_allocations();
	put(&p, n);
	load(&p, 2 * BUFFER);
	assert_receives(2);
	assert_int_equal(fault_allocations(), before);
	load(&p, n - 2 * BUFFER);
	assert_receives(4);
	assert_int_equal(fault_allocations(), before);
	pair_close(&p);
}

static void
one_that_is_not_is_not_read_ahead(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	for (int i = 0; i < 5; i++) {
		put(&p, BUFFER - 1);
		load(&p, BUFFER - 1);
	}
	assert_receives(5);
	assert_int_equal(fault_count(FAULT_REALLOC), 0);
	pair_close(&p);
}

static void
without_memory_it_is_read_as_before(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	fault_plan(FAULT_REALLOC, 0, true, ENOMEM);
	put(&p, 100000);
	load(&p, 100000);
	assert_receives(100000 / BUFFER + 1);
	assert_true(!test_is_calm() || fault_injected() > 0);
	pair_close(&p);
}

/* A busy stream that pauses waits for what it asked for, and no more. */
static void
a_busy_stream_that_stops_takes_no_memory_and_does_not_hang(void **state)
{
	struct pair p;

	(void)state;
	pair_open(&p);
	put(&p, 100000);
	load(&p, 100000);
	p.s.timeout_ms = 20;
	assert_false(cask_more(&p.in));
	assert_int_equal(p.in.err, ETIMEDOUT);
	assert_int_equal(cask_sock_state(&p.s), CASK_CLEAN);
	assert_null(p.s.ahead);
	assert_int_equal(cask_resume(&p.s), 0);
	cask_load(&p.in, &p.s.io);
	put(&p, 3);
	load(&p, 3);
	pair_close(&p);
}

static void
what_a_busy_stream_has_read_ahead_can_still_be_received(void **state)
{
	static unsigned char rest[100000];
	uint32_t n = 100000, had;
	struct pair p;

	(void)state;
	pair_open(&p);
	put(&p, n);
	load(&p, 2 * BUFFER + 1);
	had = 3 * BUFFER;
	if (test_is_calm()) {
		assert_int_equal(p.s.io.ahead, BLOCK - BUFFER);
		assert_int_equal(cask_available(&p.s), n - had);
		assert_int_equal(cask_pending(&p.in), BLOCK - 1);
		assert_int_equal(cask_detach(&p.s), -1);
		assert_int_equal(p.s.io.passing, ENOTEMPTY);
		assert_int_equal(
		    cask_receive_all(&p.s, rest, n - had), n - had);
		for (uint32_t i = 0; i < n - had; i++)
			assert_int_equal(rest[i], byte_at(had + i));
	}
	pair_close(&p);
}

static void
a_busy_stream_that_is_cut_says_so_after_every_byte(void **state)
{
	uint32_t n = 2 * BUFFER + 9000;
	struct pair p;

	(void)state;
	for (uint32_t cut = 2 * BUFFER - 2; cut < n;
	     cut += cut < 2 * BUFFER + 9 ? 1 : 499) {
		pair_open(&p);
		put(&p, cut);
		assert_int_equal(shutdown(p.peer, SHUT_WR), 0);
		load(&p, cut);
		assert_int_equal(cask_get_u8(&p.in), 0);
		assert_int_equal(p.in.err, CASK_ECUT);
		assert_int_equal(cask_at(&p.in), cut);
		pair_close(&p);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    a_message_that_fits_the_buffer_is_sent_once_and_takes_no_memory),
	cmocka_unit_test(
	    a_longer_one_is_sent_once_and_its_memory_is_given_back),
	cmocka_unit_test(a_long_one_goes_in_blocks_of_60_KiB),
	cmocka_unit_test(a_large_block_goes_behind_what_is_held_back),
	cmocka_unit_test(a_buffer_of_60_KiB_that_is_full_is_sent_as_it_is),
	cmocka_unit_test(
	    a_block_and_what_is_before_it_take_as_few_sends_as_there_are_60_KiB),
	cmocka_unit_test(a_socket_may_go_while_a_part_of_a_message_is_sent),
	cmocka_unit_test(however_sends_are_cut_all_arrives_in_order),
	cmocka_unit_test(without_memory_it_is_sent_as_it_comes),
	cmocka_unit_test(what_strikes_held_bytes_is_told_by_the_flush),
	cmocka_unit_test(
	    a_message_goes_in_blocks_of_60_KiB_and_one_rest_whatever_the_buffer),
	cmocka_unit_test(
	    the_peers_last_words_come_although_held_bytes_could_not_be_sent),
	cmocka_unit_test(a_time_out_of_held_bytes_is_inside_a_message),
	cmocka_unit_test(whatever_else_is_done_sends_it_first),
	cmocka_unit_test(
	    calls_on_other_sockets_and_turns_of_the_pump_let_go_of_nothing),
	cmocka_unit_test(what_finds_no_room_is_not_overtaken_or_lost),
	cmocka_unit_test(
	    what_could_not_be_sent_is_said_at_shut_down_and_at_close),
	cmocka_unit_test(
	    what_was_not_flushed_is_said_at_close_unless_it_was_given_up),
	cmocka_unit_test(a_busy_stream_is_read_in_blocks_of_60_KiB),
	cmocka_unit_test(one_that_is_not_is_not_read_ahead),
	cmocka_unit_test(without_memory_it_is_read_as_before),
	cmocka_unit_test(
	    a_busy_stream_that_stops_takes_no_memory_and_does_not_hang),
	cmocka_unit_test(
	    what_a_busy_stream_has_read_ahead_can_still_be_received),
	cmocka_unit_test(a_busy_stream_that_is_cut_says_so_after_every_byte),
};

RUN_TESTS(tests)
