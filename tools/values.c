/*
 * The values of options: what each kind takes, and what is said of the rest.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

#define TEXT_MOST 4095 /* bytes, unless the option says */

/* A whole number without a sign and nothing behind it. */
static bool
parse_number(const char *s, uint64_t least, uint64_t most, uint64_t *n)
{
	unsigned long long v;
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno != 0 || *end != '\0' || v < least || v > most)
		return false;
	*n = v;
	return true;
}

static bool
set_number(const struct option *o, const char *what, const char *s)
{
	if (parse_number(s, o->least, o->most, o->to))
		return true;
	complain("%s: '%s' is not a number from %llu to %llu", what, s,
	    (unsigned long long)o->least, (unsigned long long)o->most);
	return false;
}

static bool
set_seconds(const struct option *o, const char *what, const char *s)
{
	char *end;
	double v = strtod(s, &end);

	/* The first test keeps out white space, signs, "nan" and "inf". */
	if (((*s >= '0' && *s <= '9') || *s == '.') && end != s &&
	    *end == '\0' && v >= 0.001 && v <= (double)o->most) {
		*(double *)o->to = v;
		return true;
	}
	complain("%s: '%s' is not a number of seconds from 0.001 to %llu", what,
	    s, (unsigned long long)o->most);
	return false;
}

/* "a|b|c" as "a, b or c" */
static void
list_choices(const char *choices, char *to, size_t size)
{
	size_t n = 0;

	for (const char *p = choices; *p != '\0' && n + 5 < size; p++) {
		const char *sign = strchr(p + 1, '|') != NULL ? ", " : " or ";

		if (*p == '|')
			n += (size_t)snprintf(to + n, size - n, "%s", sign);
		else
			to[n++] = *p;
	}
	to[n] = '\0';
}

static bool
set_choice(const struct option *o, const char *what, const char *s)
{
	const char *p = o->choices;
	size_t n = strlen(s);
	char all[128];

	for (unsigned i = 0; *p != '\0'; i++) {
		size_t m = strcspn(p, "|");

		if (m == n && memcmp(p, s, n) == 0) {
			*(unsigned *)o->to = i;
			return true;
		}
		p += m + (p[m] == '|');
	}
	list_choices(o->choices, all, sizeof all);
	complain("%s: '%s' is not %s", what, s, all);
	return false;
}

static bool
is_text(const struct option *o, const char *what, const char *s)
{
	struct cask_progress done;
	uint64_t most = o->most > 0 ? o->most : TEXT_MOST;
	bool is_path = o->kind == OPTION_FILE || o->kind == OPTION_DIR;
	size_t n = strlen(s);

	if (n == 0)
		complain("%s: is empty", what);
	else if (n > most)
		complain("%s: %zu bytes long, limit %llu", what, n,
		    (unsigned long long)most);
	else if (!is_path &&
	    cask_utf8_to_utf8(NULL, 0, s, n, CASK_STRICT, &done) != 0)
		complain("%s: not UTF-8 at byte %zu", what, done.read);
	else
		return true;
	return false;
}

bool
is_port(const char *what, const char *s, unsigned least)
{
	bool number = strspn(s, "+-0123456789") > 0;
	uint64_t n;

	if (number ? parse_number(s, least, 65535, &n) : *s != '\0')
		return true;
	complain("%s: '%s' is not a port: a number from %u to 65535, or the "
		 "name of a service",
	    what, s, least);
	return false;
}

static bool
set_words(const struct option *o, const char *what, const char *s)
{
	struct option_list *list = o->to;

	if (o->kind == OPTION_PORT ? !is_port(what, s, (unsigned)o->least)
				   : !is_text(o, what, s))
		return false;
	if (!o->many) {
		*(const char **)o->to = s;
		return true;
	}
	if (list->count == LIST_MOST) {
		complain("%s: more than %d of them", what, LIST_MOST);
		return false;
	}
	list->item[list->count++] = s;
	return true;
}

static bool
set_command(const struct option *o, const char *s)
{
	const struct command *c = command_find(s);

	*(const struct command **)o->to = c;
	return c != NULL;
}

bool
option_set(const struct option *o, const char *what, const char *value)
{
	switch (o->kind) {
	case OPTION_NUMBER:
		return set_number(o, what, value);
	case OPTION_SECONDS:
		return set_seconds(o, what, value);
	case OPTION_CHOICE:
		return set_choice(o, what, value);
	case OPTION_COMMAND:
		return set_command(o, value);
	case OPTION_TEXT:
	case OPTION_FILE:
	case OPTION_DIR:
	case OPTION_HOST:
	case OPTION_PORT:
		return set_words(o, what, value);
	case OPTION_END:
	case OPTION_FLAG:
		break;
	}
	return false;
}

static void
clear(const struct option *o)
{
	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)o->to = false;
		break;
	case OPTION_NUMBER:
		*(uint64_t *)o->to = 0;
		break;
	case OPTION_SECONDS:
		*(double *)o->to = 0;
		break;
	case OPTION_CHOICE:
		*(unsigned *)o->to = 0;
		break;
	case OPTION_COMMAND:
		*(const struct command **)o->to = NULL;
		break;
	case OPTION_TEXT:
	case OPTION_FILE:
	case OPTION_DIR:
	case OPTION_HOST:
	case OPTION_PORT:
		if (o->many)
			((struct option_list *)o->to)->count = 0;
		else
			*(const char **)o->to = NULL;
		break;
	case OPTION_END:
		break;
	}
}

void
options_reset(const struct option *table)
{
	for (; table->kind != OPTION_END; table++) {
		clear(table);
		if (table->usual != NULL && !table->many)
			option_set(table, "usual", table->usual);
	}
}
