/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_net: connecting the desktop's side, and TLS on either side in the middle of
 * a handshake. */
#include "session/session_loop.h"

#include "autofd.h"
#include "net/address.h"
#include "net/stream_tcp.h"
#include "net/stream_tls.h"
#include "net/tls.h"

#include <errno.h>
#include <sys/socket.h>

Step session_client_io(Session *session, Io io)
{
	switch (io) {
	case IO_DONE: return STEP_NEXT;
	case IO_WAIT: return STEP_WAIT;
	case IO_EOF: return STEP_END;
	case IO_FAIL: return STEP_FAIL;
	}
	g_assert_not_reached();
}

Step session_desktop_io(Session *session, Io io, GError **error)
{
	if (io == IO_EOF) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop closed the connection");
		return STEP_FAIL;
	}
	return session_client_io(session, io);
}

static Step handshake(Peer *peer, GError **error)
{
	Io io = stream_tls_handshake(peer->stream, error);

	if (io == IO_WAIT)
		peer->waits |= peer->stream->wants;
	if (io == IO_FAIL && peer->is_desktop && *error != NULL)
		(*error)->code = FAULT_DESKTOP;
	if (io == IO_EOF)
		peer->eof = TRUE;
	return io == IO_DONE   ? STEP_NEXT
	       : io == IO_WAIT ? STEP_WAIT
	       : io == IO_EOF  ? STEP_END
			       : STEP_FAIL;
}

/* A quarter of a millisecond: a crowd that comes is no reason for others to wait longer. */
static Step client_handshake(Session *s, GError **error)
{
	return session_may_toil(s) ? handshake(&s->client, error) : STEP_WAIT;
}

Step session_secure_stream(Session *s, GError **error)
{
	if (!s->loop->securing)
		s->client.stream = stream_tls_new(worker_tls(s->worker, FALSE), s->client.stream,
						  &s->client.in, NULL);
	s->loop->securing = TRUE;
	return client_handshake(s, error);
}

Step session_start_tls(Session *s, gboolean vnc, GError **error)
{
	if (!s->loop->upgrading) {
		if (buffer_length(&s->client.in) > 0) {
			g_set_error(error, FAULT, FAULT_CLIENT,
				    "plain bytes after the TLS request");
			return STEP_FAIL;
		}
		s->client.stream =
			stream_tls_new(worker_tls(s->worker, vnc), s->client.stream, NULL, NULL);
		s->loop->upgrading = TRUE;
	}
	return client_handshake(s, error);
}

/* ---- the desktop's side */

static gboolean open_socket(Session *s, GError **error)
{
	struct sockaddr_storage address;
	autofd int fd = s->endpoint_fd;
	socklen_t n;

	s->endpoint_fd = -1;
	if (fd < 0) {
		n = s->endpoint.host ? address_from(s->endpoint.host, s->endpoint.port, &address)
				     : 0;
		if (n == 0) {
			g_set_error(error, FAULT, FAULT_BROKER,
				    "the endpoint has no numeric address");
			return FALSE;
		}
		fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0 ||
		    (connect(fd, (struct sockaddr *)&address, n) < 0 && errno != EINPROGRESS)) {
			fault_set_errno(error, FAULT_DESKTOP, "connect to the desktop");
			return FALSE;
		}
		s->loop->connecting = TRUE;
	}
	session_watch_desktop(s, fd);
	s->desktop.stream = stream_tcp_new(autofd_steal(&fd));
	return TRUE;
}

static Step finish_connect(Session *s, GError **error)
{
	struct sockaddr_storage address;
	socklen_t n = sizeof address;
	int failed = 0;

	if (!s->loop->connecting)
		return STEP_NEXT;
	if (getpeername(s->desktop.stream->fd, (struct sockaddr *)&address, &n) == 0) {
		s->loop->connecting = FALSE;
		return STEP_NEXT;
	}
	n = sizeof failed;
	getsockopt(s->desktop.stream->fd, SOL_SOCKET, SO_ERROR, &failed, &n);
	if (failed) {
		errno = failed;
		fault_set_errno(error, FAULT_DESKTOP, "connect to the desktop");
		return STEP_FAIL;
	}
	s->desktop.waits |= STREAM_WRITABLE;
	return STEP_WAIT;
}

static gboolean push_tls(Session *s, GError **error)
{
	SSL_CTX *context;

	if (s->endpoint.host == NULL) {
		g_set_error(
			error, FAULT, FAULT_DESKTOP,
			"the desktop wants TLS, but has no name that its certificate could prove");
		return FALSE;
	}
	context = tls_client_context(s->endpoint.ca, error);
	if (context == NULL)
		return FALSE;
	s->desktop.stream = stream_tls_new(context, s->desktop.stream, NULL, s->endpoint.host);
	SSL_CTX_free(context); /* the stream's SSL holds its own reference */
	return TRUE;
}

Step session_connect(Session *s, GError **error)
{
	Step step;

	if (s->desktop.stream == NULL && !open_socket(s, error))
		return STEP_FAIL;
	step = finish_connect(s, error);
	if (step != STEP_NEXT)
		return step;
	if (s->endpoint.tls && g_strcmp0(s->endpoint.protocol, "spice") == 0)
		return session_desktop_tls(s, error);
	return STEP_NEXT;
}

Step session_desktop_tls(Session *s, GError **error)
{
	Step step;

	if (!stream_is_tls(s->desktop.stream)) {
		if (buffer_length(&s->desktop.in) > 0) {
			g_set_error(error, FAULT, FAULT_DESKTOP, "plain bytes before TLS");
			return STEP_FAIL;
		}
		if (!push_tls(s, error))
			return STEP_FAIL;
	}
	step = handshake(&s->desktop, error);
	if (step == STEP_END)
		return session_desktop_io(s, IO_EOF, error);
	return step;
}

/* ---- a connection that outlives its session */

typedef struct {
	uv_timer_t timer;
	Worker *worker;
	Stream *stream;
	char address[sizeof((Session *)NULL)->address];
} Kept;

static void on_kept_closed(uv_handle_t *handle)
{
	g_free(handle->data);
}

static void on_kept_long_enough(uv_timer_t *timer)
{
	Kept *kept = timer->data;

	stream_free(g_steal_pointer(&kept->stream));
	worker_line_closed(kept->worker, kept->address);
	uv_close((uv_handle_t *)timer, on_kept_closed);
}

void session_keep_desktop_open(Session *s, unsigned ms)
{
	Kept *kept;

	if (s->desktop.stream == NULL)
		return;
	kept = g_new0(Kept, 1);
	kept->worker = s->worker;
	kept->stream = g_steal_pointer(&s->desktop.stream);
	g_strlcpy(kept->address, s->address, sizeof kept->address);
	worker_line_held(s->worker, s->address);
	uv_timer_init(worker_loop(s->worker), &kept->timer);
	kept->timer.data = kept;
	uv_timer_start(&kept->timer, on_kept_long_enough, ms, 0);
}
