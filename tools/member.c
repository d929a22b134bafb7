/*
 * The parser of shapes: a member of a struct.  See parser.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "parser.h"

#include <stdio.h>
#include <string.h>

#define TEXT_UNITS 16777216 /* of a field */

static const char *const kinds[] = {
	[SHAPE_U8] = "u8",
	[SHAPE_U16] = "u16",
	[SHAPE_U32] = "u32",
	[SHAPE_U64] = "u64",
	[SHAPE_I8] = "i8",
	[SHAPE_I16] = "i16",
	[SHAPE_I32] = "i32",
	[SHAPE_I64] = "i64",
	[SHAPE_BOOL] = "bool",
	[SHAPE_CHAR16] = "char16",
	[SHAPE_VERSION] = "version",
	[SHAPE_COUNT] = "count",
	[SHAPE_F32] = "f32",
	[SHAPE_F64] = "f64",
	[SHAPE_TEXT] = "text",
	[SHAPE_ANSI] = "ansi",
	[SHAPE_UNICODE] = "unicode",
	[SHAPE_UTF8] = "utf8",
	[SHAPE_UTF16] = "utf16",
	[SHAPE_UTF32] = "utf32",
	[SHAPE_BSTR] = "bstr",
	[SHAPE_TIME] = "time",
	[SHAPE_TIMESPAN] = "timespan",
	[SHAPE_DATE] = "date",
	[SHAPE_DATESPAN] = "datespan",
	[SHAPE_CURRENCY] = "currency",
	[SHAPE_POINT] = "point",
	[SHAPE_SIZE] = "size",
	[SHAPE_RECT] = "rect",
	[SHAPE_GUID] = "guid",
	[SHAPE_VARIANT] = "variant",
	[SHAPE_BYTES] = "bytes",
	[SHAPE_OBJECT] = "object",
	[SHAPE_STRUCT] = "struct",
	[SHAPE_BASE] = "base",
	[SHAPE_SCHEMA] = "class",
	[SHAPE_MAP] = "object",
	[SHAPE_UNION] = "union",
	[SHAPE_NOTHING] = "",
	[SHAPE_EXTENDS] = "extends",
};

const char *
shape_kind_name(enum shape_kind kind)
{
	return kinds[kind];
}

/* Names */

static bool
token_names(const struct parser *p, const char *name)
{
	return p->scan.token.kind == TOKEN_NAME && scan_is(&p->scan, name);
}

bool
take_name(struct parser *p, char *to, const char *what)
{
	const struct token *t = &p->scan.token;

	if (t->kind != TOKEN_NAME)
		return scan_expected(&p->scan, what);
	memcpy(to, t->at, t->n);
	to[t->n] = '\0';
	return scan_next(&p->scan);
}

static bool
take_number(struct parser *p, uint64_t *to)
{
	if (p->scan.token.kind != TOKEN_NUMBER)
		return scan_expected(&p->scan, "a number");
	*to = p->scan.token.number;
	return scan_next(&p->scan);
}

/* How many there can be is no negative number. */
bool
take_size(struct parser *p, uint64_t *to)
{
	if (p->scan.token.kind == TOKEN_NUMBER && *p->scan.token.at == '-')
		return scan_expected(&p->scan, "a number from 0 on");
	return take_number(p, to);
}

/* A name is used once in a struct, or in a class and those it is derived from;
 * but the cases of one union, of which there is never more than one, may share
 * it: they are looked at up to their union. */
bool
is_new_name(struct parser *p, const char *at, const char *name,
    const struct shape_member *up_to)
{
	const struct shape_struct *s = p->in;
	const struct shape_member *o = &p->shape->member[s->first];

	for (;;) {
		for (; o < up_to; o++)
			if (strcmp(o->name, name) == 0)
				return scan_fail(&p->scan, at,
				    "a second member called '%s'", name);
		if (s->base == SHAPE_ANY)
			return true;
		s = &p->shape->structs[s->base];
		o = &p->shape->member[s->first];
		up_to = o + s->count;
	}
}

/*
 * The integer whose name is in hand: a member of the struct, before the one in
 * hand.  Which one goes to *by.
 */
