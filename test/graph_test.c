/*
 * Graphs: what holds for every golden example of an object, who owns what, and
 * what no peer and no mistake may do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "golden_kit.h"
#include "object_kit.h"

#include <sys/resource.h>

#ifdef __SANITIZE_ADDRESS__
#define UNDER_ASAN 1 /* addresses without end, and larger frames */
#else
#define UNDER_ASAN 0
#endif

/* Classes */

/* Two pointers, neither of them the last: it nests. */
struct pair {
	const struct cask_class *is;
	struct pair *left, *right;
};

static const struct cask_class pair_class;
static unsigned pairs_exchanged;

static void
pair_x(struct cask_ar *ar, void *object)
{
	struct pair *t = object;

	pairs_exchanged++;
	cask_object(ar, &t->left, &pair_class);
	cask_object(ar, &t->right, &pair_class);
}

static const struct cask_class pair_class = {
	.name = "CPair", .size = sizeof(struct pair), .exchange = pair_x
};

/* Text, and a version that decides whether there is any. */
struct note {
	const struct cask_class *is;
	char *text;
	struct note *about;
};

static const struct cask_class note_class;

static void
note_x(struct cask_ar *ar, void *object)
{
	struct note *n = object;

	if (cask_schema(ar) == 2)
		cask_text_dup(ar, &n->text, 100);
	cask_object(ar, &n->about, &note_class);
}

static const struct cask_class note_class = {
	.name = "CNote",
	.schema = 2,
	.versionable = true,
	.size = sizeof(struct note),
	.exchange = note_x,
};

/* The same class, as it is known elsewhere. */
static const struct cask_class newer_note_class = {
	.name = "CNote",
	.schema = 3,
	.versionable = true,
	.size = sizeof(struct note),
	.exchange = note_x,
};

struct based {
	const struct cask_class *is;
	char *name;  /* the base's, in its version 3 alone */
	char *older; /* … in its version 1 */
	unsigned own, of_base;
};

static void based_x(struct cask_ar *ar, void *object);

static const struct cask_class base_class = {
	.name = "CBase",
	.schema = 3,
	.versionable = true,
	.size = sizeof(struct based),
	.exchange = based_x,
};

static void
base_x(struct cask_ar *ar, struct based *b)
{
	b->of_base = cask_schema(ar);
	if (b->of_base == 3)
		cask_text_dup(ar, &b->name, 100);
	else if (b->of_base == 1)
		cask_text_dup(ar, &b->older, 100);
}

static void
based_x(struct cask_ar *ar, void *object)
{
	struct based *b = object;

	b->own = cask_schema(ar);
	cask_class_of(ar, &base_class);
	base_x(ar, b);
}

static const struct cask_class based_class = {
	.name = "CBased",
	.schema = 2,
	.base = &base_class,
	.size = sizeof(struct based),
	.exchange = based_x,
};

static const struct cask_class *const classes[] = { &age_class, &node_class,
	&pair_class, &note_class, &based_class, &base_class, &item_class,
	NULL };

/* Golden examples, each with all that holds for them */

struct ages {
	struct age *age[4];
};

static void
ages_x(struct cask_ar *ar, void *p)
{
	struct ages *a = p;

	for (int i = 0; i < 4; i++)
		cask_object(ar, &a->age[i], &age_class);
}

static void
node_root_x(struct cask_ar *ar, void *p)
{
	cask_object(ar, (struct node **)p, &node_class);
}

static void
notes_x(struct cask_ar *ar, void *p)
{
	cask_object(ar, (struct note **)p, &note_class);
}

struct baseds {
	struct based *b[2];
};

static void
baseds_x(struct cask_ar *ar, void *p)
{
	struct baseds *b = p;

	for (int i = 0; i < 2; i++)
		cask_object(ar, &b->b[i], &base_class);
}

static struct document mine = { &document_class };

struct items {
	uint32_t n;
	struct item *item[2];
};

static void
items_x(struct cask_ar *ar, void *p)
{
	struct items *i = p;

	cask_map_object(ar, &mine, &document_class);
	cask_count(ar, &i->n, 2);
	for (uint32_t k = 0; k < i->n; k++)
		cask_object(ar, &i->item[k], &item_class);
}

static struct age twenty_one = { &age_class, 21 }, forty = { &age_class, 40 };
static struct node itself = { &node_class, 7, &itself };
static struct node second = { &node_class, 2, NULL };
static struct node first = { &node_class, 1, &second };
static char me[] = "me", letter[] = "b", none[] = "";
static struct note about_itself = { &note_class, me, &about_itself };
static struct based bases[2] = { { &based_class, letter, NULL, 0, 0 },
	{ &based_class, none, NULL, 0, 0 } };
static struct item subitems[2] = { { &item_class, &mine, 5 },
	{ &item_class, &mine, 6 } };

