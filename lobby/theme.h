/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * theme: colours, sizes and text. One measure for all: a logical pixel, `scale` pixels of the
 * picture (larger for large pictures, since neither VNC nor SPICE tells a screen's density, and
 * when the person wants larger text).
 */
#pragma once

#include <pango/pangocairo.h>

typedef enum { LOOK_LIGHT, LOOK_DARK, LOOK_CONTRAST, LOOKS } Look;

typedef enum {
	INK_PAGE,
	INK_CARD,
	INK_TEXT,
	INK_MUTED,
	INK_LINE,
	INK_EDGE, /* of what can be used: fields, buttons, rows */
	INK_FIELD,
	INK_ACCENT,
	INK_ACCENT_HOVER,
	INK_ON_ACCENT,
	INK_HOVER,
	INK_ERROR,
	INK_ERROR_BACK,
	INK_NOTICE,
	INK_NOTICE_BACK,
	INKS
} Ink;

#define TEXT_STEPS 3 /* normal, large, larger */

typedef struct {
	Look look;
	unsigned text_step;
	double scale;
	PangoContext *pango;
} Theme;

/* Light, normal text, for a picture of no size yet: theme_fit() comes next. */
void theme_init(Theme *theme);
void theme_clear(Theme *theme);

/* For a picture of this size and the chosen size of text. */
void theme_fit(Theme *theme, int width, int height);

/* Logical pixels in pixels of the picture. */
int theme_px(const Theme *theme, double logical);
/* Before something of that size in the middle of so much room, in whole pixels: text
 * stays sharp. */
static inline int theme_middle(int room, int size)
{
	return (room - size) / 2;
}

/* For people. */
const char *theme_look_name(const Theme *theme);
const char *theme_text_name(const Theme *theme);
void theme_ink(const Theme *theme, cairo_t *cairo, Ink ink);

/* A text of `size` logical pixels, wrapped at `width` pixels of the picture (or cut with an
 * ellipsis when `lines` is 1). The caller unrefs it. */
PangoLayout *theme_layout(const Theme *theme, const char *text, double size, gboolean bold,
			  int width, unsigned lines);

/* The path of a rectangle with round corners, in pixels of the picture. */
void theme_round(cairo_t *cairo, double x, double y, double width, double height, double radius);
