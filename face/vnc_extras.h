/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vnc_extras: three extensions of RFB that QEMU has brought and viewers know, but libvncserver does
 * not: keys by their place on the keyboard (-258), the lights of the keyboard (-261), and sound
 * (-259), in the form that the viewer asks for. Once a process.
 */
#pragma once

#include <glib.h>

#include <rfb/rfb.h>

/* scancode as face.h has it, keysym X11's; either may be 0. owner: the library's screenData. */
typedef void (*VncExtrasKey)(gpointer owner, guint32 keysym, guint32 scancode, gboolean down);

/* The client wants to hear, or no more. */
typedef void (*VncExtrasListens)(gpointer owner, gboolean on);

/* Before the first client; for good. */
void vnc_extras_register(VncExtrasKey key, VncExtrasListens listens);

/* Tells the client what it has asked for and does not know yet: that keys are understood, the
 * lights (bit 0 scroll, 1 num, 2 caps), and that there is sound, if there is. Only after its first
 * picture: TigerVNC looks into the first update, and no later, for whether the picture's size can
 * follow its window. */
void vnc_extras_tell(rfbClientPtr client, guint leds, gboolean sounds);

/* As face.h's sound(). The client may be gone afterwards, as after any write. */
void vnc_extras_sound(rfbClientPtr client, const gint16 *frames, gsize n, guint rate);
