/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_swap: see spice_swap.h. */
#include "relay/spice_swap.h"

#include "reader.h"

#include <string.h>

#define LIST_MAX     1024  /* bytes of a channel list: more than 500 channels */
#define SURFACES_MAX 16384 /* a QXL card has 1024, unless somebody gives it more */
#define ACK_BUNCH    4     /* motions that one acknowledgement is for */
#define MOTIONS_MAX  256   /* a viewer waits with the next one after 8 */

enum { /* from the desktop */
       MAIN_MOUSE_MODE = 105,
       MAIN_MULTI_MEDIA_TIME = 106,
       MAIN_AGENT_DISCONNECTED = 108,
       MAIN_NAME = 113,
       MAIN_AGENT_CONNECTED_TOKENS = 115,
       DISPLAY_INVAL_ALL_PIXMAPS = 106,
       DISPLAY_INVAL_ALL_PALETTES = 108,
       DISPLAY_STREAM_DESTROY_ALL = 126,
       DISPLAY_SURFACE_CREATE = 314,
       DISPLAY_SURFACE_DESTROY = 315,
       INPUTS_MOTION_ACK = 111,
       CURSOR_RESET = 102,
       PLAYBACK_STOP = 104,
       RECORD_STOP = 102,
};

enum { /* from the viewer */
       MAIN_ATTACH_CHANNELS = 104,
       MAIN_AGENT_START = 106,
       MAIN_AGENT_DATA = 107,
       MAIN_AGENT_TOKEN = 108,
       INPUTS_MOTION = 111,
       INPUTS_POSITION = 112,
};

static void append_header(Buffer *out, guint16 type, guint32 size)
{
	buffer_append_u16le(out, type);
	buffer_append_u32le(out, size);
}

static void append_u32(Buffer *out, guint16 type, guint32 value)
{
	append_header(out, type, sizeof value);
	buffer_append_u32le(out, value);
}

/* ---- bits */

static gboolean has_bit(const GByteArray *bits, guint32 i)
{
	return bits != NULL && i / 8 < bits->len && bits->data[i / 8] & 1 << i % 8;
}

/* Takes room for as many as there are below the highest. */
static void set_bit(GByteArray **bits, guint32 i)
{
	static const guint8 zeros[16];

	if (*bits == NULL)
		*bits = g_byte_array_new();
	while ((*bits)->len <= i / 8)
		g_byte_array_append(*bits, zeros, sizeof zeros);
	(*bits)->data[i / 8] |= (guint8)(1 << i % 8);
}

/* ---- watch */

static gboolean survives(guint8 type)
{
	switch (type) {
	case SPICE_CHANNEL_MAIN:
	case SPICE_CHANNEL_DISPLAY:
	case SPICE_CHANNEL_INPUTS:
	case SPICE_CHANNEL_CURSOR:
	case SPICE_CHANNEL_PLAYBACK:
	case SPICE_CHANNEL_RECORD: return TRUE;
	default: return FALSE; /* the devices behind them have said who they are, once */
	}
}

/* Its bit, if it survives. */
static guint32 place_of(const SpiceFrameChannel *channel)
{
	return channel->type * 256u + channel->id;
}

/* True if the viewer has had this one in an earlier list, and has it still. */
static gboolean has_channel(const SpiceRelay *relay, const SpiceFrameChannel *channel)
{
	return survives(channel->type) && has_bit(relay->listed, place_of(channel));
}

/* A viewer opens every channel that it is told of, so it is told only of those that it lacks: by
 * us, also if the desktop has gone before there was room in the viewer's line. */
static gboolean take_list(SpiceRelay *relay, const guint8 *body, gsize n, GError **error)
{
	GByteArray *fresh = g_byte_array_new();
	const SpiceFrameChannel *list;
	guint32 count;

	if (!spice_frame_channels_list(body, n, &list, &count, error)) {
		g_byte_array_unref(fresh);
		return FALSE;
	}
	for (guint32 i = 0; i < count; i++) {
		if (!has_channel(relay, &list[i]))
			g_byte_array_append(fresh, (const guint8 *)&list[i], sizeof list[i]);
	}
	for (guint32 i = 0; i < count; i++) {
		if (survives(list[i].type))
			set_bit(&relay->listed, place_of(&list[i]));
	}
	relay->down_drop = TRUE;
	if (fresh->len > 0) {
		append_header(&relay->ours, SPICE_MAIN_CHANNELS_LIST, 4 + fresh->len);
		buffer_append_u32le(&relay->ours, fresh->len / 2);
		buffer_append(&relay->ours, fresh->data, fresh->len);
	}
	g_byte_array_unref(fresh);
	return TRUE;
}

/* The surface that a display's message makes or does away with. */
static guint32 surface_in(const guint8 *message)
{
	Reader r;

	reader_init(&r, message + SPICE_FRAME_HEADER, 4);
	return reader_u32le(&r);
}

