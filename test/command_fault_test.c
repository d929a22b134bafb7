/*
 * The commands, while what they need fails: a short whole run of each, again
 * and again, with its 1st, 2nd, 3rd… call of the C library failing that can
 * fail, once, and then with all that follow it.
 *
 * However it is, a run ends by itself, with an exit code of those that its
 * manual has; when it failed it has said why, and when it did not it has done
 * what it does otherwise; and nothing is left behind.
 *
 * SPDX-License-Identifier: MIT
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#define TEST_SECONDS    600

#include "libc_fault.h"
#include "test.h"

#include "../tools/command.h"

#include <fcntl.h>
#include <netdb.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cask/error.h>

#define PATIENCE_MS 4000  /* then it is told to end */
#define GRACE_MS    500   /* … and so long after its peers have ended */
#define HANG_MS     20000 /* no run takes so long */
#define TEXT        65536
#define WORDS_MOST  16
#define WRONG_MOST  20
#define CALLS_MOST  20000

/* How the output of a run that went well is compared with another's. */
enum compared {
	ALL,   /* it is the same */
	WORDS, /* … but for the order of lines, and numbers: ports, times */
	NOT,
};

/*
 * A run: the words of the command; of who was there before, told by what it
 * prints where it listens, which port BEFORE is; and of who comes after the
 * command has told its PORT.
 */
struct scenario {
	const char *words;
	const char *input;
	const char *before, *before_input;
	const char *after, *after_input;
	const char *file; /* made by a run that went well, in the directory */
	const char *gone; /* taken away again */
	bool ends;        /* told to, when its peers have ended */
	enum compared compared;
	bool may_lack; /* … if it has complained: others are served all the same
			*/
	const char *excuse; /* … or if it has printed this */
	const char *has;    /* it is in the output of a run that went well */
	unsigned many; /* calls that fail in a row, not all: it may recover */
};

/* A process, and what it has said. */
struct process {
	pid_t pid;
	int out, err;
	char said[2][TEXT];
	size_t n[2];
	int status;
};

/* What a run tells about itself. */
static struct told {
	int descriptors; /* more than before */
} * told;

static char dir[64];

static int
descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Processes */

/* Words, where {DIR}, {BEFORE} and {PORT} stand for something. */
static int
split(char *line, size_t size, char *argv[WORDS_MOST], const char *words,
    const char *before, const char *port)
{
	const struct {
		const char *name, *value;
	} names[] = { { "{DIR}", dir }, { "{BEFORE}", before },
		{ "{PORT}", port } };
	size_t n = 0;
	int argc = 0;

	while (*words != '\0') {
		size_t i = 0;

		while (i < COUNT(names) &&
		    strncmp(words, names[i].name, strlen(names[i].name)) != 0)
			i++;
		if (i < COUNT(names)) {
			n += (size_t)snprintf(
			    line + n, size - n, "%s", names[i].value);
			words += strlen(names[i].name);
		} else {
			line[n++] = *words++;
		}
		assert_true(n + 1 < size);
	}
	line[n] = '\0';
	for (char *w = strtok(line, " "); w != NULL; w = strtok(NULL, " ")) {
		for (char *c = w; *c != '\0'; c++) /* within a word */
			*c = *c == '_' ? ' ' : *c;
		argv[argc++] = w;
	}
	argv[argc] = NULL;
	return argc;
}

/* In the child: as tools/cask.c does it, but for what is counted. */
static _Noreturn void
be(int argc, char **argv, const struct libc_plan *plan)
{
	const struct command *c = command_find(argv[0]);
	int code, before;

	alarm(2 * HANG_MS / 1000);
	signal(SIGPIPE, SIG_IGN);
	if (c == NULL)
		_exit(99);
	before = descriptors();
	if (plan != NULL)
		libc_fault_begin(plan);
	code = command_run(c, argc, argv);
	libc_fault_end();
	fflush(NULL);
	if (plan != NULL)
		told->descriptors = descriptors() - before;
	exit(code);
}

