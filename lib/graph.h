/*
 * The numbers of objects and classes: tables only, without an archive.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_GRAPH_H
#define CASKI_GRAPH_H

#include <cask/class.h>

/* MFC refuses when its counter, the next number, has reached 3FFFFFFE. */
#define CASKI_PID_MOST 0x3FFFFFFDu

enum caski_what { CASKI_GONE_BY, CASKI_CLASS, CASKI_OBJECT, CASKI_MAPPED };

struct cask_entry {
	void *p; /* the object; NULL for a class */
	const struct cask_class *kind;
	uint32_t before; /* the older number of a stored object, or 0; of a
			    class, the one before it in the list of them */
	uint16_t schema; /* of a class, or a loaded object: as it came */
	unsigned char what;
};

/* The entry with that number, or NULL. */
struct cask_entry *caski_entry(const struct cask_graph *g, uint32_t pid);

/* The number of an object, or of a class, that was added with keyed; or 0. */
uint32_t caski_find(const struct cask_graph *g, const void *p);

/* The same of an object, and its class; and of a class. */
uint32_t caski_find_object(
    const struct cask_graph *g, const void *p, const struct cask_class **kind);
uint32_t caski_find_class(struct cask_graph *g, const struct cask_class *kind);

/*
 * Give the next number.  keyed: to be found by its address.  Gives 0, ENOMEM,
 * or CASK_EINDEX when there are no numbers left.
 */
int caski_add(struct cask_graph *g, const struct cask_entry *e, bool keyed);

/* The schema of a class as it came first, or, if it did not, its own. */
unsigned caski_schema_of(
    const struct cask_graph *g, const struct cask_class *kind);

/* Take back all numbers above used. */
void caski_undo(struct cask_graph *g, uint32_t used);

/* Free an object that was loaded, or was to be. */
void caski_unmake(struct cask_graph *g, const struct cask_entry *e);

#endif
