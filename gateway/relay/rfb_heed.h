/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_heed: what becomes of each unit of a running RFB relay. What the viewer asks for is held
 * against what we can frame and what this desktop has announced: so no desktop meets a message that
 * would make it hang up, and no viewer one that it cannot parse. What the viewer said and saw is
 * kept apart from what belongs to the desktop, because a desktop can be replaced below a viewer
 * between two units.
 */
#pragma once

#include "relay/rfb_relay.h"

/* Passes a unit (*out_drop 0), drops it, or makes it shorter: *out_drop bytes at its front are not
 * to go. FALSE: it is no good. */
gboolean rfb_heed_viewer(RfbRelay *relay, const RfbUnit *unit, guint8 *b, gsize *out_drop,
			 GError **error);

/* The same, of the desktop's. */
gboolean rfb_heed_desktop(RfbRelay *relay, const RfbUnit *unit, guint8 *b, gsize *out_drop,
			  GError **error);
