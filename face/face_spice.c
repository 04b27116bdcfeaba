/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * face_spice: the face that SPICE clients see, libspice-server 0.15 on given descriptors: a card
 * with a picture (spice_screen.c), a keyboard, a tablet and an agent (spice_agent.c). It listens
 * nowhere. The library has one thread for the picture and says events without telling whose: one
 * such face a process.
 */
#include "face.h"

#include "fault.h"
#include "spice_agent.h"
#include "spice_loop.h"
#include "spice_player.h"
#include "spice_screen.h"

#include <string.h>
#include <unistd.h>

#include <spice/enums.h>

#define EXTENDED 0xe0 /* the first byte of some keys' codes */
#define RELEASED 0x80

struct Face {
	SpiceServer *server;
	SpiceScreen *screen;
	SpiceAgent *agent;
	SpiceKbdInstance keyboard;
	SpiceTabletInstance tablet;
	SpiceCharDeviceInstance line; /* to the agent */
	SpicePlayer player;
	guint8 prefix;
	int x, y;
	guint buttons, leds;
	gboolean ready, gone;
	guint closing; /* the source that tells that the client has left */
	const FaceEvents *events;
	gpointer owner;
};

static Face *only;
/* libspice-server 0.15 forgets what it keeps of a keyboard when its server ends: LeakSanitizer need
 * not tell of it. */
static SpiceKbdState *volatile keyboard_state;

/* ---- what the client does */

/* As the library has them for tablets, not as the protocol does: left, right, middle, and from bit
 * 6 on the two at the side. */
static guint buttons_of(guint32 state)
{
	return (state & 1) | (state & 4) >> 1 | (state & 2) << 1 | (state & 0xc0) << 1;
}

static void tell_pointer(Face *face)
{
	if (!face->gone)
		face->events->pointer(face->owner, face->x, face->y, face->buttons);
}

static void on_logical_size(SpiceTabletInstance *tablet, int width, int height)
{
}

static void on_position(SpiceTabletInstance *tablet, int x, int y, uint32_t state)
{
	Face *face = SPICE_CONTAINEROF(tablet, Face, tablet);

	face->x = CLAMP(x, 0, spice_screen_width(face->screen) - 1);
	face->y = CLAMP(y, 0, spice_screen_height(face->screen) - 1);
	face->buttons = buttons_of(state);
	tell_pointer(face);
}

static void on_buttons(SpiceTabletInstance *tablet, uint32_t state)
{
	Face *face = SPICE_CONTAINEROF(tablet, Face, tablet);

	face->buttons = buttons_of(state);
	tell_pointer(face);
}

/* Of every button that goes down or up; motion is 0 if it is not the wheel. */
static void on_wheel(SpiceTabletInstance *tablet, int motion, uint32_t state)
{
	Face *face = SPICE_CONTAINEROF(tablet, Face, tablet);

	if (motion != 0) {
		face->buttons = buttons_of(state) | (motion < 0 ? 1u << 3 : 1u << 4);
		tell_pointer(face);
	}
	face->buttons = buttons_of(state);
	tell_pointer(face);
}

static void on_scancode(SpiceKbdInstance *keyboard, uint8_t byte)
{
	Face *face = SPICE_CONTAINEROF(keyboard, Face, keyboard);
	guint32 code = (guint32)face->prefix << 8 | (byte & ~RELEASED & 0xff);

	if (byte == EXTENDED || byte == 0xe1) {
		face->prefix = byte;
		return;
	}
	face->prefix = 0;
	if (!face->gone)
		face->events->key(face->owner, 0, code, !(byte & RELEASED));
}

/* SPICE's bits are ours. */
static uint8_t leds(SpiceKbdInstance *keyboard)
{
	return (uint8_t)SPICE_CONTAINEROF(keyboard, Face, keyboard)->leds;
}

static void on_window(gpointer data, int width, int height)
{
	Face *face = data;

	if (!face->gone)
		face->events->window(face->owner, width, height);
}

static void on_taken(gpointer data)
{
	Face *face = data;

	if (!face->gone && face->events->taken != NULL)
		face->events->taken(face->owner);
}

static const SpiceScreenEvents screen_events = {.window = on_window, .taken = on_taken};

