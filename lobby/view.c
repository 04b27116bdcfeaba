/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view: see view.h. */
#include "view_inside.h"

#include "secret.h"

#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#define WHEEL   60  /* logical pixels a notch */
#define DRAG    12  /* as far as a finger trembles */
#define TICK_MS 120 /* of a bar that wanders */

#define BUTTON_LEFT   (1u << 0)
#define BUTTON_MIDDLE (1u << 1)
#define WHEEL_UP      (1u << 3)
#define WHEEL_DOWN    (1u << 4)

/* ---- focus */

/* Everything that Tab visits, in its order. */
static GPtrArray *focusable(const View *view)
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

static void set_focus(View *view, Widget *widget)
{
	FaceRect area = view_area(view);

	view_dirty_widget(view, view->focus);
	view->focus = widget;
	view_dirty_widget(view, widget);
	if (widget != NULL && view->page != NULL &&
	    page_reveal(view_front(view), &view->theme, &area, widget))
		view_layout(view);
}

static void move_focus(View *view, int by)
{
	g_autoptr(GPtrArray) order = focusable(view);
	guint at;

	if (!g_ptr_array_find(order, view->focus, &at))
		at = by > 0 ? order->len - 1 : 0;
	set_focus(view, order->pdata[(at + order->len + (guint)by) % order->len]);
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

static void name_tools(View *view)
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
		set_focus(view, focus);
}

static void close_popup(View *view)
{
	forget_widgets(view);
	g_clear_pointer(&view->popup, page_free);
	view->focus = first_focus(view->page);
	view_layout(view);
}

static void open_layouts(View *view)
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
	set_focus(view, view->focus);
}

