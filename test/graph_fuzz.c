/*
 * Fuzzing of objects: the input makes up classes, and either objects of them or
 * a stream to load some from.  What was loaded is stored, loaded and stored
 * again, which gives the same bytes and as many objects; it is as long as was
 * measured, can be printed, described and watched; and cut or with a flipped
 * bit it loads to an end and leaks nothing.
 *
 * With libFuzzer (-DFUZZING) it makes up its input; without, it runs the files
 * that it is given, and is a test.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include <cask.h>

/* Classes: a few, of a few members each, of any kind. */

#define CLASSES 4
#define MEMBERS 5
#define OBJECTS 16
#define ROOTS   3
#define TEXT    40
#define MANY    9

enum kind {
	NUMBER,
	SECRET,
	TEXT_DUP,
	NUMBERS_DUP,
	TEXTS_DUP,
	OBJECT,
	OBJECTS_DUP,
	TEXT_MAP,
	STRUCT,
	CLASS_OF,
	MAP,
	LAST, /* it ends its class */
	KINDS
};

struct object;

struct member {
	uint32_t n;
	uint16_t number;
	char *text;
	double *numbers;
	char **texts;
	struct object *p;
	struct object **list;
	struct cask_text_pair *pairs;
};

struct object {
	const struct cask_class *is;
	struct member m[MEMBERS];
};

struct shape {
	unsigned members;
	struct {
		enum kind kind;
		unsigned of; /* class */
	} member[MEMBERS];
};

static struct cask_class classes[CLASSES];
static struct shape shapes[CLASSES];
static const struct cask_class *listed[CLASSES + 1];
static struct object mapped, anchors[64];
static unsigned anchors_used;
static bool bare; /* an exchange function is called by itself */

/* A struct within an object, with a pointer in it. */
struct inner {
	struct object **p;
	const struct cask_class *kind;
};

static void
inner_x(struct cask_ar *ar, struct inner *i)
{
	cask_object(ar, i->p, i->kind);
}

static void
struct_x(struct cask_ar *ar, struct member *m, const struct cask_class *kind)
{
	struct inner inner = { &m->p, kind };
	struct cask_frame frame;

	if (cask_enter(ar, &frame, "inner"))
		inner_x(ar, &inner);
	cask_leave(ar, &frame);
}

static void
anchor_x(struct cask_ar *ar)
{
	struct object *a = &anchors[anchors_used++ % 64];

	a->is = &classes[0];
	cask_map_object(ar, a, a->is);
}

/* Nothing has come, or what was asked for. */
static void
check_kinds(const struct member *m, const struct cask_class *of)
{
	CHECK(m->p == NULL || cask_is_kind_of(m->p->is, of));
	for (uint32_t i = 0; m->list != NULL && i < m->n; i++)
		CHECK(
		    m->list[i] == NULL || cask_is_kind_of(m->list[i]->is, of));
}

static void
class_x(struct cask_ar *ar, const struct cask_class *of)
{
	unsigned schema = cask_class_of(ar, of);

	if (ar->err == 0 && cask_storing(ar))
		CHECK(schema == of->schema);
	if (ar->err == 0 && cask_loading(ar))
		CHECK(schema < 0xFFFF);
}

static void
member_x(struct cask_ar *ar, struct member *m, enum kind kind,
    const struct cask_class *of)
{
	switch (kind) {
	case NUMBER:
		cask_u16(ar, &m->number);
		break;
	case SECRET:
		cask_secret(ar, cask_object(ar, &m->p, of));
		break;
	case TEXT_DUP:
		cask_text_dup(ar, &m->text, TEXT);
		break;
	case NUMBERS_DUP:
		cask_f64_array_dup(ar, &m->numbers, &m->n, MANY);
		break;
	case TEXTS_DUP:
		cask_texts_dup(ar, &m->texts, &m->n, MANY, TEXT);
		break;
	case OBJECT:
		cask_object(ar, &m->p, of);
		break;
	case OBJECTS_DUP:
		cask_objects_dup(ar, &m->list, &m->n, MANY, of);
		break;
	case TEXT_MAP:
		cask_text_map_dup(ar, &m->pairs, &m->n, MANY, TEXT);
		break;
	case STRUCT:
		struct_x(ar, m, of);
		break;
	case CLASS_OF:
		class_x(ar, of);
		break;
	case MAP:
		anchor_x(ar);
		break;
	default:
		cask_object_last(ar, &m->p, of);
		return; /* to be exchanged yet */
	}
	if (cask_loading(ar))
		check_kinds(m, of);
}