static void
start(struct process *p, const char *words, const char *input,
    const char *before, const char *port, const struct libc_plan *plan)
{
	char line[1024], *argv[WORDS_MOST + 1];
	int argc = split(line, sizeof line, argv, words, before, port);
	int in[2], out[2], err[2];

	memset(p, 0, sizeof *p);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	if (input != NULL)
		assert_int_equal(
		    write(in[1], input, strlen(input)), strlen(input));
	fflush(NULL);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		be(argc, argv, plan);
	}
	close(in[0]);
	close(in[1]);
	close(out[1]);
	close(err[1]);
	p->out = out[0];
	p->err = err[0];
}

/* Whatever it says now; closes what has ended. */
static void
hear(struct process *p, int *fd, int which)
{
	size_t room = TEXT - 1 - p->n[which];
	ssize_t n = test_read(*fd, p->said[which] + p->n[which], room);

	if (n > 0) {
		p->n[which] += (size_t)n;
		return;
	}
	close(*fd);
	*fd = -1;
}

static bool
ended(const struct process *p)
{
	return p->pid != 0 && p->out < 0 && p->err < 0;
}

/* Hear all of them until something is said, at most so long. */
static void
hear_any(struct process *const p[3], int ms)
{
	struct pollfd fds[6];

	for (int i = 0; i < 3; i++) {
		fds[2 * i] =
		    (struct pollfd) { .fd = p[i]->pid != 0 ? p[i]->out : -1,
			    .events = POLLIN };
		fds[2 * i + 1] =
		    (struct pollfd) { .fd = p[i]->pid != 0 ? p[i]->err : -1,
			    .events = POLLIN };
	}
	test_poll(fds, 6, ms);
	for (int i = 0; i < 3; i++) {
		if (fds[2 * i].revents != 0)
			hear(p[i], &p[i]->out, 0);
		if (fds[2 * i + 1].revents != 0)
			hear(p[i], &p[i]->err, 1);
	}
}

/* Whether it listens; and on which port, if it is one. */
static bool
listens(const struct process *p, char port[8])
{
	for (int i = 0; i < 2; i++) {
		const char *at = strstr(p->said[i], "listening on ");
		unsigned n;

		if (at == NULL || strchr(at, '\n') == NULL)
			continue;
		at = strstr(at, " port ");
		if (at != NULL && sscanf(at, " port %u", &n) == 1)
			snprintf(port, 8, "%u", n & 0xFFFF);
		return true;
	}
	return false;
}

static void
finish(struct process *p)
{
	if (p->pid == 0)
		return;
	test_await(p->pid, &p->status);
	if (p->out >= 0)
		close(p->out);
	if (p->err >= 0)
		close(p->err);
}

static void
end_peer(struct process *p)
{
	if (p->pid != 0)
		kill(p->pid, SIGKILL);
	finish(p);
}

/* Runs */

struct run {
	const struct scenario *s;
	struct libc_plan plan;
	struct process command, before, after;
	bool was_told; /* to end */
	char made[TEXT];
};

static const struct scenario *now; /* for what is said of a failure */
static struct run *running;

static void
say_run(void)
{
	const struct libc_outcome o = libc_fault_outcome();

	fprintf(stderr, "cask %s\n  call %u, %u of them, error %u: %s: %s\n",
	    now->words, running->plan.nth, running->plan.many,
	    running->plan.which, o.call != NULL ? o.call : "none failed",
	    o.is_name ? gai_strerror(o.err) : strerror(o.err));
	fprintf(stderr, "  status %#x%s, %d descriptors left\n",
	    (unsigned)running->command.status,
	    running->was_told ? ", told to end" : "", told->descriptors);
	fprintf(stderr, "--- it printed\n%s--- and complained\n%s---\n",
	    running->command.said[0], running->command.said[1]);
}

/* What is not so is told of each run, before the test fails. */
static unsigned wrong;

static void
note_wrong(const char *what)
{
	if (wrong++ < WRONG_MOST) {
		say_run();
		fprintf(stderr, "it is not so: %s\n\n", what);
	}
}