/* What the window is called: a desktop says what its hypervisor calls it. */
static void take_name(SpiceRelay *relay, const char *name)
{
	guint32 size;

	if (name == NULL || *name == '\0')
		return;
	size = (guint32)strlen(name) + 1;
	append_header(&relay->ours, MAIN_NAME, 4 + size);
	buffer_append_u32le(&relay->ours, size);
	buffer_append(&relay->ours, name, size);
	relay->down_drop = TRUE;
}

static gssize watch_main(SpiceRelay *relay, const char *name, const guint8 *bytes, gsize n,
			 GError **error)
{
	gsize size = relay->down.size;

	relay->down_drop = spice_frame_is_migration(relay->down.type);
	if (relay->down.type == MAIN_NAME)
		take_name(relay, name);
	if (relay->down.type == SPICE_MAIN_MIGRATE_SWITCH_HOST) {
		g_set_error_literal(error, FAULT, FAULT_DESKTOP,
				    "the desktop has moved to another host");
		return -1;
	}
	if (relay->down.type != SPICE_MAIN_CHANNELS_LIST || size > LIST_MAX || n < size)
		return relay->down.type == SPICE_MAIN_CHANNELS_LIST && size <= LIST_MAX
			       ? (gssize)size
			       : 0;
	return take_list(relay, bytes + SPICE_FRAME_HEADER, size - SPICE_FRAME_HEADER, error)
		       ? (gssize)size
		       : -1;
}

static gssize watch_display(SpiceRelay *relay, const guint8 *bytes, gsize n, GError **error)
{
	const gsize needs = SPICE_FRAME_HEADER + 4;
	gboolean created = relay->down.type == DISPLAY_SURFACE_CREATE;

	if ((!created && relay->down.type != DISPLAY_SURFACE_DESTROY) || relay->down.size < needs)
		return 0;
	if (n < needs)
		return (gssize)needs;
	if (created && surface_in(bytes) >= SURFACES_MAX) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "surface %u of at most %d",
			    surface_in(bytes), SURFACES_MAX);
		return -1;
	}
	relay->down_surface = TRUE;
	return (gssize)needs;
}

void spice_swap_begins_down(SpiceRelay *relay, const guint8 *bytes)
{
	guint32 id;

	if (!relay->down_surface)
		return;
	relay->down_surface = FALSE;
	id = surface_in(bytes);
	if (relay->down.type == DISPLAY_SURFACE_CREATE)
		set_bit(&relay->surfaces, id);
	else if (has_bit(relay->surfaces, id))
		relay->surfaces->data[id / 8] ^= (guint8)(1 << id % 8);
}

gssize spice_swap_watch_down(SpiceRelay *relay, const char *name, guint8 *bytes, gsize n,
			     GError **error)
{
	relay->down_drop = FALSE;
	switch (relay->channel->mess.type) {
	case SPICE_CHANNEL_MAIN: return watch_main(relay, name, bytes, n, error);
	case SPICE_CHANNEL_DISPLAY: return watch_display(relay, bytes, n, error);
	case SPICE_CHANNEL_INPUTS:
		if (relay->down.type == INPUTS_MOTION_ACK)
			relay->motions -= MIN(relay->motions, ACK_BUNCH);
		return 0;
	default: return 0;
	}
}

void spice_swap_watch_up(SpiceRelay *relay)
{
	guint16 type = relay->up.type;

	relay->up_drop = FALSE;
	if (relay->channel->mess.type == SPICE_CHANNEL_INPUTS)
		relay->motions =
			MIN(relay->motions + (type == INPUTS_MOTION || type == INPUTS_POSITION),
			    MOTIONS_MAX);
	if (relay->channel->mess.type != SPICE_CHANNEL_MAIN)
		return;
	if (type == MAIN_AGENT_START)
		relay->agent_shut = FALSE;
	/* libspice-server does not survive a word to an agent that was not started. */
	relay->up_drop = relay->agent_shut && (type == MAIN_AGENT_DATA || type == MAIN_AGENT_TOKEN);
}

/* ---- part */

gboolean spice_swap_part(Session *s, SpiceRelay *relay)
{
	SpiceFrame *down = &relay->down, *up = &relay->up;

	if (!survives(relay->channel->mess.type))
		return FALSE;
	if (down->left > 0 && !spice_frame_fresh(down) && !relay->down_drop)
		relay->pad = down->left;
	*down = (SpiceFrame){0};
	relay->down_seen = relay->down_drop = relay->down_surface = FALSE;
	buffer_clear(&s->desktop.in);
	if (relay->up_ready > 0)
		buffer_consume(&s->client.in, relay->up_ready);
	relay->up_ready = 0;
	if (up->left > 0 && !spice_frame_fresh(up))
		relay->up_drop = TRUE;
	return TRUE;
}

