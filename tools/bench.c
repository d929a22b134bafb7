/*
 * What typed values cost, as ratios: beside hand-written C that does the same,
 * and beside plain memcpy.  `make bench` runs it; no dependencies.
 *
 * Each row does its work in 7 rounds, all rows in turn in every round, so that
 * a change of the machine's speed meets them all.  A ratio is taken within a
 * round; the median of the rounds is printed.  Every row checks that what it
 * loaded is what was stored, and that its bytes are those of the first row.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS  7
#define RECORDS 1000 /* different ones, so that the code is measured … */
#define PASSES  1000 /* … and not the memory: 1,000,000 in all */
#define NUMBERS 1000000

static struct record in[RECORDS], out[RECORDS];

static void
die(const char *row, const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", row, what);
	exit(1);
}

/* The wire: memory, as a transport and for hand-written code. */

#define WIRE_SIZE ((size_t)16 << 20)

static unsigned char *wire;
static size_t wire_length, wire_at;

static void
wire_put(const void *p, size_t n)
{
	if (n > WIRE_SIZE - wire_length)
		die("wire", "overflow");
	memcpy(wire + wire_length, p, n);
	wire_length += n;
}

static size_t
wire_get(void *p, size_t n)
{
	if (n > wire_length - wire_at)
		n = wire_length - wire_at;
	memcpy(p, wire + wire_at, n);
	wire_at += n;
	return n;
}

static ptrdiff_t
wire_read(struct cask_io *io, void *buf, size_t n)
{
	(void)io;
	return (ptrdiff_t)wire_get(buf, n);
}

static ptrdiff_t
wire_write(struct cask_io *io, const void *buf, size_t n)
{
	(void)io;
	wire_put(buf, n);
	return (ptrdiff_t)n;
}

static const struct cask_io_table wire_table = {
	.name = "wire",
	.read = wire_read,
	.write = wire_write,
	.local = true,
};

static struct cask_io wire_io = { .table = &wire_table };
static struct cask_ar ar;
static bool big_endian;

/* Row: Cask, one exchange function for both directions */

static void
settings(void)
{
	ar.form = CASK_ANSI;
	ar.big_endian = big_endian;
}

