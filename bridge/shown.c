/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shown: see shown.h. */
#include "shown.h"

#include <string.h>

guint32 *shown_resize(Shown *shown, const FaceOps *ops, Face *face, int width, int height)
{
	gboolean fits = TRUE;
	gsize stride;
	guint32 *pixels;

	g_clear_pointer(&shown->own, g_free);
	if (shown->width != 0)
		fits = ops->resize(face, width, height);
	shown->width = width;
	shown->height = height;
	if (fits) {
		shown->face_width = width;
		shown->face_height = height;
	}
	pixels = ops->pixels(face, &stride);
	if (shown->face_width == width && shown->face_height == height &&
	    stride == (gsize)width * sizeof *pixels)
		/* It takes them for a part of `stride`, to which the face was only pointed. */
		return pixels; /* cppcheck-suppress returnDanglingLifetime */
	shown->own = g_new0(guint32, (gsize)width * (gsize)height);
	return shown->own;
}

gboolean shown_copy(const Shown *shown, const FaceOps *ops, Face *face, FaceRect *rect)
{
	gsize stride;
	guint32 *pixels;

	if (shown->own == NULL)
		return TRUE;
	rect->width = MIN(rect->width, shown->face_width - rect->x);
	rect->height = MIN(rect->height, shown->face_height - rect->y);
	if (rect->width < 1 || rect->height < 1)
		return FALSE;
	pixels = ops->pixels(face, &stride);
	for (int y = rect->y; y < rect->y + rect->height; y++)
		memcpy((guint8 *)pixels + (gsize)y * stride + (gsize)rect->x * sizeof *pixels,
		       shown->own + (gsize)y * (gsize)shown->width + rect->x,
		       (gsize)rect->width * sizeof *pixels);
	return TRUE;
}

void shown_clear(Shown *shown)
{
	g_clear_pointer(&shown->own, g_free);
}
