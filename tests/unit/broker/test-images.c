/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Images and their versions on a real core with a made-up provider: a pool goes over to another
 * version while people use it, and back; copies are made and collected; a broker that was killed in
 * the middle finishes or forgets what it had begun.
 */
#include "core-fixture.h"

#include <glib/gstdio.h>

#include "desktops/images.h"
#include "desktops/templates.h"
#include "fault.h"
#include "store_desktop.h"
#include "store_pool.h"
#include "upkeep/maintainer.h"

/* A further version of "tiny" (core_fixture_pool() makes the first). */
static unsigned add_version(CoreFixture *f, const char *kernel, gboolean copy)
{
	ImageView image = {.name = (char *)"tiny", .kernel = (char *)kernel};
	g_autoptr(GError) error = NULL;
	unsigned version = 0;

	core_image_add(f->core, "root", &image, copy, &version, &error);
	g_assert_no_error(error);
	return version;
}

static void publish(CoreFixture *f, unsigned version)
{
	g_autoptr(GError) error = NULL;

	core_pool_publish(f->core, "root", "lab", NULL, version, &error);
	g_assert_no_error(error);
}

static GPtrArray *desktops(CoreFixture *f)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *all = core_admin_desktops(f->core, &error);

	g_assert_no_error(error);
	return all;
}

/* How many of them are in this state on this version; 0 = any. */
static unsigned count_in(const GPtrArray *all, const char *state, unsigned version)
{
	unsigned n = 0;

	for (guint i = 0; i < all->len; i++) {
		AdminDesktopView *view = all->pdata[i];

		n += g_str_equal(view->state, state) && view->identity &&
		     (!version || view->version == version);
	}
	return n;
}

static unsigned count(CoreFixture *f, const char *state, unsigned version)
{
	g_autoptr(GPtrArray) all = desktops(f);

	return count_in(all, state, version);
}

static void print(const GPtrArray *all)
{
	for (guint i = 0; i < all->len; i++) {
		AdminDesktopView *view = all->pdata[i];

		g_printerr("%s: %s, version %u, overlay %s, %s\n", view->name, view->state,
			   view->version, view->identity, view->detail);
	}
}

/* Waits until so many are; meanwhile so many, of whatever version, are ready at every look. */
static void await(CoreFixture *f, const char *state, unsigned version, unsigned n, unsigned always)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;

	for (;;) {
		g_autoptr(GPtrArray) all = desktops(f);

		if (count_in(all, "ready", 0) < always || g_get_monotonic_time() > deadline) {
			print(all);
			g_error("awaited %u %s of version %u, always %u ready", n, state, version,
				always);
		}
		if (count_in(all, state, version) == n)
			return;
		g_usleep(2000);
	}
}

static char *connect_to(CoreFixture *f, const char *user)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;
	g_autoptr(Ticket) ticket = core_connect(f->core, who, "p-lab", "web", "::1", &error);

	g_assert_no_error(error);
	return g_strdup(ticket->desktop_id);
}

static PoolView *pool(CoreFixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) pools = core_pools(f->core, &error);

	g_assert_no_error(error);
	return g_ptr_array_steal_index(pools, 0);
}

/* The spare ones first, and never none; and back again. */
static void test_roll(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(PoolView) rolled = NULL;
	g_autoptr(GError) error = NULL;

	fake.slow_ms = 20;
	core_fixture_pool(f, "lab", "floating", 4, 2);
	await(f, "ready", 1, 2, 0);
	g_assert_cmpuint(add_version(f, "/vmlinuz-2", FALSE), ==, 2);
	g_assert_cmpuint(count(f, "ready", 1), ==, 2); /* registered is not published */
	publish(f, 2);
	await(f, "ready", 2, 2, 2);
	await(f, "ready", 1, 0, 2);
	await(f, "off", 1, 0, 2);
	rolled = pool(f);
	g_assert_cmpuint(rolled->version, ==, 2);
	g_assert_cmpuint(rolled->stale, ==, 0);

	g_assert_true(core_pool_rollback(f->core, "root", "lab", &error));
	await(f, "ready", 1, 2, 2);
	await(f, "ready", 2, 0, 2);
}

