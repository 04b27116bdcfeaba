/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Desktops and the versions they are made from, on a real database, SQLite or PostgreSQL: a desktop
 * is given once, a dirty one never, also by several brokers.
 */
#include "fault.h"
#include "store-fixture.h"
#include "store_audit.h"
#include "store_desktop.h"
#include "store_image.h"
#include "store_input.h"
#include "store_lease.h"
#include "store_plan.h"
#include "store_pool.h"
#include "store_session.h"

static void assert_free(Db *db, const char *expected)
{
	g_autofree char *id = NULL;

	g_assert_true(store_desktop_find_free(db, "lab", "b1", &id, NULL));
	g_assert_cmpstr(id, ==, expected);
}

static void test_desktop_cycle(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) dirty = NULL;
	g_autoptr(StoreDesktop) d = NULL;
	gint64 next;

	store_fixture_pool(f->db, "lab", "floating");
	store_fixture_desktop(f->db, "lab", "d-1", "i1");
	assert_free(f->db, "d-1");

	/* Held: nobody else's; not for ever. */
	g_assert_true(store_desktop_claim(f->db, "d-1", "anna", 50, &error));
	assert_free(f->db, NULL);
	g_assert_false(store_desktop_claim(f->db, "d-1", "ben", 50, &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);
	g_assert_cmpint(store_desktop_release(f->db, 49, &next, &error), ==, 0);
	g_assert_cmpint(next, ==, 50);
	g_assert_cmpint(store_desktop_release(f->db, 50, &next, &error), ==, 1);
	assert_free(f->db, "d-1"); /* nobody was in: still clean */
	g_assert_false(store_desktop_enter(f->db, "d-1", "anna", 51, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
	g_clear_error(&error);

	/* In use: no time takes it away, a new claim of the same person neither. */
	g_assert_true(store_desktop_claim(f->db, "d-1", "anna", 90, &error));
	g_assert_true(store_desktop_enter(f->db, "d-1", "anna", 60, &error));
	g_assert_true(store_desktop_claim(f->db, "d-1", "anna", 90, &error));
	g_assert_cmpint(store_desktop_release(f->db, 1000, &next, &error), ==, 0);
	g_assert_cmpint(next, ==, 0);

	/* Left: released dirty, given to nobody until the overlay is proven to be another. */
	g_assert_true(store_desktop_leave(f->db, "d-1", 70, &error));
	g_assert_cmpint(store_desktop_release(f->db, 70, &next, &error), ==, 1);
	d = store_desktop(f->db, "d-1", &error);
	g_assert_cmpstr(d->state, ==, "resetting");
	g_assert_false(store_desktop_clean(d));
	dirty = store_desktop_find_dirty(f->db, "b1", TRUE, &error);
	g_assert_cmpuint(dirty->len, ==, 1);
	g_assert_true(store_desktop_set_state(f->db, "d-1", "ready", "", &error));
	assert_free(f->db, NULL);
	g_assert_true(store_desktop_clear_identity(f->db, "d-1", &error));
	assert_free(f->db, NULL);
	g_assert_true(store_desktop_set_identity(f->db, "d-1", "i2", "tiny", 1, &error));
	assert_free(f->db, "d-1");
}

/* A step that must meet nobody, and who comes in: one of the two is told that the other was there.
 */
static void test_unused(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(StoreDesktop) d = NULL;
	gboolean free;

	store_fixture_pool(f->db, "lab", "floating");
	store_fixture_desktop(f->db, "lab", "d-1", "i1");
	g_assert_true(store_desktop_claim(f->db, "d-1", "anna", 90, &error));
	g_assert_true(store_desktop_enter(f->db, "d-1", "anna", 60, &error));
	g_assert_true(store_desktop_set_unused(f->db, "d-1", "resetting", "", &free, &error));
	g_assert_false(free);
	d = store_desktop(f->db, "d-1", &error);
	g_assert_cmpstr(d->state, ==, "in-use");
	g_assert_true(store_desktop_leave(f->db, "d-1", 90, &error));
	g_assert_true(store_desktop_set_unused(f->db, "d-1", "resetting", "", &free, &error));
	g_assert_true(free);
	g_assert_false(store_desktop_enter(f->db, "d-1", "anna", 80, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
}

/* Who asks while a step is done puts off the next one, and not for ever. */
static void test_due(StoreFixture *f, gconstpointer unused)
{
	g_autofree char *action = NULL;
	g_autofree char *none = NULL;
	g_autoptr(GError) error = NULL;

	store_fixture_pool(f->db, "office", "dedicated");
	store_fixture_desktop(f->db, "office", "d-1", "i1");
	g_assert_true(store_desktop_claim(f->db, "d-1", "anna", 10, &error));
	g_assert_true(store_plan_set_due(f->db, "d-1", "suspend", 20, &error));
	g_assert_true(store_desktop_claim(f->db, "d-1", "anna", 50, &error));
	g_assert_true(store_plan_done(f->db, "d-1", 20, &error));
	g_assert_true(store_plan_get_due(f->db, "d-1", 50, &action, &error));
	g_assert_cmpstr(action, ==, "suspend");
	g_assert_true(store_plan_done(f->db, "d-1", 50, &error));
	g_assert_true(store_plan_get_due(f->db, "d-1", 50, &none, &error));
	g_assert_null(none);
	g_assert_no_error(error);
}

/* ---- images */

static unsigned add_version(Db *db, const char *disk)
{
	ImageView image = {.name = (char *)"tiny",
			   .disk = (char *)disk,
			   .memory = 128,
			   .cpus = 1,
			   .video = (char *)"std",
			   .files = (char *)"/ours"};
	g_autoptr(GError) error = NULL;
	unsigned version = 0;

	store_image_add(db, &image, 5, &version, &error);
	g_assert_no_error(error);
	return version;
}

/* The versions that are left, "3 1". */
static void assert_versions(Db *db, const char *expected)
{
	g_autoptr(GString) found = g_string_new(NULL);
	g_autoptr(GPtrArray) images = NULL, unused = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_true(store_image_collect(db, &unused, &error));
	for (guint i = 0; i < unused->len; i++) {
		ImageView *image = unused->pdata[i];

		g_assert_cmpstr(image->files, ==, image->version > 1 ? "/ours" : NULL);
	}
	images = store_images(db, &error);
	for (guint i = 0; i < images->len; i++)
		g_string_append_printf(found, i ? " %u" : "%u",
				       ((ImageView *)images->pdata[i])->version);
	g_assert_cmpstr(found->str, ==, expected);
}

static void publish(Db *db, unsigned version)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(store_pool_publish(db, "lab", "tiny", version, &error));
}

/* Which of those that rest on an image have a network card. */
static void carded(StoreFixture *f, const char *provider, const char *network, gboolean expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) rows = NULL;

	db_run(f->db, &error, "UPDATE image_version SET network = ?", DB_TEXT(network));
	g_assert_no_error(error);
	db_run(f->db, &error, "UPDATE pool SET provider = ?", DB_TEXT(provider));
	g_assert_no_error(error);
	rows = store_desktops_found(f->db, "d-", "name", FALSE, 0, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(rows->len, ==, 2);
	g_assert_cmpint(((StoreDesktop *)rows->pdata[0])->card, ==, expected);
	g_assert_false(((StoreDesktop *)rows->pdata[1])->card); /* it has not been made */
}

static void test_cards(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	store_fixture_pool(f->db, "lab", "floating");
	store_fixture_desktop(f->db, "lab", "d-1", NULL);
	store_fixture_desktop(f->db, "lab", "d-2", NULL);
	g_assert_true(store_desktop_set_identity(f->db, "d-1", "i1", "tiny", 1, &error));
	carded(f, "qemu", "none", FALSE);
	carded(f, "qemu", "user", TRUE);
	carded(f, "qemu", "bridge:br0", TRUE);
	carded(f, "libvirt", "user", FALSE);
	carded(f, "libvirt", "bridge:br0", TRUE);
	carded(f, "container", "bridge:br0", FALSE);
	db_run(f->db, &error, "UPDATE image_version SET xml = '/template'");
	g_assert_no_error(error);
	carded(f, "libvirt", "none", TRUE);
}

/* The names of those found, one after the other. */
static void found(StoreFixture *f, const char *text, const char *order, gboolean down,
		  unsigned limit, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) rows = store_desktops_found(f->db, text, order, down, limit, &error);
	g_autoptr(GString) names = g_string_new(NULL);

	g_assert_no_error(error);
	for (guint i = 0; i < rows->len; i++)
		g_string_append_printf(names, i == 0 ? "%s" : " %s",
				       ((StoreDesktop *)rows->pdata[i])->name);
	g_assert_cmpstr(names->str, ==, expected);
}

static void test_desktops_found(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) log = NULL;
	AuditView entry = {.event = (char *)"ticket", .desktop = (char *)"d-10"};

	store_fixture_pool(f->db, "lab", "floating");
	store_fixture_pool(f->db, "office", "dedicated");
	store_fixture_desktop(f->db, "lab", "d-2", "i1");
	store_fixture_desktop(f->db, "lab", "d-10", "i2");
	store_fixture_desktop(f->db, "office", "d-3", "i3");
	store_desktop_claim(f->db, "d-3", "Anna_1", 60, &error);
	g_assert_no_error(error);
	found(f, NULL, NULL, FALSE, 0, "d-2 d-10 d-3");
	found(f, "", "name", TRUE, 2, "d-3 d-10");
	found(f, NULL, "pool", TRUE, 0, "d-3 d-2 d-10");
	found(f, NULL, "user", TRUE, 1, "d-3");
	found(f, "LAB  ready", "name", FALSE, 0, "d-2 d-10");
	found(f, "lab d-10", "state", FALSE, 0, "d-10");
	found(f, "anna_", "used", FALSE, 0, "d-3");
	found(f, "anna%", "used", FALSE, 0, "");
	found(f, "a b c d e f", "name", FALSE, 0, "");

	/* The log knows a desktop by what it is called, too. */
	db_run(f->db, &error, "UPDATE desktop SET name = 'reception' WHERE id = 'd-10'");
	g_assert_no_error(error);
	store_audit_add(f->db, &entry, &error);
	g_assert_no_error(error);
	log = store_audit(f->db, 0, 9, "Recep", &error);
	g_assert_no_error(error);
	g_assert_cmpuint(log->len, ==, 1);
}

static void add_session(Db *db, const char *id, const char *user, const char *protocol, gint64 at,
			const char *ended)
{
	StoreLease lease = {.id = (char *)id,
			    .user = (char *)user,
			    .desktop = (char *)"d-1",
			    .desktop_name = (char *)"lab-1",
			    .pool = (char *)"lab",
			    .protocol = (char *)protocol,
			    .via = (char *)"vnc",
			    .peer = (char *)"192.0.2.7",
			    .gateway = (char *)"here/1",
			    .started_at = at,
			    .broker = (char *)"b1"};
	g_autoptr(GError) error = NULL;

	g_assert_true(store_lease_add(db, &lease, &error));
	g_assert_true(store_input_put(db, id, at + 1, 1000000 - (guint64)at, &error));
	if (ended)
		g_assert_cmpint(
			store_session_end(db, id, NULL, ended, at + 5, 1, (guint64)at, &error), ==,
			1);
	g_assert_no_error(error);
}

/* Whatever a gateway says has passed, the session's end goes into the books. */
static void test_bytes_without_end(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = NULL;
	const SessionView *view;

	add_session(f->db, "s-1", "anna", "spice", 100, NULL);
	for (unsigned i = 0; i < 3; i++)
		g_assert_cmpint(store_session_add_bytes(f->db, "s-1", G_MAXINT64, G_MAXUINT64,
							FALSE, &error),
				==, 1);
	g_assert_cmpint(store_session_end(f->db, "s-1", NULL, "ended", 200, G_MAXUINT64, G_MAXINT64,
					  &error),
			==, 1);
	g_assert_no_error(error);
	all = store_sessions(f->db, NULL, FALSE, 10, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(all->len, ==, 1);
	view = all->pdata[0];
	g_assert_cmpuint(view->bytes_in, >=, G_MAXINT64 / 2);
	g_assert_cmpuint(view->bytes_out, <=, G_MAXINT64);
}

/* The ids of those found, one after the other. */
static void found_sessions(StoreFixture *f, gboolean live, const char *text, const char *order,
			   gboolean down, unsigned limit, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray)
		rows = store_sessions_found(f->db, live, text, order, down, limit, &error);
	g_autoptr(GString) ids = g_string_new(NULL);

	g_assert_no_error(error);
	for (guint i = 0; i < rows->len; i++)
		g_string_append_printf(ids, i == 0 ? "%s" : " %s",
				       ((SessionView *)rows->pdata[i])->id);
	g_assert_cmpstr(ids->str, ==, expected);
}

static void test_sessions_found(StoreFixture *f, gconstpointer unused)
{
	unsigned sessions, people;

	add_session(f->db, "s-1", "anna", "web", 100, NULL);
	add_session(f->db, "s-2", "ben", "spice", 200, NULL);
	add_session(f->db, "s-3", "anna", "vnc", 300, NULL);
	add_session(f->db, "s-4", "carla", "vnc", 50, "taken 100% over");
	g_assert_true(store_sessions_count(f->db, &sessions, &people, NULL));
	g_assert_cmpuint(sessions, ==, 3);
	g_assert_cmpuint(people, ==, 2);

	found_sessions(f, TRUE, NULL, NULL, TRUE, 0, "s-3 s-2 s-1");
	found_sessions(f, TRUE, NULL, "since", FALSE, 2, "s-1 s-2");
	found_sessions(f, TRUE, NULL, "user", FALSE, 0, "s-3 s-1 s-2");
	found_sessions(f, TRUE, NULL, "user", TRUE, 0, "s-2 s-3 s-1");
	found_sessions(f, TRUE, NULL, "client", FALSE, 0, "s-2 s-3 s-1");
	found_sessions(f, TRUE, NULL, "line", FALSE, 0, "s-3 s-2 s-1");
	found_sessions(f, TRUE, NULL, "idle", TRUE, 0, "s-1 s-2 s-3");
	found_sessions(f, TRUE, "ANNA viewer", NULL, TRUE, 0, "s-3");
	found_sessions(f, TRUE, "browser 192.0.2", NULL, TRUE, 0, "s-1");
	found_sessions(f, TRUE, "carla", NULL, TRUE, 0, "");
	found_sessions(f, FALSE, "100%", NULL, TRUE, 0, "s-4");
	found_sessions(f, FALSE, "ended", "from", TRUE, 0, "s-4");
	found_sessions(f, FALSE, NULL, "ended", TRUE, 1, "s-4");
	found_sessions(f, FALSE, NULL, "sent", TRUE, 2, "s-4 s-3");
	found_sessions(f, FALSE, NULL, "desktop", FALSE, 0, "s-3 s-2 s-1 s-4");
}

static void test_versions(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ImageView) newest = NULL, second = NULL;
	g_autoptr(PoolView) pool = NULL;
	g_autoptr(GPtrArray) stale = NULL, cut_short = NULL;
	gboolean withdrawn;

	store_fixture_pool(f->db, "lab", "floating");
	store_fixture_desktop(f->db, "lab", "d-1", NULL);
	g_assert_true(store_desktop_set_identity(f->db, "d-1", "i1", "tiny", 1, &error));
	g_assert_cmpuint(add_version(f->db, "/two"), ==, 2);
	newest = store_image(f->db, "tiny", 0, &error);
	second = store_image(f->db, "tiny", 2, &error);
	g_assert_cmpstr(newest->disk, ==, "/two");
	g_assert_cmpstr(second->disk, ==, "/two");
	g_assert_null(store_image(f->db, "tiny", 9, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);

	/* The newest, what is published, what was before and what somebody rests on are kept. */
	assert_versions(f->db, "2 1");
	publish(f->db, 2);
	publish(f->db, add_version(f->db, "/three"));
	publish(f->db, 3); /* again: what was before stays what it was */
	add_version(f->db, "/four");
	assert_versions(f->db, "4 3 2 1");
	pool = store_pool(f->db, "lab", &error);
	g_assert_cmpuint(pool->version, ==, 3);
	g_assert_cmpuint(pool->previous_version, ==, 2);
	g_assert_true(store_pool_count(f->db, pool, &error));
	g_assert_cmpuint(pool->stale, ==, 1);

	/* The desktop goes over; nobody is given it meanwhile. */
	stale = store_desktop_find_stale_ready(f->db, "lab", "b1", 5, &error);
	g_assert_cmpuint(stale->len, ==, 1);
	assert_free(f->db, "d-1");
	g_assert_true(store_desktop_withdraw(f->db, "d-1", &withdrawn, &error) && withdrawn);
	assert_free(f->db, NULL);
	assert_versions(f->db, "4 3 2 1");
	/* Also if the broker dies on the way, and the next one finds it off. */
	g_assert_true(store_desktop_set_state(f->db, "d-1", "off", "", &error));
	cut_short = store_desktop_find_stale_off(f->db, "lab", "b1", 5, &error);
	g_assert_cmpuint(cut_short->len, ==, 1);
	g_assert_false(store_desktop_set_identity(f->db, "d-1", "i2", "tiny", 9, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	g_assert_true(store_desktop_set_identity(f->db, "d-1", "i2", "tiny", 3, &error));
	g_assert_true(store_desktop_withdraw(f->db, "d-1", &withdrawn, &error) && !withdrawn);
	assert_versions(f->db, "4 3 2");
	g_assert_cmpuint(add_version(f->db, "/five"), ==, 5); /* no number is given twice */
	assert_versions(f->db, "5 3 2");
}

/* ---- several brokers */

typedef struct {
	Db *db;
	const char *user;
	GHashTable *mine;
} Broker;

/* Takes desktops until there is none. In between it does something else for as long: of those who
 * wait for SQLite's lock, and no longer than BUSY_MS, not the first one gets it. */
static gpointer take_all(gpointer data)
{
	Broker *b = data;
	gboolean more = TRUE;

	while (more) {
		g_autoptr(GError) error = NULL;
		g_autofree char *id = NULL;
		g_auto(DbTransaction) tx = db_begin(b->db, &error);
		gint64 begun = g_get_monotonic_time();

		g_assert_no_error(error);
		g_assert_true(store_desktop_find_free(b->db, "lab", "b1", &id, &error));
		if (id && store_desktop_claim(b->db, id, b->user, 50, &error))
			g_hash_table_add(b->mine, g_strdup(id));
		g_assert_no_error(error);
		g_assert_true(store_audit_add(
			b->db, &(AuditView){.at = 1, .event = (char *)"ticket"}, &error));
		g_assert_true(db_commit(&tx, &error));
		g_usleep((gulong)(g_get_monotonic_time() - begun));
		more = id != NULL;
	}
	/* Outside of a transaction too, each has its number. */
	for (int i = 0; i < 20; i++) {
		gint64 begun = g_get_monotonic_time();

		g_assert_true(store_audit_add(
			b->db, &(AuditView){.at = 1, .event = (char *)"login"}, NULL));
		g_usleep((gulong)(g_get_monotonic_time() - begun));
	}
	return NULL;
}

static void test_brokers(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Db) other = db_open(f->path, &error);
	Broker brokers[] = {{f->db, "anna", NULL}, {other, "ben", NULL}};
	g_autoptr(GPtrArray) audit = NULL;
	GThread *threads[2];

	g_assert_no_error(error);
	store_fixture_pool(f->db, "lab", "floating");
	for (int i = 0; i < 40; i++) {
		g_autofree char *id = g_strdup_printf("d-%d", i);

		store_fixture_desktop(f->db, "lab", id, "i1");
	}
	for (int i = 0; i < 2; i++) {
		brokers[i].mine = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		threads[i] = g_thread_new("broker", take_all, &brokers[i]);
	}
	for (int i = 0; i < 2; i++)
		g_thread_join(threads[i]);
	g_assert_cmpuint(g_hash_table_size(brokers[0].mine) + g_hash_table_size(brokers[1].mine),
			 ==, 40);
	audit = store_audit(f->db, 0, 1000, NULL, &error);
	g_assert_cmpuint(audit->len, ==, 40 + 2 + 40);
	for (int i = 0; i < 2; i++)
		g_hash_table_destroy(brokers[i].mine);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, func)                                                                   \
	g_test_add("/store-desktop/" path, StoreFixture, NULL, store_fixture_setup, func, \
		   store_fixture_teardown)
	ADD("desktop-cycle", test_desktop_cycle);
	ADD("unused", test_unused);
	ADD("due", test_due);
	ADD("desktops-found", test_desktops_found);
	ADD("bytes-without-end", test_bytes_without_end);
	ADD("sessions-found", test_sessions_found);
	ADD("cards", test_cards);
	ADD("versions", test_versions);
	ADD("brokers", test_brokers);
	return g_test_run();
}
