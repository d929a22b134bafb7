/*
 * Text: every function that a program calls where the fast path did not serve,
 * and the errors.  See <cask/text.h>; text_store.c and text_load.c do the work.
 *
 * SPDX-License-Identifier: MIT
 */
#include "text.h"

#include "ar.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

#define TEXT_MAX ((uint64_t)16 << 20)

/* Plans */

static size_t
unit_of(enum cask_text_form form)
{
	switch (form) {
	case CASK_UNICODE:
	case CASK_UTF16:
		return 2;
	case CASK_UTF32:
		return 4;
	default:
		return 1;
	}
}

static bool
plan_is_possible(struct cask_ar *ar, const struct caski_plan *plan)
{
	if (plan->form < CASK_UNICODE || plan->form > CASK_UTF32)
		return caski_fail(
		    ar, EINVAL, "%d is no form of text", (int)plan->form);
	if (plan->end > CASK_BY_CRLF)
		return caski_fail(
		    ar, EINVAL, "%d is no end of text", (int)plan->end);
	if (plan->end == CASK_BY_FIELD && plan->units == 0)
		return caski_fail(ar, EINVAL, "a field of 0 units");
	if (plan->pad > 0x7F)
		return caski_fail(ar, EINVAL, "a pad beyond ASCII");
	return true;
}

/* The lower of two limits, in code units with a NUL behind the last. */
static void
set_limit(const struct cask_ar *ar, struct caski_plan *plan, size_t max)
{
	uint64_t budget = caski_limit(ar->limit.text, TEXT_MAX) / plan->width;
	size_t most = SIZE_MAX / plan->width - 1;

	if (budget > most)
		budget = most;
	plan->budget = budget <= max;
	plan->max = plan->budget ? (size_t)budget : max;
}

bool
caski_plan(struct cask_ar *ar, struct caski_plan *plan,
    const struct cask_as *as, size_t width, size_t max)
{
	static const struct cask_as usual = { 0 };
	bool replace;

	if (as == NULL)
		as = &usual;
	replace = !as->strict && (as->replace || ar->replace);
	plan->form = as->form != 0 ? as->form : ar->form;
	if (plan->form == 0)
		plan->form = CASK_UNICODE;
	plan->end = as->end;
	plan->unit = unit_of(plan->form);
	plan->width = width;
	plan->codepage = ar->codepage != 0 ? ar->codepage : 1252;
	plan->policy = replace ? CASK_REPLACE : CASK_STRICT;
	plan->cut = as->cut;
	plan->units = as->units;
	plan->pad = (unsigned char)as->pad;
	plan->characters = as->characters;
	set_limit(ar, plan, max);
	return plan_is_possible(ar, plan);
}

/* Errors */

static const char *
units_word(size_t width)
{
	return width == 1 ? "bytes" : "units";
}

static const char *
limit_word(const struct caski_plan *plan)
{
	return plan->budget ? " (limit.text)" : "";
}

bool
caski_text_long(struct cask_ar *ar, const struct caski_plan *plan, uint64_t n)
{
	return caski_fail(ar, CASK_ELIMIT, "length %llu, limit %zu %s%s",
	    (unsigned long long)n, plan->max, units_word(plan->width),
	    limit_word(plan));
}

bool
caski_text_over(struct cask_ar *ar, const struct caski_plan *plan)
{
	return caski_fail(ar, CASK_ELIMIT, "length over %zu, limit %zu %s%s",
	    plan->max, plan->max, units_word(plan->width), limit_word(plan));
}

bool
caski_text_characters(struct cask_ar *ar, const struct caski_plan *plan)
{
	unsigned long long most = (unsigned long long)plan->characters;

	return caski_fail(ar, CASK_ELIMIT,
	    "length over %llu, limit %llu characters", most, most);
}

bool
caski_text_failed(
    struct cask_ar *ar, const struct caski_plan *plan, int err, uint64_t where)
{
	unsigned long long at = (unsigned long long)where;

	switch (err) {
	case EILSEQ:
	case EINVAL:
		return caski_fail(ar, EILSEQ,
		    "ill-formed text after %llu of its code units", at);
	case CASK_ETEXT:
		return caski_fail(ar, err,
		    "code page %d lacks the character at %s %llu of the text",
		    plan->codepage, plan->width == 1 ? "byte" : "unit", at);
	case CASK_ECHARSET:
		return caski_fail(ar, err, "no converter for code page %d here",
		    plan->codepage);
	default:
		return caski_fail(ar, err, "%s", cask_strerror(err));
	}
}

/* Memory: code units of any width, at any address. */

static bool
is_nul(const char *unit, size_t width)
{
	static const char nul[sizeof(uint32_t)];

	return memcmp(unit, nul, width) == 0;
}

