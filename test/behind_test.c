/*
 * Tests of lib/behind.c: headers of the PROXY protocol, byte by byte.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include <cask/behind.h>
#include <cask/error.h>

#include <arpa/inet.h>
#include <sys/un.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* One string literal, which may have NULs in it. */
#define BYTES(literal) (literal), sizeof(literal) - 1

/*
 * An address as "host port"; "" for none.  The paths are 108 bytes each, whose
 * NULs are at the end.
 */
struct header {
	const char *bytes;
	size_t n;
	unsigned version;
	bool local;
	const char *source, *destination;
};

#define NULS12 "\0\0\0\0\0\0\0\0\0\0\0\0"
#define NULS96 NULS12 NULS12 NULS12 NULS12 NULS12 NULS12 NULS12 NULS12

#define A4 "\xc0\xa8\x00\x01\xc0\xa8\x00\x0b\xdc\x04\x01\xbb"
#define A6                                           \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x11\xdc\x04\x01\xbb"
#define FROM4 "192.168.0.1 56324"
#define TO4   "192.168.0.11 443"
#define FROM6 "2001:db8::1 56324"
#define TO6   "2001:db8::11 443"

static const struct header good[] = {
	/* the example of the specification */
	{ BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"), 1, false,
	    FROM4, TO4 },
	{ BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
	    1, false, "255.255.255.255 65535", "255.255.255.255 65535" },
	{ BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), 1, false, "0.0.0.0 0",
	    "0.0.0.0 0" },
	{ BYTES("PROXY TCP6 2001:db8::1 2001:DB8:0:0:0:0:0:0011 56324 443\r\n"),
	    1, false, FROM6, TO6 },
	{ BYTES("PROXY TCP6 :: :: 0 0\r\n"), 1, false, ":: 0", ":: 0" },
	{ BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    1, false, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535" },
	{ BYTES("PROXY TCP6 ::ffff:10.1.2.3 ::1 7 8\r\n"), 1, false,
	    "10.1.2.3 7", "::1 8" },
	{ BYTES("PROXY UNKNOWN\r\n"), 1, true, "", "" },
	{ BYTES("PROXY UNKNOWN \r\n"), 1, true, "", "" },
	{ BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	    1, true, "", "" },
	{ BYTES("PROXY UNKNOWN any\0thing \xff\r\n"), 1, true, "", "" },

	{ BYTES(SIGNATURE "\x21\x11\0\x0c" A4), 2, false, FROM4, TO4 },
	{ BYTES(SIGNATURE "\x21\x12\0\x0c" A4), 2, false, FROM4, TO4 },
	{ BYTES(SIGNATURE "\x21\x21\0\x24" A6), 2, false, FROM6, TO6 },
	{ BYTES(SIGNATURE "\x21\x31\0\xd8"
			  "/run/client\0" NULS96 "@/run/server" NULS96),
	    2, false, "/run/client 0", "@/run/server 0" },
	{ BYTES(SIGNATURE "\x21\x31\0\xd8" NULS12 NULS96
			  "\0abstract\0\0\0" NULS96),
	    2, false, " 0", "@abstract 0" },
	{ BYTES(SIGNATURE "\x20\0\0\0"), 2, true, "", "" },
	{ BYTES(SIGNATURE "\x21\0\0\0"), 2, true, "", "" },
	{ BYTES(SIGNATURE "\x21\0\0\x05what?"), 2, true, "", "" },
	{ BYTES(SIGNATURE "\x21\x10\0\x0c" A4), 2, true, "", "" },
	{ BYTES(SIGNATURE "\x21\x01\0\x03\1\2\3"), 2, true, "", "" },
	/* of one's own: nothing in it matters */
	{ BYTES(SIGNATURE "\x20\x11\0\x0c" A4), 2, true, "", "" },
	{ BYTES(SIGNATURE "\x20\xff\0\x04\xff\xff\xff\xff"), 2, true, "", "" },
	{ BYTES(SIGNATURE "\x20\x31\0\x01?"), 2, true, "", "" },
	{ BYTES(SIGNATURE "\x20\0\0\x04\x03\0\x01?"), 2, true, "", "" },
	/* additions, and checksums, which another program has computed */
	{ BYTES(SIGNATURE "\x21\x11\0\x10" A4 "\x04\0\x01?"), 2, false, FROM4,
	    TO4 },
	{ BYTES(SIGNATURE "\x21\x11\0\x15" A4 "\x04\0\0\x05\0\x03\3\0\4"), 2,
	    false, FROM4, TO4 },
	{ BYTES(SIGNATURE "\x21\x11\0\x20" A4 "\x04\0\x03\0\0\0\x03\0\x04"
			  "\x9b\x34\x89\xbc\xea\0\x04vpce"),
	    2, false, FROM4, TO4 },
	{ BYTES(SIGNATURE "\x21\x21\0\x2b" A6 "\x03\0\x04\xdf\x08\xdd\x79"), 2,
	    false, FROM6, TO6 },
	{ BYTES(SIGNATURE "\x20\0\0\x07\x03\0\x04\xa9\xb8\x7e\x8f"), 2, true,
	    "", "" }, /* what HAProxy 2.6 sends for a client: without more, and
	 with a checksum and an empty identifier */
	{ BYTES(SIGNATURE "\x21\x11\0\x0c\x7f\0\0\7\x7f\0\0\1\x82\xbd\x42\x72"),
	    2, false, "127.0.0.7 33469", "127.0.0.1 17010" },
	{ BYTES(SIGNATURE "\x21\x11\0\x16\x7f\0\0\7\x7f\0\0\1\xe9\xf1\x42\x7c"
			  "\x03\0\x04\xb9\x47\x17\xff\x05\0\0"),
	    2, false, "127.0.0.7 59889", "127.0.0.1 17020" },
};

