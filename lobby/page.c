/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page: see page.h. */
#include "page.h"

#define MARGIN  20 /* around the card */
#define PADDING 36 /* in it */

static void free_widget(gpointer widget)
{
	widget_free(widget);
}

Page *page_new(double width, Act escape)
{
	Page *page = g_new0(Page, 1);

	page->widgets = g_ptr_array_new_with_free_func(free_widget);
	page->width = width;
	page->escape = escape;
	return page;
}

void page_free(Page *page)
{
	if (page == NULL)
		return;
	g_ptr_array_unref(page->widgets);
	g_free(page);
}

Widget *page_add(Page *page, WidgetKind kind, const char *text, const char *detail, Act act,
		 guint index)
{
	Widget *widget = widget_new(kind, text, detail, act, index);

	g_ptr_array_add(page->widgets, widget);
	return widget;
}

Widget *page_add_field(Page *page, const char *label, gboolean hidden)
{
	Widget *widget = page_add(page, WIDGET_FIELD, label, NULL, ACT_NONE, 0);

	widget->field->hidden = hidden;
	return widget;
}

/* A narrow picture leaves less around. */
static int padding(const Theme *theme, const FaceRect *area)
{
	return theme_px(theme, area->width < theme_px(theme, 420) ? PADDING / 2 : PADDING);
}

void page_layout(Page *page, const Theme *theme, const FaceRect *area)
{
	int margin = theme_px(theme, MARGIN), pad = padding(theme, area);
	int width = MAX(MIN(theme_px(theme, page->width), area->width - 2 * margin), 2 * pad + 1);
	int inner = width - 2 * pad, height = 0;
	const Widget *above = NULL;

	for (guint i = 0; i < page->widgets->len; i++) {
		Widget *widget = page->widgets->pdata[i];

		widget->rect.width = inner;
		widget->rect.height = widget_height(widget, theme, inner);
		widget->rect.y = height + widget_gap(widget, above, theme);
		height = widget->rect.y + widget->rect.height;
		above = widget;
	}
	page->card = (FaceRect){area->x + (area->width - width) / 2, 0, width, height + 2 * pad};
	page->most = MAX(page->card.height + 2 * margin - area->height, 0);
	page->scroll = CLAMP(page->scroll, 0, page->most);
	/* A little above the middle, where the eye looks. */
	page->card.y = area->y + MAX((area->height - page->card.height) * 2 / 5, margin) -
		       page->scroll;
	for (guint i = 0; i < page->widgets->len; i++) {
		Widget *widget = page->widgets->pdata[i];

		widget->rect.x = page->card.x + pad;
		widget->rect.y += page->card.y + pad;
	}
}

gboolean page_scroll(Page *page, int by)
{
	int old = page->scroll;

	page->scroll = CLAMP(page->scroll + by, 0, page->most);
	return page->scroll != old;
}

gboolean page_reveal(Page *page, const Theme *theme, const FaceRect *area, const Widget *widget)
{
	int room = theme_px(theme, MARGIN), top = widget->rect.y - room - area->y;
	int bottom = widget->rect.y + widget->rect.height + room - area->y - area->height;

	if (!g_ptr_array_find(page->widgets, widget, NULL))
		return FALSE;
	if (top < 0)
		return page_scroll(page, top);
	return bottom > 0 && page_scroll(page, bottom);
}