/* The length of a text, which is size or more if no NUL comes before. */
static size_t
length_within(const void *text, size_t size, size_t width)
{
	const char *s = text;
	size_t n = 0;

	if (width == 1) {
		s = memchr(text, '\0', size);
		return s != NULL ? (size_t)(s - (const char *)text) : size;
	}
	while (n < size && !is_nul(s + n * width, width))
		n++;
	return n;
}

static size_t
length_of(const void *text, size_t width)
{
	return width == 1 ? strlen(text) : length_within(text, SIZE_MAX, width);
}

static void
end_text(char *text, size_t n, size_t width)
{
	memset(text + n * width, 0, width);
}

/* To who watches, and in print */

#define SHOWN 128 /* more code units than a watcher is shown */

/* As UTF-8: as much of it as there is room for. */
static size_t
utf8_of(char *utf8, size_t room, const void *text, size_t n, size_t width)
{
	const char *from = text;
	struct cask_progress done;
	uint16_t units[SHOWN];
	uint32_t words[SHOWN];
	size_t at = 0, length = 0;

	while (at < n) {
		size_t k = n - at < SHOWN ? n - at : SHOWN;
		int flags = CASK_REPLACE | (k < n - at ? CASK_MORE : 0);

		memcpy(width == 2 ? (void *)units : words, from + at * width,
		    k * width);
		if (width == 2)
			cask_utf16_to_utf8(utf8 + length, room - length, units,
			    k, flags, &done);
		else
			cask_utf32_to_utf8(utf8 + length, room - length, words,
			    k, flags, &done);
		if (done.read == 0)
			break;
		at += done.read;
		length += done.written;
	}
	return length;
}

/* On the wire it is of one form; in print it is text. */
static const char *
type_of(const struct cask_ar *ar, enum cask_text_form form)
{
	static const char *const types[] = { "text", "unicode", "ansi", "utf8",
		"utf16", "utf32" };

	return types[ar->way == CASK_PRINTS ? 0 : form];
}

/* All of it is printed; a watcher needs only the beginning. */
static void
show(struct cask_ar *ar, const void *text, size_t n, size_t width,
    enum cask_text_form form)
{
	char some[4 * SHOWN], *all;

	if (!ar->watched || ar->err != 0)
		return;
	ar->type = type_of(ar, form);
	if (width == 1) {
		caski_show_text(ar, text, n);
	} else if (n <= SHOWN || ar->way != CASK_PRINTS) {
		caski_show_text(
		    ar, some, utf8_of(some, sizeof some, text, n, width));
	} else {
		all = caski_sys_malloc(4 * n);
		if (all == NULL) {
			caski_set_error(ar, ENOMEM, "no memory to print it");
			return;
		}
		caski_show_text(ar, all, utf8_of(all, 4 * n, text, n, width));
		caski_sys_free(all);
	}
}

/* The form on the wire, where the field has its own, is part of its type. */
static void
describe(struct cask_ar *ar, const struct cask_as *as)
{
#define ENDS(form)                                                           \
	{                                                                    \
		form, form "-nul", form "-field", form "-line", form "-line" \
	}
	static const char *const types[][5] = { ENDS("text"), ENDS("unicode"),
		ENDS("ansi"), ENDS("utf8"), ENDS("utf16"), ENDS("utf32") };
#undef ENDS

	if (as != NULL)
		ar->type = types[as->form][as->end];
	caski_describe(
	    ar, as != NULL && as->end == CASK_BY_FIELD ? as->units : 1);
}

/* One text, whose limit is max */

static void
store_text(struct cask_ar *ar, const void *s, size_t n, size_t max,
    size_t width, const struct cask_as *as)
{
	struct caski_plan plan;

	if (!caski_plan(ar, &plan, as, width, max))
		return;
	if (ar->way != CASK_PRINTS)
		caski_store_text(ar, &plan, s, n);
	show(ar, s, n, width, plan.form);
}

static bool
load_text(struct cask_ar *ar, struct caski_sink *to, size_t max, size_t width,
    const struct cask_as *as)
{
	struct caski_plan plan;

	if (!caski_may_load(ar) || !caski_plan(ar, &plan, as, width, max))
		return false;
	if (ar->way == CASK_DESCRIBES) {
		describe(ar, as);
		return false;
	}
	return caski_load_text(ar, &plan, to);
}

/* Arrays */

static void
store_array(struct cask_ar *ar, const void *s, size_t size, size_t width,
    const struct cask_as *as)
{
	size_t n;

	if (!caski_may_store(ar))
		return;
	n = length_within(s, size, width);
	if (n < size)
		store_text(ar, s, n, SIZE_MAX, width, as);
	else
		caski_set_error(ar, CASK_ELIMIT,
		    "no terminating NUL within its %zu %s", size,
		    units_word(width));
}

