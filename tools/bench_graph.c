/*
 * What graphs of objects cost, as ratios: beside hand-written C that writes the
 * same bytes, and beside C++ libraries, those that are installed.  `make bench`
 * runs it.
 *
 * Two graphs of 100,000 nodes with four pointers each: a tree, in which each
 * node has a pointer up, and one to any node before it; and a chain with the
 * same, which recursion would nest 100,000 deep (that is what the libraries do:
 * all run on a large stack).  Each row stores, loads and frees in every round,
 * the rows in turn; a ratio is taken within a round, and the median is printed.
 * Time is the processor's for this program. What was loaded is compared with
 * what was stored, pointer by pointer, and the hand-written code's bytes with
 * Cask's.  Memory is the most bytes of the heap in use at once, while it is
 * stored and while it is loaded, the objects included; what the rows have in
 * common, the graph and the wire, is not.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_graph.h"

#include "bench_heap.h"

#include <cask.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS    11
#define WIRE_ROOM ((size_t)32 << 20)
#define STACK     ((size_t)1 << 30)

static struct flat shape[NODES], back[NODES];
static unsigned char wire_bytes[WIRE_ROOM], hand_bytes[WIRE_ROOM];

void
graph_die(const char *who, const char *what)
{
	fprintf(stderr, "bench_graph: %s: %s\n", who, what);
	exit(1);
}

static void *
need(void *p)
{
	if (p == NULL)
		graph_die("heap", "no memory");
	return p;
}

void *
graph_new(size_t size)
{
	return need(malloc(size));
}

void
graph_delete(void *p)
{
	free(p);
}

/* The nodes of both rows in C */

enum { UP, LINK, LEFT, RIGHT, POINTERS };

#define VALUES(F)     \
	F(u32, id)    \
	F(f64, value) \
	F(text, label, 16)
CASK_LIST_STRUCT(values, VALUES)
CASK_LIST_EXCHANGE(values, VALUES)

struct node {
	const struct cask_class *is;
	struct values v;
	struct node *to[POINTERS];
};

static struct node graph[NODES];
static struct node *root; /* of what was loaded */

static void
build(const struct flat *f)
{
	memset(graph, 0, sizeof graph);
	for (size_t i = 0; i < NODES; i++) {
		int32_t to[POINTERS] = { f[i].up, f[i].link, f[i].left,
			f[i].right };

		graph[i].v.id = f[i].id;
		graph[i].v.value = f[i].value;
		memcpy(graph[i].v.label, f[i].label, sizeof f[i].label);
		for (int k = 0; k < POINTERS; k++)
			if (to[k] >= 0)
				graph[i].to[k] = &graph[to[k]];
	}
}

static int32_t
number_of(struct node *const *all, const struct node *p)
{
	if (p == NULL)
		return -1;
	if (p->v.id >= NODES || all[p->v.id] != p)
		graph_die("C", "a shared object came back twice");
	return (int32_t)p->v.id;
}

static void
flatten(struct flat *f)
{
	static struct node *all[NODES], *stack[NODES];
	size_t top = 0, n = 0;

	stack[top++] = root;
	while (top > 0) {
		struct node *p = stack[--top];

		if (n == NODES)
			graph_die("C", "more nodes than were stored");
		all[n++] = p;
		if (p->to[RIGHT] != NULL)
			stack[top++] = p->to[RIGHT];
		if (p->to[LEFT] != NULL)
			stack[top++] = p->to[LEFT];
	}
	if (n != NODES)
		graph_die("C", "fewer nodes than were stored");
	for (size_t i = 0; i < NODES; i++) {
		f[i].id = all[i]->v.id;
		f[i].value = all[i]->v.value;
		memcpy(f[i].label, all[i]->v.label, sizeof f[i].label);
		f[i].up = number_of(all, all[i]->to[UP]);
		f[i].link = number_of(all, all[i]->to[LINK]);
		f[i].left = number_of(all, all[i]->to[LEFT]);
		f[i].right = number_of(all, all[i]->to[RIGHT]);
	}
}

/* Row: Cask */

static void node_x(struct cask_ar *ar, void *object);

static const struct cask_class node_class = {
	.name = "CNode",
	.schema = 1,
	.size = sizeof(struct node),
	.exchange = node_x,
};
static const struct cask_class *const classes[] = { &node_class, NULL };

static struct cask_graph numbers = { .classes = classes };

static void
node_x(struct cask_ar *ar, void *object)
{
	struct node *n = object;

	values_x(ar, &n->v);
	cask_object(ar, &n->to[UP], &node_class);
	cask_object(ar, &n->to[LINK], &node_class);
	cask_object(ar, &n->to[LEFT], &node_class);
	cask_object_last(ar, &n->to[RIGHT], &node_class);
}

static struct wire *out;
static const struct wire *in;
static size_t in_at;

