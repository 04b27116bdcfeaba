/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source_rdp: a Windows or xrdp desktop through FreeRDP 2, which decodes into a buffer of its own
 * (GDI).
 */
#include "source.h"

#include <unistd.h>

#include <freerdp/channels/channels.h>
#include <freerdp/client/channels.h>
#include <freerdp/client/cmdline.h>
#include <freerdp/codec/color.h>
#include <freerdp/freerdp.h>
#include <freerdp/gdi/gdi.h>
#include <freerdp/graphics.h>
#include <winpr/ssl.h>
#include <winpr/wlog.h>

#include "arrow.h"
#include "canvas.h"
#include "rdp_bits.h"
#include "rdp_clipboard.h"
#include "rdp_login.h"
#include "rdp_loop.h"
#include "rdp_pointer.h"
#include "rdp_resize.h"
#include "rdp_sound.h"
#include "rdp_trust.h"
#include "rdp_why.h"
#include "stall.h"

#define CONNECT_MS 10000
#define WIDTH      1024 /* until the client says what its window has */
#define HEIGHT     768
#define NOWHERE    0x7fffffff /* no descriptor: that of the desktop is not to be taken again */

struct Source {
	freerdp *instance;
	GSource *loop;
	RdpResize *resize;
	RdpClipboard *clipboard;
	RdpSound *sound;
	Canvas *canvas;
	guint buttons;
	const char *ca; /* during open() only */
	gboolean told;
	gboolean gone; /* the desktop is */
	const SourceEvents *events;
	gpointer owner;
};

/* FreeRDP allocates it; the context must come first. */
typedef struct {
	rdpContext context;
	Source *source;
} Context;

typedef struct {
	rdpPointer pointer;
	guint32 *argb;
} Pointer;

static Source *source_of(rdpContext *context)
{
	return ((Context *)context)->source;
}

static void on_end(gpointer owner, Fault fault, const char *reason)
{
	Source *source = owner;

	if (source->told)
		return;
	source->told = source->gone = TRUE;
	source->events->ended(source->owner, fault, reason);
}

/* ---- what the desktop shows */

static gboolean take_picture(Source *source, rdpGdi *gdi)
{
	const CanvasFrom from = {gdi->primary_buffer, gdi->stride, 4, NULL};

	return canvas_open(source->canvas, &from, gdi->width, gdi->height);
}

static BOOL on_paint(rdpContext *context)
{
	GDI_RGN *dirty = context->gdi->primary->hdc->hwnd->invalid;

	if (dirty->null)
		return TRUE;
	canvas_damage(source_of(context)->canvas,
		      (FaceRect){dirty->x, dirty->y, dirty->w, dirty->h});
	dirty->null = TRUE;
	context->gdi->primary->hdc->hwnd->ninvalid = 0;
	return TRUE;
}

static BOOL on_resize(rdpContext *context)
{
	Source *source = source_of(context);

	canvas_close(source->canvas);
	return gdi_resize(context->gdi, context->settings->DesktopWidth,
			  context->settings->DesktopHeight) &&
	       take_picture(source, context->gdi);
}

static BOOL on_pointer_new(rdpContext *context, rdpPointer *pointer)
{
	Pointer *shape = (Pointer *)pointer;
	gsize n = (gsize)pointer->width * pointer->height;

	if (n == 0 || pointer->width > 256 || pointer->height > 256)
		return TRUE;
	/* Freed by on_pointer_free(). */
	shape->argb = g_new0(guint32, n);
	return freerdp_image_copy_from_pointer_data(
		(BYTE *)shape->argb, PIXEL_FORMAT_BGRA32, 0, 0, 0, pointer->width, pointer->height,
		pointer->xorMaskData, pointer->lengthXorMask, pointer->andMaskData,
		pointer->lengthAndMask, pointer->xorBpp, &context->gdi->palette);
}

static void on_pointer_free(rdpContext *context, rdpPointer *pointer)
{
	g_clear_pointer(&((Pointer *)pointer)->argb, g_free);
}

static BOOL on_pointer_set(rdpContext *context, const rdpPointer *pointer)
{
	const Pointer *shape = (const Pointer *)pointer;
	Source *source = source_of(context);

	if (shape->argb != NULL)
		source->events->cursor(source->owner, shape->argb, (int)pointer->width,
				       (int)pointer->height, (int)pointer->xPos,
				       (int)pointer->yPos);
	return TRUE;
}

