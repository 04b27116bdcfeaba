/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * face_vnc: the face that VNC viewers see, libvncserver 0.9.14 on one given descriptor. The library
 * reads and writes whole messages and waits in between (WAIT_MS at most): one process, one client,
 * so nobody else waits. It listens nowhere, starts no thread, and is asked only when the client
 * has said something or the picture has changed.
 */
#include "face.h"

#include "fault.h"
#include "latin1.h"
#include "vnc_cursor.h"
#include "vnc_extras.h"
#include "vnc_stand_in.h"

#include <glib-unix.h>
#include <string.h>

#include <rfb/rfb.h>
#include <rfb/rfbregion.h>

#define BYTES   4    /* a pixel */
#define WAIT_MS 5000 /* for the rest of a message; for room to write */

struct Face {
	rfbScreenInfoPtr screen;
	rfbClientPtr client; /* NULL before connect() and after it has left */
	guint watch, flush;  /* sources */
	gboolean ready;
	guint leds;
	VncStandIn stand_in;
	char *title;
	const FaceEvents *events;
	gpointer owner;
};

static Face *face_of(rfbClientPtr client)
{
	return client->screen->screenData;
}

/* ---- what the client does */

static void on_key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
	Face *face = face_of(client);

	face->events->key(face->owner, keysym, 0, down != 0);
}

static void on_placed_key(gpointer data, guint32 keysym, guint32 scancode, gboolean down)
{
	Face *face = data;

	face->events->key(face->owner, keysym, scancode, down);
}

static void on_listens(gpointer data, gboolean on)
{
	Face *face = data;

	if (face->events->listens != NULL)
		face->events->listens(face->owner, on);
}

static void on_pointer(int buttons, int x, int y, rfbClientPtr client)
{
	Face *face = face_of(client);

	face->events->pointer(face->owner, CLAMP(x, 0, face->screen->width - 1),
			      CLAMP(y, 0, face->screen->height - 1), (guint)buttons & 0x1ff);
}

static void tell_clipboard(Face *face, const char *text)
{
	if (strlen(text) <= FACE_MAX_TEXT)
		face->events->clipboard(face->owner, text);
}

static void on_latin1(char *text, int n, rfbClientPtr client)
{
	g_autofree char *utf8 = latin1_decode(text, (gsize)n);

	tell_clipboard(face_of(client), utf8);
}

static void on_utf8(char *text, int n, rfbClientPtr client)
{
	g_autofree char *copy = g_strndup(text, (gsize)n);

	if (g_utf8_validate(copy, -1, NULL))
		tell_clipboard(face_of(client), copy);
}

/* The owner may answer at once with resize(). */
static int on_size(int width, int height, int n, rfbExtDesktopScreen *screens, rfbClientPtr client)
{
	Face *face = face_of(client);

	if (width > 0 && height > 0 && width <= FACE_MAX_WIDTH && height <= FACE_MAX_HEIGHT)
		face->events->window(face->owner, width, height);
	return face->screen->width == width && face->screen->height == height
		       ? rfbExtDesktopSize_Success
		       : rfbExtDesktopSize_ResizeProhibited;
}

static int one_screen(rfbClientPtr client)
{
	return 1;
}

static rfbBool the_screen(int n, rfbExtDesktopScreen *out, rfbClientPtr client)
{
	*out = (rfbExtDesktopScreen){
		.id = 1,
		.width = (uint16_t)client->screen->width,
		.height = (uint16_t)client->screen->height,
	};
	return TRUE;
}

static void on_request(rfbClientPtr client, rfbFramebufferUpdateRequestMsg *request)
{
	Face *face = face_of(client);

	if (face->ready)
		return;
	face->ready = TRUE;
	face->events->ready(face->owner);
}

/* ---- moving bytes */

/* If the client has left: frees what the library kept of it and tells. */
static gboolean gone(Face *face)
{
	if (face->client == NULL || face->client->sock != RFB_INVALID_SOCKET)
		return FALSE;
	if (face->watch != 0)
		g_source_remove(face->watch);
	face->watch = 0;
	rfbClientConnectionGone(g_steal_pointer(&face->client));
	face->events->closed(face->owner);
	return TRUE;
}

