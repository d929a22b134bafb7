/*
 * Recordings: how they are read.  See session.h and cask-session(5).
 *
 * A recording may come from anybody.  Memory grows with the bytes of the file,
 * and what doesn't hold together is refused: a connection that was not opened,
 * a direction that goes on behind its end, times that go back.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

#define LINE_MOST   (2 * RECORD_LINE + 64)
#define NUMBERS     1000 /* connections may come up out of order by so many */
#define DIGITS_MOST 12

struct reader {
	struct recording *r;
	unsigned long line;
	const char *at; /* in the line */
	struct step step;
	char *why;
};

static bool
complain_of(struct reader *d, const char *format, ...)
{
	va_list args;
	int n = snprintf(d->why, RECORDING_WHY, "%lu: ", d->line);

	va_start(args, format);
	vsnprintf(d->why + n, RECORDING_WHY - (size_t)n, format, args);
	va_end(args);
	return false;
}

/* Memory */

static void *
grown(void *p, size_t have, size_t *size, size_t each)
{
	size_t more = *size < 16 ? 16 : 2 * *size;
	void *q;

	if (have < *size)
		return p;
	q = more <= SIZE_MAX / each ? realloc(p, more * each) : NULL;
	if (q != NULL)
		*size = more;
	return q;
}

static bool
no_memory(struct reader *d)
{
	return complain_of(d, "%s", cask_strerror(ENOMEM));
}

static bool
add_step(struct reader *d)
{
	struct recording *r = d->r;
	struct step *p = grown(r->steps, r->count, &r->size, sizeof *p);

	if (p == NULL)
		return no_memory(d);
	r->steps = p;
	p[r->count++] = d->step;
	return true;
}

/* Words of a line */

static bool
is_word(struct reader *d, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(d->at, word, n) != 0 ||
	    (d->at[n] != ' ' && d->at[n] != '\0'))
		return false;
	d->at += n + (d->at[n] == ' ');
	return true;
}

static bool
take_digits(struct reader *d, unsigned digits_most, uint64_t *n)
{
	unsigned i = 0;

	*n = 0;
	for (; d->at[i] >= '0' && d->at[i] <= '9'; i++) {
		if (i == digits_most)
			return false;
		*n = 10 * *n + (uint64_t)(d->at[i] - '0');
	}
	d->at += i;
	return i > 0;
}

/* "12.345678 " */
static bool
take_time(struct reader *d)
{
	const struct recording *r = d->r;
	int64_t before = r->count > 0 ? r->steps[r->count - 1].us : 0;
	uint64_t s, us;
	const char *point;

	if (!take_digits(d, DIGITS_MOST, &s) || *d->at != '.')
		return complain_of(d, "it does not begin with a time");
	point = ++d->at;
	if (!take_digits(d, 6, &us) || d->at - point != 6 || *d->at++ != ' ')
		return complain_of(d, "its time has not 6 decimals");
	d->step.us = (int64_t)(s * 1000000 + us);
	if (d->step.us < before)
		return complain_of(d,
		    "its time is before that of the line "
		    "above");
	return true;
}

static bool
take_number(struct reader *d)
{
	uint64_t n;

	if (!take_digits(d, 9, &n) || n == 0 || *d->at++ != ' ')
		return complain_of(d,
		    "no number of a connection follows the "
		    "time");
	d->step.connection = (unsigned)n;
	return true;
}

static int
digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p != NULL ? (int)(p - digits) : -1;
}

/* Connections.  One that isn't open has no step that opens it. */

static bool
is_open(const struct recording *r, unsigned connection)
{
	return connection <= r->talk_count && r->talks[connection - 1].open;
}

static bool
open_talk(struct reader *d)
{
	struct recording *r = d->r;
	unsigned n = d->step.connection;

	if (is_open(r, n))
		return complain_of(d, "connection %u is open already", n);
	if (n > r->open + NUMBERS)
		return complain_of(d,
		    "connection %u, but only %zu were opened before it", n,
		    r->open);
	while (r->talk_count < n) {
		struct talk *t =
		    grown(r->talks, r->talk_count, &r->talk_size, sizeof *t);

		if (t == NULL)
			return no_memory(d);
		r->talks = t;
		t[r->talk_count++] = (struct talk) { 0 };
	}
	r->talks[n - 1].open = true;
	r->open++;
	d->step.kind = EVENT_OPEN;
	return add_step(d);
}

/* Steps */

