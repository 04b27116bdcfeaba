/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rfb-fixture: see rfb-fixture.h. */
#include "rfb-fixture.h"

#include "fault.h"
#include "net/stream_tcp.h"
#include "session-io.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

RfbFixture t;

/* In place of GLib's, for the gateway's code in this program. */
gint64 g_get_monotonic_time(void)
{
	return G_USEC_PER_SEC;
}

/* ---- the session's part */

const char *worker_vnc_password(const Worker *worker)
{
	return NULL;
}

const Options *worker_options(Worker *worker)
{
	return &t.options;
}

void session_wake_after(Session *session, guint64 ms)
{
	t.wakes++;
}

Step session_start_tls(Session *session, gboolean vnc, GError **error)
{
	g_assert_true(vnc);
	g_assert_cmpuint(buffer_length(&session->client.in), ==, 0);
	t.client_tls++;
	return STEP_NEXT;
}

Step session_desktop_tls(Session *session, GError **error)
{
	g_assert_cmpuint(buffer_length(&session->desktop.in), ==, 0);
	t.desktop_tls++;
	return STEP_NEXT;
}

Step session_connect(Session *session, GError **error)
{
	return STEP_NEXT;
}

/* ---- the far ends */

void open_pair(Peer *near, int *far)
{
	int fds[2], size = 64 * 1024;

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	near->stream = stream_tcp_new(fds[0]);
	*far = fds[1];
}

void begin(void)
{
	memset(&t, 0, sizeof t);
	t.options.vnc_login = TRUE;
	t.options.max_session_memory = 64;
	t.s.front = &front_rfb;
	t.s.endpoint.protocol = (char *)"vnc";
	t.s.desktop.is_desktop = TRUE;
	open_pair(&t.s.client, &t.viewer);
	open_pair(&t.s.desktop, &t.desktop);
}

void end(void)
{
	front_rfb.close(&t.s);
	desktop_rfb.close(&t.s);
	relay_rfb.close(&t.s);
	session_io_clear(&t.s);
	if (t.viewer >= 0)
		close(t.viewer);
	if (t.desktop >= 0)
		close(t.desktop);
}

void say(int fd, const void *bytes, gsize n)
{
	g_assert_cmpint(send(fd, bytes, n, MSG_NOSIGNAL), ==, n);
}

void hear(int fd, const void *expected, gsize n)
{
	guint8 got[4096];
	ssize_t have = recv(fd, got, sizeof got, MSG_DONTWAIT);

	if (have < 0 && errno == EAGAIN)
		have = 0;
	g_assert_cmpmem(got, have, expected, n);
}

void dial(void)
{
	g_autoptr(GError) error = NULL;

	SAY(t.desktop, V38 "\1\1"
			   "\0\0\0\0"
			   "\3\x20\2\x58" FORMAT "\0\0\0\4"
			   "QEMU");
	g_assert_cmpint(desktop_rfb.dial(&t.s, &error), ==, STEP_NEXT);
	g_assert_no_error(error);
	HEAR(t.desktop, V38 "\1"
			    "\1"
			    "\0\0\0\0" FORMAT);
}

void run(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(relay_rfb.run(&t.s, &error), ==, STEP_WAIT);
	g_assert_no_error(error);
}

void run_fails(int code)
{
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(relay_rfb.run(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, code);
}
