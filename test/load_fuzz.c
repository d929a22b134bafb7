/*
 * Fuzzing of loading.  The first bytes of the input choose an archive's
 * settings and a program of loads; the rest is the stream that it loads from.
 * Whatever they are, what include/cask promises must hold.
 *
 * With libFuzzer (-DFUZZING) it makes up its input; without, it runs the files
 * that it is given, and is a test.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include <cask.h>

/* Memory: no allocation may be a matter of what was announced.  A byte that
 * came may be four in memory (UTF-32), and twice that is never asked for.  What
 * the checks ask for themselves is another matter. */

static unsigned checking;

#if defined(FUZZING)
int __sanitizer_install_malloc_and_free_hooks(
    void (*allocated)(const volatile void *, size_t),
    void (*freed)(const volatile void *));

static size_t largest;

static void
note_allocation(const volatile void *p, size_t n)
{
	(void)p;
	if (n > largest && checking == 0)
		largest = n;
}

static void
note_free(const volatile void *p)
{
	(void)p;
}

static void
watch_memory(void)
{
	static int installed;

	if (!installed)
		installed = __sanitizer_install_malloc_and_free_hooks(
		    note_allocation, note_free);
	largest = 0;
}

static void
check_memory(size_t received)
{
	CHECK(largest <= 65536 + 4 * received);
}
#else
static void
watch_memory(void)
{
}

static void
check_memory(size_t received)
{
	(void)received;
}
#endif

/* The stream */

struct stream {
	struct cask_io io;
	const unsigned char *data;
	size_t length, moved, at_most;
};

static ptrdiff_t
stream_read(struct cask_io *io, void *buf, size_t size)
{
	struct stream *s = (struct stream *)io;
	size_t left = s->length - s->moved;

	CHECK(size > 0);
	CHECK(io->err == 0);
	if (s->at_most > 0 && size > s->at_most)
		size = s->at_most;
	if (size > left)
		size = left;
	if (size > 0)
		memcpy(buf, s->data + s->moved, size);
	s->moved += size;
	return (ptrdiff_t)size;
}

static const struct cask_io_table peer = { .name = "peer",
	.read = stream_read };
static const struct cask_io_table local = {
	.name = "local", .read = stream_read, .local = true
};

/* The program */

struct walk {
	const unsigned char *next, *end; /* of the program */
	struct cask_ar ar;
	struct stream stream;
	int err; /* the first error, once there was one */
	uint64_t at;
	char why[256];
	unsigned depth; /* of structs, when they last changed */
};

static struct walk *now; /* an exchange function has no place for it */

static unsigned
argument(struct walk *w)
{
	return w->next < w->end ? *w->next++ : 0;
}

static bool
all_zero(const void *p, size_t n)
{
	const unsigned char *b = p;

	while (n > 0 && *b == 0)
		b++, n--;
	return n == 0;
}

static unsigned
depth_of(const struct cask_ar *ar)
{
	return (unsigned)ar->most_levels - (unsigned)ar->levels;
}

/* When a struct is left, the path grows; nothing else of the words changes but
 * where they are cut. */
static void
check_words(struct walk *w)
{
	const char *latest = cask_why(&w->ar);
	const char *rest = strstr(latest, " at byte ");
	const char *before = strstr(w->why, " at byte ");
	unsigned depth = depth_of(&w->ar);

	if (strcmp(w->why, latest) != 0) {
		CHECK(depth < w->depth && rest != NULL && before != NULL);
		CHECK(strncmp(rest, before, strlen(rest)) == 0);
		memcpy(w->why, latest, sizeof w->why);
	}
	if (depth < w->depth)
		w->depth = depth;
}

/* What must be so after each load, of which n bytes at p came. */
static void
check_load(struct walk *w, const void *p, size_t n)
{
	struct cask_ar *ar = &w->ar;

	CHECK(ar->err == 0 || all_zero(p, n));
	CHECK(cask_at(ar) <= w->stream.moved);
	CHECK(strlen(cask_why(ar)) > 0);
	if (ar->err == 0) {
		CHECK(cask_at(ar) + cask_pending(ar) == w->stream.moved);
	} else if (w->err == 0) {
		w->err = ar->err;
		w->at = cask_at(ar);
		memcpy(w->why, cask_why(ar), sizeof w->why);
		w->depth = depth_of(ar);
	}
	CHECK(w->err == ar->err);
	CHECK(w->err == 0 || w->at == cask_at(ar));
	if (w->err != 0)
		check_words(w);
	CHECK(w->err == 0 || cask_pending(ar) == 0);
}

