/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text: titles, paragraphs, boxes with a message, and the bar of progress (widget.h). */
#include "widget.h"

#define TITLE   26
#define BODY    16
#define PADDING 14
#define BAR     10

static PangoLayout *layout_of(const Widget *widget, const Theme *theme, int width)
{
	gboolean title = widget->kind == WIDGET_TITLE;

	return theme_layout(theme, widget->text, title ? TITLE : BODY,
			    title || widget->kind != WIDGET_TEXT, width, 0);
}

static int pixel_height(PangoLayout *layout)
{
	int height;

	pango_layout_get_pixel_size(layout, NULL, &height);
	return height;
}

static gboolean boxed(const Widget *widget)
{
	return widget->kind == WIDGET_NOTICE || widget->kind == WIDGET_ERROR;
}

/* The room that a box leaves for its texts, right of the coloured edge. */
static int inner(const Theme *theme, int width)
{
	return MAX(width - theme_px(theme, 2 * PADDING + 4), 1);
}

int text_height(const Widget *widget, const Theme *theme, int width)
{
	int room = boxed(widget) ? inner(theme, width) : width;
	g_autoptr(PangoLayout) text = layout_of(widget, theme, room);
	int height = pixel_height(text);

	if (widget->kind == WIDGET_BAR)
		return theme_px(theme, BAR);
	if (!boxed(widget))
		return height;
	if (widget->detail != NULL) {
		g_autoptr(PangoLayout)
			detail = theme_layout(theme, widget->detail, BODY, FALSE, room, 0);

		height += theme_px(theme, 4) + pixel_height(detail);
	}
	return height + theme_px(theme, 2 * PADDING);
}

static void draw_box(const Widget *widget, const Theme *theme, cairo_t *cairo)
{
	gboolean error = widget->kind == WIDGET_ERROR;
	Ink ink = error ? INK_ERROR : INK_NOTICE, back = error ? INK_ERROR_BACK : INK_NOTICE_BACK;
	const FaceRect *rect = &widget->rect;
	int room = inner(theme, rect->width), x = rect->x + theme_px(theme, PADDING + 4);
	int y = rect->y + theme_px(theme, PADDING);
	g_autoptr(PangoLayout) text = layout_of(widget, theme, room);

	cairo_save(cairo);
	theme_round(cairo, rect->x, rect->y, rect->width, rect->height, 8 * theme->scale);
	cairo_clip(cairo);
	theme_ink(theme, cairo, back);
	cairo_paint(cairo);
	theme_ink(theme, cairo, ink);
	cairo_rectangle(cairo, rect->x, rect->y, theme_px(theme, 4), rect->height);
	cairo_fill(cairo);
	widget_show(cairo, text, x, y);
	if (widget->detail != NULL) {
		g_autoptr(PangoLayout)
			detail = theme_layout(theme, widget->detail, BODY, FALSE, room, 0);

		theme_ink(theme, cairo, INK_TEXT);
		widget_show(cairo, detail, x, y + pixel_height(text) + theme_px(theme, 4));
	}
	cairo_restore(cairo);
}

/* Unknown: a third of it wanders. */
static void draw_bar(const Widget *widget, const Theme *theme, cairo_t *cairo)
{
	const FaceRect *rect = &widget->rect;
	double radius = rect->height / 2.0, width = rect->width * widget->percent / 100.0, from = 0;

	if (widget->percent < 0) {
		unsigned at = widget->step % 40;

		width = rect->width / 3.0;
		from = (rect->width - width) * (at < 20 ? at : 40 - at) / 20;
	}
	theme_ink(theme, cairo, INK_HOVER);
	theme_round(cairo, rect->x, rect->y, rect->width, rect->height, radius);
	cairo_fill(cairo);
	if (width < 1)
		return;
	theme_ink(theme, cairo, INK_ACCENT);
	theme_round(cairo, rect->x + from, rect->y, MAX(width, rect->height), rect->height, radius);
	cairo_fill(cairo);
}

void text_draw(const Widget *widget, const Theme *theme, cairo_t *cairo)
{
	g_autoptr(PangoLayout) layout = NULL;

	if (widget->kind == WIDGET_BAR) {
		draw_bar(widget, theme, cairo);
		return;
	}
	if (boxed(widget)) {
		draw_box(widget, theme, cairo);
		return;
	}
	layout = layout_of(widget, theme, widget->rect.width);
	theme_ink(theme, cairo, widget->kind == WIDGET_TITLE ? INK_TEXT : INK_MUTED);
	widget_show(cairo, layout, widget->rect.x, widget->rect.y);
}
