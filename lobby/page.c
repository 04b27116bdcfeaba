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

/* Within so many pixels, one below the other from 0: the card's height. */
static int stack(Page *page, const Theme *theme, int width, int pad, gboolean tight)
{
	const Widget *above = NULL;
	int height = 0;

	for (guint i = 0; i < page->widgets->len; i++) {
		Widget *widget = page->widgets->pdata[i];
		int gap = widget_gap(widget, above, theme);

		widget->rect.width = MAX(width - 2 * pad, 1);
		widget->rect.height = widget_height(widget, theme, widget->rect.width);
		widget->rect.y = height + (tight ? gap * 3 / 5 : gap);
		height = widget->rect.y + widget->rect.height;
		above = widget;
	}
	return height + 2 * pad;
}

/* A narrow picture leaves less around, and one that is too low for all also less in between. */
void page_layout(Page *page, const Theme *theme, const FaceRect *area)
{
	int margin = theme_px(theme, MARGIN);
	int pad = theme_px(theme, area->width < theme_px(theme, 420) ? PADDING / 2 : PADDING);
	int width = MAX(MIN(theme_px(theme, page->width), area->width - 2 * margin), 1);
	int height = stack(page, theme, width, pad, FALSE);

	if (height + 2 * margin > area->height) {
		margin /= 2;
		pad = theme_px(theme, PADDING / 2.0);
		height = stack(page, theme, width, pad, TRUE);
	}
	page->card = (FaceRect){area->x + (area->width - width) / 2, 0, width, height};
	page->most = MAX(height + 2 * margin - area->height, 0);
	page->scroll = CLAMP(page->scroll, 0, page->most);
	/* A little above the middle, where the eye looks. */
	page->card.y = area->y + MAX((area->height - height) * 2 / 5, margin) - page->scroll;
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
