/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_swap: another desktop below the same SPICE viewer, in the same connections: from a lobby to
 * a desktop, and back. The viewer sees a desktop that lets go of all it has shown, and shows itself
 * anew; extra channels appear in its list.
 *
 *   watch    while messages pass: what the viewer comes to hold of the desktop
 *   part     the message that was open towards the viewer is brought to an end; what the viewer was
 *            saying to the old desktop is said to nobody
 *   (dial)   the channel is linked to the new desktop
 *   arrive   the viewer is told to let go of what it holds, in messages of ours
 *
 * Main goes first; the broker tells the other channels to follow, which may be at other gateways.
 * Everything here was seen with remote-viewer 11 and spicy (spice-gtk 0.42),
 * docs/protocol-spice.md.
 */
#pragma once

#include "relay/spice_relay.h"

/*
 * A message from the desktop, of which `relay->down` says type and size, and whose first n bytes
 * are at hand, header included; nothing of it has been passed. Returns how many bytes must be at
 * hand to tell what it means: more than n, come again with them; else it has been looked at (and
 * down_drop is set). -1 with FAULT_DESKTOP: it makes no sense, or the desktop says that it
 * goes on at another host, and waits for its viewers to leave. `name`, in UTF-8, takes the place of
 * what the desktop calls itself; NULL or "": that passes.
 */
gssize spice_swap_watch_down(SpiceRelay *relay, const char *name, guint8 *bytes, gsize n,
			     GError **error);

/* That message begins to pass: its first bytes, as many as watch_down() needed, are still in place.
 */
void spice_swap_begins_down(SpiceRelay *relay, const guint8 *bytes);

/* A message from the viewer, of which `relay->up` says the type: sets up_drop. */
void spice_swap_watch_up(SpiceRelay *relay);

/* Nothing of the old desktop is left in the relay afterwards. FALSE: this kind of channel cannot go
 * on below another desktop, and nothing has happened. */
gboolean spice_swap_part(Session *session, SpiceRelay *relay);

/* The next one has been dialled; on main, its INIT is at the front of desktop.in and is taken. */
gboolean spice_swap_arrive(Session *session, SpiceRelay *relay, GError **error);

/* For viewers that survive none of that: main's is told to come again, to that host and TLS port,
 * with all its channels and with what it brought before (SWITCH_HOST). Until it does, it stays
 * where it is. FALSE: this is not main. */
gboolean spice_swap_send_away(SpiceRelay *relay, const char *host, guint16 port);

void spice_swap_clear(SpiceRelay *relay);
