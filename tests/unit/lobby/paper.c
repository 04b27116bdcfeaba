/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paper: see paper.h. */
#include "paper.h"

#include "autofd.h"

struct Face {
	int client;
};

Paper paper;

static Face *paper_open(const char *title, int width, int height, const FaceEvents *events,
			gpointer owner, GError **error)
{
	Face *face = g_new0(Face, 1);

	face->client = -1;
	paper = (Paper){.width = width,
			.height = height,
			.follows = TRUE,
			.events = events,
			.owner = owner};
	paper.pixels = g_new0(guint32, (gsize)width * (gsize)height);
	return face;
}

static gboolean paper_connect(Face *face, int fd, GError **error)
{
	autofd_close(&face->client);
	face->client = fd;
	return TRUE;
}

static guint32 *paper_pixels(Face *face, gsize *out_stride)
{
	*out_stride = (gsize)paper.width * 4;
	return paper.pixels;
}

static void paper_damage(Face *face, const FaceRect *rect)
{
	g_assert_true(rect->x >= 0 && rect->y >= 0 && rect->x + rect->width <= paper.width &&
		      rect->y + rect->height <= paper.height);
	paper.damaged += (unsigned)(rect->width * rect->height);
}

static void paper_scroll(Face *face, const FaceRect *rect, int x, int y)
{
}

static gboolean paper_resize(Face *face, int width, int height)
{
	if (!paper.follows)
		return FALSE;
	g_free(paper.pixels);
	paper.pixels = g_new0(guint32, (gsize)width * (gsize)height);
	paper.width = width;
	paper.height = height;
	return TRUE;
}

static void paper_cursor(Face *face, const guint32 *argb, int width, int height, int hot_x,
			 int hot_y)
{
}

static void paper_text(Face *face, const char *text)
{
}

static void paper_close(Face *face)
{
	autofd_close(&face->client);
	g_clear_pointer(&paper.pixels, g_free);
	g_free(face);
}

const FaceOps face_paper = {
	.name = "paper",
	.open = paper_open,
	.connect = paper_connect,
	.pixels = paper_pixels,
	.damage = paper_damage,
	.scroll = paper_scroll,
	.resize = paper_resize,
	.cursor = paper_cursor,
	.title = paper_text,
	.clipboard = paper_text,
	.close = paper_close,
};