void view_refocus(View *view)
{
	set_focus(view, first_focus(view_front(view)));
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

/* ---- what the person does */

static void remember_user(View *view)
{
	for (guint i = 0; i < view->page->widgets->len; i++) {
		const Widget *widget = view->page->widgets->pdata[i];

		if (view->screen != SCREEN_SIGNIN || widget->field == NULL || widget->field->hidden)
			continue;
		secret_free(view->user);
		view->user = secret_dup(widget->field->text);
	}
}

static void activate(View *view, const Widget *widget)
{
	Theme *theme = &view->theme;
	guint index = widget->index;
	Act act = widget->act;

	switch (act) {
	case ACT_NONE: return;
	case ACT_TEXT_SIZE: theme->text_step = (theme->text_step + 1) % TEXT_STEPS; break;
	case ACT_LOOK: theme->look = (theme->look + 1) % LOOKS; break;
	case ACT_KEYBOARD: open_layouts(view); return;
	case ACT_BACK: close_popup(view); return;
	case ACT_LAYOUT:
		keyboard_choose(view->keyboard, index);
		close_popup(view);
		break;
	case ACT_SUBMIT:
		remember_user(view);
		view->act(view->owner, act, index);
		return;
	default: view->act(view->owner, act, index); return;
	}
	theme_fit(theme, view->width, view->height);
	name_tools(view);
	view_layout(view);
	set_focus(view, view->focus);
}

static gboolean usable(const Widget *widget)
{
	return !widget->waiting || widget->kind == WIDGET_LINK;
}

/* To the next field if that is empty; else as if the button had been pressed. */
static void press_return(View *view)
{
	const GPtrArray *widgets = view_front(view)->widgets;
	gboolean passed = FALSE;

	for (guint i = 0; i < widgets->len; i++) {
		Widget *widget = widgets->pdata[i];

		if (passed && widget->kind == WIDGET_FIELD && widget->field->length == 0) {
			set_focus(view, widget);
			return;
		}
		passed |= widget == view->focus;
		if (widget->kind == WIDGET_BUTTON && usable(widget)) {
			activate(view, widget);
			return;
		}
	}
}

static void press_escape(View *view)
{
	const Widget cancel = {.kind = WIDGET_LINK, .act = view_front(view)->escape};

	activate(view, &cancel);
}

static void paste(View *view, Widget *widget)
{
	if (widget == NULL || widget->field == NULL || view->paste == NULL || !usable(widget))
		return;
	field_paste(widget->field, view->paste);
	view_dirty_widget(view, widget);
}

static gboolean is_paste(const Stroke *stroke)
{
	return (stroke->control && (stroke->keysym == XKB_KEY_v || stroke->keysym == XKB_KEY_V)) ||
	       (stroke->shift && stroke->keysym == XKB_KEY_Insert);
}

/* Keys that mean the same wherever the focus is. */
static gboolean key_anywhere(View *view, const Stroke *stroke)
{
	gboolean field = view->focus != NULL && view->focus->field != NULL;

	switch (stroke->keysym) {
	case XKB_KEY_Tab:
	case XKB_KEY_ISO_Left_Tab:
		move_focus(view, stroke->shift || stroke->keysym == XKB_KEY_ISO_Left_Tab ? -1 : 1);
		return TRUE;
	case XKB_KEY_Up:
	case XKB_KEY_KP_Up: move_focus(view, -1); return TRUE;
	case XKB_KEY_Down:
	case XKB_KEY_KP_Down: move_focus(view, 1); return TRUE;
	case XKB_KEY_Escape: press_escape(view); return TRUE;
	case XKB_KEY_Return:
	case XKB_KEY_KP_Enter:
		if (field || view->focus == NULL)
			press_return(view);
		else if (usable(view->focus))
			activate(view, view->focus);
		return TRUE;
	case XKB_KEY_space:
		if (field || view->focus == NULL)
			return FALSE;
		if (usable(view->focus))
			activate(view, view->focus);
		return TRUE;
	default: return FALSE;
	}
}

void view_key(View *view, guint32 keysym, guint32 scancode, gboolean down)
{
	Stroke stroke;

	if (!keyboard_key(view->keyboard, keysym, scancode, down, &stroke) || view->page == NULL)
		return;
	if (!view->ring) {
		view->ring = TRUE;
		view_dirty_widget(view, view->focus);
	}
	if (key_anywhere(view, &stroke) || view->focus == NULL)
		return;
	if (is_paste(&stroke))
		paste(view, view->focus);
	else if (view->focus->field != NULL && usable(view->focus) &&
		 field_key(view->focus->field, &stroke))
		view_dirty_widget(view, view->focus);
	secret_wipe(&stroke, sizeof stroke);
}

/* ---- the pointer */

static gboolean inside(const FaceRect *rect, int x, int y)
{
	return x >= rect->x && y >= rect->y && x < rect->x + rect->width &&
	       y < rect->y + rect->height;
}

/* What can be pressed there. */
static Widget *at(const View *view, int x, int y)
{
	g_autoptr(GPtrArray) order = focusable(view);
	FaceRect area = view_area(view);

	for (guint i = 0; i < order->len; i++) {
		Widget *widget = order->pdata[i];
		gboolean edge = widget == view->extend || widget->kind == WIDGET_TOOL;

		if (inside(&widget->rect, x, y) && (edge || inside(&area, x, y)))
			return widget;
	}
	return NULL;
}

static void scroll(View *view, int by)
{
	if (page_scroll(view_front(view), by))
		view_layout(view);
}

static void press(View *view, Widget *widget, int x, int y)
{
	view->pressed = widget;
	view->drag_y = y;
	view->dragging = FALSE;
	view->ring = FALSE;
	view_dirty_widget(view, widget);
	if (widget == NULL || widget->field == NULL)
		return;
	set_focus(view, widget);
	field_click(widget->field, &view->theme, x - widget->rect.x - theme_px(&view->theme, 14));
}

static void release(View *view, const Widget *over)
{
	Widget *pressed = view->pressed;

	view->pressed = NULL;
	view_dirty_widget(view, pressed);
	if (pressed == NULL || pressed != over || pressed->field != NULL || view->dragging)
		return;
	set_focus(view, pressed);
	if (usable(pressed))
		activate(view, pressed);
}

/* A finger that moves pushes the page. */
static void drag(View *view, int y)
{
	if (!view->dragging && ABS(y - view->drag_y) < theme_px(&view->theme, DRAG))
		return;
	if (view_front(view)->most == 0)
		return;
	view->dragging = TRUE;
	scroll(view, view->drag_y - y);
	view->drag_y = y;
}

void view_pointer(View *view, int x, int y, guint buttons)
{
	guint down = buttons & ~view->buttons, up = view->buttons & ~buttons;
	Widget *over;

	view->buttons = buttons;
	if (view->page == NULL)
		return;
	if (down & WHEEL_UP)
		scroll(view, -theme_px(&view->theme, WHEEL));
	if (down & WHEEL_DOWN)
		scroll(view, theme_px(&view->theme, WHEEL));
	over = at(view, x, y);
	if (over != view->hot) {
		view_dirty_widget(view, view->hot);
		view->hot = over;
		view_dirty_widget(view, over);
	}
	if (down & BUTTON_LEFT)
		press(view, over, x, y);
	else if (buttons & BUTTON_LEFT)
		drag(view, y);
	if (down & BUTTON_MIDDLE)
		paste(view, over);
	if (up & BUTTON_LEFT)
		release(view, over);
}

/* ---- from open to close */

void view_clipboard(View *view, const char *text)
{
	secret_free(view->paste);
	view->paste = secret_dup(text);
}

void view_resized(View *view, int width, int height)
{
	view->width = width;
	view->height = height;
	theme_fit(&view->theme, width, height);
	view_layout(view);
	set_focus(view, view->focus);
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
	name_tools(view);
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
