/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_screen: see qemu_screen.h. */
#include "qemu/qemu_screen.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autofd.h"
#include "dial.h"
#include "fault.h"
#include "qemu/qemu_argv.h"
#include "qemu/qmp.h"

#define SCREEN_SECONDS 5

/* The file is QEMU's: nothing but a plain one is read, and no more of it than there may be. */
static GBytes *read_screen(const char *path, GError **error)
{
	autofd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	g_autofree char *bytes = NULL;
	struct stat st;
	gsize have = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    st.st_size > PROVIDER_SCREEN_MAX) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU left no picture");
		return NULL;
	}
	bytes = g_malloc((gsize)st.st_size);
	while (have < (gsize)st.st_size) {
		ssize_t n = read(fd, bytes + have, (gsize)st.st_size - have);

		if (n <= 0)
			break;
		have += (gsize)n;
	}
	return g_bytes_new_take(g_steal_pointer(&bytes), have);
}

GBytes *qemu_screen_take(const char *place, GError **error)
{
	g_autofree char *monitor = g_build_filename(place, QEMU_MONITOR, NULL);
	g_autofree char *path = g_build_filename(place, QEMU_SCREEN, NULL);
	gint64 deadline = dial_deadline(SCREEN_SECONDS);
	g_autoptr(Qmp) qmp = qmp_open(monitor, deadline, error);
	GBytes *ppm = NULL;

	g_unlink(path);
	if (qmp && qmp_order(qmp, "screendump", json_pack("{s:s}", "filename", QEMU_SCREEN),
			     deadline, error))
		ppm = read_screen(path, error);
	g_unlink(path); /* a screen is nothing to leave lying about */
	return ppm;
}
