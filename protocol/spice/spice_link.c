/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_link: see spice_link.h. */
#include "spice_link.h"

#include "reader.h"

#include <string.h>

#define MAGIC     0x51444552 /* "REDQ" */
#define MAJOR     2
#define MINOR     2
#define CAPS_MAX  1024              /* words of one kind, as in libspice */
#define MIGRATION (1 << 0 | 1 << 3) /* main: semi-seamless and seamless migration */

/* What every desktop can do (QEMU 7.2 and our own lobby), per channel. */
static const struct {
	const char *name;
	guint32 caps;
} channels[] = {
	[SPICE_CHANNEL_MAIN] = {"main", 0x6},          /* name and uuid, agent tokens */
	[SPICE_CHANNEL_DISPLAY] = {"display", 0x1052}, /* monitors, streams, compression, codecs */
	[SPICE_CHANNEL_INPUTS] = {"inputs", 0x1},      /* scancodes */
	[SPICE_CHANNEL_CURSOR] = {"cursor", 0},
	[SPICE_CHANNEL_PLAYBACK] = {"playback", 0xa}, /* volume, opus */
	[SPICE_CHANNEL_RECORD] = {"record", 0x6},     /* volume, opus */
	[SPICE_CHANNEL_SMARTCARD] = {"smartcard", 0},
	[SPICE_CHANNEL_USBREDIR] = {"usbredir", 0x1}, /* LZ4 */
	[SPICE_CHANNEL_PORT] = {"port", 0x1},
	[SPICE_CHANNEL_WEBDAV] = {"webdav", 0x1},
};

const char *spice_link_channel_name(guint8 type)
{
	return type < G_N_ELEMENTS(channels) ? channels[type].name : NULL;
}

gboolean spice_link_header(const guint8 *bytes, gsize least, Fault blame, guint32 *out_size,
			   GError **error)
{
	Reader r;
	guint32 magic, major, size;

	reader_init(&r, bytes, SPICE_LINK_HEADER);
	magic = reader_u32le(&r);
	major = reader_u32le(&r);
	reader_u32le(&r); /* the minor version never told anything apart */
	size = reader_u32le(&r);
	if (magic != MAGIC || major != MAJOR) {
		g_set_error(error, FAULT, blame, "not a SPICE 2 link (version %u)",
			    magic == MAGIC ? major : 0);
		return FALSE;
	}
	if (size < least || size > SPICE_LINK_MAX) {
		g_set_error(error, FAULT, blame, "SPICE link of %u bytes", size);
		return FALSE;
	}
	*out_size = size;
	return TRUE;
}

/* The first word of each kind; the words lie at `offset` of the structure, common ones first. */
static gboolean caps_read(const guint8 *bytes, gsize n, guint32 n_common, guint32 n_channel,
			  guint32 offset, gsize fixed, guint32 *out_common, guint32 *out_channel)
{
	Reader r;

	if (n_common > CAPS_MAX || n_channel > CAPS_MAX || offset < fixed || offset > n)
		return FALSE;
	if ((n - offset) / 4 < (gsize)n_common + n_channel)
		return FALSE;
	reader_init(&r, bytes + offset, n - offset);
	*out_common = n_common > 0 ? reader_u32le(&r) : 0;
	if (n_common > 1)
		reader_bytes(&r, 4 * (gsize)(n_common - 1));
	*out_channel = n_channel > 0 ? reader_u32le(&r) : 0;
	return !r.failed;
}

gboolean spice_link_mess(const guint8 *bytes, gsize n, SpiceLinkMess *out, GError **error)
{
	SpiceLinkMess mess = {0};
	guint32 n_common, n_channel, offset;
	Reader r;

	reader_init(&r, bytes, n);
	mess.connection_id = reader_u32le(&r);
	mess.type = reader_u8(&r);
	mess.id = reader_u8(&r);
	n_common = reader_u32le(&r);
	n_channel = reader_u32le(&r);
	offset = reader_u32le(&r);
	if (r.failed || !caps_read(bytes, n, n_common, n_channel, offset, SPICE_LINK_MESS,
				   &mess.common, &mess.channel)) {
		g_set_error(error, FAULT, FAULT_CLIENT, "malformed SPICE link of %zu bytes", n);
		return FALSE;
	}
	*out = mess;
	return TRUE;
}

