/*
 * The seam: the code pages that iconv has.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sys_own.h"

#include <iconv.h>

/*
 * glibc says EINVAL, "no such converter", also when a converter's file could
 * not be opened for want of a descriptor: ask for one to tell the two apart.
 */
static int
open_failed(int err)
{
	int fd;

	if (err != EINVAL)
		return -err;
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE))
		return -errno;
	if (fd >= 0)
		close(fd);
	return -EINVAL;
}

int
caski_sys_iconv_open(void **cd, const char *to, const char *from)
{
	const iconv_t failed = (iconv_t)-1;
	iconv_t made = iconv_open(to, from);

	*cd = NULL;
	if (made == failed)
		return open_failed(errno);
	*cd = (void *)made;
	return 0;
}

/* in as void *: whether iconv wants const there differs between systems. */
ptrdiff_t
caski_sys_iconv(
    void *cd, const char **in, size_t *in_left, char **out, size_t *out_left)
{
	size_t r = iconv((iconv_t)cd, (void *)in, in_left, out, out_left);

	return r == (size_t)-1 ? -(ptrdiff_t)errno : (ptrdiff_t)r;
}

void
caski_sys_iconv_close(void *cd)
{
	iconv_close((iconv_t)cd);
}
