/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listener: see listener.h. */
#include "listener.h"

#include "net/address.h"
#include "net/stream_tcp.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BURST 2   /* connections that are taken in a turn of the loop */
#define CROWD_MS     1   /* when all of a crowd were taken: each wake-up is dear */
#define PAUSE_MS     200 /* when descriptors have run out */

struct Listener {
	uv_poll_t poll;
	uv_timer_t pause;
	Turns *turns;
	Turn rested;
	int fd;
	int handles;
	gboolean vnc_only;
	ListenerAccept accept;
	gpointer data;
};

static void on_ready(uv_poll_t *poll, int status, int events);

static void go_on(gpointer data)
{
	Listener *listener = data;

	uv_poll_start(&listener->poll, UV_READABLE, on_ready);
}

static void on_pause_over(uv_timer_t *timer)
{
	go_on(timer->data);
}

static void pause_for(Listener *listener, guint64 ms)
{
	uv_poll_stop(&listener->poll);
	uv_timer_start(&listener->pause, on_pause_over, ms, 0);
}

/* -1 and errno if none is there, or cannot be taken. */
static int take(Listener *listener, gboolean *crowd)
{
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	char address[ADDRESS_TEXT];
	int fd = accept4(listener->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -1;
	address_describe(&from, address);
	*crowd |= listener->accept(listener->data, fd, address, listener->vnc_only);
	return 0;
}

/* What is left comes with the next turn, which follows at once, or when the rest is over. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	Listener *listener = poll->data;
	guint64 begun = uv_hrtime();
	gboolean crowd = FALSE;
	int failed = 0;

	if (turns_rest(listener->turns)) {
		uv_poll_stop(poll);
		turns_rested(listener->turns, &listener->rested);
		return;
	}
	for (unsigned i = 0; i < ACCEPT_BURST && failed == 0; i++)
		failed = take(listener, &crowd) < 0 ? errno : 0;
	if (failed == EMFILE || failed == ENFILE || failed == ENOBUFS || failed == ENOMEM)
		pause_for(listener, PAUSE_MS);
	else if (crowd && failed != 0)
		pause_for(listener, CROWD_MS);
	turns_toiled(listener->turns, begun);
}

Listener *listener_new(uv_loop_t *loop, Turns *turns, int fd, gboolean vnc_only,
		       ListenerAccept accept, gpointer data)
{
	Listener *listener = g_new0(Listener, 1);

	listener->turns = turns;
	listener->rested = (Turn){.run = go_on, .data = listener};
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
	turn_forget(&listener->rested);
	uv_close((uv_handle_t *)&listener->poll, on_closed);
	uv_close((uv_handle_t *)&listener->pause, on_closed);
	close(listener->fd);
}
