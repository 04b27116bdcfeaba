/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view: see view.h. */
#include "view_inside.h"

#include "secret.h"

#define TICK_MS 120 /* of a bar that wanders */

/* ---- focus */

GPtrArray *view_focusable(const View *view)
{
	GPtrArray *order = g_ptr_array_new();
	GPtrArray *page = view->page ? view_front(view)->widgets : NULL;

	for (guint i = 0; page && i < page->len; i++)
		if (widget_takes_focus(page->pdata[i]))
			g_ptr_array_add(order, page->pdata[i]);
	if (view->extend != NULL)
		g_ptr_array_add(order, view->extend);
	for (guint i = view->tools->len; i > 0; i--)
		g_ptr_array_add(order, view->tools->pdata[i - 1]);
	return order;
}

void view_focus(View *view, Widget *widget)
{
	FaceRect area = view_area(view);

	view_dirty_widget(view, view->focus);
	view->focus = widget;
	view_dirty_widget(view, widget);
	if (widget != NULL && view->page != NULL &&
	    page_reveal(view_front(view), &view->theme, &area, widget))
		view_layout(view);
}

/* Where a person goes on: the first field without a text, a list's first row, the button. */
static Widget *first_focus(const Page *page)
{
	static const WidgetKind kinds[] = {WIDGET_FIELD, WIDGET_ROW, WIDGET_BUTTON};

	for (gsize kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
		for (guint i = 0; i < page->widgets->len; i++) {
			Widget *widget = page->widgets->pdata[i];

			if (widget->kind == kinds[kind] &&
			    (widget->field == NULL || widget->field->length == 0))
				return widget;
		}
	}
	return NULL;
}

/* ---- pages */

static void forget_widgets(View *view)
{
	view->focus = view->hot = view->pressed = NULL;
	view->dragging = FALSE;
}

void view_name_tools(View *view)
{
	for (guint i = 0; i < view->tools->len; i++) {
		Widget *tool = view->tools->pdata[i];
		const char *text = tool->act == ACT_LOOK ? theme_look_name(&view->theme)
				   : tool->act == ACT_TEXT_SIZE
					   ? theme_text_name(&view->theme)
					   : keyboard_layout_name(keyboard_layout(view->keyboard));

		g_free(tool->text);
		tool->text = g_strdup(text);
	}
}

static gboolean on_tick(gpointer data)
{
	View *view = data;

	for (guint i = 0; view->page && i < view->page->widgets->len; i++) {
		Widget *widget = view->page->widgets->pdata[i];

		if (widget->kind == WIDGET_BAR && view->popup == NULL) {
			widget->step++;
			view_dirty(view, &widget->rect);
		}
	}
	return G_SOURCE_CONTINUE;
}

/* Only while there is a bar that does not know how far it is. */
static void set_tick(View *view, const Model *model)
{
	gboolean wanted = model->screen == SCREEN_PROGRESS && model->percent < 0;

	if (wanted && view->tick == 0)
		view->tick = g_timeout_add(TICK_MS, on_tick, view);
	if (!wanted && view->tick != 0)
		g_source_remove(view->tick);
	if (!wanted)
		view->tick = 0;
}

/* Whoever failed to sign in need not tell the name again. */
static void fill_user(const View *view, Page *page)
{
	for (guint i = 0; view->user && i < page->widgets->len; i++) {
		Widget *widget = page->widgets->pdata[i];

		if (widget->field != NULL && !widget->field->hidden)
			field_set(widget->field, view->user);
	}
}

/* On a page that follows one of its kind: a list that is told anew keeps its place. But a field to
 * be filled in comes first. */
static Widget *same_focus(const View *view, const Page *page)
{
	const Widget *old = view->focus;
	Widget *first = first_focus(page);

	if (old == NULL || (first != NULL && first->field != NULL))
		return first;
	if (old->kind == WIDGET_TOOL)
		return view->focus;
	for (guint i = 0; i < page->widgets->len; i++) {
		Widget *widget = page->widgets->pdata[i];

		if (widget->kind == old->kind && widget->act == old->act &&
		    widget->index == old->index)
			return widget;
	}
	return first;
}

void view_show(View *view, const Model *model)
{
	Page *page = screens_page(model, g_get_real_time());
	gboolean same = view->page != NULL && view->screen == model->screen;
	Widget *focus;

	if (model->screen == SCREEN_SIGNIN)
		fill_user(view, page);
	focus = same && view->popup == NULL ? same_focus(view, page) : first_focus(page);
	if (same)
		page->scroll = view->page->scroll;
	if (view->popup == NULL)
		forget_widgets(view);
	page_free(view->page);
	view->page = page;
	view->screen = model->screen;
	set_tick(view, model);
	view_layout(view);
	if (view->popup == NULL)
		view_focus(view, focus);
}

