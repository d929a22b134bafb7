/*
 * What text costs, as ratios: Cask beside an iconv descriptor that is kept
 * open, and beside hand-written C that does the same.  `make bench` runs it.
 *
 * Strings of 40 characters, each converted by itself, as a field is; one lies
 * behind the other, as on the wire, so that the code is measured and not the
 * memory between them.  The three ways are run in turn; a ratio is taken within
 * a round, and the median of the rounds is printed.  All three must give the
 * same bytes, and the text back. The hand-written code validates, goes through
 * ASCII eight bytes at a time, has flat tables filled through iconv, and knows
 * one or two bytes a character and a buffer that is large enough.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS  15
#define STRINGS 10000
#define CHARS   40
#define ROOM    160

static void
die(const char *what)
{
	fprintf(stderr, "bench_text: %s\n", what);
	exit(1);
}

/* The texts */

struct text {
	unsigned at[STRINGS + 1]; /* where each begins; the last one's end */
	unsigned char bytes[STRINGS * ROOM + ROOM];
};

enum kind { ASCII, LATIN, MIXED, JAPANESE };

static struct text utf8, wire[3], back[3];

static uint64_t
next_random(void)
{
	static uint64_t s = 99;

	s ^= s >> 12;
	s ^= s << 25;
	s ^= s >> 27;
	return s * UINT64_C(0x2545F4914F6CDD1D);
}

static unsigned
a_character(enum kind kind, unsigned script)
{
	static const unsigned accents[] = { 0xE9, 0xE8, 0xFC, 0xF6, 0xE4, 0xDF,
		0xF1, 0xE7 };
	static const unsigned kanji[] = { 0x65E5, 0x672C, 0x8A9E, 0x6F22,
		0x5B57, 0x6771, 0x4EAC, 0x4EBA };
	unsigned x = (unsigned)(next_random() >> 32), latin = 'a' + x % 26;

	if (kind == ASCII || (kind != LATIN && script == 0))
		return latin;
	if (kind == LATIN || (kind == MIXED && script == 1))
		return x % 4 ? latin : accents[x / 4 % 8];
	if (kind == MIXED)
		return script == 2 ? 0x430 + x % 32 : 0x4E00 + x % 5000;
	return script == 1 ? 0x3042 + x % 80
	    : script == 2  ? 0x30A2 + x % 80
			   : kanji[x % 8];
}

/* Words of 3 to 8 characters, each in one script. */
static void
make(enum kind kind)
{
	for (int i = 0; i < STRINGS; i++) {
		uint32_t codes[CHARS];
		struct cask_progress p;
		unsigned left = 3, script = 0;

		for (int k = 0; k < CHARS; k++) {
			codes[k] = left > 0 ? a_character(kind, script)
					    : (unsigned)' ';
			if (left-- > 0)
				continue;
			left = 3 + (unsigned)(next_random() >> 32) % 6;
			script = (unsigned)(next_random() >> 32) % 4;
		}
		if (cask_utf32_to_utf8((char *)utf8.bytes + utf8.at[i], ROOM,
			codes, CHARS, CASK_STRICT, &p) != 0)
			die("the text can't be made");
		utf8.at[i + 1] = utf8.at[i] + (unsigned)p.written;
	}
}

/* By iconv; codepage 0 is UTF-16LE */

static int codepage;
static iconv_t to_wire, from_wire;

static unsigned
by_iconv(iconv_t cd, const unsigned char *s, size_t n, unsigned char *d)
{
	char *in = (char *)(uintptr_t)s, *out = (char *)d;
	size_t room = ROOM;

	if (iconv(cd, &in, &n, &out, &room) != 0 ||
	    iconv(cd, NULL, NULL, &out, &room) != 0)
		die("iconv");
	return ROOM - (unsigned)room;
}

static unsigned
iconv_store(const unsigned char *s, size_t n, unsigned char *d)
{
	return by_iconv(to_wire, s, n, d);
}

static unsigned
iconv_load(const unsigned char *s, size_t n, unsigned char *d)
{
	return by_iconv(from_wire, s, n, d);
}

/* With Cask */

static unsigned
cask_store_one(const unsigned char *s, size_t n, unsigned char *d)
{
	struct cask_progress p;
	const char *utf = (const char *)s;
	int err = codepage == 0
	    ? cask_utf8_to_utf16((uint16_t *)(void *)d, ROOM / 2, utf, n, 0, &p)
	    : cask_utf8_to_codepage(codepage, (char *)d, ROOM, utf, n, 0, &p);

	if (err != 0)
		die(cask_strerror(err));
	return (unsigned)p.written * (codepage == 0 ? 2 : 1);
}

static unsigned
cask_load_one(const unsigned char *s, size_t n, unsigned char *d)
{
	struct cask_progress p;
	char *utf = (char *)d;
	int err = codepage == 0
	    ? cask_utf16_to_utf8(
		  utf, ROOM, (const uint16_t *)(const void *)s, n / 2, 0, &p)
	    : cask_codepage_to_utf8(
		  codepage, utf, ROOM, (const char *)s, n, 0, &p);

	if (err != 0)
		die(cask_strerror(err));
	return (unsigned)p.written;
}

