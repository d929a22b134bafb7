/*
 * Closing, in its several ways; and what is left to say after an error.  See
 * <cask/sock.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sock.h"

#include "connect.h"
#include "sys.h"
#include "trace.h"

#include <errno.h>

/* Has an archive stored what was not flushed, or the system does not take?  A
 * call that is about to send it tells of that itself. */
static bool
is_unsent(const struct cask_sock *s)
{
	return (s->held_size > 0 || s->io.unflushed != NULL) &&
	    s->sending == NULL && s->lost == 0;
}

static int
shut_down(struct cask_sock *s, enum cask_shutdown how)
{
	static const int system[] = {
		[CASK_RECEIVES] = SHUT_RD,
		[CASK_SENDS] = SHUT_WR,
		[CASK_BOTH] = SHUT_RDWR,
	};
	int r = -EINVAL;

	s->io.passing = 0;
	if (caski_call_stuck(s, true) != 0)
		return s->io.err;
	if (!s->open)
		return cask_io_fail_words(
		    &s->io, EBADF, "shutdown", "the socket is not open");
	caski_held_push(s);
	if (how != CASK_RECEIVES && is_unsent(s))
		return cask_io_pass(&s->io, ENOTEMPTY, "shutdown",
		    "what an archive has stored has to be flushed first");
	if ((unsigned)how < sizeof system / sizeof system[0])
		r = caski_sys_shutdown(s->watch.fd, system[how]);
	return r < 0 ? cask_io_fail(&s->io, -r, "shutdown") : 0;
}

int
cask_shutdown(struct cask_sock *s, enum cask_shutdown how)
{
	return caski_trace_end(s, "shutdown", shut_down(s, how));
}

static void
close_reserve(struct cask_sock *s)
{
	if (s->reserve > 0)
		caski_sys_close(s->reserve - 1);
	s->reserve = 0;
}

/* A cancel from another thread that is under way may still use it. */
int
caski_sock_let_go(struct cask_sock *s)
{
	int fd = s->open ? s->watch.fd : -1;

	if (s->open)
		caski_held_push(s);
	caski_calls_lose(s);
	caski_notify_stop(s);
	caski_attempt_free(s->attempt);
	s->attempt = NULL;
	caski_ahead_free(s);
	caski_held_free(s);
	close_reserve(s);
	s->open = s->listening = s->bound = false;
	__atomic_store_n(&s->bell, 0, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&s->cancelling, __ATOMIC_SEQ_CST) != 0)
		caski_sys_yield();
	__atomic_store_n(&s->cancelled, 0, __ATOMIC_SEQ_CST);
	return fd;
}

/* EINTR: the descriptor is gone all the same; a retry might hit another's. */
int
cask_close(struct cask_sock *s)
{
	bool unsent = s->open && (caski_held_push(s), is_unsent(s));
	int fd = caski_sock_let_go(s);
	int r = fd >= 0 ? caski_sys_close(fd) : 0;

	s->io.passing = 0;
	r = r < 0 && r != -EINTR ? -r : 0;
	if (r != 0)
		cask_io_fail(&s->io, r, "close");
	else if (unsent)
		r = cask_io_fail_words(&s->io, ENOTEMPTY, "close",
		    "what an archive had stored was not sent (cask_flush)");
	caski_trace_call(s, "close", r);
	return s->io.err;
}

static int
detach(struct cask_sock *s)
{
	int fd;

	s->io.passing = 0;
	if (!s->open) {
		cask_io_pass(&s->io, EBADF, "detach", "the socket is not open");
		return -1;
	}
	if (s->io.ahead > 0) {
		cask_io_pass(&s->io, ENOTEMPTY, "detach",
		    "what was read ahead has to be received first");
		return -1;
	}
	caski_held_push(s);
	if (is_unsent(s)) {
		cask_io_pass(&s->io, ENOTEMPTY, "detach",
		    "what an archive has stored has to be flushed first");
		return -1;
	}
	fd = caski_sock_let_go(s);
	if (s->direct)
		caski_sys_blocking(fd, false);
	if (s->direct_ms != 0)
		caski_sys_receive_limit(fd, 0);
	return fd;
}

int
cask_detach(struct cask_sock *s)
{
	return (int)caski_trace_count(s, "detach", detach(s));
}

int
cask_sock_fd(const struct cask_sock *s)
{
	return s->open ? s->watch.fd : -1;
}

enum cask_state
cask_sock_state(const struct cask_sock *s)
{
	if (s->io.err == 0)
		return CASK_GOOD;
	if (s->io.err == ECANCELED)
		return CASK_CANCELLED;
	if (s->io.err != ETIMEDOUT || !s->open || s->io.limit_ms == 0)
		return CASK_BROKEN;
	return s->io.inside ? CASK_POISONED : CASK_CLEAN;
}

int
cask_resume(struct cask_sock *s)
{
	if (cask_sock_state(s) != CASK_CLEAN)
		return s->io.err;
	s->io.err = s->io.limit_ms = 0;
	s->io.words[0] = '\0';
	s->value_limit = 0;
	return 0;
}

const char *
cask_sock_why(struct cask_sock *s)
{
	if (s->io.err == 0 && s->io.passing == 0)
		return "no error";
	return cask_io_why(&s->io, s->why, sizeof s->why);
}
