/*
 * The C half of test/peer_graph.py: graphs of objects, which it stores, or
 * loads and stores again, and describes.  It knows nothing of what is right.
 *
 *     graph_differential store BIG BUFFER SEED BLOCKS CHAIN TEXT >stream
 *     graph_differential load BIG BUFFER STREAM AGAIN [CUT]... >text
 *
 * store makes a graph of its own, and describes it in the file TEXT.  load
 * stores again what it has loaded, to the file AGAIN; and for each CUT it
 * loads only so many bytes, and says how that ended.
 *
 * A stream is a u32, how many blocks there are; each is a u16 and so many
 * pointers.  Document 0 is mapped before all, 1 in the middle.  The text has a
 * line for each block, "block #1 #0 ...", and each object, "CName values
 * references".  Objects are counted as they are first mentioned; #0 is NULL,
 * and D0 and D1 are the documents.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IN_BLOCK  40
#define LAST_MOST 5000 /* of the chain, referred to again in the end */
#define RARE      3
#define TEXT_MOST 400000

static void
give_up(const char *what)
{
	fprintf(stderr, "graph_differential: %s\n", what);
	exit(2);
}

static void *
allocate(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size);

	if (p == NULL)
		give_up("no memory");
	return p;
}

/* One struct for all classes, which differ in what of it they exchange. */
struct thing {
	const struct cask_class *is;
	uint32_t seen; /* its number in the text */
	uint32_t came, base_came;
	uint8_t u8;
	int16_t i16;
	uint16_t u16;
	uint32_t u32;
	int64_t i64;
	double f64;
	char *wide, *narrow;
	struct thing *some, *other, *next;
};

static const struct cask_class thing_class = { .name = "CThing",
	.size = sizeof(struct thing) };
static const struct cask_class document_class = {
	.name = "CDocument", .base = &thing_class, .size = sizeof(struct thing)
};
static const struct cask_class base_class, node_class;

static const struct cask_as wide = { .form = CASK_UNICODE };
static const struct cask_as narrow = { .form = CASK_ANSI };

static void
numbers_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	cask_u8(ar, &t->u8);
	cask_i16(ar, &t->i16);
	cask_u32(ar, &t->u32);
	cask_i64(ar, &t->i64);
	cask_f64(ar, &t->f64);
}

static void
texts_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	cask_text_dup_as(ar, &t->wide, TEXT_MOST, &wide);
	cask_object(ar, &t->some, &thing_class);
	cask_text_dup_as(ar, &t->narrow, TEXT_MOST, &narrow);
}

static void
node_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	cask_u16(ar, &t->u16);
	cask_object(ar, &t->some, &thing_class);
	cask_object_last(ar, &t->next, &node_class);
}

static void
subnode_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	cask_u32(ar, &t->u32);
	node_x(ar, object);
}

static uint32_t
schema_once(struct cask_ar *ar)
{
	uint32_t schema = cask_schema(ar);

	if (cask_schema(ar) != CASK_NO_SCHEMA)
		give_up("a schema was told twice");
	return schema;
}

/* Schema 1 has a number, 2 a text, 3 a pointer. */
static void
versioned_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	t->came = schema_once(ar);
	cask_u16(ar, &t->u16);
	if (t->came >= 2)
		cask_text_dup_as(ar, &t->wide, TEXT_MOST, &wide);
	if (t->came >= 3)
		cask_object_last(ar, &t->some, &thing_class);
}

/* It asks only behind an object that has a schema, too. */
static void
late_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	cask_object(ar, &t->some, &thing_class);
	t->came = schema_once(ar);
	if (t->came >= 4)
		cask_u32(ar, &t->u32);
}

static void
rare_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	cask_u8(ar, &t->u8);
}

static void
base_fields(struct cask_ar *ar, struct thing *t, uint32_t schema)
{
	cask_u8(ar, &t->u8);
	if (schema >= 2)
		cask_i16(ar, &t->i16);
}

static void
base_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	t->base_came = schema_once(ar);
	base_fields(ar, t, t->base_came);
}

static void
derived_x(struct cask_ar *ar, void *object)
{
	struct thing *t = object;

	cask_u16(ar, &t->u16);
	t->base_came = cask_class_of(ar, &base_class);
	base_fields(ar, t, t->base_came);
	cask_object(ar, &t->some, &base_class);
	cask_u32(ar, &t->u32);
	cask_object(ar, &t->other, &thing_class);
}

#define KIND(variable, text, up, exchanges, version, versions)      \
	static const struct cask_class variable = { .name = (text), \
		.base = (up),                                       \
		.schema = (version),                                \
		.versionable = (versions),                          \
		.size = sizeof(struct thing),                       \
		.exchange = (exchanges) }

