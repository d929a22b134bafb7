/*
 * cask lesson: a course on networks, in the terminal.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "lesson.h"
#include "term.h"

static struct {
	uint64_t number;
	bool source;
	bool text;
	const char *check;
} asked;

/* A command of the text, in words: CASK_CHAOS=split=4 ./one-send 'a word'. */

#define WORDS_MOST 16

struct words {
	char line[256];
	char *word[WORDS_MOST + 1]; /* NULL behind the last */
	unsigned count;
};

static void
split_words(struct words *w, const char *line)
{
	char *to = w->line;
	const char *end = w->line + sizeof w->line - 1;

	w->count = 0;
	while (*line != '\0' && w->count < WORDS_MOST && to < end) {
		char until = ' ';

		if (*line == '\'' || *line == '"')
			until = *line++;
		w->word[w->count++] = to;
		while (*line != '\0' && *line != until && to < end - 1)
			*to++ = *line++;
		*to++ = '\0';
		line += *line == until;
		line += strspn(line, " ");
	}
	w->word[w->count] = NULL;
}

/* The program itself, in a child, so that what it reads from the environment
 * is its own.  Gives a stream with what it prints, as a terminal would. */

static _Noreturn void
be_program(const struct lesson *l, struct words *w, int out)
{
	unsigned i = 0;

	for (char *value; i < w->count; i++) {
		value = strchr(w->word[i], '=');
		if (value == NULL)
			break;
		*value = '\0';
		setenv(w->word[i], value + 1, 1);
	}
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(127);
	close(out);
	setvbuf(stdout, NULL, _IOLBF, 0);
	exit(l->main((int)(w->count - i), w->word + i));
}

static FILE *
start_program(const struct lesson *l, const char *line, pid_t *pid)
{
	struct words w = { .count = 0 };
	int fd[2], err;
	FILE *f;

	split_words(&w, line);
	output_flush();
	if (pipe(fd) != 0)
		return NULL;
	f = fdopen(fd[0], "r");
	*pid = f != NULL ? fork() : -1;
	if (*pid == 0) {
		close(fd[0]);
		be_program(l, &w, fd[1]);
	}
	err = errno;
	close(fd[1]);
	if (*pid > 0)
		return f;
	if (f != NULL)
		fclose(f);
	else
		close(fd[0]);
	errno = err;
	return NULL;
}

static bool
run_program(const struct lesson *l, const char *line)
{
	pid_t pid;
	FILE *f = start_program(l, line, &pid);
	bool begins = true;
	int c, err;

	if (f == NULL) {
		complain("the program: %s", cask_strerror(errno));
		return false;
	}
	while ((c = getc(f)) != EOF) {
		if (begins)
			fputs("    ", stdout);
		putchar(c);
		begins = c == '\n';
		if (begins)
			output_flush();
		errno = 0;
	}
	err = ferror(f) ? errno : 0;
	if (!begins)
		putchar('\n');
	fclose(f);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	if (err != 0)
		complain("what the program prints: %s", cask_strerror(err));
	return err == 0;
}

/* Telling: the text, piece by piece; in its section "Run" the commands are run,
 * and what they print takes the place of what the text says they do. */

static void
print_line(const char *line, enum style style)
{
	printf("%s%s%s\n", term_style(stdout, style), line,
	    term_style(stdout, STYLE_PLAIN));
}

static void
pause_to_think(void)
{
	int c;

	if (common.quiet || !term_is(stdin) || !term_is(stdout))
		return;
	printf("%sYour answer?  Then press Enter. %s",
	    term_style(stdout, STYLE_GOOD), term_style(stdout, STYLE_PLAIN));
	output_flush();
	do
		c = getchar();
	while (c != '\n' && c != EOF);
	putchar('\n');
}

