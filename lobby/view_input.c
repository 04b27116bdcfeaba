/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_input: what the person does to a view (view.h) with keys and the pointer. */
#include "view_inside.h"

#include "secret.h"

#include <xkbcommon/xkbcommon-keysyms.h>

#define WHEEL 60 /* logical pixels a notch */
#define DRAG  12 /* as far as a finger trembles */

#define BUTTON_LEFT   (1u << 0)
#define BUTTON_MIDDLE (1u << 1)
#define WHEEL_UP      (1u << 3)
#define WHEEL_DOWN    (1u << 4)

/* ---- what a press does */

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
	case ACT_KEYBOARD: view_open_layouts(view); return;
	case ACT_BACK: view_close_popup(view); return;
	case ACT_LAYOUT:
		keyboard_choose(view->keyboard, index);
		view_close_popup(view);
		break;
	case ACT_SUBMIT:
		remember_user(view);
		view->act(view->owner, act, index);
		return;
	default: view->act(view->owner, act, index); return;
	}
	theme_fit(theme, view->width, view->height);
	view_name_tools(view);
	view_layout(view);
	view_focus(view, view->focus);
}

static gboolean usable(const Widget *widget)
{
	return !widget->waiting || widget->kind == WIDGET_LINK;
}

/* ---- keys */

static void move_focus(View *view, int by)
{
	g_autoptr(GPtrArray) order = view_focusable(view);
	guint at;

	if (!g_ptr_array_find(order, view->focus, &at))
		at = by > 0 ? order->len - 1 : 0;
	view_focus(view, order->pdata[(at + order->len + (guint)by) % order->len]);
}

/* To the next field if that is empty; else as if the button had been pressed. */
static void press_return(View *view)
{
	const GPtrArray *widgets = view_front(view)->widgets;
	gboolean passed = FALSE;

	for (guint i = 0; i < widgets->len; i++) {
		Widget *widget = widgets->pdata[i];

		if (passed && widget->kind == WIDGET_FIELD && widget->field->length == 0) {
			view_focus(view, widget);
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
	g_autoptr(GPtrArray) order = view_focusable(view);
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
	view_focus(view, widget);
	field_click(widget->field, &view->theme, x - widget->rect.x - theme_px(&view->theme, 14));
}

static void release(View *view, const Widget *over)
{
	Widget *pressed = view->pressed;

	view->pressed = NULL;
	view_dirty_widget(view, pressed);
	if (pressed == NULL || pressed != over || pressed->field != NULL || view->dragging)
		return;
	view_focus(view, pressed);
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

void view_clipboard(View *view, const char *text)
{
	secret_free(view->paste);
	view->paste = secret_dup(text);
}
