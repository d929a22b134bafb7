/*
 * The C half of the test against another reader and writer: collections and
 * MFC's value types.  See differential.c.
 *
 * Their lines are "x texts 2 =61,=6263": elements are parted by commas, what is
 * in one by colons.  A text is = and its UTF-8 in hexadecimal digits, an object
 * its number, or - for NULL; whatever has bits only is in hexadecimal digits.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DIFFERENTIAL_MFC_H
#define DIFFERENTIAL_MFC_H

#include <cask.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what);
static unsigned digit(char c);

/* Objects: all of one class, told apart by their numbers. */

struct age {
	const struct cask_class *is;
	int32_t number;
};

static void
age_x(struct cask_ar *ar, void *object)
{
	struct age *a = object;

	cask_i32(ar, &a->number);
}

static const struct cask_class age_class = {
	.name = "CAge", .size = sizeof(struct age), .exchange = age_x
};
static const struct cask_class *const age_classes[] = { &age_class, NULL };
static struct cask_graph ages_graph = { .classes = age_classes };
static struct age ages[256];
static struct age *known[256];

/* Words in, and out */

static char *
part(char **rest)
{
	char *s = *rest, *end = s + strcspn(s, ",: \n");

	*rest = *end == '\0' ? end : end + 1;
	*end = '\0';
	return s;
}

static char *
text_in(char **rest)
{
	char *s = part(rest), *text = malloc(strlen(s) / 2 + 1);
	size_t n = 0;

	if (text == NULL || *s++ != '=')
		give_up("no text");
	for (; s[0] != '\0'; s += 2)
		text[n++] = (char)(digit(s[0]) << 4 | digit(s[1]));
	text[n] = '\0';
	return text;
}

static void
text_out(const char *s)
{
	putchar('=');
	for (; *s != '\0'; s++)
		printf("%02x", (unsigned char)*s);
}

static void *
age_in(char **rest)
{
	const char *s = part(rest);
	int i = atoi(s);

	if (*s == '-')
		return NULL;
	ages[i] = (struct age) { &age_class, i };
	return &ages[i];
}

static void
age_out(const void *object)
{
	const struct age *a = object;

	if (a == NULL) {
		printf("-");
		return;
	}
	if (a->number < 0 || a->number > 255)
		give_up("an object that was not stored");
	if (known[a->number] == NULL)
		known[a->number] = (struct age *)(uintptr_t)a;
	if (known[a->number] != a)
		give_up("one object has become two");
	printf("%d", (int)a->number);
}

static uint64_t
bits_in(char **rest)
{
	return strtoull(part(rest), NULL, 16);
}

/* One of them, all of which are here at once. */

struct mfc {
	const char *kind;
	uint32_t n;
	char **text;
	struct age **age;
	struct cask_text_pair *text_pair;
	struct cask_object_pair *age_pair;
	struct cask_word_pair *word_pair;
	int64_t time, span;
	struct cask_date date;
	struct cask_currency currency;
	struct cask_guid guid;
	char *bstr;
	struct cask_variant variant;
};

#define MOST UINT32_MAX

static void
x_texts(struct cask_ar *ar, struct mfc *m)
{
	cask_texts_dup(ar, &m->text, &m->n, MOST, SIZE_MAX);
}

static void
x_ages(struct cask_ar *ar, struct mfc *m)
{
	cask_objects_dup(ar, &m->age, &m->n, MOST, &age_class);
}

static void
x_textmap(struct cask_ar *ar, struct mfc *m)
{
	cask_text_map_dup(ar, &m->text_pair, &m->n, MOST, SIZE_MAX);
}

static void
x_agemap(struct cask_ar *ar, struct mfc *m)
{
	cask_object_map_dup(
	    ar, &m->age_pair, &m->n, MOST, SIZE_MAX, &age_class);
}

static void
x_wordmap(struct cask_ar *ar, struct mfc *m)
{
	cask_word_map_dup(ar, &m->word_pair, &m->n, MOST, &age_class);
}

