/*
 * What the subcommands of cask share: options, complaints, the clock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a command ends. */
enum { EXIT_WELL = 0, EXIT_FAILED = 1, EXIT_WRONG_USE = 2 };

/* Each subcommand: its file gives its help and what it does. */
extern const char report_help[];
extern const char collect_help[];
extern const char dump_help[];
int report_main(int argc, char **argv);
int collect_main(int argc, char **argv);
int dump_main(int argc, char **argv);

#if defined(__GNUC__)
#define PRINTS(words, first) __attribute__((format(printf, words, first)))
#else
#define PRINTS(words, first)
#endif

/* "cask report: …" on stderr, one line.  The name is set by main. */
extern const char *command_name;
void complain(const char *format, ...) PRINTS(1, 2);

/* Send what was printed, before something is waited for. */
void output_flush(void);

/* Whether stdout is broken: to be asked where much is printed, soon after. */
bool output_is_broken(void);

/* Send what was printed.  False, with a complaint, when stdout is broken. */
bool output_is_good(void);

/* Monotonic time in milliseconds. */
int64_t now_ms(void);

/* One option; a table of them ends with a NULL name. */
enum option_kind {
	OPTION_FLAG,    /* bool */
	OPTION_NUMBER,  /* uint64_t, from 1 to most */
	OPTION_SECONDS, /* double, above 0, to most */
	OPTION_TEXT,    /* const char *: UTF-8, not empty, at most most bytes */
	OPTION_PORT,    /* const char *: a number from 0, or a service's name */
};

struct option {
	const char *name; /* "count" for --count */
	char letter;      /* 'n' for -n, or '\0' */
	enum option_kind kind;
	uint64_t most;
	void *to;
};

/*
 * Take the options out of argv[1] and what follows; what is left goes, in its
 * order, to operands (most of them at most).  Gives how many those are, or -1
 * after a complaint that names the option and its value.
 */
int options_parse(int argc, char **argv, const struct option *table,
    char **operands, int most);

/* Is it a port, a number from least to 65535 or a name?  If not, complain. */
bool is_port(const char *what, const char *s, unsigned least);

#endif
