/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb: the numbers of the Remote Framebuffer protocol (RFC 6143, the rfbproto community
 * specification, QEMU's rfb extensions) and the little that both roles of a handshake and the
 * unit parser share.
 */
#pragma once

#include "buffer.h"

/* What a handshake says to its caller. */
typedef enum {
	RFB_MORE,        /* rfb_server_need() / rfb_client_need() bytes must stand in `in` */
	RFB_START_TLS,   /* flush `out`, start TLS, then say ..._secured()                 */
	RFB_CREDENTIALS, /* server role: user and password are there                       */
	RFB_READY,       /* server role: ClientInit was read; client role: ServerInit was  */
	RFB_FAILED,      /* error is set                                                   */
} RfbEvent;

#define RFB_VERSION_SIZE 12 /* "RFB 003.008\n" */
#define RFB_NAME_MAX     4096
#define RFB_REASON_MAX   4096
#define RFB_SCREEN_MAX   16384 /* pixels, each way */

enum { RFB_SECURITY_NONE = 1, RFB_SECURITY_VNC = 2, RFB_SECURITY_VENCRYPT = 19 };
enum { RFB_X509_NONE = 260, RFB_X509_VNC = 261, RFB_X509_PLAIN = 262 };

/* Messages of the server. */
enum {
	RFB_FRAMEBUFFER_UPDATE = 0,
	RFB_COLOUR_MAP = 1,
	RFB_BELL = 2,
	RFB_SERVER_CUT_TEXT = 3,
};

/* Messages of the client. */
enum {
	RFB_SET_PIXEL_FORMAT = 0,
	RFB_SET_ENCODINGS = 2,
	RFB_UPDATE_REQUEST = 3,
	RFB_KEY_EVENT = 4,
	RFB_POINTER_EVENT = 5,
	RFB_CLIENT_CUT_TEXT = 6,
	RFB_SET_DESKTOP_SIZE = 251,
};

/* Messages that both may send. */
enum {
	RFB_CONTINUOUS_UPDATES = 150, /* client: enable or disable; server: they have ended */
	RFB_FENCE = 248,
	RFB_XVP = 250,
	RFB_QEMU = 255, /* 0: extended key, 1: audio */
};
enum { RFB_QEMU_KEY = 0, RFB_QEMU_AUDIO = 1 };

/* What framing needs to know of a pixel format. */
typedef struct {
	guint8 bytes;  /* of a pixel: 1, 2 or 4 */
	guint8 tpixel; /* of a pixel in Tight's compact form */
} RfbPixels;

#define RFB_PIXEL_FORMAT_SIZE 16

/* The one format in which every viewer sees its desktop at first: 32 bits, depth 24, little
 * endian, true colour, 8 bits each of red, green, blue at 16, 8, 0. */
extern const guint8 rfb_canonical[RFB_PIXEL_FORMAT_SIZE];

/* What framing needs of a PIXEL_FORMAT; FALSE if its bits per pixel are not 8, 16 or 32. */
gboolean rfb_pixels_read(const guint8 format[RFB_PIXEL_FORMAT_SIZE], RfbPixels *out);

/* The minor version to speak with a peer that said these bytes: 3, 7 or 8; 0 if they are no
 * version. Odd numbers are taken as RFC 6143 7.1.1 says and as the field does: 003.889 and 004.*
 * are 3.8, anything below 3.7 is 3.3. */
unsigned rfb_version_read(const guint8 bytes[RFB_VERSION_SIZE]);
void rfb_version_append(Buffer *out, unsigned minor);

/* A U32 length and the text. */
void rfb_text_append(Buffer *out, const char *text);

static inline guint16 rfb_u16(const guint8 *b)
{
	return (guint16)(b[0] << 8 | b[1]);
}
static inline guint32 rfb_u32(const guint8 *b)
{
	return (guint32)b[0] << 24 | (guint32)b[1] << 16 | (guint32)b[2] << 8 | b[3];
}