#define CHECK(condition)                        \
	do {                                    \
		if (!(condition)) {             \
			note_wrong(#condition); \
			return;                 \
		}                               \
	} while (0)

static void
go(struct run *r)
{
	const struct scenario *s = r->s;
	struct process *const all[] = { &r->command, &r->before, &r->after };
	char before[8] = "", port[8] = "";
	int64_t began = test_now_ms(), ends = began + PATIENCE_MS;
	bool alone = s->before == NULL && s->after == NULL;

	if (s->before != NULL)
		start(&r->before, s->before, s->before_input, "", "", NULL);
	while (s->before != NULL && !listens(&r->before, before)) {
		assert_false(ended(&r->before));
		hear_any(all, 1000);
	}
	start(&r->command, s->words, s->input, before, port, &r->plan);
	while (!ended(&r->command)) {
		int64_t left = ends - test_now_ms();

		if (s->after != NULL && r->after.pid == 0 &&
		    listens(&r->command, port))
			start(&r->after, s->after, s->after_input, before, port,
			    NULL);
		if (!alone &&
		    ended(s->after != NULL ? &r->after : &r->before)) {
			ends = test_now_ms() + (s->ends ? 0 : GRACE_MS);
			alone = true;
		}
		if (left <= 0 && !r->was_told) {
			kill(r->command.pid, SIGTERM);
			r->was_told = true;
		}
		if (test_now_ms() > began + HANG_MS) {
			kill(r->command.pid, SIGKILL);
			note_wrong("it ends");
		}
		hear_any(all, left > 20 || left <= 0 ? 20 : (int)left);
	}
	finish(&r->command);
	end_peer(&r->before);
	end_peer(&r->after);
}

/* Files that a run makes */

static void
path_of(const char *file, char path[128])
{
	snprintf(path, 128, "%s/%s", dir, file);
}

static bool
is_there(const char *file)
{
	char path[128];

	path_of(file, path);
	return access(path, F_OK) == 0;
}

static void
take_away(const char *file)
{
	char path[128];

	path_of(file, path);
	unlink(path);
}

static bool
read_file(const struct scenario *s, char text[TEXT])
{
	char path[128];
	ssize_t n;
	int fd;

	path_of(s->file, path);
	fd = open(path, O_RDONLY);
	text[0] = '\0';
	if (fd < 0)
		return false;
	n = read(fd, text, TEXT - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return true;
}

/* Judgement */

/* Numbers, and what is hexadecimal, are gone. */
static void
without_numbers(char *s)
{
	char *to = s;

	while (*s != '\0') {
		size_t n = strspn(s, "0123456789abcdef");

		if (n < 8 && strcspn(s, "0123456789") > 0)
			n = 0;
		if (n > 0)
			*to++ = '#';
		else
			*to++ = *s++;
		s += n;
	}
	*to = '\0';
}

static int
by_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
sort_lines(char *s)
{
	static char sorted[TEXT];
	char *line[1000], *to = sorted;
	size_t n = 0;

	for (char *l = strtok(s, "\n"); l != NULL; l = strtok(NULL, "\n")) {
		assert_true(n < COUNT(line));
		line[n++] = l;
	}
	qsort(line, n, sizeof *line, by_words);
	for (size_t i = 0; i < n; i++)
		to += sprintf(to, "%s\n", line[i]);
	*to = '\0';
	strcpy(s, sorted);
}

static bool
is_same(const struct scenario *s, const char *a, const char *b)
{
	static char x[TEXT], y[TEXT];

	if (s->compared == NOT)
		return true;
	strcpy(x, a);
	strcpy(y, b);
	if (s->compared == WORDS) {
		without_numbers(x);
		without_numbers(y);
		sort_lines(x);
		sort_lines(y);
	}
	return strcmp(x, y) == 0;
}

/* What it has complained of, or found different: where it says why it failed.
 */
static const char *
words_of(const struct run *r)
{
	const char *different = strstr(r->command.said[0], "different: ");

	return different != NULL ? different : r->command.said[1];
}

/* It has said why, in words that a person knows it by. */
static bool
names_reason(const struct run *r, const struct libc_outcome *o)
{
	const char *said = words_of(r);
	const char *why =
	    o->is_name ? gai_strerror(o->err) : cask_strerror(o->err);
	bool memory = o->is_name ? o->err == EAI_MEMORY : o->err == ENOMEM;

	return r->plan.many > 1 || strstr(said, why) != NULL ||
	    (memory && strstr(said, "no memory") != NULL) ||
	    (memory && strstr(said, "out of memory") != NULL) ||
	    (memory && strstr(said, cask_strerror(ENOMEM)) != NULL);
}

static void
judge(const struct run *r, const struct run *calm)
{
	const struct libc_outcome o = libc_fault_outcome();
	const struct command *c;
	char name[32], begins[40];
	int code;

	if (r->was_told && WIFSIGNALED(r->command.status) &&
	    WTERMSIG(r->command.status) == SIGTERM)
		return; /* a command that has no other way to end */
	CHECK(WIFEXITED(r->command.status));
	code = WEXITSTATUS(r->command.status);
	sscanf(r->s->words, "%31s", name);
	c = command_find(name);
	CHECK(code < EXITS_MOST && c->exits[code] != NULL);
	CHECK(told->descriptors == 0);
	CHECK(r->s->gone == NULL || !is_there(r->s->gone) ||
	    strstr(r->command.said[1], "can't be removed") != NULL);
	snprintf(begins, sizeof begins, "cask %s: ", name);
	CHECK(strstr(r->command.said[1], "ERROR: ") == NULL);
	if (r->was_told && !r->s->ends)
		return;
	if (code != 0) {
		CHECK(o.injected > 0);
		CHECK(strstr(words_of(r), begins) != NULL ||
		    words_of(r) != r->command.said[1]);
		CHECK(names_reason(r, &o));
		return;
	}
	if (r->s->may_lack &&
	    (strstr(r->command.said[1], begins) != NULL ||
		strstr(r->command.said[0], r->s->excuse) != NULL))
		return;
	CHECK(
	    r->s->has == NULL || strstr(r->command.said[0], r->s->has) != NULL);
	CHECK(is_same(r->s, r->command.said[0], calm->command.said[0]));
	CHECK(r->s->file == NULL || is_same(r->s, r->made, calm->made));
}

static void
try(struct run *r, const struct scenario *s)
{
	memset(r, 0, offsetof(struct run, plan));
	r->s = s;
	r->was_told = false;
	memset(&r->before, 0, sizeof r->before);
	memset(&r->after, 0, sizeof r->after);
	now = s;
	running = r;
	if (s->file != NULL)
		take_away(s->file);
	if (s->gone != NULL)
		take_away(s->gone);
	told->descriptors = 0;
	go(r);
	if (s->file != NULL)
		read_file(s, r->made);
}

/* With that plan; false: the run was over before the call. */
static bool
try_one(const struct scenario *s, const struct run *calm,
    const struct libc_plan *plan)
{
	static struct run r;

	r.plan = *plan;
	try(&r, s);
	judge(&r, calm);
	return libc_fault_outcome().injected > 0;
}

/* Each call once, with each error of its list. */
static unsigned
try_each(const struct scenario *s, const struct run *calm)
{
	struct libc_plan p = { 0, 1, 0 };
	unsigned total = 0;

	for (; try_one(s, calm, &p); p.nth++) {
		unsigned errors = libc_fault_outcome().errors;

		assert_true(p.nth < CALLS_MOST);
		total++;
		for (p.which = 1; p.which < errors; p.which++)
			total += try_one(s, calm, &p);
		p.which = 0;
	}
	return total;
}

/* Many in a row, beginning with each. */
static unsigned
try_many(const struct scenario *s, const struct run *calm)
{
	struct libc_plan p = { 0, s->many > 0 ? s->many : UINT32_MAX, 0 };

	for (; try_one(s, calm, &p); p.nth++)
		assert_true(p.nth < CALLS_MOST);
	return p.nth;
}

static void
everywhere(const struct scenario *s)
{
	static struct run calm;
	unsigned once, ever;

	wrong = 0;
	calm.plan = (struct libc_plan) { 0, 0, 0 };
	try(&calm, s);
	judge(&calm, &calm);
	if (calm.was_told != s->ends || WEXITSTATUS(calm.command.status) != 0)
		note_wrong("it goes well");
	once = try_each(s, &calm);
	ever = try_many(s, &calm);
	assert_true(once > 0 && ever > 0 && wrong == 0);
	printf(
	    "cask %s: %u single faults, %u times many\n", s->words, once, ever);
}

static void
each_of(const struct scenario *s, size_t n)
{
	if (!test_is_calm())
		skip(); /* calls are counted */
	for (size_t i = 0; i < n; i++)
		everywhere(&s[i]);
}

/* Files that are there before */

static void
make_file(const char *name, const void *bytes, size_t n)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	fwrite(bytes, 1, n, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

static const char shape[] =
    "struct quote { text symbol; count n; f64 price[n]; }\n";

static const unsigned char quote[] = "\xff\xfe\xff\4A\0C\0M\0E\0\2\0"
				     "\0\0\0\0\0\300D@\0\0\0\0\0 E@";

static int
set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/cask-faults-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make_file("shape", shape, sizeof shape - 1);
	make_file("quote", quote, sizeof quote - 1);
	return told == MAP_FAILED ? -1 : 0;
}

static int
clean_up(void **state)
{
	char line[128];

	(void)state;
	snprintf(line, sizeof line, "rm -rf %s", dir);
	return system(line);
}

/* The scenarios */

static void
dump_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "dump {DIR}/quote" },
		{ .words = "dump --shape {DIR}/shape {DIR}/quote" },
		{ .words = "dump --shape {DIR}/shape --json {DIR}/quote" },
		{ .words = "dump --type u8* --ansi 437", .input = "hello" },
	};

	(void)state;
	each_of(runs, COUNT(runs));
}