#define LOAD(name, T)                           \
	static void load_##name(struct walk *w) \
	{                                       \
		T v;                            \
		memset(&v, 1, sizeof v);        \
		cask_##name(&w->ar, &v);        \
		check_load(w, &v, sizeof v);    \
		v = cask_get_##name(&w->ar);    \
		check_load(w, &v, sizeof v);    \
	}

LOAD(u8, uint8_t)
LOAD(i8, int8_t)
LOAD(bool, bool)
LOAD(u16, uint16_t)
LOAD(i16, int16_t)
LOAD(char16, uint16_t)
LOAD(u32, uint32_t)
LOAD(i32, int32_t)
LOAD(f32, float)
LOAD(u64, uint64_t)
LOAD(i64, int64_t)
LOAD(f64, double)

#define LOAD_ARRAY(name, T)                                  \
	static void load_##name##s(struct walk *w)           \
	{                                                    \
		size_t n = argument(w) * argument(w) % 5000; \
		T *v = malloc(n * sizeof *v + 1);            \
		CHECK(v != NULL);                            \
		memset(v, 0xA5, n * sizeof *v);              \
		cask_##name##_array(&w->ar, v, n);           \
		check_load(w, v, n * sizeof *v);             \
		free(v);                                     \
	}

LOAD_ARRAY(u16, uint16_t)
LOAD_ARRAY(u32, uint32_t)
LOAD_ARRAY(u64, uint64_t)
LOAD_ARRAY(f64, double)

static void
load_bytes(struct walk *w)
{
	size_t n = argument(w) * argument(w);
	unsigned char *v = malloc(n + 1);

	CHECK(v != NULL);
	memset(v, 0xA5, n);
	if (n % 8 == 7) {
		CHECK(cask_get_some(&w->ar, v, n) <= n);
		check_load(w, NULL, 0);
	} else {
		cask_bytes(&w->ar, v, n);
		check_load(w, v, n);
	}
	free(v);
}

static void
item_x(struct cask_ar *ar, uint16_t *item)
{
	cask_u16(ar, item);
}

static void
load_counted(struct walk *w)
{
	static uint16_t items[256];
	uint32_t n = 77, max = argument(w);

	cask_count(&w->ar, &n, max);
	check_load(w, &n, sizeof n);
	CHECK(n <= max);
	cask_structs(&w->ar, items, n, item_x);
	check_load(w, items, w->ar.err != 0 && n > 0 ? 0 : n);
}

static void
load_count64(struct walk *w)
{
	uint64_t n = 77;

	cask_count64(&w->ar, &n, UINT64_MAX >> argument(w) % 64);
	check_load(w, &n, sizeof n);
}

/* Text that was loaded can be stored, and is then loaded again the same. */
static void
check_text(const struct cask_ar *ar, const char *s)
{
	struct cask_ar back = { .big_endian = ar->big_endian,
		.form = ar->form,
		.codepage = ar->codepage,
		.limit.text = UINT64_MAX };
	size_t n = strlen(s);
	struct cask_progress done;
	char *again = NULL;
	struct cask_mem m;

	checking++;
	CHECK(cask_utf8_to_utf8(NULL, 0, s, n, CASK_STRICT, &done) == 0);
	cask_store(&back, cask_mem_grow(&m, 0));
	cask_put_text(&back, s);
	if (cask_flush(&back) == 0) {
		cask_load(&back, &m.io);
		cask_text_dup(&back, &again, SIZE_MAX);
		CHECK(back.err == 0);
		CHECK(strcmp(s, again) == 0);
		CHECK(!cask_more(&back));
		free(again);
	} else {
		CHECK(ar->form == CASK_ANSI);
	}
	cask_mem_close(&m);
	checking--;
}

static void
load_text(struct walk *w)
{
	size_t size = argument(w) + 1;
	char *s = malloc(size);

	CHECK(s != NULL);
	memset(s, 0xA5, size);
	cask_text(&w->ar, s, size);
	check_load(w, s, 1);
	CHECK(memchr(s, '\0', size) != NULL);
	check_text(&w->ar, s);
	free(s);
}

