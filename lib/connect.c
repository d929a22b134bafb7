/*
 * Connecting.  See connect.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "connect.h"

#include "sock.h"
#include "sys.h"

#include <errno.h>
#include <string.h>

#define AGAIN_MS 10 /* until a listener may have room again */

/* An address that is being tried. */
struct racer {
	int fd;
	size_t host;
	int64_t again; /* when to try it again; CASKI_NEVER: it is under way */
};

struct caski_attempt {
	struct cask_sock *s;
	struct caski_lookup *lookup; /* NULL: it has answered */
	struct caski_hosts *hosts;
	size_t next; /* the address to be tried next, and … */
	int64_t due; /* … when at the latest; 0: at once */
	int err;     /* of the last address that failed */
	size_t n;
	struct racer racer[CASKI_ATTEMPT_MOST]; /* the oldest first */

	/* for the pump */
	void (*done)(struct cask_sock *s, int err, int fd);
	int64_t limit;
	struct cask_timer timer;
	size_t watches;
	struct cask_watch watch[CASKI_ATTEMPT_MOST + 1];
};

int
caski_attempt_begin(struct caski_attempt **begun, struct cask_sock *s,
    const char *host, const char *port)
{
	struct caski_attempt *a = caski_sys_malloc(sizeof *a);
	int err;

	*begun = NULL;
	if (a == NULL)
		return ENOMEM;
	*a = (struct caski_attempt) { .s = s };
	err = caski_lookup_begin(
	    &a->lookup, host, port, s->datagram ? CASKI_DATAGRAM : 0);
	if (err != 0)
		caski_sys_free(a);
	else
		*begun = a;
	return err;
}

/* The pump's part in it; before any descriptor is closed. */
static void
unwatch(struct caski_attempt *a)
{
	cask_timer_stop(&a->timer);
	while (a->watches > 0)
		cask_watch_stop(&a->watch[--a->watches]);
}

void
caski_attempt_free(struct caski_attempt *a)
{
	if (a == NULL)
		return;
	unwatch(a);
	for (size_t i = 0; i < a->n; i++)
		caski_sys_close(a->racer[i].fd);
	caski_lookup_free(a->lookup);
	caski_sys_free(a->hosts);
	caski_sys_free(a);
}

/* What it waits for */

static size_t
own_lookup(const struct caski_attempt *a, struct caski_own *own, int64_t *until)
{
	int fd = caski_lookup_fd(a->lookup);

	*until = fd < 0 ? 0 : CASKI_NEVER;
	if (fd < 0)
		return 0;
	*own = (struct caski_own) { .fd = fd, .events = CASK_READABLE };
	return 1;
}

size_t
caski_attempt_own(
    const struct caski_attempt *a, struct caski_own *own, int64_t *until)
{
	size_t n = 0;

	if (a->lookup != NULL)
		return own_lookup(a, own, until);
	*until = CASKI_NEVER;
	if (a->hosts != NULL && a->next < a->hosts->n)
		*until = a->due;
	for (size_t i = 0; i < a->n; i++) {
		const struct racer *r = &a->racer[i];

		if (r->again < *until)
			*until = r->again;
		if (r->again == CASKI_NEVER)
			own[n++] = (struct caski_own) { .fd = r->fd,
				.events = CASK_WRITABLE };
	}
	return n;
}

/* Going on */

static int
look_up(struct caski_attempt *a)
{
	int err;

	if (a->lookup == NULL)
		return 0;
	err = caski_lookup_answer(a->lookup, &a->hosts);
	if (err == EINPROGRESS)
		return err;
	caski_lookup_free(a->lookup);
	a->lookup = NULL;
	a->err = err;
	return err;
}

/*
 * Gives 0, an error, or EINPROGRESS.  An interrupted connect goes on by itself;
 * one that finds a listener of the Unix domain full has not even begun, and no
 * event tells when it may.
 */
static int
start(const struct caski_attempt *a, struct racer *r)
{
	const struct caski_host *h = &a->hosts->host[r->host];
	int err = -caski_sys_connect(
	    r->fd, (const struct sockaddr *)&h->sa, h->length);

	r->again = CASKI_NEVER;
	if (err == EAGAIN && h->sa.ss_family == AF_UNIX)
		r->again = caski_deadline(AGAIN_MS);
	if (err == EINTR || r->again != CASKI_NEVER)
		return EINPROGRESS;
	return err;
}

static bool
is_ready(int fd, const struct caski_own *own, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (own[i].fd == fd && own[i].seen != 0)
			return true;
	return false;
}

static int
look_at(const struct caski_attempt *a, struct racer *r,
    const struct caski_own *own, size_t n)
{
	int failed = 0;
	int err;

	if (r->again != CASKI_NEVER)
		return r->again <= caski_sys_now() ? start(a, r) : EINPROGRESS;
	if (!is_ready(r->fd, own, n))
		return EINPROGRESS;
	err = -caski_sys_getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &failed);
	return err != 0 ? err : failed;
}

static void
leave(struct caski_attempt *a, size_t i)
{
	a->n--;
	memmove(
	    &a->racer[i], &a->racer[i + 1], (a->n - i) * sizeof a->racer[0]);
}

/* Those that are under way.  Gives 0 when one is connected. */
static int
go_on(struct caski_attempt *a, const struct caski_own *own, size_t n, int *fd)
{
	for (size_t i = 0; i < a->n;) {
		int err = look_at(a, &a->racer[i], own, n);

		if (err == EINPROGRESS) {
			i++;
			continue;
		}
		*fd = a->racer[i].fd;
		leave(a, i);
		if (err == 0)
			return 0;
		caski_sys_close(*fd);
		a->err = err;
		a->due = 0;
	}
	return EINPROGRESS;
}

