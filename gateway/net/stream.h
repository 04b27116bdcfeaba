/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream: a way for bytes, built in layers: tcp (or a Unix socket) at the bottom, tls over it, a
 * WebSocket over that, tls again inside an HTTP CONNECT. Streams know no protocol and no session;
 * they never block and never wait.
 *
 * A stream owns the stream below it; stream_free() on the top frees the stack and closes the
 * descriptor.
 */
#pragma once

#include <glib.h>
#include <sys/uio.h>

typedef enum {
	IO_DONE, /* something moved                                      */
	IO_WAIT, /* nothing can move now; see stream_wants()             */
	IO_EOF,  /* the other side has finished (read only)              */
	IO_FAIL, /* broken; error is set; only stream_free() is left     */
} Io;

/* What a stream that said IO_WAIT waits for (usually what was asked, but TLS may have to write
 * before it can read). AGAIN: for nothing but its next turn; much came that was no payload, and
 * others want to be served too. */
enum { STREAM_READABLE = 1, STREAM_WRITABLE = 2, STREAM_AGAIN = 4 };

typedef struct Stream Stream;

typedef struct {
	const char *name;
	/* Up to n bytes into `bytes`; *out_n is set only on IO_DONE and then > 0. */
	Io (*read)(Stream *stream, void *bytes, gsize n, gsize *out_n, GError **error);
	/*
	 * Takes up to n bytes; *out_n > 0 on IO_DONE. After IO_WAIT or a part, the caller comes
	 * back with the bytes that were not taken (they may have moved in memory). The
	 * STREAM_HEADROOM bytes in front of `bytes` may be overwritten (buffer.h gives that room):
	 * so a header and its payload go down as one piece.
	 */
	Io (*write)(Stream *stream, guint8 *bytes, gsize n, gsize *out_n, GError **error);
	/* Pushes out what the layers still hold: a write may have only been taken. IO_DONE =
	 * nothing left. */
	Io (*flush)(Stream *stream, GError **error);
	/* Says goodbye to the other side (close_notify, close frame, FIN) as far as it goes without
	 * waiting. `reason` is for layers that can carry words; may be NULL. */
	void (*shutdown)(Stream *stream, const char *reason);
	void (*free)(Stream *stream);
} StreamOps;

#define STREAM_HEADROOM 16

struct Stream {
	const StreamOps *ops;
	Stream *below; /* owned; NULL at the bottom */
	int fd;        /* of the bottom, in every layer */
	guint8 wants;  /* after IO_WAIT: what for */
	guint8 own;    /* a few bits that the layer notes for itself */
};

static inline Io stream_read(Stream *s, void *bytes, gsize n, gsize *out_n, GError **error)
{
	return s->ops->read(s, bytes, n, out_n, error);
}
static inline Io stream_write(Stream *s, guint8 *bytes, gsize n, gsize *out_n, GError **error)
{
	return s->ops->write(s, bytes, n, out_n, error);
}
static inline Io stream_flush(Stream *s, GError **error)
{
	return s->ops->flush(s, error);
}
static inline void stream_shutdown(Stream *s, const char *reason)
{
	s->ops->shutdown(s, reason);
}
void stream_free(Stream *stream); /* accepts NULL */
