/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams over a real socket pair: what goes in at one end comes out at the other, whatever the
 * kernel takes at a time. */
#include "certificate.h"
#include "fault.h"
#include "http/ws.h"
#include "net/peer.h"
#include "net/stream_tcp.h"
#include "net/stream_tls.h"
#include "net/stream_ws.h"
#include "net/tls.h"

#include <glib/gstdio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BULK (3 * 1024 * 1024 + 7)

typedef struct {
	SSL_CTX *server, *client;
	Peer a, b; /* a: our side; b: the other */
} Pair;

static void write_temporary(const char *text, char **out_path)
{
	int fd = g_file_open_tmp("oriel-XXXXXX", out_path, NULL);

	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_true(g_file_set_contents(*out_path, text, -1, NULL));
}

static void pair_connect(Pair *pair)
{
	int fds[2], small = 4096;

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small); /* short writes */
	pair->a.stream = stream_tcp_new(fds[0]);
	pair->b.stream = stream_tcp_new(fds[1]);
}

static void pair_open(Pair *pair)
{
	memset(pair, 0, sizeof *pair);
	pair_connect(pair);
}

static void pair_secure(Pair *pair)
{
	g_autofree char *certificate = NULL, *key = NULL, *cert_path = NULL, *key_path = NULL;
	g_autoptr(GError) error = NULL;
	g_auto(TlsIdentity) identity = {0};
	Io a = IO_WAIT, b = IO_WAIT;

	certificate_make(&certificate, &key);
	write_temporary(certificate, &cert_path);
	write_temporary(key, &key_path);
	tls_identity_read(&identity, cert_path, key_path, &error);
	g_assert_no_error(error);
	pair->server = tls_server_context(&identity, TRUE, &error);
	g_assert_no_error(error);
	pair->client = tls_client_context(certificate, &error);
	g_assert_no_error(error);
	g_unlink(cert_path);
	g_unlink(key_path);
	pair->a.stream = stream_tls_new(pair->server, pair->a.stream, NULL, NULL);
	pair->b.stream = stream_tls_new(pair->client, pair->b.stream, NULL, "127.0.0.1");
	for (unsigned i = 0; i < 100 && (a != IO_DONE || b != IO_DONE); i++) {
		b = stream_tls_handshake(pair->b.stream, &error);
		g_assert_no_error(error);
		a = stream_tls_handshake(pair->a.stream, &error);
		g_assert_no_error(error);
	}
	g_assert_cmpint(a, ==, IO_DONE);
	g_assert_cmpint(b, ==, IO_DONE);
}

static void pair_close(Pair *pair)
{
	peer_clear(&pair->a);
	peer_clear(&pair->b);
	SSL_CTX_free(pair->server);
	SSL_CTX_free(pair->client);
}

static guint8 pattern(gsize at)
{
	return (guint8)(at * 2654435761u >> 13);
}

/* Sends BULK bytes from `from` to `to`, in buffers that move, and checks each. */
static void check_bulk(Peer *from, Peer *to)
{
	gsize sent = 0, received = 0;

	while (received < BULK) {
		g_autoptr(GError) error = NULL;
		gsize n, piece = MIN(BULK - sent, 1 + sent % 70000);
		g_autofree guint8 *bytes = g_malloc(STREAM_HEADROOM + piece + 1);
		Io io;

		for (gsize i = 0; i < piece; i++)
			bytes[STREAM_HEADROOM + i] = pattern(sent + i);
		if (piece > 0) {
			io = peer_write(from, bytes + STREAM_HEADROOM, piece, &n, &error);
			g_assert_no_error(error);
			if (io == IO_DONE)
				sent += n;
		} else {
			peer_flush(from, &error);
			g_assert_no_error(error);
		}
		while (peer_read(to, 50000, &error) == IO_DONE) {
			const guint8 *got = buffer_bytes(&to->in);

			for (gsize i = 0; i < buffer_length(&to->in); i++)
				g_assert_cmpint(got[i], ==, pattern(received + i));
			received += buffer_length(&to->in);
			buffer_clear(&to->in);
		}
		g_assert_no_error(error);
	}
	g_assert_cmpuint(received, ==, BULK);
	g_assert_null(to->in.data); /* idle: no storage */
	g_assert_null(from->out.data);
}

static void test_tcp(void)
{
	Pair pair;

	pair_open(&pair);
	check_bulk(&pair.a, &pair.b);
	pair_close(&pair);
}

static void test_tls(void)
{
	Pair pair;

	pair_open(&pair);
	pair_secure(&pair);
	check_bulk(&pair.a, &pair.b);
	check_bulk(&pair.b, &pair.a);
	pair_close(&pair);
}

static void test_tls_inside_tls(void)
{
	Pair pair;
	SSL_CTX *server, *client;

	pair_open(&pair);
	pair_secure(&pair);
	server = pair.server;
	client = pair.client;
	pair_secure(&pair);
	check_bulk(&pair.a, &pair.b);
	pair_close(&pair);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
}

