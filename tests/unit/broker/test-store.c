/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store on a real database, SQLite or PostgreSQL: migrations, faults, nouns, and a ticket is
 * spent once.
 */
#include <sys/stat.h>

#include "database.h"
#include "fault.h"
#include "store-fixture.h"
#include "store_audit.h"
#include "store_desktop.h"
#include "store_entitlement.h"
#include "store_image.h"
#include "store_login.h"
#include "store_pool.h"
#include "store_session.h"
#include "store_ticket.h"

static void test_open(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) pools = NULL;
	struct stat st;

	if (*f->path == '/') {
		g_assert_cmpint(stat(f->path, &st), ==, 0);
		g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	}
	store_fixture_pool(f->db, "lab", "floating");

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

static void test_transaction(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;

	store_fixture_pool(f->db, "lab", "floating");
	{
		g_auto(DbTransaction) tx = db_begin(f->db, &error);

		store_fixture_desktop(f->db, "lab", "d-1", NULL);
		/* Left without a commit. */
	}
	g_assert_null(store_desktop(f->db, "d-1", &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	{
		g_auto(DbTransaction) tx = db_begin(f->db, &error);

		store_fixture_desktop(f->db, "lab", "d-1", NULL);
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
static void test_watch(StoreFixture *f, gconstpointer unused)
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

static gboolean entitle(Db *db, const char *pool, const char *user, const char *group,
			GError **error)
{
	return store_entitle(db,
			     &(EntitlementView){.pool = (char *)pool,
						.user = (char *)user,
						.group = (char *)group},
			     error);
}

static void test_nouns(StoreFixture *f, gconstpointer unused)
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

	store_fixture_pool(f->db, "lab", "floating");
	store_fixture_pool(f->db, "office", "dedicated");
	g_assert_false(store_pool_put(f->db, &other, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);
	g_assert_false(store_image_remove(f->db, "tiny", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);

	g_assert_true(entitle(f->db, "lab", "anna", NULL, &error));
	g_assert_true(entitle(f->db, "lab", "anna", NULL, &error));
	g_assert_true(entitle(f->db, "lab", NULL, "staff", &error));
	g_assert_true(entitle(f->db, "office", NULL, "wheel", &error));
	g_assert_false(entitle(f->db, "nowhere", "anna", NULL, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	pools = store_entitled_pools(f->db, "anna", (char **)groups, &error);
	g_assert_cmpuint(pools->len, ==, 2);
	g_assert_cmpstr(pools->pdata[0], ==, "lab");
	/* Neither an empty user nor an empty group matches the columns' "none". */
	none = store_entitled_pools(f->db, "", (char **)(const char *[]){"", NULL}, &error);
	g_assert_cmpuint(none->len, ==, 0);

	g_assert_true(store_login_add(f->db, "l1", "hash", "anna", (char **)groups, "::1", 40, 100,
				      &error));
	login = store_login_find(f->db, "hash", 99, &error);
	g_assert_cmpstr(login->user, ==, "anna");
	g_assert_cmpstr(login->groups[2], ==, "wheel");
	g_assert_cmpint(login->began_at, ==, 40);
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

static void test_ticket_faults(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *user = NULL;
	g_autofree char *desktop = NULL;
	gint64 latest = -1;
	static const struct {
		const char *hash, *protocol;
		gint64 now;
	} bad[] = {{"h2", "vnc", 10}, {"h1", "spice", 10}, {"h1", "vnc", 60}};

	store_fixture_pool(f->db, "lab", "floating");
	store_fixture_desktop(f->db, "lab", "d-1", "i1");
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
	StoreFixture *f = data;
	int won = 0;

	for (int i = 0; i < 50; i++) {
		g_autofree char *hash = g_strdup_printf("h%d", i);
		g_autofree char *user = NULL;
		g_autofree char *desktop = NULL;

		won += store_ticket_redeem(f->db, hash, "vnc", 1, &user, &desktop, NULL);
	}
	return GINT_TO_POINTER(won);
}

static void test_ticket_once(StoreFixture *f, gconstpointer unused)
{
	GThread *threads[2];
	int won = 0;

	store_fixture_pool(f->db, "lab", "floating");
	store_fixture_desktop(f->db, "lab", "d-1", "i1");
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

static void test_password_refused(StoreFixture *f, gconstpointer unused)
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

static void test_line_lost(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Db) other = NULL;

	if (*f->path == '/') {
		g_test_skip("SQLite has no line to lose");
		return;
	}
	other = db_open(f->path, &error);
	g_assert_no_error(error);
	store_fixture_pool(f->db, "lab", "floating");
	/* While nobody asks: nobody notices. */
	cut_lines(other);
	store_fixture_desktop(f->db, "lab", "d-1", "i1");
	{
		/* In a transaction: nothing of it happens, nor of what is asked after the loss. */
		g_auto(DbTransaction) tx = db_begin(f->db, &error);

		store_fixture_desktop(f->db, "lab", "d-2", "i1");
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

/* A name that nobody could be asked for is not ours. */
static void test_hold_away(StoreFixture *f, gconstpointer unused)
{
	g_autoptr(GError) error = NULL;
	gboolean held = FALSE;

	if (*f->path == '/') {
		g_test_skip("SQLite does not go away");
		return;
	}
	g_assert_true(db_hold(f->db, "a name", &held, &error) && held);
	database_away();
	g_assert_false(db_hold(f->db, "a name", &held, &error));
	g_assert_error(error, FAULT, FAULT_BROKER);
	g_assert_false(held);
	g_clear_error(&error);
	database_back();
	g_assert_true(db_hold(f->db, "a name", &held, &error) && held);
}

/* A COMMIT after a failed statement must not look like one. */
static void test_commit_of_failed(StoreFixture *f, gconstpointer unused)
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
#define ADD(path, func)                                                           \
	g_test_add("/store/" path, StoreFixture, NULL, store_fixture_setup, func, \
		   store_fixture_teardown)
	ADD("open", test_open);
	ADD("transaction", test_transaction);
	ADD("nouns", test_nouns);
	ADD("watch", test_watch);
	ADD("ticket-faults", test_ticket_faults);
	ADD("ticket-once", test_ticket_once);
	ADD("password-refused", test_password_refused);
	ADD("line-lost", test_line_lost);
	ADD("hold-away", test_hold_away);
	ADD("commit-of-failed", test_commit_of_failed);
	return g_test_run();
}
