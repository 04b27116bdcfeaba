/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Snapshots that people keep, on a real core with a made-up provider: whose, how many, and what a
 * broker that was killed leaves behind. */
#include "core-fixture.h"
#include "desktops/desktop.h"
#include "fault.h"
#include "log.h"
#include "sessions/session.h"

static const Asker nobody = {"a connection", "test"};

static void allow(CoreFixture *f, const char *pool, unsigned n)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PlanView) plan = core_plan(f->core, pool, &error);

	g_assert_no_error(error);
	plan->snapshots = n;
	core_plan_set(f->core, "root", plan, &error);
	g_assert_no_error(error);
}

/* Anna's desktop of the pool "office", running. */
static char *desktop(CoreFixture *f)
{
	g_autoptr(Ticket) ticket = NULL;

	core_fixture_pool(f, "office", "dedicated", 2, 0);
	ticket = core_fixture_connect(f, "anna", "p-office", "vnc");
	return g_strdup(ticket->desktop_id);
}

static char *take(CoreFixture *f, const char *user, const char *id, const char *name,
		  GError **error)
{
	g_autoptr(Who) who = core_fixture_who(user);
	char *snapshot = NULL;

	return core_snapshot_take(f->core, who, id, name, &snapshot, error) ? snapshot : NULL;
}

static void test_revert(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(Who) ben = core_fixture_who("ben");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = NULL;
	g_autoptr(DesktopView) card = NULL;
	g_autofree char *id = desktop(f);
	g_autofree char *first = NULL;
	g_autofree char *lease = NULL;
	g_autoptr(Ticket) ticket = NULL;

	g_assert_null(take(f, "anna", id, "none yet", &error));
	g_assert_error(error, FAULT, FAULT_QUOTA);
	g_clear_error(&error);
	allow(f, "office", 2);
	card = core_desktop(f->core, anna, id, &error);
	g_assert_cmpuint(card->snapshots, ==, 2);
	fake_content(id, 7);
	first = take(f, "anna", id, "before the exam", &error);
	g_assert_no_error(error);
	g_free(take(f, "anna", id, "second", &error));
	g_assert_null(take(f, "anna", id, "third", &error));
	g_assert_error(error, FAULT, FAULT_QUOTA);
	g_clear_error(&error);
	g_assert_null(take(f, "ben", id, "not his", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_null(take(f, "anna", id, "two\nlines", &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);

	fake_content(id, 8);
	ticket = core_fixture_connect(f, "anna", id, "vnc");
	lease = core_fixture_redeem(f, ticket, "vnc");
	g_assert_false(core_snapshot_revert(f->core, ben, id, first, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_true(core_snapshot_revert(f->core, anna, id, first, &error));
	g_assert_no_error(error);
	g_assert_false(session_started(f->core, lease, &nobody)); /* it has ended */
	g_assert_cmpint(fake_content(id, 0), ==, 7);
	core_fixture_await(f, 0, "off");
	g_clear_pointer(&list, g_ptr_array_unref);
	list = core_snapshots(f->core, NULL, id, &error); /* an admin sees to them, too */
	g_assert_cmpuint(list->len, ==, 2);
	g_clear_pointer(&list, g_ptr_array_unref);
	g_assert_true(core_snapshot_remove(f->core, NULL, id, first, &error));
	g_assert_false(core_snapshot_revert(f->core, anna, id, first, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	list = core_snapshots(f->core, anna, id, &error);
	g_assert_cmpuint(list->len, ==, 1);
	g_assert_cmpuint(fake_snapshots(id), ==, 1);

	/* A fresh overlay has none. */
	core_desktop_action(f->core, "root", id, "reset", &error);
	g_assert_no_error(error);
	g_clear_pointer(&list, g_ptr_array_unref);
	list = core_snapshots(f->core, anna, id, &error);
	g_assert_cmpuint(list->len, ==, 0);
}

/* One that was never finished holds its place for a while, and then goes, in the disk, too. */
static void test_half(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = NULL;
	g_autofree char *id = desktop(f);
	g_autofree char *lost = NULL;

	allow(f, "office", 1);
	g_atomic_int_set(&fake.fail_snapshot, 1);
	g_assert_null(take(f, "anna", id, "fails", &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	g_atomic_int_set(&fake.fail_snapshot, 0);
	lost = take(f, "anna", id, "lost", &error); /* the broker dies before it says so */
	g_assert_no_error(error);
	db_change(f->core->db, &error, "UPDATE snapshot SET ready = ?", DB_INT(0));
	core_fixture_restart(f);
	list = core_snapshots(f->core, anna, id, &error);
	g_assert_cmpuint(list->len, ==, 0);
	g_assert_null(take(f, "anna", id, "too early", &error));
	g_assert_error(error, FAULT, FAULT_QUOTA);
	g_clear_error(&error);
	db_change(f->core->db, &error, "UPDATE snapshot SET taken_at = taken_at - ?", DB_INT(600));
	g_free(take(f, "anna", id, "now", &error));
	g_assert_no_error(error);
	g_assert_cmpuint(fake_snapshots(id), ==, 1);
}

/* It was given to somebody else between the look at whose it is and the turn: what was asked for
 * the one before is not done to the next, nor is their session ended. */
static void test_changes_hands(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = desktop(f);
	g_autofree char *snapshot = NULL;
	g_autofree char *lease = NULL;
	g_autoptr(Ticket) ticket = NULL;

	allow(f, "office", 2);
	snapshot = take(f, "anna", id, "hers", &error);
	g_assert_no_error(error);
	fake_content(id, 7);
	g_assert_false(desktop_snapshot(f->core, id, "ben", PROVIDER_TAKE, "n-his", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(desktop_snapshot(f->core, id, "ben", PROVIDER_REVERT, snapshot, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(desktop_snapshot(f->core, id, "ben", PROVIDER_FORGET, snapshot, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_false(desktop_reset(f->core, id, "ben", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_cmpuint(fake_snapshots(id), ==, 1);
	g_assert_cmpint(fake_content(id, 0), ==, 7);

	ticket = core_fixture_connect(f, "anna", id, "vnc");
	lease = core_fixture_redeem(f, ticket, "vnc");
	sessions_end_desktop(f->core, id, "ben", "it went back to a snapshot");
	g_assert_true(session_started(f->core, lease, &nobody));
	sessions_end_desktop(f->core, id, "anna", "it went back to a snapshot");
	g_assert_false(session_started(f->core, lease, &nobody));
	g_assert_true(desktop_snapshot(f->core, id, "anna", PROVIDER_REVERT, snapshot, &error));
	g_assert_no_error(error);
	g_assert_true(desktop_reset(f->core, id, "anna", &error));
	g_assert_no_error(error);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                            \
	g_test_add("/snapshot/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("revert", test_revert);
	ADD("half", test_half);
	ADD("changes-hands", test_changes_hands);
	return g_test_run();
}
