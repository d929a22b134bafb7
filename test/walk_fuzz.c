/*
 * Fuzzing of walks: the input makes up a struct and its exchange function, and
 * what goes into it.  Stored in any way it gives the same bytes, as many as are
 * measured; loaded from them it is the same again; it can be printed, described
 * and released; and cut or with a flipped bit it loads to an end and leaks
 * nothing.
 *
 * With libFuzzer (-DFUZZING) it makes up its input; without, it runs the files
 * that it is given, and is a test.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include <cask.h>

/* The struct: up to so many fields, each of any kind. */

#define FIELDS 48
#define MANY   40
#define TEXT   48

struct inner {
	uint16_t id;
	char *name;
};

union value {
	uint8_t u8;
	uint16_t u16, u16s[MANY];
	uint32_t u32, u32s[MANY];
	uint64_t u64;
	int8_t i8;
	int16_t i16;
	int32_t i32;
	int64_t i64;
	float f32;
	double f64, f64s[MANY];
	bool is;
	char text[TEXT];
	unsigned char bytes[8 * MANY];
};

struct field {
	unsigned char kind;
	unsigned char n; /* of an array; of the fields in a struct */
	union value v;
	uint32_t count;
	char *dup;
	double *numbers;
	struct inner *inners;
	struct inner *one;
};

struct walk {
	struct field field[FIELDS];
	unsigned fields;
};

enum kind {
	U8,
	U16,
	U32,
	U64,
	I8,
	I16,
	I32,
	I64,
	F32,
	F64,
	BOOL,
	CHAR16,
	COUNT,
	BYTES,
	U16S,
	U32S,
	F64S,
	TEXTS,
	TEXT_DUP,
	NUMBERS_DUP,
	STRUCTS_DUP,
	STRUCT_DUP,
	STRUCT,
	MESSAGE,
	VERSION,
	SECRET,
	KINDS
};

static void
inner_x(struct cask_ar *ar, struct inner *i)
{
	cask_u16(ar, &i->id);
	cask_text_dup(ar, &i->name, TEXT);
}

static void
number_x(struct cask_ar *ar, struct field *f)
{
	switch ((enum kind)f->kind) {
	case U8:
		cask_u8(ar, &f->v.u8);
		break;
	case U16:
		cask_u16(ar, &f->v.u16);
		break;
	case U32:
		cask_u32(ar, &f->v.u32);
		break;
	case U64:
		cask_u64(ar, &f->v.u64);
		break;
	case I8:
		cask_i8(ar, &f->v.i8);
		break;
	case I16:
		cask_i16(ar, &f->v.i16);
		break;
	case I32:
		cask_i32(ar, &f->v.i32);
		break;
	case I64:
		cask_i64(ar, &f->v.i64);
		break;
	case F32:
		cask_f32(ar, &f->v.f32);
		break;
	case F64:
		cask_f64(ar, &f->v.f64);
		break;
	case BOOL:
		cask_bool(ar, &f->v.is);
		break;
	case CHAR16:
		cask_char16(ar, &f->v.u16);
		break;
	case COUNT:
		cask_count(ar, &f->count, 1 << 24);
		break;
	default:
		CHECK(!"a number");
	}
}

static void
field_x(struct cask_ar *ar, struct field *f)
{
	switch ((enum kind)f->kind) {
	case BYTES:
		cask_bytes(ar, f->v.bytes, f->n);
		break;
	case U16S:
		cask_u16_array(ar, f->v.u16s, f->n);
		break;
	case U32S:
		cask_u32_array(ar, f->v.u32s, f->n);
		break;
	case F64S:
		cask_f64_array(ar, f->v.f64s, f->n);
		break;
	case TEXTS:
		cask_text(ar, f->v.text, sizeof f->v.text);
		break;
	case TEXT_DUP:
		cask_text_dup(ar, &f->dup, TEXT);
		break;
	case NUMBERS_DUP:
		cask_f64_array_dup(ar, &f->numbers, &f->count, MANY);
		break;
	case STRUCTS_DUP:
		cask_structs_dup(ar, &f->inners, &f->count, MANY, inner_x);
		break;
	case STRUCT_DUP:
		cask_struct_dup(ar, &f->one, inner_x);
		break;
	case VERSION:
		f->v.u16 = (uint16_t)cask_version(ar, 7);
		break;
	case SECRET:
		cask_secret(ar, cask_u32(ar, &f->v.u32));
		break;
	default:
		number_x(ar, f);
	}
}

/* A struct or a message has the n fields that follow it. */
struct part {
	struct walk *w;
	unsigned begin, end;
};

