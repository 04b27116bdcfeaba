/* SPDX-License-Identifier: GPL-3.0-or-later */
/* button: the one that Return presses, those of less weight, and the small ones of the upper edge
 * (widget.h). Large enough for a finger. */
#include "widget.h"

#define BUTTON 50
#define LINK   44
#define TOOL   36

static double text_size(const Widget *widget)
{
	return widget->kind == WIDGET_BUTTON ? 17 : widget->kind == WIDGET_LINK ? 16 : 14;
}

static PangoLayout *layout_of(const Widget *widget, const Theme *theme, int width)
{
	const char *text = widget->waiting && widget->kind == WIDGET_BUTTON ? "One moment…"
									    : widget->text;

	return theme_layout(theme, text, text_size(widget), widget->kind == WIDGET_BUTTON, width,
			    1);
}

int button_height(const Widget *widget, const Theme *theme)
{
	return theme_px(theme, widget->kind == WIDGET_BUTTON ? BUTTON
			       : widget->kind == WIDGET_LINK ? LINK
							     : TOOL);
}

int button_width(const Widget *widget, const Theme *theme)
{
	g_autoptr(PangoLayout) layout = layout_of(widget, theme, 0);
	int width;

	pango_layout_get_pixel_size(layout, &width, NULL);
	return width + theme_px(theme, 28);
}

static void draw_ground(const Widget *widget, const Theme *theme, cairo_t *cairo)
{
	const FaceRect *rect = &widget->rect;
	double line = theme->scale;

	theme_round(cairo, rect->x + line / 2, rect->y + line / 2, rect->width - line,
		    rect->height - line, 8 * theme->scale);
	if (widget->kind == WIDGET_BUTTON) {
		theme_ink(theme, cairo,
			  widget->waiting                  ? INK_LINE
			  : widget->hot || widget->pressed ? INK_ACCENT_HOVER
							   : INK_ACCENT);
		cairo_fill(cairo);
		return;
	}
	if (widget->hot || widget->pressed) {
		theme_ink(theme, cairo, INK_HOVER);
		cairo_fill_preserve(cairo);
	}
	theme_ink(theme, cairo, INK_EDGE);
	cairo_set_line_width(cairo, line);
	if (widget->kind == WIDGET_TOOL)
		cairo_stroke(cairo);
	else
		cairo_new_path(cairo);
}

void button_draw(const Widget *widget, const Theme *theme, cairo_t *cairo)
{
	const FaceRect *rect = &widget->rect;
	g_autoptr(PangoLayout)
		layout = layout_of(widget, theme, MAX(rect->width - theme_px(theme, 12), 1));
	int width, height;

	draw_ground(widget, theme, cairo);
	if (widget->kind == WIDGET_BUTTON)
		theme_ink(theme, cairo, widget->waiting ? INK_MUTED : INK_ON_ACCENT);
	else
		theme_ink(theme, cairo, widget->kind == WIDGET_LINK ? INK_ACCENT : INK_TEXT);
	pango_layout_get_pixel_size(layout, &width, &height);
	widget_show(cairo, layout, rect->x + theme_middle(rect->width, width),
		    rect->y + theme_middle(rect->height, height));
	if (widget->focused)
		widget_ring(rect, 8 * theme->scale, theme, cairo);
}