/* By hand */

static uint16_t coded[65536], meant[65536]; /* 0: none */
static bool leads[256];

static void
fill_tables(void)
{
	memset(coded, 0, sizeof coded);
	memset(meant, 0, sizeof meant);
	memset(leads, 0, sizeof leads);
	for (uint32_t code = 1; code < 0x10000; code++) {
		struct cask_progress p;
		unsigned char b[8];
		char utf[4], *in = utf, *out = (char *)b;
		size_t n, room = sizeof b;

		if (cask_utf32_to_utf8(utf, 4, &code, 1, 0, &p) != 0)
			continue;
		n = p.written;
		iconv(to_wire, NULL, NULL, NULL, NULL);
		if (iconv(to_wire, &in, &n, &out, &room) != 0 || room < 6)
			continue;
		coded[code] = (uint16_t)(room == 7 ? b[0] : b[0] << 8 | b[1]);
		leads[b[0]] |= room == 6;
		if (meant[coded[code]] == 0)
			meant[coded[code]] = (uint16_t)code;
	}
}

static inline unsigned
take8(const unsigned char *s, const unsigned char *end, uint32_t *code)
{
	if (s[0] < 0xE0) {
		if (s[0] < 0xC2 || end - s < 2 || (s[1] & 0xC0) != 0x80)
			die("ill-formed");
		*code = (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
		return 2;
	}
	if (s[0] > 0xEF || end - s < 3 || (s[1] & 0xC0) != 0x80 ||
	    (s[2] & 0xC0) != 0x80)
		die("ill-formed, or beyond the BMP");
	*code = (s[0] & 0xFu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
	if (*code < 0x800 || (*code & 0xF800) == 0xD800)
		die("ill-formed");
	return 3;
}

static inline unsigned char *
give8(unsigned char *d, uint32_t code)
{
	if (code < 0x80) {
		*d++ = (unsigned char)code;
		return d;
	}
	if (code < 0x800) {
		*d++ = (unsigned char)(0xC0 | code >> 6);
	} else {
		*d++ = (unsigned char)(0xE0 | code >> 12);
		*d++ = (unsigned char)(0x80 | (code >> 6 & 0x3F));
	}
	*d++ = (unsigned char)(0x80 | (code & 0x3F));
	return d;
}

static inline bool
plain(const unsigned char *s, uint64_t high)
{
	uint64_t w;

	memcpy(&w, s, 8);
	return (w & high) == 0;
}

#define HIGH8  UINT64_C(0x8080808080808080)
#define HIGH16 UINT64_C(0xFF80FF80FF80FF80)

static unsigned
hand_store(const unsigned char *s, size_t n, unsigned char *d)
{
	const unsigned char *end = s + n;
	unsigned char *at = d;

	while (s < end) {
		uint32_t code;
		uint16_t unit;

		while (end - s >= 8 && plain(s, HIGH8)) {
			uint16_t units[8];

			for (int i = 0; i < 8; i++)
				units[i] = s[i];
			memcpy(at, units, 16);
			at += 16;
			s += 8;
		}
		for (; s < end; at += 2) {
			code = *s;
			if (code >= 0x80)
				s += take8(s, end, &code);
			else
				s++;
			unit = (uint16_t)code;
			memcpy(at, &unit, 2);
			if (code < 0x80 && end - s >= 8 && s[0] < 0x80 &&
			    s[1] < 0x80 && plain(s, HIGH8)) {
				at += 2;
				break;
			}
		}
	}
	return (unsigned)(at - d);
}

static unsigned
hand_load(const unsigned char *s, size_t n, unsigned char *d)
{
	const unsigned char *end = s + n;
	unsigned char *at = d;

	while (end - s >= 2) {
		uint16_t units[8];

		while (
		    end - s >= 16 && plain(s, HIGH16) && plain(s + 8, HIGH16)) {
			memcpy(units, s, 16);
			for (int i = 0; i < 8; i++)
				at[i] = (unsigned char)units[i];
			at += 8;
			s += 16;
		}
		for (; end - s >= 2; s += 2) {
			memcpy(units, s, 2);
			if ((units[0] & 0xF800) == 0xD800)
				die("a surrogate");
			at = give8(at, units[0]);
			if (units[0] < 0x80 && end - s >= 18 &&
			    plain(s + 2, HIGH16) && plain(s + 10, HIGH16)) {
				s += 2;
				break;
			}
		}
	}
	return (unsigned)(at - d);
}

static unsigned
table_store(const unsigned char *s, size_t n, unsigned char *d)
{
	const unsigned char *end = s + n;
	unsigned char *at = d;

	while (s < end) {
		uint32_t code = *s;
		unsigned bytes;

		if (end - s >= 8 && plain(s, HIGH8)) {
			memcpy(at, s, 8);
			at += 8;
			s += 8;
			continue;
		}
		if (code < 0x80) {
			*at++ = *s++;
			continue;
		}
		s += take8(s, end, &code);
		bytes = coded[code];
		if (bytes == 0)
			die("unmappable");
		if (bytes > 0xFF)
			*at++ = (unsigned char)(bytes >> 8);
		*at++ = (unsigned char)bytes;
	}
	return (unsigned)(at - d);
}

static unsigned
table_load(const unsigned char *s, size_t n, unsigned char *d)
{
	const unsigned char *end = s + n;
	unsigned char *at = d;

	while (s < end) {
		unsigned bytes = *s;

		if (end - s >= 8 && plain(s, HIGH8)) {
			memcpy(at, s, 8);
			at += 8;
			s += 8;
			continue;
		}
		s++;
		if (leads[bytes]) {
			if (s == end)
				die("half a character");
			bytes = bytes << 8 | *s++;
		}
		if (meant[bytes] == 0)
			die("undefined");
		at = give8(at, meant[bytes]);
	}
	return (unsigned)(at - d);
}

/* The rows */

typedef unsigned convert_fn(const unsigned char *, size_t, unsigned char *);

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds a string. */
static double
timed(convert_fn *convert, const struct text *from, struct text *to)
{
	double start = now();

	for (int i = 0; i < STRINGS; i++)
		to->at[i + 1] = to->at[i] +
		    convert(from->bytes + from->at[i],
			from->at[i + 1] - from->at[i], to->bytes + to->at[i]);
	return (now() - start) / STRINGS;
}

static void
check(const struct text *a, const struct text *b, const char *what)
{
	if (memcmp(a->at, b->at, sizeof a->at) != 0 ||
	    memcmp(a->bytes, b->bytes, a->at[STRINGS]) != 0)
		die(what);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *rounds)
{
	qsort(rounds, ROUNDS, sizeof *rounds, by_size);
	return rounds[ROUNDS / 2];
}

/* A direction of a row.  No aim: 0. */
static void
row(const char *name, convert_fn *const ways[3], const struct text *from,
    struct text *to, double times_iconv, double of_hand)
{
	double ns[3][ROUNDS], faster[ROUNDS], beside[ROUNDS], f, b;
	char aim[16] = "";

	for (int i = 0; i < ROUNDS; i++) {
		for (int w = 0; w < 3; w++)
			ns[w][i] = timed(ways[w], &from[w], &to[w]);
		faster[i] = ns[1][i] / ns[0][i];
		beside[i] = ns[0][i] / ns[2][i];
	}
	f = median(faster);
	b = median(beside);
	printf("%-26s %7.1f %7.1f %7.1f   %5.1f  >= %-4.3g %-5s", name,
	    median(ns[0]), median(ns[1]), median(ns[2]), f, times_iconv,
	    f >= times_iconv ? "ok" : "over");
	if (of_hand > 0)
		snprintf(aim, sizeof aim, "<= %-4.3g", of_hand);
	printf(" %5.2f  %-7s %s\n", b, aim,
	    of_hand == 0       ? ""
		: b <= of_hand ? "ok"
			       : "over");
	fflush(stdout);
}

static void
both_ways(const char *name, enum kind kind, const char *charset,
    double times_iconv, double of_hand)
{
	convert_fn *const store[] = { cask_store_one, iconv_store,
		codepage == 0 ? hand_store : table_store };
	convert_fn *const load[] = { cask_load_one, iconv_load,
		codepage == 0 ? hand_load : table_load };
	static struct text from[3];
	char title[64];

	to_wire = iconv_open(charset, "UTF-8");
	from_wire = iconv_open("UTF-8", charset);
	if (to_wire == (iconv_t)-1 || from_wire == (iconv_t)-1)
		die("no converter here");
	if (codepage != 0)
		fill_tables();
	make(kind);
	for (int w = 0; w < 3; w++)
		from[w] = utf8;
	snprintf(title, sizeof title, "%s to %s", name, charset);
	row(title, store, from, wire, times_iconv, of_hand);
	snprintf(title, sizeof title, "%s from %s", name, charset);
	row(title, load, wire, back, times_iconv, of_hand);
	for (int w = 0; w < 3; w++) {
		check(&wire[w], &wire[1], "the bytes differ from iconv's");
		check(&back[w], &utf8, "the text did not come back");
	}
	iconv_close(to_wire);
	iconv_close(from_wire);
}

int
main(void)
{
	static const char *const utf16[] = { "UTF-16LE", "UTF-16BE" };

	printf("\ntext: ns for %d characters; medians of %d rounds in turn; a "
	       "ratio is taken within a round\n\n%-26s %7s %7s %7s   %s\n",
	    CHARS, ROUNDS, "", "Cask", "iconv", "hand",
	    "times iconv's speed   of hand-written");
	both_ways("ASCII", ASCII, utf16[CASK_HOST_BIG], 10, 1.5);
	both_ways("mixed", MIXED, utf16[CASK_HOST_BIG], 1.8, 1.1);
	codepage = 1252;
	both_ways("ASCII", ASCII, "CP1252", 8, 0);
	both_ways("Latin", LATIN, "CP1252", 2.5, 0);
	codepage = 932;
	both_ways("Japanese", JAPANESE, "CP932", 2, 0);
	return 0;
}
