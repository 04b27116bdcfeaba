/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_handover: another desktop below the same viewer, in the same connection. The viewer sees an
 * update that changes size, name and cursor, and then the new desktop's picture, whole.
 *
 *   release  keys and buttons are released on the old desktop, unless it is to be the next one, too
 *   part     the update that was open towards the viewer is brought to an end with rectangles of no
 *            consequence
 *   (dial)   the session connects to the new one and logs in
 *   arrive   the new one is told the viewer's pixel format and encodings and asked for everything;
 *            what it can only take later (a size, sound) follows once it has announced that. One
 *            that is the same, at another host, hears again which keys and buttons are pressed: its
 *            guest knows, but its new server would not let their release through
 *
 * Both only put bytes into buffers (client.out, desktop.out); the relay sends them. The zlib
 * streams go on in the relay (rfb_zlib.h).
 */
#pragma once

#include "relay/rfb_relay.h"
#include "rfb/rfb_client.h"

/* The old desktop may be gone already, and the next one half dialled, which is told nothing. */
void rfb_handover_release(Session *session, RfbRelay *relay);
/* Nothing of the old desktop is left in the relay afterwards; its connection can be closed. FALSE:
 * it has begun a rectangle whose end would take more than max_session_memory, and nothing has
 * happened. */
gboolean rfb_handover_part(Session *session, RfbRelay *relay);

/* desktop: its finished handshake. FAULT_CLIENT if its screen has another size and the viewer has
 * not said that it can follow. */
gboolean rfb_handover_arrive(Session *session, RfbRelay *relay, const RfbClient *desktop,
			     GError **error);

/* Appends to `out` what the desktop has become ready for. */
void rfb_handover_repeat(RfbRelay *relay, Buffer *out);
