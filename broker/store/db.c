/* SPDX-License-Identifier: GPL-3.0-or-later */
/* db: see db.h. What all drivers share: the lock, transactions, results, migrations. */
#include "db.h"

#include "fault.h"
#include "secret.h"

#include <string.h>

#define OTHERS 4

struct Db {
	const DbDriver *driver;
	gpointer connection;
	gpointer listener; /* NULL = none */
	char *where;
	GRecMutex lock;
	GThread *writer; /* who is in a transaction, NULL = nobody; set under lock */
	GMutex telling;
	DbTold told; /* under telling */
	gpointer told_data;
	GAsyncQueue *others; /* idle connections; NULL: it is in memory, of the first alone */
};

struct DbRows {
	GPtrArray *cells; /* of char *, row after row; wiped: tickets' desktops have passwords */
	unsigned columns;
	gsize next; /* first cell of the row after the current one */
};

/* ---- results */

void db_rows_add(DbRows *rows, unsigned columns, const char *text)
{
	rows->columns = columns;
	g_ptr_array_add(rows->cells, secret_dup(text));
}

static void cell_free(gpointer cell)
{
	secret_free(cell);
}

gboolean db_rows_next(DbRows *rows)
{
	if (rows->next >= rows->cells->len)
		return FALSE;
	rows->next += rows->columns;
	return TRUE;
}

const char *db_rows_text(const DbRows *rows, unsigned column)
{
	g_assert(rows->next >= rows->columns && rows->next > 0 && column < rows->columns);
	return g_ptr_array_index(rows->cells, rows->next - rows->columns + column);
}

char *db_rows_dup(const DbRows *rows, unsigned column)
{
	return g_strdup(db_rows_text(rows, column));
}

gint64 db_rows_int(const DbRows *rows, unsigned column)
{
	const char *text = db_rows_text(rows, column);

	return text ? g_ascii_strtoll(text, NULL, 10) : 0;
}

char *db_pattern(const char *text)
{
	g_autofree char *low = g_utf8_strdown(text ? text : "", -1);
	GString *pattern = g_string_new("%");

	for (const char *c = low; *c; c++) {
		if (strchr("%_!", *c))
			g_string_append_c(pattern, '!'); /* before what LIKE reads */
		g_string_append_c(pattern, *c);
	}
	g_string_append_c(pattern, '%');
	return g_string_free(pattern, FALSE);
}

void db_rows_free(DbRows *rows)
{
	if (!rows)
		return;
	g_ptr_array_unref(rows->cells);
	g_free(rows);
}

/* ---- statements */

/* The table that one of our own statements writes; "" for one that writes none. */
static const char *written(const char *sql, char *table, gsize size)
{
	static const char *const verbs[] = {"INSERT INTO ", "UPDATE ", "DELETE FROM "};
	gsize n = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (g_str_has_prefix(sql, verbs[i])) {
			sql += strlen(verbs[i]);
			n = MIN(strcspn(sql, " ("), size - 1);
		}
	}
	memcpy(table, sql, n);
	table[n] = '\0';
	return table;
}

static void tell(Db *db, const char *sql)
{
	char table[32];

	g_mutex_lock(&db->telling);
	if (db->told != NULL && *written(sql, table, sizeof table))
		db->told(table, db->told_data);
	g_mutex_unlock(&db->telling);
}

void db_watch(Db *db, DbTold told, gpointer data)
{
	g_mutex_lock(&db->telling);
	db->told = told;
	db->told_data = data;
	g_mutex_unlock(&db->telling);
}

/* Only this thread itself makes itself the writer. */
static gboolean in_transaction(Db *db)
{
	return g_atomic_pointer_get(&db->writer) == g_thread_self();
}

/* On the first connection, or on one that is idle. */
static gboolean run(Db *db, gboolean on_first, const char *sql, const DbValue *values, DbRows *rows,
		    gint64 *out_changed, GError **error)
{
	gpointer other;
	gboolean ok;

	if (on_first || !db->others) {
		g_rec_mutex_lock(&db->lock);
		ok = db->driver->run(db->connection, sql, values, rows, out_changed, error);
		g_rec_mutex_unlock(&db->lock);
		return ok;
	}
	other = g_async_queue_pop(db->others);
	ok = db->driver->run(other, sql, values, rows, out_changed, error);
	g_async_queue_push_front(db->others, other); /* it is warm */
	return ok;
}

/* What transactions are made of is the first connection's. */
static gboolean ours(const Db *db, const char *sql)
{
	return g_str_equal(sql, db->driver->begin) || g_str_equal(sql, "COMMIT") ||
	       g_str_equal(sql, "ROLLBACK");
}

gint64 db_change_values(Db *db, GError **error, const char *sql, const DbValue *values)
{
	gboolean on_first = !db->driver->many_write || in_transaction(db) || ours(db, sql);
	gint64 changed = -1;

	if (!run(db, on_first, sql, values, NULL, &changed, error))
		return -1;
	if (changed > 0)
		tell(db, sql);
	return changed;
}

DbRows *db_select_values(Db *db, GError **error, const char *sql, const DbValue *values)
{
	g_autoptr(DbRows) rows = g_new0(DbRows, 1);
	gint64 changed;
	gboolean ok;

	rows->cells = g_ptr_array_new_with_free_func(cell_free);
	ok = run(db, in_transaction(db), sql, values, rows, &changed, error);
	return ok ? g_steal_pointer(&rows) : NULL;
}

gboolean db_answers(Db *db, GError **error)
{
	g_autoptr(DbRows) rows = db_select(db, error, "SELECT MAX(number) FROM migration");

	return rows != NULL;
}

/* ---- transactions */

