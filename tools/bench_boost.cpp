/*
 * Boost.Serialization: pointers, tracked; its binary archive.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_peer.hpp"

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/string.hpp>
#include <string>

namespace {

struct node {
	uint32_t id = 0;
	double value = 0;
	std::string label;
	node *up = nullptr, *link = nullptr, *left = nullptr, *right = nullptr;

	template <class A>
	void
	serialize(A &ar, unsigned)
	{
		ar & id & value & label & up & link & left & right;
	}
};

std::vector<node> graph;
node *root;

void
build(const struct flat *f)
{
	auto at = [](int32_t i) { return i < 0 ? nullptr : &graph[(size_t)i]; };

	graph.assign(NODES, node());
	for (size_t i = 0; i < NODES; i++) {
		graph[i].id = f[i].id;
		graph[i].value = f[i].value;
		graph[i].label = f[i].label;
		graph[i].up = at(f[i].up);
		graph[i].link = at(f[i].link);
		graph[i].left = at(f[i].left);
		graph[i].right = at(f[i].right);
	}
}

void
store(struct wire *w)
{
	wire_buffer b(w, false);
	const node *p = &graph[0];
	{
		boost::archive::binary_oarchive ar(b);

		ar << p;
	}
	w->length = b.written();
}

void
load(const struct wire *w)
{
	wire_buffer b(w, true);
	boost::archive::binary_iarchive ar(b);

	ar >> root;
}

void
flatten(struct flat *f)
{
	flatten_nodes(root, f);
}

void
drop()
{
	for (node *p : all_nodes(root))
		delete p;
}

} // namespace

extern "C" const struct peer boost_peer = { "Boost.Serialization", build, store,
	load, flatten, drop };