static const struct golden goldens[] = {
	{ BYTES("\xFF\xFF\x00\x00\x04\x00"
		"CAge\x15\x00\x00\x00"
		"\x01\x80\x28\x00\x00\x00\x02\x00\x00\x00"),
	    ages_x, &(struct ages) { { &twenty_one, &forty, &twenty_one } },
	    CASK_ANSI, 0, false },
	{ BYTES("\xFF\xFF\x01\x00\x05\x00"
		"CNode\x07\x00\x02\x00"),
	    node_root_x, &(struct node *) { &itself }, CASK_ANSI, 0, false },
	{ BYTES("\xFF\xFF\x01\x00\x05\x00"
		"CNode\x01\x00\x01\x80\x02\x00\x00\x00"),
	    node_root_x, &(struct node *) { &first }, CASK_ANSI, 0, false },
	{ BYTES("\xFF\xFF\x02\x00\x05\x00"
		"CNote\x02me\x02\x00"),
	    notes_x, &(struct note *) { &about_itself }, CASK_ANSI, 0, false },
	{ BYTES("\xFF\xFF\x02\x00\x06\x00"
		"CBased\xFF\xFF\x03\x00\x05\x00"
		"CBase\x01"
		"b\x01\x80\x03\x80\x00"),
	    baseds_x, &(struct baseds) { { &bases[0], &bases[1] } }, CASK_ANSI,
	    0, false },
	{ BYTES("\x02\x00\xFF\xFF\x01\x00\x08\x00"
		"CSubItem\x01\x00\x05\x00\x02\x80\x01\x00\x06\x00"),
	    items_x, &(struct items) { 2, { &subitems[0], &subitems[1] } },
	    CASK_ANSI, 0, false },
};

static void
every_example_is_stored_measured_loaded_and_stored_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++)
		kit_both_ways(&goldens[i]);
}

static void
every_example_cut_after_any_byte_ends_early_and_leaks_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++)
		kit_cut(&goldens[i]);
}

static void
every_example_with_any_two_bits_flipped_loads_to_an_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++)
		kit_flip(&goldens[i]);
}

static void
every_example_survives_every_failing_allocation(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goldens); i++) {
		struct golden g = goldens[i];

		assert_true(fault_everywhere(kit_store_scenario, &g) > 0);
		assert_true(fault_everywhere(kit_load_scenario, &g) > 0);
	}
}

/* Two ends */

static void
begin_store(struct side *s)
{
	memset(s, 0, sizeof *s);
	s->graph.classes = classes;
	s->ar.graph = &s->graph;
	cask_store(&s->ar, cask_mem_grow(&s->m, 0));
}

static void
begin_load(struct side *s, const void *bytes, size_t n)
{
	memset(s, 0, sizeof *s);
	s->graph.classes = classes;
	s->ar.graph = &s->graph;
	cask_load(&s->ar, cask_mem_read(&s->m, bytes, n));
}

static void
end(struct side *s)
{
	cask_graph_clear(&s->graph);
	cask_mem_close(&s->m);
}

static void
assert_why(const struct side *s, int err, const char *why)
{
	assert_string_equal(cask_why(&s->ar), why);
	assert_int_equal(s->ar.err, err);
}

static void
tags_follow_the_byte_order_and_class_names_do_not(void **state)
{
	static const char golden[] = "\xFF\xFF\x00\x01\x00\x05"
				     "CNode\x00\x01\x80\x01\x00\x02\x00\x00";
	struct node *p = &first;
	struct side s;

	(void)state;
	begin_store(&s);
	s.ar.big_endian = true;
	cask_object(&s.ar, &p, &node_class);
	cask_flush(&s.ar);
	assert_int_equal(s.m.length, sizeof golden - 1);
	assert_memory_equal(s.m.data, golden, sizeof golden - 1);
	end(&s);
	begin_load(&s, BYTES(golden));
	s.ar.big_endian = true;
	cask_object(&s.ar, &p, &node_class);
	assert_why(&s, 0, "no error");
	assert_int_equal(p->next->value, 2);
	end(&s);
}

static void
what_is_mapped_twice_has_its_newer_number_and_no_third(void **state)
{
	static const char golden[] = "\x02\x00\x02\x00";
	struct document *p = &mine, *q;
	struct side s;

	(void)state;
	begin_store(&s);
	cask_map_object(&s.ar, &mine, &document_class);
	cask_map_object(&s.ar, &mine, &document_class);
	cask_object(&s.ar, &p, &document_class);
	cask_object(&s.ar, &p, &document_class);
	cask_flush(&s.ar);
	assert_int_equal(s.m.length, 4);
	assert_memory_equal(s.m.data, golden, 4);
	end(&s);
	begin_load(&s, golden, 4);
	cask_map_object(&s.ar, &mine, &document_class);
	cask_map_object(&s.ar, &mine, &document_class);
	cask_object(&s.ar, &q, &document_class);
	assert_ptr_equal(q, &mine);
	end(&s);
	begin_store(&s);
	cask_map_object(&s.ar, NULL, &document_class);
	assert_why(&s, EINVAL,
	    "object CMyDocument at byte 0: NULL is no object to be mapped");
	end(&s);
}

/* Messages that are walked twice */

struct mapped_message {
	struct document *document[40];
	struct node *node;
	char filler[200];
	unsigned walks;
};