/* The name in the certificate counts. */
static void test_tls_wrong_host(void)
{
	g_autoptr(GError) error = NULL;
	Pair pair, other;
	Io io = IO_WAIT;

	pair_open(&pair);
	pair_secure(&pair);
	pair_open(&other);
	other.a.stream = stream_tls_new(pair.server, other.a.stream, NULL, NULL);
	other.b.stream = stream_tls_new(pair.client, other.b.stream, NULL, "127.0.0.2");
	for (unsigned i = 0; i < 10 && io == IO_WAIT; i++) {
		io = stream_tls_handshake(other.b.stream, &error);
		(void)stream_tls_handshake(other.a.stream, NULL);
	}
	g_assert_cmpint(io, ==, IO_FAIL);
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_assert_nonnull(strstr(error->message, "IP address mismatch"));
	pair_close(&other);
	pair_close(&pair);
}

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

static void test_websocket_out(void)
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
		buffer_append_u8(&b, pattern(i));
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
		g_assert_cmpint(payload->data[i], ==, pattern(i));
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
static void test_websocket_in(void)
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

/* Frames without payload do not keep the others waiting: a read ends after its turn. */
static void test_websocket_flood(void)
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

/* A TLS client of our own over a descriptor, for what no stream would send. */
static SSL *tls_by_hand(Pair *pair, int fd)
{
	SSL *ssl = SSL_new(pair->client);
	Io a = IO_WAIT;
	int b = 0;

	SSL_set_fd(ssl, fd);
	SSL_set_connect_state(ssl);
	X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), "127.0.0.1");
	for (unsigned i = 0; i < 100 && (a != IO_DONE || b != 1); i++) {
		b = SSL_do_handshake(ssl);
		a = stream_tls_handshake(pair->a.stream, NULL);
	}
	g_assert_cmpint(a, ==, IO_DONE);
	g_assert_cmpint(b, ==, 1);
	return ssl;
}

/* Sends what the client's TLS has written, as much as the socket takes. */
static void send_written(BIO *written, int fd)
{
	char *bytes;
	long n = BIO_get_mem_data(written, &bytes);
	ssize_t sent = n > 0 ? send(fd, bytes, (size_t)n, MSG_DONTWAIT) : 0;

	while (sent-- > 0)
		g_assert_cmpint(BIO_read(written, &(char){0}, 1), ==, 1);
}

/* Key updates that ask for one in return, from a client that never reads: reading them has its
 * turns, and what we owe it does not grow without end. */
static void test_tls_key_updates(void)
{
	g_autoptr(GError) error = NULL;
	BIO *written = BIO_new(BIO_s_mem());
	gboolean again = FALSE;
	char sink[4096];
	Pair pair;
	SSL *ssl;

	pair_open(&pair);
	pair_secure(&pair); /* for its contexts */
	peer_clear(&pair.a);
	peer_clear(&pair.b);
	pair_connect(&pair);
	pair.a.stream = stream_tls_new(pair.server, pair.a.stream, NULL, NULL);
	ssl = tls_by_hand(&pair, pair.b.stream->fd);
	SSL_set0_wbio(ssl, written);
	for (unsigned i = 0; i < 50 && pair.a.waits != STREAM_WRITABLE; i++) {
		for (unsigned k = 0; k < 2000; k++) {
			g_assert_cmpint(SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED), ==, 1);
			g_assert_cmpint(SSL_do_handshake(ssl), ==, 1);
		}
		send_written(written, pair.b.stream->fd);
		do {
			pair.a.waits = 0;
			g_assert_cmpint(peer_read(&pair.a, 4096, &error), ==, IO_WAIT);
			g_assert_no_error(error);
			again = again || pair.a.waits == STREAM_AGAIN;
		} while (pair.a.waits == STREAM_AGAIN);
	}
	g_assert_true(again);
	g_assert_cmpint(pair.a.waits, ==, STREAM_WRITABLE);
	/* Once it reads, all goes on. */
	g_assert_cmpint(SSL_write(ssl, "x", 1), ==, 1);
	for (unsigned i = 0; i < 10000 && buffer_length(&pair.a.in) == 0; i++) {
		send_written(written, pair.b.stream->fd);
		(void)SSL_read(ssl, sink, sizeof sink);
		(void)peer_flush(&pair.a, &error);
		(void)peer_read(&pair.a, 4096, &error);
		g_assert_no_error(error);
	}
	g_assert_cmpmem(buffer_bytes(&pair.a.in), buffer_length(&pair.a.in), "x", 1);
	SSL_free(ssl);
	pair_close(&pair);
}

