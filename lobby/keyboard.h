/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyboard: from keys to what they mean. A VNC viewer tells keysyms, which its own layout has made;
 * a SPICE client tells scan codes alone, so there the person says which layout it is, and xkbcommon
 * does the rest. Dead keys are composed here in both cases.
 */
#pragma once

#include <glib.h>

typedef struct Keyboard Keyboard;

/* A key that was pressed, for the one who has the focus. */
typedef struct {
	guint32 keysym;   /* X11's */
	gunichar text[3]; /* what it types, 0-terminated; nothing for function keys and shortcuts */
	gboolean shift, control;
} Stroke;

Keyboard *keyboard_new(void);
void keyboard_free(Keyboard *keyboard);

/* As FaceEvents.key has it. FALSE: nothing to do (released, a modifier, a dead key that waits). */
gboolean keyboard_key(Keyboard *keyboard, guint32 keysym, guint32 scancode, gboolean down,
		      Stroke *out);

/* The layouts to choose from for scan codes; names as people who have them call them. */
guint keyboard_layouts(void);
const char *keyboard_layout_name(guint layout);
guint keyboard_layout(const Keyboard *keyboard);
/* FALSE: xkb-data is not there; the layout stays. */
gboolean keyboard_choose(Keyboard *keyboard, guint layout);
