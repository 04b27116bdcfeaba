/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A SPICE viewer and a desktop at the far ends of two socket pairs, the gateway's front, dial and
 * relay between them. What session.c would do (connecting, the broker, timers) is played here. A
 * layer over the viewer's stream notes each write, which would be TLS records of its own.
 */
#include "front/front_spice.h"
#include "net/stream_tcp.h"
#include "secret.h"
#include "spice/spice_frame.h"
#include "spice/spice_link_client.h"
#include "spice/spice_link_server.h"
#include "worker.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_ID  0x0a0b0c0d
#define BACKEND_ID 0x01020304

typedef struct {
	int fd;
	Buffer in, out;
} End;

static struct {
	Session s;
	Options options;
	End viewer, desktop;
	SpiceLinkClient *link;   /* the viewer's */
	gboolean linked;         /* the viewer has its result */
	SpiceLinkServer *server; /* the desktop's */
	gboolean accepted;       /* the desktop let us in */
	unsigned connects, wakes, kept_ms;
	guint64 now;
	ControlType asked;
	guint32 told_backend_id;
	gboolean asking;
	GArray *writes; /* sizes of the writes to the viewer that it has not heard */
} t;

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

Step session_client_io(Session *session, Io io)
{
	static const Step steps[] = {STEP_NEXT, STEP_WAIT, STEP_END, STEP_FAIL};

	return steps[io];
}

Step session_desktop_io(Session *session, Io io, GError **error)
{
	if (io != IO_EOF)
		return session_client_io(session, io);
	g_set_error(error, FAULT, FAULT_DESKTOP, "the desktop closed the connection");
	return STEP_FAIL;
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

static Io noted_read(Stream *stream, void *bytes, gsize n, gsize *out_n, GError **error)
{
	Io io = stream_read(stream->below, bytes, n, out_n, error);

	stream->wants = stream->below->wants;
	return io;
}

static Io noted_write(Stream *stream, guint8 *bytes, gsize n, gsize *out_n, GError **error)
{
	Io io = stream_write(stream->below, bytes, n, out_n, error);

	stream->wants = stream->below->wants;
	if (io == IO_DONE)
		g_array_append_val(t.writes, *out_n);
	return io;
}

static Io noted_flush(Stream *stream, GError **error)
{
	return stream_flush(stream->below, error);
}

static void noted_free(Stream *stream)
{
	g_free(stream);
}

static Stream *noted_new(Stream *below)
{
	static const StreamOps ops = {.name = "noted",
				      .read = noted_read,
				      .write = noted_write,
				      .flush = noted_flush,
				      .free = noted_free};
	Stream *stream = g_new0(Stream, 1);

	stream->ops = &ops;
	stream->below = below;
	return stream;
}

static void open_pair(Peer *near, End *far)
{
	int fds[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
	near->stream = stream_tcp_new(fds[0]);
	far->fd = fds[1];
}

static void begin(void)
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
	t.writes = g_array_new(FALSE, FALSE, sizeof(gsize));
	open_pair(&t.s.client, &t.viewer);
	t.s.client.stream = noted_new(t.s.client.stream);
	open_pair(&t.s.desktop, &t.desktop);
}

static void hang_up(End *far)
{
	if (far->fd >= 0)
		close(far->fd);
	far->fd = -1;
}

static void end(void)
{
	front_spice.close(&t.s);
	desktop_spice.close(&t.s);
	relay_spice.close(&t.s);
	peer_clear(&t.s.client);
	peer_clear(&t.s.desktop);
	secret_free(t.s.ask.ticket);
	secret_free(t.s.ask.password);
	g_free(t.s.ask.user);
	g_free(t.s.ask.desktop);
	g_free(t.s.ask.channel);
	hang_up(&t.viewer);
	hang_up(&t.desktop);
	buffer_clear(&t.viewer.in);
	buffer_clear(&t.viewer.out);
	buffer_clear(&t.desktop.in);
	buffer_clear(&t.desktop.out);
	g_array_unref(t.writes);
	spice_link_client_free(t.link);
	spice_link_server_free(t.server);
}

/* True if bytes moved. */
static gboolean exchange(End *far)
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
		g_array_set_size(t.writes, 0);
	return moved || n > 0;
}

