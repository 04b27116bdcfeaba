/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desktop: the life of one desktop, as steps that can be done again after a crash:
 *
 *   off -> starting -> ready <-> in-use        (in-use and back: session.c, by the store)
 *    ^---- suspended <--'                      (a plan's step, see desktop_plan())
 *                        |
 *                    resetting -> off          any step -> failed, with the reason
 *
 * One step at a time for each desktop: who comes second waits for his turn. All calls block and
 * belong on worker threads. What is done for one person, its `owner`, is done only if it still is
 * theirs when the turn has come (FAULT_NOT_FOUND); NULL = whosever it is.
 */
#pragma once

#include "control/control.h"
#include "core_parts.h"
#include "desktops/seat.h"
#include "provider/provider.h"

/* Makes it if need be, starts it, waits until its display answers (within core->times.start);
 * nothing to do for one that runs. Leaves "failed" and the reason behind when it cannot. protocol:
 * the display that is wanted ("vnc", "spice"), NULL = any. FAULT_BUSY for one that must be reset
 * first, FAULT_DESKTOP, FAULT_TIMEOUT. */
gboolean desktop_start(Core *core, const char *id, const char *protocol, GError **error);
/* Stops it; "off". */
gboolean desktop_stop(Core *core, const char *id, GError **error);
/* A fresh overlay, proven by another identity; "off". owner: for whom it is done, as above.
 * FAULT_BUSY in use. */
gboolean desktop_reset(Core *core, const char *id, const char *owner, GError **error);
/* The same for one of store_desktop_find_dirty(); nothing to do if another step has done it
 * meanwhile. */
gboolean desktop_renew(Core *core, const char *id, GError **error);
/* The same for a free one that rests on another version than its pool publishes; nothing to do if
 * somebody was given it meanwhile. */
gboolean desktop_roll(Core *core, const char *id, GError **error);
/* Destroys it and forgets it. */
gboolean desktop_destroy(Core *core, const char *id, GError **error);
/* Does what is due to it by its pool's plan (plan.h); nothing if a session or a click
 * came before. */
gboolean desktop_plan(Core *core, const char *id, GError **error);
/* Off its host, which is down or drained: a floating one is given up, a dedicated one goes to
 * another host of the same storage. What runs on a drained host migrates, where the provider can;
 * its person's session goes with it if it is a VNC one. Nothing to do for one that must wait for
 * its session's end, or if the host is well. */
gboolean desktop_leave_host(Core *core, const char *id, GError **error);
/*
 * A driver has found it on a host, while the books have it on another of the same storage: a broker
 * died while it was on its way, or its host was out of reach for a while. Where it runs it stays
 * (*out_stays: the books say so now); else it is forgotten here. Fails, and changes nothing, while
 * the other host cannot be asked, or if both go on saying that it runs there.
 */
gboolean desktop_found_on(Core *core, const char *id, const ProviderOps *ops, Provider *here,
			  const char *host, gboolean *out_stays, GError **error);
/* Takes, goes back to ("off" then) or forgets a snapshot of its disk. owner: as above. FAULT_CLIENT
 * if its provider or it cannot. */
gboolean desktop_snapshot(Core *core, const char *id, const char *owner, ProviderSnapshot deed,
			  const char *name, GError **error);
/* Looks whether it still runs, and writes down if it does not. */
gboolean desktop_check(Core *core, const char *id, GError **error);

/*
 * A way to it for one connection of a lease's client, which speaks `face`: to its display, or to
 * the bridge before it (bridges.h). *out_fd or a numeric address, see provider.h. password: what to
 * set as the display's own where the provider wants one per session.
 */
gboolean desktop_dial(Core *core, const char *lease, const char *id, const char *face,
		      const char *password, Endpoint *out_endpoint, int *out_fd, GError **error);
/* The way to the display itself; far: as in provider.h. */
gboolean desktop_display(const Seat *seat, const char *protocol, gboolean far, const char *password,
			 Endpoint *out_endpoint, int *out_fd, GError **error);