static void
part_x(struct cask_ar *ar, struct part *p)
{
	struct walk *w = p->w;
	unsigned i = p->begin, end = p->end;

	while (i < end && (ar->err == 0 || !cask_storing(ar))) {
		struct field *f = &w->field[i++];
		struct part inner = { w, i, i + f->n };

		if (f->kind != STRUCT && f->kind != MESSAGE) {
			field_x(ar, f);
			continue;
		}
		if (inner.end > end)
			inner.end = end;
		i = inner.end;
		if (f->kind == STRUCT)
			cask_struct(ar, &inner, part_x);
		else
			cask_message(ar, &inner, part_x);
	}
}

static void
walk_x(struct cask_ar *ar, struct walk *w)
{
	struct part all = { w, 0, w->fields };

	part_x(ar, &all);
}

/* What the input says */

struct input {
	const unsigned char *next, *end;
};

static unsigned
byte(struct input *in)
{
	return in->next < in->end ? *in->next++ : 0;
}

static void
fill(struct input *in, void *p, size_t n)
{
	unsigned char *to = p;

	while (n-- > 0)
		*to++ = (unsigned char)byte(in);
}

/* Well-formed, of all lengths of a character. */
static void
make_text(struct input *in, char *text, size_t size)
{
	static const char *const some[] = { "a", "Z", " ", "\n", "\xc3\xa4",
		"\xd0\xb6", "\xe2\x82\xac", "\xe6\x97\xa5", "\xf0\x9f\x98\x80",
		"\xef\xbb\xbf", "\xef\xbf\xbd" };
	size_t n = byte(in) % size, at = 0;

	while (at + 5 < size && at < n) {
		unsigned c = byte(in);
		const char *s = some[c % (sizeof some / sizeof *some)];

		memcpy(text + at, s, strlen(s));
		at += strlen(s);
	}
	text[at] = '\0';
}

static char *
make_dup(struct input *in)
{
	char *text = malloc(TEXT);

	CHECK(text != NULL);
	make_text(in, text, TEXT);
	return text;
}

static void
make_dups(struct input *in, struct field *f)
{
	unsigned n = byte(in) % MANY;

	if (f->kind == TEXT_DUP) {
		f->dup = make_dup(in);
	} else if (f->kind == NUMBERS_DUP && n > 0) {
		f->numbers = malloc(n * sizeof *f->numbers);
		CHECK(f->numbers != NULL);
		fill(in, f->numbers, n * sizeof *f->numbers);
		f->count = n;
	} else if (f->kind == STRUCTS_DUP && n > 0) {
		f->inners = calloc(n, sizeof *f->inners);
		CHECK(f->inners != NULL);
		f->count = n;
		for (unsigned i = 0; i < n; i++)
			f->inners[i].name = make_dup(in);
	} else if (f->kind == STRUCT_DUP && n % 2 == 0) {
		f->one = calloc(1, sizeof *f->one);
		CHECK(f->one != NULL);
		f->one->id = (uint16_t)n;
		f->one->name = make_dup(in);
	}
}

static void
make_field(struct input *in, struct field *f)
{
	f->kind = (unsigned char)(byte(in) % KINDS);
	switch ((enum kind)f->kind) {
	case BYTES:
		f->n = (unsigned char)byte(in);
		fill(in, f->v.bytes, f->n);
		break;
	case U16S:
	case U32S:
	case F64S:
		f->n = (unsigned char)(byte(in) % (MANY + 1));
		fill(in, f->v.bytes, 8 * (size_t)f->n);
		break;
	case STRUCT:
	case MESSAGE:
		f->n = (unsigned char)(byte(in) % 8);
		break;
	case TEXTS:
		make_text(in, f->v.text, TEXT);
		break;
	case BOOL:
		f->v.is = byte(in) & 1;
		break;
	case COUNT:
		f->count = byte(in) << 16 | byte(in) << 8 | byte(in);
		break;
	case VERSION:
		f->v.u16 = 7;
		break;
	case TEXT_DUP:
	case NUMBERS_DUP:
	case STRUCTS_DUP:
	case STRUCT_DUP:
		make_dups(in, f);
		break;
	default:
		fill(in, f->v.bytes, 8);
	}
}

static void
make_settings(struct input *in, struct cask_ar *ar)
{
	unsigned v = byte(in);

	ar->big_endian = v & 1;
	ar->count32 = v & 2;
	ar->replace = v & 4;
	ar->form = (enum cask_text_form)(CASK_UNICODE + (v >> 3) % 3);
	ar->json = v & 64;
}

/* Only what is there to be loaded: the shape of the struct. */
static void
copy_shape(struct walk *to, const struct walk *from)
{
	memset(to, 0, sizeof *to);
	to->fields = from->fields;
	for (unsigned i = 0; i < from->fields; i++) {
		to->field[i].kind = from->field[i].kind;
		to->field[i].n = from->field[i].n;
	}
}

