/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A broker that goes away in the middle of something, and what the one after it finds, on a real
 * core with a made-up provider, whose desktops live on. */
#include "core-fixture.h"

#include "fault.h"
#include "log.h"
#include "sessions/session.h"
#include "store_desktop.h"

static const Asker nobody = {"a connection", "test"};

/* The broker goes away with a session on one desktop, a used one not yet reset, and one that no
 * book knows; the first one's gateway comes back, the second one's does not. */
static void test_sessions(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) kept = NULL;
	g_autoptr(Ticket) lost = NULL;
	g_autofree char *lease = NULL;
	g_autofree char *lease2 = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) live = NULL;

	core_fixture_pool(f, "lab", "floating", 2, 0);
	kept = core_fixture_connect(f, "anna", "p-lab", "vnc");
	lost = core_fixture_connect(f, "ben", "p-lab", "vnc");
	lease = core_fixture_redeem(f, kept, "vnc");
	lease2 = core_fixture_redeem(f, lost, "vnc");
	g_assert_true(session_started(f->core, lease, &nobody));
	g_assert_true(session_started(f->core, lease2, &nobody));
	fake_plant("d-unknown");

	f->times.adopt = 10;
	core_fixture_restart(f);
	g_assert_cmpint(fake_state("d-unknown"), ==, PROVIDER_ABSENT);
	g_assert_cmpint(fake_state(kept->desktop_id), ==, PROVIDER_RUNNING);
	core_fixture_await(f, 0, "in-use");
	core_fixture_await(f, 1, "in-use");
	core_fixture_connect_fails(f, "eve", "p-lab", "vnc", FAULT_BUSY);

	g_assert_true(session_started(f->core, lease, &nobody));
	core_fixture_await(f, 1, "off"); /* nobody confirmed it: ended, grace, reset */
	core_fixture_await(f, 0, "in-use");
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1);
	live = core_sessions(f->core, NULL, TRUE, 10, &error);
	g_assert_cmpuint(live->len, ==, 1);
	g_assert_cmpstr(((SessionView *)live->pdata[0])->id, ==, lease);
}

/* The machine has another name from now on, and the broker with it: alone it has all that there
 * was. */
static void test_renamed(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) office = NULL;
	g_autoptr(Ticket) lab = NULL;
	g_autoptr(GPtrArray) live = NULL;
	g_autofree char *lease = NULL;
	g_autoptr(GError) error = NULL;

	if (db_shared(f->core->db)) {
		g_test_skip("of several brokers each has its name for good");
		return;
	}
	core_fixture_pool(f, "office", "dedicated", 1, 0);
	core_fixture_pool(f, "lab", "floating", 1, 1);
	core_fixture_await(f, 0, "ready");
	office = core_fixture_connect(f, "anna", "p-office", "vnc");
	lease = core_fixture_redeem(f, office, "vnc");
	core_fixture_rest(f);
	g_assert_true(db_run(f->core->db, &error, "UPDATE desktop SET broker = 'before'"));
	g_assert_true(db_run(f->core->db, &error, "UPDATE session SET broker = 'before'"));
	core_fixture_restart(f);
	g_assert_true(session_started(f->core, lease, &nobody));
	sessions_gateway_gone(f->core, &nobody);
	live = core_sessions(f->core, NULL, TRUE, 10, &error);
	g_assert_cmpuint(live->len, ==, 0);
	ticket_free(core_fixture_connect(f, "anna", office->desktop_id, "vnc"));
	lab = core_fixture_connect(f, "ben", "p-lab", "vnc");
	g_assert_cmpint(fake_state(lab->desktop_id), ==, PROVIDER_RUNNING);
}

/* A click that dies with its broker holds nothing; a ticket that was given does. */
static void test_in_click(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) kept = NULL;
	g_autoptr(Ticket) other = NULL;
	g_autoptr(GError) error = NULL;

	if (db_shared(f->core->db)) {
		g_test_skip("another broker may have asked, and live: the hold ends by its time");
		return;
	}
	core_fixture_pool(f, "lab", "floating", 1, 0);
	kept = core_fixture_connect(f, "anna", "p-lab", "vnc");
	core_fixture_restart(f);
	g_free(core_fixture_redeem(f, kept, "vnc"));
	core_fixture_pool(f, "den", "floating", 1, 0);
	ticket_free(core_fixture_connect(f, "anna", "p-den", "vnc"));
	core_fixture_rest(f);
	g_assert_cmpint(
		db_change(f->core->db, &error, "DELETE FROM ticket WHERE used_at = ?", DB_INT(0)),
		==, 1);
	core_fixture_restart(f);
	for (unsigned i = 0; i < 6000 && !other; i++) {
		g_autoptr(Who) ben = core_fixture_who("ben");

		g_usleep(10000);
		other = core_connect(f->core, ben, "p-den", "vnc", "::1", NULL);
	}
	g_assert_nonnull(other);
}

/* The broker was killed while a desktop that nobody wants yet was being made. */
static void test_in_clone(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autofree char *lease = NULL;

	if (db_shared(f->core->db)) {
		g_test_skip("another broker may be making it");
		return;
	}
	lease = core_fixture_lab(f, &ticket);
	session_end(f->core, lease, FAULT_ENDED, "left");
	core_fixture_await(f, 0, "off");
	core_fixture_rest(f);
	g_assert_cmpint(fake_state(ticket->desktop_id), !=, PROVIDER_ABSENT);
	g_assert_cmpint(
		db_change(f->core->db, &error, "UPDATE desktop SET identity = NULL, used = NULL"),
		==, 1);
	core_fixture_restart(f);
	g_assert_cmpint(fake_state(ticket->desktop_id), ==, PROVIDER_ABSENT);
	core_fixture_await(f, 0, "off");
	ticket_free(core_fixture_connect(f, "ben", "p-lab", "vnc"));
}

/* Steps that a crash cut short are begun anew. */
static void test_in_step(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autofree char *lease = NULL;

	lease = core_fixture_lab(f, &ticket);
	g_atomic_int_set(&fake.fail_reset, 1);
	session_end(f->core, lease, FAULT_ENDED, "left");
	core_fixture_await(f, 0, "failed");
	core_fixture_rest(f);
	store_desktop_set_state(f->core->db, ticket->desktop_id, "resetting", "cut short", &error);
	g_atomic_int_set(&fake.fail_reset, 0);
	core_fixture_restart(f);
	core_fixture_await(f, 0, "off");
	ticket_free(core_fixture_connect(f, "ben", "p-lab", "vnc"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                           \
	g_test_add("/restart/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("sessions", test_sessions);
	ADD("renamed", test_renamed);
	ADD("in-click", test_in_click);
	ADD("in-clone", test_in_clone);
	ADD("in-step", test_in_step);
	return g_test_run();
}
