/*
 * Completion in bash, from the tables.  It needs bash alone, of any version
 * from 3.2 on.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "command.h"

/*
 * What is the same for all: bash makes words of --order=big, as of --order,
 * '=' and big; and the names of files may have spaces.  $kind is what is to be
 * completed: a way of compgen's, or words.
 */
static const char head[] =
    "# Completion of cask(1) in bash; 'cask help --completion bash' prints "
    "it.\n"
    "\n"
    "_cask_offer() {\n"
    "\tlocal line\n"
    "\tCOMPREPLY=()\n"
    "\twhile IFS= read -r line; do\n"
    "\t\tCOMPREPLY+=(\"$line\")\n"
    "\tdone < <(compgen \"$@\" 2>/dev/null)\n"
    "}\n"
    "\n"
    "# The kind of an option's value; nothing for what takes none.\n"
    "_cask_value() {\n"
    "\tcase $1 in\n";

static const char middle[] = "\tesac\n"
			     "}\n"
			     "\n"
			     "# The kind of an operand, by its number.\n"
			     "_cask_operand() {\n"
			     "\tcase $1 in\n";

static const char behind[] = "\tesac\n"
			     "}\n"
			     "\n"
			     "# The options of a subcommand.\n"
			     "_cask_options() {\n"
			     "\tcase $1 in\n";

static const char tail[] =
    "_cask() {\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} kind= i n=0 word\n"
    "\tlocal command=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
    "\t\t_cask_offer -W \"$_cask_commands --help --version\" -- \"$cur\"\n"
    "\t\treturn\n"
    "\tfi\n"
    "\tif [ \"$cur\" = = ]; then\n"
    "\t\tcur=\n"
    "\telif [ \"$before\" = = ]; then\n"
    "\t\tbefore=${COMP_WORDS[COMP_CWORD-2]}\n"
    "\tfi\n"
    "\tkind=$(_cask_value \"$command $before\")\n"
    "\tif [ -z \"$kind\" ] && [ \"${cur#-}\" != \"$cur\" ]; then\n"
    "\t\t_cask_offer -W \"$(_cask_options \"$command\")\" -- \"$cur\"\n"
    "\t\treturn\n"
    "\tfi\n"
    "\tif [ -z \"$kind\" ]; then\n"
    "\t\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
    "\t\t\tword=${COMP_WORDS[i]}\n"
    "\t\t\tcase $word in\n"
    "\t\t\t-?*)\t[ -n \"$(_cask_value \"$command $word\")\" ] || continue\n"
    "\t\t\t\ti=$((i + 1))\n"
    "\t\t\t\t[ \"${COMP_WORDS[i]}\" != = ] || i=$((i + 1)) ;;\n"
    "\t\t\t*)\tn=$((n + 1)) ;;\n"
    "\t\t\tesac\n"
    "\t\tdone\n"
    "\t\tkind=$(_cask_operand \"$command $n\")\n"
    "\tfi\n"
    "\tcase $kind in\n"
    "\tfile | directory)\n"
    "\t\tcompopt -o filenames 2>/dev/null\n"
    "\t\t_cask_offer -A \"$kind\" -- \"$cur\" ;;\n"
    "\thostname | service)\n"
    "\t\t_cask_offer -A \"$kind\" -- \"$cur\" ;;\n"
    "\t-W*)\t_cask_offer -W \"${kind#-W}\" -- \"$cur\" ;;\n"
    "\t*)\tCOMPREPLY=() ;;\n"
    "\tesac\n"
    "}\n"
    "\n"
    "complete -F _cask cask\n";

static void
print_words(FILE *f, const char *choices)
{
	for (; *choices != '\0'; choices++)
		putc(*choices == '|' ? ' ' : *choices, f);
}

/* What is offered for a value. */
static void
print_kind(FILE *f, const struct option *o)
{
	switch (o->kind) {
	case OPTION_FILE:
		fputs("file", f);
		break;
	case OPTION_DIR:
		fputs("directory", f);
		break;
	case OPTION_HOST:
		fputs("hostname", f);
		break;
	case OPTION_PORT:
		fputs("service", f);
		break;
	case OPTION_CHOICE:
		fputs("-W", f);
		print_words(f, o->choices);
		break;
	case OPTION_COMMAND:
		fputs("-W$_cask_commands", f);
		break;
	case OPTION_NUMBER:
	case OPTION_SECONDS:
	case OPTION_TEXT:
		fputs("none", f);
		break;
	case OPTION_FLAG:
	case OPTION_END:
		break;
	}
}

static void
print_values(FILE *f, const char *name, const struct option *o)
{
	for (; o->kind != OPTION_END; o++) {
		if (o->kind == OPTION_FLAG)
			continue;
		fprintf(f, "\t'%s --%s'", name, o->name);
		if (o->letter != '\0')
			fprintf(f, " | '%s -%c'", name, o->letter);
		fputs(") echo \"", f);
		print_kind(f, o);
		fputs("\" ;;\n", f);
	}
}

static void
print_operands(FILE *f, const char *name, const struct option *o)
{
	for (int i = 0; o != NULL && o->kind != OPTION_END; i++, o++) {
		if (o->many)
			fprintf(f, "\t'%s '*) echo \"", name);
		else
			fprintf(f, "\t'%s %d') echo \"", name, i);
		print_kind(f, o);
		fputs("\" ;;\n", f);
	}
}

static void
print_options(FILE *f, const struct option *o)
{
	for (; o->kind != OPTION_END; o++) {
		fprintf(f, " --%s", o->name);
		if (o->letter != '\0')
			fprintf(f, " -%c", o->letter);
	}
}

void
print_completion(FILE *f)
{
	const struct command *const *c;

	fputs(head, f);
	for (c = commands; *c != NULL; c++) {
		print_values(f, (*c)->name, (*c)->options);
		print_values(f, (*c)->name, common_options);
	}
	fputs(middle, f);
	for (c = commands; *c != NULL; c++)
		print_operands(f, (*c)->name, (*c)->operands);
	fputs(behind, f);
	for (c = commands; *c != NULL; c++) {
		fprintf(f, "\t%s) echo \"", (*c)->name);
		print_options(f, (*c)->options);
		print_options(f, common_options);
		fputs("\" ;;\n", f);
	}
	fputs("\tesac\n}\n\n_cask_commands=\"", f);
	for (c = commands; *c != NULL; c++)
		fprintf(f, "%s%s", c != commands ? " " : "", (*c)->name);
	fputs("\"\n\n", f);
	fputs(tail, f);
}