static BOOL on_pointer_hidden(rdpContext *context)
{
	const guint32 nothing = 0;
	Source *source = source_of(context);

	source->events->cursor(source->owner, &nothing, 1, 1, 0, 0);
	return TRUE;
}

static BOOL on_pointer_usual(rdpContext *context)
{
	guint32 arrow[ARROW_WIDTH * ARROW_HEIGHT];
	Source *source = source_of(context);

	arrow_paint(arrow);
	source->events->cursor(source->owner, arrow, ARROW_WIDTH, ARROW_HEIGHT, 0, 0);
	return TRUE;
}

static BOOL on_pointer_moved(rdpContext *context, UINT32 x, UINT32 y)
{
	return TRUE;
}

static BOOL on_leds(rdpContext *context, UINT16 leds)
{
	Source *source = source_of(context);

	source->events->leds(source->owner, leds);
	return TRUE;
}

static void on_text(gpointer data, const char *text)
{
	Source *source = data;

	if (!source->told)
		source->events->clipboard(source->owner, text);
}

static void on_sound(gpointer data, const gint16 *frames, gsize n, guint rate)
{
	Source *source = data;

	if (!source->told)
		source->events->sound(source->owner, frames, n, rate);
}

/* ---- open */

static BOOL on_connected(freerdp *instance)
{
	rdpPointer pointer = {.size = sizeof(Pointer),
			      .New = on_pointer_new,
			      .Free = on_pointer_free,
			      .Set = on_pointer_set,
			      .SetNull = on_pointer_hidden,
			      .SetDefault = on_pointer_usual,
			      .SetPosition = on_pointer_moved};
	rdpUpdate *update = instance->update;

	if (!gdi_init(instance, PIXEL_FORMAT_BGRX32))
		return FALSE;
	graphics_register_pointer(instance->context->graphics, &pointer);
	rdp_bits_guard(update);
	update->EndPaint = on_paint;
	update->DesktopResize = on_resize;
	update->SetKeyboardIndicators = on_leds;
	return take_picture(source_of(instance->context), instance->context->gdi) &&
	       on_pointer_usual(instance->context);
}

static BOOL on_preconnect(freerdp *instance)
{
	rdpContext *context = instance->context;
	Source *source = source_of(context);

	rdp_resize_want(source->resize, instance);
	rdp_clipboard_want(source->clipboard, instance);
	return rdp_sound_want(source->sound, instance) &&
	       freerdp_client_load_addins(context->channels, context->settings);
}

static int on_certificate(freerdp *instance, const BYTE *pem, size_t n, const char *host,
			  UINT16 port, DWORD flags)
{
	return rdp_trusted(source_of(instance->context)->ca, pem, n);
}

/* `|` and a descriptor instead of a port: FreeRDP's way to take a connection that is there. */
static gboolean configure(rdpSettings *settings, const Endpoint *endpoint, int fd)
{
	settings->ServerPort = (UINT32)fd;
	settings->TcpConnectTimeout = CONNECT_MS;
	settings->DesktopWidth = WIDTH;
	settings->DesktopHeight = HEIGHT;
	settings->ColorDepth = 32;
	settings->SoftwareGdi = TRUE;
	settings->RemoteFxCodec = TRUE;
	settings->NSCodec = TRUE;
	settings->FastPathOutput = TRUE;
	settings->ExternalCertificateManagement = TRUE;
	settings->AuthenticationOnly = FALSE;
	/* RDP's own encryption shows no certificate that a CA could have signed. */
	settings->RdpSecurity = endpoint->ca == NULL;
	/* Without these two the library drops such events. */
	settings->HasExtendedMouseEvent = TRUE;
	settings->HasHorizontalWheel = TRUE;
	return freerdp_settings_set_string(settings, FreeRDP_ServerHostname, "|") &&
	       rdp_login_set(settings, endpoint);
}

