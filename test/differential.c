/*
 * The C half of the test against another reader and writer, test/peer.py: it
 * stores, or loads, what it is told to, and says how that went.  It knows
 * nothing of what is right.
 *
 *     differential pages N...         which of these code pages are here
 *     differential store <script      bytes to standard output
 *     differential load STREAM <script
 *
 * A line of the script is a setting ("set big 1") or a value: how, type, how
 * many, and, to store, its bits: "x u16s 2 00010002".  How: x exchanges, p puts
 * or gets, d is for text that is allocated, s for such with a length.  Of a
 * text how many are the code units that there is room for.  Settings called
 * end, units and pad are those of a struct cask_as.
 *
 * A value that was loaded comes out in the same form, with the offset behind
 * it: "u16s 00010002 @4"; one that was stored as its offset alone (to standard
 * error).  The last line is "replaced N" or "error NAME: why".
 *
 * SPDX-License-Identifier: MIT
 */
#include "differential_mfc.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
give_up(const char *what)
{
	fprintf(stderr, "differential: %s\n", what);
	exit(2);
}

/* One value */

struct value {
	char how;
	void *v;  /* n numbers or bytes, or a text */
	size_t n; /* of a text: room for its bytes, without the NUL */
};

#define NUMBER(name, T)                                            \
	static void go_##name(struct cask_ar *ar, struct value *v) \
	{                                                          \
		T *p = v->v;                                       \
		if (v->how == 'x')                                 \
			cask_##name(ar, p);                        \
		else if (cask_storing(ar))                         \
			cask_put_##name(ar, *p);                   \
		else                                               \
			*p = cask_get_##name(ar);                  \
	}

NUMBER(u8, uint8_t)
NUMBER(i8, int8_t)
NUMBER(bool, bool)
NUMBER(u16, uint16_t)
NUMBER(i16, int16_t)
NUMBER(char16, uint16_t)
NUMBER(u32, uint32_t)
NUMBER(i32, int32_t)
NUMBER(u64, uint64_t)
NUMBER(i64, int64_t)
NUMBER(f32, float)
NUMBER(f64, double)

#define ARRAY(name, T)                                                \
	static void go_##name##s(struct cask_ar *ar, struct value *v) \
	{                                                             \
		T *p = v->v;                                          \
		cask_##name##_array(ar, p, v->n);                     \
	}

ARRAY(u16, uint16_t)
ARRAY(i16, int16_t)
ARRAY(u32, uint32_t)
ARRAY(i32, int32_t)
ARRAY(u64, uint64_t)
ARRAY(i64, int64_t)
ARRAY(f32, float)
ARRAY(f64, double)

static void
go_bytes(struct cask_ar *ar, struct value *v)
{
	if (v->how == 'x')
		cask_bytes(ar, v->v, v->n);
	else if (cask_storing(ar))
		cask_put_bytes(ar, v->v, v->n);
	else
		cask_get_bytes(ar, v->v, v->n);
}

static void
go_count(struct cask_ar *ar, struct value *v)
{
	uint32_t *p = v->v;

	cask_count(ar, p, UINT32_MAX);
}

static void
go_count64(struct cask_ar *ar, struct value *v)
{
	uint64_t *p = v->v;

	if (v->how == 'x')
		cask_count64(ar, p, UINT64_MAX);
	else if (cask_storing(ar))
		cask_put_count(ar, *p);
	else
		*p = cask_get_count(ar, UINT64_MAX);
}

/* How the texts to come end on the wire. */
static struct cask_as as;

/* What was loaded into memory of its own takes the place of the array. */
static void
take_over(struct value *v, void *loaded)
{
	if (loaded == NULL)
		return;
	free(v->v);
	v->v = loaded;
}

