/*
 * Tests of lib/nets.c and lib/ip.c: lists of networks, and who is in them; and
 * of the two ends of sockets as addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test.h"

#include "fault.h"

#include <cask/error.h>
#include <cask/nets.h>

#include "../lib/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

/* An address made by other means than the library's. */
static struct cask_addr
address(const char *text)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = 9 };
	struct sockaddr_in6 six = {
		.sin6_family = AF_INET6, .sin6_port = 9, .sin6_scope_id = 7
	};
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/x" };
	struct cask_addr a = { 0 };

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		a.length = sizeof four;
		memcpy(a.sa.bytes, &four, sizeof four);
	} else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
		a.length = sizeof six;
		memcpy(a.sa.bytes, &six, sizeof six);
	} else if (strcmp(text, "unix") == 0) {
		a.length = sizeof un;
		memcpy(a.sa.bytes, &un, sizeof un);
	} else if (strcmp(text, "nameless") == 0) {
		a.length = offsetof(struct sockaddr_un, sun_path);
		memcpy(a.sa.bytes, &un, a.length);
	} else {
		assert_string_equal(text, "none");
	}
	return a;
}

static bool
has(const struct cask_nets *n, const char *text)
{
	struct cask_addr a = address(text);

	return cask_nets_has(n, &a);
}

static void
add(struct cask_nets *n, const char *text)
{
	int err = cask_nets_add(n, text);

	assert_string_equal(n->why, "");
	assert_int_equal(err, 0);
}

static void
an_empty_list_has_nobody(void **state)
{
	struct cask_nets n = { 0 };

	(void)state;
	assert_false(has(&n, "127.0.0.1"));
	assert_false(has(&n, "0.0.0.0"));
	assert_false(has(&n, "::"));
	assert_false(has(&n, "unix"));
	assert_false(has(&n, "none"));
}

/* What a list has, and what it doesn't have. */
static const struct {
	const char *list, *in[4], *out[6];
} lists[] = {
	{ "10.0.0.0/8", { "10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3" },
	    { "9.255.255.255", "11.0.0.0", "::10.1.2.3", "::ffff:11.1.2.3",
		"unix", "a00::" } },
	{ "192.168.1.7", { "192.168.1.7" }, { "192.168.1.6", "192.168.1.8" } },
	{ "192.168.1.6/31", { "192.168.1.6", "192.168.1.7" },
	    { "192.168.1.5", "192.168.1.8" } },
	{ "0.0.0.0/0", { "0.0.0.0", "255.255.255.255", "::ffff:1.2.3.4" },
	    { "::", "::1", "::1.2.3.4", "unix", "none", "fe80::1" } },
	{ "::/0", { "::", "::1", "::1.2.3.4", "ffff::" },
	    { "1.2.3.4", "::ffff:1.2.3.4", "unix", "none" } },
	{ "::/80", { "::", "::fffe:1.2.3.4" },
	    { "1.2.3.4", "::ffff:1.2.3.4", "1::" } },
	{ "::ffff:0:0/96", { "1.2.3.4", "::ffff:1.2.3.4" }, { "::1" } },
	{ "::ffff:10.0.0.0/104", { "10.1.2.3" }, { "11.1.2.3", "::a00:0" } },
	{ "::ffff:10.1.2.3", { "10.1.2.3", "::ffff:10.1.2.3" },
	    { "10.1.2.4" } },
	{ "2001:db8::/32", { "2001:db8::", "2001:db8:ffff::ffff" },
	    { "2001:db7:ffff::", "2001:db9::", "32.1.13.184" } },
	{ "fe80::1", { "fe80::1" }, { "fe80::2" } },
	{ "2001:DB8::a00/127", { "2001:db8::a00", "2001:db8::a01" },
	    { "2001:db8::a02" } },
	{ "unix", { "unix", "nameless" }, { "127.0.0.1", "::1", "none" } },
	{ "all", { "unix", "1.2.3.4", "::1", "::ffff:1.2.3.4" }, { "none" } },
	{ "10.0.0.0/8, ::1", { "10.1.1.1", "::1" }, { "11.1.1.1", "::2" } },
	{ "10.0.0.0/8 ::1", { "10.1.1.1", "::1" }, { "11.1.1.1", "::2" } },
	{ " \t10.0.0.0/8,::1\t,\nunix \n", { "10.1.1.1", "::1", "unix" },
	    { "11.1.1.1", "::2" } },
	{ "128.0.0.0/1,::1", { "128.0.0.1", "255.0.0.0", "::1" },
	    { "127.255.255.255", "8000::" } },
};

