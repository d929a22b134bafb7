/*
 * Graphs of 100,000 objects, and who stores and loads them: bench_graph.c with
 * Cask and with hand-written code; in C++ those libraries that are installed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_GRAPH_H
#define BENCH_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#define NODES 100000

/* A node as a number says it: its pointers are indices, or -1.  Their order is
 * that of left before right, depth first.  up and link point back. */
struct flat {
	uint32_t id;
	double value;
	char label[16];
	int32_t up, link, left, right;
};

/* The wire: memory with room enough. */
struct wire {
	unsigned char *p;
	size_t room, length;
};

struct peer {
	const char *name;
	void (*build)(const struct flat *f); /* replaces the graph */
	void (*store)(struct wire *w);       /* timed */
	void (*load)(const struct wire *w);  /* timed */
	void (*flatten)(struct flat *f);     /* what was loaded */
	void (*drop)(void);                  /* free that; timed */
};

#ifdef __cplusplus
extern "C" {
#endif

/* What the linker has not found is not there. */
extern const struct peer boost_peer __attribute__((weak));
extern const struct peer cereal_peer __attribute__((weak));

/* Of malloc and free, which are counted. */
void *graph_new(size_t size);
void graph_delete(void *p);

void graph_die(const char *who, const char *what) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