/* Both far ends do what they can: link, and let in. */
static gboolean far_ends(void)
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

static Step drive(Step (*run)(Session *, GError **), GError **error)
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

static void say(End *far, const void *bytes, gsize n)
{
	buffer_append(&far->out, bytes, n);
	exchange(far);
}

/* These bytes have come and, at the viewer's end, in one write; n 0: nothing has come. */
static void hear(End *far, const void *expected, gsize n)
{
	guint8 got[8192];
	gsize most = sizeof got;
	ssize_t have;

	g_assert_cmpuint(buffer_length(&far->in), ==, 0);
	if (far == &t.viewer && t.writes->len > 0) {
		most = g_array_index(t.writes, gsize, 0);
		g_array_remove_index(t.writes, 0);
	}
	have = recv(far->fd, got, most, MSG_DONTWAIT);
	if (have < 0 && errno == EAGAIN)
		have = 0;
	g_assert_cmpmem(got, have, expected, n);
}

static void view(guint8 type, guint32 connection_id, const char *ticket)
{
	SpiceLinkMess mess = {connection_id, type, 0, 0x9, type == 1 ? 0xf : 0};

	begin();
	t.link = spice_link_client_new(&mess, ticket, NULL, 0, &t.viewer.out);
}

/* ---- greet */

static void test_ticket(void)
{
	view(SPICE_CHANNEL_MAIN, 0, "tick");
	g_assert_cmpint(drive(front_spice.greet, NULL), ==, STEP_NEXT);
	g_assert_cmpint(t.s.ask.kind, ==, ASK_TICKET);
	g_assert_cmpstr(t.s.ask.ticket, ==, "tick");
	g_assert_cmpstr(t.s.ask.protocol, ==, "spice");
	g_assert_cmpstr(t.s.ask.channel, ==, "main:0");
	g_assert_false(t.linked);
	g_assert_cmpint(drive(front_spice.welcome, NULL), ==, STEP_NEXT);
	far_ends();
	g_assert_true(t.linked);
	end();

	view(SPICE_CHANNEL_CURSOR, 77, "tick");
	g_assert_cmpint(drive(front_spice.greet, NULL), ==, STEP_NEXT);
	g_assert_cmpint(t.s.ask.kind, ==, ASK_JOIN);
	g_assert_cmpuint(t.s.ask.client_id, ==, 77);
	g_assert_cmpstr(t.s.ask.ticket, ==, "tick");
	g_assert_cmpstr(t.s.ask.channel, ==, "cursor:0");
	end();
}

static Step greet_sasl(guint32 connection_id, const char *user, const char *password,
		       GError **error)
{
	SpiceLinkMess mess = {connection_id, connection_id ? 4 : 1, 0, 0xd, 0};
	gsize user_n = strlen(user), password_n = strlen(password);
	Buffer *out = &t.viewer.out;

	begin();
	spice_link_append_mess(out, &mess);
	buffer_append_u32le(out, SPICE_LINK_MECHANISM_SASL);
	buffer_append_u32le(out, 5);
	buffer_append(out, "PLAIN", 5);
	buffer_append_u32le(out, (guint32)(1 + user_n + 1 + password_n + 1));
	buffer_append_u8(out, 0);
	buffer_append(out, user, user_n + 1);
	buffer_append(out, password, password_n + 1);
	exchange(&t.viewer);
	return drive(front_spice.greet, error);
}

