/*
 * MFC's collections: arrays with counts.
 *
 *     MFC                              here
 *     CByteArray                       cask_bytes_dup       (dup.h)
 *     CWordArray                       cask_u16_array_dup   (dup.h)
 *     CDWordArray                      cask_u32_array_dup   (dup.h)
 *     CStringArray, CStringList        cask_texts_dup
 *     CObArray, CObList                cask_objects_dup
 *     CMapStringToString               cask_text_map_dup
 *     CMapStringToOb                   cask_object_map_dup
 *     CMapWordToOb                     cask_word_map_dup
 *
 * As for all of dup.h: memory grows with what has come, the program frees it
 * with free(3), or with cask_release; let the pointer be NULL and the count 0
 * before they are loaded.  A loaded array is a new one: what was in the pointer
 * is lost.  (MFC's arrays lose it, too, but its lists append and its maps
 * insert.)  After an error the pointer is NULL and the count 0, and the texts
 * that had come are freed.  Errors: those of counts, texts and objects; ENOMEM;
 * EINVAL (NULL with a count).  Of limit.depth, an array of objects or pairs
 * takes one, as one of structs does, and an object in it another.  Arrays and
 * texts count for limit.memory, and not for graph.most_memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_COLLECT_H
#define CASK_COLLECT_H

#include <cask/class.h>
#include <cask/dup.h>
#include <cask/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Exchange a count, of at most max, and so many texts, each of at most most
 * bytes: cask_texts_dup(ar, &d->name, &d->names, 100, 255), with a char **name
 * and a uint32_t names.  Each text is one of cask_text_dup's.
 */
#define cask_texts_dup(ar, p, n, max, most) \
	cask_texts_dup_named((ar), (p), (n), (max), (most), #p)

/*
 * Exchange a count and so many pointers to objects of a kind:
 * cask_objects_dup(ar, &d->shape, &d->shapes, 100, &shape_class), with a struct
 * shape **shape.  Each may be NULL, and several may point to one.  What is
 * allocated is the array; the objects are the graph's (class.h).
 */
#define cask_objects_dup(ar, p, n, max, kind)                                  \
	cask_objects_dup_named((ar), ((void)sizeof((**(p))->is), (void *)(p)), \
	    (n), (max), (kind), #p)

/* Maps are arrays of pairs.  A key that is NULL is "". */
struct cask_text_pair {
	char *key;
	char *value;
};

struct cask_object_pair {
	char *key;
	void *value; /* an object; NULL, too */
};

struct cask_word_pair {
	uint16_t key;
	void *value;
};

/*
 * Exchange a count and so many pairs, texts being of at most most bytes each.
 *
 * They are stored in the order in which MFC would store a map of theirs that
 * was never resized, into which they had been put one by one.  In an archive
 * whose mfc is set and below 10, that is the order of those versions.  Keys
 * differ by case and every byte.  Of pairs with the same key the value of the
 * last is stored, in the place of the first, and counted once; so too when they
 * are loaded, which is MFC's way to overwrite.  Loaded pairs are in the order
 * in which they came, so that a map that is loaded and stored again has those
 * that share a bucket the other way round, as MFC's have.
 *
 * The order goes by the code units that a key has on the wire: UTF-16, or bytes
 * of the code page; in forms of text that are not MFC's, those of that form.
 * Both take memory of 12 bytes a pair for a while.
 */
#define cask_text_map_dup(ar, p, n, max, most) \
	cask_text_map_dup_named((ar), (p), (n), (max), (most), #p)
#define cask_object_map_dup(ar, p, n, max, most, kind) \
	cask_object_map_dup_named((ar), (p), (n), (max), (most), (kind), #p)
#define cask_word_map_dup(ar, p, n, max, kind) \
	cask_word_map_dup_named((ar), (p), (n), (max), (kind), #p)

/*
 * Collections by pointer: objects, with a class in front of them, for
 * cask_object and a graph's list of classes.  Their counts and texts have no
 * limits but the archive's.
 *
 * What CObArray, CObList and the maps of objects hold may be of any class
 * derived from CObject, as in MFC; here that has to be said, by
 * .base = &cask_object_class, which all classes below have.  Only those on the
 * graph's list come in, and a program that takes one out has to look at its is.
 * Better is a class of one's own, of the same name and schema, that knows the
 * kind of what it holds:
 *
 *     struct ages {
 *             const struct cask_class *is;
 *             struct age **item;
 *             uint32_t count;
 *     };
 *
 *     static void
 *     ages_x(struct cask_ar *ar, void *object)
 *     {
 *             struct ages *a = object;
 *
 *             cask_objects_dup(ar, &a->item, &a->count, 1000, &age_class);
 *     }
 *
 *     static const struct cask_class ages_class = { .name = "CObList",
 *             .size = sizeof(struct ages), .exchange = ages_x };
 *
 * Their arrays are freed with the graph that loaded them.
 */
struct cask_byte_array {
	const struct cask_class *is;
	unsigned char *item;
	uint32_t count;
};

struct cask_word_array {
	const struct cask_class *is;
	uint16_t *item;
	uint32_t count;
};

struct cask_dword_array {
	const struct cask_class *is;
	uint32_t *item;
	uint32_t count;
};

struct cask_string_array {
	const struct cask_class *is;
	char **item;
	uint32_t count;
};

struct cask_ob_array {
	const struct cask_class *is;
	void **item;
	uint32_t count;
};

struct cask_string_list {
	const struct cask_class *is;
	char **item;
	uint32_t count;
};

struct cask_ob_list {
	const struct cask_class *is;
	void **item;
	uint32_t count;
};

struct cask_map_string_to_string {
	const struct cask_class *is;
	struct cask_text_pair *item;
	uint32_t count;
};

struct cask_map_string_to_ob {
	const struct cask_class *is;
	struct cask_object_pair *item;
	uint32_t count;
};

struct cask_map_word_to_ob {
	const struct cask_class *is;
	struct cask_word_pair *item;
	uint32_t count;
};

extern const struct cask_class cask_object_class; /* CObject: there are none */
extern const struct cask_class cask_byte_array_class;
extern const struct cask_class cask_word_array_class;
extern const struct cask_class cask_dword_array_class;
extern const struct cask_class cask_string_array_class;
extern const struct cask_class cask_ob_array_class;
extern const struct cask_class cask_string_list_class;
extern const struct cask_class cask_ob_list_class;
extern const struct cask_class cask_map_string_to_string_class;
extern const struct cask_class cask_map_string_to_ob_class;
extern const struct cask_class cask_map_word_to_ob_class;

/* ------------------------------------------------------------------------ */
/* How the above is done.                                                    */

void cask_texts_dup_named(struct cask_ar *ar, char ***p, uint32_t *n,
    uint32_t max, size_t most, const char *name);
void cask_objects_dup_named(struct cask_ar *ar, void *p, uint32_t *n,
    uint32_t max, const struct cask_class *kind, const char *name);
void cask_text_map_dup_named(struct cask_ar *ar, struct cask_text_pair **p,
    uint32_t *n, uint32_t max, size_t most, const char *name);
void cask_object_map_dup_named(struct cask_ar *ar, struct cask_object_pair **p,
    uint32_t *n, uint32_t max, size_t most, const struct cask_class *kind,
    const char *name);
void cask_word_map_dup_named(struct cask_ar *ar, struct cask_word_pair **p,
    uint32_t *n, uint32_t max, const struct cask_class *kind, const char *name);

#ifdef __cplusplus
}
#endif

#endif
