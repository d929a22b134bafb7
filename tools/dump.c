/*
 * cask dump: shows what is in an archive, value by value.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"

const char dump_help[] =
    "usage: cask dump [OPTION]... [FILE]\n"
    "\n"
    "Show what is in an archive, in FILE or standard input (-): each value's\n"
    "place, its bytes, its type, its name and the value, up to the first byte "
    "that is\n"
    "wrong.  What the archive consists of is said by a shape, for which see "
    "cask(5):\n"
    "\n"
    "  struct quote { text symbol; count n; f64 price[n]; }\n"
    "\n"
    "Without one: bytes, and guesses at where strings, classes and objects "
    "are.\n"
    "\n"
    "  --shape FILE   the shape: the last struct in FILE\n"
    "  --type TYPES   a list of types instead: 'u32 text f64*'\n"
    "  --order ORDER  of bytes: little or big (little)\n"
    "  --ansi CP      the code page of ANSI strings (1252)\n"
    "  --json         print one JSON object\n"
    "  --dot          print the objects and their pointers for Graphviz\n"
    "\n"
    "Exit codes: 0 done; 1 failed, or a byte was wrong; 2 wrong arguments, or "
    "a\n"
    "wrong shape.\n";

/* The shape */

/* Read all of a shape's file, to be freed.  NULL after a complaint. */
static char *
read_shape(const char *path, size_t *n)
{
	char *text = malloc(SHAPE_FILE + 1);
	FILE *f = fopen(path, "r");
	int err = f == NULL ? errno : 0;

	errno = 0;
	*n = 0;
	if (f != NULL && text != NULL)
		*n = fread(text, 1, SHAPE_FILE + 1, f);
	if (f != NULL && (text == NULL || ferror(f)))
		err = text == NULL ? ENOMEM : errno;
	if (f != NULL)
		fclose(f);
	if (err != 0)
		complain("--shape: %s: %s", path, cask_strerror(err));
	else if (*n > SHAPE_FILE)
		complain("--shape: %s: more than %d bytes", path, SHAPE_FILE);
	else
		return text;
	free(text);
	return NULL;
}

static bool
take_shape(struct dump *d)
{
	char why[SHAPE_WHY];
	char *text;
	size_t n;
	bool ok;

	if (d->types != NULL) {
		ok = shape_parse_types(
		    &d->shape, "--type", d->types, strlen(d->types), why);
	} else {
		text = read_shape(d->shape_path, &n);
		if (text == NULL)
			return false;
		ok = shape_parse(&d->shape, d->shape_path, text, n, why);
		free(text);
	}
	if (!ok)
		fputs(why, stderr);
	return ok;
}

/* The stream */

/* What was wrong, in the archive's words; before them, all that was printed. */
static int
fail(const struct dump *d, const char *why)
{
	if (output_is_good())
		complain("%s: %s", d->name, why);
	return EXIT_FAILED;
}

static int
dump_shaped(struct dump *d)
{
	char why[96];
	bool well;

	d->show = d->dot ? &show_dot : d->json ? &show_json : &show_people;
	d->first = true;
	well = walk(d);
	if (d->json)
		putchar('\n');
	else if (d->dot)
		dot_finish();
	if (!d->json && !d->dot && d->ar.err != 0 && d->tape.io.err == 0)
		show_wrong(d);
	if (well && cask_more(&d->ar)) {
		snprintf(why, sizeof why,
		    "the shape ends at byte %" PRIu64 ", and the stream "
		    "goes on",
		    cask_at(&d->ar));
		return fail(d, why);
	}
	if (d->ar.err != 0)
		return fail(d, cask_why(&d->ar));
	return output_is_good() ? EXIT_WELL : EXIT_FAILED;
}

static int
dump_bare(struct dump *d)
{
	char why[160];

	if (!guess(d))
		return fail(d, cask_io_why(&d->tape.io, why, sizeof why));
	return output_is_good() ? EXIT_WELL : EXIT_FAILED;
}

static int
run(struct dump *d)
{
	int fd = STDIN_FILENO, result;

	if (d->name == NULL || strcmp(d->name, "-") == 0)
		d->name = "standard input";
	else
		fd = open(d->name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		complain("%s: %s", d->name, cask_strerror(errno));
		return EXIT_FAILED;
	}
	tape_open(&d->tape, fd);
	if (d->shaped)
		result = dump_shaped(d);
	else
		result = dump_bare(d);
	tape_close(&d->tape);
	if (fd != STDIN_FILENO)
		close(fd);
	return result;
}

/* Arguments */

static bool
take_order(struct dump *d)
{
	d->ar.big_endian = strcmp(d->order, "big") == 0;
	if (d->ar.big_endian || strcmp(d->order, "little") == 0)
		return true;
	complain("--order: '%s' is neither 'big' nor 'little'", d->order);
	return false;
}

static bool
take_codepage(struct dump *d)
{
	int err;

	if (d->codepage == 0)
		return true;
	d->ar.codepage = (int)d->codepage;
	err = cask_charset_check(d->ar.codepage);
	if (err == 0)
		return true;
	complain(
	    "--ansi: code page %d: %s", d->ar.codepage, cask_strerror(err));
	return false;
}

static bool
is_good_use(struct dump *d)
{
	bool shaped = d->shape_path != NULL || d->types != NULL;

	d->shaped = shaped;
	if (d->shape_path != NULL && d->types != NULL)
		complain("--shape and --type: one or the other");
	else if (d->json && d->dot)
		complain("--json and --dot: one or the other");
	else if ((d->json || d->dot) && !shaped)
		complain("%s: needs --shape or --type",
		    d->json ? "--json" : "--dot");
	else
		return take_order(d) && take_codepage(d) &&
		    (!shaped || take_shape(d));
	return false;
}

int
dump_main(int argc, char **argv)
{
	static struct dump d;
	const struct option table[] = {
		{ "shape", '\0', OPTION_TEXT, 4095, &d.shape_path },
		{ "type", '\0', OPTION_TEXT, 65536, &d.types },
		{ "order", '\0', OPTION_TEXT, 16, &d.order },
		{ "ansi", '\0', OPTION_NUMBER, 65535, &d.codepage },
		{ "json", '\0', OPTION_FLAG, 0, &d.json },
		{ "dot", '\0', OPTION_FLAG, 0, &d.dot },
		{ "help", 'h', OPTION_FLAG, 0, &d.help },
		{ .name = NULL },
	};
	char *name = NULL;

	d.order = "little";
	if (options_parse(argc, argv, table, &name, 1) < 0)
		return EXIT_WRONG_USE;
	d.name = name;
	if (d.help) {
		fputs(dump_help, stdout);
		return output_is_good() ? EXIT_WELL : EXIT_FAILED;
	}
	return is_good_use(&d) ? run(&d) : EXIT_WRONG_USE;
}
