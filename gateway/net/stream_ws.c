/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream_ws: see stream_ws.h. */
#include "stream_ws.h"

#include "buffer.h"
#include "fault.h"
#include "http/ws.h"

#include <string.h>

#define HEAD_SHORT  6    /* of a masked frame with at most 125 bytes of payload */
#define CONTROL_MAX 1024 /* unsent control frames; more pongs are dropped (RFC 6455, 5.5.3) */
#define TURN_MAX    256  /* frames without payload in one read */

typedef struct {
	Stream stream;

	/* from the client */
	WsParser parser;
	guint8 head[HEAD_SHORT + 8];
	guint8 head_n;
	guint8 closed; /* a close frame was sent */
	WsFrame frame;
	guint64 left;    /* of the frame's payload; 0 = a header comes next         */
	guint8 *control; /* payload of the control frame in hand; NULL = another one */

	/* to the client */
	guint64 unsent; /* payload that the last header has promised       */
	Buffer pending; /* the rest of a header, and control frames; they go between frames */
} WsStream;

/* ---- to the client */

static Io push_pending(WsStream *ws, GError **error)
{
	while (buffer_length(&ws->pending) > 0) {
		gsize n;
		Io io = stream_write(ws->stream.below, buffer_bytes(&ws->pending),
				     buffer_length(&ws->pending), &n, error);

		if (io == IO_WAIT)
			ws->stream.wants = ws->stream.below->wants;
		if (io != IO_DONE)
			return io;
		buffer_consume(&ws->pending, n);
	}
	return IO_DONE;
}

/* Sends payload that a header has promised. */
static Io write_payload(WsStream *ws, guint8 *bytes, gsize n, gsize *out_n, GError **error)
{
	Io io = stream_write(ws->stream.below, bytes, MIN(n, ws->unsent), out_n, error);

	if (io == IO_DONE)
		ws->unsent -= *out_n;
	else if (io == IO_WAIT)
		ws->stream.wants = ws->stream.below->wants;
	return io;
}

static Io ws_stream_write(Stream *s, guint8 *bytes, gsize n, gsize *out_n, GError **error)
{
	WsStream *ws = (WsStream *)s;
	gsize header, sent;
	Io io;

	/* The rest of a header goes before its payload, a control frame only between frames. */
	if (buffer_length(&ws->pending) > 0) {
		io = push_pending(ws, error);
		if (io != IO_DONE)
			return io;
	}
	if (ws->unsent > 0)
		return write_payload(ws, bytes, n, out_n, error);
	header = ws_header(bytes, n, WS_BINARY);
	io = stream_write(s->below, bytes - header, header + n, &sent, error);
	if (io == IO_WAIT)
		s->wants = s->below->wants;
	if (io != IO_DONE)
		return io;
	ws->unsent = n;
	if (sent > header) {
		*out_n = sent - header;
		ws->unsent -= *out_n;
		return IO_DONE;
	}
	buffer_append(&ws->pending, bytes - header + sent, header - sent);
	s->wants = STREAM_WRITABLE;
	return IO_WAIT;
}

/* A header that was sent in part waits for its payload's turn, not for a flush; but nothing is
 * lost by pushing it. A control frame inside a frame would be one. */
static Io ws_stream_flush(Stream *s, GError **error)
{
	WsStream *ws = (WsStream *)s;
	Io io = push_pending(ws, error);

	if (io != IO_DONE)
		return io;
	io = stream_flush(s->below, error);
	if (io == IO_WAIT)
		s->wants = s->below->wants;
	return io;
}

/* In the middle of a frame a control frame cannot be said: it is dropped. A client asks again. */
static void send_control(WsStream *ws, const guint8 *frame, gsize n)
{
	if (ws->unsent > 0 || ws->closed || buffer_length(&ws->pending) > CONTROL_MAX)
		return;
	buffer_append(&ws->pending, frame, n);
	(void)push_pending(ws, NULL);
}

static void send_close(WsStream *ws, unsigned code, const char *reason)
{
	guint8 frame[2 + WS_CONTROL_MAX];

	send_control(ws, frame, ws_close(frame, code, reason));
	ws->closed = TRUE;
}

static void ws_stream_shutdown(Stream *s, const char *reason)
{
	WsStream *ws = (WsStream *)s;

	if (!ws->closed)
		send_close(ws, reason ? WS_CODE_GOING_AWAY : WS_CODE_NORMAL, reason);
	stream_shutdown(s->below, reason);
}

