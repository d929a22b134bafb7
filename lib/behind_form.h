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

#define BEGIN2 "\r\n\r\n\0\r\nQUIT\n" /* what it begins with … */
#define SIZE2  12                     /* … in bytes */
#define FIXED2 16                     /* what is in front of the addresses */
#define PATH   108 /* bytes of a path, whatever this system has */

enum { LOCAL, PROXY };                   /* commands */
enum { UNSPECIFIED, INET, INET6, UNIX }; /* families */

static inline size_t
addresses(unsigned family)
{
	static const size_t sizes[] = { 0, 2 * (4 + 2), 2 * (16 + 2),
		2 * PATH };

	return family <= UNIX ? sizes[family] : 0;
}

#endif