gboolean spice_link_reply(const guint8 *bytes, gsize n, SpiceLinkReply *out, GError **error)
{
	SpiceLinkReply reply = {0};
	guint32 n_common, n_channel, offset;
	const guint8 *key;
	Reader r;

	reader_init(&r, bytes, n);
	reply.error = reader_u32le(&r);
	key = reader_bytes(&r, SPICE_LINK_KEY);
	n_common = reader_u32le(&r);
	n_channel = reader_u32le(&r);
	offset = reader_u32le(&r);
	if (r.failed)
		goto malformed;
	memcpy(reply.key, key, sizeof reply.key);
	/* A refusal is all zeros behind the error, its offset too. */
	if (reply.error == SPICE_LINK_OK &&
	    !caps_read(bytes, n, n_common, n_channel, offset, SPICE_LINK_REPLY, &reply.common,
		       &reply.channel))
		goto malformed;
	*out = reply;
	return TRUE;
malformed:
	g_set_error(error, FAULT, FAULT_DESKTOP, "malformed SPICE link reply of %zu bytes", n);
	return FALSE;
}

static void append_header(Buffer *out, gsize size)
{
	buffer_append_u32le(out, MAGIC);
	buffer_append_u32le(out, MAJOR);
	buffer_append_u32le(out, MINOR);
	buffer_append_u32le(out, (guint32)size);
}

void spice_link_append_mess(Buffer *out, const SpiceLinkMess *mess)
{
	guint32 n_channel = mess->channel != 0;

	append_header(out, SPICE_LINK_MESS + 4 * (1 + n_channel));
	buffer_append_u32le(out, mess->connection_id);
	buffer_append_u8(out, mess->type);
	buffer_append_u8(out, mess->id);
	buffer_append_u32le(out, 1);
	buffer_append_u32le(out, n_channel);
	buffer_append_u32le(out, SPICE_LINK_MESS);
	buffer_append_u32le(out, mess->common);
	if (n_channel > 0)
		buffer_append_u32le(out, mess->channel);
}

void spice_link_append_reply(Buffer *out, const SpiceLinkReply *reply)
{
	guint32 n_channel = reply->channel != 0;

	append_header(out, SPICE_LINK_REPLY + 4 * (1 + n_channel));
	buffer_append_u32le(out, reply->error);
	buffer_append(out, reply->key, sizeof reply->key);
	buffer_append_u32le(out, 1);
	buffer_append_u32le(out, n_channel);
	buffer_append_u32le(out, SPICE_LINK_REPLY);
	buffer_append_u32le(out, reply->common);
	if (n_channel > 0)
		buffer_append_u32le(out, reply->channel);
}

void spice_link_append_error(Buffer *out, guint32 code)
{
	static const guint8 zeros[SPICE_LINK_REPLY - 4];

	g_assert(code != SPICE_LINK_OK && code != 5);
	append_header(out, SPICE_LINK_REPLY);
	buffer_append_u32le(out, code);
	buffer_append(out, zeros, sizeof zeros);
}

void spice_link_offer(const SpiceLinkMess *viewer, gboolean sasl, SpiceLinkReply *out)
{
	out->common = SPICE_LINK_AUTH_SELECTION | SPICE_LINK_AUTH_SPICE | SPICE_LINK_MINI_HEADER;
	if (sasl)
		out->common |= viewer->common & SPICE_LINK_AUTH_SASL;
	out->channel = viewer->type < G_N_ELEMENTS(channels) ? channels[viewer->type].caps : 0;
}

void spice_link_forward(const SpiceLinkMess *viewer, guint32 connection_id, SpiceLinkMess *out)
{
	*out = *viewer;
	out->connection_id = connection_id;
	out->common &= ~(guint32)SPICE_LINK_AUTH_SASL;
	if (viewer->type == SPICE_CHANNEL_MAIN)
		out->channel &= ~(guint32)MIGRATION;
}
