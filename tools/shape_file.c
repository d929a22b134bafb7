/*
 * Shapes in files.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "shape.h"

/* Read all of a file, to be freed.  NULL after a complaint. */
static char *
read_all(const char *option, const char *path, size_t *n)
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
		complain("%s: %s: %s", option, path, cask_strerror(err));
	else if (*n > SHAPE_FILE)
		complain(
		    "%s: %s: more than %d bytes", option, path, SHAPE_FILE);
	else
		return text;
	free(text);
	return NULL;
}

bool
shape_read(struct shape *shape, const char *option, const char *path)
{
	char why[SHAPE_WHY];
	size_t n;
	char *text = read_all(option, path, &n);
	bool well = text != NULL && shape_parse(shape, path, text, n, why);

	if (text != NULL && !well)
		fputs(why, stderr);
	free(text);
	return well;
}
