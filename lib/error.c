/*
 * Errors in words.  See <cask/error.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include <cask/error.h>

#include <string.h>

static const char *const words[] = {
	[0] = "no error",
	[-CASK_ECUT] = "stream ended inside a message",
	[-CASK_ENAME] = "name not known",
	[-CASK_ETEXT] = "text can't be represented in the target encoding",
	[-CASK_ELIMIT] = "limit exceeded",
	[-CASK_ECHARSET] = "no converter for this code page here",
	[-CASK_EPORT] = "port not known",
	[-CASK_EDIRECTION] = "wrong direction for this archive",
	[-CASK_EDNS] = "no name server answers",
	[-CASK_EINDEX] = "no object or class has that number",
	[-CASK_ECLASS] = "not a class that can be here",
	[-CASK_ESCHEMA] = "another schema of that class",
};

const char *
cask_strerror(int err)
{
	const int known = (int)(sizeof words / sizeof words[0]);

	if (err > 0)
		return strerror(err);
	if (err <= -known)
		return "unknown error";
	return words[-err];
}