static ptrdiff_t
wire_read(struct cask_io *io, void *buf, size_t n)
{
	(void)io;
	if (n > in->length - in_at)
		n = in->length - in_at;
	memcpy(buf, in->p + in_at, n);
	in_at += n;
	return (ptrdiff_t)n;
}

static ptrdiff_t
wire_write(struct cask_io *io, const void *buf, size_t n)
{
	(void)io;
	if (n > out->room - out->length)
		graph_die("wire", "overflow");
	memcpy(out->p + out->length, buf, n);
	out->length += n;
	return (ptrdiff_t)n;
}

static const struct cask_io_table wire_table = {
	.name = "wire",
	.read = wire_read,
	.write = wire_write,
	.local = true,
};
static struct cask_io wire_io = { .table = &wire_table };
static struct cask_ar ar = { .form = CASK_ANSI, .graph = &numbers };

static void
cask_build(const struct flat *f)
{
	build(f);
	for (size_t i = 0; i < NODES; i++)
		graph[i].is = &node_class;
}

static void
store_with_cask(struct wire *w)
{
	struct node *p = &graph[0];

	out = w;
	cask_store(&ar, &wire_io);
	cask_object(&ar, &p, &node_class);
	if (cask_flush(&ar) != 0)
		graph_die("cask", cask_why(&ar));
	cask_graph_clear(&numbers);
}

static void
load_with_cask(const struct wire *w)
{
	in = w;
	in_at = 0;
	cask_load(&ar, &wire_io);
	cask_object(&ar, &root, &node_class);
	if (ar.err != 0)
		graph_die("cask", cask_why(&ar));
}

static void
drop_with_cask(void)
{
	cask_graph_clear(&numbers);
}

static const struct peer cask_peer = { "cask", cask_build, store_with_cask,
	load_with_cask, flatten, drop_with_cask };

/* Row: hand-written.  A table of pointers, a stack, and no function calls; it
 * knows one class, and nothing of limits. */

#define CLASS_NUMBER 1
#define CLASS_NAME   "\xFF\xFF\x01\x00\x05\x00" /* and */ "CNode"
#define BIG          0x7FFF
#define MOST_BYTES   64 /* of a node, and of a reference */

static struct slot {
	const struct node *p;
	uint32_t number;
} * slots;
static size_t slot_count, slots_used;

static struct frame {
	struct node *n;
	int k;
} * frames;
static size_t frame_count, frames_used;

static struct node **loaded;
static size_t loaded_room, loaded_count;

static size_t
slot_of(const struct node *p)
{
	uint64_t h = (uint64_t)(uintptr_t)p * UINT64_C(0x9E3779B97F4A7C15);
	size_t i = (size_t)(h >> 20) & (slot_count - 1);

	while (slots[i].p != NULL && slots[i].p != p)
		i = (i + 1) & (slot_count - 1);
	return i;
}

static __attribute__((noinline)) void
grow_slots(void)
{
	struct slot *old = slots;
	size_t n = slot_count;

	slot_count = n > 0 ? 2 * n : 1024;
	slots = need(calloc(slot_count, sizeof *slots));
	for (size_t i = 0; i < n; i++)
		if (old[i].p != NULL)
			slots[slot_of(old[i].p)] = old[i];
	free(old);
}

/* Its number, which a new one gets here. */
static inline uint32_t
number(const struct node *p, bool *is_new)
{
	size_t i;

	if (2 * slots_used >= slot_count)
		grow_slots();
	i = slot_of(p);
	*is_new = slots[i].p == NULL;
	if (*is_new) {
		slots[i].p = p;
		slots[i].number = (uint32_t)++slots_used + CLASS_NUMBER;
	}
	return slots[i].number;
}

static inline void
push(struct node *n)
{
	if (frames_used == frame_count) {
		frame_count = frame_count > 0 ? 2 * frame_count : 64;
		frames = need(realloc(frames, frame_count * sizeof *frames));
	}
	frames[frames_used].n = n;
	frames[frames_used++].k = 0;
}

/* The next pointer to go through; the last leaves the stack. */
static inline struct node **
next_pointer(void)
{
	struct frame *f = &frames[frames_used - 1];

	if (f->k == POINTERS - 1)
		frames_used--;
	return &f->n->to[f->k++];
}