static void
a_list_has_what_is_in_its_networks_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct cask_nets n = { 0 };

		add(&n, lists[i].list);
		for (size_t j = 0; j < 4 && lists[i].in[j] != NULL; j++)
			assert_true(has(&n, lists[i].in[j]));
		for (size_t j = 0; j < 6 && lists[i].out[j] != NULL; j++)
			assert_false(has(&n, lists[i].out[j]));
	}
}

static const struct {
	const char *text, *why;
} wrong[] = {
	{ "", "network 1, at byte 0: empty" },
	{ " \n", "network 1, at byte 2: empty" },
	{ ",", "network 1, at byte 0: empty" },
	{ "::1,", "network 2, at byte 4: empty" },
	{ "::1 ,  , ::2", "network 2, at byte 7: empty" },
	{ ", ::1", "network 1, at byte 0: empty" },
	{ "::1, 10.0.0.1/8",
	    "network 2, \"10.0.0.1/8\", at byte 5: bits beyond the prefix are "
	    "set; 10.0.0.0/8 is meant?" },
	{ "255.255.255.255/0",
	    "network 1, \"255.255.255.255/0\", at byte 0: bits beyond the "
	    "prefix are set; 0.0.0.0/0 is meant?" },
	{ "2001:db8:ffff::1/35",
	    "network 1, \"2001:db8:ffff::1/35\", at byte 0: bits beyond the "
	    "prefix are set; 2001:db8:e000::/35 is meant?" },
	{ "::ffff:10.1.0.0/104",
	    "network 1, \"::ffff:10.1.0.0/104\", at byte 0: bits beyond the "
	    "prefix are set; ::ffff:10.0.0.0/104 is meant?" },
	{ "10.0.0.0/33",
	    "network 1, \"10.0.0.0/33\", at byte 0: prefix 33, limit 32" },
	{ "::/129", "network 1, \"::/129\", at byte 0: prefix 129, limit 128" },
	{ "::/4294967297",
	    "network 1, \"::/4294967297\", at byte 0: prefix 429496729, limit "
	    "128" },
	{ "10.0.0.0/",
	    "network 1, \"10.0.0.0/\", at byte 0: the prefix is no number" },
	{ "10.0.0.0/8/8",
	    "network 1, \"10.0.0.0/8/8\", at byte 0: the prefix is no number" },
	{ "10.0.0.0/-1",
	    "network 1, \"10.0.0.0/-1\", at byte 0: the prefix is no number" },
	{ "10.0.0.0/+8",
	    "network 1, \"10.0.0.0/+8\", at byte 0: the prefix is no number" },
	{ "10.0.0.0/255.0.0.0",
	    "network 1, \"10.0.0.0/255.0.0.0\", at byte 0: the prefix is no "
	    "number" },
	{ "10.0.0.0/08",
	    "network 1, \"10.0.0.0/08\", at byte 0: the prefix has a leading "
	    "zero" },
	{ "fe80::1%eth0",
	    "network 1, \"fe80::1%eth0\", at byte 0: no interface can be named "
	    "here" },
	{ "/8",
	    "network 1, \"/8\", at byte 0: no address or network in numbers" },
	{ "010.0.0.1",
	    "network 1, \"010.0.0.1\", at byte 0: no address or network in "
	    "numbers" },
	{ "10.0.0/8",
	    "network 1, \"10.0.0/8\", at byte 0: no address or network in "
	    "numbers" },
	{ "localhost",
	    "network 1, \"localhost\", at byte 0: no address or network in "
	    "numbers" },
	{ "unix/8",
	    "network 1, \"unix/8\", at byte 0: no address or network in "
	    "numbers" },
	{ "ALL",
	    "network 1, \"ALL\", at byte 0: no address or network in numbers" },
	{ "[::1]",
	    "network 1, \"[::1]\", at byte 0: no address or network in "
	    "numbers" },
	{ "10.0.0.1:80;rm",
	    "network 1, \"10.0.0.1:80;rm\", at byte 0: no address or network "
	    "in numbers" },
	{ "10.0.0.\x1b\xff",
	    "network 1, \"10.0.0.\?\?\", at byte 0: no address or network in "
	    "numbers" },
	{ "::1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	    "network 2, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."
	    "\", at byte 4: no address or network in numbers" },
};

