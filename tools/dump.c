/*
 * cask dump: shows what is in an archive, value by value.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"
#include "term.h"

/* The shape */

static bool
take_shape(struct dump *d)
{
	char why[SHAPE_WHY];

	if (d->types == NULL)
		return shape_read(&d->shape, "--shape", d->shape_path);
	if (shape_parse_types(
		&d->shape, "--type", d->types, strlen(d->types), why))
		return true;
	fputs(why, stderr);
	return false;
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
	d->out = stdout;
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
	if (!term_is(stdout))
		progress_start(d->name, 0);
	if (d->shaped)
		result = dump_shaped(d);
	else
		result = dump_bare(d);
	progress_end();
	tape_close(&d->tape);
	if (fd != STDIN_FILENO)
		close(fd);
	return result;
}

/* Arguments */

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

bool
dump_settings(struct dump *d)
{
	d->shaped = d->shape_path != NULL || d->types != NULL;
	d->ar.big_endian = d->order == 1;
	if (d->shaped || (!d->json && !d->dot))
		return take_codepage(d) && (!d->shaped || take_shape(d));
	complain("%s: needs --shape or --type", d->json ? "--json" : "--dot");
	return false;
}

static struct dump dump;

static int
dump_main(void)
{
	return dump_settings(&dump) ? run(&dump) : EXIT_WRONG_USE;
}

static const struct option options[] = {
	{ .name = "shape",
	    .kind = OPTION_FILE,
	    .value = "FILE",
	    .but_not = "type",
	    .help = "the shape: the last struct in FILE",
	    .more = "It is written in the language of cask(5).",
	    .to = &dump.shape_path },
	{ .name = "type",
	    .kind = OPTION_TEXT,
	    .value = "TYPES",
	    .most = 65536,
	    .help = "a list of types instead: 'u32 text f64*'",
	    .more = "The values are called v1, v2 and so on.",
	    .to = &dump.types },
	{ .name = "order",
	    .kind = OPTION_CHOICE,
	    .value = "ORDER",
	    .choices = "little|big",
	    .usual = "little",
	    .help = "of bytes: little or big",
	    .more = "It is for where the shape does not tell.",
	    .to = &dump.order },
	{ .name = "ansi",
	    .kind = OPTION_NUMBER,
	    .value = "CP",
	    .least = 1,
	    .most = 65535,
	    .otherwise = "1252",
	    .help = "the code page of ANSI strings",
	    .more = "It is a number of Windows.  It also makes the guesses "
		    "find ANSI strings that are not ASCII.",
	    .to = &dump.codepage },
	{ .name = "json",
	    .kind = OPTION_FLAG,
	    .but_not = "dot",
	    .help = "print one JSON object",
	    .more = "It has a value for each name.  Arrays are arrays, structs "
		    "are objects, raw bytes are text in hexadecimal; a missing "
		    "option is null, and what a version or an older message "
		    "lacks is left out.  The length of a message is not "
		    "shown.  Integers beyond 2^53 are texts, and so are "
		    "\"NaN\", \"Infinity\" and \"-Infinity\"; all other "
		    "numbers are exact when they are read as doubles.  When "
		    "the stream is wrong the object is ended where the stream "
		    "was, and the exit code tells.\n\n"
		    "An object of a class has its number, class and schema in "
		    "front of its members, \"#\", \"#class\" and "
		    "\"#schema\", and one that came before is {\"#\":2}.  "
		    "Those at the end of others do not nest: the first has the "
		    "rest of them in an array \"#then\", and each points to "
		    "the next by its number.  MFC's structs are objects with "
		    "the names of their parts, times and spans numbers of "
		    "seconds, dates of days, money of ten-thousandths.",
	    .to = &dump.json },
	{ .name = "dot",
	    .kind = OPTION_FLAG,
	    .help = "print the objects and their pointers for Graphviz",
	    .more = "An object is a node with its values, at most 24, and a "
		    "pointer an edge: cask dump --shape s --dot file | "
		    "dot -Tsvg.  The outermost struct is the node \"stream\".",
	    .to = &dump.dot },
	{ .kind = OPTION_END },
};

