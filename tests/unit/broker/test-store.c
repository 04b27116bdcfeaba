/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store on a real database, SQLite or PostgreSQL: migrations, faults, and the statements on
 * which safety rests: a ticket is spent once, a desktop is given once, a dirty one never.
 */
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "database.h"
#include "db.h"
#include "fault.h"
#include "store_audit.h"
#include "store_desktop.h"
#include "store_entitlement.h"
#include "store_image.h"
#include "store_login.h"
#include "store_pool.h"
#include "store_session.h"
#include "store_ticket.h"

typedef struct {
	char *dir;
	char *path;
	Db *db;
} Fixture;

static void setup(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	f->dir = g_dir_make_tmp("oriel-store-XXXXXX", NULL);
	f->path = g_strdup(database_fresh());
	if (!f->path)
		f->path = g_build_filename(f->dir, "broker.db", NULL);
	f->db = db_open(f->path, &error);
	g_assert_no_error(error);
}

static void teardown(Fixture *f, gconstpointer unused)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	db_close(f->db);
	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		g_autofree char *path = g_strconcat(f->path, ends[i], NULL);

		g_unlink(path);
	}
	g_assert_cmpint(g_rmdir(f->dir), ==, 0);
	g_free(f->path);
	g_free(f->dir);
}

static void add_pool(Db *db, const char *name, const char *kind)
{
	ImageView image = {
		.name = (char *)"tiny", .memory = 128, .cpus = 1, .video = (char *)"std"};
	PoolView pool = {.name = (char *)name,
			 .kind = (char *)kind,
			 .image = (char *)"tiny",
			 .provider = (char *)"qemu",
			 .uri = (char *)"",
			 .max = 3};
	g_autoptr(GError) error = NULL;

	store_image_add(db, &image, 1, &pool.version, &error);
	g_assert_no_error(error);
	store_pool_put(db, &pool, &error);
	g_assert_no_error(error);
}

static void add_desktop(Db *db, const char *pool, const char *id, const char *identity)
{
	StoreDesktop d = {.id = (char *)id,
			  .name = (char *)id,
			  .pool = (char *)pool,
			  .state = (char *)"ready",
			  .identity = (char *)identity};
	g_autoptr(GError) error = NULL;

	store_desktop_add(db, &d, &error);
	g_assert_no_error(error);
}

static void test_open(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) pools = NULL;
	struct stat st;

	if (*f->path == '/') {
		g_assert_cmpint(stat(f->path, &st), ==, 0);
		g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	}
	add_pool(f->db, "lab", "floating");

	/* Again: nothing to migrate, everything still there. */
	db_close(f->db);
	f->db = db_open(f->path, &error);
	g_assert_no_error(error);
	pools = store_pools(f->db, &error);
	g_assert_cmpuint(pools->len, ==, 1);

	/* From a newer program: not touched. */
	g_assert_true(
		db_run(f->db, &error, "INSERT INTO migration (number) VALUES (?)", DB_INT(9999)));
	db_close(f->db);
	f->db = db_open(f->path, &error);
	g_assert_null(f->db);
	g_assert_error(error, FAULT, FAULT_CONFIG);
}

static void test_transaction(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	add_pool(f->db, "lab", "floating");
	{
		g_auto(DbTransaction) tx = db_begin(f->db, &error);

		add_desktop(f->db, "lab", "d-1", NULL);
		/* Left without a commit. */
	}
	g_assert_null(store_desktop(f->db, "d-1", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	{
		g_auto(DbTransaction) tx = db_begin(f->db, &error);

		add_desktop(f->db, "lab", "d-1", NULL);
		g_assert_true(db_commit(&tx, &error));
	}
	store_desktop_free(store_desktop(f->db, "d-1", &error));
	g_assert_no_error(error);
	/* A failing statement says so, and foreign keys are on. */
	g_assert_false(db_run(
		f->db, &error,
		"INSERT INTO entitlement (pool, user_name, group_name) VALUES ('none', 'a', '')"));
	g_assert_error(error, FAULT, FAULT_BROKER);
}

static void assert_found(Db *db, const char *text, unsigned n)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) found = store_audit(db, 0, 10, text, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(found->len, ==, n);
}

static void note_table(const char *table, gpointer data)
{
	g_string_append_printf(data, "%s ", table);
}

/* Who watches hears of each table that was written, and of nothing else. */
static void test_watch(Fixture *f, gconstpointer unused)
{
	g_autoptr(GString) told = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) audit = NULL;

	db_watch(f->db, note_table, told);
	g_assert_true(store_audit_add(f->db, &(AuditView){.event = (char *)"login"}, &error));
	g_assert_true(db_run(f->db, &error, "DELETE FROM session WHERE id = ?", DB_TEXT("none")));
	audit = store_audit(f->db, 0, 10, NULL, &error);
	g_assert_cmpstr(told->str, ==, "audit ");
	db_watch(f->db, NULL, NULL);
	g_assert_true(store_audit_add(f->db, &(AuditView){.event = (char *)"login"}, &error));
	g_assert_cmpstr(told->str, ==, "audit ");
}