/* ---- arrive */

/* What MAIN_INIT says, in the messages that say the same to a viewer that has had one. */
static gboolean retell_init(Session *s, SpiceRelay *relay, GError **error)
{
	guint32 supported, current, connected, tokens, time;
	Buffer *ours = &relay->ours;
	Reader r;

	if (buffer_length(&s->desktop.in) < SPICE_FRAME_MAIN_INIT) {
		g_set_error_literal(error, FAULT, FAULT_BUG, "main is linked without INIT");
		return FALSE;
	}
	reader_init(&r, buffer_bytes(&s->desktop.in), SPICE_FRAME_MAIN_INIT);
	reader_bytes(&r, SPICE_FRAME_HEADER + 8); /* session id, hint of displays */
	supported = reader_u32le(&r);
	current = reader_u32le(&r);
	connected = reader_u32le(&r);
	tokens = reader_u32le(&r);
	time = reader_u32le(&r);
	buffer_consume(&s->desktop.in, SPICE_FRAME_MAIN_INIT);
	append_u32(ours, MAIN_AGENT_DISCONNECTED, 0);
	append_u32(ours, MAIN_MULTI_MEDIA_TIME, time);
	append_header(ours, MAIN_MOUSE_MODE, 4);
	buffer_append_u16le(ours, (guint16)supported);
	buffer_append_u16le(ours, (guint16)current);
	if (connected)
		append_u32(ours, MAIN_AGENT_CONNECTED_TOKENS, tokens);
	relay->agent_shut = TRUE;
	append_header(&s->desktop.out, MAIN_ATTACH_CHANNELS, 0);
	return TRUE;
}

/* The primary surface (0) last: others may be drawn from it, and on it. */
static void forget_picture(SpiceRelay *relay)
{
	Buffer *ours = &relay->ours;

	append_header(ours, DISPLAY_STREAM_DESTROY_ALL, 0);
	for (guint32 id = relay->surfaces ? relay->surfaces->len * 8 : 0; id-- > 0;) {
		if (has_bit(relay->surfaces, id))
			append_u32(ours, DISPLAY_SURFACE_DESTROY, id);
	}
	g_clear_pointer(&relay->surfaces, g_byte_array_unref);
	append_header(ours, DISPLAY_INVAL_ALL_PIXMAPS, 1);
	buffer_append_u8(ours, 0); /* after no message of another channel */
	append_header(ours, DISPLAY_INVAL_ALL_PALETTES, 0);
}

/* A viewer stops its pointer while too much of it is unacknowledged. */
static void acknowledge_motions(SpiceRelay *relay)
{
	for (; relay->motions >= ACK_BUNCH; relay->motions -= ACK_BUNCH)
		append_header(&relay->ours, INPUTS_MOTION_ACK, 0);
}

gboolean spice_swap_arrive(Session *s, SpiceRelay *relay, GError **error)
{
	switch (relay->channel->mess.type) {
	case SPICE_CHANNEL_MAIN: return retell_init(s, relay, error);
	case SPICE_CHANNEL_DISPLAY: forget_picture(relay); break;
	case SPICE_CHANNEL_INPUTS: acknowledge_motions(relay); break;
	case SPICE_CHANNEL_CURSOR: append_header(&relay->ours, CURSOR_RESET, 0); break;
	case SPICE_CHANNEL_PLAYBACK: append_header(&relay->ours, PLAYBACK_STOP, 0); break;
	case SPICE_CHANNEL_RECORD: append_header(&relay->ours, RECORD_STOP, 0); break;
	default: break;
	}
	return TRUE;
}

/* ---- come again */

gboolean spice_swap_send_away(SpiceRelay *relay, const char *host, guint16 port)
{
	enum { FIXED = 20 };
	guint32 size = (guint32)strlen(host) + 1;
	Buffer *last = &relay->last;

	if (relay->channel->mess.type != SPICE_CHANNEL_MAIN)
		return FALSE;
	buffer_clear(last);
	append_header(last, SPICE_MAIN_MIGRATE_SWITCH_HOST, FIXED + size);
	buffer_append_u16le(last, 0); /* nothing without TLS */
	buffer_append_u16le(last, port);
	buffer_append_u32le(last, size);
	buffer_append_u32le(last, FIXED);
	buffer_append_u32le(last, 0); /* whom the certificate is for: the host says */
	buffer_append_u32le(last, 0);
	buffer_append(last, host, size);
	return TRUE;
}

void spice_swap_clear(SpiceRelay *relay)
{
	buffer_clear(&relay->last);
	buffer_clear(&relay->ours);
	g_clear_pointer(&relay->surfaces, g_byte_array_unref);
	g_clear_pointer(&relay->listed, g_byte_array_unref);
}
