/*
 * What every test includes: cmocka, and a main that can't hang.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A test that hangs is a test that fails: seconds for the whole program. */
#ifndef TEST_SECONDS
#define TEST_SECONDS 120
#endif

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* main(): the tests of one file.  Their names are sentences. */
#define RUN_TESTS(tests)                                          \
	int main(void)                                            \
	{                                                         \
		alarm(TEST_SECONDS);                              \
		return cmocka_run_group_tests(tests, NULL, NULL); \
	}

#endif
