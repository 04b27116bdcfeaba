/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPICE sessions: greet, dial and relay, between a viewer and a desktop (spice-fixture.h). */
#include "spice-fixture.h"

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
	static const guint8 pong[] = {3, 0, 2, 0, 0, 0, 7, 7};

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
	say(&t.viewer, pong, sizeof pong);
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
	hear(&t.desktop, pong, sizeof pong);
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
	static const guint8 migrate[] = {101, 0, 4, 0, 0, 0, 'h', 'o', 's', 't'};
	static const guint8 pong[] = {3, 0, 2, 0, 0, 0, 7, 7};
	static const guint8 mark[] = {102, 0, 0, 0, 0, 0}, ping[] = {4, 0, 3, 0, 0, 0, 1, 2, 3};
	g_autoptr(GError) error = NULL;

	dial_main();
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	exchange(&t.viewer);
	buffer_clear(&t.viewer.in);

	/* Three messages in one piece, and the first bytes of the next header. */
	buffer_append(&t.desktop.out, mark, sizeof mark);
	buffer_append(&t.desktop.out, migrate, sizeof migrate);
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

	say(&t.viewer, pong, sizeof pong);
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	hear(&t.desktop, pong, sizeof pong);

	/* A desktop that closes main ends the session. */
	hang_up(&t.desktop);
	g_assert_cmpint(relay_spice.run(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	end();
}

static void test_relay_ends(void)
{
	static const guint8 endless[] = {48, 1, 0, 0, 0, 0x40};
	static const guint8 switch_host[] = {111, 0, 4, 0, 0, 0, 'h', 'o', 's', 't'};
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
	g_clear_error(&error);
	end();

	/* It is on another host by now: that is ours to know, and not the viewer's. */
	dial_main();
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	exchange(&t.viewer);
	buffer_clear(&t.viewer.in);
	say(&t.desktop, switch_host, sizeof switch_host);
	g_assert_cmpint(relay_spice.run(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	hear(&t.viewer, NULL, 0);
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
		if (t.line.writes->len == 0)
			break;
		while (t.line.writes->len > 0) {
			gsize n = g_array_index(t.line.writes, gsize, 0);

			g_assert_cmpuint(n, <=, sizeof message - got);
			hear(&t.viewer, message + got, n);
			got = (got + n) % sizeof message;
			heard += n;
		}
	}
	g_assert_cmpuint(heard, ==, sent * sizeof message);
	end();
}

/* However many a desktop says at once: each is a write of its own, and others want to be served. */
static void test_small_messages(void)
{
	enum { N = 4000 };
	static const guint8 mark[] = {102, 0, 0, 0, 0, 0};
	unsigned heard = 0, runs = 0;

	dial_main();
	g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
	exchange(&t.viewer);
	buffer_clear(&t.viewer.in);
	for (unsigned i = 0; i < N; i++)
		buffer_append(&t.desktop.out, mark, sizeof mark);
	exchange(&t.desktop);
	while (heard < N) {
		unsigned wakes = t.wakes;

		g_assert_cmpint(relay_spice.run(&t.s, NULL), ==, STEP_WAIT);
		g_assert_cmpuint(t.line.writes->len, >, 0);
		g_assert_cmpuint(t.line.writes->len, <=, 256);
		if (heard + t.line.writes->len < N)
			g_assert_cmpuint(t.wakes, >, wakes); /* comes again at once */
		for (runs++; t.line.writes->len > 0; heard++)
			hear(&t.viewer, mark, sizeof mark);
	}
	g_assert_cmpuint(runs, <, N / 200);
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
	g_test_add_func("/spice/relay/small-messages", test_small_messages);
	return g_test_run();
}
