/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"
#include "http/ws.h"
#include "transcript.h"

/* ---- handshake */

#define ASK "GET /websockify?token=t HTTP/1.1\r\nHost: x\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

static char *accept_text(const char *text, GError **error)
{
	g_auto(Head) head = {0};

	g_assert_cmpint(head_parse(&head, text, strlen(text), NULL), ==, strlen(text));
	return ws_accept(&head, error);
}

static void refuse(const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *answer = accept_text(text, &error);

	g_assert_null(answer);
	g_assert_error(error, FAULT, FAULT_CLIENT);
}

static gboolean origin_ok(const char *headers)
{
	static char *const others[] = {(char *)"https://portal.example.com:8443", NULL};
	g_autofree char *text = g_strconcat("GET / HTTP/1.1\r\n", headers, "\r\n", NULL);
	g_auto(Head) head = {0};

	g_assert_cmpint(head_parse(&head, text, strlen(text), NULL), ==, strlen(text));
	return ws_origin_ok(&head, others);
}

static void test_origin(void)
{
	g_assert_true(origin_ok("Host: vdi.example.com\r\n"));
	g_assert_true(origin_ok("Host: vdi.example.com\r\nOrigin: https://vdi.example.com\r\n"));
	g_assert_true(origin_ok("Host: [::1]:8443\r\nOrigin: https://[::1]:8443\r\n"));
	g_assert_true(origin_ok("Host: a\r\nOrigin: https://Portal.example.com:8443\r\n"));
	g_assert_false(origin_ok("Host: a\r\nOrigin: https://portal.example.com\r\n"));
	g_assert_false(origin_ok("Host: vdi.example.com\r\nOrigin: http://vdi.example.com\r\n"));
	g_assert_false(origin_ok("Host: vdi.example.com\r\nOrigin: https://evil.example\r\n"));
	g_assert_false(origin_ok("Host: a\r\nOrigin: null\r\n"));
	g_assert_false(origin_ok("Host: a\r\nOrigin: \r\n"));
}

