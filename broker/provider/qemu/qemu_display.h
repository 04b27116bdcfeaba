/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_display: a connection to a display of a running desktop. */
#pragma once

#include <glib.h>

/* place: its directory; protocol: "vnc" or "spice"; far: as in provider.h; deadline: as in dial.h.
 * A connected descriptor, or -1. FAULT_DESKTOP (does not accept, refuses), FAULT_TIMEOUT. */
int qemu_display_dial(const char *place, const char *protocol, gboolean far, gint64 deadline,
		      GError **error);
