/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two brokers on one PostgreSQL: what one begins the other can go on with, what one ends the other
 * forgets, and what one leaves behind the other takes. On SQLite there is one broker, and nothing
 * here to test.
 */
#include "core-fixture.h"
#include "database.h"
#include "fake-gateway.h"
#include "fault.h"
#include "log.h"
#include "sessions/sessions.h"
#include "store_desktop.h"
#include "upkeep/brokers.h"

#define BEGIN(f)                                        \
	if (!db_shared((f)->core->db)) {                \
		g_test_skip("one broker has a SQLite"); \
		return;                                 \
	}

static const Asker gateway = {&gateway, "gw-1"};
static const Asker other_gateway = {&other_gateway, "gw-2"};

/* A second core beside the fixture's, on the same database. */
static Core *second_core(CoreFixture *f, Options **out_options)
{
	g_autoptr(GError) error = NULL;
	Options *options = options_load(NULL, &error);
	Core *core;

	g_free(options->state);
	options->state = g_build_filename(f->dir, "state2", NULL);
	g_free(options->control);
	options->control = g_build_filename(f->dir, "control2.sock", NULL);
	g_free(options->database);
	options->database = g_strdup(f->options->database);
	g_free(options->name);
	options->name = g_strdup("second");
	core = core_open_with(options, &f->times, &error);
	g_assert_no_error(error);
	*out_options = options;
	return core;
}

static char *begin_session(Core *connects, Core *redeems, const Asker *asker, char **out_ticket)
{
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(GError) error = NULL;
	g_autoptr(Ticket) ticket = core_connect(connects, anna, "p-lab", "spice", "::1", &error);
	ControlMessage request = {
		.type = CONTROL_REDEEM, .protocol = (char *)"spice", .peer = (char *)"::1"};
	g_auto(Grant) grant = {0};

	g_assert_no_error(error);
	request.ticket = ticket->ticket;
	g_assert_true(session_redeem(redeems, &request, asker, &grant, &error));
	g_assert_no_error(error);
	g_assert_true(session_started(redeems, grant.lease, asker));
	*out_ticket = g_strdup(ticket->ticket);
	return g_steal_pointer(&grant.lease);
}

static gboolean knows(Core *core, const char *lease)
{
	gboolean known;

	g_mutex_lock(&core->sessions->lock);
	known = g_hash_table_contains(core->sessions->by_id, lease);
	g_mutex_unlock(&core->sessions->lock);
	return known;
}

static void await_known(Core *core, const char *lease, gboolean known)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

	while (knows(core, lease) != known) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(10000);
	}
}

static gboolean joins(Core *core, const char *lease, const char *ticket)
{
	g_auto(Grant) grant = {0};
	g_auto(Grant) joined = {0};
	ControlMessage join = {.type = CONTROL_JOIN, .ticket = (char *)ticket};
	g_autoptr(GError) error = NULL;

	g_assert_true(session_find(core, lease, &grant, &error));
	join.client_id = grant.client_id;
	return session_join(core, &join, &joined, &error);
}

/* A ticket of the one is good at the other; channels come to either; either may end it. */
static void test_share(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Options) options = NULL;
	g_autofree char *ticket = NULL;
	g_autofree char *lease = NULL;
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(GError) error = NULL;
	Core *second;

	BEGIN(f);
	core_fixture_pool(f, "lab", "floating", 1, 0);
	second = second_core(f, &options);
	g_assert_true(brokers_lead(f->core->brokers));
	g_assert_false(brokers_lead(second->brokers));
	lease = begin_session(f->core, second, &gateway, &ticket);
	g_assert_true(knows(second, lease));
	g_assert_true(joins(f->core, lease, ticket));
	g_assert_true(joins(second, lease, ticket));
	g_assert_false(joins(f->core, lease, "another"));
	/* The one that does not watch over it ends it: the other forgets it. */
	g_assert_true(core_session_end(f->core, anna, lease, &error));
	g_assert_no_error(error);
	await_known(second, lease, FALSE);
	g_assert_false(session_started(second, lease, &gateway));
	g_assert_false(session_end(second, lease, FAULT_ENDED, "gone already"));
	core_fixture_await(f, 0, "off"); /* reset by the one that leads */
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1);
	core_close(second);
}

/* A machine had a broker and the database: until the database is elsewhere nobody knows what lives,
 * and so nobody ends it. */
