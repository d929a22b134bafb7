/*
 * The mounted file systems, from /proc/self/mounts and statvfs.
 *
 * SPDX-License-Identifier: MIT
 */
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

/* In place: "\040" is a space; tab, newline and backslash come likewise. */
static void
decode_octal(char *s)
{
	char *to = s;

	while (*s != '\0') {
		bool octal = s[0] == '\\' && strspn(s + 1, "01234567") >= 3;

		if (octal) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
			    (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* "/dev/vda / ext4 rw,relatime 0 0", cut up in place. */
struct mount {
	char *device;
	char *path;
	char *type;
};

static bool
parse(char *line, struct mount *m)
{
	char *rest = line;

	m->device = strtok_r(rest, " \n", &rest);
	m->path = strtok_r(NULL, " \n", &rest);
	m->type = strtok_r(NULL, " \n", &rest);
	if (m->type == NULL)
		return false;
	decode_octal(m->device);
	decode_octal(m->path);
	decode_octal(m->type);
	return true;
}

/*
 * Asking a file system whose server is dead blocks for ever, in a way that
 * nothing interrupts: these are named, and not asked.
 */
static bool
may_hang(const char *type)
{
	static const char *const remote[] = { "nfs", "nfs4", "cifs", "smb3",
		"smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gfs2",
		"ocfs2", "beegfs", "davfs", "coda" };

	for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++)
		if (strcmp(type, remote[i]) == 0)
			return true;
	return strncmp(type, "fuse.", 5) == 0;
}

/* Look at a mount: is it one to report?  Its figures go to *d. */
static bool
measure(struct disk *d, const struct mount *m)
{
	struct statvfs v;

	*d = (struct disk) { .measured = false };
	if (strcmp(m->type, "autofs") == 0)
		return false; /* asking would mount something */
	if (may_hang(m->type))
		return true;
	if (statvfs(m->path, &v) < 0 || v.f_blocks == 0)
		return false; /* out of reach, or a pseudo file system */
	d->measured = true;
	d->size = (uint64_t)v.f_blocks * v.f_frsize;
	d->free = (uint64_t)v.f_bfree * v.f_frsize;
	d->available = (uint64_t)v.f_bavail * v.f_frsize;
	return true;
}

/* What was mounted over something else hides it: the last one counts. */
static struct disk *
place_for(struct report *r, const char *path)
{
	for (uint32_t i = 0; i < r->disk_count; i++)
		if (strcmp(r->disks[i].path, path) == 0)
			return &r->disks[i];
	r->disks_total++;
	return r->disk_count < DISKS_MOST ? &r->disks[r->disk_count++] : NULL;
}

static void
take_mount(struct report *r, const struct mount *m)
{
	struct disk found, *d;
	uint32_t altered = r->altered;

	if (!measure(&found, m))
		return;
	text_copy(r, found.path, sizeof found.path, m->path);
	d = place_for(r, found.path);
	if (d == NULL) {
		r->altered = altered;
		return;
	}
	text_copy(r, found.device, sizeof found.device, m->device);
	text_copy(r, found.type, sizeof found.type, m->type);
	*d = found;
}

void
disks_read(struct report *r, const char *proc)
{
	char path[4096];
	char *line = NULL;
	size_t size = 0;
	struct mount m;
	FILE *f;

	snprintf(path, sizeof path, "%s/self/mounts", proc);
	f = fopen(path, "r");
	if (f == NULL)
		return;
	while (getline(&line, &size, f) > 0)
		if (parse(line, &m))
			take_mount(r, &m);
	free(line);
	fclose(f);
}
