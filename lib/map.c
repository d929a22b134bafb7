/*
 * Maps: arrays of pairs that go in the order of MFC's hash tables.  See
 * <cask/collect.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/collect.h>

#include "ar.h"
#include "dup.h"
#include "hash.h"
#include "sys.h"
#include "text.h"

#include <cask/object.h>

#include <errno.h>
#include <string.h>

enum sort { TEXT_TO_TEXT, TEXT_TO_OBJECT, WORD_TO_OBJECT };

struct map {
	enum sort sort;
	void *p; /* the address of the pointer to its pairs */
	uint32_t *n;
	uint32_t max;
	size_t most; /* bytes of a text */
	const struct cask_class *kind;
	const char *name;
};

/* Pairs */

union pair {
	struct cask_text_pair text;
	struct cask_object_pair object;
	struct cask_word_pair word;
};

static size_t
pair_size(const struct map *m)
{
	switch (m->sort) {
	case TEXT_TO_TEXT:
		return sizeof(struct cask_text_pair);
	case TEXT_TO_OBJECT:
		return sizeof(struct cask_object_pair);
	default:
		return sizeof(struct cask_word_pair);
	}
}

static void *
pair_at(const struct map *m, size_t i)
{
	return (char *)caski_pointer(m->p) + i * pair_size(m);
}

static const char *
text_key(const struct map *m, size_t i)
{
	const char *key = m->sort == TEXT_TO_TEXT
	    ? ((const struct cask_text_pair *)pair_at(m, i))->key
	    : ((const struct cask_object_pair *)pair_at(m, i))->key;

	return key != NULL ? key : "";
}

static uint16_t
word_key(const struct map *m, size_t i)
{
	return ((const struct cask_word_pair *)pair_at(m, i))->key;
}

static void
exchange_pair(struct cask_ar *ar, const struct map *m, size_t key, size_t value)
{
	struct cask_text_pair *text;
	struct cask_object_pair *object;
	struct cask_word_pair *word;

	switch (m->sort) {
	case TEXT_TO_TEXT:
		text = pair_at(m, key);
		cask_text_dup_named(ar, &text->key, m->most, NULL, "key");
		text = pair_at(m, value);
		cask_text_dup_named(ar, &text->value, m->most, NULL, "value");
		break;
	case TEXT_TO_OBJECT:
		object = pair_at(m, key);
		cask_text_dup_named(ar, &object->key, m->most, NULL, "key");
		object = pair_at(m, value);
		cask_object_named(ar, &object->value, m->kind, "value");
		break;
	default:
		word = pair_at(m, key);
		cask_u16_named(ar, &word->key, "key");
		word = pair_at(m, value);
		cask_object_named(ar, &word->value, m->kind, "value");
	}
}

static void
drop_key(const struct map *m, size_t i)
{
	if (m->sort == TEXT_TO_TEXT)
		caski_drop(&((struct cask_text_pair *)pair_at(m, i))->key);
	else if (m->sort == TEXT_TO_OBJECT)
		caski_drop(&((struct cask_object_pair *)pair_at(m, i))->key);
}

/* An object is the graph's. */
static void
drop_value(const struct map *m, size_t i)
{
	if (m->sort == TEXT_TO_TEXT)
		caski_drop(&((struct cask_text_pair *)pair_at(m, i))->value);
}

static void
move_value(const struct map *m, size_t to, size_t from)
{
	struct cask_text_pair *text;

	drop_value(m, to);
	switch (m->sort) {
	case TEXT_TO_TEXT:
		text = pair_at(m, from);
		((struct cask_text_pair *)pair_at(m, to))->value = text->value;
		text->value = NULL;
		break;
	case TEXT_TO_OBJECT:
		((struct cask_object_pair *)pair_at(m, to))->value =
		    ((struct cask_object_pair *)pair_at(m, from))->value;
		break;
	default:
		((struct cask_word_pair *)pair_at(m, to))->value =
		    ((struct cask_word_pair *)pair_at(m, from))->value;
	}
}

/* Sorting */

