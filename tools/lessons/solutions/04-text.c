/*
 * A solution of lesson 4: text and encodings.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask.h>

#include <err.h>
#include <stdio.h>
#include <string.h>

static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static const struct encoding {
	const char *name;
	struct cask_as as;
} encodings[] = {
	{ "UTF-8", { .form = CASK_UTF8, .end = CASK_BY_LF } },
	{ "UTF-16", { .form = CASK_UTF16, .end = CASK_BY_LF } },
	{ "Windows 1252", { .form = CASK_ANSI, .end = CASK_BY_LF } },
};

/* The text as a line in an encoding; gives how many bytes that is. */
static size_t
encode(unsigned char *line, size_t size, char *t, const struct cask_as *as)
{
	struct cask_mem memory = { 0 };
	struct cask_ar out = { 0 };

	cask_store(&out, cask_mem_write(&memory, line, size));
	cask_text_as(&out, t, strlen(t) + 1, as);
	if (cask_flush(&out) != 0)
		printf("%s\n", cask_why(&out));
	return memory.length;
}

/* And back. */
static void
decode(char *text, size_t size, const unsigned char *line, size_t n,
    const struct cask_as *as)
{
	struct cask_mem memory = { 0 };
	struct cask_ar in = { 0 };

	cask_load(&in, cask_mem_read(&memory, line, n));
	cask_text_as(&in, text, size, as);
	if (in.err)
		printf("%s\n", cask_why(&in));
}

int
main(int argc, char **argv)
{
	unsigned char line[400];
	char text[400];

	if (argc != 2 || strlen(argv[1]) > 90)
		errx(2, "usage: text WORDS");
	printf("\"%s\": %zu characters\n", argv[1], characters(argv[1]));
	for (int i = 0; i < 3; i++) {
		size_t n = encode(line, sizeof line, argv[1], &encodings[i].as);

		printf("%-12s %2zu bytes:", encodings[i].name, n);
		for (size_t k = 0; k < n; k++)
			printf(" %02x", line[k]);
		printf("\n");
	}
	/* Who sends UTF-8 to who expects Windows 1252? */
	decode(text, sizeof text, line,
	    encode(line, sizeof line, argv[1], &encodings[0].as),
	    &encodings[2].as);
	printf("UTF-8, read as Windows 1252: \"%s\"\n", text);
	return 0;
}
