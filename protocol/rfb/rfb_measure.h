/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb_measure: how long something is in a running RFB connection, from the n bytes at its front.
 * All answer alike: its length, or how many bytes must be there before more can be said (then
 * always more than there are now), or 0 for what cannot be framed. So "the bytes reach" means "it
 * is whole", and nothing else does. For rfb_units.c.
 */
#pragma once

#include "rfb_units.h"

#define RFB_RECT_HEADER 12

/* Any rectangle but Hextile. `unit` has read its header, which is there, and learns its stream. */
guint64 rfb_measure_rectangle(RfbPixels pixels, const guint8 *bytes, gsize n, RfbUnit *unit);

/* A message, n > 0; of a FramebufferUpdate what is before its rectangles. */
guint64 rfb_measure_from_desktop(const guint8 *bytes, gsize n);
guint64 rfb_measure_from_client(const guint8 *bytes, gsize n);