static void
what_is_wrong_is_named_and_nothing_is_added(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct cask_nets n = { 0 };
		char both[128];

		add(&n, "10.0.0.0/8");
		assert_int_equal(cask_nets_add(&n, wrong[i].text), EINVAL);
		assert_string_equal(n.why, wrong[i].why);
		snprintf(both, sizeof both, "127.0.0.1, %s", wrong[i].text);
		assert_int_equal(cask_nets_add(&n, both), EINVAL);
		assert_false(has(&n, "127.0.0.1"));
		assert_true(has(&n, "10.1.2.3"));
		add(&n, "127.0.0.1");
		assert_true(has(&n, "127.0.0.1"));
	}
}

static void
the_longest_words_have_room(void **state)
{
	struct cask_nets n = { 0 };
	char text[2048];

	(void)state;
	memset(text, ' ', sizeof text);
	strcpy(text + 1900, "1234:1234:1234:1234:1234:1234:1234:1235/127");
	assert_int_equal(cask_nets_add(&n, text), EINVAL);
	assert_string_equal(n.why,
	    "network 1, \"1234:1234:1234:1234:1234:1234:1234:1235/127\", at "
	    "byte 1900: bits beyond the prefix are set; "
	    "1234:1234:1234:1234:1234:1234:1234:1234/127 is meant?");
}

static void
a_list_takes_so_many_and_says_so(void **state)
{
	struct cask_nets n = { 0 };
	char text[2048] = "";

	(void)state;
	for (unsigned i = 0; i <= CASK_NETS_MOST; i++)
		snprintf(text + strlen(text), 20, " 10.0.0.%u", i);
	assert_int_equal(cask_nets_add(&n, text), CASK_ELIMIT);
	assert_string_equal(n.why,
	    "network 33, \"10.0.0.32\", at byte 311: too many, limit 32 in a "
	    "list");
	assert_false(has(&n, "10.0.0.0"));
	*strrchr(text, ' ') = '\0';
	add(&n, text);
	assert_true(has(&n, "10.0.0.0"));
	assert_true(has(&n, "10.0.0.31"));
	assert_int_equal(cask_nets_add(&n, "all"), CASK_ELIMIT);
	assert_false(has(&n, "::1"));
}

/* Numbers that are no numbers, but the same each time. */
static uint32_t
chance(void)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 20);
}