KIND(numbers_class, "CNumbers", &thing_class, numbers_x, 0, false);
KIND(texts_class, "CTexts", &thing_class, texts_x, 1, false);
KIND(node_class, "CNode", &thing_class, node_x, 1, false);
KIND(subnode_class, "CSubNode", &node_class, subnode_x, 65534, false);
KIND(versioned_class, "CVersioned", &thing_class, versioned_x, 3, true);
KIND(late_class, "CLate", &thing_class, late_x, 5, true);
KIND(base_class, "CBase", &thing_class, base_x, 3, true);
KIND(derived_class, "CDerived", &base_class, derived_x, 2, false);
/* Its number, and those of its objects, come behind all others. */
KIND(rare_class, "CRare", &thing_class, rare_x, 9, true);

static const struct cask_class *const classes[] = { &numbers_class,
	&texts_class, &node_class, &subnode_class, &versioned_class,
	&late_class, &base_class, &derived_class, &rare_class, NULL };
#define CLASSES (sizeof classes / sizeof *classes - 2)

static struct thing documents[2];

/* The stream */

struct block {
	uint16_t n;
	struct thing **root;
};

struct all {
	uint32_t n;
	struct block *block;
};

static void
all_x(struct cask_ar *ar, struct all *all)
{
	cask_map_object(ar, &documents[0], &document_class);
	cask_u32(ar, &all->n);
	if (ar->err != 0 || all->n > 100000)
		return;
	if (cask_loading(ar))
		all->block = allocate(all->n, sizeof *all->block);
	for (uint32_t i = 0; i < all->n && ar->err == 0; i++) {
		struct block *b = &all->block[i];

		if (i == all->n / 2)
			cask_map_object(ar, &documents[1], &document_class);
		cask_u16(ar, &b->n);
		if (cask_loading(ar))
			b->root = allocate(b->n, sizeof(struct thing *));
		for (size_t k = 0; k < b->n && ar->err == 0; k++)
			cask_object(ar, &b->root[k], &thing_class);
	}
}

static void
free_all(struct all *all)
{
	for (uint32_t i = 0; all->block != NULL && i < all->n; i++)
		free(all->block[i].root);
	free(all->block);
}

static void
open_archive(struct cask_ar *ar, struct cask_graph *g, char **setting)
{
	static unsigned char buffer[65536];

	memset(ar, 0, sizeof *ar);
	memset(g, 0, sizeof *g);
	g->classes = classes;
	ar->graph = g;
	ar->big_endian = atoi(setting[0]) != 0;
	ar->buffer_size = (size_t)atoi(setting[1]);
	if (ar->buffer_size > sizeof buffer)
		give_up("a buffer too large");
	if (ar->buffer_size > 0)
		ar->buffer = buffer;
}

/* The text */

struct queue {
	struct thing **thing; /* in the order of their numbers */
	uint32_t n, room;
	FILE *to;
};

static void
mention(struct queue *q, struct thing *t)
{
	if (t == &documents[0] || t == &documents[1]) {
		fprintf(q->to, " D%d", t == &documents[1]);
		return;
	}
	if (t != NULL && t->seen == 0) {
		if (q->n == q->room) {
			q->room = q->room > 0 ? 2 * q->room : 1024;
			q->thing =
			    realloc(q->thing, q->room * sizeof(struct thing *));
			if (q->thing == NULL)
				give_up("no memory");
		}
		q->thing[q->n++] = t;
		t->seen = q->n;
	}
	fprintf(q->to, " #%" PRIu32, t != NULL ? t->seen : 0);
}

static void
tell_text(struct queue *q, const char *s)
{
	fputs(" ", q->to);
	for (; s != NULL && *s != '\0'; s++)
		fprintf(q->to, "%02x", (unsigned)(unsigned char)*s);
	fputs(".", q->to);
}

static void
describe_thing(struct queue *q, struct thing *t)
{
	uint64_t bits;

	memcpy(&bits, &t->f64, sizeof bits);
	fprintf(q->to, "%s %u %u %d %u %u %" PRIu32 " %" PRId64 " %" PRIx64,
	    t->is->name, (unsigned)t->came, (unsigned)t->base_came, t->i16,
	    t->u8, t->u16, t->u32, t->i64, bits);
	tell_text(q, t->wide);
	tell_text(q, t->narrow);
	mention(q, t->some);
	mention(q, t->other);
	mention(q, t->next);
	fputs("\n", q->to);
}

static void
describe(struct all *all, FILE *to)
{
	struct queue q = { .to = to };

	for (uint32_t i = 0; i < all->n; i++) {
		fputs("block", to);
		for (size_t k = 0; k < all->block[i].n; k++)
			mention(&q, all->block[i].root[k]);
		fputs("\n", to);
	}
	for (uint32_t i = 0; i < q.n; i++)
		describe_thing(&q, q.thing[i]);
	free(q.thing);
}

