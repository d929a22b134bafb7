/*
 * The lessons: each program prints what its text says, each solution is right
 * and each program that still has its task is not, and the command that gives
 * the lessons.
 *
 * The programs are compiled as the texts say.  Environment: BUILD, CC, CFLAGS
 * and LIBS from the Makefile.
 *
 * SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700 /* pseudo-terminals */
#define TEST_SECONDS  300

#include "tools_kit.h"

#include "../tools/lesson.h"

#include <ctype.h>
#include <sys/stat.h>

static char out[TEXT], err[TEXT], wanted[TEXT];

/* Files */

static const char *
setting(const char *name, const char *usual)
{
	const char *value = getenv(name);

	return value != NULL ? value : usual;
}

static const char *
path_of(unsigned n, const char *dir, const char *end)
{
	static char path[200];

	snprintf(
	    path, sizeof path, "%s%02u-%s%s", dir, n, lessons[n - 1].name, end);
	return path;
}

static void
read_file(const char *path, char *text)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	n = fread(text, 1, TEXT - 1, f);
	assert_true(n > 0 && n < TEXT - 1);
	text[n] = '\0';
	fclose(f);
}

/* cask lesson N, with an option or two: what it prints, and its exit code. */
static int
run_lesson(unsigned n, const char *option, const char *value)
{
	struct child c;
	char number[8], copy[2][200];

	snprintf(number, sizeof number, "%u", n);
	snprintf(copy[0], sizeof copy[0], "%s", option != NULL ? option : "");
	snprintf(copy[1], sizeof copy[1], "%s", value != NULL ? value : "");
	start(&c,
	    (char *[]) { A("cask"), A("lesson"), number,
		option != NULL ? copy[0] : NULL, value != NULL ? copy[1] : NULL,
		NULL });
	return finish(&c, out, err);
}

/* Texts */

static const char *const sections[] = {
	"\n## About\n",
	"\n## The program\n",
	"\n## Predict\n",
	"\n## Run\n",
	"\n## What happened\n",
	"\n## Task\n",
	"\n## Where it comes from\n",
};

/* Each line of code that a text shows is one of the program. */
static void
assert_code(const char *text, const char *source, const char *path)
{
	const char *end = strstr(text, sections[2]);
	char line[200];

	for (const char *p = strstr(text, sections[1]); p < end; p++) {
		snprintf(line, sizeof line, "%.*s", (int)strcspn(p, "\n"), p);
		p += strlen(line);
		if (strncmp(line, "    ", 4) != 0 || line[4] == '$')
			continue;
		if (strstr(source, line + 4) == NULL)
			fail_msg("%s: '%s' is not in its program", path, line);
	}
}

static void
assert_width(const char *text, const char *path)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n"), columns = 0;
		bool trace = strncmp(text, "    cask: ", 10) == 0;

		for (size_t i = 0; i < n; i++)
			if (text[i] == '\t')
				columns += 8 - columns % 8;
			else
				columns +=
				    ((unsigned char)text[i] & 0xC0) != 0x80;
		if (columns > (trace ? 100 : 78))
			fail_msg("%s: too wide: %.*s", path, (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void
a_text_has_all_its_sections_and_shows_code_of_its_program(void **state)
{
	static char text[TEXT], source[TEXT];

	(void)state;
	for (unsigned n = 1; n <= LESSONS; n++) {
		const char *at = text;

		read_file(path_of(n, "tools/lessons/", ".c"), source);
		read_file(path_of(n, "tools/lessons/", ".md"), text);
		for (size_t i = 0; i < COUNT(sections); i++) {
			at = strstr(at, sections[i]);
			if (at == NULL)
				fail_msg("lesson %u: no%s", n, sections[i]);
		}
		assert_code(text, source, path_of(n, "", ".md"));
		assert_width(text, path_of(n, "", ".md"));
		assert_true(strlen(text) < 6000);
	}
}

static void
text_and_program_are_printed_as_they_are(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= LESSONS; n++) {
		read_file(path_of(n, "tools/lessons/", ".md"), wanted);
		assert_int_equal(run_lesson(n, "--text", NULL), 0);
		assert_string_equal(out, wanted);
		read_file(path_of(n, "tools/lessons/", ".c"), wanted);
		assert_int_equal(run_lesson(n, "--source", NULL), 0);
		assert_string_equal(out, wanted);
		assert_string_equal(err, "");
	}
}

/* Telling */

/* The numbers of ports are others each time. */
static void
forget_ports(char *text)
{
	static const char host[] = "127.0.0.1:";
	char *to = text;

	while (*text != '\0') {
		bool is_host = strncmp(text, host, sizeof host - 1) == 0;
		size_t n = is_host ? sizeof host - 1 : 1;

		memmove(to, text, n);
		to += n;
		text += n;
		while (is_host && isdigit((unsigned char)*text))
			text++;
	}
	*to = '\0';
}

/* The order of this machine is seen in the bytes of lesson 3. */
static bool
prints_what_a_pc_prints(unsigned n)
{
	uint32_t one = 1;
	unsigned char first;

	memcpy(&first, &one, 1);
	return n != 3 || first == 1;
}

/* A text without the marks of its headings. */
static void
unmark_headings(char *text)
{
	char *to = text;
	bool begins = true;

	while (*text != '\0') {
		if (begins && *text == '#')
			text += strspn(text, "# ");
		begins = *text == '\n';
		*to++ = *text++;
	}
	*to = '\0';
}

static void
a_lesson_tells_its_text_and_what_that_says_is_printed_is_printed(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= LESSONS; n++) {
		if (!prints_what_a_pc_prints(n))
			continue;
		read_file(path_of(n, "tools/lessons/", ".md"), wanted);
		unmark_headings(wanted);
		forget_ports(wanted);
		assert_int_equal(run_lesson(n, NULL, NULL), 0);
		forget_ports(out);
		assert_string_equal(out, wanted);
	}
}