static size_t
load_array(struct cask_ar *ar, void *s, size_t size, size_t width,
    const struct cask_as *as)
{
	struct caski_sink to = { .data = s, .size = size - 1 };

	if (size == 0) {
		caski_set_error(ar, EINVAL, "an array of 0 %s holds no text",
		    units_word(width));
		return 0;
	}
	if (!load_text(ar, &to, size - 1, width, as))
		to.length = 0;
	end_text(s, to.length, width);
	if (ar->way == CASK_LOADS)
		show(ar, s, to.length, width, ar->came);
	return to.length;
}

void
cask_slow_text(struct cask_ar *ar, void *p, size_t size, size_t width,
    const struct cask_as *as, const char *name)
{
	if (ar->way == CASK_RELEASES)
		return;
	if (as == NULL && width == 1 && caski_short_text(ar, p, size))
		return;
	caski_begin(ar, "text", name);
	if (ar->loading)
		load_array(ar, p, size, width, as);
	else
		store_array(ar, p, size, width, as);
}

size_t
cask_slow_get_text(struct cask_ar *ar, char *s, size_t size)
{
	size_t n;

	if (caski_get_short(ar, s, size, &n))
		return n;
	caski_begin(ar, "text", "");
	return load_array(ar, s, size, 1, NULL);
}

void
cask_slow_put_text(struct cask_ar *ar, const char *s, size_t n)
{
	if (caski_put_short(ar, s, n))
		return;
	caski_begin(ar, "text", "");
	if (caski_may_store(ar))
		store_text(ar, s, n, SIZE_MAX, 1, NULL);
}

/* Text in memory of its own.  Pointers to all kinds of units, and the structs
 * of them, are alike; they are copied, since their types are not. */

struct string {
	void *text;
	size_t length;
};

static void
store_string(struct cask_ar *ar, const struct string *s, size_t max,
    size_t width, const struct cask_as *as)
{
	if (!caski_may_store(ar))
		return;
	if (s->text != NULL && s->length <= max && width == 1 && as == NULL &&
	    caski_put_short(ar, s->text, s->length))
		return;
	if (s->text != NULL)
		store_text(ar, s->text, s->length, max, width, as);
	else if (s->length == 0)
		store_text(ar, "\0\0\0", 0, max, width, as);
	else
		caski_set_error(
		    ar, EINVAL, "no text, but a length of %zu", s->length);
}

/* End the text, and give back what it does not need. */
static char *
fitted(struct caski_sink *to, size_t width)
{
	char *text = caski_sys_realloc(to->data, (to->length + 1) * width);

	if (text == NULL)
		text = to->data;
	end_text(text, to->length, width);
	return text;
}

static void
load_string(struct cask_ar *ar, struct string *s, size_t max, size_t width,
    bool nuls, const struct cask_as *as)
{
	struct caski_sink to = { .grows = true, .nuls = nuls };

	*s = (struct string) { NULL, 0 };
	if (!load_text(ar, &to, max, width, as) ||
	    !caski_allocates(ar, (to.length + 1) * width + CASKI_ALLOCATION)) {
		caski_sys_free(to.data);
		return;
	}
	s->text = fitted(&to, width);
	s->length = to.length;
	show(ar, s->text, s->length, width, ar->came);
}

static void
release(struct string *s)
{
	caski_sys_free(s->text);
	s->text = NULL;
	s->length = 0;
}

void
cask_slow_text_dup(struct cask_ar *ar, void *p, size_t max, size_t width,
    const struct cask_as *as, const char *name)
{
	struct string s = { NULL, 0 };

	caski_begin(ar, "text", name);
	if (!ar->loading)
		memcpy(&s.text, p, sizeof s.text);
	if (ar->way == CASK_RELEASES)
		release(&s);
	else if (ar->loading)
		load_string(ar, &s, max, width, false, as);
	if (ar->loading || ar->way == CASK_RELEASES) {
		memcpy(p, &s.text, sizeof s.text);
		return;
	}
	if (s.text != NULL)
		s.length = length_of(s.text, width);
	store_string(ar, &s, max, width, as);
}

void
cask_slow_string_dup(struct cask_ar *ar, void *p, size_t max, size_t width,
    const struct cask_as *as, const char *name)
{
	struct string s = { NULL, 0 };

	caski_begin(ar, "text", name);
	if (!ar->loading)
		memcpy(&s, p, sizeof s);
	if (ar->way == CASK_RELEASES)
		release(&s);
	else if (ar->loading)
		load_string(ar, &s, max, width, true, as);
	if (ar->loading || ar->way == CASK_RELEASES)
		memcpy(p, &s, sizeof s);
	else
		store_string(ar, &s, max, width, as);
}

/* Lines */

static const struct cask_as line = { .end = CASK_BY_LF };

void
cask_put_line(struct cask_ar *ar, const char *s)
{
	caski_begin(ar, "line", "");
	if (caski_may_store(ar))
		store_text(ar, s, strlen(s), SIZE_MAX, 1, &line);
}

size_t
cask_get_line(struct cask_ar *ar, char *s, size_t size)
{
	caski_begin(ar, "line", "");
	return load_array(ar, s, size, 1, &line);
}
