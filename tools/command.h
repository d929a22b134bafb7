/*
 * What the subcommands of cask share: their tables, and how they print.
 *
 * A subcommand is a struct command, in a file of its own and in the list of
 * commands.c.  Its tables of options and operands are all there is: the
 * parser, --help, the manual page and the completion of bash are made of them.
 *
 *     static struct {
 *             const char *port;
 *             uint64_t count;
 *             unsigned order;
 *     } echo;
 *
 *     static const struct option options[] = {
 *             { .name = "count", .letter = 'n', .kind = OPTION_NUMBER,
 *                 .value = "N", .least = 1, .most = 1000, .to = &echo.count,
 *                 .help = "end after N clients", .otherwise = "never" },
 *             { .name = "order", .kind = OPTION_CHOICE, .value = "ORDER",
 *                 .choices = "little|big", .usual = "little",
 *                 .help = "order of bytes", .to = &echo.order },
 *             { .kind = OPTION_END },
 *     };
 *
 *     static const struct option operands[] = {
 *             { .kind = OPTION_PORT, .value = "PORT", .to = &echo.port,
 *                 .help = "listen on this port" },
 *             { .kind = OPTION_END },
 *     };
 *
 *     const struct command echo_command = {
 *             .name = "echo",
 *             .purpose = "send back what comes",
 *             .options = options,
 *             .operands = operands,
 *             .needs = 1,
 *             .about = "Listen on PORT, and send back whatever comes.",
 *             .exits = { "done", "failed", "wrong arguments" },
 *             .examples = { { "On any port that is free:", "cask echo 0" } },
 *             .main = echo_main,
 *     };
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How a command ends. */
enum { EXIT_WELL = 0, EXIT_FAILED = 1, EXIT_WRONG_USE = 2, EXITS_MOST = 8 };

/*
 * What an option takes, and what to points at.  Text of any kind is not empty,
 * and the argument itself, not a copy.
 */
enum option_kind {
	OPTION_END,     /* of a table */
	OPTION_FLAG,    /* bool */
	OPTION_NUMBER,  /* uint64_t, from least to most */
	OPTION_SECONDS, /* double, from 0.001 to most */
	OPTION_CHOICE,  /* unsigned: which of the choices, from 0 */
	OPTION_TEXT,    /* const char *: UTF-8, of at most most bytes (4095) */
	OPTION_FILE,    /* const char *: any bytes */
	OPTION_DIR,     /* const char * */
	OPTION_HOST,    /* const char *: a name or an address; UTF-8 */
	OPTION_PORT,    /* const char *: least to 65535, or a service's name */
	OPTION_COMMAND, /* const struct command *: a subcommand's name */
};

/* An option, or an operand, which has no name.  Its words are ASCII. */
struct option {
	const char *name; /* "count" for --count */
	char letter;      /* 'n' for -n, or '\0'; not one of hVqv */
	enum option_kind kind;
	const char *value;     /* what its value is called: "N" */
	const char *help;      /* "end after N reports": no full stop */
	const char *more;      /* sentences, for the manual page; or NULL */
	const char *usual;     /* its value when it is not given: "7007" */
	const char *otherwise; /* … in words, when that is no value: "never" */
	const char *choices;   /* "little|big" */
	const char *but_not;   /* the name of one that excludes it */
	bool many;             /* may be repeated: to is a struct option_list */
	uint64_t least;
	uint64_t most;
	void *to;
};

/* What was given to an option that may be repeated. */
#define LIST_MOST 64

struct option_list {
	const char *item[LIST_MOST];
	unsigned count;
};

struct example {
	const char *says;  /* a sentence, with its full stop or colon */
	const char *lines; /* what to type; and, for the manual, what comes */
};

#define EXAMPLES_MOST 6

/*
 * A subcommand.  Of about and details, an empty line parts the paragraphs, and
 * a line that begins with a space is shown as it stands.
 */
struct command {
	const char *name;
	const char *purpose; /* one line: "collect the figures of …" */
	const struct option *options;
	const struct option *operands; /* or NULL; the last may be many */
	unsigned needs;                /* so many operands have to be given */
	const char *about;             /* a paragraph or two */
	const char *details;           /* more, for the manual page; or NULL */
	const char *exits[EXITS_MOST]; /* by exit code; NULL: not used */
	struct example examples[EXAMPLES_MOST];
	const char *see_also; /* "cask(5), cask_ar(3)", or NULL */
	int (*main)(void);    /* the options are set; gives the exit code */
};

/* commands.c: all of them, up to a NULL; and the command itself. */
extern const struct command *const commands[];
extern const struct command cask_command;
extern const struct command report_command;
extern const struct command collect_command;
extern const struct command dump_command;
extern const struct command lesson_command;
extern const struct command chat_command;
extern const struct command chatd_command;
extern const struct command cat_command;
extern const struct command proxy_command;
extern const struct command replay_command;
extern const struct command help_command;

/* By its name, or NULL after a complaint. */
const struct command *command_find(const char *name);

/* Parse, then do it, or print its help or the version.  Gives its exit code. */
int command_run(const struct command *c, int argc, char **argv);

/* options.c: what every command has.  Set by command_parse. */
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct common {
	bool help;
	bool version;
	bool quiet;     /* nothing but results and complaints */
	bool verbose;   /* what goes on, too: see remark */
	unsigned color; /* enum color */
};

extern struct common common;
extern const struct option common_options[];

/*
 * Set what is usual, then what argv[1] and those behind it say.  False after a
 * complaint, which names the option, its value and what that may be; with
 * --help or --version nothing that is missing is complained of.
 */
bool command_parse(const struct command *c, int argc, char **argv);

/* values.c: is it one of the kind's values?  Then it is stored; else false,
 * after a complaint. */
bool option_set(const struct option *o, const char *what, const char *value);

/* Set what is usual, of a table's options. */
void options_reset(const struct option *table);

/* Is it a port, a number from least to 65535 or a name?  If not, complain. */
bool is_port(const char *what, const char *s, unsigned least);

/* nearest.c: that of the words which s is likely to mean, or NULL.  Give it a
 * word at a time, best beginning with nothing in it. */
struct nearest {
	const char *word;
	unsigned distance;
};

void nearest_try(struct nearest *best, const char *s, const char *word);

/* help.c, man.c, completion.c: what is made of the tables. */
struct usage {
	char words[120]; /* " HOST [PORT]..." */
};

struct usage usage_operands(const struct command *c);
void print_usage(FILE *f, const struct command *c);
void print_help(FILE *f, const struct command *c);
void print_man(FILE *f, const struct command *c);
void print_completion(FILE *f);

/* output.c */

#if defined(__GNUC__)
#define PRINTS(words, first) __attribute__((format(printf, words, first)))
#else
#define PRINTS(words, first)
#endif

/* "cask report: …" on stderr, one line.  The name is set by main. */
extern const struct command *command_now;
void complain(const char *format, ...) PRINTS(1, 2);

/* The same, with --verbose only: what goes on, and is no trouble. */
void remark(const char *format, ...) PRINTS(1, 2);

/* Send what was printed, before something is waited for. */
void output_flush(void);

/* Whether stdout is broken: to be asked where much is printed, soon after. */
bool output_is_broken(void);

/* Send what was printed.  False, with a complaint, when stdout is broken. */
bool output_is_good(void);

/* Monotonic time in milliseconds. */
int64_t now_ms(void);

/* Seconds that were given, as milliseconds: the nearest, since 0.3 * 1000 may
 * be just below 300. */
static inline int
milliseconds(double seconds)
{
	return (int)(seconds * 1000 + 0.5);
}

#endif