static gboolean connect_to(Source *source, const Endpoint *endpoint, int fd, GError **error)
{
	freerdp *instance = source->instance;
	gboolean connected, in_time;

	stall_watch(fd);
	stall_begin(STALL_SECONDS);
	connected = configure(instance->settings, endpoint, fd) && freerdp_connect(instance);
	in_time = stall_end();
	instance->settings->ServerPort = NOWHERE;
	if (!connected)
		rdp_why_not(instance, in_time, error);
	return connected;
}

/* ---- the end */

static Source *left_alone;

static void rdp_close(Source *source)
{
	source->told = TRUE;
	canvas_close(source->canvas);
	if (source->loop != NULL) {
		g_source_destroy(source->loop);
		g_source_unref(source->loop);
	}
	/* The library takes what such a desktop left in its queues for something else when it
	 * tidies up; the process ends now. */
	if (source->gone) {
		left_alone = source;
		return;
	}
	stall_begin(STALL_SECONDS);
	if (source->instance->context != NULL) {
		freerdp_disconnect(source->instance);
		gdi_free(source->instance);
		freerdp_context_free(source->instance);
	}
	stall_forget();
	freerdp_free(source->instance);
	rdp_resize_free(source->resize);
	rdp_clipboard_free(source->clipboard);
	rdp_sound_free(source->sound);
	canvas_free(source->canvas);
	g_free(source);
}

void source_rdp_prepare(void)
{
	winpr_InitializeSSL(WINPR_SSL_INIT_DEFAULT);
}

static Source *rdp_open(const Endpoint *endpoint, int fd, const SourceEvents *events,
			gpointer owner, GError **error)
{
	Source *source = g_new0(Source, 1);
	freerdp *instance = freerdp_new();

	WLog_SetLogLevel(WLog_GetRoot(), WLOG_OFF);
	source->instance = instance;
	source->resize = rdp_resize_new();
	source->clipboard = rdp_clipboard_new(on_text, source);
	source->sound = rdp_sound_new(on_sound, source);
	source->canvas = canvas_new(events, owner);
	source->events = events;
	source->owner = owner;
	source->ca = endpoint->ca;
	instance->ContextSize = sizeof(Context);
	instance->PreConnect = on_preconnect;
	instance->PostConnect = on_connected;
	instance->VerifyX509Certificate = on_certificate;
	if (!freerdp_context_new(instance)) {
		close(fd);
		g_set_error(error, FAULT, FAULT_BUG, "no RDP context");
		rdp_close(source);
		return NULL;
	}
	((Context *)instance->context)->source = source;
	if (!connect_to(source, endpoint, fd, error)) {
		rdp_close(source);
		return NULL;
	}
	source->ca = NULL;
	source->loop = rdp_loop_new(instance, on_end, source);
	return source;
}

/* ---- input */

static void rdp_key(Source *source, guint32 keysym, guint32 scancode, gboolean down)
{
	DWORD code = scancode > 0xff ? (scancode & 0xff) | KBDEXT : scancode;

	stall_begin(STALL_SECONDS);
	if (code != 0)
		freerdp_input_send_keyboard_event_ex(source->instance->input, down, code);
	stall_end();
}

static void rdp_pointer(Source *source, int x, int y, guint buttons)
{
	stall_begin(STALL_SECONDS);
	rdp_pointer_send(source->instance->input, x, y, buttons, source->buttons);
	stall_end();
	source->buttons = buttons;
}

static void rdp_go_on(Source *source)
{
	canvas_go_on(source->canvas);
}

static void rdp_window(Source *source, int width, int height)
{
	stall_begin(STALL_SECONDS);
	rdp_resize_wish(source->resize, width, height);
	stall_end();
}

static void rdp_clipboard(Source *source, const char *text)
{
	stall_begin(STALL_SECONDS);
	rdp_clipboard_offer(source->clipboard, text);
	stall_end();
}

static void rdp_listen(Source *source, gboolean on)
{
	rdp_sound_listen(source->sound, on);
}

static unsigned rdp_busy(Source *source)
{
	return 0;
}

const SourceOps source_rdp = {
	.name = "rdp",
	.open = rdp_open,
	.key = rdp_key,
	.pointer = rdp_pointer,
	.go_on = rdp_go_on,
	.window = rdp_window,
	.clipboard = rdp_clipboard,
	.listen = rdp_listen,
	.busy = rdp_busy,
	.close = rdp_close,
};
