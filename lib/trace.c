/*
 * CASK_TRACE.  See trace.h.
 *
 * What the environment says is kept for the whole process.  That is no state
 * that one part of a program could change for another: the environment is
 * taken to stay as it is.  There is no lock: every thread that comes before
 * caski_trace_on is set reads the same variable and stores the same result.
 *
 * Each line is one write, so that lines of several threads stay whole.  A line
 * that can't be written is lost; nothing is to fail because it is watched.
 *
 * SPDX-License-Identifier: MIT
 */
#include "trace.h"

#include "sys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STDERR  2
#define LINE    480 /* at most, its end included */
#define PER_ROW 16  /* bytes of a dump */

static const char forms[] = "calls, bytes, time=off";

atomic_int caski_trace_on = CASKI_TRACE_UNREAD;

/* Lines */

/* A peer may choose its name: what it puts into it can't make another line. */
static void
say(char line[LINE])
{
	size_t n = strlen(line);

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c < ' ' || c == 0x7f)
			line[i] = '?';
	}
	line[n] = '\n';
	while (caski_sys_write(STDERR, line, n + 1) == -EINTR)
		continue;
}

void
caski_trace_variable(const char *variable, const char *list, bool tell,
    bool (*take)(const char *part, size_t n))
{
	const char *p = caski_sys_getenv(variable);
	char line[LINE];
	size_t n;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		if (n == 0 || take(p, n) || !tell)
			continue;
		snprintf(line, sizeof line,
		    "cask: %s: \"%.*s%s\" is not one of %s; ignored", variable,
		    n < 100 ? (int)n : 100, p, n < 100 ? "" : "...", list);
		say(line);
	}
}

/* Time */

#define STAMP 32

/* Nanoseconds since the first line. */
static int64_t
elapsed(void)
{
	static atomic_int state; /* 0, 1 while first is being set, 2 then */
	static int64_t first;
	int64_t now = caski_sys_now();
	int none = 0;

	if (atomic_load(&state) == 2)
		return now > first ? now - first : 0;
	if (atomic_compare_exchange_strong(&state, &none, 1)) {
		first = now;
		atomic_store(&state, 2);
	}
	return 0;
}

/* What a line begins with: the time and a space, or nothing. */
static void
stamp(char buf[STAMP], int on)
{
	int64_t us;

	buf[0] = '\0';
	if (on & CASKI_TRACE_TIMELESS)
		return;
	us = elapsed() / 1000;
	snprintf(buf, STAMP, "%lld.%06lld ", (long long)(us / 1000000),
	    (long long)(us % 1000000));
}

/* What is traced */

static atomic_int parts;

static bool
take(const char *part, size_t n)
{
	static const struct {
		const char *name;
		int bit;
	} known[] = {
		{ "calls", CASKI_TRACE_CALLS },
		{ "bytes", CASKI_TRACE_BYTES },
		{ "time=off", CASKI_TRACE_TIMELESS },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strlen(known[i].name) == n &&
		    memcmp(known[i].name, part, n) == 0) {
			atomic_fetch_or(&parts, known[i].bit);
			return true;
		}
	return false;
}

static int
traced(void)
{
	static atomic_bool told;
	int on = atomic_load(&caski_trace_on);

	if (!(on & CASKI_TRACE_UNREAD))
		return on;
	caski_trace_variable(
	    "CASK_TRACE", forms, !atomic_exchange(&told, true), take);
	on = atomic_load(&parts);
	if (!(on & CASKI_TRACE_KINDS))
		on = 0;
	atomic_store(&caski_trace_on, on);
	return on;
}

/* Calls */

static const char *
name(const struct cask_sock *s)
{
	return s->name[0] != '\0' ? s->name : "-";
}

static const char *
words(const struct cask_sock *s, int err, char buf[48])
{
	if (err == 0)
		return "ok";
	if (err == ETIMEDOUT && s->io.limit_ms > 0) {
		snprintf(buf, 48, "timed out after %d ms", s->io.limit_ms);
		return buf;
	}
	if ((err == s->io.err || err == s->io.passing) &&
	    s->io.words[0] != '\0')
		return s->io.words;
	return cask_strerror(err);
}

static void
call(const struct cask_sock *s, const char *head, const char *what, int err)
{
	int on = traced();
	char time[STAMP], why[48], line[LINE];

	if (!(on & CASKI_TRACE_CALLS))
		return;
	stamp(time, on);
	snprintf(line, sizeof line, "cask: %s%s %s%s: %s", time, name(s), head,
	    what, words(s, err, why));
	say(line);
}

void
caski_trace_call_now(const struct cask_sock *s, const char *what, int err)
{
	call(s, "", what, err);
}

void
caski_trace_count_now(const struct cask_sock *s, const char *what, ptrdiff_t n)
{
	int err = s->io.err != 0 ? s->io.err : s->io.passing;

	caski_trace_try(s, what, n < 0 ? err : 0);
}

void
caski_trace_note_now(const struct cask_sock *s, const char *kind, int err)
{
	call(s, "notify ", kind, err);
}

/* Bytes */

/* "  0010  04 41 43 4d 45 …  .ACME…": the n bytes at p + at. */
static void
row(const char *time, const unsigned char *p, size_t at, size_t n)
{
	char hex[3 * PER_ROW + 1], text[PER_ROW + 1], line[LINE];

	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[at + i];

		snprintf(hex + 3 * i, 4, "%02x ", c);
		text[i] = (char)(c >= ' ' && c < 0x7f ? c : '.');
	}
	text[n] = '\0';
	snprintf(line, sizeof line, "cask: %s  %04zx  %-*s %s", time, at,
	    3 * PER_ROW, hex, text);
	say(line);
}

static void
dump(const char *time, const unsigned char *p, size_t n)
{
	size_t most = n < CASKI_TRACE_MOST ? n : CASKI_TRACE_MOST;
	char line[LINE];

	for (size_t at = 0; at < most; at += PER_ROW)
		row(time, p, at, most - at < PER_ROW ? most - at : PER_ROW);
	if (n == most)
		return;
	snprintf(line, sizeof line, "cask: %s  ... %zu more bytes left out",
	    time, n - most);
	say(line);
}

void
caski_trace_bytes_now(
    const struct cask_sock *s, bool sent, const void *p, size_t n)
{
	int on = traced();
	char time[STAMP], count[32], line[LINE];

	if (!(on & CASKI_TRACE_BYTES))
		return;
	stamp(time, on);
	snprintf(count, sizeof count, "%zu byte%s", n, n == 1 ? "" : "s");
	snprintf(line, sizeof line, "cask: %s%s %s %s", time, name(s),
	    sent ? "->" : "<-", p != NULL ? count : "end");
	say(line);
	if (p != NULL)
		dump(time, p, n);
}
