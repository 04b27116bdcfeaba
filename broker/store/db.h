/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db: the small layer between the store's typed functions and a database. One driver per file
 * (db_sqlite.c, db_pgsql.c), each a vtable that runs one statement; everything else is here, so
 * that a second driver brings no second way to use it. Statements are portable SQL with "?" for
 * each value.
 *
 * One connection for transactions, and its lock: a transaction holds the lock from db_begin() to
 * its end, and the database lets in one at a time, whichever broker's it is: what a transaction
 * reads stays true until it commits. Only a single statement that writes may come between: such a
 * one carries its condition in its WHERE. Who reads outside a transaction, and who writes a single
 * statement where the driver allows many to, has one of a few other connections and waits for no
 * transaction: it sees all that was committed when it began. Thread-safe. Results are fetched
 * whole; a caller that may meet many rows says LIMIT.
 *
 * Errors are FAULT_BROKER: whatever the database says, the person who asked is not to blame.
 */
#pragma once

#include <glib.h>

typedef struct Db Db;
typedef struct DbRows DbRows;

typedef struct {
	enum { DB_IS_END, DB_IS_TEXT, DB_IS_INT } type;
	const char *text; /* NULL = SQL NULL */
	gint64 number;
} DbValue;

#define DB_TEXT(value) ((DbValue){DB_IS_TEXT, (value), 0})
#define DB_INT(value)  ((DbValue){DB_IS_INT, NULL, (gint64)(value)})
#define DB_END         ((DbValue){DB_IS_END, NULL, 0})
/* Any number of DB_TEXT() and DB_INT(). (__VA_OPT__ would need none before the first, but
 * cppcheck 2.10 does not read it.) */
#define DB_VALUES(...) ((const DbValue[]){DB_END, ##__VA_ARGS__, DB_END} + 1)

/* The words that came, or NULL: some may have been missed. On a thread of the driver's. */
typedef void (*DbHeard)(const char *text, gpointer data);

/* A driver. Calls come one at a time, under the layer's lock. */
typedef struct {
	const char *name;
	const char *begin; /* the statement that starts a transaction which will write */
	gpointer (*open)(const char *where, GError **error);
	/* A further connection, while there is the first; NULL without an error: there can
	 * be none. */
	gpointer (*open_other)(const char *where, GError **error);
	gboolean many_write; /* these may write beside a transaction of the first */
	void (*close)(gpointer connection);
	/* Runs one statement. rows (NULL = unwanted) takes the result by db_rows_add();
	 * *out_changed the number of rows written. */
	gboolean (*run)(gpointer connection, const char *sql, const DbValue *values, DbRows *rows,
			gint64 *out_changed, GError **error);
	/* ---- for a database that several brokers share; else all NULL */
	gboolean (*hold)(gpointer connection, const char *name, gboolean *out_held, GError **error);
	void (*drop)(gpointer connection, const char *name);
	const char *tell; /* the statement, with one value */
	gpointer (*listen)(const char *where, DbHeard heard, gpointer data);
	void (*unlisten)(gpointer listener); /* not from heard() */
} DbDriver;

extern const DbDriver db_sqlite;
extern const DbDriver db_pgsql;

/* Opens (makes) the database and brings its schema up to date (migrations.c). where: a path, or
 * "postgresql://..." (libpq's, without a password: FAULT_CONFIG). A schema newer than this program
 * is FAULT_CONFIG. */
Db *db_open(const char *where, GError **error);
void db_close(Db *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Db, db_close)

/* told(table, data) after each statement that wrote rows of that table, on the writer's thread and
 * under a lock, maybe before its transaction commits: be short, use no database. One watcher; NULL
 * ends it. */
typedef void (*DbTold)(const char *table, gpointer data);
void db_watch(Db *db, DbTold told, gpointer data);

/* True if the database can be read at all. */
gboolean db_answers(Db *db, GError **error);

/* The number of rows written, -1 on error. */
gint64 db_change_values(Db *db, GError **error, const char *sql, const DbValue *values);
#define db_change(db, error, sql, ...) db_change_values(db, error, sql, DB_VALUES(__VA_ARGS__))
/* The same where the number does not matter. */
static inline gboolean db_run_values(Db *db, GError **error, const char *sql, const DbValue *values)
{
	return db_change_values(db, error, sql, values) >= 0;
}
#define db_run(db, error, sql, ...) db_run_values(db, error, sql, DB_VALUES(__VA_ARGS__))

/* The result, before its first row; NULL on error. */
DbRows *db_select_values(Db *db, GError **error, const char *sql, const DbValue *values);
#define db_select(db, error, sql, ...) db_select_values(db, error, sql, DB_VALUES(__VA_ARGS__))

/* A pattern (g_free) for "LOWER(...) LIKE ? ESCAPE '!'" that finds the text wherever it stands, in
 * any case; NULL = everything. */
char *db_pattern(const char *text);

/* Steps to the next row; false after the last. */
gboolean db_rows_next(DbRows *rows);
/* A column of the current row, from 0. Texts belong to the rows; SQL NULL is NULL and 0. */
const char *db_rows_text(const DbRows *rows, unsigned column);
char *db_rows_dup(const DbRows *rows, unsigned column);
gint64 db_rows_int(const DbRows *rows, unsigned column);
void db_rows_free(DbRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbRows, db_rows_free)

/* For drivers: the next cell, in reading order; text NULL = SQL NULL. */
void db_rows_add(DbRows *rows, unsigned columns, const char *text);

/*
 * "g_auto(DbTransaction) tx = db_begin(db, error);" then check tx.db. Ends with db_commit() or,
 * by leaving the scope, with a rollback. One at a time for each thread: they do not nest.
 */
typedef struct {
	Db *db;
} DbTransaction;

/* tx.db is NULL if it could not begin. After a commit, or a failed one, it is over. */
DbTransaction db_begin(Db *db, GError **error);
gboolean db_commit(DbTransaction *transaction, GError **error);
void db_rollback(DbTransaction *transaction);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DbTransaction, db_rollback)

/* ---- among several brokers */

/* True if other brokers may be on this database. Where none can be, every name below is ours, and
 * nobody hears what is told. */
gboolean db_shared(const Db *db);
/* Takes a name that one connection can have at a time, until db_drop() or the connection's end;
 * once we hold it, holding it again costs nothing. Not inside a transaction. *out_held: also on
 * error, of which nobody can tell, FALSE. */
gboolean db_hold(Db *db, const char *name, gboolean *out_held, GError **error);
void db_drop(Db *db, const char *name);
/* Every listener hears it, our own too; inside a transaction, once it is committed. Under 8000
 * bytes. */
gboolean db_tell(Db *db, const char *text, GError **error);
void db_listen(Db *db, DbHeard heard, gpointer data);
void db_unlisten(Db *db); /* waits; not from heard() */

/* Numbered from 1 by place; each a list of statements that ends with NULL. Never changed once
 * released, only added to. */
extern const char *const *const db_migrations[];
extern const unsigned db_migrations_n;