static void
mapped_message_x(struct cask_ar *ar, struct mapped_message *m)
{
	m->walks++;
	cask_object(ar, &m->node, &node_class);
	for (int i = 0; i < 40; i++)
		cask_map_object(ar, m->document[i], &document_class);
	for (int i = 0; i < 40; i++)
		cask_object(ar, &m->document[i], &document_class);
	cask_bytes(ar, m->filler, sizeof m->filler);
}

/* With a buffer that it does not fit, and with one that it does. */
static void
store_mapped(struct side *s, struct document *d, size_t buffer, unsigned walks)
{
	static unsigned char place[8192];
	struct mapped_message m = { .node = &first };
	struct document *p;

	begin_store(s);
	s->ar.buffer = place;
	s->ar.buffer_size = buffer;
	cask_store(&s->ar, &s->m.io);
	for (int i = 0; i < 40; i++) {
		m.document[i] = &d[i];
		cask_map_object(&s->ar, &d[i], &document_class);
	}
	cask_message(&s->ar, &m, mapped_message_x);
	assert_int_equal(m.walks, walks);
	for (int i = 0; i < 40; i++) {
		p = &d[i];
		cask_object(&s->ar, &p, &document_class);
	}
	cask_flush(&s->ar);
	assert_why(s, 0, "no error");
}

static void
a_message_that_is_walked_twice_takes_back_its_numbers_and_no_others(
    void **state)
{
	struct document d[40];
	struct side s, t;

	(void)state;
	for (int i = 0; i < 40; i++)
		d[i].is = &document_class;
	store_mapped(&s, d, 8192, 1);
	store_mapped(&t, d, 64, 2);
	assert_int_equal(s.m.length, t.m.length);
	assert_memory_equal(s.m.data, t.m.data, s.m.length);
	assert_int_equal(s.graph.used, 40 + 3 + 40);
	assert_int_equal(t.graph.used, 40 + 3 + 40);
	end(&s);
	end(&t);
}

struct framed {
	const struct cask_class *is;
	unsigned schema;
	char filler[8192];
};

static void
framed_body_x(struct cask_ar *ar, struct framed *f)
{
	f->schema = cask_schema(ar);
	cask_bytes(ar, f->filler, sizeof f->filler);
}

static void
framed_x(struct cask_ar *ar, void *object)
{
	struct framed *f = object;

	cask_message(ar, f, framed_body_x);
}

static const struct cask_class framed_class = {
	.name = "CFramed",
	.schema = 9,
	.size = sizeof(struct framed),
	.exchange = framed_x,
};

static void
the_schema_is_there_again_when_a_message_is_walked_again(void **state)
{
	static struct framed f = { .is = &framed_class };
	struct framed *p = &f;
	struct side s;

	(void)state;
	begin_store(&s);
	cask_object(&s.ar, &p, &framed_class);
	cask_flush(&s.ar);
	assert_why(&s, 0, "no error");
	assert_int_equal(f.schema, 9);
	end(&s);
}

/* Schemas */

static void
the_schema_of_a_base_class_is_what_cask_schema_gives_next(void **state)
{
	static const char stream[] = "\xFF\xFF\x02\x00\x06\x00"
				     "CBased\xFF\xFF\x07\x00\x05\x00"
				     "CBase";
	struct based *b;
	struct side s;

	(void)state;
	begin_load(&s, BYTES(stream));
	cask_object(&s.ar, &b, &based_class);
	assert_why(&s, 0, "no error");
	assert_int_equal(b->own, 2);
	assert_int_equal(b->of_base, 7);
	assert_int_equal(cask_schema(&s.ar), CASK_NO_SCHEMA);
	end(&s);
}

static void
clearing_goes_by_the_schemas_that_came(void **state)
{
	static const struct cask_class *const newer[] = { &newer_note_class,
		&based_class, &base_class, NULL };
	static const char stream[] = "\xFF\xFF\x02\x00\x05\x00"
				     "CNote\x02me\x00\x00"
				     "\xFF\xFF\x02\x00\x06\x00"
				     "CBased\xFF\xFF\x01\x00\x05\x00"
				     "CBase\x01"
				     "b";
	long before = fault_allocations();
	struct note *n;
	struct based *b;
	struct side s;

	(void)state;
	begin_load(&s, BYTES(stream));
	s.graph.classes = newer;
	cask_object(&s.ar, &n, &newer_note_class);
	cask_object(&s.ar, &b, &based_class);
	assert_why(&s, 0, "no error");
	assert_string_equal(n->text, "me");
	assert_string_equal(b->older, "b");
	end(&s);
	assert_int_equal(fault_allocations(), before);
}

/* Mistakes of programs */

static const struct cask_class small_class = {
	.name = "CAge", .size = 1, .exchange = age_x
};

static void
a_class_has_room_for_its_pointer_and_a_name(void **state)
{
	static const struct cask_class *const small[] = { &small_class, NULL };
	static const struct cask_class nameless = { .exchange = age_x };
	struct age a = { &nameless, 1 }, *p;
	struct side s;

	(void)state;
	begin_load(&s, goldens[0].bytes, goldens[0].n);
	s.graph.classes = small;
	cask_object(&s.ar, &p, &small_class);
	assert_why(&s, EINVAL,
	    "object p at byte 0: class CAge has objects of 1 bytes, too few "
	    "for is");
	assert_null(p);
	end(&s);
	begin_store(&s);
	p = &a;
	cask_object(&s.ar, &p, &nameless);
	assert_why(&s, CASK_ECLASS,
	    "object p at byte 0: a class name of 0 characters, limit 63");
	end(&s);
}

