/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams of WebSocket frames over bare ones and TLS. */
#include "http/ws.h"
#include "net/stream_ws.h"
#include "stream-pair.h"

/* Takes frames apart on the other side and gives their payloads, in order. */
static void receive_frames(Peer *peer, GByteArray *payload)
{
	g_autoptr(GError) error = NULL;

	while (peer_read(peer, 65536, &error) == IO_DONE)
		;
	g_assert_no_error(error);
	while (buffer_length(&peer->in) >= 2) {
		const guint8 *b = buffer_bytes(&peer->in);
		gsize have = buffer_length(&peer->in), header = 2;
		guint64 n = b[1] & 0x7f;

		g_assert_cmpint(b[0], ==, 0x82); /* FIN, binary */
		if (n == 126)
			header = 4;
		else if (n == 127)
			header = 10;
		if (have < header)
			return;
		if (n >= 126) {
			n = 0;
			for (gsize i = 2; i < header; i++)
				n = n << 8 | b[i];
		}
		if (have < header + n)
			return;
		g_byte_array_append(payload, b + header, (guint)n);
		buffer_consume(&peer->in, header + n);
	}
}

static void test_out(void)
{
	g_autoptr(GByteArray) payload = g_byte_array_new();
	g_autoptr(GError) error = NULL;
	Pair pair;
	Buffer b = {0};
	gsize total = 400000;

	pair_open(&pair);
	pair_secure(&pair);
	pair.a.stream = stream_ws_new(pair.a.stream);
	for (gsize i = 0; i < total; i++)
		buffer_append_u8(&b, pair_pattern(i));
	while (buffer_length(&b) > 0) {
		gsize n;

		if (peer_write(&pair.a, buffer_bytes(&b), buffer_length(&b), &n, &error) == IO_DONE)
			buffer_consume(&b, n);
		g_assert_no_error(error);
		receive_frames(&pair.b, payload);
	}
	while (peer_flush(&pair.a, &error) == IO_WAIT)
		receive_frames(&pair.b, payload);
	receive_frames(&pair.b, payload);
	g_assert_cmpuint(payload->len, ==, total);
	for (gsize i = 0; i < total; i++)
		g_assert_cmpint(payload->data[i], ==, pair_pattern(i));
	pair_close(&pair);
}

static void append_frame(Buffer *out, guint8 first, const void *payload, gsize n)
{
	const guint8 mask[4] = {1, 2, 3, 4};
	gsize at;

	buffer_append_u8(out, first);
	if (n < 126) {
		buffer_append_u8(out, (guint8)(0x80 | n));
	} else {
		buffer_append_u8(out, 0x80 | 126);
		buffer_append_u16be(out, (guint16)n);
	}
	buffer_append(out, mask, 4);
	at = buffer_length(out);
	buffer_append(out, payload, n);
	ws_mask(buffer_bytes(out) + at, n, mask, 0);
}

/* Fragments, a ping between them, a close: byte by byte. */
static void test_in(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *long_text = g_strnfill(300, 'x');
	Buffer frames = {0};
	Pair pair;
	Io io = IO_WAIT;

	append_frame(&frames, 0x02, "hel", 3);
	append_frame(&frames, 0x89, "ping!", 5);
	append_frame(&frames, 0x80, "lo", 2);
	append_frame(&frames, 0x82, long_text, 300);
	append_frame(&frames, 0x88, "\x03\xe8", 2);
	pair_open(&pair);
	pair.a.stream = stream_ws_new(pair.a.stream);
	while (buffer_length(&frames) > 0) {
		gsize n;

		g_assert_cmpint(peer_write(&pair.b, buffer_bytes(&frames), 1, &n, NULL), ==,
				IO_DONE);
		buffer_consume(&frames, n);
		io = peer_read(&pair.a, 4096, &error);
		g_assert_no_error(error);
	}
	g_assert_cmpint(io, ==, IO_EOF);
	g_assert_cmpuint(buffer_length(&pair.a.in), ==, 305);
	g_assert_cmpmem(buffer_bytes(&pair.a.in), 6, "hellox", 6);
	g_assert_cmpint(peer_read(&pair.b, 4096, NULL), ==, IO_DONE);
	g_assert_cmpmem(buffer_bytes(&pair.b.in), buffer_length(&pair.b.in),
			"\x8a\x05ping!\x88\x02\x03\xe8", 11);
	pair_close(&pair);
}

/* Between frames only. */
static void test_beat(void)
{
	guint8 bytes[WS_HEADER_MAX + 300000] = {0};
	Pair pair;
	gsize n;

	pair_open(&pair);
	g_assert_false(stream_ws_beat(pair.a.stream));
	pair_secure(&pair);
	g_assert_false(stream_ws_beat(pair.a.stream));
	pair.a.stream = stream_ws_new(pair.a.stream);
	g_assert_true(stream_ws_beat(pair.a.stream));
	g_assert_true(stream_ws_beat(pair.a.stream));
	while (peer_need(&pair.b, 4, NULL) == IO_WAIT)
		;
	g_assert_cmpmem(buffer_bytes(&pair.b.in), buffer_length(&pair.b.in), "\x8a\0\x8a\0", 4);
	g_assert_cmpint(peer_write(&pair.a, bytes + WS_HEADER_MAX, 300000, &n, NULL), ==, IO_DONE);
	g_assert_cmpuint(n, <, 300000);
	g_assert_false(stream_ws_beat(pair.a.stream));
	pair_close(&pair);
}

/* Frames without payload do not keep the others waiting: a read ends after its turn. */
static void test_flood(void)
{
	g_autoptr(GError) error = NULL;
	Buffer frames = {0};
	Pair pair;
	gsize n;

	pair_open(&pair);
	pair.a.stream = stream_ws_new(pair.a.stream);
	for (unsigned i = 0; i < 5000; i++)
		append_frame(&frames, i % 2 ? 0x8a : 0x89, "", 0); /* pong, ping */
	append_frame(&frames, 0x82, "x", 1);
	g_assert_cmpint(
		peer_write(&pair.b, buffer_bytes(&frames), buffer_length(&frames), &n, NULL), ==,
		IO_DONE);
	g_assert_cmpuint(n, ==, buffer_length(&frames));
	buffer_clear(&frames);
	g_assert_cmpint(peer_read(&pair.a, 4096, &error), ==, IO_WAIT);
	g_assert_cmpint(pair.a.waits, ==, STREAM_AGAIN);
	/* Nothing of it is lost. */
	n = 1;
	while (peer_read(&pair.a, 4096, &error) == IO_WAIT && n < 100)
		n++;
	g_assert_no_error(error);
	g_assert_cmpmem(buffer_bytes(&pair.a.in), buffer_length(&pair.a.in), "x", 1);
	g_assert_cmpuint(n, >, 10);
	pair_close(&pair);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stream-ws/out", test_out);
	g_test_add_func("/stream-ws/in", test_in);
	g_test_add_func("/stream-ws/flood", test_flood);
	g_test_add_func("/stream-ws/beat", test_beat);
	return g_test_run();
}
