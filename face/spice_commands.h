/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_commands: what libspice-server is to draw, and the shapes of its pointer, on their way from
 * our thread to the library's: they wait until it takes them, and stay until it lets go of them.
 * All that both threads touch is in here, and locked in here. Embedded; what was taken and never
 * released goes with it.
 */
#pragma once

#include "face.h"

#include <spice.h>

typedef struct {
	GMutex lock;
	GQueue drawings, cursors; /* that wait */
	GHashTable *taken;        /* a set, the owner */
	gsize bytes;              /* of all drawings, waiting and taken */
	guint32 serial;           /* of the last; ours alone */
} SpiceCommands;

void spice_commands_init(SpiceCommands *commands);
/* After the library's thread has ended. */
void spice_commands_clear(SpiceCommands *commands);

/* ---- our thread; after the first two the library wants to be woken */

/* A copy of this part of a picture which has rows of so many pixels. */
void spice_commands_draw(SpiceCommands *commands, const guint32 *pixels, int row,
			 const FaceRect *rect);
/* What is at (x, y) is here, too. */
void spice_commands_move(SpiceCommands *commands, const FaceRect *rect, int x, int y);
/* As FaceOps has it (face.h). Those that still wait are of no use any more. */
void spice_commands_point(SpiceCommands *commands, const guint32 *argb, int width, int height,
			  int hot_x, int hot_y);
/* Whether one more may come: not too many wait, and what they and those that the library keeps have
 * in memory is not more than `most` bytes. */
gboolean spice_commands_room(SpiceCommands *commands, gsize most);
/* None of those that wait is of use any more. */
void spice_commands_forget(SpiceCommands *commands);

/* ---- the library's thread; type: QXL_CMD_DRAW or QXL_CMD_CURSOR */

/* FALSE: there is none. */
gboolean spice_commands_take(SpiceCommands *commands, guint32 type, QXLCommandExt *out);
gboolean spice_commands_none(SpiceCommands *commands, guint32 type);
void spice_commands_release(SpiceCommands *commands, const QXLReleaseInfo *released);
