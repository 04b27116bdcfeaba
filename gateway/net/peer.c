/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer: see peer.h. */
#include "peer.h"

#include "fault.h"

void peer_clear(Peer *peer)
{
	stream_free(g_steal_pointer(&peer->stream));
	throttle_free(g_steal_pointer(&peer->throttle));
	buffer_clear(&peer->in);
	buffer_clear(&peer->out);
}

/* A stream cannot know on which side it stands: what a desktop breaks is the desktop's fault. */
static Io settle(Peer *peer, Io io, GError **error)
{
	if (io == IO_WAIT)
		peer->waits |= peer->stream->wants;
	else if (io == IO_EOF)
		peer->eof = TRUE;
	else if (io == IO_FAIL && peer->is_desktop && error != NULL && *error != NULL)
		(*error)->code = FAULT_DESKTOP;
	return io;
}

static Io read_some(Peer *peer, gsize max, GError **error)
{
	gsize n;
	Io io;

	if (peer->eof)
		return IO_EOF;
	io = stream_read(peer->stream, buffer_reserve(&peer->in, max), max, &n, error);
	if (io == IO_DONE) {
		buffer_commit(&peer->in, n);
		peer->bytes_in += n;
	} else if (buffer_length(&peer->in) == 0) {
		buffer_clear(&peer->in);
	}
	return settle(peer, io, error);
}

/* Nothing is waited for but time: who may not be read is not polled. */
static Io read_throttled(Peer *peer, gsize max, GError **error)
{
	gint64 now = g_get_monotonic_time(), wait;
	guint64 before = peer->bytes_in;
	Io io;

	max = throttle_allows(peer->throttle, max, now, &wait);
	if (max == 0) {
		peer->pause_ms = (guint)(wait / 1000) + 1;
		return IO_WAIT;
	}
	io = read_some(peer, max, error);
	throttle_took(peer->throttle, (gsize)(peer->bytes_in - before), now);
	return io;
}

Io peer_read(Peer *peer, gsize max, GError **error)
{
	return peer->throttle ? read_throttled(peer, max, error) : read_some(peer, max, error);
}

Io peer_need(Peer *peer, gsize n, GError **error)
{
	while (buffer_length(&peer->in) < n) {
		Io io = read_some(peer, n - buffer_length(&peer->in), error);

		if (io != IO_DONE)
			return io;
	}
	return IO_DONE;
}

Io peer_hand_over_some(Peer *peer, gsize max, gsize *out_n, GError **error)
{
	*out_n = 0;
	while (buffer_length(&peer->out) > 0 && *out_n < max) {
		gsize n;
		Io io = stream_write(peer->stream, buffer_bytes(&peer->out),
				     MIN(buffer_length(&peer->out), max - *out_n), &n, error);

		if (io != IO_DONE)
			return settle(peer, io, error);
		buffer_consume(&peer->out, n);
		peer->bytes_out += n;
		*out_n += n;
	}
	return IO_DONE;
}

Io peer_hand_over(Peer *peer, GError **error)
{
	gsize n;

	return peer_hand_over_some(peer, G_MAXSIZE, &n, error);
}

Io peer_flush(Peer *peer, GError **error)
{
	Io io = peer_hand_over(peer, error);

	return io == IO_DONE ? settle(peer, stream_flush(peer->stream, error), error) : io;
}

Io peer_write(Peer *peer, guint8 *bytes, gsize n, gsize *out_n, GError **error)
{
	Io io;

	g_assert(buffer_length(&peer->out) == 0);
	*out_n = 0;
	io = stream_write(peer->stream, bytes, n, out_n, error);
	if (io != IO_DONE)
		return settle(peer, io, error);
	peer->bytes_out += *out_n;
	return IO_DONE;
}