static bool
bit(const unsigned char *bytes, unsigned i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

/* Every prefix, and addresses that differ from the network's in one bit or in
 * many, against a look at each bit. */
static void
matching(int family, const char *one, unsigned most)
{
	unsigned char net[16] = { 0 }, other[16];
	char text[64], list[80];

	inet_pton(family, one, net);
	for (unsigned bits = 0; bits <= most; bits++) {
		struct cask_nets n = { 0 };

		for (unsigned i = bits; i < most; i++)
			net[i / 8] &= (unsigned char)~(0x80 >> i % 8);
		inet_ntop(family, net, text, sizeof text);
		snprintf(list, sizeof list, "%s/%u", text, bits);
		add(&n, list);
		for (unsigned i = 0; i < 2 * most; i++) {
			bool same = true;

			memcpy(other, net, sizeof other);
			for (unsigned j = 0; i >= most && j < most / 8; j++)
				other[j] ^= (unsigned char)(chance() &
				    chance() & chance());
			other[i % most / 8] ^= (unsigned char)(0x80 >> i % 8);
			for (unsigned j = 0; j < bits; j++)
				same = same && bit(net, j) == bit(other, j);
			inet_ntop(family, other, text, sizeof text);
			assert_int_equal(has(&n, text), same);
			if (family == AF_INET6)
				continue;
			snprintf(list, sizeof list, "::ffff:%s", text);
			assert_int_equal(has(&n, list), same);
		}
		inet_pton(family, one, net);
	}
}

static void
matching_is_what_a_look_at_each_bit_says(void **state)
{
	(void)state;
	matching(AF_INET, "0.0.0.0", 32);
	matching(AF_INET, "255.255.255.255", 32);
	matching(AF_INET, "10.77.133.201", 32);
	matching(AF_INET6, "2001:db8:aaaa:5555:f0f0:f0f:1234:5678", 128);
	matching(AF_INET6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128);
	matching(AF_INET6, "8000::", 128);
}

/* Texts that are nearly addresses: taken if inet_pton takes them and, as IPv4,
 * they have no leading zeros, which some of its kind take. */
static void
texts_are_addresses_if_they_are_to_inet_pton(void **state)
{
	static const char some[] = "0123456789abcdefABCDEF::::....1225";
	unsigned taken = 0;

	(void)state;
	for (unsigned round = 0; round < 400000; round++) {
		static const char *const seeds[] = { "10.20.30.40", "::1",
			"2001:db8::1:2", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8",
			"0.0.0.0", "1:2:3:4:5:6:1.2.3.4",
			"fe80::", "255.255.255.255" };
		struct in6_addr bytes;
		struct caski_ip ip;
		char text[64];
		size_t n;
		bool is;

		strcpy(text, seeds[chance() % COUNT(seeds)]);
		n = strlen(text);
		for (unsigned i = chance() % 3; i > 0; i--)
			text[chance() % n] = some[chance() % (sizeof some - 1)];
		if (chance() % 4 == 0)
			n = chance() % (n + 1);
		text[n] = '\0';
		is = caski_ip_parse(&ip, text, n);
		if (inet_pton(AF_INET, text, &bytes) == 1) {
			assert_true(is && !ip.six && caski_ip_is_four(&ip));
			assert_memory_equal(ip.byte + 12, &bytes, 4);
		} else if (inet_pton(AF_INET6, text, &bytes) == 1) {
			assert_true(is && ip.six);
			assert_memory_equal(ip.byte, &bytes, 16);
		} else {
			assert_false(is);
		}
		taken += is;
	}
	assert_true(taken > 100000 && taken < 390000);
}

static void
leading_zeros_are_refused_where_numbers_are_decimal(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} texts[] = { { "0.0.0.0", true }, { "00.0.0.0", false },
		{ "0.0.0.00", false }, { "1.02.3.4", false },
		{ "1.2.3.08", false }, { "100.20.30.40", true },
		{ "::ffff:01.2.3.4", false }, { "::ffff:1.2.3.04", false },
		{ "::ffff:1.0.0.4", true }, { "::0001", true },
		{ "0001::", true }, { "0001:0002::", true },
		{ "1::00:1.2.3.4", true } };
	struct caski_ip ip;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(
		    caski_ip_parse(&ip, texts[i].text, strlen(texts[i].text)),
		    texts[i].is);
	assert_false(caski_ip_parse(&ip, "1.2.3.4\0", 8));
	assert_true(caski_ip_parse(&ip, "1.2.3.45", 7));
	assert_int_equal(ip.byte[15], 4);
}