static const struct option operands[] = {
	{ .kind = OPTION_FILE,
	    .value = "FILE",
	    .help = "the archive; -: standard input",
	    .otherwise = "-",
	    .to = &dump.name },
	{ .kind = OPTION_END },
};

const struct command dump_command = {
	.name = "dump",
	.purpose = "show what is in an archive",
	.options = options,
	.operands = operands,
	.about = "Show what is in an archive, in FILE or standard input: each "
		 "value's place, its bytes, its type, its name and the value, "
		 "up to the first byte that is wrong.  What the archive "
		 "consists of is said by a shape, for which see cask(5):\n\n"
		 "  struct quote { text symbol; count n; f64 price[n]; }\n\n"
		 "Without one: bytes, and guesses at where strings, classes "
		 "and objects are.",
	.details =
	    "An archive is a stream in the format of MFC's CArchive.  For text "
	    "the type tells which form came: ansi, unicode, utf8, utf16 or "
	    "utf32.  A member of a struct or of an array has its path for a "
	    "name, as in lines[2].price; the bool in front of an optional "
	    "member has the member's name and a question mark.  What the shape "
	    "calls secret is shown as three asterisks.\n\n"
	    "Classes and objects, as cask(5) describes them, have the numbers "
	    "that MFC gives them:\n\n"
	    "   0  ff ff 01 00 05 00 43 4e  object  node = #2 CNode (class #1, "
	    "schema 1)\n"
	    "   8  6f 64 65\n"
	    "  11  07 00                    u16       value = 7\n"
	    "  13  01 80                    object    next = #3 CNode\n"
	    "  15  08 00                    u16       value = 8\n"
	    "  17  02 00                    object    next = #2\n\n"
	    "A new object has its class behind its number, and that class's "
	    "number and schema where it is defined there; its members follow, "
	    "further in, with paths of their own.  An object that came before "
	    "has its number alone.  What the last member of an object points "
	    "to stands behind the object, and no further in.\n\n"
	    "The dump ends at the first value that is wrong, with its bytes as "
	    "far as they were taken and, on standard error, with the reason.  "
	    "That the stream goes on where its description ends is wrong as "
	    "well.\n\n"
	    "Without --shape and --type, bytes and characters are shown, and "
	    "below them, with a caret, what looks like a string, a class or an "
	    "object: FF FE FF and what else makes a Unicode string; a length "
	    "and as many printable characters; FF FF, a schema, a length and a "
	    "name; and the tag of a class, where that can have this number.  "
	    "What begins with \"perhaps\" is a guess: other bytes may look the "
	    "same.  The definition of a class at the first byte is none, if "
	    "the stream begins with an object by pointer; nothing tells "
	    "whether it does.\n\n"
	    "Since classes and objects are numbered as they come, numbers rule "
	    "out much of what looks like a tag.  Where one may be a chance of "
	    "bytes, what follows has a range, \"number 4 to 6\".  Objects that "
	    "were mapped, which have a number and no bytes, are not counted.",
	.exits = { "done", "failed, or a byte was wrong",
	    "wrong arguments, or a wrong shape" },
	.examples = { { "A stream that somebody has kept, of prices of a "
			"share:",
	    "cask dump --type 'text count f64*' quote.bin\n"
	    "  byte  hex                      type    name = value\n"
	    "     0  ff fe ff 04 41 00 43 00  unicode v1 = \"ACME\"\n"
	    "     8  4d 00 45 00\n"
	    "    12  02 00                    count   v2 = 2\n"
	    "    14  00 00 00 00 00 c0 44 40  f64     v3[0] = 41.5\n"
	    "    22  00 00 00 00 00 20 45 40  f64     v3[1] = 42.25" } },
	.see_also = "cask(5), cask_ar(3), cask_sock(3)",
	.main = dump_main,
};
