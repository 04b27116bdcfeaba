/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_display: see qemu_display.h. */
#include "qemu/qemu_display.h"

#include "autofd.h"
#include "dial.h"
#include "dial_pair.h"
#include "qemu/qemu_argv.h"
#include "qemu/qmp.h"

/* It is given the connection: its own socket is a Unix one. */
static int dial_far(const char *place, gint64 deadline, GError **error)
{
	g_autofree char *monitor = g_build_filename(place, QEMU_MONITOR, NULL);
	g_autoptr(Qmp) qmp = qmp_open(monitor, deadline, error);
	autofd int ours = -1, its = -1;
	int pair[2];

	if (!qmp || !dial_pair("spice", pair, error))
		return -1;
	ours = pair[0];
	its = pair[1];
	if (!qmp_give_file(qmp, "viewer", its, deadline, error) ||
	    !qmp_order(qmp, "add_client",
		       json_pack("{s:s, s:s, s:b}", "protocol", "spice", "fdname", "viewer",
				 "skipauth", TRUE),
		       deadline, error))
		return -1;
	return autofd_steal(&ours);
}

int qemu_display_dial(const char *place, const char *protocol, gboolean far, gint64 deadline,
		      GError **error)
{
	gboolean spice = g_str_equal(protocol, "spice");
	g_autofree char *path = g_build_filename(place, spice ? QEMU_SPICE : QEMU_VNC, NULL);

	return spice && far ? dial_far(place, deadline, error) : dial_socket(path, deadline, error);
}
