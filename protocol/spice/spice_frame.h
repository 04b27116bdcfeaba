/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_frame: where one SPICE message ends and the next begins (mini headers: u16 type, u32 size,
 * little endian), and the few messages that a gateway must know. Messages are streamed: a picture
 * of a whole screen is tens of megabytes and is never held.
 *
 * Who relays to a viewer must know the ends: spice-gtk stalls when one TLS record holds the end of
 * one message and the start of the next.
 */
#pragma once

#include "buffer.h"
#include "fault.h"

#define SPICE_FRAME_HEADER 6
#define SPICE_FRAME_MAX    (64 * 1024 * 1024) /* of a body; a raw 4K screen is 33 MB */

/* Types below are of every channel (acks, pings, migration), from here on of its own kind. */
#define SPICE_FRAME_CHANNEL_FIRST 101

/* Messages from the desktop on the main channel. */
enum {
	SPICE_MAIN_MIGRATE_BEGIN = 101,
	SPICE_MAIN_INIT = 103,
	SPICE_MAIN_CHANNELS_LIST = 104,
	SPICE_MAIN_MIGRATE_SWITCH_HOST = 111,
	SPICE_MAIN_MIGRATE_BEGIN_SEAMLESS = 116,
};

/* The first message from the viewer on a display channel. */
#define SPICE_DISPLAY_INIT      101
#define SPICE_DISPLAY_INIT_BODY 14 /* u8 cache, i64 pixels, u8 dictionary, i32 window */

/* From the viewer, too: how the desktop is to compress from now on. */
#define SPICE_DISPLAY_PREFERRED_COMPRESSION 103 /* u8 */
#define SPICE_COMPRESSION_AUTO_LZ           3

/* One direction of a channel. Zeroed = between two messages. */
typedef struct {
	gsize left; /* of the current message, header included, until it has all been passed */
	gsize size; /* of the current message, header included */
	guint16 type;
} SpiceFrame;

/*
 * How many of the n bytes at hand belong to the current message; it becomes the next one when
 * nothing of the current one is left. 0: the next header is not there yet. -1 with the fault
 * `blame` if a message is longer than SPICE_FRAME_MAX.
 */
gssize spice_frame_next(SpiceFrame *frame, const guint8 *bytes, gsize n, Fault blame,
			GError **error);

/* n bytes of the current message have been passed on (or dropped). */
void spice_frame_passed(SpiceFrame *frame, gsize n);

/* True if nothing of the current message has been passed yet: its header is still at the front. */
static inline gboolean spice_frame_fresh(const SpiceFrame *frame)
{
	return frame->left == frame->size;
}

/* MAIN_INIT, a whole message with its header: the session id that further channels must name. False
 * (and FAULT_DESKTOP) if it is no INIT or too short. */
#define SPICE_FRAME_MAIN_INIT (SPICE_FRAME_HEADER + 32)
gboolean spice_frame_main_init(const guint8 *message, gsize n, guint32 *out_session_id,
			       GError **error);
void spice_frame_main_init_set(guint8 *message, guint32 session_id);

typedef struct {
	guint8 type;
	guint8 id;
} SpiceFrameChannel;

/* The body of CHANNELS_LIST; the entries stand in the message. FAULT_DESKTOP if the count does not
 * fit its size. */
gboolean spice_frame_channels_list(const guint8 *body, gsize n, const SpiceFrameChannel **out_list,
				   guint32 *out_n, GError **error);

/* True for a main-channel message that names another host to the viewer. */
gboolean spice_frame_is_migration(guint16 type);
