/*
 * Objects: structs that point to each other, with a class each, as MFC stores
 * them by pointer.
 *
 * An object is an ordinary struct whose first member, is, points to its class:
 *
 *     struct node {
 *             const struct cask_class *is;
 *             uint16_t value;
 *             struct node *next;
 *     };
 *
 *     static void
 *     node_x(struct cask_ar *ar, void *object)
 *     {
 *             struct node *n = object;
 *
 *             cask_u16(ar, &n->value);
 *             cask_object_last(ar, &n->next, &node_class);
 *     }
 *
 *     static const struct cask_class node_class = { .name = "CNode",
 *             .schema = 1, .size = sizeof(struct node), .exchange = node_x };
 *
 * What several pointers point to is stored once, and loaded as one object to
 * which all of them point; cycles too.  For that an archive needs a struct
 * cask_graph (class.h), set as ar->graph before the first object.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_OBJECT_H
#define CASK_OBJECT_H

#include <cask/class.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Exchange a pointer to an object of a kind, that is, of this class or of one
 * derived from it; it may be NULL.  p is the address of a pointer to a struct
 * with a member is.
 *
 * cask_object_last is for a pointer that is the last thing in its object: a
 * list of any length is stored and loaded without nesting, since it waits until
 * the object's exchange function has returned.  What stands behind it is an
 * error in both directions.  It is cask_object where it can't wait: outside of
 * objects, within a message that began inside the object, and for a pointer
 * that is no member of it (a variable, an element of an array that is
 * allocated). Elsewhere objects nest as structs do, within limit.depth.
 *
 * Errors, the pointer being NULL then: CASK_EINDEX (a number that nothing has
 * yet, or that a class has), CASK_ECLASS (a class that is not on the list, or
 * not of this kind; a name too long), CASK_ESCHEMA (another schema than the
 * class's, or than it came with before), ENOTSUP (a class without exchange),
 * CASK_ELIMIT, ENOMEM, EINVAL (no graph; something behind cask_object_last),
 * and those of values.
 * MFC: CArchive's << and >> of pointers, WriteObject, ReadObject.
 */
#define cask_object(ar, p, kind) \
	cask_object_named(       \
	    (ar), ((void)sizeof((*(p))->is), (void *)(p)), (kind), #p)
#define cask_object_last(ar, p, kind) \
	cask_object_last_named(       \
	    (ar), ((void)sizeof((*(p))->is), (void *)(p)), (kind), #p)

/*
 * Give an object a number and store nothing, at the same place on both ends:
 * one that both have anyhow, to which others point.  It stays the program's.
 * One that is mapped again has the newer number from then on.  MFC: MapObject.
 */
void cask_map_object(
    struct cask_ar *ar, void *object, const struct cask_class *kind);

/*
 * Exchange a class without an object, and give its schema: the one that came,
 * or kind's.  It is that class, and none derived from it.  With it a base class
 * has a version of its own, which cask_schema gives next, too: to the exchange
 * function of that class, which is called for the base's members.  0 after an
 * error.  MFC: SerializeClass.
 */
unsigned cask_class_of(struct cask_ar *ar, const struct cask_class *kind);

/*
 * The schema of the object in hand: when loading, the one that came.  Only the
 * first time within its exchange function; then, and elsewhere,
 * CASK_NO_SCHEMA, so that the exchange function of a base class does not take
 * it for its own.  MFC: GetObjectSchema, SetObjectSchema.
 */
#define CASK_NO_SCHEMA 0xFFFFFFFFu

unsigned cask_schema(struct cask_ar *ar);
void cask_set_schema(struct cask_ar *ar, unsigned schema);

/* ------------------------------------------------------------------------ */
/* How the above is done.                                                    */

void cask_object_named(struct cask_ar *ar, void *p,
    const struct cask_class *kind, const char *name);
void cask_object_last_named(struct cask_ar *ar, void *p,
    const struct cask_class *kind, const char *name);

#ifdef __cplusplus
}
#endif

#endif