#define LISTED(F)           \
	F(u16, kind)        \
	F(text, name, 9)    \
	F(array, u32, n, 3) \
	F(fixed, i16, w, 2)
CASK_LIST_STRUCT(listed, LISTED)
CASK_LIST_EXCHANGE(listed, LISTED)

static void
load_listed(struct walk *w)
{
	bool failed = w->ar.err != 0;
	struct listed *p = malloc(sizeof *p);

	CHECK(p != NULL);
	memset(p, 0xA5, sizeof *p);
	cask_struct(&w->ar, p, listed_x);
	check_load(w, p->w, sizeof p->w);
	CHECK(memchr(p->name, '\0', sizeof p->name) != NULL);
	CHECK(p->n_count <= 3);
	CHECK(!failed || (p->kind == 0 && p->name[0] == '\0'));
	check_text(&w->ar, p->name);
	free(p);
}

static void
load_dup(struct walk *w)
{
	size_t max = argument(w) * 1024;
	char *s = NULL;

	cask_text_dup(&w->ar, &s, max);
	check_load(w, s, 0);
	CHECK((s == NULL) == (w->ar.err != 0));
	if (s == NULL)
		return;
	CHECK(strlen(s) <= max);
	check_text(&w->ar, s);
	free(s);
}

/* Text in any form and any memory: what was loaded, as UTF-8. */
struct loaded {
	unsigned memory; /* UTF-8, UTF-16, UTF-32, wchar_t */
	struct cask_string s8;
	struct cask_string16 s16;
	struct cask_string32 s32;
	struct cask_wstring sw;
	char *utf8;
	size_t length;
};

static void
exchange_string(
    struct cask_ar *ar, struct loaded *l, size_t max, const struct cask_as *as)
{
	switch (l->memory) {
	case 0:
		cask_string_dup_as(ar, &l->s8, max, as);
		break;
	case 1:
		cask_string16_dup_as(ar, &l->s16, max, as);
		break;
	case 2:
		cask_string32_dup_as(ar, &l->s32, max, as);
		break;
	default:
		cask_wstring_dup_as(ar, &l->sw, max, as);
	}
}

static void
take_utf8(struct loaded *l)
{
	size_t n[] = { l->s8.length, l->s16.length, l->s32.length,
		l->sw.length };
	struct cask_progress done = { 0 };
	size_t room;
	int err = 0;

	l->length = n[l->memory];
	room = 4 * l->length + 1;
	l->utf8 = malloc(room);
	CHECK(l->utf8 != NULL);
	if (l->memory == 0)
		err = cask_utf8_to_utf8(
		    l->utf8, room, l->s8.text, l->length, CASK_STRICT, &done);
	else if (l->memory == 1)
		err = cask_utf16_to_utf8(
		    l->utf8, room, l->s16.text, l->length, CASK_STRICT, &done);
	else
		err = cask_utf32_to_utf8(l->utf8, room,
		    l->memory == 2 ? l->s32.text : (uint32_t *)l->sw.text,
		    l->length, CASK_STRICT, &done);
	CHECK(err == 0);
	l->length = done.written;
}

static void
free_loaded(struct loaded *l)
{
	free(l->s8.text);
	free(l->s16.text);
	free(l->s32.text);
	free(l->sw.text);
	free(l->utf8);
}

/* If it can be stored it is loaded again the same. */
static void
check_string(
    const struct cask_ar *ar, struct loaded *l, const struct cask_as *how)
{
	struct cask_ar back = { .big_endian = ar->big_endian,
		.form = ar->form,
		.codepage = ar->codepage,
		.count32 = ar->count32,
		.limit.text = UINT64_MAX };
	struct loaded again = { .memory = (l->memory + 1) % 4 };
	struct cask_as as = *how;
	struct cask_mem m;
	bool ansi;

	as.characters = 0;
	as.strict = true;
	as.cut = false;
	ansi = (as.form != 0 ? as.form : ar->form) == CASK_ANSI;
	cask_store(&back, cask_mem_grow(&m, 0));
	exchange_string(&back, l, SIZE_MAX, &as);
	if (cask_flush(&back) == 0) {
		cask_load(&back, &m.io);
		exchange_string(&back, &again, SIZE_MAX, &as);
		CHECK(back.err == 0);
		take_utf8(&again);
		CHECK(again.length == l->length);
		CHECK(memcmp(again.utf8, l->utf8, l->length) == 0);
		CHECK(!cask_more(&back));
		free_loaded(&again);
	} else {
		/* a CR where the stream ended, or U+FFFD put there */
		CHECK(ansi || as.end == CASK_BY_LF || ar->replaced > 0);
	}
	cask_mem_close(&m);
}

