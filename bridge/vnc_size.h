/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vnc_size: the size of a VNC desktop, and the one that its viewer wishes (rfbproto,
 * "ExtendedDesktopSize Pseudo-Encoding" and "SetDesktopSize"). libvncclient 0.9.14 takes a screen
 * with the number 0, QEMU's, for none: it hears of no new size then, ends at the first rectangle
 * outside the old one, and does not know that it may wish. Blocks as the library does.
 */
#pragma once

#include <glib.h>

#include <rfb/rfbclient.h>

typedef struct {
	int width, height; /* wished, and not said yet; 0 = nothing */
} VncSize;

/* Takes a FramebufferUpdate that is about the size and nothing else (vnc_peek()). Then the
 * library's MallocFrameBuffer() was called for a new one, and client->screen is the desktop's
 * first, whatever its number. FALSE: the connection is lost. */
gboolean vnc_size_take(rfbClient *client);

/* The desktop shall be as large, if it can: said now, or by vnc_size_settle(). */
void vnc_size_wish(VncSize *size, rfbClient *client, int width, int height);

/* After each message: says what was wished before the desktop had told of its screen. */
void vnc_size_settle(VncSize *size, rfbClient *client);
