/*
 * One side of a conversation about objects: an archive, its graph, and memory.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef OBJECT_SIDE_H
#define OBJECT_SIDE_H

#include <cask.h>

#include <string.h>

struct side {
	struct cask_ar ar;
	struct cask_graph graph;
	struct cask_mem m;
};

static inline void
store(struct side *s)
{
	memset(s, 0, sizeof *s);
	s->ar.graph = &s->graph;
	cask_store(&s->ar, cask_mem_grow(&s->m, 0));
}

static inline void
load_bytes(struct side *s, const struct cask_class *const *classes,
    const void *bytes, size_t n)
{
	memset(s, 0, sizeof *s);
	s->graph.classes = classes;
	s->ar.graph = &s->graph;
	cask_load(&s->ar, cask_mem_read(&s->m, bytes, n));
}

static inline void
done(struct side *s)
{
	cask_graph_clear(&s->graph);
	cask_mem_close(&s->m);
}

#endif
