/*
 * What is shown of a value: to a watcher, by CASK_TRACE=wire, or in print.  See
 * ar.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "field.h"

#include "tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words */

/* The program's locale may have another decimal point, of several bytes. */
static void
plain_point(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++)
		if (strchr("0123456789+-e", *s) != NULL)
			*to++ = *s;
		else if (to[-1] != '.')
			*to++ = '.';
	*to = '\0';
}

/* As few digits as give the number back. */
static void
float_words(char *to, double v, bool single)
{
	int digits = single ? 6 : 15, most = single ? 9 : 17;

	if (v != v || v - v != 0) {
		const char *inf = v < 0 ? "-inf" : "inf";

		snprintf(to, CASKI_WORDS, "%s", v != v ? "nan" : inf);
		return;
	}
	for (; digits <= most; digits++) {
		snprintf(to, CASKI_WORDS, "%.*g", digits, v);
		if (single ? strtof(to, NULL) == (float)v
			   : strtod(to, NULL) == v)
			break;
	}
	plain_point(to);
}

static uint64_t
unsigned_of(enum cask_type type, const void *v)
{
	switch (type) {
	case CASK_TYPE_U8:
		return *(const uint8_t *)v;
	case CASK_TYPE_BOOL:
		return *(const bool *)v;
	case CASK_TYPE_U16:
	case CASK_TYPE_CHAR16:
		return *(const uint16_t *)v;
	case CASK_TYPE_U32:
		return *(const uint32_t *)v;
	default:
		return *(const uint64_t *)v;
	}
}

static int64_t
signed_of(enum cask_type type, const void *v)
{
	switch (type) {
	case CASK_TYPE_I8:
		return *(const int8_t *)v;
	case CASK_TYPE_I16:
		return *(const int16_t *)v;
	case CASK_TYPE_I32:
		return *(const int32_t *)v;
	default:
		return *(const int64_t *)v;
	}
}

static void
number_words(char to[CASKI_WORDS], enum cask_type type, const void *v)
{
	switch (type) {
	case CASK_TYPE_F32:
		float_words(to, (double)*(const float *)v, true);
		break;
	case CASK_TYPE_F64:
		float_words(to, *(const double *)v, false);
		break;
	case CASK_TYPE_BOOL:
		snprintf(
		    to, CASKI_WORDS, "%s", *(const bool *)v ? "true" : "false");
		break;
	case CASK_TYPE_I8:
	case CASK_TYPE_I16:
	case CASK_TYPE_I32:
	case CASK_TYPE_I64:
		snprintf(to, CASKI_WORDS, "%" PRId64, signed_of(type, v));
		break;
	default:
		snprintf(to, CASKI_WORDS, "%" PRIu64, unsigned_of(type, v));
	}
}

/* One character of a quoted text: as it is, or in an escape of JSON's. */
static size_t
quote_one(char to[8], const char *s, size_t n, size_t *used)
{
	static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	unsigned char c = (unsigned char)*s;
	struct cask_progress done = { 0 };
	size_t room = 1;

	*used = 1;
	for (const char *p = named; *p != '\0'; p += 2)
		if (*s == *p) {
			to[0] = '\\';
			to[1] = p[1];
			return 2;
		}
	if (c < ' ' || c == 0x7F)
		return (size_t)snprintf(to, 8, "\\u%04x", c);
	/* one character, or the replacement of what is none */
	do
		cask_utf8_to_utf8(
		    to, room, s, n < 4 ? n : 4, CASK_REPLACE, &done);
	while (done.written == 0 && ++room <= 4);
	*used = done.read > 0 ? done.read : 1;
	return done.written;
}

size_t
caski_quote(char *to, size_t room, const char *s, size_t n, size_t *used)
{
	char one[8];
	size_t length = 0, take;

	*used = 0;
	while (*used < n) {
		size_t k = quote_one(one, s + *used, n - *used, &take);

		if (length + k > room)
			break;
		memcpy(to + length, one, k);
		length += k;
		*used += take;
	}
	return length;
}

/* To who watches */

#define SHOWN    96 /* of a text or of bytes, in words */
#define PER_LINE 8  /* bytes in hex */

static void
hex_words(char *to, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(to + 2 * i, 3, "%02x", p[i]);
}

static const char *
peer_of(const struct cask_ar *ar)
{
	if (ar->io == NULL)
		return "-";
	if (ar->io->peer != NULL)
		return ar->io->peer;
	return ar->io->table != NULL ? ar->io->table->name : "-";
}