/* A pool without room for another: one at a time. */
static void test_full(CoreFixture *f, gconstpointer unused)
{
	fake.slow_ms = 20;
	core_fixture_pool(f, "lab", "floating", 2, 2);
	await(f, "ready", 1, 2, 0);
	add_version(f, "/vmlinuz-2", FALSE);
	publish(f, 0);
	await(f, "ready", 2, 2, 1);
}

/* Somebody is in the middle of a session: his desktop stays, and goes over when it is reset. */
static void test_busy(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = NULL;
	g_autoptr(GError) error = NULL;
	gboolean entered;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	id = connect_to(f, "anna");
	entered = store_desktop_enter(f->core->db, id, "anna", core_now(), &error);
	g_assert_true(entered);
	add_version(f, "/vmlinuz-2", FALSE);
	publish(f, 2);
	g_usleep(100000);
	g_assert_cmpuint(count(f, "in-use", 1), ==, 1);
	g_assert_true(store_desktop_leave(f->core->db, id, core_now(), &error));
	maintainer_wake(f->core->maintainer);
	await(f, "off", 2, 1, 0);
	g_assert_cmpint(fake.overlaps, ==, 0);
}

static DesktopView *card(CoreFixture *f, const char *user)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) cards = core_desktops(f->core, who, &error);

	g_assert_no_error(error);
	return g_ptr_array_steal_index(cards, 0);
}

