/*
 * The form of a header of the PROXY protocol, as it is read and written.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASKI_BEHIND_FORM_H
#define CASKI_BEHIND_FORM_H

#include "ip.h"

#include <stddef.h>

#define MOST1 107 /* bytes of version 1, with its CR and LF */

/* Version 2 */

#define SIZE2  12  /* bytes it begins with */
#define FIXED2 16  /* … what is in front of the addresses */
#define PATH   108 /* … of a path, whatever this system has */

enum { LOCAL, PROXY };                   /* commands */
enum { UNSPECIFIED, INET, INET6, UNIX }; /* families */

static inline const unsigned char *
begin2(void)
{
	static const unsigned char bytes[SIZE2] = { '\r', '\n', '\r', '\n',
		'\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n' };

	return bytes;
}

static inline size_t
addresses(unsigned family)
{
	static const size_t sizes[] = { 0, 2 * (4 + 2), 2 * (16 + 2),
		2 * PATH };

	return family <= UNIX ? sizes[family] : 0;
}

#endif
