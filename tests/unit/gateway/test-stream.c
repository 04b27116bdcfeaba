/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams over bare sockets. */
#include "net/stream_tcp.h"
#include "stream-pair.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_tcp(void)
{
	Pair pair;

	pair_open(&pair);
	pair_check_bulk(&pair.a, &pair.b);
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
	g_test_add_func("/stream/vanished", test_vanished);
	return g_test_run();
}
