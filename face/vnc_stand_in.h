/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vnc_stand_in: meets libvncserver in a VNC viewer's place. rfbNewClient() waits 100 ms for a
 * browser to speak first, before it says its version: too long for a first picture. The stand-in
 * seems to be a viewer that has spoken; then the real one takes its place, below the same number.
 * Embedded.
 */
#pragma once

#include <glib.h>

#include <rfb/rfb.h>

typedef struct {
	int ends[2]; /* the library's, and that of who speaks; -1 = spent */
} VncStandIn;

/* While we may still make sockets. FALSE: errno says why, and there is nothing to clear. */
gboolean vnc_stand_in_init(VncStandIn *stand_in);
void vnc_stand_in_clear(VncStandIn *stand_in);

/* The library's client behind fd, which is taken; once. FALSE: it has left already. *out_client:
 * the screen's, for its owner to end, also then; NULL = none. */
gboolean vnc_stand_in_meet(VncStandIn *stand_in, rfbScreenInfoPtr screen, int fd,
			   rfbClientPtr *out_client);