static void
a_zero_in_a_name_is_shown(void **state)
{
	struct age *p;
	struct side s;

	(void)state;
	begin_load(&s,
	    BYTES("\xFF\xFF\x00\x00\x06\x00"
		  "CAge\0x"));
	cask_object(&s.ar, &p, &age_class);
	assert_why(&s, CASK_ECLASS,
	    "object p at byte 0: class CAge?x is not on the list");
	end(&s);
}

enum behind {
	NOTHING,
	A_VALUE,
	AN_OBJECT,
	ANOTHER_LAST,
	A_MAPPED_ONE,
	A_CLASS,
	BEHINDS
};

static enum behind behind;

struct careless {
	const struct cask_class *is;
	struct node *next;
	struct node *other;
	uint16_t value;
};

static void
careless_x(struct cask_ar *ar, void *object)
{
	struct careless *c = object;

	cask_object_last(ar, &c->next, &node_class);
	switch (behind) {
	case A_VALUE:
		cask_u16(ar, &c->value);
		break;
	case AN_OBJECT:
		cask_object(ar, &c->other, &node_class);
		break;
	case ANOTHER_LAST:
		cask_object_last(ar, &c->other, &node_class);
		break;
	case A_MAPPED_ONE:
		cask_map_object(ar, &mine, &document_class);
		break;
	case A_CLASS:
		cask_class_of(ar, &base_class);
		break;
	default:
		break;
	}
}

static const struct cask_class careless_class = {
	.name = "CCareless",
	.size = sizeof(struct careless),
	.exchange = careless_x,
};

static void
what_stands_behind_the_last_object_is_an_error_both_ways(void **state)
{
	static const char *const why[] = { "no error",
		"object p.next at byte 17: something stands behind "
		"cask_object_last",
		"object p.other at byte 15: an object behind "
		"cask_object_last, in one object",
		"object p.other at byte 15: an object behind "
		"cask_object_last, in one object",
		"object p.CMyDocument at byte 15: an object behind "
		"cask_object_last, in one object",
		"class p.CBase at byte 15: an object behind cask_object_last, "
		"in one object" };
	static const struct cask_class *const list[] = { &careless_class,
		&node_class, NULL };
	static const char stream[] = "\xFF\xFF\x00\x00\x09\x00"
				     "CCareless\0\0\0\0\0\0\0\0\0\0";
	struct careless c = { &careless_class, &second, &first, 0 }, *p;
	struct side s;

	(void)state;
	for (behind = NOTHING; behind < BEHINDS; behind++) {
		begin_store(&s);
		p = &c;
		cask_object(&s.ar, &p, &careless_class);
		assert_why(&s, behind == NOTHING ? 0 : EINVAL, why[behind]);
		assert_int_equal(cask_schema(&s.ar), CASK_NO_SCHEMA);
		end(&s);
		begin_load(&s, BYTES(stream));
		s.graph.classes = list;
		cask_object(&s.ar, &p, &careless_class);
		assert_why(&s, behind == NOTHING ? 0 : EINVAL, why[behind]);
		end(&s);
	}
}

/* Pointers that can't wait: elements of an array that grows, a variable, a
 * message's. */

struct slot {
	struct node *node;
};

struct odd {
	const struct cask_class *is;
	struct slot *slot;
	uint32_t slots;
	struct node *variable;
	struct slot framed;
	struct node *behind;
};

static void
slot_x(struct cask_ar *ar, struct slot *s)
{
	cask_object_last(ar, &s->node, &node_class);
}

static void
odd_x(struct cask_ar *ar, void *object)
{
	struct odd *o = object;
	struct node *variable = o->variable;

	cask_structs_dup(ar, &o->slot, &o->slots, 5000, slot_x);
	cask_object_last(ar, &variable, &node_class);
	o->variable = variable;
	cask_message(ar, &o->framed, slot_x);
	cask_object(ar, &o->behind, &node_class);
}

static const struct cask_class odd_class = {
	.name = "COdd", .size = sizeof(struct odd), .exchange = odd_x
};

