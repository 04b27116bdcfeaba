/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session that ends soon: its person is brought to a lobby that says so, and back. */
#include <sys/socket.h>
#include <unistd.h>

#include "core_admin.h"
#include "fault.h"
#include "foyer.h"
#include "lobbies/lobbies.h"
#include "log.h"

/* Anna's gateway is told to bring her from her desktop to a lobby that says so, and has not yet
 * answered. Her session; g_free() it. */
static char *called(Foyer *x, unsigned extend)
{
	g_autoptr(PlanView) plan = core_plan(x->f.core, "lab", NULL);
	ControlMessage anna = login_of("anna", "right", NULL);
	g_auto(ControlMessage) lease = {0}, move = {0};

	ask(&x->g, &anna, &lease);
	close(gateway_take_fd(&x->g));
	foyer_note(x, CONTROL_STARTED, lease.lease);
	lease_await_live(&x->f, lease.lease);
	plan->length = plan->warn = 600;
	plan->extend = extend;
	g_assert_true(core_plan_set(x->f.core, "root", plan, NULL));
	g_assert_true(gateway_receive(&x->g, &move) && move.type == CONTROL_MOVE);
	x->client = gateway_take_fd(&x->g);
	x->lease = g_strdup(move.to);
	return g_strdup(lease.lease);
}

static void sees_warning(Foyer *x, unsigned extend)
{
	g_auto(LobbyMessage) ending = {0};

	foyer_expect(x, LOBBY_OPEN);
	foyer_hear(x, LOBBY_ENDING, &ending);
	g_assert_true(ending.seconds > 500 && ending.extend == (extend > 0));
}

static void goes_to_lobby(Foyer *x, char *lease)
{
	gateway_send(&x->g, &(ControlMessage){.type = CONTROL_ENDED,
					      .id = OF_ENDED,
					      .lease = lease,
					      .to = x->lease,
					      .fault = (char *)"ended",
					      .step = (char *)"relay"});
	foyer_note(x, CONTROL_STARTED, x->lease);
}

/* She is there. Her session; g_free() it. */
static char *warned(Foyer *x, unsigned extend)
{
	g_autofree char *lease = called(x, extend);

	goes_to_lobby(x, lease);
	sees_warning(x, extend);
	return g_steal_pointer(&lease);
}

/* Back in the same session, which goes on for longer if that was wanted. */
static void test_warned(Foyer *x, gconstpointer extend)
{
	g_autofree char *lease = warned(x, 300);
	g_autoptr(GPtrArray) live = NULL;
	g_autofree char *back = NULL;
	const SessionView *view;

	foyer_say(x, &(LobbyMessage){.type = extend ? LOBBY_EXTEND : LOBBY_CANCEL});
	back = foyer_moved(x, "lab-1");
	g_assert_cmpstr(back, ==, lease);
	lease_await_live(&x->f, lease);
	live = core_sessions(x->f.core, "anna", TRUE, 0, NULL);
	view = live->pdata[0];
	g_assert_cmpint(view->ends_at - view->started_at, ==, extend ? 900 : 600);
}

/* She is called back before the broker has heard that she is there. */
static void test_back_before_it_heard(Foyer *x, gconstpointer stops)
{
	g_autofree char *lease = called(x, 300);
	ControlMessage own = {.lease = lease};
	g_auto(ControlMessage) back = {0};
	g_autoptr(SessionView) view = NULL;

	sees_warning(x, 300);
	if (stops)
		lobbies_stop(x->f.core->lobbies);
	else
		foyer_say(x, &(LobbyMessage){.type = LOBBY_CANCEL});
	g_assert_true(gateway_receive(&x->g, &back) && back.type == CONTROL_MOVE);
	close(gateway_take_fd(&x->g));
	goes_to_lobby(x, lease);
	foyer_note(x, CONTROL_ENDED, x->lease);
	foyer_note(x, CONTROL_STARTED, lease);
	lease_ended(&x->g, &own, NULL, 1, 2);
	view = lease_await_ended(&x->f, lease);
	g_assert_cmpstr(view->reason, ==, "left");
}

static void test_warned_leaves(Foyer *x, gconstpointer unused)
{
	g_autofree char *lease = warned(x, 0);
	g_autoptr(SessionView) view = NULL;

	foyer_note(x, CONTROL_ENDED, x->lease);
	view = lease_await_ended(&x->f, lease);
	g_assert_cmpstr(view->reason, ==, "the client left");
}

/* The session does not wait for its person's word. */
static void test_warned_ends(Foyer *x, gconstpointer unused)
{
	g_autofree char *lease = warned(x, 0);
	g_auto(LobbyMessage) open = {0};

	foyer_end_session(x, lease);
	foyer_expect(x, LOBBY_WARNING);
	foyer_hear(x, LOBBY_OPEN, &open);
	g_assert_cmpstr(open.text, ==, "Your session on lab-1 has ended.");
	foyer_expect(x, LOBBY_DESKTOPS_ARE);
}

/* ---- and the broker goes away meanwhile */

