/*
 * The other uses of a walk, with objects in it: printed, watched, described,
 * measured and released.
 *
 * SPDX-License-Identifier: MIT
 */
#include "object_kit.h"
#include "test.h"

#include <cask.h>

/* Classes */

static void
base_x(struct cask_ar *ar, void *object)
{
	(void)ar;
	(void)object;
}

static const struct cask_class base_class = { .name = "CBase",
	.schema = 3,
	.size = sizeof(struct node),
	.exchange = base_x };

static const struct cask_class mapped_class = { .name = "CDocument" };

static struct node document = { &mapped_class, 0, NULL };

/* An owner: an object that both ends have, a base class with a schema of its
 * own, pointers to objects, an array of them, and one that is secret. */
struct owner {
	const struct cask_class *is;
	struct node *document, *first, *again, *none, *secret;
	struct node **list;
	uint32_t n;
	unsigned schema;
};

static void
owner_x(struct cask_ar *ar, void *object)
{
	struct owner *o = object;

	o->schema = cask_class_of(ar, &base_class);
	cask_object(ar, &o->document, &mapped_class);
	cask_object(ar, &o->first, &node_class);
	cask_object(ar, &o->again, &node_class);
	cask_object(ar, &o->none, &node_class);
	cask_objects_dup(ar, &o->list, &o->n, 9, &node_class);
	cask_secret(ar, cask_object(ar, &o->secret, &node_class));
}

static const struct cask_class owner_class = { .name = "COwner",
	.base = &base_class,
	.schema = 2,
	.size = sizeof(struct owner),
	.exchange = owner_x };

static const struct cask_class *const all[] = { &node_class, &base_class,
	&owner_class, NULL };

/* The whole: what every test walks. */
struct whole {
	struct owner *owner;
};

static void
whole_x(struct cask_ar *ar, struct whole *w)
{
	cask_map_object(ar, &document, &mapped_class);
	cask_object(ar, &w->owner, &owner_class);
}

static struct node third = { &node_class, 3, NULL },
		   second = { &node_class, 2, &third },
		   first = { &node_class, 1, &second },
		   other = { &node_class, 4, NULL },
		   hidden = { &node_class, 4242, NULL };
static struct node *list[] = { &first, NULL, &other, NULL };
static struct owner owner = { .is = &owner_class,
	.document = &document,
	.first = &first,
	.again = &second,
	.secret = &hidden,
	.list = list,
	.n = 4 };

static struct whole
make_whole(void)
{
	struct whole w = { &owner };

	third.next = &first;
	return w;
}

/* What was written, as a text; the memory is static. */
static const char *
text_of(struct cask_mem *m)
{
	static char text[8192];

	assert_true(m->length < sizeof text);
	if (m->length > 0)
		memcpy(text, m->data, m->length);
	text[m->length] = '\0';
	cask_mem_close(m);
	return text;
}

/* Printing */

static const char words[] = "object  CDocument = #1 mapped\n"
			    "object  owner = #3 COwner\n"
			    "class   owner.CBase = #4 schema 3\n"
			    "object  owner.document = #1\n"
			    "object  owner.first = #6 CNode\n"
			    "u16     owner.first.value = 1\n"
			    "object  owner.first.next = #7 CNode\n"
			    "u16     owner.first.next.value = 2\n"
			    "object  owner.first.next.next = #8 CNode\n"
			    "u16     owner.first.next.next.value = 3\n"
			    "object  owner.first.next.next.next = #6\n"
			    "object  owner.again = #7\n"
			    "object  owner.none = null\n"
			    "object  owner.list[0] = #6\n"
			    "object  owner.list[1] = null\n"
			    "object  owner.list[2] = #9 CNode\n"
			    "u16     owner.list[2].value = 4\n"
			    "object  owner.list[2].next = null\n"
			    "object  owner.list[3] = null\n"
			    "object  owner.secret = ***\n"
			    "u16     owner.secret.value = ***\n"
			    "object  owner.secret.next = ***\n";

static const char json[] =
    "{\"CDocument\":{\"#\":1},\"owner\":{\"#\":3,\"class\":\"COwner\","
    "\"CBase\":{\"#\":4,\"schema\":3},\"document\":{\"#\":1},"
    "\"first\":{\"#\":6,\"class\":\"CNode\",\"value\":1,"
    "\"next\":{\"#\":7,\"class\":\"CNode\",\"value\":2,"
    "\"next\":{\"#\":8,\"class\":\"CNode\",\"value\":3,"
    "\"next\":{\"#\":6}}}},\"again\":{\"#\":7},\"none\":null,"
    "\"list\":[{\"#\":6},null,{\"#\":9,\"class\":\"CNode\","
    "\"value\":4,\"next\":null},null],"
    "\"secret\":{\"#\":\"***\",\"class\":\"***\",\"value\":\"***\","
    "\"next\":\"***\"}}}\n";

