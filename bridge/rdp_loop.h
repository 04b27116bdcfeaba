/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rdp_loop: a connection of FreeRDP's on the main loop. Its handles are descriptors underneath,
 * which are polled.
 */
#pragma once

#include <freerdp/freerdp.h>
#include <glib.h>

#include "fault.h"

/* As SourceEvents' ended(). */
typedef void (*RdpLoopEnded)(gpointer owner, Fault fault, const char *reason);

/* Of an instance that is connected, which must outlive it. Attached; the caller's. */
GSource *rdp_loop_new(freerdp *instance, RdpLoopEnded ended, gpointer owner);
