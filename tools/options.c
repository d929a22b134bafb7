/*
 * Options of a subcommand, from a table: --name VALUE, --name=VALUE, -n VALUE,
 * -nVALUE, anywhere among the operands; "--" ends them.
 *
 * getopt_long isn't POSIX, and its complaints name neither value nor range.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

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
	if (parse_number(s, 1, o->most, o->to))
		return true;
	complain("%s: '%s' is not a number from 1 to %llu", what, s,
	    (unsigned long long)o->most);
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

static bool
set_text(const struct option *o, const char *what, char *s)
{
	struct cask_progress done;
	size_t n = strlen(s);

	if (n == 0)
		complain("%s: is empty", what);
	else if (n > o->most)
		complain("%s: %zu bytes long, limit %llu", what, n,
		    (unsigned long long)o->most);
	else if (cask_utf8_to_utf8(NULL, 0, s, n, CASK_STRICT, &done) != 0)
		complain("%s: not UTF-8 at byte %zu", what, done.read);
	else {
		*(const char **)o->to = s;
		return true;
	}
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
set_value(const struct option *o, const char *what, char *s)
{
	switch (o->kind) {
	case OPTION_NUMBER:
		return set_number(o, what, s);
	case OPTION_SECONDS:
		return set_seconds(o, what, s);
	case OPTION_PORT:
		*(const char **)o->to = s;
		return is_port(what, s, 0);
	case OPTION_TEXT:
	case OPTION_FLAG:
		break;
	}
	return set_text(o, what, s);
}

/* The option that an argument begins with; its value behind it, or NULL. */
static const struct option *
find(const struct option *table, char *arg, char **value, char *what)
{
	bool is_long = arg[1] == '-';
	size_t n = is_long ? strcspn(arg, "=") : 2;

	*value = NULL;
	if (is_long && arg[n] == '=')
		*value = arg + n + 1;
	else if (!is_long && arg[n] != '\0')
		*value = arg + n;
	for (; table->name != NULL; table++)
		if (is_long ? strlen(table->name) == n - 2 &&
			    strncmp(table->name, arg + 2, n - 2) == 0
			    : table->letter == arg[1])
			break;
	if (table->name == NULL) {
		complain("%s: unknown option", arg);
		return NULL;
	}
	if (is_long) {
		memcpy(what, arg, n);
		what[n] = '\0';
	} else {
		memcpy(what, (char[]) { '-', arg[1], '\0' }, 3);
	}
	return table;
}

/* Take the option at argv[*i], and its value. */
static bool
take(int argc, char **argv, int *i, const struct option *table)
{
	char what[32]; /* longer than the longest name */
	char *value;
	const struct option *o = find(table, argv[*i], &value, what);

	if (o == NULL)
		return false;
	if (o->kind == OPTION_FLAG) {
		if (value != NULL)
			complain("%s: takes no value", what);
		*(bool *)o->to = true;
		return value == NULL;
	}
	if (value == NULL && *i + 1 < argc)
		value = argv[++*i];
	if (value == NULL) {
		complain("%s: its value is missing", what);
		return false;
	}
	return set_value(o, what, value);
}

int
options_parse(int argc, char **argv, const struct option *table,
    char **operands, int most)
{
	bool over = false;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (!over && strcmp(argv[i], "--") == 0) {
			over = true;
		} else if (!over && argv[i][0] == '-' && argv[i][1] != '\0') {
			if (!take(argc, argv, &i, table))
				return -1;
		} else if (n < most) {
			operands[n++] = argv[i];
		} else {
			complain("'%s': one argument too many", argv[i]);
			return -1;
		}
	}
	return n;
}