static void
objects_are_printed_with_their_numbers_and_no_bytes(void **state)
{
	struct whole w = make_whole();

	(void)state;
	for (size_t size = 1; size < 40; size++) {
		unsigned char buffer[40];
		struct cask_graph graph = { 0 };
		struct cask_ar ar = {
			.graph = &graph, .buffer = buffer, .buffer_size = size
		};
		struct cask_mem m;

		for (int i = 0; i < 2; i++) {
			ar.json = i == 1;
			cask_print(&ar, cask_mem_grow(&m, 0));
			whole_x(&ar, &w);
			if (i == 1)
				cask_put_u8(&ar, 5);
			assert_int_equal(cask_flush(&ar), 0);
			if (i == 0) {
				assert_string_equal(text_of(&m), words);
			} else {
				const char *got = text_of(&m);

				assert_memory_equal(got, json, sizeof json - 3);
				assert_string_equal(
				    got + sizeof json - 3, ",\"u8\":5}\n");
			}
			cask_graph_clear(&graph);
		}
	}
}

static void
put_root(struct cask_mem *m, struct node *n, bool as_json)
{
	struct cask_graph graph = { 0 };
	struct cask_ar ar = { .graph = &graph, .json = as_json };

	cask_print(&ar, cask_mem_grow(m, 0));
	cask_object(&ar, &n, &node_class);
	assert_int_equal(cask_flush(&ar), 0);
	cask_graph_clear(&graph);
}

static void
an_object_on_its_own_and_none_are_printed(void **state)
{
	struct node one = { &node_class, 7, &one };
	struct cask_mem m;

	(void)state;
	put_root(&m, &one, false);
	assert_string_equal(text_of(&m),
	    "object  n = #2 CNode\n"
	    "u16     n.value = 7\n"
	    "object  n.next = #2\n");
	put_root(&m, &one, true);
	assert_string_equal(text_of(&m),
	    "{\"n\":{\"#\":2,\"class\":\"CNode\",\"value\":7,"
	    "\"next\":{\"#\":2}}}\n");
	put_root(&m, NULL, false);
	assert_string_equal(text_of(&m), "object  n = null\n");
	put_root(&m, NULL, true);
	assert_string_equal(text_of(&m), "{\"n\":null}\n");
}

static void
secret_pointers_are_not_printed_whatever_they_point_to(void **state)
{
	struct cask_graph graph = { 0 };
	struct cask_ar ar = { .graph = &graph, .json = true };
	struct node one = { &node_class, 7, NULL }, *p[] = { &one, &one, NULL };
	struct node **list_of = p;
	struct cask_mem m;
	uint32_t n = 3;

	(void)state;
	cask_print(&ar, cask_mem_grow(&m, 0));
	cask_secret(&ar, cask_objects_dup(&ar, &list_of, &n, 9, &node_class));
	cask_secret(&ar, cask_object(&ar, &p[1], &node_class));
	assert_int_equal(cask_flush(&ar), 0);
	cask_graph_clear(&graph);
	assert_string_equal(text_of(&m),
	    "{\"list_of\":[{\"#\":\"***\",\"class\":\"***\","
	    "\"value\":\"***\",\"next\":\"***\"},\"***\",\"***\"],"
	    "\"p[1]\":\"***\"}\n");
}

static void
to_print_objects_fails_where_to_store_them_does(void **state)
{
	static const struct cask_class mute = { .name = "CMute" };
	struct node one = { &mute, 0, NULL }, *p = &one;
	struct cask_graph graph = { 0 };
	struct cask_ar ar = { 0 };
	struct cask_mem m;

	(void)state;
	cask_print(&ar, cask_mem_grow(&m, 0));
	cask_object(&ar, &p, &mute);
	assert_int_equal(ar.err, EINVAL);
	assert_string_equal(
	    cask_why(&ar), "object p at byte 0: objects need an ar->graph");
	cask_mem_close(&m);
	ar.graph = &graph;
	cask_print(&ar, cask_mem_grow(&m, 0));
	cask_object(&ar, &p, &mute);
	assert_int_equal(ar.err, ENOTSUP);
	cask_mem_close(&m);
	one.is = &node_class;
	cask_print(&ar, cask_mem_grow(&m, 0));
	cask_object(&ar, &p, &base_class);
	assert_int_equal(ar.err, CASK_ECLASS);
	assert_int_equal(m.length, 0);
	cask_mem_close(&m);
	cask_graph_clear(&graph);
}

