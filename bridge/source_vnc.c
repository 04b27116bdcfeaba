/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source_vnc: a VNC desktop through libvncclient, which decodes straight into the face's picture.
 * It reads whole messages and waits in between, READ_SECONDS at most: in a process that has one
 * session nobody else waits.
 */
#include "source.h"

#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include <rfb/rfbclient.h>

#include "secret.h"
#include "stall.h"
#include "vnc_clipboard.h"
#include "vnc_peek.h"
#include "vnc_qemu.h"
#include "vnc_size.h"

#define READ_SECONDS 15
#define TAKE_SECONDS 30 /* for a message and its answer: 4K, raw, at 10 Mbit/s */
#define MESSAGES     64 /* in one turn of the loop: the client and the broker have theirs */
#define BYTES        4  /* a pixel */
#define ENCODINGS    "tight zrle copyrect hextile zlib raw"

struct Source {
	rfbClient *client; /* NULL: it was never there, or is gone */
	guint watch;
	int width, height; /* of the picture that events->picture() gave */
	FaceRect copied;   /* was told as scrolled() just now; width 0 = nothing */
	VncQemu qemu;
	VncClipboard clipboard;
	VncSize size;
	const char *password; /* during open() only */
	gboolean told;
	const SourceEvents *events;
	gpointer owner;
};

static Source *source_of(rfbClient *client)
{
	return rfbClientGetClientData(client, source_vnc.open);
}

static gboolean end(Source *source, Fault fault, const char *reason)
{
	if (!source->told) {
		source->told = TRUE;
		source->events->ended(source->owner, fault, reason);
	}
	return FALSE;
}

/* ---- what the desktop shows */

static rfbBool on_picture(rfbClient *client)
{
	Source *source = source_of(client);

	client->frameBuffer =
		(uint8_t *)source->events->picture(source->owner, client->width, client->height);
	source->width = client->frameBuffer ? client->width : 0;
	source->height = client->frameBuffer ? client->height : 0;
	return client->frameBuffer != NULL;
}

/* The library has checked the rectangle against its own idea of the size; ours is the picture's. */
static gboolean inside(const Source *source, const FaceRect *rect)
{
	return rect->x >= 0 && rect->y >= 0 && rect->width > 0 && rect->height > 0 &&
	       rect->x + rect->width <= source->width && rect->y + rect->height <= source->height;
}

static void on_update(rfbClient *client, int x, int y, int width, int height)
{
	Source *source = source_of(client);
	FaceRect rect = {x, y, width, height}, copied = source->copied;

	/* The library tells of what it has copied once more. */
	source->copied.width = 0;
	if (memcmp(&rect, &copied, sizeof rect) != 0 && inside(source, &rect))
		source->events->changed(source->owner, &rect);
}

static void on_copy(rfbClient *client, int from_x, int from_y, int width, int height, int x, int y)
{
	Source *source = source_of(client);
	FaceRect from = {from_x, from_y, width, height}, to = {x, y, width, height};
	gsize stride = (gsize)source->width * BYTES;
	int step = y > from_y ? -1 : 1;

	if (!inside(source, &from) || !inside(source, &to))
		return;
	for (int i = 0; i < height; i++) {
		int row = step > 0 ? i : height - 1 - i;

		memmove(client->frameBuffer + (gsize)(y + row) * stride + (gsize)x * BYTES,
			client->frameBuffer + (gsize)(from_y + row) * stride +
				(gsize)from_x * BYTES,
			(gsize)width * BYTES);
	}
	source->copied = to;
	source->events->scrolled(source->owner, &to, from_x, from_y);
}

/* The shape comes in the picture's format, with a byte of mask a pixel. */
static void on_cursor(rfbClient *client, int hot_x, int hot_y, int width, int height, int bytes)
{
	Source *source = source_of(client);
	g_autofree guint32 *argb = NULL;

	if (bytes != BYTES || width < 1 || height < 1 || width > 256 || height > 256)
		return;
	argb = g_new(guint32, (gsize)width * (gsize)height);
	memcpy(argb, client->rcSource, (gsize)width * (gsize)height * BYTES);
	for (gsize i = 0; i < (gsize)width * (gsize)height; i++)
		argb[i] = client->rcMask[i] ? argb[i] | 0xff000000 : 0;
	source->events->cursor(source->owner, argb, width, height, hot_x, hot_y);
}

