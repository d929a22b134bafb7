/*
 * The classes of the worked examples of MFC's tags.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef OBJECT_KIT_H
#define OBJECT_KIT_H

#include <cask.h>

struct age {
	const struct cask_class *is;
	int32_t years;
};

static inline void
age_x(struct cask_ar *ar, void *object)
{
	struct age *a = object;

	cask_i32(ar, &a->years);
}

static const struct cask_class age_class = {
	.name = "CAge", .size = sizeof(struct age), .exchange = age_x
};

struct node {
	const struct cask_class *is;
	uint16_t value;
	struct node *next;
};

static const struct cask_class node_class;

static inline void
node_x(struct cask_ar *ar, void *object)
{
	struct node *n = object;

	cask_u16(ar, &n->value);
	cask_object_last(ar, &n->next, &node_class);
}

static const struct cask_class node_class = {
	.name = "CNode",
	.schema = 1,
	.size = sizeof(struct node),
	.exchange = node_x,
};

struct document {
	const struct cask_class *is;
};

static const struct cask_class document_class = { .name = "CMyDocument" };

struct item {
	const struct cask_class *is;
	struct document *document;
	uint16_t value;
};

static inline void
item_x(struct cask_ar *ar, void *object)
{
	struct item *i = object;

	cask_object(ar, &i->document, &document_class);
	cask_u16(ar, &i->value);
}

static const struct cask_class item_class = {
	.name = "CSubItem",
	.schema = 1,
	.size = sizeof(struct item),
	.exchange = item_x,
};

#endif
