/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_handover: see rfb_handover.h. */
#include "relay/rfb_handover.h"

#include "worker.h"

#include <string.h>

static gboolean viewer_wants(const RfbRelayViewer *viewer, gint32 encoding)
{
	const guint8 *list = viewer->encodings;

	for (unsigned i = 0; list != NULL && i < rfb_u16(list + 2); i++) {
		if ((gint32)rfb_u32(list + 4 + 4 * (gsize)i) == encoding)
			return TRUE;
	}
	return FALSE;
}

static void append_zeros(Buffer *out, gsize n)
{
	memset(buffer_reserve(out, n), 0, n);
	buffer_commit(out, n);
}

static void append_rect(Buffer *out, guint16 x, guint16 w, guint16 h, gint32 encoding)
{
	buffer_append_u16be(out, x);
	buffer_append_u16be(out, 0);
	buffer_append_u16be(out, w);
	buffer_append_u16be(out, h);
	buffer_append_u32be(out, (guint32)encoding);
}

/* ---- release */

/* As they came: an extended key, or a plain one. */
static void append_keys(const RfbRelayViewer *viewer, gboolean with_codes, guint8 down, Buffer *out)
{
	for (unsigned i = 0; i < viewer->n_held; i++) {
		gboolean coded = with_codes && viewer->held[i].code != 0;

		if (!coded && viewer->held[i].keysym == 0)
			continue;
		buffer_append_u8(out, coded ? RFB_QEMU : RFB_KEY_EVENT);
		buffer_append_u8(out, coded ? 0 : down);
		buffer_append_u16be(out, coded ? down : 0);
		buffer_append_u32be(out, viewer->held[i].keysym);
		if (coded)
			buffer_append_u32be(out, viewer->held[i].code);
	}
}

static void release_all(RfbRelayViewer *viewer, gboolean with_codes, Buffer *out)
{
	append_keys(viewer, with_codes, 0, out);
	if (viewer->pointer[1] != 0) {
		viewer->pointer[1] = 0;
		buffer_append(out, viewer->pointer, sizeof viewer->pointer);
	}
}

/* Behind half a message nothing can be said, nor to one with whom the handshake is not over. */
static gboolean can_be_told(const Session *s, const RfbRelay *relay)
{
	return relay->up.ready == 0 && s->dialing == NULL && s->desktop.stream != NULL &&
	       !s->desktop.eof;
}

void rfb_handover_release(Session *s, RfbRelay *relay)
{
	if (can_be_told(s, relay)) {
		release_all(&relay->viewer, relay->desktop.features & RFB_FEATURE_EXT_KEY,
			    &s->desktop.out);
		peer_flush(&s->desktop, NULL);
	}
	relay->viewer.n_held = relay->viewer.pointer[1] = 0;
}

/* ---- part */

/* Of a Hextile rectangle that is open. */
static guint32 tiles_due(const RfbUnits *units)
{
	guint32 across = (units->w + 15u) / 16, down = (units->h + 15u) / 16;

	return across * down - units->tile_y / 16 * across - units->tile_x / 16;
}

/* What the rectangle takes that is open towards the viewer: so much of it comes from us. */
static guint64 pixels_due(const RfbUnits *units)
{
	switch (units->pass) {
	case RFB_PASS_PIXELS: return units->left;
	case RFB_PASS_TILES: return tiles_due(units);
	default: return 0;
	}
}

/* Tiles that name their background: what they look like will be painted over. */
static void finish_tiles(const RfbUnits *units, Buffer *out)
{
	enum { BACKGROUND = 2 };

	buffer_append_u8(out, BACKGROUND);
	append_zeros(out, units->pixels.bytes + tiles_due(units) - 1);
}

static void finish_update(RfbRelay *relay, Buffer *out)
{
	RfbUnits *units = &relay->desktop.units;

	if (units->pass == RFB_PASS_PIXELS)
		append_zeros(out, units->left);
	else if (units->pass == RFB_PASS_TILES)
		finish_tiles(units, out);
	if (units->pass == RFB_PASS_PIXELS || units->pass == RFB_PASS_TILES)
		units->rects--;
	if (units->rects == 0)
		return;
	if (viewer_wants(&relay->viewer, RFB_LAST_RECT)) {
		append_rect(out, 0, 0, 0, RFB_LAST_RECT);
		return;
	}
	for (; units->rects > 0; units->rects--) {
		gboolean copy = viewer_wants(&relay->viewer, RFB_COPY_RECT);

		append_rect(out, 0, 1, 1, copy ? RFB_COPY_RECT : RFB_RAW);
		append_zeros(out, copy ? 4 : units->pixels.bytes);
	}
}

/* What the gateway says itself may be said in part, where there was a place for it. */
static void finish_say(RfbRelay *relay, Buffer *out)
{
	RfbFlow *flow = relay->viewer.flow;

	if (flow == NULL || buffer_length(&flow->say) == 0 || relay->down.ready > 0 ||
	    !rfb_units_between(&relay->desktop.units))
		return;
	buffer_append(out, buffer_bytes(&flow->say), buffer_length(&flow->say));
	buffer_clear(&flow->say);
}

