/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vnc_peek: how a VNC desktop's FramebufferUpdate begins, seen before libvncclient reads it. QEMU
 * answers what it was asked in updates of one rectangle as large as its picture, of which the
 * library may not have heard yet: it would end there. Blocks as the library does.
 */
#pragma once

#include <glib.h>

#include <rfb/rfbclient.h>

#define VNC_PEEK_BYTES 16 /* of the update, up to and with the encoding */

/* Where a FramebufferUpdate begins: the encoding of its rectangle if there is just one, else 0.
 * Nothing of it is taken. FALSE: the connection is lost. */
gboolean vnc_peek(rfbClient *client, gint32 *out_encoding);

/* After vnc_peek() has told of one rectangle: it is one pixel large, whatever the desktop said. */
void vnc_peek_shrink(rfbClient *client);
