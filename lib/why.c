/*
 * What goes wrong in an archive: the error that sticks, and its words.  See
 * <cask/ar.h> and ar.h.
 *
 * The words are put together when the error happens.  The structs that the
 * value is in are still being exchanged then: each adds its name when it is
 * left.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ar.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where */

/*
 * A name as it reads best: without the "&" and, inside a path, without the
 * pointer or struct that the member was reached by.
 */
const char *
caski_plain_name(const char *name, bool member)
{
	name += strspn(name, "& ");
	if (!member)
		return name;
	for (const char *p = name; *p != '\0' && *p != '['; p++) {
		if (p[0] == '-' && p[1] == '>')
			return p + 2;
		if (p[0] == '.')
			return p + 1;
	}
	return name;
}

/* Paths are written from their end, so that it is the beginning that is cut. */
struct path {
	char *text;
	size_t from;
	bool cut;
};

static void
prepend(struct path *p, const char *s, size_t n)
{
	if (n > p->from) {
		p->cut = true;
		s += n - p->from;
		n = p->from;
	}
	p->from -= n;
	memcpy(p->text + p->from, s, n);
}

static void
prepend_element(struct path *p, const char *name, size_t index, bool member)
{
	char number[32];
	const char *s = caski_plain_name(name, member);

	if (index < CASK_NO_ELEMENT) {
		int n = snprintf(number, sizeof number, "[%zu]", index);
		prepend(p, number, (size_t)n);
	}
	prepend(p, s, strlen(s));
}

/* What is in p is a member of this. */
static void
prepend_struct(struct path *p, const char *name, size_t index, bool member)
{
	if (caski_is_nameless(name, index))
		return;
	if (p->text[p->from] != '\0')
		prepend(p, ".", 1);
	prepend_element(p, name, index, member);
}

static struct path
empty_path(char buf[CASKI_PATH])
{
	buf[CASKI_PATH - 1] = '\0';
	return (struct path) { .text = buf, .from = CASKI_PATH - 1 };
}

static const char *
whole_path(const struct path *p)
{
	if (p->cut)
		memcpy(p->text, "...", 3);
	return p->text + p->from;
}

/* Which number of an array it is that could not be had. */
static size_t
index_of(const struct cask_ar *ar)
{
	if (ar->width == 0)
		return ar->element > 0 ? ar->element - 1 : CASK_NO_INDEX;
	return (size_t)((cask_at(ar) - ar->at) / ar->width);
}

/* The value in hand alone, … */
static struct path
own_path(const struct cask_ar *ar, char buf[CASKI_PATH])
{
	struct path p = empty_path(buf);

	if (ar->name != NULL)
		prepend_element(
		    &p, ar->name, index_of(ar), caski_depth(ar) > 0);
	return p;
}

/* … and with the structs it is in: "order.lines[3].price". */
const char *
caski_path(const struct cask_ar *ar, char buf[CASKI_PATH])
{
	struct path p = own_path(ar, buf);

	if (ar->name == NULL)
		return "";
	for (const struct cask_frame *f = ar->frame; f != NULL; f = f->up)
		prepend_struct(&p, f->name, f->index, f->up != NULL);
	return whole_path(&p);
}

/* Whom to blame for what was loaded. */
static const char *
sender(const struct cask_ar *ar)
{
	return ar->way == CASK_LOADS && caski_has_peer(ar) ? ar->io->peer
							   : NULL;
}

/* "u32 q->count at byte 42 from 10.0.0.7:5123: ", into why; gives its length.
 * The structs around go before the path when they are left. */
static size_t
say_where(struct cask_ar *ar, const char *from)
{
	char buf[CASKI_PATH];
	const char *type = ar->type != NULL ? ar->type : "archive";
	struct path own = own_path(ar, buf);
	const char *path = whole_path(&own);
	uint64_t at = ar->at;
	const char *gap = *type != '\0' && *path != '\0' ? " " : "";
	int n;

	if (ar->width > 0)
		at += index_of(ar) * ar->width;
	ar->path_at = (unsigned short)(strlen(type) + strlen(gap));
	ar->path_size = (unsigned short)strlen(path);
	ar->unnamed = ar->name != NULL ? caski_depth(ar) : 0;
	n = snprintf(ar->why, sizeof ar->why, "%s%s%s at byte %llu%s%s: ", type,
	    gap, path, (unsigned long long)at, from != NULL ? " from " : "",
	    from != NULL ? from : "");
	return (size_t)n < sizeof ar->why ? (size_t)n : sizeof ar->why - 1;
}

/* Replace the path in why, whose end is cut then. */
static void
set_path(struct cask_ar *ar, const char *path, size_t n)
{
	char *to = ar->why + ar->path_at;
	const char *behind = to + ar->path_size;
	size_t room = sizeof ar->why - 1 - ar->path_at - n;
	size_t rest = strlen(behind);

	if (rest > room)
		rest = room;
	memmove(to + n, behind, rest);
	to[n + rest] = '\0';
	memcpy(to, path, n);
	ar->path_size = (unsigned short)n;
}