static inline unsigned char *
put_u16(unsigned char *p, uint16_t v)
{
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline unsigned char *
put_u32(unsigned char *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
	return p + sizeof v;
}

static inline unsigned char *
put_node(unsigned char *p, const struct node *n)
{
	size_t length = strnlen(n->v.label, sizeof n->v.label - 1);

	p = put_u32(p, n->v.id);
	memcpy(p, &n->v.value, 8);
	p[8] = (unsigned char)length;
	memcpy(p + 9, n->v.label, sizeof n->v.label);
	return p + 9 + length;
}

static inline unsigned char *
put_pointer(unsigned char *p, struct node *n)
{
	bool is_new;
	uint32_t v;

	if (n == NULL)
		return put_u16(p, 0);
	v = number(n, &is_new);
	if (!is_new && v < BIG)
		return put_u16(p, (uint16_t)v);
	if (!is_new)
		return put_u32(put_u16(p, BIG), v);
	if (slots_used == 1) {
		memcpy(p, CLASS_NAME, sizeof CLASS_NAME - 1);
		p += sizeof CLASS_NAME - 1;
	} else {
		p = put_u16(p, 0x8000 | CLASS_NUMBER);
	}
	push(n);
	return put_node(p, n);
}

static void
store_by_hand(struct wire *w)
{
	unsigned char *p = w->p, *end = p + w->room;

	slots_used = frames_used = 0;
	p = put_pointer(p, &graph[0]);
	while (frames_used > 0) {
		if (end - p < MOST_BYTES)
			graph_die("hand", "overflow");
		p = put_pointer(p, *next_pointer());
	}
	w->length = (size_t)(p - w->p);
	free(slots);
	free(frames);
	slots = NULL;
	frames = NULL;
	slot_count = frame_count = 0;
}

static const unsigned char *at, *end_of_wire;

static inline const unsigned char *
take(size_t n)
{
	const unsigned char *p = at;

	if ((size_t)(end_of_wire - p) < n)
		graph_die("hand", "short");
	at += n;
	return p;
}

static inline uint32_t
take_u16(void)
{
	uint16_t v;

	memcpy(&v, take(2), sizeof v);
	return v;
}

static inline struct node *
take_node(void)
{
	struct node *n = need(malloc(sizeof *n));
	const unsigned char *p = take(13);
	size_t length = p[12];

	if (length >= sizeof n->v.label)
		graph_die("hand", "a long label");
	n->is = NULL;
	memcpy(&n->v.id, p, 4);
	memcpy(&n->v.value, p + 4, 8);
	memset(n->v.label, 0, sizeof n->v.label);
	memcpy(n->v.label, take(length), length);
	if (loaded_count == loaded_room) {
		loaded_room = loaded_room > 0 ? 2 * loaded_room : 1024;
		loaded = need(realloc(loaded, loaded_room * sizeof *loaded));
	}
	loaded[loaded_count++] = n;
	push(n);
	return n;
}

static inline struct node *
take_pointer(void)
{
	uint32_t v = take_u16();

	if (v == 0)
		return NULL;
	if (v == (0x8000 | CLASS_NUMBER) && loaded_count > 0)
		return take_node();
	if (v == 0xFFFF && loaded_count == 0 &&
	    memcmp(take(9), &CLASS_NAME[2], 9) == 0)
		return take_node();
	if (v == BIG)
		memcpy(&v, take(4), sizeof v);
	v -= CLASS_NUMBER + 1;
	if (v >= loaded_count)
		graph_die("hand", "a number that nothing has");
	return loaded[v];
}

static void
load_by_hand(const struct wire *w)
{
	at = w->p;
	end_of_wire = at + w->length;
	frames_used = loaded_count = 0;
	root = take_pointer();
	while (frames_used > 0) {
		struct node **p = next_pointer();

		*p = take_pointer();
	}
	free(frames);
	frames = NULL;
	frame_count = 0;
}

static void
drop_by_hand(void)
{
	for (size_t i = 0; i < loaded_count; i++)
		free(loaded[i]);
	free(loaded);
	loaded = NULL;
	loaded_room = loaded_count = 0;
}

static const struct peer hand_peer = { "hand-written C, the same bytes", build,
	store_by_hand, load_by_hand, flatten, drop_by_hand };

/* The graphs */

static uint64_t
next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s * UINT64_C(0x2545F4914F6CDD1D);
}

/* A tree of count nodes, as even as may be: its first one's number. */
static int32_t
tree(int32_t *next, int32_t up, int32_t count)
{
	int32_t me = (*next)++, left = (count - 1) / 2;
	int32_t right = count - 1 - left;

	shape[me].up = up;
	shape[me].left = left > 0 ? tree(next, me, left) : -1;
	shape[me].right = right > 0 ? tree(next, me, right) : -1;
	return me;
}

static void
chain(void)
{
	for (int32_t i = 0; i < NODES; i++) {
		shape[i].up = i - 1;
		shape[i].left = -1;
		shape[i].right = i + 1 < NODES ? i + 1 : -1;
	}
}

static void
fill(void)
{
	uint64_t s = 5;

	for (int32_t i = 0; i < NODES; i++) {
		uint64_t r = next_random(&s);

		shape[i].id = (uint32_t)i;
		shape[i].value = (double)(r >> 11) / 3;
		snprintf(
		    shape[i].label, sizeof shape[i].label, "node-%06d", (int)i);
		shape[i].link = i > 0 ? (int32_t)((r >> 20) % (uint64_t)i) : -1;
	}
}

