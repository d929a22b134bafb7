/*
 * CASK_TRACE.  See tell.h.
 *
 * What the environment says is kept for the whole process.  That is no state
 * that one part of a program could change for another: the environment is
 * taken to stay as it is.  There is no lock: every thread that comes before
 * caski_tell_on is set reads the same variable and stores the same result.
 *
 * Each line is one write, so that lines of several threads stay whole.  A line
 * that can't be written is lost; nothing is to fail because it is watched.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tell.h"

#include "sys.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define STDERR 2

static const char forms[] = "calls, bytes, wire, time=off";

atomic_int caski_tell_on = CASKI_TELL_UNREAD;

/* Lines */

/* A peer may choose its name: what it puts into it can't make another line. */
void
caski_tell(char line[CASKI_LINE])
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
caski_tell_variable(const char *variable, const char *list, bool tell,
    bool (*take)(const char *part, size_t n))
{
	const char *p = caski_sys_getenv(variable);
	char line[CASKI_LINE];
	size_t n;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		if (n == 0 || take(p, n) || !tell)
			continue;
		snprintf(line, sizeof line,
		    "cask: %s: \"%.*s%s\" is not one of %s; ignored", variable,
		    n < 100 ? (int)n : 100, p, n < 100 ? "" : "...", list);
		caski_tell(line);
	}
}

/* Time */

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

void
caski_tell_stamp(char buf[CASKI_STAMP])
{
	int64_t us;

	buf[0] = '\0';
	if (caski_tell_kinds() & CASKI_TELL_TIMELESS)
		return;
	us = elapsed() / 1000;
	snprintf(buf, CASKI_STAMP, "%lld.%06lld ", (long long)(us / 1000000),
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
		{ "calls", CASKI_TELL_CALLS },
		{ "bytes", CASKI_TELL_BYTES },
		{ "wire", CASKI_TELL_WIRE },
		{ "time=off", CASKI_TELL_TIMELESS },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strlen(known[i].name) == n &&
		    memcmp(known[i].name, part, n) == 0) {
			atomic_fetch_or(&parts, known[i].bit);
			return true;
		}
	return false;
}

int
caski_tell_kinds(void)
{
	static atomic_bool told;
	int on = atomic_load(&caski_tell_on);

	if (!(on & CASKI_TELL_UNREAD))
		return on;
	caski_tell_variable(
	    "CASK_TRACE", forms, !atomic_exchange(&told, true), take);
	on = atomic_load(&parts);
	if (!(on & CASKI_TELL_KINDS))
		on = 0;
	atomic_store(&caski_tell_on, on);
	return on;
}
