/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream-pair: see stream-pair.h. */
#include "stream-pair.h"

#include "certificate.h"
#include "net/stream_tcp.h"
#include "net/stream_tls.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BULK (3 * 1024 * 1024 + 7)

static void write_temporary(const char *text, char **out_path)
{
	int fd = g_file_open_tmp("oriel-XXXXXX", out_path, NULL);

	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_true(g_file_set_contents(*out_path, text, -1, NULL));
}

void pair_connect(Pair *pair)
{
	int fds[2], small = 4096;

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small); /* short writes */
	pair->a.stream = stream_tcp_new(fds[0]);
	pair->b.stream = stream_tcp_new(fds[1]);
}

void pair_open(Pair *pair)
{
	memset(pair, 0, sizeof *pair);
	pair_connect(pair);
}

void pair_secure(Pair *pair)
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

void pair_close(Pair *pair)
{
	peer_clear(&pair->a);
	peer_clear(&pair->b);
	SSL_CTX_free(pair->server);
	SSL_CTX_free(pair->client);
}

guint8 pair_pattern(gsize at)
{
	return (guint8)(at * 2654435761u >> 13);
}

void pair_check_bulk(Peer *from, Peer *to)
{
	gsize sent = 0, received = 0;

	while (received < BULK) {
		g_autoptr(GError) error = NULL;
		gsize n, piece = MIN(BULK - sent, 1 + sent % 70000);
		g_autofree guint8 *bytes = g_malloc(STREAM_HEADROOM + piece + 1);
		Io io;

		for (gsize i = 0; i < piece; i++)
			bytes[STREAM_HEADROOM + i] = pair_pattern(sent + i);
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
				g_assert_cmpint(got[i], ==, pair_pattern(received + i));
			received += buffer_length(&to->in);
			buffer_clear(&to->in);
		}
		g_assert_no_error(error);
	}
	g_assert_cmpuint(received, ==, BULK);
	g_assert_null(to->in.data); /* idle: no storage */
	g_assert_null(from->out.data);
}