static bool
take_reference(
    struct parser *p, const struct shape_member *before, unsigned *by)
{
	const struct shape_member *all = p->shape->member;
	const struct token *t = &p->scan.token;

	for (unsigned i = p->in->first; &all[i] < before; i++) {
		if (token_names(p, all[i].name)) {
			*by = i;
			if (all[i].kind <= SHAPE_COUNT &&
			    all[i].many == SHAPE_ONE)
				return scan_next(&p->scan);
			return scan_fail(&p->scan, t->at,
			    "'%s' is not one integer", all[i].name);
		}
		i += all[i].cases;
	}
	return scan_fail(&p->scan, t->at,
	    "no member '%.*s' comes before this one", (int)t->n, t->at);
}

/* Members */

static struct shape_member *
add_member(struct parser *p)
{
	struct shape_member *m = &p->shape->member[p->shape->members];

	if (p->shape->members == p->most_members) {
		scan_fail(&p->scan, p->scan.token.at, "more than %d members",
		    SHAPE_MEMBERS);
		return NULL;
	}
	*m = (struct shape_member) { .many = SHAPE_ONE };
	p->shape->members++;
	p->in->count++;
	return m;
}

bool
can_be_member(struct parser *p, const struct shape_struct *s,
    const struct shape_member *m)
{
	const char *at = p->scan.token.at;

	if (s->rest && !m->message)
		return scan_fail(&p->scan, at,
		    "struct '%s' goes on to the end of the stream: it can't be "
		    "a member",
		    s->name);
	if (s->extends && !m->message)
		return scan_fail(&p->scan, at,
		    "struct '%s' extends: it has to be a message", s->name);
	if (s->depth == SHAPE_DEPTH)
		return scan_fail(&p->scan, at,
		    "structs nested more than %d deep", SHAPE_DEPTH);
	if (p->in->depth <= s->depth)
		p->in->depth = s->depth + 1;
	return true;
}

/* The name behind "struct" or "class". */
static bool
take_struct_type(struct parser *p, struct shape_member *m, bool is_class)
{
	const struct token *t = &p->scan.token;
	const struct shape_struct *s = find_struct(p, t);
	const char *what = is_class ? "class" : "struct";

	m->kind = SHAPE_STRUCT;
	if (t->kind != TOKEN_NAME)
		return scan_expected(&p->scan,
		    is_class ? "the name of a class" : "the name of a struct");
	if (s == NULL)
		return scan_fail(&p->scan, t->at,
		    "no %s '%.*s' is defined before this one", what, (int)t->n,
		    t->at);
	if (s->is_class != is_class)
		return scan_fail(&p->scan, t->at, "'%s' is a %s", s->name,
		    is_class ? "struct" : "class");
	m->inner = (unsigned)(s - p->shape->structs);
	return can_be_member(p, s, m) && scan_next(&p->scan);
}

/* "16" or "16 pad 32": a field of so many units. */
static bool
take_field(struct parser *p, struct cask_as *as)
{
	const char *at = p->scan.token.at;
	uint64_t n = 0;

	as->end = CASK_BY_FIELD;
	if (p->scan.token.kind != TOKEN_NUMBER)
		return scan_expected(&p->scan, "a number, 'nul' or 'lf'");
	if (!take_size(p, &n))
		return false;
	if (n == 0 || n > TEXT_UNITS)
		return scan_fail(
		    &p->scan, at, "a field has 1 to %d units", TEXT_UNITS);
	as->units = (size_t)n;
	if (!scan_take(&p->scan, "pad"))
		return !p->scan.failed;
	at = p->scan.token.at;
	if (!take_size(p, &n))
		return false;
	if (n > 127)
		return scan_fail(&p->scan, at, "a pad is 0 to 127");
	as->pad = (char)n;
	return true;
}

/* "(nul)", "(lf)", "(16)", if it is there: how a text ends. */
static bool
take_end(struct parser *p, struct shape_member *m)
{
	if (!scan_is(&p->scan, "(") || !shape_is_text(m->kind))
		return true;
	if (m->kind == SHAPE_TEXT || m->kind == SHAPE_UNICODE)
		return scan_fail(&p->scan, p->scan.token.at,
		    "only ansi, utf8, utf16 and utf32 can go without a "
		    "length");
	if (!scan_next(&p->scan))
		return false;
	if (scan_take(&p->scan, "nul"))
		m->as.end = CASK_BY_NUL;
	else if (scan_take(&p->scan, "lf"))
		m->as.end = CASK_BY_LF;
	else if (!take_field(p, &m->as))
		return false;
	return scan_expect(&p->scan, ")");
}

