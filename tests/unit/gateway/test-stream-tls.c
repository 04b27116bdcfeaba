/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams with TLS over bare ones. */
#include "fault.h"
#include "net/stream_tcp.h"
#include "net/stream_tls.h"
#include "stream-pair.h"

#include <string.h>
#include <sys/socket.h>

static void test_both_ways(void)
{
	Pair pair;

	pair_open(&pair);
	pair_secure(&pair);
	pair_check_bulk(&pair.a, &pair.b);
	pair_check_bulk(&pair.b, &pair.a);
	pair_close(&pair);
}

static void test_inside_tls(void)
{
	Pair pair;
	SSL_CTX *server, *client;

	pair_open(&pair);
	pair_secure(&pair);
	server = pair.server;
	client = pair.client;
	pair_secure(&pair);
	pair_check_bulk(&pair.a, &pair.b);
	pair_close(&pair);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
}

/* The name in the certificate counts. */
static void test_wrong_host(void)
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
static void test_key_updates(void)
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

/* Once the poll tells of arrivals, nobody asks the kernel in vain; but records that came together
 * need no second word. */
static void test_arrived(void)
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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stream-tls/both-ways", test_both_ways);
	g_test_add_func("/stream-tls/inside-tls", test_inside_tls);
	g_test_add_func("/stream-tls/wrong-host", test_wrong_host);
	g_test_add_func("/stream-tls/arrived", test_arrived);
	g_test_add_func("/stream-tls/key-updates", test_key_updates);
	return g_test_run();
}