/* Once the poll tells of arrivals, nobody asks the kernel in vain: a short receive was the last. */
static void test_arrived(void)
{
	Pair pair;
	guint8 byte = 7, got;
	gsize n;

	pair_open(&pair);
	g_assert_cmpint(send(pair.b.stream->fd, &byte, 1, 0), ==, 1);
	stream_tcp_arrived(pair.a.stream);
	g_assert_cmpint(peer_read(&pair.a, 100, NULL), ==, IO_DONE);
	g_assert_cmpint(send(pair.b.stream->fd, &byte, 1, 0), ==, 1);
	for (unsigned i = 0; i < 2; i++) {
		pair.a.waits = 0;
		g_assert_cmpint(peer_read(&pair.a, 100, NULL), ==, IO_WAIT);
		g_assert_cmpint(pair.a.waits, ==, STREAM_READABLE);
	}
	stream_tcp_arrived(pair.a.stream);
	g_assert_cmpint(stream_read(pair.a.stream, &got, 1, &n, NULL), ==, IO_DONE);
	g_assert_cmpint(got, ==, byte);
	/* That one had no more room: there may be more. */
	shutdown(pair.b.stream->fd, SHUT_WR);
	g_assert_cmpint(stream_read(pair.a.stream, &got, 1, &n, NULL), ==, IO_EOF);
	pair_close(&pair);
}

/* The same through TLS; but records that came together need no second word. */
static void test_tls_arrived(void)
{
	g_autoptr(GError) error = NULL;
	guint8 bytes[STREAM_HEADROOM + 2] = {0}, *two = bytes + STREAM_HEADROOM, got[2];
	Pair pair;
	gsize n;

	pair_open(&pair);
	pair_secure(&pair);
	g_assert_cmpint(peer_read(&pair.b, 100, &error), ==, IO_WAIT);
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned record = 0; record < 2; record++) {
			g_assert_cmpint(peer_write(&pair.b, two, 2, &n, &error), ==, IO_DONE);
			g_assert_cmpuint(n, ==, 2);
		}
		g_assert_cmpint(peer_flush(&pair.b, &error), ==, IO_DONE);
		stream_tcp_arrived(pair.a.stream);
		for (unsigned record = 0; record < 2; record++)
			g_assert_cmpint(stream_read(pair.a.stream, got, 2, &n, &error), ==,
					IO_DONE);
		g_assert_cmpint(peer_write(&pair.b, two, 2, &n, &error), ==, IO_DONE);
		g_assert_cmpint(peer_flush(&pair.b, &error), ==, IO_DONE);
		pair.a.waits = 0;
		g_assert_cmpint(peer_read(&pair.a, 100, &error), ==, IO_WAIT);
		g_assert_cmpint(pair.a.waits, ==, STREAM_READABLE);
		stream_tcp_arrived(pair.a.stream);
		g_assert_cmpint(stream_read(pair.a.stream, got, 2, &n, &error), ==, IO_DONE);
	}
	stream_shutdown(pair.b.stream, NULL);
	g_assert_cmpint(peer_read(&pair.a, 100, &error), ==, IO_WAIT);
	stream_tcp_arrived(pair.a.stream);
	g_assert_cmpint(peer_read(&pair.a, 100, &error), ==, IO_EOF);
	g_assert_no_error(error);
	pair_close(&pair);
}

static int tcp_option(int fd, int option)
{
	int value = 0;
	socklen_t n = sizeof value;

	g_assert_cmpint(getsockopt(fd, IPPROTO_TCP, option, &value, &n), ==, 0);
	return value;
}

/* Who vanishes without a word is noticed in two minutes, whether something is on its way to them
 * or not. */
static void test_vanished(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof here;
	int listening = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	int silence;
	Stream *taken;

	stream_tcp_prepare(listening);
	g_assert_cmpint(bind(listening, (struct sockaddr *)&here, size), ==, 0);
	g_assert_cmpint(listen(listening, 1), ==, 0);
	g_assert_cmpint(getsockname(listening, (struct sockaddr *)&here, &size), ==, 0);
	g_assert_cmpint(connect(client, (struct sockaddr *)&here, size), ==, 0);
	taken = stream_tcp_accepted(accept(listening, NULL, NULL));
	silence = tcp_option(taken->fd, TCP_KEEPIDLE) +
		  tcp_option(taken->fd, TCP_KEEPINTVL) * tcp_option(taken->fd, TCP_KEEPCNT);
	g_assert_cmpint(silence, ==, 120);
	g_assert_cmpint(tcp_option(taken->fd, TCP_USER_TIMEOUT), ==, 120 * 1000);
	stream_free(taken);
	close(client);
	close(listening);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stream/tcp", test_tcp);
	g_test_add_func("/stream/arrived", test_arrived);
	g_test_add_func("/stream/tls-arrived", test_tls_arrived);
	g_test_add_func("/stream/vanished", test_vanished);
	g_test_add_func("/stream/tls", test_tls);
	g_test_add_func("/stream/tls-inside-tls", test_tls_inside_tls);
	g_test_add_func("/stream/tls-wrong-host", test_tls_wrong_host);
	g_test_add_func("/stream/websocket-out", test_websocket_out);
	g_test_add_func("/stream/websocket-in", test_websocket_in);
	g_test_add_func("/stream/websocket-flood", test_websocket_flood);
	g_test_add_func("/stream/tls-key-updates", test_tls_key_updates);
	return g_test_run();
}
