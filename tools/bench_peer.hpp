/*
 * What the C++ libraries' peers share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef BENCH_PEER_HPP
#define BENCH_PEER_HPP

#include "bench_graph.h"

#include <cstdio>
#include <streambuf>
#include <vector>

/* The wire as a stream's buffer, without a copy. */
class wire_buffer : public std::streambuf {
public:
	explicit wire_buffer(const struct wire *w, bool loading)
	{
		char *p = reinterpret_cast<char *>(w->p);

		if (loading)
			setg(p, p, p + w->length);
		else
			setp(p, p + w->room);
	}
	std::size_t written() const
	{
		return static_cast<std::size_t>(pptr() - pbase());
	}
};

/* A graph in the order of its numbers; P is a pointer to a node. */
template <class P>
std::vector<P>
all_nodes(P root)
{
	std::vector<P> all, stack(1, root);

	while (!stack.empty()) {
		P p = stack.back();

		stack.pop_back();
		all.push_back(p);
		if (p->right)
			stack.push_back(p->right);
		if (p->left)
			stack.push_back(p->left);
	}
	return all;
}

template <class P>
void
flatten_nodes(P root, struct flat *f)
{
	std::vector<P> all = all_nodes(root);
	auto number = [&](const P &p) {
		if (p && (p->id >= all.size() || all[p->id] != p))
			graph_die("C++", "a shared object came back twice");
		return p ? static_cast<int32_t>(p->id) : -1;
	};

	if (all.size() != NODES)
		graph_die("C++", "another number of nodes");
	for (std::size_t i = 0; i < NODES; i++) {
		const P &p = all[i];

		f[i].id = p->id;
		f[i].value = p->value;
		std::snprintf(
		    f[i].label, sizeof f[i].label, "%s", p->label.c_str());
		f[i].up = number(p->up);
		f[i].link = number(p->link);
		f[i].left = number(p->left);
		f[i].right = number(p->right);
	}
}

#endif
