/*
 * Recordings: how they are written.  See session.h and cask-session(5).
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "session.h"

int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

char *
endpoint_words(char to[ENDPOINT_SIZE], const struct endpoint *e)
{
	bool v6 = strchr(e->host, ':') != NULL;

	snprintf(to, ENDPOINT_SIZE, "%s%s%s:%u", v6 ? "[" : "", e->host,
	    v6 ? "]" : "", e->port);
	return to;
}

void
record_begin(FILE *f)
{
	fputs(RECORD_HEAD "\n", f);
}

static void
put_head(FILE *f, const struct event *e, bool one_way)
{
	fprintf(f, "%" PRId64 ".%06d %u ", e->us / 1000000,
	    (int)(e->us % 1000000), e->connection);
	if (one_way)
		fputs(e->way == TO_SERVER ? "> " : "< ", f);
}

static void
put_bytes(FILE *f, const struct event *e)
{
	for (size_t i = 0; i < e->n; i++) {
		if (i % RECORD_LINE == 0) {
			fputs(i > 0 ? "\n" : "", f);
			put_head(f, e, true);
		}
		fprintf(f, "%02x", e->bytes[i]);
	}
	fputc('\n', f);
}

static void
put_open(FILE *f, const struct event *e)
{
	char client[ENDPOINT_SIZE], server[ENDPOINT_SIZE];

	put_head(f, e, false);
	fprintf(f, "open %s %s\n", endpoint_words(client, &e->ends[0]),
	    endpoint_words(server, &e->ends[1]));
}

void
record_event(FILE *f, const struct event *e)
{
	switch (e->kind) {
	case EVENT_OPEN:
		put_open(f, e);
		break;
	case EVENT_BYTES:
		put_bytes(f, e);
		break;
	case EVENT_END:
	case EVENT_LOST:
		put_head(f, e, true);
		fputs(e->kind == EVENT_END ? "end\n" : "reset\n", f);
		break;
	case EVENT_CUT:
		put_head(f, e, false);
		fputs("cut\n", f);
		break;
	case EVENT_DEED:
	case EVENT_CLOSE:
		break;
	}
}
