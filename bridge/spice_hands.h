/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_hands: keys and pointer of the client on a SPICE desktop's inputs channel. Before there is
 * that channel they do nothing.
 */
#pragma once

#include <spice-client.h>

typedef struct {
	SpiceInputsChannel *channel; /* borrowed; NULL = not there yet */
	gboolean absolute;           /* the desktop takes positions, not motions */
	int x, y;
	guint buttons;
	GQueue keys; /* strokes that wait */
	guint pace;
} SpiceHands;

/* scancode: as source.h's key() has it. At once, but never faster than a keyboard. */
void spice_hands_key(SpiceHands *hands, guint32 scancode, gboolean down);
void spice_hands_pointer(SpiceHands *hands, int x, int y, guint buttons);
/* Strokes that wait are dropped. */
void spice_hands_clear(SpiceHands *hands);