static rfbBool on_rectangle(rfbClient *client, rfbFramebufferUpdateRectHeader *rect)
{
	return vnc_qemu_rectangle(&source_of(client)->qemu, client, rect) != FALSE;
}

/* FALSE: the library gives the connection up. */
static rfbBool on_message(rfbClient *client, rfbServerToClientMsg *message)
{
	return vnc_qemu_message(&source_of(client)->qemu, client, message->type) != FALSE;
}

static gboolean take_clipboard(Source *source)
{
	g_autofree char *text = NULL;

	if (!vnc_clipboard_take(&source->clipboard, source->client, &text))
		return FALSE;
	if (text != NULL)
		source->events->clipboard(source->owner, text);
	return TRUE;
}

/* The library's own, but for the clipboard's, and what it would take for too large. */
static gboolean take_message(Source *source)
{
	rfbClient *client = source->client;
	gint32 alone = 0;
	char type;

	if (!ReadFromRFBServer(client, &type, 1))
		return FALSE;
	if (type == rfbServerCutText)
		return take_clipboard(source);
	/* It is read again. */
	client->bufoutptr--;
	client->buffered++;
	if (type == rfbFramebufferUpdate && !vnc_peek(client, &alone))
		return FALSE;
	if (alone == (gint32)rfbEncodingExtDesktopSize)
		return vnc_size_take(client);
	if (alone == VNC_QEMU_SOUND || alone == (gint32)rfbEncodingQemuExtendedKeyEvent)
		vnc_peek_shrink(client); /* what QEMU can has no place in the picture */
	return HandleRFBServerMessage(client);
}

/* FALSE: there is no more to come. */
static gboolean take_in_time(Source *source)
{
	gboolean taken, in_time;

	stall_begin(TAKE_SECONDS);
	taken = take_message(source);
	in_time = stall_end();
	if (!in_time)
		return end(source, FAULT_DESKTOP, "the desktop's VNC server fell silent");
	if (!taken)
		return end(source, FAULT_ENDED, "the desktop has left");
	vnc_size_settle(&source->size, source->client);
	return TRUE;
}

static gboolean on_more(gpointer data);

static gboolean on_readable(int fd, GIOCondition condition, gpointer data)
{
	Source *source = data;

	for (guint i = 0; i < MESSAGES; i++) {
		if (!take_in_time(source) || source->events->full(source->owner)) {
			source->watch = 0; /* when full: until go_on() */
			return G_SOURCE_REMOVE;
		}
		if (source->client->buffered == 0)
			return G_SOURCE_CONTINUE;
	}
	source->watch = g_idle_add(on_more, source);
	return G_SOURCE_REMOVE;
}

static gboolean on_more(gpointer data)
{
	Source *source = data;

	source->watch = 0;
	if (on_readable(source->client->sock, G_IO_IN, source))
		source->watch = g_unix_fd_add(source->client->sock, G_IO_IN, on_readable, source);
	return G_SOURCE_REMOVE;
}

/* What the library has read already, no poll tells of. */
static void vnc_go_on(Source *source)
{
	if (source->watch != 0 || source->told)
		return;
	if (source->client->buffered > 0)
		source->watch = g_idle_add(on_more, source);
	else
		source->watch = g_unix_fd_add(source->client->sock, G_IO_IN, on_readable, source);
}

/* ---- open */

static char *on_password(rfbClient *client)
{
	const char *password = source_of(client)->password;

	/* The library frees it with free(). */
	return strdup(password != NULL ? password : "");
}

static void say_nothing(const char *format, ...)
{
}

static rfbClient *make_client(Source *source, int fd)
{
	rfbClient *client = rfbGetClient(8, 3, BYTES);

	client->format.depth = 24;
	client->format.redShift = 16;
	client->format.greenShift = 8;
	client->format.blueShift = 0;
	client->format.redMax = client->format.greenMax = client->format.blueMax = 255;
	client->appData.encodingsString = ENCODINGS;
	client->appData.shareDesktop = TRUE;
	client->appData.useRemoteCursor = TRUE;
	client->appData.compressLevel = 1; /* the desktop is near */
	client->appData.enableJPEG = FALSE;
	client->canHandleNewFBSize = TRUE;
	client->readTimeout = READ_SECONDS;
	client->listenSpecified = TRUE; /* its way to take a connection that is there */
	client->sock = fd;
	client->MallocFrameBuffer = on_picture;
	client->GotFrameBufferUpdate = on_update;
	client->GotCopyRect = on_copy;
	client->GotCursorShape = on_cursor;
	client->GetPassword = on_password;
	rfbClientSetClientData(client, source_vnc.open, source);
	return client;
}

