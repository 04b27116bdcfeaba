/* SPDX-License-Identifier: GPL-3.0-or-later */
/* widget: see widget.h. */
#include "widget.h"

#define LABEL   15
#define FIELD   48
#define PADDING 14

Widget *widget_new(WidgetKind kind, const char *text, const char *detail, Act act, guint index)
{
	Widget *widget = g_new0(Widget, 1);

	widget->kind = kind;
	widget->text = g_strdup(text);
	widget->detail = g_strdup(detail);
	widget->act = act;
	widget->index = index;
	if (kind == WIDGET_FIELD)
		widget->field = g_new0(Field, 1);
	return widget;
}

void widget_free(Widget *widget)
{
	if (widget == NULL)
		return;
	if (widget->field != NULL)
		field_wipe(widget->field);
	g_free(widget->field);
	g_free(widget->text);
	g_free(widget->detail);
	g_free(widget);
}

gboolean widget_takes_focus(const Widget *widget)
{
	return widget->kind == WIDGET_FIELD || widget->act != ACT_NONE;
}

static int label_height(const Widget *widget, const Theme *theme, int width)
{
	g_autoptr(PangoLayout) layout = theme_layout(theme, widget->text, LABEL, FALSE, width, 0);
	int height;

	pango_layout_get_pixel_size(layout, NULL, &height);
	return height + theme_px(theme, 6);
}

int widget_height(const Widget *widget, const Theme *theme, int width)
{
	switch (widget->kind) {
	case WIDGET_FIELD: return label_height(widget, theme, width) + theme_px(theme, FIELD);
	case WIDGET_BUTTON:
	case WIDGET_LINK:
	case WIDGET_TOOL: return button_height(widget, theme);
	case WIDGET_ROW: return row_height(widget, theme);
	default: return text_height(widget, theme, width);
	}
}

int widget_gap(const Widget *widget, const Widget *above, const Theme *theme)
{
	gboolean together = above && widget->kind == WIDGET_ROW && above->kind == WIDGET_ROW;

	if (above == NULL)
		return 0;
	if (widget->kind == WIDGET_TEXT || together)
		return theme_px(theme, 8);
	return theme_px(theme, widget->kind == WIDGET_BUTTON ? 28
			       : widget->kind == WIDGET_LINK ? 12
							     : 20);
}

int widget_width(const Widget *widget, const Theme *theme)
{
	return button_width(widget, theme);
}

void widget_show(cairo_t *cairo, PangoLayout *layout, double x, double y)
{
	cairo_move_to(cairo, x, y);
	pango_cairo_show_layout(cairo, layout);
}

void widget_ring(const FaceRect *rect, double radius, const Theme *theme, cairo_t *cairo)
{
	double away = 2.5 * theme->scale;

	theme_ink(theme, cairo, INK_ACCENT);
	cairo_set_line_width(cairo, 2 * theme->scale);
	theme_round(cairo, rect->x - away, rect->y - away, rect->width + 2 * away,
		    rect->height + 2 * away, radius + away);
	cairo_stroke(cairo);
}

static void draw_field(Widget *widget, const Theme *theme, cairo_t *cairo)
{
	const FaceRect *rect = &widget->rect;
	g_autoptr(PangoLayout)
		label = theme_layout(theme, widget->text, LABEL, FALSE, rect->width, 0);
	int height = theme_px(theme, FIELD), padding = theme_px(theme, PADDING);
	int y = rect->y + rect->height - height;
	double line = (widget->focused ? 2 : 1) * theme->scale;

	theme_ink(theme, cairo, INK_MUTED);
	widget_show(cairo, label, rect->x, rect->y);
	theme_round(cairo, rect->x + line / 2, y + line / 2, rect->width - line, height - line,
		    8 * theme->scale);
	theme_ink(theme, cairo, INK_FIELD);
	cairo_fill_preserve(cairo);
	theme_ink(theme, cairo, widget->focused ? INK_ACCENT : INK_EDGE);
	cairo_set_line_width(cairo, line);
	cairo_stroke(cairo);
	field_draw(widget->field, theme, cairo, rect->x + padding, y, rect->width - 2 * padding,
		   height, widget->focused && !widget->waiting);
}

void widget_draw(Widget *widget, const Theme *theme, cairo_t *cairo)
{
	switch (widget->kind) {
	case WIDGET_FIELD: draw_field(widget, theme, cairo); break;
	case WIDGET_BUTTON:
	case WIDGET_LINK:
	case WIDGET_TOOL: button_draw(widget, theme, cairo); break;
	case WIDGET_ROW: row_draw(widget, theme, cairo); break;
	default: text_draw(widget, theme, cairo); break;
	}
}