static void
a_pointer_that_can_not_wait_is_exchanged_at_once(void **state)
{
	static const struct cask_class *const list[] = { &odd_class,
		&node_class, NULL };
	static struct slot slots[5000];
	static struct node nodes[5000];
	struct odd o = { .is = &odd_class,
		.slot = slots,
		.slots = 5000,
		.variable = &itself,
		.framed = { &first },
		.behind = &second };
	long before = fault_allocations();
	struct odd *p = &o;
	struct side s, t;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		nodes[i] = (struct node) { &node_class, (uint16_t)i, NULL };
		slots[i].node = &nodes[i];
	}
	begin_store(&s);
	cask_object(&s.ar, &p, &odd_class);
	cask_flush(&s.ar);
	assert_why(&s, 0, "no error");
	for (size_t n = s.m.length; n > s.m.length - 100; n--) {
		begin_load(&t, s.m.data, n);
		t.graph.classes = list;
		cask_object(&t.ar, &p, &odd_class);
		if (n < s.m.length) {
			assert_int_equal(t.ar.err, CASK_ECUT);
			end(&t);
			continue;
		}
		assert_why(&t, 0, "no error");
		for (int i = 0; i < 5000; i++)
			assert_int_equal(p->slot[i].node->value, i);
		assert_ptr_equal(p->variable->next, p->variable);
		assert_int_equal(p->framed.node->value, 1);
		assert_ptr_equal(p->framed.node->next, p->behind);
		end(&t);
	}
	end(&s);
	assert_int_equal(fault_allocations(), before);
}

/* Who owns what: a make and an unmake of the program's own, which count */

struct own {
	const struct cask_class *is;
	char *made; /* by make */
	struct own *next;
};

static const struct cask_class own_class;
static int alive;

static void
own_x(struct cask_ar *ar, void *object)
{
	struct own *o = object;

	cask_object(ar, &o->next, &own_class);
}

static void *
own_make(const struct cask_class *kind)
{
	struct own *o = calloc(1, kind->size);

	o->made = malloc(10);
	alive++;
	return o;
}

static void
own_unmake(void *object)
{
	struct own *o = object;

	free(o->made);
	free(o);
	alive--;
}

static const struct cask_class own_class = {
	.name = "COwn",
	.size = sizeof(struct own),
	.exchange = own_x,
	.make = own_make,
	.unmake = own_unmake,
};

/* Its exchange function frees what make has had allocated. */
static void
made_x(struct cask_ar *ar, void *object)
{
	struct note *n = object;

	if (!cask_loading(ar))
		cask_text_dup(ar, &n->text, 100);
}

static void *
made_make(const struct cask_class *kind)
{
	static const char one[] = "\x01m";
	struct note *n = calloc(1, kind->size);
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	cask_load(&ar, cask_mem_read(&m, one, 2));
	cask_text_dup(&ar, &n->text, 100);
	return n;
}

static const struct cask_class made_class = {
	.name = "CMade",
	.size = sizeof(struct note),
	.exchange = made_x,
	.make = made_make,
};

static void
own_objects_are_unmade_once_each_wherever_loading_ended(void **state)
{
	static const struct cask_class *const list[] = { &own_class, NULL };
	struct own o[3] = { { &own_class, NULL, &o[1] },
		{ &own_class, NULL, &o[2] }, { &own_class, NULL, &o[0] } };
	struct own *p = o;
	struct side s, t;

	(void)state;
	begin_store(&s);
	cask_object(&s.ar, &p, &own_class);
	assert_int_equal(cask_flush(&s.ar), 0);
	for (size_t n = 0; n <= s.m.length; n++) {
		begin_load(&t, s.m.data, n);
		t.graph.classes = list;
		cask_object(&t.ar, &p, &own_class);
		if (n == s.m.length)
			assert_int_equal(alive, 3);
		end(&t);
		assert_int_equal(alive, 0);
		cask_graph_clear(&t.graph); /* and nothing twice */
	}
	end(&s);
}

static void
what_make_had_allocated_is_freed_when_there_is_no_number(void **state)
{
	static const struct cask_class *const list[] = { &own_class,
		&made_class, NULL };
	long before = fault_allocations();
	struct own *p;
	struct note *n;
	struct side s;

	(void)state;
	begin_load(&s, BYTES("\xFF\xFF\0\0\4\0COwn\1\x80"));
	s.graph.classes = list;
	s.graph.most_objects = 1;
	cask_object(&s.ar, &p, &own_class);
	assert_why(&s, CASK_ELIMIT,
	    "object p.next at byte 10: more than 1 objects "
	    "(graph.most_objects)");
	assert_int_equal(alive, 1);
	end(&s);
	assert_int_equal(alive, 0);
	begin_load(&s, BYTES("\xFF\xFF\0\0\5\0CMade\1\x80"));
	s.graph.classes = list;
	s.graph.most_objects = 1;
	cask_object(&s.ar, &n, &made_class);
	cask_object(&s.ar, &n, &made_class);
	assert_int_equal(s.ar.err, CASK_ELIMIT);
	end(&s);
	/* the two objects were made here, and freed there */
	assert_int_equal(fault_allocations(), before - 2);
}

static void
a_graph_that_has_stored_does_not_load_nor_free(void **state)
{
	struct age mine_too = { &age_class, 1 }, *p = &mine_too;
	struct side s;
	struct cask_mem m;

	(void)state;
	begin_store(&s);
	cask_object(&s.ar, &p, &age_class);
	cask_flush(&s.ar);
	cask_load(&s.ar, cask_mem_read(&m, "\2\0\1\x80\5\0\0\0", 8));
	cask_object(&s.ar, &p, &age_class);
	assert_why(&s, EINVAL,
	    "object p at byte 0: ar->graph has what was stored: another one is "
	    "needed");
	assert_null(p);
	end(&s);
	assert_int_equal(mine_too.years, 1);
}

