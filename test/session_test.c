/*
 * Sessions without sockets: what is done to bytes, recordings, captures.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include <stdio.h>

#include "../tools/mischief.h"

/* Mischief.  A stream is fed in chunks of some size; what was flipped and
 * where pieces began is noted. */

#define STREAM 20000
#define NOTES  32768

struct run {
	unsigned char out[STREAM];
	size_t n;
	uint64_t note[NOTES];
	size_t notes;
	size_t longest; /* that was allowed at once */
};

static void
note(struct run *r, uint64_t what)
{
	assert_true(r->notes < NOTES);
	r->note[r->notes++] = what;
}

static void
note_flip(void *arg, uint64_t at, unsigned bit)
{
	note(arg, 1000000 + at * 8 + bit);
}

static int64_t
pass(struct run *r, struct mischief *m, const unsigned char *bytes, size_t n,
    int64_t came, int64_t now)
{
	for (size_t i = 0; i < n;) {
		uint64_t piece = m->piece_end;
		int64_t us;
		size_t k = mischief_allows(m, n - i, came, now, &us);

		if (m->piece_end != piece && m->piece_end < UINT32_MAX)
			note(r, m->piece_end - m->piece);
		if (k == 0 && us < 0)
			return now;
		assert_true(k <= n - i);
		if (k == 0) {
			assert_true(us > now);
			now = us;
			continue;
		}
		assert_true(r->n + k <= STREAM);
		assert_true(m->gone + k <= m->piece_end);
		memcpy(r->out + r->n, bytes + i, k);
		r->n += k;
		r->longest = k > r->longest ? k : r->longest;
		i += k;
		mischief_passed(m, k, now);
	}
	return now;
}

/* Gives the time that it took. */
static int64_t
feed(struct run *r, const struct plan *plan, unsigned connection, enum way way,
    size_t chunk)
{
	unsigned char bytes[STREAM];
	struct mischief m;
	int64_t now = 0;

	memset(r, 0, sizeof *r);
	mischief_begin(&m, plan, connection, way);
	for (size_t i = 0, k; i < STREAM; i += k) {
		k = STREAM - i < chunk ? STREAM - i : chunk;
		for (size_t j = 0; j < k; j++)
			bytes[j] = (unsigned char)((i + j) * 7);
		mischief_flip(&m, bytes, k, note_flip, r);
		now = pass(r, &m, bytes, k, now, now);
	}
	return now;
}

static struct run one, other;

/* Of a run, the notes of one kind, since chunks mix them differently. */
static size_t
notes_of(const struct run *r, bool flips, uint64_t *to)
{
	size_t n = 0;

	for (size_t i = 0; i < r->notes; i++)
		if ((r->note[i] >= 1000000) == flips)
			to[n++] = r->note[i];
	return n;
}

static void
assert_alike(void)
{
	static uint64_t a[NOTES], b[NOTES];

	assert_int_equal(one.n, other.n);
	assert_memory_equal(one.out, other.out, one.n);
	for (int flips = 0; flips < 2; flips++) {
		size_t n = notes_of(&one, flips, a);

		assert_int_equal(n, notes_of(&other, flips, b));
		assert_memory_equal(a, b, n * sizeof *a);
	}
}

static void
the_same_bytes_and_seed_give_the_same_however_the_bytes_come(void **state)
{
	static const size_t chunks[] = { 1, 2, 3, 7, 1000, 4096, STREAM };
	const struct plan plan = { .seed = 7, .split = 9, .flip = 100 };

	(void)state;
	feed(&one, &plan, 1, TO_SERVER, 64);
	assert_true(one.notes > STREAM / 9);
	for (size_t i = 0; i < COUNT(chunks); i++) {
		feed(&other, &plan, 1, TO_SERVER, chunks[i]);
		assert_alike();
	}
}

static void
another_seed_connection_or_direction_gives_something_else(void **state)
{
	const struct plan plan = { .seed = 7, .flip = 100 };
	const struct plan reseeded = { .seed = 8, .flip = 100 };
	const struct {
		const struct plan *plan;
		unsigned connection;
		enum way way;
	} runs[] = { { &reseeded, 1, TO_SERVER }, { &plan, 2, TO_SERVER },
		{ &plan, 1, TO_CLIENT } };

	(void)state;
	feed(&one, &plan, 1, TO_SERVER, 64);
	for (size_t i = 0; i < COUNT(runs); i++) {
		feed(&other, runs[i].plan, runs[i].connection, runs[i].way, 64);
		assert_int_equal(one.n, other.n);
		assert_memory_not_equal(one.out, other.out, one.n);
	}
}

