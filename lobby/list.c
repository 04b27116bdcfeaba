/* SPDX-License-Identifier: GPL-3.0-or-later */
/* list: its rows (widget.h). A row is pressed like a button; the one that has the focus is drawn as
 * chosen, so arrows and Return do what people expect. */
#include "widget.h"

#define ROW     68
#define THIN    48 /* without a second line */
#define NAME    18
#define DETAIL  15
#define PADDING 16

int row_height(const Widget *widget, const Theme *theme)
{
	return theme_px(theme, widget->detail ? ROW : THIN);
}

static void draw_ground(const Widget *widget, const Theme *theme, cairo_t *cairo)
{
	const FaceRect *rect = &widget->rect;
	double line = (widget->focused ? 2 : 1) * theme->scale;

	theme_round(cairo, rect->x + line / 2, rect->y + line / 2, rect->width - line,
		    rect->height - line, 10 * theme->scale);
	theme_ink(theme, cairo,
		  widget->hot || widget->pressed || widget->focused ? INK_HOVER : INK_CARD);
	cairo_fill_preserve(cairo);
	theme_ink(theme, cairo, widget->focused ? INK_ACCENT : INK_EDGE);
	cairo_set_line_width(cairo, line);
	cairo_stroke(cairo);
}

/* ">" at the right: it leads somewhere; a tick for the one in force. */
static void draw_sign(const Widget *widget, const Theme *theme, cairo_t *cairo)
{
	double s = theme->scale, x = widget->rect.x + widget->rect.width - 26 * s;
	double y = widget->rect.y + widget->rect.height / 2.0;

	cairo_set_line_width(cairo, 2 * s);
	cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
	cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
	theme_ink(theme, cairo, widget->focused || widget->marked ? INK_ACCENT : INK_MUTED);
	if (widget->act == ACT_CHOOSE) {
		cairo_move_to(cairo, x, y - 6 * s);
		cairo_line_to(cairo, x + 6 * s, y);
		cairo_line_to(cairo, x, y + 6 * s);
		cairo_stroke(cairo);
	} else if (widget->marked) {
		cairo_move_to(cairo, x - 6 * s, y);
		cairo_line_to(cairo, x - 1 * s, y + 5 * s);
		cairo_line_to(cairo, x + 8 * s, y - 6 * s);
		cairo_stroke(cairo);
	}
}

void row_draw(const Widget *widget, const Theme *theme, cairo_t *cairo)
{
	const FaceRect *rect = &widget->rect;
	int x = rect->x + theme_px(theme, PADDING);
	int room = MAX(rect->width - theme_px(theme, 2 * PADDING + 24), 1);
	gboolean two = widget->detail != NULL;
	g_autoptr(PangoLayout) name = theme_layout(theme, widget->text, NAME, two, room, 1);
	int height, gap = theme_px(theme, 3), y;

	draw_ground(widget, theme, cairo);
	draw_sign(widget, theme, cairo);
	pango_layout_get_pixel_size(name, NULL, &height);
	y = rect->y + (rect->height - height) / 2;
	if (two) {
		g_autoptr(PangoLayout)
			detail = theme_layout(theme, widget->detail, DETAIL, FALSE, room, 1);
		int below;

		pango_layout_get_pixel_size(detail, NULL, &below);
		y = rect->y + (rect->height - height - gap - below) / 2;
		theme_ink(theme, cairo, INK_MUTED);
		widget_show(cairo, detail, x, y + height + gap);
	}
	theme_ink(theme, cairo, INK_TEXT);
	widget_show(cairo, name, x, y);
}