/* ---- from the client */

static Io below_read(WsStream *ws, void *bytes, gsize n, gsize *out_n, GError **error)
{
	Io io = stream_read(ws->stream.below, bytes, n, out_n, error);

	if (io == IO_WAIT)
		ws->stream.wants = ws->stream.below->wants;
	return io;
}

static Io read_header(WsStream *ws, GError **error)
{
	for (;;) {
		unsigned code = ws->head_n >= 2 ? ws->head[1] & 0x7f : 0;
		unsigned want = HEAD_SHORT + (code == 127 ? 8 : code == 126 ? 2 : 0);
		gssize parsed;
		gsize n;
		Io io;

		parsed = ws_parse(&ws->parser, ws->head, ws->head_n, &ws->frame, error);
		if (parsed < 0) {
			send_close(ws, ws->parser.fault_code, NULL);
			return IO_FAIL;
		}
		if (parsed > 0) {
			ws->head_n = 0;
			ws->left = ws->frame.length;
			return IO_DONE;
		}
		io = below_read(ws, ws->head + ws->head_n, want - ws->head_n, &n, error);
		if (io != IO_DONE)
			return io;
		ws->head_n += (guint8)n;
	}
}

/* Payload of the frame in hand, unmasked. */
static Io read_payload(WsStream *ws, void *bytes, gsize n, gsize *out_n, GError **error)
{
	Io io = below_read(ws, bytes, MIN(n, ws->left), out_n, error);

	if (io == IO_DONE) {
		ws_mask(bytes, *out_n, ws->frame.mask, ws->frame.length - ws->left);
		ws->left -= *out_n;
	}
	return io;
}

/* A whole control frame: IO_DONE when it was served. */
static Io read_control(WsStream *ws, GError **error)
{
	guint8 answer[2 + WS_CONTROL_MAX];
	gsize n;

	while (ws->left > 0) {
		Io io = read_payload(ws, ws->control + (ws->frame.length - ws->left), ws->left, &n,
				     error);

		if (io != IO_DONE)
			return io;
	}
	n = (gsize)ws->frame.length;
	if (ws->frame.opcode == WS_PING)
		send_control(ws, answer, ws_pong(answer, ws->control, n));
	if (ws->frame.opcode != WS_CLOSE)
		return IO_DONE;
	if (!ws->closed)
		send_close(ws, ws_close_code(ws->control, n), NULL);
	return IO_EOF;
}

static gboolean is_control(const WsFrame *frame)
{
	return frame->opcode >= WS_CLOSE;
}

static Io ws_stream_read(Stream *s, void *bytes, gsize n, gsize *out_n, GError **error)
{
	WsStream *ws = (WsStream *)s;

	for (unsigned frames = 0; frames < TURN_MAX; frames++) {
		Io io;

		if (ws->control != NULL) {
			io = read_control(ws, error);
			if (io != IO_DONE)
				return io;
			g_clear_pointer(&ws->control, g_free);
			continue;
		}
		if (ws->left > 0)
			return read_payload(ws, bytes, n, out_n, error);
		io = read_header(ws, error);
		if (io != IO_DONE)
			return io;
		if (is_control(&ws->frame))
			ws->control = g_malloc(WS_CONTROL_MAX);
	}
	s->wants = STREAM_AGAIN;
	return IO_WAIT;
}

static void ws_stream_free(Stream *s)
{
	WsStream *ws = (WsStream *)s;

	buffer_clear(&ws->pending);
	g_free(ws->control);
	g_free(ws);
}

static const StreamOps ops = {
	.name = "websocket",
	.read = ws_stream_read,
	.write = ws_stream_write,
	.flush = ws_stream_flush,
	.shutdown = ws_stream_shutdown,
	.free = ws_stream_free,
};

gboolean stream_ws_beat(Stream *stream)
{
	WsStream *ws = (WsStream *)stream;
	guint8 frame[2 + WS_CONTROL_MAX];

	if (stream->ops != &ops || ws->unsent > 0 || buffer_length(&ws->pending) > 0)
		return FALSE;
	send_control(ws, frame, ws_pong(frame, NULL, 0));
	(void)ws_stream_flush(stream, NULL);
	return TRUE;
}

Stream *stream_ws_new(Stream *below)
{
	WsStream *ws = g_new0(WsStream, 1);

	ws->stream.ops = &ops;
	ws->stream.below = below;
	ws->stream.fd = below->fd;
	return &ws->stream;
}
