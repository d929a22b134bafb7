/*
 * What test/balance.sh puts in front of and behind a balancer.
 *
 *     balance server FILE FROM MS [DIES]
 *
 * serves jobs on a port that it says first, to balancers in FROM, which have MS
 * milliseconds for a header: writes "ID HOST" to FILE and then acknowledges.
 * With DIES it kills itself (-9) after it has written so many, the last of
 * which it doesn't acknowledge.  When somebody came who had no job it writes
 * "checked" there, now and then.  Complaints go to standard error.  It ends on
 * SIGTERM, and says what it has counted.
 *
 *     balance client N PORT JOBS FILE
 *
 * sends JOBS jobs from 127.0.0.N, each until it is acknowledged, on a new
 * connection every ten jobs, and writes each acknowledged "ID" to FILE.  Its
 * identifiers begin with N.
 *
 *     balance front COMMAND...
 *
 * runs a command with a listening socket as descriptor 3, whose port it says
 * first, and in the environment variable PORT.
 *
 *     balance knock HOST PORT
 *
 * connects from HOST, sends standard input, and waits to be closed; says what
 * came.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 20000  /* ms; a limit that is not meant to run out */
#define EACH     100000 /* identifiers of a client */

struct job {
	uint32_t id;
};

static void
job_x(struct cask_ar *ar, struct job *j)
{
	cask_u32(ar, &j->id);
}

static void give_up(const char *format, ...) CASK_PRINTF(1, 2);

static void
give_up(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "balance: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(2);
}

static int
open_record(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		give_up("%s: %s", path, strerror(errno));
	return fd;
}

/* A whole line at once, which outlives whoever wrote it. */
static void
record(int fd, const char *line)
{
	if (write(fd, line, strlen(line)) != (ssize_t)strlen(line))
		give_up("can't write: %s", strerror(errno));
}

/* A server */

static struct server {
	struct cask_server s;
	struct cask_timer timer;
	int fd;
	unsigned dies, records;
	uint64_t accepted, messages; /* when the timer was there last */
} server;

static void
on_job(struct cask_client *c, struct job *j)
{
	const char *name = c->sock.io.peer;
	char line[96];

	snprintf(line, sizeof line, "%u %.*s\n", j->id, (int)strcspn(name, ":"),
	    name);
	record(server.fd, line);
	if (++server.records == server.dies)
		raise(SIGKILL);
	cask_reply(c, j, job_x);
}
CASK_HANDLER(take_job, struct job, job_x, on_job)

static void
on_closed(struct cask_client *c, int err, const char *words)
{
	(void)c;
	if (err != 0)
		fprintf(stderr, "%s\n", words);
}

static void
on_refused(struct cask_server *s, const char *words)
{
	(void)s;
	fprintf(stderr, "%s\n", words);
}

static void
on_trouble(struct cask_server *s, int err, const char *words)
{
	(void)s;
	(void)err;
	fprintf(stderr, "%s\n", words);
}

/* Who came while there were no jobs is a health check. */
static void
on_time(struct cask_timer *t)
{
	const struct cask_server_counts *now = &server.s.counts;

	(void)t;
	if (now->messages == server.messages && now->accepted > server.accepted)
		record(server.fd, "checked\n");
	server.messages = now->messages;
	server.accepted = now->accepted;
}

static void
on_term(int sig)
{
	(void)sig;
	cask_server_stop(&server.s);
}

static int
run_server(char **arg)
{
	struct cask_server *s = &server.s;
	uint16_t port;

	s->message = take_job;
	s->closed = on_closed;
	s->refused = on_refused;
	s->trouble = on_trouble;
	cask_nets_add(&s->balancers, arg[1]);
	s->limit.message_ms = atoi(arg[2]);
	server.timer.fire = on_time;
	server.timer.after_ms = server.timer.every_ms = 100;
	server.fd = open_record(arg[0]);
	server.dies = arg[3] != NULL ? (unsigned)atoi(arg[3]) : 0;
	if (cask_server_listen_behind(s, "127.0.0.1", "0") != 0 ||
	    cask_timer_start(&server.timer) != 0)
		give_up("%s", cask_server_why(s));
	signal(SIGTERM, on_term);
	cask_server_local(s, 0, NULL, 0, &port);
	printf("%u\n", port);
	fflush(stdout);
	if (cask_serve(s) != 0)
		give_up("%s", cask_server_why(s));
	printf("%llu dropped, %llu refused\n",
	    (unsigned long long)s->counts.dropped,
	    (unsigned long long)s->counts.refused);
	return 0;
}