static void
assert_addr(const struct cask_addr *a, const char *text)
{
	char host[112], both[128];
	uint16_t port;

	if (*text == '\0') {
		assert_int_equal(
		    cask_addr_text(a, host, sizeof host, &port), EINVAL);
		return;
	}
	assert_int_equal(cask_addr_text(a, host, sizeof host, &port), 0);
	snprintf(both, sizeof both, "%s %u", host, port);
	assert_string_equal(both, text);
}

/* In a block of just their size, behind a byte that is not theirs. */
static int
read_exactly(struct cask_behind *b, const void *bytes, size_t n)
{
	unsigned char *exact = malloc(n + 1);
	int err;

	assert_non_null(exact);
	if (n > 0)
		memcpy(exact + 1, bytes, n);
	memset(b, 0xa5, sizeof *b);
	err = cask_behind_read(b, exact + 1, n);
	free(exact);
	if (err != 0) {
		assert_false(b->local);
		assert_int_equal(b->length, 0);
		assert_addr(&b->source, "");
		assert_addr(&b->destination, "");
	}
	assert_int_equal(b->more > 0, err == EAGAIN);
	assert_int_equal(*b->why != '\0', err != 0 && err != EAGAIN);
	return err;
}

static void
assert_header(const struct cask_behind *b, const struct header *h)
{
	assert_int_equal(b->version, h->version);
	assert_int_equal(b->length, h->n);
	assert_int_equal(b->local, h->local);
	assert_addr(&b->source, h->source);
	assert_addr(&b->destination, h->destination);
}

static void
a_header_says_who_connected_to_whom(void **state)
{
	struct cask_behind b;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(read_exactly(&b, good[i].bytes, good[i].n), 0);
		assert_header(&b, &good[i]);
	}
}

static void
what_follows_the_header_is_not_looked_at(void **state)
{
	char bytes[512];
	struct cask_behind b;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		for (int c = 0; c < 256; c++) {
			size_t n = good[i].n;

			memcpy(bytes, good[i].bytes, n);
			memset(bytes + n, c, 200);
			for (size_t by = 1; by <= 200; by += 199) {
				assert_int_equal(
				    read_exactly(&b, bytes, n + by), 0);
				assert_header(&b, &good[i]);
			}
		}
}

