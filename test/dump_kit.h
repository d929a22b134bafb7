/*
 * cask dump as a child: what it is given, what it prints.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef DUMP_KIT_H
#define DUMP_KIT_H

#include "tools_kit.h"

#include <sys/stat.h>

static char out[TEXT], err[TEXT];
static char dir[] = "/tmp/cask-dump-XXXXXX";
static char shape_path[64], data_path[64];

#define HEAD "  byte  hex                      type    name = value\n"
#define BARE                                                        \
	"  byte  hex                                              " \
	"characters\n"

static inline void
write_file(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* Dump n bytes that come from a file, or from a pipe to standard input.  argv
 * begins with "cask", "dump"; gives the exit code. */

static inline int
dump_file(const char *const *args, const void *bytes, size_t n)
{
	const char *argv[12] = { "cask", "dump" };
	char *copy[12] = { NULL };
	struct child c;
	size_t i = 0;

	for (; args[i] != NULL; i++)
		argv[i + 2] = args[i];
	argv[i + 2] = data_path;
	memcpy(copy, argv, sizeof argv);
	write_file(data_path, bytes, n);
	start(&c, copy);
	return finish(&c, out, err);
}

static inline int
dump_pipe(const char *const *args, const void *bytes, size_t n)
{
	const char *argv[12] = { "cask", "dump" };
	char *copy[12] = { NULL };
	int in[2], before = dup(0);
	struct child c;

	for (size_t i = 0; args[i] != NULL; i++)
		argv[i + 2] = args[i];
	memcpy(copy, argv, sizeof argv);
	assert_true(before >= 0 && n < 4096);
	make_pipe(in);
	assert_int_equal(write(in[1], bytes, n), n);
	close(in[1]);
	dup2(in[0], 0);
	close(in[0]);
	start(&c, copy);
	dup2(before, 0);
	close(before);
	return finish(&c, out, err);
}

#define ARGS(...) ((const char *const[]) { __VA_ARGS__, NULL })

static inline const char *
shaped(const char *text)
{
	write_file(shape_path, text, strlen(text));
	return shape_path;
}

static inline int
make_files(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(shape_path, sizeof shape_path, "%s/shape", dir);
	snprintf(data_path, sizeof data_path, "%s/data", dir);
	return 0;
}

static inline int
remove_files(void **state)
{
	(void)state;
	unlink(shape_path);
	unlink(data_path);
	return rmdir(dir);
}

#endif