/* Sockets of the test's own */

static struct sockaddr_in
address(const char *host, const char *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, host, &sa.sin_addr) != 1)
		give_up("%s is no address", host);
	return sa;
}

/* From one address to a port of the loopback; -1. */
static int
connect_from(const char *host, const char *port)
{
	struct sockaddr_in from = address(host, "0");
	struct sockaddr_in to = address("127.0.0.1", port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
		give_up("%s: %s", host, strerror(errno));
	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A client */

static long long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static bool
ask(struct cask_link *l, const char *host, const char *port, uint32_t id)
{
	struct job j = { id }, ack;
	int fd;

	if (!l->sock.open) {
		fd = connect_from(host, port);
		if (fd < 0 || cask_link_attach(l, fd) != 0)
			return false;
	}
	return cask_link_call(l, &j, job_x, &ack, job_x) && ack.id == id;
}

static int
run_client(char **arg)
{
	struct cask_link l = { .sock.timeout_ms = 5000 };
	const struct timespec pause = { .tv_nsec = 10000000 };
	const unsigned jobs = (unsigned)atoi(arg[2]);
	const long long until = now_ms() + PATIENCE;
	const int fd = open_record(arg[3]);
	unsigned retries = 0;
	char host[32], line[32];

	snprintf(host, sizeof host, "127.0.0.%s", arg[0]);
	for (unsigned i = 0; i < jobs;) {
		uint32_t id = (uint32_t)atoi(arg[0]) * EACH + i;

		if (ask(&l, host, arg[1], id)) {
			snprintf(line, sizeof line, "%u\n", id);
			record(fd, line);
			if (++i % 10 == 0)
				cask_link_close(&l);
			continue;
		}
		if (now_ms() > until)
			give_up("client %s: %s", host, cask_link_why(&l));
		cask_link_close(&l);
		retries++;
		nanosleep(&pause, NULL);
	}
	cask_link_close(&l);
	printf("%s: %u retries\n", host, retries);
	return 0;
}

/* Other roles */

static int
run_front(char **arg)
{
	struct sockaddr_in sa = address("127.0.0.1", "0");
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char port[8];

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, n) != 0 ||
	    listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) != 0 ||
	    (fd != 3 && dup2(fd, 3) != 3))
		give_up("listen: %s", strerror(errno));
	if (fd != 3)
		close(fd);
	snprintf(port, sizeof port, "%u", ntohs(sa.sin_port));
	setenv("PORT", port, 1);
	printf("%s\n", port);
	fflush(stdout);
	execvp(arg[0], arg);
	give_up("%s: %s", arg[0], strerror(errno));
	return 2;
}

static int
run_knock(char **arg)
{
	int fd = connect_from(arg[0], arg[1]);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char bytes[512];
	size_t n = fread(bytes, 1, sizeof bytes, stdin);
	ssize_t got;

	if (fd < 0)
		give_up("knock: %s", strerror(errno));
	if (n > 0)
		send(fd, bytes, n, MSG_NOSIGNAL); /* or it is closed already */
	if (poll(&p, 1, PATIENCE) != 1)
		give_up("knock: nothing happens");
	got = recv(fd, bytes, sizeof bytes, 0);
	if (got > 0)
		printf("%zd bytes\n", got);
	else
		printf("closed\n");
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(char **arg);
		int least;
	} roles[] = { { "server", run_server, 3 }, { "client", run_client, 4 },
		{ "front", run_front, 1 }, { "knock", run_knock, 2 } };

	alarm(3 * PATIENCE / 1000);
	for (size_t i = 0; i < sizeof roles / sizeof *roles && argc > 1; i++)
		if (strcmp(argv[1], roles[i].name) == 0 &&
		    argc - 2 >= roles[i].least)
			return roles[i].run(argv + 2);
	give_up("see its source");
	return 2;
}
