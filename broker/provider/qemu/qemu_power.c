/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_power: see qemu_power.h. */
#include "qemu/qemu_power.h"

#include <glib/gstdio.h>

#include "dial.h"
#include "fault.h"
#include "qemu/qemu_argv.h"
#include "qemu/qemu_process.h"
#include "qemu/qmp.h"

#define POWERDOWN_SECONDS 2  /* between two presses of the power button, which a guest */
#define POWERDOWN_TIMES   10 /* that is still booting does not feel                    */
#define QUIT_SECONDS      5
#define STILL             "suspended" /* a file in its place */

/* The file says that it stands still, and is there a moment longer than that is true: a broker that
 * is killed in between lets it go on for nothing. */
gboolean qemu_power_set_still(const char *place, gboolean still, GError **error)
{
	g_autofree char *flag = g_build_filename(place, STILL, NULL);
	g_autofree char *path = g_build_filename(place, QEMU_MONITOR, NULL);
	gint64 deadline = dial_deadline(QUIT_SECONDS);
	g_autoptr(Qmp) qmp = NULL;

	if (still && !g_file_set_contents(flag, "", 0, NULL)) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: cannot be written", flag);
		return FALSE;
	}
	qmp = qmp_open(path, deadline, error);
	if (!qmp || !qmp_order(qmp, still ? "stop" : "cont", NULL, deadline, error))
		return FALSE;
	if (!still)
		g_unlink(flag);
	return TRUE;
}

void qemu_power_forget(const char *place)
{
	g_autofree char *flag = g_build_filename(place, STILL, NULL);

	g_unlink(flag);
}

gboolean qemu_power_stands_still(const char *place)
{
	g_autofree char *flag = g_build_filename(place, STILL, NULL);

	return g_file_test(flag, G_FILE_TEST_EXISTS);
}

gboolean qemu_power_shut_down(const char *place, int pidfd)
{
	g_autofree char *monitor = g_build_filename(place, QEMU_MONITOR, NULL);
	g_autoptr(Qmp) qmp = qmp_open(monitor, dial_deadline(QUIT_SECONDS), NULL);

	/* One that stands still does not hear the button. */
	if (qmp && qemu_power_stands_still(place))
		json_decref(qmp_execute(qmp, "cont", NULL, dial_deadline(QUIT_SECONDS), NULL));
	for (int i = 0; qmp && i < POWERDOWN_TIMES; i++) {
		json_decref(qmp_execute(qmp, "system_powerdown", NULL,
					dial_deadline(POWERDOWN_SECONDS), NULL));
		if (qemu_process_wait(pidfd, dial_deadline(POWERDOWN_SECONDS)))
			return TRUE;
	}
	return FALSE;
}

gboolean qemu_power_end(const char *place, int pidfd, GError **error)
{
	g_autofree char *monitor = g_build_filename(place, QEMU_MONITOR, NULL);
	g_autoptr(Qmp) qmp = qmp_open(monitor, dial_deadline(QUIT_SECONDS), NULL);

	if (qmp) {
		json_decref(qmp_execute(qmp, "quit", NULL, dial_deadline(QUIT_SECONDS), NULL));
		if (qemu_process_wait(pidfd, dial_deadline(QUIT_SECONDS)))
			return TRUE;
	}
	return qemu_process_kill(pidfd, error);
}