/* What was decided about the desktop's bytes stands; what was not is lost with it. */
static void finish_down(Session *s, RfbRelay *relay)
{
	RfbRun *run = &relay->down;
	const Buffer *in = &s->desktop.in;

	finish_say(relay, &s->client.out);
	if (run->ready > 0)
		buffer_append(&s->client.out, buffer_bytes(in), run->ready);
	if (run->after > 0)
		buffer_append(&s->client.out, buffer_bytes(in) + run->ready + run->skip,
			      run->after);
	*run = (RfbRun){0};
	buffer_clear(&s->desktop.in);
	finish_update(relay, &s->client.out);
}

/* What the viewer said last went to the old desktop in part or not at all: it is noted, or was a
 * request, which is made anew. */
static void finish_up(Session *s, RfbRelay *relay)
{
	RfbRun *run = &relay->up;
	gsize decided = (gsize)run->ready + run->skip + run->after;

	relay->viewer.format_leaving = FALSE;
	if (decided > 0)
		buffer_consume(&s->client.in, decided);
	*run = (RfbRun){0};
}

gboolean rfb_handover_part(Session *s, RfbRelay *relay)
{
	guint64 memory = (guint64)worker_options(s->worker)->max_session_memory << 20;

	if (pixels_due(&relay->desktop.units) > memory)
		return FALSE;
	finish_down(s, relay);
	finish_up(s, relay);
	relay->desktop = (RfbRelayDesktop){0};
	rfb_units_init(&relay->desktop.units);
	return TRUE;
}

/* ---- arrive */

static void append_name(Buffer *out, const char *name)
{
	g_autofree char *cut = g_strndup(name, RFB_NAME_MAX);

	append_rect(out, 0, 0, 0, RFB_DESKTOP_NAME);
	rfb_text_append(out, cut);
}

/* Only pseudo-rectangles, and only those that the viewer knows. */
static void announce(const RfbRelayViewer *viewer, const char *name, gboolean resized, Buffer *out)
{
	gboolean named = viewer_wants(viewer, RFB_DESKTOP_NAME);
	gboolean cursor = viewer_wants(viewer, RFB_CURSOR);
	gboolean absolute = viewer_wants(viewer, RFB_QEMU_POINTER);
	unsigned n = !!resized + !!named + !!cursor + !!absolute;

	if (n == 0)
		return;
	buffer_append_u16be(out, RFB_FRAMEBUFFER_UPDATE << 8);
	buffer_append_u16be(out, (guint16)n);
	if (resized)
		append_rect(out, 0, viewer->width, viewer->height, RFB_DESKTOP_SIZE);
	if (named)
		append_name(out, name);
	if (cursor)
		append_rect(out, 0, 0, 0, RFB_CURSOR);
	if (absolute)
		append_rect(out, 1, viewer->width, viewer->height, RFB_QEMU_POINTER);
}

static void introduce(const RfbRelayViewer *viewer, Buffer *out)
{
	const guint8 *list = viewer->encodings;

	if (memcmp(viewer->format, rfb_canonical, sizeof rfb_canonical) != 0) {
		buffer_append_u32be(out, (guint32)RFB_SET_PIXEL_FORMAT << 24);
		buffer_append(out, viewer->format, sizeof viewer->format);
	}
	if (list != NULL)
		buffer_append(out, list, 4 + 4 * (gsize)rfb_u16(list + 2));
	buffer_append_u16be(out, RFB_UPDATE_REQUEST << 8);
	append_zeros(out, 4);
	buffer_append_u16be(out, viewer->width);
	buffer_append_u16be(out, viewer->height);
}

static void press_all(const RfbRelayViewer *viewer, Buffer *out)
{
	append_keys(viewer, TRUE, 1, out);
	if (viewer->pointer[1] != 0)
		buffer_append(out, viewer->pointer, sizeof viewer->pointer);
}

gboolean rfb_handover_arrive(Session *s, RfbRelay *relay, const RfbClient *desktop, GError **error)
{
	RfbRelayViewer *viewer = &relay->viewer;
	gboolean resized = viewer->width != desktop->width || viewer->height != desktop->height;

	if (resized && !viewer_wants(viewer, RFB_DESKTOP_SIZE)) {
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "the viewer cannot follow to a screen of another size");
		return FALSE;
	}
	viewer->width = desktop->width;
	viewer->height = desktop->height;
	rfb_pixels_read(viewer->format, &relay->desktop.units.next);
	relay->desktop.units.pixels = relay->desktop.units.next;
	relay->desktop.due = (viewer->size ? RFB_FEATURE_SIZE : 0) |
			     (viewer->audio_on ? RFB_FEATURE_AUDIO : 0);
	announce(viewer, s->desktop_name && *s->desktop_name ? s->desktop_name : desktop->name,
		 resized, &s->client.out);
	introduce(viewer, &s->desktop.out);
	press_all(viewer, &s->desktop.out);
	rfb_flow_moved(viewer->flow);
	return TRUE;
}

void rfb_handover_repeat(RfbRelay *relay, Buffer *out)
{
	static const guint8 enable[4] = {RFB_QEMU, RFB_QEMU_AUDIO};
	const RfbRelayViewer *viewer = &relay->viewer;
	unsigned now = relay->desktop.due & relay->desktop.features;

	if (now & RFB_FEATURE_SIZE)
		buffer_append(out, viewer->size, 8 + 16 * (gsize)viewer->size[6]);
	if (now & RFB_FEATURE_AUDIO && viewer->audio[0] != 0)
		buffer_append(out, viewer->audio, sizeof viewer->audio);
	if (now & RFB_FEATURE_AUDIO)
		buffer_append(out, enable, sizeof enable);
	relay->desktop.due &= ~now;
}
