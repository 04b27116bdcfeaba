/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * widget: what a page is made of, from top to bottom: texts, fields, buttons, a list's rows. A
 * widget knows how high it is for a width and how it looks; where it is and who has the focus is
 * the page's (page.h). Looks: text.c, button.c, list.c, field.c.
 */
#pragma once

#include "face.h"
#include "field.h"
#include "theme.h"

typedef enum {
	WIDGET_TITLE,
	WIDGET_TEXT,
	WIDGET_NOTICE, /* text and detail in a box */
	WIDGET_ERROR,
	WIDGET_BAR,    /* progress: percent */
	WIDGET_FIELD,  /* text: its label */
	WIDGET_BUTTON, /* the one that Return presses */
	WIDGET_LINK,   /* a button of less weight */
	WIDGET_ROW,    /* text: a name, detail: what else there is to know */
	WIDGET_TOOL,   /* a small button of the upper edge */
} WidgetKind;

/* What a button or a row is for; the view does the last ones itself. */
typedef enum {
	ACT_NONE,
	ACT_SUBMIT,
	ACT_CANCEL,
	ACT_CHOOSE, /* index: which desktop */
	ACT_SIGNOUT,
	ACT_EXTEND,
	ACT_TEXT_SIZE,
	ACT_LOOK,
	ACT_KEYBOARD,
	ACT_LAYOUT, /* index: which one */
	ACT_BACK,
} Act;

typedef struct {
	WidgetKind kind;
	Act act;
	guint index;
	char *text, *detail;
	int percent; /* -1 = unknown, then `step` moves */
	unsigned step;
	Field *field;
	gboolean marked; /* of rows: the one that is in force */
	gboolean focused, hot, pressed, waiting;
	FaceRect rect; /* in the picture */
} Widget;

/* Copies the texts; detail may be NULL. */
Widget *widget_new(WidgetKind kind, const char *text, const char *detail, Act act, guint index);
void widget_free(Widget *widget);

gboolean widget_takes_focus(const Widget *widget);

/* Pixels of the picture, and what there is between it and the one above (NULL: it is the first). */
int widget_height(const Widget *widget, const Theme *theme, int width);
int widget_gap(const Widget *widget, const Widget *above, const Theme *theme);

/* For widgets that stand side by side. */
int widget_width(const Widget *widget, const Theme *theme);

void widget_draw(Widget *widget, const Theme *theme, cairo_t *cairo);

/* How each kind does it. */
int text_height(const Widget *widget, const Theme *theme, int width);
void text_draw(const Widget *widget, const Theme *theme, cairo_t *cairo);
int button_height(const Widget *widget, const Theme *theme);
int button_width(const Widget *widget, const Theme *theme);
void button_draw(const Widget *widget, const Theme *theme, cairo_t *cairo);
int row_height(const Widget *widget, const Theme *theme);
void row_draw(const Widget *widget, const Theme *theme, cairo_t *cairo);

/* A layout with its left upper corner at x, y. */
void widget_show(cairo_t *cairo, PangoLayout *layout, double x, double y);
/* The line around the one that has the focus. */
void widget_ring(const FaceRect *rect, double radius, const Theme *theme, cairo_t *cairo);