static void
a_header_cut_after_any_byte_asks_for_no_byte_beyond_it(void **state)
{
	struct cask_behind b;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		for (size_t n = 0; n < good[i].n; n++) {
			assert_int_equal(
			    read_exactly(&b, good[i].bytes, n), EAGAIN);
			assert_true(b.more <= good[i].n - n);
			assert_true(b.version == 0
				? n == 0
				: b.version == good[i].version);
		}
}

/* As a program does that takes from a socket what it asks for. */
static void
asking_for_more_ends_with_the_header(void **state)
{
	struct cask_behind b;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		size_t n = 0, rounds = 0;
		int err;

		while ((err = read_exactly(&b, good[i].bytes, n)) == EAGAIN) {
			n += b.more;
			rounds++;
		}
		assert_int_equal(err, 0);
		assert_int_equal(n, good[i].n);
		assert_true(rounds <= (b.version == 2 ? 3 : n / 2));
	}
}

/* What is wrong once stays wrong, whatever follows. */
static void
a_header_with_any_bit_flipped_is_judged_once(void **state)
{
	struct cask_behind b;
	char bytes[512];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		for (size_t bit = 0; bit < 8 * good[i].n; bit++) {
			int before = EAGAIN;

			memcpy(bytes, good[i].bytes, good[i].n);
			bytes[bit / 8] ^= (char)(1 << bit % 8);
			for (size_t n = 0; n <= good[i].n; n++) {
				int err = read_exactly(&b, bytes, n);

				if (before != EAGAIN)
					assert_int_equal(err, before);
				before = err;
			}
			if (bit / 8 < 12 &&
			    (good[i].version == 2 || bit / 8 < 6))
				assert_int_equal(before, EPROTO);
		}
}

/* But in what says whether there is a checksum, and where: the family, the
 * length, and the fronts of the additions. */
static void
a_checksum_finds_any_two_bits_that_were_flipped(void **state)
{
	static const struct {
		size_t n;
		const char *bytes, *fronts;
	} checked[] = {
		{ 48,
		    SIGNATURE "\x21\x11\0\x20" A4 "\x04\0\x03\0\0\0"
			      "\x03\0\x04\x9b\x34\x89\xbc\xea\0\x04vpce",
		    "\x0d\x0f\x1c\x1d\x1e\x22\x23\x24\x29\x2a\x2b" },
		{ 59,
		    SIGNATURE "\x21\x21\0\x2b" A6 "\x03\0\x04\xdf\x08\xdd\x79",
		    "\x0d\x0f\x34\x35\x36" },
	};
	struct cask_behind b;
	char bytes[64];

	(void)state;
	for (size_t i = 0; i < COUNT(checked); i++) {
		const size_t n = checked[i].n;

		assert_int_equal(cask_behind_read(&b, checked[i].bytes, n), 0);
		for (size_t k = 0; k < 64 * n * n; k++) {
			size_t one = k / (8 * n), two = k % (8 * n);

			if (strchr(checked[i].fronts, (int)(one / 8)) ||
			    strchr(checked[i].fronts, (int)(two / 8)))
				continue;
			memcpy(bytes, checked[i].bytes, n);
			bytes[one / 8] ^= (char)(1 << one % 8);
			if (one != two)
				bytes[two / 8] ^= (char)(1 << two % 8);
			assert_int_not_equal(cask_behind_read(&b, bytes, n), 0);
		}
	}
}

/* Bad ones: the words, and after how many bytes they come. */

