/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bridge: see bridge.h. */
#include "bridge.h"

#include <unistd.h>

#include "autofd.h"
#include "control/control.h"
#include "fault.h"
#include "last_words.h"
#include "shown.h"
#include "source.h"
#include "wire.h"

#define LEASE_SECONDS  20 /* the broker says what to do, and a desktop has its picture */
#define CLIENT_SECONDS 20 /* then its client comes                                     */
#define CLIENTS        16 /* connections of a SPICE client that wait for the picture   */
#define DIALS          16

struct Bridge {
	Wire *wire;
	const FaceOps *face_ops;
	const SourceOps *source_ops;
	Face *face;     /* NULL until the source has a size */
	Source *source; /* NULL until the lease             */
	Keymap *keymap;
	char *lease;
	char *title;     /* NULL until the desktop says it */
	guint64 request; /* of the lease message, 0 = answered  */
	guint dials;     /* asked for, not answered             */
	GArray *clients; /* descriptors that wait for the face  */
	Shown shown;
	guint leds;         /* of the desktop's keyboard */
	gboolean listening; /* the client does           */
	gboolean connected; /* a client was taken in */
	gboolean leaving;
	guint deadline;
	GMainLoop *loop;
};

/* ---- the end */

static gboolean leave(gpointer data)
{
	Bridge *bridge = data;

	bridge->deadline = 0;
	g_main_loop_quit(bridge->loop);
	return G_SOURCE_REMOVE;
}

/* What is said of the end: an answer to the lease, as long as that waits for one. */
static ControlMessage farewell(const Bridge *bridge, Fault fault, const char *reason)
{
	return (ControlMessage){.type = bridge->request ? CONTROL_REFUSE : CONTROL_ENDED,
				.id = bridge->request,
				.lease = bridge->lease,
				.fault = (char *)fault_info(fault)->name,
				.reason = (char *)reason,
				.step = (char *)"bridge"};
}

static void prepare_last_words(const Bridge *bridge)
{
	ControlMessage died =
		farewell(bridge, FAULT_DESKTOP, "the bridge died of what the desktop sent");

	last_words_set(&died);
}

/* The first reason counts. The desktop's connection stays as long as that one needs. */
static void end(Bridge *bridge, Fault fault, const char *reason)
{
	ControlMessage said = farewell(bridge, fault, reason);

	if (bridge->leaving)
		return;
	bridge->leaving = TRUE;
	last_words_set(NULL);
	if (bridge->lease != NULL)
		wire_say(bridge->wire, &said);
	g_clear_handle_id(&bridge->deadline, g_source_remove);
	bridge->deadline = g_timeout_add(
		bridge->source ? bridge->source_ops->busy(bridge->source) : 0, leave, bridge);
}

static gboolean on_deadline(gpointer data)
{
	Bridge *bridge = data;

	bridge->deadline = 0;
	end(bridge, FAULT_TIMEOUT,
	    bridge->request ? "the desktop showed no picture in time" : "no client came in time");
	return G_SOURCE_REMOVE;
}

/* ---- the client's side */

static void face_ready(gpointer owner)
{
}

static void face_key(gpointer owner, guint32 keysym, guint32 scancode, gboolean down)
{
	Bridge *bridge = owner;
	KeyStroke strokes[KEYMAP_STROKES];
	guint n = 0;

	if (bridge->source == NULL || bridge->leaving)
		return;
	if (keysym == 0)
		keysym = keymap_keysym(bridge->keymap, scancode, down);
	else if (scancode == 0 && bridge->source_ops != &source_vnc)
		n = keymap_strokes(bridge->keymap, keysym, down, strokes);
	for (guint i = 0; i < n; i++)
		bridge->source_ops->key(bridge->source, i == 0 && n == 1 ? keysym : 0,
					strokes[i].scancode, strokes[i].down);
	if (n == 0)
		bridge->source_ops->key(bridge->source, keysym, scancode, down);
}

static void face_pointer(gpointer owner, int x, int y, guint buttons)
{
	Bridge *bridge = owner;

	if (bridge->source != NULL && !bridge->leaving && bridge->shown.width > 0)
		bridge->source_ops->pointer(bridge->source, MIN(x, bridge->shown.width - 1),
					    MIN(y, bridge->shown.height - 1), buttons);
}

static void face_window(gpointer owner, int width, int height)
{
	Bridge *bridge = owner;

	if (bridge->source != NULL && !bridge->leaving)
		bridge->source_ops->window(bridge->source, width, height);
}

