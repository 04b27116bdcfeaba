/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pictures of screens, on a real core with a made-up provider: who gets one is asked before it is
 * taken and after, since a desktop may become somebody else's meanwhile. */
#include "core-fixture.h"
#include "core_admin.h"
#include "fault.h"
#include "log.h"

/* What somebody does to the desktop while its picture is being taken. */
typedef struct {
	CoreFixture *f;
	const char *sql;
	const char *value;
} Deed;

static void do_it(const char *id, gpointer data)
{
	const Deed *deed = data;
	g_autoptr(GError) error = NULL;

	fake.on_screen = NULL;
	db_change(deed->f->core->db, &error, deed->sql, DB_TEXT(deed->value), DB_TEXT(id));
	g_assert_no_error(error);
}

static void meanwhile(Deed *deed)
{
	fake.on_screen_data = deed;
	fake.on_screen = do_it;
}

/* Of anna's desktop in the pool "office", running. */
static char *desktop(CoreFixture *f)
{
	g_autoptr(Ticket) ticket = NULL;

	core_fixture_pool(f, "office", "dedicated", 2, 0);
	ticket = core_fixture_connect(f, "anna", "p-office", "vnc");
	return g_strdup(ticket->desktop_id);
}

static void sees(CoreFixture *f, const char *user, const char *id)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) png = core_own_screen(f->core, who, id, &error);

	g_assert_no_error(error);
	g_assert_nonnull(png);
}

static void sees_nothing(CoreFixture *f, const char *user, const char *id, Fault code)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;

	g_assert_null(core_own_screen(f->core, who, id, &error));
	g_assert_error(error, FAULT, (int)code);
}

/* Ben gets no picture of what anna had on the screen, nor she one of what he has by then. */
static void test_own(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = desktop(f);
	Deed given = {f, "UPDATE desktop SET owner = ? WHERE id = ?", "ben"};

	sees_nothing(f, "ben", id, FAULT_NOT_FOUND);
	meanwhile(&given);
	sees_nothing(f, "anna", id, FAULT_BUSY);
	g_assert_cmpint(fake.screens, ==, 1);
	sees_nothing(f, "anna", id, FAULT_NOT_FOUND);
	sees(f, "ben", id);
	g_assert_cmpint(fake.screens, ==, 2);
	sees(f, "ben", id); /* the same picture, for a moment */
	g_assert_cmpint(fake.screens, ==, 2);
}

/* Made anew for the same person: what was there before it is no picture of it. */
static void test_made_anew(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = desktop(f);
	Deed reset = {f, "UPDATE desktop SET identity = ? WHERE id = ?", "another"};

	meanwhile(&reset);
	sees_nothing(f, "anna", id, FAULT_BUSY);
	sees(f, "anna", id);
	g_assert_cmpint(fake.screens, ==, 2);
}

static void look(CoreFixture *f, const char *id, Fault code)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) png = core_desktop_screen(f->core, "root", id, &error);

	g_assert_null(png);
	g_assert_error(error, FAULT, (int)code);
}

/* An admin who may see what nobody has does not see what somebody got in that moment. */
static void test_free(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = NULL;
	g_autoptr(GBytes) png = NULL;
	Deed given = {f, "UPDATE desktop SET owner = ? WHERE id = ?", "ben"};

	core_fixture_pool(f, "lab", "floating", 2, 2);
	core_fixture_await(f, 0, "ready");
	core_fixture_await(f, 1, "ready");
	all = core_admin_desktops(f->core, &error);
	g_assert_no_error(error);
	png = core_desktop_screen(f->core, "root", ((AdminDesktopView *)all->pdata[0])->id, &error);
	g_assert_no_error(error);
	g_assert_nonnull(png);
	meanwhile(&given);
	look(f, ((AdminDesktopView *)all->pdata[1])->id, FAULT_BUSY);
	look(f, ((AdminDesktopView *)all->pdata[1])->id, FAULT_NOT_FOUND);
}

static void dawdle(const char *id, gpointer deed)
{
	g_usleep(1100 * 1000);
	do_it(id, deed);
}

/* A desktop that takes its time is not asked again at once: the others have the places. */
static void test_slow(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = desktop(f);
	g_autoptr(Ticket) ben = core_fixture_connect(f, "ben", "p-office", "vnc");
	Deed reset = {f, "UPDATE desktop SET identity = ? WHERE id = ?", "another"};

	fake.on_screen_data = &reset;
	fake.on_screen = dawdle;
	sees_nothing(f, "anna", id, FAULT_BUSY);
	sees_nothing(f, "anna", id, FAULT_BUSY);
	g_assert_cmpint(fake.screens, ==, 1);
	sees(f, "ben", ben->desktop_id);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                           \
	g_test_add("/screens/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("own", test_own);
	ADD("made-anew", test_made_anew);
	ADD("free", test_free);
	ADD("slow", test_slow);
	return g_test_run();
}
