/*
 * The honest clients of `make soak`: fifty, in one process.  Each has one
 * request under way at most, and looks at every byte of its answer.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "soak.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_NS 20e9
#define SLOWEST_US  200000 /* what is slower counts as this */

struct one {
	int fd;
	uint32_t from, nth, sum;
	unsigned since; /* requests of this connection */
	double asked;   /* when, or 0 */
	double due;
};

static struct one all[HONEST];
static unsigned slower[SLOWEST_US + 1]; /* how many took so many us */
static struct account account;
static double most;
static uint64_t seed;

uint64_t
soak_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s * UINT64_C(0x2545F4914F6CDD1D) >> 11;
}

static void
put32(unsigned char *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, 4);
}

static uint32_t
get32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return le32toh(v);
}

size_t
soak_request(unsigned char *p, uint32_t from, uint32_t nth, uint64_t *s)
{
	unsigned n = (unsigned)(soak_random(s) % (PAYLOAD + 1));
	uint64_t r = soak_random(s);

	put32(p, HEAD - 4 + n);
	put32(p + 4, from);
	put32(p + 8, nth);
	p[12] = (unsigned char)n;
	p[13] = 0;
	for (unsigned i = 0; i < n; i++)
		p[HEAD + i] = (unsigned char)(r >> i % 40);
	return HEAD + n;
}

static uint32_t
sum_of(const unsigned char *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = HEAD; i < n; i++)
		sum = sum * 31 + p[i];
	return sum;
}

static void
ask(struct one *o)
{
	unsigned char bytes[REQUEST];
	size_t n = soak_request(bytes, o->from, ++o->nth, &seed);

	o->sum = sum_of(bytes, n);
	o->asked = now_ns();
	account.sent += n;
	hand_send(o->fd, bytes, n);
}

static void
be_answered(struct one *o)
{
	unsigned char p[ANSWER];
	double us;

	if (recv(o->fd, p, ANSWER, MSG_WAITALL) != ANSWER)
		die("an honest client", "lost");
	us = (now_ns() - o->asked) / 1e3;
	if (get32(p) != ANSWER - 4 || get32(p + 4) != o->from ||
	    get32(p + 8) != o->nth || get32(p + 12) != o->sum)
		die("an honest client", "another answer");
	most = us > most ? us : most;
	slower[us < SLOWEST_US ? (unsigned)us : SLOWEST_US]++;
	account.received += ANSWER;
	account.requests++;
	o->asked = 0;
	o->since++;
}

static void
meet(struct one *o, uint16_t port)
{
	o->fd = hand_connect(port, 0);
	o->since = 0;
	account.connections++;
}

static unsigned
quantile(double share)
{
	double left = share * account.requests;
	unsigned us = 0;

	while (us < SLOWEST_US && (left -= slower[us]) > 0)
		us++;
	return us;
}

/* At random, around the average. */
static double
think_ns(const struct order *o)
{
	return o->think_us == 0 ? 0
				: (double)o->think_us *
		(0.5 + (double)(soak_random(&seed) % 1000) / 1000) * 1e3;
}

struct job {
	const struct order *o;
	uint16_t port;
	double end;   /* no requests from then on */
	double begun; /* so many were */
};

/* Ask, if it is time to: gives when it will be, or 0 if never again. */
static double
go_on(struct job *j, struct one *o, double now)
{
	if (o->asked != 0)
		return now + PATIENCE_NS;
	if (now >= j->end || j->begun >= j->o->requests)
		return 0;
	if (now < o->due)
		return o->due < j->end ? o->due : j->end;
	if (j->o->stay > 0 &&
	    o->since >= j->o->stay / 2 + soak_random(&seed) % j->o->stay) {
		hand_close(o->fd);
		meet(o, j->port);
	}
	j->begun++;
	ask(o);
	return now + PATIENCE_NS;
}

static void
wait_until(double until, struct pollfd *fds)
{
	double ns = until - now_ns();
	struct timespec t = { 0, 0 };

	for (unsigned i = 0; i < HONEST; i++)
		fds[i] = (struct pollfd) {
			.fd = all[i].asked != 0 ? all[i].fd : -1,
			.events = POLLIN,
		};
	if (ns > 0) {
		t.tv_sec = (time_t)(ns / 1e9);
		t.tv_nsec = (long)(ns - (double)t.tv_sec * 1e9);
	}
	if (ppoll(fds, HONEST, &t, NULL) < 0 && errno != EINTR)
		failed("ppoll");
}

static void
look_at(struct job *j, const struct pollfd *fds)
{
	for (unsigned i = 0; i < HONEST; i++) {
		if (fds[i].fd >= 0 && fds[i].revents != 0) {
			be_answered(&all[i]);
			all[i].due = now_ns() + think_ns(j->o);
		} else if (all[i].asked != 0 &&
		    now_ns() - all[i].asked > PATIENCE_NS) {
			die("an honest client", "not answered for 20 s");
		}
	}
}

static void
work(struct job *j)
{
	struct pollfd fds[HONEST];
	double begin = now_ns(), soonest;

	memset(slower, 0, sizeof slower);
	most = 0;
	j->end = begin + j->o->ms * 1e6;
	for (unsigned i = 0; i < HONEST; i++)
		all[i].due = begin + think_ns(j->o);
	do {
		soonest = 0;
		for (unsigned i = 0; i < HONEST; i++) {
			double at = go_on(j, &all[i], now_ns());

			if (at != 0 && (soonest == 0 || at < soonest))
				soonest = at;
		}
		if (soonest != 0) {
			wait_until(soonest, fds);
			look_at(j, fds);
		}
	} while (soonest != 0);
	account.seconds = (now_ns() - begin) / 1e9;
	account.p50 = quantile(0.50);
	account.p99 = quantile(0.99);
	account.most = most;
}

static void
be_honest(void *arg)
{
	struct honest *h = arg;
	struct order o;

	seed = knobs.seed ^ h->port;
	for (unsigned i = 0; i < HONEST; i++) {
		all[i].from = i;
		meet(&all[i], h->port);
	}
	for (;;) {
		struct job j = { .o = &o, .port = h->port };

		if (write(h->account[1], &account, sizeof account) !=
		    sizeof account)
			failed("write");
		memset(&account, 0, sizeof account);
		if (read(h->order[0], &o, sizeof o) != sizeof o)
			failed("read");
		work(&j);
	}
}

struct account
honest_done(const struct honest *h)
{
	struct account a;

	if (read(h->account[0], &a, sizeof a) != sizeof a)
		die("the honest clients", "have failed");
	return a;
}

void
honest_begin(const struct honest *h, const struct order *o)
{
	if (write(h->order[1], o, sizeof *o) != sizeof *o)
		failed("write");
}

struct account
honest_work(struct honest *h, const struct order *o)
{
	honest_begin(h, o);
	return honest_done(h);
}

void
honest_start(struct honest *h, uint16_t port)
{
	h->port = port;
	if (pipe(h->order) != 0 || pipe(h->account) != 0)
		failed("pipe");
	h->pid = spawn(be_honest, h, second_cpu);
	hand_close(h->order[0]);
	hand_close(h->account[1]);
	(void)honest_done(h);
}

void
honest_stop(struct honest *h)
{
	stop(h->pid);
	hand_close(h->order[1]);
	hand_close(h->account[0]);
}
