/*
 * cereal: std::shared_ptr, tracked; its portable binary archive.
 *
 * SPDX-License-Identifier: MIT
 */
#include "bench_peer.hpp"

#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/string.hpp>
#include <istream>
#include <memory>
#include <ostream>
#include <string>

namespace {

struct node {
	uint32_t id = 0;
	double value = 0;
	std::string label;
	std::shared_ptr<node> up, link, left, right;

	template <class A>
	void
	serialize(A &ar)
	{
		ar(id, value, label, up, link, left, right);
	}
};

using pointer = std::shared_ptr<node>;

std::vector<pointer> graph;
pointer root;

/* Cycles of shared pointers have to be cut. */
void
cut(std::vector<pointer> &v)
{
	for (pointer &p : v)
		p->up = p->link = p->left = p->right = nullptr;
	v.clear();
}

void
build(const struct flat *f)
{
	auto at = [](int32_t i) { return i < 0 ? nullptr : graph[(size_t)i]; };

	cut(graph);
	for (size_t i = 0; i < NODES; i++)
		graph.push_back(std::make_shared<node>());
	for (size_t i = 0; i < NODES; i++) {
		graph[i]->id = f[i].id;
		graph[i]->value = f[i].value;
		graph[i]->label = f[i].label;
		graph[i]->up = at(f[i].up);
		graph[i]->link = at(f[i].link);
		graph[i]->left = at(f[i].left);
		graph[i]->right = at(f[i].right);
	}
}

void
store(struct wire *w)
{
	wire_buffer b(w, false);
	std::ostream os(&b);
	cereal::PortableBinaryOutputArchive ar(os);

	ar(graph[0]);
	w->length = b.written();
}

void
load(const struct wire *w)
{
	wire_buffer b(w, true);
	std::istream is(&b);
	cereal::PortableBinaryInputArchive ar(is);

	ar(root);
}

void
flatten(struct flat *f)
{
	flatten_nodes(root, f);
}

void
drop()
{
	std::vector<pointer> all = all_nodes(root);

	root.reset();
	cut(all);
}

} // namespace

extern "C" const struct peer cereal_peer = { "cereal", build, store, load,
	flatten, drop };
