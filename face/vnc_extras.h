/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vnc_extras: two extensions of RFB that QEMU has brought and viewers know, but libvncserver does
 * not: keys by their place on the keyboard (-258), and the lights of the keyboard (-261). Once a
 * process.
 */
#pragma once

#include <glib.h>

#include <rfb/rfb.h>

/* scancode as face.h has it, keysym X11's; either may be 0. owner: the library's screenData. */
typedef void (*VncExtrasKey)(gpointer owner, guint32 keysym, guint32 scancode, gboolean down);

/* Before the first client; for good. */
void vnc_extras_register(VncExtrasKey key);

/* Tells the client what it has asked for and does not know yet: that keys are understood, and the
 * lights (bit 0 scroll, 1 num, 2 caps). Only after its first picture: TigerVNC looks into the
 * first update, and no later, for whether the picture's size can follow its window. */
void vnc_extras_tell(rfbClientPtr client, guint leds);
