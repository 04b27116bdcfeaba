/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A running relay_spice, of the channel that the first byte says, between a viewer and one desktop
 * after the other. Then each byte is a step: the desktop (0 to 119) or the viewer (120 to 239) says
 * so many of the bytes behind it, or another desktop comes (240 and above). Whatever they say: the
 * viewer hears of no other host and of no channel twice, it holds no surface of a desktop that has
 * gone, and each desktop hears whole messages of the viewer, in their order.
 */
#include "reader.h"
#include "relay/spice_swap.h"
#include "spice-fixture.h"

#include <string.h>
#include <sys/socket.h>

#define VIEWER  120
#define ANOTHER 240
#define PAD_MAX 65536 /* bytes of an open message; more take long, and are no other case */

enum { ATTACH_CHANNELS = 104, AGENT_START = 106, AGENT_DATA, AGENT_TOKEN };
enum { SURFACE_CREATE = 314, SURFACE_DESTROY };

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static struct {
	guint8 channel;
	gboolean over;
	Buffer said;         /* by the viewer, of what no desktop has heard */
	gboolean agent_shut; /* the desktop has not been told of an agent   */
	GHashTable *held;    /* main: channels, display: surfaces that the viewer knows */
} w;

static SpiceRelay *relay(void)
{
	return t.s.relaying;
}

/* The message at the front; 0 = not whole yet. */
static gsize whole(const Buffer *in, guint16 *out_type)
{
	Reader r;
	gsize size;

	if (buffer_length(in) < SPICE_FRAME_HEADER)
		return 0;
	reader_init(&r, buffer_bytes(in), SPICE_FRAME_HEADER);
	*out_type = reader_u16le(&r);
	size = SPICE_FRAME_HEADER + (gsize)reader_u32le(&r);
	g_assert(size <= SPICE_FRAME_HEADER + SPICE_FRAME_MAX);
	return size <= buffer_length(in) ? size : 0;
}

/* ---- the viewer's end */

static void knows_channels(const guint8 *body, gsize n)
{
	enum { WATCHED = 1024 - SPICE_FRAME_HEADER };
	const SpiceFrameChannel *list;
	guint32 count;

	if (n > WATCHED || !spice_frame_channels_list(body, n, &list, &count, NULL))
		return;
	/* A list may say one twice; another may not say it again. */
	for (guint32 i = 0; i < count; i++)
		g_assert(!g_hash_table_contains(w.held,
						GUINT_TO_POINTER(list[i].type << 8 | list[i].id)));
	for (guint32 i = 0; i < count; i++) {
		if (list[i].type >= SPICE_CHANNEL_MAIN && list[i].type <= SPICE_CHANNEL_RECORD)
			g_hash_table_add(w.held, GUINT_TO_POINTER(list[i].type << 8 | list[i].id));
	}
}

static void viewer_hears(guint16 type, const guint8 *body, gsize n)
{
	if (w.channel == SPICE_CHANNEL_MAIN) {
		g_assert(!spice_frame_is_migration(type));
		if (type == SPICE_MAIN_CHANNELS_LIST)
			knows_channels(body, n);
	}
	if (w.channel == SPICE_CHANNEL_DISPLAY && n >= 4) {
		guint32 id;

		memcpy(&id, body, sizeof id);
		if (type == SURFACE_CREATE)
			g_hash_table_add(w.held, GUINT_TO_POINTER(GUINT32_FROM_LE(id)));
		else if (type == SURFACE_DESTROY)
			g_hash_table_remove(w.held, GUINT_TO_POINTER(GUINT32_FROM_LE(id)));
	}
}

/* ---- the desktop's end */

/* The next message of the viewer that is this one; those before it were dropped. */
static void was_said(const guint8 *message, gsize size)
{
	guint16 type;
	gsize n;

	while ((n = whole(&w.said, &type)) > 0) {
		gboolean same = n == size && memcmp(buffer_bytes(&w.said), message, n) == 0;

		buffer_consume(&w.said, n);
		if (same)
			return;
	}
	g_assert_not_reached();
}

