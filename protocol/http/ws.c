/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ws: see ws.h. Why it is our own: docs/decisions/0001-own-websocket-framing.md. */
#include "http/ws.h"

#include <string.h>

#include "fault.h"
#include "reader.h"

#define FIN       0x80
#define RSV       0x70
#define OPCODE    0x0f
#define MASKED    0x80
#define KEY_BYTES 16
#define REASON    (WS_CONTROL_MAX - 2)

/* ---- handshake */

static gboolean refuse(GError **error, const char *why)
{
	g_set_error(error, FAULT, FAULT_CLIENT, "WebSocket: %s", why);
	return FALSE;
}

/* 16 bytes in base64, and in its one canonical form. */
static gboolean key_valid(const char *key)
{
	g_autofree guchar *bytes = NULL;
	g_autofree char *back = NULL;
	gsize n = 0;

	if (key == NULL || strlen(key) != 24)
		return FALSE;
	bytes = g_base64_decode(key, &n);
	back = g_base64_encode(bytes, n);
	return n == KEY_BYTES && strcmp(key, back) == 0;
}

static gboolean check_handshake(const Head *head, GError **error)
{
	if (strcmp(head->method, "GET") != 0 || head->minor < 1)
		return refuse(error, "not a GET of HTTP/1.1");
	if (!head_lists(head, "upgrade", "websocket") || !head_lists(head, "connection", "upgrade"))
		return refuse(error, "no upgrade asked for");
	if (g_strcmp0(head_header(head, "sec-websocket-version"), "13") != 0)
		return refuse(error, "not version 13");
	if (!key_valid(head_header(head, "sec-websocket-key")))
		return refuse(error, "a bad key");
	if (head_header(head, "content-length") || head_header(head, "transfer-encoding"))
		return refuse(error, "a handshake with a body");
	return TRUE;
}

