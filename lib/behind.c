/*
 * The PROXY protocol, as HAProxy's doc/proxy-protocol.txt specifies it.  See
 * <cask/behind.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/behind.h>

#include <cask/bytes.h>
#include <cask/error.h>

#include "behind_form.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char begin1[] = "PROXY ";

#define BEGIN1 (sizeof begin1 - 1)
#define LEAST  15 /* bytes of any header: "PROXY UNKNOWN\r\n" */

#define SHOWN 24              /* bytes of what is wrong */
#define QUOTE (4 * SHOWN + 6) /* … in quotes, with escapes and dots */

static int
bad(struct cask_behind *b, int err, const char *format, ...)
{
	static const char *const what[] = { "",
		"PROXY header, version 1: ", "PROXY header, version 2: " };
	int n = snprintf(b->why, sizeof b->why, "%s", what[b->version]);
	va_list args;

	va_start(args, format);
	vsnprintf(b->why + n, sizeof b->why - (size_t)n, format, args);
	va_end(args);
	return err;
}

/* Bytes in quotes, for people. */
static const char *
quote(char buf[QUOTE], const char *text, size_t n)
{
	char *to = buf;

	*to++ = '"';
	for (size_t i = 0; i < n && i < SHOWN; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= ' ' && c <= '~')
			*to++ = (char)c;
		else
			to += sprintf(to, "\\x%02x", c);
	}
	memcpy(to, n > SHOWN ? "\"..." : "\"", n > SHOWN ? 5 : 2);
	return buf;
}

static int
more(struct cask_behind *b, size_t by)
{
	b->more = by;
	return EAGAIN;
}

/* Version 1: a line */

enum kind { UNKNOWN, TCP4, TCP6, KINDS };

static const struct {
	const char *word;
	size_t least; /* bytes of a line of this kind */
} kinds[] = {
	[UNKNOWN] = { "UNKNOWN", LEAST },
	[TCP4] = { "TCP4", sizeof "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n" - 1 },
	[TCP6] = { "TCP6", sizeof "PROXY TCP6 :: :: 0 0\r\n" - 1 },
};

struct words {
	const char *next, *end;
};

/* The next word, to one space: its length, at *word. */
static size_t
word(struct words *w, const char **at)
{
	const char *space = memchr(w->next, ' ', (size_t)(w->end - w->next));

	*at = w->next;
	w->next = space != NULL ? space + 1 : w->end;
	return (size_t)((space != NULL ? space : w->end) - *at);
}

static int
read_ip(struct cask_behind *b, struct words *w, const char *whose,
    enum kind kind, struct caski_ip *ip)
{
	char shown[QUOTE];
	const char *at;
	size_t n = word(w, &at);

	if (caski_ip_parse(ip, at, n) && ip->six == (kind == TCP6))
		return 0;
	return bad(b, EPROTO, "%s address %s is not of %s", whose,
	    quote(shown, at, n), kind == TCP6 ? "IPv6" : "IPv4");
}

static int
read_port(
    struct cask_behind *b, struct words *w, const char *whose, uint16_t *port)
{
	char shown[QUOTE];
	const char *at;
	size_t n = word(w, &at), i;
	unsigned long value = 0;

	for (i = 0; i < n && i < 6 && at[i] >= '0' && at[i] <= '9'; i++)
		value = 10 * value + (unsigned long)(at[i] - '0');
	*port = (uint16_t)value;
	if (n > 0 && i == n && value <= UINT16_MAX && (n == 1 || *at != '0'))
		return 0;
	return bad(b, EPROTO, "%s port %s", whose, quote(shown, at, n));
}

/* The line is whole; its CR is at w->end. */
static int
read_words(struct cask_behind *b, struct words *w, enum kind kind)
{
	struct caski_ip from, to;
	uint16_t port;
	int err;

	b->local = kind == UNKNOWN;
	if (b->local)
		return 0;
	if ((err = read_ip(b, w, "source", kind, &from)) != 0 ||
	    (err = read_ip(b, w, "destination", kind, &to)) != 0 ||
	    (err = read_port(b, w, "source", &port)) != 0)
		return err;
	from.port = port;
	if ((err = read_port(b, w, "destination", &port)) != 0)
		return err;
	to.port = port;
	if (w->next != w->end || w->end[-1] == ' ')
		return bad(b, EPROTO, "more than addresses and ports");
	caski_ip_to(&from, &b->source);
	caski_ip_to(&to, &b->destination);
	return 0;
}

