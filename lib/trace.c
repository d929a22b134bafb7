/*
 * What CASK_TRACE tells of sockets.  See trace.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PER_ROW 16 /* bytes of a dump */

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
	char time[CASKI_STAMP], why[48], line[CASKI_LINE];

	if (!(caski_tell_kinds() & CASKI_TELL_CALLS))
		return;
	caski_tell_stamp(time);
	snprintf(line, sizeof line, "cask: %s%s %s%s: %s", time, name(s), head,
	    what, words(s, err, why));
	caski_tell(line);
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
	char hex[3 * PER_ROW + 1], text[PER_ROW + 1], line[CASKI_LINE];

	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[at + i];

		snprintf(hex + 3 * i, 4, "%02x ", c);
		text[i] = (char)(c >= ' ' && c < 0x7f ? c : '.');
	}
	text[n] = '\0';
	snprintf(line, sizeof line, "cask: %s  %04zx  %-*s %s", time, at,
	    3 * PER_ROW, hex, text);
	caski_tell(line);
}

static void
dump(const char *time, const unsigned char *p, size_t n)
{
	size_t most = n < CASKI_TRACE_MOST ? n : CASKI_TRACE_MOST;
	char line[CASKI_LINE];

	for (size_t at = 0; at < most; at += PER_ROW)
		row(time, p, at, most - at < PER_ROW ? most - at : PER_ROW);
	if (n == most)
		return;
	snprintf(line, sizeof line, "cask: %s  ... %zu more bytes left out",
	    time, n - most);
	caski_tell(line);
}

void
caski_trace_bytes_now(
    const struct cask_sock *s, bool sent, const void *p, size_t n)
{
	char time[CASKI_STAMP], count[32], line[CASKI_LINE];

	if (!(caski_tell_kinds() & CASKI_TELL_BYTES))
		return;
	caski_tell_stamp(time);
	snprintf(count, sizeof count, "%zu byte%s", n, n == 1 ? "" : "s");
	snprintf(line, sizeof line, "cask: %s%s %s %s", time, name(s),
	    sent ? "->" : "<-", p != NULL ? count : "end");
	caski_tell(line);
	if (p != NULL)
		dump(time, p, n);
}
