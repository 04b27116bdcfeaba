/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source: a desktop as seen by oriel-bridge, which is its viewer. One vtable, one protocol per file
 * (source_vnc.c, source_spice.c, source_rdp.c), the same functions in the same order. All on the
 * GLib main loop's thread; bytes of a desktop are not trusted, the process that runs this has no
 * rights to lose.
 */
#pragma once

#include <glib.h>

#include "control/control.h"
#include "face.h"
#include "fault.h"

typedef struct Source Source;

typedef struct {
	/* The picture has this size from now on. Returns where to draw it: 32 bits a pixel,
	 * 0x00RRGGBB, rows of width pixels; good until the next call. NULL: too large, the source
	 * ends. */
	guint32 *(*picture)(gpointer owner, int width, int height);
	/* These pixels were drawn; inside the picture. */
	void (*changed)(gpointer owner, const FaceRect *rect);
	/* rect was moved here from (x, y), and is drawn. */
	void (*scrolled)(gpointer owner, const FaceRect *rect, int x, int y);
	/* As face.h's cursor(); at most 256 each. */
	void (*cursor)(gpointer owner, const guint32 *argb, int width, int height, int hot_x,
		       int hot_y);
	void (*title)(gpointer owner, const char *title);
	/* The desktop's clipboard: UTF-8, valid until return. */
	void (*clipboard)(gpointer owner, const char *text);
	/* As face.h's leds(). */
	void (*leds)(gpointer owner, guint leds);
	/* As face.h's sound(), after listen() alone. */
	void (*sound)(gpointer owner, const gint16 *frames, gsize n, guint rate);
	/* The client has not taken what it was sent: a source that can leaves the rest with the
	 * desktop, which adds it up better, until go_on(). */
	gboolean (*full)(gpointer owner);
	/* SPICE: another connection of this desktop is wanted; dialled() brings it. */
	void (*dial)(gpointer owner);
	/* It is over, for this reason: FAULT_DESKTOP, FAULT_CONFIG (it refused the password),
	 * FAULT_ENDED (it left). Once, last; close() follows from a later turn of the loop. */
	void (*ended)(gpointer owner, Fault fault, const char *reason);
} SourceEvents;

typedef struct {
	const char *name; /* "vnc", "spice", "rdp" */

	/* Begins on fd, a connection to the desktop at its first byte (taken in any case). The
	 * endpoint's username and password are used during the call only. events until close(). VNC
	 * and RDP shake hands here, which may take until their deadline. */
	Source *(*open)(const Endpoint *endpoint, int fd, const SourceEvents *events,
			gpointer owner, GError **error);
	/* The connection that dial() asked for; -1: there is none. NULL for protocols with one. */
	void (*dialled)(Source *source, int fd);
	/* As FaceEvents tell it. A source uses what its protocol can carry. */
	void (*key)(Source *source, guint32 keysym, guint32 scancode, gboolean down);
	void (*pointer)(Source *source, int x, int y, guint buttons);
	/* After full(): the client has taken it. NULL for those that do not ask. May come often. */
	void (*go_on)(Source *source);
	/* The client wishes a picture of this size. */
	void (*window)(Source *source, int width, int height);
	void (*clipboard)(Source *source, const char *text);
	/* The client wants the desktop's sound, or no more. */
	void (*listen)(Source *source, gboolean on);
	/* Milliseconds that the connection must stay open to do the desktop no harm; 0 =
	 * close it. */
	unsigned (*busy)(Source *source);
	void (*close)(Source *source);
} SourceOps;

extern const SourceOps source_vnc, source_spice, source_rdp;

/* Before the sandbox, which lets no code in: FreeRDP loads OpenSSL's old ciphers for its logins. */
void source_rdp_prepare(void);

/* The source of that name or NULL. */
const SourceOps *source_find(const char *name);
