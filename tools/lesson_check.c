/*
 * Whether a program is an answer to the task of a lesson: it is run with
 * arguments that the lesson doesn't show, and must print what is wanted.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "lesson.h"
#include "term.h"
#include "words.h"

#define SECONDS    15      /* a program that takes longer hangs */
#define PRINT_MOST 1000000 /* bytes */
#define ARGS_MOST  9
#define TRIALS     4

/* 100 characters. */
#define TEN     "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct trial {
	const char *args[ARGS_MOST];
	const char *chaos; /* CASK_CHAOS, or NULL */
	const char *wanted;
	const char *hint;
} trials[][TRIALS] = {
	{ { { "hello", "world" }, NULL,
	      "received \"hello\"\nreceived \"world\"\n",
	      "How does the receiver know where hello ends?  A length in "
	      "front, or a byte that stands in no message, behind." },
	    { { "a", HUNDRED, "bc" }, "split=1",
		"received \"a\"\nreceived \"" HUNDRED "\"\nreceived \"bc\"\n",
		"Here each byte comes on its own.  cask_receive_all waits for "
		"as many as you say." },
	    { { "some words", "one", "2" }, "split=3,again=50%,eintr=20%",
		"received \"some words\"\nreceived \"one\"\nreceived \"2\"\n",
		"In bad weather receives end where they like." } },
	{ { { "1", "258" }, NULL,
	      "B  00 00 00 01  is read as 1\n"
	      "l  01 00 00 00  is read as 1\n"
	      "B  00 00 01 02  is read as 258\n"
	      "l  02 01 00 00  is read as 258\n",
	      "After 'l' the first byte counts ones, after 'B' the last." },
	    { { "4277009102", "3735928559", "0" }, NULL,
		"B  fe ed fa ce  is read as 4277009102\n"
		"l  ce fa ed fe  is read as 4277009102\n"
		"B  de ad be ef  is read as 3735928559\n"
		"l  ef be ad de  is read as 3735928559\n"
		"B  00 00 00 00  is read as 0\n"
		"l  00 00 00 00  is read as 0\n",
		"Large numbers, too: make each byte a uint32_t before you "
		"shift it." } },
	{ { { "T", "7", "21" }, NULL,
	      "7 bytes: 54 07 00 00 00 15 00  T......\n",
	      "An exchange function with cask_u8, cask_u32 and cask_u16 says "
	      "how a reading is sent; cask_flush sends it." },
	    { { "p", "0xFEEDFACE", "65281" }, NULL,
		"7 bytes: 70 ce fa ed fe 01 ff  p......\n",
		"The id and the value have to be sent as they are." } },
	{ { { "Gr\303\274\303\237e" }, NULL,
	      "\"Gr\303\274\303\237e\": 5 characters\n"
	      "UTF-8         8 bytes: 47 72 c3 bc c3 9f 65 0a\n"
	      "UTF-16       12 bytes: 47 00 72 00 fc 00 df 00 65 00 0a 00\n"
	      "Windows 1252  6 bytes: 47 72 fc df 65 0a\n"
	      "UTF-8, read as Windows 1252: "
	      "\"Gr\303\203\302\274\303\203\305\270e\"\n",
	      "Which bytes of UTF-8 begin a character?" },
	    { { "\342\202\254 5" }, NULL,
		"\"\342\202\254 5\": 3 characters\n"
		"UTF-8         6 bytes: e2 82 ac 20 35 0a\n"
		"UTF-16        8 bytes: ac 20 20 00 35 00 0a 00\n"
		"Windows 1252  4 bytes: 80 20 35 0a\n"
		"UTF-8, read as Windows 1252: "
		"\"\303\242\342\200\232\302\254 5\"\n",
		"A character may take three bytes, or four." } },
	{ { { "100" }, NULL, "gave up: the time is over\n",
	      "cask_deadline puts one limit on all that is done with a socket "
	      "from then on." },
	    { { "10" }, NULL, "20 bytes came, one every 10 ms\n",
		"20 bytes that come within 500 ms have to be received." },
	    { { "800" }, NULL, "gave up: the time is over\n",
		"Where nothing comes, the limit is the same." } },
	{ { { "hel", "good", "lo/", "bye/" }, NULL,
	      "ann: hello\nbob: goodbye\n",
	      "Each peer needs a place of its own for what has come: that is "
	      "what struct peer is for." },
	    { { "one/two/th", "x", "ree/", "/" }, NULL,
		"ann: one\nann: two\nann: three\nbob: x\n",
		"A piece may hold the ends of several lines, and the "
		"beginning of another." },
	    { { "a line/", "b", "and/", "c/d/" }, "split=1",
		"ann: a line\nann: and\nbob: bc\nbob: d\n",
		"Here each byte comes on its own." } },
	{ { { "ann", "bob", "ann" }, NULL, "ann: 2\nbob: 4\nann: 6\n",
	      "Let a struct cask_server do the waiting: it calls your handler "
	      "with whatever has come, of any client." },
	    { { "carl", "bob", "ann", "carl" }, "split=1",
		"carl: 2\nbob: 4\nann: 6\ncarl: 8\n",
		"The order in which they connect is not that in which they "
		"ask." } },
	{ { { ".x.", "one", "two", "three" }, NULL,
	      "received \"one\"\nreceived \"two\"\nreceived \"three\"\n",
	      "When there is no answer, transmit and take once more." },
	    { { "xx.", "again", "and again" }, NULL,
		"received \"again\"\nreceived \"and again\"\n",
		"A word may be lost twice, and each has to come once." } },
	{ { { "hello" }, NULL, "answer: thank you\nthen: the end\n",
	      "A request of 8 bytes or less is taken, as before." },
	    { { "hello, world" }, NULL, "answer: too long\nthen: the end\n",
		"Close resets what has not been received: receive up to the "
		"end first." },
	    { { HUNDRED HUNDRED HUNDRED }, "split=7",
		"answer: too long\nthen: the end\n",
		"What is left may come in many pieces: receive until there is "
		"no more." } },
	{ { { "1" }, NULL, "1 lazy, quick served\n",
	      "cask_link_send waits for the lazy client, and with it all "
	      "others.  A struct cask_server waits for nobody." },
	    { { "5" }, NULL, "5 lazy, quick served\n",
		"If each lazy client is waited for, however shortly, five of "
		"them take five times as long." },
	    { { "0" }, NULL, "0 lazy, quick served\n",
		"Who takes an answer has to get it." } },
	{ { { "ann", "bob", "Mill Lane" }, NULL,
	      "ann lives in Station Road\nbob lives in Station Road\n",
	      "Make the house an object: its first member, is, points to a "
	      "class, and cask_object exchanges a pointer to it." },
	    { { "Eve", "Zo\303\253", "High Street" }, "split=1",
		"Eve lives in Station Road\nZo\303\253 lives in Station Road\n",
		"The names have to be those that were sent." } },
	{ { { "13", "the PIN: 4711", "13", "hi" }, NULL,
	      "the PIN: 4711\nrefused\n",
	      "How many bytes have come, and how many does the client say?" },
	    { { "5", "seven", "0", "", "1", "", "3", "one" }, NULL,
		"seven\n\nrefused\none\n",
		"An empty text is a text; a length of 1 with none is a lie." },
	    { { "2", "two", "65535", "x" }, NULL, "refused\nrefused\n",
		"A length that is too small doesn't tell the truth either." } },
};

