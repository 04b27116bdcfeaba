/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lobbies of SPICE viewers: several channels, at several gateways, that belong together wherever
 * main is. A real core; the lobby draws nothing (fake-lobby.c). */
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake-lease.h"
#include "fake-person.h"
#include "fault.h"
#include "log.h"

#define LOBBY_ID   7
#define DESKTOP_ID 9

typedef struct {
	CoreFixture f;
	Gateway g, other; /* main's, and that of the further channels */
} Fixture;

static void setup(Fixture *x, gconstpointer unused)
{
	core_fixture_setup(&x->f, NULL);
	g_free(x->f.options->lobby);
	x->f.options->lobby = g_strdup(g_getenv("FAKE_LOBBY"));
	x->f.options->spice_lobby = TRUE;
	core_fixture_pool(&x->f, "lab", "floating", 2, 0);
	core_fixture_pool(&x->f, "own", "dedicated", 2, 0);
	gateway_hello(&x->g, &x->f);
	gateway_hello(&x->other, &x->f);
}

static void teardown(Fixture *x, gconstpointer unused)
{
	gateway_close(&x->g);
	gateway_close(&x->other);
	core_fixture_teardown(&x->f, NULL);
}

static ControlMessage nobody(void)
{
	return (ControlMessage){.type = CONTROL_LOBBY,
				.protocol = (char *)"spice",
				.peer = (char *)"192.0.2.1:5000",
				.ticket = (char *)""};
}

static ControlMessage channel(guint32 client_id)
{
	return (ControlMessage){.type = CONTROL_JOIN,
				.peer = (char *)"192.0.2.1:5001",
				.channel = (char *)"display:0",
				.client_id = client_id,
				.ticket = (char *)""};
}

static void expect_follow(Gateway *g, const char *bond, const char *fault)
{
	g_auto(ControlMessage) m = {0};

	g_assert_true(gateway_receive(g, &m));
	g_assert_cmpint(m.type, ==, CONTROL_FOLLOW);
	g_assert_cmpuint(strlen(m.bond), ==, CONTROL_BOND_NAME);
	g_assert_true(control_bond_is(bond, m.bond));
	g_assert_cmpstr(m.fault, ==, fault);
	g_assert_null(m.lease);
	g_assert_cmpuint(m.client_id, ==, 0);
}

/* Main is linked there; both gateways are told of it if a bond is there to follow. */
static void link_main(Fixture *x, const char *lease, const char *bond, guint32 backend_id)
{
	ControlMessage linked = {
		.type = CONTROL_LINKED, .id = 50, .lease = (char *)lease, .backend_id = backend_id};
	g_auto(ControlMessage) ok = {0};

	gateway_send(&x->g, &linked);
	if (bond) {
		expect_follow(&x->g, bond, NULL);
		expect_follow(&x->other, bond, NULL);
	}
	g_assert_true(gateway_receive(&x->g, &ok));
	g_assert_cmpint(ok.type, ==, CONTROL_OK);
}