/* A number of a graph that was loaded is not found by its object's address. */
static void
a_graph_that_has_loaded_neither_stores_nor_prints(void **state)
{
	static const unsigned char wire[] = "\xFF\xFF\x01\0\x05\0CNode\1\0\0";
	struct cask_graph graph = { .classes = all }, another = { 0 };
	struct cask_ar ar = { .graph = &graph };
	struct node *n = NULL;
	struct cask_mem m;

	(void)state;
	cask_load(&ar, cask_mem_read(&m, wire, sizeof wire));
	cask_object(&ar, &n, &node_class);
	assert_int_equal(ar.err, 0);
	cask_print(&ar, cask_mem_grow(&m, 0));
	cask_object(&ar, &n, &node_class);
	assert_int_equal(ar.err, EINVAL);
	assert_string_equal(cask_why(&ar),
	    "object n at byte 0: ar->graph has what was loaded: another one "
	    "is needed");
	cask_mem_close(&m);
	ar.graph = &another;
	cask_print(&ar, cask_mem_grow(&m, 0));
	cask_object(&ar, &n, &node_class);
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(text_of(&m),
	    "object  n = #2 CNode\n"
	    "u16     n.value = 1\n"
	    "object  n.next = null\n");
	cask_graph_clear(&another);
	cask_graph_clear(&graph);
}

/* Watching */

static char seen[8192];

static void
note(struct cask_ar *ar, const struct cask_field *f)
{
	size_t n = strlen(seen);

	(void)ar;
	n += (size_t)snprintf(seen + n, sizeof seen - n, "%u+%u",
	    (unsigned)f->at, (unsigned)f->size);
	for (size_t i = 0; i < f->seen; i++)
		n += (size_t)snprintf(
		    seen + n, sizeof seen - n, " %02x", f->bytes[i]);
	snprintf(seen + n, sizeof seen - n, "  %s %s %s %s\n", f->type, f->path,
	    f->error != NULL ? "!" : "=",
	    f->error != NULL ? f->error : f->value);
}

static const char watched[] =
    "0+0  object CDocument = #1 mapped\n"
    "0+12 ff ff 02 00 06 00 43 4f 77 6e 65 72  object w->owner = #3 COwner\n"
    "12+11 ff ff 03 00 05 00 43 42 61 73 65  class w->owner.CBase = #4 schema "
    "3\n"
    "23+2 01 00  object w->owner.document = #1\n"
    "25+11 ff ff 01 00 05 00 43 4e 6f 64 65  object w->owner.first = #6 CNode\n"
    "36+2 01 00  u16 w->owner.first.value = 1\n"
    "38+2 05 80  object w->owner.first.next = #7 CNode\n"
    "40+2 02 00  u16 w->owner.first.value = 2\n"
    "42+2 05 80  object w->owner.first.next = #8 CNode\n"
    "44+2 03 00  u16 w->owner.first.value = 3\n"
    "46+2 06 00  object w->owner.first.next = #6\n"
    "48+2 07 00  object w->owner.again = #7\n"
    "50+2 00 00  object w->owner.none = null\n"
    "52+2 04 00  count w->owner.list = 4\n"
    "54+2 06 00  object w->owner.list[0] = #6\n"
    "56+2 00 00  object w->owner.list[1] = null\n"
    "58+2 05 80  object w->owner.list[2] = #9 CNode\n"
    "60+2 04 00  u16 w->owner.list[2].value = 4\n"
    "62+2 00 00  object w->owner.list[2].next = null\n"
    "64+2 00 00  object w->owner.list[3] = null\n"
    "66+2  object w->owner.secret = ***\n"
    "68+2  u16 w->owner.secret.value = ***\n"
    "70+2  object w->owner.secret.next = ***\n";

