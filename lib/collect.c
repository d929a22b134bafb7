/*
 * Arrays of texts and of objects, and MFC's collections as objects.  See
 * <cask/collect.h>; maps are in map.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/collect.h>

#include "ar.h"
#include "dup.h"

#include <cask/object.h>

/* Texts */

/* After a failed load, and where nothing is to be left anyhow. */
static void
drop_texts(char ***p, uint32_t *n, size_t i)
{
	while (i > 0)
		caski_drop(&(*p)[--i]);
	caski_drop(p);
	*n = 0;
}

void
cask_texts_dup_named(struct cask_ar *ar, char ***p, uint32_t *n, uint32_t max,
    size_t most, const char *name)
{
	size_t room = 0, i = 0;

	cask_dup_count(ar, n, max, name);
	if (ar->loading && *n == 0)
		*p = NULL;
	while (i < *n && ar->err == 0 &&
	    caski_dup_room(ar, p, &room, i, *n, sizeof **p, "text", name)) {
		ar->element = ++i;
		cask_text_dup_named(ar, &(*p)[i - 1], most, NULL, name);
	}
	ar->element = 0;
	caski_begin(ar, "text", name);
	caski_print_array_end(ar, i);
	if (ar->way == CASK_RELEASES || ar->way == CASK_DESCRIBES ||
	    (ar->loading && ar->err != 0))
		drop_texts(p, n, i);
}

/* Objects.  They are the graph's: released is only the array. */

void
cask_objects_dup_named(struct cask_ar *ar, void *p, uint32_t *n, uint32_t max,
    const struct cask_class *kind, const char *name)
{
	struct cask_frame frame;
	size_t room = 0, i = 0;

	if (ar->way == CASK_RELEASES) {
		caski_drop(p);
		*n = 0;
		return;
	}
	cask_dup_count(ar, n, max, name);
	if (ar->loading && *n == 0)
		caski_point(p, NULL);
	if (cask_enter_array(ar, &frame, name))
		for (; i < *n && cask_element(ar, &frame, i) &&
		     caski_dup_room(
			 ar, p, &room, i, *n, sizeof(void *), "object", "");
		     i++)
			cask_object_named(
			    ar, (void **)caski_pointer(p) + i, kind, "");
	cask_leave(ar, &frame);
	if (!ar->loading || (ar->err == 0 && ar->way != CASK_DESCRIBES))
		return;
	if (room > 0)
		caski_drop(p);
	caski_point(p, NULL);
	*n = 0;
}

/* Collections by pointer */

#define ANY UINT32_MAX /* limit.count is the limit */

const struct cask_class cask_object_class = { .name = "CObject" };

#define COLLECTION(tag, mfc_name, call)                       \
	static void tag##_x(struct cask_ar *ar, void *object) \
	{                                                     \
		struct cask_##tag *c = object;                \
		call;                                         \
	}                                                     \
	const struct cask_class cask_##tag##_class = {        \
		.name = mfc_name,                             \
		.base = &cask_object_class,                   \
		.size = sizeof(struct cask_##tag),            \
		.exchange = tag##_x,                          \
	};

COLLECTION(
    byte_array, "CByteArray", cask_bytes_dup(ar, &c->item, &c->count, ANY))
COLLECTION(
    word_array, "CWordArray", cask_u16_array_dup(ar, &c->item, &c->count, ANY))
COLLECTION(dword_array, "CDWordArray",
    cask_u32_array_dup(ar, &c->item, &c->count, ANY))
COLLECTION(string_array, "CStringArray",
    cask_texts_dup(ar, &c->item, &c->count, ANY, SIZE_MAX))
COLLECTION(string_list, "CStringList",
    cask_texts_dup(ar, &c->item, &c->count, ANY, SIZE_MAX))
COLLECTION(ob_array, "CObArray",
    cask_objects_dup_named(
	ar, &c->item, &c->count, ANY, &cask_object_class, "c->item"))
COLLECTION(ob_list, "CObList",
    cask_objects_dup_named(
	ar, &c->item, &c->count, ANY, &cask_object_class, "c->item"))
COLLECTION(map_string_to_string, "CMapStringToString",
    cask_text_map_dup(ar, &c->item, &c->count, ANY, SIZE_MAX))
COLLECTION(map_string_to_ob, "CMapStringToOb",
    cask_object_map_dup(
	ar, &c->item, &c->count, ANY, SIZE_MAX, &cask_object_class))
COLLECTION(map_word_to_ob, "CMapWordToOb",
    cask_word_map_dup(ar, &c->item, &c->count, ANY, &cask_object_class))
