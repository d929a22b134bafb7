/*
 * Arrays and structs that loading allocates.  See <cask/dup.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dup.h"

#include "ar.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

#define FIRST 4096 /* bytes of an array, to begin with */

/* A pointer to an object of whatever type, by its address. */

void *
caski_pointer(const void *p)
{
	void *object;

	memcpy(&object, p, sizeof object);
	return object;
}

void
caski_point(void *p, void *object)
{
	memcpy(p, &object, sizeof object);
}

void
caski_drop(void *p)
{
	caski_sys_free(caski_pointer(p));
	caski_point(p, NULL);
}

/*
 * Room for more than `have` of n elements, as much again as there was: how many
 * fit then; 0, and an error, when there is no memory.  What there is stays.
 */
static size_t
grow(struct cask_ar *ar, void *p, size_t have, size_t n, size_t size)
{
	size_t room = have > 0 ? 2 * have : 1 + (FIRST - 1) / size;
	void *larger;

	if (room > n || room < have)
		room = n;
	if (room <= SIZE_MAX / size &&
	    !caski_allocates(
		ar, (room - have) * size + (have == 0 ? CASKI_ALLOCATION : 0)))
		return 0;
	if (room > SIZE_MAX / size)
		larger = NULL;
	else
		larger = caski_sys_realloc(caski_pointer(p), room * size);
	if (larger == NULL) {
		caski_set_error(
		    ar, ENOMEM, "no memory for %zu of %zu", room, n);
		return 0;
	}
	caski_point(p, larger);
	return room;
}

/* What is printed shows how many there are. */
void
cask_dup_count(struct cask_ar *ar, uint32_t *n, uint32_t max, const char *name)
{
	if (ar->way != CASK_PRINTS)
		cask_count_named(ar, n, max, name);
}

/* Numbers, and bytes: their type is U8 here */

static const char *
word(enum cask_type type)
{
	return type == CASK_TYPE_U8 ? "bytes" : caski_type_name(type);
}

static void
load_part(struct cask_ar *ar, enum cask_type type, void *v, size_t k,
    size_t before, const char *name)
{
	if (type != CASK_TYPE_U8)
		caski_array_part(ar, type, v, k, before, name);
	else if (caski_may_load(ar))
		caski_get(ar, v, k);
}

/* Load n of them: how many came. */
static size_t
load_numbers(struct cask_ar *ar, enum cask_type type, void *p, size_t n,
    const char *name)
{
	size_t size = caski_type_size(type), room = 0, have = 0, k;

	caski_begin(ar, word(type), name);
	for (; have < n && ar->err == 0; have += k) {
		room = grow(ar, p, room, n, size);
		k = room > have ? room - have : 0;
		if (k > 0)
			load_part(ar, type,
			    (unsigned char *)caski_pointer(p) + have * size, k,
			    have, name);
	}
	if (ar->watched && type == CASK_TYPE_U8)
		caski_show_bytes(ar, caski_pointer(p), n);
	return ar->err == 0 ? n : 0;
}

bool
caski_dup_there(struct cask_ar *ar, void *p, size_t n, const char *name)
{
	if (n == 0 || caski_pointer(p) != NULL || ar->way == CASK_RELEASES)
		return n == 0 || caski_pointer(p) != NULL;
	caski_begin(ar, "array", name);
	return caski_fail(ar, EINVAL, "NULL, but its count is %zu", n);
}

static void
put_numbers(struct cask_ar *ar, enum cask_type type, void *p, size_t n,
    const char *name)
{
	if (type == CASK_TYPE_U8)
		cask_bytes_named(ar, caski_pointer(p), n, name);
	else
		cask_slow_array(ar, type, caski_pointer(p), n, name);
}

void
cask_dup_numbers(struct cask_ar *ar, enum cask_type type, void *p, uint32_t *n,
    uint32_t max, const char *name)
{
	if (ar->way == CASK_RELEASES) {
		caski_drop(p);
		*n = 0;
		return;
	}
	cask_dup_count(ar, n, max, name);
	if (ar->way == CASK_DESCRIBES && ar->err == 0) {
		caski_begin(ar, word(type), name);
		caski_describe_array(ar, 1);
		*n = 0;
	}
	if (!ar->loading) {
		if (caski_dup_there(ar, p, *n, name))
			put_numbers(ar, type, p, *n, name);
		return;
	}
	caski_point(p, NULL);
	if (*n > 0 && load_numbers(ar, type, p, *n, name) == 0) {
		caski_drop(p);
		*n = 0;
	}
}

/* Structs */

bool
caski_dup_room(struct cask_ar *ar, void *p, size_t *room, size_t i, size_t n,
    size_t size, const char *type, const char *name)
{
	unsigned char *element;

	if (!ar->loading)
		return caski_dup_there(ar, p, n, name);
	if (i == 0)
		caski_point(p, NULL);
	if (i == *room) {
		size_t more;

		caski_begin(ar, type, name);
		more = grow(ar, p, *room, n, size);
		if (more == 0)
			return false;
		*room = more;
	}
	element = (unsigned char *)caski_pointer(p) + i * size;
	memset(element, 0, size);
	return true;
}

bool
cask_dup_room(
    struct cask_ar *ar, void *p, size_t *room, size_t i, size_t n, size_t size)
{
	return caski_dup_room(ar, p, room, i, n, size, "struct", "");
}

/* i is where the loop has ended: behind all, or at the one that failed. */
void
cask_dup_end(struct cask_ar *ar, void *p, uint32_t *n, size_t room, size_t i)
{
	if (ar->way == CASK_RELEASES || ar->way == CASK_DESCRIBES) {
		caski_drop(p);
		*n = 0;
	} else if (ar->loading) {
		if (room == 0)
			caski_point(p, NULL);
		*n = (uint32_t)i;
	}
}

/* One */

/* Does a struct of this name hold the one in hand?  Describe it once. */
static bool
is_within(const struct cask_ar *ar, const char *name)
{
	for (const struct cask_frame *f = ar->frame; f != NULL; f = f->up)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

bool
cask_dup_one(struct cask_ar *ar, void *p, size_t size, const char *name)
{
	bool there = !ar->loading && caski_pointer(p) != NULL;
	void *object;

	if (ar->way != CASK_PRINTS)
		cask_bool_named(ar, &there, name);
	else if (!there)
		caski_print_nothing(ar, name);
	if (!ar->loading)
		return there;
	caski_point(p, NULL);
	if (!there || (ar->way == CASK_DESCRIBES && is_within(ar, name)))
		return false;
	caski_begin(ar, "struct", name);
	if (!caski_allocates(ar, size + CASKI_ALLOCATION))
		return false;
	object = caski_sys_malloc(size);
	if (object == NULL)
		return caski_fail(ar, ENOMEM, "no memory for it");
	memset(object, 0, size);
	caski_point(p, object);
	return true;
}

void
cask_dup_one_end(struct cask_ar *ar, void *p)
{
	if (ar->way == CASK_RELEASES || ar->way == CASK_DESCRIBES)
		caski_drop(p);
}