/* The key and its answer are those of RFC 6455, 1.3. */
static void test_handshake(void)
{
	g_autofree char *plain =
		accept_text(ASK KEY "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", NULL);
	g_autofree char *binary =
		accept_text(ASK KEY "Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n"
				    "Sec-WebSocket-Protocol: base64, binary\r\n\r\n",
			    NULL);
	g_autofree char *other = accept_text(ASK KEY "Upgrade: websocket\r\nConnection: Upgrade\r\n"
						     "Sec-WebSocket-Protocol: chat\r\n\r\n",
					     NULL);

	g_assert_cmpstr(
		plain, ==,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
	g_assert_cmpstr(other, ==, plain);
	g_assert_cmpstr(
		binary, ==,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
		"Sec-WebSocket-Protocol: binary\r\n\r\n");
}

static void test_handshake_refused(void)
{
	refuse(ASK KEY "Connection: Upgrade\r\n\r\n");
	refuse(ASK KEY "Upgrade: websocket\r\n\r\n");
	refuse(ASK KEY "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
	refuse("POST / HTTP/1.1\r\nHost: x\r\n" KEY
	       "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
	refuse("GET / HTTP/1.0\r\nHost: x\r\n" KEY
	       "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
	refuse(ASK
	       "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n");
	refuse(ASK "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
		   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
	refuse(ASK "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n\r\n");
	refuse(ASK "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		   "Sec-WebSocket-Key: c2hvcnQ=\r\n\r\n");
	refuse(ASK KEY "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 3\r\n\r\n");
}

/* ---- frames */

static char *run(const Piece *pieces, gsize n_pieces, gconstpointer data)
{
	g_autoptr(GByteArray) in = g_byte_array_new();
	GString *said = g_string_new(NULL);
	WsParser parser = {0};
	WsFrame frame = {0};
	guint64 at = 0;
	gboolean in_payload = FALSE;

	for (gsize i = 0; i < n_pieces; i++) {
		g_byte_array_append(in, pieces[i].bytes, (guint)pieces[i].n);
		for (;;) {
			g_autoptr(GError) error = NULL;
			gssize used;

			if (!in_payload) {
				used = ws_parse(&parser, in->data, in->len, &frame, &error);
				if (used < 0) {
					g_assert_error(error, FAULT, FAULT_CLIENT);
					g_string_append_printf(said, "%s, %u", error->message,
							       parser.fault_code);
					return g_string_free(said, FALSE);
				}
				if (used == 0)
					break;
				g_string_append_printf(said, "%d%s %" G_GUINT32_FORMAT ":",
						       frame.opcode, frame.fin ? " fin" : "",
						       frame.length);
				in_payload = TRUE;
				at = 0;
			} else {
				used = (gssize)MIN(in->len, frame.length - at);
				ws_mask(in->data, (gsize)used, frame.mask, at);
				g_string_append_len(said, (const char *)in->data, used);
				at += (guint64)used;
				in_payload = at < frame.length;
				if (!in_payload)
					g_string_append_c(said, ';');
				else if (used == 0)
					break;
			}
			g_byte_array_remove_range(in, 0, (guint)used);
		}
	}
	return g_string_free(said, FALSE);
}

static void check(const char *bytes, gsize n, const char *expected)
{
	transcript_check(bytes, n, run, NULL, expected);
}
#define CHECK(text, expected) check(text, sizeof(text) - 1, expected)
#define MASK                  "\1\2\3\4"

static void test_frames(void)
{
	/* RFC 6455, 5.7, as a binary message */
	CHECK("\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "2 fin 5:Hello;");
	/* in pieces, with a ping between them, then an empty message */
	CHECK("\x02\x83" MASK "`ba"
	      "\x89\x82" MASK "ih"
	      "\x00\x80" MASK "\x80\x81" MASK "e"
	      "\x82\x80" MASK,
	      "2 3:a`b;9 fin 2:hj;0 0:;0 fin 1:d;2 fin 0:;");
	CHECK("\x88\x80" MASK, "8 fin 0:;");
	CHECK("\x8a\x80" MASK, "10 fin 0:;");
	CHECK("\x82\xfe\0\x7e" MASK "aaaa", "2 fin 126:`cbe");
	CHECK("\x82\xff\0\0\0\0\0\1\0\0" MASK, "2 fin 65536:");
	CHECK("\x82\xff\0\0\0\0\x7f\xff\xff\xff" MASK, "2 fin 2147483647:");
}

static void test_frames_refused(void)
{
	CHECK("\x82\x05Hello", "WebSocket: a frame without a mask, 1002");
	CHECK("\xc2\x80" MASK, "WebSocket: a reserved bit, 1002");
	CHECK("\x81\x80" MASK, "WebSocket: a text message, 1003");
	CHECK("\x80\x80" MASK, "WebSocket: a continuation of nothing, 1002");
	CHECK("\x82\x80" MASK "\x80\x80" MASK,
	      "2 fin 0:;WebSocket: a continuation of nothing, 1002");
	CHECK("\x02\x80" MASK "\x82\x80" MASK,
	      "2 0:;WebSocket: a message inside another one, 1002");
	CHECK("\x83\x80" MASK, "WebSocket: an unknown opcode, 1002");
	CHECK("\x8b\x80" MASK, "WebSocket: an unknown opcode, 1002");
	CHECK("\x09\x80" MASK, "WebSocket: a control frame in pieces, 1002");
	CHECK("\x89\xfe\0\x7e" MASK, "WebSocket: a long control frame, 1002");
	CHECK("\x82\xfe\0\x7d" MASK, "WebSocket: a length in more bytes than it needs, 1002");
	CHECK("\x82\xff\0\0\0\0\0\0\xff\xff" MASK,
	      "WebSocket: a length in more bytes than it needs, 1002");
	CHECK("\x82\xff\0\0\0\0\x80\0\0\0" MASK, "WebSocket: a frame too big, 1009");
	CHECK("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" MASK, "WebSocket: a frame too big, 1009");
}

/* Any cut of the payload, at any alignment, gives what the mask of single bytes gives. */
static void test_mask(void)
{
	static const guint8 mask[4] = {0x12, 0x34, 0x56, 0x78};
	guint8 bytes[80], expected[80];

	for (unsigned from = 0; from < 9; from++) {
		for (unsigned n = 0; n + from < 40; n++) {
			for (unsigned cut = 0; cut <= n; cut++) {
				for (unsigned i = 0; i < sizeof bytes; i++)
					bytes[i] = expected[i] = (guint8)(i * 7);
				for (unsigned i = 0; i < n; i++)
					expected[from + i] ^= mask[i & 3];
				ws_mask(bytes + from, cut, mask, 0);
				ws_mask(bytes + from + cut, n - cut, mask, cut);
				g_assert_cmpmem(bytes, sizeof bytes, expected, sizeof expected);
			}
		}
	}
}

static void header(guint64 n, const char *expected, gsize expected_n)
{
	guint8 room[16];

	memset(room, 0x55, sizeof room);
	g_assert_cmpuint(ws_header(room + 16, n, WS_BINARY), ==, expected_n);
	g_assert_cmpmem(room + 16 - expected_n, expected_n, expected, expected_n);
	for (gsize i = 0; i < 16 - expected_n; i++)
		g_assert_cmpuint(room[i], ==, 0x55);
}

static void test_header(void)
{
	header(0, "\x82\0", 2);
	header(125, "\x82\x7d", 2);
	header(126, "\x82\x7e\0\x7e", 4);
	header(65535, "\x82\x7e\xff\xff", 4);
	header(65536, "\x82\x7f\0\0\0\0\0\1\0\0", 10);
	header(0x123456789a, "\x82\x7f\0\0\0\x12\x34\x56\x78\x9a", 10);
}

static void test_close(void)
{
	guint8 out[2 + WS_CONTROL_MAX];
	g_autofree char *umlauts = g_malloc0(201);

	g_assert_cmpuint(ws_close(out, WS_CODE_NONE, "x"), ==, 2);
	g_assert_cmpmem(out, 2, "\x88\0", 2);
	g_assert_cmpuint(ws_close(out, WS_CODE_NORMAL, NULL), ==, 4);
	g_assert_cmpmem(out, 4, "\x88\2\3\xe8", 4);
	g_assert_cmpuint(ws_close(out, WS_CODE_POLICY, "no"), ==, 6);
	g_assert_cmpmem(out, 6, "\x88\4\3\xf0no", 6);
	g_assert_cmpuint(ws_close(out, WS_CODE_POLICY, "\377"), ==, 4);

	for (unsigned i = 0; i < 100; i++)
		memcpy(umlauts + 2 * i, "\303\244", 2);
	g_assert_cmpuint(ws_close(out, WS_CODE_POLICY, umlauts), ==, 4 + 122);
	g_assert_cmpuint(ws_close_code(out + 2, out[1]), ==, WS_CODE_POLICY);
	umlauts[123] = '\0';
	umlauts[122] = 'x';
	g_assert_cmpuint(ws_close(out, WS_CODE_POLICY, umlauts), ==, 4 + 123);

	g_assert_cmpuint(ws_close_code(NULL, 0), ==, WS_CODE_NONE);
	g_assert_cmpuint(ws_close_code((const guint8 *)"\3", 1), ==, WS_CODE_PROTOCOL);
	g_assert_cmpuint(ws_close_code((const guint8 *)"\3\xe9gone", 6), ==, WS_CODE_GOING_AWAY);
	g_assert_cmpuint(ws_close_code((const guint8 *)"\3\xe9\377", 3), ==, WS_CODE_PROTOCOL);
	g_assert_cmpuint(ws_close_code((const guint8 *)"\3\xed", 2), ==, WS_CODE_PROTOCOL);
	g_assert_cmpuint(ws_close_code((const guint8 *)"\0\0", 2), ==, WS_CODE_PROTOCOL);
	g_assert_cmpuint(ws_close_code((const guint8 *)"\x0f\xa0", 2), ==, 4000);

	g_assert_cmpuint(ws_pong(out, (const guint8 *)"hi", 2), ==, 4);
	g_assert_cmpmem(out, 4, "\x8a\2hi", 4);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ws/handshake", test_handshake);
	g_test_add_func("/ws/origin", test_origin);
	g_test_add_func("/ws/handshake-refused", test_handshake_refused);
	g_test_add_func("/ws/frames", test_frames);
	g_test_add_func("/ws/frames-refused", test_frames_refused);
	g_test_add_func("/ws/mask", test_mask);
	g_test_add_func("/ws/header", test_header);
	g_test_add_func("/ws/close", test_close);
	return g_test_run();
}
