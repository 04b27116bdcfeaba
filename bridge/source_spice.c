/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * source_spice: a SPICE desktop (QEMU, libvirt) through spice-client-glib. Only the channels that a
 * viewer's screen needs: main, display 0, inputs, cursor; and playback, if the client listens. The
 * library decodes into a buffer of its own, from which what changed is copied.
 */
#include "source.h"

#include <spice-client.h>
#include <unistd.h>

#include "canvas.h"
#include "spice_clipboard.h"
#include "spice_hands.h"
#include "spice_sound.h"

#define LINKING_MS \
	2000 /* a display channel that goes while it links takes the VM along (libspice 0.15.1) */

struct Source {
	SpiceSession *session;
	SpiceMainChannel *main;
	SpiceChannel *display, *cursor;
	GQueue waiting; /* of SpiceChannel: want a connection, in this order */
	Canvas *canvas;
	/* Since the display channel was asked for; 0 = it has its picture, or is not there. */
	gint64 linking;
	SpiceHands hands;
	SpiceSound sound;
	SpiceClipboard clipboard;
	gboolean told;
	const SourceEvents *events;
	gpointer owner;
};

static void end(Source *source, Fault fault, const char *reason)
{
	if (source->told)
		return;
	source->told = TRUE;
	source->events->ended(source->owner, fault, reason);
}

/* ---- display */

/* Pixels of 16 bits (1555) are what old guests set. */
static void row_of_1555(guint32 *to, const guint8 *from, int n)
{
	for (int i = 0; i < n; i++) {
		guint p = from[2 * i] | (guint)from[2 * i + 1] << 8;
		guint r = p >> 10 & 31, g = p >> 5 & 31, b = p & 31;

		to[i] = (r << 3 | r >> 2) << 16 | (g << 3 | g >> 2) << 8 | (b << 3 | b >> 2);
	}
}

static void on_primary(SpiceChannel *channel, int format, int width, int height, int stride,
		       int shm, gpointer pixels, gpointer data)
{
	gboolean small = format == SPICE_SURFACE_FMT_16_555;
	const CanvasFrom from = {pixels, stride, small ? 2 : 4, small ? row_of_1555 : NULL};
	Source *source = data;

	canvas_close(source->canvas);
	if (!small && format != SPICE_SURFACE_FMT_32_xRGB && format != SPICE_SURFACE_FMT_32_ARGB)
		return end(source, FAULT_DESKTOP, "the desktop's picture has a format of its own");
	if (!canvas_open(source->canvas, &from, width, height))
		return end(source, FAULT_DESKTOP, "the desktop's picture is too large");
	source->linking = 0;
}

static void on_primary_gone(SpiceChannel *channel, gpointer data)
{
	canvas_close(((Source *)data)->canvas);
}

static void on_invalidate(SpiceChannel *channel, int x, int y, int width, int height, gpointer data)
{
	canvas_damage(((Source *)data)->canvas, (FaceRect){x, y, width, height});
}

/* ---- cursor */

/* RGBA bytes, alpha not premultiplied. */
static void on_cursor(SpiceChannel *channel, int width, int height, int hot_x, int hot_y,
		      gpointer rgba, gpointer data)
{
	Source *source = data;
	const guint8 *from = rgba;
	g_autofree guint32 *argb = NULL;

	if (rgba == NULL || width < 1 || height < 1 || width > 256 || height > 256)
		return;
	argb = g_new(guint32, (gsize)width * (gsize)height);
	for (gsize i = 0; i < (gsize)width * (gsize)height; i++, from += 4) {
		guint32 a = from[3];

		argb[i] = a << 24 | from[0] * a / 255 << 16 | from[1] * a / 255 << 8 |
			  from[2] * a / 255;
	}
	source->events->cursor(source->owner, argb, width, height, hot_x, hot_y);
}