/* A dedicated one goes over when its user says so, and nobody else can. */
static void test_dedicated(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(Who) ben = core_fixture_who("ben");
	g_autoptr(DesktopView) before = NULL, waiting = NULL, after = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL;

	core_fixture_pool(f, "lab", "dedicated", 2, 0);
	id = connect_to(f, "anna");
	before = card(f, "anna");
	g_assert_false(before->update);
	add_version(f, "/vmlinuz-2", FALSE);
	publish(f, 2);
	waiting = card(f, "anna");
	g_assert_true(waiting->update);
	g_assert_cmpuint(count(f, "ready", 1), ==, 1);

	g_assert_false(core_desktop_update(f->core, ben, id, "::1", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_true(store_desktop_enter(f->core->db, id, "anna", core_now(), &error));
	g_assert_false(core_desktop_update(f->core, anna, id, "::1", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);
	g_assert_true(store_desktop_leave(f->core->db, id, core_now(), &error));
	g_assert_true(core_desktop_update(f->core, anna, id, "::1", &error));
	g_assert_cmpuint(count(f, "off", 2), ==, 1);
	after = card(f, "anna");
	g_assert_false(after->update);
	g_assert_true(core_desktop_update(f->core, anna, id, "::1", &error)); /* nothing to do */
	g_assert_cmpint(fake.clones + fake.resets, ==, 2);
}

/* Cut short after the desktop was taken away and before it was made anew: what still ran on the
 * old one ends, and nobody is given it. */
static void test_cut_short(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL;
	gboolean withdrawn;
	int made;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	id = connect_to(f, "anna");
	core_fixture_rest(f);
	store_desktop_expire(f->core->db, id, core_now(), &error);
	core_fixture_await(f, 0, "ready");
	add_version(f, "/vmlinuz-2", FALSE);
	g_assert_true(db_run(f->core->db, &error, "UPDATE desktop SET owner = NULL"));
	g_assert_true(store_pool_publish(f->core->db, "lab", "tiny", 2, &error));
	g_assert_true(store_desktop_withdraw(f->core->db, id, &withdrawn, &error) && withdrawn);
	made = fake.clones;
	g_assert_cmpint(fake_state(id), ==, PROVIDER_RUNNING);
	core_fixture_restart(f);
	/* On a shared database another broker may be at it: there the maintainer ends it. */
	if (!db_shared(f->core->db))
		g_assert_cmpint(fake_state(id), !=, PROVIDER_RUNNING);
	/* Found off, it is made anew on the new version: off again only then. */
	await(f, "off", 2, 1, 0);
	g_free(connect_to(f, "ben"));
	g_assert_cmpuint(count(f, "ready", 2), ==, 1);
	g_assert_cmpint(fake.clones, ==, made + 1);
}

/* The database was away when a desktop had been made anew, so that the books never heard of its
 * end: it is made anew once more, and not lost to the pool until the broker's next start. */
static void test_half_done(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = NULL;
	g_autoptr(GError) error = NULL;

	core_fixture_pool(f, "lab", "floating", 1, 1);
	await(f, "ready", 1, 1, 0);
	g_assert_cmpint(db_change(f->core->db, &error,
				  "UPDATE desktop SET state = 'resetting', identity = NULL"
				  " WHERE owner IS NULL AND used IS NULL"),
			==, 1);
	maintainer_look(f->core->maintainer);
	await(f, "ready", 1, 1, 0);
	id = connect_to(f, "anna");
	g_assert_cmpint(fake_state(id), ==, PROVIDER_RUNNING);
}

/* ---- instant clones */

static gboolean connect_anna(CoreFixture *f, char **out_id, GError **error)
{
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(Ticket) ticket = core_connect(f->core, anna, "p-lab", "web", "::1", error);

	if (ticket && out_id)
		*out_id = g_strdup(ticket->desktop_id);
	return ticket != NULL;
}

static void make_instant(CoreFixture *f, const char *kind)
{
	PoolView lab = {.name = (char *)"lab",
			.kind = (char *)kind,
			.image = (char *)"tiny",
			.max = 1,
			.instant = TRUE};
	g_autoptr(GError) error = NULL;

	core_fixture_pool(f, "lab", kind, 1, 0);
	core_pool_add(f->core, "root", &lab, &error);
	g_assert_no_error(error);
}

/* A copy that does not wake, or is not somebody else, is made anew to boot. */
static void test_not_waking(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	make_instant(f, "floating");
	fake.fail_instant = 1;
	g_assert_true(connect_anna(f, NULL, &error));
	g_assert_no_error(error);
	g_assert_cmpint(fake.starts, ==, 2);
	g_assert_cmpint(fake.clones + fake.resets, ==, 2);
	g_assert_cmpuint(count(f, "ready", 1), ==, 1);
}

/* But never one that somebody has worked on: that is tried again as it is. */
static void test_worked_on(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *id = NULL, *same = NULL;
	int made;

	make_instant(f, "dedicated");
	g_assert_true(connect_anna(f, &id, &error));
	g_assert_true(store_desktop_enter(f->core->db, id, "anna", core_now(), &error));
	g_assert_true(store_desktop_leave(f->core->db, id, core_now(), &error));
	fake_crash(id);
	core_fixture_await(f, 0, "off");
	made = fake.clones + fake.resets;
	fake.fail_instant = 1;
	g_assert_false(connect_anna(f, NULL, &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	fake.fail_instant = 0;
	g_assert_true(connect_anna(f, &same, &error));
	g_assert_cmpstr(same, ==, id);
	g_assert_cmpint(fake.clones + fake.resets, ==, made);
}

/* A template is thrown away when no pool wants it, not when nobody can say. */
static void test_template(CoreFixture *f, gconstpointer unused)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	Db *db = f->core->db;
	g_autoptr(GError) error = NULL;

	make_instant(f, "floating");
	while (g_atomic_int_get(&fake.templates) == 0) {
		g_assert_cmpint(g_get_monotonic_time(), <, deadline);
		g_usleep(10000);
	}
	g_assert_true(db_run(db, &error, "ALTER TABLE image RENAME COLUMN newest TO lost"));
	g_assert_false(templates_tidy(f->core, &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
	g_assert_true(db_run(db, &error, "ALTER TABLE image RENAME COLUMN lost TO newest"));
	g_assert_cmpint(fake.templates, ==, 1);
	core_fixture_pool(f, "lab", "floating", 1, 0);
	g_assert_true(templates_tidy(f->core, &error));
	g_assert_cmpint(fake.templates, ==, 0);
}

/* A pool that cannot be read is not taken for a new one, which would go over to what is newest. */
static void test_unreadable(CoreFixture *f, gconstpointer unused)
{
	PoolView wish = {.name = (char *)"lab",
			 .kind = (char *)"floating",
			 .image = (char *)"tiny",
			 .max = 7};
	Db *db = f->core->db;
	g_autoptr(GError) error = NULL;
	g_autoptr(PoolView) pool = NULL;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	add_version(f, "/boot/vmlinuz", FALSE);
	core_fixture_rest(f);
	g_assert_true(db_run(db, &error, "ALTER TABLE pool RENAME COLUMN previous_image TO lost"));
	g_assert_false(core_pool_add(f->core, "root", &wish, &error));
	g_assert_error(error, FAULT, FAULT_BROKER);
	g_clear_error(&error);
	g_assert_true(db_run(db, &error, "ALTER TABLE pool RENAME COLUMN lost TO previous_image"));
	pool = store_pool(db, "lab", &error);
	g_assert_no_error(error);
	g_assert_cmpuint(pool->max, ==, 1);
	g_assert_cmpuint(pool->version, ==, 1);
}

/* ---- copies */

static unsigned directories(CoreFixture *f)
{
	g_autofree char *path = g_build_filename(f->options->state, "images", NULL);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	unsigned n = 0;

	while (dir && g_dir_read_name(dir))
		n++;
	return n;
}

static void test_copies(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *kernel = g_build_filename(f->dir, "vmlinuz", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) images = NULL;
	g_autofree char *bytes = NULL, *left = NULL, *path = NULL;
	ImageView missing = {.name = (char *)"bad", .kernel = (char *)"/nowhere"};
	unsigned version;

	g_assert_true(g_file_set_contents(kernel, "golden", -1, NULL));
	core_fixture_pool(f, "lab", "floating", 1, 0);
	if (db_shared(f->core->db)) {
		missing.kernel = kernel;
		g_assert_false(core_image_add(f->core, "root", &missing, TRUE, &version, &error));
		g_assert_error(error, FAULT, FAULT_CLIENT);
		return;
	}
	g_assert_false(core_image_add(f->core, "root", &missing, TRUE, &version, &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_clear_error(&error);
	g_assert_cmpuint(directories(f), ==, 0);

	g_assert_cmpuint(add_version(f, kernel, TRUE), ==, 2);
	publish(f, 2);
	g_assert_true(g_file_set_contents(kernel, "changed", -1, NULL)); /* ours does not */
	images = core_images(f->core, &error);
	path = g_strdup(((ImageView *)images->pdata[0])->kernel);
	g_assert_true(g_str_has_prefix(path, f->options->state));
	g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
	g_assert_cmpstr(bytes, ==, "golden");

	/* Two versions later nobody can go back to it; the admin's own file is not touched. */
	publish(f, add_version(f, kernel, FALSE));
	g_assert_true(images_collect(f->core, &error));
	g_assert_cmpuint(directories(f), ==, 1);
	publish(f, add_version(f, kernel, TRUE));
	g_assert_true(images_collect(f->core, &error));
	g_assert_cmpuint(directories(f), ==, 1);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(kernel, G_FILE_TEST_EXISTS));

	/* What a broker left that was killed while it copied. */
	left = g_build_filename(f->options->state, "images", "v-0123456789abcdef", NULL);
	g_assert_cmpint(g_mkdir(left, 0700), ==, 0);
	core_fixture_restart(f);
	g_assert_cmpuint(directories(f), ==, 1);

	g_assert_true(core_pool_remove(f->core, "root", "lab", &error));
	g_assert_true(core_image_remove(f->core, "root", "tiny", &error));
	g_assert_cmpuint(directories(f), ==, 0);
}

/* A version keeps what oriel.conf said when it was added without a word of its own. */
static void test_network(CoreFixture *f, gconstpointer unused)
{
	static const char *const asked[] = {NULL, "none", "bridge:br0"};
	static const char *const kept[] = {"user", "none", "bridge:br0"};
	ImageView image = {.name = (char *)"net", .kernel = (char *)"/k"};
	g_autoptr(GError) error = NULL;
	unsigned version;

	for (gsize i = 0; i < G_N_ELEMENTS(asked); i++) {
		g_autoptr(GPtrArray) all = NULL;

		image.network = (char *)asked[i];
		core_image_add(f->core, "root", &image, FALSE, &version, &error);
		g_assert_no_error(error);
		all = core_images(f->core, &error);
		g_assert_cmpstr(((ImageView *)all->pdata[0])->network, ==, kept[i]);
	}
	image.network = (char *)"bridge:/";
	g_assert_false(core_image_add(f->core, "root", &image, FALSE, &version, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, func)                                                          \
	g_test_add("/images/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("roll", test_roll);
	ADD("full", test_full);
	ADD("busy", test_busy);
	ADD("dedicated", test_dedicated);
	ADD("cut-short", test_cut_short);
	ADD("half-done", test_half_done);
	ADD("not-waking", test_not_waking);
	ADD("worked-on", test_worked_on);
	ADD("template", test_template);
	ADD("unreadable", test_unreadable);
	ADD("network", test_network);
	ADD("copies", test_copies);
	return g_test_run();
}
