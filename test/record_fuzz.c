/*
 * Fuzz target: the reader of recordings.  What it takes holds together, and is
 * the same when it is written and read again; what it refuses it says where.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../tools/session.h"

#include "fuzz.h"

static bool
read_bytes(struct recording *r, const void *bytes, size_t n, char *words)
{
	FILE *f = fmemopen((void *)(uintptr_t)bytes, n, "rb");
	bool well;

	CHECK(f != NULL);
	well = recording_read(r, f, words);
	fclose(f);
	return well;
}

static void
check_step(const struct recording *r, size_t i)
{
	const struct step *s = &r->steps[i];
	const struct stream *stream;

	CHECK(s->connection >= 1 && s->connection <= r->talk_count);
	CHECK(r->talks[s->connection - 1].open);
	CHECK(i == 0 || s->us >= r->steps[i - 1].us);
	CHECK(s->us >= 0);
	stream = &r->talks[s->connection - 1].way[s->way];
	if (s->kind == EVENT_BYTES)
		CHECK(s->from < s->until && s->until <= stream->n);
}

/* As cask proxy would have written it. */
static void
write_step(FILE *f, const struct recording *r, const struct step *s)
{
	static const struct endpoint ends[2] = { { "127.0.0.1", 1 },
		{ "::1", 2 } };
	struct event e = { .kind = s->kind,
		.way = s->way,
		.connection = s->connection,
		.us = s->us,
		.ends = ends,
		.n = (size_t)(s->until - s->from) };

	if (e.n > 0)
		e.bytes =
		    r->talks[s->connection - 1].way[s->way].bytes + s->from;
	record_event(f, &e);
}

static void
check_same(const struct recording *a, const struct recording *b)
{
	CHECK(a->count == b->count && a->open == b->open);
	CHECK(a->talk_count == b->talk_count);
	for (size_t i = 0; i < a->count; i++) {
		CHECK(a->steps[i].us == b->steps[i].us);
		CHECK(a->steps[i].kind == b->steps[i].kind);
		CHECK(a->steps[i].way == b->steps[i].way);
		CHECK(a->steps[i].until == b->steps[i].until);
	}
	for (size_t i = 0; i < a->talk_count; i++)
		for (int w = 0; w < WAYS; w++) {
			const struct stream *s = &a->talks[i].way[w];
			const struct stream *t = &b->talks[i].way[w];

			CHECK(s->n == t->n);
			CHECK(
			    s->n == 0 || memcmp(s->bytes, t->bytes, s->n) == 0);
		}
}

static void
check_again(const struct recording *r)
{
	struct recording again;
	char words[RECORDING_WHY], *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	CHECK(f != NULL);
	record_begin(f);
	for (size_t i = 0; i < r->count; i++)
		write_step(f, r, &r->steps[i]);
	CHECK(fclose(f) == 0);
	CHECK(read_bytes(&again, text, n, words));
	check_same(r, &again);
	recording_free(&again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t n)
{
	struct recording r;
	char words[RECORDING_WHY] = "";
	unsigned long line;

	if (n == 0)
		return 0;
	if (read_bytes(&r, data, n, words)) {
		for (size_t i = 0; i < r.count; i++)
			check_step(&r, i);
		check_again(&r);
	} else {
		snprintf(why, sizeof why, "%s", words);
		CHECK(sscanf(words, "%lu: ", &line) == 1 && line > 0);
	}
	recording_free(&r);
	return 0;
}