/* Running it.  What it prints goes to files, so that nobody has to wait for
 * it, and it has a limit to time and size. */

struct run {
	FILE *out, *err;
	int status;
};

static _Noreturn void
be_program(const char *program, const struct trial *t, struct run *r)
{
	const struct rlimit most = { PRINT_MOST, PRINT_MOST };
	char *argv[ARGS_MOST + 2] = { (char *)(uintptr_t)program };

	for (int i = 0; i < ARGS_MOST && t->args[i] != NULL; i++)
		argv[i + 1] = (char *)(uintptr_t)t->args[i];
	unsetenv("CASK_TRACE");
	unsetenv("CASK_CHAOS");
	if (t->chaos != NULL)
		setenv("CASK_CHAOS", t->chaos, 1);
	if (dup2(fileno(r->out), STDOUT_FILENO) < 0 ||
	    dup2(fileno(r->err), STDERR_FILENO) < 0)
		_exit(127);
	signal(SIGPIPE, SIG_DFL);
	setrlimit(RLIMIT_FSIZE, &most);
	alarm(SECONDS);
	execv(program, argv);
	_exit(127);
}

static bool
run(struct run *r, const char *program, const struct trial *t)
{
	pid_t pid;

	r->out = tmpfile();
	r->err = tmpfile();
	if (r->out == NULL || r->err == NULL)
		return false;
	output_flush();
	pid = fork();
	if (pid == 0)
		be_program(program, t, r);
	if (pid < 0)
		return false;
	while (waitpid(pid, &r->status, 0) < 0)
		if (errno != EINTR)
			return false;
	return fseek(r->out, 0, SEEK_SET) == 0 &&
	    fseek(r->err, 0, SEEK_SET) == 0;
}

