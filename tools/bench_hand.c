/*
 * The record of the network benchmarks, and what a hand-written program does
 * to encode it and to send it: packed little-endian numbers, plain sockets that
 * block.  Cask's archives make the same 73 bytes of it.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "bench_net.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct record records[RECORDS];

static uint64_t
next_random(void)
{
	static uint64_t s = 1;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s * UINT64_C(0x2545F4914F6CDD1D);
}

void
records_make(void)
{
	for (int i = 0; i < RECORDS; i++) {
		struct record *r = &records[i];

		r->kind = (uint8_t)next_random();
		r->port = (uint16_t)next_random();
		r->id = (uint32_t)next_random();
		r->timestamp = (int64_t)next_random();
		r->a = (float)(next_random() >> 40);
		for (int k = 0; k < 4; k++)
			r->b[k] = (double)(next_random() >> 11) / 7;
		r->flag = next_random() & 1;
		for (int k = 0; k < 20; k++)
			r->name[k] = (char)('A' + next_random() % 26);
	}
}

/* By hand */

static unsigned char *
put32(unsigned char *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, 4);
	return p + 4;
}

static unsigned char *
put64(unsigned char *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, 8);
	return p + 8;
}

static uint32_t
get32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return le32toh(v);
}

static uint64_t
get64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v);
}

/* All of the name's array is copied, which is two moves: hence RECORD_WRITE. */
unsigned char *
record_put(unsigned char *p, const struct record *r)
{
	size_t n = strlen(r->name);
	uint32_t f;
	uint64_t d;

	*p++ = r->kind;
	*p++ = (unsigned char)r->port;
	*p++ = (unsigned char)(r->port >> 8);
	p = put32(p, r->id);
	p = put64(p, (uint64_t)r->timestamp);
	memcpy(&f, &r->a, 4);
	p = put32(p, f);
	for (int k = 0; k < 4; k++) {
		memcpy(&d, &r->b[k], 8);
		p = put64(p, d);
	}
	*p++ = r->flag;
	*p++ = (unsigned char)n;
	memcpy(p, r->name, sizeof r->name - 1);
	return p + n;
}

/*
 * By two overlapping blocks: of a memcpy whose length it knows to be small gcc
 * makes code that takes longer than all the rest.
 */
static inline void
copy_short(void *to, const void *from, size_t n)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if (n >= 16) {
		memcpy(d, s, 16);
		memcpy(d + n - 16, s + n - 16, 16);
		return;
	}
	for (size_t i = 0; i < n; i++)
		d[i] = s[i];
}

const unsigned char *
record_get(const unsigned char *p, const unsigned char *end, struct record *r)
{
	size_t n;
	uint32_t f;
	uint64_t d;

	if (end - p < 53)
		return NULL;
	n = p[52];
	if (n >= sizeof r->name || (size_t)(end - p) < 53 + n)
		return NULL;
	r->kind = p[0];
	r->port = (uint16_t)(p[1] | p[2] << 8);
	r->id = get32(p + 3);
	r->timestamp = (int64_t)get64(p + 7);
	f = get32(p + 15);
	memcpy(&r->a, &f, 4);
	for (int k = 0; k < 4; k++) {
		d = get64(p + 19 + 8 * k);
		memcpy(&r->b[k], &d, 8);
	}
	r->flag = p[51] != 0;
	copy_short(r->name, p + 53, n);
	r->name[n] = '\0';
	return p + 53 + n;
}

/* Sockets */

static void
no_delay(int fd)
{
	int one = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
		failed("TCP_NODELAY");
}

int
hand_listen(uint16_t *port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(fd, 4096) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &length) != 0)
		failed("listen");
	*port = ntohs(a.sin_port);
	return fd;
}

/* Gives -1 when nobody waits, which a listener that blocks never does. */
int
hand_accept(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd >= 0)
		no_delay(fd);
	else if (errno != EAGAIN)
		failed("accept");
	return fd;
}

/* Every 5,000 come from an address of their own, so that ports suffice; and
 * they are reset at the end, so that they leave nothing behind. */
static void
be_one_of_many(int fd, unsigned nth)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + nth / 5000),
	};
	struct linger reset = { .l_onoff = 1 };
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) != 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
		sizeof one) != 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
		failed("bind");
}

int
hand_connect(uint16_t port, unsigned nth)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		failed("socket");
	if (nth > 0)
		be_one_of_many(fd, nth);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		failed("connect");
	no_delay(fd);
	return fd;
}

void
hand_send(int fd, const void *buf, size_t n)
{
	const unsigned char *p = buf;

	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0)
			failed("send");
		p += sent;
		n -= (size_t)sent;
	}
}

size_t
hand_receive(int fd, void *buf, size_t size)
{
	ssize_t n = recv(fd, buf, size, 0);

	if (n < 0)
		failed("recv");
	return (size_t)n;
}

void
hand_close(int fd)
{
	if (close(fd) != 0)
		failed("close");
}