/* After loading n is the length. */
#define TEXT(name, string, T)                                         \
	static void go_##name(struct cask_ar *ar, struct value *v)    \
	{                                                             \
		struct cask_##string s = { v->v, v->n };              \
		T *p = v->v;                                          \
		if (v->how == 'x')                                    \
			cask_##name##_as(ar, p, v->n + 1, &as);       \
		else if (v->how == 'd')                               \
			cask_##name##_dup_as(ar, &p, v->n, &as);      \
		else                                                  \
			cask_##string##_dup_as(ar, &s, v->n, &as);    \
		if (cask_storing(ar) || ar->err != 0)                 \
			return;                                       \
		if (v->how != 'x')                                    \
			take_over(v, v->how == 'd' ? p : s.text);     \
		p = v->v;                                             \
		for (v->n = 0; v->how != 's' && p[v->n] != 0; v->n++) \
			continue;                                     \
		if (v->how == 's')                                    \
			v->n = s.length;                              \
	}

TEXT(text16, string16, uint16_t)
TEXT(text32, string32, uint32_t)
TEXT(wtext, wstring, wchar_t)
#define cask_text8_as     cask_text_as
#define cask_text8_dup_as cask_text_dup_as
TEXT(text8, string, char)

static void
go_text(struct cask_ar *ar, struct value *v)
{
	char *s = v->v;

	if (v->how != 'p')
		go_text8(ar, v);
	else if (cask_storing(ar))
		cask_put_text(ar, s);
	else
		v->n = cask_get_text(ar, s, v->n + 1);
	if (v->how == 'p' && v->n != strlen(s))
		give_up("cask_get_text gives another length");
}

static void
go_line(struct cask_ar *ar, struct value *v)
{
	char *s = v->v;

	if (cask_storing(ar))
		cask_put_line(ar, s);
	else if ((v->n = cask_get_line(ar, s, v->n + 1)) != strlen(s))
		give_up("cask_get_line gives another length");
}

static const struct type {
	const char *name;
	size_t width;
	void (*go)(struct cask_ar *, struct value *);
} types[] = {
	{ "u8", 1, go_u8 },
	{ "i8", 1, go_i8 },
	{ "bool", 1, go_bool },
	{ "u16", 2, go_u16 },
	{ "i16", 2, go_i16 },
	{ "char16", 2, go_char16 },
	{ "u32", 4, go_u32 },
	{ "i32", 4, go_i32 },
	{ "u64", 8, go_u64 },
	{ "i64", 8, go_i64 },
	{ "f32", 4, go_f32 },
	{ "f64", 8, go_f64 },
	{ "u16s", 2, go_u16s },
	{ "i16s", 2, go_i16s },
	{ "u32s", 4, go_u32s },
	{ "i32s", 4, go_i32s },
	{ "u64s", 8, go_u64s },
	{ "i64s", 8, go_i64s },
	{ "f32s", 4, go_f32s },
	{ "f64s", 8, go_f64s },
	{ "bytes", 1, go_bytes },
	{ "count", 4, go_count },
	{ "count64", 8, go_count64 },
	{ "text", 1, go_text },
	{ "text16", 2, go_text16 },
	{ "text32", 4, go_text32 },
	{ "wtext", sizeof(wchar_t), go_wtext },
	{ "line", 1, go_line },
};

static const struct type *
type_named(const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	give_up("no such type");
	return NULL;
}

/* Bits as hexadecimal digits, the highest first, and back. */

static unsigned
digit(char c)
{
	const char *all = "0123456789abcdef", *at = strchr(all, c);

	if (c == '\0' || at == NULL)
		give_up("no hexadecimal digit");
	return (unsigned)(at - all);
}

static void
from_digits(void *to, size_t width, const char *s)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < 2 * width; i++)
		bits = bits << 4 | digit(s[i]);
	switch (width) {
	case 1:
		memcpy(to, &(uint8_t) { (uint8_t)bits }, 1);
		break;
	case 2:
		memcpy(to, &(uint16_t) { (uint16_t)bits }, 2);
		break;
	case 4:
		memcpy(to, &(uint32_t) { (uint32_t)bits }, 4);
		break;
	default:
		memcpy(to, &bits, 8);
	}
}