static size_t
count_characters(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xC0) != 0x80;
	return count;
}

static struct cask_as
any_as(struct walk *w)
{
	unsigned how = argument(w), flags = argument(w);
	struct cask_as as = { 0 };

	as.form = (enum cask_text_form)(how % 7);
	as.end = (enum cask_text_end)(how / 7 % 6);
	as.strict = flags & 1;
	as.replace = flags & 2;
	as.cut = flags & 4;
	as.pad = flags & 8 ? ' ' : '\0';
	as.units = argument(w) * (flags & 16 ? 9 : 1);
	as.characters = argument(w) * (flags & 32 ? 9 : 1);
	return as;
}

static void
load_string(struct walk *w)
{
	struct cask_as as = any_as(w);
	struct loaded l = { .memory = argument(w) % 4 };
	size_t max = argument(w) * 1024;
	uint64_t cut = w->ar.cut;

	exchange_string(&w->ar, &l, max, &as);
	check_load(w, NULL, 0);
	CHECK((l.s8.text != NULL) + (l.s16.text != NULL) +
		(l.s32.text != NULL) + (l.sw.text != NULL) ==
	    (w->ar.err == 0));
	CHECK(l.s8.length <= max && l.s16.length <= max &&
	    l.s32.length <= max && l.sw.length <= max);
	if (w->ar.err != 0)
		return;
	checking++;
	take_utf8(&l);
	CHECK(as.characters == 0 ||
	    count_characters(l.utf8, l.length) <= as.characters);
	CHECK(w->ar.came >= CASK_UNICODE && w->ar.came <= CASK_UTF32);
	if (w->ar.cut == cut)
		check_string(&w->ar, &l, &as);
	free_loaded(&l);
	checking--;
}

static void
load_array(struct walk *w)
{
	struct cask_as as = any_as(w);
	size_t size = argument(w) + 1;
	uint16_t *s = malloc(size * sizeof *s);

	CHECK(s != NULL);
	memset(s, 0xA5, size * sizeof *s);
	cask_text16_as(&w->ar, s, size, &as);
	check_load(w, s, sizeof *s);
	while (size > 0 && s[size - 1] != 0)
		size--;
	CHECK(size > 0);
	free(s);
}

static void
load_line(struct walk *w)
{
	size_t size = argument(w) + 1, n;
	char *s = malloc(size);

	CHECK(s != NULL);
	memset(s, 0xA5, size);
	n = cask_get_line(&w->ar, s, size);
	check_load(w, s, 1);
	CHECK(strlen(s) == n);
	CHECK(memchr(s, '\n', n) == NULL);
	check_text(&w->ar, s);
	free(s);
}

/* Collections and MFC's values */

struct age {
	const struct cask_class *is;
	int32_t years;
};

static void
age_x(struct cask_ar *ar, void *object)
{
	struct age *a = object;

	cask_i32(ar, &a->years);
}

static const struct cask_class age_class = {
	.name = "CAge",
	.base = &cask_object_class,
	.size = sizeof(struct age),
	.exchange = age_x,
};

static const struct cask_class *const classes[] = { &age_class,
	&cask_byte_array_class, &cask_word_array_class, &cask_dword_array_class,
	&cask_string_array_class, &cask_ob_array_class, &cask_string_list_class,
	&cask_ob_list_class, &cask_map_string_to_string_class,
	&cask_map_string_to_ob_class, &cask_map_word_to_ob_class, NULL };

/* One of them, whose kind is chosen. */
struct bag {
	unsigned kind;
	uint32_t n, max;
	union {
		char **text;
		void **object;
		struct cask_text_pair *text_pair;
		struct cask_object_pair *object_pair;
		struct cask_word_pair *word_pair;
		struct age *one;
		int64_t time;
		struct cask_date date;
		struct cask_currency currency;
		struct cask_guid guid;
		char *bstr;
		struct cask_variant variant;
		unsigned char bytes[sizeof(struct cask_date)];
	} v;
};

