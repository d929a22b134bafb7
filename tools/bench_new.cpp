/*
 * C++'s heap is C's, so that it is counted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_graph.h"

#include <new>

void *
operator new(std::size_t size)
{
	return graph_new(size);
}

void
operator delete(void *p) noexcept
{
	graph_delete(p);
}

void
operator delete(void *p, std::size_t) noexcept
{
	graph_delete(p);
}