/* What the line is about: KINDS as long as that doesn't show.  Gives 0 or
 * EPROTO. */
static int
read_kind(struct cask_behind *b, const char *text, size_t n, enum kind *kind)
{
	const char *at = text + BEGIN1;
	char shown[QUOTE];
	size_t length = 0;

	for (n -= BEGIN1;
	     length < n && at[length] != ' ' && at[length] != '\r';)
		length++;
	for (*kind = UNKNOWN; *kind < KINDS; ++*kind) {
		const char *known = kinds[*kind].word;
		size_t full = strlen(known);

		if ((length < n ? length == full : length <= full) &&
		    memcmp(at, known, length) == 0)
			break;
	}
	if (*kind == KINDS)
		return bad(b, EPROTO, "protocol %s, not TCP4, TCP6 or UNKNOWN",
		    quote(shown, at, length));
	if (length == n)
		*kind = KINDS;
	return 0;
}

/* Where the line's CR is, or as much as there is of the line: 0 or EPROTO. */
static int
read_end(struct cask_behind *b, const char *text, size_t n, size_t *end)
{
	const size_t most = n < MOST1 ? n : MOST1;
	const char *cr = memchr(text, '\r', most);
	const char *lf = memchr(text, '\n', most);

	*end = cr != NULL ? (size_t)(cr - text) : n;
	if (lf != NULL && (cr == NULL || lf < cr))
		return bad(b, EPROTO, "LF without a CR");
	if (*end > MOST1 - 2)
		return bad(b, EPROTO, "no CR and LF within %d bytes", MOST1);
	if (*end + 1 < n && text[*end + 1] != '\n')
		return bad(b, EPROTO, "CR without an LF");
	return 0;
}

static int
read_line(struct cask_behind *b, const char *text, size_t n)
{
	struct words w;
	enum kind kind;
	size_t end, least = LEAST, skip;
	int err;

	if (n <= BEGIN1)
		return more(b, LEAST - n);
	if ((err = read_end(b, text, n, &end)) != 0 ||
	    (err = read_kind(b, text, n, &kind)) != 0)
		return err;
	if (end + 1 == n)
		return more(b, 1);
	if (kind != KINDS)
		least = kinds[kind].least;
	if (end == n)
		return more(b, n + 2 < least ? least - n : 2);
	skip = BEGIN1 + strlen(kinds[kind].word) + 1;
	w.end = text + end;
	w.next = skip < end ? text + skip : w.end;
	err = read_words(b, &w, kind);
	if (err == 0)
		b->length = end + 2;
	return err;
}

/* Version 2: bytes */

#define CHECKSUM 0x03 /* the addition that is one: 4 bytes */

/* CRC32C (Castagnoli) of n bytes, the four at `but` taken as zero. */
static uint32_t
checksum(const unsigned char *bytes, size_t n, size_t but)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		crc ^= i - but < 4 ? 0u : bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static unsigned
big16(const unsigned char *bytes)
{
	return cask_order16(cask_read16(bytes), true);
}

static int
check(struct cask_behind *b, const unsigned char *bytes, size_t n, size_t at)
{
	uint32_t is = cask_order32(cask_read32(bytes + at), true);
	uint32_t be = checksum(bytes, n, at);

	if (is == be)
		return 0;
	return bad(b, EPROTO, "checksum %08lx, %08lx expected",
	    (unsigned long)is, (unsigned long)be);
}

/*
 * Additions: a type, a length, as many bytes.  Where they don't have to be
 * anything, the checksum alone matters, of those that are some.
 */
static int
read_additions(
    struct cask_behind *b, const unsigned char *bytes, size_t n, size_t at)
{
	unsigned length, checks = 0;
	int err = 0;

	for (; err == 0 && at < n; at += length) {
		unsigned type = bytes[at];

		length = n - at >= 3 ? big16(bytes + at + 1) : 0;
		at += 3;
		if (at > n || length > n - at)
			return b->local
			    ? 0
			    : bad(b, EPROTO, "addition %02x at byte %zu is cut",
				  type, at - 3);
		if (type != CHECKSUM)
			continue;
		if (length != 4 || ++checks > 1)
			return b->local
			    ? 0
			    : bad(b, EPROTO, "%s, at byte %zu",
				  length != 4
				      ? "a checksum that has not 4 bytes"
				      : "a second checksum",
				  at - 3);
		err = check(b, bytes, n, at);
	}
	return err;
}