static uint64_t
bits_at(const void *p, size_t width)
{
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (width) {
	case 1:
		return *(const uint8_t *)p;
	case 2:
		memcpy(&u16, p, 2);
		return u16;
	case 4:
		memcpy(&u32, p, 4);
		return u32;
	default:
		memcpy(&u64, p, 8);
		return u64;
	}
}

static void
print_value(const struct type *type, const struct value *v, uint64_t at)
{
	const char *p = v->v;

	printf("%s ", type->name);
	for (size_t i = 0; i < v->n; i++)
		printf("%0*" PRIx64, (int)(2 * type->width),
		    bits_at(p + i * type->width, type->width));
	printf(" @%" PRIu64 "\n", at);
}

/* The script */

static char *
word(char **rest)
{
	char *w = *rest, *end = w + strcspn(w, " \n");

	*rest = *end == '\0' ? end : end + 1;
	*end = '\0';
	return w;
}

static void
set(struct cask_ar *ar, const char *what, int to)
{
	if (strcmp(what, "big") == 0)
		ar->big_endian = to != 0;
	else if (strcmp(what, "form") == 0)
		ar->form = (enum cask_text_form)to;
	else if (strcmp(what, "end") == 0)
		as.end = (enum cask_text_end)to;
	else if (strcmp(what, "units") == 0)
		as.units = (size_t)to;
	else if (strcmp(what, "pad") == 0)
		as.pad = (char)to;
	else if (strcmp(what, "codepage") == 0)
		ar->codepage = to;
	else if (strcmp(what, "count32") == 0)
		ar->count32 = to != 0;
	else if (strcmp(what, "mfc") == 0)
		ar->mfc = to;
	else if (strcmp(what, "replace") == 0)
		ar->replace = to != 0;
	else
		give_up("no such setting");
}

static void
exchange(struct cask_ar *ar, char how, char *rest)
{
	const char *name = word(&rest);
	size_t n = strtoul(word(&rest), NULL, 10);
	char *bits = word(&rest);
	const struct type *type;
	struct value v = { how, NULL, n };

	if (mfc_exchange(ar, name, (uint32_t)n, bits))
		return;
	type = type_named(name);
	v.v = malloc((n + 1) * type->width);
	if (v.v == NULL)
		give_up("no memory");
	/* rubbish to load over, but for bools, which have none */
	memset(v.v, type->go == go_bool ? 1 : 0xA5, (n + 1) * type->width);
	if (cask_storing(ar)) {
		for (size_t i = 0; i < n; i++)
			from_digits((char *)v.v + i * type->width, type->width,
			    bits + i * 2 * type->width);
		memset((char *)v.v + n * type->width, 0, type->width);
	}
	type->go(ar, &v);
	if (ar->err == 0 && cask_loading(ar))
		print_value(type, &v, cask_at(ar));
	else if (ar->err == 0)
		fprintf(stderr, "@%" PRIu64 "\n", cask_at(ar));
	free(v.v);
}

static const char *
error_name(int err)
{
	switch (err) {
	case CASK_ECUT:
		return "CASK_ECUT";
	case CASK_ETEXT:
		return "CASK_ETEXT";
	case CASK_ELIMIT:
		return "CASK_ELIMIT";
	case CASK_ECHARSET:
		return "CASK_ECHARSET";
	case EILSEQ:
		return "EILSEQ";
	default:
		return cask_strerror(err);
	}
}

