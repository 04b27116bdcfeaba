/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canvas: see canvas.h. */
#include "canvas.h"

#include <string.h>

#include "scroll.h"

#define RECTS     32 /* that wait; more become one      */
#define IDLE_MOST 15 /* turns without looking for scrolling, where there was none */

struct Canvas {
	CanvasFrom from;
	guint32 *picture; /* NULL: none */
	int width, height;
	FaceRect dirty[RECTS];
	guint n_dirty;
	gboolean united;    /* dirty[0] is more than what changed */
	gboolean shown;     /* all of it, since canvas_open()     */
	guint idle, misses; /* turns that are still left out; of the last looks, without a find */
	guint flush;        /* the source */
	const SourceEvents *events;
	gpointer owner;
};

Canvas *canvas_new(const SourceEvents *events, gpointer owner)
{
	Canvas *canvas = g_new0(Canvas, 1);

	canvas->events = events;
	canvas->owner = owner;
	return canvas;
}

void canvas_close(Canvas *canvas)
{
	canvas->from.pixels = NULL;
	canvas->n_dirty = 0;
	canvas->shown = FALSE;
	g_clear_handle_id(&canvas->flush, g_source_remove);
}

void canvas_free(Canvas *canvas)
{
	if (canvas == NULL)
		return;
	canvas_close(canvas);
	g_free(canvas);
}

gboolean canvas_open(Canvas *canvas, const CanvasFrom *from, int width, int height)
{
	canvas_close(canvas);
	if (width != canvas->width || height != canvas->height || canvas->picture == NULL)
		canvas->picture = canvas->events->picture(canvas->owner, width, height);
	if (canvas->picture == NULL)
		return FALSE;
	canvas->from = *from;
	canvas->width = width;
	canvas->height = height;
	return canvas_damage(canvas, (FaceRect){0, 0, width, height});
}

/* ---- copying */

static const guint8 *theirs(const Canvas *canvas, int x, int y)
{
	return canvas->from.pixels + y * canvas->from.stride + (gssize)x * canvas->from.bytes;
}

static guint32 *ours(const Canvas *canvas, int x, int y)
{
	return canvas->picture + (gsize)y * (gsize)canvas->width + x;
}

static void copy(Canvas *canvas, const FaceRect *rect)
{
	for (int y = rect->y; y < rect->y + rect->height; y++) {
		if (canvas->from.row != NULL)
			canvas->from.row(ours(canvas, rect->x, y), theirs(canvas, rect->x, y),
					 rect->width);
		else
			memcpy(ours(canvas, rect->x, y), theirs(canvas, rect->x, y),
			       (gsize)rect->width * sizeof *canvas->picture);
	}
	canvas->events->changed(canvas->owner, rect);
}

static gboolean row_differs(const Canvas *canvas, const FaceRect *box, int y)
{
	return memcmp(ours(canvas, box->x, y), theirs(canvas, box->x, y),
		      (gsize)box->width * sizeof *canvas->picture) != 0;
}

/* What differs in these rows of the box. */
static void copy_rest(Canvas *canvas, const FaceRect *box, int y, int end)
{
	while (y < end) {
		FaceRect run = {box->x, y, box->width, 0};

		while (y < end && row_differs(canvas, box, y))
			y++;
		run.height = y - run.y;
		if (run.height > 0)
			copy(canvas, &run);
		else
			y++;
	}
}

static void move(Canvas *canvas, const FaceRect *box, const Scroll *scroll)
{
	FaceRect moved = {box->x, box->y + scroll->to, box->width, scroll->height};
	int from = box->y + scroll->from;

	for (int i = 0; i < scroll->height; i++) {
		int row = scroll->to < scroll->from ? i : scroll->height - 1 - i;

		memcpy(ours(canvas, moved.x, moved.y + row), ours(canvas, moved.x, from + row),
		       (gsize)moved.width * sizeof *canvas->picture);
	}
	canvas->events->scrolled(canvas->owner, &moved, moved.x, from);
	copy_rest(canvas, box, box->y, moved.y);
	copy_rest(canvas, box, moved.y + moved.height, box->y + box->height);
}

static FaceRect united(const FaceRect *rects, guint n)
{
	FaceRect box = rects[0];

	for (guint i = 1; i < n; i++) {
		int right = MAX(box.x + box.width, rects[i].x + rects[i].width);
		int bottom = MAX(box.y + box.height, rects[i].y + rects[i].height);

		box.x = MIN(box.x, rects[i].x);
		box.y = MIN(box.y, rects[i].y);
		box.width = right - box.x;
		box.height = bottom - box.y;
	}
	return box;
}

/* Looks for scrolling only now and then where there is none: a video stays as cheap as it was. */
static gboolean was_scrolled(Canvas *canvas, const FaceRect *box, Scroll *out)
{
	const ScrollRows before = {(const guint8 *)ours(canvas, box->x, box->y),
				   canvas->width * (gssize)sizeof *canvas->picture};
	const ScrollRows now = {theirs(canvas, box->x, box->y), canvas->from.stride};

	if (canvas->from.row != NULL || !canvas->shown || box->width < SCROLL_LEAST ||
	    box->height < SCROLL_LEAST)
		return FALSE;
	if (canvas->idle > 0) {
		canvas->idle--;
		return FALSE;
	}
	if (scroll_find(&before, &now, box->width, box->height, out)) {
		canvas->misses = 0;
		return TRUE;
	}
	canvas->misses = MIN(2 * canvas->misses + 1, IDLE_MOST);
	canvas->idle = canvas->misses;
	return FALSE;
}

static gboolean on_flush(gpointer data)
{
	Canvas *canvas = data;
	guint n = canvas->n_dirty;
	FaceRect box;
	Scroll scroll;

	canvas->flush = 0;
	if (n == 0 || canvas->events->full(canvas->owner))
		return G_SOURCE_REMOVE; /* until canvas_go_on() */
	canvas->n_dirty = 0;
	box = united(canvas->dirty, n);
	if (was_scrolled(canvas, &box, &scroll))
		move(canvas, &box, &scroll);
	else if (canvas->united && canvas->shown && canvas->from.row == NULL)
		copy_rest(canvas, &box, box.y, box.y + box.height);
	else
		for (guint i = 0; i < n; i++)
			copy(canvas, &canvas->dirty[i]);
	canvas->united = FALSE;
	canvas->shown = TRUE;
	return G_SOURCE_REMOVE;
}

static void flush_soon(Canvas *canvas)
{
	if (canvas->flush == 0 && canvas->n_dirty > 0)
		canvas->flush = g_idle_add_full(G_PRIORITY_DEFAULT, on_flush, canvas, NULL);
}

gboolean canvas_damage(Canvas *canvas, FaceRect rect)
{
	FaceRect cut;

	if (canvas->from.pixels == NULL)
		return FALSE;
	cut.x = CLAMP(rect.x, 0, canvas->width);
	cut.y = CLAMP(rect.y, 0, canvas->height);
	cut.width = CLAMP(rect.width, 0, canvas->width - cut.x);
	cut.height = CLAMP(rect.height, 0, canvas->height - cut.y);
	if (cut.width == 0 || cut.height == 0)
		return FALSE;
	if (canvas->n_dirty == RECTS) {
		canvas->dirty[0] = united(canvas->dirty, RECTS);
		canvas->n_dirty = 1;
		canvas->united = TRUE;
	}
	canvas->dirty[canvas->n_dirty++] = cut;
	flush_soon(canvas);
	return TRUE;
}

void canvas_go_on(Canvas *canvas)
{
	flush_soon(canvas);
}
