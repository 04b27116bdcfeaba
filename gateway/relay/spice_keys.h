/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_keys: how fast keys come to a desktop. QEMU's keyboard has room for 16 bytes that its guest
 * has not read, which is eight strokes. It forgets what comes then, be it the end of a stroke whose
 * begin it took: that key stays down. Its VNC server leaves 10 ms after each key; its SPICE server
 * takes them as they come, and that is many at once when the viewer's line stood still, or while
 * the channel was on its way to another desktop. So a few pass at once, and the rest as over VNC.
 * Embedded; zeroed: none has passed.
 */
#pragma once

#include <glib.h>

typedef struct {
	guint64 at; /* when all that have passed will have been read */
} SpiceKeys;

/* A message from the viewer on an inputs channel; now: ms. 0: it passes, and is counted if it is a
 * key; else ask again after so many ms. */
guint64 spice_keys_wait(SpiceKeys *keys, guint16 type, guint64 now);