static void
bag_x(struct cask_ar *ar, struct bag *b)
{
	switch (b->kind) {
	case 0:
		cask_texts_dup(ar, &b->v.text, &b->n, b->max, b->max);
		break;
	case 1:
		cask_objects_dup_named(ar, &b->v.object, &b->n, b->max,
		    &cask_object_class, "b->v.object");
		break;
	case 2:
		cask_text_map_dup(ar, &b->v.text_pair, &b->n, b->max, b->max);
		break;
	case 3:
		cask_object_map_dup(ar, &b->v.object_pair, &b->n, b->max,
		    b->max, &cask_object_class);
		break;
	case 4:
		cask_word_map_dup(
		    ar, &b->v.word_pair, &b->n, b->max, &cask_object_class);
		break;
	case 5:
		cask_object(ar, &b->v.one, &cask_object_class);
		break;
	case 6:
		cask_time(ar, &b->v.time);
		break;
	case 7:
		cask_time_span(ar, &b->v.time);
		break;
	case 8:
		cask_date(ar, &b->v.date);
		break;
	case 9:
		cask_currency(ar, &b->v.currency);
		break;
	case 10:
		cask_guid(ar, &b->v.guid);
		break;
	case 11:
		cask_bstr_dup(ar, &b->v.bstr, b->max);
		break;
	default:
		cask_variant_dup(ar, &b->v.variant, b->max);
	}
}

#define BAGS 13

/* Store it, and load that: twice, since a map's order turns round each time. */
static void
check_bag(const struct cask_ar *ar, struct bag *b)
{
	struct bag again[2] = { { .kind = b->kind, .max = UINT32_MAX },
		{ .kind = b->kind, .max = UINT32_MAX } };
	struct bag *from = b;
	struct cask_graph graph[5] = { { 0 } };
	struct cask_mem m[3];
	struct cask_ar back = { .big_endian = ar->big_endian,
		.form = ar->form,
		.codepage = ar->codepage,
		.mfc = ar->mfc,
		.limit = { .text = UINT64_MAX, .depth = 1000 } };
	unsigned i = 0;

	b->max = UINT32_MAX;
	for (; i < 3; i++) {
		back.graph = &graph[i];
		cask_store(&back, cask_mem_grow(&m[i], 0));
		bag_x(&back, from);
		if (cask_flush(&back) != 0)
			break;
		if (i == 2)
			continue;
		from = &again[i];
		graph[3 + i].classes = classes;
		back.graph = &graph[3 + i];
		cask_load(&back, &m[i].io);
		bag_x(&back, from);
		CHECK(back.err == 0);
		CHECK(!cask_more(&back));
	}
	/* a character that the code page lacks, a time beyond 2038; but what
	   was stored once is stored again */
	CHECK(i == 3 || i == 0);
	if (i == 3) {
		CHECK(m[0].length == m[2].length);
		CHECK(memcmp(m[0].data, m[2].data, m[0].length) == 0);
	}
	for (unsigned k = 0; k < 2; k++) {
		cask_release(&back);
		bag_x(&back, &again[k]);
	}
	for (unsigned k = 0; k < 5; k++)
		cask_graph_clear(&graph[k]);
	for (unsigned k = 0; k < 3 && k <= i; k++)
		cask_mem_close(&m[k]);
}

static void
load_collection(struct walk *w)
{
	struct bag b = { .kind = argument(w) % BAGS, .max = argument(w) * 4 };
	static const struct bag zero;
	struct cask_ar release = { 0 };

	w->ar.mfc = (int)argument(w) % 12;
	bag_x(&w->ar, &b);
	check_load(w, &b.n, sizeof b.n);
	CHECK(w->ar.err == 0 || b.kind == 8 || b.kind == 9 ||
	    memcmp(&b.v, &zero.v, sizeof b.v) == 0);
	checking++;
	if (w->ar.err == 0)
		check_bag(&w->ar, &b);
	checking--;
	cask_release(&release);
	bag_x(&release, &b);
	CHECK(release.err == 0);
}

