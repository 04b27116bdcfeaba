/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page: a column of widgets on a card in the middle of the picture. What does not fit scrolls.
 * Which widgets there are is decided in screens.c, from the model.
 */
#pragma once

#include "model.h"
#include "widget.h"

typedef struct {
	GPtrArray *widgets; /* of Widget, owned */
	double width;       /* of the card, logical pixels */
	Act escape;         /* what Esc does */
	FaceRect card;      /* in the picture */
	int scroll, most;   /* pixels that the column was pushed up, and can be */
} Page;

/* Empty, `width` logical pixels wide. */
Page *page_new(double width, Act escape);
void page_free(Page *page);
/* Below what is there; the widget is the page's, for the caller to make more of. Texts are copied;
 * act and index are told when it is pressed. A field has a label above it. */
Widget *page_add(Page *page, WidgetKind kind, const char *text, const char *detail, Act act,
		 guint index);
Widget *page_add_field(Page *page, const char *label, gboolean hidden);

/* Places everything within the part of the picture that is the page's. */
void page_layout(Page *page, const Theme *theme, const FaceRect *area);

/* Pushes the column so that the widget is seen; TRUE if it moved: lay it out again. */
gboolean page_reveal(Page *page, const Theme *theme, const FaceRect *area, const Widget *widget);
gboolean page_scroll(Page *page, int by);

/* The page for what the model says. now: g_get_real_time(). */
Page *screens_page(const Model *model, gint64 now);
/* The keyboard layouts, the one in force marked. */
Page *screens_layouts(guint chosen);
