/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desktop_portal: the broker's web socket, dialled like a desktop: pages and API calls end there.
 * The client's address goes ahead in a PROXY v2 header, beside the stream and never in it.
 */
#include "http/proxy.h"
#include "net/address.h"
#include "net/stream_tcp.h"
#include "session/session_loop.h"

static Step portal_dial(Session *s, GError **error)
{
	struct sockaddr_storage local = {0};
	socklen_t n = sizeof local;
	char target[ADDRESS_TEXT];
	guint8 bytes[PROXY_WRITE_MAX];
	ProxyHeader header;
	int fd = dialer_connect(worker_dialer(s->worker), DIALER_WEB, error);

	if (fd < 0)
		return STEP_FAIL;
	session_watch_desktop(s, fd);
	s->desktop.stream = stream_tcp_new(fd);
	getsockname(s->client.stream->fd, (struct sockaddr *)&local, &n);
	address_describe(&local, target);
	proxy_init(&header, s->address, s->target ? s->target : target);
	buffer_append(&s->desktop.out, bytes, proxy_write(&header, bytes));
	return STEP_NEXT;
}

const Desktop desktop_portal = {.name = "portal", .dial = portal_dial};