static void
x_time(struct cask_ar *ar, struct mfc *m)
{
	cask_time(ar, &m->time);
}

static void
x_span(struct cask_ar *ar, struct mfc *m)
{
	cask_time_span(ar, &m->span);
}

static void
x_date(struct cask_ar *ar, struct mfc *m)
{
	cask_date(ar, &m->date);
}

static void
x_currency(struct cask_ar *ar, struct mfc *m)
{
	cask_currency(ar, &m->currency);
}

static void
x_guid(struct cask_ar *ar, struct mfc *m)
{
	cask_guid(ar, &m->guid);
}

static void
x_bstr(struct cask_ar *ar, struct mfc *m)
{
	cask_bstr_dup(ar, &m->bstr, SIZE_MAX);
}

static void
x_variant(struct cask_ar *ar, struct mfc *m)
{
	cask_variant_dup(ar, &m->variant, SIZE_MAX);
}

/* From words */

static void
in_list(struct mfc *m, char *words)
{
	void *all = calloc(m->n + 1, sizeof(struct cask_text_pair));

	if (all == NULL)
		give_up("no memory");
	m->text = all;
	m->age = all;
	m->text_pair = all;
	m->age_pair = all;
	m->word_pair = all;
	for (uint32_t i = 0; i < m->n; i++) {
		if (strcmp(m->kind, "texts") == 0) {
			m->text[i] = text_in(&words);
		} else if (strcmp(m->kind, "ages") == 0) {
			m->age[i] = age_in(&words);
		} else if (strcmp(m->kind, "textmap") == 0) {
			m->text_pair[i].key = text_in(&words);
			m->text_pair[i].value = text_in(&words);
		} else if (strcmp(m->kind, "agemap") == 0) {
			m->age_pair[i].key = text_in(&words);
			m->age_pair[i].value = age_in(&words);
		} else {
			m->word_pair[i].key = (uint16_t)atoi(part(&words));
			m->word_pair[i].value = age_in(&words);
		}
	}
}

static void
in_variant(struct cask_variant *v, char *words)
{
	uint64_t bits;

	v->type = (uint16_t)atoi(part(&words));
	if (v->type == CASK_VT_BSTR) {
		v->as.text = text_in(&words);
		return;
	}
	bits = bits_in(&words);
	switch (v->type) {
	case CASK_VT_I1:
	case CASK_VT_UI1:
		v->as.u8 = (uint8_t)bits;
		break;
	case CASK_VT_I2:
	case CASK_VT_UI2:
		v->as.u16 = (uint16_t)bits;
		break;
	case CASK_VT_BOOL:
		v->as.truth = bits != 0;
		break;
	case CASK_VT_I4:
	case CASK_VT_UI4:
	case CASK_VT_R4:
	case CASK_VT_ERROR:
		v->as.u32 = (uint32_t)bits;
		break;
	default:
		v->as.u64 = bits;
	}
}

static void
in_value(struct mfc *m, char *words)
{
	uint64_t bits;

	m->time = m->span = strtoll(words, NULL, 10);
	if (strcmp(m->kind, "guid") == 0) {
		if (cask_guid_parse(&m->guid, part(&words)) != 0)
			give_up("no GUID");
	} else if (strcmp(m->kind, "bstr") == 0) {
		m->bstr = text_in(&words);
	} else if (strcmp(m->kind, "variant") == 0) {
		in_variant(&m->variant, words);
	} else if (strchr(words, ':') != NULL) {
		m->date.status = m->currency.status = atoi(part(&words));
		bits = strtoull(words, NULL, 16);
		memcpy(&m->date.days, &bits, sizeof bits);
		memcpy(&m->currency.value, &bits, sizeof bits);
	}
}

/* Into words */

static void
out_element(const struct mfc *m, uint32_t i)
{
	if (strcmp(m->kind, "texts") == 0) {
		text_out(m->text[i]);
	} else if (strcmp(m->kind, "ages") == 0) {
		age_out(m->age[i]);
	} else if (strcmp(m->kind, "textmap") == 0) {
		text_out(m->text_pair[i].key);
		putchar(':');
		text_out(m->text_pair[i].value);
	} else if (strcmp(m->kind, "agemap") == 0) {
		text_out(m->age_pair[i].key);
		putchar(':');
		age_out(m->age_pair[i].value);
	} else {
		printf("%u:", m->word_pair[i].key);
		age_out(m->word_pair[i].value);
	}
}

