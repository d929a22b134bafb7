/*
 * Captures, in the format of libpcap: packets of IP without a link layer.  See
 * session.h.
 *
 * What a capture on a wire would have had, had there been one between the two
 * programs: handshakes, numbers, acknowledgements, checksums.
 *
 * SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <string.h>

#include "session.h"

#define LINK_RAW 101
#define SNAP     65535
#define SEGMENT  1440 /* bytes: with IPv6's header still below 1500 */
#define V4_HEAD  20
#define V6_HEAD  40
#define TCP_HEAD 20

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* The file's own numbers are little-endian: its magic tells. */
static void
put_le(unsigned char *p, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static void
put_be(unsigned char *p, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> 8 * (n - 1 - i));
}

void
pcap_begin(FILE *f)
{
	unsigned char head[24] = { 0 };

	put_le(head, 0xA1B2C3D4, 4);
	put_le(head + 4, 2, 2);
	put_le(head + 6, 4, 2);
	put_le(head + 16, SNAP, 4);
	put_le(head + 20, LINK_RAW, 4);
	fwrite(head, 1, sizeof head, f);
}

/* Addresses: both of IPv4, or both of IPv6. */

struct addresses {
	bool v6;
	unsigned char from[16], to[16];
};

/* An address of IPv6 that has an interface behind it: that isn't in it. */
static bool
take_v6(unsigned char to[16], const char *host)
{
	char plain[ADDRESS_SIZE];

	snprintf(plain, sizeof plain, "%s", host);
	plain[strcspn(plain, "%")] = '\0';
	return inet_pton(AF_INET6, plain, to) == 1;
}

static void
take_address(unsigned char to[16], const char *host, bool v6)
{
	memset(to, 0, 16);
	if (!v6) {
		inet_pton(AF_INET, host, to);
	} else if (!take_v6(to, host)) {
		to[10] = to[11] = 0xFF;
		inet_pton(AF_INET, host, to + 12);
	}
}

static struct addresses
addresses(const struct endpoint *from, const struct endpoint *to)
{
	struct addresses a = { .v6 = strchr(from->host, ':') != NULL ||
		    strchr(to->host, ':') != NULL };

	take_address(a.from, from->host, a.v6);
	take_address(a.to, to->host, a.v6);
	return a;
}

/* Checksums */

static uint32_t
sum(uint32_t before, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		before += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	return before;
}

static uint32_t
folded(uint32_t v)
{
	while (v >> 16 != 0)
		v = (v & 0xFFFF) + (v >> 16);
	return ~v & 0xFFFF;
}

static uint32_t
tcp_sum(const struct addresses *a, const unsigned char *p, size_t n)
{
	size_t size = a->v6 ? 16 : 4;
	uint32_t v = (uint32_t)n + 6;

	v = sum(v, a->from, size);
	v = sum(v, a->to, size);
	return folded(sum(v, p, n));
}

/* Packets */

static size_t
put_ip(unsigned char *p, const struct addresses *a, size_t n)
{
	if (a->v6) {
		put_be(p, 0x60000000, 4);
		put_be(p + 4, (uint32_t)n, 2);
		put_be(p + 6, 6 << 8 | 64, 2);
		memcpy(p + 8, a->from, 16);
		memcpy(p + 24, a->to, 16);
		return V6_HEAD;
	}
	memset(p, 0, V4_HEAD);
	put_be(p, 0x45000000 | (uint32_t)(V4_HEAD + n), 4);
	put_be(p + 6, 0x4000, 2); /* not to be fragmented */
	put_be(p + 8, 64 << 8 | 6, 2);
	memcpy(p + 12, a->from, 4);
	memcpy(p + 16, a->to, 4);
	put_be(p + 10, folded(sum(0, p, V4_HEAD)), 2);
	return V4_HEAD;
}

/* A segment of that way, which is one byte longer for its SYN or FIN. */
static void
put_packet(FILE *f, struct pcap_talk *t, int64_t us, enum way way, int flags,
    const unsigned char *bytes, size_t n)
{
	const struct endpoint *from = &t->ends[way == TO_CLIENT];
	const struct endpoint *to = &t->ends[way == TO_SERVER];
	struct addresses a = addresses(from, to);
	unsigned char packet[V6_HEAD + TCP_HEAD + SEGMENT], record[16];
	size_t head = put_ip(packet, &a, TCP_HEAD + n);
	unsigned char *p = packet + head;
	size_t size = head + TCP_HEAD + n;

	memset(p, 0, TCP_HEAD);
	put_be(p, from->port, 2);
	put_be(p + 2, to->port, 2);
	put_be(p + 4, t->next[way], 4);
	put_be(p + 8, flags & ACK ? t->next[other_way(way)] : 0, 4);
	put_be(p + 12, 5 << 12 | (uint32_t)flags, 2);
	put_be(p + 14, 65535, 2);
	if (n > 0)
		memcpy(p + TCP_HEAD, bytes, n);
	put_be(p + 16, tcp_sum(&a, p, TCP_HEAD + n), 2);
	put_le(record, (uint32_t)(us / 1000000), 4);
	put_le(record + 4, (uint32_t)(us % 1000000), 4);
	put_le(record + 8, (uint32_t)size, 4);
	put_le(record + 12, (uint32_t)size, 4);
	fwrite(record, 1, sizeof record, f);
	fwrite(packet, 1, size, f);
	t->next[way] += (uint32_t)n + ((flags & (SYN | FIN)) != 0);
}

static void
put_open(FILE *f, struct pcap_talk *t, const struct event *e)
{
	memcpy(t->ends, e->ends, sizeof t->ends);
	t->next[TO_SERVER] = 1000;
	t->next[TO_CLIENT] = 2000;
	put_packet(f, t, e->us, TO_SERVER, SYN, NULL, 0);
	put_packet(f, t, e->us, TO_CLIENT, SYN | ACK, NULL, 0);
	put_packet(f, t, e->us, TO_SERVER, ACK, NULL, 0);
}

static void
put_bytes(FILE *f, struct pcap_talk *t, const struct event *e)
{
	for (size_t i = 0, k; i < e->n; i += k) {
		k = e->n - i < SEGMENT ? e->n - i : SEGMENT;
		put_packet(f, t, e->us, e->way, i + k == e->n ? PSH | ACK : ACK,
		    e->bytes + i, k);
		put_packet(f, t, e->us, other_way(e->way), ACK, NULL, 0);
	}
}

static void
put_end(FILE *f, struct pcap_talk *t, int64_t us, enum way way)
{
	if (t->reset || t->ended[way])
		return;
	t->ended[way] = true;
	put_packet(f, t, us, way, FIN | ACK, NULL, 0);
	put_packet(f, t, us, other_way(way), ACK, NULL, 0);
}

void
pcap_event(FILE *f, struct pcap_talk *t, const struct event *e)
{
	switch (e->kind) {
	case EVENT_OPEN:
		put_open(f, t, e);
		break;
	case EVENT_BYTES:
		put_bytes(f, t, e);
		break;
	case EVENT_END:
		put_end(f, t, e->us, e->way);
		break;
	case EVENT_LOST:
		if (!t->reset)
			put_packet(f, t, e->us, e->way, RST | ACK, NULL, 0);
		t->reset = true;
		break;
	case EVENT_CUT:
		put_end(f, t, e->us, TO_SERVER);
		put_end(f, t, e->us, TO_CLIENT);
		break;
	case EVENT_DEED:
	case EVENT_CLOSE:
		break;
	}
}