static void face_clipboard(gpointer owner, const char *text)
{
	Bridge *bridge = owner;

	if (bridge->source != NULL && !bridge->leaving)
		bridge->source_ops->clipboard(bridge->source, text);
}

static void face_taken(gpointer owner)
{
	Bridge *bridge = owner;

	if (bridge->source != NULL && !bridge->leaving && bridge->source_ops->go_on != NULL)
		bridge->source_ops->go_on(bridge->source);
}

static void face_listens(gpointer owner, gboolean on)
{
	Bridge *bridge = owner;

	bridge->listening = on;
	if (bridge->source != NULL && !bridge->leaving)
		bridge->source_ops->listen(bridge->source, on);
}

static void face_closed(gpointer owner)
{
	end(owner, FAULT_ENDED, "the client left");
}

static const FaceEvents face_events = {
	.ready = face_ready,
	.key = face_key,
	.pointer = face_pointer,
	.window = face_window,
	.clipboard = face_clipboard,
	.closed = face_closed,
	.taken = face_taken,
	.listens = face_listens,
};

static void connect_client(Bridge *bridge, int fd)
{
	g_autoptr(GError) error = NULL;

	g_clear_handle_id(&bridge->deadline, g_source_remove);
	bridge->connected = TRUE;
	if (!bridge->face_ops->connect(bridge->face, fd, &error))
		end(bridge, fault_code(error), error->message);
}

/* ---- the desktop's side */

static gboolean make_face(Bridge *bridge, int width, int height)
{
	g_autoptr(GError) error = NULL;

	bridge->face = bridge->face_ops->open(bridge->title ? bridge->title : "Oriel", width,
					      height, &face_events, bridge, &error);
	if (bridge->face == NULL)
		end(bridge, fault_code(error), error->message);
	if (bridge->face != NULL)
		bridge->face_ops->leds(bridge->face, bridge->leds);
	return bridge->face != NULL;
}

static guint32 *source_picture(gpointer owner, int width, int height)
{
	Bridge *bridge = owner;

	if (width < 1 || height < 1 || width > FACE_MAX_WIDTH || height > FACE_MAX_HEIGHT)
		return NULL;
	if (bridge->face == NULL && !make_face(bridge, width, height))
		return NULL;
	return shown_resize(&bridge->shown, bridge->face_ops, bridge->face, width, height);
}

/* The desktop has its picture: the broker may let its client come. */
static void first_picture(Bridge *bridge)
{
	ControlMessage ok = {.type = CONTROL_OK, .id = bridge->request};

	bridge->request = 0;
	wire_say(bridge->wire, &ok);
	prepare_last_words(bridge);
	g_clear_handle_id(&bridge->deadline, g_source_remove);
	if (!bridge->connected)
		bridge->deadline = g_timeout_add_seconds(CLIENT_SECONDS, on_deadline, bridge);
	for (guint i = 0; i < bridge->clients->len; i++)
		connect_client(bridge, g_array_index(bridge->clients, int, i));
	g_array_set_size(bridge->clients, 0);
}

static void source_changed(gpointer owner, const FaceRect *rect)
{
	Bridge *bridge = owner;
	FaceRect seen = *rect;

	if (shown_copy(&bridge->shown, bridge->face_ops, bridge->face, &seen))
		bridge->face_ops->damage(bridge->face, &seen);
	if (bridge->request != 0 && !bridge->leaving)
		first_picture(bridge);
}

static void source_scrolled(gpointer owner, const FaceRect *rect, int x, int y)
{
	Bridge *bridge = owner;

	if (bridge->shown.own != NULL)
		source_changed(owner, rect);
	else
		bridge->face_ops->scroll(bridge->face, rect, x, y);
}

static gboolean source_full(gpointer owner)
{
	Bridge *bridge = owner;

	return bridge->face != NULL && bridge->face_ops->full != NULL &&
	       bridge->face_ops->full(bridge->face);
}

static void source_cursor(gpointer owner, const guint32 *argb, int width, int height, int hot_x,
			  int hot_y)
{
	Bridge *bridge = owner;

	if (bridge->face != NULL)
		bridge->face_ops->cursor(bridge->face, argb, width, height,
					 CLAMP(hot_x, 0, width - 1), CLAMP(hot_y, 0, height - 1));
}

static void source_title(gpointer owner, const char *title)
{
	Bridge *bridge = owner;

	g_free(bridge->title);
	bridge->title = g_strdup(title);
	if (bridge->face != NULL)
		bridge->face_ops->title(bridge->face, title);
}

static void source_clipboard(gpointer owner, const char *text)
{
	Bridge *bridge = owner;

	if (bridge->face != NULL)
		bridge->face_ops->clipboard(bridge->face, text);
}