/* One more is under way: the next gets its chance later. */
static void
enter(struct caski_attempt *a, const struct racer *r)
{
	if (a->n == CASKI_ATTEMPT_MOST) {
		caski_sys_close(a->racer[0].fd);
		leave(a, 0);
	}
	a->racer[a->n++] = *r;
	a->due = caski_deadline(CASKI_ATTEMPT_MS);
}

/* Begin with the next address.  Gives 0 when it is connected at once. */
static int
begin_next(struct caski_attempt *a, int *fd)
{
	struct racer r = { .host = a->next++ };
	int err;

	r.fd = caski_sock_make(a->s, a->hosts->host[r.host].sa.ss_family);
	err = r.fd < 0 ? -r.fd : start(a, &r);
	if (err == EINPROGRESS) {
		enter(a, &r);
		return err;
	}
	if (err == 0) {
		*fd = r.fd;
		return 0;
	}
	if (r.fd >= 0)
		caski_sys_close(r.fd);
	a->err = err;
	return err;
}

/* Begin with those whose time has come.  Gives 0 when one is connected. */
static int
begin_more(struct caski_attempt *a, int *fd)
{
	while (
	    a->next < a->hosts->n && (a->n == 0 || a->due <= caski_sys_now()))
		if (begin_next(a, fd) == 0)
			return 0;
	return EINPROGRESS;
}

int
caski_attempt_step(
    struct caski_attempt *a, const struct caski_own *own, size_t n, int *fd)
{
	int err = look_up(a);

	*fd = -1;
	if (err != 0)
		return err;
	if (a->hosts == NULL)
		return a->err;
	if (go_on(a, own, n, fd) == 0 || begin_more(a, fd) == 0)
		return 0;
	*fd = -1;
	return a->n > 0 ? EINPROGRESS : a->err;
}

/* Driven from the pump: what is watched is found out anew after each step. */

static void go_on_watched(
    struct caski_attempt *a, const struct caski_own *own, size_t n);

static void
ready(struct cask_watch *w, int events)
{
	struct caski_own own = {
		.fd = w->fd, .events = w->events, .seen = events
	};

	go_on_watched(w->user, &own, 1);
}

static void
fire(struct cask_timer *t)
{
	go_on_watched(t->user, NULL, 0);
}

static int
start_timer(struct caski_attempt *a, int64_t at)
{
	if (at == CASKI_NEVER)
		return 0;
	a->timer = (struct cask_timer) {
		.after_ms = caski_remaining_ms(at),
		.fire = fire,
		.user = a,
	};
	return cask_timer_start(&a->timer);
}

static int
watch(struct caski_attempt *a)
{
	struct caski_own own[CASKI_ATTEMPT_MOST + 1];
	int64_t until;
	size_t n = caski_attempt_own(a, own, &until);
	int err = start_timer(a, until < a->limit ? until : a->limit);

	for (size_t i = 0; i < n && err == 0; i++) {
		a->watch[i] = (struct cask_watch) { .fd = own[i].fd,
			.events = own[i].events,
			.ready = ready,
			.user = a,
			.inner = true };
		err = cask_watch_start(&a->watch[i]);
		a->watches = i + 1;
	}
	if (err != 0)
		unwatch(a);
	return err;
}

static void
go_on_watched(struct caski_attempt *a, const struct caski_own *own, size_t n)
{
	void (*done)(struct cask_sock * s, int err, int fd) = a->done;
	struct cask_sock *s = a->s;
	int fd;
	int err;

	unwatch(a);
	err = caski_attempt_step(a, own, n, &fd);
	if (err == EINPROGRESS && caski_sys_now() >= a->limit)
		err = ETIMEDOUT;
	if (err == EINPROGRESS) {
		err = watch(a);
		if (err == 0)
			return;
	}
	caski_attempt_free(a);
	done(s, err, fd);
}

int
caski_attempt_watch(struct caski_attempt *a, int64_t limit,
    void (*done)(struct cask_sock *s, int err, int fd))
{
	a->limit = limit;
	a->done = done;
	return watch(a);
}

/*
 * Within a call that blocks.  A socket that goes meanwhile ends the wait, and
 * then nothing here looks at it.
 */

int
caski_call_connect(
    struct caski_call *c, const char *host, const char *port, int *fd)
{
	struct caski_own own[CASKI_ATTEMPT_MOST + 1];
	struct caski_attempt *a;
	size_t n = 0;
	int64_t until;
	int err = caski_attempt_begin(&a, c->s, host, port);

	*fd = -1;
	if (err != 0)
		return err;
	while ((err = caski_attempt_step(a, own, n, fd)) == EINPROGRESS) {
		n = caski_attempt_own(a, own, &until);
		err = caski_call_wait(c, own, n, until);
		if (err != 0)
			break;
	}
	caski_attempt_free(a);
	return err;
}

int
caski_call_resolve(struct caski_call *c, struct caski_hosts **hosts,
    const char *host, const char *port, int flags)
{
	struct caski_lookup *l;
	int err = caski_lookup_begin(&l, host, port, flags);

	*hosts = NULL;
	if (err != 0)
		return err;
	while ((err = caski_lookup_answer(l, hosts)) == EINPROGRESS) {
		struct caski_own own = { .fd = caski_lookup_fd(l),
			.events = CASK_READABLE };

		err = caski_call_wait(c, &own, 1, CASKI_NEVER);
		if (err != 0)
			break;
	}
	caski_lookup_free(l);
	return err;
}
