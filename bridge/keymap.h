/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keymap: between the two languages of keyboards: X keysyms (what a key means, with the modifiers
 * that are down) and PC scan codes (which key it is). A layout says how they belong together
 * (xkbcommon). Scan codes are of set 1, with 0xe0 in the high byte for extended keys; 0 is none.
 */
#pragma once

#include <glib.h>

typedef struct Keymap Keymap;

typedef struct {
	guint32 scancode;
	gboolean down;
} KeyStroke;

/* At most this many make one key: shift and AltGr before it, and after it again. */
#define KEYMAP_STROKES 5

/* layout: as xkeyboard-config names it, "us", "de", "fr(bepo)". Reads its files. NULL:
 * FAULT_CONFIG. */
Keymap *keymap_new(const char *layout, GError **error);
void keymap_free(Keymap *keymap);

/*
 * What to do on a keyboard of this layout so that the keysym comes out; returns how many strokes, 0
 * if no key has it. Modifiers that the person holds are lifted and put back where the layout needs
 * others than theirs does, unless a shortcut is typed (control, alt, super).
 */
guint keymap_strokes(Keymap *keymap, guint32 keysym, gboolean down, KeyStroke out[KEYMAP_STROKES]);

/* The other way: follows a key and says what it means with the modifiers that are down; 0 =
 * nothing. */
guint32 keymap_keysym(Keymap *keymap, guint32 scancode, gboolean down);