/* A key, where it stood first, and where its last value stands. */
struct place {
	uint32_t hash;
	uint32_t key;
	uint32_t value;
};

typedef bool before(
    const struct map *m, const struct place *a, const struct place *b);

static int
compare_keys(const struct map *m, const struct place *a, const struct place *b)
{
	if (m->sort == WORD_TO_OBJECT)
		return word_key(m, a->key) - word_key(m, b->key);
	return strcmp(text_key(m, a->key), text_key(m, b->key));
}

/* Equal keys side by side, the first of them first. */
static bool
by_key(const struct map *m, const struct place *a, const struct place *b)
{
	int r = a->hash != b->hash ? (a->hash < b->hash ? -1 : 1)
				   : compare_keys(m, a, b);

	return r != 0 ? r < 0 : a->key < b->key;
}

/* A new key goes to the front of its bucket. */
static bool
by_bucket(const struct map *m, const struct place *a, const struct place *b)
{
	uint32_t x = a->hash % CASKI_BUCKETS, y = b->hash % CASKI_BUCKETS;

	(void)m;
	return x != y ? x < y : a->key > b->key;
}

static bool
by_place(const struct map *m, const struct place *a, const struct place *b)
{
	(void)m;
	return a->key < b->key;
}

static void
sift(const struct map *m, before *less, struct place *v, size_t at, size_t n)
{
	struct place moving = v[at];
	size_t child;

	while ((child = 2 * at + 1) < n) {
		if (child + 1 < n && less(m, &v[child], &v[child + 1]))
			child++;
		if (!less(m, &moving, &v[child]))
			break;
		v[at] = v[child];
		at = child;
	}
	v[at] = moving;
}

/* A heap: what a peer sends can't make it slow. */
static void
sort(const struct map *m, before *less, struct place *v, size_t n)
{
	struct place last;

	for (size_t i = n / 2; i > 0; i--)
		sift(m, less, v, i - 1, n);
	for (; n > 1; n--) {
		last = v[n - 1];
		v[n - 1] = v[0];
		v[0] = last;
		sift(m, less, v, 0, n - 1);
	}
}

/* Places of all pairs, one for each key: how many, 0 after an error.  hashed:
 * by their hash, else by their key alone. */

/* It has the words of a text that can't be stored, which it is. */
static bool
key_failed(struct cask_ar *ar, const struct map *m, uint32_t i, int err,
    uint64_t where)
{
	struct cask_frame frame;
	struct caski_plan plan;

	if (cask_enter_array(ar, &frame, m->name) &&
	    cask_element(ar, &frame, i)) {
		caski_begin(ar, "text", "key");
		if (caski_plan(ar, &plan, NULL, 1, m->most))
			caski_text_failed(ar, &plan, err, where);
	}
	cask_leave(ar, &frame);
	return false;
}

static bool
set_hash(struct cask_ar *ar, const struct map *m, struct place *v)
{
	uint64_t where;
	int err;

	if (m->sort == WORD_TO_OBJECT) {
		v->hash = caski_hash_word(ar, word_key(m, v->key));
		return true;
	}
	err = caski_hash_text(ar, text_key(m, v->key), &v->hash, &where);
	return err == 0 || key_failed(ar, m, v->key, err, where);
}

static uint32_t
unite(const struct map *m, struct place *v, uint32_t n)
{
	uint32_t k = 0;

	for (uint32_t i = 1; i < n; i++)
		if (v[i].hash == v[k].hash &&
		    compare_keys(m, &v[i], &v[k]) == 0)
			v[k].value = v[i].value;
		else
			v[++k] = v[i];
	return k + 1;
}

static uint32_t
find_places(
    struct cask_ar *ar, const struct map *m, bool hashed, struct place **v)
{
	size_t n = *m->n;