/* At a terminal: what comes up to a word. */
static void
read_until(int fd, char *text, const char *word)
{
	int64_t until = clock_ms() + LIMIT_MS;
	size_t n = strlen(text);

	while (strstr(text, word) == NULL && n + 1 < TEXT) {
		if (wait_readable(fd, until) != 1)
			fail_msg("no '%s' came, but:\n%s", word, text);
		if (test_read(fd, text + n, 1) != 1)
			break;
		text[++n] = '\0';
	}
}

static void
at_a_terminal_it_waits_for_an_answer_before_it_runs_anything(void **state)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct child c;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(grantpt(fd), 0);
	assert_int_equal(unlockpt(fd), 0);
	slave = open(ptsname(fd), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid == 0) {
		dup2(slave, 0);
		dup2(slave, 1);
		setenv("TERM", "xterm", 1);
		unsetenv("NO_COLOR");
		execv(cask_path(),
		    (char *[]) { A("cask"), A("lesson"), A("1"), NULL });
		_exit(127);
	}
	note_child(0, c.pid);
	out[0] = '\0';
	read_until(fd, out, "press Enter.");
	ASSERT_HAS(out, "\033[1mPredict\033[0m");
	ASSERT_LACKS(out, "$ ./one-send");
	assert_int_equal(write(fd, "one\n", 4), 4);
	read_until(fd, out, "links (");
	ASSERT_HAS(out, "received \"helloworld\"");
	assert_int_equal(await_exit(&c), 0);
	close(slave);
	close(fd);
}

/* Programs: compiled as a learner does it, with all warnings. */

static bool
compiler_is_here(void)
{
	char command[500];

	snprintf(command, sizeof command, "command -v %s >/dev/null",
	    setting("CC", "cc"));
	if (system(command) == 0)
		return true;
	printf("skipped: compiling the lessons, for want of a compiler\n");
	return false;
}

static const char *
compile(unsigned n, const char *dir, const char *as)
{
	static char program[300];
	char command[2000], source[200];

	snprintf(source, sizeof source, "%s", path_of(n, dir, ".c"));
	snprintf(program, sizeof program, "%s/lessons/%s/%s",
	    setting("BUILD", "build"), as, lessons[n - 1].name);
	snprintf(command, sizeof command,
	    "mkdir -p %s/lessons/%s && %s -std=c11 -Wall -Wextra -Werror "
	    "-Iinclude %s -O0 -o %s %s %s/libcask.a %s",
	    setting("BUILD", "build"), as, setting("CC", "cc"),
	    setting("CFLAGS", ""), program, source, setting("BUILD", "build"),
	    setting("LIBS", "-lpthread"));
	if (system(command) != 0)
		fail_msg("%s does not compile", source);
	return program;
}