static void
help_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "help" },
		{ .words = "help cat" },
		{ .words = "help --man cat" },
		{ .words = "help --completion bash" },
	};

	(void)state;
	each_of(runs, COUNT(runs));
}

static const char answer[] =
    "#!/bin/sh\nfor w; do echo \"received \\\"$w\\\"\"; done\n";

static void
lesson_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "lesson" },
		{ .words = "lesson 1", .compared = WORDS },
		{ .words = "lesson 2 --source" },
		{ .words = "lesson 1 --check {DIR}/answer" },
	};

	(void)state;
	make_file("answer", answer, sizeof answer - 1);
	each_of(runs, COUNT(runs));
}

static void
cat_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "cat 127.0.0.1 {BEFORE}",
		    .input = "question\n",
		    .before = "cat -l 127.0.0.1 0",
		    .before_input = "answer\n" },
		{ .words = "cat -l 127.0.0.1 0",
		    .input = "answer\n",
		    .after = "cat 127.0.0.1 {PORT}",
		    .after_input = "question\n" },
		{ .words = "cat --shape {DIR}/shape --json 127.0.0.1 {BEFORE}",
		    .input =
			"{\"symbol\":\"ACME\",\"n\":2,\"price\":[41.5,2]}\n",
		    .before = "cat -l --shape {DIR}/shape 127.0.0.1 0",
		    .before_input = "{\"symbol\":\"X\",\"n\":0,"
				    "\"price\":[]}\n" },
		{ .words = "cat -l -k --no-input --type text 127.0.0.1 0",
		    .after = "cat --type text 127.0.0.1 {PORT}",
		    .after_input = "{\"v1\":\"hello\"}\n",
		    .ends = true,
		    .may_lack = true,
		    .excuse = "from unknown",
		    .compared = WORDS },
		{ .words = "cat -l --unix {DIR}/path",
		    .input = "answer\n",
		    .after = "cat --unix {DIR}/path",
		    .after_input = "question\n",
		    .gone = "path" },
		{ .words = "cat -u --end peer --wait 0.3 127.0.0.1 {BEFORE}",
		    .input = "question\n",
		    .before = "cat -u -l 127.0.0.1 0",
		    .before_input = "answer\n" },
	};

	(void)state;
	each_of(runs, COUNT(runs));
}

