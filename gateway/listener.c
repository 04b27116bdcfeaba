/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listener: see listener.h. */
#include "listener.h"

#include "autofd.h"
#include "fault.h"
#include "net/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define ACCEPT_BURST 64 /* connections taken per wake-up, so that live sessions get their turn */
#define PAUSE_MS     200 /* when descriptors have run out */

struct Listener {
	uv_poll_t poll;
	uv_timer_t pause;
	int fd;
	int handles;
	gboolean vnc_only;
	ListenerAccept accept;
	gpointer data;
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
	Listener *listener = timer->data;

	uv_poll_start(&listener->poll, UV_READABLE, on_ready);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
	Listener *listener = poll->data;

	for (unsigned i = 0; i < ACCEPT_BURST; i++) {
		struct sockaddr_storage from;
		socklen_t n = sizeof from;
		char address[ADDRESS_TEXT];
		int fd = accept4(listener->fd, (struct sockaddr *)&from, &n,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
			uv_poll_stop(poll);
			uv_timer_start(&listener->pause, on_pause_over, PAUSE_MS, 0);
			return;
		}
		if (fd < 0)
			return;
		address_describe(&from, address);
		listener->accept(listener->data, fd, address, listener->vnc_only);
	}
}

static int open_listener(const char *where, GError **error)
{
	struct sockaddr_storage address;
	socklen_t n = address_parse(where, &address);
	autofd int fd = -1;
	int on = 1, off = 0;

	if (n == 0) {
		g_set_error(error, FAULT, FAULT_CONFIG, "listen: %s is no ADDRESS:PORT", where);
		return -1;
	}
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
		if (address.ss_family == AF_INET6)
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	}
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) < 0 || listen(fd, 4096) < 0) {
		g_autofree char *what = g_strdup_printf("listen on %s", where);

		fault_set_errno(error, FAULT_CONFIG, what);
		return -1;
	}
	return autofd_steal(&fd);
}

Listener *listener_new(uv_loop_t *loop, const char *where, gboolean vnc_only,
	ListenerAccept accept, gpointer data, GError **error)
{
	int fd = open_listener(where, error);
	Listener *listener;

	if (fd < 0)
		return NULL;
	listener = g_new0(Listener, 1);
	listener->fd = fd;
	listener->handles = 2;
	listener->vnc_only = vnc_only;
	listener->accept = accept;
	listener->data = data;
	uv_timer_init(loop, &listener->pause);
	uv_poll_init(loop, &listener->poll, fd);
	listener->pause.data = listener->poll.data = listener;
	uv_poll_start(&listener->poll, UV_READABLE, on_ready);
	return listener;
}

static void on_closed(uv_handle_t *handle)
{
	Listener *listener = handle->data;

	if (--listener->handles == 0)
		g_free(listener);
}

void listener_close(Listener *listener)
{
	if (listener == NULL)
		return;
	uv_close((uv_handle_t *)&listener->poll, on_closed);
	uv_close((uv_handle_t *)&listener->pause, on_closed);
	close(listener->fd);
}
