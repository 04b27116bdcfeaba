/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rdp_clipboard: text both ways between the client's clipboard and an RDP desktop's, over RDP's
 * clipboard channel (MS-RDPECLIP), as Unicode. Files and pictures are left alone. FreeRDP runs the
 * channel on a thread of its own; what the desktop has comes on the main loop's.
 */
#pragma once

#include <freerdp/freerdp.h>
#include <glib.h>

typedef struct RdpClipboard RdpClipboard;

/* The desktop's text: UTF-8, lines end as in Unix, at most FACE_MAX_TEXT bytes; valid
 * until return. */
typedef void (*RdpClipboardTaken)(gpointer owner, const char *text);

RdpClipboard *rdp_clipboard_new(RdpClipboardTaken taken, gpointer owner);
/* After the instance, whose channels use it. */
void rdp_clipboard_free(RdpClipboard *clipboard);

/* Asks for the channel on an instance that is about to load its channels. */
void rdp_clipboard_want(RdpClipboard *clipboard, freerdp *instance);

/* The client's text: UTF-8. The desktop takes it when somebody pastes. */
void rdp_clipboard_offer(RdpClipboard *clipboard, const char *text);

/* CF_UNICODETEXT (UTF-16LE, CR LF, ends with 0) and back; the caller's. NULL: too long for
 * a face. */
char *rdp_clipboard_decode(const guint8 *bytes, gsize n);
guint8 *rdp_clipboard_encode(const char *text, gsize *out_n);
