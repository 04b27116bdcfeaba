/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vnc_size: see vnc_size.h. */
#include "vnc_size.h"

#include <string.h>

#include "vnc_peek.h"

#define SET_DESKTOP_SIZE 251
#define SCREEN           16 /* bytes of one, there and back */

G_STATIC_ASSERT(sizeof(rfbExtDesktopScreen) == SCREEN);

static guint u16(const guint8 *bytes)
{
	return (guint)bytes[0] << 8 | bytes[1];
}

static gboolean has_size(rfbClient *client, guint width, guint height)
{
	if (width == (guint)client->width && height == (guint)client->height)
		return SendIncrementalFramebufferUpdateRequest(client);
	client->width = (int)width;
	client->height = (int)height;
	client->updateRect.x = client->updateRect.y = 0;
	client->updateRect.w = client->width;
	client->updateRect.h = client->height;
	return client->MallocFrameBuffer(client) &&
	       SendFramebufferUpdateRequest(client, 0, 0, client->width, client->height, FALSE);
}

gboolean vnc_size_take(rfbClient *client)
{
	enum { REASON = 4, STATUS = 6, WIDTH = 8, HEIGHT = 10, HEAD = VNC_PEEK_BYTES + 4 };
	enum { OUR_WISH = 1 };
	guint8 head[HEAD];
	gboolean refused;

	if (!ReadFromRFBServer(client, (char *)head, HEAD))
		return FALSE;
	for (guint i = 0; i < head[VNC_PEEK_BYTES]; i++) {
		rfbExtDesktopScreen screen;

		if (!ReadFromRFBServer(client, (char *)&screen, SCREEN))
			return FALSE;
		if (i == 0)
			client->screen = screen;
	}
	refused = u16(head + REASON) == OUR_WISH && u16(head + STATUS) != 0;
	return has_size(client, refused ? (guint)client->width : u16(head + WIDTH),
			refused ? (guint)client->height : u16(head + HEIGHT));
}

/* With the one screen that the desktop has told of, for which the library keeps the network's order
 * of bytes. (Its own SendExtDesktopSize() says what happens to be in its memory.) */
void vnc_size_settle(VncSize *size, rfbClient *client)
{
	const rfbExtDesktopScreen *screen = &client->screen;
	const guint8 wished[] = {(guint8)(size->width >> 8), (guint8)size->width,
				 (guint8)(size->height >> 8), (guint8)size->height};
	guint8 wish[8 + SCREEN] = {SET_DESKTOP_SIZE, [6] = 1};

	if (size->width == 0 || screen->width == 0)
		return;
	if (size->width != client->width || size->height != client->height) {
		memcpy(wish + 2, wished, sizeof wished);
		memcpy(wish + 8, &screen->id, 4);
		memcpy(wish + 16, wished, sizeof wished);
		memcpy(wish + 20, &screen->flags, 4);
		WriteToRFBServer(client, (const char *)wish, sizeof wish);
	}
	size->width = 0;
}

void vnc_size_wish(VncSize *size, rfbClient *client, int width, int height)
{
	size->width = width;
	size->height = height;
	vnc_size_settle(size, client);
}
