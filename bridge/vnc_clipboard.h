/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vnc_clipboard: text to and from a VNC desktop, which libvncclient 0.9.14 carries in Latin-1
 * alone: in Unicode where the desktop has the extension (rfbproto, "Extended Clipboard
 * Pseudo-Encoding"), else in Latin-1 (RFC 6143, 7.5.6 and 7.6.4). Blocks as the library does.
 */
#pragma once

#include <glib.h>

#include <rfb/rfbclient.h>

#define VNC_CLIPBOARD ((int)0xc0a1e5ce) /* the encoding by which the viewer says that it has it */

typedef struct {
	guint32 can; /* what the desktop takes of the extension; 0 = it has none */
	char *text;  /* offered to it; UTF-8 */
} VncClipboard;

/* Reads a ServerCutText whose type has been read, and answers what has to be answered. Sets
 * *out_text (UTF-8, g_free() it) if it brought text, else NULL: also if that is longer than
 * FACE_MAX_TEXT. FALSE: the connection is lost, or breaks the protocol. */
gboolean vnc_clipboard_take(VncClipboard *clipboard, rfbClient *client, char **out_text);

/* The client's clipboard (UTF-8, at most FACE_MAX_TEXT bytes). FALSE: the connection is lost. */
gboolean vnc_clipboard_offer(VncClipboard *clipboard, rfbClient *client, const char *text);

void vnc_clipboard_clear(VncClipboard *clipboard);
