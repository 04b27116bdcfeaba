/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bottleneck: see bottleneck.h. */
#include "bottleneck.h"

typedef struct {
	Stream stream;
	Bottleneck *bottleneck;
} Layer;

static Io layer_read(Stream *stream, void *bytes, gsize n, gsize *out_n, GError **error)
{
	Io io = stream_read(stream->below, bytes, n, out_n, error);

	stream->wants = stream->below->wants;
	return io;
}

static Io layer_write(Stream *stream, guint8 *bytes, gsize n, gsize *out_n, GError **error)
{
	Bottleneck *bottleneck = ((Layer *)stream)->bottleneck;
	Io io = IO_DONE;

	stream->wants = STREAM_WRITABLE;
	if (bottleneck->room == 0)
		return IO_WAIT;
	*out_n = MIN(n, bottleneck->room);
	if (!bottleneck->swallows) {
		io = stream_write(stream->below, bytes, *out_n, out_n, error);
		stream->wants = stream->below->wants;
	}
	if (io == IO_DONE) {
		bottleneck->room -= *out_n;
		g_array_append_val(bottleneck->writes, *out_n);
	}
	return io;
}

static Io layer_flush(Stream *stream, GError **error)
{
	return stream_flush(stream->below, error);
}

static void layer_shutdown(Stream *stream, const char *reason)
{
}

static void layer_free(Stream *stream)
{
	g_free(stream);
}

void bottleneck_init(Bottleneck *bottleneck, Peer *peer)
{
	static const StreamOps ops = {.name = "bottleneck",
				      .read = layer_read,
				      .write = layer_write,
				      .flush = layer_flush,
				      .shutdown = layer_shutdown,
				      .free = layer_free};
	Layer *layer = g_new0(Layer, 1);

	*bottleneck =
		(Bottleneck){.room = G_MAXSIZE, .writes = g_array_new(FALSE, FALSE, sizeof(gsize))};
	layer->stream.ops = &ops;
	layer->stream.below = peer->stream;
	layer->stream.fd = peer->stream->fd;
	layer->bottleneck = bottleneck;
	peer->stream = &layer->stream;
}

void bottleneck_clear(Bottleneck *bottleneck)
{
	g_clear_pointer(&bottleneck->writes, g_array_unref);
}