static void
object_x(struct cask_ar *ar, void *p)
{
	struct object *o = p;
	const struct shape *s = &shapes[o->is - classes];
	unsigned schema = cask_schema(ar);

	if (ar->err == 0 && !bare && (cask_storing(ar) || cask_loading(ar))) {
		CHECK(schema == o->is->schema || o->is->versionable);
		CHECK(cask_schema(ar) == CASK_NO_SCHEMA);
	}
	for (unsigned i = 0; i < s->members; i++)
		member_x(
		    ar, &o->m[i], s->member[i].kind, &classes[s->member[i].of]);
}

/* What is stored and loaded: some pointers, within a message or not. */
struct top {
	struct object *root[ROOTS];
	const struct cask_class *kind[ROOTS];
	unsigned roots;
	bool framed, maps;
};

static void
pointers_x(struct cask_ar *ar, struct top *t)
{
	if (t->maps)
		cask_map_object(ar, &mapped, &classes[0]);
	for (unsigned i = 0; i < t->roots; i++)
		cask_object(ar, &t->root[i], t->kind[i]);
}

static void
top_x(struct cask_ar *ar, struct top *t)
{
	anchors_used = 0;
	if (t->framed)
		cask_message(ar, t, pointers_x);
	else
		pointers_x(ar, t);
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

#define LONGEST \
	"CNameOfAsManyCharactersAsOneCanHave_that_is_63_and_no_more_____"

static void
make_class(struct input *in, unsigned i)
{
	static const char *const names[] = { "CA", "CNode", "CBase", LONGEST };
	unsigned v = byte(in), n = byte(in) % (MEMBERS + 1);
	struct shape *s = &shapes[i];

	memset(&classes[i], 0, sizeof classes[i]);
	classes[i].name = names[i];
	classes[i].schema = v % 4;
	classes[i].versionable = v & 4;
	classes[i].base = v & 8 && i > 0 ? &classes[v / 16 % i] : NULL;
	classes[i].size = sizeof(struct object);
	classes[i].exchange = object_x;
	for (s->members = 0; s->members < n;) {
		unsigned what = byte(in);
		enum kind kind = (enum kind)(what % KINDS);

		s->member[s->members].kind = kind;
		s->member[s->members++].of = what / KINDS % CLASSES;
		if (kind == LAST)
			return;
	}
}

static void
make_settings(
    struct input *in, struct cask_ar *ar, struct cask_graph *g, struct top *t)
{
	unsigned v = byte(in), limits = byte(in), what = byte(in);
	unsigned some = byte(in) % CLASSES;

	ar->big_endian = v & 1;
	ar->count32 = v & 2;
	ar->form = (enum cask_text_form)(CASK_UNICODE + (v >> 3) % 3);
	ar->json = v & 64;
	ar->limit.depth = limits & 1 ? 3 + limits % 16 : 0;
	g->most_objects = limits & 2 ? limits / 8 : 0;
	g->most_classes = limits & 4 ? limits / 64 + 1 : 0;
	g->most_memory = limits & 16 ? limits * 100 : 1 << 20;
	t->roots = 1 + what % ROOTS;
	t->framed = what & 4;
	t->maps = what & 8;
	for (unsigned i = 0; i < ROOTS; i++)
		t->kind[i] = &classes[(what >> (4 + i)) % CLASSES];
	for (unsigned i = 0; i < CLASSES; i++)
		make_class(in, i);
	memset(listed, 0, sizeof listed);
	for (unsigned i = 0; i <= some; i++)
		listed[i] = &classes[i];
	g->classes = listed;
	mapped.is = &classes[0];
}

static char *
make_text(struct input *in)
{
	static const char *const some[] = { "", "a", "text", "\xc3\xa4\xd0\xb6",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "CNode", "a longer text" };
	const char *s = some[byte(in) % (sizeof some / sizeof *some)];
	char *copy = malloc(strlen(s) + 1);

	CHECK(copy != NULL);
	memcpy(copy, s, strlen(s) + 1);
	return copy;
}

/* Objects that point to each other in any way, by the right kinds. */

static struct object objects[OBJECTS];
static unsigned objects_used;

static struct object *
make_pointer(struct input *in, const struct cask_class *kind)
{
	unsigned i = byte(in) % (OBJECTS + 1);

	if (i >= objects_used || !cask_is_kind_of(objects[i].is, kind))
		return NULL;
	return &objects[i];
}

static void *
make_array(struct member *m, size_t size, unsigned n)
{
	void *p = n > 0 ? calloc(n, size) : NULL;

	CHECK(n == 0 || p != NULL);
	m->n = n;
	return p;
}

static void
make_member(struct input *in, struct member *m, enum kind kind,
    const struct cask_class *of)
{
	unsigned n;

	switch (kind) {
	case NUMBER:
		m->number = (uint16_t)byte(in);
		break;
	case TEXT_DUP:
		m->text = make_text(in);
		break;
	case NUMBERS_DUP:
		m->numbers =
		    make_array(m, sizeof *m->numbers, byte(in) % (MANY + 1));
		break;
	case TEXTS_DUP:
		n = byte(in) % (MANY + 1);
		m->texts = make_array(m, sizeof *m->texts, n);
		for (unsigned i = 0; i < n; i++)
			m->texts[i] = make_text(in);
		break;
	case OBJECTS_DUP:
		n = byte(in) % (MANY + 1);
		m->list = make_array(m, sizeof *m->list, n);
		for (unsigned i = 0; i < n; i++)
			m->list[i] = make_pointer(in, of);
		break;
	case TEXT_MAP: /* one pair: a map has no two of a key */
		m->pairs = make_array(m, sizeof *m->pairs, 1);
		m->pairs->key = make_text(in);
		m->pairs->value = make_text(in);
		break;
	case CLASS_OF:
	case MAP:
		break;
	default:
		m->p = make_pointer(in, of);
	}
}

static void
make_objects(struct input *in, struct top *t)
{
	objects_used = byte(in) % (OBJECTS + 1);
	memset(objects, 0, sizeof objects);
	for (unsigned i = 0; i < objects_used; i++)
		objects[i].is = &classes[byte(in) % CLASSES];
	for (unsigned i = 0; i < t->roots; i++)
		t->root[i] = make_pointer(in, t->kind[i]);
	for (unsigned i = 0; i < objects_used; i++) {
		const struct shape *s = &shapes[objects[i].is - classes];

		for (unsigned k = 0; k < s->members; k++)
			make_member(in, &objects[i].m[k], s->member[k].kind,
			    &classes[s->member[k].of]);
	}
}

static void
free_objects(void)
{
	struct cask_ar ar = { 0 };

	cask_release(&ar);
	for (unsigned i = 0; i < objects_used; i++)
		object_x(&ar, &objects[i]);
	CHECK(ar.err == 0);
}

/* The ways to walk */

struct fuzz {
	struct cask_ar ar; /* settings */
	struct cask_graph graph;
	unsigned char buffer[64];
	unsigned size; /* of the buffer; 0: the archive's own */
	unsigned most; /* bytes that come at once */
};

/* Bytes that come a few at a time. */
struct drops {
	struct cask_io io;
	struct cask_mem m;
	size_t most;
};

static ptrdiff_t
drops_read(struct cask_io *io, void *buf, size_t size)
{
	struct drops *d = (struct drops *)io;

	if (d->most > 0 && size > d->most)
		size = d->most;
	return d->m.io.table->read(&d->m.io, buf, size);
}

static const struct cask_io_table drops = { .name = "drops",
	.read = drops_read };

static void
note(struct cask_ar *ar, const struct cask_field *f)
{
	(void)ar;
	CHECK(strlen(f->path) < 1024 && f->value != NULL);
}

/* An archive and a graph with the settings; 0 is the error that is given. */
static int
store(struct fuzz *f, struct top *t, struct cask_mem *m, bool small, bool seen)
{
	struct cask_graph g = f->graph;
	struct cask_ar ar = f->ar;

	ar.graph = &g;
	ar.watch = seen ? note : NULL;
	if (small) {
		ar.buffer = f->buffer;
		ar.buffer_size = 1 + f->size % sizeof f->buffer;
	}
	cask_store(&ar, cask_mem_grow(m, 0));
	top_x(&ar, t);
	cask_flush(&ar);
	cask_graph_clear(&g);
	return ar.err;
}

/* From a block of just that size.  What was loaded is g's. */
static int
load(struct fuzz *f, struct top *t, const void *bytes, size_t n,
    struct cask_graph *g)
{
	unsigned char *exact = malloc(n + 1);
	struct drops d = { .io.table = &drops, .most = f->most % 32 };
	struct cask_ar ar = f->ar;

	CHECK(exact != NULL);
	if (n > 0)
		memcpy(exact + 1, bytes, n);
	*g = f->graph;
	ar.graph = g;
	ar.watch = f->most & 32 ? note : NULL;
	cask_mem_read(&d.m, exact + 1, n);
	cask_load(&ar, &d.io);
	top_x(&ar, t);
	snprintf(why, sizeof why, "%s", cask_why(&ar));
	CHECK(ar.err != 0 || cask_at(&ar) <= n);
	CHECK(ar.levels == ar.most_levels && ar.frame == NULL &&
	    ar.within == NULL);
	CHECK(g->inside.size == 0 && g->last.p == NULL);
	free(exact);
	return ar.err;
}

static struct top
empty(const struct top *t)
{
	struct top e = *t;

	memset(e.root, 0, sizeof e.root);
	return e;
}

/* The same in a small buffer, watched, and counted. */
static void
check_bytes(struct fuzz *f, struct top *t, const struct cask_mem *m)
{
	struct cask_graph g = f->graph;
	struct cask_ar ar = f->ar;
	struct cask_mem again;

	for (int i = 0; i < 2; i++) {
		CHECK(store(f, t, &again, true, i == 1) == 0);
		CHECK(again.length == m->length);
		CHECK(m->length == 0 ||
		    memcmp(again.data, m->data, m->length) == 0);
		cask_mem_close(&again);
	}
	ar.graph = &g;
	cask_measure(&ar);
	top_x(&ar, t);
	CHECK(ar.err == 0 && cask_at(&ar) == m->length);
	cask_graph_clear(&g);
}

/* In print a pointer that is the last nests, too. */
static void
check_words(struct fuzz *f, struct top *t)
{
	struct cask_graph g = f->graph;
	struct cask_ar ar = f->ar;
	struct object none = { .is = &classes[0] };
	struct cask_mem m;

	ar.graph = &g;
	cask_print(&ar, cask_mem_grow(&m, 0));
	top_x(&ar, t);
	cask_flush(&ar);
	CHECK(ar.err == 0 || ar.err == CASK_ELIMIT);
	for (size_t i = 0; i < m.length; i++)
		CHECK(m.data[i] >= ' ' || m.data[i] == '\n');
	cask_mem_close(&m);
	cask_graph_clear(&g);
	bare = true;
	cask_describe(&ar, cask_mem_grow(&m, 0));
	object_x(&ar, &none);
	CHECK(cask_flush(&ar) == 0);
	cask_mem_close(&m);
	cask_release(&ar);
	object_x(&ar, &none);
	bare = false;
}

/* Memory is limited where objects are loaded, not where they are made up. */
static bool
check_load(struct fuzz *f, struct top *t, const struct cask_mem *m, unsigned n)
{
	struct top got = empty(t);
	struct cask_mem again;
	struct cask_graph g;
	int err = load(f, &got, m->data, m->length, &g);

	if (err == CASK_ELIMIT && objects_used > 0 &&
	    strstr(why, "graph.most_memory") != NULL) {
		cask_graph_clear(&g);
		return false;
	}
	CHECK(err == 0);
	CHECK(g.objects == n);
	CHECK(store(f, &got, &again, false, false) == 0);
	CHECK(again.length == m->length);
	CHECK(m->length == 0 || memcmp(again.data, m->data, m->length) == 0);
	cask_mem_close(&again);
	cask_graph_clear(&g);
	return true;
}

static void
check_harm(struct fuzz *f, const struct top *t, struct cask_mem *m, unsigned at)
{
	struct top got = empty(t);
	struct cask_graph g;

	if (m->length == 0)
		return;
	CHECK(load(f, &got, m->data, at % m->length, &g) == CASK_ECUT);
	cask_graph_clear(&g);
	m->data[at % m->length] ^= (unsigned char)(1u << at / 7 % 8);
	got = empty(t);
	load(f, &got, m->data, m->length, &g);
	cask_graph_clear(&g);
}

/* Stored to count its objects, since in f there is none yet. */
static unsigned
count_objects(struct fuzz *f, struct top *t)
{
	struct cask_graph g = f->graph;
	struct cask_ar ar = f->ar;
	unsigned n;

	ar.graph = &g;
	cask_measure(&ar);
	top_x(&ar, t);
	n = g.objects;
	cask_graph_clear(&g);
	return n;
}

/* All of that, of what is there: listed says whether it can be loaded. */
static void
check(struct fuzz *f, struct top *t, unsigned where)
{
	struct cask_mem m;
	int err = store(f, t, &m, false, false);

	if (err == 0) {
		check_bytes(f, t, &m);
		check_words(f, t);
		if (listed[CLASSES - 1] != NULL &&
		    check_load(f, t, &m, count_objects(f, t)))
			check_harm(f, t, &m, where);
	} else {
		CHECK(err == CASK_ETEXT || err == CASK_ELIMIT);
	}
	cask_mem_close(&m);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	struct input in = { data, data + n };
	struct fuzz f = { 0 };
	struct top t = { 0 };
	unsigned where, how;
	struct cask_graph g;

	make_settings(&in, &f.ar, &f.graph, &t);
	objects_used = 0;
	how = byte(&in);
	f.size = byte(&in);
	f.most = byte(&in);
	where = byte(&in) << 8 | byte(&in);
	if (how & 1) {
		make_objects(&in, &t);
		check(&f, &t, where);
		free_objects();
		return 0;
	}
	if (load(&f, &t, in.next, (size_t)(in.end - in.next), &g) == 0)
		check(&f, &t, where);
	cask_graph_clear(&g);
	return 0;
}