static void
release(struct walk *w)
{
	struct cask_ar ar = { 0 };

	cask_release(&ar);
	walk_x(&ar, w);
	CHECK(ar.err == 0);
	for (unsigned i = 0; i < w->fields; i++) {
		const struct field *f = &w->field[i];

		CHECK(f->dup == NULL && f->numbers == NULL);
		CHECK(f->inners == NULL && f->one == NULL);
	}
}

/* The ways to walk */

/* Bytes that come a few at a time. */
struct drops {
	struct cask_io io;
	struct cask_mem *m;
	size_t most;
};

static ptrdiff_t
drops_read(struct cask_io *io, void *buf, size_t size)
{
	struct drops *d = (struct drops *)io;

	if (d->most > 0 && size > d->most)
		size = d->most;
	return d->m->io.table->read(&d->m->io, buf, size);
}

static const struct cask_io_table drops = { .name = "drops",
	.read = drops_read };

static bool
store(struct cask_ar *ar, struct walk *w, struct cask_mem *m)
{
	cask_store(ar, cask_mem_grow(m, 0));
	walk_x(ar, w);
	return cask_flush(ar) == 0;
}

/* In two buffers it is the same, and it is what was measured. */
static void
check_bytes(
    struct cask_ar *ar, struct walk *w, const struct cask_mem *m, unsigned size)
{
	unsigned char buffer[64];
	struct cask_mem again;

	ar->buffer = buffer;
	ar->buffer_size = 1 + size % sizeof buffer;
	CHECK(store(ar, w, &again));
	CHECK(again.length == m->length);
	CHECK(m->length == 0 || memcmp(again.data, m->data, m->length) == 0);
	cask_mem_close(&again);
	cask_measure(ar);
	walk_x(ar, w);
	CHECK(ar->err == 0 && cask_at(ar) == m->length);
	ar->buffer = NULL;
}

static void
check_words(struct cask_ar *ar, struct walk *w)
{
	struct walk shape;
	struct cask_mem m;

	cask_print(ar, cask_mem_grow(&m, 0));
	walk_x(ar, w);
	CHECK(cask_flush(ar) == 0);
	cask_mem_close(&m);
	copy_shape(&shape, w);
	cask_describe(ar, cask_mem_grow(&m, 0));
	walk_x(ar, &shape);
	CHECK(cask_flush(ar) == 0);
	release(&shape);
	cask_mem_close(&m);
}

/* Load n bytes, a few at a time; they are in a block of just that size. */
static void
load(struct cask_ar *ar, struct walk *w, const void *bytes, size_t n,
    unsigned most)
{
	unsigned char *exact = malloc(n + 1);
	struct drops d = { .io.table = &drops, .most = most % 32 };
	struct cask_mem m;

	CHECK(exact != NULL);
	if (n > 0)
		memcpy(exact + 1, bytes, n);
	d.m = &m;
	cask_mem_read(&m, exact + 1, n);
	cask_load(ar, &d.io);
	walk_x(ar, w);
	CHECK(ar->err != 0 || cask_at(ar) <= n);
	free(exact);
}

static void
check_load(
    struct cask_ar *ar, struct walk *w, const struct cask_mem *m, unsigned most)
{
	struct cask_mem again;
	struct walk got;

	copy_shape(&got, w);
	load(ar, &got, m->data, m->length, most);
	CHECK(ar->err == 0 && cask_at(ar) == m->length);
	CHECK(store(ar, &got, &again));
	CHECK(again.length == m->length);
	CHECK(m->length == 0 || memcmp(again.data, m->data, m->length) == 0);
	cask_mem_close(&again);
	release(&got);
}

static void
check_harm(struct cask_ar *ar, struct walk *w, struct cask_mem *m,
    unsigned where, unsigned most)
{
	struct walk got;

	if (m->length == 0)
		return;
	copy_shape(&got, w);
	load(ar, &got, m->data, where % m->length, most);
	CHECK(ar->err == CASK_ECUT);
	release(&got);
	m->data[where % m->length] ^= (unsigned char)(1u << where / 7 % 8);
	copy_shape(&got, w);
	load(ar, &got, m->data, m->length, most);
	release(&got);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	struct input in = { data, data + n };
	static struct walk w;
	struct cask_ar ar = { 0 };
	unsigned size, most, where;
	struct cask_mem m;

	memset(&w, 0, sizeof w);
	make_settings(&in, &ar);
	size = byte(&in);
	most = byte(&in);
	where = byte(&in) << 8 | byte(&in);
	while (in.next < in.end && w.fields < FIELDS)
		make_field(&in, &w.field[w.fields++]);
	if (store(&ar, &w, &m)) {
		check_bytes(&ar, &w, &m, size);
		check_words(&ar, &w);
		check_load(&ar, &w, &m, most);
		check_harm(&ar, &w, &m, where, most);
	} else {
		CHECK(ar.err == CASK_ETEXT);
	}
	cask_mem_close(&m);
	release(&w);
	return 0;
}