static void
exactly_one_bit_of_each_block_is_flipped(void **state)
{
	const struct plan plan = { .seed = 3, .flip = 100 };
	size_t bits = 0;

	(void)state;
	feed(&one, &plan, 1, TO_SERVER, 64);
	for (size_t block = 0; block < STREAM; block += 100) {
		size_t before = bits;

		for (size_t i = block; i < block + 100; i++)
			for (int bit = 0; bit < 8; bit++)
				bits += ((one.out[i] ^ (i * 7)) >> bit) & 1;
		assert_int_equal(bits - before, 1);
	}
	assert_int_equal(one.notes, STREAM / 100);
}

static void
what_one_option_does_is_not_changed_by_another(void **state)
{
	const struct plan plain = { .seed = 5, .flip = 100 };
	const struct plan both = {
		.seed = 5, .flip = 100, .split = 3, .jitter_us = 10
	};

	(void)state;
	feed(&one, &plain, 1, TO_SERVER, 64);
	feed(&other, &both, 1, TO_SERVER, 64);
	assert_memory_equal(one.out, other.out, STREAM);
}

static void
delay_jitter_and_rate_take_their_time(void **state)
{
	const struct plan delay = { .delay_us = 1000 };
	const struct plan jitter = { .split = 10, .jitter_us = 1000 };
	const struct plan rate = { .rate = 10000 };
	int64_t us;

	(void)state;
	/* a chunk comes when the one before it is gone */
	assert_int_equal(
	    feed(&one, &delay, 1, TO_SERVER, 1000), 1000 * STREAM / 1000);
	/* all come at once, and no piece is later than the jitter says */
	us = feed(&one, &jitter, 1, TO_SERVER, STREAM);
	assert_true(us > 900 && us <= 1000);
	/* the last burst takes no time any more */
	us = feed(&one, &rate, 1, TO_SERVER, 1000);
	assert_true(us > 1950000 && us <= 2000000);
	assert_true(one.longest <= 1 + 10000 / 50);
}

static void
a_deed_comes_at_its_byte_and_the_first_one_wins(void **state)
{
	static const enum deed deeds[] = { DEED_CUT, DEED_RESET,
		DEED_HALF_CLOSE, DEED_STALL };
	struct plan plan = { .split = 3 };
	uint64_t *const at[] = { &plan.cut, &plan.reset, &plan.half_close,
		&plan.stall };

	(void)state;
	for (size_t i = 0; i < COUNT(deeds); i++) {
		unsigned char bytes[100] = { 0 };
		struct mischief m;

		*at[i] = 50;
		*at[(i + 1) % COUNT(at)] = 51;
		mischief_begin(&m, &plan, 1, TO_SERVER);
		memset(&one, 0, sizeof one);
		assert_int_equal(mischief_deed(&m), DEED_NONE);
		pass(&one, &m, bytes, sizeof bytes, 0, 0);
		assert_int_equal(one.n, 50);
		assert_int_equal(mischief_deed(&m), deeds[i]);
		*at[i] = *at[(i + 1) % COUNT(at)] = 0;
	}
}

/* Recordings */

static const struct endpoint ends[2] = { { "127.0.0.1", 41822 },
	{ "::1", 7000 } };

static void
write_session(FILE *f, void (*put)(FILE *f, const struct event *e))
{
	const struct event events[] = {
		{ EVENT_OPEN, TO_SERVER, 1, 184, 0, NULL, 0, NULL, ends },
		{ EVENT_BYTES, TO_SERVER, 1, 341, 0,
		    (const unsigned char *)"a\xff", 2, NULL, NULL },
		{ EVENT_DEED, TO_SERVER, 1, 342, 0, NULL, 0, "?", NULL },
		{ EVENT_END, TO_SERVER, 1, 1000517, 0, NULL, 0, "", NULL },
		{ EVENT_BYTES, TO_CLIENT, 1, 12000733, 0,
		    (const unsigned char *)"", 1, NULL, NULL },
		{ EVENT_LOST, TO_CLIENT, 1, 12000733, 0, NULL, 0, "?", NULL },
		{ EVENT_CUT, TO_CLIENT, 1, 12000734, 0, NULL, 0, "?", NULL },
		{ EVENT_CLOSE, TO_SERVER, 1, 12000735, 0, NULL, 0, "?", NULL },
	};

	for (size_t i = 0; i < COUNT(events); i++)
		put(f, &events[i]);
}