static void desktop_hears(guint16 type, const guint8 *message, gsize size)
{
	gboolean main = w.channel == SPICE_CHANNEL_MAIN;

	if (main && w.agent_shut && type == ATTACH_CHANNELS && size == SPICE_FRAME_HEADER)
		return; /* ours */
	was_said(message, size);
	if (type == AGENT_START)
		w.agent_shut = FALSE;
	g_assert(!main || !w.agent_shut || (type != AGENT_DATA && type != AGENT_TOKEN));
}

/* ---- steps */

/* TRUE if bytes have come. */
static gboolean hear_all(End *far)
{
	gboolean came = FALSE;
	guint16 type;
	ssize_t n;
	gsize size;

	while ((n = recv(far->fd, buffer_reserve(&far->in, 65536), 65536, MSG_DONTWAIT)) > 0) {
		buffer_commit(&far->in, (gsize)n);
		came = TRUE;
	}
	while ((size = whole(&far->in, &type)) > 0) {
		const guint8 *message = buffer_bytes(&far->in);

		if (far == &t.viewer)
			viewer_hears(type, message + SPICE_FRAME_HEADER, size - SPICE_FRAME_HEADER);
		else
			desktop_hears(type, message, size);
		buffer_consume(&far->in, size);
	}
	return came;
}

/* Until nothing moves any more, nor waits to be slow enough. */
static void settle(void)
{
	gboolean moved = TRUE;

	while (!w.over && (moved || relay()->up_wait > 0)) {
		t.now += relay()->up_wait;
		w.over = relay_spice.run(&t.s, NULL) != STEP_WAIT;
		moved = hear_all(&t.viewer);
		moved = hear_all(&t.desktop) || moved;
	}
}

static void another_desktop(void)
{
	static const guint8 init[SPICE_FRAME_MAIN_INIT] = {SPICE_MAIN_INIT, [2] = 32, [22] = 1};

	if (!relay_spice.part(&t.s) || relay()->pad > PAD_MAX) {
		w.over = TRUE;
		return;
	}
	peer_clear(&t.s.desktop);
	t.s.desktop.eof = FALSE;
	hang_up(&t.desktop);
	buffer_clear(&t.desktop.in);
	open_pair(&t.s.desktop, &t.desktop);
	if (w.channel == SPICE_CHANNEL_MAIN)
		buffer_append(&t.s.desktop.in, init, sizeof init);
	w.agent_shut = TRUE;
	w.over = !relay_spice.arrive(&t.s, NULL);
	settle();
	g_assert(w.over || w.channel != SPICE_CHANNEL_DISPLAY || g_hash_table_size(w.held) == 0);
}

static void start(guint8 choice)
{
	memset(&t, 0, sizeof t);
	memset(&w, 0, sizeof w);
	w.channel = (guint8)(SPICE_CHANNEL_MAIN + choice % SPICE_CHANNEL_RECORD);
	w.held = g_hash_table_new(NULL, NULL);
	t.now = 1000;
	t.s.desktop.is_desktop = TRUE;
	t.s.relaying = g_new0(SpiceRelay, 1);
	relay()->channel = g_new0(FrontSpiceChannel, 1);
	relay()->channel->mess.type = w.channel;
	open_pair(&t.s.client, &t.viewer);
	open_pair(&t.s.desktop, &t.desktop);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	gsize at = 1;

	start(size > 0 ? data[0] : 0);
	while (!w.over && at < size) {
		guint8 step = data[at++];
		gsize n = MIN(step % VIEWER + 1u, size - at);

		if (step >= ANOTHER) {
			another_desktop();
			continue;
		}
		if (step >= VIEWER)
			buffer_append(&w.said, data + at, n);
		g_assert(send(step < VIEWER ? t.desktop.fd : t.viewer.fd, data + at, n,
			      MSG_NOSIGNAL) == (ssize_t)n);
		at += n;
		settle();
	}
	buffer_clear(&w.said);
	g_hash_table_unref(w.held);
	end();
	return 0;
}