static void
collect_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "collect -l 127.0.0.1 -p 0 --count 2",
		    .after =
			"report --retry 0.01 -i 0.01 -n 2 127.0.0.1 {PORT}",
		    .has = "total 2 reports of 1 reporters",
		    .compared = NOT },
		{ .words = "collect -l 127.0.0.1 -p 0 --count 1 --json",
		    .after = "report --retry 0.01 -n 1 127.0.0.1 {PORT}",
		    .has = "\"sequence\":1",
		    .compared = NOT },
	};

	(void)state;
	each_of(runs, COUNT(runs));
}

static void
report_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "report --retry 0.005 -n 1 127.0.0.1 {BEFORE}",
		    .before = "collect -l 127.0.0.1 -p 0",
		    .compared = WORDS,
		    .many = 4 },
		{ .words = "report --retry 0.005 -i 0.01 -n 2 --proc {DIR} "
			   "--name x 127.0.0.1 {BEFORE}",
		    .before = "collect -l 127.0.0.1 -p 0",
		    .compared = WORDS,
		    .many = 4 },
	};

	(void)state;
	each_of(runs, COUNT(runs));
}

static void
chat_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "chat --name Ann -p {BEFORE} 127.0.0.1",
		    .input = "hello\nthere\n",
		    .before = "chatd -l 127.0.0.1 -p 0" },
	};

	(void)state;
	each_of(runs, COUNT(runs));
}

