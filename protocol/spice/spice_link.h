/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spice_link: the first messages of a SPICE connection (one per channel), both roles: a header, the
 * client's mess, the server's reply. All little endian, packed. After them come the ticket
 * (spice_ticket) or SASL (spice_sasl), a result, and then messages (spice_frame).
 * Layout: spice-protocol, protocol.h; sizes and order checked against QEMU 7.2 and virt-viewer 11.
 *
 * The reply names the server's abilities before anybody knows which desktop it will be, so ours
 * come from a table of what every desktop has; what the viewer says is kept for the desktop.
 */
#pragma once

#include "buffer.h"
#include "fault.h"

#define SPICE_LINK_HEADER 16
#define SPICE_LINK_MESS   18
#define SPICE_LINK_REPLY  178
#define SPICE_LINK_KEY    162  /* DER SubjectPublicKeyInfo of RSA-1024 with e = 65537 */
#define SPICE_LINK_MAX    4096 /* what a header may announce */

enum {
	SPICE_LINK_OK = 0,
	SPICE_LINK_PERMISSION_DENIED = 7,
	SPICE_LINK_CHANNEL_NOT_AVAILABLE = 9,
};

typedef enum {
	SPICE_CHANNEL_MAIN = 1,
	SPICE_CHANNEL_DISPLAY = 2,
	SPICE_CHANNEL_INPUTS = 3,
	SPICE_CHANNEL_CURSOR = 4,
	SPICE_CHANNEL_PLAYBACK = 5,
	SPICE_CHANNEL_RECORD = 6,
	SPICE_CHANNEL_SMARTCARD = 8,
	SPICE_CHANNEL_USBREDIR = 9,
	SPICE_CHANNEL_PORT = 10,
	SPICE_CHANNEL_WEBDAV = 11,
} SpiceChannelType;

/* Bits of the common capabilities. */
enum {
	SPICE_LINK_AUTH_SELECTION = 1 << 0,
	SPICE_LINK_AUTH_SPICE = 1 << 1,
	SPICE_LINK_AUTH_SASL = 1 << 2,
	SPICE_LINK_MINI_HEADER = 1 << 3,
};

/* The u32 with which a client chooses how to log in. */
enum {
	SPICE_LINK_MECHANISM_SPICE = 1,
	SPICE_LINK_MECHANISM_SASL = 2,
};

/* Capabilities are words of bits; nothing that exists lies beyond the first word of either kind, so
 * the rest is read over, and not passed on. */
typedef struct {
	guint32 connection_id; /* 0 on main; the session id of MAIN_INIT on every other channel */
	guint8 type;
	guint8 id;
	guint32 common;
	guint32 channel;
} SpiceLinkMess;

typedef struct {
	guint32 error;
	guint8 key[SPICE_LINK_KEY];
	guint32 common;
	guint32 channel;
} SpiceLinkReply;

/* "display" for 2, and so on; NULL for a type that does not exist. */
const char *spice_link_channel_name(guint8 type);

/* Reads the 16 bytes of a header; *out_size is what follows, `least` (SPICE_LINK_MESS or _REPLY) to
 * SPICE_LINK_MAX bytes. A wrong magic, major version or size sets the fault `blame`: whose bytes
 * these are. */
gboolean spice_link_header(const guint8 *bytes, gsize least, Fault blame, guint32 *out_size,
			   GError **error);

/* Reads a whole mess or reply of n bytes (without its header). FAULT_CLIENT, FAULT_DESKTOP. */
gboolean spice_link_mess(const guint8 *bytes, gsize n, SpiceLinkMess *out, GError **error);
gboolean spice_link_reply(const guint8 *bytes, gsize n, SpiceLinkReply *out, GError **error);

/* Append header and mess, header and reply, header and a reply that holds only an error. The error
 * NEED_SECURED (5) asserts: over TLS it makes viewers reconnect for ever. */
void spice_link_append_mess(Buffer *out, const SpiceLinkMess *mess);
void spice_link_append_reply(Buffer *out, const SpiceLinkReply *reply);
void spice_link_append_error(Buffer *out, guint32 code);

/* Our reply's capabilities for this viewer and channel. SASL is named only where it is served and
 * the viewer knows it: a viewer that sees the bit always takes it. */
void spice_link_offer(const SpiceLinkMess *viewer, gboolean sasl, SpiceLinkReply *out);

/* The mess towards the desktop for a viewer's channel: without SASL, and without migration, for
 * which the viewer would have to know the desktops' hosts. */
void spice_link_forward(const SpiceLinkMess *viewer, guint32 connection_id, SpiceLinkMess *out);