static void on_clipboard(gpointer data, const char *text)
{
	Face *face = data;

	if (!face->gone && strlen(text) <= FACE_MAX_TEXT)
		face->events->clipboard(face->owner, text);
}

/* ---- the agent's line */

static void on_line_state(SpiceCharDeviceInstance *line, int connected)
{
	spice_agent_reset(SPICE_CONTAINEROF(line, Face, line)->agent);
}

static int line_write(SpiceCharDeviceInstance *line, const uint8_t *bytes, int n)
{
	Face *face = SPICE_CONTAINEROF(line, Face, line);

	spice_agent_take(face->agent, bytes, (gsize)MAX(n, 0));
	spice_server_char_device_wakeup(line);
	return n;
}

static int line_read(SpiceCharDeviceInstance *line, uint8_t *bytes, int n)
{
	return (int)spice_agent_give(SPICE_CONTAINEROF(line, Face, line)->agent, bytes,
				     (gsize)MAX(n, 0));
}

static const SpiceKbdInterface keyboard_interface = {
	.base = {SPICE_INTERFACE_KEYBOARD, "keyboard", SPICE_INTERFACE_KEYBOARD_MAJOR,
		 SPICE_INTERFACE_KEYBOARD_MINOR},
	.push_scan_freg = on_scancode,
	.get_leds = leds,
};

static const SpiceTabletInterface tablet_interface = {
	.base = {SPICE_INTERFACE_TABLET, "tablet", SPICE_INTERFACE_TABLET_MAJOR,
		 SPICE_INTERFACE_TABLET_MINOR},
	.set_logical_size = on_logical_size,
	.position = on_position,
	.wheel = on_wheel,
	.buttons = on_buttons,
};

static const SpiceCharDeviceInterface line_interface = {
	.base = {SPICE_INTERFACE_CHAR_DEVICE, "agent", SPICE_INTERFACE_CHAR_DEVICE_MAJOR,
		 SPICE_INTERFACE_CHAR_DEVICE_MINOR},
	.state = on_line_state,
	.write = line_write,
	.read = line_read,
};

/* ---- connections */

/* Not from inside the library, which is in the middle of taking the channel down. */
static gboolean on_closing(gpointer data)
{
	Face *face = data;

	face->closing = 0;
	face->gone = TRUE;
	face->events->closed(face->owner);
	return G_SOURCE_REMOVE;
}

static void on_channel(int event, SpiceChannelEventInfo *info)
{
	Face *face = only;

	if (face == NULL || face->gone)
		return;
	if (event == SPICE_CHANNEL_EVENT_DISCONNECTED && info->type == SPICE_CHANNEL_MAIN &&
	    face->closing == 0)
		face->closing = g_idle_add(on_closing, face);
	if (event == SPICE_CHANNEL_EVENT_INITIALIZED && info->type == SPICE_CHANNEL_DISPLAY &&
	    !face->ready) {
		face->ready = TRUE;
		face->events->ready(face->owner);
	}
	if (info->type == SPICE_CHANNEL_PLAYBACK && event != SPICE_CHANNEL_EVENT_CONNECTED &&
	    face->events->listens != NULL)
		face->events->listens(face->owner, event == SPICE_CHANNEL_EVENT_INITIALIZED);
}

static SpiceCoreInterface core = {.channel_event = on_channel};

static gboolean spice_connect(Face *face, int fd, GError **error)
{
	if (spice_server_add_client(face->server, fd, 0) == 0)
		return TRUE;
	close(fd);
	g_set_error(error, FAULT, FAULT_CLIENT, "the SPICE client has left already");
	return FALSE;
}

/* ---- the picture */

static guint32 *spice_pixels(Face *face, gsize *out_stride)
{
	return spice_screen_pixels(face->screen, out_stride);
}

static void spice_damage(Face *face, const FaceRect *rect)
{
	spice_screen_damage(face->screen, rect);
}

static void spice_scroll(Face *face, const FaceRect *rect, int x, int y)
{
	spice_screen_scroll(face->screen, rect, x, y);
}

static gboolean spice_full(Face *face)
{
	return spice_screen_full(face->screen);
}

