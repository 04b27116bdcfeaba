/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_pointer: see rdp_pointer.h. */
#include "rdp_pointer.h"

#define NOTCH 120 /* of a wheel */

enum { WHEEL_BITS = 3, SIDE_BITS = 7, END_BITS = 9 };

static void turn_wheel(rdpInput *input, int x, int y, guint bit)
{
	static const UINT16 flags[] = {PTR_FLAGS_WHEEL, PTR_FLAGS_WHEEL, PTR_FLAGS_HWHEEL,
				       PTR_FLAGS_HWHEEL};
	gboolean negative = bit == 4 || bit == 5;

	freerdp_input_send_mouse_event(
		input,
		flags[bit - WHEEL_BITS] |
			(negative ? PTR_FLAGS_WHEEL_NEGATIVE | (0x100 - NOTCH) : NOTCH),
		(UINT16)x, (UINT16)y);
}

void rdp_pointer_send(rdpInput *input, int x, int y, guint buttons, guint before)
{
	static const UINT16 main[] = {PTR_FLAGS_BUTTON1, PTR_FLAGS_BUTTON3, PTR_FLAGS_BUTTON2};
	static const UINT16 side[] = {PTR_XFLAGS_BUTTON1, PTR_XFLAGS_BUTTON2};
	guint changed = buttons ^ before;

	if ((changed & 7) == 0)
		freerdp_input_send_mouse_event(input, PTR_FLAGS_MOVE, (UINT16)x, (UINT16)y);
	for (guint i = 0; i < WHEEL_BITS; i++)
		if (changed & 1u << i)
			freerdp_input_send_mouse_event(
				input, main[i] | (buttons & 1u << i ? PTR_FLAGS_DOWN : 0),
				(UINT16)x, (UINT16)y);
	for (guint i = SIDE_BITS; i < END_BITS; i++)
		if (changed & 1u << i)
			freerdp_input_send_extended_mouse_event(
				input,
				side[i - SIDE_BITS] | (buttons & 1u << i ? PTR_XFLAGS_DOWN : 0),
				(UINT16)x, (UINT16)y);
	for (guint i = WHEEL_BITS; i < SIDE_BITS; i++)
		if (changed & buttons & 1u << i)
			turn_wheel(input, x, y, i);
}
