/*
 * Errors: errno is the vocabulary, plus the few words it lacks.
 *
 * An error is an errno value (positive) or one of these codes (negative).  The
 * first one of a socket or archive sticks there and can be read at any time;
 * nothing clears it but starting anew, and cask_resume after a time-out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CASK_ERROR_H
#define CASK_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

enum cask_error {
	CASK_ECUT = -1,       /* the stream ended inside a message */
	CASK_ENAME = -2,      /* a host name has no address */
	CASK_ETEXT = -3,      /* text that the target encoding can't hold */
	CASK_ELIMIT = -4,     /* a limit was exceeded; the words say which */
	CASK_ECHARSET = -5,   /* no converter for that code page here */
	CASK_EDIRECTION = -6, /* stored while loading, or the reverse */
	CASK_EPORT = -7,      /* no such port, or service of that name */
	CASK_EDNS = -8,       /* no name server answers at present */
	CASK_EINDEX = -9,     /* no object, or class, has that number */
	CASK_ECLASS = -10,    /* a class that can't be here */
	CASK_ESCHEMA = -11,   /* another version of a class */
};

/*
 * The words for an error: 0, an errno value or one of ours.
 *
 * Never NULL.  Those of a positive number are the C library's, and last until
 * the next call in the same thread.  MFC: CException::GetErrorMessage.
 */
const char *cask_strerror(int err);

#ifdef __cplusplus
}
#endif

#endif
