/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_screen: a picture as libspice-server wants it, from a graphics card (QXL): what was changed
 * is copied into a command, and a thread of the library takes commands when its client has room.
 * The library keeps a picture of its own; ours is never touched by its thread.
 */
#pragma once

#include "face.h"

#include <spice.h>

typedef struct SpiceScreen SpiceScreen;

/* From the main loop's thread. */
typedef struct {
	/* The client's window has this size. */
	void (*window)(gpointer owner, int width, int height);
	/* What was damaged is on its way. */
	void (*taken)(gpointer owner);
} SpiceScreenEvents;

/* Adds a card with a picture of this size to the server. NULL: it is refused. */
SpiceScreen *spice_screen_new(SpiceServer *server, int width, int height,
			      const SpiceScreenEvents *events, gpointer owner);

/* After the server was destroyed, which ends its thread. */
void spice_screen_free(SpiceScreen *screen);

/* As the functions of the same name in FaceOps (face.h). */
guint32 *spice_screen_pixels(SpiceScreen *screen, gsize *out_stride);
int spice_screen_width(const SpiceScreen *screen);
int spice_screen_height(const SpiceScreen *screen);
void spice_screen_damage(SpiceScreen *screen, const FaceRect *rect);
void spice_screen_scroll(SpiceScreen *screen, const FaceRect *rect, int x, int y);
gboolean spice_screen_full(const SpiceScreen *screen);
void spice_screen_resize(SpiceScreen *screen, int width, int height);
void spice_screen_cursor(SpiceScreen *screen, const guint32 *argb, int width, int height, int hot_x,
			 int hot_y);