/* Making one */

static uint64_t state;

static uint64_t
any(void)
{
	uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static uint32_t
below(size_t n)
{
	return (uint32_t)(any() % n);
}

/* ASCII, and letters of all sizes in UTF-8. */
static char *
any_text(bool latin)
{
	static const char *const letter[] = { "a", "Z", "7", "~", "\xC3\xA9",
		"\xE2\x82\xAC", "\xE6\xBC\xA2", "\xF0\x9F\x98\x80" };
	size_t n = below(12);
	char *s;

	if (below(50) == 0)
		n = 250 + below(10);
	if (below(2000) == 0)
		n = 65530 + below(8);
	s = allocate(4 * n + 1, 1);
	for (size_t at = 0; n > 0; n--) {
		const char *l = letter[below(latin ? 6 : 8)];

		memcpy(s + at, l, strlen(l));
		at += strlen(l);
	}
	return s;
}

struct maker {
	struct thing *thing; /* blocks of IN_BLOCK, behind them the chain */
	uint32_t n, blocks;
};

/* One of a kind that may be referred to from block b: of it, or before. */
static struct thing *
any_of(const struct maker *m, uint32_t b, const struct cask_class *kind)
{
	uint32_t end = b < m->blocks ? (b + 1) * IN_BLOCK : m->n;
	uint32_t in = end < IN_BLOCK ? end : IN_BLOCK;

	if (below(8) == 0)
		return NULL;
	if (kind == &thing_class && below(10) == 0)
		return &documents[b >= m->blocks / 2 + 1 ? below(2) : 0];
	for (int i = 0; i < 20; i++) {
		struct thing *t =
		    &m->thing[below(2) == 0 ? below(end) : end - 1 - below(in)];

		if (cask_is_kind_of(t->is, kind))
			return t;
	}
	return NULL;
}

static void
fill(struct maker *m, uint32_t i, bool chained)
{
	struct thing *t = &m->thing[i];
	uint32_t b = chained ? m->blocks - 1 : i / IN_BLOCK;
	const struct cask_class *is = t->is;
	bool node = cask_is_kind_of(is, &node_class);
	bool base = cask_is_kind_of(is, &base_class);

	if (is == &numbers_class) {
		uint64_t bits = any() & ~(UINT64_C(1) << 62); /* no NaN */

		memcpy(&t->f64, &bits, sizeof bits);
		t->i64 = (int64_t)any();
	}
	if (is == &numbers_class || base) {
		t->u8 = (uint8_t)any();
		t->i16 = (int16_t)below(65536);
	}
	if (is != &base_class && is != &texts_class && is != &node_class &&
	    is != &versioned_class)
		t->u32 = (uint32_t)any();
	if (node || is == &derived_class || is == &versioned_class)
		t->u16 = (uint16_t)any();
	if (is == &texts_class || is == &versioned_class)
		t->wide = any_text(false);
	if (is == &texts_class)
		t->narrow = any_text(true);
	if (is != &numbers_class && is != &base_class)
		t->some = any_of(
		    m, b, is == &derived_class ? &base_class : &thing_class);
	if (is == &derived_class)
		t->other = any_of(m, b, &thing_class);
	if (chained)
		t->next = i + 1 < m->n ? &m->thing[i + 1] : NULL;
	else if (node)
		t->next = any_of(m, b, &node_class);
	if (base)
		t->base_came = base_class.schema;
	if (is == &versioned_class || is == &late_class)
		t->came = is->schema;
}

static void
make_last(const struct maker *m, struct block *b, uint32_t chain)
{
	uint32_t some = chain < LAST_MOST ? chain : LAST_MOST;

	b->n = (uint16_t)(some + 2 * RARE);
	b->root = allocate(b->n, sizeof(struct thing *));
	for (uint32_t k = 0; k < 2 * RARE; k++)
		b->root[k] = &m->thing[m->n + k % RARE];
	for (uint32_t k = 0; k < some; k++)
		b->root[2 * RARE + k] = &m->thing[m->n - some + k];
}

static void
make_things(struct maker *m, uint32_t blocks, uint32_t chain)
{
	m->blocks = blocks;
	m->n = blocks * IN_BLOCK + chain;
	m->thing = allocate(m->n + RARE, sizeof *m->thing);
	for (uint32_t i = 0; i < m->n; i++)
		m->thing[i].is = i < blocks * IN_BLOCK
		    ? classes[below(CLASSES)]
		    : (below(4) == 0 ? &subnode_class : &node_class);
	for (uint32_t i = 0; i < m->n; i++)
		fill(m, i, i >= blocks * IN_BLOCK);
	for (uint32_t i = m->n; i < m->n + RARE; i++) {
		m->thing[i].is = &rare_class;
		m->thing[i].u8 = (uint8_t)any();
	}
}

/* Blocks, the chain, and what comes last. */
static void
make_all(struct maker *m, struct all *all, uint32_t blocks, uint32_t chain)
{
	make_things(m, blocks, chain);
	all->n = blocks + (chain > 0) + 1;
	all->block = allocate(all->n, sizeof *all->block);
	for (uint32_t i = 0; i + 1 < all->n; i++) {
		struct block *b = &all->block[i];

		b->n = i < blocks ? IN_BLOCK + 2 : 1;
		b->root = allocate(b->n, sizeof(struct thing *));
		for (uint32_t k = 0; i < blocks && k < IN_BLOCK; k++)
			b->root[k] = &m->thing[i * IN_BLOCK + k];
		if (i == blocks)
			b->root[0] = &m->thing[blocks * IN_BLOCK];
		else
			b->root[IN_BLOCK] = any_of(m, i, &thing_class);
	}
	make_last(m, &all->block[all->n - 1], chain);
}

/* What it does */

static void
store_all(struct all *all, char **setting, FILE *to)
{
	struct cask_graph g;
	struct cask_ar ar;
	struct cask_mem m;

	open_archive(&ar, &g, setting);
	cask_store(&ar, cask_mem_grow(&m, 0));
	all_x(&ar, all);
	if (cask_flush(&ar) != 0)
		give_up(cask_why(&ar));
	fwrite(m.data, 1, m.length, to);
	cask_mem_close(&m);
	cask_graph_clear(&g);
}

static FILE *
create(const char *name)
{
	FILE *f = fopen(name, "wb");

	if (f == NULL)
		give_up(name);
	return f;
}

static void
store(char **setting)
{
	struct maker m;
	struct all all;
	FILE *text = create(setting[5]);

	state = strtoull(setting[2], NULL, 10);
	make_all(
	    &m, &all, (uint32_t)atoi(setting[3]), (uint32_t)atoi(setting[4]));
	store_all(&all, setting, stdout);
	describe(&all, text);
	for (uint32_t i = 0; i < m.n; i++) {
		free(m.thing[i].wide);
		free(m.thing[i].narrow);
	}
	free(m.thing);
	free_all(&all);
	if (fclose(text) != 0)
		give_up("the text could not be written");
}

static unsigned char *
whole_file(const char *name, size_t *n)
{
	FILE *f = fopen(name, "rb");
	size_t size = 1 << 25;
	unsigned char *all = allocate(size, 1);

	if (f == NULL)
		give_up(name);
	*n = fread(all, 1, size, f);
	fclose(f);
	if (*n == size)
		give_up("a stream too long for this test");
	return all;
}

/* In a block of just that size, for a sanitizer to guard its end. */
static void
load_first(const unsigned char *data, size_t n, char **setting, bool is_cut)
{
	unsigned char *exact = allocate(n, 1);
	struct all all = { 0 };
	struct cask_graph g;
	struct cask_ar ar;
	struct cask_mem m;
	FILE *again;

	memcpy(exact, data, n);
	open_archive(&ar, &g, setting);
	cask_load(&ar, cask_mem_read(&m, exact, n));
	all_x(&ar, &all);
	if (is_cut) {
		printf("%zu %s\n", n,
		    ar.err == CASK_ECUT ? "CASK_ECUT" : cask_why(&ar));
	} else if (ar.err != 0 || cask_more(&ar)) {
		printf("error %s\n", ar.err != 0 ? cask_why(&ar) : "more");
	} else {
		describe(&all, stdout);
		again = create(setting[3]);
		store_all(&all, setting, again);
		if (fclose(again) != 0)
			give_up(setting[3]);
	}
	cask_graph_clear(&g);
	free_all(&all);
	free(exact);
}

int
main(int argc, char **argv)
{
	unsigned char *data;
	size_t n;

	alarm(60);
	documents[0].is = documents[1].is = &document_class;
	if (argc == 8 && strcmp(argv[1], "store") == 0) {
		store(argv + 2);
		return fflush(stdout) != 0;
	}
	if (argc < 6 || strcmp(argv[1], "load") != 0)
		give_up("usage: graph_differential store|load");
	data = whole_file(argv[4], &n);
	load_first(data, n, argv + 2, false);
	for (int i = 6; i < argc; i++) {
		size_t cut = strtoul(argv[i], NULL, 10);

		load_first(data, cut < n ? cut : n, argv + 2, true);
	}
	free(data);
	return fflush(stdout) != 0;
}