/* "0.000014 localhost:7000 ->   12 02 00     count  q->count = 2" */
static void
tell(const struct cask_ar *ar, const struct cask_field *f)
{
	char time[CASKI_STAMP], hex[3 * PER_LINE + 3] = "", line[CASKI_LINE];
	size_t n = f->seen < PER_LINE ? f->seen : PER_LINE;
	const char *gap = *f->path != '\0' ? " " : "";

	for (size_t i = 0; i < n; i++)
		snprintf(hex + 3 * i, 4, "%02x ", f->bytes[i]);
	if (f->size > n && n > 0)
		snprintf(hex + 3 * n - 1, 3, "+");
	caski_tell_stamp(time);
	snprintf(line, sizeof line,
	    "cask: %s%s %s %4" PRIu64 "  %-*s %-7s%s%s%s%s", time, peer_of(ar),
	    ar->storing ? "->" : "<-", f->at, 3 * PER_LINE, hex, f->type, gap,
	    f->path, f->error != NULL ? ": " : " = ",
	    f->error != NULL ? f->error : f->value);
	caski_tell(line);
}

static void
deliver(struct cask_ar *ar, const char *value, const char *error)
{
	char buf[CASKI_PATH];
	uint64_t size = cask_at(ar) - ar->at;
	struct cask_field f = {
		.path = caski_path(ar, buf),
		.type = ar->type,
		.value = ar->secret > 0 ? "***" : value,
		.error = error,
		.at = ar->at,
		.size = size,
		.bytes = ar->seen,
		.seen = size < CASK_SEEN ? (size_t)size : CASK_SEEN,
	};

	if (ar->secret > 0)
		f.seen = 0;
	if (caski_tells(CASKI_TELL_WIRE))
		tell(ar, &f);
	if (ar->watch != NULL)
		ar->watch(ar, &f);
}

void
caski_show_error(struct cask_ar *ar, const char *why)
{
	if (ar->way <= CASK_LOADS && ar->type != NULL)
		deliver(ar, "", why);
}

/* There is nothing to show of what failed, or is only counted. */
static bool
is_silent(const struct cask_ar *ar)
{
	return ar->err != 0 || ar->scratch != NULL;
}

static bool
prints(const struct cask_ar *ar)
{
	return ar->way == CASK_PRINTS;
}

void
caski_show_number(struct cask_ar *ar, enum cask_type type, const void *v)
{
	char words[CASKI_WORDS];

	if (is_silent(ar))
		return;
	number_words(words, type, v);
	if (prints(ar))
		caski_print_number(ar, type, words);
	else
		deliver(ar, words, NULL);
}

void
caski_show_count(struct cask_ar *ar, uint64_t n)
{
	caski_show_number(ar, CASK_TYPE_U64, &n);
}

void
caski_show_text(struct cask_ar *ar, const char *s, size_t n)
{
	char words[SHOWN + 8] = "\"";
	size_t used, length;

	if (is_silent(ar))
		return;
	if (prints(ar)) {
		caski_print_text(ar, s, n);
		return;
	}
	length = caski_quote(words + 1, SHOWN, s, n, &used);
	snprintf(words + 1 + length, 6, "%s", used < n ? "\"..." : "\"");
	deliver(ar, words, NULL);
}

void
caski_show_bytes(struct cask_ar *ar, const void *p, size_t n)
{
	char words[SHOWN + 8];
	size_t shown = n < SHOWN / 2 ? n : SHOWN / 2;

	if (is_silent(ar))
		return;
	if (prints(ar)) {
		caski_print_bytes(ar, p, n);
		return;
	}
	words[0] = '\0';
	hex_words(words, p, shown);
	snprintf(words + 2 * shown, 4, "%s", shown < n ? "..." : "");
	deliver(ar, words, NULL);
}

/* Objects */

#define NAME 80 /* a class's name, or a schema */

static bool
is_json(const struct cask_ar *ar)
{
	return prints(ar) && ar->json;
}

static void
show_words(struct cask_ar *ar, uint32_t pid, const char *behind)
{
	char words[CASKI_WORDS + NAME] = "null";

	if (pid != 0)
		snprintf(words, sizeof words, "#%" PRIu32 "%s%s", pid,
		    behind != NULL ? " " : "", behind != NULL ? behind : "");
	if (prints(ar))
		caski_print_number(ar, CASK_TYPE_U32, words);
	else
		deliver(ar, words, NULL);
}

void
caski_show_object(struct cask_ar *ar, uint32_t pid, const char *behind)
{
	if (is_silent(ar))
		return;
	if (is_json(ar))
		caski_print_reference(ar, pid, NULL);
	else
		show_words(ar, pid, behind);
}

void
caski_show_new(struct cask_ar *ar, uint32_t pid, const char *class_name)
{
	if (!is_silent(ar) && !is_json(ar))
		show_words(ar, pid, class_name);
}

void
caski_show_class(struct cask_ar *ar, uint32_t pid, unsigned schema)
{
	char behind[NAME];

	if (is_silent(ar))
		return;
	snprintf(behind, sizeof behind, "schema %u", schema);
	if (is_json(ar))
		caski_print_reference(ar, pid, &schema);
	else
		show_words(ar, pid, behind);
}