static void
set_form(struct walk *w)
{
	w->ar.form = (enum cask_text_form)(argument(w) % 6);
}

static void
ask_for_more(struct walk *w)
{
	bool more = cask_more(&w->ar);

	check_load(w, NULL, 0);
	CHECK(!more || w->ar.err == 0);
	CHECK(!more || cask_pending(&w->ar) > 0);
}

static const int pages[] = { 0, 932, 936, 949, 950, 1251, 1255, 1258, 850, 874,
	65001, 4711 };

/* What the library remembers of a code page it allocates once. */
static void
use_pages_once(void)
{
	static bool used;
	struct cask_progress done;
	char buf[16];

	for (size_t i = 0; !used && i < sizeof pages / sizeof *pages; i++) {
		int page = pages[i] != 0 ? pages[i] : 1252;

		cask_codepage_to_utf8(
		    page, buf, sizeof buf, "\xB1\xB1", 2, CASK_REPLACE, &done);
		cask_utf8_to_codepage(
		    page, buf, sizeof buf, "\xC3\xA4", 2, CASK_REPLACE, &done);
	}
	used = true;
}

static void
change_settings(struct walk *w)
{
	unsigned v = argument(w);

	w->ar.big_endian = v & 1;
	w->ar.replace = v & 2;
	w->ar.count32 = v & 4;
	w->ar.form = (enum cask_text_form)(CASK_UNICODE + (v >> 3) % 3);
	w->ar.codepage = pages[argument(w) % (sizeof pages / sizeof *pages)];
}

static void
store_wrongly(struct walk *w)
{
	cask_put_u32(&w->ar, 1);
	CHECK(w->ar.err != 0);
	check_load(w, NULL, 0);
}

static void
fail_by_itself(struct walk *w)
{
	CHECK(cask_fail(&w->ar, NULL, 33, "the program said so") != 0);
	check_load(w, NULL, 0);
}

static void
load_version(struct walk *w)
{
	unsigned newest = argument(w) + 1;
	unsigned version = cask_version(&w->ar, newest);

	CHECK(version <= newest);
	check_load(w, NULL, 0);
	CHECK((version == 0) == (w->ar.err != 0));
}

static void
ask_for_extension(struct walk *w)
{
	bool more = cask_extends(&w->ar);

	check_load(w, NULL, 0);
	CHECK(!more || w->ar.err == 0);
	CHECK(!more || cask_left(&w->ar) > 0);
}

static void
agree(struct walk *w)
{
	static const char mine[] = "u32 count\nf64 price[]\n";
	size_t n = argument(w) % sizeof mine;
	uint64_t at = cask_at(&w->ar), count;

	cask_agree(&w->ar, mine, n);
	check_load(w, NULL, 0);
	count = cask_at(&w->ar) - at - n; /* its bytes: any form is accepted */
	CHECK(w->ar.err != 0 || count == 2 || count == 6 || count == 14);
}

static void load_message(struct walk *w);
static void load_struct(struct walk *w);

static void (*const steps[])(struct walk *) = { load_u8, load_i8, load_bool,
	load_u16, load_i16, load_char16, load_u32, load_i32, load_f32, load_u64,
	load_i64, load_f64, load_u16s, load_u32s, load_u64s, load_f64s,
	load_bytes, load_counted, load_count64, load_text, load_dup,
	ask_for_more, change_settings, load_struct, store_wrongly,
	fail_by_itself, load_string, load_array, load_line, set_form,
	load_version, ask_for_extension, agree, load_message, load_collection,
	load_listed };

#define STEPS (sizeof steps / sizeof *steps)

struct nested {
	unsigned steps;
};

static void
nested_x(struct cask_ar *ar, struct nested *n)
{
	(void)ar;
	while (n->steps-- > 0 && now->next < now->end)
		steps[argument(now) % STEPS](now);
}

static void
load_struct(struct walk *w)
{
	struct nested nested = { argument(w) };

	cask_struct(&w->ar, &nested, nested_x);
	check_load(w, NULL, 0);
}

static void
load_message(struct walk *w)
{
	struct nested nested = { argument(w) };

	cask_message(&w->ar, &nested, nested_x);
	check_load(w, NULL, 0);
}