/* Every line up to the first error; a load ends with the stream. */
static void
run(struct cask_ar *ar, FILE *end)
{
	char *line = NULL;
	size_t size = 0;

	while (ar->err == 0 && getline(&line, &size, stdin) > 0) {
		char *rest = line;
		const char *how = word(&rest);

		if (strcmp(how, "set") == 0) {
			const char *what = word(&rest);
			set(ar, what, atoi(word(&rest)));
		} else {
			exchange(ar, *how, rest);
		}
	}
	free(line);
	if (ar->err == 0 && cask_loading(ar) && cask_more(ar))
		fprintf(end, "more than that\n");
	if (cask_flush(ar) == 0)
		fprintf(end, "replaced %" PRIu64 "\n", ar->replaced);
	else
		fprintf(
		    end, "error %s: %s\n", error_name(ar->err), cask_why(ar));
}

/* The first line: "open", the transport, and the size of the buffer, or 0. */
static bool
open_line(struct cask_ar *ar)
{
	static unsigned char buffer[65536];
	char line[80], transport[8];

	if (fgets(line, sizeof line, stdin) == NULL ||
	    sscanf(line, "open %7s %zu", transport, &ar->buffer_size) != 2 ||
	    ar->buffer_size > sizeof buffer)
		give_up("the script does not begin with open");
	if (ar->buffer_size > 0)
		ar->buffer = buffer;
	ar->limit.count = UINT64_MAX;
	ar->graph = &ages_graph;
	return strcmp(transport, "memory") == 0;
}

static void
store(void)
{
	struct cask_ar ar = { 0 };
	struct cask_file f;
	struct cask_mem m;

	if (!open_line(&ar)) {
		cask_store(&ar, cask_file_use(&f, 1));
		run(&ar, stderr);
		return;
	}
	cask_store(&ar, cask_mem_grow(&m, 0));
	run(&ar, stderr);
	fwrite(m.data, 1, m.length, stdout);
	cask_mem_close(&m);
}

static unsigned char *
whole_file(const char *name, size_t *n)
{
	FILE *f = fopen(name, "rb");
	size_t size = 1 << 25;
	unsigned char *all = malloc(size), *exact;

	if (f == NULL || all == NULL)
		give_up(name);
	*n = fread(all, 1, size, f);
	fclose(f);
	if (*n == size)
		give_up("a stream too long for this test");
	exact = malloc(*n + 1); /* for a sanitizer to guard its end */
	if (exact == NULL)
		give_up("no memory");
	memcpy(exact + 1, all, *n);
	free(all);
	return exact;
}

static void
load(const char *name)
{
	struct cask_ar ar = { 0 };
	struct cask_file f;
	struct cask_mem m;
	unsigned char *all;
	size_t n;

	if (open_line(&ar)) {
		all = whole_file(name, &n);
		cask_load(&ar, cask_mem_read(&m, all + 1, n));
		run(&ar, stdout);
		free(all);
		return;
	}
	cask_load(&ar, cask_file_use(&f, open(name, O_RDONLY | O_CLOEXEC)));
	run(&ar, stdout);
	close(f.fd);
}

/* Also how wide a wchar_t is, and whether a float moves bit by bit: the 8087
 * makes a signalling NaN quiet.
 */
static void
tell_pages(char **pages)
{
	for (; *pages != NULL; pages++)
		if (cask_charset_check(atoi(*pages)) == 0)
			printf("%s ", *pages);
	printf("%zu %s\n", sizeof(wchar_t),
	    FLT_EVAL_METHOD == 0 ? "signalling" : "quiet");
}

int
main(int argc, char **argv)
{
	alarm(60);
	setvbuf(stderr, NULL, _IOFBF, BUFSIZ);
	if (argc > 1 && strcmp(argv[1], "pages") == 0)
		tell_pages(argv + 2);
	else if (argc == 2 && strcmp(argv[1], "store") == 0)
		store();
	else if (argc == 3 && strcmp(argv[1], "load") == 0)
		load(argv[2]);
	else
		give_up("usage: differential pages|store|load");
	cask_graph_clear(&ages_graph);
	return fflush(stdout) != 0;
}