static void on_cursor_hide(SpiceChannel *channel, gpointer data)
{
	Source *source = data;
	const guint32 nothing = 0;

	source->events->cursor(source->owner, &nothing, 1, 1, 0, 0);
}

/* ---- the lights of the keyboard: SPICE's bits are ours */

static void on_modifiers(SpiceChannel *channel, gpointer data)
{
	Source *source = data;
	int modifiers = 0;

	g_object_get(channel, "key-modifiers", &modifiers, NULL);
	source->events->leds(source->owner, (guint)modifiers);
}

/* ---- main: mouse mode */

static void on_mouse_mode(SpiceChannel *channel, gpointer data)
{
	int mode = 0;

	g_object_get(channel, "mouse-mode", &mode, NULL);
	((Source *)data)->hands.absolute = mode == SPICE_MOUSE_MODE_CLIENT;
}

/* ---- channels */

static void on_event(SpiceChannel *channel, SpiceChannelEvent event, gpointer data)
{
	Source *source = data;
	gboolean main = SPICE_IS_MAIN_CHANNEL(channel), display = channel == source->display;

	if (event == SPICE_CHANNEL_OPENED) {
		g_autofree char *name = NULL;

		if (main)
			g_object_get(source->session, "name", &name, NULL);
		if (name != NULL && *name != '\0')
			source->events->title(source->owner, name);
		return;
	}
	if (!main && !display)
		return; /* a desktop without its cursor is still one */
	if (event == SPICE_CHANNEL_ERROR_AUTH)
		end(source, FAULT_CONFIG, "the desktop refused the password");
	else if (event == SPICE_CHANNEL_CLOSED)
		end(source, FAULT_ENDED, "the desktop has left");
	else
		end(source, FAULT_DESKTOP, "the desktop's SPICE server ended the connection");
}

static void on_open_fd(SpiceChannel *channel, int with_tls, gpointer data)
{
	Source *source = data;

	g_queue_push_tail(&source->waiting, g_object_ref(channel));
	source->events->dial(source->owner);
}

static void on_channel(SpiceSession *session, SpiceChannel *channel, gpointer data)
{
	Source *source = data;
	int id = 0;

	g_object_get(channel, "channel-id", &id, NULL);
	g_signal_connect(channel, "channel-event", G_CALLBACK(on_event), source);
	g_signal_connect(channel, "open-fd", G_CALLBACK(on_open_fd), source);
	if (SPICE_IS_MAIN_CHANNEL(channel)) {
		source->main = SPICE_MAIN_CHANNEL(channel);
		g_signal_connect(channel, "main-mouse-update", G_CALLBACK(on_mouse_mode), source);
		spice_clipboard_take(&source->clipboard, source->main);
		return; /* its connection is there */
	}
	if (SPICE_IS_DISPLAY_CHANNEL(channel) && id == 0) {
		source->display = channel;
		source->linking = g_get_monotonic_time();
		g_signal_connect(channel, "display-primary-create", G_CALLBACK(on_primary), source);
		g_signal_connect(channel, "display-primary-destroy", G_CALLBACK(on_primary_gone),
				 source);
		g_signal_connect(channel, "display-invalidate", G_CALLBACK(on_invalidate), source);
	} else if (SPICE_IS_INPUTS_CHANNEL(channel)) {
		source->hands.channel = SPICE_INPUTS_CHANNEL(channel);
		g_signal_connect(channel, "inputs-modifiers", G_CALLBACK(on_modifiers), source);
	} else if (SPICE_IS_CURSOR_CHANNEL(channel) && id == 0) {
		source->cursor = channel;
		g_signal_connect(channel, "cursor-set", G_CALLBACK(on_cursor), source);
		g_signal_connect(channel, "cursor-hide", G_CALLBACK(on_cursor_hide), source);
	} else if (SPICE_IS_PLAYBACK_CHANNEL(channel)) {
		spice_sound_take(&source->sound, channel);
		return; /* connected when the client listens */
	} else {
		return;
	}
	spice_channel_connect(channel);
}