static const struct {
	const char *bytes;
	size_t n, shows;
	const char *why;
	int err;
} wrong[] = {
	{ BYTES("GET / HTTP/1.1\r\n\r\n"), 1,
	    "no PROXY header: \"GET / HTTP/1.1\\x0d\\x0a\\x0d\\x0a\"", EPROTO },
	{ BYTES("PROXX"), 5, "no PROXY header: \"PROXX\"", EPROTO },
	{ BYTES("proxy "), 1, "no PROXY header: \"proxy \"", EPROTO },
	{ BYTES("PROXY\tTCP4"), 6, "no PROXY header: \"PROXY\\x09TCP4\"",
	    EPROTO },
	{ BYTES("\0\0\0\5hello"), 1,
	    "no PROXY header: \"\\x00\\x00\\x00\\x05hello\"", EPROTO },
	{ BYTES("\r\n\r\n\0\r\nQUIT\r"), 12,
	    "no PROXY header: "
	    "\"\\x0d\\x0a\\x0d\\x0a\\x00\\x0d\\x0aQUIT\\x0d\"",
	    EPROTO },
	{ BYTES("a message of more than twenty bytes"), 1,
	    "no PROXY header: \"a message of more than t\"...", EPROTO },

#define ONE "PROXY header, version 1: "
	{ BYTES("PROXY  TCP4"), 7,
	    ONE "protocol \"\", not TCP4, TCP6 or UNKNOWN", EPROTO },
	{ BYTES("PROXY TCP5 "), 10,
	    ONE "protocol \"TCP5\", not TCP4, TCP6 or UNKNOWN", EPROTO },
	{ BYTES("PROXY UDP4 1.1.1.1"), 8,
	    ONE "protocol \"UDP4\", not TCP4, TCP6 or UNKNOWN", EPROTO },
	{ BYTES("PROXY TCP\r\n"), 10,
	    ONE "protocol \"TCP\", not TCP4, TCP6 or UNKNOWN", EPROTO },
	{ BYTES("PROXY UNKNOWNS\r\n"), 14,
	    ONE "protocol \"UNKNOWNS\", not TCP4, TCP6 or UNKNOWN", EPROTO },
	{ BYTES("PROXY UNKNOWN\0\r\n"), 14,
	    ONE "protocol \"UNKNOWN\\x00\", not TCP4, TCP6 or UNKNOWN",
	    EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n"), 31, ONE "LF without a CR",
	    EPROTO },
	{ BYTES("PROXY TCP4\n"), 11, ONE "LF without a CR", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r3\r\n"), 32,
	    ONE "CR without an LF", EPROTO },
	{ BYTES("PROXY UNKNOWN \n\r\n"), 15, ONE "LF without a CR", EPROTO },
	{ BYTES("PROXY TCP4 \r\n"), 13,
	    ONE "source address \"\" is not of IPv4", EPROTO },
	{ BYTES("PROXY TCP4\r\n"), 12, ONE "source address \"\" is not of IPv4",
	    EPROTO },
	{ BYTES("PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n"), 33,
	    ONE "source address \"\" is not of IPv4", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n"), 30,
	    ONE "source address \"1.1.1\" is not of IPv4", EPROTO },
	{ BYTES("PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n"), 33,
	    ONE "source address \"01.1.1.1\" is not of IPv4", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.256 1 2\r\n"), 34,
	    ONE "destination address \"2.2.2.256\" is not of IPv4", EPROTO },
	{ BYTES("PROXY TCP4 ::1 ::1 1 2\r\n"), 24,
	    ONE "source address \"::1\" is not of IPv4", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1\t2.2.2.2 1 2\r\n"), 32,
	    ONE "source address \"1.1.1.1\\x092.2.2.2\" is not of IPv4",
	    EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1\0 2.2.2.2 1 2\r\n"), 33,
	    ONE "source address \"1.1.1.1\\x00\" is not of IPv4", EPROTO },
	{ BYTES("PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n"), 32,
	    ONE "source address \"1.1.1.1\" is not of IPv6", EPROTO },
	{ BYTES("PROXY TCP6 fe80::1%lo ::1 1 2\r\n"), 31,
	    ONE "source address \"fe80::1%lo\" is not of IPv6", EPROTO },
	{ BYTES("PROXY TCP6 ::1 1::2::3 1 2\r\n"), 28,
	    ONE "destination address \"1::2::3\" is not of IPv6", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n"), 30,
	    ONE "destination port \"\"", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2  2\r\n"), 31,
	    ONE "source port \"\"", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 07 2\r\n"), 33,
	    ONE "source port \"07\"", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n"), 36,
	    ONE "source port \"65536\"", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 4294967297 2\r\n"), 41,
	    ONE "source port \"4294967297\"", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 -2\r\n"), 33,
	    ONE "destination port \"-2\"", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n"), 33,
	    ONE "more than addresses and ports", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n"), 34,
	    ONE "more than addresses and ports", EPROTO },
	{ BYTES("PROXY TCP4 1.1.1.1 2.2.2.2 1 2                             "
		"                                                    \r\n"),
	    106, ONE "no CR and LF within 107 bytes", EPROTO },

#define TWO "PROXY header, version 2: "
	{ BYTES(SIGNATURE "\x11\x11\0\x0c" A4), 13, TWO "it says version 1",
	    EPROTO },
	{ BYTES(SIGNATURE "\x31\x11\0\x0c" A4), 13, TWO "it says version 3",
	    EPROTO },
	{ BYTES(SIGNATURE "\x22\x11\0\x0c" A4), 13, TWO "command 2", EPROTO },
	{ BYTES(SIGNATURE "\x21\x41\0\x0c" A4), 14, TWO "family 4 of addresses",
	    EPROTO },
	{ BYTES(SIGNATURE "\x21\x13\0\x0c" A4), 14, TWO "transport 3", EPROTO },
	{ BYTES(SIGNATURE "\x21\x03\0\x0c" A4), 14, TWO "transport 3", EPROTO },
	{ BYTES(SIGNATURE "\x21\x11\0\x0b" A4), 16,
	    TWO "11 bytes of addresses, 12 expected", EPROTO },
	{ BYTES(SIGNATURE "\x21\x21\0\x0c" A4), 16,
	    TWO "12 bytes of addresses, 36 expected", EPROTO },
	{ BYTES(SIGNATURE "\x21\x31\0\x24" A6), 16,
	    TWO "36 bytes of addresses, 216 expected", EPROTO },
	{ BYTES(SIGNATURE "\x21\x11\x0f\xf1" A4), 16,
	    TWO "length 4097, limit 4096 bytes", CASK_ELIMIT },
	{ BYTES(SIGNATURE "\x20\0\xff\xff"), 16,
	    TWO "length 65551, limit 4096 bytes", CASK_ELIMIT },
	{ BYTES(SIGNATURE "\x21\x11\0\x0d" A4 "\x04"), 29,
	    TWO "addition 04 at byte 28 is cut", EPROTO },
	{ BYTES(SIGNATURE "\x21\x11\0\x0e" A4 "\x04\0"), 30,
	    TWO "addition 04 at byte 28 is cut", EPROTO },
	{ BYTES(SIGNATURE "\x21\x11\0\x0f" A4 "\x05\0\x01"), 31,
	    TWO "addition 05 at byte 28 is cut", EPROTO },
	{ BYTES(SIGNATURE "\x21\x11\0\x13" A4 "\x04\0\x01?\xe0\xff\xff"), 35,
	    TWO "addition e0 at byte 32 is cut", EPROTO },
	{ BYTES(SIGNATURE "\x21\x11\0\x12" A4 "\x03\0\x03\1\2\3"), 34,
	    TWO "a checksum that has not 4 bytes, at byte 28", EPROTO },
	{ BYTES(SIGNATURE "\x21\x21\0\x2b" A6 "\x03\0\x04\xdf\x08\xdd\x78"), 59,
	    TWO "checksum df08dd78, df08dd79 expected", EPROTO },
	{ BYTES(SIGNATURE "\x20\0\0\x07\x03\0\x04\xa9\xb8\x7e\x80"), 23,
	    TWO "checksum a9b87e80, a9b87e8f expected", EPROTO },
};

