/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes are an oriel.conf: it is taken whole, or refused with words. */
#include "options.h"

#include <glib/gstdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	int fd = memfd_create("oriel.conf", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autoptr(GError) error = NULL;
	g_autoptr(Options) options = NULL;

	g_assert(fd >= 0 && write(fd, data, size) == (gssize)size);
	options = options_load(path, &error);
	g_assert((options == NULL) == (error != NULL));
	g_assert(options == NULL || (options->listen != NULL && options->workers <= 256));
	close(fd);
	return 0;
}
