/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_cursor: see vnc_cursor.h. */
#include "vnc_cursor.h"

#include <stdlib.h>

/* From premultiplied with alpha to as it would be seen without. */
static guint32 opaque(guint32 argb)
{
	guint32 alpha = argb >> 24, colour = 0;

	for (unsigned shift = 0; alpha != 0 && shift < 24; shift += 8)
		colour |= MIN((argb >> shift & 0xff) * 255 / alpha, 255) << shift;
	return colour;
}

/* A pixel shows if it is more there than not. With calloc(), for the library uses free(). */
rfbCursorPtr vnc_cursor_new(const guint32 *argb, int width, int height, int hot_x, int hot_y)
{
	gsize row = ((gsize)width + 7) / 8;
	rfbCursorPtr cursor = calloc(1, sizeof *cursor);
	guint32 *colours = calloc((gsize)width * (gsize)height, sizeof *colours);
	guint8 *mask = calloc(row, (gsize)height);

	g_assert(cursor != NULL && colours != NULL && mask != NULL);
	for (int i = 0; i < width * height; i++) {
		colours[i] = opaque(argb[i]);
		if (argb[i] >> 24 > 127)
			mask[(gsize)(i / width) * row + (gsize)(i % width) / 8] |=
				(guint8)(0x80 >> i % width % 8);
	}
	cursor->cleanup = cursor->cleanupMask = cursor->cleanupRichSource = TRUE;
	cursor->cleanupSource = TRUE;
	cursor->width = (unsigned short)width;
	cursor->height = (unsigned short)height;
	cursor->xhot = (unsigned short)hot_x;
	cursor->yhot = (unsigned short)hot_y;
	cursor->mask = mask;
	cursor->richSource = (unsigned char *)colours;
	return cursor;
}