static void
run_end(struct run *r)
{
	if (r->out != NULL)
		fclose(r->out);
	if (r->err != NULL)
		fclose(r->err);
}

/* Telling what went wrong. */

static void
print_word(const char *word)
{
	bool plain = *word != '\0' && strcspn(word, " ,'") == strlen(word);

	printf(plain ? " %s" : " '%s'", word);
}

static void
print_command(const char *program, const struct trial *t)
{
	printf("%s    $ ", term_style(stdout, STYLE_NAME));
	if (t->chaos != NULL)
		printf("CASK_CHAOS=%s ", t->chaos);
	printf("%s", program);
	for (int i = 0; i < ARGS_MOST && t->args[i] != NULL; i++)
		print_word(t->args[i]);
	printf("%s\n", term_style(stdout, STYLE_PLAIN));
}

/* Lines, each indented; at most so many bytes. */
static void
print_indented(const char *s)
{
	char line[200], clean[200];

	for (int lines = 0; *s != '\0' && lines < 20; lines++) {
		size_t n = strcspn(s, "\n");

		snprintf(line, sizeof line, "%.*s", (int)n, s);
		printf("    %s\n", printable(clean, sizeof clean, line));
		s += n + (s[n] == '\n');
	}
}

static void
print_file(const char *head, FILE *f)
{
	char text[2000];
	size_t n = fread(text, 1, sizeof text - 1, f);

	text[n] = '\0';
	if (n == 0)
		return;
	printf("%s\n", head);
	print_indented(text);
}

/* Words, broken into lines. */
static void
print_hint(const char *s)
{
	size_t column = 0;

	while (*s != '\0') {
		size_t n = strcspn(s, " ");

		if (column > 0 && column + 1 + n > 78)
			column = 0;
		printf("%s%.*s", column > 0 ? " " : "\n", (int)n, s);
		column += n + 1;
		s += n + strspn(s + n, " ");
	}
	putchar('\n');
}

static void
print_end(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("\nIt was still running after %d seconds.\n", SECONDS);
	else if (WIFSIGNALED(status))
		printf("\nSignal %d ended it.\n", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		printf("\nIt ended with exit code %d.\n", WEXITSTATUS(status));
}

/* False: it can't be read. */
static bool
is_wanted(FILE *f, const char *wanted, bool *good)
{
	char text[2000];
	size_t n = fread(text, 1, sizeof text, f);

	if (ferror(f))
		return false;
	rewind(f);
	*good = n == strlen(wanted) && memcmp(text, wanted, n) == 0;
	return true;
}

static bool
try_it(const char *program, const struct trial *t, bool *good)
{
	struct run r = { NULL, NULL, 0 };
	bool done = run(&r, program, t) && is_wanted(r.out, t->wanted, good);

	if (!done)
		complain("%s: %s", program, cask_strerror(errno));
	*good = *good && r.status == 0;
	if (done && !*good) {
		printf("Not yet.  This\n\n");
		print_command(program, t);
		printf("\nhas to print\n\n");
		print_indented(t->wanted);
		print_file("\nIt prints\n", r.out);
		print_file("\nand, as errors,\n", r.err);
		print_end(r.status);
		print_hint(t->hint);
	}
	run_end(&r);
	return done;
}

int
lesson_check(unsigned n, const char *program)
{
	const struct trial *t = trials[n - 1];
	char path[4096];
	bool good = true;

	snprintf(path, sizeof path, "%s%s",
	    strchr(program, '/') != NULL ? "" : "./", program);
	if (access(path, X_OK) != 0) {
		complain("%s: %s; what is checked is the compiled program",
		    path, cask_strerror(errno));
		return EXIT_FAILED;
	}
	for (int i = 0; i < TRIALS && t[i].wanted != NULL && good; i++)
		if (!try_it(path, &t[i], &good))
			return EXIT_FAILED;
	if (good)
		printf("Right: this does what lesson %u asks for.\n", n);
	return output_is_good() && good ? EXIT_WELL : EXIT_FAILED;
}
