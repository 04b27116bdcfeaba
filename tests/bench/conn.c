/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conn: see conn.h. */
#include "conn.h"

#include "http/ws.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SCRATCH (256 * 1024)

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench-load: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

void conn_open(Conn *conn, const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
	struct timeval limit = {.tv_sec = 60};
	int on = 1;

	memset(conn, 0, sizeof *conn);
	if (getaddrinfo(host, port, &hints, &found) != 0)
		die("%s:%s: no such address", host, port);
	conn->fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (conn->fd < 0 || connect(conn->fd, found->ai_addr, found->ai_addrlen) < 0)
		die("%s:%s: cannot connect", host, port);
	freeaddrinfo(found);
	setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

void conn_start_tls(Conn *conn, SSL_CTX *context)
{
	conn->ssl = SSL_new(context);
	SSL_set_fd(conn->ssl, conn->fd);
	if (SSL_connect(conn->ssl) != 1)
		die("TLS handshake failed");
}

void conn_close(Conn *conn)
{
	SSL_free(conn->ssl);
	close(conn->fd);
}

void conn_read_ahead(Conn *conn)
{
	if (conn->ssl != NULL)
		SSL_set_read_ahead(conn->ssl, 1);
}

gboolean conn_pending(const Conn *conn)
{
	return conn->ssl != NULL && SSL_has_pending(conn->ssl);
}

static gsize read_below(Conn *conn, void *bytes, gsize n)
{
	int got = conn->ssl ? SSL_read(conn->ssl, bytes, (int)MIN(n, G_MAXINT))
			    : (int)recv(conn->fd, bytes, n, 0);

	if (got <= 0)
		die("the connection ended");
	return (gsize)got;
}

static void read_all_below(Conn *conn, guint8 *bytes, gsize n)
{
	while (n > 0) {
		gsize got = read_below(conn, bytes, n);

		bytes += got;
		n -= got;
	}
}

static gsize read_some(Conn *conn, void *bytes, gsize n)
{
	gsize got;

	if (!conn->websocket)
		return read_below(conn, bytes, n);
	while (conn->frame_left == 0) {
		guint8 head[10];
		unsigned more;

		read_all_below(conn, head, 2);
		if (head[0] == (0x80 | WS_PONG) && head[1] == 0)
			continue; /* of web_beat, see oriel.conf(5) */
		if (head[0] != (0x80 | WS_BINARY))
			die("a frame of another kind: %02x", head[0]);
		more = head[1] == 127 ? 8 : head[1] == 126 ? 2 : 0;
		read_all_below(conn, head + 2, more);
		conn->frame_left = more ? 0 : head[1];
		for (unsigned i = 0; i < more; i++)
			conn->frame_left = conn->frame_left << 8 | head[2 + i];
	}
	got = read_below(conn, bytes, MIN(n, conn->frame_left));
	conn->frame_left -= got;
	return got;
}

void conn_read(Conn *conn, void *bytes, gsize n)
{
	guint8 *at = bytes;

	while (n > 0) {
		gsize got = read_some(conn, at, n);

		at += got;
		n -= got;
	}
}

void conn_skip(Conn *conn, gsize n)
{
	static _Thread_local guint8 *scratch;

	if (scratch == NULL)
		scratch = g_malloc(SCRATCH);
	while (n > 0)
		n -= read_some(conn, scratch, MIN(n, SCRATCH));
}

static void write_below(Conn *conn, const void *bytes, gsize n)
{
	gboolean ok = conn->ssl ? SSL_write(conn->ssl, bytes, (int)n) == (int)n
				: send(conn->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;

	if (!ok)
		die("the connection does not take what we send");
}

/* Only small messages go this way. */
void conn_write(Conn *conn, const void *bytes, gsize n)
{
	static const guint8 mask[4] = {7, 11, 13, 17};
	guint8 frame[6 + 125];

	if (!conn->websocket) {
		write_below(conn, bytes, n);
		return;
	}
	g_assert(n <= 125);
	frame[0] = 0x80 | WS_BINARY;
	frame[1] = (guint8)(0x80 | n);
	memcpy(frame + 2, mask, 4);
	memcpy(frame + 6, bytes, n);
	ws_mask(frame + 6, n, mask, 0);
	write_below(conn, frame, 6 + n);
}
