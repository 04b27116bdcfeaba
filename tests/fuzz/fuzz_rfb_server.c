/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first byte chooses the mode (bit 0) and the answer to a login (bit 1); the rest is what a
 * viewer sends. It is given whole, so the TLS upgrade is also met with bytes waiting; bit 2 gives
 * no more than was asked for; bit 3 offers the lobby, too, and bit 4 with VNC authentication.
 */
#include "rfb/rfb_server.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static gboolean answer(RfbServer *server, RfbEvent event, gboolean good, Buffer *out)
{
	switch (event) {
	case RFB_START_TLS: rfb_server_secured(server); return TRUE;
	case RFB_CREDENTIALS:
		if (good)
			rfb_server_accept(server, 800, 600, "n", out);
		return good;
	default: return FALSE;
	}
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	Buffer in = {0}, out = {0};
	RfbServer server;
	RfbEvent event;
	guint8 choice = size > 0 ? data[0] : 0;
	gsize at = MIN(size, 1);

	rfb_server_init(&server, choice & 1   ? RFB_SERVER_NONE
				 : choice & 8 ? RFB_SERVER_LOBBY
					      : RFB_SERVER_VENCRYPT);
	if (server.mode == RFB_SERVER_LOBBY && (choice & 16))
		server.vnc_password = "secret";
	do {
		g_autoptr(GError) error = NULL;
		gsize n = size - at;

		event = rfb_server_step(&server, &in, &out, &error);
		g_assert((event == RFB_FAILED) == (error != NULL));
		if (event == RFB_MORE) {
			gsize need = rfb_server_need(&server) - buffer_length(&in);

			g_assert(rfb_server_need(&server) > buffer_length(&in));
			g_assert(need <= RFB_USER_MAX + RFB_PASSWORD_MAX);
			if (n == 0 || ((choice & 4) && n < need))
				break;
			n = choice & 4 ? need : n;
			buffer_append(&in, data + at, n);
			at += n;
			continue;
		}
		if (!answer(&server, event, (choice & 2) != 0, &out))
			break;
	} while (TRUE);
	rfb_server_refuse(&server, "no", &out);
	buffer_clear(&in);
	buffer_clear(&out);
	rfb_server_clear(&server);
	return 0;
}
