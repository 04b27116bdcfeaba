/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_hands: see spice_hands.h. */
#include "spice_hands.h"

#define KEY_MS   5 /* between strokes: a PC keyboard in a VM holds 16 bytes, and loses the rest */
#define KEYS_MAX 4096
#define RELEASE  (1u << 31) /* beside the code of a stroke */

static gboolean next_key(gpointer data)
{
	SpiceHands *hands = data;
	guint stroke = GPOINTER_TO_UINT(g_queue_pop_head(&hands->keys));

	if (stroke == 0) {
		hands->pace = 0;
		return G_SOURCE_REMOVE;
	}
	if (stroke & RELEASE)
		spice_inputs_channel_key_release(hands->channel, stroke & ~RELEASE);
	else
		spice_inputs_channel_key_press(hands->channel, stroke);
	return G_SOURCE_CONTINUE;
}

void spice_hands_key(SpiceHands *hands, guint32 scancode, gboolean down)
{
	guint code = scancode > 0xff ? (scancode & 0xff) | 0x100 : scancode;

	if (hands->channel == NULL || code == 0 || hands->keys.length >= KEYS_MAX)
		return;
	g_queue_push_tail(&hands->keys, GUINT_TO_POINTER(code | (down ? 0 : RELEASE)));
	if (hands->pace != 0)
		return;
	next_key(hands);
	hands->pace = g_timeout_add(KEY_MS, next_key, hands);
}

/* The library's masks have bit 0 to 2 for the buttons alone. */
void spice_hands_pointer(SpiceHands *hands, int x, int y, guint buttons)
{
	/* RFB's bits in SPICE's order: left, middle, right, wheel up and down, and behind RFB's
	 * wheel to the sides the two at the side. */
	static const guint bits[] = {0, 1, 2, 3, 4, 7, 8};
	guint changed = buttons ^ hands->buttons;
	int were = (int)(hands->buttons & 7), are = (int)(buttons & 7);

	if (hands->channel == NULL)
		return;
	if (hands->absolute)
		spice_inputs_channel_position(hands->channel, x, y, 0, were);
	else if (x != hands->x || y != hands->y)
		spice_inputs_channel_motion(hands->channel, x - hands->x, y - hands->y, were);
	hands->x = x;
	hands->y = y;
	for (gsize i = 0; i < G_N_ELEMENTS(bits); i++) {
		guint bit = 1u << bits[i];

		if (changed & buttons & bit)
			spice_inputs_channel_button_press(hands->channel, (int)i + 1, are);
		else if (changed & bit)
			spice_inputs_channel_button_release(hands->channel, (int)i + 1, are);
	}
	hands->buttons = buttons;
}

void spice_hands_clear(SpiceHands *hands)
{
	g_queue_clear(&hands->keys);
	g_clear_handle_id(&hands->pace, g_source_remove);
}
