/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_paint: see view_inside.h. */
#include "view_inside.h"

#include <string.h>

#include "brand.h"

#define EDGE    60 /* the upper edge */
#define WARNING 56 /* the line below it */
#define AROUND  6  /* a ring's room around a widget */
#define BRAND   "Oriel"

#define BEFORE_FLUSH (G_PRIORITY_DEFAULT_IDLE - 10) /* the face sends what was drawn, after it */

Page *view_front(const View *view)
{
	return view->popup ? view->popup : view->page;
}

FaceRect view_area(const View *view)
{
	int top = theme_px(&view->theme, EDGE + (view->warning ? WARNING : 0));

	return (FaceRect){0, MIN(top, view->height - 1), view->width, MAX(view->height - top, 1)};
}

static FaceRect warning_rect(const View *view)
{
	return (FaceRect){0, theme_px(&view->theme, EDGE), view->width,
			  theme_px(&view->theme, WARNING)};
}

/* ---- places */

/* From the right; returns where the next one ends. */
static int place_right(const View *view, Widget *widget, int right, int y, int height)
{
	int width = widget_width(widget, &view->theme);

	widget->rect.width = width;
	widget->rect.height = widget_height(widget, &view->theme, width);
	widget->rect.x = right - width;
	widget->rect.y = y + (height - widget->rect.height) / 2;
	return widget->rect.x - theme_px(&view->theme, 8);
}

void view_layout(View *view)
{
	FaceRect area = view_area(view);
	int right = view->width - theme_px(&view->theme, 16);

	for (guint i = 0; i < view->tools->len; i++)
		right = place_right(view, view->tools->pdata[i], right, 0,
				    theme_px(&view->theme, EDGE));
	if (view->extend != NULL) {
		FaceRect line = warning_rect(view);

		place_right(view, view->extend, view->width - theme_px(&view->theme, 16), line.y,
			    line.height);
	}
	if (view->page != NULL)
		page_layout(view_front(view), &view->theme, &area);
	view_dirty(view, &(FaceRect){0, 0, view->width, view->height});
}

/* ---- pixels */

/* A window that projects from the wall. */
static void draw_mark(const View *view, cairo_t *cairo, double x, double y, double size)
{
	static const double outline[][3] = BRAND_MARK;
	double s = size / BRAND_GRID;

	cairo_save(cairo);
	cairo_translate(cairo, x, y);
	cairo_scale(cairo, s, s);
	theme_ink(&view->theme, cairo, INK_ACCENT);
	for (gsize i = 0; i < G_N_ELEMENTS(outline); i++) {
		if (outline[i][0] != 0)
			cairo_move_to(cairo, outline[i][1], outline[i][2]);
		else
			cairo_line_to(cairo, outline[i][1], outline[i][2]);
	}
	cairo_fill(cairo); /* which closes each part */
	cairo_restore(cairo);
}

static void draw_brand(const View *view, cairo_t *cairo)
{
	const Theme *theme = &view->theme;
	const Widget *last = view->tools->pdata[view->tools->len - 1];
	g_autoptr(PangoLayout) name = theme_layout(theme, BRAND, 20, TRUE, 0, 0);
	int x = theme_px(theme, 20), edge = theme_px(theme, EDGE), mark = theme_px(theme, 30);
	int width, height;

	pango_layout_get_pixel_size(name, &width, &height);
	if (x + mark + theme_px(theme, 10) + width + x > last->rect.x)
		return;
	draw_mark(view, cairo, x, (edge - mark) / 2.0, mark);
	theme_ink(theme, cairo, INK_ACCENT);
	widget_show(cairo, name, x + mark + theme_px(theme, 10), theme_middle(edge, height));
}

static void draw_warning(const View *view, cairo_t *cairo)
{
	const Theme *theme = &view->theme;
	FaceRect rect = warning_rect(view);
	int x = theme_px(theme, 20), height;
	int right = view->extend ? view->extend->rect.x : view->width;
	g_autoptr(PangoLayout)
		text = theme_layout(theme, view->warning, 16, TRUE, MAX(right - 2 * x, 1), 1);

	theme_ink(theme, cairo, INK_ERROR_BACK);
	cairo_rectangle(cairo, rect.x, rect.y, rect.width, rect.height);
	cairo_fill(cairo);
	theme_ink(theme, cairo, INK_ERROR);
	pango_layout_get_pixel_size(text, NULL, &height);
	widget_show(cairo, text, x, rect.y + theme_middle(rect.height, height));
}

static FaceRect around(const View *view, const Widget *widget)
{
	int room = theme_px(&view->theme, AROUND);

	return (FaceRect){widget->rect.x - room, widget->rect.y - room,
			  widget->rect.width + 2 * room, widget->rect.height + 2 * room};
}

static void draw_widget(View *view, Widget *widget, cairo_t *cairo)
{
	FaceRect rect = around(view, widget);

	if (cairo_region_contains_rectangle(
		    view->dirty, &(cairo_rectangle_int_t){rect.x, rect.y, rect.width,
							  rect.height}) == CAIRO_REGION_OVERLAP_OUT)
		return;
	/* A field shows its caret, others a ring once the keyboard is used. */
	widget->focused = widget == view->focus && (view->ring || widget->kind == WIDGET_FIELD);
	widget->hot = widget == view->hot;
	widget->pressed = widget == view->pressed;
	widget_draw(widget, &view->theme, cairo);
}

