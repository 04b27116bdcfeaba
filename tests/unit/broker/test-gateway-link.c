/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket, from a gateway's side: a real core behind it, real bytes and descriptors on
 * it. Redeem, login, join, dial.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core_admin.h"
#include "desktops/turns.h"
#include "fake-lease.h"
#include "fault.h"
#include "log.h"

static void test_redeem(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	g_auto(ControlMessage) lease = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) spice = NULL;
	g_autoptr(SessionView) row = NULL;
	g_autoptr(GPtrArray) before = NULL;
	g_autoptr(GPtrArray) after = NULL;
	g_autoptr(GError) error = NULL;
	ControlMessage again, wrong, unknown;
	char word[8] = "";

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = lease_open(f, &g, "vnc", &lease);
	g_assert_cmpstr(lease.user, ==, "anna");
	g_assert_cmpstr(lease.desktop, ==, "lab-1");
	g_assert_cmpstr(lease.endpoint.protocol, ==, "vnc");
	g_assert_true(lease.endpoint.has_fd);
	g_assert_cmpint(read(g.received_fd, word, 7), ==, 7);
	g_assert_cmpstr(word, ==, "display");

	again = lease_redeem(ticket, "vnc");
	ask_refused(&g, &again, "denied");
	spice = core_fixture_connect(f, "anna", "p-lab", "spice");
	wrong = lease_redeem(spice, "vnc");
	ask_refused(&g, &wrong, "denied");
	unknown = lease_redeem(&(Ticket){.ticket = (char *)"nonsense"}, "vnc");
	/* Not for the audit log: anybody can say nonsense, as often as they like. */
	before = core_audit(f->core, 0, 1000, NULL, &error);
	ask_refused(&g, &unknown, "denied");
	after = core_audit(f->core, 0, 1000, NULL, &error);
	g_assert_cmpuint(after->len, ==, before->len);

	lease_started(&g, &lease);
	lease_ended(&g, &lease, NULL, 10, 20);
	row = lease_await_ended(f, lease.lease);
	lease_expect_end(&g, lease.lease, "left");
	/* Told again by a gateway that did not hear us: it counts once. */
	lease_ended_again(&g, &lease, 10, 20);
	unknown = lease_redeem(ticket, "vnc");
	ask_refused(&g, &unknown, "denied");
	g_assert_cmpuint(g.acknowledged, ==, 2);
	session_view_free(g_steal_pointer(&row));
	row = lease_await_ended(f, lease.lease);
	g_assert_cmpstr(row->reason, ==, "left");
	g_assert_cmpuint(row->bytes_in, ==, 10);
	g_assert_cmpuint(row->bytes_out, ==, 20);
	gateway_close(&g);
	core_fixture_restart(f); /* what is behind the lock is done */
	lease_assert_audited(f, lease.lease, "left", 20);
}

/* Who shows a spent ticket again and again writes nothing more into the audit log, which is kept
 * for good. */
static void test_replayed(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	g_auto(ControlMessage) lease = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(GPtrArray) before = NULL;
	g_autoptr(GPtrArray) after = NULL;
	g_autoptr(GError) error = NULL;
	ControlMessage again;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = lease_open(f, &g, "vnc", &lease);
	again = lease_redeem(ticket, "vnc");
	before = core_audit(f->core, 0, 1000, NULL, &error);
	for (unsigned i = 0; i < 50; i++)
		ask_refused(&g, &again, "denied");
	after = core_audit(f->core, 0, 1000, NULL, &error);
	g_assert_cmpuint(after->len, >, before->len);
	g_assert_cmpuint(after->len, <, before->len + 10);
	gateway_close(&g);
}

/* A ticket from before the right was withdrawn opens nothing. */
static void test_withdrawn(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(GError) error = NULL;
	EntitlementView staff = {.pool = (char *)"lab", .group = (char *)"staff"};
	ControlMessage redeem;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	core_unentitle(f->core, "root", &staff, &error);
	g_assert_no_error(error);
	redeem = lease_redeem(ticket, "vnc");
	ask_refused(&g, &redeem, "denied");
	gateway_close(&g);
}