static void
a_program_with_its_task_to_be_done_is_not_right_yet(void **state)
{
	(void)state;
	if (!compiler_is_here())
		return;
	for (unsigned n = 1; n <= LESSONS; n++) {
		const char *program = compile(n, "tools/lessons/", "asked");

		if (run_lesson(n, "--check", program) != 1)
			fail_msg("lesson %u: %s%s", n, out, err);
		ASSERT_HAS(out, "Not yet.  This\n\n    $ ");
		ASSERT_HAS(out, program);
		ASSERT_HAS(out, "\nhas to print\n");
		assert_string_equal(err, "");
		assert_width(out, path_of(n, "", ""));
	}
}

static void
a_solution_is_right(void **state)
{
	char right[80];

	(void)state;
	if (!compiler_is_here())
		return;
	for (unsigned n = 1; n <= LESSONS; n++) {
		const char *program =
		    compile(n, "tools/lessons/solutions/", "solved");

		snprintf(right, sizeof right,
		    "Right: this does what lesson %u asks for.\n", n);
		if (run_lesson(n, "--check", program) != 0)
			fail_msg("lesson %u: %s%s", n, out, err);
		assert_string_equal(out, right);
		assert_string_equal(err, "");
	}
}

/* Checking what is no answer. */

static void
make_script(char *path, size_t size, const char *text)
{
	FILE *f;

	snprintf(path, size, "%s/lessons/script", setting("BUILD", "build"));
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
}

static void
a_check_tells_how_a_program_ended(void **state)
{
	static const struct {
		const char *script, *says;
	} ends[] = {
		{ "#!/bin/sh\nexit 3\n", "\nIt ended with exit code 3.\n" },
		{ "#!/bin/sh\nkill -9 $$\n", "\nSignal 9 ended it.\n" },
		{ "#!/bin/sh\nkill -14 $$\n",
		    "\nIt was still running after 15 seconds.\n" },
		{ "#!/bin/sh\necho oh dear >&2\n",
		    "\nand, as errors,\n\n    oh dear\n" },
		{ "#!/bin/sh\nprintf 'received \"hello\"\\nr\\033\\n'\n",
		    "\nIt prints\n\n    received \"hello\"\n    r?\n" },
		/* right, but for how it ends */
		{ "#!/bin/sh\nfor i; do echo \"received \\\"$i\\\"\"; done\n"
		  "exit 1\n",
		    "\nIt ended with exit code 1.\n" },
		{ "#!/bin/sh\nexec cat /dev/zero\n", "\nSignal " },
	};
	char path[200];

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		make_script(path, sizeof path, ends[i].script);
		assert_int_equal(run_lesson(1, "--check", path), 1);
		ASSERT_HAS(out, "Not yet.");
		ASSERT_HAS(out, ends[i].says);
		assert_string_equal(err, "");
	}
}

/* What the first trial wants, taken out of the complaint of a check. */
static void
make_parrot(char *path, size_t size)
{
	static char script[TEXT];
	const char *p = strstr(out, "\nhas to print\n\n");
	int n = snprintf(script, sizeof script, "#!/bin/sh\ncat <<'.'\n");

	assert_non_null(p);
	for (p += strlen("\nhas to print\n\n"); strncmp(p, "    ", 4) == 0;
	     p += strcspn(p, "\n") + 1)
		n += snprintf(script + n, sizeof script - (size_t)n, "%.*s",
		    (int)strcspn(p + 4, "\n") + 1, p + 4);
	snprintf(script + n, sizeof script - (size_t)n, ".\n");
	make_script(path, size, script);
}

static void
a_program_that_prints_what_it_has_to_once_is_not_right(void **state)
{
	char path[200];

	(void)state;
	for (unsigned n = 1; n <= LESSONS; n++) {
		make_script(path, sizeof path, "#!/bin/sh\n");
		assert_int_equal(run_lesson(n, "--check", path), 1);
		make_parrot(path, sizeof path);
		snprintf(wanted, sizeof wanted, "%s", out);
		assert_int_equal(run_lesson(n, "--check", path), 1);
		ASSERT_HAS(out, "Not yet.");
		assert_string_not_equal(out, wanted);
		ASSERT_HAS(out, "\nIt prints\n"); // it got further
	}
}

