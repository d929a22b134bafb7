/*
 * What goes wrong in an archive: the error that sticks, and its words.  See
 * <cask/ar.h> and ar.h.
 *
 * The words are put together when the error happens, while the structs that
 * the value is in are still being exchanged.
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

/* "order.lines[3].price": the value in hand and the structs it is in. */
static const char *
path_of(const struct cask_ar *ar, char buf[CASKI_PATH], size_t index)
{
	const struct cask_frame *f = ar->frame;
	struct path p = { .text = buf, .from = CASKI_PATH - 1 };

	buf[p.from] = '\0';
	prepend_element(&p, ar->name, index, f != NULL);
	for (; f != NULL; f = f->up) {
		if (caski_is_nameless(f))
			continue;
		if (buf[p.from] != '\0')
			prepend(&p, ".", 1);
		prepend_element(&p, f->name, f->index, f->up != NULL);
	}
	if (p.cut)
		memcpy(buf, "...", 3);
	return buf + p.from;
}

/* Which number of an array it is that could not be had. */
static size_t
index_of(const struct cask_ar *ar)
{
	if (ar->width == 0)
		return ar->element > 0 ? ar->element - 1 : CASK_NO_INDEX;
	return (size_t)((cask_at(ar) - ar->at) / ar->width);
}

const char *
caski_path(const struct cask_ar *ar, char buf[CASKI_PATH])
{
	return ar->name != NULL ? path_of(ar, buf, index_of(ar)) : "";
}

/* Whom to blame for what was loaded. */
static const char *
sender(const struct cask_ar *ar)
{
	return ar->way == CASK_LOADS && caski_has_peer(ar) ? ar->io->peer
							   : NULL;
}

/* "u32 q->count at byte 42 from 10.0.0.7:5123: ", into why; gives its length.
 */
static size_t
say_where(struct cask_ar *ar, const char *from)
{
	char buf[CASKI_PATH];
	const char *type = ar->type != NULL ? ar->type : "archive";
	const char *path = caski_path(ar, buf);
	uint64_t at = ar->at;
	const char *gap = *type != '\0' && *path != '\0' ? " " : "";
	int n;

	if (ar->width > 0)
		at += index_of(ar) * ar->width;
	n = snprintf(ar->why, sizeof ar->why, "%s%s%s at byte %llu%s%s: ", type,
	    gap, path, (unsigned long long)at, from != NULL ? " from " : "",
	    from != NULL ? from : "");
	return (size_t)n < sizeof ar->why ? (size_t)n : sizeof ar->why - 1;
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
		caski_begin(ar, ar->frame != NULL ? "struct" : "archive", "");
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
