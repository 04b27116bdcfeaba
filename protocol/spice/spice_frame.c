/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_frame: see spice_frame.h. */
#include "spice_frame.h"

#include "reader.h"

gssize spice_frame_next(SpiceFrame *frame, const guint8 *bytes, gsize n, Fault blame,
			GError **error)
{
	guint16 type;
	guint32 size;
	Reader r;

	if (frame->left == 0) {
		if (n < SPICE_FRAME_HEADER)
			return 0;
		reader_init(&r, bytes, n);
		type = reader_u16le(&r);
		size = reader_u32le(&r);
		if (size > SPICE_FRAME_MAX) {
			g_set_error(error, FAULT, blame, "SPICE message %u of %u bytes", type,
				    size);
			return -1;
		}
		frame->type = type;
		frame->left = frame->size = SPICE_FRAME_HEADER + (gsize)size;
	}
	return (gssize)MIN(frame->left, n);
}

void spice_frame_passed(SpiceFrame *frame, gsize n)
{
	g_assert(n <= frame->left);
	frame->left -= n;
}

gboolean spice_frame_main_init(const guint8 *message, gsize n, guint32 *out_session_id,
			       GError **error)
{
	guint16 type;
	guint32 size, session_id;
	Reader r;

	reader_init(&r, message, n);
	type = reader_u16le(&r);
	size = reader_u32le(&r);
	session_id = reader_u32le(&r);
	if (n < SPICE_FRAME_MAIN_INIT || type != SPICE_MAIN_INIT ||
	    size != SPICE_FRAME_MAIN_INIT - SPICE_FRAME_HEADER) {
		g_set_error(error, FAULT, FAULT_DESKTOP,
			    "SPICE main starts with message %u of %u bytes, not with INIT", type,
			    size);
		return FALSE;
	}
	*out_session_id = session_id;
	return TRUE;
}

void spice_frame_main_init_set(guint8 *message, guint32 session_id)
{
	for (unsigned i = 0; i < 4; i++)
		message[SPICE_FRAME_HEADER + i] = (guint8)(session_id >> (8 * i));
}

gboolean spice_frame_channels_list(const guint8 *body, gsize n, const SpiceFrameChannel **out_list,
				   guint32 *out_n, GError **error)
{
	guint32 count;
	const guint8 *list;
	Reader r;

	reader_init(&r, body, n);
	count = reader_u32le(&r);
	list = reader_bytes(&r, sizeof(SpiceFrameChannel) * (gsize)count);
	if (r.failed) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "SPICE channel list of %u in %zu bytes",
			    count, n);
		return FALSE;
	}
	*out_list = (const SpiceFrameChannel *)list;
	*out_n = count;
	return TRUE;
}

gboolean spice_frame_is_migration(guint16 type)
{
	return type == SPICE_MAIN_MIGRATE_BEGIN || type == SPICE_MAIN_MIGRATE_SWITCH_HOST ||
	       type == SPICE_MAIN_MIGRATE_BEGIN_SEAMLESS;
}