/* The ends of sockets */

static void
a_socket_tells_its_ends_as_addresses(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };
	struct cask_sock l = { 0 }, a = { 0 }, b = { 0 };
	struct cask_addr end;

	(void)state;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		char host[64], port[8];
		uint16_t number, ours;
		struct cask_nets n = { 0 };

		add(&n, hosts[i]);
		assert_int_equal(cask_bind(&l, hosts[i], "0"), 0);
		assert_int_equal(cask_listen(&l, 0), 0);
		assert_int_equal(cask_local(&l, NULL, 0, &number), 0);
		snprintf(port, sizeof port, "%u", number);
		assert_int_equal(cask_connect(&a, hosts[i], port), 0);
		assert_int_equal(cask_accept(&l, &b), 0);
		assert_int_equal(cask_remote_addr(&a, &end), 0);
		assert_int_equal(
		    cask_addr_text(&end, host, sizeof host, &ours), 0);
		assert_string_equal(host, hosts[i]);
		assert_int_equal(ours, number);
		assert_int_equal(cask_local_addr(&b, &end), 0);
		assert_int_equal(cask_addr_text(&end, NULL, 0, &ours), 0);
		assert_int_equal(ours, number);
		assert_int_equal(cask_remote_addr(&b, &end), 0);
		assert_true(cask_nets_has(&n, &end));
		cask_close(&a);
		cask_close(&b);
		cask_close(&l);
	}
}

static void
a_peer_of_the_unix_domain_is_one_without_a_name_too(void **state)
{
	struct cask_sock a = { 0 };
	struct cask_nets n = { 0 };
	struct cask_addr end;
	int fd[2];

	(void)state;
	add(&n, "unix");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(cask_attach(&a, fd[0]), 0);
	assert_int_equal(cask_remote_addr(&a, &end), 0);
	assert_true(cask_nets_has(&n, &end));
	cask_close(&a);
	close(fd[1]);
}

static void
a_socket_without_an_end_says_so(void **state)
{
	struct cask_sock a = { 0 };
	struct cask_addr end;

	(void)state;
	assert_int_equal(cask_remote_addr(&a, &end), EBADF);
	assert_string_equal(
	    cask_sock_why(&a), "remote: the socket is not open");
	assert_int_equal(cask_local_addr(&a, &end), EBADF);
	assert_int_equal(cask_bind(&a, "127.0.0.1", "0"), 0);
	end.length = 16;
	assert_int_equal(cask_remote_addr(&a, &end), ENOTCONN);
	assert_int_equal(end.length, 0);
	assert_int_equal(a.io.err, 0);
	assert_int_equal(cask_local_addr(&a, &end), 0);
	fault_plan(FAULT_GETSOCKNAME, 0, false, ENOBUFS);
	assert_int_equal(cask_local_addr(&a, &end), ENOBUFS);
	assert_int_equal(fault_injected(), 1);
	fault_reset();
	assert_int_equal(a.io.err, 0);
	cask_close(&a);
	assert_int_equal(fault_allocations(), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(an_empty_list_has_nobody),
	cmocka_unit_test(a_list_has_what_is_in_its_networks_and_nothing_else),
	cmocka_unit_test(what_is_wrong_is_named_and_nothing_is_added),
	cmocka_unit_test(the_longest_words_have_room),
	cmocka_unit_test(a_list_takes_so_many_and_says_so),
	cmocka_unit_test(matching_is_what_a_look_at_each_bit_says),
	cmocka_unit_test(texts_are_addresses_if_they_are_to_inet_pton),
	cmocka_unit_test(leading_zeros_are_refused_where_numbers_are_decimal),
	cmocka_unit_test(a_socket_tells_its_ends_as_addresses),
	cmocka_unit_test(a_peer_of_the_unix_domain_is_one_without_a_name_too),
	cmocka_unit_test(a_socket_without_an_end_says_so),
};

RUN_TESTS(tests)