static void
who_watches_sees_tags_and_what_they_mean(void **state)
{
	struct whole w = make_whole(), got = { NULL };

	(void)state;
	for (size_t size = 1; size < 40; size++) {
		unsigned char buffer[40];
		struct cask_graph out = { 0 }, in = { .classes = all };
		struct cask_ar ar = { .graph = &out,
			.watch = note,
			.buffer = buffer,
			.buffer_size = size };
		struct cask_mem m, from;

		seen[0] = '\0';
		cask_store(&ar, cask_mem_grow(&m, 0));
		whole_x(&ar, &w);
		assert_int_equal(cask_flush(&ar), 0);
		assert_string_equal(seen, watched);
		seen[0] = '\0';
		ar.graph = &in;
		cask_load(&ar, cask_mem_read(&from, m.data, m.length));
		whole_x(&ar, &got);
		assert_string_equal(cask_why(&ar), "no error");
		assert_string_equal(seen, watched);
		assert_ptr_equal(got.owner->document, &document);
		cask_graph_clear(&out);
		cask_mem_close(&m);
		got.owner = NULL;
		cask_graph_clear(&in);
	}
}

/* The last pointer of an object is stored after its exchange function. */
struct keeper {
	const struct cask_class *is;
	struct node *key;
};

static void
keeper_x(struct cask_ar *ar, void *object)
{
	struct keeper *k = object;

	cask_secret(ar, cask_object_last(ar, &k->key, &node_class));
}

static const struct cask_class keeper_class = {
	.name = "CKeeper", .size = sizeof(struct keeper), .exchange = keeper_x
};

static void
a_secret_stays_one_when_it_is_left_for_the_last(void **state)
{
	struct node key = { &node_class, 4242, NULL };
	struct keeper keeper = { &keeper_class, &key }, *k = &keeper;
	struct cask_graph graph = { 0 };
	struct cask_ar ar = { .graph = &graph, .watch = note };
	uint16_t after = 5;
	struct cask_mem m;

	(void)state;
	seen[0] = '\0';
	cask_store(&ar, cask_mem_grow(&m, 0));
	cask_object(&ar, &k, &keeper_class);
	cask_u16(&ar, &after);
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(seen,
	    "0+13 ff ff 00 00 07 00 43 4b 65 65 70 65 72  object k = #2 "
	    "CKeeper\n"
	    "13+11  object k.key = ***\n"
	    "24+2  u16 k.value = ***\n"
	    "26+2  object k.next = ***\n"
	    "28+2 05 00  u16 after = 5\n");
	cask_graph_clear(&graph);
	cask_mem_close(&m);
}

static void
an_error_of_an_object_is_seen_once(void **state)
{
	static const unsigned char wire[] = "\x09\0";
	struct cask_graph graph = { .classes = all };
	struct cask_ar ar = { .graph = &graph, .watch = note };
	struct node *n = NULL;
	struct cask_mem m;

	(void)state;
	seen[0] = '\0';
	cask_load(&ar, cask_mem_read(&m, wire, 2));
	cask_object(&ar, &n, &node_class);
	cask_object(&ar, &n, &node_class);
	assert_string_equal(seen,
	    "0+2 09 00  object n ! object number 9, the highest so far is 0\n");
	seen[0] = '\0';
	cask_load(&ar, cask_mem_read(&m, wire, 1));
	cask_object(&ar, &n, &node_class);
	assert_string_equal(
	    seen, "0+1 09  object n ! stream ended inside a message\n");
	cask_graph_clear(&graph);
}

/* In a process of its own, and first of all: the environment is read once. */
static void
trace_wire(int out)
{
	struct node one = { &node_class, 7, &one }, *n = &one;
	struct cask_graph graph = { 0 };
	struct cask_ar ar = { .graph = &graph };
	unsigned char block[32];
	struct cask_mem m;

	dup2(out, 2);
	setenv("CASK_TRACE", "wire,time=off", 1);
	cask_store(&ar, cask_mem_write(&m, block, sizeof block));
	cask_object(&ar, &n, &node_class);
	cask_flush(&ar);
	cask_graph_clear(&graph);
	_exit(0);
}