static gboolean vnc_full(Face *face)
{
	return face->client != NULL && (!sraRgnEmpty(face->client->modifiedRegion) ||
					!sraRgnEmpty(face->client->copyRegion));
}

static gboolean on_flush(gpointer data)
{
	Face *face = data;

	face->flush = 0;
	/* A new size goes by itself, and leaves the request open for the picture. */
	if (face->client != NULL && rfbUpdateClient(face->client))
		rfbUpdateClient(face->client);
	/* Whoever writes may find that the client has left; what the extension kept went
	 * with it. */
	if (gone(face))
		return G_SOURCE_REMOVE;
	if (face->client != NULL && face->ready && !vnc_full(face))
		vnc_extras_tell(face->client, face->leds, face->events->listens != NULL);
	if (!gone(face) && !vnc_full(face) && face->events->taken != NULL)
		face->events->taken(face->owner);
	return G_SOURCE_REMOVE;
}

/* After what the owner still draws in this turn of the loop. */
static void flush_soon(Face *face)
{
	if (face->flush == 0 && face->client != NULL)
		face->flush = g_idle_add(on_flush, face);
}

static gboolean on_bytes(int fd, GIOCondition condition, gpointer data)
{
	Face *face = data;

	rfbProcessClientMessage(face->client);
	if (face->client->sock == RFB_INVALID_SOCKET) {
		face->watch = 0;
		gone(face);
		return G_SOURCE_REMOVE;
	}
	flush_soon(face);
	return G_SOURCE_CONTINUE;
}

/* ---- the picture */

/* As gateway and viewers expect it: 24 bits of colour, blue lowest. */
static void set_format(Face *face)
{
	rfbScreenInfoPtr screen = face->screen;

	screen->depth = screen->serverFormat.depth = 24;
	screen->serverFormat.redShift = 16;
	screen->serverFormat.greenShift = 8;
	screen->serverFormat.blueShift = 0;
	if (face->client != NULL)
		screen->setTranslateFunction(face->client);
}

static guint32 *vnc_pixels(Face *face, gsize *out_stride)
{
	*out_stride = (gsize)face->screen->width * BYTES;
	return (guint32 *)(gpointer)face->screen->frameBuffer;
}

static void vnc_damage(Face *face, const FaceRect *rect)
{
	int right = MIN(rect->x + rect->width, face->screen->width);
	int bottom = MIN(rect->y + rect->height, face->screen->height);

	if (MAX(rect->x, 0) >= right || MAX(rect->y, 0) >= bottom)
		return;
	rfbMarkRectAsModified(face->screen, MAX(rect->x, 0), MAX(rect->y, 0), right, bottom);
	flush_soon(face);
}

static void vnc_scroll(Face *face, const FaceRect *rect, int x, int y)
{
	rfbScheduleCopyRect(face->screen, rect->x, rect->y, rect->x + rect->width,
			    rect->y + rect->height, rect->x - x, rect->y - y);
	flush_soon(face);
}

static gboolean vnc_resize(Face *face, int width, int height)
{
	char *old = face->screen->frameBuffer;

	if (face->client != NULL && !face->client->useNewFBSize)
		return FALSE;
	g_assert(width > 0 && height > 0 && width <= FACE_MAX_WIDTH && height <= FACE_MAX_HEIGHT);
	rfbNewFramebuffer(face->screen, g_malloc0((gsize)width * (gsize)height * BYTES), width,
			  height, 8, 3, BYTES);
	set_format(face);
	g_free(old);
	flush_soon(face);
	return TRUE;
}

static void vnc_cursor(Face *face, const guint32 *argb, int width, int height, int hot_x, int hot_y)
{
	rfbSetCursor(face->screen, vnc_cursor_new(argb, width, height, hot_x, hot_y));
	flush_soon(face);
}

static void vnc_title(Face *face, const char *title)
{
	g_autofree char *old = face->title;

	face->title = g_strdup(title);
	face->screen->desktopName = face->title;
}

/* The library's own fallback to Latin-1 tells the length of the UTF-8 and breaks the stream. */
static void vnc_clipboard(Face *face, const char *text)
{
	g_autoptr(GString) latin1 = NULL;
	g_autofree char *copy = g_strdup(text);

	if (face->client == NULL || strlen(text) > FACE_MAX_TEXT)
		return;
	latin1 = latin1_encode(text);
	if (face->client->enableExtendedClipboard)
		rfbSendServerCutTextUTF8(face->screen, copy, (int)strlen(copy), NULL, 0);
	else
		rfbSendServerCutText(face->screen, latin1->str, (int)latin1->len);
	flush_soon(face);
}

