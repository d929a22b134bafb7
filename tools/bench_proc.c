/*
 * Processes, processors and time, for the network benchmarks.  A child that
 * fails says why and ends; this process then ends all others.  Should it be
 * killed itself, the kernel ends them.
 *
 * SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "bench_net.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILDREN 16

int first_cpu, second_cpu;
unsigned cpus;

static cpu_set_t allowed;
static unsigned limit_seconds;
static pid_t children[CHILDREN];
static bool is_child;

/* Ends */

static void
end_children(void)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (children[i] > 0)
			stop(children[i]);
}

void
die(const char *what, const char *why)
{
	fflush(stdout);
	fprintf(
	    stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
	if (is_child)
		_exit(1);
	end_children();
	exit(1);
}

void
failed(const char *what)
{
	die(what, strerror(errno));
}

/* Processors */

static void
pin(int cpu)
{
	cpu_set_t set = allowed;

	if (cpu != ANY_CPU) {
		CPU_ZERO(&set);
		CPU_SET((size_t)cpu, &set);
	}
	if (sched_setaffinity(0, sizeof set, &set) != 0)
		failed("sched_setaffinity");
}

static void
find_processors(void)
{
	if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
		failed("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET((size_t)i, &allowed))
			continue;
		if (cpus == 0)
			first_cpu = second_cpu = i;
		else if (cpus == 1)
			second_cpu = i;
		cpus++;
	}
}

/* The beginning */

void
proc_begin(unsigned seconds)
{
	struct rlimit l;

	limit_seconds = seconds;
	alarm(seconds);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		failed("signal");
	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		failed("getrlimit");
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) != 0)
		failed("setrlimit");
	find_processors();
}

size_t
descriptors(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		failed("getrlimit");
	return (size_t)l.rlim_cur;
}

void *
shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		failed("mmap");
	return p;
}

/* Children */

static void
be_child(pid_t parent, int cpu)
{
	is_child = true;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		failed("prctl");
	if (getppid() != parent)
		_exit(1);
	alarm(limit_seconds);
	pin(cpu);
}

pid_t
spawn(void (*work)(void *arg), void *arg, int cpu)
{
	pid_t parent = getpid(), child;
	size_t i = 0;

	while (i < CHILDREN && children[i] != 0)
		i++;
	if (i == CHILDREN)
		die("spawn", "too many children");
	fflush(stdout);
	child = fork();
	if (child < 0)
		failed("fork");
	if (child == 0) {
		be_child(parent, cpu);
		work(arg);
		_exit(0);
	}
	children[i] = child;
	return child;
}

static int
reap(pid_t child)
{
	int status = 0;

	for (size_t i = 0; i < CHILDREN; i++)
		if (children[i] == child)
			children[i] = 0;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			failed("waitpid");
	return status;
}

void
finished(pid_t child)
{
	int status = reap(child);

	if (WIFSIGNALED(status))
		die("child", strsignal(WTERMSIG(status)));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		die("child", "failed");
}

void
stop(pid_t child)
{
	kill(child, SIGKILL);
	(void)reap(child);
}

/* Time */

static double
ns_of(const struct timespec *t)
{
	return (double)t->tv_sec * 1e9 + (double)t->tv_nsec;
}

double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ns_of(&t);
}

static double
usage_ns(const struct rusage *r)
{
	return (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) * 1e9 +
	    (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec) * 1e3;
}

double
cpu_ns(void)
{
	struct rusage r;

	if (getrusage(RUSAGE_SELF, &r) != 0)
		failed("getrusage");
	return usage_ns(&r);
}

/* What all processes, and what this one and its children, have used: in ns. */
static double
all_used(void)
{
	char line[128] = "", *p = line + strlen("cpu ");
	double ticks = 0;
	FILE *f = fopen("/proc/stat", "r");

	if (f == NULL)
		return 0;
	if (fgets(line, sizeof line, f) != NULL)
		for (int i = 0; i < 3; i++) /* user, nice, system */
			ticks += (double)strtoull(p, &p, 10);
	fclose(f);
	return ticks * 1e9 / (double)sysconf(_SC_CLK_TCK);
}

static double
used_here(void)
{
	struct rusage r;

	if (getrusage(RUSAGE_CHILDREN, &r) != 0)
		failed("getrusage");
	return usage_ns(&r) + cpu_ns();
}

double
used_by_others(void)
{
	static double before, since;
	double others = all_used() - used_here(), share;

	share = (others - before) / (now_ns() - since);
	before = others;
	since = now_ns();
	return share;
}

double
cpu_ns_of(pid_t child)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(child, &clock) != 0 ||
	    clock_gettime(clock, &t) != 0)
		die("clock_getcpuclockid", "no clock of a child");
	return ns_of(&t);
}

void
pass_ns(long ns)
{
	struct timespec t = { .tv_nsec = ns };

	while (nanosleep(&t, &t) != 0)
		if (errno != EINTR)
			failed("nanosleep");
}