static void
out_variant(const struct cask_variant *v)
{
	uint64_t bits = v->as.u64;

	printf("%u:", v->type);
	if (v->type == CASK_VT_BSTR) {
		text_out(v->as.text);
		return;
	}
	switch (v->type) {
	case CASK_VT_I1:
	case CASK_VT_UI1:
		bits = v->as.u8;
		break;
	case CASK_VT_I2:
	case CASK_VT_UI2:
		bits = v->as.u16;
		break;
	case CASK_VT_BOOL:
		bits = v->as.truth;
		break;
	case CASK_VT_I4:
	case CASK_VT_UI4:
	case CASK_VT_R4:
	case CASK_VT_ERROR:
		bits = v->as.u32;
		break;
	default:
		break;
	}
	printf("%" PRIx64, bits);
}

static void
out_value(const struct mfc *m)
{
	char text[CASK_GUID_TEXT];
	uint64_t bits;

	if (strcmp(m->kind, "time") == 0) {
		printf("%" PRId64, m->time);
	} else if (strcmp(m->kind, "span") == 0) {
		printf("%" PRId64, m->span);
	} else if (strcmp(m->kind, "date") == 0) {
		memcpy(&bits, &m->date.days, sizeof bits);
		printf("%d:%" PRIx64, (int)m->date.status, bits);
	} else if (strcmp(m->kind, "currency") == 0) {
		memcpy(&bits, &m->currency.value, sizeof bits);
		printf("%d:%" PRIx64, (int)m->currency.status, bits);
	} else if (strcmp(m->kind, "guid") == 0) {
		cask_guid_text(&m->guid, text);
		printf("%s", text);
	} else if (strcmp(m->kind, "bstr") == 0) {
		text_out(m->bstr);
	} else {
		out_variant(&m->variant);
	}
}

static const struct {
	const char *name;
	void (*go)(struct cask_ar *, struct mfc *);
	bool list;
} mfc_kinds[] = {
	{ "texts", x_texts, true },
	{ "ages", x_ages, true },
	{ "textmap", x_textmap, true },
	{ "agemap", x_agemap, true },
	{ "wordmap", x_wordmap, true },
	{ "time", x_time, false },
	{ "span", x_span, false },
	{ "date", x_date, false },
	{ "currency", x_currency, false },
	{ "guid", x_guid, false },
	{ "bstr", x_bstr, false },
	{ "variant", x_variant, false },
};

/* Exchange one, if it is of these kinds. */
static bool
mfc_exchange(struct cask_ar *ar, const char *kind, uint32_t n, char *words)
{
	struct mfc m = { .kind = kind };
	struct cask_ar release = { 0 };
	size_t k = 0;

	while (strcmp(mfc_kinds[k].name, kind) != 0)
		if (++k == sizeof mfc_kinds / sizeof *mfc_kinds)
			return false;
	if (cask_storing(ar)) {
		m.n = n;
		if (mfc_kinds[k].list)
			in_list(&m, words);
		else
			in_value(&m, words);
	}
	mfc_kinds[k].go(ar, &m);
	if (ar->err == 0 && cask_loading(ar)) {
		printf("%s ", kind);
		for (uint32_t i = 0; mfc_kinds[k].list && i < m.n; i++) {
			if (i > 0)
				putchar(',');
			out_element(&m, i);
		}
		if (!mfc_kinds[k].list)
			out_value(&m);
		printf(" @%" PRIu64 "\n", cask_at(ar));
	} else if (ar->err == 0) {
		fprintf(stderr, "@%" PRIu64 "\n", cask_at(ar));
	}
	cask_release(&release);
	mfc_kinds[k].go(&release, &m);
	return true;
}

#endif