static bool
take_bytes(struct reader *d, struct stream *s)
{
	size_t n = 0;

	d->step.from = s->n;
	for (; d->at[0] != '\0'; d->at += 2, n++) {
		int high = digit(d->at[0]);
		int low = high >= 0 ? digit(d->at[1]) : -1;
		unsigned char *p;

		if (low < 0)
			return complain_of(
			    d, "byte %zu is not in hexadecimal", n);
		p = grown(s->bytes, s->n, &s->size, 1);
		if (p == NULL)
			return no_memory(d);
		s->bytes = p;
		p[s->n++] = (unsigned char)(high << 4 | low);
	}
	if (n == 0)
		return complain_of(d, "it has no bytes");
	d->step.kind = EVENT_BYTES;
	d->step.until = s->n;
	return add_step(d);
}

static bool
take_end(struct reader *d, struct talk *t, enum event_kind kind)
{
	t->over[d->step.way] = true;
	t->lost[d->step.way] = kind == EVENT_LOST;
	d->step.kind = kind;
	if (*d->at != '\0')
		return complain_of(d, "something follows its end");
	return add_step(d);
}

/* Behind its end a direction may only be lost; the other one may go on. */
static bool
take_way(struct reader *d, struct talk *t)
{
	d->step.way = d->at[0] == '>' ? TO_SERVER : TO_CLIENT;
	d->at += 2;
	if (t->cut || t->lost[d->step.way])
		return complain_of(
		    d, "connection %u is over already", d->step.connection);
	if (is_word(d, "reset"))
		return take_end(d, t, EVENT_LOST);
	if (t->over[d->step.way])
		return complain_of(d, "that way has ended already");
	if (is_word(d, "end"))
		return take_end(d, t, EVENT_END);
	return take_bytes(d, &t->way[d->step.way]);
}

static bool
take_talk(struct reader *d)
{
	struct talk *t;

	if (is_word(d, "open"))
		return open_talk(d);
	if (!is_open(d->r, d->step.connection))
		return complain_of(
		    d, "connection %u has not been opened", d->step.connection);
	t = &d->r->talks[d->step.connection - 1];
	if ((d->at[0] == '>' || d->at[0] == '<') && d->at[1] == ' ')
		return take_way(d, t);
	if (!is_word(d, "cut") || *d->at != '\0')
		return complain_of(
		    d, "neither 'open', '>', '<' nor 'cut' follows");
	t->cut = true;
	d->step.kind = EVENT_CUT;
	return add_step(d);
}

static bool
take_line(struct reader *d, char *line)
{
	d->at = line;
	d->step = (struct step) { 0 };
	if (d->line == 1)
		return strcmp(line, RECORD_HEAD) == 0 ||
		    complain_of(d, "it is not '" RECORD_HEAD "'");
	if (*line == '\0' || *line == '#')
		return true;
	return take_time(d) && take_number(d) && take_talk(d);
}

/* Read a line, without its newline.  -1 after a complaint, 0 at the end. */
static int
read_line(struct reader *d, FILE *f, char line[LINE_MOST])
{
	size_t n = 0;
	int c;

	d->line++;
	while ((c = getc(f)) != EOF && c != '\n') {
		if (c == '\0' || n + 1 == LINE_MOST) {
			complain_of(d,
			    c == '\0' ? "it has a NUL"
				      : "it is longer than %d bytes",
			    LINE_MOST - 1);
			return -1;
		}
		line[n++] = (char)c;
	}
	line[n] = '\0';
	if (ferror(f)) {
		complain_of(d, "%s", cask_strerror(errno != 0 ? errno : EIO));
		return -1;
	}
	if (c == EOF && n > 0) {
		complain_of(d, "it has no newline: the rest is missing");
		return -1;
	}
	return c != EOF;
}

bool
recording_read(struct recording *r, FILE *f, char why[RECORDING_WHY])
{
	struct reader d = { .r = r, .why = why };
	char line[LINE_MOST];
	int got;

	errno = 0;
	*r = (struct recording) { 0 };
	while ((got = read_line(&d, f, line)) > 0)
		if (!take_line(&d, line))
			return false;
	if (got == 0 && d.line == 1)
		return complain_of(&d, "it is not '" RECORD_HEAD "'");
	return got == 0;
}

void
recording_free(struct recording *r)
{
	for (size_t i = 0; i < r->talk_count; i++) {
		free(r->talks[i].way[TO_SERVER].bytes);
		free(r->talks[i].way[TO_CLIENT].bytes);
	}
	free(r->talks);
	free(r->steps);
	*r = (struct recording) { 0 };
}