static void
read_path(struct cask_addr *a, const unsigned char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const size_t before = offsetof(struct sockaddr_un, sun_path);
	size_t n = PATH;

	while (n > 0 && path[n - 1] == '\0')
		n--;
	if (n > sizeof un.sun_path)
		n = sizeof un.sun_path;
	memcpy(un.sun_path, path, n);
	*a = (struct cask_addr) { .length = (unsigned)(before + n) };
	memcpy(a->sa.bytes, &un, sizeof un);
}

static void
read_addresses(
    struct cask_behind *b, const unsigned char *bytes, unsigned family)
{
	const size_t size = family == INET ? 4 : 16;
	struct caski_ip ip[2] = { 0 };

	if (family == UNIX) {
		read_path(&b->source, bytes);
		read_path(&b->destination, bytes + PATH);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		caski_ip_set(&ip[i], bytes + i * size, family == INET6);
		ip[i].port = (uint16_t)big16(bytes + 2 * size + 2 * i);
	}
	caski_ip_to(&ip[0], &b->source);
	caski_ip_to(&ip[1], &b->destination);
}

/* What is in front of the addresses, as far as it is there: 0 or an error. */
static int
read_fixed(struct cask_behind *b, const unsigned char *bytes, size_t n)
{
	unsigned command = n > 12 ? bytes[12] & 0xf : LOCAL;
	unsigned family = n > 13 ? bytes[13] >> 4 : UNSPECIFIED;
	unsigned transport = n > 13 ? bytes[13] & 0xf : 0;
	size_t length = n >= FIXED2 ? big16(bytes + 14) : 0;

	if (n > 12 && bytes[12] >> 4 != 2)
		return bad(b, EPROTO, "it says version %u", bytes[12] >> 4);
	if (command > PROXY)
		return bad(b, EPROTO, "command %u", command);
	b->local = command == LOCAL || family == UNSPECIFIED || transport == 0;
	if (command == PROXY && family > UNIX)
		return bad(b, EPROTO, "family %u of addresses", family);
	if (command == PROXY && transport > 2)
		return bad(b, EPROTO, "transport %u", transport);
	if (n < FIXED2)
		return 0;
	if (length > CASK_BEHIND_MOST - FIXED2)
		return bad(b, CASK_ELIMIT, "length %zu, limit %d bytes",
		    FIXED2 + length, CASK_BEHIND_MOST);
	if (!b->local && length < addresses(family))
		return bad(b, EPROTO, "%zu bytes of addresses, %zu expected",
		    length, addresses(family));
	return 0;
}

static int
read_bytes(struct cask_behind *b, const unsigned char *bytes, size_t n)
{
	int err = read_fixed(b, bytes, n);
	unsigned family;
	size_t length;

	if (err != 0)
		return err;
	if (n < FIXED2)
		return more(b, FIXED2 - n);
	length = FIXED2 + big16(bytes + 14);
	if (n < length)
		return more(b, length - n);
	family = bytes[13] >> 4;
	err = read_additions(b, bytes, length, FIXED2 + addresses(family));
	if (err != 0)
		return err;
	b->length = length;
	if (!b->local)
		read_addresses(b, bytes + FIXED2, family);
	return 0;
}

/* Either */

static int
read_any(struct cask_behind *b, const void *bytes, size_t n)
{
	char shown[QUOTE];

	if (n == 0)
		return more(b, LEAST);
	if (memcmp(bytes, begin1, n < BEGIN1 ? n : BEGIN1) == 0) {
		b->version = 1;
		return read_line(b, bytes, n);
	}
	if (memcmp(bytes, begin2(), n < SIZE2 ? n : SIZE2) == 0) {
		b->version = 2;
		return read_bytes(b, bytes, n);
	}
	return bad(b, EPROTO, "no PROXY header: %s", quote(shown, bytes, n));
}

int
cask_behind_read(struct cask_behind *b, const void *bytes, size_t n)
{
	int err;

	*b = (struct cask_behind) { 0 };
	err = read_any(b, bytes, n);
	if (err != 0)
		b->local = false;
	return err;
}