static gboolean spice_resize(Face *face, int width, int height)
{
	spice_screen_resize(face->screen, width, height);
	return TRUE;
}

static void spice_cursor(Face *face, const guint32 *argb, int width, int height, int hot_x,
			 int hot_y)
{
	spice_screen_cursor(face->screen, argb, width, height, hot_x, hot_y);
}

static void spice_title(Face *face, const char *title)
{
	spice_server_set_name(face->server, title);
}

static void spice_clipboard(Face *face, const char *text)
{
	spice_agent_offer(face->agent, text);
	spice_server_char_device_wakeup(&face->line);
}

static void spice_leds(Face *face, guint leds)
{
	face->leds = leds;
	spice_server_kbd_leds(&face->keyboard, (int)leds);
}

static void spice_sound(Face *face, const gint16 *frames, gsize n, guint rate)
{
	spice_player_play(&face->player, frames, n, rate);
}

/* ---- from open to close */

static void spice_close(Face *face)
{
	if (face == NULL)
		return;
	face->gone = TRUE;
	if (face->closing != 0)
		g_source_remove(face->closing);
	spice_player_clear(&face->player);
	if (face->server != NULL)
		spice_server_destroy(face->server);
	spice_screen_free(face->screen);
	spice_agent_free(face->agent);
	if (only == face)
		only = NULL;
	g_free(face);
}

/* Tickets are the gateway's; compression without a dictionary, since no client can be told to
 * forget one when a desktop takes this face's place. */
static void set_up(Face *face, const char *title)
{
	spice_server_set_noauth(face->server);
	spice_server_set_name(face->server, title);
	spice_server_set_image_compression(face->server, SPICE_IMAGE_COMPRESSION_AUTO_LZ);
	spice_server_set_jpeg_compression(face->server, SPICE_WAN_COMPRESSION_NEVER);
	spice_server_set_zlib_glz_compression(face->server, SPICE_WAN_COMPRESSION_NEVER);
	spice_server_set_streaming_video(face->server, SPICE_STREAM_VIDEO_FILTER);
	spice_server_set_video_codecs(face->server, "spice:mjpeg");
	spice_server_set_agent_mouse(face->server, FALSE);
	spice_server_set_agent_copypaste(face->server, TRUE);
	spice_server_set_agent_file_xfer(face->server, FALSE);
}

static gboolean add_devices(Face *face, int width, int height)
{
	face->keyboard.base.sif = &keyboard_interface.base;
	face->tablet.base.sif = &tablet_interface.base;
	face->line.base.sif = &line_interface.base;
	face->line.subtype = "vdagent";
	face->screen = spice_screen_new(face->server, width, height, &screen_events, face);
	return face->screen != NULL &&
	       spice_server_add_interface(face->server, &face->keyboard.base) == 0 &&
	       spice_server_add_interface(face->server, &face->tablet.base) == 0 &&
	       spice_server_add_interface(face->server, &face->line.base) == 0 &&
	       (face->events->listens == NULL || spice_player_add(&face->player, face->server));
}

static Face *spice_open(const char *title, int width, int height, const FaceEvents *events,
			gpointer owner, GError **error)
{
	Face *face = g_new0(Face, 1);

	g_assert(only == NULL);
	face->events = events;
	face->owner = owner;
	face->agent = spice_agent_new(on_clipboard, face);
	face->server = spice_server_new();
	spice_loop_fill(&core);
	set_up(face, title);
	if (spice_server_init(face->server, &core) != 0 || !add_devices(face, width, height)) {
		g_set_error(error, FAULT, FAULT_BUG, "libspice-server refuses");
		spice_close(face);
		return NULL;
	}
	keyboard_state = face->keyboard.st;
	spice_server_vm_start(face->server);
	only = face;
	return face;
}

const FaceOps face_spice = {
	.name = "spice",
	.open = spice_open,
	.connect = spice_connect,
	.pixels = spice_pixels,
	.damage = spice_damage,
	.scroll = spice_scroll,
	.full = spice_full,
	.resize = spice_resize,
	.cursor = spice_cursor,
	.title = spice_title,
	.clipboard = spice_clipboard,
	.leds = spice_leds,
	.sound = spice_sound,
	.close = spice_close,
};