static void draw_page(View *view, cairo_t *cairo)
{
	Page *page = view_front(view);
	FaceRect area = view_area(view);
	double line = view->theme.scale;

	cairo_save(cairo);
	cairo_rectangle(cairo, area.x, area.y, area.width, area.height);
	cairo_clip(cairo);
	theme_round(cairo, page->card.x + line / 2, page->card.y + line / 2,
		    page->card.width - line, page->card.height - line, 14 * view->theme.scale);
	theme_ink(&view->theme, cairo, INK_CARD);
	cairo_fill_preserve(cairo);
	theme_ink(&view->theme, cairo, INK_LINE);
	cairo_set_line_width(cairo, line);
	cairo_stroke(cairo);
	for (guint i = 0; i < page->widgets->len; i++)
		draw_widget(view, page->widgets->pdata[i], cairo);
	if (page->most > 0) { /* where one is in what does not fit */
		double part = (double)area.height / (area.height + page->most);
		double width = 5 * view->theme.scale, height = area.height * part;

		theme_ink(&view->theme, cairo, INK_LINE);
		theme_round(cairo, view->width - 2 * width,
			    area.y + (area.height - height) * page->scroll / page->most, width,
			    height, width / 2);
		cairo_fill(cairo);
	}
	cairo_restore(cairo);
}

static void draw_all(View *view, cairo_t *cairo)
{
	theme_ink(&view->theme, cairo, INK_PAGE);
	cairo_paint(cairo);
	draw_brand(view, cairo);
	for (guint i = 0; i < view->tools->len; i++)
		draw_widget(view, view->tools->pdata[i], cairo);
	if (view->warning != NULL)
		draw_warning(view, cairo);
	if (view->extend != NULL)
		draw_widget(view, view->extend, cairo);
	if (view->page != NULL)
		draw_page(view, cairo);
}

static gboolean on_draw(gpointer data)
{
	View *view = data;
	gsize stride;
	guint32 *pixels = view->ops->pixels(view->face, &stride);
	cairo_surface_t *surface = cairo_image_surface_create_for_data(
		(guchar *)pixels, CAIRO_FORMAT_RGB24, view->width, view->height, (int)stride);
	cairo_t *cairo = cairo_create(surface);
	int n = cairo_region_num_rectangles(view->dirty);

	for (int i = 0; i < n; i++) {
		cairo_rectangle_int_t rect;

		cairo_region_get_rectangle(view->dirty, i, &rect);
		cairo_rectangle(cairo, rect.x, rect.y, rect.width, rect.height);
	}
	cairo_clip(cairo);
	draw_all(view, cairo);
	cairo_destroy(cairo);
	cairo_surface_destroy(surface);
	for (int i = 0; i < n; i++) {
		cairo_rectangle_int_t rect;

		cairo_region_get_rectangle(view->dirty, i, &rect);
		view->ops->damage(view->face, &(FaceRect){rect.x, rect.y, rect.width, rect.height});
	}
	g_clear_pointer(&view->dirty, cairo_region_destroy);
	view->dirty = cairo_region_create();
	view->draw = 0;
	return G_SOURCE_REMOVE;
}

void view_dirty(View *view, const FaceRect *rect)
{
	const cairo_rectangle_int_t all = {0, 0, view->width, view->height};
	const cairo_rectangle_int_t part = {rect->x, rect->y, rect->width, rect->height};

	cairo_region_union_rectangle(view->dirty, &part);
	cairo_region_intersect_rectangle(view->dirty, &all);
	if (view->draw == 0)
		view->draw = g_idle_add_full(BEFORE_FLUSH, on_draw, view, NULL);
}

void view_dirty_widget(View *view, const Widget *widget)
{
	FaceRect rect;

	if (widget == NULL)
		return;
	rect = around(view, widget);
	view_dirty(view, &rect);
}

/* An arrow, dark with a light edge: seen on every ground. */
void view_paint_cursor(View *view)
{
	static const double outline[][2] = {{1, 1},   {1, 17},     {5, 13.5}, {7.5, 19},
					    {10, 18}, {7.6, 12.6}, {13, 12.6}};
	guint32 pixels[24 * 24] = {0};
	cairo_surface_t *surface = cairo_image_surface_create_for_data(
		(guchar *)pixels, CAIRO_FORMAT_ARGB32, 24, 24, 24 * 4);
	cairo_t *cairo = cairo_create(surface);

	for (gsize i = 0; i < G_N_ELEMENTS(outline); i++)
		cairo_line_to(cairo, outline[i][0], outline[i][1]);
	cairo_close_path(cairo);
	cairo_set_source_rgb(cairo, 0.1, 0.1, 0.1);
	cairo_fill_preserve(cairo);
	cairo_set_source_rgb(cairo, 1, 1, 1);
	cairo_set_line_width(cairo, 1.2);
	cairo_stroke(cairo);
	cairo_destroy(cairo);
	cairo_surface_flush(surface);
	cairo_surface_destroy(surface);
	view->ops->cursor(view->face, pixels, 24, 24, 1, 1);
}