static void
what_is_kept_is_the_programs(void **state)
{
	struct ages a;
	struct side s;

	(void)state;
	begin_load(&s, goldens[0].bytes, goldens[0].n);
	ages_x(&s.ar, &a);
	cask_graph_keep(&s.graph);
	end(&s);
	assert_int_equal(a.age[0]->years, 21);
	free(a.age[0]);
	free(a.age[1]);
}

static void
a_forgotten_object_is_sent_anew_and_others_stay_what_they_were(void **state)
{
	struct age ages[100], *p, *sent[100], *again[100];
	struct side s, t;

	(void)state;
	begin_store(&s);
	for (int i = 0; i < 100; i++) {
		ages[i] = (struct age) { &age_class, i };
		p = &ages[i];
		cask_object(&s.ar, &p, &age_class);
	}
	for (int i = 0; i < 100; i += 3) {
		cask_graph_forget(&s.graph, &ages[i]);
		cask_graph_forget(&s.graph, &ages[i]);
		ages[i].years += 1000;
	}
	cask_graph_forget(&s.graph, NULL);
	cask_graph_forget(&s.graph, &age_class);
	for (int i = 99; i >= 0; i--) {
		p = &ages[i];
		cask_object(&s.ar, &p, &age_class);
		cask_object(&s.ar, &p, &age_class);
	}
	assert_int_equal(cask_flush(&s.ar), 0);
	begin_load(&t, s.m.data, s.m.length);
	for (int i = 0; i < 100; i++)
		cask_object(&t.ar, &sent[i], &age_class);
	for (int i = 99; i >= 0; i--) {
		cask_object(&t.ar, &again[i], &age_class);
		cask_object(&t.ar, &p, &age_class);
		assert_ptr_equal(p, again[i]);
		assert_int_equal(again[i]->years, i + (i % 3 == 0 ? 1000 : 0));
		assert_int_equal(again[i] == sent[i], i % 3 != 0);
	}
	assert_why(&t, 0, "no error");
	assert_false(cask_more(&t.ar));
	end(&t);
	end(&s);
}

/* A long conversation */

static void
a_connection_that_forgets_after_each_message_does_not_grow(void **state)
{
	struct node n[3] = { { &node_class, 1, &n[1] },
		{ &node_class, 2, &n[2] }, { &node_class, 3, &n[0] } };
	unsigned char wire[64];
	struct side s, t;
	long before = fault_allocations();
	struct node *p;

	(void)state;
	memset(&s, 0, sizeof s);
	memset(&t, 0, sizeof t);
	t.graph.classes = classes;
	s.ar.graph = &s.graph;
	t.ar.graph = &t.graph;
	for (int i = 0; i < 100000; i++) {
		size_t length;

		cask_store(&s.ar, cask_mem_write(&s.m, wire, sizeof wire));
		p = n;
		cask_object(&s.ar, &p, &node_class);
		assert_int_equal(cask_flush(&s.ar), 0);
		length = s.m.length;
		cask_graph_clear(&s.graph);
		cask_load(&t.ar, cask_mem_read(&t.m, wire, length));
		cask_object(&t.ar, &p, &node_class);
		assert_int_equal(t.ar.err, 0);
		assert_ptr_equal(p->next->next->next, p);
		cask_graph_clear(&t.graph);
		assert_int_equal(fault_allocations(), before);
	}
}

/* Bombs */

/* n new objects of a known class, or whatever 2 bytes, one after another. */
static char *
repeated(const char *head, size_t h, const char *two, size_t n, size_t *size)
{
	char *bytes = malloc(h + 2 * n + 2);

	memcpy(bytes, head, h);
	for (size_t i = 0; i < n; i++)
		memcpy(bytes + h + 2 * i, two, 2);
	*size = h + 2 * n;
	return bytes;
}

static void
a_million_objects_in_objects_end_at_the_limit_to_depth(void)
{
	size_t size;
	char *bytes =
	    repeated(BYTES("\xFF\xFF\0\0\5\0CPair"), "\1\x80", 1000000, &size);
	static struct side s;
	struct pair *p;

	begin_load(&s, bytes, size);
	cask_object(&s.ar, &p, &pair_class);
	assert_int_equal(s.ar.err, CASK_ELIMIT);
	assert_non_null(strstr(cask_why(&s.ar), "more than 100 structs deep"));
	assert_null(p);
	end(&s);
	free(bytes);
}

/* The deepest that is legal: 100 of them.  The archives are off the stack. */
static void
as_deep_as_may_be(void)
{
	static struct pair t[100];
	static struct side s, u;
	struct pair *p = t;

	for (int i = 0; i < 100; i++)
		t[i] = (struct pair) { &pair_class, i < 99 ? &t[i + 1] : NULL,
			NULL };
	begin_store(&s);
	cask_object(&s.ar, &p, &pair_class);
	assert_int_equal(cask_flush(&s.ar), 0);
	begin_load(&u, s.m.data, s.m.length);
	cask_object(&u.ar, &p, &pair_class);
	assert_why(&u, 0, "no error");
	for (int i = 0; i < 99; i++)
		p = p->left;
	assert_null(p->left);
	end(&u);
	end(&s);
}

