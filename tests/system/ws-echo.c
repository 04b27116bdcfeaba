/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ws-echo: the gateway's own WebSocket code (protocol/http/ws, gateway/net/stream_ws) below an
 * echo, so that any conformance suite can judge it. Prints its port on 127.0.0.1; a process for
 * each connection, until SIGTERM.
 *
 * The product carries a stream of bytes: only binary messages (text is closed with 1003), whose
 * ends mean nothing. What has come is said again as one message, in no more pieces than it came in
 * reads.
 */
#include "http/head.h"
#include "http/ws.h"
#include "net/peer.h"
#include "net/stream_tcp.h"
#include "net/stream_ws.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_MAX   (64 * 1024)
#define ECHO_MAX   (4 * 1024 * 1024) /* that it holds before it answers */
#define PATIENCE_S 30

/* FALSE: nothing came for long. */
static gboolean wait_for(const Peer *peer)
{
	int waits = peer->waits;
	struct pollfd one = {.fd = peer->stream->fd,
			     .events = (short)((waits & STREAM_READABLE ? POLLIN : 0) |
					       (waits & STREAM_WRITABLE ? POLLOUT : 0))};

	return (waits & STREAM_AGAIN) || poll(&one, 1, PATIENCE_S * 1000) > 0;
}

static Io flush(Peer *peer)
{
	Io io;

	do {
		peer->waits = 0;
		io = peer_flush(peer, NULL);
	} while (io == IO_WAIT && wait_for(peer));
	return io;
}

static gboolean greet(Peer *peer)
{
	Head head = {0};
	g_autofree char *answer = NULL;
	gssize n = 0;

	while (n == 0) {
		Io io;

		peer->waits = 0;
		io = peer_read(peer, HEAD_MAX - buffer_length(&peer->in), NULL);
		if (io == IO_WAIT && wait_for(peer))
			continue;
		if (io != IO_DONE)
			break;
		n = head_parse(&head, buffer_bytes(&peer->in), buffer_length(&peer->in), NULL);
	}
	if (n > 0) {
		answer = ws_accept(&head, NULL);
		buffer_consume(&peer->in, (gsize)n);
	}
	head_clear(&head);
	if (answer == NULL)
		answer = g_strdup("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	buffer_append(&peer->out, answer, strlen(answer));
	/* As the gateway, which takes no frame before its answer. */
	return flush(peer) == IO_DONE && answer[9] == '1' && buffer_length(&peer->in) == 0;
}

/* What came moves over, with no copy where nothing was left. */
static Io say_again(Peer *peer)
{
	buffer_append(&peer->out, buffer_bytes(&peer->in), buffer_length(&peer->in));
	buffer_clear(&peer->in);
	return flush(peer);
}

static void echo(Peer *peer)
{
	for (;;) {
		Io io;

		peer->waits = 0;
		io = peer_read(peer, READ_MAX, NULL);
		if (io == IO_DONE && buffer_length(&peer->in) < ECHO_MAX)
			continue;
		if (buffer_length(&peer->in) > 0 && io != IO_FAIL && say_again(peer) != IO_DONE)
			return;
		if (io == IO_EOF || io == IO_FAIL)
			return;
		peer->waits |= io == IO_WAIT ? peer->stream->wants : STREAM_AGAIN;
		if (!wait_for(peer))
			return;
	}
}

/* What the other side still says is not read: it has been told. */
static void serve(int fd)
{
	Peer peer = {.stream = stream_tcp_new(fd)};
	char rest[4096];

	if (greet(&peer)) {
		peer.stream = stream_ws_new(peer.stream);
		echo(&peer);
	}
	stream_shutdown(peer.stream, NULL);
	for (struct pollfd one = {.fd = fd, .events = POLLIN}; poll(&one, 1, 2000) > 0;) {
		if (recv(fd, rest, sizeof rest, 0) <= 0)
			break;
	}
	peer_clear(&peer);
}

int main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof address;
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	if (bind(listening, (struct sockaddr *)&address, n) < 0 || listen(listening, 64) < 0 ||
	    getsockname(listening, (struct sockaddr *)&address, &n) < 0) {
		perror("ws-echo");
		return 1;
	}
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		int fd = accept(listening, NULL, NULL);

		if (fd >= 0 && fork() == 0) {
			close(listening);
			serve(fd);
			_exit(0);
		}
		if (fd >= 0)
			close(fd);
	}
}
