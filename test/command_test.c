/*
 * The manners of the command: each table is well-formed, and what is made of
 * it (help, manual page, completion) has all of it; suggestions, colours, the
 * line of progress.
 *
 * SPDX-License-Identifier: MIT
 */
#define _XOPEN_SOURCE 700 /* pseudo-terminals */

#include "tools_kit.h"

#include "../tools/command.h"
#include "../tools/term.h"

static char out[TEXT], err[TEXT];

/* Tables */

static bool
is_words(const char *s)
{
	for (; *s != '\0'; s++)
		if ((*s < 0x20 && *s != '\n') || *s > 0x7E)
			return false;
	return true;
}

static void
assert_help(const char *of, const struct option *o)
{
	size_t n = o->help != NULL ? strlen(o->help) : 0;

	if (n == 0 || o->help[n - 1] == '.' || !is_words(o->help))
		fail_msg("%s: its help is no line of words", of);
	if (o->more != NULL &&
	    (!is_words(o->more) || o->more[strlen(o->more) - 1] != '.'))
		fail_msg("%s: what more is said are no sentences", of);
	if (o->usual != NULL && o->otherwise != NULL)
		fail_msg("%s: has two defaults", of);
	assert_true(n < 400 && (o->more == NULL || strlen(o->more) < 1000));
	assert_non_null(o->to);
}

/* A paragraph is printed out of an array of 2048 bytes. */
static void
assert_paragraphs(const char *s)
{
	for (const char *end; s != NULL; s = end != NULL ? end + 2 : NULL) {
		end = strstr(s, "\n\n");
		assert_true(
		    (end != NULL ? (size_t)(end - s) : strlen(s)) < 2048);
	}
}

static const struct option *
by_name(const struct option *o, const char *name)
{
	for (; o->kind != OPTION_END; o++)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static void
assert_value(const char *of, const struct option *o)
{
	if ((o->value == NULL) != (o->kind == OPTION_FLAG))
		fail_msg("%s: a flag has no value, and others have", of);
	if ((o->kind == OPTION_NUMBER || o->kind == OPTION_SECONDS) &&
	    (o->most == 0 || o->most < o->least))
		fail_msg("%s: its range is empty", of);
	if ((o->kind == OPTION_CHOICE) != (o->choices != NULL))
		fail_msg("%s: choices are of choices", of);
	if (o->many && (o->kind < OPTION_TEXT || o->kind == OPTION_COMMAND))
		fail_msg("%s: only text may be repeated", of);
}

static void
assert_option(const struct option *table, const struct option *o)
{
	const char *s = o->name;

	if (s == NULL || strlen(s) < 2 || strlen(s) > 30 ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(s))
		fail_msg("%s: no name for an option", s != NULL ? s : "NULL");
	for (const struct option *p = table; p < o; p++)
		if (strcmp(p->name, s) == 0 ||
		    (p->letter != '\0' && p->letter == o->letter))
			fail_msg("--%s is like --%s", s, p->name);
	if (table != common_options) {
		assert_null(by_name(common_options, s));
		if (o->letter != '\0' && strchr("hVqv", o->letter) != NULL)
			fail_msg("--%s has a letter of all commands", s);
	}
	if (o->but_not != NULL)
		assert_non_null(by_name(table, o->but_not));
	assert_help(s, o);
	assert_value(s, o);
}

static void
assert_options(const struct option *table)
{
	const struct option *o = table;

	for (; o->kind != OPTION_END; o++)
		assert_option(table, o);
	assert_true(o - table <= 64);
}

static void
assert_operands(const struct command *c)
{
	unsigned n = 0;

	for (const struct option *o = c->operands;
	     o != NULL && o->kind != OPTION_END; o++, n++) {
		if (o->name != NULL || o->letter != '\0' || o->value == NULL ||
		    o->kind == OPTION_FLAG)
			fail_msg("%s: no operand", c->name);
		if (o->many && o[1].kind != OPTION_END)
			fail_msg("%s: the last may be many", c->name);
		assert_help(o->value, o);
		assert_value(o->value, o);
	}
	assert_true(c->needs <= n);
}

static void
each_table_is_well_formed(void **state)
{
	(void)state;
	assert_options(common_options);
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct command *c = commands[i];

		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(c->name, commands[j]->name);
		assert_true(is_words(c->purpose) && is_words(c->about));
		assert_true(c->details == NULL || is_words(c->details));
		assert_paragraphs(c->about);
		assert_paragraphs(c->details);
		assert_true(strlen(usage_operands(c).words) < 119);
		assert_non_null(c->exits[EXIT_WELL]);
		assert_non_null(c->exits[EXIT_WRONG_USE]);
		assert_non_null(c->main);
		assert_options(c->options);
		assert_operands(c);
	}
}