static void
a_list_of_200000(void)
{
	struct node *nodes = calloc(200000, sizeof *nodes), *p;
	static struct side s, t;

	for (int i = 0; i < 200000; i++)
		nodes[i] = (struct node) { &node_class, (uint16_t)i,
			i < 199999 ? &nodes[i + 1] : NULL };
	begin_store(&s);
	p = nodes;
	cask_object(&s.ar, &p, &node_class);
	assert_int_equal(cask_flush(&s.ar), 0);
	begin_load(&t, s.m.data, s.m.length);
	cask_object(&t.ar, &p, &node_class);
	assert_why(&t, 0, "no error");
	for (int i = 0; i < 200000; i++, p = p->next)
		assert_int_equal(p->value, (uint16_t)i);
	assert_null(p);
	end(&t);
	end(&s);
	free(nodes);
}

static void *
deep(void *arg)
{
	(void)arg;
	a_million_objects_in_objects_end_at_the_limit_to_depth();
	as_deep_as_may_be();
	a_list_of_200000();
	return arg;
}

/* A call takes at least 160 bytes of s390x's stack. */
#if UNDER_ASAN
#define STACK_KIB 512
#elif defined(__s390x__)
#define STACK_KIB 72
#else
#define STACK_KIB 64
#endif

static void
no_depth_takes_more_than_64_kib_of_stack(void **state)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *gone;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_KIB << 10);
	assert_int_equal(pthread_create(&thread, &attr, deep, state), 0);
	assert_int_equal(pthread_join(thread, &gone), 0);
	assert_ptr_equal(gone, state);
	pthread_attr_destroy(&attr);
}

static void
one_object_a_million_times_is_one_object(void **state)
{
	size_t size;
	char *bytes = repeated(
	    BYTES("\xFF\xFF\0\0\4\0CAge\x15\0\0\0"), "\2\0", 1000000, &size);
	struct age *p, *q;
	struct side s, t;

	(void)state;
	begin_load(&s, bytes, size);
	cask_object(&s.ar, &p, &age_class);
	fault_reset();
	begin_store(&t);
	cask_object(&t.ar, &p, &age_class);
	for (int i = 0; i < 1000000; i++) {
		cask_object(&s.ar, &q, &age_class);
		assert_true(q == p);
		cask_object(&t.ar, &q, &age_class);
	}
	assert_why(&s, 0, "no error");
	assert_false(cask_more(&s.ar));
	assert_int_equal(s.graph.used, 2);
	assert_int_equal(fault_count(FAULT_MALLOC), 1); /* the slots */
	assert_int_equal(cask_flush(&t.ar), 0);
	assert_int_equal(t.m.length, size);
	assert_memory_equal(t.m.data, bytes, size);
	end(&t);
	end(&s);
	free(bytes);
}

static void
a_graph_with_2_to_the_60_paths_is_walked_once(void **state)
{
	struct pair t[61], *p = t;
	struct side s, u;

	(void)state;
	for (int i = 0; i < 61; i++)
		t[i] = (struct pair) { &pair_class, i < 60 ? &t[i + 1] : NULL,
			i < 60 ? &t[i + 1] : NULL };
	pairs_exchanged = 0;
	begin_store(&s);
	cask_object(&s.ar, &p, &pair_class);
	assert_int_equal(cask_flush(&s.ar), 0);
	assert_int_equal(pairs_exchanged, 61);
	begin_load(&u, s.m.data, s.m.length);
	cask_object(&u.ar, &p, &pair_class);
	assert_why(&u, 0, "no error");
	assert_int_equal(pairs_exchanged, 122);
	assert_ptr_equal(p->left, p->right);
	end(&u);
	assert_int_equal(pairs_exchanged, 183);
	end(&s);
}

static void
floods_end_at_their_limits(void **state)
{
	size_t size, n = 0;
	char *bytes =
	    repeated(BYTES("\xFF\xFF\1\0\5\0CNode"), "\0\0\1\x80", 2, &size);
	char *flood = malloc(11 * 5000);
	struct node *p;
	struct side s;

	(void)state;
	free(bytes);
	for (; n < 11 * 5000; n += 11) /* each defines its class anew */
		memcpy(flood + n, "\xFF\xFF\3\0\5\0CBase", 11);
	begin_load(&s, flood, n);
	while (s.ar.err == 0)
		cask_class_of(&s.ar, &base_class);
	assert_why(&s, CASK_ELIMIT,
	    "class CBase at byte 45056: more than 4096 classes "
	    "(graph.most_classes)");
	end(&s);
	free(flood);
	flood = malloc(11 + 4 * 2000000);
	memcpy(flood, "\xFF\xFF\1\0\5\0CNode", 11);
	for (n = 11; n < 11 + 4 * 2000000; n += 4)
		memcpy(flood + n, "\0\0\1\x80", 4);
	begin_load(&s, flood, n);
	cask_object(&s.ar, &p, &node_class);
	assert_why(&s, CASK_ELIMIT,
	    "object p.next at byte 4194313: more than 1048576 objects "
	    "(graph.most_objects)");
	assert_null(p);
	end(&s);
	begin_load(&s, flood, n);
	s.graph.most_memory = 100 * sizeof(struct node);
	cask_object(&s.ar, &p, &node_class);
	assert_why(&s, CASK_ELIMIT,
	    sizeof(void *) == 8
		? "object p.next at byte 409: objects of more than 2400 bytes "
		  "(graph.most_memory)"
		: "object p.next at byte 409: objects of more than 1200 bytes "
		  "(graph.most_memory)");
	end(&s);
	free(flood);
}

