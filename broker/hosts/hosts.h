/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hosts: looks after the machines that desktops run on. Each is asked every few seconds whether it
 * is there. One that is not, three times in a row, is down: nothing is put there or handed out from
 * it, floating desktops on it are given up (their pool makes others elsewhere), dedicated ones
 * whose storage other hosts share are put on one of those. A desktop with a live session is left
 * until that ends: often only the way to the host is broken. When the host is back, what the books
 * no longer have there is removed before it gets anything new. A host that is drained loses its
 * desktops in the same way as people leave them, or while they work, where its provider can
 * migrate: the gateway asks for the way to the desktop again, see docs/protocol-control.md. (SPICE
 * viewers that cannot be swapped keep their desktop where it is until they leave.)
 *
 * A host on no broker's machine is looked after by the broker that leads.
 */
#pragma once

#include "core_parts.h"

Hosts *hosts_new(Core *core); /* which must outlive it */
/* Begins to look, on a thread of its own. */
void hosts_start(Hosts *hosts);
/* Waits for what is under way. Accepts NULL. */
void hosts_stop(Hosts *hosts);
void hosts_free(Hosts *hosts); /* accepts NULL */
/* Look now. */
void hosts_wake(Hosts *hosts);