static void source_leds(gpointer owner, guint leds)
{
	Bridge *bridge = owner;

	bridge->leds = leds & 7;
	if (bridge->face != NULL)
		bridge->face_ops->leds(bridge->face, bridge->leds);
}

static void source_sound(gpointer owner, const gint16 *frames, gsize n, guint rate)
{
	Bridge *bridge = owner;

	if (bridge->face != NULL && bridge->listening)
		bridge->face_ops->sound(bridge->face, frames, n, rate);
}

static void source_dial(gpointer owner)
{
	Bridge *bridge = owner;
	ControlMessage dial = {.type = CONTROL_DIAL, .id = 1, .lease = bridge->lease};

	if (++bridge->dials > DIALS || !wire_say(bridge->wire, &dial))
		end(bridge, FAULT_DESKTOP, "the desktop wants too many connections");
}

static void source_ended(gpointer owner, Fault fault, const char *reason)
{
	end(owner, fault, reason);
}

static const SourceEvents source_events = {
	.picture = source_picture,
	.changed = source_changed,
	.scrolled = source_scrolled,
	.full = source_full,
	.cursor = source_cursor,
	.title = source_title,
	.clipboard = source_clipboard,
	.leds = source_leds,
	.sound = source_sound,
	.dial = source_dial,
	.ended = source_ended,
};

/* ---- the broker */

static void begin(Bridge *bridge, const ControlMessage *m, int fd)
{
	g_autoptr(GError) error = NULL;

	bridge->lease = g_strdup(m->lease);
	bridge->request = m->id;
	prepare_last_words(bridge);
	bridge->source_ops = source_find(m->endpoint.protocol);
	if (bridge->source_ops == NULL || fd < 0) {
		if (fd >= 0)
			close(fd);
		end(bridge, FAULT_BUG, "a bridge was started for a desktop that it cannot reach");
		return;
	}
	bridge->source = bridge->source_ops->open(&m->endpoint, fd, &source_events, bridge, &error);
	if (bridge->source == NULL)
		end(bridge, fault_code(error), error->message);
}

static void take_client(Bridge *bridge, int fd)
{
	if (fd < 0)
		return;
	if (bridge->face != NULL && bridge->request == 0 && bridge->lease != NULL)
		connect_client(bridge, fd);
	else if (bridge->clients->len < CLIENTS)
		g_array_append_val(bridge->clients, fd);
	else
		close(fd);
}

static void on_message(const ControlMessage *m, int given, gpointer owner)
{
	Bridge *bridge = owner;
	autofd int fd = given;

	if (bridge->leaving)
		return;
	if (m == NULL && bridge->connected && bridge->dials == 0)
		return; /* nothing is needed of the broker any more */
	if (m == NULL || m->type == CONTROL_END)
		return end(bridge, FAULT_ENDED, m ? "ended by the broker" : "the broker has gone");
	if (m->type == CONTROL_CLIENT)
		return take_client(bridge, autofd_steal(&fd));
	if (m->type == CONTROL_LEASE && bridge->source == NULL)
		return begin(bridge, m, autofd_steal(&fd));
	if ((m->type == CONTROL_LEASE || m->type == CONTROL_REFUSE) && bridge->dials > 0) {
		bridge->dials--;
		bridge->source_ops->dialled(bridge->source, autofd_steal(&fd));
	}
}

Bridge *bridge_new(int fd, const FaceOps *face, Keymap *keymap, GMainLoop *loop)
{
	Bridge *bridge = g_new0(Bridge, 1);

	bridge->face_ops = face;
	bridge->keymap = keymap;
	bridge->loop = loop;
	bridge->clients = g_array_new(FALSE, FALSE, sizeof(int));
	bridge->wire = wire_new(fd, on_message, bridge);
	bridge->deadline = g_timeout_add_seconds(LEASE_SECONDS, on_deadline, bridge);
	return bridge;
}

void bridge_free(Bridge *bridge)
{
	g_clear_handle_id(&bridge->deadline, g_source_remove);
	if (bridge->source != NULL)
		bridge->source_ops->close(bridge->source);
	if (bridge->face != NULL)
		bridge->face_ops->close(bridge->face);
	for (guint i = 0; i < bridge->clients->len; i++)
		close(g_array_index(bridge->clients, int, i));
	g_array_free(bridge->clients, TRUE);
	wire_free(bridge->wire);
	shown_clear(&bridge->shown);
	g_free(bridge->lease);
	g_free(bridge->title);
	g_free(bridge);
}