static void test_login(void)
{
	static const struct {
		const char *user, *asked, *desktop;
	} rows[] = {
		{"anna", "anna", NULL}, {"anna/office", "anna", "office"}, {"anna/", "anna", NULL}};

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_cmpint(greet_sasl(0, rows[i].user, "pw", NULL), ==, STEP_NEXT);
		g_assert_cmpint(t.s.ask.kind, ==, ASK_LOGIN);
		g_assert_cmpstr(t.s.ask.user, ==, rows[i].asked);
		g_assert_cmpstr(t.s.ask.desktop, ==, rows[i].desktop);
		g_assert_cmpstr(t.s.ask.password, ==, "pw");
		g_assert_null(t.s.ask.ticket);
		end();
	}
	g_assert_cmpint(greet_sasl(0, "ticket", "tick", NULL), ==, STEP_NEXT);
	g_assert_cmpint(t.s.ask.kind, ==, ASK_TICKET);
	g_assert_cmpstr(t.s.ask.ticket, ==, "tick");
	g_assert_null(t.s.ask.user);
	end();
	g_assert_cmpint(greet_sasl(5, "anna/office", "pw", NULL), ==, STEP_NEXT);
	g_assert_cmpint(t.s.ask.kind, ==, ASK_JOIN);
	g_assert_cmpstr(t.s.ask.user, ==, "anna");
	g_assert_null(t.s.ask.desktop);
	end();
}