static bool
tell(const struct lesson *l)
{
	bool runs = false, printed = false;

	for (const char *const *p = l->text; *p != NULL; p++) {
		const char *line = *p;

		if (*line == '#') {
			if (strcmp(line, "## Run") == 0)
				pause_to_think();
			runs = strcmp(line, "## Run") == 0;
			print_line(line + strspn(line, "# "), STYLE_STRONG);
		} else if (strncmp(line, "    $ ", 6) == 0) {
			print_line(line, STYLE_NAME);
			printed = runs;
			if (runs && !run_program(l, line + 6))
				return false;
		} else if (!printed || strncmp(line, "    ", 4) != 0) {
			printed = false;
			puts(line);
		}
	}
	return true;
}

static void
print_lines(const char *const *line)
{
	for (; *line != NULL; line++)
		puts(*line);
}

static void
list_lessons(void)
{
	for (unsigned i = 0; i < LESSONS; i++)
		printf("%3u  %s\n", i + 1, lessons[i].title);
	printf("\n'cask lesson 1' begins the first.\n");
}

static int
lesson_main(void)
{
	const struct lesson *l;
	bool good = true;

	if (asked.number == 0 &&
	    (asked.source || asked.text || asked.check != NULL)) {
		complain("which lesson?  Give its number");
		return EXIT_WRONG_USE;
	}
	l = &lessons[asked.number > 0 ? asked.number - 1 : 0];
	if (asked.number == 0)
		list_lessons();
	else if (asked.check != NULL)
		return lesson_check((unsigned)asked.number, asked.check);
	else if (asked.source || asked.text)
		print_lines(asked.source ? l->source : l->text);
	else
		good = tell(l);
	return output_is_good() && good ? EXIT_WELL : EXIT_FAILED;
}

static const struct option options[] = {
	{ .name = "source",
	    .letter = 's',
	    .kind = OPTION_FLAG,
	    .help = "print the lesson's program, to be compiled and changed",
	    .but_not = "text",
	    .to = &asked.source },
	{ .name = "text",
	    .letter = 't',
	    .kind = OPTION_FLAG,
	    .help = "print the lesson's text, to be put on paper",
	    .more = "It is Markdown.",
	    .but_not = "check",
	    .to = &asked.text },
	{ .name = "check",
	    .letter = 'c',
	    .kind = OPTION_FILE,
	    .value = "PROGRAM",
	    .help = "run your answer to the task, compiled, and say whether it "
		    "is right",
	    .more = "It is given other arguments than those of the text, and "
		    "bad weather: see CASK_CHAOS in cask_sock(3).",
	    .but_not = "source",
	    .to = &asked.check },
	{ .kind = OPTION_END },
};

static const struct option operands[] = {
	{ .kind = OPTION_NUMBER,
	    .value = "LESSON",
	    .least = 1,
	    .most = LESSONS,
	    .help = "its number",
	    .otherwise = "list them",
	    .to = &asked.number },
	{ .kind = OPTION_END },
};

const struct command lesson_command = {
	.name = "lesson",
	.purpose = "learn how networks behave, in twelve lessons",
	.options = options,
	.operands = operands,
	.about =
	    "List the lessons, or give one: what it is about, a question to "
	    "be answered before its program is run, what happens then and "
	    "why, and a task.  All of it happens within this machine.",
	.details =
	    "A lesson is a short program in C with both ends of a connection "
	    "in it.  The task is to change that program; --check says whether "
	    "it does what it should.  In a checkout that is not installed, "
	    "what compiles it is\n\n"
	    "  cc -Iinclude -o structs structs.c build/libcask.a -lpthread",
	.exits = { "done, or the answer is right",
	    "failed, or the answer is not right", "wrong arguments" },
	.examples = {
	    { "The third lesson:", "cask lesson 3" },
	    { "Its program, changed, compiled and checked:",
		"cask lesson 3 --source >structs.c\n"
		"$EDITOR structs.c\n"
		"cc -o structs structs.c $(pkg-config --cflags --libs cask)\n"
		"cask lesson 3 --check ./structs" },
	    { "All of them, to be printed:",
		"for n in $(seq 12); do cask lesson $n --text; done" },
	},
	.see_also = "cask_sock(3), cask_ar(3)",
	.main = lesson_main,
};