static bool
take_type(struct parser *p, struct shape_member *m)
{
	const struct token *t = &p->scan.token;
	const struct shape_struct *s;

	if (t->kind != TOKEN_NAME)
		return scan_expected(&p->scan, "a type");
	if (scan_take(&p->scan, "struct"))
		return take_struct_type(p, m, false);
	if (m->message)
		return scan_expected(&p->scan, "'struct'");
	if (scan_take(&p->scan, "class"))
		return take_struct_type(p, m, true);
	if (scan_take(&p->scan, "object"))
		return take_pointee(p, m);
	for (unsigned k = 0; k <= SHAPE_BYTES; k++)
		if (k != SHAPE_VERSION && token_names(p, kinds[k])) {
			m->kind = (enum shape_kind)k;
			return scan_next(&p->scan) && take_end(p, m);
		}
	s = find_struct(p, t);
	if (s != NULL)
		return scan_fail(&p->scan, t->at, "'%s' is no type; '%s %s' is",
		    s->name, s->is_class ? "class" : "struct", s->name);
	return scan_fail(
	    &p->scan, t->at, "'%.*s' is no type", (int)t->n, t->at);
}

/* "[3]" or "[n]", if it is there. */
static bool
take_array(struct parser *p, struct shape_member *m)
{
	const char *at = p->scan.token.at;
	bool got;

	if (!scan_is(&p->scan, "["))
		return true;
	if (m->many == SHAPE_REST)
		return scan_fail(&p->scan, at, "'*' and '[': one or the other");
	if (!scan_next(&p->scan))
		return false;
	m->many = SHAPE_FIXED;
	if (p->scan.token.kind == TOKEN_NAME) {
		m->many = SHAPE_COUNTED;
		got = take_reference(p, m, &m->by);
	} else if (p->scan.token.kind != TOKEN_NUMBER) {
		got = scan_expected(&p->scan, "a number or a name");
	} else {
		got = take_size(p, &m->size);
	}
	return got && scan_expect(&p->scan, "]");
}

/* The '*' behind a type; allowed tells whether it can be there. */
static bool
take_star(struct parser *p, struct shape_member *m, bool allowed)
{
	if (!scan_is(&p->scan, "*"))
		return true;
	if (!allowed)
		return scan_fail(&p->scan, p->scan.token.at,
		    "only the last member of a struct goes on to the end: no "
		    "option, and no case");
	if (p->in->is_class)
		return scan_fail(&p->scan, p->scan.token.at,
		    "a struct may go on to the end, but no class");
	m->many = SHAPE_REST;
	p->in->rest = true;
	return scan_next(&p->scan);
}

static bool
check_bytes(struct parser *p, const char *at, const struct shape_member *m)
{
	if (m->kind != SHAPE_BYTES || m->many != SHAPE_ONE)
		return true;
	return scan_fail(&p->scan, at, "how many bytes? bytes data[16], say");
}

/* "u32 x;", "f64 x[n];", "secret text* x;", "message struct quote q;" */
static bool
take_plain(struct parser *p, struct shape_member *m, bool star,
    const struct shape_member *up_to)
{
	const char *type_at, *name_at;

	m->secret = scan_take(&p->scan, "secret");
	m->message = scan_take(&p->scan, "message");
	type_at = p->scan.token.at;
	if (!take_type(p, m) || !take_star(p, m, star))
		return false;
	name_at = p->scan.token.at;
	return take_name(p, m->name, "a name") &&
	    is_new_name(p, name_at, m->name, up_to) && take_array(p, m) &&
	    check_bytes(p, type_at, m) && scan_expect(&p->scan, ";");
}

