/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_cursor: a pointer's picture as RFB's Cursor encoding has it: colours, and a mask of one bit.
 */
#pragma once

#include <glib.h>

#include <rfb/rfb.h>

/* Of a picture as FaceOps.cursor() has it. The library owns and frees all of it. */
rfbCursorPtr vnc_cursor_new(const guint32 *argb, int width, int height, int hot_x, int hot_y);
