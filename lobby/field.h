/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * field: one line of text that a person types, at most LOBBY_SECRET bytes of UTF-8. It lives in the
 * struct alone and is wiped with it.
 */
#pragma once

#include "keyboard.h"
#include "lobby/lobby_wire.h"
#include "theme.h"

typedef struct {
	char text[LOBBY_SECRET + 1];
	gsize length, caret; /* bytes */
	gboolean hidden;     /* a password: dots */
	int scrolled;        /* pixels of the text that are left of the field */
} Field;

/* That text, the caret behind it; nothing, and no trace of what was there. */
void field_set(Field *field, const char *text);
void field_wipe(Field *field);

/* TRUE: the key was for a text field, changed or not. */
gboolean field_key(Field *field, const Stroke *stroke);

/* The first line of it, as far as there is room. */
void field_paste(Field *field, const char *text);

/* The caret goes to where (x: pixels from the left of the text as it is shown) was clicked. */
void field_click(Field *field, const Theme *theme, int x);

/* Into the rectangle; focused: with a caret. */
void field_draw(Field *field, const Theme *theme, cairo_t *cairo, int x, int y, int width,
		int height, gboolean focused);