static void
a_check_gives_the_arguments_and_the_weather(void **state)
{
	char path[200];

	(void)state;
	make_script(path, sizeof path,
	    "#!/bin/sh\n"
	    "[ -z \"$CASK_CHAOS\" ] || exit 1\n"
	    "for i; do echo \"received \\\"$i\\\"\"; done\n");
	setenv("CASK_CHAOS", "split=99", 1); // a check has its own
	assert_int_equal(run_lesson(1, "--check", path), 1);
	unsetenv("CASK_CHAOS");
	ASSERT_HAS(out, "    $ CASK_CHAOS=split=1 ");
	ASSERT_HAS(out, "/script a 0123456789");
}

static void
what_cannot_be_run_is_no_program(void **state)
{
	(void)state;
	assert_int_equal(run_lesson(1, "--check", "nowhere"), 1);
	assert_string_equal(out, "");
	assert_string_equal(err,
	    "cask lesson: ./nowhere: No such file or directory; what is "
	    "checked is the compiled program\n");
	assert_int_equal(
	    run_lesson(1, "--check", "tools/lessons/01-one-send.c"), 1);
	assert_string_equal(err,
	    "cask lesson: tools/lessons/01-one-send.c: Permission denied; "
	    "what is checked is the compiled program\n");
}

/* The command */

static void
lessons_are_listed_by_number(void **state)
{
	struct child c;
	char line[100];

	(void)state;
	START(&c, A("lesson"));
	assert_int_equal(finish(&c, out, err), 0);
	assert_string_equal(err, "");
	for (unsigned n = 1; n <= LESSONS; n++) {
		snprintf(
		    line, sizeof line, "%3u  %s\n", n, lessons[n - 1].title);
		ASSERT_HAS(out, line);
		read_file(path_of(n, "tools/lessons/", ".md"), wanted);
		snprintf(
		    line, sizeof line, "# %u. %s\n", n, lessons[n - 1].title);
		assert_memory_equal(wanted, line, strlen(line));
	}
	assert_int_equal(occurrences(out, "\n"), LESSONS + 2);
}

static void
which_lesson_has_to_be_said(void **state)
{
	static const char *const options[] = { "--text", "--source", "-cx" };

	(void)state;
	for (size_t i = 0; i < COUNT(options); i++) {
		struct child c;
		char option[20];

		snprintf(option, sizeof option, "%s", options[i]);
		START(&c, A("lesson"), option);
		assert_int_equal(finish(&c, out, err), 2);
		assert_string_equal(out, "");
		assert_string_equal(
		    err, "cask lesson: which lesson?  Give its number\n");
	}
	assert_int_equal(run_lesson(LESSONS + 1, NULL, NULL), 2);
	assert_int_equal(run_lesson(0, NULL, NULL), 2);
	assert_int_equal(run_lesson(1, "--text", "--source"), 2);
}

/* What the environment says would be in what the programs print; and a place
 * for what is compiled. */
static int
clear_sky(void **state)
{
	char dir[200];

	(void)state;
	unsetenv("CASK_CHAOS");
	unsetenv("CASK_TRACE");
	snprintf(dir, sizeof dir, "%s/lessons", setting("BUILD", "build"));
	return mkdir(dir, 0755) == 0 || errno == EEXIST ? 0 : -1;
}

#define CLEAN(test) cmocka_unit_test_teardown(test, kill_children)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CLEAN(
		    a_text_has_all_its_sections_and_shows_code_of_its_program),
		CLEAN(text_and_program_are_printed_as_they_are),
		CLEAN(
		    a_lesson_tells_its_text_and_what_that_says_is_printed_is_printed),
		CLEAN(
		    at_a_terminal_it_waits_for_an_answer_before_it_runs_anything),
		CLEAN(a_program_with_its_task_to_be_done_is_not_right_yet),
		CLEAN(a_solution_is_right),
		CLEAN(a_check_tells_how_a_program_ended),
		CLEAN(a_program_that_prints_what_it_has_to_once_is_not_right),
		CLEAN(a_check_gives_the_arguments_and_the_weather),
		CLEAN(what_cannot_be_run_is_no_program),
		CLEAN(lessons_are_listed_by_number),
		CLEAN(which_lesson_has_to_be_said),
	};

	test_begin();
	return cmocka_run_group_tests(tests, clear_sky, NULL);
}