/* What is usual goes through the parser: it has to be a value. */
static void
what_is_usual_is_a_value(void **state)
{
	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct option *o = commands[i]->options;

		for (; o->kind != OPTION_END; o++)
			if (o->usual != NULL &&
			    !option_set(o, o->name, o->usual))
				fail_msg("--%s: %s", o->name, o->usual);
	}
}

/* Help, manual pages */

static void
run(char *const argv[], int code)
{
	struct child c;

	start(&c, argv);
	assert_int_equal(finish(&c, out, err), code);
}

#define RUN(code, ...) run((char *[]) { A("cask"), __VA_ARGS__, NULL }, code)

static char *
copy(char *to, size_t size, const char *s)
{
	assert_true(snprintf(to, size, "%s", s) < (int)size);
	return to;
}

static void
assert_columns(const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (n >= 80)
			fail_msg("%zu columns: %.*s", n, (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void
assert_mentions(const struct option *o, const char *before)
{
	char words[64];

	for (; o->kind != OPTION_END; o++) {
		snprintf(words, sizeof words, "%s%s", before, o->name);
		ASSERT_HAS(out, words);
	}
}

static void
the_help_of_each_command_has_each_option_within_80_columns(void **state)
{
	static char before[TEXT];
	char name[32], words[64];

	(void)state;
	for (size_t i = 0; commands[i] != NULL; i++) {
		RUN(0, A("help"), copy(name, sizeof name, commands[i]->name));
		snprintf(words, sizeof words, "usage: cask %s ", name);
		ASSERT_HAS(out, words);
		assert_mentions(commands[i]->options, " --");
		assert_mentions(common_options, " --");
		assert_columns(out);
		memcpy(before, out, sizeof before);
		RUN(0, name, A("--help"));
		assert_string_equal(out, before);
	}
	RUN(0, A("help"));
	for (size_t i = 0; commands[i] != NULL; i++)
		ASSERT_HAS(out, commands[i]->purpose);
	assert_columns(out);
}

static bool
is_there(const char *program)
{
	char line[128];

	snprintf(line, sizeof line, "command -v %s >/dev/null 2>&1", program);
	return system(line) == 0;
}

/* Feed out to a program, which has nothing to say. */
static void
assert_silent(const char *program)
{
	char line[256];
	static char said[TEXT];
	FILE *f;
	size_t n;

	snprintf(line, sizeof line, "%s >/tmp/cask-said-%ld 2>&1", program,
	    (long)getpid());
	f = popen(line, "w");
	assert_non_null(f);
	fputs(out, f);
	pclose(f);
	snprintf(line, sizeof line, "/tmp/cask-said-%ld", (long)getpid());
	f = fopen(line, "r");
	assert_non_null(f);
	n = fread(said, 1, sizeof said - 1, f);
	said[n] = '\0';
	fclose(f);
	remove(line);
	if (n > 0)
		fail_msg("%s says:\n%s", program, said);
}

static void
assert_page(void)
{
	if (is_there("mandoc"))
		assert_silent("mandoc -Tlint -W warning");
	if (is_there("groff"))
		assert_silent("groff -man -ww -z -Tascii");
}

static void
the_manual_page_of_each_command_has_each_option_and_is_clean(void **state)
{
	char name[32];

	(void)state;
	if (!is_there("mandoc") && !is_there("groff"))
		fprintf(stderr, "skipped: neither mandoc nor groff is here\n");
	for (size_t i = 0; commands[i] != NULL; i++) {
		RUN(0, A("help"), A("--man"),
		    copy(name, sizeof name, commands[i]->name));
		assert_mentions(common_options, "\\fB\\-\\-");
		for (const struct option *o = commands[i]->options;
		     o->kind != OPTION_END; o++)
			if (strchr(o->name, '-') == NULL)
				ASSERT_HAS(out, o->name);
		assert_page();
	}
	RUN(0, A("help"), A("--man"));
	for (size_t i = 0; commands[i] != NULL; i++) {
		snprintf(name, sizeof name, "cask\\-%s", commands[i]->name);
		ASSERT_HAS(out, name);
	}
	assert_page();
}

/* Completion, by a real bash */

/* The words before the cursor, each quoted for the shell; what is offered,
 * sorted, with a space behind each. */
static const char *
offered(const char *words)
{
	static char line[2048], got[TEXT];
	FILE *f;

	snprintf(line, sizeof line,
	    "bash --norc --noprofile -c '"
	    "source <(%s help --completion bash) || exit; "
	    "complete -p cask >/dev/null || exit; "
	    "COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
	    "_cask; printf \"%%s\\n\" \"${COMPREPLY[@]}\" | sort | "
	    "while read -r w; do printf \"%%s \" \"$w\"; done' 2>&1",
	    cask_path(), words);
	f = popen(line, "r");
	assert_non_null(f);
	read_all(dup(fileno(f)), got, sizeof got);
	pclose(f);
	return got;
}

static void
bash_completes_commands_options_and_values(void **state)
{
	static const struct {
		const char *words;
		const char *offered;
	} cases[] = {
		{ "cask du", "dump " },
		{ "cask --v", "--version " },
		{ "cask dump --sh", "--shape " },
		{ "cask dump --order \"\"", "big little " },
		{ "cask dump --order b", "big " },
		{ "cask dump --order = b", "big " },
		{ "cask dump --order =", "big little " },
		{ "cask dump --json --order l", "little " },
		{ "cask dump --shape /dev/nul", "/dev/null " },
		{ "cask dump --order big /dev/nul", "/dev/null " },
		{ "cask dump --order = big /dev/nul", "/dev/null " },
		{ "cask dump --type u", " " },
		{ "cask collect --color a", "always auto " },
		{ "cask collect -n 3 --js", "--json " },
		{ "cask collect x", " " },
		{ "cask help coll", "collect " },
		{ "cask help --completion b", "bash " },
		{ "cask report --proc /de", "/dev " },
		{ "cask nonsense x", " " },
	};

	(void)state;
	if (!is_there("bash")) {
		fprintf(stderr, "skipped: no bash is here\n");
		skip();
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = offered(cases[i].words);

		if (strcmp(got, cases[i].offered) != 0)
			fail_msg("%s: '%s', not '%s'", cases[i].words, got,
			    cases[i].offered);
	}
}

static void
each_option_is_completed(void **state)
{
	char words[64];

	(void)state;
	if (!is_there("bash"))
		skip();
	for (size_t i = 0; commands[i] != NULL; i++) {
		const struct option *o = commands[i]->options;

		for (; o->kind != OPTION_END; o++) {
			snprintf(words, sizeof words, "cask %s --%s",
			    commands[i]->name, o->name);
			snprintf(out, sizeof out, "--%s ", o->name);
			ASSERT_HAS(offered(words), out);
		}
	}
}

/* Suggestions */

static const char *
nearest_of(const char *s)
{
	struct nearest near = { NULL, 0 };

	nearest_try(&near, s, "collect");
	nearest_try(&near, s, "report");
	nearest_try(&near, s, "replay");
	nearest_try(&near, s, "cat");
	return near.word != NULL ? near.word : "";
}

static void
what_is_misspelt_suggests_what_is_nearest(void **state)
{
	(void)state;
	assert_string_equal(nearest_of("repotr"), "report");
	assert_string_equal(nearest_of("colect"), "collect");
	assert_string_equal(nearest_of("colllect"), "collect");
	assert_string_equal(nearest_of("repl"), "replay");
	assert_string_equal(nearest_of("cta"), "cat");
	assert_string_equal(nearest_of("x"), "");
	assert_string_equal(nearest_of(""), "");
	assert_string_equal(nearest_of("nonsense"), "");
	assert_string_equal(
	    nearest_of("a-word-that-is-longer-than-any-name-of-them"), "");
}

/* Terminals */

static void
colors_are_for_terminals_or_when_asked_for(void **state)
{
	(void)state;
	unsetenv("NO_COLOR");
	RUN(0, A("dump"), A("--help"));
	ASSERT_LACKS(out, "\033");
	RUN(0, A("dump"), A("--help"), A("--color=always"));
	ASSERT_HAS(out, "\033[36m");
	RUN(2, A("dump"), A("--color"), A("always"), A("--nonsense"));
	ASSERT_HAS(err, "\033[1;31mcask dump:\033[0m --nonsense");
	setenv("NO_COLOR", "1", 1);
	RUN(0, A("dump"), A("--help"), A("--color=always"));
	ASSERT_HAS(out, "\033[36m");
	unsetenv("NO_COLOR");
}

/* A pseudo-terminal: what a child does with it as its stderr and stdout, up to
 * the end. */
static void
on_terminal(void (*act)(void), char *text)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), slave;
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(grantpt(fd), 0);
	assert_int_equal(unlockpt(fd), 0);
	slave = open(ptsname(fd), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(slave, 1);
		dup2(slave, 2);
		act();
		fflush(NULL);
		_exit(0);
	}
	note_child(0, pid);
	close(slave);
	read_all(fd, text, TEXT);
	test_await(pid, NULL);
	note_child(pid, 0);
}

static void
act_help(void)
{
	setenv("TERM", "xterm", 1);
	execl(cask_path(), "cask", "help", "dump", (char *)NULL);
}

static void
act_help_without_colors(void)
{
	setenv("NO_COLOR", "1", 1);
	act_help();
}

static void
act_help_on_dumb(void)
{
	setenv("TERM", "dumb", 1);
	execl(cask_path(), "cask", "help", "dump", (char *)NULL);
}

static void
a_terminal_has_colors_but_not_with_no_color_or_if_dumb(void **state)
{
	(void)state;
	on_terminal(act_help, out);
	ASSERT_HAS(out, "\033[36m");
	on_terminal(act_help_without_colors, out);
	ASSERT_HAS(out, "usage: cask dump");
	ASSERT_LACKS(out, "\033");
	on_terminal(act_help_on_dumb, out);
	ASSERT_HAS(out, "usage: cask dump");
	ASSERT_LACKS(out, "\033");
}

static void
act_transfer(void)
{
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	progress_start("file", 4000);
	progress_to(1000); /* too soon */
	test_pause(120);
	progress_to(2000);
	progress_to(3000); /* too soon */
	complain("trouble");
	test_pause(120);
	progress_to(4000);
	progress_end();
}

static void
act_quiet_transfer(void)
{
	common.quiet = true;
	act_transfer();
}

static void
a_long_transfer_has_a_line_that_makes_way(void **state)
{
	(void)state;
	on_terminal(act_transfer, out);
	ASSERT_LACKS(out, "1.0 kB");
	ASSERT_HAS(out, "\rfile: 2.0 kB (50%), ");
	ASSERT_LACKS(out, "3.0 kB");
	ASSERT_HAS(out, "/s\033[K\r\033[Kcask: trouble\r\n");
	ASSERT_HAS(out, "\rfile: 4.0 kB (100%), ");
	assert_string_equal(out + strlen(out) - 7, "\033[K\r\033[K");
}

static void
with_quiet_or_without_a_terminal_there_is_no_such_line(void **state)
{
	(void)state;
	on_terminal(act_quiet_transfer, out);
	assert_string_equal(out, "cask: trouble\r\n");
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, NULL, kill_children)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_table_is_well_formed),
	cmocka_unit_test(what_is_usual_is_a_value),
	CLEAN(the_help_of_each_command_has_each_option_within_80_columns),
	CLEAN(the_manual_page_of_each_command_has_each_option_and_is_clean),
	CLEAN(bash_completes_commands_options_and_values),
	CLEAN(each_option_is_completed),
	cmocka_unit_test(what_is_misspelt_suggests_what_is_nearest),
	CLEAN(colors_are_for_terminals_or_when_asked_for),
	CLEAN(a_terminal_has_colors_but_not_with_no_color_or_if_dumb),
	CLEAN(a_long_transfer_has_a_line_that_makes_way),
	CLEAN(with_quiet_or_without_a_terminal_there_is_no_such_line),
};

RUN_TESTS(tests)