static void vnc_leds(Face *face, guint leds)
{
	face->leds = leds;
	flush_soon(face);
}

static void vnc_sound(Face *face, const gint16 *frames, gsize n, guint rate)
{
	if (face->client == NULL || !face->ready)
		return;
	vnc_extras_sound(face->client, frames, n, rate);
	if (face->client->sock == RFB_INVALID_SOCKET)
		flush_soon(face); /* which tells that it has left */
}

/* ---- from the first byte to the last */

static void vnc_close(Face *face)
{
	if (face == NULL)
		return;
	if (face->watch != 0)
		g_source_remove(face->watch);
	if (face->flush != 0)
		g_source_remove(face->flush);
	if (face->client != NULL) {
		rfbCloseClient(face->client);
		rfbClientConnectionGone(face->client);
	}
	if (face->screen != NULL) {
		g_free(face->screen->frameBuffer);
		rfbScreenCleanup(face->screen);
	}
	vnc_stand_in_clear(&face->stand_in);
	g_free(face->title);
	g_free(face);
}

static void quiet(const char *format, ...)
{
}

static void set_hooks(rfbScreenInfoPtr screen)
{
	screen->kbdAddEvent = on_key;
	screen->ptrAddEvent = on_pointer;
	screen->setXCutText = on_latin1;
	screen->setXCutTextUTF8 = on_utf8;
	screen->setDesktopSizeHook = on_size;
	screen->numberOfExtDesktopScreensHook = one_screen;
	screen->getExtDesktopScreenHook = the_screen;
}

static Face *vnc_open(const char *title, int width, int height, const FaceEvents *events,
		      gpointer owner, GError **error)
{
	Face *face = g_new0(Face, 1);

	g_assert(width > 0 && height > 0 && width <= FACE_MAX_WIDTH && height <= FACE_MAX_HEIGHT);
	face->events = events;
	face->owner = owner;
	rfbLog = rfbErr = quiet;
	vnc_extras_register(on_placed_key, on_listens);
	face->screen = rfbGetScreen(NULL, NULL, width, height, 8, 3, BYTES);
	if (!vnc_stand_in_init(&face->stand_in) || face->screen == NULL) {
		fault_set_errno(error, FAULT_BUG, "libvncserver");
		vnc_close(face);
		return NULL;
	}
	face->screen->screenData = face;
	face->screen->frameBuffer = g_malloc0((gsize)width * (gsize)height * BYTES);
	face->screen->autoPort = FALSE;
	face->screen->port = face->screen->ipv6port = -1;
	face->screen->alwaysShared = TRUE;
	face->screen->deferUpdateTime = face->screen->deferPtrUpdateTime = 0;
	face->screen->maxClientWait = WAIT_MS;
	set_hooks(face->screen);
	set_format(face);
	vnc_title(face, title);
	/* None to be seen, instead of the library's; without any, copies of regions crash. */
	vnc_cursor(face, (guint32[]){0}, 1, 1, 0, 0);
	rfbInitServer(face->screen);
	return face;
}

static gboolean vnc_connect(Face *face, int fd, GError **error)
{
	g_assert(face->client == NULL);
	if (!vnc_stand_in_meet(&face->stand_in, face->screen, fd, &face->client)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "the VNC client has left already");
		return FALSE;
	}
	face->client->clientFramebufferUpdateRequestHook = on_request;
	face->watch =
		g_unix_fd_add(face->client->sock, G_IO_IN | G_IO_HUP | G_IO_ERR, on_bytes, face);
	return TRUE;
}

const FaceOps face_vnc = {
	.name = "vnc",
	.open = vnc_open,
	.connect = vnc_connect,
	.pixels = vnc_pixels,
	.damage = vnc_damage,
	.scroll = vnc_scroll,
	.full = vnc_full,
	.resize = vnc_resize,
	.cursor = vnc_cursor,
	.title = vnc_title,
	.clipboard = vnc_clipboard,
	.leds = vnc_leds,
	.sound = vnc_sound,
	.close = vnc_close,
};
