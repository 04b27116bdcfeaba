/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz: what a desktop answers to our link. The first byte is the size of the pieces. */
#include "spice/spice_link_client.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static const SpiceLinkMess mess = {.type = SPICE_CHANNEL_MAIN, .common = 0x9};
	SpiceLinkClientEvent event = SPICE_LINK_CLIENT_MORE;
	g_autoptr(SpiceLinkClient) client = NULL;
	g_autoptr(GError) error = NULL;
	Buffer in = {0}, out = {0};
	gsize step;

	if (size == 0)
		return 0;
	client = spice_link_client_new(&mess, "secret", "first", 5, &out);
	step = data[0] > 0 ? data[0] : size;
	data++;
	size--;
	while (size > 0 && event == SPICE_LINK_CLIENT_MORE) {
		gsize n = MIN(step, size);

		buffer_append(&in, data, n);
		data += n;
		size -= n;
		event = spice_link_client_step(client, &in, &out, &error);
	}
	g_assert((event == SPICE_LINK_CLIENT_FAILED) == (error != NULL));
	g_assert(buffer_length(&out) < 1024);
	buffer_clear(&in);
	buffer_clear(&out);
	return 0;
}
