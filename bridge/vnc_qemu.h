/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vnc_qemu: what QEMU's VNC server tells beside VNC, and libvncclient leaves to others: the lights
 * of the keyboard, and sound (rfbproto, "QEMU LED State Pseudo-encoding" and "QEMU Audio Server
 * Message"). Blocks as the library does.
 */
#pragma once

#include <rfb/rfbclient.h>

#include "source.h"

/* The encodings by which the viewer says that it has them. */
#define VNC_QEMU_LEDS  (-261)
#define VNC_QEMU_SOUND (-259)

typedef struct {
	const SourceEvents *events; /* leds() and sound() are called */
	gpointer owner;
	gboolean sounds;    /* the desktop can be heard */
	gboolean listening; /* the client wants to */
} VncQemu;

/* A rectangle of one of the two, whose head has been read. FALSE: of another one, or the connection
 * is lost. */
gboolean vnc_qemu_rectangle(VncQemu *qemu, rfbClient *client,
			    const rfbFramebufferUpdateRectHeader *rect);

/* A message whose type has been read. FALSE: it is none of QEMU's, or breaks the protocol. */
gboolean vnc_qemu_message(VncQemu *qemu, rfbClient *client, guint8 type);

/* The client wants to hear the desktop, or no more. */
void vnc_qemu_listen(VncQemu *qemu, rfbClient *client, gboolean on);