static void spice_dialled(Source *source, int fd)
{
	SpiceChannel *channel = g_queue_pop_head(&source->waiting);

	if (channel == NULL || fd < 0) {
		if (fd >= 0)
			close(fd);
		if (channel == NULL || channel == source->display)
			end(source, FAULT_DESKTOP, "the desktop's display cannot be reached");
	} else {
		spice_channel_open_fd(channel, fd);
	}
	g_clear_object(&channel);
}

static Source *spice_open(const Endpoint *endpoint, int fd, const SourceEvents *events,
			  gpointer owner, GError **error)
{
	Source *source = g_new0(Source, 1);

	source->events = events;
	source->owner = owner;
	source->canvas = canvas_new(events, owner);
	spice_sound_init(&source->sound, events, owner);
	spice_clipboard_init(&source->clipboard, events, owner);
	source->session = spice_session_new();
	g_object_set(source->session, "password", endpoint->password ? endpoint->password : "",
		     "enable-usbredir", FALSE, "enable-smartcard", FALSE, NULL);
	g_signal_connect(source->session, "channel-new", G_CALLBACK(on_channel), source);
	if (!spice_session_open_fd(source->session, fd)) {
		close(fd);
		g_object_unref(source->session);
		canvas_free(source->canvas);
		g_free(source);
		g_set_error(error, FAULT, FAULT_BUG, "no SPICE session");
		return NULL;
	}
	return source;
}

/* ---- the client */

static void spice_key(Source *source, guint32 keysym, guint32 scancode, gboolean down)
{
	spice_hands_key(&source->hands, scancode, down);
}

static void spice_pointer(Source *source, int x, int y, guint buttons)
{
	spice_hands_pointer(&source->hands, x, y, buttons);
}

static void spice_go_on(Source *source)
{
	canvas_go_on(source->canvas);
}

static void spice_window(Source *source, int width, int height)
{
	if (source->main == NULL)
		return;
	spice_main_channel_update_display_enabled(source->main, 0, TRUE, FALSE);
	spice_main_channel_update_display(source->main, 0, 0, 0, width, height, TRUE);
}

static void spice_clipboard(Source *source, const char *text)
{
	spice_clipboard_offer(&source->clipboard, text);
}

static void spice_listen(Source *source, gboolean on)
{
	spice_sound_listen(&source->sound, on);
}

/* ---- the end */

static unsigned spice_busy(Source *source)
{
	gint64 ms = (g_get_monotonic_time() - source->linking) / 1000;

	return source->linking == 0 || source->told || ms >= LINKING_MS
		       ? 0
		       : (unsigned)(LINKING_MS - ms);
}

static void spice_close(Source *source)
{
	g_autoptr(GList) list = NULL;
	SpiceChannel *channel;

	while ((channel = g_queue_pop_head(&source->waiting)) != NULL)
		g_object_unref(channel);
	spice_hands_clear(&source->hands);
	source->told = TRUE;
	list = spice_session_get_channels(source->session);
	for (GList *at = list; at != NULL; at = at->next) {
		g_signal_handlers_disconnect_by_data(at->data, source);
		g_signal_handlers_disconnect_by_data(at->data, &source->sound);
		g_signal_handlers_disconnect_by_data(at->data, &source->clipboard);
	}
	g_signal_handlers_disconnect_by_data(source->session, source);
	spice_session_disconnect(source->session);
	g_object_unref(source->session);
	canvas_free(source->canvas);
	spice_clipboard_clear(&source->clipboard);
	g_free(source);
}

const SourceOps source_spice = {
	.name = "spice",
	.open = spice_open,
	.dialled = spice_dialled,
	.key = spice_key,
	.pointer = spice_pointer,
	.go_on = spice_go_on,
	.window = spice_window,
	.clipboard = spice_clipboard,
	.listen = spice_listen,
	.busy = spice_busy,
	.close = spice_close,
};
