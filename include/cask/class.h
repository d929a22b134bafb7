/*
 * Classes of objects, and graphs: which object has which number.
 *
 * A graph serves one archive, in one direction: to measure or print what was
 * loaded, or what is going to be stored, takes another, since each of them
 * gives numbers.  It owns the objects that were loaded through it:
 * cask_graph_clear frees them all, whatever they point to, and whether loading
 * failed or not.  Only classes on its list are made.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_CLASS_H
#define CASK_CLASS_H

#include <cask/ar.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A class: constant, and there as long as its objects.  MFC: CRuntimeClass,
 * IMPLEMENT_SERIAL. */
struct cask_class {
	const char *name; /* as on the wire: ASCII, at most 63 characters */
	unsigned schema;  /* its version: 0 to 65534 */
	bool versionable; /* other schemas are loaded as well, and cask_schema
			     tells which; MFC: VERSIONABLE_SCHEMA */
	const struct cask_class *base; /* or NULL */
	size_t size;                   /* of an object */

	/* NULL: there are no objects of just this class. */
	void (*exchange)(struct cask_ar *ar, void *object);

	/* An object, all of it loadable, or NULL when there is no memory.
	   NULL: size bytes of 0.  Its member is is set afterwards. */
	void *(*make)(const struct cask_class *kind);

	/* Free it, but none that it points to.  NULL: what its exchange
	   function has had allocated (see cask_release; it is told the same
	   schemas as when it was loading), and it itself. */
	void (*unmake)(void *object);
};

/* Which objects and classes have gone through an archive.  All zero but for
 * the classes is valid. */
struct cask_graph {
	/* Those that may be loaded; NULL behind the last.  Of several with one
	   name it is the first. */
	const struct cask_class *const *classes;

	/* Limits; 0: as said. */
	uint32_t most_objects; /* 1048576 */
	uint32_t most_classes; /* 4096 */
	size_t most_memory;    /* bytes of loaded objects, 256 MiB */

	/* Result: how many numbers were given away, from 1 on; when an object's
	   exchange function begins, the last of them is the object's own. */
	uint32_t used;

	/* private */
	uint32_t objects;
	size_t memory;
	void **object;            /* by number, less 1; NULL: it is a class's */
	struct cask_entry *entry; /* … what it is */
	size_t room;
	struct cask_slot *slot; /* by the address's hash */
	size_t slots;
	struct cask_kind *kind; /* the classes, as they came */
	uint32_t kinds, kind_room;
	uint32_t newest;                /* of those that are different, + 1 */
	const struct cask_kind *recent; /* which was looked for, or NULL */
	uint32_t loaded; /* used, if an archive that loads may refer to these */
	uint32_t quick;  /* so many may be used without another look … */
	uint32_t quick_most; /* … as long as that is most_objects */
	bool owner;          /* of the objects: they were loaded */
	struct cask_inside { /* the object being exchanged, size 0: none */
		const void *object;
		size_t size;
		const struct cask_message *within;
	} inside;
	struct cask_last {
		void *p; /* NULL: there is none */
		const struct cask_class *kind;
		const char *name;
		uint64_t at;
		unsigned secret;
	} last;
	struct cask_again *again; /* those mapped again, by number */
	size_t agains, again_room;
};

/*
 * Forget all: numbers start with 1 again, and what was loaded is freed, once
 * each.  For both ends to do at the same place of the conversation, between
 * messages, or at its end.  The graph stays good.
 *
 * Until then an object that is stored again is a reference of 2 bytes, whatever
 * was changed in it meanwhile, and has to stay where it is.  (In MFC that is so
 * for the life of an archive, and its tables grow with every object.)
 */
void cask_graph_clear(struct cask_graph *g);

/* The same, but what was loaded is the program's now, to be freed one by one.
 */
void cask_graph_keep(struct cask_graph *g);

/* Forget one object that was stored, before it is freed, or to store it anew,
 * as another one to who loads.  Between messages, as well: an exchange function
 * may be called twice. */
void cask_graph_forget(struct cask_graph *g, const void *object);

/* Is it of that class, or of one derived from it?  MFC: IsKindOf. */
bool cask_is_kind_of(
    const struct cask_class *is, const struct cask_class *kind);

#ifdef __cplusplus
}
#endif

#endif