char *ws_accept(const Head *head, GError **error)
{
	g_autoptr(GChecksum) sha1 = NULL;
	g_autofree char *accept = NULL;
	guint8 digest[20];
	gsize n = sizeof digest;

	if (!check_handshake(head, error))
		return NULL;
	sha1 = g_checksum_new(G_CHECKSUM_SHA1);
	g_checksum_update(sha1, (const guchar *)head_header(head, "sec-websocket-key"), -1);
	g_checksum_update(sha1, (const guchar *)"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
	g_checksum_get_digest(sha1, digest, &n);
	accept = g_base64_encode(digest, n);
	return g_strdup_printf("HTTP/1.1 101 Switching Protocols\r\n"
			       "Upgrade: websocket\r\n"
			       "Connection: Upgrade\r\n"
			       "Sec-WebSocket-Accept: %s\r\n"
			       "%s\r\n",
			       accept,
			       head_lists(head, "sec-websocket-protocol", "binary")
				       ? "Sec-WebSocket-Protocol: binary\r\n"
				       : "");
}

gboolean ws_origin_ok(const Head *head, char *const *others)
{
	const char *origin = head_header(head, "Origin");
	const char *host = head_header(head, "Host");
	g_autofree char *own = host ? g_strconcat("https://", host, NULL) : NULL;

	if (origin == NULL || (own != NULL && g_ascii_strcasecmp(origin, own) == 0))
		return TRUE;
	for (; others != NULL && *others != NULL; others++) {
		if (g_ascii_strcasecmp(origin, *others) == 0)
			return TRUE;
	}
	return FALSE;
}

/* ---- frames from the client */

static const char *first_byte_wrong(const WsParser *parser, guint8 first, unsigned *code)
{
	gboolean fin = (first & FIN) != 0;

	*code = WS_CODE_PROTOCOL;
	if (first & RSV)
		return "a reserved bit";
	switch (first & OPCODE) {
	case WS_CONTINUATION: return parser->in_message ? NULL : "a continuation of nothing";
	case WS_TEXT: *code = WS_CODE_UNSUPPORTED; return "a text message";
	case WS_BINARY: return parser->in_message ? "a message inside another one" : NULL;
	case WS_CLOSE:
	case WS_PING:
	case WS_PONG: return fin ? NULL : "a control frame in pieces";
	default: return "an unknown opcode";
	}
}

static const char *length_wrong(guint8 opcode, guint8 coded, guint64 length, unsigned *code)
{
	*code = WS_CODE_PROTOCOL;
	if ((opcode & 8) && coded > WS_CONTROL_MAX)
		return "a long control frame";
	if ((coded == 126 && length < 126) || (coded == 127 && length < 0x10000))
		return "a length in more bytes than it needs";
	*code = WS_CODE_TOO_BIG;
	return length > WS_FRAME_MAX ? "a frame too big" : NULL;
}

static gssize parse_failed(WsParser *parser, unsigned code, const char *why, GError **error)
{
	parser->fault_code = code;
	refuse(error, why);
	return -1;
}

gssize ws_parse(WsParser *parser, const void *bytes, gsize n, WsFrame *out, GError **error)
{
	WsFrame frame = {0};
	Reader reader;
	guint8 first, second;
	const guint8 *mask;
	const char *wrong;
	guint64 length;
	unsigned code;

	if (n == 0)
		return 0;
	reader_init(&reader, bytes, n);
	first = reader_u8(&reader);
	wrong = first_byte_wrong(parser, first, &code);
	if (wrong != NULL)
		return parse_failed(parser, code, wrong, error);
	if (n == 1)
		return 0;
	second = reader_u8(&reader);
	if (!(second & MASKED))
		return parse_failed(parser, WS_CODE_PROTOCOL, "a frame without a mask", error);
	second &= (guint8)~MASKED;
	frame.opcode = (WsOpcode)(first & OPCODE);
	frame.fin = (first & FIN) != 0;
	length = second;
	if (second == 126) {
		length = reader_u16be(&reader);
	} else if (second == 127) {
		length = (guint64)reader_u32be(&reader) << 32;
		length |= reader_u32be(&reader);
	}
	if (reader.failed)
		return 0;
	wrong = length_wrong(first & OPCODE, second, length, &code);
	if (wrong != NULL)
		return parse_failed(parser, code, wrong, error);
	frame.length = (guint32)length;
	mask = reader_bytes(&reader, sizeof frame.mask);
	if (mask == NULL)
		return 0;
	memcpy(frame.mask, mask, sizeof frame.mask);
	if (frame.opcode < WS_CLOSE)
		parser->in_message = !frame.fin;
	*out = frame;
	return (gssize)(n - reader_left(&reader));
}

void ws_mask(guint8 *bytes, gsize n, const guint8 mask[4], guint64 offset)
{
	guint8 turned[8];
	guint64 wide, word;
	gsize i = 0;

	for (unsigned k = 0; k < sizeof turned; k++)
		turned[k] = mask[(offset + k) & 3];
	memcpy(&wide, turned, sizeof wide);
	for (; n - i >= sizeof word; i += sizeof word) {
		memcpy(&word, bytes + i, sizeof word);
		word ^= wide;
		memcpy(bytes + i, &word, sizeof word);
	}
	for (; i < n; i++)
		bytes[i] ^= turned[i & 3];
}

/* RFC 6455, 7.4, and the codes registered with IANA since (1012 to 1014). */
static gboolean code_sendable(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

unsigned ws_close_code(const guint8 *payload, gsize n)
{
	unsigned code;

	if (n == 0)
		return WS_CODE_NONE;
	if (n < 2 || n > WS_CONTROL_MAX)
		return WS_CODE_PROTOCOL;
	code = (unsigned)payload[0] << 8 | payload[1];
	if (!code_sendable(code) ||
	    !g_utf8_validate((const char *)payload + 2, (gssize)n - 2, NULL))
		return WS_CODE_PROTOCOL;
	return code;
}

/* ---- frames to the client */

gsize ws_header(guint8 *payload, guint64 n, WsOpcode opcode)
{
	guint64 long_n = GUINT64_TO_BE(n);
	guint16 short_n = GUINT16_TO_BE((guint16)n);
	gsize size = n <= 125 ? 2 : n <= G_MAXUINT16 ? 4 : WS_HEADER_MAX;
	guint8 *at = payload - size;

	at[0] = (guint8)(FIN | opcode);
	if (size == 2) {
		at[1] = (guint8)n;
	} else if (size == 4) {
		at[1] = 126;
		memcpy(at + 2, &short_n, sizeof short_n);
	} else {
		at[1] = 127;
		memcpy(at + 2, &long_n, sizeof long_n);
	}
	return size;
}

gsize ws_close(guint8 out[2 + WS_CONTROL_MAX], unsigned code, const char *reason)
{
	gsize n = 0;

	if (code == WS_CODE_NONE)
		return ws_header(out + 2, 0, WS_CLOSE);
	if (reason != NULL && g_utf8_validate(reason, -1, NULL)) {
		n = strlen(reason);
		if (n > REASON)
			n = (gsize)(g_utf8_find_prev_char(reason, reason + REASON + 1) - reason);
		memcpy(out + 4, reason, n);
	}
	out[2] = (guint8)(code >> 8);
	out[3] = (guint8)code;
	return ws_header(out + 2, n + 2, WS_CLOSE) + n + 2;
}

gsize ws_pong(guint8 out[2 + WS_CONTROL_MAX], const guint8 *payload, gsize n)
{
	g_assert(n <= WS_CONTROL_MAX);
	if (n > 0)
		memcpy(out + 2, payload, n);
	return ws_header(out + 2, n, WS_PONG) + n;
}
