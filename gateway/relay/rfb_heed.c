/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb_heed: see rfb_heed.h. */
#include "relay/rfb_heed.h"

#include "fault.h"
#include "rfb/rfb_zlib.h"

#include <string.h>

/* ---- from the viewer */

static void note_key(RfbRelayViewer *viewer, gboolean down, guint32 keysym, guint32 code)
{
	unsigned i;

	for (i = 0; i < viewer->n_held; i++) {
		if (viewer->held[i].code == code && (code != 0 || viewer->held[i].keysym == keysym))
			break;
	}
	if (!down && i < viewer->n_held) {
		viewer->held[i] = viewer->held[--viewer->n_held];
		if (viewer->n_held == 0)
			g_clear_pointer(&viewer->held, g_free);
	} else if (down && i < RFB_HELD_MAX) {
		if (viewer->held == NULL)
			viewer->held = g_new0(RfbKey, RFB_HELD_MAX);
		viewer->held[i].keysym = keysym;
		viewer->held[i].code = code;
		viewer->n_held = (guint8)MAX(viewer->n_held, i + 1);
	}
}

static void remember(guint8 **what, const guint8 *b, gsize n)
{
	g_free(*what);
	*what = g_memdup2(b, n);
}

/* The list loses what we cannot frame; the message stays in one piece at its end. */
static gsize filter_encodings(RfbRelayViewer *viewer, guint8 *b, gsize n)
{
	unsigned asked = rfb_u16(b + 2);
	unsigned kept = rfb_encodings_filter(b + 4, asked, &viewer->features);
	gsize drop = 4 * (gsize)(asked - kept);

	b += drop;
	b[0] = RFB_SET_ENCODINGS;
	b[1] = 0;
	b[2] = (guint8)(kept >> 8);
	b[3] = (guint8)kept;
	remember(&viewer->encodings, b, n - drop);
	if (viewer->flow == NULL && viewer->features & RFB_FEATURE_FENCE &&
	    viewer->features & RFB_FEATURE_CONTINUOUS)
		viewer->flow = rfb_flow_new(g_get_monotonic_time());
	return drop;
}

/* A key with its code, for a desktop that knows only keysyms: a KeyEvent in its last 8 bytes. */
static gsize plain_key(guint8 *b, guint32 keysym, gboolean down)
{
	if (keysym == 0)
		return 12;
	memmove(b + 8, b + 4, 4);
	b[4] = RFB_KEY_EVENT;
	b[5] = down ? 1 : 0;
	b[6] = b[7] = 0;
	return 4;
}

static void note_audio(RfbRelayViewer *viewer, const guint8 *b)
{
	enum { ENABLE = 0, DISABLE = 1 };

	if (rfb_u16(b + 2) > DISABLE)
		memcpy(viewer->audio, b, sizeof viewer->audio);
	else
		viewer->audio_on = rfb_u16(b + 2) == ENABLE;
}

static gsize heed_qemu(RfbRelay *relay, guint8 *b, gsize n)
{
	guint32 keysym;
	gboolean down;

	if (b[1] == RFB_QEMU_AUDIO) {
		note_audio(&relay->viewer, b);
		return relay->desktop.features & RFB_FEATURE_AUDIO ? 0 : n;
	}
	down = rfb_u16(b + 2) != 0;
	keysym = rfb_u32(b + 4);
	note_key(&relay->viewer, down, keysym, rfb_u32(b + 8));
	return relay->desktop.features & RFB_FEATURE_EXT_KEY ? 0 : plain_key(b, keysym, down);
}

static gboolean note_format(RfbRelayViewer *viewer, const guint8 *b, GError **error)
{
	RfbPixels pixels;

	if (!rfb_pixels_read(b + 4, &pixels)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "a pixel format of %u bits", b[4]);
		return FALSE;
	}
	memcpy(viewer->format, b + 4, sizeof viewer->format);
	viewer->format_leaving = TRUE;
	return TRUE;
}

/* What a desktop has to have announced to understand this message; 0 = nothing. */
static unsigned feature_of(const RfbUnit *unit, const guint8 *b)
{
	switch (unit->type) {
	case RFB_CLIENT_CUT_TEXT: /* a negative length is the extended clipboard's */
		return rfb_u32(b + 4) > G_MAXINT32 ? RFB_FEATURE_CLIPBOARD : 0;
	case RFB_SET_DESKTOP_SIZE: return RFB_FEATURE_SIZE;
	case RFB_XVP: return RFB_FEATURE_XVP;
	default: return 0;
	}
}