static const char session[] = "cask session 1\n"
			      "0.000184 1 open 127.0.0.1:41822 [::1]:7000\n"
			      "0.000341 1 > 61ff\n"
			      "1.000517 1 > end\n"
			      "12.000733 1 < 00\n"
			      "12.000733 1 < reset\n"
			      "12.000734 1 cut\n";

static void
a_recording_has_a_line_for_what_each_program_did(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_non_null(f);
	record_begin(f);
	write_session(f, record_event);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, session);
	free(text);
}

static void
many_bytes_are_in_lines_of_512(void **state)
{
	static unsigned char bytes[1025];
	const struct event e = { .kind = EVENT_BYTES,
		.connection = 3,
		.bytes = bytes,
		.n = sizeof bytes };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_non_null(f);
	record_event(f, &e);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(n, 3 * strlen("0.000000 3 > \n") + 2 * 1025);
	assert_memory_equal(text + n - 4,
	    "\x20"
	    "00\n",
	    4);
	free(text);
}

/* Read the n bytes of a text. */
static bool
read_text(struct recording *r, const char *text, size_t n, char *why)
{
	FILE *f = fmemopen((void *)(uintptr_t)text, n, "rb");
	bool well;

	assert_non_null(f);
	well = recording_read(r, f, why);
	fclose(f);
	return well;
}

static void
a_recording_is_read_as_it_was_written(void **state)
{
	struct recording r;
	char why[RECORDING_WHY];

	(void)state;
	assert_true(read_text(&r, session, sizeof session - 1, why));
	assert_int_equal(r.count, 6);
	assert_int_equal(r.open, 1);
	assert_int_equal(r.steps[1].kind, EVENT_BYTES);
	assert_int_equal(r.steps[1].us, 341);
	assert_int_equal(r.steps[1].until, 2);
	assert_int_equal(r.talks[0].way[TO_SERVER].n, 2);
	assert_memory_equal(r.talks[0].way[TO_SERVER].bytes, "a\xff", 2);
	assert_int_equal(r.steps[4].kind, EVENT_LOST);
	assert_int_equal(r.steps[4].way, TO_CLIENT);
	assert_int_equal(r.steps[4].us, 12000733);
	assert_int_equal(r.steps[5].kind, EVENT_CUT);
	recording_free(&r);
}

static void
a_recording_that_was_cut_is_taken_between_lines_only(void **state)
{
	struct recording r;
	char why[RECORDING_WHY], want[100];
	size_t lines = 0;

	(void)state;
	for (size_t n = 1; n < sizeof session; n++) {
		char *exact = malloc(n);
		bool whole = session[n - 1] == '\n';

		assert_non_null(exact);
		memcpy(exact, session, n);
		assert_int_equal(read_text(&r, exact, n, why), whole);
		snprintf(want, sizeof want,
		    "%zu: it has no newline: the rest is missing", lines + 1);
		if (!whole)
			assert_string_equal(why, want);
		lines += whole;
		recording_free(&r);
		free(exact);
	}
}