static void
what_is_wrong_is_named_as_soon_as_it_shows(void **state)
{
	struct cask_behind b;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		int err = read_exactly(&b, wrong[i].bytes, wrong[i].n);

		assert_string_equal(b.why, wrong[i].why);
		assert_int_equal(err, wrong[i].err);
		for (size_t n = 0; n <= wrong[i].n; n++)
			assert_int_equal(read_exactly(&b, wrong[i].bytes, n),
			    n < wrong[i].shows ? EAGAIN : wrong[i].err);
	}
}

/* Each is over the other, so that no two could be right but by chance. */
static void
a_second_checksum_is_refused(void **state)
{
	char bytes[] =
	    SIGNATURE "\x21\x11\0\x1a" A4 "\x03\0\x04????\x03\0\x04????";
	struct cask_behind b;
	unsigned long is, be;

	(void)state;
	assert_int_equal(read_exactly(&b, bytes, 42), EPROTO);
	assert_int_equal(sscanf(b.why, TWO "checksum %lx, %lx", &is, &be), 2);
	assert_int_equal(is, 0x3f3f3f3f);
	for (int i = 0; i < 4; i++)
		bytes[31 + i] = (char)(be >> (24 - 8 * i));
	assert_int_equal(read_exactly(&b, bytes, 42), EPROTO);
	assert_string_equal(b.why, TWO "a second checksum, at byte 35");
}

