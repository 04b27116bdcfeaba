/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice-fixture: see spice-fixture.h. */
#include "spice-fixture.h"

#include "fault.h"
#include "net/stream_tcp.h"
#include "session-io.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

SpiceFixture t;

/* ---- the session's part */

const Options *worker_options(Worker *worker)
{
	return &t.options;
}

guint64 session_now(const Session *session)
{
	return t.now;
}

void session_wake_after(Session *session, guint64 ms)
{
	t.wakes++;
}

void session_request(Session *session, ControlMessage *request)
{
	g_assert_false(t.asking);
	g_assert_cmpstr(request->lease, ==, "lease");
	t.asking = TRUE;
	t.asked = request->type;
	t.told_backend_id = request->backend_id;
}

gboolean session_asking(const Session *session)
{
	return t.asking;
}

/* The broker takes its time: the first look finds nothing. */
Step session_answer(Session *session, GError **error)
{
	static gboolean late;

	g_assert_true(t.asking);
	late = !late;
	if (late)
		return STEP_WAIT;
	t.asking = FALSE;
	if (t.asked == CONTROL_DIAL)
		session->endpoint.protocol = (char *)"spice";
	return STEP_NEXT;
}

Step session_connect(Session *session, GError **error)
{
	t.connects++;
	return STEP_NEXT;
}

void session_keep_desktop_open(Session *session, unsigned ms)
{
	t.kept_ms = ms;
}

/* ---- the far ends */

void open_pair(Peer *near, End *far)
{
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	near->stream = stream_tcp_new(fds[0]);
	far->fd = fds[1];
}

void begin(void)
{
	memset(&t, 0, sizeof t);
	t.options.spice_sasl = TRUE;
	t.now = 1000;
	t.s.front = &front_spice;
	t.s.lease = (char *)"lease";
	t.s.client_id = CLIENT_ID;
	t.s.endpoint.protocol = (char *)"spice";
	t.s.desktop.is_desktop = TRUE;
	t.server = spice_link_server_new(FALSE);
	open_pair(&t.s.client, &t.viewer);
	bottleneck_init(&t.line, &t.s.client);
	open_pair(&t.s.desktop, &t.desktop);
}

void hang_up(End *far)
{
	if (far->fd >= 0)
		close(far->fd);
	far->fd = -1;
}

void end(void)
{
	front_spice.close(&t.s);
	desktop_spice.close(&t.s);
	relay_spice.close(&t.s);
	session_io_clear(&t.s);
	hang_up(&t.viewer);
	hang_up(&t.desktop);
	buffer_clear(&t.viewer.in);
	buffer_clear(&t.viewer.out);
	buffer_clear(&t.desktop.in);
	buffer_clear(&t.desktop.out);
	bottleneck_clear(&t.line);
	spice_link_client_free(t.link);
	spice_link_server_free(t.server);
}

gboolean exchange(End *far)
{
	gboolean moved = buffer_length(&far->out) > 0;
	ssize_t n;

	if (moved)
		g_assert_cmpint(send(far->fd, buffer_bytes(&far->out), buffer_length(&far->out),
				     MSG_NOSIGNAL),
				==, buffer_length(&far->out));
	buffer_clear(&far->out);
	n = far->fd < 0 ? 0 : recv(far->fd, buffer_reserve(&far->in, 8192), 8192, MSG_DONTWAIT);
	if (n > 0)
		buffer_commit(&far->in, (gsize)n);
	else if (buffer_length(&far->in) == 0)
		buffer_clear(&far->in);
	if (far == &t.viewer)
		g_array_set_size(t.line.writes, 0);
	return moved || n > 0;
}

gboolean far_ends(void)
{
	gboolean moved = FALSE;

	if (t.link != NULL && !t.linked) {
		moved |= exchange(&t.viewer);
		t.linked = spice_link_client_step(t.link, &t.viewer.in, &t.viewer.out, NULL) ==
			   SPICE_LINK_CLIENT_READY;
		moved |= exchange(&t.viewer);
	}
	if (!t.accepted) {
		moved |= exchange(&t.desktop);
		if (spice_link_server_step(t.server, &t.desktop.in, &t.desktop.out, NULL) ==
		    SPICE_LINK_SERVER_CREDENTIALS) {
			spice_link_server_accept(t.server, &t.desktop.out);
			t.accepted = TRUE;
		}
		moved |= exchange(&t.desktop);
	}
	return moved;
}

Step drive(Step (*run)(Session *, GError **), GError **error)
{
	unsigned idle = 0;

	for (;;) {
		Step step = run(&t.s, error);

		if (step != STEP_WAIT)
			return step;
		idle = far_ends() ? 0 : idle + 1;
		if (idle == 3) /* one for the late broker */
			return STEP_WAIT;
	}
}

void say(End *far, const void *bytes, gsize n)
{
	buffer_append(&far->out, bytes, n);
	exchange(far);
}

void hear(End *far, const void *expected, gsize n)
{
	guint8 got[8192];
	gsize most = sizeof got;
	ssize_t have;

	g_assert_cmpuint(buffer_length(&far->in), ==, 0);
	if (far == &t.viewer && t.line.writes->len > 0) {
		most = g_array_index(t.line.writes, gsize, 0);
		g_array_remove_index(t.line.writes, 0);
	}
	have = recv(far->fd, got, most, MSG_DONTWAIT);
	if (have < 0 && errno == EAGAIN)
		have = 0;
	g_assert_cmpmem(got, have, expected, n);
}

void view(guint8 type, guint32 connection_id, const char *ticket)
{
	SpiceLinkMess mess = {connection_id, type, 0, 0x9, type == 1 ? 0xf : 0};

	begin();
	t.link = spice_link_client_new(&mess, ticket, NULL, 0, &t.viewer.out);
}