	caski_begin(ar, "map", m->name);
	*v = NULL;
	if (n == 0 || ar->err != 0)
		return 0;
	if (n <= SIZE_MAX / sizeof **v)
		*v = caski_sys_malloc(n * sizeof **v);
	if (*v == NULL) {
		caski_set_error(ar, ENOMEM, "no memory for its order");
		return 0;
	}
	for (uint32_t i = 0; i < *m->n; i++) {
		(*v)[i] = (struct place) { 0, i, i };
		if (hashed && !set_hash(ar, m, &(*v)[i]))
			return 0;
	}
	sort(m, by_key, *v, n);
	return unite(m, *v, *m->n);
}

/* Storing */

static void
store(struct cask_ar *ar, const struct map *m)
{
	struct cask_frame frame;
	struct place *v = NULL;
	uint32_t n = 0, i = 0;

	if (caski_dup_there(ar, m->p, *m->n, m->name))
		n = find_places(ar, m, true, &v);
	sort(m, by_bucket, v, n);
	cask_dup_count(ar, &n, m->max, m->name);
	if (cask_enter_array(ar, &frame, m->name))
		for (; v != NULL && i < n && cask_element(ar, &frame, i); i++)
			exchange_pair(ar, m, v[i].key, v[i].value);
	cask_leave(ar, &frame);
	caski_sys_free(v);
}

/* Loading */

static void
drop(const struct map *m, size_t i)
{
	while (i-- > 0) {
		drop_key(m, i);
		drop_value(m, i);
	}
	caski_drop(m->p);
	*m->n = 0;
}

/* Of a key that came twice the last value counts, in the first one's place. */
static void
overwrite(struct cask_ar *ar, const struct map *m)
{
	struct place *v;
	uint32_t n = find_places(ar, m, false, &v), i = 0, at = 0;

	if (n > 0 && n < *m->n) {
		sort(m, by_place, v, n);
		for (i = 0; i < n; i++)
			if (v[i].value != v[i].key)
				move_value(m, v[i].key, v[i].value);
		for (i = 0; i < *m->n; i++)
			if (at < n && v[at].key == i) {
				memmove(pair_at(m, at++), pair_at(m, i),
				    pair_size(m));
			} else {
				drop_key(m, i);
				drop_value(m, i);
			}
		*m->n = n;
	}
	caski_sys_free(v);
}

static void
load(struct cask_ar *ar, const struct map *m)
{
	struct cask_frame frame;
	size_t room = 0, i = 0;

	cask_dup_count(ar, m->n, m->max, m->name);
	caski_point(m->p, NULL);
	if (cask_enter_array(ar, &frame, m->name))
		while (i < *m->n && cask_element(ar, &frame, i) &&
		    caski_dup_room(
			ar, m->p, &room, i, *m->n, pair_size(m), "map", "")) {
			exchange_pair(ar, m, i, i);
			i++;
		}
	cask_leave(ar, &frame);
	if (ar->err == 0 && ar->way == CASK_LOADS)
		overwrite(ar, m);
	if (ar->err != 0 || ar->way == CASK_DESCRIBES)
		drop(m, i);
}

static void
exchange(struct cask_ar *ar, const struct map *m)
{
	if (ar->way == CASK_RELEASES)
		drop(m, caski_pointer(m->p) != NULL ? *m->n : 0);
	else if (ar->loading)
		load(ar, m);
	else
		store(ar, m);
}

void
cask_text_map_dup_named(struct cask_ar *ar, struct cask_text_pair **p,
    uint32_t *n, uint32_t max, size_t most, const char *name)
{
	struct map m = { TEXT_TO_TEXT, p, n, max, most, NULL, name };

	exchange(ar, &m);
}

void
cask_object_map_dup_named(struct cask_ar *ar, struct cask_object_pair **p,
    uint32_t *n, uint32_t max, size_t most, const struct cask_class *kind,
    const char *name)
{
	struct map m = { TEXT_TO_OBJECT, p, n, max, most, kind, name };

	exchange(ar, &m);
}

void
cask_word_map_dup_named(struct cask_ar *ar, struct cask_word_pair **p,
    uint32_t *n, uint32_t max, const struct cask_class *kind, const char *name)
{
	struct map m = { WORD_TO_OBJECT, p, n, max, 0, kind, name };

	exchange(ar, &m);
}
