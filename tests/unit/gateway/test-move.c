/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which losses a further SPICE channel survives: it waits for its main channel, to which the broker
 * gives another desktop, or the way back. */
#include "control/control.h"
#include "session/session_loop.h"

typedef struct {
	uv_loop_t loop;
	GString *told; /* of whose end the broker was told */
	SessionLoop own;
	Session session;
} Fixture;

static Fixture *here;

/* ---- a worker that has a loop, and a broker that listens */

uv_loop_t *worker_loop(Worker *worker)
{
	return &here->loop;
}

BrokerLink *worker_broker(Worker *worker)
{
	return NULL;
}

void broker_link_notify(BrokerLink *link, ControlMessage *message)
{
	g_assert_cmpint(message->type, ==, CONTROL_ENDED);
	g_string_append_printf(here->told, "%s %s", message->lease, message->channel);
}

gboolean broker_link_request(BrokerLink *link, ControlMessage *message, GError **error)
{
	g_assert_not_reached();
}

/* ---- the channel */

static gboolean part(Session *session)
{
	return TRUE;
}

static const Relay relay = {.part = part};

/* As long as main may dial a lobby, ask for its way, be told, and dial: it would go on without this
 * one. A viewer that has not seen the channel yet had better try again soon. */
static void assert_patient(Fixture *f, gboolean relayed)
{
	const guint64 main_ms = (15 + 60 + 10 + 15) * 1000;
	guint64 ms = f->own.deadline - f->own.step_at;

	g_assert_cmpuint(ms, >, 0);
	g_assert_true(relayed ? ms >= main_ms : ms < main_ms);
}

/* On its way to the desktop where its main channel is; relayed: from another one. */
static void begin(Fixture *f, gboolean relayed)
{
	f->own = (SessionLoop){.at = DIAL_ROW,
			       .relayed = relayed,
			       .moving = relayed,
			       .client_events = -1,
			       .desktop_events = -1};
	f->session = (Session){
		.loop = &f->own,
		.relay = relayed ? &relay : NULL,
		.ask = {.kind = ASK_JOIN, .protocol = "spice", .channel = (char *)"inputs:0"},
		.lease = (char *)"s-lobby",
		.log = {.step = "dial"},
		.endpoint_fd = -1,
		.backend_id = 7};
	g_string_truncate(f->told, 0);
}

static void set_up(Fixture *f, gconstpointer data)
{
	uv_loop_init(&f->loop);
	f->told = g_string_new(NULL);
	here = f;
}

static void tear_down(Fixture *f, gconstpointer data)
{
	g_assert_cmpint(uv_loop_close(&f->loop), ==, 0);
	g_string_free(f->told, TRUE);
}

static void assert_waits(Fixture *f, gboolean relayed, Fault code)
{
	g_autoptr(GError) error = g_error_new_literal(FAULT, (int)code, "lost");

	begin(f, relayed);
	g_assert_true(session_goes_on(&f->session, &error));
	g_assert_no_error(error);
	g_assert_cmpuint(f->own.at, ==, DIAL_ROW);
	g_assert_cmpuint(f->session.backend_id, ==, 0);
	assert_patient(f, relayed);
	g_assert_error(f->own.lost, FAULT, (int)code);
	g_assert_cmpstr(f->told->str, ==, relayed ? "s-lobby inputs:0" : "");
	g_clear_error(&f->own.lost);
}

static void assert_ends(Fixture *f, gboolean relayed, Fault code)
{
	g_autoptr(GError) error = g_error_new_literal(FAULT, (int)code, "lost");

	begin(f, relayed);
	g_assert_false(session_goes_on(&f->session, &error));
	g_assert_error(error, FAULT, (int)code);
	g_assert_cmpstr(f->told->str, ==, "");
}

/* The desktop may only have refused this channel, or have ended under all of them. */
static void test_desktop(Fixture *f, gconstpointer data)
{
	for (gboolean relayed = FALSE; relayed <= TRUE; relayed++) {
		assert_waits(f, relayed, FAULT_DESKTOP);
		assert_waits(f, relayed, FAULT_NOT_FOUND);
	}
}

/* It was on its way to a lobby, say, and the broker that keeps it was killed: main goes back to its
 * desktop, and without this channel a person would have no keyboard there. A viewer that only comes
 * can come again. */
static void test_broker(Fixture *f, gconstpointer data)
{
	assert_waits(f, TRUE, FAULT_BROKER);
	assert_ends(f, FALSE, FAULT_BROKER);
}

static void test_client(Fixture *f, gconstpointer data)
{
	for (gboolean relayed = FALSE; relayed <= TRUE; relayed++) {
		assert_ends(f, relayed, FAULT_CLIENT);
		assert_ends(f, relayed, FAULT_TIMEOUT);
	}
}

/* A main channel on its way to a lobby whose broker went, and did not come in time. */
static void test_lobby_in_vain(Fixture *f, gconstpointer data)
{
	g_autoptr(GError) error = g_error_new_literal(FAULT, FAULT_TIMEOUT, "late");

	begin(f, TRUE);
	f->session.ask.kind = ASK_TICKET;
	f->session.lease = g_strdup("lobby-1");
	f->own.home = g_strdup("s-1");
	g_assert_true(session_goes_on(&f->session, &error));
	g_assert_cmpuint(f->own.at, ==, REDEEM_ROW);
	g_assert_cmpint(f->session.ask.kind, ==, ASK_AGAIN);
	g_assert_cmpstr(f->session.lease, ==, "s-1");
	g_clear_error(&f->own.lost);
	g_free(f->session.lease);
	g_free(f->own.home);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/move/channel-loses-its-desktop", Fixture, NULL, set_up, test_desktop,
		   tear_down);
	g_test_add("/move/channel-loses-its-broker", Fixture, NULL, set_up, test_broker, tear_down);
	g_test_add("/move/channel-loses-its-client", Fixture, NULL, set_up, test_client, tear_down);
	g_test_add("/move/lobby-in-vain", Fixture, NULL, set_up, test_lobby_in_vain, tear_down);
	return g_test_run();
}