/* What stands behind the first line, and why it can't. */
static const struct {
	const char *text; /* behind the first line */
	const char *why;
} wrong[] = {
	{ "x\n", "2: it does not begin with a time" },
	{ "-1.000000 1 open\n", "2: it does not begin with a time" },
	{ "9999999999999.000000 1 open\n", "2: it does not begin with a time" },
	{ "1.0 1 open\n", "2: its time has not 6 decimals" },
	{ "1.0000000 1 open\n", "2: its time has not 6 decimals" },
	{ "1.000000\n", "2: its time has not 6 decimals" },
	{ "1.000000 0 open\n",
	    "2: no number of a connection follows the time" },
	{ "1.000000 9999999999 open\n",
	    "2: no number of a connection follows the time" },
	{ "1.000000 1\n", "2: no number of a connection follows the time" },
	{ "1.000000 1 \n", "2: connection 1 has not been opened" },
	{ "1.000000 1 > 00\n", "2: connection 1 has not been opened" },
	{ "1.000000 1001 open\n",
	    "2: connection 1001, but only 0 were opened before it" },
	{ "1.000000 1 open\n\n#\n0.999999 1 cut\n",
	    "5: its time is before that of the line above" },
	{ "1.000000 1 open\n1.000000 1 open\n",
	    "3: connection 1 is open already" },
	{ "1.000000 1 open\n1.000000 1 close\n",
	    "3: neither 'open', '>', '<' nor 'cut' follows" },
	{ "1.000000 1 open\n1.000000 1 cut x\n",
	    "3: neither 'open', '>', '<' nor 'cut' follows" },
	{ "1.000000 1 open\n1.000000 1 > \n", "3: it has no bytes" },
	{ "1.000000 1 open\n1.000000 1 > 0\n",
	    "3: byte 0 is not in hexadecimal" },
	{ "1.000000 1 open\n1.000000 1 > 00FF\n",
	    "3: byte 1 is not in hexadecimal" },
	{ "1.000000 1 open\n1.000000 1 > end x\n",
	    "3: something follows its end" },
	{ "1.000000 1 open\n1.000000 1 > end\n1.000000 1 > 00\n",
	    "4: that way has ended already" },
	{ "1.000000 1 open\n1.000000 1 > reset\n1.000000 1 > end\n",
	    "4: connection 1 is over already" },
	{ "1.000000 1 open\n1.000000 1 cut\n1.000000 1 < 00\n",
	    "4: connection 1 is over already" },
};

static void
what_is_wrong_in_a_recording_is_named_with_its_line(void **state)
{
	char text[256], why[RECORDING_WHY];
	struct recording r;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		int n = snprintf(
		    text, sizeof text, RECORD_HEAD "\n%s", wrong[i].text);

		assert_false(read_text(&r, text, (size_t)n, why));
		assert_string_equal(why, wrong[i].why);
		recording_free(&r);
	}
	assert_false(read_text(&r, "cask session 2\n", 15, why));
	assert_string_equal(why, "1: it is not 'cask session 1'");
	recording_free(&r);
	assert_false(read_text(&r, "cask session 1\n\0\n", 17, why));
	assert_string_equal(why, "2: it has a NUL");
	recording_free(&r);
}

static void
a_line_that_is_too_long_is_refused(void **state)
{
	static char text[5000] = RECORD_HEAD "\n";
	char why[RECORDING_WHY];
	struct recording r;

	(void)state;
	memset(text + strlen(text), 'x', 4000);
	assert_false(read_text(&r, text, strlen(text), why));
	assert_string_equal(why, "2: it is longer than 1087 bytes");
	recording_free(&r);
}

/* Captures */

static struct pcap_talk talk;

static void
put_packet(FILE *f, const struct event *e)
{
	pcap_event(f, &talk, e);
}