DbTransaction db_begin(Db *db, GError **error)
{
	g_rec_mutex_lock(&db->lock);
	g_assert(!db->writer);
	if (!db_run(db, error, db->driver->begin)) {
		g_rec_mutex_unlock(&db->lock);
		return (DbTransaction){NULL};
	}
	g_atomic_pointer_set(&db->writer, g_thread_self());
	return (DbTransaction){db};
}

gboolean db_commit(DbTransaction *transaction, GError **error)
{
	Db *db = transaction->db;

	if (!db_run(db, error, "COMMIT")) {
		db_rollback(transaction);
		return FALSE;
	}
	transaction->db = NULL;
	g_atomic_pointer_set(&db->writer, NULL);
	g_rec_mutex_unlock(&db->lock);
	return TRUE;
}

void db_rollback(DbTransaction *transaction)
{
	Db *db = transaction->db;

	if (!db)
		return;
	transaction->db = NULL;
	/* Some failures have rolled back by themselves; then this one fails, and that is fine. */
	db_run(db, NULL, "ROLLBACK");
	g_atomic_pointer_set(&db->writer, NULL);
	g_rec_mutex_unlock(&db->lock);
}

/* ---- among several brokers */

gboolean db_shared(const Db *db)
{
	return db->driver->hold != NULL;
}

gboolean db_hold(Db *db, const char *name, gboolean *out_held, GError **error)
{
	gboolean ok;

	*out_held = !db_shared(db);
	if (*out_held)
		return TRUE;
	g_rec_mutex_lock(&db->lock);
	g_assert(!db->writer);
	ok = db->driver->hold(db->connection, name, out_held, error);
	g_rec_mutex_unlock(&db->lock);
	return ok;
}

void db_drop(Db *db, const char *name)
{
	if (!db_shared(db))
		return;
	g_rec_mutex_lock(&db->lock);
	db->driver->drop(db->connection, name);
	g_rec_mutex_unlock(&db->lock);
}

gboolean db_tell(Db *db, const char *text, GError **error)
{
	g_autoptr(DbRows) rows = NULL;

	if (!db_shared(db))
		return TRUE;
	rows = db_select(db, error, db->driver->tell, DB_TEXT(text));
	return rows != NULL;
}

void db_listen(Db *db, DbHeard heard, gpointer data)
{
	g_assert(!db->listener);
	if (db_shared(db))
		db->listener = db->driver->listen(db->where, heard, data);
}

void db_unlisten(Db *db)
{
	if (db->listener)
		db->driver->unlisten(db->listener);
	db->listener = NULL;
}

/* ---- open and migrate */

/* Inside a transaction. */
static gboolean migrate_one(Db *db, unsigned number, GError **error)
{
	for (const char *const *sql = db_migrations[number - 1]; *sql; sql++) {
		if (!db_run(db, error, *sql))
			return FALSE;
	}
	return db_run(db, error, "INSERT INTO migration (number) VALUES (?)", DB_INT(number));
}

/* In one transaction: of several brokers that start, one does it and the others find it done. */
static gboolean migrate(Db *db, GError **error)
{
	g_auto(DbTransaction) tx = db_begin(db, error);
	g_autoptr(DbRows) rows = NULL;
	gint64 have;

	if (!tx.db ||
	    !db_run(db, error,
		    "CREATE TABLE IF NOT EXISTS migration (number BIGINT NOT NULL PRIMARY KEY)"))
		return FALSE;
	rows = db_select(db, error, "SELECT COALESCE(MAX(number), 0) FROM migration");
	if (!rows || !db_rows_next(rows))
		return FALSE;
	have = db_rows_int(rows, 0);
	if (have > db_migrations_n) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "the database has schema %" G_GINT64_FORMAT
			    ", this program knows up to %u: it is too old for it",
			    have, db_migrations_n);
		return FALSE;
	}
	for (unsigned number = (unsigned)have + 1; number <= db_migrations_n; number++) {
		if (!migrate_one(db, number, error)) {
			g_prefix_error(error, "migration %u: ", number);
			return FALSE;
		}
	}
	return db_commit(&tx, error);
}

static const DbDriver *find_driver(const char *where)
{
	return g_str_has_prefix(where, "postgresql://") || g_str_has_prefix(where, "postgres://")
		       ? &db_pgsql
		       : &db_sqlite;
}

static gboolean open_others(Db *db, GError **error)
{
	g_autoptr(GError) why = NULL;

	for (unsigned i = 0; i < OTHERS; i++) {
		gpointer other = db->driver->open_other(db->where, &why);

		if (why) {
			g_propagate_error(error, g_steal_pointer(&why));
			return FALSE;
		}
		if (!other)
			return TRUE;
		if (!db->others)
			db->others = g_async_queue_new();
		g_async_queue_push(db->others, other);
	}
	return TRUE;
}

Db *db_open(const char *where, GError **error)
{
	const DbDriver *driver = find_driver(where);
	gpointer connection = driver->open(where, error);
	g_autoptr(Db) db = NULL;

	if (!connection)
		return NULL;
	db = g_new0(Db, 1);
	db->driver = driver;
	db->connection = connection;
	db->where = g_strdup(where);
	g_rec_mutex_init(&db->lock);
	g_mutex_init(&db->telling);
	return migrate(db, error) && open_others(db, error) ? g_steal_pointer(&db) : NULL;
}

void db_close(Db *db)
{
	gpointer other;

	if (!db)
		return;
	db_unlisten(db);
	while (db->others && (other = g_async_queue_try_pop(db->others)))
		db->driver->close(other);
	if (db->others)
		g_async_queue_unref(db->others);
	db->driver->close(db->connection);
	g_free(db->where);
	g_rec_mutex_clear(&db->lock);
	g_mutex_clear(&db->telling);
	g_free(db);
}