static void test_both_gone(CoreFixture *f, gconstpointer unused)
{
	ControlMessage lives = {.type = CONTROL_STARTED};
	ControlMessage made_up = {.type = CONTROL_STARTED, .lease = (char *)"s-1"};
	ControlMessage dial = {.type = CONTROL_DIAL, .id = 2, .lease = (char *)"s-2"};
	g_autoptr(Options) options = NULL;
	g_auto(ControlMessage) end = {0};
	g_autofree char *ticket = NULL;
	g_autofree char *lease = NULL;
	Core *second;
	Gateway g;

	BEGIN(f);
	core_fixture_pool(f, "lab", "floating", 1, 0);
	second = second_core(f, &options);
	lease = begin_session(second, second, &gateway, &ticket);
	core_close(second);
	gateway_hello(&g, f);
	database_away();
	lives.lease = lease;
	gateway_send(&g, &lives);
	gateway_send(&g, &made_up);
	ask_refused(&g, &dial, "broker");
	database_back();
	g_assert_true(gateway_receive(&g, &end));
	g_assert_cmpint(end.type, ==, CONTROL_END);
	g_assert_cmpstr(end.lease, ==, "s-1");
	await_known(f->core, lease, TRUE);
	g_assert_true(joins(f->core, lease, ticket));
	gateway_close(&g);
}

/* The first picture came while the database was away: the books hear of it when it is back, since
 * only what is live there has a longest time. */
static void test_started_away(CoreFixture *f, gconstpointer unused)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	g_autoptr(SessionView) now = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autofree char *lease = NULL;

	BEGIN(f);
	lease = core_fixture_lab(f, &ticket);
	database_away();
	g_assert_true(session_started(f->core, lease, &gateway));
	database_back();
	do {
		g_autoptr(GPtrArray) all = NULL;

		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(10000);
		g_clear_pointer(&now, session_view_free);
		all = core_sessions(f->core, "anna", TRUE, 1, NULL);
		now = all && all->len ? g_ptr_array_steal_index(all, 0) : NULL;
	} while (!now || !g_str_equal(now->state, "live"));
}

/* A gateway goes over to the other broker: what the first one says of it counts no more. */
static void test_move(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Options) options = NULL;
	g_autofree char *ticket = NULL;
	g_autofree char *lease = NULL;
	Core *second;

	BEGIN(f);
	core_fixture_pool(f, "lab", "floating", 1, 0);
	second = second_core(f, &options);
	lease = begin_session(second, second, &gateway, &ticket);
	g_assert_true(session_started(f->core, lease, &other_gateway));
	g_assert_true(knows(f->core, lease));
	sessions_gateway_gone(second, &gateway);
	g_assert_false(knows(second, lease));
	g_assert_true(joins(second, lease, ticket));
	g_assert_true(knows(f->core, lease));
	sessions_gateway_gone(f->core, &other_gateway);
	g_assert_false(session_end(second, lease, FAULT_ENDED, "gone already"));
	core_close(second);
}

static void link_main(Gateway *g, const char *lease, guint32 backend_id, gboolean moved)
{
	ControlMessage linked = {
		.type = CONTROL_LINKED, .id = 50, .lease = (char *)lease, .backend_id = backend_id};

	gateway_send(g, &linked);
	for (unsigned i = moved ? 0 : 1; i < 2; i++) {
		g_auto(ControlMessage) m = {0};

		g_assert_true(gateway_receive(g, &m));
		g_assert_cmpint(m.type, ==, i == 0 ? CONTROL_FOLLOW : CONTROL_OK);
	}
}

/* The further channels of a SPICE viewer are at a gateway of the other broker. */
static void test_follow(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Options) options = NULL;
	g_autofree char *before = NULL;
	g_autofree char *old_ticket = NULL;
	g_autofree char *ticket = NULL;
	g_autofree char *lease = NULL;
	g_auto(ControlMessage) follow = {0}, told = {0}, joined = {0};
	g_auto(Grant) grant = {0};
	ControlMessage join;
	Gateway mains = {0}, others = {0}, late;
	CoreFixture there;
	Core *second;

	BEGIN(f);
	core_fixture_pool(f, "lab", "floating", 2, 0);
	second = second_core(f, &options);
	/* The other one listens from when it has heard of an end. */
	before = begin_session(f->core, second, &gateway, &old_ticket);
	g_assert_true(session_end(f->core, before, FAULT_ENDED, "left"));
	await_known(second, before, FALSE);
	there = (CoreFixture){.core = second, .options = options};
	lease = begin_session(f->core, f->core, &gateway, &ticket);
	gateway_hello(&mains, f);
	gateway_hello(&others, &there);
	link_main(&mains, lease, 7, FALSE);
	link_main(&mains, lease, 8, TRUE);
	g_assert_true(gateway_receive(&others, &follow));
	g_assert_cmpint(follow.type, ==, CONTROL_FOLLOW);
	g_assert_true(session_find(f->core, lease, &grant, NULL));
	g_assert_true(control_bond_is(grant.bond, follow.bond));
	g_assert_null(follow.fault);
	join = (ControlMessage){.type = CONTROL_JOIN,
				.bond = grant.bond,
				.client_id = grant.client_id,
				.channel = (char *)"display:0",
				.peer = (char *)"::1"};
	ask(&others, &join, &joined);
	g_assert_cmpint(joined.type, ==, CONTROL_LEASE);
	g_assert_cmpstr(joined.lease, ==, lease);
	g_assert_cmpuint(joined.backend_id, ==, 8);
	g_assert_cmpstr(joined.user, ==, "anna");
	g_assert_cmpstr(joined.desktop, ==, "lab-1");
	/* And those who come from a broker that is gone. */
	gateway_hello(&late, &there);
	g_assert_true(gateway_receive(&late, &told));
	g_assert_cmpint(told.type, ==, CONTROL_FOLLOW);
	g_assert_true(control_bond_is(grant.bond, told.bond));
	gateway_close(&late);
	gateway_close(&mains);
	gateway_close(&others);
	core_close(second);
}