void view_close_popup(View *view)
{
	forget_widgets(view);
	g_clear_pointer(&view->popup, page_free);
	view->focus = first_focus(view->page);
	view_layout(view);
}

void view_open_layouts(View *view)
{
	if (view->page == NULL)
		return;
	forget_widgets(view);
	page_free(view->popup);
	view->popup = screens_layouts(keyboard_layout(view->keyboard));
	for (guint i = 0; i < view->popup->widgets->len; i++) {
		Widget *widget = view->popup->widgets->pdata[i];

		if (widget->marked)
			view->focus = widget;
	}
	view_layout(view);
	view_focus(view, view->focus);
}

void view_refocus(View *view)
{
	view_focus(view, first_focus(view_front(view)));
}

void view_wait(View *view)
{
	for (guint i = 0; view->page && i < view->page->widgets->len; i++)
		((Widget *)view->page->widgets->pdata[i])->waiting = TRUE;
	view_layout(view);
}

void view_warn(View *view, const char *text, gboolean extend)
{
	gboolean moves = (text != NULL) != (view->warning != NULL) ||
			 extend != (view->extend != NULL);

	if (!moves && g_strcmp0(text, view->warning) == 0)
		return;
	if (!extend && view->extend != NULL) {
		if (view->focus == view->extend)
			view->focus = NULL;
		if (view->pressed == view->extend || view->hot == view->extend)
			view->pressed = view->hot = NULL;
		g_clear_pointer(&view->extend, widget_free);
	} else if (extend && view->extend == NULL) {
		view->extend = widget_new(WIDGET_TOOL, "Stay longer", NULL, ACT_EXTEND, 0);
	}
	g_free(view->warning);
	view->warning = g_strdup(text);
	if (moves)
		view_layout(view);
	else
		view_dirty(view, &(FaceRect){0, 0, view->width, view_area(view).y});
}

char **view_texts(const View *view)
{
	GPtrArray *texts = g_ptr_array_new();

	for (guint i = 0; view->page && i < view->page->widgets->len; i++) {
		const Widget *widget = view->page->widgets->pdata[i];

		if (widget->field != NULL)
			g_ptr_array_add(texts, secret_dup(widget->field->text));
	}
	g_ptr_array_add(texts, NULL);
	return (char **)g_ptr_array_free(texts, FALSE);
}

/* ---- from open to close */

void view_resized(View *view, int width, int height)
{
	view->width = width;
	view->height = height;
	theme_fit(&view->theme, width, height);
	view_layout(view);
	view_focus(view, view->focus);
}

static void free_tool(gpointer tool)
{
	widget_free(tool);
}

View *view_new(const FaceOps *ops, Face *face, int width, int height, gboolean layouts, ViewAct act,
	       gpointer owner)
{
	View *view = g_new0(View, 1);

	*view = (View){.ops = ops, .face = face, .act = act, .owner = owner};
	theme_init(&view->theme);
	view->keyboard = keyboard_new();
	view->dirty = cairo_region_create();
	view->tools = g_ptr_array_new_with_free_func(free_tool);
	g_ptr_array_add(view->tools, widget_new(WIDGET_TOOL, "", NULL, ACT_LOOK, 0));
	g_ptr_array_add(view->tools, widget_new(WIDGET_TOOL, "", NULL, ACT_TEXT_SIZE, 0));
	if (layouts)
		g_ptr_array_add(view->tools, widget_new(WIDGET_TOOL, "", NULL, ACT_KEYBOARD, 0));
	view_name_tools(view);
	view_paint_cursor(view);
	view_resized(view, width, height);
	return view;
}

void view_free(View *view)
{
	if (view == NULL)
		return;
	if (view->draw != 0)
		g_source_remove(view->draw);
	if (view->tick != 0)
		g_source_remove(view->tick);
	page_free(view->page);
	page_free(view->popup);
	g_ptr_array_unref(view->tools);
	widget_free(view->extend);
	g_free(view->warning);
	secret_free(view->user);
	secret_free(view->paste);
	keyboard_free(view->keyboard);
	theme_clear(&view->theme);
	cairo_region_destroy(view->dirty);
	g_free(view);
}
