/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is closed for a while, and what will not stay up, on a real core with a made-up provider. */
#include "core-fixture.h"
#include "core_admin.h"
#include "fault.h"
#include "log.h"
#include "sessions/session.h"

static void begin(CoreFixture *f, const char *kind, const char *name)
{
	MaintenanceView view = {
		.kind = (char *)kind, .name = (char *)name, .words = (char *)"back at noon"};
	g_autoptr(GError) error = NULL;

	core_maintenance_begin(f->core, "root", &view, &error);
	g_assert_no_error(error);
}

static void end(CoreFixture *f, const char *kind, const char *name)
{
	g_autoptr(GError) error = NULL;

	core_maintenance_end(f->core, "root", kind, name, &error);
	g_assert_no_error(error);
}

static void closed(CoreFixture *f, const char *user, const char *card)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;

	g_assert_null(core_connect(f->core, who, card, "vnc", "::1", &error));
	g_assert_error(error, FAULT, FAULT_MAINTENANCE);
	g_assert_cmpstr(error->message, ==, "back at noon");
}

static unsigned sessions_there(CoreFixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = core_maintenances(f->core, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(all->len, ==, 1);
	return ((MaintenanceView *)all->pdata[0])->sessions;
}

static void assert_card(CoreFixture *f, const char *user, const char *id, const char *detail)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;
	g_autoptr(DesktopView) card = core_desktop(f->core, who, id, &error);

	g_assert_no_error(error);
	g_assert_cmpstr(card->detail, ==, detail);
}

/* Who is in stays in and may come back; nobody else gets in, and nothing is started. */
static void test_pool(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(Ticket) back = NULL;
	g_autofree char *lease = NULL;
	int starts;

	core_fixture_pool(f, "lab", "floating", 3, 1);
	core_fixture_await(f, 0, "ready");
	ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	lease = core_fixture_redeem(f, ticket, "vnc");
	core_fixture_await(f, 1, "ready");
	begin(f, "pool", "lab");
	starts = g_atomic_int_get(&fake.starts);
	closed(f, "ben", "p-lab");
	assert_card(f, "ben", "p-lab", "back at noon");
	g_assert_cmpuint(sessions_there(f), ==, 1);
	back = core_fixture_connect(f, "anna", "p-lab", "web");
	g_assert_cmpstr(back->desktop_id, ==, ticket->desktop_id);
	g_free(core_fixture_redeem(f, back, "web"));
	fake_crash(back->desktop_id);
	core_fixture_await(f, 0, "off");
	closed(f, "anna", "p-lab"); /* it is no session any more that could be come back to */
	g_assert_cmpint(g_atomic_int_get(&fake.starts), ==, starts);
	end(f, "pool", "lab");
	ticket_free(core_fixture_connect(f, "ben", "p-lab", "vnc"));
	assert_card(f, "carla", "p-lab", "");
}

static void test_host(CoreFixture *f, gconstpointer unused)
{
	core_fixture_pool(f, "lab", "floating", 3, 0);
	core_fixture_pool(f, "zoo", "machines", 0, 0);
	begin(f, "host", "libvirt qemu:///system");
	ticket_free(core_fixture_connect(f, "anna", "p-lab", "vnc"));
	end(f, "host", "libvirt qemu:///system");
	begin(f, "host", "qemu");
	closed(f, "ben", "p-lab");
	g_assert_cmpuint(sessions_there(f), ==, 0);
	end(f, "host", "qemu");
}