/* A further channel, at the other gateway, belongs there. */
static void joins(Fixture *x, ControlMessage join, const char *lease, guint32 backend_id)
{
	g_auto(ControlMessage) answer = {0};

	ask(&x->other, &join, &answer);
	g_assert_cmpint(answer.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(answer.lease, ==, lease);
	g_assert_cmpuint(answer.client_id, ==, join.client_id);
	g_assert_cmpuint(answer.backend_id, ==, backend_id);
	g_assert_nonnull(answer.bond);
}

/* And may go on there, by the bond alone. */
static void follows(Fixture *x, const ControlMessage *of, const char *lease, guint32 backend_id)
{
	ControlMessage join = {.type = CONTROL_JOIN,
			       .peer = (char *)"192.0.2.1:5001",
			       .channel = (char *)"display:0",
			       .client_id = of->client_id,
			       .bond = of->bond};

	joins(x, join, lease, backend_id);
}

/* Who heard a follow, and what the viewer's id is, gets nowhere by that. */
static void knows_too_little(Fixture *x, const ControlMessage *of)
{
	g_autofree char *name = control_bond_name(of->bond);
	g_autofree char *guess = g_strconcat(name, "0123456789abcdef0123456789abcdef", NULL);
	ControlMessage join = {.type = CONTROL_JOIN,
			       .peer = (char *)"192.0.2.1:5001",
			       .channel = (char *)"display:0",
			       .client_id = of->client_id,
			       .bond = guess};
	ControlMessage dial = {.type = CONTROL_DIAL, .lease = name};

	ask_refused(&x->other, &join, "denied");
	join.bond = of->bond;
	join.client_id++;
	ask_refused(&x->other, &join, "denied");
	ask_refused(&x->other, &dial, "not-found");
}

/* What a gateway makes up of what it has heard is not told to any other, nor to itself. */
static void frightens_nobody(Fixture *x, const ControlMessage *of, const char *lease)
{
	g_autofree char *name = control_bond_name(of->bond);
	g_autofree char *guess = g_strconcat(name, "0123456789abcdef0123456789abcdef", NULL);
	const char *const leases[] = {"s-nobody", "lobby-nobody", lease, of->lease};
	ControlMessage lobby = nobody(), join = channel(of->client_id + 1);

	lobby.ticket = NULL;
	lobby.bond = guess;
	for (unsigned i = 0; i < G_N_ELEMENTS(leases); i++) {
		lobby.lease = (char *)leases[i];
		ask_refused(&x->other, &lobby, "ended");
	}
	gateway_send(&x->other, &(ControlMessage){.type = CONTROL_ENDED,
						  .id = OF_ENDED,
						  .lease = (char *)"lobby-nobody",
						  .channel = (char *)"main:0",
						  .fault = (char *)"ended",
						  .step = (char *)"relay"});
	ask_refused(&x->other, &join, "denied");
	ask_refused(&x->g, &join, "denied");
}

static void ended(Fixture *x, const char *lease, const char *part)
{
	gateway_send(&x->g, &(ControlMessage){.type = CONTROL_ENDED,
					      .id = OF_ENDED,
					      .lease = (char *)lease,
					      .channel = (char *)part,
					      .fault = (char *)"ended",
					      .step = (char *)"relay"});
}

static void expect_end(Gateway *g, const char *lease)
{
	g_auto(ControlMessage) end = {0};

	g_assert_true(gateway_receive(g, &end));
	g_assert_cmpint(end.type, ==, CONTROL_END);
	g_assert_cmpstr(end.lease, ==, lease);
}

/* Every gateway is told of an end, by the lease's name: that takes nobody from the one where it
 * was. */
static void steals_no_guest(Fixture *x, const ControlMessage *back)
{
	ControlMessage steal = *back;

	steal.bond = NULL;
	ask_refused(&x->other, &steal, "ended");
}

/* ---- */

static void test_channels(Fixture *x, gconstpointer unused)
{
	ControlMessage request = nobody(), join, dial;
	g_auto(ControlMessage) lease = {0}, way = {0};
	int main_fd, display_fd;

	x->f.options->spice_lobby = FALSE;
	ask_refused(&x->g, &request, "denied");
	x->f.options->spice_lobby = TRUE;
	ask(&x->g, &request, &lease);
	g_assert_cmpint(lease.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(lease.endpoint.protocol, ==, "spice");
	g_assert_cmpuint(lease.client_id, !=, 0);
	main_fd = gateway_take_fd(&x->g);
	person_expect(main_fd, LOBBY_OPEN);
	joins(x, channel(lease.client_id), lease.lease, 0);
	link_main(x, lease.lease, NULL, LOBBY_ID);
	joins(x, channel(lease.client_id), lease.lease, LOBBY_ID);

	join = channel(lease.client_id);
	join.peer = (char *)"192.0.2.2:5001";
	ask_refused(&x->other, &join, "denied");
	join = channel(lease.client_id);
	join.ticket = (char *)"another";
	ask_refused(&x->other, &join, "denied");
	join = channel(lease.client_id + 1);
	ask_refused(&x->other, &join, "denied");

	dial = (ControlMessage){.type = CONTROL_DIAL, .lease = lease.lease};
	ask(&x->other, &dial, &way);
	g_assert_cmpint(way.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(way.endpoint.protocol, ==, "spice");
	display_fd = gateway_take_fd(&x->other);
	person_expect(display_fd, LOBBY_CHANNEL); /* the lobby has its other end */

	/* A channel that leaves is nothing; main is all. */
	ended(x, lease.lease, "display:0");
	joins(x, channel(lease.client_id), lease.lease, LOBBY_ID);
	ended(x, lease.lease, "main:0");
	expect_end(&x->other, lease.lease);
	dial.lease = lease.lease;
	ask_refused(&x->other, &dial, "not-found");
	close(main_fd);
	close(display_fd);
}

/* A ticket that is none: the lobby, and its channels bring the same again. */
static void test_bad_ticket(Fixture *x, gconstpointer unused)
{
	ControlMessage request = {.type = CONTROL_REDEEM,
				  .ticket = (char *)"used-before",
				  .protocol = (char *)"spice",
				  .peer = (char *)"192.0.2.1:5000"};
	ControlMessage join;
	g_auto(ControlMessage) lease = {0};
	int client;

	ask(&x->g, &request, &lease);
	g_assert_cmpint(lease.type, ==, CONTROL_LEASE);
	client = gateway_take_fd(&x->g); /* the lobby lives as long as that is open */
	join = channel(lease.client_id);
	join.ticket = (char *)"used-before";
	joins(x, join, lease.lease, 0);
	join.ticket = (char *)"";
	ask_refused(&x->other, &join, "denied");
	request.protocol = (char *)"web";
	ask_refused(&x->g, &request, "denied");
	close(client);
}

/* From the lobby to a desktop, and back when that session has ended. */
static void test_there_and_back(Fixture *x, gconstpointer unused)
{
	ControlMessage login = login_of("anna", "right", NULL), join, back;
	g_auto(ControlMessage) lease = {0}, move = {0}, again = {0};
	Gateway late;
	int client;

	login.protocol = (char *)"spice";
	ask(&x->g, &login, &lease);
	g_assert_cmpint(lease.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(lease.user, ==, "anna");
	g_assert_null(lease.desktop);
	client = gateway_take_fd(&x->g);
	join = channel(lease.client_id);
	join.ticket = NULL;
	join.user = (char *)"anna";
	join.password = (char *)"right";
	link_main(x, lease.lease, NULL, LOBBY_ID);
	person_expect(client, LOBBY_OPEN);
	person_expect(client, LOBBY_DESKTOPS_ARE);
	person_say(client, &(LobbyMessage){.type = LOBBY_CHOOSE, .desktop = (char *)"p-lab"});
	g_assert_true(gateway_receive(&x->g, &move));
	g_assert_cmpint(move.type, ==, CONTROL_MOVE);
	g_assert_cmpstr(move.endpoint.protocol, ==, "spice");
	close(gateway_take_fd(&x->g));
	joins(x, join, lease.lease, LOBBY_ID); /* main is there still */
	ended(x, lease.lease, "main:0");
	expect_end(&x->g, lease.lease);
	expect_end(&x->other, lease.lease);
	joins(x, join, move.to, 0); /* main is on its way */
	link_main(x, move.to, lease.bond, DESKTOP_ID);
	follows(x, &lease, move.to, DESKTOP_ID);
	knows_too_little(x, &lease);
	frightens_nobody(x, &lease, move.to);
	joins(x, join, move.to, DESKTOP_ID);
	gateway_send(&x->g, &(ControlMessage){.type = CONTROL_STARTED, .lease = move.to});
	close(client);
	lease_await_live(&x->f, move.to);

	g_assert_true(core_session_end(x->f.core, NULL, move.to, NULL));
	expect_end(&x->g, move.to);
	expect_end(&x->other, move.to);
	back = nobody();
	back.ticket = NULL;
	back.lease = move.to;
	back.bond = lease.bond;
	steals_no_guest(x, &back);
	ask(&x->g, &back, &again);
	g_assert_cmpint(again.type, ==, CONTROL_LEASE);
	g_assert_cmpuint(again.client_id, ==, lease.client_id);
	g_assert_cmpstr(again.user, ==, "anna");
	client = gateway_take_fd(&x->g);
	g_assert_cmpstr(again.bond, ==, lease.bond);
	link_main(x, again.lease, lease.bond, LOBBY_ID);
	follows(x, &lease, again.lease, LOBBY_ID);
	knows_too_little(x, &lease);
	joins(x, join, again.lease, LOBBY_ID);
	join.password = (char *)"wrong";
	ask_refused(&x->other, &join, "denied");

	/* A gateway that had no broker when that was told. */
	gateway_hello(&late, &x->f);
	expect_follow(&late, lease.bond, NULL);
	gateway_close(&late);

	/* Asked a second time, in vain: nobody waits for it. */
	gateway_send(&x->g, &back);
	expect_follow(&x->other, lease.bond, "ended");
	close(client);
}

/* Its gateway has seen it, all hear of it, and the broker's thread for it lets go. */
static void dies(Fixture *x, const char *lease, int client)
{
	char bytes[256];
	ssize_t n;

	gateway_send(&x->g, &(ControlMessage){.type = CONTROL_ENDED,
					      .id = OF_ENDED,
					      .lease = (char *)lease,
					      .channel = (char *)"main:0",
					      .fault = (char *)"desktop",
					      .step = (char *)"relay"});
	expect_end(&x->g, lease);
	expect_end(&x->other, lease);
	g_assert_true(g_unix_set_fd_nonblocking(client, FALSE, NULL));
	while ((n = recv(client, bytes, sizeof bytes, 0)) > 0)
		;
	g_assert_cmpint(n, ==, 0);
	close(client);
}

/* A lobby that dies is replaced once. With the second the viewer's main channel has ended, and its
 * further ones, wherever they are, wait for it no more. */
static void test_dies_twice(Fixture *x, gconstpointer unused)
{
	ControlMessage login = login_of("anna", "right", NULL), back = nobody();
	g_auto(ControlMessage) first = {0}, second = {0};
	int client;

	login.protocol = (char *)"spice";
	ask(&x->g, &login, &first);
	client = gateway_take_fd(&x->g);
	link_main(x, first.lease, NULL, LOBBY_ID);
	dies(x, first.lease, client);
	back.ticket = NULL;
	back.lease = first.lease;
	back.bond = first.bond;
	ask(&x->g, &back, &second);
	g_assert_cmpint(second.type, ==, CONTROL_LEASE);
	client = gateway_take_fd(&x->g);
	link_main(x, second.lease, first.bond, LOBBY_ID);
	follows(x, &first, second.lease, LOBBY_ID);

	dies(x, second.lease, client);
	back.lease = second.lease;
	gateway_send(&x->g, &back);
	expect_follow(&x->g, first.bond, "ended");
	expect_follow(&x->other, first.bond, "ended");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func) g_test_add("/lobby-spice/" path, Fixture, NULL, setup, func, teardown)
	ADD("channels", test_channels);
	ADD("bad-ticket", test_bad_ticket);
	ADD("there-and-back", test_there_and_back);
	ADD("dies-twice", test_dies_twice);
	return g_test_run();
}
