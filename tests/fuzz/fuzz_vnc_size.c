/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a VNC desktop says of its size, message after message, while its viewer wishes another. */
#include "vnc_peek.h"
#include "vnc_size.h"

#include "vnc_desktop.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static rfbBool on_picture(rfbClient *client)
{
	g_assert(client->width >= 0 && client->width <= G_MAXUINT16);
	g_assert(client->height >= 0 && client->height <= G_MAXUINT16);
	return client->width > 0 && client->height > 0;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	static rfbClient *client;
	VncSize wish = {0};
	gint32 alone;
	int desktop;

	if (client == NULL)
		client = rfbGetClient(8, 3, 4);
	client->MallocFrameBuffer = on_picture;
	client->width = client->height = 100;
	memset(&client->screen, 0, sizeof client->screen);
	desktop = vnc_desktop_open(client, data, size);
	if (desktop < 0)
		return 0;
	vnc_size_wish(&wish, client, 800, 600);
	while (vnc_peek(client, &alone) && alone == (gint32)rfbEncodingExtDesktopSize &&
	       vnc_size_take(client)) {
		vnc_size_settle(&wish, client);
		vnc_size_wish(&wish, client, client->height, client->width);
		vnc_desktop_drain(desktop);
	}
	close(desktop);
	close(client->sock);
	return 0;
}