static void test_nouns(Fixture *f, gconstpointer unused)
{
	PoolView other = {.name = (char *)"lab",
			  .kind = (char *)"machines",
			  .provider = (char *)"machine",
			  .uri = (char *)"",
			  .max = 1};
	const char *groups[] = {"staff", "", "wheel", NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) pools = NULL;
	g_autoptr(GPtrArray) none = NULL;
	g_autoptr(GPtrArray) audit = NULL;
	g_autoptr(StoreLogin) login = NULL;

	add_pool(f->db, "lab", "floating");
	add_pool(f->db, "office", "dedicated");
	g_assert_false(store_pool_put(f->db, &other, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);
	g_assert_false(store_image_remove(f->db, "tiny", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);

	g_assert_true(store_entitle(f->db, "lab", "anna", NULL, TRUE, &error));
	g_assert_true(store_entitle(f->db, "lab", "anna", NULL, TRUE, &error));
	g_assert_true(store_entitle(f->db, "lab", NULL, "staff", TRUE, &error));
	g_assert_true(store_entitle(f->db, "office", NULL, "wheel", TRUE, &error));
	g_assert_false(store_entitle(f->db, "nowhere", "anna", NULL, TRUE, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	pools = store_entitled_pools(f->db, "anna", (char **)groups, &error);
	g_assert_cmpuint(pools->len, ==, 2);
	g_assert_cmpstr(pools->pdata[0], ==, "lab");
	/* Neither an empty user nor an empty group matches the columns' "none". */
	none = store_entitled_pools(f->db, "", (char **)(const char *[]){"", NULL}, &error);
	g_assert_cmpuint(none->len, ==, 0);

	g_assert_true(
		store_login_add(f->db, "l1", "hash", "anna", (char **)groups, "::1", 100, &error));
	login = store_login_find(f->db, "hash", 99, &error);
	g_assert_cmpstr(login->user, ==, "anna");
	g_assert_cmpstr(login->groups[2], ==, "wheel");
	g_assert_null(store_login_find(f->db, "hash", 100, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
	g_clear_error(&error);

	for (int i = 1; i <= 3; i++)
		g_assert_true(store_audit_add(
			f->db,
			&(AuditView){.at = i, .event = (char *)"login", .bytes_in = 1ULL << 40},
			&error));
	audit = store_audit(f->db, 3, 10, NULL, &error);
	g_assert_cmpuint(audit->len, ==, 2);
	g_assert_cmpint(((AuditView *)audit->pdata[0])->id, ==, 2);
	g_assert_cmpuint(((AuditView *)audit->pdata[0])->bytes_in, ==, 1ULL << 40);
	g_assert_true(store_audit_add(f->db,
				      &(AuditView){.event = (char *)"admin",
						   .user = (char *)"Root",
						   .detail = (char *)"max 100%"},
				      &error));
	assert_found(f->db, "root", 1);
	assert_found(f->db, "100%", 1);
	assert_found(f->db, "1%0", 0);
	assert_found(f->db, "LOGIN", 3);
}

static void test_ticket_faults(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *user = NULL;
	g_autofree char *desktop = NULL;
	gint64 latest = -1;
	static const struct {
		const char *hash, *protocol;
		gint64 now;
	} bad[] = {{"h2", "vnc", 10}, {"h1", "spice", 10}, {"h1", "vnc", 60}};

	add_pool(f->db, "lab", "floating");
	add_desktop(f->db, "lab", "d-1", "i1");
	g_assert_true(store_ticket_add(f->db, "h1", "anna", "d-1", "vnc", 60, &error));
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_false(store_ticket_redeem(f->db, bad[i].hash, bad[i].protocol, bad[i].now,
						   &user, &desktop, &error));
		g_assert_error(error, FAULT, FAULT_DENIED);
		g_clear_error(&error);
	}
	g_assert_true(store_ticket_latest(f->db, "d-1", 10, &latest, &error));
	g_assert_cmpint(latest, ==, 60);
	g_assert_true(store_ticket_redeem(f->db, "h1", "vnc", 59, &user, &desktop, &error));
	g_assert_cmpstr(user, ==, "anna");
	g_assert_cmpstr(desktop, ==, "d-1");
	g_assert_false(store_ticket_redeem(f->db, "h1", "vnc", 59, &user, &desktop, &error));
	g_assert_error(error, FAULT, FAULT_DENIED);
	g_clear_error(&error);
	g_assert_true(store_ticket_latest(f->db, "d-1", 10, &latest, &error));
	g_assert_cmpint(latest, ==, 0);
	g_assert_true(store_ticket_clean(f->db, 61, &error));
}

static gpointer redeem_all(gpointer data)
{
	Fixture *f = data;
	int won = 0;

	for (int i = 0; i < 50; i++) {
		g_autofree char *hash = g_strdup_printf("h%d", i);
		g_autofree char *user = NULL;
		g_autofree char *desktop = NULL;

		won += store_ticket_redeem(f->db, hash, "vnc", 1, &user, &desktop, NULL);
	}
	return GINT_TO_POINTER(won);
}

static void test_ticket_once(Fixture *f, gconstpointer unused)
{
	GThread *threads[2];
	int won = 0;

	add_pool(f->db, "lab", "floating");
	add_desktop(f->db, "lab", "d-1", "i1");
	for (int i = 0; i < 50; i++) {
		g_autofree char *hash = g_strdup_printf("h%d", i);

		g_assert_true(store_ticket_add(f->db, hash, "anna", "d-1", "vnc", 60, NULL));
	}
	for (int i = 0; i < 2; i++)
		threads[i] = g_thread_new("redeem", redeem_all, f);
	for (int i = 0; i < 2; i++)
		won += GPOINTER_TO_INT(g_thread_join(threads[i]));
	g_assert_cmpint(won, ==, 50);
}

static void assert_free(Db *db, const char *expected)
{
	g_autofree char *id = NULL;

	g_assert_true(store_desktop_find_free(db, "lab", "b1", &id, NULL));
	g_assert_cmpstr(id, ==, expected);
}

static void test_desktop_cycle(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) dirty = NULL;
	g_autoptr(StoreDesktop) d = NULL;
	gint64 next;

	add_pool(f->db, "lab", "floating");
	add_desktop(f->db, "lab", "d-1", "i1");
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

/* The names of those found, one after the other. */
static void found(Fixture *f, const char *text, const char *order, gboolean down, unsigned limit,
		  const char *expected)
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

static void test_desktops_found(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) log = NULL;
	AuditView entry = {.event = (char *)"ticket", .desktop = (char *)"d-10"};

	add_pool(f->db, "lab", "floating");
	add_pool(f->db, "office", "dedicated");
	add_desktop(f->db, "lab", "d-2", "i1");
	add_desktop(f->db, "lab", "d-10", "i2");
	add_desktop(f->db, "office", "d-3", "i3");
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

static void test_versions(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(ImageView) newest = NULL, second = NULL;
	g_autoptr(PoolView) pool = NULL;
	g_autoptr(GPtrArray) stale = NULL;
	gboolean withdrawn;

	add_pool(f->db, "lab", "floating");
	add_desktop(f->db, "lab", "d-1", NULL);
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
	stale = store_desktop_find_stale(f->db, "lab", "b1", TRUE, 5, &error);
	g_assert_cmpuint(stale->len, ==, 1);
	assert_free(f->db, "d-1");
	g_assert_true(store_desktop_withdraw(f->db, "d-1", &withdrawn, &error) && withdrawn);
	assert_free(f->db, NULL);
	assert_versions(f->db, "4 3 2 1");
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

/* Takes desktops until there is none. */
static gpointer take_all(gpointer data)
{
	Broker *b = data;
	gboolean more = TRUE;

	while (more) {
		g_autoptr(GError) error = NULL;
		g_autofree char *id = NULL;
		g_auto(DbTransaction) tx = db_begin(b->db, &error);

		g_assert_no_error(error);
		g_assert_true(store_desktop_find_free(b->db, "lab", "b1", &id, &error));
		if (id && store_desktop_claim(b->db, id, b->user, 50, &error))
			g_hash_table_add(b->mine, g_strdup(id));
		g_assert_no_error(error);
		g_assert_true(store_audit_add(
			b->db, &(AuditView){.at = 1, .event = (char *)"ticket"}, &error));
		g_assert_true(db_commit(&tx, &error));
		more = id != NULL;
	}
	/* Outside of a transaction too, each has its number. */
	for (int i = 0; i < 20; i++)
		g_assert_true(store_audit_add(
			b->db, &(AuditView){.at = 1, .event = (char *)"login"}, NULL));
	return NULL;
}

static void test_brokers(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Db) other = db_open(f->path, &error);
	Broker brokers[] = {{f->db, "anna", NULL}, {other, "ben", NULL}};
	g_autoptr(GPtrArray) audit = NULL;
	GThread *threads[2];

	g_assert_no_error(error);
	add_pool(f->db, "lab", "floating");
	for (int i = 0; i < 40; i++) {
		g_autofree char *id = g_strdup_printf("d-%d", i);

		add_desktop(f->db, "lab", id, "i1");
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

static void test_password_refused(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(db_open("postgresql://oriel:hunter2@localhost/oriel", &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_null(strstr(error->message, "hunter2"));
	g_clear_error(&error);
	g_assert_null(db_open("postgresql://h:o:p:hunter2@[", &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_null(strstr(error->message, "hunter2"));
}

/* As if the server were restarted. */
static void cut_lines(Db *from)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(DbRows) rows =
		db_select(from, &error,
			  "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
			  " WHERE pid <> pg_backend_pid() AND application_name = 'oriel-broker'");

	g_assert_no_error(error);
	while (db_rows_next(rows))
		g_assert_cmpstr(db_rows_text(rows, 0), ==, "t");
}

static void test_line_lost(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Db) other = NULL;

	if (*f->path == '/') {
		g_test_skip("SQLite has no line to lose");
		return;
	}
	other = db_open(f->path, &error);
	g_assert_no_error(error);
	add_pool(f->db, "lab", "floating");
	/* While nobody asks: nobody notices. */
	cut_lines(other);
	add_desktop(f->db, "lab", "d-1", "i1");
	{
		/* In a transaction: nothing of it happens, nor of what is asked after the loss. */
		g_auto(DbTransaction) tx = db_begin(f->db, &error);

		add_desktop(f->db, "lab", "d-2", "i1");
		cut_lines(other);
		g_assert_false(store_desktop_set_state(f->db, "d-1", "off", "", &error));
		g_assert_error(error, FAULT, FAULT_BROKER);
		g_clear_error(&error);
		g_assert_false(store_desktop_set_state(f->db, "d-1", "off", "", &error));
		g_clear_error(&error);
		g_assert_false(db_commit(&tx, &error));
		g_assert_error(error, FAULT, FAULT_BROKER);
		g_clear_error(&error);
	}
	store_desktop_free(store_desktop(f->db, "d-1", &error));
	g_assert_no_error(error);
	g_assert_null(store_desktop(f->db, "d-2", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
}

/* A COMMIT after a failed statement must not look like one. */
static void test_commit_of_failed(Fixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_auto(DbTransaction) tx = db_begin(f->db, &error);

	g_assert_false(db_run(f->db, NULL, "INSERT INTO nowhere (a) VALUES (1)"));
	if (*f->path == '/') {
		g_assert_true(db_commit(&tx, &error)); /* SQLite goes on after it */
		return;
	}
	g_assert_false(db_commit(&tx, &error));
	g_assert_error(error, FAULT, FAULT_BROKER);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add("/store/" path, Fixture, NULL, setup, func, teardown)
	ADD("open", test_open);
	ADD("transaction", test_transaction);
	ADD("nouns", test_nouns);
	ADD("watch", test_watch);
	ADD("ticket-faults", test_ticket_faults);
	ADD("ticket-once", test_ticket_once);
	ADD("desktop-cycle", test_desktop_cycle);
	ADD("desktops-found", test_desktops_found);
	ADD("versions", test_versions);
	ADD("brokers", test_brokers);
	ADD("password-refused", test_password_refused);
	ADD("line-lost", test_line_lost);
	ADD("commit-of-failed", test_commit_of_failed);
	return g_test_run();
}
