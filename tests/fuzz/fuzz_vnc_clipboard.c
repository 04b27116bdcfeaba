/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a VNC desktop says of its clipboard, message after message, and what it asks of ours. */
#include "vnc_clipboard.h"

#include "vnc_desktop.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static rfbClient *client;
	VncClipboard clipboard = {0};
	gboolean goes_on;
	int desktop;

	if (client == NULL)
		client = rfbGetClient(8, 3, 4);
	desktop = vnc_desktop_open(client, data, size);
	if (desktop < 0)
		return 0;
	vnc_clipboard_offer(&clipboard, client, "ours");
	do {
		g_autofree char *text = NULL;

		goes_on = vnc_clipboard_take(&clipboard, client, &text);
		g_assert(text == NULL || g_utf8_validate(text, -1, NULL));
		if (goes_on && text != NULL)
			goes_on = vnc_clipboard_offer(&clipboard, client, "ours\n\342\202\254");
		vnc_desktop_drain(desktop);
	} while (goes_on);
	vnc_clipboard_clear(&clipboard);
	close(desktop);
	close(client->sock);
	return 0;
}
