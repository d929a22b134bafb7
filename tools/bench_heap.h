/*
 * The bytes of the heap: see bench_heap.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_HEAP_H
#define BENCH_HEAP_H

#include <stddef.h>

/* In use now; the most that was since heap_watch(true). */
size_t heap_in_use(void);
size_t heap_peak(void);

/* Whether to count, which takes time.  It does from the start on; what is
 * allocated while it does not must not be freed while it does. */
void heap_watch(_Bool on);

#endif