/* One that was cut off finds its session taken, and its gateway still there: nothing is lost. */
static void test_cut_off(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Options) options = NULL;
	g_autofree char *ticket = NULL;
	g_autofree char *lease = NULL;
	g_autoptr(GError) error = NULL;
	gint64 due = G_MAXINT64;
	Core *second;

	BEGIN(f);
	f->times.adopt = f->core->times.adopt = 8;
	core_fixture_pool(f, "lab", "floating", 1, 0);
	second = second_core(f, &options);
	lease = begin_session(second, second, &gateway, &ticket);
	sessions_inherit(f->core, "second");
	g_assert_true(knows(f->core, lease));
	sessions_resync(second);
	/* The other one's patience ends. */
	g_usleep((f->times.adopt + 1) * G_USEC_PER_SEC);
	sessions_expire(f->core, &due);
	await_known(f->core, lease, FALSE);
	g_assert_true(knows(second, lease));
	g_assert_true(session_end(second, lease, FAULT_ENDED, "left"));
	core_close(second);
}

/* The one that leads goes away: the other leads, gives its sessions their time, and keeps pools. */
static void test_inherit(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Options) options = NULL;
	g_autofree char *ticket = NULL;
	g_autofree char *lease = NULL;
	g_autofree char *state = NULL;
	Core *second;

	BEGIN(f);
	f->times.adopt = f->core->times.adopt = 8;
	core_fixture_pool(f, "lab", "floating", 2, 0);
	second = second_core(f, &options);
	lease = begin_session(f->core, f->core, &gateway, &ticket);
	core_close(f->core);
	f->core = second; /* for the fixture's eyes */
	await_known(second, lease, TRUE);
	g_assert_true(brokers_lead(second->brokers));
	/* No gateway confirms it. */
	await_known(second, lease, FALSE);
	core_fixture_await(f, 0, "off");
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1);
	core_close(second);
	f->core = NULL;
}

/* What lives on the machine of another broker is not handed out here, and says where it is. */
static void test_reach(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(Who) ben = core_fixture_who("ben");
	g_autoptr(GError) error = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) other = NULL;

	core_fixture_pool(f, "office", "dedicated", 2, 0);
	core_fixture_pool(f, "lab", "floating", 2, 0);
	ticket = core_connect(f->core, anna, "p-office", "vnc", "::1", &error);
	g_assert_no_error(error);
	g_assert_true(store_desktop_set_broker(f->core->db, ticket->desktop_id, "second", &error));
	g_assert_null(core_connect(f->core, anna, "p-office", "vnc", "::1", &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_assert_nonnull(strstr(error->message, "broker second"));
	g_clear_error(&error);
	/* A floating one is given up for one that is here; nobody else gets it either. */
	g_clear_pointer(&ticket, ticket_free);
	ticket = core_connect(f->core, anna, "p-lab", "vnc", "::1", &error);
	g_assert_no_error(error);
	g_assert_true(store_desktop_set_broker(f->core->db, ticket->desktop_id, "second", &error));
	other = core_connect(f->core, anna, "p-lab", "vnc", "::1", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(other->desktop_id, !=, ticket->desktop_id);
	g_assert_null(core_connect(f->core, ben, "p-lab", "vnc", "::1", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                           \
	g_test_add("/brokers/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("share", test_share);
	ADD("both-gone", test_both_gone);
	ADD("started-away", test_started_away);
	ADD("move", test_move);
	ADD("follow", test_follow);
	ADD("cut-off", test_cut_off);
	ADD("inherit", test_inherit);
	ADD("reach", test_reach);
	return g_test_run();
}