static void
chatd_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "chatd -l 127.0.0.1 -p 0",
		    .after = "chat --name Bob -p {PORT} 127.0.0.1",
		    .after_input = "hello\n",
		    .ends = true,
		    .may_lack = true,
		    .excuse = "left without a word",
		    .compared = WORDS },
	};

	(void)state;
	each_of(runs, COUNT(runs));
}

static void
proxy_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "proxy -a 127.0.0.1 -n 1 --shape {DIR}/shape "
			   "--record {DIR}/session 127.0.0.1 {BEFORE}",
		    .before = "cat -l 127.0.0.1 0",
		    .before_input = "answer",
		    .after = "cat --shape {DIR}/shape 127.0.0.1 {PORT}",
		    .after_input =
			"{\"symbol\":\"ACME\",\"n\":2,\"price\":[41.5,2]}\n",
		    .file = "session",
		    .may_lack = true,
		    .excuse = ": ",
		    .compared = WORDS },
		{ .words = "proxy -v -a 127.0.0.1 -n 1 --split 3 "
			   "--pcap {DIR}/pcap 127.0.0.1 {BEFORE}",
		    .before = "cat -l 127.0.0.1 0",
		    .before_input = "answer",
		    .after = "cat 127.0.0.1 {PORT}",
		    .after_input = "question",
		    .may_lack = true,
		    .excuse = ": ",
		    .compared = WORDS },
	};

	(void)state;
	each_of(runs, COUNT(runs));
}

static const char session[] = "cask session 1\n"
			      "0.000100 1 open 127.0.0.1:5000 127.0.0.1:7000\n"
			      "0.000200 1 > 7175657374696f6e\n"
			      "0.000300 1 > end\n"
			      "0.000400 1 < 616e73776572\n"
			      "0.000500 1 < end\n";

static void
replay_bears_each_fault(void **state)
{
	static const struct scenario runs[] = {
		{ .words = "replay --timeout 1 {DIR}/played 127.0.0.1 {BEFORE}",
		    .before = "cat -l 127.0.0.1 0",
		    .before_input = "answer" },
		{ .words = "replay --timeout 1 -a 127.0.0.1 -l 0 {DIR}/played",
		    .after = "cat 127.0.0.1 {PORT}",
		    .after_input = "question",
		    .compared = WORDS },
	};

	(void)state;
	make_file("played", session, sizeof session - 1);
	each_of(runs, COUNT(runs));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(dump_bears_each_fault),
	cmocka_unit_test(help_bears_each_fault),
	cmocka_unit_test(lesson_bears_each_fault),
	cmocka_unit_test(cat_bears_each_fault),
	cmocka_unit_test(collect_bears_each_fault),
	cmocka_unit_test(report_bears_each_fault),
	cmocka_unit_test(chat_bears_each_fault),
	cmocka_unit_test(chatd_bears_each_fault),
	cmocka_unit_test(proxy_bears_each_fault),
	cmocka_unit_test(replay_bears_each_fault),
};

int
main(void)
{
	test_begin();
	return cmocka_run_group_tests(tests, set_up, clean_up);
}
