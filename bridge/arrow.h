/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arrow: the pointer of a desktop that wants the usual one and does not say what that is. */
#pragma once

#include <glib.h>

#define ARROW_WIDTH  12
#define ARROW_HEIGHT 19

/* As SourceEvents.cursor() takes it; it points with its top left pixel. */
void arrow_paint(guint32 out_argb[ARROW_WIDTH * ARROW_HEIGHT]);