/* Every direction of one walk.  The program is of exchange functions alone, and
 * so it can be measured, stored, loaded, printed, described and released. */

struct level {
	const unsigned char *next;
	size_t used;
};

static struct {
	const unsigned char *next, *end;
	unsigned char memory[8192]; /* the variables, one after the other */
	size_t used;
	bool fill;
} round_trip;

static void level_x(struct cask_ar *ar, struct level *l);

static unsigned
operand(void)
{
	return round_trip.next < round_trip.end ? *round_trip.next++ : 0;
}

/* The next variable: full of something, if it is to be stored. */
static void *
variable(size_t n)
{
	static unsigned char spare[256];
	unsigned char *p = round_trip.memory + round_trip.used;

	if (sizeof round_trip.memory - round_trip.used < n + 8)
		return memset(spare, 0, sizeof spare);
	for (size_t i = 0; i < n && round_trip.fill; i++)
		p[i] =
		    (unsigned char)((round_trip.used + i) * 2654435761u >> 9);
	round_trip.used += (n + 7) / 8 * 8;
	return p;
}

static void
number_op(struct cask_ar *ar, unsigned op)
{
	void *p = variable(8);
	bool b = *(unsigned char *)p & 1;

	switch (op) {
	case 0:
		cask_u8(ar, (uint8_t *)p);
		break;
	case 1:
		cask_i8(ar, (int8_t *)p);
		break;
	case 2:
		memset(p, 0, 8);
		cask_bool(ar, &b);
		*(unsigned char *)p = b;
		break;
	case 3:
		cask_u16(ar, (uint16_t *)p);
		break;
	case 4:
		cask_i32(ar, (int32_t *)p);
		break;
	case 5:
		cask_f32(ar, (float *)p);
		break;
	case 6:
		cask_u64(ar, (uint64_t *)p);
		break;
	default:
		cask_f64(ar, (double *)p);
	}
	if (op < 6 && op != 2) /* what was not exchanged is not compared */
		memset((char *)p +
			(op < 2          ? 1
				: op < 4 ? 2
					 : 4),
		    0,
		    8 -
			(op < 2          ? 1u
				: op < 4 ? 2u
					 : 4u));
}

static void
count_op(struct cask_ar *ar)
{
	uint32_t *p = variable(4);

	*p %= 200;
	cask_count(ar, p, 200);
}

static void
text_op(struct cask_ar *ar)
{
	char *p = variable(32);

	for (int i = 0; i < 31 && round_trip.fill; i++)
		p[i] = (char)(i % 24 < 20 ? 'a' + p[i] % 20 : p[i]);
	p[operand() % 20] = '\0';
	p[31] = '\0';
	if (round_trip.fill)
		memset(p + strlen(p), 0, 32 - strlen(p));
	cask_text(ar, p, 32);
	memset(p + strlen(p), 0, 32 - strlen(p));
}

static void
block_op(struct cask_ar *ar, unsigned op)
{
	size_t n = operand();

	if (op == 10)
		cask_bytes(ar, (unsigned char *)variable(n % 100), n % 100);
	else
		cask_u32_array(ar, (uint32_t *)variable(n % 40 * 4), n % 40);
}

static void
level_op(struct cask_ar *ar, unsigned op)
{
	struct level l = { round_trip.next, round_trip.used };

	if (op == 12)
		cask_struct(ar, &l, level_x);
	else
		cask_message(ar, &l, level_x);
}

/* A message may be walked twice: each time from its beginning. */
static void
level_x(struct cask_ar *ar, struct level *l)
{
	round_trip.next = l->next;
	round_trip.used = l->used;
	while (round_trip.next < round_trip.end) {
		unsigned op = operand() % 18;

		if (op == 17)
			return;
		if (op == 16)
			cask_extends(ar); /* the other end knows as much */
		if (op < 8)
			number_op(ar, op);
		else if (op == 8)
			count_op(ar);
		else if (op == 9)
			text_op(ar);
		else if (op < 12)
			block_op(ar, op);
		else if (op < 14)
			level_op(ar, op);
		else if (op == 14)
			cask_version(ar, operand() + 1);
		else if (op == 15)
			cask_secret(ar, number_op(ar, 4));
	}
}

