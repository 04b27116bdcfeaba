/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_inside: what view.c (pages, focus), view_input.c (keys, the pointer) and view_paint.c
 * (places and pixels) share. */
#pragma once

#include "view.h"

struct View {
	const FaceOps *ops;
	Face *face;
	int width, height;
	Theme theme;
	Keyboard *keyboard;
	ViewAct act;
	gpointer owner;

	Screen screen;
	Page *page, *popup; /* the popup, if there is one, is in front */
	GPtrArray *tools;   /* of Widget: the upper edge, from the right */
	Widget *extend;     /* of the warning; NULL without */
	char *warning;

	Widget *focus, *hot, *pressed; /* among all of those */
	gboolean ring;                 /* the keyboard was used last: what has the focus shows it */
	int drag_y;
	gboolean dragging;
	guint buttons;

	char *user;  /* who tried to sign in last; a secret, as a password may be typed there */
	char *paste; /* secret */

	cairo_region_t *dirty;
	guint draw, tick; /* sources */
};

/* The page that is in front, and its part of the picture. */
Page *view_front(const View *view);
FaceRect view_area(const View *view);

/* Everything that Tab visits, in its order: borrowed Widgets, the caller's array. */
GPtrArray *view_focusable(const View *view);
/* That widget has the focus and can be seen; NULL = none has. */
void view_focus(View *view, Widget *widget);

/* The list of keyboard layouts, in front of the page. */
void view_open_layouts(View *view);
void view_close_popup(View *view);
/* The tools say what is chosen. */
void view_name_tools(View *view);

/* Places all widgets anew and draws everything. */
void view_layout(View *view);
/* Draws this again, soon. */
void view_dirty(View *view, const FaceRect *rect);
void view_dirty_widget(View *view, const Widget *widget);
void view_paint_cursor(View *view);
