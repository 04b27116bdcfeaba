/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * face: how a program of ours (oriel-lobby, oriel-bridge) shows itself to one client: as a VNC
 * server (face_vnc.c, libvncserver) or as a SPICE server (face_spice.c, libspice-server). One
 * vtable, the same functions in the same order. The program draws into the face's pixels and tells
 * what it changed; the face tells what the client did.
 *
 * Everything happens on the GLib main loop's thread that opened the face: no event comes from
 * another one. TLS, tickets and limits are the gateway's: a face gets connected descriptors and
 * trusts nobody on them.
 */
#pragma once

#include <glib.h>

/* No picture is larger than this, whatever a client wishes. */
#define FACE_MAX_WIDTH  4096
#define FACE_MAX_HEIGHT 4096
#define FACE_MAX_TEXT   (1 << 20) /* bytes of a clipboard text; longer ones are dropped */

typedef struct Face Face;

typedef struct {
	int x, y, width, height;
} FaceRect;

/* Buttons as RFB numbers them (RFC 6143, 7.5.5): bit 0 left, 1 middle, 2 right, 3 wheel up, 4 wheel
 * down, 5 wheel left, 6 wheel right, 7 back, 8 forward. */
typedef struct {
	/* The client's handshake is through and it has asked for a picture. Once. */
	void (*ready)(gpointer owner);
	/* keysym: X11's, 0 = unknown. scancode: PC set 1, 0xe0 in the high byte for extended keys,
	 * 0 = unknown. A SPICE client tells scan codes alone, a VNC viewer keysyms and, with the
	 * QEMU extension, both. */
	void (*key)(gpointer owner, guint32 keysym, guint32 scancode, gboolean down);
	/* In pixels of the picture, already inside it. */
	void (*pointer)(gpointer owner, int x, int y, guint buttons);
	/* The client's window has this size now: a wish, answered with resize() or not at all.
	 * Bounded by FACE_MAX_*. */
	void (*window)(gpointer owner, int width, int height);
	/* The client's clipboard: UTF-8, valid until return. */
	void (*clipboard)(gpointer owner, const char *text);
	/* The client has left. Last event; close() may be called from a later turn of the loop, not
	 * from inside. */
	void (*closed)(gpointer owner);
	/* What full() told of has gone to the client. NULL: the owner does not care. */
	void (*taken)(gpointer owner);
	/* The client wants to hear, or no more. NULL: the owner makes no sound, and the client is
	 * told so. */
	void (*listens)(gpointer owner, gboolean on);
} FaceEvents;

typedef struct {
	const char *name; /* "vnc", "spice" */

	/* A picture of this size, black, that nobody sees yet. events is used until close(). NULL:
	 * FAULT_BUG (the library refuses; out of memory). */
	Face *(*open)(const char *title, int width, int height, const FaceEvents *events,
		      gpointer owner, GError **error);
	/* One connection of the client, at the first byte of its protocol's handshake. Takes fd in
	 * any case. VNC: once. SPICE: once a channel, `main` first. */
	gboolean (*connect)(Face *face, int fd, GError **error);

	/* The picture: 32 bits a pixel, 0x00RRGGBB in the machine's order, rows of *out_stride
	 * bytes. The face's; gone after resize() and close(). */
	guint32 *(*pixels)(Face *face, gsize *out_stride);
	/* These pixels were changed. Sent when the client wants them. */
	void (*damage)(Face *face, const FaceRect *rect);
	/* `rect` was moved here from (x, y), by the caller, in the pixels: as cheap as the client
	 * allows, else damage. */
	void (*scroll)(Face *face, const FaceRect *rect, int x, int y);
	/* Something has changed that the client has not asked for yet: what is drawn now only adds
	 * to it. NULL: cannot say. */
	gboolean (*full)(Face *face);
	/* A new picture, black; the client is told. FALSE: this client can not follow, all is as
	 * before. */
	gboolean (*resize)(Face *face, int width, int height);
	/* The pointer's shape: ARGB, alpha premultiplied, width * height, at most 256 each. */
	void (*cursor)(Face *face, const guint32 *argb, int width, int height, int hot_x,
		       int hot_y);
	void (*title)(Face *face, const char *title);
	/* Offers a text to the client's clipboard. */
	void (*clipboard)(Face *face, const char *text);
	/* The lights of the keyboard: bit 0 scroll lock, 1 num lock, 2 caps lock. */
	void (*leds)(Face *face, guint leds);
	/* Plays n frames, each a left and a right sample, at this rate; n = 0: it has become still.
	 * What the client is too slow for is left out. */
	void (*sound)(Face *face, const gint16 *frames, gsize n, guint rate);

	/* Cuts the client off, if it is still there (without an event), and frees all. */
	void (*close)(Face *face);
} FaceOps;

extern const FaceOps face_vnc, face_spice;

/* The face of that name ("vnc" or "spice") or NULL. */
const FaceOps *face_find(const char *name);