static void test_goodbye(void)
{
	g_autoptr(GError) denied = g_error_new_literal(FAULT, FAULT_DENIED, "no");
	g_autoptr(GError) down = g_error_new_literal(FAULT, FAULT_DESKTOP, "down");
	g_autoptr(GError) error = NULL;

	/* Before a word: a link error. */
	begin();
	front_spice.goodbye(&t.s, down);
	g_assert_cmpuint(buffer_length(&t.s.client.out), ==, 16 + 178);
	g_assert_cmpuint(buffer_bytes(&t.s.client.out)[16], ==, 1);
	end();
	/* With a ticket in hand: what a viewer takes for a wrong password only if it is one. */
	for (unsigned i = 0; i < 2; i++) {
		view(SPICE_CHANNEL_MAIN, 0, "tick");
		g_assert_cmpint(drive(front_spice.greet, NULL), ==, STEP_NEXT);
		front_spice.goodbye(&t.s, i == 0 ? denied : down);
		g_assert_cmpuint(buffer_length(&t.s.client.out), ==, i == 0 ? 4 : 0);
		if (i == 0)
			g_assert_cmpuint(*buffer_bytes(&t.s.client.out), ==, 7);
		end();
	}
	/* No ticket, no user. */
	view(SPICE_CHANNEL_MAIN, 0, NULL);
	g_assert_cmpint(drive(front_spice.greet, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DENIED);
	end();
	g_clear_error(&error);
	g_assert_cmpint(greet_sasl(0, "/x", "pw", &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DENIED);
	end();
}

/* ---- dial */

static const guint8 display_init[] = {101, 0, 14, 0, 0, 0, 1, 0, 0, 0,
				      0,   0, 0,  0, 0, 1, 0, 0, 0, 0};
static const guint8 surface_create[] = {0x3a, 1, 0, 0, 0, 0};

static void dial_display(void)
{
	view(SPICE_CHANNEL_DISPLAY, 77, "tick");
	t.s.endpoint.protocol = NULL;
	t.s.backend_id = BACKEND_ID;
	t.s.ask.kind = ASK_JOIN;
	g_assert_cmpint(drive(front_spice.greet, NULL), ==, STEP_NEXT);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
}

/* The desktop is not touched before INIT, not left before it has handled INIT, and INIT comes with
 * the ticket. */
static void test_display(void)
{
	static const guint8 set_ack[] = {3, 0, 8, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0};

	dial_display();
	g_assert_true(t.linked); /* the viewer is in and speaks */
	g_assert_false(t.asking);
	say(&t.viewer, display_init, sizeof display_init - 1);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
	g_assert_cmpuint(t.connects, ==, 0);
	say(&t.viewer, display_init + sizeof display_init - 1, 1);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
	g_assert_cmpint(t.asked, ==, CONTROL_DIAL);
	g_assert_true(t.accepted);
	g_assert_cmpuint(spice_link_server_mess(t.server)->connection_id, ==, BACKEND_ID);
	g_assert_cmpmem(buffer_bytes(&t.desktop.in), buffer_length(&t.desktop.in), display_init,
			sizeof display_init);
	buffer_clear(&t.desktop.in);

	/* Not yet: an ack says nothing of the display, and the viewer's words have to wait. */
	say(&t.desktop, set_ack, sizeof set_ack);
	say(&t.viewer, "more", 4);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
	g_assert_cmpuint(t.wakes, >, 0);
	hear(&t.desktop, NULL, 0);
	say(&t.desktop, surface_create, sizeof surface_create);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_NEXT);
	g_assert_cmpint(drive(front_spice.welcome, NULL), ==, STEP_NEXT);
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	hear(&t.viewer, set_ack, sizeof set_ack);
	hear(&t.viewer, surface_create, sizeof surface_create);
	hear(&t.viewer, NULL, 0);
	hear(&t.desktop, "more", 4);
	desktop_spice.close(&t.s);
	g_assert_cmpuint(t.kept_ms, ==, 0);
	end();
}

static void test_display_that_leaves(void)
{
	g_autoptr(GError) error = NULL;

	/* Before INIT: nothing has happened. */
	dial_display();
	hang_up(&t.viewer);
	g_assert_cmpint(desktop_spice.dial(&t.s, NULL), ==, STEP_END);
	desktop_spice.close(&t.s);
	g_assert_cmpuint(t.connects, ==, 0);
	g_assert_cmpuint(t.kept_ms, ==, 0);
	end();
	/* After it: the desktop keeps its connection. */
	dial_display();
	say(&t.viewer, display_init, sizeof display_init);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
	desktop_spice.close(&t.s);
	g_assert_cmpuint(t.kept_ms, >=, 1000);
	end();
	/* Something else for INIT. */
	dial_display();
	say(&t.viewer, surface_create, sizeof surface_create);
	say(&t.viewer, display_init, sizeof display_init);
	g_assert_cmpint(drive(desktop_spice.dial, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_assert_cmpuint(t.connects, ==, 0);
	end();
}

/* A second monitor that is not there yet says nothing; the viewer need not wait for ever. */
static void test_display_without_picture(void)
{
	dial_display();
	say(&t.viewer, display_init, sizeof display_init);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
	t.now += 2999;
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
	t.now += 1;
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_NEXT);
	end();
}

static const guint8 main_init[SPICE_FRAME_MAIN_INIT] = {103, 0, 32, 0, 0, 0, 4, 3, 2, 1, 1};

static void dial_main(void)
{
	view(SPICE_CHANNEL_MAIN, 0, "tick");
	g_assert_cmpint(drive(front_spice.greet, NULL), ==, STEP_NEXT);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_WAIT);
	say(&t.desktop, main_init, sizeof main_init);
	g_assert_cmpint(drive(desktop_spice.dial, NULL), ==, STEP_NEXT);
	g_assert_cmpint(drive(front_spice.welcome, NULL), ==, STEP_NEXT);
	far_ends();
	g_assert_true(t.linked);
}

/* The broker learns the desktop's session id, the viewer gets the lease's. */
static void test_main(void)
{
	guint8 expected[sizeof main_init];

	dial_main();
	g_assert_cmpint(t.asked, ==, CONTROL_LINKED);
	g_assert_cmphex(t.told_backend_id, ==, BACKEND_ID);
	g_assert_cmpuint(spice_link_server_mess(t.server)->connection_id, ==, 0);
	g_assert_cmphex(spice_link_server_mess(t.server)->channel, ==, 0x6);
	g_assert_cmpuint(buffer_length(&t.viewer.in), ==, 0); /* the result came alone */
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	memcpy(expected, main_init, sizeof expected);
	spice_frame_main_init_set(expected, CLIENT_ID);
	hear(&t.viewer, expected, sizeof expected);
	end();
}

static void test_dial_refused(void)
{
	g_autoptr(GError) error = NULL;

	view(SPICE_CHANNEL_MAIN, 0, "tick");
	g_assert_cmpint(drive(front_spice.greet, NULL), ==, STEP_NEXT);
	t.s.endpoint.protocol = (char *)"vnc";
	g_assert_cmpint(drive(desktop_spice.dial, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	end();
	view(SPICE_CHANNEL_MAIN, 0, "tick");
	g_assert_cmpint(drive(front_spice.greet, NULL), ==, STEP_NEXT);
	t.s.client_id = 0;
	g_assert_cmpint(drive(desktop_spice.dial, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_BROKER);
	end();
}

/* ---- relay */

static void test_relay(void)
{
	static const guint8 switch_host[] = {111, 0, 4, 0, 0, 0, 'h', 'o', 's', 't'};
	static const guint8 mark[] = {102, 0, 0, 0, 0, 0}, ping[] = {4, 0, 3, 0, 0, 0, 1, 2, 3};
	g_autoptr(GError) error = NULL;

	dial_main();
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	exchange(&t.viewer);
	buffer_clear(&t.viewer.in);

	/* Three messages in one piece, and the first bytes of the next header. */
	buffer_append(&t.desktop.out, mark, sizeof mark);
	buffer_append(&t.desktop.out, switch_host, sizeof switch_host);
	buffer_append(&t.desktop.out, ping, sizeof ping);
	buffer_append(&t.desktop.out, ping, 5);
	exchange(&t.desktop);
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	hear(&t.viewer, mark, sizeof mark);
	hear(&t.viewer, ping, sizeof ping);
	hear(&t.viewer, NULL, 0);

	/* The rest of that message, and more: what is there of a message goes out at once. */
	buffer_append(&t.desktop.out, ping + 5, 2);
	exchange(&t.desktop);
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	hear(&t.viewer, ping, 7);
	buffer_append(&t.desktop.out, ping + 7, 2);
	buffer_append(&t.desktop.out, mark, sizeof mark);
	exchange(&t.desktop);
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	hear(&t.viewer, ping + 7, 2);
	hear(&t.viewer, mark, sizeof mark);

	say(&t.viewer, "any bytes", 9);
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	hear(&t.desktop, "any bytes", 9);

	/* A desktop that closes main ends the session. */
	hang_up(&t.desktop);
	g_assert_cmpint(relay_spice.run(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	end();
}

static void test_relay_ends(void)
{
	static const guint8 endless[] = {48, 1, 0, 0, 0, 0x40};
	g_autoptr(GError) error = NULL;

	dial_main();
	hang_up(&t.viewer);
	g_assert_cmpint(relay_spice.run(&t.s, &error), ==, STEP_END);
	g_assert_no_error(error);
	end();
	dial_main();
	say(&t.desktop, endless, sizeof endless);
	g_assert_cmpint(relay_spice.run(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	end();
}

/* A viewer that takes nothing: nothing more is read from the desktop, and nothing is lost. */
static void test_back_pressure(void)
{
	guint8 message[6 + 1000] = {102, 0, 0xe8, 3, 0, 0};
	gsize sent = 0, got = 0, heard = 0;

	dial_main();
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	exchange(&t.viewer);
	buffer_clear(&t.viewer.in);
	for (unsigned tries = 0; tries < 5000; tries++) {
		if (send(t.desktop.fd, message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		    sizeof message)
			sent++;
		else
			break;
		g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	}
	g_assert_cmpuint(sent, >, 10);
	g_assert_cmpuint(sent, <, 5000);
	g_assert_cmpuint(buffer_length(&t.s.desktop.in), >, 0);
	for (;;) {
		g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
		if (t.writes->len == 0)
			break;
		while (t.writes->len > 0) {
			gsize n = g_array_index(t.writes, gsize, 0);

			g_assert_cmpuint(n, <=, sizeof message - got);
			hear(&t.viewer, message + got, n);
			got = (got + n) % sizeof message;
			heard += n;
		}
	}
	g_assert_cmpuint(heard, ==, sent * sizeof message);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice/greet/ticket", test_ticket);
	g_test_add_func("/spice/greet/login", test_login);
	g_test_add_func("/spice/greet/goodbye", test_goodbye);
	g_test_add_func("/spice/dial/main", test_main);
	g_test_add_func("/spice/dial/display", test_display);
	g_test_add_func("/spice/dial/display-that-leaves", test_display_that_leaves);
	g_test_add_func("/spice/dial/display-without-picture", test_display_without_picture);
	g_test_add_func("/spice/dial/refused", test_dial_refused);
	g_test_add_func("/spice/relay/messages", test_relay);
	g_test_add_func("/spice/relay/ends", test_relay_ends);
	g_test_add_func("/spice/relay/back-pressure", test_back_pressure);
	return g_test_run();
}