/* "1: u32 a;" or "1: ;" */
static bool
take_case(struct parser *p, struct shape_member *u)
{
	const char *at = p->scan.token.at;
	struct shape_member *m = add_member(p);

	if (m == NULL || !take_number(p, &m->value))
		return false;
	for (const struct shape_member *o = u + 1; o < m; o++)
		if (o->value == m->value)
			return scan_fail(
			    &p->scan, at, "a second case of that number");
	u->cases++;
	if (!scan_expect(&p->scan, ":"))
		return false;
	m->kind = SHAPE_NOTHING;
	if (scan_take(&p->scan, ";"))
		return true;
	return take_plain(p, m, false, u);
}

static bool
take_union(struct parser *p, struct shape_member *u)
{
	u->kind = SHAPE_UNION;
	if (p->scan.token.kind != TOKEN_NAME)
		return scan_expected(
		    &p->scan, "the name of the member that chooses");
	if (!take_reference(p, u, &u->by) || !scan_expect(&p->scan, "{"))
		return false;
	if (scan_is(&p->scan, "}"))
		return scan_fail(
		    &p->scan, p->scan.token.at, "a union without cases");
	while (!scan_is(&p->scan, "}"))
		if (!take_case(p, u))
			return false;
	return scan_expect(&p->scan, "}") &&
	    (scan_take(&p->scan, ";") || !p->scan.failed);
}

/* "since 3", by the member called version, or else by the schema. */
static bool
take_since(struct parser *p, struct shape_member *m)
{
	const struct shape_member *all = p->shape->member;
	const char *at = p->scan.token.at;

	if (!scan_take(&p->scan, "since"))
		return !p->scan.failed;
	m->since = true;
	for (unsigned i = p->in->first; &all[i] < m; i += 1 + all[i].cases)
		if (strcmp(all[i].name, "version") == 0 &&
		    all[i].kind <= SHAPE_COUNT && all[i].many == SHAPE_ONE) {
			m->version = i;
			return take_size(p, &m->number);
		}
	m->schema = p->in->is_class;
	if (m->schema)
		return take_size(p, &m->number);
	return scan_fail(&p->scan, at,
	    "'since' needs an integer called 'version' before it");
}

/* "version 3;": the newest that is known. */
static bool
take_version(struct parser *p, struct shape_member *m, const char *name_at)
{
	const char *at = p->scan.token.at;

	m->kind = SHAPE_VERSION;
	strcpy(m->name, "version");
	if (!is_new_name(p, name_at, m->name, m) || !take_size(p, &m->size))
		return false;
	if (m->size < 1 || m->size > UINT16_MAX)
		return scan_fail(
		    &p->scan, at, "a version is a number from 1 to 65535");
	return scan_expect(&p->scan, ";");
}

bool
take_member(struct parser *p)
{
	const char *at = p->scan.token.at;
	const struct shape_member *last;
	struct shape_member *m;
	bool was;

	if (p->in->rest) {
		last = &p->shape->member[p->shape->members - 1];
		return scan_fail(&p->scan, p->scan.token.at,
		    "nothing can follow '%s', which goes on to the end",
		    last->name);
	}
	m = add_member(p);
	if (m == NULL)
		return false;
	if (scan_take(&p->scan, "version"))
		return take_version(p, m, at);
	if (!p->in->is_class && scan_take(&p->scan, "extends")) {
		m->kind = SHAPE_EXTENDS;
		p->in->extends = true;
		p->extends = at;
		return scan_expect(&p->scan, ";");
	}
	if (!take_since(p, m))
		return false;
	if (!take_of_class(p, m, &was) || was)
		return !p->scan.failed;
	if (scan_take(&p->scan, "union"))
		return take_union(p, m);
	m->optional = scan_take(&p->scan, "optional");
	return !p->scan.failed && take_plain(p, m, !m->optional, m);
}

bool
take_unnamed(struct parser *p)
{
	struct shape_member *m;
	const char *at = p->scan.token.at;

	if (p->in->rest)
		return scan_fail(&p->scan, at, "nothing can follow a '*'");
	m = add_member(p);
	if (m == NULL || !take_type(p, m) || !take_star(p, m, true))
		return false;
	snprintf(m->name, sizeof m->name, "v%u", p->in->count);
	return take_array(p, m) && check_bytes(p, at, m);
}
