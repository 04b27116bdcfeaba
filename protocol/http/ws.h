/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ws: WebSocket, the server's side (RFC 6455): the handshake's answer, frame headers both ways and
 * the mask. Payloads are not kept or copied here: a frame is streamed however long it is. No
 * extensions. Only binary messages: a text message is refused with 1003.
 */
#pragma once

#include <glib.h>

#include "http/head.h"

typedef enum {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
} WsOpcode;

/* RFC 6455, 7.4.1 */
enum {
	WS_CODE_NORMAL = 1000,
	WS_CODE_GOING_AWAY = 1001,
	WS_CODE_PROTOCOL = 1002,
	WS_CODE_UNSUPPORTED = 1003,
	WS_CODE_NONE = 1005, /* never on the wire: the close frame had no code */
	WS_CODE_POLICY = 1008,
	WS_CODE_TOO_BIG = 1009,
	WS_CODE_INTERNAL = 1011,
	WS_CODE_LATER = 1013,
};

#define WS_HEADER_MAX  10         /* of ours, unmasked: fits BUFFER_HEADROOM             */
#define WS_CONTROL_MAX 125        /* payload of a control frame                          */
#define WS_FRAME_MAX   0x7fffffff /* payload of a client's frame; more is closed by 1009 */

/* ---- handshake */

/* The bytes of the 101 answer (g_free), with the subprotocol "binary" if it was offered and none
 * otherwise. FAULT_CLIENT if the handshake is wrong (RFC 6455, 4.2.1). */
char *ws_accept(const Head *head, GError **error);

/* Whether a page of this Origin (RFC 6454) may open a WebSocket here: one of the site that Host
 * names, or one of `others` ("https://portal.example.com"; NULL-terminated). A program that is no
 * browser says none, and may. */
gboolean ws_origin_ok(const Head *head, char *const *others);

/* ---- frames from the client */

/* Zeroed before the first frame. */
typedef struct {
	gboolean in_message; /* a data message was begun and its last frame has not come */
	unsigned fault_code; /* after a failure: the code to close with                  */
} WsParser;

typedef struct {
	WsOpcode opcode;
	gboolean fin;
	guint32 length; /* of the payload that follows; at most WS_FRAME_MAX */
	guint8 mask[4];
} WsFrame;

/* One frame's header at the front of the bytes: its length and *out; 0 when more bytes are needed;
 * -1 with FAULT_CLIENT and parser->fault_code. */
gssize ws_parse(WsParser *parser, const void *bytes, gsize n, WsFrame *out, GError **error);

/* Takes the mask off n bytes in place (or puts it on), which begin `offset` bytes into the payload
 * of their frame. */
void ws_mask(guint8 *bytes, gsize n, const guint8 mask[4], guint64 offset);

/* The code of a close frame's (unmasked) payload; WS_CODE_NONE if it is empty, WS_CODE_PROTOCOL if
 * it is malformed: bad length, a code that may not be sent, a reason that is not UTF-8. */
unsigned ws_close_code(const guint8 *payload, gsize n);

/* ---- frames to the client */

/* Writes the header of a whole (FIN) frame directly in front of its n bytes of payload and returns
 * the header's length, at most WS_HEADER_MAX. */
gsize ws_header(guint8 *payload, guint64 n, WsOpcode opcode);

/* A whole close frame; returns its length. WS_CODE_NONE sends none. The reason may be NULL; it is
 * cut at a character to fit, and left out if it is not UTF-8. */
gsize ws_close(guint8 out[2 + WS_CONTROL_MAX], unsigned code, const char *reason);

/* A whole pong frame for a ping's (unmasked) payload of at most WS_CONTROL_MAX bytes. */
gsize ws_pong(guint8 out[2 + WS_CONTROL_MAX], const guint8 *payload, gsize n);
