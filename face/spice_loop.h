/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_loop: libspice-server's timers and watches on the default GLib main loop. */
#pragma once

#include <spice.h>

/* All but channel_event, which is the caller's to fill in. */
void spice_loop_fill(SpiceCoreInterface *core);
