/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first byte chooses what we have for the desktop: a password (bit 0), a user too (bit 1),
 * only TLS (bit 2); the rest is what the desktop sends, given as it is asked for.
 */
#include "rfb/rfb_client.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	Buffer in = {0}, out = {0};
	RfbClient client;
	RfbEvent event;
	guint8 choice = size > 0 ? data[0] : 0;
	gsize at = MIN(size, 1);

	rfb_client_init(&client, choice & 2 ? "user" : NULL, choice & 3 ? "password" : NULL,
			(choice & 4) != 0);
	for (;;) {
		g_autoptr(GError) error = NULL;
		gsize need;

		event = rfb_client_step(&client, &in, &out, &error);
		g_assert((event == RFB_FAILED) == (error != NULL));
		if (event == RFB_START_TLS) {
			rfb_client_secured(&client, &out);
			continue;
		}
		if (event != RFB_MORE)
			break;
		need = rfb_client_need(&client);
		g_assert(need > 0 && need <= RFB_NAME_MAX && buffer_length(&in) == 0);
		if (size - at < need)
			break;
		buffer_append(&in, data + at, need);
		at += need;
	}
	g_assert((event == RFB_READY) == (client.name != NULL));
	buffer_clear(&in);
	buffer_clear(&out);
	rfb_client_clear(&client);
	return 0;
}