/* The timing */

enum { STORE, LOAD, DROP, WAYS };

struct row {
	const struct peer *peer;
	struct wire wire;
	double ns[WAYS][ROUNDS];
	size_t peak[2];
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
check(const struct row *row)
{
	memset(back, 0, sizeof back);
	row->peer->flatten(back);
	for (size_t i = 0; i < NODES; i++) {
		const struct flat *a = &shape[i], *b = &back[i];

		if (a->id != b->id || a->up != b->up || a->link != b->link ||
		    memcmp(&a->value, &b->value, sizeof a->value) != 0 ||
		    strcmp(a->label, b->label) != 0 || a->left != b->left ||
		    a->right != b->right)
			graph_die(row->peer->name, "loaded another graph");
	}
}

static void
measure_heap(struct row *row)
{
	size_t before;

	row->wire.length = 0;
	heap_watch(true);
	before = heap_in_use();
	row->peer->store(&row->wire);
	row->peak[0] = heap_peak() - before;
	heap_watch(true);
	row->peer->load(&row->wire);
	row->peak[1] = heap_peak() - before;
	check(row);
	row->peer->drop();
	heap_watch(false);
}

static void
time_row(struct row *row, int round)
{
	double t[4];

	row->peer->build(shape);
	row->wire.length = 0;
	t[0] = now();
	row->peer->store(&row->wire);
	t[1] = now();
	row->peer->load(&row->wire);
	t[2] = now();
	row->ns[STORE][round] = t[1] - t[0];
	row->ns[LOAD][round] = t[2] - t[1];
	check(row);
	t[2] = now();
	row->peer->drop();
	t[3] = now();
	row->ns[DROP][round] = t[3] - t[2];
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(const double *v)
{
	double r[ROUNDS];

	memcpy(r, v, sizeof r);
	qsort(r, ROUNDS, sizeof r[0], by_size);
	return r[ROUNDS / 2];
}

static double
ratio(const struct row *a, const struct row *b, int way)
{
	double r[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		r[i] = a->ns[way][i] / b->ns[way][i];
	return median(r);
}

static void
print_row(const struct row *row, const struct row *base)
{
	printf("  %-31s", row->peer->name);
	for (int way = 0; way < WAYS; way++)
		printf("%7.2f (%6.1f)", ratio(row, base, way),
		    median(row->ns[way]) / NODES);
	for (int k = 0; k < 2; k++)
		printf("%6.2f", (double)row->peak[k] / (double)base->peak[k]);
	printf("%7.1f\n", (double)row->wire.length / NODES);
}

static void
bench(const char *title, const struct peer *const *peers, size_t n)
{
	static struct row rows[4];

	memset(rows, 0, sizeof rows);
	for (size_t i = 0; i < n; i++) {
		rows[i].peer = peers[i];
		rows[i].wire.p = i == 0 ? hand_bytes : wire_bytes;
		rows[i].wire.room = WIRE_ROOM;
		peers[i]->build(shape);
		measure_heap(&rows[i]);
	}
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < n; i++) {
			time_row(&rows[i], round);
			if (i == 1 &&
			    (rows[0].wire.length != rows[1].wire.length ||
				memcmp(hand_bytes, wire_bytes,
				    rows[0].wire.length) != 0))
				graph_die("hand", "other bytes than cask's");
		}
	printf("\n%-33s%16s%16s%16s%12s%7s\n", title, "store (ns/node)", "load",
	    "free", "memory", "bytes");
	for (size_t i = 0; i < n; i++)
		print_row(&rows[i], &rows[0]);
}

static void *
run(void *arg)
{
	const struct peer *peers[4] = { &hand_peer, &cask_peer };
	size_t n = 2;
	int32_t next = 0;

	if (&boost_peer != NULL)
		peers[n++] = &boost_peer;
	if (&cereal_peer != NULL)
		peers[n++] = &cereal_peer;
	heap_watch(false);
	fill();
	tree(&next, -1, NODES);
	bench("a tree of 100,000 shared objects", peers, n);
	chain();
	bench("a chain of 100,000 objects", peers, n);
	if (&boost_peer == NULL)
		printf("  Boost.Serialization is not installed\n");
	if (&cereal_peer == NULL)
		printf("  cereal is not installed\n");
	return arg;
}

int
main(void)
{
	pthread_attr_t large;
	pthread_t thread;

	if (pthread_attr_init(&large) != 0 ||
	    pthread_attr_setstacksize(&large, STACK) != 0 ||
	    pthread_create(&thread, &large, run, NULL) != 0)
		graph_die("thread", "can't be started");
	pthread_join(thread, NULL);
	return 0;
}