/* Whether the transport failed with the archive, and has its words. */
static bool
is_told(const struct cask_ar *ar)
{
	return ar->io != NULL && ar->io->err == ar->err &&
	    strncmp(ar->io->words, ar->why, sizeof ar->io->words - 1) == 0;
}

void
caski_name_struct(struct cask_ar *ar, const char *name, size_t index)
{
	char buf[CASKI_PATH];
	struct path p = empty_path(buf);
	bool told = is_told(ar);
	const char *path;

	prepend(&p, ar->why + ar->path_at, ar->path_size);
	prepend_struct(&p, name, index, ar->unnamed > 0);
	path = whole_path(&p);
	if (ar->path_size == 0 && ar->path_at > 0 && *path != '\0') {
		set_path(ar, " ", 1);
		ar->path_at++;
		ar->path_size = 0;
	}
	set_path(ar, path, strlen(path));
	if (told)
		snprintf(ar->io->words, sizeof ar->io->words, "%.*s",
		    (int)sizeof ar->io->words - 1, ar->why);
}

/* What and why */

/*
 * What can't be stored never arrives, and a peer would wait for it, and so
 * would the program for the peer's answer: with it the connection has failed.
 */
void
caski_vset_error(struct cask_ar *ar, int err, const char *format, va_list args)
{
	size_t n;

	if (ar->err != 0)
		return;
	n = say_where(ar, sender(ar));
	vsnprintf(ar->why + n, sizeof ar->why - n, format, args);
	if (ar->watched)
		caski_show_error(ar, ar->why + n);
	caski_stop(ar, err != 0 ? err : EINVAL);
	if (ar->storing && caski_has_peer(ar))
		cask_io_fail_words(ar->io, ar->err, NULL, ar->why);
}

void
caski_set_error(struct cask_ar *ar, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	caski_vset_error(ar, err, format, args);
	va_end(args);
}

int
cask_fail_named(struct cask_ar *ar, const void *p, const char *name, int err,
    const char *format, ...)
{
	va_list args;

	if (ar->way == CASK_RELEASES || ar->way == CASK_DESCRIBES)
		return 0;
	if (ar->err == 0 && p != NULL)
		caski_begin(ar, "", name);
	else if (ar->err == 0)
		caski_begin(ar, caski_depth(ar) > 0 ? "struct" : "archive", "");
	va_start(args, format);
	caski_vset_error(ar, err, format, args);
	va_end(args);
	return ar->err;
}

/* Before the first byte it does not matter where the
 * archive was: a refused connection is nothing but that. */
bool
caski_io_failed(struct cask_ar *ar)
{
	uint64_t done = ar->way == CASK_LOADS ? cask_at(ar) : ar->base;
	int err = ar->io->err != 0 ? ar->io->err : ar->io->passing;
	size_t n = 0;

	ar->io->inside |= done > ar->whole;
	if (ar->base > 0 || ar->filled > ar->start)
		n = say_where(ar, NULL);
	if (err == 0)
		err = EIO;
	if (ar->io->err != 0 || ar->io->passing != 0)
		cask_io_why(ar->io, ar->why + n, sizeof ar->why - n);
	else
		snprintf(ar->why + n, sizeof ar->why - n,
		    "the transport gave an impossible result");
	if (ar->watched)
		caski_show_error(ar, ar->why + n);
	caski_stop(ar, err);
	return false;
}

bool
caski_io_gone(struct cask_ar *ar)
{
	ar->io = NULL;
	return caski_fail(ar, ECANCELED, "the socket was closed meanwhile");
}

const char *
cask_why(const struct cask_ar *ar)
{
	return ar->err != 0 ? ar->why : "no error";
}

/* May it? */

static bool
may(struct cask_ar *ar, bool direction, const char *wrong)
{
	if (ar->err != 0 || ar->way == CASK_RELEASES)
		return false;
	if (ar->way == CASK_CLOSED ||
	    (ar->io == NULL && ar->way != CASK_MEASURES))
		return caski_fail(
		    ar, EINVAL, "neither cask_store nor cask_load was called");
	if (!direction)
		return caski_fail(ar, CASK_EDIRECTION, "%s", wrong);
	return true;
}

bool
caski_might_store(struct cask_ar *ar)
{
	return may(ar, ar->storing, "can't store: the archive is loading");
}

bool
caski_might_load(struct cask_ar *ar)
{
	return may(ar, ar->loading, "can't load: the archive is storing");
}

bool
caski_might_put(struct cask_ar *ar)
{
	return may(ar, ar->way != CASK_LOADS, "");
}
