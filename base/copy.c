/* SPDX-License-Identifier: GPL-3.0-or-later */
/* copy: see copy.h. */
#include "copy.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (1024 * 1024)

/* Where the kernel can (the same file system), without the bytes passing through here. */
static gboolean copy_range(int in, int out, off_t from, off_t to)
{
	g_autofree char *bytes = NULL;
	gboolean direct = TRUE;

	while (from < to) {
		off_t in_at = from, out_at = from;
		ssize_t n = -1;

		if (direct)
			n = copy_file_range(in, &in_at, out, &out_at, (gsize)(to - from), 0);
		if (n <= 0) {
			direct = FALSE;
			if (!bytes)
				bytes = g_malloc(CHUNK);
			n = pread(in, bytes, (gsize)MIN(to - from, CHUNK), from);
			if (n > 0)
				n = pwrite(out, bytes, (gsize)n, from);
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* it became shorter meanwhile */
		if (n <= 0)
			return FALSE;
		from += n;
	}
	return TRUE;
}

gboolean copy_file(int in, int out)
{
	struct stat info;
	off_t data, hole = 0;

	if (fstat(in, &info) < 0 || ftruncate(out, info.st_size) < 0)
		return FALSE;
	while (hole < info.st_size) {
		data = lseek(in, hole, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			return TRUE; /* the rest is a hole */
		hole = data < 0 ? -1 : lseek(in, data, SEEK_HOLE);
		if (hole < 0) {
			data = 0; /* no holes known here */
			hole = info.st_size;
		}
		hole = MIN(hole, info.st_size);
		if (!copy_range(in, out, data, hole))
			return FALSE;
	}
	return TRUE;
}
