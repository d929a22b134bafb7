/*
 * Faults below the commands: each function of the C library that they and the
 * library call, and that can fail, is wrapped by the linker, counted, and can
 * be made to fail.  (fault.h does that to lib/sys.h, for the tests of the
 * library alone.)
 *
 * What is planned holds in the process that began it, and not in those that
 * fork from it then; what became of it is seen by its parent, too.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef LIBC_FAULT_H
#define LIBC_FAULT_H

#include <stdbool.h>

struct libc_plan {
	unsigned nth;   /* 0 is the first call of any kind */
	unsigned many;  /* so many in a row fail, that one first */
	unsigned which; /* of the errors that the call is known to give */
};

/* From here on; until the end.  Standard streams are taken into it. */
void libc_fault_begin(const struct libc_plan *p);
void libc_fault_end(void);

/* What became of the latest plan. */
struct libc_outcome {
	unsigned injected;
	const char *call; /* the first that failed */
	int err;          /* … with this, an errno or, of a name, EAI_ */
	unsigned errors;  /* … of so many that it is known to give */
	bool is_name;
};

struct libc_outcome libc_fault_outcome(void);

#endif