static void
the_longest_header_is_taken(void **state)
{
	unsigned char bytes[CASK_BEHIND_MOST + 1] =
	    SIGNATURE "\x21\x11\x0f\xf0" A4 "\x04\x0f\xe1";
	struct cask_behind b;

	(void)state;
	assert_int_equal(cask_behind_read(&b, bytes, 16), EAGAIN);
	assert_int_equal(b.more, CASK_BEHIND_MOST - 16);
	assert_int_equal(cask_behind_read(&b, bytes, sizeof bytes), 0);
	assert_int_equal(b.length, CASK_BEHIND_MOST);
	assert_addr(&b.source, FROM4);
}

static void
every_port_is_read_as_the_number_that_it_is(void **state)
{
	struct cask_behind b;
	char line[108];

	(void)state;
	for (unsigned port = 0; port < 100000; port++) {
		int n = snprintf(line, sizeof line,
		    "PROXY TCP4 1.2.3.4 5.6.7.8 %u %u\r\n", port, port ^ 1);
		int err = cask_behind_read(&b, line, (size_t)n);
		uint16_t from, to;

		assert_int_equal(err, port <= 65535 ? 0 : EPROTO);
		if (err != 0)
			continue;
		cask_addr_text(&b.source, NULL, 0, &from);
		cask_addr_text(&b.destination, NULL, 0, &to);
		assert_int_equal(from, port);
		assert_int_equal(to, port ^ 1);
	}
}

/* Writing */

static void
what_was_read_is_written_and_read_again(void **state)
{
	struct cask_behind a, b;
	unsigned char bytes[CASK_BEHIND_WRITE];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		for (unsigned v = 1; v <= 2; v++) {
			const struct cask_addr *from = &a.source;
			struct header h = good[i];
			bool path;

			cask_behind_read(&a, h.bytes, h.n);
			path = h.n > 200;
			h.n = cask_behind_write(bytes, sizeof bytes, v,
			    a.local ? NULL : from,
			    a.local ? NULL : &a.destination);
			assert_int_equal(read_exactly(&b, bytes, h.n), 0);
			if (path && v == 1)
				h = (struct header) { NULL, 15, v, true, "",
					"" };
			h.version = v;
			assert_header(&b, &h);
			for (size_t size = 0; size < h.n; size++)
				assert_int_equal(cask_behind_write(bytes, size,
						     v, from, &a.destination),
				    0);
		}
}

