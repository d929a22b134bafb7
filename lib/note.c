/*
 * Notes: what is to be delivered, in order.  See pump.h.
 *
 * Two rings, each with a head in the loop: what is delivered next, and what has
 * to wait for another turn.
 *
 * SPDX-License-Identifier: MIT
 */
#include "loop.h"

static void
make_empty(struct cask_note *head)
{
	head->next = head->before = head;
}

static bool
is_empty(const struct cask_note *head)
{
	return head->next == head;
}

void
caski_notes_init(struct caski_loop *l)
{
	make_empty(&l->notes);
	make_empty(&l->later);
}

bool
caski_notes_any(const struct caski_loop *l)
{
	return !is_empty(&l->notes) || !is_empty(&l->later);
}

bool
caski_notes_queued(const struct caski_loop *l)
{
	return !is_empty(&l->notes);
}

static void
append(struct cask_note *head, struct cask_note *n)
{
	n->next = head;
	n->before = head->before;
	n->before->next = n;
	head->before = n;
	n->queued = true;
}

static void
take_out(struct cask_note *n)
{
	n->before->next = n->next;
	n->next->before = n->before;
	n->next = n->before = NULL;
	n->queued = false;
}

void
caski_note_post(struct cask_note *n)
{
	struct caski_loop *l = caski_loop_here();

	if (n->queued || l == NULL)
		return;
	append(&l->notes, n);
	caski_loop_arm(l);
}

void
caski_note_refuse(struct cask_note *n)
{
	struct caski_loop *l = caski_loop_here();

	if (n->queued || l == NULL)
		return;
	append(&l->notes, n);
	l->refused++;
}

void
caski_note_later(struct cask_note *n)
{
	struct caski_loop *l = caski_loop_here();

	if (n->queued || l == NULL)
		return;
	append(&l->later, n);
	caski_loop_arm(l);
}

void
caski_note_drop(struct cask_note *n)
{
	struct caski_loop *l = caski_loop_here();

	if (!n->queued || l == NULL)
		return;
	take_out(n);
	caski_loop_let_go(l);
}

/* Behind what is queued already. */
void
caski_notes_turn(struct caski_loop *l)
{
	while (!is_empty(&l->later)) {
		struct cask_note *n = l->later.next;

		take_out(n);
		append(&l->notes, n);
	}
}

unsigned
caski_notes_drain(struct caski_loop *l)
{
	unsigned delivered = 0;

	for (; !is_empty(&l->notes); delivered++) {
		struct cask_note *n = l->notes.next;

		take_out(n);
		n->deliver(n);
	}
	return delivered;
}

static size_t
length(const struct cask_note *head)
{
	size_t n = 0;

	for (const struct cask_note *i = head->next; i != head; i = i->next)
		n++;
	return n;
}

/* One pass over what there is: how many were delivered, not refused. */
unsigned
caski_notes_nest(struct caski_loop *l)
{
	unsigned delivered = 0;
	unsigned outside = l->refused;
	size_t left;

	caski_notes_turn(l);
	l->nested++;
	for (left = length(&l->notes); left > 0 && caski_notes_queued(l);
	     left--) {
		struct cask_note *n = l->notes.next;
		unsigned before = l->refused;

		take_out(n);
		n->deliver(n);
		delivered += l->refused == before;
	}
	l->nested--;
	l->refused = outside;
	return delivered;
}
