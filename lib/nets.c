/*
 * Lists of networks.  See <cask/nets.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/nets.h>

#include <cask/error.h>

#include "ip.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum kind { IP, UNIX, ALL };

#define SPACE " \t\n\v\f\r"
#define SHOWN 48 /* bytes of a bad entry */

/* One of the text's entries; n is set anew for each. */
struct entry {
	struct cask_nets *list;
	const char *text; /* of the whole list */
	const char *at;
	size_t n;
	unsigned number; /* from 1 */
};

/* What is in front of the words: which, and where.  What can't be shown is
 * not. */
static int
fail(const struct entry *e, int err, const char *words)
{
	char shown[SHOWN + 4];
	size_t n = e->n <= SHOWN ? e->n : SHOWN;

	for (size_t i = 0; i < n; i++)
		shown[i] =
		    (char)(e->at[i] > ' ' && e->at[i] <= '~' ? e->at[i] : '?');
	memcpy(shown + n, "...", 4);
	if (n == e->n)
		shown[n] = '\0';
	snprintf(e->list->why, sizeof e->list->why,
	    "network %u%s%s%s, at byte %zu: %s", e->number, n > 0 ? ", \"" : "",
	    shown, n > 0 ? "\"" : "", (size_t)(e->at - e->text), words);
	return err;
}

/* Of byte, those behind the first `bits`: whether one was set.  Clears them. */
static bool
cut(unsigned char byte[16], unsigned bits)
{
	bool any = false;

	for (unsigned i = bits / 8; i < 16; i++) {
		unsigned rest = i > bits / 8 ? 0xff : 0xffu >> bits % 8;

		any = any || (byte[i] & rest) != 0;
		byte[i] = (unsigned char)(byte[i] & ~rest);
	}
	return any;
}

/* A prefix's length, of n digits, `most` at most: 0 or an error. */
static int
parse_bits(const struct entry *e, const char *digits, size_t n, unsigned most,
    unsigned *bits)
{
	char words[48];

	*bits = 0;
	if (n == 0 || n != strspn(digits, "0123456789"))
		return fail(e, EINVAL, "the prefix is no number");
	if (n > 1 && *digits == '0')
		return fail(e, EINVAL, "the prefix has a leading zero");
	for (size_t i = 0; i < n && *bits <= most; i++)
		*bits = *bits * 10 + (unsigned)(digits[i] - '0');
	if (*bits <= most)
		return 0;
	snprintf(words, sizeof words, "prefix %.*s, limit %u",
	    n < 9 ? (int)n : 9, digits, most);
	return fail(e, EINVAL, words);
}

static int
add(const struct entry *e, enum kind kind, const struct caski_ip *ip,
    unsigned bits)
{
	struct cask_nets *list = e->list;

	if (list->count == CASK_NETS_MOST) {
		char words[48];

		snprintf(words, sizeof words, "too many, limit %d in a list",
		    CASK_NETS_MOST);
		return fail(e, CASK_ELIMIT, words);
	}
	list->net[list->count].kind = (unsigned char)kind;
	list->net[list->count].bits = (unsigned char)bits;
	memcpy(list->net[list->count].byte, ip->byte, sizeof ip->byte);
	list->count++;
	return 0;
}

static int
add_ip(const struct entry *e)
{
	const char *slash = memchr(e->at, '/', e->n);
	size_t n = slash != NULL ? (size_t)(slash - e->at) : e->n;
	struct caski_ip ip;
	unsigned most, bits;
	int err;

	if (memchr(e->at, '%', n) != NULL)
		return fail(e, EINVAL, "no interface can be named here");
	if (!caski_ip_parse(&ip, e->at, n))
		return fail(e, EINVAL, "no address or network in numbers");
	most = bits = ip.six ? 128 : 32;
	if (slash != NULL) {
		err = parse_bits(e, slash + 1, e->n - n - 1, most, &bits);
		if (err != 0)
			return err;
	}
	if (cut(ip.byte, bits + 128 - most)) {
		char net[CASKI_IP_TEXT], words[CASKI_IP_TEXT + 64];

		caski_ip_print(&ip, net, sizeof net);
		snprintf(words, sizeof words,
		    "bits beyond the prefix are set; %s/%u is meant?", net,
		    bits);
		return fail(e, EINVAL, words);
	}
	return add(e, IP, &ip, bits + 128 - most);
}

static bool
is(const struct entry *e, const char *word)
{
	return e->n == strlen(word) && memcmp(e->at, word, e->n) == 0;
}

static int
add_entry(const struct entry *e)
{
	static const struct caski_ip none;

	if (e->n == 0)
		return fail(e, EINVAL, "empty");
	if (is(e, "unix"))
		return add(e, UNIX, &none, 0);
	if (is(e, "all"))
		return add(e, ALL, &none, 0);
	return add_ip(e);
}

/* Entries, with a comma or space between them; behind a comma one must come. */
static int
add_list(struct cask_nets *list, const char *text)
{
	struct entry e = { .list = list, .text = text };
	bool comma = true;
	int err = 0;

	for (e.at = text + strspn(text, SPACE);
	     err == 0 && (comma || *e.at != '\0');
	     e.at += strspn(e.at, SPACE)) {
		e.number++;
		e.n = strcspn(e.at, "," SPACE);
		err = add_entry(&e);
		e.at += e.n;
		e.at += strspn(e.at, SPACE);
		comma = *e.at == ',';
		e.at += comma;
	}
	return err;
}

int
cask_nets_add(struct cask_nets *n, const char *text)
{
	struct cask_nets longer = *n;
	int err;

	longer.why[0] = '\0';
	err = add_list(&longer, text);
	if (err == 0)
		*n = longer;
	else
		memcpy(n->why, longer.why, sizeof n->why);
	return err;
}

/* Having */

/*
 * Networks that reach beyond the addresses that IPv4 has in IPv6 are of IPv6
 * alone: who lists ::/0 doesn't think of them.
 */
static bool
reaches(const unsigned char net[16], unsigned bits, const struct caski_ip *ip)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (bits < 96 && caski_ip_is_four(ip))
		return false;
	return memcmp(net, ip->byte, whole) == 0 &&
	    (rest == 0 || (net[whole] ^ ip->byte[whole]) >> (8 - rest) == 0);
}

bool
cask_nets_has(const struct cask_nets *n, const struct cask_addr *a)
{
	int family = caski_addr_family(a);
	struct caski_ip ip;
	bool internet = caski_ip_from(&ip, a), has = false;

	for (unsigned i = 0; i < n->count && !has; i++)
		switch ((enum kind)n->net[i].kind) {
		case IP:
			has = internet &&
			    reaches(n->net[i].byte, n->net[i].bits, &ip);
			break;
		case UNIX:
			has = family == AF_UNIX;
			break;
		case ALL:
			has = a->length > 0;
			break;
		}
	return has;
}