static void
an_object_still_being_loaded_is_of_its_class(void **state)
{
	static const char stream[] = "\xFF\xFF\0\0\5\0CPair\xFF\xFF\2\0\5\0"
				     "CNote\0\2\0";
	static const char wrong[] = "\xFF\xFF\2\0\5\0CNote\0\2\0";
	static const char within[] = "\xFF\xFF\1\0\x08\0CSubItem\2\0\5\0";
	struct item *i;
	struct note *n;
	struct pair *p;
	struct side s;

	(void)state;
	begin_load(&s, BYTES(within)); /* its own number, in itself */
	cask_object(&s.ar, &i, &item_class);
	assert_why(&s, CASK_ECLASS,
	    "object i.document at byte 14: class CSubItem where CMyDocument is "
	    "wanted");
	assert_null(i);
	end(&s);
	begin_load(&s, BYTES(stream));
	cask_object(&s.ar, &p, &pair_class);
	assert_why(&s, CASK_ECLASS,
	    "object p.left at byte 11: class CNote where CPair is wanted");
	assert_null(p);
	end(&s);
	begin_load(&s, BYTES(wrong));
	cask_object(&s.ar, &n, &note_class);
	assert_why(&s, 0, "no error");
	cask_load(&s.ar, cask_mem_read(&s.m, "\2\0", 2));
	cask_object(&s.ar, &p, &pair_class);
	assert_why(&s, CASK_ECLASS,
	    "object p at byte 0: class CNote where CPair is wanted");
	end(&s);
}

/* All of it again in 256 MiB of addresses, which a sanitizer does not know. */
static void
the_bombs_go_off_in_256_mib(void **state)
{
	const struct rlimit limit = { 256 << 20, 256 << 20 };
	int status;
	pid_t child;

	if (UNDER_ASAN) {
		print_message("skipped: RLIMIT_AS under ASan\n");
		return;
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		alarm(60);
		if (setrlimit(RLIMIT_AS, &limit) != 0)
			_exit(2);
		no_depth_takes_more_than_64_kib_of_stack(state);
		one_object_a_million_times_is_one_object(state);
		a_graph_with_2_to_the_60_paths_is_walked_once(state);
		floods_end_at_their_limits(state);
		_exit(0);
	}
	assert_int_equal(test_await(child, &status), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(
	    every_example_is_stored_measured_loaded_and_stored_again),
	cmocka_unit_test(
	    every_example_cut_after_any_byte_ends_early_and_leaks_nothing),
	cmocka_unit_test(
	    every_example_with_any_two_bits_flipped_loads_to_an_end),
	cmocka_unit_test(every_example_survives_every_failing_allocation),
	cmocka_unit_test(tags_follow_the_byte_order_and_class_names_do_not),
	cmocka_unit_test(
	    what_is_mapped_twice_has_its_newer_number_and_no_third),
	cmocka_unit_test(
	    a_message_that_is_walked_twice_takes_back_its_numbers_and_no_others),
	cmocka_unit_test(
	    the_schema_is_there_again_when_a_message_is_walked_again),
	cmocka_unit_test(
	    the_schema_of_a_base_class_is_what_cask_schema_gives_next),
	cmocka_unit_test(clearing_goes_by_the_schemas_that_came),
	cmocka_unit_test(a_class_has_room_for_its_pointer_and_a_name),
	cmocka_unit_test(a_zero_in_a_name_is_shown),
	cmocka_unit_test(
	    what_stands_behind_the_last_object_is_an_error_both_ways),
	cmocka_unit_test(a_pointer_that_can_not_wait_is_exchanged_at_once),
	cmocka_unit_test(
	    own_objects_are_unmade_once_each_wherever_loading_ended),
	cmocka_unit_test(
	    what_make_had_allocated_is_freed_when_there_is_no_number),
	cmocka_unit_test(a_graph_that_has_stored_does_not_load_nor_free),
	cmocka_unit_test(what_is_kept_is_the_programs),
	cmocka_unit_test(
	    a_forgotten_object_is_sent_anew_and_others_stay_what_they_were),
	cmocka_unit_test(
	    a_connection_that_forgets_after_each_message_does_not_grow),
	cmocka_unit_test(no_depth_takes_more_than_64_kib_of_stack),
	cmocka_unit_test(one_object_a_million_times_is_one_object),
	cmocka_unit_test(a_graph_with_2_to_the_60_paths_is_walked_once),
	cmocka_unit_test(floods_end_at_their_limits),
	cmocka_unit_test(an_object_still_being_loaded_is_of_its_class),
	cmocka_unit_test(the_bombs_go_off_in_256_mib),
};

RUN_TESTS(tests)