static void
exchange_store(void)
{
	settings();
	cask_store(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		by_hand_x(&ar, &in[i]);
	if (cask_flush(&ar) != 0)
		die("exchange", cask_why(&ar));
}

static void
exchange_load(void)
{
	settings();
	cask_load(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		by_hand_x(&ar, &out[i]);
	if (ar.err != 0)
		die("exchange", cask_why(&ar));
}

static void
listed_store(void)
{
	settings();
	cask_store(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		record_x(&ar, &in[i]);
	if (cask_flush(&ar) != 0)
		die("exchange", cask_why(&ar));
}

static void
listed_load(void)
{
	settings();
	cask_load(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		record_x(&ar, &out[i]);
	if (ar.err != 0)
		die("exchange", cask_why(&ar));
}

/* Row: the same, but as a struct that has a name */

static void
named_store(void)
{
	settings();
	cask_store(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		cask_struct(&ar, &in[i], by_hand_x);
	if (cask_flush(&ar) != 0)
		die("name", cask_why(&ar));
}

static void
named_load(void)
{
	settings();
	cask_load(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		cask_struct(&ar, &out[i], by_hand_x);
	if (ar.err != 0)
		die("name", cask_why(&ar));
}

/* Row: within two structs, and a function more is called */

static void
middle_x(struct cask_ar *a, struct record *r)
{
	cask_struct(a, r, by_hand_x);
}

static void
path_store(void)
{
	settings();
	cask_store(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		cask_struct(&ar, &in[i], middle_x);
	if (cask_flush(&ar) != 0)
		die("path", cask_why(&ar));
}

static void
path_load(void)
{
	settings();
	cask_load(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		cask_struct(&ar, &out[i], middle_x);
	if (ar.err != 0)
		die("path", cask_why(&ar));
}

/* Row: the same as a message with its length in front */

static void
message_store(void)
{
	settings();
	cask_store(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		cask_message(&ar, &in[i], by_hand_x);
	if (cask_flush(&ar) != 0)
		die("message", cask_why(&ar));
}

static void
message_load(void)
{
	settings();
	cask_load(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++)
		cask_message(&ar, &out[i], by_hand_x);
	if (ar.err != 0)
		die("message", cask_why(&ar));
}

/* Row: somebody watches */

static void
watch_nothing(struct cask_ar *a, const struct cask_field *field)
{
	(void)a;
	(void)field;
}

static void
watch_store(void)
{
	ar.watch = watch_nothing;
	path_store();
	ar.watch = NULL;
}

static void
watch_load(void)
{
	ar.watch = watch_nothing;
	path_load();
	ar.watch = NULL;
}

/* Row: Cask, the one-way forms */

static void
oneway_store(void)
{
	settings();
	cask_store(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++) {
		const struct record *r = &in[i];

		cask_put_u8(&ar, r->kind);
		cask_put_u16(&ar, r->port);
		cask_put_u32(&ar, r->id);
		cask_put_i64(&ar, r->timestamp);
		cask_put_f32(&ar, r->a);
		for (int k = 0; k < 4; k++)
			cask_put_f64(&ar, r->b[k]);
		cask_put_bool(&ar, r->flag);
		cask_put_text(&ar, r->name);
	}
	if (cask_flush(&ar) != 0)
		die("put/get", cask_why(&ar));
}

static void
oneway_load(void)
{
	settings();
	cask_load(&ar, &wire_io);
	for (int i = 0; i < RECORDS; i++) {
		struct record *r = &out[i];

		r->kind = cask_get_u8(&ar);
		r->port = cask_get_u16(&ar);
		r->id = cask_get_u32(&ar);
		r->timestamp = cask_get_i64(&ar);
		r->a = cask_get_f32(&ar);
		for (int k = 0; k < 4; k++)
			r->b[k] = cask_get_f64(&ar);
		r->flag = cask_get_bool(&ar);
		cask_get_text(&ar, r->name, sizeof r->name);
	}
	if (ar.err != 0)
		die("put/get", cask_why(&ar));
}

/* Row: hand-written, one check a field.  The simplest archive there is. */

static struct {
	unsigned char *p, *end;
	bool swap, failed;
	unsigned char buf[4096];
} hand;

static __attribute__((noinline)) void
hand_flush(void)
{
	wire_put(hand.buf, (size_t)(hand.p - hand.buf));
	hand.p = hand.buf;
}

static __attribute__((noinline)) bool
hand_fill(size_t need)
{
	size_t left = (size_t)(hand.end - hand.p);

	memmove(hand.buf, hand.p, left);
	hand.p = hand.buf;
	hand.end =
	    hand.buf + left + wire_get(hand.buf + left, sizeof hand.buf - left);
	hand.failed = (size_t)(hand.end - hand.p) < need;
	return !hand.failed;
}

#define NO_SWAP(v) (v)
#define HAND(name, T, SWAP)                                   \
	static inline void hand_put_##name(T v)               \
	{                                                     \
		if ((size_t)(hand.end - hand.p) < sizeof v)   \
			hand_flush();                         \
		if (hand.swap)                                \
			v = SWAP(v);                          \
		memcpy(hand.p, &v, sizeof v);                 \
		hand.p += sizeof v;                           \
	}                                                     \
	static inline T hand_get_##name(void)                 \
	{                                                     \
		T v;                                          \
		if ((size_t)(hand.end - hand.p) < sizeof v && \
		    !hand_fill(sizeof v))                     \
			return 0;                             \
		memcpy(&v, hand.p, sizeof v);                 \
		hand.p += sizeof v;                           \
		return hand.swap ? SWAP(v) : v;               \
	}
HAND(u8, uint8_t, NO_SWAP)
HAND(u16, uint16_t, cask_swap16)
HAND(u32, uint32_t, cask_swap32)
HAND(u64, uint64_t, cask_swap64)

static void
hand_store(void)
{
	hand.p = hand.buf;
	hand.end = hand.buf + sizeof hand.buf;
	hand.swap = big_endian != CASK_HOST_BIG;
	for (int i = 0; i < RECORDS; i++) {
		const struct record *r = &in[i];
		size_t n = strlen(r->name);
		uint32_t f;
		uint64_t d;

		hand_put_u8(r->kind);
		hand_put_u16(r->port);
		hand_put_u32(r->id);
		hand_put_u64((uint64_t)r->timestamp);
		memcpy(&f, &r->a, 4);
		hand_put_u32(f);
		for (int k = 0; k < 4; k++) {
			memcpy(&d, &r->b[k], 8);
			hand_put_u64(d);
		}
		hand_put_u8(r->flag);
		hand_put_u8((uint8_t)n);
		if ((size_t)(hand.end - hand.p) < n)
			hand_flush();
		memcpy(hand.p, r->name, n);
		hand.p += n;
	}
	hand_flush();
}

static void
hand_load(void)
{
	hand.p = hand.end = hand.buf;
	hand.swap = big_endian != CASK_HOST_BIG;
	for (int i = 0; i < RECORDS; i++) {
		struct record *r = &out[i];
		size_t n;
		uint32_t f;
		uint64_t d;

		r->kind = hand_get_u8();
		r->port = hand_get_u16();
		r->id = hand_get_u32();
		r->timestamp = (int64_t)hand_get_u64();
		f = hand_get_u32();
		memcpy(&r->a, &f, 4);
		for (int k = 0; k < 4; k++) {
			d = hand_get_u64();
			memcpy(&r->b[k], &d, 8);
		}
		r->flag = hand_get_u8() != 0;
		n = hand_get_u8();
		if (n >= sizeof r->name ||
		    ((size_t)(hand.end - hand.p) < n && !hand_fill(n)))
			die("hand", "text");
		memcpy(r->name, hand.p, n);
		r->name[n] = '\0';
		hand.p += n;
	}
	if (hand.failed)
		die("hand", "short");
}

/* Row: hand-written, the best form: one check a run, the cursor in registers,
 * the text moved by two overlapping blocks. */

#define RUN 53 /* the bytes of the record before its text */

static inline void
copy_short(void *to, const void *from, size_t n)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if (n >= 16) {
		for (size_t i = 0; i + 16 <= n; i += 16)
			memcpy(d + i, s + i, 16);
		memcpy(d + n - 16, s + n - 16, 16);
		return;
	}
	for (size_t i = 0; i < n; i++)
		d[i] = s[i];
}

#define CURSOR(name, T, SWAP)                                                 \
	static inline unsigned char *cursor_put_##name(                       \
	    unsigned char *p, T v, bool swap)                                 \
	{                                                                     \
		if (swap)                                                     \
			v = SWAP(v);                                          \
		memcpy(p, &v, sizeof v);                                      \
		return p + sizeof v;                                          \
	}                                                                     \
	static inline T cursor_get_##name(const unsigned char **p, bool swap) \
	{                                                                     \
		T v;                                                          \
		memcpy(&v, *p, sizeof v);                                     \
		*p += sizeof v;                                               \
		return swap ? SWAP(v) : v;                                    \
	}
CURSOR(u16, uint16_t, cask_swap16)
CURSOR(u32, uint32_t, cask_swap32)
CURSOR(u64, uint64_t, cask_swap64)

static void
cursor_store(void)
{
	bool swap = big_endian != CASK_HOST_BIG;

	hand.p = hand.buf;
	hand.end = hand.buf + sizeof hand.buf;
	for (int i = 0; i < RECORDS; i++) {
		const struct record *r = &in[i];
		size_t n = strlen(r->name);
		unsigned char *p;
		uint32_t f;
		uint64_t d;

		if (hand.end - hand.p < RUN + 255)
			hand_flush();
		p = hand.p;
		*p++ = r->kind;
		p = cursor_put_u16(p, r->port, swap);
		p = cursor_put_u32(p, r->id, swap);
		p = cursor_put_u64(p, (uint64_t)r->timestamp, swap);
		memcpy(&f, &r->a, 4);
		p = cursor_put_u32(p, f, swap);
		for (int k = 0; k < 4; k++) {
			memcpy(&d, &r->b[k], 8);
			p = cursor_put_u64(p, d, swap);
		}
		*p++ = r->flag;
		*p++ = (unsigned char)n;
		copy_short(p, r->name, n);
		hand.p = p + n;
	}
	hand_flush();
}

static void
cursor_load(void)
{
	bool swap = big_endian != CASK_HOST_BIG;

	hand.p = hand.end = hand.buf;
	for (int i = 0; i < RECORDS; i++) {
		struct record *r = &out[i];
		const unsigned char *p;
		size_t n;
		uint32_t f;
		uint64_t d;

		if (hand.end - hand.p < RUN && !hand_fill(RUN))
			die("cursor", "short");
		p = hand.p;
		r->kind = *p++;
		r->port = cursor_get_u16(&p, swap);
		r->id = cursor_get_u32(&p, swap);
		r->timestamp = (int64_t)cursor_get_u64(&p, swap);
		f = cursor_get_u32(&p, swap);
		memcpy(&r->a, &f, 4);
		for (int k = 0; k < 4; k++) {
			d = cursor_get_u64(&p, swap);
			memcpy(&r->b[k], &d, 8);
		}
		r->flag = *p++ != 0;
		n = *p++;
		hand.p += RUN;
		if (n >= sizeof r->name ||
		    ((size_t)(hand.end - hand.p) < n && !hand_fill(n)))
			die("cursor", "text");
		copy_short(r->name, hand.p, n);
		r->name[n] = '\0';
		hand.p += n;
	}
}

/* Row: memcpy of the encoded records: no archive can be faster. */

static unsigned char *encoded;
static size_t encoded_length;

static void
copy_store(void)
{
	size_t each = encoded_length / RECORDS;

	for (size_t i = 0; i < RECORDS; i++)
		wire_put(encoded + i * each, each);
}

static void
copy_load(void)
{
	static unsigned char record[128];
	size_t each = encoded_length / RECORDS;

	for (size_t i = 0; i < RECORDS; i++)
		if (wire_get(record, each) != each)
			die("memcpy", "short");
}

/* Bulk */

static uint32_t *numbers32, *back32;
static double *numbers64, *back64;
static size_t bulk; /* how many, PASSES * RECORDS in all */

static void
bulk_u32_store(void)
{
	settings();
	cask_store(&ar, &wire_io);
	cask_u32_array(&ar, numbers32, bulk);
	cask_flush(&ar);
}

static void
bulk_u32_load(void)
{
	settings();
	cask_load(&ar, &wire_io);
	cask_u32_array(&ar, back32, bulk);
}

static void
bulk_f64_store(void)
{
	settings();
	cask_store(&ar, &wire_io);
	cask_f64_array(&ar, numbers64, bulk);
	cask_flush(&ar);
}

static void
bulk_f64_load(void)
{
	settings();
	cask_load(&ar, &wire_io);
	cask_f64_array(&ar, back64, bulk);
}

static void
copy_u32_store(void)
{
	wire_put(numbers32, bulk * 4);
}

static void
copy_u32_load(void)
{
	wire_get(back32, bulk * 4);
}

static void
copy_f64_store(void)
{
	wire_put(numbers64, bulk * 8);
}

static void
copy_f64_load(void)
{
	wire_get(back64, bulk * 8);
}

/* The vectorised swap: the best code for this processor, from memory to
 * memory, knowing nothing of archives. */
#if defined(__x86_64__) && !defined(__clang__)
#define FAST      __attribute__((optimize("O3"), target("avx2")))
#define FAST_HERE __builtin_cpu_supports("avx2")
#elif defined(__x86_64__)
#define FAST      __attribute__((target("avx2")))
#define FAST_HERE __builtin_cpu_supports("avx2")
#else
#define FAST
#define FAST_HERE true
#endif

FAST static void
swap_u32(void *to, const void *from)
{
	uint32_t *d = to;
	const uint32_t *s = from;

	for (size_t i = 0; i < bulk; i++)
		d[i] = cask_swap32(s[i]);
}

FAST static void
swap_f64(void *to, const void *from)
{
	uint64_t *d = to;
	const uint64_t *s = from;

	for (size_t i = 0; i < bulk; i++)
		d[i] = cask_swap64(s[i]);
}

static void
swap_u32_store(void)
{
	swap_u32(wire + wire_length, numbers32);
	wire_length += bulk * 4;
}

static void
swap_u32_load(void)
{
	swap_u32(back32, wire + wire_at);
	wire_at += bulk * 4;
}

static void
swap_f64_store(void)
{
	swap_f64(wire + wire_length, numbers64);
	wire_length += bulk * 8;
}

static void
swap_f64_load(void)
{
	swap_f64(back64, wire + wire_at);
	wire_at += bulk * 8;
}

/* The timing */

struct row {
	const char *name;
	void (*store)(void);
	void (*load)(void);
	double ns[2][ROUNDS];
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
time_row(struct row *row, int round, size_t passes, void (*check)(const char *))
{
	double t0 = now(), t1;

	for (size_t i = 0; i < passes; i++) {
		wire_length = 0;
		row->store();
	}
	t1 = now();
	row->ns[0][round] = t1 - t0;
	for (size_t i = 0; i < passes; i++) {
		wire_at = 0;
		row->load();
	}
	row->ns[1][round] = now() - t1;
	check(row->name);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of the ratios, round by round. */
static double
ratio(const struct row *a, const struct row *b, int direction)
{
	double r[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		r[i] = a->ns[direction][i] / b->ns[direction][i];
	qsort(r, ROUNDS, sizeof r[0], by_size);
	return r[ROUNDS / 2];
}

static double
median_ns(const struct row *a, int direction, double items)
{
	double r[ROUNDS];

	memcpy(r, a->ns[direction], sizeof r);
	qsort(r, ROUNDS, sizeof r[0], by_size);
	return r[ROUNDS / 2] / items;
}

static void
run(const char *title, struct row *rows, size_t n, size_t base, size_t passes,
    double items, void (*check)(const char *))
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < n; i++)
			time_row(&rows[i], round, passes, check);
	printf("\n%-44s %16s %16s\n", title, "store", "load");
	for (size_t i = 0; i < n; i++)
		printf("  %-42s %6.2f (%6.2f) %7.2f (%6.2f)\n", rows[i].name,
		    ratio(&rows[i], &rows[base], 0),
		    median_ns(&rows[i], 0, items),
		    ratio(&rows[i], &rows[base], 1),
		    median_ns(&rows[i], 1, items));
}

static void
check_records(const char *row)
{
	if (wire_length != encoded_length ||
	    memcmp(wire, encoded, encoded_length) != 0)
		die(row, "other bytes than the exchange function's");
	if (strcmp(row, "memcpy of the encoded record") == 0)
		return;
	for (int i = 0; i < RECORDS; i++)
		if (in[i].kind != out[i].kind || in[i].port != out[i].port ||
		    in[i].id != out[i].id || in[i].flag != out[i].flag ||
		    in[i].timestamp != out[i].timestamp ||
		    memcmp(&in[i].a, &out[i].a, sizeof in[i].a) != 0 ||
		    memcmp(in[i].b, out[i].b, sizeof in[i].b) != 0 ||
		    strcmp(in[i].name, out[i].name) != 0)
			die(row, "loaded something else than was stored");
	memset(out, 0, sizeof out);
}

static void
check_u32(const char *row)
{
	if (memcmp(numbers32, back32, bulk * 4) != 0)
		die(row, "loaded something else than was stored");
	memset(back32, 0, bulk * 4);
}

static void
check_f64(const char *row)
{
	if (memcmp(numbers64, back64, bulk * 8) != 0)
		die(row, "loaded something else than was stored");
	memset(back64, 0, bulk * 8);
}

static uint64_t
next_random(void)
{
	static uint64_t s = 1;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s * UINT64_C(0x2545F4914F6CDD1D);
}

static void
make_records(void)
{
	for (int i = 0; i < RECORDS; i++) {
		struct record *r = &in[i];

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

static void
bench_records(void)
{
	struct row rows[] = {
		{ .name = "hand-written, a check a field",
		    .store = hand_store,
		    .load = hand_load },
		{ .name = "hand-written, a check a run",
		    .store = cursor_store,
		    .load = cursor_load },
		{ .name = "cask, one exchange function",
		    .store = exchange_store,
		    .load = exchange_load },
		{ .name = "cask, from a list",
		    .store = listed_store,
		    .load = listed_load },
		{ .name = "cask, put and get",
		    .store = oneway_store,
		    .load = oneway_load },
		{ .name = "memcpy of the encoded record",
		    .store = copy_store,
		    .load = copy_load },
	};

	wire_length = 0;
	exchange_store();
	memcpy(encoded, wire, wire_length);
	encoded_length = wire_length;
	run(big_endian ? "record, big-endian" : "record, little-endian", rows,
	    sizeof rows / sizeof rows[0], 0, PASSES, (double)PASSES * RECORDS,
	    check_records);
}

static void
check_paths(const char *row)
{
	for (int i = 0; i < RECORDS; i++)
		if (in[i].id != out[i].id ||
		    strcmp(in[i].name, out[i].name) != 0)
			die(row, "loaded something else than was stored");
	memset(out, 0, sizeof out);
}

/* Names cost nothing until somebody watches. */
static void
bench_paths(void)
{
	struct row rows[] = {
		{ .name = "fields as they are",
		    .store = exchange_store,
		    .load = exchange_load },
		{ .name = "as a struct with a name",
		    .store = named_store,
		    .load = named_load },
		{ .name = "within two structs, each with a name",
		    .store = path_store,
		    .load = path_load },
		{ .name = "as a message with its length",
		    .store = message_store,
		    .load = message_load },
		{ .name = "within two structs, and ar->watch is set",
		    .store = watch_store,
		    .load = watch_load },
	};

	run("record, named path", rows, sizeof rows / sizeof rows[0], 0,
	    PASSES / 20, (double)PASSES / 20 * RECORDS, check_paths);
}

static void
bench_bulk(size_t n)
{
	bool native = big_endian == CASK_HOST_BIG;
	struct row u32[] = {
		{ .name = native ? "memcpy" : "vectorised swap",
		    .store = native ? copy_u32_store : swap_u32_store,
		    .load = native ? copy_u32_load : swap_u32_load },
		{ .name = "cask_u32_array",
		    .store = bulk_u32_store,
		    .load = bulk_u32_load },
	};
	struct row f64[] = {
		{ .name = native ? "memcpy" : "vectorised swap",
		    .store = native ? copy_f64_store : swap_f64_store,
		    .load = native ? copy_f64_load : swap_f64_load },
		{ .name = "cask_f64_array",
		    .store = bulk_f64_store,
		    .load = bulk_f64_load },
	};
	char title[64];

	bulk = n;
	snprintf(title, sizeof title, "%zu u32, %s order", n,
	    native ? "the host's" : "the other");
	run(title, u32, 2, 0, 20 * NUMBERS / n, 20.0 * NUMBERS, check_u32);
	snprintf(title, sizeof title, "%zu f64, %s order", n,
	    native ? "the host's" : "the other");
	run(title, f64, 2, 0, 20 * NUMBERS / n, 20.0 * NUMBERS, check_f64);
}

int
main(void)
{
	wire = malloc(WIRE_SIZE);
	encoded = malloc(RECORDS * 128);
	numbers32 = malloc(NUMBERS * sizeof *numbers32);
	back32 = malloc(NUMBERS * sizeof *back32);
	numbers64 = malloc(NUMBERS * sizeof *numbers64);
	back64 = malloc(NUMBERS * sizeof *back64);
	if (!wire || !encoded || !numbers32 || !back32 || !numbers64 || !back64)
		die("bench", "no memory");
	for (size_t i = 0; i < NUMBERS; i++) {
		numbers32[i] = (uint32_t)next_random();
		numbers64[i] = (double)(next_random() >> 11);
	}
	memset(wire, 1, WIRE_SIZE);
	make_records();
	printf("ratio to the first row, and (ns an item); medians of %d "
	       "rounds\n",
	    ROUNDS);
	big_endian = false;
	bench_records();
	big_endian = true;
	bench_records();
	big_endian = CASK_HOST_BIG;
	bench_paths();
	bench_bulk(NUMBERS);
	if (!FAST_HERE) {
		printf("\n(no AVX2 here: nothing to hold the other order "
		       "against)\n");
		return 0;
	}
	big_endian = !CASK_HOST_BIG;
	bench_bulk(NUMBERS);
	bench_bulk(8192);
	return 0;
}