static Source *vnc_open(const Endpoint *endpoint, int fd, const SourceEvents *events,
			gpointer owner, GError **error)
{
	static int encodings[] = {VNC_QEMU_LEDS, VNC_QEMU_SOUND, VNC_CLIPBOARD, 0};
	static rfbClientProtocolExtension extension = {.encodings = encodings,
						       .handleEncoding = on_rectangle,
						       .handleMessage = on_message};
	static gboolean extended;
	gboolean connected;
	Source *source = g_new0(Source, 1);

	rfbClientLog = rfbClientErr = say_nothing;
	if (!extended)
		rfbClientRegisterExtension(&extension);
	extended = TRUE;
	source->events = events;
	source->owner = owner;
	source->qemu.events = events;
	source->qemu.owner = owner;
	source->password = endpoint->password;
	source->client = make_client(source, fd);
	stall_watch(fd);
	stall_begin(STALL_SECONDS);
	connected = rfbInitClient(source->client, NULL, NULL) != FALSE;
	stall_end();
	/* It has freed the client and closed fd. */
	if (!connected) {
		g_free(source);
		g_set_error(error, FAULT, FAULT_DESKTOP,
			    "the desktop's VNC server does not let the bridge in");
		return NULL;
	}
	source->password = NULL;
	if (source->client->desktopName != NULL) {
		g_autofree char *title = g_utf8_make_valid(source->client->desktopName, -1);

		events->title(owner, title);
	}
	vnc_go_on(source);
	return source;
}

/* ---- input */

static void vnc_key(Source *source, guint32 keysym, guint32 scancode, gboolean down)
{
	/* XT numbers as the extension has them: the extended keys with bit 7 instead of 0xe0. */
	guint32 code = scancode > 0xff ? (scancode & 0x7f) | 0x80 : scancode;

	stall_begin(STALL_SECONDS);
	if ((code == 0 || !SendExtendedKeyEvent(source->client, keysym, code, (rfbBool)down)) &&
	    keysym != 0)
		SendKeyEvent(source->client, keysym, (rfbBool)down);
	stall_end();
}

static void vnc_pointer(Source *source, int x, int y, guint buttons)
{
	stall_begin(STALL_SECONDS);
	SendPointerEvent(source->client, x, y, (int)(buttons & 0xff));
	stall_end();
}

static void vnc_window(Source *source, int width, int height)
{
	stall_begin(STALL_SECONDS);
	vnc_size_wish(&source->size, source->client, width, height);
	stall_end();
}

static void vnc_clipboard(Source *source, const char *text)
{
	stall_begin(STALL_SECONDS);
	vnc_clipboard_offer(&source->clipboard, source->client, text);
	stall_end();
}

static void vnc_listen(Source *source, gboolean on)
{
	stall_begin(STALL_SECONDS);
	vnc_qemu_listen(&source->qemu, source->client, on);
	stall_end();
}

static unsigned vnc_busy(Source *source)
{
	return 0;
}

static void vnc_close(Source *source)
{
	g_clear_handle_id(&source->watch, g_source_remove);
	stall_forget();
	source->client->frameBuffer = NULL;               /* the face's */
	g_clear_pointer(&source->client->rcSource, free); /* which the library forgets */
	g_clear_pointer(&source->client->rcMask, free);
	rfbClientCleanup(source->client);
	vnc_clipboard_clear(&source->clipboard);
	g_free(source);
}

const SourceOps source_vnc = {
	.name = "vnc",
	.open = vnc_open,
	.key = vnc_key,
	.pointer = vnc_pointer,
	.go_on = vnc_go_on,
	.window = vnc_window,
	.clipboard = vnc_clipboard,
	.listen = vnc_listen,
	.busy = vnc_busy,
	.close = vnc_close,
};