/* One desktop: others of the pool are given out in its place. */
static void test_desktop(CoreFixture *f, gconstpointer unused)
{
	MaintenanceView nowhere = {.kind = (char *)"desktop", .name = (char *)"d-none"};
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = NULL;
	g_autoptr(Ticket) other = NULL;
	g_autofree char *id = NULL;

	core_fixture_pool(f, "lab", "floating", 2, 1);
	core_fixture_await(f, 0, "ready");
	all = core_admin_desktops(f->core, &error);
	id = g_strdup(((AdminDesktopView *)all->pdata[0])->id);
	begin(f, "desktop", id);
	other = core_fixture_connect(f, "anna", "p-lab", "vnc");
	g_assert_cmpstr(other->desktop_id, !=, id);
	g_assert_false(core_maintenance_begin(f->core, "root", &nowhere, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	end(f, "desktop", id);
}

/* The end of a desktop whose start was not over yet is not forgotten. */
static void test_short_life(CoreFixture *f, gconstpointer unused)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = NULL;

	g_atomic_int_set(&fake.short_lived, 1);
	core_fixture_pool(f, "lab", "floating", 1, 1);
	while (g_atomic_int_get(&fake.starts) < 2) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(10000);
	}
	core_fixture_await(f, 0, "ready");
	all = core_admin_desktops(f->core, &error);
	g_assert_no_error(error);
	g_assert_cmpint(fake_state(((AdminDesktopView *)all->pdata[0])->id), ==, PROVIDER_RUNNING);
}

/* It is started again once it was seen to have failed, which may be a short while. */
static void await_failed(CoreFixture *f, int starts)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

	while (g_atomic_int_get(&fake.starts) == starts) {
		g_autofree char *state = core_fixture_state(f, 0);

		if (g_str_equal(state, "failed"))
			return;
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(10000);
	}
}

/* A desktop that dies as soon as it is there is started less and less often, and its reason is
 * there for the admin to read. */
static void test_crash_loop(CoreFixture *f, gconstpointer unused)
{
	gint64 until = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = NULL;
	int crashes = 0;

	core_fixture_pool(f, "lab", "floating", 1, 1);
	/* On a busy machine the second one may take longer. */
	while (g_get_monotonic_time() < until + (crashes < 2 ? 60 * G_USEC_PER_SEC : 0)) {
		g_autofree char *state = core_fixture_state(f, 0);

		if (g_str_equal(state, "ready")) {
			int starts = g_atomic_int_get(&fake.starts);

			g_clear_pointer(&all, g_ptr_array_unref);
			all = core_admin_desktops(f->core, &error);
			fake_crash(((AdminDesktopView *)all->pdata[0])->id);
			await_failed(f, starts);
			crashes++;
		}
		g_usleep(10000);
	}
	/* At once, and 1 and 3 seconds later. */
	g_assert_cmpint(crashes, >=, 2);
	g_assert_cmpint(crashes, <=, 3);
	g_assert_cmpint(g_atomic_int_get(&fake.starts), <=, 4);
	g_clear_pointer(&all, g_ptr_array_unref);
	all = core_admin_desktops(f->core, &error);
	g_assert_nonnull(
		g_strstr_len(((AdminDesktopView *)all->pdata[0])->detail, -1, "stopped by itself"));
}

/* What is removed is closed no more: the next one of that name is open, and none stays in the list
 * that nobody can open. */
static void test_removed(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = NULL;
	g_autoptr(GPtrArray) desktops = NULL;
	g_autoptr(GPtrArray) all = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(GError) error = NULL;

	core_fixture_pool(f, "lab", "floating", 1, 1);
	core_fixture_await(f, 0, "ready");
	desktops = core_admin_desktops(f->core, &error);
	g_assert_no_error(error);
	id = g_strdup(((AdminDesktopView *)desktops->pdata[0])->id);
	begin(f, "desktop", id);
	begin(f, "pool", "lab");
	closed(f, "anna", "p-lab");
	core_pool_remove(f->core, "root", "lab", &error);
	g_assert_no_error(error);
	all = core_maintenances(f->core, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(all->len, ==, 0);
	core_fixture_pool(f, "lab", "floating", 1, 0);
	ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                               \
	g_test_add("/maintenance/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("pool", test_pool);
	ADD("host", test_host);
	ADD("desktop", test_desktop);
	ADD("removed", test_removed);
	ADD("short-life", test_short_life);
	ADD("crash-loop", test_crash_loop);
	return g_test_run();
}