static unsigned
word(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The sum of what has a right checksum in it. */
static unsigned
sum(unsigned v, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		v += word(p + i);
	if (n % 2 == 1)
		v += (unsigned)p[n - 1] << 8;
	while (v >> 16 != 0)
		v = (v & 0xFFFF) + (v >> 16);
	return v;
}

/* The flags of each packet, and what it carries, as words. */
static size_t
tell_packets(const unsigned char *p, size_t n, char *words, size_t size)
{
	size_t count = 0, to = 0;

	while (n >= 16) {
		size_t length = (size_t)(p[8] | p[9] << 8);
		const unsigned char *ip = p + 16, *tcp;
		bool v6 = ip[0] >> 4 == 6;
		size_t head = v6 ? 40 : 20;
		unsigned pseudo;

		assert_memory_equal(p + 8, p + 12, 4);
		assert_true(16 + length <= n);
		tcp = ip + head;
		if (!v6) {
			assert_int_equal(word(ip + 2), length);
			assert_int_equal(sum(0, ip, 20), 0xFFFF);
			pseudo = sum(6 + (unsigned)(length - head), ip + 12, 8);
		} else {
			assert_int_equal(word(ip + 4), length - head);
			pseudo = sum(6 + (unsigned)(length - head), ip + 8, 32);
		}
		assert_int_equal(sum(pseudo, tcp, length - head), 0xFFFF);
		to += (size_t)snprintf(words + to, size - to,
		    "%u>%u %02x %u/%u %zu\n", word(tcp), word(tcp + 2), tcp[13],
		    word(tcp + 6), word(tcp + 10), length - head - 20);
		p += 16 + length;
		n -= 16 + length;
		count++;
	}
	assert_int_equal(n, 0);
	return count;
}

static void
a_capture_is_what_tcp_would_have_done(void **state)
{
	char *text = NULL, words[2048];
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_non_null(f);
	pcap_begin(f);
	memset(&talk, 0, sizeof talk);
	write_session(f, put_packet);
	assert_int_equal(fclose(f), 0);
	tell_packets((unsigned char *)text + 24, n - 24, words, sizeof words);
	assert_string_equal(words,
	    "41822>7000 02 1000/0 0\n"
	    "7000>41822 12 2000/1001 0\n"
	    "41822>7000 10 1001/2001 0\n"
	    "41822>7000 18 1001/2001 2\n"
	    "7000>41822 10 2001/1003 0\n"
	    "41822>7000 11 1003/2001 0\n"
	    "7000>41822 10 2001/1004 0\n"
	    "7000>41822 18 2001/1004 1\n"
	    "41822>7000 10 1004/2002 0\n"
	    "7000>41822 14 2002/1004 0\n");
	free(text);
}

static void
large_chunks_are_segments_that_fit(void **state)
{
	static const struct endpoint v4[2] = { { "10.0.0.1", 1 },
		{ "10.0.0.2", 2 } };
	static unsigned char bytes[100000];
	const struct event open = { .kind = EVENT_OPEN, .ends = v4 };
	const struct event e = {
		.kind = EVENT_BYTES, .bytes = bytes, .n = sizeof bytes
	};
	static char words[32768];
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_non_null(f);
	memset(&talk, 0, sizeof talk);
	pcap_event(f, &talk, &open);
	pcap_event(f, &talk, &e);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(
	    tell_packets((unsigned char *)text, n, words, sizeof words),
	    3 + 2 * (100000 / 1440 + 1));
	assert_int_equal(talk.next[TO_SERVER], 1001 + 100000);
	free(text);
}

/* As tshark has read it, and found nothing wrong with. */
static const unsigned char capture[] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0,
	/* SYN */
	1, 0, 0, 0, 2, 0, 0, 0, 40, 0, 0, 0, 40, 0, 0, 0, 0x45, 0, 0, 40, 0, 0,
	0x40, 0, 64, 6, 0x26, 0xce, 10, 0, 0, 1, 10, 0, 0, 2, 0x12, 0x34, 0x1b,
	0x58, 0, 0, 3, 0xe8, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0x6a, 0x6c, 0,
	0 };

static void
a_capture_has_these_bytes(void **state)
{
	static const struct endpoint v4[2] = { { "10.0.0.1", 0x1234 },
		{ "10.0.0.2", 7000 } };
	const struct event open = {
		.kind = EVENT_OPEN, .us = 1000002, .ends = v4
	};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_non_null(f);
	memset(&talk, 0, sizeof talk);
	pcap_begin(f);
	pcap_event(f, &talk, &open);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(n, 24 + 3 * (16 + 40));
	assert_memory_equal(text, capture, sizeof capture);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_same_bytes_and_seed_give_the_same_however_the_bytes_come),
		cmocka_unit_test(
		    another_seed_connection_or_direction_gives_something_else),
		cmocka_unit_test(exactly_one_bit_of_each_block_is_flipped),
		cmocka_unit_test(
		    what_one_option_does_is_not_changed_by_another),
		cmocka_unit_test(delay_jitter_and_rate_take_their_time),
		cmocka_unit_test(
		    a_deed_comes_at_its_byte_and_the_first_one_wins),
		cmocka_unit_test(
		    a_recording_has_a_line_for_what_each_program_did),
		cmocka_unit_test(many_bytes_are_in_lines_of_512),
		cmocka_unit_test(a_recording_is_read_as_it_was_written),
		cmocka_unit_test(
		    a_recording_that_was_cut_is_taken_between_lines_only),
		cmocka_unit_test(
		    what_is_wrong_in_a_recording_is_named_with_its_line),
		cmocka_unit_test(a_line_that_is_too_long_is_refused),
		cmocka_unit_test(a_capture_is_what_tcp_would_have_done),
		cmocka_unit_test(large_chunks_are_segments_that_fit),
		cmocka_unit_test(a_capture_has_these_bytes),
	};

	test_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
