/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listener: see listener.h. */
#include "listener.h"

#include "net/address.h"
#include "net/stream_tcp.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BURST 8   /* connections that are taken in a turn of the loop       */
#define CROWD_BURST  256 /* of a crowd, after which it rests: each wake-up is dear */
#define CROWD_MS     1
#define PAUSE_MS     200 /* when descriptors have run out */

struct Listener {
	uv_poll_t poll;
	uv_timer_t pause;
	int fd;
	int handles;
	unsigned burst; /* taken since the last rest */
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

static void rest(Listener *listener, guint64 ms)
{
	listener->burst = 0;
	uv_poll_stop(&listener->poll);
	uv_timer_start(&listener->pause, on_pause_over, ms, 0);
}

/* What is left after ACCEPT_BURST comes with the next turn, which follows at once. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	Listener *listener = poll->data;
	gboolean crowd = FALSE, more = TRUE;

	for (unsigned i = 0; i < ACCEPT_BURST; i++) {
		struct sockaddr_storage from;
		socklen_t n = sizeof from;
		char address[ADDRESS_TEXT];
		int fd = accept4(listener->fd, (struct sockaddr *)&from, &n,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) {
			rest(listener, PAUSE_MS);
			return;
		}
		if (fd < 0) {
			more = FALSE;
			break;
		}
		address_describe(&from, address);
		crowd |= listener->accept(listener->data, fd, address, listener->vnc_only);
		listener->burst++;
	}
	if (crowd && (!more || listener->burst >= CROWD_BURST))
		rest(listener, CROWD_MS);
	else if (!more)
		listener->burst = 0;
}

Listener *listener_new(uv_loop_t *loop, int fd, gboolean vnc_only, ListenerAccept accept,
		       gpointer data)
{
	Listener *listener = g_new0(Listener, 1);

	listener->fd = fd;
	listener->handles = 2;
	listener->vnc_only = vnc_only;
	listener->accept = accept;
	listener->data = data;
	stream_tcp_prepare(fd);
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