static void
the_trace_shows_tags_with_their_bytes(void **state)
{
	char got[4096];
	size_t n = 0;
	ssize_t k;
	int fd[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		trace_wire(fd[1]);
	close(fd[1]);
	while ((k = read(fd[0], got + n, sizeof got - 1 - n)) != 0)
		if (k > 0)
			n += (size_t)k;
		else
			assert_int_equal(errno, EINTR);
	got[n] = '\0';
	close(fd[0]);
	assert_int_equal(test_await(pid, &status), pid);
	assert_string_equal(got,
	    "cask: memory ->    0  ff ff 01 00 05 00 43 4e+ object  n = #2 "
	    "CNode\n"
	    "cask: memory ->   11  07 00                    u16     n.value = "
	    "7\n"
	    "cask: memory ->   13  02 00                    object  n.next = "
	    "#2\n");
}

/* Describing */

static void
a_description_names_classes_and_follows_no_pointer(void **state)
{
	struct cask_ar ar = { 0 };
	struct owner o = { 0 };
	struct whole w = { NULL };
	struct node n = { &node_class, 0, &n };
	struct cask_mem m;

	(void)state;
	cask_describe(&ar, cask_mem_grow(&m, 0));
	whole_x(&ar, &w);
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(text_of(&m),
	    "object CDocument mapped\n"
	    "object owner COwner\n");
	cask_describe(&ar, cask_mem_grow(&m, 0));
	owner_x(&ar, &o);
	node_x(&ar, &n);
	assert_int_equal(cask_flush(&ar), 0);
	assert_string_equal(text_of(&m),
	    "class CBase\n"
	    "object document CDocument\n"
	    "object first CNode\n"
	    "object again CNode\n"
	    "object none CNode\n"
	    "count list\n"
	    "object list[] CNode\n"
	    "object secret CNode\n"
	    "u16 value\n"
	    "object next CNode\n");
	assert_int_equal(o.schema, 3);
	assert_null(o.list);
	assert_int_equal(o.n, 0);
	assert_null(n.next);
}

/* Measuring */

static void
objects_are_measured_as_they_are_stored(void **state)
{
	struct whole w = make_whole();

	(void)state;
	for (size_t size = 1; size < 40; size++) {
		unsigned char buffer[40];
		struct cask_graph counted = { 0 }, stored = { 0 };
		struct cask_ar ar = {
			.graph = &counted, .buffer = buffer, .buffer_size = size
		};
		struct cask_mem m;
		uint64_t n;

		cask_measure(&ar);
		whole_x(&ar, &w);
		n = cask_at(&ar);
		whole_x(&ar, &w);
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(n, 72);
		assert_int_equal(cask_at(&ar), n + 2);
		ar.graph = &stored;
		cask_store(&ar, cask_mem_grow(&m, 0));
		whole_x(&ar, &w);
		assert_int_equal(cask_flush(&ar), 0);
		assert_int_equal(m.length, n);
		assert_int_equal(stored.used, 10);
		cask_graph_clear(&counted);
		cask_graph_clear(&stored);
		cask_mem_close(&m);
	}
}

/* Releasing */

static void
to_release_sets_pointers_to_null_and_touches_no_object(void **state)
{
	struct node *some[] = { &first }, **copy = malloc(sizeof some);
	struct owner o = { .is = &owner_class,
		.document = &document,
		.first = &first,
		.again = &first,
		.secret = &hidden,
		.list = copy,
		.n = 1 };
	struct whole w = { &owner };
	struct node n = { &node_class, 9, &first };
	struct cask_ar ar = { 0 };

	(void)state;
	assert_non_null(copy);
	memcpy(copy, some, sizeof some);
	cask_release(&ar);
	owner_x(&ar, &o);
	node_x(&ar, &n);
	whole_x(&ar, &w);
	assert_int_equal(ar.err, 0);
	assert_int_equal(o.schema, 3); /* what it knows itself */
	assert_null(o.document);
	assert_null(o.first);
	assert_null(o.again);
	assert_null(o.secret);
	assert_null(o.list);
	assert_int_equal(o.n, 0);
	assert_null(n.next);
	assert_null(w.owner);
	assert_ptr_equal(o.is, &owner_class);
	assert_int_equal(first.value, 1);
	assert_int_equal(n.value, 9);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_trace_shows_tags_with_their_bytes),
	cmocka_unit_test(objects_are_printed_with_their_numbers_and_no_bytes),
	cmocka_unit_test(an_object_on_its_own_and_none_are_printed),
	cmocka_unit_test(
	    secret_pointers_are_not_printed_whatever_they_point_to),
	cmocka_unit_test(to_print_objects_fails_where_to_store_them_does),
	cmocka_unit_test(a_graph_that_has_loaded_neither_stores_nor_prints),
	cmocka_unit_test(who_watches_sees_tags_and_what_they_mean),
	cmocka_unit_test(a_secret_stays_one_when_it_is_left_for_the_last),
	cmocka_unit_test(an_error_of_an_object_is_seen_once),
	cmocka_unit_test(a_description_names_classes_and_follows_no_pointer),
	cmocka_unit_test(objects_are_measured_as_they_are_stored),
	cmocka_unit_test(
	    to_release_sets_pointers_to_null_and_touches_no_object),
};

RUN_TESTS(tests)
