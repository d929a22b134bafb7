/*
 * Heap in use: what was allocated and not freed, as the allocator rounds it up,
 * with a word for its own use.  The linker puts these in the place of the
 * functions (--wrap), the library's calls included.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_heap.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static bool resting;
static size_t in_use, peak;

size_t
heap_in_use(void)
{
	return in_use;
}

size_t
heap_peak(void)
{
	return peak;
}

void
heap_watch(bool on)
{
	resting = !on;
	peak = in_use;
}

static size_t
size_of(void *p)
{
	return p != NULL && !resting ? malloc_usable_size(p) + sizeof(size_t)
				     : 0;
}

/* Differences go round, and come out right. */
static void
count(size_t more)
{
	in_use += more;
	if (in_use > peak)
		peak = in_use;
}

void *
__wrap_malloc(size_t size)
{
	void *p = __real_malloc(size);

	count(size_of(p));
	return p;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	void *p = __real_calloc(n, size);

	count(size_of(p));
	return p;
}

void *
__wrap_realloc(void *p, size_t size)
{
	size_t before = size_of(p);
	void *grown = __real_realloc(p, size);

	if (grown != NULL)
		count(size_of(grown) - before);
	return grown;
}

void
__wrap_free(void *p)
{
	in_use -= size_of(p);
	__real_free(p);
}
