/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz: a stream of messages, cut as the first byte says, and each of them read as INIT and as a
 * channel list. */
#include "spice/spice_frame.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void read_message(const guint8 *message, gsize n)
{
	const SpiceFrameChannel *list;
	guint32 value;

	if (spice_frame_channels_list(message + SPICE_FRAME_HEADER, n - SPICE_FRAME_HEADER, &list,
				      &value, NULL) &&
	    value > 0)
		g_assert((const guint8 *)(list + value) <= message + n);
	spice_frame_main_init(message, n, &value, NULL);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	SpiceFrame frame = {0};
	Buffer in = {0};
	gssize part = 0;
	gsize step;

	if (size == 0)
		return 0;
	step = data[0] > 0 ? data[0] : size;
	data++;
	size--;
	while (size > 0 && part >= 0) {
		gsize n = MIN(step, size);

		buffer_append(&in, data, n);
		data += n;
		size -= n;
		while (buffer_length(&in) > 0) {
			part = spice_frame_next(&frame, buffer_bytes(&in), buffer_length(&in),
						FAULT_DESKTOP, NULL);
			if (part <= 0)
				break;
			g_assert((gsize)part <= buffer_length(&in) && (gsize)part <= frame.left);
			if (spice_frame_fresh(&frame) && (gsize)part == frame.size)
				read_message(buffer_bytes(&in), frame.size);
			spice_frame_passed(&frame, (gsize)part);
			buffer_consume(&in, (gsize)part);
		}
	}
	buffer_clear(&in);
	return 0;
}