gboolean rfb_heed_viewer(RfbRelay *relay, const RfbUnit *unit, guint8 *b, gsize *out_drop,
			 GError **error)
{
	RfbRelayViewer *viewer = &relay->viewer;
	gsize n = unit->length;

	*out_drop = n;
	if (unit->kind == RFB_UNIT_SKIP)
		return TRUE;
	if ((feature_of(unit, b) & ~relay->desktop.features) == 0)
		*out_drop = 0;
	switch (unit->type) {
	case RFB_SET_PIXEL_FORMAT: return note_format(viewer, b, error);
	case RFB_SET_ENCODINGS: *out_drop = filter_encodings(viewer, b, n); break;
	case RFB_KEY_EVENT: note_key(viewer, b[1] != 0, rfb_u32(b + 4), 0); break;
	case RFB_POINTER_EVENT: memcpy(viewer->pointer, b, sizeof viewer->pointer); break;
	case RFB_SET_DESKTOP_SIZE: remember(&viewer->size, b, n); break;
	case RFB_QEMU: *out_drop = heed_qemu(relay, b, n); break;
	case RFB_UPDATE_REQUEST:
		if (!rfb_flow_request(viewer->flow, b))
			*out_drop = n;
		break;
	case RFB_CONTINUOUS_UPDATES:
		rfb_flow_enable(viewer->flow, b, g_get_monotonic_time());
		*out_drop = n;
		break;
	case RFB_FENCE:
		rfb_flow_fence(viewer->flow, b, g_get_monotonic_time());
		*out_drop = n;
		break;
	default: break;
	}
	return TRUE;
}

/* ---- from the desktop */

/* The beginning of a zlib stream passes once for each viewer, whatever desktop it comes from. */
static gboolean heed_stream(RfbRelay *relay, const RfbUnit *unit, guint8 *b, gsize *out_drop,
			    GError **error)
{
	guint8 bit = (guint8)(1 << unit->stream);
	gboolean begins = !(relay->desktop.streams & bit);

	relay->desktop.streams |= bit;
	if (begins && relay->viewer.streams & bit) {
		*out_drop = rfb_zlib_strip(unit, relay->desktop.units.pixels, b);
		if (*out_drop == 0) {
			g_set_error(error, FAULT, FAULT_DESKTOP,
				    "the desktop began a zlib stream without its header");
			return FALSE;
		}
	}
	relay->viewer.streams |= bit;
	return TRUE;
}

/* The size that the viewer sees from now on; the answer to a wish that failed changes nothing. */
static void note_size(RfbRelayViewer *viewer, const RfbUnit *unit)
{
	enum { ASKED_BY_THIS_CLIENT = 1 };
	gboolean failed = unit->type == RFB_EXT_DESKTOP_SIZE && unit->x == ASKED_BY_THIS_CLIENT &&
			  unit->y != 0;

	if ((unit->type != RFB_DESKTOP_SIZE && unit->type != RFB_EXT_DESKTOP_SIZE) || failed)
		return;
	viewer->width = unit->w;
	viewer->height = unit->h;
}

/* Any part of an update. */
static gboolean heed_picture(RfbRelay *relay, const RfbUnit *unit, guint8 *b, gsize *out_drop,
			     GError **error)
{
	relay->desktop.streams &= (guint8)~rfb_zlib_take_resets(unit, b);
	if (unit->type < 0 && unit->kind == RFB_UNIT_RECT) {
		relay->desktop.features |= rfb_feature(unit->type);
		note_size(&relay->viewer, unit);
	}
	return unit->stream < 0 || heed_stream(relay, unit, b, out_drop, error);
}

/* How much of a desktop's message is dropped: nothing, or all. */
static gsize heed_message(RfbRelay *relay, const RfbUnit *unit, const guint8 *b)
{
	unsigned wanted = relay->viewer.features, *announced = &relay->desktop.features;
	gsize n = unit->length;

	switch (unit->type) {
	case RFB_SERVER_CUT_TEXT: /* a negative length is the extended clipboard's */
		if (rfb_u32(b + 4) <= G_MAXINT32)
			return 0;
		*announced |= RFB_FEATURE_CLIPBOARD;
		return wanted & RFB_FEATURE_CLIPBOARD ? 0 : n;
	case RFB_XVP: *announced |= RFB_FEATURE_XVP; return wanted & RFB_FEATURE_XVP ? 0 : n;
	case RFB_QEMU: return wanted & RFB_FEATURE_AUDIO ? 0 : n;
	case RFB_CONTINUOUS_UPDATES:
	case RFB_FENCE: /* never asked for */ return n;
	default: return 0;
	}
}

gboolean rfb_heed_desktop(RfbRelay *relay, const RfbUnit *unit, guint8 *b, gsize *out_drop,
			  GError **error)
{
	*out_drop = 0;
	switch (unit->kind) {
	case RFB_UNIT_SKIP: *out_drop = unit->length; return TRUE;
	case RFB_UNIT_MESSAGE: *out_drop = heed_message(relay, unit, b); return TRUE;
	default: return heed_picture(relay, unit, b, out_drop, error);
	}
}