/* Some are written in one way only: as the good ones above. */
static void
headers_are_written_as_others_write_them(void **state)
{
	static const int same[] = { 0, 1, 2, 4, 7, 11, 13, 14, 16, 17 };
	unsigned char bytes[CASK_BEHIND_WRITE];
	struct cask_behind b;

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		const struct header *h = &good[same[i]];
		bool none = h->bytes[12] == 0x20 || h->version == 1;

		assert_int_equal(cask_behind_read(&b, h->bytes, h->n), 0);
		none = none && h->local;
		assert_int_equal(
		    cask_behind_write(bytes, sizeof bytes, h->version,
			none ? NULL : &b.source, none ? NULL : &b.destination),
		    h->n);
		assert_memory_equal(bytes, h->bytes, h->n);
	}
}

static void
ipv4_that_came_by_ipv6_is_written_as_ipv4(void **state)
{
	char line[108] = "";
	struct cask_behind b;
	const char six[] = "PROXY TCP6 ::ffff:1.2.3.4 ::ffff:5.6.7.8 1 2\r\n";
	const char mix[] = "PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n";
	struct cask_addr four;

	(void)state;
	assert_int_equal(cask_behind_read(&b, BYTES(six)), 0);
	cask_behind_write(line, sizeof line, 1, &b.source, &b.destination);
	assert_string_equal(line, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n");
	assert_int_equal(
	    cask_behind_read(&b, BYTES("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n")),
	    0);
	four = b.source;
	assert_int_equal(cask_behind_read(&b, BYTES(mix)), 0);
	memset(line, 0, sizeof line);
	cask_behind_write(line, sizeof line, 1, &four, &b.destination);
	assert_string_equal(line, mix);
}

/* With a socket */

static void
a_socket_that_receives_what_is_asked_for_keeps_the_rest(void **state)
{
	unsigned char bytes[CASK_BEHIND_MOST];
	struct cask_sock s = { .timeout_ms = 5000 };
	struct cask_behind b;
	int fd[2];

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		size_t n = 0;
		char rest[4];
		int err;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(cask_attach(&s, fd[0]), 0);
		assert_int_equal(
		    write(fd[1], good[i].bytes, good[i].n), good[i].n);
		assert_int_equal(write(fd[1], "rest", 4), 4);
		while ((err = cask_behind_read(&b, bytes, n)) == EAGAIN) {
			ptrdiff_t got = cask_receive(&s, bytes + n, b.more);

			assert_true(got > 0);
			n += (size_t)got;
		}
		assert_int_equal(err, 0);
		assert_header(&b, &good[i]);
		assert_int_equal(cask_receive_all(&s, rest, 4), 4);
		assert_memory_equal(rest, "rest", 4);
		cask_close(&s);
		close(fd[1]);
	}
	assert_int_equal(fault_allocations(), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_header_says_who_connected_to_whom),
	cmocka_unit_test(what_follows_the_header_is_not_looked_at),
	cmocka_unit_test(
	    a_header_cut_after_any_byte_asks_for_no_byte_beyond_it),
	cmocka_unit_test(asking_for_more_ends_with_the_header),
	cmocka_unit_test(a_header_with_any_bit_flipped_is_judged_once),
	cmocka_unit_test(a_checksum_finds_any_two_bits_that_were_flipped),
	cmocka_unit_test(what_is_wrong_is_named_as_soon_as_it_shows),
	cmocka_unit_test(a_second_checksum_is_refused),
	cmocka_unit_test(the_longest_header_is_taken),
	cmocka_unit_test(every_port_is_read_as_the_number_that_it_is),
	cmocka_unit_test(what_was_read_is_written_and_read_again),
	cmocka_unit_test(headers_are_written_as_others_write_them),
	cmocka_unit_test(ipv4_that_came_by_ipv6_is_written_as_ipv4),
	cmocka_unit_test(
	    a_socket_that_receives_what_is_asked_for_keeps_the_rest),
};

RUN_TESTS(tests)