/* It says so, and the client goes on at its desktop. */
static void test_warned_stops(Foyer *x, gconstpointer unused)
{
	g_autofree char *lease = warned(x, 300);
	g_autofree char *back = NULL;

	lobbies_stop(x->f.core->lobbies);
	back = foyer_moved(x, "lab-1");
	g_assert_cmpstr(back, ==, lease);
	lease_await_live(&x->f, lease);
}

/* One that warns: the client's gateway asks for the way back by itself, */
static void ask_for_way_back(Foyer *x, const char *lease, ControlMessage *way)
{
	ControlMessage dial = {.type = CONTROL_DIAL, .lease = (char *)lease};
	char byte;

	foyer_kill();
	g_assert_cmpint(recv(x->client, &byte, 1, 0), ==, 0);
	gateway_send(&x->g, &(ControlMessage){.type = CONTROL_ENDED,
					      .id = OF_ENDED,
					      .lease = x->lease,
					      .fault = (char *)"desktop",
					      .step = (char *)"relay"});
	ask(&x->g, &dial, way);
	close(gateway_take_fd(&x->g));
}

/* and gets it. */
static void test_killed_that_warned(Foyer *x, gconstpointer unused)
{
	g_autofree char *lease = warned(x, 300);
	g_autoptr(SessionView) view = NULL;
	g_auto(ControlMessage) way = {0};

	ask_for_way_back(x, lease, &way);
	g_assert_cmpint(way.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(way.lease, ==, lease);
	g_assert_cmpstr(way.desktop, ==, "lab-1");
	foyer_note(x, CONTROL_STARTED, lease);
	lease_await_live(&x->f, lease);
	foyer_note(x, CONTROL_ENDED, lease);
	view = lease_await_ended(&x->f, lease);
	g_assert_cmpstr(view->reason, ==, "ended");
}

/* It does not come for ever. */
static void test_killed_and_lost(Foyer *x, gconstpointer unused)
{
	g_autofree char *lease = warned(x, 300);
	g_autoptr(SessionView) view = NULL;
	g_auto(ControlMessage) way = {0};

	x->f.core->times.adopt = 1;
	ask_for_way_back(x, lease, &way);
	view = lease_await_ended(&x->f, lease);
	g_assert_cmpstr(view->reason, ==, "its gateway did not confirm it");
}

/* The broker is killed before it has heard that the client is at the lobby. The next one hears it,
 * and then that the lobby has gone: the client comes back, or (leaves) has left from there. */
static void test_killed_before_it_heard(CoreFixture *f, gconstpointer leaves)
{
	g_auto(ControlMessage) lease = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(SessionView) view = NULL;
	ControlMessage ended = {.type = CONTROL_ENDED,
				.id = OF_ENDED,
				.to = (char *)"lobby-before",
				.fault = (char *)"ended",
				.step = (char *)"relay",
				.bytes_in = 1,
				.bytes_out = 2,
				.again = TRUE};
	ControlMessage lobby = ended, dial = {.type = CONTROL_DIAL};
	Gateway g, later;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = lease_open(f, &g, "vnc", &lease);
	core_fixture_restart(f);
	gateway_close(&g);

	gateway_hello(&later, f);
	ended.lease = dial.lease = lease.lease;
	gateway_send(&later, &ended);
	lobby.lease = (char *)"lobby-before";
	lobby.to = NULL;
	if (!leaves)
		lobby.fault = (char *)"desktop";
	gateway_send(&later, &lobby);
	if (!leaves) {
		g_auto(ControlMessage) way = {0};

		ask(&later, &dial, &way);
		g_assert_cmpint(way.type, ==, CONTROL_LEASE);
		g_assert_cmpstr(way.lease, ==, lease.lease);
		close(gateway_take_fd(&later));
		lease_started(&later, &lease);
		lease_await_live(f, lease.lease);
		lease_ended(&later, &lease, NULL, 10, 20);
	}
	view = lease_await_ended(f, lease.lease);
	g_assert_cmpstr(view->reason, ==, leaves ? "the client left" : "left");
	g_assert_cmpuint(view->bytes_out, ==, leaves ? 2 : 22);
	gateway_close(&later);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, data, func) \
	g_test_add("/lobby-warning/" path, Foyer, data, foyer_setup, func, foyer_teardown)
	ADD("read", NULL, test_warned);
	ADD("extends", "extend", test_warned);
	ADD("read-before-it-heard", NULL, test_back_before_it_heard);
	ADD("broker-stops-before-it-heard", "stops", test_back_before_it_heard);
	ADD("leaves", NULL, test_warned_leaves);
	ADD("ends", NULL, test_warned_ends);
	ADD("broker-stops", NULL, test_warned_stops);
	ADD("killed", NULL, test_killed_that_warned);
	ADD("killed-and-lost", NULL, test_killed_and_lost);
	g_test_add("/lobby-warning/killed-before-it-heard/comes-back", CoreFixture, NULL,
		   core_fixture_setup, test_killed_before_it_heard, core_fixture_teardown);
	g_test_add("/lobby-warning/killed-before-it-heard/leaves", CoreFixture, "leaves",
		   core_fixture_setup, test_killed_before_it_heard, core_fixture_teardown);
	return g_test_run();
}