static void test_dead_display(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) live = NULL;
	ControlMessage redeem;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	g_atomic_int_set(&fake.fail_display, 1);
	redeem = lease_redeem(ticket, "vnc");
	redeem.id = 7;
	gateway_send(&g, &redeem);
	for (;;) { /* the END of the lease that nobody knows yet may come first */
		g_auto(ControlMessage) m = {0};

		g_assert_true(gateway_receive(&g, &m));
		if (m.type == CONTROL_END)
			continue;
		g_assert_cmpint(m.type, ==, CONTROL_REFUSE);
		g_assert_cmpstr(m.fault, ==, "desktop");
		break;
	}
	live = core_sessions(f->core, NULL, TRUE, 10, &error);
	g_assert_cmpuint(live->len, ==, 0);
	gateway_close(&g);
}

/* Native viewers may guess no faster than the web page lets people guess, and both count as one. */
static void test_guesses(CoreFixture *f, gconstpointer unused)
{
	ControlMessage wrong = login_of("anna", "wrong", NULL);
	ControlMessage right = login_of("anna", "right", NULL);
	ControlMessage other = login_of("ben", "right", NULL);
	g_auto(ControlMessage) held = {0};
	g_auto(ControlMessage) lease = {0};
	g_autoptr(GError) error = NULL;
	Gateway g;

	gateway_hello(&g, f);
	core_fixture_pool(f, "lab", "floating", 1, 0);
	for (unsigned i = 0; i < 6; i++)
		ask_refused(&g, &wrong, "denied");
	/* The right password, too: or the wait would tell. */
	ask(&g, &right, &held);
	g_assert_cmpint(held.type, ==, CONTROL_REFUSE);
	g_assert_cmpstr(held.fault, ==, "busy");
	g_assert_cmpuint(held.wait, >, 0);
	g_assert_null(
		limit_begin(core_limit(f->core), "198.51.100.9", "anna", limit_now(), &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_assert_cmpuint(fault_wait(error), >, 0);
	ask(&g, &other, &lease);
	gateway_close(&g);
}

static void test_login(CoreFixture *f, gconstpointer unused)
{
	Gateway g;
	ControlMessage wrong = login_of("anna", "wrong", NULL);
	ControlMessage nowhere = login_of("anna", "right", "nowhere");
	ControlMessage right = login_of("anna", "right", NULL);
	ControlMessage named = login_of("anna", "right", "pc1");
	g_auto(ControlMessage) first = {0};
	g_auto(ControlMessage) second = {0};
	g_autofree char *id = NULL;
	g_autoptr(GError) error = NULL;
	const MachineSpec pc1 = {.pool = "zoo",
				 .name = "pc1",
				 .protocol = "vnc",
				 .address = "localhost:5900",
				 .secret = "geheim"};

	gateway_hello(&g, f);
	ask_refused(&g, &right, "not-found");
	core_fixture_pool(f, "lab", "floating", 1, 0);
	core_fixture_pool(f, "zoo", "machines", 0, 0);
	core_machine_add(f->core, "root", &pc1, &id, &error);
	g_assert_no_error(error);
	ask_refused(&g, &wrong, "denied");
	ask_refused(&g, &nowhere, "not-found");
	ask(&g, &right, &first); /* none used yet: the first by name */
	g_assert_cmpstr(first.desktop, ==, "lab-1");
	ask(&g, &named, &second);
	g_assert_cmpstr(second.desktop, ==, "pc1");
	g_assert_false(second.endpoint.has_fd);
	g_assert_true(g_str_equal(second.endpoint.host, "127.0.0.1") ||
		      g_str_equal(second.endpoint.host, "::1"));
	g_assert_cmpstr(second.endpoint.password, ==, "geheim");
	gateway_close(&g);
}

/* A ban is for the person, in whatever way the name is written. */
static void test_banned(CoreFixture *f, gconstpointer unused)
{
	ControlMessage login = login_of("site\\anna", "right", NULL);
	g_auto(ControlMessage) lease = {0};
	g_autoptr(GError) error = NULL;
	Gateway g;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	core_ban(f->core, "root", "anna", NULL, 0, "why", &error);
	g_assert_no_error(error);
	ask_refused(&g, &login, "denied");
	core_unlock(f->core, "root", "anna", NULL, &error);
	g_assert_no_error(error);
	ask(&g, &login, &lease);
	g_assert_cmpint(lease.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(lease.user, ==, "anna");
	gateway_close(&g);
}

/* Nor does a ticket help that was made before; lifted, it is as good as it was. */
static void test_banned_with_a_ticket(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) ticket = NULL;
	g_auto(ControlMessage) lease = {0};
	g_autoptr(GError) error = NULL;
	ControlMessage redeem;
	Gateway g;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	redeem = (ControlMessage){.type = CONTROL_REDEEM,
				  .ticket = ticket->ticket,
				  .protocol = (char *)"vnc",
				  .peer = (char *)"192.0.2.1:5000"};
	core_ban(f->core, "root", "Anna", NULL, 0, "why", &error);
	g_assert_no_error(error);
	ask_refused(&g, &redeem, "denied");
	core_unlock(f->core, "root", "anna", NULL, &error);
	g_assert_no_error(error);
	ask(&g, &redeem, &lease);
	g_assert_cmpint(lease.type, ==, CONTROL_LEASE);
	gateway_close(&g);
}

/* A desktop that is long in starting holds up so many logins of its person and no more: others have
 * the rest of the threads. */
static void test_too_much_under_way(CoreFixture *f, gconstpointer unused)
{
	g_auto(Turn) turn = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(GError) error = NULL;
	gboolean refused = FALSE;
	Gateway g;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	turn = turn_take(f->core, ticket->desktop_id, g_get_monotonic_time() + G_USEC_PER_SEC,
			 &error);
	g_assert_no_error(error);
	gateway_hello(&g, f);
	for (unsigned id = 1; !refused && id <= 200; id++) {
		struct pollfd answer = {.fd = g.fd, .events = POLLIN};
		ControlMessage login = login_of("anna", "right", NULL);

		login.id = id;
		gateway_send(&g, &login);
		/* One at a time, or there would be too many at PAM. */
		while (poll(&answer, 1, 50) > 0 && !refused) {
			g_auto(ControlMessage) m = {0};

			g_assert_true(gateway_receive(&g, &m));
			g_assert_cmpint(m.type, ==, CONTROL_REFUSE);
			refused = strstr(m.reason, "under way") && strstr(m.reason, "anna");
		}
	}
	g_assert_true(refused);
	gateway_close(&g);
}

static void test_join(CoreFixture *f, gconstpointer unused)
{
	Gateway g, other;
	g_auto(ControlMessage) lease = {0};
	g_auto(ControlMessage) linked = {0};
	g_auto(ControlMessage) joined = {0};
	g_auto(ControlMessage) dialled = {0};
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(SessionView) row = NULL;
	ControlMessage link, join, dial;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	gateway_hello(&other, f);
	ticket = lease_open(f, &g, "spice", &lease);
	g_assert_cmpstr(lease.endpoint.protocol, ==, "spice");
	g_assert_cmpuint(lease.client_id, !=, 0);
	link = (ControlMessage){.type = CONTROL_LINKED, .lease = lease.lease, .backend_id = 99};
	ask(&g, &link, &linked);
	g_assert_cmpint(linked.type, ==, CONTROL_OK);

	/* From another process: the same ticket, no other, no other session. */
	join = (ControlMessage){.type = CONTROL_JOIN,
				.ticket = ticket->ticket,
				.client_id = lease.client_id,
				.channel = (char *)"display:0",
				.peer = (char *)"192.0.2.1:5001"};
	ask(&other, &join, &joined);
	g_assert_cmpint(joined.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(joined.lease, ==, lease.lease);
	g_assert_cmpuint(joined.backend_id, ==, 99);
	g_assert_null(joined.endpoint.protocol);
	join.ticket = (char *)"another";
	ask_refused(&other, &join, "denied");
	join.ticket = NULL;
	join.user = (char *)"anna";
	join.password = (char *)"right";
	ask_refused(&other, &join, "denied");
	join = (ControlMessage){.type = CONTROL_JOIN,
				.ticket = ticket->ticket,
				.client_id = lease.client_id + 1,
				.channel = (char *)"display:0",
				.peer = (char *)"192.0.2.1:5001"};
	ask_refused(&other, &join, "denied");
	dial = (ControlMessage){.type = CONTROL_DIAL, .lease = lease.lease};
	ask(&other, &dial, &dialled);
	g_assert_true(dialled.endpoint.has_fd);
	dial.lease = (char *)"s-nonsense";
	ask_refused(&other, &dial, "not-found");

	/* A channel's end adds its bytes, the main channel's end is the session's; both know. */
	lease_started(&g, &lease);
	lease_ended(&other, &lease, "display:0", 1, 1000);
	g_assert_cmpint(shutdown(other.fd, SHUT_WR), ==, 0); /* processed before the next line */
	control_clear(&joined);
	g_assert_false(gateway_receive(&other, &joined));
	lease_ended(&g, &lease, "main:0", 2, 3);
	row = lease_await_ended(f, lease.lease);
	g_assert_cmpuint(row->bytes_in, ==, 3);
	g_assert_cmpuint(row->bytes_out, ==, 1003);
	lease_expect_end(&g, lease.lease, "left");
	gateway_close(&g);
	gateway_close(&other);
}

/* After a restart of the broker, further channels still come with what opened their session. */
static void test_join_later(CoreFixture *f, gconstpointer by_password)
{
	Gateway g, later;
	g_auto(ControlMessage) lease = {0};
	g_auto(ControlMessage) linked = {0};
	g_autoptr(Ticket) ticket = NULL;
	ControlMessage link, join = {.type = CONTROL_JOIN,
				     .channel = (char *)"inputs:0",
				     .peer = (char *)"192.0.2.1:5001"};
	ControlMessage wrong = join, by_bond;
	g_auto(ControlMessage) followed = {0};

	core_fixture_pool(f, "lab", "floating", 1, 0);
	gateway_hello(&g, f);
	if (by_password) {
		ControlMessage login = login_of("anna", "right", NULL);

		login.protocol = (char *)"spice";
		ask(&g, &login, &lease);
		g_assert_cmpint(lease.type, ==, CONTROL_LEASE);
		join.user = wrong.user = (char *)"anna";
		join.password = (char *)"right";
		wrong.password = (char *)"wrong";
	} else {
		ticket = lease_open(f, &g, "spice", &lease);
		join.ticket = ticket->ticket;
		wrong.ticket = (char *)"another";
	}
	link = (ControlMessage){.type = CONTROL_LINKED, .lease = lease.lease, .backend_id = 99};
	ask(&g, &link, &linked);
	core_fixture_restart(f);
	gateway_close(&g);

	gateway_hello(&later, f);
	lease_started(&later, &lease);
	join.client_id = wrong.client_id = lease.client_id;
	by_bond = (ControlMessage){.type = CONTROL_JOIN,
				   .bond = lease.bond,
				   .client_id = lease.client_id,
				   .channel = (char *)"inputs:0",
				   .peer = (char *)"192.0.2.1:5001"};
	ask(&later, &by_bond, &followed);
	g_assert_cmpint(followed.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(followed.lease, ==, lease.lease);
	/* Slowly, then from memory. */
	for (int i = 0; i < 2; i++) {
		g_auto(ControlMessage) joined = {0};

		ask_refused(&later, &wrong, "denied");
		ask(&later, &join, &joined);
		g_assert_cmpint(joined.type, ==, CONTROL_LEASE);
		g_assert_cmpstr(joined.lease, ==, lease.lease);
		g_assert_cmpuint(joined.backend_id, ==, 99);
		ask_refused(&later, &wrong, "denied");
	}
	lease_ended(&later, &lease, "main:0", 2, 3);
	lease_expect_end(&later, lease.lease, "left");
	ask_refused(&later, &join, "denied");
	ask_refused(&later, &by_bond, "denied");
	gateway_close(&later);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                                \
	g_test_add("/gateway-link/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("redeem", test_redeem);
	ADD("dead-display", test_dead_display);
	ADD("guesses", test_guesses);
	ADD("withdrawn", test_withdrawn);
	ADD("login", test_login);
	ADD("banned", test_banned);
	ADD("replayed", test_replayed);
	ADD("banned-with-a-ticket", test_banned_with_a_ticket);
	ADD("too-much-under-way", test_too_much_under_way);
	ADD("join", test_join);
	ADD("join-later", test_join_later);
	g_test_add("/gateway-link/join-later-password", CoreFixture, "yes", core_fixture_setup,
		   test_join_later, core_fixture_teardown);
	return g_test_run();
}