static int
walk_once(struct cask_ar *ar, const unsigned char *program, bool fill)
{
	struct level l = { program, 0 };

	memset(round_trip.memory, 0, sizeof round_trip.memory);
	round_trip.fill = fill;
	cask_message(ar, &l, level_x);
	return cask_flush(ar);
}

static void
load_back(struct cask_ar *ar, struct cask_mem *m, const unsigned char *program)
{
	static unsigned char stored[sizeof round_trip.memory];

	memcpy(stored, round_trip.memory, sizeof stored);
	cask_load(ar, &m->io);
	CHECK(walk_once(ar, program, false) == 0);
	CHECK(cask_at(ar) == m->length);
	CHECK(memcmp(stored, round_trip.memory, sizeof stored) == 0);
	CHECK(!cask_more(ar));
}

/* After FF: settings, a buffer's size, and the program. */
static void
every_direction(const unsigned char *data, size_t n)
{
	static unsigned char buffer[255];
	struct cask_ar ar = { .big_endian = data[0] & 1,
		.json = data[0] & 2,
		.form = (enum cask_text_form)((data[0] >> 2) % 3),
		.buffer = buffer,
		.buffer_size = data[1],
		.limit.depth = data[0] & 16 ? 3 : 0 };
	const unsigned char *program = data + 2;
	struct cask_mem m, words;
	uint64_t size;
	int err;

	round_trip.end = data + n;
	cask_measure(&ar);
	err = walk_once(&ar, program, true);
	size = cask_at(&ar);
	cask_store(&ar, cask_mem_grow(&m, 0));
	CHECK(walk_once(&ar, program, true) == err);
	CHECK(err != 0 ? m.length == 0 : m.length == size);
	if (err == 0)
		load_back(&ar, &m, program);
	cask_print(&ar, cask_mem_grow(&words, 0));
	err = walk_once(&ar, program, true);
	CHECK(err == 0 || m.length == 0);
	cask_mem_close(&words);
	cask_describe(&ar, cask_mem_grow(&words, 0));
	walk_once(&ar, program, false);
	if (ar.err == 0 && words.length > 0) {
		cask_measure(&ar);
		cask_agree(&ar, words.data, words.length);
		CHECK(cask_at(&ar) >= words.length + 2);
	}
	cask_mem_close(&words);
	cask_release(&ar);
	CHECK(walk_once(&ar, program, false) == 0);
	CHECK(ar.levels == ar.most_levels && ar.frame == NULL &&
	    ar.within == NULL);
	cask_mem_close(&m);
}

/* 9 bytes of settings, the last of which is the length of the program. */
static bool
set_up(struct walk *w, const unsigned char *data, size_t n)
{
	static unsigned char buffer[255];
	unsigned char settings[2];

	if (n < 9 || n - 9 < data[8])
		return false;
	settings[0] = data[0];
	settings[1] = data[1];
	w->next = settings;
	w->end = settings + 2;
	change_settings(w);
	w->ar.buffer = buffer;
	w->ar.buffer_size = data[2];
	w->ar.limit.message = 16 * (uint64_t)data[4];
	w->ar.limit.text = 16 * (uint64_t)data[5];
	w->ar.limit.count = 16 * (uint64_t)data[6];
	w->ar.limit.depth = data[7];
	w->stream.io.table = data[0] & 0x80 ? &local : &peer;
	w->stream.at_most = data[3];
	w->next = data + 9;
	w->end = w->next + data[8];
	w->stream.data = w->end;
	w->stream.length = n - 9 - data[8];
	return true;
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	struct walk w = { 0 };
	struct cask_graph graph = { .classes = classes };
	const unsigned char *program;

	if (n > 3 && data[0] == 0xFF) {
		every_direction(data + 1, n - 1);
		return 0;
	}
	if (!set_up(&w, data, n))
		return 0;
	use_pages_once();
	watch_memory();
	now = &w;
	w.ar.graph = &graph;
	program = w.next;
	cask_load(&w.ar, &w.stream.io);
	for (int i = 0; i < 16 && cask_more(&w.ar); i++)
		for (w.next = program; w.next < w.end;)
			steps[argument(&w) % STEPS](&w);
	CHECK(w.ar.levels == w.ar.most_levels && w.ar.frame == NULL &&
	    w.ar.within == NULL);
	cask_graph_clear(&graph);
	check_memory(n);
	return 0;
}
